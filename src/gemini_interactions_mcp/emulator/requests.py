"""Parsing of requests: the input in each accepted form becomes one prompt with attachments.

Forms of the input: google-genai 3.6.1, `InteractionsInput`.
"""

import base64
import binascii
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from PIL import Image

from .files import EmulatedFile
from .protocol import (
    ACCEPTED_RESOLUTIONS,
    CONTENT_TYPES,
    MEDIA_STEP_TYPES,
    STEP_TYPES,
    JsonDict,
    ensure_list,
    ensure_object,
    ensure_objects,
    ensure_text,
    make_parameter_refusal,
    make_refusal,
    make_value_refusal,
    refuse_value,
)

# Directives are described in `directed`.
NUMBER_DIRECTIVE = re.compile(r"\[\[(words|seconds|images|sources|charts)=(\d+(?:\.\d+)?)\]\]")
WORD_DIRECTIVE = re.compile(r"\[\[(code|failures|cites|sends|json|ends|finishes|speech)=(\w+)\]\]")
ANY_DIRECTIVE = re.compile(rb"\[\[\w+=[\w.]+\]\]")
WAV_HEADER_BYTES = 44
# Returns the file of a URI, None if it is not a URI of the Files API.
FindFile = Callable[[str], EmulatedFile | None]
# `processing` of a video of which the model chooses the frames.
AGENTIC_PROCESSING = "agentic"
# google-genai 3.6.1, `types.VideoMetadata.fps`
HIGHEST_FRAME_RATE = 24
# Keys of `processing`, by type of content.
PROCESSING_KEYS = {
    "video": ("type", "content_layers", "start_offset", "end_offset", "fps"),
    "audio": ("type", "start_offset", "end_offset"),
    "document": ("type", "page_options", "spreadsheet_options"),
}


@dataclass(frozen=True)
class SentMedia:
    """One image, audio, video or document of the input; `content` is kept for inline images only.

    `source` is `inline`, the name of a file or a URL; `size_bytes` is None for a URL. Of inline audio, `directives` are
    those in its bytes, and `silent` tells whether it is a WAV of zeros. `frames` are those read of a video per second.
    """

    kind: str
    mime_type: str
    source: str
    size_bytes: int | None
    content: bytes = b""
    directives: str = ""
    silent: bool = False
    frames: float | str = 1

    def describe(self) -> str:
        """Return kind, MIME type, size, pixels and source in one line."""
        facts = [f"{self.kind}: {self.mime_type or 'no MIME type'}"]
        facts += [] if self.size_bytes is None else [f"{self.size_bytes} bytes"]
        pixels = measure_pixels(self.content)
        facts += [] if pixels is None else [f"{pixels[0]} x {pixels[1]} pixels"]
        return ", ".join([*facts, self.source])


@dataclass(frozen=True)
class Turn:
    """The newest turn of an input, and the prompts of the earlier turns in the same request.

    Directives in audio count as well: a transcription has no prompt.
    """

    prompt: str
    attachments: tuple[SentMedia, ...] = ()
    function_results: tuple[str, ...] = ()
    earlier_prompts: tuple[str, ...] = ()

    @property
    def directives(self) -> str:
        """The prompt, and the directives in audio."""
        return "".join([self.prompt, *(attachment.directives for attachment in self.attachments)])

    def read_number(self, name: str) -> float | None:
        """Return the number of the last `[[name=number]]`, None if there is none."""
        numbers = [float(found[2]) for found in NUMBER_DIRECTIVE.finditer(self.directives) if found[1] == name]
        return numbers[-1] if numbers else None

    def read_word(self, name: str) -> str:
        """Return the word of the last `[[name=word]]`, an empty one if there is none."""
        words = [found[2] for found in WORD_DIRECTIVE.finditer(self.directives) if found[1] == name]
        return words[-1] if words else ""


