"""An interaction as a document to keep: title, facts, prompt, plan, answer and numbered sources. Pure.

The parts are Markdown until secrets are removed from them, and are then rendered as Markdown, HTML or a tree.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from gemini_interactions_mcp.core import join_lines, join_paragraphs, make_printable
from gemini_interactions_mcp.models import Node, Record

from . import citations, rendering, traces, trees
from .framing import close_fences, iter_blocks, strip_hidden_blocks
from .pages import FileLink, Manuscript, fence_json, format_json_answer
from .source_list import NumberedSource, split_source_list

MAX_PRINTED_CHARACTERS: Final = {"pdf": 2**20, "docx": 2**20, "html": 2**21}
"""Longest answer that a document has in full: for a million characters, Typst takes up to a gigabyte.

A Markdown file has all of any answer.
"""

MAX_PRINTED_PARTS: Final = {"pdf": 40_000, "docx": 200_000}
"""Paragraphs, runs and lines of an answer that a document has in full; a report of 100,000 characters has 3,000."""

PARTS_LEFT_OUT: Final = 'The answer goes on, but has too many parts for this format; save_as="md" saves all.'
"""Says in a document and in the result that its answer was cut."""

MAX_PRINTED_PROMPT: Final = 20_000
"""Longest prompt in a document; it may contain whole files."""

MAX_PRINTED_SOURCES: Final = 5_000

PARTS_BLOCK: Final[Node] = trees.make_text_block("p", [trees.make_run(PARTS_LEFT_OUT, "i")])

COMPLETED: Final = "completed"

LINE_ENDING: Final = re.compile("\r\n|\r|\n")
"""The end of a line in Markdown (spec.commonmark.org, 2.1)."""


@dataclass(frozen=True)
class Export:
    """The parts of a document.

    Attributes:
        title: Title on one line.
        facts: Pairs of a label and a text: date, model, cost.
        prompt: What was asked.
        plan: Markdown of the research plan that was approved; empty if there is none.
        answer: Markdown with marks of its sources and links to its pictures.
        code: Markdown of the code that was run, unless that is the answer.
        sources: All sources, with resolved addresses.
        notes: What is wrong with the answer.
        cuts: What is left out of the document.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    prompt: str
    plan: str
    answer: str
    code: str
    sources: tuple[NumberedSource, ...] = ()
    notes: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()

    def redact(self, redact: Callable[[str], str]) -> "Export":
        """Return the parts without secrets, which the prompt may contain."""
        return Export(
            redact(self.title),
            tuple((label, redact(text)) for label, text in self.facts),
            redact(self.prompt),
            redact(self.plan),
            redact(self.answer),
            redact(self.code),
            tuple(each._replace(name=redact(each.name), title=redact(each.title)) for each in self.sources),
            tuple(map(redact, self.notes)),
        )

    def limit(self, form: str) -> "Export":
        """Return the parts as far as a document of a format has them, with `cuts` of what it has not."""
        answer, more = cut_lines(self.answer, MAX_PRINTED_CHARACTERS[form])
        prompt, unasked = cut_lines(self.prompt, MAX_PRINTED_PROMPT)
        plan, unplanned = cut_lines(self.plan, MAX_PRINTED_PROMPT)
        code, unrun = cut_lines(self.code, MAX_PRINTED_PROMPT)
        sources = len(self.sources) - MAX_PRINTED_SOURCES
        cuts = [
            f'{left_out:,} characters of the {what} are left out here; save_as="md" saves all.'
            for what, left_out in (("prompt", unasked), ("plan", unplanned), ("answer", more), ("code", unrun))
            if left_out
        ]
        cuts += [f'{sources:,} sources are left out here; save_as="md" saves all.'] if sources > 0 else []
        return replace(
            self,
            answer="".join(close_fences(iter_blocks(answer))),
            prompt=prompt,
            plan=plan,
            code="".join(close_fences(iter_blocks(code))),
            sources=self.sources[:MAX_PRINTED_SOURCES],
            cuts=tuple(cuts),
        )


