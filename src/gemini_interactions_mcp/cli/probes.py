"""The probes of `doctor --live`: each tests one doubt about the API, and describes the replies as plain facts."""

import io
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Literal, NamedTuple

import anyio
from PIL import Image

from gemini_interactions_mcp.api import ObservedApi, find_event_interaction_id
from gemini_interactions_mcp.core import Json, coerce_object, get_text, iter_objects

from .facts import (
    UNCOMPARED_FACT,
    Facts,
    compare_events,
    describe_file_list,
    describe_id,
    describe_images,
    describe_reply,
    describe_state,
    describe_states,
    describe_stream,
    describe_verdict,
    find_annotations,
    join_distinct,
    list_event_types,
    list_step_types,
)
from .probe_requests import (
    COUNTING_PROMPT,
    LARGER_GENERATION,
    READING_PROMPT,
    SHORT_PROMPT,
    SMALL_GENERATION,
    SMALLEST_GENERATION,
    ProbedModels,
    poll_until_whole,
    read_until_whole,
    send_in_background,
    send_probe,
    send_streaming,
    send_until_accepted,
)

NO_BACKGROUND_MODEL: Final = "gemini-3.5-flash-lite"
"""A cheap model that is said to refuse the background."""

PROBED_AGENT: Final = "antigravity-preview-09-2026"
AGENT_TASK_TOKENS: Final = 20_000
"""Token limit of an agent's task."""
AGENT_TASK_SECONDS: Final = 600.0
"""Seconds to wait for an agent's task."""
IMAGE_PROBE_SECONDS: Final = 120.0
"""Seconds to wait for an image."""
CONCURRENT_REQUESTS: Final = 10
"""Number of concurrent requests."""
UNKNOWN_PROBE_IDS: Final = ("abc", "v1.a=b", f"v1_{'A' * 64}")


class Probe(NamedTuple):
    """A test of one doubt.

    Attributes:
        sends: Description of its requests, for the report.
        extra: Option that it requires.
    """

    title: str
    sends: str
    run: Callable[[ObservedApi, ProbedModels], Awaitable[Facts]]
    extra: Literal["", "images", "agents"] = ""


