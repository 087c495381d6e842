"""Makes what request handlers use: for each principal its own, on what all share."""

import hashlib
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from gemini_interactions_mcp import api, files, journal, models, output, runs
from gemini_interactions_mcp.core import OWNER, CountedTasks, Principal, Redactor, SharedTasks, Timing
from gemini_interactions_mcp.server.tools.agreements import Agreements
from gemini_interactions_mcp.settings import Settings, read_key_reference
from gemini_interactions_mcp.text import ToolGuide

from .app_context import Announcements, AppContext
from .links import FileLinks

if TYPE_CHECKING:
    from gemini_interactions_mcp.api import Downloads, Gemini
    from gemini_interactions_mcp.files import InputFiles, SavedFiles
    from gemini_interactions_mcp.journal import Database, Holdings, Journal, Limits
    from gemini_interactions_mcp.models import CatalogFile
    from gemini_interactions_mcp.output import Place
    from gemini_interactions_mcp.runs import Runs

PRINCIPALS_FOLDER: Final = "principals"
"""The folder in the output directory that has a folder for each remote principal."""


class Connections:
    """The connections to Google of one API key.

    Args:
        settings: The settings, with that key.
        timing: Deadlines and back-offs.
        catalogs: Names the successors of models that no longer exist.
    """

    def __init__(self, settings: Settings, timing: Timing, catalogs: "CatalogFile") -> None:
        self.gemini: Gemini = api.Gemini(settings, timing, catalogs)
        self.downloads: Downloads = api.Downloads(settings, timing)
        self._timing = timing

    async def close(self) -> None:
        """Close them, each within `Timing.disconnect`."""
        for each in (self.gemini, self.downloads):
            with anyio.move_on_after(self._timing.disconnect):
                await each.close()


