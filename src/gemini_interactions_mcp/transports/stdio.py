"""Serves MCP on the streams that `stdin_capture` has captured.

The SDK's own runner would let SIGTERM end the process without clean-up, and SIGINT hang until stdin is closed; its own
transport does not answer lines that it cannot parse, and ends with a traceback if the host has gone.
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
from mcp_types import JSONRPCMessage, JSONRPCRequest

from gemini_interactions_mcp.core import logger, replace_lone_surrogates
from gemini_interactions_mcp.server import Server

from .answered import AnsweredRequests
from .jsonrpc import ParsedLine, parse_line
from .stdin_capture import (
    STDIN_CHUNK_BYTES,
    AnsweredLine,
    CapturedStreams,
    drain_lines,
    drop_abandoned_probes,
    list_ending_signals,
)

EXIT_SECONDS: Final = 1.9
"""Seconds after which an orderly end has failed; hosts kill after 2 s (mcp 2.3, client/stdio.py)."""

MessagesIn = MemoryObjectSendStream[SessionMessage | Exception]
MessagesOut = MemoryObjectReceiveStream[SessionMessage]


def serve_stdio(server: Server, claimed: CapturedStreams) -> NoReturn:
    """Serve until the host closes stdin or stdout, or a signal to end arrives; then end the process."""
    claimed.end_greeting()
    gc.enable()
    gc.freeze()
    anyio.run(serve_and_exit, server, claimed)
    raise AssertionError("run() ends the process")


async def serve_and_exit(server: Server, claimed: CapturedStreams) -> None:
    """Serve, and end the process."""
    async with anyio.create_task_group() as signals:
        signals.start_soon(hang_up_on_signal, claimed)
        await exchange_messages(server, claimed)
        # Everything is written and closed. A thread that still imports, or resolves a name without a network, would
        # keep the process alive longer than a host waits; and another signal must not change the exit status.
        exit_process()


async def exchange_messages(server: Server, claimed: CapturedStreams) -> None:
    """Pass messages between the host and the server until the host has gone."""
    incoming, to_server = anyio.create_memory_object_stream[SessionMessage | Exception]()
    to_host, outgoing = anyio.create_memory_object_stream[SessionMessage]()
    answered = AnsweredRequests()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pass_in, claimed, answered, incoming, to_host.clone())
        tasks.start_soon(pass_out, claimed, answered, outgoing)
        await server.serve_streams(to_server, to_host)
    # A host that reads slowly may have closed stdin: the end must not cut off what it has not read yet.
    await anyio.to_thread.run_sync(claimed.end_greeting, EXIT_SECONDS)


async def pass_in(
    claimed: CapturedStreams,
    answered: AnsweredRequests,
    incoming: MessagesIn,
    to_host: MemoryObjectSendStream[SessionMessage],
) -> None:
    """Pass the host's messages to the server, in order, and answer each invalid line with an error."""
    async with incoming, to_host, anyio.create_task_group() as answering:
        async for line in receive_lines(claimed):
            found = await parse_beside(line)
            for answer in found.answers:
                # In a task, so that a host that does not read does not block its own messages.
                answering.start_soon(to_host.send, SessionMessage(answer))
            if found.message is not None:
                await incoming.send(SessionMessage(rename_answered(answered, line, found.message)))


def rename_answered(answered: AnsweredRequests, line: bytes, message: JSONRPCMessage) -> JSONRPCMessage:
    """Return a message as the SDK gets it."""
    if isinstance(line, AnsweredLine) and isinstance(message, JSONRPCRequest):
        return answered.rename(message)
    return message


async def parse_beside(line: bytes) -> ParsedLine:
    """Parse a line, a long one in a worker thread."""
    return parse_line(line) if len(line) <= STDIN_CHUNK_BYTES else await anyio.to_thread.run_sync(parse_line, line)


async def pass_out(claimed: CapturedStreams, answered: AnsweredRequests, outgoing: MessagesOut) -> None:
    """Pass the server's messages to the host; a host that has closed stdout has gone."""
    limiter = anyio.CapacityLimiter(1)
    awaited = (each.message async for each in outgoing if not answered.is_answered(each.message))
    async with outgoing:
        try:
            async for message in awaited:
                await anyio.to_thread.run_sync(write_message, claimed.stdout, message, limiter=limiter)
        except OSError as exc:
            logger.info("The host has closed stdout: %s", exc)
            claimed.lines.put(None)
            async for _ in outgoing:
                """Discard the rest: the host has gone."""


def write_message(stdout: BinaryIO, message: JSONRPCMessage) -> None:
    """Write a message.

    Raises:
        OSError: The host has closed the other end.
    """
    stdout.write(serialize_message(message).encode() + b"\n")
    stdout.flush()


def serialize_message(message: JSONRPCMessage) -> str:
    """Return a message as JSON."""
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True)
    except ValueError:  # a text may contain half a surrogate pair
        return replace_lone_surrogates(
            json.dumps(message.model_dump(by_alias=True, exclude_unset=True), ensure_ascii=False)
        )


async def receive_lines(claimed: CapturedStreams) -> AsyncIterator[bytes]:
    """Yield the host's lines until it closes stdin."""
    # A limiter of its own, so that the worker threads of calls cannot starve it.
    limiter = anyio.CapacityLimiter(1)
    batch = drop_abandoned_probes(drain_lines(claimed.lines))
    while True:
        for line in batch:
            if line is None:
                exit_within(EXIT_SECONDS)
                return
            yield line
        batch = iter([await anyio.to_thread.run_sync(claimed.lines.get, abandon_on_cancel=True, limiter=limiter)])


async def hang_up_on_signal(claimed: CapturedStreams) -> None:
    """Treat a signal to end as the end of stdin; a cancellation would stop requests before their ids are known.

    The event loop of Windows cannot receive signals; there those of `stdin_capture` stay in place.
    """
    if sys.platform == "win32":
        return
    with anyio.open_signal_receiver(*list_ending_signals()) as signals:
        async for _ in signals:
            exit_within(EXIT_SECONDS)
            claimed.lines.put(None)


def exit_within(seconds: float) -> None:
    """End the process after that many seconds, even if the shutdown hangs."""
    timer = threading.Timer(seconds, exit_process)
    timer.daemon = True
    timer.start()


def exit_process() -> None:
    """End the process with status 0, without waiting for threads."""
    logging.shutdown()
    os._exit(0)
