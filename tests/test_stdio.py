"""The real server over real pipes: both protocol eras, every way to end it, and a clean stdout."""

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from mcp import Client, StdioServerParameters
from mcp_types import JSONRPCResponse, TextContent

from conftest import KEY, Mode
from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.server.tools.table import TOOLS
from gemini_interactions_mcp.transports import stdio
from wired import (
    HANDSHAKES,
    MODERN,
    PATIENCE,
    SERVE,
    Wired,
    at_import,
    envelope,
    environment,
    hello,
    journal,
    let_leases_run_out,
    line,
    text_of,
    wired,
)

pytestmark = pytest.mark.usefixtures("greeting")

NEWEST = HANDSHAKES[-1]
SIGNALS = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows cannot send a process SIGTERM or SIGINT; a host closes stdin there"
)
CLOSED = "http://127.0.0.1:9"


@pytest.mark.slow
@pytest.mark.parametrize("version", HANDSHAKES)
async def test_a_host_of_each_handshake_revision_initializes_lists_and_calls(version: str, tmp_path: Path) -> None:
    async with wired(environment(tmp_path, CLOSED)) as server:
        opened = await server.open(version)
        listed = await server.result("tools/list")
        refused = await server.call("gemini_ask", prompt="Why?", colour="blue")
    assert opened["protocolVersion"] == version
    assert opened["serverInfo"]["version"] == __version__
    assert [tool["name"] for tool in listed["tools"]][:2] == ["gemini_ask", "gemini_continue"]
    assert len(listed["tools"]) == len(TOOLS)
    assert refused["isError"] is True
    assert refused["content"][0]["text"].startswith("Unknown argument `colour`.")


ANY_CALL: dict[str, dict[str, object]] = {
    "gemini_ask": {"prompt": "Why?"},
    "gemini_continue": {"prompt": "Why?", "previous_interaction_id": "v1_x"},
    "analyze_file": {"prompt": "Why?", "files": ["a.png"]},
    "generate_image": {"prompt": "A bike"},
    "generate_audio": {"prompt": "A bike"},
    "generate_video": {"prompt": "A bike"},
    "start_research": {"prompt": "Tides"},
    "check_research": {"interaction_id": "v1_x"},
    "cancel_research": {"interaction_id": "v1_x"},
    "manage_store": {"action": "list"},
    "list_interactions": {},
    "read_interaction": {"interaction_id": "v1_x"},
    "delete_interaction": {"interaction_id": "v1_x"},
}


@pytest.mark.slow
@pytest.mark.parametrize("version", [NEWEST, MODERN])
@pytest.mark.parametrize(
    ("variable", "value", "meant"),
    [
        ("GEMINI_MCP_WAIT_SECONDS", "abc-4f1a", "should be a number of at least 0"),
        ("GEMINI_MCP_PREVIEWS", "maybe-4f1a", "should be true or false"),
        ("GEMINI_MCP_SERVERS", "{4f1a", "is not JSON like"),
        ("GEMINI_MCP_ALLOWED_DIRS", '["/4f1a', "is not JSON like"),
    ],
)
async def test_a_wrong_setting_stops_no_start_and_every_call_says_it(
    variable: str, value: str, meant: str, version: str, tmp_path: Path
) -> None:
    async with wired({**environment(tmp_path, CLOSED), variable: value}) as server:
        await server.open(version)
        listed = await server.result("tools/list")
        assert [tool["name"] for tool in listed["tools"]] == list(ANY_CALL)
        for tool, arguments in ANY_CALL.items():
            refused = await server.call(tool, **arguments)
            assert refused["isError"] is True
            said = refused["content"][0]["text"]
            assert said.startswith(variable)
            assert meant in said
            assert said.endswith(
                "Until the user sets that right where the host configures this server, and restarts "
                "it, nothing is done."
            )
        read = await server.answer(server.request("resources/read", uri="gemini://interactions"))
        assert variable in read["error"]["message"]
    assert variable.encode() in server.stderr
    assert b"Traceback" not in server.stderr
    assert b"4f1a" not in server.stderr + b"".join(server.stdout)
    assert not (tmp_path / "journal.sqlite3").exists()


