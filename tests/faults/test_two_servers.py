"""Two hosts that are open at once: two servers on one journal, as is normal on a desktop."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp import Client

from conftest import FAST
from faults.harness import rows
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from reading import call, id_of, rows_of, text_of
from wired import PATIENCE, let_leases_run_out

QUICK = replace(FAST, lease=0.3)
"""Looks ten times a second for what nobody follows."""
RESEARCH: dict[str, Any] = {"prompt": "Rivers of Zürich", "visualization": False}


@asynccontextmanager
async def host(settings: Settings, timing: Timing = FAST) -> AsyncGenerator[Client]:
    """A host with a server of its own."""
    async with Client(build_server(settings, timing), cache=None) as client:
        yield client


@dataclass
class Two:
    one: Client
    other: Client


@pytest.fixture
async def two(settings: Settings) -> AsyncGenerator[Two]:
    async with host(settings) as one, host(settings) as other:
        yield Two(one, other)


async def started(client: Client, emulator: Emulator) -> tuple[str, Fault]:
    """Start research that goes on until its fault is released."""
    emulator.faults.append(held := Fault("create", "hold"))
    return id_of(await call(client, "start_research", **RESEARCH)), held


async def until_written(folder: Path, status: str) -> dict[str, Any]:
    """Wait until the journal's one row has that status."""
    with anyio.fail_after(PATIENCE):
        while (row := rows(folder)[0])["status"] != status:
            await anyio.lowlevel.checkpoint()
    return row


def reports(folder: Path) -> list[Path]:
    return list((folder / "output").iterdir())


def reads(emulator: Emulator, interaction_id: str) -> int:
    """How often an interaction was asked for, its stream too."""
    return sum(each.method == "GET" and each.path.endswith(interaction_id) for each in emulator.requests)


@pytest.mark.slow
async def test_each_host_lists_and_reads_what_the_other_has_asked(two: Two, emulator: Emulator) -> None:
    here = id_of(await call(two.one, "gemini_ask", prompt="Asked here"))
    there = id_of(await call(two.other, "gemini_ask", prompt="Asked there"))
    asked = len(emulator.requests)
    for client in (two.one, two.other):
        assert [row["interaction_id"] for row in rows_of(await call(client, "list_interactions"))] == [there, here]
        assert "Asked here" in text_of(await call(client, "read_interaction", interaction_id=here))
        assert "Asked there" in text_of(await call(client, "read_interaction", interaction_id=there))
    assert len(emulator.requests) == asked


@pytest.mark.slow
async def test_each_host_continues_what_the_other_has_asked(two: Two, emulator: Emulator) -> None:
    first = id_of(await call(two.one, "gemini_ask", prompt="Asked here"))
    result = await call(two.other, "gemini_continue", previous_interaction_id=first, prompt="And there?")
    assert "And there?" in text_of(result)
    assert emulator.creates[1]["previous_interaction_id"] == first


@pytest.mark.slow
async def test_while_nobody_waits_there_the_other_server_does_not_ask_google(two: Two, emulator: Emulator) -> None:
    interaction_id, held = await started(two.one, emulator)
    await call(two.other, "check_research", interaction_id=interaction_id)
    # The one that the call itself makes; the first server listens to its stream and makes none.
    assert reads(emulator, interaction_id) == 1
    for _ in range(5):
        await two.other.list_resources()
    assert reads(emulator, interaction_id) == 1
    held.release.set()
    result = await call(two.other, "check_research", interaction_id=interaction_id, wait_seconds=PATIENCE)
    assert "Rivers of Zürich" in text_of(result)


