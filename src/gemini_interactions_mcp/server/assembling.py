"""Makes what request handlers use: for each principal its own, on what all share."""

from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
from pydantic import SecretStr

from gemini_interactions_mcp import api, files, journal, models, output, runs
from gemini_interactions_mcp.core import CountedTasks, Outage, Principal, Timing
from gemini_interactions_mcp.settings import KeyUnreadableError, Settings, read_key_reference
from gemini_interactions_mcp.text import ToolGuide

from .app_context import Announcements, AppContext
from .remote_texts import RemoteTexts
from .tenant_parts import TenantParts, hash_account

if TYPE_CHECKING:
    from gemini_interactions_mcp.api import Downloads, Gemini
    from gemini_interactions_mcp.journal import Database
    from gemini_interactions_mcp.models import CatalogFile

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
        self.timing = timing

    async def close(self) -> None:
        """Close them, each within `Timing.disconnect`."""
        for each in (self.gemini, self.downloads):
            with anyio.move_on_after(self.timing.disconnect):
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
        self.settings = settings
        self.announce = announce
        self.timing = timing
        self.guide = guide
        self.shared = shared
        self.catalogs = models.CatalogFile(settings.catalog_path)
        self.database = database
        self._connections: dict[str, Connections] = {}
        self._unreadable_keys: dict[str, Outage] = {}
        self.decoding = anyio.CapacityLimiter(1)
        self.copies = files.VerifiedCopies()
        self.texts = RemoteTexts(settings)

    async def derive_settings(self, principal: Principal) -> Settings:
        """Return the settings as they are for a principal.

        Raises:
            KeyUnreadableError: The key that was set for it cannot be read.
        """
        if not principal.remote:
            return self.settings
        changes: dict[str, object] = {
            "remote": True,
            "output_dir": self.settings.output_dir / PRINCIPALS_FOLDER / output.name_principal_folder(principal.name),
        }
        if principal.key_reference is not None:
            changes["api_key"] = await self._read_key(principal.name, principal.key_reference)
        return self.settings.model_copy(update=changes)

    async def _read_key(self, name: str, reference: str) -> SecretStr:
        """Return the key of a principal; the log says once why it cannot be read, and once that it can again.

        Raises:
            KeyUnreadableError: It cannot be read.
        """
        try:
            key = await anyio.to_thread.run_sync(read_key_reference, reference)
        except KeyUnreadableError as exc:
            outage = Outage(f"The API key of {name} cannot be read: %s", f"The API key of {name} can be read again")
            self._unreadable_keys.setdefault(name, outage).begin(exc.reason)
            raise
        if outage := self._unreadable_keys.pop(name, None):
            outage.end()
        return key

    def assemble(self, settings: Settings, principal: Principal, tasks: CountedTasks) -> AppContext:
        """Make the context of a principal, and start its background tasks.

        Args:
            settings: As `derive_settings` returns them.
            principal: Whose requests it is for.
            tasks: Runs the background tasks.
        """
        parts = TenantParts(self, settings, principal, tasks)
        for work in (parts.runs.tend, parts.changes.watch):
            tasks.start_endless(work)
        if principal.remote:
            tasks.start_endless(partial(parts.received.tend, self.timing.pruning))
        return parts.build_context()

    def connect(self, settings: Settings) -> Connections:
        """Return the connections of a key."""
        account = hash_account(settings)
        if account not in self._connections:
            self._connections[account] = Connections(settings, self.timing, self.catalogs)
        return self._connections[account]

    async def close(self) -> None:
        """Close the database, then the copies of files and the connections."""
        await self.database.close()
        self.copies.forget()
        async with anyio.create_task_group() as closing:
            for each in self._connections.values():
                closing.start_soon(each.close)


def load_slow_modules() -> None:
    """Import the modules that take over a second to load. Blocks."""
    # The packages import a module when its name is first used.
    _ = (api.Gemini, journal.Journal, output.make_preview, runs.Changes, runs.Runs)
    models.load_built_in_catalog()
    _ = (files.Boundary, files.InputFiles, files.SandboxFiles, files.SavedFiles, files.UploadCache)
