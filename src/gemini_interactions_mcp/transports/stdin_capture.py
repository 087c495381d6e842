"""Captures stdin and stdout for the protocol, and greets a host, before any slow import; imports nothing slow itself.

Otherwise, a host that abandons its first probe while Python still imports the SDK would find the connection locked to
a protocol era that it has left, and output of libraries before serving starts would reach the host.
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
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, Final, cast

from gemini_interactions_mcp import __version__

from .greeting import Greeter

STDIN_CHUNK_BYTES: Final = 2**16
"""Bytes per read of stdin."""

MAX_LINE_BYTES: Final = 8 * 2**20
"""Maximum bytes of a line; a text that fills a model's context of a million tokens has about 4 MiB."""
LINE_HEAD_BYTES: Final = 2**20
"""Bytes kept from the beginning of a longer line."""

STDERR_WAIT_SECONDS: Final = 0.5
"""Seconds to wait, once, for a reader of stderr that lags behind."""
PIPE_BUF_BYTES: Final = getattr(select, "PIPE_BUF", 512)
"""Bytes that a writable pipe accepts in one write (POSIX guarantees at least 512)."""

SNAPSHOT_PATH: Final = Path(__file__).with_name("greeting.json")

ENDING_SIGNALS: Final = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
"""Names of signals that end a server; Windows has no SIGHUP, and only Windows has SIGBREAK."""


class AnsweredLine(bytes):
    """A request from the host that has its answer already."""


class CapturedStreams:
    """The captured streams, and the answers that a host gets before the SDK is imported.

    Args:
        stdout: The only way to the host; file descriptor 1 now leads to stderr.
        snapshot: What the greeting answers with, as `load_snapshot` returns it; None if the SDK answers everything.

    Attributes:
        lines: Lines from the host; None is the end of stdin. Of a line longer than `MAX_LINE_BYTES` the middle may be
            missing; the rest is still longer than that.
        greets: Whether the host may have answers of the greeting.
    """

    def __init__(self, stdout: BinaryIO, snapshot: dict[str, Any] | None = None) -> None:
        self.stdout = stdout
        self.lines: SimpleQueue[bytes | None] = SimpleQueue()
        self.greets = snapshot is not None
        self._greeter = Greeter(snapshot)
        self._taking = threading.Lock()
        self._answers: SimpleQueue[bytes | None] = SimpleQueue()
        # A thread of its own, so that a host that does not read stdout does not keep its stdin from being read.
        self._writer = threading.Thread(target=self._write_answers, name="greeting", daemon=True)
        if self.greets:
            self._writer.start()

    def take_line(self, line: bytes | None) -> None:
        """Put a line from the host, or the end of stdin, into the queue; answer it if the greeting can."""
        with self._taking:
            if line is not None and (answer := self._find_answer(line)):
                self.answer(answer)
                line = AnsweredLine(line)
            self.lines.put(line)

    def _find_answer(self, line: bytes) -> bytes | None:
        try:
            return self._greeter.find_answer(line)
        except Exception as exc:  # noqa: BLE001 - whatever it is, the line has to reach the SDK
            sys.stderr.write(f"WARNING The greeting has failed: {type(exc).__name__}\n")
            self._greeter = Greeter(None)
            return None

    def answer(self, line: bytes) -> None:
        """Have an answer written, in order, before the greeting ends."""
        self._answers.put(line)

    def end_greeting(self, seconds: float = 0) -> None:
        """Leave all answers to the SDK from now on; each line that is answered is in the queue already.

        Args:
            seconds: How long to wait until the answers are written.
        """
        with self._taking:
            self._greeter = Greeter(None)
        self._answers.put(None)
        if self.greets:
            self._writer.join(seconds)

    def _write_answers(self) -> None:
        try:
            while (answer := self._answers.get()) is not None:
                self.stdout.write(answer + b"\n")
                self.stdout.flush()
        except OSError:
            self.lines.put(None)  # the host has gone


class NonBlockingStderr(io.FileIO):
    """Stderr that never blocks on a reader that has stopped reading: drops what the pipe does not accept."""

    def __init__(self) -> None:
        super().__init__(2, "wb", closefd=False)
        self._patience = STDERR_WAIT_SECONDS

    def write(self, data: Any) -> int:  # noqa: ANN401 - bytes of any kind
        """Write as much as is accepted, and report all of it as written."""
        with contextlib.suppress(OSError):
            for start in range(0, len(data), PIPE_BUF_BYTES):
                if not self._is_ready():
                    break
                super().write(data[start : start + PIPE_BUF_BYTES])
        return len(data)

    def _is_ready(self) -> bool:
        if sys.platform == "win32":  # where select() accepts only sockets
            return True
        ready = bool(select.select([], [self], [], self._patience)[1])
        self._patience = STDERR_WAIT_SECONDS if ready else 0.0
        return ready


