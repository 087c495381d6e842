"""Keeps work on long texts off the event loop."""

import sys
import threading
from collections.abc import Callable
from typing import Final, TypeVar

import anyio.to_thread

WorkResultT = TypeVar("WorkResultT")

THREAD_STEP_CHARACTERS: Final = 2**20
"""Characters that one step works on; other threads run between two steps."""

LARGE_TEXT_CHARACTERS: Final = 2**18
"""Characters that can be processed on the event loop, which takes a few milliseconds."""

OFFLOAD_LOCK: Final = threading.Lock()
"""Limits such work to one thread: a second one would delay the event loop twice as long."""

SWITCH_INTERVAL_SECONDS: Final = 0.0005
"""Thread switch interval during such work; a tenth of Python's default (`sys.setswitchinterval`)."""


async def offload_if_large(size: int, work: Callable[[], WorkResultT]) -> WorkResultT:
    """Run `work` in a worker thread if it is large, else directly, and return its result.

    A cancelled call returns at once while the thread continues, so the work must have no effect but its result.

    Args:
        size: Characters that the work processes, or an equivalent number of them.
        work: A function without arguments.
    """
    if size <= LARGE_TEXT_CHARACTERS:
        return work()

    return await anyio.to_thread.run_sync(run_exclusively, work, abandon_on_cancel=True)


def run_exclusively(work: Callable[[], WorkResultT]) -> WorkResultT:
    """Run `work` once no other thread runs such work, with a short switch interval, and return its result."""
    with OFFLOAD_LOCK:
        before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
        try:
            return work()
        finally:
            sys.setswitchinterval(before)
