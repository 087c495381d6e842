"""The journal's database: turns, retries, and what happens when its file is deleted or replaced.

It knows nothing of what is in the tables, and lets no error of the database's libraries out.

Writes take turns. A few reads run beside each other and beside later writes, each on a connection of its own, since a
search may take seconds; a read sees the writes that were called before it. A statement that has begun is never
interrupted: a cancellation that reaches the driver costs the connection and leaves its closing to a task that nobody
waits for. Every statement commits itself.
While another program holds an SQLite database, a statement soon gives up its turn and tries again: in SQLite's own
waiting it would keep all others waiting, too. What another database gives up, because two programs met in it, is tried
again in the same way.
"""

import math
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
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from gemini_interactions_mcp.core import DEFAULT_TIMING, JournalError, Timing, logger

from .database_url import is_file_database, is_sqlite, parse_busy_seconds, parse_url
from .engine import RowValues, encode_texts, make_engine, refuse_replaced_file
from .failures import COLLISION_REASON, LOCKED_REASON, find_reason, render_reason, translate_database_errors
from .gate import pass_gate
from .migrating import choose_pause, establish_tables
from .sqlite_file import FilePlace, FileReplacedError, copy_database, locate_file, make_file

OutcomeT = TypeVar("OutcomeT")

MAX_READERS: Final = 4
"""Maximum number of concurrent reads. Each takes a worker thread; SQLAlchemy's default pool keeps five connections."""

EMPTY_LOG: Final = sa.text("PRAGMA wal_checkpoint(TRUNCATE)")


