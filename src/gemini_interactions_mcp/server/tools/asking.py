"""The tools that ask a model: text, files and images."""

from pathlib import Path
from typing import Annotated

import anyio
from mcp_types import CallToolResult
from pydantic import Field

from gemini_interactions_mcp.core import ConfigurationError, FileRefusedError, GeminiMCPError, InputError, quote_name
from gemini_interactions_mcp.files import REASON_EXISTS, Excerpt
from gemini_interactions_mcp.models import Contents, Request
from gemini_interactions_mcp.server.context import AppContext, Ctx, Progress, open_app
from gemini_interactions_mcp.server.hosts import choose_wait_seconds
from gemini_interactions_mcp.server.results.answers import ask_and_wait

from .choosing import choose_maker
from .parameters import (
    AspectRatio,
    BuiltInTools,
    ClipRange,
    FileSources,
    ImageSize,
    ImageSources,
    InteractionId,
    MaxOutputTokens,
    MediaResolution,
    ModelName,
    PageRange,
    PreviousId,
    Prompt,
    ResponseSchema,
    StoreFlag,
    SystemInstruction,
    ThinkingLevel,
    WaitSeconds,
    check_optional_id,
    check_previous_id,
)


async def gemini_ask(
    ctx: Ctx,
    prompt: Prompt,
    model: ModelName = None,
    system_instruction: SystemInstruction = None,
    tools: BuiltInTools = None,
    response_schema: ResponseSchema = None,
    thinking_level: ThinkingLevel = None,
    max_output_tokens: MaxOutputTokens = None,
    store: StoreFlag = True,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult:
    """Ask a Gemini model: a second opinion, current facts (tools: google_search), web pages (url_context),
    calculations (code_execution), places (google_maps). Returns the answer, its sources, tokens and an
    interaction_id; a slow answer returns the id and how to fetch it.
    """
    app = await open_app(ctx)
    choice = await choose_maker(app, "ask", model)
    request = Request(
        kind="ask",
        prompt=prompt,
        model=choice.name,
        system_instruction=system_instruction,
        tools=tuple(tools or ()),
        response_schema=response_schema,
        thinking_level=thinking_level,
        max_output_tokens=max_output_tokens,
        store=store,
    )
    return await ask_and_wait(ctx, app, choice.admit(request), wait_seconds, notes=choice.notes)


async def gemini_continue(
    ctx: Ctx,
    previous_interaction_id: InteractionId,
    prompt: Prompt,
    model: ModelName = None,
    system_instruction: SystemInstruction = None,
    tools: BuiltInTools = None,
    response_schema: ResponseSchema = None,
    thinking_level: ThinkingLevel = None,
    max_output_tokens: MaxOutputTokens = None,
    store: StoreFlag = True,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult:
    """Continue any earlier Gemini interaction (ask, file analysis or finished research): Google keeps its context, so
    send only what is new. Returns the answer and a new interaction_id.
    """
    app = await open_app(ctx)
    choice = await choose_maker(app, "ask", model)
    request = Request(
        kind="ask",
        prompt=prompt,
        model=choice.name,
        previous_interaction_id=await check_previous_id(app, previous_interaction_id),
        system_instruction=system_instruction,
        tools=tuple(tools or ()),
        response_schema=response_schema,
        thinking_level=thinking_level,
        max_output_tokens=max_output_tokens,
        store=store,
    )
    return await ask_and_wait(ctx, app, choice.admit(request), wait_seconds, notes=choice.notes)


async def analyze_file(
    ctx: Ctx,
    files: FileSources,
    prompt: Prompt,
    model: ModelName = None,
    previous_interaction_id: PreviousId = None,
    media_resolution: MediaResolution = None,
    clip: ClipRange = None,
    pages: PageRange = None,
    response_schema: ResponseSchema = None,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult:
    """Analyze files with Gemini: images, audio, video, PDF, Office, text, code; several at once. Local files are
    sent to Google; only allowed directories are read. Returns the answer and an interaction_id for follow-ups.
    """
    app = await open_app(ctx)
    choice = await choose_maker(app, "analyze", model)
    asked = choice.admit(
        Request(
            kind="analyze",
            prompt=prompt,
            model=choice.name,
            previous_interaction_id=await check_optional_id(app, previous_interaction_id),
            response_schema=response_schema,
        )
    )
    progress, since = Progress(ctx), anyio.current_time()
    seconds = choose_wait_seconds(ctx, app.settings, wait_seconds)
    contents = await app.files.contents(
        files,
        resolution=media_resolution,
        excerpt=Excerpt.of(clip, pages),
        # Even a file that is uploaded already takes a moment to be found.
        seconds=max(seconds, app.timing.naming),
        report=progress.uploading,
    )
    request = add_contents(asked, contents)
    left = max(0.0, seconds - (anyio.current_time() - since))
    return await ask_and_wait(ctx, app, request, left, progress=progress, notes=(*choice.notes, *contents.notes))


async def generate_image(
    ctx: Ctx,
    prompt: Prompt,
    images: ImageSources = None,
    previous_interaction_id: PreviousId = None,
    aspect_ratio: AspectRatio | None = None,
    image_size: ImageSize = None,
    model: ModelName = None,
    output_path: Annotated[
        str | None, Field(description="New .jpg, .png or .webp file; default in the output folder")
    ] = None,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult:
    """Generate an image from text with Gemini, or edit images (given as `images` or by `previous_interaction_id`).
    The file is saved; returns its path and a preview.
    """
    app = await open_app(ctx)
    choice = await choose_maker(app, "image", model)
    shape = {"aspect_ratio": aspect_ratio, "image_size": image_size}
    asked = choice.admit(
        Request(
            kind="image",
            prompt=prompt,
            model=choice.name,
            previous_interaction_id=await check_optional_id(app, previous_interaction_id),
            image={name: value for name, value in shape.items() if value},
            output_path=output_path,
        )
    )
    target, refusal = await resolve_output_path(app, output_path)
    progress, since = Progress(ctx), anyio.current_time()
    seconds = choose_wait_seconds(ctx, app.settings, wait_seconds)
    contents = await prepare_images(app, images, max(seconds, app.timing.naming), progress)
    request = add_contents(asked, contents)
    left = max(0.0, seconds - (anyio.current_time() - since))
    return await ask_and_wait(ctx, app, request, left, target, progress, refusal, (*choice.notes, *contents.notes))


def add_contents(request: Request, contents: Contents) -> Request:
    """Return a request with the files that go with it."""
    return request.model_copy(
        update={"contents": contents.labelled, "contents_digest": contents.digest, "attachments": contents.attachments}
    )


async def resolve_output_path(app: AppContext, output_path: str | None) -> tuple[Path | None, GeminiMCPError | None]:
    """Return the path for the image, or why none can be written there: an identical call may have written it already.

    Raises:
        FileRefusedError: Nothing can ever be written there.
    """
    try:
        target = await app.files.output(output_path)
    except FileRefusedError as exc:
        if exc.reason != REASON_EXISTS:
            raise
        return None, exc
    except ConfigurationError as exc:
        return None, exc
    if target is not None and await app.runs.holds_file(target):
        return None, FileRefusedError(
            f"{quote_name(str(output_path))} was the file of an earlier interaction, and its name is never "
            "reused; choose "
            "another name.",
            reason=REASON_EXISTS,
        )
    return target, None


async def prepare_images(app: AppContext, images: list[str] | None, seconds: float, progress: Progress) -> Contents:
    """Return the content of reference images and images to edit.

    Raises:
        InputError: One of them is not an image.
    """
    if not images:
        return Contents()
    contents = await app.files.contents(images, seconds=seconds, report=progress.uploading)
    if any(content["type"] != "image" for content in contents.blocks):
        raise InputError("`images` takes images only; analyze_file takes other files.")
    return contents
