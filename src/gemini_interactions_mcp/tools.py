"""MCP tools: one async function each, and the TOOLS table.

A new tool is a function and a row in TOOLS. The docstrings and descriptions are read by a model, and paid for.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from mcp.server.mcpserver import AcceptedElicitation, Elicit, ElicitationResult, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools.base import Tool
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from . import records, render, research, wire
from .arguments import slim
from .consent import Consent, question
from .context import AppContext, Ctx, Progress, opened
from .errors import (
    ConfigurationError,
    GeminiMCPError,
    InputError,
    InteractionNotFoundError,
    NetworkError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
)
from .excerpt import Excerpt
from .models import Contents, Model, Record, RecordPage, Request
from .results import NAMING_SECONDS, Reading, asked, noted, read, text_result, unless_done
from .tasks import askable

if TYPE_CHECKING:
    from .run import Run

P = ParamSpec("P")
R = TypeVar("R")


def translated(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """The function, its expected errors raised as what MCP shows to the model."""

    @functools.wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await function(*args, **kwargs)
        except GeminiMCPError as exc:
            raise ToolError(str(exc)) from exc

    return call


Prompt = Annotated[str, Field(description="Text for Gemini")]
InteractionId = Annotated[str, Field(description="Id from an earlier result")]
Previous = Annotated[str | None, Field(description="Interaction to continue")]
ModelName = Annotated[str | None, Field(description="Gemini model id; default set by the user")]
BuiltInTool = Literal["google_search", "url_context", "code_execution", "google_maps"]
BuiltInTools = Annotated[list[BuiltInTool] | None, Field(description="Gemini's own tools; default none")]
System = Annotated[str | None, Field(description="System instruction; not inherited by follow-ups")]
Schema = Annotated[dict[str, Any] | None, Field(description="JSON Schema that the answer must follow")]
Thinking = Annotated[
    Literal["minimal", "low", "medium", "high"] | None, Field(description="How hard to think; default is the model's")
]
MaxTokens = Annotated[int | None, Field(ge=1, description="Limit of the answer, in tokens")]
Store = Annotated[bool, Field(description="false: nothing is kept at Google, no follow-ups; default true")]
Wait = Annotated[
    float | None, Field(ge=0, le=600, description="Seconds to wait, 0-600, then an id is returned; default 45")
]
WaitNone = Annotated[float | None, Field(ge=0, le=600, description="Seconds to wait for it, 0-600; default 0")]
Page = Annotated[int, Field(ge=1, description="Page of a long answer; default 1")]
Section = Annotated[str | None, Field(description="Only what stands under this heading")]
Resolved = Annotated[bool, Field(description="Follow Google's redirect links; default false")]
Sources = Annotated[
    list[str],
    Field(
        description="Paths, folders, globs, URLs (also YouTube), gs://, Files API names or "
        "gemini://interactions/{id}/files/{name}"
    ),
]
Clip = Annotated[str | None, Field(description="Part of video or audio: 1:30-2:45, 90-")]
Pages = Annotated[str | None, Field(description="Pages of a PDF: 3-7")]
Images = Annotated[list[str] | None, Field(description="Images to go by or to edit; as in analyze_file")]
Resolution = Annotated[
    Literal["low", "medium", "high", "ultra_high"] | None, Field(description="Detail of images, video and PDF")
]
AspectRatio = Literal[
    "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "1:8", "8:1", "1:4", "4:1"
]
"""Source: google-genai 3.6.1, types/interactions/imageresponseformat.py"""
ImageSize = Annotated[Literal["512", "1K", "2K", "4K"] | None, Field(description="default 1K")]


# Asking --------------------------------------------------------------------------------------------------


async def gemini_ask(
    ctx: Ctx,
    prompt: Prompt,
    model: ModelName = None,
    system_instruction: System = None,
    tools: BuiltInTools = None,
    response_schema: Schema = None,
    thinking_level: Thinking = None,
    max_output_tokens: MaxTokens = None,
    store: Store = True,
    wait_seconds: Wait = None,
) -> CallToolResult:
    """Ask a Gemini model: a second opinion, a current fact (tools: google_search), web pages (url_context),
    calculations (code_execution), places (google_maps). Returns the answer, its sources, tokens and an
    interaction_id to continue with. A slow answer returns the id and how to fetch the rest.
    """
    app = await opened(ctx)
    request = Request(
        kind="ask",
        prompt=said(prompt),
        model=model or app.settings.model,
        system_instruction=system_instruction,
        tools=tuple(tools or ()),
        response_schema=response_schema,
        thinking_level=thinking_level,
        max_output_tokens=max_output_tokens,
        store=store,
    )
    return await asked(ctx, app, request, wait_seconds)


async def gemini_continue(
    ctx: Ctx,
    previous_interaction_id: InteractionId,
    prompt: Prompt,
    model: ModelName = None,
    system_instruction: System = None,
    tools: BuiltInTools = None,
    response_schema: Schema = None,
    thinking_level: Thinking = None,
    max_output_tokens: MaxTokens = None,
    store: Store = True,
    wait_seconds: Wait = None,
) -> CallToolResult:
    """Continue any earlier interaction (ask, file analysis or finished research): Google keeps its context, so
    send only what is new. Returns the answer and a new interaction_id.
    """
    app = await opened(ctx)
    request = Request(
        kind="ask",
        prompt=said(prompt),
        model=model or app.settings.model,
        previous_interaction_id=followed_id(previous_interaction_id),
        system_instruction=system_instruction,
        tools=tuple(tools or ()),
        response_schema=response_schema,
        thinking_level=thinking_level,
        max_output_tokens=max_output_tokens,
        store=store,
    )
    return await asked(ctx, app, request, wait_seconds)


async def analyze_file(
    ctx: Ctx,
    files: Sources,
    prompt: Prompt,
    model: ModelName = None,
    previous_interaction_id: Previous = None,
    media_resolution: Resolution = None,
    clip: Clip = None,
    pages: Pages = None,
    response_schema: Schema = None,
    wait_seconds: Wait = None,
) -> CallToolResult:
    """Have Gemini look at files: images, audio, video, PDF, Office, text, code; several at once. Local files are
    sent to Google; only allowed directories are read. Returns the answer and an interaction_id for follow-ups.
    """
    app = await opened(ctx)
    said(prompt)
    previous = optional_id(previous_interaction_id)
    progress, since = Progress(ctx), anyio.current_time()
    seconds = app.settings.wait_seconds if wait_seconds is None else wait_seconds
    contents = await app.files.contents(
        files,
        resolution=media_resolution,
        excerpt=Excerpt.of(clip, pages),
        # What has been uploaded earlier takes a moment to be found.
        seconds=max(seconds, NAMING_SECONDS),
        report=progress.uploading,
    )
    request = Request(
        kind="analyze",
        prompt=prompt,
        model=model or app.settings.model,
        contents=contents.labelled,
        previous_interaction_id=previous,
        response_schema=response_schema,
    )
    left = max(0.0, seconds - (anyio.current_time() - since))
    return noted(await asked(ctx, app, request, left, progress=progress), contents.notes)


async def generate_image(
    ctx: Ctx,
    prompt: Prompt,
    images: Images = None,
    previous_interaction_id: Previous = None,
    aspect_ratio: AspectRatio | None = None,
    image_size: ImageSize = None,
    model: ModelName = None,
    output_path: Annotated[
        str | None, Field(description="New .jpg, .png or .webp file; default in the output folder")
    ] = None,
    wait_seconds: Wait = None,
) -> CallToolResult:
    """Make an image from text, or edit images (`images`, or `previous_interaction_id` of the one to change). The
    file is saved; returns its path and a preview.
    """
    app = await opened(ctx)
    said(prompt)
    previous = optional_id(previous_interaction_id)
    target = await app.files.output(output_path)
    progress, since = Progress(ctx), anyio.current_time()
    seconds = app.settings.wait_seconds if wait_seconds is None else wait_seconds
    contents = await pictures(app, images, max(seconds, NAMING_SECONDS), progress)
    chosen = {"aspect_ratio": aspect_ratio, "image_size": image_size}
    request = Request(
        kind="image",
        prompt=prompt,
        model=model or app.settings.image_model,
        contents=contents.blocks,
        previous_interaction_id=previous,
        image={name: value for name, value in chosen.items() if value},
    )
    left = max(0.0, seconds - (anyio.current_time() - since))
    return noted(await asked(ctx, app, request, left, target, progress), contents.notes)


# Research ------------------------------------------------------------------------------------------------


class Wanted(Model):
    """What start_research is to send, and what the caller has to know of its files."""

    request: Request
    notes: tuple[str, ...] = ()


@translated
async def wanted_research(
    ctx: Ctx,
    prompt: str,
    agent: str | None,
    plan_first: bool,
    previous_interaction_id: str | None,
    files: list[str] | None,
    tools: list[str] | None,
    visualization: bool,
    output_format: str | None,
    environment: str | None,
) -> Wanted:
    """The request for what the arguments ask for."""
    app = await opened(ctx)
    previous_interaction_id = optional_id(previous_interaction_id)
    await app.files.output()
    seconds, report = max(app.settings.wait_seconds, NAMING_SECONDS), Progress(ctx).uploading
    contents = await app.files.contents(files, seconds=seconds, report=report) if files else Contents()
    request = research.request(
        app.settings,
        said(prompt),
        agent=agent,
        plan_first=plan_first,
        previous=await app.runs.known(previous_interaction_id),
        previous_interaction_id=previous_interaction_id,
        contents=contents.labelled,
        tools=tools or (),
        visualization=visualization,
        output_format=output_format,
        environment=environment,
    )
    return Wanted(request=request, notes=contents.notes)


@translated
async def agreed(
    ctx: Ctx,
    wanted: Annotated[Wanted, Resolve(wanted_research)],
    force: bool,
) -> Consent | Elicit[Consent]:
    """Ask the user, where that is wanted and possible, and something would be started."""
    app = await opened(ctx)
    most, today = app.settings.runs_per_day, records.today()
    if not app.settings.confirm or not askable(ctx.client_capabilities):
        return Consent()
    spent = await app.journal.spent(today)
    if (most is not None and spent >= most) or (not force and await app.runs.repeats(wanted.request)):
        return Consent()
    return Elicit(question(wanted.request, spent, most), Consent)


async def start_research(
    ctx: Ctx,
    wanted: Annotated[Wanted, Resolve(wanted_research)],
    consent: Annotated[ElicitationResult[Consent], Resolve(agreed)],
    prompt: Prompt,
    agent: Annotated[str | None, Field(description="Agent id; default set by the user")] = None,
    plan_first: Annotated[bool, Field(description="Return a plan to approve instead; default false")] = False,
    previous_interaction_id: Annotated[
        str | None, Field(description="With plan_first: plan to refine. Without: plan to run, or report to build on")
    ] = None,
    files: Annotated[list[str] | None, Field(description="As in analyze_file")] = None,
    tools: Annotated[
        list[str] | None,
        Field(
            description="google_search, url_context, code_execution, google_maps, file_search:STORE, mcp:NAME; "
            "default the agent's own"
        ),
    ] = None,
    visualization: Annotated[bool, Field(description="Charts in the report; default true")] = True,
    output_format: Annotated[str | None, Field(description="How the report should look")] = None,
    environment: Annotated[str | None, Field(description="Sandbox of other agents: remote or an id")] = None,
    force: Annotated[bool, Field(description="Pay again for the same request; default false")] = False,
) -> CallToolResult:
    """Start Deep Research: an agent reads the web for 5-60 minutes and writes a cited report; costs dollars.
    Returns at once with an interaction_id for check_research. The same request within 10 minutes returns the run
    that exists. Other agents (Antigravity, custom) take tasks, too.
    """
    if not isinstance(consent, AcceptedElicitation) or not consent.data.start:
        return text_result("The user was asked and declined: nothing was started and nothing is charged.\n")
    app = await opened(ctx)
    run, fresh = await app.runs.start_once(wanted.request, again=force)
    with anyio.move_on_after(NAMING_SECONDS):
        await run.named.wait()
    if run.error is not None:
        raise run.error
    return unless_done(run, noted(text_result(started(run, fresh=fresh)), wanted.notes))


RESEARCHING: Final = "Research has started; it usually takes 5 to 20 minutes."


def researches(record: Record) -> bool:
    """Whether it is Deep Research, and not a task of another agent."""
    return (record.agent or "").startswith(research.DEEP_RESEARCH)


def started(run: "Run", *, fresh: bool) -> str:
    """What start_research says."""
    record = run.record
    if fresh:
        head = (
            "Planning has started." if record.plan else RESEARCHING if researches(record) else "The task has started."
        )
    else:
        head = (
            f"The same research was asked for {render.duration(run.age())} ago: this is that run, and nothing new was "
            "started. force=true pays for another."
        )
    return render.joined(head, f"---\n{render.identity(record)}\nNext: {render.fetch(record)}")


async def check_research(
    ctx: Ctx,
    interaction_id: InteractionId,
    wait_seconds: WaitNone = 0,
    page: Page = 1,
    section: Section = None,
    resolve_sources: Resolved = False,
) -> CallToolResult:
    """See how a research run is doing, or read its report (outline first, then pages). Works for any id."""
    return await read(ctx, interaction_id, wait_seconds, Reading(page, section or "", resolve_sources))


async def cancel_research(ctx: Ctx, interaction_id: InteractionId) -> CallToolResult:
    """Stop a running interaction at Google. What it has cost so far is not refunded."""
    app = await opened(ctx)
    wire.checked_id(interaction_id)
    try:
        run = await app.runs.cancel(interaction_id)
    except PermissionDeniedError as exc:
        await app.runs.forget(interaction_id)
        return text_result(
            render.joined(
                f"Google did not cancel it: {exc}",
                "This server follows it no longer, and keeps its id; it may go on at Google. "
                f'check_research(interaction_id="{interaction_id}") looks at it again.',
            )
        )
    state = "has ended" if run.done.is_set() else "was asked to stop, and should do so within a minute"
    return text_result(render.joined(f"The interaction {state}.", f"---\n{render.identity(run.record)}"))


# Past interactions ---------------------------------------------------------------------------------------


async def list_interactions(
    ctx: Ctx,
    query: Annotated[str | None, Field(description="Words in the prompt or answer")] = None,
    kind: Literal["ask", "analyze", "image", "research"] | None = None,
    status: Annotated[str | None, Field(description="e.g. completed, in_progress, failed, unknown")] = None,
    limit: Annotated[int, Field(ge=1, le=100, description="1-100, default 20")] = 20,
    cursor: Annotated[str | None, Field(description="From the page before")] = None,
) -> Annotated[CallToolResult, RecordPage]:
    """List the interactions that this server knows, newest first, from its journal on this computer."""
    app = await opened(ctx)
    rows, following = await app.journal.page(query=query, kind=kind, status=status, limit=limit, cursor=cursor)
    page = RecordPage(interactions=[render.summary(row) for row in rows], next_cursor=following)
    return CallToolResult(
        content=[TextContent(text=render.listing(page))],
        structured_content=page.model_dump(mode="json", exclude_none=True),
    )


async def read_interaction(
    ctx: Ctx,
    interaction_id: InteractionId,
    page: Page = 1,
    wait_seconds: WaitNone = 0,
    section: Section = None,
    resolve_sources: Resolved = False,
    save: Annotated[str | None, Field(description="Sandbox files to save, e.g. *.csv")] = None,
) -> CallToolResult:
    """Read the answer of any interaction, page by page, with its sources and files; waits for a running one."""
    return await read(ctx, interaction_id, wait_seconds, Reading(page, section or "", resolve_sources, save))


async def delete_interaction(ctx: Ctx, interaction_id: InteractionId) -> CallToolResult:
    """Delete an interaction for good: at Google, in this server's journal, and its saved files."""
    app = await opened(ctx)
    record = await app.journal.find(wire.checked_id(interaction_id))
    if record is not None and records.sending(record):
        raise InputError(
            "It is being sent at this moment, and Google has not named it yet. Call again in some minutes."
        )
    await app.runs.forget(interaction_id)
    at_google, final = await deleted_at_google(app, record, interaction_id)
    lines = [at_google]
    if record is None:
        lines.append("Journal: it was not there.")
    else:
        lines += await anyio.to_thread.run_sync(app.saved.removed, record.files)
        lines.append(await deleted_here(app, record) if final else KEPT)
    return text_result(render.joined("\n".join(lines)))


