"""Foreign names and texts, made safe to show: on one line, of bounded length, without hidden characters. Pure."""

import json
import re
from collections.abc import Sequence
from typing import Final

from .long_text import iter_stretches

QUOTED_NAME_CHARACTERS: Final = 120
"""Maximum length of a name in a message."""

MAX_LISTED_NAMES: Final = 3
"""Names that are listed; `...` stands for the rest."""

MARKDOWN_REPLACEMENTS: Final = str.maketrans({"[": "(", "]": ")", "<": "\u2039", ">": "\u203a", "`": "'", "\\": "/"})
"""Replacements of the characters that delimit links, tags and code in Markdown (spec.commonmark.org, 6)."""

QUOTATION_MARKS: Final = "\"'`“”„\u2018\u2019«»<>"

GOOGLE_ERROR_PAGE: Final = re.compile(r"<title>Error \d{3} \([^<]*\)!!1</title>")
"""The error page of Google's front end, which answers requests for unknown paths."""

HTML_TITLE: Final = re.compile(r"<title[^>]{0,200}>\s*([^<]{1,200})", re.IGNORECASE)

LINE_BREAKS: Final = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
"""Line breaks other than the newline (unicode.org/reports/tr14, class BK)."""

TERMINAL_SEQUENCES: Final = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]|(?:\x1b\\]|\x9d)[^\x07\x1b\x9c\n]{0,1000}(?:\x07|\x1b\\\\|\x9c)?"
)
"""Terminal sequences that colour text, move the cursor or set the title (ECMA-48, 5.4 and 5.6)."""

CONTROL_CODES: Final = "\0-\x08\x0b-\x1f\x7f-\x9f"
"""Control characters except the tab and the newline."""

DIRECTION_MARKS: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
"""Directional marks, embeddings, overrides and isolates (unicode.org/reports/tr9)."""

IGNORABLE_CHARACTERS: Final = (
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
"""Invisible characters and annotations that no text needs. The last two ranges contain tags: invisible letters.

Source: Default_Ignorable_Code_Point in https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt, without
the directions, selectors and joiners, which are classes of their own here.
"""

VARIATION_SELECTORS: Final = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""Variation selectors, which modify the emoji, Han or Mongolian character before them."""

ZERO_WIDTH_JOINERS: Final = "\u200c\u200d"
"""Zero-width joiner and non-joiner, which Persian and emoji need."""

INVISIBLE_CHARACTER: Final = re.compile(f"[{CONTROL_CODES}{DIRECTION_MARKS}{IGNORABLE_CHARACTERS}]")
"""Characters that hide, reorder or smuggle text (unicode.org/reports/tr36)."""

REPEATED_JOINERS: Final = re.compile(
    f"((?>[{VARIATION_SELECTORS}]?[{ZERO_WIDTH_JOINERS}]?))[{ZERO_WIDTH_JOINERS}{VARIATION_SELECTORS}]+"
)
"""Runs of variation selectors or joiners, which occur only as hidden messages; the first of each kind may stay."""

SUSPECT_CHARACTER: Final = re.compile(
    f"[{CONTROL_CODES}{DIRECTION_MARKS}{IGNORABLE_CHARACTERS}{VARIATION_SELECTORS}{ZERO_WIDTH_JOINERS}\u2028\u2029\ud800-\udfff]"
)
"""All of the above in one class, which finds clean texts several times faster."""

UNICODE_SPACE: Final = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
"""Other spaces, as in the names of screenshots (unicode.org/reports/tr44, category Zs)."""

SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""Surrogates, which have no UTF-8."""


def strip_quotes(text: str) -> str:
    """Strip quotation marks and white space from both ends of a text."""
    return text.strip().strip(QUOTATION_MARKS).strip()


def normalize_model_name(text: str) -> str:
    """Return the id of a model or an agent as the API spells it, without the collection of a resource name."""
    return re.sub(r"^(models|agents)/", "", strip_quotes(text).casefold())


def quote_name(name: str) -> str:
    """Return a foreign name for use in a message: on one line, at most `QUOTED_NAME_CHARACTERS` long."""
    half = QUOTED_NAME_CHARACTERS // 2
    return make_printable(name if len(name) <= QUOTED_NAME_CHARACTERS else f"{name[:half]}…{name[-half:]}")


def list_names(names: Sequence[str]) -> str:
    """Join the first names, with `...` if there are more."""
    more = " ..." if len(names) > MAX_LISTED_NAMES else ""
    return ", ".join(names[:MAX_LISTED_NAMES]) + more


def make_printable(text: str) -> str:
    """Return a text on one line with `?` for hidden characters, so that no file name reads like a line of ours."""
    text = UNICODE_SPACE.sub(" ", LINE_BREAKS.sub("?", text))
    text = REPEATED_JOINERS.sub(r"\1?", INVISIBLE_CHARACTER.sub("?", text))
    return SURROGATE.sub("?", text.replace("\n", "?").replace("\t", "?"))


def has_hidden_characters(text: str) -> bool:
    """Whether a text contains invisible or reordering characters, or line breaks."""
    return make_printable(text) != UNICODE_SPACE.sub(" ", text)


def strip_hidden(text: str) -> str:
    """Remove invisible and reordering characters from a text of any length; other line breaks become newlines."""
    if not SUSPECT_CHARACTER.search(text):
        return text
    text = INVISIBLE_CHARACTER.sub("", TERMINAL_SEQUENCES.sub("", LINE_BREAKS.sub("\n", text)))
    return SURROGATE.sub("\ufffd", REPEATED_JOINERS.sub(r"\1", text))


def is_blank(text: str) -> bool:
    """Whether a text has no visible characters."""
    return not any(strip_hidden(stretch).strip() for stretch in iter_stretches(text))


def join_lines(text: str) -> str:
    """Return a foreign text on one line, for use after words of ours."""
    return " ".join(strip_hidden(text).split())


def clip_line(text: str, limit: int = 400) -> str:
    """Return the same, cut at `limit` characters."""
    line = join_lines(text)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def make_inert(text: str, limit: int = 200) -> str:
    """Return a text on one line of at most `limit` characters, all visible and without meaning in Markdown."""
    return clip_line(text[: 8 * limit], limit).translate(MARKDOWN_REPLACEMENTS)


def parse_page_title(text: str) -> str | None:
    """Return the title of an HTML page, empty if it has none; None for Google's own error page or an empty text."""
    import html  # noqa: PLC0415 - its table of entities is only needed here

    if not text.strip() or GOOGLE_ERROR_PAGE.search(text):
        return None
    found = HTML_TITLE.search(text)
    return quote_name(" ".join(html.unescape(found[1]).split())) if found else ""


def escape_hidden(text: str) -> str:
    """Escape the hidden characters in the strings of a JSON text."""
    return SUSPECT_CHARACTER.sub(lambda found: json.dumps(found[0])[1:-1], text)
