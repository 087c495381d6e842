"""MCP tools: one async function each, and the TOOLS table.

A new tool is a function and a row in TOOLS. The docstrings and descriptions are read by a model, and paid for.
"""

import base64
import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, ParamSpec

import anyio
import anyio.to_thread
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools.base import Tool
from mcp_types import CallToolResult, ContentBlock, ImageContent, ResourceLink, TextContent, ToolAnnotations
from pydantic import Field

from . import render, wire
from .arguments import slim
from .context import AppContext, Ctx, Progress, opened
from .errors import (
    GeminiMCPError,
    InputError,
    InteractionFailedError,
    InteractionNotFoundError,
    PermissionDeniedError,
)
from .excerpt import Excerpt
from .models import Content, Contents, Record, RecordPage, Request, SavedFile

if TYPE_CHECKING:
    from .run import Run

P = ParamSpec("P")


Prompt = Annotated[str, Field(description="Text for Gemini")]
InteractionId = Annotated[str, Field(description="Id from an earlier result")]
Previous = Annotated[str | None, Field(description="Interaction to continue")]
ModelName = Annotated[str | None, Field(description="Gemini model id; default is set by the user")]
BuiltInTool = Literal["google_search", "url_context", "code_execution", "google_maps"]
BuiltInTools = Annotated[list[BuiltInTool] | None, Field(description="Gemini's own tools; default none")]
System = Annotated[str | None, Field(description="System instruction; not inherited by follow-ups")]
Schema = Annotated[dict[str, Any] | None, Field(description="JSON Schema that the answer must follow")]
Thinking = Annotated[
    Literal["minimal", "low", "medium", "high"] | None, Field(description="How hard to think; default is the model's")
]
MaxTokens = Annotated[int | None, Field(ge=1, description="Limit of the answer, in tokens")]
Store = Annotated[bool, Field(description="false: Google keeps nothing and it cannot be continued; default true")]
Wait = Annotated[
    float | None, Field(ge=0, le=600, description="Seconds to wait, 0-600, then an id is returned; default 45")
]
Page = Annotated[int, Field(ge=1, description="Page of a long answer; default 1")]
Sources = Annotated[
    list[str],
    Field(
        description="Local paths, folders, globs, http(s) or YouTube URLs, gs:// URIs, Files API names or "
        "gemini://interactions/{id}/files/{name}"
    ),
]
Clip = Annotated[str | None, Field(description="Part of video or audio: 1:30-2:45, 90-")]
Pages = Annotated[str | None, Field(description="Pages of a PDF: 3-7")]
Images = Annotated[list[str] | None, Field(description="Reference images or images to edit: paths or URLs")]
Resolution = Annotated[
    Literal["low", "medium", "high", "ultra_high"] | None, Field(description="Detail of images, video and PDF")
]
AspectRatio = Annotated[str | None, Field(description="1:1, 2:3, 3:2, 3:4, 4:3, 4:5, 5:4, 9:16, 16:9 or 21:9")]
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
        previous_interaction_id=wire.checked_id(previous_interaction_id),
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
    aspect_ratio: AspectRatio = None,
    image_size: ImageSize = None,
    model: ModelName = None,
    output_path: Annotated[
        str | None, Field(description="New file to write; default a name in the output folder")
    ] = None,
) -> CallToolResult:
    """Make an image from text, or edit images (`images`, or `previous_interaction_id` of the one to change). The
    file is saved; returns its path and a preview.
    """
    app = await opened(ctx)
    chosen = {"aspect_ratio": aspect_ratio, "image_size": image_size}
    request = Request(
        kind="image",
        prompt=said(prompt),
        model=model or app.settings.image_model,
        contents=await pictures(app, images),
        previous_interaction_id=optional_id(previous_interaction_id),
        image={name: value for name, value in chosen.items() if value},
    )
    target = app.files.output_path(output_path) if output_path else None
    return await asked(ctx, app, request, None, target)


# Research ------------------------------------------------------------------------------------------------

DEEP_RESEARCH: Final = "deep-research"
"""How the ids of Google's research agents begin (google-genai 3.4.0, types/interactions/agentoption.py)."""

NAMING_SECONDS: Final = 4.0
"""How long a call waits for an id at the least: openai-agents and google-adk give it 5 s."""


