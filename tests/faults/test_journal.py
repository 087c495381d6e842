"""A journal that cannot be used: the server answers all the same, sends nothing that it could lose, and lets it be."""

import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp import Client
from sqlalchemy import create_engine

from conftest import FAST, make_settings
from faults.harness import rows
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.schema import JOURNAL_METADATA, SCHEMA_VERSION
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.tools.table import TOOLS
from gemini_interactions_mcp.settings import Settings
from reading import call, complaint, id_of, note, posts, saved_in, text_of
from wired import PATIENCE

UNWRITABLE = "cannot be opened or written"


@asynccontextmanager
async def host(settings: Settings, timing: Timing = FAST) -> AsyncGenerator[Client]:
    """A host with a server of its own."""
    async with Client(build_server(settings, timing), cache=None) as client:
        yield client


def impatient(folder: Path, url: str, **changes: Any) -> Settings:
    """A journal that waits for no other program."""
    path = (folder / "journal.sqlite3").as_posix()
    return make_settings(folder, url, database_url=f"sqlite+aiosqlite:///{path}?timeout=0.01", **changes)


# Journals that are broken from the start -----------------------------------------------------------------


def written_by_a_newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as journal, journal:
        journal.execute("create table interactions (label text primary key, answer blob)")
        journal.execute("insert into interactions values ('precious', x'00')")
        journal.execute("pragma user_version = 99")


def damaged(path: Path) -> None:
    """A database of several pages with rubbish in place of all but the first hundred bytes."""
    with closing(sqlite3.connect(path)) as journal, journal:
        journal.execute("create table interactions (label text)")
        journal.executemany("insert into interactions values (?)", [(f"row {n} {'x' * 500}",) for n in range(50)])
        journal.execute("pragma user_version = 1")
    header = path.read_bytes()[:100]
    path.write_bytes(header + b"\xa5" * (path.stat().st_size - 100))


def no_database(path: Path) -> None:
    path.write_bytes(b"A diary, of which nobody has a second copy.\n" * 100)


def as_this_version_leaves_it(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    JOURNAL_METADATA.create_all(engine)
    engine.dispose()
    with closing(sqlite3.connect(path)) as journal, journal:
        journal.execute(f"pragma user_version = {SCHEMA_VERSION}")


@dataclass(frozen=True)
class Broken:
    """A journal that cannot be used, and what is said of it.

    Attributes:
        listed: Whether it can be read all the same.
    """

    name: str
    make: Callable[[Path], None]
    said: str
    url: str = "sqlite+aiosqlite:///{path}"
    listed: bool = False


BROKEN = [
    Broken("newer", written_by_a_newer_version, "written by a newer version"),
    Broken("damaged", damaged, "is damaged"),
    Broken("no database", no_database, "is not a database"),
    # Root may write whatever chmod says.
    Broken(
        "read-only", as_this_version_leaves_it, UNWRITABLE, "sqlite+aiosqlite:///file:{path}?mode=ro&uri=true", True
    ),
    Broken("below a file", no_database, "cannot be used", "sqlite+aiosqlite:///{path}/journal.sqlite3"),
]


@pytest.fixture(params=BROKEN, ids=lambda broken: broken.name)
def broken(request: pytest.FixtureRequest) -> Broken:
    return request.param


@pytest.fixture
async def interaction_id(tmp_path: Path, url: str, emulator: Emulator) -> str:
    """An interaction that Google keeps, asked for with a journal that worked."""
    (elsewhere := tmp_path / "elsewhere").mkdir()
    async with host(make_settings(elsewhere, url)) as client:
        found = id_of(await call(client, "gemini_ask", prompt="Asked before"))
    emulator.requests.clear()
    return found


def files_of_the_journal(folder: Path) -> list[Path]:
    return list(folder.glob("journal.sqlite3*"))


@pytest.fixture
async def client(broken: Broken, tmp_path: Path, url: str) -> AsyncGenerator[Client]:
    """A host whose server has that journal, which is afterwards as it was, byte for byte."""
    broken.make(path := tmp_path / "journal.sqlite3")
    before = path.read_bytes()
    async with host(make_settings(tmp_path, url, database_url=broken.url.format(path=path.as_posix()))) as connected:
        yield connected
    assert path.read_bytes() == before
    assert files_of_the_journal(tmp_path) == [path]


@pytest.mark.slow
async def test_with_a_broken_journal_nothing_is_sent_and_each_paid_call_says_why(
    client: Client, broken: Broken, tmp_path: Path, emulator: Emulator
) -> None:
    paid: dict[str, dict[str, Any]] = {
        "gemini_ask": {},
        "gemini_continue": {"previous_interaction_id": "v1_before"},
        "analyze_file": {"files": [str(note(tmp_path / "files"))]},
        "generate_image": {},
        "start_research": {},
    }
    for tool, arguments in paid.items():
        said = await complaint(client, tool, prompt="Pay for this", **arguments)
        assert broken.said in said
        assert "GEMINI_MCP_DATABASE_URL" in said
    assert broken.said in await complaint(client, "start_research", prompt="Pay for this", force=True)
    assert emulator.requests == []


@pytest.mark.slow
async def test_with_a_broken_journal_the_server_shows_its_tools_and_says_why_it_lists_nothing(
    client: Client, broken: Broken
) -> None:
    assert len((await client.list_tools()).tools) == len(TOOLS)
    listed = await client.call_tool("list_interactions")
    assert listed.is_error is not broken.listed
    assert (broken.said in text_of(listed)) is not broken.listed


@pytest.mark.slow
async def test_with_a_broken_journal_every_interaction_can_still_be_read_from_google(
    interaction_id: str, client: Client, emulator: Emulator
) -> None:
    for tool in ("read_interaction", "check_research"):
        result = await call(client, tool, interaction_id=interaction_id)
        assert "You asked: “Asked before”" in text_of(result)
    assert posts(emulator) == 0
    assert len(emulator.creates) == 1


# Journals that another program holds ---------------------------------------------------------------------


@contextmanager
def held_by_another(folder: Path, *pragmas: str) -> Generator[None]:
    """Another program that has the journal for itself."""
    with closing(sqlite3.connect(folder / "journal.sqlite3", isolation_level=None)) as other:
        for pragma in pragmas:
            other.execute(pragma)
        other.execute("BEGIN EXCLUSIVE")
        other.execute("create table if not exists theirs (x)")
        yield
        other.execute("ROLLBACK")


@pytest.mark.slow
async def test_a_journal_that_is_held_when_the_server_starts_is_said_to_be_locked_and_used_once_it_is_free(
    tmp_path: Path, url: str, emulator: Emulator, interaction_id: str
) -> None:
    as_this_version_leaves_it(tmp_path / "journal.sqlite3")
    async with host(impatient(tmp_path, url)) as client:
        with held_by_another(tmp_path):
            before = (tmp_path / "journal.sqlite3").read_bytes()
            assert len((await client.list_tools()).tools) == len(TOOLS)
            for tool in ("gemini_ask", "start_research"):
                assert "is locked by another program" in await complaint(client, tool, prompt="Pay for this")
            assert "is locked by another program" in await complaint(client, "list_interactions")
            assert "Asked before" in text_of(await call(client, "read_interaction", interaction_id=interaction_id))
            assert posts(emulator) == 0
            assert (tmp_path / "journal.sqlite3").read_bytes() == before
        later = id_of(await call(client, "gemini_ask", prompt="Pay for this"))
    assert later in {row["interaction_id"] for row in rows(tmp_path)}
    assert len(emulator.creates) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("tool", "extra"), [("gemini_ask", {}), ("generate_image", {})])
