"""Tools for past interactions: list, read and delete them."""

import functools
import json
from pathlib import PurePath
from typing import Annotated, Final, Literal

from mcp.server.apps import client_supports_apps
from mcp_types import CallToolResult, TextContent
from pydantic import Field

from gemini_interactions_mcp import output
from gemini_interactions_mcp.core import InputError, measure_cost, phrases
from gemini_interactions_mcp.models import RecordPage, UsageReport, media_types
from gemini_interactions_mcp.runs import Deletion, ExportOrder, Remote
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Ctx, open_app
from gemini_interactions_mcp.server.hosts import Host, identify_host
from gemini_interactions_mcp.server.results import rows
from gemini_interactions_mcp.server.results.answers import ReadOptions, build_text_result, read_answer
from gemini_interactions_mcp.server.results.overview import fetch_overview
from gemini_interactions_mcp.server.results.programs import NO_FACTS, ResultFacts, describe_error, tell_programs
from gemini_interactions_mcp.server.views import overviews
from gemini_interactions_mcp.server.views.attaching import attach_view
from gemini_interactions_mcp.server.views.offering import VIEW_KEY
from gemini_interactions_mcp.text import usage_table

from .making import resolve_output_path
from .parameters import InteractionId, PageNumber, PollSeconds, ResolveSources, SectionHeading

DOCUMENT_FORMS: Final = media_types.OUTPUT_EXTENSIONS["document"]

FEWER_LINES: Final = (20, 10, 5)
"""Lines of a table for a host that shows no longer one; the shortest fits every host."""


async def list_interactions(
    ctx: Ctx,
    query: Annotated[str | None, Field(description="Words in prompt or answer")] = None,
    kind: Literal["ask", "analyze", "transcript", "image", "speech", "music", "video", "research", "task"]
    | None = None,
    status: Annotated[str | None, Field(description="e.g. completed, in_progress, failed")] = None,
    limit: Annotated[int, Field(ge=1, le=100, description="default 20")] = 20,
    cursor: Annotated[str | None, Field(description="From the page before")] = None,
    totals: Literal["day", "model", "kind"] | None = None,
) -> Annotated[CallToolResult, RecordPage]:
    """List this server's Gemini interactions, newest first; or, with totals, their tokens and costs."""
    app = await open_app(ctx)
    host, status = identify_host(ctx), rows.parse_status(status) if status else None
    viewed = client_supports_apps(ctx)
    if totals is not None:
        check_totals_alone(query, kind, status, cursor)
        (report,) = await app.runs.lister.usage(totals)
        shown = await attach_view(app, functools.partial(overviews.read_usage_view, app)) if viewed else None
        return tell_programs(build_totals_result(report, limit, host), NO_FACTS, shown)
    fitting = functools.partial(rows.count_fitting_rows, room=host.page_bytes, together=not host.previews)
    page = await fetch_overview(app, limit, fitting, query=query, kind=kind, status=status, cursor=cursor)
    listed = CallToolResult(
        content=[TextContent(text=rows.render_list(page, status))],
        structured_content=page.model_dump(mode="json", exclude_none=True),
    )
    history = overviews.describe_history(app, page, query=query, kind=kind, status=status) if viewed else None
    return tell_programs(listed, NO_FACTS, {VIEW_KEY: history} if viewed else None)


def check_totals_alone(*filters: str | None) -> None:
    """Check that rows are not filtered where all are summed.

    Raises:
        InputError: They are.
    """
    if any(filters):
        raise InputError("totals sums all interactions: leave out query, kind, status and cursor.")


def build_totals_result(report: UsageReport, limit: int, host: Host) -> CallToolResult:
    """Return a report as the result of list_interactions, with at most `limit` lines, or as many as its host shows."""
    text = usage_table.render_usage_markdown(report.shorten(limit))
    page = RecordPage(interactions=[], totals=report.shorten(limit).data()).model_dump(mode="json", exclude_none=True)
    sizes = (measure_cost(text), len(json.dumps(page, ensure_ascii=False).encode()))
    fewer = max((lines for lines in FEWER_LINES if lines < limit), default=None)
    if fewer and (max(sizes) if host.previews else sum(sizes)) > host.page_bytes:
        return build_totals_result(report, fewer, host)
    return CallToolResult(content=[TextContent(text=text)], structured_content=page)


async def read_interaction(
    ctx: Ctx,
    interaction_id: InteractionId,
    page: PageNumber = 1,
    wait_seconds: PollSeconds = 0,
    section: SectionHeading = None,
    resolve_sources: ResolveSources = False,
    save: Annotated[str | None, Field(description="Sandbox files: *.csv")] = None,
    save_as: Annotated[str | None, Field(description="New .html, .md, .docx or .pdf")] = None,
) -> CallToolResult:
    """Read any Gemini interaction in pages, or save it; waits while it runs."""
    if save_as and (page > 1 or section):
        raise InputError("A document holds the whole answer: leave out page and section. Nothing was written.")
    order = await prepare_export(await open_app(ctx), save_as) if save_as else None
    wanted = ReadOptions(page, section or "", resolve_sources, save, order)
    return await read_answer(ctx, interaction_id, wait_seconds, wanted)


async def prepare_export(app: AppContext, save_as: str) -> ExportOrder:
    """Return which document is wanted: `report.pdf`, or `pdf` under a name of its own.

    Raises:
        InputError: The format is unknown.
        FileRefusedError: Nothing can be written at the path.
        ConfigurationError: What writes the format is not installed, or the directory cannot be written.
    """
    bare = save_as.strip().removeprefix(".").lower()
    form = bare if bare in DOCUMENT_FORMS else PurePath(save_as).suffix[1:].lower()
    if form not in DOCUMENT_FORMS:
        raise InputError("save_as ends with .html, .md, .docx or .pdf. Nothing was written.")
    output.printing.check_library(form)
    target, refusal = await resolve_output_path(app, None if form == bare else save_as, "document")
    if refusal is not None:
        raise refusal
    return ExportOrder(form, target)


async def delete_interaction(ctx: Ctx, interaction_id: InteractionId) -> CallToolResult:
    """Delete a Gemini interaction for good: at Google, in this server's journal, and its saved files."""
    app = await open_app(ctx)
    deletion = await app.runs.delete(interaction_id)
    return build_text_result(app.explain(describe_deletion(deletion)), describe_deleted(interaction_id, deletion))


def describe_deleted(interaction_id: str, deletion: Deletion) -> ResultFacts:
    """Return what programs are told of a deletion; where Google has kept the interaction, why."""
    failed = describe_error(deletion.error) if deletion.error else NO_FACTS
    status = "kept" if deletion.remote is Remote.KEPT else "deleted"
    return failed.model_copy(update={"interaction_id": interaction_id, "status": status})


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
