"""Work on long texts beside the event loop."""

import sys
import threading
from collections.abc import Callable
from typing import Final, TypeVar

import anyio.to_thread

T = TypeVar("T")

STRETCH_CHARACTERS: Final = 2**20
"""Of a long text, what one step works on: between two of them, other threads have their turn."""

LARGE: Final = 2**18
"""Characters that take a few milliseconds; with more, other calls would wait."""

ALONE: Final = threading.Lock()
"""Two threads at work on texts would keep the event loop waiting twice as long."""

SWITCH_SECONDS: Final = 0.0005
"""How long a thread that works keeps another waiting; Python's default is ten times longer (sys.setswitchinterval)."""


async def beside(size: int, work: Callable[[], T]) -> T:
    """What work on a text of so many characters returns; in a worker thread if the text is large.

    A call that is cancelled meanwhile ends at once. The thread goes on, so the work has no effect but its result.
    """
    if size <= LARGE:
        return work()

    return await anyio.to_thread.run_sync(alone, work, abandon_on_cancel=True)


def alone(work: Callable[[], T]) -> T:
    """What the work returns, once no other thread is at such work; it leaves the interpreter to others at any time."""
    with ALONE:
        before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        try:
            return work()
        finally:
            sys.setswitchinterval(before)
