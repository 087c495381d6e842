"""The journal's file is deleted, moved or replaced while the server runs: what was bought and will be is not lost."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from mcp import Client

from conftest import FAST, Mode, make_settings
from gemini_interactions_mcp import sqlite_file
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.errors import JournalError
from gemini_interactions_mcp.server import Server, build_server
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.store import Journal
from journaling import labels, record
from reading import call, complaint, id_of, posts, rows_of, text_of

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows deletes no file that is open")


def file_of(folder: Path) -> Path:
    return folder / "journal.sqlite3"


def delete_file(folder: Path) -> None:
    file_of(folder).unlink()


def delete_all(folder: Path) -> None:
    for path in folder.glob("journal.sqlite3*"):
        path.unlink()


def move_away(folder: Path) -> None:
    file_of(folder).rename(folder / "old.sqlite3")


def replace_by_nothing(folder: Path) -> None:
    (folder / "empty").touch()
    (folder / "empty").replace(file_of(folder))


def replace_by_copy(folder: Path) -> None:
    shutil.copy(file_of(folder), folder / "copy")
    (folder / "copy").replace(file_of(folder))


def recreate(folder: Path) -> None:
    """As another server does that starts now."""
    delete_all(folder)

    async def fill() -> None:
        journal = Journal(file_of(folder))
        await journal.insert(record("theirs"))
        await journal.close()

    anyio.run(fill)


WAYS = [delete_file, delete_all, move_away, replace_by_nothing, replace_by_copy]
Way = Callable[[Path], None]


def found(folder: Path) -> list[str]:
    """The labels in the file that is there now, read by something else, and whether only the user can read it."""
    with closing(sqlite3.connect(file_of(folder))) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [label for (label,) in database.execute("select label from interactions order by label")]


@pytest.mark.parametrize("lose", WAYS)
async def test_what_was_written_before_and_is_after_is_in_the_file(
    tmp_path: Path, lose: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "ROWS_AT_ONCE", 7)
    journal = Journal(file_of(tmp_path))
    for number in range(20):
        await journal.insert(record(f"{number}", text="x" * 10_000))
    lose(tmp_path)
    await journal.insert(record("after"))
    assert await journal.find("after") is not None
    assert len(found(tmp_path)) == 21
    lose(tmp_path)
    await journal.update("after", status="completed")
    await journal.close()
    assert len(found(tmp_path)) == 21
    mode = file_of(tmp_path).stat().st_mode
    assert lose in (replace_by_nothing, replace_by_copy) or stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize("lose", WAYS)
async def test_whoever_only_reads_brings_it_back_too(tmp_path: Path, lose: Way) -> None:
    journal = Journal(file_of(tmp_path))
    await journal.insert(record("before"))
    lose(tmp_path)
    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(labels, journal)
    assert await labels(journal) == {"before"}
    assert found(tmp_path) == ["before"]
    await journal.close()


async def test_what_another_server_has_written_into_a_new_file_stays(tmp_path: Path) -> None:
    journal = Journal(file_of(tmp_path))
    await journal.insert(record("ours"))
    await anyio.to_thread.run_sync(recreate, tmp_path)
    assert await labels(journal) == {"ours", "theirs"}
    await journal.close()
    assert found(tmp_path) == ["ours", "theirs"]


async def test_two_servers_bring_back_the_rows_of_both(tmp_path: Path) -> None:
    journals = [Journal(file_of(tmp_path)) for _ in range(2)]
    for number, journal in enumerate(journals):
        await journal.insert(record(f"{number}"))
    delete_file(tmp_path)
    async with anyio.create_task_group() as tasks:
        for number, journal in enumerate(journals):
            tasks.start_soon(journal.insert, record(f"{number} later"))
    for journal in journals:
        assert await labels(journal) == {"0", "1", "0 later", "1 later"}
        await journal.close()


async def test_a_folder_that_is_gone_is_made_again(tmp_path: Path) -> None:
    (folder := tmp_path / "data").mkdir()
    journal = Journal(file_of(folder))
    await journal.insert(record("before"))
    shutil.rmtree(folder)
    await journal.insert(record("after"))
    await journal.close()
    assert found(folder) == ["after", "before"]


async def test_a_file_that_cannot_be_made_again_is_an_error_until_it_can(tmp_path: Path) -> None:
    (folder := tmp_path / "data").mkdir()
    journal = Journal(file_of(folder))
    await journal.insert(record("before"))
    shutil.rmtree(folder)
    folder.touch()
    for _ in range(2):
        with pytest.raises(JournalError, match="GEMINI_MCP_DATABASE_URL"):
            await journal.insert(record("lost"))
    folder.unlink()
    await journal.insert(record("after"))
    await journal.close()
    assert found(folder) == ["after", "before"]


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    journal = Journal(file_of(tmp_path))
    await journal.insert(record("before"))
    delete_all(tmp_path)
    file_of(tmp_path).write_bytes(b"somebody's notes " * 100)
    with pytest.raises(JournalError, match="is not a database"):
        await journal.insert(record("lost"))
    assert file_of(tmp_path).read_bytes().startswith(b"somebody's notes")
    file_of(tmp_path).unlink()
    await journal.insert(record("after"))
    await journal.close()
    assert found(tmp_path) == ["after", "before"]


@pytest.mark.parametrize("lose", [delete_file, delete_all, move_away])
async def test_nothing_bought_is_lost_or_bought_twice(
    server: Server, settings: Settings, tmp_path: Path, mode: Mode, emulator: Emulator, lose: Way
) -> None:
    emulator.faults.append(hold := Fault("create", "hold", match="tides"))
    async with Client(server, mode=mode, cache=None) as client:
        asked = id_of(await call(client, "gemini_ask", prompt="Before?"))
        running = id_of(await call(client, "start_research", prompt="How do tides work?"))
        lose(tmp_path)
        assert id_of(await call(client, "start_research", prompt="How do tides work?")) == running
        later = id_of(await call(client, "gemini_ask", prompt="After?"))
        hold.release.set()
        assert "# Research report" in text_of(
            await call(client, "check_research", interaction_id=running, wait_seconds=20)
        )
        lose(tmp_path)
    async with Client(build_server(settings, FAST), mode=mode, cache=None) as client:
        listed = rows_of(await call(client, "list_interactions"))
        assert {row["interaction_id"] for row in listed} == {asked, running, later}
        assert {row["status"] for row in listed} == {"completed"}
    assert len(emulator.creates) == 3


async def test_nothing_is_bought_while_it_cannot_be_written_down(tmp_path: Path, url: str, emulator: Emulator) -> None:
    (folder := tmp_path / "data").mkdir()
    settings = make_settings(tmp_path, url, database_url=f"sqlite+aiosqlite:///{file_of(folder).as_posix()}")
    async with Client(build_server(settings, FAST), cache=None) as client:
        await call(client, "gemini_ask", prompt="Before?")
        shutil.rmtree(folder)
        folder.touch()
        emulator.requests.clear()
        for tool, prompt in (("gemini_ask", "Why?"), ("start_research", "How?")):
            assert "The journal at " in await complaint(client, tool, prompt=prompt)
        assert posts(emulator) == 0
        folder.unlink()
        await call(client, "gemini_ask", prompt="After?")
    assert len(found(folder)) == 2
