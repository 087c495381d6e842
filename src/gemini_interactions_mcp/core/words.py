"""What others have named or written, as it may be shown. Pure."""

import bisect
import codecs
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from .offloading import STRETCH_CHARACTERS

SHOWN_CHARACTERS: Final = 120
MOST_NAMES: Final = 3
"""Told of many; the rest is only said to be there."""

INERT: Final = str.maketrans({"[": "(", "]": ")", "<": "\u2039", ">": "\u203a", "`": "'", "\\": "/"})
"""What begins or ends links, tags and code in Markdown, and what stands in its place (spec.commonmark.org, 6)."""

QUOTES: Final = "\"'`“”„\u2018\u2019«»<>"

GOOGLES_PAGE: Final = re.compile(r"<title>Error \d{3} \([^<]*\)!!1</title>")
"""Of Google's own front end, for a path that is none."""

TITLE: Final = re.compile(r"<title[^>]{0,200}>\s*([^<]{1,200})", re.IGNORECASE)
BETWEEN: Final = 4
"""What two newlines cost."""
WORTH: Final = 40
"""With less room left, a paragraph is left out: its first few words would say nothing."""

BREAKS: Final = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
"""What shows as the end of a line, apart from the newline (unicode.org/reports/tr14, class BK)."""

ESCAPES: Final = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]|(?:\x1b\\]|\x9d)[^\x07\x1b\x9c\n]{0,1000}(?:\x07|\x1b\\\\|\x9c)?"
)
"""Sequences that colour a terminal's text, move its cursor or set its title (ECMA-48, 5.4 and 5.6)."""

CONTROL_CODES: Final = "\0-\x08\x0b-\x1f\x7f-\x9f"
"""Control characters, without the tab and the newline."""

DIRECTIONS: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
"""Marks, embeddings, overrides and isolates of direction (unicode.org/reports/tr9)."""