async def deleted_at_google(app: AppContext, record: Record | None, interaction_id: str) -> tuple[str, bool]:
    """Delete it there; how that went, and whether trying again would change nothing."""
    known = record.interaction_id if record else interaction_id
    if known is None or records.LABEL.fullmatch(known):
        return "Google: it has no name there, so there is nothing to delete by.", True
    try:
        await app.gemini.delete(known)
    except InteractionNotFoundError:
        return "Google: it was not there (any more).", True
    except GeminiMCPError as exc:
        return f"Google: not deleted. {exc}", not isinstance(exc, PASSING)
    return "Google: deleted.", True


async def deleted_here(app: AppContext, record: Record) -> str:
    """Delete its row, and say how that went."""
    return "Journal: deleted." if await app.journal.delete(record.label) else "Journal: it was not there (any more)."


KEPT: Final = "Journal: kept, so that its id is not lost. Call delete_interaction again later."
PASSING: Final = (ConfigurationError, NetworkError, OverloadedError, QuotaError)
"""With these, Google may delete it another time."""


# What tools share ----------------------------------------------------------------------------------------


async def pictures(app: AppContext, images: list[str] | None, seconds: float, progress: Progress) -> Contents:
    """Images to edit or to go by.

    Raises:
        InputError: One of them is no image.
    """
    if not images:
        return Contents()
    contents = await app.files.contents(images, seconds=seconds, report=progress.uploading)
    if any(content["type"] != "image" for content in contents.blocks):
        raise InputError("`images` takes images only; analyze_file takes other files.")
    return contents


