"""The `doctor` command: checks settings, key, network, folders and journal. Never prints the key."""

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
from gemini_interactions_mcp.core import GeminiMCPError, Redactor, quote_name
from gemini_interactions_mcp.files import Boundary
from gemini_interactions_mcp.journal import Journal
from gemini_interactions_mcp.settings import (
    SETTING_VARIABLES,
    Settings,
    describe_missing_folder,
    find_unknown_variables,
    has_unknown_user,
)

DEFAULT_BASE_URL = "https://generativelanguage.googleapis.com"
"""Base URL of the API unless the settings name another."""


class Finding(NamedTuple):
    """One line of the report; `ok` is None for plain information."""

    ok: bool | None
    topic: str
    text: str


def run_doctor() -> int:
    """Print the findings, and return the exit status: 0 unless a check failed."""
    print(f"gemini-interactions-mcp {__version__}")
    print(f"Python {platform.python_version()}, mcp {version('mcp')}, google-genai {version('google-genai')}\n")
    settings = Settings.from_environ()
    findings = [*list_settings(settings), *find_misspelled(find_unknown_variables()), *anyio.run(run_checks, settings)]
    redact = Redactor(settings.secrets)
    for finding in findings:
        print(redact(format_finding(finding)))
    return 1 if any(finding.ok is False for finding in findings) else 0


def format_finding(finding: Finding) -> str:
    """Return a finding as a line: `ok      journal      is writable; no interactions yet`."""
    mark = {True: "ok", False: "FAIL", None: ""}[finding.ok]
    return f"{mark:<7} {finding.topic:<12} {finding.text}"


def list_settings(settings: Settings) -> Iterator[Finding]:
    """Yield the findings that need neither network nor writing."""
    yield from (Finding(ok=False, topic="settings", text=text) for text in settings.findings)
    yield Finding(None, "model", settings.model)
    yield Finding(None, "image model", settings.image_model)
    yield Finding(None, "agent", settings.research_agent)
    yield Finding(None, "wait", f"{settings.wait_seconds:g} s until a call returns the id instead of the answer")
    yield Finding(None, "research", describe_spending(settings))
    if settings.servers:
        yield Finding(None, "MCP servers", ", ".join(f"mcp:{each.name}" for each in settings.servers))
    if settings.allow_secrets:
        yield Finding(None, "secrets", "files that look like secrets may be sent (GEMINI_MCP_ALLOW_SECRETS)")
    for path in settings.allowed_dirs:
        lacking = describe_missing_folder(path)
        # The output folder is created when needed.
        fine = lacking is None or (path == settings.output_dir and not has_unknown_user(path))
        yield Finding(fine, "directory", f"{path}" if fine else f"{path}: {lacking}")


def find_misspelled(names: Iterable[str]) -> Iterator[Finding]:
    """Yield a failure for each variable that resembles a setting; others may belong to another program."""
    meant = {strip_prefix(name): name for name in reversed(SETTING_VARIABLES)}
    for name in names:
        near = difflib.get_close_matches(strip_prefix(name.upper()), meant, 1)
        hint = f"; did you mean {meant[near[0]]}?" if near else ""
        yield Finding(False if near else None, "variable", f"{quote_name(name)} is not a setting{hint}")


def strip_prefix(name: str) -> str:
    """Return the name of a variable without a prefix that many of them share."""
    return re.sub(r"^(GEMINI_MCP_|GOOGLE_GEMINI_|GEMINI_|GOOGLE_)", "", name)


def describe_spending(settings: Settings) -> str:
    """Return the limits on starting a run of research."""
    limit = f"at most {settings.runs_per_day} runs a day" if settings.runs_per_day else "no daily limit"
    return f"{limit}, {'asks before it starts' if settings.confirm else 'starts without asking'}"


async def run_checks(settings: Settings) -> list[Finding]:
    """Check the key and the API, the output folder and the journal."""
    return [
        await run_check("API", lambda: check_api_access(settings)),
        await run_check("output", lambda: check_output_folder(settings)),
        await run_check("journal", lambda: check_journal_access(settings)),
    ]


async def run_check(topic: str, check: Callable[[], Awaitable[str]]) -> Finding:
    """Run a check, and return its outcome."""
    try:
        return Finding(ok=True, topic=topic, text=await check())
    except GeminiMCPError as exc:
        return Finding(ok=False, topic=topic, text=str(exc))


async def check_api_access(settings: Settings) -> str:
    """Request the default model's description, which is free.

    Raises:
        GeminiMCPError: The key, the network or the model fails.
    """
    gemini = Gemini(settings)
    try:
        model = await gemini.check()
    finally:
        await gemini.close()
    return f"found {model} at {settings.base_url or DEFAULT_BASE_URL} with the key in {settings.key_variable}"


async def check_output_folder(settings: Settings) -> str:
    """Check that files can be saved, without creating any.

    Raises:
        GeminiMCPError: The output folder is not writable.
    """
    await anyio.to_thread.run_sync(Boundary.of(settings).check_output)
    return f"{settings.output_dir} is writable"


async def check_journal_access(settings: Settings) -> str:
    """Open the journal, and write to it: a pruning that removes nothing.

    Raises:
        GeminiMCPError: The journal cannot be opened or written.
    """
    journal = Journal(settings.database_url)
    try:
        await journal.prune(datetime.min.replace(tzinfo=UTC))
        rows, _ = await journal.page(limit=1)
    finally:
        await journal.close()
    latest = f"latest interaction {rows[0].created_at:%Y-%m-%d %H:%M} UTC" if rows else "no interactions yet"
    return f"is writable; {latest}"
