"""Redaction of everything that leaves through MCP: results, errors, notifications and elicitations."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar, cast

from mcp import MCPError
from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp.server.session import ServerSession
from mcp.shared.dispatcher import CallOptions, DispatchContext
from pydantic import ValidationError

from gemini_interactions_mcp.core import Principal, Redactor, clip_text, offload_if_large, strip_hidden
from gemini_interactions_mcp.text import frame_text, strip_hidden_blocks

from .identity import identify_principal
from .remote_texts import RemoteTexts
from .results.programs import structure_result
from .sdk import get_connection, get_request_channel

CleanedT = TypeVar("CleanedT")

Redaction = Callable[[Any], Any]

TOOL_ERROR_BYTES: Final = 6_000
"""Maximum size of an error's text. No host cuts it: Claude Code shows 10,000 characters, Cline 8,000 of its JSON."""


class OutgoingRedactor(Redactor):
    """Removes secrets, and characters that hide or reorder text."""

    def __call__(self, value: CleanedT) -> CleanedT:
        """Return the value cleaned; the base64 of images is left alone."""
        # Hidden characters go first: a secret that contains one would not be found.
        return super().__call__(cast(CleanedT, strip_hidden_blocks(value)) if isinstance(value, str) else value)


def count_resource_characters(result: HandlerResult) -> int:
    """Return the number of characters in a resource's contents and in the data of a view; only these can be long."""
    read = sum(len(str(each.get("text") or each.get("blob") or "")) for each in get_result_blocks(result, "contents"))
    return read + count_characters(result.get("_meta") if isinstance(result, dict) else None)


def count_characters(value: object) -> int:
    """Return the number of characters in all strings of a JSON value."""
    match value:
        case str():
            return len(value)
        case dict():
            return sum(map(count_characters, cast("dict[str, object]", value).values()))
        case list():
            return sum(map(count_characters, cast("list[object]", value)))
        case _:
            return 0


def frame_tool_error(result: HandlerResult) -> HandlerResult:
    """Frame and clip a tool's error, which may quote others; return other results unchanged."""
    if isinstance(result, dict) and result.get("isError"):
        for block in get_result_blocks(result, "content"):
            if isinstance(text := block.get("text"), str):
                block["text"] = clip_text(
                    "".join(frame_text([strip_hidden(text[: 2 * TOOL_ERROR_BYTES])])), TOOL_ERROR_BYTES
                )
    return result


def get_result_blocks(result: HandlerResult, name: str) -> list[dict[str, Any]]:
    """Return the content blocks or resource contents of a result in its wire form."""
    return cast("list[dict[str, Any]]", result.get(name, [])) if isinstance(result, dict) else []


class OutgoingRedaction:
    """A middleware around every request that redacts what its handler returns, raises and sends.

    Args:
        redact: Removes the secrets of the server.
        choose: Returns what removes those of a principal, too.
        remote: Makes errors true for users of other machines.
        structured: Whether results of tools have structured content.
    """

    def __init__(
        self,
        redact: Redactor,
        choose: Callable[[Principal], Redactor | None] = lambda _: None,
        remote: RemoteTexts | None = None,
        *,
        structured: bool = False,
    ) -> None:
        self._redact = redact
        self._choose = choose
        self._remote = remote
        self._structured = structured

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Return the redacted result of the handler.

        Raises:
            MCPError: The handler raised it; its text is redacted.
        """
        principal = identify_principal(ctx)
        redact = partial(self._redact_for, principal)
        texts = self._remote.choose(principal) if self._remote and principal.remote else None
        try:
            result = await call_next(replace(ctx, session=self._session(ctx, redact)))
            framed = frame_tool_error(texts.explain_result(result) if texts else result)
            cleaned = await offload_if_large(count_resource_characters(framed), partial(redact, framed))
            return structure_result(cleaned) if self._structured else cleaned
        except MCPError as exc:
            message = texts.explain(exc.message) if texts else exc.message
            raise MCPError(exc.code, redact(message), redact(exc.data)) from exc
        except ValidationError:
            raise  # the SDK answers it without its text
        except Exception as exc:
            text = str(exc)
            told = redact(texts.explain(text) if texts else text)
            if told == text:
                raise
            raise RuntimeError(told) from exc

    def _redact_for(self, principal: Principal, value: CleanedT) -> CleanedT:
        # Chosen late: the call itself may have read the key of its principal.
        return (self._choose(principal) or self._redact)(value)

    def _session(self, ctx: ServerRequestContext[Any, Any], redact: Redaction) -> ServerSession:
        """Return the session of a request, on a channel that redacts."""
        # The channel passes the other members of the DispatchContext on.
        channel: Any = RedactingChannel(get_request_channel(ctx), redact)
        return ServerSession(channel, get_connection(ctx), request_meta=None if ctx.request_id is None else ctx.meta)


class RedactingChannel:
    """A request's channel to the client, which redacts what a handler sends before its result."""

    def __init__(self, channel: DispatchContext[Any], redact: Redaction) -> None:
        self._channel = channel
        self._redact = redact

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the channel has
        return getattr(self._channel, name)

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        """Send a request and wait for its result."""
        return await self._channel.send_raw_request(method, self._redact(params), opts)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> None:
        """Send a notification."""
        await self._channel.notify(method, self._redact(params), opts)

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Report progress."""
        await self._channel.progress(progress, total, self._redact(message))
