"""Limits how often a principal calls one server. Pure but for the clock."""

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import anyio

MAX_PRINCIPALS: Final = 10_000
"""Maximum number of principals whose calls are counted; the one that has called least recently is forgotten."""


@dataclass
class Bucket:
    """What is left of a principal's minute, and when that was counted."""

    left: float
    at: float


class CallRates:
    """A bucket of tokens per principal, in the memory of this server alone.

    Args:
        per_minute: How many requests of a minute are let through; None for all.
    """

    def __init__(self, per_minute: int | None) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, name: str) -> int:
        """Count a request, and return 0; where it is one too many, return the seconds to wait."""
        if self._per_minute is None:
            return 0
        moment = anyio.current_time()
        bucket = self._buckets.setdefault(name, Bucket(self._per_minute, moment))
        self._buckets.move_to_end(name)
        if len(self._buckets) > MAX_PRINCIPALS:
            self._buckets.popitem(last=False)
        per_second = self._per_minute / 60
        bucket.left = min(self._per_minute, bucket.left + (moment - bucket.at) * per_second)
        bucket.at = moment
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        return max(1, math.ceil((1 - bucket.left) / per_second))
