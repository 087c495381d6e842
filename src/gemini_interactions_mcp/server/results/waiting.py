"""What is known of an interaction that has not settled, and how to wait for it. Pure."""

from typing import Final

from gemini_interactions_mcp.core import clipped, count, duration, joined, shown, suffix_within, unbroken, visible
from gemini_interactions_mcp.models import UNKNOWN, Record, settled
from gemini_interactions_mcp.settings import DEFAULT_WAIT_SECONDS
from gemini_interactions_mcp.text import fetch, framed_text, identity, illustrated

PARTIAL_BYTES: Final = 4_000
"""Of the answer so far, as `cost` counts."""
REASON_BYTES: Final = 1_000
"""Of the reason for a wait, which may quote Google: ten lines, and less than any host cuts."""

ON_AT_GOOGLE: Final = "It goes on at Google meanwhile and has been paid for."
ON_A_CONNECTION: Final = (
    "Google answers it on a connection that this server holds open: if the server ends before, the answer may be lost. "
    "It may be charged all the same."
)
ON_ITS_WAY: Final = (
    "It has been sent on a connection that this server holds open, and Google has not named it: whether it is charged "
    "is not known yet."
)


def pending(
    record: Record,
    *,
    age: float,
    activity: str | None,
    text: str,
    read: str = "",
    waiting: str = "",
    background: bool = True,
    seconds: float = DEFAULT_WAIT_SECONDS,
) -> str:
    """What is known of an interaction that has not settled, and the call that fetches the rest.

    Args:
        record: What the journal says.
        age: Seconds since the request.
        activity: What it does now, in a line.
        text: The part of the answer that has been streamed so far.
        read: How much has been searched and read so far.
        waiting: Why the request has to be sent again, and when that is done.
        background: Whether it goes on at Google without a connection.
        seconds: How long the next call, which fetches the rest, is told to wait.
    """
    doing = f": {shown(activity)}" if activity else ""
    so_far = f" {read} so far." if read else ""
    later = f" Or look again in about {duration(patience(age))}." if record.kind == "research" else ""
    state = "Not taken by Google yet" if waiting else standing(record.status)
    return joined(
        f"{state} after {duration(age)}{doing}.{so_far}",
        f"Partial answer so far:\n\n{tail(text)}" if text else "",
        f"---\n{identity(record)}\nNext: {fetch(record, seconds)}{later} "
        f"{prospect(record, waiting, background=background)} Do not ask the same again.",
    )


def tail(text: str) -> str:
    """The end of a text that still grows, framed."""
    plain = illustrated(visible(text[-PARTIAL_BYTES:]), (), lambda file: file.path)
    return framed_text([suffix_within(plain, PARTIAL_BYTES)])


def prospect(record: Record, waiting: str, *, background: bool) -> str:
    """What becomes of an interaction that has not settled, and whether it is paid for, as far as that is certain."""
    if settled(record.status):
        return "It has been answered, and its files are being saved."
    if waiting:
        return f"{clipped(unbroken(waiting), REASON_BYTES).rstrip('.')}."
    if record.interaction_id in (None, record.label):
        return ON_ITS_WAY
    return ON_AT_GOOGLE if background else ON_A_CONNECTION


def repeated(age: float) -> str:
    """What is said where a call is given the run of an identical one."""
    return (
        f"The same was asked {duration(age)} ago, and nobody had been given the answer: this is that interaction. "
        "Nothing new was sent or charged."
    )


def patience(age: float) -> float:
    """Seconds until a research run is worth another look: longer, the longer it takes; 1 to 5 minutes."""
    return min(max(age / 4, 60), 300)


def progress(searches: int, addresses: int) -> str:
    """`12 searches, 30 pages read`."""
    counts = [count(searches, "search", "searches")] if searches else []
    counts += [f"{count(addresses, 'page')} read"] if addresses else []
    return ", ".join(counts)


NOT_YET: Final = {"in_progress": "Still in_progress", "queued": "Still queued", UNKNOWN: "Sent, and not answered yet"}
"""How a status reads that is not the last."""


def standing(status: str) -> str:
    """How far an interaction has come that is waited for; one of an unknown status goes on."""
    return NOT_YET.get(status) or ("Finishing" if settled(status) else f"Still {shown(status)}")
