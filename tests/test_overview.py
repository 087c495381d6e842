"""Lists of interactions: running ones are refreshed from Google, ended ones show their outcome."""

import math
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp import Client

from conftest import FAST, STATUS, make_settings
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.runs import listing
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from journaling import NOON, record
from reading import COST, LEGACY, MODERN, call, complaint, cursor_of, ended, id_of, newest, rows_of, text_of

NEVER = 3600.0
DEAF = replace(FAST, first_poll=NEVER, slowest_poll=NEVER, stream_idle=NEVER, lease=NEVER)
"""A server that reads from Google only on demand."""
AGENT = "antigravity-preview-09-2026"
Row = dict[str, Any]


@asynccontextmanager
async def host(settings: Settings, timing: Timing = DEAF) -> AsyncGenerator[Client]:
    async with Client(build_server(settings, timing), cache=None) as client:
        yield client


async def listed(client: Client, **filters: Any) -> list[Row]:
    return rows_of(await call(client, "list_interactions", **filters))


async def until(client: Client, seen: Callable[[list[Row]], bool]) -> list[Row]:
    """Wait until the rows are as expected, and return them."""
    with anyio.fail_after(10):
        while not seen(rows := await listed(client)):
            await anyio.lowlevel.checkpoint()
    return rows


@pytest.mark.slow
@MODERN
async def test_five_researches_are_followed_with_one_call(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "status", times=5, run_status="in_progress"))
    asked = [f"Rivers {number} https://a.example https://b.example" for number in range(5)]
    for prompt in asked:
        await call(client, "start_research", prompt=prompt)
    rows = await until(client, lambda rows: all(row.get("sources") for row in rows))
    assert [row["prompt"] for row in rows] == asked[::-1]
    assert {row["status"] for row in rows} == {STATUS}
    assert all(row["seconds"] >= 0 and row["activity"] and row["sources"] == 2 for row in rows)
    assert not any({"tokens", "finished_at", "error"} & row.keys() for row in rows)
    line = text_of(await call(client, "list_interactions")).splitlines()[0]
    assert re.search(r' \| for \d+ s: ".+" \| 2 sources$', line)
    for row in rows:
        await call(client, "cancel_research", interaction_id=row["interaction_id"])
    rows = await listed(client)
    assert {row["status"] for row in rows} == {"cancelled"}
    assert all(row["finished_at"] and row["error"] for row in rows)
    assert not any({"seconds", "activity"} & row.keys() for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    "filters", [{}, {"status": "completed"}, {"query": "Rivers of"}, {"kind": "research"}], ids=str
)
async def test_a_silent_stream_hides_no_end_from_the_list(settings: Settings, emulator: Emulator, filters: Row) -> None:
    emulator.faults += [held := Fault("create", "hold"), Fault("stream", "stall", after=3)]
    async with host(settings) as client:
        await call(client, "start_research", prompt="Rivers of Zürich", visualization=False)
        held.release.set()
        await ended(newest(emulator))
        with anyio.fail_after(10):
            while [row["status"] for row in await listed(client, **filters)] != ["completed"]:
                await anyio.lowlevel.checkpoint()
        index = (await client.read_resource("gemini://interactions")).contents[0]
        assert " | completed | " in getattr(index, "text", "")


