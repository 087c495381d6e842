"""Nothing hides what Google knows: no lease of a dead server, no silent stream, no slow poll, no refused read."""

import math
import os
import signal
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp import Client

from conftest import FAST
from faults.harness import rows
from faults.world import PATIENCE, QUICK, World, over, world
from gemini_interactions_mcp.core.errors import InteractionFailedError, JournalError
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.runs import processes
from gemini_interactions_mcp.runs.run import Run
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from reading import call, complaint, id_of, text_of
from wired import MODERN, environment, wired

ASK = Request(kind="ask", prompt="Grüße", model="gemini-3.8-flash")
RESEARCH: dict[str, Any] = {"prompt": "Rivers of Zürich", "visualization": False}
NEVER = 3600.0
"""Seconds that no test waits: what ends sooner ends for another reason."""
DEAF = replace(FAST, first_poll=NEVER, slowest_poll=NEVER, stream_idle=NEVER, lease=NEVER)
"""A server that looks at Google only when somebody wants to know."""


@asynccontextmanager
async def host(settings: Settings, timing: Timing = DEAF) -> AsyncGenerator[Client]:
    async with Client(build_server(settings, timing), cache=None) as client:
        yield client


async def ended(emulator: Emulator) -> None:
    """Wait until Google has finished everything."""
    with anyio.fail_after(PATIENCE):
        for interaction in emulator.interactions.values():
            await interaction.finished.wait()


# Looking -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 3, 6])
async def test_a_stream_that_goes_silent_hides_no_answer_from_who_waits(
    settings: Settings, emulator: Emulator, after: int
) -> None:
    emulator.faults.append(Fault("stream", "stall", after=after))
    async with host(settings) as client:
        assert "You asked: “hi”" in text_of(await call(client, "gemini_ask", prompt="hi"))


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 403, 404])
async def test_an_end_that_neither_stream_nor_read_tells_is_told_by_the_stream_from_its_start(
    settings: Settings, emulator: Emulator, status: int
) -> None:
    emulator.doubts = replace(emulator.doubts, lost_completions=1, late_reads=1, refused_reads=(status,))
    async with host(settings, FAST) as client:
        answer = await call(client, "gemini_ask", prompt="hi")
        research = id_of(await call(client, "start_research", **RESEARCH))
        report = text_of(await call(client, "check_research", interaction_id=research, wait_seconds=20))
    assert "You asked: “hi”" in text_of(answer)
    assert "# Research report" in report
    assert all(" | completed" in each for each in (text_of(answer), report))
    assert len(emulator.creates) == 2


@pytest.mark.slow
async def test_such_an_end_is_told_by_the_next_server_too(settings: Settings, emulator: Emulator) -> None:
    emulator.doubts = replace(emulator.doubts, lost_completions=1, refused_reads=(403,))
    emulator.faults.append(held := Fault("create", "hold"))
    async with host(settings) as client:
        research = id_of(await call(client, "start_research", **RESEARCH))
    held.release.set()
    await ended(emulator)
    emulator.interactions[research].history.told = True
    async with host(settings, FAST) as client:
        report = text_of(await call(client, "check_research", interaction_id=research, wait_seconds=20))
    assert "# Research report" in report
    assert len(emulator.creates) == 1


@pytest.mark.slow
@pytest.mark.parametrize("wait_seconds", [0, 20])
async def test_a_silent_stream_hides_nothing_from_who_reads(
    settings: Settings, emulator: Emulator, wait_seconds: int
) -> None:
    emulator.faults += [held := Fault("create", "hold"), Fault("stream", "stall", after=3)]
    async with host(settings) as client:
        started = id_of(await call(client, "start_research", **RESEARCH))
        held.release.set()
        await ended(emulator)
        with anyio.fail_after(PATIENCE):
            while "# Research report" not in (
                text_of(await call(client, "check_research", interaction_id=started, wait_seconds=wait_seconds))
            ):
                await anyio.lowlevel.checkpoint()


