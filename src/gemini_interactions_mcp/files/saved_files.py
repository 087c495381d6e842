"""Saved files as the journal knows them: a file is used only while it is what was saved.

The journal keeps the size of each file and the hash of its content. Before a file is read, sent or removed, it is
opened within the boundary, without following a link, and compared with both; anything else in its place is left alone.
Files in an object store are treated alike.
Everything here blocks.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Final, Protocol

from gemini_interactions_mcp.core import FileGoneError, FileRefusedError, Folder, folders
from gemini_interactions_mcp.models import SavedFile, is_object_address
from gemini_interactions_mcp.output import Place, locate_local

from .boundary import REASON_HARD_LINK, Boundary
from .path_rules import is_foreign_share
from .stored_objects import StoredObjects, hash_stream, make_replaced_error, name_place
from .verified_copies import VerifiedCopies

REPLACED_ERRNOS: Final = frozenset({errno.EINVAL, errno.ELOOP, errno.ENOTDIR, errno.ESTALE})
"""Error numbers that show a link, a file or another folder in place of what was saved."""


class Holding(Protocol):
    """What saved files are held in; every method raises as `SavedFiles.opened`."""

    def opened(self, file: SavedFile) -> BufferedReader:
        """Open a file that is unchanged."""
        ...

    def read(self, file: SavedFile) -> BufferedReader:
        """Open a file that is unchanged, for who reads it by pieces."""
        ...

    def check(self, file: SavedFile) -> None:
        """Check that a file of the same size exists."""
        ...

    def remove(self, file: SavedFile) -> None:
        """Remove a file, and nothing else."""
        ...

    def replace(self, file: SavedFile, content: bytes | bytearray) -> None:
        """Overwrite a file, and nothing else."""
        ...


class LocalFiles:
    """Saved files on this machine.

    Args:
        boundary: What may be read and written.
        locate: Returns the path of a file.
    """

    def __init__(self, boundary: Boundary, locate: Callable[[SavedFile], Path | None]) -> None:
        self._boundary = boundary
        self._locate = locate

    def opened(self, file: SavedFile) -> BufferedReader:
        """Open a file that is unchanged."""
        with self._open_folder(file) as folder:
            return self._open_unchanged(file, folder)

    read = opened

    def check(self, file: SavedFile) -> None:
        """Check that a file of the same size exists."""
        with self._open_folder(file) as folder:
            check_saved_status(folder.status(self._find(file).name), file)

    def remove(self, file: SavedFile) -> None:
        """Remove the file, and nothing else."""
        with self._open_folder(file) as folder, self._open_unchanged(file, folder) as stream:
            status = os.fstat(stream.fileno())
            if folders.WINDOWS:
                stream.close()  # Windows removes no open file
            if not folder.remove(self._find(file).name, status):
                raise make_replaced_error(file)

    def replace(self, file: SavedFile, content: bytes | bytearray) -> None:
        """Overwrite the file, and nothing else."""
        with self._open_folder(file) as folder, self._open_unchanged(file, folder) as stream:
            status = os.fstat(stream.fileno())
            if folders.WINDOWS:
                stream.close()
            if not folder.replace(content, self._find(file).name, status):
                raise make_replaced_error(file)

    @contextmanager
    def _open_folder(self, file: SavedFile) -> Generator[Folder]:
        """Open the folder of a file, and translate errors about the file."""
        path = self._find(file)
        with translate_saved_errors(file):
            self._boundary.check(path, name_place(file), self._boundary.roots)
            with folders.open_folder(path.parent) as folder:
                yield folder

    def _open_unchanged(self, file: SavedFile, folder: Folder) -> BufferedReader:
        path = self._find(file)
        stream = folder.read(path.name, partial(check_saved_status, file=file))
        try:
            if file.sha256 and hash_stream(stream, file.bytes) != file.sha256:
                raise make_replaced_error(file)
            if not file.sha256:
                # Only the size is known, so the content may be anything.
                self._boundary.check_content(path, stream, name_place(file))
        except BaseException:
            stream.close()
            raise
        return stream

    def _find(self, file: SavedFile) -> Path:
        return self._locate(file) or Path(file.path)


class SavedFiles:
    """Access to saved files; every method that opens one raises as `opened`.

    Args:
        boundary: What may be read of this machine.
        place: Where new files are saved; if that is an object store, its files are read.
    """

    def __init__(self, boundary: Boundary, place: Place | None = None, copies: VerifiedCopies | None = None) -> None:
        self._locate = locate_local if place is None else place.locate
        self._local = LocalFiles(boundary, self._locate)
        self._objects = StoredObjects(place, copies)

    def opened(self, file: SavedFile) -> BufferedReader:
        """Open a file that is unchanged; the stream is at its start.

        Raises:
            FileGoneError: The file does not exist.
            FileRefusedError: Something else is in its place, it is outside the boundary, or it cannot be read.
        """
        return self._find_holding(file).opened(file)

    def read(self, file: SavedFile) -> BufferedReader:
        """Open a file that is unchanged, as `opened`, to read and seek in it only: it may have no number of its own."""
        return self._find_holding(file).read(file)

    def content(self, file: SavedFile) -> bytes:
        """Read the whole file."""
        with self.read(file) as stream:
            return stream.read(file.bytes)

    def holds(self, file: SavedFile, content: bytes | bytearray) -> bool:
        """Whether the file is unchanged and has this content."""
        with suppress(FileRefusedError):
            return len(content) == file.bytes and self.content(file) == content
        return False

    def check(self, file: SavedFile) -> None:
        """Check that a file of the same size exists; only `opened` compares the content."""
        self._find_holding(file).check(file)

    def remove(self, file: SavedFile) -> None:
        """Remove the file, and nothing else."""
        self._find_holding(file).remove(file)

    def adopt(self, file: SavedFile, content: bytes | bytearray) -> SavedFile | None:
        """Return the file with this content, if it was written without the journal's knowledge; else None."""
        written = update_content(file, content)
        return written if self.holds(written, content) else None

    def replace(self, file: SavedFile, content: bytes | bytearray) -> SavedFile:
        """Overwrite the file, and nothing else, and return it with its new content."""
        self._find_holding(file).replace(file, content)
        return update_content(file, content)

    def remove_all(self, files: Iterable[SavedFile]) -> list[str]:
        """Remove files, and return a line about each."""
        return [self._remove_and_tell(file) for file in files]

    def check_all(self, files: Iterable[SavedFile]) -> list[str]:
        """Return a line about each file that is missing or changed."""
        return [fault for file in files if (fault := self._find_fault(file))]

    def _find_holding(self, file: SavedFile) -> Holding:
        return self._objects if self._locate(file) is None else self._local

    def _remove_and_tell(self, file: SavedFile) -> str:
        try:
            self.remove(file)
        except FileGoneError:
            return f"File {name_place(file)}: it was not there."
        except FileRefusedError as exc:
            # Messages shorten long paths, and nothing else knows where the file is once its row is deleted.
            place = name_place(file)
            return f"File kept: {exc}" if place in str(exc) else f"File kept: {place}. {exc}"
        return f"File {name_place(file)}: deleted."

    def _find_fault(self, file: SavedFile) -> str:
        try:
            self.check(file)
        except FileRefusedError as exc:
            return str(exc)
        return ""


