"""Secrets that the servers of one journal share."""

import secrets
from typing import Final

import sqlalchemy as sa

from .clock import now
from .database import Database
from .rows import format_moment
from .schema import SERVER_SECRETS

SECRET_BYTES: Final = 32


async def share_secret(database: Database, name: str) -> bytes:
    """Return the secret of a name, the same for all servers; whoever asks first makes it.

    Raises:
        JournalError: The journal cannot be used.
    """
    wanted = sa.select(SERVER_SECRETS.c.value).where(SERVER_SECRETS.c.name == name)
    while (found := await database.read(wanted, lambda result: result.scalar())) is None:
        await database.write(insert_secret(name, secrets.token_hex(SECRET_BYTES)), locks=[f"secret {name}"])
    return bytes.fromhex(found)


def insert_secret(name: str, value: str) -> sa.Insert:
    """Insert a secret where there is none of that name."""
    values = {"name": name, "value": value, "created_at": format_moment(now())}
    columns = [sa.literal(each, SERVER_SECRETS.c[column].type).label(column) for column, each in values.items()]
    taken = sa.exists().where(SERVER_SECRETS.c.name == name)
    return sa.insert(SERVER_SECRETS).from_select(list(values), sa.select(*columns).where(~taken))
