"""Sources -> content blocks: which files there are, what each of them is, and whether it travels inline.

It refuses what Gemini does not take, and fetches no URL: Gemini does that.
"""

import base64
import codecs
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote

import anyio
import anyio.to_thread

from . import folders, media
from .errors import FileRefusedError, InputError, StillUploadingError
from .excerpt import Excerpt
from .models import Content, Contents, Record, SavedFile
from .paths import TOO_LARGE, Boundary, local_path, printable, refusals, shown
from .saved import SavedFiles
from .settings import Settings
from .sources import (
    FILE_NAME,
    MOST_BYTES,
    MOST_FILES,
    SAVED,
    TAKEN,
    LeftOut,
    Named,
    extension,
    found,
    remote,
    uri_block,
)
from .uploads import Outgoing, Uploads

Lookup = Callable[[str], Awaitable[str]]
"""Name of a file of the Files API (`files/abc`) -> its MIME type."""

Earlier = Callable[[str], Awaitable[Record]]
"""Id of an interaction -> what was saved for it."""

Report = Callable[[float, float, str], Awaitable[None]]
"""Told the bytes sent so far, of how many, and what is sent."""

RESOLUTIONS: Final = ("low", "medium", "high", "ultra_high")
"""Source: google-genai 3.4.0, types/interactions/mediaresolution.py"""

WITH_RESOLUTION: Final = frozenset({"image", "video", "document"})
"""Content types that have a `resolution`: google-genai 3.4.0, types/interactions/content.py"""

# https://ai.google.dev/gemini-api/docs/document-processing
PDF_BYTES: Final = 50 * 2**20

CHUNK: Final = 2**20
MIB: Final = 2**20

UNTAKEN: Final = "of a type that Gemini does not take"


@dataclass(frozen=True, slots=True)
class Found:
    """A local file, open and recognised.

    Attributes:
        name: As the source names it.
        kind: The content type that it becomes.
        encoding: Of text.
    """

    name: str
    stream: BufferedReader
    size: int
    kind: str
    mime: str
    encoding: str = ""


Part = tuple[str, Content | Found]
"""A label, or none, and what it is the label of."""


@dataclass(slots=True)
class Picking:
    """What one call has found so far, and how much it may still take.

    Attributes:
        inline: Bytes that may still travel inside the request.
        files: Files that folders and globs may still add.
        size: Bytes that these may still add.
    """

    inline: int
    parts: list[Part] = field(default_factory=list[Part])
    notes: list[str] = field(default_factory=list[str])
    files: int = MOST_FILES
    size: int = MOST_BYTES


