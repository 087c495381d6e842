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
    clip_text,
    fit_paragraphs,
    format_count,
    format_estimate,
    join_lines,
    join_paragraphs,
    make_printable,
    measure_cost,
    measure_paragraphs,
    quote_name,
    strip_hidden,
)
from gemini_interactions_mcp.models import KINDS, Record, SandboxFile, SavedFile, Usage, amounts, is_settled, name_kind
from gemini_interactions_mcp.settings import DEFAULT_WAIT_SECONDS

from . import chapters, citations, traces
from .framing import close_fences, frame_text, iter_blocks, strip_hidden_blocks
from .offered_tools import EVERY_TOOL, ToolGuide
from .pages import AnswerPage, FileLink, Manuscript, find_answer_page
from .resource_addresses import find_file_address, make_interaction_uri, make_resource_uri

RESULT_BYTES: Final = 10_000
"""Size of a result's text for unknown hosts."""

SANDBOX_ROWS: Final = 50
"""Files of an environment that are listed."""

FAILURE_CHARACTERS: Final = 1_000
"""Text of a failed answer that is quoted; together with both reasons within the limit of an error (`outgoing`)."""

FAILURE_BYTES: Final = 1_000
"""Size of an error message, and of the list of failed calls."""

MAX_LISTED_FILES: Final = 30

FIRST_WORDS_CHARACTERS: Final = 8_000
"""Beginning of a text that is processed to show one line of it."""

PAGE_FRAME_BYTES: Final = 900
"""Size of what surrounds a page of an answer, without its id, model, status and section."""

MODELS_URI: Final = "gemini://models"
"""URI of the resource that lists the models and agents."""

VOICES_URI: Final = "gemini://voices"
"""URI of the resource that lists the voices."""

TOKEN_COUNTS: Final = (
    ("total_input_tokens", "in"),
    ("total_output_tokens", "out"),
    ("total_thought_tokens", "thought"),
    ("total_tool_use_tokens", "tool"),
    ("total_cached_tokens", "cached"),
)
"""Token counts in the footer: field of `Usage` -> word."""


