"""The probes of `doctor --live`: each tries one doubt about the API, and says as plain facts what came back."""

import io
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Literal, NamedTuple

import anyio
from PIL import Image

from gemini_interactions_mcp.api import Api, Enough, Reply, id_in, never_enough
from gemini_interactions_mcp.core import Json, as_json, items, text_of

from .facts import (
    SECONDS,
    Facts,
    describe,
    describe_list,
    image_formats,
    in_order,
    is_whole,
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

SHORT: Final = "Say the word ok."
# The emulator, which writes nothing that takes long, reads how long it shall take.
COUNTING: Final = "Count from 1 to 300, in words. [[seconds=3]]"
READING: Final = "What does https://example.com say? Answer with one short sentence."

LITTLE: Final = {"thinking_level": "low", "max_output_tokens": 512}
LEAST: Final = {"thinking_level": "low", "max_output_tokens": 64}
MORE: Final = {"thinking_level": "low", "max_output_tokens": 1024}

NO_BACKGROUND_MODEL: Final = "gemini-3.5-flash-lite"
"""A cheap model of which it is said that it refuses the background."""

AGENT: Final = "antigravity-preview-09-2026"
AGENT_TOKENS: Final = 20_000
TASK_SECONDS: Final = 600.0
IMAGE_SECONDS: Final = 120.0
MANY: Final = 10
STRANGE_IDS: Final = ("abc", "v1.a=b", f"v1_{'A' * 64}")


class Names(NamedTuple):
    """Whom the probes ask."""

    model: str
    image_model: str


class Probe(NamedTuple):
    """One doubt, and how it is tried.

    Attributes:
        sends: What it sends, for people.
        extra: The option that it needs.
    """

    title: str
    sends: str
    run: Callable[[Api, Names], Awaitable[Facts]]
    extra: Literal["", "images", "agents"] = ""


# Requests that several probes send -------------------------------------------------------------------------


async def ask(api: Api, names: Names, enough: Enough = never_enough, **arguments: Any) -> Reply:  # noqa: ANN401 - the SDK's
    """Ask the model for next to nothing, in the foreground unless told otherwise."""
    usual: dict[str, Any] = {"model": names.model, "input": SHORT, "generation_config": LITTLE}
    return await api.create(enough, **usual | arguments)


async def ask_in_background(api: Api, names: Names, **arguments: Any) -> Reply:  # noqa: ANN401 - as above
    """Ask in the background; once more where it is refused, which may have been for that moment only."""
    reply = await ask(api, names, background=True, **arguments)
    if reply.id or "background" not in reply.message:
        return reply
    return await ask(api, names, background=True, **arguments)


async def ask_streaming(api: Api, names: Names, **arguments: Any) -> Reply:  # noqa: ANN401 - as above
    """Ask as the server does: in the background, with a stream."""
    return await ask_in_background(api, names, stream=True, **arguments)


async def read_until_whole(api: Api, interaction_id: str, **query: object) -> list[Reply]:
    """Read until all is there, or for the last time."""
    seen: list[Reply] = []
    for pause in api.pauses:
        await anyio.sleep(pause)
        seen.append(await api.get(interaction_id, **query))
        if is_whole(seen[-1]):
            break
    return seen


async def await_end(api: Api, interaction_id: str, seconds: float) -> Reply:
    """The first read that shows a run whole, or the last in so many seconds."""
    reply, delay = Reply(), 0.1
    with anyio.move_on_after(seconds):
        while not is_whole(reply := await api.get(interaction_id)):
            await anyio.sleep(delay)
            delay = min(delay * 2, 10.0)
    return reply


async def send_until_taken(api: Api, send: Callable[[], Awaitable[Reply]]) -> str:
    """Send until it is taken, and say what each try has come to."""
    seen: list[str] = []
    for pause in api.pauses:
        await anyio.sleep(pause)
        reply = await send()
        seen.append(verdict(reply))
        if reply.id:
            break
    return " → ".join(seen)


# The probes ------------------------------------------------------------------------------------------------


async def probe_stream(api: Api, names: Names) -> Facts:
    """How a stream tells of a run in the background."""
    return stream_facts(await ask_streaming(api, names))


async def probe_reads(api: Api, names: Names) -> Facts:
    """Whether what a stream has told can be read."""
    reply = await ask_streaming(api, names)
    return {"stream": verdict(reply)} | ({"reads": states(await read_until_whole(api, reply.id))} if reply.id else {})


async def probe_resuming(api: Api, names: Names) -> Facts:
    """Whether a stream can be heard again, from an event or from its start."""
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
    """Whether an interaction can be continued as soon as it has been told."""
    reply = await ask_streaming(api, names)
    facts = {"stream": verdict(reply)}
    if reply.id:
        follow_up = partial(ask_streaming, api, names, previous_interaction_id=reply.id)
        facts["requests that continue it"] = await send_until_taken(api, follow_up)
    return facts


async def probe_many(api: Api, names: Names) -> Facts:
    """Whether the background is refused to some of several equal requests."""
    answers: list[str] = []

    async def one() -> None:
        answers.append(verdict(await ask(api, names, background=True, generation_config=LEAST)))

    async with anyio.create_task_group() as tasks:
        for _ in range(MANY):
            tasks.start_soon(one)
    return {"answers": ", ".join(f"{count} x {answer}" for answer, count in sorted(Counter(answers).items()))}


async def probe_cancel(api: Api, names: Names) -> Facts:
    """What a cancel answers, and what becomes of the run."""
    reply = await ask_in_background(api, names, input=COUNTING, generation_config=MORE)
    if not reply.id:
        return describe(reply)
    cancel = await api.cancel(reply.id)
    facts = {"answer": state(reply), "cancel": state(cancel)}
    facts |= {"message": cancel.message} if cancel.message else {}
    return facts | {"reads": states(await read_until_whole(api, reply.id))}


async def probe_unstored(api: Api, names: Names) -> Facts:
    """What `store=false` leaves, and whether it can be had in the background."""
    reply = await ask(api, names, stream=True, store=False)
    facts = {"stream": verdict(reply), "id": shape(reply.id)}
    if reply.id:
        facts["read"] = state(await api.get(reply.id))
    background = await ask(api, names, background=True, store=False)
    return facts | {"in the background": verdict(background), "message": background.message or "none"}


async def probe_foreground(api: Api, names: Names) -> Facts:
    """A request that is answered on its own connection, without a stream."""
    reply = await ask(api, names)
    if not reply.id:
        return describe(reply)
    return {"answer": state(reply), "id": shape(reply.id), "reads": states(await read_until_whole(api, reply.id))}


async def probe_foreground_stream(api: Api, names: Names) -> Facts:
    """A stream that a request is answered with, and whether it can be heard again."""
    reply = await ask(api, names, stream=True)
    facts = stream_facts(reply)
    if reply.id:
        again = await api.get(reply.id, stream=True)
        facts["heard again"] = f"{verdict(again)}; {match_events(again.events, reply.events)}"
        facts["its message"] = again.message or "none"
    return facts


def names_interaction(event: Json) -> bool:
    """Whether an event tells the id."""
    return id_in(event) is not None


async def probe_hanging_up(api: Api, names: Names) -> Facts:
    """What is left of an interaction whose foreground stream was hung up on."""
    known = await ask(api, names, names_interaction, stream=True, input=COUNTING, generation_config=MORE)
    if not known.id:
        return describe(known)
    return {"heard before": in_order(types(known.events)), "read": state(await api.get(known.id))}


async def probe_refusal(api: Api, names: Names) -> Facts:
    """How a model refuses the background that is said to."""
    asked = names._replace(model=NO_BACKGROUND_MODEL)
    by_stream = await ask(api, asked, background=True, stream=True)
    plain = await ask(api, asked, background=True)
    return {
        "with a stream": verdict(by_stream),
        "its message": by_stream.message or "none",
        "without a stream": verdict(plain),
        "message": plain.message or "none",
    }


async def probe_arguments(api: Api, names: Names) -> Facts:
    """How a request for a stream is refused that has an unknown parameter, or a value that does not exist."""
    parameter = await ask_streaming(api, names, extra_body={"no_such_parameter": 1})
    value = await ask_streaming(api, names, generation_config={**LITTLE, "thinking_level": "endless"})
    return {
        "unknown parameter": verdict(parameter),
        "its message": parameter.message or "none",
        "unknown value": verdict(value),
        "message": value.message or "none",
    }


async def probe_model(api: Api, names: Names) -> Facts:
    """How a request for a stream is refused that names no model."""
    return describe(await ask_streaming(api, names._replace(model="gemini-no-such-model")))


async def probe_thinking(api: Api, names: Names) -> Facts:
    """Whether the model takes the lowest level of thinking."""
    return describe(await ask(api, names, generation_config={**LITTLE, "thinking_level": "minimal"}))


async def probe_tools(api: Api, names: Names) -> Facts:
    """Whether two of Google's tools go together; the prompt gives neither of them anything to do."""
    return describe(await ask(api, names, tools=[{"type": "google_maps"}, {"type": "google_search"}]))


async def probe_sources(api: Api, names: Names) -> Facts:
    """Where the sources of an answer are told."""
    reply = await ask_streaming(api, names, input=READING, tools=[{"type": "url_context"}])
    facts = {"stream": verdict(reply), "steps": in_order(steps_in(reply.events))}
    facts["annotations in the stream"] = in_order(places_of_annotations(reply.events))
    if reply.id:
        [*_, read] = await read_until_whole(api, reply.id)
        facts |= {"read": state(read), "annotations in it": "yes" if "annotations" in str(read.body) else "no"}
    return facts


async def probe_echoes(api: Api, names: Names) -> Facts:
    """What a read tells again of the request."""
    reply = await ask(api, names, labels={"probe": "live"})
    if not reply.id:
        return describe(reply)
    [*_, plain] = await read_until_whole(api, reply.id)
    [*_, asked] = await read_until_whole(api, reply.id, include_input=True)
    return {
        "read": state(plain),
        "its steps": in_order(str(step.get("type")) for step in items(plain.body.get("steps"))),
        "labels": "yes" if plain.body.get("labels") else "no",
        "read with include_input": state(asked),
        "steps in it": in_order(str(step.get("type")) for step in items(asked.body.get("steps"))),
        "input beside them": "yes" if asked.body.get("input") else "no",
    }


async def probe_ids(api: Api, _: Names) -> Facts:
    """How ids are refused that nobody has, or that have another form."""
    facts: Facts = {}
    for each, what in zip(STRANGE_IDS, ("three letters", "with . and =", "well-formed"), strict=True):
        reply = await api.get(each)
        facts |= {what: verdict(reply), f"message ({what})": reply.message.replace(each, "…") or "none"}
    return facts


async def probe_delete(api: Api, names: Names) -> Facts:
    """What is left of an interaction that was deleted."""
    reply = await ask(api, names)
    if not reply.id:
        return describe(reply)
    first = await api.delete(reply.id)
    read = await api.get(reply.id)
    second = await api.delete(reply.id)
    return {"delete": verdict(first), "read": state(read), "second delete": verdict(second)}


async def probe_file(api: Api, names: Names) -> Facts:
    """A small upload, and a request with it."""
    upload = await api.upload(small_png(), "image/png")
    uri, name = text_of(upload.body.get("uri")) or "", text_of(upload.body.get("name")) or ""
    facts = {"upload": verdict(upload), "state": str(upload.body.get("state")), "name": shape(name)}
    if not name:
        return facts
    facts["address"] = re.sub(r"^https?://[^/]+|[^/]+$", "…", uri)
    image = {"type": "image", "uri": uri, "mime_type": "image/png"}
    facts["request with it"] = verdict(await ask(api, names, input=[image, {"type": "text", "text": SHORT}]))
    facts["delete"] = verdict(await api.delete_file(name))
    return facts | {"look at it afterwards": verdict(await api.file(name))}


def small_png() -> bytes:
    """A PNG of some hundred bytes."""
    Image.new("RGB", (64, 64), "red").save(written := io.BytesIO(), "PNG")
    return written.getvalue()


async def probe_image(api: Api, names: Names) -> Facts:
    """One image of 1K: in the background if that is taken, else in a foreground stream."""
    wanted: Any = {
        "model": names.image_model,
        "input": "A red circle on white.",
        "response_format": [{"type": "text"}, {"type": "image", "image_size": "1K"}],
    }
    reply = await api.create(**wanted, background=True)
    facts = {"in the background": verdict(reply), "message": reply.message or "none"}
    if reply.id:
        read = await await_end(api, reply.id, IMAGE_SECONDS)
        return facts | {"read": state(read), "pictures": in_order(image_formats(items(read.body.get("steps"))))}
    reply = await api.create(**wanted, stream=True)
    facts |= {f"stream: {what}": said for what, said in stream_facts(reply).items() if what != SECONDS}
    drawn = [as_json(event.get(name)) for event in reply.events for name in ("delta", "step") if event.get(name)]
    return facts | {"pictures": in_order(image_formats(iter([{"content": drawn}, *drawn])))}


async def probe_environment(api: Api, names: Names) -> Facts:
    """A managed agent: the lists of its environment's files, and a request that goes on without naming it."""
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
    facts = {"answer": state(reply), "at the end": state(read), "environment": shape(environment)}
    if environment:
        facts |= describe_list("of the root", await api.environment_files(environment, ""))
        facts |= describe_list("of the workspace", await api.environment_files(environment, "workspace"))
        facts["list of a folder that is not there"] = verdict(await api.environment_files(environment, "no-such"))
    unnamed = partial(api.create, **task, input=SHORT, previous_interaction_id=reply.id)
    return facts | {"continued without its environment": await send_until_taken(api, unnamed)}


PROBES: Final = (
    Probe("A stream in the background", "one ask", probe_stream),
    Probe("Reading what a stream has told", "one ask, read at once and again", probe_reads),
    Probe("Resuming a stream", "one ask; its stream again, from the start and from its first event", probe_resuming),
    Probe("Continuing at once", "one ask, and one that continues it, until that is taken", probe_continuing),
    Probe("Many at once", f"{MANY} equal asks in the background", probe_many),
    Probe("Cancelling", "one long ask in the background, cancelled at once", probe_cancel),
    Probe("store=false", "one ask that is not stored, and one that also wants the background", probe_unstored),
    Probe("The foreground, without a stream", "one ask", probe_foreground),
    Probe("The foreground, with a stream", "one ask; its stream again", probe_foreground_stream),
    Probe("Hanging up in the foreground", "one long ask, left when its id is known; read", probe_hanging_up),
    Probe("A model that refuses the background", f"two asks of {NO_BACKGROUND_MODEL}", probe_refusal),
    Probe("Bad arguments", "two asks that cannot be taken", probe_arguments),
    Probe("An unknown model", "one ask that cannot be taken", probe_model),
    Probe("Minimal thinking", "one ask", probe_thinking),
    Probe("Maps together with search", "one ask that needs neither", probe_tools),
    Probe("Sources", "one ask about https://example.com", probe_sources),
    Probe("What a read tells of the request", "one ask with a label; read twice", probe_echoes),
    Probe("Ids of nobody", "three reads", probe_ids),
    Probe("Deleting", "one ask; deleted, read, deleted again", probe_delete),
    Probe("A file", "an upload of some hundred bytes, and one ask about it", probe_file),
    Probe("An image", "one picture of 1K", probe_image, "images"),
    Probe("An agent's environment", f"two short tasks for {AGENT}", probe_environment, "agents"),
)
