"""A real client of the Tasks extension, which accepts tasks as results and calls their methods."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

import anyio
from mcp import Client
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.client.session import ElicitationFnT
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, Request, Result
from pydantic import RootModel

from gemini_interactions_mcp.server.app import Server
from gemini_interactions_mcp.server.tasks.extension import TASKS_EXTENSION

Json = dict[str, Any]
PATIENCE: Final = 20.0
"""Seconds until a test of a stuck task fails."""


class Answer(RootModel[Json]):
    """A result as it came."""


class TaskRequest(Request[Json, str]):
    """A request about a task, which its HTTP header names."""

    name_param = "taskId"


class CallRequest(Request[Json, str]):
    """A call of a tool, of which the whole answer is wanted."""


class Created(Result):
    """What replaces a tool's result."""

    result_type: Literal["task"] = "task"


async def unresolved(created: Created, ctx: ClaimContext) -> CallToolResult:
    """No client here waits for a task by itself."""
    raise AssertionError(f"{ctx.tool_name} has become a task: {created}")


class Tasking(ClientExtension):
    """Declares the extension."""

    identifier = TASKS_EXTENSION

    def claims(self) -> list[ResultClaim[Created]]:
        return [ResultClaim(result_type="task", model=Created, resolve=unresolved)]


async def nobody(context: object, params: ElicitRequestParams) -> ElicitResult:
    """A user who could be asked and is not."""
    del context
    raise AssertionError(f"Asked: {params.message}")


@asynccontextmanager
async def tasking(server: Server, *, asked: ElicitationFnT | None = nobody) -> AsyncGenerator[Client]:
    """A host that takes tasks, and whose user can be asked unless `asked` is None."""
    async with Client(server, cache=None, extensions=[Tasking()], elicitation_callback=asked) as client:
        yield client


async def answered(client: Client, tool: str, /, **arguments: object) -> Json:
    """The whole result of a tool's call, as it came."""
    params: Json = {"name": tool, "arguments": arguments}
    return (await client.session.send_request(CallRequest(method="tools/call", params=params), Answer)).root


async def begun(client: Client, tool: str, /, **arguments: object) -> Json:
    """Call a tool whose result must be a task, and return that."""
    task = await answered(client, tool, **arguments)
    assert task["resultType"] == "task", task
    assert not {"result", "error", "inputRequests", "content", "requestState"} & task.keys()
    return task


async def asked_for(client: Client, method: str, task: Json, **params: object) -> Json:
    """Return the response of a method about a task."""
    about: Json = {"taskId": task["taskId"], **params}
    answer = (await client.session.send_request(TaskRequest(method=method, params=about), Answer)).root
    assert answer.pop("resultType") == "complete"
    answer.pop("_meta", None)
    return answer


async def got(client: Client, task: Json) -> Json:
    """A task as it is now."""
    now = await asked_for(client, "tasks/get", task)
    assert now["taskId"] == task["taskId"]
    assert now["createdAt"] == task["createdAt"]
    return now


async def settled(client: Client, task: Json, *but: str) -> Json:
    """Wait until a task no longer works, and is in none of those states."""
    with anyio.fail_after(PATIENCE):
        while (now := await got(client, task))["status"] in ("working", *but):
            await anyio.lowlevel.checkpoint()
    return now


async def updated(client: Client, task: Json, **responses: object) -> None:
    """Answer what a task waits for."""
    assert await asked_for(client, "tasks/update", task, inputResponses=responses) == {}


async def cancelled(client: Client, task: Json) -> None:
    """Ask a task to stop."""
    assert await asked_for(client, "tasks/cancel", task) == {}


def form(task: Json) -> tuple[str, Json]:
    """The one form that a task waits for: its key and what it shows."""
    assert task["status"] == "input_required", task
    ((key, request),) = task["inputRequests"].items()
    assert request["method"] == "elicitation/create"
    return key, request["params"]


def said(task: Json) -> str:
    """The text of a completed task's result."""
    assert task["status"] == "completed", task
    return "".join(block["text"] for block in task["result"]["content"] if block["type"] == "text")


def accepted(**content: object) -> Json:
    """A form as it comes back filled in."""
    return {"action": "accept", "content": content}
