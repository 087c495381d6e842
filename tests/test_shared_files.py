"""Files in a store that two servers share: what one saves, the other reads, shows, exports, restores and deletes."""

import base64
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from io import BufferedReader
from pathlib import Path
from typing import Any

import obstore
import pytest
from mcp import Client
from mcp_types import BlobResourceContents
from obstore import exceptions
from pydantic import SecretStr

from conftest import FAST, make_settings
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.files import verified_copies
from gemini_interactions_mcp.files.verified_copies import CopyKey, VerifiedCopies
from gemini_interactions_mcp.output import objects
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.views import files as views
from reading import call, complaint, id_of, links_of, newest, posts, previews_of, text_of
from storing import SECRET


class Shelf:
    """The store of a test.

    Args:
        request: Has the bucket of the test.
        tmp_path: The folder of the test.
        kind: Of the store.
        below: The folder in it that is looked at.
    """

    def __init__(self, request: pytest.FixtureRequest, tmp_path: Path, kind: str, below: str = "") -> None:
        self._below = f"{below}/" if below else ""
        self.folder = tmp_path / "store"
        self.bucket = request.getfixturevalue("bucket") if kind == "s3" else None
        self.url = self.bucket.url if self.bucket else f"file://{self.folder.as_posix()}"

    def list(self) -> list[str]:
        """The names of its objects."""
        if self.bucket:
            found = [key.removeprefix("made/by gemini/") for key in self.bucket.list()]
            return [key.removeprefix(self._below) for key in found if key.startswith(self._below)]
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return [path.relative_to(self.folder).as_posix() for path in found]


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.slow)])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    return Shelf(request, tmp_path, request.param)


@pytest.fixture
async def clients(shelf: Shelf, tmp_path: Path, url: str) -> AsyncGenerator[tuple[Client, Client]]:
    """Clients of two servers with one journal and one store, and nothing else in common."""
    async with AsyncExitStack() as stack:
        made: list[Client] = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            settings = make_settings(
                tmp_path / name,
                url,
                database_url=f"sqlite+aiosqlite:///{(tmp_path / 'journal.sqlite3').as_posix()}",
                output_url=SecretStr(shelf.url),
            )
            made.append(await stack.enter_async_context(Client(build_server(settings, FAST), cache=None)))
        yield made[0], made[1]


async def test_what_one_server_saves_the_other_has(
    clients: tuple[Client, Client], shelf: Shelf, tmp_path: Path
) -> None:
    one, two = clients
    made = await call(one, "generate_image", prompt="a red bicycle")
    (link,) = links_of(made)
    (name,) = shelf.list()
    assert f"Saved: {link.uri} (image/" in text_of(made)
    assert (name, SECRET in str(made)) == (link.name, False)
    assert not [path for path in (tmp_path / "one" / "output").rglob("*") if path.is_file()]

    read = await call(two, "read_interaction", interaction_id=id_of(made))
    assert previews_of(read)
    assert f"Saved: {link.uri}" in text_of(read)
    (whole,) = (await two.read_resource(link.uri)).contents
    assert isinstance(whole, BlobResourceContents)
    await call(two, "analyze_file", prompt="What is it?", files=[link.uri])

    await call(two, "read_interaction", interaction_id=id_of(made), save_as="out/bicycle.html")
    assert "out/bicycle.html" in shelf.list()
    said = await complaint(one, "read_interaction", interaction_id=id_of(made), save_as="out/bicycle.html")
    assert "never reused" in said
    await call(one, "read_interaction", interaction_id=id_of(made), save_as="md")

    gone = await call(two, "delete_interaction", interaction_id=id_of(made))
    assert f"File {name}: deleted." in text_of(gone)
    assert shelf.list() == []


async def test_a_file_that_is_gone_is_restored(clients: tuple[Client, Client], shelf: Shelf) -> None:
    one, two = clients
    made = await call(one, "generate_image", prompt="a red bicycle")
    (link,) = links_of(made)
    store = objects.open_object_store(shelf.url)
    path = f"{shelf.url.partition('?')[0]}/{link.name}"
    assert store.remove(path, store.status(path).version)
    await call(two, "read_interaction", interaction_id=id_of(made))
    assert shelf.list() == [link.name]
    (whole,) = (await one.read_resource(link.uri)).contents
    assert isinstance(whole, BlobResourceContents)


