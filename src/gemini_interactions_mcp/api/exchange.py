"""Tracks one HTTP exchange: whether a request byte was sent, what was received, and how to classify a failure.

An exception alone cannot tell: a request whose response cannot be parsed fails with the same ValueError as a request
that could not be serialized.
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
    offload_if_large,
    parse_page_title,
)

from .calls import Call
from .connections import explain_unreachable
from .error_mapping import UNKNOWN_OUTCOME, map_error_response
from .error_responses import parse_error_response
from .responses import find_interaction_id

CONNECTION_ERRORS: Final = (httpx2.TransportError, httpx2.InvalidURL, OSError)
"""Exceptions of the connection, not of the request."""

ERROR_PAGE_BYTES: Final = 64 * 2**10
"""How much is read of a page that came in place of JSON; its title is in there."""

JSON_ERRORS: Final = (ValueError, RecursionError, MemoryError)
"""What parsing JSON raises: for other text, for too deep nesting, for a number with too many digits."""


@dataclass
class Exchange:
    """The requests and responses of one call.

    Attributes:
        well_formed: Connecting has begun, so the request itself was valid.
        left: Sending the request has begun.
        response: The latest response, as soon as its headers have arrived.
        body: The response's body as far as it has arrived; no longer extended once an event has named the interaction.
        interaction_id: The interaction that an event of the response has named.
    """

    well_formed: bool = False
    left: bool = False
    response: httpx2.Response | None = None
    body: bytearray = field(default_factory=bytearray)
    interaction_id: str | None = None
    _stream: Any = None

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Record what httpcore2 does with a request; called with the event names of its `trace` extension.

        The CONNECT request for a proxy's tunnel does not count as the request.
        """
        self.well_formed = True
        if event.endswith("connect_tcp.complete"):
            self._stream = info["return_value"]
        # httpcore2 2.16 leaks the connection to a SOCKS proxy that refuses (_async/socks_proxy.py).
        if event.endswith("setup_socks5_connection.failed"):
            await self._stream.aclose()
        if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
            self.left = True

    async def read(self, response: httpx2.Response) -> object:
        """Read a response's body and parse its JSON.

        Raises:
            httpx2.HTTPStatusError: The response is a redirect or an error.
            ValueError: The body is not JSON.
        """
        self.body = bytearray(b"".join([part async for part in self.parts(response)]))
        return await offload_if_large(len(self.body), partial(json.loads, self.body))

    async def parts(self, response: httpx2.Response) -> AsyncGenerator[bytes]:
        """Yield the chunks of a response's body as they arrive.

        Raises:
            httpx2.HTTPStatusError: The response is a redirect or an error.
        """
        response.raise_for_status()
        async for part in response.aiter_bytes():
            if self.interaction_id is None:
                self.body += part
            yield part

    @property
    def named(self) -> str | None:
        """The interaction that the response has named, as far as it arrived."""
        return self.interaction_id or find_interaction_id(self.body.decode(errors="replace"))

    @contextmanager
    def watched(self) -> Generator[None]:
        """Track every request that this task sends within the context, through a client with `TRACKING_HOOKS`."""
        token = CURRENT_EXCHANGE.set(self)
        try:
            yield
        finally:
            CURRENT_EXCHANGE.reset(token)


CURRENT_EXCHANGE: Final[ContextVar[Exchange | None]] = ContextVar("CURRENT_EXCHANGE", default=None)
"""The exchange that tracks this task's requests."""


async def track_request(request: httpx2.Request) -> None:
    """Have the current exchange track a request."""
    if exchange := CURRENT_EXCHANGE.get():
        exchange.response = None
        request.extensions["trace"] = exchange.trace


async def track_response(response: httpx2.Response) -> None:
    """Record a response in the current exchange."""
    if exchange := CURRENT_EXCHANGE.get():
        exchange.response = response


TRACKING_HOOKS: Final[dict[str, list[Any]]] = {"request": [track_request], "response": [track_response]}
"""The `event_hooks` of a client whose requests are tracked."""


@contextmanager
def track_exchange(call: Call) -> Generator[Exchange]:
    """Track what a call sends and receives, and map every exception to a GeminiMCPError."""
    exchange = Exchange()
    with map_exceptions(call, exchange), exchange.watched():
        yield exchange


@contextmanager
def map_exceptions(call: Call, exchange: Exchange) -> Generator[None]:
    """Map every exception to a GeminiMCPError, by what was sent and received."""
    try:
        yield
    except GeminiMCPError:
        raise
    except Exception as exc:
        raise classify_exception(exc, call, exchange) from exc


def classify_exception(exc: Exception, call: Call, exchange: Exchange) -> GeminiMCPError:
    """Return the error for a call that ended with an exception."""
    response = exchange.response
    if response is not None and not response.is_success:
        return map_error_response(
            parse_error_response(response.status_code, call.redact(read_error_body(response)), response.headers), call
        )
    if not exchange.left:
        return classify_unsent(exc, call, well_formed=exchange.well_formed)
    what = (
        describe_unreadable_response(exc, exchange)
        if response is not None
        else "The connection to Google broke before an answer came."
    )
    if not call.paid:
        return NetworkError(f"{what} Try again; reading is free.", interaction_id=call.interaction_id or exchange.named)
    return OutcomeUnknownError(f"{what} {UNKNOWN_OUTCOME}", interaction_id=call.interaction_id or exchange.named)


def read_error_body(response: httpx2.Response) -> object:
    """Return the JSON of an error response, or the beginning of its text; None if it has not been read."""
    try:
        return parse_error_body(response.content)
    except httpx2.ResponseNotRead:
        return None


def parse_error_body(content: bytes) -> object:
    """Return the JSON of an error, or the beginning of its text."""
    try:
        return json.loads(content)
    except JSON_ERRORS:
        return content[:ERROR_PAGE_BYTES].decode(errors="replace")


def classify_unsent(exc: Exception, call: Call, *, well_formed: bool) -> GeminiMCPError:
    """Return the error for a call of which nothing was sent."""
    if well_formed or any(isinstance(cause, CONNECTION_ERRORS) for cause in iterate_causes(exc)):
        return NetworkError(
            f"Google cannot be reached; nothing was sent or charged. {explain_unreachable(iterate_causes(exc))}",
            interaction_id=call.interaction_id,
        )
    # Without the exception's text, which repeats the prompt.
    return InputError(
        f"The request is malformed ({type(exc).__name__}); nothing was sent.", interaction_id=call.interaction_id
    )


def describe_unreadable_response(exc: Exception, exchange: Exchange) -> str:
    """Describe a response that is broken off, or not from the API."""
    if any(isinstance(cause, CONNECTION_ERRORS) for cause in iterate_causes(exc)):
        return "The connection to Google broke in the middle of the answer."
    title = parse_page_title(exchange.body[:ERROR_PAGE_BYTES].decode(errors="replace"))
    came = f"a page, “{title}”" if title else type(exc).__name__
    return f"The response was not the Gemini API's ({came}); check GOOGLE_GEMINI_BASE_URL, and any proxy or web filter."


def make_unnamed_error(exchange: Exchange) -> OutcomeUnknownError:
    """Return the error for a paid request whose response can be parsed, but does not name its interaction."""
    return OutcomeUnknownError(
        f"The answer ended before it named an interaction. {UNKNOWN_OUTCOME}", interaction_id=exchange.named
    )


def iterate_causes(exc: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and what caused it, each once: an exception that is raised again may be its own cause."""
    seen: list[BaseException] = []
    while exc is not None and exc not in seen:
        seen.append(exc)
        yield exc
        exc = exc.__cause__ or exc.__context__
