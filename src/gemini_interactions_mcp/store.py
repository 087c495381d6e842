"""The journal: a row for every interaction that this server has started, written before it is paid for.

Beside them, a row for every file that the Files API keeps. Owns the tables and what is asked of them. It refuses to
know the API, and to decide when a row changes.
"""

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import sqlalchemy as sa
from pydantic import BaseModel

from .database import Database, Row
from .errors import DailyLimitError, InputError
from .models import TERMINAL, UNKNOWN, WAITING_FOR_CLIENT, Record, Uploaded
from .records import FOREIGN, used_up
from .redaction import NOTHING, Redactor

SCHEMA_VERSION: Final = 3

# How long Google keeps an interaction at most (ai.google.dev/gemini-api/docs/interactions, data retention): until
# then, somebody may still want to find out what became of a request whose outcome is unknown.
RETENTION: Final = timedelta(days=55)

SETTLED: Final = sorted(TERMINAL | WAITING_FOR_CLIENT)

# MySQL's TEXT ends at 64 KiB; of this length it becomes a LONGTEXT.
LONG: Final = sa.Text().with_variant(sa.Text(2**32 - 1), "mysql", "mariadb")
DOCUMENT: Final = sa.JSON(none_as_null=True)
# 512 characters still fit an index of MySQL.
NAME: Final = sa.String(512)
STAMP: Final = sa.String(32)

METADATA: Final = sa.MetaData()
ROWS: Final = sa.Table(
    "interactions",
    METADATA,
    sa.Column("label", NAME, primary_key=True),
    sa.Column("interaction_id", NAME, unique=True, index=True),
    sa.Column("kind", LONG, nullable=False),
    sa.Column("plan", sa.Boolean, nullable=False),
    sa.Column("status", LONG, nullable=False),
    sa.Column("model", LONG),
    sa.Column("agent", LONG),
    sa.Column("previous_interaction_id", LONG),
    sa.Column("environment_id", LONG),
    sa.Column("tools", DOCUMENT),
    sa.Column("prompt", LONG, nullable=False),
    sa.Column("text", LONG, nullable=False),
    sa.Column("citations", DOCUMENT, nullable=False),
    sa.Column("usage", DOCUMENT),
    sa.Column("files", DOCUMENT, nullable=False),
    sa.Column("error", LONG),
    sa.Column("created_at", STAMP, nullable=False),
    sa.Column("updated_at", STAMP, nullable=False),
    sa.Column("finished_at", STAMP),
    # Since version 3.
    sa.Column("delivered_at", STAMP),
    sa.Column("detached_at", STAMP),
    # Who follows the row, and until when others leave it alone; not a part of a Record.
    sa.Column("owner", NAME),
    sa.Column("owned_until", STAMP),
)
RECORD: Final = [column for column in ROWS.c if column.name in Record.model_fields]
"""The columns that a `Record` has."""
sa.Index("interactions_by_time", ROWS.c.created_at, ROWS.c.label)

# Since version 2. Short names: all that finds a row is one index, also in MySQL.
UPLOADS: Final = sa.Table(
    "uploads",
    METADATA,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger, primary_key=True),
    sa.Column("mime_type", sa.String(128), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("uri", LONG, nullable=False),
    sa.Column("expires_at", STAMP, nullable=False),
)

NEWEST_FIRST: Final = (ROWS.c.created_at.desc(), ROWS.c.label.desc())
OLDEST_FIRST: Final = (ROWS.c.created_at, ROWS.c.label)

DELIVERY: Final = frozenset({"delivered_at", "detached_at"})
"""Fields that say to whom the answer went."""

OVER: Final = sa.and_(
    ROWS.c.status.in_(["failed", "cancelled"]),
    sa.or_(ROWS.c.interaction_id.is_(None), ROWS.c.finished_at.is_not(None)),
)
"""Rows that have certainly come to nothing."""

UPDATE: Final = sa.update(ROWS).where(ROWS.c.label == sa.bindparam("of_label"))


class Limit(NamedTuple):
    """At most so many research rows since then."""

    most: int
    since: datetime


