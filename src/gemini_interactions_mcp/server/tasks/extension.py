"""MCP Tasks: a durable handle in place of a tool's result, for clients that declare the extension.

Implements the protocol (SEP-2663, github.com/modelcontextprotocol/ext-tasks) on any `TaskSource` of tasks. The optional
status notifications are not sent: clients poll.
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

from gemini_interactions_mcp.core import GeminiMCPError, InputError, Principal
from gemini_interactions_mcp.server.identity import identify_principal

SourceAnswerT = TypeVar("SourceAnswerT")

TASKS_EXTENSION: Final = "io.modelcontextprotocol/tasks"
TASKS_VERSIONS: Final = frozenset({"2026-07-28"})
"""Protocol versions with the extension. The experimental tasks of 2025-11-25 are something else."""

TaskState = Literal["working", "input_required", "completed", "failed", "cancelled"]
"""The last three are final."""


class UnfinishedResult(CallToolResult):
    """A tool's result whose interaction still runs; on the wire, it is like any other.

    Attributes:
        task_id: The task that a client with the extension receives in its place.
    """

    task_id: str = Field(exclude=True)


@dataclass(frozen=True)
class Task:
    """The state of a task.

    Attributes:
        message: The current activity, in one line.
        inputs: Pending input requests, by keys that are never reused.
        result: The tool's result if completed; an error of the tool is a result too.
        error: The reason if failed.
    """

    id: str
    status: TaskState
    created: datetime
    updated: datetime
    message: str | None = None
    inputs: Mapping[str, ElicitRequest] = field(default_factory=dict[str, ElicitRequest])
    result: CallToolResult | None = None
    error: ErrorData | None = None


class TaskSource(Protocol):
    """Provides the tasks of principals. `asks` says whether the client can be asked; else no input is requested."""

    @property
    def ttl_ms(self) -> int | None:
        """Milliseconds that a task is kept after its creation; None means for ever."""
        ...

    @property
    def poll_ms(self) -> int:
        """Suggested polling interval in milliseconds."""
        ...

    async def task(self, task_id: str, principal: Principal, *, asks: bool) -> Task | None:
        """Return a task, or None if there is none."""
        ...

    async def answer(self, task_id: str, principal: Principal, responses: Mapping[str, Any], *, asks: bool) -> bool:
        """Process responses to input requests, ignoring unknown keys. Return False if there is no task.

        Raises:
            InputError: A response is invalid; nothing has changed.
        """
        ...

    async def cancel(self, task_id: str, principal: Principal, *, asks: bool) -> bool:
        """Request cancellation without waiting for it. Return False if there is no task."""
        ...


class TaskParams(RequestParams):
    """The parameters of `tasks/get` and `tasks/cancel`."""

    task_id: str


class TaskUpdateParams(TaskParams):
    """The parameters of `tasks/update`: responses by the keys of their input requests."""

    input_responses: dict[str, Any]


class TasksExtension(Extension):
    """The Tasks extension on a source of tasks."""

    identifier = TASKS_EXTENSION

    def __init__(self, source: TaskSource) -> None:
        self._source = source

    def methods(self) -> Sequence[MethodBinding]:
        """Bind `tasks/get`, `tasks/update` and `tasks/cancel`."""
        return (
            MethodBinding("tasks/get", TaskParams, self._get, TASKS_VERSIONS),
            MethodBinding("tasks/update", TaskUpdateParams, self._update, TASKS_VERSIONS),
            MethodBinding("tasks/cancel", TaskParams, self._cancel, TASKS_VERSIONS),
        )

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        """Return a task in place of an unfinished result, if the client declares the extension."""
        del params
        result = await call_next(ctx)
        if not isinstance(result, UnfinishedResult) or not declares_tasks(ctx):
            return result
        try:
            asks = can_be_asked(ctx.session.client_capabilities)
            task = await self._source.task(result.task_id, identify_principal(ctx), asks=asks)
        except GeminiMCPError:
            task = None  # the result alone is complete as well
        if task is None:
            return result
        about = {"_meta": result.meta} if result.meta else {}
        return {"resultType": "task"} | self._handle(task) | about

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> HandlerResult:
        asks = check_task_request(ctx, params)
        task = require_task(
            await await_source(self._source.task(params.task_id, identify_principal(ctx), asks=asks)), params
        )
        return {"resultType": "complete"} | self._handle(task) | build_task_outcome(task)

    async def _update(self, ctx: ServerRequestContext[Any, Any], params: TaskUpdateParams) -> HandlerResult:
        asks = check_task_request(ctx, params)
        answered = self._source.answer(params.task_id, identify_principal(ctx), params.input_responses, asks=asks)
        require_task(await await_source(answered), params)
        return {"resultType": "complete"}

    async def _cancel(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> HandlerResult:
        asks = check_task_request(ctx, params)
        require_task(
            await await_source(self._source.cancel(params.task_id, identify_principal(ctx), asks=asks)), params
        )
        return {"resultType": "complete"}

    def _handle(self, task: Task) -> dict[str, Any]:
        """Return the fields that every response has of a task."""
        said = {"statusMessage": task.message} if task.message else {}
        return {
            "taskId": task.id,
            "status": task.status,
            "createdAt": task.created.isoformat(),
            "lastUpdatedAt": task.updated.isoformat(),
            "ttlMs": self._source.ttl_ms,
            "pollIntervalMs": self._source.poll_ms,
        } | said


def build_task_outcome(task: Task) -> dict[str, Any]:
    """Return the outcome of a task, or its pending input requests."""
    match task.status:
        case "completed" if task.result:
            return {"result": dump_for_wire(task.result)}
        case "failed" if task.error:
            return {"error": dump_for_wire(task.error)}
        case "input_required":
            return {"inputRequests": {key: dump_for_wire(request) for key, request in task.inputs.items()}}
        case _:
            return {}


def dump_for_wire(model: BaseModel) -> dict[str, Any]:
    """Return the wire form of a model."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def declares_tasks(ctx: ServerRequestContext[Any, Any]) -> bool:
    """Whether the client declares the extension."""
    capabilities = ctx.session.client_capabilities
    return ctx.protocol_version in TASKS_VERSIONS and TASKS_EXTENSION in (
        (capabilities and capabilities.extensions) or {}
    )


