"""Which clients are offered the view, and how tools and resources refer to it. Pure.

Protocol: the extension `io.modelcontextprotocol/ui` of 2026-01-26
(https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/2026-01-26/apps.mdx).
"""

from collections.abc import Iterable
from typing import Any, Final

from mcp_types import Tool

APP_URI: Final = "ui://gemini/app.html"
"""Address of the view."""

VIEW_KEY: Final = "gemini-interactions/view"
"""Key of a view's data in the `_meta` of a result."""

VIEW_TOOL: Final = "read_view"
"""The tool by which a view reads more; models do not see it."""

VIEWED_TOOLS: Final = frozenset(
    {
        "start_research",
        "check_research",
        "generate_image",
        "generate_audio",
        "generate_video",
        "list_interactions",
        "read_interaction",
    }
)
"""Tools whose results are shown in a view; answers to questions are for the model to pass on."""

APP_META: Final[dict[str, Any]] = {"ui": {"csp": {}, "prefersBorder": True}}
"""`_meta` of the resource: nothing is loaded from anywhere."""


def offer_views(tools: Iterable[Tool], *, annotated: bool = True) -> list[Tool]:
    """Return tools for a client that shows views: with the address of the view, where there is one.

    Args:
        tools: All tools.
        annotated: Whether the client shows views of tools with annotations.
    """
    return [offer_view(tool, annotated=annotated) for tool in tools]


def offer_view(tool: Tool, *, annotated: bool) -> Tool:
    """Return a tool as `offer_views`. What only reads keeps its annotations, without which hosts ask the user."""
    if tool.name == VIEW_TOOL:
        return tool.model_copy(update={"meta": {**(tool.meta or {}), "ui": {"visibility": ["app"]}}})
    if tool.name not in VIEWED_TOOLS:
        return tool
    # Both keys: claude.ai has ignored the nested one (github.com/anthropics/claude-ai-mcp, issue 71).
    meta = {**(tool.meta or {}), "ui": {"resourceUri": APP_URI}, "ui/resourceUri": APP_URI}
    reads = tool.annotations is not None and tool.annotations.read_only_hint
    return tool.model_copy(update={"meta": meta, **({} if annotated or reads else {"annotations": None})})


def hide_view_tool(tools: Iterable[Tool]) -> list[Tool]:
    """Return tools for a client without views."""
    return [tool for tool in tools if tool.name != VIEW_TOOL]
