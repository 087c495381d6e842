"""Journals of earlier versions become ones of this version, all at once or not at all."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from mcp import Client

from conftest import FAST
from gemini_interactions_mcp.core.errors import JournalError
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.journal import engine, schema
from gemini_interactions_mcp.journal.database import Database
from gemini_interactions_mcp.journal.database_url import parse_url
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.journal.schema import INTERACTIONS, JOURNAL_METADATA, SCHEMA_VERSION
from gemini_interactions_mcp.models.interactions import is_settled
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from journaling import EARLIER_VERSIONS, NOON, execute, full_record, load, record, select_all
from reading import text_of

NEW = (
    "fingerprint",
    "approves",
    "origin",
    "stored",
    "files_pending",
    "principal",
    "cost_micros",
    "settled_at",
    "media",
)
TEXTS = ("kind", "status", "model", "agent", "prompt", "text", "error", "interaction_id", "previous_interaction_id")

RELEASED = pytest.mark.parametrize("version", ["0.2.0"])

Row = dict[str, Any]


@pytest.fixture(params=EARLIER_VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def before(journal_url: str, version: str) -> list[Row]:
    """The rows of a journal of an earlier version, which is in the database."""
    await load(journal_url, version)
    return await select_all(journal_url)


async def migrated(url: str) -> list[Row]:
    """The rows once this version has opened the database."""
    journal = Journal(url)
    await journal.unfinished()
    await journal.close()
    return await select_all(url)


def clean(row: Row) -> Row:
    return row | {name: row[name].replace("\0", "\ufffd") for name in TEXTS if row[name]}


def by_prompt(rows: list[Row]) -> dict[str, Row]:
    return {row["prompt"]: row for row in rows}


@pytest.mark.slow
async def test_every_row_stays_as_it_was_but_for_what_is_no_character(journal_url: str, before: list[Row]) -> None:
    after = await migrated(journal_url)
    assert [{name: row[name] for name in before[0]} for row in after] == [clean(row) for row in before]
    assert ("A zero: \ufffd, and what follows it" in by_prompt(after)) == journal_url.startswith("sqlite")
    uploads = await execute(journal_url, "SELECT count(*) FROM uploads")
    assert uploads == [(0 if len(before[0]) == 19 else 1,)], "version 1 had no uploads"


async def test_new_columns_say_what_labels_ids_and_errors_said(
    journal_url: str, before: list[Row], version: str
) -> None:
    after = await migrated(journal_url)
    for row in after:
        foreign = row["label"].startswith("foreign-")
        assert row["origin"] == ("foreign" if foreign else "ours")
        assert row["stored"] == (row["interaction_id"] != row["label"])
        assert row["files_pending"] == ("without a place" in row["prompt"])
        assert row["settled_at"] == ((row["finished_at"] or row["updated_at"]) if is_settled(row["status"]) else None)
        assert (row["principal"], row["cost_micros"]) == ("", None)
        approves = row["prompt"] in ("Go ahead", "Go ahead with it")
        assert row["approves"] == approves
        plan = hashlib.sha256(str(row["previous_interaction_id"]).encode()).hexdigest()[:16]
        assert row["fingerprint"] == ("" if foreign else plan if approves else row["label"][:16])
    assert sum(not row["stored"] for row in after) == 4
    assert sum(row["origin"] == "foreign" for row in after) == 4
    assert sum(row["files_pending"] for row in after) == 2
    assert sum(row["approves"] for row in after) == 2
    assert sum(row["deleted_at"] is not None for row in after) == (2 if version == "schema-4" else 0)
    assert len(after) == len(before)


@pytest.mark.slow
async def test_a_plan_settled_anew_when_it_was_given_up(journal_url: str) -> None:
    await load(journal_url, "schema-4")
    updated_at = "2026-11-29T10:00:00.000000+00:00"
    given_up = f"UPDATE interactions SET status = 'cancelled', updated_at = '{updated_at}' WHERE prompt LIKE 'A plan %'"
    await execute(journal_url, given_up)
    row = by_prompt(await migrated(journal_url))["A plan that waits"]
    assert row["finished_at"] < row["settled_at"] == updated_at


@pytest.mark.slow
async def test_the_journal_of_an_earlier_version_can_be_read_and_written(journal_url: str, before: list[Row]) -> None:
    journal = Journal(journal_url)
    listed, _ = await journal.page(limit=100)
    running = await journal.unfinished()
    assert len(listed) == sum(row.get("deleted_at") is None for row in before)
    assert {each.prompt for each in running} >= {"Lighthouses of Brittany", "Go ahead with it", "A slow answer"}
    assert len(running) == 5
    await journal.insert(record("new", interaction_id="v1_new"))
    await journal.update("new", status="completed")
    found = await journal.find("v1_new")
    await journal.close()
    assert found is not None
    assert found.settled_at is not None


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:autogenerate skipping")
async def test_the_tables_are_those_of_a_new_journal(journal_url: str, before: list[Row]) -> None:
    del before
    await migrated(journal_url)
    opened = engine.make_engine(parse_url(journal_url))
    async with opened.connect() as connection:
        assert await connection.run_sync(differences) == []
    await opened.dispose()
    assert await execute(journal_url, "SELECT version_num FROM schema_version") == [(str(SCHEMA_VERSION),)]


@pytest.mark.slow
@pytest.mark.parametrize("version", EARLIER_VERSIONS)
async def test_postgresql_gets_the_indexes_and_triggers_of_a_new_journal(
    postgresql: Callable[[], str], version: str
) -> None:
    asked = (
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL SELECT pg_get_triggerdef(oid)"
        " FROM pg_trigger WHERE NOT tgisinternal UNION ALL SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        " ORDER BY 1"
    )
    url = postgresql()
    await migrated(url)
    made = await execute(url, asked)
    assert len(made) > 30
    postgresql()
    await load(url, version)
    await migrated(url)
    assert await execute(url, asked) == made


def differences(connection: sa.Connection) -> list[Any]:
    """What alembic would change to have the tables of this version."""

    def ours(_item: object, name: str | None, kind: str, *_: object) -> bool:
        return name not in apart and (kind != "table" or name in JOURNAL_METADATA.tables)

    # Which alembic cannot compare.
    apart = {index.name for index in schema.SHARED_INDEXES}
    options = {"version_table": "schema_version", "include_object": ours}
    return compare_metadata(MigrationContext.configure(connection, opts=options), JOURNAL_METADATA)


@pytest.mark.slow
async def test_a_new_journal_is_stamped_with_its_version(journal_url: str) -> None:
    assert await migrated(journal_url) == []
    assert await execute(journal_url, "SELECT version_num FROM schema_version") == [(str(SCHEMA_VERSION),)]
    if journal_url.startswith("sqlite"):
        assert await execute(journal_url, "PRAGMA user_version") == [(SCHEMA_VERSION,)]


@pytest.mark.slow
@RELEASED
async def test_servers_that_come_to_an_older_journal_at_once_migrate_it_once(
    journal_url: str, before: list[Row]
) -> None:
    # On a busy machine, one may take longer than the others wait.
    journals = [Journal(journal_url, timing=replace(FAST, busy=60)) for _ in range(8)]
    async with anyio.create_task_group() as group:
        for number, each in enumerate(journals):
            group.start_soon(each.insert_once, record(str(number)), None)
    for each in journals:
        await each.close()
    assert len(await select_all(journal_url)) == len(before) + 8
    assert await execute(journal_url, "SELECT version_num FROM schema_version") == [(str(SCHEMA_VERSION),)]


@pytest.mark.slow
@RELEASED
async def test_a_migration_that_fails_in_the_middle_changes_nothing(journal_url: str, before: list[Row]) -> None:
    # The last step is to create an index of this name.
    await execute(journal_url, "CREATE TABLE interactions_by_settlement (number INTEGER)")
    tables = await described(journal_url)
    journal = Journal(journal_url)
    with pytest.raises(JournalError, match="cannot be used"):
        await journal.unfinished()
    assert await described(journal_url) == tables
    assert await select_all(journal_url) == before
    await execute(journal_url, "DROP TABLE interactions_by_settlement")
    assert len(await journal.unfinished()) == 5
    await journal.close()


async def test_a_journal_without_addresses_of_media_gets_room_for_them(journal_url: str) -> None:
    journal = Journal(journal_url)
    await journal.insert(full_record())
    await journal.close()
    statements = ["ALTER TABLE interactions DROP COLUMN media", "UPDATE schema_version SET version_num = '5'"]
    sqlite = ["PRAGMA user_version=5"] if journal_url.startswith("sqlite") else []
    await execute(journal_url, *statements, *sqlite)
    (row,) = await migrated(journal_url)
    assert row["media"] is None
    journal = Journal(journal_url)
    found = await journal.find("v1_abc")
    assert found == full_record().model_copy(update={"media": None})
    await journal.close()


async def described(url: str) -> Any:
    """The tables, their columns and indexes, and the version of SQLite."""

    def describe(connection: sa.Connection) -> Any:
        inspector = sa.inspect(connection)
        return [
            (
                name,
                [each["name"] for each in inspector.get_columns(name)],
                sorted(map(str, inspector.get_indexes(name))),
            )
            for name in sorted(inspector.get_table_names())
        ]

    opened = engine.make_engine(parse_url(url))
    async with opened.connect() as connection:
        found = await connection.run_sync(describe)
    await opened.dispose()
    return found, await execute(url, "PRAGMA user_version") if url.startswith("sqlite") else None


@pytest.mark.slow
async def test_a_newer_journal_is_refused_and_left_alone(postgresql: Callable[[], str]) -> None:
    url = postgresql()
    await migrated(url)
    await execute(url, f"UPDATE schema_version SET version_num = '{SCHEMA_VERSION + 1}'", "DROP TABLE uploads")
    tables = await described(url)
    journal = Journal(url)
    with pytest.raises(JournalError, match=rf"newer version.*schema {SCHEMA_VERSION + 1}.*GEMINI_MCP_DATABASE_URL"):
        await journal.insert(record("one"))
    await journal.close()
    assert await described(url) == tables


@pytest.mark.slow
async def test_alembic_is_loaded_only_where_there_is_something_to_migrate(journal_url: str) -> None:
    program = f"""
