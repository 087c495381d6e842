"""Constraints of a request, and whether an answer meets them."""

from typing import Any

import anyio.to_thread

from gemini_interactions_mcp.core import Json, as_json, long, number

from .interactions import Interaction, Request, Terms


def of_request(request: Request) -> Terms | None:
    """Return the terms of a request; None if it has none."""
    return given(
        response_schema=request.response_schema,
        max_output_tokens=request.max_output_tokens,
        max_total_tokens=long((request.agent_config or {}).get("max_total_tokens")) or None,
    )


def of_answer(data: Json) -> Terms | None:
    """Return the terms of an interaction that the API repeats; None if it repeats none."""
    schema = as_json(as_json(data.get("response_format")).get("schema"))
    return given(
        response_schema=dict(schema) or None,
        max_output_tokens=number(as_json(data.get("generation_config")).get("max_output_tokens")),
        max_total_tokens=long(as_json(data.get("agent_config")).get("max_total_tokens")) or None,
    )


def given(**found: Any) -> Terms | None:  # noqa: ANN401 - the fields of Terms
    """Return the terms if any of them is given."""
    return Terms(**found) if any(value is not None for value in found.values()) else None


async def departed(terms: Terms | None, interaction: Interaction) -> str | None:
    """Check a completed answer against its schema, and return what is wrong with it in a sentence."""
    schema = terms.response_schema if terms else None
    if schema is None or interaction.status != "completed" or not interaction.text:
        return None
    return await anyio.to_thread.run_sync(departed_from, schema, interaction.text)


def departed_from(schema: dict[str, Any], text: str) -> str | None:
    """Do the same in this thread."""
    from . import json_schema  # noqa: PLC0415 - few answers have a schema, and importing jsonschema takes 0.1 s

    return json_schema.departure(text, schema)
