"""What an answer hands over, which is taken back if its client has gone before the answer was sent."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final


class Receipt:
    """What one answer hands over."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], object]] = []

    def add(self, take_back: Callable[[], object]) -> None:
        """Note how something is taken back."""
        self._steps.append(take_back)

    def take_back(self) -> None:
        """Take back everything; what is taken back once is not again."""
        while self._steps:
            self._steps.pop()()


CURRENT_RECEIPT: Final[ContextVar[Receipt | None]] = ContextVar("current_receipt", default=None)


@contextmanager
def noting_in(receipt: Receipt | None) -> Generator[None]:
    """Note what is handed over in a receipt; without one, whatever is sent counts as received."""
    reset = CURRENT_RECEIPT.set(receipt)
    try:
        yield
    finally:
        CURRENT_RECEIPT.reset(reset)


def note_handed_over(take_back: Callable[[], object]) -> None:
    """Note how something is taken back that the current answer hands over."""
    receipt = CURRENT_RECEIPT.get()
    if receipt is not None:
        receipt.add(take_back)
