"""What a request asks: its input in every accepted form, as one prompt with attachments; and what is refused.

`check` makes every check that the real API makes before it takes (and bills) a request; it knows nothing of stored
interactions or files. Forms of the input: google-genai 3.4.0, `InteractionsInput`.
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
    AGENT_KEYS,
    AGENTS,
    ASPECT_RATIOS,
    CONTENT,
    DELIVERIES,
    FOREGROUND_AGENTS,
    GENERATION_KEYS,
    IMAGE_MODELS,
    MEDIA,
    MODEL_KEYS,
    MODELS,
    RESEARCH_KEYS,
    RESOLUTIONS,
    RESPONSE_FORMATS,
    SCHEMA_TYPES,
    SERVICE_TIERS,
    SILENT_MODELS,
    STEPS,
    THINKING_SUMMARIES,
    TOOLS,
    TYPE_PREFIX,
    VISUALIZATIONS,
    Json,
    RefusalError,
    family,
    list_of,
    object_of,
    objects_of,
    refused,
    refused_grpc,
    text_of,
)
from .schemas import is_malformed

DIRECTIVE = re.compile(r"\[\[(words|seconds|images|sources|charts)=(\d+(?:\.\d+)?)\]\]")
WORD = re.compile(r"\[\[(code|failures|cites|sends|json|ends|finishes)=(\w+)\]\]")
FindFile = Callable[[str], File | None]
TYPES: dict[str, type] = {
    "background": bool,
    "store": bool,
    "stream": bool,
    "model": str,
    "agent": str,
    "system_instruction": str,
    "previous_interaction_id": str,
    "continuation_token": str,
    "generation_config": dict,
    "agent_config": dict,
    "tools": list,
}


PROCESSING = {
    "video": ("type", "content_layers", "start_offset", "end_offset", "fps"),
    "audio": ("type", "start_offset", "end_offset"),
    "document": ("type", "page_options", "spreadsheet_options"),
}


@dataclass(frozen=True)
class Attachment:
    """One image, audio, video or document of the input; `content` is kept for inline images only."""

    kind: str
    mime_type: str
    source: str
    size_bytes: int | None
    content: bytes = b""

    def described(self) -> str:
        """Return kind, MIME type, size, pixels and source in one line."""
        facts = [f"{self.kind}: {self.mime_type or 'no MIME type'}"]
        facts += [] if self.size_bytes is None else [f"{self.size_bytes} bytes"]
        pixels = pixels_of(self.content)
        facts += [] if pixels is None else [f"{pixels[0]} x {pixels[1]} pixels"]
        return ", ".join([*facts, self.source])


@dataclass(frozen=True)
class Turn:
    """The newest turn of an input, and the prompts of earlier turns that came along in the same request."""

    prompt: str
    attachments: tuple[Attachment, ...] = ()
    function_results: tuple[str, ...] = ()
    earlier_prompts: tuple[str, ...] = ()

    def directive(self, name: str) -> float | None:
        """Return the number of a `[[name=number]]` in the prompt, the emulator's way to be told things."""
        numbers = [float(found[2]) for found in DIRECTIVE.finditer(self.prompt) if found[1] == name]
        return numbers[-1] if numbers else None

    def word(self, name: str) -> str:
        """Return the word of a `[[name=word]]` in the prompt, and an empty one without any."""
        words = [found[2] for found in WORD.finditer(self.prompt) if found[1] == name]
        return words[-1] if words else ""


