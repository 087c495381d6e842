"""The gate: a row that is locked by a write which no other one of its kind may overlap. SQLite needs none."""

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

    One statement of SQLite is that by itself. Elsewhere the gate is locked first. A gate that is closed is an error,
    so that nothing waits for it in its turn, nor for ever for a program that stands still while it has the gate.
    """
    if is_sqlite(connection.engine.url):
        yield
        return
    # Each statement sees all that was committed before it; MySQL's default is the time of the transaction's first.
    await connection.execution_options(isolation_level="READ COMMITTED")
    async with connection.begin():
        (await connection.execute(LOCK_GATE)).scalar_one()
        yield