@pytest.mark.slow
async def test_a_list_shows_the_end_of_what_another_server_follows_and_sleeps_over(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.faults += [held := Fault("create", "hold"), Fault("stream", "stall", after=1)]
    async with host(settings) as one, host(settings) as other:
        await call(one, "start_research", prompt="Rivers", visualization=False)
        (row,) = await listed(other)
        assert (row["status"], "seconds" in row) == (STATUS, True)
        held.release.set()
        await ended(newest(emulator))
        await until(other, lambda rows: rows[0]["status"] == "completed")


@pytest.mark.slow
async def test_a_list_looks_again_only_when_the_last_sign_is_old(settings: Settings, emulator: Emulator) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with host(settings) as one, host(settings, replace(DEAF, freshness=NEVER)) as other:
        await call(one, "start_research", prompt="Rivers")
        for _ in range(5):
            assert [row["status"] for row in await listed(other)] == [STATUS]
        held.release.set()
    assert [request.path for request in emulator.requests if request.method == "GET"] == [
        f"/v1/interactions/{newest(emulator).id}"
    ]


@pytest.mark.slow
async def test_a_list_waits_no_longer_for_a_silent_google_than_it_says(settings: Settings, emulator: Emulator) -> None:
    emulator.faults.append(held := Fault("create", "hold", times=9))
    async with host(settings) as one, host(settings, replace(DEAF, refresh=1)) as other:
        for prompt in ("one", "two", "three"):
            await call(one, "start_research", prompt=prompt)
        emulator.faults.append(stalled := Fault("get", "stall", times=math.inf))
        with anyio.fail_after(5):
            rows = await listed(other)
        assert stalled.reached.is_set()
        assert [(row["prompt"], row["status"]) for row in rows] == [(each, STATUS) for each in ("three", "two", "one")]
        stalled.times = 0
        stalled.release.set()
        held.release.set()


@pytest.mark.slow
@pytest.mark.parametrize("http_status", [400, 403, 404, 429, 500])
async def test_what_google_does_not_show_is_listed_as_the_journal_knows_it(
    settings: Settings, emulator: Emulator, http_status: int
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with host(settings) as one, host(settings) as other:
        await call(one, "start_research", prompt="Rivers")
        emulator.faults.append(Fault("get", "http", times=math.inf, http_status=http_status))
        (row,) = await listed(other)
        assert (row["prompt"], row["status"]) == ("Rivers", STATUS)
        emulator.faults.clear()
        held.release.set()


async def test_a_server_without_a_key_lists_what_the_journal_knows(tmp_path: Any, url: str, settings: Settings) -> None:
    journal = Journal(settings.database_url)
    await journal.insert(record("1", status="in_progress", interaction_id="v1_a", prompt="Rivers"))
    await journal.close()
    async with host(make_settings(tmp_path, url, api_key=None)) as client:
        (row,) = await listed(client)
    assert (row["interaction_id"], row["status"]) == ("v1_a", "in_progress")


@pytest.mark.slow
async def test_of_very_much_that_runs_the_newest_are_looked_at_a_few_at_once(
    settings: Settings, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_REFRESHED", 3)
    journal = Journal(settings.database_url)
    for number in range(9):
        await journal.insert(
            record(
                f"{number}", status="in_progress", interaction_id=f"v1_{number}", created_at=NOON.replace(minute=number)
            ),
            owner="another",
            seconds=3600,
        )
    await journal.close()
    async with host(settings) as client:
        assert len(await listed(client)) == 9
    asked = {request.path.rpartition("/")[2] for request in emulator.requests if request.method == "GET"}
    assert asked == {"v1_6", "v1_7", "v1_8"}


@pytest.mark.slow
@LEGACY
async def test_what_has_ended_says_when_and_with_what(client: Client) -> None:
    begun = await call(client, "start_research", prompt="Rivers")
    await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    (row,) = await until(client, lambda rows: bool(rows[0].get("tokens")))
    assert (row["status"], row["files"], row["sources"]) == ("completed", 2, 3)
    assert not {"seconds", "activity", "error", "label", "topic"} & row.keys()
    line = text_of(await call(client, "list_interactions"))
    assert re.search(rf' \| "Rivers" \| 2 files \| 3 sources \| [\d,]+ tokens \| {COST} \| ended 20[\dT:+-]+\n$', line)


@pytest.mark.slow
@LEGACY
async def test_what_failed_says_why_in_its_row(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "blocked"))
    begun = await call(client, "start_research", prompt="Rivers")
    await complaint(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    (row,) = await listed(client)
    assert "safety settings" in row["error"]
    assert row["finished_at"]
    assert f" | error: {row['error']}\n" in text_of(await call(client, "list_interactions"))


@pytest.mark.slow
@LEGACY
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("start_research", {"agent": AGENT}), ("start_research", {}), ("gemini_ask", {})],
    ids=["a task", "research", "an ask"],
)
async def test_what_google_never_took_has_no_id_in_the_list(
    client: Client, emulator: Emulator, tool: str, arguments: Row
) -> None:
    emulator.faults.append(Fault("create", "http", times=9, http_status=400))
    await complaint(client, tool, prompt="Rivers", **arguments)
    (row,) = await listed(client)
    assert (row["interaction_id"], row["status"]) == ("", "failed")
    assert row["error"]
    text = text_of(await call(client, "list_interactions"))
    assert text.startswith(f"- no id (label {row['label']}) | ")
    deleted = text_of(await call(client, "delete_interaction", interaction_id=row["label"]))
    assert deleted.endswith("Journal: deleted.\n")
    assert await listed(client) == []


@LEGACY
async def test_what_is_stored_nowhere_is_listed_by_its_label(client: Client) -> None:
    await call(client, "gemini_ask", prompt="hi", store=False)
    (row,) = await listed(client)
    assert "hi" in text_of(await call(client, "read_interaction", interaction_id=row["interaction_id"]))


@pytest.mark.slow
@LEGACY
async def test_a_task_of_an_agent_is_listed_as_what_it_is(client: Client) -> None:
    for arguments in ({"agent": AGENT}, {"agent": AGENT, "prompt": "Lakes"}, {}, {"plan_first": True}):
        begun = await call(client, "start_research", **({"prompt": "Rivers"} | arguments))
        await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    assert [row["kind"] for row in await listed(client)] == ["research plan", "research", "task", "task"]
    assert [row["kind"] for row in await listed(client, kind="research")] == ["research plan", "research"]
    tasks = await listed(client, kind="task")
    assert [(row["kind"], row["model"], row["prompt"]) for row in tasks] == [
        ("task", AGENT, "Lakes"),
        ("task", AGENT, "Rivers"),
    ]
    again = await call(client, "start_research", prompt="Rivers", agent=AGENT)
    assert "The same task was asked for" in text_of(again)
    resources = (await client.list_resources()).resources
    (entry,) = [each for each in resources if each.name == tasks[0]["interaction_id"]]
    assert entry.description == f"task, completed, {AGENT}"
    (content,) = (await client.read_resource(entry.uri)).contents
    assert "\n- kind: task\n" in getattr(content, "text", "")
    first = await call(client, "list_interactions", kind="task", limit=1)
    assert [row["kind"] for row in await listed(client, kind="task", cursor=cursor_of(first))] == ["task"]
