"""What others have named or written, as it may stand in a line of ours. Pure."""

from typing import Final

SHOWN_CHARACTERS: Final = 120


def well_formed(text: str) -> str:
    """The text without half surrogate pairs, which JSON can carry and UTF-8 cannot: each becomes U+FFFD.

    Two halves that have met are a character.
    """
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def shown(name: str) -> str:
    """A name that others gave, as it may stand in a message: of bounded length, on one line."""
    half = SHOWN_CHARACTERS // 2
    return printable(name if len(name) <= SHOWN_CHARACTERS else f"{name[:half]}…{name[-half:]}")


def printable(text: str) -> str:
    """The text with its control characters replaced: a file's name must not read like a line of ours."""
    return "".join(character if character.isprintable() else "?" for character in text)