IGNORABLE: Final = (
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
"""What shows nothing, and what annotates: no text needs it. The last two ranges have tags, letters that nobody sees.

Source: Default_Ignorable_Code_Point in https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt, without
the directions, selectors and joiners that have classes of their own here.
"""

SELECTORS: Final = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""They choose a variant of the character before them: of emoji, of Han and of Mongolian."""

JOINERS: Final = "\u200c\u200d"
"""Persian and emoji need them."""

INVISIBLE: Final = re.compile(f"[{CONTROL_CODES}{DIRECTIONS}{IGNORABLE}]")
"""Characters that hide, reorder or smuggle text (unicode.org/reports/tr36)."""

REPEATED: Final = re.compile(f"((?>[{SELECTORS}]?[{JOINERS}]?))[{JOINERS}{SELECTORS}]+")
"""Variation selectors and joiners are never several of a kind in a row: those carry messages."""

SUSPECT: Final = re.compile(f"[{CONTROL_CODES}{DIRECTIONS}{IGNORABLE}{SELECTORS}{JOINERS}\u2028\u2029\ud800-\udfff]")
"""Any of the above, in one class: a text without one is found several times faster."""

SPACES: Final = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
"""Any other space, as in the names of screenshots (unicode.org/reports/tr44, category Zs)."""

HALVES: Final = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs, which have no UTF-8."""


def unquoted(text: str) -> str:
    """The text without quotes and white space around it."""
    return text.strip().strip(QUOTES).strip()


def plain_name(text: str) -> str:
    """The id of a model or an agent as the API spells it, without the collection that a resource's name has."""
    return re.sub(r"^(models|agents)/", "", unquoted(text).casefold())


def shown(name: str) -> str:
    """A name that others gave, as it may stand in a message: of bounded length, on one line."""
    half = SHOWN_CHARACTERS // 2
    return printable(name if len(name) <= SHOWN_CHARACTERS else f"{name[:half]}…{name[-half:]}")


def some_names(names: Sequence[str]) -> str:
    """Some names, and a sign that there are more."""
    more = " ..." if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def printable(text: str) -> str:
    """The text on one line, its hidden characters replaced: a file's name must not read like a line of ours."""
    text = SPACES.sub(" ", BREAKS.sub("?", text))
    text = REPEATED.sub(r"\1?", INVISIBLE.sub("?", text))
    return HALVES.sub("?", text.replace("\n", "?").replace("\t", "?"))


def concealing(text: str) -> bool:
    """Whether there is anything in a text that nobody sees, that reorders it, or that ends its line."""
    return printable(text) != SPACES.sub(" ", text)


def visible(text: str) -> str:
    """A text of any length, without what hides or reorders it; other ends of lines become newlines."""
    if not SUSPECT.search(text):
        return text
    text = INVISIBLE.sub("", ESCAPES.sub("", BREAKS.sub("\n", text)))
    return HALVES.sub("\ufffd", REPEATED.sub(r"\1", text))


def blank(text: str) -> bool:
    """Whether nobody sees anything of a text."""
    return not any(visible(stretch).strip() for stretch in stretches(text))


def unbroken(text: str) -> str:
    """A text of others on one line, as it may follow words of ours."""
    return " ".join(visible(text).split())


def one_line(text: str, limit: int = 400) -> str:
    """The same, cut at `limit` characters."""
    line = unbroken(text)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def stretches(text: str, size: int = STRETCH_CHARACTERS) -> Iterator[str]:
    """A text in stretches of `size` characters; halves of a surrogate pair that have met stay together."""
    start = 0
    while start < len(text):
        end = start + size
        if "\ud800" <= text[end - 1 : end] <= "\udbff":
            end += 1
        yield text[start:end]
        start = end


def concatenated(parts: Iterable[str]) -> str:
    """Parts as one text; other threads have their turn meanwhile, as they have not within one long `join`."""
    text, waiting, size = "", list[str](), 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= STRETCH_CHARACTERS:
            # CPython lets the text grow in place.
            text += "".join(waiting)
            waiting, size = [], 0
    return text + "".join(waiting) if waiting else text


def encoded_apart(text: str) -> bytes | bytearray:
    """The UTF-8 of a text, made in stretches."""
    content = bytearray()
    for stretch in stretches(text):
        content += stretch.encode(errors="replace")
    return content


def decoded_apart(content: bytes) -> str:
    """UTF-8 as text, made in stretches; what is no UTF-8 is an error, as in `bytes.decode`."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    places = range(0, len(content), STRETCH_CHARACTERS)
    return concatenated(decoder.decode(content[at : at + STRETCH_CHARACTERS], at == places[-1]) for at in places)


def paired(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which has no UTF-8; two that have met are a character."""
    if text.isascii() or not any(map(halved, stretches(text))):
        return text
    return "".join(
        stretch.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") for stretch in stretches(text)
    )


def halved(text: str) -> bool:
    """Whether there is half a surrogate pair in a text, alone or with its other half."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def utf8_length(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text) if text.isascii() else sum(len(stretch.encode(errors="replace")) for stretch in stretches(text))


def inert(text: str, limit: int = 200) -> str:
    """The text on one line of at most `limit` characters: all of it can be seen, and is only text in Markdown."""
    return one_line(text[: 8 * limit], limit).translate(INERT)


def page_title(text: str) -> str | None:
    """The title of a page that is not Google's, empty where it has none; None if there is no such page."""
    import html  # noqa: PLC0415 - its table of entities is of use only here

    if not text.strip() or GOOGLES_PAGE.search(text):
        return None
    found = TITLE.search(text)
    return shown(" ".join(html.unescape(found[1]).split())) if found else ""


# How much room a text takes ------------------------------------------------------------------------------


def cost(text: str) -> int:
    """Bytes of UTF-8, and one more for each character that JSON escapes: some hosts show a result as JSON.

    Of a text without hidden characters; those may take more.
    """
    return len(text.encode(errors="replace")) + text.count("\n") + text.count('"') + text.count("\\") + text.count("\t")


def length_within(text: str, room: int) -> int:
    """How many characters of the beginning of a text cost no more than `room`."""
    within = text[: max(0, room)]
    most = len(within)
    if (excess := cost(within) - room) <= 0:
        return most
    # A character costs one to four.
    least, most = max(0, most - excess), most - (excess + 3) // 4
    return least + bisect.bisect_right(range(least + 1, most + 1), room, key=lambda length: cost(within[:length]))


def clipped(text: str, room: int) -> str:
    """The text, if it costs no more than `room`; else its beginning with `…`."""
    return text if cost(text) <= room else text[: length_within(text, room - cost("…"))] + "…"


def suffix_within(text: str, room: int) -> str:
    """The end of a text, as far as there is room for it."""
    return text[len(text) - length_within(text[::-1], room) :]


def paragraphs_cost(paragraphs: Iterable[str]) -> int:
    """What paragraphs cost, each with the empty line behind it."""
    return sum(cost(each) + BETWEEN for each in paragraphs if each)


def fitted(paragraphs: Iterable[str], room: int) -> list[str]:
    """The paragraphs, as far as there is room for them."""
    found: list[str] = []
    for each in filter(None, paragraphs):
        if room < WORTH:
            break
        found.append(clipped(each, room - BETWEEN))
        room -= paragraphs_cost(found[-1:])
    return found


def escaped(text: str) -> str:
    """JSON whose strings show what is hidden in them."""
    return SUSPECT.sub(lambda found: json.dumps(found[0])[1:-1], text)
