"""Drives runs to their end in the background, whatever becomes of the calls that began them."""

import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, TypeVarTuple, Unpack

import anyio
from anyio.abc import TaskGroup

from gemini_interactions_mcp.api import UNKNOWN_OUTCOME, Gemini
from gemini_interactions_mcp.core import (
    ConfigurationError,
    GeminiMCPError,
    InteractionFailedError,
    OutcomeUnknownError,
)
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import Interaction

from . import intents
from .background import guarded, repeat
from .bookkeeping import Ledger
from .follower import Follower
from .registry import Registry
from .run import Pace, Phase, Run

logger = logging.getLogger(__name__)

PRUNING_SECONDS: Final = 86_400.0

Arguments = TypeVarTuple("Arguments")

Announce = Callable[[str], Awaitable[None]]
"""Called with the id of an interaction that has settled."""


class Driver:
    """The background tasks that follow runs.

    Args:
        gemini: The API.
        ledger: Where results are written.
        registry: The runs of this process.
        tasks: Where the background tasks live.
        announce: Told of interactions that have settled.
        pace: How patient it is.
        keep_days: How long settled interactions stay in the journal.
    """

    def __init__(
        self,
        gemini: Gemini,
        ledger: Ledger,
        registry: Registry,
        tasks: TaskGroup,
        announce: Announce,
        pace: Pace,
        keep_days: float,
    ) -> None:
        self._gemini = gemini
        self._ledger = ledger
        self._registry = registry
        self._tasks = tasks
        self._announce = announce
        self._pace = pace
        self._keep_days = keep_days
        self.follower = Follower(gemini, ledger, pace, registry.keep)

    def start(self, work: Callable[[Unpack[Arguments]], Awaitable[object]], *arguments: *Arguments) -> None:
        """Do work in the background; its errors are logged."""
        self._tasks.start_soon(guarded, partial(work, *arguments))

    def launch(self, run: Run, target: Path | None) -> Run:
        """Send the request of a run. Never waits, so that a cancelled call leaves no intent unsent."""
        self._registry.add(run)
        self._tasks.start_soon(self._drive, run, target)
        return run

    def follow(self, run: Run) -> Run:
        """Follow a run whose id is known; return the run that is followed under this id already, if any."""
        if already := self._registry.get(str(run.id)):
            return already
        self._registry.keep(run)
        self._tasks.start_soon(self._drive, run, None)
        return run

    async def amend(self, run: Run, changes: Mapping[str, object]) -> None:
        """Write changes of an ended run down; those of what is stored nowhere stay in memory."""
        if not run.stored:
            run.record = run.record.model_copy(update=changes)
        elif not await self._ledger.write(run, **changes):
            self._registry.keep(run)

    async def tend(self) -> None:
        """Renew leases, follow what nobody follows, prune and write what is late, as long as the process lives.

        Two hosts that are open at once have two servers on one journal: a row is followed by one of them.
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(repeat, self._prune, PRUNING_SECONDS)
            tasks.start_soon(repeat, self._adopt_orphans, self._pace.lease / 3)
            tasks.start_soon(repeat, self._write_late, self._pace.late)

    async def close(self, seconds: float) -> None:
        """Give requests that are on their way `seconds` to learn their ids, then leave every run to other servers."""
        with anyio.move_on_after(seconds):
            for run in self._registry.unnamed():
                await run.named.wait()
        await self._write_late()
        await self._ledger.release()

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
            self.follow(Run(record))

    async def _write_late(self) -> None:
        """Write what the journal could not take when it was new."""
        held = False
        for run in self._registry.unwritten():
            # A journal that is held is waited for once, not for every run.
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
                await self._ledger.write(
                    run, status="cancelled", error=intents.hung_up(run.record.stopped_by), finished_at=clock.now()
                )
        except GeminiMCPError as exc:
            await self._fail(run, exc)
        except Exception:  # an error that reached the task group would end the server
            logger.exception("Following interaction %s failed", run.id)
            await self._fail(run, unexpected(run))
        finally:
            self._registry.end(run)

    async def _pursue(self, run: Run, target: Path | None) -> None:
        """Follow a run to its end and write the result down, unless another server does."""
        if run.request is None:
            if await self._watched(run):
                return
            await self._take_over(run)
        interaction = run.outcome or await self.follower.follow(run)
        run.settle(interaction)
        # Another server may have been quicker: its files are the ones.
        if target is None and saves(run, interaction) and await self._watched(run):
            return
        await self._finish(run, interaction, target)

    async def _take_over(self, run: Run) -> None:
        """Note for all servers that the call of a run has ended with the process that began it."""
        if run.record.detached_at is None and run.record.delivered_at is None:
            await self.amend(run, {"detached_at": clock.now()})

    async def _watched(self, run: Run) -> bool:
        """Leave a run to the server that follows it; True once that has written the result down.

        A run that Google has shown settled is left to it for a moment only: it may hang.
        """
        deadline = math.inf
        while not await self._ledger.claim(run.record):
            run.enter(Phase.WATCHING)
            if anyio.current_time() >= deadline:
                await self._ledger.seize(run.record)
                break
            run.record = await self._ledger.find(str(run.id)) or run.record
            if intents.complete(run.record):
                run.enter(Phase.SETTLED)
                self._registry.drop(run)
                self.start(self._tell, str(run.id))
                return True
            if run.settled:
                deadline = min(deadline, anyio.current_time() + self._pace.yielding)
                await anyio.sleep(self._pace.yielding / 4)
            else:
                await run.nap(self._pace.first_poll)
        run.enter(Phase.POLLING)
        return False

    async def _finish(self, run: Run, interaction: Interaction, target: Path | None) -> None:
        self._release(run, journaled=await self._ledger.finish(run, interaction, target))
        if run.stored and run.record.status == "completed" and run.record.usage is None:
            self.start(self._count, run)
        if run.id is not None:
            self.start(self._tell, run.id)

    async def _fail(self, run: Run, exc: GeminiMCPError) -> None:
        self._release(run, journaled=await self._ledger.fail(run, exc))

    def _release(self, run: Run, *, journaled: bool) -> None:
        """Let go of an ended run, unless this process alone has its answer."""
        if not run.stored:
            self._registry.keep_unstored(run)
        elif journaled:
            self._registry.drop(run)

    async def _count(self, run: Run) -> None:
        """Read token counts that an answer came without: the API knows them some seconds later."""
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

    async def _tell(self, interaction_id: str) -> None:
        """Announce an interaction; a client that is slow or has gone takes the answer from nobody."""
        with anyio.move_on_after(self._pace.telling):
            await self._announce(interaction_id)


def saves(run: Run, interaction: Interaction) -> bool:
    """Whether an interaction leaves files that other processes can read, too."""
    return run.stored and run.id is not None and bool(interaction.media or run.reports)


def unexpected(run: Run) -> GeminiMCPError:
    """Return the error for a fault of this server; a request that Google may have taken is not called failed."""
    if run.id is None and run.request is not None:
        return OutcomeUnknownError(f"This server failed; its log on stderr says why. {UNKNOWN_OUTCOME}")
    return InteractionFailedError("This server failed; its log on stderr says why.")
