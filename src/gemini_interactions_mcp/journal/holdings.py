"""The rows of the journal about what Google keeps for a key that several principals share, and whose it is."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from .clock import now
from .database import Database
from .engine import RowValues
from .rows import format_moment
from .schema import HOLDINGS

STORE_KIND: Final = "store"
FILE_KIND: Final = "file"
TICKET_KIND: Final = "ticket"
ANNOUNCED_KIND: Final = "announced store"
"""Display names of stores that are about to be made."""

TICKET_LIFETIME: Final = timedelta(days=1)
"""How long the ticket of an answer is kept after its use; the SDK refuses it after ten minutes."""

ANNOUNCED_LIFETIME: Final = timedelta(days=1)
"""How long a store that was announced may take to appear in Google's list."""


class Holdings:
    """What one principal holds; a name of a kind belongs to the first that holds it.

    Args:
        database: The database.
        principal: Whose holdings.
    """

    def __init__(self, database: Database, principal: str) -> None:
        self._database = database
        self._principal = principal

    async def hold(self, kind: str, name: str) -> bool:
        """Write down that this principal holds a name; False if anybody holds it already.

        Raises:
            JournalError: It could not be written.
        """
        key = match_holding(kind, name)
        values: RowValues = {
            "kind": kind,
            "name": name,
            "principal": self._principal,
            "created_at": format_moment(now()),
        }
        columns = [sa.literal(value, HOLDINGS.c[column].type).label(column) for column, value in values.items()]
        source = sa.select(*columns).where(~sa.exists(sa.select(HOLDINGS.c.name).where(*key)))
        held = sa.insert(HOLDINGS).from_select(list(values), source)
        return await self._database.write(held, locks=[f"holding {kind} {name}"]) > 0

    async def holds(self, kind: str, name: str) -> bool:
        """Whether this principal holds a name.

        Raises:
            JournalError: It cannot be read.
        """
        ours = sa.select(HOLDINGS.c.name).where(*match_holding(kind, name), HOLDINGS.c.principal == self._principal)
        return await self._database.read(ours, lambda result: result.scalar() is not None)

    async def list_names(self, kind: str) -> list[str]:
        """Return the names of a kind that this principal holds, oldest first.

        Raises:
            JournalError: They cannot be read.
        """
        ours = sa.select(HOLDINGS.c.name).where(HOLDINGS.c.principal == self._principal, HOLDINGS.c.kind == kind)
        return await self._database.read(
            ours.order_by(HOLDINGS.c.created_at, HOLDINGS.c.name), lambda result: list(result.scalars())
        )

    async def drop(self, kind: str, name: str) -> None:
        """Forget that this principal holds a name.

        Raises:
            JournalError: It could not be written.
        """
        await self._database.write(
            sa.delete(HOLDINGS).where(*match_holding(kind, name), HOLDINGS.c.principal == self._principal)
        )

    async def redeem(self, ticket: str) -> bool:
        """Mark the ticket of an answer as used; False where any server has done so before.

        Raises:
            JournalError: It could not be written.
        """
        await self._forget(TICKET_KIND, TICKET_LIFETIME)
        return await self.hold(TICKET_KIND, ticket)

    async def announce(self, display_name: str) -> None:
        """Write down the display name, which no other has, of a store that is about to be made.

        Raises:
            JournalError: It could not be written.
        """
        await self._forget(ANNOUNCED_KIND, ANNOUNCED_LIFETIME)
        await self.hold(ANNOUNCED_KIND, display_name)

    async def _forget(self, kind: str, lifetime: timedelta) -> None:
        """Forget what was held for longer than a time."""
        await self._database.set_clock()
        column = HOLDINGS.c
        old = (column.kind == kind, column.created_at < format_moment(now() - lifetime))
        await self._database.write(sa.delete(HOLDINGS).where(column.principal == self._principal, *old))


def match_holding(kind: str, name: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Return the conditions of the row of a name."""
    return HOLDINGS.c.kind == kind, HOLDINGS.c.name == name
