"""Which paths may be read and written: below the allowed directories, visible, regular files, no secrets.

A file is opened once, so that what is checked is what is read. Everything here blocks.
"""

import os
import re
import stat
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BufferedReader
from os import stat_result
from pathlib import Path, PurePath, PurePosixPath
from typing import Final
from urllib.parse import unquote

from filetype import (  # pyright: ignore[reportMissingTypeStubs] - it ships no types
    guess_mime,  # pyright: ignore[reportUnknownVariableType] - it ships no types
)

from gemini_interactions_mcp.core import (
    FileRefusedError,
    folders,
    has_hidden_characters,
    make_printable,
    quote_name,
)
from gemini_interactions_mcp.settings import ALLOWED_DIRS_VARIABLE, BUNDLE_FOLDER_TITLE, Settings, is_folder

from .path_errors import translate_path_errors
from .path_rules import (
    adopt_root,
    has_leading_dot,
    has_short_name,
    is_foreign_share,
    is_hidden,
    is_misread_by_windows,
    leads_to_device,
    split_below_roots,
)
from .secrets import detect_secret

URL_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]+)://|(file|data):", re.IGNORECASE)

MAX_FILE_BYTES: Final = 2 * 2**30
"""Maximum size of a file in bytes: https://ai.google.dev/gemini-api/docs/files"""

MEDIA_SEARCHED_BYTES: Final = 64 * 2**10
"""Bytes of a media file that are searched for secrets."""
MAX_SEARCHED_BYTES: Final = 256 * 2**20
"""Maximum number of bytes of any other file that are searched for secrets; this takes about three seconds."""
SECRET_CHUNK_BYTES: Final = 256 * 2**10
MEDIA_PREFIXES: Final = ("image/", "audio/", "video/")

# Reasons by which files that were skipped are counted.
REASON_HIDDEN: Final = "hidden"
REASON_SECRET: Final = "like a secret"  # noqa: S105 - no secret itself
REASON_OUTSIDE: Final = "outside the allowed directories"
REASON_EMPTY: Final = "empty"
REASON_TOO_LARGE: Final = "too large"
REASON_HARD_LINK: Final = "with a hard link"
REASON_UNREADABLE: Final = "that cannot be read"
REASON_LINKED_FOLDER: Final = "linked to a folder"
REASON_EXISTS: Final = "already there"

ALLOWED_DIRS_REMEDY: Final = f"the user can allow more with {ALLOWED_DIRS_VARIABLE}"
PATHS_CLOSED: Final = (
    "Paths of this server are closed to you: send a file with upload_file, and give what that returns; files that are "
    "made come back as links. Nothing was sent."
)
"""Told to users of other machines, about any path."""

OWN_SECRETS_REMEDY: Final = "the user can allow such files with GEMINI_MCP_ALLOW_SECRETS=true"
SECRETS_REMEDY: Final = "an administrator of this server can allow such files"

MAPPED_REMEDY: Final = "an administrator of this server can map more"
"""Told to users of other machines about what lies outside the folders that are mapped for them."""

BUNDLE_REMEDY: Final = f"the user can choose a folder in this extension's settings: “{BUNDLE_FOLDER_TITLE}”"


