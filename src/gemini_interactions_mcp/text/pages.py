"""Pages of an answer: its text with marks, media and sources, framed and cut. Pure.

No text is copied as a whole: an answer may have 64 MiB, and other calls run at the same time.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import make_inert, strip_hidden
from gemini_interactions_mcp.models import MEDIA_PLACEHOLDER, OCTET_STREAM, Media, Record, SavedFile

from . import chapters, citations, traces
from .cutting import TextPage, cut_pages
from .framing import close_fences, frame_text, iter_block_spans, iter_blocks
from .resource_addresses import find_file_address
from .source_list import split_source_list

MAX_JSON_LINE_CHARACTERS: Final = 2_000
"""Longest line of JSON that is shown as it is; opencode silently drops a line of 60,000 characters."""

MAX_PARSED_JSON_CHARACTERS: Final = 2**20
"""Longest JSON that is parsed, since parsing blocks all other threads; a longer text is recognized by its ends."""

JSON_BEGINNING: Final = re.compile(r"\s{0,99}(?:\{\s{0,99}[\"}]|\[\s{0,99}[\[{\"\]\d-])")
JSON_END: Final = re.compile(r"[}\]]\s{0,99}\Z")

FileLink = Callable[[SavedFile], str]


class Manuscript:
    """An answer's text in blocks, with marks of its sources, links to its media, and no hidden characters.

    Args:
        record: The interaction.
        link: Returns the destination of a link to a saved file.
    """

    def __init__(self, record: Record, link: FileLink) -> None:
        whole = split_source_list(record.text)
        # Without text, the executed code is the answer.
        self._text = whole.text or traces.render_executions(record.code)
        self._files = record.files
        self._media = record.media or ()
        self._link = link
        self._marks = citations.place_marks(whole, record.citations)

    def __iter__(self) -> Iterator[str]:
        """Yield the blocks from the beginning; may be called repeatedly."""
        for start, end in iter_block_spans(self._text):
            block = "".join(citations.insert_marks(self._text, start, end, self._marks))
            yield strip_hidden(link_media(block, self._files, self._link, self._media))


class AnswerPage(NamedTuple):
    """A page, and facts about all pages.

    Attributes:
        text: Text of the page; None if there is no such page.
        of: Number of pages.
        outline: Headings of all pages.
    """

    text: str | None
    of: int
    outline: str


def find_answer_page(record: Record, page: int, section: str, room: int, outline_room: int) -> AnswerPage:
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
    for number, each in enumerate(cut_answer(record, section, room, outline_room), 1):
        if number == page:
            shown = each.text
        if outlined:
            outline.add(each.headings, number)
    if not number:
        shown = "" if page == 1 else None
    return AnswerPage(shown, max(1, number), outline.render(len(record.text), number))


def cut_answer(record: Record, section: str, room: int, outline_room: int) -> Iterator[TextPage]:
    """Yield the pages of an answer and its sources; nothing if both are empty.

    Raises:
        InputError: There is no such section.
    """
    if (pretty := format_json_answer(record.text)) is not None:
        sources = citations.render_sources("", record.citations)
        return cut_pages(append_sources(frame_text(fence_json(pretty)), sources), room)
    text = Manuscript(record, lambda file: find_file_address(record, file))
    if section:
        chosen = list(chapters.extract_section(text, section))
        sources = citations.render_sources(record.text, record.citations, within=chosen)
        return cut_pages(append_sources(frame_text(chosen), sources), room)
    sources = citations.render_sources(record.text, record.citations)
    return cut_pages(
        append_sources(frame_text(text), sources), room, lambda: room - chapters.measure_outline(text, outline_room)
    )


def cut_plain_answer(record: Record, link: FileLink, room: int) -> Iterator[TextPage]:
    """Yield the pages of an answer without frames and sources, for what is shown apart from text of ours.

    Args:
        record: The interaction.
        link: Returns the destination of a link to a saved file.
        room: Room of a page, as in `find_answer_page`.
    """
    pretty = format_json_answer(record.text)
    return cut_pages(close_fences(Manuscript(record, link) if pretty is None else fence_json(pretty)), room)


def append_sources(text: Iterable[str], sources: str) -> Iterator[str]:
    """Yield a text, then its sources."""
    last = ""
    for block in text:
        yield block
        last = block or last
    if sources:
        yield "\n\n"[last.endswith("\n") + last.endswith("\n\n") :] if last else ""
        yield from iter_blocks(sources)


def fence_json(pretty: str) -> Iterator[str]:
    """Yield JSON in a fence, in blocks."""
    yield "```json\n"
    yield from map(strip_hidden, iter_blocks(pretty))
    yield "\n```"


def format_json_answer(text: str) -> str | None:
    """Return the text if it is JSON of any type, with lines that hosts can show; else None."""
    if len(text) > MAX_PARSED_JSON_CHARACTERS:
        return text if JSON_BEGINNING.match(text) and JSON_END.search(text, len(text) - 100) else None
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if all(len(line) <= MAX_JSON_LINE_CHARACTERS for line in text.splitlines()):
        return text.strip()
    # A lone surrogate stays escaped, since it has no UTF-8.
    return json.dumps(value, indent=2, ensure_ascii="\\ud" in text.lower())


def link_media(text: str, files: Sequence[SavedFile], link: FileLink, media: Sequence[Media] = ()) -> str:
    """Replace the placeholders of media with links to saved files, or else to their addresses at Google, if any."""
    places = {str(file.place): file for file in files}
    addresses = {str(place): each.uri for place, each in enumerate(media, 1) if each.uri}

    def shown(found: re.Match[str]) -> str:
        file = places.get(found[2])
        if file is None:
            return render_media_link(found[1], addresses.get(found[2], ""))
        # A file that is not a picture must not be opened as one.
        mark = "" if file.mime_type == OCTET_STREAM else "!"
        return f"{mark}[{found[1]}]({citations.format_destination(link(file))})"

    return MEDIA_PLACEHOLDER.sub(shown, text)


def render_media_link(name: str, address: str) -> str:
    """Return Markdown for generated media at an address: a link, or plain text if there is none to follow."""
    if citations.is_linkable(address):
        return f"[{name}]({citations.format_destination(address)})"
    return f"({name}: {make_inert(address)})" if address else f"({name})"
