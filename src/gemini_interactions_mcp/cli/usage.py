"""The `usage` command: prints what all interactions have used and cost, by day, model or kind."""

import re
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import anyio

from gemini_interactions_mcp import journal
from gemini_interactions_mcp.core import GeminiMCPError, InputError, Redactor, format_count, format_dollars
from gemini_interactions_mcp.journal import Journal, OthersUse, clock
from gemini_interactions_mcp.models import UsageGrouping, UsageReport
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.text import usage_table

from .spelling import warn_of_misspelled

DAYS_BACK: Final = re.compile(r"([1-9][0-9]{0,3})d")


def run_usage(by: UsageGrouping, since: str | None) -> int:
    """Print a report, and return the exit status: 0, 1 if the journal cannot be read, 2 if the input is wrong.

    Args:
        by: What a line stands for.
        since: A date, or a number of days such as `7d`; None for all that the journal has.
    """
    settings = Settings.from_environ()
    redact = Redactor(settings.secrets)
    warn_of_misspelled()
    try:
        if settings.findings:
            raise InputError(" ".join(settings.findings))
        report, others = anyio.run(read_report, settings, by, parse_since(since) if since is not None else None)
    except GeminiMCPError as exc:
        sys.stderr.write(redact(f"gemini-interactions-mcp: {exc}\n"))
        return 2 if isinstance(exc, InputError) else 1
    print(redact(render_owner_report(report, others)), end="")
    return 0


async def read_report(settings: Settings, by: UsageGrouping, since: datetime | None) -> tuple[UsageReport, OthersUse]:
    """Return what the owner's interactions since then have used and cost, and what those of all others have.

    Raises:
        JournalError: The journal cannot be read.
    """
    database = journal.open_database(settings.database_url)
    try:
        (report,) = await Journal(database).usage(by, since=since)
        return report, await journal.read_others_use(database, since or datetime.min.replace(tzinfo=UTC))
    finally:
        await database.close()


def render_owner_report(report: UsageReport, others: OthersUse) -> str:
    """Return the owner's report; where principals have used something too, a sentence says where that is told."""
    text = usage_table.render_usage_text(report)
    if not others.runs:
        return text
    if not report.lines:
        text = text.replace("Nothing has been asked", "Nothing has been asked by the owner", 1)
    return (
        f"{text}Principals have spent or reserved {format_dollars(others.micros)} in "
        f"{format_count(others.runs, 'run')}: `gemini-interactions-mcp admin usage` sums them.\n"
    )


def parse_since(text: str) -> datetime:
    """Return the start of the UTC day of a date, or of the first of the last so many days, of which today is one.

    Raises:
        InputError: It is neither.
    """
    try:
        if days := DAYS_BACK.fullmatch(text):
            return clock.get_day_start() - timedelta(days=int(days[1]) - 1)
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise InputError(
            f"--since takes a date (2026-11-29) or a number of days up to today (7d), not {text!r}."
        ) from None
