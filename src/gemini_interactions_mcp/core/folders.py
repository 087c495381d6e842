"""An open folder: what is done in it is done there, wherever its path leads by now.

The parts of a path are looked up anew by every call to the system, and any of them may have become a link meanwhile. So
a folder is opened from the root of the disk downwards, one name at a time, without following a link, and the files in
it are named relative to its descriptor. Where the system has no such calls (Windows), its path is resolved and compared
before and after. Everything here blocks.
"""

import errno
import os
import stat
import uuid
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Final, NamedTuple

BY_DESCRIPTOR: Final = {os.open, os.stat, os.mkdir, os.rmdir, os.link, os.rename, os.unlink} <= os.supports_dir_fd

ALWAYS: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# With O_PATH, a folder on the way need not be readable: https://man7.org/linux/man-pages/man2/open.2.html
FOLDER: Final = ALWAYS | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", os.O_RDONLY)
# Neither waits for a pipe's writer nor becomes a terminal's owner.
READ: Final = ALWAYS | os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
CREATE: Final = ALWAYS | os.O_WRONLY | os.O_CREAT | os.O_EXCL

Check = Callable[[os.stat_result], None]
"""Raises when a file is not what is wanted."""


class Modes(NamedTuple):
    """Who may use a folder and a file that are made, before the umask takes from it."""

    folder: int
    file: int


OWNER_ONLY: Final = Modes(0o700, 0o600)
ORDINARY: Final = Modes(0o777, 0o666)


class Folder:
    """A folder that is open; at first the root of a disk.

    Every method raises `OSError`.

    Attributes:
        path: Where it was when it was opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, FOLDER) if BY_DESCRIPTOR else None

    def close(self) -> None:
        """Close it."""
        if self._descriptor is not None:
            os.close(self._descriptor)

    def enter(self, name: str) -> None:
        """Become the folder of this name in it; a link to one is none."""
        path = self.path / name
        if self._descriptor is None:
            real_folder(path)
        else:
            below = os.open(name, FOLDER, dir_fd=self._descriptor)
            os.close(self._descriptor)
            self._descriptor = below
        self.path = path

    def make(self, name: str, mode: int) -> None:
        """Make a folder in it, unless there is something of that name."""
        with suppress(FileExistsError):
            os.mkdir(self._at(name), mode, dir_fd=self._descriptor)

    def status(self, name: str) -> os.stat_result:
        """What has this name: a link itself, not where it leads."""
        return os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)

    def read(self, name: str, check: Check) -> BufferedReader:
        """Open a file for reading; what is checked is what is read."""
        # Also before it is opened: to open a device may already do something.
        seen = self.status(name)
        check(seen)
        stream = os.fdopen(self._open(name, READ), "rb")
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

    def add(self, content: bytes | bytearray, names: Iterable[str], mode: int) -> str | None:
        """Write a whole file under the first name that is free, and return that; None when none is."""
        partial = hidden_name()
        try:
            self._write(partial, content, mode)
            self.verify()
            return next((name for name in names if self._publish(partial, name)), None)
        finally:
            # What a disk in trouble does not remove has been told of already.
            with suppress(OSError):
                self._unlink(partial)

    def replace(self, content: bytes | bytearray, name: str, status: os.stat_result) -> bool:
        """Write a whole file in place of another, if that still is the one of that status; False where it is not."""
        partial = hidden_name()
        try:
            self._write(partial, content, stat.S_IMODE(status.st_mode))
            self.verify()
            return self.remove(name, status) and self._publish(partial, name)
        finally:
            with suppress(OSError):
                self._unlink(partial)

    def remove(self, name: str, status: os.stat_result) -> bool:
        """Remove a file, if it still is the one of that status; another one keeps its name."""
        # Only under a name that nobody else knows, what is looked at is certainly what is removed.
        aside = hidden_name()
        self._rename(name, aside)
        if os.path.samestat(self.status(aside), status):
            self._unlink(aside)
            return True
        self._rename(aside, name)
        return False

    def try_names(self, names: Iterable[str]) -> None:
        """Find out whether files of these names could be made in it; nothing stays, and no name is taken meanwhile."""
        trial = hidden_name()
        os.mkdir(self._at(trial), dir_fd=self._descriptor)
        try:
            for name in names:
                within = str(Path(trial, name))
                os.close(self._open(within, CREATE))
                self._unlink(within)
        finally:
            os.rmdir(self._at(trial), dir_fd=self._descriptor)

    def verify(self) -> None:
        """Check that it is where it was, in so far as what is done in it depends on that."""
        if self._descriptor is None:
            real_folder(self.path)

    def _at(self, name: str) -> str:
        return str(self.path / name) if self._descriptor is None else name

    def _open(self, name: str, flags: int, mode: int = OWNER_ONLY.file) -> int:
        return os.open(self._at(name), flags, mode, dir_fd=self._descriptor)

    def _unlink(self, name: str) -> None:
        os.unlink(self._at(name), dir_fd=self._descriptor)

    def _rename(self, old: str, new: str) -> None:
        os.replace(self._at(old), self._at(new), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def _write(self, name: str, content: bytes | bytearray, mode: int) -> None:
        """Write a new file down to the disk: a name must never stand for half of it, even after a power cut."""
        with os.fdopen(self._open(name, CREATE, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _publish(self, partial: str, name: str) -> bool:
        """Give the finished file its name at one stroke; False when the name is taken."""
        both = {"src_dir_fd": self._descriptor, "dst_dir_fd": self._descriptor}
        try:
            os.link(self._at(partial), self._at(name), **both, follow_symlinks=self._descriptor is None)
        except FileExistsError:
            return False
        except OSError:
            return self._claim(partial, name)  # FAT, exFAT and some network drives have no hard links
        return True

    def _claim(self, partial: str, name: str) -> bool:
        """Like `_publish`, for disks without hard links: the name is taken first, then filled."""
        try:
            os.close(self._open(name, CREATE))
        except FileExistsError:
            return False
        self._rename(partial, name)
        return True


@contextmanager
def opened(path: Path, *, create: int | None = None) -> Generator[Folder]:
    """Open a folder by its resolved path.

    Args:
        path: Absolute; what has become a link in it since it was resolved is not followed.
        create: Make what is missing, with this mode.

    Raises:
        OSError: A part of the path is missing, no folder, or a link.
    """
    with nearest(path) as (folder, missing):
        for name in missing:
            if create is not None:
                folder.make(name, create)
            folder.enter(name)
        yield folder
        folder.verify()


@contextmanager
def nearest(path: Path) -> Generator[tuple[Folder, list[str]]]:
    """Open the last folder of a resolved path that exists; what comes after it are the names of those that do not.

    Raises:
        OSError: A part of the path is no folder, or a link.
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


def probe(path: Path) -> None:
    """Find out whether a file of this path could be written, folders that are missing included; none is made.

    Raises:
        OSError: It could not.
    """
    with nearest(path.parent) as (folder, missing):
        folder.try_names([*missing, path.name])


def real_folder(path: Path) -> None:
    """Check that a path leads to a folder without a link, as far as a look can tell.

    Raises:
        OSError: It does not.
    """
    if not stat.S_ISDIR(path.lstat().st_mode) or path.resolve(strict=True) != path:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def hidden_name() -> str:
    """A name that nobody else uses."""
    return f".{uuid.uuid4().hex}.part"
