"""Turns sources into content blocks, in two phases: inspection and sending.

The inspection sends nothing, and refuses what Gemini does not accept. Sending gives what was inspected: a file that
changed meanwhile is refused, and a folder is not gathered again. No URL is fetched: Gemini does that.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from gemini_interactions_mcp.core import (
    ConfigurationError,
    FileRefusedError,
    InputError,
    StillUploadingError,
    folders,
    quote_name,
)
from gemini_interactions_mcp.models import ContentItem, Contents, media_types
from gemini_interactions_mcp.output import LocalFolder, Place
from gemini_interactions_mcp.settings import Settings

from .addresses import FILES_API_NAME, build_address_block, build_uri_block, get_extension, is_files_api_block
from .boundary import MAX_SEARCHED_BYTES, Boundary, approve_relative_name
from .call_limits import MIB, CallLimits
from .clipping import WHOLE_FILES, Excerpt
from .gathering import FolderWalk, parse_folder_query
from .inspection import ContentPart, InspectedSource, Inspection, LocalFile, NamedFile, label_sources
from .kept_sources import HoldingCheck, KeptSources, ReceivedLookup, RecordLookup
from .left_out import Omissions
from .naming import NamedSource, check_names, split_names
from .opening import FileOpener
from .path_errors import translate_path_errors
from .recognition import build_inline_block, describe_encodings, prepare_outgoing, prepare_upload, recognise_file
from .saved_files import SavedFiles
from .sources import deduplicate_sources, find_meant_source
from .upload_cache import OutgoingFile, UploadCache

TypeLookup = Callable[[str], Awaitable[str]]
"""Name of a file of the Files API (`files/abc`) -> its MIME type."""

UploadReport = Callable[[float, float, str], Awaitable[None]]
"""Receives the bytes sent so far, the bytes to send, and a message."""

MEDIA_RESOLUTIONS: Final = ("low", "medium", "high", "ultra_high")
"""Source: google-genai 3.6.1, types/interactions/mediaresolution.py"""

RESOLUTION_TYPES: Final = frozenset({"image", "video", "document"})
"""Content types with a `resolution`: google-genai 3.6.1, types/interactions/{image,video,document}content.py"""


class InputFiles:
    """Turns sources into content blocks, and approves paths to write.

    Args:
        settings: Which directories are allowed, and how much goes inline.
        uploads: Sends large files to the Files API.
        lookup: Asks the Files API for the type of one of its files.
        earlier: Finds earlier interactions, whose saved files can be sources.
        holds: Whether the user holds a file of the Files API; None where every file of the key is the user's.
        place: Where files are saved; by default, in the output directory.
        received: Finds files that remote clients have sent; by default, there are none.
    """

    def __init__(
        self,
        settings: Settings,
        uploads: UploadCache,
        *,
        lookup: TypeLookup,
        earlier: RecordLookup,
        holds: HoldingCheck | None = None,
        place: Place | None = None,
        received: ReceivedLookup | None = None,
    ) -> None:
        self._boundary = Boundary.of(settings)
        self._place = place or LocalFolder(settings.output_dir)
        self._saved = SavedFiles(self._boundary, self._place)
        self._opener = FileOpener(self._boundary, self._saved)
        self._kept = KeptSources(self._boundary, self._saved, earlier, received, holds)
        self._inline = settings.inline_bytes
        self._uploads = uploads
        self._lookup = lookup

    async def inspect(
        self,
        sources: Sequence[str],
        *,
        resolution: str | None = None,
        excerpt: Excerpt | None = None,
        named: bool = False,
        sandboxed: bool = False,
        most: int | None = None,
    ) -> Inspection:
        """Inspect what `sources` stand for, in their order; nothing is sent, and no file stays open.

        Args:
            sources: As `SOURCE_FORMS` lists them.
            resolution: One of `MEDIA_RESOLUTIONS`.
            excerpt: The part of each file that is meant.
            named: Whether sources may have names: `logo=logo.png`.
            sandboxed: Whether files go into an agent's sandbox; images inside the request as well, if there is room.
            most: Maximum number of files from folders and globs; default `MAX_GATHERED_FILES`.

        Raises:
            InputError: There are too many sources, the resolution is unknown, no file has such a part, or a name is not
                that of one file.
            FileRefusedError: A source is missing, not allowed, or not accepted by Gemini.
            GeminiMCPError: An interaction whose files are named is unknown.
        """
        if resolution is not None and resolution not in MEDIA_RESOLUTIONS:
            raise InputError(f"The media resolution is one of {', '.join(MEDIA_RESOLUTIONS)}.")
        intended = await anyio.to_thread.run_sync(self._find_meant, deduplicate_sources(sources), named)
        given = await self._kept.expand(intended)
        deduplicate_sources(each.source for each in given)
        limits = CallLimits(self._inline, sandboxed=sandboxed)
        if most is not None:
            limits.most = limits.files = most
        found = await anyio.to_thread.run_sync(self._inspect_all, list(dict.fromkeys(given)), limits)
        inspection = replace(found, resolution=resolution, excerpt=excerpt or WHOLE_FILES)
        check_excerpt(inspection)
        return inspection

    async def send(
        self, inspection: Inspection, *, seconds: float | None = None, report: UploadReport | None = None
    ) -> Contents:
        """Build the blocks, and upload what does not fit into the request; nothing is, unless every file is unchanged.

        Args:
            inspection: What to send.
            seconds: Timeout of uploads in seconds.
            report: Receives their progress.

        Raises:
            InputError: No file has the part that is meant.
            FileRefusedError: A file was changed, or can no longer be read.
            StillUploadingError: The timeout has expired; the uploads continue.
            GeminiMCPError: An upload failed.
        """
        parts = list(inspection.parts)
        with ExitStack() as streams:
            ready = await anyio.to_thread.run_sync(self._open_all, parts, streams)
            blocks = await self._upload_all(ready, inspection.excerpt, seconds, report)
        detailed = [add_resolution(block, inspection.resolution) for block in blocks]
        return Contents(
            parts=tuple(zip((part.label for part in parts), detailed, strict=True)),
            notes=inspection.notes,
            digest=inspection.digest,
            attachments=inspection.attachments,
        )

    async def output(self, path: str | None = None, kind: str = "image") -> Path | None:
        """Check that output can be written, before it is paid for, and return the path of a file if one is given.

        Args:
            path: As for `Boundary.approve_output`; None stands for any name in the output directory.
            kind: The content type of what is made.

        Raises:
            FileRefusedError: The path is elsewhere, hidden, exists, cannot be written, or has another extension than
                those of its kind.
            ConfigurationError: The output directory cannot be written.
        """
        return await anyio.to_thread.run_sync(self._check_output, path, kind)

    def _check_output(self, path: str | None, kind: str) -> Path | None:
        if not path:
            return self._check_place()
        if not self._place.roots:
            return require_extension(approve_relative_name(path), path, kind)
        target = require_extension(self._boundary.approve_output(path), path, kind)
        with translate_path_errors(path):
            # With the longest extension that may be appended.
            folders.check_path_writable(target if target.suffix else target.with_name(f"{target.name}.webp"))
        return target

    def _check_place(self) -> None:
        try:
            self._place.check_writable()
        except ConfigurationError as exc:
            raise ConfigurationError(f"{exc} Nothing was sent.") from exc

    def _find_meant(self, sources: Sequence[str], named: bool) -> list[NamedSource]:
        given = split_names(sources, self._boundary) if named else map(NamedSource, sources)
        return [each._replace(source=find_meant_source(each.source, self._boundary)) for each in given]

    def _inspect_all(self, sources: Sequence[NamedSource], picking: CallLimits) -> Inspection:
        """Inspect what can be read without the network."""
        inspected = [InspectedSource(each.source, self._inspect_given(each, picking), each.name) for each in sources]
        named = label_sources([each for each in inspected if each.parts or each.name])
        check_names(named)
        return Inspection(named, (*picking.notes, *describe_encodings(file for each in named for file in each.files)))

    def _inspect_given(self, given: NamedSource, picking: CallLimits) -> tuple[ContentPart, ...]:
        """Return the parts of a source that were not named before."""
        if given.saved is None:
            return self._inspect_source(given.source, picking)
        if not picking.mark_given(Path(given.source)):
            return ()
        return (self._inspect_local(NamedFile(given.source, (given.saved.name,), saved=given.saved), picking),)

    def _inspect_source(self, source: str, picking: CallLimits) -> tuple[ContentPart, ...]:
        """Return the parts of a source that were not named before."""
        block = build_address_block(source)
        if block is not None:
            return (ContentPart(quote_name(source), block),)
        with translate_path_errors(source):
            what = parse_folder_query(source, self._boundary)
            path = self._boundary.approve(source)
        if not picking.mark_given(what or path):
            return ()
        if what is None:
            return (self._inspect_local(NamedFile(source, self._boundary.split(source)), picking),)
        left_out = Omissions(source)
        walk = FolderWalk(what, self._boundary.roots, left_out, picking.entries)
        files = walk.find_files()
        picking.entries -= walk.seen
        return self._inspect_gathered(files, picking, left_out)

    def _inspect_gathered(
        self, files: Sequence[NamedFile], picking: CallLimits, left_out: Omissions
    ) -> tuple[ContentPart, ...]:
        """Return the files of a folder or glob that can be given within the limits, in the order of their paths.

        Raises:
            FileRefusedError: There is none.
        """
        parts: list[ContentPart | None] = []
        for file in files:
            try:
                parts.append(self._inspect_within_limits(file, picking))
            except FileRefusedError as exc:
                left_out.add(exc.reason, file.name())
        note = left_out.describe()
        if not parts:
            raise FileRefusedError(f"{quote_name(left_out.source)} has no file that can be given. {note}")
        picking.notes += [note] if note else []
        return tuple(sorted(filter(None, parts), key=lambda part: part.named.path if part.named else ()))

    def _inspect_within_limits(self, file: NamedFile, picking: CallLimits) -> ContentPart | None:
        """Inspect a file of a folder or glob within the limits of the call; None if it was given before.

        Raises:
            FileRefusedError: It cannot be given, or exceeds a limit.
        """
        with translate_path_errors(file.source):
            path = self._boundary.approve(file.source)
            size = path.stat().st_size
        if path in picking.given:
            return None
        if reason := picking.find_exceeded(size):
            raise FileRefusedError("No room.", reason=reason)
        picking.opened -= 1
        picking.read -= min(size, MAX_SEARCHED_BYTES)
        part = self._inspect_local(file, picking)
        picking.given.add(path)
        picking.files -= 1
        picking.size -= size
        return replace(part, label=file.name())

    def _inspect_local(self, file: NamedFile, picking: CallLimits) -> ContentPart:
        """Inspect a local file.

        Raises:
            FileRefusedError: It is missing, not allowed, or not accepted by Gemini.
        """
        boxed = picking.sandboxed
        with translate_path_errors(file.source), self._opener.open(file, whole=boxed) as stream:
            known = recognise_file(file, stream, sandboxed=boxed)
        if not known.inline or known.sent > picking.inline:
            return ContentPart("", prepare_upload(known), file)
        picking.inline -= known.sent
        return ContentPart("", known, file)

    def _open_all(self, parts: Sequence[ContentPart], streams: ExitStack) -> list[ContentItem | OutgoingFile]:
        """Build the blocks of files inside the request, and open the files to upload.

        Raises:
            FileRefusedError: A file was changed, or can no longer be read.
        """
        return [
            self._open_part(part.content, streams) if isinstance(part.content, LocalFile) else part.content
            for part in parts
        ]

    def _open_part(self, known: LocalFile, streams: ExitStack) -> ContentItem | OutgoingFile:
        with translate_path_errors(known.source), ExitStack() as opening:
            stream = opening.enter_context(self._opener.open(known))
            if known.inline:
                return build_inline_block(known, stream)
            ready = prepare_outgoing(known, stream)
            opening.enter_context(ready.stream)
            streams.enter_context(opening.pop_all())
            return ready

    async def _upload_all(
        self,
        ready: Sequence[ContentItem | OutgoingFile],
        excerpt: Excerpt,
        seconds: float | None,
        report: UploadReport | None,
    ) -> tuple[ContentItem, ...]:
        """Upload files, and return the blocks.

        Raises:
            StillUploadingError: The timeout has expired.
        """
        known = [each if isinstance(each, OutgoingFile) else await self._look_up_type(each) for each in ready]
        # Refused before anything is sent.
        excerpt.apply([outline_block(each) for each in known])
        sending = UploadProgress(known, report)
        with anyio.move_on_after(seconds):
            return excerpt.apply([await self._upload(each, sending) for each in known])
        raise StillUploadingError(
            f"{sending.headline()}. Nothing has been asked or charged yet: "
            "call again with the same arguments to continue."
        )

    async def _look_up_type(self, block: ContentItem) -> ContentItem:
        """Return a block; that of a file in the Files API with the type that the API reports."""
        name = FILES_API_NAME.fullmatch(str(block.get("uri")))
        if name is None:
            return block
        return build_uri_block(str(block["uri"]), media_types.canonicalize_type(await self._lookup(name[1])))

    async def _upload(self, known: ContentItem | OutgoingFile, sending: "UploadProgress") -> ContentItem:
        if not isinstance(known, OutgoingFile):
            return known
        return {**outline_block(known), "uri": await self._uploads.uri(known, sending.begin(known.file))}


class UploadProgress:
    """The progress of the uploads of one call."""

    def __init__(self, ready: Sequence[ContentItem | OutgoingFile], report: UploadReport | None) -> None:
        self._total = sum(each.file.size for each in ready if isinstance(each, OutgoingFile))
        self._before = 0
        self._sent = 0
        self._most = -1
        self._file: LocalFile | None = None
        self._report = report

    def begin(self, file: LocalFile) -> Callable[[int], Awaitable[None]]:
        """Begin with the next file, and return what reports its progress."""
        self._before += self._file.size if self._file else 0
        self._file = file
        self._sent = 0

        async def heard(sent: int) -> None:
            self._sent = sent
            done = min(self._before + sent, self._total)
            # Bytes that are sent again are not reported again: progress only grows.
            if self._report and done > self._most:
                self._most = done
                await self._report(done, self._total, self.headline())

        return heard

    def headline(self) -> str:
        """Return `Uploading film.mp4: 40 of 100 MiB`."""
        if self._file is None:
            return "Reading the files"
        size = self._file.size
        if not self._sent:
            return f"Reading {self._file.name} ({size / MIB:,.1f} MiB)"
        if self._sent >= size:
            return f"Uploaded {self._file.name}; Google is processing it"
        return f"Uploading {self._file.name}: {self._sent / MIB:,.1f} of {size / MIB:,.1f} MiB"


def check_excerpt(inspection: Inspection) -> None:
    """Check that the files have the part that is meant, as far as it is known before they are sent.

    Raises:
        InputError: They have not.
    """
    contents = [part.content for part in inspection.parts]
    inspection.excerpt.check((each.name, each.pages) for each in contents if isinstance(each, LocalFile))
    outlines = [outline_block(each) for each in contents]
    if not any(map(is_files_api_block, outlines)):
        inspection.excerpt.apply(outlines)


def outline_block(known: ContentItem | LocalFile | OutgoingFile) -> ContentItem:
    """Return a block as far as it is known before its upload."""
    file = known.file if isinstance(known, OutgoingFile) else known
    return {"type": file.kind, "mime_type": file.mime} if isinstance(file, LocalFile) else file


def require_extension(path: Path, source: str, kind: str) -> Path:
    """Return a path if it has no extension, or one of a content type that can be written.

    Raises:
        FileRefusedError: It has another extension.
    """
    extensions = media_types.OUTPUT_EXTENSIONS[kind]
    if path.suffix and get_extension(path.name) not in extensions:
        possible = ", ".join(f".{each}" for each in extensions)
        raise FileRefusedError(
            f"{quote_name(source)} cannot be written: the path of {kind} content ends with {possible}, or no extension."
        )
    return path


def add_resolution(block: ContentItem, resolution: str | None) -> ContentItem:
    """Add the `resolution` to a block whose content type has one."""
    if resolution is None or block["type"] not in RESOLUTION_TYPES:
        return block
    return {**block, "resolution": resolution}
