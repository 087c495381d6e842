"""The `doctor` command: what is configured, reachable and allowed. It never prints the key."""

import difflib
import platform
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

import anyio
import anyio.to_thread

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.api import Gemini
from gemini_interactions_mcp.core import GeminiMCPError, Redactor, shown
from gemini_interactions_mcp.files import Boundary
from gemini_interactions_mcp.journal import Journal
from gemini_interactions_mcp.settings import ALL_VARIABLES, Settings, lack, of_nobody, unknown_variables

GOOGLE = "https://generativelanguage.googleapis.com"


class Finding(NamedTuple):
    """One line of the report; `ok` is None where there is nothing to be right or wrong."""

    ok: bool | None
    topic: str
    text: str


def doctor() -> int:
    """Print the findings; 0 if nothing is wrong."""
    print(f"gemini-interactions-mcp {__version__}")
    print(f"Python {platform.python_version()}, mcp {version('mcp')}, google-genai {version('google-genai')}\n")
    settings = Settings.from_environ()
    findings = [*configured(settings), *misspelled(unknown_variables()), *anyio.run(examined, settings)]
    redact = Redactor(settings.secrets)
    for finding in findings:
        print(redact(line(finding)))
    return 1 if any(finding.ok is False for finding in findings) else 0


def line(finding: Finding) -> str:
    """`ok      API key      from GEMINI_API_KEY`."""
    mark = {True: "ok", False: "WRONG", None: ""}[finding.ok]
    return f"{mark:<7} {finding.topic:<12} {finding.text}"


def configured(settings: Settings) -> Iterator[Finding]:
    """What can be said without trying anything."""
    yield from (Finding(ok=False, topic="settings", text=text) for text in settings.findings)
    yield Finding(None, "model", settings.model)
    yield Finding(None, "image model", settings.image_model)
    yield Finding(None, "agent", settings.research_agent)
    yield Finding(None, "waits", f"{settings.wait_seconds:g} s before a call hands over an id")
    yield Finding(None, "research", spending(settings))
    if settings.servers:
        yield Finding(None, "MCP servers", ", ".join(f"mcp:{each.name}" for each in settings.servers))
    if settings.allow_secrets:
        yield Finding(None, "secrets", "files that look like secrets may be sent (GEMINI_MCP_ALLOW_SECRETS)")
    for path in settings.allowed_dirs:
        lacking = lack(path)
        fine = lacking is None or (path == settings.output_dir and not of_nobody(path))  # which is made when needed
        yield Finding(fine, "may touch", f"{path}{'' if fine else f', but there is {lacking}'}")


def misspelled(names: Iterable[str]) -> Iterator[Finding]:
    """The variables that look like settings, and which is meant; what is like none may be another program's."""
    meant = {distinctive(name): name for name in reversed(ALL_VARIABLES)}
    for name in names:
        near = difflib.get_close_matches(distinctive(name.upper()), meant, 1)
        instead = f"; {meant[near[0]]} is meant, perhaps" if near else ""
        yield Finding(False if near else None, "variable", f"{shown(name)} is no setting{instead}")


def distinctive(name: str) -> str:
    """A variable's name without what many of them begin with."""
    return re.sub(r"^(GEMINI_MCP_|GOOGLE_GEMINI_|GEMINI_|GOOGLE_)", "", name)


def spending(settings: Settings) -> str:
    """What stands before a run of research."""
    limit = f"at most {settings.runs_per_day} a day" if settings.runs_per_day else "no limit a day"
    return f"{limit}, {'after asking' if settings.confirm else 'without asking'}"


async def examined(settings: Settings) -> list[Finding]:
    """What has to be tried: the key, the API, the directories and the journal."""
    return [
        await tried("API", lambda: reached(settings)),
        await tried("output", lambda: tested(settings)),
        await tried("journal", lambda: counted(settings)),
    ]


async def tried(topic: str, check: Callable[[], Awaitable[str]]) -> Finding:
    """A finding from a check that may fail."""
    try:
        return Finding(ok=True, topic=topic, text=await check())
    except GeminiMCPError as exc:
        return Finding(ok=False, topic=topic, text=str(exc))


async def reached(settings: Settings) -> str:
    """Look the default model up, which is free."""
    gemini = Gemini(settings)
    try:
        model = await gemini.check()
    finally:
        await gemini.close()
    return f"{model} at {settings.base_url or GOOGLE}, with the key of {settings.key_variable}"


async def tested(settings: Settings) -> str:
    """Find out whether files can be saved; nothing is made."""
    await anyio.to_thread.run_sync(Boundary.of(settings).check_output)
    return f"{settings.output_dir} can be written"


async def counted(settings: Settings) -> str:
    """Open the journal, and write to it: nothing is older than time itself."""
    journal = Journal(settings.database_url)
    try:
        await journal.prune(datetime.min.replace(tzinfo=UTC))
        rows, _ = await journal.page(limit=1)
    finally:
        await journal.close()
    latest = f"the latest interaction is of {rows[0].created_at:%Y-%m-%d %H:%M} UTC" if rows else "no interactions yet"
    return f"can be written; {latest}"
