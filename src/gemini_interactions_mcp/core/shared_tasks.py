"""Tasks that outlive the calls that wait for them: a repeated call waits for the rest, or takes the outcome."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import anyio

from .counted_tasks import TaskStarter

SharedT = TypeVar("SharedT")


class SharedTask(Generic[SharedT]):
    """A task.

    Attributes:
        done: Set once it has ended in any way.
    """

    def __init__(self) -> None:
        self.done = anyio.Event()
        self._outcome: list[SharedT] = []
        self._error: Exception | None = None
        self._ended_at = 0.0

    async def run(self, work: Callable[[], Awaitable[SharedT]]) -> None:
        """Run the task to its end."""
        try:
            self._outcome.append(await work())
        except Exception as exc:  # noqa: BLE001 - the waiting calls raise it; in the task group it would end the server
            self._error = exc
        finally:
            self._ended_at = anyio.current_time()
            self.done.set()

    def is_old(self, age: float) -> bool:
        """Whether it ended longer ago than that, in seconds."""
        return self.done.is_set() and anyio.current_time() - self._ended_at > age

    def get_outcome(self) -> SharedT:
        """Return what the ended task has returned, or raise what it has raised."""
        if self._error is not None:
            raise self._error
        return self._outcome[0]


class SharedTasks(Generic[SharedT]):
    """A task for each key.

    Args:
        tasks: Runs them.
        kept: Seconds for which an outcome is kept that no call has taken.
    """

    def __init__(self, tasks: TaskStarter, kept: float) -> None:
        self._tasks = tasks
        self._kept = kept
        self._going: dict[Hashable, SharedTask[SharedT]] = {}

    def begin(self, key: Hashable, work: Callable[[], Awaitable[SharedT]]) -> SharedTask[SharedT]:
        """Return the task of a key; it is begun if there is none, or its outcome is old."""
        for each in [each for each, task in self._going.items() if task.is_old(self._kept)]:
            del self._going[each]
        task = self._going.get(key)
        if task is None:
            task = self._going[key] = SharedTask()
            self._tasks.start_soon(task.run, work)
        return task

    def drop(self, key: Hashable) -> None:
        """Forget the task of a key: its outcome is taken."""
        self._going.pop(key, None)

    def clear(self) -> None:
        """Forget all tasks, whose outcomes do not hold any more."""
        self._going.clear()
