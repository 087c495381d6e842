"""The tools that ask a model: text, files and images."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import anyio
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field

from gemini_interactions_mcp.core import ConfigurationError, FileRefusedError, GeminiMCPError, InputError, quote_name
from gemini_interactions_mcp.files import REASON_EXISTS, SOURCE_FORMS, Excerpt, Inspection
from gemini_interactions_mcp.models import Request
from gemini_interactions_mcp.server.context import AppContext, Ctx, Progress, open_app
from gemini_interactions_mcp.server.hosts import choose_wait_seconds
from gemini_interactions_mcp.server.results.answers import wait_for_answer

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
    ServiceTier,
    StoreFlag,
    SystemInstruction,
    ThinkingLevel,
    WaitSeconds,
    check_optional_id,
    check_previous_id,
)
from .paying import ToolResult, ask_before_paying, may_ask, send_files

IMAGES_ONLY: Final = "`images` takes images only; analyze_file takes other files."


async def gemini_ask(
    ctx: Ctx,
    prompt: Prompt,
    model: ModelName = None,
    system_instruction: SystemInstruction = None,
    tools: BuiltInTools = None,
    response_schema: ResponseSchema = None,
    thinking_level: ThinkingLevel = None,
    max_output_tokens: MaxOutputTokens = None,
    service_tier: ServiceTier = None,
    store: StoreFlag = True,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult | InputRequiredResult:
    """Ask a Gemini model: a second opinion, current facts (tools: google_search), web pages (url_context),
    calculations (code_execution), places (google_maps). Returns the answer, sources, tokens and an
    interaction_id; if slow, the id and how to fetch the answer.
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
        service_tier=service_tier,
        store=store,
    )
    return await pay_and_wait(ctx, app, Purchase(choice.admit(request), choice.notes), wait_seconds)


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
    service_tier: ServiceTier = None,
    store: StoreFlag = True,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult | InputRequiredResult:
    """Continue any earlier Gemini interaction (ask, files, finished research): Google keeps its context, so send only
    what is new.
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
        service_tier=service_tier,
        store=store,
    )
    return await pay_and_wait(ctx, app, Purchase(choice.admit(request), choice.notes), wait_seconds)


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
    service_tier: ServiceTier = None,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult | InputRequiredResult:
    """Analyze files with Gemini: images, audio, video, PDF, Office, text, code; several at once. Local files are
    sent to Google; only allowed directories are read. Returns an interaction_id for follow-ups.
    """
    app = await open_app(ctx)
    choice = await choose_maker(app, "analyze", model)
    if not files:
        raise InputError(f"Name at least one file: {SOURCE_FORMS}.")
    given = await app.files.inspect(files, resolution=media_resolution, excerpt=Excerpt.of(clip, pages))
    request = choice.admit(
        Request(
            kind="analyze",
            prompt=prompt,
            model=choice.name,
            contents_digest=given.digest,
            previous_interaction_id=await check_optional_id(app, previous_interaction_id),
            response_schema=response_schema,
            service_tier=service_tier,
        )
    )
    return await pay_and_wait(ctx, app, Purchase(request, choice.notes, given), wait_seconds)


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
) -> CallToolResult | InputRequiredResult:
    """Generate an image with Gemini, or edit images (`images`, or those of `previous_interaction_id`). The file is
    saved; returns its path and a preview.
    """
    app = await open_app(ctx)
    choice = await choose_maker(app, "image", model)
    shape = {"aspect_ratio": aspect_ratio, "image_size": image_size}
    given = await inspect_images(app, images)
    request = choice.admit(
        Request(
            kind="image",
            prompt=prompt,
            model=choice.name,
            contents_digest=given.digest,
            previous_interaction_id=await check_optional_id(app, previous_interaction_id),
            image={name: value for name, value in shape.items() if value},
            output_path=output_path,
        )
    )
    target, refusal = await resolve_output_path(app, output_path)
    return await pay_and_wait(ctx, app, Purchase(request, choice.notes, given, target, refusal), wait_seconds)


@dataclass(frozen=True)
class Purchase:
    """A request of an answer or an image that is about to be paid for.

    Attributes:
        request: The request, without its contents.
        notes: What the caller is to know, in sentences.
        given: The files and addresses that go with it.
        target: Path for the image.
        refusal: Why no new image may be made.
    """

    request: Request
    notes: tuple[str, ...]
    given: Inspection = field(default_factory=Inspection)
    target: Path | None = None
    refusal: GeminiMCPError | None = None


async def pay_and_wait(ctx: Ctx, app: AppContext, bought: Purchase, wait_seconds: float | None) -> ToolResult:
    """Start an interaction, or attach to that of an identical call whose answer nobody was given, and wait for it.

    That is looked for before the user is asked and files are sent, and again before anything is paid.
    """
    request, given, progress = bought.request, bought.given, Progress(ctx)
    seconds, notes = choose_wait_seconds(ctx, app.settings, wait_seconds), (*bought.notes, *given.notes)
    if given.sources or may_ask(ctx, app):
        if run := await app.runs.attach(request):
            return await wait_for_answer(ctx, app, run, seconds, progress, notes, fresh=False)
        if bought.refusal is not None:
            raise bought.refusal
    agreed = await ask_before_paying(ctx, app, request, given)
    if isinstance(agreed, ToolResult):
        return agreed
    since = anyio.current_time()
    with agreed:
        request = await send_files(app, request, given, seconds, progress)
        check_images(request)
    left = max(0.0, seconds - (anyio.current_time() - since))
    run, fresh = await app.runs.start_or_attach(request, target=bought.target, refusal=bought.refusal)
    return await wait_for_answer(ctx, app, run, left, progress, notes, fresh=fresh)


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
            "reused; choose another name.",
            reason=REASON_EXISTS,
        )
    return target, None


async def inspect_images(app: AppContext, images: list[str] | None) -> Inspection:
    """Inspect reference images and images to edit.

    Raises:
        InputError: One of them is not an image.
    """
    given = await app.files.inspect(images) if images else Inspection()
    if given.kinds - {"image"}:
        raise InputError(IMAGES_ONLY)
    return given


def check_images(request: Request) -> None:
    """Check that a request for an image has images only, once the types of files of the Files API are known.

    Raises:
        InputError: It has something else.
    """
    if request.kind == "image" and any("uri" in block and block["type"] != "image" for block in request.contents):
        raise InputError(IMAGES_ONLY)