class Files:
    """Turns sources into content blocks, and approves paths to write.

    Args:
        settings: Which directories are allowed, and how much goes inline.
        uploads: Sends large files to the Files API.
        lookup: Asks the Files API what one of its files is.
        earlier: Finds earlier interactions, whose saved files can be sources.
    """

    def __init__(self, settings: Settings, uploads: Uploads, *, lookup: Lookup, earlier: Earlier) -> None:
        self._boundary = Boundary.of(settings)
        self._saved = SavedFiles(self._boundary)
        self._inline = settings.inline_bytes
        self._uploads = uploads
        self._lookup = lookup
        self._earlier = earlier

    async def contents(
        self,
        sources: Sequence[str],
        *,
        resolution: str | None = None,
        excerpt: Excerpt | None = None,
        seconds: float | None = None,
        report: Report | None = None,
    ) -> Contents:
        """What `sources` stand for, in their order; nothing is uploaded unless all of them are good.

        Args:
            sources: As `TAKEN` lists them.
            resolution: One of `RESOLUTIONS`.
            excerpt: The part of each file that is meant.
            seconds: How long uploads are waited for.
            report: Told of them.

        Raises:
            InputError: There is no source, no such resolution, or no file that has such a part.
            FileRefusedError: A source is missing, not allowed or of no use to Gemini.
            StillUploadingError: The time is over; the uploads go on.
            GeminiMCPError: A file could not be uploaded.
        """
        if not sources:
            raise InputError(f"Name at least one file: {TAKEN}.")
        if resolution is not None and resolution not in RESOLUTIONS:
            raise InputError(f"The media resolution is one of {', '.join(RESOLUTIONS)}.")
        named = [each for source in sources for each in await self._named(source)]
        with ExitStack() as streams:
            picked = await anyio.to_thread.run_sync(self._picked, named, streams)
            blocks = await self._blocks([block for _, block in picked.parts], excerpt or Excerpt(), seconds, report)
        blocks = [with_resolution(block, resolution) for block in blocks]
        parts = tuple(zip((label for label, _ in picked.parts), blocks, strict=True))
        return Contents(parts=parts, notes=tuple(picked.notes))

    async def output(self, path: str | None = None) -> Path | None:
        """Approve where output is to be written, before it is paid for; the path of a picture, if one is wanted.

        Args:
            path: As `Boundary.writable` takes it; none is some name in the output directory.

        Raises:
            FileRefusedError: It is elsewhere, hidden, exists, cannot be written, or ends as no picture does.
            ConfigurationError: The output directory cannot be written.
        """
        return await anyio.to_thread.run_sync(self._output, path)

    def _output(self, path: str | None) -> Path | None:
        if not path:
            return self._boundary.check_output()
        target = for_picture(self._boundary.writable(path), path)
        with refusals(path):
            # With the longest extension that it may get.
            folders.probe(target if target.suffix else target.with_name(f"{target.name}.webp"))
        return target

    async def _named(self, source: str) -> list[str]:
        """The source, or the paths of the files that were saved for the interaction that it names.

        Raises:
            FileRefusedError: None was, or one is not what was saved.
            GeminiMCPError: The interaction is not known.
        """
        address = SAVED.fullmatch(source)
        if address is None:
            return [source]
        record = await self._earlier(address[1])
        name = unquote(address[2]) if address[2] else None
        files = [file for file in record.files if name in (None, file.name)]
        if not files:
            has = ", ".join(file.name for file in record.files) or "none"
            raise FileRefusedError(f"There is no file {shown(source)}; saved for that interaction: {shown(has)}.")
        return await anyio.to_thread.run_sync(self._unchanged, files)

    def _unchanged(self, files: Sequence[SavedFile]) -> list[str]:
        for file in files:
            self._saved.opened(file).close()
        return [file.path for file in files]

    def _picked(self, sources: Sequence[str], streams: ExitStack) -> Picking:
        """Everything that needs no network: finished blocks, and the open files that have to be uploaded."""
        picking = Picking(self._inline)
        for source in sources:
            block = remote(source)
            if block is not None:
                picking.parts.append(("", block))
                continue
            left_out = LeftOut(source)
            files = found(source, self._boundary, left_out)
            if files is None:
                picking.parts.append(self._local(Named(source), picking, streams))
            else:
                self._gather(files, picking, left_out, streams)
        return picking

    def _gather(self, files: Sequence[Named], picking: Picking, left_out: LeftOut, streams: ExitStack) -> None:
        """Take the files of a folder or glob that can be given, as far as the limits go.

        Raises:
            FileRefusedError: There is none.
        """
        before = len(picking.parts)
        for file in files:
            try:
                part = self._within(file, picking, streams)
            except FileRefusedError as exc:
                left_out.add(exc.reason, file.label)
            else:
                picking.parts.append(part)
        note = left_out.said()
        if len(picking.parts) == before:
            raise FileRefusedError(f"{shown(left_out.source)} has no file that can be given. {note}")
        picking.notes += [note] if note else []

    def _within(self, file: Named, picking: Picking, streams: ExitStack) -> Part:
        """A file of a folder or glob, within the limits of the call.

        Raises:
            FileRefusedError: It cannot be given, or is one too many.
        """
        if not picking.files:
            raise FileRefusedError("Too many files.", reason=f"over the limit of {MOST_FILES} files")
        with refusals(file.source):
            size = Path(file.source).stat().st_size
        if size > picking.size:
            raise FileRefusedError("Too many bytes.", reason=f"over the limit of {MOST_BYTES // MIB:,} MiB in all")
        part = self._local(file, picking, streams)
        picking.files -= 1
        picking.size -= size
        return part

    def _local(self, file: Named, picking: Picking, streams: ExitStack) -> Part:
        """A local file's block; or the open file, when it has to be uploaded.

        Raises:
            FileRefusedError: It is missing, not allowed or of no use to Gemini.
        """
        with refusals(file.source), ExitStack() as opening:
            known = recognised(file, opening.enter_context(self._boundary.opened(file.source)))
            # A text inside the request begins with its name.
            label = "" if known.kind == "text" else file.label
            if known.size <= picking.inline:
                picking.inline -= known.size
                return label, inline(known)
            large = uploadable(known)
            streams.enter_context(opening.pop_all())
            return file.label, large

    async def _blocks(
        self, prepared: Sequence[Content | Found], excerpt: Excerpt, seconds: float | None, report: Report | None
    ) -> tuple[Content, ...]:
        """The blocks, once all files are where Gemini finds them.

        Raises:
            StillUploadingError: The time is over.
        """
        known = [each if isinstance(each, Found) else await self._looked_up(each) for each in prepared]
        # Told before anything is sent.
        excerpt.applied([outlined(each) for each in known])
        sending = Sending(known, report)
        with anyio.move_on_after(seconds):
            return excerpt.applied([await self._uploaded(each, sending) for each in known])
        raise StillUploadingError(
            f"{sending.headline()}. Nothing has been asked or charged yet: call again with the same arguments, "
            "and it goes on from there."
        )

    async def _looked_up(self, block: Content) -> Content:
        """A block; of a file of the Files API with the type that the API tells."""
        name = FILE_NAME.fullmatch(str(block.get("uri")))
        if name is None:
            return block
        return uri_block(str(block["uri"]), media.canonical(await self._lookup(name[1])))

    async def _uploaded(self, known: Content | Found, sending: "Sending") -> Content:
        if not isinstance(known, Found):
            return known
        file = Outgoing(known.name, known.stream, known.size, known.mime)
        return {**outlined(known), "uri": await self._uploads.uri(file, sending.of(known))}


