"""What request handlers use of one principal."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import anyio

from gemini_interactions_mcp.core import Principal, SharedTasks, Timing
from gemini_interactions_mcp.server.tools.agreements import Agreements
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.text import ToolGuide

from .links import FileLinks

if TYPE_CHECKING:
    from gemini_interactions_mcp.api import StoreService, VoiceList
    from gemini_interactions_mcp.files import InputFiles, ReceivedFiles, SandboxFiles, SavedFiles, StoreUploads
    from gemini_interactions_mcp.journal import AuditTrail
    from gemini_interactions_mcp.models import CatalogFile
    from gemini_interactions_mcp.runs import Changes, Runs
    from gemini_interactions_mcp.server.tools.additions import Addition


@dataclass(frozen=True)
class Announcements:
    """Callbacks for notifications.

    Attributes:
        settled: Called with the name of a principal and the id of an interaction of it that has settled.
        listed: Called with the name of a principal when interactions or files of it were added or removed.
        attended: Whether any client of a principal waits for these.
    """

    settled: Callable[[str, str], Awaitable[None]]
    listed: Callable[[str], Awaitable[None]]
    attended: Callable[[str], bool]


@dataclass(frozen=True)
class AppContext:
    """What request handlers use.

    Attributes:
        principal: Whose requests they are.
        settings: The user's settings.
        files: Local files and URLs that may be read and sent.
        received: Files that remote clients send.
        links: Makes addresses of saved files; None where this server has none for clients.
        sandboxes: Puts files into the sandboxes of agents.
        runs: The interactions; the only way to the API and the journal.
        changes: Watches what lists of resources show.
        audit: Writes down what is deleted.
        catalogs: What is known of models and agents.
        saved: The saved files. Blocks: call it in a worker thread.
        preview: Makes a JPEG of an open picture, given its maximum side in pixels and its maximum size in bytes.
            Blocks too.
        decoding: Limits `preview` to one at a time: a picture of 24 megapixels takes 72 MB while it is decoded, and
            two at once take longer for both and stall the event loop (bench/previews.py).
        voices: The voices of the speech models.
        stores: The file search stores.
        indexing: Files on their way into these.
        additions: What calls add to these, as far as it is worked out.
        agreements: Requests that the user has approved and that have not been started yet.
        timing: Delays and deadlines.
        guide: Adapts texts to the tools that are offered.
        explain: Returns an error that is a part of a result as the principal is told it.
    """

    principal: Principal
    settings: Settings
    files: "InputFiles"
    received: "ReceivedFiles"
    links: FileLinks | None
    sandboxes: "SandboxFiles"
    runs: "Runs"
    changes: "Changes"
    audit: "AuditTrail"
    catalogs: "CatalogFile"
    saved: "SavedFiles"
    preview: Callable[[IO[bytes], int, int], bytes | None]
    decoding: anyio.CapacityLimiter
    voices: "VoiceList"
    stores: "StoreService"
    indexing: "StoreUploads"
    additions: SharedTasks["Addition"]
    agreements: Agreements
    timing: Timing
    guide: ToolGuide
    explain: Callable[[str], str] = str
