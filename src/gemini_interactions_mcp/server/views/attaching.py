"""Adds the data of a view to the result of a tool."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from gemini_interactions_mcp.core import logger
from gemini_interactions_mcp.server.app_context import AppContext

from .interactions import build_interaction_view
from .offering import VIEW_KEY

if TYPE_CHECKING:
    from gemini_interactions_mcp.runs import Run


async def build_view_meta(app: AppContext, run: "Run") -> dict[str, Any] | None:
    """Return `_meta` with what a view shows of a run, as `attach_view`."""
    return await attach_view(app, partial(build_interaction_view, app, run))


async def attach_view(app: AppContext, build: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any] | None:
    """Return `_meta` with what a view shows; None where that fails or takes long, since the text says the same."""
    try:
        with anyio.move_on_after(app.timing.attaching):
            return {VIEW_KEY: await build()}
    except Exception:  # the result is paid for
        logger.exception("A view cannot be built")
    return None
