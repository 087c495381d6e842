"""What others have named or written, as it may stand in a line of ours. Pure."""

from typing import Final

SHOWN_CHARACTERS: Final = 120

INERT: Final = str.maketrans({"[": "(", "]": ")", "<": "\u2039", ">": "\u203a", "`": "'", "\\": "/"})
"""What begins or ends links, tags and code in Markdown, and what stands in its place (spec.commonmark.org, 6)."""


def shown(name: str) -> str:
    """A name that others gave, as it may stand in a message: of bounded length, on one line."""
    half = SHOWN_CHARACTERS // 2
    return printable(name if len(name) <= SHOWN_CHARACTERS else f"{name[:half]}…{name[-half:]}")


def printable(text: str) -> str:
    """The text with its control characters replaced: a file's name must not read like a line of ours."""
    return "".join(character if character.isprintable() else "?" for character in text)


def inert(text: str, limit: int = 200) -> str:
    """The text on one line of at most `limit` characters: all of it can be seen, and is only text in Markdown."""
    visible = "".join(character for character in " ".join(text[: 8 * limit].split()) if character.isprintable())
    return (visible if len(visible) <= limit else visible[: limit - 1] + "…").translate(INERT)
