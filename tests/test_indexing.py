"""Files on their way into a store, by themselves: what Google says in other words, and files that change meanwhile."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup

import filing
from conftest import FAST
from filing import Make, Recorder
from gemini_interactions_mcp.core.errors import InputError, NetworkError, OverloadedError, RefusedError
from gemini_interactions_mcp.core.lenient import Json
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.files.boundary import Boundary
from gemini_interactions_mcp.files.indexing import StoreUploads
from gemini_interactions_mcp.files.stored_files import IndexingWork, StoredFile
from gemini_interactions_mcp.models.stores import DIGEST_KEY, IndexingState, MetadataEntry, StoreDocument
from gemini_interactions_mcp.models.uploads import BytesSentCallback, UploadSource

home, make, recorder, tasks = filing.home, filing.make, filing.recorder, filing.tasks

STORE = "fileSearchStores/s"
NAME = f"{STORE}/documents/a-1"


AnswerT = TypeVar("AnswerT")


def take(answers: list[AnswerT | Exception]) -> AnswerT:
    """The next answer; the last one stays."""
    answer = answers.pop(0) if answers[1:] else answers[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


class FakeStores:
    """Answers as it is told; each answer once, the last for ever."""

    def __init__(self) -> None:
        self.states: list[IndexingState | Exception] = [IndexingState(name="op", done=True, document=NAME)]
        self.found: list[StoreDocument | Exception] = [StoreDocument(name=NAME, display_name="a.md")]
        self.listed: list[StoreDocument] = []
        self.lost = False
        self.uploads = 0
        self.deleted: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None

    async def documents(self, store: str) -> list[StoreDocument]:
        assert store == STORE
        await anyio.lowlevel.checkpoint()
        return self.listed

    async def document(self, name: str) -> StoreDocument:
        assert name == NAME
        await anyio.lowlevel.checkpoint()
        return take(self.found)

    async def delete_document(self, name: str) -> bool:
        await anyio.lowlevel.checkpoint()
        self.deleted.append(name)
        return True

    async def upload(
        self,
        store: str,
        source: UploadSource,
        size: int,
        described: Json,
        moved: BytesSentCallback,
        leaving: Callable[[str], Awaitable[None]],
        address: str | None = None,
    ) -> IndexingState | None:
        del store, described, address
        self.uploads += 1
        await leaving("https://upload")
        source.read(size)
        moved(size)
        self.meanwhile()
        return None if self.lost else take(self.states)

    async def operation(self, name: str) -> IndexingState:
        assert name == "op"
        await anyio.lowlevel.checkpoint()
        return take(self.states)


@pytest.fixture
def api() -> FakeStores:
    return FakeStores()


async def indexed(
    api: FakeStores, home: Path, make: Make, recorder: Recorder, tasks: TaskGroup, timing: Timing = FAST
) -> IndexingWork:
    """Have a file indexed, and wait for the end of that."""
    (home / "a.md").write_text("The tide turns.", encoding="utf-8")
    boundary = Boundary((home,), home)
    uploads = StoreUploads(api, recorder, "account", boundary, tasks, timing, lambda: recorder.now)
    ((file,),) = [source.files for source in (await make().inspect(["a.md"])).sources]
    assert await uploads.name_files([file]) == ["a.md"]
    work = uploads.begin(STORE, StoredFile("a.md", file, agreed=True))
    with anyio.fail_after(10):
        await work.done.wait()
    return work


Indexed = Callable[..., Awaitable[IndexingWork]]


@pytest.fixture
def index(api: FakeStores, home: Path, make: Make, recorder: Recorder, tasks: TaskGroup) -> Indexed:
    async def run(timing: Timing = FAST) -> IndexingWork:
        return await indexed(api, home, make, recorder, tasks, timing)

    return run


PENDING = StoreDocument(name=NAME, display_name="a.md", state="pending")
LISTED = StoreDocument(
    name=NAME,
    display_name="a.md",
    metadata=(MetadataEntry(key=DIGEST_KEY, value=hashlib.sha256(b"The tide turns.").hexdigest()),),
)


async def test_a_document_is_named_by_its_id_alone(api: FakeStores, index: Indexed) -> None:
    api.states = [
        IndexingState(name="op"),
        OverloadedError("busy"),
        IndexingState(name="op", done=True, document="a-1"),
    ]
    api.found = [PENDING, NetworkError("broken"), replace_state("active")]
    work = await index()
    assert work.error is None
    assert work.document == replace_state("active")


def replace_state(state: str) -> StoreDocument:
    return PENDING.model_copy(update={"state": state})


async def test_an_operation_that_names_no_document_has_it_looked_for(api: FakeStores, index: Indexed) -> None:
    api.states, api.listed = [IndexingState(name="op", done=True)], [LISTED]
    assert (await index()).document == LISTED


async def test_an_operation_whose_document_nobody_finds_is_told(
    api: FakeStores, index: Indexed, recorder: Recorder
) -> None:
    api.states = [IndexingState(name="op", done=True)]
    api.meanwhile = lambda: setattr(recorder, "now", recorder.now.replace(year=2027))
    work = await index(replace(FAST, processing=0.3))
    assert isinstance(work.error, NetworkError)


async def test_a_document_that_fails_after_its_operation_is_told(api: FakeStores, index: Indexed) -> None:
    api.found = [PENDING, replace_state("failed")]
    assert str((await index()).error) == "Google could not index it."


async def test_a_lost_answer_without_a_document_is_told_once_that_is_certain(
    api: FakeStores, index: Indexed, recorder: Recorder
) -> None:
    api.lost = True
    api.meanwhile = lambda: setattr(recorder, "now", recorder.now.replace(year=2027))
    work = await index()
    assert isinstance(work.error, NetworkError)
    assert "it may not have got it" in str(work.error)
    assert api.uploads == 1


async def test_indexing_that_never_ends_is_given_up(api: FakeStores, index: Indexed) -> None:
    api.states = [IndexingState(name="op")]
    work = await index(replace(FAST, processing=0.1))
    assert "for half an hour. Call again later to go on." in str(work.error)


async def test_a_file_that_changes_while_it_is_sent_is_removed_again(
    api: FakeStores, index: Indexed, home: Path
) -> None:
    api.meanwhile = lambda: (home / "a.md").write_text("The tide has turned.", encoding="utf-8")
    work = await index()
    assert isinstance(work.error, InputError)
    assert "was changed while it was uploaded" in str(work.error)
    assert api.deleted == [NAME]


async def test_a_document_that_disappears_is_told(api: FakeStores, index: Indexed) -> None:
    api.found = [PENDING, RefusedError("gone")]
    assert str((await index()).error) == "gone"
