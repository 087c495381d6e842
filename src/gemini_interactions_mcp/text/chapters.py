"""Headings of a long answer: its outline and its sections. Pure.

A text comes in blocks, so that reading takes linear time and no step takes long.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from gemini_interactions_mcp.core import InputError, measure_cost

from .cutting import FENCE_CLOSER_BYTES
from .markdown import Heading, has_headings
from .stretches import read_stretches

OUTLINE_LEVELS: Final = 3
"""Levels of headings in the outline."""

MAX_OUTLINE_HEADINGS: Final = 60
"""Headings in the outline."""

HEADING_CHARACTERS: Final = 80
"""Maximum length of a heading where it is listed."""

MAX_NAMED_HEADINGS: Final = 40
"""Headings in the error about a section that does not exist."""


def iter_headings(text: Iterable[str]) -> Iterator[Heading]:
    """Yield all headings outside code, quotations and lists, in order."""
    before = 0
    for stretch in read_stretches(text, has_headings):
        for found in stretch.layout.headings:
            yield found._replace(start=before + found.start, end=before + found.end)
        before += len(stretch.text)


class Outline:
    """Collects headings with their pages, as far as there is room.

    Args:
        room: Maximum size, as `measure_cost` counts.
    """

    def __init__(self, room: int) -> None:
        self._left = room - FENCE_CLOSER_BYTES
        self._lines: list[str] = []
        self._more = 0

    def add(self, found: Iterable[Heading], page: int | str) -> None:
        """Add the headings of a page."""
        for heading in found:
            if heading.level > OUTLINE_LEVELS:
                continue
            line = (
                format_outline_line(heading, page) if not self._more and len(self._lines) < MAX_OUTLINE_HEADINGS else ""
            )
            if line and measure_cost(line) < self._left:
                self._lines.append(line)
                self._left -= measure_cost(line) + 2
            else:
                self._more += 1

    def render(self, characters: int, pages: int) -> str:
        """Render the outline; empty without headings, or with a single page."""
        if not self._lines or pages == 1:
            return ""
        more = [f"- and {self._more:,} heading{'' if self._more == 1 else 's'} more"] if self._more else []
        return "\n".join([f"Outline of {characters:,} characters in {pages:,} pages:", *self._lines, *more])


def format_outline_line(heading: Heading, page: int | str) -> str:
    """Return a line of the outline."""
    return f"{'  ' * (heading.level - 1)}- {shorten_to_line(heading.title)} (page {page})"


def measure_outline(text: Iterable[str], room: int) -> int:
    """Return an upper bound of the size of a text's outline, at most `room`."""
    shallow = (heading for heading in iter_headings(text) if heading.level <= OUTLINE_LEVELS)
    lines = [
        measure_cost(format_outline_line(heading, "99,999")) + 2 for heading in islice(shallow, MAX_OUTLINE_HEADINGS)
    ]
    return min(room, sum(lines) + FENCE_CLOSER_BYTES) if lines else 0


def shorten_to_line(text: str, limit: int = HEADING_CHARACTERS) -> str:
    """Return a text on one line, cut at `limit` characters."""
    line = " ".join(text[: 4 * limit].split())
    return line if len(line) <= limit and len(text) <= 4 * limit else line[: limit - 1] + "…"


def extract_section(text: Iterable[str], wanted: str) -> Iterator[str]:
    """Yield the section under a heading, with its subsections.

    Args:
        text: Markdown in blocks; read several times.
        wanted: The heading in any case, or a part of it that no other heading contains.

    Raises:
        InputError: There is no such heading, or several.
    """
    chosen = choose_heading(iter_headings(text), wanted)
    after = (each.start for each in iter_headings(text) if each.start > chosen.start and each.level <= chosen.level)
    return iter_part(text, chosen.start, next(after, None))


def iter_part(text: Iterable[str], start: int, end: int | None) -> Iterator[str]:
    """Yield the part of a text between two offsets, in blocks."""
    before = 0
    for block in text:
        if end is not None and before >= end:
            return
        yield block[max(0, start - before) : None if end is None else end - before]
        before += len(block)


def choose_heading(found: Iterable[Heading], wanted: str) -> Heading:
    """Return the only heading that equals a text, or else the only one that contains it.

    Raises:
        InputError: There is none, or several.
    """
    wanted_words = normalize_heading(wanted.strip("# *"))
    alike: list[list[Heading]] = [[], [], []]
    for heading in found:
        title = normalize_heading(heading.title)
        rank = 0 if title == wanted_words else 1 if wanted_words and wanted_words in title else 2
        if len(alike[rank]) < MAX_NAMED_HEADINGS:
            alike[rank].append(heading)
    exact, containing, others = alike
    chosen = exact or containing
    if len(chosen) == 1:
        return chosen[0]
    listed = "; ".join(shorten_to_line(heading.title) for heading in chosen or others) or "none"
    raise InputError(
        f"There {'are several sections' if chosen else 'is no section'} {shorten_to_line(wanted)!r}. Headings: "
        f"{listed}."
    )


def normalize_heading(title: str) -> str:
    """Normalize a heading for comparison."""
    return " ".join(title.casefold().split())
