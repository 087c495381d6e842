"""Ends streams that outlast their token: one may stay open for days after the token was revoked."""

from collections.abc import Awaitable, Callable

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gemini_interactions_mcp import journal

from .verification import UnverifiableError


class LastingRequest:
    """A request that goes on only as long as its token is valid.

    Args:
        app: Answers it.
        is_valid: Looks at the token again; `UnverifiableError` leaves all as it is until the token expires.
        refusal: Answers instead, if the token ends before anything was answered.
        seconds: How often to look.
        ends_at: When the token expires by the clock of the journal, in seconds since 1970; None if it does not.
    """

    def __init__(
        self,
        app: ASGIApp,
        is_valid: Callable[[], Awaitable[bool]],
        refusal: ASGIApp,
        seconds: float,
        ends_at: float | None = None,
    ) -> None:
        self._app = app
        self._is_valid = is_valid
        self._refusal = refusal
        self._seconds = seconds
        self._ends_at = ends_at
        self._begun = False
        self._ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""

        async def send_noted(message: Message) -> None:
            self._begun = True
            await send(message)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch, tasks.cancel_scope)
            await self._app(scope, receive, send_noted)
            tasks.cancel_scope.cancel()
        if self._ended and not self._begun:
            await self._refusal(scope, receive, send)
        elif self._ended:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _watch(self, request: anyio.CancelScope) -> None:
        while True:
            await anyio.sleep(self._seconds)
            try:
                valid = await self._is_valid()
            except UnverifiableError:
                valid = self._ends_at is None or journal.now().timestamp() < self._ends_at
            if not valid:
                self._ended = True
                request.cancel()
                return
