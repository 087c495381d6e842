"""The journal's file is deleted, moved or replaced while the server runs: nothing is lost, nothing new is bought."""

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

from conftest import FAST, Mode
from gemini_interactions_mcp.core.errors import JournalError
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.settings import Settings
from journaling import labels, record
from reading import call, complaint, id_of, rows_of, text_of

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


WAYS = [delete_file, delete_all, move_away, replace_by_nothing, replace_by_copy]
Way = Callable[[Path], None]


WORDS = "was deleted or replaced while this server runs, so nothing new is sent"


def found(path: Path) -> list[str]:
    """The labels in a file, read by something else."""
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [label for (label,) in database.execute("select label from interactions order by label")]


def saved_in(folder: Path) -> list[Path]:
    """The copies; two servers of one process may have the same."""
    return list(folder.glob("journal.sqlite3.saved-*"))


def saved(folder: Path) -> Path:
    """The one copy."""
    [copy] = saved_in(folder)
    return copy


def copied(folder: Path) -> list[str]:
    """The labels in the copy, which only the user can read."""
    assert stat.S_IMODE(saved(folder).stat().st_mode) == 0o600
    return found(saved(folder))


async def refused(journal: Journal) -> str:
    with pytest.raises(JournalError, match=WORDS) as raised:
        await journal.insert(record("lost"))
    return str(raised.value)


@pytest.mark.slow
@pytest.mark.parametrize("lose", WAYS)
async def test_what_it_held_goes_on_and_is_in_the_copy(tmp_path: Path, lose: Way) -> None:
    journal = Journal(file_of(tmp_path))
    for number in range(20):
        await journal.insert(record(f"{number}", text="x" * 10_000))
    lose(tmp_path)
    left = file_of(tmp_path).read_bytes() if file_of(tmp_path).exists() else None
    said = await refused(journal)
    assert f"What it held is in {saved(tmp_path)}: end all servers, move that file to {file_of(tmp_path)}" in said
    await journal.update("7", status="completed", text="the answer")
    assert "the answer" in str(await journal.find("7"))
    assert len(await labels(journal)) == len(copied(tmp_path)) == 20
    await journal.close()
    again = Journal(saved(tmp_path))
    assert (await again.find("7") or record("none")).text == "the answer"
    await again.close()
    # What lies there now is somebody else's.
    assert (file_of(tmp_path).read_bytes() if file_of(tmp_path).exists() else None) == left


@pytest.mark.parametrize("lose", WAYS)
async def test_many_reads_at_once_open_nothing_else(tmp_path: Path, lose: Way) -> None:
    journal = Journal(file_of(tmp_path))
    await journal.insert(record("before"))
    lose(tmp_path)
    seen: list[set[str]] = []

    async def look() -> None:
        seen.append(await labels(journal))

    async with anyio.create_task_group() as tasks:
        for _ in range(12):
            tasks.start_soon(look)
    assert seen == [{"before"}] * 12
    assert copied(tmp_path) == ["before"]
    await journal.close()
    if lose in (delete_file, delete_all, move_away):
        assert not file_of(tmp_path).exists()


@pytest.mark.slow
@pytest.mark.parametrize("lose", [delete_file, delete_all, move_away])
async def test_a_new_server_begins_anew_and_harms_nothing(tmp_path: Path, lose: Way) -> None:
    old = [Journal(file_of(tmp_path)) for _ in range(2)]
    for number in range(20):
        await old[number % 2].insert(record(f"{number}"))
    lose(tmp_path)
    new = [Journal(file_of(tmp_path)) for _ in range(3)]
    async with anyio.create_task_group() as tasks:
        for number, journal in enumerate(new):
            tasks.start_soon(journal.insert, record(f"new {number}"))
    for journal in old:
        await refused(journal)
        assert len(await labels(journal)) == 20
    for journal in (*old, *new):
        await journal.close()
    assert found(file_of(tmp_path)) == ["new 0", "new 1", "new 2"]
    copies = saved_in(tmp_path)
    assert copies
    assert all(len(found(copy)) == 20 for copy in copies)


async def test_an_older_copy_that_is_put_back_wins_over_nothing(tmp_path: Path) -> None:
    journal = Journal(file_of(tmp_path))
    await journal.insert(record("one"))
    shutil.copy(file_of(tmp_path), tmp_path / "backup")
    await journal.update("one", status="completed", interaction_id="v1_paid")
    (tmp_path / "backup").replace(file_of(tmp_path))
    await refused(journal)
    assert (await journal.find("v1_paid") or record("none")).status == "completed"
    await journal.close()


async def test_a_link_that_leads_elsewhere_by_now_is_another_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    file_of(tmp_path).symlink_to(tmp_path / "a" / "x.sqlite3")
    journal = Journal(file_of(tmp_path))
    await journal.insert(record("one"))
    file_of(tmp_path).unlink()
    (tmp_path / "b" / "x.sqlite3").touch()
    file_of(tmp_path).symlink_to(tmp_path / "b" / "x.sqlite3")
    await refused(journal)
    assert await labels(journal) == {"one"}
    await journal.close()
    assert found(tmp_path / "a" / "x.sqlite3") == ["one"]


async def test_a_copy_that_cannot_be_written_is_told_and_tried_again(tmp_path: Path) -> None:
    (folder := tmp_path / "data").mkdir()
    journal = Journal(file_of(folder))
    await journal.insert(record("before"))
    shutil.rmtree(folder)
    folder.touch()
    assert "could not be copied to" in await refused(journal)
    folder.unlink()
    await journal.update("before", status="completed")
    assert "What it held is in" in await refused(journal)
    await journal.close()
    assert copied(folder) == ["before"]


@pytest.mark.parametrize("lose", [delete_file, delete_all, move_away])
async def test_what_is_written_after_the_end_is_in_the_copy_too(tmp_path: Path, lose: Way) -> None:
    journal = Journal(file_of(tmp_path))
    await journal.insert(record("before"))
    lose(tmp_path)
    await refused(journal)
    await journal.close()
    await journal.update("before", status="completed", text="late")
    assert not file_of(tmp_path).exists()
    again = Journal(saved(tmp_path))
    assert (await again.find("before") or record("none")).text == "late"
    await again.close()


async def test_a_file_that_is_put_back_is_the_same_again(tmp_path: Path) -> None:
    journal = Journal(file_of(tmp_path))
    await journal.insert(record("before"))
    move_away(tmp_path)
    (tmp_path / "old.sqlite3").rename(file_of(tmp_path))
    await journal.insert(record("after"))
    await journal.close()
    assert found(file_of(tmp_path)) == ["after", "before"]


@pytest.mark.slow
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
        for tool in ("gemini_ask", "generate_image", "start_research"):
            assert WORDS in await complaint(client, tool, prompt="After?")
        hold.release.set()
        assert "# Research report" in text_of(
            await call(client, "check_research", interaction_id=running, wait_seconds=20)
        )
        await labels_settle(client)
    saved(tmp_path).rename(file_of(tmp_path))
    async with Client(build_server(settings, FAST), mode=mode, cache=None) as client:
        listed = rows_of(await call(client, "list_interactions"))
        assert {row["interaction_id"] for row in listed} == {asked, running}
        assert {row["status"] for row in listed} == {"completed"}
    assert len(emulator.creates) == 2


async def labels_settle(client: Client) -> None:
    """What is written in the background comes before this."""
    await call(client, "list_interactions")