def said(prompt: str) -> str:
    """The prompt, if there is one.

    Raises:
        InputError: It is empty.
    """
    if not prompt.strip():
        raise InputError("`prompt` is empty: say what Gemini should do.")
    return prompt


def optional_id(interaction_id: str | None) -> str | None:
    """The id of an interaction to go on from, checked, or None.

    Raises:
        InputError: It cannot be an id, or is one of ours that Google does not know.
    """
    return followed_id(interaction_id) if interaction_id else None


def followed_id(interaction_id: str) -> str:
    """The id of an interaction to go on from.

    Raises:
        InputError: It cannot be an id, or is one of ours that Google does not know.
    """
    if records.LABEL.fullmatch(interaction_id):
        raise InputError(
            "Google does not know that interaction: it was asked for with store=false, or has not been named yet. It "
            "cannot be continued; read_interaction shows it."
        )
    return wire.checked_id(interaction_id)


# The table -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A tool: its function, title, hints and what only some hosts read.

    Attributes:
        search: Words by which Claude Code finds a tool whose schema is not loaded.
        characters: How much Claude Code shows of one result before it moves it to a file.
    """

    function: Callable[..., Awaitable[CallToolResult]]
    title: str
    annotations: ToolAnnotations
    search: str | None = None
    characters: int | None = None


def hints(*, read_only: bool = False, destructive: bool = False, idempotent: bool = False) -> ToolAnnotations:
    """All four hints, said; every tool reaches out to Google but the list."""
    return ToolAnnotations(
        read_only_hint=read_only, destructive_hint=destructive, idempotent_hint=idempotent, open_world_hint=True
    )


TOOLS: Final = (
    Entry(gemini_ask, "Ask Gemini", hints()),
    Entry(gemini_continue, "Continue with Gemini", hints(), "gemini follow-up conversation"),
    Entry(analyze_file, "Analyze files", hints(), "image audio video pdf document youtube"),
    Entry(generate_image, "Generate or edit image", hints(), "picture draw edit photo"),
    Entry(start_research, "Start Deep Research", hints(), "deep research web report agent"),
    Entry(check_research, "Check research", hints(read_only=True), "research status report", 100_000),
    Entry(cancel_research, "Cancel research", hints(destructive=True, idempotent=True), "stop research"),
    Entry(
        list_interactions,
        "List interactions",
        ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False),
        "history past gemini",
    ),
    Entry(read_interaction, "Read interaction", hints(read_only=True), "gemini answer page result", 100_000),
    Entry(delete_interaction, "Delete interaction", hints(destructive=True, idempotent=True), "forget privacy"),
)
"""All tools, in the order in which they are listed."""


def tools() -> list[Tool]:
    """The tools as the SDK takes them, with slim schemas."""
    return [tool_of(entry) for entry in TOOLS]


def tool_of(entry: Entry) -> Tool:
    """Register one row."""
    structured = entry.function is list_interactions
    tool = Tool.from_function(
        translated(entry.function),
        title=entry.title,
        description=" ".join((inspect.getdoc(entry.function) or "").split()),
        annotations=entry.annotations,
        meta=meta(entry),
        structured_output=structured,
    )
    tool.parameters = slim(tool.parameters)
    if structured and tool.fn_metadata.output_schema:
        tool.fn_metadata.output_schema = slim(tool.fn_metadata.output_schema)
    return tool


def meta(entry: Entry) -> dict[str, Any]:
    """What Claude Code reads; other hosts pass it over."""
    if entry.search is None:
        return {"anthropic/alwaysLoad": True}
    found: dict[str, Any] = {"anthropic/searchHint": entry.search}
    return found | ({"anthropic/maxResultSizeChars": entry.characters} if entry.characters else {})
