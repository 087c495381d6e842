"""Serving on loopback: starts in milliseconds, and stops without waiting for clients."""

import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

import anyio
import anyio.lowlevel
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .api import make_application
from .state import Emulator

EMULATOR_HOST = "127.0.0.1"


@asynccontextmanager
async def serve_emulator(emulator: Emulator, port: int = 0) -> AsyncGenerator[str]:
    """Serve on 127.0.0.1, and yield the base URL; port 0 is any free port.

    Leaving cancels every run and every open stream, and closes every connection, at once.

    Raises:
        OSError: The port is in use.
    """
    app = _TrackedRequests(make_application(emulator))
    server = await _start_server(app, port)
    runs = emulator.runs = await anyio.create_task_group().__aenter__()
    try:
        yield f"http://{EMULATOR_HOST}:{server.config.port}"
    finally:
        runs.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await _stop_server(app, server)
        # Exited by hand, because `async with` would wrap the caller's exception in a group.
        await runs.__aexit__(None, None, None)
        emulator.runs = None


def _bind_listener(port: int) -> socket.socket:
    """Bind the port; raises the system's own error."""
    # With a protocol, because asyncio sets TCP_NODELAY only on a socket that has one; without it each response
    # waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere the option would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((EMULATOR_HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


async def _start_server(app: "_TrackedRequests", port: int) -> uvicorn.Server:
    """Start a uvicorn server without its main loop, which polls and installs signal handlers."""
    listener = _bind_listener(port)
    config = uvicorn.Config(
        app,
        host=EMULATOR_HOST,
        port=listener.getsockname()[1],
        http=H11Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=60,
    )
    config.load()
    app.server = server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    return server


async def _stop_server(app: "_TrackedRequests", server: uvicorn.Server) -> None:
    """Close all sockets; uvicorn's own shutdown waits for streams, and sleeps."""
    for listener in server.servers:
        listener.close()
    for connection in list(server.server_state.connections):
        connection.transport.abort()
    # Transports report their end in the next iteration of the event loop; after that, nothing more is sent.
    await anyio.lowlevel.checkpoint()
    for scope in app.open:
        scope.cancel()
    while server.server_state.tasks or server.server_state.connections:  # noqa: ASYNC110 -- uvicorn has no event
        await anyio.sleep(0.001)


class _TrackedRequests:
    """Wraps the application: tracks open requests, so that each can be cancelled or abort its connection."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.open: set[anyio.CancelScope] = set()
        self.server: uvicorn.Server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        abort = partial(self.abort, scope["client"])
        # Undecoded, because a slash in an id does not separate parts of the path.
        path = scope["raw_path"].decode("ascii")
        with anyio.CancelScope() as cancel_scope:
            self.open.add(cancel_scope)
            try:
                await self.app({**scope, "path": path, "state": {"abort": abort}}, receive, send)
            finally:
                self.open.discard(cancel_scope)

    def abort(self, client: tuple[str, int]) -> None:
        """Close a client's socket without another byte, through its transport, since ASGI has no message for that."""
        for connection in list(self.server.server_state.connections):
            if isinstance(connection, H11Protocol) and connection.client == client:
                connection.transport.abort()
