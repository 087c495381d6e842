"""`doctor --live`: what the real API does where that is doubtful, beside what the emulator does.

The probes run against the emulator first, which tells how it behaves and also what they send, and so what they may
cost. They run against the API only once the user has agreed. The report goes to stdout, as Markdown for a bug report.
"""

import json
import platform
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final, NamedTuple

import anyio
from pydantic import SecretStr

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.api import Api, connect, usable_key
from gemini_interactions_mcp.core import REPLACEMENT, GeminiMCPError, Json, Redactor, as_json, items, one_line
from gemini_interactions_mcp.emulator import Doubts, Emulator, serve
from gemini_interactions_mcp.settings import Settings

from .facts import SECONDS, Facts
from .probes import PROBES, Names, Probe

LOOKS: Final = (0.0, 2.0, 5.0, 10.0)
"""Seconds before each look at what may take time to appear."""

PROBE_SECONDS: Final = 180.0
AGENT_SECONDS: Final = 900.0

PRICES: Final = {
    "gemini-3.8-flash": (0.75, 3.75),
    "gemini-3.5-flash-lite": (0.30, 2.50),
    "gemini-3.1-flash-lite": (0.25, 1.50),
    "gemini-4-hydrogen": (1.50, 7.50),
    "gemini-4-argon": (2.00, 10.00),
    "antigravity-preview-09-2026": (0.75, 3.75),
}
"""US dollars per million tokens in and out: https://ai.google.dev/gemini-api/docs/pricing (November 2026). An agent's
are those of the model that it works with."""

DEAREST: Final = (4.00, 20.00)
"""Taken for a model that is not listed."""

IMAGE_PRICES: Final = {"gemini-nano-banana-2.1": 0.034, "gemini-3-pro-image": 0.134}
"""Of an image of 1K, as above; the dearest is taken for others."""

TOOL_PRICE: Final = 0.014
"""Of one search or one look at a map, as above."""

ATTACHMENT_TOKENS: Final = 2_000
"""More than a small picture or a short page counts."""

DENSEST: Final = 3
"""Bytes of text that are a token, at the least."""

LONGEST: Final = 300
"""Characters of a fact."""

ABSENT: Final = "-"

PRIVATE: Final = (
    (re.compile(r"AIza[\w-]{20,}|AQ\.[\w-]{20,}"), REPLACEMENT),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "[id]"),
    (re.compile(r"\b(?=\w*\d)\w{20,}"), "[id]"),
    (re.compile(r"projects/[\w.:-]+"), "projects/[name]"),
    (re.compile(r"\b\d{9,}\b"), "[number]"),
    (re.compile(r"[\w.+-]+@[\w.-]+"), "[address]"),
    (re.compile(r"(https?://[^\s?]+)\?\S+"), r"\1?[query]"),
)
"""What an answer may tell of the user's account, and what stands there instead."""


@dataclass(frozen=True)
class Outcome:
    """What a probe has found out about one API."""

    probe: Probe
    facts: Facts

    def without(self, redact: Redactor, ids: Collection[str]) -> "Outcome":
        """The same without secrets and ids."""
        return replace(self, facts={what: scrubbed(said, redact, ids) for what, said in self.facts.items()})


@dataclass(frozen=True)
class Observed:
    """What all probes have found out about one API.

    Attributes:
        throttled: Where each refusal by quota told when to try again.
        deleted: How much of what was made is gone, and of how much.
        asks: The bodies of the requests for an interaction, where they were seen.
        requests: How many requests were seen at all.
    """

    outcomes: Sequence[Outcome]
    throttled: Sequence[str]
    deleted: tuple[int, int]
    asks: Sequence[Json] = ()
    requests: int = 0


Say = Callable[[str], object]
"""Tells the user how far it has come."""


def silent(_: str) -> None:
    """Tell nothing."""


def live(extras: Collection[str], *, agreed: bool) -> int:
    """Ask, try everything and print the report; 0 if it was tried, 1 if not, 2 if nobody could be asked."""
    try:
        return carry_out(Settings.from_environ().checked(), extras, agreed=agreed)
    except GeminiMCPError as exc:
        sys.stderr.write(f"gemini-interactions-mcp: {exc}\n")
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. What had been made was deleted again, as far as it could be.\n")
    return 1


