"""Durations of recordings."""

import io
import math
from typing import BinaryIO, Final

from tinytag import TinyTag

from gemini_interactions_mcp.models import TYPE_SUFFIXES

TIMED_TYPES: Final = ("audio/", "video/")
"""Beginnings of the types that have a duration."""


def read_duration(content: bytes | bytearray, mime: str) -> float | None:
    """Return the duration of a recording in seconds; None if it has none, or cannot be read. Blocks."""
    return measure_duration(io.BytesIO(content), mime) if mime.startswith(TIMED_TYPES) else None


def measure_duration(file: BinaryIO, mime: str) -> float | None:
    """Return the duration of a recording in an open file in seconds; None if it cannot be read. Blocks."""
    try:
        found = TinyTag.get(f"recording{TYPE_SUFFIXES.get(mime, '')}", file_obj=file, tags=False)
    except Exception:  # noqa: BLE001 - a parser of foreign bytes may raise anything, and the duration is never needed
        return None
    seconds = found.duration
    return round(seconds, 2) if seconds and math.isfinite(seconds) else None
