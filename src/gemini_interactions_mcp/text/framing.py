"""Text of others between lines of ours: its fences of code, and its lines that begin like ours. Pure.

A text is read in blocks, which end with a line where the line is not too long, and is never copied as a whole.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gemini_interactions_mcp.core import concatenated, visible

from .markdown import (
    LONGEST_FENCE,
    LONGEST_INFO,
    Stretch,
    has_fences,
    keep_stretch,
    parse_layout,
    read_stretches,
)

BLOCK: Final = 2**14
"""Characters that are read in one step: long enough to be fast, and less than a millisecond."""
QUOTING_ROUNDS: Final = 4
"""After so many, lines are quoted in code, too."""
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
    r"(?!#{1,6}+[ \t]+[^\n])"
    rf"(?P<margin>{MARGIN}*+)(?:(?:[-+*\u2022]|\d{{1,9}}[.)]|\[[ xX]\]){MARGIN}++){{0,4}}+"
    rf"(?:(?P<overlong>[`~]{{{LONGEST_FENCE + 1}}}|(?:`{{3,}}+|~{{3,}}+)[^\n]{{{LONGEST_INFO + 1}}})"
    rf"|(?!```)[*_`#]{{0,3}}+{MARGIN}*+(?P<ours>"
    r"(?i:interaction[_ ]id|saved|note|next|more|to follow up|not stored)[*_`]{0,3}+[ \t]*+[:=\uff1a|(]"
    rf"|\|{MARGIN}*+[*_`]{{0,3}}+(?i:interaction[_ ]id)[*_`]{{0,3}}+{MARGIN}*+[:=\uff1a]"
    r"|(?i:page[ ]\d[\d,]*+[ ]of[ ]\d|section[ ]\"|outline[ ]of[ ]\d|this[ ]is[ ]a[ ]plan|this[ ]plan[ ]was"
    r"|and[ ]\d[\d,]*+[ ]more[ ]file|\d[\d,]*+[ ]more[ ]picture|left[ ]out[ ]of[ ][^\n:]{1,200}+:[ ]\d"
    r"|still[ ](?:in_progress|queued)|sent,[ ]and[ ]not[ ]answered|not[ ]taken[ ]by[ ]google"
    r"|partial[ ]answer[ ]so[ ]far:|files[ ]in[ ]the[ ]agent's[ ]environment)))"
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
"""Lines that begin like those that `rendering` writes, and fences that no page could repeat (`is_overlong`)."""

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


def notable_lines(text: str) -> Iterator[re.Match[str]]:
    """The lines of `NOTABLE` in a text, and those that look like them."""
    for found in lines_of(text).finditer(text):
        if not found["odd"] or looks_like_ours(found["odd"]):
            yield found


def looks_like_ours(line: str) -> bool:
    """Whether a line looks like ours, however its letters are encoded."""
    if line.lstrip().startswith(">"):
        return False
    plain = unicodedata.normalize("NFKC", JOINED.sub("", line[:HEAD]))
    found = NOTABLE.match(plain)
    return bool(READ.match(plain) or (found and found["ours"]))


def begins_notably(text: str) -> bool:
    """Whether a text that begins within a line begins like one of ours, or would begin a heading or a block of code."""
    line = text[: 2 * LONGEST_INFO].partition("\n")[0]
    layout = parse_layout(line)
    return NOTABLE.match(line) is not None or looks_like_ours(line) or bool(layout.codes or layout.headings)


def framed(text: Iterable[str]) -> Iterator[str]:
    """The text with each line quoted that begins like ours outside code, and with its last fence closed."""
    return closed(text, quoting)


def closed(text: Iterable[str], edit: Callable[[Stretch], Stretch] = keep_stretch) -> Iterator[str]:
    """The text, with its last fence closed."""
    last = None
    for last in read_stretches(text, has_fences, edit):
        yield last.text
    if last and (fence := last.last_fence):
        yield ("" if last.text.endswith("\n") else "\n") + fence.closer


def quoting(stretch: Stretch) -> Stretch:
    """The stretch, quoted where it has to be."""
    for to_come in reversed(range(QUOTING_ROUNDS)):
        places = [found.start() for found in notable_lines(stretch.text) if imitates(found, stretch, to_come)]
        if not places:
            break
        # A quotation ends the list that it is in, and code that was in the list is then none.
        stretch = stretch.replace_text(quoted_at(stretch.text, places))
    return stretch


def imitates(found: re.Match[str], stretch: Stretch, to_come: int) -> bool:
    """Whether a line has to be quoted: it begins like ours, or with marks of a fence that no page could repeat."""
    if stretch.within_line and "\n" not in stretch.text[: found.start()]:
        return False
    return bool(found["overlong"]) or not to_come or stretch.layout.code_at(found.start()) is None


def quoted_at(text: str, places: Iterable[int]) -> str:
    """The text with the lines quoted that begin at these places."""
    pieces: list[str] = []
    done = 0
    for place in places:
        pieces += [text[done:place], QUOTE]
        done = place
    return "".join([*pieces, text[done:]])
