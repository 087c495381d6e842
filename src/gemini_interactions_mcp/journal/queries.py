"""Conditions on the rows of the journal, by what they mean."""

import base64
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gemini_interactions_mcp.core import InputError
from gemini_interactions_mcp.models import (
    CLIENT_WAIT_STATUSES,
    DEEP_RESEARCH_PREFIX,
    TERMINAL_STATUSES,
    UNKNOWN_STATUS,
    Record,
)

from .clock import get_day_start
from .engine import RowValues
from .limits import ResearchLimit, SpendingLimit
from .rows import FileListing, format_moment
from .schema import INTERACTIONS, NEWEST_FIRST, OLDEST_FIRST, RECORD_COLUMNS
from .searching import match_newest, match_text, match_words

RETENTION: Final = timedelta(days=55)
"""How long Google keeps an interaction at most (ai.google.dev/gemini-api/docs/interactions, data retention).

Until then, somebody may still want to find out what became of a request whose outcome is unknown.
"""

MAX_CALL_AGE: Final = timedelta(hours=1)
"""Age of a call after which no host waits for it any more."""

MAX_QUERY_CHARACTERS: Final = 1_000
"""Characters of a search. SQLite takes no pattern of more than 50,000 bytes (sqlite.org/limits.html)."""

PLAIN_CHARACTERS: Final = re.compile(r"[A-Za-z0-9._-]+")

CURSOR_CHARACTERS: Final = re.compile(r"[A-Za-z0-9_-]+=*")
"""https://www.rfc-editor.org/rfc/rfc4648#section-5"""

SETTLED_STATUSES: Final = sorted(TERMINAL_STATUSES | CLIENT_WAIT_STATUSES)

LIVE_ROWS: Final = INTERACTIONS.c.deleted_at.is_(None)
"""Rows that nobody has deleted."""

RUNNING_ROWS: Final = sa.and_(INTERACTIONS.c.settled_at.is_(None), INTERACTIONS.c.status.not_in(SETTLED_STATUSES))
"""Rows that have not settled; an older server on this journal ends rows without saying when."""

UNFINISHED_ROWS: Final = (
    LIVE_ROWS,
    RUNNING_ROWS,
    INTERACTIONS.c.interaction_id.is_not(None),
    INTERACTIONS.c.stored.is_(True),
)
"""Rows that Google keeps under an id and that have not settled."""

UNSENT_ROWS: Final = sa.and_(
    LIVE_ROWS, INTERACTIONS.c.status.in_(["failed", "cancelled"]), INTERACTIONS.c.interaction_id.is_(None)
)
"""Rows of requests that Google has certainly not taken."""

TOMBSTONE_VALUES: Final[RowValues] = {
    **dict.fromkeys(("interaction_id", "previous_interaction_id", "environment_id", "tools", "topic", "error"), None),
    **dict.fromkeys(("code", "failures", "terms", "stopped_by"), None),
    **dict.fromkeys(("prompt", "text"), ""),
    **dict.fromkeys(("citations", "files"), ()),
    **dict.fromkeys(("owner", "owned_until", "leased_at"), None),
    "files_pending": False,
}
"""What a deleted row loses; what counts it, and its cost, stay."""

UNBLANKED_ROWS: Final = sa.or_(
    *(INTERACTIONS.c[name].is_not(None) for name in ("topic", "code", "failures", "terms", "stopped_by"))
)
"""Rows with content in fields that servers before version 4 do not know, and so do not blank."""

USAGE_FIELDS: Final = (
    *("label", "kind", "plan", "status", "model", "agent", "usage", "cost_micros", "settled_at"),
    *("created_at", "updated_at"),
)
"""Fields of a `Record` that sums of usage need."""

USAGE_ROWS: Final = 200
"""Rows that are read at once for these sums: decoding them takes 10 ms, for which other calls wait."""

DELIVERY_FIELDS: Final = frozenset({"delivered_at", "detached_at"})
"""Fields that say to whom the answer went."""

LISTED_FIELDS: Final = frozenset({"interaction_id", "files"})
"""Fields that a list of interactions and files shows."""

