"""Interactions as tasks: research that is planned, refined, approved and run, or an answer that takes long.

A task consists of journal rows only, so it survives a restart. Its id is the label of its first interaction, and a plan
is answered once a row has it as its previous interaction.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import anyio
from mcp_types import CallToolResult, TextContent

from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InteractionNotFoundError,
    OutcomeUnknownError,
    Principal,
    join_lines,
)
from gemini_interactions_mcp.models import Record, is_settled
from gemini_interactions_mcp.runs import Run, intents
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Opening
from gemini_interactions_mcp.server.results.answers import render_run
from gemini_interactions_mcp.server.results.programs import describe_error, tell_programs
from gemini_interactions_mcp.server.results.standing import add_running_cost
from gemini_interactions_mcp.text import rendering

from .approvals import apply_decision, build_approval_form, parse_approval
from .extension import Task

TASK_POLL_MS: Final = 5_000
"""Poll interval for clients, in milliseconds."""

FINAL_ERRORS: Final = (InteractionNotFoundError, OutcomeUnknownError)
"""Errors after which nothing more will be known of an interaction; after others, it may be readable later."""

TASK_CANCELLED: Final = "The task was cancelled before its plan was run."


@dataclass(frozen=True)
class TaskChain:
    """The interactions of a task.

    Attributes:
        first: The row whose label is the task's id.
        last: The row of the current interaction.
        refused: Follow-ups of the last interaction that Google has not taken.
    """

    first: Record
    last: Record
    refused: tuple[Record, ...] = ()

    @property
    def key(self) -> str:
        """Key of the question about the last plan; a refused follow-up makes it a new question."""
        return f"plan-{self.last.interaction_id}-{len(self.refused)}"


class TaskChains:
    """Serves the interactions of a server as tasks.

    Args:
        opening: Opens the context of the server.
    """

    poll_ms = TASK_POLL_MS

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self.ttl_ms = int(opening.settings.keep_days * 86_400_000)
        # Of two concurrent answers, the second finds the row of the first.
        self._turns: defaultdict[str, anyio.Lock] = defaultdict(anyio.Lock)

    async def task(self, task_id: str, principal: Principal, *, asks: bool) -> Task | None:
        """Return the task of a label; None if there is none."""
        app = await self._opening.app(principal)
        chain = await find_chain(app, task_id, asks=asks)
        if chain is None:
            return None
        task = Task(task_id, "working", chain.first.created_at, chain.last.updated_at)
        return await read_task(app, chain, task, asks=asks)

    async def answer(self, task_id: str, principal: Principal, responses: Mapping[str, Any], *, asks: bool) -> bool:
        """Run, change or decline the plan that waits for approval; False if there is no task."""
        app = await self._opening.app(principal)
        async with self._turns[principal.name]:
            chain = await find_chain(app, task_id, asks=asks)
            if chain is not None and asks and is_runnable_plan(chain.last) and chain.key in responses:
                await apply_decision(app, chain.last, parse_approval(responses[chain.key]))
        return chain is not None

    async def cancel(self, task_id: str, principal: Principal, *, asks: bool) -> bool:
        """Decline the plan that waits for approval, or stop the interaction at Google; False if there is no task."""
        app = await self._opening.app(principal)
        async with self._turns[principal.name]:
            chain = await find_chain(app, task_id, asks=asks)
            if chain is not None and asks and is_runnable_plan(chain.last):
                await app.runs.decline(chain.last, TASK_CANCELLED)
            elif chain is not None and not is_settled(chain.last.status):
                app.runs.cancel_later(rendering.get_handle(chain.last), "tasks/cancel")
        return chain is not None


async def find_chain(app: AppContext, task_id: str, *, asks: bool) -> TaskChain | None:
    """Return the chain that begins with a label; None if the journal has no such row.

    Of several follow-ups, the oldest one that Google has taken counts, so that a final state stays final. For a client
    that cannot be asked, a plan is an answer.
    """
    first = await app.runs.known(task_id)
    if first is None or first.label != task_id:
        return None
    chain = TaskChain(first, first)
    while asks and is_answerable_plan(chain.last):
        followers = await app.runs.followers(str(chain.last.interaction_id))
        tries = [row for row in followers if row.kind == "research" and is_in_time(row, chain.last)]
        taken = next((row for row in tries if not is_certainly_refused(row)), None)
        if taken is None:
            return replace(chain, refused=tuple(tries))
        chain = TaskChain(first, taken)
    return chain


def is_runnable_plan(record: Record) -> bool:
    """Whether a row is a plan that can be run."""
    return record.plan and record.status == "completed" and bool(record.text)


def is_answerable_plan(record: Record) -> bool:
    """Whether a row is a plan that can be run or was declined: another server may have run it at the same moment."""
    return record.plan and record.status in ("completed", "cancelled") and bool(record.text)


def is_in_time(follower: Record, plan: Record) -> bool:
    """Whether a follow-up was begun before its plan was declined; one that was begun later is another task."""
    return plan.status != "cancelled" or follower.created_at <= plan.updated_at


def is_certainly_refused(record: Record) -> bool:
    """Whether Google has certainly not taken a request."""
    return record.status == "failed" and record.interaction_id is None


async def read_task(app: AppContext, chain: TaskChain, task: Task, *, asks: bool) -> Task:
    """Return the task with the current state of its last interaction.

    Raises:
        GeminiMCPError: The interaction has settled, and its answer cannot be read now.
    """
    record = chain.last
    if record.status == "cancelled":
        return replace(task, status="cancelled", message=record.error)
    try:
        run = await app.runs.find(rendering.get_handle(record))
    except GeminiMCPError as exc:
        if isinstance(exc, FINAL_ERRORS) and not intents.is_sending(record):
            return fail_task(task, exc)
        if is_settled(record.status):
            raise
        return replace(task, message=str(exc))
    if not run.done.is_set():
        return replace(task, message=await add_running_cost(app, run, run.headline()))
    return await end_task(app, replace(chain, last=run.record), run, task, asks=asks)


async def end_task(app: AppContext, chain: TaskChain, run: Run, task: Task, *, asks: bool) -> Task:
    """Return the task of a chain whose last interaction is not followed any more."""
    record = chain.last
    task = replace(task, updated=record.updated_at)
    if record.status == "cancelled":
        return replace(task, status="cancelled", message=record.error)
    if asks and is_runnable_plan(record):
        return await ask_about_plan(app, chain, task)
    try:
        return replace(task, status="completed", result=await render_run(app, run))
    except GeminiMCPError as exc:
        # It may still go on at Google.
        lost = record.interaction_id is not None and not is_settled(record.status)
        return replace(task, message=str(exc)) if lost else fail_task(task, exc)


def fail_task(task: Task, exc: GeminiMCPError) -> Task:
    """Return the task, completed with an error of the tool as its result."""
    result = CallToolResult(content=[TextContent(text=join_lines(str(exc)))], is_error=True)
    return replace(task, status="completed", result=tell_programs(result, describe_error(exc)))


async def ask_about_plan(app: AppContext, chain: TaskChain, task: Task) -> Task:
    """Return the task while its plan waits for the user's approval."""
    question = await build_approval_form(app, chain.last)
    said = chain.refused[-1].error if chain.refused else "The plan waits for approval."
    return replace(task, status="input_required", message=said, inputs={chain.key: question})
