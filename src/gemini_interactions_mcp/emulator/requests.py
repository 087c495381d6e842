"""Parsing of requests: the input in each accepted form becomes one prompt with attachments.

Forms of the input: google-genai 3.6.1, `InteractionsInput`.
"""

import base64
import binascii
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from PIL import Image

from .files import File
from .protocol import (
    CONTENT,
    MEDIA,
    RESOLUTIONS,
    STEPS,
    Json,
    list_of,
    object_of,
    objects_of,
    refuse_value,
    refused,
    text_of,
    unknown_parameter,
    unknown_value,
)

# Directives are described in `directed`.
DIRECTIVE = re.compile(r"\[\[(words|seconds|images|sources|charts)=(\d+(?:\.\d+)?)\]\]")
WORD = re.compile(r"\[\[(code|failures|cites|sends|json|ends|finishes)=(\w+)\]\]")
# Returns the file of a URI, None if it is not a URI of the Files API.
FindFile = Callable[[str], File | None]
# Keys of `processing`, by type of content.
PROCESSING = {
    "video": ("type", "content_layers", "start_offset", "end_offset", "fps"),
    "audio": ("type", "start_offset", "end_offset"),
    "document": ("type", "page_options", "spreadsheet_options"),
}


@dataclass(frozen=True)
class Attachment:
    """One image, audio, video or document of the input; `content` is kept for inline images only.

    `source` is `inline`, the name of a file or a URL; `size_bytes` is None for a URL.
    """

    kind: str
    mime_type: str
    source: str
    size_bytes: int | None
    content: bytes = b""

    def describe(self) -> str:
        """Return kind, MIME type, size, pixels and source in one line."""
        facts = [f"{self.kind}: {self.mime_type or 'no MIME type'}"]
        facts += [] if self.size_bytes is None else [f"{self.size_bytes} bytes"]
        pixels = pixels_of(self.content)
        facts += [] if pixels is None else [f"{pixels[0]} x {pixels[1]} pixels"]
        return ", ".join([*facts, self.source])


@dataclass(frozen=True)
class Turn:
    """The newest turn of an input, and the prompts of the earlier turns in the same request."""

    prompt: str
    attachments: tuple[Attachment, ...] = ()
    function_results: tuple[str, ...] = ()
    earlier_prompts: tuple[str, ...] = ()

    def read_number(self, name: str) -> float | None:
        """Return the number of the last `[[name=number]]` in the prompt, None if there is none."""
        numbers = [float(found[2]) for found in DIRECTIVE.finditer(self.prompt) if found[1] == name]
        return numbers[-1] if numbers else None

    def read_word(self, name: str) -> str:
        """Return the word of the last `[[name=word]]` in the prompt, an empty one if there is none."""
        words = [found[2] for found in WORD.finditer(self.prompt) if found[1] == name]
        return words[-1] if words else ""


