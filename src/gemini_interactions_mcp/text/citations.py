"""Sources of an answer: marks in its text, and one numbered list below it. Pure.

If an answer ends with a list of its own, the numbers in its text are those of that list. They are kept, and further
sources, which only citations name, follow.
"""

import bisect
import operator
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from gemini_interactions_mcp.core import has_hidden_characters, make_inert
from gemini_interactions_mcp.models import Citation

from .framing import BLOCK_CHARACTERS
from .marking import MarkFinder, MarkPlace
from .source_list import NumberedSource, PartedAnswer, split_source_list

UNLINKABLE_CHARACTER: Final = re.compile(r'[\s<>\[\]"\\`]')
"""Characters that no address contains, and those that would end a link (spec.commonmark.org, 6.3 and 6.5)."""

MAX_ADDRESS_CHARACTERS: Final = 8_192
"""Longest request line of nginx and Apache (`large_client_header_buffers`, `LimitRequestLine`)."""

NUMBER_MARK: Final = r"\[(?:cite: ?)?(\d{1,6}(?:, ?\d{1,6})*)\]"
BRACKETED_NUMBERS: Final = re.compile(NUMBER_MARK, re.ASCII)
TRAILING_MARK: Final = re.compile(rf"{NUMBER_MARK}[.,;:!?)\s]*$", re.ASCII)
"""End of a segment that the author has already numbered, as Deep Research does in some reports."""

MAX_MARK_CHARACTERS: Final = 64
"""Characters before the end of a segment that are searched for such a mark."""


