"""What the descriptions of tools say to users of other machines, who have no path on this one. Pure."""

import json
from collections.abc import Collection
from typing import Final

from mcp_types import Tool

from .references import FILE_SOURCE_FORMS, REFERENCES

SENT_FILE: Final = "gemini://uploads/{id} from upload_file"
REMOTE_SOURCES: Final = "URLs (also YouTube), Files API names or gemini://interactions/{id}/files/{name}"

REMOTE_PHRASES: Final = (
    *((each, f"{SENT_FILE}, {REMOTE_SOURCES}") for each in (FILE_SOURCE_FORMS, REFERENCES[1].full)),
    ("To add: paths, folders, globs", f"To add: {SENT_FILE}, or gemini://interactions/{{id}}/files/{{name}}"),
    (" Local files go to Google, from allowed directories only.", " upload_file takes the user's files first."),
    ("logo=PATH names one", "logo=SOURCE names one"),
    (" file; default in the output folder", " file name"),
    ("; returns path and preview.", "; returns address and preview."),
    ("; returns its path and ", "; returns its address and "),
    ("efault the user's", "efault the server's"),
    ("List this server's Gemini interactions", "List your Gemini interactions"),
)
"""Phrases of the descriptions, and what stands for them."""


def describe_remotely(tool: Tool, mapped: Collection[str]) -> Tool:
    """Return a tool as users of other machines are told of it.

    Args:
        tool: The tool, as it is told to the user of this machine.
        mapped: Names of the folders from which they may name files.
    """
    schema = tell_remotely(json.dumps(tool.input_schema), mapped)
    described = tell_remotely(tool.description or "", ())
    return tool.model_copy(update={"description": described, "input_schema": json.loads(schema)})


def tell_remotely(text: str, mapped: Collection[str]) -> str:
    """Return a description for users of other machines; they may name files in mapped folders where any may be."""
    for phrase, told in REMOTE_PHRASES:
        folders = f"; on this server, paths, folders and globs in {', '.join(f'{each}/' for each in mapped)}"
        text = text.replace(phrase, f"{told}{folders}" if mapped and SENT_FILE in told else told)
    return text