def pixels_of(content: bytes) -> tuple[int, int] | None:
    """Return width and height of an image, or None when Pillow cannot read it."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.size
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def steps_of(value: object) -> list[Json]:
    """Return an input as steps, whichever form it came in.

    Raises:
        RefusalError: There is no input, or a part of it is neither content nor a step.
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
    """Return what the steps of an input ask.

    Raises:
        RefusalError: A part of the content is malformed, or a file is unknown.
    """
    spoken = [_contents(step) for step in steps if step["type"] == "user_input"]
    prompts = [_prompt(contents) for contents in spoken]
    media = [part for part in (spoken[-1] if spoken else []) if part["type"] in MEDIA]
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
    told = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return f"{step.get('name') or step.get('call_id')}: {told}"


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
    """Refuse a clip or a range of pages that is malformed, or of a kind of content that has none.

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
    """Refuse what could not be fetched: another scheme, such as `gs://`, or a host below `.invalid` (RFC 2606)."""
    parts = urlsplit(uri)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or host.endswith(".invalid"):
        raise refused(400, "Cannot fetch content from the provided URL.")


def images_in(steps: list[Json]) -> list[bytes]:
    """Return the inline images of the model output in steps, oldest first."""
    contents = [part for step in steps if step["type"] == "model_output" for part in objects_of(step["content"])]
    return [_decoded(part["data"]) for part in contents if part["type"] == "image" and part.get("data")]


def name_of(body: Json) -> str:
    """Return the model or the agent of a request."""
    return text_of(body.get("model") or body.get("agent"))


def formats_of(body: Json) -> list[Json]:
    """Return the response formats of a request, whether it gives one, a list or none."""
    return objects_of(body.get("response_format"))


def schema_of(body: Json) -> Json | None:
    """Return the JSON schema that the answer must follow; an empty one when any JSON will do."""
    for given in formats_of(body):
        if _is_schema(given):
            return given
        if given.get("mime_type") == "application/json":
            return object_of(given.get("schema"))
    return {} if body.get("response_mime_type") == "application/json" else None


def _is_schema(given: Json) -> bool:
    """Tell whether a response format is a bare schema, the legacy form."""
    return given.get("type") in ("object", "array") or "properties" in given


def tools_of(body: Json) -> list[str]:
    """Return the types of the tools that a request asks for."""
    return [str(tool.get("type")) for tool in objects_of(body.get("tools"))]


def functions_of(body: Json) -> list[str]:
    """Return the names of the functions that a request declares."""
    return [tool["name"] for tool in objects_of(body.get("tools")) if tool["type"] == "function"]


def generation(body: Json, key: str) -> object:
    """Return one value of `generation_config`, or None."""
    return object_of(body.get("generation_config")).get(key)


def wants_summaries(body: Json) -> bool:
    """Tell whether thoughts are to be summarised, which both kinds of configuration can say."""
    agent = object_of(body.get("agent_config")).get("thinking_summaries")
    return "auto" in (generation(body, "thinking_summaries"), agent)


def unknown_parameter(name: str) -> RefusalError:
    """Return the refusal of a key that the request does not have."""
    return refused(400, f"Unknown parameter {placed(name)}.", "parameter_unknown")


def unknown_value(where: str, value: object, valid: tuple[str, ...]) -> RefusalError:
    """Return the refusal of an enum value; it lists the valid ones."""
    supported = ", ".join(f"'{each}'" for each in valid)
    return refused(400, f"The value '{value}' is not supported for {placed(where)}. Supported values: {supported}.")


def placed(name: str) -> str:
    """Return a key as the API names it: `'type' at 'tools[0]'` for `tools[0].type`."""
    place, _, key = name.rpartition(".")
    return f"'{key}' at '{place}'" if place else f"'{key}'"


def check(body: Json) -> None:
    """Let a request pass that the API would take.

    Raises:
        RefusalError: It would not; the message says why, and lists the valid values of an enum.
    """
    for rule in RULES:
        rule(body)
    if "agent" in body:
        check_agent(body)


def refuse_value(where: str, value: object, valid: tuple[str, ...]) -> None:
    """Refuse a value that is given and not a valid one."""
    if value is not None and value not in valid:
        raise unknown_value(where, value, valid)


def check_keys(body: Json) -> None:
    """Refuse unknown keys, wrong types, and anything but one of model and agent."""
    if ("model" in body) == ("agent" in body):
        raise refused(400, "Exactly one of 'model' and 'agent' is required.")
    for key in body:
        if key not in (MODEL_KEYS | AGENT_KEYS):
            raise unknown_parameter(key)
    for key, expected in TYPES.items():
        if key in body and not isinstance(body[key], expected):
            raise refused(400, f"Invalid value for '{key}': expected {expected.__name__}.")
    for key in body:
        if key not in (AGENT_KEYS if "agent" in body else MODEL_KEYS):
            raise refused(400, f"'{key}' is not supported for {name_of(body)}.")


def check_name(body: Json) -> None:
    """Refuse a model or an agent that is unknown or retired, and output that the emulator cannot make."""
    name = name_of(body)
    if "agent" in body and name not in AGENTS:
        raise refused(404, f"Agent {name} was not found.", "model_not_found")
    if "model" in body and name not in MODELS:
        message = f"models/{name} is not found for API version v1, or is not supported."
        raise refused(404, message, "model_not_found")
    kinds = {given.get("type") for given in formats_of(body)}
    if name in SILENT_MODELS or kinds & {"audio", "video"}:
        raise refused(501, "The emulator makes neither audio nor video.")


def check_background(body: Json) -> None:
    """Refuse `background` for agents that do not run in it, and without `store`.

    Source: https://ai.google.dev/gemini-api/docs/interactions
    """
    if not body.get("background"):
        if body.get("webhook_config"):
            raise refused(400, "webhook_config requires background=true.")
        return
    if body.get("store") is False:
        raise refused(400, "store=true is required for background interactions.")
    if name_of(body) in FOREGROUND_AGENTS:
        raise refused(400, "Agent does not support using background=True.")


def check_generation(body: Json) -> None:
    """Refuse unknown keys and values of `generation_config`, but for levels of thinking, which are doubtful."""
    for key in object_of(body.get("generation_config")):
        if key not in GENERATION_KEYS:
            raise unknown_parameter(f"generation_config.{key}")
    summaries = generation(body, "thinking_summaries")
    refuse_value("generation_config.thinking_summaries", summaries, THINKING_SUMMARIES)
    limit = generation(body, "max_output_tokens")
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise refused(400, "Invalid value for 'generation_config.max_output_tokens': expected a positive integer.")


def check_tools(body: Json) -> None:
    """Refuse tools without a known type, and functions without a name."""
    for place, tool in enumerate(list_of(body.get("tools"))):
        kind = object_of(tool).get("type")
        if kind not in TOOLS:
            raise unknown_value(f"tools[{place}].type", kind, TOOLS)
        if kind == "function" and not tool.get("name"):
            raise refused(400, "Invalid value for 'tools': a function needs a name.")
        if kind == "mcp_server" and not tool.get("url"):
            raise refused(400, "Invalid value for 'tools': an MCP server needs a url.")
        if kind == "file_search" and not list_of(tool.get("file_search_store_names")):
            raise refused(400, "Invalid value for 'tools': file_search needs stores.")


def check_service_tier(body: Json) -> None:
    """Refuse an unknown service tier."""
    refuse_value("service_tier", body.get("service_tier"), SERVICE_TIERS)


def check_format(body: Json) -> None:
    """Refuse an unknown response format, bad values of an image format, and a malformed schema."""
    given = body.get("response_format")
    if given is not None and not formats_of(body):
        raise refused(400, "Invalid value for 'response_format': expected an object or a list of objects.")
    for entry in formats_of(body):
        _check_entry(entry, body)


def _check_entry(entry: Json, body: Json) -> None:
    legacy = _is_schema(entry)
    if is_malformed(entry if legacy else entry.get("schema", {})):
        raise refused(400, f"Invalid JSON schema: it is an object, its types are {', '.join(SCHEMA_TYPES)}.")
    if not legacy:
        refuse_value("response_format.type", entry.get("type", ""), RESPONSE_FORMATS)
    if entry.get("type") == "image":
        refuse_value("response_format.aspect_ratio", entry.get("aspect_ratio"), ASPECT_RATIOS)
        refuse_value("response_format.delivery", entry.get("delivery"), DELIVERIES)
        if family(name_of(body)) != "image":
            raise refused(400, f"Image output is not supported for {name_of(body)}.")
        refuse_value("response_format.image_size", entry.get("image_size"), IMAGE_MODELS[name_of(body)])


def check_agent(body: Json) -> None:
    """Refuse what agents cannot do, and what only Deep Research cannot do."""
    name = name_of(body)
    if body.get("store") is False:
        raise refused(400, f"store=true is required for {name}.")
    if body.get("response_format"):
        raise refused(400, f"Structured output is not supported for {name}.")
    if family(name) == "research":
        check_research(body)


def check_research(body: Json) -> None:
    """Refuse what Deep Research cannot do: https://ai.google.dev/gemini-api/docs/deep-research."""
    if not body.get("background"):
        raise refused(400, "Agents are required to use background=true.")
    if "system_instruction" in body:
        raise refused(400, "system_instruction is not supported for the deep-research-* agent.")
    if "function" in tools_of(body):
        raise refused(400, "Custom function tools are not supported for the deep-research-* agent.")
    config = object_of(body.get("agent_config"))
    for key in config:
        if key not in RESEARCH_KEYS:
            raise unknown_parameter(f"agent_config.{key}")
    refuse_value("agent_config.type", config.get("type", "deep-research"), ("deep-research",))
    refuse_value("agent_config.thinking_summaries", config.get("thinking_summaries"), THINKING_SUMMARIES)
    refuse_value("agent_config.visualization", config.get("visualization"), VISUALIZATIONS)


RULES: tuple[Callable[[Json], None], ...] = (
    check_keys,
    check_name,
    check_background,
    check_generation,
    check_tools,
    check_service_tier,
    check_format,
)


def check_key(key: str) -> None:
    """Let a call pass that brings an API key; one that begins with `invalid` counts as rejected.

    Raises:
        RefusalError: 403 without a key, 400 with a rejected one, both in the gRPC shape.
    """
    if not key.strip():
        raise refused_grpc(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API.",
        )
    if key.startswith("invalid"):
        reason = {"@type": f"{TYPE_PREFIX}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
        raise refused_grpc(400, "API key not valid. Please pass a valid API key.", reason)