def carry_out(settings: Settings, extras: Collection[str], *, agreed: bool) -> int:
    """Try the probes that need nothing, and those of the extras."""
    usable_key(settings)
    sys.stderr.write("Trying everything on the emulator first.\n")
    chosen = [probe for probe in PROBES if not probe.extra or probe.extra in extras]
    emulator = anyio.run(rehearse, settings, chosen)
    sys.stderr.write(announcement(emulator, settings))
    if not agreed and not sys.stdin.isatty():
        sys.stderr.write("Nothing was sent: nobody can be asked here. With --yes it is sent without asking.\n")
        return 2
    if not agreed and not agrees():
        sys.stderr.write("Nothing was sent.\n")
        return 1
    real = anyio.run(observe, settings, chosen, LOOKS, sys.stderr.write)
    print(write_report(real, emulator, settings))
    return 0


def agrees() -> bool:
    """Ask the user; silence is a no."""
    sys.stderr.write("Send them? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


# Trying ----------------------------------------------------------------------------------------------------


async def rehearse(settings: Settings, probes: Sequence[Probe], doubts: Doubts | None = None) -> Observed:
    """Run the probes against the emulator."""
    emulator = Emulator(step_seconds=0.005, doubts=doubts or Doubts())
    async with serve(emulator) as url:
        local = settings.model_copy(update={"base_url": url, "api_key": SecretStr("local")})
        found = await observe(local, probes, (0.0,) * len(LOOKS))
    bodies = [request.body for request in emulator.requests if request.path.endswith("/interactions")]
    return replace(found, asks=[as_json(body) for body in bodies], requests=len(emulator.requests))


async def observe(
    settings: Settings, probes: Sequence[Probe], pauses: tuple[float, ...], say: Say = silent
) -> Observed:
    """Run the probes against an API, one after the other, and delete what they have made."""
    names = Names(settings.model, settings.image_model)
    async with connect(settings, pauses) as api:
        outcomes: list[Outcome] = []
        for number, probe in enumerate(probes, start=1):
            say(f"{number} of {len(probes)}: {probe.title}\n")
            outcomes.append(Outcome(probe, await attempt(probe, api, names)))
    redact = Redactor(settings.secrets)
    return Observed([each.without(redact, api.ids) for each in outcomes], api.throttled, api.deleted)


async def attempt(probe: Probe, api: Api, names: Names) -> Facts:
    """The facts of a probe; whatever happens to it, the next one is tried."""
    seconds = AGENT_SECONDS if probe.extra == "agents" else PROBE_SECONDS
    try:
        with anyio.fail_after(seconds):
            return await probe.run(api, names)
    except TimeoutError:
        return {"answer": f"not within {seconds:.0f} seconds"}
    except Exception as exc:  # noqa: BLE001 - what one answer does to our reading must not hide the others
        return {"answer": f"not understood ({type(exc).__name__})"}


# What it may cost ------------------------------------------------------------------------------------------


def announcement(found: Observed, settings: Settings) -> str:
    """What will be sent, what it may cost, and what becomes of it."""
    where = "the address in GOOGLE_GEMINI_BASE_URL" if settings.base_url else "Google"
    return (
        f"This sends about {found.requests} small requests to {where}, with the key of {settings.key_variable}. "
        f"{len(found.asks)} of them start an interaction; together they cost at most about ${dollars(found.asks):.2f}. "
        "They contain nothing of yours, start no Deep Research, and what they make is deleted at the end.\n"
    )


def dollars(asks: Sequence[Json]) -> float:
    """The most that requests may cost."""
    return sum(price(body) for body in asks)


def price(body: Json) -> float:
    """The most that a request may cost: all the tokens that it allows, and each of its tools used once."""
    name = str(body.get("model") or body.get("agent"))
    per_in, per_out = PRICES.get(name, DEAREST)
    searches = sum(tool.get("type") in ("google_search", "google_maps") for tool in items(body.get("tools")))
    draws = any(kind.get("type") == "image" for kind in items(body.get("response_format")))
    drawn = IMAGE_PRICES.get(name, max(IMAGE_PRICES.values())) if draws else 0.0
    return (most_read(body) * per_in + most_written(body) * per_out) / 1e6 + searches * TOOL_PRICE + drawn


def most_read(body: Json) -> float:
    """The most tokens that a request is read as."""
    text = json.dumps(body)
    attached = '"uri"' in text or "url_context" in text
    return len(text) / DENSEST + ATTACHMENT_TOKENS * attached


def most_written(body: Json) -> int:
    """The most tokens that a request allows to be generated."""
    model, agent = as_json(body.get("generation_config")), as_json(body.get("agent_config"))
    return int(model.get("max_output_tokens") or 0) + int(agent.get("max_total_tokens") or 0)


# The report ------------------------------------------------------------------------------------------------


def write_report(real: Observed, emulator: Observed, settings: Settings) -> str:
    """What the API did beside what the emulator does, as Markdown without secrets and ids."""
    rows = [
        list(side_by_side(mine.facts, other.facts))
        for mine, other in zip(real.outcomes, emulator.outcomes, strict=True)
    ]
    count = [row.differs for table in rows for row in table if row.differs is not None]
    parts = [heading(settings), tell_differences(real, sum(count), len(count))]
    for outcome, table in zip(real.outcomes, rows, strict=True):
        parts.append(f"## {outcome.probe.title}\n\nSends {outcome.probe.sends}.\n\n{as_table(table)}")
    return "\n\n".join(parts)


def heading(settings: Settings) -> str:
    """What was tried, and with what."""
    where = "the address in GOOGLE_GEMINI_BASE_URL" if settings.base_url else "Google's address"
    asked = scrubbed(f"{settings.model}, {settings.image_model}", Redactor(settings.secrets))
    return (
        "# The Interactions API and its emulator\n\n"
        f"gemini-interactions-mcp {__version__}, google-genai {version('google-genai')}, mcp {version('mcp')}, "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, {where}, {asked}"
    )


def tell_differences(real: Observed, differing: int, of: int) -> str:
    """How much differs, and what else happened."""
    gone, made = real.deleted
    lines = [f"**{differing} of {of} facts differ**; they are marked with ≠.", f"Deleted again: {gone} of {made}."]
    if real.throttled:
        places = ", ".join(dict.fromkeys(real.throttled))
        lines.append(f"Refused by quota: {len(real.throttled)}; when to try again is told in: {places}.")
    return "\n".join(lines)


class Comparison(NamedTuple):
    """One fact of both; `differs` is None where it is not compared."""

    what: str
    real: str
    emulator: str
    differs: bool | None

    def as_line(self) -> str:
        """A row of a table."""
        mark = "≠" if self.differs else ""
        return f"| {self.what} | {as_code(self.real)} | {as_code(self.emulator)} | {mark} |"


def side_by_side(real: Facts, emulator: Facts) -> Iterator[Comparison]:
    """The facts of both, those of the API first."""
    for what in dict.fromkeys((*real, *emulator)):
        pair = real.get(what, ABSENT), emulator.get(what, ABSENT)
        yield Comparison(what, *pair, None if what == SECONDS else pair[0] != pair[1])


def as_table(table: Iterable[Comparison]) -> str:
    """A table in Markdown."""
    return "\n".join(["| | API | emulator | |", "|---|---|---|---|", *(row.as_line() for row in table)])


def as_code(text: str) -> str:
    """A text that others wrote, as code, so that nothing in it is Markdown."""
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`"


def scrubbed(text: str, redact: Redactor, ids: Collection[str] = ()) -> str:
    """A text in one line, without secrets, ids and names of projects, known or not."""
    text = redact(text)
    for each in sorted(ids, key=len, reverse=True):
        text = text.replace(each, "[id]")
    for pattern, instead in PRIVATE:
        text = pattern.sub(instead, text)
    return one_line(text, LONGEST)  # cut at last, since half a secret is not found
