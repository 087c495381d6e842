"""What the labels of interactions say, and the days that limits count in. Pure, but for the clock."""

from datetime import UTC, datetime, timedelta
from typing import Final

from gemini_interactions_mcp.core import phrases
from gemini_interactions_mcp.models import Record

TWIN_SECONDS: Final = 600
"""So long, an identical research request is taken for a repetition of the first."""

APPROVAL: Final = "approval"
"""What the labels of requests begin with that run a plan: their wording makes no difference."""

FOREIGN: Final = "foreign-"
"""What the labels of interactions begin with that something else has started."""


def now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


def today() -> datetime:
    """When the UTC day began."""
    return now().replace(hour=0, minute=0, second=0, microsecond=0)


def used_up(most: int) -> str:
    """What is said when the user allows no further research today."""
    left = (today() + timedelta(days=1) - now()).total_seconds()
    return (
        f"The limit of {phrases.count(most, 'research run')} a day (GEMINI_MCP_RUNS_PER_DAY) is used up: nothing was "
        f"started, and `force` does not change that. It works again at 00:00 UTC, in {phrases.duration(left)}."
    )


def mark(record: Record) -> str:
    """What the labels of identical requests begin with."""
    return record.label.partition("-")[0] + "-"