def measure_pixels(content: bytes) -> tuple[int, int] | None:
    """Return width and height of an image in pixels, None if Pillow cannot read it."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.size
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def parse_input_steps(value: object) -> list[JsonDict]:
    """Return an input of any form as steps.

    Raises:
        RefusalError: The input is empty, or a part of it is neither content nor a step.
    """
    parts = [{"type": "text", "text": value}] if isinstance(value, str) else ensure_objects(value)
    if not value or not parts or len(parts) < len(ensure_list(value)):
        raise make_refusal(400, "Invalid input: it must be a text, content, or a list of content or steps.")
    for place, part in enumerate(parts):
        if part.get("type") not in (*CONTENT_TYPES, *STEP_TYPES):
            raise make_value_refusal(f"input[{place}].type", part.get("type"), (*CONTENT_TYPES, *STEP_TYPES))
    if any(part["type"] in CONTENT_TYPES for part in parts):
        _check_bare_contents(parts)
        return [{"type": "user_input", "content": parts}]
    return parts


def _check_bare_contents(parts: list[JsonDict]) -> None:
    """Refuse what content has only within a `user_input` step: frames of video."""
    for part in parts:
        given = part.get("processing")
        if given == AGENTIC_PROCESSING or "fps" in ensure_object(given):
            raise make_refusal(400, "Invalid value for 'processing': frames are chosen inside 'user_input' only.")


def parse_turn(steps: list[JsonDict], find_file: FindFile) -> Turn:
    """Return the turn that the steps of an input make up.

    Raises:
        RefusalError: A part of the content is malformed, or a file is unknown.
    """
    inputs = [_parse_contents(step) for step in steps if step["type"] == "user_input"]
    prompts = [_join_prompt(contents) for contents in inputs]
    media = [part for part in (inputs[-1] if inputs else []) if part["type"] in MEDIA_STEP_TYPES]
    return Turn(
        prompt=prompts[-1] if prompts else "",
        attachments=tuple(
            replace(_parse_attachment(part, find_file), frames=_read_frames(part.get("processing"))) for part in media
        ),
        function_results=tuple(_format_result(step) for step in steps if step["type"] == "function_result"),
        earlier_prompts=tuple(prompts[:-1]),
    )


def _parse_contents(step: JsonDict) -> list[JsonDict]:
    content = step.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else ensure_objects(content)
    for part in parts:
        if part.get("type") not in CONTENT_TYPES:
            raise make_value_refusal("input.content.type", part.get("type"), CONTENT_TYPES)
    return parts


def _join_prompt(contents: list[JsonDict]) -> str:
    return "\n".join(ensure_text(part.get("text")) for part in contents if part["type"] == "text")


def _format_result(step: JsonDict) -> str:
    result = step.get("result")
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return f"{step.get('name') or step.get('call_id')}: {text}"


def _parse_attachment(part: JsonDict, find_file: FindFile) -> SentMedia:
    if part.get("resolution") not in (None, *ACCEPTED_RESOLUTIONS):
        raise make_value_refusal("input.resolution", part["resolution"], ACCEPTED_RESOLUTIONS)
    check_processing(part)
    mime_type = ensure_text(part.get("mime_type"))
    if part.get("data"):
        content = _decode_data(part["data"])
        if part["type"] == "audio":
            directives = b"".join(ANY_DIRECTIVE.findall(content)).decode()
            silent = len(content) > WAV_HEADER_BYTES and not content[WAV_HEADER_BYTES:].strip(b"\0")
            return SentMedia("audio", mime_type, "inline", len(content), directives=directives, silent=silent)
        kept = content if part["type"] == "image" else b""
        return SentMedia(part["type"], mime_type, "inline", len(content), kept)
    uri = ensure_text(part.get("uri"))
    file = find_file(uri)
    if file is not None:
        return SentMedia(part["type"], file.mime_type, file.name, file.size_bytes)
    _check_fetchable(uri)
    return SentMedia(part["type"], mime_type, uri, None)


def check_processing(part: JsonDict) -> None:
    """Refuse a clip or a range of pages that is malformed, or that the kind of content does not have.

    google-genai 3.6.1, `StaticMediaProcessing`, `AudioStaticMediaProcessing` and `DocumentStaticMediaProcessing`.
    """
    processing = part.get("processing")
    if processing in (None, "static") or (processing == AGENTIC_PROCESSING and part["type"] == "video"):
        return
    given = ensure_object(processing)
    refuse_value("processing.type", given.get("type", ""), ("static",))
    for key in given:
        if key not in PROCESSING_KEYS.get(part["type"], ()):
            raise make_parameter_refusal(f"processing.{key}")
    _check_frame_rate(given.get("fps", 1))
    offsets = [_parse_seconds(given[key]) for key in ("start_offset", "end_offset") if key in given]
    pages = ensure_object(given.get("page_options"))
    numbers = [pages[key] for key in ("start_page", "end_page") if key in pages]
    if offsets != sorted(set(offsets)) or numbers != sorted(numbers) or any(number < 1 for number in numbers):
        raise make_refusal(400, "Invalid value for 'processing': it ends before it begins.")


def _check_frame_rate(rate: object) -> None:
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= HIGHEST_FRAME_RATE:
        raise make_refusal(400, f"Invalid value for 'fps': it must be in the range (0.0, {HIGHEST_FRAME_RATE}.0].")


def _read_frames(processing: object) -> float | str:
    return AGENTIC_PROCESSING if processing == AGENTIC_PROCESSING else ensure_object(processing).get("fps", 1)


def _parse_seconds(value: object) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?s", ensure_text(value)):
        raise make_refusal(400, "Invalid value for 'processing': an offset is a number of seconds such as '10.5s'.")
    return float(ensure_text(value)[:-1])


def _decode_data(data: object) -> bytes:
    try:
        return base64.b64decode(ensure_text(data), validate=True)
    except binascii.Error:
        raise make_refusal(400, "Invalid value for 'data': Base64 decoding failed.") from None


def _check_fetchable(uri: str) -> None:
    """Refuse a URI that cannot be fetched: another scheme, such as `gs://`, or a host below `.invalid` (RFC 2606)."""
    parts = urlsplit(uri)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or host.endswith(".invalid"):
        raise make_refusal(400, "Cannot fetch content from the provided URL.")


def list_output_images(steps: list[JsonDict]) -> list[bytes]:
    """Return the inline images in the model output of steps, oldest first."""
    contents = [part for step in steps if step["type"] == "model_output" for part in ensure_objects(step["content"])]
    return [_decode_data(part["data"]) for part in contents if part["type"] == "image" and part.get("data")]


def list_input_blocks(body: JsonDict) -> list[JsonDict]:
    """Return the content of the newest turn of a request, in order."""
    steps = [step for step in parse_input_steps(body.get("input")) if step["type"] == "user_input"]
    return _parse_contents(steps[-1]) if steps else []


def list_spoken_blocks(body: JsonDict) -> list[JsonDict]:
    """Return the text blocks of a request for speech, in order."""
    steps = parse_input_steps(body.get("input"))
    return [part for step in steps for part in _parse_contents(step) if part["type"] == "text"]


def read_model_or_agent(body: JsonDict) -> str:
    """Return the model or the agent of a request."""
    return ensure_text(body.get("model") or body.get("agent"))


def read_response_formats(body: JsonDict) -> list[JsonDict]:
    """Return the response formats of a request that gives one, a list or none."""
    return ensure_objects(body.get("response_format"))


def read_answer_schema(body: JsonDict) -> JsonDict | None:
    """Return the JSON schema of the answer: an empty one if any JSON is valid, None if no JSON is requested."""
    for given in read_response_formats(body):
        if is_bare_schema(given):
            return given
        if given.get("mime_type") == "application/json":
            return ensure_object(given.get("schema"))
    return {} if body.get("response_mime_type") == "application/json" else None


def is_bare_schema(given: JsonDict) -> bool:
    """Whether a response format is a bare schema, the legacy form."""
    return given.get("type") in ("object", "array") or "properties" in given


def read_tool_types(body: JsonDict) -> list[str]:
    """Return the types of the tools in a request."""
    return [str(tool.get("type")) for tool in ensure_objects(body.get("tools"))]


def read_search_types(body: JsonDict) -> list[str]:
    """Return what a request has searched: pages, images or both; empty if it does not say."""
    return [str(each) for tool in ensure_objects(body.get("tools")) for each in ensure_list(tool.get("search_types"))]


def read_function_names(body: JsonDict) -> list[str]:
    """Return the names of the functions in a request."""
    return [tool["name"] for tool in ensure_objects(body.get("tools")) if tool["type"] == "function"]


def read_generation_value(body: JsonDict, key: str) -> object:
    """Return one value of `generation_config`, None if it is missing."""
    return ensure_object(body.get("generation_config")).get(key)


def read_token_limit(body: JsonDict) -> int | None:
    """Return the limit of a model's output or of an agent's budget, which google-genai sends as text."""
    budget = ensure_object(body.get("agent_config")).get("max_total_tokens")
    limit = read_generation_value(body, "max_output_tokens") if budget is None else int(budget)
    return limit if isinstance(limit, int) else None


def wants_summaries(body: JsonDict) -> bool:
    """Whether a request asks for thought summaries, in either kind of configuration."""
    agent = ensure_object(body.get("agent_config")).get("thinking_summaries")
    return "auto" in (read_generation_value(body, "thinking_summaries"), agent)
