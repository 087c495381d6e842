"""Answers of Deep Research: plans, and reports with citations, tables and charts."""

import base64
from collections.abc import Iterable
from itertools import cycle, islice

from .drawing import draw_chart
from .prose import Prose, describe_request, write_filler, write_opening
from .protocol import JsonDict, ensure_object
from .questions import Answer, Question
from .tool_steps import make_thought, make_tool_steps

EMULATED_SOURCE_TITLES = ("Emulated Handbook", "Journal of Naïve Results", "Café Statistics — Yearly Review")
RESEARCH_THOUGHTS = (
    "**Planning the research**\n\nThe emulator splits the question into parts.",
    "**Searching**\n\nThe emulator looks up three sources that do not exist.",
    "**Writing the report**\n\nThe emulator orders what it has not found.",
)
COMPARISON_TABLE = "| Aspect | Finding | Source |\n|---|---|---|\n| Cost | 42 € | 1 |\n| Time | ½ day | 2 |\n"


def answer_with_research(question: Question) -> Answer:
    """Return a plan if the request asks for collaborative planning, else the report."""
    if ensure_object(question.body.get("agent_config")).get("collaborative_planning"):
        return Answer(
            [make_thought(question, RESEARCH_THOUGHTS[0]), {"type": "model_output", "content": [write_plan(question)]}]
        )
    steps = [
        make_thought(question, RESEARCH_THOUGHTS[0]),
        *make_tool_steps(question.tools, question.turn.prompt),
        make_thought(question, *RESEARCH_THOUGHTS[1:]),
        {"type": "model_output", "content": write_research_report(question)},
    ]
    return Answer(steps)


def write_plan(question: Question) -> JsonDict:
    """Return a research plan, a refined one if it follows another plan."""
    version = "Refined research plan" if question.planned else "Research plan"
    prose = Prose(f"{write_opening(question)}\n\n## {version}\n\nTopic: {question.turn.prompt}\n\n")
    for number, part in enumerate(("Find the sources", "Compare them", "Write the report"), start=1):
        prose.write(f"{number}. {part}\n")
    _write_request_lines(prose, question)
    return prose.render()


def write_research_report(question: Question) -> list[JsonDict]:
    """Return the text blocks of a report, with charts between them unless `visualization` is off.

    A report has a chart by default, and cites URLs without titles, which are listed in bold at its end:
    https://ai.google.dev/gemini-api/docs/deep-research
    """
    blocks = [_write_findings(question).render(), _write_comparison(question).render()]
    if ensure_object(question.body.get("agent_config")).get("visualization", "auto") == "auto":
        drawn = draw_chart("Emulated findings by source", {"1": 42.0, "2": 17.5, "3": 30.0})
        image = {"type": "image", "data": base64.b64encode(drawn).decode(), "mime_type": "image/png"}
        blocks[1:1] = [image] * int(question.turn.read_number("charts") or 1)
    return blocks


def _write_findings(question: Question) -> Prose:
    prose = Prose(f"# Research report: {question.turn.prompt}\n\n{write_opening(question)}\n\n## Summary\n\n")
    if question.planned:
        prose.write(f"The approved plan was for: “{question.earlier_prompts[-1]}”\n\n")
    _write_request_lines(prose, question)
    prose.write("Nothing was researched — these are sentences of the emulator.\n\n## Findings\n\n")
    for number, title in enumerate(_select_titles(question), start=1):
        source = {"type": "url_citation", "url": _make_redirect_url(question, number)}
        prose.cite(f"{title} reports “{number} of 3” for the naïve case.", source)
        prose.write("\n\n")
    words = question.turn.read_number("words")
    prose.write(f"## Details\n\n{write_filler(int(words))}\n\n" if words else "")
    return prose


def _write_comparison(question: Question) -> Prose:
    prose = Prose(f"## Comparison\n\n{COMPARISON_TABLE}\n")
    source = {"type": "url_citation", "url": _make_redirect_url(question, 1)}
    prose.cite("The table above is as emulated as the rest — 100 %.", source)
    prose.write(f"\n\n## Limits\n\n- No search was made.\n- {question.name} did not run.\n\n**Sources:**\n")
    for number, title in enumerate(_select_titles(question), start=1):
        prose.write(f"{number}. [{title}]({_make_redirect_url(question, number)})\n")
    return prose


def _select_titles(question: Question) -> Iterable[str]:
    return islice(
        cycle(EMULATED_SOURCE_TITLES), int(question.turn.read_number("sources") or len(EMULATED_SOURCE_TITLES))
    )


def _write_request_lines(prose: Prose, question: Question) -> None:
    for line in describe_request(question):
        prose.write(f"{line}\n\n")


def _make_redirect_url(question: Question, number: int) -> str:
    return f"{question.base_url}grounding-api-redirect/{number}"
