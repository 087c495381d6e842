"""The rows of the journal about files that remote clients send."""

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gemini_interactions_mcp.core import NO_REDACTION, Redactor
from gemini_interactions_mcp.models import ReceivedFile

from .clock import now
from .database import Database
from .rows import encode_cell, format_moment
from .schema import RECEIVED_FILES

ABANDONED_CLAIM: Final = timedelta(minutes=10)
"""Age of a claim after which its server counts as gone: another transfer may begin."""

RECEIVED_COLUMNS: Final = [RECEIVED_FILES.c[name] for name in ReceivedFile.model_fields]


class ReceivedRows:
    """The rows of one principal; every method raises `JournalError` when the database cannot be used.

    Args:
        database: The database.
        principal: Whose files.
        redact: Takes secrets out of their names.
    """

    def __init__(self, database: Database, principal: str, redact: Redactor = NO_REDACTION) -> None:
        self._redact = redact
        self._database = database
        self._owned = RECEIVED_FILES.c.principal == principal
        self._principal = principal

    async def add(self, file: ReceivedFile, unknown: int, most_files: int, most_bytes: int) -> bool:
        """Write a row for a file that is about to be sent, and return whether there was room for it.

        Two servers on one journal cannot both take the last room.

        Args:
            file: The file.
            unknown: What counts for a file whose size nobody has said.
            most_files: Files that the principal may have.
            most_bytes: Their bytes.
        """
        values = self._redact({name: encode_cell(value) for name, value in dict(file).items()})
        values |= {"principal": self._principal}
        columns = [sa.literal(value, RECEIVED_FILES.c[name].type).label(name) for name, value in values.items()]
        size = unknown if file.bytes is None else file.bytes
        count, kept = self._sum(unknown)
        # Both are of one look at the table.
        sums = sa.select(count.label("files"), kept.label("kept")).where(self._owned, match_alive(now())).subquery()
        room = (sums.c.files < most_files, sums.c.kept <= most_bytes - size)
        source = sa.select(*columns).select_from(sums).where(*room)
        added = sa.insert(RECEIVED_FILES).from_select(list(values), source)
        return await self._database.write(added, locks=[f"received files of {self._principal}"]) > 0

    async def find(self, file_id: str) -> ReceivedFile | None:
        """Return a row that has not expired."""
        wanted = (self._owned, RECEIVED_FILES.c.id == file_id, RECEIVED_FILES.c.expires_at > format_moment(now()))
        found = await self._database.read(sa.select(*RECEIVED_COLUMNS).where(*wanted), read_received_files)
        return found[0] if found else None

    async def measure(self, unknown: int) -> tuple[int, int]:
        """Return how many files there are that have not expired, and their bytes.

        Args:
            unknown: What counts for one that is about to come, and whose size nobody has said.
        """
        sums = sa.select(*self._sum(unknown)).where(self._owned, match_alive(now()))
        count, size = await self._database.read(sums, lambda result: tuple(result.one()))
        return int(count), int(size)

    async def claim(self, file_id: str) -> datetime | None:
        """Begin the one transfer of a file, and return what it is known by; None if it is not to be sent now."""
        moment = now()
        column = RECEIVED_FILES.c
        free = column.claimed_at.is_(None) | (column.claimed_at < format_moment(moment - ABANDONED_CLAIM))
        wanted = (self._owned, column.id == file_id, column.received_at.is_(None), free)
        alive = column.expires_at > format_moment(moment)
        changed = sa.update(RECEIVED_FILES).where(*wanted, alive).values(claimed_at=format_moment(moment))
        return moment if await self._database.write(changed) else None

    async def release(self, file_id: str, claim: datetime) -> None:
        """End a transfer that has failed; another may begin."""
        mine = self._match_claim(file_id, claim)
        await self._database.write(sa.update(RECEIVED_FILES).where(*mine).values(claimed_at=None))

    async def finish(self, file_id: str, claim: datetime, received: ReceivedFile) -> bool:
        """Write down what has come, and return whether the transfer was still the one that counts."""
        kept = {"mime_type", "bytes", "sha256", "path", "received_at", "expires_at"}
        values = {name: encode_cell(value) for name, value in dict(received).items() if name in kept}
        mine = self._match_claim(file_id, claim)
        return await self._database.write(sa.update(RECEIVED_FILES).where(*mine).values(values)) > 0

    async def list_expired(self) -> list[ReceivedFile]:
        """Return the rows that have expired."""
        expired = sa.select(*RECEIVED_COLUMNS).where(self._owned, match_expired(now()))
        return await self._database.read(expired, read_received_files)

    async def remove(self, file_id: str) -> None:
        """Remove a row."""
        await self._database.write(sa.delete(RECEIVED_FILES).where(self._owned, RECEIVED_FILES.c.id == file_id))

    def _sum(self, unknown: int) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
        """Return the number of files and their bytes, as columns."""
        return sa.func.count(), sa.func.coalesce(sa.func.sum(sa.func.coalesce(RECEIVED_FILES.c.bytes, unknown)), 0)

    def _match_claim(self, file_id: str, claim: datetime) -> list[sa.ColumnElement[bool]]:
        column = RECEIVED_FILES.c
        mine = column.claimed_at == format_moment(claim)
        return [self._owned, column.id == file_id, column.received_at.is_(None), mine]


def match_alive(moment: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of files that count at a time: they have not expired, or are being sent."""
    return (RECEIVED_FILES.c.expires_at > format_moment(moment)) | match_arriving(moment)


def match_expired(moment: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of files that are to be removed at a time."""
    # Spelled out for SQLite, which finds no index behind a negation.
    return (RECEIVED_FILES.c.expires_at <= format_moment(moment)) & ~match_arriving(moment)


def match_arriving(moment: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of files that are being sent at a time."""
    claimed = sa.func.coalesce(RECEIVED_FILES.c.claimed_at, "") >= format_moment(moment - ABANDONED_CLAIM)
    return RECEIVED_FILES.c.received_at.is_(None) & claimed


async def list_expiring_principals(database: Database) -> list[str]:
    """Return the principals who have sent files that have expired, and are to be removed."""
    wanted = sa.select(RECEIVED_FILES.c.principal).where(match_expired(now())).distinct()
    return await database.read(wanted, lambda result: list(result.scalars()))


def read_received_files(result: sa.CursorResult[Any]) -> list[ReceivedFile]:
    """Return the files of a result."""
    return [ReceivedFile.model_validate(dict(found)) for found in result.mappings()]
