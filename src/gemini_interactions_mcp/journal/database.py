"""The journal's database: where its file lies and who may read that, its connections, what a broken one is called.

It refuses to know what is in the tables, and to let an error of the database's libraries out.

Writes take turns. A few reads run beside each other and beside later writes, each on a connection of its own, since a
search may take seconds; a read sees the writes that were called before it. A statement that has begun is never
interrupted: a cancellation that reaches the driver costs the connection and leaves its closing to a task that nobody
waits for. Every statement commits itself.
While another program holds an SQLite database, a statement soon gives up its turn and tries again: in SQLite's own
waiting it would keep all others waiting, too. What another database gives up, because two programs met in it, is tried
again in the same way.
"""

import logging
import math
import random
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import anyio
import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gemini_interactions_mcp.core import LARGE, GeminiMCPError, JournalError, beside, decoded_apart, encoded_apart

from .database_url import busy_seconds, in_file, is_sqlite, libpq_apart, parse_url, redacted
from .sqlite_file import FilePlace, LeftError, copy_into, make_file, opened_by, place_of

logger = logging.getLogger(__name__)

T = TypeVar("T")
Row = dict[str, object]
"""Values by the names of columns."""

READERS: Final = 4
"""Reads at once. Each takes a worker thread, and the default pool of SQLAlchemy keeps five connections."""

# So long a statement waits in its turn, and between its turns.
BUSY_TURN: Final = 0.1
BUSY_PAUSE: Final = 0.02
# So long after that, nothing is tried any more that has waited long enough already.
HELD_SECONDS: Final = 1.0
CLOSE_SECONDS: Final = 1.0
# So often the tables are made: servers that start together on an empty database stand in each other's way.
TABLE_TRIES: Final = 10

GATE: Final = sa.Table("gate", sa.MetaData(), sa.Column("number", sa.Integer, primary_key=True, autoincrement=False))
"""One row, which a write locks that nothing of its kind may happen beside."""
CHECKPOINT: Final = sa.text("PRAGMA wal_checkpoint(TRUNCATE)")
PASS: Final = sa.select(GATE.c.number).with_for_update(nowait=True)

UNWRITABLE: Final = ("cannot be opened or written", "Make the file and its directory writable")
LOCKED: Final = ("is locked by another program", "Close that program, call again later")
COLLIDED: Final = ("is being written by too many programs at once", "Call again later")
TAKEN: Final = ("already has a row of this label or interaction_id", "Use that row")

# Primary result codes (sqlite.org/rescode.html): what happened, what to do.
SQLITE_REASONS: Final = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_READONLY: UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: UNWRITABLE,
    sqlite3.SQLITE_PERM: UNWRITABLE,
    sqlite3.SQLITE_NOTADB: ("is not a database", "Move that file away"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "Move that file away"),
    sqlite3.SQLITE_FULL: ("cannot grow because the disk is full", "Free some space"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written because of a disk error", "Check the disk"),
}

COLLISIONS: Final = {
    # PostgreSQL: serialization_failure, deadlock_detected, lock_not_available
    # (postgresql.org/docs/current/errcodes-appendix.html).
    *("40001", "40P01", "55P03"),
    # MySQL and MariaDB: ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, ER_LOCK_NOWAIT
    # (dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html).
    *(1205, 1213, 3572),
}
"""What a database says that has undone a statement because of another one."""