def list_all_citations(text: str, citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """Return the citations, and the sources of the text's own list that none of them names."""
    citations = tuple(citations)
    known = {url for each in citations for url in (each.url, each.resolved)}
    own = split_source_list(text).own
    return (*citations, *(Citation(url=each.name, title=each.title) for each in own if each.name not in known))


def insert_marks(text: str, start: int, end: int, found: list[tuple[int, str]]) -> Iterator[str]:
    """Yield the text from `start` to `end` in pieces, with the marks that belong into it or at its end."""
    first = bisect.bisect_right(found, start, key=operator.itemgetter(0))
    for at, said in found[first : bisect.bisect_right(found, end, key=operator.itemgetter(0))]:
        yield text[start:at] + said
        start = at
    yield text[start:end]


def place_marks(whole: PartedAnswer, citations: Iterable[Citation]) -> list[tuple[int, str]]:
    """Return pairs of an offset and the mark to insert there, such as ` [1][3]`, in order.

    A segment that ends with a number of its own gets no mark. The numbers are those of `render_sources`; the text's own
    list gets no marks. The offsets of citations are UTF-8 bytes, the end exclusive (google-genai 3.6.1,
    types/interactions/urlcitation.py).
    """
    text, citations = whole.text, list(citations)
    # A source that is listed twice is referred to by its first number.
    numbers = {(each.name, each.page): each.number for each in reversed(number_sources(whole.own, citations))}
    ends = map_byte_offsets(text, (citation.end for citation in citations))
    markdown = MarkFinder(text if ends else "")
    found: dict[MarkPlace, dict[int, None]] = {}
    for citation in citations:
        end = ends.get(citation.end or 0)
        if end is not None and not has_own_mark(text, end) and (spot := markdown.find_spot(end)):
            found.setdefault(spot, {})[numbers[identify_source(citation)]] = None
    return [(spot.at, format_mark(spot, found[spot])) for spot in sorted(found)]


def map_byte_offsets(text: str, ends: Iterable[int | None]) -> dict[int, int]:
    """Map byte offsets in the UTF-8 of a text to character offsets; one within a character moves behind it.

    Offsets that are 0 or beyond the text are left out.
    """
    wanted = sorted({end for end in ends if end and end > 0})
    found: dict[int, int] = {}
    before = 0
    for start in range(0, len(text), BLOCK_CHARACTERS):
        content = text[start : start + BLOCK_CHARACTERS].encode(errors="replace")
        first = len(found)
        inside = wanted[first : bisect.bisect_right(wanted, before + len(content))]
        found |= {end: start + len(content[: find_character_end(content, end - before)].decode()) for end in inside}
        before += len(content)
        if len(found) == len(wanted):
            break
    return found


def find_character_end(content: bytes, end: int) -> int:
    """Return the next offset between two characters."""
    while end < len(content) and content[end] & 0xC0 == 0x80:
        end += 1
    return end


def has_own_mark(text: str, end: int) -> bool:
    """Whether the text up to an offset ends with a number of its own."""
    return TRAILING_MARK.search(text[max(0, end - MAX_MARK_CHARACTERS) : end]) is not None


def format_mark(spot: MarkPlace, numbers: Iterable[int]) -> str:
    """Return the mark with some numbers: ` [1][3]`."""
    return spot.before + "".join(f"[{number}]" for number in numbers) + spot.behind


def is_linkable(url: str) -> bool:
    """Whether an address is that of a web page, and can be the destination of a link."""
    if (
        len(url) > MAX_ADDRESS_CHARACTERS
        or UNLINKABLE_CHARACTER.search(url)
        or not url.isprintable()
        or has_hidden_characters(url)
    ):
        return False
    with suppress(ValueError):
        parts = urlsplit(url)
        # An invalid port raises ValueError.
        return parts.scheme in ("http", "https") and bool((parts.hostname or "").strip(".")) and parts.port != 0
    return False


def get_source_address(citation: Citation) -> str:
    """Return the best address of a source; empty if none can be the destination of a link."""
    return next(filter(is_linkable, (citation.resolved, citation.url)), "")


def identify_source(citation: Citation) -> tuple[str, int | None]:
    """Return the identity of a source: its address, or else its name, and the page."""
    return get_source_address(citation) or citation.title or citation.url, citation.page


def number_sources(own: Sequence[NumberedSource], citations: Sequence[Citation]) -> list[NumberedSource]:
    """Return all sources, each once: the text's own list with its numbers, then the others in order of citation."""
    leads = {each.url: get_source_address(each) for each in citations if each.resolved}
    listed = [each._replace(name=leads.get(each.name, each.name)) for each in own]
    ordered = sorted(citations, key=lambda citation: (citation.end is None, citation.end or 0))
    further = dict.fromkeys(map(identify_source, ordered))
    for each in listed:
        further.pop((each.name, None), None)
    first = max((each.number for each in own), default=0) + 1
    found = [*listed, *(NumberedSource(number, name, "", page) for number, (name, page) in enumerate(further, first))]
    titles, resolved = map_titles(citations), {each.resolved for each in citations}
    return [
        each._replace(title=titles.get((each.name, each.page)) or each.title or derive_title(each, resolved))
        for each in found
    ]


def map_titles(citations: Iterable[Citation]) -> dict[tuple[str, int | None], str]:
    """Map each source to its first title."""
    titles: dict[tuple[str, int | None], str] = {}
    for citation in citations:
        titles[identify_source(citation)] = titles.get(identify_source(citation)) or citation.title
    return titles


def derive_title(source: NumberedSource, resolved: set[str]) -> str:
    """Return a title for a source that has none: the site of a resolved address, else nothing."""
    return get_site(source.name) if source.name in resolved else ""


def get_site(url: str) -> str:
    """Return the site of an address; the address itself if it names none."""
    with suppress(ValueError):
        return (urlsplit(url).hostname or url).removeprefix("www.")
    return url


def render_sources(text: str, citations: Iterable[Citation], *, within: Iterable[str] | None = None) -> str:
    """Return the sources as a list of numbered links; empty if there are none.

    Args:
        text: The answer without marks.
        citations: All of its sources.
        within: A part of the marked answer, in blocks; the list is limited to the sources that are marked there.
    """
    citations = list(citations)
    whole = split_source_list(text)
    ends = map_byte_offsets(whole.text, (citation.end for citation in citations)).values()
    own = not whole.own and any(has_own_mark(whole.text, end) for end in ends)
    # The numbers of a text without a list of its own do not tell which of our sources a part of it names.
    named = None if own or within is None else collect_numbers(within)
    lines = [
        render_source(each) for each in number_sources(whole.own, citations) if named is None or each.number in named
    ]
    head = "Sources (not by the text's own numbers):" if own else "Sources:"
    return "\n".join([head, *lines]) if lines else ""


def collect_numbers(part: Iterable[str]) -> set[int]:
    """Return the numbers in brackets."""
    return {int(each) for block in part for found in BRACKETED_NUMBERS.findall(block) for each in found.split(",")}


def render_source(source: NumberedSource) -> str:
    """Format a source as `1. [title, page 3](url)`, as an address without title, or as a name without address."""
    linked = is_linkable(source.name)
    page = "" if source.page is None else f"page {source.page}"
    told = ", ".join(filter(None, (make_inert(source.title or ("" if linked else source.name)), page)))
    if not linked:
        return f"{source.number}. {told}"
    return (
        f"{source.number}. [{told}]({format_destination(source.name)})" if told else f"{source.number}. <{source.name}>"
    )


def format_destination(address: str) -> str:
    """Return an address as the destination of a Markdown link (spec.commonmark.org, 6.3)."""
    return f"<{address}>" if re.search(r"[\s()<>]", address) else address
