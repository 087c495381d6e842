"""A long answer in parts: pages, the sections under its headings, its outline. Pure."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from .errors import InputError

PAGE_CHARACTERS: Final = 10_000
"""Under what Codex (12,000 characters) and Claude Code (25,000 tokens) show of one result."""

OUTLINE_LEVELS: Final = 3
HEADINGS_LISTED: Final = 60
HEADING_CHARACTERS: Final = 80
NAMED_HEADINGS: Final = 40
"""So many headings are named to who asks for one that does not exist."""

# A fence of code is passed over whole, also when it is never closed (spec.commonmark.org, 4.2 and 4.5).
LINES: Final = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,}).*?(?:^ {0,3}(?P=fence)|\Z)"
    r"|^(?P<level>#{1,6})[ \t]+(?P<title>[^\n]+)$",
    re.MULTILINE | re.DOTALL,
)


class Heading(NamedTuple):
    """A heading of a Markdown text: where it begins, how deep it is, what it says."""

    start: int
    level: int
    title: str


def cut(text: str, limit: int = PAGE_CHARACTERS) -> Iterator[str]:
    """Cut at the last paragraph end before `limit`, else at a line end, a space, or where it must be."""
    while len(text) > limit:
        places = ((text.rfind(mark, 1, limit), mark) for mark in ("\n\n", "\n", " "))
        at, mark = next(((found, mark) for found, mark in places if found > limit // 4), (limit, ""))
        yield text[:at]
        text = text[at + len(mark) :].lstrip("\n")
    if text:
        yield text


def headings(text: str) -> list[Heading]:
    """All headings outside code, in order."""
    return [
        Heading(found.start(), len(found["level"]), bare(found["title"]))
        for found in LINES.finditer(text)
        if found["level"]
    ]


def bare(title: str) -> str:
    """What a heading says, without the marks that may close it and those of emphasis."""
    return title.strip(" \t#").replace("**", "").replace("`", "")


def outline(text: str, parts: list[str]) -> str:
    """The headings of a text of several pages and the pages that they are on."""
    found = [
        f"{'  ' * (heading.level - 1)}- {shortened(heading.title)} (page {number})"
        for number, part in enumerate(parts, 1)
        for heading in headings(part)
        if heading.level <= OUTLINE_LEVELS
    ]
    if not found or len(parts) == 1:
        return ""
    if (more := len(found) - HEADINGS_LISTED) > 0:
        found[HEADINGS_LISTED:] = [f"- and {more} heading{'' if more == 1 else 's'} more"]
    return "\n".join([f"Outline of {len(text):,} characters in {len(parts)} pages:", *found])


def shortened(text: str, limit: int = HEADING_CHARACTERS) -> str:
    """One line, cut at `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def section(text: str, wanted: str) -> str:
    """What stands under a heading, with it and the headings below it.

    Args:
        text: Markdown.
        wanted: The heading, in any case, or a part of it that no other has.

    Raises:
        InputError: There is no such heading, or several.
    """
    found = headings(text)
    chosen = chosen_among(found, " ".join(wanted.strip("# *").casefold().split()))
    if len(chosen) == 1:
        following = (each.start for each in found if each.start > chosen[0].start and each.level <= chosen[0].level)
        return text[chosen[0].start : next(following, len(text))].rstrip()
    titles = [heading.title for heading in chosen or found]
    listed = "; ".join(titles[:NAMED_HEADINGS]) or "none"
    raise InputError(f"There {'are several sections' if chosen else 'is no section'} {wanted!r}. Headings: {listed}.")


def chosen_among(found: list[Heading], wanted: str) -> list[Heading]:
    """The headings that are meant: those that say exactly this, else those that contain it."""
    titles = [(heading, " ".join(heading.title.casefold().split())) for heading in found]
    return [heading for heading, title in titles if title == wanted] or [
        heading for heading, title in titles if wanted and wanted in title
    ]
