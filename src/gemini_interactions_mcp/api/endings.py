"""Why an interaction ended as it did, wherever its JSON says so: errors, and reasons without one. Pure."""

from collections.abc import Iterator
from typing import Final

from gemini_interactions_mcp.core import Json, as_json, items, text_of
from gemini_interactions_mcp.models import error_codes


def reported_error(data: Json, steps: list[Json]) -> str | None:
    """The codes and messages of `errors`, `error` and of failed steps, the same message once; then bare reasons."""
    told: dict[str, str] = {}
    for fault in reported_faults(data, steps):
        message = text_of(fault.get("message")) or ""
        said = error_codes.explained(error_code(fault), message)
        told.setdefault(message or said, said)
    known = {error_codes.reason(error_code(fault)) for fault in reported_faults(data, steps)}
    bare = (error_codes.explained(reason, "") for reason in reasons_told(data, steps) if reason not in known)
    return " ".join(filter(None, dict.fromkeys((*told.values(), *bare)))) or None


def reported_faults(data: Json, steps: list[Json]) -> Iterator[Json]:
    """The errors of an interaction and of its steps."""
    yield from items(data.get("errors"))
    yield from (as_json(each.get("error")) for each in (data, *steps))


REASON_FIELDS: Final = ("finish_reason", "finishReason", "block_reason", "blockReason", "stop_reason", "reason")
"""Where an ending is named without an error, as in `generateContent` (google-genai 3.6.1, types.py, `Candidate`)."""

FEEDBACK_FIELDS: Final = ("prompt_feedback", "promptFeedback", "incomplete_details")
"""What such a field may stand in."""


def reasons_told(data: Json, steps: list[Json]) -> Iterator[str]:
    """Why an interaction ended as it did, by the names that `codes` has, wherever it is said."""
    told = [error_code(fault) for fault in reported_faults(data, steps)]
    for each in (data, *steps, *(as_json(data.get(name)) for name in FEEDBACK_FIELDS)):
        told += [text_of(each.get(name)) or "" for name in REASON_FIELDS]
    yield from filter(None, map(error_codes.reason, told))


def error_code(error: Json) -> str:
    """The code of an error, in gRPC's shape (`status`) or the API's own."""
    return str(text_of(error.get("status")) or error.get("code") or "")
