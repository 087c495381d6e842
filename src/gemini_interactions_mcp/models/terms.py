"""Constraints of a request, and whether an answer meets them."""

from typing import Any

import anyio.to_thread

from gemini_interactions_mcp.core import Json, coerce_object, get_integer, parse_int64

from .interactions import Interaction, Request, Terms


def get_request_terms(request: Request) -> Terms | None:
    """Return the terms of a request; None if it has none."""
    return make_terms(
        response_schema=request.response_schema,
        max_output_tokens=request.max_output_tokens,
        max_total_tokens=parse_int64((request.agent_config or {}).get("max_total_tokens")) or None,
        service_tier=request.service_tier,
        metadata_filter=request.metadata_filter,
    )


def get_answer_terms(data: Json) -> Terms | None:
    """Return the terms of an interaction that the API repeats; None if it repeats none."""
    schema = coerce_object(coerce_object(data.get("response_format")).get("schema"))
    return make_terms(
        response_schema=dict(schema) or None,
        max_output_tokens=get_integer(coerce_object(data.get("generation_config")).get("max_output_tokens")),
        max_total_tokens=parse_int64(coerce_object(data.get("agent_config")).get("max_total_tokens")) or None,
    )


def make_terms(**found: Any) -> Terms | None:  # noqa: ANN401 - the fields of Terms
    """Return the terms if any of them is given."""
    return Terms(**found) if any(value is not None for value in found.values()) else None


async def check_terms(terms: Terms | None, interaction: Interaction) -> str | None:
    """Check a completed answer against its schema, and return what is wrong with it in a sentence."""
    schema = terms.response_schema if terms else None
    if schema is None or interaction.status != "completed" or not interaction.text:
        return None
    return await anyio.to_thread.run_sync(check_schema, schema, interaction.text)


def check_schema(schema: dict[str, Any], text: str) -> str | None:
    """Do the same in this thread."""
    from . import json_schema  # noqa: PLC0415 - few answers have a schema, and importing jsonschema takes 0.1 s

    return json_schema.find_departure(text, schema)
