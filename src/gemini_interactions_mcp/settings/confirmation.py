"""From which cost on the user is asked before a request is paid for."""

import re
from dataclasses import dataclass
from typing import Final

from gemini_interactions_mcp.core import ConfigurationError
from gemini_interactions_mcp.models import amounts

from .amounts import parse_amount
from .environment import SettingsEnvironment

CONFIRM_VARIABLE: Final = "GEMINI_MCP_CONFIRM"

ALWAYS_WORDS: Final = frozenset({"always", "true", "t", "yes", "y", "on", "1"})
NEVER_WORDS: Final = frozenset({"never", "false", "f", "no", "n", "off", "0"})
"""The words of booleans are those of pydantic: https://docs.pydantic.dev/latest/api/standard_library_types/#booleans"""


@dataclass(frozen=True)
class Confirmation:
    """Which requests the user is asked about.

    Attributes:
        above: Cost in millionths of a dollar above which the user is asked; 0 asks always, None never.
    """

    above: int | None = None

    def covers(self, micros: int | None) -> bool:
        """Whether the user is asked about a request that costs at most so much; None is an unknown price."""
        if not self.above:
            return self.above is not None
        return micros is None or micros > self.above


def parse_confirmation(_: SettingsEnvironment, text: str | None) -> Confirmation | None:
    """Parse `always`, `never` or `above:0.50`, or a word for true or false; None where it is unset.

    Raises:
        ConfigurationError: It is something else.
    """
    if text is None:
        return None
    word = text.casefold()
    if word in ALWAYS_WORDS:
        return Confirmation(0)
    if word in NEVER_WORDS:
        return Confirmation(None)
    found = re.fullmatch(r"above\s*:(.*)", word)
    dollars = parse_amount(found[1]) if found else None
    if dollars is None:
        raise ConfigurationError(
            f"{CONFIRM_VARIABLE} should be always, never, or an amount of US dollars, such as above:0.50."
        )
    return Confirmation(amounts.count_micros(dollars))
