"""Changes settled interactions: restores and adds files, resolves sources and rewrites reports."""

import contextlib
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import anyio

from gemini_interactions_mcp.api import Gemini, resolve_redirects
from gemini_interactions_mcp.core import GeminiMCPError, RefusedError, Timing
from gemini_interactions_mcp.files import SavedFiles
from gemini_interactions_mcp.models import Interaction, Record, SandboxFile, SavedFile
from gemini_interactions_mcp.text import citations

from .bookkeeping import Ledger
from .driving import Driver
from .outcomes import recall_account
from .run import Run
from .sandboxes import Environments


class Upkeep:
    """Changes interactions after their end.

    Args:
        gemini: The API.
        ledger: The rows and files.
        driver: Amends rows.
        saved: The saved files.
        output_dir: Directory for the files of environments.
        timing: Time limits.
        base_url: Another address of the API, whose redirect links are resolved too.
    """

    def __init__(
        self,
        gemini: Gemini,
        ledger: Ledger,
        driver: Driver,
        saved: SavedFiles,
        output_dir: Path,
        timing: Timing,
        base_url: str | None,
    ) -> None:
        self._gemini = gemini
        self._ledger = ledger
        self._driver = driver
        self._saved = saved
        self._environments = Environments(gemini, output_dir, saved)
        self._timing = timing
        self._base_url = base_url
        self._adding = anyio.Lock()
        self._restoring = anyio.Lock()

    async def add_files(self, run: Run, files: Iterable[SavedFile]) -> None:
        """Add files to the row of a run that were saved after its end, beside those of other calls."""
        with anyio.CancelScope(shield=True):
            async with self._adding:
                record = await self._ledger.find(str(run.id)) or run.record
                # A file that was restored at its own path replaces its earlier entry.
                known = {file.path: file for file in (*record.files, *files)}
                await self._driver.amend(run, {"files": tuple(known.values())})

    async def restore(self, run: Run, seconds: float | None = None) -> None:
        """Restore the files that are missing on this machine, if Google shows the interaction in time.

        Args:
            run: The run.
            seconds: Time limit for Google; defaults to `Timing.find`.
        """
        run.record = await self._ledger.here(run.record)
        if not run.stored or not await self._ledger.gone(run.record):
            return
        with (
            anyio.move_on_after(self._timing.find if seconds is None else seconds) as limit,
            contextlib.suppress(GeminiMCPError),
        ):
            async with self._restoring:
                await self._restore(run, limit)

    async def _restore(self, run: Run, limit: anyio.CancelScope) -> None:
        # Reread: another task may have restored the files or deleted the row meanwhile.
        record = await self._ledger.find(str(run.id))
        if record is None:
            return
        run.record = run.record.model_copy(update={"files": record.files})
        if gone := await self._ledger.gone(await self._ledger.here(record)):
            interaction = await self._show(record)
            if await self._ledger.deleted(record):
                return
            # A download takes as long as it takes.
            limit.deadline = math.inf
            async with self._ledger.fetched(run, interaction, gone) as fetched:
                with anyio.CancelScope(shield=True):
                    await self.add_files(run, await self._ledger.restore(run, interaction, gone, fetched.files))
        run.record = await self._ledger.here(run.record)

    async def _show(self, record: Record) -> Interaction:
        """Return an interaction as Google shows it, or as its row knows it where Google refuses that.

        Raises:
            GeminiMCPError: It is not shown, and its row does not know its media.
        """
        try:
            return await self._gemini.get(str(record.interaction_id))
        except RefusedError:
            if recalled := recall_account(record):
                return recalled
            raise

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
                if saved := await self._ledger.rewrite(run, self._saved):
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
