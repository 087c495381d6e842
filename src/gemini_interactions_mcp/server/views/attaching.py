"""Adds the data of a view to the result of a tool."""

from typing import TYPE_CHECKING, Any

from gemini_interactions_mcp.core import logger
from gemini_interactions_mcp.server.context import AppContext

from .interactions import build_interaction_view
from .offering import VIEW_KEY

if TYPE_CHECKING:
    from gemini_interactions_mcp.runs import Run


async def build_view_meta(app: AppContext, run: "Run") -> dict[str, Any] | None:
    """Return `_meta` with what a view shows of a run; None where that fails, since the text says the same."""
    try:
        return {VIEW_KEY: await build_interaction_view(app, run)}
    except Exception:  # the result is paid for
        logger.exception("A view cannot be built")
        return None
