"""What a host's model reads: answers in pages, footers, lists, Markdown. Pure.

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
"""Of the text of a result, where nothing is known of its host."""
SANDBOX_ROWS: Final = 50
FAILURE_CHARACTERS: Final = 1_000
"""Of what Gemini said in place of an answer: with both reasons, not more than an error may have (`outgoing`)."""
FAILURE_BYTES: Final = 1_000
"""Of the error, and of the calls on the way to it."""
FILES_LISTED: Final = 30
HEAD_CHARACTERS: Final = 8_000
"""Of a text, of which one line is shown."""
FRAME_BYTES: Final = 900
"""What stands around a page of an answer, without its id, model, status and section."""

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
    """One page of an interaction's answer, or of one of its sections, with its footer.

    The pages are the same whatever notes there are.

    Args:
        record: What the journal says.
        page: From 1.
        section: The heading of the only section to show.
        stored: Whether Google keeps it.
        followers: What goes on from it.
        above: What the caller has to know first, a paragraph each.
        notes: What else there is to say, a paragraph each.
        limit: What the text costs at the most, as `core.cost` counts; 7,000 at the least.

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
    """What is wrong with an answer and, of the calls of tools on the way to it, which came to nothing."""
    if record.error:
        yield f"Note: {unbroken(record.error)}"
    if calls:
        yield traces.failure_notes(record.failures)


