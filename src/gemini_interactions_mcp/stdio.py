"""Serves MCP on the streams that `claim` has taken.

The SDK's own runner would let SIGTERM end the process without clean-up, and SIGINT hang until stdin is closed.
"""

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any, Final, cast

import anyio
import anyio.to_thread
from mcp.server.stdio import stdio_server

from .claim import Claim, fresh, waiting
from .server import Server

EXIT_SECONDS: Final = 1.8
"""After this, an orderly end has failed; hosts kill after 2 s (mcp 2.3, client/stdio.py)."""


def serve(server: Server, claimed: Claim) -> None:
    """Serve until the host closes stdin, or a signal asks to end."""
    gc.enable()
    gc.freeze()
    anyio.run(run, server, claimed)
    # Everything is written and closed. A thread that still imports, or looks a name up without a network,
    # would hold the process longer than a host waits.
    leave()


async def run(server: Server, claimed: Claim) -> None:
    """Serve, and cancel everything on a signal."""
    lowlevel = server._lowlevel_server  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - run_stdio_async() takes no streams
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(end_on_signal, tasks.cancel_scope)
        # Declared as files, of which only iterating, writing and flushing are used.
        streams = stdio_server(cast("Any", lines(claimed)), cast("Any", anyio.wrap_file(claimed.stdout)))
        async with streams as (incoming, outgoing):
            await lowlevel.run(incoming, outgoing, lowlevel.create_initialization_options())
        tasks.cancel_scope.cancel()


async def lines(claimed: Claim) -> AsyncIterator[str]:
    """What the host writes, until it closes stdin."""
    # A thread of its own, which a call's worker threads cannot starve.
    limiter = anyio.CapacityLimiter(1)
    batch = fresh(waiting(claimed.lines))
    while True:
        for line in batch:
            if line is None:
                end_within(EXIT_SECONDS)
                return
            yield line
        batch = iter([await anyio.to_thread.run_sync(claimed.lines.get, abandon_on_cancel=True, limiter=limiter)])


async def end_on_signal(scope: anyio.CancelScope) -> None:
    """Cancel everything on SIGTERM and SIGINT; Windows has neither, there a host closes stdin."""
    if sys.platform == "win32":
        return
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            end_within(EXIT_SECONDS)
            scope.cancel()
            return


def end_within(seconds: float) -> None:
    """End the process soon, even if closing down hangs."""
    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


def leave() -> None:
    """End the process with status 0, waiting for no thread."""
    logging.shutdown()
    os._exit(0)
