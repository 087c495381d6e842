"""Limits of the user on what is spent. Pure."""

from dataclasses import dataclass
from typing import Final, NamedTuple


@dataclass(frozen=True)
class Limits:
    """All limits of the user; None where there is none.

    Attributes:
        runs_per_day: Maximum number of research requests in a UTC day.
        micros_per_day: Maximum cost of all requests in a UTC day, in millionths of a dollar.
        micros_per_month: The same for a UTC month.
    """

    runs_per_day: int | None = None
    micros_per_day: int | None = None
    micros_per_month: int | None = None


NO_LIMITS: Final = Limits()


class Spending(NamedTuple):
    """What the requests of this server have cost, by UTC.

    What has not settled counts with its reservation, and so does what settled without token counts.

    Attributes:
        today: Cost of today's requests, in millionths of a dollar.
        month: Cost of this month's requests.
        runs_today: Number of today's research requests.
        limits: The limits of the user.
    """

    today: int
    month: int
    runs_today: int
    limits: Limits = NO_LIMITS