class Database:
    """A database of some tables.

    Opened by the first statement, and again by the next one when that failed. Every method raises `JournalError` when
    the database cannot be used. A write that has been called is finished even if the caller is cancelled; a read only
    when its turn has come. SQLite that another program holds, and what another database has undone because of another
    program, is tried again for 5 seconds, or for the `timeout` in the URL, or for `patience` seconds where that is
    given and less.

    Args:
        url: SQLAlchemy URL, or the path of an SQLite file; the file and its directory are made when they are missing.
        metadata: The tables; those that are missing are made.
        version: Of the tables; a newer one is left alone.
    """

    def __init__(self, url: str | Path, metadata: sa.MetaData, version: int) -> None:
        self._url = url
        self._metadata = metadata
        self._version = version
        self._turn = anyio.Lock()
        self._reads = anyio.Semaphore(READERS)
        self._opening = anyio.Lock()
        self._engine: AsyncEngine | None = None
        self._place: FilePlace | None = None
        """Where its file lies, once it is open."""
        self._copy: Path | None = None
        """Where the copy is of a file that was deleted or replaced; no other connection is opened then."""
        self._uncopied = ""
        """Why there is no such copy."""
        self._running = 0
        """How many statements are being executed."""
        self._closed = False
        self._unscrubbed = False
        """What was deleted is still in the log of SQLite."""
        self._held_at = -math.inf
        """When another program was last seen to hold the database."""

    @cached_property
    def _parsed(self) -> sa.URL:
        return parse_url(self._url)

    async def read(
        self, query: sa.Executable, outcome: Callable[[sa.CursorResult[Any]], T], patience: float = math.inf
    ) -> T:
        """What a query comes to."""
        with translated(self._url):
            found = await self._persist(self._behind_writes, lambda: self._execute(query, outcome), patience)
        if self._unscrubbed and not self._running:
            await self.scrub()
        return found

    async def write(
        self, statement: sa.Executable, values: Row | None = None, patience: float = math.inf, *, alone: bool = False
    ) -> int:
        """Execute a statement that changes rows; how many they were.

        Args:
            statement: What changes them.
            values: Of its parameters.
            patience: As the class says.
            alone: It depends on rows that are not there. No other such statement is executed meanwhile, by any
                program, and it sees what those before it have written.
        """
        with translated(self._url), uncancelled():
            if is_sqlite(self._parsed):
                values = values and await encoded_texts(values)
            count = await self._persist(
                lambda: self._turn, lambda: self._change(statement, values, alone=alone), patience
            )
            self._held_at = -math.inf
            return count

    async def check_place(self) -> None:
        """Make sure that what is written will be found again.

        Raises:
            JournalError: The file has been deleted or replaced.
        """
        await self._notice()
        if self._copy:
            raise JournalError(self._left())

    async def scrub(self) -> None:
        """Have SQLite overwrite now what has been deleted: until it empties its log, it is still in there.

        A read at this moment puts it off until it is over. One of another program puts it off until the last one
        closes the database.
        """
        if is_sqlite(self._parsed):
            with suppress(JournalError), translated(self._url), uncancelled():
                busy = await self._persist(
                    lambda: self._turn, lambda: self._execute(CHECKPOINT, lambda found: found.scalar()), patience=0
                )
                self._unscrubbed = bool(busy)

    async def close(self) -> None:
        """Close the database within a second; a statement still at work closes it after itself.

        Harmless when it was never opened or is closed. A later call is still answered: it opens and closes for
        itself, since a late write may be about something paid.
        """
        self._closed = True
        with anyio.move_on_after(CLOSE_SECONDS, shield=True):
            async with self._undisturbed():
                await self._dispose()

    @asynccontextmanager
    async def _behind_writes(self) -> AsyncGenerator[None]:
        """Have the turn of a read, which sees what the writes say that were called before it."""
        async with self._turn:
            pass
        async with self._reads:
            yield

    @asynccontextmanager
    async def _undisturbed(self) -> AsyncGenerator[None]:
        """Have the turn of the writes, and those of all reads."""
        async with AsyncExitStack() as turns:
            for turn in (self._turn, *[self._reads] * READERS):
                await turns.enter_async_context(turn)
            yield

    async def _persist(
        self,
        turn: Callable[[], AbstractAsyncContextManager[object]],
        execute: Callable[[], Awaitable[T]],
        patience: float,
    ) -> T:
        """Execute a statement in its turn, and again where another program holds the database."""
        deadline = anyio.current_time() + min(patience, busy_seconds(self._parsed))
        while True:
            self._refuse(deadline)
            await self._notice()
            try:
                async with self._undisturbed() if self._copy else turn():
                    self._refuse(deadline)
                    return await execute()
            except (DBAPIError, LeftError) as exc:
                if self._copy is None and (self._astray() or isinstance(exc, LeftError)):
                    continue
                if (why := reason(exc, self._parsed)) not in {LOCKED, COLLIDED}:
                    raise
                if why == LOCKED:
                    self._held_at = anyio.current_time()
                if anyio.current_time() >= deadline:
                    raise
            await anyio.sleep(pause())

    async def _notice(self) -> None:
        """Copy what is open, where its file has been deleted or replaced; from then on, statements use that alone."""
        if self._copy is None and self._astray():
            with uncancelled():
                async with self._undisturbed():
                    if self._copy is None:
                        self._copy = cast("FilePlace", self._place).copy_path()
                        await self._save()
                        logger.warning("%s", self._left())

    def _astray(self) -> bool:
        return self._engine is not None and self._place is not None and self._place.is_left()

    async def _save(self) -> None:
        """Copy what is open; what hinders it is told with what is refused."""
        try:
            async with cast("AsyncEngine", self._engine).connect() as connection:
                await copy_into(connection, cast("Path", self._copy))
            self._uncopied = ""
        except (OSError, DBAPIError, LeftError) as exc:
            self._uncopied = type(exc).__name__

    def _left(self) -> str:
        """What is said of a file that has been deleted or replaced."""
        path = self._parsed.database
        where = f"What it held is in {self._copy}: end all servers, move that file to {path}, and start them again."
        if self._uncopied:
            where = f"What it held could not be copied to {self._copy} ({self._uncopied}), and ends with this server."
        return f"The journal at {path} was deleted or replaced while this server runs, so nothing new is sent. {where}"

    def _refuse(self, deadline: float) -> None:
        """Do not try what has waited long enough, where another program held the database a moment ago."""
        if anyio.current_time() >= deadline and anyio.current_time() - self._held_at < HELD_SECONDS:
            raise JournalError(worded(LOCKED, self._parsed))

    async def _change(self, statement: sa.Executable, values: Row | None, *, alone: bool) -> int:
        """Execute a statement that changes rows, and copy what has changed before the last connection is closed."""
        async with self._counted():
            count = await self._execute(statement, lambda found: found.rowcount, values, alone=alone)
            # Not while it is the copy itself that is open.
            if self._copy and cast("FilePlace", self._place).path != self._copy:
                await self._save()
            return count

    async def _execute(
        self,
        statement: sa.Executable,
        outcome: Callable[[sa.CursorResult[Any]], T],
        values: Row | None = None,
        *,
        alone: bool = False,
    ) -> T:
        async with self._counted():
            engine = await self._opened()
            async with engine.connect() as connection, gated(connection) if alone else nullcontext():
                return outcome(await connection.execute(statement, values))

    @asynccontextmanager
    async def _counted(self) -> AsyncGenerator[None]:
        """Finish what is inside; the last statement of a closed database closes its connections."""
        with uncancelled():
            self._running += 1
            try:
                yield
            finally:
                self._running -= 1
                if self._closed and not self._running:
                    await self._dispose()

    async def _opened(self) -> AsyncEngine:
        async with self._opening:
            if self._engine is None:
                await self._open()
            return cast("AsyncEngine", self._engine)

    async def _open(self) -> None:
        # After the end of a file that was left, its copy is what there is.
        url = self._parsed.set(database=str(self._copy)) if self._copy else self._parsed
        self._engine = new_engine(url)
        try:
            if in_file(url):
                make_file(url)
            self._place = place_of(url)
            guard(self._engine, self._place)
            async with self._engine.connect() as connection:
                await establish(connection, self._metadata, self._version)
        except BaseException:
            await self._dispose()
            raise

    async def _dispose(self) -> None:
        engine, self._engine = self._engine, None
        if engine:
            await engine.dispose()