def pixels_of(content: bytes) -> tuple[int, int] | None:
    """Return width and height of an image in pixels, None if Pillow cannot read it."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.size
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def steps_of(value: object) -> list[Json]:
    """Return an input of any form as steps.

    Raises:
        RefusalError: The input is empty, or a part of it is neither content nor a step.
    """
    parts = [{"type": "text", "text": value}] if isinstance(value, str) else objects_of(value)
    if not value or not parts or len(parts) < len(list_of(value)):
        raise refused(400, "Invalid input: it must be a text, content, or a list of content or steps.")
    for place, part in enumerate(parts):
        if part.get("type") not in (*CONTENT, *STEPS):
            raise unknown_value(f"input[{place}].type", part.get("type"), (*CONTENT, *STEPS))
    if any(part["type"] in CONTENT for part in parts):
        return [{"type": "user_input", "content": parts}]
    return parts


def turn_of(steps: list[Json], find_file: FindFile) -> Turn:
    """Return the turn that the steps of an input make up.

    Raises:
        RefusalError: A part of the content is malformed, or a file is unknown.
    """
    inputs = [_contents(step) for step in steps if step["type"] == "user_input"]
    prompts = [_prompt(contents) for contents in inputs]
    media = [part for part in (inputs[-1] if inputs else []) if part["type"] in MEDIA]
    return Turn(
        prompt=prompts[-1] if prompts else "",
        attachments=tuple(_attachment(part, find_file) for part in media),
        function_results=tuple(_result(step) for step in steps if step["type"] == "function_result"),
        earlier_prompts=tuple(prompts[:-1]),
    )


def _contents(step: Json) -> list[Json]:
    content = step.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else objects_of(content)
    for part in parts:
        if part.get("type") not in CONTENT:
            raise unknown_value("input.content.type", part.get("type"), CONTENT)
    return parts


def _prompt(contents: list[Json]) -> str:
    return "\n".join(text_of(part.get("text")) for part in contents if part["type"] == "text")


def _result(step: Json) -> str:
    result = step.get("result")
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return f"{step.get('name') or step.get('call_id')}: {text}"


def _attachment(part: Json, find_file: FindFile) -> Attachment:
    if part.get("resolution") not in (None, *RESOLUTIONS):
        raise unknown_value("input.resolution", part["resolution"], RESOLUTIONS)
    check_processing(part)
    mime_type = text_of(part.get("mime_type"))
    if part.get("data"):
        content = _decoded(part["data"])
        kept = content if part["type"] == "image" else b""
        return Attachment(part["type"], mime_type, "inline", len(content), kept)
    uri = text_of(part.get("uri"))
    file = find_file(uri)
    if file is not None:
        return Attachment(part["type"], file.mime_type, file.name, file.size_bytes)
    _check_fetched(uri)
    return Attachment(part["type"], mime_type, uri, None)


def check_processing(part: Json) -> None:
    """Refuse a clip or a range of pages that is malformed, or that the kind of content does not have.

    google-genai 3.6.1, `StaticMediaProcessing`, `AudioStaticMediaProcessing` and `DocumentStaticMediaProcessing`.
    """
    processing = part.get("processing")
    if processing in (None, "static"):
        return
    given = object_of(processing)
    refuse_value("processing.type", given.get("type", ""), ("static",))
    for key in given:
        if key not in PROCESSING.get(part["type"], ()):
            raise unknown_parameter(f"processing.{key}")
    offsets = [_seconds(given[key]) for key in ("start_offset", "end_offset") if key in given]
    pages = object_of(given.get("page_options"))
    numbers = [pages[key] for key in ("start_page", "end_page") if key in pages]
    if offsets != sorted(set(offsets)) or numbers != sorted(numbers) or any(number < 1 for number in numbers):
        raise refused(400, "Invalid value for 'processing': it ends before it begins.")


def _seconds(value: object) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?s", text_of(value)):
        raise refused(400, "Invalid value for 'processing': an offset is a number of seconds such as '10.5s'.")
    return float(text_of(value)[:-1])


def _decoded(data: object) -> bytes:
    try:
        return base64.b64decode(text_of(data), validate=True)
    except binascii.Error:
        raise refused(400, "Invalid value for 'data': Base64 decoding failed.") from None


def _check_fetched(uri: str) -> None:
    """Refuse a URI that cannot be fetched: another scheme, such as `gs://`, or a host below `.invalid` (RFC 2606)."""
    parts = urlsplit(uri)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or host.endswith(".invalid"):
        raise refused(400, "Cannot fetch content from the provided URL.")


def images_in(steps: list[Json]) -> list[bytes]:
    """Return the inline images in the model output of steps, oldest first."""
    contents = [part for step in steps if step["type"] == "model_output" for part in objects_of(step["content"])]
    return [_decoded(part["data"]) for part in contents if part["type"] == "image" and part.get("data")]


def name_of(body: Json) -> str:
    """Return the model or the agent of a request."""
    return text_of(body.get("model") or body.get("agent"))


def formats_of(body: Json) -> list[Json]:
    """Return the response formats of a request that gives one, a list or none."""
    return objects_of(body.get("response_format"))


def schema_of(body: Json) -> Json | None:
    """Return the JSON schema of the answer: an empty one if any JSON is valid, None if no JSON is requested."""
    for given in formats_of(body):
        if is_schema(given):
            return given
        if given.get("mime_type") == "application/json":
            return object_of(given.get("schema"))
    return {} if body.get("response_mime_type") == "application/json" else None


def is_schema(given: Json) -> bool:
    """Whether a response format is a bare schema, the legacy form."""
    return given.get("type") in ("object", "array") or "properties" in given


def tools_of(body: Json) -> list[str]:
    """Return the types of the tools in a request."""
    return [str(tool.get("type")) for tool in objects_of(body.get("tools"))]


def functions_of(body: Json) -> list[str]:
    """Return the names of the functions in a request."""
    return [tool["name"] for tool in objects_of(body.get("tools")) if tool["type"] == "function"]


def generation(body: Json, key: str) -> object:
    """Return one value of `generation_config`, None if it is missing."""
    return object_of(body.get("generation_config")).get(key)


def wants_summaries(body: Json) -> bool:
    """Whether a request asks for thought summaries, in either kind of configuration."""
    agent = object_of(body.get("agent_config")).get("thinking_summaries")
    return "auto" in (generation(body, "thinking_summaries"), agent)
