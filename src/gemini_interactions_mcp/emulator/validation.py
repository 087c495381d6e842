"""Validation of requests: every check that the real API makes before it accepts (and bills) one.

Independent of stored interactions and files.
"""

from collections.abc import Callable

from .environments import check_environment
from .filming import check_video_request
from .protocol import (
    AGENT_KEYS,
    ASPECT_RATIOS,
    DELIVERIES,
    EMULATED_AGENTS,
    EMULATED_MODELS,
    FOREGROUND_AGENTS,
    GENERATION_KEYS,
    GRPC_TYPE_PREFIX,
    IMAGE_MODELS,
    MANAGED_KEYS,
    MODEL_KEYS,
    RESEARCH_KEYS,
    RESPONSE_FORMATS,
    SCHEMA_TYPES,
    SEARCH_TYPES,
    SERVICE_TIERS,
    THINKING_SUMMARIES,
    TOOL_TYPES,
    VISUALIZATIONS,
    JsonDict,
    classify_name,
    ensure_list,
    ensure_object,
    make_grpc_refusal,
    make_parameter_refusal,
    make_refusal,
    make_value_refusal,
    refuse_value,
)
from .requests import is_bare_schema, read_generation_value, read_model_or_agent, read_response_formats, read_tool_types
from .schemas import is_malformed_schema
from .sound import check_music_request, check_speech_request
from .transcribing import check_transcription_request

