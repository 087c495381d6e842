"""Stops interactions: at Google, or by closing the connection where store=false."""

import math

import anyio

from gemini_interactions_mcp.api import Gemini
from gemini_interactions_mcp.core import RefusedError
from gemini_interactions_mcp.models import Interaction, is_settled

from .bookkeeping import Ledger
from .driving import Driver
from .run import Run


class Stopper:
    """Stops runs on request.

    Args:
        gemini: The API.
        ledger: Records who has asked.
        driver: Stops runs in the background that Google has not named yet.
    """

    def __init__(self, gemini: Gemini, ledger: Ledger, driver: Driver) -> None:
        self._gemini = gemini
        self._ledger = ledger
        self._driver = driver

    async def stop(self, run: Run, seconds: float, by: str) -> Run:
        """Stop a run and wait for its end.

        With store=false, it is stopped by closing its connection.

        Args:
            run: Any run; one that has ended is returned as it is.
            seconds: Time limit for its id, and then for its end.
            by: What the user has called to stop it; recorded before Google is asked.

        Raises:
            GeminiMCPError: Google did not cancel it; it is followed as before.
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
            # The status in the response may lag, so the next read is due at once.
            run.heard_at = -math.inf
            if is_settled(interaction.status):
                run.interrupt(interaction)
            run.move()

    async def _cancel(self, run: Run) -> Interaction:
        """Cancel a run at Google; if that is refused, a later end of the run is not attributed to this server."""
        try:
            return await self._gemini.cancel(str(run.id))
        except RefusedError:
            await self._ledger.write(run, stopped_by=None)
            raise

    async def _stop_named(self, run: Run) -> None:
        """Stop a run once Google has named it."""
        await run.named.wait()
        await self._stop(run)
