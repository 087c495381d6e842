"""Files for agents that work in a sandbox: all go there, and images are shown inside the request as well."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemini_interactions_mcp.models import Request
from gemini_interactions_mcp.runs import agents
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Progress

from .paying import send_files

if TYPE_CHECKING:
    from gemini_interactions_mcp.files import Inspection


async def inspect_for_agent(app: AppContext, agent: str, files: Sequence[str]) -> "Inspection":
    """Inspect the files for an agent: Deep Research reads what Gemini reads, a sandbox takes files of any type.

    Raises:
        GeminiMCPError: As `InputFiles.inspect`.
    """
    return await app.files.inspect(files, sandboxed=not agents.is_deep_research_agent(agent))


def list_shown_kinds(agent: str, given: "Inspection") -> frozenset[str]:
    """Return the types of content that a request shows to an agent."""
    return (given if agents.is_deep_research_agent(agent) else given.select_shown()).kinds


async def send_to_agent(
    app: AppContext, request: Request, given: "Inspection", seconds: float, progress: Progress
) -> Request:
    """Return a request with its contents, and with its files in the agent's sandbox; nothing has been paid for yet.

    Raises:
        FileRefusedError: A file has changed.
        StillUploadingError: The uploads take too long, and continue.
        GeminiMCPError: A file could not be uploaded.
    """
    if agents.is_deep_research_agent(str(request.agent)):
        return await send_files(app, request, given, seconds, progress)
    request = await send_files(app, request, given.select_shown(), seconds, progress)
    if not given.files:
        return request
    seconds = max(seconds, app.timing.naming)
    request = await app.sandboxes.put(request, given, seconds=seconds, report=progress.uploading)
    # An agent may read all of its files.
    return request.model_copy(update={"attachments": given.attachments})
