"""Stops interactions at Google, or the connections of those that are stored nowhere."""

import math

import anyio

from gemini_interactions_mcp.api import Gemini
from gemini_interactions_mcp.core import RefusedError
from gemini_interactions_mcp.models import Interaction, settled

from .bookkeeping import Ledger
from .driving import Driver
from .run import Run


class Stopper:
    """Stops runs on somebody's request.

    Args:
        gemini: The API.
        ledger: Where the request to stop is written down.
        driver: Stops what Google has not named yet later.
    """

    def __init__(self, gemini: Gemini, ledger: Ledger, driver: Driver) -> None:
        self._gemini = gemini
        self._ledger = ledger
        self._driver = driver

    async def stop(self, run: Run, seconds: float, by: str) -> Run:
        """Stop a run and wait a little for it to end.

        What is stored nowhere is stopped by closing its connection.

        Args:
            run: Any.
            seconds: Time limit for its id, and then for its end.
            by: What the user has called for that; it is written down first.

        Raises:
            GeminiMCPError: Google would not cancel it; it is followed as before.
        """
        if not run.done.is_set():
            run.stopped = True
            await self._ledger.write(run, stopped_by=by)
            with anyio.move_on_after(seconds):
                await run.named.wait()
            if run.named.is_set():
                await self._stop(run)
            else:
                self._driver.start(self._stop_named, run)
            with anyio.move_on_after(seconds):
                await run.done.wait()
        return run

    async def _stop(self, run: Run) -> None:
        if not run.stored:
            run.scope.cancel()
        elif run.id and not run.done.is_set():
            interaction = await self._cancel(run)
            # The status in the answer may lag, so the next read is due at once.
            run.heard_at = -math.inf
            if settled(interaction.status):
                run.settle(interaction)
            run.move()

    async def _cancel(self, run: Run) -> Interaction:
        """Cancel it at Google; where that is refused, whatever ends the run later is somebody else."""
        try:
            return await self._gemini.cancel(str(run.id))
        except RefusedError:
            await self._ledger.write(run, stopped_by=None)
            raise

    async def _stop_named(self, run: Run) -> None:
        """Stop an interaction once Google has named it."""
        await run.named.wait()
        await self._stop(run)