def cut_lines(text: str, limit: int) -> tuple[str, int]:
    """Return the beginning of a text, which ends with a line if possible, and how many characters follow."""
    if len(text) <= limit:
        return text, 0
    end = text.rfind("\n", limit // 2, limit) + 1 or limit
    return text[:end], len(text) - end


def compose_export(record: Record, plan: Record | None, link: FileLink, notes: Iterable[str] = ()) -> Export:
    """Return the parts of the document about an interaction.

    Args:
        record: The interaction.
        plan: The research plan that it carries out.
        link: Returns the destination of a link to a saved file.
        notes: What else is to be said.
    """
    wrong = [join_lines(record.error)] if record.error else []
    wrong += record.failures or ()
    return Export(
        title=trees.replace_unprintable(rendering.take_first_words(record.title) or rendering.get_handle(record)),
        facts=tuple(iter_facts(record)),
        prompt=strip_hidden_blocks(record.wording).strip(),
        plan="".join(close_fences(Manuscript(plan, link))) if plan else "",
        answer=render_printed_answer(record, link),
        code=traces.render_executions(record.code) if record.text else "",
        sources=tuple(citations.number_sources(split_source_list(record.text).own, record.citations)),
        notes=(*wrong, *notes),
    )


def render_printed_answer(record: Record, link: FileLink) -> str:
    """Return an answer as Markdown, JSON as code, and then the pictures that it does not show."""
    if (pretty := format_json_answer(record.text)) is not None:
        answer = "".join(fence_json(pretty))
    else:
        answer = "".join(close_fences(Manuscript(record, link)))
    missing = [
        f"![{make_label(file.name)}]({destination})"
        for file in record.files
        if file.mime_type.startswith("image/")
        and (destination := citations.format_destination(link(file))) not in answer
    ]
    return join_paragraphs(answer, *missing)


def make_label(name: str) -> str:
    """Return a name as the text of a link."""
    return make_printable(name).translate(str.maketrans({"[": "(", "]": ")", "\\": "/", "`": "'"}))


def iter_facts(record: Record) -> Iterator[tuple[str, str]]:
    """Yield what is known of an interaction: pairs of a label and a text."""
    yield "Date", f"{record.created_at:%Y-%m-%d %H:%M} UTC"
    yield "Made by", rendering.get_maker(record)
    if record.plan:
        yield "Kind", "research plan"
    if record.status != COMPLETED:
        yield "Status", make_printable(record.status)
    yield "Interaction", rendering.get_handle(record)
    yield "Tokens", rendering.format_tokens(record.usage).removesuffix(" tokens")
    yield "Cost", rendering.describe_cost(record.cost, ended=record.finished_at is not None)


def render_markdown_export(export: Export) -> str:
    """Return the document as a Markdown file."""
    sources = [citations.render_source(each) for each in export.sources]
    return join_paragraphs(
        f"# {export.title}",
        "\n".join(f"- {label}: {text}" for label, text in export.facts if text),
        "\n".join(f"> Note: {each}" for each in export.notes),
        f"## Prompt\n\n{quote_whole(export.prompt)}" if export.prompt else "",
        f"## Plan\n\n{export.plan}" if export.plan else "",
        "---",
        export.answer,
        "\n".join(["## Sources\n", *sources]) if sources else "",
        f"## Code that was run\n\n{export.code}" if export.code else "",
    )


def quote_whole(text: str) -> str:
    """Return Markdown as a quotation, at whose end all that the text has begun ends, too: code, HTML, lists."""
    return "\n".join(f"> {line}".rstrip(" ") for line in LINE_ENDING.split(text))


def build_blocks(export: Export, pictures: Iterable[str], form: str) -> list[Node]:
    """Return the document as blocks, without its title; `PARTS_LEFT_OUT` is among them if its answer was cut."""
    numbers, names = {each.number for each in export.sources}, set(pictures)
    facts = [[label, [trees.make_run(text)]] for label, text in export.facts if text]
    blocks: list[Node] = [{"t": "facts", "rows": facts}]
    blocks += [
        trees.make_text_block("p", [trees.make_run(f"Note: {each}", "i")]) for each in (*export.notes, *export.cuts)
    ]
    if export.prompt:
        blocks += [trees.make_heading("Prompt"), {"t": "quote", "c": trees.parse_plain_text(export.prompt)}]
    if export.plan:
        blocks += [trees.make_heading("Plan"), *trees.parse_markdown(export.plan, (), names)]
    answer = trees.parse_markdown(export.answer, numbers, names)
    kept = trees.cut_blocks(answer, MAX_PRINTED_PARTS[form])
    cut = kept != answer
    blocks += [{"t": "hr"}, *kept, *([PARTS_BLOCK] if cut else [])]
    if export.sources:
        listed = [{"n": each.number, "c": build_source_runs(each)} for each in export.sources]
        blocks += [trees.make_heading("Sources"), {"t": "sources", "c": listed}]
    if export.code:
        blocks += [trees.make_heading("Code that was run"), *trees.parse_markdown(export.code)]
    return blocks


def build_source_runs(source: NumberedSource) -> list[Node]:
    """Return a source as runs: its title, the page, and its address in full."""
    linked = citations.is_linkable(source.name)
    title = make_printable(source.title or ("" if linked else source.name))
    page = "" if source.page is None else f"page {source.page}"
    told = ", ".join(filter(None, (title, page)))
    address = [trees.make_run(source.name, "", source.name)] if linked else []
    return [*([trees.make_run(told)] if told else []), *([{"br": 1}] if told and linked else []), *address]
