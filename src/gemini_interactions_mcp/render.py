"""What a host's model reads: answers in pages, footers, lists, Markdown. Pure.

Every text ends with a newline and is never bare JSON: Copilot and Zed join text blocks without a separator, and
Gemini CLI rejects a result whose text is a JSON scalar or array.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from .errors import InputError
from .models import UNKNOWN, Citation, Record, RecordPage, RecordSummary, SavedFile, Usage

PAGE_CHARACTERS: Final = 10_000
"""Under what Codex (12,000 characters) and Claude Code (25,000 tokens) show of one result."""
LINE_CHARACTERS: Final = 2_000
"""opencode drops a line of 60,000 characters without a word."""
PARTIAL_CHARACTERS: Final = 4_000
PROMPT_CHARACTERS: Final = 80
FAILURE_CHARACTERS: Final = 1_000
HEADINGS_LISTED: Final = 60
FILES_LISTED: Final = 30
FENCED: Final = "```json\n{}\n```"

INDEX: Final = "gemini://interactions"
"""The resource that lists all others."""

COUNTS: Final = (
    ("total_input_tokens", "in"),
    ("total_output_tokens", "out"),
    ("total_thought_tokens", "thought"),
    ("total_tool_use_tokens", "tool"),
    ("total_cached_tokens", "cached"),
)


# Answers -------------------------------------------------------------------------------------------------


def answer(record: Record, page: int = 1, *, stored: bool = True, hidden: int = 0) -> str:
    """One page of an interaction's answer, with its footer.

    Args:
        record: What is shown.
        page: Counted from 1.
        stored: Whether Google keeps it.
        hidden: How many pictures are not shown beside it.

    Raises:
        InputError: There is no such page.
    """
    parts = pages(record)
    if not 1 <= page <= len(parts):
        raise InputError(f"There is no page {page}: this interaction has {count(len(parts), 'page')}.")
    head = outline(record.text, parts) if page == 1 else ""
    note = f"Note: {record.error}" if record.error else ""
    return joined(
        head, parts[page - 1], note, *file_lines(record), unshown(hidden), footer(record, page, len(parts), stored)
    )


def failure(record: Record) -> str:
    """Why there is no answer, and what Gemini said instead of one."""
    said = f" It said: {shortened(record.text, FAILURE_CHARACTERS)}" if record.text else ""
    return f"{record.error}{said}"


def pages(record: Record) -> list[str]:
    """The answer and its sources in pages of at most 10,000 characters; at least one."""
    if (pretty := as_json(record.text)) is not None:
        parts = [FENCED.format(part) for part in cut(pretty, PAGE_CHARACTERS - len(FENCED))]
        return [*parts, *cut(sources(record.citations))]
    return list(cut(joined(record.text, sources(record.citations)).rstrip("\n"))) or [""]


def cut(text: str, limit: int = PAGE_CHARACTERS) -> Iterator[str]:
    """Cut at the last paragraph end before `limit`, else at a line end, a space, or where it must be."""
    while len(text) > limit:
        places = ((text.rfind(mark, 1, limit), mark) for mark in ("\n\n", "\n", " "))
        at, mark = next(((found, mark) for found, mark in places if found > limit // 4), (limit, ""))
        yield text[:at]
        text = text[at + len(mark) :].lstrip("\n")
    if text:
        yield text


def as_json(text: str) -> str | None:
    """The text, if it is JSON of any type, else None; in lines that hosts can show."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if all(len(line) <= LINE_CHARACTERS for line in text.splitlines()):
        return text.strip()
    # Half a surrogate pair stays escaped, since it has no UTF-8.
    return json.dumps(value, indent=2, ensure_ascii="\\ud" in text.lower())


def outline(text: str, parts: list[str]) -> str:
    """The headings of a text of several pages and the pages that they are on."""
    found = [
        f"{'  ' * (len(match[1]) - 1)}- {shortened(match[2])} (page {number})"
        for number, part in enumerate(parts, 1)
        for match in re.finditer(r"^(#{1,3}) +(.+)$", part, re.MULTILINE)
    ]
    if not found or len(parts) == 1:
        return ""
    if len(found) > HEADINGS_LISTED:
        found[HEADINGS_LISTED:] = [f"- and {count(len(found) - HEADINGS_LISTED, 'heading')} more"]
    return "\n".join([f"Outline of {len(text):,} characters in {count(len(parts), 'page')}:", *found])


def sources(citations: Iterable[Citation]) -> str:
    """The cited pages as numbered links, each once."""
    links = dict.fromkeys((citation.url, citation.title or citation.url) for citation in citations)
    titles: dict[str, str] = {}
    for url, title in links:
        titles.setdefault(url, title)
    lines = [f"{number}. [{title}]({url})" for number, (url, title) in enumerate(titles.items(), 1)]
    return "\n".join(["Sources:", *lines]) if lines else ""


def file_lines(record: Record) -> list[str]:
    """Where the files are; of very many, the first."""
    lines = [file_line(file) for file in record.files[:FILES_LISTED]]
    if (more := len(record.files) - FILES_LISTED) > 0:
        lines.append(f"And {count(more, 'more file')}; {uri(record)} lists them all.")
    return lines


def unshown(hidden: int) -> str:
    """What is said of pictures that a result has no room for."""
    be = "is" if hidden == 1 else "are"
    return f"{count(hidden, 'more picture')} {be} saved but not shown here." if hidden else ""


