"""The clock of the journal, and the UTC days and months that limits count in."""

import math
import time
from datetime import UTC, datetime, timedelta
from typing import Final

TWIN_SECONDS: Final = 600
"""Seconds within which an identical research request counts as a repetition of the first."""

SKEW_SECONDS: Final = 10.0
"""Seconds for which a measured difference between two clocks holds."""

MIN_SKEW: Final = timedelta(seconds=1)
"""Smaller differences than that decide nothing, and are taken for none."""


class JournalClock:
    """The clock that the servers on a journal share, as far as this process knows it. A process has one journal.

    Until it is set, and so always in SQLite, it is the clock of this machine. Once set, it goes on by itself, whatever
    happens to the clock of this machine.
    """

    def __init__(self) -> None:
        self._time: datetime | None = None
        self._set_at = -math.inf
        self._machine_time = 0.0

    def read(self) -> datetime:
        """Return the time; aware."""
        if self._time is None:
            return read_machine_clock()
        return self._time + timedelta(seconds=time.monotonic() - self._set_at)

    def is_due(self) -> bool:
        """Whether it is to be set: that was done a while ago, or this machine's clock has been set meanwhile."""
        moment = time.monotonic()
        moved = read_machine_clock().timestamp() - moment - self._machine_time
        return moment - self._set_at >= SKEW_SECONDS or abs(moved) >= MIN_SKEW.total_seconds()

    def set(self, theirs: datetime, ours: datetime) -> None:
        """Set it to what the database took for the time at a moment of this machine's clock."""
        skew = theirs - ours
        self._set_at = time.monotonic()
        self._time = read_machine_clock() + (skew if abs(skew) >= MIN_SKEW else timedelta())
        self._machine_time = read_machine_clock().timestamp() - self._set_at


JOURNAL_CLOCK: Final = JournalClock()


def read_machine_clock() -> datetime:
    """Return the time by the clock of this machine; aware."""
    return datetime.now(UTC)


def now() -> datetime:
    """Return the current time by the clock that the servers on the journal share; aware.

    What is built before the first statement of a process needs `Database.set_clock`.
    """
    return JOURNAL_CLOCK.read()


def get_day_start(moment: datetime | None = None) -> datetime:
    """Return the start of the UTC day of a moment in UTC; of the current day without one."""
    return (moment or now()).replace(hour=0, minute=0, second=0, microsecond=0)


def get_month_start(moment: datetime | None = None) -> datetime:
    """Return the start of the UTC month of a moment in UTC; of the current month without one."""
    return get_day_start(moment).replace(day=1)
