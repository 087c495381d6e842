"""The rows of files that clients send: one transfer counts, and each principal has its own."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import anyio
import pytest

from gemini_interactions_mcp.journal import clock as time_of_day
from gemini_interactions_mcp.journal import received
from gemini_interactions_mcp.journal.database import Database
from gemini_interactions_mcp.journal.journal import open_database
from gemini_interactions_mcp.journal.received import ReceivedRows, list_expiring_principals
from gemini_interactions_mcp.models.received import ReceivedFile
from journaling import Clock


@pytest.fixture
async def database(journal_url: str) -> AsyncGenerator[Database]:
    opened = open_database(journal_url)
    yield opened
    await opened.close()


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (time_of_day, received):
        monkeypatch.setattr(module, "now", lambda: made.now)
    return made


def announced(moment: Clock, name: str = "one", size: int | None = None) -> ReceivedFile:
    later = moment.now + timedelta(minutes=15)
    return ReceivedFile(
        id=name, name="a.txt", mime_type="text/plain", bytes=size, created_at=moment.now, expires_at=later
    )


async def add(rows: ReceivedRows, file: ReceivedFile, files: int = 9, size: int = 90) -> bool:
    """Announce a file where at most so many are kept, and one of an unknown size counts 10 bytes."""
    return await rows.add(file, 10, files, size)


async def test_one_transfer_counts(database: Database, moment: Clock) -> None:
    rows = ReceivedRows(database, "alice")
    file = announced(moment)
    assert await add(rows, file)
    assert await rows.find("one") == file
    first = await rows.claim("one")
    assert first is not None
    assert await rows.claim("one") is None
    await rows.release("one", first)
    moment.now += timedelta(seconds=1)
    second = await rows.claim("one")
    assert second is not None
    moment.now += received.ABANDONED_CLAIM + timedelta(seconds=1)
    third = await rows.claim("one")
    assert third is not None
    done = file.model_copy(update={"bytes": 3, "sha256": "abc", "path": "/x", "received_at": moment.now})
    assert not await rows.finish("one", second, done)
    assert await rows.finish("one", third, done)
    assert await rows.claim("one") is None
    found = await rows.find("one")
    assert found is not None
    assert (await rows.measure(9), await ReceivedRows(database, "bob").measure(9)) == ((1, 3), (0, 0))
    assert (found.bytes, found.path, found.received_at) == (3, "/x", moment.now)


async def test_principals_have_their_own(database: Database, moment: Clock) -> None:
    alice, bob = ReceivedRows(database, "alice"), ReceivedRows(database, "bob")
    assert await add(alice, announced(moment))
    assert await bob.find("one") is None
    assert await bob.claim("one") is None
    await bob.remove("one")
    moment.now += timedelta(minutes=15)
    assert await alice.find("one") is None
    assert await alice.claim("one") is None
    assert await bob.list_expired() == []
    assert await list_expiring_principals(database) == ["alice"]
    assert [file.id for file in await alice.list_expired()] == ["one"]
    await alice.remove("one")
    assert await list_expiring_principals(database) == []


@pytest.mark.parametrize(("files", "size"), [(3, 1_000), (100, 39)])
async def test_two_servers_never_pass_what_a_principal_may_keep(
    journal_url: str, moment: Clock, files: int, size: int
) -> None:
    servers = [open_database(journal_url) for _ in range(2)]
    taken: list[bool] = []

    async def announce(number: int) -> None:
        rows = ReceivedRows(servers[number % 2], "alice")
        taken.append(await add(rows, announced(moment, str(number), 10 if number % 3 else None), files, size))

    async with anyio.create_task_group() as tasks:
        for number in range(12):
            tasks.start_soon(announce, number)
    assert sum(taken) == 3
    assert await ReceivedRows(servers[0], "alice").measure(10) == (3, 30)
    # Others have room of their own, and what has expired gives its own back.
    assert await add(ReceivedRows(servers[1], "bob"), announced(moment, "bob", 10), files, size)
    moment.now += timedelta(minutes=15)
    assert await add(ReceivedRows(servers[1], "alice"), announced(moment, "late", size), files, size)
    assert not await add(ReceivedRows(servers[0], "alice"), announced(moment, "later", size), files, size)
    for server in servers:
        await server.close()


async def test_what_is_on_its_way_when_its_address_expires_is_kept(database: Database, moment: Clock) -> None:
    rows, file = ReceivedRows(database, "alice"), announced(moment)
    await add(rows, file)
    moment.now += timedelta(minutes=14)
    claim = await rows.claim("one")
    assert claim is not None
    moment.now += timedelta(minutes=5)
    assert (await rows.list_expired(), await list_expiring_principals(database)) == ([], [])
    assert await rows.measure(10) == (1, 10)
    done = file.model_copy(update={"bytes": 3, "received_at": moment.now, "expires_at": moment.now})
    assert await rows.finish("one", claim, done)
    assert [each.id for each in await rows.list_expired()] == ["one"]
    await add(rows, announced(moment, "two"))
    await rows.claim("two")
    moment.now += timedelta(minutes=15)
    assert [each.id for each in await rows.list_expired()] == ["one", "two"]
