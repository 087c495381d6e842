"""Takes back what answers hand over to clients that have gone: who asks again gets the same answer, and pays once."""

from typing import Final

import anyio
import anyio.lowlevel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gemini_interactions_mcp.core import Receipt
from gemini_interactions_mcp.server import RECEIPT_KEY

from .lingering import is_end

TURNS: Final = 4
"""Turns of the event loop after which it has noticed that a connection was closed before."""


class Receipts:
    """Gives each request a receipt, and takes back what is in it if the client has gone before the answer was sent.

    A proxy that dies closes its connections; what it had received and not passed on cannot be known.

    Args:
        app: Answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        exchange = ReceiptExchange(receive, send)
        try:
            await self._app({**scope, RECEIPT_KEY: exchange.receipt}, exchange.receive, exchange.send)
        finally:
            if not exchange.sent:
                exchange.receipt.take_back()


class ReceiptExchange:
    """A request and its answer.

    Args:
        receive: Receives the request.
        send: Sends the answer.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self.receipt: Final = Receipt()
        self.sent = False
        """Whether the whole answer was sent to a client that was there."""
        self._receive = receive
        self._send = send
        self._read = False
        self._gone = False

    async def receive(self) -> Message:
        """Receive the next part of the request, or that the client has gone."""
        message = await self._receive()
        self._read = self._read or not message.get("more_body", False)
        self._gone = self._gone or message["type"] == "http.disconnect"
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if is_end(message):
            self.sent = not await self._has_gone()
        await self._send(message)

    async def _has_gone(self) -> bool:
        for _ in range(TURNS):
            await anyio.lowlevel.checkpoint()
        if self._read and not self._gone:
            # The request has been received, so nothing is received now but that the client has gone.
            with anyio.move_on_after(0):
                await self.receive()
        return self._gone
