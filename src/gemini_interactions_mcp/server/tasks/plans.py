"""An interaction as a task: research as it is planned, refined, approved and run, or an answer that takes long.

Nothing is kept of it but the journal's rows, so that it survives a restart: its id is the label of the first
interaction, and a plan is answered once a row names it as the previous interaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import anyio
from mcp.server.elicitation import render_elicitation_schema
from mcp_types import CallToolResult, ElicitRequest, ElicitRequestFormParams, ElicitResult, TextContent
from pydantic import BaseModel, Field, ValidationError

from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InputError,
    InteractionNotFoundError,
    OutcomeUnknownError,
    clipped,
    phrases,
    unbroken,
)
from gemini_interactions_mcp.models import Record, Request, settled
from gemini_interactions_mcp.runs import Run, agents, intents
from gemini_interactions_mcp.server.context import AppContext, Opening
from gemini_interactions_mcp.server.results.answers import shown
from gemini_interactions_mcp.server.tools import consent
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.text import rendering

from .extension import Task

POLL_MS: Final = 5_000
PLAN_BYTES: Final = 20_000
"""Of a plan that a form shows."""

GONE: Final = (InteractionNotFoundError, OutcomeUnknownError)
"""After these, nothing more will be known of an interaction; other errors only keep us from looking at it now."""

APPROVED: Final = "The plan is approved. Carry it out."
DECLINED: Final = "The user declined the plan."
UNANSWERED: Final = (
    "Nobody answered the question about the plan: the host closed it without showing it, or the user dismissed it. "
    "Nothing was run. The plan is kept; start_research with its id as previous_interaction_id runs it."
)
CANCELLED: Final = "The task was cancelled before its plan was run."


class Approval(BaseModel):
    """The form below a plan."""

    approve: bool = Field(title="Run this plan")
    changes: str = Field(
        default="", title="Changes", description="What to change; then a new plan is made and nothing is run yet"
    )


@dataclass(frozen=True)
class Chain:
    """The interactions of a task.

    Attributes:
        first: Gives the task its id.
        last: What it has come to.
        refused: Follow-ups of the last that Google has not taken.
    """

    first: Record
    last: Record
    refused: tuple[Record, ...] = ()

    @property
    def key(self) -> str:
        """Names the question about the last, which is a new one after a refusal."""
        return f"plan-{self.last.interaction_id}-{len(self.refused)}"


class Chains:
    """The interactions of a server, as a source of tasks."""

    poll_ms = POLL_MS

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self.ttl_ms = int(opening.settings.keep_days * 86_400_000)
        # Two answers at once: the second finds the first.
        self._turn = anyio.Lock()

    async def task(self, task_id: str, *, asks: bool) -> Task | None:
        """The task of a label."""
        app = await self._opening.app()
        chain = await followed(app, task_id, asks=asks)
        if chain is None:
            return None
        task = Task(task_id, "working", chain.first.created_at, chain.last.updated_at)
        return await seen(app, chain, task, asks=asks)

    async def answer(self, task_id: str, responses: Mapping[str, Any], *, asks: bool) -> bool:
        """Run, change or give up the plan that waits for it."""
        app = await self._opening.app()
        async with self._turn:
            chain = await followed(app, task_id, asks=asks)
            if chain is not None and asks and proposes(chain.last) and chain.key in responses:
                await decided(app, chain.last, approval(responses[chain.key]))
        return chain is not None

    async def cancel(self, task_id: str, *, asks: bool) -> bool:
        """Give up the plan that waits, or stop the interaction at Google."""
        app = await self._opening.app()
        async with self._turn:
            chain = await followed(app, task_id, asks=asks)
            if chain is not None and asks and proposes(chain.last):
                await app.runs.decline(chain.last, CANCELLED)
            elif chain is not None and not settled(chain.last.status):
                app.runs.cancel_later(rendering.handle(chain.last), "tasks/cancel")
        return chain is not None


# Reading -------------------------------------------------------------------------------------------------


async def followed(app: AppContext, task_id: str, *, asks: bool) -> Chain | None:
    """The chain that begins with a label; None where the journal has none.

    Of several follow-ups the oldest counts that Google has taken, so that what is over stays so. For a client that
    cannot be asked, a plan is an answer.
    """
    first = await app.runs.known(task_id)
    if first is None or first.label != task_id:
        return None
    chain = Chain(first, first)
    while asks and answerable(chain.last):
        followers = await app.runs.followers(str(chain.last.interaction_id))
        tries = [row for row in followers if row.kind == "research" and in_time(row, chain.last)]
        taken = next((row for row in tries if not refused(row)), None)
        if taken is None:
            return replace(chain, refused=tuple(tries))
        chain = Chain(first, taken)
    return chain


def proposes(record: Record) -> bool:
    """Whether it is a plan that can be run."""
    return record.plan and record.status == "completed" and bool(record.text)


def answerable(record: Record) -> bool:
    """Whether it is a plan that can be run, or was given up: another server may have run it at the same moment."""
    return record.plan and record.status in ("completed", "cancelled") and bool(record.text)


def in_time(follower: Record, plan: Record) -> bool:
    """Whether a plan had not been given up yet when it was followed; what was begun later is another task."""
    return plan.status != "cancelled" or follower.created_at <= (plan.settled_at or plan.updated_at)


def refused(record: Record) -> bool:
    """Whether it has certainly not been taken."""
    return record.status == "failed" and record.interaction_id is None


async def seen(app: AppContext, chain: Chain, task: Task, *, asks: bool) -> Task:
    """The task as its last interaction is now.

    Raises:
        GeminiMCPError: What came of it cannot be read at this moment.
    """
    record = chain.last
    if record.status == "cancelled":
        return replace(task, status="cancelled", message=record.error)
    try:
        run = await app.runs.find(rendering.handle(record))
    except GeminiMCPError as exc:
        if isinstance(exc, GONE) and not intents.sending(record):
            return wrong(task, exc)
        if settled(record.status):
            raise
        return replace(task, message=str(exc))
    if not run.done.is_set():
        return replace(task, message=run.headline())
    return await over(app, replace(chain, last=run.record), run, task, asks=asks)


async def over(app: AppContext, chain: Chain, run: Run, task: Task, *, asks: bool) -> Task:
    """The task whose last interaction is not followed any more."""
    record = chain.last
    task = replace(task, updated=record.updated_at)
    if record.status == "cancelled":
        return replace(task, status="cancelled", message=record.error)
    if asks and proposes(record):
        return await asking(app, chain, task)
    try:
        return replace(task, status="completed", result=await shown(app, run))
    except GeminiMCPError as exc:
        # It may still go on at Google.
        lost = record.interaction_id is not None and not settled(record.status)
        return replace(task, message=str(exc)) if lost else wrong(task, exc)


def wrong(task: Task, exc: GeminiMCPError) -> Task:
    """The task whose result is an error of the tool."""
    return replace(
        task, status="completed", result=CallToolResult(content=[TextContent(text=unbroken(str(exc)))], is_error=True)
    )


async def asking(app: AppContext, chain: Chain, task: Task) -> Task:
    """The task while its plan waits for the user."""
    plan = chain.last
    today = await app.runs.spent_today()
    words = consent.question(
        following(app.settings, plan, plan.title, plan_first=False), today, app.settings.runs_per_day
    )
    form = ElicitRequestFormParams(
        message=phrases.joined(plan_text(plan), "---", words), requested_schema=render_elicitation_schema(Approval)
    )
    said = chain.refused[-1].error if chain.refused else "The plan waits for approval."
    return replace(task, status="input_required", message=said, inputs={chain.key: ElicitRequest(params=form)})


def plan_text(plan: Record) -> str:
    """The plan, as far as a form shows it, framed."""
    return rendering.framed_text([clipped(plan.text[:PLAN_BYTES], PLAN_BYTES)])


# Answering -----------------------------------------------------------------------------------------------


def approval(response: object) -> Approval | None:
    """What the user has filled in; None when nobody has answered.

    Raises:
        InputError: It is not the form's.
    """
    try:
        said = ElicitResult.model_validate(response)
        match said.action:
            case "accept":
                return Approval.model_validate(said.content or {})
            case "decline":
                return Approval(approve=False)
            case "cancel":
                return None
    except ValidationError as exc:
        raise InputError(
            "The response does not fit the form: `action` is accept, decline or cancel, and `content` has `approve` "
            "(true or false) and may have `changes` (text)."
        ) from exc


async def decided(app: AppContext, plan: Record, said: Approval | None) -> None:
    """Do with a plan what the user wants. Changes come first, since they cost least."""
    if said is None:
        await app.runs.decline(plan, UNANSWERED)
    elif said.changes.strip():
        await app.runs.start_once(following(app.settings, plan, said.changes, plan_first=True))
    elif said.approve:
        await app.runs.start_once(following(app.settings, plan, APPROVED, plan_first=False))
    else:
        await app.runs.decline(plan, DECLINED)


def following(settings: Settings, plan: Record, prompt: str, *, plan_first: bool) -> Request:
    """What start_research sends for a plan: to change it, or to run it.

    Raises:
        InputError: A tool of the plan is not configured any more.
    """
    return agents.request(
        settings,
        prompt,
        agent=plan.agent,
        plan_first=plan_first,
        previous=plan,
        previous_interaction_id=plan.interaction_id,
        contents_digest="",
        tools=(),
        visualization=True,
        output_format=None,
        environment=None,
    )
