"""Tasks: a handle in place of an unfinished result, for clients that declare the extension, and for no others."""

import itertools
import json
import math
import re
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.extension import ClientExtension
from mcp.client.streamable_http import streamable_http_client
from mcp.server.apps import EXTENSION_ID as APPS_EXTENSION
from mcp_types import HEADER_MISMATCH, INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND
from mcp_types import MISSING_REQUIRED_CLIENT_CAPABILITY as NOT_DECLARED

from conftest import FAST, STATUS, Mode
from faults.harness import rows
from gemini_interactions_mcp.core.errors import JournalError
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.database import Database
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Record
from gemini_interactions_mcp.runs.runs import Runs
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.server.results.programs import RESULT_KEY
from gemini_interactions_mcp.server.skills.extension import SKILLS_EXTENSION
from gemini_interactions_mcp.server.tasks import approvals
from gemini_interactions_mcp.server.tasks.extension import TASKS_EXTENSION
from gemini_interactions_mcp.settings import Settings
from reading import call, id_of, newest, note, posts, text_of
from tasking import (
    PATIENCE,
    Answer,
    Json,
    Tasking,
    TaskRequest,
    accepted,
    answered,
    asked_for,
    begun,
    cancelled,
    form,
    got,
    said,
    settled,
    tasking,
    updated,
)
from wired import envelope, environment, hello, let_leases_run_out, wired

PLAN = {"prompt": "Bicycles", "plan_first": True}


@pytest.fixture
async def host(server: Server) -> AsyncGenerator[Client]:
    """A host that takes tasks, and whose user can be asked."""
    async with tasking(server) as client:
        yield client


@asynccontextmanager
async def restarted(settings: Settings) -> AsyncGenerator[Client]:
    """Return the same from a server that starts now."""
    async with tasking(build_server(settings, FAST)) as client:
        yield client


async def planned(client: Client) -> Json:
    """A task whose plan waits for approval."""
    return await settled(client, await begun(client, "start_research", **PLAN))


async def complaint(client: Client, method: str, task: Json, **params: object) -> tuple[int, str]:
    """Return the code and message of a method's error."""
    with pytest.raises(MCPError) as caught:
        await asked_for(client, method, task, **params)
    return caught.value.error.code, caught.value.error.message


async def test_the_server_advertises_the_extension_where_the_era_has_them(client: Client, mode: Mode) -> None:
    declared = client.server_capabilities.extensions
    assert declared == {SKILLS_EXTENSION: {}} | ({TASKS_EXTENSION: {}, APPS_EXTENSION: {}} if mode == "auto" else {})


@pytest.mark.slow
async def test_research_is_a_task_whose_row_is_in_the_journal_before_the_answer(
    host: Client, emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    emulator.faults.append(hold := Fault("create", "hold"))
    task = await begun(host, "start_research", prompt="Bicycles")
    (row,) = rows(tmp_path)
    assert row["label"] == task["taskId"]
    assert re.fullmatch(r"[0-9a-f]{16}-[0-9a-f]{32}", task["taskId"])
    assert (task["status"], task["ttlMs"], task["pollIntervalMs"]) == ("working", 55 * 86_400_000, 5_000)
    assert datetime.fromisoformat(task["createdAt"]).tzinfo
    assert newest(emulator).id in task["statusMessage"]
    now = await got(host, task)
    assert now["status"] == "working"
    assert not {"result", "error", "inputRequests"} & now.keys()
    hold.release.set()


@pytest.mark.slow
async def test_a_completed_task_carries_the_whole_result_that_reading_gives(host: Client, emulator: Emulator) -> None:
    done = await settled(host, await begun(host, "start_research", prompt="Bicycles"))
    assert "# Research report: Bicycles" in said(done)
    read = await answered(host, "read_interaction", interaction_id=newest(emulator).id)
    of_server = {name: value for name, value in read["_meta"].items() if name != RESULT_KEY}
    assert set(of_server) == {"io.modelcontextprotocol/serverInfo"}
    assert done["result"] == read | {"_meta": {RESULT_KEY: read["_meta"][RESULT_KEY]}}
    assert {block["type"] for block in done["result"]["content"]} == {"text", "image", "resource_link"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("gemini_ask", {"wait_seconds": 0}),
        ("gemini_ask", {"wait_seconds": 0, "store": False}),
        ("gemini_continue", {"wait_seconds": 0}),
        ("analyze_file", {"wait_seconds": 0}),
        ("generate_image", {}),
    ],
    ids=["ask", "ask without store", "continue", "analyze", "image"],
)
async def test_an_ask_that_passes_its_deadline_is_a_task(
    settings: Settings, emulator: Emulator, tool: str, arguments: Json
) -> None:
    server = build_server(settings.model_copy(update={"wait_seconds": 0}), FAST)
    async with tasking(server) as host:
        first = await call(host, "gemini_ask", prompt="first", wait_seconds=10)
        if tool == "gemini_continue":
            arguments = arguments | {"previous_interaction_id": id_of(first)}
        if tool == "analyze_file":
            arguments = arguments | {"files": [str(note(settings.allowed_dirs[0]))]}
        stall = Fault("create", "stall") if arguments.get("store") is False else Fault("create", "hold")
        emulator.faults.append(stall)
        task = await begun(host, tool, prompt="slowly", **arguments)
        assert task["status"] == "working"
        stall.release.set()
        done = await settled(host, task)
        assert f"interaction_id: {'' if 'store' in arguments else newest(emulator).id}" in said(done)
        assert done["result"]["isError"] is False