@dataclass(frozen=True, slots=True)
class Boundary:
    """What this server may read and write.

    Attributes:
        roots: The allowed directories, resolved.
        output: The one of them in which relative paths are written.
        secrets: Whether files that look like secrets may be read.
        remedy: What the user can do about a path outside the roots.
        closed: Whether the user may name no path, but those in mapped folders to read.
        mapped: These folders by their names. A source in one is written `NAME/...`, here and in every message: the
            user is not told where the folder is.
    """

    roots: tuple[Path, ...]
    output: Path
    secrets: bool = False
    remedy: str = ALLOWED_DIRS_REMEDY
    closed: bool = False
    mapped: Mapping[str, Path] = field(default_factory=dict[str, Path])

    @classmethod
    def of(cls, settings: Settings) -> "Boundary":
        """Build the boundary from the user's settings."""
        if settings.remote:
            return cls.of_remote(settings)
        roots = dict.fromkeys((*settings.allowed_dirs, settings.output_dir))
        remedy = BUNDLE_REMEDY if settings.bundled else ALLOWED_DIRS_REMEDY
        return cls(tuple(roots), settings.output_dir, settings.allow_secrets, remedy)

    @classmethod
    def of_remote(cls, settings: Settings) -> "Boundary":
        """Build the boundary of a user of another machine."""
        mapped = dict(settings.mapped_dirs)
        roots = dict.fromkeys((*mapped.values(), settings.output_dir))
        remedy = MAPPED_REMEDY
        return cls(tuple(roots), settings.output_dir, settings.allow_secrets, remedy, closed=True, mapped=mapped)

    @contextmanager
    def open(self, source: str, *, whole: bool = False) -> Generator[BufferedReader]:
        """Open a file once for reading, and yield the stream at its start.

        Args:
            source: Its path.
            whole: Whether media are searched for secrets as other files are, and not at their head only: nothing else
                checks that they are media.

        Raises:
            FileRefusedError: It is not a visible, regular, non-empty file within the boundary, or looks like a secret.
        """
        # Links are resolved first, as far as the path exists: a path outside is refused as such, and the refusal does
        # not reveal whether it exists.
        path = self.approve(source)
        with folders.open_folder(path.parent) as folder:
            stream = folder.read(path.name, partial(check_file_status, source=source))
        with stream:
            self.check_content(path, stream, source, whole=whole)
            yield stream

    def locate(self, source: str) -> Path:
        """Return the path that a source names.

        Raises:
            FileRefusedError: It is no path, or one that the user may not name.
        """
        if not self.closed:
            return parse_local_path(source)
        name, _, rest = source.partition("/")
        parts = PurePosixPath(rest).parts
        if name not in self.mapped or PurePosixPath(rest).is_absolute() or ".." in parts:
            raise FileRefusedError(PATHS_CLOSED)
        return self.mapped[name].joinpath(*parts)

    def spell(self, path: Path) -> str:
        """Return a path as a source names it.

        Raises:
            FileRefusedError: It is one that the user may not name.
        """
        if not self.closed:
            return str(path)
        for name, root in self.mapped.items():
            if path.is_relative_to(root):
                return PurePosixPath(name, *path.relative_to(root).parts).as_posix()
        raise FileRefusedError(PATHS_CLOSED)

    def split(self, source: str) -> tuple[str, ...]:
        """Return the parts of a source's path, without the root, or its parts from the name of a mapped folder on."""
        return PurePosixPath(source).parts if self.closed else self.locate(source).absolute().parts[1:]

    def approve(self, source: str) -> Path:
        """Return the path of a source, links resolved as far as it exists.

        Raises:
            FileRefusedError: It is hidden, outside the roots, or no path.
        """
        return self.admit(self.locate(source), source)

    def admit(self, path: Path, source: str) -> Path:
        """Return a path, links resolved as far as it exists; `source` is its name in a message.

        Raises:
            FileRefusedError: It is hidden, outside the roots, or cannot be followed.
        """
        return self.check(resolve_links(path, self.roots, source), source, self.roots)

    def check(self, path: Path, source: str, roots: Sequence[Path]) -> Path:
        """Return a resolved path if it is visible and below one of some roots.

        Raises:
            FileRefusedError: It is not.
        """
        places = split_below_roots(path, roots)
        if not places:
            allowed = self.mapped or map(describe_root, roots)
            raise FileRefusedError(
                f"{quote_name(source)} is outside the allowed directories "
                f"({make_printable(', '.join(allowed))}); {self.remedy}.",
                reason=REASON_OUTSIDE,
            )
        if all(map(is_hidden, places)):
            raise FileRefusedError(
                f"{quote_name(source)} is, or lies in, a dot-file or dot-folder: these stay private.",
                reason=REASON_HIDDEN,
            )
        if has_short_name(path, min(map(len, places))):
            raise FileRefusedError(
                f"{quote_name(source)} has the short name of a file or folder that has another; give its whole name.",
                reason=REASON_HIDDEN,
            )
        return path

    def check_content(self, path: PurePath, stream: BufferedReader, source: str, *, whole: bool = False) -> None:
        """Check that a file is no secret, unless secrets may be read, and rewind it; `whole` is as for `open`.

        Raises:
            FileRefusedError: It looks like a secret.
        """
        if not self.secrets:
            check_not_secret(path, stream, source, whole=whole, remote=self.closed)

    def approve_output(self, path: str) -> Path:
        """Return the absolute path of a file to write, which does not exist; its parent is not created.

        Args:
            path: Relative to the output directory; an absolute one must be below an allowed directory, and is refused
                where the user may name no path.

        Raises:
            FileRefusedError: It is elsewhere, hidden, exists, or has characters that no name should have.
        """
        with translate_path_errors(path):
            if self.closed:
                return require_unused(self.output / approve_relative_name(path), path)
            wanted = require_plain_name(parse_local_path(path), path)
            roots = self.roots if wanted.is_absolute() else (self.output,)
            parent = resolve_links((self.output / wanted).parent, roots, path)
            return require_unused(self.check(parent / wanted.name, path, roots), path)