class Assembler:
    """Makes contexts, which share the database, the catalogs, and the connections of one key.

    Args:
        settings: The settings of the server.
        database: The database of the journal.
        announce: Callbacks for notifications.
        timing: Delays and deadlines.
        guide: Adapts texts to the tools that are offered.
        shared: Whether other servers answer the same clients.
    """

    def __init__(
        self,
        settings: Settings,
        database: "Database",
        announce: Announcements,
        timing: Timing,
        guide: ToolGuide,
        *,
        shared: bool,
    ) -> None:
        self._settings = settings
        self._announce = announce
        self._timing = timing
        self._guide = guide
        self._shared = shared
        self._catalogs = models.CatalogFile(settings.catalog_path)
        self._database = database
        self._connections: dict[str, Connections] = {}
        self._decoding = anyio.CapacityLimiter(1)

    async def derive_settings(self, principal: Principal) -> Settings:
        """Return the settings as they are for a principal.

        Raises:
            KeyMissingError: The key that was set for it cannot be read.
        """
        if not principal.remote:
            return self._settings
        changes: dict[str, object] = {
            "remote": True,
            "output_dir": self._settings.output_dir / PRINCIPALS_FOLDER / make_folder_name(principal.name),
        }
        if principal.key_reference is not None:
            changes["api_key"] = await anyio.to_thread.run_sync(read_key_reference, principal.key_reference)
        return self._settings.model_copy(update=changes)

    def assemble(self, settings: Settings, principal: Principal, tasks: CountedTasks) -> AppContext:
        """Make the context of a principal, and start its background tasks.

        Args:
            settings: As `derive_settings` returns them.
            principal: Whose requests it is for.
            tasks: Runs the background tasks.
        """
        # Before anything that is to be closed: it may be refused.
        place = output.open_place(settings, principal)
        rows = self._open_journal(settings, principal)
        boundary, account = files.Boundary.of(settings), hash_account(settings, principal)
        saved, gemini = files.SavedFiles(boundary, place), self.connect(settings).gemini
        interactions = self._build_runs(settings, principal, rows, saved, place, tasks)
        changes = runs.Changes(rows, partial(self._announce.listed, principal.name), self._timing)
        received = files.ReceivedFiles(settings, journal.ReceivedRows(self._database, principal.name), place, saved)
        holdings = journal.Holdings(self._database, principal.name)
        stores = api.HeldStores(gemini.stores, holdings) if shares_key(principal) else gemini.stores
        for work in (interactions.tend, changes.watch, partial(received.tend, self._timing.pruning)):
            tasks.start_endless(work)
        return AppContext(
            principal=principal,
            settings=settings,
            files=self._build_input_files(settings, principal, holdings, rows, tasks)(
                earlier=interactions.find_restored, place=place, received=received.find
            ),
            received=received,
            links=self._build_links(principal),
            sandboxes=files.SandboxFiles(settings, gemini.sandboxes, tasks, self._timing, saved),
            runs=interactions,
            changes=changes,
            catalogs=self._catalogs,
            saved=saved,
            preview=output.make_preview,
            decoding=self._decoding,
            voices=api.VoiceList(gemini, self._timing),
            stores=stores,
            indexing=files.StoreUploads(stores, rows, account, boundary, tasks, self._timing, saved=saved),
            additions=SharedTasks(tasks, self._timing.planned),
            agreements=Agreements(
                anyio.current_time, self._timing.agreement, holdings.redeem if self._shared else None
            ),
            timing=self._timing,
            guide=self._guide,
        )

    def _open_journal(self, settings: Settings, principal: Principal) -> "Journal":
        return journal.Journal(self._database, self._make_redactor(settings), self._timing, principal.name)

    def _make_redactor(self, settings: Settings) -> Redactor:
        return Redactor(dict.fromkeys((*self._settings.secrets, *settings.secrets)))

    def _build_input_files(
        self,
        settings: Settings,
        principal: Principal,
        holdings: "Holdings",
        rows: "Journal",
        tasks: CountedTasks,
    ) -> "Callable[..., InputFiles]":
        """Return what makes the files that a principal may send.

        What a key that several share has uploaded belongs to one of them.
        """
        gemini, account = self.connect(settings).gemini, hash_account(settings, principal)
        held = shares_key(principal)
        service = files.HeldUploads(gemini, partial(holdings.hold, journal.FILE_KIND)) if held else gemini
        return partial(
            files.InputFiles,
            settings,
            files.UploadCache(service, rows, account, tasks, self._timing),
            lookup=gemini.mime_type,
            holds=partial(holdings.holds, journal.FILE_KIND) if held else None,
        )

    def _build_links(self, principal: Principal) -> FileLinks | None:
        """Return what makes addresses of a principal's files; None where this server has none for clients."""
        address = self._settings.public_url
        if address is None:
            return None
        return FileLinks(address, principal.name, partial(journal.share_secret, self._database))

    def _build_runs(
        self,
        settings: Settings,
        principal: Principal,
        rows: "Journal",
        saved: "SavedFiles",
        place: "Place",
        tasks: CountedTasks,
    ) -> "Runs":
        connected = self.connect(settings)
        return runs.Runs(
            gemini=connected.gemini,
            journal=rows,
            saved=saved,
            place=place,
            tasks=tasks,
            announce=partial(self._announce.settled, principal.name),
            timing=self._timing,
            # One tenant prunes the rows of all.
            keep_days=None if principal.remote else settings.keep_days,
            limits=make_limits(settings, principal),
            catalogs=self._catalogs,
            redact=self._make_redactor(settings),
            base_url=settings.base_url,
            fetch=connected.downloads.fetch,
            outside=not shares_key(principal),
        )

    def connect(self, settings: Settings) -> Connections:
        """Return the connections of a key."""
        account = hash_account(settings)
        if account not in self._connections:
            self._connections[account] = Connections(settings, self._timing, self._catalogs)
        return self._connections[account]

    async def close(self) -> None:
        """Close the database, then the connections."""
        await self._database.close()
        async with anyio.create_task_group() as closing:
            for each in self._connections.values():
                closing.start_soon(each.close)


def load_slow_modules() -> None:
    """Import the modules that take over a second to load. Blocks."""
    # The packages import a module when its name is first used.
    _ = (api.Gemini, journal.Journal, output.make_preview, runs.Changes, runs.Runs)
    models.load_built_in_catalog()
    _ = (files.Boundary, files.InputFiles, files.SandboxFiles, files.SavedFiles, files.UploadCache)


def shares_key(principal: Principal) -> bool:
    """Whether Google keeps what a principal makes under a key of others, too: then ids tell nothing of whose it is."""
    return principal.remote and principal.key_reference is None


def make_limits(settings: Settings, principal: Principal = OWNER) -> "Limits":
    """Return the limits of the server, and those of a principal."""
    return journal.Limits(
        settings.runs_per_day,
        models.amounts.count_micros(settings.dollars_per_day),
        models.amounts.count_micros(settings.dollars_per_month),
        principal.runs_per_day,
        principal.micros_per_day,
    )


def hash_account(settings: Settings, principal: Principal = OWNER) -> str:
    """Return a hash of the API's address, the key and the principal, which identifies the account of uploads.

    It does not reveal the key.
    """
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    named = f"\n{principal.name}" if principal.name else ""
    return hashlib.sha256(f"{settings.base_url or ''}\n{key}{named}".encode()).hexdigest()


def make_folder_name(name: str) -> str:
    """Return the name of the folder of a principal: readable, and never that of another."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:40]
    return f"{readable or 'principal'}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
