"""Who wants to know of changes: listeners of 2026-07-28, and clients of the protocol revisions before."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final
from weakref import WeakSet

import anyio
from mcp import MCPError
from mcp.server import NotificationOptions, ServerRequestContext
from mcp.server import Server as LowLevelServer
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

from gemini_interactions_mcp.text import rendering

from . import resources

logger = logging.getLogger(__name__)

ADDRESSES: Final = 1_000
"""Different resources that may be subscribed to at once."""
LISTENERS: Final = 64
"""Streams of changes that may be open at once."""

Tell = Callable[[Connection], Awaitable[None]]


class Subscribers:
    """Who wants to know of changes: listeners of 2026-07-28 on the bus, earlier clients by their connections."""

    def __init__(self) -> None:
        self.bus = InMemorySubscriptionBus()
        self._stream = ListenHandler(self.bus, max_subscriptions=LISTENERS)
        self._clients: WeakSet[Connection] = WeakSet()
        self._connections: dict[str, WeakSet[Connection]] = {}

    def register(self, lowlevel: LowLevelServer[Any]) -> None:
        """Answer who subscribes, and declare that lists change."""
        lowlevel.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, self._listen)
        lowlevel.add_request_handler("resources/subscribe", SubscribeRequestParams, self._subscribe)
        lowlevel.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)
        lowlevel.add_notification_handler("notifications/initialized", NotificationParams, self._welcome)
        declared = partial(
            lowlevel.create_initialization_options, notification_options=NotificationOptions(resources_changed=True)
        )
        lowlevel.create_initialization_options = declared  # pyright: ignore[reportAttributeAccessIssue] - mcp 2.3 leaves it to each transport

    async def _listen(
        self, ctx: ServerRequestContext[Any, Any], params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        wanted = params.notifications.resource_subscriptions or ()
        check(wanted)
        if len(wanted) > ADDRESSES:
            raise too_many()
        return await self._stream(ctx, params)

    async def _subscribe(self, ctx: ServerRequestContext[Any, Any], params: SubscribeRequestParams) -> EmptyResult:
        check([params.uri])
        # Clients that have gone leave empty sets behind.
        self._connections = {uri: clients for uri, clients in self._connections.items() if clients}
        if len(self._connections.keys() | {params.uri}) > ADDRESSES:
            raise too_many()
        self._connections.setdefault(params.uri, WeakSet()).add(connection(ctx))
        return EmptyResult()

    async def _unsubscribe(self, ctx: ServerRequestContext[Any, Any], params: UnsubscribeRequestParams) -> EmptyResult:
        self._connections.get(params.uri, WeakSet[Connection]()).discard(connection(ctx))
        return EmptyResult()

    async def _welcome(self, ctx: ServerRequestContext[Any, Any], _: NotificationParams) -> None:
        self._clients.add(connection(ctx))

    async def announce(self, interaction_id: str) -> None:
        """Tell that an interaction has settled: its own resource and the index have changed."""
        resource = rendering.address(interaction_id)
        for uri in (resource, f"{resource}/data", rendering.INDEX):
            told = partial(Connection.send_resource_updated, uri=uri)
            await self._tell(ResourceUpdated(uri=uri), self._connections.get(uri, ()), told)

    async def announce_list(self) -> None:
        """Tell that there are other resources than before."""
        await self._tell(ResourcesListChanged(), self._clients, Connection.send_resource_list_changed)

    async def _tell(self, event: ServerEvent, clients: Iterable[Connection], tell: Tell) -> None:
        """Tell all, whatever becomes of one of them."""
        await self.bus.publish(event)
        async with anyio.create_task_group() as tasks:
            for client in list(clients):
                tasks.start_soon(attempt_to, tell, client)


async def attempt_to(tell: Tell, client: Connection) -> None:
    """Tell a client; what hinders it is logged."""
    try:
        await tell(client)
    except Exception:  # it must not keep others from being told
        logger.exception("A client cannot be told of a change")


def check(uris: Iterable[str]) -> None:
    """Make sure that these are addresses of ours.

    Raises:
        MCPError: One is not.
    """
    for uri in uris:
        if not resources.is_ours(uri):
            raise MCPError(INVALID_PARAMS, resources.unknown(uri))


def too_many() -> MCPError:
    """What is said to a client that subscribes to everything."""
    return MCPError(INVALID_PARAMS, f"At most {ADDRESSES:,} resources can be subscribed to. Unsubscribe from others.")


def connection(ctx: ServerRequestContext[Any, Any]) -> Connection:
    """A client's connection; its ServerSession lives no longer than one request."""
    return ctx.session._connection  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - mcp 2.3 has no public way
