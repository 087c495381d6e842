"""Takes stdin and stdout for the protocol before anything slow is imported; imports nothing slow itself.

A host that gives its first probe up while Python still imports the SDK would find the connection locked to a
protocol era that it has left; and what a library prints before serving begins would reach the host.
"""

import contextlib
import gc
import io
import json
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final, cast

CHUNK: Final = 2**16


@dataclass(frozen=True)
class Claim:
    """The host's side of the process.

    Attributes:
        stdout: The only way to the host; file descriptor 1 leads to stderr from now on.
        lines: What the host has written, line by line; None is its end.
    """

    stdout: io.TextIOWrapper
    lines: "SimpleQueue[str | None]" = field(default_factory=SimpleQueue[str | None])


def claim() -> Claim:
    """Take stdin and stdout, and begin to read; a signal to end counts as the end of stdin."""
    # With the collector off, importing takes a tenth less; who serves turns it on again.
    gc.disable()
    stdin = private(0, os.open(os.devnull, os.O_RDONLY))
    stdout = private(1, os.dup(2))
    claimed = Claim(io.TextIOWrapper(os.fdopen(stdout, "wb", closefd=False), encoding="utf-8", newline="\n"))

    def end(_number: int, _frame: object) -> None:
        claimed.lines.put(None)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    threading.Thread(target=read, args=(stdin, claimed.lines), name="stdin", daemon=True).start()
    return claimed


def private(descriptor: int, diversion: int) -> int:
    """Move a standard stream to a descriptor that nobody else knows; its old number leads to `diversion`."""
    moved = os.dup(descriptor)
    os.dup2(diversion, descriptor)
    os.close(diversion)
    return moved


def read(descriptor: int, lines: "SimpleQueue[str | None]") -> None:
    """Put each line of a descriptor into the queue until its end."""
    rest = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(descriptor, CHUNK):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                lines.put(line.decode("utf-8", errors="replace"))
    if rest:
        lines.put(rest.decode("utf-8", errors="replace"))
    lines.put(None)


def waiting(lines: "SimpleQueue[str | None]") -> list[str | None]:
    """What is in the queue now."""
    found: list[str | None] = []
    with contextlib.suppress(Empty):
        while True:
            found.append(lines.get_nowait())
    return found


def fresh(lines: list[str | None]) -> Iterator[str | None]:
    """The lines without a probe that its host has given up on.

    A host of 2026-07-28 opens with `server/discover`; when no answer comes in time, it falls back to `initialize`.
    If both are waiting, answering the probe would lock the connection to an era that the host no longer speaks.
    """
    methods = [method(line) for line in lines]
    given_up = "initialize" in methods
    for line, name in zip(lines, methods, strict=True):
        if not (given_up and name == "server/discover"):
            yield line


def method(line: str | None) -> str | None:
    """The method of a JSON-RPC message."""
    try:
        message: object = json.loads(line or "")
    except (ValueError, RecursionError):
        return None
    return str(cast("dict[str, object]", message).get("method")) if isinstance(message, dict) else None
