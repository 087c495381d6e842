"""Change notifications for clients of both eras, and subscriptions to this server's addresses only."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import anyio
import pytest
from mcp import Client, MCPDeprecationWarning, MCPError
from mcp.client.subscriptions import Subscription
from mcp.server.connection import Connection
from mcp.server.subscriptions import ResourcesListChanged
from mcp_types import INVALID_PARAMS, Implementation, ResourceListChangedNotification

from conftest import FAST, Mode
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Record
from gemini_interactions_mcp.runs.changes import Changes
from gemini_interactions_mcp.server import subscriptions
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.settings import Settings
from reading import call, id_of

INDEX = "gemini://interactions"
PATIENCE = 20.0
STRANGERS = ["", "file:///etc/passwd", "https://example.com", "gemini://", f"{INDEX}/", f"{INDEX}/a/b/c", f"x{INDEX}"]


class Told:
    """A client before 2026-07-28 that notes changes of lists."""

    def __init__(self) -> None:
        self.times = 0
        self._more = anyio.Event()

    async def __call__(self, message: Any) -> None:
        if isinstance(message, ResourceListChangedNotification):
            self.times += 1
            self._more.set()
            self._more = anyio.Event()

    async def again(self) -> None:
        """Wait for another notification."""
        with anyio.fail_after(PATIENCE):
            await self._more.wait()


async def next_change(subscription: Subscription) -> None:
    """Wait for the notification of a changed list."""
    with anyio.fail_after(PATIENCE):
        assert await anext(subscription) == ResourcesListChanged()


def address(interaction_id: str) -> str:
    return f"{INDEX}/{quote(interaction_id, safe='')}"


async def listed(client: Client) -> list[str]:
    return [each.uri for each in (await client.list_resources(cache_mode="bypass")).resources]


def record(number: int, **fields: Any) -> Record:
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    known: dict[str, Any] = {"label": f"row-{number}", "interaction_id": f"v1_row{number}", "created_at": moment}
    return Record(kind="ask", status="completed", updated_at=moment, **known | fields)


async def test_it_is_declared_that_the_list_changes(client: Client) -> None:
    assert client.server_capabilities is not None
    assert client.server_capabilities.resources is not None
    assert client.server_capabilities.resources.list_changed is True
    assert client.server_capabilities.resources.subscribe is True


@pytest.mark.slow
async def test_a_listener_hears_of_each_new_interaction_file_and_deletion(server: Server) -> None:
    async with Client(server, cache=None) as client, client.listen(resources_list_changed=True) as subscription:
        asked = id_of(await call(client, "gemini_ask", prompt="Why?"))
        await next_change(subscription)
        assert address(asked) in await listed(client)
        await call(client, "generate_image", prompt="A bicycle")
        await next_change(subscription)
        while not any("/files/" in uri for uri in await listed(client)):
            await next_change(subscription)
        await call(client, "delete_interaction", interaction_id=asked)
        while address(asked) in await listed(client):
            await next_change(subscription)


@pytest.mark.slow
async def test_an_earlier_client_hears_of_each_new_interaction(server: Server) -> None:
    told = Told()
    async with Client(server, mode="legacy", cache=None, message_handler=told) as client:
        for prompt in ("Why?", "How?"):
            asked = ""
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(told.again)
                asked = id_of(await call(client, "gemini_ask", prompt=prompt))
            assert address(asked) in await listed(client)


@pytest.mark.slow
async def test_what_another_server_adds_is_heard_of_too(settings: Settings, server: Server) -> None:
    async with Client(server, cache=None) as client:
        await call(client, "gemini_ask", prompt="Here")
        async with client.listen(resources_list_changed=True) as subscription:
            async with Client(build_server(settings, FAST), cache=None) as other:
                asked = id_of(await call(other, "gemini_ask", prompt="There"))
            while address(asked) not in await listed(client):
                await next_change(subscription)


@pytest.mark.slow
async def test_many_changes_are_told_once_and_none_twice(journal: Journal) -> None:
    told: list[int] = []

    async def announce() -> None:
        told.append(journal.list_changes)

    changes = Changes(journal, announce, FAST)
    await changes.look_around()
    for number in range(20):
        await journal.insert(record(number))
    await changes.look()
    await changes.look()
    await changes.look_around()
    assert told == [20]
    await journal.update("row-3", files=())
    await changes.look_around()
    assert told == [20]
    await changes.look()
    await changes.look_around()
    assert told == [20, 21]


async def test_a_deletion_of_an_old_row_by_another_server_is_a_change(journal: Journal, journal_url: str) -> None:
    other = Journal(journal_url)
    for number in range(61):
        await other.insert(record(number, created_at=datetime(2026, 11, 1, number // 60, number % 60, tzinfo=UTC)))
    before = await journal.newest()
    assert await journal.newest() == before
    assert "v1_row0'" not in str(before)
    await other.delete("row-0")
    assert await journal.newest() != before
    await other.close()


async def test_what_no_list_shows_is_no_change(journal: Journal) -> None:
    await journal.insert(record(1))
    before = journal.list_changes
    await journal.insert(record(2, interaction_id=None))
    await journal.update("row-1", status="failed", text="No")
    await journal.delete("row-9")
    assert journal.list_changes == before


async def test_who_fails_or_is_slow_to_tell_holds_up_nothing(journal: Journal) -> None:
    told: list[int] = []

    async def announce() -> None:
        if journal.list_changes == 1:
            raise RuntimeError("no")
        if journal.list_changes == 2:
            await anyio.sleep_forever()
        told.append(journal.list_changes)

    changes = Changes(journal, announce, replace(FAST, notification=0.01))
    await journal.insert(record(1))
    with pytest.raises(RuntimeError):
        await changes.look()
    for number in (2, 3):
        await journal.insert(record(number))
        await changes.look()
    assert told == [3]


async def test_one_client_that_fails_keeps_nothing_from_others(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Connection.send_resource_list_changed

    async def fail(self: Connection) -> None:
        assert self.client_params is not None
        if self.client_params.client_info.name == "bad":
            raise RuntimeError("no")
        await send(self)

    monkeypatch.setattr(Connection, "send_resource_list_changed", fail)
    good, bad = Told(), Told()
    named = Implementation(name="bad", version="0")
    async with (
        Client(server, mode="legacy", message_handler=bad, client_info=named),
        Client(server, mode="legacy", message_handler=good) as client,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(good.again)
        await call(client, "gemini_ask", prompt="Why?")
    assert bad.times == 0


@pytest.mark.parametrize("uri", STRANGERS)
async def test_only_our_addresses_can_be_subscribed_to(client: Client, mode: Mode, uri: str) -> None:
    with pytest.raises(MCPError) as caught:
        await subscribe(client, mode, [INDEX, uri])
    assert caught.value.code == INVALID_PARAMS
    assert f"There is no resource {uri}." in str(caught.value)


@pytest.mark.parametrize("uri", [INDEX, f"{INDEX}/v1_a", f"{INDEX}/v1_a/data", f"{INDEX}/v1_a/files/a.png"])
async def test_each_address_of_ours_can_be_subscribed_to(client: Client, mode: Mode, uri: str) -> None:
    await subscribe(client, mode, [uri])


async def test_there_is_an_end_to_subscriptions(client: Client, mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MAX_SUBSCRIBED_ADDRESSES", 3)
    await subscribe(client, mode, [f"{INDEX}/{number}" for number in range(3)])
    await subscribe(client, mode, [f"{INDEX}/0"])
    with pytest.raises(MCPError, match="At most 3 resources can be subscribed to"):
        await subscribe(client, mode, [f"{INDEX}/{number}" for number in range(4)])


async def subscribe(client: Client, mode: Mode, uris: list[str]) -> None:
    """Subscribe to all of them, as the era does."""
    if mode == "auto":
        async with client.listen(resource_subscriptions=uris) as subscription:
            assert list(subscription.honored.resource_subscriptions or ()) == uris
        return
    for uri in uris:
        with pytest.warns(MCPDeprecationWarning):
            await client.subscribe_resource(uri)  # pyright: ignore[reportDeprecated] - that era has no other


async def test_a_place_is_free_again_once_its_client_has_gone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MAX_SUBSCRIBED_ADDRESSES", 2)
    for round_ in range(3):
        async with Client(server, mode="legacy") as client:
            await subscribe(client, "legacy", [f"{INDEX}/{round_}", f"{INDEX}/{round_}/data"])
            for uri in (f"{INDEX}/{round_}", f"{INDEX}/{round_}/data"):
                with pytest.warns(MCPDeprecationWarning):
                    await client.unsubscribe_resource(uri)  # pyright: ignore[reportDeprecated] - that era has no other
