"""What this server needs of the MCP SDK and the SDK does not offer (mcp 2.3): private members, and its inner order.

Each function gives the reason. `tests/test_mcp_sdk.py` fails when the SDK changes what they rely on.
"""

# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

from functools import partial
from typing import Any

from mcp.server import NotificationOptions, ServerRequestContext
from mcp.server import Server as LowLevelServer
from mcp.server.connection import Connection
from mcp.server.context import ServerMiddleware
from mcp.server.mcpserver import MCPServer
from mcp.server.request_state import RequestStateBoundary
from mcp.shared.dispatcher import DispatchContext


def get_lowlevel_server(server: MCPServer[Any]) -> LowLevelServer[Any]:
    """Return the low-level server of an `MCPServer`.

    `MCPServer` lists resources on one page, handles no subscriptions, and serves stdio on no streams but its own.
    """
    return server._lowlevel_server


def get_connection(ctx: ServerRequestContext[Any, Any]) -> Connection:
    """Return the connection of a request's client; notifications use it after the `ServerSession` has ended."""
    return ctx.session._connection


def get_request_channel(ctx: ServerRequestContext[Any, Any]) -> DispatchContext[Any]:
    """Return the channel on which a handler sends requests and notifications; middleware sees results alone."""
    return ctx.session._request_outbound


def declare_resource_list_changes(server: LowLevelServer[Any]) -> None:
    """Declare `resources.listChanged` to clients before 2026-07-28; the SDK's transports declare nothing."""
    server.create_initialization_options = partial(  # pyright: ignore[reportAttributeAccessIssue] - a method
        server.create_initialization_options, notification_options=NotificationOptions(resources_changed=True)
    )


def add_outer_middleware(server: MCPServer[Any], middleware: ServerMiddleware[Any]) -> None:
    """Run a middleware around the SDK's sealing of request states, which must return to the client as sealed.

    The tracing of OpenTelemetry stays outside, since its spans quote errors. `MCPServer` itself adds to the inside.
    """
    sealing = next(place for place, each in enumerate(server.middleware) if isinstance(each, RequestStateBoundary))
    server.middleware.insert(sealing, middleware)
