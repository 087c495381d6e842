"""Folders that are accessed by descriptor, so that no link on their path is ever followed.

Every system call looks up the parts of a path again, and any part may have been replaced by a link in between. A folder
is therefore opened from the root of the disk downwards, one name at a time and without following links, and its files
are named relative to its descriptor. On systems without such calls (Windows), the path is resolved and compared before
and after instead. Everything here blocks.
"""

import errno
import os
import re
import shutil
import stat
import sys
import time
import uuid
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path, PurePath
from typing import BinaryIO, Final, NamedTuple

WINDOWS: Final = sys.platform == "win32"
RENAMES_OVER: Final = not WINDOWS
"""Whether a file that is renamed takes the place of another: https://docs.python.org/3/library/os.html#os.rename"""

HAS_DESCRIPTOR_CALLS: Final = {
    os.open,
    os.stat,
    os.mkdir,
    os.rmdir,
    os.link,
    os.rename,
    os.unlink,
} <= os.supports_dir_fd

# Flags of every call.
OPEN_FLAGS: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# With O_PATH, the parent folders need not be readable: https://man7.org/linux/man-pages/man2/open.2.html
FOLDER_FLAGS: Final = OPEN_FLAGS | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", os.O_RDONLY)
# Neither waits for the writer of a pipe nor acquires a controlling terminal.
READ_FLAGS: Final = OPEN_FLAGS | os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
CREATE_FLAGS: Final = OPEN_FLAGS | os.O_WRONLY | os.O_CREAT | os.O_EXCL

FileContent = bytes | bytearray | BinaryIO
"""Content of a file: in memory, or in another open file, which is copied from its start."""

COPIED_BYTES: Final = 2**20
"""Bytes of a file that are copied at once."""

PARTIAL_NAME: Final = re.compile(r"\.[0-9a-f]{32}\.part")
"""Names of files that are not finished, as `make_hidden_name` makes them."""

LONG_PATH_CHARACTERS: Final = 240
"""Windows takes paths of folders below 248 characters and of files below 260, and longer ones only with a prefix:
https://learn.microsoft.com/en-us/windows/win32/fileio/maximum-file-path-limitation"""

StatusCheck = Callable[[os.stat_result], None]
"""Raises an exception if a file with this status is not acceptable."""


class FileModes(NamedTuple):
    """Permissions of new folders and files, before the umask applies."""

    folder: int
    file: int


OWNER_ONLY_MODES: Final = FileModes(0o700, 0o600)
ORDINARY_MODES: Final = FileModes(0o777, 0o666)


