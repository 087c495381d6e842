"""Adds icons to what describes this server and its tools (https://modelcontextprotocol.io/specification, Icons).

Icons are data: nothing is loaded from elsewhere. Those of tools are as long as a description, so only hosts get them
that are known to show them; no model sees them.
"""

import base64
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Final

from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp_types import SERVER_INFO_META_KEY, Icon, Tool
from mcp_types.version import is_version_at_least

from gemini_interactions_mcp.server.tools.table import TOOLS, UPLOAD_ENTRY

SVG_TYPE: Final = "image/svg+xml"
PNG_TYPE: Final = "image/png"

WEBSITE: Final = "https://gemini-interactions-mcp.github.io/gemini-interactions-mcp/"

ICON_SIZES: Final = {SVG_TYPE: "any", PNG_TYPE: "32x32"}
"""The size of an icon by its type; a PNG is for 16 pixels on dense screens, and for 32."""

ICONS_VERSION: Final = "2025-11-25"
"""The first protocol version with icons and websites."""

TOOL_ICONS: Final = {entry.function.__name__: entry.toolset for entry in (*TOOLS, UPLOAD_ENTRY)}


@cache
def build_icon(name: str, mime_type: str) -> Icon:
    """Return an icon as MCP has it, with its content."""
    suffix = "svg" if mime_type == SVG_TYPE else "png"
    content = files("gemini_interactions_mcp.server.icons").joinpath(f"{name}.{suffix}").read_bytes()
    return Icon(
        src=f"data:{mime_type};base64,{base64.b64encode(content).decode()}",
        mime_type=mime_type,
        sizes=[ICON_SIZES[mime_type]],
    )


def show_tool_icons(tools: Iterable[Tool], mime_type: str) -> list[Tool]:
    """Return tools with icons of a type; as they are where it is empty."""
    return [
        tool.model_copy(update={"icons": [build_icon(TOOL_ICONS[tool.name], mime_type)]})
        if mime_type and tool.name in TOOL_ICONS
        else tool
        for tool in tools
    ]


async def introduce_server(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Add the server's icons and website where a client first learns of it, as a middleware.

    The SDK would repeat them in each result of 2026-07-28.
    """
    result = await call_next(ctx)
    info = find_server_info(ctx.method, result)
    if info is not None:
        icons = [build_icon("server", mime_type) for mime_type in (SVG_TYPE, PNG_TYPE)]
        info["websiteUrl"] = WEBSITE
        info["icons"] = [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in icons]
    return result


def find_server_info(method: str, result: HandlerResult) -> dict[str, Any] | None:
    """Return what a result says of the server, if the method is for that and the client's version has icons."""
    if not isinstance(result, dict):
        return None
    if method == "server/discover":
        return result["_meta"][SERVER_INFO_META_KEY]
    knows_icons = method == "initialize" and is_version_at_least(result["protocolVersion"], ICONS_VERSION)
    return result["serverInfo"] if knows_icons else None