def check_not_secret(
    path: PurePath, stream: BufferedReader, source: str, *, whole: bool = False, remote: bool = False
) -> None:
    """Check that a file is no secret, and rewind it.

    Args:
        path: Its name.
        stream: Its content.
        source: Its name in a message.
        whole: As for `Boundary.open`.
        remote: Whether a user of another machine is told.

    Raises:
        FileRefusedError: It looks like a secret.
    """
    kind = detect_secret(path.name, read_for_secrets(stream, whole=whole))
    stream.seek(0)
    if kind:
        raise FileRefusedError(
            f"{quote_name(source)} looks like a secret ({kind}) and stays private; "
            f"{SECRETS_REMEDY if remote else OWN_SECRETS_REMEDY}.",
            reason=REASON_SECRET,
        )


def read_for_secrets(stream: BufferedReader, *, whole: bool = False) -> Iterator[bytes]:
    """Yield the chunks to search for secrets: the head of a media file, up to `MAX_SEARCHED_BYTES` of any other.

    With `whole`, media are read as any other file.
    """
    yield (head := stream.read(MEDIA_SEARCHED_BYTES))
    mime: str | None = guess_mime(head)
    if not whole and mime and mime.startswith(MEDIA_PREFIXES):
        return
    while stream.tell() < MAX_SEARCHED_BYTES and (chunk := stream.read(SECRET_CHUNK_BYTES)):
        yield chunk


def parse_local_path(source: str, *, windows: bool = folders.WINDOWS) -> Path:
    """Parse a path or file:// URL, and expand `~`.

    Raises:
        FileRefusedError: It is empty, has a NUL or another scheme, or names another machine or an unknown user.
    """
    if parse_scheme(source) not in ("", "file"):
        raise FileRefusedError(f"{quote_name(source)} is not a local path.")
    path = parse_file_url(source, windows=windows) if parse_scheme(source) else source
    if not path or "\0" in path:
        raise FileRefusedError(f"{quote_name(source)!r} is not a path: it is empty or has a NUL character.")
    try:
        return Path(path).expanduser()
    except (RuntimeError, UnicodeEncodeError):
        raise FileRefusedError(f"{quote_name(source)} names a user whose home directory is not known.") from None


def parse_file_url(url: str, *, windows: bool) -> str:
    """Return the path of a file URL, percent-decoded once; `#` and `?` belong to the path.

    Raises:
        FileRefusedError: The URL names another machine.
    """
    rest = url.partition(":")[2]
    if rest.startswith("//"):
        host, slash, rest = rest[2:].partition("/")
        rest = slash + rest
        if host.lower() not in ("", "localhost"):
            raise FileRefusedError(f"{quote_name(url)} is on another machine; copy the file to this one first.")
    path = unquote(rest)
    return re.sub(r"^/([A-Za-z])[:|]", r"\1:", path) if windows else path


