"""The probes of `doctor --live`: each tests one doubt about the API, and describes the replies as plain facts."""

import io
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Literal, NamedTuple

import anyio
from PIL import Image

from gemini_interactions_mcp.api import Api, id_in
from gemini_interactions_mcp.core import Json, as_json, items, text_of

from .facts import (
    SECONDS,
    Facts,
    describe,
    describe_list,
    image_formats,
    in_order,
    match_events,
    places_of_annotations,
    shape,
    state,
    states,
    steps_in,
    stream_facts,
    types,
    verdict,
)
from .probe_requests import (
    COUNTING,
    LEAST,
    LITTLE,
    MORE,
    READING,
    SHORT,
    Names,
    ask,
    ask_in_background,
    ask_streaming,
    await_end,
    read_until_whole,
    send_until_taken,
)

NO_BACKGROUND_MODEL: Final = "gemini-3.5-flash-lite"
"""A cheap model that is said to refuse the background."""

AGENT: Final = "antigravity-preview-09-2026"
AGENT_TOKENS: Final = 20_000
"""Token limit of an agent's task."""
TASK_SECONDS: Final = 600.0
"""Seconds to wait for an agent's task."""
IMAGE_SECONDS: Final = 120.0
"""Seconds to wait for an image."""
MANY: Final = 10
"""Number of concurrent requests."""
STRANGE_IDS: Final = ("abc", "v1.a=b", f"v1_{'A' * 64}")


class Probe(NamedTuple):
    """A test of one doubt.

    Attributes:
        sends: Description of its requests, for the report.
        extra: Option that it requires.
    """

    title: str
    sends: str
    run: Callable[[Api, Names], Awaitable[Facts]]
    extra: Literal["", "images", "agents"] = ""


async def probe_stream(api: Api, names: Names) -> Facts:
    """Describe the stream of a background run."""
    return stream_facts(await ask_streaming(api, names))


async def probe_reads(api: Api, names: Names) -> Facts:
    """Test whether an interaction can be read after its stream."""
    reply = await ask_streaming(api, names)
    return {"stream": verdict(reply)} | ({"reads": states(await read_until_whole(api, reply.id))} if reply.id else {})


async def probe_resuming(api: Api, names: Names) -> Facts:
    """Test whether a stream can be repeated, from its start or from an event."""
    reply = await ask_streaming(api, names)
    facts = {"stream": verdict(reply)}
    if not reply.id:
        return facts
    again = await api.get(reply.id, stream=True)
    facts["from the start"] = f"{verdict(again)}; {match_events(again.events, reply.events)}"
    place = next((index for index, event in enumerate(reply.events) if event.get("event_id")), None)
    if place is not None:
        rest = await api.get(reply.id, stream=True, last_event_id=reply.events[place]["event_id"])
        facts["after the first event"] = f"{verdict(rest)}; {match_events(rest.events, reply.events[place + 1 :])}"
    return facts


async def probe_continuing(api: Api, names: Names) -> Facts:
    """Test whether an interaction can be continued immediately after its stream."""
    reply = await ask_streaming(api, names)
    facts = {"stream": verdict(reply)}
    if reply.id:
        follow_up = partial(ask_streaming, api, names, previous_interaction_id=reply.id)
        facts["continuing requests"] = await send_until_taken(api, follow_up)
    return facts


async def probe_many(api: Api, names: Names) -> Facts:
    """Test whether some of several equal background requests are refused."""
    answers: list[str] = []

    async def one() -> None:
        answers.append(verdict(await ask(api, names, background=True, generation_config=LEAST)))

    async with anyio.create_task_group() as tasks:
        for _ in range(MANY):
            tasks.start_soon(one)
    return {"responses": ", ".join(f"{count} x {answer}" for answer, count in sorted(Counter(answers).items()))}


async def probe_cancel(api: Api, names: Names) -> Facts:
    """Describe the response to a cancel, and the run after it."""
    reply = await ask_in_background(api, names, input=COUNTING, generation_config=MORE)
    if not reply.id:
        return describe(reply)
    cancel = await api.cancel(reply.id)
    facts = {"response": state(reply), "cancel": state(cancel)}
    facts |= {"message": cancel.message} if cancel.message else {}
    return facts | {"reads": states(await read_until_whole(api, reply.id))}


async def probe_unstored(api: Api, names: Names) -> Facts:
    """Describe an interaction with `store=false`, and test whether it can run in the background."""
    reply = await ask(api, names, stream=True, store=False)
    facts = {"stream": verdict(reply), "id": shape(reply.id)}
    if reply.id:
        facts["read"] = state(await api.get(reply.id))
    background = await ask(api, names, background=True, store=False)
    return facts | {"background request": verdict(background), "message": background.message or "none"}


async def probe_foreground(api: Api, names: Names) -> Facts:
    """Describe a foreground request without a stream."""
    reply = await ask(api, names)
    if not reply.id:
        return describe(reply)
    return {"response": state(reply), "id": shape(reply.id), "reads": states(await read_until_whole(api, reply.id))}


