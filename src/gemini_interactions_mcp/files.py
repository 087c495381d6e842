"""Local paths and URLs -> content blocks: what may be read, what it is, and whether it travels inline.

Owns the allow-list of paths, for reading and for writing, and the memory of what has been uploaded. It refuses
everything that is not a regular, visible, non-empty file below an allowed directory, and it fetches no URL: Gemini
does that.
"""

import base64
import codecs
import errno
import hashlib
import os
import re
import stat
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO, Final
from urllib.parse import SplitResult, unquote, urlsplit

import anyio
import anyio.to_thread

from . import media
from .errors import FileRefusedError, InputError
from .models import Content
from .settings import Settings

Upload = Callable[[BinaryIO, str, str], Awaitable[str]]
"""Open stream, MIME type, display name -> the file's uri, once it can be used."""

Lookup = Callable[[str], Awaitable[str]]
"""Name of a file of the Files API (`files/abc`) -> its MIME type."""

RESOLUTIONS: Final = ("low", "medium", "high", "ultra_high")
"""Source: google-genai 3.4.0, types/interactions/mediaresolution.py"""

WITH_RESOLUTION: Final = frozenset({"image", "video", "document"})
"""Content types that have a `resolution`: google-genai 3.4.0, types/interactions/content.py"""

FILES_API: Final = "https://generativelanguage.googleapis.com/v1beta/"
FILE_NAME: Final = re.compile(r"(?:https://generativelanguage\.googleapis\.com/v1\w*/)?(files/[a-z0-9-]{1,40})")
"""A file of the Files API; ids have at most 40 characters (google-genai 3.4.0, types.File.name)."""

# https://ai.google.dev/gemini-api/docs/files: 2 GB a file, kept for 48 hours; an hour is left for the interaction.
FILE_BYTES: Final = 2 * 2**30
UPLOAD_SECONDS: Final = 47 * 3600
# https://ai.google.dev/gemini-api/docs/document-processing
PDF_BYTES: Final = 50 * 2**20

YOUTUBE: Final = re.compile(r"(?:[\w-]+\.)?(?:youtube\.com|youtube-nocookie\.com|youtu\.be)")
SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]+)://|(file|data):", re.IGNORECASE)
TAKEN: Final = "a local path, a file://, http(s):// or gs:// URL, a YouTube link, or a Files API name such as files/abc"
WINDOWS: Final = sys.platform == "win32"
CHUNK: Final = 2**20
SHOWN_CHARACTERS: Final = 120

OPEN_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)


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


@dataclass(slots=True)
class Uploaded:
    """What the Files API keeps of one content; the lock keeps two calls from uploading it twice."""

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    uri: str = ""
    until: float = 0.0


