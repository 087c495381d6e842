"""What a source names: a file, the files of a folder or a glob, saved files of an interaction, or an address.

Folders and globs are read in order and within limits; what of them is left out is told, never silent. No URL is fetched
here: Gemini does that.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from . import media
from .errors import FileRefusedError
from .models import Content
from .paths import HIDDEN, Boundary, hidden, local_path, refusals, scheme
from .words import shown

FILES_API: Final = "https://generativelanguage.googleapis.com/v1beta/"
FILE_NAME: Final = re.compile(r"(?:https://generativelanguage\.googleapis\.com/v1\w*/)?(files/[a-z0-9-]{1,40})")
"""A file of the Files API; ids have at most 40 characters (google-genai 3.4.0, types.File.name)."""

SAVED: Final = re.compile(r"gemini://interactions/([^/]{1,1024})(?:/files/([^/]{1,800}))?")
"""What was saved for an interaction: one file, or all."""

YOUTUBE: Final = re.compile(r"(?:[\w-]+\.)?(?:youtube\.com|youtube-nocookie\.com|youtu\.be)")
TAKEN: Final = (
    "a local path, folder or glob, a file://, http(s):// or gs:// URL, a YouTube link, "
    "gemini://interactions/{id}/files/{name}, or a Files API name such as files/abc"
)
MAGIC: Final = re.compile(r"[*?\[]")

MOST_FILES: Final = 100
"""From folders and globs, in one call."""
MOST_BYTES: Final = 2**30
"""Of these files together."""
MOST_ENTRIES: Final = 20_000
"""Looked at in one folder."""
MOST_NAMES: Final = 3
"""Told of each reason for which files were left out."""


@dataclass(frozen=True, slots=True)
class Named:
    """A local file to give to Gemini.

    Attributes:
        source: Its path, as the caller names it or as it was found.
        label: What it is called towards Gemini, when it was found in a folder.
    """

    source: str
    label: str = ""


@dataclass(slots=True)
class LeftOut:
    """What of one folder or glob is not given, by reason.

    Attributes:
        ended: It was too large to be looked at as a whole.
    """

    source: str
    names: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    ended: bool = False

    def add(self, reason: str, *names: str) -> None:
        """Note files that are left out."""
        if names:
            self.names.setdefault(reason, []).extend(names)

    def said(self) -> str:
        """`Left out of docs: 1 hidden (.git); 4 empty (a, b, c ...)`; empty when nothing was."""
        counts = [f"{len(names)} {reason} ({listed(names)})" for reason, names in self.names.items()]
        if self.ended:
            counts.append(f"whatever comes after its first {MOST_ENTRIES:,} entries")
        return f"Left out of {shown(self.source)}: {'; '.join(counts)}." if counts else ""


def listed(names: Sequence[str]) -> str:
    """Some names, and a sign that there are more."""
    more = " ..." if len(names) > MOST_NAMES else ""
    return ", ".join(shown(name) for name in names[:MOST_NAMES]) + more


# Folders and globs ---------------------------------------------------------------------------------------


def found(source: str, boundary: Boundary, left_out: LeftOut) -> list[Named] | None:
    """The files that a folder or glob stands for, in order; None when the source is one file.

    Raises:
        FileRefusedError: It is outside the boundary or hidden, or has nothing in it.
    """
    with refusals(source):
        pattern = pattern_of(source, boundary)
        if pattern is None:
            return None
        base, parts = pattern
        files = walk(base, parts, left_out)
    if not files:
        raise FileRefusedError(f"{shown(source)} has no file in it, or matches none. {left_out.said()}".rstrip())
    top = "" if MAGIC.search(local_path(source).parts[0]) else base.name
    return [Named(str(base / file), str(PurePosixPath(top, file))) for file in files]


def pattern_of(source: str, boundary: Boundary) -> tuple[Path, tuple[str, ...]] | None:
    """The folder that is looked in, resolved, and the pattern of the paths below it; None for a file.

    Raises:
        FileRefusedError: It is outside the boundary or hidden.
    """
    path = boundary.approved(source)
    if path.is_dir():
        return path, ("**",)
    parts = local_path(source).parts
    first = next((index for index, part in enumerate(parts) if MAGIC.search(part)), None)
    if first is not None and ".." in parts[first:]:
        raise FileRefusedError(f"{shown(source)} has `..` behind a wildcard.")
    if first is None or path.exists():
        return None
    return boundary.approved(str(Path(*parts[:first]))), parts[first:]


def walk(base: Path, pattern: Sequence[str], left_out: LeftOut) -> list[str]:
    """The files below a folder that match and are not hidden, sorted; links to folders are not followed."""
    files: list[PurePosixPath] = []
    seen = 0
    for folder, folders, names in os.walk(base):
        place = PurePosixPath(Path(folder).relative_to(base).as_posix())
        kept = [place / name for name in names if not hidden([name])]
        unseen = [place / name for name in sorted((*folders, *names)) if hidden([name])]
        folders[:] = [name for name in folders if not hidden([name])]
        files += fitting(kept, pattern)
        left_out.add(HIDDEN, *map(str, fitting(unseen, pattern)))
        seen += len(folders) + len(names)
        if seen > MOST_ENTRIES:
            left_out.ended = True
            break
    return [str(file) for file in sorted(files)]


def fitting(paths: Iterable[PurePosixPath], pattern: Sequence[str]) -> list[PurePosixPath]:
    """Those paths that match."""
    return [path for path in paths if matches(path.parts, pattern)]


def matches(path: Iterable[str], pattern: Sequence[str]) -> bool:
    """Whether the parts of a path match those of a glob, of which `**` is any number of folders."""
    pattern = (*pattern, "*") if pattern[-1] == "**" else tuple(pattern)
    places = after(pattern, [0])
    for part in path:
        places = after(pattern, [each for place in places for each in taken(pattern, place, part)])
    return len(pattern) in places


def taken(pattern: Sequence[str], place: int, part: str) -> Iterator[int]:
    """Where in the pattern one can be after a part of the path."""
    if place < len(pattern) and pattern[place] == "**":
        yield place
    elif place < len(pattern) and fnmatch(part, pattern[place]):
        yield place + 1


def after(pattern: Sequence[str], places: Iterable[int]) -> set[int]:
    """The places, and those behind a `**`, which may stand for nothing."""
    reached = set(places)
    for place, part in enumerate(pattern):
        if place in reached and part == "**":
            reached.add(place + 1)
    return reached


# Addresses -----------------------------------------------------------------------------------------------


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
