"""The journal: a row for every interaction that this server has started, written before it is paid for.

Beside them, a row for every file that the Files API keeps. Owns the database, its tables, where its file lies and who
may read that, and what a broken database is called. It refuses to know the API, to decide when a row changes, and to
let an error of the database's libraries out.

Statements take turns on one connection, and one that has begun is never interrupted: a cancellation that reaches the
driver costs the connection and leaves its closing to a task that nobody waits for. Every statement commits itself.
While another program holds an SQLite database, a statement soon gives up its turn and tries again: in SQLite's own
waiting it would keep all others waiting, too.
"""

import base64
import math
import os
import sqlite3
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar, cast

import anyio
import sqlalchemy as sa
from pydantic import BaseModel, ValidationError
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from .errors import DailyLimitError, GeminiMCPError, InputError, JournalError
from .models import TERMINAL, UNKNOWN, WAITING_FOR_CLIENT, Record, Uploaded
from .records import FOREIGN, used_up

T = TypeVar("T")
Row = dict[str, object]
"""Values by the names of columns."""

SCHEMA_VERSION: Final = 2

# Two servers on one journal are normal on a desktop, and one may be writing.
BUSY_SECONDS: Final = 5.0
# So long a statement waits in its turn, and between its turns.
BUSY_TURN: Final = 0.1
BUSY_PAUSE: Final = 0.02
# So long after that, nothing is tried any more that has waited long enough already.
HELD_SECONDS: Final = 1.0
CLOSE_SECONDS: Final = 1.0

# How long Google keeps an interaction at most (ai.google.dev/gemini-api/docs/interactions, data retention): until
# then, somebody may still want to find out what became of a request whose outcome is unknown.
RETENTION: Final = timedelta(days=55)

SETTLED: Final = sorted(TERMINAL | WAITING_FOR_CLIENT)

# MySQL's TEXT ends at 64 KiB; of this length it becomes a LONGTEXT.
LONG: Final = sa.Text().with_variant(sa.Text(2**32 - 1), "mysql", "mariadb")
DOCUMENT: Final = sa.JSON(none_as_null=True)
# 512 characters still fit an index of MySQL.
NAME: Final = sa.String(512)
STAMP: Final = sa.String(32)

METADATA: Final = sa.MetaData()
ROWS: Final = sa.Table(
    "interactions",
    METADATA,
    sa.Column("label", NAME, primary_key=True),
    sa.Column("interaction_id", NAME, unique=True, index=True),
    sa.Column("kind", LONG, nullable=False),
    sa.Column("plan", sa.Boolean, nullable=False),
    sa.Column("status", LONG, nullable=False),
    sa.Column("model", LONG),
    sa.Column("agent", LONG),
    sa.Column("previous_interaction_id", LONG),
    sa.Column("environment_id", LONG),
    sa.Column("prompt", LONG, nullable=False),
    sa.Column("text", LONG, nullable=False),
    sa.Column("citations", DOCUMENT, nullable=False),
    sa.Column("usage", DOCUMENT),
    sa.Column("files", DOCUMENT, nullable=False),
    sa.Column("error", LONG),
    sa.Column("created_at", STAMP, nullable=False),
    sa.Column("updated_at", STAMP, nullable=False),
    sa.Column("finished_at", STAMP),
    # Who follows the row, and until when others leave it alone; not a part of a Record.
    sa.Column("owner", NAME),
    sa.Column("owned_until", STAMP),
)
RECORD: Final = [column for column in ROWS.c if column.name in Record.model_fields]
"""The columns that a `Record` has."""
sa.Index("interactions_by_time", ROWS.c.created_at, ROWS.c.label)

# Since version 2. Short names: all that finds a row is one index, also in MySQL.
UPLOADS: Final = sa.Table(
    "uploads",
    METADATA,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger, primary_key=True),
    sa.Column("mime_type", sa.String(128), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("uri", LONG, nullable=False),
    sa.Column("expires_at", STAMP, nullable=False),
)

NEWEST_FIRST: Final = (ROWS.c.created_at.desc(), ROWS.c.label.desc())
OLDEST_FIRST: Final = (ROWS.c.created_at, ROWS.c.label)

UPDATE: Final = sa.update(ROWS).where(ROWS.c.label == sa.bindparam("of_label"))

