"""The one way to interactions: starting, finding, waiting, stopping, deleting and listing them."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from gemini_interactions_mcp.api import Gemini
from gemini_interactions_mcp.core import (
    NOTHING,
    GeminiMCPError,
    InputError,
    OutcomeUnknownError,
    OverloadedError,
    QuotaError,
    Redactor,
    RefusedError,
    SentElsewhereError,
    phrases,
)
from gemini_interactions_mcp.files import SavedFiles
from gemini_interactions_mcp.journal import Journal, clock, uncancelled
from gemini_interactions_mcp.models import UNKNOWN, Record, Request
from gemini_interactions_mcp.settings import DEFAULT_KEEP_DAYS

from . import intents
from .bookkeeping import Ledger
from .deleting import Deleter
from .deletion import Deletion
from .deliveries import Deliveries
from .driving import Announce, Driver
from .finding import LOOK_SECONDS, Finder
from .listing import Lister
from .registry import Registry
from .run import Pace, Run, finished
from .stopping import Stopper
from .upkeep import Upkeep

logger = logging.getLogger(__name__)

CLOSE_SECONDS: Final = 1.6
"""Time limit for the ids of requests that are on their way when the host ends: hosts kill after 2 s (mcp 2.3,
client/stdio.py)."""

Reporter = Callable[[float, str], Awaitable[None]]
"""Called with the seconds of waiting, which only grow, and what the interaction does now."""


class Runs:
    """The interactions of one server; they live in `tasks`, not in the calls that began them.

    Args:
        gemini: The API.
        journal: The rows.
        saved: The saved files.
        output_dir: Where files are saved.
        tasks: Where the background tasks live.
        announce: Told the id of an interaction that has settled.
        pace: Delays and deadlines.
        keep_days: How long settled interactions stay in the journal.
        runs_per_day: Maximum number of research requests in a UTC day.
        redact: Takes secrets out of what is written and shown.
        base_url: Another address of the API.

    Attributes:
        lister: Pages of rows.
        upkeep: Changes of settled interactions.
    """

    def __init__(
        self,
        *,
        gemini: Gemini,
        journal: Journal,
        saved: SavedFiles,
        output_dir: Path,
        tasks: TaskGroup,
        announce: Announce,
        pace: Pace | None = None,
        keep_days: float = DEFAULT_KEEP_DAYS,
        runs_per_day: int | None = None,
        redact: Redactor = NOTHING,
        base_url: str | None = None,
    ) -> None:
        self.redact = redact
        self._pace = pace or Pace()
        self._gemini = gemini
        self._journal = journal
        self._registry = Registry()
        self._deliveries = Deliveries()
        self._ledger = Ledger(journal, output_dir, self._pace.lease, runs_per_day, redact)
        self._driver = Driver(gemini, self._ledger, self._registry, tasks, announce, self._pace, keep_days)
        self._finder = Finder(gemini, self._ledger, self._registry, self._driver, self._pace)
        self._stopper = Stopper(gemini, self._ledger, self._driver)
        self._deleter = Deleter(gemini, journal, saved, self._registry)
        self.lister = Lister(journal, self._registry, self._finder, self._pace)
        self.upkeep = Upkeep(gemini, self._ledger, self._driver, saved, output_dir, base_url)

    async def tend(self) -> None:
        """Follow what nobody follows, renew leases and prune the journal, as long as the process lives."""
        await self._driver.tend()

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Wait up to `seconds` for the ids of requests that are on their way, then leave every run to other servers."""
        await self._driver.close(seconds)

    async def check_ready(self) -> None:
        """Make sure that requests can be sent.

        Raises:
            KeyMissingError: There is no key to send them with.
            ConfigurationError: A setting of the network cannot be used.
        """
        await self._gemini.ready()

    async def start(self, request: Request, *, target: Path | None = None) -> Run:
        """Write the intent down, then send the request in the background.

        Raises:
            KeyMissingError: There is no key to send it with.
            JournalError: It could not be written down; nothing was sent.
        """
        return await self._open(await self._intent(request), request, target)

    async def start_or_attach(
        self, request: Request, *, target: Path | None = None, refusal: GeminiMCPError | None = None
    ) -> tuple[Run, bool]:
        """Start an interaction, or take over the run of an identical request whose answer nobody has been given.

        Calls that begin together are separate requests: a run can be taken over once its own call has ended without
        the answer, or has waited for some seconds.

        Args:
            request: Not of research, which has `start_once`.
            target: Where a picture is wanted.
            refusal: Why no new run may be started.

        Returns:
            The run, and whether it was started now.

        Raises:
            OutcomeUnknownError: The identical request may have been taken or not; said once.
            GeminiMCPError: As `start`, or `refusal`.
        """
        record = await self._intent(request)
        if run := await self._find_attachable(record):
            return run, False
        if refusal is not None:
            raise refusal
        return await self._open(record, request, target), True

    async def start_once(self, request: Request, *, again: bool = False) -> tuple[Run, bool]:
        """Start research, unless an identical request was made within ten minutes, by any server on the journal.

        Args:
            request: Of research.
            again: Start it also then.

        Returns:
            The run, and whether it was started now.

        Raises:
            DailyLimitError: The user allows no further run today.
            OutcomeUnknownError: The identical one may have been taken or not.
            KeyMissingError: There is no key to send it with.
            JournalError: The journal cannot be used; nothing was sent.
        """
        record = await self._intent(request)
        # As in `_open`.
        with uncancelled():
            twin = await self._ledger.open_once(record, again=again)
            if twin is None:
                return self._driver.launch(Run(record, request), None), True
        return await self._find_twin(twin), False

    async def find_repeated(self, request: Request) -> Run | None:
        """Return the run that `start_once` would return without starting one; None without any.

        Raises:
            OutcomeUnknownError: It may have been taken or not.
            KeyMissingError: There is no key to send anything with.
            JournalError: The journal cannot be used.
        """
        twin = await self._ledger.twin(await self._intent(request))
        return None if twin is None else await self._find_twin(twin)

    async def _intent(self, request: Request) -> Record:
        await self._gemini.ready()
        previous = await self._ledger.before(request)
        # Off the loop: a request may carry megabytes.
        return await anyio.to_thread.run_sync(intents.intent, request, previous)

    async def _open(self, record: Record, request: Request, target: Path | None) -> Run:
        # A call that is cancelled here has begun all the same.
        with uncancelled():
            # Before the row is there: an identical call may read it at once.
            self._deliveries.begin(record.label)
            try:
                await self._ledger.open(record)
            except BaseException:
                self._deliveries.abandon(record.label)
                raise
            return self._driver.launch(Run(record, request), target)

    async def _find_attachable(self, record: Record) -> Run | None:
        """Return the run that the call of a record can take over in place of its own.

        Raises:
            SentElsewhereError: Another server waits for Google to name it.
            OutcomeUnknownError: It may have been taken or not.
        """
        for row in await self._ledger.undelivered(record):
            run = self._registry.get(row.label)
            if self._deliveries.given(row.label) or (run is None and not row.stored):
                continue
            followed = self._deliveries.working(row.label) or await self._ledger.followed_elsewhere(row)
            # Only now: another call may have taken it meanwhile.
            if self._deliveries.attachable(run.record if run else row, followed=followed):
                self._deliveries.take(row.label)
                return run or await self._attach_elsewhere(row)
        return None

    async def _attach_elsewhere(self, row: Record) -> Run:
        """Return the run of a row that this process does not follow."""
        try:
            row = await self._named_elsewhere(row)
            return await self.find(row.interaction_id or row.label, self._pace.naming)
        except BaseException as exc:
            # However this call ends, the same call after it may take the run at once.
            self._deliveries.release(row.label)
            if is_final(exc):
                # Said once: the same call after this one is meant as another request.
                self.deliver(Run(row))
            raise

    async def _find_twin(self, twin: Record) -> Run:
        if run := self._registry.get(twin.label):
            return await self.find(run.id or twin.label, self._pace.naming)
        twin = await self._named_elsewhere(twin)
        if twin.interaction_id is None:
            raise OutcomeUnknownError(
                f"The same research was asked for at {twin.created_at:%Y-%m-%d %H:%M} UTC, and whether Google took it "
                "is not known: it was not sent again. Call start_research with force=true to pay for another run."
            )
        return await self.find(twin.interaction_id, self._pace.naming)

    async def _named_elsewhere(self, row: Record) -> Record:
        """Return the row, after waiting a little for its id where another process is sending it.

        Raises:
            SentElsewhereError: It still is.
        """
        with anyio.move_on_after(self._pace.naming):
            # Again: it may have been named since it was read.
            row = await self._ledger.find(row.label) or row
            while await self._sending(row):
                await anyio.sleep(self._pace.naming / 40)
                row = await self._ledger.find(row.label) or row
            return row
        raise SentElsewhereError(
            "Another server is waiting for Google's answer to the same request, sent "
            f"{phrases.duration(intents.age(row))} ago. Nothing was sent now. Call again in 30 seconds: that gets the "
            "same answer and costs nothing."
        )

    async def _sending(self, record: Record) -> bool:
        """Whether a request is on its way, from this process or another that lives, and Google has not named it."""
        unnamed = record.interaction_id is None and record.status == UNKNOWN and not record.error
        if run := self._registry.get(record.label):
            return run.id is None
        return unnamed and await self._ledger.followed_elsewhere(record)

    async def find(self, interaction_id: str, seconds: float = LOOK_SECONDS) -> Run:
        """Return the run of any id or label, as `Finder.find`."""
        return await self._finder.find(interaction_id, seconds)

    async def find_restored(self, interaction_id: str) -> Record:
        """Return the record of an interaction whose files are on this machine again, as far as Google shows them.

        Raises:
            GeminiMCPError: As `find`.
        """
        run = await self.find(interaction_id)
        await self.upkeep.restore(run)
        return run.record

    def running(self, label: str) -> Run | None:
        """Return the run of a row that this process follows."""
        return self._registry.running(label)

    async def wait(self, run: Run, seconds: float, report: Reporter) -> bool:
        """Wait until the run is done, reporting progress; False when `seconds` have passed before."""
        with anyio.move_on_after(0 if run.done.is_set() else seconds):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._report, run, report, anyio.current_time())
                tasks.start_soon(self._attend, run)
                await run.done.wait()
                tasks.cancel_scope.cancel()
        return run.done.is_set()

    async def _report(self, run: Run, report: Reporter, since: float) -> None:
        # A run that has no id yet has nothing to tell; with the id, a call that times out has told what matters.
        told = -1 if run.id else run.moves
        while True:
            if run.moves == told:
                with anyio.move_on_after(self._pace.most_report - self._pace.least_report):
                    await run.moved.wait()
            told = run.moves
            try:
                await report(anyio.current_time() - since, run.headline())
            except Exception:  # the answer is worth more than its progress
                logger.exception("The progress of interaction %s cannot be told", run.id)
                return
            await anyio.sleep(self._pace.least_report)

    async def _attend(self, run: Run) -> None:
        """Read the run at Google as long as somebody waits, whenever Google gives no sign by itself."""
        await run.named.wait()
        while True:
            await anyio.sleep(max(run.heard_at + self._pace.look - anyio.current_time(), self._pace.look / 4))
            await self._driver.follower.glance(run)

    def detach(self, run: Run) -> None:
        """Note that a call has ended without the answer: the run goes on, and an identical call gets it.

        Returns at once.
        """
        self._deliveries.abandon(run.record.label)
        self._driver.start(self._driver.amend, run, {"detached_at": clock.now(), "delivered_at": None})

    def deliver(self, run: Run) -> None:
        """Note that somebody has been given the answer, or why there is none. Returns at once."""
        self._deliveries.end(run.record.label)
        if run.record.delivered_at is None:
            changes = {"delivered_at": clock.now()}
            run.record = run.record.model_copy(update=changes)
            self._deliveries.give(run.record.label)
            self._driver.start(self._write_delivery, run, changes)

    async def _write_delivery(self, run: Run, changes: Mapping[str, object]) -> None:
        try:
            await self._driver.amend(run, changes)
        finally:
            self._deliveries.written(run.record.label)

    async def cancel(self, interaction_id: str, seconds: float = 5.0, by: str = "cancel_research") -> Run:
        """Stop an interaction at Google and wait a little for it to end; see `Stopper.stop`."""
        return await self._stopper.stop(await self.find(interaction_id), seconds, by)

    def cancel_later(self, interaction_id: str, by: str) -> None:
        """Stop an interaction in the background, as `cancel`; errors are logged. Returns at once."""
        self._driver.start(self.cancel, interaction_id, 5.0, by)

    async def delete(self, interaction_id: str) -> Deletion:
        """Delete an interaction at Google, in the journal, and its saved files.

        Raises:
            InputError: It is being sent at this moment, or the text can be no id.
            JournalError: The journal cannot be used.
        """
        record = await self.known(interaction_id)
        if record is not None and await self._sending(record):
            raise InputError(
                "It is being sent at this moment, and Google has not named it yet: cancel_research stops it, or call "
                "delete_interaction again in a minute."
            )
        return await self._deleter.delete(interaction_id, record)

    async def decline(self, plan: Record, reason: str) -> None:
        """Give a plan up: it stays readable, and counts as cancelled."""
        run = self._registry.get(plan.label) or finished(plan)
        await self._driver.amend(run, {"status": "cancelled", "error": reason})

    async def known(self, interaction_id: str) -> Record | None:
        """Return the row of an interaction.

        Raises:
            JournalError: It cannot be read: what follows an interaction would be sent without what it inherits.
        """
        return await self._journal.find(interaction_id)

    async def followers(self, interaction_id: str) -> Sequence[Record]:
        """Return the rows that go on from an interaction, oldest first.

        Raises:
            JournalError: They cannot be read.
        """
        return await self._journal.followers(interaction_id)

    async def spent_today(self) -> int:
        """Return the number of research requests of this UTC day that Google may have taken.

        Raises:
            JournalError: It cannot be read.
        """
        return await self._journal.spent(clock.today())

    async def holds_file(self, path: Path) -> bool:
        """Whether a file was saved at a path, whatever is there now.

        Raises:
            JournalError: It cannot be read.
        """
        return await self._journal.holds(str(path))


def is_final(exc: BaseException) -> bool:
    """Whether an error says that an interaction cannot be had; quotas and overload pass, and other errors are ours."""
    return isinstance(exc, OutcomeUnknownError | RefusedError) and not isinstance(exc, OverloadedError | QuotaError)