class Journal:
    """Every interaction that this server has started.

    Opened by the first method that needs it. Every method raises `JournalError` when the database cannot be used, and
    waits for it as `Database` does.

    Args:
        url: As `Database` takes it.
        redact: Takes secrets out of all that is written.
    """

    def __init__(self, url: str | Path, redact: Redactor = NOTHING) -> None:
        self._database = Database(url, METADATA, SCHEMA_VERSION)
        self._redact = redact

    async def insert(
        self,
        record: Record,
        *,
        owner: str | None = None,
        until: datetime | None = None,
        patience: float = math.inf,
    ) -> None:
        """Write a new row, which `owner` follows `until` then.

        Raises:
            JournalError: Also when its label or interaction_id is taken.
        """
        await self._database.write(sa.insert(ROWS), self._row(dict(record)) | lease(owner, until), patience)

    async def insert_once(
        self,
        record: Record,
        mark: str | None,
        since: datetime,
        *,
        limit: Limit | None = None,
        owner: str | None = None,
        until: datetime | None = None,
    ) -> Record | None:
        """Write a new row, unless one has come since then whose label begins with `mark`: that one is returned.

        Rows that have certainly failed do not count. It is one statement, so that two servers on one SQLite file
        cannot both write, nor both take the last place of a limit; other databases would need a stricter isolation
        for that.

        Raises:
            DailyLimitError: The limit is reached; nothing was written.
        """
        values = self._row(dict(record)) | lease(owner, until)
        columns = [sa.literal(value, ROWS.c[name].type).label(name) for name, value in values.items()]
        source = sa.select(*columns)
        if mark:
            source = source.where(~sa.select(ROWS.c.label).where(*twin_conditions(mark, since)).exists())
        if limit:
            source = source.where(spent(limit.since).scalar_subquery() < limit.most)
        if await self._database.write(sa.insert(ROWS).from_select(list(values), source)):
            return None
        if mark and (twin := await self.twin(mark, since)):
            return twin
        if limit and await self.spent(limit.since) >= limit.most:
            raise DailyLimitError(used_up(limit.most))
        return await self.insert_once(record, mark, since, limit=limit, owner=owner, until=until)

    async def twin(self, mark: str, since: datetime) -> Record | None:
        """The newest row since then whose label begins with `mark`, and that has not certainly failed."""
        wanted = sa.select(*RECORD).where(*twin_conditions(mark, since)).order_by(*NEWEST_FIRST)
        found = await self._database.read(wanted.limit(1), records)
        return found[0] if found else None

    async def undelivered(self, mark: str, since: datetime) -> list[Record]:
        """The rows whose label begins with `mark` and whose answer nobody has been given, newest first.

        Args:
            mark: Of identical requests.
            since: Rows that were left by their calls, or else asked for, before that moment are not among them.
        """
        latest = sa.func.coalesce(ROWS.c.detached_at, ROWS.c.created_at)
        wanted = sa.select(*RECORD).where(
            ROWS.c.label.startswith(mark, autoescape=True), ROWS.c.delivered_at.is_(None), latest > stamp(since), ~OVER
        )
        return await self._database.read(wanted.order_by(*NEWEST_FIRST), records)

    async def spent(self, since: datetime) -> int:
        """How many research requests this server has sent since then that Google may have taken."""
        return await self._database.read(spent(since), lambda result: int(result.scalar_one()))

    async def update(self, label: str, *, patience: float = math.inf, **changes: object) -> None:
        """Change fields of a `Record`, and `updated_at`; without a row of that label nothing happens.

        To whom an answer was delivered is no change of the interaction.
        """
        updated: Row = {} if changes.keys() <= DELIVERY else {"updated_at": datetime.now(UTC)}
        values = self._row(updated | changes)
        await self._database.write(UPDATE, values | {"of_label": label}, patience)

    async def find(self, interaction_id: str, *, patience: float = math.inf) -> Record | None:
        """The row of an interaction, by its id or its label; None when this server does not know it."""
        named = sa.or_(ROWS.c.interaction_id == interaction_id, ROWS.c.label == interaction_id)
        found = await self._database.read(sa.select(*RECORD).where(named), records, patience)
        return found[0] if found else None

    async def page(
        self,
        *,
        query: str | None = None,
        kind: str | None = None,
        status: str | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> tuple[list[Record], str | None]:
        """Up to `limit` (at least 1) rows, newest first, and the cursor of the next page if there is one.

        Args:
            query: Text that the prompt, the answer or the interaction_id contains, in any case.
            kind: Only of this kind.
            status: Only of this status.
            limit: Rows.
            cursor: Where the previous page ended.

        Raises:
            InputError: The cursor is not one of ours.
            JournalError: The journal cannot be read.
        """
        wanted = sa.select(*RECORD).where(*conditions(query, kind, status, cursor)).order_by(*NEWEST_FIRST)
        found = await self._database.read(wanted.limit(limit + 1), records)
        return found[:limit], encode_cursor(found[limit - 1]) if len(found) > limit else None

    async def unfinished(self, *, but: str = "") -> list[Record]:
        """The rows with an id that have not settled, oldest first; without those that the owner `but` follows."""
        running = ROWS.c.interaction_id.is_not(None) & ROWS.c.status.not_in(SETTLED)
        others = sa.or_(ROWS.c.owner.is_(None), ROWS.c.owner != but)
        return await self._database.read(sa.select(*RECORD).where(running, others).order_by(*OLDEST_FIRST), records)

    async def claim(self, label: str, owner: str, until: datetime, *, patience: float = math.inf) -> bool:
        """Have `owner` follow a row until then; False when somebody else follows it now."""
        free = sa.or_(ROWS.c.owner.is_(None), ROWS.c.owner == owner, ROWS.c.owned_until < stamp(datetime.now(UTC)))
        wanted = sa.update(ROWS).where(ROWS.c.label == label, free)
        return await self._database.write(wanted.values(owner=owner, owned_until=stamp(until)), patience=patience) > 0

    async def seize(self, label: str, owner: str, until: datetime, *, patience: float = math.inf) -> None:
        """Have `owner` follow a row until then, whoever follows it now."""
        wanted = sa.update(ROWS).where(ROWS.c.label == label)
        await self._database.write(wanted.values(owner=owner, owned_until=stamp(until)), patience=patience)

    async def renew(self, owner: str, until: datetime) -> None:
        """Go on following all rows that `owner` follows."""
        running = sa.update(ROWS).where(ROWS.c.owner == owner, ROWS.c.status.not_in(SETTLED))
        await self._database.write(running.values(owned_until=stamp(until)))

    async def owners(self) -> set[str]:
        """Who follows rows that have not settled."""
        owned = sa.select(ROWS.c.owner).where(ROWS.c.owner.is_not(None), ROWS.c.status.not_in(SETTLED)).distinct()
        return await self._database.read(owned, lambda result: set(result.scalars()))

    async def release(self, owner: str, *, patience: float = math.inf) -> None:
        """Leave all rows that `owner` follows to others."""
        owned = sa.update(ROWS).where(ROWS.c.owner == owner)
        await self._database.write(owned.values(owner=None, owned_until=None), patience=patience)

    async def ids(self, prefix: str, limit: int = 100) -> list[str]:
        """Up to `limit` interaction ids that begin with `prefix` exactly, newest first."""
        column = ROWS.c.interaction_id
        # A label as an id says that there is nothing to read or continue.
        begins = sa.and_(sa.func.substr(column, 1, len(prefix)) == prefix, column != ROWS.c.label)
        wanted = sa.select(column).where(begins)
        return await self._database.read(
            wanted.order_by(*NEWEST_FIRST).limit(limit), lambda result: list(result.scalars())
        )

    async def followers(self, interaction_id: str) -> list[Record]:
        """The rows that go on from an interaction, oldest first."""
        after = sa.select(*RECORD).where(ROWS.c.previous_interaction_id == interaction_id)
        return await self._database.read(after.order_by(*OLDEST_FIRST), records)

    async def delete(self, label: str) -> bool:
        """Delete a row; whether there was one."""
        return await self._database.write(sa.delete(ROWS).where(ROWS.c.label == label)) > 0

    async def prune(self, before: datetime) -> int:
        """Delete settled rows created before that moment, and uploads that have expired; how many rows they were.

        Running rows stay. A row of unknown outcome and without an id goes too, but not before Google has forgotten
        the interaction that it may stand for (55 days).
        """
        forgotten = ROWS.c.created_at < stamp(datetime.now(UTC) - RETENTION)
        lost = sa.and_(ROWS.c.status == UNKNOWN, ROWS.c.interaction_id.is_(None), forgotten)
        gone = sa.or_(ROWS.c.status.in_(SETTLED), lost)
        await self._database.write(sa.delete(UPLOADS).where(UPLOADS.c.expires_at < stamp(datetime.now(UTC))))
        return await self._database.write(sa.delete(ROWS).where(ROWS.c.created_at < stamp(before), gone))

    async def uploads(self, account: str, size: int, mime_type: str) -> dict[str, Uploaded]:
        """What the Files API keeps for an account of files of this size and type, by the hash of their content."""
        ours = (UPLOADS.c.account == account, UPLOADS.c.size == size, UPLOADS.c.mime_type == mime_type)
        return await self._database.read(sa.select(UPLOADS).where(*ours), uploaded)

    async def keep_upload(self, account: str, size: int, mime_type: str, digest: str, file: Uploaded) -> None:
        """Keep an upload, in place of an earlier one of the same content."""
        key: Row = {"account": account, "size": size, "mime_type": mime_type, "digest": digest}
        await self._database.write(sa.delete(UPLOADS).where(*(UPLOADS.c[name] == value for name, value in key.items())))
        await self._database.write(sa.insert(UPLOADS), key | {name: cell(value) for name, value in dict(file).items()})

    def _row(self, fields: Mapping[str, object]) -> Row:
        """Fields of a `Record` as they are written."""
        return self._redact(row(fields))

    async def close(self) -> None:
        """Close the database, as `Database.close` does."""
        await self._database.close()


def conditions(
    query: str | None, kind: str | None, status: str | None, cursor: str | None
) -> Iterator[sa.ColumnElement[bool]]:
    """What a row must be like to be on a page."""
    if query:
        searched = (ROWS.c.prompt, ROWS.c.text, ROWS.c.interaction_id)
        yield sa.or_(*(column.icontains(query, autoescape=True) for column in searched))
    if kind:
        yield ROWS.c.kind == kind
    if status:
        yield ROWS.c.status == status
    if cursor:
        created_at, label = decode_cursor(cursor)
        earlier = sa.and_(ROWS.c.created_at == created_at, ROWS.c.label < label)
        yield sa.or_(ROWS.c.created_at < created_at, earlier)


def twin_conditions(mark: str, since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """What a row is like that stands for the same request: one that cannot be found may still appear."""
    return ROWS.c.label.startswith(mark, autoescape=True), ROWS.c.created_at > stamp(since), ~OVER


def spent(since: datetime) -> sa.Select[int]:
    """Counts research rows since then, but those that were certainly not taken, and what something else started."""
    unsent = sa.and_(ROWS.c.status.in_(["failed", "cancelled"]), ROWS.c.interaction_id.is_(None))
    ours = ~ROWS.c.label.startswith(FOREIGN, autoescape=True)
    paid = (ROWS.c.kind == "research", ROWS.c.created_at >= stamp(since), ~unsent, ours)
    return sa.select(sa.func.count()).select_from(ROWS).where(*paid)


def lease(owner: str | None, until: datetime | None) -> Row:
    """Who follows a row, as columns."""
    return {"owner": owner, "owned_until": until and stamp(until)}


def encode_cursor(record: Record) -> str:
    """Where a page ends that ends with this record."""
    place = f"{stamp(record.created_at)} {record.label}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str, str]:
    """The time and the label of the record that the previous page ended with.

    Raises:
        InputError: It is not one of ours.
    """
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created_at, label = place.split(" ", 1)
        return stamp(datetime.fromisoformat(created_at)), label
    except ValueError:
        raise InputError(
            f"Unknown cursor {cursor[:80]!r}. Pass the next_cursor of the previous page, or none for the first page."
        ) from None


def row(fields: Mapping[str, object]) -> Row:
    """Fields of a `Record` as columns.

    Raises:
        TypeError: There is no such field.
    """
    if unknown := fields.keys() - Record.model_fields.keys():
        raise TypeError(f"Record has no field {', '.join(sorted(unknown))}")
    return {name: cell(value) for name, value in fields.items()}


def cell(value: object) -> object:
    """A value as its column keeps it."""
    match value:
        case datetime():
            return stamp(value)
        case str():
            # Half a surrogate pair, which JSON can carry, has no UTF-8.
            return value.encode(errors="replace").decode()
        case BaseModel():
            return value.model_dump(mode="json")
        case list() | tuple():
            return [cell(item) for item in cast("Sequence[object]", value)]
        case _:
            return value


def stamp(moment: datetime) -> str:
    """A moment as text that sorts by time: UTC, always to the microsecond.

    Raises:
        ValueError: It has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def records(result: sa.CursorResult[Any]) -> list[Record]:
    """The rows of a result."""
    return [Record.model_validate(dict(found)) for found in result.mappings()]


def uploaded(result: sa.CursorResult[Any]) -> dict[str, Uploaded]:
    """The uploads of a result, by the hash of their content."""
    return {
        found["digest"]: Uploaded.model_validate({name: found[name] for name in Uploaded.model_fields})
        for found in result.mappings()
    }
