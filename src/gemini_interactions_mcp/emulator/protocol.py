"""Vocabulary of the real API: lenient JSON access, ids and enum values, and the shapes of errors.

Ids and enum values: google-genai 3.6.1, `Model`, `AgentOption` and the request types beside them, without what has
been shut down: https://ai.google.dev/gemini-api/docs/deprecations
Error codes: https://ai.google.dev/gemini-api/docs/api-errors
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias, cast

JsonDict: TypeAlias = dict[str, Any]
AnswerFamily = Literal["text", "image", "speech", "music", "transcription", "video", "research", "coding"]

TEXT_MODELS = (
    "gemini-3.8-flash",
    "gemini-3.7-flash",
    "gemini-3.6-flash",
    "gemini-3.5-flash",
    "gemini-3.5-flash-lite",
    "gemini-3.1-flash-lite",
    "gemini-3.1-pro-preview",
    "gemini-3.1-pro-preview-customtools",
    "gemini-3-flash-preview",
    "gemini-4-argon",
    "gemini-4-carbon",
    "gemini-4-hydrogen",
    "gemini-4-neon",
    "gemini-robotics-er-1.6-preview",
    "gemini-robotics-er-2-preview",
    "gemma-4-31b-it",
    "gemma-4-26b-a4b-it",
)
# Values are the image sizes of each model: https://ai.google.dev/gemini-api/docs/image-generation
IMAGE_MODELS = {
    "gemini-nano-banana-2.1": ("1K", "2K", "4K"),
    "gemini-3-pro-image": ("1K", "2K", "4K"),
    "nano-banana-pro-preview": ("1K", "2K", "4K"),
    "gemini-3.1-flash-lite-image": ("1K",),
}
SPEECH_MODELS = ("gemini-3.8-flash-tts", "gemini-3.8-flash-lite-tts", "gemini-3.1-flash-tts-preview")
MUSIC_MODELS = ("lyria-3.5", "lyria-3.5-clip-preview")
TRANSCRIPTION_MODELS = ("gemini-3.5-transcribe",)
VIDEO_MODELS = ("gemini-omni-1.2-flash", "gemini-omni-1.1-flash")
EMULATED_MODELS = (
    *TEXT_MODELS,
    *IMAGE_MODELS,
    *SPEECH_MODELS,
    *MUSIC_MODELS,
    *TRANSCRIPTION_MODELS,
    *VIDEO_MODELS,
)

RESEARCH_AGENTS = ("deep-research-preview-04-2026", "deep-research-max-preview-04-2026")
# A custom agent that does not run in the background, like the first Antigravity agent according to field reports.
FOREGROUND_AGENTS = ("emulated-agent",)
# Models that do not run in the background, according to field reports.
FOREGROUND_MODELS = ("gemini-3.5-flash-lite", *IMAGE_MODELS)
EMULATED_AGENTS = (*RESEARCH_AGENTS, "antigravity-preview-09-2026", *FOREGROUND_AGENTS)

TOOL_TYPES = (
    "google_search",
    "url_context",
    "code_execution",
    "google_maps",
    "file_search",
    "mcp_server",
    "computer_use",
    "function",
    "retrieval",
    "tool_search",
)

# google-genai 3.6.1, `GoogleSearchSearchType`
SEARCH_TYPES = ("web_search", "image_search", "enterprise_web_search")

MEDIA_STEP_TYPES = ("image", "audio", "video", "document")
CONTENT_TYPES = ("text", *MEDIA_STEP_TYPES)
STEP_TYPES = (
    "user_input",
    "model_output",
    "thought",
    "function_call",
    "function_result",
    *(
        f"{name}_{part}"
        for name in (
            "code_execution",
            "url_context",
            "google_search",
            "google_maps",
            "file_search",
            "mcp_server_tool",
            "retrieval",
            "tool_search",
            "processing",
        )
        for part in ("call", "result")
    ),
)

THINKING_LEVELS = ("minimal", "low", "medium", "high", "xhigh")
# Levels of the models that accept fewer: https://ai.google.dev/gemini-api/docs/thinking
LIMITED_THINKING_LEVELS = {
    "gemini-3.8-flash": ("low", "medium", "high"),
    "gemini-3.1-pro-preview": ("low", "medium", "high"),
    "gemini-3.1-pro-preview-customtools": ("low", "medium", "high"),
    "gemini-nano-banana-2.1": ("minimal", "medium", "high"),
}
THINKING_SUMMARIES = ("auto", "none")
VISUALIZATIONS = ("auto", "off")
ACCEPTED_RESOLUTIONS = ("low", "medium", "high", "ultra_high")
ASPECT_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "1:8", "8:1", "1:4", "4:1")
DELIVERIES = ("inline", "uri")
SERVICE_TIERS = ("flex", "standard", "priority", "deferred")
RESPONSE_FORMATS = ("text", "image", "audio", "video")
SCHEMA_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")

SHARED_KEYS = frozenset(
    [
        "background",
        "continuation_token",
        "environment",
        "input",
        "labels",
        "previous_interaction_id",
        "response_format",
        "response_mime_type",
        "response_modalities",
        "safety_settings",
        "service_tier",
        "store",
        "stream",
        "system_instruction",
        "tools",
        "webhook_config",
    ]
)
MODEL_KEYS = SHARED_KEYS | {"model", "cached_content", "generation_config"}
AGENT_KEYS = SHARED_KEYS | {"agent", "agent_config"}
GENERATION_KEYS = frozenset(
    [
        "max_output_tokens",
        "seed",
        "stop_sequences",
        "thinking_level",
        "thinking_summaries",
        "tool_choice",
        "speech_config",
        "transcription_config",
        "video_config",
        "temperature",
        "top_p",
        "image_config",
    ]
)
RESEARCH_KEYS = frozenset(
    ["type", "collaborative_planning", "thinking_summaries", "visualization", "enable_bigquery_tool"]
)

# google-genai 3.6.1, `AntigravityAgentConfig`; agents of one's own extend Antigravity.
MANAGED_KEYS = frozenset(["type", "max_total_tokens", "model"])

ERROR_CODES_BY_STATUS = {
    400: "invalid_request",
    401: "authentication",
    402: "payment_required",
    403: "permission_denied",
    404: "not_found",
    409: "aborted",
    413: "invalid_request",
    429: "rate_limit_exceeded",
    499: "cancelled",
    500: "api_error",
    501: "unimplemented",
    503: "service_unavailable",
    504: "deadline_exceeded",
}
GRPC_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
# Verbatim from the API.
INVALID_MESSAGE = "Request contains an invalid argument."
NOT_FOUND_MESSAGE = "Requested entity was not found."
# Message of a refused read after a stream was sent to its end, by HTTP status.
NOT_READ_MESSAGES = {
    400: INVALID_MESSAGE,
    403: "There was a problem processing your request. You will not be charged.",
    404: NOT_FOUND_MESSAGE,
}
NOT_RESUMED_MESSAGE = "Streaming retrieval of interactions is not supported for this model"
GRPC_TYPE_PREFIX = "type.googleapis.com/google.rpc."

ANSWER_FAMILIES: tuple[tuple[AnswerFamily, Collection[str]], ...] = (
    ("research", RESEARCH_AGENTS),
    ("coding", EMULATED_AGENTS),
    ("image", IMAGE_MODELS),
    ("speech", SPEECH_MODELS),
    ("music", MUSIC_MODELS),
    ("transcription", TRANSCRIPTION_MODELS),
    ("video", VIDEO_MODELS),
)
"""Models and agents by the kind of their answers, first match first; those of all others are text."""


def is_object(value: object) -> bool:
    """Whether a parsed JSON value is an object."""
    return isinstance(value, dict)


def ensure_object(value: object) -> JsonDict:
    """Return the value if it is a JSON object, else an empty one."""
    return cast(JsonDict, value) if isinstance(value, dict) else {}


def ensure_list(value: object) -> list[Any]:
    """Return the value if it is a JSON array, else an empty one."""
    return cast(list[Any], value) if isinstance(value, list) else []


def ensure_objects(value: object) -> list[JsonDict]:
    """Return the objects of a JSON array, or a single object as a list of one."""
    if is_object(value):
        return [ensure_object(value)]
    return [ensure_object(entry) for entry in ensure_list(value) if is_object(entry)]


def ensure_text(value: object) -> str:
    """Return the value if it is a JSON string, else an empty one."""
    return value if isinstance(value, str) else ""


def format_timestamp(moment: datetime) -> str:
    """Return a time as the API writes it: in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def classify_name(name: str) -> AnswerFamily:
    """Return the kind of answer that a model or an agent gives."""
    for family, names in ANSWER_FAMILIES:
        if name in names:
            return family
    return "text"


