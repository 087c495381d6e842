"""The rows of the journal about principals, as the servers that serve them need them."""

import sqlalchemy as sa

from gemini_interactions_mcp.core import Principal

from .clock import now
from .database import Database
from .queries import LIVE_ROWS, RUNNING_ROWS
from .rows import format_moment
from .schema import INTERACTIONS, PRINCIPALS


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


async def list_unfinished_principals(database: Database) -> list[str]:
    """Return the names of principals with interactions that have not settled and that no server follows.

    Raises:
        JournalError: They cannot be read.
    """
    free = sa.or_(
        INTERACTIONS.c.owner.is_(None),
        INTERACTIONS.c.owned_until.is_(None),
        INTERACTIONS.c.owned_until < format_moment(now()),
    )
    kept = sa.and_(INTERACTIONS.c.interaction_id.is_not(None), INTERACTIONS.c.stored.is_(True))
    wanted = sa.select(INTERACTIONS.c.principal).where(LIVE_ROWS, RUNNING_ROWS, kept, free).distinct()
    return await database.read(wanted, lambda result: list(result.scalars()))
