"""What an API call is for and who waits for it: the context of the retry rule and of error mapping. Pure."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from gemini_interactions_mcp.core import NO_REDACTION, Redactor


def is_always_wanted() -> bool:
    """Return True: nobody can withdraw the request."""
    return True


def ignore_status(sentence: str) -> None:
    """Discard a status message."""


async def is_never_known() -> bool:
    """Return False: nothing is known of a previous interaction."""
    return False


@dataclass(frozen=True)
class Caller:
    """How the caller of a paid request takes part in sending it.

    Attributes:
        wanted: Whether the request is still wanted; asked before it is sent again.
        hear: Receives one sentence when a back-off begins, and an empty string when it ends.
        previous_exists: Whether the interaction that the request continues is known to exist, whatever Google answered.
    """

    wanted: Callable[[], bool] = is_always_wanted
    hear: Callable[[str], None] = ignore_status
    previous_exists: Callable[[], Awaitable[bool]] = is_never_known


NO_CALLER: Final = Caller()
"""The caller of a request that nobody can withdraw and nobody waits for."""


@dataclass(frozen=True)
class Call:
    """A call of the API, as far as it decides what an error means and whether the call is sent again.

    Attributes:
        paid: It starts an interaction, so its outcome matters.
        costly: It costs dollars: after a server error it counts as taken.
        background: It asks for a background interaction.
        reading: It only reads an interaction.
        interaction_id: The interaction that it reads, cancels or deletes.
        previous_interaction_id: The interaction that it continues.
        model: The model or agent that it asks for.
        successor: The model or agent to use where that one no longer exists.
        file: The uploaded file, or the path in an environment, that it asks for.
        environment_id: The environment of an agent that it asks for, or that an interaction is to work in.
        store: The file search store, or the document or operation of one, that it asks for.
        redact: Removes secrets from what the API returns.
        caller: Who waits for it.
    """

    paid: bool = False
    costly: bool = False
    background: bool = False
    reading: bool = False
    interaction_id: str | None = None
    previous_interaction_id: str | None = None
    model: str | None = None
    successor: str | None = None
    file: str | None = None
    environment_id: str | None = None
    store: str | None = None
    redact: Redactor = field(default=NO_REDACTION, repr=False)
    caller: Caller = NO_CALLER


def is_any_call(_: Call) -> bool:
    """Return True, for every call."""
    return True


def is_paid(call: Call) -> bool:
    """Whether a call starts an interaction."""
    return call.paid


def is_cheap(call: Call) -> bool:
    """Whether a call costs cents, so that resending after a 503 is acceptable: nothing was taken."""
    return not call.costly


def is_for_file(call: Call) -> bool:
    """Whether a call asks for an uploaded file or a file in an environment."""
    return bool(call.file)


def is_for_store(call: Call) -> bool:
    """Whether a call asks for a file search store or something in it, or has one searched."""
    return bool(call.store)


def is_reading_store(call: Call) -> bool:
    """Whether a call is about a file search store, and no request that is paid for."""
    return bool(call.store) and not call.paid


def is_for_store_alone(call: Call) -> bool:
    """Whether a call has a store searched, and continues no interaction that could be missing too."""
    return bool(call.store) and not call.previous_interaction_id


def is_without_model(call: Call) -> bool:
    """Whether a call is about an interaction alone."""
    return call.model is None


def is_continuation(call: Call) -> bool:
    """Whether a call continues an interaction."""
    return bool(call.previous_interaction_id)


def is_in_background(call: Call) -> bool:
    """Whether a call asks for a background interaction."""
    return call.background


def is_reading(call: Call) -> bool:
    """Whether a call only reads an interaction."""
    return call.reading
