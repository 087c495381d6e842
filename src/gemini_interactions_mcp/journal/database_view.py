"""A database as one of its users sees it, whose statements keep an order of their own."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import anyio
import sqlalchemy as sa

from .database import Database
from .engine import RowValues

ValueT = TypeVar("ValueT")


class DatabaseView:
    """A database whose reads see the writes that were called before them in this view.

    In PostgreSQL, writes of several views run beside each other. Every method does what that of `Database` does.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._order = anyio.Lock()

    @property
    def is_shared(self) -> bool:
        """Whether several machines may use it, each with a clock of its own."""
        return self.database.is_shared

    async def read(
        self, query: sa.Executable, outcome: Callable[[sa.CursorResult[Any]], ValueT], patience: float = math.inf
    ) -> ValueT:
        """Return the outcome of a query."""
        return await self.database.read(query, outcome, patience, order=self._order)

    async def write(
        self,
        statement: sa.Executable,
        values: RowValues | None = None,
        patience: float = math.inf,
        *,
        once: bool = False,
        locks: Sequence[str] = (),
    ) -> int:
        """Execute a statement that changes rows, and return how many."""
        return await self.database.write(statement, values, patience, once=once, locks=locks, order=self._order)

    async def check_place(self) -> None:
        """Check that what is written now will be found again."""
        await self.database.check_place()

    async def scrub(self) -> None:
        """Empty the log of SQLite."""
        await self.database.scrub()

    async def set_clock(self) -> None:
        """Let the journal's clock tell the time that the servers share."""
        await self.database.set_clock()

    async def close(self) -> None:
        """Close the database."""
        await self.database.close()
