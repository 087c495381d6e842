"""Names that a caller gives to files, so that a prompt can call them: `logo=logo.png`."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import QUOTATION_MARKS, InputError, format_count, quote_name, strip_quotes
from gemini_interactions_mcp.models import SavedFile

from .boundary import Boundary
from .inspection import InspectedSource, normalize_name
from .spelling import find_exact, find_lookalike, list_readings

NAMED_SOURCE: Final = re.compile(
    rf"(\w[\w .'-]{{0,39}}?)[{QUOTATION_MARKS}]?\s*=\s*[{QUOTATION_MARKS}]?(\S.*)", re.DOTALL
)
"""A name and a source, between which there may be quotes of both.

No name has a slash or a colon, so that `./a=b.png` and `https://example.com/?a=b` have none.
"""


class NamedSource(NamedTuple):
    """A source, the name that the caller gives it, empty for none, and what it is among the files that are kept."""

    source: str
    name: str = ""
    saved: SavedFile | None = None


def split_names(sources: Iterable[str], boundary: Boundary) -> list[NamedSource]:
    """Return the sources with their names. Blocks: a file whose own name has `=` is that file."""
    return [split_name(source, boundary) for source in sources]


def split_name(source: str, boundary: Boundary) -> NamedSource:
    """Return a source with its name.

    Raises:
        FileRefusedError: Several files may be meant.
    """
    found = NAMED_SOURCE.fullmatch(strip_quotes(source.strip()))
    readings = list_readings(source) if found else []
    if found is None or any(find_exact(each, boundary) or find_lookalike(each, boundary) for each in readings):
        return NamedSource(source)
    return NamedSource(found[2], found[1])


def check_names(sources: Sequence[InspectedSource]) -> None:
    """Check that each given name is that of one file, and of no other one.

    Raises:
        InputError: It is not.
    """
    for source in sources:
        if source.name and len(source.parts) != 1:
            has = f"{format_count(len(source.parts), 'file')}" if source.parts else "a file that was given before"
            raise InputError(f"{quote_name(source.name)} names {has}: give each file one name. Nothing was sent.")
    if not any(source.name for source in sources):
        return
    labels = Counter(normalize_name(part.label).casefold() for source in sources for part in source.parts)
    twice = next((source.name for source in sources if labels[normalize_name(source.name).casefold()] > 1), "")
    if twice:
        raise InputError(f"Two files are named {quote_name(twice)}: give each its own name. Nothing was sent.")
