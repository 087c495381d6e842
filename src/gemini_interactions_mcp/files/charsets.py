"""In which encoding a text file is.

UTF-8, and whatever begins with a byte order mark, is certain; other encodings are guessed. Everything here blocks.
"""

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from .older_charsets import CHARSET_SAMPLE_BYTES, CHARSETS, guess_older_charsets, read_charset_sample

DECODE_CHUNK_BYTES: Final = 2**20
"""Bytes decoded at a time."""

BYTE_ORDER_MARKS: Final = (
    # In this order: the mark of UTF-32 begins with that of UTF-16.
    ("utf-32", (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
    ("utf-16", (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)),
)

UNMARKED_CHARSETS: Final = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
MIN_UNMARKED_BYTES: Final = 8
"""Minimum length of a text in UTF-16 without a mark: fewer bytes show too little."""
MIN_UNMARKED_ASCII: Final = 0.3
"""Minimum share of ASCII, of 1, in a text without a mark: spaces, digits and the letters of most languages."""

PRINTABLE_ASCII: Final = re.compile(r"[\t-\x7e]")
NON_TEXT: Final = re.compile(r"[\0-\x06\x0e-\x19\x1c-\x1f\x7f-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff]")
"""Characters that occur in no text written by people: control and private-use characters, and noncharacters."""

CONTROL_BYTES: Final = re.compile(rb"[\0-\x06\x0e-\x19\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """The encoding of a text file.

    Attributes:
        encoding: Python's name of its encoding.
        size: In bytes, as UTF-8.
    """

    encoding: str
    size: int


def detect_unicode(stream: BinaryIO) -> TextEncoding | None:
    """Read a file as text if its encoding is certain; None if it is no text, or in an older encoding."""
    stream.seek(0)
    start = stream.read(4)
    encoding = next((name for name, marks in BYTE_ORDER_MARKS if start.startswith(marks)), "utf-8-sig")
    return try_decode(stream, encoding, re.compile("\0"))


def guess_charset(stream: BinaryIO) -> TextEncoding | None:
    """Read a file in its most likely encoding other than UTF-8; None if that is not clear, or the file is no text."""
    stream.seek(0)
    start = stream.read(CHARSET_SAMPLE_BYTES)
    if not has_no_controls(start) and b"\0" not in start:
        return None
    names = guess_unmarked(start) if b"\0" in start else guess_older_charsets(start, read_charset_sample(stream))
    return next(filter(None, (try_decode(stream, name, NON_TEXT) for name in names)), None)


def has_no_controls(start: bytes) -> bool:
    """Whether a file begins as text does in any encoding without NUL bytes: without control characters."""
    return not CONTROL_BYTES.search(start)


def is_foreign_text(stream: BinaryIO) -> bool:
    """Whether a file seems to be text that is not ASCII."""
    stream.seek(0)
    start, lines = stream.read(CHARSET_SAMPLE_BYTES), read_charset_sample(stream)
    return bool(lines) and has_no_controls(start) and has_no_controls(lines)


def get_charset_title(encoding: str) -> str:
    """Return the name of an encoding for people: `Windows-1252`, `UTF-16`."""
    known = CHARSETS.get(encoding)
    return known.title if known else "-".join(encoding.upper().split("-")[:2])


def try_decode(stream: BinaryIO, encoding: str, wrong: re.Pattern[str]) -> TextEncoding | None:
    """Decode a file in chunks from its start; None if it is not in the encoding, or has a character of `wrong`."""
    decoder = codecs.getincrementaldecoder(encoding)()
    size = 0
    stream.seek(0)
    try:
        while chunk := stream.read(DECODE_CHUNK_BYTES):
            text = decoder.decode(chunk)
            if wrong.search(text):
                return None
            size += len(text.encode())
        decoder.decode(b"", final=True)
    except UnicodeError:
        return None
    return TextEncoding(encoding, size)


def guess_unmarked(start: bytes) -> list[str]:
    """Return the form of UTF-16 or UTF-32 in which a text with NUL bytes has the most ASCII, if that is enough."""
    if len(start) < MIN_UNMARKED_BYTES:
        return []
    read = {name: start.decode(name, errors="ignore") for name in UNMARKED_CHARSETS}
    plain = {name: len(PRINTABLE_ASCII.findall(text)) / (len(text) or 1) for name, text in read.items()}
    best = max(plain, key=lambda name: plain[name])
    return [best] if plain[best] >= MIN_UNMARKED_ASCII else []
