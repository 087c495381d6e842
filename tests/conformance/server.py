"""A server with the fixture tools that the `tasks-*` conformance scenarios call, on the same Tasks extension as ours.

Its tasks live in memory. The scenarios say what each tool has to do:
npm @modelcontextprotocol/conformance, `list` and the descriptions of the scenarios.
"""

import secrets
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

import anyio
import uvicorn
from anyio.abc import TaskGroup
from mcp import MCPError
from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve, require_client_extension
from mcp_types import (
    INTERNAL_ERROR,
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    ErrorData,
    TextContent,
)
from pydantic import BaseModel

from gemini_interactions_mcp.core import Principal
from gemini_interactions_mcp.server.tasks.extension import (
    TASKS_EXTENSION,
    Task,
    TasksExtension,
    TaskState,
    UnfinishedResult,
    declares_tasks,
)

FORM: dict[str, Any] = {"type": "object", "properties": {"confirm": {"type": "boolean"}, "name": {"type": "string"}}}


@dataclass(eq=False)
class Job:
    """Work that goes on after the call has been answered."""

    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: TaskState = "working"
    result: CallToolResult | None = None
    error: ErrorData | None = None
    inputs: dict[str, ElicitRequest] = field(default_factory=dict[str, ElicitRequest])
    answers: dict[str, ElicitResult] = field(default_factory=dict[str, ElicitResult])
    answered: anyio.Event = field(default_factory=anyio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    async def ask(self, *messages: str) -> list[ElicitResult]:
        """Wait until all of this is answered."""
        for message in messages:
            params = ElicitRequestFormParams(message=message, requested_schema=FORM)
            self.inputs[secrets.token_hex(8)] = ElicitRequest(params=params)
        self.status = "input_required"
        await self.answered.wait()
        return list(self.answers.values())

    def answer(self, responses: Mapping[str, Any]) -> None:
        """Take in what was asked for and is not answered yet."""
        for key in responses.keys() & self.inputs.keys():
            self.answers[key] = ElicitResult.model_validate(responses[key])
            del self.inputs[key]
        if self.status == "input_required" and not self.inputs:
            self.status = "working"
            self.answered.set()

    async def run(self, work: Callable[["Job"], Awaitable[CallToolResult]]) -> None:
        """Work until it is done, fails or is cancelled."""
        with self.scope:
            try:
                self.result = await work(self)
            except MCPError as exc:
                self.status, self.error = "failed", exc.error
            else:
                self.status = "completed"
        if self.scope.cancelled_caught:
            self.status = "cancelled"


class Jobs:
    """Jobs as a source of tasks."""

    ttl_ms = 3_600_000
    poll_ms = 200

    def __init__(self) -> None:
        self.tasks: TaskGroup | None = None
        self._jobs: dict[str, Job] = {}

    @asynccontextmanager
    async def running(self, _: MCPServer[None]) -> AsyncGenerator[None]:
        """The time in which jobs can run."""
        async with anyio.create_task_group() as self.tasks:
            yield
            self.tasks.cancel_scope.cancel()

    async def task(self, task_id: str, principal: Principal, *, asks: bool) -> Task | None:
        """The task of a job."""
        del asks, principal
        if (job := self._jobs.get(task_id)) is None:
            return None
        now = datetime.now(UTC)
        return Task(job.id, job.status, job.created, now, None, job.inputs, job.result, job.error)

    async def answer(self, task_id: str, principal: Principal, responses: Mapping[str, Any], *, asks: bool) -> bool:
        """Answer what a job has asked for."""
        del asks, principal
        if job := self._jobs.get(task_id):
            job.answer(responses)
        return job is not None

    async def cancel(self, task_id: str, principal: Principal, *, asks: bool) -> bool:
        """End a job."""
        del asks, principal
        if job := self._jobs.get(task_id):
            job.scope.cancel()
        return job is not None

    async def begin(self, ctx: Context, work: Callable[[Job], Awaitable[CallToolResult]]) -> CallToolResult:
        """Work in the background for clients that take tasks, and now for others."""
        job = Job()
        if not declares_tasks(ctx.request_context):
            return await work(job)
        assert self.tasks is not None
        self._jobs[job.id] = job
        self.tasks.start_soon(job.run, work)
        return UnfinishedResult(content=[], task_id=job.id)


class Name(BaseModel):
    """What is asked for before a task begins."""

    name: str


async def named() -> Elicit[Name]:
    """Ask for the user's name."""
    return Elicit("What is your name?", Name)


def said(text: str, *, wrong: bool = False) -> CallToolResult:
    """A result of one text."""
    return CallToolResult(content=[TextContent(text=text)], is_error=wrong)


jobs = Jobs()
server = MCPServer[None]("tasks-fixtures", version="0", lifespan=jobs.running, extensions=[TasksExtension(jobs)])


@server.tool(structured_output=False)
async def greet(name: str) -> CallToolResult:
    """Is answered at once."""
    return said(f"Hello, {name}!")


@server.tool(structured_output=False)
async def slow_compute(ctx: Context, seconds: float, label: str = "") -> CallToolResult:
    """Takes so many seconds."""

    async def work(_: Job) -> CallToolResult:
        await anyio.sleep(seconds)
        return said(f"Computed {label}")

    return await jobs.begin(ctx, work)


@server.tool(structured_output=False)
async def failing_job(ctx: Context) -> CallToolResult:
    """Ends with an error of the tool; only for clients that take tasks."""
    require_client_extension(ctx.request_context, TASKS_EXTENSION)

    async def work(_: Job) -> CallToolResult:
        await anyio.sleep(1)
        return said("It did not work", wrong=True)

    return await jobs.begin(ctx, work)


@server.tool(structured_output=False)
async def protocol_error_job(ctx: Context) -> CallToolResult:
    """Ends with an error of the protocol."""

    async def work(_: Job) -> CallToolResult:
        raise MCPError(INTERNAL_ERROR, "Broken")

    return await jobs.begin(ctx, work)


@server.tool(structured_output=False)
async def confirm_delete(ctx: Context, filename: str) -> CallToolResult:
    """Asks once."""

    async def work(job: Job) -> CallToolResult:
        (answer,) = await job.ask(f"Delete {filename}?")
        return said(f"{filename}: {answer.action}")

    return await jobs.begin(ctx, work)


@server.tool(structured_output=False)
async def multi_input(ctx: Context) -> CallToolResult:
    """Asks for two things at once."""

    async def work(job: Job) -> CallToolResult:
        answers = await job.ask("The first?", "The second?")
        return said(", ".join(answer.action for answer in answers))

    return await jobs.begin(ctx, work)


@server.tool(structured_output=False)
async def test_tool_with_task(ctx: Context, name: Annotated[Name, Resolve(named)]) -> CallToolResult:
    """Asks before the task, which then tells the answer."""

    async def work(_: Job) -> CallToolResult:
        return said(f"Hello, {name.name}!")

    return await jobs.begin(ctx, work)


def main() -> None:
    """Serve on a free port of loopback, and say which."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sys.stderr.write(f"Serving MCP on http://127.0.0.1:{listener.getsockname()[1]}/mcp\n")
        sys.stderr.flush()
        config = uvicorn.Config(server.streamable_http_app(), log_config=None)
        anyio.run(uvicorn.Server(config).serve, [listener])


if __name__ == "__main__":
    main()