async def probe_stream(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe the stream of a background run."""
    return describe_stream(await send_streaming(api, names))


async def probe_reads(api: ObservedApi, names: ProbedModels) -> Facts:
    """Test whether an interaction can be read after its stream."""
    reply = await send_streaming(api, names)
    return {"stream": describe_verdict(reply)} | (
        {"reads": describe_states(await read_until_whole(api, reply.id))} if reply.id else {}
    )


async def probe_resuming(api: ObservedApi, names: ProbedModels) -> Facts:
    """Test whether a stream can be repeated, from its start or from an event."""
    reply = await send_streaming(api, names)
    facts = {"stream": describe_verdict(reply)}
    if not reply.id:
        return facts
    again = await api.get(reply.id, stream=True)
    facts["from the start"] = f"{describe_verdict(again)}; {compare_events(again.events, reply.events)}"
    place = next((index for index, event in enumerate(reply.events) if event.get("event_id")), None)
    if place is not None:
        rest = await api.get(reply.id, stream=True, last_event_id=reply.events[place]["event_id"])
        facts["after the first event"] = (
            f"{describe_verdict(rest)}; {compare_events(rest.events, reply.events[place + 1 :])}"
        )
    return facts


async def probe_continuing(api: ObservedApi, names: ProbedModels) -> Facts:
    """Test whether an interaction can be continued immediately after its stream."""
    reply = await send_streaming(api, names)
    facts = {"stream": describe_verdict(reply)}
    if reply.id:
        follow_up = partial(send_streaming, api, names, previous_interaction_id=reply.id)
        facts["continuing requests"] = await send_until_accepted(api, follow_up)
    return facts


async def probe_many(api: ObservedApi, names: ProbedModels) -> Facts:
    """Test whether some of several equal background requests are refused."""
    answers: list[str] = []

    async def one() -> None:
        answers.append(
            describe_verdict(await send_probe(api, names, background=True, generation_config=SMALLEST_GENERATION))
        )

    async with anyio.create_task_group() as tasks:
        for _ in range(CONCURRENT_REQUESTS):
            tasks.start_soon(one)
    return {"responses": ", ".join(f"{count} x {answer}" for answer, count in sorted(Counter(answers).items()))}


async def probe_cancel(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe the response to a cancel, and the run after it."""
    reply = await send_in_background(api, names, input=COUNTING_PROMPT, generation_config=LARGER_GENERATION)
    if not reply.id:
        return describe_reply(reply)
    cancel = await api.cancel(reply.id)
    facts = {"response": describe_state(reply), "cancel": describe_state(cancel)}
    facts |= {"message": cancel.message} if cancel.message else {}
    return facts | {"reads": describe_states(await read_until_whole(api, reply.id))}


async def probe_unstored(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe an interaction with `store=false`, and test whether it can run in the background."""
    reply = await send_probe(api, names, stream=True, store=False)
    facts = {"stream": describe_verdict(reply), "id": describe_id(reply.id)}
    if reply.id:
        facts["read"] = describe_state(await api.get(reply.id))
    background = await send_probe(api, names, background=True, store=False)
    return facts | {"background request": describe_verdict(background), "message": background.message or "none"}


async def probe_foreground(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe a foreground request without a stream."""
    reply = await send_probe(api, names)
    if not reply.id:
        return describe_reply(reply)
    return {
        "response": describe_state(reply),
        "id": describe_id(reply.id),
        "reads": describe_states(await read_until_whole(api, reply.id)),
    }


async def probe_foreground_stream(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe a foreground stream, and test whether it can be repeated."""
    reply = await send_probe(api, names, stream=True)
    facts = describe_stream(reply)
    if reply.id:
        again = await api.get(reply.id, stream=True)
        facts["repeated stream"] = f"{describe_verdict(again)}; {compare_events(again.events, reply.events)}"
        facts["message"] = again.message or "none"
    return facts


def has_interaction_id(event: Json) -> bool:
    """Whether an event contains the id."""
    return find_event_interaction_id(event) is not None


async def probe_hanging_up(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe an interaction whose foreground stream was dropped."""
    known = await send_probe(
        api, names, has_interaction_id, stream=True, input=COUNTING_PROMPT, generation_config=LARGER_GENERATION
    )
    if not known.id:
        return describe_reply(known)
    return {
        "events before the drop": join_distinct(list_event_types(known.events)),
        "read": describe_state(await api.get(known.id)),
    }


async def probe_refusal(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe how a model refuses the background."""
    asked = names._replace(model=NO_BACKGROUND_MODEL)
    by_stream = await send_probe(api, asked, background=True, stream=True)
    plain = await send_probe(api, asked, background=True)
    return {
        "with a stream": describe_verdict(by_stream),
        "message (with a stream)": by_stream.message or "none",
        "without a stream": describe_verdict(plain),
        "message (without a stream)": plain.message or "none",
    }


async def probe_arguments(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe how a streaming request with an unknown parameter, or with an unknown value, is refused."""
    parameter = await send_streaming(api, names, extra_body={"no_such_parameter": 1})
    value = await send_streaming(api, names, generation_config={**SMALL_GENERATION, "thinking_level": "endless"})
    return {
        "unknown parameter": describe_verdict(parameter),
        "message (unknown parameter)": parameter.message or "none",
        "unknown value": describe_verdict(value),
        "message (unknown value)": value.message or "none",
    }


async def probe_model(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe how a streaming request for an unknown model is refused."""
    return describe_reply(await send_streaming(api, names._replace(model="gemini-no-such-model")))


async def probe_thinking(api: ObservedApi, names: ProbedModels) -> Facts:
    """Test whether the model accepts the lowest thinking level."""
    return describe_reply(
        await send_probe(api, names, generation_config={**SMALL_GENERATION, "thinking_level": "minimal"})
    )


async def probe_tools(api: ObservedApi, names: ProbedModels) -> Facts:
    """Test whether two of Google's tools can be combined; the prompt needs neither of them."""
    return describe_reply(await send_probe(api, names, tools=[{"type": "google_maps"}, {"type": "google_search"}]))


async def probe_sources(api: ObservedApi, names: ProbedModels) -> Facts:
    """Find the annotations of an answer, in the stream and in a read."""
    reply = await send_streaming(api, names, input=READING_PROMPT, tools=[{"type": "url_context"}])
    facts = {"stream": describe_verdict(reply), "steps": join_distinct(list_step_types(reply.events))}
    facts["annotations in the stream"] = join_distinct(find_annotations(reply.events))
    if reply.id:
        [*_, read] = await read_until_whole(api, reply.id)
        facts |= {
            "read": describe_state(read),
            "annotations in the read": "yes" if "annotations" in str(read.body) else "no",
        }
    return facts


async def probe_echoes(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe the parts of the request that a read returns."""
    reply = await send_probe(api, names, labels={"probe": "live"})
    if not reply.id:
        return describe_reply(reply)
    [*_, plain] = await read_until_whole(api, reply.id)
    [*_, asked] = await read_until_whole(api, reply.id, include_input=True)
    return {
        "read": describe_state(plain),
        "steps": join_distinct(str(step.get("type")) for step in iter_objects(plain.body.get("steps"))),
        "labels": "yes" if plain.body.get("labels") else "no",
        "read with include_input": describe_state(asked),
        "steps with include_input": join_distinct(
            str(step.get("type")) for step in iter_objects(asked.body.get("steps"))
        ),
        "input with include_input": "yes" if asked.body.get("input") else "no",
    }


async def probe_ids(api: ObservedApi, _: ProbedModels) -> Facts:
    """Describe how unknown and malformed ids are refused."""
    facts: Facts = {}
    for each, what in zip(UNKNOWN_PROBE_IDS, ("three letters", "with . and =", "well-formed"), strict=True):
        reply = await api.get(each)
        facts |= {what: describe_verdict(reply), f"message ({what})": reply.message.replace(each, "…") or "none"}
    return facts


async def probe_delete(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe a deleted interaction."""
    reply = await send_probe(api, names)
    if not reply.id:
        return describe_reply(reply)
    first = await api.delete(reply.id)
    read = await api.get(reply.id)
    second = await api.delete(reply.id)
    return {"delete": describe_verdict(first), "read": describe_state(read), "second delete": describe_verdict(second)}


async def probe_file(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe a small upload, and a request that uses it."""
    upload = await api.upload(draw_small_png(), "image/png")
    uri, name = get_text(upload.body.get("uri")) or "", get_text(upload.body.get("name")) or ""
    facts = {"upload": describe_verdict(upload), "state": str(upload.body.get("state")), "name": describe_id(name)}
    if not name:
        return facts
    facts["URI"] = re.sub(r"^https?://[^/]+|[^/]+$", "…", uri)
    image = {"type": "image", "uri": uri, "mime_type": "image/png"}
    facts["request with the file"] = describe_verdict(
        await send_probe(api, names, input=[image, {"type": "text", "text": SHORT_PROMPT}])
    )
    facts["delete"] = describe_verdict(await api.delete_file(name))
    return facts | {"read after the delete": describe_verdict(await api.file(name))}


def draw_small_png() -> bytes:
    """Return a PNG of some hundred bytes."""
    Image.new("RGB", (64, 64), "red").save(written := io.BytesIO(), "PNG")
    return written.getvalue()


async def probe_image(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe one image of 1K, in the background if that is accepted, else in a foreground stream."""
    wanted: Any = {
        "model": names.image_model,
        "input": "A red circle on white.",
        "response_format": [{"type": "text"}, {"type": "image", "image_size": "1K"}],
    }
    reply = await api.create(**wanted, background=True)
    facts = {"background request": describe_verdict(reply), "message": reply.message or "none"}
    if reply.id:
        read = await poll_until_whole(api, reply.id, IMAGE_PROBE_SECONDS)
        return facts | {
            "read": describe_state(read),
            "images": join_distinct(describe_images(iter_objects(read.body.get("steps")))),
        }
    reply = await api.create(**wanted, stream=True)
    facts |= {f"stream: {what}": fact for what, fact in describe_stream(reply).items() if what != UNCOMPARED_FACT}
    drawn = [coerce_object(event.get(name)) for event in reply.events for name in ("delta", "step") if event.get(name)]
    return facts | {"images": join_distinct(describe_images(iter([{"content": drawn}, *drawn])))}


async def probe_environment(api: ObservedApi, names: ProbedModels) -> Facts:
    """Describe a managed agent: the files of its environment, and a request that continues without naming it."""
    del names
    task: Any = {
        "agent": PROBED_AGENT,
        "agent_config": {"type": "antigravity", "max_total_tokens": AGENT_TASK_TOKENS},
        "background": True,
    }
    reply = await api.create(**task, input="Write the word ok into /workspace/ok.txt.", environment="remote")
    if not reply.id:
        return describe_reply(reply)
    read = await poll_until_whole(api, reply.id, AGENT_TASK_SECONDS)
    environment = get_text(read.body.get("environment_id")) or get_text(reply.body.get("environment_id"))
    facts = {
        "response": describe_state(reply),
        "at the end": describe_state(read),
        "environment": describe_id(environment),
    }
    if environment:
        facts |= describe_file_list("of the root", await api.environment_files(environment, ""))
        facts |= describe_file_list("of the workspace", await api.environment_files(environment, "workspace"))
        facts["list of a missing folder"] = describe_verdict(await api.environment_files(environment, "no-such"))
    unnamed = partial(api.create, **task, input=SHORT_PROMPT, previous_interaction_id=reply.id)
    return facts | {"continued without the environment": await send_until_accepted(api, unnamed)}


PROBES: Final = (
    Probe("Background stream", "one request", probe_stream),
    Probe("Reading after a stream", "one request; reads it immediately and repeatedly", probe_reads),
    Probe(
        "Resuming a stream", "one request; repeats its stream from the start and from its first event", probe_resuming
    ),
    Probe("Continuing immediately", "one request, and one that continues it, until it is accepted", probe_continuing),
    Probe("Concurrent background requests", f"{CONCURRENT_REQUESTS} equal requests", probe_many),
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
    Probe("Agent environment", f"two short tasks for {PROBED_AGENT}", probe_environment, "agents"),
)
