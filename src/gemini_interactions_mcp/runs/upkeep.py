"""Changes settled interactions: restores and adds files, resolves sources and rewrites reports."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
import anyio.to_thread

from gemini_interactions_mcp.api import Gemini, resolve_redirects
from gemini_interactions_mcp.core import GeminiMCPError, InteractionNotFoundError, RefusedError, Timing, logger
from gemini_interactions_mcp.files import SavedFiles
from gemini_interactions_mcp.models import Interaction, Record, SandboxFile, SavedFile
from gemini_interactions_mcp.output import Place
from gemini_interactions_mcp.text import citations

from .bookkeeping import Ledger
from .driving import Driver
from .outcomes import is_final, recall_account
from .run import Run, make_finished_run
from .sandboxes import Environments


@dataclass(eq=False)
class Restoration:
    """Files of an interaction on their way back.

    Attributes:
        run: The interaction; its activity tells how far they are.
        notes: What is to be said of those that did not come.
        done: Set at its end.
    """

    run: Run
    notes: list[str] = field(default_factory=list[str])
    done: anyio.Event = field(default_factory=anyio.Event)

    def describe(self) -> str:
        """Return how far it is, for a call that does not wait for its end."""
        return f"{self.run.activity or 'Files that are gone are read at Google again'}. Read it again to have them."


class Upkeep:
    """Changes interactions after their end.

    Args:
        gemini: The API.
        ledger: The rows and files.
        driver: Amends rows.
        saved: The saved files.
        place: Where the files of environments are saved.
        timing: Time limits.
        base_url: Another address of the API, whose redirect links are resolved too.
    """

    def __init__(
        self,
        gemini: Gemini,
        ledger: Ledger,
        driver: Driver,
        saved: SavedFiles,
        place: Place,
        timing: Timing,
        base_url: str | None,
    ) -> None:
        self._gemini = gemini
        self._ledger = ledger
        self._driver = driver
        self._saved = saved
        self._environments = Environments(gemini, place, saved)
        self._timing = timing
        self._base_url = base_url
        self._adding = anyio.Lock()
        self._restoring = anyio.Lock()
        self._restorations: dict[str, Restoration] = {}

    async def add_files(self, run: Run, files: Sequence[SavedFile]) -> list[SavedFile]:
        """Add files to the row of a run that were saved after its end; return them under their names there.

        Raises:
            InteractionNotFoundError: It was deleted in the meantime, and so the files are removed.
        """
        with anyio.CancelScope(shield=True):
            async with self._adding:
                if not await self._ledger.file_rows.add(run, files):
                    self._driver.keep(run)
            # Asked after the row has them: a deletion that comes later knows them.
            if run.stored and await self._ledger.deleted(run.record):
                await anyio.to_thread.run_sync(self._saved.remove_all, files)
                raise InteractionNotFoundError(
                    "The interaction was deleted in the meantime; what was just saved of it is removed."
                )
        named = {file.path: file for file in run.record.files}
        return [named[file.path] for file in files]

    async def restore(self, run: Run, seconds: float | None = None) -> list[str]:
        """Restore the files that are missing on this machine, as far as Google has them; return what is to be said.

        The work goes on after the time limit, and the next call for the same interaction waits for it.

        Args:
            run: The run.
            seconds: Time limit; defaults to `Timing.find`.
        """
        run.record = await self._ledger.here(run.record)
        if not run.stored or not await self._ledger.gone(run.record):
            return []
        work = self._restorations.get(run.record.label)
        if work is None:
            work = self._restorations[run.record.label] = Restoration(make_finished_run(run.record))
            self._driver.start(self._carry_out, work)
        with anyio.move_on_after(self._timing.find if seconds is None else seconds):
            await work.done.wait()
        if not work.done.is_set():
            return [work.describe()]
        if record := await self._ledger.find(str(run.id)):
            run.record = await self._ledger.here(run.record.model_copy(update={"files": record.files}))
        return work.notes

    async def _carry_out(self, work: "Restoration") -> None:
        """Restore files in the background."""
        try:
            await self._restore(work)
        except GeminiMCPError as exc:
            logger.info("The files of %s are not restored: %s", work.run.id, exc)
        finally:
            del self._restorations[work.run.record.label]
            work.done.set()

    async def _restore(self, work: "Restoration") -> None:
        run = work.run
        gone = await self._find_gone(run)
        if not gone:
            return
        interaction = await self._show(run.record)
        async with self._ledger.fetched(run, interaction, gone) as fetched:
            work.notes += fetched.notes
            with anyio.CancelScope(shield=True):
                async with self._restoring:
                    # Reread: in the meantime, another server may have restored or deleted them.
                    left = [file for file in await self._find_gone(run) if file in gone]
                    await self.add_files(run, await self._ledger.restore(run, interaction, left, fetched.files))

    async def _find_gone(self, run: Run) -> list[SavedFile]:
        """Return the files that the row of a run names, and that are missing; none if it was deleted."""
        record = await self._ledger.find(str(run.id))
        if record is None or await self._ledger.deleted(record):
            return []
        run.record = record
        return await self._ledger.gone(await self._ledger.here(record))

    async def _show(self, record: Record) -> Interaction:
        """Return an interaction as Google shows it, or as its row knows it where Google refuses that.

        Raises:
            GeminiMCPError: It is not shown, and its row does not know its media.
        """
        try:
            return await self._gemini.get(str(record.interaction_id))
        except RefusedError as exc:
            recalled = recall_account(record) if is_final(exc) else None
            if recalled is None:
                raise
            return recalled

    async def resolve_sources(self, run: Run) -> None:
        """Resolve Google's redirect links, in the journal and in the saved report."""
        known = citations.list_all_citations(run.record.text, run.record.citations)
        found = await resolve_redirects(known, self._timing, self._base_url)
        if found != known:
            await self._driver.amend(run, {"citations": found})
        await self._rewrite(run)

    async def _rewrite(self, run: Run) -> None:
        """Rewrite the saved report if its record has changed.

        A file that the user has edited stays as it is, and another is written beside it.
        """
        with anyio.CancelScope(shield=True):
            async with self._restoring:
                record = await self._ledger.find(str(run.id)) if run.stored else None
                if record is None:
                    return
                run.record = await self._ledger.here(run.record.model_copy(update={"files": record.files}))
                saved = await self._ledger.rewrite(run, self._saved)
                if not saved:
                    return
                with contextlib.suppress(InteractionNotFoundError):
                    await self.add_files(run, saved)
                run.record = await self._ledger.here(run.record)

    async def sandbox_files(self, run: Run) -> Sequence[SandboxFile]:
        """Return the files in the environment of an agent's run.

        Raises:
            GeminiMCPError: It cannot be read, or not any more.
        """
        return await self._environments.files(run.record)

    async def save_sandbox_files(self, run: Run, pattern: str) -> list[str]:
        """Save the files of an agent's environment that match a pattern; return a sentence on each that was not saved.

        Raises:
            InputError: No file matches, or too many do.
            GeminiMCPError: The environment cannot be read.
        """
        files, complaints = await self._environments.save(run.record, pattern)
        await self.add_files(run, files)
        return complaints
