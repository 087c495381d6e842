"""Runs what serves until the user ends it. Imports nothing slow."""

import errno
import signal
import sys
from collections.abc import Awaitable, Callable

from gemini_interactions_mcp.transports.stdin_capture import list_ending_signals


def write_plainly(text: str) -> None:
    """Write to stderr."""
    sys.stderr.write(text)


def run_interruptible(run: Callable[[], Awaitable[None]], complain: Callable[[str], object] = write_plainly) -> int:
    """Run until Ctrl-C or another signal to end; return the exit status, 1 if the port cannot be bound.

    Args:
        run: Serves.
        complain: Writes why it does not.

    Raises:
        BrokenPipeError: The reader of stdout has gone.
    """
    import anyio  # noqa: PLC0415 - after `capture_streams`

    for each in list_ending_signals():
        signal.signal(each, signal.default_int_handler)
    try:
        anyio.run(run)
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        raise
    except OSError as exc:
        complain(f"gemini-interactions-mcp: {describe_unusable_place(exc)}\n")
        return 1
    return 0


def describe_unusable_place(exc: OSError) -> str:
    """Return why nothing can be served where it should be, and what to choose instead."""
    if exc.errno == errno.EADDRNOTAVAIL:
        return "This machine does not have the address of --host."
    advice = " Choose another port with --port." if exc.errno in (errno.EADDRINUSE, errno.EACCES) else ""
    return f"{exc.strerror or exc}.{advice}"
