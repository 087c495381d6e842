"""The promise of stores under anything: random adds, faults, cancelled calls, two servers and their ends.

Whatever happens, no content is sent to a store twice, and once nothing goes wrong any more, the same call finds or
sends all that is missing.
"""

import os
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import anyio
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from mcp import Client

from conftest import FAST, make_settings
from gemini_interactions_mcp.emulator import Emulator, Fault, serve_emulator
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from journaling import execute
from reading import have_stores, text_of

pytestmark = pytest.mark.slow

SEQUENCES = int(os.environ.get("SEQUENCES", "10"))
NOTES = "fileSearchStores/notes"
NAMES = ("a.md", "b.md", "c.md")
PATIENCE = 30
# An upload that is not listed counts as lost after this time; no test takes as long.
TIMING = replace(FAST, store_settling=3_600.0)

FaultKind = Literal["http", "drop", "drop_taken", "half"]


@dataclass(frozen=True)
class Trouble:
    """A fault of the emulator."""

    on: Literal["upload", "store"]
    kind: FaultKind
    skip: int
    times: int
    status: int


@dataclass(frozen=True)
class Add:
    """A call that adds files; None for `cancelled` never cancels it, otherwise after so many milliseconds."""

    server: int
    names: frozenset[str]
    cancelled: int | None
    left: bool
    troubles: tuple[Trouble, ...]


TROUBLES = st.builds(
    Trouble,
    on=st.sampled_from(("upload", "upload", "store")),
    kind=st.sampled_from(("http", "drop", "drop_taken", "half")),
    skip=st.integers(0, 6),
    times=st.integers(1, 3),
    status=st.sampled_from((400, 403, 404, 429, 500, 503)),
)
ADDS = st.builds(
    Add,
    server=st.integers(0, 1),
    names=st.frozensets(st.sampled_from(NAMES), min_size=1),
    cancelled=st.sampled_from((None, None, 0, 5, 20, 60)),
    left=st.booleans(),
    troubles=st.lists(TROUBLES, max_size=2).map(tuple),
)
LIVES = st.lists(st.lists(ADDS, min_size=1, max_size=3), min_size=1, max_size=3)


async def add(client: Client, folder: Path, step: Add) -> None:
    """Make the call of a step, of which any outcome will do."""
    files = [str(folder / name) for name in sorted(step.names)]
    arguments = {"action": "add", "store": NOTES, "files": files, "wait_seconds": 0}
    with anyio.move_on_after(PATIENCE if step.cancelled is None else step.cancelled / 1_000):
        await client.call_tool("manage_store", arguments)


async def live(emulator: Emulator, configured: Settings, steps: list[Add]) -> None:
    """Two servers on one journal, until both end."""
    folder = configured.allowed_dirs[0]
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(Client(build_server(configured, TIMING), cache=None)) for _ in range(2)
        ]
        async with anyio.create_task_group() as tasks:
            for step in steps:
                emulator.faults += [
                    Fault(each.on, each.kind, times=each.times, skip=each.skip, http_status=each.status)
                    for each in step.troubles
                ]
                if step.left:
                    tasks.start_soon(add, clients[step.server], folder, step)
                else:
                    await add(clients[step.server], folder, step)


async def settle(configured: Settings) -> str:
    """Add all files until nothing is left to do, as a host would; return what the last call says."""
    arguments = {"action": "add", "store": NOTES, "files": [str(configured.allowed_dirs[0])], "wait_seconds": 2}
    async with Client(build_server(configured, TIMING), cache=None) as client:
        said = text_of(await client.call_tool("manage_store", arguments))
    # Time passes: what has arrived is listed by now, and what is marked in the journal counts as lost.
    await execute(str(configured.database_url), "DELETE FROM uploads")
    async with Client(build_server(configured, TIMING), cache=None) as client:
        with anyio.fail_after(PATIENCE):
            while f"{len(NAMES)} files ready" not in said and f"{len(NAMES)} files are there" not in said:
                said = text_of(await client.call_tool("manage_store", arguments))
                await anyio.sleep(0.1)
    return said


async def play(lives: list[list[Add]], late: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        emulator = Emulator(step_seconds=0, processing_seconds=0, indexing_seconds=0.01)
        have_stores(emulator, "notes")
        emulator.stores.doubts = replace(emulator.stores.doubts, late_documents=late)
        async with serve_emulator(emulator) as url:
            configured = make_settings(folder, url)
            for each in NAMES:
                (configured.allowed_dirs[0] / each).write_text(f"Content of {each}", encoding="utf-8")
            for steps in lives:
                await live(emulator, configured, steps)
            emulator.faults.clear()
            said = await settle(configured)
            twice = {each: count for each, count in Counter(emulator.stores.stored).items() if count > 1}
            assert twice == {}, said
            assert sorted(set(emulator.stores.stored)) == sorted(NAMES)


@given(lives=LIVES, late=st.booleans())
@settings(max_examples=SEQUENCES, deadline=None, database=None, phases=(Phase.explicit, Phase.generate))
def test_whatever_happens_no_content_is_sent_twice(lives: list[list[Add]], late: bool) -> None:
    anyio.run(play, lives, late)
