"""Answers a host whose server cannot be imported; imports nothing slow itself."""

import json
import signal
from typing import Any, Final

from .stdin_capture import AnsweredLine, CapturedStreams, list_ending_signals

INTERNAL_ERROR: Final = -32603
"""https://www.jsonrpc.org/specification#error_object"""

ENDING_SECONDS: Final = 1.0
"""Seconds for the last answers to be written; hosts kill after 2 s (mcp 2.3, client/stdio.py)."""


def refuse_requests(claimed: CapturedStreams, exc: Exception) -> None:
    """Answer each request that has no answer with an error that says why, until the host closes stdin."""
    # There is nothing to clean up; and Python may not run a handler while its main thread waits for a line.
    for each in list_ending_signals():
        signal.signal(each, signal.SIG_DFL)
    said = describe_failure(exc)
    while (line := claimed.lines.get()) is not None:
        request_id = None if isinstance(line, AnsweredLine) else find_request_id(line)
        if request_id is not None:
            error = {"code": INTERNAL_ERROR, "message": said}
            claimed.answer(json.dumps({"jsonrpc": "2.0", "id": request_id, "error": error}).encode())
    claimed.end_greeting(ENDING_SECONDS)


def describe_failure(exc: Exception) -> str:
    """Return what a user can do; of an exception that is no ImportError the text may hold a secret."""
    if not isinstance(exc, ImportError):
        return f"gemini-interactions-mcp cannot start: {type(exc).__name__}. Its log on stderr says more."
    return (
        f"gemini-interactions-mcp cannot start: {exc}. Its installation is incomplete: install it again, and restart "
        "the host. Its log on stderr says more."
    )


def find_request_id(line: bytes) -> int | str | None:
    """Return the id of a request, None for whatever gets no answer."""
    try:
        message: Any = json.loads(line.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
    match message:
        case {"method": _, "id": bool()}:
            return None
        case {"method": _, "id": int() | str() as request_id}:
            return request_id
        case _:
            return None
