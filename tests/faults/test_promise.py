"""The promise, through the whole server: what goes wrong at Google, on the way or here, loses nothing and buys nothing
twice, every id can be read afterwards and after a restart, and what the caller was told is true.
"""

import errno
import os
import re
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult, TextContent

from conftest import CONTRARY_RUN, KEY, make_settings
from faults.world import PATIENCE, QUICK
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.emulator import Emulator, Fault, make_rate_limit_fault
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings

pytestmark = pytest.mark.slow

CALLS: dict[str, dict[str, Any]] = {
    "gemini_ask": {"prompt": "Ask about Zürich"},
    "start_research": {"prompt": "Research Zürich", "visualization": False},
    "generate_image": {"prompt": "Draw Zürich"},
}
UNKNOWN = "may have taken the request"
ANSWERED = ""
SERVED = replace(QUICK, shutdown_naming=Timing().shutdown_naming)
CHEAP = ("gemini_ask", "generate_image")


@asynccontextmanager
async def server(settings: Settings, timing: Timing = SERVED) -> AsyncGenerator[Client]:
    """A server and its host."""
    async with Client(build_server(settings, timing), cache=None) as client:
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> CallToolResult:
    with anyio.fail_after(PATIENCE):
        result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    assert KEY not in result.model_dump_json()
    return result


def text(result: CallToolResult) -> str:
    [first, *_] = result.content
    assert isinstance(first, TextContent)
    return first.text


async def kept(emulator: Emulator, settings: Settings, client: Client) -> None:
    """Hold the two invariants, in this process and in the next."""
    asked = [str(create["input"]) for create in emulator.creates]
    assert len(asked) == len(set(asked))
    await all_readable(emulator, client)
    async with server(settings) as next_client:
        await all_readable(emulator, next_client)


async def all_readable(emulator: Emulator, client: Client) -> None:
    ours = text(await call(client, "list_interactions"))
    for interaction_id, interaction in emulator.interactions.items():
        if CONTRARY_RUN and interaction_id not in ours:
            # Nobody here was told it: it is read like another program's, which is shown late, and is of the usual form.
            continue
        result = await call(client, "read_interaction", interaction_id=interaction_id, wait_seconds=10)
        assert not result.is_error, text(result)
        shown = "Saved: " if "Draw" in str(interaction.body["input"]) else "Zürich"
        assert shown in text(result)
        assert f"interaction_id: {interaction_id}" in text(result)


