"""The rows about what was deleted, and what administrators have done."""

import math
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from gemini_interactions_mcp.core import JournalError, logger

from .clock import now
from .database import Database
from .queries import sum_costs
from .rows import format_moment
from .schema import AUDIT_EVENTS
from .shielding import shield_cancellation

AUDIT_SECONDS: Final = 5.0
"""Seconds for which another program may keep the row of a deletion from being written."""


@dataclass(frozen=True)
class AuditEvent:
    """Something that was done.

    Attributes:
        happened_at: When.
        principal: By whom; empty for the owner of the server.
        action: What, such as `token.add`.
        subject: To what or whom.
    """

    happened_at: datetime
    principal: str
    action: str
    subject: str | None


async def record_event(
    database: Database, principal: str, action: str, subject: str | None = None, patience: float = math.inf
) -> None:
    """Write down what a principal has done.

    Raises:
        JournalError: It cannot be written.
    """
    values = {"happened_at": format_moment(now()), "principal": principal, "action": action, "subject": subject}
    await database.write(sa.insert(AUDIT_EVENTS).values(id=uuid.uuid4().hex, **values), patience=patience)


class AuditTrail:
    """The events of one principal.

    Args:
        database: Has the rows.
        principal: The name of the principal; empty for the owner of the server.
    """

    def __init__(self, database: Database, principal: str) -> None:
        self._database = database
        self._principal = principal

    async def record(self, action: str, subject: str) -> None:
        """Write down what the principal has just deleted, also where its call has been cancelled meanwhile.

        A row that cannot be written is logged instead: what it is about is done, and must not look as if it were not.
        """
        try:
            with shield_cancellation():
                await record_event(self._database, self._principal, action, subject, AUDIT_SECONDS)
        except JournalError as exc:
            whose = self._principal or "the owner"
            logger.error("No row says that %s did this: %s %s: %s", whose, action, subject, exc)


async def list_events(database: Database, limit: int = 100, since: datetime | None = None) -> list[AuditEvent]:
    """Return the newest events, the newest first.

    Raises:
        JournalError: They cannot be read.
    """
    query = sa.select(AUDIT_EVENTS).order_by(AUDIT_EVENTS.c.happened_at.desc()).limit(limit)
    if since is not None:
        query = query.where(AUDIT_EVENTS.c.happened_at >= format_moment(since))
    return await database.read(query, read_events)


def read_events(result: sa.CursorResult[Any]) -> list[AuditEvent]:
    """Return the events of a result."""
    return [
        AuditEvent(datetime.fromisoformat(found["happened_at"]), found["principal"], found["action"], found["subject"])
        for found in result.mappings()
    ]


async def sum_spent(database: Database, since: datetime, patience: float = 5) -> int:
    """Return what all principals have spent and reserved since then, in millionths of a dollar.

    Raises:
        JournalError: It cannot be read.
    """
    return await database.read(sum_costs(None, since), lambda result: int(result.scalar() or 0), patience)
