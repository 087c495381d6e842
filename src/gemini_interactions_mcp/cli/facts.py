"""What a reply of the API shows, as plain facts. Pure.

A fact is a short text, the same whenever the API does the same, so that the facts of two APIs can be compared.
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

SECONDS: Final = "seconds until the id is told"
"""The one fact that is not compared."""

Facts = dict[str, str]
"""What was looked at, and how it was."""


def verdict(reply: Reply) -> str:
    """Whether it was taken, and how not: by status, by an event, or by silence."""
    if reply.status is None:
        return f"no answer ({reply.failure})"
    if reply.status >= 400:
        return f"{reply.status} {reply.code}".strip()
    broken = f", broken ({reply.failure})" if reply.failure else ""
    failed = f", then an error event: {reply.code}" if reply.error else ""
    return f"{reply.status}{failed}{broken}"


def describe(reply: Reply) -> Facts:
    """A verdict, with the reason if there is one."""
    return {"answer": verdict(reply)} | ({"message": reply.message} if reply.message else {})


def state(reply: Reply) -> str:
    """The status of the interaction that was read, and what is missing of it; or why it was not."""
    if reply.status != 200 or reply.error:
        return verdict(reply)
    status = text_of(reply.body.get("status")) or "no status"
    missing = [name for name in ("steps", "usage") if not reply.body.get(name)]
    lacks = f" without {' and '.join(missing)}" if settled(status) and missing else ""
    return f"200 {status}{lacks}"


def states(reads: Iterable[Reply]) -> str:
    """What each of some reads has shown."""
    return " → ".join(state(read) for read in reads)


def is_whole(reply: Reply) -> bool:
    """Whether a read shows an interaction that has ended, with all that is known of it."""
    has_all = bool(reply.body.get("steps") and reply.body.get("usage"))
    return settled(str(reply.body.get("status"))) and (has_all or reply.body.get("status") == "cancelled")


def shape(identifier: str | None) -> str:
    """What an id looks like: its length and its characters, never itself."""
    if not identifier:
        return "none"
    others = sorted(set(re.sub(r"[A-Za-z0-9_-]", "", identifier)))
    return f"{len(identifier)} characters of A-Z a-z 0-9 _ -" + (f", and {' '.join(others)}" if others else "")


def in_order(words: Iterable[str]) -> str:
    """Words, each once, in the order of their appearance."""
    return ", ".join(dict.fromkeys(words)) or "none"


def types(events: list[Json]) -> list[str]:
    """The types of events."""
    return [str(event.get("event_type")) for event in events]


def steps_in(events: list[Json]) -> list[str]:
    """The types of the steps that a stream begins."""
    return [str(as_json(event.get("step")).get("type")) for event in events if event.get("step")]


def deltas_in(events: list[Json]) -> list[str]:
    """The types of the deltas of a stream, by the alphabet."""
    return sorted(str(as_json(event.get("delta")).get("type")) for event in events if event.get("delta"))


def statuses_in(events: list[Json]) -> Iterator[str]:
    """The statuses that a stream tells."""
    for event in events:
        if status := text_of(as_json(event.get("interaction")).get("status")) or text_of(event.get("status")):
            yield status


def naming(events: list[Json]) -> str:
    """With which event the id comes."""
    found = next((number for number, event in enumerate(events) if id_in(event)), None)
    if found is None:
        return "never"
    before = in_order(types(events[:found]))
    return f"with {types(events)[found]}" + (f", after {before}" if found else ", the first event")


def event_ids(events: list[Json]) -> str:
    """Which events have an id to resume from."""
    named = [event for event in events if event.get("event_id")]
    if len(named) in (0, len(events)):
        return "on every event" if named else "none"
    return f"on {in_order(types(named))} only"


def completion(events: list[Json]) -> str:
    """What the last event has of the result."""
    last = next((event for event in events if event.get("event_type") == "interaction.completed"), None)
    if last is None:
        return "there is none"
    has = [name for name in ("usage", "steps") if as_json(last.get("interaction")).get(name)]
    return f"has {' and '.join(has)}" if has else "has neither usage nor steps"


def stream_facts(reply: Reply) -> Facts:
    """What a stream tells, and how."""
    facts = describe(reply)
    if not reply.id:
        return facts | {"id": "none"}
    return facts | {
        "events": in_order(types(reply.events)),
        "steps": in_order(steps_in(reply.events)),
        "deltas": in_order(deltas_in(reply.events)),
        "statuses": in_order(statuses_in(reply.events)),
        "id": shape(reply.id),
        "the id comes": naming(reply.events),
        SECONDS: "never" if reply.named_after is None else f"{reply.named_after:.1f}",
        "event ids": event_ids(reply.events),
        "interaction.completed": completion(reply.events),
    }


def match_events(events: list[Json], expected: list[Json]) -> str:
    """Whether these are the events that have been heard before."""
    if types(events) == types(expected):
        return "the same events"
    return f"other events: {in_order(types(events))}"


def places_of_annotations(events: list[Json]) -> Iterator[str]:
    """Where in a stream there are annotations."""
    for event in events:
        for name in ("delta", "step"):
            part = as_json(event.get(name))
            if "annotations" in str(part):
                yield f"{event.get('event_type')} {part.get('type')}"


def image_formats(steps: Iterator[Json]) -> Iterator[str]:
    """Type and size of the pictures in steps."""
    for step in steps:
        for block in items(step.get("content")):
            if block.get("type") == "image":
                yield f"{block.get('mime_type')}, {image_size(text_of(block.get('data')))}"


def image_size(data: str | None) -> str:
    """Width and height of a picture in Base64."""
    if not data:
        return "not inline"
    try:
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            return f"{image.width} x {image.height}"
    except (OSError, ValueError):
        return "not readable"


def describe_list(where: str, reply: Reply) -> Facts:
    """What a list of files looks like; the names in it are not told."""
    found = list(items(reply.body.get("files")))
    outside = [entry for entry in found if not str(entry.get("path")).startswith("workspace")]
    sizes = [type(entry["size_bytes"]).__name__ for entry in found if "size_bytes" in entry]
    return {
        f"list {where}": verdict(reply),
        f"types {where}": in_order(sorted(str(entry.get("type")) for entry in found)),
        f"sizes {where}": in_order({"str": "text", "int": "numbers"}.get(size, size) for size in sizes),
        f"entries {where} outside /workspace": "yes" if outside else "no",
    }
