"""Transactions of PostgreSQL that hold locks, and whose end is known even where the connection broke meanwhile."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from . import clock
from .engine import RowValues
from .failures import is_lost

LOCK_TIMEOUT: Final = "100ms"
"""How long a statement waits for a lock before it gives up its connection, and tries again."""


class UncertainEndError(Exception):
    """The connection broke while a transaction was being committed.

    Attributes:
        number: Number of the transaction, by which its end can be asked for.
        count: Number of rows that it has changed if it was committed.
    """

    def __init__(self, number: int, count: int) -> None:
        super().__init__(number)
        self.number = number
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
    number = int((await connection.execute(select_locks(locks))).scalar_one())
    count = (await connection.execute(statement, values)).rowcount
    try:
        await connection.commit()
    except Exception as exc:
        if is_lost(exc):
            raise UncertainEndError(number, count) from exc
        raise
    return count


async def measure_clock(connection: AsyncConnection) -> None:
    """Set the journal's clock by that of the database."""
    before = clock.read_machine_clock()
    theirs = (await connection.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    clock.JOURNAL_CLOCK.set(theirs, before + (clock.read_machine_clock() - before) / 2)


def select_locks(names: Iterable[str]) -> sa.Select[Any]:
    """Select the number of the transaction, and wait for locks: sorted, so that two transactions never deadlock."""
    limit = sa.func.set_config("lock_timeout", LOCK_TIMEOUT, sa.true())
    keys = sorted({hash_lock(name) for name in names})
    locks = (sa.func.pg_advisory_xact_lock(sa.literal(key, sa.BigInteger)) for key in keys)
    return sa.select(sa.func.txid_current(), limit, *locks)


def select_end(number: int) -> sa.Select[Any]:
    """Select how a transaction has ended: `committed`, `aborted`, or `in progress`."""
    return sa.select(sa.func.txid_status(sa.literal(number, sa.BigInteger)))


def hash_lock(name: str) -> int:
    """Return the key of the advisory lock of a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
