"""Reads the words of a transcript, which annotate its text, and makes its subtitles. Pure.

Source: google-genai 3.6.1, types/interactions/wordinfo.py
"""

import base64
import re
from collections.abc import Iterator, Sequence
from typing import Final

from gemini_interactions_mcp.core import Json, encode_utf8, get_text, iter_objects
from gemini_interactions_mcp.models import Media
from gemini_interactions_mcp.text import subtitles, transcripts

OFFSET: Final = re.compile(r"(\d{1,6})(?:\.(\d{1,9}))?s")
"""Offset of a word: a number of seconds as `0.100s`; no recording takes longer than 11 days."""


def parse_words(block: Json) -> list[transcripts.SpokenWord]:
    """Return the words of a text block; empty if it is no transcript, or one without speakers and times."""
    words = list(iterate_words(block))
    return words if any(word.speaker or word.start is not None or word.end is not None for word in words) else []


def has_words(block: Json) -> bool:
    """Whether a text block is one of a transcript, with or without speakers and times."""
    return next(iterate_words(block), None) is not None


def iterate_words(block: Json) -> Iterator[transcripts.SpokenWord]:
    """Yield the words of a text block."""
    for note in iter_objects(block.get("annotations")):
        if note.get("type") == "word_info":
            yield transcripts.SpokenWord(
                (get_text(note.get("text")) or "").strip(),
                parse_offset(note.get("start_offset")),
                parse_offset(note.get("end_offset")),
                (get_text(note.get("speaker")) or "").strip(),
            )


def parse_offset(value: object) -> int | None:
    """Return an offset in milliseconds; None if it is missing or malformed."""
    found = OFFSET.fullmatch(get_text(value) or "")
    return int(found[1]) * 1_000 + int((found[2] or "").ljust(3, "0")[:3]) if found else None


def make_subtitles(words: Sequence[transcripts.SpokenWord]) -> Iterator[Media]:
    """Yield the subtitles of a transcript as files, with the words that have no time; none without any times."""
    if cues := subtitles.build_cues(words):
        for mime, render in subtitles.SUBTITLE_RENDERERS.items():
            content = base64.b64encode(encode_utf8(render(cues))).decode()
            yield Media(kind="document", mime_type=mime, data=content)
