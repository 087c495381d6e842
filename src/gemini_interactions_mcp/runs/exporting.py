"""Saves interactions as documents: HTML, Markdown, DOCX or PDF."""

import functools
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

import anyio
import anyio.to_thread

from gemini_interactions_mcp.core import (
    FileRefusedError,
    InputError,
    InteractionNotFoundError,
    Redactor,
    Timing,
    encode_utf8,
    folders,
    run_exclusively,
)
from gemini_interactions_mcp.files import SavedFiles
from gemini_interactions_mcp.models import PaperPicture, Record, SavedFile
from gemini_interactions_mcp.output import Place, embed_picture, printing, saving
from gemini_interactions_mcp.text import exports, make_file_link, rendering

from . import laying_out
from .bookkeeping import Ledger
from .export_order import ExportOrder
from .outputs import collect_file_names
from .run import Run
from .upkeep import Upkeep

WorkT = TypeVar("WorkT")

DOCUMENT_TYPES: Final = {
    "html": "text/html",
    "md": "text/markdown",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
"""MIME types of documents by their extensions."""

EMBEDDED_BYTES: Final = 2**20
"""Most bytes of one picture in a document."""

ALL_PICTURES_BYTES: Final = 24 * 2**20
"""Most bytes of all pictures in a document."""

MAX_PICTURES: Final = 100


class Exported(NamedTuple):
    """A document that was saved, and what is to be said of it."""

    file: SavedFile
    notes: Sequence[str]


class Exporter:
    """Saves interactions as documents.

    Args:
        ledger: The rows.
        upkeep: Adds files to rows.
        saved: The saved files.
        place: Where documents go that no path was given for.
        redact: Removes secrets from what is written.
        timing: Time limits.
    """

    def __init__(
        self,
        ledger: Ledger,
        upkeep: Upkeep,
        saved: SavedFiles,
        place: Place,
        redact: Redactor,
        timing: Timing,
    ) -> None:
        self._ledger = ledger
        self._upkeep = upkeep
        self._saved = saved
        self._place = place
        self._redact = redact
        self._timing = timing
        # One document at a time, since each may take half a gigabyte.
        self._laying_out = anyio.CapacityLimiter(1)

    async def export(self, run: Run, order: ExportOrder) -> Exported:
        """Save an interaction as a document, and add the file to its row.

        A call that is cancelled before the file is written writes nothing.

        Raises:
            InputError: There is nothing to save, or a file of this name exists.
            ConfigurationError: The file cannot be written, or its text not be laid out.
            InteractionNotFoundError: It was deleted in the meantime.
        """
        record = await self._ledger.here(run.record)
        if not (record.text or record.code or record.files):
            raise InputError(f"There is nothing to save: no answer. {rendering.explain_failure(record)}".strip())
        plan = await self._find_plan(record)
        async with self._laying_out:
            printed = await self._make(record, plan, order)
        write = functools.partial(self._write, record, order, printed.content)
        return Exported(await self._add(run, write), printed.notes)

    async def _add(self, run: Run, write: Callable[[], SavedFile]) -> SavedFile:
        """Write a file, and add it to the row; nothing between the two can be cancelled.

        Raises:
            InteractionNotFoundError: It was deleted in the meantime.
        """
        if run.stored and await self._ledger.deleted(run.record):
            raise InteractionNotFoundError("The interaction was deleted in the meantime; nothing was written.")
        files: list[SavedFile] = []
        with anyio.CancelScope(shield=True):
            files += await self._upkeep.add_files(run, [await anyio.to_thread.run_sync(write)])
        return files[0]

    async def _find_plan(self, record: Record) -> Record | None:
        """Return the plan that a research carries out."""
        if record.kind != "research" or record.plan or not record.previous_interaction_id:
            return None
        before = await self._ledger.find(record.previous_interaction_id)
        return before if before and before.plan else None

    async def _make(self, record: Record, plan: Record | None, order: ExportOrder) -> printing.Printed:
        """Return the document.

        Raises:
            ConfigurationError: It cannot be laid out.
        """
        if order.form == "md":
            return await anyio.to_thread.run_sync(self._write_markdown, record, plan, order, abandon_on_cancel=True)
        export, pictures, notes = await anyio.to_thread.run_sync(
            self._collect, record, plan, order, abandon_on_cancel=True
        )
        printed = await laying_out.lay_out_apart(export, pictures, order.form, self._timing.layout)
        return printed._replace(notes=(*notes, *export.cuts, *printed.notes))

    def _write_markdown(self, record: Record, plan: Record | None, order: ExportOrder) -> printing.Printed:
        """Return the document as Markdown, which links to the pictures. Blocks."""
        place = self._place.beside(order.path, folders.ORDINARY_MODES) if order.path else self._place
        notes = self._saved.check_all([file for file in record.files if is_picture(file)])
        export = self._compose(record, plan, place.relate)
        return printing.Printed(encode_utf8(exports.render_markdown_export(export)), tuple(notes))

    def _collect(
        self, record: Record, plan: Record | None, order: ExportOrder
    ) -> tuple[exports.Export, dict[str, PaperPicture], list[str]]:
        """Return the parts of a document, its pictures, and what is to be said of them. Blocks."""
        pictures, notes = self._embed_pictures([file for file in record.files if is_picture(file)])
        export = self._compose(record, plan, lambda file: make_file_link(file.name))
        return export.limit(order.form), pictures, notes

    def _compose(self, record: Record, plan: Record | None, link: Callable[[SavedFile], str]) -> exports.Export:
        """Return the parts of a document without secrets."""
        return run_exclusively(lambda: exports.compose_export(record, plan, link).redact(self._redact))

    def _embed_pictures(self, files: Sequence[SavedFile]) -> tuple[dict[str, PaperPicture], list[str]]:
        """Return the pictures that are what was saved, and a sentence on each other."""
        found: dict[str, PaperPicture] = {}
        notes: list[str] = []
        limit = min(EMBEDDED_BYTES, ALL_PICTURES_BYTES // max(1, min(len(files), MAX_PICTURES)))
        for file in files[:MAX_PICTURES]:
            try:
                with self._saved.opened(file) as stream:
                    picture = embed_picture(stream, file.bytes, limit)
            except FileRefusedError as exc:
                notes.append(f"Not in the document: {exc}")
                continue
            if picture is None:
                notes.append(f"Not in the document: {file.name} cannot be read as a picture.")
            else:
                found[file.name] = picture
        left_out = len(files) - MAX_PICTURES
        return found, [*notes, *([f"{left_out} more pictures are not in the document."] if left_out > 0 else [])]

    def _write(self, record: Record, order: ExportOrder, content: bytes | bytearray) -> SavedFile:
        """Write a document. Blocks.

        Raises:
            InputError: A file of this name exists.
            ConfigurationError: It cannot be written.
        """
        mime = DOCUMENT_TYPES[order.form]
        if order.path is not None:
            place, names = self._place.beside(order.path, folders.ORDINARY_MODES), [order.path.name]
        else:
            stem = saving.make_stem(self._redact(record.title), record.created_at, record.label)
            names = saving.iter_document_names(stem, f".{order.form}", collect_file_names(record.files))
            place = self._place
        return saving.write_new_file(content, mime, place, names).model_copy(update={"exported": True})


def is_picture(file: SavedFile) -> bool:
    """Whether a document shows a file."""
    return file.mime_type.startswith("image/")
