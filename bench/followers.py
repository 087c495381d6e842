"""A thousand research runs followed at once.

    python bench/followers.py [runs] [seconds]

Starts that many runs, which the emulator (a process of its own) finishes after that many seconds, and prints how
much of a processor the server takes while it follows them, how many connections it holds open, its memory, and
whether all of them completed.
"""

import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from calls import child_of_this_process, emulated, resident, server_at
from mcp import Client

RUNS = 1_000
SECONDS = 60
AT_ONCE = 20
TICKS = 100
"""Of a processor's time in a second, in /proc (man 5 proc)."""


async def start(client: Client, seconds: int, number: int, limiter: anyio.CapacityLimiter) -> None:
    async with limiter:
        prompt = f"Run {number} [[seconds={seconds}]]"
        result = await client.call_tool("start_research", {"prompt": prompt, "force": True})
        assert not result.is_error, result.content


async def completed(client: Client) -> int:
    found = 0
    arguments: dict[str, Any] = {"kind": "research", "status": "completed", "limit": 100}
    while True:
        result = await client.call_tool("list_interactions", arguments)
        page: dict[str, Any] = result.structured_content or {}
        found += len(page["interactions"])
        if "next_cursor" not in page:
            return found
        arguments["cursor"] = page["next_cursor"]


def processor_seconds(process: Path) -> float:
    fields = (process.parent / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def sockets(process: Path) -> int:
    return sum("socket" in str(link.readlink()) for link in (process.parent / "fd").iterdir())


async def measure(url: str, folder: Path, runs: int, seconds: int) -> None:
    async with Client(server_at(url, folder)) as client:
        await client.call_tool("list_interactions", {})
        process = child_of_this_process("gemini_interactions_mcp")
        assert process is not None, "needs /proc"
        limiter = anyio.CapacityLimiter(AT_ONCE)
        began = time.perf_counter()
        async with anyio.create_task_group() as tasks:
            for number in range(runs):
                tasks.start_soon(start, client, seconds, number, limiter)
        print(f"{runs} runs started in {time.perf_counter() - began:.0f} s")
        shares: list[float] = []
        open_: list[int] = []
        while (done := await completed(client)) < runs and time.perf_counter() - began < 4 * seconds + 120:
            before, at = processor_seconds(process), time.perf_counter()
            await anyio.sleep(5)
            shares.append((processor_seconds(process) - before) / (time.perf_counter() - at))
            open_.append(sockets(process))
        following = shares[: max(1, int(seconds / 5) - 1)]
        print(f"processor while following: {100 * statistics.median(following):.0f} % of one (median of 5 s)")
        print(f"connections open: {max(open_)} at the most; memory: {resident(process):.0f} MiB")
        print(f"completed: {done} of {runs}, after {time.perf_counter() - began:.0f} s")


def main() -> None:
    runs, seconds = (int(value) for value in (sys.argv[1:] + [str(RUNS), str(SECONDS)][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as name, emulated() as url:
        anyio.run(partial(measure, url, Path(name), runs, seconds))


if __name__ == "__main__":
    main()
