"""Dollars and the millionths of them in which costs are kept. Pure."""

from decimal import Decimal
from typing import Final

MICROS: Final = 1_000_000
"""Millionths of a dollar in a dollar."""


def count_micros(dollars: Decimal | None) -> int | None:
    """Return dollars in micro-dollars, rounded down."""
    return None if dollars is None else int(dollars * MICROS)


def convert_to_dollars(micros: int | None) -> float | None:
    """Return millionths of a dollar in dollars, as JSON has them."""
    return None if micros is None else micros / MICROS
