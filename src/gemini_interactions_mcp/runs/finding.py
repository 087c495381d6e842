"""Finds the run of any id: one that is followed here, one in the journal, or one that only Google knows."""

import contextlib
from typing import Final

import anyio

from gemini_interactions_mcp.api import UNKNOWN_OUTCOME, Gemini, codec
from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InteractionNotFoundError,
    InvalidIdError,
    JournalError,
    NetworkError,
    OutcomeUnknownError,
    PermissionDeniedError,
)
from gemini_interactions_mcp.models import Interaction, Record, settled

from . import intents
from .bookkeeping import Ledger
from .driving import Driver
from .registry import Registry
from .run import Pace, Phase, Run, finished

LOOK_SECONDS: Final = 30.0
"""Default time limit for Google to show an interaction that a caller asks for."""


class Finder:
    """Looks interactions up; what has not settled is read at Google, whoever follows it.

    Args:
        gemini: The API.
        ledger: The rows.
        registry: The runs of this process.
        driver: Follows what is found and has not settled.
        pace: How patient it is.
    """

    def __init__(self, gemini: Gemini, ledger: Ledger, registry: Registry, driver: Driver, pace: Pace) -> None:
        self._gemini = gemini
        self._ledger = ledger
        self._registry = registry
        self._driver = driver
        self._pace = pace

    async def find(self, interaction_id: str, seconds: float = LOOK_SECONDS) -> Run:
        """Return the run of an id or of one of our labels.

        Where Google does not answer within `seconds`, the run is what the journal knows, and goes on being read.

        Raises:
            InputError: It can be no id.
            InteractionNotFoundError: There is no such interaction.
            GeminiMCPError: Google could not be asked, or did not answer in time, and the journal does not know it.
        """
        if (run := self._registry.get(interaction_id)) and run.phase is not Phase.WATCHING:
            return await self._glanced(run, seconds)
        record = await self._ledger.find(interaction_id)
        if record is None and self._registry.deleted(interaction_id):
            raise InteractionNotFoundError("That interaction has been deleted.", interaction_id=interaction_id)
        if record is None:
            return await self._look_up_outside(codec.checked_id(interaction_id), seconds)
        if not record.stored:
            raise unkept(record)
        if intents.complete(record):
            return finished(record)
        if record.interaction_id is None:
            raise OutcomeUnknownError(
                f"Google never named this interaction. {record.error or UNKNOWN_OUTCOME}", interaction_id=record.label
            )
        return await self._look_up(record, record.interaction_id, seconds)

    async def _glanced(self, run: Run, seconds: float) -> Run:
        """Return a run of this process after a read at Google; where that shows its end, it is waited for."""
        with anyio.move_on_after(seconds):
            await self._driver.follower.glance(run)
            if run.settled:
                await run.done.wait()
        return run

    async def _look_up_outside(self, interaction_id: str, seconds: float) -> Run:
        """Return the run of an id that the journal does not know.

        Raises:
            InteractionNotFoundError: Google takes the text for no id.
        """
        try:
            return await self._look_up(None, interaction_id, seconds)
        except InvalidIdError as exc:
            # Again: the journal may not have been readable, and Google has taken ids of its own for none.
            with contextlib.suppress(JournalError):
                if await self._ledger.read(interaction_id) is None:
                    raise InteractionNotFoundError(
                        "There is no such interaction; list_interactions shows the ids of this server.",
                        interaction_id=interaction_id,
                    ) from exc
            raise

    async def _look_up(self, record: Record | None, interaction_id: str, seconds: float) -> Run:
        try:
            with anyio.fail_after(seconds):
                interaction = await self._gemini.get(interaction_id)
        except TimeoutError:
            return self._unanswered(record, interaction_id, seconds)
        except GeminiMCPError as exc:
            return self._unseen(record, exc)
        return await self._seen(record, interaction, interaction_id, seconds)

    def _unanswered(self, record: Record | None, interaction_id: str, seconds: float) -> Run:
        """Return what is known here of an interaction that Google has not shown in time.

        Raises:
            NetworkError: Nothing is.
        """
        late = NetworkError(
            f"Google has not answered within {seconds:.0f} seconds. Try again with a longer wait_seconds; reading is "
            "free.",
            interaction_id=interaction_id,
        )
        if record is None or settled(record.status):
            return self._unseen(record, late)
        run = self._driver.follow(Run(record))
        run.activity = run.activity or "Google has not answered yet"
        return run

    async def _seen(self, known: Record | None, interaction: Interaction, interaction_id: str, seconds: float) -> Run:
        """Return the run of an interaction that Google shows; its files are saved once, however many calls find it."""
        # Again: another task may have finished it meanwhile.
        record = await self._ledger.find(interaction_id)
        if record is not None and intents.complete(record):
            return finished(record)
        if record is None and known is not None and await self._ledger.deleted(known):
            raise InteractionNotFoundError("It has just been deleted.", interaction_id=interaction_id)
        run = self._driver.follow(Run(record or await self._ledger.adopt(interaction, interaction_id)))
        run.heard_at = anyio.current_time()
        if not settled(interaction.status):
            await self._ledger.write(run, status=interaction.status)
            return run
        if self._driver.follower.convincing(run, interaction):
            run.settle(interaction)
        with anyio.move_on_after(seconds):
            await run.done.wait()
        return run

    def _unseen(self, record: Record | None, exc: GeminiMCPError) -> Run:
        """Return what is known here of an interaction that Google does not show, or not yet.

        Raises:
            GeminiMCPError: Nothing is.
        """
        if record is not None and intents.readable(record):
            return finished(record)
        hidden = isinstance(exc, InteractionNotFoundError | PermissionDeniedError)
        if record is None or settled(record.status) or not hidden or intents.age(record) > self._pace.tolerance:
            raise exc
        return self._driver.follow(Run(record))


def unkept(record: Record) -> InteractionNotFoundError:
    """Return the error for an answer to store=false that is in no memory any more."""
    if record.status in ("failed", "cancelled"):
        why = f"It has no answer: {record.error or record.status}"
    else:
        why = "Its answer was kept in memory only, until the server that asked for it ended."
    return InteractionNotFoundError(
        f"That interaction was asked for with store=false. {why}", interaction_id=record.interaction_id
    )
