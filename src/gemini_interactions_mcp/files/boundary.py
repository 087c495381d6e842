"""Which paths may be read and written: below the allowed directories, visible, regular, no secret.

A file is opened once, and what is checked is what is read. Everything here blocks.
"""

import errno
import re
import stat
import sys
import unicodedata
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from os import stat_result
from pathlib import Path, PureWindowsPath
from typing import Final
from urllib.parse import unquote

from filetype import (  # pyright: ignore[reportMissingTypeStubs] - it ships no types
    guess_mime,  # pyright: ignore[reportUnknownVariableType] - it ships no types
)

from gemini_interactions_mcp.core import ConfigurationError, FileRefusedError, concealing, folders, printable, shown
from gemini_interactions_mcp.output import unwritable
from gemini_interactions_mcp.settings import BUNDLES_FOLDER, FOLDERS, Settings, is_folder

from .secrets import kind_of_secret

SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]+)://|(file|data):", re.IGNORECASE)
WINDOWS: Final = sys.platform == "win32"

# https://ai.google.dev/gemini-api/docs/files: 2 GB a file.
FILE_BYTES: Final = 2 * 2**30

HEAD_BYTES: Final = 64 * 2**10
"""Of media, so much is searched for secrets."""
SEARCHED_BYTES: Final = 256 * 2**20
"""Of other files, so much: it takes about three seconds."""
CHUNK_BYTES: Final = 256 * 2**10
MEDIA: Final = ("image/", "audio/", "video/")

# The words by which files that were passed over are counted.
HIDDEN: Final = "hidden"
SECRET: Final = "like a secret"  # noqa: S105 - no secret itself
OUTSIDE: Final = "outside the allowed directories"
EMPTY: Final = "empty"
TOO_LARGE: Final = "too large"
SHARED: Final = "with a hard link"
UNREADABLE: Final = "that cannot be read"
LINKED: Final = "linked to a folder"
TAKEN: Final = "already there"

ALLOWING: Final = f"the user can allow more with {FOLDERS}"
ALLOWING_IN_BUNDLE: Final = f"the user can choose a folder in this extension's settings: “{BUNDLES_FOLDER}”"


@dataclass(frozen=True, slots=True)
class Boundary:
    """What this server may read and write.

    Attributes:
        roots: Below these, resolved.
        output: Where relative paths are written; one of them.
        secrets: Whether files that look like secrets may be read.
        remedy: What the user can do about what is outside.
    """

    roots: tuple[Path, ...]
    output: Path
    secrets: bool = False
    remedy: str = ALLOWING

    @classmethod
    def of(cls, settings: Settings) -> "Boundary":
        """That of the user's settings."""
        roots = dict.fromkeys((*settings.allowed_dirs, settings.output_dir))
        remedy = ALLOWING_IN_BUNDLE if settings.bundled else ALLOWING
        return cls(tuple(roots), settings.output_dir, settings.allow_secrets, remedy)

    @contextmanager
    def opened(self, source: str) -> Generator[BufferedReader]:
        """Open a file once, for reading; the stream is at its start.

        Raises:
            FileRefusedError: It is not a visible, regular, non-empty file within the boundary, or looks like a secret.
        """
        # Resolved leniently first: what is outside is refused as such, and nothing tells whether it exists.
        path = self.approved(source)
        with folders.opened(path.parent) as folder:
            stream = folder.read(path.name, partial(usable, source=source))
        with stream:
            if not self.secrets:
                harmless(path, stream, source)
            yield stream

    def approved(self, source: str) -> Path:
        """The path of a source, links resolved, as far as it exists.

        Raises:
            FileRefusedError: It is hidden, outside, or no path.
        """
        return approved(resolved(local_path(source), self.roots, source), self.roots, source, self.remedy)

    def writable(self, path: str) -> Path:
        """Approve a path to write: absolute, not there yet; the parent is not made here.

        Args:
            path: Relative to the output directory; an absolute one must be below an allowed directory.

        Raises:
            FileRefusedError: It is elsewhere, hidden, exists, or has characters that no name should have.
        """
        with refusals(path):
            wanted = nameable(local_path(path), path)
            roots = self.roots if wanted.is_absolute() else (self.output,)
            parent = resolved((self.output / wanted).parent, roots, path)
            return unused(approved(parent / wanted.name, roots, path, self.remedy), path)

    def check_output(self) -> None:
        """Find out whether files can be written into the output directory, by writing one; nothing stays.

        Raises:
            ConfigurationError: They cannot.
        """
        try:
            folders.probe(self.output / "probe")
        except OSError as exc:
            raise ConfigurationError(f"{unwritable(self.output, exc)} Nothing was sent.") from exc


