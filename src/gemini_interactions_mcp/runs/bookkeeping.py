"""Rows and files of the runs of this process.

A journal or a disk that fails does not lose a run: what could not be written is written later, and the answer says so.
"""

import contextlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import anyio
import anyio.to_thread

from gemini_interactions_mcp.core import (
    NO_REDACTION,
    ConfigurationError,
    GeminiMCPError,
    InteractionNotFoundError,
    JournalError,
    OutcomeUnknownError,
    Redactor,
    Timing,
    logger,
    offload_if_large,
)
from gemini_interactions_mcp.files import saved_files
from gemini_interactions_mcp.journal import DELIVERY_FIELDS, NO_LIMITS, Journal, Limits, clock
from gemini_interactions_mcp.models import CatalogFile, Interaction, Record, Request, SavedFile, Terms, Usage, terms
from gemini_interactions_mcp.output import Place, pictures

from . import intents
from .costs import Costs
from .fetching import FetchedMedia, FetchFunction, MediaFetcher, list_addressed, refuse_fetch
from .file_rows import FileRows
from .leasing import RunLeases
from .outcomes import SavingOutcome, describe_result, join_sentences
from .outputs import Output
from .run import NOT_TAKEN_PHASES, Run

UNSAVED_COMPLAINT: Final = "The files could not be saved"
"""Begins the complaint about a disk that takes no files."""

NOTHING_FETCHED: Final[Mapping[int, BinaryIO]] = {}


