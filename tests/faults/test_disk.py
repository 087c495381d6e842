"""A disk without room, and a stall that only our deadline ends: nothing is paid twice, and every id stays readable."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from mcp import Client

from conftest import FAST, make_settings
from faults.harness import rows
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal import engine
from gemini_interactions_mcp.server.app import build_server
from reading import call, complaint, id_of, posts, previews_of, saved_in, text_of

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 256 KiB."""
    (disk := tmp_path / "disk").mkdir()
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root on Linux may mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"this system mounts no small disk: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk: Path) -> Path:
    """Take all the room there is."""
    filler = disk / "filler"
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        filler.write_bytes(b"x" * 2**20)
    return filler


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_full_disk_under_the_journal_refuses_what_costs_and_still_reads(
    small_disk: Path, tmp_path: Path, url: str, emulator: Emulator
) -> None:
    settings = make_settings(
        tmp_path, url, database_url=f"sqlite+aiosqlite:///{(small_disk / 'journal.sqlite3').as_posix()}"
    )
    async with Client(build_server(settings, FAST), cache=None) as client:
        before = id_of(await call(client, "gemini_ask", prompt="Asked before"))
        filler = fill(small_disk)
        emulator.requests.clear()
        said = await complaint(client, "gemini_ask", prompt="x" * 100_000)
        assert "the disk is full" in said or "disk error" in said
        assert posts(emulator) == 0
        assert "Asked before" in text_of(await call(client, "read_interaction", interaction_id=before))
        filler.unlink()
        assert id_of(await call(client, "gemini_ask", prompt="Asked later")) != before
    assert len(emulator.creates) == 2


async def test_a_full_disk_under_the_output_directory_keeps_the_answer_until_there_is_room(
    small_disk: Path, tmp_path: Path, url: str, emulator: Emulator
) -> None:
    settings = make_settings(tmp_path, url, output_dir=small_disk)
    filler = fill(small_disk)
    async with Client(build_server(settings, FAST), cache=None) as client:
        shown = await call(client, "generate_image", prompt="A bicycle")
        assert os.strerror(errno.ENOSPC) in text_of(shown)
        assert len(previews_of(shown)) == 1
        assert names(small_disk) == [filler.name]
        filler.unlink()
        [row] = rows(tmp_path)
        image = await call(client, "read_interaction", interaction_id=row["interaction_id"], wait_seconds=20)
        assert len(saved_in(image)) == 1
    assert len(emulator.creates) == 1


@pytest.mark.parametrize("restarted", [False, True])
async def test_speech_that_nobody_was_given_on_a_full_disk_is_not_bought_again(
    small_disk: Path, tmp_path: Path, url: str, emulator: Emulator, restarted: bool
) -> None:
    settings = make_settings(tmp_path, url, output_dir=small_disk)
    filler = fill(small_disk)
    async with Client(build_server(settings, FAST), cache=None) as client:
        for _ in range(2):
            said = await complaint(client, "generate_audio", prompt="Hello", wait_seconds=20)
            assert os.strerror(errno.ENOSPC) in said
        if not restarted:
            filler.unlink()
            assert len(saved_in(await call(client, "generate_audio", prompt="Hello", wait_seconds=20))) == 1
    if restarted:
        filler.unlink()
        async with Client(build_server(settings, FAST), cache=None) as client:
            assert len(saved_in(await call(client, "generate_audio", prompt="Hello", wait_seconds=20))) == 1
    assert len(emulator.creates) == 1


async def test_a_journal_that_may_not_grow_refuses_what_costs(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure = engine.configure_connection

    def bounded(connection: sqlite3.Connection, entry: object) -> None:
        configure(connection, entry)
        connection.execute("PRAGMA max_page_count=45").close()

    monkeypatch.setattr(engine, "configure_connection", bounded)
    async with Client(build_server(make_settings(tmp_path, url), FAST), cache=None) as client:
        before = id_of(await call(client, "gemini_ask", prompt="Asked before"))
        said = await complaint(client, "gemini_ask", prompt="x" * 100_000)
        assert "cannot grow because the disk is full. Free some space" in said
        assert "Asked before" in text_of(await call(client, "read_interaction", interaction_id=before))
    assert len(emulator.creates) == 1


@pytest.mark.parametrize(
    ("on", "deadline"), [("create", {"create": 1}), ("stream", {"stream_idle": 0.1}), ("get", {"read": 1})]
)
async def test_a_stall_is_ended_by_our_own_deadline_and_nothing_is_sent_twice(
    tmp_path: Path, url: str, emulator: Emulator, on: str, deadline: dict[str, float]
) -> None:
    """The stall itself never ends; our deadlines, of 60 seconds and more, are shortened."""
    settings = make_settings(tmp_path, url)
    async with Client(build_server(settings, replace(FAST, **deadline)), cache=None) as client:
        first = id_of(await call(client, "gemini_ask", prompt="Warm"))
        if on == "get":
            emulator.faults += [Fault("stream", "end", after=3), Fault("resume", "http", http_status=404)]
        emulator.faults.append(stalled := Fault(on, "stall", after=1 if on == "stream" else 0))  # pyright: ignore[reportArgumentType] - one of the points
        result = await client.call_tool("gemini_ask", {"prompt": "Stall", "wait_seconds": 20})
        assert stalled.reached.is_set()
        assert not stalled.release.is_set()
        assert result.is_error is (on == "create")
        for interaction_id in [first, *(row["interaction_id"] for row in rows(tmp_path) if row["interaction_id"])]:
            await call(client, "read_interaction", interaction_id=interaction_id)
    assert len(emulator.creates) == 2
