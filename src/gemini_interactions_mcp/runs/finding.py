"""Finds the run of any id: followed by this process, in the journal, or known to Google only."""

import contextlib
from typing import Final

import anyio

from gemini_interactions_mcp.api import UNKNOWN_OUTCOME, Gemini, check_interaction_id
from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InputError,
    InteractionNotFoundError,
    InvalidIdError,
    JournalError,
    NetworkError,
    OutcomeUnknownError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    Timing,
    quote_name,
)
from gemini_interactions_mcp.journal import Journal
from gemini_interactions_mcp.models import NEW_ENVIRONMENT, Interaction, Record, is_settled

from . import intents
from .bookkeeping import Ledger
from .driving import Driver
from .follower import Follower
from .outcomes import is_final, recall_account
from .registry import Registry
from .run import Phase, Run, make_finished_run

HIDING_ERRORS: Final = (InteractionNotFoundError, PermissionDeniedError, InvalidIdError)
"""Answers about an interaction that Google does not have, or does not show to this key: 404, 403 and 400."""


class Finder:
    """Finds interactions; those that have not settled are read at Google, whichever server follows them.

    Args:
        gemini: The API.
        journal: The rows.
        ledger: The rows, for reads and writes that may fail.
        registry: The runs of this process.
        follower: Reads the runs of this process.
        driver: Follows interactions that have not settled.
        timing: Delays and deadlines.
        outside: Whether ids that have no row are looked up at Google.
    """

    def __init__(
        self,
        gemini: Gemini,
        journal: Journal,
        ledger: Ledger,
        registry: Registry,
        follower: Follower,
        driver: Driver,
        timing: Timing,
        *,
        outside: bool = True,
    ) -> None:
        self._gemini = gemini
        self._journal = journal
        self._ledger = ledger
        self._registry = registry
        self._follower = follower
        self._driver = driver
        self._timing = timing
        self._outside = outside

    async def find(self, interaction_id: str, seconds: float) -> Run:
        """Return the run of an id or of one of our labels.

        If Google does not answer within `seconds`, the run is as in the journal, and is followed in the background.

        Raises:
            InputError: The text cannot be an id.
            InteractionNotFoundError: There is no such interaction.
            GeminiMCPError: Google could not be asked or did not answer in time, and the journal has no row.
        """
        if (run := self._registry.get(interaction_id)) and run.phase is not Phase.WATCHING:
            return await self._glanced(run, seconds)
        record = await self._find_row(interaction_id)
        if record is None and self._registry.deleted(interaction_id):
            raise InteractionNotFoundError("That interaction has been deleted.", interaction_id=interaction_id)
        if record is None and intents.is_label(interaction_id):
            raise InteractionNotFoundError(
                "This server does not know that interaction (any more), and Google never had an id for it.",
                interaction_id=interaction_id,
            )
        if record is None:
            self.check_outside(interaction_id)
            return await self._look_up_outside(check_interaction_id(interaction_id), seconds)
        if not record.stored:
            raise make_unkept_error(record)
        if intents.is_complete(record):
            return make_finished_run(record)
        if record.interaction_id is None:
            raise OutcomeUnknownError(
                f"Google never named this interaction. {record.error or UNKNOWN_OUTCOME}", interaction_id=record.label
            )
        return await self._look_up(record, record.interaction_id, seconds)

    async def _find_row(self, interaction_id: str) -> Record | None:
        """Return the row of an interaction; None also when the journal cannot be read, where Google can be asked.

        Raises:
            JournalError: It cannot be read, and Google is not asked.
        """
        if self._outside:
            return await self._ledger.find(interaction_id)
        return await self._journal.find(interaction_id, patience=self._timing.patience)

    def check_outside(self, interaction_id: str) -> None:
        """Check that an id without a row may be used.

        Raises:
            InteractionNotFoundError: It may not: what has no row is not there.
        """
        if not self._outside and not self._registry.deleted(interaction_id):
            raise make_missing_error(interaction_id)

    async def check_environment(self, environment: str | None) -> None:
        """Check that an agent may work in an environment.

        Raises:
            InputError: No row names it, and it may be another's.
            JournalError: The journal cannot be read.
        """
        if self._outside or environment in (None, NEW_ENVIRONMENT):
            return
        if not await self._journal.names_environment(str(environment)):
            raise InputError(
                f"There is no sandbox {quote_name(str(environment))}: environment is {NEW_ENVIRONMENT}, or the "
                "environment_id of an earlier task. Nothing was sent."
            )

    async def find_continued(self, interaction_id: str) -> Record | None:
        """Return the row of an interaction to continue; None where only Google may know it.

        Raises:
            InputError: Google cannot know it: the text can be no id, or the row says so.
            JournalError: The journal cannot be read.
        """
        record = await self._journal.find(interaction_id)
        stored = record.stored if record else not intents.is_label(interaction_id)
        if not stored or (record is not None and record.interaction_id is None):
            raise InputError(
                "Google does not know that interaction: it was asked for with store=false, or has not been named yet. "
                "It cannot be continued; read_interaction shows it."
            )
        if record is None:
            self.check_outside(interaction_id)
            check_interaction_id(interaction_id)
        return record

    async def find_continued_task(self, interaction_id: str, seconds: float, *, needed: bool) -> Record | None:
        """Do the same; what only Google knows of its agent and its environment is read there.

        Args:
            interaction_id: Its id.
            seconds: Time limit for Google.
            needed: Whether what it tells is needed; otherwise one that Google lastingly hides is continued unseen.

        Raises:
            NetworkError: Google cannot be asked at the moment.
            GeminiMCPError: As `find_continued`, or it is needed and Google does not show it.
        """
        record = await self.find_continued(interaction_id)
        if record is not None and (record.environment_id or not record.task or is_settled(record.status)):
            return record
        try:
            return await self._read_task_shown_late(record, interaction_id, seconds)
        except HIDING_ERRORS:
            if needed and record is None:
                raise
            return record
        except (NetworkError, QuotaError, OverloadedError) as exc:
            raise NetworkError(
                f"The interaction to continue cannot be read now: {exc} Nothing was started, and nothing is charged: "
                "call again in a minute with the same arguments.",
                interaction_id=interaction_id,
            ) from exc

    async def _read_task_shown_late(self, record: Record | None, interaction_id: str, seconds: float) -> Record:
        """Return the row of a task as Google shows it, which may not do so at once after its start."""
        for delay in self._timing.backoffs:
            with contextlib.suppress(*HIDING_ERRORS):
                return await self._read_task(record, interaction_id, seconds)
            await anyio.sleep(delay)
        return await self._read_task(record, interaction_id, seconds)

    async def _read_task(self, record: Record | None, interaction_id: str, seconds: float) -> Record:
        """Return the row of a task, with the environment that Google names; the row is made if there is none.

        Raises:
            GeminiMCPError: Google does not show it.
        """
        if record is None:
            return (await self.find(interaction_id, seconds)).record
        try:
            with anyio.fail_after(seconds):
                shown = await self._gemini.get(str(record.interaction_id))
        except TimeoutError:
            raise NetworkError("Google has not answered in time.") from None
        return record.model_copy(update={"environment_id": shown.environment_id})

    async def _glanced(self, run: Run, seconds: float) -> Run:
        """Return a run of this process after a read at Google; if that shows its end, wait for the result."""
        with anyio.move_on_after(seconds):
            await self._follower.glance(run)
            if run.settled:
                await run.done.wait()
        return run

    async def _look_up_outside(self, interaction_id: str, seconds: float) -> Run:
        """Return the run of an id that has no row.

        Raises:
            InteractionNotFoundError: Google rejects the text as an id, and the journal has no such row.
        """
        try:
            return await self._look_up(None, interaction_id, seconds)
        except InvalidIdError as exc:
            # Reread: the journal may have been unreadable, and Google has rejected ids of its own.
            with contextlib.suppress(JournalError):
                if await self._journal.find(interaction_id) is None:
                    raise make_missing_error(interaction_id) from exc
            raise

    async def _look_up(self, record: Record | None, interaction_id: str, seconds: float) -> Run:
        try:
            with anyio.fail_after(seconds):
                interaction = await self._gemini.get(interaction_id)
        except TimeoutError:
            return self._unanswered(record, interaction_id, seconds)
        except GeminiMCPError as exc:
            recalled = recall_account(record) if record and is_final(exc) else None
            if recalled is None:
                return self._unseen(record, exc)
            interaction = recalled
        return await self._seen(record, interaction, interaction_id, seconds)

    def _unanswered(self, record: Record | None, interaction_id: str, seconds: float) -> Run:
        """Return the run of a row that Google has not shown in time.

        Raises:
            NetworkError: There is no row, or it has settled without an answer.
        """
        late = NetworkError(
            f"Google has not answered within {seconds:.0f} seconds. Try again with a longer wait_seconds; reading is "
            "free.",
            interaction_id=interaction_id,
        )
        if record is None or is_settled(record.status):
            return self._unseen(record, late)
        run = self._driver.follow(Run(record))
        run.activity = run.activity or "Google has not answered yet"
        return run

    async def _seen(self, known: Record | None, interaction: Interaction, interaction_id: str, seconds: float) -> Run:
        """Return the run of an interaction that Google shows; its files are saved once, however many calls find it."""
        # Reread: another task may have finished it meanwhile.
        record = await self._ledger.find(interaction_id)
        if record is not None and intents.is_complete(record):
            return make_finished_run(record)
        if record is None and known is not None and await self._ledger.deleted(known):
            raise InteractionNotFoundError("It has just been deleted.", interaction_id=interaction_id)
        run = self._driver.follow(Run(record or await self._ledger.adopt(interaction, interaction_id)))
        run.heard_at = anyio.current_time()
        if not is_settled(interaction.status):
            await self._ledger.write(run, status=interaction.status)
            return run
        if self._follower.is_conclusive(run, interaction):
            run.interrupt(interaction)
        with anyio.move_on_after(seconds):
            await run.done.wait()
        return run

    def _unseen(self, record: Record | None, exc: GeminiMCPError) -> Run:
        """Return the run of a row that Google does not show, or not yet.

        Raises:
            GeminiMCPError: `exc`, if there is no answer in the row and none to be expected.
        """
        if record is not None and intents.is_readable(record):
            return make_finished_run(tell_missing_files(record))
        hidden = isinstance(exc, InteractionNotFoundError | PermissionDeniedError)
        if (
            record is None
            or is_settled(record.status)
            or not hidden
            or intents.measure_age(record) > self._timing.tolerance
        ):
            raise exc
        return self._driver.follow(Run(record))


def tell_missing_files(record: Record) -> Record:
    """Return a record that says so where its files are still being fetched, by this server or another."""
    if not record.media or record.finished_at is not None or record.error:
        return record
    return record.model_copy(update={"error": "Its files are not here yet; read it again in a minute."})


def make_missing_error(interaction_id: str) -> InteractionNotFoundError:
    """Return the error for an id that nothing has."""
    return InteractionNotFoundError(
        "There is no such interaction; list_interactions shows the ids that you have.", interaction_id=interaction_id
    )


def make_unkept_error(record: Record) -> InteractionNotFoundError:
    """Return the error for an answer with store=false that is not in memory any more."""
    if record.status in ("failed", "cancelled"):
        why = f"It has no answer: {record.error or record.status}"
    else:
        why = "Its answer was kept in memory only, until the server that asked for it ended."
    return InteractionNotFoundError(
        f"That interaction was asked for with store=false. {why}", interaction_id=record.interaction_id
    )
