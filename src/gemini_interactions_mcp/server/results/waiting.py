"""Progress of an unfinished interaction, and how to wait for it. Pure."""

from typing import TYPE_CHECKING, Final

from gemini_interactions_mcp.core import (
    clip_text,
    fit_suffix,
    format_count,
    format_duration,
    format_estimate,
    join_lines,
    join_paragraphs,
    quote_name,
    strip_hidden,
)
from gemini_interactions_mcp.models import UNKNOWN_STATUS, Record, is_settled
from gemini_interactions_mcp.settings import DEFAULT_WAIT_SECONDS
from gemini_interactions_mcp.text import (
    EVERY_TOOL,
    ToolGuide,
    frame_whole_text,
    link_media,
    render_identity,
    suggest_fetch,
)

if TYPE_CHECKING:
    from gemini_interactions_mcp.models import CatalogRow

PARTIAL_ANSWER_BYTES: Final = 4_000
"""Maximum size of the partial answer, in bytes of UTF-8 with JSON's escapes."""
WAIT_REASON_BYTES: Final = 1_000
"""Maximum size of the reason for a wait, which may quote Google: ten lines, and below any host's limit."""

RUNS_AT_GOOGLE: Final = "It still runs at Google and has been paid for."
RUNS_ON_CONNECTION: Final = (
    "Google answers it on a connection that this server holds open: if the server ends before, the answer may be lost. "
    "It may be charged all the same."
)
UNNAMED_REQUEST: Final = (
    "It has been sent on a connection that this server holds open, and Google has not named it: whether it is charged "
    "is not known yet."
)


def render_pending(
    record: Record,
    *,
    age: float,
    activity: str | None,
    text: str,
    read: str = "",
    cost: str = "",
    waiting: str = "",
    background: bool = True,
    seconds: float = DEFAULT_WAIT_SECONDS,
    guide: ToolGuide = EVERY_TOOL,
) -> str:
    """Render the progress of an unfinished interaction, and the call that fetches the rest.

    Args:
        record: The journal's record.
        age: Seconds since the request.
        activity: The current activity, in one line.
        text: The part of the answer that was streamed so far.
        read: How much was searched and read so far.
        cost: What it has cost so far, in a sentence.
        waiting: Why and when the request is sent again.
        background: Whether it continues at Google without a connection.
        seconds: The `wait_seconds` of the next call.
        guide: Names offered tools only.
    """
    doing = f": {quote_name(activity)}" if activity else ""
    so_far = f" {read} so far." if read else ""
    later = (
        f" Or look again in about {format_duration(compute_recheck_seconds(age))}." if record.kind == "research" else ""
    )
    state = "Not taken by Google yet" if waiting else describe_standing(record.status)
    prospect = describe_prospect(record, waiting, background=background)
    following = f"Next: {suggest_fetch(record, seconds, guide)}{later} {prospect} Do not ask the same again."
    return join_paragraphs(
        f"{state} after {format_duration(age)}{doing}.{so_far} {cost}".rstrip(),
        f"Partial answer so far:\n\n{frame_tail(text)}" if text else "",
        f"---\n{render_identity(record)}\n{following}",
    )


def frame_tail(text: str) -> str:
    """Return the framed end of a growing text."""
    plain = link_media(strip_hidden(text[-PARTIAL_ANSWER_BYTES:]), (), lambda file: file.path)
    return frame_whole_text([fit_suffix(plain, PARTIAL_ANSWER_BYTES)])


def describe_prospect(record: Record, waiting: str, *, background: bool) -> str:
    """Say what happens to an unfinished interaction, and whether it is paid for, as far as that is certain."""
    if is_settled(record.status):
        return "It has been answered, and its files are being saved."
    if waiting:
        return f"{clip_text(join_lines(waiting), WAIT_REASON_BYTES).rstrip('.')}."
    if record.interaction_id is None or not record.stored:
        return UNNAMED_REQUEST
    return RUNS_AT_GOOGLE if background else RUNS_ON_CONNECTION


def note_repeated_call(age: float) -> str:
    """Return the note on a call that is attached to the run of an identical one."""
    return (
        f"The same was asked {format_duration(age)} ago, and nobody had been given the answer: this is that "
        "interaction. Nothing new was sent or charged."
    )


def compute_recheck_seconds(age: float) -> float:
    """Return the seconds until research should be read again: a quarter of its age, from 1 to 5 minutes."""
    return min(max(age / 4, 60), 300)


def describe_reading(searches: int, addresses: int) -> str:
    """Return `12 searches, 30 pages read`, or what there is of it."""
    counts = [format_count(searches, "search", "searches")] if searches else []
    counts += [f"{format_count(addresses, 'page')} read"] if addresses else []
    return ", ".join(counts)


def describe_running_cost(record: Record, micros: int | None, row: "CatalogRow | None") -> str:
    """Return what research has cost so far, or else what it usually costs, in a sentence; empty where neither is known.

    Args:
        record: The journal's record.
        micros: The cost so far, in millionths of a dollar.
        row: The agent in the catalog.
    """
    if micros:
        return f"Cost so far: {format_estimate(micros)}."
    if record.plan or row is None or row.usual_cost is None:
        return ""
    low, high = row.usual_cost
    return f"It usually costs ${low:f} to ${high:f}."


UNFINISHED_STATUSES: Final = {
    "in_progress": "Still in_progress",
    "queued": "Still queued",
    UNKNOWN_STATUS: "Sent, and not answered yet",
}
"""How unfinished statuses read."""


def describe_standing(status: str) -> str:
    """Return how far an interaction has come that is waited for; an unknown status means that it still runs."""
    return UNFINISHED_STATUSES.get(status) or ("Finishing" if is_settled(status) else f"Still {quote_name(status)}")
