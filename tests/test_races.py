"""Servers that do the same at the same time, each with a connection and a thread of its own."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import anyio
import pytest

from conftest import FAST
from gemini_interactions_mcp.core.errors import DailyLimitError, JournalError, SpendingLimitError
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.journal.limits import ResearchLimit, SpendingLimit
from gemini_interactions_mcp.models.interactions import Interaction
from gemini_interactions_mcp.output.places import LocalFolder
from gemini_interactions_mcp.runs.bookkeeping import Ledger
from journaling import NOON, record

pytestmark = pytest.mark.slow

TRIES = 60
PAID_TRIES = 200
BEFORE = NOON - timedelta(hours=1)

Job = Callable[[Journal, int], Awaitable[str]]
"""Does something in a try of that number, and says what came of it."""


def race(url: str, *jobs: Job, before: Job | None = None, tries: int = TRIES) -> list[tuple[str, ...]]:
    """What came of the jobs, each on a journal of its own, in each of many tries that they begin together.

    Args:
        url: Of the journal.
        jobs: What is done at once.
        before: What is done before each try.
        tries: The number of tries.
    """
    barrier = Barrier(len(jobs), timeout=30)

    async def repeat(job: Job, before: Job | None) -> list[str]:
        journal = Journal(url)
        await journal.unfinished()
        came: list[str] = []
        for number in range(tries):
            if before:
                await before(journal, number)
            barrier.wait()
            came.append(await job(journal, number))
            barrier.wait()
        await journal.close()
        return came

    def run(job: Job, before: Job | None) -> list[str]:
        try:
            return anyio.run(repeat, job, before)
        except BaseException:
            barrier.abort()
            raise

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(zip(*pool.map(run, jobs, [before, *[None] * (len(jobs) - 1)]), strict=True))


def day(number: int) -> datetime:
    """A day for each try, so that what an earlier one left does not count."""
    return NOON + timedelta(days=number)


def buy_the_same(server: str) -> Job:
    async def buy(journal: Journal, number: int) -> str:
        wanted = record(f"{number}-{server}", kind="research", created_at=day(number), fingerprint=f"{number}")
        return "bought" if await journal.insert_once(wanted, BEFORE) is None else "was told"

    return buy


def take_a_place(server: str, places: int) -> Job:
    async def take(journal: Journal, number: int) -> str:
        wanted = record(f"{server}{number}-", kind="research", created_at=day(number))
        try:
            await journal.insert_once(wanted, None, research=[ResearchLimit(places, day(number))])
        except DailyLimitError:
            return "refused"
        return "bought"

    return take


def spend(server: str, micros: int, limit: int) -> Job:
    async def pay(journal: Journal, number: int) -> str:
        wanted = record(f"{server}{number}-", created_at=day(number), cost_micros=micros)
        allowed = SpendingLimit(limit, day(number), day(number + 1), "GEMINI_MCP_DOLLARS_PER_DAY")
        try:
            await journal.insert_once(wanted, None, spending=[allowed])
        except SpendingLimitError:
            return "refused"
        return "paid"

    return pay


async def insert_old(journal: Journal, number: int) -> str:
    fields = {"interaction_id": f"v1_{number}", "kind": "research", "fingerprint": f"{number}"}
    await journal.insert(record(f"{number}-old", created_at=day(number), **fields))
    return "inserted"


async def delete_old(journal: Journal, number: int) -> str:
    return "deleted" if await journal.delete(f"{number}-old") else "not there"


def test_the_same_research_is_bought_once(journal_url: str) -> None:
    came = race(journal_url, buy_the_same("first"), buy_the_same("second"))
    assert [sorted(each) for each in came] == [["bought", "was told"]] * TRIES


def test_the_last_place_of_a_day_is_taken_once(journal_url: str) -> None:
    came = race(journal_url, take_a_place("a", 1), take_a_place("b", 1))
    assert [sorted(each) for each in came] == [["bought", "refused"]] * TRIES


def test_what_is_left_of_a_limit_in_dollars_is_spent_once(journal_url: str) -> None:
    came = race(journal_url, spend("a", 600_000, 1_000_000), spend("b", 500_000, 1_000_000), tries=PAID_TRIES)
    assert [sorted(each) for each in came] == [["paid", "refused"]] * PAID_TRIES


def test_what_fits_a_limit_in_dollars_is_spent_by_both(journal_url: str) -> None:
    came = race(journal_url, spend("a", 500_000, 1_000_000), spend("b", 500_000, 1_000_000))
    assert came == [("paid", "paid")] * TRIES


def test_what_is_deleted_meanwhile_is_bought_once_at_most(journal_url: str) -> None:
    came = race(journal_url, buy_the_same("first"), buy_the_same("second"), delete_old, before=insert_old)
    assert {each[2] for each in came} == {"deleted"}
    # It was deleted before the others asked, or after.
    assert {tuple(sorted(each[:2])) for each in came} <= {("bought", "was told"), ("was told", "was told")}


def test_to_delete_meanwhile_gives_no_place_back(journal_url: str) -> None:
    # One of two places is taken by what is being deleted.
    came = race(journal_url, take_a_place("a", 2), take_a_place("b", 2), delete_old, before=insert_old)
    assert [sorted(each[:2]) for each in came] == [["bought", "refused"]] * TRIES
    assert {each[2] for each in came} == {"deleted"}


def test_an_interaction_is_adopted_once(journal_url: str) -> None:
    def adopt(server: str) -> Job:
        async def insert(journal: Journal, number: int) -> str:
            try:
                await journal.insert(record(f"{server}{number}", interaction_id=f"v1_{number}", origin="foreign"))
            except JournalError as exc:
                return str(exc)
            return "adopted"

        return insert

    came = race(journal_url, adopt("a"), adopt("b"))
    assert {each.count("adopted") for each in came} == {1}
    assert all("already has a row of this label or interaction_id" in "".join(each) for each in came)


def test_servers_that_adopt_one_interaction_both_go_on(journal_url: str, tmp_path: Path) -> None:
    async def adopt(journal: Journal, number: int) -> str:
        ledger = Ledger(journal, LocalFolder(tmp_path), FAST)
        name = f"v1_{number}"
        adopted = await ledger.adopt(Interaction(id=name, status="completed", text="It is 4."), name)
        kept = await journal.find(name)
        assert kept is not None
        assert (adopted.interaction_id, kept.interaction_id) == (name, name)
        return kept.label

    came = race(journal_url, adopt, adopt)
    assert {len(set(each)) for each in came} == {1}


def test_a_free_row_is_claimed_by_one_server(journal_url: str) -> None:
    def claim(owner: str) -> Job:
        async def follow(journal: Journal, number: int) -> str:
            return "claimed" if await journal.claim(f"{number}-old", owner, 30) else "left"

        return follow

    came = race(journal_url, claim("first"), claim("second"), before=insert_old)
    assert [sorted(each) for each in came] == [["claimed", "left"]] * TRIES
