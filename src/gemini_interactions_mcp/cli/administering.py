"""What the commands of an administrator share: they open the journal, print tables, and end with a status."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import anyio

from gemini_interactions_mcp import journal
from gemini_interactions_mcp.core import GeminiMCPError, InputError, Redactor, quote_name
from gemini_interactions_mcp.journal import Database
from gemini_interactions_mcp.settings import Settings

from .spelling import warn_of_misspelled

Action = Callable[[Database], Awaitable[str]]


def run_administration(act: Action) -> int:
    """Print what an action returns, and return the exit status: 1 if the journal cannot be used, 2 for wrong input."""
    settings = Settings.from_environ()
    redact = Redactor(settings.secrets)
    warn_of_misspelled()
    try:
        if settings.findings:
            raise InputError(" ".join(settings.findings))
        text = anyio.run(act_on_journal, settings, act)
    except GeminiMCPError as exc:
        sys.stderr.write(redact(f"gemini-interactions-mcp: {exc}\n"))
        return 2 if isinstance(exc, InputError) else 1
    print(redact(text))
    return 0


async def act_on_journal(settings: Settings, act: Action) -> str:
    """Return the outcome of an action.

    Raises:
        GeminiMCPError: It failed.
    """
    database = journal.open_database(settings.database_url)
    try:
        return await act(database)
    finally:
        await database.close()


def render_columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as aligned text."""
    cells = [list(head), *([quote_name(cell) if cell else "-" for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def format_stamp(moment: datetime | None) -> str:
    """Return a moment to the minute; empty for none."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
