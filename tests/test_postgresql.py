"""What is different where several servers share a PostgreSQL, and what the others like it say."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from conftest import FAST
from gemini_interactions_mcp.core.errors import JournalError
from gemini_interactions_mcp.journal import engine, transactions
from gemini_interactions_mcp.journal.database_url import parse_url
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.journal.limits import ResearchLimit
from journaling import NOON, execute, record

TWO = record("two", fingerprint="f")


@pytest.fixture
def journal_url(postgresql: Callable[[], str]) -> str:
    return postgresql()


@pytest.fixture
async def impatient(journal_url: str) -> AsyncGenerator[Journal]:
    opened = Journal(journal_url, timing=replace(FAST, busy=0.05))
    yield opened
    await opened.close()


@asynccontextmanager
async def another_program(url: str) -> AsyncGenerator[AsyncConnection]:
    """A connection whose statements are one transaction."""
    opened = engine.make_engine(parse_url(url))
    async with opened.connect() as connection:
        await connection.execution_options(isolation_level="READ COMMITTED")
        yield connection
    await opened.dispose()


async def waiting(url: str) -> None:
    """Wait until a statement waits for a lock."""
    locked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while await execute(url, locked) == [(0,)]:
        pass


@pytest.mark.slow
async def test_servers_that_make_one_database_at_once_all_succeed(journal_url: str) -> None:
    journals = [Journal(journal_url) for _ in range(8)]
    async with anyio.create_task_group() as group:
        for number, each in enumerate(journals):
            group.start_soon(each.insert_once, record(str(number)), None)
    assert len((await journals[0].page())[0]) == 8
    for each in journals:
        await each.close()


@pytest.mark.slow
async def test_what_the_tables_cannot_be_made_for_is_said(journal_url: str) -> None:
    await execute(journal_url, "CREATE VIEW uploads AS SELECT 1 AS account")
    journal = Journal(journal_url)
    with pytest.raises(JournalError, match="cannot be used"):
        await journal.insert(record("one"))
    await journal.close()


@pytest.mark.slow
async def test_a_server_that_stands_still_while_it_decides_holds_up_no_more_than_decisions(
    impatient: Journal, journal_url: str
) -> None:
    await impatient.insert(record("one", interaction_id="v1_a"))
    async with another_program(journal_url) as other:
        await other.execute(transactions.begin_change("0" * 32, ["everybody"]))
        with pytest.raises(JournalError, match="is being written by too many programs at once"):
            await impatient.insert_once(TWO, NOON, research=[ResearchLimit(1, NOON)])
        await impatient.update("one", patience=0, text="said")
        await impatient.insert(record("three"))
        found = await impatient.find("v1_a", patience=0)
        assert found is not None
        assert found.text == "said"
        await other.rollback()
    assert await impatient.insert_once(TWO, NOON, research=[ResearchLimit(1, NOON)]) is None


@pytest.mark.slow
async def test_a_decision_waits_for_the_one_before_it(journal: Journal, journal_url: str) -> None:
    await journal.insert(record("one"))
    async with another_program(journal_url) as other, anyio.create_task_group() as group:
        await other.execute(transactions.begin_change("0" * 32, ["principal "]))
        decided = anyio.Event()

        async def decide() -> None:
            assert await journal.insert_once(TWO, NOON) is None
            decided.set()

        group.start_soon(decide)
        # It gives up its turn meanwhile.
        assert [each.label for each in (await journal.page())[0]] == ["one"]
        assert not decided.is_set()
        await other.rollback()


async def test_what_could_not_be_serialized_is_tried_again(journal: Journal, journal_url: str) -> None:
    await journal.insert(record("one", interaction_id="v1_a"))
    await journal.close()
    await execute(journal_url, "ALTER DATABASE journal SET default_transaction_isolation = serializable")
    later = Journal(journal_url)
    async with another_program(journal_url) as other, anyio.create_task_group() as group:
        await other.execute(sa.text("UPDATE interactions SET status = 'in_progress'"))
        group.start_soon(lambda: later.update("one", text="said"))
        await waiting(journal_url)
        # Which the update would have overwritten without having seen it (SQLSTATE 40001).
        await other.commit()
    found = await later.find("v1_a")
    await later.close()
    assert found is not None
    assert (found.status, found.text) == ("in_progress", "said")


async def refuse(url: str, code: str, times: int) -> None:
    """Have the database undo that many updates."""
    await execute(
        url,
        "CREATE SEQUENCE tries",
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END IF;"
        " RETURN NEW; END $$",
        "CREATE TRIGGER refusing BEFORE UPDATE ON interactions FOR EACH ROW EXECUTE FUNCTION refuse()",
    )


@pytest.mark.slow
@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
async def test_what_a_collision_has_undone_is_tried_again(journal: Journal, journal_url: str, code: str) -> None:
    await journal.insert(record("one", interaction_id="v1_a"))
    await refuse(journal_url, code, 3)
    await journal.update("one", text="said")
    found = await journal.find("v1_a")
    assert found is not None
    assert found.text == "said"
    assert await execute(journal_url, "SELECT last_value FROM tries") == [(4,)]


@pytest.mark.slow
async def test_what_always_collides_is_not_tried_for_ever(impatient: Journal, journal_url: str) -> None:
    await impatient.insert(record("one"))
    await refuse(journal_url, "40P01", 10**6)
    with pytest.raises(JournalError, match="is being written by too many programs at once"):
        await impatient.update("one", text="said")


@pytest.mark.slow
async def test_what_fails_by_itself_is_not_tried_again(journal: Journal, journal_url: str) -> None:
    await journal.insert(record("one"))
    await refuse(journal_url, "22012", 1)
    with pytest.raises(JournalError, match="cannot be used"):
        await journal.update("one", text="said")
    assert await execute(journal_url, "SELECT last_value FROM tries") == [(1,)]


@pytest.mark.slow
async def test_what_the_url_says_of_tls_reaches_the_driver(journal_url: str) -> None:
    journal = Journal(f"{journal_url}&sslmode=prefer&application_name=gemini")
    await journal.insert(record("one"))
    names = await execute(journal_url, "SELECT application_name FROM pg_stat_activity WHERE application_name <> ''")
    await journal.close()
    assert names == [("gemini",)]
    refused = Journal(f"{journal_url}&sslmode=nonsense")
    with pytest.raises(JournalError, match="`sslmode` parameter must be one of"):
        await refused.insert(record("two"))
    await refused.close()


async def test_a_certificate_that_is_not_there_is_missed(journal_url: str) -> None:
    journal = Journal(f"{journal_url}&sslmode=verify-full&sslrootcert=/none/root.pem")
    with pytest.raises(JournalError, match="No such file"):
        await journal.insert(record("one"))
    await journal.close()


@pytest.mark.slow
async def test_neither_the_prompt_nor_a_password_is_in_an_error(journal: Journal, journal_url: str) -> None:
    await journal.insert(record("one"))
    await execute(journal_url, "ALTER TABLE interactions RENAME TO elsewhere")
    with pytest.raises(JournalError, match='relation "interactions" does not exist') as caught:
        await journal.insert(record("two", prompt="my secret"))
    assert "secret" not in f"{caught.value} {caught.value.__cause__}"
    stranger = Journal(journal_url.replace("postgres:@", "p%40ss%2Fword:p%40ss%2Fword@"))
    with pytest.raises(JournalError, match=r'role "\*\*\*" does not exist'):
        await stranger.insert(record("one"))
    await stranger.close()
