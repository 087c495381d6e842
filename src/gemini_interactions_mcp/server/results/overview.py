"""Known interactions as rows of a list. Running ones are refreshed first, so that one call follows many."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypedDict, Unpack

import anyio

from gemini_interactions_mcp.core import GeminiMCPError
from gemini_interactions_mcp.models import Record, RecordPage, RecordSummary
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.server.context import AppContext

from . import rows

LIST_SECONDS: Final = 3.0
"""Maximum seconds that a list waits for Google; openai-agents and google-adk time out after 5 s."""

AT_ONCE: Final = 16
"""Concurrent reads: `MOST_LOOKS` of 0.4 s each fit into `LIST_SECONDS`."""
MOST_LOOKS: Final = 100
"""Maximum number of running interactions that are refreshed, the newest first; as many as fit on a page."""


class Wanted(TypedDict, total=False):
    """Filters of `Journal.page`."""

    query: str | None
    kind: str | None
    status: str | None
    cursor: str | None


async def overview(
    app: AppContext, limit: int, fitting: Callable[[RecordPage], int] | None = None, **wanted: Unpack[Wanted]
) -> RecordPage:
    """Return a page of rows, newest first. Errors are those of `Journal.page`.

    Args:
        app: The opened context.
        limit: Maximum number of rows.
        fitting: Returns how many rows of a page the host has room for.
        wanted: Filters of the rows.
    """
    await refresh(app)
    page = await page_of(app, limit, wanted)
    fewer = fitting(page) if fitting else limit
    return page if fewer >= len(page.interactions) else await page_of(app, fewer, wanted)


async def page_of(app: AppContext, limit: int, wanted: Wanted) -> RecordPage:
    """Return a page of rows from the journal."""
    found, following = await app.journal.page(limit=limit, **wanted)
    return RecordPage(interactions=[summarised(app, record) for record in found], next_cursor=following)


async def refresh(app: AppContext) -> None:
    """Read running interactions from Google; those not answered in time stay as the journal has them.

    Raises:
        JournalError: The journal cannot be read.
    """
    running = [record for record in await app.journal.unfinished() if not intents.unstored(record)]
    due = [record for record in running[-MOST_LOOKS:] if not app.runs.looked_at(record.label)]
    places = anyio.CapacityLimiter(AT_ONCE)
    with anyio.move_on_after(LIST_SECONDS):
        async with anyio.create_task_group() as tasks:
            for record in due:
                tasks.start_soon(look_at, app, places, str(record.interaction_id))


async def look_at(app: AppContext, places: anyio.CapacityLimiter, interaction_id: str) -> None:
    """Read one interaction from Google. A failure is reported to whoever reads it later."""
    async with places:
        with suppress(GeminiMCPError):
            await app.runs.find(interaction_id, LIST_SECONDS)


def summarised(app: AppContext, record: Record) -> RecordSummary:
    """Return a row, with its current activity if this process follows the run."""
    run = app.runs.running(record.label)
    doing = (run.waiting or run.activity or "", len(run.pages)) if run else None
    return rows.summary(record, intents.age(record), doing)
