"""What `server/sdk.py` and `server/tools/table.py` rely on in the MCP SDK, and that nothing else does so."""

import ast
import inspect
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server import Server as LowLevelServer
from mcp.server import ServerRequestContext
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.tools.base import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp.server.request_state import RequestStateBoundary
from mcp.server.session import ServerSession
from mcp.shared.message import SessionMessage
from mcp_types import ListResourcesResult, PaginatedRequestParams, Resource

import gemini_interactions_mcp
from conftest import Mode, make_settings
from gemini_interactions_mcp.server import sdk
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.server.outgoing import OutgoingRedaction
from gemini_interactions_mcp.server.tools import table
from reading import LEGACY, call, text_of

SOURCES = Path(gemini_interactions_mcp.__file__).parent
PRIVATE = {"_connection", "_request_outbound", "_lowlevel_server"}


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return build_server(make_settings(tmp_path, "http://127.0.0.1:9", api_key=None))


@pytest.fixture
def plain() -> MCPServer[Any]:
    return MCPServer("plain")


@asynccontextmanager
async def client_of(server: MCPServer[Any], mode: Mode = "legacy", **options: Any) -> AsyncGenerator[Client]:
    async with Client(server, mode=mode, cache=None, **options) as client:
        yield client


def test_these_are_the_versions_that_were_looked_at() -> None:
    assert version("mcp").startswith("2.3.")


@pytest.mark.slow
def test_only_one_module_reaches_into_the_sdk() -> None:
    paths = list(SOURCES.rglob("*.py"))
    nodes = [(path, node) for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    reaching = {path for path, node in nodes if isinstance(node, ast.Attribute) and node.attr in PRIVATE}
    assert reaching == {Path(sdk.__file__)}
    imported = {
        f"{node.module}.{each.name}" for _, node in nodes if isinstance(node, ast.ImportFrom) for each in node.names
    }
    assert [name for name in imported if name.startswith("mcp") and "._" in name] == []


def test_our_server_shares_no_private_name_with_the_sdks(server: Server, plain: MCPServer[Any]) -> None:
    """A name of both would be one attribute."""
    ours = {*vars(Server), *(vars(server).keys() - vars(plain).keys())}
    theirs = {*dir(MCPServer), *vars(plain)}
    assert {name for name in ours & theirs if name.startswith("_") and not name.startswith("__")} == set()


def test_an_mcpserver_is_on_a_low_level_server(plain: MCPServer[Any]) -> None:
    assert isinstance(sdk.get_lowlevel_server(plain), LowLevelServer)


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (ServerSession.__init__, ["self", "request_outbound", "connection", "request_meta"]),
        (LowLevelServer.add_request_handler, ["self", "method", "params_type", "handler"]),
        (LowLevelServer.add_notification_handler, ["self", "method", "params_type", "handler"]),
        (Connection.send_resource_updated, ["self", "uri"]),
        (Connection.send_resource_list_changed, ["self"]),
        (FuncMetadata.pre_parse_json, ["self", "data"]),
    ],
)
def test_signatures(function: Any, parameters: list[str]) -> None:
    found = [name for name in inspect.signature(function).parameters if name not in ("meta", "protocol_versions")]
    assert found == parameters


def test_a_session_is_a_channel_and_a_connection() -> None:
    channel, connection = object(), Connection.from_envelope("2026-07-28", None, None)
    session = ServerSession(channel, connection)  # pyright: ignore[reportArgumentType] - never used
    ctx = ServerRequestContext(session=session, lifespan_context=None, protocol_version="x", method="ping")
    assert sdk.get_request_channel(ctx) is channel
    assert sdk.get_connection(ctx) is connection


async def test_a_connection_outlives_its_requests_and_is_each_clients_own(plain: MCPServer[Any]) -> None:
    seen: list[tuple[ServerSession, Connection]] = []

    async def listed(ctx: ServerRequestContext[Any, Any], _: PaginatedRequestParams) -> ListResourcesResult:
        seen.append((ctx.session, sdk.get_connection(ctx)))
        return ListResourcesResult(resources=[])

    sdk.get_lowlevel_server(plain).add_request_handler("resources/list", PaginatedRequestParams, listed)
    heard: list[str] = []
    arrived = anyio.Event()

    async def hear(message: Any) -> None:
        heard.append(message.method)
        arrived.set()

    async with client_of(plain, message_handler=hear) as client, client_of(plain) as other:
        for each in (client, client, other):
            await each.list_resources()
        (first, connection), (second, same), (_, another) = seen
        assert first is not second
        assert connection is same
        assert connection is not another
        await connection.send_resource_updated("gemini://interactions")
        with anyio.fail_after(5):
            await arrived.wait()
    assert heard == ["notifications/resources/updated"]


