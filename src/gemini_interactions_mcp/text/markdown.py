"""Block structure of Markdown: fenced code and headings, as CommonMark defines them. Pure.

markdown-it-py parses the blocks. Its tokens carry line numbers, which become character offsets here. It gives no
offsets within a line, so whatever looks inside lines (`framing`, `marking`) does that itself. The library is imported
by the first text that has a fence or a heading: it takes 30 ms, and no answer to `tools/list` needs it.

A text of any length is parsed in stretches of whole blocks, so no step takes long. Layouts are cached: the pages of an
answer are read one after the other, and most of its stretches are the same in every form that it takes.
"""

import bisect
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

STRETCH_LENGTH: Final = 2**14
"""Characters that are collected before they are parsed, which takes 3 to 15 ms."""

CACHED_LAYOUTS: Final = 512
"""Enough for 2 MiB of Markdown, as stretches and as pages; the cache then holds some 10 MiB."""

MARKDOWN_WEIGHT: Final = 8
"""Work on a character of Markdown, in characters of other text, as `core.beside` counts."""

LONGEST_FENCE: Final = 64
"""Marks of a fence; nobody writes more, and each page of a long block of code repeats them."""

LONGEST_INFO: Final = 1_000
"""Characters behind the marks; a longer line might be cut there, and would then look like another."""

DEEPEST_FENCE: Final = 16
"""Columns before the marks; each page of a long block of code repeats them, too."""

REPEATED_INFO: Final = 32
"""Characters of the info string that are repeated on the next page."""

OPEN_HTML: Final = re.compile(r"\n {0,3}<(?:[!?]|script|pre|style|textarea)", re.IGNORECASE)
"""HTML that goes on after a blank line, up to a mark of its own (spec.commonmark.org, 4.6)."""

HEADING_MARK: Final = re.compile(r"\n {0,3}(?:#|(?:=+|-+)[ \t\r]*(?:\n|\Z))")
"""The beginning of a heading, or the underline of one."""

INDENTATION: Final = re.compile(r"\n[ >]*(?: {4}|\t)")
"""A line that may be code."""

BLOCK_BOUNDARY: Final = re.compile(r"\n[ \t]*\n(?=\S)")
"""A blank line before a line at the margin: unless that is code or HTML, every block of the text has ended there."""


class Heading(NamedTuple):
    """A heading that is in no quotation and no list.

    Attributes:
        start: Offset of its first line.
        end: Offset of the end of its last line, which is the underline of some.
        level: 1 to 6.
        title: Its text, without marks of emphasis and of code.
    """

    start: int
    end: int
    level: int
    title: str


class Fence(NamedTuple):
    """How a block of code is fenced.

    Attributes:
        indent: What precedes the marks on a further line of the same block: blanks, and `>` within a quotation.
        marks: Backticks or tildes.
        info: The info string.
        column: Where the content of the list item begins that it is in; 0 outside lists.
    """

    indent: str
    marks: str
    info: str
    column: int = 0

    @property
    def opener(self) -> str:
        """The lines that open it again at the beginning of a page, within an item of a list if it was in one."""
        item = f"-{' ' * (1 + self.column % 2)}{'- ' * (self.column // 2 - 1)}…\n" if self.column else ""
        return f"{item}{self.indent}{self.marks}{self.info[:REPEATED_INFO]}\n"

    @property
    def closer(self) -> str:
        """The line that closes it, without its newline."""
        return f"{self.indent}{self.marks}"

    @property
    def quoted(self) -> bool:
        """Whether it is in a quotation, which ends it, and all of whose lines begin with `>`."""
        return ">" in self.indent


class CodeBlock(NamedTuple):
    """A fenced block of code.

    Attributes:
        start: Offset of the line that opens it; -1 if that is on the page before.
        end: Offset of the end of the line that closes it, or of what follows where its list item or quotation ends
            first; behind the text while it is open.
        fence: How it is fenced.
        closed: Whether it has a line that closes it.
    """

    start: int
    end: int
    fence: Fence
    closed: bool


