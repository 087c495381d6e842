"""Asks a server what it answers first, in each revision of the protocol, for `greeting.json`."""

import json
from collections.abc import Mapping
from typing import Any, Final, get_args

import anyio
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.shared.message import SessionMessage
from mcp_types import InitializeRequestParams, JSONRPCRequest
from pydantic import BaseModel

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.server.hosts import HOSTS
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.transports.stdio import serialize_message
from wired import HANDSHAKES, MODERN

Json = dict[str, Any]

REVISIONS: Final = (*HANDSHAKES, MODERN)
LISTS: Final = ("tools/list", "prompts/list", "resources/templates/list", "ping")
VIEWS: Final[Mapping[str, Json]] = {
    "no views": {},
    "views": {"extensions": {EXTENSION_ID: {"mimeTypes": [APP_MIME_TYPE]}}},
}
"""The capabilities of clients that are offered other tools."""

SNAPSHOT_SETTINGS: Final = {
    "GEMINI_MCP_GREETING": "true",
    "GEMINI_MCP_TOOLSETS": "all",
    "GEMINI_MCP_STRUCTURED": "false",
}
"""The settings that change an answer, as they are by default."""


def opening(revision: str, name: str, capabilities: Json) -> tuple[str, Json, Json]:
    """Return the method and the parameters that open a connection, and the parameters of each request after it."""
    info = {"name": name, "version": "1"}
    if revision in HANDSHAKES:
        return "initialize", {"protocolVersion": revision, "capabilities": capabilities, "clientInfo": info}, {}
    said = {"protocolVersion": revision, "clientCapabilities": capabilities, "clientInfo": info}
    params = {"_meta": {f"io.modelcontextprotocol/{member}": value for member, value in said.items()}}
    return "server/discover", params, params


async def ask_first(server: Server, revision: str, name: str = "any", capabilities: Json | None = None) -> Json:
    """Return the results of a connection's first requests by their methods."""
    method, opened, following = opening(revision, name, capabilities or {})
    results: Json = {}
    to_server, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](8)
    outgoing, from_server = anyio.create_memory_object_stream[SessionMessage](8)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve_streams, incoming, outgoing)
        async with to_server, from_server:
            for each, params in {method: opened, **dict.fromkeys(LISTS, following)}.items():
                request = JSONRPCRequest(jsonrpc="2.0", id=each, method=each, params=params)
                await to_server.send(SessionMessage(request))
                answer = json.loads(serialize_message((await from_server.receive()).message))
                results[answer["id"]] = answer["result"]
    return results


async def take_snapshot(settings: Settings) -> Json:
    """Return what `greeting.json` should be."""
    answers = {revision: await ask_first(build_server(settings), revision) for revision in REVISIONS}
    tools = await list_tools_by_client(settings)
    base = by_name(tools["views", ""]) | by_name(tools["no views", ""])
    hosts = [name for name in HOSTS if tools["no views", name] != tools["no views", ""]]
    for revision in answers:
        answers[revision]["tools/list"]["tools"] = []
    return {
        "version": __version__,
        "settings": SNAPSHOT_SETTINGS,
        "types": find_member_types(InitializeRequestParams),
        "hosts": hosts,
        "answers": answers,
        "tools": base,
        "changes": {views: {name: find_changes(base, tools[views, name]) for name in ("", *hosts)} for views in VIEWS},
    }


async def list_tools_by_client(settings: Settings) -> dict[tuple[str, str], list[Json]]:
    """Return the tools as each known host lists them, and any other, with and without views."""
    return {
        (views, name): (await ask_first(build_server(settings), HANDSHAKES[-1], name, capabilities))["tools/list"][
            "tools"
        ]
        for views, capabilities in VIEWS.items()
        for name in ("", *HOSTS)
    }


KNOWN_TYPES: Final = {"<class 'str'>": "str", "<class 'bool'>": "bool", str(dict[str, dict[str, Any]]): "dicts"}


def find_member_types(model: type[BaseModel]) -> dict[str, str]:
    """Return the types of what a host says of itself, by the names of members, as `greeting.is_known` reads them.

    Objects are `dict`, and `dicts` where each value is one; what else a member may be is left to the SDK.
    """
    types: dict[str, str] = {}
    for name, field in model.model_fields.items():
        annotated: tuple[Any, ...] = get_args(field.annotation) or (field.annotation,)
        [annotation] = [each for each in annotated if each is not type(None)]
        inner = find_member_types(annotation) if hasattr(annotation, "model_fields") else None
        known = KNOWN_TYPES.get(str(annotation), "of the SDK") if inner is None else "dict"
        types |= dict.fromkeys((name, field.alias or name), known)
        types |= inner or {}
    return types


def by_name(tools: list[Json]) -> dict[str, Json]:
    return {tool["name"]: tool for tool in tools}


def find_changes(base: Mapping[str, Json], tools: list[Json]) -> Json:
    """Return what turns the base into a list of tools, as `greeting.list_tools` applies it."""
    listed = by_name(tools)
    assert listed.keys() <= base.keys()
    changes = {name: change_members(tool, listed[name]) if name in listed else None for name, tool in base.items()}
    return {name: change for name, change in changes.items() if change != {}}


def change_members(tool: Json, wanted: Json) -> Json:
    removed = dict.fromkeys(sorted(tool.keys() - wanted.keys()))
    return removed | {member: value for member, value in wanted.items() if tool.get(member) != value}
