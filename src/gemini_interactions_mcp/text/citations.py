"""The sources of an answer: where they belong in its text, and the one list below it. Pure.

Some answers end with a list of their own, as Deep Research's do: `**Sources:**`, then a numbered link on each line. Its
numbers are those of the text, so they are kept, and what only citations name comes after them.
"""

import bisect
import operator
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from gemini_interactions_mcp.core import concealing, inert
from gemini_interactions_mcp.models import Citation

from .framing import BLOCK
from .marking import Markdown, Spot

UNFIT: Final = re.compile(r'[\s<>\[\]"\\`]')
"""What no address has, and what would end a link that has it (spec.commonmark.org, 6.3 and 6.5)."""

LONGEST_ADDRESS: Final = 8_192
"""nginx and Apache take no longer line of a request (`large_client_header_buffers`, `LimitRequestLine`)."""

MARK: Final = r"\[(?:cite: ?)?(\d{1,6}(?:, ?\d{1,6})*)\]"
NUMBERS: Final = re.compile(MARK, re.ASCII)
OWN_MARK: Final = re.compile(rf"{MARK}[.,;:!?)\s]*$", re.ASCII)
"""Ends a stretch that the writer has numbered already, as Deep Research does in some reports."""
LONGEST_MARK: Final = 64

LIST_CHARACTERS: Final = 200_000
"""So much of an answer's end is searched for a list of its own; a hundred redirect links have 30,000."""
LIST_HEAD: Final = re.compile(
    r"^[#*_ \t]*(?:list of )?(?:sources|references|works cited|sources cited|cited sources)[:*_# \t\r]*$",
    re.IGNORECASE | re.MULTILINE,
)
LIST_MARK: Final = re.compile(r"(?:[-*+]|\[?(?P<number>\d{1,6})[.)\]]:?)[ \t]+(?P<rest>.+)")
URL: Final = re.compile(r"https?://(?:[^\s()<>]|\([^\s()<>]*\))+")
BESIDE: Final = " \t<>()[]*_:,;.\u2013\u2014-"
"""What stands between an address and the words beside it."""


class Source(NamedTuple):
    """A source, and its number in the list.

    Attributes:
        name: Its address, or else what it is called.
        page: Of a document.
    """

    number: int
    name: str
    title: str
    page: int | None = None


class Parted(NamedTuple):
    """An answer's text without the list that it ends with, and that list; empty where there is none."""

    text: str
    own: Sequence[Source]


# The text's own list -------------------------------------------------------------------------------------


def parted(text: str) -> Parted:
    """Take the list of sources off the end of a text: a head, then nothing but lines with one address each."""
    start = max(0, len(text) - LIST_CHARACTERS)
    heads = [(start + found.start(), start + found.end()) for found in LIST_HEAD.finditer(text[start:])]
    if heads:
        begin, end = heads[-1]
        lines = [line.strip() for line in text[end:].splitlines() if line.strip()]
        own = [source for number, line in enumerate(lines, 1) for source in read_line(line, number)]
        if own and len({source.number for source in own}) == len(lines):
            return Parted(text[:begin].rstrip(), own)
    return Parted(text, ())


def read_line(line: str, place: int) -> Iterator[Source]:
    """The source on a line of a list; none where it is no such line, or names several."""
    if found := LIST_MARK.fullmatch(line):
        rest = found["rest"].strip()
        # The title of a link may be an address, too.
        end = max(rest.find("]("), 0) if rest.startswith("[") else 0
        if len(urls := URL.findall(rest[end:])) == 1:
            words = (rest[:end], *rest[end:].split(urls[0]))
            title = " ".join(filter(None, (each.strip(BESIDE) for each in words)))
            yield Source(int(found["number"] or place), urls[0].rstrip(".,;"), title)


