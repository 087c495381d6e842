"""Whatever a host sends first, the greeting changes no answer to it, in form or in number."""

import json
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import anyio
import anyio.to_thread
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from conftest import make_settings
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.transports import stdio
from gemini_interactions_mcp.transports.greeting import Greeter
from gemini_interactions_mcp.transports.stdin_capture import (
    AnsweredLine,
    CapturedStreams,
    drain_lines,
    drop_abandoned_probes,
    load_snapshot,
)
from gemini_interactions_mcp.transports.stdio import exchange_messages
from snapshotting import LISTS, REVISIONS, VIEWS
from test_captured_streams import BlockedOutput
from wired import HANDSHAKES, MODERN, hello

Json = dict[str, Any]
Message = tuple[str, Json]

PATIENCE: Final = 30.0
"""Seconds after which a test that waits has failed; never what is tested."""
PREFIX: Final = "io.modelcontextprotocol/"
CLIENTS: Final = ("any", "Visual Studio Code", "mcp-inspector", "codex-mcp-client", "")
CAPABILITIES: Final[tuple[Json | None, ...]] = (
    {},
    *VIEWS.values(),
    {"roots": {"listChanged": True}, "sampling": {}, "elicitation": {"form": {}}},
    {"tasks": {"requests": {"tools": {"call": {}}}}, "extensions": {f"{PREFIX}tasks": {}, f"{PREFIX}ui": {}}},
    {"elicitation": {"form": {"applyDefaults": True}}, "unknown": True},
    {"roots": None},
    {"roots": {"listChanged": "x"}},
    {"experimental": {"x": 5}},
    {"extensions": {f"{PREFIX}ui": {"mimeTypes": "text/html;profile=mcp-app"}}},
    None,
)

CALL: Final[Message] = ("tools/call", {"name": "gemini_ask", "arguments": {"prompt": "Why?", "colour": "blue"}})
INITIALIZED: Final[Message] = ("notifications/initialized", {})
NOTHING: Final[list[Json]] = [{}] * 12

infos = st.sampled_from(
    [*({"name": name, "version": "1"} for name in CLIENTS), {"name": "x", "version": "1", "title": 5}]
)
capabilities = st.sampled_from([*CAPABILITIES[:6] * 4, *CAPABILITIES[6:]])
anomalies = st.sampled_from([*NOTHING, {"cursor": "x"}, {"cursor": None}, {"more": 1}])
TOKENS: Final[list[Json]] = [
    *NOTHING,
    {"progressToken": 7},
    {"progressToken": None},
    {"protocolVersion": MODERN, "clientCapabilities": {}},
    {"claudecode/id": "x"},
    {f"{PREFIX}logLevel": "info"},
    {f"{PREFIX}protocolVersion": MODERN},
    {f"{PREFIX}clientCapabilities": {}},
    {f"{PREFIX}related-task": {"taskId": "x"}},
]
tokens = st.sampled_from(TOKENS)


@st.composite
def handshakes(draw: st.DrawFn, revisions: st.SearchStrategy[str]) -> Message:
    """Return an `initialize`."""
    params = {"protocolVersion": draw(revisions), "capabilities": draw(capabilities), "clientInfo": draw(infos)}
    return "initialize", params | draw(anomalies) | {"_meta": draw(tokens)}


@st.composite
def envelopes(draw: st.DrawFn, revisions: st.SearchStrategy[str]) -> Json:
    """Return what each request of a modern host has in its `_meta`."""
    said = {"protocolVersion": draw(revisions), "clientCapabilities": draw(capabilities)}
    said |= draw(st.sampled_from([{}, {"clientInfo": draw(infos)}]))
    return {PREFIX + name: value for name, value in said.items()}


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """Return the messages of a host that mostly speaks one era, and sometimes another."""
    envelope = draw(envelopes(st.just(MODERN)))
    modern = draw(st.booleans())
    any_revision = st.sampled_from([*REVISIONS, "2030-01-01"])
    opening = ("server/discover", {"_meta": envelope}) if modern else draw(handshakes(st.sampled_from(HANDSHAKES)))

    def request(method: str) -> Message:
        same = draw(st.integers(0, 9)) > 0
        meta = (envelope if modern == same else {}) | draw(tokens)
        return method, draw(anomalies) | ({"_meta": meta} if meta else {})

    methods = st.sampled_from([*LISTS, *LISTS, "server/discover", "no/such", "logging/setLevel"])
    others = (st.just(CALL), st.just(INITIALIZED), handshakes(any_revision), envelopes(any_revision).map(discover))
    following = st.one_of(methods.map(request), methods.map(request), *others)
    return [opening] * (draw(st.integers(0, 9)) > 0) + draw(st.lists(following, max_size=10))


