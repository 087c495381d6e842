"""Reads why an interaction failed or ended, wherever its JSON says so: errors, and reasons without an error. Pure."""

from collections.abc import Iterator
from typing import Final

from gemini_interactions_mcp.core import Json, coerce_object, get_text, iter_objects
from gemini_interactions_mcp.models import error_codes

END_REASON_FIELDS: Final = ("finish_reason", "finishReason", "block_reason", "blockReason", "stop_reason", "reason")
"""Fields that name a reason without an error, as in `generateContent` (google-genai 3.6.1, types.py, `Candidate`)."""

FEEDBACK_FIELDS: Final = ("prompt_feedback", "promptFeedback", "incomplete_details")
"""Objects of an interaction that may contain such a field."""


def describe_reported_errors(data: Json, steps: list[Json]) -> str | None:
    """Return the codes and messages of `errors`, `error` and failed steps, each message once; then bare reasons."""
    told: dict[str, str] = {}
    for fault in iterate_reported_errors(data, steps):
        message = get_text(fault.get("message")) or ""
        said = error_codes.explain_code(get_error_code(fault), message)
        told.setdefault(message or said, said)
    known = {error_codes.get_finish_reason(get_error_code(fault)) for fault in iterate_reported_errors(data, steps)}
    bare = (error_codes.explain_code(reason, "") for reason in iterate_end_reasons(data, steps) if reason not in known)
    return " ".join(filter(None, dict.fromkeys((*told.values(), *bare)))) or None


def iterate_reported_errors(data: Json, steps: list[Json]) -> Iterator[Json]:
    """Yield the errors of an interaction and of its steps."""
    yield from iter_objects(data.get("errors"))
    yield from (coerce_object(each.get("error")) for each in (data, *steps))


def iterate_end_reasons(data: Json, steps: list[Json]) -> Iterator[str]:
    """Yield why an interaction ended, by the names in `error_codes`, from errors, steps and feedback."""
    told = [get_error_code(fault) for fault in iterate_reported_errors(data, steps)]
    for each in (data, *steps, *(coerce_object(data.get(name)) for name in FEEDBACK_FIELDS)):
        told += [get_text(each.get(name)) or "" for name in END_REASON_FIELDS]
    yield from filter(None, map(error_codes.get_finish_reason, told))


def get_error_code(error: Json) -> str:
    """Return the code of an error: gRPC's `status`, else the API's own `code`."""
    return str(get_text(error.get("status")) or error.get("code") or "")