def all_cited(text: str, citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """The citations, and those sources of the text's own list that none of them names."""
    citations = tuple(citations)
    known = {url for each in citations for url in (each.url, each.resolved)}
    own = parted(text).own
    return (*citations, *(Citation(url=each.name, title=each.title) for each in own if each.name not in known))


# Marks in the text ---------------------------------------------------------------------------------------


def inserted(text: str, start: int, end: int, found: list[tuple[int, str]]) -> Iterator[str]:
    """A stretch of the text in pieces, with the marks that belong into it or at its end."""
    first = bisect.bisect_right(found, start, key=operator.itemgetter(0))
    for at, said in found[first : bisect.bisect_right(found, end, key=operator.itemgetter(0))]:
        yield text[start:at] + said
        start = at
    yield text[start:end]


def marks(whole: Parted, citations: Iterable[Citation]) -> list[tuple[int, str]]:
    """` [1][3]` for each stretch that sources back, and before which character; in order.

    A stretch that bears numbers of its own has none. The numbers are those of `listed`, and the list that the text
    ends with is left to that. Offsets are UTF-8 bytes, the end exclusive (google-genai 3.4.0,
    types/interactions/urlcitation.py).
    """
    text, citations = whole.text, list(citations)
    # What is listed twice is known by its first number.
    numbers = {(each.name, each.page): each.number for each in reversed(all_sources(whole.own, citations))}
    ends = characters(text, (citation.end for citation in citations))
    markdown = Markdown(text if ends else "")
    found: dict[Spot, dict[int, None]] = {}
    for citation in citations:
        end = ends.get(citation.end or 0)
        if end is not None and not bears_a_mark(text, end) and (spot := markdown.spot(end)):
            found.setdefault(spot, {})[numbers[known_as(citation)]] = None
    return [(spot.at, mark(spot, found[spot])) for spot in sorted(found)]


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


def mark(spot: Spot, numbers: Iterable[int]) -> str:
    """` [1][3]`."""
    return spot.before + "".join(f"[{number}]" for number in numbers) + spot.behind


# Sources -------------------------------------------------------------------------------------------------


def linkable(url: str) -> bool:
    """Whether it is the address of a page, which a reader may follow and a link can have."""
    if len(url) > LONGEST_ADDRESS or UNFIT.search(url) or not url.isprintable() or concealing(url):
        return False
    with suppress(ValueError):
        parts = urlsplit(url)
        # A port that is none raises.
        return parts.scheme in ("http", "https") and bool((parts.hostname or "").strip(".")) and parts.port != 0
    return False


def address(citation: Citation) -> str:
    """Where a source is, as far as known; empty where no link leads there."""
    return next(filter(linkable, (citation.resolved, citation.url)), "")


def known_as(citation: Citation) -> tuple[str, int | None]:
    """What tells a source from others: its address, or else its name, and the page."""
    return address(citation) or citation.title or citation.url, citation.page


def all_sources(own: Sequence[Source], citations: Sequence[Citation]) -> list[Source]:
    """All sources: the text's own list in its numbers, then the others in the order of being cited, each once."""
    leads = {each.url: address(each) for each in citations if each.resolved}
    listed = [each._replace(name=leads.get(each.name, each.name)) for each in own]
    ordered = sorted(citations, key=lambda citation: (citation.end is None, citation.end or 0))
    further = dict.fromkeys(map(known_as, ordered))
    for each in listed:
        further.pop((each.name, None), None)
    first = max((each.number for each in own), default=0) + 1
    found = [*listed, *(Source(number, name, "", page) for number, (name, page) in enumerate(further, first))]
    titles, resolved = titled(citations), {each.resolved for each in citations}
    return [
        each._replace(title=titles.get((each.name, each.page)) or each.title or site(each, resolved)) for each in found
    ]


def titled(citations: Iterable[Citation]) -> dict[tuple[str, int | None], str]:
    """The first title that each source has."""
    titles: dict[tuple[str, int | None], str] = {}
    for citation in citations:
        titles[known_as(citation)] = titles.get(known_as(citation)) or citation.title
    return titles


def site(source: Source, resolved: set[str]) -> str:
    """What a source without a title is called: the site of an address that was resolved."""
    return host(source.name) if source.name in resolved else ""


def host(url: str) -> str:
    """The site that an address is on; the address itself where it names none."""
    with suppress(ValueError):
        return (urlsplit(url).hostname or url).removeprefix("www.")
    return url


# The list ------------------------------------------------------------------------------------------------


def listed(text: str, citations: Iterable[Citation], *, within: Iterable[str] | None = None) -> str:
    """The sources as numbered links, each once.

    Args:
        text: The answer, not yet marked.
        citations: All of its sources.
        within: Only those that are marked in this part of it, which comes in blocks.
    """
    citations = list(citations)
    whole = parted(text)
    ends = characters(whole.text, (citation.end for citation in citations)).values()
    own = not whole.own and any(bears_a_mark(whole.text, end) for end in ends)
    # Where the text has numbers of its own and no list, they do not tell which of ours a part of it names.
    named = None if own or within is None else marked(within)
    lines = [source_line(each) for each in all_sources(whole.own, citations) if named is None or each.number in named]
    head = "Sources (not by the text's own numbers):" if own else "Sources:"
    return "\n".join([head, *lines]) if lines else ""


def marked(part: Iterable[str]) -> set[int]:
    """The numbers that stand in brackets."""
    return {int(each) for block in part for found in NUMBERS.findall(block) for each in found.split(",")}


def source_line(source: Source) -> str:
    """`1. [title, page 3](url)`, the address alone where nothing is known of it, or the name of what has none."""
    linked = linkable(source.name)
    page = "" if source.page is None else f"page {source.page}"
    told = ", ".join(filter(None, (inert(source.title or ("" if linked else source.name)), page)))
    if not linked:
        return f"{source.number}. {told}"
    return f"{source.number}. [{told}]({destination(source.name)})" if told else f"{source.number}. <{source.name}>"


def destination(address: str) -> str:
    """An address as a Markdown link takes it (spec.commonmark.org, 6.3)."""
    return f"<{address}>" if re.search(r"[\s()<>]", address) else address
