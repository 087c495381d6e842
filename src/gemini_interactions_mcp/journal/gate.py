"""The gate: a row whose lock keeps writes that must not overlap apart. SQLite needs none."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from .database_url import is_sqlite

GATE_TABLE: Final = sa.Table(
    "gate", sa.MetaData(), sa.Column("number", sa.Integer, primary_key=True, autoincrement=False)
)
"""One row."""
LOCK_GATE: Final = sa.select(GATE_TABLE.c.number).with_for_update(nowait=True)


def make_gate(connection: sa.Connection) -> None:
    """Create the gate where it is missing."""
    GATE_TABLE.create(connection, checkfirst=True)
    if connection.execute(sa.select(GATE_TABLE.c.number)).first() is None:
        connection.execute(sa.insert(GATE_TABLE), {"number": 1})


@asynccontextmanager
async def pass_gate(connection: AsyncConnection) -> AsyncGenerator[None]:
    """Run the body in a transaction that no other one of this kind overlaps.

    In SQLite a single statement is such a transaction. Other databases lock the gate first. A locked gate is an error,
    which is retried: a statement never waits in its turn for a program that hangs while it holds the gate.
    """
    if is_sqlite(connection.engine.url):
        yield
        return
    # Each statement sees all that was committed before it; MySQL's default is the time of the transaction's first.
    await connection.execution_options(isolation_level="READ COMMITTED")
    async with connection.begin():
        (await connection.execute(LOCK_GATE)).scalar_one()
        yield
