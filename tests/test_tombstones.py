"""What is left of a deleted row: it counts, and says nothing."""

import inspect
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from gemini_interactions_mcp.core.errors import DailyLimitError
from gemini_interactions_mcp.journal.database_url import parse_url
from gemini_interactions_mcp.journal.engine import make_engine
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.journal.limits import ResearchLimit
from gemini_interactions_mcp.journal.rows import FileListing
from gemini_interactions_mcp.journal.sqlite_file import make_file
from journaling import NOON, execute, full_record, record

LATER = datetime.now(UTC) + timedelta(minutes=1)
RUNNING: dict[str, Any] = {
    "label": "first",
    "interaction_id": "v1_a",
    "status": "in_progress",
    "previous_interaction_id": "v1_before",
    "fingerprint": "f",
    "approves": False,
    "settled_at": None,
}
SAME = record("second", fingerprint="f")
EARLIER = NOON - timedelta(hours=1)


async def replace_listed_files(journal: Journal) -> bool:
    """Whether files are replaced that are still as they were before a deletion."""
    seen = await journal.list_files("first")
    return await journal.replace_files("first", seen or FileListing((), "[]"), ())


UNSEEING: dict[str, tuple[Callable[[Journal], Awaitable[object]], object]] = {
    "find": (lambda journal: journal.find("v1_a"), None),
    "find by its label": (lambda journal: journal.find("first"), None),
    "page": (lambda journal: journal.page(), ([], None)),
    "page of what it said": (lambda journal: journal.page(query="secret"), ([], None)),
    "ids": (lambda journal: journal.ids(""), []),
    "followers": (lambda journal: journal.followers("v1_before"), []),
    "twin": (lambda journal: journal.twin(SAME, EARLIER), None),
    "insert_once": (lambda journal: journal.insert_once(SAME, EARLIER), None),
    "undelivered": (lambda journal: journal.undelivered(SAME, EARLIER), []),
    "unfinished": (lambda journal: journal.unfinished(), []),
    "names_environment": (lambda journal: journal.names_environment("e1"), False),
    "newest": (lambda journal: journal.newest(), [0]),
    "holds": (lambda journal: journal.holds("/tmp/ø.png"), False),
    "list_files": (lambda journal: journal.list_files("first"), None),
    "replace_files": (replace_listed_files, False),
    "owner": (lambda journal: journal.owner("first"), None),
    "owners": (lambda journal: journal.owners(), set()),
    "claim": (lambda journal: journal.claim("first", "one", 60), False),
    "delete": (lambda journal: journal.delete("first"), False),
}
UNCHANGING: dict[str, Callable[[Journal], Awaitable[object]]] = {
    "update": lambda journal: journal.update("first", text="secret", interaction_id="v1_a", status="completed"),
    "claim": lambda journal: journal.claim("first", "other", 60),
    "seize": lambda journal: journal.seize("first", "other", 60),
    "renew": lambda journal: journal.renew("one", 60),
    "release": lambda journal: journal.release("one"),
}
OTHERS = {
    "research_sent",
    "spending",
    "check_limits",
    "set_clock",
    "usage",
    "deleted",
    "insert",
    "prune",
    "uploads",
    "keep_upload",
    "claim_upload",
    "drop_upload",
    "close",
}
"""What counts tombstones, names none, or removes them."""


async def bury(journal: Journal, **fields: Any) -> None:
    row = full_record().model_copy(update={"text": "secret", "finished_at": None, "delivered_at": None} | fields)
    await journal.insert(row, owner="one", seconds=60)
    assert await journal.delete(row.label)


def test_every_method_of_the_journal_is_asked_about_tombstones() -> None:
    methods = {name for name, _ in inspect.getmembers(Journal, inspect.iscoroutinefunction) if not name.startswith("_")}
    asked = {name.partition(" ")[0] for name in UNSEEING}
    assert methods == asked | set(UNCHANGING) | OTHERS


@pytest.mark.parametrize("name", UNSEEING)
async def test_nothing_sees_a_tombstone(journal: Journal, name: str) -> None:
    ask, nothing = UNSEEING[name]
    await bury(journal, **RUNNING)
    assert await ask(journal) == nothing


@pytest.mark.parametrize("name", UNSEEING)
async def test_what_does_not_see_a_tombstone_sees_the_row(journal: Journal, name: str) -> None:
    ask, nothing = UNSEEING[name]
    row = full_record().model_copy(update={"text": "secret", "finished_at": None, "delivered_at": None} | RUNNING)
    await journal.insert(row, owner="one", seconds=60)
    assert await ask(journal) != nothing


@pytest.mark.slow
@pytest.mark.parametrize("name", UNCHANGING)
async def test_nothing_changes_a_tombstone(journal: Journal, journal_url: str, name: str) -> None:
    await bury(journal, **RUNNING)
    before = await execute(journal_url, "SELECT * FROM interactions")
    await UNCHANGING[name](journal)
    assert await execute(journal_url, "SELECT * FROM interactions") == before


