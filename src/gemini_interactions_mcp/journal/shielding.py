"""What a cancellation must not interrupt."""

from collections.abc import Generator
from contextlib import contextmanager

import anyio


@contextmanager
def shield_cancellation() -> Generator[None]:
    """Shield the body from cancellation."""
    with anyio.CancelScope(shield=True):
        yield
