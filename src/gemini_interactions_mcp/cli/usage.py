"""The `usage` command: prints what all interactions have used and cost, by day, model or kind."""

import re
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import anyio

from gemini_interactions_mcp.core import GeminiMCPError, InputError, Redactor
from gemini_interactions_mcp.journal import Journal, clock
from gemini_interactions_mcp.models import UsageGrouping, UsageReport
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.text import usage_table

DAYS_BACK: Final = re.compile(r"([1-9][0-9]{0,3})d")


def run_usage(by: UsageGrouping, since: str | None) -> int:
    """Print a report, and return the exit status: 0, 1 if the journal cannot be read, 2 if the input is wrong.

    Args:
        by: What a line stands for.
        since: A date, or a number of days such as `7d`; None for all that the journal has.
    """
    settings = Settings.from_environ()
    redact = Redactor(settings.secrets)
    try:
        if settings.findings:
            raise InputError(" ".join(settings.findings))
        report = anyio.run(read_report, settings, by, parse_since(since) if since is not None else None)
    except GeminiMCPError as exc:
        sys.stderr.write(redact(f"gemini-interactions-mcp: {exc}\n"))
        return 2 if isinstance(exc, InputError) else 1
    print(redact(usage_table.render_usage_text(report)), end="")
    return 0


async def read_report(settings: Settings, by: UsageGrouping, since: datetime | None) -> UsageReport:
    """Return what the interactions since then have used and cost.

    Raises:
        JournalError: The journal cannot be read.
    """
    journal = Journal(settings.database_url)
    try:
        (report,) = await journal.usage(by, since=since)
    finally:
        await journal.close()
    return report


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
