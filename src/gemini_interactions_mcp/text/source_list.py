"""The list of sources that some answers end with. Pure.

Deep Research, for one, ends its reports with `**Sources:**` and a numbered link on each line.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

SOURCE_LIST_CHARACTERS: Final = 200_000
"""Characters at the end of an answer that are searched for a list; a hundred redirect links have 30,000."""

SOURCE_LIST_HEAD: Final = re.compile(
    r"^[#*_ \t]*(?:list of )?(?:sources|references|works cited|sources cited|cited sources)[:*_# \t\r]*$",
    re.IGNORECASE | re.MULTILINE,
)
SOURCE_LIST_MARK: Final = re.compile(r"(?:[-*+]|\[?(?P<number>\d{1,6})[.)\]]:?)[ \t]+(?P<rest>.+)")
WEB_ADDRESS: Final = re.compile(r"https?://(?:[^\s()<>]|\([^\s()<>]*\))+")

ADDRESS_SURROUNDINGS: Final = " \t<>()[]*_:,;.\u2013\u2014-"
"""Characters between an address and the title beside it."""


class NumberedSource(NamedTuple):
    """A numbered source.

    Attributes:
        number: Number in the list.
        name: Address, or title of a source without one.
        title: Title; empty if unknown.
        page: Page of a document.
    """

    number: int
    name: str
    title: str
    page: int | None = None


class PartedAnswer(NamedTuple):
    """An answer's text without its own list of sources, and that list, which may be empty."""

    text: str
    own: Sequence[NumberedSource]


def split_source_list(text: str) -> PartedAnswer:
    """Split the list of sources off the end of a text: a head, followed only by lines with one address each."""
    start = max(0, len(text) - SOURCE_LIST_CHARACTERS)
    heads = [(start + found.start(), start + found.end()) for found in SOURCE_LIST_HEAD.finditer(text[start:])]
    if heads:
        begin, end = heads[-1]
        lines = [line.strip() for line in text[end:].splitlines() if line.strip()]
        own = [source for number, line in enumerate(lines, 1) for source in read_source_line(line, number)]
        if own and len({source.number for source in own}) == len(lines):
            return PartedAnswer(text[:begin].rstrip(), own)
    return PartedAnswer(text, ())


def read_source_line(line: str, place: int) -> Iterator[NumberedSource]:
    """Yield the source on a line of a list; nothing if the line has another form or several addresses."""
    if found := SOURCE_LIST_MARK.fullmatch(line):
        rest = found["rest"].strip()
        # The title of a link may be an address as well.
        end = max(rest.find("]("), 0) if rest.startswith("[") else 0
        if len(urls := WEB_ADDRESS.findall(rest[end:])) == 1:
            words = (rest[:end], *rest[end:].split(urls[0]))
            title = " ".join(filter(None, (each.strip(ADDRESS_SURROUNDINGS) for each in words)))
            yield NumberedSource(int(found["number"] or place), urls[0].rstrip(".,;"), title)
