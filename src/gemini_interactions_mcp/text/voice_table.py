"""The voices of the speech models: as a Markdown table for people, and as JSON. Pure."""

import json
from collections.abc import Iterable
from typing import Final

from gemini_interactions_mcp.core import escape_hidden, join_lines, join_paragraphs, make_inert
from gemini_interactions_mcp.models import VoiceDescription

from .offered_tools import EVERY_TOOL, ToolGuide

VOICE_TABLE_HEAD: Final = "| voice | sounds | language |\n|---|---|---|"


def render_voices(voices: Iterable[VoiceDescription], guide: ToolGuide = EVERY_TOOL) -> str:
    """Return the voices as Markdown, and how they are used with what is offered."""
    rows = [" | ".join(map(render_cell, (each.name, each.manner, each.languages or "all"))) for each in voices]
    return join_paragraphs(
        "# Voices",
        guide("`voice` of generate_audio takes a name, or a name for each of two speakers: Joe=Puck, Jane=Kore."),
        "\n".join([VOICE_TABLE_HEAD, *(f"| {row} |" for row in rows)]),
    )


def render_cell(value: str) -> str:
    """Return a foreign text as a cell."""
    return make_inert(join_lines(value)).replace("|", "\\|")


def render_voices_json(voices: Iterable[VoiceDescription]) -> str:
    """Return the voices as JSON, with hidden characters escaped."""
    return escape_hidden(json.dumps([each.model_dump() for each in voices], indent=2, ensure_ascii=False))
