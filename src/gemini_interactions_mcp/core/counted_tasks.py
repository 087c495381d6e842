"""Background tasks of which it is known whether any is at work."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVarTuple, Unpack

from anyio.abc import TaskGroup

StartArguments = TypeVarTuple("StartArguments")


class TaskStarter(Protocol):
    """The part of a task group that starts tasks nobody waits for."""

    def start_soon(
        self, func: Callable[[Unpack[StartArguments]], Coroutine[Any, Any, Any]], /, *args: *StartArguments
    ) -> object:
        """Start a task; returns at once."""
        ...


class CountedTasks:
    """The tasks of one task group.

    Args:
        tasks: Runs them.
    """

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._number = 0

    @property
    def busy(self) -> bool:
        """Whether any task is at work but those that never end."""
        return self._number > 0

    def start_soon(
        self, func: Callable[[Unpack[StartArguments]], Coroutine[Any, Any, Any]], /, *args: *StartArguments
    ) -> None:
        """Start a task; returns at once."""
        self._number += 1
        self._tasks.start_soon(self._count, lambda: func(*args))

    def start_endless(self, func: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Start a task that works until it is cancelled; returns at once."""
        self._tasks.start_soon(func)

    async def _count(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        try:
            await work()
        finally:
            self._number -= 1