class Files:
    """Turns sources into content blocks, and approves paths to write.

    Args:
        settings: Which directories are allowed, and how much goes inline.
        upload: Sends a large file to the Files API.
        lookup: Asks the Files API what one of its files is; without it such a file goes as a document.
        clock: Seconds, also counting while the machine sleeps.
    """

    def __init__(
        self,
        settings: Settings,
        upload: Upload,
        *,
        lookup: Lookup | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._roots = tuple(dict.fromkeys((*settings.allowed_dirs, settings.output_dir)))
        self._output = settings.output_dir
        self._inline = settings.inline_bytes
        self._upload = upload
        self._lookup = lookup
        self._clock = clock
        self._uploads: dict[tuple[str, str], Uploaded] = {}

    async def contents(self, sources: Sequence[str], *, resolution: str | None = None) -> tuple[Content, ...]:
        """Content blocks of `sources`, in their order; nothing is uploaded unless all of them are good.

        Raises:
            InputError: There is no source, or no such resolution.
            FileRefusedError: A source is missing, not allowed or of no use to Gemini.
        """
        if not sources:
            raise InputError(f"Name at least one file: {TAKEN}.")
        if resolution is not None and resolution not in RESOLUTIONS:
            raise InputError(f"The media resolution is one of {', '.join(RESOLUTIONS)}.")
        with ExitStack() as streams:
            found = await anyio.to_thread.run_sync(self._prepared, sources, streams)
            blocks = [await self._block(each) for each in found]
        return tuple(with_resolution(block, resolution) for block in blocks)

    def output_path(self, path: str) -> Path:
        """Approve a path to write: absolute, not there yet; the parent is not made here.

        Args:
            path: Relative to the output directory; an absolute one must be below an allowed directory.

        Raises:
            FileRefusedError: It is elsewhere, hidden or exists.
        """
        with refusals(path):
            wanted = local_path(path)
            roots = self._roots if wanted.is_absolute() else (self._output,)
            parent = resolved((self._output / wanted).parent, roots, path)
            return for_picture(unused(approved(parent / wanted.name, roots, path), path), path)

    def _prepared(self, sources: Sequence[str], streams: ExitStack) -> list[Content | Found]:
        """Everything that needs no network: finished blocks, and the open files that have to be uploaded."""
        left = self._inline
        prepared: list[Content | Found] = []
        for source in sources:
            block = remote(source)
            if block is None:
                block, used = local(source, self._roots, left, streams)
                left -= used
            prepared.append(block)
        return prepared

    async def _block(self, prepared: Content | Found) -> Content:
        if isinstance(prepared, Found):
            uri = await self._uri(prepared)
            return {"type": prepared.kind, "uri": uri, "mime_type": prepared.mime}
        name = FILE_NAME.fullmatch(str(prepared.get("uri")))
        if name is None or self._lookup is None:
            return prepared
        return uri_block(str(prepared["uri"]), media.canonical(await self._lookup(name[1])))

    async def _uri(self, found: Found) -> str:
        """Where the Files API keeps this content; uploaded only when it does not yet, or not for long enough."""
        with refusals(found.name):
            digest = await anyio.to_thread.run_sync(sha256, found.stream)
        uploaded = self._uploads.setdefault((digest, found.mime), Uploaded())
        async with uploaded.lock:
            if self._clock() >= uploaded.until:
                until = self._clock() + UPLOAD_SECONDS
                uploaded.uri = await self._upload(found.stream, found.mime, found.name)
                uploaded.until = until
            return uploaded.uri


def with_resolution(block: Content, resolution: str | None) -> Content:
    """The block with its `resolution`, where its content type has one."""
    if resolution is None or block["type"] not in WITH_RESOLUTION:
        return block
    return {**block, "resolution": resolution}


def remote(source: str) -> Content | None:
    """The block of a source that Gemini fetches; None for a local path.

    Raises:
        FileRefusedError: A scheme that Gemini does not fetch.
    """
    if name := FILE_NAME.fullmatch(source):
        return {"type": "document", "uri": source if "://" in source else FILES_API + name[1]}
    match scheme(source):
        case "" | "file":
            return None
        case "http" | "https" | "gs":
            return url_block(source)
        case _:
            raise FileRefusedError(f"{shown(source)} cannot be given to Gemini: name {TAKEN}.")


def scheme(source: str) -> str:
    """The scheme of a URL, in lower case; empty for a path, also one with a drive letter."""
    found = SCHEME.match(source)
    return (found[1] or found[2]).lower() if found else ""


def url_block(source: str) -> Content:
    """The block of an http(s) or gs URL: a video of YouTube, or what its extension says.

    Raises:
        FileRefusedError: It is no well-formed URL.
    """
    url = split(source)
    if url is None or not url.hostname or not source.isprintable() or " " in source:
        raise FileRefusedError(f"{shown(source)} is not a well-formed URL: name {TAKEN}.")
    if YOUTUBE.fullmatch(url.hostname):
        return {"type": "video", "uri": source}
    return uri_block(source, media.EXTENSIONS.get(extension(unquote(url.path)), ""))


def split(source: str) -> SplitResult | None:
    """The parts of a URL; None when it has none."""
    try:
        return urlsplit(source)
    except ValueError:
        return None


def uri_block(uri: str, mime: str) -> Content:
    """A block by its uri; where the type is not known, a document, which is what pages and texts are to Gemini."""
    block = {"type": media.KINDS.get(mime, "document"), "uri": uri}
    return {**block, "mime_type": mime} if mime else block


def extension(name: str) -> str:
    """The lower-case extension of a path, without its dot."""
    return PurePosixPath(name).suffix[1:].lower()


def local_path(source: str, *, windows: bool = WINDOWS) -> Path:
    """The path that a source names, `~` and file:// URLs resolved.

    Raises:
        FileRefusedError: It is empty, has a NUL or another scheme, or names another machine or an unknown user.
    """
    if scheme(source) not in ("", "file"):
        raise FileRefusedError(f"{shown(source)} is not a local path.")
    path = url_path(source, windows=windows) if scheme(source) else source
    if not path or "\0" in path:
        raise FileRefusedError(f"{shown(source)!r} is not a path: it is empty or has a NUL character.")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise FileRefusedError(f"{shown(source)} names a user whose home directory is not known.") from None


def url_path(url: str, *, windows: bool) -> str:
    """The path of a file URL, percent-decoded once; `#` and `?` are a path's own characters here.

    Raises:
        FileRefusedError: It names another machine.
    """
    rest = url.partition(":")[2]
    if rest.startswith("//"):
        host, slash, rest = rest[2:].partition("/")
        rest = slash + rest
        if host.lower() not in ("", "localhost"):
            raise FileRefusedError(f"{shown(url)} is on another machine; copy the file to this one first.")
    path = unquote(rest)
    return re.sub(r"^/([A-Za-z])[:|]", r"\1:", path) if windows else path


def foreign_share(path: Path, roots: Sequence[Path], *, windows: bool = WINDOWS) -> bool:
    """Whether a path is on a Windows network share or device that no allowed directory is on."""
    drive = PureWindowsPath(path).drive.lower()
    known = (PureWindowsPath(root).drive.lower() for root in roots)
    return windows and drive.startswith("\\\\") and drive not in known


def resolved(path: Path, roots: Sequence[Path], source: str) -> Path:
    """The path without links, as far as it exists.

    A share that is not allowed is left alone: only to look there would send it the user's credentials.

    Raises:
        FileRefusedError: The links form a loop, or the system has no such character.
    """
    try:
        return path if foreign_share(path, roots) else path.resolve()
    except (RuntimeError, ValueError):
        raise FileRefusedError(f"{shown(source)} is not a path that can be followed.") from None


def below(path: Path, roots: Sequence[Path]) -> list[tuple[str, ...]]:
    """The parts of a resolved path below each allowed directory that holds it."""
    return [path.relative_to(root).parts for root in roots if path.is_relative_to(root)]


def hidden(parts: Sequence[str], *, windows: bool = WINDOWS) -> bool:
    """Whether a path goes through a dot-file or dot-folder, or names a second stream of a Windows file."""
    return any(part.startswith(".") or (windows and ":" in part) for part in parts)


def approved(path: Path, roots: Sequence[Path], source: str) -> Path:
    """A resolved path, when it is visible and below an allowed directory.

    Raises:
        FileRefusedError: It is not.
    """
    places = below(path, roots)
    if not places:
        allowed = ", ".join(map(str, roots))
        raise FileRefusedError(
            f"{shown(source)} is outside the allowed directories ({allowed}); "
            "the user can allow more with GEMINI_MCP_ALLOWED_DIRS."
        )
    if all(map(hidden, places)):
        raise FileRefusedError(f"{shown(source)} is, or lies in, a dot-file or dot-folder: these stay private.")
    return path


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


def unused(path: Path, source: str) -> Path:
    """A path at which there is nothing, not even a dangling link.

    Raises:
        FileRefusedError: There is something.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return path
    raise FileRefusedError(f"{shown(source)} exists already, and nothing is written over; choose another name.")


@contextmanager
def opened(source: str, roots: Sequence[Path]) -> Generator[BufferedReader]:
    """Open a file once, for reading, so that what is checked is what is read.

    Raises:
        FileRefusedError: It is not a visible, regular, non-empty file below `roots`.
    """
    # Resolved leniently first: what is outside is refused as such, and nothing tells whether it exists.
    path = approved(resolved(local_path(source), roots, source), roots, source)
    usable(path.lstat(), source)
    with open(path, "rb", opener=by_descriptor) as stream:
        unchanged(path, os.fstat(stream.fileno()), source)
        yield stream


def by_descriptor(path: str, _flags: int) -> int:
    """Open for reading without following a link, waiting for a pipe's writer or becoming a terminal's owner."""
    return os.open(path, OPEN_FLAGS)


def unchanged(path: Path, status: os.stat_result, source: str) -> None:
    """Check that an open file is still the one that was approved.

    Raises:
        FileRefusedError: Something was put in its place, or in that of a folder above it.
    """
    usable(status, source)
    if path.resolve(strict=True) != path or not os.path.samestat(path.lstat(), status):
        raise FileRefusedError(f"{shown(source)} was replaced while it was opened; try again.")


def usable(status: os.stat_result, source: str) -> None:
    """Check what kind of file it is.

    Raises:
        FileRefusedError: It is no regular file, empty or too large.
    """
    if stat.S_ISDIR(status.st_mode):
        raise FileRefusedError(f"{shown(source)} is a directory; name the files in it.")
    if not stat.S_ISREG(status.st_mode):
        raise FileRefusedError(f"{shown(source)} is not a regular file, but a device, a pipe or a socket.")
    if not status.st_size:
        raise FileRefusedError(f"{shown(source)} is empty.")
    if status.st_size > FILE_BYTES:
        raise FileRefusedError(f"{shown(source)} is too large: the Files API takes at most 2 GB a file.")


def local(source: str, roots: Sequence[Path], left: int, streams: ExitStack) -> tuple[Content | Found, int]:
    """A local file's block, and how many of the `left` bytes it took; or the open file, when it is larger.

    Raises:
        FileRefusedError: It is missing, not allowed or of no use to Gemini.
    """
    with refusals(source):
        found = recognised(source, streams.enter_context(opened(source, roots)))
        if found.size > left:
            return uploadable(found), 0
        with found.stream:
            return inline(found), found.size


def recognised(source: str, stream: BufferedReader) -> Found:
    """What an open file is: by its content, then by its name.

    Raises:
        FileRefusedError: Nothing that Gemini takes.
    """
    name = printable(local_path(source).name)
    size = os.fstat(stream.fileno()).st_size
    sniffed = media.sniff(stream.read(media.SNIFF_BYTES))
    # A PDF may be plain ASCII; no other type that Gemini takes can be mistaken for text.
    if sniffed != "application/pdf" and (encoding := text_encoding(stream)):
        return Found(name, stream, size, "text", "text/plain", encoding)
    mime = settled_type(sniffed, media.EXTENSIONS.get(extension(name)))
    kind = media.KINDS.get(mime or "")
    if mime is None or kind is None:
        raise FileRefusedError(unsupported(source, mime))
    if mime == "application/pdf" and size > PDF_BYTES:
        raise FileRefusedError(f"{shown(source)} is too large: Gemini takes PDFs of at most 50 MB; split it.")
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


def inline(found: Found) -> Content:
    """The block that carries a file's content itself."""
    found.stream.seek(0)
    content = found.stream.read(found.size)
    if found.kind == "text":
        text = content.decode(found.encoding, errors="replace")
        return {"type": "text", "text": f"File {found.name}:\n\n{text}"}
    data = base64.b64encode(content).decode("ascii")
    return {"type": found.kind, "data": data, "mime_type": found.mime}


def uploadable(found: Found) -> Found:
    """A file as the Files API takes it: text becomes a document.

    Raises:
        FileRefusedError: Text that the Files API would not read.
    """
    if found.kind != "text":
        return found
    if found.encoding == "utf-16":
        raise FileRefusedError(f"{found.name} is a large text in UTF-16; save it as UTF-8 first.")
    return Found(found.name, found.stream, found.size, "document", found.mime)


def sha256(stream: BufferedReader) -> str:
    """The hash of a file's content, read in chunks; the stream is left at its start."""
    stream.seek(0)
    digest = hashlib.file_digest(stream, "sha256").hexdigest()
    stream.seek(0)
    return digest


@contextmanager
def refusals(source: str) -> Generator[None]:
    """Turn what the operating system says of a path into one sentence.

    Raises:
        FileRefusedError: It said no.
    """
    try:
        yield
    except OSError as exc:
        raise FileRefusedError(f"{shown(source)} {complaint(exc)}.") from exc


def complaint(exc: OSError) -> str:
    """What is wrong with a path, for people."""
    match exc.errno:
        case errno.ENOENT:
            return "does not exist"
        case errno.ENOTDIR:
            return "goes through a file as if it were a directory"
        case errno.EACCES | errno.EPERM:
            return "cannot be opened: this server's user lacks the permission"
        case errno.ENAMETOOLONG:
            return "is too long for a path"
        case _:
            return f"cannot be opened: {exc.strerror or 'the system gives no reason'}"


def shown(source: str) -> str:
    """A source as it may stand in a message: of bounded length, on one line."""
    half = SHOWN_CHARACTERS // 2
    return printable(source if len(source) <= SHOWN_CHARACTERS else f"{source[:half]}…{source[-half:]}")


def printable(text: str) -> str:
    """The text with its control characters replaced: a file's name must not read like a line of ours."""
    return "".join(character if character.isprintable() else "?" for character in text)
