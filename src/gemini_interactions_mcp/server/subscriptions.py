"""Change notifications: streams of protocol 2026-07-28, and the connections of clients before that."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final
from weakref import WeakSet

import anyio
from mcp import MCPError
from mcp.server import Server as LowLevelServer
from mcp.server import ServerRequestContext
from mcp.server.connection import Connection
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
)
from mcp_types import (
    INVALID_PARAMS,
    EmptyResult,
    NotificationParams,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)

from gemini_interactions_mcp.core import logger
from gemini_interactions_mcp.text import resource_addresses

from . import resources
from .fixed_resources import USAGE_ADDRESSES
from .sdk import get_connection

MAX_SUBSCRIBED_ADDRESSES: Final = 1_000
"""Maximum number of different resources that are subscribed to at once."""
MAX_LISTENERS: Final = 64
"""Maximum number of open `subscriptions/listen` streams."""

Notifier = Callable[[Connection], Awaitable[None]]


class Subscribers:
    """Who is notified of changes: listeners on the bus (2026-07-28), and earlier clients by their connections."""

    def __init__(self) -> None:
        self.bus = InMemorySubscriptionBus()
        self._stream = ListenHandler(self.bus, max_subscriptions=MAX_LISTENERS)
        self._clients: WeakSet[Connection] = WeakSet()
        self._connections: dict[str, WeakSet[Connection]] = {}

    def register(self, server: LowLevelServer[Any]) -> None:
        """Handle subscription requests of both protocol eras."""
        server.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, self._listen)
        server.add_request_handler("resources/subscribe", SubscribeRequestParams, self._subscribe)
        server.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)
        server.add_notification_handler("notifications/initialized", NotificationParams, self._welcome)

    async def _listen(
        self, ctx: ServerRequestContext[Any, Any], params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        wanted = params.notifications.resource_subscriptions or ()
        check_addresses(wanted)
        if len(wanted) > MAX_SUBSCRIBED_ADDRESSES:
            raise build_subscription_limit_error()
        return await self._stream(ctx, params)

    async def _subscribe(self, ctx: ServerRequestContext[Any, Any], params: SubscribeRequestParams) -> EmptyResult:
        check_addresses([params.uri])
        # Clients that have gone leave empty sets behind.
        self._connections = {uri: clients for uri, clients in self._connections.items() if clients}
        if len(self._connections.keys() | {params.uri}) > MAX_SUBSCRIBED_ADDRESSES:
            raise build_subscription_limit_error()
        self._connections.setdefault(params.uri, WeakSet()).add(get_connection(ctx))
        return EmptyResult()

    async def _unsubscribe(self, ctx: ServerRequestContext[Any, Any], params: UnsubscribeRequestParams) -> EmptyResult:
        self._connections.get(params.uri, WeakSet[Connection]()).discard(get_connection(ctx))
        return EmptyResult()

    async def _welcome(self, ctx: ServerRequestContext[Any, Any], _: NotificationParams) -> None:
        self._clients.add(get_connection(ctx))

    async def announce(self, interaction_id: str) -> None:
        """Notify subscribers that an interaction has settled: its resource, its data, usage and index have changed."""
        resource = resource_addresses.make_interaction_uri(interaction_id)
        for uri in (resource, f"{resource}/data", *USAGE_ADDRESSES, resource_addresses.INDEX_URI):
            tell = partial(Connection.send_resource_updated, uri=uri)
            await self._notify(ResourceUpdated(uri=uri), self._connections.get(uri, ()), tell)

    async def announce_list(self) -> None:
        """Notify all clients that resources were added or removed."""
        await self._notify(ResourcesListChanged(), self._clients, Connection.send_resource_list_changed)

    async def _notify(self, event: ServerEvent, clients: Iterable[Connection], tell: Notifier) -> None:
        """Notify all; one that fails does not affect the others."""
        await self.bus.publish(event)
        async with anyio.create_task_group() as tasks:
            for client in list(clients):
                tasks.start_soon(notify_client, tell, client)


async def notify_client(tell: Notifier, client: Connection) -> None:
    """Notify a client, and log what prevents it."""
    try:
        await tell(client)
    except Exception:  # it must not keep others from being notified
        logger.exception("A client cannot be notified of a change")


def check_addresses(uris: Iterable[str]) -> None:
    """Check that these are addresses of this server.

    Raises:
        MCPError: One is not.
    """
    for uri in uris:
        if not resources.is_resource_address(uri):
            raise MCPError(INVALID_PARAMS, resources.describe_unknown_resource(uri))


def build_subscription_limit_error() -> MCPError:
    """Return the error for a client that subscribes to too much."""
    return MCPError(
        INVALID_PARAMS, f"At most {MAX_SUBSCRIBED_ADDRESSES:,} resources can be subscribed to. Unsubscribe from others."
    )
