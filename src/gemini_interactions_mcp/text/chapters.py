"""A long answer in parts: pages, the sections under its headings, its outline. Pure.

A text comes in blocks, so that one of any length is read in a time that grows with it, and no step takes long.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import InputError, cost, length_within

from .framing import QUOTE, Fence, Scanner, begins_notably

OUTLINE_LEVELS: Final = 3
HEADINGS_LISTED: Final = 60
HEADING_CHARACTERS: Final = 80
NAMED_HEADINGS: Final = 40
"""So many headings are named to who asks for one that does not exist."""
CLOSER_BYTES: Final = 100
"""What the line that closes a fence takes, and a quotation mark."""


class Heading(NamedTuple):
    """A heading of a Markdown text: where it begins, how deep it is, what it says."""

    start: int
    level: int
    title: str


class Leaf(NamedTuple):
    """A page of a text, and the headings on it."""

    text: str
    headings: list[Heading]


# Pages ---------------------------------------------------------------------------------------------------


def cut(text: Iterable[str], room: int, first: Callable[[], int] | None = None) -> Iterator[Leaf]:
    """Cut a text into pages, none of which costs more than `room`.

    Pages end with a paragraph, else a line, a word or where they must. A fence of code that fits on a page is on one;
    of a longer one, each page has a fence of its own.

    Args:
        text: Framed, in blocks.
        room: For each page, as `words.cost` counts.
        first: The room on the first of several pages.
    """
    rest = Rest(text, room)
    page = rest.last() or rest.page(first() if first else room)
    while page:
        yield page
        page = rest.last() or rest.page(room)


class Rest:
    """What is left of a text that is being cut into pages of so much room."""

    def __init__(self, text: Iterable[str], room: int) -> None:
        self._blocks = iter(text)
        self._room = room
        self._text = ""
        self._fence: Fence | None = None
        # Whether the page before ended within a line, or with one.
        self._broken = self._lined = False

    def last(self) -> Leaf | None:
        """All of the rest, if that fits on a page; None if not, or if nothing is left."""
        self._fill()
        length = len(self._text)
        whole = 0 < length <= self._room and cost(self._opener + self._text) <= self._room - CLOSER_BYTES
        return self._taken(length, length, Layout.of(self._text, self._fence)) if whole else None

    def page(self, room: int) -> Leaf | None:
        """The next page; None if nothing is left."""
        self._fill()
        if not self._text:
            return None
        length = max(1, length_within(self._text, room - CLOSER_BYTES - cost(self._opener)))
        layout = Layout.of(self._text[: line_end(self._text, length)], self._fence)
        end, mark = place(self._text, length, room, layout.codes)
        if (above := before_headings(self._text[:end], layout.headings)) > length // 4:
            end, mark = above, ""
        return self._taken(end, end + len(mark), layout)

    @property
    def _opener(self) -> str:
        return self._fence.opener if self._fence else ""

    def _fill(self) -> None:
        """Read on until there is more than a page, and begin that so that it looks like what it is."""
        while len(self._text) < 2 * self._room and (block := next(self._blocks, None)) is not None:
            self._text += block
            if self._lined:
                self._text = self._text.lstrip("\n")
        if self._broken and begins_notably(self._text):
            self._text = QUOTE + self._text
        self._broken = self._lined = False

    def _taken(self, end: int, following: int, layout: "Layout") -> Leaf:
        """The page that ends there; the rest begins at `following`."""
        opener, text = self._opener, self._text[:end]
        self._broken = self._text[following - 1] != "\n"
        self._fence = layout.fence_at(end)
        self._lined = self._fence is None and not self._broken
        self._text = self._text[following:]
        if self._lined:
            self._text = self._text.lstrip("\n")
        closer = f"\n{self._fence.closer}" if self._fence else ""
        return Leaf(f"{opener}{text}{closer}", [each for each in layout.headings if each.start < end])


class Code(NamedTuple):
    """A stretch of code; it begins at -1 where it goes on from the page before, and may have no end yet."""

    start: int
    end: float
    fence: Fence


class Layout(NamedTuple):
    """Where in a text code is, and headings."""

    codes: list[Code]
    headings: list[Heading]

    @classmethod
    def of(cls, text: str, fence: Fence | None) -> "Layout":
        """The layout of a text that begins within a fence, or in none."""
        scanner, found = Scanner(fence), cls([Code(-1, math.inf, fence)] if fence else [], [])
        for line in scanner.notable(text):
            inside = bool(found.codes) and found.codes[-1].end == math.inf
            if line["level"] and not inside:
                found.headings.append(Heading(line.start(), len(line["level"]), bare(line["title"])))
            elif scanner.fence and not inside:
                found.codes.append(Code(line.start(), math.inf, scanner.fence))
            elif inside and scanner.fence is None:
                found.codes[-1] = found.codes[-1]._replace(end=line.end())
        return found

    def fence_at(self, place: int) -> Fence | None:
        """The fence that is open there."""
        return next((code.fence for code in self.codes if code.start < place < code.end), None)


def line_end(text: str, place: int) -> int:
    """Where the line ends that goes on there."""
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def place(text: str, length: int, room: int, codes: list[Code]) -> tuple[int, str]:
    """Where a page of at most `length` characters ends, and the mark that falls away there."""
    around = next((code for code in codes if code.start < length < code.end), None)
    if around is None:
        return best(without(text[:length], codes), length, ("\n\n", "\n", " "))
    if around.start > length // 4 or (around.start > 0 and is_short(text[around.start :], room)):
        return around.start, ""
    return best(text, length, ("\n",))


def before_headings(page: str, headings: list[Heading]) -> int:
    """Where the headings begin that a page ends with, whose text is on the next; 0 where it ends otherwise."""
    found, end = 0, len(page)
    for heading in reversed(headings):
        if heading.start < end:
            if page[line_end(page, heading.start) : end].strip():
                break
            found = end = heading.start
    return found


def is_short(text: str, room: int) -> bool:
    """Whether the code that a text begins with fits on a page."""
    end = Layout.of(text[:room], None).codes[0].end
    return end < room and cost(text[: int(end)]) <= room - CLOSER_BYTES


def without(text: str, codes: list[Code]) -> str:
    """The text with other characters in place of code, so that nothing is found there."""
    pieces: list[str] = []
    done = 0
    for code in codes:
        start, end = max(0, code.start), min(len(text), code.end)
        pieces += [text[done:start], "x" * (int(end) - start)]
        done = int(end)
    return "".join([*pieces, text[done:]])


def best(text: str, length: int, marks: tuple[str, ...]) -> tuple[int, str]:
    """The last of the best marks that does not leave the page almost empty."""
    places = ((text.rfind(mark, 1, length), mark) for mark in marks)
    return next(((found, mark) for found, mark in places if found > length // 4), (length, ""))


# Headings ------------------------------------------------------------------------------------------------


def headings(text: Iterable[str]) -> Iterator[Heading]:
    """All headings outside code, in order."""
    scanner, before = Scanner(), 0
    for block in text:
        for found in scanner.notable(block):
            if found["level"] and scanner.fence is None:
                yield Heading(before + found.start(), len(found["level"]), bare(found["title"]))
        before += len(block)


def bare(title: str) -> str:
    """What a heading says, without the marks that may close it and those of emphasis."""
    return title.strip(" \t#").replace("**", "").replace("`", "")


class Outline:
    """The headings of a text, and the pages that they are on, as far as there is room.

    Args:
        room: As `words.cost` counts.
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


# Sections ------------------------------------------------------------------------------------------------


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
