"""References of parameters to other tools, and what they stand for where these are not offered. Pure."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

FILE_SOURCE_FORMS: Final = (
    "Paths, folders, globs, URLs (also YouTube), Files API names or gemini://interactions/{id}/files/{name}"
)
MODEL_TOOL_NAMES: Final = (
    "google_search, url_context (web pages), code_execution, google_maps (places), file_search:STORE"
)


class Reference(NamedTuple):
    """A reference to a tool, and what it stands for."""

    phrase: str
    tool: str
    full: str


REFERENCES: Final = (
    Reference("As in analyze_file", "analyze_file", FILE_SOURCE_FORMS),
    Reference(
        "as in analyze_file",
        "analyze_file",
        "paths, folders, globs, URLs, Files API names or gemini://interactions/{id}/files/{name}",
    ),
    Reference("As in gemini_ask", "gemini_ask", MODEL_TOOL_NAMES),
)


def spell_out_references(schema: dict[str, Any], offered: Collection[str]) -> None:
    """Replace the references in the parameters of a tool to tools that are not offered."""
    missing = [each for each in REFERENCES if each.tool not in offered]
    for parameter in schema["properties"].values():
        for each in missing if "description" in parameter else ():
            parameter["description"] = parameter["description"].replace(each.phrase, each.full)
