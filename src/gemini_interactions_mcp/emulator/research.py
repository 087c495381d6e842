"""Answers of Deep Research: plans, and reports with citations, tables and charts."""

import base64
from collections.abc import Iterable
from itertools import cycle, islice

from .drawing import chart
from .prose import Prose, filler, opening, told
from .protocol import Json, object_of
from .questions import Answer, Question
from .tool_steps import thought, tool_steps

SOURCES = ("Emulated Handbook", "Journal of Naïve Results", "Café Statistics — Yearly Review")
SUMMARIES = (
    "**Planning the research**\n\nThe emulator splits the question into parts.",
    "**Searching**\n\nThe emulator looks up three sources that do not exist.",
    "**Writing the report**\n\nThe emulator orders what it has not found.",
)
TABLE = "| Aspect | Finding | Source |\n|---|---|---|\n| Cost | 42 € | 1 |\n| Time | ½ day | 2 |\n"


def research_answer(question: Question) -> Answer:
    """Return a plan if the request asks for collaborative planning, else the report."""
    if object_of(question.body.get("agent_config")).get("collaborative_planning"):
        return Answer([thought(question, SUMMARIES[0]), {"type": "model_output", "content": [plan(question)]}])
    steps = [
        thought(question, SUMMARIES[0]),
        *tool_steps(question.tools, question.turn.prompt),
        thought(question, *SUMMARIES[1:]),
        {"type": "model_output", "content": report(question)},
    ]
    return Answer(steps)


def plan(question: Question) -> Json:
    """Return a research plan, a refined one if it follows another plan."""
    version = "Refined research plan" if question.planned else "Research plan"
    prose = Prose(f"{opening(question)}\n\n## {version}\n\nTopic: {question.turn.prompt}\n\n")
    for number, part in enumerate(("Find the sources", "Compare them", "Write the report"), start=1):
        prose.write(f"{number}. {part}\n")
    _write_told(prose, question)
    return prose.render()


def report(question: Question) -> list[Json]:
    """Return the text blocks of a report, with charts between them unless `visualization` is off.

    A report has a chart by default, and cites URLs without titles, which are listed in bold at its end:
    https://ai.google.dev/gemini-api/docs/deep-research
    """
    blocks = [_findings(question).render(), _comparison(question).render()]
    if object_of(question.body.get("agent_config")).get("visualization", "auto") == "auto":
        drawn = chart("Emulated findings by source", {"1": 42.0, "2": 17.5, "3": 30.0})
        image = {"type": "image", "data": base64.b64encode(drawn).decode(), "mime_type": "image/png"}
        blocks[1:1] = [image] * int(question.turn.read_number("charts") or 1)
    return blocks


def _findings(question: Question) -> Prose:
    prose = Prose(f"# Research report: {question.turn.prompt}\n\n{opening(question)}\n\n## Summary\n\n")
    if question.planned:
        prose.write(f"The approved plan was for: “{question.earlier_prompts[-1]}”\n\n")
    _write_told(prose, question)
    prose.write("Nothing was researched — these are sentences of the emulator.\n\n## Findings\n\n")
    for number, title in enumerate(_cited(question), start=1):
        source = {"type": "url_citation", "url": _redirect(question, number)}
        prose.cite(f"{title} reports “{number} of 3” for the naïve case.", source)
        prose.write("\n\n")
    words = question.turn.read_number("words")
    prose.write(f"## Details\n\n{filler(int(words))}\n\n" if words else "")
    return prose


def _comparison(question: Question) -> Prose:
    prose = Prose(f"## Comparison\n\n{TABLE}\n")
    source = {"type": "url_citation", "url": _redirect(question, 1)}
    prose.cite("The table above is as emulated as the rest — 100 %.", source)
    prose.write(f"\n\n## Limits\n\n- No search was made.\n- {question.name} did not run.\n\n**Sources:**\n")
    for number, title in enumerate(_cited(question), start=1):
        prose.write(f"{number}. [{title}]({_redirect(question, number)})\n")
    return prose


def _cited(question: Question) -> Iterable[str]:
    return islice(cycle(SOURCES), int(question.turn.read_number("sources") or len(SOURCES)))


def _write_told(prose: Prose, question: Question) -> None:
    for line in told(question):
        prose.write(f"{line}\n\n")


def _redirect(question: Question, number: int) -> str:
    return f"{question.base_url}grounding-api-redirect/{number}"