@pytest.mark.slow
async def test_a_polled_run_is_seen_by_who_asks_and_not_when_its_next_poll_is_due(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.faults += [
        held := Fault("create", "hold"),
        Fault("stream", "end", after=1),
        Fault("resume", "http", times=math.inf, http_status=400),
    ]
    async with host(settings) as client:
        started = id_of(await call(client, "start_research", **RESEARCH))
        assert "Still" in text_of(await call(client, "check_research", interaction_id=started))
        held.release.set()
        await ended(emulator)
        with anyio.fail_after(PATIENCE):
            while "# Research report" not in (text_of(await call(client, "check_research", interaction_id=started))):
                await anyio.lowlevel.checkpoint()


async def test_a_living_server_that_hangs_hides_nothing_from_another(settings: Settings, emulator: Emulator) -> None:
    emulator.faults += [held := Fault("create", "hold"), Fault("stream", "stall", after=1)]
    async with host(settings) as one, host(settings) as other:
        started = id_of(await call(one, "start_research", **RESEARCH))
        held.release.set()
        await ended(emulator)
        result = await call(other, "check_research", interaction_id=started, wait_seconds=20)
        assert "# Research report" in text_of(result)


@pytest.mark.slow
async def test_a_clock_that_was_set_back_hides_nothing(settings: Settings, emulator: Emulator, tmp_path: Path) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with host(settings) as one:
        started = id_of(await call(one, "start_research", **RESEARCH))
        owner = rows(tmp_path)[0]["owner"]
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as journal, journal:
        journal.execute(
            "update interactions set owner = ?, owned_until = '2999-01-01T00:00:00.000000+00:00', "
            "created_at = '2998-01-01T00:00:00.000000+00:00'",
            (owner,),
        )
    held.release.set()
    await ended(emulator)
    async with host(settings) as other:
        assert "# Research report" in text_of(await call(other, "check_research", interaction_id=started))


@pytest.mark.slow
async def test_what_nobody_waits_for_costs_no_looks(settings: Settings, emulator: Emulator) -> None:
    emulator.faults.append(Fault("stream", "stall", after=3))
    async with host(settings) as client:
        await call(client, "start_research", **RESEARCH)
        for _ in range(20):
            await client.list_resources()
    assert [each for each in emulator.requests if each.method == "GET"] == []


@pytest.mark.slow
async def test_what_a_killed_server_followed_is_followed_by_the_next_at_once(
    settings: Settings, emulator: Emulator, url: str, tmp_path: Path
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with wired(environment(tmp_path, url)) as server:
        await server.open(MODERN)
        await server.said("start_research", **RESEARCH)
        os.kill(server.process.pid, signal.SIGKILL)
        await server.ended()
    [killed] = rows(tmp_path)
    assert processes.has_departed(killed["owner"])
    held.release.set()
    await ended(emulator)
    async with host(settings, replace(DEAF, lease=0.3)):
        with anyio.fail_after(PATIENCE):
            while (row := rows(tmp_path)[0])["status"] != "completed":
                await anyio.lowlevel.checkpoint()
    assert "Rivers" in row["text"]
    # It has not run out.
    assert killed["owned_until"] > row["finished_at"]


@pytest.mark.slow
async def test_unfinished_runs_are_taken_up_before_any_tool_is_called(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with host(settings) as client:
        await call(client, "start_research", **RESEARCH)
    held.release.set()
    await ended(emulator)
    async with host(settings) as client:
        await client.list_tools()
        with anyio.fail_after(PATIENCE):
            while rows(tmp_path)[0]["status"] != "completed":
                await anyio.lowlevel.checkpoint()


@pytest.mark.slow
async def test_without_a_key_unfinished_runs_stay_as_they_are(
    settings: Settings, emulator: Emulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.faults.append(Fault("create", "hold"))
    caplog.set_level("DEBUG", "gemini_interactions_mcp")
    async with host(settings) as client:
        await call(client, "start_research", **RESEARCH)
    [before] = rows(tmp_path)
    async with host(settings.model_copy(update={"api_key": None})) as client:
        with anyio.fail_after(PATIENCE):
            while "No Gemini API key" not in caplog.text:
                assert (await client.list_tools()).tools
    [after] = rows(tmp_path)
    assert (after["status"], after["error"], after["owner"]) == (before["status"], None, None)


# What was streamed ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 403, 404, 500])
@pytest.mark.parametrize("tool", ["gemini_ask", "start_research"])
async def test_an_answer_that_was_streamed_counts_though_it_can_never_be_read(
    settings: Settings, emulator: Emulator, tool: str, status: int, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("get", "http", times=math.inf, http_status=status))
    async with host(settings, FAST) as client:
        result = await call(client, tool, **(RESEARCH if tool == "start_research" else {"prompt": "hi"}))
        if tool == "start_research":
            result = await call(client, "check_research", interaction_id=id_of(result), wait_seconds=20)
            assert "# Research report" in text_of(result)
            assert "Saved: " in text_of(result)
        else:
            assert "You asked: “hi”" in text_of(result)
        assert "| completed" in text_of(result)
    assert [row["status"] for row in rows(tmp_path)] == ["completed"]
    async with host(settings, FAST) as client:
        again = await call(client, "read_interaction", interaction_id=id_of(result))
    assert text_of(again).partition("\n---\n")[0] == text_of(result).partition("\n---\n")[0]
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_sources_pictures_and_code_are_the_same_by_stream_as_by_read(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    arguments = {"prompt": "Find [[words=300]]", "tools": ["google_search", "code_execution", "url_context"]}
    async with host(settings, FAST) as client:
        emulator.faults.append(refused := Fault("get", "http", times=math.inf, http_status=400))
        streamed = text_of(await call(client, "gemini_ask", **arguments))
        emulator.faults.remove(refused)
        emulator.faults.append(Fault("stream", "end", after=1))
        read = text_of(await call(client, "gemini_ask", **arguments))
    assert "Sources" in streamed
    assert streamed.partition("\n---\n")[0] == read.partition("\n---\n")[0]


@pytest.mark.slow
async def test_what_was_running_when_its_server_ended_is_heard_from_its_start_where_reads_are_refused(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with world(settings) as before:
        run = await before.named(ASK)
    held.release.set()
    emulator.faults.append(Fault("get", "http", times=math.inf, http_status=400))
    async with world(settings, tend=True):
        with anyio.fail_after(PATIENCE):
            while rows(tmp_path)[0]["status"] != "completed":
                await anyio.lowlevel.checkpoint()
    [row] = rows(tmp_path)
    assert row["interaction_id"] == run.id
    assert "Grüße" in row["text"]


async def test_a_completed_read_without_an_answer_is_read_again_before_it_is_called_empty(
    settings: Settings, emulator: Emulator
) -> None:
    hollow: dict[str, Any] = {"id": "v1_x", "status": "completed", "object": "interaction", "steps": []}
    emulator.faults += [
        Fault("stream", "end", after=2),
        Fault("resume", "http", times=math.inf, http_status=400),
        Fault("get", "http", times=3, http_status=200, body=hollow),
    ]
    async with host(settings, FAST) as client:
        assert "You asked: “hi”" in text_of(await call(client, "gemini_ask", prompt="hi"))


@pytest.mark.slow
async def test_an_answer_that_stays_empty_is_told_without_blaming_the_prompt(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("create", "empty"))
    async with host(settings, FAST) as client:
        said = await complaint(client, "gemini_ask", prompt="hi")
    assert "without an answer" in said
    assert "rephrase" not in said.lower()


# Work in the background ----------------------------------------------------------------------------------


@pytest.fixture
async def here(settings: Settings) -> AsyncGenerator[World]:
    async with world(settings, replace(QUICK, usage_lag=(0.01,) * 3), tend=True) as opened:
        yield opened


NESTED = '{"id": "v1_x", "steps": ' + "[" * 100_000


@pytest.mark.slow
@pytest.mark.parametrize("on", ["cancel", "get"])
async def test_one_unreadable_reply_ends_no_other_run(here: World, emulator: Emulator, on: Any) -> None:
    held = Fault("create", "hold", times=2)
    emulator.faults += [held, Fault(on, "http", times=math.inf, http_status=200, body=NESTED, match="/v1_")]
    run, other = await here.named(ASK), await here.named(ASK.model_copy(update={"prompt": "Other"}))
    here.runs.cancel_later(str(run.id), "tasks/cancel")
    with anyio.fail_after(PATIENCE):
        while not any(each.path.endswith(("/cancel", str(run.id))) for each in emulator.requests):
            await anyio.lowlevel.checkpoint()
    emulator.faults.clear()
    held.release.set()
    assert "Other" in (await over(other)).record.text


@pytest.mark.slow
async def test_a_subscriber_that_is_slow_or_raises_delays_nobody(
    settings: Settings, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    async def slow(_: str) -> None:
        await anyio.sleep_forever()

    async def broken(_: str) -> None:
        raise RecursionError("too deep")

    async with world(settings, replace(QUICK, notification=0.01)) as here:
        for announce in (slow, broken):
            here.runs._driver._announce = announce  # pyright: ignore[reportPrivateUsage] - a bus with such a subscriber
            assert "Grüße" in (await here.ended(ASK)).record.text
    assert "too deep" in caplog.text


async def test_a_fault_of_this_server_while_sending_is_not_told_as_if_nothing_had_been_bought(
    here: World, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(here.runs._follower, "_listen", broken)  # pyright: ignore[reportPrivateUsage] - a fault in it
    run = await here.ended(ASK)
    assert "may have taken the request" in str(run.error)
    assert [row["status"] for row in rows(tmp_path)] == ["unknown"]


async def test_a_progress_that_cannot_be_told_takes_no_answer_away(here: World, emulator: Emulator) -> None:
    async def broken(_seconds: float, _message: str) -> None:
        raise ConnectionResetError

    emulator.faults.append(held := Fault("create", "hold"))
    run: Run = await here.named(ASK)
    held.release.set()
    assert await here.runs.wait(run, PATIENCE, broken)
    assert not isinstance(run.error, InteractionFailedError)
    assert "Grüße" in run.record.text


@pytest.mark.slow
async def test_late_writes_are_tried_every_moment_and_not_once_a_lease(
    settings: Settings, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(settings, replace(QUICK, lease=NEVER), tend=True) as here:
        emulator.faults.append(held := Fault("create", "hold"))
        run = await here.named(ASK)
        update, tries, held_journal = here.journal.update, 0, JournalError("held")

        async def refused(*arguments: Any, **changes: Any) -> None:
            nonlocal tries
            tries += 1
            if tries < 5:
                raise held_journal
            await update(*arguments, **changes)

        monkeypatch.setattr(here.journal, "update", refused)
        held.release.set()
        await over(run)
        with anyio.fail_after(PATIENCE):
            while rows(tmp_path)[0]["status"] != "completed":
                await anyio.lowlevel.checkpoint()
    assert tries >= 5
