"""Saved files, as the journal knows them: what is used is what was saved, or nothing.

The journal keeps the size of each file and the hash of its content. Whatever is read, sent or removed is opened within
the boundary, without following a link, and compared with both first; what is something else by now is left alone.
Everything here blocks.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from io import BufferedReader
from pathlib import Path, PurePath
from typing import Final

from gemini_interactions_mcp.core import FileGoneError, FileRefusedError, Folder, folders, printable
from gemini_interactions_mcp.models import SavedFile

from .boundary import SHARED, WINDOWS, Boundary, approved, foreign_share, harmless

CHUNK: Final = 2**20

ANOTHER: Final = frozenset({errno.EINVAL, errno.ELOOP, errno.ENOTDIR, errno.ESTALE})
"""What the system says where a link, a file or another folder stands in the way."""


class SavedFiles:
    """The one way to the files that were saved; every method that opens one raises as `opened`."""

    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary

    def opened(self, file: SavedFile) -> BufferedReader:
        """Open a file that still is what was saved; the stream is at its start.

        Raises:
            FileGoneError: It is not there.
            FileRefusedError: Something else is there, it is outside the boundary, or it cannot be read.
        """
        with self._at(file) as folder:
            return self._identified(file, folder)

    def content(self, file: SavedFile) -> bytes:
        """All of it."""
        with self.opened(file) as stream:
            return stream.read(file.bytes)

    def holds(self, file: SavedFile, content: bytes | bytearray) -> bool:
        """Whether it still is what was saved, and that is this content."""
        with suppress(FileRefusedError):
            return len(content) == file.bytes and self.content(file) == content
        return False

    def check(self, file: SavedFile) -> None:
        """Look whether a file of its size is there; what is in it, only `opened` tells."""
        with self._at(file) as folder:
            sized(folder.status(PurePath(file.path).name), file)

    def remove(self, file: SavedFile) -> None:
        """Remove it, and nothing else."""
        with self._at(file) as folder, self._identified(file, folder) as stream:
            status = os.fstat(stream.fileno())
            if WINDOWS:
                stream.close()  # there, what is open cannot be removed
            if not folder.remove(PurePath(file.path).name, status):
                raise changed(file)

    def adopted(self, file: SavedFile, content: bytes | bytearray) -> SavedFile | None:
        """The file as it is, where it was given this content and the journal was not told; None where it was not."""
        written = renewed(file, content)
        return written if self.holds(written, content) else None

    def replace(self, file: SavedFile, content: bytes | bytearray) -> SavedFile:
        """Write something else in its place, and nowhere else; the file as it is then."""
        with self._at(file) as folder, self._identified(file, folder) as stream:
            status = os.fstat(stream.fileno())
            if WINDOWS:
                stream.close()
            if not folder.replace(content, PurePath(file.path).name, status):
                raise changed(file)
        return renewed(file, content)

    def removed(self, files: Iterable[SavedFile]) -> list[str]:
        """Remove files, and say of each how that went."""
        return [self._removed(file) for file in files]

    def complaints(self, files: Iterable[SavedFile]) -> list[str]:
        """What there is to say of files that are not, or not any more, where they were saved."""
        return [said for file in files if (said := self._complaint(file))]

    def _removed(self, file: SavedFile) -> str:
        try:
            self.remove(file)
        except FileGoneError:
            return f"File {file.path}: it was not there."
        except FileRefusedError as exc:
            return f"File kept: {exc}"
        return f"File {file.path}: deleted."

    def _complaint(self, file: SavedFile) -> str:
        try:
            self.check(file)
        except FileRefusedError as exc:
            return str(exc)
        return ""

    @contextmanager
    def _at(self, file: SavedFile) -> Generator[Folder]:
        """The folder of a file, open; what the system says of it is told."""
        path = Path(file.path)
        with told(file):
            approved(path, self._boundary.roots, file.path)
            with folders.opened(path.parent) as folder:
                yield folder

    def _identified(self, file: SavedFile, folder: Folder) -> BufferedReader:
        path = Path(file.path)
        stream = folder.read(path.name, partial(sized, file=file))
        try:
            if file.sha256 and digest(stream, file.bytes) != file.sha256:
                raise changed(file)
            if not file.sha256 and not self._boundary.secrets:
                # Of its size it may be anything.
                harmless(path, stream, file.path)
        except BaseException:
            stream.close()
            raise
        return stream


def sized(status: os.stat_result, file: SavedFile) -> None:
    """Check that something is a regular file of the size that was saved, and has no second name.

    Raises:
        FileRefusedError: It is not.
    """
    if not stat.S_ISREG(status.st_mode) or status.st_size != file.bytes:
        raise changed(file)
    if status.st_nlink > 1:
        raise FileRefusedError(f"{printable(file.path)} has a second name (a hard link); left alone.", reason=SHARED)


@contextmanager
def told(file: SavedFile) -> Generator[None]:
    """Turn what the system says of a saved file into one sentence.

    Raises:
        FileGoneError: It is not there.
        FileRefusedError: It cannot be used.
    """
    try:
        yield
    except FileNotFoundError:
        raise FileGoneError(f"{printable(file.path)} is not there any more.") from None
    except OSError as exc:
        if exc.errno in ANOTHER:
            raise changed(file) from exc
        raise FileRefusedError(f"{printable(file.path)} cannot be used: {exc.strerror}.") from exc


def changed(file: SavedFile) -> FileRefusedError:
    """What is said of a file that is not what was saved."""
    return FileRefusedError(f"{printable(file.path)} was changed or moved; left alone.", reason="changed or moved")


def renewed(file: SavedFile, content: bytes | bytearray) -> SavedFile:
    """The file with that content."""
    return file.model_copy(update={"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})


def digest(stream: BufferedReader, size: int) -> str:
    """The hash of so many bytes; the stream is left at its start."""
    found = hashlib.sha256()
    while size > 0 and (chunk := stream.read(min(CHUNK, size))):
        found.update(chunk)
        size -= len(chunk)
    stream.seek(0)
    return found.hexdigest()


def absent(file: SavedFile, roots: Sequence[Path]) -> bool:
    """Whether nothing can be found where it was saved: it was moved, or that was on another machine.

    Args:
        file: Any.
        roots: Network shares of Windows that none of these is on are not looked at.
    """
    path = Path(file.path)
    if foreign_share(path, roots):
        return True
    try:
        with folders.opened(path.parent) as folder:
            folder.status(path.name)
    except OSError as exc:
        return isinstance(exc, FileNotFoundError | PermissionError)
    return False


def current(files: Iterable[SavedFile], roots: Sequence[Path]) -> tuple[SavedFile, ...]:
    """One file of each name: of those that machines on one journal have saved, the one that is here."""
    found: dict[str, SavedFile] = {}
    for file in files:
        if file.name not in found or absent(found[file.name], roots):
            found[file.name] = file
    return tuple(found.values())
