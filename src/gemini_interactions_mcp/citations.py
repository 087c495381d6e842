"""The sources of an answer: where they belong in its text, and the list below it. Pure."""

import bisect
import operator
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import quote, urlsplit

from .framing import BLOCK
from .models import Citation
from .words import SUSPECT, clipped, unbroken

OWN_MARK: Final = re.compile(r"\[(?:cite: ?)?\d+(?:, ?\d+)*\][.,;:!?)\s]*$", re.ASCII)
"""Ends a stretch that the writer has numbered already, as Deep Research does in some reports."""
LONGEST_MARK: Final = 64
BLANKS: Final = 1_000
"""White space before which a mark is put, at the most."""
UNSAFE: Final = re.compile(rf"[\s<>\"]|{SUSPECT.pattern}")
TITLE_BYTES: Final = 400

NUMBER: Final = re.compile(r"\[(\d{1,6})\]", re.ASCII)


def placed(text: str, citations: Iterable[Citation]) -> str:
    """The text with ` [1][3]` after each stretch that sources back, unless it bears numbers of its own there.

    The numbers are those of `listed`. Offsets are UTF-8 bytes, the end exclusive
    (google-genai 3.4.0, types/interactions/urlcitation.py).
    """
    return "".join(inserted(text, 0, len(text), marks(text, citations)))


def inserted(text: str, start: int, end: int, found: list[tuple[int, str]]) -> Iterator[str]:
    """A stretch of the text in pieces, with the marks that belong into it or at its end."""
    first = bisect.bisect_right(found, start, key=operator.itemgetter(0))
    for at, said in found[first : bisect.bisect_right(found, end, key=operator.itemgetter(0))]:
        yield text[start:at] + said
        start = at
    yield text[start:end]


def marks(text: str, citations: Iterable[Citation]) -> list[tuple[int, str]]:
    """What is inserted into a text, and before which of its characters, in order."""
    citations = list(citations)
    numbers = numbered(citations)
    ends = characters(text, (citation.end for citation in citations))
    found: dict[int, dict[int, None]] = {}
    for citation in citations:
        end = ends.get(citation.end or 0)
        if end is not None and not bears_a_mark(text, end):
            found.setdefault(before_blanks(text, end), {})[numbers[address(citation)]] = None
    return [(at, mark(list(found[at]))) for at in sorted(found)]


def characters(text: str, ends: Iterable[int | None]) -> dict[int, int]:
    """Offsets in the UTF-8 of a text, each with that in its characters; one within a character is behind it.

    Without those that are 0 or behind the text.
    """
    wanted = sorted({end for end in ends if end and end > 0})
    found: dict[int, int] = {}
    before = 0
    for start in range(0, len(text), BLOCK):
        content = text[start : start + BLOCK].encode(errors="replace")
        first = len(found)
        inside = wanted[first : bisect.bisect_right(wanted, before + len(content))]
        found |= {end: start + len(content[: boundary(content, end - before)].decode()) for end in inside}
        before += len(content)
        if len(found) == len(wanted):
            break
    return found


def boundary(content: bytes, end: int) -> int:
    """The next place between two characters."""
    while end < len(content) and content[end] & 0xC0 == 0x80:
        end += 1
    return end


def bears_a_mark(text: str, end: int) -> bool:
    """Whether the stretch up to there ends with a number of its own."""
    return OWN_MARK.search(text[max(0, end - LONGEST_MARK) : end]) is not None


def before_blanks(text: str, end: int) -> int:
    """The place before the white space that a stretch ends with; after it, where there is nothing else."""
    last = text[max(0, end - BLANKS) : end]
    kept = last.rstrip(" \t\r\n")
    return end - len(last) + len(kept) if kept else end


def mark(numbers: Iterable[int]) -> str:
    """` [1][3]`."""
    return " " + "".join(f"[{number}]" for number in numbers)


def address(citation: Citation) -> str:
    """Where a source is, as far as known."""
    return citation.resolved or citation.url


def numbered(citations: Iterable[Citation]) -> dict[str, int]:
    """The number of each source by its address, in the order in which the text cites them."""
    ordered = sorted(citations, key=lambda citation: (citation.end is None, citation.end or 0))
    return {url: number for number, url in enumerate(dict.fromkeys(map(address, ordered)), 1)}


def listed(text: str, citations: Iterable[Citation], *, within: Iterable[str] | None = None) -> str:
    """The sources as numbered links, each once.

    Args:
        text: The answer, not yet marked.
        citations: All of its sources.
        within: Only those that are marked in this part of it, which comes in blocks.
    """
    citations = list(citations)
    own = any(bears_a_mark(text, end) for end in characters(text, (citation.end for citation in citations)).values())
    # Where the text has numbers of its own, they do not tell which of ours a part of it names.
    named = None if own or within is None else named_in(within)
    lines = [line for number, line in enumerate(links(citations), 1) if named is None or number in named]
    head = "Sources (not by the text's own numbers):" if own else "Sources:"
    return "\n".join([head, *lines]) if lines else ""


def named_in(part: Iterable[str]) -> set[int]:
    """The numbers in a part of a text."""
    return {int(found[1]) for block in part for found in NUMBER.finditer(block)}


def links(citations: list[Citation]) -> Iterator[str]:
    """`1. [title](url)`, or the address alone, in the order of their numbers."""
    titles: dict[str, str] = {}
    for citation in citations:
        titles[address(citation)] = titles.get(address(citation)) or citation.title
    known = {each.resolved for each in citations}
    for url, number in numbered(citations).items():
        title = titles[url] or (host(url) if url in known else "")
        shown = safe_url(url)
        yield f"{number}. [{plain(title)}]({shown})" if title else f"{number}. <{shown}>"


def host(url: str) -> str:
    """The site that an address is on; the address itself where it names none."""
    with suppress(ValueError):
        return (urlsplit(url).hostname or url).removeprefix("www.")
    return url


def safe_url(url: str) -> str:
    """An address as it may stand in a line: what would end it, or is hidden in it, is percent-encoded."""
    return UNSAFE.sub(lambda found: quote(found[0], errors="replace"), url)


def plain(title: str) -> str:
    """A title as it may stand in a link: on one line, of bounded length and without brackets."""
    return clipped(unbroken(title).replace("[", "(").replace("]", ")"), TITLE_BYTES)
