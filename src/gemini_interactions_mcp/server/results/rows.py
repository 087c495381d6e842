"""Lists of interactions: their rows, and the same as text. Pure."""

import json
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Final

from gemini_interactions_mcp.core import measure_cost, phrases, quote_name
from gemini_interactions_mcp.models import (
    UNKNOWN_STATUS,
    Record,
    RecordPage,
    RecordSummary,
    amounts,
    is_settled,
    name_kind,
)
from gemini_interactions_mcp.server.tools.arguments import match_choice
from gemini_interactions_mcp.text import EVERY_TOOL, ToolGuide, citations, rendering

LIST_CURSOR_BYTES: Final = 700
"""Size of a list without its rows: above all the next cursor, twice."""
ROW_TEXT_CHARACTERS: Final = 160
"""Maximum length of a row's activity or error."""

STATUS_WORDS: Final = {
    "in_progress": ("in_progress", "running", "active", "working", "pending", "started"),
    "completed": ("completed", "complete", "done", "finished", "succeeded", "success", "ok"),
    "failed": ("failed", "failure", "error"),
    "cancelled": ("cancelled", "canceled", "stopped", "aborted"),
    "incomplete": ("incomplete",),
    "budget_exceeded": ("budget_exceeded",),
    "requires_action": ("requires_action",),
    "requires_continuation": ("requires_continuation",),
    "queued": ("queued",),
    "idle": ("idle",),
    UNKNOWN_STATUS: (UNKNOWN_STATUS,),
}
"""Statuses, and the words that are taken for them.

Source: google-genai 3.6.1, types/interactions/interaction.py, and this server's own.
"""


def build_summary(record: Record, age: float | None = None, doing: tuple[str, int] | None = None) -> RecordSummary:
    """Return a row of a list.

    Args:
        record: The journal's record.
        age: Seconds since the request.
        doing: The current activity and the number of pages read, if known.
    """
    ended = is_settled(record.status) or (doing is None and record.error is not None)
    activity, read = doing or ("", 0)
    told = build_progress_fields(age, activity, read) if not ended else build_outcome_fields(record)
    # One that may still get an id is found by its label meanwhile; this one never gets an id.
    unsent = record.interaction_id is None and record.status in ("failed", "cancelled")
    return RecordSummary(
        interaction_id="" if unsent else rendering.get_handle(record),
        label=record.label if unsent else None,
        kind=name_kind(record),
        status=quote_name(record.status),
        model=rendering.get_maker(record),
        created_at=record.created_at.isoformat(timespec="seconds"),
        topic=rendering.take_first_words(record.topic) if record.topic else None,
        prompt=rendering.take_first_words(record.prompt),
        files=len(record.files),
        **told,
    )


def build_progress_fields(age: float | None, activity: str, read: int) -> dict[str, Any]:
    """Return the fields of a running row."""
    activity = rendering.take_first_words(activity, ROW_TEXT_CHARACTERS)
    return {"seconds": None if age is None else int(age), "activity": activity or None, "sources": read or None}


def build_outcome_fields(record: Record) -> dict[str, Any]:
    """Return the fields of a row that has ended."""
    counted = record.usage.total_tokens if record.usage else 0
    error = rendering.take_first_words(record.error or "", ROW_TEXT_CHARACTERS)
    return {
        "sources": len({citations.get_source_address(each) for each in record.citations}) or None,
        "tokens": counted or None,
        "cost_usd": amounts.convert_to_dollars(record.cost),
        "finished_at": record.finished_at.isoformat(timespec="seconds") if record.finished_at else None,
        "error": error or None,
    }


def parse_status(text: str) -> str:
    """Return the status that is meant. An unknown one is kept, since the API may have others."""
    return next((status for status, words in STATUS_WORDS.items() if match_choice(text, words) in words), text)


def render_list(page: RecordPage, status: str | None = None, guide: ToolGuide = EVERY_TOOL) -> str:
    """Render a list of interactions, filtered by `status`, with the content of the structured result.

    Args:
        page: The rows.
        status: The status that they have; None for any.
        guide: Names offered tools only.
    """
    if not page.interactions:
        unknown = status is not None and status not in STATUS_WORDS
        return phrases.join_paragraphs(
            "No interactions found.", f"Statuses are {', '.join(STATUS_WORDS)}." if unknown else ""
        )
    cursor = json.dumps(page.next_cursor)
    more = guide("More: list_interactions(cursor={cursor})", cursor=cursor) if page.next_cursor else ""
    return phrases.join_paragraphs("\n".join(map(render_row, page.interactions)), more)


def count_fitting_rows(page: RecordPage, room: int, *, together: bool) -> int:
    """Return how many rows of a list fit into its text and its data, at least one.

    Args:
        page: The list.
        room: Bytes for the text, and for the data.
        together: Whether text and data share the room, as in hosts that show both.
    """
    texts = accumulate(measure_cost(render_row(row)) + 2 for row in page.interactions)
    data = accumulate(len(row.model_dump_json(exclude_none=True).encode()) + 1 for row in page.interactions)
    taken = [text + more if together else max(text, more) for text, more in zip(texts, data, strict=True)]
    return max(1, sum(each <= room - LIST_CURSOR_BYTES for each in taken))


def render_row(row: RecordSummary) -> str:
    """Render a row as `- v1_x | ask | completed | gemini-3.8-flash | 2026-11-23T10:00:00+00:00 | "prompt" | 1 file`.

    The topic precedes a prompt that does not name it: `"red bicycle": "make it blue"`.
    """
    files = phrases.format_count(row.files, "file") if row.files else ""
    name = row.interaction_id or f"no id (label {row.label})"
    words = ": ".join(json.dumps(each, ensure_ascii=False) for each in (row.topic, row.prompt) if each is not None)
    parts = [name, row.kind, row.status, row.model, row.created_at, words, files, *describe_row_facts(row)]
    return f"- {' | '.join(filter(None, parts))}"


def describe_row_facts(row: RecordSummary) -> Iterator[str]:
    """Yield how long a row has run and what it does, or how it ended and what it has cost."""
    if row.seconds is not None:
        doing = f": {json.dumps(row.activity, ensure_ascii=False)}" if row.activity else ""
        yield f"for {phrases.format_duration(row.seconds)}{doing}"
    if row.sources:
        yield phrases.format_count(row.sources, "source")
    if row.tokens:
        yield f"{row.tokens:,} tokens"
    yield describe_row_cost(row)
    if row.finished_at:
        yield f"ended {row.finished_at}"
    if row.error:
        yield f"error: {row.error}"


def describe_row_cost(row: RecordSummary) -> str:
    """Return what a row has cost; empty where it is not known yet, or nothing was sent."""
    micros = None if row.cost_usd is None else round(row.cost_usd * amounts.MICROS)
    return rendering.describe_cost(micros, ended=row.finished_at is not None and row.label is None)
