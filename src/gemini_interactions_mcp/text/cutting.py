"""Cuts Markdown into pages, each of which is a document of its own. Pure.

A text comes in blocks, so that one of any length is cut in a time that grows with it, and no step takes long.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import cost, length_within

from .framing import QUOTE, begins_notably
from .markdown import CodeBlock, Fence, Heading, Layout, parse_layout

CLOSER_BYTES: Final = 100
"""What the line that closes a fence takes, and a quotation mark."""


class Leaf(NamedTuple):
    """A page of a text, and the headings on it."""

    text: str
    headings: tuple[Heading, ...]


def cut(text: Iterable[str], room: int, first: Callable[[], int] | None = None) -> Iterator[Leaf]:
    """Cut a text into pages, none of which costs more than `room`.

    Pages end with a paragraph, else a line, a word or where they must. A fence of code that fits on a page is on one;
    of a longer one, each page has a fence of its own.

    Args:
        text: Framed, in blocks.
        room: For each page, as `cost` counts.
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
        return self._take(length, length, parse_layout(self._text, self._fence)) if whole else None

    def page(self, room: int) -> Leaf | None:
        """The next page; None if nothing is left."""
        self._fill()
        if not self._text:
            return None
        length = max(1, length_within(self._text, room - CLOSER_BYTES - cost(self._opener)))
        # With the line after, which may make a heading of the last one.
        layout = parse_layout(self._text[: line_end(self._text, line_end(self._text, length) + 1)], self._fence)
        end, mark = self._place(length, room, layout)
        if (above := before_headings(self._text[:end], layout.headings)) > length // 4:
            end, mark = above, ""
        if self._text[end : end + 1] not in ("\n", "") and self._text[end - 1] != "\n":
            # The beginning of a line may be another block than the line.
            layout = parse_layout(self._text[:end], self._fence)
        return self._take(end, end + len(mark), layout)

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

    def _place(self, length: int, room: int, layout: Layout) -> tuple[int, str]:
        """Where a page of at most `length` characters ends, and the mark that falls away there."""
        around = layout.code_at(length)
        if around is None:
            return best(without(self._text[:length], layout.codes), length, ("\n\n", "\n", " "))
        if around.start > length // 4 or (around.start > 0 and self._fits(around, room)):
            return around.start, ""
        return best(self._text, length, ("\n",))

    def _fits(self, code: CodeBlock, room: int) -> bool:
        """Whether a block of code that begins there fits on a page."""
        text = self._text[: code.start + room]
        codes = parse_layout(text, self._fence).codes
        end = next((each.end for each in codes if each.start == code.start), len(text))
        return end < len(text) and cost(text[code.start : end]) <= room - CLOSER_BYTES

    def _take(self, end: int, following: int, layout: Layout) -> Leaf:
        """The page that ends there; the rest begins at `following`."""
        opener, text = self._opener, self._text[:end]
        self._broken = self._text[following - 1] != "\n"
        closer = f"\n{fence.closer}" if (fence := layout.fence_left_open(end)) else ""
        self._fence = layout.fence_at(following)
        self._lined = self._fence is None and not self._broken
        self._text = self._text[following:]
        if self._lined:
            self._text = self._text.lstrip("\n")
        return Leaf(f"{opener}{text}{closer}", layout.before(end).headings)


def line_end(text: str, place: int) -> int:
    """Where the line ends that goes on there."""
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def before_headings(page: str, headings: Iterable[Heading]) -> int:
    """Where the headings begin that a page ends with, whose text is on the next; 0 where it ends otherwise."""
    found, end = 0, len(page)
    for heading in reversed([each for each in headings if each.start < end]):
        if page[heading.end : end].strip():
            break
        found = end = heading.start
    return found


def without(text: str, codes: Iterable[CodeBlock]) -> str:
    """The text with other characters in place of code, so that nothing is found there."""
    pieces: list[str] = []
    done = 0
    for code in codes:
        start, end = max(0, code.start), min(len(text), code.end)
        pieces += [text[done:start], "x" * (end - start)]
        done = end
    return "".join([*pieces, text[done:]])


def best(text: str, length: int, marks: tuple[str, ...]) -> tuple[int, str]:
    """The last of the best marks that does not leave the page almost empty."""
    places = ((text.rfind(mark, 1, length), mark) for mark in marks)
    return next(((found, mark) for found, mark in places if found > length // 4), (length, ""))
