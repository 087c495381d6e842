"""The interactions that this server knows, as rows: what runs is looked at first, so that one call follows many."""

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
"""How long a list waits for Google at the most: openai-agents and google-adk give a call 5 s."""

AT_ONCE: Final = 16
"""Looks at the same time: all `MOST_LOOKS` fit into `LIST_SECONDS` where one takes 0.4 s."""
MOST_LOOKS: Final = 100
"""So many of what runs are looked at, the newest; as many as a page of a list has."""


class Wanted(TypedDict, total=False):
    """Which rows, as `Journal.page` takes it."""

    query: str | None
    kind: str | None
    status: str | None
    cursor: str | None


async def overview(
    app: AppContext, limit: int, fitting: Callable[[RecordPage], int] | None = None, **wanted: Unpack[Wanted]
) -> RecordPage:
    """A page of rows, newest first; errors are those of `Journal.page`.

    Args:
        app: What is open.
        limit: Rows at the most.
        fitting: How many of its rows a page has room for.
        wanted: Which rows.
    """
    await refresh(app)
    page = await page_of(app, limit, wanted)
    fewer = fitting(page) if fitting else limit
    return page if fewer >= len(page.interactions) else await page_of(app, fewer, wanted)


async def page_of(app: AppContext, limit: int, wanted: Wanted) -> RecordPage:
    """A page of rows as the journal knows them."""
    found, following = await app.journal.page(limit=limit, **wanted)
    return RecordPage(interactions=[summarised(app, record) for record in found], next_cursor=following)


async def refresh(app: AppContext) -> None:
    """Have Google looked at for what runs; what it does not show in time stays as the journal knows it.

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
    """Look at one; what hinders that is told to who reads it."""
    async with places:
        with suppress(GeminiMCPError):
            await app.runs.find(interaction_id, LIST_SECONDS)


def summarised(app: AppContext, record: Record) -> RecordSummary:
    """A row, with what its run does now where this process follows it."""
    run = app.runs.running(record.label)
    doing = (run.waiting or run.activity or "", len(run.pages)) if run else None
    return rows.summary(record, intents.age(record), doing)
