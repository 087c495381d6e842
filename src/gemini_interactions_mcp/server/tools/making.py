"""The tools that make files: images, audio and video."""

from pathlib import Path
from typing import Annotated, Final, Literal

from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field

from gemini_interactions_mcp import models
from gemini_interactions_mcp.core import ConfigurationError, FileRefusedError, GeminiMCPError, InputError, quote_name
from gemini_interactions_mcp.files import REASON_EXISTS, Inspection
from gemini_interactions_mcp.models import Request
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Ctx, open_app

from .buying import IMAGES_ONLY, SCENES_ONLY, Purchase, pay_and_wait
from .choosing import choose_maker
from .parameters import (
    AspectRatio,
    ImageSize,
    ImageSources,
    ModelName,
    PreviousId,
    Prompt,
    ThinkingLevel,
    VideoResolution,
    VideoTaskName,
    WaitSeconds,
    check_optional_id,
)

IMAGE_SEARCH_TOOL: Final = "google_search"
"""The tool that grounds an image: https://ai.google.dev/gemini-api/docs/image-generation"""


async def generate_image(
    ctx: Ctx,
    prompt: Prompt,
    images: ImageSources = None,
    previous_interaction_id: PreviousId = None,
    aspect_ratio: AspectRatio | None = None,
    image_size: ImageSize = None,
    thinking_level: ThinkingLevel = None,
    search: Annotated[bool | None, Field(description="Ground on web and image search")] = None,
    model: ModelName = None,
    output_path: Annotated[
        str | None, Field(description="New .jpg, .png or .webp file; default in the output folder")
    ] = None,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult | InputRequiredResult:
    """Generate an image with Gemini, or edit `images` or those of `previous_interaction_id`. Saved; returns path and
    preview.
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
            tools=(IMAGE_SEARCH_TOOL,) if search else (),
            image={name: value for name, value in shape.items() if value},
            thinking_level=thinking_level,
            output_path=output_path,
        )
    )
    target, refusal = await resolve_output_path(app, output_path, "image")
    return await pay_and_wait(ctx, app, Purchase(request, choice.notes, given, target, refusal), wait_seconds)


async def generate_audio(
    ctx: Ctx,
    prompt: Annotated[str, Field(description="Text to speak, or the music described")],
    kind: Annotated[Literal["speech", "music"], Field(description="default speech")] = "speech",
    voice: Annotated[
        str | None, Field(description="Voice (Kore); or Joe=Puck, Jane=Kore for a script of turns “Joe: …”")
    ] = None,
    style: Annotated[str | None, Field(description="How it is spoken: cheerful, whispering")] = None,
    model: ModelName = None,
    output_path: Annotated[str | None, Field(description="New .wav or .mp3 file; default in the output folder")] = None,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult | InputRequiredResult:
    """Speak a text with Gemini, in one voice or two (gemini://voices), or make music. The file is saved; returns its
    path and duration.
    """
    app = await open_app(ctx)
    choice = await choose_maker(app, kind, model)
    speech = await prepare_speech(app, kind, prompt, voice, style)
    request = choice.admit(Request(kind=kind, prompt=prompt, model=choice.name, speech=speech, output_path=output_path))
    target, refusal = await resolve_output_path(app, output_path, "audio")
    return await pay_and_wait(ctx, app, Purchase(request, choice.notes, target=target, refusal=refusal), wait_seconds)


async def generate_video(
    ctx: Ctx,
    prompt: Prompt,
    images: ImageSources = None,
    video: Annotated[str | None, Field(description="Video to change")] = None,
    previous_interaction_id: PreviousId = None,
    task: VideoTaskName = None,
    aspect_ratio: Literal["16:9", "9:16"] | None = None,
    resolution: VideoResolution = None,
    seconds: Annotated[int | None, Field(ge=1, description="3-10")] = None,
    model: ModelName = None,
    output_path: Annotated[str | None, Field(description="New .mp4 file; default in the output folder")] = None,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult | InputRequiredResult:
    """Make a short video with Gemini, or change one (`video`, or that of `previous_interaction_id`). Takes a minute,
    about $0.10 a second. The file is saved; returns its path and first frame.
    """
    app = await open_app(ctx)
    choice = await choose_maker(app, "video", model)
    given = await inspect_scenes(app, images, video)
    previous = await app.runs.find_continued(previous_interaction_id) if previous_interaction_id else None
    # Of what this server does not know, only the caller can tell that it has no video.
    changed = bool(video or (previous_interaction_id and (previous is None or previous.kind == "video")))
    pictures = sum(each.kind == "image" for each in given.attachments)
    task = models.choose_task(task, pictures, continues=changed)
    check_task(task, pictures, changed=changed)
    request = choice.admit(
        Request(
            kind="video",
            prompt=prompt,
            model=choice.name,
            contents_digest=given.digest,
            previous_interaction_id=str(previous.interaction_id) if previous else previous_interaction_id,
            video=models.VideoFormat(task=task, aspect_ratio=aspect_ratio, resolution=resolution, seconds=seconds),
            output_path=output_path,
        )
    )
    target, refusal = await resolve_output_path(app, output_path, "video")
    return await pay_and_wait(ctx, app, Purchase(request, choice.notes, given, target, refusal), wait_seconds)


def check_task(task: models.VideoTask, images: int, *, changed: bool) -> None:
    """Check that a task has what it works on.

    Raises:
        InputError: Something is missing, or is too much.
    """
    wrong = None
    if task in models.CHANGING_TASKS and not changed:
        wrong = "needs a video or previous_interaction_id"
    elif task == "reference_to_video" and not images:
        wrong = "needs images"
    elif task == "image_to_video" and images != 1:
        wrong = f"takes one image, the first frame, and not {images}"
    elif task == "text_to_video" and images:
        wrong = "takes no images"
    if wrong:
        raise InputError(f"task={task} {wrong}. Nothing was sent.")


async def prepare_speech(
    app: AppContext, kind: Literal["speech", "music"], text: str, voice: str | None, style: str | None
) -> models.Speech | None:
    """Return how a text is spoken; None for music.

    Raises:
        InputError: The text is too long, also with its style, or the voices do not exist or do not fit it.
    """
    if kind == "music":
        if voice or style:
            raise InputError("voice and style are for speech; describe music in the prompt. Nothing was sent.")
        return None
    models.voices.check_speech_length(text)
    speech = models.voices.parse_speech(text, voice, style)
    models.voices.check_style_length(text, speech)
    return await app.voices.check(speech)


async def resolve_output_path(
    app: AppContext, output_path: str | None, kind: str
) -> tuple[Path | None, GeminiMCPError | None]:
    """Return the path for a file, or why none can be written there: an identical call may have written it already.

    Args:
        app: What handlers use.
        output_path: The path that the caller wants.
        kind: The content type of the file.

    Raises:
        FileRefusedError: Nothing can ever be written there.
    """
    try:
        target = await app.files.output(output_path, kind)
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


async def inspect_scenes(app: AppContext, images: list[str] | None, video: str | None) -> Inspection:
    """Inspect the images, which may have names, and the video that a video is made of.

    Raises:
        InputError: There is something else among them, or no video.
    """
    sources = [*(images or ()), *([video] if video else ())]
    given = await app.files.inspect(sources, named=True) if sources else Inspection()
    kinds = [each.kind for each in given.attachments]
    clips = kinds.count("video")
    # Of a file of the Files API, only the API knows the type.
    unknown = bool(set(kinds) - {"image", "video"})
    if given.kinds - {"image", "video"} or clips > bool(video) or (video and not clips and not unknown):
        raise InputError(SCENES_ONLY)
    return given


async def inspect_images(app: AppContext, images: list[str] | None) -> Inspection:
    """Inspect reference images and images to edit, which may have names for the prompt: `logo=logo.png`.

    Raises:
        InputError: One of them is not an image.
    """
    given = await app.files.inspect(images, named=True) if images else Inspection()
    if given.kinds - {"image"}:
        raise InputError(IMAGES_ONLY)
    return given