@pytest.mark.slow
async def test_what_an_orderly_server_leaves_is_followed_by_the_other_at_once(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    async with host(settings, QUICK) as other:
        await call(other, "list_interactions")
        async with host(settings) as one:
            _, held = await started(one, emulator)
            owner = rows(tmp_path)[0]["owner"]
        # Nobody's, or the other's already.
        assert rows(tmp_path)[0]["owner"] != owner
        held.release.set()
        row = await until_written(tmp_path, "completed")
    assert "Rivers of Zürich" in row["text"]
    assert len(reports(tmp_path)) == 1
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_what_a_killed_server_leaves_is_followed_by_the_other_once_the_lease_has_run_out(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    async with host(settings) as one:
        interaction_id, held = await started(one, emulator)
        killed = rows(tmp_path)[0]
    # As a kill leaves it: nobody has given the lease back.
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as journal, journal:
        journal.execute("update interactions set owner = ?, owned_until = ?", (killed["owner"], killed["owned_until"]))
    async with host(settings, QUICK) as other:
        await call(other, "check_research", interaction_id=interaction_id)
        before = reads(emulator, interaction_id)
        held.release.set()
        await emulator.interactions[interaction_id].finished.wait()
        assert rows(tmp_path)[0]["owner"] == killed["owner"]
        let_leases_run_out(tmp_path)
        row = await until_written(tmp_path, "completed")
        assert reads(emulator, interaction_id) > before
    assert row["owner"] not in (None, killed["owner"])
    assert len(reports(tmp_path)) == 1
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_a_report_that_the_other_server_has_seen_first_is_saved_once(
    two: Two, emulator: Emulator, tmp_path: Path
) -> None:
    interaction_id, held = await started(two.one, emulator)
    # The first server has heard the end, and reads the result for a while.
    emulator.faults.append(reading := Fault("get", "stall"))
    held.release.set()
    with anyio.fail_after(PATIENCE):
        await reading.reached.wait()
        result = await call(two.other, "check_research", interaction_id=interaction_id, wait_seconds=10)
        reading.release.set()
        await call(two.one, "check_research", interaction_id=interaction_id, wait_seconds=10)
    assert "Saved: " in text_of(result)
    assert len(reports(tmp_path)) == 1


@pytest.mark.slow
async def test_the_same_research_is_bought_once_by_both_within_ten_minutes(two: Two, emulator: Emulator) -> None:
    interaction_id, held = await started(two.one, emulator)
    while_it_runs = await call(two.other, "start_research", **RESEARCH)
    held.release.set()
    await call(two.one, "check_research", interaction_id=interaction_id, wait_seconds=10)
    afterwards = await call(two.other, "start_research", **RESEARCH)
    assert id_of(while_it_runs) == id_of(afterwards) == interaction_id
    assert "nothing new was started" in text_of(afterwards)
    assert len(emulator.creates) == 1


async def test_the_same_research_asked_for_in_both_at_once_is_bought_once(two: Two, emulator: Emulator) -> None:
    for client in (two.one, two.other):
        await call(client, "list_interactions")
    async with anyio.create_task_group() as tasks:
        for client in (two.one, two.other):
            tasks.start_soon(client.call_tool, "start_research", RESEARCH)
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_many_asks_in_both_at_once_are_all_answered_and_no_journal_is_in_the_way(
    two: Two, emulator: Emulator, tmp_path: Path
) -> None:
    answers: dict[str, str] = {}

    async def ask(client: Client, prompt: str) -> None:
        answers[prompt] = text_of(await call(client, "gemini_ask", prompt=prompt))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(ask, two.one, f"Here {number}.")
            tasks.start_soon(ask, two.other, f"There {number}.")
    assert len(answers) == len(emulator.creates) == 40
    assert all(prompt in answer for prompt, answer in answers.items())
    assert [row["status"] for row in rows(tmp_path)] == ["completed"] * 40


@pytest.mark.slow
async def test_what_one_host_deletes_is_gone_in_the_other(two: Two, emulator: Emulator) -> None:
    interaction_id = id_of(await call(two.one, "gemini_ask", prompt="Asked here"))
    await call(two.other, "delete_interaction", interaction_id=interaction_id)
    assert rows_of(await call(two.one, "list_interactions")) == []
    gone = await two.one.call_tool("read_interaction", {"interaction_id": interaction_id})
    assert gone.is_error
    assert emulator.interactions == {}


@pytest.mark.slow
async def test_research_that_one_host_cancels_ends_in_the_other(two: Two, emulator: Emulator, tmp_path: Path) -> None:
    interaction_id, _ = await started(two.one, emulator)
    await call(two.other, "cancel_research", interaction_id=interaction_id)
    assert emulator.cancels == [interaction_id]
    row = await until_written(tmp_path, "cancelled")
    assert row["interaction_id"] == interaction_id
    assert len(emulator.creates) == 1
