"""Sources -> content blocks, in two phases: they are looked at, and then sent.

Looking sends nothing of them, and refuses what Gemini does not take. Sending gives what was looked at: a file that was
changed meanwhile is refused, and a folder is not gathered again. No URL is fetched: Gemini does that.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import anyio
import anyio.to_thread

from gemini_interactions_mcp.core import FileRefusedError, InputError, StillUploadingError, folders, shown
from gemini_interactions_mcp.models import Content, Contents, Record, SavedFile, media_types
from gemini_interactions_mcp.settings import Settings

from .boundary import SEARCHED_BYTES, Boundary, local_path, refusals
from .clipping import Excerpt
from .gathering import FOLDER_ENTRIES, LeftOut, Walk, wanted
from .inspection import Inspected, Inspection, LocalFile, Named, Part, digest, labelled
from .recognition import inline, outgoing, read_as, recognised, uploadable
from .saved_files import SavedFiles
from .sources import FILE_NAME, SAVED, TAKEN, bounded, extension, meant, remote, uri_block
from .upload_cache import Outgoing, Uploads

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

MIB: Final = 2**20

MOST_FILES: Final = 100
"""From folders and globs, in one call."""
MOST_BYTES: Final = 2**30
"""Of these files together."""
MOST_OPENED: Final = 1_000
"""Files of folders and globs that are opened to see whether they can be given."""
MOST_READ: Final = 2 * 2**30
"""Bytes of these that are read."""


@dataclass(slots=True)
class Picking:
    """How much one call may still take, and what it has to be told.

    Attributes:
        inline: Bytes that may still travel inside the request.
        files: Files that folders and globs may still add.
        size: Bytes that these may still add.
        entries: Entries of folders that may still be looked at.
        opened: Files of folders that may still be opened.
        read: Bytes that may still be read of these.
        given: Files, and folders and globs, that have been taken: each is once.
    """

    inline: int
    notes: list[str] = field(default_factory=list[str])
    files: int = MOST_FILES
    size: int = MOST_BYTES
    entries: int = FOLDER_ENTRIES
    opened: int = MOST_OPENED
    read: int = MOST_READ
    given: set[object] = field(default_factory=set[object])

    def first(self, what: object) -> bool:
        """Whether something is named for the first time; from now on it is not."""
        new = what not in self.given
        self.given.add(what)
        return new

    def over(self, size: int) -> str:
        """The limit that one more file of a folder is over; empty where there is room."""
        if not self.files:
            return f"over the limit of {MOST_FILES} files"
        if size > self.size:
            return f"over the limit of {MOST_BYTES // MIB:,} MiB in all"
        if not self.opened or min(size, SEARCHED_BYTES) > self.read:
            return f"after {MOST_OPENED:,} files or {MOST_READ // MIB:,} MiB that were looked at"
        return ""


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
            sources: As for `inspect`.
            resolution: As for `send`, as are those that follow.
            excerpt: The part of each file that is meant.
            seconds: How long uploads are waited for.
            report: Told of them.

        Raises:
            InputError: There is no source.
            GeminiMCPError: As `inspect` and `send`.
        """
        if not sources:
            raise InputError(f"Name at least one file: {TAKEN}.")
        inspection = await self.inspect(sources)
        return await self.send(inspection, resolution=resolution, excerpt=excerpt, seconds=seconds, report=report)

    async def inspect(self, sources: Sequence[str]) -> Inspection:
        """Look at what `sources` stand for, in their order; nothing of them is sent, and no file stays open.

        Args:
            sources: As `TAKEN` lists them.

        Raises:
            InputError: There are too many sources.
            FileRefusedError: A source is missing, not allowed or of no use to Gemini.
            GeminiMCPError: An interaction whose files are meant is not known.
        """
        intended = await anyio.to_thread.run_sync(self._meant, bounded(sources))
        named = bounded([each for source in intended for each in await self._named(source)])
        return await anyio.to_thread.run_sync(self._inspected, named)

    async def send(
        self,
        inspection: Inspection,
        *,
        resolution: str | None = None,
        excerpt: Excerpt | None = None,
        seconds: float | None = None,
        report: Report | None = None,
    ) -> Contents:
        """Upload what does not travel inside the request; nothing is, unless every file is still what it was.

        Args:
            inspection: What is sent.
            resolution: One of `RESOLUTIONS`.
            excerpt: The part of each file that is meant.
            seconds: How long uploads are waited for.
            report: Told of them.

        Raises:
            InputError: There is no such resolution, or no file that has such a part.
            FileRefusedError: A file was changed, or cannot be read any more.
            StillUploadingError: The time is over; the uploads go on.
            GeminiMCPError: A file could not be uploaded.
        """
        if resolution is not None and resolution not in RESOLUTIONS:
            raise InputError(f"The media resolution is one of {', '.join(RESOLUTIONS)}.")
        excerpt = excerpt or Excerpt()
        parts = list(inspection.parts)
        excerpt.check(part.content for part in parts if isinstance(part.content, LocalFile))
        with ExitStack() as streams:
            ready = await anyio.to_thread.run_sync(self._ready, parts, streams)
            blocks = await self._blocks(ready, excerpt, seconds, report)
        labelled = [(part.label, with_resolution(block, resolution)) for part, block in zip(parts, blocks, strict=True)]
        asked = digest([inspection.digest, resolution, excerpt.clip, excerpt.pages])
        return Contents(parts=tuple(labelled), notes=inspection.notes, digest=asked)

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
        record = await self._earlier(unquote(address[1]))
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

    def _meant(self, sources: Sequence[str]) -> list[str]:
        return [meant(source, self._boundary) for source in sources]

    def _inspected(self, sources: Sequence[str]) -> Inspection:
        """Everything that can be seen from here."""
        picking = Picking(self._inline)
        inspected = [Inspected(source, self._parts(source, picking)) for source in sources]
        named = labelled([each for each in inspected if each.parts])
        return Inspection(named, (*picking.notes, *read_as(file for each in named for file in each.files)))

    def _parts(self, source: str, picking: Picking) -> tuple[Part, ...]:
        """What a source stands for, as far as it was not named before."""
        block = remote(source)
        if block is not None:
            return (Part(shown(source), block),)
        with refusals(source):
            what = wanted(source, self._boundary)
            path = self._boundary.approved(source)
        if not picking.first(what or path):
            return ()
        if what is None:
            parts = Path(local_path(source).absolute()).parts[1:]
            return (self._local(Named(source, parts), picking),)
        left_out = LeftOut(source)
        walk = Walk(what, self._boundary.roots, left_out, picking.entries)
        files = walk.files()
        picking.entries -= walk.seen
        return self._gathered(files, picking, left_out)

    def _gathered(self, files: Sequence[Named], picking: Picking, left_out: LeftOut) -> tuple[Part, ...]:
        """The files of a folder or glob that can be given, as far as the limits go, in the order of their paths.

        Raises:
            FileRefusedError: There is none.
        """
        parts: list[Part | None] = []
        for file in files:
            try:
                parts.append(self._within(file, picking))
            except FileRefusedError as exc:
                left_out.add(exc.reason, file.name())
        note = left_out.said()
        if not parts:
            raise FileRefusedError(f"{shown(left_out.source)} has no file that can be given. {note}")
        picking.notes += [note] if note else []
        return tuple(sorted(filter(None, parts), key=lambda part: part.named.path if part.named else ()))

    def _within(self, file: Named, picking: Picking) -> Part | None:
        """A file of a folder or glob, within the limits of the call; None where it was given before.

        Raises:
            FileRefusedError: It cannot be given, or is one too many.
        """
        with refusals(file.source):
            path = self._boundary.approved(file.source)
            size = path.stat().st_size
        if path in picking.given:
            return None
        if reason := picking.over(size):
            raise FileRefusedError("No room.", reason=reason)
        picking.opened -= 1
        picking.read -= min(size, SEARCHED_BYTES)
        part = self._local(file, picking)
        picking.given.add(path)
        picking.files -= 1
        picking.size -= size
        return replace(part, label=file.name())

    def _local(self, file: Named, picking: Picking) -> Part:
        """A local file, recognised.

        Raises:
            FileRefusedError: It is missing, not allowed or of no use to Gemini.
        """
        with refusals(file.source), self._boundary.opened(file.source) as stream:
            known = recognised(file, stream)
        if known.sent > picking.inline:
            return Part("", uploadable(known), file)
        picking.inline -= known.sent
        return Part("", known, file)

    def _ready(self, parts: Sequence[Part], streams: ExitStack) -> list[Content | Outgoing]:
        """Blocks, and open files where they have to be uploaded.

        Raises:
            FileRefusedError: A file was changed, or cannot be read any more.
        """
        return [
            self._opened(part.content, streams) if isinstance(part.content, LocalFile) else part.content
            for part in parts
        ]

    def _opened(self, known: LocalFile, streams: ExitStack) -> Content | Outgoing:
        with refusals(known.source), ExitStack() as opening:
            stream = opening.enter_context(self._boundary.opened(known.source))
            if known.inline:
                return inline(known, stream)
            ready = outgoing(known, stream)
            opening.enter_context(ready.stream)
            streams.enter_context(opening.pop_all())
            return ready

    async def _blocks(
        self, ready: Sequence[Content | Outgoing], excerpt: Excerpt, seconds: float | None, report: Report | None
    ) -> tuple[Content, ...]:
        """The blocks, once all files are where Gemini finds them.

        Raises:
            StillUploadingError: The time is over.
        """
        known = [each if isinstance(each, Outgoing) else await self._looked_up(each) for each in ready]
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
        return uri_block(str(block["uri"]), media_types.canonical(await self._lookup(name[1])))

    async def _uploaded(self, known: Content | Outgoing, sending: "Sending") -> Content:
        if not isinstance(known, Outgoing):
            return known
        return {**outlined(known), "uri": await self._uploads.uri(known, sending.of(known.file))}


