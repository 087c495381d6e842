"""The text of an answer in pages of HTML, with its outline and its sources. Pure."""

import math
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from gemini_interactions_mcp.core import InputError, strip_hidden
from gemini_interactions_mcp.models import Record, SavedFile
from gemini_interactions_mcp.text import (
    NumberedSource,
    TextPage,
    citations,
    hypertext,
    is_linkable,
    pages,
    rendering,
    source_list,
    transcripts,
)

PAGE_BYTES: Final = 48 * 2**10
"""Size of a page as Markdown. Claude Desktop refuses a result of more than 1 MiB."""

MAX_VIEW_PAGES: Final = 200
"""Pages that a view shows; more are for a program to read."""

EMPTY_PAGE: Final = TextPage("", ())

SOURCES_PER_PAGE: Final = 300

URL_CHARACTERS: Final = 1_000
"""Maximum length of an address that is linked; Google's redirect links have 400."""

SOURCE_TITLE_CHARACTERS: Final = 200

HEADINGS_PER_PAGE: Final = 300
"""Headings of a page in the outline, at most."""

MAX_BRACKETS: Final = 4_000
"""Opening brackets in a page, at most: the time to parse them grows with their square."""

MAX_HTML_CHARACTERS: Final = 5 * 2**16
"""Maximum length of a page as HTML: marks and cells take up to twenty times the room of their Markdown."""

TRANSCRIPT_CHARACTERS: Final = 200_000
"""Length of a transcript that is also told by paragraph and time: some three hours."""

OUTLINE_LEVELS_SHOWN: Final = 4
"""Levels of headings in the outline of a view."""


def render_text_page(record: Record, page: int = 1) -> dict[str, Any]:
    """Return a page of an answer with its headings, and the sources that come with this page.

    Raises:
        InputError: There is no such page.
    """
    sources = citations.number_sources(source_list.split_source_list(record.text).own, record.citations)
    cut = list(islice(pages.cut_plain_answer(record, link_file, PAGE_BYTES), MAX_VIEW_PAGES)) or [EMPTY_PAGE]
    count = min(MAX_VIEW_PAGES, max(len(cut), math.ceil(len(sources) / SOURCES_PER_PAGE)))
    if page > count:
        raise InputError(f"There is no page {page}: a view shows {count}.")
    text = cut[page - 1].text if page <= len(cut) else ""
    shown = render_page_html(text, {each.number for each in sources}, {file.name for file in record.files}, page)
    told = sources[SOURCES_PER_PAGE * (page - 1) : SOURCES_PER_PAGE * page]
    return {
        "page": page,
        "pages": count,
        "html": shown.html,
        "characters": len(record.text),
        "outline": list(islice(iter_outline(shown.headings), HEADINGS_PER_PAGE)),
        "sources": list(map(describe_source, told)),
    }


def render_page_html(text: str, numbers: Collection[int], names: Collection[str], page: int) -> hypertext.Hypertext:
    """Render a page; one that would take too long or too much room is shown as it is written."""
    if text.count("[") <= MAX_BRACKETS:
        shown = hypertext.render_hypertext(text, numbers, names, f"{page}-")
        if len(shown.html) <= MAX_HTML_CHARACTERS:
            return shown
    return hypertext.render_plain(text)


def list_turns(record: Record) -> list[dict[str, Any]]:
    """Return the paragraphs of a transcript; none of a very long one, whose text says the same."""
    if record.kind != "transcript" or len(record.text) > TRANSCRIPT_CHARACTERS:
        return []
    return [turn._asdict() for turn in transcripts.parse_turns(record.text)]


def link_file(file: SavedFile) -> str:
    """Return the destination of a link to a saved file."""
    return hypertext.make_file_link(file.name)


def iter_outline(headings: Iterable[hypertext.HypertextHeading]) -> Iterator[dict[str, Any]]:
    """Yield the headings that an outline lists."""
    for each in headings:
        if each.level <= OUTLINE_LEVELS_SHOWN and each.title:
            title = rendering.take_first_words(each.title)
            yield {"level": each.level, "title": title, "anchor": each.anchor}


def describe_source(source: NumberedSource) -> dict[str, Any]:
    """Return a source; without an address where nothing can follow it."""
    url = source.name if is_linkable(source.name) and len(source.name) <= URL_CHARACTERS else None
    title = rendering.take_first_words(source.title or ("" if url else source.name), SOURCE_TITLE_CHARACTERS)
    return {"number": source.number, "title": strip_hidden(title), "url": url, "page": source.page}
