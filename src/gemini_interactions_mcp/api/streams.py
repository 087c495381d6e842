"""Event streams: opens them, decides when a new interaction has begun, and reads them to their end."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import anyio
import httpx2

from gemini_interactions_mcp.core import GeminiMCPError, Redactor, lenient, offload_if_large
from gemini_interactions_mcp.models import Event, Interaction

from .calls import Call
from .error_mapping import map_error_response
from .error_responses import parse_error_event
from .events import parse_event
from .exchange import JSON_ERRORS, Exchange, make_unnamed_error, map_exceptions
from .responses import find_interaction_id, parse_interaction

COMPLETED_EVENT: Final = "interaction.completed"
"""Type of the event that ends an answer."""

UNKNOWN_EVENT: Final = "unknown"
"""Type of an event that cannot be parsed."""

END_OF_STREAM: Final = "[DONE]"
"""Data of the last event of a complete stream (google-genai 3.6.1, _gaos/interactions.py)."""


@dataclass
class OpenStream:
    """An open stream.

    Attributes:
        response: The response whose body is the stream.
        exchange: The exchange that it belongs to.
        head: The events that were read to learn that the interaction has begun.
        rest: The events after them.
        hang_up: Time-out in seconds for closing the response.
    """

    response: httpx2.Response
    exchange: Exchange
    head: list[Event]
    rest: AsyncGenerator[Event]
    hang_up: float

    async def close(self) -> None:
        """Close the response; errors and cancellation do not prevent it."""
        with anyio.CancelScope(shield=True), suppress(GeminiMCPError), map_exceptions(Call(), self.exchange):
            with anyio.move_on_after(self.hang_up):
                await self.rest.aclose()
                await self.response.aclose()


async def open_known_stream(sent: Awaitable[Any], exchange: Exchange, call: Call, hang_up: float) -> OpenStream:
    """Open the stream of a known interaction; no event is read yet."""
    exchange.interaction_id = call.interaction_id
    response: httpx2.Response = (await sent).http_response
    return OpenStream(response, exchange, [], read_stream_events(response, exchange, call.redact), hang_up)


async def open_new_stream(sent: Awaitable[Any], exchange: Exchange, call: Call, hang_up: float) -> OpenStream:
    """Open the stream of a new interaction, and read it until the interaction has begun.

    Raises:
        OutcomeUnknownError: The stream ended before that.
        GeminiMCPError: The stream reported an error before that; the same as for an HTTP error.
    """
    opened = await open_known_stream(sent, exchange, call, hang_up)
    try:
        async for event in opened.rest:
            if event.type == "error" and event.interaction_id is None:
                raise map_error_response(parse_error_event(call.redact(event.data.get("error"))), call)
            opened.head.append(event)
            if is_beginning(event):
                return opened
        raise make_unnamed_error(exchange)
    except BaseException:
        await opened.close()
        raise


def is_beginning(event: Event) -> bool:
    """Whether an event shows that the interaction was taken: it names the interaction or is part of its answer."""
    return event.interaction_id is not None or event.type.startswith("step.") or event.type == COMPLETED_EVENT


@asynccontextmanager
async def listen_to_stream(opened: OpenStream) -> AsyncGenerator[AsyncIterator[Event]]:
    """Yield the events of an open stream, and close it on exit."""
    try:
        async with aclosing(iterate_stream_events(opened)) as told:
            yield told
    finally:
        await opened.close()


async def iterate_stream_events(opened: OpenStream) -> AsyncGenerator[Event]:
    """Yield the events of an open stream from its first."""
    for event in opened.head:
        yield event
    with map_exceptions(Call(), opened.exchange):
        async for event in opened.rest:
            yield event


async def read_stream_events(response: httpx2.Response, exchange: Exchange, redact: Redactor) -> AsyncGenerator[Event]:
    """Yield one Event for each event of a response; for a response that is no stream, one for all of it."""
    if "text/event-stream" not in response.headers.get("content-type", ""):
        for event in convert_whole_answer(parse_interaction(await exchange.read(response))):
            yield redact(event)
        return
    async with aclosing(exchange.parts(response)) as parts:
        kind = {"content-type": response.headers["content-type"]}
        told = httpx2.Response(200, headers=kind, content=parts, request=response.request)
        # Without a size limit: an event may contain an image.
        async for each in httpx2.EventSource(told, max_event_size=None):
            if each.data == END_OF_STREAM:
                return
            if each.data:
                # Large events are parsed in a worker thread.
                event = await offload_if_large(len(each.data), partial(parse_stream_data, each.data, redact))
                exchange.interaction_id = event.interaction_id or exchange.interaction_id
                yield event


def parse_stream_data(data: str, redact: Redactor) -> Event:
    """Parse an event; of an invalid one, such as one that was cut off, only the interaction's id is read.

    `Event.data` is not redacted: the parts of a text are redacted once they are joined.
    """
    try:
        told: object = json.loads(data)
        event = parse_event(redact(told)).model_copy(update={"data": lenient.coerce_object(told)})
    except JSON_ERRORS:
        event = Event(type=UNKNOWN_EVENT)
    return (
        event if event.type != UNKNOWN_EVENT else event.model_copy(update={"interaction_id": find_interaction_id(data)})
    )


def convert_whole_answer(answer: Interaction) -> Iterator[Event]:
    """Yield an interaction that came as a whole as one event; nothing if it has neither an id nor a text."""
    if answer.id or answer.text:
        yield Event(
            type=COMPLETED_EVENT,
            interaction_id=answer.id,
            status=answer.status,
            usage=answer.usage,
            data={"index": 0, "step": {"type": "model_output", "content": [{"type": "text", "text": answer.text}]}},
        )
