"""What file search stores are to have of files, and what may have been sent of them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

import anyio

from gemini_interactions_mcp.core import JournalError, Json, logger
from gemini_interactions_mcp.models import MetadataEntry, StoreDocument, UploadedFile, stores

from .inspection import LocalFile
from .upload_cache import UploadStore

RECENTLY: Final = timedelta(minutes=10)
"""How long what is indexed is still remembered, for servers that have read the store's documents before that."""

WorkPhase = Literal["waiting", "uploading", "indexing"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that a store is to have.

    Attributes:
        name: The name of its document: its path below the allowed directory, whichever way it was given.
        file: The file, as it was inspected.
        described: What is told of the document, as the API takes it.
        metadata: What the caller says of it.
        present: The document that the store has of it already.
        namesakes: Other documents that the store has under this name.
        micros: The most that indexing it may cost, in millionths of a dollar.
        agreed: Whether it may be sent: its cost was told, and the limits leave room for it.
    """

    name: str
    file: LocalFile
    described: Json = field(default_factory=dict[str, object])
    metadata: tuple[MetadataEntry, ...] = ()
    present: StoreDocument | None = None
    namesakes: tuple[StoreDocument, ...] = ()
    micros: int = 0
    agreed: bool = False


@dataclass(eq=False)
class IndexingWork:
    """What is done for one file.

    Attributes:
        store: The name of the store.
        wanted: The file.
        phase: What is done now.
        sent: Bytes sent so far.
        taken: Whether Google may have taken it from this work.
        removed: Whether its document was removed meanwhile.
        document: The document, once it can be searched.
        error: Why there is no document.
        done: Set once the work has ended in any way.
    """

    store: str
    wanted: StoredFile
    phase: WorkPhase = "waiting"
    sent: int = 0
    taken: bool = False
    removed: bool = False
    document: StoreDocument | None = None
    error: Exception | None = None
    done: anyio.Event = field(default_factory=anyio.Event)

    @property
    def digest(self) -> str:
        """The hash of the file's content."""
        return self.wanted.file.sha256

    def record(self, sent: int) -> None:
        """Record the number of bytes sent so far."""
        self.phase, self.sent = "uploading", sent


class SentFileStore(UploadStore, Protocol):
    """The part of the journal that keeps what is sent to stores."""

    async def claim_upload(self, account: str, size: int, mime_type: str, digest: str, file: UploadedFile) -> bool:
        """Keep an upload, unless there is one of the same content that has not expired; return whether it is kept."""
        ...

    async def drop_upload(self, account: str, digest: str, name: str | None = None) -> None:
        """Forget the uploads of a content, or one of them, by its name."""
        ...


class SentFiles:
    """What may have been sent to stores and is not known to be indexed: in the journal, and in memory if that fails.

    Args:
        shelf: The part of the journal that keeps uploads.
        account: The owner of the stores.
        clock: Returns the time, with a time zone.
    """

    def __init__(self, shelf: SentFileStore, account: str, clock: Callable[[], datetime]) -> None:
        self._shelf = shelf
        self._account = account
        self._clock = clock
        self._remembered: dict[tuple[str, str], UploadedFile] = {}
        self._unwritten: set[tuple[str, str]] = set()

    async def find(self, work: IndexingWork) -> UploadedFile | None:
        """Return what was sent of a file: with the name of the operation, or an empty one where that is not known.

        What the journal has goes before what this server remembers, because other servers write it, too.
        """
        key = (work.store, work.digest)
        remembered = self._remembered.get(key)
        if remembered and not self._lasts(remembered):
            remembered = None
        size, mime_type = work.wanted.file.size, work.wanted.file.mime
        try:
            kept = (await self._shelf.uploads(self._key(work.store), size, mime_type)).get(work.digest)
        except JournalError as exc:
            logger.warning("What was sent to stores earlier cannot be read: %s", exc)
            return remembered
        if kept and self._lasts(kept):
            return kept
        return remembered if key in self._unwritten else None

    def _lasts(self, file: UploadedFile) -> bool:
        return file.expires_at > self._clock()

    async def claim(self, work: IndexingWork, lifetime: timedelta) -> bool:
        """Write down that a file is about to be sent; return False if another server sends it, or has sent it."""
        file = UploadedFile(name="", uri="", expires_at=self._clock() + lifetime)
        size, mime_type = work.wanted.file.size, work.wanted.file.mime
        try:
            if not await self._shelf.claim_upload(self._key(work.store), size, mime_type, work.digest, file):
                return False
            self._unwritten.discard((work.store, work.digest))
        except JournalError as exc:
            logger.warning("What is sent of %s is not in the journal: %s", work.wanted.name, exc)
            self._unwritten.add((work.store, work.digest))
        self._remembered[work.store, work.digest] = file
        return True

    async def keep(self, work: IndexingWork, operation: str, lifetime: timedelta) -> None:
        """Write down that a file was sent, with the operation that indexes it, as soon as that is known."""
        file = UploadedFile(name=operation, uri="", expires_at=self._clock() + lifetime)
        self._remembered[work.store, work.digest] = file
        size, mime_type = work.wanted.file.size, work.wanted.file.mime
        try:
            await self._shelf.keep_upload(self._key(work.store), size, mime_type, work.digest, file)
            self._unwritten.discard((work.store, work.digest))
        except JournalError as exc:
            logger.warning("What was sent of %s is not in the journal: %s", work.wanted.name, exc)
            self._unwritten.add((work.store, work.digest))

    async def settle(self, work: IndexingWork) -> None:
        """Write down that a file is indexed."""
        kept = await self.find(work)
        if kept:
            await self.keep(work, kept.name, RECENTLY)

    async def forget(self, store: str, digest: str, operation: str | None = None) -> None:
        """Forget a content, which was refused or removed; with an operation, only if that was to index it."""
        self._remembered.pop((store, digest), None)
        try:
            await self._shelf.drop_upload(self._key(store), digest, operation)
        except JournalError as exc:
            logger.warning("What was sent to %s stays in the journal: %s", store, exc)

    def _key(self, store: str) -> str:
        return hashlib.sha256(f"{self._account}\n{store}".encode()).hexdigest()


def describe_entries(file: LocalFile, metadata: Sequence[MetadataEntry]) -> tuple[MetadataEntry, ...]:
    """Return the metadata of a file's document, with its hash."""
    return (*metadata, MetadataEntry(key=stores.DIGEST_KEY, value=file.sha256))
