"""The headings of a long answer: its outline, and the sections under them. Pure.

A text comes in blocks, so that one of any length is read in a time that grows with it, and no step takes long.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from gemini_interactions_mcp.core import InputError, cost

from .cutting import CLOSER_BYTES
from .markdown import Heading, has_headings, read_stretches

OUTLINE_LEVELS: Final = 3
HEADINGS_LISTED: Final = 60
HEADING_CHARACTERS: Final = 80
NAMED_HEADINGS: Final = 40
"""So many headings are named to who asks for one that does not exist."""


def headings(text: Iterable[str]) -> Iterator[Heading]:
    """All headings outside code, quotations and lists, in order."""
    before = 0
    for stretch in read_stretches(text, has_headings):
        for found in stretch.layout.headings:
            yield found._replace(start=before + found.start, end=before + found.end)
        before += len(stretch.text)


class Outline:
    """The headings of a text, and the pages that they are on, as far as there is room.

    Args:
        room: As `core.cost` counts.
    """

    def __init__(self, room: int) -> None:
        self._left = room - CLOSER_BYTES
        self._lines: list[str] = []
        self._more = 0

    def add(self, found: Iterable[Heading], page: int | str) -> None:
        """Add the headings of a page."""
        for heading in found:
            if heading.level > OUTLINE_LEVELS:
                continue
            line = outline_line(heading, page) if not self._more and len(self._lines) < HEADINGS_LISTED else ""
            if line and cost(line) < self._left:
                self._lines.append(line)
                self._left -= cost(line) + 2
            else:
                self._more += 1

    def said(self, characters: int, pages: int) -> str:
        """The outline; nothing where there are no headings, or only one page."""
        if not self._lines or pages == 1:
            return ""
        more = [f"- and {self._more:,} heading{'' if self._more == 1 else 's'} more"] if self._more else []
        return "\n".join([f"Outline of {characters:,} characters in {pages:,} pages:", *self._lines, *more])


def outline_line(heading: Heading, page: int | str) -> str:
    """A line of the outline."""
    return f"{'  ' * (heading.level - 1)}- {shortened(heading.title)} (page {page})"


def outline_cost(text: Iterable[str], room: int) -> int:
    """How much of the room the outline of a text takes at the most."""
    shallow = (heading for heading in headings(text) if heading.level <= OUTLINE_LEVELS)
    lines = [cost(outline_line(heading, "99,999")) + 2 for heading in islice(shallow, HEADINGS_LISTED)]
    return min(room, sum(lines) + CLOSER_BYTES) if lines else 0


def shortened(text: str, limit: int = HEADING_CHARACTERS) -> str:
    """One line, cut at `limit` characters."""
    line = " ".join(text[: 4 * limit].split())
    return line if len(line) <= limit and len(text) <= 4 * limit else line[: limit - 1] + "…"


def section(text: Iterable[str], wanted: str) -> Iterator[str]:
    """What stands under a heading, with it and the headings below it.

    Args:
        text: Markdown in blocks; it is read several times.
        wanted: The heading, in any case, or a part of it that no other has.

    Raises:
        InputError: There is no such heading, or several.
    """
    chosen = chosen_among(headings(text), wanted)
    after = (each.start for each in headings(text) if each.start > chosen.start and each.level <= chosen.level)
    return part(text, chosen.start, next(after, None))


def part(text: Iterable[str], start: int, end: int | None) -> Iterator[str]:
    """A stretch of a text in blocks."""
    before = 0
    for block in text:
        if end is not None and before >= end:
            return
        yield block[max(0, start - before) : None if end is None else end - before]
        before += len(block)


def chosen_among(found: Iterable[Heading], wanted: str) -> Heading:
    """The heading that is meant: the one that says exactly this, else the one that contains it.

    Raises:
        InputError: There is none, or several.
    """
    wanted_words = compared(wanted.strip("# *"))
    alike: list[list[Heading]] = [[], [], []]
    for heading in found:
        title = compared(heading.title)
        rank = 0 if title == wanted_words else 1 if wanted_words and wanted_words in title else 2
        if len(alike[rank]) < NAMED_HEADINGS:
            alike[rank].append(heading)
    exact, containing, others = alike
    chosen = exact or containing
    if len(chosen) == 1:
        return chosen[0]
    listed = "; ".join(shortened(heading.title) for heading in chosen or others) or "none"
    raise InputError(
        f"There {'are several sections' if chosen else 'is no section'} {shortened(wanted)!r}. Headings: {listed}."
    )


def compared(title: str) -> str:
    """A heading as it is compared."""
    return " ".join(title.casefold().split())
