"""Change notifications: streams of protocol 2026-07-28, and the connections of clients before that."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
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

from gemini_interactions_mcp.core import OWNER, GeminiMCPError, logger
from gemini_interactions_mcp.text import resource_addresses

from . import resources
from .fixed_resources import USAGE_ADDRESSES
from .identity import identify_principal
from .sdk import get_connection

MAX_SUBSCRIBED_ADDRESSES: Final = 1_000
"""Maximum number of different resources of one principal that are subscribed to at once."""
MAX_LISTENERS: Final = 64
"""Maximum number of open `subscriptions/listen` streams of one principal."""

Notifier = Callable[[Connection], Awaitable[None]]


class Audience:
    """Who is notified of the changes of one principal: listeners on the bus (2026-07-28), and earlier clients."""

    def __init__(self) -> None:
        self.bus = InMemorySubscriptionBus()
        self.stream = ListenHandler(self.bus, max_subscriptions=MAX_LISTENERS)
        self.clients: WeakSet[Connection] = WeakSet()
        self.subscribed: dict[str, WeakSet[Connection]] = {}
        self.listening = 0

    @property
    def attends(self) -> bool:
        """Whether anybody is there."""
        return bool(self.listening or self.clients or any(self.subscribed.values()))

    def add(self, uri: str, client: Connection) -> None:
        """Notify a client of the changes of an address.

        Raises:
            MCPError: There are too many.
        """
        # Clients that have gone leave empty sets behind.
        self.subscribed = {uri: clients for uri, clients in self.subscribed.items() if clients}
        if len(self.subscribed.keys() | {uri}) > MAX_SUBSCRIBED_ADDRESSES:
            raise build_subscription_limit_error()
        self.subscribed.setdefault(uri, WeakSet()).add(client)

    async def notify(self, event: ServerEvent, clients: Iterable[Connection], tell: Notifier) -> None:
        """Notify all; one that fails does not affect the others."""
        await self.bus.publish(event)
        async with anyio.create_task_group() as tasks:
            for client in list(clients):
                tasks.start_soon(notify_client, tell, client)


class Subscribers:
    """The audiences of all principals; each is told of its principal's changes alone."""

    def __init__(self) -> None:
        self._audiences: dict[str, Audience] = {OWNER.name: Audience()}

    @property
    def bus(self) -> InMemorySubscriptionBus:
        """The bus of the owner."""
        return self._audiences[OWNER.name].bus

    def register(self, server: LowLevelServer[Any]) -> None:
        """Handle subscription requests of both protocol eras."""
        server.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, self._listen)
        server.add_request_handler("resources/subscribe", SubscribeRequestParams, self._subscribe)
        server.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)
        server.add_notification_handler("notifications/initialized", NotificationParams, self._welcome)

    def end_streams(self) -> None:
        """End the open streams of `subscriptions/listen`: each has its result, and its client may open another."""
        for audience in self._audiences.values():
            audience.stream.close()

    def attended(self, name: str) -> bool:
        """Whether anybody waits for notifications of a principal."""
        return name in self._audiences and self._audiences[name].attends

    def _find(self, ctx: ServerRequestContext[Any, Any]) -> Audience:
        """Return the audience that the client of a request belongs to; those of nobody are forgotten."""
        name = identify_principal(ctx).name
        self._audiences = {
            each: audience for each, audience in self._audiences.items() if each == OWNER.name or audience.attends
        }
        return self._audiences.setdefault(name, Audience())

    async def _listen(
        self, ctx: ServerRequestContext[Any, Any], params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        wanted = params.notifications.resource_subscriptions or ()
        check_addresses(wanted)
        if len(wanted) > MAX_SUBSCRIBED_ADDRESSES:
            raise build_subscription_limit_error()
        audience = self._find(ctx)
        audience.listening += 1
        try:
            await watch_for_others(ctx)
            return await audience.stream(ctx, params)
        finally:
            audience.listening -= 1

    async def _subscribe(self, ctx: ServerRequestContext[Any, Any], params: SubscribeRequestParams) -> EmptyResult:
        check_addresses([params.uri])
        self._find(ctx).add(params.uri, get_connection(ctx))
        await watch_for_others(ctx)
        return EmptyResult()

    async def _unsubscribe(self, ctx: ServerRequestContext[Any, Any], params: UnsubscribeRequestParams) -> EmptyResult:
        self._find(ctx).subscribed.get(params.uri, WeakSet[Connection]()).discard(get_connection(ctx))
        return EmptyResult()

    async def _welcome(self, ctx: ServerRequestContext[Any, Any], _: NotificationParams) -> None:
        self._find(ctx).clients.add(get_connection(ctx))

    async def announce(self, name: str, interaction_id: str) -> None:
        """Notify subscribers that an interaction of a principal has settled.

        Its resource, its data, usage and index have changed.
        """
        audience = self._audiences.get(name)
        if audience is None:
            return
        resource = resource_addresses.make_interaction_uri(interaction_id)
        for uri in (resource, f"{resource}/data", *USAGE_ADDRESSES, resource_addresses.INDEX_URI):
            tell = partial(Connection.send_resource_updated, uri=uri)
            await audience.notify(ResourceUpdated(uri=uri), audience.subscribed.get(uri, ()), tell)

    async def announce_list(self, name: str) -> None:
        """Notify all clients of a principal that resources were added or removed."""
        if audience := self._audiences.get(name):
            await audience.notify(ResourcesListChanged(), audience.clients, Connection.send_resource_list_changed)


async def watch_for_others(ctx: ServerRequestContext[Any, Any]) -> None:
    """Have the changes of a principal's interactions watched for its subscribers, as far as that is possible now.

    The owner's are from the start.
    """
    principal = identify_principal(ctx)
    if principal.name != OWNER.name:
        with suppress(GeminiMCPError):
            await ctx.lifespan_context.app(principal)


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
