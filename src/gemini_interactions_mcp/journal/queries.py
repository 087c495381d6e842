"""Conditions on the rows of the journal, by what they mean."""

import base64
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from gemini_interactions_mcp.core import InputError
from gemini_interactions_mcp.models import DEEP_RESEARCH, TERMINAL, UNKNOWN, WAITING_FOR_CLIENT, Record

from .clock import today
from .engine import Row
from .rows import stamp
from .schema import RECORD, ROWS

RETENTION: Final = timedelta(days=55)
"""How long Google keeps an interaction at most (ai.google.dev/gemini-api/docs/interactions, data retention).

Until then, somebody may still want to find out what became of a request whose outcome is unknown.
"""

LONGEST_CALL: Final = timedelta(hours=1)
"""Age of a call after which no host waits for it any more."""

LONGEST_QUERY: Final = 1_000
"""Characters of a search. SQLite takes no pattern of more than 50,000 bytes (sqlite.org/limits.html)."""

PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+")

SETTLED: Final = sorted(TERMINAL | WAITING_FOR_CLIENT)

LIVE: Final = ROWS.c.deleted_at.is_(None)
"""Rows that nobody has deleted."""

DESKTOP: Final = ROWS.c.principal == ""
"""Rows of the one user of a desktop; the first column of the indexes."""

RUNNING: Final = ROWS.c.settled_at.is_(None)
"""Rows that have not settled."""

UNSENT: Final = sa.and_(LIVE, ROWS.c.status.in_(["failed", "cancelled"]), ROWS.c.interaction_id.is_(None))
"""Rows of requests that Google has certainly not taken."""

TOMBSTONE: Final[Row] = {
    **dict.fromkeys(("interaction_id", "previous_interaction_id", "environment_id", "tools", "topic", "error"), None),
    **dict.fromkeys(("code", "failures", "terms", "stopped_by"), None),
    **dict.fromkeys(("prompt", "text"), ""),
    **dict.fromkeys(("citations", "files"), ()),
    **dict.fromkeys(("owner", "owned_until", "leased_at"), None),
    "files_pending": False,
}
"""What a deleted row loses; what counts it, and its cost, stay."""

TELLING: Final = sa.or_(*(ROWS.c[name].is_not(None) for name in ("topic", "code", "failures", "terms", "stopped_by")))
"""Rows with content in fields that servers before version 4 do not know, and so do not blank."""

DELIVERY: Final = frozenset({"delivered_at", "detached_at"})
"""Fields that say to whom the answer went."""

LISTED: Final = frozenset({"interaction_id", "files"})
"""Fields that a list of interactions and files shows."""

OVER: Final = sa.and_(
    ROWS.c.status.in_(["failed", "cancelled"]),
    sa.or_(ROWS.c.interaction_id.is_(None), ROWS.c.finished_at.is_not(None)),
)
"""Rows that have certainly come to nothing; one that Google does not show, and that has not finished, may appear."""


class Limit(NamedTuple):
    """At most `most` research rows created `since` then."""

    most: int
    since: datetime


