"""The rows of the journal about principals, as the servers that serve them need them."""

import sqlalchemy as sa

from gemini_interactions_mcp.core import Principal

from .database import Database
from .schema import PRINCIPALS


async def read_principal(database: Database, name: str) -> Principal:
    """Return a principal as an administrator has set it, as one that came through a network.

    Raises:
        JournalError: It cannot be read.
    """
    columns = (PRINCIPALS.c.micros_per_day, PRINCIPALS.c.runs_per_day, PRINCIPALS.c.key_reference)
    found = await database.read(
        sa.select(*columns).where(PRINCIPALS.c.name == name), lambda result: result.one_or_none()
    )
    if found is None:
        return Principal(name, remote=bool(name))
    return Principal(
        name,
        remote=bool(name),
        micros_per_day=found.micros_per_day,
        runs_per_day=found.runs_per_day,
        key_reference=found.key_reference,
    )
