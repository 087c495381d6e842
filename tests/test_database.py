"""The journal's database: SQLite files, what a URL says, turns, and what a broken database is called."""

import gc
import os
import sqlite3
import stat
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
import sqlalchemy as sa
from anyio.abc import TaskGroup
from sqlalchemy.ext.asyncio import AsyncEngine

from conftest import FAST
from gemini_interactions_mcp.core.errors import JournalError
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.journal import database, engine, schema
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.journal.schema import SCHEMA_VERSION
from journaling import full_record, record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite3"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    opened = Journal(url(path))
    yield opened
    await opened.close()


def url(path: Path, query: str = "") -> str:
    return f"sqlite+aiosqlite:///{path.as_posix()}{query}"


def occupy(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)


def content(path: Path) -> bytes:
    return path.read_bytes()


def rows_in(path: Path, query: str = "SELECT * FROM interactions") -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> list[AsyncEngine]:
    made: list[AsyncEngine] = []
    new_engine = engine.make_engine

    def kept(parsed: sa.URL) -> AsyncEngine:
        made.append(new_engine(parsed))
        return made[-1]

    monkeypatch.setattr(database, "make_engine", kept)
    return made


@pytest.mark.slow
async def test_many_first_uses_at_once_open_it_once(journal: Journal, engines: list[AsyncEngine]) -> None:
    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(journal.insert, record(str(number)))
    assert len((await journal.page(limit=100))[0]) == 50
    assert len(engines) == 1


@pytest.mark.slow
async def test_journals_that_create_one_file_at_once_all_succeed(path: Path) -> None:
    journals = [Journal(url(path)) for _ in range(8)]
    async with anyio.create_task_group() as group:
        for number, each in enumerate(journals):
            group.start_soon(each.insert, record(str(number)))
    assert len((await journals[0].page())[0]) == 8
    for each in journals:
        await each.close()
    assert rows_in(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]


async def test_readers_and_the_writer_do_not_wait_for_each_other(journal: Journal, path: Path) -> None:
    await journal.insert(record("one"))
    assert rows_in(path, "PRAGMA journal_mode") == [("wal",)]


