"""What others have named or written, as it may stand in a line of ours. Pure."""

import unicodedata
from typing import Final

SHOWN_CHARACTERS: Final = 120


def shown(name: str) -> str:
    """A name that others gave, as it may stand in a message: of bounded length, on one line."""
    half = SHOWN_CHARACTERS // 2
    return printable(name if len(name) <= SHOWN_CHARACTERS else f"{name[:half]}…{name[-half:]}")


def printable(text: str) -> str:
    """The text with its control characters replaced: a file's name must not read like a line of ours."""
    return "".join(character if character.isprintable() else unprintable(character) for character in text)


def unprintable(character: str) -> str:
    """What stands for a character that is not printed: for any space (a no-break one, an ideographic one), a space."""
    return " " if unicodedata.category(character) == "Zs" else "?"
