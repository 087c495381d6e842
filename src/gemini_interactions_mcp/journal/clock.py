"""The clock of the journal, and the UTC days and months that limits count in."""

from datetime import UTC, datetime
from typing import Final

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
