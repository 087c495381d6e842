"""Notices that interactions and files have come or gone, and has it told: often enough, never too often, never not."""

from collections.abc import Awaitable, Callable, Sequence

import anyio

from gemini_interactions_mcp.journal import Journal

from .background import repeat
from .run import Pace


class Changes:
    """What `resources/list` shows, as this process has last told of it.

    Args:
        journal: Counts what this process changes; what other servers add is looked for among its newest rows.
        announce: Tells everyone who wants to know.
        pace: How often.
    """

    def __init__(self, journal: Journal, announce: Callable[[], Awaitable[None]], pace: Pace | None = None) -> None:
        self._journal = journal
        self._announce = announce
        self._pace = pace or Pace()
        self._told = journal.list_changes
        self._newest: Sequence[object] | None = None

    async def watch(self) -> None:
        """Look for changes as long as this process lives."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(repeat, self.look, self._pace.listing)
            tasks.start_soon(repeat, self.look_around, self._pace.newcomers)

    async def look(self) -> None:
        """Have it told once that this process has changed something since it was told last."""
        if (now := self._journal.list_changes) != self._told:
            self._told = now
            await self._tell()
            self._newest = await self._journal.newest()

    async def look_around(self) -> None:
        """Have it told that another server has added something."""
        before, self._newest = self._newest, await self._journal.newest()
        if before not in (None, self._newest) and self._told == self._journal.list_changes:
            await self._tell()

    async def _tell(self) -> None:
        with anyio.move_on_after(self._pace.telling):
            await self._announce()
