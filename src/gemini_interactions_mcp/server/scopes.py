"""Which scopes a request needs: of its method, of the tool that it calls, and of what its arguments would do."""

import functools
from collections.abc import Mapping
from typing import Any, Final, cast

from mcp import MCPError
from mcp_types import INVALID_REQUEST

from gemini_interactions_mcp.core import DELETE_SCOPE, READ_SCOPE, SCOPES, SPEND_SCOPE, WRITE_SCOPE, Principal

from .tools.arguments import interpret_arguments
from .tools.table import TOOL_SCOPES, build_tools

METHOD_SCOPES: Final[Mapping[str, str | None]] = {
    **dict.fromkeys(("initialize", "ping", "server/discover", "logging/setLevel")),
    # The same for everybody.
    **dict.fromkeys(("tools/list", "prompts/list", "prompts/get", "resources/templates/list")),
    "tasks/update": SPEND_SCOPE,
    "tasks/cancel": SPEND_SCOPE,
}
"""The scopes of methods; any other reads."""

STORE_SCOPES: Final[Mapping[str, str]] = {"list": READ_SCOPE, "create": SPEND_SCOPE, "add": SPEND_SCOPE}
"""The scopes of the actions on stores; any other deletes."""

WRITING_ARGUMENTS: Final = ("output_path", "save", "save_as")
"""Arguments that have a file written."""


def list_required_scopes(method: str, params: Mapping[str, Any]) -> list[str]:
    """Return all scopes that a request needs, the most far-reaching one first."""
    if method == "tools/call":
        return list_tool_scopes(params.get("name"), params.get("arguments"))
    scope = None if method.startswith("notifications/") else METHOD_SCOPES.get(method, READ_SCOPE)
    return [scope] if scope else []


def list_tool_scopes(name: object, arguments: object) -> list[str]:
    """Return all scopes that a call of a tool needs; one that does not exist is told to whoever may read."""
    if not isinstance(name, str) or name not in TOOL_SCOPES:
        return [READ_SCOPE]
    given = cast("dict[str, Any]", arguments) if isinstance(arguments, dict) else {}
    meant = interpret_arguments(given, find_tool_schema(name))
    own = STORE_SCOPES.get(str(meant.get("action")), DELETE_SCOPE) if name == "manage_store" else TOOL_SCOPES[name]
    writes = any(meant.get(each) for each in WRITING_ARGUMENTS)
    return [WRITE_SCOPE, own] if writes else [own]


@functools.cache
def find_tool_schema(name: str) -> Mapping[str, Any]:
    """Return the schema of a tool's arguments."""
    return next(tool.parameters for tool in build_tools() if tool.name == name)


def check_scopes(principal: Principal, method: str, params: Mapping[str, Any] | None) -> None:
    """Check that a principal has the scopes that a request needs.

    Raises:
        MCPError: It has not.
    """
    if principal.scopes.issuperset(SCOPES):
        return
    missing = [each for each in list_required_scopes(method, params or {}) if each not in principal.scopes]
    if missing:
        raise MCPError(INVALID_REQUEST, describe_missing_scope(missing[0]))


def describe_missing_scope(scope: str) -> str:
    """Return the error for a request whose token does not have a scope."""
    return (
        f"This needs the scope {scope}, which your token does not have, so nothing was done. The administrator of this "
        "server, or of the authorization server that gave the token, can give it."
    )
