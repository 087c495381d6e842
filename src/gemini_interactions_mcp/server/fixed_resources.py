"""MCP resources that are always there: the index of interactions, models and agents, voices, usage."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import anyio.to_thread
from mcp_types import Resource

from gemini_interactions_mcp import text
from gemini_interactions_mcp.core import phrases
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.server.results import rows
from gemini_interactions_mcp.server.results.overview import fetch_overview
from gemini_interactions_mcp.text import rendering, resource_addresses, usage_table

from .app_context import AppContext

MARKDOWN_TYPE: Final = "text/markdown"
JSON_TYPE: Final = "application/json"
USAGE_ADDRESSES: Final = (usage_table.USAGE_URI, f"{usage_table.USAGE_URI}/data")
"""Addresses whose content each finished run changes."""
INTERACTIONS_PER_PAGE: Final = 50
"""Interactions per page of `resources/list`, and in the index."""


@dataclass(frozen=True)
class FixedResource:
    """A resource that is always there.

    Attributes:
        read: Returns its content.
        description: What is listed of it; empty for one that is not listed, as the JSON of another.
    """

    read: Callable[[AppContext], Awaitable[str]]
    name: str
    title: str = ""
    description: str = ""
    mime_type: str = MARKDOWN_TYPE


async def read_index(app: AppContext) -> str:
    """Return the recent interactions as a Markdown list.

    Raises:
        JournalError: The journal cannot be read.
    """
    page = await fetch_overview(app, limit=INTERACTIONS_PER_PAGE)
    return phrases.join_paragraphs("# Recent interactions", rows.render_list(page, guide=app.guide))


async def read_models(app: AppContext, *, data: bool) -> str:
    """Return the models and agents, as JSON or Markdown."""
    catalog = await app.catalogs.read()
    render = text.model_table.render_models_json if data else text.model_table.render_models
    # In a worker thread: the first price takes 0.3 s.
    return await anyio.to_thread.run_sync(render, catalog, clock.now())


async def read_voices(app: AppContext, *, data: bool) -> str:
    """Return the voices, as JSON or Markdown."""
    voices = (await app.voices.read()).values()
    if data:
        return text.voice_table.render_voices_json(voices)
    return text.voice_table.render_voices(voices, app.guide)


async def read_usage(app: AppContext, *, data: bool) -> str:
    """Return what all interactions have used and cost, as JSON or Markdown.

    Raises:
        JournalError: The journal cannot be read.
    """
    render = usage_table.render_usage_json if data else usage_table.render_usage_document
    return render(await app.runs.lister.usage("day", "model", "kind"))


FIXED_RESOURCES: Final = {
    resource_addresses.INDEX_URI: FixedResource(
        read_index, "interactions", "Recent interactions", "The interactions that this server knows, newest first"
    ),
    rendering.MODELS_URI: FixedResource(
        partial(read_models, data=False),
        "models",
        "Models and agents",
        "What can be asked for, at what price and until when",
    ),
    rendering.VOICES_URI: FixedResource(
        partial(read_voices, data=False), "voices", "Voices", "The voices that Gemini speaks with"
    ),
    usage_table.USAGE_URI: FixedResource(
        partial(read_usage, data=False), "usage", "Usage and costs", "Runs, tokens and dollars by day, model and kind"
    ),
    f"{rendering.MODELS_URI}/data": FixedResource(partial(read_models, data=True), "models_data", mime_type=JSON_TYPE),
    f"{rendering.VOICES_URI}/data": FixedResource(partial(read_voices, data=True), "voices_data", mime_type=JSON_TYPE),
    USAGE_ADDRESSES[1]: FixedResource(partial(read_usage, data=True), "usage_data", mime_type=JSON_TYPE),
}
"""By address."""


def build_fixed_entries() -> list[Resource]:
    """Return the list entries of the resources that are always there."""
    return [
        Resource(uri=address, name=each.name, title=each.title, description=each.description, mime_type=each.mime_type)
        for address, each in FIXED_RESOURCES.items()
        if each.description
    ]
