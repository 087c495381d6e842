"""The journal: a row for every interaction that this server knows, written before it is paid for.

Beside them, a row for every file that the Files API keeps. Owns what is asked of its tables. Knows neither the API nor
when a row changes.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import sqlalchemy as sa

from gemini_interactions_mcp.core import (
    DEFAULT_TIMING,
    NO_REDACTION,
    DailyLimitError,
    Redactor,
    SpendingLimitError,
    Timing,
    offload_if_large,
    replace_unstorable,
)
from gemini_interactions_mcp.models import (
    Record,
    SavedFile,
    UsageGrouping,
    UsageReport,
    UsageTally,
    is_settled,
    measure_usage,
)

from . import queries
from .clock import TWIN_SECONDS, get_day_start, get_month_start, now
from .database import MAX_READERS, Database
from .database_view import DatabaseView
from .engine import RowValues
from .leases import Leases
from .limits import (
    ResearchLimit,
    Spending,
    SpendingLimit,
    check_price,
    describe_research_limit,
    describe_spending_limit,
)
from .queries import LIVE_ROWS, UNSENT_ROWS, change_live, select_live
from .rows import (
    FileListing,
    encode_redacted,
    format_moment,
    read_file_listing,
    read_placed_records,
    read_records,
    read_usage_rows,
)
from .schema import INTERACTIONS, JOURNAL_METADATA, NEWEST_FIRST, OLDEST_FIRST, SCHEMA_VERSION, UPLOADS
from .transactions import forget_marks
from .upload_shelf import UploadShelf

EARLIEST: Final = datetime.min.replace(tzinfo=UTC)

UPDATE_BY_LABEL: Final = change_live(INTERACTIONS.c.label == sa.bindparam("of_label"))


class Journal(UploadShelf, Leases):
    """Every interaction that this server has started.

    The first method that needs it opens it. Every method raises `JournalError` when the database cannot be used, and
    waits for it as `Database` does. `patience` is the longest wait in seconds.

    Args:
        source: The database, or its address as `Database` takes it.
        redact: Takes secrets out of all that is written.
        timing: As `Database` takes it.
        principal: Whose interactions; empty for the owner of the server.
    """

    def __init__(
        self,
        source: str | Path | Database,
        redact: Redactor = NO_REDACTION,
        timing: Timing = DEFAULT_TIMING,
        principal: str = "",
    ) -> None:
        database = DatabaseView(source if isinstance(source, Database) else open_database(source, timing))
        UploadShelf.__init__(self, database, redact)
        Leases.__init__(self, database)
        self._database = database
        # Searches read every row; the other readers stay free for what takes a moment.
        self._searches = anyio.Semaphore(MAX_READERS // 2)
        self._redact = redact
        self._principal = principal
        self.list_changes = 0
        """Counts the changes by this process to which interactions and files there are."""

    async def insert(
        self,
        record: Record,
        *,
        owner: str | None = None,
        seconds: float = 0,
        patience: float = math.inf,
    ) -> None:
        """Write a new row, with a lease of `owner` for so many seconds.

        Raises:
            JournalError: Also when its label or interaction_id is taken.
        """
        await self._database.check_place()
        statement = sa.insert(INTERACTIONS).values(self._lease(owner, seconds))
        await self._database.write(statement, await self._new_row(record), patience, once=True)
        self.list_changes += record.interaction_id is not None

    async def insert_once(
        self,
        record: Record,
        since: datetime | None,
        *,
        research: Sequence[ResearchLimit] = (),
        spending: Sequence[SpendingLimit] = (),
        owner: str | None = None,
        seconds: float = 0,
    ) -> Record | None:
        """Write a new row, unless an identical request came after `since`: then its row is returned.

        Rows that have certainly failed do not count. Two servers on one journal cannot both write, nor both take the
        last place of a limit.

        Args:
            record: The row.
            since: Identical requests before that moment do not count; None where none does.
            research: Limits on research rows.
            spending: Limits on the cost of all rows. The row reserves its `cost_micros`.
            owner: Holder of the lease.
            seconds: Duration of the lease.

        Raises:
            DailyLimitError: The limit is reached; nothing was written.
            SpendingLimitError: The cost of the row is not known, or more than a limit leaves; nothing was written.
        """
        check_price(record, spending)
        await self._database.check_place()
        values, lease = await self._new_row(record), self._lease(owner, seconds)
        columns = [sa.literal(value, INTERACTIONS.c[name].type).label(name) for name, value in values.items()]
        source = sa.select(*columns, *(value.label(name) for name, value in lease.items())).where(
            *queries.make_insert_conditions(self._principal, record, since, research, spending)
        )
        if await self._database.write(
            sa.insert(INTERACTIONS).from_select([*values, *lease], source),
            locks=queries.list_locks(self._principal, research, spending),
        ):
            return None
        if since and (twin := await self.twin(record, since)):
            return twin
        await self.check_limits(record, research, spending)
        return await self.insert_once(record, since, research=research, spending=spending, owner=owner, seconds=seconds)

    async def check_limits(
        self, record: Record, research: Sequence[ResearchLimit] = (), spending: Sequence[SpendingLimit] = ()
    ) -> None:
        """Check that the limits leave room for a row, as `insert_once` does.

        Raises:
            DailyLimitError: The limit is reached.
            SpendingLimitError: The cost of the row is not known, or more than a limit leaves.
        """
        check_price(record, spending)
        for runs in research:
            if (
                await self._sum(queries.count_research(queries.choose_payer(self._principal, runs), runs.since))
                >= runs.most
            ):
                raise DailyLimitError(describe_research_limit(runs))
        for each in spending:
            paid = queries.sum_costs(queries.choose_payer(self._principal, each), each.since)
            spent, cost = await self._sum(paid), record.cost_micros or 0
            if spent + cost > each.micros:
                raise SpendingLimitError(describe_spending_limit(each, spent, cost))

    async def twin(self, record: Record, since: datetime) -> Record | None:
        """Return the newest row since then of a request identical to that of a record, unless it certainly failed."""
        wanted = select_live(*queries.match_twins(self._principal, record, since)).order_by(*NEWEST_FIRST)
        found = await self._database.read(wanted.limit(1), read_records)
        return found[0] if found else None

    async def undelivered(self, record: Record, since: datetime) -> list[Record]:
        """Return the rows of requests identical to that of a record whose answer nobody has been given, newest first.

        Args:
            record: The request; it need not be in the journal.
            since: Rows whose calls ended before that moment, or began before it and have not ended, are not returned.
        """
        wanted = select_live(*queries.match_undelivered(self._principal, record, since))
        return await self._database.read(wanted.order_by(*NEWEST_FIRST), read_records)

    async def research_sent(self, since: datetime) -> int:
        """Return how many research requests this server has sent since then that Google may have taken."""
        return await self._sum(queries.count_research(self._principal, since))

    async def spending(self) -> Spending:
        """Return what the requests of this server have cost today and this month."""
        await self.set_clock()
        day, month = get_day_start(), get_month_start()
        today, all_today, this_month, all_month = [
            await self._sum(queries.sum_costs(payer, since))
            for since in (day, month)
            for payer in (self._principal, None)
        ]
        sent = await self.research_sent(day)
        others = all_today - today, all_month - this_month
        return Spending(today, this_month, sent, others_today=others[0], others_month=others[1])

    async def set_clock(self) -> None:
        """Let the journal's clock tell the time that the servers share; a second makes no difference."""
        await self._database.set_clock()

    async def _sum(self, query: sa.Select[int]) -> int:
        return await self._database.read(query, lambda result: int(result.scalar_one()))

    async def usage(self, *groupings: UsageGrouping, since: datetime | None = None) -> list[UsageReport]:
        """Return what the requests of this server have used and cost, deleted or not: a report for each grouping.

        Rows are read a few at a time, so that no other call waits for all of them.

        Args:
            groupings: What the lines of each report stand for.
            since: Requests before that moment do not count.
        """
        tallies = [UsageTally(by) for by in groupings]
        place: tuple[str, str] | None = None
        while True:
            wanted = queries.select_usage(self._principal, since or EARLIEST, place)
            found = await self._database.read(wanted, read_usage_rows)
            for row in found:
                measured = measure_usage(row.record, running=row.running)
                for tally in tallies:
                    tally.add(row.record, measured)
            if len(found) < queries.USAGE_ROWS:
                return [tally.report(since) for tally in tallies]
            place = found[-1].place

    async def update(self, label: str, *, patience: float = math.inf, **changes: object) -> None:
        """Change fields of a `Record`, `updated_at`, and with the status `settled_at`.

        Without a row of that label nothing happens, nor where it has been deleted: what a run says of itself later
        does not bring it back. To whom an answer was delivered is no change of the interaction.
        """
        moment = now()
        implied: RowValues = {} if changes.keys() <= queries.DELIVERY_FIELDS else {"updated_at": moment}
        if "status" in changes:
            implied["settled_at"] = moment if is_settled(str(changes["status"])) else None
        values = await self._row(implied | changes)
        await self._database.write(UPDATE_BY_LABEL, values | {"of_label": label}, patience)
        self.list_changes += not changes.keys().isdisjoint(queries.LISTED_FIELDS)

    async def find(self, interaction_id: str, *, patience: float = math.inf) -> Record | None:
        """Return the row of an interaction, by its id or its label; None when this server does not know it."""
        found = await self._database.read(
            select_live(queries.match_name(self._principal, interaction_id)), read_records, patience
        )
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
        """Return up to `limit` (at least 1) rows, newest first, and the cursor of the next page if there is one.

        Args:
            query: Text in the topic, the prompt, the answer or the interaction_id, in any case; in PostgreSQL, words of
                which the last may go on.
            kind: A kind, or `task`: the work of an agent that is not Deep Research.
            status: A status.
            limit: Number of rows.
            cursor: End of the previous page.

        Raises:
            InputError: The cursor is none of ours, or the query is too long.
            JournalError: The journal cannot be read.
        """
        select = queries.select_indexed_page if self._database.is_shared else queries.select_page
        wanted = select(self._principal, query, kind, status, cursor, limit + 1)
        async with self._searches if query else nullcontext():
            found = await self._database.read(wanted, read_placed_records)
        following = queries.encode_cursor(found[limit - 1][1]) if len(found) > limit else None
        return [record for record, _ in found[:limit]], following

    async def unfinished(self, *, but: str = "") -> list[Record]:
        """Return the rows that Google keeps under an id and that have not settled, oldest first.

        Rows that the owner `but` follows are left out.
        """
        others = sa.or_(INTERACTIONS.c.owner.is_(None), INTERACTIONS.c.owner != but)
        return await self._database.read(
            select_live(self._owned, *queries.UNFINISHED_ROWS, others).order_by(*OLDEST_FIRST), read_records
        )

    async def deleted(self, label: str) -> bool:
        """Whether a row is a tombstone: deleted, and only counted."""
        buried = sa.select(INTERACTIONS.c.label).where(INTERACTIONS.c.label == label, ~LIVE_ROWS)
        return await self._database.read(buried, lambda result: result.scalar() is not None)

    async def ids(self, prefix: str, limit: int = 100) -> list[str]:
        """Return up to `limit` ids that Google knows and that begin with `prefix` exactly, newest first."""
        column = INTERACTIONS.c.interaction_id
        # Cleaning may change the length.
        beginning = sa.func.substr(column, 1, len(replace_unstorable(prefix)), type_=column.type)
        wanted = select_live(self._owned, beginning == prefix, INTERACTIONS.c.stored.is_(True)).with_only_columns(
            column
        )
        return await self._database.read(
            wanted.order_by(*NEWEST_FIRST).limit(limit), lambda result: list(result.scalars())
        )

    async def newest(self, limit: int = 50) -> list[object]:
        """Return what a list of interactions and files shows first, how many it shows, and when one last settled.

        For comparison: the next answer differs once any server has added or deleted an interaction, once one has
        settled, or once one of those shown first has changed. A file added to an older one later does not show: no
        index finds it.
        """
        first = await self._database.read(
            queries.select_first_shown(self._principal, limit), lambda result: [tuple(found) for found in result]
        )
        last = await self._database.read(
            queries.select_last_settlement(self._principal), lambda result: list(result.scalars())
        )
        return [*first, await self._sum(queries.count_named(self._principal)), *last]

    async def followers(self, interaction_id: str) -> list[Record]:
        """Return the rows that continue an interaction, oldest first."""
        after = select_live(self._owned, INTERACTIONS.c.previous_interaction_id == interaction_id)
        return await self._database.read(after.order_by(*OLDEST_FIRST), read_records)

    async def names_environment(self, environment_id: str) -> bool:
        """Whether a row names an environment."""
        named = select_live(self._owned, INTERACTIONS.c.environment_id == environment_id)
        wanted = named.with_only_columns(INTERACTIONS.c.label).limit(1)
        return await self._database.read(wanted, lambda result: result.scalar() is not None)

    async def holds(self, path: str) -> bool:
        """Whether a row says that a file was saved at a path, whatever is there now."""
        named = queries.FILES_TEXT.contains(queries.find_plain_part(path), autoescape=True)
        wanted = select_live(queries.ROWS_WITH_FILES, named).with_only_columns(INTERACTIONS.c.files)
        found = await self._database.read(wanted, lambda result: list(result.scalars()))
        return any(file["path"] == path for files in found for file in files)

    async def list_files(self, label: str) -> FileListing | None:
        """Return the files of a row; None where there is no row, or where it was deleted."""
        columns = (INTERACTIONS.c.files, queries.FILES_TEXT.label("written"))
        wanted = select_live(INTERACTIONS.c.label == label).with_only_columns(*columns)
        return await self._database.read(wanted, read_file_listing)

    async def replace_files(
        self, label: str, seen: FileListing, files: Sequence[SavedFile], *, patience: float = math.inf
    ) -> bool:
        """Replace the files of a row; False, and nothing is written, unless they still are what was seen."""
        values = await self._row({"files": tuple(files), "updated_at": now()})
        unchanged = change_live(INTERACTIONS.c.label == label, queries.match_listing(seen))
        replaced = await self._database.write(unchanged.values(values), patience=patience, once=True)
        self.list_changes += replaced
        return replaced > 0

    async def delete(self, label: str, seen: FileListing | None = None) -> bool:
        """Replace a row by a tombstone, which only sums and limits count; return whether there was a row.

        A row whose request Google has certainly not taken is deleted. A row with other files than those that were
        `seen` stays.
        """
        named = sa.and_(INTERACTIONS.c.label == label, queries.match_listing(seen))
        buried = change_live(named, ~UNSENT_ROWS).values(
            queries.TOMBSTONE_VALUES | {"deleted_at": format_moment(now())}
        )
        found = await self._database.write(buried, once=True) or await self._database.write(
            sa.delete(INTERACTIONS).where(named, UNSENT_ROWS), once=True
        )
        await self._database.scrub()
        self.list_changes += found
        return found > 0

    async def prune(self, before: datetime) -> int:
        """Delete settled rows and tombstones created before that moment, and expired uploads; return how many rows.

        Running rows stay. Rows of requests whose outcome nobody can find out any more go as well, once Google has
        forgotten their interactions (55 days): those of unknown outcome without an id at Google, and those that were
        given up without an end. Rows that a rule needs stay: what a limit counts today, what an identical request is
        compared with, and plans that were run, until Google has forgotten them. Of rows that cost something this month,
        tombstones stay until it ends.
        Tombstones of an older server, which left fields that it did not know, are blanked.
        """
        await self._database.set_clock()
        moment = now()
        if await self._database.write(
            sa.update(INTERACTIONS).where(~LIVE_ROWS, queries.UNBLANKED_ROWS).values(queries.TOMBSTONE_VALUES)
        ):
            await self._database.scrub()
        await self._database.write(forget_marks(moment))
        await self._database.write(sa.delete(UPLOADS).where(UPLOADS.c.expires_at < format_moment(moment)))
        young = format_moment(moment - timedelta(seconds=TWIN_SECONDS))
        old = sa.and_(INTERACTIONS.c.created_at < format_moment(before), queries.select_left_at() < young)
        # By the status: an older server on this journal does not say when a row settled.
        gone = sa.or_(~LIVE_ROWS, INTERACTIONS.c.status.in_(queries.SETTLED_STATUSES), queries.match_lost(moment))
        due = sa.and_(old, gone, ~queries.match_needed(moment))
        counted = sa.and_(
            queries.match_paid(None, get_month_start()), sa.func.coalesce(INTERACTIONS.c.cost_micros, 0) > 0
        )
        buried = await self._database.write(
            change_live(due, counted).values(queries.TOMBSTONE_VALUES | {"deleted_at": format_moment(moment)})
        )
        deleted = await self._database.write(sa.delete(INTERACTIONS).where(due, ~counted))
        self.list_changes += buried + deleted
        return buried + deleted

    @property
    def _owned(self) -> sa.ColumnElement[bool]:
        return queries.match_principal(self._principal)

    async def close(self) -> None:
        """Close the database, as `Database.close` does."""
        await self._database.close()

    async def _new_row(self, record: Record) -> RowValues:
        """Return the columns of a new row; what has settled already did so when it was last updated."""
        ended_at = record.settled_at or (record.updated_at if is_settled(record.status) else None)
        return await self._row({**dict(record), "settled_at": ended_at, "principal": self._principal})

    async def _row(self, fields: Mapping[str, object]) -> RowValues:
        """Return fields as columns without secrets; paths of files stay, or nobody could find them again."""
        size = sum(len(value) for value in fields.values() if isinstance(value, str))
        return await offload_if_large(size, partial(encode_redacted, fields, self._redact))


def open_database(url: str | Path, timing: Timing = DEFAULT_TIMING, *, placeless: bool = False) -> Database:
    """Return the database of journals, which the first statement opens; `placeless` is as for `Database`."""
    return Database(url, JOURNAL_METADATA, SCHEMA_VERSION, timing, placeless=placeless)
