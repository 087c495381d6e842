"""Files that remote clients send to this server: announced, received once, kept for two days.

A file is kept where saved files are, in a folder of its own, and is given to Gemini as a local file is.
"""

import os
import re
import secrets
from collections.abc import AsyncIterable, Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import PurePath
from typing import BinaryIO, Final

import anyio
import anyio.to_thread

from gemini_interactions_mcp.core import (
    ConfigurationError,
    FileGoneError,
    FileRefusedError,
    InputError,
    JournalError,
    has_hidden_characters,
    logger,
    quote_name,
)
from gemini_interactions_mcp.journal import ReceivedRows, clock
from gemini_interactions_mcp.models import OCTET_STREAM, ReceivedFile, SavedFile
from gemini_interactions_mcp.output import Place, saving
from gemini_interactions_mcp.settings import Settings

from .boundary import REASON_TOO_LARGE, check_not_secret
from .inspection import NamedFile
from .recognition import REASON_UNSUPPORTED, recognise_file
from .saved_files import SavedFiles

RECEIVED_FOLDER: Final = "uploads"

ADDRESS_LIFETIME: Final = timedelta(minutes=15)
"""Time in which an announced file can be sent."""

KEPT: Final = timedelta(hours=48)
"""Time for which a file is kept, as in Google's Files API: https://ai.google.dev/gemini-api/docs/files"""

MAX_NAME_CHARACTERS: Final = 200

MAX_KEPT_FILES: Final = 1_000
MAX_KEPT_BYTES: Final = 20 * 2**30
"""Of one principal at a time, as many bytes as Google's Files API keeps of a project."""

HALF_WRITTEN_SECONDS: Final = 3600.0
"""Age at which a file that is half-written has nobody any more who writes it."""

RECEIVED_ALREADY: Final = (
    "This file was received already, or is on its way; if its transfer has broken off and this stays, call "
    "upload_file again."
)

PLAIN_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,15}")
"""Endings of names that every place takes."""


