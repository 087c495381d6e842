"""Detects changes of the list of interactions and files, and announces them at a limited rate without losing any."""

from collections.abc import Awaitable, Callable, Sequence

import anyio

from gemini_interactions_mcp.core import Timing
from gemini_interactions_mcp.journal import Journal

from .background import repeat


class Changes:
    """Watches what `resources/list` shows, and announces its changes.

    Args:
        journal: Counts the changes of this process; those of other servers show in its newest rows and settlements.
        announce: Notifies all subscribers.
        timing: Periods and time limits.
    """

    def __init__(self, journal: Journal, announce: Callable[[], Awaitable[None]], timing: Timing) -> None:
        self._journal = journal
        self._announce = announce
        self._timing = timing
        self._told = journal.list_changes
        self._newest: Sequence[object] | None = None
        self._heard = False

    async def watch(self) -> None:
        """Check for changes periodically, until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(repeat, self.look, self._timing.list_notification)
            tasks.start_soon(repeat, self.look_around, self._timing.list_poll)

    def hear(self) -> None:
        """Note that some server has changed something: the next look is around, too."""
        self._heard = True

    async def look(self) -> None:
        """Announce once that this process has changed something since the last announcement."""
        heard, self._heard = self._heard, False
        if heard and self._told == self._journal.list_changes:
            await self.look_around()
        if (now := self._journal.list_changes) != self._told:
            self._told = now
            await self._tell()
            self._newest = await self._journal.newest()

    async def look_around(self) -> None:
        """Announce that another server has added or changed something."""
        before, self._newest = self._newest, await self._journal.newest()
        if before not in (None, self._newest) and self._told == self._journal.list_changes:
            await self._tell()

    async def _tell(self) -> None:
        with anyio.move_on_after(self._timing.notification):
            await self._announce()