def page_room(record: Record, section: str, limit: int) -> int:
    """What of a result a page of the answer takes: the rest is for what stands around it, and a tenth for notes."""
    names = 3 * cost(handle(record)) + 2 * cost(made_by(record) + shown(record.status)) + 2 * cost(json_string(section))
    return max(limit // 4, limit - limit // 10 - FRAME_BYTES - names)


def headed(record: Record, found: Sheet, foot: str, limit: int) -> list[str]:
    """What stands above a page: its id, where a host may cut off the footer, and the outline."""
    long = found.of > 1 or cost(str(found.text)) + cost(foot) > limit * 3 // 4
    return [*([f"interaction_id: {handle(record)}"] if long else []), *([found.outline] if found.outline else [])]


def failure(record: Record) -> str:
    """Why there is no answer, and what Gemini said instead of one."""
    said = f" It said: {first_words(record.text, FAILURE_CHARACTERS)}" if record.text else ""
    calls = f" On the way: {'; '.join(record.failures)}." if record.failures else ""
    return clipped(unbroken(record.error or ""), FAILURE_BYTES) + clipped(calls, FAILURE_BYTES) + said


def body(record: Record, link: Link) -> str:
    """The answer's text, with its sources and media where they belong; without any, the code that was run for it."""
    return "".join(Manuscript(record, link))


def report(record: Record) -> str:
    """An answer as a file of its own, after what was asked for; its media lie beside it."""
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
    """Where the files are; of very many, the first."""
    lines: list[str] = []
    least = cost(unlisted(record, len(record.files))) + 4
    for each in map(file_line, record.files[:FILES_LISTED]):
        room -= cost(each) + 4
        # The last needs no room for what says that there are more.
        if room < (least if len(lines) + 1 < len(record.files) else 0):
            break
        lines.append(each)
    if (left_out := len(record.files) - len(lines)) > 0:
        lines.append(unlisted(record, left_out))
    return lines


def unlisted(record: Record, files: int) -> str:
    """What is said of files that are not named one by one."""
    return f"And {count(files, 'more file')}; {uri(record)} lists them all."


def unshown(hidden: int) -> str:
    """What is said of pictures that a result has no room for."""
    be = "is" if hidden == 1 else "are"
    return f"{count(hidden, 'more picture')} {be} saved but not shown here." if hidden else ""


def unseen(pictures: int) -> str:
    """What is said of pictures to a host that would show them as text."""
    where = "it is where `Saved:` says" if pictures == 1 else "they are where `Saved:` says"
    return f"{count(pictures, 'preview')} left out: this host shows pictures as text; {where}." if pictures else ""


def file_line(file: SavedFile) -> str:
    """Where a file is and what it is."""
    size = f", {file.width}x{file.height} px" if file.width else ""
    return f"Saved: {printable(file.path)} ({shown(file.mime_type)}{size}, {file.bytes:,} bytes)"


class Place(NamedTuple):
    """Which page of how many, of the whole answer or of a section."""

    page: int
    of: int
    section: str

    @property
    def label(self) -> str:
        """`Page 2 of 3` or `Section "Costs", page 2 of 3`; nothing where there is only one page of it all."""
        page = f"page {self.page} of {self.of}" if self.of > 1 else ""
        section = f"section {json_string(self.section)}" if self.section else ""
        label = ", ".join(filter(None, (section, page)))
        return label[:1].upper() + label[1:]


def footer(record: Record, place: Place, *, stored: bool, followers: Iterable[Record]) -> str:
    """Id, model, status, tokens and what to call next."""
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
    """`interaction_id: v1_x | gemini-3.8-flash | completed | 12 in, 34 out tokens`."""
    parts = [
        f"interaction_id: {handle(record)}",
        made_by(record),
        shown(record.status),
        tokens(record.usage),
    ]
    return " | ".join(part for part in parts if part)


def made_by(record: Record) -> str:
    """The agent or the model."""
    return shown(record.agent or record.model or "")


def tokens(usage: Usage | None) -> str:
    """Token counts that are not zero."""
    counts = [f"{value:,} {word}" for name, word in COUNTS if (value := getattr(usage, name, 0))]
    return f"{', '.join(counts)} tokens" if counts else ""


def follow_up(record: Record, followers: Iterable[Record] = ()) -> str:
    """What goes on from here, or has done so."""
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
    """Whether a research plan waits, was refined, or was approved; the last word counts."""
    # Without those that Google has certainly not taken.
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


# What to call --------------------------------------------------------------------------------------------


def fetch(record: Record, seconds: float = DEFAULT_WAIT_SECONDS) -> str:
    """The call that waits for an interaction so long, or reads it."""
    tool = "check_research" if record.kind == "research" else "read_interaction"
    if settled(record.status):
        return f"{tool}(interaction_id={quoted(record)}) reads it."
    return f"{tool}(interaction_id={quoted(record)}, wait_seconds={seconds:g}) waits for it."


# Documents -----------------------------------------------------------------------------------------------


def kind_name(record: Record) -> str:
    """What an interaction is listed as: what other agents than Deep Research do is a task."""
    return "task" if record.task else f"{record.kind} plan" if record.plan else record.kind


def first_words(text: str, limit: int = chapters.HEADING_CHARACTERS) -> str:
    """The beginning of a text, on one line of at most `limit` characters."""
    return chapters.shortened(unbroken(text[:HEAD_CHARACTERS]), limit)


def document(record: Record, followers: Iterable[Record] = ()) -> str:
    """An interaction as Markdown: what it follows, prompt, answer, sources, usage, what follows it."""
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
    """A text of others, framed, as a part of a document."""
    return "".join(framed(map(visible, text)))


def sandbox(files: Sequence[SandboxFile], environment_id: str) -> str:
    """What lies in an agent's environment, and how to save it."""
    if not files:
        return ""
    lines = [f"- {shown(file.path)} ({file.bytes:,} bytes)" for file in files[:SANDBOX_ROWS]]
    lines += [f"- and {len(files) - SANDBOX_ROWS} more"] if len(files) > SANDBOX_ROWS else []
    where = f"Files in the agent's environment {shown(environment_id)}"
    head = f'{where}; read_interaction with save="*.csv" saves those that fit:'
    return "\n".join([head, *lines])


def uri(record: Record, file: SavedFile | None = None) -> str:
    """The resource of an interaction, or of a file that was saved for it."""
    resource = address(str(record.interaction_id))
    return f"{resource}/files/{quote(file.name, safe='')}" if file else resource


def address(interaction_id: str) -> str:
    """The resource of the interaction of an id, whatever characters that has."""
    return f"{INDEX}/{quote(interaction_id, safe='')}"


# Words ---------------------------------------------------------------------------------------------------


def quoted(record: Record) -> str:
    """The id as an argument."""
    return json_string(handle(record))


def json_string(text: str) -> str:
    """A text as an argument."""
    return json.dumps(printable(text), ensure_ascii=False)


def handle(record: Record) -> str:
    """What an interaction is found by: its id, or our label until the API has named one."""
    known = record.interaction_id or record.label
    # An address is percent-encoded, and every tool takes it as an id.
    return known if known == printable(known) else address(known)
