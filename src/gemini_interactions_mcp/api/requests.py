"""Converts requests to the JSON and the URL segments that the Interactions API takes. Pure; uses no type of the SDK.

The shapes are those of google-genai 3.6.1 (google/genai/_gaos/types/interactions).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

from gemini_interactions_mcp.core import InputError, Json
from gemini_interactions_mcp.models import KINDS, ContentItem, Request, Speech, Transcription, VideoFormat

from .sandbox_requests import build_environment, build_sandbox_note

INTERACTION_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""Interaction ids as the API has made them so far."""

MAX_ID_CHARACTERS: Final = 512
"""Maximum length in characters of an id that Google gave."""

MAX_PATH_CHARACTERS: Final = 4_096
"""Maximum length of a path on Linux, where agents work."""

IMAGE_SEARCH_TYPES: Final = ("web_search", "image_search")
"""What is searched for an image."""

LIST_VOICE_MODELS: Final = ("gemini-3.1-flash-tts-preview",)
"""Models that take the voices of two speakers as a list only: field reports (2026-10)."""


def check_interaction_id(text: str) -> str:
    """Return the text if it can be an interaction id; for ids that do not come from Google.

    Raises:
        InputError: It has other characters, or is empty or over 256 characters long.
    """
    if INTERACTION_ID_PATTERN.fullmatch(text):
        return text
    raise InputError(
        "That is not an interaction id: an id has only letters, digits, '-' and '_'. "
        "list_interactions shows the ids that you have."
    )


def encode_path_segment(given: str) -> str:
    """Return an id that Google gave, percent-encoded as one segment of a URL's path: the SDK does not encode it.

    Raises:
        InputError: It is empty, over 512 characters long or not encodable, or has only dots, which URLs do not keep.
    """
    if not given.strip(".") or len(given) > MAX_ID_CHARACTERS:
        raise InputError("That is not an id of the API. list_interactions shows the ids that you have.")
    try:
        return quote(given, safe="")
    except UnicodeEncodeError:
        raise InputError("That is not an id of the API: it has half a surrogate pair.") from None


def encode_environment_path(path: str) -> str:
    """Return a path in an agent's environment, percent-encoded for a URL: the SDK does not encode it.

    Raises:
        InputError: It leads out of the environment, or is no path that a URL can carry.
    """
    if ".." in re.split(r"[/\\]", path):
        raise InputError("That path leads out of the agent's environment.")
    if "\0" in path or len(path) > MAX_PATH_CHARACTERS:
        raise InputError("That is no path: it has a NUL character or more than 4,096 characters.")
    try:
        return quote(path)
    except UnicodeEncodeError:
        raise InputError("That is no path: it has half a surrogate pair.") from None


def build_create_arguments(request: Request, *, background: bool, stream: bool) -> dict[str, Any]:
    """Return the keyword arguments of the SDK's `interactions.create`.

    None is left out: the SDK raises on `agent=None` beside `model`.
    """
    arguments: dict[str, Any] = {
        "model": request.model,
        "agent": request.agent,
        "input": build_input(request),
        "previous_interaction_id": request.previous_interaction_id,
        "system_instruction": request.system_instruction,
        "tools": list(build_built_in_tools(request)) or None,
        "environment": build_environment(request),
        "generation_config": build_generation_config(request) or None,
        "response_format": build_response_format(request),
        "agent_config": request.agent_config,
        "service_tier": request.service_tier,
        "background": background or None,
        "stream": stream or None,
        "store": request.store,
        # By default, the SDK may send several billed requests for one. In the background, the server continues by
        # itself, and the SDK raises if the argument is given.
        "automatic_continuation": None if background else False,
    }
    return {name: value for name, value in arguments.items() if value is not None}


def build_input(request: Request) -> str | list[ContentItem]:
    """Return the prompt; with content, the content blocks and then the prompt."""
    if request.speech is not None:
        return build_speech_input(request.prompt, request.speech)
    if request.transcription is not None:
        # Alone: the model takes no text beside it.
        return [block for block in request.contents if block["type"] != "text"]
    before = [*build_sandbox_note(request.sandbox), *request.contents]
    return [*before, {"type": "text", "text": request.prompt}] if before else request.prompt


