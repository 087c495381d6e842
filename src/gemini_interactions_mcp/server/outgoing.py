"""What leaves through MCP, without the user's secrets and hidden text: results, errors, notifications, questions."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar, cast

from mcp import MCPError
from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp.server.session import ServerSession
from mcp.shared.dispatcher import CallOptions, DispatchContext
from pydantic import ValidationError

from gemini_interactions_mcp.core import Redactor, beside, clipped, visible
from gemini_interactions_mcp.text import cleared, framed

from .sdk import get_connection, get_request_channel

T = TypeVar("T")

ERROR_BYTES: Final = 6_000
"""Of an error's text, which no host cuts then: Claude Code shows 10,000 characters of one, Cline 8,000 of its JSON."""


class Cleaner(Redactor):
    """Takes out secrets, and characters that hide or reorder text."""

    def __call__(self, value: T) -> T:
        """The same value, cleaned; the base64 of pictures is left alone."""
        # Hidden characters first: within a secret, one would keep it from being found.
        return super().__call__(cast("T", cleared(value)) if isinstance(value, str) else value)


def weight(result: HandlerResult) -> int:
    """Characters of the texts of a result, of which only those of a resource may be long."""
    return sum(len(str(each.get("text") or each.get("blob") or "")) for each in parts_of(result, "contents"))


def framed_error(result: HandlerResult) -> HandlerResult:
    """A tool's error framed and of bounded length, since it quotes others; other results as they are."""
    if isinstance(result, dict) and result.get("isError"):
        for block in parts_of(result, "content"):
            if isinstance(text := block.get("text"), str):
                block["text"] = clipped("".join(framed([visible(text[: 2 * ERROR_BYTES])])), ERROR_BYTES)
    return result


def parts_of(result: HandlerResult, name: str) -> list[dict[str, Any]]:
    """The blocks or contents of a result, as it is on the wire."""
    return cast("list[dict[str, Any]]", result.get(name, [])) if isinstance(result, dict) else []


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
            result = framed_error(await call_next(replace(ctx, session=self._session(ctx))))
            return await beside(weight(result), partial(self._redact, result))
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
        """Return the session of a request, on a channel that redacts."""
        # The channel passes the other members of the DispatchContext on.
        channel: Any = Channel(get_request_channel(ctx), self._redact)
        return ServerSession(channel, get_connection(ctx), request_meta=None if ctx.request_id is None else ctx.meta)


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
