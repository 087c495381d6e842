"""What leaves through MCP, without the user's secrets: results, errors, notifications and questions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mcp import MCPError
from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp.server.session import ServerSession
from mcp.shared.dispatcher import CallOptions, DispatchContext
from pydantic import ValidationError

from .redaction import Redactor
from .subscribers import connection


class Outgoing:
    """A middleware around every request: whatever a handler answers or sends meanwhile passes the redaction."""

    def __init__(self, redact: Redactor) -> None:
        self._redact = redact

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """The redacted result of the rest.

        Raises:
            MCPError: As the rest does, redacted.
        """
        try:
            return self._redact(await call_next(replace(ctx, session=self._session(ctx))))
        except MCPError as exc:
            raise MCPError(exc.code, self._redact(exc.message), self._redact(exc.data)) from exc
        except ValidationError:
            raise  # The SDK answers it without its text.
        except Exception as exc:
            text = str(exc)
            if self._redact(text) == text:
                raise
            raise RuntimeError(self._redact(text)) from exc

    def _session(self, ctx: ServerRequestContext[Any, Any]) -> ServerSession:
        """The session of a request, on a channel that redacts."""
        held = ctx.session._request_outbound  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - mcp 2.3 has no public way
        # A DispatchContext, whose other members it passes on.
        channel: Any = Channel(held, self._redact)
        return ServerSession(channel, connection(ctx), request_meta=None if ctx.request_id is None else ctx.meta)


class Channel:
    """What a request's handler sends to the client before its result, redacted."""

    def __init__(self, channel: DispatchContext[Any], redact: Redactor) -> None:
        self._channel = channel
        self._redact = redact

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the channel has
        return getattr(self._channel, name)

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        """Send a request, and wait for its result."""
        return await self._channel.send_raw_request(method, self._redact(params), opts)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> None:
        """Send a notification."""
        await self._channel.notify(method, self._redact(params), opts)

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Report progress."""
        await self._channel.progress(progress, total, self._redact(message))
