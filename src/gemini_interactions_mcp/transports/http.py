"""Serves MCP as streamable HTTP, and has what every web server of this program needs."""

import os
import signal
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import uvicorn
from sse_starlette.sse import AppStatus
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from gemini_interactions_mcp.server import Server
from gemini_interactions_mcp.settings import Settings

from .access import ServingPlan
from .lingering import USUAL_LIMITS, LingeringClose, LingerLimits
from .public_url import LOOPBACK_HOST, ListeningPlace, PublicUrl, bracket_host
from .stdin_capture import list_ending_signals
from .telemetry import export_spans
from .web_app import open_web_app

SHUTDOWN_SECONDS: Final = 1
"""Seconds for HTTP requests in flight to complete after a signal to end."""


DRAINING_SECONDS: Final = 2
"""Seconds after which a server that is about to end again ends streams that have begun meanwhile."""


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
        drain_seconds: How long it goes on after the first signal to end; the second ends it at once.
        draining: Called after the first signal, and every two seconds until the end: what it ended may begin anew.
        linger: How long clients are waited for that send more than was read.
    """

    def __init__(
        self,
        app: ASGIApp,
        ending: Callable[[], None],
        drain_seconds: float = 0,
        draining: Callable[[], None] = lambda: None,
        linger: LingerLimits = USUAL_LIMITS,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                LingeringClose(app, linger),
                http=WebProtocol,
                log_config=None,
                ws="none",
                # What a proxy says of a client is believed by nobody here.
                proxy_headers=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            ),
        )
        self._ending = ending
        self._drain_seconds = drain_seconds
        self._draining = draining
        self._drained_at: float | None = None
        self._drains_at = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain at the first signal to end; end at the second, and where nothing is drained."""
        if self._drain_seconds and self._drained_at is None:
            self._drained_at = time.monotonic() + self._drain_seconds
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Return whether to end."""
        moment = time.monotonic()
        if self._drained_at is not None and moment >= self._drains_at:
            self._drains_at = moment + DRAINING_SECONDS
            self._draining()
        drained = self._drained_at is not None and moment >= self._drained_at
        return await super().on_tick(counter) or drained

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all requests."""
        self._ending()
        await super().shutdown(sockets)


LOOPBACK_PLACE: Final = ListeningPlace(socket.AF_INET, LOOPBACK_HOST)


@contextmanager
def open_listener(number: int, place: ListeningPlace = LOOPBACK_PLACE) -> Generator[socket.socket]:
    """Listen on a port; connections wait there until something serves them.

    Raises:
        OSError: The port cannot be used.
    """
    # With a protocol, because asyncio sets TCP_NODELAY only on a socket that has one.
    with socket.socket(place.family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        if os.name == "posix":  # elsewhere the option would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if place.family == socket.AF_INET6:
            # `::` is every address of the machine, those of IPv4 too.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((place.address, number))
        listener.listen()
        yield listener


async def serve_web(
    app: ASGIApp,
    listener: socket.socket,
    ending: Callable[[], None] = lambda: None,
    drain_seconds: float = 0,
    draining: Callable[[], None] = lambda: None,
) -> None:
    """Serve an application until a signal to end, as `WebServer` does."""
    web = WebServer(app, ending, drain_seconds, draining)
    # It would cut streams off as soon as the signal comes; `ending` completes them.
    AppStatus.disable_automatic_graceful_drain()
    for each in list_ending_signals():
        # Uvicorn itself handles all of these but the one of a closed terminal.
        signal.signal(each, web.handle_exit)
    await web.serve(sockets=[listener])


async def serve_http(server: Server, settings: Settings, plan: ServingPlan, announce: Callable[[str], object]) -> None:
    """Serve streamable HTTP; connections are accepted from the moment that the address is announced.

    Args:
        server: Answers MCP.
        settings: The settings.
        plan: What the options come to.
        announce: Tells whoever has started the server where it is, and with which token.

    Raises:
        OSError: The port cannot be used.
    """
    with open_listener(plan.options.port, plan.place) as listener:
        port = listener.getsockname()[1]
        async with export_spans(settings.otlp_endpoint), open_web_app(server, settings, plan, port) as web:
            announce(describe_serving(plan, web.public, port))
            seconds = plan.options.drain_seconds
            await serve_web(web.app, listener, web.end, drain_seconds=seconds, draining=web.drain)


def describe_serving(plan: ServingPlan, public: PublicUrl, port: int) -> str:
    """Return what the user is told once connections are accepted."""
    lines = [f"Serving MCP on {public.mcp}"]
    if plan.public:
        lines[0] += f" (listening on {bracket_host(plan.place.address)}:{port})"
    if plan.fresh:
        lines += [
            "Every request needs this header, until this server ends:",
            f"Authorization: Bearer {plan.fresh.text}",
        ]
    elif not plan.options.authenticated:
        lines.append(
            "--no-auth: any program and any user of this machine can read what is in the journal and spend the money "
            "of your API key through this address."
        )
    elif not public.origin.startswith("https:") and not plan.place.is_loopback:
        lines.append(
            "Access tokens reach this server unencrypted unless a proxy in front of it speaks TLS: then --public-url "
            "begins with https://."
        )
    return "\n".join([*lines, ""])
