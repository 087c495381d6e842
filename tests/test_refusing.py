"""A host whose server cannot be imported is told why, in the answer to each request that has none."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from gemini_interactions_mcp.transports.refusing import refuse_requests
from gemini_interactions_mcp.transports.stdin_capture import CapturedStreams, load_snapshot
from test_captured_streams import BlockedOutput
from wired import HANDSHAKES, at_import, environment, hello, line, wired

Json = dict[str, Any]

GONE: Final = ImportError("No module named 'mcp'")


class HeldStreams(CapturedStreams):
    """Streams whose answers are written no earlier than the greeting ends."""

    def __init__(self) -> None:
        self.held = BlockedOutput()
        super().__init__(self.held, load_snapshot({}))

    def end_greeting(self, seconds: float = 0) -> None:
        self.held.released.set()
        super().end_greeting(seconds)


def refused(*lines: bytes, exc: Exception = GONE) -> list[Json]:
    """Return what a host is answered that sends these lines and leaves."""
    claimed = HeldStreams()
    for each in (*lines, None):
        claimed.take_line(each)
    refuse_requests(claimed, exc)
    return [json.loads(answer) for answer in claimed.held.getvalue().splitlines()]


@pytest.mark.parametrize("request_id", [0, -1, 10**300, "", "a", "\u20ac", "\ud83d"])
def test_a_request_is_refused_under_its_id(request_id: int | str) -> None:
    request = json.dumps({"jsonrpc": "2.0", "id": request_id, "method": "tools/call"}).encode()
    for sent in (request, b"\xef\xbb\xbf" + request, request + b"\r", request[:-1] + b', "params": {"x": "\xff"}}'):
        [answer] = refused(sent)
        assert (answer["jsonrpc"], answer["id"], answer["error"]["code"]) == ("2.0", request_id, -32603)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"garbage",
        b"[" * 100_000,
        b"[]",
        b"7",
        line("notifications/cancelled", None, {"requestId": 1}),
        b'{"jsonrpc": "2.0", "id": 1, "result": {}}',
        *(
            b'{"jsonrpc": "2.0", "method": "ping", "id": %s}' % each
            for each in (b"null", b"true", b"1.5", b"[]", b"{}")
        ),
    ],
)
def test_what_is_no_request_gets_no_answer(sent: bytes) -> None:
    assert [each["id"] for each in refused(sent, line("ping", 2))] == [2]


def test_what_the_greeting_has_answered_is_not_refused() -> None:
    lines = [line("initialize", 1, hello(HANDSHAKES[-1])), line("tools/list", 2), line("tools/list", 3)]
    answers = refused(*lines)
    assert [("result" in each, each["id"]) for each in answers] == [(True, 1), (True, 2), (False, 3)]


@pytest.mark.parametrize("exc", [GONE, ModuleNotFoundError("No module named 'mcp'")])
def test_what_cannot_be_imported_is_named(exc: ImportError) -> None:
    [answer] = refused(line("ping", 1), exc=exc)
    assert "cannot start: No module named 'mcp'. " in answer["error"]["message"]


@pytest.mark.parametrize("exc", [ValueError("hush"), OSError(2, "hush"), SyntaxError("hush")])
def test_of_other_errors_the_kind_alone_is_named(exc: Exception) -> None:
    [answer] = refused(line("ping", 1), exc=exc)
    assert f"cannot start: {type(exc).__name__}. " in answer["error"]["message"]
    assert "hush" not in answer["error"]["message"]
    assert "install" not in answer["error"]["message"]


async def test_a_server_that_cannot_be_imported_greets_and_refuses(tmp_path: Path) -> None:
    hook = at_import(tmp_path, ("pydantic",), "raise ImportError(\"No module named 'pydantic'\")")
    async with wired(environment(tmp_path, "http://127.0.0.1:9") | hook) as server:
        await server.open(HANDSHAKES[-1])
        assert (await server.result("tools/list"))["tools"]
        said = await server.answer(server.request("tools/list"))
        server.hang_up()
        assert await server.ended() == 1
    assert "No module named 'pydantic'" in said["error"]["message"]