UNWRITABLE: Final = ("cannot be opened or written", "Make the file and its directory writable")
LOCKED: Final = ("is locked by another program", "Close that program, call again later")

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
    sqlite3.SQLITE_CONSTRAINT: ("already has a row of this label or interaction_id", "Use that row"),
}


class Limit(NamedTuple):
    """At most so many research rows since then."""

    most: int
    since: datetime


class Journal:
    """Every interaction that this server has started.

    Opened by the first method that needs it, and again by the next one when that failed. Every method raises
    `JournalError` when the database cannot be used. A write that has been called is finished even if the caller is
    cancelled; a read only when its turn has come. SQLite that another program holds is tried again for 5 seconds, or
    for the `timeout` in the URL, or for `patience` seconds where that is given and less.

    Args:
        url: SQLAlchemy URL of an async driver, or the path of an SQLite file; the file and its directory are made
            when they are missing.
    """

    def __init__(self, url: str | Path) -> None:
        self._url = url
        self._turn = anyio.Lock()
        self._engine: AsyncEngine | None = None
        self._closed = False
        self._held_at = -math.inf
        """When another program was last seen to hold the database."""

    async def insert(
        self,
        record: Record,
        *,
        owner: str | None = None,
        until: datetime | None = None,
        patience: float = math.inf,
    ) -> None:
        """Write a new row, which `owner` follows `until` then.

        Raises:
            JournalError: Also when its label or interaction_id is taken.
        """
        await self._write(sa.insert(ROWS), row(dict(record)) | lease(owner, until), patience)

    async def insert_once(
        self,
        record: Record,
        mark: str | None,
        since: datetime,
        *,
        limit: Limit | None = None,
        owner: str | None = None,
        until: datetime | None = None,
    ) -> Record | None:
        """Write a new row, unless one has come since then whose label begins with `mark`: that one is returned.

        Rows that have certainly failed do not count. It is one statement, so that two servers on one SQLite file
        cannot both write, nor both take the last place of a limit; other databases would need a stricter isolation
        for that.

        Raises:
            DailyLimitError: The limit is reached; nothing was written.
        """
        values = row(dict(record)) | lease(owner, until)
        columns = [sa.literal(value, ROWS.c[name].type).label(name) for name, value in values.items()]
        source = sa.select(*columns)
        if mark:
            source = source.where(~sa.select(ROWS.c.label).where(*twin_conditions(mark, since)).exists())
        if limit:
            source = source.where(spent(limit.since).scalar_subquery() < limit.most)
        if await self._write(sa.insert(ROWS).from_select(list(values), source)):
            return None
        if mark and (twin := await self.twin(mark, since)):
            return twin
        if limit and await self.spent(limit.since) >= limit.most:
            raise DailyLimitError(used_up(limit.most))
        return await self.insert_once(record, mark, since, limit=limit, owner=owner, until=until)

    async def twin(self, mark: str, since: datetime) -> Record | None:
        """The newest row since then whose label begins with `mark`, and that has not certainly failed."""
        wanted = sa.select(*RECORD).where(*twin_conditions(mark, since)).order_by(*NEWEST_FIRST)
        found = await self._read(wanted.limit(1), records)
        return found[0] if found else None

    async def spent(self, since: datetime) -> int:
        """How many research requests this server has sent since then that Google may have taken."""
        return await self._read(spent(since), lambda result: int(result.scalar_one()))

    async def update(self, label: str, *, patience: float = math.inf, **changes: object) -> None:
        """Change fields of a `Record`, and `updated_at`; without a row of that label nothing happens."""
        values = row({"updated_at": datetime.now(UTC)} | changes)
        await self._write(UPDATE, values | {"of_label": label}, patience)

    async def find(self, interaction_id: str, *, patience: float = math.inf) -> Record | None:
        """The row of an interaction, by its id or its label; None when this server does not know it."""
        named = sa.or_(ROWS.c.interaction_id == interaction_id, ROWS.c.label == interaction_id)
        found = await self._read(sa.select(*RECORD).where(named), records, patience)
        return found[0] if found else None

    async def page(
        self,
        *,
        query: str | None = None,
        kind: str | None = None,
        status: str | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> tuple[list[Record], str | None]:
        """Up to `limit` (at least 1) rows, newest first, and the cursor of the next page if there is one.

        Args:
            query: Text that the prompt, the answer or the interaction_id contains, in any case.
            kind: Only of this kind.
            status: Only of this status.
            limit: Rows.
            cursor: Where the previous page ended.

        Raises:
            InputError: The cursor is not one of ours.
            JournalError: The journal cannot be read.
        """
        wanted = sa.select(*RECORD).where(*conditions(query, kind, status, cursor)).order_by(*NEWEST_FIRST)
        found = await self._read(wanted.limit(limit + 1), records)
        return found[:limit], encode_cursor(found[limit - 1]) if len(found) > limit else None

    async def unfinished(self, *, but: str = "") -> list[Record]:
        """The rows with an id that have not settled, oldest first; without those that the owner `but` follows."""
        running = ROWS.c.interaction_id.is_not(None) & ROWS.c.status.not_in(SETTLED)
        others = sa.or_(ROWS.c.owner.is_(None), ROWS.c.owner != but)
        return await self._read(sa.select(*RECORD).where(running, others).order_by(*OLDEST_FIRST), records)

    async def claim(self, label: str, owner: str, until: datetime, *, patience: float = math.inf) -> bool:
        """Have `owner` follow a row until then; False when somebody else follows it now."""
        free = sa.or_(ROWS.c.owner.is_(None), ROWS.c.owner == owner, ROWS.c.owned_until < stamp(datetime.now(UTC)))
        wanted = sa.update(ROWS).where(ROWS.c.label == label, free)
        return await self._write(wanted.values(owner=owner, owned_until=stamp(until)), patience=patience) > 0

    async def renew(self, owner: str, until: datetime) -> None:
        """Go on following all rows that `owner` follows."""
        running = sa.update(ROWS).where(ROWS.c.owner == owner, ROWS.c.status.not_in(SETTLED))
        await self._write(running.values(owned_until=stamp(until)))

    async def release(self, owner: str, *, patience: float = math.inf) -> None:
        """Leave all rows that `owner` follows to others."""
        owned = sa.update(ROWS).where(ROWS.c.owner == owner)
        await self._write(owned.values(owner=None, owned_until=None), patience=patience)

    async def ids(self, prefix: str, limit: int = 100) -> list[str]:
        """Up to `limit` interaction ids that begin with `prefix` exactly, newest first."""
        column = ROWS.c.interaction_id
        # A label as an id says that there is nothing to read or continue.
        begins = sa.and_(sa.func.substr(column, 1, len(prefix)) == prefix, column != ROWS.c.label)
        wanted = sa.select(column).where(begins)
        return await self._read(wanted.order_by(*NEWEST_FIRST).limit(limit), lambda result: list(result.scalars()))

    async def followers(self, interaction_id: str) -> list[Record]:
        """The rows that go on from an interaction, oldest first."""
        after = sa.select(*RECORD).where(ROWS.c.previous_interaction_id == interaction_id)
        return await self._read(after.order_by(*OLDEST_FIRST), records)

    async def delete(self, interaction_id: str) -> bool:
        """Delete the row of an interaction; whether there was one."""
        return await self._write(sa.delete(ROWS).where(ROWS.c.interaction_id == interaction_id)) > 0

    async def prune(self, before: datetime) -> int:
        """Delete settled rows created before that moment, and uploads that have expired; how many rows they were.

        Running rows stay. A row of unknown outcome and without an id goes too, but not before Google has forgotten
        the interaction that it may stand for (55 days).
        """
        forgotten = ROWS.c.created_at < stamp(datetime.now(UTC) - RETENTION)
        lost = sa.and_(ROWS.c.status == UNKNOWN, ROWS.c.interaction_id.is_(None), forgotten)
        gone = sa.or_(ROWS.c.status.in_(SETTLED), lost)
        await self._write(sa.delete(UPLOADS).where(UPLOADS.c.expires_at < stamp(datetime.now(UTC))))
        return await self._write(sa.delete(ROWS).where(ROWS.c.created_at < stamp(before), gone))

    async def uploads(self, account: str, size: int, mime_type: str) -> dict[str, Uploaded]:
        """What the Files API keeps for an account of files of this size and type, by the hash of their content."""
        ours = (UPLOADS.c.account == account, UPLOADS.c.size == size, UPLOADS.c.mime_type == mime_type)
        return await self._read(sa.select(UPLOADS).where(*ours), uploaded)

    async def keep_upload(self, account: str, size: int, mime_type: str, digest: str, file: Uploaded) -> None:
        """Keep an upload, in place of an earlier one of the same content."""
        key: Row = {"account": account, "size": size, "mime_type": mime_type, "digest": digest}
        await self._write(sa.delete(UPLOADS).where(*(UPLOADS.c[name] == value for name, value in key.items())))
        await self._write(sa.insert(UPLOADS), key | {name: cell(value) for name, value in dict(file).items()})

    async def close(self) -> None:
        """Close the database within a second; a statement still at work closes it after itself.

        Harmless when it was never opened or is closed. A later call is still answered: it opens and closes for
        itself, since a late write may be about something paid.
        """
        self._closed = True
        with anyio.move_on_after(CLOSE_SECONDS, shield=True):
            async with self._turn:
                await self._dispose()

    async def _read(
        self, query: sa.Executable, outcome: Callable[[sa.CursorResult[Any]], T], patience: float = math.inf
    ) -> T:
        with translated(self._url):
            return await self._persist(lambda: self._execute(query, outcome), patience)

    async def _write(self, statement: sa.Executable, values: Row | None = None, patience: float = math.inf) -> int:
        with translated(self._url), uncancelled():
            count = await self._persist(
                lambda: self._execute(statement, lambda found: found.rowcount, values), patience
            )
            self._held_at = -math.inf
            return count

    async def _persist(self, execute: Callable[[], Awaitable[T]], patience: float) -> T:
        """Execute a statement in its turn, and again where another program holds the database."""
        deadline = anyio.current_time() + min(patience, busy_seconds(parse_url(self._url)))
        while True:
            self._refuse(deadline)
            try:
                async with self._turn:
                    self._refuse(deadline)
                    return await execute()
            except DBAPIError as exc:
                if reason(exc) != LOCKED:
                    raise
                self._held_at = anyio.current_time()
                if self._held_at >= deadline:
                    raise
            await anyio.sleep(BUSY_PAUSE)

    def _refuse(self, deadline: float) -> None:
        """Do not try what has waited long enough, where another program held the database a moment ago."""
        if anyio.current_time() >= deadline and anyio.current_time() - self._held_at < HELD_SECONDS:
            raise JournalError(worded(LOCKED, parse_url(self._url)))

    async def _execute(
        self, statement: sa.Executable, outcome: Callable[[sa.CursorResult[Any]], T], values: Row | None = None
    ) -> T:
        with uncancelled():
            try:
                engine = self._engine or await self._open()
                async with engine.connect() as connection:
                    return outcome(await connection.execute(statement, values))
            finally:
                if self._closed:
                    await self._dispose()

    async def _open(self) -> AsyncEngine:
        url = parse_url(self._url)
        self._engine = new_engine(url)
        try:
            make_file(url)
            async with self._engine.connect() as connection:
                await establish(connection)
        except BaseException:
            await self._dispose()
            raise
        return self._engine

    async def _dispose(self) -> None:
        engine, self._engine = self._engine, None
        if engine:
            await engine.dispose()


def conditions(
    query: str | None, kind: str | None, status: str | None, cursor: str | None
) -> Iterator[sa.ColumnElement[bool]]:
    """What a row must be like to be on a page."""
    if query:
        searched = (ROWS.c.prompt, ROWS.c.text, ROWS.c.interaction_id)
        yield sa.or_(*(column.icontains(query, autoescape=True) for column in searched))
    if kind:
        yield ROWS.c.kind == kind
    if status:
        yield ROWS.c.status == status
    if cursor:
        created_at, label = decode_cursor(cursor)
        earlier = sa.and_(ROWS.c.created_at == created_at, ROWS.c.label < label)
        yield sa.or_(ROWS.c.created_at < created_at, earlier)


def twin_conditions(mark: str, since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """What a row is like that stands for the same request: one that cannot be found may still appear."""
    over = sa.and_(
        ROWS.c.status.in_(["failed", "cancelled"]),
        sa.or_(ROWS.c.interaction_id.is_(None), ROWS.c.finished_at.is_not(None)),
    )
    return ROWS.c.label.startswith(mark, autoescape=True), ROWS.c.created_at > stamp(since), ~over


def spent(since: datetime) -> sa.Select[int]:
    """Counts research rows since then, but those that were certainly not taken, and what something else started."""
    unsent = sa.and_(ROWS.c.status.in_(["failed", "cancelled"]), ROWS.c.interaction_id.is_(None))
    ours = ~ROWS.c.label.startswith(FOREIGN, autoescape=True)
    paid = (ROWS.c.kind == "research", ROWS.c.created_at >= stamp(since), ~unsent, ours)
    return sa.select(sa.func.count()).select_from(ROWS).where(*paid)


def lease(owner: str | None, until: datetime | None) -> Row:
    """Who follows a row, as columns."""
    return {"owner": owner, "owned_until": until and stamp(until)}


def encode_cursor(record: Record) -> str:
    """Where a page ends that ends with this record."""
    place = f"{stamp(record.created_at)} {record.label}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str, str]:
    """The time and the label of the record that the previous page ended with.

    Raises:
        InputError: It is not one of ours.
    """
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created_at, label = place.split(" ", 1)
        return stamp(datetime.fromisoformat(created_at)), label
    except ValueError:
        raise InputError(
            f"Unknown cursor {cursor[:80]!r}. Pass the next_cursor of the previous page, or none for the first page."
        ) from None


def row(fields: Mapping[str, object]) -> Row:
    """Fields of a `Record` as columns.

    Raises:
        TypeError: There is no such field.
    """
    if unknown := fields.keys() - Record.model_fields.keys():
        raise TypeError(f"Record has no field {', '.join(sorted(unknown))}")
    return {name: cell(value) for name, value in fields.items()}


def cell(value: object) -> object:
    """A value as its column keeps it."""
    match value:
        case datetime():
            return stamp(value)
        case str():
            # Half a surrogate pair, which JSON can carry, has no UTF-8.
            return value.encode(errors="replace").decode()
        case BaseModel():
            return value.model_dump(mode="json")
        case list() | tuple():
            return [cell(item) for item in cast("Sequence[object]", value)]
        case _:
            return value


def stamp(moment: datetime) -> str:
    """A moment as text that sorts by time: UTC, always to the microsecond.

    Raises:
        ValueError: It has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def records(result: sa.CursorResult[Any]) -> list[Record]:
    """The rows of a result."""
    return [Record.model_validate(dict(found)) for found in result.mappings()]


def uploaded(result: sa.CursorResult[Any]) -> dict[str, Uploaded]:
    """The uploads of a result, by the hash of their content."""
    return {
        found["digest"]: Uploaded.model_validate({name: found[name] for name in Uploaded.model_fields})
        for found in result.mappings()
    }


def parse_url(text: str | Path) -> sa.URL:
    """The parts of a URL, or the URL of a path, which may have characters that mean something in one.

    Raises:
        JournalError: It is none, or its password is written so that a part of it would be taken for the host.
    """
    if isinstance(text, Path):
        return sa.URL.create("sqlite+aiosqlite", database=str(text))
    with suppress(ArgumentError, ValueError):
        url = sa.make_url(text)
        if "@" not in (url.host or ""):
            return url
    raise JournalError(
        "GEMINI_MCP_DATABASE_URL is not a database URL."
        " Write it as sqlite+aiosqlite:///path, and special characters of a password as %-codes."
    )


def is_sqlite(url: sa.URL) -> bool:
    """Whether it is SQLite, with any driver."""
    return url.get_backend_name() == "sqlite"


def in_file(url: sa.URL) -> bool:
    """Whether it is SQLite and the path of a file; what starts with `file:` is SQLite's own kind of URI."""
    return is_sqlite(url) and not (url.database or ":memory:").startswith((":memory:", "file:"))


def make_file(url: sa.URL) -> None:
    """Make SQLite's directory and file when they are missing, so that only the user can ever read them."""
    if not in_file(url):
        return
    path = Path(str(url.database)).resolve()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Exclusively: to open and close a database that is in use drops SQLite's locks on it
    # (sqlite.org/howtocorrupt.html, 2.2).
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def busy_seconds(url: sa.URL) -> float:
    """For how long SQLite that another program holds is tried again: as its URL says.

    Raises:
        ValueError: It says no number.
    """
    return float(str(url.query.get("timeout", BUSY_SECONDS)))


def new_engine(url: sa.URL) -> AsyncEngine:
    """An engine whose statements commit themselves and whose errors hide what was asked and answered."""
    sqlite = is_sqlite(url)
    if sqlite:
        # A connection that waits keeps its turn; most of the waiting is done between turns.
        url = url.update_query_dict({"timeout": str(BUSY_TURN)})
    # A connection through a network may have died since it was used last.
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", hide_parameters=True, pool_pre_ping=not sqlite)
    if sqlite:
        event.listen(engine.sync_engine, "connect", configure)
    return engine


def configure(connection: sqlite3.Connection, _record: object) -> None:
    """Set up a new connection, which has the methods of sqlite3's."""
    cursor = connection.cursor()
    # NORMAL may lose the last commits when the power fails (sqlite.org/pragma.html#pragma_synchronous).
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
    # SQLite's own knows only the letters of ASCII (sqlite.org/lang_corefunc.html#lower).
    connection.create_function("lower", 1, lower, deterministic=True)


def lower(text: str | None) -> str | None:
    """SQL's `lower`, for the letters of all alphabets."""
    return text and text.lower()


async def establish(connection: AsyncConnection) -> None:
    """Create the tables where they are missing, and the columns that an older version did not have.

    Raises:
        JournalError: A newer version has written this journal; nothing has been changed.
    """
    if not is_sqlite(connection.engine.url):
        await connection.run_sync(bring_up)
        return
    if await schema_version(connection) < SCHEMA_VERSION:
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        # Asked again: another process may have been here first.
        await schema_version(connection)
        await connection.run_sync(bring_up)
        await connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
        await connection.exec_driver_sql("COMMIT")
    # SQLite refuses this at once, whatever the time-out, while another process does the same; what matters works
    # without it, and the next opening asks again.
    with suppress(OperationalError):
        await connection.exec_driver_sql("PRAGMA journal_mode=WAL")


def bring_up(connection: sa.Connection) -> None:
    """Make the schema ours: what is missing is added, and nothing is taken away."""
    METADATA.create_all(connection)
    there = {column["name"] for column in sa.inspect(connection).get_columns(ROWS.name)}
    for column in [column for column in ROWS.c if column.name not in there]:
        kind = column.type.compile(connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {ROWS.name} ADD COLUMN {column.name} {kind}")


async def schema_version(connection: AsyncConnection) -> int:
    """The schema's version in SQLite; 0 in a new file.

    Raises:
        JournalError: It is newer than ours.
    """
    version = int((await connection.exec_driver_sql("PRAGMA user_version")).scalar_one())
    if version > SCHEMA_VERSION:
        raise JournalError(
            f"The journal was written by a newer version of this server (schema {version}, here {SCHEMA_VERSION})."
            " Update the server, or name another database with GEMINI_MCP_DATABASE_URL."
        )
    return version


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
    """What happened and what to do about it, without the URL's password, which a driver may have quoted."""
    return worded(reason(exc), url)


def worded(reason: tuple[str, str], url: sa.URL) -> str:
    """The same of a reason that is known."""
    what, remedy = reason
    where = f" at {url.database}" if in_file(url) else ""
    text = f"The journal{where} {what}. {remedy}, or name another database with GEMINI_MCP_DATABASE_URL."
    return text.replace(url.password, "***") if url.password else text


def reason(exc: Exception) -> tuple[str, str]:
    """What happened, and what to do about it."""
    cause = exc.orig if isinstance(exc, DBAPIError) and exc.orig else exc
    # The low byte is the primary code (sqlite.org/rescode.html).
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in SQLITE_REASONS:
        return SQLITE_REASONS[code]
    if isinstance(cause, ImportError):
        return f"cannot be opened ({cause})", "Install the driver that its URL names"
    if isinstance(cause, ValidationError):
        return "has a row that this version cannot read", "Update the server"
    first_line = str(cause).partition("\n")[0]
    return f"cannot be used ({type(cause).__name__}: {first_line})", "Make sure that it can be reached"
