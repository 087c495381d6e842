"""The rows of the journal about files that Google has, or may have got."""

import sqlalchemy as sa

from gemini_interactions_mcp.core import Redactor
from gemini_interactions_mcp.models import UploadedFile

from .clock import now
from .database_view import DatabaseView
from .engine import RowValues
from .rows import encode_cell, format_moment, read_uploads
from .schema import UPLOADS


class UploadShelf:
    """A row for every file, by its account, size, MIME type and hash; the key decides who may send it.

    Args:
        database: The database.
        redact: Takes secrets out of all that is written.
    """

    def __init__(self, database: DatabaseView, redact: Redactor) -> None:
        self._uploads = database
        self._redact_upload = redact

    async def uploads(self, account: str, size: int, mime_type: str) -> dict[str, UploadedFile]:
        """Return an account's uploads of this size and type, by the hashes of their contents."""
        ours = (UPLOADS.c.account == account, UPLOADS.c.size == size, UPLOADS.c.mime_type == mime_type)
        return await self._uploads.read(sa.select(UPLOADS).where(*ours), read_uploads)

    async def keep_upload(self, account: str, size: int, mime_type: str, digest: str, file: UploadedFile) -> None:
        """Write an upload down, in place of an earlier one of the same content."""
        key = make_upload_key(account, size, mime_type, digest)
        # An update first: between a deletion and an insertion, another server would find no row.
        while not await self._change(key, file) and not await self._insert(key, file):
            pass

    async def claim_upload(self, account: str, size: int, mime_type: str, digest: str, file: UploadedFile) -> bool:
        """Write an upload down, unless there is one that has not expired: only one of several servers can."""
        key = make_upload_key(account, size, mime_type, digest)
        expired = UPLOADS.c.expires_at <= format_moment(now())
        await self._uploads.write(sa.delete(UPLOADS).where(*match_upload(key), expired))
        return await self._insert(key, file)

    async def drop_upload(self, account: str, digest: str, name: str | None = None) -> None:
        """Forget the uploads of a content, or one of them, by its name."""
        named = [] if name is None else [UPLOADS.c.name == name]
        found = sa.delete(UPLOADS).where(UPLOADS.c.account == account, UPLOADS.c.digest == digest, *named)
        await self._uploads.write(found)

    async def _change(self, key: RowValues, file: UploadedFile) -> bool:
        found = sa.update(UPLOADS).where(*match_upload(key)).values(self._encode(file))
        return await self._uploads.write(found) > 0

    async def _insert(self, key: RowValues, file: UploadedFile) -> bool:
        """Insert a row, and return whether there was none of this key."""
        values = key | self._encode(file)
        columns = [sa.literal(value, UPLOADS.c[name].type).label(name) for name, value in values.items()]
        taken = sa.exists(sa.select(UPLOADS.c.digest).where(*match_upload(key)))
        source = sa.select(*columns).where(~taken)
        statement = sa.insert(UPLOADS).from_select(list(values), source)
        return await self._uploads.write(statement, locks=[f"upload {sorted(key.items())}"]) > 0

    def _encode(self, file: UploadedFile) -> RowValues:
        return self._redact_upload({name: encode_cell(value) for name, value in dict(file).items()})


def make_upload_key(account: str, size: int, mime_type: str, digest: str) -> RowValues:
    """Return the primary key of a row."""
    return {"account": account, "size": size, "mime_type": mime_type, "digest": digest}


def match_upload(key: RowValues) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the row of a key."""
    return [UPLOADS.c[name] == value for name, value in key.items()]