def discover(envelope: Json) -> Message:
    return "server/discover", {"_meta": envelope}


def write_lines(sequence: list[Message]) -> list[bytes | None]:
    lines: list[bytes | None] = []
    for number, (method, params) in enumerate(sequence):
        named = {} if method.startswith("notifications/") else {"id": number if number % 3 else f"r{number}"}
        lines.append(json.dumps({"jsonrpc": "2.0", **named, "method": method, "params": params}).encode())
    return lines


def list_ids(lines: list[bytes | None]) -> list[object]:
    return [message["id"] for line in lines if line and "id" in (message := json.loads(line))]


async def exchange(folder: Path, lines: list[bytes | None], snapshot: Json | None) -> tuple[list[Json], int]:
    """Return the answers to lines that are all there before the SDK is, and how many are the greeting's."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as answers, os.fdopen(writing, "wb") as stdout:
        claimed = CapturedStreams(stdout, snapshot)
        for line in lines:
            claimed.take_line(line)
        claimed.end_greeting()
        early = count_answered(claimed)
        awaited = set(list_ids(list(drop_abandoned_probes(lines))))
        found: list[Json] = []
        server = build_server(make_settings(folder, "http://127.0.0.1:9", api_key=None))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(exchange_messages, server, claimed)
            with anyio.fail_after(PATIENCE):
                while not awaited <= {each.get("id") for each in found}:
                    found.append(json.loads(await anyio.to_thread.run_sync(answers.readline, abandon_on_cancel=True)))
            tasks.cancel_scope.cancel()
        claimed.end_greeting(PATIENCE)  # leaves no answer to a probe to be written to a closed file
        claimed.lines.put(None)  # ends the thread that waits for a line
    return found, early


def count_answered(claimed: CapturedStreams) -> int:
    """Return how many lines of the queue are answered, and leave all of them there."""
    lines = drain_lines(claimed.lines)
    for line in lines:
        claimed.lines.put(line)
    return sum(isinstance(line, AnsweredLine) for line in lines)


@settings(max_examples=int(os.environ.get("SEQUENCES", "60")))
@given(conversations())
def test_the_greeting_changes_no_answer(sequence: list[Message]) -> None:
    lines = write_lines(sequence)

    async def compare() -> None:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            greeted, early = await exchange(Path(name), lines, load_snapshot({}))
            ungreeted, none = await exchange(Path(name), lines, None)
        event(f"{early} early")
        assert none == 0
        greeter = Greeter(load_snapshot({}))  # which raises nothing
        assert early == sum(greeter.find_answer(line) is not None for line in lines if line)
        # Only a probe that its host has given up has no answer without the greeting.
        kept = list_ids(list(drop_abandoned_probes(lines)))
        given_up = [each for each in greeted if each.get("id") in list_ids(lines) and each["id"] not in kept]
        assert all("supportedVersions" in each["result"] for each in given_up)
        assert order([each for each in greeted if each not in given_up]) == order(ungreeted)

    anyio.run(compare)


async def test_a_host_that_reads_late_has_its_first_answers_before_the_server_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stay(_: float) -> None:
        """Do not end this process."""

    monkeypatch.setattr(stdio, "exit_within", stay)
    server = build_server(make_settings(tmp_path, "http://127.0.0.1:9", api_key=None))
    host = BlockedOutput()

    async def serve(*streams: Any) -> None:
        await server.serve_streams(*streams)
        host.released.set()

    claimed = CapturedStreams(cast("Any", host), load_snapshot({}))
    for line in write_lines([("initialize", hello(HANDSHAKES[-1])), *((method, {}) for method in LISTS)]):
        claimed.take_line(line)
    claimed.take_line(None)
    claimed.end_greeting()
    await exchange_messages(cast("Server", SimpleNamespace(serve_streams=serve)), claimed)
    assert [json.loads(each)["id"] for each in host.getvalue().splitlines()] == ["r0", 1, 2, "r3", 4]


def order(messages: list[Json]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True) for each in messages)