import anyio, sys
from gemini_interactions_mcp.journal import Journal

async def read():
    for _ in "new", "again":
        journal = Journal({journal_url!r})
        await journal.unfinished()
        await journal.close()

anyio.run(read)
assert "alembic" not in sys.modules
"""
    await anyio.to_thread.run_sync(lambda: subprocess.run([sys.executable, "-c", program], check=True))


EARLIER = sa.Table(
    "interactions",
    sa.MetaData(),
    *(sa.Column(column.name, column.type) for column in INTERACTIONS.c if column.name not in NEW),
)
"""The table as an earlier version knows it."""


@pytest.mark.slow
async def test_a_server_of_an_earlier_version_writes_what_came_late_and_begins_nothing(journal_url: str) -> None:
    await migrated(journal_url)
    journal = Journal(journal_url)
    await journal.insert(record("one", interaction_id="v1_a", status="in_progress"))
    earlier = Database(journal_url, JOURNAL_METADATA, SCHEMA_VERSION)
    fields = {"kind": "ask", "plan": False, "status": "unknown", "prompt": "", "text": "", "citations": (), "files": ()}
    moments = {"created_at": NOON.isoformat(), "updated_at": NOON.isoformat()}
    with pytest.raises(JournalError, match=r"has been migrated by a newer version of this server\. Update this server"):
        await earlier.write(sa.insert(EARLIER), {"label": "two", **fields, **moments})
    assert await earlier.write(sa.update(EARLIER).values(status="completed", text="late")) == 1
    await earlier.close()
    # It has not said when the row settled, and the row has settled all the same.
    assert await journal.unfinished() == []
    found = await journal.find("one")
    assert found is not None
    assert (found.status, found.text, found.settled_at) == ("completed", "late", None)
    await journal.close()


@pytest.mark.slow
async def test_a_plan_that_was_run_under_an_earlier_version_is_not_bought_again(
    settings: Settings, emulator: Emulator, version: str
) -> None:
    await load(str(settings.database_url), version)
    rows = by_prompt(await select_all(str(settings.database_url)))
    # These journals are of 2026.
    keeping = settings.model_copy(update={"keep_days": 36_500.0})
    async with Client(build_server(keeping, FAST), mode="auto", cache=None) as client:
        for run in (rows["Go ahead"], rows["Go ahead with it"]):
            arguments = {"prompt": "Do it", "previous_interaction_id": run["previous_interaction_id"]}
            assert run["interaction_id"] in text_of(await client.call_tool("start_research", arguments))
    assert emulator.creates == []
