"""The interface to interactions: start, find, wait for, stop, delete and list them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from gemini_interactions_mcp.api import Gemini
from gemini_interactions_mcp.core import (
    NO_REDACTION,
    GeminiMCPError,
    InputError,
    OutcomeUnknownError,
    Redactor,
    SentElsewhereError,
    TaskStarter,
    Timing,
    note_handed_over,
    phrases,
)
from gemini_interactions_mcp.files import SavedFiles
from gemini_interactions_mcp.journal import NO_LIMITS, Journal, Limits, Spending, clock, shield_cancellation
from gemini_interactions_mcp.models import UNKNOWN_STATUS, CatalogFile, Record, Request
from gemini_interactions_mcp.output import Place
from gemini_interactions_mcp.settings import DEFAULT_KEEP_DAYS

from . import intents, outcomes
from .bookkeeping import Ledger
from .costs import Costs
from .deleting import AuditFunction, Deleter, ignore_event
from .deletion import Deletion
from .deliveries import Deliveries
from .driving import Announce, Driver
from .exporting import Exporter
from .fetching import FetchFunction, refuse_fetch
from .finding import Finder
from .follower import Follower
from .listing import Lister
from .registry import Registry
from .run import Run, make_finished_run
from .stopping import Stopper
from .upkeep import Upkeep
from .waiting import ProgressReporter, Waiter


class Runs:
    """The interactions of one server; they are followed in `tasks`, not in the calls that began them.

    Args:
        gemini: The API.
        journal: The rows.
        saved: The saved files.
        place: Where new files are saved.
        tasks: Task group of the background tasks.
        announce: Notified of the ids of interactions that have settled.
        timing: Delays and deadlines.
        keep_days: Days for which settled interactions stay in the journal; None where another prunes it.
        limits: What the user allows to be spent.
        catalogs: Prices of models and agents.
        redact: Removes secrets from what is written and shown.
        base_url: Another address of the API.
        fetch: Reads media that came as addresses.
        outside: Whether ids may be used that the journal does not have; Google shows what anybody made with the key.
        audit: Called with what was done and the id of an interaction, once it is deleted.
        explain: Returns an error as the user is told it.

    Attributes:
        limits: What the user allows to be spent.
        costs: Estimates what requests may cost.
        lister: Returns pages of rows.
        upkeep: Changes settled interactions.
        exporter: Saves interactions as documents.
    """

    def __init__(
        self,
        *,
        gemini: Gemini,
        journal: Journal,
        saved: SavedFiles,
        place: Place,
        tasks: TaskStarter,
        announce: Announce,
        timing: Timing,
        keep_days: float | None = DEFAULT_KEEP_DAYS,
        limits: Limits = NO_LIMITS,
        catalogs: CatalogFile | None = None,
        redact: Redactor = NO_REDACTION,
        base_url: str | None = None,
        fetch: FetchFunction = refuse_fetch,
        outside: bool = True,
        audit: AuditFunction = ignore_event,
        explain: Callable[[str], str] = str,
    ) -> None:
        self.redact = redact
        self._timing, self._gemini, self._journal = timing, gemini, journal
        self._registry = Registry()
        self._deliveries = Deliveries()
        self.limits = limits
        self.costs = Costs(catalogs or CatalogFile())
        self._ledger = Ledger(journal, place, timing, limits, self.costs, redact, fetch, explain)
        self._follower = Follower(gemini, self._ledger, timing, self._registry.add)
        self._driver = Driver(gemini, self._ledger, self._registry, self._follower, tasks, announce, timing, keep_days)
        self._finder = Finder(
            gemini, journal, self._ledger, self._registry, self._follower, self._driver, timing, outside=outside
        )
        self._waiter = Waiter(self._follower, timing)
        self._stopper = Stopper(gemini, self._ledger, self._driver)
        self._deleter = Deleter(gemini, journal, saved, self._registry, audit)
        self.lister = Lister(journal, self._registry, self._finder, timing)
        self._place = place
        self.upkeep = Upkeep(gemini, self._ledger, self._driver, saved, place, timing, base_url)
        self.exporter = Exporter(self._ledger, self.upkeep, saved, place, redact, timing)

    async def tend(self) -> None:
        """Do the periodic work of a server, as `Driver.tend`, until cancelled."""
        await self._driver.tend()

    async def close(self) -> None:
        """Wait for the ids of requests in flight, at most `Timing.shutdown_naming`; leave all runs to other servers."""
        await self._driver.close()

    def count_running(self) -> int:
        """Return how many runs this process sends or follows."""
        return len(self._registry.list_running())

    async def check_ready(self) -> None:
        """Check that requests can be sent.

        Raises:
            KeyMissingError: There is no API key.
            ConfigurationError: A network setting cannot be used.
        """
        await self._gemini.prepare()

    async def start(self, request: Request, *, target: Path | None = None) -> Run:
        """Write the intent to the journal, then send the request in the background.

        Raises:
            KeyMissingError: There is no API key.
            JournalError: The intent could not be written; nothing was sent.
        """
        return await self._open(await self._intent(request), request, target)

    async def start_or_attach(
        self, request: Request, *, target: Path | None = None, refusal: GeminiMCPError | None = None
    ) -> tuple[Run, bool]:
        """Start an interaction, or take over the run of an identical request whose answer was not delivered.

        Identical calls that begin together are separate requests: a run can be taken over once its own call has ended
        without the answer, or has waited for some seconds.

        Args:
            request: Any but research, which has `start_once`.
            target: Path for a picture.
            refusal: Why no new run may be started.

        Returns:
            The run, and whether this call has started it.

        Raises:
            OutcomeUnknownError: Google may or may not have taken the identical request; raised once.
            GeminiMCPError: As `start`, or `refusal`.
        """
        record = await self._intent(request)
        if run := await self._take_over(record):
            return run, False
        if refusal is not None:
            raise refusal
        return await self._open(record, request, target), True

    async def attach(self, request: Request) -> Run | None:
        """Take over the run of an identical request, as `start_or_attach`; start nothing.

        Raises:
            GeminiMCPError: As `start_or_attach`.
        """
        return await self._take_over(await self._intent(request))

    async def start_once(
        self, request: Request, previous: Record | None = None, *, again: bool = False
    ) -> tuple[Run, bool]:
        """Start research, unless an identical request was made within ten minutes, by any server on the journal.

        Args:
            request: Of research.
            previous: The row of the interaction that it continues, where the caller has read that.
            again: Start it even then.

        Returns:
            The run, and whether this call has started it.

        Raises:
            DailyLimitError: The daily limit of the user is reached.
            OutcomeUnknownError: Google may or may not have taken the identical request.
            KeyMissingError: There is no API key.
            JournalError: The journal cannot be used; nothing was sent.
        """
        record = await self._intent(request, previous)
        # Uncancelled as in `_open`.
        with shield_cancellation():
            twin = await self._ledger.open_once(record, again=again)
            if twin is None:
                return self._driver.launch(Run(record, request), None), True
        return await self._find_twin(twin), False

    async def find_repeated(self, request: Request, previous: Record | None = None) -> Run | None:
        """Return the run that `start_once` would return instead of starting one, if any.

        Raises:
            OutcomeUnknownError: Google may or may not have taken the identical request.
            KeyMissingError: There is no API key.
            JournalError: The journal cannot be used.
        """
        twin = await self._ledger.twin(await self._intent(request, previous))
        return None if twin is None else await self._find_twin(twin)

    async def _intent(self, request: Request, previous: Record | None = None) -> Record:
        """Return the row for a request; the row of the interaction that it continues is read unless given."""
        await self._gemini.prepare()
        await self._ledger.set_clock()
        previous = previous or await self._ledger.before(request)
        estimate = await self.costs.estimate(request, previous)
        # Off the loop: a request may carry megabytes.
        record = await anyio.to_thread.run_sync(intents.build_intent, request, previous)
        return record.model_copy(update={"cost_micros": estimate.high if estimate else None})

    async def _open(self, record: Record, request: Request, target: Path | None) -> Run:
        # Once the row is written, the request is sent, even if the call is cancelled meanwhile.
        with shield_cancellation():
            # Before the insert: an identical call may read the row at once.
            self._deliveries.begin(record.label)
            try:
                await self._ledger.open(record)
            except BaseException:
                self._deliveries.abandon(record.label)
                raise
            return self._driver.launch(Run(record, request), target)

    async def _take_over(self, record: Record) -> Run | None:
        """Take over the run of an identical request instead of starting one, if possible.

        Raises:
            SentElsewhereError: Another server waits for Google to name it.
            OutcomeUnknownError: Google may or may not have taken it.
        """
        for row in await self._ledger.undelivered(record):
            run = self._registry.get(row.label)
            if self._deliveries.given(row.label) or (run is None and not row.stored):
                continue
            followed = self._deliveries.working(row.label) or await self._ledger.followed_elsewhere(row)
            # Checked after the read: another call may have taken it over meanwhile.
            if self._deliveries.attachable(run.record if run else row, followed=followed):
                self._deliveries.take(row.label)
                return run or await self._attach_elsewhere(row)
        return None

    async def _attach_elsewhere(self, row: Record) -> Run:
        """Return the run of a row that this process does not follow."""
        try:
            row = await self._wait_for_id(row)
            return await self.find(row.interaction_id or row.label, self._timing.foreign_naming)
        except BaseException as exc:
            # However this call ends, the next identical call may take the run over at once.
            self._deliveries.release(row.label)
            if outcomes.is_final(exc):
                # Raised once: the next identical call is another request.
                self.deliver(Run(row))
            raise

    async def _find_twin(self, twin: Record) -> Run:
        if run := self._registry.get(twin.label):
            return await self.find(run.id or twin.label, self._timing.foreign_naming)
        twin = await self._wait_for_id(twin)
        if twin.interaction_id is None:
            raise OutcomeUnknownError(
                f"The same research was asked for at {twin.created_at:%Y-%m-%d %H:%M} UTC, and whether Google took it "
                "is not known: it was not sent again. Call start_research with force=true to pay for another run."
            )
        return await self.find(twin.interaction_id, self._timing.foreign_naming)

    async def _wait_for_id(self, row: Record) -> Record:
        """Return the row as it is once Google has named it, if another process is sending it.

        Raises:
            SentElsewhereError: It has no id within `Timing.foreign_naming`.
        """
        with anyio.move_on_after(self._timing.foreign_naming):
            # Reread: it may have been named meanwhile.
            row = await self._ledger.find(row.label) or row
            while await self._is_sending(row):
                await anyio.sleep(self._timing.foreign_naming / 40)
                row = await self._ledger.find(row.label) or row
            return row
        raise SentElsewhereError(
            "Another server is waiting for Google's answer to the same request, sent "
            f"{phrases.format_duration(intents.measure_age(row))} ago. Nothing was sent now. Call again in 30 seconds: "
            "that gets the same answer and costs nothing."
        )

    async def _is_sending(self, record: Record) -> bool:
        """Whether this process or another live one is sending the request, and Google has not named it yet."""
        if run := self._registry.get(record.label):
            return not run.named.is_set()
        unnamed = record.interaction_id is None and record.status == UNKNOWN_STATUS and not record.error
        return unnamed and await self._ledger.followed_elsewhere(record)

    async def find(self, interaction_id: str, seconds: float | None = None) -> Run:
        """Return the run of any id or label, as `Finder.find`; `seconds` default to `Timing.find`."""
        return await self._finder.find(interaction_id, self._timing.find if seconds is None else seconds)

    async def find_restored(self, interaction_id: str) -> Record:
        """Return the record of an interaction after restoring its missing files, as far as Google has them.

        Raises:
            GeminiMCPError: As `find`.
        """
        run = await self.find(interaction_id)
        await self.upkeep.restore(run)
        return run.record

    def running(self, label: str) -> Run | None:
        """Return the run of a row if this process follows it."""
        return self._registry.running(label)

    async def wait(self, run: Run, seconds: float, report: ProgressReporter) -> bool:
        """Wait until the run is done, as `Waiter.wait`."""
        return await self._waiter.wait(run, seconds, report)

    def hurry(self) -> None:
        """End all waiting of calls: each returns its id, and the runs go on."""
        self._waiter.hurry()

    def hear(self, label: str | None, interaction_id: str | None, *, settled: bool) -> None:
        """Look at once at a row that another server has changed, as `Driver.hear`. Returns at once."""
        self._driver.hear(label, interaction_id, settled=settled)

    def detach(self, run: Run) -> None:
        """Note that a call has ended without the answer: the run goes on, and an identical call can take it over.

        Returns at once.
        """
        self._deliveries.abandon(run.record.label)
        self._driver.start(self._driver.amend, run, {"detached_at": clock.now(), "delivered_at": None})

    def deliver(self, run: Run) -> None:
        """Note that a caller was given the answer, or the error. Returns at once."""
        self._deliveries.end(run.record.label)
        if run.record.delivered_at is None:
            changes = {"delivered_at": clock.now()}
            run.record = run.record.model_copy(update=changes)
            self._deliveries.give(run.record.label)
            note_handed_over(partial(self.detach, run))
            self._driver.start(self._write_delivery, run, changes)

    async def _write_delivery(self, run: Run, changes: Mapping[str, object]) -> None:
        try:
            await self._driver.amend(run, changes)
        finally:
            self._deliveries.written(run.record.label)

    async def cancel(self, interaction_id: str, seconds: float = 5.0, by: str = "cancel_research") -> Run:
        """Find an interaction and stop it, as `Stopper.stop`."""
        return await self._stopper.stop(await self.find(interaction_id), seconds, by)

    def cancel_later(self, interaction_id: str, by: str) -> None:
        """Stop an interaction in the background, as `cancel`; errors are logged. Returns at once."""
        self._driver.start(self.cancel, interaction_id, 5.0, by)

    async def delete(self, interaction_id: str) -> Deletion:
        """Delete an interaction at Google, in the journal, and its saved files.

        Raises:
            InputError: It is being sent at this moment, or the text cannot be an id.
            JournalError: The journal cannot be used.
        """
        record = await self.known(interaction_id)
        if record is not None and await self._is_sending(record):
            raise InputError(
                "It is being sent at this moment, and Google has not named it yet; cancel_research stops it. Call "
                "delete_interaction again in a minute."
            )
        if record is None:
            self._finder.check_outside(interaction_id)
        return await self._deleter.delete(interaction_id, record)

    async def decline(self, plan: Record, reason: str) -> None:
        """Mark a plan as cancelled; it stays readable."""
        run = self._registry.get(plan.label) or make_finished_run(plan)
        await self._driver.amend(run, {"status": "cancelled", "error": reason})

    async def known(self, interaction_id: str) -> Record | None:
        """Return the row of an interaction.

        Raises:
            JournalError: It cannot be read. (Without it, a follow-up would be sent without what it inherits.)
        """
        return await self._journal.find(interaction_id)

    async def find_continued(self, interaction_id: str) -> Record | None:
        """Return the row of an interaction to continue, as `Finder.find_continued`."""
        return await self._finder.find_continued(interaction_id)

    async def find_continued_task(self, interaction_id: str, *, needed: bool) -> Record | None:
        """Return the row of an interaction for an agent to continue, as `Finder.find_continued_task`."""
        return await self._finder.find_continued_task(interaction_id, self._timing.find, needed=needed)

    async def check_environment(self, environment: str | None) -> None:
        """Check that an agent may work in an environment, as `Finder.check_environment`."""
        await self._finder.check_environment(environment)

    async def followers(self, interaction_id: str) -> Sequence[Record]:
        """Return the rows that continue an interaction, oldest first.

        Raises:
            JournalError: They cannot be read.
        """
        return await self._journal.followers(interaction_id)

    async def check_limits(self, request: Request, previous: Record | None = None) -> None:
        """Check that the user's limits leave room for a request, before its files are uploaded.

        Raises:
            DailyLimitError: The user allows no more research today.
            SpendingLimitError: It may cost more than the user allows.
        """
        await self._ledger.check_limits(await self._intent(request, previous))

    async def spending(self) -> Spending:
        """Return what the requests of this server have cost, and what the user allows.

        Raises:
            JournalError: It cannot be read.
        """
        return (await self._journal.spending())._replace(limits=self.limits)

    async def holds_file(self, path: Path) -> bool:
        """Whether a file was saved at a path, even if it is gone.

        Raises:
            JournalError: It cannot be read.
        """
        return await self._journal.holds(self._place.spell(path))
