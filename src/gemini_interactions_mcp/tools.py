"""MCP tools: one async function each, and the TOOLS table.

A new tool is a function and a row in TOOLS. The docstrings and descriptions are read by a model, and paid for.
"""

import contextlib
import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools.base import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import Field

from . import consent, records, render, research, rows, wire
from .arguments import choice, inlined, slim
from .context import AppContext, Ctx, Progress, opened
from .elicitation import elicited
from .errors import (
    ConfigurationError,
    DailyLimitError,
    FileRefusedError,
    GeminiMCPError,
    InputError,
    InteractionNotFoundError,
    OutcomeUnknownError,
    RefusedError,
)
from .excerpt import Excerpt
from .hosts import LONGEST_WAIT_SECONDS, host_of, seconds_to_name, seconds_to_wait
from .models import Contents, Record, RecordPage, Request, settled
from .overview import overview
from .paths import TAKEN
from .results import NAMING_SECONDS, Reading, asked, noted, read, text_result, unless_done
from .tasks import askable
from .words import shown

if TYPE_CHECKING:
    from .inspection import Inspection
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
ModelName = Annotated[str | None, Field(description="Model id; default set by the user")]
BuiltInTool = Literal["google_search", "url_context", "code_execution", "google_maps"]
BuiltInTools = Annotated[list[BuiltInTool] | None, Field(description="Gemini's own tools; default none")]
System = Annotated[str | None, Field(description="Not inherited by follow-ups")]
Schema = Annotated[dict[str, Any] | None, Field(description="JSON Schema of the answer")]
Thinking = Annotated[
    Literal["minimal", "low", "medium", "high"] | None, Field(description="Effort; default is the model's")
]
MaxTokens = Annotated[int | None, Field(ge=1, description="Limit of the answer")]
Store = Annotated[bool, Field(description="false: not kept at Google, no follow-ups; default true")]
Wait = Annotated[
    float | None,
    Field(
        ge=0,
        le=LONGEST_WAIT_SECONDS,
        allow_inf_nan=False,
        description="Seconds, 0-600, until an id is returned; default 45, Codex 25",
    ),
]
WaitNone = Annotated[
    float,
    Field(ge=0, le=LONGEST_WAIT_SECONDS, allow_inf_nan=False, description="Seconds to wait for it, 0-600; default 0"),
]
Page = Annotated[int, Field(ge=1, description="Page of a long answer; default 1")]
Section = Annotated[str | None, Field(description="Heading to show alone")]
Resolved = Annotated[bool, Field(description="Follow Google's redirect links; default false")]
Sources = Annotated[
    list[str],
    Field(
        description="Paths, folders, globs, URLs (also YouTube), Files API names or "
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
ImageSize = Annotated[Literal["1K", "2K", "4K"] | None, Field(description="default 1K")]


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
    """Ask a Gemini model: a second opinion, current facts (tools: google_search), web pages (url_context),
    calculations (code_execution), places (google_maps). Returns the answer, its sources, tokens and an
    interaction_id; a slow answer returns the id and how to fetch it.
    """
    app = await opened(ctx)
    request = Request(
        kind="ask",
        prompt=prompt,
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
    """Continue any earlier Gemini interaction (ask, file analysis or finished research): Google keeps its context, so
    send only what is new. Returns the answer and a new interaction_id.
    """
    app = await opened(ctx)
    request = Request(
        kind="ask",
        prompt=prompt,
        model=model or app.settings.model,
        previous_interaction_id=await followed_id(app, previous_interaction_id),
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
    previous = await optional_id(app, previous_interaction_id)
    progress, since = Progress(ctx), anyio.current_time()
    seconds = seconds_to_wait(ctx, app.settings, wait_seconds)
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
        contents_digest=contents.digest,
        previous_interaction_id=previous,
        response_schema=response_schema,
    )
    left = max(0.0, seconds - (anyio.current_time() - since))
    return await asked(ctx, app, request, left, progress=progress, notes=contents.notes)


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
    """Make an image from text with Gemini, or edit images (`images`, or `previous_interaction_id` of the one to
    change). The file is saved; returns its path and a preview.
    """
    app = await opened(ctx)
    previous = await optional_id(app, previous_interaction_id)
    target, refusal = await placed(app, output_path)
    progress, since = Progress(ctx), anyio.current_time()
    seconds = seconds_to_wait(ctx, app.settings, wait_seconds)
    contents = await pictures(app, images, max(seconds, NAMING_SECONDS), progress)
    chosen = {"aspect_ratio": aspect_ratio, "image_size": image_size}
    request = Request(
        kind="image",
        prompt=prompt,
        model=model or app.settings.image_model,
        contents=contents.labelled,
        contents_digest=contents.digest,
        previous_interaction_id=previous,
        image={name: value for name, value in chosen.items() if value},
        output_path=output_path,
    )
    left = max(0.0, seconds - (anyio.current_time() - since))
    return await asked(ctx, app, request, left, target, progress, refusal, contents.notes)


async def placed(app: AppContext, output_path: str | None) -> tuple[Path | None, GeminiMCPError | None]:
    """Where a picture is wanted, or why no new one can be written: an identical call may have made it already.

    Raises:
        FileRefusedError: Nothing can ever be written there.
    """
    try:
        target = await app.files.output(output_path)
    except FileRefusedError as exc:
        if exc.reason != TAKEN:
            raise
        return None, exc
    except ConfigurationError as exc:
        return None, exc
    if target is not None and await app.journal.holds(str(target)):
        return None, FileRefusedError(
            f"{shown(str(output_path))} was the file of an earlier interaction, and its name is not used again; choose "
            "another name.",
            reason=TAKEN,
        )
    return target, None


# Research ------------------------------------------------------------------------------------------------


async def start_research(
    ctx: Ctx,
    prompt: Prompt,
    agent: Annotated[str | None, Field(description="Agent id; default set by the user")] = None,
    plan_first: Annotated[bool, Field(description="Return a plan to approve instead; default false")] = False,
    previous_interaction_id: Annotated[
        str | None, Field(description="Plan to run or, with plan_first, to refine; report to build on")
    ] = None,
    files: Annotated[list[str] | None, Field(description="As in analyze_file")] = None,
    tools: Annotated[
        list[str] | None,
        Field(description="As in gemini_ask, file_search:STORE or mcp:NAME; default the agent's own"),
    ] = None,
    visualization: Annotated[bool, Field(description="Charts in the report; default true")] = True,
    output_format: Annotated[str | None, Field(description="How the report should look")] = None,
    environment: Annotated[str | None, Field(description="Sandbox of other agents: remote or an id")] = None,
    force: Annotated[bool, Field(description="Pay again for the same request; default false")] = False,
) -> CallToolResult | InputRequiredResult:
    """Start Gemini Deep Research: an agent reads the web for 5-60 minutes and writes a cited report; costs dollars.
    Returns an interaction_id for check_research at once; the same request within 10 minutes returns the same run.
    Other agents (Antigravity, custom) take tasks.
    """
    app = await opened(ctx)
    previous_interaction_id = await optional_id(app, previous_interaction_id)
    await app.gemini.ready()
    await app.files.output()
    given = await app.files.inspect(files or ())
    previous = await app.runs.known(previous_interaction_id)
    seconds = seconds_to_name(ctx, app.settings)
    request = research.request(
        app.settings,
        prompt,
        agent=agent,
        plan_first=plan_first,
        previous=previous,
        previous_interaction_id=previous_interaction_id,
        contents_digest=given.digest,
        tools=[choice(tool, research.BUILT_IN) for tool in tools or ()],
        visualization=visualization,
        output_format=output_format,
        environment=environment,
    )
    if not force and (earlier := await app.runs.repeated(request)):
        return noted(await begun(earlier, seconds, fresh=False), given.notes)
    instead = await unless_agreed(ctx, app, request, given, records.topic_from(request.kind, previous))
    if instead is not None:
        return instead
    run, fresh = await app.runs.start_once(await completed(ctx, app, request, given), again=force)
    return noted(await begun(run, seconds, fresh=fresh), given.notes)


def subject(request: Request) -> str:
    """What the user agrees to: the request, its files by their contents, whatever plan it runs."""
    return f"{records.fingerprint(request)} {request.contents_digest}"


async def unless_agreed(
    ctx: Ctx, app: AppContext, request: Request, given: "Inspection", topic: str | None
) -> CallToolResult | InputRequiredResult | None:
    """What is returned in place of starting research: a question or its answer; None where it may be started.

    The user is asked where that is wanted and possible.

    Raises:
        DailyLimitError: The user allows no further run today.
        InputError: The user has agreed to something else, or not filled in the form.
    """
    most, today = app.settings.runs_per_day, await app.journal.spent(records.today())
    if most is not None and today >= most:
        raise DailyLimitError(records.used_up(most))
    asks = app.settings.confirm and askable(ctx.client_capabilities)
    if not asks or app.agreements.holds(subject(request)):
        return None
    question = consent.question(request, today, most, given, topic)
    answer = await elicited(ctx, question, consent.Consent, subject(request))
    if isinstance(answer, InputRequiredResult):
        return answer
    if why := consent.refusal(answer.action, answer.content):
        return text_result(f"{why}\n")
    app.agreements.add(subject(request))
    return None


async def completed(ctx: Ctx, app: AppContext, request: Request, given: "Inspection") -> Request:
    """The request with its contents, uploaded where they have to be; while that lasts, the user's answer holds.

    Raises:
        FileRefusedError: A file was changed.
        StillUploadingError: The time is over; the uploads go on.
        GeminiMCPError: A file could not be uploaded.
    """
    seconds = max(seconds_to_wait(ctx, app.settings), NAMING_SECONDS)
    try:
        contents = await app.files.send(given, seconds=seconds, report=Progress(ctx).uploading)
    except InputError:
        app.agreements.end(subject(request))
        raise
    app.agreements.end(subject(request))
    return request.model_copy(update={"contents": contents.labelled})


async def begun(run: "Run", seconds: float, *, fresh: bool) -> CallToolResult:
    """What start_research returns, once Google has named the run or that takes too long.

    Args:
        run: Of the research.
        seconds: How long the call may wait that is suggested for its report.
        fresh: Whether this call has started it.
    """
    with anyio.move_on_after(NAMING_SECONDS):
        await run.named.wait()
    if run.error is not None:
        raise run.error
    return unless_done(run, text_result(started(run, seconds, fresh=fresh)))


RESEARCHING: Final = "Research has started; it usually takes 5 to 20 minutes."


def started(run: "Run", seconds: float, *, fresh: bool) -> str:
    """What start_research says; a call for the report may wait so long."""
    record = run.record
    head = fresh_state(run) if fresh else repetition(run)
    return render.joined(head, f"---\n{render.identity(record)}\nNext: {render.fetch(record, seconds)}")


def fresh_state(run: "Run") -> str:
    """How far a run is that was started now."""
    if run.waiting:
        return f"{run.waiting.rstrip('.')}. This server goes on trying."
    if run.id is None:
        return "The request has been sent, and Google has not confirmed it yet. Do not start it again."
    if run.record.plan:
        return "Planning has started."
    return "The task has started." if run.record.task else RESEARCHING


def repetition(run: "Run") -> str:
    """Why nothing was started."""
    if run.record.label.startswith(records.APPROVAL):
        return (
            "A plan is run once, and that is this run: nothing new was started, and your words were not passed on. To "
            "change the plan, call start_research with plan_first=true and the plan's id. force=true runs it again, "
            "and that is charged."
        )
    what = "task" if run.record.task else "research"
    return (
        f"The same {what} was asked for {render.duration(run.age())} ago: this is that run, and nothing new was "
        "started. force=true pays for another."
    )


async def check_research(
    ctx: Ctx,
    interaction_id: InteractionId,
    wait_seconds: WaitNone = 0,
    page: Page = 1,
    section: Section = None,
    resolve_sources: Resolved = False,
) -> CallToolResult:
    """See how Gemini research is doing, or read its report (outline first, then pages). Works for any id."""
    return await read(ctx, interaction_id, wait_seconds, Reading(page, section or "", resolve_sources))


async def cancel_research(ctx: Ctx, interaction_id: InteractionId) -> CallToolResult:
    """Stop a running Gemini interaction. What it has cost so far is not refunded."""
    app = await opened(ctx)
    try:
        run = await app.runs.cancel(interaction_id)
    except InteractionNotFoundError:
        raise
    except RefusedError as exc:
        return text_result(
            render.joined(
                f"Google did not cancel it: {exc}",
                "It may go on at Google, and this server follows it as before. "
                f'check_research(interaction_id="{interaction_id}") reads it.',
            )
        )
    return text_result(render.joined(ending(run), f"---\n{render.identity(run.record)}"))


def ending(run: "Run") -> str:
    """What came of a request to stop a run.

    Raises:
        OutcomeUnknownError: It ended before Google named it, and may have been taken.
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
    return f"The interaction had ended already: nothing was stopped. {render.fetch(run.record)}"


# Past interactions ---------------------------------------------------------------------------------------


async def list_interactions(
    ctx: Ctx,
    query: Annotated[str | None, Field(description="Words in the prompt or answer")] = None,
    kind: Literal["ask", "analyze", "image", "research", "task"] | None = None,
    status: Annotated[str | None, Field(description="e.g. completed, in_progress, failed, unknown")] = None,
    limit: Annotated[int, Field(ge=1, le=100, description="1-100, default 20")] = 20,
    cursor: Annotated[str | None, Field(description="From the page before")] = None,
) -> Annotated[CallToolResult, RecordPage]:
    """List the Gemini interactions that this server knows, newest first, from its journal on this computer."""
    app = await opened(ctx)
    host, status = host_of(ctx), rows.status_meant(status) if status else None
    fitting = functools.partial(rows.rows_within, room=host.page_bytes, together=not host.previews)
    page = await overview(app, limit, fitting, query=query, kind=kind, status=status, cursor=cursor)
    return CallToolResult(
        content=[TextContent(text=rows.listing(page, status))],
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
    """Read the answer of any Gemini interaction, page by page, with its sources and files; waits for a running one."""
    return await read(ctx, interaction_id, wait_seconds, Reading(page, section or "", resolve_sources, save))


async def delete_interaction(ctx: Ctx, interaction_id: InteractionId) -> CallToolResult:
    """Delete a Gemini interaction for good: at Google, in this server's journal, and its saved files."""
    app = await opened(ctx)
    record = await app.journal.find(interaction_id)
    if record is None and app.runs.forgot(interaction_id):
        return text_result("It has been deleted already.\n")
    if record is None:
        wire.checked_id(interaction_id)
    elif await app.runs.sending(record):
        raise InputError(
            "It is being sent at this moment, and Google has not named it yet: cancel_research stops it, or call "
            "delete_interaction again in a minute."
        )
    at_google, gone = await deleted_at_google(app, record, interaction_id)
    if not gone:
        return text_result(render.joined("\n".join([at_google, *([KEPT] if record else [])])))
    await app.runs.forget(interaction_id)
    return text_result(render.joined("\n".join([at_google, *await deleted_here(app, record)])))


async def deleted_at_google(app: AppContext, record: Record | None, interaction_id: str) -> tuple[str, bool]:
    """Delete it there; how that went, and whether it is gone there."""
    known = record.interaction_id if record else interaction_id
    if known is None or records.LABEL.fullmatch(known):
        return "Google: it has no id there, so there is nothing to delete.", True
    try:
        runs = record is not None and not settled(record.status)
        if runs:
            await stopped(app, known)
        await app.gemini.delete(known)
    except InteractionNotFoundError:
        return "Google: it was not there (any more).", True
    except GeminiMCPError as exc:
        return f"Google: not deleted. {exc}", False
    return f"Google: {'stopped and ' if runs else ''}deleted.", True


async def stopped(app: AppContext, interaction_id: str) -> None:
    """Stop an interaction at Google, which a deletion alone does not; that it has ended by now is no hindrance."""
    with contextlib.suppress(RefusedError):
        await app.gemini.cancel(interaction_id)


async def deleted_here(app: AppContext, record: Record | None) -> list[str]:
    """Delete its files and its row, and say how that went."""
    if record is None:
        return ["Journal: it was not there."]
    # Again: it may have ended, and its files been saved, while Google was asked.
    record = await app.journal.find(record.label) or record
    lines = await anyio.to_thread.run_sync(app.saved.removed, record.files)
    there = await app.journal.delete(record.label)
    return [*lines, "Journal: deleted." if there else "Journal: it was not there (any more)."]


KEPT: Final = "Journal and files: kept, so that nothing is lost. Call delete_interaction again later."


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


async def optional_id(app: AppContext, interaction_id: str | None) -> str | None:
    """The id of an interaction to go on from, checked, or None.

    Raises:
        InputError: It cannot be an id, or is one of ours that Google does not know.
    """
    return await followed_id(app, interaction_id) if interaction_id else None


async def followed_id(app: AppContext, interaction_id: str) -> str:
    """The id of an interaction to go on from; one that Google gave may have any characters.

    Raises:
        InputError: It cannot be an id, or is one of ours that Google does not know.
    """
    if records.LABEL.fullmatch(interaction_id):
        raise InputError(
            "Google does not know that interaction: it was asked for with store=false, or has not been named yet. It "
            "cannot be continued; read_interaction shows it."
        )
    if wire.INTERACTION_ID.fullmatch(interaction_id) or await app.runs.known(interaction_id):
        return interaction_id
    return wire.checked_id(interaction_id)


# The table -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A tool: its function, title, hints and what only some hosts read.

    Attributes:
        search: Words by which Claude Code finds a tool whose schema is not loaded.
        characters: How much Claude Code shows of one result before it moves it to a file.
    """

    function: Callable[..., Awaitable[CallToolResult | InputRequiredResult]]
    title: str
    annotations: ToolAnnotations
    search: str | None = None
    characters: int | None = None


def hints(*, read_only: bool = False, destructive: bool = False, idempotent: bool = False) -> ToolAnnotations:
    """All four hints, said; every tool reaches out to Google but the list, which shows its own journal."""
    return ToolAnnotations(
        read_only_hint=read_only, destructive_hint=destructive, idempotent_hint=idempotent, open_world_hint=True
    )


TOOLS: Final = (
    Entry(gemini_ask, "Ask Gemini", hints()),
    Entry(gemini_continue, "Continue with Gemini", hints(), "Gemini follow-up conversation"),
    Entry(analyze_file, "Analyze files", hints(), "Gemini image audio video pdf document youtube"),
    Entry(generate_image, "Generate or edit image", hints(), "Gemini picture draw edit photo"),
    Entry(start_research, "Start Deep Research", hints(), "Gemini deep research web report agent"),
    Entry(check_research, "Check research", hints(read_only=True), "Gemini research status report", 100_000),
    Entry(cancel_research, "Cancel research", hints(destructive=True, idempotent=True), "Gemini stop research"),
    Entry(
        list_interactions,
        "List interactions",
        ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False),
        "Gemini history past",
    ),
    Entry(read_interaction, "Read interaction", hints(read_only=True), "Gemini answer page result", 100_000),
    Entry(delete_interaction, "Delete interaction", hints(destructive=True, idempotent=True), "Gemini forget privacy"),
)
"""All tools, in the order in which they are listed."""


class AsMeant(FuncMetadata):
    """The SDK's reader of arguments, which would read JSON in every text, also in one to search for or to send."""

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        """Leave them as `arguments.understood` has read them."""
        return data


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
    tool.fn_metadata = AsMeant(**dict(tool.fn_metadata))
    if structured and tool.fn_metadata.output_schema:
        tool.fn_metadata.output_schema = inlined(slim(tool.fn_metadata.output_schema))
    return tool


def meta(entry: Entry) -> dict[str, Any]:
    """What Claude Code reads; other hosts pass it over."""
    if entry.search is None:
        return {"anthropic/alwaysLoad": True}
    found: dict[str, Any] = {"anthropic/searchHint": entry.search}
    return found | ({"anthropic/maxResultSizeChars": entry.characters} if entry.characters else {})
