"""Leases: which process follows a run, as the runs of this process take and leave them."""

import contextlib

from gemini_interactions_mcp.core import JournalError, Timing, logger
from gemini_interactions_mcp.journal import Journal
from gemini_interactions_mcp.models import Record

from . import processes


class RunLeases:
    """The leases of this process on the rows of a journal.

    Args:
        journal: The rows.
        timing: Lease duration, and patience with a journal that another program holds.
    """

    def __init__(self, journal: Journal, timing: Timing) -> None:
        self._journal = journal
        self._timing = timing
        self._owner = processes.make_owner()
        self._released = False

    async def claim(self, record: Record) -> bool:
        """Whether this process has the lease of an interaction now, or the journal has no row for it."""
        try:
            if await self._claimed(record) or (await self._free() and await self._claimed(record)):
                return True
            return await self._journal.find(str(record.interaction_id), patience=self._timing.patience) is None
        except JournalError as exc:
            if exc.brief is None:
                logger.warning("Who follows interaction %s cannot be read: %s", record.interaction_id, exc)
            return True

    async def seize(self, record: Record) -> None:
        """Take the lease from a process that hangs, which notices before it saves anything."""
        with contextlib.suppress(JournalError):
            await self._journal.seize(record.label, self._owner, self._timing.lease, patience=self._timing.patience)

    async def followed_elsewhere(self, record: Record) -> bool:
        """Whether another process that lives has the lease of an interaction."""
        try:
            owner = await self._journal.owner(record.label)
        except JournalError as exc:
            if exc.brief is None:
                logger.warning("Who follows interaction %s cannot be read: %s", record.label, exc)
            return False
        return owner not in (None, self._owner) and not processes.has_departed(owner)

    async def _claimed(self, record: Record) -> bool:
        return await self._journal.claim(record.label, self._owner, self._timing.lease, patience=self._timing.patience)

    async def _free(self) -> bool:
        """End the leases of processes that have ended; return whether there were any."""
        departed = [owner for owner in await self._journal.owners() if processes.has_departed(owner)]
        for owner in departed:
            await self._journal.release(owner, patience=self._timing.patience)
        return bool(departed)

    async def orphans(self) -> list[Record]:
        """Renew the leases of this process, and return the unfinished rows without a lease, claimed.

        Rows that this process has followed before are not among them: it does so still, or has given them up.

        Raises:
            JournalError: The journal cannot be used.
        """
        await self._journal.renew(self._owner, self._timing.lease)
        if self._released:
            return []
        await self._free()
        return [row for row in await self._journal.unfinished(but=self._owner) if await self.claim(row)]

    async def release(self) -> None:
        """End all leases of this process, and take no more."""
        self._released = True
        with contextlib.suppress(JournalError):
            await self._journal.release(self._owner, patience=self._timing.patience)
