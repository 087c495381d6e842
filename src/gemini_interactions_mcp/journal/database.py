"""The journal's database: turns, retries, and what happens when its file is deleted or replaced.

It knows nothing of what is in the tables, and lets no error of the database's libraries out.

In SQLite, writes take turns. A few reads run beside each other and beside later writes, each on its own connection,
since a search may take seconds; a read sees the writes that were called before it. In PostgreSQL, each user of the
database has such an order of its own, and the statements of several run beside each other. A statement that has begun
is never interrupted: a cancellation that reaches the driver costs the connection and leaves its closing to a task that
nobody waits for. Every statement commits itself.
While another program holds an SQLite database, a statement soon gives up its turn and tries again: in SQLite's own
waiting it would keep all others waiting, too. What PostgreSQL gives up, because two programs met in it, is tried again
in the same way, and so is a statement whose connection broke: for a write that must not be executed twice, the database
is asked first whether it was.
"""

import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
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

from . import clock
from .database_url import is_file_database, is_sqlite, parse_busy_seconds, parse_url
from .engine import POOL_SIZE, RowValues, encode_texts, make_engine, refuse_replaced_file
from .failures import (
    COLLISION_REASON,
    LOCKED_REASON,
    DatabaseErrors,
    find_reason,
    is_lost,
    is_unknown_number,
)
from .migrating import choose_pause, establish_tables
from .notices import Notice, deliver_notices
from .shielding import shield_cancellation
from .sqlite_file import FilePlace, FileReplacedError, copy_database, locate_file, make_file
from .transactions import UncertainEndError, change_once, measure_clock, select_end, select_mark

OutcomeT = TypeVar("OutcomeT")

MAX_READERS: Final = 4
"""Maximum number of concurrent reads. Each takes a worker thread; SQLAlchemy's default pool keeps five connections."""

