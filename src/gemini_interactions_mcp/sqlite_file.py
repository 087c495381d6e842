"""An SQLite file: made so that only the user can read it, and not lost when it is deleted or replaced while it is open.

SQLite goes on writing to what was deleted, where nobody finds it again (sqlite.org/howtocorrupt.html, 4.1). What it
holds can still be read by who has it open, and is carried over to the file that is there then.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from .addresses import in_file

FileIdentity = tuple[int, int] | None
"""Device and number of a file; None where there is none."""

BESIDE: Final = ("-wal", "-shm")
"""How the names end of what belongs to an SQLite file (sqlite.org/walformat.html)."""
ROWS_AT_ONCE: Final = 500
"""Rows that are in memory at once."""


def make_file(url: sa.URL) -> None:
    """Make SQLite's directory and file when they are missing, so that only the user can ever read them."""
    if not in_file(url):
        return
    path = path_of(url)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Exclusively: to open and close a database that is in use drops SQLite's locks on it
    # (sqlite.org/howtocorrupt.html, 2.2).
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def path_of(url: sa.URL) -> Path:
    """Where SQLite's file lies."""
    return Path(str(url.database)).resolve()


@dataclass(frozen=True)
class FilePlace:
    """Where an open SQLite file lies, and which files it and those beside it are."""

    path: Path
    file: FileIdentity
    beside: tuple[FileIdentity, ...]

    @classmethod
    def of(cls, path: Path) -> "FilePlace":
        """The place of a file that has just been opened."""
        return cls(path, file_identity(path), tuple(file_identity(each) for each in companions(path)))

    def is_left(self) -> bool:
        """Whether the file has been deleted, moved away or replaced."""
        return file_identity(self.path) != self.file

    def clear(self) -> None:
        """Remove what the file has left behind, which SQLite would take for a part of the next one.

        Raises:
            OSError: It cannot be removed.
        """
        for path, known in zip(companions(self.path), self.beside, strict=True):
            if known is not None and file_identity(path) == known:
                path.unlink()


def place_of(url: sa.URL) -> FilePlace | None:
    """The place of what has just been opened, where it is a file."""
    return FilePlace.of(path_of(url)) if in_file(url) else None


def companions(path: Path) -> list[Path]:
    """Where the files lie that belong to an SQLite file."""
    return [path.with_name(path.name + ending) for ending in BESIDE]


def file_identity(path: Path) -> FileIdentity:
    """Which file is there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


async def carry_over(old: AsyncEngine, new: AsyncEngine, metadata: sa.MetaData) -> None:
    """Write all rows of a database that another one does not have into that one."""
    async with old.connect() as source, new.connect() as target:
        for table in metadata.sorted_tables:
            rows = await source.stream(sa.select(table))
            insertion = sa.insert(table).prefix_with("OR IGNORE")
            async for batch in rows.mappings().partitions(ROWS_AT_ONCE):
                await target.execute(insertion, [dict(row) for row in batch])