class Ledger(RunLeases):
    """The journal and the output directory, as the runs of this process use them.

    Args:
        journal: The rows.
        place: Where files are saved.
        timing: Lease duration, and patience with a journal that another program holds.
        limits: What the user allows to be spent.
        costs: Prices what interactions have used.
        redact: Takes secrets out of what goes into files.
        fetch: Reads media that came as addresses.
        explain: Returns an error as the user is told it.
    """

    def __init__(
        self,
        journal: Journal,
        place: Place,
        timing: Timing,
        limits: Limits = NO_LIMITS,
        costs: Costs | None = None,
        redact: Redactor = NO_REDACTION,
        fetch: FetchFunction = refuse_fetch,
        explain: Callable[[str], str] = str,
    ) -> None:
        self._explain = explain
        self._unopened: set[str] = set()
        """Labels of unsent intents whose rows the journal may have written although it reported an error."""
        super().__init__(journal, timing)
        self._output = Output(place, redact)
        self._fetcher = MediaFetcher(fetch, place)
        self._limits = limits
        self._costs = costs or Costs(CatalogFile())
        self._redact = redact
        self._decoding = anyio.CapacityLimiter(1)
        self.file_rows = FileRows(journal, timing)

    async def set_clock(self) -> None:
        """Let what is written tell the time that the servers share.

        Raises:
            JournalError: The journal cannot be used.
        """
        await self._journal.set_clock()

    async def open(self, record: Record) -> None:
        """Write an intent down, with a lease of this process; its cost is reserved.

        Raises:
            SpendingLimitError: It may cost more than the user allows.
            JournalError: It could not be written.
        """
        spending = self._limits.list_spending_limits(record.created_at)
        with self._noting_unopened(record):
            if spending:
                await self._journal.insert_once(
                    record, None, spending=spending, owner=self._owner, seconds=self._timing.lease
                )
            else:
                await self._journal.insert(record, owner=self._owner, seconds=self._timing.lease)

    async def open_once(self, record: Record, *, again: bool = False) -> Record | None:
        """Write an intent of research down, unless an identical request came lately: then return its row.

        Args:
            record: The intent.
            again: Whether to write it down also then.

        Raises:
            DailyLimitError: The user allows no more of it today.
            SpendingLimitError: It may cost more than the user allows.
            JournalError: The journal cannot be used.
        """
        with self._noting_unopened(record):
            return await self._journal.insert_once(
                record,
                None if again else intents.compute_twins_start(record),
                research=self._limits.list_research_limits(record.created_at),
                spending=self._limits.list_spending_limits(record.created_at),
                owner=self._owner,
                seconds=self._timing.lease,
            )

    @contextlib.contextmanager
    def _noting_unopened(self, record: Record) -> Generator[None]:
        """Note an intent that is not sent because the journal reported an error; it may have written the row."""
        try:
            yield
        except JournalError:
            self._unopened.add(record.label)
            raise

    async def close_unopened(self) -> None:
        """Mark unsent intents as failed whose rows the journal may have written although it reported an error.

        Their rows would say that the outcome is unknown.
        """
        for label in tuple(self._unopened):
            try:
                await self._journal.update(label, patience=0, status="failed", finished_at=clock.now())
            except JournalError:
                return
            self._unopened.discard(label)

    async def check_limits(self, record: Record) -> None:
        """Check that the user's limits leave room for a request.

        Raises:
            DailyLimitError: The user allows no more research today.
            SpendingLimitError: It may cost more than the user allows.
            JournalError: The journal cannot be read.
        """
        research = self._limits.list_research_limits(record.created_at) if record.kind == "research" else ()
        await self._journal.check_limits(record, research, self._limits.list_spending_limits(record.created_at))

    async def twin(self, record: Record) -> Record | None:
        """Return the row that `open_once` would return.

        Raises:
            JournalError: The journal cannot be used.
        """
        # A little less than there, so that what is found here will be found there.
        since = intents.compute_twins_start(record)
        return await self._journal.twin(record, since + timedelta(seconds=10))

    async def undelivered(self, record: Record) -> list[Record]:
        """Return the rows of identical requests whose answer nobody has been given.

        None are returned when the journal cannot be read.
        """
        try:
            since = intents.compute_twins_start(record)
            return await self._journal.undelivered(record, since)
        except JournalError as exc:
            logger.warning("Whether the same was asked before cannot be read: %s", exc)
            return []

    async def write(self, run: Run, **changes: object) -> bool:
        """Change the record, here and in the journal; return whether the journal has all of it.

        What a journal cannot take is written with the next change. One that did not take the last change is not
        waited for.
        """
        patience = 0.0 if run.unwritten else self._timing.patience
        moment = clock.now()
        if isinstance(error := changes.get("error"), str):
            changes["error"] = self._explain(error)
        if not changes.keys() <= DELIVERY_FIELDS:
            changes = {"updated_at": moment} | changes
        if "status" in changes:
            changes["settled_at"] = intents.compute_settlement(run.record, str(changes["status"]), moment)
        changes |= await self._price(run.record.model_copy(update=changes), changes.get("usage"))
        run.record = run.record.model_copy(update=changes)
        run.unwritten |= changes
        return await self._write(run, patience)

    async def _price(self, record: Record, usage: object) -> dict[str, object]:
        """Return the change of the cost that token counts bring; the reservation stays where the price is not known."""
        if not isinstance(usage, Usage):
            return {}
        cost = await self._costs.price(record, usage)
        return {"usage": usage.model_copy(update={"unpriced": True})} if cost is None else {"cost_micros": cost}

    async def write_late(self, run: Run, *, wait: bool = True) -> bool:
        """Write what the journal could not take when it was new; return whether it has all of it now."""
        patience = self._timing.patience if wait else 0.0
        return await self._write(run, patience) and await self.file_rows.write_late(run, patience)

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
        """Return the row of an interaction; None also when the journal cannot be read."""
        try:
            return await self._journal.find(interaction_id, patience=self._timing.patience)
        except JournalError as exc:
            logger.warning("The journal cannot be read, Google is asked instead: %s", exc)
            return None

    async def before(self, asked: Request | Interaction) -> Record | None:
        """Return the row of what a request or an interaction continues; None also when the journal cannot be read."""
        return await self.find(asked.previous_interaction_id) if asked.previous_interaction_id else None

    async def deleted(self, record: Record) -> bool:
        """Whether a row has been deleted; False when the journal cannot be read."""
        with contextlib.suppress(JournalError):
            return await self._journal.deleted(record.label)
        return False

    async def adopt(self, interaction: Interaction, interaction_id: str) -> Record:
        """Write a row for an interaction that something else has started, so that its media are saved once."""
        record = intents.build_foreign_record(interaction, interaction_id, await self.before(interaction))
        try:
            await self._journal.insert(record, patience=self._timing.patience)
        except JournalError as exc:
            logger.warning("Interaction %s is not in the journal: %s", interaction_id, exc)
        return record

    async def note_account(self, run: Run, told: Interaction) -> None:
        """Write down what is known of an answer before its end is: it may never be shown again."""
        if run.stored:
            known = {name: getattr(told, name) for name in ("status", "text", "citations", "code", "failures")}
            counted = {"usage": usage} if (usage := told.usage or run.usage) else {}
            await self.write(run, media=list_addressed(told.media), **known, **counted)

    async def finish(self, run: Run, interaction: Interaction, target: Path | None) -> bool:
        """Save the files of an interaction and write it all down; False when the journal could not take it."""
        # Only now a secret is whole again that came in several deltas.
        interaction = interaction.model_copy(update={"text": interaction.text or run.text})
        if silence := intents.describe_silence(interaction, run.record.kind):
            interaction = interaction.model_copy(update={"text": silence})
        interaction = await offload_if_large(len(interaction.text), partial(self._redact, interaction))
        media = list_addressed(interaction.media)
        if media:
            # Fetching them takes time.
            await self.note_account(run, interaction)
        saving = await self._save(run, interaction, target)
        told = {name: getattr(interaction, name) for name in ("text", "citations", "code", "failures")}
        told["media"] = media
        asked = self._asked(run, interaction)
        shortcoming = await self._shortcoming(run, interaction, asked)
        result = describe_result(run, interaction, saving, shortcoming)
        journaled = await self.write(run, **result, **(told if run.stored else {}))
        # Only now: it may take seconds.
        if departed := await terms.check_terms(asked, interaction):
            journaled = await self.write(run, error=join_sentences(shortcoming, departed, saving.complaint))
        run.record = run.record.model_copy(update=told)
        if saving.pending:
            run.previews = await self._previews(interaction, saving.files)
        return journaled

    def _asked(self, run: Run, interaction: Interaction) -> Terms | None:
        """Return what an answer is held against."""
        return (
            self._redact(terms.get_request_terms(run.request) if run.request else run.record.terms) or interaction.terms
        )

    async def _shortcoming(self, run: Run, interaction: Interaction, asked: Terms | None) -> str | None:
        """Return what is wrong with an answer, by what was asked for and who has stopped it."""
        record = run.record
        if interaction.status == "cancelled" and record.stopped_by is None and run.id:
            # Through another server on this journal, perhaps.
            record = await self.find(run.id) or record
        about = interaction.model_copy(update={"agent": interaction.agent or record.agent})
        return intents.describe_shortcoming(about, record.kind, asked, record.stopped_by)

    async def _save(self, run: Run, interaction: Interaction, target: Path | None) -> SavingOutcome:
        """Write media and reports to disk; a full disk does not lose the answer."""
        record = await self._find_saved(run, interaction, target)
        if isinstance(record, SavingOutcome):
            return record
        files = list(record.files) if record else []
        told = await self._save_data(run, interaction, target, files)
        missing = set(range(1, len(interaction.media) + 1)) - {file.place for file in files}
        async with self._fetcher.fetched(run, interaction.media, missing) as fetched:
            # Again, where that took time.
            found = await self._find_saved(run, interaction, target) if fetched.files else record
            if isinstance(found, SavingOutcome):
                return found
            notes, pending = [*told, *fetched.notes], fetched.pending
            try:
                await anyio.to_thread.run_sync(
                    self._output.write_media, run, interaction, target, files, notes, fetched.files
                )
                await anyio.to_thread.run_sync(self._output.write_report, run, interaction, files)
            except ConfigurationError as exc:
                pending = True
                later = " Then read_interaction saves them." if run.stored else ""
                notes.append(f"{UNSAVED_COMPLAINT}: {exc}{later}")
        # What could not be saved is tried, and told, twice.
        return SavingOutcome(tuple(files), " ".join(dict.fromkeys(notes)) or None, pending)

    async def _save_data(
        self, run: Run, interaction: Interaction, target: Path | None, files: list[SavedFile]
    ) -> list[str]:
        """Save media that came as data before others are fetched, since the row keeps no data; return what to say."""
        notes: list[str] = []
        if not (list_addressed(interaction.media) and any(each.data for each in interaction.media)):
            return notes
        with contextlib.suppress(ConfigurationError):
            # Told when all are saved.
            await anyio.to_thread.run_sync(
                self._output.write_media, run, interaction, target, files, notes, NOTHING_FETCHED
            )
        await self.write(run, files=tuple(files))
        return notes

    async def _find_saved(
        self, run: Run, interaction: Interaction, target: Path | None
    ) -> Record | SavingOutcome | None:
        """Return the row of an interaction, or what came of saving its files where nothing is left to save.

        Another process may have been quicker: it took the lease over, or was asked for the result. Only the one that
        has sent the request knows where it is wanted.
        """
        saves = bool(interaction.media or run.reports)
        if saves and await self.deleted(run.record):
            return SavingOutcome()
        record = await self.find(run.id) if run.id and not target and saves else None
        return SavingOutcome(record.files) if record is not None and intents.has_saved_files(record) else record

    async def _previews(self, interaction: Interaction, files: Iterable[SavedFile]) -> tuple[bytes, ...]:
        """Return small pictures of what could not be saved."""
        there = {file.place for file in files}
        unsaved = [each for place, each in enumerate(interaction.media, 1) if place not in there]
        drawn = [each for each in unsaved if each.mime_type.startswith("image/")]
        return await anyio.to_thread.run_sync(pictures.make_previews, drawn, limiter=self._decoding)

    async def here(self, record: Record) -> Record:
        """Return the record with one file of each name: where several machines saved it, the one on this machine."""
        if not record.files:
            return record
        files = await anyio.to_thread.run_sync(self._output.current, record.files)
        return record.model_copy(update={"files": files})

    async def gone(self, record: Record) -> list[SavedFile]:
        """Return the files that are not on this machine, though Google may still show what was in them."""
        return await anyio.to_thread.run_sync(self._output.gone, record.files)

    def fetched(
        self, run: Run, interaction: Interaction, gone: Sequence[SavedFile]
    ) -> AbstractAsyncContextManager[FetchedMedia]:
        """Fetch what is gone and came as an address, as `MediaFetcher.fetched`."""
        return self._fetcher.fetched(run, interaction.media, {file.place for file in gone if file.place})

    async def restore(
        self, run: Run, interaction: Interaction, gone: Sequence[SavedFile], fetched: Mapping[int, BinaryIO]
    ) -> list[SavedFile]:
        """Save again what is gone, as far as possible, under its own name where that is free; return those files."""
        return await anyio.to_thread.run_sync(self._output.restore, run, interaction, gone, fetched)

    async def rewrite(self, run: Run, files: saved_files.SavedFiles) -> list[SavedFile]:
        """Save a changed report anew, where one was saved; return what was saved, if anything."""
        return await anyio.to_thread.run_sync(self._output.rewrite, run, files)

    async def fail(self, run: Run, exc: GeminiMCPError) -> bool:
        """Write down why there is no answer, and the part of it that came; False when the journal could not take it.

        The status of a run with an id stays, since it may still end well.
        """
        exc.interaction_id = exc.interaction_id or run.id
        changes: dict[str, object] = {"error": str(exc)}
        if run.phase in NOT_TAKEN_PHASES and not isinstance(exc, OutcomeUnknownError):
            changes["cost_micros"] = 0
        run.fail(exc)
        if run.stored and run.text:
            changes["text"] = run.text
        if (run.id is None or not run.stored) and not isinstance(exc, OutcomeUnknownError):
            changes |= {"status": "failed", "finished_at": clock.now()}
        elif isinstance(exc, InteractionNotFoundError) and not intents.is_readable(run.record):
            # Not finished: whoever asks for it has Google looked at again.
            changes |= {"status": "failed"}
        journaled = await self.write(run, **changes)
        if not run.stored and run.text:
            # Not into the journal.
            run.error = type(exc)(f"{exc} The text that came: {run.text}", interaction_id=run.id)
        return journaled

    async def prune(self, keep_days: float | None) -> None:
        """Delete files that were never finished, and settled rows of requests older than so many days, if any.

        Raises:
            JournalError: The journal cannot be used.
        """
        await anyio.to_thread.run_sync(self._output.sweep)
        if keep_days is not None:
            await self.set_clock()
            await self._journal.prune(clock.now() - timedelta(days=keep_days))
