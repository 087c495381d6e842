"""Uploads into stores whose answers are lost, whose indexing fails, and whose server ends: nothing is sent twice."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from conftest import FAST
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.emulator.stores import EmulatedStore
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from reading import call, complaint, have_stores, text_of
from wired import MODERN, PATIENCE, environment, wired

NOTES = "fileSearchStores/notes"
LATE = pytest.mark.parametrize("late", [False, True], ids=["listed at once", "listed when indexed"])


@pytest.fixture
def store(emulator: Emulator) -> EmulatedStore:
    have_stores(emulator, "notes")
    return emulator.stores.stores[NOTES]


@pytest.fixture
def file(settings: Settings) -> Path:
    path = settings.allowed_dirs[0] / "a.md"
    path.write_text("The tide turns.", encoding="utf-8")
    return path


@asynccontextmanager
async def serving(settings: Settings, timing: Timing = FAST) -> AsyncGenerator[Client]:
    async with Client(build_server(settings, timing), cache=None) as client:
        yield client


def list_late(emulator: Emulator, late: bool) -> None:
    """Decide whether documents are listed only once they are indexed."""
    emulator.stores.doubts = replace(emulator.stores.doubts, late_documents=late)


async def add(client: Client, file: Path, **arguments: Any) -> str:
    return text_of(await call(client, "manage_store", action="add", store=NOTES, files=[str(file)], **arguments))


async def add_until_indexing(client: Client, file: Path) -> None:
    """Add a file to a store that holds it, until it is indexed there."""
    with anyio.fail_after(PATIENCE):
        while "not ready yet, indexing" not in await add(client, file, wait_seconds=0.3):
            """A call waits for what an earlier one has sent."""


@LATE
@pytest.mark.parametrize("queries", [0, 20], ids=["the query tells", "nothing tells"])
async def test_an_upload_whose_answer_is_lost_is_found_by_its_hash(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path, late: bool, queries: int
) -> None:
    list_late(emulator, late)
    emulator.faults.append(Fault("upload", "drop_taken", skip=1))
    emulator.faults.append(Fault("upload", "drop", queries, skip=1))
    async with serving(settings) as client:
        if queries:
            said = await complaint(client, "manage_store", action="add", store=NOTES, files=[str(file)])
            assert "a.md: failed." in said
            emulator.faults.clear()
        assert "1 file ready." in await add(client, file)
    assert emulator.stores.stored == ["a.md"]
    assert len(store.documents) == 1


@pytest.mark.parametrize("arrived", [0, 3])
async def test_an_upload_that_breaks_off_is_resumed_by_the_next_call(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path, arrived: int
) -> None:
    emulator.faults.append(Fault("upload", "cut", 1, after=arrived))
    emulator.faults.append(Fault("upload", "drop", 99, skip=2))
    async with serving(settings, replace(FAST, store_settling=600)) as client:
        await complaint(client, "manage_store", action="add", store=NOTES, files=[str(file)])
        assert emulator.stores.stored == []
        emulator.faults.clear()
        assert "- a.md: added" in await add(client, file)
    assert emulator.stores.stored == ["a.md"]
    offsets = [request.headers.get("x-goog-upload-offset") for request in emulator.requests]
    assert [each for each in offsets if each] == ["0", str(arrived)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        Fault("upload", "http", http_status=503),
        Fault("upload", "drop", skip=1),
        Fault("upload", "cut", after=3),
        Fault("store", "http", 2, match="/operations/", http_status=503),
        Fault("store", "drop", 6, match="/operations/"),
        Fault("store", "http", 1, match="/operations/", http_status=404),
        Fault("store", "http", 1, match="/documents/", http_status=500),
    ],
    ids=lambda fault: f"{fault.on} {fault.kind} {fault.match}",
)
async def test_what_passes_is_waited_out(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path, fault: Fault
) -> None:
    emulator.faults.append(replace(fault, release=anyio.Event(), reached=anyio.Event()))
    async with serving(settings) as client:
        assert "- a.md: added" in await add(client, file)
    assert emulator.stores.stored == ["a.md"]


@pytest.mark.slow
@LATE
async def test_after_a_restart_the_same_call_waits_for_what_was_sent_before(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path, late: bool
) -> None:
    list_late(emulator, late)
    emulator.stores.hold = True
    async with serving(settings) as client:
        await add_until_indexing(client, file)
    assert emulator.stores.stored == ["a.md"]
    async with serving(settings) as client:
        assert "Nothing was sent or charged" in await add(client, file, wait_seconds=0.1)
        emulator.stores.release()
        assert "1 file ready." in await add(client, file)
    assert emulator.stores.stored == ["a.md"]
    assert len(store.documents) == 1


@pytest.mark.slow
async def test_what_was_removed_is_sent_again(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    list_late(emulator, True)
    emulator.stores.hold = True
    async with serving(settings) as client:
        await add_until_indexing(client, file)
    emulator.stores.release()
    store.documents.clear()
    async with serving(settings) as client:
        said = await complaint(client, "manage_store", action="add", store=NOTES, files=[str(file)])
        assert "the document was removed. Call again to send it." in said
        assert emulator.stores.stored == ["a.md"]
        assert "- a.md: added" in await add(client, file)
    assert emulator.stores.stored == ["a.md", "a.md"]


@pytest.mark.slow
async def test_an_operation_that_fails_after_a_restart_is_told_and_tried_again(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    list_late(emulator, True)
    emulator.stores.hold, emulator.stores.failures["a.md"] = True, "No text"
    async with serving(settings) as client:
        await add_until_indexing(client, file)
    emulator.stores.release()
    async with serving(settings) as client:
        said = await complaint(client, "manage_store", action="add", store=NOTES, files=[str(file)])
        assert "Google could not index it (No text)" in said
        emulator.stores.failures.clear()
        assert "- a.md: added" in await add(client, file)
    assert sorted(each.state for each in store.documents.values()) == ["STATE_ACTIVE", "STATE_FAILED"]


@pytest.mark.slow
async def test_what_google_may_have_got_is_sent_again_once_it_certainly_has_not(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    """All bytes left, no answer came, and Google has nothing of it: as after a crash there."""
    emulator.faults.append(Fault("upload", "drop_taken", skip=1))
    emulator.faults.append(Fault("upload", "drop", 20, skip=1))
    async with serving(settings, replace(FAST, store_settling=0.5)) as client:
        await complaint(client, "manage_store", action="add", store=NOTES, files=[str(file)])
        emulator.faults.clear()
        store.documents.clear()
        began = anyio.current_time()
        said = await complaint(client, "manage_store", action="add", store=NOTES, files=[str(file)])
        assert "it may not have got it" in said
        assert anyio.current_time() - began < 5
        assert emulator.stores.stored == ["a.md"]
        assert "Estimated cost of indexing 1 file" in await add(client, file)
    assert emulator.stores.stored == ["a.md", "a.md"]
    assert len(store.documents) == 1


@pytest.mark.slow
async def test_an_upload_that_google_no_longer_knows_is_sent_anew(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    emulator.faults.append(Fault("upload", "drop", 99, skip=1))
    async with serving(settings, replace(FAST, store_settling=3.0)) as client:
        await complaint(client, "manage_store", action="add", store=NOTES, files=[str(file)])
        emulator.faults.clear()
        emulator.stores.uploads.clear()
        said = await complaint(client, "manage_store", action="add", store=NOTES, files=[str(file)])
        assert "it may not have got it" in said
        assert "- a.md: added" in await add(client, file)
    assert emulator.stores.stored == ["a.md"]


async def test_an_upload_that_google_refuses_is_told_and_sent_by_the_next_call(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    emulator.faults.append(Fault("upload", "http", skip=1, http_status=400))
    async with serving(settings) as client:
        said = await complaint(client, "manage_store", action="add", store=NOTES, files=[str(file)])
        assert "a.md: failed. Google refused the request" in said
        assert "- a.md: added" in await add(client, file)
    assert emulator.stores.stored == ["a.md"]


async def test_calls_at_once_send_once(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    (file.parent / "copy.md").write_text("The tide turns.", encoding="utf-8")
    async with serving(settings) as client, anyio.create_task_group() as tasks:
        for path in (file, file, file.parent / "copy.md", file.parent):
            tasks.start_soon(add, client, path)
    assert len(emulator.stores.stored) == 1


async def test_a_journal_that_cannot_be_used_is_no_obstacle(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(b"no database at all" * 100)
    async with serving(settings) as client:
        emulator.stores.hold = True
        assert "not ready yet" in await add(client, file, wait_seconds=0.2)
        emulator.stores.release()
        assert "1 file ready." in await add(client, file)
    assert emulator.stores.stored == ["a.md"]


COMPARED = "still compared with what the store has"
"""Told by a call that waits for a shorter time than a busy machine needs."""


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["sent", "sending"])
async def test_a_server_that_is_killed_has_sent_once(tmp_path: Path, url: str, emulator: Emulator, stage: str) -> None:
    """While the file is indexed, and while the answer to its upload is on its way; Google lists it only at the end."""
    have_stores(emulator, "notes")
    list_late(emulator, True)
    emulator.stores.hold = True
    env = environment(tmp_path, url)
    (path := tmp_path / "files" / "a.md").write_text("The tide turns.", encoding="utf-8")
    arguments = {"action": "add", "store": NOTES, "files": [str(path)]}
    stalled = Fault("upload", "stall", skip=1)
    if stage == "sending":
        emulator.faults.append(stalled)
    async with wired(env) as server:
        await server.open(MODERN)
        if stage == "sent":
            with anyio.fail_after(PATIENCE):
                while COMPARED in (first := await server.said("manage_store", **arguments, wait_seconds=2)):
                    pass
            assert "not ready yet" in first
        else:
            server.request("tools/call", name="manage_store", arguments=arguments)
            with anyio.fail_after(PATIENCE):
                await stalled.reached.wait()
        server.process.kill()
        assert await server.ended() != 0
    stalled.release.set()
    async with wired(env) as server:
        await server.open(MODERN)
        with anyio.fail_after(PATIENCE):
            while COMPARED in (waiting := await server.said("manage_store", **arguments, wait_seconds=1)):
                pass
        assert "Nothing was sent or charged: all of it was there, or on its way." in waiting
        emulator.stores.release()
        assert "1 file ready." in await server.said("manage_store", **arguments, wait_seconds=20)
    assert emulator.stores.stored == ["a.md"]


@pytest.mark.parametrize("hold", [False, True], ids=["indexed at once", "indexed later"])
async def test_servers_on_one_journal_share_the_work(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path, hold: bool
) -> None:
    for number in range(8):
        (file.parent / f"{number}.md").write_text(f"file {number}", encoding="utf-8")
    list_late(emulator, True)
    emulator.stores.hold = hold
    async with serving(settings) as one, serving(settings) as other, anyio.create_task_group() as tasks:
        for client in (one, other):
            await call(client, "manage_store", action="list")
        for client in (one, other):
            tasks.start_soon(add, client, file.parent)
        while len(store.documents) < 9:  # noqa: ASYNC110 - the emulator tells nobody
            await anyio.sleep(0.01)
        await anyio.sleep(0.2)
        emulator.stores.release()
    assert len(emulator.stores.stored) == len(store.documents) == 9


async def test_what_another_server_sends_is_seen_by_one_that_has_forgotten_its_own(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    list_late(emulator, True)
    async with serving(settings) as one, serving(settings) as other:
        await add(one, file)
        await call(other, "manage_store", action="remove", store=NOTES, document="a.md")
        emulator.stores.hold = True
        assert "Estimated cost" in await add(other, file, wait_seconds=1)
        assert "Nothing was sent or charged" in await add(one, file, wait_seconds=0.3)
        emulator.stores.release()
        assert "1 file ready" in await add(one, file)
    assert len(emulator.stores.stored) == 2


@pytest.mark.slow
async def test_what_a_server_left_before_its_content_is_asked_about_again(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    """It may have been killed between the start of an upload and its content."""
    emulator.faults.append(Fault("upload", "drop", 99, skip=1))
    short = replace(FAST, store_settling=1)
    async with serving(settings, short) as client:
        await complaint(client, "manage_store", action="add", store=NOTES, files=[str(file)])
    emulator.faults.clear()
    emulator.stores.uploads.clear()
    limited = settings.model_copy(update={"dollars_per_day": 0.000_000_1})
    async with serving(limited, short) as client:
        arguments = {"action": "add", "store": NOTES, "files": [str(file)]}
        assert "Call again to send it." in await complaint(client, "manage_store", **arguments)
        assert "GEMINI_MCP_DOLLARS_PER_DAY allows" in await complaint(client, "manage_store", **arguments)
    assert emulator.stores.stored == []


@LATE
@pytest.mark.parametrize("status", [400, 404, 410])
async def test_an_upload_that_may_have_arrived_is_looked_for_where_its_query_is_refused(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path, late: bool, status: int
) -> None:
    list_late(emulator, late)
    emulator.stores.hold = True
    emulator.faults.append(Fault("upload", "drop_taken", skip=1))
    emulator.faults.append(Fault("upload", "http", skip=1, http_status=status))
    async with serving(settings) as client:
        for _ in range(2):
            await add_until_indexing(client, file)
        emulator.stores.release()
        assert "1 file ready." in await add(client, file)
    assert emulator.stores.stored == ["a.md"]


async def test_a_document_that_is_removed_while_it_is_indexed_can_be_added_again(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    list_late(emulator, False)
    emulator.stores.hold = True
    async with serving(settings) as client:
        await add_until_indexing(client, file)
        await call(client, "manage_store", action="remove", store=NOTES, document="a.md")
        await anyio.sleep(0.3)
        assert "Estimated cost of indexing 1 file" in await add(client, file, wait_seconds=0.3)
        emulator.stores.release()
        assert "1 file ready" in await add(client, file)
    assert emulator.stores.stored == ["a.md", "a.md"]


@pytest.mark.slow
async def test_time_in_the_queue_is_no_time_of_indexing(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    for number in range(7):
        (file.parent / f"{number}.md").write_text(f"file {number}", encoding="utf-8")
    emulator.faults.append(stalled := Fault("upload", "stall", 4))
    async with serving(settings, replace(FAST, processing=0.5)) as client:
        assert "8 not ready yet" in await add(client, file.parent, wait_seconds=1.5)
        stalled.release.set()
        assert "8 files ready." in await add(client, file.parent)
    assert len(emulator.stores.stored) == 8


@pytest.mark.slow
async def test_files_that_are_looked_for_share_a_list(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    files = [file, *(file.parent / f"{number}.md" for number in range(3))]
    for number, path in enumerate(files[1:]):
        path.write_text(f"file {number}", encoding="utf-8")
    list_late(emulator, True)
    emulator.stores.hold = True
    polling = replace(FAST, first_processing_poll=0.2, slowest_processing_poll=0.2)
    async with serving(settings, polling) as client:
        for path in files:
            unasked = Fault("upload", "http", skip=1, http_status=404)
            emulator.faults[:] = [Fault("upload", "drop_taken", skip=1), unasked]
            await add(client, path, wait_seconds=0)
            await unasked.reached.wait()
        emulator.requests.clear()
        assert "not ready yet" in await add(client, file.parent, wait_seconds=2)
        lists = sum(request.path.endswith("/documents") for request in emulator.requests)
        emulator.stores.release()
        assert "4 files ready" in await add(client, file.parent)
    assert lists < 20
    assert len(emulator.stores.stored) == 4


def test_nothing_is_sent_again_while_it_may_still_be_indexed() -> None:
    assert Timing().store_settling >= Timing().processing
