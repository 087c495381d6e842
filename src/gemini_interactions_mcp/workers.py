"""Worker threads for what takes long, so that no call holds up another."""

from collections.abc import Callable
from typing import Final, TypeVar, TypeVarTuple, Unpack

import anyio.to_thread

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

STRETCH_CHARACTERS: Final = 2**20
"""Of a long text, what is worked on at once: between two stretches, other threads have their turn."""

LARGE: Final = 2**18
"""Characters or bytes that are worth the 0.1 ms of another thread."""


async def off_loop(size: int, function: Callable[[Unpack[Arguments]], T], *arguments: *Arguments) -> T:
    """What a function returns; called in a worker thread where `size` is large."""
    if size < LARGE:
        return function(*arguments)
    return await anyio.to_thread.run_sync(function, *arguments)
