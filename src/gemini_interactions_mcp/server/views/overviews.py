"""What a view shows of all interactions: their list, and what they have used and cost."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Unpack, get_args

from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import InteractionKind, RecordPage, UsageReport, amounts
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.results import rows
from gemini_interactions_mcp.server.results.overview import fetch_overview, fetch_row_page
from gemini_interactions_mcp.text import usage_table

if TYPE_CHECKING:
    from gemini_interactions_mcp.runs import RowConditions

ROWS_PER_PAGE: Final = 50

USAGE_DAYS: Final = 30
"""Days that a view sums up: all rows of a long-used journal take seconds."""


async def read_history(app: AppContext, **wanted: "Unpack[RowConditions]") -> dict[str, Any]:
    """Return a page of interactions, newest first; before the first page, those that run are read at Google.

    Raises:
        InputError: The cursor is not one of ours, or the query is too long.
        JournalError: The journal cannot be read.
    """
    fetch = (
        fetch_row_page(app, ROWS_PER_PAGE, wanted)
        if wanted.get("cursor")
        else fetch_overview(app, ROWS_PER_PAGE, **wanted)
    )
    return describe_history(app, await fetch, **wanted)


def describe_history(app: AppContext, page: RecordPage, **wanted: "Unpack[RowConditions]") -> dict[str, Any]:
    """Return what a view shows of a page of interactions, and by what they are filtered."""
    return {
        "view": "history",
        "rows": [row.model_dump(mode="json", exclude_none=True) for row in page.interactions],
        "next_cursor": page.next_cursor,
        "filters": {name: wanted.get(name) for name in ("query", "kind", "status")},
        "kinds": [*get_args(InteractionKind), "task"],
        "statuses": list(rows.STATUS_WORDS),
        "tools": list(app.guide.offered),
    }


async def read_usage_view(app: AppContext) -> dict[str, Any]:
    """Return what the interactions of the last days have used and cost, and what is left of the limits.

    Raises:
        JournalError: The journal cannot be read.
    """
    since = clock.get_day_start() - timedelta(days=USAGE_DAYS - 1)
    days, models, kinds = await app.runs.lister.usage("day", "model", "kind", since=since)
    spending = await app.runs.spending()
    limits = spending.limits
    return {
        "view": "usage",
        "since": f"{since:%Y-%m-%d}",
        **{name: list_lines(report) for name, report in (("days", days), ("models", models), ("kinds", kinds))},
        "total": days.total.data("total"),
        "notes": usage_table.describe_usage(days.total) if days.lines else usage_table.describe_no_usage(days),
        "limits": [
            describe_limit("today (UTC)", spending.today, limits.told_micros_per_day),
            describe_limit("this month (UTC)", spending.month, limits.micros_per_month),
        ],
        "runs_today": spending.runs_today,
        "runs_limit": limits.told_runs_per_day,
    }


def list_lines(report: UsageReport) -> list[dict[str, object]]:
    """Return the lines of a report without its total."""
    return [totals.data(name) for name, totals in report.shorten(usage_table.MAX_USAGE_LINES).lines]


def describe_limit(name: str, spent: int, limit: int | None) -> dict[str, Any]:
    """Return what is spent of a limit, in dollars; the limit is None where there is none."""
    return {
        "name": name,
        "spent_usd": amounts.convert_to_dollars(spent),
        "limit_usd": amounts.convert_to_dollars(limit),
    }
