"""MCP Tasks: a durable handle in place of a tool's result, for clients that declare the extension.

Knows the protocol (SEP-2663, github.com/modelcontextprotocol/ext-tasks) and refuses to know what a task does: that is
told by a `Source`. Status notifications, which are optional, are not sent: clients poll.
"""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol, TypeVar

from mcp import MCPError
from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver import require_client_extension
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value
from mcp_types import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ClientCapabilities,
    ElicitRequest,
    ErrorData,
    RequestParams,
)
from pydantic import BaseModel, Field

from gemini_interactions_mcp.core import GeminiMCPError, InputError

T = TypeVar("T")

EXTENSION: Final = "io.modelcontextprotocol/tasks"
VERSIONS: Final = frozenset({"2026-07-28"})
"""Older revisions have no extensions; the experimental tasks of 2025-11-25 are something else."""

Status = Literal["working", "input_required", "completed", "failed", "cancelled"]
"""The last three are final."""


class Unfinished(CallToolResult):
    """What a tool returns that hands over something unfinished; on the wire it is like any other result.

    Attributes:
        task_id: What a client that declares the extension is given in its place.
    """

    task_id: str = Field(exclude=True)


@dataclass(frozen=True)
class Task:
    """A task at this moment.

    Attributes:
        message: What it does now, in a line.
        inputs: What it waits for, by keys that are never used again.
        result: Of the tool, when completed; an error of the tool is a result, too.
        error: Why there is none, when failed.
    """

    id: str
    status: Status
    created: datetime
    updated: datetime
    message: str | None = None
    inputs: Mapping[str, ElicitRequest] = field(default_factory=dict[str, ElicitRequest])
    result: CallToolResult | None = None
    error: ErrorData | None = None


class Source(Protocol):
    """Where tasks come from. `asks` says whether the client can be asked; without that nothing is waited for."""

    @property
    def ttl_ms(self) -> int | None:
        """How long a task is kept from its creation, in milliseconds; None is for ever."""
        ...

    @property
    def poll_ms(self) -> int:
        """How often a client should look, in milliseconds."""
        ...

    async def task(self, task_id: str, *, asks: bool) -> Task | None:
        """The task, or None where there is none."""
        ...

    async def answer(self, task_id: str, responses: Mapping[str, Any], *, asks: bool) -> bool:
        """Take in what was asked for; keys that nothing waits for are passed over. False where there is no task.

        Raises:
            InputError: A response makes no sense; nothing has changed.
        """
        ...

    async def cancel(self, task_id: str, *, asks: bool) -> bool:
        """Ask it to stop, without waiting until it has. False where there is no task."""
        ...


class TaskParams(RequestParams):
    """The parameters of `tasks/get` and `tasks/cancel`."""

    task_id: str


class UpdateParams(TaskParams):
    """The parameters of `tasks/update`: responses by the keys of what was asked for."""

    input_responses: dict[str, Any]


class Tasks(Extension):
    """The extension, on any source of tasks."""

    identifier = EXTENSION

    def __init__(self, source: Source) -> None:
        self._source = source

    def methods(self) -> Sequence[MethodBinding]:
        """`tasks/get`, `tasks/update` and `tasks/cancel`."""
        return (
            MethodBinding("tasks/get", TaskParams, self._get, VERSIONS),
            MethodBinding("tasks/update", UpdateParams, self._update, VERSIONS),
            MethodBinding("tasks/cancel", TaskParams, self._cancel, VERSIONS),
        )

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        """Give a client that declares the extension a task in place of an unfinished result."""
        del params
        result = await call_next(ctx)
        if not isinstance(result, Unfinished) or not declared(ctx):
            return result
        try:
            task = await self._source.task(result.task_id, asks=askable(ctx.session.client_capabilities))
        except GeminiMCPError:
            task = None  # the result says all the same
        return {"resultType": "task"} | self._handle(task) if task else result

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> HandlerResult:
        asks = admitted(ctx, params)
        task = found(await attempted(self._source.task(params.task_id, asks=asks)), params)
        return {"resultType": "complete"} | self._handle(task) | outcome(task)

    async def _update(self, ctx: ServerRequestContext[Any, Any], params: UpdateParams) -> HandlerResult:
        asks = admitted(ctx, params)
        found(await attempted(self._source.answer(params.task_id, params.input_responses, asks=asks)), params)
        return {"resultType": "complete"}

    async def _cancel(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> HandlerResult:
        asks = admitted(ctx, params)
        found(await attempted(self._source.cancel(params.task_id, asks=asks)), params)
        return {"resultType": "complete"}

    def _handle(self, task: Task) -> dict[str, Any]:
        """What every answer says of a task."""
        said = {"statusMessage": task.message} if task.message else {}
        return {
            "taskId": task.id,
            "status": task.status,
            "createdAt": task.created.isoformat(),
            "lastUpdatedAt": task.updated.isoformat(),
            "ttlMs": self._source.ttl_ms,
            "pollIntervalMs": self._source.poll_ms,
        } | said


def outcome(task: Task) -> dict[str, Any]:
    """What came of a task, or what it waits for."""
    match task.status:
        case "completed" if task.result:
            return {"result": wire(task.result)}
        case "failed" if task.error:
            return {"error": wire(task.error)}
        case "input_required":
            return {"inputRequests": {key: wire(request) for key, request in task.inputs.items()}}
        case _:
            return {}


def wire(model: BaseModel) -> dict[str, Any]:
    """A model as it is sent."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def declared(ctx: ServerRequestContext[Any, Any]) -> bool:
    """Whether the client takes tasks."""
    capabilities = ctx.session.client_capabilities
    return ctx.protocol_version in VERSIONS and EXTENSION in ((capabilities and capabilities.extensions) or {})


def askable(capabilities: ClientCapabilities | None) -> bool:
    """Whether a form can be shown to the user; a client that names no kind of elicitation shows forms."""
    asking = capabilities.elicitation if capabilities else None
    return asking is not None and (asking.form is not None or asking.url is None)


def admitted(ctx: ServerRequestContext[Any, Any], params: TaskParams) -> bool:
    """Whether the client can be asked.

    Raises:
        MCPError: It has not declared the extension, or its HTTP header names another task.
    """
    require_client_extension(ctx, EXTENSION)
    headers = getattr(ctx.request, "headers", None)
    if headers is not None and decode_header_value(headers.get(MCP_NAME_HEADER)) != params.task_id:
        raise MCPError(
            HEADER_MISMATCH, f"{MCP_NAME_HEADER} header does not match the request body's 'taskId' parameter"
        )
    return askable(ctx.session.client_capabilities)


async def attempted(work: Awaitable[T]) -> T:
    """What a source says; its errors are told as errors of the request.

    Raises:
        MCPError: The source has failed.
    """
    try:
        return await work
    except GeminiMCPError as exc:
        raise MCPError(INVALID_PARAMS if isinstance(exc, InputError) else INTERNAL_ERROR, str(exc)) from exc


def found(known: T | None, params: TaskParams) -> T:
    """What is known of a task.

    Raises:
        MCPError: There is none of this id.
    """
    if not known:
        raise MCPError(INVALID_PARAMS, f"There is no task {params.task_id[:80]!r}.")
    return known