class Sending:
    """How far the uploads of one call are."""

    def __init__(self, prepared: Sequence[Content | Found], report: Report | None) -> None:
        self._total = sum(each.size for each in prepared if isinstance(each, Found))
        self._before = 0
        self._sent = 0
        self._most = -1
        self._file: Found | None = None
        self._report = report

    def of(self, file: Found) -> Callable[[int], Awaitable[None]]:
        """What is to be told of the progress of one file, after all that came before it."""
        self._before += self._file.size if self._file else 0
        self._file = file

        self._sent = 0

        async def heard(sent: int) -> None:
            self._sent = sent
            done = min(self._before + sent, self._total)
            # What is sent again is not told again: progress only grows.
            if self._report and done > self._most:
                self._most = done
                await self._report(done, self._total, self.headline())

        return heard

    def headline(self) -> str:
        """`Uploading film.mp4: 40 of 100 MiB`."""
        if self._file is None:
            return "Reading the files"
        size = self._file.size
        if not self._sent:
            return f"Reading {self._file.name} ({size / MIB:,.1f} MiB)"
        if self._sent >= size:
            return f"Uploaded {self._file.name}, which Google looks at now"
        return f"Uploading {self._file.name}: {self._sent / MIB:,.1f} of {size / MIB:,.1f} MiB"


