"""Past interactions as MCP resources: an index, Markdown, JSON data and saved media."""

import re
from collections.abc import Iterable
from functools import partial
from typing import Final
from urllib.parse import unquote

import anyio.to_thread
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp_types import Annotations, ListResourcesResult, Resource, ResourceTemplate

from gemini_interactions_mcp.core import (
    LARGE,
    FileRefusedError,
    GeminiMCPError,
    InputError,
    InteractionNotFoundError,
    beside,
    escaped,
    phrases,
    printable,
    shown,
)
from gemini_interactions_mcp.models import Record, SavedFile
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.server.results import rows
from gemini_interactions_mcp.server.results.overview import overview
from gemini_interactions_mcp.text import MARKDOWN_WEIGHT, rendering

from .context import AppContext

ADDRESS: Final = re.compile(
    r"gemini://interactions/(?P<id>[^/]{1,1024})(?:/(?P<data>data)|/files/(?P<name>[^/]{1,800}))?"
)
MARKDOWN: Final = "text/markdown"
JSON: Final = "application/json"
ROWS: Final = 50
"""Interactions on one page of resources/list, and in the index."""
BLOB_BYTES: Final = 64 * 2**20
"""Of a saved file that is read as a resource, which is in memory as a whole then."""
TEXT_CHARACTERS: Final = 2**21
"""Of a text that is read as a resource: what is longer would keep all other calls waiting while it is sent."""

TEMPLATES: Final = (
    ResourceTemplate(
        uri_template="gemini://interactions/{interaction_id}",
        name="interaction",
        title="Interaction",
        description="Prompt, answer, sources and usage of an interaction, as Markdown",
        mime_type=MARKDOWN,
    ),
    ResourceTemplate(
        uri_template="gemini://interactions/{interaction_id}/data",
        name="interaction_data",
        title="Interaction data",
        description="Everything that the journal keeps of an interaction, as JSON",
        mime_type=JSON,
    ),
    ResourceTemplate(
        uri_template="gemini://interactions/{interaction_id}/files/{name}",
        name="interaction_file",
        title="Saved file",
        description="An image, report or other file that was saved for an interaction",
    ),
)


async def listing(app: AppContext, cursor: str | None) -> ListResourcesResult:
    """A page of `resources/list`: the index first, then interactions and their files, newest first.

    Raises:
        GeminiMCPError: The cursor is none of ours, or the journal cannot be read.
    """
    page, following = await app.journal.page(limit=ROWS, cursor=cursor)
    found = await beside(MARKDOWN_WEIGHT * sum(len(record.text) for record in page), partial(entries, page))
    return ListResourcesResult(resources=found if cursor else [index_entry(), *found], next_cursor=following)


def entries(page: Iterable[Record]) -> list[Resource]:
    """Interactions and their files, in a list."""
    found: list[Resource] = []
    for record in page:
        if record.interaction_id and not intents.unstored(record):
            # Machines on one journal may each have a file of the same name.
            files = {file.name: file for file in record.files}
            found += [entry(record), *(file_entry(record, file) for file in files.values())]
    return found


def index_entry() -> Resource:
    """The index, in a list."""
    return Resource(
        uri=rendering.INDEX,
        name="interactions",
        title="Recent interactions",
        description="The interactions that this server knows, newest first",
        mime_type=MARKDOWN,
    )


def entry(record: Record) -> Resource:
    """An interaction, in a list."""
    made_by = rendering.made_by(record) or "unknown model"
    return Resource(
        uri=rendering.uri(record),
        name=str(record.interaction_id),
        title=rendering.first_words(record.title) or record.kind,
        description=f"{rendering.kind_name(record)}, {shown(record.status)}, {made_by}",
        mime_type=MARKDOWN,
        size=size_of_document(record),
        annotations=dated(record),
    )


def size_of_document(record: Record) -> int | None:
    """Bytes of the interaction's Markdown; None where it takes long to make."""
    return len(rendering.document(record).encode()) if len(record.text) <= LARGE else None


def file_entry(record: Record, file: SavedFile) -> Resource:
    """A saved file, in a list."""
    return Resource(
        uri=rendering.uri(record, file),
        name=file.name,
        title=file.name,
        mime_type=file.mime_type,
        size=file.bytes,
        annotations=dated(record),
    )