@pytest.mark.slow
async def test_a_tombstone_says_what_counts_and_nothing_else(journal: Journal, journal_url: str) -> None:
    await bury(journal)
    kept = await execute(journal_url, "SELECT label, kind, status, model, agent, created_at FROM interactions")
    row = full_record()
    assert kept == [(row.label, row.kind, row.status, row.model, row.agent, row.created_at.isoformat())]
    assert str(2**40) in str(await execute(journal_url, "SELECT usage FROM interactions"))
    said = await execute(
        journal_url,
        "SELECT interaction_id, previous_interaction_id, environment_id, tools, error, owner, owned_until, leased_at,"
        " code, failures, terms, stopped_by, prompt, text FROM interactions",
    )
    assert said == [(None,) * 12 + ("", "")]
    assert await execute(journal_url, "SELECT count(*) FROM interactions WHERE files_pending") == [(0,)]
    documents = str(await execute(journal_url, "SELECT citations, files FROM interactions"))
    assert documents.replace("'", "") == "[([], [])]"


@pytest.mark.slow
@pytest.mark.parametrize("kept", ["topic", "code", "failures", "terms", "stopped_by"])
async def test_what_an_older_server_has_left_of_a_deleted_row_is_blanked(
    journal: Journal, journal_url: str, kept: str
) -> None:
    await bury(journal)
    await journal.insert(full_record().model_copy(update={"label": "live", "interaction_id": "v1_live"}))
    before = await execute(journal_url, "SELECT * FROM interactions ORDER BY label")
    # It knew no such field.
    left = f"UPDATE interactions SET {kept} = '[\"secret\"]' WHERE deleted_at IS NOT NULL"
    engine = make_engine(parse_url(journal_url))
    async with engine.begin() as connection:
        await connection.execute(sa.text(left))
    await engine.dispose()
    assert await execute(journal_url, "SELECT * FROM interactions ORDER BY label") != before
    assert await journal.prune(NOON - timedelta(days=1)) == 0
    assert await execute(journal_url, "SELECT * FROM interactions ORDER BY label") == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [
        {"status": "unknown"},
        {"status": "in_progress", "interaction_id": "v1_a", "plan": True},
        {"status": "completed", "interaction_id": "v1_a", "finished_at": NOON},
        {"status": "failed", "interaction_id": "v1_a"},
        {"status": "cancelled", "interaction_id": "v1_a", "finished_at": NOON},
        {"status": "failed"},
        {"status": "cancelled", "error": "You have declined it."},
        {"origin": "foreign", "interaction_id": "v1_a"},
        {"kind": "image", "interaction_id": "v1_a", "status": "completed"},
        {"status": "completed", "created_at": NOON - timedelta(seconds=1)},
    ],
)
async def test_a_tombstone_counts_as_the_row_did(journal: Journal, fields: dict[str, Any]) -> None:
    row = record(**{"label": "1", "kind": "research"} | fields)
    await journal.insert(row)
    before = await journal.research_sent(NOON)
    assert await journal.delete(row.label)
    assert await journal.research_sent(NOON) == before
    wanted = record("2", kind="research")
    if before:
        with pytest.raises(DailyLimitError, match="limit of 1 research run a day"):
            await journal.insert_once(wanted, None, research=[ResearchLimit(1, NOON)])
    else:
        assert await journal.insert_once(wanted, None, research=[ResearchLimit(1, NOON)]) is None


@pytest.mark.slow
@pytest.mark.parametrize("status", ["failed", "cancelled"])
async def test_what_was_never_taken_is_gone_altogether(journal: Journal, journal_url: str, status: str) -> None:
    await journal.insert(record("one", status=status))
    assert await journal.delete("one")
    assert await execute(journal_url, "SELECT label FROM interactions") == []
    assert not await journal.delete("one")


@pytest.mark.slow
async def test_an_interaction_can_be_adopted_again(journal: Journal) -> None:
    for label in ("first", "second", "third"):
        await journal.insert(record(label, interaction_id="v1_a"))
        found = await journal.find("v1_a")
        assert found is not None
        assert found.label == label
        assert await journal.delete(label)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


def bytes_of(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in path.parent.iterdir())


def secret(length: int) -> str:
    return "a secret of " + "many words " * length


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 100_000], ids=["within a page", "over many pages"])
async def test_what_was_deleted_is_not_in_the_file(path: Path, length: int) -> None:
    journal = Journal(path)
    await journal.insert(record("one", prompt=secret(length), text=secret(length), interaction_id="v1_a"))
    assert b"a secret of" in bytes_of(path)
    await journal.delete("one")
    assert b"a secret of" not in bytes_of(path)
    assert b"many words" not in bytes_of(path)
    await journal.close()


async def test_what_another_program_reads_is_out_of_the_file_at_the_end(path: Path) -> None:
    journal = Journal(path)
    await journal.insert(record("one", prompt=secret(1)))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM interactions").fetchone() == (1,)
        assert await journal.delete("one")
        assert b"a secret of" in bytes_of(path)
        other.execute("COMMIT")
    await journal.close()
    assert b"a secret of" not in bytes_of(path)


async def test_sqlite_overwrites_what_is_deleted_also_where_it_was_built_not_to(path: Path) -> None:
    make_file(parse_url(path))
    engine = make_engine(parse_url(path))

    def forget(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA secure_delete=OFF").close()

    event.listen(engine.sync_engine, "connect", forget, insert=True)
    async with engine.connect() as connection:
        assert (await connection.execute(sa.text("PRAGMA secure_delete"))).scalar_one() == 1
    await engine.dispose()