async def test_an_answer_that_comes_while_the_journal_is_held_reaches_its_caller_and_is_written_afterwards(
    tmp_path: Path, url: str, emulator: Emulator, tool: str, extra: dict[str, Any]
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with host(impatient(tmp_path, url), replace(FAST, lease=0.1)) as client:
        results: list[Any] = []

        async def ask() -> None:
            results.append(await call(client, tool, prompt="Pay for this", **extra))

        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                await held.reached.wait()
                with held_by_another(tmp_path):
                    held.release.set()
                    while not results:
                        await anyio.lowlevel.checkpoint()
                    assert [row["status"] for row in rows(tmp_path)] != ["completed"]
            while rows(tmp_path)[0]["status"] != "completed":
                await anyio.lowlevel.checkpoint()
    [row] = rows(tmp_path)
    assert row["interaction_id"] == id_of(results[0])
    assert row["finished_at"] is not None
    assert bool(saved_in(results[0])) is (tool == "generate_image")
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_research_that_ends_while_the_journal_is_held_is_read_meanwhile_and_saved_once(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with host(impatient(tmp_path, url), replace(FAST, lease=0.1)) as client:
        started = id_of(await call(client, "start_research", prompt="Rivers", visualization=False))
        with held_by_another(tmp_path):
            held.release.set()
            for _ in range(2):
                result = await call(client, "check_research", interaction_id=started, wait_seconds=PATIENCE)
                assert "# Research report: Rivers" in text_of(result)
        with anyio.fail_after(PATIENCE):
            while rows(tmp_path)[0]["status"] != "completed":
                await anyio.lowlevel.checkpoint()
    assert "# Research report: Rivers" in rows(tmp_path)[0]["text"]
    assert len(list((tmp_path / "output").iterdir())) == 1
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_what_a_held_journal_missed_before_the_server_ended_is_known_again_once_it_is_read(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    emulator.faults += [held := Fault("create", "hold"), stalled := Fault("create", "stall")]
    settings = impatient(tmp_path, url, wait_seconds=0)
    with anyio.fail_after(PATIENCE):
        async with host(settings) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "start_research", {"prompt": "Rivers", "visualization": False})
            await stalled.reached.wait()
            with held_by_another(tmp_path):
                stalled.release.set()
                held.release.set()
                for interaction in emulator.interactions.values():
                    await interaction.finished.wait()
                tasks.cancel_scope.cancel()
    [interaction_id] = emulator.interactions
    async with host(settings) as client:
        result = await call(client, "read_interaction", interaction_id=interaction_id, wait_seconds=10)
        assert "# Research report: Rivers" in text_of(result)
        again = await client.call_tool("start_research", {"prompt": "Rivers", "visualization": False})
        assert interaction_id in text_of(again) or "not sent again" in text_of(again)
    assert len(emulator.creates) == 1
