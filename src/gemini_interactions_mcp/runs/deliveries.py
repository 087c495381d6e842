"""Tracks which answers were delivered to callers, and which runs an identical call may take over."""

import math

import anyio

from gemini_interactions_mcp.models import Record

from . import intents


class Deliveries:
    """The calls of this process, by the labels of their runs."""

    def __init__(self) -> None:
        self._working: set[str] = set()
        """Labels of runs whose own call has not ended."""
        self._given: set[str] = set()
        """Labels of delivered runs whose delivery is not in the journal yet."""
        self._taken: dict[str, float] = {}
        """Times at which identical calls took runs over, on the clock of the event loop."""

    def begin(self, label: str) -> None:
        """Note that the call of a run has begun."""
        self._working.add(label)

    def abandon(self, label: str) -> None:
        """Note that the call of a run has ended without the answer; an identical call may take the run over at once."""
        self._working.discard(label)
        self._taken.pop(label, None)

    def end(self, label: str) -> None:
        """Note that the call of a run has ended with the answer."""
        self._working.discard(label)

    def give(self, label: str) -> None:
        """Note that the answer was delivered, until `written` is called."""
        self._given.add(label)

    def written(self, label: str) -> None:
        """Note that the delivery is in the journal."""
        self._given.discard(label)

    def take(self, label: str) -> None:
        """Note that an identical call takes the run over now."""
        self._taken[label] = anyio.current_time()

    def release(self, label: str) -> None:
        """Note that the call that took the run over has ended without it."""
        self._taken.pop(label, None)

    def working(self, label: str) -> bool:
        """Whether the run's own call has not ended."""
        return label in self._working

    def given(self, label: str) -> bool:
        """Whether the answer was delivered, or another identical call has just taken the run over.

        Identical calls that begin together are separate requests.
        """
        taken = self._taken.get(label, -math.inf)
        return label in self._given or anyio.current_time() - taken < intents.MAX_TOGETHER_SECONDS

    def attachable(self, record: Record, *, followed: bool) -> bool:
        """Whether an identical call may take the run of a row over."""
        return intents.is_attachable(record, followed=followed) and not self.given(record.label)