async def start_research(
    ctx: Ctx,
    prompt: Prompt,
    agent: Annotated[str | None, Field(description="Agent id; default is set by the user")] = None,
    plan_first: Annotated[bool, Field(description="Return a plan to approve instead; default false")] = False,
    previous_interaction_id: Annotated[
        str | None, Field(description="With plan_first: plan to refine. Without: plan to run, or report to build on")
    ] = None,
    files: Annotated[list[str] | None, Field(description="Input files or URLs")] = None,
    tools: Annotated[list[BuiltInTool] | None, Field(description="default: the agent's own")] = None,
    visualization: Annotated[bool, Field(description="Charts in the report; default true")] = True,
    force: Annotated[bool, Field(description="Pay again for the same request; default false")] = False,
) -> CallToolResult:
    """Start Deep Research: an agent reads the web for 5-60 minutes and writes a cited report; costs dollars.
    Returns at once with an interaction_id for check_research. The same request within 10 minutes returns the run
    that exists.
    """
    app = await opened(ctx)
    agent = agent or app.settings.research_agent
    if plan_first and not agent.startswith(DEEP_RESEARCH):
        raise InputError("`plan_first` works with Deep Research agents only; other agents start at once.")
    seconds, report = app.settings.wait_seconds, Progress(ctx).uploading
    contents = await app.files.contents(files, seconds=seconds, report=report) if files else Contents()
    request = Request(
        kind="research",
        prompt=said(prompt),
        agent=agent,
        contents=contents.labelled,
        previous_interaction_id=optional_id(previous_interaction_id),
        tools=tuple(tools or ()),
        agent_config=research_config(agent, plan_first=plan_first, visualization=visualization),
    )
    run, fresh = (await app.runs.start(request), True) if force else await app.runs.start_once(request)
    with anyio.move_on_after(NAMING_SECONDS):
        await run.named.wait()
    if run.error is not None:
        raise run.error
    return noted(text_result(started(run, fresh=fresh)), contents.notes)


def research_config(agent: str, *, plan_first: bool, visualization: bool) -> dict[str, Any] | None:
    """How Deep Research works; other agents have other settings.

    Source: google-genai 3.4.0, types/interactions/deepresearchagentconfig.py
    """
    if not agent.startswith(DEEP_RESEARCH):
        return None
    return {
        "type": "deep-research",
        "thinking_summaries": "auto",
        "visualization": "auto" if visualization else "off",
        # Sent as false too: that is what approves a plan.
        "collaborative_planning": plan_first,
    }


def started(run: "Run", *, fresh: bool) -> str:
    """What start_research says."""
    record = run.record
    if fresh:
        head = "Planning has started." if record.plan else "Research has started; it usually takes 5 to 20 minutes."
    else:
        head = (
            f"The same research was asked for {render.duration(run.age())} ago: this is that run, and nothing new was "
            "started. force=true pays for another."
        )
    return render.joined(head, f"---\n{render.identity(record)}\nNext: {render.fetch(record)}")


async def check_research(
    ctx: Ctx, interaction_id: InteractionId, wait_seconds: Wait = 0, page: Page = 1
) -> CallToolResult:
    """See how a research run is doing, or read its report (outline first, then pages). Works for any id."""
    return await read(ctx, interaction_id, wait_seconds, page)


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
    ctx: Ctx, interaction_id: InteractionId, page: Page = 1, wait_seconds: Wait = 0
) -> CallToolResult:
    """Read the answer of any interaction, page by page, with its sources and files; waits for a running one."""
    return await read(ctx, interaction_id, wait_seconds, page)


async def delete_interaction(ctx: Ctx, interaction_id: InteractionId) -> CallToolResult:
    """Delete an interaction for good: at Google, in this server's journal, and its saved files."""
    app = await opened(ctx)
    wire.checked_id(interaction_id)
    record = await app.journal.find(interaction_id)
    await app.runs.forget(interaction_id)
    lines = [await deleted_at_google(app, interaction_id)]
    if record is None:
        lines.append("Journal: it was not there.")
    else:
        lines += await anyio.to_thread.run_sync(lambda: [removed(file) for file in record.files])
        await app.journal.delete(interaction_id)
        lines.append("Journal: deleted.")
    return text_result(render.joined("\n".join(lines)))


