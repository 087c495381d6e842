"""Frames foreign text between lines of ours: quotes its lines that look like ours, and closes its code. Pure.

markdown-it-py tells where code is; which lines look like ours, and where they begin, is found here. A text is read in
blocks, which end with a line unless the line is too long, and is never copied as a whole.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gemini_interactions_mcp.core import concatenate, strip_hidden

from .markdown import LONGEST_FENCE, LONGEST_INFO, has_fences, parse_layout
from .stretches import Stretch, keep_stretch, read_stretches

BLOCK_CHARACTERS: Final = 2**14
"""Characters that are processed in one step: large enough to be fast, and less than a millisecond of work."""

QUOTE_PREFIX: Final = "> "
"""Precedes a foreign line that looks like ours: no line of ours is a quotation."""

QUOTING_ROUNDS: Final = 4
"""Passes over a stretch; the last one also quotes lines in code."""

MARGIN_SPACE: Final = "[ \t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]"
"""White space at the beginning of a line (unicode.org/reports/tr44, category Zs)."""

HIDDEN_JOINERS: Final = "\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef"
HIDDEN_JOINER: Final = re.compile(f"[{HIDDEN_JOINERS}]")
"""Characters that `strip_hidden` keeps, since emoji and Persian need them, and that are invisible between letters."""

LOOKALIKE_LETTERS: Final = (
    "\u1d2c-\u1d6a\u2070-\u209c\u2100-\u214f\u2160-\u217f\u2460-\u24ff\ufb00-\ufb06"
    "\uff10-\uff19\uff21-\uff3a\uff3f\uff41-\uff5a\U0001d400-\U0001d7ff\U0001f110-\U0001f16f"
)
"""Variants of letters that NFKC maps to the usual ones (unicode.org/reports/tr15)."""

NOTABLE_BEGINNINGS: Final = r"`~#*_+\-\u2022|\[\dINSMTOPALFinsmtopalf"
"""First characters of all lines of interest, which rule out most lines at once."""

NO_HEADING: Final = r"(?!#{1,6}+[ \t]+[^\n])"
NO_FENCE: Final = r"(?![ \t]{0,16}+(?:`{3}|~{3}))"
"""Headings and fences may contain any words."""

LIST_MARKERS: Final = rf"(?:(?:[-+*\u2022]|\d{{1,9}}[.)]|\[[ xX]\]){MARGIN_SPACE}++){{0,4}}+"
"""Markers of lists and tasks."""

OVERLONG_FENCE: Final = rf"[`~]{{{LONGEST_FENCE + 1}}}|(?:`{{3,}}+|~{{3,}}+)[^\n]{{{LONGEST_INFO + 1}}}"
"""A fence that is too long to be repeated (`markdown.is_overlong`): not a fence here, but one for hosts."""

OUR_BEGINNINGS: Final = (
    r"(?i:interaction[_ ]id|saved|note|next|more|to follow up|not stored)[*_`]{0,3}+[ \t]*+[:=\uff1a|(]"
    rf"|\|{MARGIN_SPACE}*+[*_`]{{0,3}}+(?i:interaction[_ ]id)[*_`]{{0,3}}+{MARGIN_SPACE}*+[:=\uff1a]"
    r"|(?i:page[ ]\d[\d,]*+[ ]of[ ]\d|section[ ]\"|outline[ ]of[ ]\d|this[ ]is[ ]a[ ]plan|this[ ]plan[ ]was"
    r"|and[ ]\d[\d,]*+[ ]more[ ]file|\d[\d,]*+[ ]more[ ]picture|left[ ]out[ ]of[ ][^\n:]{1,200}+:[ ]\d"
    r"|still[ ](?:in_progress|queued)|sent,[ ]and[ ]not[ ]answered|not[ ]taken[ ]by[ ]google"
    r"|partial[ ]answer[ ]so[ ]far:|files[ ]in[ ]the[ ]agent's[ ]environment)"
)
"""Beginnings of lines that this server writes."""

NOTABLE_FORMS: Final = (
    rf"(?P<margin>{MARGIN_SPACE}*+){LIST_MARKERS}"
    rf"(?:(?P<overlong>{OVERLONG_FENCE})|{NO_FENCE}[*_`#]{{0,3}}+{MARGIN_SPACE}*+(?P<ours>{OUR_BEGINNINGS}))"
)

LINE_HEAD_CHARACTERS: Final = 500
"""Characters at the beginning of a line that decide whether it looks like ours."""

ODD_LINE: Final = (
    rf"{NO_FENCE}(?P<odd>[^\n{HIDDEN_JOINERS}{LOOKALIKE_LETTERS}]{{0,40}}+"
    rf"(?:[{LOOKALIKE_LETTERS}]|(?:(?<=[!-~])|(?<={MARGIN_SPACE})|(?<![^\n]))[{HIDDEN_JOINERS}])[^\n]{{0,{LINE_HEAD_CHARACTERS}}})"
)
"""A line that begins with lookalikes or joined letters; in emoji, no ASCII letter precedes a joiner."""

NO_ODD_LINE: Final = "(?P<odd>(?!))"

NOTABLE_LINE: Final = re.compile(
    rf"^{NO_HEADING}(?={MARGIN_SPACE}*+[{NOTABLE_BEGINNINGS}])(?:{NOTABLE_FORMS}|{NO_ODD_LINE})", re.MULTILINE
)
"""A line that begins like one of ours, or with an overlong fence."""

NOTABLE_OR_ODD_LINE: Final = re.compile(
    rf"^{NO_HEADING}(?={MARGIN_SPACE}*+[{NOTABLE_BEGINNINGS}{HIDDEN_JOINERS}{LOOKALIKE_LETTERS}])(?:{NOTABLE_FORMS}|{ODD_LINE})",
    re.MULTILINE,
)
"""The same, or a line of `ODD_LINE`, for texts with other letters than ASCII."""

EVERY_LINE: Final = re.compile(
    rf"^{NO_HEADING}(?:(?:{NOTABLE_FORMS})|{NO_FENCE}(?P<odd>[^\n]{{1,{LINE_HEAD_CHARACTERS}}}))", re.MULTILINE
)
"""The same, or any other line, for texts that contain `READ_AS_WORDS`."""

READ_AS_WORDS: Final = "read as "
READ_AS_NOTE: Final = re.compile(rf"[^\n]{{1,{LINE_HEAD_CHARACTERS}}} (?:was|were) read as \S")
"""A note of ours on files that are not in UTF-8, which begins with their names."""


def choose_line_pattern(block: str) -> re.Pattern[str]:
    """Return the pattern that finds the lines of interest in a block."""
    if READ_AS_WORDS in block:
        return EVERY_LINE
    return NOTABLE_LINE if block.isascii() else NOTABLE_OR_ODD_LINE


def iter_block_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the bounds of a text's blocks, which end with a line if that is not too long."""
    start = 0
    while start < len(text):
        end = text.rfind("\n", start, start + BLOCK_CHARACTERS) + 1 or min(start + BLOCK_CHARACTERS, len(text))
        yield start, end
        start = end


