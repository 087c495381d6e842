"""Addresses of interactions and their files as resources of this server. Pure."""

from typing import Final
from urllib.parse import quote

from gemini_interactions_mcp.models import Record, SavedFile, is_object_address

INDEX_URI: Final = "gemini://interactions"
"""URI of the resource that lists all interactions."""


def make_resource_uri(record: Record, file: SavedFile | None = None) -> str:
    """Return the resource URI of an interaction, or of one of its saved files."""
    resource = make_interaction_uri(str(record.interaction_id))
    return f"{resource}/files/{quote(file.name, safe='')}" if file else resource


def make_interaction_uri(interaction_id: str) -> str:
    """Return the resource URI of the interaction with an id, which may contain any characters."""
    return f"{INDEX_URI}/{quote(interaction_id, safe='')}"


def find_file_address(record: Record, file: SavedFile) -> str:
    """Return where the reader of a text finds a saved file: at its path, or at its address if it is in a store."""
    return make_resource_uri(record, file) if is_object_address(file.path) else file.path