def render_answer(
    record: Record,
    page: int = 1,
    *,
    section: str = "",
    stored: bool = True,
    followers: Iterable[Record] = (),
    above: Iterable[str] = (),
    notes: Iterable[str] = (),
    limit: int = RESULT_BYTES,
    guide: ToolGuide = EVERY_TOOL,
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
        limit: Maximum size of the text, as `measure_cost` counts; at least 7,000.
        guide: Names offered tools only.

    Raises:
        InputError: There is no such page or section.
    """
    found = find_answer_page(record, page, section, measure_page_room(record, section, limit), limit // 4)
    if found.text is None:
        raise InputError(
            f"There is no page {page}: this {'section' if section else 'interaction'} has "
            f"{format_count(found.of, 'page')}."
        )
    place = PagePosition(page, found.of, section)
    foot = render_footer(record, place, stored=stored, followers=followers, guide=guide)
    head = render_head(record, found, foot, limit)
    left = limit - measure_paragraphs([*head, found.text, foot])
    first = fit_paragraphs(above, left)
    told = fit_paragraphs(notes, left - measure_paragraphs(first))
    left -= measure_paragraphs([*first, *told])
    whole = page == 1 and not section
    wrong = fit_paragraphs(iter_complaints(record, calls=whole), left)
    files = list_saved_files(record, left - measure_paragraphs(wrong)) if whole else []
    return join_paragraphs(*first, *head, found.text, *wrong, *files, *told, foot)


def iter_complaints(record: Record, *, calls: bool) -> Iterator[str]:
    """Yield notes on what is wrong with an answer and, with `calls`, on failed tool calls and missing pictures."""
    if record.error:
        yield f"Note: {join_lines(record.error)}"
    if calls:
        yield traces.render_failure_notes(record.failures)


def measure_page_room(record: Record, section: str, limit: int) -> int:
    """Return the room for a page of the answer: a result without its frame, and without a tenth for notes."""
    names = (
        3 * measure_cost(get_handle(record))
        + 2 * measure_cost(get_maker(record) + quote_name(record.status))
        + 2 * measure_cost(quote_json(section))
    )
    return max(limit // 4, limit - limit // 10 - PAGE_FRAME_BYTES - names)


def render_head(record: Record, found: AnswerPage, foot: str, limit: int) -> list[str]:
    """Return what precedes a page: its id, if a host might cut off the footer, and the outline."""
    long = found.of > 1 or measure_cost(str(found.text)) + measure_cost(foot) > limit * 3 // 4
    return [*([f"interaction_id: {get_handle(record)}"] if long else []), *([found.outline] if found.outline else [])]


def explain_failure(record: Record) -> str:
    """Explain why there is no answer, and quote what Gemini said instead."""
    said = f" It said: {take_first_words(record.text, FAILURE_CHARACTERS)}" if record.text else ""
    calls = f" On the way: {'; '.join(record.failures)}." if record.failures else ""
    return clip_text(join_lines(record.error or ""), FAILURE_BYTES) + clip_text(calls, FAILURE_BYTES) + said


def render_body(record: Record, link: FileLink) -> str:
    """Return the answer's text with marks and media; without text, the executed code."""
    return "".join(Manuscript(record, link))


def render_report(record: Record) -> str:
    """Render an answer as a Markdown file with the request at its head; its media are in the same directory."""
    text = "".join(close_fences(Manuscript(record, lambda file: quote(file.name))))
    prompt = strip_hidden_blocks(record.wording).strip().replace("\n", "\n  ")
    about = [
        f"Date: {record.created_at:%Y-%m-%d %H:%M} UTC",
        f"Prompt: {prompt}" if prompt else "",
        render_identity(record),
    ]
    return join_paragraphs(
        f"# {take_first_words(record.title) or get_handle(record)}",
        "\n".join(f"- {line}" for line in about if line),
        "---",
        text,
        citations.render_sources(record.text, record.citations),
        *(traces.render_traces(record.code, record.failures) if record.text else ()),
    )


def list_saved_files(record: Record, room: int) -> list[str]:
    """Return lines on the saved files, the first ones if there are too many."""
    lines: list[str] = []
    least = measure_cost(note_unlisted_files(record, len(record.files))) + 4
    for each in [describe_saved_file(record, file) for file in record.files[:MAX_LISTED_FILES]]:
        room -= measure_cost(each) + 4
        # The last one needs no room for the line on the remaining files.
        if room < (least if len(lines) + 1 < len(record.files) else 0):
            break
        lines.append(each)
    if (left_out := len(record.files) - len(lines)) > 0:
        lines.append(note_unlisted_files(record, left_out))
    return lines


def note_unlisted_files(record: Record, files: int) -> str:
    """Return the line on files that are not listed."""
    return f"And {format_count(files, 'more file')}; {make_resource_uri(record)} lists them all."


def note_unshown_pictures(hidden: int) -> str:
    """Return the note on pictures for which a result has no room."""
    be = "is" if hidden == 1 else "are"
    return f"{format_count(hidden, 'more picture')} {be} saved but not shown here." if hidden else ""


def note_omitted_previews(pictures: int) -> str:
    """Return the note on pictures for a host that would show them as text."""
    where = "it is where `Saved:` says" if pictures == 1 else "they are where `Saved:` says"
    return (
        f"{format_count(pictures, 'preview')} left out: this host shows pictures as text; {where}." if pictures else ""
    )


def describe_saved_file(record: Record, file: SavedFile) -> str:
    """Return the line on a saved file: where it is, type, duration and size."""
    size = f", {file.width}x{file.height} px" if file.width else ""
    size += f", {file.seconds:.1f} s" if file.seconds else ""
    where = make_printable(find_file_address(record, file))
    return f"Saved: {where} ({quote_name(file.mime_type)}{size}, {file.bytes:,} bytes)"


class PagePosition(NamedTuple):
    """Position of a page: its number, the number of pages, and the section if it is not the whole answer."""

    page: int
    of: int
    section: str

    @property
    def label(self) -> str:
        """`Page 2 of 3` or `Section "Costs", page 2 of 3`; empty for an answer of one page."""
        page = f"page {self.page} of {self.of}" if self.of > 1 else ""
        section = f"section {quote_json(self.section)}" if self.section else ""
        label = ", ".join(filter(None, (section, page)))
        return label[:1].upper() + label[1:]


def render_footer(
    record: Record, place: PagePosition, *, stored: bool, followers: Iterable[Record], guide: ToolGuide
) -> str:
    """Render the footer: id, model, status, tokens, cost, and what to call next."""
    lines = ["---", render_outcome(record)]
    if place.page < place.of:
        section = f"section={quote_json(place.section)}, " if place.section else ""
        lines.append(
            f"{place.label}. Next: read_interaction(interaction_id={quote_handle(record)}, "
            f"{section}page={place.page + 1})"
        )
    elif place.label:
        lines.append(f"{place.label}{', the last' if place.of > 1 else ''}.")
    if not stored:
        lines.append("Not stored (store=false): it cannot be continued, and is gone when this server ends.")
    elif record.interaction_id and place.page == place.of:
        lines.append(explain_follow_up(record, followers, guide))
    return "\n".join(filter(None, lines))


def render_identity(record: Record) -> str:
    """Render the identity: `interaction_id: v1_x | gemini-3.8-flash | completed | 12 in, 34 out tokens`."""
    parts = [
        f"interaction_id: {get_handle(record)}",
        get_maker(record),
        quote_name(record.status),
        format_tokens(record.usage),
    ]
    return " | ".join(part for part in parts if part)


def render_outcome(record: Record) -> str:
    """Render the identity and the cost: `interaction_id: v1_x | ... | 12 in, 34 out tokens | ~$0.0042`."""
    cost = describe_cost(record.cost, ended=record.finished_at is not None)
    return f"{render_identity(record)} | {cost}" if cost else render_identity(record)


def get_maker(record: Record) -> str:
    """Return the agent or the model."""
    return quote_name(record.agent or record.model or "")


def format_tokens(usage: Usage | None) -> str:
    """Format the token counts that are not zero."""
    counts = [f"{value:,} {word}" for name, word in TOKEN_COUNTS if (value := getattr(usage, name, 0))]
    return f"{', '.join(counts)} tokens" if counts else ""


def describe_cost(micros: int | None, *, ended: bool) -> str:
    """Describe the cost of an interaction that has `ended`, in millionths of a dollar; empty until it is known."""
    if micros is None:
        return "price unknown" if ended else ""
    return format_estimate(micros) if micros else "nothing charged"


def explain_follow_up(record: Record, followers: Iterable[Record], guide: ToolGuide) -> str:
    """Say how to continue an interaction with what is offered, or that it has been continued."""
    if record.plan:
        return describe_plan_state(followers, guide)
    if record.environment_id:
        return guide(
            "To go on in its environment: start_research with it as previous_interaction_id. "
            "To ask a model about the answer: gemini_continue with it as previous_interaction_id."
        )
    return guide("To follow up: " + KINDS[record.kind].continued_by + " with it as previous_interaction_id.")


def describe_plan_state(followers: Iterable[Record], guide: ToolGuide) -> str:
    """Say whether a research plan waits, or was refined or approved by its last follower."""
    research = list_plan_followers(followers)
    if not research:
        return guide(
            "This is a plan. It is not approved yet. start_research with it as previous_interaction_id runs it, and "
            "with plan_first=true too changes it as the prompt says."
        )
    last = research[-1]
    if last.plan:
        return f"This plan was refined: {get_handle(last)} is the new one."
    return f"This plan was approved: {get_handle(last)} is its research. {suggest_fetch(last, guide=guide)}"


def list_plan_followers(followers: Iterable[Record]) -> list[Record]:
    """Return what refines or runs a plan, without requests that Google has certainly not accepted."""
    return [each for each in followers if each.kind == "research" and (each.interaction_id or each.status != "failed")]


def suggest_fetch(record: Record, seconds: float = DEFAULT_WAIT_SECONDS, guide: ToolGuide = EVERY_TOOL) -> str:
    """Return the call that waits for an interaction, for so many seconds, or that reads it."""
    tool = "check_research" if record.kind == "research" else "read_interaction"
    if is_settled(record.status):
        return guide(tool + "(interaction_id={handle}) reads it.", handle=quote_handle(record))
    call = tool + "(interaction_id={handle}, wait_seconds={seconds}) waits for it."
    return guide(call, handle=quote_handle(record), seconds=f"{seconds:g}")


def take_first_words(text: str, limit: int = chapters.HEADING_CHARACTERS) -> str:
    """Return the beginning of a text on one line of at most `limit` characters."""
    return chapters.shorten_to_line(join_lines(text[:FIRST_WORDS_CHARACTERS]), limit)


def render_document(record: Record, followers: Iterable[Record] = ()) -> str:
    """Render an interaction as Markdown: facts, prompt, answer, sources, traces and files."""
    facts = [
        render_outcome(record),
        f"kind: {name_kind(record)}",
        f"created: {record.created_at.isoformat(timespec='seconds')}",
    ]
    if record.cost is not None:
        facts.append(f"cost_usd: {amounts.convert_to_dollars(record.cost):f}")
    if record.previous_interaction_id:
        facts.append(f"previous_interaction_id: {make_printable(record.previous_interaction_id)}")
    if record.environment_id:
        facts.append(f"environment_id: {make_printable(record.environment_id)}")
    facts += [f"followed by: {get_handle(each)} ({name_kind(each)})" for each in followers]
    return join_paragraphs(
        f"# {take_first_words(record.title) or get_handle(record)}",
        "\n".join(f"- {fact}" for fact in facts),
        f"## Prompt\n\n{frame_whole_text(iter_blocks(record.prompt))}" if record.prompt else "",
        f"## Answer\n\n{frame_whole_text(Manuscript(record, lambda file: make_resource_uri(record, file)))}"
        if record.text
        else "",
        f"Note: {join_lines(record.error)}" if record.error else "",
        citations.render_sources(record.text, record.citations),
        *traces.render_traces(record.code, record.failures),
        "\n".join(describe_saved_file(record, file) for file in record.files),
    )


def frame_whole_text(text: Iterable[str]) -> str:
    """Return a foreign text, framed, as a part of a document."""
    return "".join(frame_text(map(strip_hidden, text)))


def list_sandbox_files(files: Sequence[SandboxFile], environment_id: str) -> str:
    """List the files in an agent's environment, and say how to save them."""
    if not files:
        return ""
    lines = [f"- {quote_name(file.path)} ({file.bytes:,} bytes)" for file in files[:SANDBOX_ROWS]]
    lines += [f"- and {len(files) - SANDBOX_ROWS} more"] if len(files) > SANDBOX_ROWS else []
    where = f"Files in the agent's environment {quote_name(environment_id)}"
    head = f'{where}; read_interaction with save="*.csv" saves those that fit:'
    return "\n".join([head, *lines])


def quote_handle(record: Record) -> str:
    """Return the handle of an interaction as an argument of a call."""
    return quote_json(get_handle(record))


def quote_json(text: str) -> str:
    """Return a text as a JSON string, for use as an argument of a call."""
    return json.dumps(make_printable(text), ensure_ascii=False)


def get_handle(record: Record) -> str:
    """Return what an interaction is found by: its id, or its label while it has none."""
    known = record.interaction_id or record.label
    # A URI is percent-encoded, and every tool accepts it as an id.
    return known if known == make_printable(known) else make_interaction_uri(known)