def iter_blocks(text: str) -> Iterator[str]:
    """Yield a text in blocks."""
    return (text[start:end] for start, end in iter_block_spans(text))


def strip_hidden_blocks(text: str) -> str:
    """Remove the hidden characters from a text of any length, block by block."""
    return concatenate(map(strip_hidden, iter_blocks(text)))


def find_notable_lines(text: str) -> Iterator[re.Match[str]]:
    """Yield the lines of a text that are `NOTABLE_LINE` or look so."""
    for found in choose_line_pattern(text).finditer(text):
        if not found["odd"] or looks_like_ours(found["odd"]):
            yield found


def looks_like_ours(line: str) -> bool:
    """Whether a line looks like ours, whatever characters its letters are made of."""
    if line.lstrip().startswith(">"):
        return False
    plain = unicodedata.normalize("NFKC", HIDDEN_JOINER.sub("", line[:LINE_HEAD_CHARACTERS]))
    found = NOTABLE_LINE.match(plain)
    return bool(READ_AS_NOTE.match(plain) or (found and found["ours"]))


def is_notable_beginning(text: str) -> bool:
    """Whether the rest of a divided line would look like one of ours, or begin a heading or a block of code."""
    line = text[: 2 * LONGEST_INFO].partition("\n")[0]
    layout = parse_layout(line)
    return NOTABLE_LINE.match(line) is not None or looks_like_ours(line) or bool(layout.codes or layout.headings)


def frame_text(text: Iterable[str]) -> Iterator[str]:
    """Yield a text with its lines outside code quoted that look like ours, and with its last fence closed."""
    return close_fences(text, quote_imitations)


def close_fences(text: Iterable[str], edit: Callable[[Stretch], Stretch] = keep_stretch) -> Iterator[str]:
    """Yield a text with its last fence closed."""
    last = None
    for last in read_stretches(text, has_fences, edit):
        yield last.text
    if last and (fence := last.last_fence):
        yield ("" if last.text.endswith("\n") else "\n") + fence.closer


def quote_imitations(stretch: Stretch) -> Stretch:
    """Return a stretch with the lines quoted that look like ours."""
    for remaining in reversed(range(QUOTING_ROUNDS)):
        lines = [
            found.start() for found in find_notable_lines(stretch.text) if is_imitation(found, stretch, remaining > 0)
        ]
        if not lines:
            break
        # A quotation ends the list that it is in, so code that was in the list may not be code any more.
        stretch = stretch.replace_text(quote_lines(stretch.text, lines))
    return stretch


def is_imitation(found: re.Match[str], stretch: Stretch, code_is_exempt: bool) -> bool:
    """Whether a notable line has to be quoted: unless it is in code, or if its fence is overlong."""
    if stretch.within_line and "\n" not in stretch.text[: found.start()]:
        return False
    return bool(found["overlong"]) or not code_is_exempt or stretch.layout.code_at(found.start()) is None


def quote_lines(text: str, lines: Iterable[int]) -> str:
    """Return a text with the lines quoted that begin at some offsets."""
    pieces: list[str] = []
    done = 0
    for start in lines:
        pieces += [text[done:start], QUOTE_PREFIX]
        done = start
    return "".join([*pieces, text[done:]])
