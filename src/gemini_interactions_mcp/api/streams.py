"""Streams of events: when one counts as open, and how it is read to its end."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import anyio
import httpx2

from gemini_interactions_mcp.core import GeminiMCPError, Redactor, beside, lenient
from gemini_interactions_mcp.models import Event, Interaction

from . import codec
from .error_mapping import Call, failure, streamed_fault
from .exchange import UNPARSABLE, Exchange, mapped, unnamed

COMPLETED: Final = "interaction.completed"
UNKNOWN: Final = "unknown"

END_OF_STREAM: Final = "[DONE]"
"""The data of the last event of a stream that is told to its end (google-genai 3.6.1, _gaos/interactions.py)."""


@dataclass
class Opened:
    """An open stream.

    Attributes:
        head: The events that were read to know that it is one.
        rest: Those that follow.
    """

    response: httpx2.Response
    exchange: Exchange
    head: list[Event]
    rest: AsyncGenerator[Event]

    async def close(self) -> None:
        """Hang up, whatever happens."""
        with anyio.CancelScope(shield=True), suppress(GeminiMCPError), mapped(Call(), self.exchange):
            with anyio.move_on_after(1):
                await self.rest.aclose()
                await self.response.aclose()


async def resumed(sent: Awaitable[Any], exchange: Exchange, call: Call) -> Opened:
    """The stream of an interaction that is known, of which nothing has been read."""
    exchange.interaction_id = call.interaction_id
    response: httpx2.Response = (await sent).http_response
    return Opened(response, exchange, [], events(response, exchange, call.redact))


async def begun(sent: Awaitable[Any], exchange: Exchange, call: Call) -> Opened:
    """The stream of a new interaction, read until this has begun.

    Raises:
        OutcomeUnknownError: It ended before that.
        GeminiMCPError: It told of an error before that.
    """
    opened = await resumed(sent, exchange, call)
    try:
        async for event in opened.rest:
            if event.type == "error" and event.interaction_id is None:
                raise failure(streamed_fault(call.redact(event.data.get("error"))), call)
            opened.head.append(event)
            if begins(event):
                return opened
        raise unnamed(exchange)
    except BaseException:
        await opened.close()
        raise


def begins(event: Event) -> bool:
    """Whether an event says that the interaction was taken: it names it, or already answers."""
    return event.interaction_id is not None or event.type.startswith("step.") or event.type == COMPLETED


@asynccontextmanager
async def listening(opened: Opened) -> AsyncGenerator[AsyncIterator[Event]]:
    """Read an open stream as our events, and close it whatever happens."""
    try:
        async with aclosing(heard(opened)) as told:
            yield told
    finally:
        await opened.close()


async def heard(opened: Opened) -> AsyncGenerator[Event]:
    """The events of a stream from its first on."""
    for event in opened.head:
        yield event
    with mapped(Call(), opened.exchange):
        async for event in opened.rest:
            yield event


async def events(response: httpx2.Response, exchange: Exchange, redact: Redactor) -> AsyncGenerator[Event]:
    """Our events, one for each that the server sends; a reply that is no stream is one."""
    if "text/event-stream" not in response.headers.get("content-type", ""):
        for event in whole(codec.interaction(await exchange.read(response))):
            yield redact(event)
        return
    async with aclosing(exchange.parts(response)) as parts:
        kind = {"content-type": response.headers["content-type"]}
        told = httpx2.Response(200, headers=kind, content=parts, request=response.request)
        # Without a limit: an event may carry an image.
        async for each in httpx2.EventSource(told, max_event_size=None):
            if each.data == END_OF_STREAM:
                return
            if each.data:
                # Off the loop: an event may carry an image.
                event = await beside(len(each.data), partial(parsed, each.data, redact))
                exchange.interaction_id = event.interaction_id or exchange.interaction_id
                yield event


def parsed(data: str, redact: Redactor) -> Event:
    """The event; of one that cannot be read, as one that was cut off, at most the interaction.

    Its `data` stay as they came: a part of a text is redacted with the rest of it, once they are joined.
    """
    try:
        told: object = json.loads(data)
        event = codec.event(redact(told)).model_copy(update={"data": lenient.as_json(told)})
    except UNPARSABLE:
        event = Event(type=UNKNOWN)
    return event if event.type != UNKNOWN else event.model_copy(update={"interaction_id": codec.named(data)})


def whole(answer: Interaction) -> Iterator[Event]:
    """A reply that is no stream, as its one event."""
    if answer.id or answer.text:
        yield Event(
            type=COMPLETED,
            interaction_id=answer.id,
            status=answer.status,
            usage=answer.usage,
            data={"index": 0, "step": {"type": "model_output", "content": [{"type": "text", "text": answer.text}]}},
        )
