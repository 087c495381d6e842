"""Block structure of Markdown, as CommonMark defines it: code and headings. Pure.

markdown-it-py parses the blocks. Its tokens have line numbers, which become character offsets here. It has no offsets
within lines, so `framing` and `marking` find there themselves what they need. The library takes 30 ms to import, so the
first text with a fence or a heading imports it; nothing that `initialize` or `tools/list` needs does.

Layouts are cached: the pages of an answer are read one after the other, and most parts of its text are the same with
and without marks, media and frames.
"""

import bisect
import operator
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

CACHED_LAYOUTS: Final = 512
"""Layouts that are cached: enough for 2 MiB of Markdown in stretches and in pages, which take some 10 MiB."""

MARKDOWN_WEIGHT: Final = 8
"""Work of parsing a character, in characters of other text, for `core.offloading`."""

LONGEST_FENCE: Final = 64
"""Maximum number of marks; each page of a long block of code repeats them, and no real fence has more."""

LONGEST_INFO: Final = 1_000
"""Maximum length of an info string; a longer line might be divided, and would then look like another."""

DEEPEST_FENCE: Final = 16
"""Maximum column of the marks; each page of a long block of code repeats the indentation, too."""

REPEATED_INFO_CHARACTERS: Final = 32
"""Characters of an info string that the next page repeats."""

OPEN_HTML: Final = re.compile(r"\n {0,3}<(?:[!?]|script|pre|style|textarea)", re.IGNORECASE)
"""HTML that continues after a blank line, up to its own end condition (spec.commonmark.org, 4.6)."""

HEADING_MARK: Final = re.compile(r"\n {0,3}(?:#|(?:=+|-+)[ \t\r]*(?:\n|\Z))")
"""The beginning or the underline of a heading."""

INDENTATION: Final = re.compile(r"\n[ >]*(?: {4}|\t)")
"""A line that may be code."""


class Heading(NamedTuple):
    """A heading outside quotations and lists.

    Attributes:
        start: Offset of its first line.
        end: Offset of the end of its last line, which may be an underline.
        level: Level from 1 to 6.
        title: Text without delimiters of strong emphasis and of code.
    """

    start: int
    end: int
    level: int
    title: str


class Fence(NamedTuple):
    """The fence of a block of code.

    Attributes:
        indent: What precedes the marks on another line of the same container: blanks, and `>` in a quotation.
        marks: Backticks or tildes.
        info: Info string.
        column: Column of the content of the surrounding list item; 0 outside lists.
    """

    indent: str
    marks: str
    info: str
    column: int = 0

    @property
    def opener(self) -> str:
        """Lines that open the block again at the beginning of a page, in a list item if it was in one."""
        item = f"-{' ' * (1 + self.column % 2)}{'- ' * (self.column // 2 - 1)}…\n" if self.column else ""
        return f"{item}{self.indent}{self.marks}{self.info[:REPEATED_INFO_CHARACTERS]}\n"

    @property
    def closer(self) -> str:
        """Line that closes the block, without a newline."""
        return f"{self.indent}{self.marks}"

    @property
    def quoted(self) -> bool:
        """Whether the block is in a quotation: all its lines begin with `>`, and it ends with the quotation."""
        return ">" in self.indent


class CodeBlock(NamedTuple):
    """A block of code.

    Attributes:
        start: Offset of its first line; -1 if the block began before the text.
        end: Offset of the end of its closing line; of the line that follows if its container ends first; greater than
            the length of the text if the block is still open.
        fence: Its fence; without marks if the block is indented.
        closed: Whether it has a closing line, or is indented and needs none.
    """

    start: int
    end: int
    fence: Fence
    closed: bool


class Layout(NamedTuple):
    """Code and headings of a text, in order.

    Attributes:
        codes: Fenced blocks of code.
        indented: Indented blocks of code.
        headings: Headings with a title.
        starts: Offsets of the outermost blocks, and of the items of outermost lists.
    """

    codes: tuple[CodeBlock, ...] = ()
    indented: tuple[CodeBlock, ...] = ()
    headings: tuple[Heading, ...] = ()
    starts: tuple[int, ...] = ()

    def code_at(self, offset: int) -> CodeBlock | None:
        """Return the fenced block that is open at an offset; None if it is in a quotation."""
        last = bisect.bisect_left(self.codes, offset, key=operator.attrgetter("start")) - 1
        code = self.codes[last] if last >= 0 else None
        return code if code and offset < code.end and not code.fence.quoted else None

    def fence_at(self, offset: int) -> Fence | None:
        """Return the fence of the block that is open at an offset; None if it is in a quotation."""
        code = self.code_at(offset)
        return code.fence if code else None

    def fence_left_open(self, end: int) -> Fence | None:
        """Return the fence that the text up to an offset leaves open, even if the next line ends its list item."""
        code = self.code_at(end) or self.code_at(end - 1)
        return code.fence if code and (end < code.end or not code.closed) else None

    def before(self, end: int) -> "Layout":
        """Return the layout of the text up to an offset."""
        return Layout(
            tuple(code for code in self.codes if code.start < end),
            tuple(code for code in self.indented if code.start < end),
            tuple(heading for heading in self.headings if heading.start < end),
        )


EMPTY_LAYOUT: Final = Layout()


def has_fences(text: str) -> bool:
    """Whether a text may contain fences, or HTML in which marks are not fences."""
    return "```" in text or "~~~" in text or ("<" in text and OPEN_HTML.search(f"\n{text}") is not None)


