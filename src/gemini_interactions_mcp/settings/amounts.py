"""Parses amounts of money. Pure."""

import re
from decimal import Decimal


def parse_amount(text: str) -> Decimal | None:
    """Return an amount of dollars; None for another text. A comma separates thousands, never cents."""
    found = re.fullmatch(r"\$?\s*(\d{1,12}|\d{1,3}(?:,\d{3})+)?(\.\d{1,6})?\s*(?:USD|\$)?", text.strip(), re.IGNORECASE)
    digits = "".join(part for part in found.groups() if part).replace(",", "") if found else ""
    return Decimal(digits) if digits else None