def make_error_body(code: str, message: str) -> JsonDict:
    """Return an error in the shape of the Interactions API."""
    return {"error": {"message": message, "code": code}}


def make_grpc_body(status: int, message: str, *details: JsonDict) -> JsonDict:
    """Return an error in the shape of Google's front end and of the Files API."""
    error: JsonDict = {"code": status, "message": message, "status": GRPC_STATUSES.get(status, "UNKNOWN")}
    if details:
        error["details"] = list(details)
    return {"error": error}


def make_retry_info(seconds: float) -> JsonDict:
    """Return the error detail with the retry delay.

    Source: google.rpc.RetryInfo, https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
    """
    return {"@type": f"{GRPC_TYPE_PREFIX}RetryInfo", "retryDelay": f"{seconds:g}s"}


class RefusalError(Exception):
    """The API refuses a request: an HTTP status and a JSON body."""

    def __init__(self, status: int, body: JsonDict) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


def make_refusal(status: int, message: str, code: str = "") -> RefusalError:
    """Return a refusal in the shape of the Interactions API."""
    return RefusalError(status, make_error_body(code or ERROR_CODES_BY_STATUS[status], message))


def make_grpc_refusal(status: int, message: str, *details: JsonDict) -> RefusalError:
    """Return a refusal in the gRPC shape."""
    return RefusalError(status, make_grpc_body(status, message, *details))


def make_parameter_refusal(name: str) -> RefusalError:
    """Return the refusal of a parameter that does not exist."""
    return make_refusal(400, f"Unknown parameter {format_parameter(name)}.", "parameter_unknown")


def make_value_refusal(where: str, value: object, valid: tuple[str, ...]) -> RefusalError:
    """Return the refusal of an enum value, which lists the valid ones."""
    supported = ", ".join(f"'{each}'" for each in valid)
    return make_refusal(
        400, f"The value '{value}' is not supported for {format_parameter(where)}. Supported values: {supported}."
    )


def format_parameter(name: str) -> str:
    """Return a parameter as the API names it: `'type' at 'tools[0]'` for `tools[0].type`."""
    place, _, key = name.rpartition(".")
    return f"'{key}' at '{place}'" if place else f"'{key}'"


def refuse_value(where: str, value: object, valid: tuple[str, ...]) -> None:
    """Refuse a value that is given but not valid."""
    if value is not None and value not in valid:
        raise make_value_refusal(where, value, valid)
