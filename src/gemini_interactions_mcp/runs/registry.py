"""The runs that this process holds, by id and by label."""

from collections import deque
from typing import Final

from .run import Phase, Run

MAX_UNSTORED: Final = 100
"""Maximum number of answers with store=false that are kept in memory."""


class Registry:
    """The runs of this process: those that it follows, and ended ones that are not in the journal."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._unstored: deque[Run] = deque()
        self._deleted: set[str] = set()

    def get(self, key: str) -> Run | None:
        """Return the run of an id or a label."""
        return self._runs.get(key)

    def running(self, label: str) -> Run | None:
        """Return the run of a label if it is still followed."""
        run = self._runs.get(label)
        return run if run and not run.done.is_set() else None

    def list_running(self) -> list[Run]:
        """Return the runs that are still followed."""
        return [run for run in self._runs.values() if not run.done.is_set()]

    def add(self, run: Run) -> None:
        """Hold a run by its label, and by its id once that is known."""
        self._runs[run.record.label] = run
        if run.id:
            self._runs[run.id] = run
            run.named.set()

    def drop(self, run: Run) -> bool:
        """Let go of a run that is in the journal; return whether it was held."""
        dropped = [self._runs.pop(key, None) for key in {run.record.label, str(run.id)}]
        return any(dropped)

    def add_unstored(self, run: Run) -> None:
        """Hold an ended run that is stored nowhere else; beyond `MAX_UNSTORED`, the oldest is dropped."""
        self._unstored.append(run)
        if len(self._unstored) > MAX_UNSTORED:
            self.drop(self._unstored.popleft())

    def unnamed(self) -> list[Run]:
        """Return the runs whose ids are still expected."""
        return [run for run in self._runs.values() if not run.named.is_set()]

    def unwritten(self) -> list[Run]:
        """Return the runs with changes that the journal could not take."""
        return [run for run in self._runs.values() if run.unwritten or run.unadded]

    def delete(self, *names: str) -> None:
        """Stop following a deleted interaction, and remember the deletion: Google may show it for a while.

        Args:
            names: Its id and its label, as far as they are known.
        """
        self._deleted.update(names)
        for run in {self._runs[name] for name in names if name in self._runs}:
            self.drop(run)
            run.enter(Phase.SETTLED)
            run.scope.cancel()
            run.end()

    def deleted(self, name: str) -> bool:
        """Whether this process has deleted the interaction of an id or a label."""
        return name in self._deleted
