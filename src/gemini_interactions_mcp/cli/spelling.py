"""Names the variables that resemble settings and are none. Imports nothing slow."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from gemini_interactions_mcp.core import logger, quote_name
from gemini_interactions_mcp.settings import SETTING_VARIABLES, find_unknown_variables


class UnknownVariable(NamedTuple):
    """A variable that is named like a setting, and is none.

    Attributes:
        text: What is said of it.
        misspelled: Whether it resembles a setting; others may belong to another program.
    """

    text: str
    misspelled: bool


def describe_unknown_variable(name: str) -> UnknownVariable:
    """Return what is said of a variable."""
    import difflib  # noqa: PLC0415 - only where there is something to compare

    meant = {strip_prefix(setting): setting for setting in reversed(SETTING_VARIABLES)}
    near = difflib.get_close_matches(strip_prefix(name.upper()), meant, 1)
    hint = f"; did you mean {meant[near[0]]}?" if near else ""
    return UnknownVariable(f"{quote_name(name)} is not a setting{hint}", bool(near))


def strip_prefix(name: str) -> str:
    """Return the name of a variable without a prefix that many of them share."""
    return re.sub(r"^(GEMINI_MCP_|GOOGLE_GEMINI_|GEMINI_|GOOGLE_)", "", name)


def list_misspelled() -> Iterator[str]:
    """Yield what is said of each variable of this process that resembles a setting."""
    for name in find_unknown_variables():
        found = describe_unknown_variable(name)
        if found.misspelled:
            yield found.text


def log_warnings(texts: Iterable[str]) -> None:
    """Log what a user should know of the settings."""
    for text in texts:
        logger.warning("%s", text)


def write_to_stderr(text: str) -> None:
    """Write to stderr."""
    sys.stderr.write(text)


def warn_of_misspelled(write: Callable[[str], object] = write_to_stderr) -> None:
    """Write which variables resemble settings."""
    for text in list_misspelled():
        write(f"gemini-interactions-mcp: {text}\n")
