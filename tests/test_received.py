"""The rows of files that clients send: one transfer counts, and each principal has its own."""

from collections.abc import AsyncGenerator
from datetime import timedelta

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


def announced(moment: Clock, name: str = "one") -> ReceivedFile:
    later = moment.now + timedelta(minutes=15)
    return ReceivedFile(id=name, name="a.txt", mime_type="text/plain", created_at=moment.now, expires_at=later)


async def test_one_transfer_counts(database: Database, moment: Clock) -> None:
    rows = ReceivedRows(database, "alice")
    file = announced(moment)
    await rows.add(file)
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
    await alice.add(announced(moment))
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
