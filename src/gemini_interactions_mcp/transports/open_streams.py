"""Streams without an end, which a server that is about to end has to end."""

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class OpenStreams:
    """Lets requests through to an application, and ends those that only wait for notifications (`GET`) when asked to.

    A client sees a complete response, and opens another stream, which a proxy may bring to another server.

    Args:
        app: Answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: set[anyio.CancelScope] = set()

    def end(self) -> None:
        """End the streams that are open."""
        for stream in self._open:
            stream.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        with anyio.CancelScope() as stream:
            self._open.add(stream)
            try:
                await self._app(scope, receive, send_noted)
            finally:
                self._open.discard(stream)
        if stream.cancelled_caught:
            await end_response(send, begun=begun)


async def end_response(send: Send, *, begun: bool) -> None:
    """Complete the response of a stream, or refuse one that has not begun."""
    if not begun:
        await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"1")]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
