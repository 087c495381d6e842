"""What the operator of a server sees of it: when it is ready, who has deleted what, how busy it is, its traces."""

import logging
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest
import sqlalchemy as sa
from mcp.shared import _otel as mcp_tracing
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from conftest import FAST, make_settings
from gemini_interactions_mcp.core.errors import JournalError
from gemini_interactions_mcp.core.log import logger
from gemini_interactions_mcp.core.principals import SCOPES
from gemini_interactions_mcp.journal import audit
from gemini_interactions_mcp.journal.database import Database
from gemini_interactions_mcp.journal.journal import open_database
from gemini_interactions_mcp.server import context
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.transports.access import ServingOptions
from gemini_interactions_mcp.transports.http import open_listener, serve_web
from gemini_interactions_mcp.transports.open_streams import OpenStreams
from gemini_interactions_mcp.transports.telemetry import build_provider, export_spans
from journaling import join_connection_threads
from teaming import PATIENCE, Team, named, team

OPEN = ServingOptions(port=0, authenticated=False)
SECRET = "metrics-secret-17"


@pytest.fixture
def tokens_only(tmp_path: Path, url: str) -> Settings:
    return make_settings(tmp_path, url, auth="token", metrics_token=SecretStr(SECRET))


@pytest.fixture
async def served(tokens_only: Settings) -> AsyncGenerator[Team]:
    async with team(tokens_only) as running:
        yield running