# What goes wrong on the way ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """What goes wrong, at each of the calls, and what is then told.

    Attributes:
        told: A part of the error; empty when the answer comes all the same.
        bought: How many calls were taken by the emulator.
        tools: Which are called, all at once.
    """

    name: str
    fault: Fault
    told: str = ANSWERED
    bought: int = 3
    tools: tuple[str, ...] = tuple(CALLS)


def stream(kind: Any, after: int, told: str = ANSWERED, **more: Any) -> Scenario:
    fault = Fault("stream", kind, after=after, **more)
    return Scenario(f"{kind} after {after}", fault, told, bought=2, tools=("gemini_ask", "start_research"))


SCENARIOS = [
    Scenario("drop before the response", Fault("create", "drop"), UNKNOWN, bought=0),
    # Of the image, the refusal of `background` is what is dropped.
    Scenario("drop of a request that was taken", Fault("create", "drop_taken"), UNKNOWN, bought=2),
    Scenario("500", Fault("create", "http", http_status=500), UNKNOWN, bought=0),
    Scenario("504 of a proxy", Fault("create", "http", http_status=504, body="<html>"), UNKNOWN, bought=0),
    Scenario("503", Fault("create", "http"), "overloaded", bought=0, tools=CHEAP),
    Scenario("503 with a delay", Fault("create", "http", headers={"retry-after": "0"}), bought=2, tools=CHEAP),
    Scenario("503 of research", Fault("create", "http"), UNKNOWN, bought=0, tools=("start_research",)),
    Scenario(
        "503 of research with a delay",
        Fault("create", "http", headers={"retry-after": "0"}),
        UNKNOWN,
        bought=0,
        tools=("start_research",),
    ),
    Scenario("429", make_rate_limit_fault(told="nowhere"), "does not charge failed requests", bought=0),
    Scenario("429 with a delay", make_rate_limit_fault(seconds=0.01)),
    Scenario("429 with a long delay", make_rate_limit_fault(seconds=900), "Try again in 15 min", bought=0),
    Scenario("rejected key", Fault("create", "http", http_status=401), "Set GEMINI_API_KEY", bought=0),
    stream("cut", 0, UNKNOWN),
    stream("cut", 1),
    stream("cut", 4),
    stream("truncate", 5),
    stream("deadline", 3),
    stream("error", 2),
    stream("error", 0, UNKNOWN),
    stream("unknown", 1),
    Scenario("no usage", Fault("create", "no_usage")),
    Scenario("404 of a fresh id", Fault("get", "http", http_status=404, times=4)),
    Scenario("403 of a fresh id", Fault("get", "http", http_status=403, times=4)),
    Scenario("500 of every read for a while", Fault("get", "http", http_status=500, times=7)),
    Scenario("reads that drop", Fault("get", "drop", times=7)),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_whatever_goes_wrong_nothing_is_lost_or_bought_twice_and_the_truth_is_told(
    settings: Settings, emulator: Emulator, scenario: Scenario
) -> None:
    fault = scenario.fault
    matches = ["Ask about", "Research", "Draw"] if fault.on in ("create", "stream") else [""]
    emulator.faults += [replace(fault, match=match, release=anyio.Event(), reached=anyio.Event()) for match in matches]
    results: dict[str, CallToolResult] = {}
    async with server(settings) as client:

        async def run(tool: str) -> None:
            results[tool] = await call(client, tool, **CALLS[tool])

        async with anyio.create_task_group() as tasks:
            for tool in scenario.tools:
                tasks.start_soon(run, tool)
        for tool, result in results.items():
            if scenario.told:
                assert result.is_error
                assert scenario.told in text(result)
            else:
                await true_answer(client, tool, result)
        emulator.faults.clear()
        assert len(emulator.creates) == scenario.bought
        await kept(emulator, settings, client)


async def true_answer(client: Client, tool: str, result: CallToolResult) -> None:
    """The answer is there, whole."""
    assert not result.is_error, text(result)
    match tool:
        case "gemini_ask":
            assert "You asked: “Ask about Zürich”" in text(result)
            assert re.search(r"\| completed(?: \||$)", text(result), re.MULTILINE)
        case "generate_image":
            assert "Saved: " in text(result)
        case _:
            report = await call(client, "check_research", interaction_id=id_in(result), wait_seconds=10)
            assert "# Research report: Research Zürich" in text(report)


def id_in(result: CallToolResult) -> str:
    found = re.search(r"interaction_id: (v1[\w.=-]*[\w=-])", text(result))
    assert found
    return found[1]


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:9", "http://nowhere.invalid"], ids=["refused", "DNS"])
async def test_what_never_reached_google_is_told_as_such_and_is_no_twin_of_the_next(
    tmp_path: Path, url: str, emulator: Emulator, base_url: str
) -> None:
    async with server(make_settings(tmp_path, base_url)) as client:
        for tool, arguments in CALLS.items():
            result = await call(client, tool, **arguments)
            assert result.is_error
            assert "nothing was sent or charged" in text(result)
    settings = make_settings(tmp_path, url)
    async with server(settings) as client:
        await true_answer(client, "start_research", await call(client, "start_research", **CALLS["start_research"]))
        await kept(emulator, settings, client)
    assert len(emulator.creates) == 1


@pytest.mark.parametrize("status", ["failed", "incomplete", "requires_action", "budget_exceeded"])
async def test_an_interaction_that_ends_badly_is_told_for_what_it_is_each_time(
    settings: Settings, emulator: Emulator, status: str
) -> None:
    emulator.faults.append(Fault("create", "status", run_status=status))
    async with server(settings) as client:
        first = await call(client, "gemini_ask", **CALLS["gemini_ask"])
        [interaction_id] = emulator.interactions
        again = await call(client, "read_interaction", interaction_id=interaction_id)
    async with server(settings) as client:
        later = await call(client, "read_interaction", interaction_id=interaction_id)
    assert text(first) == text(again) == text(later)
    assert interaction_id in text(first)
    assert first.is_error is (status in ("failed", "requires_action"))
    assert len(emulator.creates) == 1


# Time ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["gemini_ask", "start_research"])
@pytest.mark.parametrize(
    "fault",
    [Fault("create", "hold"), Fault("stream", "stall", after=2), Fault("create", "queued")],
    ids=lambda f: f.kind,
)
async def test_a_call_that_takes_too_long_hands_over_the_id_and_the_answer_comes_later(
    settings: Settings, emulator: Emulator, tool: str, fault: Fault
) -> None:
    emulator.faults.append(slow := replace(fault, release=anyio.Event(), reached=anyio.Event()))
    extra = {"wait_seconds": 0} if tool == "gemini_ask" else {}
    async with server(settings) as client:
        handed = await call(client, tool, **CALLS[tool], **extra)
        assert not handed.is_error
        interaction_id = id_in(handed)
        assert interaction_id in emulator.interactions
        assert f'interaction_id="{interaction_id}", wait_seconds=45' in text(handed)
        slow.release.set()
        await kept(emulator, settings, client)
    assert len(emulator.creates) == 1


async def test_a_create_that_stalls_past_our_deadline_is_of_unknown_outcome_and_found_when_it_was_taken(
    settings: Settings, emulator: Emulator
) -> None:
    async with server(settings, replace(SERVED, create=0.3)) as client:
        await call(client, "list_interactions")
        emulator.faults.append(Fault("create", "stall"))
        result = await call(client, "gemini_ask", **CALLS["gemini_ask"])
        assert result.is_error
        assert UNKNOWN in text(result)
        assert "| unknown |" in text(await call(client, "list_interactions"))
        emulator.faults.clear()
        await kept(emulator, settings, client)
    assert len(emulator.creates) == 1


# Calls that are cancelled --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stall", "hold"])
async def test_research_whose_call_is_cancelled_goes_on_and_is_found_in_the_list(
    settings: Settings, emulator: Emulator, kind: Any
) -> None:
    emulator.faults.append(slow := Fault("create", kind))
    async with server(settings) as client:
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "start_research", CALLS["start_research"])
                await slow.reached.wait()
                tasks.cancel_scope.cancel()
        slow.release.set()
        again = await call(client, "start_research", **CALLS["start_research"])
        assert "nothing new was started" in text(again)
        assert id_in(again) in emulator.interactions
        await kept(emulator, settings, client)
        assert id_in(again) in text(await call(client, "list_interactions", kind="research"))
    assert emulator.cancels == []
    assert len(emulator.creates) == 1


# What goes wrong here ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [
    Fault("create", "stall"), Fault("create", "hold"), Fault("stream", "stall", after=3), Fault("get", "stall"),
], ids=["sent", "named", "midway", "reading"])  # fmt: skip
async def test_research_that_is_under_way_when_the_server_ends_is_there_in_the_next(
    settings: Settings, emulator: Emulator, stage: Fault
) -> None:
    await ended_at(stage, settings, emulator, "start_research")
    async with server(settings) as client:
        await kept(emulator, settings, client)
    assert len(emulator.creates) == 1


async def test_an_ask_that_is_under_way_when_the_server_ends_is_there_in_the_next(
    settings: Settings, emulator: Emulator
) -> None:
    await ended_at(Fault("stream", "stall", after=3), settings, emulator, "gemini_ask")
    [interaction_id] = emulator.interactions
    async with server(settings) as client:
        result = await call(client, "read_interaction", interaction_id=interaction_id, wait_seconds=10)
    assert "Ask about Zürich" in text(result)
    assert emulator.cancels == []
    assert len(emulator.creates) == 1


async def ended_at(stage: Fault, settings: Settings, emulator: Emulator, tool: str) -> None:
    """End a server when a call has come that far, and let Google finish what it has taken."""
    emulator.faults.append(stalled := replace(stage, release=anyio.Event(), reached=anyio.Event()))
    with anyio.fail_after(PATIENCE):
        async with server(settings) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, tool, CALLS[tool])
            await stalled.reached.wait()
            tasks.cancel_scope.cancel()
        stalled.release.set()
        emulator.faults.clear()
        for interaction in emulator.interactions.values():
            await interaction.finished.wait()


async def test_a_full_disk_keeps_the_answer_and_says_how_to_get_the_files(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    settings = make_settings(tmp_path, url)
    async with server(settings) as client:
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            image = await call(client, "generate_image", **CALLS["generate_image"])
            assert not image.is_error
            assert "The files could not be saved" in text(image)
            assert "read_interaction saves them" in text(image)
            started = await call(client, "start_research", **CALLS["start_research"])
            report = await call(client, "check_research", interaction_id=id_in(started), wait_seconds=10)
            assert "# Research report" in text(report)
            assert "Note: The files could not be saved" in text(report)
        await kept(emulator, settings, client)
    assert len(emulator.creates) == 2


async def test_a_locked_journal_buys_nothing_and_says_so(tmp_path: Path, url: str, emulator: Emulator) -> None:
    path = tmp_path / "journal.sqlite3"
    settings = make_settings(tmp_path, url, database_url=f"sqlite+aiosqlite:///{path.as_posix()}?timeout=0.01")
    async with server(settings) as client:
        await call(client, "list_interactions")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for tool, arguments in CALLS.items():
                result = await call(client, tool, **arguments)
                assert result.is_error
                assert "locked by another program" in text(result)
        assert emulator.requests == []
        await true_answer(client, "gemini_ask", await call(client, "gemini_ask", **CALLS["gemini_ask"]))


@pytest.mark.usual_wire("an id of another program has the usual form, and is shown at once")
async def test_a_journal_that_is_no_database_is_left_alone_and_google_is_still_read(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    async with server(settings) as client:
        await true_answer(client, "gemini_ask", await call(client, "gemini_ask", **CALLS["gemini_ask"]))
    (tmp_path / "journal.sqlite3").write_bytes(rubbish := b"rubbish" * 500)
    async with server(settings) as client:
        await kept(emulator, settings, client)
        result = await call(client, "gemini_ask", **CALLS["gemini_ask"])
        assert result.is_error
        assert "is not a database" in text(result)
    assert (tmp_path / "journal.sqlite3").read_bytes() == rubbish
    assert len(emulator.creates) == 1
