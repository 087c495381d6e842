"""The retry rule: a call is sent again only if that cannot buy anything twice."""

import math
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InteractionNotFoundError,
    NetworkError,
    NoQuotaError,
    OverloadedError,
    QuotaError,
    Timing,
)

from .calls import Call
from .exchange import Exchange, track_exchange

SentResult = TypeVar("SentResult")


async def send_with_retries(
    call: Call, seconds: float, timing: Timing, send: Callable[[Exchange], Awaitable[SentResult]]
) -> SentResult:
    """Send a call, with retries that cannot buy anything twice, and return its redacted result.

    Args:
        call: What is sent and for whom.
        seconds: Deadline for all attempts and back-offs together.
        timing: The back-offs.
        send: Sends the request and reads the response.

    Raises:
        GeminiMCPError: The last attempt failed.
    """
    deadline = anyio.current_time() + seconds
    lags, backoffs = iter(timing.store_lag), iter(timing.backoffs)
    while True:
        try:
            with track_exchange(call) as exchange, anyio.fail_after(deadline - anyio.current_time()):
                return call.redact(await send(exchange))
        except GeminiMCPError as exc:
            failed, backoff = exc, next(backoffs, None)
        if isinstance(failed, InteractionNotFoundError):
            delay = next(lags, None) if await is_store_lagging(call) else None
        else:
            delay = choose_resend_delay(failed, backoff, paid=call.paid)
        if delay is None or delay >= deadline - anyio.current_time():
            raise failed
        call.caller.hear(f"{describe_hindrance(failed)}; trying again in {math.ceil(delay)} s; nothing is charged yet")
        await anyio.sleep(delay)
        if not call.caller.wanted():
            raise failed
        call.caller.hear("")


async def is_store_lagging(call: Call) -> bool:
    """Whether a call continues an interaction that exists, so that Google's store only lags behind."""
    return call.previous_interaction_id is not None and await call.caller.previous_exists()


def choose_resend_delay(exc: GeminiMCPError, backoff: float | None, *, paid: bool) -> float | None:
    """Return the back-off in seconds, or None if the call must not be sent again.

    A paid call is sent again if the connection was never made, or if Google named the delay.

    Args:
        exc: Why the last attempt failed.
        backoff: Back-off in seconds where Google names none; None after the last attempt.
        paid: Whether the call starts an interaction.
    """
    passing = isinstance(exc, NetworkError | QuotaError | OverloadedError) and not isinstance(exc, NoQuotaError)
    if backoff is None or not passing:
        return None
    named = exc.retry_after_seconds if isinstance(exc, QuotaError | OverloadedError) else None
    if named is not None or (paid and not isinstance(exc, NetworkError)):
        return named
    # Jitter, not cryptography: servers that lost the same network must not all return at once.
    return backoff * random.uniform(0.75, 1.25)  # noqa: S311


def describe_hindrance(exc: GeminiMCPError) -> str:
    """Return why a call is sent again, as the beginning of a status message."""
    if isinstance(exc, NetworkError):
        return "Google cannot be reached"
    if isinstance(exc, InteractionNotFoundError):
        return "Google does not find the previous interaction yet"
    return "Google refused it for now"
