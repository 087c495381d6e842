"""The sources of an answer: where they belong in its text, and the list below it. Pure."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from .models import Citation
from .words import inert

UNFIT: Final = re.compile(r'[\s<>\[\]"\\`]')
"""What no address has, and what would end a link that has it (spec.commonmark.org, 6.3 and 6.5)."""

LONGEST_ADDRESS: Final = 8_192
"""nginx and Apache take no longer line of a request (`large_client_header_buffers`, `LimitRequestLine`)."""

OWN_MARK: Final = re.compile(rb"\[(?:cite: ?)?\d+(?:, ?\d+)*\][.,;:!?)\s]*$")
"""Ends a stretch that the writer has numbered already, as Deep Research does in some reports."""
LONGEST_MARK: Final = 64
SPACE: Final = b" \t\r\n"


def placed(text: str, citations: Iterable[Citation]) -> str:
    """The text with ` [1][3]` after each stretch that sources back, unless it bears numbers of its own there.

    The numbers are those of `listed`. Offsets are UTF-8 bytes, the end exclusive
    (google-genai 3.4.0, types/interactions/urlcitation.py).
    """
    content = text.encode(errors="replace")
    marks = places(content, citations)
    pieces: list[bytes] = []
    start = 0
    for end in sorted(marks):
        pieces += [content[start:end], mark(marks[end])]
        start = end
    return b"".join([*pieces, content[start:]]).decode()


def places(content: bytes, citations: Iterable[Citation]) -> dict[int, list[int]]:
    """Byte offsets, and the numbers of the sources that belong there."""
    citations = list(citations)
    numbers = numbered(citations)
    found: dict[int, list[int]] = {}
    for citation in citations:
        number = numbers[source(citation)]
        if citation.end and citation.end <= len(content) and not bears_a_mark(content, citation.end):
            at = found.setdefault(boundary(content, citation.end), [])
            at += [number] if number not in at else []
    return found


def bears_a_mark(content: bytes, end: int) -> bool:
    """Whether the stretch up to there ends with a number of its own."""
    return OWN_MARK.search(content[max(0, end - LONGEST_MARK) : end]) is not None


def boundary(content: bytes, end: int) -> int:
    """The nearest place for a mark: between characters, and before the white space that a stretch ends with."""
    while end < len(content) and content[end] & 0xC0 == 0x80:
        end += 1
    return len(content[:end].rstrip(SPACE)) or end


def mark(numbers: list[int]) -> bytes:
    """` [1][3]`."""
    return (" " + "".join(f"[{number}]" for number in numbers)).encode()


def linkable(url: str) -> bool:
    """Whether it is the address of a page, which a reader may follow and a link can have."""
    if len(url) > LONGEST_ADDRESS or UNFIT.search(url) or not url.isprintable():
        return False
    with suppress(ValueError):
        parts = urlsplit(url)
        # A port that is none raises.
        return parts.scheme in ("http", "https") and bool((parts.hostname or "").strip(".")) and parts.port != 0
    return False


def address(citation: Citation) -> str:
    """Where a source is, as far as known; empty where no link leads there."""
    return next(filter(linkable, (citation.resolved, citation.url)), "")


def source(citation: Citation) -> tuple[str, int | None]:
    """What tells a source from others: its address, or else its name, and the page."""
    return address(citation) or citation.title or citation.url, citation.page


def numbered(citations: Iterable[Citation]) -> dict[tuple[str, int | None], int]:
    """The number of each source, in the order in which the text cites them."""
    ordered = sorted(citations, key=lambda citation: (citation.end is None, citation.end or 0))
    return {each: number for number, each in enumerate(dict.fromkeys(map(source, ordered)), 1)}


def listed(text: str, citations: Iterable[Citation], *, within: str | None = None) -> str:
    """The sources as numbered links, each once.

    Args:
        text: The answer, not yet marked.
        citations: All of its sources.
        within: Only those that are marked in this part of it.
    """
    citations = list(citations)
    content = text.encode(errors="replace")
    own = any(citation.end and bears_a_mark(content, citation.end) for citation in citations)
    # Where the text has numbers of its own, they do not tell which of ours a part of it names.
    part = None if own else within
    lines = [line for number, line in enumerate(links(citations), 1) if part is None or f"[{number}]" in part]
    head = "Sources (not by the text's own numbers):" if own else "Sources:"
    return "\n".join([head, *lines]) if lines else ""


def links(citations: list[Citation]) -> Iterator[str]:
    """`1. [title](url)`, or the address or the name alone, in the order of their numbers."""
    titles: dict[tuple[str, int | None], str] = {}
    addresses = {source(citation): address(citation) for citation in citations}
    for citation in citations:
        titles[source(citation)] = titles.get(source(citation)) or citation.title
    known = {each.resolved for each in citations}
    for (name, page), number in numbered(citations).items():
        url = addresses[name, page]
        title = titles[name, page] or (host(url) if url in known else "")
        yield f"{number}. {source_link(title, url, page) if url else titled(title or name, page)}"


def source_link(title: str, url: str, page: int | None) -> str:
    """`[title](url)`, or the address alone where nothing is known of it."""
    told = titled(title, page)
    return f"[{told}]({destination(url)})" if told else f"<{url}>"


def titled(title: str, page: int | None) -> str:
    """`title, page 3`, as it may stand in a link."""
    return ", ".join(filter(None, (inert(title), "" if page is None else f"page {page}")))


def destination(address: str) -> str:
    """An address as a Markdown link takes it (spec.commonmark.org, 6.3)."""
    return f"<{address}>" if re.search(r"[\s()<>]", address) else address


def host(url: str) -> str:
    """The site that an address is on; the address itself where it names none."""
    with suppress(ValueError):
        return (urlsplit(url).hostname or url).removeprefix("www.")
    return url
