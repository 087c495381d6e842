"""What goes over the wire for one call, whether a byte has left and what has come back, and what an error then means.

The wire tells what an exception cannot: a request whose answer cannot be parsed fails with the same ValueError as a
request that could not be written.
"""

import json
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import httpx2

from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InputError,
    NetworkError,
    OutcomeUnknownError,
    beside,
    page_title,
)

from . import codec
from .connections import obstacle
from .error_mapping import UNKNOWN_OUTCOME, Call, failure, fault

UNREACHABLE: Final = (httpx2.TransportError, httpx2.InvalidURL, OSError)
"""With these, it was not the request that was wrong."""

PAGE_BYTES: Final = 64 * 2**10
"""Of a page in place of JSON, in which its title stands."""

UNPARSABLE: Final = (ValueError, RecursionError, MemoryError)
"""What reading JSON ends with, where it is none, nested too deep, or has a number with too many digits."""


@dataclass
class Exchange:
    """The requests and answers of one call.

    Attributes:
        well_formed: A connection was begun for the request, so that it was not wrong itself.
        left: A request has begun to leave.
        response: The newest answer, as soon as its head is there.
        body: What has come of the answer, until it has named an interaction.
        interaction_id: The interaction that an event of the answer has named.
    """

    well_formed: bool = False
    left: bool = False
    response: httpx2.Response | None = None
    body: bytearray = field(default_factory=bytearray)
    interaction_id: str | None = None
    _stream: Any = None

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Take note of what httpcore2 does with a request, by the names of its `trace` extension.

        The CONNECT by which a proxy is asked for a tunnel is not the request.
        """
        self.well_formed = True
        if event.endswith("connect_tcp.complete"):
            self._stream = info["return_value"]
        # httpcore2 2.16 forgets the connection to a SOCKS proxy that refuses (_async/socks_proxy.py).
        if event.endswith("setup_socks5_connection.failed"):
            await self._stream.aclose()
        if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
            self.left = True

    async def read(self, response: httpx2.Response) -> object:
        """The JSON of an answer whose body has not been read.

        Raises:
            httpx2.HTTPStatusError: It is a redirect, or another answer without a result.
            ValueError: It is no JSON.
        """
        self.body = bytearray(b"".join([part async for part in self.parts(response)]))
        return await beside(len(self.body), partial(json.loads, self.body))

    async def parts(self, response: httpx2.Response) -> AsyncGenerator[bytes]:
        """The parts of an answer as they come.

        Raises:
            httpx2.HTTPStatusError: It is a redirect, or another answer without a result.
        """
        response.raise_for_status()
        async for part in response.aiter_bytes():
            if self.interaction_id is None:
                self.body += part
            yield part

    @property
    def named(self) -> str | None:
        """The interaction that the answer has named, as far as it came."""
        return self.interaction_id or codec.named(self.body.decode(errors="replace"))

    @contextmanager
    def watched(self) -> Generator[None]:
        """Take note of every request that this task sends meanwhile through a client with `HOOKS`."""
        token = WATCHING.set(self)
        try:
            yield
        finally:
            WATCHING.reset(token)


WATCHING: Final[ContextVar[Exchange | None]] = ContextVar("WATCHING", default=None)


async def follow(request: httpx2.Request) -> None:
    """Have the exchange told of what becomes of a request."""
    if exchange := WATCHING.get():
        exchange.response = None
        request.extensions["trace"] = exchange.trace


async def note(response: httpx2.Response) -> None:
    """Have the exchange told of an answer."""
    if exchange := WATCHING.get():
        exchange.response = response


HOOKS: Final[dict[str, list[Any]]] = {"request": [follow], "response": [note]}
"""For the `event_hooks` of a client."""


@contextmanager
def exchanging(call: Call) -> Generator[Exchange]:
    """Take note of what a call sends and gets, and turn every error into ours."""
    exchange = Exchange()
    with mapped(call, exchange), exchange.watched():
        yield exchange


@contextmanager
def mapped(call: Call, exchange: Exchange) -> Generator[None]:
    """Turn every error into ours, by what has gone over the wire."""
    try:
        yield
    except GeminiMCPError:
        raise
    except Exception as exc:
        raise outcome(exc, call, exchange) from exc


def outcome(exc: Exception, call: Call, exchange: Exchange) -> GeminiMCPError:
    """What has become of a call that ended with an exception."""
    response = exchange.response
    if response is not None and not response.is_success:
        return failure(fault(response.status_code, call.redact(body(response)), response.headers), call)
    if not exchange.left:
        return unsent(exc, call, well_formed=exchange.well_formed)
    what = (
        unreadable(exc, exchange) if response is not None else "The connection to Google broke before an answer came."
    )
    if not call.paid:
        return NetworkError(f"{what} Try again; reading is free.", interaction_id=call.interaction_id or exchange.named)
    return OutcomeUnknownError(f"{what} {UNKNOWN_OUTCOME}", interaction_id=call.interaction_id or exchange.named)


def body(response: httpx2.Response) -> object:
    """What an error response says, as far as it has been read: its JSON, or the beginning of the page that came."""
    try:
        content = response.content
    except httpx2.ResponseNotRead:
        return None
    try:
        return json.loads(content)
    except UNPARSABLE:
        return content[:PAGE_BYTES].decode(errors="replace")


def unsent(exc: Exception, call: Call, *, well_formed: bool) -> GeminiMCPError:
    """Why nothing was sent."""
    if well_formed or any(isinstance(cause, UNREACHABLE) for cause in causes(exc)):
        return NetworkError(
            f"Google cannot be reached; nothing was sent or charged. {obstacle(causes(exc))}",
            interaction_id=call.interaction_id,
        )
    # Without the text: it repeats the prompt.
    return InputError(
        f"The request is malformed ({type(exc).__name__}); nothing was sent.", interaction_id=call.interaction_id
    )


def unreadable(exc: Exception, exchange: Exchange) -> str:
    """What has come in place of an answer."""
    if any(isinstance(cause, UNREACHABLE) for cause in causes(exc)):
        return "The connection to Google broke in the middle of the answer."
    title = page_title(exchange.body[:PAGE_BYTES].decode(errors="replace"))
    came = f"a page, “{title}”" if title else type(exc).__name__
    return (
        f"Something else than an answer of the Gemini API came ({came}); check GOOGLE_GEMINI_BASE_URL, and any proxy "
        "or web filter."
    )


def unnamed(exchange: Exchange) -> OutcomeUnknownError:
    """The error of an answer to a paid request that can be read, but names no interaction in its place."""
    return OutcomeUnknownError(
        f"The answer ended before it named an interaction. {UNKNOWN_OUTCOME}", interaction_id=exchange.named
    )


def causes(exc: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, each once: an error that is raised again may have led to itself."""
    seen: list[BaseException] = []
    while exc is not None and exc not in seen:
        seen.append(exc)
        yield exc
        exc = exc.__cause__ or exc.__context__