class Layout(NamedTuple):
    """Where code and headings are in a text, and where its outermost blocks and list items begin."""

    codes: tuple[CodeBlock, ...] = ()
    indented: tuple[CodeBlock, ...] = ()
    headings: tuple[Heading, ...] = ()
    starts: tuple[int, ...] = ()

    def code_at(self, offset: int) -> CodeBlock | None:
        """Return the block of code that is open at an offset, unless it is in a quotation."""
        last = bisect.bisect_left(self.codes, offset, key=operator.attrgetter("start")) - 1
        code = self.codes[last] if last >= 0 else None
        return code if code and offset < code.end and not code.fence.quoted else None

    def fence_at(self, offset: int) -> Fence | None:
        """Return the fence of that block."""
        code = self.code_at(offset)
        return code.fence if code else None

    def fence_left_open(self, end: int) -> Fence | None:
        """Return the fence that the text up to an offset leaves open, though the line after it ends its list item."""
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
    """Whether a text may have fences, or HTML that hides them. Only such a text has to be parsed for them."""
    return "```" in text or "~~~" in text or ("<" in text and OPEN_HTML.search(f"\n{text}") is not None)


def has_headings(text: str) -> bool:
    """Whether a text may have headings, or code in which they are none."""
    return has_fences(text) or HEADING_MARK.search(f"\n{text}") is not None


def has_code(text: str) -> bool:
    """Whether a text may have fenced or indented code."""
    return has_fences(text) or INDENTATION.search(f"\n{text}") is not None


def parse_layout(
    text: str, fence: Fence | None = None, *, within_line: bool = False, wanted: Callable[[str], bool] = has_headings
) -> Layout:
    """Parse a text, unless it certainly has nothing that is wanted.

    Args:
        text: A page or a stretch; parsing takes some 0.2 µs per character, and 0.8 µs in lists.
        fence: The fence that is open where the text begins.
        within_line: Whether the text begins within a line, which then opens and closes nothing.
        wanted: What it may have: `has_fences`, `has_headings` or `has_code`.
    """
    return parse_blocks(text, fence, within_line) if fence or wanted(text) else EMPTY_LAYOUT


@lru_cache(maxsize=CACHED_LAYOUTS)
def parse_blocks(text: str, fence: Fence | None, within_line: bool) -> Layout:
    """Parse a text, as `parse_layout` says."""
    opener = fence.opener if fence else ""
    if within_line:
        begun, newline, rest = text.partition("\n")
        text = "x" * len(begun) + newline + rest
    # The parser takes no line that has only blanks and no newline, and no `\r`.
    lines = f"{opener}{text}\n".replace("\r", " ").split("\n")[:-1]
    offsets = list(accumulate((len(line) + 1 for line in lines), initial=-len(opener)))
    tokens = parser().parse("\n".join([*lines, ""]))
    return Layout(
        tuple(read_code(token, lines, offsets) for token in tokens if token.type == "fence"),
        tuple(read_indented(token, lines, offsets) for token in tokens if token.type == "code_block"),
        tuple(read_headings(tokens, offsets)),
        tuple(sorted({max(offsets[first_line(token)], 0) for token in tokens if begins_block(token)})),
    )


def first_line(token: "Token") -> int:
    """Return the index of a token's first line."""
    return token.map[0] if token.map else 0


def last_line(token: "Token") -> int:
    """Return the index of the line after a token's last one."""
    return token.map[1] if token.map else 0


def begins_block(token: "Token") -> bool:
    """Whether a token begins an outermost block, or an item of an outermost list."""
    return token.map is not None and (token.level == 0 or (token.level == 1 and token.type == "list_item_open"))


def read_code(token: "Token", lines: list[str], offsets: list[int]) -> CodeBlock:
    """Return the fenced block of code of a token."""
    first, last = first_line(token), last_line(token)
    indent = re.sub(r"[^\s>]", " ", lines[first].partition(token.markup)[0])
    fence = Fence(indent, token.markup, token.info.strip(), token.meta["column"])
    closed = last - first - token.content.count("\n") == 2
    # Open if neither marks nor the end of a list item or quotation have ended it.
    end = offsets[last] - 1 if closed else offsets[last] + (last == len(lines))
    return CodeBlock(max(offsets[first], -1), end, fence, closed)


def read_indented(token: "Token", lines: list[str], offsets: list[int]) -> CodeBlock:
    """Return the indented block of code of a token."""
    first, last = first_line(token), last_line(token)
    quotation = re.match(r"(?: {0,3}>)*", lines[first])
    indent = f"{quotation[0]} " if quotation and quotation[0] else ""
    fence = Fence(indent + " " * token.meta["column"], "", "")
    return CodeBlock(max(offsets[first], 0), offsets[last] - 1, fence, closed=True)


