"""What others have named or written, as it may stand in a line of ours. Pure."""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from .workers import STRETCH_CHARACTERS

SHOWN_CHARACTERS: Final = 120
MOST_NAMES: Final = 3
"""Told of many; the rest is only said to be there."""

INERT: Final = str.maketrans({"[": "(", "]": ")", "<": "\u2039", ">": "\u203a", "`": "'", "\\": "/"})
"""What begins or ends links, tags and code in Markdown, and what stands in its place (spec.commonmark.org, 6)."""

QUOTES: Final = "\"'`“”„\u2018\u2019«»"

GOOGLES_PAGE: Final = re.compile(r"<title>Error \d{3} \([^<]*\)!!1</title>")
"""Of Google's own front end, for a path that is none."""

TITLE: Final = re.compile(r"<title[^>]{0,200}>\s*([^<]{1,200})", re.IGNORECASE)


def unquoted(text: str) -> str:
    """The text without quotes and white space around it."""
    return text.strip().strip(QUOTES).strip()


def shown(name: str) -> str:
    """A name that others gave, as it may stand in a message: of bounded length, on one line."""
    half = SHOWN_CHARACTERS // 2
    return printable(name if len(name) <= SHOWN_CHARACTERS else f"{name[:half]}…{name[-half:]}")


def some_names(names: Sequence[str]) -> str:
    """Some names, and a sign that there are more."""
    more = " ..." if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def printable(text: str) -> str:
    """The text with its control characters replaced: a file's name must not read like a line of ours."""
    return "".join(character if character.isprintable() else unprintable(character) for character in text)


def unprintable(character: str) -> str:
    """What stands for a character that is not printed: for any space (a no-break one, an ideographic one), a space."""
    return " " if unicodedata.category(character) == "Zs" else "?"


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


def inert(text: str, limit: int = 200) -> str:
    """The text on one line of at most `limit` characters: all of it can be seen, and is only text in Markdown."""
    visible = "".join(character for character in " ".join(text[: 8 * limit].split()) if character.isprintable())
    return (visible if len(visible) <= limit else visible[: limit - 1] + "…").translate(INERT)


def page_title(text: str) -> str | None:
    """The title of a page that is not Google's, empty where it has none; None if there is no such page."""
    if not text.strip() or GOOGLES_PAGE.search(text):
        return None
    found = TITLE.search(text)
    return shown(" ".join(html.unescape(found[1]).split())) if found else ""
