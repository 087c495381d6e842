"""The tool by which a view reads what it shows; hosts hide it from models."""

from typing import Annotated, Any, Literal

from mcp_types import CallToolResult, TextContent
from pydantic import Field

from gemini_interactions_mcp.core import InputError
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Ctx, open_app
from gemini_interactions_mcp.server.results import rows
from gemini_interactions_mcp.server.results.programs import NO_FACTS, tell_programs
from gemini_interactions_mcp.server.views import files, overviews
from gemini_interactions_mcp.server.views.interactions import build_interaction_view
from gemini_interactions_mcp.server.views.offering import VIEW_KEY

READ_BY_VIEW = "This is for the view, which shows it.\n"


async def read_view(
    ctx: Ctx,
    interaction_id: Annotated[str | None, Field(description="What to show")] = None,
    page: Annotated[int, Field(ge=1)] = 1,
    name: Annotated[str | None, Field(description="A saved file of it")] = None,
    side: Annotated[int, Field(ge=16, le=4096, description="Longest side of a picture in pixels")] = 1024,
    offset: Annotated[int | None, Field(ge=0, le=2**40, description="Byte at which a piece of the file begins")] = None,
    list: Literal["history", "usage"] | None = None,  # noqa: A002 - the word for it
    query: str | None = None,
    kind: str | None = None,
    status: str | None = None,
    cursor: str | None = None,
) -> CallToolResult:
    """Read what the Gemini view shows. For the view only."""
    app = await open_app(ctx)
    if interaction_id:
        shown = await read_shown_part(app, interaction_id, page, name, side, offset)
    elif list == "usage":
        shown = await overviews.read_usage_view(app)
    elif list == "history":
        status = rows.parse_status(status) if status else None
        shown = await overviews.read_history(app, query=query, kind=kind, status=status, cursor=cursor)
    else:
        raise InputError("Give interaction_id, or list: history or usage.")
    return tell_programs(CallToolResult(content=[TextContent(text=READ_BY_VIEW)]), NO_FACTS, {VIEW_KEY: shown})


async def read_shown_part(
    app: AppContext, interaction_id: str, page: int, name: str | None, side: int, offset: int | None
) -> dict[str, Any]:
    """Return what a view shows of an interaction, or of one of its files.

    Raises:
        GeminiMCPError: There is no such thing, or it cannot be read now.
    """
    run = await app.runs.find(interaction_id, app.timing.lookup)
    if run.error is not None:
        raise run.error
    if run.done.is_set():
        await app.runs.upkeep.restore(run, app.timing.lookup)
    if name is None:
        return await build_interaction_view(app, run, page)
    file = files.find_file(run.record, name)
    return await (files.read_picture(app, file, side) if offset is None else files.read_piece(app, file, offset))
