"""Serves MCP on the streams that `claim` has taken.

The SDK's own runner would let SIGTERM end the process without clean-up, and SIGINT hang until stdin is closed; its own
transport answers nothing that it cannot read, and a host that has gone ends it with a traceback.
"""

import gc
import json
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from typing import BinaryIO, Final, NoReturn

import anyio
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCMessage

from gemini_interactions_mcp.core import paired
from gemini_interactions_mcp.server import Server

from .jsonrpc import Received, received
from .stdin_capture import CHUNK, Claim, ending_signals, fresh, waiting

logger = logging.getLogger(__name__)

EXIT_SECONDS: Final = 1.9
"""After this, an orderly end has failed; hosts kill after 2 s (mcp 2.3, client/stdio.py)."""

MessagesIn = MemoryObjectSendStream[SessionMessage | Exception]
MessagesOut = MemoryObjectReceiveStream[SessionMessage]


def serve(server: Server, claimed: Claim) -> NoReturn:
    """Serve until the host closes stdin or stdout, or a signal asks to end."""
    gc.enable()
    gc.freeze()
    anyio.run(run, server, claimed)
    raise AssertionError("run() ends the process")


async def run(server: Server, claimed: Claim) -> None:
    """Serve, and end the process."""
    async with anyio.create_task_group() as signals:
        signals.start_soon(hang_up_on_signal, claimed)
        await exchange(server, claimed)
        # Everything is written and closed. A thread that still imports, or looks a name up without a network,
        # would hold the process longer than a host waits; and another signal must not change the status.
        leave()


async def exchange(server: Server, claimed: Claim) -> None:
    """Pass messages between the host and the server until the host has gone."""
    incoming, to_server = anyio.create_memory_object_stream[SessionMessage | Exception]()
    to_host, outgoing = anyio.create_memory_object_stream[SessionMessage]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pass_in, claimed, incoming, to_host.clone())
        tasks.start_soon(pass_out, claimed, outgoing)
        await server.serve_streams(to_server, to_host)


async def pass_in(claimed: Claim, incoming: MessagesIn, to_host: MemoryObjectSendStream[SessionMessage]) -> None:
    """Give the server every message of the host, in order, and the host an error for every line that is none."""
    async with incoming, to_host, anyio.create_task_group() as answering:
        async for line in lines(claimed):
            found = await understood(line)
            for answer in found.answers:
                # A host that does not read keeps nothing else from being read.
                answering.start_soon(to_host.send, SessionMessage(answer))
            if found.message is not None:
                await incoming.send(SessionMessage(found.message))


async def understood(line: bytes) -> Received:
    """What a line comes to; a long one is read beside other work."""
    return received(line) if len(line) <= CHUNK else await anyio.to_thread.run_sync(received, line)


async def pass_out(claimed: Claim, outgoing: MessagesOut) -> None:
    """Give the host every message of the server; a host that reads no more has gone."""
    limiter = anyio.CapacityLimiter(1)
    async with outgoing:
        try:
            async for each in outgoing:
                await anyio.to_thread.run_sync(put, claimed.stdout, each.message, limiter=limiter)
        except OSError as exc:
            logger.info("The host reads no more: %s", exc)
            claimed.lines.put(None)
            async for _ in outgoing:
                """Nobody is there to be told."""


def put(stdout: BinaryIO, message: JSONRPCMessage) -> None:
    """Write a message.

    Raises:
        OSError: The other end is closed.
    """
    stdout.write(serialized(message).encode() + b"\n")
    stdout.flush()


def serialized(message: JSONRPCMessage) -> str:
    """A message as JSON."""
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True)
    except ValueError:  # text of others may have half a surrogate pair
        return paired(json.dumps(message.model_dump(by_alias=True, exclude_unset=True), ensure_ascii=False))


async def lines(claimed: Claim) -> AsyncIterator[bytes]:
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
    """Take a signal to end for the end of stdin: to cancel instead would stop requests before they know their ids.

    The event loop of Windows cannot receive signals; there those of `claim` go on.
    """
    if sys.platform == "win32":
        return
    with anyio.open_signal_receiver(*ending_signals()) as signals:
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
