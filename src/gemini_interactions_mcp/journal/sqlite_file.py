"""An SQLite file: made so that only the user can read it, and copied when it is deleted or replaced while it is open.

SQLite goes on reading and writing what was deleted, where nobody finds it again (sqlite.org/howtocorrupt.html, 4.1).
Nothing is made in its place, because other servers may have it open, too, and what they share with it lies beside it.
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

from .database_url import in_file

FileIdentity = tuple[int, int] | None
"""Device and number of a file; None where there is none."""

COMPANIONS: Final = ("-wal", "-shm")
"""How the names end of what belongs to an SQLite file (sqlite.org/walformat.html)."""


class LeftError(Exception):
    """The file that was to be opened is another one by now."""


@dataclass(frozen=True)
class FilePlace:
    """Where an open SQLite file lies, and which file it is."""

    path: Path
    file: FileIdentity

    def is_left(self) -> bool:
        """Whether the file has been deleted, moved away or replaced."""
        return file_identity(self.path) != self.file

    def copy_path(self) -> Path:
        """Where a copy of a file goes that has been left."""
        return self.path.with_name(f"{self.path.name}.saved-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}")


def make_file(url: sa.URL) -> None:
    """Make SQLite's directory and file when they are missing, so that only the user can ever read them."""
    path = Path(str(url.database)).resolve()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        return
    with alone_in(path.parent):
        if path.exists():
            return
        # Those of a file that was deleted: SQLite would take them for its own, also while another server uses them.
        for ending in COMPANIONS:
            path.with_name(path.name + ending).unlink(missing_ok=True)
        # Exclusively: to open and close a database that is in use drops SQLite's locks on it
        # (sqlite.org/howtocorrupt.html, 2.2).
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


@contextmanager
def alone_in(folder: Path) -> Generator[None]:
    """Have no other server make a file in a folder meanwhile; Windows deletes no file that is open, so nothing is left.

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


def opened_by(url: sa.URL) -> sa.URL:
    """The URL by which a file is opened, and never made: links are followed once."""
    if not in_file(url):
        return url
    path = Path(str(url.database)).resolve()
    return url.set(database=path.as_uri()).update_query_dict({"mode": "rw", "uri": "true"})


def place_of(url: sa.URL) -> FilePlace | None:
    """The place of a file that is about to be opened."""
    if not in_file(url):
        return None
    path = Path(str(url.database)).absolute()
    return FilePlace(path, file_identity(path))


def file_identity(path: Path) -> FileIdentity:
    """Which file is there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


async def copy_into(connection: AsyncConnection, target: Path) -> None:
    """Write all that a connection sees into a file, in place of an earlier copy.

    Raises:
        OSError: It cannot be written.
        DBAPIError: It cannot be read or written.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    await connection.exec_driver_sql("VACUUM INTO ?", (str(part),))
    part.replace(target)
