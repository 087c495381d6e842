"""Which scope a request needs. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gemini_interactions_mcp.core import DELETE_SCOPE, READ_SCOPE, SPEND_SCOPE, WRITE_SCOPE, coerce_object

METHOD_SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "resources/list": READ_SCOPE,
        "resources/read": READ_SCOPE,
        "resources/subscribe": READ_SCOPE,
        "resources/unsubscribe": READ_SCOPE,
        "subscriptions/listen": READ_SCOPE,
        "completion/complete": READ_SCOPE,
        "tasks/get": READ_SCOPE,
        "tasks/update": SPEND_SCOPE,
        "tasks/cancel": SPEND_SCOPE,
    }
)
"""Methods beside `tools/call` that need a scope."""

TOOL_SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "check_research": READ_SCOPE,
        "list_interactions": READ_SCOPE,
        "read_interaction": READ_SCOPE,
        "read_view": READ_SCOPE,
        "delete_interaction": DELETE_SCOPE,
        "upload_file": WRITE_SCOPE,
    }
)
"""Tools that need another scope than the one to spend."""

STORE_SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {"list": READ_SCOPE, "remove": DELETE_SCOPE, "delete": DELETE_SCOPE}
)
"""Actions of `manage_store` that need another scope than the one to spend."""


def find_required_scope(method: str, params: Mapping[str, object]) -> str | None:
    """Return the scope that a request needs; None if it needs none."""
    if method != "tools/call":
        return METHOD_SCOPES.get(method)
    arguments = coerce_object(params.get("arguments"))
    name = str(params.get("name"))
    if arguments.get("save_as") is not None:
        return WRITE_SCOPE
    if name == "manage_store":
        return STORE_SCOPES.get(str(arguments.get("action")), SPEND_SCOPE)
    return TOOL_SCOPES.get(name, SPEND_SCOPE)
