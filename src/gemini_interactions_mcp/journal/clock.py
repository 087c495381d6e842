"""The clock of the journal, and the UTC days that limits count in."""

from datetime import UTC, datetime, timedelta
from typing import Final

from gemini_interactions_mcp.core import phrases

TWIN_SECONDS: Final = 600
"""Seconds within which an identical research request counts as a repetition of the first."""


def now() -> datetime:
    """Return the current time; aware."""
    return datetime.now(UTC)


def get_day_start(moment: datetime | None = None) -> datetime:
    """Return the start of the UTC day of a moment in UTC; of the current day without one."""
    return (moment or now()).replace(hour=0, minute=0, second=0, microsecond=0)


def get_month_start(moment: datetime | None = None) -> datetime:
    """Return the start of the UTC month of a moment in UTC; of the current month without one."""
    return get_day_start(moment).replace(day=1)


def describe_limit_reached(most: int) -> str:
    """Return the error for a research request beyond the daily limit."""
    left = (get_day_start() + timedelta(days=1) - now()).total_seconds()
    return (
        f"The limit of {phrases.format_count(most, 'research run')} a day (GEMINI_MCP_RUNS_PER_DAY) is used up: "
        "nothing was "
        f"started, and `force` does not change that. It works again at 00:00 UTC, in {phrases.format_duration(left)}."
    )
