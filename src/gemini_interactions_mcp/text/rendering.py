"""Texts for the host's model: pages of answers with footers, notes, reports, documents. Pure.

Every text ends with a newline and is never bare JSON: Copilot and Zed join text blocks without a separator, and
Gemini CLI rejects a result whose text is a JSON scalar or array.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote

from gemini_interactions_mcp.core import (
    InputError,
    clipped,
    cost,
    count,
    fitted,
    joined,
    paragraphs_cost,
    printable,
    shown,
    unbroken,
    visible,
)
from gemini_interactions_mcp.models import Record, SandboxFile, SavedFile, Usage, settled
from gemini_interactions_mcp.settings import DEFAULT_WAIT_SECONDS

from . import chapters, citations, traces
from .framing import blocks, cleared, closed, framed
from .pages import Link, Manuscript, Sheet, sheet

RESULT_BYTES: Final = 10_000
"""Size of a result's text for unknown hosts."""

SANDBOX_ROWS: Final = 50
"""Files of an environment that are listed."""

FAILURE_CHARACTERS: Final = 1_000
"""Text of a failed answer that is quoted; together with both reasons within the limit of an error (`outgoing`)."""

FAILURE_BYTES: Final = 1_000
"""Size of an error message, and of the list of failed calls."""

FILES_LISTED: Final = 30

HEAD_CHARACTERS: Final = 8_000
"""Beginning of a text that is processed to show one line of it."""

FRAME_BYTES: Final = 900
"""Size of what surrounds a page of an answer, without its id, model, status and section."""

INDEX: Final = "gemini://interactions"
"""URI of the resource that lists all interactions."""

COUNTS: Final = (
    ("total_input_tokens", "in"),
    ("total_output_tokens", "out"),
    ("total_thought_tokens", "thought"),
    ("total_tool_use_tokens", "tool"),
    ("total_cached_tokens", "cached"),
)
"""Token counts in the footer: field of `Usage` -> word."""