def has_headings(text: str) -> bool:
    """Whether a text may contain headings, or blocks in which `#` is not a heading."""
    return has_fences(text) or HEADING_MARK.search(f"\n{text}") is not None


def has_code(text: str) -> bool:
    """Whether a text may contain fenced or indented code."""
    return has_fences(text) or INDENTATION.search(f"\n{text}") is not None


def parse_layout(
    text: str, fence: Fence | None = None, *, within_line: bool = False, wanted: Callable[[str], bool] = has_headings
) -> Layout:
    """Parse a text, unless it certainly does not contain what is wanted.

    Args:
        text: A page or a stretch; parsing takes some 0.2 µs per character, and 0.8 µs in lists.
        fence: Fence that is open at the beginning of the text.
        within_line: Whether the text begins within a line, the rest of which then opens and closes nothing.
        wanted: `has_fences`, `has_headings` or `has_code`.
    """
    return parse_blocks(text, fence, within_line) if fence or wanted(text) else EMPTY_LAYOUT


@lru_cache(maxsize=CACHED_LAYOUTS)
def parse_blocks(text: str, fence: Fence | None, within_line: bool) -> Layout:
    """Parse a text; see `parse_layout`."""
    opener = fence.opener if fence else ""
    if within_line:
        begun, newline, rest = text.partition("\n")
        text = "x" * len(begun) + newline + rest
    # The parser ignores a last line of blanks without a newline, and does not know `\r`.
    lines = f"{opener}{text}\n".replace("\r", " ").split("\n")[:-1]
    offsets = list(accumulate((len(line) + 1 for line in lines), initial=-len(opener)))
    tokens = build_markdown_parser().parse("\n".join([*lines, ""]))
    return Layout(
        tuple(read_code(token, lines, offsets) for token in tokens if token.type == "fence"),
        tuple(read_indented(token, lines, offsets) for token in tokens if token.type == "code_block"),
        tuple(read_headings(tokens, offsets)),
        tuple(sorted({max(offsets[get_first_line(token)], 0) for token in tokens if begins_block(token)})),
    )


def get_first_line(token: "Token") -> int:
    """Return the index of a token's first line."""
    return token.map[0] if token.map else 0


def get_line_after(token: "Token") -> int:
    """Return the index of the line after a token's last one."""
    return token.map[1] if token.map else 0


def begins_block(token: "Token") -> bool:
    """Whether a token begins an outermost block, or an item of an outermost list."""
    return token.map is not None and (token.level == 0 or (token.level == 1 and token.type == "list_item_open"))


def read_code(token: "Token", lines: list[str], offsets: list[int]) -> CodeBlock:
    """Convert a token to a fenced block of code."""
    first, last = get_first_line(token), get_line_after(token)
    indent = re.sub(r"[^\s>]", " ", lines[first].partition(token.markup)[0])
    fence = Fence(indent, token.markup, token.info.strip(), token.meta["column"])
    closed = last - first - token.content.count("\n") == 2
    # A block is still open if neither a closing line nor the end of its container has ended it.
    end = offsets[last] - 1 if closed else offsets[last] + (last == len(lines))
    return CodeBlock(max(offsets[first], -1), end, fence, closed)


def read_indented(token: "Token", lines: list[str], offsets: list[int]) -> CodeBlock:
    """Convert a token to an indented block of code."""
    first, last = get_first_line(token), get_line_after(token)
    quotation = re.match(r"(?: {0,3}>)*", lines[first])
    indent = f"{quotation[0]} " if quotation and quotation[0] else ""
    fence = Fence(indent + " " * token.meta["column"], "", "")
    return CodeBlock(max(offsets[first], 0), offsets[last] - 1, fence, closed=True)


def read_headings(tokens: list["Token"], offsets: list[int]) -> Iterator[Heading]:
    """Yield the headings that have a title."""
    for opening, inline in pairwise(tokens):
        title = inline.content.replace("**", "").replace("`", "")
        if opening.type == "heading_open" and opening.level == 0 and title:
            first, last = get_first_line(opening), get_line_after(opening)
            yield Heading(offsets[first], offsets[last] - 1, int(opening.tag[1:]), title)


@cache
def build_markdown_parser() -> "MarkdownIt":
    """Create the parser, for the blocks of CommonMark and GitHub's tables."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - takes 30 ms, and `tools/list` does not need it

    found = MarkdownIt("commonmark").enable("table").disable(["normalize", "inline", "text_join"])
    found.block.ruler.at("fence", read_fence, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    found.block.ruler.at("code", read_indentation)
    return found


def read_fence(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Apply the parser's rule for fences, except overlong ones, and record the column of the list item."""
    from markdown_it.rules_block import fence  # noqa: PLC0415 - as above

    if not fence(state, start, end, True):
        return False
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    if state.sCount[start] > DEEPEST_FENCE or is_overlong(line):
        return False
    if not silent:
        fence(state, start, end, False)
        state.tokens[-1].meta["column"] = state.blkIndent
    return True


def read_indentation(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Apply the parser's rule for indented code, and record the column of the list item."""
    from markdown_it.rules_block import code  # noqa: PLC0415 - as above

    found = code(state, start, end, silent)
    if found:
        state.tokens[-1].meta["column"] = state.blkIndent
    return found


def is_overlong(line: str) -> bool:
    """Whether a line of marks is too long for pages to repeat it."""
    marks = len(line) - len(line.lstrip(line[0]))
    return marks > LONGEST_FENCE or len(line) - marks > LONGEST_INFO
