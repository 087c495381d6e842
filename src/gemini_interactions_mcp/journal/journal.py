"""The journal: a row for every interaction that this server has started, written before it is paid for.

Beside them, a row for every file that the Files API keeps. Owns what is asked of its tables. It refuses to know the
API, and to decide when a row changes.
"""

import base64
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import anyio
import sqlalchemy as sa
from pydantic import BaseModel

from gemini_interactions_mcp.core import NOTHING, DailyLimitError, InputError, Redactor, beside, paired
from gemini_interactions_mcp.models import DEEP_RESEARCH, TERMINAL, UNKNOWN, WAITING_FOR_CLIENT, Record, Uploaded

from .database import READERS, Database, Row
from .labels import APPROVAL, FOREIGN, TWIN_SECONDS, now, today, used_up
from .schema import METADATA, NEWEST_FIRST, OLDEST_FIRST, RECORD, ROWS, SCHEMA_VERSION, UPLOADS

# How long Google keeps an interaction at most (ai.google.dev/gemini-api/docs/interactions, data retention): until
# then, somebody may still want to find out what became of a request whose outcome is unknown.
RETENTION: Final = timedelta(days=55)

LONGEST_CALL: Final = timedelta(hours=1)
"""After this, no host waits for a call any more."""

# So far apart the clocks of two servers may be, together with the time that a claim waits for the database.
CLOCKS: Final = timedelta(seconds=10)

LONGEST_QUERY: Final = 1_000
"""Characters. SQLite takes no pattern of more than 50,000 bytes (sqlite.org/limits.html)."""

PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+")

SETTLED: Final = sorted(TERMINAL | WAITING_FOR_CLIENT)

LIVE: Final = ROWS.c.deleted_at.is_(None)
"""Rows that nobody has deleted."""

UNSENT: Final = sa.and_(LIVE, ROWS.c.status.in_(["failed", "cancelled"]), ROWS.c.interaction_id.is_(None))
"""Rows of requests that Google has certainly not taken."""

TOMBSTONE: Final[Row] = {
    **dict.fromkeys(("interaction_id", "previous_interaction_id", "environment_id", "tools", "topic", "error"), None),
    **dict.fromkeys(("code", "failures", "terms", "stopped_by"), None),
    **dict.fromkeys(("prompt", "text"), ""),
    **dict.fromkeys(("citations", "files"), ()),
    **dict.fromkeys(("owner", "owned_until", "leased_at"), None),
}
"""What a row loses that is deleted; what counts it, and what it has cost, stays."""

TELLING: Final = sa.or_(*(ROWS.c[name].is_not(None) for name in ("topic", "code", "failures", "terms", "stopped_by")))
"""Rows that say something in fields that servers before version 4 did not know."""

DELIVERY: Final = frozenset({"delivered_at", "detached_at"})
"""Fields that say to whom the answer went."""

LISTED: Final = frozenset({"interaction_id", "files"})
"""Fields that a list of interactions and files shows."""

OVER: Final = sa.and_(
    ROWS.c.status.in_(["failed", "cancelled"]),
    sa.or_(ROWS.c.interaction_id.is_(None), ROWS.c.finished_at.is_not(None)),
)
"""Rows that have certainly come to nothing."""


class Limit(NamedTuple):
    """At most so many research rows since then."""

    most: int
    since: datetime


