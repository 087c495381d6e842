"""Parses the events of an interaction's stream, and assembles its steps from them. Pure; uses no type of the SDK.

Parsing is lenient, as in `responses`.
"""

from typing import Any, Final, cast

from gemini_interactions_mcp.core import Json, coerce_object, concatenate, get_integer, get_text, iter_objects
from gemini_interactions_mcp.models import Event, Usage

from .endings import get_error_code
from .responses import MEDIA_CONTENT_TYPES, assemble_answer, iterate_thoughts, parse_usage
from .steps import get_list_argument

ACTIVITY_LABELS: Final = {
    "google_search_call": ("Searching", "queries"),
    "google_maps_call": ("Looking at maps", "queries"),
    "url_context_call": ("Reading", "urls"),
    "code_execution_call": ("Running code", ""),
    "processing_call": ("Watching the video", ""),
    "model_output": ("Writing", ""),
    "thought": ("Thinking", ""),
}
"""For each type of step or delta, what it means to people and which of its arguments tells more."""

HEADLINE_CHARACTERS: Final = 160
"""Maximum length of a line that describes an activity."""


def parse_event(payload: object) -> Event:
    """Parse one event of a stream; a truncated or unknown event has the type `unknown`."""
    data = coerce_object(payload)
    about = coerce_object(data.get("interaction"))
    fault = coerce_object(data.get("error"))
    unnamed = "error" if fault else "unknown"
    part = coerce_object(data.get("delta")) or coerce_object(data.get("step"))
    return Event(
        type=get_text(data.get("event_type")) or unnamed,
        event_id=get_text(data.get("event_id")),
        interaction_id=get_text(about.get("id")) or get_text(data.get("interaction_id")),
        status=get_text(about.get("status")) or get_text(data.get("status")),
        text=extract_added_text(part),
        activity=describe_activity(part),
        searches=list_call_arguments(part, "queries"),
        pages=list_call_arguments(part, "urls"),
        usage=parse_usage(about.get("usage")),
        usage_so_far=parse_usage_so_far(data),
        error_code=get_error_code(fault) or None,
        error_message=get_text(fault.get("message")),
        data=data,
    )


def parse_usage_so_far(data: Json) -> Usage | None:
    """Return the token counts up to an event; those of a `step.stop` may be of the step alone.

    Source: google-genai 3.6.1, types/interactions/{interactionstatusupdate,stepdeltametadata}.py
    """
    update = data.get("usage") if data.get("event_type") == "interaction.status_update" else None
    return parse_usage(update) or parse_usage(coerce_object(data.get("metadata")).get("total_usage"))


def extract_added_text(part: Json) -> str:
    """Return the answer's text in a delta, or in a step that starts with content."""
    if part.get("type") == "text":
        return get_text(part.get("text")) or ""
    return assemble_answer([part]).text


def describe_activity(part: Json) -> str | None:
    """Describe in one line what the interaction does now, by a step or delta; None for unknown types."""
    kind = str(part.get("type"))
    if kind == "thought_summary":
        return cut_headline(get_text(coerce_object(part.get("content")).get("text")))
    if kind not in ACTIVITY_LABELS:
        return None
    verb, argument = ACTIVITY_LABELS[kind]
    return cut_headline(next(iterate_thoughts(part), None)) or format_activity(verb, get_list_argument(part, argument))


def list_call_arguments(part: Json, argument: str) -> tuple[str, ...]:
    """Return an argument of a tool call: the `queries` of a search, the `urls` to read."""
    return tuple(get_list_argument(part, argument)) if str(part.get("type")).endswith("_call") else ()


def cut_headline(text: str | None) -> str | None:
    """Return the first line of a thought summary, cut and without its Markdown."""
    lines = (line.strip("*# \t") for line in (text or "").splitlines())
    return next((line[:HEADLINE_CHARACTERS] for line in lines if line), None)


def format_activity(verb: str, things: list[str]) -> str:
    """Return an activity with its arguments, cut: `Searching: a; b`."""
    return f"{verb}: {'; '.join(things)}"[:HEADLINE_CHARACTERS] if things else verb


class StepAssembler:
    """Assembles the steps of an interaction from its stream: `step.start` begins a step, `step.delta` extends it.

    Source: google-genai 3.6.1, types/interactions/stepstart.py, stepdelta.py

    Attributes:
        size: Number of characters of text that came in deltas.
    """

    def __init__(self) -> None:
        self._steps: dict[int, dict[str, Any]] = {}
        self.size = 0

    def take(self, payload: object) -> None:
        """Take in an event; events without a step or delta change nothing."""
        data = coerce_object(payload)
        index = get_integer(data.get("index"))
        if index is None:
            return
        if step := coerce_object(data.get("step")):
            self._steps[index] = {**step, "content": [open_block(block) for block in iter_objects(step.get("content"))]}
        elif delta := coerce_object(data.get("delta")):
            self._extend(index, delta)

    def _extend(self, index: int, delta: Json) -> None:
        step = self._steps.setdefault(index, {"type": "model_output", "content": []})
        if delta.get("type") == step.get("type"):
            self._steps[index] = merge_tool_delta(step, delta)
        elif delta.get("type") == "thought_summary":
            step["summary"] = [*iter_objects(step.get("summary")), coerce_object(delta.get("content"))]
        else:
            self.size += len(get_text(delta.get("text")) or "")
            extend_blocks(step["content"], delta)

    def all(self) -> list[Json]:
        """Return the steps so far, in order."""
        steps = [self._steps[index] for index in sorted(self._steps)]
        return [{**step, "content": [close_block(block) for block in step["content"]]} for step in steps]


def merge_tool_delta(step: dict[str, Any], delta: Json) -> dict[str, Any]:
    """Return a tool's step with a delta of its own type: the result is extended, other values are replaced."""
    before, added = step.get("result"), delta.get("result")
    if isinstance(before, str) and isinstance(added, str):
        delta = {**delta, "result": before + added}
    elif isinstance(before, list) and isinstance(added, list):
        delta = {**delta, "result": [*cast("list[object]", before), *cast("list[object]", added)]}
    # A model's output comes in deltas of the block's type, not of the step's.
    return {**step, **delta, "content": step["content"]}


def extend_blocks(blocks: list[dict[str, Any]], delta: Json) -> None:
    """Add a delta to the content of its step: to the last text block, or as a new block."""
    kind = delta.get("type")
    if kind in MEDIA_CONTENT_TYPES:
        blocks.append(open_block(delta))
    if kind not in ("text", "text_annotation_delta"):
        return
    if not blocks or blocks[-1].get("type") != "text":
        blocks.append(open_block({"type": "text"}))
    blocks[-1]["parts"].append(get_text(delta.get("text")) or "")
    blocks[-1]["annotations"].extend(iter_objects(delta.get("annotations")))


def open_block(block: Json) -> dict[str, Any]:
    """Return a block that can be extended; its text is a list of parts, since joining at each delta is quadratic."""
    if block.get("type") != "text":
        return dict(block)
    return {
        **block,
        "parts": [get_text(block.get("text")) or ""],
        "annotations": [*iter_objects(block.get("annotations"))],
    }


def close_block(block: Json) -> Json:
    """Return an extended block in the API's shape."""
    return {**block, "text": concatenate(block["parts"])} if block.get("type") == "text" else block
