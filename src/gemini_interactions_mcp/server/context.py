"""The lifespan context of a server: what request handlers use, opened lazily.

Google's SDK, SQLAlchemy and Pillow take over a second to import, and a host waits for the response to its first
message. `Opening` therefore loads them only when they are needed.
"""

import gc
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from mcp.server.mcpserver import Context

from gemini_interactions_mcp import api, files, journal, models, output, runs
from gemini_interactions_mcp.core import (
    DEFAULT_TIMING,
    OWNER,
    ConfigurationError,
    FileRefusedError,
    Principal,
    Redactor,
    SharedTasks,
    Timing,
    join_lines,
    logger,
)
from gemini_interactions_mcp.server.tools.agreements import Agreements
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.text import EVERY_TOOL, ToolGuide

from .links import FileLinks

if TYPE_CHECKING:
    from gemini_interactions_mcp.api import Downloads, Gemini, StoreService, VoiceList
    from gemini_interactions_mcp.files import InputFiles, ReceivedFiles, SandboxFiles, SavedFiles, StoreUploads
    from gemini_interactions_mcp.journal import Database, Journal, Limits
    from gemini_interactions_mcp.models import CatalogFile
    from gemini_interactions_mcp.output import Place
    from gemini_interactions_mcp.runs import Runs
    from gemini_interactions_mcp.server.tools.additions import Addition

SETTINGS_REMEDY: Final = (
    "Until the user sets that right where the host configures this server, and restarts it, nothing is done."
)
"""Ends the error about wrong settings: defaults in their place might spend money or delete files against the user's
wishes."""


@dataclass(frozen=True)
class Announcements:
    """Callbacks for notifications.

    Attributes:
        settled: Called with the id of an interaction that has settled.
        listed: Called when interactions or files were added or removed.
    """

    settled: Callable[[str], Awaitable[None]]
    listed: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class AppContext:
    """What request handlers use.

    Attributes:
        settings: The user's settings.
        principal: Whose context it is.
        files: Local files and URLs that may be read and sent.
        received: Files that remote clients send.
        links: Makes addresses of saved files; None where this server has none for clients.
        sandboxes: Puts files into the sandboxes of agents.
        runs: The interactions; the only way to the API and the journal.
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
    """

    settings: Settings
    principal: Principal
    files: "InputFiles"
    received: "ReceivedFiles"
    links: FileLinks | None
    sandboxes: "SandboxFiles"
    runs: "Runs"
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


