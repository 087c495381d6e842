"""The variables of limits, and how amounts of money are parsed. Pure."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from gemini_interactions_mcp.core import ConfigurationError

from .environment import SettingsEnvironment

DAY_VARIABLE: Final = "GEMINI_MCP_DOLLARS_PER_DAY"
MONTH_VARIABLE: Final = "GEMINI_MCP_DOLLARS_PER_MONTH"
RUNS_VARIABLE: Final = "GEMINI_MCP_RUNS_PER_DAY"


def make_dollar_parser(variable: str) -> Callable[[SettingsEnvironment, str | None], Decimal | None]:
    """Return the parser of a limit such as `5`, `$2.50` or `1,000 USD`, for its variable."""

    def parse_dollars(_: SettingsEnvironment, text: str | None) -> Decimal | None:
        if text is None:
            return None
        amount = parse_amount(text)
        if amount is None:
            raise ConfigurationError(f"{variable} should be an amount of US dollars, such as 5 or 2.50.")
        return amount

    return parse_dollars


def parse_amount(text: str) -> Decimal | None:
    """Return an amount of dollars; None for another text. A comma separates thousands, never cents."""
    found = re.fullmatch(r"\$?\s*(\d{1,12}|\d{1,3}(?:,\d{3})+)?(\.\d{1,6})?\s*(?:USD|\$)?", text.strip(), re.IGNORECASE)
    digits = "".join(part for part in found.groups() if part).replace(",", "") if found else ""
    return Decimal(digits) if digits else None
