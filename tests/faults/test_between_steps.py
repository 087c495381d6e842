"""What happens between two steps: refused and hanging reads, clocks that jump, deletions meanwhile."""

import math
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp import Client

from conftest import FAST, KEY
from faults.harness import rows
from faults.test_detaching import given_up, until
from faults.world import PATIENCE, QUICK, over, world
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.results import answers, waiting
from gemini_interactions_mcp.settings import Settings
from reading import call, complaint, id_of, text_of

ASK: dict[str, Any] = {"prompt": "Ask about Zürich"}
RESEARCH: dict[str, Any] = {"prompt": "Rivers of Zürich", "visualization": False}
SAME = "The same was asked "
NEVER = 3600.0


@asynccontextmanager
async def host(settings: Settings, timing: Timing = FAST) -> AsyncGenerator[Client]:
    async with Client(build_server(settings, timing), cache=None) as client:
        yield client


def lost(status: int, times: float = 1) -> list[Fault]:
    """A stream that is lost, cannot be heard again, and reads that are refused."""
    return [
        Fault("stream", "end", after=3),
        Fault("resume", "http", times=math.inf, http_status=400),
        Fault("get", "http", times=times, http_status=status),
    ]


# Reads that are refused ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 409, 416])
async def test_one_refused_read_gives_no_running_ask_up(settings: Settings, emulator: Emulator, status: int) -> None:
    emulator.faults += lost(status)
    async with host(settings) as client:
        assert "You asked: “Ask about Zürich”" in text_of(await call(client, "gemini_ask", **ASK))
    assert len(emulator.creates) == 1


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 401, 402])
async def test_what_cannot_be_read_now_is_not_delivered_and_the_same_call_pays_nothing(
    settings: Settings, emulator: Emulator, status: int
) -> None:
    emulator.faults += lost(status, math.inf)
    async with host(settings) as client:
        said = await complaint(client, "gemini_ask", **ASK)
        assert next(iter(emulator.interactions)) in said
        assert "Change it before" not in said
        emulator.faults.clear()
        assert text_of(await call(client, "gemini_ask", **ASK)).startswith(SAME)
    assert len(emulator.creates) == 1


async def test_what_google_refuses_to_show_for_good_is_said_once_to_the_same_call(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(slow := Fault("create", "hold"))
    async with host(settings) as client:
        await given_up(client, slow, **ASK)
        await until(tmp_path, "detached_at")
    emulator.faults += [Fault(on, "http", times=math.inf, http_status=400) for on in ("get", "resume")]
    async with host(settings) as client:
        await complaint(client, "gemini_ask", **ASK)
        emulator.faults.clear()
        slow.release.set()
        assert SAME not in text_of(await call(client, "gemini_ask", **ASK))
    assert len(emulator.creates) == 2


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 402, 429, 503])
async def test_a_read_that_fails_for_now_leaves_the_answer_to_the_same_call(
    settings: Settings, emulator: Emulator, tmp_path: Path, status: int
) -> None:
    emulator.faults.append(slow := Fault("create", "hold"))
    async with host(settings) as client:
        await given_up(client, slow, **ASK)
        await until(tmp_path, "detached_at")
    # As another server leaves it that has followed it and given it up.
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as journal, journal:
        journal.execute("update interactions set status = 'completed', settled_at = '2026', finished_at = '2026'")
    slow.release.set()
    refused = {"error": {"message": "Not now. Please retry in 0.01s.", "code": "no_such_code"}}
    emulator.faults.append(Fault("get", "http", times=math.inf, http_status=status, body=refused))
    async with host(settings, replace(FAST, naming=10)) as client:
        await complaint(client, "gemini_ask", **ASK)
        emulator.faults.clear()
        assert text_of(await call(client, "gemini_ask", **ASK)).startswith(SAME)
    assert len(emulator.creates) == 1


async def test_a_same_call_that_is_cancelled_while_it_looks_leaves_the_answer_to_the_next(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(slow := Fault("create", "hold"))
    async with host(settings) as client:
        await given_up(client, slow, **ASK)
        await until(tmp_path, "detached_at")
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as journal, journal:
        journal.execute("update interactions set status = 'completed', settled_at = '2026', finished_at = '2026'")
    slow.release.set()
    emulator.faults.append(hanging := Fault("get", "stall"))
    async with host(settings, replace(FAST, naming=10)) as client:
        await given_up(client, hanging, **ASK)
        hanging.release.set()
        assert text_of(await call(client, "gemini_ask", **ASK)).startswith(SAME)
    assert len(emulator.creates) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "delta"),
    [
        ({"type": "thought"}, {"type": "thought", "content": "abc"}),
        ({"type": "model_output", "content": []}, {"type": "model_output", "content": [1, 2]}),
        ({"type": "thought", "content": {"a": 1}}, {"type": "thought_summary", "content": 7}),
    ],
)
async def test_an_event_that_makes_no_sense_gives_no_run_up(
    settings: Settings, emulator: Emulator, step: dict[str, Any], delta: dict[str, Any]
) -> None:
    strange: list[Any] = [
        {"event_type": "step.start", "index": 50, "step": step},
        {"event_type": "step.delta", "index": 50, "delta": delta},
        {"event_type": "step.delta", "index": 50, "delta": {"type": "text", "text": ""}},
    ]
    emulator.faults.append(Fault("stream", "unknown", after=3, body=strange))
    async with host(settings) as client:
        said = text_of(await call(client, "gemini_ask", **ASK))
        assert "You asked: “Ask about Zürich”" in said
    assert len(emulator.creates) == 1