def file_line(file: SavedFile) -> str:
    """Where a file is and what it is."""
    size = f", {file.width}x{file.height} px" if file.width else ""
    return f"Saved: {file.path} ({file.mime_type}{size}, {file.bytes:,} bytes)"


def footer(record: Record, page: int, of: int, stored: bool) -> str:
    """Id, model, status, tokens and what to call next."""
    lines = ["---", identity(record)]
    if page < of:
        lines.append(f"Page {page} of {of}. Next: read_interaction(interaction_id={quoted(record)}, page={page + 1})")
    elif of > 1:
        lines.append(f"Page {page} of {of}, the last.")
    if not stored:
        lines.append("Not stored (store=false): it cannot be continued, and is gone when this server ends.")
    elif record.interaction_id and page == of:
        lines.append(follow_up(record))
    return "\n".join(lines)


def identity(record: Record) -> str:
    """`interaction_id: v1_x | gemini-3.8-flash | completed | 12 in, 34 out tokens`."""
    parts = [
        f"interaction_id: {handle(record)}",
        record.agent or record.model or "",
        record.status,
        tokens(record.usage),
    ]
    return " | ".join(part for part in parts if part)


def tokens(usage: Usage | None) -> str:
    """Token counts that are not zero."""
    counts = [f"{value:,} {word}" for name, word in COUNTS if (value := getattr(usage, name, 0))]
    return f"{', '.join(counts)} tokens" if counts else ""


def follow_up(record: Record) -> str:
    """What goes on from here."""
    if record.plan:
        return (
            "This is a plan. start_research with it as previous_interaction_id runs it; with plan_first=true too, "
            "the prompt changes it."
        )
    tool = "generate_image" if record.kind == "image" else "gemini_continue"
    return f"To follow up: {tool} with it as previous_interaction_id."


# Not yet -------------------------------------------------------------------------------------------------


def pending(record: Record, *, age: float, activity: str | None, text: str) -> str:
    """What is known of an interaction that has not settled, and the call that fetches the rest."""
    doing = f": {activity}" if activity else ""
    return joined(
        f"{NOT_YET.get(record.status, 'Finishing')} after {duration(age)}{doing}.",
        f"Partial answer so far:\n\n{text[-PARTIAL_CHARACTERS:]}" if text else "",
        f"---\n{identity(record)}\nNext: {fetch(record)} It goes on at Google meanwhile and has been paid for: do not "
        "ask the same again.",
    )


NOT_YET: Final = {"in_progress": "Still in_progress", "queued": "Still queued", UNKNOWN: "Sent, and not answered yet"}
"""How a status reads that is not the last."""


def fetch(record: Record) -> str:
    """The call that waits for an interaction."""
    tool = "check_research" if record.kind == "research" else "read_interaction"
    return f"{tool}(interaction_id={quoted(record)}, wait_seconds=45) waits for it."


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `1 h 5 min`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


# Lists and documents -------------------------------------------------------------------------------------


def summary(record: Record) -> RecordSummary:
    """A row of a list."""
    return RecordSummary(
        interaction_id=handle(record),
        kind=record.kind,
        status=record.status,
        model=record.agent or record.model or "",
        created_at=record.created_at.isoformat(timespec="seconds"),
        prompt=shortened(record.prompt),
        files=len(record.files),
    )


def listing(page: RecordPage) -> str:
    """A list of interactions: the same that the structured result says."""
    if not page.interactions:
        return "No interactions found.\n"
    more = f"More: list_interactions(cursor={json.dumps(page.next_cursor)})" if page.next_cursor else ""
    return joined("\n".join(map(list_line, page.interactions)), more)


def list_line(row: RecordSummary) -> str:
    """`- v1_x | ask | completed | gemini-3.8-flash | 2026-11-23T10:00:00+00:00 | "prompt" | 1 file`."""
    files = count(row.files, "file") if row.files else ""
    parts = [row.interaction_id or "no id", row.kind, row.status, row.model, row.created_at]
    return " | ".join(part for part in [*parts, json.dumps(row.prompt, ensure_ascii=False), files] if part).join(
        ("- ", "")
    )


def document(record: Record) -> str:
    """An interaction as Markdown: prompt, answer, sources, usage."""
    return joined(
        f"# {shortened(record.prompt) or record.interaction_id}",
        f"- {identity(record)}\n- kind: {record.kind}\n- created: {record.created_at.isoformat(timespec='seconds')}"
        + (f"\n- previous_interaction_id: {record.previous_interaction_id}" if record.previous_interaction_id else ""),
        f"## Prompt\n\n{record.prompt}" if record.prompt else "",
        f"## Answer\n\n{record.text}" if record.text else "",
        f"Note: {record.error}" if record.error else "",
        sources(record.citations),
        "\n".join(map(file_line, record.files)),
    )


def uri(record: Record, file: SavedFile | None = None) -> str:
    """The resource of an interaction, or of a file that was saved for it."""
    address = f"{INDEX}/{record.interaction_id}"
    return f"{address}/files/{quote(file.name, safe='')}" if file else address


# Words ---------------------------------------------------------------------------------------------------


def joined(*parts: str) -> str:
    """The parts that are not empty, as paragraphs, with a newline at the end."""
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def quoted(record: Record) -> str:
    """The id as an argument."""
    return f'"{handle(record)}"'


def handle(record: Record) -> str:
    """What an interaction is found by: its id, or our label until the API has named one."""
    return record.interaction_id or record.label


def count(number: int, noun: str) -> str:
    """`1 page`, `3 pages`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shortened(text: str, limit: int = PROMPT_CHARACTERS) -> str:
    """One line, cut at `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