MAX_DECIDERS: Final = POOL_SIZE // 2
"""Maximum number of concurrent statements that wait for locks; the other connections stay free for what does not."""

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
        placeless: As for `DatabaseErrors`.
    """

    def __init__(
        self,
        url: str | Path,
        metadata: sa.MetaData,
        version: int,
        timing: Timing = DEFAULT_TIMING,
        *,
        placeless: bool = False,
    ) -> None:
        self._url = url
        self._errors = DatabaseErrors(url, placeless=placeless)
        self._metadata = metadata
        self._version = version
        self._timing = timing
        self._turn = anyio.Lock()
        self._deciders = anyio.Semaphore(MAX_DECIDERS)
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

    @cached_property
    def is_shared(self) -> bool:
        """Whether several machines may use it, each with a clock of its own; not at an address that cannot be read."""
        with suppress(JournalError):
            return not is_sqlite(self._parsed)
        return False

    @cached_property
    def _places(self) -> anyio.Semaphore:
        """The places of concurrent reads; where the database is shared, those of all statements."""
        return anyio.Semaphore(self._most)

    @property
    def _most(self) -> int:
        return POOL_SIZE if self.is_shared else MAX_READERS

    async def set_clock(self) -> None:
        """Let the journal's clock tell the time of the database; every statement does so now and then."""
        if self.is_shared and clock.JOURNAL_CLOCK.is_due():
            await self.read(sa.select(1), lambda found: found.scalar())

    def measure_load(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many statements wait for one."""
        pool = self._engine.pool if self._engine else None
        used = pool.checkedout() if isinstance(pool, sa.QueuePool) else 0
        turns = (self._turn, self._deciders, self._places)
        return used, sum(turn.statistics().tasks_waiting for turn in turns)

    async def watch(self, handle: Callable[[Notice], Awaitable[None]]) -> None:
        """Call a function for each change of an interaction by any server, until cancelled; ends at once in SQLite.

        It is called without a label where changes may have been missed: at first, and after a broken connection.
        """
        if self.is_shared:
            await deliver_notices(self._parsed, handle, self._timing, self._errors.describe)

    async def read(
        self,
        query: sa.Executable,
        outcome: Callable[[sa.CursorResult[Any]], OutcomeT],
        patience: float = math.inf,
        *,
        order: anyio.Lock | None = None,
    ) -> OutcomeT:
        """Return the outcome of a query; `order` is that of its user, as `write` says."""
        with self._errors.translating():
            found = await self._persist(
                lambda: self._take_read_turn(order), lambda: self._execute(query, outcome), patience
            )
        if self._unscrubbed and not self._running:
            await self.scrub()
        return found

    async def write(
        self,
        statement: sa.Executable,
        values: RowValues | None = None,
        patience: float = math.inf,
        *,
        once: bool = False,
        locks: Sequence[str] = (),
        order: anyio.Lock | None = None,
    ) -> int:
        """Execute a statement that changes rows, and return how many.

        Args:
            statement: An insert, update or delete.
            values: Parameters of the statement.
            patience: Seconds to retry, as the class says.
            once: Whether to execute it a second time would come to something else.
            locks: Names of what it decides about. No other such statement of any program is executed meanwhile, and it
                sees what those before it have written.
            order: What keeps the statements of one user in their order; SQLite has one order for all.
        """
        with self._errors.translating(), shield_cancellation():
            if not self.is_shared:
                values = values and await encode_texts(values)
            count = await self._persist(
                lambda: self._take_write_turn(order, deciding=bool(locks)),
                lambda: self._change(statement, values, once=once, locks=locks),
                patience,
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
            raise self._errors.make_left(self._describe_left())

    async def scrub(self) -> None:
        """Empty the log of SQLite, which still has in it what was deleted.

        A read of this program at this moment delays that until it is over; a read of another program delays it until
        the last program closes the database.
        """
        if is_sqlite(self._parsed):
            with suppress(JournalError), self._errors.translating(), shield_cancellation():
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
    async def _take_read_turn(self, order: anyio.Lock | None) -> AsyncGenerator[None]:
        """Take the turn of a read, which sees the writes that were called before it."""
        async with self._choose_turn(order):
            pass
        async with self._places:
            yield

    @asynccontextmanager
    async def _take_write_turn(self, order: anyio.Lock | None, *, deciding: bool) -> AsyncGenerator[None]:
        """Take the turn of a write."""
        async with AsyncExitStack() as turns:
            await turns.enter_async_context(self._choose_turn(order))
            if self.is_shared:
                for turn in (self._deciders, self._places) if deciding else (self._places,):
                    await turns.enter_async_context(turn)
            yield

    def _choose_turn(self, order: anyio.Lock | None) -> anyio.Lock:
        return order if order and self.is_shared else self._turn

    @asynccontextmanager
    async def _take_all_turns(self) -> AsyncGenerator[None]:
        """Take the turns of all statements."""
        async with AsyncExitStack() as turns:
            for turn in (self._turn, *[self._places] * self._most):
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
            except (DBAPIError, OSError, FileReplacedError) as exc:
                if self._copy is None and (self._is_left() or isinstance(exc, FileReplacedError)):
                    continue
                if not self._may_pass(exc) or anyio.current_time() >= deadline:
                    raise
            await anyio.sleep(choose_pause())

    def _may_pass(self, exc: Exception) -> bool:
        """Whether a statement that has failed is worth another attempt."""
        why = find_reason(exc, self._parsed)
        if why == LOCKED_REASON:
            self._held_at = anyio.current_time()
        # A database that could not even be opened may have another address.
        lost = self.is_shared and self._engine is not None and is_lost(exc)
        return lost or why in {LOCKED_REASON, COLLISION_REASON}

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
            raise self._errors.make(LOCKED_REASON)

    async def _change(
        self, statement: sa.Executable, values: RowValues | None, *, once: bool, locks: Sequence[str]
    ) -> int:
        """Execute a statement that changes rows, and renew the copy of a file that was left while it is open."""
        async with self._hold_open():
            if self.is_shared and (once or locks):
                return await self._change_once(statement, values, locks)
            count = await self._execute(statement, lambda found: found.rowcount, values)
            # The copy itself may be the open file.
            if self._copy and cast("FilePlace", self._place).path != self._copy:
                await self._write_copy()
            return count

    async def _change_once(self, statement: sa.Executable, values: RowValues | None, locks: Sequence[str]) -> int:
        """Execute a statement in a transaction; where its connection broke at the end, ask whether it was committed."""
        if clock.JOURNAL_CLOCK.is_due():
            await self._execute(sa.select(1), lambda found: found.scalar())
        engine = await self._ensure_open()
        async with engine.connect() as connection:
            try:
                return await change_once(connection, statement, values, locks)
            except UncertainEndError as exc:
                uncertain = exc
                # To roll back on a broken connection would be an error of its own.
                await connection.invalidate()
        if await self._was_committed(uncertain):
            return uncertain.count
        raise cast("Exception", uncertain.__cause__)

    async def _was_committed(self, uncertain: UncertainEndError) -> bool:
        """Whether a transaction was committed; False also where that is not known in time.

        A database that has not noticed yet that the connection broke may still commit it.
        """
        deadline = anyio.current_time() + parse_busy_seconds(self._parsed, self._timing.busy)
        while anyio.current_time() < deadline:
            with suppress(DBAPIError, OSError):
                if not await self._is_in_progress(uncertain.number):
                    return bool(await self._execute(select_mark(uncertain.mark), lambda found: found.scalar()))
            await anyio.sleep(choose_pause())
        return False

    async def _is_in_progress(self, number: int) -> bool:
        """Whether the transaction of a number goes on."""
        try:
            return await self._execute(select_end(number), lambda found: found.scalar()) == "in progress"
        except DBAPIError as exc:
            if is_unknown_number(exc):
                # A crash has undone it, and nobody has had a number since.
                return False
            raise

    async def _execute(
        self,
        statement: sa.Executable,
        outcome: Callable[[sa.CursorResult[Any]], OutcomeT],
        values: RowValues | None = None,
    ) -> OutcomeT:
        async with self._hold_open():
            engine = await self._ensure_open()
            async with engine.connect() as connection:
                if self.is_shared and clock.JOURNAL_CLOCK.is_due():
                    await measure_clock(connection)
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
            await self._establish(url)
        except BaseException:
            await self._dispose()
            raise

    async def _establish(self, url: sa.URL) -> None:
        """Create or migrate the tables; a shared database may take longer for that than for any statement."""
        engine = make_engine(url, deadline=None) if self.is_shared else cast("AsyncEngine", self._engine)
        try:
            async with engine.connect() as connection:
                await establish_tables(connection, self._metadata, self._version)
        finally:
            if engine is not self._engine:
                await engine.dispose()

    async def _dispose(self) -> None:
        engine, self._engine = self._engine, None
        if engine:
            await engine.dispose()
