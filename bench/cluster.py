"""Two servers of a team against one, and many runs followed by two.

    PYTHONPATH=tests python bench/cluster.py PACKAGES [--asks 300] [--runs 10000] [--seconds 60]

PACKAGES is where `make cluster` has put the npm packages. The servers share a real PostgreSQL; clients reach them
directly, by turns. The emulator is a process of its own.
"""

import argparse
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "cluster"))

import anyio
import anyio.to_thread
from mcp import Client
from persons import Person
from topology import Cluster, find_port, listens, wait_for

from journaling import execute

AT_ONCE = 60
PERSONS = 20


def start_emulator() -> tuple[subprocess.Popen[bytes], str]:
    port = find_port()
    command = [str(Path(sys.executable).with_name("gemini-interactions-mcp")), "emulator", "--port", str(port)]
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for(lambda: listens("127.0.0.1", port), "the emulator")
    return started, f"http://127.0.0.1:{port}"


async def call_by_turns(
    persons: Sequence[Person], urls: Sequence[str], calls: int, tool: str, phrase: Callable[[int], dict[str, Any]]
) -> float:
    """Calls a second of so many, of which `AT_ONCE` run together; `phrase` makes the arguments of each."""
    places = anyio.CapacityLimiter(AT_ONCE)

    async def call(client: Client, number: int) -> None:
        async with places:
            result = await client.call_tool(tool, phrase(number))
            assert not result.is_error, result.content

    async def call_all(person: Person, url: str) -> None:
        async with person.client(url) as client, anyio.create_task_group() as tasks:
            for number in range(calls // len(persons)):
                tasks.start_soon(call, client, person.number * calls + number)

    began = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for person in persons:
            tasks.start_soon(call_all, person, urls[person.number % len(urls)])
    return calls / (time.perf_counter() - began)


async def ask_by_turns(persons: Sequence[Person], urls: Sequence[str], asks: int, name: str) -> float:
    """Answers a second of so many asks."""
    return await call_by_turns(persons, urls, asks, "gemini_ask", lambda number: {"prompt": f"{name} {number}"})


async def follow(persons: Sequence[Person], urls: Sequence[str], cluster: Cluster, runs: int, seconds: int) -> None:
    """Start so many runs, and wait until the servers have seen them all end."""

    def phrase(number: int) -> dict[str, Any]:
        return {"prompt": f"run {number} [[seconds={seconds}]]", "force": True}

    began = time.perf_counter()
    await call_by_turns(persons, urls, runs, "start_research", phrase)
    print(f"{runs} runs started in {time.perf_counter() - began:.0f} s")
    query = "SELECT count(*) FROM interactions WHERE kind = 'research' AND status = 'completed'"
    until = time.perf_counter() + 6 * seconds + 300
    while (done := (await execute(cluster.postgresql.url(0), query))[0][0]) < runs and time.perf_counter() < until:  # noqa: ASYNC110 - of other processes
        await anyio.sleep(2)
    print(f"completed: {done} of {runs}, {time.perf_counter() - began:.0f} s after the first was started")


async def measure(options: argparse.Namespace, emulator_url: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        cluster = Cluster(Path(name), options.packages, emulator_url, PERSONS, skew=0)
        try:
            await anyio.to_thread.run_sync(cluster.start)
            tls = ssl.create_default_context(cafile=str(cluster.certificate))
            persons = [Person(number, cluster.url, cluster.token(number), tls) for number in range(PERSONS)]
            urls = [f"http://127.0.0.1:{port}" for port in cluster.ports]
            await ask_by_turns(persons, urls, 40, "warm")
            rounds = [
                [await ask_by_turns(persons, place, options.asks, f"{turn} {len(place)}") for place in (urls[:1], urls)]
                for turn in range(3)
            ]
            one, two = (statistics.median(each) for each in zip(*rounds, strict=True))
            print(f"one server: {one:.0f} answers a second; two: {two:.0f}; ratio {two / one:.2f} (medians of 3)")
            if options.runs:
                await follow(persons, urls, cluster, options.runs, options.seconds)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(cluster.stop)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--asks", type=int, default=300)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    # So that everything that was started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    emulator, url = start_emulator()
    try:
        anyio.run(measure, options, url)
    finally:
        emulator.terminate()
        emulator.wait(10)


if __name__ == "__main__":
    main()
