"""In which encoding a text file is.

UTF-8, and whatever begins with a byte order mark, is certain; other encodings are guessed. Everything here blocks.
"""

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from .older_charsets import CHARSETS, SAMPLE_BYTES, older, sample

CHUNK: Final = 2**20
"""Bytes decoded at a time."""

MARKS: Final = (
    # In this order: the mark of UTF-32 begins with that of UTF-16.
    ("utf-32", (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
    ("utf-16", (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)),
)

UNMARKED: Final = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
LEAST_UNMARKED: Final = 8
"""Minimum length of a text in UTF-16 without a mark: fewer bytes show too little."""
LEAST_PLAIN: Final = 0.3
"""Minimum share of ASCII, of 1, in a text without a mark: spaces, digits and the letters of most languages."""

ASCII: Final = re.compile(r"[\t-\x7e]")
UNWRITTEN: Final = re.compile(r"[\0-\x06\x0e-\x19\x1c-\x1f\x7f-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff]")
"""Characters that occur in no text written by people: control and private-use characters, and noncharacters."""

CONTROLS: Final = re.compile(rb"[\0-\x06\x0e-\x19\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Text:
    """The encoding of a text file.

    Attributes:
        encoding: Python's name of its encoding.
        size: In bytes, as UTF-8.
    """

    encoding: str
    size: int


def text_of(stream: BinaryIO) -> Text | None:
    """Read a file as text if its encoding is certain; None if it is no text, or in an older encoding."""
    stream.seek(0)
    start = stream.read(4)
    encoding = next((name for name, marks in MARKS if start.startswith(marks)), "utf-8-sig")
    return as_text(stream, encoding, re.compile("\0"))


def guessed(stream: BinaryIO) -> Text | None:
    """Read a file in its most likely encoding other than UTF-8; None if that is not clear, or the file is no text."""
    stream.seek(0)
    start = stream.read(SAMPLE_BYTES)
    if not written(start) and b"\0" not in start:
        return None
    names = unmarked(start) if b"\0" in start else older(start, sample(stream))
    return next(filter(None, (as_text(stream, name, UNWRITTEN) for name in names)), None)


def written(start: bytes) -> bool:
    """Whether a file begins as text does in any encoding without NUL bytes: without control characters."""
    return not CONTROLS.search(start)


def foreign(stream: BinaryIO) -> bool:
    """Whether a file seems to be text that is not ASCII."""
    stream.seek(0)
    start, lines = stream.read(SAMPLE_BYTES), sample(stream)
    return bool(lines) and written(start) and written(lines)


def title(encoding: str) -> str:
    """Return the name of an encoding for people: `Windows-1252`, `UTF-16`."""
    known = CHARSETS.get(encoding)
    return known.title if known else "-".join(encoding.upper().split("-")[:2])


def as_text(stream: BinaryIO, encoding: str, wrong: re.Pattern[str]) -> Text | None:
    """Decode a file in chunks from its start; None if it is not in the encoding, or has a character of `wrong`."""
    decoder = codecs.getincrementaldecoder(encoding)()
    size = 0
    stream.seek(0)
    try:
        while chunk := stream.read(CHUNK):
            text = decoder.decode(chunk)
            if wrong.search(text):
                return None
            size += len(text.encode())
        decoder.decode(b"", final=True)
    except UnicodeError:
        return None
    return Text(encoding, size)


def unmarked(start: bytes) -> list[str]:
    """Return the form of UTF-16 or UTF-32 in which a text with NUL bytes has the most ASCII, if that is enough."""
    if len(start) < LEAST_UNMARKED:
        return []
    read = {name: start.decode(name, errors="ignore") for name in UNMARKED}
    plain = {name: len(ASCII.findall(text)) / (len(text) or 1) for name, text in read.items()}
    best = max(plain, key=lambda name: plain[name])
    return [best] if plain[best] >= LEAST_PLAIN else []