@pytest.mark.slow
async def test_an_answer_in_time_and_what_only_reads_are_plain_results(host: Client, emulator: Emulator) -> None:
    answer = await answered(host, "gemini_ask", prompt="hi")
    emulator.faults.append(hold := Fault("create", "hold"))
    await begun(host, "start_research", prompt="Bicycles")
    checked = await answered(host, "check_research", interaction_id=newest(emulator).id)
    read = await answered(host, "read_interaction", interaction_id=newest(emulator).id)
    assert [result["resultType"] for result in (answer, checked, read)] == ["complete"] * 3
    assert f"Still {STATUS}" in checked["content"][0]["text"]
    hold.release.set()


@pytest.mark.slow
async def test_the_same_research_again_is_the_same_task_until_it_has_ended(host: Client, emulator: Emulator) -> None:
    emulator.faults.append(hold := Fault("create", "hold"))
    first = await begun(host, "start_research", prompt="Bicycles")
    assert (await begun(host, "start_research", prompt="Bicycles"))["taskId"] == first["taskId"]
    hold.release.set()
    await settled(host, first)
    assert (await answered(host, "start_research", prompt="Bicycles"))["resultType"] == "complete"
    assert posts(emulator) == 1


@pytest.mark.slow
@pytest.mark.usual_wire("statuses are those of one moment")
async def test_other_clients_see_no_difference(
    settings: Settings, emulator: Emulator, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte by byte, but for what is different in each run."""

    numbers = itertools.count()

    async def answers(server: Server, *extensions: ClientExtension) -> list[bytes]:
        faults = [Fault("create", "hold"), Fault("create", "hold")]
        emulator.faults += faults
        async with Client(server, mode=mode, cache=None, extensions=extensions) as client:
            found = [
                await answered(client, "start_research", prompt="Bicycles", force=True),
                # Not twice the same, which would be one interaction.
                await answered(client, "gemini_ask", prompt=f"Bicycles {next(numbers)}", wait_seconds=0),
            ]
            for fault in faults:
                fault.release.set()
        said = [json.dumps(each).encode() for each in found]
        return [re.sub(rb"v1[\w.=-]+|[\da-f]{16}-[\da-f]{32}|after \d+ s", b"", each) for each in said]

    ours = await answers(build_server(settings, FAST))
    # A client of the handshake era has no extensions, also when it says so.
    declaring = await answers(build_server(settings, FAST), Tasking()) if mode == "legacy" else ours
    monkeypatch.setattr(Server, "_apply_extension", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType,reportUnknownArgumentType]
    without = await answers(build_server(settings, FAST))
    assert ours == without == declaring
    assert all(b'"task"' not in each and b"interaction_id" in each for each in ours)


@pytest.mark.slow
async def test_a_client_before_the_extension_gets_no_task_whatever_it_declares(
    emulator: Emulator, url: str, tmp_path: Path
) -> None:
    emulator.faults.append(hold := Fault("create", "hold"))
    declared: Json = {"capabilities": {"extensions": {TASKS_EXTENSION: {}}}}
    async with wired(environment(tmp_path, url)) as server:
        await server.result("initialize", **hello("2025-11-25") | declared)
        server.notify("notifications/initialized")
        result = await server.call("start_research", prompt="Bicycles")
        assert result.keys() == {"content", "isError", "_meta"}
        assert newest(emulator).id in result["content"][0]["text"]
        hold.release.set()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
async def test_a_method_needs_the_extension_the_era_and_a_task(server: Server, host: Client, method: str) -> None:
    params: Json = {"inputResponses": {}} if method == "tasks/update" else {}
    assert await complaint(host, method, {"taskId": "none"}, **params) == (INVALID_PARAMS, "There is no task 'none'.")
    for mode, code in (("auto", NOT_DECLARED), ("legacy", METHOD_NOT_FOUND)):
        async with Client(server, mode=mode) as other:  # pyright: ignore[reportArgumentType] - of the two literals
            assert (await complaint(other, method, {"taskId": "none"}, **params))[0] == code


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tasks/result", "tasks/list"])
async def test_methods_of_the_earlier_tasks_are_unknown(host: Client, method: str) -> None:
    assert (await complaint(host, method, {"taskId": "none"}))[0] == METHOD_NOT_FOUND


async def test_an_interaction_id_is_no_task_id(host: Client, emulator: Emulator) -> None:
    await begun(host, "start_research", prompt="Bicycles")
    assert (await complaint(host, "tasks/get", {"taskId": newest(emulator).id}))[0] == INVALID_PARAMS


async def test_over_http_the_header_names_the_task(server: Server) -> None:
    app = server.streamable_http_app()

    class Misnamed(TaskRequest):
        name_param = "other"

    async with (
        server.session_manager.run(),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8000") as http,
    ):
        transport = streamable_http_client("http://127.0.0.1:8000/mcp", http_client=http)
        async with Client(transport, cache=None, extensions=[Tasking()]) as client:
            done = await settled(client, await begun(client, "start_research", prompt="Bicycles"))
            wrong = Misnamed(method="tasks/get", params={"taskId": done["taskId"], "other": "another"})
            with pytest.raises(MCPError) as caught:
                await client.session.send_request(wrong, Answer)
            assert caught.value.error.code == HEADER_MISMATCH


async def test_a_run_that_fails_is_completed_with_the_error_that_reading_gives(
    host: Client, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("create", "status", run_status="failed"))
    done = await settled(host, await begun(host, "start_research", prompt="Bicycles"))
    assert done["result"]["isError"] is True
    read = await host.call_tool("read_interaction", {"interaction_id": newest(emulator).id})
    assert said(done) == text_of(read)


async def test_a_cancelled_task_is_cancelled_at_google_and_stays_so(host: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "hold"))
    task = await begun(host, "start_research", prompt="Bicycles")
    await cancelled(host, task)
    done = await settled(host, task)
    assert (done["status"], emulator.cancels) == ("cancelled", [newest(emulator).id])
    await cancelled(host, task)
    assert await got(host, task) == done
    assert len(emulator.cancels) == 1


@pytest.mark.slow
async def test_a_completed_task_cannot_be_cancelled_or_answered(host: Client, emulator: Emulator) -> None:
    done = await settled(host, await begun(host, "start_research", prompt="Bicycles"))
    await cancelled(host, done)
    await updated(host, done, any_key=accepted(approve=True))
    assert await got(host, done) == done
    assert emulator.cancels == []


async def test_cancelling_what_google_does_not_show_is_acknowledged_all_the_same(
    settings: Settings, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    async with tasking(build_server(settings, FAST)) as host:
        emulator.faults.append(Fault("create", "hold"))
        task = await begun(host, "start_research", prompt="Bicycles")
    async with tasking(build_server(settings.model_copy(update={"api_key": None}), FAST)) as host:
        await cancelled(host, task)
        now = await got(host, task)
        assert now["status"] == "working"
        assert "key" in now["statusMessage"]
    assert "No Gemini API key is set" in caplog.text


@pytest.mark.parametrize(
    ("minutes", "error", "status"), [(1, None, "working"), (11, None, "completed"), (1, "It is lost.", "completed")]
)
async def test_a_request_that_was_never_named_is_over_when_it_cannot_be_on_its_way_any_more(
    settings: Settings, minutes: int, error: str | None, status: str
) -> None:
    moment = datetime.now(UTC) - timedelta(minutes=minutes)
    journal = Journal(settings.database_url)
    await journal.insert(
        Record(label="a-1", kind="research", prompt="x", error=error, created_at=moment, updated_at=moment)
    )
    await journal.close()
    async with restarted(settings) as host:
        now = await asked_for(host, "tasks/get", {"taskId": "a-1"})
        assert now["status"] == status
        assert "Google never named this interaction." in (now.get("statusMessage") or said(now))


async def test_a_journal_that_cannot_be_read_is_an_error_of_the_request(
    host: Client, emulator: Emulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await begun(host, "start_research", prompt="Bicycles")
    await settled(host, task)
    monkeypatch.setattr(Database, "_execute", broken)
    code, message = await complaint(host, "tasks/get", task)
    assert code == INTERNAL_ERROR
    assert message.startswith("The journal")


async def test_what_cannot_be_shown_as_a_task_is_the_plain_result(
    host: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "find", unreadable)
    emulator.faults.append(hold := Fault("create", "hold"))
    result = await answered(host, "start_research", prompt="Bicycles")
    assert (result["resultType"], newest(emulator).id in result["content"][0]["text"]) == ("complete", True)
    hold.release.set()


async def unreadable(*_: object) -> None:
    """A journal that is gone."""
    raise JournalError("The journal is gone.")


async def test_a_plan_that_cannot_be_shown_now_still_waits(host: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await planned(host)
    with monkeypatch.context() as patched:
        patched.setattr(Database, "_execute", broken)
        assert (await complaint(host, "tasks/get", task))[0] == INTERNAL_ERROR
    assert await got(host, task) == task


async def test_a_run_that_cannot_be_followed_may_still_end_well(host: Client, emulator: Emulator) -> None:
    emulator.faults += [
        Fault("stream", "end", after=3),
        Fault("resume", "http", times=math.inf, http_status=400),
        Fault("get", "http", times=math.inf, http_status=400),
    ]
    task = await begun(host, "start_research", prompt="Bicycles")
    with anyio.fail_after(PATIENCE):
        while "does not show" not in (now := await got(host, task)).get("statusMessage", ""):
            await anyio.lowlevel.checkpoint()
    assert now["status"] == "working"
    emulator.faults.clear()
    assert "# Research report" in said(await settled(host, task))


async def broken(*_: object, **__: object) -> None:
    """Fail as a lost database does."""
    raise OSError("gone")


@pytest.mark.slow
async def test_a_plan_waits_with_a_form_that_shows_it_and_what_running_it_costs(host: Client) -> None:
    task = await planned(host)
    key, shown = form(task)
    assert key
    steps, where, *_ = shown["message"].splitlines()
    assert steps == "1. Find the sources; 2. Compare them; 3. Write the report"
    assert re.fullmatch(
        r"\$1\.00 to \$3\.00\. The whole plan: `[\w -]+ view`, or gemini://interactions/v1[\w.%-]+", where
    )
    assert "## Research plan" in shown["message"]
    assert "Estimated cost: $1.00 to $3.00; it usually takes" in shown["message"]
    assert "Research requests sent today (UTC): 1." in shown["message"]
    fields = shown["requestedSchema"]["properties"]
    assert {name: field["type"] for name, field in fields.items()} == {"approve": "boolean", "changes": "string"}
    assert shown["requestedSchema"]["required"] == ["approve"]
    assert task["statusMessage"] == "The plan waits for approval."


async def test_an_approved_plan_is_run_once_and_its_report_is_the_result(host: Client, emulator: Emulator) -> None:
    task = await planned(host)
    key, _ = form(task)
    plan = newest(emulator).id
    async with anyio.create_task_group() as both:
        for _ in range(2):
            both.start_soon(lambda: updated(host, task, **{key: accepted(approve=True)}))
    done = await settled(host, task, "input_required")
    assert "The approved plan was for: “Bicycles”" in said(done)
    sent = emulator.creates[-1]
    assert (sent["previous_interaction_id"], sent["agent"]) == (plan, emulator.creates[0]["agent"])
    assert sent["agent_config"]["collaborative_planning"] is False
    await updated(host, task, **{key: accepted(approve=True)})
    assert await got(host, task) == done
    assert len(emulator.creates) == 2


async def test_changes_make_a_new_plan_with_a_new_key_even_when_approved(host: Client, emulator: Emulator) -> None:
    task = await planned(host)
    key, _ = form(task)
    await updated(host, task, **{key: accepted(approve=True, changes="Only cargo bicycles")})
    refined = await settled(host, await got(host, task))
    new, shown = form(refined)
    assert "## Refined research plan" in shown["message"]
    assert emulator.creates[-1]["agent_config"]["collaborative_planning"] is True
    await updated(host, task, **{key: accepted(approve=True), "unknown": accepted(approve=True)})
    assert form(await got(host, task))[0] == new != key
    await updated(host, task, **{new: accepted(approve=True)})
    assert "The approved plan was for: “Only cargo bicycles”" in said(await settled(host, task))
    assert len(emulator.creates) == 3


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ({"action": "decline"}, "The user declined the plan."),
        ({"action": "decline", "content": {"approve": True}}, "The user declined the plan."),
        (accepted(approve=False), "The user declined the plan."),
        (accepted(approve=False, changes=" "), "The user declined the plan."),
        ({"action": "cancel"}, approvals.PLAN_UNANSWERED),
        ({"action": "cancel", "content": {"approve": True}}, approvals.PLAN_UNANSWERED),
    ],
    ids=["declined", "declined all the same", "not approved", "no changes", "closed", "closed when filled in"],
)
async def test_a_plan_that_is_not_wanted_cancels_the_task_for_good(
    host: Client, emulator: Emulator, settings: Settings, response: Json, why: str
) -> None:
    task = await planned(host)
    key, _ = form(task)
    await updated(host, task, **{key: response})
    done = await got(host, task)
    assert (done["status"], done["statusMessage"]) == ("cancelled", why)
    await updated(host, task, **{key: accepted(approve=True)})
    # It stays so when the plan is run in another way, and after a restart.
    plan = await call(host, "read_interaction", interaction_id=newest(emulator).id)
    assert "## Research plan" in text_of(plan)
    await begun(host, "start_research", prompt="Go ahead", previous_interaction_id=newest(emulator).id)
    async with restarted(settings) as other:
        assert (await got(other, task))["status"] == "cancelled"


@pytest.mark.slow
async def test_a_plan_is_given_up_although_another_program_holds_the_journal(host: Client, tmp_path: Path) -> None:
    task = await planned(host)
    key, _ = form(task)
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await updated(host, task, **{key: {"action": "decline"}})
        done = await got(host, task)
        assert (done["status"], done["statusMessage"]) == ("cancelled", approvals.PLAN_DECLINED)
        other.execute("COMMIT")
    with anyio.fail_after(PATIENCE):
        while rows(tmp_path)[0]["status"] != "cancelled":
            await anyio.lowlevel.checkpoint()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["declined", "closed", "cancelled"])
async def test_a_plan_that_another_server_runs_is_not_given_up(
    host: Client, emulator: Emulator, settings: Settings, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    task = await planned(host)
    key, _ = form(task)
    decline = Runs.decline
    async with restarted(settings) as other:

        async def late(*arguments: Any) -> None:
            await updated(other, task, **{key: accepted(approve=True)})
            await decline(*arguments)

        monkeypatch.setattr(Runs, "decline", late)
        if how == "cancelled":
            await cancelled(host, task)
        else:
            await updated(host, task, **{key: {"action": "decline" if how == "declined" else "cancel"}})
        assert (await got(host, task))["status"] != "cancelled"
        for client in (host, other):
            assert "The approved plan was for: “Bicycles”" in said(await settled(client, task))
    assert len(emulator.creates) == 2


async def test_cancelling_a_task_that_waits_gives_its_plan_up(host: Client, emulator: Emulator) -> None:
    task = await planned(host)
    await cancelled(host, task)
    done = await got(host, task)
    assert (done["status"], done["statusMessage"]) == ("cancelled", "The task was cancelled before its plan was run.")
    assert emulator.cancels == []


@pytest.mark.slow
@pytest.mark.parametrize("response", ["yes", {"action": "accept"}, {"action": "perhaps"}, accepted(approve="perhaps")])
async def test_a_response_that_does_not_fit_the_form_changes_nothing(
    host: Client, emulator: Emulator, response: object
) -> None:
    task = await planned(host)
    key, _ = form(task)
    code, message = await complaint(host, "tasks/update", task, inputResponses={key: response})
    assert (code, message[:35]) == (INVALID_PARAMS, "The response does not fit the form:")
    assert form(await got(host, task))[0] == key
    assert posts(emulator) == 1


@pytest.mark.slow
async def test_a_plan_is_the_result_for_a_client_that_cannot_be_asked(server: Server, emulator: Emulator) -> None:
    async with tasking(server, asked=None) as host:
        done = await settled(host, await begun(host, "start_research", **PLAN))
        assert "## Research plan" in said(done)
        # What is run then is a task of its own.
        again = {"prompt": "Go ahead", "previous_interaction_id": newest(emulator).id}
        report = await settled(host, await begun(host, "start_research", **again))
        assert "The approved plan was for: “Bicycles”" in said(report)
        await cancelled(host, done)
        assert await got(host, done) == done


@pytest.mark.slow
async def test_a_plan_whose_running_google_refused_is_asked_about_again(host: Client, emulator: Emulator) -> None:
    task = await planned(host)
    key, _ = form(task)
    emulator.faults.append(Fault("create", "http", http_status=400, body={"error": {"message": "Not today"}}))
    await updated(host, task, **{key: accepted(approve=True)})
    asked = await settled(host, task)
    with anyio.fail_after(5):
        while form(asked)[0] == key:
            asked = await settled(host, task)
    assert "Not today" in asked["statusMessage"]
    await updated(host, task, **{form(asked)[0]: accepted(approve=True)})
    assert "# Research report" in said(await settled(host, task))
    assert len(emulator.creates) == 2


async def test_a_plan_is_not_run_by_an_agent_that_is_shut_down(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    (path := tmp_path / "catalog.toml").touch()
    async with tasking(build_server(settings.model_copy(update={"catalog_path": path}), FAST)) as host:
        task = await planned(host)
        key, _ = form(task)
        path.write_text('["deep-research-preview-04-2026"]\nshutdown = 2026-01-31\n', encoding="utf-8")
        _, message = await complaint(host, "tasks/update", task, inputResponses={key: accepted(approve=True)})
        assert message == "Google has shut down deep-research-preview-04-2026 (2026-01-31); nothing was sent."
    assert posts(emulator) == 1


async def test_running_a_plan_counts_against_the_days_limit(settings: Settings, emulator: Emulator) -> None:
    async with tasking(build_server(settings.model_copy(update={"runs_per_day": 1}), FAST)) as host:
        task = await planned(host)
        key, shown = form(task)
        assert "Research requests sent today (UTC): 1 of 1." in shown["message"]
        code, message = await complaint(host, "tasks/update", task, inputResponses={key: accepted(approve=True)})
        assert (code, message[:38]) == (INTERNAL_ERROR, "The limit of 1 research run a day (GEM")
        assert form(await got(host, task))[0] == key
    assert posts(emulator) == 1


@pytest.mark.slow
async def test_a_task_is_the_same_after_a_restart_while_planning_running_and_reading(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.faults.append(planning := Fault("create", "hold"))
    async with restarted(settings) as host:
        task = await begun(host, "start_research", **PLAN)
    async with restarted(settings) as host:
        assert (await got(host, task))["status"] == "working"
        planning.release.set()
        key, _ = form(await settled(host, task))
    async with restarted(settings) as host:
        assert form(await got(host, task))[0] == key
        emulator.faults.append(running := Fault("create", "hold"))
        await updated(host, task, **{key: accepted(approve=True)})
        with anyio.fail_after(5):
            await running.reached.wait()
    async with restarted(settings) as host:
        assert (await got(host, task))["status"] == "working"
        running.release.set()
        done = await settled(host, task)
    async with restarted(settings) as host:
        assert await got(host, task) == done
    assert "The approved plan was for: “Bicycles”" in said(done)
    assert len(emulator.creates) == 2


@pytest.mark.slow
async def test_a_task_outlives_a_server_that_is_killed(emulator: Emulator, url: str, tmp_path: Path) -> None:
    declared: Json = envelope()
    declared["_meta"]["io.modelcontextprotocol/clientCapabilities"] = {"extensions": {TASKS_EXTENSION: {}}}
    emulator.faults.append(hold := Fault("create", "hold"))
    async with wired(environment(tmp_path, url)) as server:
        arguments = {"name": "start_research", "arguments": {"prompt": "Bicycles"}}
        task = await server.result("tools/call", **arguments, **declared)
        assert task["resultType"] == "task"
        server.process.kill()
        await server.ended()
    let_leases_run_out(tmp_path)
    async with wired(environment(tmp_path, url)) as server:
        now = await server.result("tasks/get", taskId=task["taskId"], **declared)
        assert (now["taskId"], now["status"]) == (task["taskId"], "working")
        hold.release.set()
        with anyio.fail_after(PATIENCE):
            while now["status"] == "working":
                now = await server.result("tasks/get", taskId=task["taskId"], **declared)
        assert "# Research report: Bicycles" in said(now)
    assert posts(emulator) == 1
