"""Transactions of PostgreSQL that hold locks, and whose end is known even where the connection broke meanwhile."""

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from . import clock
from .engine import RowValues
from .failures import is_lost
from .rows import format_moment
from .schema import COMMITS

LOCK_TIMEOUT: Final = "100ms"
"""How long a statement waits for a lock before it gives up its connection, and tries again."""

MARK_AGE: Final = timedelta(days=1)
"""Time for which marks are kept; their ends are asked for within a minute."""


class UncertainEndError(Exception):
    """The connection broke while a transaction was being committed.

    Attributes:
        number: Number of the transaction, by which the database knows whether it has ended. How, the number does not
            tell: after a crash, the database may give it to another transaction.
        mark: What it has left in `commits` if it was committed.
        count: Number of rows that it has changed then.
    """

    def __init__(self, number: int, mark: str, count: int) -> None:
        super().__init__(number)
        self.number = number
        self.mark = mark
        self.count = count


async def change_once(
    connection: AsyncConnection, statement: sa.Executable, values: RowValues | None, locks: Iterable[str]
) -> int:
    """Execute a statement in a transaction of its own, and return how many rows it has changed.

    Args:
        connection: Any.
        statement: An insert, update or delete.
        values: Its parameters.
        locks: Names of locks that are held meanwhile. The statement sees all that those have written who held them.

    Raises:
        UncertainEndError: Nobody knows yet whether it was committed.
    """
    # Of this level, each statement sees what was committed before it.
    await connection.execution_options(isolation_level="READ COMMITTED")
    mark = uuid.uuid4().hex
    number = int((await connection.execute(begin_change(mark, locks))).scalar_one())
    count = (await connection.execute(statement, values)).rowcount
    try:
        await connection.commit()
    except Exception as exc:
        if is_lost(exc):
            raise UncertainEndError(number, mark, count) from exc
        raise
    return count


async def measure_clock(connection: AsyncConnection) -> None:
    """Set the journal's clock by that of the database."""
    before = clock.read_machine_clock()
    theirs = (await connection.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    clock.JOURNAL_CLOCK.set(theirs, before + (clock.read_machine_clock() - before) / 2)


def begin_change(mark: str, names: Iterable[str]) -> sa.Executable:
    """Return what leaves a mark, waits for locks, and returns the number of the transaction.

    The locks are sorted, so that two transactions never deadlock.
    """
    limit = sa.func.set_config("lock_timeout", LOCK_TIMEOUT, sa.true())
    keys = sorted({hash_lock(name) for name in names})
    locks = (sa.func.pg_advisory_xact_lock(sa.literal(key, sa.BigInteger)) for key in keys)
    marking = sa.insert(COMMITS).values(mark=mark, created_at=format_moment(clock.now()))
    return marking.returning(sa.func.txid_current(), limit, *locks)


def select_end(number: int) -> sa.Select[Any]:
    """Select whether a transaction of a number is `in progress`, `committed` or `aborted`."""
    return sa.select(sa.func.txid_status(sa.literal(number, sa.BigInteger)))


def select_mark(mark: str) -> sa.Select[Any]:
    """Select a mark, which is there if its transaction was committed."""
    return sa.select(COMMITS.c.mark).where(COMMITS.c.mark == mark)


def forget_marks(moment: datetime) -> sa.Delete:
    """Return what deletes the marks that nobody asks for any more."""
    return sa.delete(COMMITS).where(COMMITS.c.created_at < format_moment(moment - MARK_AGE))


def hash_lock(name: str) -> int:
    """Return the key of the advisory lock of a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
