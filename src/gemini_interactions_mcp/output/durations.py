"""Durations of recordings."""

import io
import math
from typing import BinaryIO, Final

from tinytag import TinyTag

from gemini_interactions_mcp.models import TYPE_SUFFIXES

EVEN_TYPES: Final = ("audio/wav", "audio/mpeg")
"""Types whose size tells their duration."""

MAX_RATIO: Final = 2
"""How far the duration in a header may be from that of the size: tags and pictures have their size too."""

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
    seconds = correct_duration(found, mime)
    return round(seconds, 2) if seconds and math.isfinite(seconds) else None


def correct_duration(found: TinyTag, mime: str) -> float | None:
    """Return the duration of a recording, by its size where its header is far from that.

    The header of a streamed WAV file may tell of 4 GB, and that of joined MP3 files of the first only.
    """
    if mime not in EVEN_TYPES or not found.duration or not found.bitrate:
        return found.duration
    whole = found.filesize * 8 / 1_000 / found.bitrate
    return found.duration if 1 / MAX_RATIO <= found.duration / whole <= MAX_RATIO else whole
