"""The command line: refusals, help, and serving over HTTP."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread
import httpx2
import pytest
from anyio.abc import Process, TaskStatus
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from conftest import KEY, Mode
from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.cli.main import main
from gemini_interactions_mcp.cli.parser import EMULATOR_PORT, HTTP_PORT, build_parser, choose_port
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.server.tools.table import TOOLS
from wired import MODERN, PATIENCE, SERVE, Json, command, envelope, environment, journal

LOOPBACK = "127.0.0.1"
ACCEPT = {"accept": "application/json, text/event-stream"}
MODERN_HEADERS = {"mcp-protocol-version": MODERN, "mcp-method": "tools/list"}


def test_version_says_the_version_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize(
    ("argv", "http", "emulator"),
    [
        ([], 8765, 8766),
        (["--port", "9"], 9, 9),
        (["--port", "9", "emulator"], 9, 9),
        (["emulator", "--port", "0"], 0, 0),
        (["view", "--port", "7"], 7, 7),
    ],
)
def test_a_server_and_the_emulator_it_uses_have_ports_of_their_own(argv: list[str], http: int, emulator: int) -> None:
    arguments = build_parser().parse_args(argv)
    assert (choose_port(arguments, HTTP_PORT), choose_port(arguments, EMULATOR_PORT)) == (http, emulator)


def test_help_names_every_command_and_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    for word in (
        "demo",
        "emulator",
        "install",
        "doctor",
        "usage",
        "view",
        "--http",
        "--port",
        "--version",
        "default 8765",
        "default 8766",
    ):
        assert word in out


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["demo", "--port", "1"], "unrecognized arguments: --port"),
        (["--port"], "--port: expected one argument"),
        (["--http", "--port", "65536"], "a port is a number from 0 to 65535"),
        (["--http", "--port", "-1"], "--port"),
        (["serve", "--host", "0.0.0.0"], "need --http"),
        (["serve", "--no-auth"], "need --http"),
        (["serve", "--http", "--drain-seconds", "9999"], "seconds are a number from 0 to 3600"),
        (["token"], "the following arguments are required: command"),
        (["admin", "frobnicate"], "invalid choice: 'frobnicate'"),
        (["emulator", "--port", "70000"], "a port is a number from 0 to 65535"),
        (["emulator", "--port", "eighty"], "'eighty'"),
    ],
)
def test_what_it_does_not_know_is_refused_with_its_usage(
    argv: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(argv)
    said = capsys.readouterr()
    assert end.value.code == 2
    assert said.out == ""
    assert said.err.startswith("usage: gemini-interactions-mcp")
    assert complaint in said.err


@pytest.mark.slow
async def test_a_wrong_setting_ends_http_with_status_2_and_the_name_of_the_variable(tmp_path: Path) -> None:
    wrong = environment(tmp_path, None, measured=True, GEMINI_MCP_WAIT_SECONDS="soon")
    status, out, err = await command(wrong, "--http", "--port", "0")
    assert (status, out) == (2, "")
    assert err.startswith("gemini-interactions-mcp: GEMINI_MCP_WAIT_SECONDS should be a number of at least 0.")
    assert "soon" not in err
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there, a closed pipe is another error")
@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        (["doctor"], 0),
        (["doctor", "--live", "--yes"], 0),
        (["emulator", "--port", "0"], 0),
        (["demo"], 0),
        (["demo"], 1),
    ],
)
async def test_a_reader_who_goes_ends_what_prints_with_status_1_and_without_a_word(
    arguments: list[str], read: int, tmp_path: Path, url: str
) -> None:
    reading, writing = os.pipe()
    env = environment(
        tmp_path, None if "demo" in arguments else url, measured=True, PYTHONUNBUFFERED="1" if read else None
    )
    process = await anyio.open_process([*SERVE, *arguments], stdin=subprocess.DEVNULL, stdout=writing, env=env)
    os.close(writing)
    try:
        with anyio.fail_after(PATIENCE):
            if read:
                await anyio.to_thread.run_sync(os.read, reading, 1)
            os.close(reading)
            assert process.stderr is not None
            err = b"".join([chunk async for chunk in process.stderr]).decode()
            assert await process.wait() == 1
    finally:
        with anyio.CancelScope(shield=True):
            await process.aclose()
    assert "Traceback" not in err
    assert "BrokenPipeError" not in err


@asynccontextmanager
async def started(folder: Path, url: str | None, *arguments: str) -> AsyncGenerator[Process]:
    """Run a command that serves until it is told to end."""
    env = environment(folder, url, measured=True)
    process = await anyio.open_process([*SERVE, *arguments], stdin=subprocess.DEVNULL, env=env)
    try:
        with anyio.fail_after(PATIENCE):
            yield process
    finally:
        with anyio.CancelScope(shield=True):
            if process.returncode is None:
                process.kill()
            await process.aclose()


async def told(process: Process, pattern: str, *, on: str) -> str:
    """Read the output of a command until it matches, and return the group of the match."""
    stream = process.stdout if on == "stdout" else process.stderr
    assert stream is not None
    said = ""
    async for chunk in stream:
        said += chunk.decode()
        if match := re.search(pattern, said):
            return match[1]
    pytest.fail(f"it ended and said only {said!r}")


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("mysql://u:canary-word@host/name", "names mysql"),
        ("nonsense", "is not a database URL"),
        ("postgresql://u:canary@word@host/name", "is not a database URL"),
        ("sqlite:///~nobody-of-this-name/journal.sqlite3", "there is no such user"),
    ],
)
def test_http_is_not_served_on_a_database_url_that_names_none(
    address: str, complaint: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_MCP_DATABASE_URL", address)
    assert main(["serve", "--http", "--port", "0"]) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert "Serving" not in said
    assert "canary" not in said


async def ended(process: Process, number: signal.Signals) -> int | None:
    """Send a signal to end, and return the exit status; Windows can only kill."""
    if sys.platform == "win32":
        return 0
    process.send_signal(number)
    return await process.wait()


async def test_http_drains_before_it_ends(tmp_path: Path, url: str) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows can only kill")
    serving = ("serve", "--http", "--no-auth", "--port", "0", "--drain-seconds", "1")
    async with started(tmp_path, url, *serving) as process:
        address = await told(process, r"Serving MCP on (http://\S+)/mcp\n", on="stderr")
        async with httpx2.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE) as web:
            with anyio.fail_after(PATIENCE):
                while (starting := await web.get("/readyz")).status_code != 200:
                    assert starting.json()["status"] == "starting"
                    await anyio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            with anyio.fail_after(PATIENCE):
                while (ready := await web.get("/readyz")).status_code == 200:  # noqa: ASYNC110 - of another process
                    await anyio.sleep(0.05)
            assert (ready.status_code, (await web.get("/healthz")).status_code) == (503, 200)
            assert "draining" in ready.json()["checks"]
            request: Json = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": envelope()}
            assert (await web.post("/mcp", json=request, headers=ACCEPT | MODERN_HEADERS)).status_code == 200
        assert await process.wait() == 0


async def test_streams_end_when_a_drain_begins_and_calls_go_on(tmp_path: Path, url: str, emulator: Emulator) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows can only kill")
    emulator.faults.append(held := Fault("create", "hold", match="sky"))
    async with started(
        tmp_path, url, "serve", "--http", "--no-auth", "--port", "0", "--drain-seconds", "60"
    ) as process:
        address = await told(process, r"Serving MCP on (http://\S+)\n", on="stderr")
        async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as web, anyio.create_task_group() as tasks:
            session = await begin_session(web, address)
            modern = await tasks.start(listen_until_end, web, "POST", address, LISTENING, LISTEN)
            legacy = await tasks.start(listen_until_end, web, "GET", address, session, None)
            tasks.start_soon(is_answered, web, address, "sky", answered := anyio.Event())
            await held.reached.wait()
            process.send_signal(signal.SIGTERM)
            began = anyio.current_time()
            for stream in (modern, legacy):
                await stream.ended.wait()
            assert anyio.current_time() - began < 10
            assert not answered.is_set()
            first, *_, last = re.findall(r"^data: (.*)\r?$", modern.text, re.MULTILINE)
            assert json.loads(first)["method"] == "notifications/subscriptions/acknowledged"
            assert json.loads(last)["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"] == 1
            # A stream that begins meanwhile is ended, too.
            again = await tasks.start(listen_until_end, web, "POST", address, LISTENING, LISTEN)
            await again.ended.wait()
            assert '"result"' in again.text
            held.release.set()
            await answered.wait()
        assert await ended(process, signal.SIGTERM) == 0


async def test_streams_end_with_a_server_that_does_not_drain(tmp_path: Path, url: str) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows can only kill")
    async with started(tmp_path, url, "serve", "--http", "--no-auth", "--port", "0") as process:
        address = await told(process, r"Serving MCP on (http://\S+)\n", on="stderr")
        async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as web, anyio.create_task_group() as tasks:
            session = await begin_session(web, address)
            modern = await tasks.start(listen_until_end, web, "POST", address, LISTENING, LISTEN)
            legacy = await tasks.start(listen_until_end, web, "GET", address, session, None)
            assert await ended(process, signal.SIGTERM) == 0
            await modern.ended.wait()
            await legacy.ended.wait()
            assert '"result"' in modern.text


LISTENING = {"mcp-protocol-version": MODERN, "mcp-method": "subscriptions/listen"}
LISTEN: Json = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "subscriptions/listen",
    "params": {"notifications": {"resourcesListChanged": True}} | envelope(),
}


@dataclass
class Stream:
    """What came in a response, and whether it ended as it should."""

    text: str = ""
    ended: anyio.Event = field(default_factory=anyio.Event)


async def listen_until_end(
    web: httpx2.AsyncClient,
    method: str,
    address: str,
    headers: dict[str, str],
    body: Json | None,
    *,
    task_status: TaskStatus[Stream],
) -> None:
    """Read a stream of notifications until it ends; one that is cut raises an error."""
    stream = Stream()
    with anyio.fail_after(PATIENCE):
        async with web.stream(method, address, json=body, headers=ACCEPT | headers) as response:
            assert response.status_code == 200
            if body is None:
                task_status.started(stream)
            async for part in response.aiter_text():
                if not stream.text and body is not None:
                    task_status.started(stream)
                stream.text += part
    stream.ended.set()


async def begin_session(web: httpx2.AsyncClient, address: str) -> dict[str, str]:
    """Begin a session of 2025-11-25, and return the headers of its requests."""
    client: Json = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
    begin: Json = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client}
    answer = await web.post(address, json=begin, headers=ACCEPT)
    session = {"mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
    done: Json = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert (await web.post(address, json=done, headers=ACCEPT | session)).status_code == 202
    return session


async def is_answered(web: httpx2.AsyncClient, address: str, prompt: str, answered: anyio.Event) -> None:
    """A call gets what it waits for."""
    await is_let_go(web, address, prompt)
    answered.set()


async def test_http_serves_both_modes_on_loopback_refuses_strangers_and_ends_without_losing_a_call(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    hold, stall = Fault("create", "hold", match="sky"), Fault("create", "stall", match="sea")
    emulator.faults += [hold, stall]
    async with started(tmp_path, url, "--http", "--port", "0") as process:
        pattern = r"Serving MCP on (http://127\.0\.0\.1:\d+/mcp\n.*\nAuthorization: Bearer \S+)\n"
        address, _, header = (await told(process, pattern, on="stderr")).split("\n")
        sent = {"authorization": header.removeprefix("Authorization: ")}
        await lists_and_asks(address, "auto", MODERN, sent)
        await lists_and_asks(address, "legacy", "2025-11-25", sent)
        assert only_on_loopback(int(address.split(":")[2].removesuffix("/mcp")))
        await refuses_strangers(address, sent)
        web = httpx2.AsyncClient(headers=sent, trust_env=False, timeout=PATIENCE)
        async with web, anyio.create_task_group() as tasks:
            for fault in (hold, stall):
                tasks.start_soon(is_let_go, web, address, fault.match)
                await fault.reached.wait()
            assert await ended(process, signal.SIGINT) == 0
    (*answered, named, _unnamed) = emulator.interactions
    assert journal(tmp_path) == dict.fromkeys(answered, "completed") | {named: "in_progress", None: "unknown"}
    assert emulator.cancels == []


async def lists_and_asks(address: str, mode: Mode, version: str, sent: dict[str, str]) -> None:
    web = httpx2.AsyncClient(headers=sent, trust_env=False, timeout=PATIENCE)
    async with web, Client(streamable_http_client(address, http_client=web), mode=mode) as client:
        assert client.protocol_version == version
        assert client.server_info is not None
        assert client.server_info.version == __version__
        assert len((await client.list_tools()).tools) == len(TOOLS)
        result = await client.call_tool("gemini_ask", {"prompt": f"Why {mode}? {KEY}"})
        assert isinstance(result.content[0], TextContent)
        assert f"Why {mode}? [secret]" in result.content[0].text


def only_on_loopback(port: int) -> bool:
    """Whether the port is free on another address, which it would not be if it were bound for all addresses."""
    if sys.platform != "linux":  # elsewhere there is one loopback address, or ports are shared
        return True
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as other:
        other.bind(("127.0.0.2", port))
    return True


async def refuses_strangers(address: str, sent: dict[str, str]) -> None:
    request: Json = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": envelope()}
    async with httpx2.AsyncClient(trust_env=False) as web:
        nobody = await web.post(address, json=request, headers=ACCEPT)
        foreign_page = await web.post(address, json=request, headers=ACCEPT | sent | {"origin": "https://evil.example"})
    assert nobody.status_code == 401
    assert foreign_page.status_code == 403


async def is_let_go(web: httpx2.AsyncClient, address: str, prompt: str) -> None:
    """A call that waits returns what is known; it is not cut off."""
    named = {"mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": "gemini_ask"}
    arguments: Json = {"name": "gemini_ask", "arguments": {"prompt": prompt}}
    call: Json = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments | envelope()}
    answer = await web.post(address, json=call, headers=ACCEPT | named)
    assert answer.is_success
    assert "interaction_id: " in answer.text


@pytest.mark.slow
async def test_emulator_says_what_to_set_and_answers_there(tmp_path: Path) -> None:
    async with started(tmp_path, None, "emulator", "--port", "0") as process:
        url = await told(process, r"GOOGLE_GEMINI_BASE_URL=(http://127\.0\.0\.1:\d+)\n", on="stdout")
        async with httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": KEY}, trust_env=False) as web:
            models = (await web.get("/v1/models")).json()
        assert "models/gemini-3.8-flash" in [model["name"] for model in models["models"]]
        assert await ended(process, signal.SIGTERM) == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
@pytest.mark.parametrize(("word", "stream", "line"), [("--http", "stderr", "Serving"), ("emulator", "stdout", "BASE")])
async def test_a_terminal_that_is_closed_ends_it_with_status_0(
    tmp_path: Path, word: str, stream: str, line: str
) -> None:
    async with started(tmp_path, None, word, "--port", "0") as process:
        await told(process, f"({line}).*\n", on=stream)
        assert await ended(process, signal.SIGHUP) == 0


@pytest.mark.slow
async def test_the_emulator_can_be_told_to_behave_the_other_way(tmp_path: Path) -> None:
    async with started(tmp_path, None, "emulator", "--port", "0", "--contrary") as process:
        url = await told(process, r"GOOGLE_GEMINI_BASE_URL=(http://127\.0\.0\.1:\d+)\n", on="stdout")
        async with httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": KEY}, trust_env=False) as web:
            refused = await web.post("/v1/interactions", json={"model": "nope", "input": "x", "stream": True})
        assert (refused.status_code, "event: error" in refused.text) == (200, True)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--http"], ["emulator"]])
async def test_a_port_that_is_taken_is_said_in_a_sentence(arguments: list[str], tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        status, out, err = await command(environment(tmp_path, None, measured=True), *arguments, "--port", port)
    assert (status, out) == (1, "")
    assert err.endswith(". Choose another port with --port.\n")
    assert "Traceback" not in err


@pytest.mark.slow
def test_nothing_slow_is_imported_before_stdin_is_taken() -> None:
    """A host may abandon its first message while the SDK is still being imported."""
    code = "import sys, gemini_interactions_mcp.cli.main; print(*{name.split('.')[0] for name in sys.modules})"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {"anyio", "lazy_loader", "mcp", "pydantic"}.isdisjoint(printed.split())


@pytest.mark.slow
def test_nothing_slow_is_imported_to_greet_a_host() -> None:
    code = "import sys, gemini_interactions_mcp.server.app; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {"PIL", "alembic", "google.genai", "markdown_it", "sqlalchemy"}.isdisjoint(printed.split())
