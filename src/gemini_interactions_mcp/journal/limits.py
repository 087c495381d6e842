"""Limits of the user on what is spent, and what their errors say. Pure, but for the clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import SpendingLimitError, phrases, quote_name
from gemini_interactions_mcp.models import CATALOG_VARIABLE, Record
from gemini_interactions_mcp.settings import DAY_VARIABLE, MONTH_VARIABLE, RUNS_VARIABLE

from . import clock


class ResearchLimit(NamedTuple):
    """At most `most` research rows created `since` then.

    Attributes:
        most: Maximum number.
        since: Start of the period.
        own: Whether an administrator has set it for one principal, whose rows alone count.
    """

    most: int
    since: datetime
    own: bool = False


class SpendingLimit(NamedTuple):
    """A limit on the cost of all requests in a period.

    Attributes:
        micros: Maximum cost, in millionths of a dollar.
        since: Start of the period.
        until: End of the period.
        variable: The setting.
        own: Whether an administrator has set it for one principal, whose requests alone count.
    """

    micros: int
    since: datetime
    until: datetime
    variable: str
    own: bool = False

    @property
    def name(self) -> str:
        """What a sentence begins with that is about this limit."""
        return self.variable[0].upper() + self.variable[1:]


OWN_DAY_NAME: Final = "your own limit a day, which an administrator has set,"
"""What stands in place of a setting."""


@dataclass(frozen=True)
class Limits:
    """All limits; None where there is none. Those of the server count the requests of all principals together.

    Attributes:
        runs_per_day: Maximum number of research requests in a UTC day.
        micros_per_day: Maximum cost of all requests in a UTC day, in millionths of a dollar.
        micros_per_month: The same for a UTC month.
        own_runs_per_day: As `runs_per_day`, of one principal alone.
        own_micros_per_day: As `micros_per_day`, of one principal alone.
    """

    runs_per_day: int | None = None
    micros_per_day: int | None = None
    micros_per_month: int | None = None
    own_runs_per_day: int | None = None
    own_micros_per_day: int | None = None

    @property
    def told_runs_per_day(self) -> int | None:
        """The limit that stands beside what one principal has sent: its own, if it has one."""
        return self.runs_per_day if self.own_runs_per_day is None else self.own_runs_per_day

    @property
    def told_micros_per_day(self) -> int | None:
        """The limit that stands beside what one principal has spent: its own, if it has one."""
        return self.micros_per_day if self.own_micros_per_day is None else self.own_micros_per_day

    def list_research_limits(self, moment: datetime) -> Sequence[ResearchLimit]:
        """Return the limits on research of the UTC day in which a request counts; a principal's own comes first.

        Args:
            moment: When it was about to be sent.
        """
        day = clock.get_day_start(moment)
        limits = ((self.own_runs_per_day, True), (self.runs_per_day, False))
        return tuple(ResearchLimit(most, day, own) for most, own in limits if most is not None)

    def list_spending_limits(self, moment: datetime) -> Sequence[SpendingLimit]:
        """Return the limits on the cost of the UTC day and month in which a request counts.

        A principal's own comes first, as in `list_research_limits`.
        """
        return tuple(self._spending_limits(moment))

    def _spending_limits(self, moment: datetime) -> Iterator[SpendingLimit]:
        day, month = clock.get_day_start(moment), clock.get_month_start(moment)
        if self.own_micros_per_day is not None:
            yield SpendingLimit(self.own_micros_per_day, day, day + timedelta(days=1), OWN_DAY_NAME, own=True)
        if self.micros_per_day is not None:
            yield SpendingLimit(self.micros_per_day, day, day + timedelta(days=1), DAY_VARIABLE)
        if self.micros_per_month is not None:
            following = (month + timedelta(days=31)).replace(day=1)
            yield SpendingLimit(self.micros_per_month, month, following, MONTH_VARIABLE)


NO_LIMITS: Final = Limits()


class Spending(NamedTuple):
    """What the requests of this server have cost, by UTC.

    What has not settled counts with its reservation, and so does what settled without token counts that
    have a price.

    Attributes:
        today: Cost of today's requests, in millionths of a dollar.
        month: Cost of this month's requests.
        runs_today: Number of today's research requests.
        limits: The limits of the user.
        others_today: What all other principals have spent today.
        others_month: The same of this month.
    """

    today: int
    month: int
    runs_today: int
    limits: Limits = NO_LIMITS
    others_today: int = 0
    others_month: int = 0

    def get_counted(self, limit: SpendingLimit) -> int:
        """Return what a limit counts; one of more than a day is that of a month."""
        if limit.until - limit.since > timedelta(days=1):
            return self.month + self.others_month
        return self.today if limit.own else self.today + self.others_today


def describe_research_limit(limit: ResearchLimit) -> str:
    """Return the error for a research request beyond the daily limit."""
    left = max(0.0, (limit.since + timedelta(days=1) - clock.now()).total_seconds())
    whose, source = ("Your own", "set by an administrator") if limit.own else ("The", RUNS_VARIABLE)
    return (
        f"{whose} limit of {phrases.format_count(limit.most, 'research run')} a day ({source}) is used up: nothing "
        "was started, and `force` does not change that. It works again at 00:00 UTC, in "
        f"{phrases.format_duration(left)}."
    )


def describe_spending_limit(limit: SpendingLimit, spent: int, cost: int) -> str:
    """Return the error for a request that may cost more than a limit leaves.

    Args:
        limit: The limit.
        spent: What is spent or reserved of it.
        cost: What the request may cost.
    """
    left = phrases.format_dollars(max(0, limit.micros - spent))
    whoever = "an administrator" if limit.own else "the user"
    remedy = describe_renewal(limit) if cost <= limit.micros else BEYOND_LIMIT.format(whoever=whoever)
    return (
        f"{limit.name} allows {phrases.format_dollars(limit.micros)}, of which {left} is left; this request may "
        f"cost up to {phrases.format_dollars(cost)}. Nothing was sent. {remedy}"
    )


BEYOND_LIMIT: Final = (
    "That is more than the whole limit, so waiting does not help: {whoever} can raise the limit, and "
    "max_output_tokens, budget_tokens or seconds, where a tool takes them, lower what a request may cost."
)


def describe_renewal(limit: SpendingLimit) -> str:
    """Return when a limit leaves more."""
    seconds = max(0.0, (limit.until - clock.now()).total_seconds())
    return (
        f"The limit renews on {limit.until:%Y-%m-%d} at 00:00 UTC, in {phrases.format_duration(seconds)}; what running "
        "requests have reserved and do not use is given back earlier."
    )


def describe_unknown_price(limit: SpendingLimit, record: Record) -> str:
    """Return the error for a request whose cost has no known maximum, so that the limit could not be kept.

    Args:
        limit: The limit.
        record: The row of the request.
    """
    return (
        f"What this request to {quote_name(str(record.model or record.agent))} may cost is not known, so "
        f"{limit.variable} cannot be kept: nothing was sent. {suggest_known_price(record)}"
    )


def suggest_known_price(record: Record) -> str:
    """Return how the cost of a request comes to be known."""
    if record.task and not (record.terms and record.terms.max_total_tokens):
        return "Give budget_tokens, which limits what an agent uses."
    if record.kind == "image":
        return (
            "gemini://models/data lists as image_tokens the image sizes whose cost is known; the user can add others, "
            f"and prices, in the file that {CATALOG_VARIABLE} names."
        )
    return (
        "gemini://models lists the models and agents with known prices; the user can add a price in the file that "
        f"{CATALOG_VARIABLE} names."
    )


def check_price(record: Record, spending: Sequence[SpendingLimit]) -> None:
    """Check that limits in dollars can be kept.

    Raises:
        SpendingLimitError: There are some, and what the row may cost is not known.
    """
    if spending and record.cost_micros is None:
        raise SpendingLimitError(describe_unknown_price(spending[0], record))
