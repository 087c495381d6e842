"""Validation of requests: every check that the real API makes before it accepts (and bills) one.

Independent of stored interactions and files.
"""

from collections.abc import Callable

from .protocol import (
    AGENT_KEYS,
    AGENTS,
    ASPECT_RATIOS,
    DELIVERIES,
    FOREGROUND_AGENTS,
    GENERATION_KEYS,
    IMAGE_MODELS,
    MODEL_KEYS,
    MODELS,
    RESEARCH_KEYS,
    RESPONSE_FORMATS,
    SCHEMA_TYPES,
    SERVICE_TIERS,
    SILENT_MODELS,
    THINKING_SUMMARIES,
    TOOLS,
    TYPE_PREFIX,
    VISUALIZATIONS,
    Json,
    family,
    list_of,
    object_of,
    refuse_value,
    refused,
    refused_grpc,
    unknown_parameter,
    unknown_value,
)
from .requests import formats_of, generation, is_schema, name_of, tools_of
from .schemas import is_malformed

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


def check(body: Json) -> None:
    """Check a request against all rules.

    Raises:
        RefusalError: The API would refuse it; the message gives the reason, and lists the valid values of an enum.
    """
    for rule in RULES:
        rule(body)
    if "agent" in body:
        check_agent(body)


def check_keys(body: Json) -> None:
    """Refuse unknown keys, wrong types, and requests that do not have exactly one of model and agent."""
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
    """Refuse a model or an agent that is unknown or retired, and output that the emulator cannot generate."""
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
    """Refuse `background` for agents that do not support it, and without `store`.

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
    """Refuse unknown keys and values of `generation_config`, except for thinking levels, which are in doubt."""
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
    legacy = is_schema(entry)
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
    """Refuse parameters that agents do not support, and those that Deep Research does not support."""
    name = name_of(body)
    if body.get("store") is False:
        raise refused(400, f"store=true is required for {name}.")
    if body.get("response_format"):
        raise refused(400, f"Structured output is not supported for {name}.")
    if family(name) == "research":
        check_research(body)


def check_research(body: Json) -> None:
    """Refuse parameters that Deep Research does not support: https://ai.google.dev/gemini-api/docs/deep-research."""
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
    """Check the API key of a request; one that begins with `invalid` is rejected.

    Raises:
        RefusalError: 403 without a key, 400 for a rejected one, both in the gRPC shape.
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