@pytest.mark.slow
async def test_a_journal_that_another_program_reads_can_be_opened(path: Path) -> None:
    occupy(path, "")
    rows_in(path, "CREATE TABLE theirs (number INTEGER)")
    journal = Journal(url(path, "?timeout=0.05"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="is locked by another program"):
            await journal.insert(record("one"))
        other.execute("COMMIT")
    await journal.insert(record("one"))
    await journal.close()
    rows_in(path, "PRAGMA journal_mode=DELETE")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM theirs").fetchall()
        assert len((await journal.page())[0]) == 1


async def test_a_commit_is_on_the_disk_when_a_write_returns(journal: Journal, engines: list[AsyncEngine]) -> None:
    await journal.insert(record("one"))
    async with engines[0].connect() as connection:
        pragmas = [await connection.exec_driver_sql(f"PRAGMA {name}") for name in ("synchronous", "busy_timeout")]
        # FULL (sqlite.org/pragma.html#pragma_synchronous), milliseconds
        # A statement that finds the database busy does most of its waiting without its turn.
        assert [each.scalar_one() for each in pragmas] == [2, 100]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
async def test_only_the_user_can_read_the_journal(journal: Journal, path: Path) -> None:
    umask = os.umask(0)
    try:
        await journal.insert(record("one"))
    finally:
        os.umask(umask)
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert modes == {path.name + end: 0o600 for end in ("", "-wal", "-shm")}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    occupy(path, "")
    rows_in(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = content(path)
    journal = Journal(url(path))
    with pytest.raises(JournalError, match=rf"newer version.*schema {SCHEMA_VERSION + 1}.*GEMINI_MCP_DATABASE_URL"):
        await journal.insert(record("one"))
    await journal.close()
    assert content(path) == before


async def test_a_file_that_is_not_a_database_is_refused_and_left_alone(path: Path) -> None:
    occupy(path, "Dear diary, " * 100)
    journal = Journal(url(path))
    with pytest.raises(JournalError, match=r"journal\.sqlite3 is not a database\. .*GEMINI_MCP_DATABASE_URL"):
        await journal.unfinished()
    await journal.close()
    assert content(path) == b"Dear diary, " * 100


async def test_a_failed_opening_is_tried_again(journal: Journal, path: Path) -> None:
    path.parent.write_text("in the way")
    with pytest.raises(JournalError, match=r"cannot be used \(\w+: .*GEMINI_MCP_DATABASE_URL"):
        await journal.insert(record("one"))
    path.parent.unlink()
    await journal.insert(record("one"))
    assert len((await journal.page())[0]) == 1


@pytest.mark.slow
async def test_a_journal_that_is_read_only_says_so(journal: Journal, path: Path) -> None:
    await journal.insert(record("one"))
    await journal.close()
    reader = Journal(f"sqlite+aiosqlite:///file:{path.as_posix()}?mode=ro&uri=true")
    assert len((await reader.page())[0]) == 1
    with pytest.raises(JournalError, match="cannot be opened or written"):
        await reader.insert(record("two"))
    await reader.close()


async def test_a_locked_journal_says_so_and_works_again(path: Path) -> None:
    journal = Journal(url(path, "?timeout=0.05"))
    await journal.insert(record("one"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert len((await journal.page())[0]) == 1
        with pytest.raises(JournalError, match="is locked by another program"):
            await journal.insert(record("two"))
    await journal.insert(record("two"))
    await journal.close()


async def test_a_row_of_another_version_is_told_as_such(journal: Journal, path: Path) -> None:
    await journal.insert(record("one", prompt="my secret"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE interactions SET kind = 'song'")
    with pytest.raises(JournalError, match="has a row that this version cannot read") as caught:
        await journal.page()
    assert "secret" not in str(caught.value)


async def test_the_prompt_is_in_no_error_of_the_database(journal: Journal, path: Path) -> None:
    await journal.insert(record("one", prompt="my secret"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE interactions RENAME TO elsewhere")
    with pytest.raises(JournalError, match="no such table") as caught:
        await journal.insert(record("two", prompt="my secret"))
    assert "secret" not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize(
    "address",
    [
        "not a url hunter2",
        "postgresql+asyncpg://me:hunter2@host:port/db",
        "postgresql+asyncpg://me:pass@hunter2@host/db",
        "postgresql+nodriver://me:hunter2@host/db",
        "sqlite+pysqlite:///",
        "mysql+aiomysql://me:hunter2@127.0.0.1:1/db?password=hunter2",
        "postgresql://me:hunter2@127.0.0.1:1/db?password=hunter2",
        "",
    ],
)
async def test_an_address_that_cannot_work_is_told_without_its_password(address: str) -> None:
    journal = Journal(address)
    with pytest.raises(JournalError, match="GEMINI_MCP_DATABASE_URL") as caught:
        await journal.insert(record("one"))
    assert "hunter2" not in str(caught.value)
    await journal.close()


async def test_a_driver_that_cannot_work_leaves_no_file(path: Path) -> None:
    with pytest.raises(JournalError, match="requires an async driver"):
        await Journal(f"sqlite+pysqlite:///{path}").insert(record("one"))
    assert not path.parent.exists()


async def test_a_password_that_a_driver_quotes_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_url: sa.URL) -> None:
        raise RuntimeError("no user me with hunter2")

    monkeypatch.setattr(database, "make_engine", refuse)
    with pytest.raises(JournalError, match=r"no user me with \*\*\*"):
        await Journal("postgresql+asyncpg://me:hunter2@host/db").insert(record("one"))


async def test_a_short_password_ruins_no_word_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_url: sa.URL) -> None:
        raise RuntimeError("connection of used refused")

    monkeypatch.setattr(database, "make_engine", refuse)
    with pytest.raises(
        JournalError, match=r"cannot be used \(RuntimeError: connection of \*\*\* refused\)\. Make sure"
    ):
        await Journal("postgresql+asyncpg://me:used@host/db").insert(record("one"))


async def test_a_cancelled_write_is_finished(journal: Journal, path: Path) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await journal.insert(record("one", interaction_id="v1_a"))
    assert len(rows_in(path)) == 1
    async with anyio.create_task_group() as group:
        group.start_soon(journal.insert, record("two"))
        group.start_soon(journal.insert, record("waiting for its turn"))
        await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert len(rows_in(path)) == 3


@pytest.mark.slow
async def test_a_cancelled_read_does_not_cost_the_connection() -> None:
    journal = Journal("sqlite+aiosqlite://")  # which is gone with its connection
    await journal.insert(record("one"))
    for turns in range(20):
        async with anyio.create_task_group() as group:
            group.start_soon(journal.unfinished)
            group.start_soon(journal.page)
            for _ in range(turns):
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
    assert len((await journal.page())[0]) == 1
    await journal.close()


class Held:
    """Reads that are at work in SQLite until they are released."""

    def __init__(self, opened: database.Database, most: int) -> None:
        self._database = opened
        self._begun = threading.Semaphore(0)
        self._released = threading.Event()
        self.most = most
        self.ended = 0

    def hold(self) -> int:
        self._begun.release()
        return self._released.wait(30)

    def release(self) -> None:
        self._released.set()

    async def begin(self, group: TaskGroup) -> None:
        for _ in range(self.most):
            group.start_soon(self._read)
        for _ in range(self.most):
            await anyio.to_thread.run_sync(self._begun.acquire)

    async def _read(self) -> None:
        await self._database.read(sa.text("SELECT hold() FROM sqlite_master LIMIT 1"), lambda found: found.scalar())
        self.ended += 1


Holding = Callable[..., tuple[database.Database, Held]]
"""Opens a database with so many reads that are held."""


@pytest.fixture
def held(path: Path, monkeypatch: pytest.MonkeyPatch) -> Holding:
    def make(most: int, timing: Timing = FAST) -> tuple[database.Database, Held]:
        opened = database.Database(url(path), schema.JOURNAL_METADATA, SCHEMA_VERSION, timing)
        reads = Held(opened, most)
        configure = engine.configure_connection

        def with_hold(connection: sqlite3.Connection, entry: object) -> None:
            configure(connection, entry)
            connection.create_function("hold", 0, reads.hold)

        monkeypatch.setattr(engine, "configure_connection", with_hold)
        return opened, reads

    return make


ONE: Any = sa.text("SELECT 1")
UPLOAD: Any = sa.insert(schema.UPLOADS).values(
    account="a", size=1, mime_type="text/plain", digest="d", name="n", uri="u", expires_at="2026"
)


@pytest.mark.slow
async def test_reads_run_beside_each_other_and_beside_a_write(
    held: Holding,
) -> None:
    opened, reads = held(database.MAX_READERS - 1)
    async with anyio.create_task_group() as group:
        await reads.begin(group)
        assert await opened.read(ONE, lambda found: found.scalar()) == 1
        assert await opened.write(UPLOAD) == 1
        assert reads.ended == 0
        reads.release()
    await opened.close()


@pytest.mark.slow
async def test_a_read_sees_the_writes_that_were_called_before_it(journal: Journal) -> None:
    await journal.insert(record("one"))
    seen: list[str] = []

    async def read() -> None:
        seen.append((await journal.page())[0][0].text)

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(partial(journal.update, "one", text=str(number)))
        group.start_soon(read)
        group.start_soon(partial(journal.update, "one", text="later"))
    assert seen in (["19"], ["later"])


async def test_a_read_that_waits_for_its_turn_can_be_cancelled(
    held: Holding,
) -> None:
    opened, reads = held(database.MAX_READERS)
    async with anyio.create_task_group() as group:
        await reads.begin(group)
        with pytest.raises(TimeoutError), anyio.fail_after(0.01):
            await opened.read(ONE, lambda found: found.scalar())
        reads.release()
    assert await opened.read(ONE, lambda found: found.scalar()) == 1
    await opened.close()


async def test_what_is_deleted_is_overwritten_once_all_reads_of_this_program_are_over(
    held: Holding, path: Path
) -> None:
    opened, reads = held(1)
    async with anyio.create_task_group() as group:
        await reads.begin(group)
        await opened.write(UPLOAD)
        await opened.scrub()
        assert path.with_name(f"{path.name}-wal").stat().st_size
        reads.release()
    assert not path.with_name(f"{path.name}-wal").stat().st_size
    await opened.close()


async def test_the_last_of_several_reads_closes_a_database_that_could_not_wait(
    held: Holding,
) -> None:
    opened, reads = held(3, replace(FAST, database_close=0.01))
    before = set(threading.enumerate())
    async with anyio.create_task_group() as group:
        await reads.begin(group)
        await opened.close()
        assert await opened.read(ONE, lambda found: found.scalar()) == 1
        reads.release()
    assert reads.ended == 3
    # Each connection of aiosqlite is a thread, which ends a moment after it is closed.
    for thread in set(threading.enumerate()) - before:
        if "_connection_worker" in thread.name:
            thread.join(5)
            assert not thread.is_alive()


async def test_a_write_that_waits_for_another_program_lets_others_have_their_turn(path: Path) -> None:
    journal = Journal(url(path, "?timeout=60"))
    await journal.insert(record("one"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with anyio.create_task_group() as group:
            group.start_soon(journal.insert, record("two"))
            await anyio.wait_all_tasks_blocked()
            assert [each.label for each in (await journal.page())[0]] == ["one"]
            for _ in range(2):
                with pytest.raises(JournalError, match="is locked by another program"):
                    await journal.update("one", patience=0, text="said")
            other.execute("COMMIT")
    assert len((await journal.page())[0]) == 2
    await journal.close()


async def test_what_the_url_says_of_waiting_is_kept(path: Path) -> None:
    journal = Journal(url(path, "?timeout=soon"))
    with pytest.raises(JournalError, match="cannot be used"):
        await journal.page()
    await journal.close()


async def test_closing_is_harmless_before_the_first_use_and_twice(path: Path) -> None:
    journal = Journal(url(path))
    await journal.close()
    await journal.close()
    assert not path.parent.exists()


async def test_a_cancelled_caller_still_closes_it(journal: Journal, path: Path) -> None:
    await journal.insert(record("one"))
    with anyio.CancelScope() as scope:
        scope.cancel()
        await journal.close()
    assert [each.name for each in path.parent.iterdir()] == [path.name], "an open database has a -wal beside it"


async def test_a_write_after_closing_is_kept_and_leaves_nothing_open(journal: Journal, path: Path) -> None:
    await journal.insert(record("one"))
    await journal.close()
    await journal.insert(record("two"))
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert len(rows_in(path)) == 2


async def test_closing_does_not_wait_for_a_locked_database(path: Path) -> None:
    journal = Journal(url(path, "?timeout=60"), timing=replace(FAST, database_close=0.05))
    await journal.insert(record("one"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with anyio.create_task_group() as group:
            group.start_soon(journal.insert, record("two"))
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(30):
                await journal.close()
            other.execute("COMMIT")
    assert len(rows_in(path)) == 2
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_nothing_is_left_for_the_garbage_collector(path: Path) -> None:
    journal = Journal(url(path))
    await journal.insert(record("one"))
    with pytest.raises(JournalError):
        await journal.insert(record("one"))
    await journal.close()
    del journal
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc.collect()
    assert caught == []


async def test_a_journal_in_memory_works_like_one_in_a_file() -> None:
    journal = Journal("sqlite+aiosqlite://")
    await journal.insert(full_record())
    assert await journal.find("v1_abc") == full_record()
    await journal.close()