def new_engine(url: sa.URL) -> AsyncEngine:
    """An engine whose statements commit themselves and whose errors hide what was asked and answered."""
    sqlite = is_sqlite(url)
    if sqlite:
        # A connection that waits keeps its turn; most of the waiting is done between turns.
        url = url.update_query_dict({"timeout": str(BUSY_TURN)})
    url, arguments = libpq_apart(opened_by(url))
    # A connection through a network may have died since it was used last.
    engine = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        pool_pre_ping=not sqlite,
        connect_args=arguments,
    )
    if sqlite:
        event.listen(engine.sync_engine, "connect", configure)
        event.listen(engine.sync_engine, "connect", configure_driver)
    return engine


def guard(engine: AsyncEngine, place: FilePlace | None) -> None:
    """Have no connection made to another file than that of the first."""

    def check(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's, around the driver's
        if place is not None and place.is_left():
            connection.close()
            raise LeftError(str(place.path))

    event.listen(engine.sync_engine, "connect", check)


def configure(connection: sqlite3.Connection, _record: object) -> None:
    """Set up a new connection, which has the methods of sqlite3's."""
    cursor = connection.cursor()
    # NORMAL may lose the last commits when the power fails (sqlite.org/pragma.html#pragma_synchronous).
    cursor.execute("PRAGMA synchronous=FULL")
    # Not every SQLite overwrites by itself what is deleted (sqlite.org/pragma.html#pragma_secure_delete).
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()
    # SQLite's own knows only the letters of ASCII (sqlite.org/lang_corefunc.html#lower).
    connection.create_function("lower", 1, lower, deterministic=True)


def configure_driver(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's, around aiosqlite's
    """Have long texts decoded so that other threads have their turn meanwhile."""
    connection.driver_connection.text_factory = decoded


async def encoded_texts(values: Row) -> Row:
    """The values, long texts as their bytes: encoded by the driver, they would keep other threads waiting."""
    long = {name: value for name, value in values.items() if isinstance(value, str) and len(value) >= LARGE}
    size = sum(map(len, long.values()))
    return values | await beside(size, lambda: {name: encoded_apart(value) for name, value in long.items()})


def decoded(content: bytes) -> str:
    """A text that SQLite has read."""
    return content.decode() if len(content) < LARGE else decoded_apart(content)


def lower(text: str | None) -> str | None:
    """SQL's `lower`, for the letters of all alphabets."""
    return text and text.lower()


async def establish(connection: AsyncConnection, metadata: sa.MetaData, version: int) -> None:
    """Create the tables where they are missing, and the columns that an older version did not have.

    Raises:
        JournalError: A newer version has written this journal; nothing has been changed.
    """
    if not is_sqlite(connection.engine.url):
        await bring_up_together(connection, metadata)
        return
    if await schema_version(connection, version) < version:
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        # Asked again: another process may have been here first.
        await schema_version(connection, version)
        await connection.run_sync(bring_up, metadata)
        await connection.exec_driver_sql(f"PRAGMA user_version={version}")
        await connection.exec_driver_sql("COMMIT")
    # SQLite refuses this at once, whatever the time-out, while another process does the same; what matters works
    # without it, and the next opening asks again.
    with suppress(OperationalError):
        await connection.exec_driver_sql("PRAGMA journal_mode=WAL")


async def bring_up_together(connection: AsyncConnection, metadata: sa.MetaData) -> None:
    """Make the schema ours, and the gate, while other servers may be doing the same."""
    for left in reversed(range(TABLE_TRIES)):
        try:
            await connection.run_sync(bring_up, metadata)
            await connection.run_sync(make_gate)
            return
        except DBAPIError:
            if not left:
                raise
        await anyio.sleep(pause())


def make_gate(connection: sa.Connection) -> None:
    """Make the gate where it is missing, which SQLite does not need."""
    GATE.create(connection, checkfirst=True)
    if connection.execute(sa.select(GATE.c.number)).first() is None:
        connection.execute(sa.insert(GATE), {"number": 1})


@asynccontextmanager
async def gated(connection: AsyncConnection) -> AsyncGenerator[None]:
    """Execute what is inside in a transaction that no other one of this kind overlaps.

    One statement of SQLite is that by itself. Elsewhere the gate is locked first. A gate that is closed is an error,
    so that nothing waits for it in its turn, nor for ever for a program that stands still while it has the gate.
    """
    if is_sqlite(connection.engine.url):
        yield
        return
    # Each statement sees all that was committed before it; MySQL's default is the time of the transaction's first.
    await connection.execution_options(isolation_level="READ COMMITTED")
    async with connection.begin():
        (await connection.execute(PASS)).scalar_one()
        yield


def bring_up(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Make the schema ours: tables and columns that are missing are added, and nothing is taken away."""
    metadata.create_all(connection)
    for table in metadata.sorted_tables:
        there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
        for column in [column for column in table.c if column.name not in there]:
            kind = column.type.compile(connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}")


async def schema_version(connection: AsyncConnection, ours: int) -> int:
    """The schema's version in SQLite; 0 in a new file.

    Raises:
        JournalError: It is newer than ours.
    """
    version = int((await connection.exec_driver_sql("PRAGMA user_version")).scalar_one())
    if version > ours:
        raise JournalError(
            f"The journal was written by a newer version of this server (schema {version}, here {ours})."
            " Update the server, or name another database with GEMINI_MCP_DATABASE_URL."
        )
    return version


def pause() -> float:
    """How long to wait before the next try: of two that met, one comes first then."""
    return BUSY_PAUSE * random.uniform(0.5, 1.5)  # noqa: S311


@contextmanager
def uncancelled() -> Generator[None]:
    """Let what is inside finish although the caller is cancelled."""
    with anyio.CancelScope(shield=True):
        yield


@contextmanager
def translated(url: str | Path) -> Generator[None]:
    """Turn whatever the database's libraries raise into a `JournalError`: each driver has classes of its own."""
    try:
        yield
    except GeminiMCPError:
        raise
    except Exception as exc:
        raise JournalError(complaint(exc, parse_url(url))) from exc


def complaint(exc: Exception, url: sa.URL) -> str:
    """What happened and what to do about it, without the URL's passwords, which a driver may have quoted."""
    return worded(reason(exc, url), url)


def worded(reason: tuple[str, str], url: sa.URL) -> str:
    """The same of a reason that is known."""
    what, remedy = reason
    where = f" at {url.database}" if in_file(url) else ""
    return f"The journal{where} {what}. {remedy}, or name another database with GEMINI_MCP_DATABASE_URL."


def reason(exc: Exception, url: sa.URL) -> tuple[str, str]:
    """What happened, and what to do about it."""
    cause = exc.orig if isinstance(exc, DBAPIError) and exc.orig else exc
    # The low byte is the primary code (sqlite.org/rescode.html).
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in SQLITE_REASONS:
        return SQLITE_REASONS[code]
    if isinstance(exc, IntegrityError):
        return TAKEN
    if collided(cause):
        return COLLIDED
    if isinstance(cause, ImportError):
        return f"cannot be opened ({cause})", driver_remedy(cause)
    if isinstance(cause, ValidationError):
        return "has a row that this version cannot read", "Update the server"
    first_line = redacted(str(cause).partition("\n")[0], url)
    return f"cannot be used ({type(cause).__name__}: {first_line})", "Make sure that it can be reached"


def collided(cause: BaseException) -> bool:
    """Whether a database has undone a statement because of another one: drivers of MySQL put the code first."""
    codes: list[object] = [getattr(cause, "sqlstate", None), *cause.args[:1]]
    return any(code in COLLISIONS for code in codes if isinstance(code, str | int))


def driver_remedy(missing: ImportError) -> str:
    """What to do where a driver is missing."""
    if missing.name == "asyncpg":
        return "Install gemini-interactions-mcp[postgresql], which brings it along"
    return "Install the driver that its URL needs"
