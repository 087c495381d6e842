"""Rows of a journal, and its database without the journal."""

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import anyio.to_thread
import sqlalchemy as sa

from gemini_interactions_mcp.journal.database_url import parse_url
from gemini_interactions_mcp.journal.engine import make_engine
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import (
    Citation,
    Execution,
    Media,
    Record,
    SavedFile,
    Terms,
    Usage,
    is_settled,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """What the journal takes for the time."""

    now: datetime = NOON


def record(label: str, **fields: object) -> Record:
    made = Record.model_validate({"kind": "ask", "created_at": NOON, "updated_at": NOON, "label": label} | fields)
    ended_at = made.settled_at or (made.updated_at if is_settled(made.status) else None)
    return made.model_copy(update={"settled_at": ended_at})


def full_record() -> Record:
    return Record(
        label="a" * 32,
        interaction_id="v1_abc",
        kind="research",
        status="completed",
        model="gemini-3.8-flash",
        agent="deep-research",
        previous_interaction_id="v1_before",
        prompt="Ölfässer, 日本語, 🛢️",
        text="Zeile 1\n行 2\n" + "ø" * 70_000,
        citations=(Citation(url="https://例え.jp/", title="«Öl»", start=3, end=9), Citation(url="https://b.test")),
        usage=Usage(total_input_tokens=3, total_tokens=2**40),
        files=(SavedFile(name="ø.png", path="/tmp/ø.png", mime_type="image/png", bytes=9, width=3, height=2),),
        plan=True,
        environment_id="e1",
        tools=("google_search", "mcp:docs"),
        code=(Execution(code="print('行')", language="python", output="行\n", failed=True),),
        failures=("not read: https://例え.jp/ (paywall)", "and 3 more"),
        error="Überlastet",
        terms=Terms(response_schema={"type": "object"}, max_output_tokens=5, max_total_tokens=7),
        stopped_by="cancel_research",
        created_at=NOON + timedelta(microseconds=1),
        updated_at=datetime(2026, 3, 1, 14, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        finished_at=NOON + timedelta(seconds=1),
        delivered_at=NOON + timedelta(seconds=2),
        detached_at=NOON + timedelta(seconds=3),
        topic="Fässer",
        fingerprint="0123456789abcdef",
        approves=True,
        files_pending=True,
        cost_micros=2**40,
        settled_at=NOON + timedelta(seconds=4),
        media=(Media(kind="video", mime_type="video/mp4", uri="https://例え.jp/files/a:download"),),
    )


def share(journal: Journal, principal: str) -> Journal:
    """The journal of another principal, in the same database."""
    return Journal(journal._database.database, principal=principal)  # pyright: ignore[reportPrivateUsage] - a test


async def insert_all(journal: Journal, records: list[Record]) -> None:
    for each in records:
        await share(journal, each.principal).insert(each)


async def labels(
    journal: Journal, query: str | None = None, kind: str | None = None, status: str | None = None
) -> set[str]:
    return {each.label for each in (await journal.page(query=query, kind=kind, status=status))[0]}


async def execute(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """The rows that the last of some statements comes to, in SQL."""
    engine = make_engine(parse_url(url))
    rows: list[tuple[Any, ...]] = []
    async with engine.connect() as connection:
        for each in statements:
            result = await connection.execute(sa.text(each))
            rows = [tuple(row) for row in result.all()] if result.returns_rows else []
    await engine.dispose()
    return rows


EARLIER_VERSIONS = ("0.1.0", "0.2.0", "schema-4")


async def load(url: str, version: str) -> None:
    """Fill an empty database with the journal of an earlier version; see data/journals/README.md."""
    dumps = Path(__file__).parent / "data" / "journals"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(str(parse_url(url).database))) as connection:
            dump = (dumps / f"journal-{version}.sql").read_text(encoding="utf-8")
            connection.executescript(f"BEGIN; {dump} COMMIT;")
        return
    engine = make_engine(parse_url(url))
    async with engine.connect() as connection:
        # SQLAlchemy passes one statement at a time.
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute((dumps / f"postgresql-{version}.sql").read_text(encoding="utf-8"))
    await engine.dispose()


async def select_all(url: str, columns: str = "*") -> list[dict[str, Any]]:
    """Return the rows of all interactions, deleted or not, by their columns."""
    engine = make_engine(parse_url(url))
    async with engine.connect() as connection:
        found = await connection.execute(sa.text(f"SELECT {columns} FROM interactions ORDER BY created_at, label"))
        rows = [dict(row) for row in found.mappings()]
    await engine.dispose()
    return rows


async def join_connection_threads() -> None:
    """Wait for the threads of aiosqlite, which does not wait for that of a database that it could not open.

    They report to the event loop, which a test closes next.
    """
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await anyio.to_thread.run_sync(thread.join, 5)
