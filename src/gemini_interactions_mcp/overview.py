"""The interactions that this server knows, as rows: what runs is looked at first, so that one call follows many."""

from contextlib import suppress
from typing import Final

import anyio

from . import records, rows
from .context import AppContext
from .errors import GeminiMCPError
from .models import Record, RecordPage, RecordSummary

LIST_SECONDS: Final = 3.0
"""How long a list waits for Google at the most: openai-agents and google-adk give a call 5 s."""

AT_ONCE: Final = 16
MOST_LOOKS: Final = 100
"""So many of what runs are looked at, the newest; as many as a page of a list has."""


async def overview(
    app: AppContext,
    *,
    query: str | None = None,
    kind: str | None = None,
    status: str | None = None,
    limit: int = 20,
    cursor: str | None = None,
) -> RecordPage:
    """A page of rows, newest first; arguments and errors are those of `Journal.page`."""
    await refresh(app)
    found, following = await app.journal.page(query=query, kind=kind, status=status, limit=limit, cursor=cursor)
    return RecordPage(interactions=[summarised(app, record) for record in found], next_cursor=following)


async def refresh(app: AppContext) -> None:
    """Have Google looked at for what runs; what it does not show in time stays as the journal knows it.

    Raises:
        JournalError: The journal cannot be read.
    """
    running = [record for record in await app.journal.unfinished() if not records.unstored(record)]
    due = [record for record in running[-MOST_LOOKS:] if not app.runs.looked_at(record.label)]
    places = anyio.CapacityLimiter(AT_ONCE)
    with anyio.move_on_after(LIST_SECONDS):
        async with anyio.create_task_group() as tasks:
            for record in due:
                tasks.start_soon(look_at, app, places, str(record.interaction_id))


async def look_at(app: AppContext, places: anyio.CapacityLimiter, interaction_id: str) -> None:
    """Look at one; what hinders that is told to who reads it."""
    async with places:
        with suppress(GeminiMCPError):
            await app.runs.find(interaction_id, LIST_SECONDS)


def summarised(app: AppContext, record: Record) -> RecordSummary:
    """A row, with what its run does now where this process follows it."""
    run = app.runs.running(record.label)
    doing = (run.waiting or run.activity or "", len(run.pages)) if run else None
    return rows.summary(record, records.age(record), doing)