FAILED_ROWS: Final = sa.and_(
    INTERACTIONS.c.status.in_(["failed", "cancelled"]),
    sa.or_(INTERACTIONS.c.interaction_id.is_(None), INTERACTIONS.c.finished_at.is_not(None)),
)
"""Rows that have certainly come to nothing; one that Google does not show, and that has not finished, may appear."""


FILES_TEXT: Final = sa.cast(INTERACTIONS.c.files, sa.Text)
"""The files of a row as they are written."""


ROWS_WITH_FILES: Final = sa.literal_column("'[]'") != FILES_TEXT
"""Rows with files, in words that an index knows."""


def match_listing(seen: FileListing | None) -> sa.ColumnElement[bool]:
    """Return the condition of rows that have the files which were seen; of all rows where none were."""
    return sa.true() if seen is None else FILES_TEXT.__eq__(seen.written)


def match_principal(principal: str | None) -> sa.ColumnElement[bool]:
    """Return the condition of rows of a principal, the first column of the indexes; of all rows for None."""
    return sa.true() if principal is None else INTERACTIONS.c.principal == principal


def select_live(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Select the records of rows under these conditions that nobody has deleted."""
    return sa.select(*RECORD_COLUMNS).where(LIVE_ROWS, *conditions)


def change_live(*conditions: sa.ColumnElement[bool]) -> sa.Update:
    """Change the rows under these conditions that nobody has deleted."""
    return sa.update(INTERACTIONS).where(LIVE_ROWS, *conditions)


def select_page(
    principal: str, query: str | None, kind: str | None, status: str | None, cursor: str | None, limit: int
) -> sa.Select[Any]:
    """Select the rows of a page, newest first, by reading the texts of rows where there is something to search for.

    Raises:
        InputError: The cursor is none of ours, or the query is too long.
    """
    searched = [match_text(query)] if query else []
    conditions = make_page_conditions(principal, query, kind, status, cursor)
    return select_live(*searched, *conditions).order_by(*NEWEST_FIRST).limit(limit)


def select_indexed_page(
    principal: str, query: str | None, kind: str | None, status: str | None, cursor: str | None, limit: int
) -> sa.Select[Any]:
    """Select the rows of a page as `select_page`, by an index of words where there is one for the query.

    Raises:
        InputError: The cursor is none of ours, or the query is too long.
    """
    words = match_words(query) if query else None
    if words is None:
        return select_page(principal, query, kind, status, cursor, limit)
    conditions = make_page_conditions(principal, query, kind, status, cursor)
    return select_live(match_newest(words, (LIVE_ROWS, *conditions), limit)).order_by(*NEWEST_FIRST)


def make_page_conditions(
    principal: str, query: str | None, kind: str | None, status: str | None, cursor: str | None
) -> Iterator[sa.ColumnElement[bool]]:
    """Yield the conditions of a page's rows but for the query, which is checked.

    Raises:
        InputError: The cursor is none of ours, or the query is too long.
    """
    yield match_principal(principal)
    if query:
        check_query(query)
    if kind:
        yield match_kind(kind)
    if status:
        yield INTERACTIONS.c.status == status
    if cursor:
        created_at, label = decode_cursor(cursor)
        earlier = sa.and_(INTERACTIONS.c.created_at == created_at, INTERACTIONS.c.label < label)
        yield sa.or_(INTERACTIONS.c.created_at < created_at, earlier)


def match_kind(kind: str) -> sa.ColumnElement[bool]:
    """Return the condition of rows listed as a kind: a `task` is kept as research of another agent."""
    if kind not in ("research", "task"):
        return INTERACTIONS.c.kind == kind
    agent = sa.func.coalesce(INTERACTIONS.c.agent, DEEP_RESEARCH_PREFIX)
    deep = agent.startswith(DEEP_RESEARCH_PREFIX, autoescape=True)
    return sa.and_(INTERACTIONS.c.kind == "research", deep if kind == "research" else ~deep)


def check_query(query: str) -> None:
    """Check that a database can search for a text.

    Raises:
        InputError: It is too long.
    """
    if len(query) > MAX_QUERY_CHARACTERS:
        raise InputError(
            f"The query has {len(query):,} characters; at most {MAX_QUERY_CHARACTERS:,} are searched for. Give a few "
            "words that the prompt or the answer contains."
        )


def find_plain_part(path: str) -> str:
    """Return the longest part of a file's name that every database's JSON spells in the same way."""
    return max(PLAIN_CHARACTERS.findall(re.split(r"[/\\]", path)[-1]), key=len, default="")


def select_first_shown(principal: str, limit: int) -> sa.Select[Any, Any, str]:
    """Select id, status and files of what a list of interactions and files shows first."""
    named = select_live(match_principal(principal), INTERACTIONS.c.interaction_id.is_not(None))
    return (
        named.order_by(*NEWEST_FIRST)
        .limit(limit)
        .with_only_columns(INTERACTIONS.c.interaction_id, INTERACTIONS.c.status, FILES_TEXT)
    )


def select_last_settlement(principal: str) -> sa.Select[Any]:
    """Select when an interaction last settled; nothing where none has."""
    ended = INTERACTIONS.c.settled_at
    return (
        sa.select(ended)
        .where(LIVE_ROWS, match_principal(principal), ended.is_not(None))
        .order_by(ended.desc())
        .limit(1)
    )


def count_named(principal: str) -> sa.Select[int]:
    """Select the number of rows with an id, which tombstones have not: an index knows it without reading rows."""
    return sa.select(sa.func.count()).where(match_principal(principal), INTERACTIONS.c.interaction_id.is_not(None))


def match_name(principal: str, interaction_id: str) -> sa.ColumnElement[bool]:
    """Return the condition of the row with an id or a label."""
    named = sa.or_(INTERACTIONS.c.interaction_id == interaction_id, INTERACTIONS.c.label == interaction_id)
    return sa.and_(match_principal(principal), named)


def match_identical(principal: str, record: Record) -> sa.ColumnElement[bool]:
    """Return the condition of a principal's rows whose requests are identical to that of a record."""
    return sa.and_(
        match_principal(principal),
        INTERACTIONS.c.fingerprint == record.fingerprint,
        INTERACTIONS.c.approves.is_(record.approves),
    )


def match_twins(principal: str, record: Record, since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of rows that stand for the request of a record; what cannot be found may still appear."""
    return match_identical(principal, record), INTERACTIONS.c.created_at > format_moment(since), ~FAILED_ROWS


def make_insert_conditions(
    principal: str,
    record: Record,
    since: datetime | None,
    research: Sequence[ResearchLimit],
    spending: Sequence[SpendingLimit],
) -> Iterator[sa.ColumnElement[bool]]:
    """Yield the conditions under which a row is inserted, as `Journal.insert_once` says."""
    if since:
        yield ~select_live(*match_twins(principal, record, since)).exists()
    for runs in research:
        yield count_research(choose_payer(principal, runs), runs.since).scalar_subquery() < runs.most
    for each in spending:
        spent = sum_costs(choose_payer(principal, each), each.since)
        yield spent.scalar_subquery() <= each.micros - (record.cost_micros or 0)


def choose_payer(principal: str, limit: ResearchLimit | SpendingLimit) -> str | None:
    """Return whose requests a limit counts; None for those of all."""
    return principal if limit.own else None


def list_locks(principal: str, research: Sequence[ResearchLimit], spending: Sequence[SpendingLimit]) -> tuple[str, ...]:
    """Return the names of the locks for a decision of a principal: a limit for all is decided on by one at a time."""
    shared = any(not each.own for each in (*research, *spending))
    return (f"principal {principal}", *(["everybody"] if shared else []))


def match_undelivered(principal: str, record: Record, since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of rows identical to a record whose answer nobody has been given."""
    # Ends the search in the index by fingerprint.
    young = INTERACTIONS.c.created_at > format_moment(since - MAX_CALL_AGE)
    return (
        match_identical(principal, record),
        young,
        INTERACTIONS.c.delivered_at.is_(None),
        select_left_at() > format_moment(since),
        ~FAILED_ROWS,
    )


def count_research(principal: str | None, since: datetime) -> sa.Select[int]:
    """Select the number of rows that `match_paid_research` names."""
    return sa.select(sa.func.count()).select_from(INTERACTIONS).where(match_paid_research(principal, since))


def sum_costs(principal: str | None, since: datetime) -> sa.Select[int]:
    """Select the cost of the rows that `match_paid` names, in millionths of a dollar."""
    return sa.select(sa.func.coalesce(sa.func.sum(INTERACTIONS.c.cost_micros), 0)).where(match_paid(principal, since))


def match_paid(principal: str | None, since: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of requests since then that may have been paid for, deleted or not.

    What Google has certainly not taken does not count, nor what something else has started.
    """
    ours = sa.and_(match_principal(principal), INTERACTIONS.c.origin == "ours")
    return sa.and_(ours, INTERACTIONS.c.created_at >= format_moment(since), ~UNSENT_ROWS)


def match_paid_research(principal: str | None, since: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of research since then that counts, as `match_paid`."""
    return sa.and_(match_paid(principal, since), INTERACTIONS.c.kind == "research")


def select_usage(principal: str | None, since: datetime, after: tuple[str, str] | None) -> sa.Select[Any]:
    """Select what the rows that `match_paid` names have used and cost, without their texts, oldest first.

    Args:
        principal: Whose rows; None for those of all.
        since: As there.
        after: Time and label of the row before the first.
    """
    going_on = sa.and_(LIVE_ROWS, RUNNING_ROWS, INTERACTIONS.c.error.is_(None))
    wanted = sa.select(*(INTERACTIONS.c[name] for name in USAGE_FIELDS), going_on.label("running"))
    wanted = wanted.where(match_paid(principal, since)).order_by(*OLDEST_FIRST).limit(USAGE_ROWS)
    if after is None:
        return wanted
    created_at, label = after
    later = sa.and_(INTERACTIONS.c.created_at == created_at, INTERACTIONS.c.label > label)
    return wanted.where(INTERACTIONS.c.created_at >= created_at, sa.or_(INTERACTIONS.c.created_at > created_at, later))


def select_left_at() -> sa.ColumnElement[str]:
    """Return when the call of a row ended without the answer; when it began, if it has not."""
    return sa.func.coalesce(INTERACTIONS.c.detached_at, INTERACTIONS.c.created_at)


def match_lost(moment: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of rows without an end, of unknown outcome or given up, that Google has forgotten."""
    forgotten = INTERACTIONS.c.created_at < format_moment(moment - RETENTION)
    nameless = sa.or_(INTERACTIONS.c.interaction_id.is_(None), INTERACTIONS.c.stored.is_(False))
    unknown = sa.and_(INTERACTIONS.c.status == UNKNOWN_STATUS, nameless)
    # The error of a row without an end says why it is not followed any more.
    return sa.and_(forgotten, sa.or_(unknown, INTERACTIONS.c.error.is_not(None)))


def match_needed(moment: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of rows that a rule needs, however few days are kept: today's limit, plans that were run."""
    ran = (
        INTERACTIONS.c.approves.is_(True)
        & LIVE_ROWS
        & ~FAILED_ROWS
        & (INTERACTIONS.c.created_at >= format_moment(moment - RETENTION))
    )
    return sa.or_(match_paid_research(None, get_day_start()), ran)


def encode_cursor(place: str) -> str:
    """Return the cursor of a place between two rows."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str, str]:
    """Return the time and the label of the row that the previous page ended with, as the journal keeps them.

    Raises:
        InputError: The cursor is none of ours.
    """
    # base64 does not refuse every other character.
    if CURSOR_CHARACTERS.fullmatch(cursor):
        with suppress(ValueError):
            place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
            created_at, label = place.split(" ", 1)
            if datetime.fromisoformat(created_at).tzinfo:
                return created_at, label
    raise InputError(
        f"Unknown cursor {cursor[:80]!r}. Pass the next_cursor of the previous page, or none for the first page."
    )
