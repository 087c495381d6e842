"""What this process writes down of its runs: rows of the journal, files on disk.

A journal or a disk that fails does not lose a run: what could not be written is written later, and said.
"""

import contextlib
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from gemini_interactions_mcp.core import (
    NOTHING,
    ConfigurationError,
    GeminiMCPError,
    InteractionNotFoundError,
    JournalError,
    OutcomeUnknownError,
    Redactor,
    beside,
)
from gemini_interactions_mcp.files import saved_files
from gemini_interactions_mcp.journal import DELIVERY, Journal, Limit, labels
from gemini_interactions_mcp.models import Interaction, Record, Request, SavedFile, Terms, terms
from gemini_interactions_mcp.output import pictures

from . import intents, processes
from .outputs import Output
from .run import Run

logger = logging.getLogger(__name__)

LATE_SECONDS: Final = 2.0
"""How long what can be written later waits for a journal that another program holds: an answer waits with it."""


class Ledger:
    """The journal and the output directory, as the runs of this process use them.

    Args:
        lease: Lease duration in seconds; renewed three times per period.
        runs_per_day: How much research may be sent in a UTC day.
        redact: Takes secrets out of what goes into files.
    """

    def __init__(
        self,
        journal: Journal,
        output_dir: Path,
        lease: float,
        runs_per_day: int | None = None,
        redact: Redactor = NOTHING,
    ) -> None:
        self._journal = journal
        self._output = Output(output_dir, redact)
        self._lease = lease
        self._runs_per_day = runs_per_day
        self._redact = redact
        self._decoding = anyio.CapacityLimiter(1)
        self._owner = processes.new_owner()
        self._released = False

    # Rows ----------------------------------------------------------------------------------------------

    async def open(self, record: Record) -> None:
        """Write an intent down.

        Raises:
            JournalError: It could not be.
        """
        await self._journal.insert(record, owner=self._owner, until=self._lease_end())

    async def open_once(self, record: Record, *, again: bool = False) -> Record | None:
        """Write an intent of research down, unless the same was asked for lately: then that one is returned.

        Args:
            record: The intent.
            again: Write it down also then.

        Raises:
            DailyLimitError: The user allows no more of it today.
            JournalError: The journal cannot be used.
        """
        most = self._runs_per_day
        return await self._journal.insert_once(
            record,
            None if again else labels.mark(record),
            intents.twins_since(record),
            limit=Limit(most, labels.today()) if most else None,
            owner=self._owner,
            until=self._lease_end(),
        )

    async def twin(self, record: Record) -> Record | None:
        """The row that `open_once` would return.

        Raises:
            JournalError: The journal cannot be used.
        """
        # A little less than there, so that what is found here will be found there.
        since = intents.twins_since(record) + timedelta(seconds=10)
        return await self._journal.twin(labels.mark(record), since)

    async def undelivered(self, record: Record) -> list[Record]:
        """The rows of identical requests whose answer nobody has been given; none when the journal cannot be read."""
        try:
            return await self._journal.undelivered(labels.mark(record), intents.twins_since(record))
        except JournalError as exc:
            logger.warning("Whether the same was asked before cannot be read: %s", exc)
            return []

    async def write(self, run: Run, **changes: object) -> bool:
        """Change the record, here and in the journal; what a journal cannot take is written with the next change.

        A journal that did not take the last change is not waited for.
        """
        patience = 0.0 if run.unwritten else LATE_SECONDS
        if not changes.keys() <= DELIVERY:
            changes = {"updated_at": labels.now()} | changes
        run.record = run.record.model_copy(update=changes)
        run.unwritten |= changes
        return await self._write(run, patience)

    async def write_late(self, run: Run, *, wait: bool = True) -> bool:
        """Write what the journal could not take when it was new."""
        return await self._write(run, LATE_SECONDS if wait else 0.0)

    async def _write(self, run: Run, patience: float) -> bool:
        # One after the other: an older change must not arrive after a newer one, nor pass for it.
        with anyio.CancelScope(shield=True):
            async with run.writing:
                await self._put(run, patience)
        return not run.unwritten

    async def _put(self, run: Run, patience: float) -> None:
        sent = dict(run.unwritten)
        if not sent:
            return
        try:
            await self._journal.update(run.record.label, patience=patience, **sent)
        except JournalError as exc:
            logger.warning("Interaction %s is not in the journal: %s", run.id, exc)
            return
        run.unwritten = {name: value for name, value in run.unwritten.items() if sent.get(name, sent) is not value}

    async def find(self, interaction_id: str) -> Record | None:
        """The row of an interaction; None also when the journal cannot be read."""
        try:
            return await self._journal.find(interaction_id, patience=LATE_SECONDS)
        except JournalError as exc:
            logger.warning("The journal cannot be read, Google is asked instead: %s", exc)
            return None

    async def before(self, asked: Request | Interaction) -> Record | None:
        """The row of what a request or an interaction goes on from; None also when the journal cannot be read."""
        return await self.find(asked.previous_interaction_id) if asked.previous_interaction_id else None

    async def deleted(self, record: Record) -> bool:
        """Whether a row has been deleted; False when the journal cannot be read."""
        with contextlib.suppress(JournalError):
            return await self._journal.deleted(record.label)
        return False

    async def adopt(self, interaction: Interaction, interaction_id: str) -> Record:
        """Write down an interaction that something else has started, so that its media are saved once."""
        record = intents.foreign(interaction, interaction_id, await self.before(interaction))
        try:
            await self._journal.insert(record, patience=LATE_SECONDS)
        except JournalError as exc:
            logger.warning("Interaction %s is not in the journal: %s", interaction_id, exc)
        return record

    # Results -------------------------------------------------------------------------------------------

    async def finish(self, run: Run, interaction: Interaction, target: Path | None) -> bool:
        """Save what came and write it all down; False when the journal could not take it."""
        # Only now a secret is whole again that came in several deltas.
        interaction = interaction.model_copy(update={"text": interaction.text or run.text})
        interaction = await beside(len(interaction.text), partial(self._redact, interaction))
        files, complaint = await self._save(run, interaction, target)
        told = {name: getattr(interaction, name) for name in ("text", "citations", "code", "failures")}
        asked = self._asked(run, interaction)
        shortcoming = await self._shortcoming(run, interaction, asked)
        result: dict[str, object] = {
            "status": interaction.status,
            "model": interaction.model or run.record.model,
            "agent": interaction.agent or run.record.agent,
            "environment_id": interaction.environment_id or run.record.environment_id,
            "usage": interaction.usage or run.usage,
            "files": files,
            "error": sentences(shortcoming, complaint),
            "finished_at": labels.now(),
        }
        journaled = await self.write(run, **result, **(told if run.stored else {}))
        # Only now: it may take seconds.
        if departed := await terms.departed(asked, interaction):
            journaled = await self.write(run, error=sentences(shortcoming, departed, complaint))
        run.record = run.record.model_copy(update=told)
        if complaint and intents.UNSAVED in complaint:
            run.previews = await self._previews(interaction, files)
        return journaled

    def _asked(self, run: Run, interaction: Interaction) -> Terms | None:
        """What an answer is held against."""
        return self._redact(terms.of_request(run.request) if run.request else run.record.terms) or interaction.terms

    async def _shortcoming(self, run: Run, interaction: Interaction, asked: Terms | None) -> str | None:
        """What is wrong with an answer, by what was asked for and who has stopped it."""
        record = run.record
        if interaction.status == "cancelled" and record.stopped_by is None and run.id:
            # Through another server on this journal, perhaps.
            record = await self.find(run.id) or record
        about = interaction.model_copy(update={"agent": interaction.agent or record.agent})
        return intents.shortcoming(about, record.kind, asked, record.stopped_by)

    async def _save(
        self, run: Run, interaction: Interaction, target: Path | None
    ) -> tuple[tuple[SavedFile, ...], str | None]:
        """Write media and reports to disk; a full disk does not lose the answer."""
        # Another process may have been quicker: it took the lease over, or was asked for the result. Only the one that
        # has sent the request knows where it is wanted.
        saving = bool(interaction.media or run.reports)
        if saving and await self.deleted(run.record):
            return (), None
        record = await self.find(run.id) if run.id and not target and saving else None
        if record is not None and intents.saved(record):
            return record.files, None
        files = list(record.files) if record else []
        notes: list[str] = []
        try:
            await anyio.to_thread.run_sync(self._output.write, run, interaction, target, files, notes)
        except ConfigurationError as exc:
            later = " Then read_interaction saves them." if run.stored else ""
            notes.append(f"{intents.UNSAVED}: {exc}{later}")
        return tuple(files), " ".join(notes) or None

    async def _previews(self, interaction: Interaction, files: Iterable[SavedFile]) -> tuple[bytes, ...]:
        """Small pictures of what could not be saved."""
        there = {file.place for file in files}
        unsaved = [each for place, each in enumerate(interaction.media, 1) if place not in there]
        drawn = [each for each in unsaved if each.mime_type.startswith("image/")]
        return await anyio.to_thread.run_sync(pictures.previews, drawn, limiter=self._decoding)

    async def here(self, record: Record) -> Record:
        """The record with one file of each name: where several machines have saved it, the one that is on this."""
        if not record.files:
            return record
        files = await anyio.to_thread.run_sync(self._output.current, record.files)
        return record.model_copy(update={"files": files})

    async def gone(self, record: Record) -> list[SavedFile]:
        """The files that are not on this machine, though Google may still show what was in them."""
        return await anyio.to_thread.run_sync(self._output.gone, record.files)

    async def restore(self, run: Run, interaction: Interaction, gone: Sequence[SavedFile]) -> list[SavedFile]:
        """Save again what is gone, as far as that goes: under its own name, where that is free."""
        return await anyio.to_thread.run_sync(self._output.restore, run, interaction, gone)

    async def rewrite(self, run: Run, files: saved_files.SavedFiles) -> list[SavedFile]:
        """Save a report anew that says something else by now, where one was saved; what was saved, if anything."""
        return await anyio.to_thread.run_sync(self._output.rewrite, run, files)

    async def fail(self, run: Run, exc: GeminiMCPError) -> bool:
        """Write down why there is no answer, and what part of it came; False when the journal could not take it.

        A run with an id may still end well, and stays as it was.
        """
        exc.interaction_id = exc.interaction_id or run.id
        run.fail(exc)
        changes: dict[str, object] = {"error": str(exc)}
        if run.stored and run.text:
            changes["text"] = run.text
        if (run.id is None or not run.stored) and not isinstance(exc, OutcomeUnknownError):
            changes |= {"status": "failed", "finished_at": labels.now()}
        elif isinstance(exc, InteractionNotFoundError):
            # Not finished: whoever asks for it again makes us look again.
            changes |= {"status": "failed"}
        journaled = await self.write(run, **changes)
        if not run.stored and run.text:
            # Not into the journal.
            run.error = type(exc)(f"{exc} The text that came: {run.text}", interaction_id=run.id)
        return journaled

    # Leases --------------------------------------------------------------------------------------------

    async def claim(self, record: Record) -> bool:
        """Whether this process may follow an interaction: no other does, or it is in no journal."""
        try:
            if await self._claimed(record) or (await self._free() and await self._claimed(record)):
                return True
            return await self._journal.find(str(record.interaction_id), patience=LATE_SECONDS) is None
        except JournalError as exc:
            logger.warning("Who follows interaction %s cannot be read: %s", record.interaction_id, exc)
            return True

    async def seize(self, record: Record) -> None:
        """Follow an interaction in place of a process that hangs; that one sees it before it saves anything."""
        with contextlib.suppress(JournalError):
            await self._journal.seize(record.label, self._owner, self._lease_end(), patience=LATE_SECONDS)

    async def followed_elsewhere(self, record: Record) -> bool:
        """Whether another process that lives follows an interaction."""
        try:
            owner = await self._journal.owner(record.label)
        except JournalError as exc:
            logger.warning("Who follows interaction %s cannot be read: %s", record.label, exc)
            return False
        return owner not in (None, self._owner) and not processes.departed(owner)

    async def _claimed(self, record: Record) -> bool:
        return await self._journal.claim(record.label, self._owner, self._lease_end(), patience=LATE_SECONDS)

    async def _free(self) -> bool:
        """End the leases of processes that have ended; whether there were any."""
        departed = [owner for owner in await self._journal.owners() if processes.departed(owner)]
        for owner in departed:
            await self._journal.release(owner, patience=LATE_SECONDS)
        return bool(departed)

    async def orphans(self) -> list[Record]:
        """Renew the leases of this process, and return the unfinished rows that nobody follows, claimed.

        What this process has followed before is not among them: it does so still, or has given it up.

        Raises:
            JournalError: The journal cannot be used.
        """
        await self._journal.renew(self._owner, self._lease_end())
        if self._released:
            return []
        await self._free()
        rows = [row for row in await self._journal.unfinished(but=self._owner) if not intents.unstored(row)]
        return [row for row in rows if await self.claim(row)]

    async def prune(self, keep_days: float) -> None:
        """Forget what has settled so long ago.

        Raises:
            JournalError: The journal cannot be used.
        """
        await self._journal.prune(labels.now() - timedelta(days=keep_days))

    async def release(self) -> None:
        """Leave everything to others."""
        self._released = True
        with contextlib.suppress(JournalError):
            await self._journal.release(self._owner, patience=LATE_SECONDS)

    def _lease_end(self) -> datetime:
        return labels.now() + timedelta(seconds=self._lease)


def sentences(*said: str | None) -> str | None:
    """All that there is to say, in sentences; None where there is nothing."""
    return " ".join(filter(None, said)) or None
