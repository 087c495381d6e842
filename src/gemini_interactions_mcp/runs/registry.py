"""All interactions that this process follows: starting and finding them, waits, progress, hand-off, restart."""

import contextlib
import logging
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, TypeVarTuple, Unpack

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from gemini_interactions_mcp.api import UNKNOWN_OUTCOME, Gemini, check_interaction_id
from gemini_interactions_mcp.core import (
    NOTHING,
    ConfigurationError,
    GeminiMCPError,
    InteractionFailedError,
    InteractionNotFoundError,
    InvalidIdError,
    JournalError,
    NetworkError,
    OutcomeUnknownError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    Redactor,
    RefusedError,
    SentElsewhereError,
    phrases,
)
from gemini_interactions_mcp.files import SavedFiles
from gemini_interactions_mcp.journal import Journal, labels, uncancelled
from gemini_interactions_mcp.models import UNKNOWN, Interaction, Record, Request, SavedFile, settled
from gemini_interactions_mcp.settings import DEFAULT_KEEP_DAYS

from . import intents
from .background import guarded, repeat
from .bookkeeping import Ledger
from .follower import Follower
from .run import Pace, Run, finished

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 30.0
"""How long Google may take to show an interaction that somebody asks for, unless told otherwise."""

CLOSE_SECONDS: Final = 1.6
"""How long the end of the host waits for the ids of requests that are on their way: hosts kill after 2 s (mcp 2.3,
client/stdio.py)."""

PRUNING_SECONDS: Final = 86_400.0

Arguments = TypeVarTuple("Arguments")

UNSTORED: Final = 100
"""Answers with store=false that are kept in memory."""

Report = Callable[[float, str], Awaitable[None]]
"""Told the seconds of waiting, which only grow, and what the interaction does now."""

Announce = Callable[[str], Awaitable[None]]
"""Told the id of an interaction that has settled."""