async def test_a_store_that_is_down_costs_no_paid_answer(
    clients: tuple[Client, Client], shelf: Shelf, monkeypatch: pytest.MonkeyPatch, emulator: Emulator
) -> None:
    one, two = clients
    put = obstore.put

    def fail(*args: Any, **options: Any) -> Any:
        if not str(args[1]).endswith(".trial"):
            raise exceptions.GenericError("down")
        return put(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(obstore, "put", fail)
        made = await call(one, "generate_image", prompt="a red bicycle")
        assert "the object store of this server" in text_of(made)
        assert shelf.list() == []
    read = await call(two, "read_interaction", interaction_id=str(newest(emulator).id))
    assert len(links_of(read)) == 1
    assert len(shelf.list()) == 1


@pytest.mark.parametrize("path", ["/etc/x.png", "../x.png", "a/../../x.png", "s3://other/x.png", ".x.png", "a\\x.png"])
async def test_only_relative_names_are_written(
    clients: tuple[Client, Client], shelf: Shelf, path: str, emulator: Emulator
) -> None:
    await complaint(clients[0], "generate_image", prompt="a red bicycle", output_path=path)
    assert (shelf.list(), posts(emulator)) == ([], 0)


async def test_a_store_that_takes_nothing_is_told_before_it_is_paid_for(
    clients: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch, emulator: Emulator
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise exceptions.PermissionDeniedError("no")

    monkeypatch.setattr(obstore, "put", fail)
    said = await complaint(clients[0], "generate_image", prompt="a red bicycle")
    assert "Cannot write to the object store of this server: it refuses access" in said
    assert "Nothing was sent" in said
    assert posts(emulator) == 0


async def test_a_report_is_saved_in_the_store(clients: tuple[Client, Client], shelf: Shelf) -> None:
    one, two = clients
    begun = await call(one, "start_research", prompt="bicycles")
    done = await call(one, "check_research", interaction_id=id_of(begun), wait_seconds=20)
    assert [key for key in shelf.list() if key.endswith(".md")]
    await call(two, "read_interaction", interaction_id=id_of(done), resolve_sources=True)
    assert "gemini://interactions/" in text_of(done)
    await call(two, "delete_interaction", interaction_id=id_of(done))
    assert shelf.list() == []


async def test_a_file_that_is_read_by_pieces_is_copied_once(
    clients: tuple[Client, Client], shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = clients
    made = await call(one, "generate_image", prompt="a red bicycle")
    (link,) = links_of(made)
    store = objects.open_object_store(shelf.url)
    path = f"{shelf.url.partition('?')[0]}/{link.name}"
    with store.read(path, link.size or 0) as stream:
        whole = stream.read()
    reads: list[str] = []
    read = objects.ObjectStore.read

    def note(self: objects.ObjectStore, path: str, size: int) -> Any:
        reads.append(path)
        return read(self, path, size)

    monkeypatch.setattr(objects.ObjectStore, "read", note)
    monkeypatch.setattr(views, "PIECE_BYTES", 1_000)
    pieces = bytearray()
    while len(pieces) < len(whole):
        piece = await call(two, "read_view", interaction_id=id_of(made), name=link.name, offset=len(pieces))
        pieces += base64.b64decode((piece.meta or {})["gemini-interactions/view"]["base64"])
    assert (pieces, len(reads)) == (whole, 1)
    # Another object in its place is noticed at once.
    assert store.replace(b"x" * len(whole), path, store.status(path).version)
    said = await complaint(two, "read_view", interaction_id=id_of(made), name=link.name, offset=0)
    assert "was changed or moved" in said


def test_copies_are_few_and_do_not_last(tmp_path: Path) -> None:
    copies = VerifiedCopies()
    keys = [CopyKey(f"s3://a/{number}", "1", "abc") for number in range(verified_copies.MAX_COPIES + 1)]
    with (tmp_path / "a").open("w+b") as file:
        file.write(b"hello")
        file.flush()
        for key in keys:
            copies.keep(key, file, 5)
        copies.keep(keys[0]._replace(version="2"), file, verified_copies.MAX_COPY_BYTES + 1)
    assert copies.find(keys[0]) is None
    readers = [each for key in keys[1:] if (each := copies.find(key))]
    assert len(readers) == verified_copies.MAX_COPIES
    copies.forget(keys[1].path)
    assert copies.find(keys[1]) is None
    assert [reader.seek(-2, 2) for reader in readers] == [3] * len(readers)
    assert {reader.read() for reader in readers} == {b"lo"}
    brief = VerifiedCopies(0.01)
    with (tmp_path / "a").open("rb") as file:
        brief.keep(keys[1], file, 5)
    until_gone(lambda: brief.find(keys[1]))
    copies.forget()
    copies.drop(keys[2])
    assert not any(map(copies.find, keys))
    for reader in readers:
        reader.close()
        reader.raw.close()


def until_gone(find: Callable[[], BufferedReader | None]) -> None:
    """Wait until a copy is closed."""
    for _ in range(500):
        found = find()
        if found is None:
            return
        found.close()
        time.sleep(0.01)
    raise AssertionError("it lasts")