class Database:
    """A database of some tables.

    The first statement opens it; after a failure to open, the next statement tries again. Every method raises
    `JournalError` when the database cannot be used. A write finishes even if its caller is cancelled; a read only once
    its turn has come. A statement on an SQLite database that another program holds, or one that another database has
    undone because of another program, is retried for `Timing.busy`, for the `timeout` in the URL, or for
    `patience` seconds where that is less.

    Args:
        url: SQLAlchemy URL, or the path of an SQLite file; the file and its directory are made when they are missing.
        metadata: The tables; made in an empty database, and migrated in one of an older version.
        version: Version of the tables; a newer one is refused.
        timing: How long statements and closing wait.
    """

    def __init__(self, url: str | Path, metadata: sa.MetaData, version: int, timing: Timing = DEFAULT_TIMING) -> None:
        self._url = url
        self._metadata = metadata
        self._version = version
        self._timing = timing
        self._turn = anyio.Lock()
        self._reads = anyio.Semaphore(MAX_READERS)
        self._opening = anyio.Lock()
        self._engine: AsyncEngine | None = None
        self._place: FilePlace | None = None
        """Place of its file, once it is open."""
        self._copy: Path | None = None
        """Path of the copy of a file that was deleted or replaced; no other connection is opened then."""
        self._uncopied = ""
        """Why that copy could not be written."""
        self._running = 0
        """Number of statements being executed."""
        self._closed = False
        self._unscrubbed = False
        """Whether deleted content is still in the log of SQLite."""
        self._held_at = -math.inf
        """When another program was last seen to hold the database, on the clock of the event loop."""

    @cached_property
    def _parsed(self) -> sa.URL:
        return parse_url(self._url)

    async def read(
        self, query: sa.Executable, outcome: Callable[[sa.CursorResult[Any]], OutcomeT], patience: float = math.inf
    ) -> OutcomeT:
        """Return the outcome of a query."""
        with translate_database_errors(self._url):
            found = await self._persist(self._take_read_turn, lambda: self._execute(query, outcome), patience)
        if self._unscrubbed and not self._running:
            await self.scrub()
        return found

    async def write(
        self,
        statement: sa.Executable,
        values: RowValues | None = None,
        patience: float = math.inf,
        *,
        alone: bool = False,
    ) -> int:
        """Execute a statement that changes rows, and return how many.

        Args:
            statement: An insert, update or delete.
            values: Parameters of the statement.
            patience: Seconds to retry, as the class says.
            alone: Whether it depends on the absence of rows. No other such statement of any program is executed
                meanwhile, and it sees what those before it have written.
        """
        with translate_database_errors(self._url), shield_cancellation():
            if is_sqlite(self._parsed):
                values = values and await encode_texts(values)
            count = await self._persist(
                lambda: self._turn, lambda: self._change(statement, values, alone=alone), patience
            )
            self._held_at = -math.inf
            return count

    async def check_place(self) -> None:
        """Check that what is written now will be found again.

        Raises:
            JournalError: The file has been deleted or replaced.
        """
        await self._check_left()
        if self._copy:
            raise JournalError(self._describe_left())

    async def scrub(self) -> None:
        """Empty the log of SQLite, which still has in it what was deleted.

        A read of this program at this moment delays that until it is over; a read of another program delays it until
        the last program closes the database.
        """
        if is_sqlite(self._parsed):
            with suppress(JournalError), translate_database_errors(self._url), shield_cancellation():
                busy = await self._persist(
                    lambda: self._turn, lambda: self._execute(EMPTY_LOG, lambda found: found.scalar()), patience=0
                )
                self._unscrubbed = bool(busy)

    async def close(self) -> None:
        """Close the database within `Timing.database_close`; a statement still at work closes it after itself.

        Harmless when it was never opened or is closed. A later call is still answered: it opens and closes the
        database by itself, since a late write may be about something paid.
        """
        self._closed = True
        with anyio.move_on_after(self._timing.database_close, shield=True):
            async with self._take_all_turns():
                await self._dispose()

    @asynccontextmanager
    async def _take_read_turn(self) -> AsyncGenerator[None]:
        """Take the turn of a read, which sees the writes that were called before it."""
        async with self._turn:
            pass
        async with self._reads:
            yield

    @asynccontextmanager
    async def _take_all_turns(self) -> AsyncGenerator[None]:
        """Take the turn of the writes and those of all reads."""
        async with AsyncExitStack() as turns:
            for turn in (self._turn, *[self._reads] * MAX_READERS):
                await turns.enter_async_context(turn)
            yield

    async def _persist(
        self,
        turn: Callable[[], AbstractAsyncContextManager[object]],
        execute: Callable[[], Awaitable[OutcomeT]],
        patience: float,
    ) -> OutcomeT:
        """Execute a statement in its turn; retry while another program holds the database."""
        deadline = anyio.current_time() + min(patience, parse_busy_seconds(self._parsed, self._timing.busy))
        while True:
            self._check_deadline(deadline)
            await self._check_left()
            try:
                async with self._take_all_turns() if self._copy else turn():
                    self._check_deadline(deadline)
                    return await execute()
            except (DBAPIError, FileReplacedError) as exc:
                if self._copy is None and (self._is_left() or isinstance(exc, FileReplacedError)):
                    continue
                if (why := find_reason(exc, self._parsed)) not in {LOCKED_REASON, COLLISION_REASON}:
                    raise
                if why == LOCKED_REASON:
                    self._held_at = anyio.current_time()
                if anyio.current_time() >= deadline:
                    raise
            await anyio.sleep(choose_pause())

    async def _check_left(self) -> None:
        """Copy a database whose file was deleted or replaced; from then on, statements use its connection alone."""
        if self._copy is None and self._is_left():
            with shield_cancellation():
                await self._make_copy()

    async def _make_copy(self) -> None:
        async with self._take_all_turns():
            # Another statement may have been quicker.
            if self._copy is None:
                self._copy = cast("FilePlace", self._place).copy_path()
                await self._write_copy()
                logger.warning("%s", self._describe_left())

    def _is_left(self) -> bool:
        """Whether the file that is open has been deleted or replaced."""
        return self._engine is not None and self._place is not None and self._place.is_left()

    async def _write_copy(self) -> None:
        """Write the copy. A failure is part of the errors of later statements."""
        try:
            async with cast("AsyncEngine", self._engine).connect() as connection:
                await copy_database(connection, cast("Path", self._copy))
            self._uncopied = ""
        except (OSError, DBAPIError, FileReplacedError) as exc:
            self._uncopied = type(exc).__name__

    def _describe_left(self) -> str:
        """Return the error for a file that has been deleted or replaced."""
        path = self._parsed.database
        where = f"What it held is in {self._copy}: end all servers, move that file to {path}, and start them again."
        if self._uncopied:
            where = f"What it held could not be copied to {self._copy} ({self._uncopied}), and ends with this server."
        return f"The journal at {path} was deleted or replaced while this server runs, so nothing new is sent. {where}"

    def _check_deadline(self, deadline: float) -> None:
        """Refuse a statement that has waited long enough, where another program held the database a moment ago.

        Raises:
            JournalError: The database is locked.
        """
        if anyio.current_time() >= deadline and anyio.current_time() - self._held_at < self._timing.held:
            raise JournalError(render_reason(LOCKED_REASON, self._parsed))

    async def _change(self, statement: sa.Executable, values: RowValues | None, *, alone: bool) -> int:
        """Execute a statement that changes rows, and renew the copy of a file that was left while it is open."""
        async with self._hold_open():
            count = await self._execute(statement, lambda found: found.rowcount, values, alone=alone)
            # The copy itself may be the open file.
            if self._copy and cast("FilePlace", self._place).path != self._copy:
                await self._write_copy()
            return count

    async def _execute(
        self,
        statement: sa.Executable,
        outcome: Callable[[sa.CursorResult[Any]], OutcomeT],
        values: RowValues | None = None,
        *,
        alone: bool = False,
    ) -> OutcomeT:
        async with self._hold_open():
            engine = await self._ensure_open()
            async with engine.connect() as connection, pass_gate(connection) if alone else nullcontext():
                return outcome(await connection.execute(statement, values))

    @asynccontextmanager
    async def _hold_open(self) -> AsyncGenerator[None]:
        """Finish the body; the last statement of a closed database closes its connections."""
        with shield_cancellation():
            self._running += 1
            try:
                yield
            finally:
                self._running -= 1
                if self._closed and not self._running:
                    await self._dispose()

    async def _ensure_open(self) -> AsyncEngine:
        async with self._opening:
            if self._engine is None:
                await self._open()
            return cast("AsyncEngine", self._engine)

    async def _open(self) -> None:
        # Of a file that was left and closed, only the copy is there.
        url = self._parsed.set(database=str(self._copy)) if self._copy else self._parsed
        self._engine = make_engine(url)
        try:
            if is_file_database(url):
                make_file(url)
            self._place = locate_file(url)
            refuse_replaced_file(self._engine, self._place)
            async with self._engine.connect() as connection:
                await establish_tables(connection, self._metadata, self._version)
        except BaseException:
            await self._dispose()
            raise

    async def _dispose(self) -> None:
        engine, self._engine = self._engine, None
        if engine:
            await engine.dispose()


@contextmanager
def shield_cancellation() -> Generator[None]:
    """Shield the body from cancellation."""
    with anyio.CancelScope(shield=True):
        yield
