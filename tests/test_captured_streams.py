"""The captured streams: what is answered before the SDK is imported, and what is left to it."""

import io
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp_types import ErrorData, JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from gemini_interactions_mcp.transports import stdin_capture
from gemini_interactions_mcp.transports.answered import AnsweredRequests
from gemini_interactions_mcp.transports.greeting import Greeter
from gemini_interactions_mcp.transports.stdin_capture import AnsweredLine, CapturedStreams, drain_lines, load_snapshot
from wired import HANDSHAKES, PATIENCE, hello, line

INITIALIZE = line("initialize", 1, hello(HANDSHAKES[-1])).rstrip()
PING = line("ping", 2).rstrip()
ANSWERS = [Greeter(load_snapshot({})).find_answer(INITIALIZE), b'{"jsonrpc":"2.0","id":2,"result":{}}']


class BlockedOutput(io.BytesIO):
    """Accepts nothing before it is released, like the pipe to a host that does not read."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def write(self, data: Any) -> int:
        assert self.released.wait(PATIENCE)
        return super().write(data)


class BrokenOutput(io.BytesIO):
    """Has no reader any more."""

    def write(self, data: Any) -> int:
        raise BrokenPipeError


def test_an_answer_is_written_before_the_greeting_ends(tmp_path: Path) -> None:
    path = tmp_path / "stdout"
    with path.open("wb") as stdout:
        claimed = CapturedStreams(stdout, load_snapshot({}))
        for each in (INITIALIZE, PING):
            claimed.take_line(each)
        claimed.end_greeting(PATIENCE)
        assert path.read_bytes().splitlines() == ANSWERS
    assert [(type(each), each) for each in drain_lines(claimed.lines)] == [
        (AnsweredLine, INITIALIZE),
        (AnsweredLine, PING),
    ]


def test_after_the_greeting_everything_is_left_to_the_sdk() -> None:
    stdout = io.BytesIO()
    claimed = CapturedStreams(stdout, load_snapshot({}))
    claimed.take_line(INITIALIZE)
    claimed.end_greeting(PATIENCE)
    for each in (PING, None):
        claimed.take_line(each)
    assert [type(each) for each in drain_lines(claimed.lines)] == [AnsweredLine, bytes, type(None)]
    assert stdout.getvalue().splitlines() == ANSWERS[:1]


def test_without_a_snapshot_everything_is_left_to_the_sdk() -> None:
    stdout = io.BytesIO()
    claimed = CapturedStreams(stdout)
    for each in (INITIALIZE, None):
        claimed.take_line(each)
    claimed.end_greeting(PATIENCE)
    assert [type(each) for each in drain_lines(claimed.lines)] == [bytes, type(None)]
    assert (claimed.greets, stdout.getvalue()) == (False, b"")


def test_a_host_that_does_not_read_holds_up_neither_its_requests_nor_the_sdk() -> None:
    stdout = BlockedOutput()
    claimed = CapturedStreams(stdout, load_snapshot({}))
    for each in (INITIALIZE, PING):
        claimed.take_line(each)
    claimed.end_greeting()
    assert [type(each) for each in drain_lines(claimed.lines)] == [AnsweredLine, AnsweredLine]
    assert stdout.getvalue() == b""
    # Nor does it keep the process from ending.
    assert {each.daemon for each in threading.enumerate() if each.name == "greeting"} == {True}
    stdout.released.set()
    claimed.end_greeting(PATIENCE)
    assert stdout.getvalue().splitlines() == ANSWERS


def test_a_line_that_is_being_answered_is_so_before_the_greeting_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def end_meanwhile(greeter: Greeter, line: bytes) -> bytes:
        ending.start()
        ending.join(0.1)  # has no end before this returns
        return b"answered"

    stdout = io.BytesIO()
    claimed = CapturedStreams(stdout, load_snapshot({}))
    ending = threading.Thread(target=claimed.end_greeting, args=(PATIENCE,))
    monkeypatch.setattr(Greeter, "find_answer", end_meanwhile)
    claimed.take_line(PING)
    ending.join(PATIENCE)
    assert stdout.getvalue() == b"answered\n"
    assert [type(each) for each in drain_lines(claimed.lines)] == [AnsweredLine]


@pytest.mark.parametrize("snapshot", [{}, {"answers": []}, {"answers": {HANDSHAKES[-1]: 5}, "types": {}}])
def test_a_greeting_that_fails_leaves_everything_to_the_sdk(snapshot: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stdout = io.BytesIO()
    claimed = CapturedStreams(stdout, {"of": "another form"} | snapshot)
    for each in (INITIALIZE, PING, None):
        claimed.take_line(each)
    claimed.end_greeting(PATIENCE)
    assert [type(each) for each in drain_lines(claimed.lines)] == [bytes, bytes, type(None)]
    assert stdout.getvalue() == b""
    assert re.fullmatch(r"WARNING The greeting has failed: \w+Error\n", capsys.readouterr().err)


def test_a_host_that_has_closed_stdout_has_gone() -> None:
    claimed = CapturedStreams(BrokenOutput(), load_snapshot({}))
    claimed.take_line(INITIALIZE)
    claimed.end_greeting(PATIENCE)
    assert drain_lines(claimed.lines) == [INITIALIZE, None]


@pytest.mark.parametrize("text", [None, b"", b"{", b"\xff\xfe{"])
def test_without_a_snapshot_that_can_be_read_nobody_is_greeted(
    text: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if text is not None:
        (tmp_path / "greeting.json").write_bytes(text)
    monkeypatch.setattr(stdin_capture, "SNAPSHOT_PATH", tmp_path / "greeting.json")
    assert load_snapshot({}) is None


def test_a_setting_that_is_empty_is_the_usual_one() -> None:
    assert load_snapshot({"GEMINI_MCP_TOOLSETS": "", "GEMINI_MCP_GREETING": ""}) == load_snapshot({})


def ask(request_id: int | str) -> JSONRPCRequest:
    return JSONRPCRequest(jsonrpc="2.0", id=request_id, method="ping")


def respond(request_id: int | str) -> JSONRPCResponse:
    return JSONRPCResponse(jsonrpc="2.0", id=request_id, result={})


def fail(request_id: int | str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=-32600, message="No"))


@pytest.mark.parametrize("answer", [respond, fail])
@pytest.mark.parametrize("request_id", [0, 1, "", "a"])
def test_an_answer_that_the_host_has_is_kept_from_it_once(
    request_id: int | str, answer: Callable[[int | str], JSONRPCResponse | JSONRPCError]
) -> None:
    answered = AnsweredRequests()
    renamed = [answered.rename(ask(request_id)) for _ in range(2)]
    assert len({request_id, *(each.id for each in renamed)}) == 3
    assert not answered.is_answered(answer(request_id))
    for each in renamed:
        assert answered.is_answered(answer(each.id))
        assert not answered.is_answered(answer(each.id))


def test_requests_and_notifications_of_the_server_reach_the_host() -> None:
    answered = AnsweredRequests()
    renamed = answered.rename(ask(1))
    assert not answered.is_answered(ask(renamed.id))
    assert not answered.is_answered(JSONRPCNotification(jsonrpc="2.0", method="notifications/message"))
    assert answered.is_answered(respond(renamed.id))


def test_the_ids_that_the_sdk_gets_are_those_of_no_host() -> None:
    """A host that has seen one could otherwise guess the next."""
    first, second = (AnsweredRequests().rename(ask(1)).id for _ in range(2))
    assert first != second


def test_a_refusal_of_an_answered_request_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    answered = AnsweredRequests()
    assert answered.is_answered(fail(answered.rename(ask(1)).id))
    assert answered.is_answered(respond(answered.rename(ask(2)).id))
    assert [record.getMessage() for record in caplog.records if "answer" in record.getMessage()] == [
        "The SDK refuses a request that the host has an answer to: No"
    ]