def check_saved_status(status: os.stat_result, file: SavedFile) -> None:
    """Check that a file is regular, has the size that was saved, and has no second name.

    Raises:
        FileRefusedError: It is not.
    """
    if not stat.S_ISREG(status.st_mode) or status.st_size != file.bytes:
        raise make_replaced_error(file)
    if status.st_nlink > 1:
        raise FileRefusedError(
            f"{name_place(file)} has a second name (a hard link); left alone.", reason=REASON_HARD_LINK
        )


@contextmanager
def translate_saved_errors(file: SavedFile) -> Generator[None]:
    """Translate an error of the operating system about a saved file.

    Raises:
        FileGoneError: The file does not exist.
        FileRefusedError: It cannot be used.
    """
    try:
        yield
    except FileNotFoundError:
        raise FileGoneError(f"{name_place(file)} is not there any more.") from None
    except OSError as exc:
        if exc.errno in REPLACED_ERRNOS:
            raise make_replaced_error(file) from exc
        raise FileRefusedError(f"{name_place(file)} cannot be used: {exc.strerror}.") from exc


def update_content(file: SavedFile, content: bytes | bytearray) -> SavedFile:
    """Return the file with another content."""
    return file.model_copy(update={"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})


def is_absent(file: SavedFile, place: Place) -> bool:
    """Whether nothing can be found where the file was saved: it was moved, or saved on another machine.

    Args:
        file: The saved file.
        place: Where new files are saved. Other object stores are not accessed, nor Windows network shares.
    """
    if is_object_address(file.path):
        return not place.contains(file)
    path = Path(file.path)
    if is_foreign_share(path, place.roots):
        return True
    try:
        with folders.open_folder(path.parent) as folder:
            folder.status(path.name)
    except OSError as exc:
        return isinstance(exc, FileNotFoundError | PermissionError)
    return False


def select_current(files: Iterable[SavedFile], place: Place) -> tuple[SavedFile, ...]:
    """Return one file of each name: of those that machines sharing a journal have saved, the one on this machine."""
    found: dict[str, SavedFile] = {}
    for file in files:
        if file.name not in found or is_absent(found[file.name], place):
            found[file.name] = file
    return tuple(found.values())


def index_saved_files(files: Iterable[SavedFile]) -> dict[str, SavedFile]:
    """Return files by name; rows of earlier versions may have several of one name, and the first is meant."""
    found: dict[str, SavedFile] = {}
    for file in files:
        found.setdefault(file.name, file)
    return found
