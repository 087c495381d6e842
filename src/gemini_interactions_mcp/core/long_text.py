"""Texts of any length, processed in stretches so that other threads run in between. Pure."""

import codecs
from collections.abc import Iterable, Iterator

from .offloading import THREAD_STEP_CHARACTERS


def iter_stretches(text: str, size: int = THREAD_STEP_CHARACTERS) -> Iterator[str]:
    """Yield a text in stretches of `size` characters; a pair of surrogates is never split."""
    start = 0
    while start < len(text):
        end = start + size
        if "\ud800" <= text[end - 1 : end] <= "\udbff":
            end += 1
        yield text[start:end]
        start = end


def concatenate(parts: Iterable[str]) -> str:
    """Concatenate parts; unlike one long `join`, this lets other threads run in between."""
    text, waiting, size = "", list[str](), 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= THREAD_STEP_CHARACTERS:
            # CPython extends the string in place.
            text += "".join(waiting)
            waiting, size = [], 0
    return text + "".join(waiting) if waiting else text


def encode_utf8(text: str) -> bytes | bytearray:
    """Encode a text as UTF-8, with `?` for each lone surrogate."""
    content = bytearray()
    for stretch in iter_stretches(text):
        content += stretch.encode(errors="replace")
    return content


def decode_utf8(content: bytes) -> str:
    """Decode UTF-8.

    Raises:
        UnicodeDecodeError: The content is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    places = range(0, len(content), THREAD_STEP_CHARACTERS)
    return concatenate(decoder.decode(content[at : at + THREAD_STEP_CHARACTERS], at == places[-1]) for at in places)


def measure_utf8(text: str) -> int:
    """Return the length of a text in UTF-8, in bytes."""
    return (
        len(text) if text.isascii() else sum(len(stretch.encode(errors="replace")) for stretch in iter_stretches(text))
    )


def replace_unstorable(text: str) -> str:
    """Replace U+0000 and each lone surrogate with U+FFFD.

    The one place where texts are cleaned for a database: PostgreSQL stores no U+0000, and a surrogate has no UTF-8.
    """
    return replace_lone_surrogates(text).replace("\0", "\ufffd")


def replace_lone_surrogates(text: str) -> str:
    """Replace each lone surrogate with U+FFFD, and each pair of surrogates with the character that it encodes."""
    if text.isascii() or not any(map(has_surrogates, iter_stretches(text))):
        return text
    return "".join(
        stretch.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") for stretch in iter_stretches(text)
    )


def has_surrogates(text: str) -> bool:
    """Whether a text contains surrogates, lone or in pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
