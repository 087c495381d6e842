"""MCP resources: past interactions as Markdown, JSON data and saved media, and what is always there."""

import json
import re
from collections.abc import Iterable
from functools import partial
from io import BufferedReader
from typing import Final
from urllib.parse import unquote

import anyio.to_thread
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp_types import Annotations, ListResourcesResult, Resource, ResourceTemplate

from gemini_interactions_mcp.core import (
    LARGE_TEXT_CHARACTERS,
    FileGoneError,
    FileRefusedError,
    GeminiMCPError,
    InputError,
    InteractionNotFoundError,
    escape_hidden,
    make_printable,
    offload_if_large,
    quote_name,
)
from gemini_interactions_mcp.files import saved_files
from gemini_interactions_mcp.models import Record, SavedFile, amounts, is_object_address, name_kind
from gemini_interactions_mcp.server.results.standing import followers_of
from gemini_interactions_mcp.text import MARKDOWN_WEIGHT, rendering, resource_addresses

from .app_context import AppContext
from .fixed_resources import FIXED_RESOURCES, INTERACTIONS_PER_PAGE, JSON_TYPE, MARKDOWN_TYPE, build_fixed_entries

RESOURCE_ADDRESS: Final = re.compile(
    r"gemini://interactions/(?P<id>[^/]{1,1024})(?:/(?P<data>data)|/files/(?P<name>[^/]{1,800}))?"
)
RESOURCE_BLOB_BYTES: Final = 64 * 2**20
"""Maximum size of a saved file that is read as a resource, since it is held in memory as a whole."""
RESOURCE_TEXT_CHARACTERS: Final = 2**21
"""Maximum length of a text that is read as a resource. Sending a longer one would delay all other calls."""

RESOURCE_TEMPLATES: Final = (
    ResourceTemplate(
        uri_template="gemini://interactions/{interaction_id}",
        name="interaction",
        title="Interaction",
        description="Prompt, answer, sources and usage of an interaction, as Markdown",
        mime_type=MARKDOWN_TYPE,
    ),
    ResourceTemplate(
        uri_template="gemini://interactions/{interaction_id}/data",
        name="interaction_data",
        title="Interaction data",
        description="The journal's record of an interaction, as JSON",
        mime_type=JSON_TYPE,
    ),
    ResourceTemplate(
        uri_template="gemini://interactions/{interaction_id}/files/{name}",
        name="interaction_file",
        title="Saved file",
        description="An image, report or other file saved for an interaction",
    ),
)


async def list_resource_page(app: AppContext, cursor: str | None) -> ListResourcesResult:
    """Return a page of `resources/list`: what is always there, then interactions and their files, newest first.

    Raises:
        InputError: The cursor is invalid.
        JournalError: The journal cannot be read.
    """
    page, following = await app.runs.lister.page(INTERACTIONS_PER_PAGE, cursor=cursor)
    size = MARKDOWN_WEIGHT * sum(len(record.text) for record in page)
    found = await offload_if_large(size, partial(build_resource_entries, page))
    return ListResourcesResult(resources=found if cursor else [*build_fixed_entries(), *found], next_cursor=following)


def build_resource_entries(page: Iterable[Record]) -> list[Resource]:
    """List interactions, each followed by its files."""
    found: list[Resource] = []
    for record in page:
        if record.interaction_id and record.stored:
            # Machines that share a journal may each have a file of the same name.
            files = saved_files.index_saved_files(record.files)
            found += [build_interaction_entry(record), *(build_file_entry(record, file) for file in files.values())]
    return found


def build_interaction_entry(record: Record) -> Resource:
    """Return the list entry of an interaction."""
    made_by = rendering.get_maker(record) or "unknown model"
    return Resource(
        uri=resource_addresses.make_resource_uri(record),
        name=str(record.interaction_id),
        title=rendering.take_first_words(record.title) or record.kind,
        description=f"{name_kind(record)}, {quote_name(record.status)}, {made_by}",
        mime_type=MARKDOWN_TYPE,
        size=measure_document(record),
        annotations=annotate_last_change(record),
    )


def measure_document(record: Record) -> int | None:
    """Return the size of an interaction's Markdown in bytes, or None where rendering would take long."""
    return len(rendering.render_document(record).encode()) if len(record.text) <= LARGE_TEXT_CHARACTERS else None


def build_file_entry(record: Record, file: SavedFile) -> Resource:
    """Return the list entry of a saved file."""
    return Resource(
        uri=resource_addresses.make_resource_uri(record, file),
        name=file.name,
        title=file.name,
        mime_type=file.mime_type,
        size=file.bytes,
        annotations=annotate_last_change(record),
    )


def annotate_last_change(record: Record) -> Annotations:
    """Return annotations with the time of the last change."""
    return Annotations(last_modified=record.updated_at.isoformat(timespec="seconds"))


def is_resource_address(address: str) -> bool:
    """Whether an address has the form of this server's resources."""
    return address in FIXED_RESOURCES or RESOURCE_ADDRESS.fullmatch(address) is not None


def describe_unknown_resource(address: str) -> str:
    """Return the error text for an address that no resource has."""
    return f"There is no resource {address}. {resource_addresses.INDEX_URI} lists all."


