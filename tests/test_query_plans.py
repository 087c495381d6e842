"""How PostgreSQL finds rows among 100,000, and how long a search takes."""

import inspect
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.asyncpg import dialect as postgresql_dialect
from sqlalchemy.schema import CreateIndex

from conftest import FAST
from gemini_interactions_mcp.journal import schema, server_secrets
from gemini_interactions_mcp.journal.database import Database
from gemini_interactions_mcp.journal.journal import Journal, open_database
from gemini_interactions_mcp.journal.leases import list_unfinished_principals
from gemini_interactions_mcp.journal.limits import Limits
from gemini_interactions_mcp.journal.rows import FileListing
from gemini_interactions_mcp.models.uploads import UploadedFile
from journaling import execute, record

pytestmark = pytest.mark.slow

ROWS = 100_000
PART = 25_000
NOW = datetime.now(UTC)
FILL = """
INSERT INTO interactions (label, interaction_id, kind, plan, status, prompt, text, citations, files, created_at,
  updated_at, settled_at, fingerprint, approves, origin, stored, files_pending, principal, cost_micros,
  previous_interaction_id, owner, owned_until, leased_at, deleted_at)
SELECT 'label-' || n, 'v1_' || md5(n::text), (ARRAY['ask', 'research', 'image'])[n % 3 + 1], false,
  CASE WHEN n % 1000 = 0 THEN 'in_progress' ELSE 'completed' END,
  'question ' || n || ' about ' || (ARRAY['rivers', 'lighthouses', 'glaciers'])[n % 3 + 1],
  'word' || n % 5000 || ' ' || repeat(md5((n / 7)::text) || ' ', 20), '[]',
  CASE WHEN n % 500 = 0 THEN '[{{"name": "f' || n || '.png", "path": "/out/f' || n || '.png"}}]' ELSE '[]' END::json,
  moment, moment, CASE WHEN n % 1000 = 0 THEN NULL ELSE moment END, md5((n / 2)::text), false, 'ours', true, false,
  CASE WHEN n % 2 = 0 THEN '' ELSE 'principal-' || n % 50 END, n % 100,
  CASE WHEN n % 10 = 0 THEN 'v1_' || md5((n - 1)::text) END, CASE WHEN n % 1000 = 0 THEN 'owner-' || n % 7000 END,
  NULL, NULL, NULL
FROM (SELECT n, to_char(now() AT TIME ZONE 'UTC' - n * interval '40 seconds',
  'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') AS moment FROM generate_series({first}, {last}) AS n) AS numbered
"""
LIMITS = Limits(10**6, 10**9, 10**9, 10**6, 10**9)
DAY, ALL = LIMITS.list_research_limits(NOW), LIMITS.list_spending_limits(NOW)
FILE = UploadedFile(name="files/a", uri="u", expires_at=NOW)
WANTED = record("new", kind="research", fingerprint="f", created_at=NOW, updated_at=NOW, cost_micros=1)
LATELY = NOW - timedelta(minutes=10)

Call = Callable[[Journal], Awaitable[object]]
CALLS: dict[str, Call] = {
    "find": lambda journal: journal.find("v1_a"),
    "page": lambda journal: journal.page(),
    "page of a kind": lambda journal: journal.page(kind="task"),
    "page of a status": lambda journal: journal.page(status="in_progress"),
    "page of a rare word": lambda journal: journal.page(query="word77"),
    "page of a common word": lambda journal: journal.page(query="lighthouses"),
    "page of two words": lambda journal: journal.page(query="about rive"),
    "page of a part of an id": lambda journal: journal.page(query="v1_c4ca42"),
    "page of a short text": lambda journal: journal.page(query="on"),
    "page of signs": lambda journal: journal.page(query="灯台"),
    "page after another": lambda journal: journal.page(cursor="MjAyNi0wMS0wMVQwMDowMDowMC4wMDAwMDArMDA6MDAgbGFiZWw"),
    "unfinished": lambda journal: journal.unfinished(but="me"),
    "ids": lambda journal: journal.ids("v1_c4"),
    "newest": lambda journal: journal.newest(),
    "followers": lambda journal: journal.followers("v1_a"),
    "twin": lambda journal: journal.twin(WANTED, LATELY),
    "undelivered": lambda journal: journal.undelivered(WANTED, LATELY),
    "holds": lambda journal: journal.holds("/out/f500.png"),
    "names_environment": lambda journal: journal.names_environment("environment-1"),
    "list_files": lambda journal: journal.list_files("label-1"),
    "replace_files": lambda journal: journal.replace_files("label-1", FileListing((), "[]"), ()),
    "deleted": lambda journal: journal.deleted("label-1"),
    "research_sent": lambda journal: journal.research_sent(LATELY),
    "spending": lambda journal: journal.spending(),
    "usage": lambda journal: journal.usage("model", since=LATELY),
    "check_limits": lambda journal: journal.check_limits(WANTED, DAY, ALL),
    "insert": lambda journal: journal.insert(record("another")),
    "insert_once": lambda journal: journal.insert_once(WANTED, LATELY, research=DAY, spending=ALL),
    "update": lambda journal: journal.update("label-1", text="said"),
    "claim": lambda journal: journal.claim("label-1000", "me", 30),
    "seize": lambda journal: journal.seize("label-1000", "me", 30),
    "renew": lambda journal: journal.renew("me", 30),
    "owner": lambda journal: journal.owner("label-1000"),
    "owners": lambda journal: journal.owners(),
    "release": lambda journal: journal.release("me"),
    "delete": lambda journal: journal.delete("label-1"),
    "prune": lambda journal: journal.prune(NOW - timedelta(days=45)),
    "uploads": lambda journal: journal.uploads("us", 1, "text/plain"),
    "keep_upload": lambda journal: journal.keep_upload("us", 1, "text/plain", "d", FILE),
    "claim_upload": lambda journal: journal.claim_upload("us", 1, "text/plain", "d", FILE),
    "drop_upload": lambda journal: journal.drop_upload("us", "d"),
    "set_clock": lambda journal: journal.set_clock(),
    "close": lambda journal: journal.close(),
}
SCANNING: frozenset[str] = frozenset()
"""Calls that may go through all rows."""


