"""Copies of objects that were found to be what was saved, for readers who read a file by pieces. Everything blocks."""

import io
import os
import threading
from typing import BinaryIO, Final, NamedTuple

COPY_SECONDS: Final = 60.0
MAX_COPIES: Final = 4
MAX_COPY_BYTES: Final = 256 * 2**20


class CopyKey(NamedTuple):
    """What a copy is of: an object of a version, and the hash of its content."""

    path: str
    version: str
    sha256: str


class CopyReader(io.RawIOBase):
    """A reader with a position of its own; others may read the same open file at the same time.

    Args:
        file: The open file.
        size: Of the file.
    """

    def __init__(self, file: int, size: int) -> None:
        self._file = os.dup(file)
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, and return it."""
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - as it is called
        """Read into a buffer, and return the number of bytes."""
        content = os.pread(self._file, len(buffer), self._position)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)

    def close(self) -> None:
        """Close this reader only."""
        if not self.closed:
            os.close(self._file)
        super().close()


class VerifiedCopies:
    """The copies of a server: a few, each for a short time. A system without `pread` has none.

    Args:
        seconds: How long each is kept.
    """

    def __init__(self, seconds: float = COPY_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._copies: dict[CopyKey, tuple[int, int, threading.Timer]] = {}

    def find(self, key: CopyKey) -> io.BufferedReader | None:
        """Open a copy; return None if there is none."""
        with self._lock:
            found = self._copies.get(key)
            return io.BufferedReader(CopyReader(*found[:2])) if found else None

    def keep(self, key: CopyKey, file: BinaryIO, size: int) -> None:
        """Keep an open file as a copy, unless it is large; the caller closes its own."""
        if size > MAX_COPY_BYTES or not hasattr(os, "pread"):
            return
        timer = threading.Timer(self._seconds, self.drop, [key])
        timer.daemon = True
        self.drop(key)
        with self._lock:
            self._copies[key] = os.dup(file.fileno()), size, timer
            excess = list(self._copies)[:-MAX_COPIES]
        timer.start()
        for each in excess:
            self.drop(each)

    def drop(self, key: CopyKey) -> None:
        """Close a copy, if there is one; who reads it reads on."""
        with self._lock:
            found = self._copies.pop(key, None)
        if found:
            found[2].cancel()
            os.close(found[0])

    def forget(self, path: str = "") -> None:
        """Close the copies of an object, or all."""
        for key in [key for key in list(self._copies) if path in ("", key.path)]:
            self.drop(key)
