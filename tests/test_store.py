"""The journal, on real SQLite files."""

import gc
import os
import sqlite3
import stat
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import anyio
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateTable

from gemini_interactions_mcp import database, store
from gemini_interactions_mcp.errors import DailyLimitError, InputError, JournalError
from gemini_interactions_mcp.models import Citation, Record, SavedFile, Usage
from gemini_interactions_mcp.redaction import Redactor
from gemini_interactions_mcp.store import SCHEMA_VERSION, Journal, Limit

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


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


def record(label: str, **fields: object) -> Record:
    return Record.model_validate({"kind": "ask", "created_at": NOON, "updated_at": NOON, "label": label} | fields)


def full_record() -> Record:
    return Record(
        label="a" * 32,
        interaction_id="v1_abc",
        kind="research",
        status="completed",
        model="gemini-3.8-flash",
        agent="deep-research",
        previous_interaction_id="v1_before",
        prompt="Ölfässer, 日本語, 🛢️ and a NUL \x00 inside",
        text="Zeile 1\n行 2\n" + "ø" * 70_000,
        citations=(Citation(url="https://例え.jp/", title="«Öl»", start=3, end=9), Citation(url="https://b.test")),
        usage=Usage(total_input_tokens=3, total_tokens=2**40),
        files=(SavedFile(name="ø.png", path="/tmp/ø.png", mime_type="image/png", bytes=9, width=3, height=2),),
        plan=True,
        environment_id="e1",
        tools=("google_search", "mcp:docs"),
        error="Überlastet",
        created_at=NOON + timedelta(microseconds=1),
        updated_at=datetime(2026, 3, 1, 14, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        finished_at=NOON + timedelta(seconds=1),
        delivered_at=NOON + timedelta(seconds=2),
        detached_at=NOON + timedelta(seconds=3),
    )


def occupy(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)


def content(path: Path) -> bytes:
    return path.read_bytes()


def rows_in(path: Path, query: str = "SELECT * FROM interactions") -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


async def test_every_field_comes_back_as_it_was_written(journal: Journal) -> None:
    written = full_record()
    assert {name for name, value in written if not value} == set(), "this test is about every field"
    await journal.insert(written)
    found = await journal.find("v1_abc")
    assert found == written
    assert found
    assert found.updated_at.utcoffset() == timedelta(0)


async def test_a_row_without_optional_fields_comes_back_with_none(journal: Journal, path: Path) -> None:
    await journal.insert(record("bare"))
    (found,), _ = await journal.page()
    assert found == record("bare")
    assert rows_in(path, "SELECT interaction_id, usage, finished_at FROM interactions") == [(None, None, None)]


def test_the_table_has_a_column_for_every_field_of_a_record() -> None:
    assert [column.name for column in store.RECORD] == list(Record.model_fields)


async def test_an_update_changes_what_it_names_and_when_it_happened(journal: Journal) -> None:
    await journal.insert(record("one", prompt="kept"))
    await journal.insert(record("two"))
    changes = full_record().model_dump(include={"text", "status", "interaction_id"})
    usage, files = Usage(total_tokens=7), full_record().files
    await journal.update("one", **changes, usage=usage, files=files, finished_at=NOON)
    found = await journal.find("v1_abc")
    assert found
    assert (found.prompt, found.text, found.usage, found.files) == ("kept", changes["text"], usage, files)
    assert found.finished_at == NOON
    assert NOON < found.updated_at <= datetime.now(UTC)
    assert (await journal.page())[0][0] == record("two")


async def test_an_update_without_such_a_row_changes_nothing(journal: Journal) -> None:
    await journal.update("nobody", status="completed")
    assert await journal.page() == ([], None)


async def test_an_update_of_a_field_that_no_record_has_is_a_bug(journal: Journal) -> None:
    with pytest.raises(TypeError, match="no field colour"):
        await journal.update("one", colour="red")


async def test_a_moment_without_a_time_zone_is_a_bug(journal: Journal) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        await journal.update("one", finished_at=datetime(2026, 3, 1))


async def test_half_a_surrogate_pair_does_not_lose_an_answer(journal: Journal) -> None:
    await journal.insert(record("one", interaction_id="v1_a"))
    await journal.update("one", text="before \ud83d after")
    found = await journal.find("v1_a")
    assert found
    assert found.text == "before ? after"


@pytest.mark.parametrize("again", [{"label": "one"}, {"interaction_id": "v1_a"}], ids=lambda again: next(iter(again)))
async def test_a_label_or_an_id_is_taken_once(journal: Journal, again: dict[str, str]) -> None:
    await journal.insert(record("one", interaction_id="v1_a"))
    fields = {"label": "two", "interaction_id": "v1_b"} | again
    with pytest.raises(JournalError, match="already has a row"):
        await journal.insert(record(**fields))


async def test_an_unknown_id_is_not_found(journal: Journal) -> None:
    assert await journal.find("v1_a") is None


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> list[AsyncEngine]:
    made: list[AsyncEngine] = []
    new_engine = database.new_engine

    def kept(parsed: sa.URL) -> AsyncEngine:
        made.append(new_engine(parsed))
        return made[-1]

    monkeypatch.setattr(database, "new_engine", kept)
    return made


async def test_many_first_uses_at_once_open_it_once(journal: Journal, engines: list[AsyncEngine]) -> None:
    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(journal.insert, record(str(number)))
    assert len((await journal.page(limit=100))[0]) == 50
    assert len(engines) == 1


async def test_journals_that_create_one_file_at_once_all_succeed(path: Path) -> None:
    journals = [Journal(url(path)) for _ in range(8)]
    async with anyio.create_task_group() as group:
        for number, each in enumerate(journals):
            group.start_soon(each.insert, record(str(number)))
    assert len((await journals[0].page())[0]) == 8
    for each in journals:
        await each.close()
    assert rows_in(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]


async def test_two_journals_on_one_file_see_each_others_rows(journal: Journal, path: Path) -> None:
    other = Journal(url(path))
    await journal.insert(record("one", interaction_id="v1_a"))
    await other.update("one", status="completed")
    found = await journal.find("v1_a")
    assert found
    assert found.status == "completed"
    assert await other.delete("one")
    assert await journal.find("v1_a") is None
    await other.close()


async def test_readers_and_the_writer_do_not_wait_for_each_other(journal: Journal, path: Path) -> None:
    await journal.insert(record("one"))
    assert rows_in(path, "PRAGMA journal_mode") == [("wal",)]


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


async def test_what_was_written_is_there_after_a_restart(path: Path) -> None:
    first, second = Journal(url(path)), Journal(url(path))
    await first.insert(full_record())
    await first.close()
    assert await second.find("v1_abc") == full_record()
    await second.close()


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


async def test_a_journal_of_an_older_version_gets_what_it_lacks_and_keeps_its_rows(
    journal: Journal, path: Path
) -> None:
    await journal.insert(record("one", interaction_id="v1_a"))
    await journal.close()
    rows_in(path, "ALTER TABLE interactions DROP COLUMN environment_id")
    rows_in(path, "PRAGMA user_version = 1")
    newer = Journal(url(path))
    await newer.update("one", environment_id="e1")
    found = await newer.find("v1_a")
    await newer.close()
    assert found
    assert found.environment_id == "e1"
    assert rows_in(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]


async def test_what_goes_on_from_an_interaction_is_found_oldest_first(journal: Journal) -> None:
    for number, previous in enumerate(("v1_a", "v1_b", "v1_a")):
        moment = NOON + timedelta(seconds=number)
        await journal.insert(record(str(number), previous_interaction_id=previous, created_at=moment))
    assert [each.label for each in await journal.followers("v1_a")] == ["0", "2"]
    assert await journal.followers("v1_none") == []


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
        "sqlite:///",
        "mysql+aiomysql://me:hunter2@127.0.0.1:1/db?password=hunter2",
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
        await Journal(f"sqlite:///{path}").insert(record("one"))
    assert not path.parent.exists()


async def test_a_password_that_a_driver_quotes_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_url: sa.URL) -> None:
        raise RuntimeError("no user me with hunter2")

    monkeypatch.setattr(database, "new_engine", refuse)
    with pytest.raises(JournalError, match=r"no user me with \*\*\*"):
        await Journal("postgresql+asyncpg://me:hunter2@host/db").insert(record("one"))


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


