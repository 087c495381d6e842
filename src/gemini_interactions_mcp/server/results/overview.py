"""The interactions that this server knows, as rows of a list."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Unpack

from gemini_interactions_mcp.models import Record, RecordPage, RecordSummary
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.server.app_context import AppContext

from . import rows

if TYPE_CHECKING:
    from gemini_interactions_mcp.runs import RowConditions


async def fetch_overview(
    app: AppContext, limit: int, fitting: Callable[[RecordPage], int] | None = None, **wanted: "Unpack[RowConditions]"
) -> RecordPage:
    """Return a page of rows, newest first; what runs is read at Google before.

    Args:
        app: What is open.
        limit: Maximum number of rows.
        fitting: Returns how many of its rows a page has room for.
        wanted: Conditions of the rows.

    Raises:
        InputError: The cursor is not one of ours, or the query is too long.
        JournalError: The journal cannot be read.
    """
    await app.runs.lister.refresh()
    page = await fetch_row_page(app, limit, wanted)
    fewer = fitting(page) if fitting else limit
    return page if fewer >= len(page.interactions) else await fetch_row_page(app, fewer, wanted)


async def fetch_row_page(app: AppContext, limit: int, wanted: "RowConditions") -> RecordPage:
    """Return a page of rows as the journal knows them."""
    found, following = await app.runs.lister.page(limit, **wanted)
    return RecordPage(interactions=[summarize_record(app, record) for record in found], next_cursor=following)


def summarize_record(app: AppContext, record: Record) -> RecordSummary:
    """Return a row, with what its run does now where this process follows it."""
    run = app.runs.running(record.label)
    doing = (run.waiting or run.activity or "", len(run.pages)) if run else None
    return rows.build_summary(record, intents.measure_age(record), doing)