@pytest.fixture(scope="module")
def filled(postgresql: Callable[[], str]) -> str:
    url = postgresql()

    async def fill() -> None:
        opened = open_database(url, FAST)
        await list_unfinished_principals(opened)
        # Faster than row by row.
        await execute(url, "ALTER TABLE interactions DISABLE TRIGGER USER", "DROP INDEX interactions_by_words")
        for part in range(0, ROWS, PART):
            await execute(url, FILL.format(first=part + 1, last=part + PART))
        words = str(CreateIndex(schema.SHARED_INDEXES[0]).compile(dialect=postgresql_dialect()))
        await execute(url, words.replace(":", "\\:"))
        await execute(url, "ALTER TABLE interactions ENABLE TRIGGER USER", "VACUUM ANALYZE interactions")
        await opened.close()

    anyio.run(fill)
    return url


@pytest.fixture
async def opened(filled: str) -> AsyncGenerator[Database]:
    made = open_database(filled, FAST)
    await list_unfinished_principals(made)
    yield made
    await made.close()


class Planned:
    """Collects the statements of a database, and asks how they are executed.

    Args:
        opened: The database.
    """

    def __init__(self, opened: Database) -> None:
        self._engine = opened._engine  # pyright: ignore[reportPrivateUsage] - a test
        self._seen: list[tuple[str, Any]] = []
        assert self._engine
        event.listen(self._engine.sync_engine, "before_cursor_execute", self._collect)

    def _collect(self, _connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        self._seen.append((statement, parameters))

    async def explain(self) -> list[str]:
        """The plans of what was executed."""
        seen, self._seen = self._seen, []
        assert self._engine
        plans: list[str] = []
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            for statement, parameters in seen:
                rows = await driver.fetch(f"EXPLAIN {statement}", *parameters)
                plans.append("\n".join([statement, *(row[0] for row in rows)]))
        return plans

    def stop(self) -> None:
        assert self._engine
        event.remove(self._engine.sync_engine, "before_cursor_execute", self._collect)


async def test_no_call_goes_through_all_rows(opened: Database) -> None:
    journal, planned = Journal(opened, principal="principal-7"), Planned(opened)
    methods = {name for name, _ in inspect.getmembers(Journal, inspect.iscoroutinefunction) if not name.startswith("_")}
    assert methods == {name.partition(" ")[0] for name in CALLS}
    scanning: dict[str, list[str]] = {}
    for name, call in CALLS.items():
        if name == "close":
            continue
        await call(journal)
        if through := [plan for plan in await planned.explain() if "Seq Scan on interactions" in plan]:
            scanning[name] = through
    await list_unfinished_principals(opened)
    await server_secrets.share_secret(opened, "links")
    assert not [plan for plan in await planned.explain() if "Seq Scan on interactions" in plan]
    planned.stop()
    assert {name: plans for name, plans in scanning.items() if name not in SCANNING} == {}


@pytest.mark.parametrize(
    "query",
    [
        "word77",
        "lighthouses",
        "about rive",
        "md",
        "on",
        "v1_c4ca4238a0b923820dcc509a6f75849b",
        "nowhere",
        "glaciers word77",
    ],
)
async def test_a_search_takes_less_than_50_ms(opened: Database, query: str) -> None:
    # Who has 2,000 of the rows; and who has half of them, where a common word is in 17,000.
    for principal in ("principal-7", ""):
        journal = Journal(opened, principal=principal)
        took: list[float] = []
        for _ in range(7):
            began = time.perf_counter()
            await journal.page(query=query)
            took.append(time.perf_counter() - began)
        assert min(took) < (0.05 if principal else 0.25)
