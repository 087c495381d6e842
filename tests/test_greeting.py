"""The greeting: the first requests of a host are answered before the SDK is imported, and answered once."""

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp_types import JSONRPCResponse

from gemini_interactions_mcp.transports import greeting
from gemini_interactions_mcp.transports.greeting import Greeter
from gemini_interactions_mcp.transports.stdin_capture import load_snapshot
from gemini_interactions_mcp.transports.stdio import serialize_message
from snapshotting import LISTS, VIEWS, opening
from wired import HANDSHAKES, MODERN, envelope

Json = dict[str, Any]

PREFIX = "io.modelcontextprotocol/"

SOURCE = Path(greeting.__file__).read_text(encoding="utf-8")


def test_it_is_small_and_needs_the_standard_library_alone() -> None:
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(SOURCE))
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
    assert len(SOURCE.splitlines()) < 120


def request(method: str, request_id: object = 1, **params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode()


def hello(revision: str = HANDSHAKES[-1], request_id: object = 0, **changes: object) -> bytes:
    _, params, _ = opening(revision, "any", {})
    return request("initialize", request_id, **{**params, **changes})


def enveloped(method: str, request_id: object = 1, **meta: object) -> bytes:
    _, params, _ = opening(MODERN, "any", {})
    return request(method, request_id, _meta={**params["_meta"], **meta})


INITIALIZED = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode()


def greeted(*lines: bytes) -> list[object]:
    """Return the ids of the requests that the greeting answers."""
    greeter = Greeter(load_snapshot({}))
    return [json.loads(answer)["id"] for line in lines if (answer := greeter.find_answer(line))]


FOLLOWING = [request(method, number) for number, method in enumerate(LISTS, 1)]
MODERN_FOLLOWING = [enveloped(method, number) for number, method in enumerate(LISTS, 1)]
DISCOVER = enveloped("server/discover", 0)
ASK = request("tools/call", 9, name="gemini_ask", arguments={"prompt": "Why?"})
CANCEL = json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 0}}).encode()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([hello(), INITIALIZED, *FOLLOWING], [0, 1, 2, 3, 4]),
        ([DISCOVER, *MODERN_FOLLOWING], [0, 1, 2, 3, 4]),
        (MODERN_FOLLOWING, [1, 2, 3, 4]),
        ([request("tools/list", 1, **envelope())], [1]),
        ([MODERN_FOLLOWING[0], DISCOVER, MODERN_FOLLOWING[1]], [1, 0, 2]),
        ([hello(), *FOLLOWING, *FOLLOWING], [0, 1, 2, 3, 4]),
        ([hello(), ASK, *FOLLOWING], [0, 1, 2, 3, 4]),
        ([DISCOVER, enveloped("tools/call", 9), *MODERN_FOLLOWING], [0, 1, 2, 3, 4]),
        ([hello(), CANCEL, FOLLOWING[0]], [0, 1]),
        ([INITIALIZED, hello(), FOLLOWING[0]], [0, 1]),
    ],
)
def test_the_first_request_of_each_kind_is_answered(lines: list[bytes], expected: list[int]) -> None:
    assert greeted(*lines) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([hello(), hello(request_id=5), *FOLLOWING], [0]),
        ([hello(), hello(HANDSHAKES[0], request_id=5), *FOLLOWING], [0]),
        ([hello(), DISCOVER, *FOLLOWING], [0]),
        ([hello(), *MODERN_FOLLOWING, *FOLLOWING], [0]),
        ([DISCOVER, *FOLLOWING, *MODERN_FOLLOWING], [0]),
        ([DISCOVER, MODERN_FOLLOWING[0], hello(request_id=5), FOLLOWING[0]], [0, 1]),
        ([hello(_meta={"progressToken": None}), *FOLLOWING], []),
        ([*FOLLOWING, hello()], []),
        ([hello(MODERN), *FOLLOWING], []),
        ([enveloped("server/discover", 0, **{f"{PREFIX}protocolVersion": HANDSHAKES[0]}), *MODERN_FOLLOWING], []),
        ([ASK, hello()], []),
        ([b"garbage", hello()], []),
        ([b"[]", hello()], []),
        ([hello(), b"[" * 60_000, *FOLLOWING], [0]),
        ([hello(), b'{"a": ' * 10_000, *FOLLOWING], [0]),
        ([hello(), b"{" * 100_000, *FOLLOWING], [0]),
    ],
)
def test_what_the_sdk_has_to_decide_ends_the_greeting(lines: list[bytes], expected: list[int]) -> None:
    assert greeted(*lines) == expected


