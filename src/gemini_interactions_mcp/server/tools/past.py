"""The tools of past interactions: list, read and delete them."""

import contextlib
import functools
from typing import Annotated, Final, Literal

import anyio
import anyio.to_thread
from mcp_types import CallToolResult, TextContent
from pydantic import Field

from gemini_interactions_mcp.api import check_interaction_id
from gemini_interactions_mcp.core import GeminiMCPError, InputError, InteractionNotFoundError, RefusedError, phrases
from gemini_interactions_mcp.models import Record, RecordPage, settled
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.server.context import AppContext, Ctx, opened
from gemini_interactions_mcp.server.hosts import host_of
from gemini_interactions_mcp.server.results import rows
from gemini_interactions_mcp.server.results.answers import Reading, read, text_result
from gemini_interactions_mcp.server.results.overview import overview

from .parameters import InteractionId, Page, Resolved, Section, WaitNone


async def list_interactions(
    ctx: Ctx,
    query: Annotated[str | None, Field(description="Words in the prompt or answer")] = None,
    kind: Literal["ask", "analyze", "image", "research", "task"] | None = None,
    status: Annotated[str | None, Field(description="e.g. completed, in_progress, failed, unknown")] = None,
    limit: Annotated[int, Field(ge=1, le=100, description="1-100, default 20")] = 20,
    cursor: Annotated[str | None, Field(description="From the page before")] = None,
) -> Annotated[CallToolResult, RecordPage]:
    """List the Gemini interactions that this server knows, newest first, from its journal on this computer."""
    app = await opened(ctx)
    host, status = host_of(ctx), rows.status_meant(status) if status else None
    fitting = functools.partial(rows.rows_within, room=host.page_bytes, together=not host.previews)
    page = await overview(app, limit, fitting, query=query, kind=kind, status=status, cursor=cursor)
    return CallToolResult(
        content=[TextContent(text=rows.listing(page, status))],
        structured_content=page.model_dump(mode="json", exclude_none=True),
    )


async def read_interaction(
    ctx: Ctx,
    interaction_id: InteractionId,
    page: Page = 1,
    wait_seconds: WaitNone = 0,
    section: Section = None,
    resolve_sources: Resolved = False,
    save: Annotated[str | None, Field(description="Sandbox files to save, e.g. *.csv")] = None,
) -> CallToolResult:
    """Read the answer of any Gemini interaction, page by page, with its sources and files; waits for a running one."""
    return await read(ctx, interaction_id, wait_seconds, Reading(page, section or "", resolve_sources, save))


async def delete_interaction(ctx: Ctx, interaction_id: InteractionId) -> CallToolResult:
    """Delete a Gemini interaction for good: at Google, in this server's journal, and its saved files."""
    app = await opened(ctx)
    record = await app.journal.find(interaction_id)
    if record is None and app.runs.forgot(interaction_id):
        return text_result("It has been deleted already.\n")
    if record is None:
        check_interaction_id(interaction_id)
    elif await app.runs.sending(record):
        raise InputError(
            "It is being sent at this moment, and Google has not named it yet: cancel_research stops it, or call "
            "delete_interaction again in a minute."
        )
    at_google, gone = await deleted_at_google(app, record, interaction_id)
    if not gone:
        return text_result(phrases.joined("\n".join([at_google, *([KEPT] if record else [])])))
    await app.runs.forget(interaction_id)
    return text_result(phrases.joined("\n".join([at_google, *await deleted_here(app, record)])))


async def deleted_at_google(app: AppContext, record: Record | None, interaction_id: str) -> tuple[str, bool]:
    """Delete it there; how that went, and whether it is gone there."""
    known = record.interaction_id if record else interaction_id
    if known is None or intents.LABEL.fullmatch(known):
        return "Google: it has no id there, so there is nothing to delete.", True
    try:
        runs = record is not None and not settled(record.status)
        if runs:
            await stopped(app, known)
        await app.gemini.delete(known)
    except InteractionNotFoundError:
        return "Google: it was not there (any more).", True
    except GeminiMCPError as exc:
        return f"Google: not deleted. {exc}", False
    return f"Google: {'stopped and ' if runs else ''}deleted.", True


async def stopped(app: AppContext, interaction_id: str) -> None:
    """Stop an interaction at Google, which a deletion alone does not; that it has ended by now is no hindrance."""
    with contextlib.suppress(RefusedError):
        await app.gemini.cancel(interaction_id)


async def deleted_here(app: AppContext, record: Record | None) -> list[str]:
    """Delete its files and its row, and say how that went."""
    if record is None:
        return ["Journal: it was not there."]
    # Again: it may have ended, and its files been saved, while Google was asked.
    record = await app.journal.find(record.label) or record
    lines = await anyio.to_thread.run_sync(app.saved.removed, record.files)
    there = await app.journal.delete(record.label)
    return [*lines, "Journal: deleted." if there else "Journal: it was not there (any more)."]


KEPT: Final = "Journal and files: kept, so that nothing is lost. Call delete_interaction again later."
