"""SQLite files: created readable by the user alone, and copied when they are deleted or replaced while open.

SQLite goes on reading and writing a deleted file, where nobody finds it again (sqlite.org/howtocorrupt.html, 4.1).
Nothing is created in its place: other servers may have it open, too, and share the files beside it.
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from .database_url import is_file_database

FileIdentity = tuple[int, int] | None
"""Device and inode of a file; None where there is no file."""

COMPANION_SUFFIXES: Final = ("-wal", "-shm")
"""Suffixes of the files that belong to an SQLite file (sqlite.org/walformat.html)."""


class FileReplacedError(Exception):
    """The file was replaced before a connection to it was opened."""


@dataclass(frozen=True)
class FilePlace:
    """The path and the identity of an open SQLite file."""

    path: Path
    file: FileIdentity

    def is_left(self) -> bool:
        """Whether the file has been deleted, moved away or replaced."""
        return read_file_identity(self.path) != self.file

    def copy_path(self) -> Path:
        """Return the path of a copy of the file."""
        return self.path.with_name(f"{self.path.name}.saved-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}")


def make_file(url: sa.URL) -> None:
    """Create the directory and the file of an SQLite database where they are missing, readable by the user alone."""
    path = Path(str(url.database)).resolve()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        return
    with lock_folder(path.parent):
        if path.exists():
            return
        # Left by a file that was deleted: SQLite would take them for its own, even while another server uses them.
        for ending in COMPANION_SUFFIXES:
            path.with_name(path.name + ending).unlink(missing_ok=True)
        # Exclusively: to open and close a database that is in use drops SQLite's locks on it
        # (sqlite.org/howtocorrupt.html, 2.2).
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


@contextmanager
def lock_folder(folder: Path) -> Generator[None]:
    """Keep other servers from creating a file in a folder meanwhile.

    Windows needs no lock: it deletes no file that is open.

    Raises:
        OSError: The folder cannot be opened.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl  # noqa: PLC0415 - not on Windows

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_opening_url(url: sa.URL) -> sa.URL:
    """Return the URL that opens a file and never creates one; links are followed once."""
    if not is_file_database(url):
        return url
    path = Path(str(url.database)).resolve()
    return url.set(database=adapt_file_uri(path.as_uri())).update_query_dict({"mode": "rw", "uri": "true"})


def adapt_file_uri(uri: str) -> str:
    """Return the URI of a file as SQLite takes it, without a host: a share of Windows is a part of the path.

    Source: https://www.sqlite.org/uri.html
    """
    return uri if uri.startswith("file:///") else uri.replace("file://", "file:////", 1)


def locate_file(url: sa.URL) -> FilePlace | None:
    """Return the place of the file that is about to be opened; None for a database that is no file."""
    if not is_file_database(url):
        return None
    path = Path(str(url.database)).absolute()
    return FilePlace(path, read_file_identity(path))


def read_file_identity(path: Path) -> FileIdentity:
    """Return the identity of the file at a path."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


async def copy_database(connection: AsyncConnection, target: Path) -> None:
    """Write all that a connection sees into a file, replacing an earlier copy.

    Raises:
        OSError: The file cannot be written.
        DBAPIError: The database cannot be read, or the file cannot be written.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    await connection.exec_driver_sql("VACUUM INTO ?", (str(part),))
    part.replace(target)