def answer(
    record: Record,
    page: int = 1,
    *,
    section: str = "",
    stored: bool = True,
    followers: Iterable[Record] = (),
    above: Iterable[str] = (),
    notes: Iterable[str] = (),
    limit: int = RESULT_BYTES,
) -> str:
    """Render a page of an interaction's answer, or of one of its sections, with its footer.

    The division into pages does not depend on the notes.

    Args:
        record: The interaction.
        page: Page number, from 1.
        section: Heading of the section to show; empty for the whole answer.
        stored: Whether Google stores the interaction.
        followers: Interactions that continue this one.
        above: Paragraphs that precede the answer.
        notes: Paragraphs that follow the answer.
        limit: Maximum size of the text, as `cost` counts; at least 7,000.

    Raises:
        InputError: There is no such page or section.
    """
    found = sheet(record, page, section, page_room(record, section, limit), limit // 4)
    if found.text is None:
        raise InputError(
            f"There is no page {page}: this {'section' if section else 'interaction'} has {count(found.of, 'page')}."
        )
    foot = footer(record, Place(page, found.of, section), stored=stored, followers=followers)
    head = headed(record, found, foot, limit)
    left = limit - paragraphs_cost([*head, found.text, foot])
    first = fitted(above, left)
    told = fitted(notes, left - paragraphs_cost(first))
    left -= paragraphs_cost([*first, *told])
    whole = page == 1 and not section
    wrong = fitted(complaints(record, calls=whole), left)
    files = file_lines(record, left - paragraphs_cost(wrong)) if whole else []
    return joined(*first, *head, found.text, *wrong, *files, *told, foot)


def complaints(record: Record, *, calls: bool) -> Iterator[str]:
    """Yield notes on what is wrong with an answer and, with `calls`, on failed tool calls."""
    if record.error:
        yield f"Note: {unbroken(record.error)}"
    if calls:
        yield traces.failure_notes(record.failures)


def page_room(record: Record, section: str, limit: int) -> int:
    """Return the room for a page of the answer: a result without its frame, and without a tenth for notes."""
    names = 3 * cost(handle(record)) + 2 * cost(made_by(record) + shown(record.status)) + 2 * cost(json_string(section))
    return max(limit // 4, limit - limit // 10 - FRAME_BYTES - names)


def headed(record: Record, found: Sheet, foot: str, limit: int) -> list[str]:
    """Return what precedes a page: its id, if a host might cut off the footer, and the outline."""
    long = found.of > 1 or cost(str(found.text)) + cost(foot) > limit * 3 // 4
    return [*([f"interaction_id: {handle(record)}"] if long else []), *([found.outline] if found.outline else [])]


def failure(record: Record) -> str:
    """Explain why there is no answer, and quote what Gemini said instead."""
    said = f" It said: {first_words(record.text, FAILURE_CHARACTERS)}" if record.text else ""
    calls = f" On the way: {'; '.join(record.failures)}." if record.failures else ""
    return clipped(unbroken(record.error or ""), FAILURE_BYTES) + clipped(calls, FAILURE_BYTES) + said


def body(record: Record, link: Link) -> str:
    """Return the answer's text with marks and media; without text, the executed code."""
    return "".join(Manuscript(record, link))


def report(record: Record) -> str:
    """Render an answer as a Markdown file with the request at its head; its media are in the same directory."""
    text = "".join(closed(Manuscript(record, lambda file: quote(file.name))))
    prompt = cleared(record.wording).strip().replace("\n", "\n  ")
    about = [f"Date: {record.created_at:%Y-%m-%d %H:%M} UTC", f"Prompt: {prompt}" if prompt else "", identity(record)]
    return joined(
        f"# {first_words(record.title) or handle(record)}",
        "\n".join(f"- {line}" for line in about if line),
        "---",
        text,
        citations.listed(record.text, record.citations),
        *(traces.way(record.code, record.failures) if record.text else ()),
    )


def file_lines(record: Record, room: int) -> list[str]:
    """Return lines on the saved files, the first ones if there are too many."""
    lines: list[str] = []
    least = cost(unlisted(record, len(record.files))) + 4
    for each in map(file_line, record.files[:FILES_LISTED]):
        room -= cost(each) + 4
        # The last one needs no room for the line on the remaining files.
        if room < (least if len(lines) + 1 < len(record.files) else 0):
            break
        lines.append(each)
    if (left_out := len(record.files) - len(lines)) > 0:
        lines.append(unlisted(record, left_out))
    return lines


def unlisted(record: Record, files: int) -> str:
    """Return the line on files that are not listed."""
    return f"And {count(files, 'more file')}; {uri(record)} lists them all."


def unshown(hidden: int) -> str:
    """Return the note on pictures for which a result has no room."""
    be = "is" if hidden == 1 else "are"
    return f"{count(hidden, 'more picture')} {be} saved but not shown here." if hidden else ""


def unseen(pictures: int) -> str:
    """Return the note on pictures for a host that would show them as text."""
    where = "it is where `Saved:` says" if pictures == 1 else "they are where `Saved:` says"
    return f"{count(pictures, 'preview')} left out: this host shows pictures as text; {where}." if pictures else ""


def file_line(file: SavedFile) -> str:
    """Return the line on a saved file: path, type and size."""
    size = f", {file.width}x{file.height} px" if file.width else ""
    return f"Saved: {printable(file.path)} ({shown(file.mime_type)}{size}, {file.bytes:,} bytes)"


class Place(NamedTuple):
    """Position of a page: its number, the number of pages, and the section if it is not the whole answer."""

    page: int
    of: int
    section: str

    @property
    def label(self) -> str:
        """`Page 2 of 3` or `Section "Costs", page 2 of 3`; empty for an answer of one page."""
        page = f"page {self.page} of {self.of}" if self.of > 1 else ""
        section = f"section {json_string(self.section)}" if self.section else ""
        label = ", ".join(filter(None, (section, page)))
        return label[:1].upper() + label[1:]


def footer(record: Record, place: Place, *, stored: bool, followers: Iterable[Record]) -> str:
    """Render the footer: id, model, status, tokens, and what to call next."""
    lines = ["---", identity(record)]
    if place.page < place.of:
        section = f"section={json_string(place.section)}, " if place.section else ""
        lines.append(
            f"{place.label}. Next: read_interaction(interaction_id={quoted(record)}, {section}page={place.page + 1})"
        )
    elif place.label:
        lines.append(f"{place.label}{', the last' if place.of > 1 else ''}.")
    if not stored:
        lines.append("Not stored (store=false): it cannot be continued, and is gone when this server ends.")
    elif record.interaction_id and place.page == place.of:
        lines.append(follow_up(record, followers))
    return "\n".join(lines)


def identity(record: Record) -> str:
    """Render the identity: `interaction_id: v1_x | gemini-3.8-flash | completed | 12 in, 34 out tokens`."""
    parts = [
        f"interaction_id: {handle(record)}",
        made_by(record),
        shown(record.status),
        tokens(record.usage),
    ]
    return " | ".join(part for part in parts if part)


def made_by(record: Record) -> str:
    """Return the agent or the model."""
    return shown(record.agent or record.model or "")


def tokens(usage: Usage | None) -> str:
    """Format the token counts that are not zero."""
    counts = [f"{value:,} {word}" for name, word in COUNTS if (value := getattr(usage, name, 0))]
    return f"{', '.join(counts)} tokens" if counts else ""


def follow_up(record: Record, followers: Iterable[Record] = ()) -> str:
    """Say how to continue an interaction, or that it has been continued."""
    if record.plan:
        return plan_state(followers)
    if record.environment_id:
        return (
            "To follow up: start_research with it as previous_interaction_id goes on in its environment; "
            "gemini_continue asks a model about the answer."
        )
    tool = "generate_image" if record.kind == "image" else "gemini_continue"
    return f"To follow up: {tool} with it as previous_interaction_id."


def plan_state(followers: Iterable[Record]) -> str:
    """Say whether a research plan waits, or was refined or approved by its last follower."""
    # Without requests that Google has certainly not accepted.
    research = [
        each for each in followers if each.kind == "research" and (each.interaction_id or each.status != "failed")
    ]
    if not research:
        return (
            "This is a plan. It is not approved yet: start_research with it as previous_interaction_id runs it; with "
            "plan_first=true too, the prompt changes it."
        )
    last = research[-1]
    if last.plan:
        return f"This plan was refined: {handle(last)} is the new one."
    return f"This plan was approved: {handle(last)} is its research. {fetch(last)}"


def fetch(record: Record, seconds: float = DEFAULT_WAIT_SECONDS) -> str:
    """Return the call that waits for an interaction, for so many seconds, or that reads it."""
    tool = "check_research" if record.kind == "research" else "read_interaction"
    if settled(record.status):
        return f"{tool}(interaction_id={quoted(record)}) reads it."
    return f"{tool}(interaction_id={quoted(record)}, wait_seconds={seconds:g}) waits for it."


def kind_name(record: Record) -> str:
    """Return the kind of an interaction in lists; runs of other agents than Deep Research are tasks."""
    return "task" if record.task else f"{record.kind} plan" if record.plan else record.kind


def first_words(text: str, limit: int = chapters.HEADING_CHARACTERS) -> str:
    """Return the beginning of a text on one line of at most `limit` characters."""
    return chapters.shortened(unbroken(text[:HEAD_CHARACTERS]), limit)


def document(record: Record, followers: Iterable[Record] = ()) -> str:
    """Render an interaction as Markdown: facts, prompt, answer, sources, traces and files."""
    facts = [
        identity(record),
        f"kind: {kind_name(record)}",
        f"created: {record.created_at.isoformat(timespec='seconds')}",
    ]
    if record.previous_interaction_id:
        facts.append(f"previous_interaction_id: {printable(record.previous_interaction_id)}")
    if record.environment_id:
        facts.append(f"environment_id: {printable(record.environment_id)}")
    facts += [f"followed by: {handle(each)} ({kind_name(each)})" for each in followers]
    return joined(
        f"# {first_words(record.title) or handle(record)}",
        "\n".join(f"- {fact}" for fact in facts),
        f"## Prompt\n\n{framed_text(blocks(record.prompt))}" if record.prompt else "",
        f"## Answer\n\n{framed_text(Manuscript(record, lambda file: uri(record, file)))}" if record.text else "",
        f"Note: {unbroken(record.error)}" if record.error else "",
        citations.listed(record.text, record.citations),
        *traces.way(record.code, record.failures),
        "\n".join(map(file_line, record.files)),
    )


def framed_text(text: Iterable[str]) -> str:
    """Return a foreign text, framed, as a part of a document."""
    return "".join(framed(map(visible, text)))


def sandbox(files: Sequence[SandboxFile], environment_id: str) -> str:
    """List the files in an agent's environment, and say how to save them."""
    if not files:
        return ""
    lines = [f"- {shown(file.path)} ({file.bytes:,} bytes)" for file in files[:SANDBOX_ROWS]]
    lines += [f"- and {len(files) - SANDBOX_ROWS} more"] if len(files) > SANDBOX_ROWS else []
    where = f"Files in the agent's environment {shown(environment_id)}"
    head = f'{where}; read_interaction with save="*.csv" saves those that fit:'
    return "\n".join([head, *lines])


def uri(record: Record, file: SavedFile | None = None) -> str:
    """Return the resource URI of an interaction, or of one of its saved files."""
    resource = address(str(record.interaction_id))
    return f"{resource}/files/{quote(file.name, safe='')}" if file else resource


def address(interaction_id: str) -> str:
    """Return the resource URI of the interaction with an id, which may contain any characters."""
    return f"{INDEX}/{quote(interaction_id, safe='')}"


def quoted(record: Record) -> str:
    """Return the handle of an interaction as an argument of a call."""
    return json_string(handle(record))


def json_string(text: str) -> str:
    """Return a text as a JSON string, for use as an argument of a call."""
    return json.dumps(printable(text), ensure_ascii=False)


def handle(record: Record) -> str:
    """Return what an interaction is found by: its id, or its label while it has none."""
    known = record.interaction_id or record.label
    # A URI is percent-encoded, and every tool accepts it as an id.
    return known if known == printable(known) else address(known)
