"""Tools for agents: start, check and cancel research."""

from typing import TYPE_CHECKING, Annotated, Final

import anyio
from mcp.server.apps import client_supports_apps
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field

from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InteractionNotFoundError,
    OutcomeUnknownError,
    RefusedError,
    phrases,
)
from gemini_interactions_mcp.models import Record, Request
from gemini_interactions_mcp.runs import SandboxTerms, agents
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Ctx, Progress, open_app
from gemini_interactions_mcp.server.hosts import choose_wait_seconds, suggest_wait_seconds
from gemini_interactions_mcp.server.results.answers import (
    ReadOptions,
    add_facts,
    build_text_result,
    describe_run,
    mark_unfinished,
    prepend_notes,
    read_answer,
)
from gemini_interactions_mcp.server.results.programs import describe_error, tell_programs
from gemini_interactions_mcp.server.results.standing import tell_running_cost
from gemini_interactions_mcp.server.views.attaching import build_view_meta
from gemini_interactions_mcp.text import rendering

from .choosing import choose_maker, match_tools
from .parameters import InteractionId, MetadataFilter, PageNumber, PollSeconds, Prompt, ResolveSources, SectionHeading
from .paying import ToolResult, ask_before_paying
from .sandboxing import inspect_for_agent, list_shown_kinds, send_to_agent

if TYPE_CHECKING:
    from gemini_interactions_mcp.runs import Run


async def start_research(
    ctx: Ctx,
    prompt: Prompt,
    agent: Annotated[str | None, Field(description="Agent id; default the user's")] = None,
    plan_first: Annotated[bool, Field(description="Plan to approve; default false")] = False,
    previous_interaction_id: Annotated[
        str | None, Field(description="Plan to run or, with plan_first, refine; result to build on")
    ] = None,
    files: Annotated[list[str] | None, Field(description="As in analyze_file")] = None,
    tools: Annotated[
        list[str] | None,
        Field(description="As in gemini_ask, mcp:NAME; default the agent's own"),
    ] = None,
    metadata_filter: MetadataFilter = None,
    visualization: Annotated[bool, Field(description="Charts; default true")] = True,
    output_format: Annotated[str | None, Field(description="How the report should look")] = None,
    environment: Annotated[str | None, Field(description="Other agents' sandbox: remote (new) or an id")] = None,
    repository: Annotated[
        str | None, Field(description="Public Git repository for the sandbox: https://github.com/o/r")
    ] = None,
    network: Annotated[str | None, Field(description="Domains the sandbox may reach, or none; default all")] = None,
    budget_tokens: Annotated[int | None, Field(ge=1, description="Token limit of other agents")] = None,
    force: Annotated[bool, Field(description="Pay again for the same; default false")] = False,
) -> CallToolResult | InputRequiredResult:
    """Start Gemini Deep Research: an agent reads the web for 5-60 minutes and writes a cited report; costs dollars.
    Returns an interaction_id for check_research at once; repeated within 10 minutes, the same run.
    Other agents (antigravity, custom) do tasks in a sandbox.
    """
    app = await open_app(ctx)
    previous = await find_previous_task(app, previous_interaction_id, agent)
    choice = await choose_maker(app, "research", agent or (previous and previous.agent))
    await check_readiness(app)
    given = await inspect_for_agent(app, choice.name, files or ())
    request = agents.build_agent_request(
        app.settings,
        prompt,
        agent=choice.name,
        plan_first=plan_first,
        previous=previous,
        previous_interaction_id=previous.interaction_id if previous else previous_interaction_id,
        contents_digest=given.digest,
        tools=match_tools(tools or ()),
        metadata_filter=metadata_filter,
        visualization=visualization,
        output_format=output_format,
        budget_tokens=budget_tokens,
        sandbox=SandboxTerms(environment, repository, network, bool(given.files)),
    )
    request, notes = choice.admit(request, list_shown_kinds(choice.name, given)), (*choice.notes, *given.notes)
    await check_holdings(app, request)
    if not force and (earlier := await app.runs.find_repeated(request, previous)):
        return prepend_notes(await report_start(ctx, app, earlier, fresh=False), notes)
    agreed = await ask_before_paying(ctx, app, request, given)
    if isinstance(agreed, ToolResult):
        return agreed
    with agreed:
        request = await send_to_agent(app, request, given, choose_wait_seconds(ctx, app.settings), Progress(ctx))
    return prepend_notes(await start_agent(ctx, app, request, previous, again=force), notes)


async def find_previous_task(app: AppContext, interaction_id: str | None, agent: str | None) -> Record | None:
    """Return the row of an interaction to continue; one that was made elsewhere is read at Google.

    Raises:
        GeminiMCPError: It cannot be continued, or its agent is neither known nor named.
    """
    if not interaction_id:
        return None
    return await app.runs.find_continued_task(interaction_id, needed=agent is None)


async def check_holdings(app: AppContext, request: Request) -> None:
    """Check that a request names only stores and a sandbox of the user's own.

    Raises:
        InputError: It names another one.
        GeminiMCPError: Whose they are cannot be read.
    """
    await app.stores.admit(request.stores)
    await app.runs.check_environment(request.environment)


