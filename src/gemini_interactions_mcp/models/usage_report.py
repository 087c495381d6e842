"""What interactions have used and cost, summed by day, model or kind. Pure."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, NamedTuple

from gemini_interactions_mcp.core import quote_name

from .amounts import convert_to_dollars
from .interactions import Record, Usage
from .listing import name_kind

UsageGrouping = Literal["day", "model", "kind"]

GROUP_NAMES: Final[Mapping[UsageGrouping, Callable[[Record], str]]] = {
    "day": lambda record: f"{record.created_at:%Y-%m-%d}",
    "model": lambda record: record.agent or record.model or "unknown",
    "kind": name_kind,
}
"""Functions that return the line of a report in which an interaction counts; days are UTC."""


class UsageTotals(NamedTuple):
    """Sums over interactions.

    Attributes:
        runs: Number of interactions.
        input_tokens: With the tokens of tools, which are billed as input.
        cached_tokens: The part of the input that was cached.
        priced: Number of those whose cost is known.
        running: Number of those that go on.
        cost_micros: What the priced ones have cost, in millionths of a dollar.
        reserved_micros: What counts against the limits in dollars for the others.
    """

    runs: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0
    cached_tokens: int = 0
    priced: int = 0
    running: int = 0
    cost_micros: int = 0
    reserved_micros: int = 0

    @property
    def unpriced(self) -> int:
        """Number of those that have ended, and whose cost is not known."""
        return self.runs - self.priced - self.running

    def plus(self, other: "UsageTotals") -> "UsageTotals":
        """Return the sums of both."""
        return UsageTotals(*map(operator.add, self, other))

    def data(self, name: str) -> dict[str, object]:
        """Return them as JSON; the cost is null where no cost is known."""
        return {
            "name": quote_name(name),
            "runs": self.runs,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "thought_tokens": self.thought_tokens,
            "cached_tokens": self.cached_tokens,
            "cost_usd": convert_to_dollars(self.cost_micros if self.priced else None),
            "unpriced_runs": self.unpriced,
            "running": self.running,
            "reserved_usd": convert_to_dollars(self.reserved_micros),
        }


NO_USAGE: Final = UsageTotals()


@dataclass(frozen=True)
class UsageReport:
    """Sums by day, model or kind.

    Attributes:
        by: What a line stands for.
        since: Interactions before that moment do not count; None where all do.
        lines: Names and sums: days newest first, others dearest first.
    """

    by: UsageGrouping
    since: datetime | None
    lines: tuple[tuple[str, UsageTotals], ...]

    @property
    def total(self) -> UsageTotals:
        """The sums of all lines."""
        return sum_totals(self.lines)

    def shorten(self, most: int) -> "UsageReport":
        """Return the report with at most so many lines; the last one sums those that are left out."""
        if len(self.lines) <= most:
            return self
        left = self.lines[most - 1 :]
        return replace(self, lines=(*self.lines[: most - 1], (f"{len(left)} more", sum_totals(left))))

    def data(self) -> list[dict[str, object]]:
        """Return lines and total as JSON."""
        return [totals.data(name) for name, totals in (*self.lines, ("total", self.total))]


class UsageTally:
    """Sums interactions one by one.

    Args:
        by: What a line of the report stands for.
    """

    def __init__(self, by: UsageGrouping) -> None:
        self._by: UsageGrouping = by
        self._sums: dict[str, UsageTotals] = {}

    def add(self, record: Record, measured: UsageTotals) -> None:
        """Count an interaction with what `measure_usage` returns for it."""
        name = GROUP_NAMES[self._by](record)
        self._sums[name] = self._sums.get(name, NO_USAGE).plus(measured)

    def report(self, since: datetime | None = None) -> UsageReport:
        """Return the sums."""
        lines = sorted(self._sums.items(), reverse=self._by == "day")
        if self._by != "day":
            lines.sort(key=lambda line: (-line[1].cost_micros, -line[1].runs))
        return UsageReport(self._by, since, tuple(lines))


def measure_usage(record: Record, *, running: bool) -> UsageTotals:
    """Return what one interaction, which may go on, adds to the sums."""
    used = record.usage or Usage()
    cost = record.cost
    return UsageTotals(
        runs=1,
        input_tokens=used.total_input_tokens + used.total_tool_use_tokens,
        output_tokens=used.total_output_tokens,
        thought_tokens=used.total_thought_tokens,
        cached_tokens=used.total_cached_tokens,
        priced=cost is not None,
        running=running and cost is None,
        cost_micros=cost or 0,
        reserved_micros=(record.cost_micros or 0) if cost is None else 0,
    )


def sum_totals(lines: tuple[tuple[str, UsageTotals], ...]) -> UsageTotals:
    """Return the sums of lines."""
    total = NO_USAGE
    for _, totals in lines:
        total = total.plus(totals)
    return total
