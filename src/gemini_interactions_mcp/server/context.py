"""What a handler may reach.

The SDK of Google, SQLAlchemy and Pillow take over a second to import. A host waits for the answer to its first
message, so all of that is loaded behind `Opening`, once somebody needs it.
"""

import gc
import hashlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from mcp.server.mcpserver import Context

from gemini_interactions_mcp import api, files, journal, output, runs
from gemini_interactions_mcp.core import ConfigurationError, Redactor, unbroken
from gemini_interactions_mcp.server.tools.consent import Agreements
from gemini_interactions_mcp.settings import Settings

if TYPE_CHECKING:
    from gemini_interactions_mcp.api import Gemini
    from gemini_interactions_mcp.files import Files, SavedFiles
    from gemini_interactions_mcp.journal import Journal
    from gemini_interactions_mcp.runs import Pace, Runs

logger = logging.getLogger(__name__)

MENDING: Final = (
    "Until the user sets that right where the host configures this server, and restarts it, nothing is done."
)
"""With defaults in place of wrong settings, money might be spent and files be saved or deleted against all wishes."""


@dataclass(frozen=True)
class Announcing:
    """Who is to be told what.

    Attributes:
        settled: Told the id of an interaction that has settled.
        listed: Told that interactions or files have come or gone.
    """

    settled: Callable[[str], Awaitable[None]]
    listed: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class AppContext:
    """What handlers may use, opened.

    Attributes:
        settings: Of the user.
        files: What may be read and sent.
        runs: The interactions; the one way to the API and the journal.
        saved: The saved files; blocks, as does what follows, so call both in a worker thread.
        preview: Makes a small JPEG of an open picture, of at most so many pixels a side and bytes.
        decoding: One of those at a time: a picture of 24 megapixels takes 72 MB while it is decoded, and two at once
            take longer for both and stall the event loop (bench/previews.py).
        agreements: What the user has agreed to and has not been started yet.
    """

    settings: Settings
    files: "Files"
    runs: "Runs"
    saved: "SavedFiles"
    preview: Callable[[IO[bytes], int, int], bytes | None]
    decoding: anyio.CapacityLimiter
    agreements: Agreements = field(default_factory=lambda: Agreements(anyio.current_time))


class Opening:
    """Opens the `AppContext` once, when the first handler asks for it, and closes it in the end."""

    def __init__(self, settings: Settings, announce: Announcing, pace: "Pace | None" = None) -> None:
        self.settings = settings
        self.redact = Redactor(settings.secrets)
        self._announce = announce
        self._pace = pace
        self._tasks: TaskGroup | None = None
        self._app: AppContext | None = None
        self._gemini: Gemini | None = None
        self._journal: Journal | None = None
        self._lock = anyio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Opening"]:
        """The time in which it can be opened: from start-up to shutdown."""
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                try:
                    yield self
                finally:
                    with anyio.CancelScope(shield=True):
                        await self._settle()
                    tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._close()

    async def app(self) -> AppContext:
        """The opened context; what was left unfinished by an earlier process is followed from now on.

        Raises:
            ConfigurationError: Some settings are wrong.
        """
        async with self._lock:
            if self._app is None:
                self._app = await self._open()
            return self._app

    def warm(self) -> None:
        """Begin to load the slow modules and to follow what an earlier process left, so that no call waits for it."""
        if self.settings.findings:
            logger.error("%s", " ".join(self.settings.findings))
        elif self._tasks is not None:
            self._tasks.start_soon(self._warm)

    async def _warm(self) -> None:
        try:
            await anyio.to_thread.run_sync(load, abandon_on_cancel=True)
            await self.app()
        except Exception:  # must not end the server; the first call fails with it, and says so
            logger.exception("This server cannot open what it needs")

    async def _open(self) -> AppContext:
        if self._tasks is None:
            raise RuntimeError("the server is not running")
        if self.settings.findings:
            raise ConfigurationError(" ".join([*self.settings.findings, MENDING]))
        await anyio.to_thread.run_sync(load)
        # What has been loaded stays: the collector need not walk through it again and again.
        gc.freeze()
        return self._assembled(self._tasks)

    def _assembled(self, tasks: TaskGroup) -> AppContext:
        gemini = self._gemini = api.Gemini(self.settings)
        rows = self._journal = journal.Journal(self.settings.database_url, self.redact)
        saved = files.SavedFiles(files.Boundary.of(self.settings))
        interactions = self._interactions(gemini, rows, saved, tasks)
        tasks.start_soon(interactions.tend)
        tasks.start_soon(runs.Changes(rows, self._announce.listed, self._pace).watch)
        uploads = files.Uploads(gemini, rows, account(self.settings), tasks)
        return AppContext(
            settings=self.settings,
            files=files.Files(self.settings, uploads, lookup=gemini.mime_type, earlier=interactions.find_restored),
            runs=interactions,
            saved=saved,
            preview=output.preview,
            decoding=anyio.CapacityLimiter(1),
        )

    def _interactions(self, gemini: "Gemini", rows: "Journal", saved: "SavedFiles", tasks: TaskGroup) -> "Runs":
        return runs.Runs(
            gemini=gemini,
            journal=rows,
            saved=saved,
            output_dir=self.settings.output_dir,
            tasks=tasks,
            announce=self._announce.settled,
            pace=self._pace,
            keep_days=self.settings.keep_days,
            runs_per_day=self.settings.runs_per_day,
            redact=self.redact,
            base_url=self.settings.base_url,
        )

    async def _settle(self) -> None:
        if self._app is not None:
            await self._app.runs.close()

    async def _close(self) -> None:
        if self._journal is not None:
            await self._journal.close()
        if self._gemini is not None:
            with anyio.move_on_after(0.5):
                await self._gemini.close()


SLOW: Final = (
    (api, ("Gemini",)),
    (files, ("Boundary", "Files", "SavedFiles", "Uploads")),
    (journal, ("Journal",)),
    (output, ("preview",)),
    (runs, ("Changes", "Runs")),
)
"""What takes over a second to import, by the package that offers it."""


def load() -> None:
    """Import what is slow; blocks."""
    for package, names in SLOW:
        for name in names:
            getattr(package, name)


def account(settings: Settings) -> str:
    """Whose uploaded files are ours: a hash of the API and its key, which does not tell the key."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    return hashlib.sha256(f"{settings.base_url or ''}\n{key}".encode()).hexdigest()


Ctx = Context[Opening, Any]
"""The `Context` parameter of our handlers."""


async def opened(ctx: Ctx) -> AppContext:
    """The context of a request's server, opened."""
    return await ctx.request_context.lifespan_context.app()


class Progress:
    """Progress notifications of one call, if its client wants them: bytes of uploads, then seconds; they only grow."""

    def __init__(self, ctx: Ctx) -> None:
        self._ctx = ctx
        self._sent = 0.0

    async def uploading(self, sent: float, total: float, message: str) -> None:
        """Tell how many bytes have been sent, and of how many."""
        self._sent = sent
        await self._ctx.report_progress(sent, total, unbroken(message))

    async def waiting(self, seconds: float, message: str) -> None:
        """Tell how long the interaction has been waited for, and what it does."""
        await self._ctx.report_progress(self._sent + seconds, None, unbroken(message))
