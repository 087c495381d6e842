"""What Gemini did on the way to an answer, as Markdown: the code that it ran, the calls of tools that failed. Pure."""

import re
from collections.abc import Iterable
from typing import Final

from gemini_interactions_mcp.models import Execution

from .framing import cleared

LANGUAGE: Final = re.compile(r"[A-Za-z0-9+#-]{1,20}")
"""What may stand behind the fence of code (spec.commonmark.org, 4.5)."""


def code_run(code: Iterable[Execution] | None) -> str:
    """Code and what it printed, each in a fence of its own."""
    return "\n\n".join(part for each in code or () for part in parts_of(each))


def parts_of(execution: Execution) -> list[str]:
    """The code and its output, as far as there are any."""
    language = execution.language if LANGUAGE.fullmatch(execution.language) else ""
    head = "Output, which is an error:" if execution.failed else "Output:"
    code = [fence(execution.code, language)] if execution.code else []
    return [*code, *([f"{head}\n\n{fence(execution.output)}"] if execution.output else [])]


def fence(text: str, language: str = "") -> str:
    """A text as a block of code that it cannot end (spec.commonmark.org, 4.5), with nothing hidden in it."""
    # Without hidden characters first: between two marks, one would make more of them.
    text = cleared(text).rstrip()
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{text}\n{marks}"


def failure_notes(failures: Iterable[str] | None) -> str:
    """A line for each call of a tool that came to nothing."""
    return "\n".join(f"Note: {failure}" for failure in failures or ())


def way(code: Iterable[Execution] | None, failures: Iterable[str] | None) -> list[str]:
    """All of it, to stand below an answer."""
    ran = code_run(code)
    return [failure_notes(failures), f"## Code that was run\n\n{ran}" if ran else ""]
