"""The first answers of a real process, at every point of its import, with every fault that a host can make."""

import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from wired import HANDSHAKES, MODERN, Wired, at_import, envelope, environment, hello, line, wired

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a named pipe of Windows is no file"),
]

NEWEST = HANDSHAKES[-1]
CLOSED = "http://127.0.0.1:9"

POINTS = (
    "lazy_loader",
    "pydantic",
    "anyio",
    "mcp_types",
    "mcp.server",
    "gemini_interactions_mcp.settings.table",
    "gemini_interactions_mcp.server.app",
    "gemini_interactions_mcp.transports.stdio",
)
"""Modules at whose import the server is held up, in their order."""


class Gate:
    """Holds the import of a server until it is opened."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._path = path

    async def open(self) -> None:
        """Let the import go on."""
        await anyio.to_thread.run_sync(self._path.write_bytes, b"")


@asynccontextmanager
async def held(folder: Path, point: str, queued: bytes = b"", **changes: str) -> AsyncGenerator[tuple[Wired, Gate]]:
    """Start a server whose import is held at a point."""
    gate = Gate(folder / "gate")
    hook = at_import(folder, (point,), f"open({str(folder / 'gate')!r}).read()")
    async with wired(environment(folder, CLOSED) | hook | changes, queued=queued) as server:
        yield server, gate


@pytest.mark.parametrize(("point", "revision"), list(zip(POINTS, cycle((NEWEST, MODERN)), strict=False)))
async def test_a_host_has_its_first_answers_while_an_import_is_held(point: str, revision: str, tmp_path: Path) -> None:
    async with held(tmp_path, point) as (server, gate):
        await server.open(revision)
        tools = (await server.result("tools/list"))["tools"]
        await server.result("prompts/list")
        await server.result("resources/templates/list")
        await server.result("ping")
        called = server.request("tools/call", name="gemini_ask", arguments={"prompt": "Why?", "colour": "blue"})
        listed = server.request("tools/list")
        assert server.answers(called) == server.answers(listed) == []
        await gate.open()
        refused = (await server.answer(called))["result"]
        again = (await server.answer(listed))["result"]["tools"]
    assert refused["content"][0]["text"].startswith("Unknown argument `colour`.")
    assert again == tools
    assert [len(server.answers(number)) for number in range(1, server.requests + 1)] == [1] * server.requests


def initialize(request_id: int, revision: str = NEWEST) -> bytes:
    return line("initialize", request_id, hello(revision))


def enveloped(method: str, request_id: int) -> bytes:
    return line(method, request_id, envelope())


LISTS = b"".join(line(method, number) for number, method in enumerate(("tools/list", "prompts/list", "ping"), 11))
MODERN_LISTS = b"".join(enveloped(method, 11 + number) for number, method in enumerate(("tools/list", "ping")))
WRONG = {"name": "gemini_ask", "arguments": {"prompt": "Why?", "colour": "blue"}}
CALL = line("tools/call", 20, WRONG)
CANCELLED = line("notifications/cancelled", None, {"requestId": 1})

FAULTS: dict[str, bytes] = {
    "a call right behind": initialize(1) + CALL + LISTS,
    "a call right behind a probe": enveloped("server/discover", 1) + line("tools/call", 20, WRONG | envelope()),
    "a cancelled initialize": initialize(1) + CANCELLED + LISTS + CALL,
    "a repeated initialize": initialize(1) + initialize(1) + LISTS + CALL,
    "two revisions": initialize(1) + initialize(2, HANDSHAKES[0]) + LISTS + CALL,
    "lists, then initialize": LISTS + initialize(1) + line("tools/list", 21) + CALL,
    "an unknown revision": initialize(1, "2030-01-01") + LISTS + CALL,
    "a request of the other era": initialize(1) + MODERN_LISTS + LISTS + CALL,
    "initialize after modern lists": MODERN_LISTS + initialize(1) + LISTS,
    "ids used again": initialize(1) + line("tools/list", 1) + line("ping", 1) + line("resources/templates/list", 1),
    "a probe after initialize": initialize(1) + LISTS + enveloped("server/discover", 21) + CALL,
    "garbage": initialize(1) + b"garbage\n\n[]\n\xff\n" + LISTS + b'{"jsonrpc": "2.0", "id": 9}\n' + CALL,
    "a cursor and a progress token": initialize(1)
    + line("tools/list", 2, {"cursor": "x"})
    + line("tools/list", 3, {"_meta": {"progressToken": 1}})
    + LISTS,
    "a thousand lines": initialize(1) + b"".join(line("ping", number) for number in range(2, 1_000)) + CALL,
}
"""What a host may send before the SDK is imported, and must be answered as without the greeting."""


@pytest.mark.parametrize(("fault", "point"), list(zip(FAULTS, cycle(POINTS), strict=False)))
async def test_what_is_sent_early_is_answered_as_without_the_greeting(fault: str, point: str, tmp_path: Path) -> None:
    requests = sum(b'"id"' in each for each in FAULTS[fault].splitlines()) + 3 * (fault == "garbage")
    answers: dict[str, list[str]] = {}
    for greeting in ("true", "false"):
        (folder := tmp_path / greeting).mkdir()
        async with held(folder, point, FAULTS[fault], GEMINI_MCP_GREETING=greeting) as (server, gate):
            await gate.open()
            await server.until(lambda: len(server.stdout) >= requests)
        answers[greeting] = sorted(json.dumps(each, sort_keys=True) for each in server.messages)
    assert answers["true"] == answers["false"]


EARLY_AND_LATE = pytest.mark.parametrize("point", [POINTS[0], POINTS[-1]])


@EARLY_AND_LATE
async def test_a_host_that_gives_up_an_answered_probe_is_served_in_the_era_that_it_falls_back_to(
    point: str, tmp_path: Path
) -> None:
    async with held(tmp_path, point) as (server, gate):
        discovered = await server.open(MODERN)
        opened = await server.open(NEWEST)
        listed = await server.result("tools/list")
        await gate.open()
        refused = await server.call("gemini_ask", prompt="Why?", colour="blue")
    assert discovered["supportedVersions"] == [MODERN]
    assert opened["protocolVersion"] == NEWEST
    assert "ttlMs" not in listed
    assert refused["isError"] is True
    assert [len(server.answers(number)) for number in range(1, server.requests + 1)] == [1] * server.requests


async def test_a_probe_that_was_answered_late_has_locked_the_connection(tmp_path: Path) -> None:
    async with wired(environment(tmp_path, CLOSED)) as server:
        await server.open(MODERN)
        await server.result("resources/list")
        refused = await server.answer(server.request("initialize", **hello(NEWEST)))
    assert refused["error"]["code"] == -32022


def hang_up(server: Wired) -> None:
    server.hang_up()


def terminate(server: Wired) -> None:
    server.process.send_signal(signal.SIGTERM)


def write_half_a_line(server: Wired) -> None:
    server.write(line("tools/list", 7).removesuffix(b"\n"))
    server.hang_up()


@EARLY_AND_LATE
@pytest.mark.parametrize("end", [hang_up, terminate, write_half_a_line])
async def test_a_host_that_leaves_early_has_its_first_answer_and_leaves_nothing(
    end: Callable[[Wired], None], point: str, tmp_path: Path
) -> None:
    async with held(tmp_path, point) as (server, gate):
        await server.open(NEWEST)
        end(server)
        await gate.open()
        assert await server.ended() == 0
    answered = [message["id"] for message in server.messages]
    assert answered == ([1, 7] if end is write_half_a_line else [1])
    assert server.stderr == b""


async def test_a_host_that_has_closed_stdout_before_its_first_answer_has_gone(tmp_path: Path) -> None:
    reading, stdout = os.pipe()
    os.close(reading)
    async with wired(environment(tmp_path, CLOSED), queued=initialize(1), stdout=stdout) as server:
        os.close(stdout)
        assert await server.ended() == 0
    assert server.stderr == b""


BROKEN = "raise ImportError(\"No module named 'mcp'\")"


@pytest.mark.parametrize("revision", [NEWEST, MODERN])
@pytest.mark.parametrize("point", ["pydantic", "mcp_types", "gemini_interactions_mcp.transports.stdio"])
async def test_a_broken_installation_is_told_to_whoever_asks(point: str, revision: str, tmp_path: Path) -> None:
    async with wired(environment(tmp_path, CLOSED) | at_import(tmp_path, (point,), BROKEN)) as server:
        await server.open(revision)
        assert (await server.result("tools/list"))["tools"]
        for method in ("tools/call", "resources/list", "tools/list"):
            said = (await server.answer(server.request(method)))["error"]
            assert said["code"] == -32603
            assert "No module named 'mcp'" in said["message"]
            assert "install it again" in said["message"]
        server.hang_up()
        assert await server.ended() == 1
    assert [len(server.answers(number)) for number in range(1, server.requests + 1)] == [1] * server.requests
    assert b"ImportError: No module named 'mcp'" in server.stderr


async def test_a_broken_installation_is_told_to_a_host_that_has_left_at_once(tmp_path: Path) -> None:
    queued = initialize(1) + LISTS + b"garbage\n[]\n" + line("notifications/initialized") + CALL
    async with wired(environment(tmp_path, CLOSED) | at_import(tmp_path, ("mcp",), BROKEN), queued=queued) as server:
        server.hang_up()
        assert await server.ended() == 1
    assert sorted(message["id"] for message in server.messages) == [1, 11, 12, 13, 20]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT] * 2)
async def test_a_broken_installation_ends_with_a_signal_right_behind_its_answer(
    number: signal.Signals, tmp_path: Path
) -> None:
    queued = initialize(1) + line("resources/list", 2)
    hook = at_import(tmp_path, ("pydantic",), BROKEN)
    async with wired(environment(tmp_path, CLOSED) | hook, queued=queued) as server:
        await server.answer(2)
        server.process.send_signal(number)
        assert await server.ended() == -number


async def test_a_broken_installation_ends_at_once_without_the_greeting(tmp_path: Path) -> None:
    hook = at_import(tmp_path, ("mcp_types",), BROKEN)
    async with wired(environment(tmp_path, CLOSED, GEMINI_MCP_GREETING="false") | hook) as server:
        assert await server.ended() == 1
    assert server.messages == []
    assert b"ImportError: No module named 'mcp'" in server.stderr


async def test_what_a_broken_installation_says_of_other_errors_has_none_of_their_text(tmp_path: Path) -> None:
    hook = at_import(tmp_path, ("mcp_types",), "raise ValueError('hush-4711')")
    async with wired(environment(tmp_path, CLOSED) | hook) as server:
        await server.open(NEWEST)
        said = (await server.answer(server.request("resources/list")))["error"]["message"]
    assert "ValueError" in said
    assert "hush" not in said