def live(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The records of the rows that are like that and nobody has deleted."""
    return sa.select(*RECORD).where(LIVE, *conditions)


def change(*conditions: sa.ColumnElement[bool]) -> sa.Update:
    """Changes the rows that are like that and nobody has deleted."""
    return sa.update(ROWS).where(LIVE, *conditions)


UPDATE: Final = change(ROWS.c.label == sa.bindparam("of_label"))


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
        # Searches read every row; the other readers stay free for what takes a moment.
        self._searches = anyio.Semaphore(READERS // 2)
        self._redact = redact
        self.list_changes = 0
        """Grows when this process changes which interactions and files there are."""

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
        await self._database.check_place()
        await self._database.write(sa.insert(ROWS), await self._row(dict(record)) | lease(owner, until), patience)
        self.list_changes += record.interaction_id is not None

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

        Rows that have certainly failed do not count. Two servers on one journal cannot both write, nor both take the
        last place of a limit.

        Raises:
            DailyLimitError: The limit is reached; nothing was written.
        """
        await self._database.check_place()
        values = await self._row(dict(record)) | lease(owner, until)
        columns = [sa.literal(value, ROWS.c[name].type).label(name) for name, value in values.items()]
        source = sa.select(*columns)
        if mark:
            source = source.where(~live(*twin_conditions(mark, since)).exists())
        if limit:
            source = source.where(spent(limit.since).scalar_subquery() < limit.most)
        if await self._database.write(sa.insert(ROWS).from_select(list(values), source), alone=True):
            return None
        if mark and (twin := await self.twin(mark, since)):
            return twin
        if limit and await self.spent(limit.since) >= limit.most:
            raise DailyLimitError(used_up(limit.most))
        return await self.insert_once(record, mark, since, limit=limit, owner=owner, until=until)

    async def twin(self, mark: str, since: datetime) -> Record | None:
        """The newest row since then whose label begins with `mark`, and that has not certainly failed."""
        wanted = live(*twin_conditions(mark, since)).order_by(*NEWEST_FIRST)
        found = await self._database.read(wanted.limit(1), records)
        return found[0] if found else None

    async def undelivered(self, mark: str, since: datetime) -> list[Record]:
        """The rows whose label begins with `mark` and whose answer nobody has been given, newest first.

        Args:
            mark: Of identical requests.
            since: Rows that were left by their calls, or else asked for, before that moment are not among them.
        """
        marked = ROWS.c.label.startswith(mark, autoescape=True)
        # The index by time keeps this from reading the whole journal at every call.
        young = ROWS.c.created_at > stamp(since - LONGEST_CALL)
        wanted = live(young, marked, ROWS.c.delivered_at.is_(None), left_at() > stamp(since), ~OVER)
        return await self._database.read(wanted.order_by(*NEWEST_FIRST), records)

    async def spent(self, since: datetime) -> int:
        """How many research requests this server has sent since then that Google may have taken."""
        return await self._database.read(spent(since), lambda result: int(result.scalar_one()))

    async def update(self, label: str, *, patience: float = math.inf, **changes: object) -> None:
        """Change fields of a `Record`, and `updated_at`; without a row of that label nothing happens.

        Nor where it has been deleted: what a run says of itself later does not bring it back. To whom an answer was
        delivered is no change of the interaction.
        """
        updated: Row = {} if changes.keys() <= DELIVERY else {"updated_at": now()}
        values = await self._row(updated | changes)
        await self._database.write(UPDATE, values | {"of_label": label}, patience)
        self.list_changes += not changes.keys().isdisjoint(LISTED)

    async def find(self, interaction_id: str, *, patience: float = math.inf) -> Record | None:
        """The row of an interaction, by its id or its label; None when this server does not know it."""
        name = clean(interaction_id)
        named = sa.or_(ROWS.c.interaction_id == name, ROWS.c.label == name)
        found = await self._database.read(live(named), records, patience)
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
            query: Text that the topic, the prompt, the answer or the interaction_id contains, in any case.
            kind: Only of this kind, or `task`: what an agent works on that is not Deep Research.
            status: Only of this status.
            limit: Rows.
            cursor: Where the previous page ended.

        Raises:
            InputError: The cursor is not one of ours, or the query is too long.
            JournalError: The journal cannot be read.
        """
        wanted = live(*conditions(query, kind, status, cursor)).order_by(*NEWEST_FIRST)
        async with self._searches if query else nullcontext():
            found = await self._database.read(wanted.limit(limit + 1), placed)
        following = encode_cursor(found[limit - 1][1]) if len(found) > limit else None
        return [record for record, _ in found[:limit]], following

    async def unfinished(self, *, but: str = "") -> list[Record]:
        """The rows with an id that have not settled, oldest first; without those that the owner `but` follows."""
        running = ROWS.c.interaction_id.is_not(None) & ROWS.c.status.not_in(SETTLED)
        others = sa.or_(ROWS.c.owner.is_(None), ROWS.c.owner != but)
        return await self._database.read(live(running, others).order_by(*OLDEST_FIRST), records)

    async def claim(self, label: str, owner: str, until: datetime, *, patience: float = math.inf) -> bool:
        """Have `owner` follow a row until then; False when somebody else follows it now.

        What was to last longer because a clock has been set back since is over.
        """
        moment = now()
        ended = sa.or_(ROWS.c.owned_until < stamp(moment), ROWS.c.leased_at > stamp(moment + CLOCKS))
        wanted = change(ROWS.c.label == label, sa.or_(ROWS.c.owner.is_(None), ROWS.c.owner == owner, ended))
        return await self._database.write(wanted.values(lease(owner, until)), patience=patience) > 0

    async def seize(self, label: str, owner: str, until: datetime, *, patience: float = math.inf) -> None:
        """Have `owner` follow a row until then, whoever follows it now."""
        await self._database.write(change(ROWS.c.label == label).values(lease(owner, until)), patience=patience)

    async def renew(self, owner: str, until: datetime) -> None:
        """Go on following all rows that `owner` follows."""
        running = change(ROWS.c.owner == owner, ROWS.c.status.not_in(SETTLED))
        await self._database.write(running.values(lease(owner, until)))

    async def deleted(self, label: str) -> bool:
        """Whether a row has been deleted, and only counts."""
        buried = sa.select(ROWS.c.label).where(ROWS.c.label == label, ~LIVE)
        return await self._database.read(buried, lambda result: result.scalar() is not None)

    async def owner(self, label: str) -> str | None:
        """Who follows a row now; None when nobody does."""
        followed = sa.select(ROWS.c.owner).where(LIVE, ROWS.c.label == label, ROWS.c.owned_until > stamp(now()))
        return await self._database.read(followed, lambda result: result.scalar())

    async def owners(self) -> set[str]:
        """Who follows rows that have not settled."""
        running = live(ROWS.c.owner.is_not(None), ROWS.c.status.not_in(SETTLED))
        owned = running.with_only_columns(ROWS.c.owner).distinct()
        return await self._database.read(owned, lambda result: set(result.scalars()))

    async def release(self, owner: str, *, patience: float = math.inf) -> None:
        """Leave all rows that `owner` follows to others."""
        owned = change(ROWS.c.owner == owner)
        await self._database.write(owned.values(lease(None, None)), patience=patience)

    async def ids(self, prefix: str, limit: int = 100) -> list[str]:
        """Up to `limit` interaction ids that begin with `prefix` exactly, newest first."""
        column, prefix = ROWS.c.interaction_id, clean(prefix)
        # A label as an id says that there is nothing to read or continue.
        begins = sa.and_(sa.func.substr(column, 1, len(prefix)) == prefix, column != ROWS.c.label)
        wanted = live(begins).with_only_columns(column)
        return await self._database.read(
            wanted.order_by(*NEWEST_FIRST).limit(limit), lambda result: list(result.scalars())
        )

    async def newest(self, limit: int = 50) -> list[object]:
        """What a list of interactions and files shows first, whichever server has added it; only to be compared."""
        named = live(ROWS.c.interaction_id.is_not(None)).order_by(*NEWEST_FIRST).limit(limit)
        shown = named.with_only_columns(ROWS.c.interaction_id, sa.cast(ROWS.c.files, sa.Text))
        return await self._database.read(shown, lambda result: [tuple(found) for found in result])

    async def followers(self, interaction_id: str) -> list[Record]:
        """The rows that go on from an interaction, oldest first."""
        after = live(ROWS.c.previous_interaction_id == clean(interaction_id))
        return await self._database.read(after.order_by(*OLDEST_FIRST), records)

    async def holds(self, path: str) -> bool:
        """Whether a row says that a file was saved at that path, whatever is there now."""
        named = sa.cast(ROWS.c.files, sa.Text).contains(unescaped(path), autoescape=True)
        wanted = live(named).with_only_columns(ROWS.c.files)
        found = await self._database.read(wanted, lambda result: list(result.scalars()))
        return any(file["path"] == path for files in found for file in files)

    async def delete(self, label: str) -> bool:
        """Delete what a row says, and leave a tombstone that only `spent` counts; whether there was a row.

        A row whose request Google has certainly not taken goes altogether.
        """
        named = ROWS.c.label == label
        buried = change(named, ~UNSENT).values(TOMBSTONE | {"deleted_at": stamp(now())})
        found = await self._database.write(buried) or await self._database.write(sa.delete(ROWS).where(named, UNSENT))
        await self._database.scrub()
        self.list_changes += found
        return found > 0

    async def prune(self, before: datetime) -> int:
        """Delete settled rows and tombstones created before that moment, and uploads that have expired; how many rows.

        Running rows stay. A row goes too that has no id and an unknown outcome, or that has an id and was given up
        without an end, as what is stuck, but not before Google has forgotten the interaction that it stands for (55
        days). What a rule still needs stays as well: what a limit counts
        today, what an identical request is compared with, and that a plan was run, until Google has forgotten it.
        Of tombstones it blanks what an older server on this journal, which did not know it, has left.
        """
        moment = now()
        if await self._database.write(sa.update(ROWS).where(~LIVE, TELLING).values(TOMBSTONE)):
            await self._database.scrub()
        await self._database.write(sa.delete(UPLOADS).where(UPLOADS.c.expires_at < stamp(moment)))
        old = (ROWS.c.created_at < stamp(before), left_at() < stamp(moment - timedelta(seconds=TWIN_SECONDS)))
        gone = sa.or_(~LIVE, ROWS.c.status.in_(SETTLED), lost(moment))
        pruned = await self._database.write(sa.delete(ROWS).where(*old, gone, ~needed(moment)))
        self.list_changes += pruned
        return pruned

    async def uploads(self, account: str, size: int, mime_type: str) -> dict[str, Uploaded]:
        """What the Files API keeps for an account of files of this size and type, by the hash of their content."""
        ours = (UPLOADS.c.account == account, UPLOADS.c.size == size, UPLOADS.c.mime_type == mime_type)
        return await self._database.read(sa.select(UPLOADS).where(*ours), uploaded)

    async def keep_upload(self, account: str, size: int, mime_type: str, digest: str, file: Uploaded) -> None:
        """Keep an upload, in place of an earlier one of the same content."""
        key: Row = {"account": account, "size": size, "mime_type": mime_type, "digest": digest}
        await self._database.write(sa.delete(UPLOADS).where(*(UPLOADS.c[name] == value for name, value in key.items())))
        told = self._redact({name: cell(value) for name, value in dict(file).items()})
        await self._database.write(sa.insert(UPLOADS), key | told)

    async def close(self) -> None:
        """Close the database, as `Database.close` does."""
        await self._database.close()

    async def _row(self, fields: Mapping[str, object]) -> Row:
        """Fields of a `Record` without secrets; where a file lies stays as it is, or nobody could find it again."""
        size = sum(len(value) for value in fields.values() if isinstance(value, str))
        return await beside(size, partial(self._cleaned, fields))

    def _cleaned(self, fields: Mapping[str, object]) -> Row:
        values = row(fields)
        clean = self._redact(values)
        if "files" in values:
            files = zip(cast("list[Row]", clean["files"]), cast("list[Row]", values["files"]), strict=True)
            clean["files"] = [told | {"path": file["path"]} for told, file in files]
        return clean


def conditions(
    query: str | None, kind: str | None, status: str | None, cursor: str | None
) -> Iterator[sa.ColumnElement[bool]]:
    """What a row must be like to be on a page."""
    if query:
        check_query(query)
        searched = (ROWS.c.topic, ROWS.c.prompt, ROWS.c.text, ROWS.c.interaction_id)
        yield sa.or_(*(column.icontains(clean(query), autoescape=True) for column in searched))
    if kind:
        yield of_kind(clean(kind))
    if status:
        yield ROWS.c.status == clean(status)
    if cursor:
        created_at, label = decode_cursor(cursor)
        earlier = sa.and_(ROWS.c.created_at == created_at, ROWS.c.label < label)
        yield sa.or_(ROWS.c.created_at < created_at, earlier)


def of_kind(kind: str) -> sa.ColumnElement[bool]:
    """What a row is like that is listed as of that kind: a `task` is kept as research of another agent."""
    if kind not in ("research", "task"):
        return ROWS.c.kind == kind
    agent = sa.func.coalesce(ROWS.c.agent, DEEP_RESEARCH)
    deep = agent.startswith(DEEP_RESEARCH, autoescape=True)
    return sa.and_(ROWS.c.kind == "research", deep if kind == "research" else ~deep)


def check_query(query: str) -> None:
    """Make sure that a database can search for it.

    Raises:
        InputError: It is too long.
    """
    if len(query) > LONGEST_QUERY:
        raise InputError(
            f"The query has {len(query):,} characters; at most {LONGEST_QUERY:,} are searched for. Give a few words "
            "that the prompt or the answer contains."
        )


def unescaped(path: str) -> str:
    """The longest part of a file's name that is the same in every database's JSON."""
    return max(PLAIN.findall(re.split(r"[/\\]", path)[-1]), key=len, default="")


def twin_conditions(mark: str, since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """What a row is like that stands for the same request: one that cannot be found may still appear."""
    return ROWS.c.label.startswith(mark, autoescape=True), ROWS.c.created_at > stamp(since), ~OVER


def spent(since: datetime) -> sa.Select[int]:
    """Counts what `counted` says."""
    return sa.select(sa.func.count()).select_from(ROWS).where(counted(since))


def counted(since: datetime) -> sa.ColumnElement[bool]:
    """Research since then, deleted or not, but what was certainly not taken and what something else started."""
    ours = ~ROWS.c.label.startswith(FOREIGN, autoescape=True)
    return sa.and_(ROWS.c.kind == "research", ROWS.c.created_at >= stamp(since), ~UNSENT, ours)


def left_at() -> sa.ColumnElement[str]:
    """When its call left a row, or else asked for it."""
    return sa.func.coalesce(ROWS.c.detached_at, ROWS.c.created_at)


def lost(moment: datetime) -> sa.ColumnElement[bool]:
    """Rows without an end, of unknown outcome or given up, and of which Google knows nothing any more."""
    forgotten = ROWS.c.created_at < stamp(moment - RETENTION)
    unnamed = sa.and_(ROWS.c.status == UNKNOWN, ROWS.c.interaction_id.is_(None))
    # What is told as an error of a row without an end is why it is not followed any more.
    return sa.and_(forgotten, sa.or_(unnamed, ROWS.c.error.is_not(None)))


def needed(moment: datetime) -> sa.ColumnElement[bool]:
    """Rows that a rule needs, however few days the journal keeps: of today's limit, and of plans that were run."""
    ran = ROWS.c.label.startswith(APPROVAL) & LIVE & ~OVER & (ROWS.c.created_at >= stamp(moment - RETENTION))
    return sa.or_(counted(today()), ran)


def lease(owner: str | None, until: datetime | None) -> Row:
    """Who follows a row from now on, as columns."""
    return {"owner": owner, "owned_until": until and stamp(until), "leased_at": until and stamp(now())}


def encode_cursor(place: str) -> str:
    """Where a page ends, for others to give back."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str, str]:
    """The time and the label of the row that the previous page ended with, as they stand there.

    Raises:
        InputError: It is not one of ours.
    """
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created_at, label = place.split(" ", 1)
        if datetime.fromisoformat(created_at).tzinfo:
            return clean(created_at), clean(label)
    except ValueError:
        pass
    raise InputError(
        f"Unknown cursor {cursor[:80]!r}. Pass the next_cursor of the previous page, or none for the first page."
    )


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
            return clean(value)
        case BaseModel():
            # Without what says nothing: an older server on this journal refuses fields that it does not know.
            return value.model_dump(mode="json", exclude_none=True)
        case list() | tuple():
            return [cell(item) for item in cast("Sequence[object]", value)]
        case _:
            return value


def clean(text: str) -> str:
    """Text that every database takes, with U+FFFD for what is no character.

    PostgreSQL refuses U+0000 (postgresql.org/docs/current/datatype-character.html), and half a surrogate pair, which
    JSON can carry, has no UTF-8.
    """
    return paired(text).replace("\0", "\ufffd")


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


def placed(result: sa.CursorResult[Any]) -> list[tuple[Record, str]]:
    """The rows of a result, and where each stands among the others."""
    return [
        (Record.model_validate(dict(found)), f"{found['created_at']} {found['label']}") for found in result.mappings()
    ]


def uploaded(result: sa.CursorResult[Any]) -> dict[str, Uploaded]:
    """The uploads of a result, by the hash of their content."""
    return {
        found["digest"]: Uploaded.model_validate({name: found[name] for name in Uploaded.model_fields})
        for found in result.mappings()
    }
