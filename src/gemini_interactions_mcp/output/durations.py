"""Durations of recordings."""

import math
from typing import Any, BinaryIO, Final

from tinytag import TinyTag

from gemini_interactions_mcp.models import TYPE_SUFFIXES

EVEN_TYPES: Final = ("audio/wav", "audio/mpeg")
"""Types whose size tells their duration."""

MAX_RATIO: Final = 2
"""How far the duration in a header may be from that of the size: tags and pictures have their size too."""

TIMED_TYPES: Final = (
    "audio/wav",
    "audio/mpeg",
    "audio/aiff",
    "audio/ogg",
    "audio/opus",
    "audio/flac",
    "audio/m4a",
    "video/mp4",
    "video/mov",
)
"""Types whose duration can be read. That of others, such as frames of AAC, would be guessed from what looks alike."""

MAX_HEADER_BYTES: Final = 2**22
"""Bytes of an MP3 file that are read: usually less than 100, and a search through a large file takes minutes."""


class HeaderFile:
    """An open file of which no more than `MAX_HEADER_BYTES` are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MAX_HEADER_BYTES
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        """Read as a file does.

        Raises:
            ValueError: That would be too much.
        """
        content = self._file.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise ValueError("too much was read")
        return content


def measure_duration(file: BinaryIO, mime: str) -> float | None:
    """Return the duration of a recording in an open file in seconds; None if it has none, or cannot be read. Blocks."""
    if mime not in TIMED_TYPES:
        return None
    opened: Any = HeaderFile(file) if mime == "audio/mpeg" else file
    try:
        found = TinyTag.get(f"recording{TYPE_SUFFIXES[mime]}", file_obj=opened, tags=False)
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
