"""What file search stores are to have of files, and what may have been sent of them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import anyio

from gemini_interactions_mcp.core import JournalError, Json, logger
from gemini_interactions_mcp.models import MetadataEntry, StoreDocument, UploadedFile, stores

from .inspection import LocalFile
from .upload_cache import UploadStore

WorkPhase = Literal["waiting", "uploading", "indexing"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that a store is to have.

    Attributes:
        name: The name of its document: its path below the allowed directory, whichever way it was given.
        file: The file, as it was inspected.
        described: What is told of the document, as the API takes it.
        present: The document that the store has of it already.
        namesakes: Other documents that the store has under this name.
        micros: The most that indexing it may cost, in millionths of a dollar.
    """

    name: str
    file: LocalFile
    described: Json = field(default_factory=dict[str, object])
    present: StoreDocument | None = None
    namesakes: tuple[StoreDocument, ...] = ()
    micros: int = 0


@dataclass(eq=False)
class IndexingWork:
    """What is done for one file.

    Attributes:
        store: The name of the store.
        wanted: The file.
        phase: What is done now.
        sent: Bytes sent so far.
        fresh: Whether this server has sent it.
        document: The document, once it can be searched.
        error: Why there is no document.
        done: Set once the work has ended in any way.
    """

    store: str
    wanted: StoredFile
    phase: WorkPhase = "waiting"
    sent: int = 0
    fresh: bool = False
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


class SentFiles:
    """What may have been sent to stores and is not known to be indexed: in the journal, and in memory if that fails.

    Args:
        shelf: The part of the journal that keeps uploads.
        account: The owner of the stores.
        clock: Returns the time, with a time zone.
    """

    def __init__(self, shelf: UploadStore, account: str, clock: Callable[[], datetime]) -> None:
        self._shelf = shelf
        self._account = account
        self._clock = clock
        self._remembered: dict[tuple[str, str], UploadedFile] = {}

    async def find(self, work: IndexingWork) -> UploadedFile | None:
        """Return what was sent of a file: with the name of the operation, or an empty one where that is not known."""
        found = self._remembered.get((work.store, work.digest))
        if found is None:
            try:
                kept = await self._shelf.uploads(self._key(work), work.wanted.file.size, work.wanted.file.mime)
            except JournalError as exc:
                logger.warning("What was sent to stores earlier cannot be read: %s", exc)
                return None
            found = kept.get(work.digest)
        return found if found and found.expires_at > self._clock() else None

    async def keep(self, work: IndexingWork, operation: str, lifetime: timedelta) -> None:
        """Write down that a file was sent, or no longer may have been: with a lifetime of zero."""
        file = UploadedFile(name=operation, uri="", expires_at=self._clock() + lifetime)
        self._remembered[work.store, work.digest] = file
        try:
            await self._shelf.keep_upload(
                self._key(work), work.wanted.file.size, work.wanted.file.mime, work.digest, file
            )
        except JournalError as exc:
            logger.warning("What was sent of %s is not in the journal: %s", work.wanted.name, exc)

    async def forget(self, work: IndexingWork) -> None:
        """Forget a file, which is indexed or was refused."""
        await self.keep(work, "", timedelta())

    def _key(self, work: IndexingWork) -> str:
        return hashlib.sha256(f"{self._account}\n{work.store}".encode()).hexdigest()


def describe_entries(file: LocalFile, metadata: Sequence[MetadataEntry]) -> tuple[MetadataEntry, ...]:
    """Return the metadata of a file's document, with its hash."""
    return (*metadata, MetadataEntry(key=stores.DIGEST_KEY, value=file.sha256))
