"""Text of others between lines of ours: its fences of code, and its lines that begin like ours. Pure.

A text is read in blocks, which end with a line where the line is not too long, and is never copied as a whole.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

BLOCK: Final = 2**14
"""Characters that are read in one step: long enough to be fast, and less than a millisecond."""
LONGEST_FENCE: Final = 64
"""Marks of a fence; nobody writes more, and a page has to repeat them."""
LONGEST_INFO: Final = 1_000
"""Characters behind them; a longer line might be cut there, and would then look like another."""
INFO_CHARACTERS: Final = 32
QUOTE: Final = "> "
"""Before a line of others that begins like one of ours: a quotation is never ours."""

NOTABLE: Final = re.compile(
    r"^(?=[ \t]*+[`~#*_+\-\u2022INSMTOPAinsmtopa])"  # Most lines are passed over by this alone.
    r"(?:(?P<indent>[ \t]{0,16}+)(?P<fence>`{3,}+|~{3,}+)(?P<info>[^\n]*)"
    r"|(?P<level>#{1,6}+)[ \t]+(?P<title>[^\n]+)"
    r"|(?P<margin>[ \t]*+)(?:[-+*\u2022][ \t]++)?+[*_`#]{0,3}+[ \t]*+(?P<ours>"
    r"(?i:interaction[_ ]id|saved|note|next|more|to follow up|not stored)[*_`]{0,3}+[ \t]*+[:=\uff1a|(]"
    r"|(?i:page[ ]\d[\d,]*+[ ]of[ ]\d|section[ ]\"|outline[ ]of[ ]\d|this[ ]is[ ]a[ ]plan|this[ ]plan[ ]was"
    r"|and[ ]\d[\d,]*+[ ]more[ ]file)))",
    re.MULTILINE,
)
"""Lines that open or close a fence, headings, and lines that begin like those that `render` writes.

Source of the first two: spec.commonmark.org, 4.2 and 4.5. Fences in lists may be further from the margin than 3.
"""


class Fence(NamedTuple):
    """An open fence of code."""

    indent: str
    marks: str
    info: str

    @property
    def opener(self) -> str:
        """The line that opens it again on the next page."""
        return f"{self.indent}{self.marks}{self.info[:INFO_CHARACTERS]}\n"

    @property
    def closer(self) -> str:
        """The line that closes it."""
        return f"{self.indent}{self.marks}"

    @property
    def nested(self) -> bool:
        """Whether it is in a list, if it is one at all: a line at the margin may not be in it."""
        return "\t" in self.indent or len(self.indent) > 3


class Scanner:
    """Reads a text block by block, and knows which fence is open.

    Attributes:
        fence: The open one, behind what has been read.
    """

    def __init__(self, fence: Fence | None = None) -> None:
        self.fence = fence
        self._fresh = True

    def notable(self, block: str) -> Iterator[re.Match[str]]:
        """The lines of `NOTABLE` that begin in the next block of the text."""
        start = 0 if self._fresh else block.find("\n") + 1 or len(block)
        self._fresh = block.endswith("\n")
        for found in NOTABLE.finditer(block, start):
            if found["fence"]:
                self.fence = after_marks(self.fence, found)
            yield found


def after_marks(fence: Fence | None, found: re.Match[str]) -> Fence | None:
    """The fence that is open behind a line of marks."""
    marks, info = found["fence"], found["info"].strip()
    if overlong(found):
        return fence
    if fence:
        closes = marks[0] == fence.marks[0] and len(marks) >= len(fence.marks) and not info
        return None if closes else fence
    if marks[0] == "`" and "`" in info:
        return None
    return Fence(found["indent"], marks, info)


def framed(blocks: Iterable[str]) -> Iterator[str]:
    """The text with each line quoted that begins like ours outside code, and with its last fence closed."""
    return closed(blocks, quoting)


def closed(blocks: Iterable[str], read: Callable[[str, Scanner], str]) -> Iterator[str]:
    """The text as it is read block by block, with its last fence closed."""
    scanner = Scanner()
    last = ""
    for block in blocks:
        yield read(block, scanner)
        last = block or last
    if scanner.fence:
        yield ("" if last.endswith("\n") else "\n") + scanner.fence.closer


def kept(block: str, scanner: Scanner) -> str:
    """The next block of a text, as it is."""
    deque(scanner.notable(block), maxlen=0)
    return block


def quoting(block: str, scanner: Scanner) -> str:
    """The next block of a text, quoted where it has to be."""
    pieces: list[str] = []
    done = 0
    for found in scanner.notable(block):
        if imitates(found, scanner.fence):
            pieces += [block[done : found.start()], QUOTE]
            done = found.start()
    return "".join([*pieces, block[done:]])


def imitates(found: re.Match[str], fence: Fence | None) -> bool:
    """Whether a line has to be quoted: it begins like ours, or with marks of a fence that no page could close."""
    if found["ours"]:
        return fence is None or (fence.nested and len(found["margin"]) < len(fence.indent))
    return overlong(found)


def overlong(found: re.Match[str]) -> bool:
    """Whether a line of marks is longer than any that is meant as one."""
    return len(found["fence"] or "") > LONGEST_FENCE or len(found["info"] or "") > LONGEST_INFO