async def read_resource(app: AppContext, address: str) -> ReadResourceContents:
    """Read a resource.

    Raises:
        ResourceNotFoundError: There is none at this address; the message names the id.
        ResourceError: It cannot be read now.
    """
    try:
        if fixed := FIXED_RESOURCES.get(address):
            return ReadResourceContents(content=await fixed.read(app), mime_type=fixed.mime_type)
        parts = RESOURCE_ADDRESS.fullmatch(address)
        if parts is None:
            raise ResourceNotFoundError(describe_unknown_resource(address))
        return await read_interaction_part(app, parts)
    except InteractionNotFoundError as exc:
        raise ResourceNotFoundError(str(exc)) from exc
    except InputError as exc:
        raise ResourceNotFoundError(f"There is no resource {address}. {exc}") from exc
    except GeminiMCPError as exc:
        raise ResourceError(str(exc)) from exc


async def read_interaction_part(app: AppContext, parts: re.Match[str]) -> ReadResourceContents:
    """Read an interaction, its data or one of its files, by the parts of its address.

    Raises:
        ResourceError: It is too long.
        GeminiMCPError: There is none, or it cannot be read now.
    """
    interaction_id = unquote(parts["id"])
    run = await app.runs.find(interaction_id)
    if parts["name"]:
        await app.runs.upkeep.restore(run)
        return await read_saved_file(app, run.record, unquote(parts["name"]))
    record = check_resource_length(run.record)
    size = len(record.text)
    if parts["data"]:
        return ReadResourceContents(
            content=await offload_if_large(size, partial(render_record_json, record)), mime_type=JSON_TYPE
        )
    document = partial(rendering.render_document, record, await followers_of(app, interaction_id))
    written = await offload_if_large(MARKDOWN_WEIGHT * size, document)
    return ReadResourceContents(content=written, mime_type=MARKDOWN_TYPE)


def check_resource_length(record: Record) -> Record:
    """Return the record if its text is short enough for a resource.

    Raises:
        ResourceError: It is too long.
    """
    if len(record.text) <= RESOURCE_TEXT_CHARACTERS:
        return record
    raise ResourceError(
        f"The answer has {len(record.text):,} characters, and a resource at most {RESOURCE_TEXT_CHARACTERS:,}: "
        f"read_interaction(interaction_id={rendering.quote_handle(record)}) reads it in pages."
    )


def render_record_json(record: Record) -> str:
    """Return the record and its cost as JSON, with hidden characters escaped."""
    placed = [
        each.model_copy(update={"path": resource_addresses.find_file_address(record, each)}) for each in record.files
    ]
    shown = record.model_copy(update={"files": tuple(placed)})
    data = shown.model_dump(mode="json") | {"cost_usd": amounts.convert_to_dollars(record.cost)}
    return escape_hidden(json.dumps(data, indent=2, ensure_ascii=False))


async def read_saved_file(app: AppContext, record: Record, name: str) -> ReadResourceContents:
    """Read a saved file. Only files that the journal names are read.

    Raises:
        ResourceNotFoundError: The interaction has no such file, or no longer has it.
        ResourceError: The file is too large for a resource.
    """
    file = saved_files.index_saved_files(record.files).get(name)
    if file is None:
        raise ResourceNotFoundError(f"Interaction {record.interaction_id} has no file {quote_name(name)}.")
    most = RESOURCE_TEXT_CHARACTERS if file.mime_type == MARKDOWN_TYPE else RESOURCE_BLOB_BYTES
    if file.bytes > most:
        where = "" if is_object_address(file.path) else f" It is at {make_printable(file.path)}."
        raise ResourceError(f"{quote_name(name)} has {file.bytes:,} bytes; at most {most:,} are read.{where}")
    try:
        content = await anyio.to_thread.run_sync(app.saved.content, file)
    except FileRefusedError as exc:
        raise ResourceNotFoundError(f"File {quote_name(name)} of interaction {record.interaction_id}: {exc}") from exc
    shown = content.decode(errors="replace") if file.mime_type == MARKDOWN_TYPE else content
    return ReadResourceContents(content=shown, mime_type=file.mime_type)


async def open_saved_file(app: AppContext, interaction_id: str, name: str) -> tuple[SavedFile, BufferedReader]:
    """Open a saved file of any size, at its start, as the journal knows it; the caller closes it.

    One that is gone is restored first, as far as Google has it.

    Raises:
        FileRefusedError: The journal names no such file, or something else is in its place.
        GeminiMCPError: The journal cannot be read, or the interaction cannot.
    """
    record = await app.runs.known(interaction_id)
    if record is None:
        raise FileRefusedError("There is no such file.")
    try:
        return await open_named_file(app, record, name)
    except FileGoneError:
        run = await app.runs.find(interaction_id, app.timing.lookup)
        await app.runs.upkeep.restore(run, app.timing.lookup)
        return await open_named_file(app, run.record, name)


async def open_named_file(app: AppContext, record: Record, name: str) -> tuple[SavedFile, BufferedReader]:
    """Open a file that the journal names.

    Raises:
        FileRefusedError: It names no such file, or something else is in its place.
    """
    file = saved_files.index_saved_files(record.files).get(name)
    if file is None:
        raise FileRefusedError("There is no such file.")
    return file, await anyio.to_thread.run_sync(app.saved.read, file)


async def complete_argument(app: AppContext, argument: str, typed: str, interaction_id: str | None) -> list[str]:
    """Return at most 100 values that complete an argument of a template or prompt.

    Raises:
        JournalError: The journal cannot be read.
    """
    if argument in ("interaction_id", "previous_interaction_id"):
        return list(await app.runs.lister.complete_id(typed))
    if argument == "name" and interaction_id:
        record = await app.runs.known(interaction_id)
        return [file.name for file in record.files if file.name.startswith(typed)] if record else []
    return []
