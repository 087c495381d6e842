"""Who wants to know of changes: listeners of 2026-07-28, and subscribers of the protocol revisions before."""

from typing import Any
from weakref import WeakSet

from mcp.server import Server as LowLevelServer
from mcp.server import ServerRequestContext
from mcp.server.connection import Connection
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourceUpdated
from mcp_types import EmptyResult, SubscribeRequestParams, UnsubscribeRequestParams

from . import render


class Subscribers:
    """Who wants to know of changes: listeners of 2026-07-28 on the bus, earlier clients by their connections."""

    def __init__(self) -> None:
        self.bus = InMemorySubscriptionBus()
        self._connections: dict[str, WeakSet[Connection]] = {}

    def register(self, lowlevel: LowLevelServer[Any]) -> None:
        """Answer `resources/subscribe` and `resources/unsubscribe` of clients before 2026-07-28."""
        lowlevel.add_request_handler("resources/subscribe", SubscribeRequestParams, self._subscribe)
        lowlevel.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)

    async def _subscribe(self, ctx: ServerRequestContext[Any, Any], params: SubscribeRequestParams) -> EmptyResult:
        self._connections.setdefault(params.uri, WeakSet()).add(connection(ctx))
        return EmptyResult()

    async def _unsubscribe(self, ctx: ServerRequestContext[Any, Any], params: UnsubscribeRequestParams) -> EmptyResult:
        self._connections.get(params.uri, WeakSet[Connection]()).discard(connection(ctx))
        return EmptyResult()

    async def announce(self, interaction_id: str) -> None:
        """Tell that an interaction has settled: its own resource and the index have changed."""
        resource = render.address(interaction_id)
        for uri in (resource, f"{resource}/data", render.INDEX):
            await self.bus.publish(ResourceUpdated(uri=uri))
            for each in list(self._connections.get(uri, ())):
                await each.send_resource_updated(uri)


def connection(ctx: ServerRequestContext[Any, Any]) -> Connection:
    """A client's connection; its ServerSession lives no longer than one request."""
    return ctx.session._connection  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - mcp 2.3 has no public way
