"""Calls that their hosts give up: the run goes on, and the same call again gets its answer without paying for it."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp import Client

from conftest import FAST
from faults.harness import rows
from faults.world import PATIENCE
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Record
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from reading import call, complaint, png, text_of
from wired import MODERN, environment, wired

ASK: dict[str, Any] = {"prompt": "Ask about Zürich"}
SAME = "The same was asked "


@asynccontextmanager
async def host(settings: Settings) -> AsyncGenerator[Client]:
    async with Client(build_server(settings, FAST), cache=None) as client:
        yield client


async def given_up(client: Client, slow: Fault, tool: str = "gemini_ask", **arguments: Any) -> None:
    """Call a tool and cancel the call, as a host does on its own time-out, once Google has the request."""
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, tool, arguments)
            await slow.reached.wait()
            tasks.cancel_scope.cancel()


async def until(folder: Path, column: str, value: object = None) -> None:
    """Wait until the journal's newest row has a value in a column, any but null if none is named."""
    with anyio.fail_after(PATIENCE):
        while (found := rows(folder)[-1][column]) is None or (value is not None and found != value):
            await anyio.lowlevel.checkpoint()


def age(folder: Path, seconds: int) -> None:
    """As if all that is in the journal had happened so many seconds earlier."""
    with closing(sqlite3.connect(folder / "journal.sqlite3")) as journal, journal:
        for column in ("created_at", "detached_at"):
            journal.execute(
                f"update interactions set {column} = "
                f"strftime('%Y-%m-%dT%H:%M:%f000+00:00', {column}, '-{seconds} seconds') where {column} is not null"
            )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["hold", "stall"])
@pytest.mark.parametrize("finished", [True, False], ids=["finished", "running"])
async def test_the_same_call_after_one_that_was_given_up_gets_its_answer_and_pays_nothing(
    settings: Settings, emulator: Emulator, tmp_path: Path, kind: Any, finished: bool
) -> None:
    emulator.faults.append(slow := Fault("create", kind))
    async with host(settings) as client:
        await given_up(client, slow, **ASK)
        await until(tmp_path, "detached_at")
        if finished:
            slow.release.set()
            await until(tmp_path, "status", "completed")
        said: list[str] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask_again, client, said)
            slow.release.set()
        assert said[0].startswith(SAME)
        assert "Nothing new was sent or charged." in said[0]
        assert "You asked: “Ask about Zürich”" in said[0]
        assert len(emulator.creates) == 1
        assert emulator.cancels == []
        # Asking again means asking again.
        assert SAME not in text_of(await call(client, "gemini_ask", **ASK))
        assert len(emulator.creates) == 2


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["gemini_continue", "analyze_file", "generate_image"])
async def test_every_tool_that_waits_is_detached_and_attached(
    settings: Settings, emulator: Emulator, tmp_path: Path, tool: str
) -> None:
    async with host(settings) as client:
        first = text_of(await call(client, "gemini_ask", prompt="First"))
        arguments: dict[str, Any] = {
            "gemini_continue": {"previous_interaction_id": first.partition("interaction_id: ")[2].split()[0]},
            "analyze_file": {"files": [str(png(tmp_path / "files"))]},
            "generate_image": {"output_path": "zurich.png"},
        }[tool] | ASK
        emulator.faults.append(slow := Fault("create", "hold"))
        await given_up(client, slow, tool, **arguments)
        slow.release.set()
        await until(tmp_path, "status", "completed")
        await until(tmp_path, "detached_at")
        again = text_of(await call(client, tool, **arguments))
        assert again.startswith(SAME)
        assert len(emulator.creates) == 2
    if tool == "generate_image":
        assert f"Saved: {tmp_path / 'output' / 'zurich.png'}" in again


async def test_a_picture_whose_path_is_taken_by_something_else_is_refused_before_paying(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "zurich.png").write_bytes(b"mine")
    async with host(settings) as client:
        said = await complaint(client, "generate_image", output_path="zurich.png", **ASK)
    assert "exists already" in said
    assert emulator.requests == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "other",
    [
        {"prompt": "Ask about Zürich?"},
        {**ASK, "model": "gemini-4-hydrogen"},
        {**ASK, "thinking_level": "high"},
        {**ASK, "system_instruction": "Be brief."},
    ],
)
async def test_another_call_is_another_interaction(
    settings: Settings, emulator: Emulator, tmp_path: Path, other: dict[str, Any]
) -> None:
    emulator.faults.append(slow := Fault("create", "hold"))
    async with host(settings) as client:
        await given_up(client, slow, **ASK)
        slow.release.set()
        await until(tmp_path, "status", "completed")
        assert SAME not in text_of(await call(client, "gemini_ask", **other))
    assert len(emulator.creates) == 2


