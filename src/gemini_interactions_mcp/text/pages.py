"""Pages of an answer: its text with marks, media and sources, framed and cut. Pure.

No text is copied as a whole: an answer may have 64 MiB, and other calls run at the same time.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import visible
from gemini_interactions_mcp.models import OCTETS, PLACE, Record, SavedFile

from . import chapters, citations, traces
from .cutting import Leaf, cut
from .framing import blocks, framed, spans
from .source_list import parted

LINE_CHARACTERS: Final = 2_000
"""Longest line of JSON that is shown as it is; opencode silently drops a line of 60,000 characters."""

JSON_CHARACTERS: Final = 2**20
"""Longest JSON that is parsed, since parsing blocks all other threads; a longer text is recognized by its ends."""

JSON_BEGINS: Final = re.compile(r"\s{0,99}(?:\{\s{0,99}[\"}]|\[\s{0,99}[\[{\"\]\d-])")
JSON_ENDS: Final = re.compile(r"[}\]]\s{0,99}\Z")

Link = Callable[[SavedFile], str]


class Manuscript:
    """An answer's text in blocks, with marks of its sources, links to its media, and no hidden characters.

    Args:
        record: The interaction.
        link: Returns the destination of a link to a saved file.
    """

    def __init__(self, record: Record, link: Link) -> None:
        whole = parted(record.text)
        # Without text, the executed code is the answer.
        self._text = whole.text or traces.code_run(record.code)
        self._files = record.files
        self._link = link
        self._marks = citations.marks(whole, record.citations)

    def __iter__(self) -> Iterator[str]:
        """Yield the blocks from the beginning; may be called repeatedly."""
        for start, end in spans(self._text):
            block = "".join(citations.inserted(self._text, start, end, self._marks))
            yield visible(illustrated(block, self._files, self._link))


class Sheet(NamedTuple):
    """A page, and facts about all pages.

    Attributes:
        text: Text of the page; None if there is no such page.
        of: Number of pages.
        outline: Headings of all pages.
    """

    text: str | None
    of: int
    outline: str


def sheet(record: Record, page: int, section: str, room: int, outline_room: int) -> Sheet:
    """Return a page of an answer and its sources.

    Args:
        record: The interaction.
        page: Page number, from 1.
        section: Heading of the section to show; empty for the whole answer.
        room: Room of a page, in bytes of JSON text without its quotation marks.
        outline_room: Room of the outline, which is on the first page.

    Raises:
        InputError: There is no such section.
    """
    outlined = page == 1 and not section
    outline, shown, number = chapters.Outline(outline_room), None, 0
    for number, each in enumerate(parts(record, section, room, outline_room), 1):
        if number == page:
            shown = each.text
        if outlined:
            outline.add(each.headings, number)
    if not number:
        shown = "" if page == 1 else None
    return Sheet(shown, max(1, number), outline.render(len(record.text), number))


def parts(record: Record, section: str, room: int, outline_room: int) -> Iterator[Leaf]:
    """Yield the pages of an answer and its sources; nothing if both are empty.

    Raises:
        InputError: There is no such section.
    """
    if (pretty := json_text(record.text)) is not None:
        sources = citations.listed("", record.citations)
        return cut(together(framed(in_fence(pretty)), sources), room)
    text = Manuscript(record, lambda file: file.path)
    if section:
        chosen = list(chapters.section(text, section))
        sources = citations.listed(record.text, record.citations, within=chosen)
        return cut(together(framed(chosen), sources), room)
    sources = citations.listed(record.text, record.citations)
    return cut(together(framed(text), sources), room, lambda: room - chapters.outline_cost(text, outline_room))


def together(text: Iterable[str], sources: str) -> Iterator[str]:
    """Yield a text, then its sources."""
    last = ""
    for block in text:
        yield block
        last = block or last
    if sources:
        yield "\n\n"[last.endswith("\n") + last.endswith("\n\n") :] if last else ""
        yield from blocks(sources)


def in_fence(pretty: str) -> Iterator[str]:
    """Yield JSON in a fence, in blocks."""
    yield "```json\n"
    yield from map(visible, blocks(pretty))
    yield "\n```"


def json_text(text: str) -> str | None:
    """Return the text if it is JSON of any type, with lines that hosts can show; else None."""
    if len(text) > JSON_CHARACTERS:
        return text if JSON_BEGINS.match(text) and JSON_ENDS.search(text, len(text) - 100) else None
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if all(len(line) <= LINE_CHARACTERS for line in text.splitlines()):
        return text.strip()
    # A lone surrogate stays escaped, since it has no UTF-8.
    return json.dumps(value, indent=2, ensure_ascii="\\ud" in text.lower())


def illustrated(text: str, files: Sequence[SavedFile], link: Link) -> str:
    """Replace the placeholders of media with links to saved files; media that are not saved are only mentioned."""
    places = {str(file.place): file for file in files}

    def shown(found: re.Match[str]) -> str:
        file = places.get(found[2])
        # A file that is not a picture must not be opened as one.
        mark = "" if file and file.mime_type == OCTETS else "!"
        return f"{mark}[{found[1]}]({citations.destination(link(file))})" if file else f"({found[1]})"

    return PLACE.sub(shown, text)
