"""Answers that come before the whole request has: they are read by clients that are still sending.

A connection that is closed while unread content arrives is reset, and a reset takes the answer away from a client that
has not read it yet. So the answer is sent at once, and what still comes is read and dropped for a while, as nginx does
(https://nginx.org/en/docs/http/ngx_http_core_module.html#lingering_close).
"""

from typing import Final, NamedTuple

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class LingerLimits(NamedTuple):
    """How long a client that is still sending is waited for; the times are those of nginx.

    Attributes:
        size: Bytes that are dropped at most: some clients read an answer only when they have sent everything.
        seconds: Time for which they are dropped.
        pause: Time for which a client may send nothing meanwhile.
    """

    size: int = 256 * 2**20
    seconds: float = 30.0
    pause: float = 5.0


USUAL_LIMITS: Final = LingerLimits()

SMALL_CONTENT_BYTES: Final = 2**16
"""Content that may be left to the web server, which reads it before the next request of the connection."""

MAX_LENGTH_DIGITS: Final = 20
"""Digits of a length that the web server takes."""


class LingeringClose:
    """Ends connections so that clients can read what was answered before they had sent everything.

    Args:
        app: Answers.
        limits: How long they are waited for.
    """

    def __init__(self, app: ASGIApp, limits: LingerLimits = USUAL_LIMITS) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and has_content(Headers(scope=scope)):
            exchange = UnreadExchange(Headers(scope=scope), receive, send, self._limits)
            receive, send = exchange.receive, exchange.send
        await self._app(scope, receive, send)


class UnreadExchange:
    """A request whose content has not been read, and its answer.

    Args:
        headers: Of the request.
        receive: Receives the content.
        send: Sends the answer.
        limits: How long the rest of the content is waited for.
    """

    def __init__(self, headers: Headers, receive: Receive, send: Send, limits: LingerLimits) -> None:
        self._limits = limits
        self._receive = receive
        self._send = send
        self._read = False
        self._closing = lists_token(headers, "connection", "close")
        self._kept = is_soon_over(headers)

    async def receive(self) -> Message:
        """Receive the next part of the content."""
        message = await self._receive()
        self._read = self._read or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer; the end of it once the content has been read or dropped."""
        if message["type"] == "http.response.start" and not self._read:
            message = self._announce_close(message)
        elif self._closing and not self._read and is_end(message):
            await self._send({**message, "more_body": True})
            await self._drop_content()
            message = {"type": "http.response.body"}
        await self._send(message)

    def _announce_close(self, message: Message) -> Message:
        """Return the start of an answer after which the connection is closed, unless it need not be."""
        headers = MutableHeaders(raw=list(message.get("headers", ())))
        if not self._kept:
            headers["connection"] = "close"
        self._closing = self._closing or lists_token(headers, "connection", "close")
        return {**message, "headers": headers.raw}

    async def _drop_content(self) -> None:
        """Read what still comes, within the limits."""
        dropped = 0
        with anyio.move_on_after(self._limits.seconds):
            while not self._read and dropped < self._limits.size:
                with anyio.move_on_after(self._limits.pause) as pause:
                    dropped += len((await self.receive()).get("body", b""))
                if pause.cancelled_caught:
                    return


def is_end(message: Message) -> bool:
    """Whether a message is the last of an answer."""
    return message["type"] == "http.response.body" and not message.get("more_body", False)


def has_content(headers: Headers) -> bool:
    """Whether a request has content: https://www.rfc-editor.org/rfc/rfc9112#section-6"""
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def is_soon_over(headers: Headers) -> bool:
    """Whether little content is sure to come, however a request is answered."""
    length = headers.get("content-length", "")
    known = "expect" not in headers and length.isascii() and length.isdecimal() and len(length) <= MAX_LENGTH_DIGITS
    return known and int(length) <= SMALL_CONTENT_BYTES


def lists_token(headers: Headers, name: str, token: str) -> bool:
    """Whether a header that is a list has a token."""
    return any(each.strip().lower() == token for value in headers.getlist(name) for each in value.split(","))
