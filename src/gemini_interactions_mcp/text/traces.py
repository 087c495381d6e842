"""Executed code and failed tool calls of an interaction, as Markdown. Pure."""

import re
from collections.abc import Iterable
from typing import Final

from gemini_interactions_mcp.models import Execution

from .framing import strip_hidden_blocks

FENCE_LANGUAGE: Final = re.compile(r"[A-Za-z0-9+#-]{1,20}")
"""Languages that may follow the fence of a code block (spec.commonmark.org, 4.5)."""


def render_executions(code: Iterable[Execution] | None) -> str:
    """Return executed code and its output, each in a fence."""
    return "\n\n".join(part for each in code or () for part in render_execution(each))


def render_execution(execution: Execution) -> list[str]:
    """Return the code and the output of one execution, without empty ones."""
    language = execution.language if FENCE_LANGUAGE.fullmatch(execution.language) else ""
    head = "Output, which is an error:" if execution.failed else "Output:"
    code = [fence_code(execution.code, language)] if execution.code else []
    return [*code, *([f"{head}\n\n{fence_code(execution.output)}"] if execution.output else [])]


def fence_code(text: str, language: str = "") -> str:
    """Return a text as a code block that it cannot end (spec.commonmark.org, 4.5), without hidden characters."""
    # Hidden characters are removed first: between two marks, one would conceal a longer run.
    text = strip_hidden_blocks(text).rstrip()
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{text}\n{marks}"


def render_failure_notes(failures: Iterable[str] | None) -> str:
    """Return a line for each failed tool call."""
    return "\n".join(f"Note: {failure}" for failure in failures or ())


def render_traces(code: Iterable[Execution] | None, failures: Iterable[str] | None) -> list[str]:
    """Return failed calls and executed code as parts of a document, to follow the answer."""
    ran = render_executions(code)
    return [render_failure_notes(failures), f"## Code that was run\n\n{ran}" if ran else ""]
