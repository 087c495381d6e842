"""Connections to the journal's database, and how long texts pass through them beside the event loop."""

import sqlite3
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gemini_interactions_mcp.core import (
    LARGE_TEXT_CHARACTERS,
    decode_utf8,
    encode_utf8,
    offload_if_large,
    replace_unstorable,
)

from .database_url import is_sqlite, split_libpq_parameters
from .sqlite_file import FilePlace, FileReplacedError, make_opening_url

RowValues = dict[str, object]
"""Values by the names of columns."""

BUSY_TURN_SECONDS: Final = 0.1
"""Seconds that a statement waits in its turn for a database that another program holds."""


POOL_SIZE: Final = 10
"""Connections to a PostgreSQL, which takes 100 by default: ten servers may share one."""

CONNECT_SECONDS: Final = 10
"""Seconds after which a server that does not answer counts as unreachable."""

STATEMENT_SECONDS: Final = 60.0
"""The same for a statement: behind a broken network, nothing else ends the waiting for many minutes."""


def make_engine(
    url: sa.URL, deadline: float | None = STATEMENT_SECONDS, poolclass: type[sa.Pool] | None = None
) -> AsyncEngine:
    """Return an engine whose statements commit themselves and whose errors hide what was asked and answered.

    Args:
        url: Address of the database.
        deadline: Seconds after which a statement fails in PostgreSQL; None for no limit.
        poolclass: What keeps connections; None for what is usual.
    """
    sqlite = is_sqlite(url)
    if sqlite:
        # A connection that waits keeps its turn; most of the waiting is done between turns.
        url = url.update_query_dict({"timeout": str(BUSY_TURN_SECONDS)})
    url, arguments = split_libpq_parameters(make_opening_url(url))
    pool: dict[str, Any] = {}
    if url.drivername == "postgresql+asyncpg":
        arguments = {"timeout": CONNECT_SECONDS, "command_timeout": deadline} | arguments
    if poolclass:
        pool = {"poolclass": poolclass}
    elif not sqlite:
        pool = {"pool_size": POOL_SIZE, "max_overflow": 0}
    # A connection through a network may have died since it was used last.
    engine = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        pool_pre_ping=not sqlite,
        connect_args=arguments,
        **pool,
    )
    if sqlite:
        event.listen(engine.sync_engine, "connect", configure_connection)
        event.listen(engine.sync_engine, "connect", configure_driver)
    return engine


def refuse_replaced_file(engine: AsyncEngine, place: FilePlace | None) -> None:
    """Refuse connections to another file than that of the first."""

    def check(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's, around the driver's
        if place is not None and place.is_left():
            connection.close()
            raise FileReplacedError(str(place.path))

    event.listen(engine.sync_engine, "connect", check)


def configure_connection(connection: sqlite3.Connection, _record: object) -> None:
    """Set up a new connection, which has the methods of sqlite3's."""
    cursor = connection.cursor()
    # NORMAL may lose the last commits when the power fails (sqlite.org/pragma.html#pragma_synchronous).
    cursor.execute("PRAGMA synchronous=FULL")
    # Not every SQLite overwrites by itself what is deleted (sqlite.org/pragma.html#pragma_secure_delete).
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()
    # SQLite's own knows only the letters of ASCII (sqlite.org/lang_corefunc.html#lower).
    connection.create_function("lower", 1, lower_text, deterministic=True)


def configure_driver(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's, around aiosqlite's
    """Decode long texts so that other threads have their turn meanwhile."""
    connection.driver_connection.text_factory = decode_stored_text


async def encode_texts(values: RowValues) -> RowValues:
    """Return the values, with long texts as clean UTF-8: encoded by the driver, they would keep other threads waiting.

    The column types clean what is still text.
    """
    long = {
        name: value for name, value in values.items() if isinstance(value, str) and len(value) >= LARGE_TEXT_CHARACTERS
    }
    size = sum(map(len, long.values()))
    return values | await offload_if_large(
        size, lambda: {name: encode_utf8(replace_unstorable(value)) for name, value in long.items()}
    )


def decode_stored_text(content: bytes) -> str:
    """Return a text that SQLite has read."""
    return content.decode() if len(content) < LARGE_TEXT_CHARACTERS else decode_utf8(content)


def lower_text(text: str | None) -> str | None:
    """Return SQL's `lower` for the letters of all alphabets."""
    return text and text.lower()
