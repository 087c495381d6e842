"""Parameters that tools share: their types and descriptions, and the ids of interactions to continue."""

import functools
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from gemini_interactions_mcp import models
from gemini_interactions_mcp.core import GeminiMCPError
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.hosts import LONGEST_WAIT_SECONDS

from .references import FILE_SOURCE_FORMS

ToolP = ParamSpec("ToolP")
ToolR = TypeVar("ToolR")


def translate_errors(function: Callable[ToolP, Awaitable[ToolR]]) -> Callable[ToolP, Awaitable[ToolR]]:
    """Wrap a tool so that its expected errors are raised as errors that MCP shows to the model."""

    @functools.wraps(function)
    async def call(*args: ToolP.args, **kwargs: ToolP.kwargs) -> ToolR:
        try:
            return await function(*args, **kwargs)
        except GeminiMCPError as exc:
            raise ToolError(str(exc)) from exc

    return call


Prompt = Annotated[str, Field(description="For Gemini")]
InteractionId = Annotated[str, Field(description="From a result")]
PreviousId = Annotated[str | None, Field(description="Interaction to continue")]
ModelName = Annotated[str | None, Field(description="Default the user's")]
ModelTools = Annotated[
    list[str] | None,
    Field(description="As in gemini_ask"),
]
MetadataFilter = Annotated[str | None, Field(description='Of the store\'s files: author="Ada"')]
"""Syntax: https://google.aip.dev/160"""
SystemInstruction = Annotated[str | None, Field(description="Not inherited by follow-ups")]
ResponseSchema = Annotated[dict[str, Any] | None, Field(description="JSON Schema of the answer")]

ThinkingLevel = Annotated[Literal["minimal", "low", "medium", "high"] | None, Field(description="Default the model's")]

ServiceTier = Annotated[Literal["flex", "standard"] | None, Field(description="flex: half price, slower")]
"""`flex` is served as Google has capacity: https://ai.google.dev/gemini-api/docs/flex-inference"""

MaxOutputTokens = Annotated[int | None, Field(ge=1, description="Cap on the answer")]
StoreFlag = Annotated[bool, Field(description="false: not at Google, no follow-ups; default true")]

WaitSeconds = Annotated[
    float | None,
    Field(
        ge=0,
        le=LONGEST_WAIT_SECONDS,
        allow_inf_nan=False,
        description="Default 45, Codex 25",
    ),
]

PollSeconds = Annotated[
    float,
    Field(ge=0, le=LONGEST_WAIT_SECONDS, allow_inf_nan=False, description="Default 0"),
]

PageNumber = Annotated[int, Field(ge=1, description="default 1")]
SectionHeading = Annotated[str | None, Field(description="Only this heading")]
ResolveSources = Annotated[bool, Field(description="Follow redirects; default false")]

FileSources = Annotated[
    list[str],
    Field(description=FILE_SOURCE_FORMS),
]

ClipRange = Annotated[str | None, Field(description="Part of video or audio: 1:30-2:45, 90-")]
Transcript = Annotated[
    bool | None,
    Field(description="Write down one audio file, by default with speakers, timestamps, SRT, VTT; prompt: its title"),
]
FrameRate = Annotated[str | None, Field(description="Video frames/s, default 1; agentic: Gemini picks, cheaper")]
PageRange = Annotated[str | None, Field(description="Pages of a PDF: 3-7")]
ImageSources = Annotated[
    list[str] | None,
    Field(description="To refer to or edit; as in analyze_file; logo=PATH names one"),
]

MediaResolution = Annotated[
    Literal["low", "medium", "high", "ultra_high"] | None, Field(description="Detail of images, video, PDF")
]

AspectRatio = Literal[
    "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "1:8", "8:1", "1:4", "4:1"
]
"""Source: google-genai 3.6.1, types/interactions/imageresponseformat.py"""

VideoTaskName = Annotated[
    models.VideoTask | None,
    Field(description="Default by what is given: one image is the first frame, several references, a video edited"),
]
VideoResolution = Annotated[Literal["360p", "720p", "1080p", "4k"] | None, Field(description="Default 720p")]

ImageSize = Annotated[Literal["1K", "2K", "4K"] | None, Field(description="Default 1K")]


async def check_optional_id(app: AppContext, interaction_id: str | None) -> str | None:
    """Check the id of an interaction to continue, or pass None through.

    Raises:
        InputError: It is not an id, or is a label of this server that Google does not know.
    """
    return await check_previous_id(app, interaction_id) if interaction_id else None


async def check_previous_id(app: AppContext, interaction_id: str) -> str:
    """Check the id of an interaction to continue. One that Google gave may have any characters.

    Raises:
        InputError: It is not an id, or is a label of this server that Google does not know.
    """
    record = await app.runs.find_continued(interaction_id)
    return str(record.interaction_id) if record else interaction_id