async def probe_foreground_stream(api: Api, names: Names) -> Facts:
    """Describe a foreground stream, and test whether it can be repeated."""
    reply = await ask(api, names, stream=True)
    facts = stream_facts(reply)
    if reply.id:
        again = await api.get(reply.id, stream=True)
        facts["repeated stream"] = f"{verdict(again)}; {match_events(again.events, reply.events)}"
        facts["message"] = again.message or "none"
    return facts


def names_interaction(event: Json) -> bool:
    """Whether an event contains the id."""
    return id_in(event) is not None


async def probe_hanging_up(api: Api, names: Names) -> Facts:
    """Describe an interaction whose foreground stream was dropped."""
    known = await ask(api, names, names_interaction, stream=True, input=COUNTING, generation_config=MORE)
    if not known.id:
        return describe(known)
    return {"events before the drop": in_order(types(known.events)), "read": state(await api.get(known.id))}


async def probe_refusal(api: Api, names: Names) -> Facts:
    """Describe how a model refuses the background."""
    asked = names._replace(model=NO_BACKGROUND_MODEL)
    by_stream = await ask(api, asked, background=True, stream=True)
    plain = await ask(api, asked, background=True)
    return {
        "with a stream": verdict(by_stream),
        "message (with a stream)": by_stream.message or "none",
        "without a stream": verdict(plain),
        "message (without a stream)": plain.message or "none",
    }


async def probe_arguments(api: Api, names: Names) -> Facts:
    """Describe how a streaming request with an unknown parameter, or with an unknown value, is refused."""
    parameter = await ask_streaming(api, names, extra_body={"no_such_parameter": 1})
    value = await ask_streaming(api, names, generation_config={**LITTLE, "thinking_level": "endless"})
    return {
        "unknown parameter": verdict(parameter),
        "message (unknown parameter)": parameter.message or "none",
        "unknown value": verdict(value),
        "message (unknown value)": value.message or "none",
    }


async def probe_model(api: Api, names: Names) -> Facts:
    """Describe how a streaming request for an unknown model is refused."""
    return describe(await ask_streaming(api, names._replace(model="gemini-no-such-model")))


async def probe_thinking(api: Api, names: Names) -> Facts:
    """Test whether the model accepts the lowest thinking level."""
    return describe(await ask(api, names, generation_config={**LITTLE, "thinking_level": "minimal"}))


async def probe_tools(api: Api, names: Names) -> Facts:
    """Test whether two of Google's tools can be combined; the prompt needs neither of them."""
    return describe(await ask(api, names, tools=[{"type": "google_maps"}, {"type": "google_search"}]))


async def probe_sources(api: Api, names: Names) -> Facts:
    """Find the annotations of an answer, in the stream and in a read."""
    reply = await ask_streaming(api, names, input=READING, tools=[{"type": "url_context"}])
    facts = {"stream": verdict(reply), "steps": in_order(steps_in(reply.events))}
    facts["annotations in the stream"] = in_order(places_of_annotations(reply.events))
    if reply.id:
        [*_, read] = await read_until_whole(api, reply.id)
        facts |= {"read": state(read), "annotations in the read": "yes" if "annotations" in str(read.body) else "no"}
    return facts


async def probe_echoes(api: Api, names: Names) -> Facts:
    """Describe the parts of the request that a read returns."""
    reply = await ask(api, names, labels={"probe": "live"})
    if not reply.id:
        return describe(reply)
    [*_, plain] = await read_until_whole(api, reply.id)
    [*_, asked] = await read_until_whole(api, reply.id, include_input=True)
    return {
        "read": state(plain),
        "steps": in_order(str(step.get("type")) for step in items(plain.body.get("steps"))),
        "labels": "yes" if plain.body.get("labels") else "no",
        "read with include_input": state(asked),
        "steps with include_input": in_order(str(step.get("type")) for step in items(asked.body.get("steps"))),
        "input with include_input": "yes" if asked.body.get("input") else "no",
    }


async def probe_ids(api: Api, _: Names) -> Facts:
    """Describe how unknown and malformed ids are refused."""
    facts: Facts = {}
    for each, what in zip(STRANGE_IDS, ("three letters", "with . and =", "well-formed"), strict=True):
        reply = await api.get(each)
        facts |= {what: verdict(reply), f"message ({what})": reply.message.replace(each, "…") or "none"}
    return facts


async def probe_delete(api: Api, names: Names) -> Facts:
    """Describe a deleted interaction."""
    reply = await ask(api, names)
    if not reply.id:
        return describe(reply)
    first = await api.delete(reply.id)
    read = await api.get(reply.id)
    second = await api.delete(reply.id)
    return {"delete": verdict(first), "read": state(read), "second delete": verdict(second)}


