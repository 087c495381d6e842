"""Work on long texts beside the event loop."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

import anyio.to_thread

T = TypeVar("T")

LARGE: Final = 2**18
"""Characters that take a few milliseconds; with more, other calls would wait."""

ALONE: Final = threading.Lock()
"""Two threads at work on texts would take turns with the event loop, five milliseconds each."""


async def beside(size: int, work: Callable[[], T]) -> T:
    """What work on a text of so many characters returns; in a worker thread if the text is large.

    A call that is cancelled meanwhile ends at once. The thread goes on, so the work has no effect but its result.
    """
    if size <= LARGE:
        return work()

    def alone() -> T:
        with ALONE:
            return work()

    return await anyio.to_thread.run_sync(alone, abandon_on_cancel=True)
