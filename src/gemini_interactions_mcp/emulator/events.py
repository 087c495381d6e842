"""Events of an interaction: splitting steps into events, and sending events as SSE, intact or broken by a fault.

Shapes: google-genai 3.6.1, `InteractionSSEEvent` and `StepDeltaData`.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypeAlias, cast

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from .faults import Fault
from .protocol import JsonDict, ensure_list, ensure_object, ensure_objects, make_error_body, make_grpc_body

# Characters of a delta in a short text; a longer text has longer deltas, so that it has about `TYPICAL_DELTAS` of them.
DELTA_CHARACTERS = 120
TYPICAL_DELTAS = 40
# Characters of any delta at most.
MAX_DELTA_CHARACTERS = 2**15
DONE_FRAME = b"event: done\ndata: [DONE]\n\n"
DEADLINE_MESSAGE = "Deadline expired before operation could complete."
UNKNOWN_KIND_EVENTS: tuple[JsonDict, ...] = (
    {"event_type": "interaction.emulated", "detail": "an event of a kind that no client knows"},
    {"event_type": "step.start", "index": 90, "step": {"type": "emulated_step", "detail": "unknown"}},
    {"event_type": "step.delta", "index": 90, "delta": {"type": "emulated_delta", "detail": "unknown"}},
    {"event_type": "step.stop", "index": 90},
)
# Returns the event at a position of a log, once it is published; None after the last one.
ReadLogEvent: TypeAlias = Callable[[int], Awaitable[JsonDict | None]]


def split_step(index: int, step: JsonDict) -> Iterator[JsonDict]:
    """Yield the events of one step: start, deltas, stop. The start already contains the first words."""
    first, rest = _split_start(step)
    yield {"event_type": "step.start", "index": index, "step": first}
    for delta in rest:
        yield {"event_type": "step.delta", "index": index, "delta": delta}
    yield {"event_type": "step.stop", "index": index}


def _split_start(step: JsonDict) -> tuple[JsonDict, Iterator[JsonDict]]:
    match step["type"]:
        case "model_output":
            return _split_output(step)
        case "thought":
            return {"type": "thought"}, _split_thought(step)
        case "function_call":
            arguments = json.dumps(step["arguments"], ensure_ascii=False)
            return {**step, "arguments": {}}, iter([{"type": "arguments_delta", "arguments": arguments}])
        case _:
            named = {key: step[key] for key in ("type", "id", "call_id") if key in step}
            delta = {key: value for key, value in step.items() if key not in ("id", "call_id")}
            return named, iter([delta])


def _split_output(step: JsonDict) -> tuple[JsonDict, Iterator[JsonDict]]:
    deltas = list(_split_content(ensure_objects(step["content"])))
    opened: JsonDict = {**step, "content": []}
    if deltas and deltas[0]["type"] == "text":
        opened["content"] = [deltas.pop(0)]
    return opened, iter(deltas)


def _split_content(contents: list[JsonDict]) -> Iterator[JsonDict]:
    for part in contents:
        if part["type"] != "text":
            yield part
            continue
        size = min(MAX_DELTA_CHARACTERS, max(DELTA_CHARACTERS, len(part["text"]) // TYPICAL_DELTAS))
        for start in range(0, len(part["text"]), size):
            yield {"type": "text", "text": part["text"][start : start + size]}
        if part.get("annotations"):
            yield {"type": "text_annotation_delta", "annotations": part["annotations"]}


def _split_thought(step: JsonDict) -> Iterator[JsonDict]:
    """Yield each summary with an empty signature after it, as Deep Research does, then the signature."""
    for summary in ensure_list(step.get("summary")):
        yield {"type": "thought_summary", "content": summary}
        yield {"type": "thought_signature", "signature": ""}
    yield {"type": "thought_signature", "signature": step["signature"]}


def encode_sse(event: JsonDict) -> bytes:
    """Return one event as SSE."""
    return f"event: {event['event_type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def encode_insertion(fault: Fault, following: JsonDict) -> bytes:
    """Return the bytes that a fault inserts into a stream before the following event."""
    match fault.kind:
        case "deadline":
            return json.dumps([make_grpc_body(504, DEADLINE_MESSAGE)]).encode()
        case "truncate":
            written = encode_sse(following).rstrip()
            return written[: len(written) - len(written) // 4]
        case "error":
            return encode_sse({"event_type": "error", **_make_stream_error(fault)})
        case "unknown":
            return b"".join(encode_sse(event) for event in ensure_objects(fault.body) or UNKNOWN_KIND_EVENTS)
        case "stall":
            return b"".join(encode_sse(event) for event in ensure_objects(fault.body))
        case _:
            return b""


def _make_stream_error(fault: Fault) -> JsonDict:
    if fault.body is None:
        return make_error_body("gateway_timeout", DEADLINE_MESSAGE)
    body = ensure_object(fault.body)
    return body if "error" in body or not body else {"error": body}


class DroppedResponse(Response):
    """Sends no response: closes the client's socket instead.

    An exception would not do, because the server answers it with a 500. `serve_emulator` has put a function that
    aborts the transport into the scope; nothing may be sent until the server has noticed.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the socket, and wait until the server has noticed."""
        abort_transport(scope)
        while (await receive())["type"] != "http.disconnect":
            pass


class HalfResponse(Response):
    """Sends half of a body before it closes the socket, though the headers announce the whole."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of the body, then close the socket."""
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
        abort_transport(scope)
        while (await receive())["type"] != "http.disconnect":
            pass


def abort_transport(scope: Scope) -> None:
    """Close the socket of a request."""
    cast(Callable[[], None], scope["state"]["abort"])()


def make_error_stream(error: JsonDict) -> Response:
    """Return an error as the only event of a stream: https://ai.google.dev/gemini-api/docs/api-errors."""
    event = encode_sse({"event_type": "error", **error})
    return Response(event + DONE_FRAME, media_type="text/event-stream")


def stream_log(request: Request, log: ReadLogEvent, position: int, fault: Fault | None) -> StreamingResponse:
    """Return a response that streams the events of a log from `position` on, as they are published."""
    frames = _iterate_frames(request.scope, log, position, fault)
    return StreamingResponse(frames, media_type="text/event-stream")


async def _iterate_frames(scope: Scope, log: ReadLogEvent, position: int, fault: Fault | None) -> AsyncIterator[bytes]:
    sent = 0
    while (event := await log(position + sent)) is not None:
        if fault is not None and sent == fault.after:
            yield encode_insertion(fault, event)
            if await _break_stream(scope, fault):
                return
        yield encode_sse(event)
        sent += 1
    yield DONE_FRAME


async def _break_stream(scope: Scope, fault: Fault) -> bool:
    """Break the connection as a fault demands; return whether the stream ends there."""
    fault.reached.set()
    if fault.kind == "stall":
        await fault.release.wait()
    if fault.kind == "cut":
        abort_transport(scope)
        # The server cancels the response once it has noticed; until then it ignores what is sent.
        await anyio.sleep_forever()
    return fault.kind not in ("stall", "unknown")
