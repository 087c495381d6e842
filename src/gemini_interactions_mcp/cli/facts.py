"""Describes replies of the API as plain facts. Pure.

A fact is a short text that is equal whenever the API behaves equally, so that the facts of two APIs can be compared.
"""

import base64
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final

from PIL import Image

from gemini_interactions_mcp.api import Reply, id_in
from gemini_interactions_mcp.core import Json, as_json, items, text_of
from gemini_interactions_mcp.models import settled

SECONDS: Final = "seconds until the id is known"
"""The only fact that is not compared."""

Facts = dict[str, str]
"""Description of each observed aspect, by its name."""


def verdict(reply: Reply) -> str:
    """Return whether a request was accepted or how it failed: HTTP status, error event, or no response."""
    if reply.status is None:
        return f"no response ({reply.failure})"
    if reply.status >= 400:
        return f"{reply.status} {reply.code}".strip()
    broken = f", broken ({reply.failure})" if reply.failure else ""
    failed = f", then an error event: {reply.code}" if reply.error else ""
    return f"{reply.status}{failed}{broken}"


def describe(reply: Reply) -> Facts:
    """Return the verdict of a reply, and the error message if there is one."""
    return {"response": verdict(reply)} | ({"message": reply.message} if reply.message else {})


def state(reply: Reply) -> str:
    """Return the status of an interaction that was read and what the reply lacks, or how the read failed."""
    if reply.status != 200 or reply.error:
        return verdict(reply)
    status = text_of(reply.body.get("status")) or "no status"
    missing = [name for name in ("steps", "usage") if not reply.body.get(name)]
    lacks = f" without {' and '.join(missing)}" if settled(status) and missing else ""
    return f"200 {status}{lacks}"


def states(reads: Iterable[Reply]) -> str:
    """Return the state of each read, in order."""
    return " → ".join(state(read) for read in reads)


def is_whole(reply: Reply) -> bool:
    """Whether a read shows a settled interaction with steps and usage; a cancelled one may lack them."""
    has_all = bool(reply.body.get("steps") and reply.body.get("usage"))
    return settled(str(reply.body.get("status"))) and (has_all or reply.body.get("status") == "cancelled")


def shape(identifier: str | None) -> str:
    """Return the length and the characters of an id, never the id itself."""
    if not identifier:
        return "none"
    others = sorted(set(re.sub(r"[A-Za-z0-9_-]", "", identifier)))
    return f"{len(identifier)} characters of A-Z a-z 0-9 _ -" + (f", and {' '.join(others)}" if others else "")


def in_order(words: Iterable[str]) -> str:
    """Return the distinct words, in order of their first appearance."""
    return ", ".join(dict.fromkeys(words)) or "none"


def types(events: list[Json]) -> list[str]:
    """Return the types of events."""
    return [str(event.get("event_type")) for event in events]


def steps_in(events: list[Json]) -> list[str]:
    """Return the types of the steps that start in a stream."""
    return [str(as_json(event.get("step")).get("type")) for event in events if event.get("step")]


def deltas_in(events: list[Json]) -> list[str]:
    """Return the types of the deltas of a stream, in alphabetical order."""
    return sorted(str(as_json(event.get("delta")).get("type")) for event in events if event.get("delta"))


def statuses_in(events: list[Json]) -> Iterator[str]:
    """Yield the statuses in a stream."""
    for event in events:
        if status := text_of(as_json(event.get("interaction")).get("status")) or text_of(event.get("status")):
            yield status


def naming(events: list[Json]) -> str:
    """Return the first event that contains the id."""
    found = next((number for number, event in enumerate(events) if id_in(event)), None)
    if found is None:
        return "never"
    before = in_order(types(events[:found]))
    return f"with {types(events)[found]}" + (f", after {before}" if found else ", the first event")


def event_ids(events: list[Json]) -> str:
    """Return which events have an id to resume from."""
    named = [event for event in events if event.get("event_id")]
    if len(named) in (0, len(events)):
        return "on every event" if named else "none"
    return f"on {in_order(types(named))} only"


def completion(events: list[Json]) -> str:
    """Return the parts of the result in the last event."""
    last = next((event for event in events if event.get("event_type") == "interaction.completed"), None)
    if last is None:
        return "missing"
    has = [name for name in ("usage", "steps") if as_json(last.get("interaction")).get(name)]
    return f"has {' and '.join(has)}" if has else "has neither usage nor steps"


def stream_facts(reply: Reply) -> Facts:
    """Return the facts of a stream."""
    facts = describe(reply)
    if not reply.id:
        return facts | {"id": "none"}
    return facts | {
        "events": in_order(types(reply.events)),
        "steps": in_order(steps_in(reply.events)),
        "deltas": in_order(deltas_in(reply.events)),
        "statuses": in_order(statuses_in(reply.events)),
        "id": shape(reply.id),
        "id arrives": naming(reply.events),
        SECONDS: "never" if reply.named_after is None else f"{reply.named_after:.1f}",
        "event ids": event_ids(reply.events),
        "interaction.completed": completion(reply.events),
    }


def match_events(events: list[Json], expected: list[Json]) -> str:
    """Return whether the events are of the expected types."""
    if types(events) == types(expected):
        return "the same events"
    return f"other events: {in_order(types(events))}"


def places_of_annotations(events: list[Json]) -> Iterator[str]:
    """Yield the places of annotations in a stream: type of the event, and of the delta or step."""
    for event in events:
        for name in ("delta", "step"):
            part = as_json(event.get(name))
            if "annotations" in str(part):
                yield f"{event.get('event_type')} {part.get('type')}"


def image_formats(steps: Iterator[Json]) -> Iterator[str]:
    """Yield MIME type and size of the images in steps."""
    for step in steps:
        for block in items(step.get("content")):
            if block.get("type") == "image":
                yield f"{block.get('mime_type')}, {image_size(text_of(block.get('data')))}"


def image_size(data: str | None) -> str:
    """Return width and height of an image in Base64."""
    if not data:
        return "not inline"
    try:
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            return f"{image.width} x {image.height}"
    except (OSError, ValueError):
        return "not readable"


def describe_list(where: str, reply: Reply) -> Facts:
    """Return the facts of a list of files, without their names."""
    found = list(items(reply.body.get("files")))
    outside = [entry for entry in found if not str(entry.get("path")).startswith("workspace")]
    sizes = [type(entry["size_bytes"]).__name__ for entry in found if "size_bytes" in entry]
    return {
        f"list {where}": verdict(reply),
        f"types {where}": in_order(sorted(str(entry.get("type")) for entry in found)),
        f"sizes {where}": in_order({"str": "strings", "int": "numbers"}.get(size, size) for size in sizes),
        f"entries {where} outside /workspace": "yes" if outside else "no",
    }
