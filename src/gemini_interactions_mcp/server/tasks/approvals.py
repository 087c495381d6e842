"""The form that asks the user about a research plan, and what is done with the response."""

from typing import Final

from mcp.server.elicitation import render_elicitation_schema
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult
from pydantic import BaseModel, Field, ValidationError

from gemini_interactions_mcp.core import InputError, clip_text, phrases
from gemini_interactions_mcp.models import Record, Request
from gemini_interactions_mcp.runs import agents
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.tools import consent
from gemini_interactions_mcp.server.tools.choosing import choose_maker
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.text import rendering

MAX_PLAN_BYTES: Final = 20_000
"""Maximum size of the plan in a form, in bytes."""

APPROVAL_PROMPT: Final = "The plan is approved. Carry it out."
"""Prompt that runs a plan."""
PLAN_DECLINED: Final = "The user declined the plan."
PLAN_UNANSWERED: Final = (
    "Nobody answered the question about the plan: the host closed it without showing it, or the user dismissed it. "
    "Nothing was run. The plan is kept; start_research with its id as previous_interaction_id runs it."
)


class Approval(BaseModel):
    """The form below a plan."""

    approve: bool = Field(title="Run this plan")
    changes: str = Field(
        default="", title="Changes", description="What to change; then a new plan is made and nothing is run yet"
    )


async def build_approval_form(app: AppContext, plan: Record) -> ElicitRequest:
    """Return the question about a plan: the plan, what running it costs, and the form.

    Raises:
        InputError: A tool of the plan is no longer configured.
        JournalError: What was spent cannot be read.
    """
    question = await estimate_plan(app, plan)
    params = ElicitRequestFormParams(
        message=phrases.join_paragraphs(
            consent.render_question(question),
            "---",
            render_plan(plan),
        ),
        requested_schema=render_elicitation_schema(Approval),
    )
    return ElicitRequest(params=params)


async def estimate_plan(app: AppContext, plan: Record) -> consent.CostQuestion:
    """Return what running a plan costs.

    Raises:
        InputError: A tool of the plan is no longer configured.
        JournalError: What was spent cannot be read.
    """
    agent = plan.agent or app.settings.research_agent
    request = build_follow_up(app.settings, plan, agent, plan.title, plan_first=False)
    estimate = await app.runs.costs.estimate(request, plan)
    return consent.CostQuestion(request, estimate, await app.runs.spending(), plan=plan, remote=app.principal.remote)


def render_plan(plan: Record) -> str:
    """Return the framed plan, clipped to what a form shows."""
    return rendering.frame_whole_text([clip_text(plan.text[:MAX_PLAN_BYTES], MAX_PLAN_BYTES)])


def parse_approval(response: object) -> Approval | None:
    """Parse the response to a form; None if the user has not answered.

    Raises:
        InputError: It does not fit the form.
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


async def apply_decision(app: AppContext, plan: Record, said: Approval | None) -> None:
    """Change, run or decline a plan as the user has decided. Changes come first, since they cost least.

    Raises:
        GeminiMCPError: The research could not be started.
    """
    if said is None:
        await app.runs.decline(plan, PLAN_UNANSWERED)
    elif said.changes.strip():
        await follow_plan(app, plan, said.changes, plan_first=True)
    elif said.approve:
        await follow_plan(app, plan, APPROVAL_PROMPT, plan_first=False)
    else:
        await app.runs.decline(plan, PLAN_DECLINED)


async def follow_plan(app: AppContext, plan: Record, prompt: str, *, plan_first: bool) -> None:
    """Change a plan (`plan_first`) or run it, by its own agent.

    Raises:
        InputError: The agent is shut down.
        GeminiMCPError: The research could not be started.
    """
    choice = await choose_maker(app, "research", plan.agent)
    request = build_follow_up(app.settings, plan, choice.name, prompt, plan_first=plan_first)
    await app.runs.start_once(choice.admit(request), plan)


def build_follow_up(settings: Settings, plan: Record, agent: str, prompt: str, *, plan_first: bool) -> Request:
    """Return the request of start_research that changes a plan (`plan_first`) or runs it.

    Raises:
        InputError: A tool of the plan is no longer configured.
    """
    return agents.build_agent_request(
        settings,
        prompt,
        agent=agent,
        plan_first=plan_first,
        previous=plan,
        previous_interaction_id=plan.interaction_id,
        contents_digest="",
        tools=(),
        metadata_filter=None,
        visualization=True,
        output_format=None,
        budget_tokens=None,
    )
