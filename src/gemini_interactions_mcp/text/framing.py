"""Text of others between lines of ours: its fences of code, and its lines that begin like ours. Pure.

A text is read in blocks, which end with a line where the line is not too long, and is never copied as a whole.
"""

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import concatenated, visible

BLOCK: Final = 2**14
"""Characters that are read in one step: long enough to be fast, and less than a millisecond."""
LONGEST_FENCE: Final = 64
"""Marks of a fence; nobody writes more, and a page has to repeat them."""
LONGEST_INFO: Final = 1_000
"""Characters behind them; a longer line might be cut there, and would then look like another."""
INFO_CHARACTERS: Final = 32
QUOTE: Final = "> "
"""Before a line of others that begins like one of ours: a quotation is never ours."""

MARGIN: Final = "[ \t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]"
"""White space that a line may begin with (unicode.org/reports/tr44, category Zs)."""

JOINERS: Final = "\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef"
JOINED: Final = re.compile(f"[{JOINERS}]")
"""What `words.visible` leaves, since emoji and Persian need it, and nobody sees between letters."""

LOOKALIKES: Final = (
    "\u1d2c-\u1d6a\u2070-\u209c\u2100-\u214f\u2160-\u217f\u2460-\u24ff\ufb00-\ufb06"
    "\uff10-\uff19\uff21-\uff3a\uff3f\uff41-\uff5a\U0001d400-\U0001d7ff\U0001f110-\U0001f16f"
)
"""Forms of letters that NFKC makes the usual ones (unicode.org/reports/tr15)."""

BEGINNINGS: Final = r"`~#*_+\-\u2022|\[\dINSMTOPALFinsmtopalf"
"""Characters that a line of interest begins with: most lines are passed over by these alone."""

FORMS: Final = (
    r"(?P<indent>[ \t]{0,16}+)(?P<fence>`{3,}+|~{3,}+)(?P<info>[^\n]*)"
    r"|(?P<level>#{1,6}+)[ \t]+(?P<title>[^\n]+)"
    rf"|(?P<margin>{MARGIN}*+)(?:(?:[-+*\u2022]|\d{{1,9}}[.)]|\[[ xX]\]){MARGIN}++){{0,4}}+"
    rf"[*_`#]{{0,3}}+{MARGIN}*+(?P<ours>"
    r"(?i:interaction[_ ]id|saved|note|next|more|to follow up|not stored)[*_`]{0,3}+[ \t]*+[:=\uff1a|(]"
    rf"|\|{MARGIN}*+[*_`]{{0,3}}+(?i:interaction[_ ]id)[*_`]{{0,3}}+{MARGIN}*+[:=\uff1a]"
    r"|(?i:page[ ]\d[\d,]*+[ ]of[ ]\d|section[ ]\"|outline[ ]of[ ]\d|this[ ]is[ ]a[ ]plan|this[ ]plan[ ]was"
    r"|and[ ]\d[\d,]*+[ ]more[ ]file|\d[\d,]*+[ ]more[ ]picture|left[ ]out[ ]of[ ][^\n:]{1,200}+:[ ]\d"
    r"|still[ ](?:in_progress|queued)|sent,[ ]and[ ]not[ ]answered|not[ ]taken[ ]by[ ]google"
    r"|partial[ ]answer[ ]so[ ]far:|files[ ]in[ ]the[ ]agent's[ ]environment))"
)

HEAD: Final = 500
"""Characters of a line by which it is told whether it looks like ours."""

ODD: Final = (
    rf"(?P<odd>[^\n{JOINERS}{LOOKALIKES}]{{0,40}}+"
    rf"(?:[{LOOKALIKES}]|(?:(?<=[!-~])|(?<={MARGIN})|(?<![^\n]))[{JOINERS}])[^\n]{{0,{HEAD}}})"
)
"""A line that begins with what may only look like other letters; in emoji, joiners follow no such letter."""

NEVER: Final = "(?P<odd>(?!))"

NOTABLE: Final = re.compile(rf"^(?={MARGIN}*+[{BEGINNINGS}])(?:{FORMS}|{NEVER})", re.MULTILINE)
"""Lines that open or close a fence, headings, and lines that begin like those that `render` writes.

Source of the first two: spec.commonmark.org, 4.2 and 4.5. Fences in lists may be further from the margin than 3.
"""

NOTABLE_OR_ODD: Final = re.compile(
    rf"^(?={MARGIN}*+[{BEGINNINGS}{JOINERS}{LOOKALIKES}])(?:{FORMS}|{ODD})", re.MULTILINE
)
"""The same, in a text with other letters than ASCII."""

EVERY: Final = re.compile(rf"^(?:(?:{FORMS})|(?P<odd>[^\n]{{1,{HEAD}}}))", re.MULTILINE)
"""The same, and any other line, where one may only look like ours."""

READ_AS: Final = "read as "
READ: Final = re.compile(rf"[^\n]{{1,{HEAD}}} (?:was|were) read as \S")
"""Of files that are not in UTF-8: such a line begins with their names."""


def lines_of(block: str) -> re.Pattern[str]:
    """What finds the lines of interest in a block."""
    if READ_AS in block:
        return EVERY
    return NOTABLE if block.isascii() else NOTABLE_OR_ODD


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the blocks of a text begin and end: behind a line, if that is not too long."""
    start = 0
    while start < len(text):
        end = text.rfind("\n", start, start + BLOCK) + 1 or min(start + BLOCK, len(text))
        yield start, end
        start = end


def blocks(text: str) -> Iterator[str]:
    """A text in blocks."""
    return (text[start:end] for start, end in spans(text))


def cleared(text: str) -> str:
    """A text of any length, with nothing hidden in it, made in blocks."""
    return concatenated(map(visible, blocks(text)))


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
        for found in lines_of(block).finditer(block, start):
            if found["fence"]:
                self.fence = after_marks(self.fence, found)
            if not found["odd"] or looks_like_ours(found["odd"]):
                yield found


def looks_like_ours(line: str) -> bool:
    """Whether a line looks like ours, however its letters are encoded."""
    plain = unicodedata.normalize("NFKC", JOINED.sub("", line[:HEAD]))
    found = NOTABLE.match(plain)
    return bool(READ.match(plain) or (found and found["ours"]))


def begins_notably(text: str) -> bool:
    """Whether a text that begins within a line begins like one of `NOTABLE`, or looks like that."""
    return NOTABLE.match(text) is not None or looks_like_ours(text[:HEAD].partition("\n")[0])


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
    if line := found["ours"] or found["odd"]:
        margin = found["margin"] or line[: len(line) - len(line.lstrip())]
        return fence is None or (fence.nested and len(margin) < len(fence.indent))
    return overlong(found)


def overlong(found: re.Match[str]) -> bool:
    """Whether a line of marks is longer than any that is meant as one."""
    return len(found["fence"] or "") > LONGEST_FENCE or len(found["info"] or "") > LONGEST_INFO
