"""What others have named or written, as it may stand in a line of ours. Pure."""

import html
import re
from typing import Final

SHOWN_CHARACTERS: Final = 120

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


def printable(text: str) -> str:
    """The text with its control characters replaced: a file's name must not read like a line of ours."""
    return "".join(character if character.isprintable() else "?" for character in text)


def page_title(text: str) -> str | None:
    """The title of a page that is not Google's, empty where it has none; None if there is no such page."""
    if not text.strip() or GOOGLES_PAGE.search(text):
        return None
    found = TITLE.search(text)
    return shown(" ".join(html.unescape(found[1]).split())) if found else ""
