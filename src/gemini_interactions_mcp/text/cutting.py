"""Cuts Markdown into pages, each of which is a complete document. Pure.

A text comes in blocks, so that cutting takes linear time and no step takes long.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import fit_length, measure_cost

from .framing import QUOTE_PREFIX, is_notable_beginning
from .markdown import CodeBlock, Fence, Heading, Layout, parse_layout

FENCE_CLOSER_BYTES: Final = 100
"""Size of the line that closes a fence, and of a quotation mark."""


class TextPage(NamedTuple):
    """A page of a text and its headings."""

    text: str
    headings: tuple[Heading, ...]


def cut_pages(text: Iterable[str], room: int, first: Callable[[], int] | None = None) -> Iterator[TextPage]:
    """Cut a text into pages of at most `room`.

    Pages end after a paragraph, a line or a word if possible. Code that fits on a page is not divided. Longer code is
    closed at the end of each page and opened again on the next one.

    Args:
        text: Framed text in blocks.
        room: Room of a page, as `measure_cost` counts.
        first: Returns the room of the first of several pages.
    """
    rest = PageCutter(text, room)
    page = rest.take_all() or rest.take_page(first() if first else room)
    while page:
        yield page
        page = rest.take_all() or rest.take_page(room)


class PageCutter:
    """The remainder of a text that is being cut into pages of `room`."""

    def __init__(self, text: Iterable[str], room: int) -> None:
        self._blocks = iter(text)
        self._room = room
        self._text = ""
        self._fence: Fence | None = None
        # Whether the last page ended within a line, or with a line.
        self._broken = self._lined = False

    def take_all(self) -> TextPage | None:
        """Take all of the remainder if it fits on a page; None if it does not, or if nothing is left."""
        self._fill()
        length = len(self._text)
        whole = 0 < length <= self._room and measure_cost(self._opener + self._text) <= self._room - FENCE_CLOSER_BYTES
        return self._take(length, length, parse_layout(self._text, self._fence)) if whole else None

    def take_page(self, room: int) -> TextPage | None:
        """Take the next page; None if nothing is left."""
        self._fill()
        if not self._text:
            return None
        length = max(1, fit_length(self._text, room - FENCE_CLOSER_BYTES - measure_cost(self._opener)))
        # With the next line, which may make the last one a heading.
        layout = parse_layout(
            self._text[: find_line_end(self._text, find_line_end(self._text, length) + 1)], self._fence
        )
        end, mark = self._place(length, room, layout)
        if (above := find_trailing_headings(self._text[:end], layout.headings)) > length // 4:
            end, mark = above, ""
        if self._text[end : end + 1] not in ("\n", "") and self._text[end - 1] != "\n":
            # A part of a line may begin another kind of block than the whole line.
            layout = parse_layout(self._text[:end], self._fence)
        return self._take(end, end + len(mark), layout)

    @property
    def _opener(self) -> str:
        return self._fence.opener if self._fence else ""

    def _fill(self) -> None:
        """Read until there is more than a page, and quote the rest of a divided line if it would look like ours."""
        while len(self._text) < 2 * self._room and (block := next(self._blocks, None)) is not None:
            self._text += block
            if self._lined:
                self._text = self._text.lstrip("\n")
        if self._broken and is_notable_beginning(self._text):
            self._text = QUOTE_PREFIX + self._text
        self._broken = self._lined = False

    def _place(self, length: int, room: int, layout: Layout) -> tuple[int, str]:
        """Return where a page of at most `length` characters ends, and the separator that is dropped there."""
        around = layout.code_at(length)
        if around is None:
            return find_separator(mask_code(self._text[:length], layout.codes), length, ("\n\n", "\n", " "))
        if around.start > length // 4 or (around.start > 0 and self._fits(around, room)):
            return around.start, ""
        return find_separator(self._text, length, ("\n",))

    def _fits(self, code: CodeBlock, room: int) -> bool:
        """Whether a block of code fits on a page."""
        text = self._text[: code.start + room]
        codes = parse_layout(text, self._fence).codes
        end = next((each.end for each in codes if each.start == code.start), len(text))
        return end < len(text) and measure_cost(text[code.start : end]) <= room - FENCE_CLOSER_BYTES

    def _take(self, end: int, following: int, layout: Layout) -> TextPage:
        """Take the page that ends at `end`; the remainder begins at `following`."""
        opener, text = self._opener, self._text[:end]
        self._broken = self._text[following - 1] != "\n"
        closer = f"\n{fence.closer}" if (fence := layout.fence_left_open(end)) else ""
        self._fence = layout.fence_at(following)
        self._lined = self._fence is None and not self._broken
        self._text = self._text[following:]
        if self._lined:
            self._text = self._text.lstrip("\n")
        return TextPage(f"{opener}{text}{closer}", layout.before(end).headings)


def find_line_end(text: str, place: int) -> int:
    """Return the end of the line at an offset."""
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def find_trailing_headings(page: str, headings: Iterable[Heading]) -> int:
    """Return the offset of the headings at the end of a page, whose text is on the next; 0 if there are none."""
    found, end = 0, len(page)
    for heading in reversed([each for each in headings if each.start < end]):
        if page[heading.end : end].strip():
            break
        found = end = heading.start
    return found


def mask_code(text: str, codes: Iterable[CodeBlock]) -> str:
    """Mask the code in a text, so that no separator is found there."""
    pieces: list[str] = []
    done = 0
    for code in codes:
        start, end = max(0, code.start), min(len(text), code.end)
        pieces += [text[done:start], "x" * (end - start)]
        done = end
    return "".join([*pieces, text[done:]])


def find_separator(text: str, length: int, marks: tuple[str, ...]) -> tuple[int, str]:
    """Return the last occurrence of the best separator that does not leave the page almost empty."""
    places = ((text.rfind(mark, 1, length), mark) for mark in marks)
    return next(((found, mark) for found, mark in places if found > length // 4), (length, ""))
