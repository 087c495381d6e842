"""What a handler may reach.

The SDK of Google, SQLAlchemy and Pillow take over a second to import. A host waits for the answer to its first
message, so all of that is loaded behind `Opening`, once somebody needs it.
"""

import gc
import hashlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from mcp.server.mcpserver import Context

from .consent import Agreements
from .errors import ConfigurationError
from .redaction import Redactor
from .settings import Settings
from .words import unbroken

if TYPE_CHECKING:
    from .environments import Environments
    from .files import Files
    from .gemini import Gemini
    from .models import Citation, Record
    from .run import Pace
    from .runs import Runs
    from .saved import SavedFiles
    from .store import Journal

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
    """The rooms below, opened.

    Attributes:
        resolve: Looks up where Google's redirect links lead.
        saved: The files that were saved; blocks, as does what follows, so call both in a worker thread.
        preview: Makes a small JPEG of an open picture, of at most so many pixels a side and bytes.
        decoding: One of those at a time: a picture of 24 megapixels takes 72 MB while it is decoded, and two at once
            take longer for both and stall the event loop (bench/previews.py).
        agreements: What the user has agreed to and has not been started yet.
    """

    settings: Settings
    gemini: "Gemini"
    journal: "Journal"
    files: "Files"
    runs: "Runs"
    resolve: "Callable[[Iterable[Citation], str | None], Awaitable[tuple[Citation, ...]]]"
    environments: "Environments"
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
        rooms = await anyio.to_thread.run_sync(load)
        # What has been loaded stays: the collector need not walk through it again and again.
        gc.freeze()
        gemini = rooms.Gemini(self.settings)
        journal = rooms.Journal(self.settings.database_url, self.redact)
        runs = rooms.Runs(
            gemini=gemini,
            journal=journal,
            output_dir=self.settings.output_dir,
            tasks=self._tasks,
            announce=self._announce.settled,
            pace=self._pace,
            keep_days=self.settings.keep_days,
            runs_per_day=self.settings.runs_per_day,
            redact=self.redact,
        )
        self._tasks.start_soon(runs.tend)
        self._tasks.start_soon(rooms.Changes(journal, self._announce.listed, self._pace).watch)

        async def earlier(interaction_id: str) -> "Record":
            run = await runs.find(interaction_id)
            await runs.restore(run)
            return run.record

        uploads = rooms.Uploads(gemini, journal, account(self.settings), self._tasks)
        files = rooms.Files(self.settings, uploads, lookup=gemini.mime_type, earlier=earlier)
        saved = rooms.SavedFiles(rooms.Boundary.of(self.settings))
        environments = rooms.Environments(gemini, self.settings.output_dir, saved)
        decoding = anyio.CapacityLimiter(1)
        return AppContext(
            self.settings, gemini, journal, files, runs, rooms.resolve, environments, saved, rooms.preview, decoding
        )

    async def _settle(self) -> None:
        if self._app is not None:
            await self._app.runs.close()

    async def _close(self) -> None:
        if self._app is not None:
            await self._app.journal.close()
            with anyio.move_on_after(0.5):
                await self._app.gemini.close()


def load() -> Any:  # noqa: ANN401 - its types are those imported for checking above
    """Import the slow rooms."""
    from . import changes, environments, files, gemini, media, paths, redirects, runs, saved, store, uploads  # noqa: PLC0415 - over a second, not to be paid at start-up

    return SimpleNamespace(
        Changes=changes.Changes,
        Files=files.Files,
        Gemini=gemini.Gemini,
        Journal=store.Journal,
        Runs=runs.Runs,
        Uploads=uploads.Uploads,
        preview=media.preview,
        resolve=redirects.resolved,
        Environments=environments.Environments,
        Boundary=paths.Boundary,
        SavedFiles=saved.SavedFiles,
    )


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