REQUEST_KEY_TYPES: dict[str, type] = {
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


def check_request(body: JsonDict) -> None:
    """Check a request against all rules.

    Raises:
        RefusalError: The API would refuse it; the message gives the reason, and lists the valid values of an enum.
    """
    for rule in REQUEST_RULES:
        rule(body)
    if "agent" in body:
        check_agent_request(body)
    if check := FAMILY_RULES.get(classify_name(read_model_or_agent(body))):
        check(body)


def check_request_keys(body: JsonDict) -> None:
    """Refuse unknown keys, wrong types, and requests that do not have exactly one of model and agent."""
    if ("model" in body) == ("agent" in body):
        raise make_refusal(400, "Exactly one of 'model' and 'agent' is required.")
    for key in body:
        if key not in (MODEL_KEYS | AGENT_KEYS):
            raise make_parameter_refusal(key)
    for key, expected in REQUEST_KEY_TYPES.items():
        if key in body and not isinstance(body[key], expected):
            raise make_refusal(400, f"Invalid value for '{key}': expected {expected.__name__}.")
    for key in body:
        if key not in (AGENT_KEYS if "agent" in body else MODEL_KEYS):
            raise make_refusal(400, f"'{key}' is not supported for {read_model_or_agent(body)}.")


def check_request_name(body: JsonDict) -> None:
    """Refuse a model or an agent that is unknown or retired."""
    name = read_model_or_agent(body)
    if "agent" in body and name not in EMULATED_AGENTS:
        raise make_refusal(404, f"Agent {name} was not found.", "model_not_found")
    if "model" in body and name not in EMULATED_MODELS:
        message = f"models/{name} is not found for API version v1, or is not supported."
        raise make_refusal(404, message, "model_not_found")


def check_background_request(body: JsonDict) -> None:
    """Refuse `background` for agents that do not support it, and without `store`.

    Source: https://ai.google.dev/gemini-api/docs/interactions
    """
    if not body.get("background"):
        if body.get("webhook_config"):
            raise make_refusal(400, "webhook_config requires background=true.")
        return
    if body.get("store") is False:
        raise make_refusal(400, "store=true is required for background interactions.")
    if read_model_or_agent(body) in FOREGROUND_AGENTS:
        raise make_refusal(400, "Agent does not support using background=True.")


def check_generation_config(body: JsonDict) -> None:
    """Refuse unknown keys and values of `generation_config`, except for thinking levels, which are in doubt."""
    for key in ensure_object(body.get("generation_config")):
        if key not in GENERATION_KEYS:
            raise make_parameter_refusal(f"generation_config.{key}")
    summaries = read_generation_value(body, "thinking_summaries")
    refuse_value("generation_config.thinking_summaries", summaries, THINKING_SUMMARIES)
    limit = read_generation_value(body, "max_output_tokens")
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise make_refusal(400, "Invalid value for 'generation_config.max_output_tokens': expected a positive integer.")


def check_tool_types(body: JsonDict) -> None:
    """Refuse tools without a known type, and functions without a name."""
    for place, tool in enumerate(ensure_list(body.get("tools"))):
        kind = ensure_object(tool).get("type")
        if kind not in TOOL_TYPES:
            raise make_value_refusal(f"tools[{place}].type", kind, TOOL_TYPES)
        check_search_types(place, ensure_object(tool))
        if kind == "function" and not tool.get("name"):
            raise make_refusal(400, "Invalid value for 'tools': a function needs a name.")
        if kind == "mcp_server" and not tool.get("url"):
            raise make_refusal(400, "Invalid value for 'tools': an MCP server needs a url.")
        if kind == "file_search" and not ensure_list(tool.get("file_search_store_names")):
            raise make_refusal(400, "Invalid value for 'tools': file_search needs stores.")
    types = read_tool_types(body)
    if classify_name(read_model_or_agent(body)) == "coding" and {"file_search", "google_maps", "computer_use"} & {
        *types
    }:
        raise make_refusal(400, f"{read_model_or_agent(body)} does not support these tools: {', '.join(types)}.")
    if "model" in body and "file_search" in types and {"google_search", "url_context"} & set(types):
        raise make_refusal(400, "file_search cannot be combined with google_search or url_context.")


def check_search_types(place: int, tool: JsonDict) -> None:
    """Refuse unknown types of searches, and types of searches of another tool."""
    if tool.get("type") != "google_search" and "search_types" in tool:
        raise make_parameter_refusal(f"tools[{place}].search_types")
    for given in ensure_list(tool.get("search_types")):
        refuse_value(f"tools[{place}].search_types", given, SEARCH_TYPES)


def check_service_tier(body: JsonDict) -> None:
    """Refuse an unknown service tier."""
    refuse_value("service_tier", body.get("service_tier"), SERVICE_TIERS)


def check_response_format(body: JsonDict) -> None:
    """Refuse an unknown response format, bad values of an image format, and a malformed schema."""
    given = body.get("response_format")
    if given is not None and not read_response_formats(body):
        raise make_refusal(400, "Invalid value for 'response_format': expected an object or a list of objects.")
    for entry in read_response_formats(body):
        _check_format_entry(entry, body)


def _check_format_entry(entry: JsonDict, body: JsonDict) -> None:
    legacy = is_bare_schema(entry)
    if is_malformed_schema(entry if legacy else entry.get("schema", {})):
        raise make_refusal(400, f"Invalid JSON schema: it is an object, its types are {', '.join(SCHEMA_TYPES)}.")
    if not legacy:
        refuse_value("response_format.type", entry.get("type", ""), RESPONSE_FORMATS)
    if entry.get("type") == "audio" and classify_name(read_model_or_agent(body)) not in ("speech", "music"):
        raise make_refusal(400, f"Audio output is not supported for {read_model_or_agent(body)}.")
    if entry.get("type") == "video" and classify_name(read_model_or_agent(body)) != "video":
        raise make_refusal(400, f"Video output is not supported for {read_model_or_agent(body)}.")
    if entry.get("type") == "image":
        refuse_value("response_format.aspect_ratio", entry.get("aspect_ratio"), ASPECT_RATIOS)
        refuse_value("response_format.delivery", entry.get("delivery"), DELIVERIES)
        if classify_name(read_model_or_agent(body)) != "image":
            raise make_refusal(400, f"Image output is not supported for {read_model_or_agent(body)}.")
        refuse_value("response_format.image_size", entry.get("image_size"), IMAGE_MODELS[read_model_or_agent(body)])


def check_agent_request(body: JsonDict) -> None:
    """Refuse parameters that agents do not support, and those that Deep Research does not support."""
    name = read_model_or_agent(body)
    if body.get("store") is False:
        raise make_refusal(400, f"store=true is required for {name}.")
    if body.get("response_format"):
        raise make_refusal(400, f"Structured output is not supported for {name}.")
    if classify_name(name) == "research":
        check_research_request(body)
    else:
        check_managed_config(ensure_object(body.get("agent_config")))


def check_research_request(body: JsonDict) -> None:
    """Refuse parameters that Deep Research does not support: https://ai.google.dev/gemini-api/docs/deep-research."""
    if not body.get("background"):
        raise make_refusal(400, "Agents are required to use background=true.")
    if "system_instruction" in body:
        raise make_refusal(400, "system_instruction is not supported for the deep-research-* agent.")
    if "function" in read_tool_types(body):
        raise make_refusal(400, "Custom function tools are not supported for the deep-research-* agent.")
    config = ensure_object(body.get("agent_config"))
    for key in config:
        if key not in RESEARCH_KEYS:
            raise make_parameter_refusal(f"agent_config.{key}")
    refuse_value("agent_config.type", config.get("type", "deep-research"), ("deep-research",))
    refuse_value("agent_config.thinking_summaries", config.get("thinking_summaries"), THINKING_SUMMARIES)
    refuse_value("agent_config.visualization", config.get("visualization"), VISUALIZATIONS)


def check_managed_config(config: JsonDict) -> None:
    """Refuse a configuration of a managed agent with other keys, or with a budget that is no positive number.

    google-genai sends 64-bit numbers as text, and the API takes both, as proto3 does (protobuf.dev, JSON mapping).
    """
    for key in config:
        if key not in MANAGED_KEYS:
            raise make_parameter_refusal(f"agent_config.{key}")
    refuse_value("agent_config.type", config.get("type", "antigravity"), ("antigravity",))
    budget = str(config.get("max_total_tokens", 1))
    if not budget.isdecimal() or int(budget) < 1:
        raise make_refusal(400, "Invalid value for 'agent_config.max_total_tokens': expected a positive number.")


FAMILY_RULES = {
    "speech": check_speech_request,
    "music": check_music_request,
    "transcription": check_transcription_request,
    "video": check_video_request,
}

REQUEST_RULES: tuple[Callable[[JsonDict], None], ...] = (
    check_request_keys,
    check_request_name,
    check_background_request,
    check_generation_config,
    check_tool_types,
    check_service_tier,
    check_response_format,
    check_environment,
)


def check_api_key(key: str) -> None:
    """Check the API key of a request; one that begins with `invalid` is rejected.

    Raises:
        RefusalError: 403 without a key, 400 for a rejected one, both in the gRPC shape.
    """
    if not key.strip():
        raise make_grpc_refusal(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API.",
        )
    if key.startswith("invalid"):
        reason = {"@type": f"{GRPC_TYPE_PREFIX}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
        raise make_grpc_refusal(400, "API key not valid. Please pass a valid API key.", reason)
