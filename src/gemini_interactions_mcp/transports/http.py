"""Serves MCP as streamable HTTP on loopback."""

import os
import signal
import socket
import sys
from typing import Final

import uvicorn

from gemini_interactions_mcp.server import Server

from .stdin_capture import list_ending_signals

LOOPBACK_HOST: Final = "127.0.0.1"
SHUTDOWN_SECONDS: Final = 1
"""Seconds for HTTP requests in flight to complete after a signal to end."""


async def serve_http(server: Server, number: int) -> None:
    """Serve streamable HTTP on loopback; connections are accepted from the moment that the address is printed."""
    # With a protocol, because asyncio sets TCP_NODELAY only on a socket that has one.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        if os.name == "posix":  # elsewhere the option would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK_HOST, number))
        listener.listen()
        config = uvicorn.Config(
            server.streamable_http_app(host=LOOPBACK_HOST), log_config=None, timeout_graceful_shutdown=SHUTDOWN_SECONDS
        )
        sys.stderr.write(f"Serving MCP on http://{LOOPBACK_HOST}:{listener.getsockname()[1]}/mcp\n")
        web = uvicorn.Server(config)
        for each in list_ending_signals():
            # Uvicorn itself handles all of these but the one of a closed terminal.
            signal.signal(each, web.handle_exit)
        await web.serve(sockets=[listener])
