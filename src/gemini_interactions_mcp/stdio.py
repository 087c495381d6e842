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
from typing import Any, Final, NoReturn, cast

import anyio
import anyio.to_thread
from mcp.server.stdio import stdio_server

from .claim import Claim, fresh, waiting
from .server import Server

EXIT_SECONDS: Final = 1.9
"""After this, an orderly end has failed; hosts kill after 2 s (mcp 2.3, client/stdio.py)."""


def serve(server: Server, claimed: Claim) -> NoReturn:
    """Serve until the host closes stdin, or a signal asks to end."""
    gc.enable()
    gc.freeze()
    anyio.run(run, server, claimed)
    raise AssertionError("run() ends the process")


async def run(server: Server, claimed: Claim) -> None:
    """Serve, and end the process."""
    lowlevel = server._lowlevel_server  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - run_stdio_async() takes no streams
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hang_up_on_signal, claimed)
        # Declared as files, of which only iterating, writing and flushing are used.
        streams = stdio_server(cast("Any", lines(claimed)), cast("Any", anyio.wrap_file(claimed.stdout)))
        async with streams as (incoming, outgoing):
            await lowlevel.run(incoming, outgoing, lowlevel.create_initialization_options())
        # Everything is written and closed. A thread that still imports, or looks a name up without a network,
        # would hold the process longer than a host waits; and another signal must not change the status.
        leave()


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


async def hang_up_on_signal(claimed: Claim) -> None:
    """Take SIGTERM and SIGINT for the end of stdin: to cancel instead would stop requests before they know their ids.

    The event loop of Windows cannot receive signals; there those of `claim` go on.
    """
    if sys.platform == "win32":
        return
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            end_within(EXIT_SECONDS)
            claimed.lines.put(None)


def end_within(seconds: float) -> None:
    """End the process soon, even if closing down hangs."""
    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


def leave() -> None:
    """End the process with status 0, waiting for no thread."""
    logging.shutdown()
    os._exit(0)