class Runs:
    """The runs of this process; they live in `tasks`, not in the call that began them."""

    def __init__(
        self,
        *,
        gemini: Gemini,
        journal: Journal,
        output_dir: Path,
        tasks: TaskGroup,
        announce: Announce,
        pace: Pace | None = None,
        keep_days: float = DEFAULT_KEEP_DAYS,
        runs_per_day: int | None = None,
        redact: Redactor = NOTHING,
    ) -> None:
        self._keep_days = keep_days
        self._pace = pace or Pace()
        self._gemini = gemini
        self.redact = redact
        self._ledger = Ledger(journal, output_dir, self._pace.lease, runs_per_day, redact)
        self._follower = Follower(gemini, self._ledger, self._pace, self._keep)
        self._tasks = tasks
        self._announce = announce
        self._runs: dict[str, Run] = {}
        """By id and by label: a run is findable before it is named."""
        self._unnamed: set[Run] = set()
        self._unstored: deque[Run] = deque()
        self._adding = anyio.Lock()
        self._restoring = anyio.Lock()
        self._deleted: set[str] = set()
        self._given: set[str] = set()
        """Labels of what was delivered while the journal does not know it yet."""
        self._calls: set[str] = set()
        """Labels of runs whose own call is still at work, in this process."""
        self._taken: dict[str, float] = {}
        """When an identical call has taken a run, by its label, on the clock of the event loop."""

    # Starting and finding ------------------------------------------------------------------------------

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
        """Start an interaction, or take the run of an identical request whose answer nobody has been given yet.

        Calls that begin together are separate requests: a run can be taken once its own call has ended without the
        answer, or has waited for some seconds.

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
        if run := await self._attachment(record):
            return run, False
        if refusal is not None:
            raise refusal
        return await self._open(record, request, target), True

    async def _open(self, record: Record, request: Request, target: Path | None) -> Run:
        # A call that is cancelled here has begun all the same.
        with uncancelled():
            # Before the row is there: an identical call may read it at once.
            self._calls.add(record.label)
            try:
                await self._ledger.open(record)
            except BaseException:
                self._calls.discard(record.label)
                raise
            return self._launch(record, request, target)

    async def _attachment(self, record: Record) -> Run | None:
        """The run that the call of a record can take in place of its own.

        Raises:
            SentElsewhereError: Another server waits for Google to name it.
            OutcomeUnknownError: It may have been taken or not.
        """
        for row in await self._ledger.undelivered(record):
            run = self._runs.get(row.label)
            if self._is_given(row.label) or (run is None and intents.unstored(row)):
                continue
            followed = row.label in self._calls or await self._ledger.followed_elsewhere(row)
            # Again: another call may have taken it meanwhile.
            free = intents.attachable(run.record if run else row, followed=followed) and not self._is_given(row.label)
            if free:
                self._taken[row.label] = anyio.current_time()
                return run or await self._elsewhere(row)
        return None

    def _is_given(self, label: str) -> bool:
        """Whether a run was delivered, or another identical call took it a moment ago.

        Calls that begin together are separate requests.
        """
        taken = self._taken.get(label, -math.inf)
        return label in self._given or anyio.current_time() - taken < intents.TOGETHER_SECONDS

    async def _elsewhere(self, row: Record) -> Run:
        """The run of a row that this process does not follow."""
        try:
            row = await self._named_elsewhere(row)
            return await self.find(row.interaction_id or row.label, self._pace.naming)
        except BaseException as exc:
            # However this call ends, the same call after it may take the run at once.
            self._taken.pop(row.label, None)
            if final(exc):
                # Said once: the same call after this one is meant as another request.
                self.deliver(Run(row))
            raise

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
                return self._launch(record, request, None), True
        return await self._repeated(twin), False

    async def repeated(self, request: Request) -> Run | None:
        """The run of an identical request of the last ten minutes, which `start_once` would return; None without any.

        Raises:
            OutcomeUnknownError: It may have been taken or not.
            KeyMissingError: There is no key to send anything with.
            JournalError: The journal cannot be used.
        """
        twin = await self._ledger.twin(await self._intent(request))
        return None if twin is None else await self._repeated(twin)

    async def _repeated(self, twin: Record) -> Run:
        if run := self._runs.get(twin.label):
            return await self.find(run.id or twin.label, self._pace.naming)
        twin = await self._named_elsewhere(twin)
        if twin.interaction_id is None:
            raise OutcomeUnknownError(
                f"The same research was asked for at {twin.created_at:%Y-%m-%d %H:%M} UTC, and whether Google took it "
                "is not known: it was not sent again. Call start_research with force=true to pay for another run."
            )
        return await self.find(twin.interaction_id, self._pace.naming)

    async def _named_elsewhere(self, row: Record) -> Record:
        """The row, after waiting a little for its id where another process is sending it.

        Raises:
            SentElsewhereError: It still is.
        """
        with anyio.move_on_after(self._pace.naming):
            # Again: it may have been named since it was read.
            row = await self._ledger.find(row.label) or row
            while await self.sending(row):
                await anyio.sleep(self._pace.naming / 40)
                row = await self._ledger.find(row.label) or row
            return row
        raise SentElsewhereError(
            "Another server is waiting for Google's answer to the same request, sent "
            f"{phrases.duration(intents.age(row))} ago. Nothing was sent now. Call again in 30 seconds: that gets the "
            "same answer and costs nothing."
        )

    async def sending(self, record: Record) -> bool:
        """Whether a request is on its way, from this process or another that lives, and Google has not named it."""
        unnamed = record.interaction_id is None and record.status == UNKNOWN and not record.error
        if run := self._runs.get(record.label):
            return run.id is None
        return unnamed and await self._ledger.followed_elsewhere(record)

    async def _intent(self, request: Request) -> Record:
        await self._gemini.ready()
        previous = await self._ledger.before(request)
        # Off the loop: a request may carry megabytes.
        return await anyio.to_thread.run_sync(intents.intent, request, previous)

    def _launch(self, record: Record, request: Request, target: Path | None) -> Run:
        """From here on there is nothing to wait for, so that a cancelled call does not leave an intent unsent."""
        run = Run(record, request)
        self._unnamed.add(run)
        self._runs[record.label] = run
        if run.id:
            self._keep(run)
        self._tasks.start_soon(self._drive, run, target)
        return run

    async def find(self, interaction_id: str, seconds: float = LOOK_SECONDS) -> Run:
        """The run of any id: one that is followed, in the journal, or only at Google; our labels are ids, too.

        A run that has not settled is looked at, whoever follows it. Where Google does not answer within `seconds`, it
        is what the journal knows, and goes on being asked for.

        Raises:
            InputError: It can be no id.
            InteractionNotFoundError: There is none.
            GeminiMCPError: Google could not be asked, or did not answer in time, and the journal does not know it.
        """
        if (run := self._runs.get(interaction_id)) and not run.watched:
            return await self._glanced(run, seconds)
        record = await self._ledger.find(interaction_id)
        if record is None and self.forgot(interaction_id):
            raise InteractionNotFoundError("That interaction has been deleted.", interaction_id=interaction_id)
        if record is None:
            return await self._look_up_outside(outside_id(interaction_id), seconds)
        if intents.unstored(record):
            raise unkept(record)
        if intents.complete(record):
            return finished(record)
        if record.interaction_id is None:
            raise OutcomeUnknownError(
                f"Google never named this interaction. {record.error or UNKNOWN_OUTCOME}", interaction_id=record.label
            )
        return await self._look_up(record, record.interaction_id, seconds)

    async def _glanced(self, run: Run, seconds: float) -> Run:
        """A run of this process after a look at Google; where that shows its end, it is waited for."""
        with anyio.move_on_after(seconds):
            await self._follower.glance(run)
            if run.seen is not None:
                await run.done.wait()
        return run

    def running(self, label: str) -> Run | None:
        """The run of a row that this process follows."""
        run = self._runs.get(label)
        return run if run and not run.done.is_set() else None

    def looked_at(self, label: str) -> bool:
        """Whether Google has given a sign of the run of a row so lately that a reader need not look."""
        run = self.running(label)
        return run is not None and run.seen is None and anyio.current_time() - run.heard_at < self._pace.look

    async def known(self, interaction_id: str | None) -> Record | None:
        """What the journal says of an interaction, if anything.

        Raises:
            JournalError: It cannot be read: what follows an interaction would be sent without what it inherits.
        """
        return await self._ledger.row(interaction_id) if interaction_id else None

    def held(self, record: Record) -> Run:
        """The run of a record: what this process still keeps, or else what the journal says."""
        return self._runs.get(record.label) or finished(record)

    async def amend(self, run: Run, changes: Mapping[str, object]) -> None:
        """Write down what was found out after the end; of what is stored nowhere, only here."""
        if not run.stored:
            run.record = run.record.model_copy(update=changes)
        elif not await self._ledger.write(run, **changes):
            self._keep(run)

    async def add_files(self, run: Run, files: Iterable[SavedFile]) -> None:
        """Write down files that were saved after the end, beside those of other calls."""
        with anyio.CancelScope(shield=True):
            async with self._adding:
                record = await self._ledger.find(str(run.id)) or run.record
                # What was saved again at its own place is another entry for the same file.
                known = {file.path: file for file in (*record.files, *files)}
                await self.amend(run, {"files": tuple(known.values())})

    async def restore(self, run: Run, seconds: float = LOOK_SECONDS) -> None:
        """Save again what of a settled interaction is not on this machine, if Google shows it within `seconds`."""
        run.record = await self._ledger.here(run.record)
        if not run.stored or intents.unstored(run.record) or not await self._ledger.gone(run.record):
            return
        with anyio.move_on_after(seconds), contextlib.suppress(GeminiMCPError):
            async with self._restoring:
                await self._restore(run)

    async def _restore(self, run: Run) -> None:
        # Again: another task may have restored it meanwhile, or deleted all of it.
        record = await self._ledger.find(str(run.id))
        if record is None:
            return
        run.record = run.record.model_copy(update={"files": record.files})
        if gone := await self._ledger.gone(await self._ledger.here(record)):
            interaction = await self._gemini.get(str(run.id))
            if await self._ledger.deleted(record):
                return
            with anyio.CancelScope(shield=True):
                await self.add_files(run, await self._ledger.restore(run, interaction, gone))
        run.record = await self._ledger.here(run.record)

    async def rewrite(self, run: Run, files: SavedFiles) -> None:
        """Have the saved report of a settled interaction say what its record says by now.

        A file that the user has changed stays as it is, and another is written beside it.
        """
        with anyio.CancelScope(shield=True):
            async with self._restoring:
                record = await self._ledger.find(str(run.id)) if run.stored else None
                if record is None:
                    return
                run.record = await self._ledger.here(run.record.model_copy(update={"files": record.files}))
                if saved := await self._ledger.rewrite(run, files):
                    await self.add_files(run, saved)
                    run.record = await self._ledger.here(run.record)

    async def followers(self, interaction_id: str) -> list[Record]:
        """What goes on from an interaction, oldest first, as far as the journal knows."""
        return await self._ledger.followers(interaction_id)

    async def _look_up_outside(self, interaction_id: str, seconds: float) -> Run:
        """The run of an id that the journal does not know; what Google takes for no id is none then."""
        try:
            return await self._look_up(None, interaction_id, seconds)
        except InvalidIdError as exc:
            # Again: the journal may not have been readable, and Google has taken ids of its own for none.
            with contextlib.suppress(JournalError):
                if await self._ledger.row(interaction_id) is None:
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
        """What is known here of an interaction that Google has not shown in time.

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
        run = self._follow(Run(record))
        run.activity = run.activity or "Google has not answered yet"
        return run

    async def _seen(self, known: Record | None, interaction: Interaction, interaction_id: str, seconds: float) -> Run:
        """The run of an interaction that Google shows; its files are saved once, also when several find it at once."""
        # Again: another task may have finished it meanwhile.
        record = await self._ledger.find(interaction_id)
        if record is not None and intents.complete(record):
            return finished(record)
        if record is None and known is not None and await self._ledger.deleted(known):
            raise InteractionNotFoundError("It has just been deleted.", interaction_id=interaction_id)
        run = self._follow(Run(record or await self._ledger.adopt(interaction, interaction_id)))
        run.heard_at = anyio.current_time()
        if not settled(interaction.status):
            await self._ledger.write(run, status=interaction.status)
            return run
        if self._follower.convincing(run, interaction):
            run.show(interaction)
        with anyio.move_on_after(seconds):
            await run.done.wait()
        return run

    def _unseen(self, record: Record | None, exc: GeminiMCPError) -> Run:
        """What is known here of an interaction that Google does not show, or not yet.

        Raises:
            GeminiMCPError: Nothing is.
        """
        if record is not None and intents.readable(record):
            return finished(record)
        hidden = isinstance(exc, InteractionNotFoundError | PermissionDeniedError)
        if record is None or settled(record.status) or not hidden or intents.age(record) > self._pace.tolerance:
            raise exc
        return self._follow(Run(record))

    # Waiting and stopping ------------------------------------------------------------------------------

    async def wait(self, run: Run, seconds: float, report: Report) -> bool:
        """Wait until the run is done, reporting progress; False when `seconds` have passed before."""
        with anyio.move_on_after(0 if run.done.is_set() else seconds):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._report, run, report, anyio.current_time())
                tasks.start_soon(self._attend, run)
                await run.done.wait()
                tasks.cancel_scope.cancel()
        return run.done.is_set()

    async def _report(self, run: Run, report: Report, since: float) -> None:
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
        """Have Google looked at as long as somebody waits, whenever it gives no sign by itself."""
        await run.named.wait()
        while True:
            await anyio.sleep(max(run.heard_at + self._pace.look - anyio.current_time(), self._pace.look / 4))
            await self._follower.glance(run)

    def detach(self, run: Run) -> None:
        """Note that a call has ended without the answer: the run goes on, and an identical call gets it.

        Returns at once.
        """
        self._taken.pop(run.record.label, None)
        self._calls.discard(run.record.label)
        self._start(self.amend, run, {"detached_at": labels.now(), "delivered_at": None})

    def deliver(self, run: Run) -> None:
        """Note that somebody has been given the answer, or why there is none. Returns at once."""
        self._calls.discard(run.record.label)
        if run.record.delivered_at is None:
            changes = {"delivered_at": labels.now()}
            run.record = run.record.model_copy(update=changes)
            self._given.add(run.record.label)
            self._start(self._write_delivery, run, changes)

    async def _write_delivery(self, run: Run, changes: Mapping[str, object]) -> None:
        try:
            await self.amend(run, changes)
        finally:
            self._given.discard(run.record.label)

    async def cancel(self, interaction_id: str, seconds: float = 5.0, by: str = "cancel_research") -> Run:
        """Stop an interaction at Google and wait a little for it to end.

        What is stored nowhere is stopped by closing its connection.

        Args:
            interaction_id: Any.
            seconds: To wait for its id, and then for its end.
            by: What the user has called for that; it is written down first.

        Raises:
            GeminiMCPError: Google would not cancel it; it is followed as before.
        """
        run = await self.find(interaction_id)
        if not run.done.is_set():
            run.stopped = True
            await self._ledger.write(run, stopped_by=by)
            with anyio.move_on_after(seconds):
                await run.named.wait()
            if run.named.is_set():
                await self._cancel(run)
            else:
                self._start(self._cancel_named, run)
            with anyio.move_on_after(seconds):
                await run.done.wait()
        return run

    async def _cancel(self, run: Run) -> None:
        if not run.stored:
            run.scope.cancel()
        elif run.id and not run.done.is_set():
            interaction = await self._stopped(run)
            # The status in the answer may lag, so the next look is due at once.
            run.heard_at = -math.inf
            if settled(interaction.status):
                run.show(interaction)
            run.move()

    async def _stopped(self, run: Run) -> Interaction:
        """What Google answers to the cancel; where it refuses, whatever ends the run later is somebody else."""
        try:
            return await self._gemini.cancel(str(run.id))
        except RefusedError:
            await self._ledger.write(run, stopped_by=None)
            raise

    async def _cancel_named(self, run: Run) -> None:
        """Stop an interaction once Google has named it."""
        await run.named.wait()
        await self._cancel(run)

    def cancel_later(self, interaction_id: str, by: str) -> None:
        """Stop an interaction in the background, as `cancel`; what hinders it is logged. Returns at once."""
        self._start(self.cancel, interaction_id, 5.0, by)

    async def forget(self, interaction_id: str) -> None:
        """Stop following what has been deleted; Google may show it for a while all the same."""
        self._deleted.add(interaction_id)
        if run := self._runs.get(interaction_id):
            self._drop(run)
            run.scope.cancel()
            run.end()

    def forgot(self, interaction_id: str) -> bool:
        """Whether this process has deleted it."""
        return interaction_id in self._deleted

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Before the end: give requests that are on their way the time to learn their ids, and leave the rest."""
        with anyio.move_on_after(seconds):
            for run in list(self._unnamed):
                await run.named.wait()
        await self._write_late()
        await self._ledger.release()

    # Following -----------------------------------------------------------------------------------------

    async def tend(self) -> None:
        """As long as this process lives: say what it follows, and follow what nobody does, as after a restart.

        Two hosts that are open at once have two servers on one journal: a row is followed by one of them.
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(repeat, self._prune, PRUNING_SECONDS)
            tasks.start_soon(repeat, self._adopt_orphans, self._pace.lease / 3)
            tasks.start_soon(repeat, self._write_late, self._pace.late)

    async def _prune(self) -> None:
        await self._ledger.prune(self._keep_days)

    async def _adopt_orphans(self) -> None:
        try:
            await self._gemini.ready()
        except ConfigurationError as exc:
            # Nothing can be read here, so what nobody follows is left to servers that have a key.
            logger.debug("Unfinished interactions are not followed: %s", exc)
            return
        for record in await self._ledger.orphans():
            self._follow(Run(record))

    async def _write_late(self) -> None:
        """Write down what the journal could not take when it was new."""
        held = False
        for run in [run for run in self._runs.values() if run.unwritten]:
            # A journal that is held is waited for once, not for every run.
            written = await self._ledger.write_late(run, wait=not held)
            held = held or not written
            if written and run.done.is_set() and run.stored:
                self._drop(run)

    def _start(self, work: Callable[[Unpack[Arguments]], Awaitable[object]], *arguments: *Arguments) -> None:
        """Do something in the background: an error that reached the task group would end the server."""
        self._tasks.start_soon(guarded, partial(work, *arguments))

    def _follow(self, run: Run) -> Run:
        if already := self._runs.get(str(run.id)):
            return already
        self._keep(run)
        self._tasks.start_soon(self._drive, run, None)
        return run

    def _keep(self, run: Run) -> None:
        """Make a run findable by its id and its label."""
        self._runs[str(run.id)] = self._runs[run.record.label] = run
        self._unnamed.discard(run)
        run.named.set()

    def _drop(self, run: Run) -> bool:
        """The journal has it now; whether it was kept until then."""
        dropped = [self._runs.pop(key, None) for key in {run.record.label, str(run.id)}]
        return any(dropped)

    async def _drive(self, run: Run, target: Path | None) -> None:
        try:
            with run.scope:
                if run.request is None:
                    if await self._watched(run):
                        return
                    await self._take_over(run)
                interaction = run.seen or await self._follower.follow(run)
                if target is None and saves(run, interaction):
                    # Another process may have been quicker: its files are the ones.
                    run.seen = interaction
                    if await self._watched(run):
                        return
                await self._finish(run, interaction, target)
            if run.scope.cancelled_caught and self._drop(run):
                await self._ledger.write(
                    run, status="cancelled", error=intents.hung_up(run.record.stopped_by), finished_at=labels.now()
                )
        except GeminiMCPError as exc:
            await self._fail(run, exc)
        except Exception:  # an error that reached the task group would end the server
            logger.exception("Following interaction %s failed", run.id)
            await self._fail(run, unexpected(run))
        finally:
            self._unnamed.discard(run)
            run.end()

    async def _take_over(self, run: Run) -> None:
        """Note for all servers that the call of a run has ended with the process that began it."""
        if run.record.detached_at is None and run.record.delivered_at is None:
            await self.amend(run, {"detached_at": labels.now()})

    async def _watched(self, run: Run) -> bool:
        """Let the process that follows it already do so; True once its result is in the journal.

        What Google has shown settled is left to that process for a moment only: it may hang.
        """
        deadline = math.inf
        while not await self._ledger.claim(run.record):
            run.watched = True
            if anyio.current_time() >= deadline:
                await self._ledger.seize(run.record)
                break
            run.record = await self._ledger.find(str(run.id)) or run.record
            if intents.complete(run.record):
                self._drop(run)
                self._start(self._tell, str(run.id))
                return True
            if run.seen is None:
                await run.nap(self._pace.first_poll)
            else:
                deadline = min(deadline, anyio.current_time() + self._pace.yielding)
                await anyio.sleep(self._pace.yielding / 4)
        run.watched = False
        return False

    async def _finish(self, run: Run, interaction: Interaction, target: Path | None) -> None:
        journaled = await self._ledger.finish(run, interaction, target)
        if not run.stored:
            self._remember(run)
        elif journaled:
            self._drop(run)
        if run.stored and run.record.status == "completed" and run.record.usage is None:
            self._start(self._count, run)
        if run.id is not None:
            self._start(self._tell, run.id)

    async def _count(self, run: Run) -> None:
        """Ask again for token counts: the API knows them some seconds after the answer."""
        for look in range(1, self._pace.usage_looks + 1):
            await anyio.sleep(self._pace.usage * look)
            try:
                interaction = await self._gemini.get(str(run.id))
            except GeminiMCPError as exc:
                logger.info("The tokens of interaction %s are not known: %s", run.id, exc)
                continue
            if interaction.usage is not None:
                await self.amend(run, {"usage": interaction.usage})
                return

    def _remember(self, run: Run) -> None:
        """Keep an answer that is stored nowhere in memory, where its pages can be read; the last hundred of them."""
        self._unstored.append(run)
        if len(self._unstored) > UNSTORED:
            self._drop(self._unstored.popleft())

    async def _fail(self, run: Run, exc: GeminiMCPError) -> None:
        journaled = await self._ledger.fail(run, exc)
        if not run.stored:
            self._remember(run)
        elif journaled:
            self._drop(run)

    async def _tell(self, interaction_id: str) -> None:
        """Tell who wants to know; a client that is slow or has gone takes the answer from nobody."""
        with anyio.move_on_after(self._pace.telling):
            await self._announce(interaction_id)