@pytest.mark.slow
async def test_a_host_of_the_newest_revision_discovers_lists_and_calls(tmp_path: Path) -> None:
    async with wired(environment(tmp_path, CLOSED)) as server:
        opened = await server.open(MODERN)
        listed = await server.result("tools/list")
        refused = await server.call("gemini_ask", prompt="Why?", colour="blue")
    assert opened["supportedVersions"] == [MODERN]
    assert opened["_meta"]["io.modelcontextprotocol/serverInfo"]["version"] == __version__
    assert len(listed["tools"]) == len(TOOLS)
    assert refused["resultType"] == "complete"
    assert refused["isError"] is True


@pytest.mark.slow
async def test_the_client_of_the_sdk_lists_and_asks_in_both_modes(tmp_path: Path, url: str) -> None:
    env = environment(tmp_path, url)
    answers: dict[Mode, str] = {}

    async def ask(mode: Mode) -> None:
        parameters = StdioServerParameters(command=SERVE[0], args=list(SERVE[1:]), env=env)
        async with Client(parameters, mode=mode) as client:
            assert client.server_info is not None
            assert client.server_info.version == __version__
            assert len((await client.list_tools()).tools) == len(TOOLS)
            result = await client.call_tool("gemini_ask", {"prompt": f"Why {mode}?"})
            assert not result.is_error
            assert isinstance(result.content[0], TextContent)
            answers[mode] = f"{client.protocol_version}: {result.content[0].text}"

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, "auto")
        tasks.start_soon(ask, "legacy")
    assert answers["auto"].startswith(MODERN)
    assert "Why auto?" in answers["auto"]
    assert answers["legacy"].startswith(NEWEST)
    assert "Why legacy?" in answers["legacy"]


@pytest.mark.slow
async def test_a_probe_given_up_before_the_server_was_up_does_not_lock_the_connection(tmp_path: Path) -> None:
    probe = line("server/discover", 101, {"_meta": {"io.modelcontextprotocol/protocolVersion": MODERN}})
    given_up = line("notifications/cancelled", None, {"requestId": 101})
    queued = probe + given_up + line("initialize", 102, hello(NEWEST))
    async with wired(environment(tmp_path, CLOSED), queued=queued) as server:
        initialized = await server.answer(102)
        server.notify("notifications/initialized")
        await server.result("tools/list")
    assert initialized["result"]["protocolVersion"] == NEWEST
    assert server.answers(101) == []


def hang_up(server: Wired) -> None:
    server.hang_up()


def terminate(server: Wired) -> None:
    server.process.send_signal(signal.SIGTERM)


def interrupt(server: Wired) -> None:
    server.process.send_signal(signal.SIGINT)


def close_terminal(server: Wired) -> None:
    server.process.send_signal(signal.SIGHUP)


BY_SIGNAL: dict[str, Callable[[Wired], None]] = {"SIGTERM": terminate, "SIGINT": interrupt, "SIGHUP": close_terminal}
ENDINGS = {"EOF": hang_up, **(BY_SIGNAL if sys.platform != "win32" else {})}


