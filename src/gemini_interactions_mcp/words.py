"""What others have named or written, as it may stand in a line of ours. Pure."""

from collections.abc import Iterator
from typing import Final

from .workers import STRETCH_CHARACTERS

SHOWN_CHARACTERS: Final = 120


def shown(name: str) -> str:
    """A name that others gave, as it may stand in a message: of bounded length, on one line."""
    half = SHOWN_CHARACTERS // 2
    return printable(name if len(name) <= SHOWN_CHARACTERS else f"{name[:half]}…{name[-half:]}")


def printable(text: str) -> str:
    """The text with its control characters replaced: a file's name must not read like a line of ours."""
    return "".join(character if character.isprintable() else "?" for character in text)


def stretches(text: str, size: int = STRETCH_CHARACTERS) -> Iterator[str]:
    """A text in stretches of `size` characters; halves of a surrogate pair that have met stay together."""
    start = 0
    while start < len(text):
        end = start + size
        if "\ud800" <= text[end - 1 : end] <= "\udbff":
            end += 1
        yield text[start:end]
        start = end


def paired(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which has no UTF-8; two that have met are a character."""
    if text.isascii() or not any(map(halved, stretches(text))):
        return text
    return "".join(
        stretch.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") for stretch in stretches(text)
    )


def halved(text: str) -> bool:
    """Whether there is half a surrogate pair in a text, alone or with its other half."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def utf8_length(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text) if text.isascii() else sum(len(stretch.encode(errors="replace")) for stretch in stretches(text))
