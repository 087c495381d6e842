"""Dollars and the millionths of them in which costs are kept. Pure."""

from decimal import Decimal
from typing import Final

MICROS: Final = 1_000_000
"""Millionths of a dollar in a dollar."""

MAX_MICROS: Final = 10**15
"""Maximum cost of a request: a journal, which has 64 bits for a sum, can add up thousands of them."""


def count_micros(dollars: Decimal | None) -> int | None:
    """Return dollars in micro-dollars, rounded down."""
    return None if dollars is None else int(dollars * MICROS)


def convert_to_dollars(micros: int | None) -> float | None:
    """Return millionths of a dollar in dollars, as JSON has them."""
    return None if micros is None else micros / MICROS