async def probe_file(api: Api, names: Names) -> Facts:
    """Describe a small upload, and a request that uses it."""
    upload = await api.upload(small_png(), "image/png")
    uri, name = text_of(upload.body.get("uri")) or "", text_of(upload.body.get("name")) or ""
    facts = {"upload": verdict(upload), "state": str(upload.body.get("state")), "name": shape(name)}
    if not name:
        return facts
    facts["URI"] = re.sub(r"^https?://[^/]+|[^/]+$", "…", uri)
    image = {"type": "image", "uri": uri, "mime_type": "image/png"}
    facts["request with the file"] = verdict(await ask(api, names, input=[image, {"type": "text", "text": SHORT}]))
    facts["delete"] = verdict(await api.delete_file(name))
    return facts | {"read after the delete": verdict(await api.file(name))}


def small_png() -> bytes:
    """Return a PNG of some hundred bytes."""
    Image.new("RGB", (64, 64), "red").save(written := io.BytesIO(), "PNG")
    return written.getvalue()


async def probe_image(api: Api, names: Names) -> Facts:
    """Describe one image of 1K, in the background if that is accepted, else in a foreground stream."""
    wanted: Any = {
        "model": names.image_model,
        "input": "A red circle on white.",
        "response_format": [{"type": "text"}, {"type": "image", "image_size": "1K"}],
    }
    reply = await api.create(**wanted, background=True)
    facts = {"background request": verdict(reply), "message": reply.message or "none"}
    if reply.id:
        read = await await_end(api, reply.id, IMAGE_SECONDS)
        return facts | {"read": state(read), "images": in_order(image_formats(items(read.body.get("steps"))))}
    reply = await api.create(**wanted, stream=True)
    facts |= {f"stream: {what}": fact for what, fact in stream_facts(reply).items() if what != SECONDS}
    drawn = [as_json(event.get(name)) for event in reply.events for name in ("delta", "step") if event.get(name)]
    return facts | {"images": in_order(image_formats(iter([{"content": drawn}, *drawn])))}


async def probe_environment(api: Api, names: Names) -> Facts:
    """Describe a managed agent: the files of its environment, and a request that continues without naming it."""
    del names
    task: Any = {
        "agent": AGENT,
        "agent_config": {"type": "antigravity", "max_total_tokens": AGENT_TOKENS},
        "background": True,
    }
    reply = await api.create(**task, input="Write the word ok into /workspace/ok.txt.", environment="remote")
    if not reply.id:
        return describe(reply)
    read = await await_end(api, reply.id, TASK_SECONDS)
    environment = text_of(read.body.get("environment_id")) or text_of(reply.body.get("environment_id"))
    facts = {"response": state(reply), "at the end": state(read), "environment": shape(environment)}
    if environment:
        facts |= describe_list("of the root", await api.environment_files(environment, ""))
        facts |= describe_list("of the workspace", await api.environment_files(environment, "workspace"))
        facts["list of a missing folder"] = verdict(await api.environment_files(environment, "no-such"))
    unnamed = partial(api.create, **task, input=SHORT, previous_interaction_id=reply.id)
    return facts | {"continued without the environment": await send_until_taken(api, unnamed)}


PROBES: Final = (
    Probe("Background stream", "one request", probe_stream),
    Probe("Reading after a stream", "one request; reads it immediately and repeatedly", probe_reads),
    Probe(
        "Resuming a stream", "one request; repeats its stream from the start and from its first event", probe_resuming
    ),
    Probe("Continuing immediately", "one request, and one that continues it, until it is accepted", probe_continuing),
    Probe("Concurrent background requests", f"{MANY} equal requests", probe_many),
    Probe("Cancelling", "one long background request, cancelled immediately", probe_cancel),
    Probe("store=false", "one unstored request, and one in the background", probe_unstored),
    Probe("Foreground without a stream", "one request", probe_foreground),
    Probe("Foreground stream", "one request; repeats its stream", probe_foreground_stream),
    Probe("Dropping a foreground stream", "one long request, dropped once its id is known; reads it", probe_hanging_up),
    Probe("Model without the background", f"two requests to {NO_BACKGROUND_MODEL}", probe_refusal),
    Probe("Invalid parameters", "two requests that cannot be accepted", probe_arguments),
    Probe("Unknown model", "one request that cannot be accepted", probe_model),
    Probe("Minimal thinking", "one request", probe_thinking),
    Probe("Google Maps with Google Search", "one request that needs neither", probe_tools),
    Probe("Annotations", "one request about https://example.com", probe_sources),
    Probe("Parts of the request in a read", "one request with a label; reads it twice", probe_echoes),
    Probe("Unknown ids", "three reads", probe_ids),
    Probe("Deleting", "one request; deletes it, reads it, deletes it again", probe_delete),
    Probe("File", "an upload of some hundred bytes, and one request with it", probe_file),
    Probe("Image", "one request for an image of 1K", probe_image, "images"),
    Probe("Agent environment", f"two short tasks for {AGENT}", probe_environment, "agents"),
)
