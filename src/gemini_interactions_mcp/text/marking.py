"""Finds places in Markdown for marks, so that code, tables, headings and links stay what they are. Pure.

markdown-it-py finds the blocks of code. Its inline tokens have no offsets, so all else is found here by patterns,
within a bounded part of a line. Sources of the forms: spec.commonmark.org, github.github.com/gfm.
"""

import bisect
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from .framing import iter_blocks
from .markdown import CodeBlock, has_code
from .stretches import read_stretches

MAX_SKIPPED_BLANKS: Final = 1_000
"""Longest white space that a mark is moved across."""

LINE_WINDOW_CHARACTERS: Final = 1_000
"""Characters of a line that are examined on either side of a mark."""

MAX_CLUSTER_LENGTH: Final = 64
"""Longest grapheme cluster, in code points."""

MAX_PASSED_LINES: Final = 8
"""Lines without words that a mark is moved across."""

CLUSTER_EXTENDERS: Final = re.compile("[\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
"""Characters that extend the one before, besides combining marks (unicode.org/reports/tr29)."""

REGIONAL_INDICATORS: Final = re.compile("[\U0001f1e6-\U0001f1ff]*\\Z")
"""Regional indicators, which form flags in pairs."""

WORDLESS_LINE: Final = re.compile(r"[ \t>]*(?:[-=*_|:+ \t]++|\[(?!\^)[^\]]{1,99}\]:.*)", re.DOTALL)
"""Rules, underlines of headings and tables, and link definitions, to which nothing can be added."""

BLOCK_MARKERS: Final = re.compile(r"[ \t]*+(?:(?:>|[-*+]|\d{1,9}[.)]|#{1,6})(?:[ \t]++|\Z))++(?:\[[ xX]\][ \t]*+)?")
"""The markers of a quotation, an item or a heading."""

CLOSED_HEADING: Final = re.compile(r"[ \t]*+#{1,6}[ \t].*?([ \t]+#+[ \t\r]*)\Z")
"""A heading with a closing sequence."""

LAST_TABLE_BAR: Final = re.compile(r"(?<!\\)\|[ \t\r]*\Z")

INDIVISIBLE: Final = re.compile(
    r"\\.|(?<!`)(?P<ticks>`++)(?:(?!(?P=ticks)).|(?P=ticks)`++){1,300}?(?P=ticks)(?!`)"
    r"|!?\[(?:[^\[\]\\]|\\.|\[[^\[\]]*+\])*+\]\((?:[^()\s]|\([^()\s]*+\))*+(?:\s++\"[^\"]*+\")?\)"
    r"|<[A-Za-z/!][^<>]{0,500}>|https?://(?:[^\s()<>|]|\([^\s()<>]*+\))++|&#?\w{1,31};|[*_~]{2,}+"
)
"""Escapes, code, links, tags, addresses, entities and delimiters of emphasis, which must not be divided."""


class MarkPlace(NamedTuple):
    """A place for a mark, with the text that has to precede and follow the mark."""

    at: int
    before: str = " "
    behind: str = ""


class MarkFinder:
    """A Markdown text in which places for marks are found."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._blocks = list(iter_code_blocks(text))
        self._starts = [block.start for block in self._blocks]

    def find_spot(self, end: int) -> MarkPlace | None:
        """Return the place for the mark of a segment that ends at an offset; None if there is none."""
        at = skip_blanks_back(self._text, find_cluster_end(self._text, end))
        for _ in range(MAX_PASSED_LINES):
            if (block := self._around(at)) is not None:
                return self._below(block)
            start, line = self._line(at)
            if not is_before_words(line, at - start):
                return self._within(start, line, at)
            # The words of the segment end before the line.
            if not (before := self._text[max(0, start - MAX_SKIPPED_BLANKS) : start].rstrip()):
                return self._behind(start, line)
            at = start - len(self._text[max(0, start - MAX_SKIPPED_BLANKS) : start]) + len(before)
        return None

    def _around(self, at: int) -> CodeBlock | None:
        """Return the block of code that contains an offset, or begins or ends there."""
        last = bisect.bisect_right(self._starts, at) - 1
        return self._blocks[last] if last >= 0 and at <= self._blocks[last].end else None

    def _below(self, block: CodeBlock) -> MarkPlace | None:
        """Return a line of its own below a block of code; None if the block is not closed."""
        if not block.closed:
            return None
        rest = self._text[block.end : block.end + LINE_WINDOW_CHARACTERS]
        alone = not rest.strip() or re.match(r"\r?\n[ \t>]*\r?\n", rest)
        return MarkPlace(block.end, f"\n{block.fence.indent}", "" if alone else f"\n{block.fence.indent}".rstrip(" \t"))

    def _line(self, at: int) -> tuple[int, str]:
        """Return the line at an offset with its start; of a long line, only the part around the offset."""
        start = (
            self._text.rfind("\n", max(0, at - 2 * LINE_WINDOW_CHARACTERS), at) + 1
            or max(0, at // LINE_WINDOW_CHARACTERS - 1) * LINE_WINDOW_CHARACTERS
        )
        most = (at // LINE_WINDOW_CHARACTERS + 2) * LINE_WINDOW_CHARACTERS
        end = self._text.find("\n", at, most)
        return start, self._text[start : most if end < 0 else end]

    def _within(self, start: int, line: str, at: int) -> MarkPlace:
        """Return the next place in a line that is not in a link or code, nor after the last cell."""
        place = start + find_next_gap(line, at - start)
        if not line.strip():
            # Above an underline, the mark would be a heading.
            following = self._line(min(start + len(line) + 1, len(self._text)))[1]
            return MarkPlace(place, behind="\n" if following.strip() and WORDLESS_LINE.fullmatch(following) else "")
        return MarkPlace(place, behind=" " if self._text[place : place + 1] in ("(", "[") else "")

    def _behind(self, start: int, line: str) -> MarkPlace | None:
        """Return the end of the first line of the text; None if it has no words."""
        return (
            None
            if not line.strip() or WORDLESS_LINE.fullmatch(line)
            else MarkPlace(start + find_next_gap(line, len(line.rstrip())))
        )


def iter_code_blocks(text: str) -> Iterator[CodeBlock]:
    """Yield the fenced and indented blocks of code of a text, in order."""
    before, open_block = 0, None
    for stretch in read_stretches(iter_blocks(text), has_code):
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


def find_cluster_end(text: str, at: int) -> int:
    """Return the end of the grapheme cluster that contains an offset or ends there."""
    flags = REGIONAL_INDICATORS.search(text[max(0, at - MAX_CLUSTER_LENGTH) : at])
    if flags and len(flags[0]) % 2 and REGIONAL_INDICATORS.fullmatch(text[at : at + 1]):
        at += 1
    for end in range(at, min(len(text), at + MAX_CLUSTER_LENGTH)):
        joined = end > 0 and text[end - 1] == "\u200d" and text[end].isprintable() and not text[end].isspace()
        if not joined and unicodedata.category(text[end])[0] != "M" and not CLUSTER_EXTENDERS.match(text[end]):
            return end
    return min(len(text), at + MAX_CLUSTER_LENGTH)


def skip_blanks_back(text: str, end: int) -> int:
    """Return the offset before the white space at the end of a segment; its end if there is nothing else."""
    last = text[max(0, end - MAX_SKIPPED_BLANKS) : end]
    kept = last.rstrip(" \t\r\n")
    return end - len(last) + len(kept) if kept else end


def is_before_words(line: str, column: int) -> bool:
    """Whether a line has no words before a column: it is wordless, or the column is in its markers."""
    if WORDLESS_LINE.fullmatch(line):
        return bool(line.strip())
    opening = BLOCK_MARKERS.match(line)
    return opening is not None and column <= opening.end()


def find_next_gap(line: str, column: int) -> int:
    """Return the next column of a line where a mark changes nothing else."""
    column = next((end for start, end in find_indivisible_spans(line) if start < column < end), column)
    if line[column:].strip():
        closing = CLOSED_HEADING.match(line)
        return min(column, closing.start(1)) if closing else column
    for last in (LAST_TABLE_BAR.search(line), CLOSED_HEADING.match(line)):
        if last and (before := line[: last.start(last.lastindex or 0)]).strip():
            return len(before.rstrip())
    return column


@lru_cache(maxsize=16)
def find_indivisible_spans(line: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of a line that must not be divided."""
    return tuple(found.span() for found in INDIVISIBLE.finditer(line))
