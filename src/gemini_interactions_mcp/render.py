"""What a host's model reads: answers in pages, footers, lists, Markdown. Pure.

Every text ends with a newline and is never bare JSON: Copilot and Zed join text blocks without a separator, and
Gemini CLI rejects a result whose text is a JSON scalar or array.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote

from . import chapters, citations, traces
from .errors import InputError
from .models import OCTETS, PLACE, UNKNOWN, Record, SandboxFile, SavedFile, Usage, settled
from .settings import DEFAULT_WAIT_SECONDS
from .words import printable

LINE_CHARACTERS: Final = 2_000
"""opencode drops a line of 60,000 characters without a word."""
PARTIAL_CHARACTERS: Final = 4_000
SANDBOX_ROWS: Final = 50
FAILURE_CHARACTERS: Final = 1_000
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


def answer(
    record: Record,
    page: int = 1,
    *,
    section: str = "",
    stored: bool = True,
    followers: Iterable[Record] = (),
    notes: Iterable[str] = (),
) -> str:
    """One page of an interaction's answer, or of one of its sections, with its footer.

    Args:
        record: What the journal says.
        page: From 1.
        section: The heading of the only section to show.
        stored: Whether Google keeps it.
        followers: What goes on from it.
        notes: What else there is to say, a paragraph each.

    Raises:
        InputError: There is no such page or section.
    """
    parts = pages(record, section)
    if not 1 <= page <= len(parts):
        raise InputError(
            f"There is no page {page}: this {'section' if section else 'interaction'} has {count(len(parts), 'page')}."
        )
    head = chapters.outline(record.text, parts) if page == 1 and not section else ""
    said = f"Note: {record.error}" if record.error else ""
    place = Place(page, len(parts), section)
    return joined(
        head,
        parts[page - 1],
        said,
        traces.failure_notes(record.failures) if page == 1 and not section else "",
        *(file_lines(record) if page == 1 and not section else ()),
        *notes,
        footer(record, place, stored=stored, followers=followers),
    )


def failure(record: Record) -> str:
    """Why there is no answer, and what Gemini said instead of one."""
    said = f" It said: {chapters.shortened(record.text, FAILURE_CHARACTERS)}" if record.text else ""
    failed = f" On the way: {'; '.join(record.failures)}." if record.failures else ""
    return f"{record.error}{failed}{said}"


def pages(record: Record, section: str = "") -> list[str]:
    """The answer and its sources in pages of at most 10,000 characters; at least one.

    Raises:
        InputError: There is no such section.
    """
    if (pretty := as_json(record.text)) is not None:
        parts = [FENCED.format(part) for part in chapters.cut(pretty, chapters.PAGE_CHARACTERS - len(FENCED))]
        return [*parts, *chapters.cut(citations.listed("", record.citations))]
    text = body(record, lambda file: printable(file.path))
    chosen = chapters.section(text, section) if section else text
    sources = citations.listed(record.text, record.citations, within=[chosen] if section else None)
    return list(chapters.cut(joined(chosen, sources).rstrip("\n"))) or [""]


def body(record: Record, link: Callable[[SavedFile], str]) -> str:
    """The answer's text, with its sources and media where they belong; without any, the code that was run for it."""
    text = illustrated(citations.placed(record.text, record.citations), record.files, link)
    return text or traces.code_run(record.code)


def illustrated(text: str, files: Sequence[SavedFile], link: Callable[[SavedFile], str]) -> str:
    """The text with links to its saved media; what is not saved is only mentioned."""
    places = {str(file.place): file for file in files}

    def shown(found: re.Match[str]) -> str:
        file = places.get(found[2])
        # What is no picture is not to be opened as one.
        mark = "" if file and file.mime_type == OCTETS else "!"
        return f"{mark}[{found[1]}]({citations.destination(link(file))})" if file else f"({found[1]})"

    return PLACE.sub(shown, text)


def report(record: Record) -> str:
    """An answer as a file of its own, after what was asked for; its media lie beside it."""
    text = body(record, lambda file: quote(file.name))
    prompt = record.wording.strip().replace("\n", "\n  ")
    about = [f"Date: {record.created_at:%Y-%m-%d %H:%M} UTC", f"Prompt: {prompt}" if prompt else "", identity(record)]
    return joined(
        f"# {chapters.shortened(record.title) or handle(record)}",
        "\n".join(f"- {line}" for line in about if line),
        "---",
        text,
        citations.listed(record.text, record.citations),
        *(traces.way(record.code, record.failures) if record.text else ()),
    )


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
    return f"Saved: {printable(file.path)} ({file.mime_type}{size}, {file.bytes:,} bytes)"


