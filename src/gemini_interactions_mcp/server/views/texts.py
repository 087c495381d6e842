"""The text of an answer in pages of HTML, with its outline and its sources. Pure."""

from collections.abc import Iterable, Iterator
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
)

PAGE_BYTES: Final = 48 * 2**10
"""Size of a page as Markdown. Claude Desktop refuses a result of more than 1 MiB."""

MAX_VIEW_PAGES: Final = 200
"""Pages that a view shows; more are for a program to read."""

EMPTY_PAGE: Final = TextPage("", ())

OUTLINE_LEVELS_SHOWN: Final = 4
"""Levels of headings in the outline of a view."""


def render_text_page(record: Record, page: int = 1) -> dict[str, Any]:
    """Return a page of an answer; the first one with the outline of all pages and all sources.

    Raises:
        InputError: There is no such page.
    """
    sources = citations.number_sources(source_list.split_source_list(record.text).own, record.citations)
    numbers = {each.number for each in sources}
    names = {file.name for file in record.files}
    cut = list(islice(pages.cut_plain_answer(record, link_file, PAGE_BYTES), MAX_VIEW_PAGES)) or [EMPTY_PAGE]
    if page > len(cut):
        raise InputError(f"There is no page {page}: a view shows {len(cut)}.")
    shown = hypertext.render_hypertext(cut[page - 1].text, numbers, names, f"{page}-").html
    told: dict[str, Any] = {"page": page, "pages": len(cut), "html": shown, "characters": len(record.text)}
    if page == 1:
        told |= {"outline": list(iter_outline(cut)), "sources": list(map(describe_source, sources))}
    return told


def link_file(file: SavedFile) -> str:
    """Return the destination of a link to a saved file."""
    return hypertext.make_file_link(file.name)


def iter_outline(cut: Iterable[TextPage]) -> Iterator[dict[str, Any]]:
    """Yield the headings of all pages, each with the `id` that it has there."""
    for page, each in enumerate(cut, 1):
        for number, heading in enumerate(each.headings, 1):
            if heading.level <= OUTLINE_LEVELS_SHOWN:
                title = rendering.take_first_words(heading.title)
                yield {"level": heading.level, "title": title, "anchor": f"s-{page}-{number}", "page": page}


def describe_source(source: NumberedSource) -> dict[str, Any]:
    """Return a source; without an address where nothing can follow it."""
    url = source.name if is_linkable(source.name) else None
    title = source.title or ("" if url else source.name)
    return {"number": source.number, "title": strip_hidden(title), "url": url, "page": source.page}