def read_headings(tokens: list["Token"], offsets: list[int]) -> Iterator[Heading]:
    """Yield the headings that have a title."""
    for opening, inline in pairwise(tokens):
        title = inline.content.replace("**", "").replace("`", "")
        if opening.type == "heading_open" and opening.level == 0 and title:
            first, last = first_line(opening), last_line(opening)
            yield Heading(offsets[first], offsets[last] - 1, int(opening.tag[1:]), title)


@cache
def parser() -> "MarkdownIt":
    """Return the parser: blocks of CommonMark and GitHub's tables, and fences that pages can repeat."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - no answer to `tools/list` needs it

    found = MarkdownIt("commonmark").enable("table").disable(["normalize", "inline", "text_join"])
    found.block.ruler.at("fence", read_fence, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    found.block.ruler.at("code", read_indentation)
    return found


def read_fence(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Read a fence as the parser's own rule does, unless no page could repeat it, and note the column of its item."""
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
    """Read an indented block of code as the parser's own rule does, and note the column of its list item."""
    from markdown_it.rules_block import code  # noqa: PLC0415 - as above

    found = code(state, start, end, silent)
    if found:
        state.tokens[-1].meta["column"] = state.blkIndent
    return found


def is_overlong(line: str) -> bool:
    """Whether a line of marks is longer than any that is meant as one."""
    marks = len(line) - len(line.lstrip(line[0]))
    return marks > LONGEST_FENCE or len(line) - marks > LONGEST_INFO


class Stretch(NamedTuple):
    """A part of a text, which ends with a block where its blocks are not too long.

    Attributes:
        text: The part.
        layout: Where code and headings are in it.
        wanted: What it may have, as in `parse_layout`.
        fence: The fence that is open where it begins.
        within_line: Whether it begins within a line.
    """

    text: str
    layout: Layout
    wanted: Callable[[str], bool]
    fence: Fence | None = None
    within_line: bool = False

    @property
    def last_fence(self) -> Fence | None:
        """The fence that is open where it ends."""
        return self.layout.fence_at(len(self.text))

    def replace_text(self, text: str) -> "Stretch":
        """Return another text in the same place."""
        layout = parse_layout(text, self.fence, within_line=self.within_line, wanted=self.wanted)
        return self._replace(text=text, layout=layout)

    def follow(self, text: str) -> "Stretch":
        """Return the text that follows this one."""
        begun = self._replace(fence=self.last_fence, within_line=not self.text.endswith("\n"))
        return begun.replace_text(text)

    def cut(self) -> "Stretch":
        """Return its whole blocks or, of a block that is too long, its whole lines."""
        end = find_boundary(self.text, self.layout)
        return self._replace(text=self.text[:end], layout=self.layout.before(end))


def find_boundary(text: str, layout: Layout) -> int:
    """Return the offset of the last place where all blocks of a text end; in an over-long block, of its last line."""
    places = [found.end() for found in BLOCK_BOUNDARY.finditer(text, len(text) // 2)]
    # The same place whether or not the text was parsed: each layout is then cached once.
    if layout.starts and (not places or places[-1] not in layout.starts):
        places = [layout.starts[-1]]
    return (places[-1] if places else 0) or text.rfind("\n") + 1 or len(text)


def keep_stretch(stretch: Stretch) -> Stretch:
    """Return the stretch as it is."""
    return stretch


def read_stretches(
    pieces: Iterable[str], wanted: Callable[[str], bool], edit: Callable[[Stretch], Stretch] = keep_stretch
) -> Iterator[Stretch]:
    """Yield the stretches of a text.

    Args:
        pieces: The text.
        wanted: What a stretch may have, as in `parse_layout`.
        edit: Returns the stretch to be yielded in place of one; what follows is parsed as following that.
    """
    stretch, rest = Stretch("\n", EMPTY_LAYOUT, wanted), ""
    for piece in pieces:
        rest += piece
        if len(rest) >= STRETCH_LENGTH:
            whole = stretch.follow(rest).cut()
            rest = rest[len(whole.text) :]
            stretch = edit(whole)
            yield stretch
    if rest:
        yield edit(stretch.follow(rest))