async def start_agent(
    ctx: Ctx, app: AppContext, request: Request, previous: Record | None, *, again: bool
) -> CallToolResult:
    """Start a run as `Runs.start_once`, and return the result; a sandbox that was made for nothing is deleted.

    Raises:
        GeminiMCPError: Nothing was sent, or the run has failed.
    """
    try:
        run, fresh = await app.runs.start_once(request, previous, again=again)
    except GeminiMCPError:
        app.sandboxes.discard(request)
        raise
    if not fresh:
        app.sandboxes.discard(request)
    return await report_start(ctx, app, run, fresh=fresh)


async def check_readiness(app: AppContext) -> None:
    """Check that requests can be sent, and a report saved.

    Raises:
        GeminiMCPError: They cannot.
    """
    await app.runs.check_ready()
    await app.files.output()


async def report_start(ctx: Ctx, app: AppContext, run: "Run", *, fresh: bool) -> CallToolResult:
    """Return the result of start_research, once Google has named the run or `Timing.naming` has passed.

    Args:
        ctx: The context of the call.
        app: What handlers use.
        run: The run of the research.
        fresh: Whether this call has started the run.

    Raises:
        GeminiMCPError: The run has failed.
    """
    with anyio.move_on_after(app.timing.naming):
        await run.named.wait()
    if run.error is not None:
        raise add_facts(run.error, app, run)
    cost = await tell_running_cost(app, run) if fresh and run.id else ""
    text = describe_start(run, suggest_wait_seconds(ctx, app.settings), cost, fresh=fresh)
    shown = await build_view_meta(app, run) if client_supports_apps(ctx) else None
    return mark_unfinished(run, tell_programs(build_text_result(text), describe_run(app, run), shown))


RESEARCH_STARTED: Final = "Research has started; it usually takes 5 to 20 minutes."


def describe_start(run: "Run", seconds: float, cost: str, *, fresh: bool) -> str:
    """Return the text of start_research: the state, the usual cost, and a call for the report that waits `seconds`."""
    record = run.record
    head = f"{describe_fresh_run(run)} {cost}".rstrip() if fresh else describe_repetition(run)
    return phrases.join_paragraphs(
        head, f"---\n{rendering.render_identity(record)}\nNext: {rendering.suggest_fetch(record, seconds)}"
    )


def describe_fresh_run(run: "Run") -> str:
    """Return the state of a run that this call has started."""
    if run.waiting:
        return f"{run.waiting.rstrip('.')}. This server goes on trying."
    if run.id is None:
        return "The request has been sent, and Google has not confirmed it yet. Do not start it again."
    if run.record.plan:
        return "Planning has started."
    return "The task has started." if run.record.task else RESEARCH_STARTED


def describe_repetition(run: "Run") -> str:
    """Return why nothing was started."""
    if run.record.approves:
        return (
            "A plan is run once, and that is this run: nothing new was started, and your words were not passed on. To "
            "change the plan, call start_research with plan_first=true and the plan's id. force=true runs it again, "
            "and that is charged."
        )
    what = "task" if run.record.task else "research"
    return (
        f"The same {what} was asked for {phrases.format_duration(run.age())} ago: this is that run, and nothing "
        "new was started. force=true pays for another."
    )


async def check_research(
    ctx: Ctx,
    interaction_id: InteractionId,
    wait_seconds: PollSeconds = 0,
    page: PageNumber = 1,
    section: SectionHeading = None,
    resolve_sources: ResolveSources = False,
) -> CallToolResult:
    """Check Gemini research, or read its report (outline first, then pages). Any id works."""
    return await read_answer(ctx, interaction_id, wait_seconds, ReadOptions(page, section or "", resolve_sources))


async def cancel_research(ctx: Ctx, interaction_id: InteractionId) -> CallToolResult:
    """Stop a running Gemini interaction. Its cost so far is not refunded."""
    app = await open_app(ctx)
    try:
        run = await app.runs.cancel(interaction_id)
    except InteractionNotFoundError:
        raise
    except RefusedError as exc:
        return build_text_result(
            phrases.join_paragraphs(
                f"Google did not cancel it: {app.explain(str(exc))}",
                "It may go on at Google, and this server follows it as before. "
                f'check_research(interaction_id="{interaction_id}") reads it.',
            ),
            describe_error(exc).model_copy(update={"interaction_id": interaction_id}),
        )
    return build_text_result(
        phrases.join_paragraphs(describe_stop(run), f"---\n{rendering.render_outcome(run.record)}"),
        describe_run(app, run),
    )


def describe_stop(run: "Run") -> str:
    """Return the outcome of a request to stop a run.

    Raises:
        OutcomeUnknownError: The run ended before Google named it, and may have been taken.
    """
    if isinstance(run.error, OutcomeUnknownError):
        raise run.error
    if not run.done.is_set():
        return "The interaction was asked to stop, and should do so within a minute."
    if run.record.status == "cancelled" and not run.stopped:
        return f"Nothing was stopped: {run.record.error or 'it was cancelled before.'}"
    if run.record.status == "cancelled":
        return "The interaction was stopped. What it has cost so far is not refunded."
    if run.id is None:
        return "The request was stopped before Google took it. Nothing is charged."
    return f"The interaction had ended already: nothing was stopped. {rendering.suggest_fetch(run.record)}"
