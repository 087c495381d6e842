"""The lifespan context of a server: what request handlers use, opened lazily.

Google's SDK, SQLAlchemy and Pillow take over a second to import, and a host waits for the response to its first
message. `Opening` therefore loads them only when they are needed.
"""

import gc
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, cast

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from mcp.server.mcpserver import Context

from gemini_interactions_mcp import journal, models
from gemini_interactions_mcp.core import (
    DEFAULT_TIMING,
    OWNER,
    ConfigurationError,
    FileRefusedError,
    GeminiMCPError,
    JournalError,
    Principal,
    Redactor,
    Timing,
    join_lines,
    logger,
)
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.text import EVERY_TOOL, ToolGuide

from .app_context import Announcements, AppContext
from .assembling import Assembler, load_slow_modules
from .identity import build_principal, identify_principal
from .outgoing import OutgoingRedactor
from .tenants import Tenants

if TYPE_CHECKING:
    from gemini_interactions_mcp.journal import Database, Notice

SETTINGS_REMEDY: Final = (
    "Until the user sets that right where the host configures this server, and restarts it, nothing is done."
)
"""Ends the error about wrong settings: defaults in their place might spend money or delete files against the user's
wishes."""


class Opening:
    """Opens the `AppContext` when the first handler needs it, and closes it at shutdown.

    Args:
        settings: The user's settings.
        announce: Callbacks for notifications.
        timing: Delays and deadlines.
        guide: Adapts texts to the tools that are offered.
        shared: Whether several principals use the server, and perhaps other servers on its journal.
    """

    def __init__(
        self,
        settings: Settings,
        announce: Announcements,
        timing: Timing = DEFAULT_TIMING,
        guide: ToolGuide = EVERY_TOOL,
        *,
        shared: bool = False,
    ) -> None:
        self.settings = settings
        self.guide = guide
        self._announce = announce
        self._timing = timing
        self.shared = shared
        self._tasks: TaskGroup | None = None
        self._tenants: Tenants[AppContext] = Tenants(announce.attended, timing)
        self._assembler: Assembler | None = None
        self._redactors: dict[str, OutgoingRedactor] = {}
        self._lock = anyio.Lock()
        self.starting = False
        """Whether the slow modules are loaded and the context of the owner is opened at this moment."""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Opening"]:
        """Run the background tasks from start-up to shutdown; the context can be opened meanwhile."""
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                try:
                    yield self
                finally:
                    await self._tenants.close()
                    tasks.cancel_scope.cancel()
        finally:
            await self._close()

    async def app(self, principal: Principal = OWNER) -> AppContext:
        """Return the context of a principal, opened; interactions that were left unfinished are followed from then on.

        Raises:
            ConfigurationError: A setting is wrong.
            KeyMissingError: The key that was set for the principal cannot be read.
        """
        principal = self._complete(principal)
        if app := self._tenants.get(principal):
            return app
        async with self._lock:
            return self._tenants.get(principal) or await self._open(principal)

    async def app_of(self, name: str) -> AppContext:
        """Return the context of the principal of a name, opened.

        Raises:
            FileRefusedError: There is no such principal, or it was revoked.
            GeminiMCPError: As `app`, or the journal cannot be read.
        """
        if name == OWNER.name:
            return await self.app()
        row = await journal.AccessTokens(self.database).find_principal(name)
        if row is None or row.revoked_at is not None:
            raise FileRefusedError("There is no such file.")
        return await self.app(build_principal(row))

    def _complete(self, principal: Principal) -> Principal:
        """Return a principal with the limit of those that have none of their own."""
        usual = models.amounts.count_micros(self.settings.principal_dollars_per_day)
        lacks = principal.remote and principal.micros_per_day is None
        return replace(principal, micros_per_day=usual) if lacks else principal

    @cached_property
    def database(self) -> "Database":
        """The database of the journal; the first statement opens it."""
        return journal.open_database(self.settings.database_url, self._timing, placeless=self.shared)

    def find_redactor(self, principal: Principal) -> Redactor | None:
        """Return what removes the key of a principal, too, if it has its own and that has been used."""
        return self._redactors.get(principal.key_reference) if principal.key_reference else None

    def serving(self, principal: Principal) -> AbstractContextManager[None]:
        """Return the context in which a request of a principal is served."""
        return self._tenants.serving(principal)

    def find_open(self, name: str) -> list[AppContext]:
        """Return the contexts of a principal that are open."""
        return self._tenants.find(name)

    def hurry(self) -> None:
        """Let calls that wait return their ids: the server is about to end."""
        for app in self._tenants.list_open():
            app.runs.hurry()

    def count_open(self) -> tuple[int, int]:
        """Return how many contexts are open, and how many runs they send or follow."""
        apps = self._tenants.list_open()
        return len(apps), sum(app.runs.count_running() for app in apps)

    async def hear(self, notice: "Notice") -> None:
        """Note that any server has changed a row of a principal: who waits for it here learns it at once.

        Where nothing of the principal is open, nobody waits. Without a label, any row of anybody may have changed.
        """
        for app in self._tenants.list_open() if notice.label is None else self._tenants.find(notice.principal):
            app.runs.hear(notice.label, notice.interaction_id, settled=notice.settled)
            app.changes.hear()

    async def share_secret(self, name: str) -> bytes:
        """Return a secret that all servers of the journal share.

        Raises:
            ConfigurationError: A setting is wrong.
            JournalError: It cannot be read or written.
        """
        async with self._lock:
            await self._prepare()
        return await journal.share_secret(self.database, name)

    def warm(self) -> None:
        """Start opening the context in the background, so that no call has to wait for it."""
        if self.settings.findings:
            logger.error("%s", " ".join(self.settings.findings))
        elif self._tasks is not None:
            self.starting = True
            self._tasks.start_soon(self._warm)

    async def _warm(self) -> None:
        try:
            await anyio.to_thread.run_sync(load_slow_modules, abandon_on_cancel=True)
            await self.app()
            await anyio.to_thread.run_sync(models.pricing.load_price_data, abandon_on_cancel=True)
        except GeminiMCPError as exc:
            logger.error("This server cannot open what it needs: %s", exc)
        except Exception:  # must not end the server; the first call fails with the same error
            logger.exception("This server cannot open what it needs")
        finally:
            self.starting = False

    async def _prepare(self) -> Assembler:
        """Return what makes contexts, after loading the slow modules.

        Raises:
            ConfigurationError: A setting is wrong.
        """
        if self._tasks is None:
            raise RuntimeError("the server is not running")
        if self.settings.findings:
            raise ConfigurationError(" ".join([*self.settings.findings, SETTINGS_REMEDY]))
        if self._assembler is None:
            await anyio.to_thread.run_sync(load_slow_modules)
            # The loaded modules stay: the garbage collector need not traverse them again and again.
            gc.freeze()
            self._assembler = Assembler(
                self.settings, self.database, self._announce, self._timing, self.guide, shared=self.shared
            )
            with suppress(JournalError):
                await self.database.set_clock()
            self._tasks.start_soon(self.database.watch, self.hear)
            if self.shared:
                self._tasks.start_soon(self._tenants.tend, self._find_unfinished, self._open_named)
        return self._assembler

    async def _open(self, principal: Principal) -> AppContext:
        assembler = await self._prepare()
        settings = await assembler.derive_settings(principal)
        if principal.key_reference:
            secrets = dict.fromkeys((*self.settings.secrets, *settings.secrets))
            self._redactors[principal.key_reference] = OutgoingRedactor(secrets)
        tasks = cast("TaskGroup", self._tasks)
        return await self._tenants.open(tasks, principal, partial(assembler.assemble, settings, principal))

    async def _find_unfinished(self) -> list[str]:
        """Return the names of principals with interactions that nobody follows, or files that have expired."""
        unfinished = await journal.list_unfinished_principals(self.database)
        return [*unfinished, *await journal.list_expiring_principals(self.database)]

    async def _open_named(self, name: str) -> AppContext:
        row = await journal.AccessTokens(self.database).find_principal(name)
        return await self.app(build_principal(row or journal.KnownPrincipal(name)) if name else OWNER)

    async def _close(self) -> None:
        """Close the journal and the connections, after the background tasks have ended. Shielded from cancellation."""
        with anyio.CancelScope(shield=True):
            if self._assembler is not None:
                await self._assembler.close()
            elif "database" in vars(self):
                # Tokens were looked up, and nobody has called.
                await self.database.close()


Ctx = Context[Opening, Any]
"""The `Context` parameter of our handlers."""


async def open_app(ctx: Ctx) -> AppContext:
    """Return the opened context of the principal that has sent a request."""
    return await ctx.request_context.lifespan_context.app(identify_principal(ctx.request_context))


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