class Sending:
    """How far the uploads of one call are."""

    def __init__(self, ready: Sequence[Content | Outgoing], report: Report | None) -> None:
        self._total = sum(each.file.size for each in ready if isinstance(each, Outgoing))
        self._before = 0
        self._sent = 0
        self._most = -1
        self._file: LocalFile | None = None
        self._report = report

    def of(self, file: LocalFile) -> Callable[[int], Awaitable[None]]:
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


def outlined(known: Content | Outgoing) -> Content:
    """A block, as far as it is known before its upload."""
    return {"type": known.file.kind, "mime_type": known.file.mime} if isinstance(known, Outgoing) else known


def for_picture(path: Path, source: str) -> Path:
    """A path whose extension, if it has one, is that of a picture that can be written.

    Raises:
        FileRefusedError: It is another.
    """
    if path.suffix and extension(path.name) not in media_types.PICTURE_EXTENSIONS:
        possible = ", ".join(f".{each}" for each in media_types.PICTURE_EXTENSIONS)
        raise FileRefusedError(
            f"{shown(source)} cannot be written: a picture's path ends with {possible}, or no extension."
        )
    return path


def with_resolution(block: Content, resolution: str | None) -> Content:
    """The block with its `resolution`, where its content type has one."""
    if resolution is None or block["type"] not in WITH_RESOLUTION:
        return block
    return {**block, "resolution": resolution}
