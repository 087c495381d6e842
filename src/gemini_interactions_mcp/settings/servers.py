"""Remote MCP servers that agents may be given by name, from JSON."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, cast

from gemini_interactions_mcp.core import ConfigurationError, quote_name
from gemini_interactions_mcp.models import RemoteServer

from .environment import SettingsEnvironment

SERVERS_VARIABLE: Final = "GEMINI_MCP_SERVERS"


def parse_remote_servers(environment: SettingsEnvironment, text: str | None) -> tuple[RemoteServer, ...]:
    """Parse remote MCP servers from `{"docs": {"url": "https://...", "headers": {"X-Key": "${DOCS_KEY}"}}}`.

    `${DOCS_KEY}` is replaced by the variable DOCS_KEY, so that this setting need not contain the secret.

    Raises:
        ConfigurationError: The text has another form. The message repeats no value, since it may be a secret.
    """
    try:
        found = json.loads(text or "{}", object_hook=dict[str, Any])
        return tuple(parse_remote_server(name, described, environment.values) for name, described in found.items())
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as exc:
        missing = f" ({exc.args[0]} is missing)" if isinstance(exc, KeyError) else ""
        raise ConfigurationError(
            f'{SERVERS_VARIABLE} is not JSON like {{"name": {{"url": "https://...", "headers": {{...}}}}}}{missing}.'
        ) from None


def parse_remote_server(name: str, described: Mapping[str, Any], values: Mapping[str, str]) -> RemoteServer:
    """Parse one remote MCP server.

    Raises:
        ConfigurationError: A header names a variable that is not set.
        KeyError: The url is missing.
        ValueError: The name or the url is invalid.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) or not re.match(r"https?://[^\s/]+", described["url"]):
        raise ValueError(name)
    headers = cast("Mapping[str, str]", described.get("headers", {}))
    filled = {each: expand_variables(value, values) for each, value in headers.items()}
    return RemoteServer.model_validate({"name": name, "url": described["url"], "headers": filled})


def expand_variables(text: str, values: Mapping[str, str]) -> str:
    """Replace each `${NAME}` by the value of that variable.

    Raises:
        ConfigurationError: A variable is not set.
    """
    for name in re.findall(r"\$\{(\w+)\}", text):
        if name not in values:
            raise ConfigurationError(f"{SERVERS_VARIABLE} names ${{{quote_name(name)}}}, which is not set.")
    return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text)