def test_a_host_that_has_given_up_its_probe_is_greeted_in_the_era_that_it_falls_back_to() -> None:
    assert greeted(DISCOVER, CANCEL, hello(request_id=5), INITIALIZED, *FOLLOWING) == [0, 5, 1, 2, 3, 4]
    assert greeted(DISCOVER, enveloped("server/discover", 7), hello(request_id=5)) == [0, 5]


def test_an_answer_has_no_byte_more_than_the_sdk_writes() -> None:
    greeter = Greeter(load_snapshot({}))
    assert greeter.find_answer(hello()) is not None
    ping = serialize_message(JSONRPCResponse(jsonrpc="2.0", id="ü€", result={}))
    assert greeter.find_answer(request("ping", "ü€")) == ping.encode()


def list_greeted(*lines: bytes) -> Json:
    """Return the last answer."""
    greeter = Greeter(load_snapshot({}))
    return json.loads([greeter.find_answer(line) for line in lines][-1] or b"null")["result"]["tools"]


def test_the_tools_are_those_of_the_host_as_it_has_described_itself_last() -> None:
    shows_views = {f"{PREFIX}clientCapabilities": VIEWS["views"]}
    plain, views = list_greeted(MODERN_FOLLOWING[0]), list_greeted(enveloped("tools/list", **shows_views))
    assert plain != views
    assert list_greeted(DISCOVER, enveloped("tools/list", **shows_views)) == views
    assert list_greeted(enveloped("server/discover", 0, **shows_views), MODERN_FOLLOWING[0]) == plain
    assert list_greeted(DISCOVER, hello(capabilities=VIEWS["views"]), FOLLOWING[0]) == views