async def deleted_at_google(app: AppContext, interaction_id: str) -> str:
    """Delete it there, and say how that went."""
    try:
        await app.gemini.delete(interaction_id)
    except InteractionNotFoundError:
        return "Google: it was not there (any more)."
    except GeminiMCPError as exc:
        return f"Google: not deleted. {exc}"
    return "Google: deleted."


def removed(file: SavedFile) -> str:
    """Remove a saved file, and say how that went."""
    try:
        Path(file.path).unlink()
    except FileNotFoundError:
        return f"File {file.path}: it was not there."
    except OSError as exc:
        return f"File {file.path}: not deleted ({exc.strerror})."
    return f"File {file.path}: deleted."


# What tools share ----------------------------------------------------------------------------------------


async def asked(
    ctx: Ctx,
    app: AppContext,
    request: Request,
    wait_seconds: float | None,
    target: Path | None = None,
    progress: Progress | None = None,
) -> CallToolResult:
    """Start an interaction and wait for it; if the host cancels the call, so is the interaction."""
    run = await app.runs.start(request, target=target)
    seconds = app.settings.wait_seconds if wait_seconds is None else wait_seconds
    try:
        await app.runs.wait(run, seconds, (progress or Progress(ctx)).waiting)
        if run.stored and seconds < NAMING_SECONDS:
            # What is handed over is of use only with its id.
            with anyio.move_on_after(NAMING_SECONDS - seconds):
                await run.named.wait()
    except anyio.get_cancelled_exc_class():
        app.runs.abandon(run)
        raise
    return await shown(app, run)


async def read(ctx: Ctx, interaction_id: str, wait_seconds: float | None, page: int) -> CallToolResult:
    """Show any interaction, after waiting for it if asked to."""
    app = await opened(ctx)
    run = await app.runs.find(wire.checked_id(interaction_id))
    await app.runs.wait(run, app.settings.wait_seconds if wait_seconds is None else wait_seconds, Progress(ctx).waiting)
    return await shown(app, run, page)


def noted(result: CallToolResult, notes: Sequence[str]) -> CallToolResult:
    """The result, its text after what the caller has to know of the files."""
    first = result.content[0]
    if notes and isinstance(first, TextContent):
        first.text = render.joined(*notes, first.text)
    return result


async def shown(app: AppContext, run: "Run", page: int = 1) -> CallToolResult:
    """The answer of a run, or what is known of it so far.

    Raises:
        GeminiMCPError: It has failed and there is nothing to show.
    """
    record = run.record
    if run.error is not None:
        raise run.error
    if not run.done.is_set():
        return text_result(render.pending(record, age=run.age(), activity=run.activity, text=run.text))
    if record.error and not record.text and not record.files:
        raise InteractionFailedError(record.error, interaction_id=record.interaction_id)
    text = TextContent(text=render.answer(record, page, stored=run.stored))
    return CallToolResult(content=[text, *(await attached(app, record) if page == 1 else [])])


async def attached(app: AppContext, record: Record) -> list[ContentBlock]:
    """A preview and a link for each picture, a link for each other file."""
    blocks: list[ContentBlock] = []
    for file in record.files:
        preview = await anyio.to_thread.run_sync(app.preview, Path(file.path))
        if preview is not None:
            blocks.append(ImageContent(data=base64.b64encode(preview).decode(), mime_type="image/jpeg"))
        blocks.append(
            ResourceLink(uri=render.uri(record, file), name=file.name, mime_type=file.mime_type, size=file.bytes)
        )
    return blocks


def text_result(text: str) -> CallToolResult:
    """A result of one text block."""
    return CallToolResult(content=[TextContent(text=text)])


async def pictures(app: AppContext, images: list[str] | None) -> tuple[Content, ...]:
    """Images to edit or to go by.

    Raises:
        InputError: One of them is no image.
    """
    contents = (await app.files.contents(images)).blocks if images else ()
    if any(content["type"] != "image" for content in contents):
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
    """The id, checked, or None.

    Raises:
        InputError: It cannot be an id.
    """
    return wire.checked_id(interaction_id) if interaction_id else None


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


def translated(function: Callable[P, Awaitable[CallToolResult]]) -> Callable[P, Awaitable[CallToolResult]]:
    """The function, its expected errors raised as what MCP shows to the model."""

    @functools.wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> CallToolResult:
        try:
            return await function(*args, **kwargs)
        except GeminiMCPError as exc:
            raise ToolError(str(exc)) from exc

    return call
