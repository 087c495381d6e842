"""The structured result of `list_interactions`, and the names of kinds in lists."""

from typing import Annotated, Any, Final

from pydantic import WithJsonSchema

from .frozen import FrozenModel
from .interactions import Record


class RecordSummary(FrozenModel):
    """A row of `list_interactions`; unknown values are empty or absent.

    Attributes:
        label: Handle for deleting a row that Google has never accepted and that has no id.
        seconds: Elapsed time of a running interaction.
        activity: What a running interaction does now.
        sources: Pages read so far; for a finished interaction, sources cited.
        cost_usd: Estimated cost of a finished interaction, where it is known; 0 only where nothing was charged.
    """

    interaction_id: str
    label: str | None = None
    kind: str
    status: str
    model: str
    created_at: str
    topic: str | None = None
    prompt: str
    files: int
    seconds: int | None = None
    activity: str | None = None
    sources: int | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    finished_at: str | None = None
    error: str | None = None


ROWS_SCHEMA: Final[dict[str, Any]] = {"type": "array", "items": {"type": "object"}}
"""Schema of rows: hosts pay for the names of fields that the rows themselves have."""


class RecordPage(FrozenModel):
    """The result of `list_interactions`: rows, newest first, and the cursor of the next page.

    Attributes:
        totals: In place of rows, the sums of all runs, as `usage_report.UsageReport.data` has them.
    """

    interactions: Annotated[list[RecordSummary], WithJsonSchema(ROWS_SCHEMA)]
    next_cursor: str | None = None
    totals: list[dict[str, Any]] | None = None


def name_kind(record: Record) -> str:
    """Return the kind of an interaction in lists; runs of other agents than Deep Research are tasks."""
    return "task" if record.task else f"{record.kind} plan" if record.plan else record.kind
