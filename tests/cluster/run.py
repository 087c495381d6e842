"""Runs two servers as a team would, breaks what can break, and counts what was lost, bought twice, or read by others.

    python tests/cluster/run.py PACKAGES [--persons 50] [--asks 10] [--only PART…]

PACKAGES is where `make cluster` has put the npm packages. The status is 0 if nothing was lost, nothing bought twice
and nothing read by anybody else.
"""

import argparse
import json
import re
import signal
import ssl
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
from persons import Person, find_id, text_of
from topology import Cluster

from gemini_interactions_mcp.emulator import Emulator, serve_emulator
from journaling import execute

MARK: Final = re.compile(r"item-[a-z]+-\d+-\d+")
WAKE_UPS: Final = 100
BUSY_SECONDS: Final = 60
NEVER: Final = "v1_neverwas"

Breaking = Callable[[], Coroutine[Any, Any, None]]


class Drill:
    """The parts of a run.

    Attributes:
        cluster: What is broken.
        emulator: What was bought.
        persons: Who asks.
        faults: What went wrong, in sentences.
    """

    def __init__(self, cluster: Cluster, emulator: Emulator, persons: list[Person], asks: int) -> None:
        self.cluster = cluster
        self.emulator = emulator
        self.persons = persons
        self.asks = asks
        self.faults: list[str] = []

    async def run(self, names: list[str]) -> None:
        for name in names or list(PARTS):
            print(f"\n{name}: {PARTS[name].__doc__}", flush=True)
            began = time.monotonic()
            await PARTS[name](self)
            print(f"  took {time.monotonic() - began:.0f} s", flush=True)
        await self._check_everything()

    async def wait_until_busy(self) -> None:
        """Wait until a fifth of what everybody asks is at Google, and some of it has not ended."""
        before = len(self.emulator.creates)
        with anyio.move_on_after(BUSY_SECONDS):
            while len(self.emulator.creates) - before < len(self.persons) * self.asks / 5:  # noqa: ASYNC110 - of others
                await anyio.sleep(0.05)

    async def ask_all(
        self, name: str, seconds: float, breaking: Callable[[], Coroutine[Any, Any, None]] | None = None
    ) -> None:
        """Let everybody ask at once, and break something meanwhile; everybody must get an answer."""
        answered: Counter[str] = Counter()
        delays: list[float] = []

        async def one(person: Person, number: int) -> None:
            mark, began = f"item-{name}-{person.number}-{number}", time.monotonic()
            try:
                result = await person.ask(f"{mark} [[seconds={seconds}]]")
            except Exception as exc:  # noqa: BLE001 - counted, whatever it is
                answered[f"raised {type(exc).__name__}"] += 1
                self.faults.append(f"{mark}: {exc!r:.300}")
                return
            delays.append(time.monotonic() - began)
            answered[classify(result, mark)] += 1

        before, began = self._count_repeated(), time.monotonic()
        async with anyio.create_task_group() as tasks:
            for person in self.persons:
                for number in range(self.asks):
                    tasks.start_soon(one, person, number)
            if breaking:
                tasks.start_soon(breaking)
        took = time.monotonic() - began
        broken, put_off = (now - then for now, then in zip(self._count_repeated(), before, strict=True))
        print(f"  {dict(answered)}; repeated: {broken} calls without an answer, {put_off} that were put off")
        print(f"  {len(delays) / took:.0f} answers a second")
        print(f"  seconds at the median {statistics.median(delays):.2f}, at the most {max(delays):.2f}")

    def _count_repeated(self) -> tuple[int, int]:
        return sum(person.broken for person in self.persons), sum(person.put_off for person in self.persons)

    async def _check_everything(self) -> None:
        """Compare what Google has sold with what the journal knows."""
        await anyio.sleep(5)
        bought = Counter(mark for body in self.emulator.creates for mark in set(MARK.findall(json.dumps(body))))
        twice = {mark: count for mark, count in bought.items() if count > 1}
        query = "SELECT interaction_id, prompt FROM interactions"
        rows = await execute(self.cluster.postgresql.url(1), query)
        known = {found for found, _ in rows}
        unnamed = {mark for found, prompt in rows if found is None for mark in MARK.findall(prompt)}
        nameless = {found: self._find_mark(found) for found in self.emulator.interactions if found not in known}
        lost = [found for found, mark in nameless.items() if mark not in unnamed]
        print(f"\n{sum(bought.values())} bought, {len(twice)} twice; {len(rows)} rows of {len(self.persons)} persons")
        print(
            f"{len(lost)} ids lost; {len(nameless) - len(lost)} requests of servers that were killed before their ids"
        )
        print("were written down: their rows say that the outcome is unknown, and who asked again was told so")
        self.faults += [f"bought {count} times: {mark}" for mark, count in twice.items()]
        self.faults += [f"lost: {found}" for found in lost]

    def _find_mark(self, interaction_id: str) -> str:
        found = MARK.search(str(self.emulator.interactions[interaction_id]))
        return found[0] if found else interaction_id


