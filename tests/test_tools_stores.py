"""Knowledge stores: what is made, sent, indexed, listed, removed and refused, through a real client."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from starlette.responses import JSONResponse

from conftest import FAST
from gemini_interactions_mcp.core.room import measure_cost
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.emulator.stores import EmulatedDocument, EmulatedStore
from gemini_interactions_mcp.files.inspection import LocalFile
from gemini_interactions_mcp.files.stored_files import IndexingWork, StoredFile
from gemini_interactions_mcp.models.stores import FileSearchStore
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.tools import adding, additions
from gemini_interactions_mcp.settings import Settings
from reading import call, complaint, have_stores, pdf, text_of, wav

NOTES = "fileSearchStores/notes"


@pytest.fixture
def folder(settings: Settings) -> Path:
    """An allowed directory with two notes."""
    folder = settings.allowed_dirs[0]
    (folder / "docs").mkdir()
    (folder / "docs" / "a.md").write_text("The tide turns.", encoding="utf-8")
    (folder / "docs" / "b.md").write_text("The foghorn sounds.", encoding="utf-8")
    return folder


@pytest.fixture
def store(emulator: Emulator) -> EmulatedStore:
    """A store without documents."""
    have_stores(emulator, "notes")
    emulator.stores.stores[NOTES].display_name = "Notes"
    return emulator.stores.stores[NOTES]


async def use(client: Client, action: str, **arguments: Any) -> str:
    return text_of(await call(client, "manage_store", action=action, **arguments))


async def add(client: Client, *paths: Path, **arguments: Any) -> str:
    return await use(client, "add", store="Notes", files=[str(path) for path in paths], **arguments)


def named(store: EmulatedStore) -> dict[str, EmulatedDocument]:
    return {document.display_name: document for document in store.documents.values()}


async def test_a_store_is_made_once_and_the_result_says_how_to_ask_it(client: Client, emulator: Emulator) -> None:
    made = await use(client, "create", store="Tide notes")
    (name,) = emulator.stores.stores
    assert made.startswith(f"The store is made: “Tide notes” ({name}).\n")
    assert f'tools=["file_search:{name}"]' in made
    for again in ("Tide notes", "tide  NOTES"):
        assert "no second one was made" in await use(client, "create", store=again)
    assert list(emulator.stores.stores) == [name]
    assert "`store` is the display name" in await complaint(client, "manage_store", action="create", store=name)


async def test_servers_that_make_a_store_at_once_agree_on_one(settings: Settings, emulator: Emulator) -> None:
    said: list[str] = []

    async def make(client: Client) -> None:
        said.append(await use(client, "create", store="Notes"))

    async with (
        Client(build_server(settings, FAST), cache=None) as one,
        Client(build_server(settings, FAST), cache=None) as other,
    ):
        for client in (one, other):
            await use(client, "list")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(make, one)
            tasks.start_soon(make, other)
    (name,) = emulator.stores.stores
    assert all(f"“Notes” ({name})" in each for each in said)


@pytest.mark.parametrize("kind", ["drop_taken", "half"])
async def test_a_store_whose_answer_is_lost_is_found_and_not_made_again(
    client: Client, emulator: Emulator, kind: Any
) -> None:
    emulator.faults.append(Fault("store", kind, skip=1))
    assert "The store is made" in await use(client, "create", store="Notes")
    assert len(emulator.stores.stores) == 1
    assert sum(request.method == "POST" for request in emulator.requests) == 1


@pytest.mark.slow
async def test_a_store_that_was_not_made_is_not_told_to_be(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("store", "drop", skip=1))
    assert "broke before an answer came" in await complaint(client, "manage_store", action="create", store="Notes")
    assert emulator.stores.stores == {}


async def test_a_folder_is_added_once_with_hashes_and_metadata(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    said = await add(client, folder / "docs", metadata={"author": "Ada", "year": 1843, "tags": ["sea", "fog"]})
    assert said.startswith(
        f"“Notes” ({NOTES}): 2 files ready.\n\n- docs/a.md: added\n- docs/b.md: added\n\n"
        "Estimated cost of indexing 2 files, once: <$0.0001 (https://ai.google.dev/gemini-api/docs/file-search#pricing)"
    )
    assert said.endswith(f'Ask with tools=["file_search:{NOTES}"].\n')
    assert named(store)["docs/a.md"].metadata == [
        {"key": "author", "stringValue": "Ada"},
        {"key": "tags", "stringListValue": {"values": ["sea", "fog"]}},
        {"key": "year", "numericValue": 1843},
        {"key": "gemini_mcp_sha256", "stringValue": hashlib.sha256(b"The tide turns.").hexdigest()},
    ]
    again = await add(client, folder / "docs", folder / "docs" / "a.md")
    assert "- docs/a.md: there already\n- docs/b.md: there already\n\nNothing was sent or charged" in again
    assert sorted(emulator.stores.stored) == ["docs/a.md", "docs/b.md"]


async def test_a_file_has_one_name_whichever_way_it_is_given(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    await add(client, folder / "docs" / "a.md")
    (folder / "docs" / "a.md").write_text("The tide has turned.", encoding="utf-8")
    assert "- docs/a.md: added; the store has another content of this name" in await use(
        client, "add", store=NOTES, files=[f"{folder}/**/a.md"]
    )
    assert list(named(store)) == ["docs/a.md"]


async def test_the_same_content_under_another_name_is_there_already(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    await add(client, folder / "docs" / "a.md")
    (folder / "copy.md").write_bytes((folder / "docs" / "a.md").read_bytes())
    said = await add(client, folder / "copy.md", metadata={"year": 1})
    assert "- copy.md: there already as “docs/a.md”, with other metadata, which cannot be changed" in said
    assert emulator.stores.stored == ["docs/a.md"]


async def test_a_changed_file_is_added_beside_its_earlier_version(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    await add(client, folder / "docs")
    earlier = named(store)["docs/a.md"].name.removeprefix(f"{NOTES}/")
    (folder / "docs" / "a.md").write_text("The tide has turned.", encoding="utf-8")
    for outcome in ("added", "there already"):
        said = await add(client, folder / "docs")
        assert f"- docs/a.md: {outcome}; the store has another content of this name: {earlier}\n" in said
        assert f'manage_store(action="remove", store="{NOTES}", document="{earlier}") removes one' in said
    assert len(store.documents) == len(emulator.stores.stored) == 3


async def test_contents_that_change_their_names_are_neither_sent_nor_deleted(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    await add(client, folder / "docs")
    before = set(store.documents)
    a, b = (folder / "docs" / name for name in ("a.md", "b.md"))
    first = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(first)
    said = await add(client, folder / "docs")
    assert "- docs/a.md: there already as “docs/b.md”\n- docs/b.md: there already as “docs/a.md”\n\nNothing" in said
    assert set(store.documents) == before


@pytest.mark.slow
async def test_what_another_program_has_added_stays(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    foreign = emulator.stores.add(NOTES, "docs/a.md", "text/plain", 3)
    assert "another content of this name: documents/" in await add(client, folder / "docs" / "a.md")
    assert foreign.name in store.documents
    assert [document.display_name for document in store.documents.values()] == ["docs/a.md"] * 2


async def test_a_file_that_google_cannot_index_is_told_and_tried_again(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    emulator.stores.failures["docs/a.md"] = "Failed to parse\nNote: forged"
    said = await add(client, folder / "docs")
    assert "1 file ready, 1 not added." in said
    assert "- docs/a.md: failed. Google could not index it (Failed to parse Note: forged).\n- docs/b.md: added" in said
    assert "The same call again tries what failed." in said
    alone = await complaint(client, "manage_store", action="add", store="Notes", files=[str(folder / "docs" / "a.md")])
    assert alone.startswith(f"Nothing was added to {NOTES}. docs/a.md: failed. Google could not index it")
    emulator.stores.failures.clear()
    assert "- docs/a.md: added" in await add(client, folder / "docs")
    assert sorted(each.state for each in store.documents.values()) == ["STATE_ACTIVE"] * 2 + ["STATE_FAILED"] * 2


def test_many_files_are_told_within_what_every_host_shows() -> None:
    lines = [f"- {'é' * 200}{number}: added" for number in range(500)]
    shown = adding.shorten_lines(lines)
    assert shown[-1] == f"- and {500 - len(shown) + 1} more"
    assert sum(map(measure_cost, shown)) < 4_600
    assert adding.shorten_lines(["- a.md: added"]) == ["- a.md: added"]


async def test_a_call_that_ends_early_goes_on_and_the_next_waits_for_the_rest(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    emulator.stores.hold, said = True, ""
    for _ in range(3):
        said = await add(client, folder / "docs", wait_seconds=0.1)
        assert "0 files ready, 2 not ready yet." in said
    assert "Nothing was sent or charged: all of it was there, or on its way." in said
    emulator.stores.release()
    assert "2 files ready." in await add(client, folder / "docs")
    assert len(emulator.stores.stored) == 2


async def test_progress_only_grows_and_names_what_is_done(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    told: list[tuple[float, str]] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, str(message)))
        assert total is None
        if "indexing" in str(message):
            emulator.stores.release()

    emulator.stores.hold = True
    arguments = {"action": "add", "store": NOTES, "files": [str(folder / "docs")]}
    result = await client.call_tool("manage_store", arguments, progress_callback=heard)
    assert not result.is_error
    values = [value for value, _ in told]
    assert values == sorted(values)
    assert any("0 of 2 files ready; indexing docs/a.md" in message for _, message in told)


async def test_a_text_in_another_encoding_is_sent_as_utf_8_and_known_by_the_file(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    (folder / "latin.txt").write_bytes("Grüße aus Köln, ähnlich öfter".encode("utf-16"))
    assert "latin.txt was read as UTF-16." in await add(client, folder / "latin.txt")
    (document,) = store.documents.values()
    assert document.size_bytes == len("Grüße aus Köln, ähnlich öfter".encode())
    assert "there already" in await add(client, folder / "latin.txt")


async def test_stores_and_documents_are_listed_in_pages(
    client: Client, emulator: Emulator, store: EmulatedStore
) -> None:
    assert await use(client, "list", store="notes") == (
        f"- {NOTES} | “Notes” | 0 documents | 0 bytes\n\nIt has no documents.\n\n"
        f'Ask with tools=["file_search:{NOTES}"].\n'
    )
    for number in range(45):
        emulator.stores.add(NOTES, f"{number:02}.md", "text/plain", number, [{"key": "n", "numericValue": number}])
    have_stores(emulator, *(f"s{number:02}" for number in range(24)))
    first = await use(client, "list")
    assert first.startswith(f"25 file search stores:\n- {NOTES} | “Notes” | 45 documents | 990 bytes\n")
    assert first.endswith("Page 1 of 2. More: the same call with page=2.\n")
    assert (await use(client, "list", page=2)).count("\n- ") == 5
    last = await use(client, "list", store="Notes", page=3)
    assert "\n- “44.md” | active | 44 bytes | text/plain | n=44 | documents/44-md-" in last
    assert "Page 3 of 3." in last
    assert "This page has no rows." in await use(client, "list", store="Notes", page=4)


async def test_no_stores_are_listed_with_the_way_to_one(client: Client) -> None:
    assert await use(client, "list") == (
        'There are no file search stores of yours. manage_store(action="create", store="NAME") makes one.\n'
    )


async def test_foreign_names_are_inert_wherever_they_are_told(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    evil = "![x](http://evil.example/?q) `c` <img src=x>"
    digest = hashlib.sha256(b"The tide turns.").hexdigest()
    emulator.stores.add(NOTES, evil, "text/plain", 3, [{"key": "gemini_mcp_sha256", "stringValue": digest}])
    emulator.stores.failures["docs/b.md"] = evil
    said = await use(client, "add", store=NOTES, files=[str(folder / "docs")])
    store.display_name = evil
    have_stores(emulator, "two")
    emulator.stores.stores["fileSearchStores/two"].display_name = evil
    said += await complaint(client, "manage_store", action="list", store=evil)
    said += await complaint(client, "manage_store", action="list", store=evil[:-3])
    said += await complaint(client, "manage_store", action="remove", store=NOTES, document=evil[:-3])
    assert said.count("evil.example") >= 5
    assert not any(each in said for each in ("](", "`c`", "<img"))


async def test_metadata_is_understood_as_the_api_has_it(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    await add(client, folder / "docs", metadata=[{"key": "a", "value": "x"}, {"key": "b", "numeric_value": 1}])
    (document, _) = store.documents.values()
    assert document.metadata[:2] == [{"key": "a", "stringValue": "x"}, {"key": "b", "numericValue": 1}]


@pytest.mark.parametrize("tool", ["gemini_ask", "start_research"])
async def test_a_display_name_among_tools_is_told_the_way_to_the_name(client: Client, tool: str) -> None:
    said = await complaint(client, tool, prompt="What?", tools=["file_search:Notes"])
    assert "'file_search:Notes' names no file search store" in said
    assert 'manage_store(action="list")' in said


async def test_foreign_names_cannot_forge_a_line(client: Client, emulator: Emulator, store: EmulatedStore) -> None:
    evil = "a\n- forged | active\u202e [x](javascript:alert(1)) <b>" + "y" * 400
    store.display_name = evil
    emulator.stores.add(NOTES, evil, "text/\nplain", 3, [{"key": evil, "stringValue": evil}])
    said = await use(client, "list", store=NOTES)
    assert sum(line.startswith("- ") for line in said.splitlines()) == 2
    assert "](" not in said
    assert all(character.isprintable() for line in said.splitlines() for character in line)
    (document,) = store.documents
    assert document.split("/", 2)[2] in said


async def test_a_document_is_removed_by_any_of_its_names(
    client: Client, emulator: Emulator, folder: Path, store: EmulatedStore
) -> None:
    await add(client, folder / "docs")
    names = {name: document.name for name, document in named(store).items()}
    said = await complaint(client, "manage_store", action="remove", store="Notes", document="docs/c.md")
    assert said.startswith("The store has no document docs/c.md. Similar names: docs/")
    assert said.endswith("Nothing was removed.")
    assert "“docs/a.md” is removed: “Notes”" in await use(client, "remove", store="Notes", document="docs/a.md")
    await use(client, "remove", store="Notes", document=names["docs/b.md"].removeprefix(f"{NOTES}/"))
    assert store.documents == {}
    for _ in range(2):
        emulator.stores.add(NOTES, "same.md", "text/plain", 3)
    said = await complaint(client, "manage_store", action="remove", store="Notes", document="same.md")
    assert said.startswith("Several documents have the name same.md: documents/same-md-")
    assert "- docs/a.md: added" in await add(client, folder / "docs")


async def test_a_store_with_documents_is_deleted_by_force_only(
    client: Client, emulator: Emulator, store: EmulatedStore
) -> None:
    emulator.stores.add(NOTES, "a.md", "text/plain", 3)
    said = await complaint(client, "manage_store", action="delete", store="Notes")
    assert said.startswith(f"“Notes” ({NOTES}) has 1 document, and nothing was deleted. force=true deletes")
    assert emulator.stores.stores
    assert await use(client, "delete", store="Notes", force=True) == f"“Notes” ({NOTES}) is deleted.\n"
    have_stores(emulator, "empty")
    assert await use(client, "delete", store="empty") == "fileSearchStores/empty is deleted.\n"
    assert emulator.stores.stores == {}


@pytest.mark.slow
async def test_a_deletion_whose_answer_is_lost_is_done(
    client: Client, emulator: Emulator, store: EmulatedStore
) -> None:
    emulator.faults.append(Fault("store", "drop_taken", skip=1))
    assert "was not there any more" in await use(client, "delete", store=NOTES)


@pytest.mark.parametrize(
    ("store_name", "said"),
    [
        ("Note", "There is no file search store Note for this key. Similar names: Notes."),
        ("fileSearchStores/nothing-at-all", "There is no file search store fileSearchStores/nothing-at-all for this"),
        ("Twins", "Several stores have the display name Twins: fileSearchStores/twin-1, fileSearchStores/twin-2."),
    ],
)
async def test_an_unknown_store_is_told_with_near_names(
    client: Client, emulator: Emulator, store: EmulatedStore, folder: Path, store_name: str, said: str
) -> None:
    have_stores(emulator, "twin-1", "twin-2")
    for name in ("twin-1", "twin-2"):
        emulator.stores.stores[f"fileSearchStores/{name}"].display_name = "Twins"
    told = await complaint(client, "manage_store", action="add", store=store_name, files=[str(folder)])
    assert told.startswith(said)
    assert emulator.stores.stored == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"action": "add"}, 'action="add" needs `store` and `files`. Nothing was sent.'),
        ({"action": "add", "store": "Notes"}, 'action="add" needs `files`.'),
        ({"action": "remove", "store": "Notes"}, 'action="remove" needs `document`.'),
        ({"action": "create"}, 'action="create" needs `store`.'),
        ({"action": "delete"}, 'action="delete" needs `store`.'),
        ({"action": "list", "files": ["a"]}, '`files` is not for action="list".'),
        ({"action": "create", "store": "x", "metadata": {"a": 1}}, '`metadata` is not for action="create".'),
        ({"action": "create", "store": "x" * 513}, "of at most 512 characters"),
        (
            {"action": "add", "store": "Notes", "files": ["docs"], "metadata": {"gemini_mcp_sha256": "x"}},
            "this server's own",
        ),
        ({"action": "add", "store": "Notes", "files": ["docs"], "metadata": {" ": "x"}}, "cannot be a key"),
        ({"action": "add", "store": "Notes", "files": ["docs"], "metadata": {"a": {}}}, "is no number, text"),
        ({"action": "add", "store": "Notes", "files": ["docs"], "metadata": {"a": [1]}}, "is no number, text"),
        (
            {"action": "add", "store": "Notes", "files": ["docs"], "metadata": {"a": 1, " a": 2}},
            "differ in blanks only",
        ),
        ({"action": "add", "store": "Notes", "files": ["docs"], "metadata": [{"key": "a"}]}, "object such as {"),
        (
            {"action": "add", "store": "Notes", "files": ["docs"], "metadata": [1]},
            "`metadata`: should be an object such",
        ),
        (
            {"action": "add", "store": "Notes", "files": ["docs"], "metadata": {str(each): 1 for each in range(20)}},
            "at most 19 keys",
        ),
        ({"action": "add", "store": "Notes", "files": ["https://example.com/a.pdf"]}, "https://example.com/a.pdf is"),
        ({"action": "add", "store": "Notes", "files": ["/etc/passwd"]}, "outside the allowed directories"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_is_uploaded(
    client: Client,
    emulator: Emulator,
    store: EmulatedStore,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: dict[str, Any],
    said: str,
) -> None:
    monkeypatch.chdir(folder)
    assert said in await complaint(client, "manage_store", **arguments)
    assert all("/upload/" not in request.path and request.method == "GET" for request in emulator.requests)


async def test_what_a_store_does_not_index_is_left_out_and_told(
    client: Client, emulator: Emulator, store: EmulatedStore, folder: Path
) -> None:
    tone = wav(folder / "docs")
    said = await complaint(client, "manage_store", action="add", store="Notes", files=[str(tone)])
    assert said == "None of the files can be added. tone.wav: audio is not indexed. Nothing was sent."
    told = await add(client, folder / "docs")
    assert "2 files ready, 1 not added." in told
    assert "- docs/tone.wav: audio is not indexed\n" in told
    (folder / "docs" / "key.md").write_text("-----BEGIN RSA PRIVATE KEY-----\nabc\n", encoding="utf-8")
    assert "like a secret" in await add(client, folder / "docs")
    assert sorted(named(store)) == ["docs/a.md", "docs/b.md"]


@pytest.mark.parametrize(
    ("kind", "size", "model", "why"),
    [
        ("video", 9, "", "video is not indexed"),
        ("text", 100 * 2**20 + 1, "", "it is larger than the 100 MB that a document may have"),
        ("image", 9, "models/gemini-embedding-001", "this store indexes text only, and no pictures"),
        ("image", 9, "models/gemini-embedding-2", ""),
        ("document", 9, "models/gemini-embedding-001", ""),
    ],
)
def test_what_a_store_does_not_take_is_known(kind: str, size: int, model: str, why: str) -> None:
    file = LocalFile("a", "a", size, size, kind, "x/y", version=(), sha256="0")
    assert additions.find_unfitness(file, FileSearchStore(name=NOTES, embedding_model=model)) == why


def test_an_upload_is_told_in_parts() -> None:
    work = IndexingWork(NOTES, StoredFile("a.md", LocalFile("a", "a", 4096, 9, "text", "x/y", version=(), sha256="0")))
    assert adding.describe_works([work]) == "0 of 1 file ready; waiting to send a.md"
    work.record(1024)
    assert adding.describe_works([work]) == "0 of 1 file ready; uploading 1.0 KiB of 4.0 KiB of a.md"
    work.record(4096)
    assert adding.describe_works([work]) == "0 of 1 file ready; uploading a.md"


async def test_two_files_of_one_name_are_both_added(
    settings: Settings, emulator: Emulator, store: EmulatedStore
) -> None:
    for root in settings.allowed_dirs:
        root.mkdir(exist_ok=True)
        (root / "a.md").write_text(str(root), encoding="utf-8")
    async with Client(build_server(settings, FAST), cache=None) as client:
        files = [str(root / "a.md") for root in settings.allowed_dirs]
        for outcome in ("added", "there already"):
            said = await use(client, "add", store="Notes", files=files)
            assert said.count(f"- a.md: {outcome}\n") == len(files)
    assert len(store.documents) == len(files) > 1


@pytest.mark.usual_wire("the contrary API may stream no annotations and refuse to read them later")
async def test_an_answer_cites_file_and_page_without_an_address(
    client: Client, store: EmulatedStore, folder: Path
) -> None:
    await add(client, pdf(folder), metadata={"author": "Ada"})
    await add(client, folder / "docs", metadata={"author": "Grace"})
    asked = {"prompt": "What is known?", "tools": ["file_search:notes"]}
    answer = text_of(await call(client, "gemini_ask", **asked, metadata_filter='author="Ada"'))
    assert "quotes”. [1]" in answer
    assert "\nSources:\n1. paper.pdf, page 1\n" in answer
    others = text_of(await call(client, "gemini_ask", **asked, metadata_filter='author="Grace"'))
    assert re.search(r"\nSources:\n1\. docs/[ab]\.md\n2\. docs/[ab]\.md\n", others)


async def test_a_store_that_does_not_exist_is_told_as_such_by_an_ask(client: Client, emulator: Emulator) -> None:
    have_stores(emulator, "notes")
    said = await complaint(client, "gemini_ask", prompt="What?", tools=["file_search:nowhere"])
    assert said.startswith("Google has no fileSearchStores/nowhere: the name is wrong or of another project's key")
    assert emulator.creates == []


async def test_the_limits_in_dollars_hold_for_indexing(
    settings: Settings, emulator: Emulator, store: EmulatedStore, folder: Path
) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.txt").write_text(f"{name} word " * 10_000, encoding="utf-8")
    limited = settings.model_copy(update={"dollars_per_month": 0.006})
    async with Client(build_server(limited, FAST), cache=None) as client:
        await add(client, folder / "a.txt")
        refused = {"action": "add", "store": "Notes", "files": [str(folder / "b.txt")]}
        said = await complaint(client, "manage_store", **refused)
        assert "there already" in await add(client, folder / "a.txt")
    assert said.startswith("GEMINI_MCP_DOLLARS_PER_MONTH allows $0.0060, of which $0.00")
    assert "Nothing was sent." in said
    assert emulator.stores.stored == ["a.txt"]


async def test_the_limits_in_dollars_hold_for_calls_at_once_and_count_equal_files_once(
    settings: Settings, emulator: Emulator, store: EmulatedStore, folder: Path
) -> None:
    for name in ("a", "b", "c"):
        for copy in ("", "-copy"):
            (folder / f"{name}{copy}.txt").write_text(f"{name} word " * 10_000, encoding="utf-8")
    limited = settings.model_copy(update={"dollars_per_day": 0.008})

    async def send(client: Client, name: str) -> None:
        files = [str(folder / f"{name}.txt"), str(folder / f"{name}-copy.txt")]
        said.append(
            text_of(await client.call_tool("manage_store", {"action": "add", "store": "Notes", "files": files}))
        )

    said: list[str] = []
    async with Client(build_server(limited, FAST), cache=None) as client:
        await use(client, "list")
        async with anyio.create_task_group() as tasks:
            for name in ("a", "b", "c"):
                tasks.start_soon(send, client, name)
        assert sum("Nothing was sent." in each for each in said) == 1, said
        assert sum("-copy.txt: added as " in each and "indexing 1 file" in each for each in said) == 2, said
    assert len(emulator.stores.stored) == 2


async def test_what_was_not_sent_is_given_back_to_the_limits(
    settings: Settings, emulator: Emulator, store: EmulatedStore, folder: Path
) -> None:
    (folder / "a.txt").write_text("a word " * 10_000, encoding="utf-8")
    emulator.faults.append(Fault("upload", "http", http_status=400))
    limited = settings.model_copy(update={"dollars_per_day": 0.006})
    async with Client(build_server(limited, FAST), cache=None) as client:
        refused = {"action": "add", "store": "Notes", "files": [str(folder / "a.txt")]}
        assert "failed. Google refused" in await complaint(client, "manage_store", **refused)
        assert "- a.txt: added" in await add(client, folder / "a.txt")


async def test_a_limit_is_not_kept_where_the_price_is_not_known(
    settings: Settings, emulator: Emulator, store: EmulatedStore, folder: Path
) -> None:
    store.embedding_model = "models/gemini-embedding-9"
    limited = settings.model_copy(update={"dollars_per_day": 5})
    async with Client(build_server(limited, FAST), cache=None) as client:
        refused = {"action": "add", "store": "Notes", "files": [str(folder / "docs")]}
        said = await complaint(client, "manage_store", **refused)
    assert said.startswith("What indexing these files may cost is not known, so GEMINI_MCP_DOLLARS_PER_DAY cannot be")
    assert emulator.stores.stored == []


@pytest.mark.parametrize("name", ["file_search:", " ", "\u00a0"])
async def test_no_name_means_no_store_and_no_document(client: Client, emulator: Emulator, name: str) -> None:
    have_stores(emulator, "other")
    emulator.stores.add("fileSearchStores/other", "", "text/plain", 3)
    for action, arguments in (("create", {}), ("delete", {"force": True}), ("add", {"files": ["a"]})):
        said = await complaint(client, "manage_store", action=action, store=name, **arguments)
        assert said.startswith(f'action="{action}" needs `store`')
    said = await complaint(client, "manage_store", action="remove", store="other", document=name)
    assert said.startswith('action="remove" needs `document`')
    assert "1 file search store" in await use(client, "list", store=name)
    assert len(emulator.stores.stores["fileSearchStores/other"].documents) == 1
    assert all(request.method == "GET" for request in emulator.requests)


async def test_a_call_answers_in_time_though_the_store_is_slow_and_the_next_one_goes_on(
    settings: Settings, emulator: Emulator, store: EmulatedStore, folder: Path
) -> None:
    emulator.faults.append(slow := Fault("store", "stall", match="documents"))
    timing = replace(FAST, planning=0.3)
    async with Client(build_server(settings, timing), cache=None) as client:
        began = anyio.current_time()
        for _ in range(2):
            assert "still compared with what the store has" in await add(client, folder / "docs", wait_seconds=0.1)
        assert anyio.current_time() - began < 2
        slow.release.set()
        assert "2 files ready." in await add(client, folder / "docs")
    lists = [request for request in emulator.requests if request.path.endswith("/documents")]
    assert len(lists) == 1
    assert sorted(emulator.stores.stored) == ["docs/a.md", "docs/b.md"]


async def test_a_list_without_an_end_is_not_read_for_ever(
    client: Client, emulator: Emulator, store: EmulatedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def repeat(*_: object) -> JSONResponse:
        return JSONResponse({"nextPageToken": "0"})

    monkeypatch.setattr("gemini_interactions_mcp.emulator.store_endpoints.make_page", repeat)
    assert "its pages repeat" in await complaint(client, "manage_store", action="list", store=NOTES)
    assert len(emulator.requests) < 9


async def test_a_store_with_too_many_documents_is_not_added_to(
    client: Client, emulator: Emulator, store: EmulatedStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gemini_interactions_mcp.api.stores.MAX_DOCUMENTS", 25)
    for number in range(26):
        emulator.stores.add(NOTES, f"{number}.md", "text/plain", 3)
    said = await complaint(client, "manage_store", action="add", store="Notes", files=[str(folder)])
    assert said.startswith(f"{NOTES} has more than 25 documents")


async def test_a_display_name_that_google_refuses_as_a_name_is_found(
    client: Client, emulator: Emulator, store: EmulatedStore
) -> None:
    store.display_name = "tides"
    emulator.faults.append(Fault("store", "http", http_status=400))
    assert "“tides”" in await use(client, "list", store="tides")
