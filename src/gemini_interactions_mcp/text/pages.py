"""An answer as it is read: its text with marks, media and sources, framed, and cut into pages. Pure.

Nothing of a text is copied as a whole: an answer may have 64 MiB, and other calls go on meanwhile.
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

LINE_CHARACTERS: Final = 2_000
"""opencode drops a line of 60,000 characters without a word."""
JSON_CHARACTERS: Final = 2**20
"""What is longer is not parsed, which nothing else could go on beside; it is JSON if it looks like it."""
JSON_BEGINS: Final = re.compile(r"\s{0,99}(?:\{\s{0,99}[\"}]|\[\s{0,99}[\[{\"\]\d-])")
JSON_ENDS: Final = re.compile(r"[}\]]\s{0,99}\Z")

Link = Callable[[SavedFile], str]


class Manuscript:
    """An answer's text with marks of its sources, its media where they belong, and nothing hidden: in blocks.

    Args:
        record: Whose answer it is.
        link: Where a file is.
    """

    def __init__(self, record: Record, link: Link) -> None:
        whole = citations.parted(record.text)
        # Without any text, the code that was run for it is the answer.
        self._text = whole.text or traces.code_run(record.code)
        self._files = record.files
        self._link = link
        self._marks = citations.marks(whole, record.citations)

    def __iter__(self) -> Iterator[str]:
        """The blocks from the beginning, every time anew."""
        for start, end in spans(self._text):
            block = "".join(citations.inserted(self._text, start, end, self._marks))
            yield visible(illustrated(block, self._files, self._link))


class Sheet(NamedTuple):
    """A page with what is known of all.

    Attributes:
        text: Of the page; None where there is no such page.
        of: How many pages there are.
        outline: The headings of all pages.
    """

    text: str | None
    of: int
    outline: str


def sheet(record: Record, page: int, section: str, room: int, outline_room: int) -> Sheet:
    """One page of an answer and its sources.

    Args:
        record: Whose answer it is.
        page: From 1.
        section: The heading of the only section to show.
        room: Of a page, as `core.cost` counts.
        outline_room: Of the outline, which is on the first page.

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
    return Sheet(shown, max(1, number), outline.said(len(record.text), number))


def parts(record: Record, section: str, room: int, outline_room: int) -> Iterator[Leaf]:
    """The pages of an answer and its sources; none where both are empty.

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
    """A text, and below it its sources."""
    last = ""
    for block in text:
        yield block
        last = block or last
    if sources:
        yield "\n\n"[last.endswith("\n") + last.endswith("\n\n") :] if last else ""
        yield from blocks(sources)


def in_fence(pretty: str) -> Iterator[str]:
    """JSON in a fence, in blocks."""
    yield "```json\n"
    yield from map(visible, blocks(pretty))
    yield "\n```"


def json_text(text: str) -> str | None:
    """The text, if it is JSON of any type, else None; in lines that hosts can show."""
    if len(text) > JSON_CHARACTERS:
        return text if JSON_BEGINS.match(text) and JSON_ENDS.search(text, len(text) - 100) else None
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if all(len(line) <= LINE_CHARACTERS for line in text.splitlines()):
        return text.strip()
    # Half a surrogate pair stays escaped, since it has no UTF-8.
    return json.dumps(value, indent=2, ensure_ascii="\\ud" in text.lower())


def illustrated(text: str, files: Sequence[SavedFile], link: Link) -> str:
    """The text with links to its saved media; what is not saved is only mentioned."""
    places = {str(file.place): file for file in files}

    def shown(found: re.Match[str]) -> str:
        file = places.get(found[2])
        # What is no picture is not to be opened as one.
        mark = "" if file and file.mime_type == OCTETS else "!"
        return f"{mark}[{found[1]}]({citations.destination(link(file))})" if file else f"({found[1]})"

    return PLACE.sub(shown, text)