def parse_scheme(source: str) -> str:
    """Return the scheme of a URL in lower case; empty for a path, also one with a drive letter."""
    found = URL_SCHEME.match(source)
    return (found[1] or found[2]).lower() if found else ""


def resolve_links(path: Path, roots: Sequence[Path], source: str) -> Path:
    """Resolve the links of a path, as far as it exists.

    A share that is not allowed is left as it is: access to it would send it the user's credentials.

    Raises:
        FileRefusedError: The links form a loop, or the path leads to a device, or has a character that the system does
            not support.
    """
    if leads_to_device(path):
        raise FileRefusedError(f"{quote_name(source)} leads to a device.")
    try:
        return path if is_foreign_share(path, roots) else adopt_root(path.resolve(), roots)
    except (RuntimeError, ValueError):
        raise FileRefusedError(f"{quote_name(source)} is not a path that can be followed.") from None


def describe_root(root: Path) -> str:
    """Return an allowed directory as listed in a message."""
    return f"{root}{'' if is_folder(root) else ' (not there yet)'}"


def require_unused(path: Path, source: str) -> Path:
    """Return a path at which nothing exists, not even a dangling link.

    Raises:
        FileRefusedError: Something exists there.
    """
    try:
        os.lstat(folders.lengthen_path(path))
    except FileNotFoundError:
        return path
    raise FileRefusedError(
        f"{quote_name(source)} exists already, and nothing is overwritten; choose another name.", reason=REASON_EXISTS
    )


def require_plain_name(path: Path, source: str) -> Path:
    """Return a path to write if it has no characters that mislead people.

    Raises:
        FileRefusedError: It has such characters.
    """
    if has_hidden_characters(str(path)) or is_misread_by_windows(path):
        raise FileRefusedError(
            f"{quote_name(source)} has characters that a file's name must not have; choose another name."
        )
    return path


def approve_relative_name(path: str) -> Path:
    """Return the relative path of a file to write in a folder or store that only the server accesses.

    Raises:
        FileRefusedError: It is absolute, leads out of the folder, is hidden, or has misleading characters.
    """
    wanted = PurePosixPath(path)
    name = require_plain_name(Path(wanted), path)
    elsewhere = wanted.is_absolute() or ".." in wanted.parts or path.startswith("~")
    if URL_SCHEME.match(path) or "\\" in path or elsewhere or not wanted.name:
        raise FileRefusedError(
            f"{quote_name(path)} cannot be output_path or save_as: files are saved by this server, under relative "
            "names like chart.png."
        )
    if any(map(has_leading_dot, wanted.parts)):
        raise FileRefusedError(f"{quote_name(path)} is a dot-file or in a dot-folder.", reason=REASON_HIDDEN)
    return name


def check_file_status(status: stat_result, source: str) -> None:
    """Check that a file can be given to Gemini.

    Raises:
        FileRefusedError: It is not a regular file, is empty or too large, or has a second name.
    """
    if stat.S_ISDIR(status.st_mode):
        raise FileRefusedError(f"{quote_name(source)} is a directory.", reason=REASON_LINKED_FOLDER)
    if not stat.S_ISREG(status.st_mode):
        raise FileRefusedError(f"{quote_name(source)} is not a regular file, but a device, a pipe or a socket.")
    if not status.st_size:
        raise FileRefusedError(f"{quote_name(source)} is empty.", reason=REASON_EMPTY)
    if status.st_size > MAX_FILE_BYTES:
        raise FileRefusedError(
            f"{quote_name(source)} is too large: the Files API takes at most 2 GB a file.", reason=REASON_TOO_LARGE
        )
    if status.st_nlink > 1:
        raise FileRefusedError(
            f"{quote_name(source)} has a hard link: the same file may have another name outside the allowed "
            "directories. "
            "Copy it, and name the copy.",
            reason=REASON_HARD_LINK,
        )
