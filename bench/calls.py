"""What a call through this server costs more than the same call made with google-genai itself, and what a host notices.

    python bench/calls.py [calls]

One emulator in its own process serves both. The same call is what this server sends for `gemini_ask`: a create in
the background with a stream, read to its end, and one get. Calls alternate, so that a machine that slows down slows
both. Printed: added latency at p50 and p99, throughput with 200 calls at once as a ratio, the time from the
emulator's first event to the client's first progress, and the memory that 1,000 interactions leave behind.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
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


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    with tempfile.TemporaryDirectory() as name, emulated() as url:
        anyio.run(measure, url, Path(name), calls)


if __name__ == "__main__":
    main()