def classify(result: Any, mark: str) -> str:
    if not result.is_error:
        return "answered" if mark in text_of(result) else "in progress"
    return "told that the outcome is unknown" if "not known" in text_of(result) else f"refused: {text_of(result)[:80]}"


async def ask_steadily(drill: Drill) -> None:
    """Everybody asks at once through nginx, with nothing broken."""
    await drill.ask_all("steady", 1)


async def kill_first(drill: Drill) -> None:
    """The first server is killed (SIGKILL) while all ask, and started again."""
    await drill.ask_all("killa", 3, lambda: kill_server(drill, 0))


async def kill_second(drill: Drill) -> None:
    """The second server, whose clock is a minute ahead where faketime is installed, is killed and started again."""
    await drill.ask_all("killb", 3, lambda: kill_server(drill, 1))


async def kill_server(drill: Drill, number: int) -> None:
    await drill.wait_until_busy()
    await anyio.to_thread.run_sync(drill.cluster.servers[number].stop, signal.SIGKILL)
    await anyio.sleep(3)
    await anyio.to_thread.run_sync(drill.cluster.start_server, number)


async def restart_database(drill: Drill) -> None:
    """PostgreSQL is stopped at once (immediate) while all ask, and started again."""

    async def restart() -> None:
        await drill.wait_until_busy()
        await anyio.to_thread.run_sync(drill.cluster.postgresql.stop, "immediate")
        await anyio.sleep(2)
        await anyio.to_thread.run_sync(drill.cluster.postgresql.start)

    await drill.ask_all("database", 3, restart)


async def restart_proxy(drill: Drill) -> None:
    """Nginx is killed while all ask, and started again."""

    async def restart() -> None:
        await drill.wait_until_busy()
        await anyio.to_thread.run_sync(drill.cluster.proxy.stop, signal.SIGTERM)
        await anyio.sleep(1)
        await anyio.to_thread.run_sync(drill.cluster.start_proxy)

    await drill.ask_all("proxy", 3, restart)


async def cut_off(drill: Drill) -> None:
    """The first server is cut off from the database for ten seconds while all ask."""
    namespace = drill.cluster.namespace
    if namespace is None:
        print("  left out: it takes root and `ip`")
        return

    async def cut() -> None:
        await drill.wait_until_busy()
        await anyio.to_thread.run_sync(namespace.cut, 0)
        await anyio.sleep(10)
        await anyio.to_thread.run_sync(namespace.mend, 0)

    await drill.ask_all("partition", 3, cut)


async def research_twice(drill: Drill) -> None:
    """Everybody starts the same research on both servers at the same moment."""
    urls = [f"http://127.0.0.1:{port}" for port in drill.cluster.ports]

    async def one(person: Person) -> None:
        mark = f"item-research-{person.number}-0"
        async with anyio.create_task_group() as tasks:
            for url in urls:
                tasks.start_soon(person.call, "start_research", {"prompt": f"{mark} [[seconds=2]]"}, url)

    async with anyio.create_task_group() as tasks:
        for person in drill.persons:
            tasks.start_soon(one, person)