def build_speech_input(text: str, speech: Speech) -> list[ContentItem]:
    """Return a text as a turn of blocks to speak, one for each change of the speaker.

    Source: https://ai.google.dev/gemini-api/docs/speech-generation
    """
    turns = speech.turns or ((None, text),)
    return [{"type": "user_input", "content": [build_spoken_block(*turn, speech.style) for turn in turns]}]


def build_spoken_block(speaker: str | None, text: str, style: str | None) -> ContentItem:
    """Return a text block with its speaker and style, as far as there are any."""
    told = {name: value for name, value in (("speaker", speaker), ("style", style)) if value}
    block: ContentItem = {"type": "text", "text": text}
    return {**block, "annotations": [{"type": "speech_metadata", **told}]} if told else block


def build_speech_config(request: Request, speech: Speech) -> Json | Sequence[Json]:
    """Return the voices: for one voice, and for models that know no other form, as a list."""
    voices = [each.model_dump(exclude_none=True) for each in speech.voices]
    return voices if len(voices) == 1 or request.model in LIST_VOICE_MODELS else {"speakers": voices}


def build_transcription_config(wanted: Transcription) -> Json:
    """Return whether words have speakers and times.

    Source: google-genai 3.6.1, types/interactions/verbatimtranscriptionmode.py
    """
    speakers = {"diarization_mode": "speaker"} if wanted.speakers else {}
    times = {"timestamp_granularities": ["word"]} if wanted.timestamps else {}
    return {"mode": {"type": "verbatim", **speakers, **times}}


def build_built_in_tools(request: Request) -> Iterator[Json]:
    """Yield Gemini's own tools, file search stores and remote MCP servers."""
    yield from (build_own_tool(request, tool) for tool in request.tools)
    if request.stores:
        kept = {"metadata_filter": request.metadata_filter} if request.metadata_filter else {}
        yield {"type": "file_search", "file_search_store_names": list(request.stores), **kept}
    for server in request.servers:
        headers = {name: value.get_secret_value() for name, value in server.headers.items()}
        yield {"type": "mcp_server", "name": server.name, "url": server.url} | ({"headers": headers} if headers else {})


def build_own_tool(request: Request, tool: str) -> Json:
    """Return one of Gemini's own tools; an image is grounded on pages and on images.

    Source: google-genai 3.6.1, types/interactions/googlesearch.py
    """
    kinds = {"search_types": list(IMAGE_SEARCH_TYPES)} if request.image is not None and tool == "google_search" else {}
    return {"type": tool, **kinds}


def build_generation_config(request: Request) -> dict[str, Any]:
    """Return voices, transcription, task, thinking level and output limit; empty where the model's defaults apply."""
    config: dict[str, Any] = {}
    if request.speech is not None:
        config["speech_config"] = build_speech_config(request, request.speech)
    if request.transcription is not None:
        config["transcription_config"] = build_transcription_config(request.transcription)
    if request.video is not None:
        config["video_config"] = {"task": request.video.task}
    if request.thinking_level:
        # Without summaries, there is no progress to show while a model thinks.
        config |= {"thinking_level": request.thinking_level, "thinking_summaries": "auto"}
    if request.max_output_tokens:
        config["max_output_tokens"] = request.max_output_tokens
    return config


def build_response_format(request: Request) -> dict[str, Any] | list[dict[str, Any]] | None:
    """Return the format of an image (with the text beside it), audio, a video or JSON by a schema; None for text.

    Several formats are a list: https://ai.google.dev/gemini-api/docs/interactions-breaking-changes-may-2026
    """
    if request.image is not None:
        return [{"type": "text"}, {"type": "image", **request.image}]
    if request.video is not None:
        return build_video_format(request.video)
    if KINDS[request.kind].makes == "audio":
        # Without a MIME type: one that the model does not make is refused.
        return {"type": "audio"}
    if request.response_schema is not None:
        return {"type": "text", "mime_type": "application/json", "schema": request.response_schema}
    return None


def build_video_format(video: VideoFormat) -> dict[str, Any]:
    """Return the format of a video, which comes as an address: one of more than 4 MB comes in no other way.

    Source: https://ai.google.dev/gemini-api/docs/omni
    """
    shape = {"aspect_ratio": video.aspect_ratio, "resolution": video.resolution}
    duration = {"duration": f"{video.seconds}s"} if video.seconds else {}
    return {"type": "video", **{name: value for name, value in shape.items() if value}, **duration, "delivery": "uri"}