# Who is given an answer ----------------------------------------------------------------------------------


async def test_an_answer_whose_reader_is_cancelled_before_it_comes_is_given_to_the_same_call(
    settings: Settings, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.faults.append(slow := Fault("create", "hold"))
    reached = anyio.Event()

    async def hangs(*_: Any, **__: Any) -> Any:
        reached.set()
        await anyio.sleep_forever()

    async with host(settings) as client:
        await given_up(client, slow, **ASK)
        await until(tmp_path, "detached_at")
        slow.release.set()
        with monkeypatch.context() as patch:
            patch.setattr(answers, "attach_files", hangs)
            with anyio.fail_after(PATIENCE):
                async with anyio.create_task_group() as tasks:
                    reading = {"interaction_id": next(iter(emulator.interactions)), "wait_seconds": 20}
                    tasks.start_soon(client.call_tool, "read_interaction", reading)
                    await reached.wait()
                    tasks.cancel_scope.cancel()
        assert rows(tmp_path)[0]["status"] == "completed"
        assert text_of(await call(client, "gemini_ask", **ASK)).startswith(SAME)
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_of_two_same_calls_at_once_one_takes_the_answer_that_nobody_was_given(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(slow := Fault("create", "hold"))
    said: list[str] = []
    async with host(settings) as client:

        async def ask() -> None:
            said.append(text_of(await call(client, "gemini_ask", **ASK)))

        await given_up(client, slow, **ASK)
        await until(tmp_path, "detached_at")
        slow.release.set()
        await until(tmp_path, "status", "completed")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            tasks.start_soon(ask)
    assert sum(each.startswith(SAME) for each in said) == 1
    assert len(emulator.creates) == 2


# Reads that hang, clocks that jump -----------------------------------------------------------------------


@pytest.mark.slow
async def test_a_read_that_hangs_hides_the_end_from_nobody_else(settings: Settings, emulator: Emulator) -> None:
    emulator.faults += [
        held := Fault("create", "hold"),
        Fault("stream", "end", after=1),
        Fault("resume", "http", times=math.inf, http_status=400),
        hanging := Fault("get", "stall"),
    ]
    async with host(settings, replace(FAST, first_poll=NEVER, slowest_poll=NEVER)) as client:
        started = id_of(await call(client, "start_research", **RESEARCH))
        with anyio.fail_after(PATIENCE):
            await hanging.reached.wait()
            held.release.set()
            await emulator.interactions[started].finished.wait()
            report = await call(client, "check_research", interaction_id=started, wait_seconds=15)
    assert "# Research report" in text_of(report)
    assert not hanging.release.is_set()


@pytest.mark.slow
async def test_a_clock_that_jumps_ahead_makes_no_run_stuck_that_could_not_be_read(
    settings: Settings, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now

    def later() -> datetime:
        return now() + timedelta(hours=2)

    emulator.faults += [
        held := Fault("create", "hold"),
        Fault("stream", "end", after=1),
        Fault("resume", "http", times=math.inf, http_status=400),
    ]
    ask = Request(kind="ask", prompt="Grüße", model="gemini-3.8-flash")
    async with world(settings, replace(QUICK, lease=NEVER)) as here:
        run = await here.named(ask)
        emulator.faults.append(away := Fault("get", "http", times=math.inf, http_status=500))
        with anyio.fail_after(PATIENCE):
            await away.reached.wait()
            monkeypatch.setattr(clock, "now", later)
            asked = len(emulator.requests)
            while len(emulator.requests) < asked + 6:
                await anyio.lowlevel.checkpoint()
        assert run.error is None
        held.release.set()
        emulator.faults.remove(away)
        assert "Grüße" in (await over(run)).record.text


# Deletions -----------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_files_of_research_that_ends_while_it_is_deleted_are_deleted_too(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults += [
        held := Fault("create", "hold"),
        Fault("cancel", "http", http_status=400),
        deleting := Fault("delete", "stall"),
    ]
    async with host(settings) as client:
        started = id_of(await call(client, "start_research", **RESEARCH))
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "delete_interaction", {"interaction_id": started})
                await deleting.reached.wait()
                held.release.set()
                while rows(tmp_path)[0]["finished_at"] is None:
                    await anyio.lowlevel.checkpoint()
                assert list((tmp_path / "output").iterdir())
                deleting.release.set()
        assert list((tmp_path / "output").iterdir()) == []
        assert rows(tmp_path) == []


async def test_a_server_that_follows_what_another_has_deleted_saves_nothing_of_it(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults += [
        held := Fault("create", "hold"),
        Fault("cancel", "http", http_status=400),
        Fault("delete", "http", http_status=404),
    ]
    async with host(settings) as one, host(settings) as other:
        started = id_of(await call(one, "start_research", **RESEARCH))
        await call(other, "delete_interaction", interaction_id=started)
        held.release.set()
        await emulator.interactions[started].finished.wait()
        for _ in range(30):
            await call(one, "list_interactions")
    assert rows(tmp_path) == []
    output = tmp_path / "output"
    assert not output.exists() or list(output.iterdir()) == []


@pytest.mark.slow
async def test_a_read_on_its_way_brings_nothing_back_that_is_deleted_meanwhile(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with host(settings) as before:
        started = id_of(await call(before, "start_research", **RESEARCH))
    held.release.set()
    await emulator.interactions[started].finished.wait()
    emulator.faults.append(reading := Fault("get", "stall", times=math.inf))
    # Nobody follows it yet, so that the call reads it itself.
    async with host(settings, replace(FAST, lease=NEVER)) as reader, host(settings) as other:
        said: list[str] = []

        async def read() -> None:
            said.append(text_of(await reader.call_tool("read_interaction", {"interaction_id": started})))

        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                await reading.reached.wait()
                await call(other, "delete_interaction", interaction_id=started)
                reading.release.set()
        assert rows(tmp_path) == []
        assert "# Research report" not in said[0]


async def test_what_was_missing_is_not_saved_again_for_what_is_deleted_meanwhile(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    async with host(settings) as client, host(settings) as other:
        made = id_of(await call(client, "generate_image", **ASK))
        for path in (tmp_path / "output").iterdir():
            path.unlink()
        emulator.faults.append(reading := Fault("get", "stall"))
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "read_interaction", {"interaction_id": made})
                await reading.reached.wait()
                await call(other, "delete_interaction", interaction_id=made)
                reading.release.set()
    assert list((tmp_path / "output").iterdir()) == []


# What is said --------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_partial_answer_is_redacted_before_it_is_cut(
    settings: Settings, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PARTIAL_ANSWER_BYTES", len(KEY) // 2 + 5)
    echo: list[Any] = [{"event_type": "step.delta", "index": 1, "delta": {"type": "text", "text": f"{KEY} end."}}]
    emulator.faults += [Fault("stream", "unknown", after=6, body=echo), Fault("stream", "stall", after=7)]
    async with host(settings, replace(FAST, freshness=NEVER)) as client:
        said = text_of(await call(client, "gemini_ask", **ASK, wait_seconds=1))
    assert KEY[-8:] not in said


@pytest.mark.slow
async def test_research_that_google_refuses_for_now_is_not_said_to_have_started(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("create", "http", http_status=429, headers={"retry-after": "30"}))
    async with host(settings, replace(FAST, naming=0.3)) as client:
        said = text_of(await call(client, "start_research", **RESEARCH))
        assert "has started" not in said
        assert "Google refused it for now; trying again in 30 s; nothing is charged yet" in said
        stopped = text_of(await call(client, "list_interactions"))
        label = stopped.partition("- ")[2].split()[0]
        cancelled = text_of(await call(client, "cancel_research", interaction_id=label))
    assert "asked to stop" in cancelled or "before Google took it" in cancelled
    assert emulator.creates == []


def test_ages_are_never_negative() -> None:
    intent = intents.build_intent(Request(kind="ask", prompt="a", model="m"))
    assert intents.measure_age(intent.model_copy(update={"created_at": clock.now() + timedelta(hours=1)})) == 0


@pytest.mark.slow
async def test_what_may_have_been_taken_when_it_is_stopped_is_not_called_free(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(slow := Fault("create", "stall"))
    async with host(settings, replace(FAST, create=1)) as client:
        await given_up(client, slow, **ASK)
        said = await complaint(client, "cancel_research", interaction_id=rows(tmp_path)[0]["label"])
    assert "Google may have taken the request all the same" in said
    assert len(emulator.creates) == 1
