"""Tools for past interactions: list, read and delete them."""

import functools
from typing import Annotated, Final, Literal

from mcp_types import CallToolResult, TextContent
from pydantic import Field

from gemini_interactions_mcp.core import phrases
from gemini_interactions_mcp.models import RecordPage
from gemini_interactions_mcp.runs import Deletion, Remote
from gemini_interactions_mcp.server.context import Ctx, open_app
from gemini_interactions_mcp.server.hosts import identify_host
from gemini_interactions_mcp.server.results import rows
from gemini_interactions_mcp.server.results.answers import ReadOptions, build_text_result, read_answer
from gemini_interactions_mcp.server.results.overview import fetch_overview

from .parameters import InteractionId, PageNumber, PollSeconds, ResolveSources, SectionHeading


async def list_interactions(
    ctx: Ctx,
    query: Annotated[str | None, Field(description="Words in the prompt or answer")] = None,
    kind: Literal["ask", "analyze", "image", "research", "task"] | None = None,
    status: Annotated[str | None, Field(description="e.g. completed, in_progress, failed, unknown")] = None,
    limit: Annotated[int, Field(ge=1, le=100, description="1-100, default 20")] = 20,
    cursor: Annotated[str | None, Field(description="From the page before")] = None,
) -> Annotated[CallToolResult, RecordPage]:
    """List the Gemini interactions in this server's journal, newest first."""
    app = await open_app(ctx)
    host, status = identify_host(ctx), rows.parse_status(status) if status else None
    fitting = functools.partial(rows.count_fitting_rows, room=host.page_bytes, together=not host.previews)
    page = await fetch_overview(app, limit, fitting, query=query, kind=kind, status=status, cursor=cursor)
    return CallToolResult(
        content=[TextContent(text=rows.render_list(page, status))],
        structured_content=page.model_dump(mode="json", exclude_none=True),
    )


async def read_interaction(
    ctx: Ctx,
    interaction_id: InteractionId,
    page: PageNumber = 1,
    wait_seconds: PollSeconds = 0,
    section: SectionHeading = None,
    resolve_sources: ResolveSources = False,
    save: Annotated[str | None, Field(description="Sandbox files to save, e.g. *.csv")] = None,
) -> CallToolResult:
    """Read the answer of any Gemini interaction, page by page, with its sources and files; waits for a running one."""
    return await read_answer(ctx, interaction_id, wait_seconds, ReadOptions(page, section or "", resolve_sources, save))


async def delete_interaction(ctx: Ctx, interaction_id: InteractionId) -> CallToolResult:
    """Delete a Gemini interaction for good: at Google, in this server's journal, and its saved files."""
    app = await open_app(ctx)
    return build_text_result(describe_deletion(await app.runs.delete(interaction_id)))


REMOTE_LINES: Final = {
    Remote.UNNAMED: "Google: it has no id there, so there is nothing to delete.",
    Remote.MISSING: "Google: it was not there (any more).",
    Remote.STOPPED: "Google: stopped and deleted.",
    Remote.DELETED: "Google: deleted.",
}
"""The first line about a deletion, by its outcome at Google."""

KEPT_LINE: Final = "Journal and files: kept, so that nothing is lost. Call delete_interaction again later."


def describe_deletion(deletion: Deletion) -> str:
    """Return the text of delete_interaction: a line each on Google, the files and the journal."""
    if deletion.remote is Remote.EARLIER:
        return "It has been deleted already.\n"
    if deletion.remote is Remote.KEPT:
        return phrases.join_paragraphs(
            "\n".join([f"Google: not deleted. {deletion.error}", *([KEPT_LINE] if deletion.known else [])])
        )
    return phrases.join_paragraphs("\n".join([REMOTE_LINES[deletion.remote], *deletion.files, describe_row(deletion)]))


def describe_row(deletion: Deletion) -> str:
    """Return the line about the journal."""
    if not deletion.known:
        return "Journal: it was not there."
    return "Journal: deleted." if deletion.row else "Journal: it was not there (any more)."
