"""Saves the results of runs: once, again if they are missing, anew if they have changed.

Everything here blocks.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePath
from typing import BinaryIO, Final

from gemini_interactions_mcp.core import (
    ConfigurationError,
    FileRefusedError,
    InputError,
    InteractionFailedError,
    Redactor,
    encode_utf8,
    folders,
    logger,
)
from gemini_interactions_mcp.files import saved_files
from gemini_interactions_mcp.models import Interaction, Media, Record, SavedFile, is_object_address
from gemini_interactions_mcp.output import Place, provenance, saving
from gemini_interactions_mcp.text import rendering, strip_hidden_blocks

from .run import Run

ABANDONED_SECONDS: Final = 86_400
"""Age after which no server still writes a file."""


class Output:
    """Writes the files of runs.

    Args:
        place: Where files are saved.
        redact: Removes secrets from what is written.
    """

    def __init__(self, place: Place, redact: Redactor) -> None:
        self._place = place
        self._redact = redact

    def current(self, files: Iterable[SavedFile]) -> tuple[SavedFile, ...]:
        """Return one file of each name: if several machines on one journal have saved it, the one on this machine."""
        return saved_files.select_current(files, self._place)

    def write_media(
        self,
        run: Run,
        interaction: Interaction,
        target: Path | None,
        files: list[SavedFile],
        notes: list[str],
        fetched: Mapping[int, BinaryIO],
    ) -> None:
        """Save the media that are not among `files` yet; append to `files` and `notes` on the way.

        Args:
            run: Whose files they are.
            interaction: The answer.
            target: Path for the first of the media.
            files: What is saved.
            notes: What is to be said of it.
            fetched: Content of media that came as addresses, by place.

        Raises:
            ConfigurationError: The disk cannot be written.
        """
        stem, origin = self._described(run, interaction)
        there = {file.place for file in files}
        for place, each in enumerate(interaction.media, 1):
            if place in there or not (each.data or place in fetched):
                continue
            wanted = target.with_stem(f"{target.stem}-{place}") if target and place > 1 else target
            try:
                names = collect_file_names(files)
                file = self._save(each, stem, origin, wanted, names, notes, source=fetched.get(place))
            except InteractionFailedError as exc:
                notes.append(str(exc))
            else:
                files.append(file.model_copy(update={"place": place}))
                notes += filter(None, [saving.note_unreadable_picture(each, file)])

    def write_report(self, run: Run, interaction: Interaction, files: list[SavedFile]) -> None:
        """Save the report of a run that makes one, and append it to `files`.

        Raises:
            ConfigurationError: The disk cannot be written.
        """
        if not run.reports or not (interaction.text or interaction.code):
            return
        stem, _ = self._described(run, interaction)
        shown = ("text", "citations", "code", "failures", "status", "usage")
        told = {name: getattr(interaction, name) for name in shown}
        report = self._report(run.record.model_copy(update=told | {"files": tuple(files)}))
        names = saving.iter_report_names(stem, collect_file_names(files))
        files.append(saving.save_report(report, self._place, names))

    def sweep(self) -> None:
        """Remove what a server has left half-written that ended in the midst of it."""
        self._place.sweep(ABANDONED_SECONDS)

    def _report(self, record: Record) -> str:
        """Return a record as a report, without hidden text and without secrets, which its prompt may contain."""
        return self._redact(strip_hidden_blocks(rendering.render_report(record)))

    def _described(self, run: Run, interaction: Interaction) -> tuple[str, provenance.Origin]:
        """Return the stem of the file names of an interaction, and the metadata of its pictures."""
        prompt = (run.record.prompt or interaction.prompt or "") if run.stored else ""
        record = run.record.model_copy(update=self._redact({"prompt": prompt, "topic": run.record.topic}))
        model = self._redact(interaction.model or interaction.agent or run.record.model or run.record.agent or "")
        origin = provenance.Origin(record.wording, model, (run.id if run.stored else None) or "")
        return saving.make_stem(record.title, run.record.created_at, run.record.label), origin

    def _save(
        self,
        each: Media,
        stem: str,
        origin: provenance.Origin,
        target: Path | None,
        taken: Collection[str],
        notes: list[str],
        modes: folders.FileModes = folders.ORDINARY_MODES,
        source: BinaryIO | None = None,
    ) -> SavedFile:
        """Save a medium at its target; in the output directory if the target is taken or cannot be written.

        A file at a path of the user's choice has ordinary permissions (`modes`); one in the output directory is
        readable by its owner only, as the journal is.

        Raises:
            ConfigurationError: The disk cannot be written.
            InteractionFailedError: The data is missing or broken.
        """
        if target is None:
            return saving.save_media(each, self._place, stem, origin=origin, taken=taken, source=source)
        try:
            return saving.save_media(each, self._place, stem, origin=origin, target=target, modes=modes, source=source)
        except (InputError, ConfigurationError) as exc:
            reason = str(exc).rstrip(".")
        file = saving.save_media(each, self._place, stem, origin=origin, taken=taken, source=source)
        shown = target.name if is_object_address(self._place.spell(target)) else target
        notes.append(f"Not saved at {shown}, but in the output directory: {reason}.")
        return file

    def gone(self, files: Iterable[SavedFile]) -> list[SavedFile]:
        """Return the files that are missing on this machine and that Google may still have."""
        return [
            file
            for file in files
            if file.within is None and not file.exported and saved_files.is_absent(file, self._place)
        ]

    def restore(
        self, run: Run, interaction: Interaction, gone: Sequence[SavedFile], fetched: Mapping[int, BinaryIO]
    ) -> list[SavedFile]:
        """Restore missing files, as far as possible, under their own names where these are free."""
        again: list[SavedFile] = []
        for file in gone:
            try:
                kept = self._again(run, interaction, file, fetched.get(file.place or 0))
                # The resource address stays the same, even if the name on disk differs.
                again += [each.model_copy(update={"name": file.name, "place": file.place}) for each in kept]
            except (ConfigurationError, InteractionFailedError) as exc:
                logger.warning("%s of interaction %s was not saved again: %s", file.name, run.id, exc)
        return again

    def _again(self, run: Run, interaction: Interaction, file: SavedFile, source: BinaryIO | None) -> list[SavedFile]:
        """Restore a file; return nothing if its content is unknown.

        Raises:
            ConfigurationError: The disk cannot be written.
            InteractionFailedError: The data is missing or broken.
        """
        stem, origin = self._described(run, interaction)
        taken = collect_file_names(run.record.files)
        if file.place is not None:
            found = self._redact(interaction.media[file.place - 1 : file.place])
            home, modes = self._place.target(file), folders.OWNER_ONLY_MODES
            return [self._save(each, stem, origin, home, taken, [], modes, source) for each in found]
        if run.reports and (run.record.text or run.record.code) and is_report(file):
            return [self._save_report(run, self._report(run.record), file)]
        return []

    def rewrite(self, run: Run, files: saved_files.SavedFiles) -> list[SavedFile]:
        """Save the report anew if one was saved and its text has changed; return what was saved."""
        reports = [file for file in run.record.files if is_report(file)]
        text = self._report(run.record)
        content = encode_utf8(text)
        if not run.reports or not reports or any(files.holds(file, content) for file in reports):
            return []
        # Left by a server that ended after writing the file and before writing its row.
        if adopted := files.adopt(reports[-1], content):
            return [adopted]
        try:
            return [files.replace(reports[-1], content)]
        except FileRefusedError as exc:
            logger.info("The report of %s is saved beside another file: %s", run.id, exc)
        try:
            return [self._save_report(run, text, reports[-1])]
        except ConfigurationError as exc:
            logger.warning("The report of %s was not saved anew: %s", run.id, exc)
            return []

    def _save_report(self, run: Run, text: str, file: SavedFile) -> SavedFile:
        """Save a report under the name of an earlier one, or the next free name.

        Raises:
            ConfigurationError: The disk cannot be written.
        """
        stem, _ = self._described(run, Interaction(status=run.record.status))
        names_to_try = chain(
            [self._place.target(file).name], saving.iter_report_names(stem, collect_file_names(run.record.files))
        )
        return saving.save_report(text, self._place, names_to_try)


def is_report(file: SavedFile) -> bool:
    """Whether a file is the report of an agent, rather than one of its pictures or other files."""
    return file.mime_type == "text/markdown" and file.place is None and file.within is None and not file.exported


def collect_file_names(files: Iterable[SavedFile]) -> set[str]:
    """Return the names of files, in their resource addresses and on disk."""
    return {name for file in files for name in (file.name, PurePath(file.path).name)}