async def wake_up(drill: Drill) -> None:
    """One server follows a run to its end, and a call to the other waits for it."""
    urls = [f"http://127.0.0.1:{port}" for port in drill.cluster.ports]
    delays: list[float] = []

    async def one(person: Person, number: int) -> None:
        prompt = f"item-wake-{person.number}-{number} [[seconds=3]]"
        started = find_id(await person.call("start_research", {"prompt": prompt, "force": True}, urls[0]))
        await person.call("check_research", {"interaction_id": started, "wait_seconds": 30}, urls[1])
        delays.append(time.time() - await read_settlement(drill.cluster, str(started)))

    for first in range(0, WAKE_UPS, 10):
        async with anyio.create_task_group() as tasks:
            for number in range(first, first + 10):
                tasks.start_soon(one, drill.persons[number % len(drill.persons)], number)
    ordered = sorted(delays)
    p99 = ordered[int(len(ordered) * 0.99) - 1]
    print(f"  from the end in the journal to the answer elsewhere: median {statistics.median(ordered) * 1000:.0f} ms")
    print(f"  p99 {p99 * 1000:.0f} ms, of {len(ordered)}")


async def read_settlement(cluster: Cluster, interaction_id: str) -> float:
    """When the journal says that an interaction settled; by the clock of the first server, which is this machine's."""
    query = "SELECT extract(epoch FROM settled_at::timestamptz) FROM interactions"
    query += f" WHERE interaction_id = '{interaction_id}'"
    return float((await execute(cluster.postgresql.url(0), query))[0][0])


async def read_others(drill: Drill) -> None:
    """Everybody tries to read, continue and delete what others have; the answer is that of an id that never was."""
    theirs: dict[int, str] = {}

    async def plant(person: Person) -> None:
        theirs[person.number] = str(find_id(await person.ask(f"item-secret-{person.number}-0")))

    async def pry(person: Person) -> None:
        other = theirs[(person.number + 1) % len(drill.persons)]
        for tool, arguments in PRYING.items():
            said = [
                text_of(await person.call(tool, {**arguments, name: wanted})).replace(wanted, "ID")
                for wanted in (other, NEVER)
                for name in ("previous_interaction_id" if tool == "gemini_continue" else "interaction_id",)
            ]
            if said[0] != said[1] or "item-secret" in said[0]:
                drill.faults.append(f"{tool} told person {person.number} of another's: {said[0][:200]}")

    for work in (plant, pry):
        async with anyio.create_task_group() as tasks:
            for person in drill.persons:
                tasks.start_soon(work, person)


PRYING: Final[dict[str, dict[str, Any]]] = {
    "read_interaction": {},
    "check_research": {},
    "cancel_research": {},
    "gemini_continue": {"prompt": "What was it?"},
    "delete_interaction": {},
}

PARTS: Final[dict[str, Callable[[Drill], Awaitable[None]]]] = {
    "steady": ask_steadily,
    "kill-first": kill_first,
    "kill-second": kill_second,
    "database": restart_database,
    "proxy": restart_proxy,
    "partition": cut_off,
    "research": research_twice,
    "wake-up": wake_up,
    "others": read_others,
}


async def main(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        emulator = Emulator(research_seconds=3, step_seconds=0.05)
        async with serve_emulator(emulator) as url:
            cluster = Cluster(folder, options.packages, url, options.persons)
            try:
                await anyio.to_thread.run_sync(cluster.start)
                print(describe(cluster), flush=True)
                drill = Drill(cluster, emulator, make_persons(cluster), options.asks)
                await drill.run(options.only)
            finally:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(cluster.stop)
                if options.logs:
                    keep_logs(folder, options.logs)
    for fault in drill.faults[:50]:
        print(f"FAULT {fault}")
    print(f"{len(drill.faults)} faults")
    return 1 if drill.faults else 0


def describe(cluster: Cluster) -> str:
    clock = f"{cluster.skew} s ahead" if cluster.skewed else "not changed: Debian's faketime is not installed"
    database = "a network namespace of its own" if cluster.namespace else "this machine's loopback"
    return f"two servers behind nginx at {cluster.url}; PostgreSQL in {database}; the second server's clock is {clock}"


def make_persons(cluster: Cluster) -> list[Person]:
    tls = ssl.create_default_context(cafile=str(cluster.certificate))
    return [Person(number, cluster.url, cluster.token(number), tls) for number in range(cluster.persons)]


def keep_logs(folder: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        (target / log.name).write_bytes(log.read_bytes())


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--persons", type=int, default=50)
    parser.add_argument("--asks", type=int, default=10)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=[])
    parser.add_argument("--logs", type=Path, help="folder for the logs of all processes")
    return parser.parse_args()


if __name__ == "__main__":
    # A time limit ends it as Ctrl-C does: everything that it has started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(anyio.run(main, parse()))
