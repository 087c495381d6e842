"""What `doctor` finds, and how it is written."""

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from gemini_interactions_mcp.core import GeminiMCPError


class Finding(NamedTuple):
    """One line of the report.

    Attributes:
        ok: Whether a check passed; None for plain information, `warn` for what will fail.
        topic: What it is about.
        text: What was found.
    """

    ok: bool | Literal["warn"] | None
    topic: str
    text: str


def format_finding(finding: Finding) -> str:
    """Return a finding as a line: `ok      output       ~/gemini is writable`."""
    mark = {True: "ok", False: "FAIL", None: "", "warn": "WARN"}[finding.ok]
    return f"{mark:<7} {finding.topic:<12} {finding.text}"


async def run_check(topic: str, check: Callable[[], Awaitable[str]]) -> Finding:
    """Run a check, and return its outcome."""
    try:
        return Finding(ok=True, topic=topic, text=await check())
    except GeminiMCPError as exc:
        return Finding(ok=False, topic=topic, text=str(exc))
