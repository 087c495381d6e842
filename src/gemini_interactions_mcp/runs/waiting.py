"""Waits for a run while a call does, and tells it what happens."""

from collections.abc import Awaitable, Callable

import anyio

from gemini_interactions_mcp.core import Timing, logger

from .follower import Follower
from .run import Run

ProgressReporter = Callable[[float, str], Awaitable[None]]
"""Called with the seconds waited so far, which only grow, and what the interaction does now."""


class Waiter:
    """Waits for the ends of runs.

    Args:
        follower: Reads a run at Google.
        timing: Intervals of reports and of reads.
    """

    def __init__(self, follower: Follower, timing: Timing) -> None:
        self._follower = follower
        self._timing = timing
        self._leaving = anyio.Event()

    def hurry(self) -> None:
        """End all waiting, now and later: the server is about to end, and its runs go on elsewhere."""
        self._leaving.set()

    async def wait(self, run: Run, seconds: float, report: ProgressReporter) -> bool:
        """Wait until the run is done, reporting progress; False on timeout, and where the server is about to end."""
        with anyio.move_on_after(0 if run.done.is_set() or self._leaving.is_set() else seconds):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._report, run, report, anyio.current_time())
                tasks.start_soon(self._attend, run)
                tasks.start_soon(self._leave, tasks.cancel_scope)
                await run.done.wait()
                tasks.cancel_scope.cancel()
        return run.done.is_set()

    async def _report(self, run: Run, report: ProgressReporter, since: float) -> None:
        # Report at once if there is an id, so that a call that times out has told it.
        told = -1 if run.id else run.moves
        while True:
            if run.moves == told:
                with anyio.move_on_after(self._timing.most_report - self._timing.least_report):
                    await run.moved.wait()
            told = run.moves
            try:
                await report(anyio.current_time() - since, run.headline())
            except Exception:  # must not cost the answer
                logger.exception("The progress of interaction %s cannot be reported", run.id)
                return
            await anyio.sleep(self._timing.least_report)

    async def _leave(self, waiting: anyio.CancelScope) -> None:
        await self._leaving.wait()
        waiting.cancel()

    async def _attend(self, run: Run) -> None:
        """Read the run at Google while a caller waits, whenever the last sign of it is too old."""
        await run.named.wait()
        while True:
            fresh = self._timing.freshness
            await anyio.sleep(max(run.heard_at + fresh - anyio.current_time(), fresh / 4))
            await self._follower.glance(run)