class TransferError(Exception):
    """A file that is not received.

    Attributes:
        status: Of the HTTP response.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ReceivedFiles:
    """The files that one principal sends.

    Args:
        settings: How large a file may be, and whether it may look like a secret.
        rows: The rows of the files.
        place: Where saved files are.
        saved: Reads and removes them.
    """

    def __init__(self, settings: Settings, rows: ReceivedRows, place: Place, saved: SavedFiles) -> None:
        self._most = settings.upload_bytes
        self._secrets = settings.allow_secrets
        self._rows = rows
        self._place = place
        self._saved = saved

    async def announce(self, name: str, mime_type: str | None, size: int | None) -> ReceivedFile:
        """Write down a file that is about to be sent.

        Raises:
            InputError: Its name cannot be one, it is too large, or there are too many.
            JournalError: The journal cannot be used.
        """
        check_offered_name(name)
        if size is not None and size > self._most:
            raise InputError(f"{size:,} bytes are too many: this server takes files of at most {self._most:,}.")
        moment = clock.now()
        file = ReceivedFile(
            id=secrets.token_urlsafe(16),
            name=name,
            mime_type=(mime_type or OCTET_STREAM)[:128],
            bytes=size,
            created_at=moment,
            expires_at=moment + ADDRESS_LIFETIME,
        )
        if not await self._rows.add(file, self._most, MAX_KEPT_FILES, MAX_KEPT_BYTES):
            raise await self._make_full_error()
        return file

    async def find(self, file_id: str) -> SavedFile:
        """Return a file that was received.

        Raises:
            FileRefusedError: There is none, or it has not been sent yet.
            JournalError: The journal cannot be used.
        """
        row = await self._rows.find(file_id)
        if row is None:
            raise FileRefusedError(f"There is no file gemini://uploads/{file_id}: files are kept for 48 hours.")
        if row.received_at is None:
            raise FileRefusedError(
                f"gemini://uploads/{file_id} was not received yet: send {quote_name(row.name)} to its address first."
            )
        return make_saved_file(row)

    async def receive(self, file_id: str, length: int | None, chunks: AsyncIterable[bytes]) -> ReceivedFile:
        """Receive a file that was announced.

        Args:
            file_id: Its id.
            length: Its size as the client says.
            chunks: Its content.

        Raises:
            TransferError: It is not received; unless it had been before, it may be sent again.
            JournalError: The journal cannot be used.
        """
        row = await self._rows.find(file_id)
        if row is None:
            raise make_missing_upload_error()
        if row.received_at is not None:
            raise TransferError(409, RECEIVED_ALREADY)
        self._check_length(row, length)
        claim = await self._rows.claim(file_id)
        if claim is None:
            raise TransferError(409, RECEIVED_ALREADY)
        done = False
        try:
            with await anyio.to_thread.run_sync(self._place.open_nameless) as file:
                await self._write(row, file, chunks)
                received = await anyio.to_thread.run_sync(self._keep, row, file)
            with anyio.CancelScope(shield=True):
                done = await self._rows.finish(file_id, claim, received)
                if not done:
                    await anyio.to_thread.run_sync(self._saved.remove_all, [make_saved_file(received)])
        except ConfigurationError as exc:
            raise TransferError(503, "The file cannot be kept now; send it again later.") from exc
        finally:
            if not done:
                with anyio.CancelScope(shield=True), suppress(JournalError):
                    await self._rows.release(file_id, claim)
        if not done:
            raise TransferError(409, "Another transfer of this file was faster, or it was removed.")
        return received

    async def tend(self, interval: float) -> None:
        """Remove files that have expired, at once and again and again, until cancelled."""
        while True:
            try:
                await self.sweep()
            except JournalError as exc:
                logger.info("Received files cannot be tended: %s", exc)
            await anyio.sleep(interval)

    async def sweep(self) -> None:
        """Remove files that have expired, or were never sent, and what servers have left that were killed.

        Raises:
            JournalError: The journal cannot be used.
        """
        await anyio.to_thread.run_sync(self._place.below(RECEIVED_FOLDER).sweep, HALF_WRITTEN_SECONDS)
        for row in await self._rows.list_expired():
            try:
                await anyio.to_thread.run_sync(self._remove, row)
            except (FileRefusedError, ConfigurationError) as exc:
                logger.warning("A file that was received is kept beyond its time: %s", exc)
            else:
                await self._rows.remove(row.id)

    def _remove(self, row: ReceivedFile) -> None:
        """Remove a file, and what a transfer of it has left that never ended. Blocks."""
        if row.received_at is not None:
            with suppress(FileGoneError):
                self._saved.remove(make_saved_file(row))
        folder = self._place.below(RECEIVED_FOLDER)
        for name in iter_received_names(row):
            if not folder.discard(name):
                return

    async def _make_full_error(self) -> InputError:
        files, kept = await self._rows.measure(self._most)
        return InputError(
            f"You have sent {files:,} files of {kept:,} bytes, which are kept for 48 hours; at most "
            f"{MAX_KEPT_FILES:,} of {MAX_KEPT_BYTES:,} are. Send more later."
        )

    def _check_length(self, row: ReceivedFile, length: int | None) -> None:
        """Check the size that a client says."""
        if length is not None:
            self._check_growth(row.model_copy(update={"bytes": None}), length)
        if length is not None and row.bytes is not None and length != row.bytes:
            raise TransferError(422, f"The file was announced with {row.bytes:,} bytes, not {length:,}.")

    def _check_growth(self, row: ReceivedFile, size: int) -> None:
        """Check how much has come until now."""
        if row.bytes is not None and size > row.bytes:
            raise TransferError(422, f"The file was announced with {row.bytes:,} bytes, and is larger.")
        if size > self._most:
            raise TransferError(413, f"The file is too large: at most {self._most:,} bytes are taken.")

    async def _write(self, row: ReceivedFile, file: BinaryIO, chunks: AsyncIterable[bytes]) -> None:
        """Write a content as it comes."""
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            self._check_growth(row, size)
            await anyio.to_thread.run_sync(write_chunk, file, chunk)
        if not size:
            raise TransferError(422, "The file is empty.")
        self._check_length(row, size)

    def _keep(self, row: ReceivedFile, file: BinaryIO) -> ReceivedFile:
        """Check a content, and save it. Blocks.

        Raises:
            TransferError: It is not taken.
            ConfigurationError: It cannot be saved.
        """
        mime = self._recognise(row.name, file)
        saved = saving.write_new_file(file, mime, self._place.below(RECEIVED_FOLDER), iter_received_names(row))
        moment = clock.now()
        kept = {"bytes": saved.bytes, "sha256": saved.sha256, "path": saved.path, "mime_type": mime}
        return row.model_copy(update={**kept, "received_at": moment, "expires_at": moment + KEPT})

    def _recognise(self, name: str, file: BinaryIO) -> str:
        """Return the type of a content that Gemini takes, and that is no secret. Blocks."""
        with os.fdopen(os.dup(file.fileno()), "rb") as stream:
            stream.seek(0)
            try:
                if not self._secrets:
                    check_not_secret(PurePath(name), stream, name, whole=True, remote=True)
                return recognise_file(NamedFile(name, (name,)), stream).mime
            except FileRefusedError as exc:
                status = {REASON_UNSUPPORTED: 415, REASON_TOO_LARGE: 413}.get(exc.reason, 422)
                raise TransferError(status, str(exc)) from exc


def check_offered_name(name: str) -> None:
    """Check that a file may have a name.

    Raises:
        InputError: It is none, or has characters that nobody sees.
    """
    if not name.strip(" .") or len(name) > MAX_NAME_CHARACTERS or PurePath(name).name != name or "\\" in name:
        raise InputError(f"{quote_name(name)!r} is not the name of a file, such as report.pdf.")
    if has_hidden_characters(name):
        raise InputError("The name has characters that nobody sees; choose another.")


def iter_received_names(row: ReceivedFile) -> Iterator[str]:
    """Yield the names to try for a file; each transfer of it takes the first that is free."""
    suffix = PurePath(row.name).suffix
    return (f"{row.id}-{number}{suffix if PLAIN_SUFFIX.fullmatch(suffix) else ''}" for number in count(1))


def make_missing_upload_error() -> TransferError:
    """Return the error about an upload that is not there, or is another's, or that of a principal who was revoked."""
    return TransferError(404, "There is no such upload, or it has expired; call upload_file again.")


def make_saved_file(row: ReceivedFile) -> SavedFile:
    """Return a file that was received as a saved one."""
    return SavedFile(
        name=row.name, path=row.path or "", mime_type=row.mime_type, bytes=row.bytes or 0, sha256=row.sha256 or ""
    )


def write_chunk(file: BinaryIO, chunk: bytes) -> None:
    """Write a chunk, of which a file without a buffer may take a part at a time. Blocks.

    Raises:
        ConfigurationError: The disk is full.
    """
    left = memoryview(chunk)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as exc:
        raise ConfigurationError(f"No temporary file can be written: {exc.strerror}.") from exc
