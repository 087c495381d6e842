"""The runs that this process holds, by id and by label."""

from collections import deque
from typing import Final

from .run import Phase, Run

MAX_UNSTORED: Final = 100
"""Number of answers with store=false that are kept in memory."""


class Registry:
    """The runs of this process: those that it follows, and ended ones that the journal does not have."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._unnamed: set[Run] = set()
        self._unstored: deque[Run] = deque()
        self._deleted: set[str] = set()

    def get(self, key: str) -> Run | None:
        """Return the run of an id or a label."""
        return self._runs.get(key)

    def running(self, label: str) -> Run | None:
        """Return the run of a label if it is still followed."""
        run = self._runs.get(label)
        return run if run and not run.done.is_set() else None

    def add(self, run: Run) -> None:
        """Hold a run that Google has not named yet."""
        self._runs[run.record.label] = run
        self._unnamed.add(run)
        if run.id:
            self.keep(run)

    def keep(self, run: Run) -> None:
        """Hold a run whose id is known."""
        self._runs[str(run.id)] = self._runs[run.record.label] = run
        self._unnamed.discard(run)
        run.named.set()

    def drop(self, run: Run) -> bool:
        """Let a run go that the journal has; return whether it was held."""
        dropped = [self._runs.pop(key, None) for key in {run.record.label, str(run.id)}]
        return any(dropped)

    def keep_unstored(self, run: Run) -> None:
        """Hold an ended run that nothing else keeps; the oldest of more than `MAX_UNSTORED` goes."""
        self._unstored.append(run)
        if len(self._unstored) > MAX_UNSTORED:
            self.drop(self._unstored.popleft())

    def end(self, run: Run) -> None:
        """Note that a run is not followed any more."""
        self._unnamed.discard(run)
        run.end()

    def unnamed(self) -> list[Run]:
        """Return the runs whose ids are on their way."""
        return list(self._unnamed)

    def unwritten(self) -> list[Run]:
        """Return the runs with changes that the journal could not take."""
        return [run for run in self._runs.values() if run.unwritten]

    def delete(self, interaction_id: str) -> None:
        """Stop following a deleted interaction, and remember that it is: Google may show it for a while."""
        self._deleted.add(interaction_id)
        if run := self._runs.get(interaction_id):
            self.drop(run)
            run.enter(Phase.SETTLED)
            run.scope.cancel()
            run.end()

    def deleted(self, interaction_id: str) -> bool:
        """Whether this process has deleted the interaction."""
        return interaction_id in self._deleted
