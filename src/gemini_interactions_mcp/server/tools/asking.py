"""The tools that ask a model: text and files."""

from typing import Annotated

from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field

from gemini_interactions_mcp.core import InputError
from gemini_interactions_mcp.files import SOURCE_FORMS, Excerpt, Inspection
from gemini_interactions_mcp.models import Request, Transcription
from gemini_interactions_mcp.server.context import Ctx, open_app

from .buying import RECORDING_ONLY, Purchase, pay_and_wait
from .choosing import choose_maker, choose_tools
from .parameters import (
    ClipRange,
    FileSources,
    FrameRate,
    InteractionId,
    MaxOutputTokens,
    MediaResolution,
    MetadataFilter,
    ModelName,
    ModelTools,
    PageRange,
    PreviousId,
    Prompt,
    ResponseSchema,
    ServiceTier,
    StoreFlag,
    SystemInstruction,
    ThinkingLevel,
    Transcript,
    WaitSeconds,
    check_optional_id,
    check_previous_id,
)


async def gemini_ask(
    ctx: Ctx,
    prompt: Prompt,
    model: ModelName = None,
    system_instruction: SystemInstruction = None,
    tools: Annotated[list[str] | None, Field(description="Those, and file_search:STORE")] = None,
    metadata_filter: MetadataFilter = None,
    response_schema: ResponseSchema = None,
    thinking_level: ThinkingLevel = None,
    max_output_tokens: MaxOutputTokens = None,
    service_tier: ServiceTier = None,
    store: StoreFlag = True,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult | InputRequiredResult:
    """Ask a Gemini model: second opinions, current facts (tools: google_search), web pages (url_context),
    calculations (code_execution), places (google_maps). Returns answer, sources, tokens and
    interaction_id; if slow, the id and how to fetch the answer.
    """
    app = await open_app(ctx)
    choice, chosen = await choose_maker(app, "ask", model), choose_tools(tools or (), metadata_filter)
    request = Request(
        kind="ask",
        prompt=prompt,
        model=choice.name,
        system_instruction=system_instruction,
        tools=chosen.types,
        stores=chosen.stores,
        metadata_filter=metadata_filter,
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
    tools: ModelTools = None,
    metadata_filter: MetadataFilter = None,
    response_schema: ResponseSchema = None,
    thinking_level: ThinkingLevel = None,
    max_output_tokens: MaxOutputTokens = None,
    service_tier: ServiceTier = None,
    store: StoreFlag = True,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult | InputRequiredResult:
    """Continue any earlier Gemini interaction (ask, files, finished research): Google keeps its context; send only
    what is new.
    """
    app = await open_app(ctx)
    choice, chosen = await choose_maker(app, "ask", model), choose_tools(tools or (), metadata_filter)
    request = Request(
        kind="ask",
        prompt=prompt,
        model=choice.name,
        previous_interaction_id=await check_previous_id(app, previous_interaction_id),
        system_instruction=system_instruction,
        tools=chosen.types,
        stores=chosen.stores,
        metadata_filter=metadata_filter,
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
    fps: FrameRate = None,
    pages: PageRange = None,
    transcript: Transcript = None,
    speakers: bool | None = None,
    timestamps: bool | None = None,
    response_schema: ResponseSchema = None,
    service_tier: ServiceTier = None,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult | InputRequiredResult:
    """Analyze files with Gemini: images, audio, video, PDF, Office, text, code; several at once. Local files go
    to Google, from allowed directories only. Returns an interaction_id for follow-ups.
    """
    app = await open_app(ctx)
    kind = "transcript" if transcript else "analyze"
    choice = await choose_maker(app, kind, model)
    if not files:
        raise InputError(f"Name at least one file: {SOURCE_FORMS}.")
    check_transcript_options(transcript, speakers=speakers, timestamps=timestamps)
    given = await app.files.inspect(files, resolution=media_resolution, excerpt=Excerpt.of(clip, pages, fps))
    if transcript:
        check_recording(given, previous_interaction_id, response_schema)
    request = choice.admit(
        Request(
            kind=kind,
            prompt=prompt,
            model=choice.name,
            contents_digest=given.digest,
            previous_interaction_id=await check_optional_id(app, previous_interaction_id),
            response_schema=response_schema,
            transcription=describe_transcription(speakers, timestamps) if transcript else None,
            service_tier=service_tier,
        ),
        given.kinds if transcript else (),
    )
    return await pay_and_wait(ctx, app, Purchase(request, choice.notes, given), wait_seconds)


def check_transcript_options(transcript: bool | None, **options: bool | None) -> None:
    """Check that what only a transcript has is asked of one; `false` asks for nothing.

    Raises:
        InputError: It is not.
    """
    if not transcript and any(options.values()):
        names = " and ".join(name for name, wanted in options.items() if wanted)
        raise InputError(f"{names}: only with transcript=true, which writes down one audio file. Nothing was sent.")


def describe_transcription(speakers: bool | None, timestamps: bool | None) -> Transcription:
    """Return how speech is written down: with speakers and times, unless they are left out."""
    return Transcription(speakers=speakers is not False, timestamps=timestamps is not False)


def check_recording(given: Inspection, *unusable: object) -> None:
    """Check that a transcript is asked of one recording, and of nothing else.

    Args:
        given: The files.
        unusable: Arguments that a transcript does not take.

    Raises:
        InputError: There are other files or such arguments.
    """
    number = len(list(given.parts))
    if number != 1 or given.kinds - {"audio"}:
        raise InputError(f"{RECORDING_ONLY}{f' These are {number}: call once for each.' if number > 1 else ''}")
    if any(unusable):
        raise InputError("transcript=true takes no previous_interaction_id and no response_schema. Nothing was sent.")