@pytest.mark.parametrize(
    "line",
    [
        hello("2030-01-01"),
        hello(MODERN),
        hello(protocolVersion=None),
        hello(protocolVersion=[HANDSHAKES[0]]),
        hello(capabilities=None),
        hello(capabilities=[]),
        hello(capabilities={"roots": True}),
        hello(clientInfo=None),
        hello(clientInfo={"name": "x"}),
        hello(clientInfo={"name": "x", "version": 1}),
        hello(clientInfo={"name": "x", "version": "1", "title": 5}),
        hello(clientInfo={"name": "x", "version": "1", "description": []}),
        hello(clientInfo={"name": "x", "version": "1", "website_url": {}}),
        hello(clientInfo={"name": "x", "version": "1", "icons": [{"mimeType": "image/png"}]}),
        hello(capabilities={"roots": {"listChanged": "maybe"}}),
        hello(capabilities={"elicitation": {"form": 5}}),
        hello(capabilities={"experimental": {"x": True}}),
        hello(capabilities={"extensions": {f"{PREFIX}ui": None}}),
        hello(capabilities={"tasks": {"requests": {"sampling": {"createMessage": 5}}}}),
        hello(capabilities=json.loads('{"x":' * 500 + "{}" + "}" * 500)),
        hello(extra=1),
        hello(_meta=[]),
        hello(_meta={"progressToken": 1}),
        hello(request_id=None),
        hello(request_id=True),
        hello(request_id=1.5),
        hello(request_id="\ud800"),
        hello().replace(b'"2.0"', b'"1.0"'),
        hello().replace(b'"capabilities": {}', b'"capabilities": {"experimental": {"x": {"y": NaN}}}'),
        hello().replace(b'"any"', b'"\xff"'),
        hello().decode().encode("utf-16"),
        b"\xef\xbb\xbf" + hello(),
        request("initialize"),
        request("initialize", 0, protocolVersion=HANDSHAKES[0]),
        json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": []}).encode(),
        json.dumps({"jsonrpc": "2.0", "id": 0, "method": ["initialize"]}).encode(),
        hello(clientInfo={"name": "x" * 70_000, "version": "1"}),
        enveloped("server/discover", 0, **{f"{PREFIX}protocolVersion": "2030-01-01"}),
        enveloped("server/discover", 0, **{f"{PREFIX}protocolVersion": HANDSHAKES[0]}),
        enveloped("server/discover", 0, **{f"{PREFIX}protocolVersion": None}),
        enveloped("server/discover", 0, **{f"{PREFIX}clientCapabilities": None}),
        enveloped("server/discover", 0, **{f"{PREFIX}clientCapabilities": {"extensions": {"x": 5}}}),
        request("server/discover", 0, _meta={"protocolVersion": MODERN, "clientCapabilities": {}}),
        enveloped("server/discover", 0, **{f"{PREFIX}clientInfo": None}),
        enveloped("server/discover", 0, **{f"{PREFIX}clientInfo": {"name": 1, "version": "1"}}),
        enveloped("server/discover", 0, **{f"{PREFIX}logLevel": "debug"}),
        enveloped("server/discover", 0, progressToken=1),
        request("server/discover", 0),
        request("server/discover", 0, _meta={f"{PREFIX}protocolVersion": MODERN}),
    ],
)
def test_an_opening_of_another_shape_is_left_to_the_sdk(line: bytes) -> None:
    assert greeted(line) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"clientInfo": {"name": "x", "version": "1", "title": "X", "description": "An X.", "websiteUrl": "https://x"}},
        {"capabilities": {"roots": {"listChanged": True}, "elicitation": {"form": {}, "url": {}}, "unknown": {}}},
        {"capabilities": {"experimental": {"x": {"y": [1, None]}}, "extensions": {"x": {"y": "z"}}}},
        {"capabilities": {"elicitation": {"form": {"applyDefaults": True}}, "unknown": True}},
        {"capabilities": {"tasks": {"list": {}, "cancel": {}, "requests": {"sampling": {"createMessage": {}}}}}},
    ],
)
def test_a_host_that_says_more_of_itself_is_greeted(changes: Json) -> None:
    assert greeted(hello(**changes), FOLLOWING[0]) == [0, 1]


@pytest.mark.parametrize(
    "meta",
    [
        {f"{PREFIX}capabilities": {"extensions": {f"{PREFIX}ui": {"mimeTypes": [greeting.VIEW_TYPE]}}}},
        {"clientInfo": {"name": "Visual Studio Code", "version": "1"}},
        {"clientCapabilities": {"extensions": {f"{PREFIX}ui": {"mimeTypes": [greeting.VIEW_TYPE]}}}},
    ],
)
def test_a_host_is_known_by_the_names_of_the_protocol_alone(meta: Json) -> None:
    greeter = Greeter(load_snapshot({}))
    assert greeter.find_answer(enveloped("tools/list", **meta)) == Greeter(load_snapshot({})).find_answer(
        enveloped("tools/list")
    )


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"cursor": "x"}, [0, 1]),
        ({"cursor": None}, [0, 1]),
        ({"more": 1}, [0, 1]),
        ({"_meta": {"progressToken": 1}}, [0, 1]),
        ({"_meta": {f"{PREFIX}logLevel": "debug"}}, [0, 1]),
        ({"_meta": None}, [0]),
        ({"_meta": []}, [0]),
    ],
)
def test_a_list_with_what_the_snapshot_does_not_know_is_left_to_the_sdk(params: Json, expected: list[int]) -> None:
    assert greeted(hello(), request("tools/list", 5, **params), FOLLOWING[0]) == expected
