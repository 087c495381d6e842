"""Secrets that the servers of one journal share."""

import secrets

import sqlalchemy as sa

from .clock import now
from .database import Database
from .rows import format_moment
from .schema import SERVER_SECRETS


async def share_secret(database: Database, name: str) -> str:
    """Return a secret of 256 random bits that all servers of a journal share; the first one makes it.

    Raises:
        JournalError: It cannot be read or written.
    """
    wanted = sa.select(SERVER_SECRETS.c.value).where(SERVER_SECRETS.c.name == name)
    values = {"name": name, "value": secrets.token_urlsafe(32), "created_at": format_moment(now())}
    columns = [sa.literal(value, SERVER_SECRETS.c[column].type).label(column) for column, value in values.items()]
    source = sa.select(*columns).where(~sa.exists(wanted))
    while (found := await database.read(wanted, lambda result: result.scalar())) is None:
        await database.write(sa.insert(SERVER_SECRETS).from_select(list(values), source), alone=True)
    return str(found)
