"""Deletes interactions: first at Google, then their files and rows."""

import contextlib
from collections.abc import Awaitable, Callable

import anyio.to_thread

from gemini_interactions_mcp.api import Gemini, check_interaction_id
from gemini_interactions_mcp.core import GeminiMCPError, InteractionNotFoundError, RefusedError
from gemini_interactions_mcp.files import SavedFiles
from gemini_interactions_mcp.journal import Journal
from gemini_interactions_mcp.models import Record, is_settled

from . import intents
from .deletion import Deletion, Remote
from .registry import Registry

AuditFunction = Callable[[str, str], Awaitable[None]]
"""Notes an action and what it was done to."""


async def ignore_event(action: str, subject: str) -> None:
    """Note nothing."""


class Deleter:
    """Deletes at Google before anything local: only the row has the id for another attempt.

    Args:
        gemini: The API.
        journal: The rows.
        saved: The saved files.
        registry: The runs of this process; deleted ones are not followed any more.
        audit: Called with what was done and the id, once something is deleted.
    """

    def __init__(
        self, gemini: Gemini, journal: Journal, saved: SavedFiles, registry: Registry, audit: AuditFunction
    ) -> None:
        self._gemini = gemini
        self._journal = journal
        self._saved = saved
        self._registry = registry
        self._audit = audit

    async def delete(self, interaction_id: str, record: Record | None) -> Deletion:
        """Delete an interaction whose row is `record`.

        Raises:
            InputError: There is no row, and the text cannot be an id.
            JournalError: The journal cannot be used.
        """
        if record is None and self._registry.deleted(interaction_id):
            return Deletion(Remote.EARLIER)
        if record is None:
            check_interaction_id(interaction_id)
        try:
            remote = await self._delete_remote(record.interaction_id if record else interaction_id, record)
        except GeminiMCPError as exc:
            return Deletion(Remote.KEPT, exc, known=record is not None)
        names = (record.label, record.interaction_id or record.label) if record else ()
        self._registry.delete(interaction_id, *names)
        if record is not None or remote is not Remote.MISSING:
            # Before what is local: it may fail, and Google's part is gone.
            await self._audit("interaction.delete", names[-1] if names else interaction_id)
        return await self._delete_local(remote, record)

    async def _delete_remote(self, interaction_id: str | None, record: Record | None) -> Remote:
        stored = record.stored if record else not intents.is_label(str(interaction_id))
        if interaction_id is None or not stored:
            return Remote.UNNAMED
        running = record is not None and not is_settled(record.status)
        try:
            if running:
                # A deletion alone does not stop it. The cancel is refused if it has ended meanwhile.
                with contextlib.suppress(RefusedError):
                    await self._gemini.cancel(interaction_id)
            await self._gemini.delete(interaction_id)
        except InteractionNotFoundError:
            return Remote.MISSING
        return Remote.STOPPED if running else Remote.DELETED

    async def _delete_local(self, remote: Remote, record: Record | None) -> Deletion:
        if record is None:
            return Deletion(remote)
        told: dict[str, str] = {}
        while True:
            # Reread: it may have ended and saved its files while Google was deleting it, or a document.
            seen = await self._journal.list_files(record.label)
            files = [file for file in (seen.files if seen else record.files) if file.path not in told]
            lines = await anyio.to_thread.run_sync(self._saved.remove_all, files)
            told |= zip((file.path for file in files), lines, strict=True)
            row = await self._journal.delete(record.label, seen)
            if row or seen is None:
                return Deletion(remote, known=True, files=tuple(told.values()), row=row)