def outside_id(text: str) -> str:
    """The text, if Google may know it as an id.

    Raises:
        InputError: It can be none.
        InteractionNotFoundError: It is a label of ours, of which nothing is kept.
    """
    if intents.LABEL.fullmatch(text):
        raise InteractionNotFoundError(
            "This server does not know that interaction (any more), and Google never had an id for it.",
            interaction_id=text,
        )
    return check_interaction_id(text)


def unkept(record: Record) -> InteractionNotFoundError:
    """Why there is no answer to show of what was asked for with store=false."""
    if record.status in ("failed", "cancelled"):
        why = f"It has no answer: {record.error or record.status}"
    else:
        why = "Its answer was kept in memory only, until the server that asked for it ended."
    return InteractionNotFoundError(
        f"That interaction was asked for with store=false. {why}", interaction_id=record.interaction_id
    )


def final(exc: BaseException) -> bool:
    """Whether an error says that an interaction cannot be had; quotas and overload pass, and other errors are ours."""
    return isinstance(exc, OutcomeUnknownError | RefusedError) and not isinstance(exc, OverloadedError | QuotaError)


def saves(run: Run, interaction: Interaction) -> bool:
    """Whether files come of an interaction that other processes can read, too."""
    return run.stored and run.id is not None and bool(interaction.media or run.reports)


def unexpected(run: Run) -> GeminiMCPError:
    """What is said of a fault of this server: what Google has taken is not called failed."""
    if run.id is None and run.request is not None:
        return OutcomeUnknownError(f"This server failed; its log on stderr says why. {UNKNOWN_OUTCOME}")
    return InteractionFailedError("This server failed; its log on stderr says why.")
