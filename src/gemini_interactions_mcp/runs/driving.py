"""Drives runs to their end in background tasks, which outlive the calls that began the runs."""

import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, TypeVarTuple, Unpack

import anyio

from gemini_interactions_mcp.api import UNKNOWN_OUTCOME, Gemini
from gemini_interactions_mcp.core import (
    ConfigurationError,
    GeminiMCPError,
    InteractionFailedError,
    OutcomeUnknownError,
    TaskStarter,
    Timing,
    logger,
)
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import Interaction

from . import intents
from .background import repeat, run_guarded
from .bookkeeping import Ledger
from .follower import Follower
from .registry import Registry
from .run import Phase, Run

WorkArguments = TypeVarTuple("WorkArguments")

REMEMBERED_ENDS: Final = 1_000
"""Announced ends that are remembered, to be announced once."""

Announce = Callable[[str], Awaitable[None]]
"""Called with the id of an interaction that has settled."""


class Driver:
    """Follows runs in background tasks.

    Args:
        gemini: The API.
        ledger: Writes the results.
        registry: The runs of this process.
        follower: Takes a run from its request to its outcome.
        tasks: Task group of the background tasks.
        announce: Notified of interactions that have settled.
        timing: Delays and deadlines.
        keep_days: Days for which settled interactions stay in the journal; None where another prunes it.
    """

    def __init__(
        self,
        gemini: Gemini,
        ledger: Ledger,
        registry: Registry,
        follower: Follower,
        tasks: TaskStarter,
        announce: Announce,
        timing: Timing,
        keep_days: float | None,
    ) -> None:
        self._gemini = gemini
        self._ledger = ledger
        self._registry = registry
        self._follower = follower
        self._tasks = tasks
        self._announce = announce
        self._timing = timing
        self._keep_days = keep_days
        self._told: deque[str] = deque(maxlen=REMEMBERED_ENDS)

    def start(self, work: Callable[[Unpack[WorkArguments]], Awaitable[object]], *arguments: *WorkArguments) -> None:
        """Start work in the background; its errors are logged. Returns at once."""
        self._tasks.start_soon(run_guarded, partial(work, *arguments))

    def launch(self, run: Run, target: Path | None) -> Run:
        """Start sending the request of a run; never waits, so that a cancelled call cannot leave an intent unsent."""
        self._registry.add(run)
        self._tasks.start_soon(self._drive, run, target)
        return run

    def follow(self, run: Run) -> Run:
        """Start following a run whose id is known; return the run that is held under this id already, if any."""
        if already := self._registry.get(str(run.id)):
            return already
        self._registry.add(run)
        self._tasks.start_soon(self._drive, run, None)
        return run

    def hear(self, label: str | None, interaction_id: str | None, *, settled: bool) -> None:
        """Look at once at a row that another server has changed: wake who waits for it, announce its end.

        Returns at once. What this process has announced is not announced again. Without a label, any row may have
        changed.
        """
        held = self._registry.list_running() if label is None else [self._registry.running(label)]
        for run in filter(None, held):
            if run.phase is Phase.WATCHING:
                run.move()
        if settled and interaction_id and not any(held) and interaction_id not in self._told:
            self.start(self._tell, interaction_id)

    async def amend(self, run: Run, changes: Mapping[str, object]) -> None:
        """Write changes of a run to the journal; with store=false, they stay in memory."""
        if not run.stored:
            run.record = run.record.model_copy(update=changes)
        elif not await self._ledger.write(run, **changes):
            self.keep(run)

    def keep(self, run: Run) -> None:
        """Hold a run until the journal has taken what it could not take yet."""
        self._registry.add(run)

    async def tend(self) -> None:
        """Renew leases, follow orphaned rows, prune the journal and write late changes, until cancelled.

        Two hosts that are open at once have two servers on one journal; each row is followed by one of them.
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(repeat, self._prune, self._timing.pruning)
            tasks.start_soon(repeat, self._adopt_orphans, self._timing.lease / 3)
            tasks.start_soon(repeat, self._write_late, self._timing.write_retry)

    async def close(self) -> None:
        """Wait for the ids of requests in flight, at most `Timing.shutdown_naming`; release all leases then."""
        with anyio.move_on_after(self._timing.shutdown_naming):
            for run in self._registry.unnamed():
                await run.named.wait()
        await self._write_late()
        await self._ledger.release()

    async def _prune(self) -> None:
        await self._ledger.prune(self._keep_days)

    async def _adopt_orphans(self) -> None:
        try:
            await self._gemini.prepare()
        except ConfigurationError as exc:
            # Without a key nothing can be read: orphaned rows are left to servers that have one.
            logger.debug("Unfinished interactions are not followed: %s", exc)
            return
        for record in await self._ledger.orphans():
            self.follow(Run(record))

    async def _write_late(self) -> None:
        """Write the changes that the journal could not take earlier."""
        await self._ledger.close_unopened()
        held = False
        for run in self._registry.unwritten():
            # A locked journal is waited for once, not once per run.
            written = await self._ledger.write_late(run, wait=not held)
            held = held or not written
            if written and run.done.is_set() and run.stored:
                self._registry.drop(run)

    async def _drive(self, run: Run, target: Path | None) -> None:
        try:
            with run.scope:
                await self._pursue(run, target)
            if run.scope.cancelled_caught and self._registry.drop(run):
                run.enter(Phase.SETTLED)
                # What waits to be sent again was refused.
                unpaid: dict[str, object] = {"cost_micros": 0} if run.waiting else {}
                await self._ledger.write(
                    run,
                    status="cancelled",
                    error=intents.describe_hang_up(run.record.stopped_by),
                    finished_at=clock.now(),
                    **unpaid,
                )
        except GeminiMCPError as exc:
            await self._fail(run, exc)
        except Exception:  # an error that reached the task group would end the server
            logger.exception("Following interaction %s failed", run.id)
            await self._fail(run, make_internal_error(run))
        finally:
            run.end()

    async def _pursue(self, run: Run, target: Path | None) -> None:
        """Follow a run to its end and write the result, unless another server does."""
        if run.request is None:
            if await self._watched(run):
                return
            await self._take_over(run)
        interaction = run.outcome or await self._follower.follow(run)
        run.settle(interaction)
        # Another server may have been quicker; its files count.
        if target is None and has_shared_files(run, interaction) and await self._watched(run):
            return
        await self._finish(run, interaction, target)

    async def _take_over(self, run: Run) -> None:
        """Record for all servers that the call of a run has ended with the process that began it."""
        if run.record.detached_at is None and run.record.delivered_at is None:
            await self.amend(run, {"detached_at": clock.now()})

    async def _watched(self, run: Run) -> bool:
        """Leave a run to the server that holds its lease; True once that server has written the result.

        Once Google has shown the end, the lease is taken over after `Timing.grace`: the other server may hang. One that
        fetches media keeps it as long as it renews it.
        """
        deadline = math.inf
        while not await self._ledger.claim(run.record):
            run.enter(Phase.WATCHING)
            if anyio.current_time() >= deadline:
                await self._ledger.seize(run.record)
                break
            run.record = await self._ledger.find(str(run.id)) or run.record
            if intents.is_complete(run.record):
                run.enter(Phase.SETTLED)
                self._registry.drop(run)
                self.start(self._tell, str(run.id))
                return True
            if run.settled and not run.record.media:
                deadline = min(deadline, anyio.current_time() + self._timing.grace)
                await anyio.sleep(self._timing.grace / 4)
            else:
                await run.nap(self._timing.first_poll)
        run.enter(Phase.POLLING)
        return False

    async def _finish(self, run: Run, interaction: Interaction, target: Path | None) -> None:
        self._release(run, journaled=await self._ledger.finish(run, interaction, target))
        if run.id is None:
            return
        if run.stored and run.record.status == "completed" and run.record.usage is None:
            self.start(self._count, run)
        self.start(self._tell, run.id)

    async def _fail(self, run: Run, exc: GeminiMCPError) -> None:
        self._release(run, journaled=await self._ledger.fail(run, exc))

    def _release(self, run: Run, *, journaled: bool) -> None:
        """Let go of an ended run, unless its answer is in this process only."""
        if not run.stored:
            self._registry.add_unstored(run)
        elif journaled:
            self._registry.drop(run)

    async def _count(self, run: Run) -> None:
        """Read the token counts that an answer came without; the API has them some seconds later."""
        for delay in self._timing.usage_lag:
            await anyio.sleep(delay)
            try:
                interaction = await self._gemini.get(str(run.id))
            except GeminiMCPError as exc:
                logger.info("The tokens of interaction %s are not known: %s", run.id, exc)
                continue
            if interaction.usage is not None:
                await self.amend(run, {"usage": interaction.usage})
                return

    async def _tell(self, interaction_id: str) -> None:
        """Announce an interaction; a client that is slow or gone delays nobody else."""
        self._told.append(interaction_id)
        with anyio.move_on_after(self._timing.notification):
            await self._announce(interaction_id)


def has_shared_files(run: Run, interaction: Interaction) -> bool:
    """Whether an interaction has files to save that other servers may save, too."""
    return run.stored and run.id is not None and bool(interaction.media or run.reports)


def make_internal_error(run: Run) -> GeminiMCPError:
    """Return the error for a fault of this server; a request that Google may have taken has an unknown outcome."""
    if run.id is None and run.request is not None:
        return OutcomeUnknownError(f"This server failed; its log on stderr says why. {UNKNOWN_OUTCOME}")
    return InteractionFailedError("This server failed; its log on stderr says why.")
