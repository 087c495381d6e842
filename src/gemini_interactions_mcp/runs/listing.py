"""Lists the interactions in the journal; running ones are read first, so that one call can follow many of them."""

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypedDict, Unpack

import anyio

from gemini_interactions_mcp.core import GeminiMCPError, Timing
from gemini_interactions_mcp.journal import Journal
from gemini_interactions_mcp.models import Record, UsageGrouping, UsageReport

from .finding import Finder
from .registry import Registry

PARALLEL_READS: Final = 16
"""Maximum number of concurrent reads; `MAX_REFRESHED` reads of 0.4 s each fit into `Timing.refresh`."""

MAX_REFRESHED: Final = 100
"""Maximum number of running interactions that are read before a list, newest first; a page has no more rows."""


class RowConditions(TypedDict, total=False):
    """Conditions for the rows on a page, as `Journal.page` takes them."""

    query: str | None
    kind: str | None
    status: str | None
    cursor: str | None


class Lister:
    """Returns pages of rows.

    Args:
        journal: The rows.
        registry: The runs of this process.
        finder: Reads running interactions at Google.
        timing: Time limit for the reads, and maximum age of the last sign of a run.
    """

    def __init__(self, journal: Journal, registry: Registry, finder: Finder, timing: Timing) -> None:
        self._journal = journal
        self._registry = registry
        self._finder = finder
        self._timing = timing

    async def page(self, limit: int, **wanted: Unpack[RowConditions]) -> tuple[Sequence[Record], str | None]:
        """Return up to `limit` rows, newest first, and the cursor of the next page.

        Raises:
            InputError: The cursor is not one of ours, or the query is too long.
            JournalError: The journal cannot be read.
        """
        return await self._journal.page(limit=limit, **wanted)

    async def complete_id(self, prefix: str) -> Sequence[str]:
        """Return interaction ids that begin with a prefix, newest first.

        Raises:
            JournalError: They cannot be read.
        """
        return await self._journal.ids(prefix)

    async def usage(self, *groupings: UsageGrouping, since: datetime | None = None) -> list[UsageReport]:
        """Return what all requests of this server have used and cost, as `Journal.usage`.

        Raises:
            JournalError: The journal cannot be read.
        """
        return await self._journal.usage(*groupings, since=since)

    async def refresh(self) -> None:
        """Read running interactions at Google; those that are not read in time stay as they are in the journal.

        Raises:
            JournalError: The journal cannot be read.
        """
        running = await self._journal.unfinished()
        due = [record for record in running[-MAX_REFRESHED:] if not self._looked_at(record.label)]
        places = anyio.CapacityLimiter(PARALLEL_READS)
        with anyio.move_on_after(self._timing.refresh):
            async with anyio.create_task_group() as tasks:
                for record in due:
                    tasks.start_soon(self._refresh_one, places, str(record.interaction_id))

    async def _refresh_one(self, places: anyio.CapacityLimiter, interaction_id: str) -> None:
        async with places:
            # The error is reported to callers who read this interaction.
            with contextlib.suppress(GeminiMCPError):
                await self._finder.find(interaction_id, self._timing.refresh)

    def _looked_at(self, label: str) -> bool:
        """Whether the last sign of a run from Google is recent enough that it need not be read."""
        run = self._registry.running(label)
        return run is not None and not run.settled and anyio.current_time() - run.heard_at < self._timing.freshness