class Opening:
    """Opens the `AppContext` when the first handler needs it, and closes it at shutdown.

    Args:
        settings: The user's settings.
        announce: Callbacks for notifications.
        timing: Delays and deadlines.
        guide: Adapts texts to the tools that are offered.
    """

    def __init__(
        self,
        settings: Settings,
        announce: Announcements,
        timing: Timing = DEFAULT_TIMING,
        guide: ToolGuide = EVERY_TOOL,
    ) -> None:
        self.settings = settings
        self.guide = guide
        self.redact = Redactor(settings.secrets)
        self._announce = announce
        self._timing = timing
        self._tasks: TaskGroup | None = None
        self._app: AppContext | None = None
        self._gemini: Gemini | None = None
        self._downloads: Downloads | None = None
        self._journal: Journal | None = None
        self._database: Database | None = None
        self._lock = anyio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Opening"]:
        """Run the background tasks from start-up to shutdown; the context can be opened meanwhile."""
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                try:
                    yield self
                finally:
                    await self._settle()
                    tasks.cancel_scope.cancel()
        finally:
            await self._close()

    async def app(self) -> AppContext:
        """Return the context, opened; interactions that an earlier process left unfinished are followed from then on.

        Raises:
            ConfigurationError: A setting is wrong.
        """
        async with self._lock:
            if self._app is None:
                self._app = await self._open()
            return self._app

    async def app_of(self, principal: str) -> AppContext:
        """Return the context of the principal of a name, opened.

        Raises:
            FileRefusedError: There is no such principal.
            ConfigurationError: A setting is wrong.
        """
        if principal != OWNER.name:
            raise FileRefusedError("There is no such file.")
        return await self.app()

    async def share_secret(self, name: str) -> str:
        """Return a secret that all servers of the journal share.

        Raises:
            ConfigurationError: A setting is wrong.
            JournalError: It cannot be read or written.
        """
        await self.app()
        if self._database is None:
            raise RuntimeError("the database is not open")
        return await journal.share_secret(self._database, name)

    def warm(self) -> None:
        """Start opening the context in the background, so that no call has to wait for it."""
        if self.settings.findings:
            logger.error("%s", " ".join(self.settings.findings))
        elif self._tasks is not None:
            self._tasks.start_soon(self._warm)

    async def _warm(self) -> None:
        try:
            await anyio.to_thread.run_sync(load_slow_modules, abandon_on_cancel=True)
            await self.app()
            await anyio.to_thread.run_sync(models.pricing.load_price_data, abandon_on_cancel=True)
        except Exception:  # must not end the server; the first call fails with the same error
            logger.exception("This server cannot open what it needs")

    async def _open(self) -> AppContext:
        if self._tasks is None:
            raise RuntimeError("the server is not running")
        if self.settings.findings:
            raise ConfigurationError(" ".join([*self.settings.findings, SETTINGS_REMEDY]))
        await anyio.to_thread.run_sync(load_slow_modules)
        # The loaded modules stay: the garbage collector need not traverse them again and again.
        gc.freeze()
        return self._assembled(self._tasks)

    def _assembled(self, tasks: TaskGroup) -> AppContext:
        # Before anything that is to be closed: it may be refused.
        place = output.open_place(self.settings, OWNER)
        catalogs = models.CatalogFile(self.settings.catalog_path)
        gemini = self._gemini = api.Gemini(self.settings, self._timing, catalogs)
        database = self._database = journal.open_database(self.settings.database_url, self._timing)
        rows = self._journal = journal.Journal(database, self.redact, self._timing)
        boundary, account = files.Boundary.of(self.settings), hash_account(self.settings)
        saved = files.SavedFiles(boundary, place)
        self._downloads = api.Downloads(self.settings, self._timing)
        interactions = self._interactions(gemini, rows, saved, place, catalogs, tasks, self._downloads)
        tasks.start_soon(interactions.tend)
        tasks.start_soon(runs.Changes(rows, self._announce.listed, self._timing).watch)
        received = files.ReceivedFiles(self.settings, journal.ReceivedRows(database, OWNER.name), place, saved)
        tasks.start_soon(received.tend, self._timing.pruning)
        uploads = files.UploadCache(gemini, rows, account, tasks, self._timing)
        inputs = partial(files.InputFiles, lookup=gemini.mime_type, earlier=interactions.find_restored, place=place)
        return AppContext(
            settings=self.settings,
            principal=OWNER,
            files=inputs(self.settings, uploads, received=received.find),
            received=received,
            links=make_file_links(self.settings, OWNER, database),
            sandboxes=files.SandboxFiles(self.settings, gemini.sandboxes, tasks, self._timing, saved),
            indexing=files.StoreUploads(gemini.stores, rows, account, boundary, tasks, self._timing, saved=saved),
            runs=interactions,
            catalogs=catalogs,
            saved=saved,
            **self._tools_of(gemini, tasks),
        )

    def _tools_of(self, gemini: "Gemini", tasks: TaskGroup) -> dict[str, Any]:
        """Return what handlers use beside interactions and files, by its names in the context."""
        return {
            "preview": output.make_preview,
            "decoding": anyio.CapacityLimiter(1),
            "voices": api.VoiceList(gemini, self._timing),
            "stores": gemini.stores,
            "additions": SharedTasks(tasks, self._timing.planned),
            "agreements": Agreements(anyio.current_time, self._timing.agreement),
            "timing": self._timing,
            "guide": self.guide,
        }

    def _interactions(
        self,
        gemini: "Gemini",
        rows: "Journal",
        saved: "SavedFiles",
        place: "Place",
        catalogs: "CatalogFile",
        tasks: TaskGroup,
        downloads: "Downloads",
    ) -> "Runs":
        return runs.Runs(
            gemini=gemini,
            journal=rows,
            saved=saved,
            place=place,
            tasks=tasks,
            announce=self._announce.settled,
            timing=self._timing,
            keep_days=self.settings.keep_days,
            limits=make_limits(self.settings),
            catalogs=catalogs,
            redact=self.redact,
            base_url=self.settings.base_url,
            fetch=downloads.fetch,
        )

    async def _settle(self) -> None:
        """Leave all runs to other servers, while the background tasks still run. Shielded from cancellation."""
        with anyio.CancelScope(shield=True):
            if self._app is not None:
                await self._app.runs.close()

    async def _close(self) -> None:
        """Close the journal and the connections, after the background tasks have ended. Shielded from cancellation."""
        with anyio.CancelScope(shield=True):
            if self._journal is not None:
                await self._journal.close()
            if self._gemini is not None:
                with anyio.move_on_after(self._timing.disconnect):
                    await self._gemini.close()
            if self._downloads is not None:
                with anyio.move_on_after(self._timing.disconnect):
                    await self._downloads.close()


def make_file_links(settings: Settings, principal: Principal, database: "Database") -> FileLinks | None:
    """Return what makes addresses of a principal's files; None where the server has no address for clients."""
    if settings.public_url is None:
        return None
    return FileLinks(settings.public_url, principal.name, partial(journal.share_secret, database))


def load_slow_modules() -> None:
    """Import the modules that take over a second to load. Blocks."""
    # The packages import a module when its name is first used.
    _ = (api.Gemini, journal.Journal, output.make_preview, runs.Changes, runs.Runs)
    models.load_built_in_catalog()
    _ = (files.Boundary, files.InputFiles, files.SandboxFiles, files.SavedFiles, files.UploadCache)


def make_limits(settings: Settings) -> "Limits":
    """Return the limits that the user has set."""
    return journal.Limits(
        settings.runs_per_day,
        models.amounts.count_micros(settings.dollars_per_day),
        models.amounts.count_micros(settings.dollars_per_month),
    )


def hash_account(settings: Settings) -> str:
    """Return a hash of the API's address and key, which identifies the account of uploads without revealing the key."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    return hashlib.sha256(f"{settings.base_url or ''}\n{key}".encode()).hexdigest()


Ctx = Context[Opening, Any]
"""The `Context` parameter of our handlers."""


async def open_app(ctx: Ctx) -> AppContext:
    """Return the opened context of the server that handles a request."""
    return await ctx.request_context.lifespan_context.app()


class Progress:
    """Sends progress notifications for one call: bytes of uploads, then seconds of waiting. The values only grow."""

    def __init__(self, ctx: Ctx) -> None:
        self._ctx = ctx
        self._sent = 0.0

    async def uploading(self, sent: float, total: float, message: str) -> None:
        """Report the bytes sent so far, and their total."""
        self._sent = sent
        await self._ctx.report_progress(sent, total, join_lines(message))

    async def indexing(self, sent: float, seconds: float, message: str) -> None:
        """Report the bytes sent so far and the seconds waited so far as one number, and what is done now."""
        self._sent = max(self._sent, sent)
        await self.waiting(seconds, message)

    async def waiting(self, seconds: float, message: str) -> None:
        """Report the seconds waited so far, and what the interaction does now."""
        await self._ctx.report_progress(self._sent + seconds, None, join_lines(message))
