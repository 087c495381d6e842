"""Leases: which process follows a row of the journal, and until when."""

import math
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from .clock import now
from .database import Database
from .engine import RowValues
from .queries import LIVE_ROWS, RUNNING_ROWS, change_live, select_live
from .rows import format_moment
from .schema import INTERACTIONS

MAX_CLOCK_SKEW: Final = timedelta(seconds=10)
"""How far apart the clocks of two servers may be, together with the time that a claim waits for the database."""


class Leases:
    """The leases on the rows of a database; each method waits for it as `Database` does.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, label: str, owner: str, until: datetime, *, patience: float = math.inf) -> bool:
        """Give `owner` the lease of a row until then; False when somebody else holds it.

        A lease that seems to last longer because a clock has been set back since is over.
        """
        moment = now()
        ended = sa.or_(
            INTERACTIONS.c.owned_until < format_moment(moment),
            INTERACTIONS.c.leased_at > format_moment(moment + MAX_CLOCK_SKEW),
        )
        wanted = change_live(
            INTERACTIONS.c.label == label, sa.or_(INTERACTIONS.c.owner.is_(None), INTERACTIONS.c.owner == owner, ended)
        )
        return await self._database.write(wanted.values(make_lease(owner, until)), patience=patience) > 0

    async def seize(self, label: str, owner: str, until: datetime, *, patience: float = math.inf) -> None:
        """Give `owner` the lease of a row until then, whoever holds it now."""
        await self._database.write(
            change_live(INTERACTIONS.c.label == label).values(make_lease(owner, until)), patience=patience
        )

    async def renew(self, owner: str, until: datetime) -> None:
        """Renew the leases of `owner` on rows that have not settled."""
        running = change_live(INTERACTIONS.c.owner == owner, RUNNING_ROWS)
        await self._database.write(running.values(make_lease(owner, until)))

    async def owner(self, label: str) -> str | None:
        """Return who holds the lease of a row now; None when nobody does."""
        followed = sa.select(INTERACTIONS.c.owner).where(
            LIVE_ROWS, INTERACTIONS.c.label == label, INTERACTIONS.c.owned_until > format_moment(now())
        )
        return await self._database.read(followed, lambda result: result.scalar())

    async def owners(self) -> set[str]:
        """Return who holds leases of rows that have not settled."""
        running = select_live(INTERACTIONS.c.owner.is_not(None), RUNNING_ROWS)
        owned = running.with_only_columns(INTERACTIONS.c.owner).distinct()
        return await self._database.read(owned, lambda result: set(result.scalars()))

    async def release(self, owner: str, *, patience: float = math.inf) -> None:
        """End all leases of `owner`."""
        owned = change_live(INTERACTIONS.c.owner == owner)
        await self._database.write(owned.values(make_lease(None, None)), patience=patience)


def make_lease(owner: str | None, until: datetime | None) -> RowValues:
    """Return the columns of a lease that begins now; of none where there is no owner."""
    return {"owner": owner, "owned_until": until and format_moment(until), "leased_at": until and format_moment(now())}
