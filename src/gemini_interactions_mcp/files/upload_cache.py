"""Uploads to the Files API: each content is sent once, and reused until shortly before it expires.

An upload outlives the call that started it, because hosts abandon calls: the next call for the same file waits for the
rest.
"""

import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BufferedReader
from typing import Final, Protocol

import anyio

from gemini_interactions_mcp.core import GeminiMCPError, InputError, JournalError, TaskStarter, Timing, logger
from gemini_interactions_mcp.models import BytesSentCallback, UploadedFile, UploadSource

from .inspection import LocalFile

EXPIRY_MARGIN: Final = timedelta(hours=1)
"""Minimum lifetime left of an upload that is reused, for the interaction that reads it."""

ProgressListener = Callable[[int], Awaitable[None]]
"""Receives the number of bytes sent so far, at most every `Timing.upload_report`."""


class UploadService(Protocol):
    """The Files API."""

    async def upload(
        self, source: UploadSource, size: int, mime_type: str, name: str, moved: BytesSentCallback
    ) -> UploadedFile:
        """Upload a file and wait until it can be used."""
        ...

    async def mime_type(self, name: str) -> str:
        """Return the MIME type of an uploaded file."""
        ...


class UploadStore(Protocol):
    """The part of the journal that keeps uploads."""

    async def uploads(self, account: str, size: int, mime_type: str) -> dict[str, UploadedFile]:
        """Return the uploads of files of this size and type, by the hash of their content."""
        ...

    async def keep_upload(self, account: str, size: int, mime_type: str, digest: str, file: UploadedFile) -> None:
        """Keep an upload, in place of an earlier one of the same content."""
        ...


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file to upload, open, and unchanged since its inspection."""

    file: LocalFile
    stream: BufferedReader


@dataclass(eq=False)
class UploadInProgress:
    """An upload in progress.

    Attributes:
        interval: Seconds between two progress reports.
        sent: Bytes sent so far.
        file: The uploaded file, once it can be used.
        error: Why the upload failed.
        done: Set once the upload has ended in any way.
    """

    interval: float
    sent: int = 0
    file: UploadedFile | None = None
    error: Exception | None = None
    done: anyio.Event = field(default_factory=anyio.Event)

    def record(self, sent: int) -> None:
        """Record the number of bytes sent so far."""
        self.sent = sent

    async def wait(self, heard: ProgressListener) -> None:
        """Report progress until the upload has ended in any way."""
        while not self.done.is_set():
            await heard(self.sent)
            with anyio.move_on_after(self.interval):
                await self.done.wait()
        await heard(self.sent)


class UploadCache:
    """The uploads of one API key.

    Args:
        service: Receives the files.
        shelf: Remembers them across restarts; if it fails, they are remembered in memory only.
        account: The owner of the files: another key may belong to another project, which does not see them.
        tasks: Runs the uploads.
        timing: Interval of progress reports.
        clock: Returns the time, with a time zone.
    """

    def __init__(
        self,
        service: UploadService,
        shelf: UploadStore,
        account: str,
        tasks: TaskStarter,
        timing: Timing,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._service = service
        self._shelf = shelf
        self._account = account
        self._tasks = tasks
        self._report_interval = timing.upload_report
        self._clock = clock
        self._going: dict[tuple[int, str], UploadInProgress] = {}
        self._remembered: dict[tuple[int, str], dict[str, UploadedFile]] = {}

    async def uri(self, outgoing: OutgoingFile, heard: ProgressListener) -> str:
        """Return the URI of a content, uploaded if the Files API does not keep it, or not for long enough.

        Files of one size and type wait for each other, because they may be the same.

        Raises:
            GeminiMCPError: The upload failed.
        """
        file = outgoing.file
        key = (file.size, file.mime)
        while going := self._going.get(key):
            await going.wait(heard)
        try:
            # The caller's own stream is closed at the end of its call.
            stream = os.fdopen(os.dup(outgoing.stream.fileno()), "rb")
        except OSError as exc:
            raise InputError(f"{file.name} cannot be uploaded: {exc.strerror}.") from exc
        going = self._going[key] = UploadInProgress(self._report_interval)
        self._tasks.start_soon(self._drive, going, file, stream)
        await going.wait(heard)
        if going.file is None:
            raise going.error or InputError(f"The upload of {file.name} was stopped.")
        return going.file.uri

    async def _drive(self, going: UploadInProgress, file: LocalFile, stream: BufferedReader) -> None:
        try:
            with stream:
                going.file = await self._find(file) or await self._send(going, file, stream)
        except Exception as exc:  # noqa: BLE001 - the waiting calls raise it; in the task group it would end the server
            going.error = exc
        finally:
            del self._going[file.size, file.mime]
            going.done.set()

    async def _find(self, file: LocalFile) -> UploadedFile | None:
        """Return an earlier upload of the same content that Google still keeps."""
        found = (await self._list_kept(file)).get(file.sha256)
        return found if found and self._lasts(found) and await self._exists(found) else None

    async def _list_kept(self, file: LocalFile) -> dict[str, UploadedFile]:
        remembered = self._remembered.get((file.size, file.mime), {})
        try:
            return await self._shelf.uploads(self._account, file.size, file.mime) | remembered
        except JournalError as exc:
            logger.warning("Earlier uploads cannot be read: %s", exc)
            return remembered

    def _lasts(self, file: UploadedFile) -> bool:
        return file.expires_at - EXPIRY_MARGIN > self._clock()

    async def _exists(self, file: UploadedFile) -> bool:
        """Ask Google, which is free of charge: a request that names a deleted file would fail."""
        try:
            await self._service.mime_type(file.name)
        except InputError:
            return False
        except GeminiMCPError as exc:
            logger.info("Whether Google still has %s is not known: %s", file.name, exc)
        return True

    async def _send(self, going: UploadInProgress, file: LocalFile, stream: BufferedReader) -> UploadedFile:
        """Upload a file.

        Raises:
            InputError: It was changed after its inspection.
        """
        # The caller may have read from the stream.
        stream.seek(0)
        source = HashingReader(stream)
        if get_file_version(stream) != file.version:
            raise make_modified_error(file)
        uploaded = await self._service.upload(source, file.size, file.mime, file.name, going.record)
        sent = source.hexdigest(file.size)
        if get_file_version(stream) != file.version or sent not in (None, file.sha256):
            raise make_modified_error(file)
        if sent is not None:
            await self._remember(file, uploaded)
        return uploaded

    async def _remember(self, file: LocalFile, uploaded: UploadedFile) -> None:
        self._remembered.setdefault((file.size, file.mime), {})[file.sha256] = uploaded
        try:
            await self._shelf.keep_upload(self._account, file.size, file.mime, file.sha256, uploaded)
        except JournalError as exc:
            logger.warning("The upload of %s is not in the journal: %s", file.name, exc)


class HashingReader:
    """A file that is hashed while it is read, each byte once, however often parts of it are read again."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self._hashed = 0

    def seek(self, offset: int, /) -> int:
        """Go to an offset."""
        return self._stream.seek(offset)

    def read(self, size: int, /) -> bytes:
        """Read up to `size` bytes."""
        skipped = self._hashed - self._stream.tell()
        data = self._stream.read(size)
        if 0 <= skipped < len(data):
            self._hash.update(memoryview(data)[skipped:])
            self._hashed += len(data) - skipped
        return data

    def hexdigest(self, size: int) -> str | None:
        """Return the hash if the whole file of `size` bytes was read."""
        return self._hash.hexdigest() if self._hashed == size else None


def make_modified_error(file: LocalFile) -> InputError:
    """Return the error for a file that changed during its upload."""
    return InputError(f"{file.name} was changed while it was uploaded. Call again.")


def get_file_version(stream: BufferedReader) -> tuple[int, ...]:
    """Return what changes with a file's content: its device and inode, its size, and its time of modification."""
    status = os.fstat(stream.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def hash_file(stream: BufferedReader) -> str:
    """Return the hash of a file's content, read in chunks, and rewind the stream."""
    stream.seek(0)
    digest = hashlib.file_digest(stream, "sha256").hexdigest()
    stream.seek(0)
    return digest
