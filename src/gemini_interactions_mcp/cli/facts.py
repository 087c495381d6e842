"""Describes replies of the API as plain facts. Pure.

A fact is a short text that is equal whenever the API behaves equally, so that the facts of two APIs can be compared.
"""

import base64
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final

from PIL import Image

from gemini_interactions_mcp.api import ObservedReply, find_event_interaction_id
from gemini_interactions_mcp.core import Json, coerce_object, get_text, iter_objects
from gemini_interactions_mcp.models import is_settled

UNCOMPARED_FACT: Final = "seconds until the id is known"
"""The only fact that is not compared."""

Facts = dict[str, str]
"""Description of each observed aspect, by its name."""


def describe_verdict(reply: ObservedReply) -> str:
    """Return whether a request was accepted or how it failed: HTTP status, error event, or no response."""
    if reply.status is None:
        return f"no response ({reply.failure})"
    if reply.status >= 400:
        return f"{reply.status} {reply.code}".strip()
    broken = f", broken ({reply.failure})" if reply.failure else ""
    failed = f", then an error event: {reply.code}" if reply.error else ""
    return f"{reply.status}{failed}{broken}"


def describe_reply(reply: ObservedReply) -> Facts:
    """Return the verdict of a reply, and the error message if there is one."""
    return {"response": describe_verdict(reply)} | ({"message": reply.message} if reply.message else {})


def describe_state(reply: ObservedReply) -> str:
    """Return the status of an interaction that was read and what the reply lacks, or how the read failed."""
    if reply.status != 200 or reply.error:
        return describe_verdict(reply)
    status = get_text(reply.body.get("status")) or "no status"
    missing = [name for name in ("steps", "usage") if not reply.body.get(name)]
    lacks = f" without {' and '.join(missing)}" if is_settled(status) and missing else ""
    return f"200 {status}{lacks}"


def describe_states(reads: Iterable[ObservedReply]) -> str:
    """Return the state of each read, in order."""
    return " → ".join(describe_state(read) for read in reads)


def is_whole(reply: ObservedReply) -> bool:
    """Whether a read shows a settled interaction with steps and usage; a cancelled one may lack them."""
    has_all = bool(reply.body.get("steps") and reply.body.get("usage"))
    return is_settled(str(reply.body.get("status"))) and (has_all or reply.body.get("status") == "cancelled")


def describe_id(identifier: str | None) -> str:
    """Return the length and the characters of an id, never the id itself."""
    if not identifier:
        return "none"
    others = sorted(set(re.sub(r"[A-Za-z0-9_-]", "", identifier)))
    return f"{len(identifier)} characters of A-Z a-z 0-9 _ -" + (f", and {' '.join(others)}" if others else "")


def join_distinct(words: Iterable[str]) -> str:
    """Return the distinct words, in order of their first appearance."""
    return ", ".join(dict.fromkeys(words)) or "none"


def list_event_types(events: list[Json]) -> list[str]:
    """Return the types of events."""
    return [str(event.get("event_type")) for event in events]


def list_step_types(events: list[Json]) -> list[str]:
    """Return the types of the steps that start in a stream."""
    return [str(coerce_object(event.get("step")).get("type")) for event in events if event.get("step")]


def list_delta_types(events: list[Json]) -> list[str]:
    """Return the types of the deltas of a stream, in alphabetical order."""
    return sorted(str(coerce_object(event.get("delta")).get("type")) for event in events if event.get("delta"))


def iterate_statuses(events: list[Json]) -> Iterator[str]:
    """Yield the statuses in a stream."""
    for event in events:
        if status := get_text(coerce_object(event.get("interaction")).get("status")) or get_text(event.get("status")):
            yield status


def describe_naming(events: list[Json]) -> str:
    """Return the first event that contains the id."""
    found = next((number for number, event in enumerate(events) if find_event_interaction_id(event)), None)
    if found is None:
        return "never"
    before = join_distinct(list_event_types(events[:found]))
    return f"with {list_event_types(events)[found]}" + (f", after {before}" if found else ", the first event")


def describe_event_ids(events: list[Json]) -> str:
    """Return which events have an id to resume from."""
    named = [event for event in events if event.get("event_id")]
    if len(named) in (0, len(events)):
        return "on every event" if named else "none"
    return f"on {join_distinct(list_event_types(named))} only"


def describe_completion(events: list[Json]) -> str:
    """Return the parts of the result in the last event."""
    last = next((event for event in events if event.get("event_type") == "interaction.completed"), None)
    if last is None:
        return "missing"
    has = [name for name in ("usage", "steps") if coerce_object(last.get("interaction")).get(name)]
    return f"has {' and '.join(has)}" if has else "has neither usage nor steps"


def describe_stream(reply: ObservedReply) -> Facts:
    """Return the facts of a stream."""
    facts = describe_reply(reply)
    if not reply.id:
        return facts | {"id": "none"}
    return facts | {
        "events": join_distinct(list_event_types(reply.events)),
        "steps": join_distinct(list_step_types(reply.events)),
        "deltas": join_distinct(list_delta_types(reply.events)),
        "statuses": join_distinct(iterate_statuses(reply.events)),
        "id": describe_id(reply.id),
        "id arrives": describe_naming(reply.events),
        UNCOMPARED_FACT: "never" if reply.named_after is None else f"{reply.named_after:.1f}",
        "event ids": describe_event_ids(reply.events),
        "interaction.completed": describe_completion(reply.events),
    }


def compare_events(events: list[Json], expected: list[Json]) -> str:
    """Return whether the events are of the expected types."""
    if list_event_types(events) == list_event_types(expected):
        return "the same events"
    return f"other events: {join_distinct(list_event_types(events))}"


def find_annotations(events: list[Json]) -> Iterator[str]:
    """Yield the places of annotations in a stream: type of the event, and of the delta or step."""
    for event in events:
        for name in ("delta", "step"):
            part = coerce_object(event.get(name))
            if "annotations" in str(part):
                yield f"{event.get('event_type')} {part.get('type')}"


def describe_images(steps: Iterator[Json]) -> Iterator[str]:
    """Yield MIME type and size of the images in steps."""
    for step in steps:
        for block in iter_objects(step.get("content")):
            if block.get("type") == "image":
                yield f"{block.get('mime_type')}, {measure_image(get_text(block.get('data')))}"


def measure_image(data: str | None) -> str:
    """Return width and height of an image in Base64."""
    if not data:
        return "not inline"
    try:
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            return f"{image.width} x {image.height}"
    except (OSError, ValueError):
        return "not readable"


def describe_file_list(where: str, reply: ObservedReply) -> Facts:
    """Return the facts of a list of files, without their names."""
    found = list(iter_objects(reply.body.get("files")))
    outside = [entry for entry in found if not str(entry.get("path")).startswith("workspace")]
    sizes = [type(entry["size_bytes"]).__name__ for entry in found if "size_bytes" in entry]
    return {
        f"list {where}": describe_verdict(reply),
        f"types {where}": join_distinct(sorted(str(entry.get("type")) for entry in found)),
        f"sizes {where}": join_distinct({"str": "strings", "int": "numbers"}.get(size, size) for size in sizes),
        f"entries {where} outside /workspace": "yes" if outside else "no",
    }