def can_be_asked(capabilities: ClientCapabilities | None) -> bool:
    """Whether the client can show a form; one that names no kind of elicitation can."""
    asking = capabilities.elicitation if capabilities else None
    return asking is not None and (asking.form is not None or asking.url is None)


def check_task_request(ctx: ServerRequestContext[Any, Any], params: TaskParams) -> bool:
    """Check a task request, and return whether the client can be asked.

    Raises:
        MCPError: The client does not declare the extension, or its HTTP header names another task.
    """
    require_client_extension(ctx, TASKS_EXTENSION)
    headers = getattr(ctx.request, "headers", None)
    if headers is not None and decode_header_value(headers.get(MCP_NAME_HEADER)) != params.task_id:
        raise MCPError(
            HEADER_MISMATCH, f"{MCP_NAME_HEADER} header does not match the request body's 'taskId' parameter"
        )
    return can_be_asked(ctx.session.client_capabilities)


async def await_source(work: Awaitable[SourceAnswerT]) -> SourceAnswerT:
    """Await an answer of the source, and convert its errors.

    Raises:
        MCPError: The source failed.
    """
    try:
        return await work
    except GeminiMCPError as exc:
        raise MCPError(INVALID_PARAMS if isinstance(exc, InputError) else INTERNAL_ERROR, str(exc)) from exc


def require_task(known: SourceAnswerT | None, params: TaskParams) -> SourceAnswerT:
    """Return what the source knows of a task.

    Raises:
        MCPError: There is no task of this id.
    """
    if not known:
        raise MCPError(INVALID_PARAMS, f"There is no task {params.task_id[:80]!r}.")
    return known
