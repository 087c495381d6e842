"""Saved files in an object store, which are used only while they are what was saved. Everything here blocks."""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from io import BufferedReader
from typing import TYPE_CHECKING, Any, Final

from gemini_interactions_mcp import output
from gemini_interactions_mcp.core import ConfigurationError, FileGoneError, FileRefusedError, make_printable
from gemini_interactions_mcp.models import SavedFile, is_object_address
from gemini_interactions_mcp.output import Place

from .verified_copies import CopyKey, VerifiedCopies

if TYPE_CHECKING:
    from gemini_interactions_mcp.output.objects import ObjectStore

HASH_CHUNK_BYTES: Final = 2**20
"""Bytes of a file hashed at a time."""


class StoredObjects:
    """Saved files in the object store of a principal.

    Args:
        place: Where new files are saved: only if that is a store, there are any.
        copies: Copies for who reads by pieces; None where there are none.
    """

    def __init__(self, place: Place | None, copies: VerifiedCopies | None = None) -> None:
        self._copies = copies
        self._store: Any = place if place is not None and not place.roots else None

    def opened(self, file: SavedFile) -> BufferedReader:
        """Open a file that is unchanged: a copy of it without a name."""
        with self._find_store(file) as store:
            return self._open_unchanged(store, file)

    def read(self, file: SavedFile) -> BufferedReader:
        """Open a file that is unchanged, as `opened`; the copy may be one that was made within the last minute."""
        with self._find_store(file) as store:
            version = find_version(store, file)
            if self._copies is None or version is None:
                return self._open_unchanged(store, file)
            key = CopyKey(file.path, version, file.sha256)
            if copy := self._copies.find(key):
                return copy
            stream = self._open_unchanged(store, file)
            self._copies.keep(key, stream, file.bytes)
            return stream

    def check(self, file: SavedFile) -> None:
        """Check that a file of the same size exists."""
        with self._find_store(file) as store:
            find_version(store, file)

    def remove(self, file: SavedFile) -> None:
        """Remove the file, and nothing else."""
        with self._find_store(file) as store:
            version = find_version(store, file)
            self._open_unchanged(store, file).close()
            if not store.remove(file.path, version):
                raise make_replaced_error(file)
            self._forget(file)

    def replace(self, file: SavedFile, content: bytes | bytearray) -> None:
        """Overwrite the file, and nothing else."""
        with self._find_store(file) as store:
            version = find_version(store, file)
            self._open_unchanged(store, file).close()
            if not store.replace(content, file.path, version):
                raise make_replaced_error(file)
            self._forget(file)

    def _forget(self, file: SavedFile) -> None:
        if self._copies is not None:
            self._copies.forget(file.path)

    def _open_unchanged(self, store: "ObjectStore", file: SavedFile) -> BufferedReader:
        find_version(store, file)
        stream = store.read(file.path, file.bytes)
        try:
            if hash_stream(stream, file.bytes) != file.sha256:
                raise make_replaced_error(file)
        except BaseException:
            stream.close()
            raise
        return stream

    @contextmanager
    def _find_store(self, file: SavedFile) -> "Generator[ObjectStore]":
        """Return the store of a file, and translate errors about it."""
        if self._store is None or not self._store.owns(file.path):
            raise FileGoneError(f"{name_place(file)} is not there: it was saved in another store.")
        try:
            yield self._store
        except FileNotFoundError:
            raise FileGoneError(f"{name_place(file)} is not there any more.") from None
        except ConfigurationError as exc:
            raise FileRefusedError(str(exc)) from exc
        except output.objects.STORE_ERRORS as exc:
            self._store.log_failure(exc)
            raise FileRefusedError(
                f"{name_place(file)} cannot be read now: the object store does not answer as it should."
            ) from exc


def find_version(store: "ObjectStore", file: SavedFile) -> str | None:
    """Return the version of an object of the size that was saved.

    Raises:
        FileRefusedError: It has another size.
    """
    status = store.status(file.path)
    if status.size != file.bytes:
        raise make_replaced_error(file)
    return status.version


def name_place(file: SavedFile) -> str:
    """Return where a file is, for a message: its path, or its name in an object store."""
    return make_printable(file.name if is_object_address(file.path) else file.path)


def make_replaced_error(file: SavedFile) -> FileRefusedError:
    """Return the error for a file that is not what was saved."""
    return FileRefusedError(f"{name_place(file)} was changed or moved; left alone.", reason="changed or moved")


def hash_stream(stream: BufferedReader, size: int) -> str:
    """Return the hash of the first `size` bytes, and rewind the stream."""
    found = hashlib.sha256()
    while size > 0 and (chunk := stream.read(min(HASH_CHUNK_BYTES, size))):
        found.update(chunk)
        size -= len(chunk)
    stream.seek(0)
    return found.hexdigest()