def dated(record: Record) -> Annotations:
    """When it last changed."""
    return Annotations(last_modified=record.updated_at.isoformat(timespec="seconds"))


def is_ours(address: str) -> bool:
    """Whether a resource can be at this address."""
    return address == rendering.INDEX or ADDRESS.fullmatch(address) is not None


def unknown(address: str) -> str:
    """What is said of an address that is none of ours."""
    return f"There is no resource {address}. {rendering.INDEX} lists what there is."


async def read(app: AppContext, address: str) -> ReadResourceContents:
    """The contents of a resource.

    Raises:
        ResourceNotFoundError: There is none at this address; the message names the id.
        ResourceError: It cannot be read now.
    """
    try:
        if address == rendering.INDEX:
            return ReadResourceContents(content=await index(app), mime_type=MARKDOWN)
        parts = ADDRESS.fullmatch(address)
        if parts is None:
            raise ResourceNotFoundError(unknown(address))
        interaction_id = unquote(parts["id"])
        run = await app.runs.find(interaction_id)
        if parts["name"]:
            await app.runs.restore(run)
            return await saved(app, run.record, unquote(parts["name"]))
        record = run.record
        size = len(sendable(record).text)
        if parts["data"]:
            return ReadResourceContents(content=await beside(size, partial(data, record)), mime_type=JSON)
        followers = await app.runs.followers(interaction_id)
        text = await beside(MARKDOWN_WEIGHT * size, partial(rendering.document, record, followers))
        return ReadResourceContents(content=text, mime_type=MARKDOWN)
    except InteractionNotFoundError as exc:
        raise ResourceNotFoundError(str(exc)) from exc
    except InputError as exc:
        raise ResourceNotFoundError(f"There is no resource {address}. {exc}") from exc
    except GeminiMCPError as exc:
        raise ResourceError(str(exc)) from exc


def sendable(record: Record) -> Record:
    """The record, if its text is one that can be sent at once.

    Raises:
        ResourceError: It is too long.
    """
    if len(record.text) <= TEXT_CHARACTERS:
        return record
    raise ResourceError(
        f"The answer has {len(record.text):,} characters, and a resource at most {TEXT_CHARACTERS:,}: "
        f"read_interaction(interaction_id={rendering.quoted(record)}) reads it in pages."
    )


def data(record: Record) -> str:
    """Everything that the journal keeps of it, as JSON; what is hidden in its texts is spelled out."""
    return escaped(record.model_dump_json(indent=2))


async def index(app: AppContext) -> str:
    """The recent interactions as a list."""
    return phrases.joined("# Recent interactions", rows.listing(await overview(app, limit=ROWS)))


async def saved(app: AppContext, record: Record, name: str) -> ReadResourceContents:
    """A saved file: only those that the journal names are read.

    Raises:
        ResourceNotFoundError: It has no such file, or not any more.
        ResourceError: It is too large for a resource.
    """
    file = next((file for file in record.files if file.name == name), None)
    if file is None:
        raise ResourceNotFoundError(f"Interaction {record.interaction_id} has no file {shown(name)}.")
    most = TEXT_CHARACTERS if file.mime_type == MARKDOWN else BLOB_BYTES
    if file.bytes > most:
        place = printable(file.path)
        raise ResourceError(f"{shown(name)} has {file.bytes:,} bytes; at most {most:,} are read. It is at {place}.")
    try:
        content = await anyio.to_thread.run_sync(app.saved.content, file)
    except FileRefusedError as exc:
        raise ResourceNotFoundError(f"File {shown(name)} of interaction {record.interaction_id}: {exc}") from exc
    text = content.decode(errors="replace") if file.mime_type == MARKDOWN else content
    return ReadResourceContents(content=text, mime_type=file.mime_type)


async def completions(app: AppContext, argument: str, typed: str, interaction_id: str | None) -> list[str]:
    """Values for an argument of a template or prompt, at most 100.

    Raises:
        JournalError: The journal cannot be read.
    """
    if argument in ("interaction_id", "previous_interaction_id"):
        return await app.journal.ids(typed)
    if argument == "name" and interaction_id:
        record = await app.journal.find(interaction_id)
        return [file.name for file in record.files if file.name.startswith(typed)] if record else []
    return []