@pytest.mark.slow
async def test_calls_that_begin_together_are_separate_and_a_later_one_joins(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(slow := Fault("create", "hold", times=2))
    said: list[str] = []
    async with host(settings) as client:

        async def ask() -> None:
            said.append(text_of(await call(client, "gemini_ask", **ASK)))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            tasks.start_soon(ask)
            with anyio.fail_after(PATIENCE):
                while len(emulator.interactions) < 2 or len(rows(tmp_path)) < 2:
                    await anyio.lowlevel.checkpoint()
            async with host(settings) as other:
                # Five seconds later, in another server.
                age(tmp_path, 5)
                joined = anyio.Event()

                async def join() -> None:
                    async def heard(progress: float, total: float | None, message: str | None) -> None:
                        del progress, total, message
                        joined.set()

                    result = await other.call_tool("gemini_ask", ASK, progress_callback=heard)
                    said.append(text_of(result))

                tasks.start_soon(join)
                with anyio.fail_after(PATIENCE):
                    await joined.wait()
                slow.release.set()
                with anyio.fail_after(PATIENCE):
                    while len(said) < 3:
                        await anyio.lowlevel.checkpoint()
    assert sum(SAME in each for each in said) == 1
    assert len(emulator.creates) == 2


async def ask_again(client: Client, said: list[str]) -> None:
    said.append(text_of(await call(client, "gemini_ask", **ASK)))


@pytest.mark.slow
async def test_another_server_and_the_next_one_attach_for_ten_minutes(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(slow := Fault("create", "hold"))
    async with host(settings) as client:
        await given_up(client, slow, **ASK)
        await until(tmp_path, "detached_at")
        slow.release.set()
        await until(tmp_path, "status", "completed")
    age(tmp_path, 590)
    async with host(settings) as client:
        assert text_of(await call(client, "gemini_ask", **ASK)).startswith("The same was asked 9 min ago")
    assert len(emulator.creates) == 1
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as journal, journal:
        journal.execute("update interactions set delivered_at = null")
    age(tmp_path, 20)
    async with host(settings) as client:
        assert SAME not in text_of(await call(client, "gemini_ask", **ASK))
    assert len(emulator.creates) == 2


@pytest.mark.slow
async def test_an_answer_that_was_handed_over_and_read_is_not_given_again(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.faults.append(slow := Fault("create", "hold"))
    async with host(settings) as client:
        handed = text_of(await call(client, "gemini_ask", **ASK, wait_seconds=0))
        slow.release.set()
        interaction_id = handed.partition("interaction_id: ")[2].split()[0]
        await call(client, "read_interaction", interaction_id=interaction_id, wait_seconds=PATIENCE)
        assert SAME not in text_of(await call(client, "gemini_ask", **ASK))
    assert len(emulator.creates) == 2


@pytest.mark.slow
async def test_what_may_have_been_bought_is_told_once_to_the_same_call(
    settings: Settings, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.faults += [slow := Fault("create", "stall"), Fault("create", "drop_taken")]
    async with host(settings) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "gemini_ask", ASK)
            with anyio.fail_after(PATIENCE):
                await slow.reached.wait()
            tasks.cancel_scope.cancel()
        await until(tmp_path, "detached_at")
    # The server has ended before Google named it.
    slow.release.set()
    emulator.faults.clear()
    async with host(settings) as client:
        said = await complaint(client, "gemini_ask", **ASK)
        assert "Google may have taken the request all the same" in said
        assert len(emulator.creates) == 1
        assert SAME not in text_of(await call(client, "gemini_ask", **ASK))
    assert len(emulator.creates) == 2


@pytest.mark.slow
async def test_a_call_that_is_cancelled_while_it_is_written_down_has_begun(
    settings: Settings, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, insert = anyio.Event(), Journal.insert

    async def observed(journal: Journal, *values: Any, **options: Any) -> None:
        writing.set()
        await insert(journal, *values, **options)

    monkeypatch.setattr(Journal, "insert", observed)
    async with host(settings) as client:
        await call(client, "list_interactions")
        with closing(sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "gemini_ask", ASK)
                with anyio.fail_after(PATIENCE):
                    await writing.wait()
                tasks.cancel_scope.cancel()
                other.execute("COMMIT")
        await until(tmp_path, "detached_at")
        assert text_of(await call(client, "gemini_ask", **ASK)).startswith(SAME)
    assert len(emulator.creates) == 1


# Two servers ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("gemini_ask", ASK), ("generate_image", ASK), ("start_research", ASK | {"visualization": False})],
)
async def test_what_another_server_is_still_sending_is_not_sent_again_and_its_answer_is_given_later(
    settings: Settings, emulator: Emulator, tmp_path: Path, tool: str, arguments: dict[str, Any]
) -> None:
    emulator.faults.append(slow := Fault("create", "stall", match="" if tool != "generate_image" else '"store"'))
    async with host(settings) as one, host(settings) as other:
        await call(other, "list_interactions")
        await given_up(one, slow, tool, **arguments)
        if tool != "start_research":
            await until(tmp_path, "detached_at")
        for _ in range(2):
            said = await complaint(other, tool, **arguments)
            assert "Another server is waiting for Google's answer to the same request" in said
            assert "force" not in said
        slow.release.set()
        with anyio.fail_after(PATIENCE):
            while rows(tmp_path)[0]["status"] != "completed":
                await anyio.lowlevel.checkpoint()
        again = text_of(await call(other, tool, **arguments))
        assert again.startswith(SAME) or "nothing new was started" in again
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_a_server_that_was_killed_leaves_its_call_to_the_same_call_at_once(
    settings: Settings, emulator: Emulator, url: str, tmp_path: Path
) -> None:
    emulator.faults.append(slow := Fault("stream", "stall", after=3))
    async with wired(environment(tmp_path, url)) as server:
        await server.open(MODERN)
        server.request("tools/call", name="gemini_ask", arguments=ASK)
        with anyio.fail_after(PATIENCE):
            await slow.reached.wait()
            while not rows(tmp_path)[0]["interaction_id"]:
                await anyio.lowlevel.checkpoint()
        server.process.kill()
        await server.ended()
    async with host(settings) as client:
        assert text_of(await call(client, "gemini_ask", **ASK)).startswith(SAME)
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_a_run_that_is_taken_over_while_the_same_call_looks_for_it_is_not_paid_again(
    settings: Settings, emulator: Emulator, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undelivered, unfinished, owner = Journal.undelivered, Journal.unfinished, Journal.owner
    emulator.faults.append(slow := Fault("stream", "stall", after=3))
    async with wired(environment(tmp_path, url)) as server:
        await server.open(MODERN)
        server.request("tools/call", name="gemini_ask", arguments=ASK)
        with anyio.fail_after(PATIENCE):
            await slow.reached.wait()
            while not (before := rows(tmp_path)[0])["interaction_id"]:
                await anyio.lowlevel.checkpoint()
        server.process.kill()
        await server.ended()

    looked = anyio.Event()

    async def looking(journal: Journal, record: Record, since: datetime) -> list[Record]:
        found = await undelivered(journal, record, since)
        looked.set()
        return found

    async def adopting(journal: Journal, *, but: str = "") -> list[Record]:
        await looked.wait()
        return await unfinished(journal, but=but)

    async def taken_over(journal: Journal, label: str) -> str | None:
        while rows(tmp_path)[0]["owner"] in (before["owner"], None):
            await anyio.lowlevel.checkpoint()
        return await owner(journal, label)

    monkeypatch.setattr(Journal, "undelivered", looking)
    monkeypatch.setattr(Journal, "unfinished", adopting)
    monkeypatch.setattr(Journal, "owner", taken_over)
    async with host(settings) as client:
        with anyio.fail_after(PATIENCE):
            assert text_of(await call(client, "gemini_ask", **ASK)).startswith(SAME)
    assert len(emulator.creates) == 1


async def test_an_identical_call_that_reads_a_row_at_once_is_a_request_of_its_own(
    settings: Settings, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = Journal.insert
    held, written = anyio.Event(), anyio.Event()

    async def slow(journal: Journal, *arguments: Any, **more: Any) -> None:
        await insert(journal, *arguments, **more)
        if not written.is_set():
            written.set()
            await held.wait()

    monkeypatch.setattr(Journal, "insert", slow)
    async with host(settings) as client, anyio.create_task_group() as tasks:
        with anyio.fail_after(PATIENCE):
            tasks.start_soon(partial(call, client, "gemini_ask", **ASK))
            await written.wait()
            assert not text_of(await call(client, "gemini_ask", **ASK)).startswith(SAME)
            held.set()
    assert len(emulator.creates) == 2


@pytest.mark.slow
async def test_a_run_that_another_server_has_taken_over_is_given_to_the_same_call(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(slow := Fault("create", "hold"))
    owner = ""
    async with host(settings) as killed, anyio.create_task_group() as tasks:
        tasks.start_soon(killed.call_tool, "gemini_ask", ASK)
        with anyio.fail_after(PATIENCE):
            await slow.reached.wait()
            while not rows(tmp_path)[0]["interaction_id"]:
                await anyio.lowlevel.checkpoint()
        owner = str(rows(tmp_path)[0]["owner"])
        tasks.cancel_scope.cancel()
    # As a kill leaves it: nobody has noted that the call has ended, and the lease has run out.
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as journal, journal:
        journal.execute(
            "update interactions set detached_at = null, delivered_at = null, owner = ?, owned_until = '2000'",
            (owner,),
        )
    async with host(settings) as one, host(settings) as other:
        await until(tmp_path, "detached_at")
        slow.release.set()
        assert text_of(await call(other, "gemini_ask", **ASK)).startswith(SAME)
        await until(tmp_path, "delivered_at")
        assert not text_of(await call(one, "gemini_ask", **ASK)).startswith(SAME)
    assert len(emulator.creates) == 2


async def test_the_name_of_an_earlier_picture_is_not_used_again_though_it_was_moved_away(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    async with host(settings) as client:
        await call(client, "generate_image", prompt="One", output_path="crab.png")
        (tmp_path / "output" / "crab.png").rename(tmp_path / "output" / "moved.png")
        said = await complaint(client, "generate_image", prompt="Two", output_path="crab.png")
    assert "its name is never reused" in said
    assert len(emulator.creates) == 1