async def test_a_stream_that_has_not_begun_is_refused_when_it_ends() -> None:
    told: list[Message] = []

    async def wait(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await anyio.sleep_forever()

    async def send(message: Message) -> None:
        told.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    streams = OpenStreams(wait)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(streams, {"type": "http", "method": "GET"}, receive, send)
        await anyio.wait_all_tasks_blocked()
        streams.end()
    assert [message.get("status") for message in told] == [503, None]


async def call(served: Team, token: str | None, tool: str, **arguments: Any) -> str:
    answer = await served.send("tools/call", token, name=tool, arguments=arguments)
    return answer.json()["result"]["content"][0]["text"]


async def list_deletions(settings: Settings) -> list[tuple[str, str, str | None]]:
    """Principal, action and subject of what was deleted, the oldest first."""
    database = open_database(settings.database_url)
    try:
        events = await audit.list_events(database)
    finally:
        await database.close()
    found = [(event.principal, event.action, event.subject) for event in reversed(events)]
    return [event for event in found if event[1].endswith(".delete")]


def find_id(text: str) -> str:
    return next(word.strip('`.,:;()"') for word in text.replace("=", " ").split() if "v1_" in word)


# When it is ready ---------------------------------------------------------------------------------------


async def test_a_server_that_still_loads_is_not_ready(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = anyio.Event()
    opened = context.Opening.app

    async def open_late(self: context.Opening, *principal: Any) -> Any:
        await loaded.wait()
        return await opened(self, *principal)

    monkeypatch.setattr(context.Opening, "app", open_late)
    async with team(settings, OPEN) as served:
        starting = await served.web.get("/readyz")
        assert (starting.status_code, starting.json()["status"]) == (503, "starting")
        assert (await served.web.get("/healthz")).status_code == 200
        loaded.set()
        assert (await served.ask_ready()).status_code == 200


async def test_a_server_that_nobody_has_called_closes_its_database(
    tokens_only: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stay_cold(_: context.Opening) -> None:
        """As until the first message."""

    monkeypatch.setattr(context.Opening, "warm", stay_cold)
    closed: list[Database] = []
    close = Database.close

    async def count(self: Database) -> None:
        closed.append(self)
        await close(self)

    monkeypatch.setattr(Database, "close", count)
    async with team(tokens_only) as served:
        assert (await served.send(token="gim_" + "x" * 43)).status_code == 401
    assert len(closed) == 1


@pytest.mark.parametrize(
    ("lacking", "check", "said"),
    [
        ({"api_key": None}, "key", "No API key is set."),
        ({"database_url": "postgresql://nobody:canary-word@127.0.0.1:1/none"}, "database", "The journal"),
        ({"output_dir": Path("/proc/none/files")}, "output", "Cannot write"),
        (
            {"output_url": SecretStr("s3://none/files?endpoint=http://127.0.0.1:1&skip_signature=true&region=eu")},
            "output",
            "Cannot write to the object store",
        ),
    ],
)
async def test_what_a_server_lacks_is_logged_at_its_start_and_makes_it_unready(
    tokens_only: Settings, caplog: pytest.LogCaptureFixture, lacking: dict[str, Any], check: str, said: str
) -> None:
    async with team(tokens_only.model_copy(update=lacking)) as served:
        with anyio.fail_after(PATIENCE):
            while f"This server is not ready: {said}" not in caplog.text:  # noqa: ASYNC110 - as it is logged
                await anyio.sleep(0.01)
        ready = await served.ask_ready()
    assert (ready.status_code, ready.json()["checks"][check]) == (503, "failed")
    assert "canary-word" not in caplog.text
    assert "Traceback" not in caplog.text
    # It is said once, however often somebody asks.
    assert caplog.text.count(f"This server is not ready: {said}") == 1


def list_warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What an administrator reads of this server."""
    found = [each for each in caplog.records if each.name == "gemini_interactions_mcp" and each.levelname != "INFO"]
    return [each.getMessage() for each in found]


async def test_a_database_that_is_away_is_told_once_and_in_plain_words(
    tokens_only: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    away = "postgresql://nobody:canary-word@127.0.0.1:1/none"
    async with team(tokens_only.model_copy(update={"database_url": away})) as served:
        for _ in range(5):
            assert (await served.ask_ready()).status_code == 503
            assert (await served.send(token="gim_" + "a" * 43)).status_code == 503
            await anyio.sleep(FAST.readiness)
        await anyio.sleep(2 * FAST.lease / 3)
    told = list_warnings(caplog)
    cause = "The journal cannot be used (127.0.0.1:1 refuses the connection: no database listens there)"
    beginnings = (cause, f"Other servers' changes are noticed late, by looking for them: {cause}", "This server is not")
    assert sorted(told) == sorted(set(told))
    assert [sum(line.startswith(each) for line in told) for each in beginnings] == [1, 1, 1], told
    assert len(told) == 3, told
    # It is read by who has the log, and can do something.
    assert not [line for line in told if "administrator" in line]


async def test_a_database_that_comes_back_is_told_once(
    tokens_only: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "journal.sqlite3").mkdir()
    async with team(tokens_only) as served:
        assert (await served.ask_ready()).status_code == 503
        (tmp_path / "journal.sqlite3").rmdir()
        with anyio.fail_after(PATIENCE):
            while (await served.ask_ready()).status_code != 200:  # noqa: ASYNC110 - as it is asked
                await anyio.sleep(0.05)
        await anyio.sleep(FAST.readiness)
        assert (await served.ask_ready()).status_code == 200
    await join_connection_threads()
    told = list_warnings(caplog)
    assert told.count("The journal can be used again.") == 1
    assert told.count("The check of readiness succeeds again: database.") == 1
    assert len(told) == 4, told


async def test_errors_for_users_are_logged_as_what_they_are_for_the_administrator(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = JournalError("The journal fails. Its administrator can see more in the log.", brief="The journal fails.")
    logger.warning("Interaction %s is not in the journal: %s", "v1_x", told)
    logger.warning("As it is: %s", JournalError("The journal is locked."))
    assert list_warnings(caplog) == [
        "Interaction v1_x is not in the journal: The journal fails.",
        "As it is: The journal is locked.",
    ]


async def test_a_server_on_a_store_needs_no_folder_and_without_a_key_one_of_a_principal(
    tokens_only: Settings, tmp_path: Path
) -> None:
    store = SecretStr((tmp_path / "store").as_uri())
    lacking = {"output_dir": Path("/proc/none/files"), "output_url": store, "api_key": None}
    await named(tokens_only, "alice", key_reference="env:ALICES_KEY")
    async with team(tokens_only.model_copy(update=lacking)) as served:
        assert (await served.ask_ready()).json() == {
            "status": "ready",
            "checks": {"database": "ok", "output": "ok", "key": "ok"},
        }


# Who has deleted what -----------------------------------------------------------------------------------


async def test_every_deletion_has_a_row_with_who_and_what(served: Team, tokens_only: Settings) -> None:
    alice = await named(tokens_only, "alice")
    name = find_id(await call(served, alice, "gemini_ask", prompt="Why?"))
    assert "Google: deleted." in await call(served, alice, "delete_interaction", interaction_id=name)
    await call(served, alice, "delete_interaction", interaction_id=name)
    await call(served, await named(tokens_only, "bob"), "delete_interaction", interaction_id="v1_none")
    assert await list_deletions(tokens_only) == [("alice", "interaction.delete", name)]


async def test_stores_that_are_deleted_have_rows_too(settings: Settings) -> None:
    async with team(settings, OPEN) as served:
        await call(served, None, "manage_store", action="create", store="papers")
        assert "is deleted" in await call(served, None, "manage_store", action="delete", store="papers")
    ((whose, action, subject),) = await list_deletions(settings)
    assert (whose, action) == ("", "store.delete")
    assert str(subject).startswith("fileSearchStores/")


async def test_a_deletion_without_its_row_is_done_and_logged(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(*_: object) -> None:
        raise JournalError("The journal is full.")

    monkeypatch.setattr(audit, "record_event", refuse)
    async with team(settings, OPEN) as served:
        name = find_id(await call(served, None, "gemini_ask", prompt="Why?"))
        assert "Journal: deleted." in await call(served, None, "delete_interaction", interaction_id=name)
    assert f"No row says that the owner did this: interaction.delete {name}: The journal is full." in caplog.text


# How busy it is -----------------------------------------------------------------------------------------


async def test_metrics_tell_how_busy_a_server_is(served: Team, tokens_only: Settings) -> None:
    await call(served, await named(tokens_only, "alice"), "gemini_ask", prompt="Why?")
    shown = (await served.web.get("/metrics", headers={"authorization": f"Bearer {SECRET}"})).text
    figures = dict(line.split(" ") for line in shown.splitlines() if line.startswith("gemini_mcp_") and "{" not in line)
    assert float(figures["gemini_mcp_open_principals"]) >= 1
    assert float(figures["gemini_mcp_followed_runs"]) == 0
    assert float(figures["gemini_mcp_database_connections"]) >= 0
    assert float(figures["gemini_mcp_database_waits"]) == 0
    assert "alice" not in shown


async def test_a_database_tells_what_is_in_use_and_who_waits(tmp_path: Path) -> None:
    database = open_database(tmp_path / "journal.sqlite3")
    assert database.measure_load() == (0, 0)
    await audit.record_event(database, "", "token.add")
    assert await database.read(sa.select(1), lambda _: database.measure_load()) == (1, 0)
    held = database._take_all_turns()  # pyright: ignore[reportPrivateUsage] - as closing does
    async with anyio.create_task_group() as tasks, held:
        tasks.start_soon(audit.list_events, database)
        await anyio.wait_all_tasks_blocked()
        assert database.measure_load() == (0, 1)
    assert database.measure_load() == (0, 0)
    await database.close()


# Its traces ---------------------------------------------------------------------------------------------


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """The spans as they would be sent; the provider of a process can be set only once."""
    exported = InMemorySpanExporter()
    provider = build_provider(exported)
    monkeypatch.setattr(mcp_tracing, "_tracer", provider.get_tracer("test"))
    exported.force_flush = provider.force_flush  # type: ignore[method-assign]
    return exported


def take(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    assert spans.force_flush()
    return [span for span in spans.get_finished_spans() if span.name == name]


async def test_a_span_tells_model_tokens_id_and_principal(
    served: Team, tokens_only: Settings, spans: InMemorySpanExporter
) -> None:
    name = find_id(await call(served, await named(tokens_only, "alice"), "gemini_ask", prompt="A private matter"))
    (span,) = take(spans, "tools/call gemini_ask")
    told = dict(span.attributes or {})
    assert told["gen_ai.provider.name"] == "gcp.gemini"
    assert told["gen_ai.operation.name"] == "execute_tool"
    assert told["gen_ai.request.model"] == tokens_only.model
    assert told["gen_ai.response.id"] == name
    assert int(str(told["gen_ai.usage.input_tokens"])) > 0
    assert int(str(told["gen_ai.usage.output_tokens"])) > 0
    assert told["enduser.id"] == "alice"
    assert span.resource.attributes["service.name"] == "gemini-interactions-mcp"
    assert "private" not in span.to_json()


async def test_a_span_of_an_error_does_not_quote_it(
    served: Team, tokens_only: Settings, spans: InMemorySpanExporter
) -> None:
    reader = await named(tokens_only, "carol", SCOPES)
    await served.send("prompts/get", reader, name="ask", arguments={"nothing": "A private matter"})
    await call(served, reader, "read_interaction", interaction_id="A private matter")
    assert spans.force_flush()
    sent = [span.to_json() for span in spans.get_finished_spans()]
    assert any('"ERROR"' in span for span in sent)
    assert not [span for span in sent if "private" in span]
    assert not [span for span in spans.get_finished_spans() if span.events or span.status.description]


async def test_spans_are_sent_where_the_standard_variables_say(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    received: list[tuple[str, str, bytes]] = []

    async def receive(request: Request) -> Response:
        received.append((request.url.path, request.headers["x-key"], await request.body()))
        return Response()

    installed: list[TracerProvider] = []
    monkeypatch.setattr(trace, "set_tracer_provider", installed.append)
    collector = Starlette(routes=[Route("/v1/traces", receive, methods=["POST"])])
    with open_listener(0) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=secret")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve_web, collector, listener)
            async with export_spans(endpoint):
                installed[0].get_tracer("test").start_span("tools/call gemini_ask").end()
            tasks.cancel_scope.cancel()
    ((path, key, body),) = received
    assert (path, key) == ("/v1/traces", "secret")
    assert b"tools/call gemini_ask" in body


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:4318"])
async def test_without_an_endpoint_or_the_extra_nothing_is_sent(
    endpoint: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with caplog.at_level(logging.WARNING):
        async with export_spans(endpoint):
            pass
    assert ("gemini-interactions-mcp[otel]" in caplog.text) == (endpoint is not None)
