"""The report of `doctor --live`: the facts of the API beside those of the emulator, as Markdown without secrets."""

import platform
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final, NamedTuple

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.core import SECRET_REPLACEMENT, Json, Redactor, clip_line
from gemini_interactions_mcp.settings import Settings

from .facts import UNCOMPARED_FACT, Facts
from .probes import Probe

MAX_FACT_CHARACTERS: Final = 300
"""Maximum characters of a fact."""

ABSENT_FACT: Final = "-"

PRIVATE_PATTERNS: Final = (
    (re.compile(r"AIza[\w-]{20,}|AQ\.[\w-]{20,}"), SECRET_REPLACEMENT),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "[id]"),
    (re.compile(r"\b(?=\w*\d)\w{20,}"), "[id]"),
    (re.compile(r"projects/[\w.:-]+"), "projects/[name]"),
    (re.compile(r"\b\d{9,}\b"), "[number]"),
    (re.compile(r"[\w.+-]+@[\w.-]+"), "[address]"),
    (re.compile(r"(https?://[^\s?]+)\?\S+"), r"\1?[query]"),
)
"""Patterns of what an API response may reveal about the user's account, with their replacements."""


@dataclass(frozen=True)
class ProbeOutcome:
    """The facts that a probe has found about one API."""

    probe: Probe
    facts: Facts

    def scrub(self, redact: Redactor, ids: Collection[str]) -> "ProbeOutcome":
        """Return a copy without secrets and ids."""
        return replace(self, facts={what: scrub_text(text, redact, ids) for what, text in self.facts.items()})


@dataclass(frozen=True)
class ApiObservation:
    """The findings of all probes about one API.

    Attributes:
        throttled: Place of the retry delay in each refusal by quota.
        deleted: Number of created objects that were deleted, and of all created ones.
        asks: Bodies of the requests for an interaction, where they were recorded.
        requests: Number of recorded requests.
    """

    outcomes: Sequence[ProbeOutcome]
    throttled: Sequence[str]
    deleted: tuple[int, int]
    asks: Sequence[Json] = ()
    requests: int = 0


class FactComparison(NamedTuple):
    """One fact of both APIs; `differs` is None if it is not compared."""

    what: str
    real: str
    emulator: str
    differs: bool | None

    def render(self) -> str:
        """Return a row of a Markdown table."""
        mark = "≠" if self.differs else ""
        return f"| {self.what} | {render_as_code(self.real)} | {render_as_code(self.emulator)} | {mark} |"


def write_report(real: ApiObservation, emulator: ApiObservation, settings: Settings) -> str:
    """Return the comparison of the API with the emulator, as Markdown without secrets and ids."""
    rows = [
        list(compare_facts(mine.facts, other.facts))
        for mine, other in zip(real.outcomes, emulator.outcomes, strict=True)
    ]
    count = [row.differs for table in rows for row in table if row.differs is not None]
    parts = [write_heading(settings), write_totals(real, sum(count), len(count))]
    for outcome, table in zip(real.outcomes, rows, strict=True):
        parts.append(f"## {outcome.probe.title}\n\nSends {outcome.probe.sends}.\n\n{render_comparisons(table)}")
    return "\n\n".join(parts)


def write_heading(settings: Settings) -> str:
    """Return the title with versions, date, API and models."""
    where = "the address in GOOGLE_GEMINI_BASE_URL" if settings.base_url else "Google's address"
    models = scrub_text(f"{settings.model}, {settings.image_model}", Redactor(settings.secrets))
    return (
        "# The Interactions API compared with its emulator\n\n"
        f"gemini-interactions-mcp {__version__}, google-genai {version('google-genai')}, mcp {version('mcp')}, "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, {where}, {models}"
    )


def write_totals(real: ApiObservation, differing: int, of: int) -> str:
    """Return the number of differences, of deleted objects and of refusals by quota."""
    deleted, created = real.deleted
    lines = [
        f"**{differing} of {of} facts differ** (marked ≠).",
        f"Deleted at the end: {deleted} of {created} created objects.",
    ]
    if real.throttled:
        places = ", ".join(dict.fromkeys(real.throttled))
        lines.append(f"Refused by quota: {len(real.throttled)}; place of the retry delay: {places}.")
    return "\n".join(lines)


def compare_facts(real: Facts, emulator: Facts) -> Iterator[FactComparison]:
    """Yield the facts of both APIs, those of the real one first."""
    for what in dict.fromkeys((*real, *emulator)):
        pair = real.get(what, ABSENT_FACT), emulator.get(what, ABSENT_FACT)
        yield FactComparison(what, *pair, None if what == UNCOMPARED_FACT else pair[0] != pair[1])


def render_comparisons(table: Iterable[FactComparison]) -> str:
    """Return a Markdown table."""
    return "\n".join(["| | API | emulator | |", "|---|---|---|---|", *(row.render() for row in table)])


def render_as_code(text: str) -> str:
    """Return a foreign text as Markdown code, so that no markup in it takes effect."""
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`"


def scrub_text(text: str, redact: Redactor, ids: Collection[str] = ()) -> str:
    """Return a text on one line, without secrets, ids and names of projects, known or recognizable."""
    text = redact(text)
    for each in sorted(ids, key=len, reverse=True):
        text = text.replace(each, "[id]")
    for pattern, instead in PRIVATE_PATTERNS:
        text = pattern.sub(instead, text)
    return clip_line(text, MAX_FACT_CHARACTERS)  # truncated last, because half a secret is not recognized
