"""Who follows a row of the journal, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from gemini_interactions_mcp.journal.journal import Journal
from journaling import Clock, execute, record

LEASE = timedelta(seconds=30)


@pytest.mark.slow
async def test_a_row_is_followed_by_one_owner_at_a_time(journal: Journal) -> None:
    later = datetime.now(UTC) + timedelta(minutes=1)
    await journal.insert(record("one"), owner="first", until=later)
    assert not await journal.claim("one", "second", later)
    assert await journal.claim("one", "first", later)
    await journal.release("first")
    assert await journal.claim("one", "second", later)
    assert not await journal.claim("one", "first", later)


async def test_a_row_without_an_owner_is_free(journal: Journal) -> None:
    await journal.insert(record("one"))
    assert await journal.claim("one", "first", datetime.now(UTC) + timedelta(minutes=1))
    assert not await journal.claim("none", "first", datetime.now(UTC))


async def test_an_owner_that_is_not_heard_of_loses_its_rows(journal: Journal) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    later = datetime.now(UTC) + timedelta(minutes=1)
    await journal.insert(record("renewed"), owner="first", until=past)
    await journal.insert(record("lost"), owner="third", until=past)
    await journal.renew("first", later)
    assert not await journal.claim("renewed", "second", later)
    assert await journal.claim("lost", "second", later)


@pytest.mark.parametrize("back", [timedelta(seconds=11), timedelta(hours=1), timedelta(days=400)], ids=str)
async def test_a_clock_that_was_set_back_makes_no_lease_longer(journal: Journal, clock: Clock, back: timedelta) -> None:
    await journal.insert(record("written"), owner="first", until=clock.now + LEASE)
    await journal.insert(record("claimed"))
    assert await journal.claim("claimed", "first", clock.now + LEASE)
    await journal.insert(record("renewed"), owner="third", until=clock.now)
    await journal.renew("third", clock.now + LEASE)
    clock.now -= back
    for label in ("written", "claimed", "renewed"):
        assert await journal.claim(label, "second", clock.now + LEASE), label
        assert not await journal.claim(label, "first", clock.now + LEASE), label


@pytest.mark.parametrize("apart", [timedelta(), timedelta(microseconds=1), timedelta(seconds=9)], ids=str)
async def test_clocks_that_are_a_little_apart_end_no_lease(journal: Journal, clock: Clock, apart: timedelta) -> None:
    await journal.insert(record("one"), owner="first", until=clock.now + LEASE)
    clock.now -= apart
    assert not await journal.claim("one", "second", clock.now + LEASE)


async def test_a_server_whose_leases_are_shorter_ends_none_of_another(journal: Journal, clock: Clock) -> None:
    await journal.insert(record("one"), owner="first", until=clock.now + LEASE)
    assert not await journal.claim("one", "second", clock.now + timedelta(seconds=1))


async def test_a_lease_of_a_version_that_did_not_say_when_it_began_lasts_until_its_end(
    journal: Journal, journal_url: str, clock: Clock
) -> None:
    await journal.insert(record("one"), owner="first", until=clock.now + LEASE)
    await execute(journal_url, "UPDATE interactions SET leased_at = NULL")
    assert not await journal.claim("one", "second", clock.now + LEASE)
    clock.now += LEASE + timedelta(seconds=1)
    assert await journal.claim("one", "second", clock.now + LEASE)


async def test_a_lease_ends_when_its_time_has_come(journal: Journal, clock: Clock) -> None:
    await journal.insert(record("one"), owner="first", until=clock.now + LEASE)
    clock.now += LEASE
    assert not await journal.claim("one", "second", clock.now + LEASE)
    clock.now += timedelta(microseconds=1)
    assert await journal.claim("one", "second", clock.now + LEASE)
