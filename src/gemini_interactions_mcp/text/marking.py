"""Where in a Markdown text a mark may stand, so that code, tables, headings and links stay what they are. Pure.

What is looked at around each mark is bounded. Sources of the forms: spec.commonmark.org, github.github.com/gfm.
"""

import bisect
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from .framing import blocks
from .markdown import CodeBlock, has_code, read_stretches

BLANKS: Final = 1_000
"""White space before which a mark is put, at the most."""
WINDOW: Final = 1_000
"""Characters of a line that are looked at on either side of a mark."""
CLUSTER: Final = 64
"""Code points of one character, as people see it."""
PASSED_LINES: Final = 8
"""So many lines without words are passed over."""

JOINERS: Final = re.compile("[\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
"""Beside combining marks, what belongs to the character before (unicode.org/reports/tr29)."""
FLAGS: Final = re.compile("[\U0001f1e6-\U0001f1ff]*\\Z")
"""Letters of flags, of which two are one character."""

WORDLESS: Final = re.compile(r"[ \t>]*(?:[-=*_|:+ \t]++|\[(?!\^)[^\]]{1,99}\]:.*)", re.DOTALL)
"""Rules, underlines of headings and of tables, definitions of links: whatever is added makes them something else."""
OPENING: Final = re.compile(r"[ \t]*+(?:(?:>|[-*+]|\d{1,9}[.)]|#{1,6})(?:[ \t]++|\Z))++(?:\[[ xX]\][ \t]*+)?")
"""What begins a quotation, an item or a heading."""
CLOSED_HEADING: Final = re.compile(r"[ \t]*+#{1,6}[ \t].*?([ \t]+#+[ \t\r]*)\Z")
"""A heading, and the marks that close it."""
LAST_BAR: Final = re.compile(r"(?<!\\)\|[ \t\r]*\Z")
UNBROKEN: Final = re.compile(
    r"\\.|(?<!`)(?P<ticks>`++)(?:(?!(?P=ticks)).|(?P=ticks)`++){1,300}?(?P=ticks)(?!`)"
    r"|!?\[(?:[^\[\]\\]|\\.|\[[^\[\]]*+\])*+\]\((?:[^()\s]|\([^()\s]*+\))*+(?:\s++\"[^\"]*+\")?\)"
    r"|<[A-Za-z/!][^<>]{0,500}>|https?://(?:[^\s()<>|]|\([^\s()<>]*+\))++|&#?\w{1,31};|[*_~]{2,}+"
)
"""Escapes, code, links, tags, addresses, entities and marks of emphasis: within them, nothing can be added."""


class Spot(NamedTuple):
    """A place for a mark, and what has to stand before and behind it."""

    at: int
    before: str = " "
    behind: str = ""


class Markdown:
    """A text, in which places for marks are looked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._blocks = list(code_blocks(text))
        self._starts = [block.start for block in self._blocks]

    def spot(self, end: int) -> Spot | None:
        """The place for the mark of a stretch that ends there; None where there is none."""
        at = before_blanks(self._text, whole_character(self._text, end))
        for _ in range(PASSED_LINES):
            if (block := self._around(at)) is not None:
                return self._below(block)
            start, line = self._line(at)
            if not lies_before_words(line, at - start):
                return self._within(start, line, at)
            # What the stretch says ends before the line.
            if not (before := self._text[max(0, start - BLANKS) : start].rstrip()):
                return self._behind(start, line)
            at = start - len(self._text[max(0, start - BLANKS) : start]) + len(before)
        return None

    def _around(self, at: int) -> CodeBlock | None:
        """The block of code that a place is in, or at the end of."""
        last = bisect.bisect_right(self._starts, at) - 1
        return self._blocks[last] if last >= 0 and at <= self._blocks[last].end else None

    def _below(self, block: CodeBlock) -> Spot | None:
        """A line of its own; below what is not closed there is none."""
        if not block.closed:
            return None
        rest = self._text[block.end : block.end + WINDOW]
        alone = not rest.strip() or re.match(r"\r?\n[ \t]*\r?\n", rest)
        return Spot(block.end, f"\n{block.fence.indent}", "" if alone else f"\n{block.fence.indent}".rstrip(" \t"))

    def _line(self, at: int) -> tuple[int, str]:
        """The line of a place, or of a long one what is around it, and where that begins."""
        start = self._text.rfind("\n", max(0, at - 2 * WINDOW), at) + 1 or max(0, at // WINDOW - 1) * WINDOW
        most = (at // WINDOW + 2) * WINDOW
        end = self._text.find("\n", at, most)
        return start, self._text[start : most if end < 0 else end]

    def _within(self, start: int, line: str, at: int) -> Spot:
        """The next place in a line that is in no link or code, nor behind the last cell."""
        place = start + next_gap(line, at - start)
        return Spot(place, behind=" " if self._text[place : place + 1] in ("(", "[") else "")

    def _behind(self, start: int, line: str) -> Spot | None:
        """The end of the first line of all; None where it has no words."""
        return (
            None if not line.strip() or WORDLESS.fullmatch(line) else Spot(start + next_gap(line, len(line.rstrip())))
        )


def code_blocks(text: str) -> Iterator[CodeBlock]:
    """The blocks of code of a text, in order."""
    before, open_block = 0, None
    for stretch in read_stretches(blocks(text), has_code):
        for code in sorted((*stretch.layout.codes, *stretch.layout.indented)):
            if open_block is None or code.start >= 0:
                open_block = code._replace(start=before + code.start)
            open_block = open_block._replace(end=before + code.end, closed=code.closed)
            if code.end <= len(stretch.text):
                yield open_block
                open_block = None
        before += len(stretch.text)
    if open_block:
        yield open_block


def whole_character(text: str, at: int) -> int:
    """The end of the character, as people see it, that ends there or goes on."""
    flags = FLAGS.search(text[max(0, at - CLUSTER) : at])
    if flags and len(flags[0]) % 2 and FLAGS.fullmatch(text[at : at + 1]):
        at += 1
    for end in range(at, min(len(text), at + CLUSTER)):
        joined = end > 0 and text[end - 1] == "\u200d" and text[end].isprintable() and not text[end].isspace()
        if not joined and unicodedata.category(text[end])[0] != "M" and not JOINERS.match(text[end]):
            return end
    return min(len(text), at + CLUSTER)


def before_blanks(text: str, end: int) -> int:
    """The place before the white space that a stretch ends with; after it, where there is nothing else."""
    last = text[max(0, end - BLANKS) : end]
    kept = last.rstrip(" \t\r\n")
    return end - len(last) + len(kept) if kept else end


def lies_before_words(line: str, column: int) -> bool:
    """Whether a line has no words before a column, but what begins it or makes it a rule."""
    if not line.strip() or WORDLESS.fullmatch(line):
        return True
    opening = OPENING.match(line)
    return opening is not None and column <= opening.end()


def next_gap(line: str, column: int) -> int:
    """The next column of a line where a mark changes nothing else."""
    column = next((end for start, end in spans_in(line) if start < column < end), column)
    if line[column:].strip():
        closing = CLOSED_HEADING.match(line)
        return min(column, closing.start(1)) if closing else column
    for last in (LAST_BAR.search(line), CLOSED_HEADING.match(line)):
        if last and (before := line[: last.start(last.lastindex or 0)]).strip():
            return len(before.rstrip())
    return column


@lru_cache(maxsize=16)
def spans_in(line: str) -> tuple[tuple[int, int], ...]:
    """The stretches of a line within which nothing can be added."""
    return tuple(found.span() for found in UNBROKEN.finditer(line))
