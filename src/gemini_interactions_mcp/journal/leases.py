"""Leases: which process follows a row of the journal, and until when.

A journal that several machines share has one clock for that: its database's.
"""

import math
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from .clock import now
from .database import Database
from .database_view import DatabaseView
from .queries import LIVE_ROWS, RUNNING_ROWS, UNFINISHED_ROWS, change_live, select_live
from .rows import format_moment
from .schema import INTERACTIONS, STAMP_TYPE

MAX_CLOCK_SKEW: Final = timedelta(seconds=10)
"""How far a clock may be set back, together with the time that a claim waits for the database."""

STAMP_FORMAT: Final = 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'
"""How PostgreSQL writes a moment as `format_moment` does."""

Lease = dict[str, sa.ColumnElement[Any]]
"""The columns of a lease."""


class Leases:
    """The leases on the rows of a database; each method waits for it as `Database` does.

    Args:
        database: The database.
    """

    def __init__(self, database: DatabaseView) -> None:
        self._leased = database

    async def claim(self, label: str, owner: str, seconds: float, *, patience: float = math.inf) -> bool:
        """Give `owner` the lease of a row for so many seconds; False when somebody else holds it.

        A lease that seems to last longer because a clock has been set back since is over.
        """
        ended = sa.or_(
            INTERACTIONS.c.owned_until < self._stamp(), INTERACTIONS.c.leased_at > self._stamp(MAX_CLOCK_SKEW)
        )
        wanted = change_live(
            INTERACTIONS.c.label == label, sa.or_(INTERACTIONS.c.owner.is_(None), INTERACTIONS.c.owner == owner, ended)
        )
        return await self._leased.write(wanted.values(self._lease(owner, seconds)), patience=patience) > 0

    async def seize(self, label: str, owner: str, seconds: float, *, patience: float = math.inf) -> None:
        """Give `owner` the lease of a row for so many seconds, whoever holds it now."""
        await self._leased.write(
            change_live(INTERACTIONS.c.label == label).values(self._lease(owner, seconds)), patience=patience
        )

    async def renew(self, owner: str, seconds: float) -> None:
        """Renew the leases of `owner` on rows that have not settled."""
        running = change_live(INTERACTIONS.c.owner == owner, RUNNING_ROWS)
        await self._leased.write(running.values(self._lease(owner, seconds)))

    async def owner(self, label: str) -> str | None:
        """Return who holds the lease of a row now; None when nobody does."""
        followed = sa.select(INTERACTIONS.c.owner).where(
            LIVE_ROWS, INTERACTIONS.c.label == label, INTERACTIONS.c.owned_until > self._stamp()
        )
        return await self._leased.read(followed, lambda result: result.scalar())

    async def owners(self) -> set[str]:
        """Return who holds leases of rows that have not settled."""
        running = select_live(INTERACTIONS.c.owner.is_not(None), RUNNING_ROWS)
        owned = running.with_only_columns(INTERACTIONS.c.owner).distinct()
        return await self._leased.read(owned, lambda result: set(result.scalars()))

    async def release(self, owner: str, *, patience: float = math.inf) -> None:
        """End all leases of `owner`."""
        owned = change_live(INTERACTIONS.c.owner == owner)
        await self._leased.write(owned.values(self._lease(None, 0)), patience=patience)

    def _lease(self, owner: str | None, seconds: float) -> Lease:
        """Return the columns of a lease that begins now; of none where there is no owner."""
        if owner is None:
            return {name: sa.null() for name in ("owner", "owned_until", "leased_at")}
        ends_at = self._stamp(timedelta(seconds=seconds))
        return {
            "owner": sa.literal(owner, INTERACTIONS.c.owner.type),
            "owned_until": ends_at,
            "leased_at": self._stamp(),
        }

    def _stamp(self, later: timedelta = timedelta()) -> sa.ColumnElement[str]:
        return make_stamp(self._leased, later)


def make_stamp(database: Database | DatabaseView, later: timedelta = timedelta()) -> sa.ColumnElement[str]:
    """Return the time, or a later one, by the clock that the servers share."""
    if not database.is_shared:
        return sa.literal(format_moment(now() + later), STAMP_TYPE)
    moment = sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)) + sa.literal(later, sa.Interval)
    return sa.func.to_char(sa.func.timezone("UTC", moment), STAMP_FORMAT, type_=STAMP_TYPE)


async def list_unfinished_principals(database: Database) -> list[str]:
    """Return the names of principals with rows that Google keeps, that have not settled and that no server follows.

    Raises:
        JournalError: They cannot be read.
    """
    ended_at = INTERACTIONS.c.owned_until
    free = sa.or_(INTERACTIONS.c.owner.is_(None), ended_at.is_(None), ended_at < make_stamp(database))
    wanted = sa.select(INTERACTIONS.c.principal).where(*UNFINISHED_ROWS, free).distinct()
    return await database.read(wanted, lambda result: sorted(result.scalars()))