@pytest.mark.slow
async def test_asks_in_flight_when_the_server_is_ended_are_read_by_the_next_and_paid_once(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    env = environment(tmp_path, url)
    holds = {name: Fault("create", "hold", match=f"{name} mean") for name in ENDINGS}
    stalls = {name: Fault("create", "stall", match=f"{name} good for") for name in ENDINGS}
    emulator.faults += [*holds.values(), *stalls.values()]
    statuses: dict[str, int] = {}

    async def interrupted(name: str, end: Callable[[Wired], None]) -> None:
        async with wired(env) as server:
            await server.open(NEWEST if end is hang_up else MODERN)
            asked = server.request("tools/call", name="gemini_ask", arguments={"prompt": f"What does {name} mean?"})
            server.request("tools/call", name="gemini_ask", arguments={"prompt": f"What is {name} good for?"})
            await holds[name].reached.wait()
            await stalls[name].reached.wait()
            end(server)
            if name == "SIGTERM":  # an impatient host, which sends more signals once the shutdown has begun
                assert "error" in await server.answer(asked)
                terminate(server)
                interrupt(server)
            statuses[name] = await server.ended()

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for name, end in ENDINGS.items():
                tasks.start_soon(interrupted, name, end)
    held = [key for key, each in emulator.interactions.items() if "mean" in each.body["input"]]
    assert statuses == dict.fromkeys(ENDINGS, 0)
    assert journal(tmp_path) == {None: "unknown"} | dict.fromkeys(held, "in_progress")
    assert emulator.cancels == []

    for fault in emulator.faults:
        fault.release.set()
    async with wired(env) as server:
        await server.open(MODERN)
        read = [await server.said("read_interaction", interaction_id=each, wait_seconds=20) for each in held]
    assert len(read) == len(ENDINGS)
    for name in ENDINGS:
        assert any(f"You asked: “What does {name} mean?”" in text for text in read)
    assert len(emulator.creates) == 2 * len(ENDINGS)


@pytest.mark.slow
async def test_research_survives_a_kill_and_is_not_bought_again(tmp_path: Path, url: str, emulator: Emulator) -> None:
    env = environment(tmp_path, url)
    running, unnamed = Fault("create", "hold", match="tides"), Fault("create", "stall", match="moons")
    emulator.faults += [running, unnamed]
    async with wired(env) as server:
        await server.open(MODERN)
        started = await server.said("start_research", prompt="How do tides work?")
        server.request("tools/call", name="start_research", arguments={"prompt": "How many moons are there?"})
        with anyio.fail_after(PATIENCE):
            await unnamed.reached.wait()
        server.process.kill()
        assert await server.ended() != 0
    (running_id, *_) = emulator.interactions
    assert running_id in started
    assert journal(tmp_path) == {running_id: "in_progress", None: "unknown"}

    let_leases_run_out(tmp_path)
    running.release.set()
    unnamed.release.set()
    async with wired(env) as server:
        await server.open(MODERN)
        again = await server.call("start_research", prompt="How many moons are there?")
        report = await server.said("check_research", interaction_id=running_id, wait_seconds=20)
    assert again["isError"] is True
    assert "was not sent again" in again["content"][0]["text"]
    assert "# Research report: How do tides work?" in report
    assert len(emulator.creates) == 2


@pytest.mark.slow
@SIGNALS
@pytest.mark.parametrize("name", BY_SIGNAL)
async def test_a_signal_while_the_sdk_is_still_imported_ends_with_status_0(name: str, tmp_path: Path) -> None:
    hook = at_import(tmp_path, ("mcp",), f"os.kill(os.getpid(), signal.{name})")
    async with wired(environment(tmp_path, CLOSED, measured=True, **hook)) as server:
        assert await server.ended() == 0
    assert server.stderr == b""


@pytest.mark.slow
@SIGNALS
async def test_a_signal_while_a_slow_module_hangs_in_its_import_ends_with_status_0(tmp_path: Path) -> None:
    hook = at_import(tmp_path, ("google.genai",), "os.kill(os.getpid(), signal.SIGTERM)\nthreading.Event().wait()")
    async with wired(environment(tmp_path, CLOSED, measured=True, **hook)) as server:
        # Nothing is sent after this, since the server may have ended by then.
        server.request("initialize", **hello(NEWEST))
        assert await server.ended() == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a pipe cannot be filled without blocking on Windows")
async def test_a_host_that_reads_no_more_cannot_keep_the_server_alive(tmp_path: Path) -> None:
    reading, full = os.pipe()
    try:
        fill(full)
        queued = line("initialize", 1, hello(NEWEST))
        async with wired(environment(tmp_path, CLOSED, measured=True), queued=queued, stdout=full) as server:
            server.hang_up()
            assert await server.ended() == 0
    finally:
        os.close(reading)
        os.close(full)


@pytest.mark.slow
@SIGNALS
async def test_a_server_that_nohup_has_started_outlives_its_terminal(tmp_path: Path) -> None:
    async with wired(environment(tmp_path, CLOSED, measured=True), script='trap "" HUP; exec "$@"') as server:
        await server.open(NEWEST)
        close_terminal(server)
        await server.result("ping")


@SIGNALS
async def test_a_host_that_closes_stdout_ends_the_server_quietly_and_loses_nothing(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    emulator.faults.append(hold := Fault("create", "hold"))
    reading, stdout = os.pipe()
    async with wired(environment(tmp_path, url, measured=True), stdout=stdout) as server:
        os.close(stdout)
        server.write(line("initialize", 1, hello(NEWEST)) + line("notifications/initialized"))
        server.write(line("tools/call", 2, {"name": "gemini_ask", "arguments": {"prompt": "Still there?"}}))
        await hold.reached.wait()
        os.close(reading)
        server.write(line("ping", 3))
        assert await server.ended() == 0
    [asked] = emulator.interactions
    assert journal(tmp_path) == {asked: "in_progress"}
    assert server.stderr == b""


@pytest.mark.slow
@SIGNALS
async def test_without_stderr_it_serves(tmp_path: Path, url: str) -> None:
    env = environment(tmp_path, url, measured=True, GEMINI_MCP_LOG_LEVEL="DEBUG")
    async with wired(env, script='exec "$@" 2>&-') as server:
        await server.open(MODERN)
        assert "Hello?" in await server.said("gemini_ask", prompt="Hello?")
        server.hang_up()
        assert await server.ended() == 0


@pytest.mark.slow
@SIGNALS
@pytest.mark.parametrize("closed", ["<&-", "<&- 2>&-", ">&- <&-"])
async def test_without_stdin_it_ends_at_once(closed: str, tmp_path: Path) -> None:
    async with wired(environment(tmp_path, CLOSED, measured=True), script=f'exec "$@" {closed}') as server:
        assert await server.ended() == 0
    assert server.stderr == b""


@pytest.mark.slow
@SIGNALS
async def test_a_stdin_that_does_not_block_is_no_end(tmp_path: Path) -> None:
    async with wired(environment(tmp_path, CLOSED, measured=True), blocking=False) as server:
        await server.open(NEWEST)
        assert await server.result("ping") == {}


@pytest.mark.slow
@SIGNALS
async def test_a_full_stderr_that_nobody_reads_holds_nothing_up(tmp_path: Path, url: str) -> None:
    os.mkfifo(fifo := tmp_path / "stderr")
    full = os.open(fifo, os.O_RDWR)
    fill(full)
    env = environment(tmp_path, url, measured=True, GEMINI_MCP_LOG_LEVEL="DEBUG")
    try:
        async with wired(env, script=f'exec "$@" 2>{fifo}') as server:
            await server.open(MODERN)
            assert "Hello?" in await server.said("gemini_ask", prompt="Hello?")
            server.hang_up()
            assert await server.ended() == 0
    finally:
        os.close(full)


def fill(pipe: int) -> None:
    """Write until a pipe accepts no more."""
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while os.write(pipe, b"\n" * 1024):
            pass
    os.set_blocking(pipe, True)


NOISE = """
print("printed", flush=True)
print("printed and not flushed")
os.write(1, b"written to the descriptor\\n")
subprocess.run([sys.executable, "-S", "-c", "print('printed by a child')"], check=True)
warnings.warn("warned")
"""


async def test_nothing_but_json_rpc_reaches_stdout_whatever_libraries_print(tmp_path: Path, url: str) -> None:
    hook = at_import(tmp_path, ("mcp", "google.genai", "sqlalchemy", "PIL"), NOISE)
    env = environment(
        tmp_path,
        url,
        measured=True,
        **hook,
        PYTHONWARNINGS="always",
        GEMINI_MCP_LOG_LEVEL="DEBUG",
        GOOGLE_GENAI_DEBUG="1",
    )
    async with wired(env) as server:
        await server.open(NEWEST)
        answer = await server.said("gemini_ask", prompt="Quiet?")
    assert "Quiet?" in answer
    assert server.nothing_else_on_stdout()
    for noise in (b"printed\n", b"written to the descriptor\n", b"printed by a child\n", b"UserWarning: warned"):
        assert server.stderr.count(noise) >= 4
    assert KEY.encode() not in server.stderr


@pytest.mark.slow
async def test_garbage_on_stdin_does_not_end_the_server(tmp_path: Path) -> None:
    garbage = (
        b'not json\n\n\xff\xfe\x80\n{"jsonrpc": "2.0"\n[1, 2]\nnull\n{"jsonrpc": "1.0", "id": 7}\n"'
        + b"x" * 50_000
        + b"\n"
    )
    async with wired(environment(tmp_path, CLOSED), queued=garbage) as server:
        await server.open(NEWEST)
        server.write(garbage)
        server.write(b'{"jsonrpc":"2.0","id":900,"method":"ping","params":{"_meta":{"progressToken":"\xff"}}}\n')
        assert (await server.answer(900))["result"] == {}


@pytest.mark.slow
@pytest.mark.parametrize("version", [NEWEST, MODERN])
async def test_who_waits_for_a_line_that_is_wrong_is_answered_and_the_next_goes_on(
    version: str, tmp_path: Path, url: str
) -> None:
    ask = {"name": "gemini_ask", "arguments": {"prompt": "Cut \ud83d here"}}
    enveloped = envelope() if version == MODERN else {}
    async with wired(environment(tmp_path, url, measured=True)) as server:
        await server.open(version)
        server.write(line("tools/call", 900, ask | enveloped))
        server.write(b'{"jsonrpc": "2.0", "id": 901, "method": "tools/list", "params": [1]}\n')
        server.write(b'[{"jsonrpc": "2.0", "id": 902, "method": "tools/list"}]\n')
        server.write(b'{"jsonrpc": "2.0", "id": 903, "method": "tools/list", "params": {"a": ' + b"[" * 10**5 + b"}}\n")
        await anyio.to_thread.run_sync(server.write, b'{"id": 904, "method": "' + b"x" * 40 * 2**20 + b'"}\n')
        assert "Cut \ufffd here" in text_of((await server.answer(900))["result"])
        codes = [(await server.answer(number))["error"]["code"] for number in range(901, 905)]
        assert len((await server.result("tools/list"))["tools"]) == len(TOOLS)
    assert codes == [-32600, -32600, -32700, -32600]


def test_half_a_surrogate_pair_in_an_answer_does_not_end_the_server() -> None:
    answer = JSONRPCResponse(jsonrpc="2.0", id=1, result={"text": "\ud83d", "\ude00": ["\U0001f600"]})
    said = json.loads(stdio.serialize_message(answer).encode())
    assert said == {"jsonrpc": "2.0", "id": 1, "result": {"text": "\ufffd", "\ufffd": ["\U0001f600"]}}


@pytest.mark.slow
async def test_a_host_gone_before_the_server_is_up_is_answered_though_its_last_line_has_no_end(tmp_path: Path) -> None:
    async with wired(environment(tmp_path, CLOSED), queued=line("initialize", 1, hello(NEWEST))[:-1]) as server:
        server.hang_up()
        assert (await server.answer(1))["result"]["protocolVersion"] == NEWEST
        assert await server.ended() == 0


@pytest.mark.slow
async def test_without_a_key_or_a_network_it_serves_and_the_first_call_says_what_is_missing(tmp_path: Path) -> None:
    refusals: dict[str, str] = {}

    async def ask(missing: str, env: dict[str, str]) -> None:
        async with wired(env) as server:
            await server.open(MODERN)
            assert len((await server.result("tools/list"))["tools"]) == len(TOOLS)
            refused = await server.call("gemini_ask", prompt="Why?")
            assert refused["isError"] is True
            refusals[missing] = refused["content"][0]["text"]

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, "key", environment(tmp_path, CLOSED, GEMINI_API_KEY=None))
        tasks.start_soon(ask, "network", environment(tmp_path, CLOSED))
    assert refusals["key"].startswith("No Gemini API key is set. Put GEMINI_API_KEY")
    assert refusals["network"].startswith("Google cannot be reached; nothing was sent or charged.")
