"""What all principals together have asked for."""

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from gemini_interactions_mcp.core import OWNER

from .database import Database
from .queries import LIVE_ROWS, match_paid
from .schema import INTERACTIONS

OTHERS_ROWS = INTERACTIONS.c.principal != OWNER.name
"""Rows of all principals but the owner."""


class OthersUse(NamedTuple):
    """What the principals other than the owner have used, deleted or not.

    Attributes:
        runs: Number of requests that may have been paid for.
        research: Number of those that are research.
        micros: What they have cost or reserved, in millionths of a dollar.
    """

    runs: int
    research: int
    micros: int


async def read_others_use(database: Database, since: datetime) -> OthersUse:
    """Return what the principals other than the owner have used since then.

    Raises:
        JournalError: It cannot be read.
    """
    research = sa.func.sum(sa.case((INTERACTIONS.c.kind == "research", 1), else_=0))
    query = sa.select(sa.func.count(), research, sa.func.sum(INTERACTIONS.c.cost_micros))
    query = query.where(match_paid(None, since), OTHERS_ROWS)
    return await database.read(query, lambda result: OthersUse(*(int(found or 0) for found in result.one())))


async def find_last_interaction(database: Database) -> datetime | None:
    """Return when the newest interaction of anybody began; None where there is none.

    Raises:
        JournalError: It cannot be read.
    """
    begun = INTERACTIONS.c.created_at
    query = sa.select(begun).where(LIVE_ROWS).order_by(begun.desc()).limit(1)
    text = await database.read(query, lambda result: result.scalar())
    return datetime.fromisoformat(text) if text else None


async def list_last_interactions(database: Database) -> dict[str, datetime]:
    """Return when the newest interaction of each principal but the owner began, deleted or not.

    Raises:
        JournalError: They cannot be read.
    """
    query = sa.select(INTERACTIONS.c.principal, sa.func.max(INTERACTIONS.c.created_at).label("newest"))
    return await database.read(query.where(OTHERS_ROWS).group_by(INTERACTIONS.c.principal), read_newest)


def read_newest(result: sa.CursorResult[Any]) -> dict[str, datetime]:
    """Return the moments of a result by principal."""
    return {row["principal"]: datetime.fromisoformat(row["newest"]) for row in result.mappings()}