async def test_what_a_handler_sends_goes_through_the_channel_of_its_request(plain: MCPServer[Any]) -> None:
    class Noting:
        def __init__(self, channel: Any) -> None:
            self._channel = channel

        def __getattr__(self, name: str) -> Any:
            return getattr(self._channel, name)

        async def progress(self, *arguments: Any) -> None:
            noted.append(arguments)
            await self._channel.progress(*arguments)

    async def middleware(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        channel: Any = Noting(sdk.get_request_channel(ctx))
        ctx.session = ServerSession(channel, sdk.get_connection(ctx), request_meta=ctx.meta)
        return await call_next(ctx)

    noted: list[Any] = []
    told: list[Any] = []

    @plain.tool()
    async def work(ctx: Context[Any, Any]) -> str:
        await ctx.report_progress(1, 2, "half")
        return "done"

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    sdk.add_outer_middleware(plain, middleware)
    async with client_of(plain) as client:
        await client.call_tool("work", {}, progress_callback=tell)
    assert noted == told == [(1, 2, "half")]


def test_the_outer_middleware_is_between_tracing_and_sealing(server: Server) -> None:
    tracing, ours, _, sealing = (type(each) for each in server.middleware[:4])
    assert tracing.__name__ == "OpenTelemetryMiddleware"
    assert (ours, sealing) == (OutgoingRedaction, RequestStateBoundary)


async def test_a_handler_takes_the_place_of_the_sdks_and_is_given_its_cursor(plain: MCPServer[Any], mode: Mode) -> None:
    cursors: list[str | None] = []

    async def listed(_: ServerRequestContext[Any, Any], params: PaginatedRequestParams) -> ListResourcesResult:
        cursors.append(params.cursor)
        return ListResourcesResult(resources=[Resource(uri="gemini://x", name="x")], next_cursor="more")

    sdk.get_lowlevel_server(plain).add_request_handler("resources/list", PaginatedRequestParams, listed)
    async with client_of(plain, mode) as client:
        page = await client.list_resources()
        await client.list_resources(cursor=page.next_cursor)
    assert cursors == [None, "more"]


async def test_changes_of_the_list_are_declared_to_earlier_clients(plain: MCPServer[Any]) -> None:
    async with client_of(plain) as client:
        assert client.server_capabilities.resources
        assert client.server_capabilities.resources.list_changed is False
    sdk.declare_resource_list_changes(sdk.get_lowlevel_server(plain))
    async with client_of(plain) as client:
        assert client.server_capabilities.resources
        assert client.server_capabilities.resources.list_changed is True


async def test_streams_are_served_until_they_end(server: Server) -> None:
    to_server, incoming = anyio.create_memory_object_stream[SessionMessage | Exception]()
    outgoing, to_host = anyio.create_memory_object_stream[SessionMessage]()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks, to_host:
            tasks.start_soon(server.serve_streams, incoming, outgoing)
            await to_server.aclose()


def test_the_fields_of_a_tool_can_be_replaced_before_it_is_registered() -> None:
    async def work(count: int) -> str:
        return str(count)

    tool = Tool.from_function(work)
    tool.parameters = {"type": "object", "properties": {}}
    tool.fn_metadata = table.InterpretedArguments(**dict(tool.fn_metadata))
    assert tool.fn_metadata.validate_arguments({"count": "1"}) == {"count": 1}


def test_the_sdk_reads_json_in_texts_and_ours_does_not() -> None:
    async def work(query: str | None = None) -> str:
        return str(query)

    metadata = Tool.from_function(work).fn_metadata
    said: dict[str, Any] = {"query": "null"}
    assert metadata.validate_arguments(said) == {"query": None}
    assert table.InterpretedArguments(**dict(metadata)).validate_arguments(said) == {"query": "null"}


def dumped(tool: Tool) -> str:
    return json.dumps([tool.parameters, tool.output_schema, tool.fn_metadata.output_schema, tool.meta, tool.title])


def test_tools_are_built_once() -> None:
    assert table.build_tools() is table.build_tools()


@pytest.mark.slow
@LEGACY
async def test_servers_share_tools_and_change_nothing_of_them(tmp_path: Path, mode: Mode) -> None:
    settings = make_settings(tmp_path, "http://127.0.0.1:9", api_key=None)
    before = [dumped(tool) for tool in table.build_tools()]
    answers: list[str] = []
    for _ in range(2):
        async with Client(build_server(settings), mode=mode, cache=None) as client:
            listed = (await client.list_tools()).tools
            listed[0].input_schema.clear()
            answers.append(text_of(await call(client, "list_interactions")))
    async with Client(build_server(settings), mode=mode, cache=None) as client:
        assert (await client.list_tools()).tools[0].input_schema["properties"]
    assert answers == ["No interactions found.\n"] * 2
    assert [dumped(tool) for tool in table.build_tools()] == before
