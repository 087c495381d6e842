"""Takes stdin and stdout for the protocol before anything slow is imported; imports nothing slow itself.

A host that gives its first probe up while Python still imports the SDK would find the connection locked to a
protocol era that it has left; and what a library prints before serving begins would reach the host.
"""

import contextlib
import gc
import io
import json
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, Final, cast

CHUNK: Final = 2**16

LONGEST_LINE: Final = 8 * 2**20
"""Bytes of a line at most; a text that fills the context of a model, a million tokens, has about 4 MiB."""
HEAD: Final = 2**20
"""Bytes at the beginning of a longer line that are kept in any case."""

STDERR_SECONDS: Final = 0.5
"""So long, a reader of stderr that is behind is waited for, once."""
PIPE_BUF: Final = getattr(select, "PIPE_BUF", 512)
"""So many bytes a pipe takes at once that takes anything (POSIX, which names 512 at the least)."""


@dataclass(frozen=True)
class Claim:
    """The host's side of the process.

    Attributes:
        stdout: The only way to the host; file descriptor 1 leads to stderr from now on.
        lines: What the host has written, line by line; None is its end. Of a line longer than `LONGEST_LINE` the
            middle may be missing; what is left is still longer.
    """

    stdout: BinaryIO
    lines: "SimpleQueue[bytes | None]" = field(default_factory=SimpleQueue[bytes | None])


class Stderr(io.FileIO):
    """Stderr that a reader who has stopped reading cannot hold up: what its pipe does not take is dropped."""

    def __init__(self) -> None:
        super().__init__(2, "wb", closefd=False)
        self._patience = STDERR_SECONDS

    def write(self, data: Any) -> int:  # noqa: ANN401 - bytes of any kind
        """Write what is taken, and pretend that it was everything."""
        with contextlib.suppress(OSError):
            for start in range(0, len(data), PIPE_BUF):
                if not self._ready():
                    break
                super().write(data[start : start + PIPE_BUF])
        return len(data)

    def _ready(self) -> bool:
        if sys.platform == "win32":  # where only sockets can be asked
            return True
        ready = bool(select.select([], [self], [], self._patience)[1])
        self._patience = STDERR_SECONDS if ready else 0.0
        return ready


def open_closed_streams() -> None:
    """Open the null device where the host has closed a standard stream, so that no file of ours gets its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as it was before


def claim() -> Claim:
    """Take stdin and stdout, and begin to read; a signal to end counts as the end of stdin."""
    # With the collector off, importing takes a tenth less; who serves turns it on again.
    gc.disable()
    stdin = private(0, os.open(os.devnull, os.O_RDONLY))
    stdout = private(1, os.dup(2))
    sys.stdout = sys.stderr = io.TextIOWrapper(
        Stderr(), encoding="utf-8", errors="backslashreplace", line_buffering=True
    )
    claimed = Claim(os.fdopen(stdout, "wb", closefd=False))

    def end(_number: int, _frame: object) -> None:
        claimed.lines.put(None)

    for each in ending_signals():
        signal.signal(each, end)
    threading.Thread(target=read, args=(stdin, claimed.lines), name="stdin", daemon=True).start()
    return claimed


def ending_signals() -> list[signal.Signals]:
    """The signals that end a server: that of a closed terminal, too, unless `nohup` has it ignored."""
    wanted = [signal.SIGTERM, signal.SIGINT]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    return wanted


def private(descriptor: int, diversion: int) -> int:
    """Move a standard stream to a descriptor that nobody else knows; its old number leads to `diversion`."""
    moved = os.dup(descriptor)
    if sys.platform != "win32":  # elsewhere a stream that does not block would seem to have ended
        os.set_blocking(moved, True)
    os.dup2(diversion, descriptor)
    os.close(diversion)
    return moved


def read(descriptor: int, lines: "SimpleQueue[bytes | None]") -> None:
    """Put each line of a descriptor into the queue until its end."""
    line = bytearray()
    with contextlib.suppress(OSError):
        while chunk := os.read(descriptor, CHUNK):
            *ends, rest = chunk.split(b"\n")
            for end in ends:
                line += end
                lines.put(bytes(line))
                line.clear()
            line += rest
            shorten(line)
    if line:
        lines.put(bytes(line))
    lines.put(None)


def shorten(line: bytearray) -> None:
    """Take the middle out of a line that is far too long, so that it takes no more memory; it stays too long."""
    if len(line) > 2 * LONGEST_LINE:
        del line[HEAD:-LONGEST_LINE]


def waiting(lines: "SimpleQueue[bytes | None]") -> list[bytes | None]:
    """What is in the queue now."""
    found: list[bytes | None] = []
    with contextlib.suppress(Empty):
        while True:
            found.append(lines.get_nowait())
    return found


def fresh(lines: list[bytes | None]) -> Iterator[bytes | None]:
    """The lines without a probe that its host has given up on.

    A host of 2026-07-28 opens with `server/discover`; when no answer comes in time, it falls back to `initialize`.
    If both are waiting, answering the probe would lock the connection to an era that the host no longer speaks.
    """
    methods = [method(line) for line in lines]
    given_up = "initialize" in methods
    for line, name in zip(lines, methods, strict=True):
        if not (given_up and name == "server/discover"):
            yield line


def method(line: bytes | None) -> str | None:
    """The method of a JSON-RPC message."""
    try:
        message: object = json.loads(line or b"")
    except (ValueError, RecursionError):
        return None
    return str(cast("dict[str, object]", message).get("method")) if isinstance(message, dict) else None
