"""Creates the tables of an empty database, migrates those of an older version, and refuses those of a newer one.

Alembic, which takes 0.4 s to import, is loaded only where there is something to migrate.
"""

import random
from contextlib import suppress
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from gemini_interactions_mcp.core import JournalError

from .database_url import is_sqlite
from .engine import BUSY_TURN_SECONDS

BUSY_PAUSE_SECONDS: Final = 0.02
"""Mean seconds between two attempts at a database that another program holds."""
MIGRATION_LOCK_KEY: Final = 5_735_817_042
"""Key of PostgreSQL's advisory lock that a server holds while it makes or migrates the tables."""

VERSION_TABLE: Final = sa.Table(
    "schema_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="schema_version_pkc"),
)
"""One row: the revision of the schema, as alembic keeps it. SQLite has the number in `user_version` as well."""


async def establish_tables(connection: AsyncConnection, metadata: sa.MetaData, version: int) -> None:
    """Create or migrate the tables where they are not those of this version.

    Raises:
        JournalError: A newer version has written this journal; nothing has been changed.
    """
    if is_sqlite(connection.engine.url):
        await establish_sqlite_tables(connection, metadata, version)
    elif await connection.run_sync(read_stamped_version, version) < version:
        await establish_postgresql_tables(connection, metadata, version)


async def establish_sqlite_tables(connection: AsyncConnection, metadata: sa.MetaData, version: int) -> None:
    """Create or migrate the tables of an SQLite database."""
    if await read_file_version(connection, version) < version:
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        # Asked again: another process may have been here first.
        if await read_file_version(connection, version) < version:
            await connection.run_sync(bring_up_tables, metadata, version)
            await connection.exec_driver_sql(f"PRAGMA user_version={version}")
        await connection.exec_driver_sql("COMMIT")
    # SQLite refuses this at once, whatever the time-out, while another process does the same; what matters works
    # without it, and the next opening asks again.
    with suppress(OperationalError):
        await connection.exec_driver_sql("PRAGMA journal_mode=WAL")


async def establish_postgresql_tables(connection: AsyncConnection, metadata: sa.MetaData, version: int) -> None:
    """Create or migrate the tables of a PostgreSQL in one transaction, which no other server does at the same time.

    A lock that another program holds is an error after `BUSY_TURN_SECONDS`, so that the statement gives up its turn.
    """
    # Ends the transaction in which the version was read.
    await connection.rollback()
    # Each statement sees what the server before this one has committed.
    await connection.execution_options(isolation_level="READ COMMITTED")
    async with connection.begin():
        await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_TURN_SECONDS:.1f}s'")
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK_KEY)))
        await connection.run_sync(bring_up_missing_tables, metadata, version)


def bring_up_missing_tables(connection: sa.Connection, metadata: sa.MetaData, version: int) -> None:
    """Create or migrate the tables, unless another server was quicker."""
    if read_stamped_version(connection, version) < version:
        bring_up_tables(connection, metadata, version)


def bring_up_tables(connection: sa.Connection, metadata: sa.MetaData, version: int) -> None:
    """Create the tables of an empty database, or else migrate them."""
    inspector = sa.inspect(connection)
    if any(inspector.has_table(name) for name in metadata.tables):
        run_revisions(connection)
        return
    metadata.create_all(connection, checkfirst=False)
    VERSION_TABLE.create(connection, checkfirst=True)
    connection.execute(sa.insert(VERSION_TABLE), {"version_num": str(version)})


def run_revisions(connection: sa.Connection) -> None:
    """Run the revisions in `migrations/versions` that the database has not had yet."""
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "gemini_interactions_mcp.journal:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def read_file_version(connection: AsyncConnection, ours: int) -> int:
    """Return the version of the tables in SQLite; 0 in a new file.

    Raises:
        JournalError: It is newer than ours.
    """
    return check_schema_version(int((await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()), ours)


def read_stamped_version(connection: sa.Connection, ours: int) -> int:
    """Return the version of the tables in PostgreSQL; 0 where it is not known: these tables are older than 5.

    Raises:
        JournalError: It is newer than ours.
    """
    if not sa.inspect(connection).has_table(VERSION_TABLE.name):
        return 0
    return check_schema_version(int(connection.execute(sa.select(VERSION_TABLE.c.version_num)).scalar() or 0), ours)


def check_schema_version(version: int, ours: int) -> int:
    """Return the version of the tables, if this server knows it.

    Raises:
        JournalError: It is newer than ours.
    """
    if version > ours:
        raise JournalError(
            f"The journal was written by a newer version of this server (schema {version}, here {ours})."
            " Update the server, or name another database with GEMINI_MCP_DATABASE_URL."
        )
    return version


def choose_pause() -> float:
    """Return the seconds before the next attempt; random, so that two programs do not collide again."""
    return BUSY_PAUSE_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311
