"""The parts of one principal's context; none of them knows another principal."""

import hashlib
from functools import cached_property, partial
from typing import TYPE_CHECKING

import anyio

from gemini_interactions_mcp import api, files, journal, models, output, runs
from gemini_interactions_mcp.core import OWNER, CountedTasks, Principal, Redactor, SharedTasks, Timing
from gemini_interactions_mcp.server.tools.agreements import Agreements
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.text import ToolGuide

from .app_context import Announcements, AppContext
from .links import FileLinks
from .remote_texts import RemoteTexts

if TYPE_CHECKING:
    from typing import Protocol

    from gemini_interactions_mcp.api import Downloads, Gemini, StoreService
    from gemini_interactions_mcp.files import InputFiles, ReceivedFiles, SavedFiles, VerifiedCopies
    from gemini_interactions_mcp.journal import AuditTrail, Database, Holdings, Journal, Limits
    from gemini_interactions_mcp.models import CatalogFile
    from gemini_interactions_mcp.output import Place
    from gemini_interactions_mcp.runs import Changes, Runs

    class KeyConnections(Protocol):
        """The connections to Google of one API key."""

        gemini: Gemini
        downloads: Downloads

    class SharedParts(Protocol):
        """What all contexts of a server share."""

        settings: Settings
        database: Database
        announce: Announcements
        timing: Timing
        guide: ToolGuide
        shared: bool
        catalogs: CatalogFile
        decoding: anyio.CapacityLimiter
        copies: VerifiedCopies
        texts: RemoteTexts

        def connect(self, settings: Settings) -> KeyConnections:
            """Return the connections of a key."""
            ...


class TenantParts:
    """The parts of a context; each is made when it is first used, and once.

    Args:
        common: What all contexts share.
        settings: The settings as they are for the principal.
        principal: Whose context it is.
        tasks: Runs the background tasks.
    """

    def __init__(self, common: "SharedParts", settings: Settings, principal: Principal, tasks: CountedTasks) -> None:
        self._common = common
        self._settings = settings
        self._principal = principal
        self._tasks = tasks
        # Before anything that is to be closed: it may be refused.
        self._place: Place = output.open_place(settings, principal)
        self._connected = common.connect(settings)
        self._account = hash_account(settings, principal)
        self._redact = Redactor(dict.fromkeys((*common.settings.secrets, *settings.secrets)))
        self._explain = common.texts.choose(principal).explain if principal.remote else str
        self._rows: Journal = journal.Journal(common.database, self._redact, common.timing, principal.name)
        self._holdings: Holdings = journal.Holdings(common.database, principal.name)
        self._audit: AuditTrail = journal.AuditTrail(common.database, principal.name)
        self._boundary = files.Boundary.of(settings)
        self._saved: SavedFiles = files.SavedFiles(self._boundary, self._place, common.copies)

    def build_context(self) -> AppContext:
        """Return the context."""
        common, timing = self._common, self._common.timing
        return AppContext(
            principal=self._principal,
            settings=self._settings,
            files=self._build_input_files(),
            received=self.received,
            links=self._build_links(),
            sandboxes=files.SandboxFiles(
                self._settings, self._connected.gemini.sandboxes, self._tasks, timing, self._saved
            ),
            runs=self.runs,
            changes=self.changes,
            audit=self._audit,
            catalogs=common.catalogs,
            saved=self._saved,
            preview=output.make_preview,
            decoding=common.decoding,
            voices=api.VoiceList(self._connected.gemini, timing),
            stores=self._stores,
            indexing=files.StoreUploads(
                self._stores, self._rows, self._account, self._boundary, self._tasks, timing, saved=self._saved
            ),
            additions=SharedTasks(self._tasks, timing.planned),
            agreements=self._build_agreements(),
            timing=timing,
            guide=common.guide,
            explain=self._explain,
        )

    @cached_property
    def runs(self) -> "Runs":
        """The interactions."""
        return runs.Runs(
            gemini=self._connected.gemini,
            journal=self._rows,
            saved=self._saved,
            place=self._place,
            tasks=self._tasks,
            announce=partial(self._common.announce.settled, self._principal.name),
            timing=self._common.timing,
            # One tenant prunes the rows of all.
            keep_days=None if self._principal.remote else self._settings.keep_days,
            limits=make_limits(self._settings, self._principal),
            catalogs=self._common.catalogs,
            redact=self._redact,
            base_url=self._settings.base_url,
            fetch=self._connected.downloads.fetch,
            outside=not self._principal.remote,
            audit=self._audit.record,
            explain=self._explain,
        )

    @cached_property
    def changes(self) -> "Changes":
        """What watches the lists of resources."""
        return runs.Changes(
            self._rows, partial(self._common.announce.listed, self._principal.name), self._common.timing
        )

    @cached_property
    def received(self) -> "ReceivedFiles":
        """The files that remote clients send."""
        rows = journal.ReceivedRows(self._common.database, self._principal.name, self._redact)
        return files.ReceivedFiles(self._settings, rows, self._place, self._saved)

    @cached_property
    def _stores(self) -> "StoreService":
        stores = self._connected.gemini.stores
        return api.HeldStores(stores, self._holdings) if self._principal.remote else stores

    def _build_input_files(self) -> "InputFiles":
        """Return the files that may be sent; an upload belongs to who sent it, whoever else has the key."""
        gemini, held = self._connected.gemini, self._principal.remote
        service = files.HeldUploads(gemini, partial(self._holdings.hold, journal.FILE_KIND)) if held else gemini
        return files.InputFiles(
            self._settings,
            files.UploadCache(service, self._rows, self._account, self._tasks, self._common.timing),
            lookup=gemini.mime_type,
            earlier=self.runs.find_restored,
            holds=partial(self._holdings.holds, journal.FILE_KIND) if held else None,
            place=self._place,
            received=self.received.find,
        )

    def _build_links(self) -> FileLinks | None:
        """Return what makes addresses of files; None where the server has none for clients."""
        address = self._common.settings.public_url
        if address is None:
            return None
        return FileLinks(address, self._principal.name, partial(journal.share_secret, self._common.database))

    def _build_agreements(self) -> Agreements:
        redeem = self._holdings.redeem if self._common.shared else None
        return Agreements(anyio.current_time, self._common.timing.agreement, redeem)


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
