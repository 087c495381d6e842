"""Who follows a row of the journal, and until when."""

from datetime import timedelta

import pytest

from gemini_interactions_mcp.journal.journal import Journal
from journaling import Clock, execute, record

LEASE = 30.0
ONE_MACHINE = pytest.mark.parametrize("journal_url", ["sqlite"], indirect=True)
"""What its own clock decides; in PostgreSQL, that of the database does."""


@pytest.mark.slow
async def test_a_row_is_followed_by_one_owner_at_a_time(journal: Journal) -> None:
    await journal.insert(record("one"), owner="first", seconds=60)
    assert not await journal.claim("one", "second", 60)
    assert await journal.claim("one", "first", 60)
    await journal.release("first")
    assert await journal.claim("one", "second", 60)
    assert not await journal.claim("one", "first", 60)


async def test_a_row_without_an_owner_is_free(journal: Journal) -> None:
    await journal.insert(record("one"))
    assert await journal.claim("one", "first", 60)
    assert not await journal.claim("none", "first", 0)


async def test_an_owner_that_is_not_heard_of_loses_its_rows(journal: Journal) -> None:
    await journal.insert(record("renewed"), owner="first", seconds=-1)
    await journal.insert(record("lost"), owner="third", seconds=-1)
    await journal.renew("first", 60)
    assert not await journal.claim("renewed", "second", 60)
    assert await journal.claim("lost", "second", 60)


@ONE_MACHINE
@pytest.mark.parametrize("back", [timedelta(seconds=11), timedelta(hours=1), timedelta(days=400)], ids=str)
async def test_a_clock_that_was_set_back_makes_no_lease_longer(journal: Journal, clock: Clock, back: timedelta) -> None:
    await journal.insert(record("written"), owner="first", seconds=LEASE)
    await journal.insert(record("claimed"))
    assert await journal.claim("claimed", "first", LEASE)
    await journal.insert(record("renewed"), owner="third", seconds=0)
    await journal.renew("third", LEASE)
    clock.now -= back
    for label in ("written", "claimed", "renewed"):
        assert await journal.claim(label, "second", LEASE), label
        assert not await journal.claim(label, "first", LEASE), label


@ONE_MACHINE
@pytest.mark.parametrize("apart", [timedelta(), timedelta(microseconds=1), timedelta(seconds=9)], ids=str)
async def test_clocks_that_are_a_little_apart_end_no_lease(journal: Journal, clock: Clock, apart: timedelta) -> None:
    await journal.insert(record("one"), owner="first", seconds=LEASE)
    clock.now -= apart
    assert not await journal.claim("one", "second", LEASE)


@ONE_MACHINE
async def test_a_server_whose_leases_are_shorter_ends_none_of_another(journal: Journal, clock: Clock) -> None:
    await journal.insert(record("one"), owner="first", seconds=LEASE)
    assert not await journal.claim("one", "second", 1)


@ONE_MACHINE
async def test_a_lease_of_a_version_that_did_not_say_when_it_began_lasts_until_its_end(
    journal: Journal, journal_url: str, clock: Clock
) -> None:
    await journal.insert(record("one"), owner="first", seconds=LEASE)
    await execute(journal_url, "UPDATE interactions SET leased_at = NULL")
    assert not await journal.claim("one", "second", LEASE)
    clock.now += timedelta(seconds=LEASE + 1)
    assert await journal.claim("one", "second", LEASE)


@ONE_MACHINE
async def test_a_lease_ends_when_its_time_has_come(journal: Journal, clock: Clock) -> None:
    await journal.insert(record("one"), owner="first", seconds=LEASE)
    clock.now += timedelta(seconds=LEASE)
    assert not await journal.claim("one", "second", LEASE)
    clock.now += timedelta(microseconds=1)
    assert await journal.claim("one", "second", LEASE)
