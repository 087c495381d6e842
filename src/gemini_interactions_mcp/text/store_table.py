"""File search stores and their documents as text for a host's model. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from gemini_interactions_mcp.core import clip_text, format_count, join_paragraphs, make_inert, phrases, quote_name
from gemini_interactions_mcp.models import FileSearchStore, StoreDocument, stores

STORE_ROWS: Final = 20
"""Stores or documents of a page."""

STORE_ROW_BYTES: Final = 320
"""Size of a row: a page of them fits into any host's limit."""

METADATA_CHARACTERS: Final = 100
"""Characters of a document's metadata that are shown."""


def render_stores(every: Sequence[FileSearchStore], page: int) -> str:
    """Return a page of all stores."""
    if not every:
        return join_paragraphs(
            'There are no file search stores of yours. manage_store(action="create", store="NAME") makes one.'
        )
    return render_rows(f"{format_count(len(every), 'file search store')}:", map(render_store, every), page, "")


def render_documents(store: FileSearchStore, every: Sequence[StoreDocument], page: int) -> str:
    """Return a store and a page of its documents."""
    asked = f"Ask with tools={quote_tools(store)}."
    if not every:
        return join_paragraphs(f"{render_store(store)}\n\nIt has no documents.", asked)
    rows = (render_document_row(each) for each in sorted(every, key=lambda each: (each.display_name, each.name)))
    return render_rows(f"{render_store(store)}\n\nDocuments:", rows, page, asked)


def render_rows(head: str, rows: Iterable[str], page: int, tail: str) -> str:
    """Return a page of rows, and how to get the next one."""
    every = list(rows)
    first = (page - 1) * STORE_ROWS
    shown = every[first : first + STORE_ROWS]
    pages = -(-len(every) // STORE_ROWS)
    more = f"Page {page} of {pages}." if pages > 1 else ""
    more += f" More: the same call with page={page + 1}." if page < pages else ""
    body = "\n".join(clip_text(row, STORE_ROW_BYTES) for row in shown) or "This page has no rows."
    return join_paragraphs(f"{head}\n{body}", more, tail)


def render_store(store: FileSearchStore) -> str:
    """Return a store as `- fileSearchStores/notes-x | "Notes" | 12 documents (1 pending) | 3.4 MiB`."""
    told = ", ".join(
        f"{count} {word}" for word, count in (("pending", store.pending), ("failed", store.failed)) if count
    )
    documents = format_count(store.documents, "document") + (f" ({told})" if told else "")
    shown = quote_text(store.display_name) if store.display_name else ""
    parts = [quote_name(store.name), shown, documents, phrases.format_size(store.bytes)]
    return f"- {' | '.join(filter(None, parts))}"


def render_document_row(document: StoreDocument) -> str:
    """Return a document as `- "a.pdf" | active | 3.4 KiB | application/pdf | year=1840 | documents/a-pdf-1`."""
    parts = [
        quote_text(document.display_name),
        document.state,
        phrases.format_size(document.bytes),
        make_inert(document.mime_type, 60),
        make_inert(stores.describe_metadata(document.own_metadata), METADATA_CHARACTERS),
    ]
    # The name last but never cut: it removes the document.
    named = f" | {quote_name(stores.get_document_id(document))}"
    told = " | ".join(filter(None, parts))
    return f"- {clip_text(told, STORE_ROW_BYTES - len(named.encode()) - 8)}{named}"


def describe_named_store(store: FileSearchStore) -> str:
    """Return `“Notes” (fileSearchStores/notes-x)`, or the name of a store without a display name."""
    name = quote_name(store.name)
    return f"{quote_text(store.display_name)} ({name})" if store.display_name else name


def quote_text(text: str) -> str:
    """Return a foreign name in quotes, on one line and inert in Markdown."""
    return f"“{make_inert(quote_name(text), 120)}”"


def quote_tools(store: FileSearchStore) -> str:
    """Return `tools` with which a store is searched."""
    return f'["{quote_name(store.tool)}"]'