async def test_a_read_that_waits_for_its_turn_can_be_cancelled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TURN", 60)
    journal = Journal(url(path, "?timeout=60"))
    await journal.insert(record("one"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with anyio.create_task_group() as group:
            group.start_soon(journal.insert, record("two"))
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(TimeoutError), anyio.fail_after(0.01):
                await journal.page()
            other.execute("COMMIT")
    await journal.close()


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


async def insert_all(journal: Journal, records: list[Record]) -> None:
    for each in records:
        await journal.insert(each)


async def test_pages_show_every_row_once_newest_first(journal: Journal) -> None:
    rows = [record(f"{n:02}", created_at=NOON + timedelta(seconds=n // 10)) for n in range(45)]
    await insert_all(journal, rows)
    seen: list[Record] = []
    sizes: list[int] = []
    cursor: str | None = None
    while not sizes or cursor:
        found, cursor = await journal.page(cursor=cursor)
        seen += found
        sizes.append(len(found))
    assert sizes == [20, 20, 5]
    assert seen == rows[::-1]


async def test_a_row_written_between_two_pages_moves_nothing(journal: Journal) -> None:
    await insert_all(journal, [record(f"{n}") for n in range(4)])
    first, cursor = await journal.page(limit=2)
    await journal.insert(record("new", created_at=NOON + timedelta(seconds=1)))
    second, end = await journal.page(limit=2, cursor=cursor)
    assert [each.label for each in first + second] == ["3", "2", "1", "0"]
    assert end is None


@pytest.mark.parametrize("cursor", ["?", "aGVsbG8", "MjAyNi0wMy0wMSBh", "ø", "////", "a"])
async def test_a_cursor_that_is_not_ours_is_an_input_error(journal: Journal, cursor: str) -> None:
    with pytest.raises(InputError, match="Unknown cursor"):
        await journal.page(cursor=cursor)


async def labels(
    journal: Journal, query: str | None = None, kind: str | None = None, status: str | None = None
) -> set[str]:
    return {each.label for each in (await journal.page(query=query, kind=kind, status=status))[0]}


async def test_a_query_finds_text_anywhere_in_any_case(journal: Journal) -> None:
    await journal.insert(record("prompt", prompt="Who drew the ÖLFÄSSER?"))
    await journal.insert(record("answer", text="They are ölfässer."))
    await journal.insert(record("id", interaction_id="v1_ChdPU0"))
    assert await labels(journal, query="Ölfässer") == {"prompt", "answer"}
    assert await labels(journal, query="chdp") == {"id"}
    assert await labels(journal, query="nowhere") == set()


async def test_the_wildcards_of_like_stand_for_themselves(journal: Journal) -> None:
    for label, prompt in {"percent": "100% sure", "score": "snake_case", "slash": "a/b", "none": "100 snakes"}.items():
        await journal.insert(record(label, prompt=prompt))
    assert await labels(journal, query="%") == {"percent"}
    assert await labels(journal, query="_") == {"score"}
    assert await labels(journal, query="/") == {"slash"}


async def test_kind_and_status_narrow_a_page(journal: Journal) -> None:
    await journal.insert(record("one", kind="image", status="completed"))
    await journal.insert(record("two", kind="image", status="failed"))
    await journal.insert(record("three", status="failed"))
    assert await labels(journal, kind="image") == {"one", "two"}
    assert await labels(journal, status="failed") == {"two", "three"}
    assert await labels(journal, kind="image", status="failed") == {"two"}


async def test_unfinished_rows_have_an_id_and_may_still_change(journal: Journal) -> None:
    statuses = ["in_progress", "completed", "unknown", "requires_action", "brand_new_status", "failed"]
    for number, status in enumerate(statuses):
        moment = NOON - timedelta(seconds=number)
        await journal.insert(record(status, status=status, interaction_id=f"v1_{number}", created_at=moment))
    await journal.insert(record("no id", status="in_progress"))
    assert [each.label for each in await journal.unfinished()] == ["brand_new_status", "unknown", "in_progress"]


async def test_ids_complete_what_they_begin_with_newest_first(journal: Journal) -> None:
    ids = ["v1_ab", "v1_abc", "v1_AB", "v1-ab", "v1_%"]
    for number, interaction_id in enumerate(ids):
        moment = NOON + timedelta(seconds=number)
        await journal.insert(record(f"label {number}", interaction_id=interaction_id, created_at=moment))
    await journal.insert(record("no id"))
    await journal.insert(record("v1_unstored", interaction_id="v1_unstored"))
    assert await journal.ids("v1_ab") == ["v1_abc", "v1_ab"]
    assert await journal.ids("v1_%") == ["v1_%"]
    assert await journal.ids("") == ids[::-1]
    assert await journal.ids("v1", limit=2) == ["v1_%", "v1-ab"]


async def test_delete_says_whether_there_was_a_row(journal: Journal) -> None:
    await journal.insert(record("one", interaction_id="v1_a"))
    assert await journal.delete("one") is True
    assert await journal.delete("one") is False


async def test_pruning_keeps_what_runs_what_is_young_and_what_may_still_be_found_out(journal: Journal) -> None:
    now = datetime.now(UTC)
    for label, status, days, interaction_id in (
        ("old", "completed", 31, "v1_a"),
        ("old and waiting", "requires_action", 31, "v1_b"),
        ("young", "completed", 29, "v1_c"),
        ("running", "in_progress", 300, "v1_d"),
        ("followed", "unknown", 300, "v1_e"),
        ("unclear", "unknown", 54, None),
        ("forgotten", "unknown", 56, None),
    ):
        moment = now - timedelta(days=days)
        await journal.insert(record(label, status=status, created_at=moment, interaction_id=interaction_id))
    assert await journal.prune(now - timedelta(days=30)) == 3
    assert await labels(journal) == {"young", "running", "followed", "unclear"}
    assert await journal.prune(now - timedelta(days=30)) == 0


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


async def test_closing_does_not_wait_for_a_locked_database(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CLOSE_SECONDS", 0.05)
    journal = Journal(url(path, "?timeout=60"))
    await journal.insert(record("one"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with anyio.create_task_group() as group:
            group.start_soon(journal.insert, record("two"))
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(1):
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


@pytest.mark.parametrize("dialect", [mysql.dialect(), postgresql.dialect()], ids=["mysql", "postgresql"])
def test_the_table_can_be_written_in_other_databases_words(dialect: sa.Dialect) -> None:
    words = str(CreateTable(store.ROWS).compile(dialect=dialect))
    assert ("LONGTEXT" in words or "TEXT(4294967295)" in words) == (dialect.name == "mysql")


async def test_another_database_needs_nothing_of_sqlites_own(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_url: sa.URL) -> bool:
        return False

    monkeypatch.setattr(database, "is_sqlite", never)
    path.parent.mkdir()
    journal = Journal(url(path))
    await journal.insert(full_record())
    assert await journal.find("v1_abc") == full_record()
    await journal.close()
    assert rows_in(path, "PRAGMA user_version") == [(0,)]


async def test_a_row_is_followed_by_one_owner_at_a_time(journal: Journal) -> None:
    later = datetime.now(UTC) + timedelta(minutes=1)
    await journal.insert(record("one"), owner="first", until=later)
    assert not await journal.claim("one", "second", later)
    assert await journal.claim("one", "first", later)
    await journal.release("first")
    assert await journal.claim("one", "second", later)
    assert not await journal.claim("one", "first", later)


async def test_a_row_without_an_owner_is_free(journal: Journal) -> None:
    await journal.insert(record("one"))
    assert await journal.claim("one", "first", datetime.now(UTC) + timedelta(minutes=1))
    assert not await journal.claim("none", "first", datetime.now(UTC))


async def test_an_owner_that_is_not_heard_of_loses_its_rows(journal: Journal) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    later = datetime.now(UTC) + timedelta(minutes=1)
    await journal.insert(record("renewed"), owner="first", until=past)
    await journal.insert(record("lost"), owner="third", until=past)
    await journal.renew("first", later)
    assert not await journal.claim("renewed", "second", later)
    assert await journal.claim("lost", "second", later)


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"status": "in_progress"}, True),
        ({"status": "unknown"}, True),
        ({"status": "completed", "finished_at": NOON}, True),
        ({"status": "a_new_status"}, True),
        ({"created_at": NOON - timedelta(minutes=11)}, False),
        ({"status": "failed"}, False),
        ({"status": "cancelled", "interaction_id": "v1_a", "finished_at": NOON}, False),
        # It cannot be found at Google, and may still appear.
        ({"status": "failed", "interaction_id": "v1_a"}, True),
    ],
)
async def test_a_row_is_written_once_while_a_twin_counts(
    journal: Journal, fields: dict[str, Any], counts: bool
) -> None:
    since = NOON - timedelta(minutes=10)
    first = record("mark-1", **fields)
    await journal.insert(first)
    found = await journal.insert_once(record("mark-2"), "mark-", since)
    assert (found is not None and found.label == "mark-1") is counts
    assert len((await journal.page())[0]) == (1 if counts else 2)
    assert await journal.insert_once(record("other-1"), "other-", since) is None


async def test_two_journals_that_write_the_same_at_once_write_one_row(path: Path) -> None:
    journals = [Journal(url(path)) for _ in range(6)]
    found: list[Record | None] = []

    async def write(number: int, journal: Journal) -> None:
        found.append(await journal.insert_once(record(f"mark-{number}"), "mark-", NOON - timedelta(minutes=10)))

    async with anyio.create_task_group() as group:
        for number, journal in enumerate(journals):
            group.start_soon(write, number, journal)
    assert found.count(None) == 1
    assert len({each.label for each in found if each}) == 1
    for journal in journals:
        await journal.close()


# Limits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"status": "unknown"}, True),
        ({"status": "in_progress", "interaction_id": "v1_a", "plan": True}, True),
        ({"status": "failed", "interaction_id": "v1_a"}, True),
        ({"status": "cancelled", "interaction_id": "v1_a"}, True),
        # Google has certainly not taken these.
        ({"status": "failed"}, False),
        ({"status": "cancelled"}, False),
        ({"label": "foreign-1", "interaction_id": "v1_a"}, False),
        ({"kind": "ask"}, False),
        ({"created_at": NOON - timedelta(seconds=1)}, False),
    ],
)
async def test_a_limit_counts_what_google_may_have_taken(
    journal: Journal, fields: dict[str, Any], counts: bool
) -> None:
    await journal.insert(record(**{"label": "1", "kind": "research"} | fields))
    assert await journal.spent(NOON) == counts
    wanted = record("mark-2", kind="research")
    if counts:
        with pytest.raises(DailyLimitError, match="limit of 1 research run a day"):
            await journal.insert_once(wanted, "mark-", NOON, limit=Limit(1, NOON))
        assert await journal.find("mark-2") is None
    else:
        assert await journal.insert_once(wanted, "mark-", NOON, limit=Limit(1, NOON)) is None


async def test_a_twin_is_returned_also_when_the_limit_is_reached(journal: Journal) -> None:
    await journal.insert(record("mark-1", kind="research"))
    since = NOON - timedelta(minutes=10)
    found = await journal.insert_once(record("mark-2", kind="research"), "mark-", since, limit=Limit(1, NOON))
    assert found is not None
    assert found.label == "mark-1"
    with pytest.raises(DailyLimitError):
        await journal.insert_once(record("mark-2", kind="research"), None, since, limit=Limit(1, NOON))


async def test_of_several_servers_one_takes_the_last_place_of_a_limit(path: Path) -> None:
    journals = [Journal(url(path)) for _ in range(6)]
    taken: list[int] = []
    refused: list[int] = []

    async def write(number: int, journal: Journal) -> None:
        wanted = record(f"{number}-1", kind="research")
        try:
            assert await journal.insert_once(wanted, None, NOON, limit=Limit(2, NOON)) is None
            taken.append(number)
        except DailyLimitError:
            refused.append(number)

    async with anyio.create_task_group() as group:
        for number, journal in enumerate(journals):
            group.start_soon(write, number, journal)
    assert (len(taken), len(refused)) == (2, 4)
    assert await journals[0].spent(NOON) == 2
    for journal in journals:
        await journal.close()


async def test_secrets_are_written_nowhere(path: Path) -> None:
    secret = "hush-5f2e-9b1c"
    journal = Journal(url(path), Redactor([secret]))
    await journal.insert(record("one", prompt=f"a {secret}"))
    await journal.insert_once(record("two", prompt=secret), "two", datetime.now(UTC))
    await journal.update("one", text=secret, error=secret, citations=(Citation(url=secret, title=secret),))
    (found, _) = await journal.page()
    await journal.close()
    assert secret.encode() not in b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    assert [(each.prompt, each.text) for each in found] == [("[secret]", ""), ("a [secret]", "[secret]")]