def harmless(path: Path, stream: BufferedReader, source: str) -> None:
    """Check that a file is no secret, and leave it at its start.

    Raises:
        FileRefusedError: It looks like one.
    """
    kind = kind_of_secret(path.name, searched(stream))
    stream.seek(0)
    if kind:
        raise FileRefusedError(
            f"{shown(source)} looks like a secret ({kind}) and stays private; "
            "the user can allow such files with GEMINI_MCP_ALLOW_SECRETS=true.",
            reason=SECRET,
        )


def searched(stream: BufferedReader) -> Iterator[bytes]:
    """What of a file is searched for secrets: all of it, but of media only the head, and never more than a limit."""
    yield (head := stream.read(HEAD_BYTES))
    mime: str | None = guess_mime(head)
    if mime and mime.startswith(MEDIA):
        return
    while stream.tell() < SEARCHED_BYTES and (chunk := stream.read(CHUNK_BYTES)):
        yield chunk


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


def scheme(source: str) -> str:
    """The scheme of a URL, in lower case; empty for a path, also one with a drive letter."""
    found = SCHEME.match(source)
    return (found[1] or found[2]).lower() if found else ""


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
    return any(dotted(part) or (windows and ":" in part) for part in parts)


def dotted(part: str) -> bool:
    """Whether a name begins with a dot, or with what some file system takes for one or does not show before it."""
    first = next((letter for letter in part if unicodedata.category(letter) != "Cf"), "")
    return unicodedata.normalize("NFKC", first) == "."


def approved(path: Path, roots: Sequence[Path], source: str, remedy: str = ALLOWING) -> Path:
    """A resolved path, when it is visible and below an allowed directory.

    Raises:
        FileRefusedError: It is not.
    """
    places = below(path, roots)
    if not places:
        allowed = printable(", ".join(map(root_named, roots)))
        raise FileRefusedError(
            f"{shown(source)} is outside the allowed directories ({allowed}); {remedy}.", reason=OUTSIDE
        )
    if all(map(hidden, places)):
        raise FileRefusedError(
            f"{shown(source)} is, or lies in, a dot-file or dot-folder: these stay private.", reason=HIDDEN
        )
    return path


def root_named(root: Path) -> str:
    """An allowed directory, as it may stand in a list of them."""
    return f"{root}{'' if is_folder(root) else ' (not there yet)'}"


def unused(path: Path, source: str) -> Path:
    """A path at which there is nothing, not even a dangling link.

    Raises:
        FileRefusedError: There is something.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return path
    raise FileRefusedError(
        f"{shown(source)} exists already, and nothing is written over; choose another name.", reason=TAKEN
    )


def nameable(path: Path, source: str) -> Path:
    """A path to write that people can read.

    Raises:
        FileRefusedError: It has other characters.
    """
    if concealing(str(path)):
        raise FileRefusedError(f"{shown(source)} has characters that a file's name must not have; choose another name.")
    return path


def usable(status: stat_result, source: str) -> None:
    """Check what kind of file it is.

    Raises:
        FileRefusedError: It is no regular file, empty, too large, or has a second name.
    """
    if stat.S_ISDIR(status.st_mode):
        raise FileRefusedError(f"{shown(source)} is a directory.", reason=LINKED)
    if not stat.S_ISREG(status.st_mode):
        raise FileRefusedError(f"{shown(source)} is not a regular file, but a device, a pipe or a socket.")
    if not status.st_size:
        raise FileRefusedError(f"{shown(source)} is empty.", reason=EMPTY)
    if status.st_size > FILE_BYTES:
        raise FileRefusedError(
            f"{shown(source)} is too large: the Files API takes at most 2 GB a file.", reason=TOO_LARGE
        )
    if status.st_nlink > 1:
        raise FileRefusedError(
            f"{shown(source)} has a hard link: the same file may have another name outside the allowed directories. "
            "Copy it, and name the copy.",
            reason=SHARED,
        )


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
        case errno.ENOTDIR | errno.ELOOP:
            return "goes through a file or a link as if it were a directory"
        case errno.ESTALE:
            return "was replaced while it was opened; try again"
        case errno.EACCES | errno.EPERM:
            return "cannot be opened or written: this server's user lacks the permission"
        case errno.ENAMETOOLONG:
            return "is too long for a path"
        case _:
            return f"cannot be opened or written: {exc.strerror or 'the system gives no reason'}"
