"""Files on their way into file search stores: each content is sent to a store once, and indexed there.

Indexing outlives the call that asked for it, because hosts abandon calls: the next call for the same files waits for
the rest. That nothing is sent twice rests on the hash among a document's metadata, which every server sees, and until
Google lists the document on the journal, which has what was sent and the operation that indexes it.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol, TypeVar

import anyio
import anyio.to_thread

from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InputError,
    Json,
    NetworkError,
    OverloadedError,
    QuotaError,
    RefusedError,
    StoreNotFoundError,
    TaskStarter,
    Timing,
    UploadLostError,
    logger,
)
from gemini_interactions_mcp.journal import now
from gemini_interactions_mcp.models import (
    BytesSentCallback,
    IndexingState,
    StoreDocument,
    UploadSource,
    stores,
)

from .boundary import Boundary
from .inspection import LocalFile, normalize_name
from .opening import FileOpener
from .path_errors import translate_path_errors
from .path_rules import split_below_roots
from .recognition import prepare_outgoing, prepare_upload
from .saved_files import SavedFiles
from .stored_files import IndexingWork, SentFiles, SentFileStore, StoredFile
from .upload_cache import HashingReader, OutgoingFile, get_file_version, make_modified_error

UPLOADS_AT_ONCE: Final = 4
"""Files that are sent at once; more may be indexed."""

READS_AT_ONCE: Final = 8
"""Operations and documents that are read at once."""

OPERATION_LIFETIME: Final = timedelta(days=2)
"""How long the journal keeps an operation whose end nobody has seen."""

SLOWEST_UPLOAD: Final = 150_000
"""Bytes per second of the slowest upload, as `Timing.upload`."""

PASSING_ERRORS: Final = (NetworkError, OverloadedError, QuotaError)
"""Errors of a read after which it is repeated later."""

READS_OF_MISSING: Final = 3
"""How often an operation is read that Google does not have: one that has just begun may be unknown to it."""

NOT_ARRIVED: Final = (
    "Google lists no document of it: it may not have got it, or the document was removed. Call again to send it."
)

FoundT = TypeVar("FoundT")


class SentUpload(NamedTuple):
    """An upload whose last byte has left: its operation, None if that is lost, and whether the file was changed."""

    state: IndexingState | None
    modified: bool


class StoreApi(Protocol):
    """The file search stores of the API."""

    async def documents(self, store: str) -> list[StoreDocument]:
        """Return all documents of a store."""
        ...

    async def document(self, name: str) -> StoreDocument:
        """Return a document."""
        ...

    async def delete_document(self, name: str) -> bool:
        """Delete a document; return False if it was not there any more."""
        ...

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
        """Upload a file, and return the operation that indexes it; None if only the answer was lost."""
        ...

    async def operation(self, name: str) -> IndexingState:
        """Return how far the indexing of a document has come."""
        ...


class StoreUploads:
    """Sends files to the stores of one API key, and follows them until they can be searched.

    Args:
        service: The stores.
        shelf: The part of the journal that keeps uploads.
        account: The owner of the stores.
        boundary: What may be read.
        tasks: Runs the work.
        timing: Intervals and deadlines.
        clock: Returns the time, with a time zone.
        saved: The files that this server keeps.
    """

    def __init__(
        self,
        service: StoreApi,
        shelf: SentFileStore,
        account: str,
        boundary: Boundary,
        tasks: TaskStarter,
        timing: Timing,
        clock: Callable[[], datetime] = now,
        saved: SavedFiles | None = None,
    ) -> None:
        self._opener = FileOpener(boundary, saved or SavedFiles(boundary))
        self._service = service
        self._sent = SentFiles(shelf, account, clock)
        self._boundary = boundary
        self._tasks = tasks
        self._timing = timing
        self._clock = clock
        self._lanes = anyio.CapacityLimiter(UPLOADS_AT_ONCE)
        self._readers = anyio.CapacityLimiter(READS_AT_ONCE)
        self._going: dict[tuple[str, str], IndexingWork] = {}
        self._broken_off: dict[tuple[str, str], str] = {}
        self._listing = anyio.Lock()
        self._listed: dict[str, tuple[float, list[StoreDocument]]] = {}
        self._reserved: dict[IndexingWork, tuple[datetime, int]] = {}

    async def name_files(self, files: Sequence[LocalFile]) -> list[str]:
        """Return the names of the documents of files: their paths below the outermost allowed directory."""
        return await anyio.to_thread.run_sync(lambda: [self._name(file) for file in files])

    def _name(self, file: LocalFile) -> str:
        if file.saved:
            return stores.make_document_name(normalize_name(file.saved.name))
        with translate_path_errors(file.source):
            places = split_below_roots(self._boundary.approve(file.source), self._boundary.roots)
        whole = "/".join(max(places, key=len))
        return stores.make_document_name(normalize_name(whole))

    async def is_known(self, store: str, wanted: StoredFile) -> bool:
        """Whether a file need not be sent: the store has it, or it may be on its way."""
        if wanted.present is not None or (store, wanted.file.sha256) in self._going:
            return True
        return await self._sent.find(IndexingWork(store, wanted)) is not None

    def begin(self, store: str, wanted: StoredFile) -> IndexingWork:
        """Begin what there is to do for a file, or return the work that has begun. What it may cost counts from now."""
        key = (store, wanted.file.sha256)
        if work := self._going.get(key):
            return work
        work = IndexingWork(store, wanted)
        if wanted.present is not None and wanted.present.state == "active":
            work.document = wanted.present
            work.done.set()
            return work
        self._going[key] = work
        if wanted.agreed:
            self._reserved[work] = (self._clock(), wanted.micros)
        self._tasks.start_soon(self._drive, work)
        return work

    async def forget(self, store: str, document: StoreDocument) -> None:
        """Forget what was sent of a document that is removed, so that it can be sent again."""
        if not document.digest:
            return
        if work := self._going.get((store, document.digest)):
            work.removed = True
        await self._sent.forget(store, document.digest)

    def sum_spent(self, since: datetime) -> int:
        """Return the most that what this process has sent, or is to send, since then may cost, in micros."""
        return sum(micros for moment, micros in self._reserved.values() if moment >= since)

    def sum_new(self, store: str, wanted: Iterable[StoredFile]) -> int:
        """Return the most that beginning these files may add to that; what is going on has been counted."""
        return sum(each.micros for each in wanted if (store, each.file.sha256) not in self._going)

    async def _drive(self, work: IndexingWork) -> None:
        try:
            work.document = await self._get_indexed(work)
        except Exception as exc:  # noqa: BLE001 - the waiting calls tell it; in the task group it would end the server
            work.error = exc
        finally:
            if not work.taken:
                self._reserved.pop(work, None)
            del self._going[work.store, work.digest]
            work.done.set()

    async def _get_indexed(self, work: IndexingWork) -> StoreDocument:
        """Return the document of a file once it can be searched.

        Raises:
            GeminiMCPError: There is none.
        """
        if work.wanted.present is not None:
            return await self._limit(work, self._wait_active(work, work.wanted.present))
        document = await self._find_sent(work)
        if document is None and work.wanted.agreed:
            document = await self._send(work)
        if document is None:
            raise NetworkError(NOT_ARRIVED)
        await self._sent.settle(work)
        return document

    async def _limit(self, work: IndexingWork, found: Awaitable[FoundT]) -> FoundT:
        """Return what waits for the indexing of a file, unless that takes too long.

        Raises:
            NetworkError: It does.
        """
        with anyio.move_on_after(self._timing.processing + work.wanted.file.size / SLOWEST_UPLOAD):
            return await found
        raise NetworkError("Google has been indexing it for half an hour. Call again later to go on.")

    async def _find_sent(self, work: IndexingWork) -> StoreDocument | None:
        """Return the document of what another process, or a call that broke off, has sent; None if nothing was."""
        kept = await self._sent.find(work)
        if kept is None:
            return None
        work.phase = "indexing"
        if not kept.name and (address := self._broken_off.get((work.store, work.digest))):
            return await self._resume(work, address)
        return await self._limit(work, self._look_for(work))

    async def _look_for(self, work: IndexingWork) -> StoreDocument | None:
        """Return the document of a file that Google may have got; None once it is certain that there is none.

        It is looked for by its hash, until its operation is known.
        """
        delay = self._timing.first_processing_poll
        while kept := await self._sent.find(work):
            if kept.name:
                return await self._follow(work, IndexingState(name=kept.name))
            if found := await self._find_listed(work, delay):
                return found
            await anyio.sleep(delay)
            delay = min(delay * 1.5, self._timing.slowest_processing_poll)
        return await self._find_listed(work)

    async def _find_listed(self, work: IndexingWork, age: float = 0) -> StoreDocument | None:
        """Return a file's document if a list has it that was begun no longer ago than that."""
        listed = await self._read_list(work.store, age)
        found = stores.compare_file(work.wanted.name, work.digest, listed).present
        return await self._wait_active(work, found) if found else None

    async def _read_list(self, store: str, age: float) -> list[StoreDocument]:
        """Return the documents of a store; files that are looked for at once share a list."""
        async with self._listing:
            listed = self._listed.get(store)
            if listed is None or anyio.current_time() - listed[0] >= age:
                began = anyio.current_time()
                listed = self._listed[store] = (began, await self._service.documents(store))
        return listed[1]

    async def _send(self, work: IndexingWork) -> StoreDocument | None:
        """Send a file, and return its document once it can be searched; None if Google has not got it.

        Raises:
            FileRefusedError: It was changed after its inspection.
            GeminiMCPError: Google did not take it.
        """
        sent = await self._upload(work, None)
        work.phase = "indexing"
        return await self._limit(work, self._finish(work, sent) if sent else self._look_for(work))

    async def _resume(self, work: IndexingWork, address: str) -> StoreDocument | None:
        """Resume an upload that may have arrived whole, and return the document as `_send` does."""
        try:
            sent = await self._upload(work, address)
        except (RefusedError, UploadLostError):
            # Google may not know the upload any more, whether or not it got all of it.
            del self._broken_off[work.store, work.digest]
            sent = None
        return await self._limit(work, self._finish(work, sent) if sent else self._look_for(work))

    async def _finish(self, work: IndexingWork, sent: SentUpload) -> StoreDocument | None:
        work.phase = "indexing"
        document = await (self._follow(work, sent.state) if sent.state else self._look_for(work))
        if sent.modified and sent.state is not None and document is not None:
            # What was sent is not what its hash says.
            await self._service.delete_document(document.name)
            await self._sent.forget(work.store, work.digest)
            raise make_modified_error(work.wanted.file)
        return document

    async def _upload(self, work: IndexingWork, address: str | None) -> SentUpload | None:
        """Send the content of a file, or the rest of it; None if another server does."""
        async with self._lanes:
            with ExitStack() as streams:
                ready = await anyio.to_thread.run_sync(self._open, work.wanted.file, streams)
                if address is None and not await self._sent.claim(work, self._get_settling(ready)):
                    return None
                return await self._upload_ready(work, ready, address)

    def _get_settling(self, ready: OutgoingFile) -> timedelta:
        return timedelta(seconds=self._timing.store_settling + ready.file.size / SLOWEST_UPLOAD)

    async def _upload_ready(self, work: IndexingWork, ready: OutgoingFile, address: str | None) -> SentUpload:
        source, key = HashingReader(ready.stream), (work.store, work.digest)

        async def leaving(upload: str) -> None:
            self._broken_off[key] = upload
            await self._sent.keep(work, "", self._get_settling(ready))

        def moved(sent: int) -> None:
            work.record(sent)
            # Without its last byte an upload comes to nothing; one that is resumed may have had it.
            work.taken = address is not None or sent >= ready.file.size

        try:
            state = await self._service.upload(
                work.store, source, ready.file.size, work.wanted.described, moved, leaving, address
            )
        except GeminiMCPError as exc:
            if not await self._may_have_arrived(work, exc, address):
                raise
            state = None
        self._broken_off.pop(key, None)
        work.taken = True
        if state is not None:
            await self._sent.keep(work, state.name, OPERATION_LIFETIME)
        # Of a resumed one, only a part was read, and hashed.
        changed = address is None and source.hexdigest(ready.file.size) not in (None, ready.file.sha256)
        return SentUpload(state, changed or get_file_version(ready.stream) != ready.file.version)

    async def _may_have_arrived(self, work: IndexingWork, exc: GeminiMCPError, address: str | None) -> bool:
        """Whether an upload that failed is looked for among the documents; forget it if it certainly came to nothing.

        Otherwise the next call goes on with it.
        """
        lost = isinstance(exc, UploadLostError)
        if address is not None or (work.taken and lost):
            return address is None
        work.taken = work.taken and not isinstance(exc, RefusedError | InputError)
        if not work.taken:
            self._broken_off.pop((work.store, work.digest), None)
            await self._sent.forget(work.store, work.digest)
        return False

    def _open(self, file: LocalFile, streams: ExitStack) -> OutgoingFile:
        with translate_path_errors(file.source):
            ready = prepare_outgoing(prepare_upload(file), streams.enter_context(self._opener.open(file)))
        streams.enter_context(ready.stream)
        return ready

    async def _follow(self, work: IndexingWork, state: IndexingState) -> StoreDocument | None:
        """Return the document of an operation once it can be searched; None if there is none any more.

        Raises:
            RefusedError: Google could not index it.
        """
        try:
            state = await self._wait_done(work, state)
            if state.error:
                await self._sent.forget(work.store, work.digest, state.name)
                raise RefusedError(f"Google could not index it ({state.error}).")
            if state.document is not None:
                name = state.document if "/" in state.document else f"{work.store}/documents/{state.document}"
                return await self._wait_active(work, await self._service.document(name))
        except StoreNotFoundError as exc:
            logger.info("What indexes %s is gone: %s", work.wanted.name, exc)
        found = await self._find_listed(work)
        if found is None:
            await self._sent.forget(work.store, work.digest, state.name)
        return found

    async def _wait_done(self, work: IndexingWork, state: IndexingState) -> IndexingState:
        """Return an operation once it has ended.

        Raises:
            StoreNotFoundError: It is gone.
        """
        delay, missing = self._timing.first_processing_poll, 0
        while not state.done:
            await anyio.sleep(delay)
            if work.removed:
                raise StoreNotFoundError("It was removed.")
            delay = min(delay * 1.5, self._timing.slowest_processing_poll)
            try:
                async with self._readers:
                    state = await self._service.operation(state.name)
                missing = 0
            except StoreNotFoundError:
                missing += 1
                if missing == READS_OF_MISSING:
                    raise
            except PASSING_ERRORS as exc:
                logger.info("The indexing of %s cannot be read: %s", work.wanted.name, exc)
        return state

    async def _wait_active(self, work: IndexingWork, document: StoreDocument) -> StoreDocument:
        """Return a document once it can be searched.

        Raises:
            RefusedError: Google could not index it, or it was removed.
        """
        work.phase = "indexing"
        delay = self._timing.first_processing_poll
        while document.state == "pending":
            await anyio.sleep(delay)
            delay = min(delay * 1.5, self._timing.slowest_processing_poll)
            try:
                async with self._readers:
                    document = await self._service.document(document.name)
            except PASSING_ERRORS as exc:
                logger.info("The document of %s cannot be read: %s", work.wanted.name, exc)
        if document.state == "failed":
            await self._sent.forget(work.store, work.digest)
            raise RefusedError("Google could not index it.")
        return document