class Folder:
    """An open folder; initially the root of a disk.

    Every method may raise `OSError`.

    Attributes:
        path: Its path at the time it was opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, FOLDER_FLAGS) if HAS_DESCRIPTOR_CALLS else None

    def close(self) -> None:
        """Close the descriptor."""
        if self._descriptor is not None:
            os.close(self._descriptor)

    def enter(self, name: str) -> None:
        """Descend into the subfolder of this name, which must not be a link."""
        path = self.path / name
        if self._descriptor is None:
            check_real_folder(path)
        else:
            below = os.open(name, FOLDER_FLAGS, dir_fd=self._descriptor)
            os.close(self._descriptor)
            self._descriptor = below
        self.path = path

    def make(self, name: str, mode: int) -> None:
        """Create a subfolder, unless the name is taken."""
        with suppress(FileExistsError):
            os.mkdir(self._at(name), mode, dir_fd=self._descriptor)

    def status(self, name: str) -> os.stat_result:
        """Return the status of the entry of this name; links are not followed."""
        return os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)

    def read(self, name: str, check: StatusCheck) -> BufferedReader:
        """Open a file for reading, after `check` has accepted the status of the very file that is opened."""
        # Checked before opening, too: opening a device may already have an effect.
        seen = self.status(name)
        check(seen)
        stream = os.fdopen(self._open(name, READ_FLAGS), "rb")
        try:
            status = os.fstat(stream.fileno())
            if not os.path.samestat(seen, status):
                raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(self.path / name))
            self.verify()
            check(status)
        except BaseException:
            stream.close()
            raise
        return stream

    def add(self, content: FileContent, names: Iterable[str], mode: int) -> str | None:
        """Write a complete file under the first free name and return that name; None if no name is free."""
        partial = make_hidden_name()
        try:
            self._write(partial, content, mode)
            self.verify()
            return next((name for name in names if self._publish(partial, name)), None)
        finally:
            # If a failing disk cannot remove it either, the error has already been raised.
            with suppress(OSError):
                self._unlink(partial)

    def replace(self, content: bytes | bytearray, name: str, status: os.stat_result) -> bool:
        """Replace a file with a complete one if it still has that status; return whether it was replaced."""
        partial = make_hidden_name()
        try:
            self._write(partial, content, stat.S_IMODE(status.st_mode))
            self.verify()
            return self.remove(name, status) and self._publish(partial, name)
        finally:
            with suppress(OSError):
                self._unlink(partial)

    def remove(self, name: str, status: os.stat_result) -> bool:
        """Remove a file if it still has that status, and return whether it did; another file keeps its name."""
        # Only under a name that nobody else knows, the file that is checked is certainly the one that is removed.
        aside = make_hidden_name()
        self._rename(name, aside)
        if os.path.samestat(self.status(aside), status):
            self._unlink(aside)
            return True
        self._rename(aside, name)
        return False

    def discard(self, name: str, before: float) -> None:
        """Remove a regular file that was last written before a time; errors are ignored."""
        with suppress(OSError):
            status = self.status(name)
            if stat.S_ISREG(status.st_mode) and status.st_mtime < before:
                self._unlink(name)

    def try_names(self, names: Iterable[str]) -> None:
        """Test whether files of these names can be created here, inside a temporary folder that is removed again."""
        trial = make_hidden_name()
        os.mkdir(self._at(trial), dir_fd=self._descriptor)
        try:
            for name in names:
                within = str(Path(trial, name))
                os.close(self._open(within, CREATE_FLAGS))
                self._unlink(within)
        finally:
            os.rmdir(self._at(trial), dir_fd=self._descriptor)

    def verify(self) -> None:
        """Check that the path still leads to this folder, on systems where access depends on the path."""
        if self._descriptor is None:
            check_real_folder(self.path)

    def _at(self, name: str) -> str:
        return lengthen_path(self.path / name) if self._descriptor is None else name

    def _open(self, name: str, flags: int, mode: int = OWNER_ONLY_MODES.file) -> int:
        return os.open(self._at(name), flags, mode, dir_fd=self._descriptor)

    def _unlink(self, name: str) -> None:
        os.unlink(self._at(name), dir_fd=self._descriptor)

    def _rename(self, old: str, new: str) -> None:
        os.replace(self._at(old), self._at(new), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def _write(self, name: str, content: FileContent, mode: int) -> None:
        """Write a new file and flush it to the disk, so that no name ever refers to half a file after a power cut."""
        with os.fdopen(self._open(name, CREATE_FLAGS, mode), "wb") as file:
            if isinstance(content, bytes | bytearray):
                file.write(content)
            else:
                content.seek(0)
                shutil.copyfileobj(content, file, COPIED_BYTES)
            file.flush()
            os.fsync(file.fileno())

    def _publish(self, partial: str, name: str) -> bool:
        """Give the finished file its name atomically; return False if the name is taken."""
        if not RENAMES_OVER:
            # Not by a second link, which a scanner that holds the file would keep from being removed.
            with suppress(PermissionError):
                return self._move(partial, name)
        both = {"src_dir_fd": self._descriptor, "dst_dir_fd": self._descriptor}
        try:
            os.link(self._at(partial), self._at(name), **both, follow_symlinks=self._descriptor is None)
        except FileExistsError:
            return False
        except OSError:
            return self._claim(partial, name)  # FAT, exFAT and some network drives have no hard links
        return True

    def _move(self, partial: str, name: str) -> bool:
        """Do the same where a rename fails if the name is taken."""
        try:
            os.rename(self._at(partial), self._at(name))  # noqa: PTH104 - as all calls here
        except FileExistsError:
            return False
        return True

    def _claim(self, partial: str, name: str) -> bool:
        """Do the same on disks without hard links: reserve the name, then rename the file to it."""
        try:
            reserved = self._open(name, CREATE_FLAGS)
        except FileExistsError:
            return False
        status = os.fstat(reserved)
        os.close(reserved)
        try:
            self._rename(partial, name)
        except BaseException:
            with suppress(OSError):
                self._release(name, status)
            raise
        return True

    def _release(self, name: str, reserved: os.stat_result) -> None:
        """Remove the empty file by which a name was reserved, unless another program has used it."""
        status = self.status(name)
        if os.path.samestat(status, reserved) and not status.st_size:
            self._unlink(name)


@contextmanager
def open_folder(path: Path, *, create: int | None = None) -> Generator[Folder]:
    """Open the folder at a resolved path.

    Args:
        path: Absolute; parts that have become links since it was resolved are not followed.
        create: Create missing folders with this mode.

    Raises:
        OSError: A part of the path is missing, not a folder, or a link.
    """
    with open_nearest_folder(path) as (folder, missing):
        for name in missing:
            if create is not None:
                folder.make(name, create)
            folder.enter(name)
        yield folder
        folder.verify()


@contextmanager
def open_nearest_folder(path: Path) -> Generator[tuple[Folder, list[str]]]:
    """Open the deepest existing folder of a resolved path, and yield it with the names of the missing ones.

    Raises:
        OSError: A part of the path is not a folder, or a link.
    """
    if not path.is_absolute():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    if ".." in path.parts:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
    folder, names = Folder(Path(path.anchor)), list(path.parts[1:])
    try:
        with suppress(FileNotFoundError):
            while names:
                folder.enter(names[0])
                del names[0]
        yield folder, names
    finally:
        folder.close()


def check_path_writable(path: Path) -> None:
    """Check that a file could be written at a path, missing folders included, without creating anything.

    Raises:
        OSError: The file could not be written.
    """
    with open_nearest_folder(path.parent) as (folder, missing):
        folder.try_names([*missing, path.name])


def check_real_folder(path: Path) -> None:
    """Check that a path leads to a folder without any link at this moment.

    Raises:
        OSError: It does not.
    """
    wanted = Path(lengthen_path(path))
    if not stat.S_ISDIR(wanted.lstat().st_mode) or wanted.resolve(strict=True) != wanted:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def lengthen_path(path: PurePath, *, windows: bool = WINDOWS) -> str:
    """Return an absolute path as the system takes it at any length."""
    text = str(path)
    if not windows or len(text) < LONG_PATH_CHARACTERS or text.startswith(("\\\\?\\", "\\\\.\\")):
        return text
    return "\\\\?\\UNC" + text[1:] if text.startswith("\\\\") else "\\\\?\\" + text


def make_hidden_name() -> str:
    """Return a random name that nobody else uses."""
    return f".{uuid.uuid4().hex}.part"


def remove_partial_files(path: Path, seconds: float) -> None:
    """Remove the files of a folder that were not finished, and were last written longer ago; errors are ignored."""
    with suppress(OSError), open_folder(path) as folder:
        for name in filter(PARTIAL_NAME.fullmatch, [entry.name for entry in path.iterdir()]):
            folder.discard(name, time.time() - seconds)
