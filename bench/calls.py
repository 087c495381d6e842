"""What a call through this server costs more than the same call made with google-genai itself, and what a host notices.

    python bench/calls.py [calls]

One emulator in its own process serves both. The same call is what this server sends for `gemini_ask`: a create in
the background with a stream, read to its end, and one get. Calls alternate, so that a machine that slows down slows
both. Printed: added latency at p50 and p99, throughput with 200 calls at once as a ratio, the time from the
emulator's first event to the client's first progress, and the memory that 1,000 interactions leave behind. Then the
latency of pings over raw pipes while something large happens beside them (nothing; an answer of 64 MiB, read page by
page; a line of 32 MiB), and that of asks while ten searches read a journal of 20,000 rows.
"""

import itertools
import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
from google import genai
from google.genai import types
from mcp import Client, StdioServerParameters

CALLS = 500
AT_ONCE = 200
INTERACTIONS = 1_000
IN_FLIGHT = 100
BUSY_SECONDS = 8
PING_SECONDS = 0.01
WORDS_OF_64_MIB = 12_500_000
LINE_BYTES = 32 * 2**20
SEARCHES = 10
ROWS = 20_000
MODEL = "gemini-3.8-flash"
Call = Callable[[], Awaitable[None]]


@contextmanager
def emulated() -> Generator[str]:
    """The emulator as a process of its own."""
    command = [sys.executable, "-m", "gemini_interactions_mcp", "emulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        finally:
            process.terminate()


def server_at(url: str, folder: Path) -> StdioServerParameters:
    """This server over stdio, on the emulator."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "gemini_interactions_mcp"],
        env={
            "GEMINI_API_KEY": "bench",
            "GOOGLE_GEMINI_BASE_URL": url,
            "GEMINI_MCP_OUTPUT_DIR": str(folder / "output"),
            "GEMINI_MCP_DATABASE_URL": f"sqlite+aiosqlite:///{(folder / 'journal.sqlite3').as_posix()}",
        },
    )


def direct(url: str) -> genai.Client:
    """google-genai as this server sets it up, without retries."""
    return genai.Client(
        api_key="bench",
        vertexai=False,
        http_options=types.HttpOptions(base_url=url, retry_options=types.HttpRetryOptions(attempts=1)),
    )


async def ask_directly(client: genai.Client) -> None:
    interactions: Any = client.aio.interactions
    interaction_id = ""
    async with await interactions.create(model=MODEL, input="Hi", background=True, stream=True, store=True) as stream:
        async for event in stream:
            if event.event_type == "interaction.created":
                interaction_id = event.interaction.id
    found = await interactions.get(interaction_id, include_input=True)
    assert found.status == "completed", found.status


async def ask_here(client: Client) -> None:
    result = await client.call_tool("gemini_ask", {"prompt": "Hi"})
    assert not result.is_error, result.content


async def timed(call: Call) -> float:
    began = time.perf_counter()
    await call()
    return (time.perf_counter() - began) * 1000


async def latency(here: Call, there: Call, calls: int) -> None:
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(calls):
        theirs.append(await timed(there))
        ours.append(await timed(here))
    for label, at in (("p50", 50), ("p99", 99)):
        a, b = percentile(ours, at), percentile(theirs, at)
        print(f"{label}: here {a:.1f} ms, google-genai {b:.1f} ms, added {a - b:+.1f} ms")


def percentile(values: list[float], at: int) -> float:
    return statistics.quantiles(values, n=100)[at - 1]


async def throughput(here: Call, there: Call) -> None:
    seconds: dict[str, list[float]] = {"here": [], "there": []}
    for _ in range(3):
        seconds["there"].append(await together(there))
        seconds["here"].append(await together(here))
    ours, theirs = (AT_ONCE / statistics.median(seconds[label]) for label in ("here", "there"))
    print(f"{AT_ONCE} at once: here {ours:.0f}/s, google-genai {theirs:.0f}/s, ratio {ours / theirs:.2f}")


async def together(call: Call) -> float:
    began = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(timed, call)
    return time.perf_counter() - began


async def responsiveness(client: Client) -> None:
    """How long tools/list takes while 100 asks are in flight."""
    times: list[float] = []

    async def ask() -> None:
        await client.call_tool("gemini_ask", {"prompt": f"[[seconds={BUSY_SECONDS}]]"})

    async def list_tools() -> None:
        await client.session.list_tools()

    async with anyio.create_task_group() as tasks:
        for _ in range(IN_FLIGHT):
            tasks.start_soon(ask)
        await anyio.sleep(BUSY_SECONDS / 2)
        for _ in range(20):
            times.append(await timed(list_tools))
            await anyio.sleep(0.05)
    print(
        f"tools/list with {IN_FLIGHT} asks in flight: median {statistics.median(times):.1f} ms, worst {max(times):.1f}"
    )


async def first_progress(client: Client) -> None:
    """From the call to its first and second progress: the second follows the emulator's first events."""
    times: list[float] = []
    for _ in range(20):
        began = time.perf_counter()
        seen: list[float] = []

        async def heard(progress: float, total: float | None, message: str | None) -> None:
            del progress, total
            if message and "v1_" in message:
                seen.append((time.perf_counter() - began) * 1000)  # noqa: B023 - called within this round

        await client.call_tool("gemini_ask", {"prompt": "[[seconds=1.2]]"}, progress_callback=heard)
        times += seen[:1]
    print(f"first progress that names the interaction: {statistics.median(times):.0f} ms after the call (median)")


async def memory(here: Call) -> None:
    process = child_of_this_process("gemini_interactions_mcp")
    if process is None:
        return
    await together(here)
    before = resident(process)
    for _ in range(INTERACTIONS // AT_ONCE):
        await together(here)
    after = resident(process)
    print(f"memory: {before:.0f} MiB, after {INTERACTIONS} more interactions {after:.0f} MiB ({after - before:+.1f})")


def resident(status: Path) -> float:
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def child_of_this_process(name: str) -> Path | None:
    """The status of the server that the client has started, where the system tells it in /proc."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            command = (status.parent / "cmdline").read_bytes().split(b"\0")
            ours = f"PPid:\t{os.getpid()}\n" in status.read_text()
        except OSError:  # it has ended meanwhile
            continue
        if ours and name.encode() in command and b"emulator" not in command:
            return status
    return None


async def measure(url: str, folder: Path, calls: int) -> None:
    sdk = direct(url)
    async with Client(server_at(url, folder)) as client:

        async def here() -> None:
            await ask_here(client)

        async def there() -> None:
            await ask_directly(sdk)

        for call in (here, there, here, there):
            await call()
        await latency(here, there, calls)
        await throughput(here, there)
        await responsiveness(client)
        await first_progress(client)
        await memory(here)


class Pipes:
    """A server over its pipes: what is read of it is not slowed down by what is written."""

    def __init__(self, url: str, folder: Path) -> None:
        parameters = server_at(url, folder)
        self._process = subprocess.Popen(
            [parameters.command, *parameters.args],
            env={**os.environ, **(parameters.env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._numbers = itertools.count(1)
        self._writing = threading.Lock()
        self._answers: dict[int, tuple[float, Any]] = {}
        self._answered = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        asked = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        self.call("initialize", asked)
        self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def __enter__(self) -> "Pipes":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def call(self, method: str, params: object = None) -> tuple[float, Any]:
        """When a request was answered, in milliseconds after it began to be written, and its answer."""
        number = next(self._numbers)
        line = self._line({"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}})
        began = time.perf_counter()
        self._put(line)
        with self._answered:
            assert self._answered.wait_for(lambda: number in self._answers, 300), method
        at, answer = self._answers.pop(number)
        return (at - began) * 1000, answer

    def tool(self, name: str, **arguments: object) -> str:
        """The text of a tool's result."""
        _, answer = self.call("tools/call", {"name": name, "arguments": arguments})
        return answer["result"]["content"][0]["text"] if "result" in answer else str(answer)

    def _write(self, message: object) -> None:
        self._put(self._line(message))

    def _line(self, message: object) -> bytes:
        return json.dumps(message).encode() + b"\n"

    def _put(self, line: bytes) -> None:
        assert self._process.stdin is not None
        with self._writing:
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            at, message = time.perf_counter(), json.loads(line)
            if "method" not in message:
                with self._answered:
                    self._answers[message["id"]] = at, message
                    self._answered.notify_all()


def pinged(pipes: Pipes, what: Callable[[], object]) -> list[float]:
    """The latencies of pings, in milliseconds, while something is done."""
    done = threading.Event()
    times: list[float] = []

    def ping() -> None:
        while not done.is_set():
            times.append(pipes.call("ping")[0])
            time.sleep(PING_SECONDS)

    pinging = threading.Thread(target=ping)
    pinging.start()
    try:
        what()
    finally:
        done.set()
        pinging.join()
    return times


def told(label: str, times: list[float]) -> None:
    """Print latencies."""
    worst = sorted(times)[-3:]
    print(
        f"{label}: {len(times)} pings, median {statistics.median(times):.1f} ms, the latest three "
        f"{', '.join(f'{each:.0f}' for each in worst)} ms"
    )


def large(url: str, folder: Path) -> None:
    """Pings while something large happens."""
    with Pipes(url, folder) as pipes:
        pipes.tool("gemini_ask", prompt="Hi")
        told("beside nothing", pinged(pipes, lambda: time.sleep(3)))
        text = ""

        def ask() -> None:
            nonlocal text
            text = pipes.tool("gemini_ask", prompt=f"[[words={WORDS_OF_64_MIB}]]", wait_seconds=120)

        told("beside an answer of 64 MiB", pinged(pipes, ask))
        found = re.search(r"interaction_id: (\S+)", text)
        assert found, text

        def read() -> None:
            for page in (2, 1000, 5):
                pipes.tool("read_interaction", interaction_id=found[1], page=page)

        told("beside three pages of it", pinged(pipes, read))
        told("beside a line of 32 MiB", pinged(pipes, lambda: pipes.tool("gemini_ask", prompt="x" * LINE_BYTES)))


def searched(url: str, folder: Path) -> None:
    """Asks while searches read the journal."""
    with Pipes(url, folder) as pipes:
        pipes.tool("gemini_ask", prompt="Hi")
        fill(folder / "journal.sqlite3")

        def search() -> None:
            searches = [
                threading.Thread(target=pipes.tool, args=("list_interactions",), kwargs={"query": f"nothing {number}"})
                for number in range(SEARCHES)
            ]
            for each in searches:
                each.start()
            for each in searches:
                each.join()

        alone = [timed_tool(pipes) for _ in range(20)]
        began = time.perf_counter()
        searching = threading.Thread(target=search)
        searching.start()
        beside: list[float] = []
        while searching.is_alive():
            beside.append(timed_tool(pipes))
        searching.join()
        seconds = time.perf_counter() - began
        print(
            f"an ask: alone {statistics.median(alone):.0f} ms, beside {SEARCHES} searches that take {seconds:.1f} s "
            f"together: median {statistics.median(beside):.0f}, worst {max(beside):.0f}"
        )


def timed_tool(pipes: Pipes) -> float:
    began = time.perf_counter()
    pipes.tool("gemini_ask", prompt=f"Hi {began}")
    return (time.perf_counter() - began) * 1000


def fill(journal: Path) -> None:
    """Copy a row of the journal many times, with texts of its own."""
    with closing(sqlite3.connect(journal)) as database, database:
        columns: list[str] = [row[1] for row in database.execute("pragma table_info(interactions)")]
        own = {"label": "'row-' || value", "interaction_id": "'v1_row-' || value", "text": "hex(randomblob(4000))"}
        chosen = ", ".join(own.get(column) or column for column in columns)
        database.execute(
            f"with recursive numbers(value) as (select 1 union all select value + 1 from numbers where value < {ROWS}) "
            f"insert into interactions select {chosen} from numbers, (select * from interactions limit 1)"
        )


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    with tempfile.TemporaryDirectory() as name, emulated() as url:
        anyio.run(measure, url, Path(name), calls)
        for number, compared in enumerate((large, searched)):
            (folder := Path(name) / str(number)).mkdir()
            compared(url, folder)


if __name__ == "__main__":
    main()