def open_closed_streams() -> None:
    """Open the null device for each standard stream that the host has closed, so that no file gets its descriptor."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as stderr
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - stays open, as by default


def capture_streams() -> CapturedStreams:
    """Capture stdin and stdout, and start reading and greeting; a signal to end counts as the end of stdin."""
    # Imports take a tenth less time without the garbage collector; `stdio` enables it again.
    gc.disable()
    stdin = divert_stream(0, os.open(os.devnull, os.O_RDONLY))
    stdout = divert_stream(1, os.dup(2))
    sys.stdout = sys.stderr = io.TextIOWrapper(
        NonBlockingStderr(), encoding="utf-8", errors="backslashreplace", line_buffering=True
    )
    snapshot = load_snapshot(os.environ)  # noqa: TID251 - `settings` takes too long to import
    claimed = CapturedStreams(os.fdopen(stdout, "wb", closefd=False), snapshot)

    def end(_number: int, _frame: object) -> None:
        claimed.lines.put(None)

    for each in list_ending_signals():
        signal.signal(each, end)
    threading.Thread(target=read_lines, args=(stdin, claimed.take_line), name="stdin", daemon=True).start()
    return claimed


def load_snapshot(environ: Mapping[str, str]) -> dict[str, Any] | None:
    """Return what the greeting answers with; None if it is of another version, or of other settings."""
    try:
        snapshot = json.loads(SNAPSHOT_PATH.read_bytes())
        usual = all(environ.get(name) in (None, "", value) for name, value in snapshot["settings"].items())
        return snapshot if usual and snapshot["version"] == __version__ else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # not what `make snapshot` has written
        return None


def list_ending_signals(has: Mapping[str, signal.Signals] = signal.Signals.__members__) -> list[signal.Signals]:
    """Return the signals that end a server, including that of a closed terminal unless `nohup` ignores it."""
    known = [has[name] for name in ENDING_SIGNALS if name in has]
    return [each for each in known if each.name != "SIGHUP" or signal.getsignal(each) != signal.SIG_IGN]


def divert_stream(descriptor: int, diversion: int) -> int:
    """Move a standard stream to a new descriptor, and return that; the old descriptor leads to `diversion`."""
    moved = os.dup(descriptor)
    if sys.platform != "win32":  # elsewhere a non-blocking stream would appear to have ended
        os.set_blocking(moved, True)
    os.dup2(diversion, descriptor)
    os.close(diversion)
    return moved


def read_lines(descriptor: int, take: Callable[[bytes | None], None]) -> None:
    """Read a descriptor to its end, and pass on each line, then None."""
    line = bytearray()
    with contextlib.suppress(OSError):
        while chunk := os.read(descriptor, STDIN_CHUNK_BYTES):
            *ends, rest = chunk.split(b"\n")
            for end in ends:
                line += end
                take(bytes(line))
                line.clear()
            line += rest
            shorten_line(line)
    if line:
        take(bytes(line))
    take(None)


def shorten_line(line: bytearray) -> None:
    """Remove the middle of a line that is far too long, to bound its memory; it remains too long."""
    if len(line) > 2 * MAX_LINE_BYTES:
        del line[LINE_HEAD_BYTES:-MAX_LINE_BYTES]


def drain_lines(lines: "SimpleQueue[bytes | None]") -> list[bytes | None]:
    """Return all lines that are in the queue now."""
    found: list[bytes | None] = []
    with contextlib.suppress(Empty):
        while True:
            found.append(lines.get_nowait())
    return found


def drop_abandoned_probes(lines: list[bytes | None]) -> Iterator[bytes | None]:
    """Yield the lines without a probe that the host has abandoned.

    A host of 2026-07-28 opens with `server/discover`, and falls back to `initialize` if no response comes in time. If
    both are waiting, a response to the probe would lock the connection to an era that the host no longer speaks. Any
    request between the two locks it anyway.
    """
    opening = list(takewhile(may_precede_initialize, lines))
    rest = lines[len(opening) :]
    falls_back = bool(rest) and parse_method(rest[0]) == "initialize"
    for line in opening:
        if not (falls_back and parse_method(line) == "server/discover"):
            yield line
    yield from rest


def may_precede_initialize(line: bytes | None) -> bool:
    """Whether a line leaves the era of the connection open: a probe, a notification, or nothing that can be read."""
    method = parse_method(line)
    return method in (None, "server/discover") or str(method).startswith("notifications/")


def parse_method(line: bytes | None) -> str | None:
    """Return the method of a JSON-RPC message, None if the line is not an object."""
    try:
        message: object = json.loads(line or b"")
    except (ValueError, RecursionError):
        return None
    return str(cast("dict[str, object]", message).get("method")) if isinstance(message, dict) else None