def outlined(known: Content | Found) -> Content:
    """A block, as far as it is known before its upload."""
    return {"type": known.kind, "mime_type": known.mime} if isinstance(known, Found) else known


def for_picture(path: Path, source: str) -> Path:
    """A path whose extension, if it has one, is that of a picture that can be written.

    Raises:
        FileRefusedError: It is another.
    """
    if path.suffix and extension(path.name) not in media.PICTURE_EXTENSIONS:
        possible = ", ".join(f".{each}" for each in media.PICTURE_EXTENSIONS)
        raise FileRefusedError(
            f"{shown(source)} cannot be written: a picture's path ends with {possible}, or no extension."
        )
    return path


def with_resolution(block: Content, resolution: str | None) -> Content:
    """The block with its `resolution`, where its content type has one."""
    if resolution is None or block["type"] not in WITH_RESOLUTION:
        return block
    return {**block, "resolution": resolution}


def recognised(file: Named, stream: BufferedReader) -> Found:
    """What an open file is: by its content, then by its name.

    Raises:
        FileRefusedError: Nothing that Gemini takes.
    """
    source, name = file.source, printable(file.label or local_path(file.source).name)
    size = os.fstat(stream.fileno()).st_size
    sniffed = media.sniff(stream.read(media.SNIFF_BYTES))
    # A PDF may be plain ASCII; no other type that Gemini takes can be mistaken for text.
    if sniffed != "application/pdf" and (encoding := text_encoding(stream)):
        return Found(name, stream, size, "text", "text/plain", encoding)
    mime = settled_type(sniffed, media.EXTENSIONS.get(extension(name)))
    kind = media.KINDS.get(mime or "")
    if mime is None or kind is None:
        raise FileRefusedError(unsupported(source, mime), reason=UNTAKEN)
    if mime == "application/pdf" and size > PDF_BYTES:
        raise FileRefusedError(
            f"{shown(source)} is too large: Gemini takes PDFs of at most 50 MB; split it.", reason=TOO_LARGE
        )
    return Found(name, stream, size, kind, mime)


def settled_type(sniffed: str | None, named: str | None) -> str | None:
    """The MIME type by content, or by name where the content shows none or only a package of some office format."""
    if sniffed is None:
        return named
    if sniffed == "application/zip" and (named or "").startswith((media.OFFICE, media.OASIS)):
        return named
    return sniffed


def unsupported(source: str, mime: str | None) -> str:
    """What to say of a file that Gemini does not take."""
    families = "; ".join(
        f"{kind}: {', '.join(names[0] for names in types.values())}" for kind, types in media.MIME_TYPES.items()
    )
    what = f"is {mime}" if mime else "is of an unknown type"
    return f"{shown(source)} {what}, which Gemini does not take; it takes text in UTF-8, {families}."


def text_encoding(stream: BinaryIO) -> str | None:
    """The encoding of a text file, read in chunks from its start; None when it is not text."""
    stream.seek(0)
    start = stream.read(2)
    encoding = "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    try:
        while chunk := stream.read(CHUNK):
            if "\0" in decoder.decode(chunk):
                return None
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return encoding


def inline(known: Found) -> Content:
    """The block that carries a file's content itself."""
    known.stream.seek(0)
    content = known.stream.read(known.size)
    if known.kind == "text":
        text = content.decode(known.encoding, errors="replace")
        return {"type": "text", "text": f"File {known.name}:\n\n{text}"}
    data = base64.b64encode(content).decode("ascii")
    return {"type": known.kind, "data": data, "mime_type": known.mime}


def uploadable(known: Found) -> Found:
    """A file as the Files API takes it: text becomes a document.

    Raises:
        FileRefusedError: Text that the Files API would not read.
    """
    if known.kind != "text":
        return known
    if known.encoding == "utf-16":
        raise FileRefusedError(f"{known.name} is a large text in UTF-16; save it as UTF-8 first.")
    return replace(known, kind="document")
