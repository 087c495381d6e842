"""The structured result of `list_interactions`."""

from .interactions import FrozenModel


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


class RecordPage(FrozenModel):
    """The result of `list_interactions`: rows, newest first, and the cursor of the next page."""

    interactions: list[RecordSummary]
    next_cursor: str | None = None
