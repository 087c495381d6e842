"""Serves MCP as streamable HTTP on loopback, and has what every web server of this program needs."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from gemini_interactions_mcp.server import Server

from .files import build_file_routes
from .stdin_capture import list_ending_signals

LOOPBACK_HOST: Final = "127.0.0.1"
SHUTDOWN_SECONDS: Final = 1
"""Seconds for HTTP requests in flight to complete after a signal to end."""


class WebProtocol(H11Protocol):
    """HTTP/1.1 that also closes connections on which a request does not begin, or does not go on.

    Uvicorn itself limits only the time between a response and the next byte.
    """

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's
        """Wait for a request."""
        super().connection_made(transport)
        self._limit_waiting()

    def data_received(self, data: bytes) -> None:
        """Handle requests, and wait for the rest of one."""
        super().data_received(data)
        self._limit_waiting()

    def _limit_waiting(self) -> None:
        answered = self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] - uvicorn begins with None
        if answered and self.timeout_keep_alive_task is None and not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _should_upgrade(self) -> bool:
        """Whether to speak another protocol: never, and uvicorn would log advice on how to."""
        return False


class WebServer(uvicorn.Server):
    """A web server that says when it ends, so that streams without an end can end too.

    Args:
        app: The application.
        ending: Called once, before requests in flight are waited for.
    """

    def __init__(self, app: ASGIApp, ending: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app, http=WebProtocol, log_config=None, ws="none", timeout_graceful_shutdown=SHUTDOWN_SECONDS
            ),
        )
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all requests."""
        self._ending()
        await super().shutdown(sockets)


@contextmanager
def open_listener(number: int) -> Generator[socket.socket]:
    """Listen on a port of loopback; connections wait there until something serves them.

    Raises:
        OSError: The port cannot be used.
    """
    # With a protocol, because asyncio sets TCP_NODELAY only on a socket that has one.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        if os.name == "posix":  # elsewhere the option would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK_HOST, number))
        listener.listen()
        yield listener


async def serve_web(app: ASGIApp, listener: socket.socket, ending: Callable[[], None] = lambda: None) -> None:
    """Serve an application until a signal to end."""
    web = WebServer(app, ending)
    for each in list_ending_signals():
        # Uvicorn itself handles all of these but the one of a closed terminal.
        signal.signal(each, web.handle_exit)
    await web.serve(sockets=[listener])


async def serve_http(server: Server, number: int) -> None:
    """Serve streamable HTTP on loopback; connections are accepted from the moment that the address is printed."""
    with open_listener(number) as listener:
        app = server.streamable_http_app(host=LOOPBACK_HOST)
        app.router.routes.extend(build_file_routes(server))
        sys.stderr.write(f"Serving MCP on http://{LOOPBACK_HOST}:{listener.getsockname()[1]}/mcp\n")
        await serve_web(app, listener)
