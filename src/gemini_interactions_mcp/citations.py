"""The sources of an answer: where they belong in its text, and the one list below it. Pure.

Some answers end with a list of their own, as Deep Research's do: `**Sources:**`, then a numbered link on each line. Its
numbers are those of the text, so they are kept, and what only citations name comes after them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from .models import Citation

MARK: Final = r"\[(?:cite: ?)?(\d+(?:, ?\d+)*)\]"
OWN_MARK: Final = re.compile(rf"{MARK}[.,;:!?)\s]*$".encode())
"""Ends a stretch that the writer has numbered already, as Deep Research does in some reports."""
LONGEST_MARK: Final = 64
SPACE: Final = b" \t\r\n"

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


class SourceLine(NamedTuple):
    """A line of a list of sources."""

    number: int
    url: str
    title: str


class Parted(NamedTuple):
    """An answer's text without the list that it ends with, and that list; empty where there is none."""

    text: str
    own: Sequence[SourceLine]


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


def read_line(line: str, place: int) -> Iterator[SourceLine]:
    """The source on a line of a list; none where it is no such line, or names several."""
    if found := LIST_MARK.fullmatch(line):
        rest = found["rest"].strip()
        # The title of a link may be an address, too.
        end = max(rest.find("]("), 0) if rest.startswith("[") else 0
        if len(urls := URL.findall(rest[end:])) == 1:
            words = (rest[:end], *rest[end:].split(urls[0]))
            title = " ".join(filter(None, (each.strip(BESIDE) for each in words)))
            yield SourceLine(int(found["number"] or place), urls[0].rstrip(".,;"), title)


def all_cited(text: str, citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """The citations, and those sources of the text's own list that none of them names."""
    citations = tuple(citations)
    known = {url for each in citations for url in (each.url, each.resolved)}
    return (
        *citations,
        *(Citation(url=each.url, title=each.title) for each in parted(text).own if each.url not in known),
    )


def placed(text: str, citations: Iterable[Citation]) -> str:
    """The text with ` [1][3]` after each stretch that sources back, unless it bears numbers of its own there.

    The numbers are those of `listed`, and the list that the text ends with is left to that. Offsets are UTF-8 bytes,
    the end exclusive (google-genai 3.4.0, types/interactions/urlcitation.py).
    """
    citations = list(citations)
    whole = parted(text)
    content = whole.text.encode(errors="replace")
    # What is listed twice is known by its first number.
    numbers = {source.url: source.number for source in reversed(all_sources(whole.own, citations))}
    marks = places(content, citations, numbers)
    pieces: list[bytes] = []
    start = 0
    for end in sorted(marks):
        pieces += [content[start:end], mark(marks[end])]
        start = end
    return b"".join([*pieces, content[start:]]).decode()


def places(content: bytes, citations: Iterable[Citation], numbers: dict[str, int]) -> dict[int, list[int]]:
    """Byte offsets, and the numbers of the sources that belong there."""
    found: dict[int, list[int]] = {}
    for citation in citations:
        number = numbers[address(citation)]
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


def address(citation: Citation) -> str:
    """Where a source is, as far as known."""
    return citation.resolved or citation.url


def all_sources(own: Sequence[SourceLine], citations: list[Citation]) -> list[SourceLine]:
    """All sources: the text's own list in its numbers, then the others in the order of being cited, each once."""
    leads = {each.url: each.resolved for each in citations if each.resolved}
    listed = [each._replace(url=leads.get(each.url, each.url)) for each in own]
    ordered = sorted(citations, key=lambda citation: (citation.end is None, citation.end or 0))
    further = dict.fromkeys(map(address, ordered))
    for each in listed:
        further.pop(each.url, None)
    first = max((each.number for each in own), default=0) + 1
    found = [*listed, *(SourceLine(number, url, "") for number, url in enumerate(further, first))]
    titles = titled(citations)
    hosts = set(leads.values())
    return [
        each._replace(title=titles.get(each.url) or each.title or (host(each.url) if each.url in hosts else ""))
        for each in found
    ]


def titled(citations: Iterable[Citation]) -> dict[str, str]:
    """The first title that each source has, by its address."""
    titles: dict[str, str] = {}
    for citation in citations:
        titles[address(citation)] = titles.get(address(citation)) or citation.title
    return titles


def listed(text: str, citations: Iterable[Citation], *, within: str | None = None) -> str:
    """The sources as numbered links, each once.

    Args:
        text: The answer, not yet marked.
        citations: All of its sources.
        within: Only those that are marked in this part of it.
    """
    citations = list(citations)
    whole = parted(text)
    content = whole.text.encode(errors="replace")
    own = not whole.own and any(citation.end and bears_a_mark(content, citation.end) for citation in citations)
    # Where the text has numbers of its own and no list, they do not tell which of ours a part of it names.
    named = None if own or within is None else marked(within)
    lines = [source_line(each) for each in all_sources(whole.own, citations) if named is None or each.number in named]
    head = "Sources (not by the text's own numbers):" if own else "Sources:"
    return "\n".join([head, *lines]) if lines else ""


def marked(part: str) -> set[int]:
    """The numbers that stand in brackets."""
    return {int(number) for found in re.findall(MARK, part) for number in found.split(",")}


def source_line(source: SourceLine) -> str:
    """`1. [title](url)`, or the address alone."""
    link = f"[{plain(source.title)}]({source.url})" if source.title else f"<{source.url}>"
    return f"{source.number}. {link}"


def host(url: str) -> str:
    """The site that an address is on; the address itself where it names none."""
    with suppress(ValueError):
        return (urlsplit(url).hostname or url).removeprefix("www.")
    return url


def plain(title: str) -> str:
    """A title as it may stand in a link: on one line and without brackets."""
    return " ".join(title.replace("[", "(").replace("]", ")").split())