def live(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Select the records of rows under these conditions that nobody has deleted."""
    return sa.select(*RECORD).where(LIVE, *conditions)


def change(*conditions: sa.ColumnElement[bool]) -> sa.Update:
    """Change the rows under these conditions that nobody has deleted."""
    return sa.update(ROWS).where(LIVE, *conditions)


def conditions(
    query: str | None, kind: str | None, status: str | None, cursor: str | None
) -> Iterator[sa.ColumnElement[bool]]:
    """Yield the conditions of a page's rows.

    Raises:
        InputError: The cursor is none of ours, or the query is too long.
    """
    yield DESKTOP
    if query:
        check_query(query)
        searched = (ROWS.c.topic, ROWS.c.prompt, ROWS.c.text, ROWS.c.interaction_id)
        yield sa.or_(*(column.icontains(query, autoescape=True) for column in searched))
    if kind:
        yield of_kind(kind)
    if status:
        yield ROWS.c.status == status
    if cursor:
        created_at, label = decode_cursor(cursor)
        earlier = sa.and_(ROWS.c.created_at == created_at, ROWS.c.label < label)
        yield sa.or_(ROWS.c.created_at < created_at, earlier)


def of_kind(kind: str) -> sa.ColumnElement[bool]:
    """Return the condition of rows listed as a kind: a `task` is kept as research of another agent."""
    if kind not in ("research", "task"):
        return ROWS.c.kind == kind
    agent = sa.func.coalesce(ROWS.c.agent, DEEP_RESEARCH)
    deep = agent.startswith(DEEP_RESEARCH, autoescape=True)
    return sa.and_(ROWS.c.kind == "research", deep if kind == "research" else ~deep)


def check_query(query: str) -> None:
    """Check that a database can search for a text.

    Raises:
        InputError: It is too long.
    """
    if len(query) > LONGEST_QUERY:
        raise InputError(
            f"The query has {len(query):,} characters; at most {LONGEST_QUERY:,} are searched for. Give a few words "
            "that the prompt or the answer contains."
        )


def unescaped(path: str) -> str:
    """Return the longest part of a file's name that every database's JSON spells in the same way."""
    return max(PLAIN.findall(re.split(r"[/\\]", path)[-1]), key=len, default="")


def named(interaction_id: str) -> sa.ColumnElement[bool]:
    """Return the condition of the row with an id or a label."""
    return sa.or_(sa.and_(DESKTOP, ROWS.c.interaction_id == interaction_id), ROWS.c.label == interaction_id)


def identical(record: Record) -> sa.ColumnElement[bool]:
    """Return the condition of rows whose requests are identical to that of a record."""
    return sa.and_(
        ROWS.c.principal == record.principal,
        ROWS.c.fingerprint == record.fingerprint,
        ROWS.c.approves.is_(record.approves),
    )


def twin_conditions(record: Record, since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of rows that stand for the request of a record; what cannot be found may still appear."""
    return identical(record), ROWS.c.created_at > stamp(since), ~OVER


def undelivered_conditions(record: Record, since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of rows identical to a record whose answer nobody has been given."""
    # Ends the search in the index by fingerprint.
    young = ROWS.c.created_at > stamp(since - LONGEST_CALL)
    return identical(record), young, ROWS.c.delivered_at.is_(None), left_at() > stamp(since), ~OVER


def spent(since: datetime) -> sa.Select[int]:
    """Select the number of rows that `counted` names."""
    return sa.select(sa.func.count()).select_from(ROWS).where(counted(since))


def counted(since: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of research since then that counts, deleted or not.

    What Google has certainly not taken does not count, nor what something else has started.
    """
    ours = sa.and_(DESKTOP, ROWS.c.origin == "ours")
    return sa.and_(ours, ROWS.c.kind == "research", ROWS.c.created_at >= stamp(since), ~UNSENT)


def left_at() -> sa.ColumnElement[str]:
    """Return when the call of a row left it, or else asked for it."""
    return sa.func.coalesce(ROWS.c.detached_at, ROWS.c.created_at)


def lost(moment: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of rows without an end, of unknown outcome or given up, that Google has forgotten."""
    forgotten = ROWS.c.created_at < stamp(moment - RETENTION)
    nameless = sa.or_(ROWS.c.interaction_id.is_(None), ROWS.c.stored.is_(False))
    unknown = sa.and_(ROWS.c.status == UNKNOWN, nameless)
    # The error of a row without an end says why it is not followed any more.
    return sa.and_(forgotten, sa.or_(unknown, ROWS.c.error.is_not(None)))


def needed(moment: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of rows that a rule needs, however few days are kept: today's limit, plans that were run."""
    ran = ROWS.c.approves.is_(True) & LIVE & ~OVER & (ROWS.c.created_at >= stamp(moment - RETENTION))
    return sa.or_(counted(today()), ran)


def encode_cursor(place: str) -> str:
    """Return the cursor of a place between two rows."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str, str]:
    """Return the time and the label of the row that the previous page ended with, as the journal keeps them.

    Raises:
        InputError: The cursor is none of ours.
    """
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created_at, label = place.split(" ", 1)
        if datetime.fromisoformat(created_at).tzinfo:
            return created_at, label
    except ValueError:
        pass
    raise InputError(
        f"Unknown cursor {cursor[:80]!r}. Pass the next_cursor of the previous page, or none for the first page."
    )