class Place(NamedTuple):
    """Which page of how many, of the whole answer or of a section."""

    page: int
    of: int
    section: str

    @property
    def label(self) -> str:
        """`Page 2 of 3` or `Section "Costs", page 2 of 3`; nothing where there is only one page of it all."""
        page = f"page {self.page} of {self.of}" if self.of > 1 else ""
        section = f"section {json.dumps(self.section, ensure_ascii=False)}" if self.section else ""
        label = ", ".join(filter(None, (section, page)))
        return label[:1].upper() + label[1:]


def footer(record: Record, place: Place, *, stored: bool, followers: Iterable[Record]) -> str:
    """Id, model, status, tokens and what to call next."""
    lines = ["---", identity(record)]
    if place.page < place.of:
        section = f"section={json.dumps(place.section, ensure_ascii=False)}, " if place.section else ""
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
        record.agent or record.model or "",
        record.status,
        tokens(record.usage),
    ]
    return " | ".join(part for part in parts if part)


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


# Not yet -------------------------------------------------------------------------------------------------


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
        seconds: How long the call may wait that fetches the rest.
    """
    doing = f": {activity}" if activity else ""
    so_far = f" {read} so far." if read else ""
    later = f" Or look again in about {duration(patience(age))}." if record.kind == "research" else ""
    state = "Not taken by Google yet" if waiting else standing(record.status)
    return joined(
        f"{state} after {duration(age)}{doing}.{so_far}",
        f"Partial answer so far:\n\n{illustrated(text, (), lambda file: file.path)[-PARTIAL_CHARACTERS:]}"
        if text
        else "",
        f"---\n{identity(record)}\nNext: {fetch(record, seconds)}{later} "
        f"{prospect(record, waiting, background=background)} Do not ask the same again.",
    )


def prospect(record: Record, waiting: str, *, background: bool) -> str:
    """What becomes of an interaction that has not settled, and whether it is paid for, as far as that is certain."""
    if settled(record.status):
        return "It has been answered, and its files are being saved."
    if waiting:
        return f"{waiting.rstrip('.')}."
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
    return NOT_YET.get(status) or ("Finishing" if settled(status) else f"Still {status}")


def fetch(record: Record, seconds: float = DEFAULT_WAIT_SECONDS) -> str:
    """The call that waits for an interaction so long, or reads it."""
    tool = "check_research" if record.kind == "research" else "read_interaction"
    if settled(record.status):
        return f"{tool}(interaction_id={quoted(record)}) reads it."
    return f"{tool}(interaction_id={quoted(record)}, wait_seconds={seconds:g}) waits for it."


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `1 h 5 min`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


# Documents -----------------------------------------------------------------------------------------------


def kind_name(record: Record) -> str:
    """What an interaction is listed as: what other agents than Deep Research do is a task."""
    return "task" if record.task else f"{record.kind} plan" if record.plan else record.kind


def document(record: Record, followers: Iterable[Record] = ()) -> str:
    """An interaction as Markdown: what it follows, prompt, answer, sources, usage, what follows it."""
    facts = [
        identity(record),
        f"kind: {kind_name(record)}",
        f"created: {record.created_at.isoformat(timespec='seconds')}",
    ]
    if record.previous_interaction_id:
        facts.append(f"previous_interaction_id: {record.previous_interaction_id}")
    if record.environment_id:
        facts.append(f"environment_id: {record.environment_id}")
    facts += [f"followed by: {handle(each)} ({kind_name(each)})" for each in followers]
    return joined(
        f"# {chapters.shortened(record.title) or record.interaction_id}",
        "\n".join(f"- {fact}" for fact in facts),
        f"## Prompt\n\n{record.prompt}" if record.prompt else "",
        f"## Answer\n\n{body(record, lambda file: uri(record, file))}" if record.text else "",
        f"Note: {record.error}" if record.error else "",
        citations.listed(record.text, record.citations),
        *traces.way(record.code, record.failures),
        "\n".join(map(file_line, record.files)),
    )


def sandbox(files: Sequence[SandboxFile], environment_id: str) -> str:
    """What lies in an agent's environment, and how to save it."""
    if not files:
        return ""
    lines = [f"- {printable(file.path)} ({file.bytes:,} bytes)" for file in files[:SANDBOX_ROWS]]
    lines += [f"- and {len(files) - SANDBOX_ROWS} more"] if len(files) > SANDBOX_ROWS else []
    head = (
        f'Files in the agent\'s environment {environment_id}; read_interaction with save="*.csv" saves those that fit:'
    )
    return "\n".join([head, *lines])


def uri(record: Record, file: SavedFile | None = None) -> str:
    """The resource of an interaction, or of a file that was saved for it."""
    resource = address(str(record.interaction_id))
    return f"{resource}/files/{quote(file.name, safe='')}" if file else resource


def address(interaction_id: str) -> str:
    """The resource of the interaction of an id, whatever characters that has."""
    return f"{INDEX}/{quote(interaction_id, safe='')}"


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


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 page`, `3 pages`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
