"""Adds files to rows of the journal, beside those that other calls and other servers add at the same time."""

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from gemini_interactions_mcp.core import JournalError, Timing, logger
from gemini_interactions_mcp.journal import Journal
from gemini_interactions_mcp.models import SavedFile
from gemini_interactions_mcp.output import saving

from .run import Run


class FileRows:
    """Adds files to rows.

    What the journal cannot take at once is added later.

    Args:
        journal: The rows.
        timing: Patience with a journal that another program holds.
    """

    def __init__(self, journal: Journal, timing: Timing) -> None:
        self._journal = journal
        self._timing = timing

    async def add(self, run: Run, files: Sequence[SavedFile]) -> bool:
        """Add files to a run that has ended; return whether they are in the journal, as far as they belong there.

        The record of the run has them then, under their names there.
        """
        record = run.record
        run.record = record.model_copy(update={"files": merge_files(record.files, files)})
        if not run.stored:
            return True
        # A list that could not be written would replace what others have added since.
        waiting = run.unwritten.pop("files", ())
        run.unadded += [*(waiting if isinstance(waiting, tuple) else ()), *files]
        return await self.write_late(run)

    async def write_late(self, run: Run, patience: float | None = None) -> bool:
        """Add what the journal could not take when it was new; return whether it has all of it now."""
        async with run.writing:
            sent = tuple(run.unadded)
            try:
                if sent:
                    await self._merge(run, sent, self._timing.patience if patience is None else patience)
            except JournalError as exc:
                logger.warning("Files of interaction %s are not in the journal: %s", run.id, exc)
                return False
            run.unadded = run.unadded[len(sent) :]
        return True

    async def _merge(self, run: Run, files: Sequence[SavedFile], patience: float) -> None:
        """Add files to the row as it is now, if there is one.

        Raises:
            JournalError: The journal cannot take it.
        """
        while seen := await self._journal.list_files(run.record.label):
            merged = merge_files(seen.files, files)
            if merged == seen.files or await self._journal.replace_files(
                run.record.label, seen, merged, patience=patience
            ):
                run.record = run.record.model_copy(update={"files": merged})
                return


def merge_files(there: Iterable[SavedFile], added: Iterable[SavedFile]) -> tuple[SavedFile, ...]:
    """Return the files of an interaction with others added; a file at a path takes the place of an earlier one there.

    A file gets a new name where another result has its name.
    """
    known = {file.path: file for file in there}
    for file in added:
        known[file.path] = name_apart(file, [other for other in known.values() if other.path != file.path])
    return tuple(known.values())


def name_apart(file: SavedFile, others: Sequence[SavedFile]) -> SavedFile:
    """Return a file under a name of its own; what several machines have saved of one result shares its name."""
    if not any(other.name == file.name and not is_same_result(other, file) for other in others):
        return file
    taken = {name for other in others for name in (other.name, PurePath(other.path).name)}
    name = PurePath(file.name)
    return file.model_copy(update={"name": next(iter(saving.iter_numbered_names(name.stem, name.suffix, taken)))})


def is_same_result(file: SavedFile, other: SavedFile) -> bool:
    """Whether two files have been made of the same part of an answer."""
    made = file.exported or other.exported
    return not made and (file.place, file.within) == (other.place, other.within)
