"""What a source names: something on this computer, saved files of an interaction, or an address.

No URL is fetched here: Gemini does that.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from gemini_interactions_mcp.core import FileRefusedError, InputError, shown
from gemini_interactions_mcp.models import Content, media_types

from .boundary import Boundary, scheme
from .gathering import LeftOut, Walk, wanted
from .reachability import reachable
from .spelling import exact, lookalike, patterned, spelled

FILES_API: Final = "https://generativelanguage.googleapis.com/v1beta/"
FILE_NAME: Final = re.compile(r"(?:https://generativelanguage\.googleapis\.com/v1\w*/)?(files/[a-z0-9-]{1,40})")
"""A file of the Files API; ids have at most 40 characters (google-genai 3.4.0, types.File.name)."""

SAVED: Final = re.compile(r"gemini://interactions/([^/]{1,1024})(?:/files/([^/]{1,800}))?")
"""What was saved for an interaction: one file, or all."""

YOUTUBE: Final = re.compile(r"(?:[\w-]+\.)?(?:youtube\.com|youtube-nocookie\.com|youtu\.be)")
TAKEN: Final = (
    "a local path, folder or glob, a file:// or http(s):// URL, a YouTube link, "
    "gemini://interactions/{id}/files/{name}, or a Files API name such as files/abc"
)
LOCALLY: Final = "Download it, and give the file."

MOST_SOURCES: Final = 100
"""In one call: files that are uploaded stay open meanwhile, and a program on macOS may have 256 open."""
SOURCE_CHARACTERS: Final = 8_192
"""Of one source: paths have at most 4,096 bytes on Linux, addresses 8,000 (https://www.rfc-editor.org/rfc/rfc9110#section-4.1)."""


def bounded(sources: Iterable[str]) -> list[str]:
    """The sources, each once.

    Raises:
        InputError: They are too many, or one is too long to be any.
    """
    single = list(dict.fromkeys(sources))
    if len(single) > MOST_SOURCES:
        way = "Divide them among several calls." if any(map(is_address, single)) else "Name a folder."
        raise InputError(f"{len(single):,} sources are too many; at most {MOST_SOURCES} go in one call. {way}")
    if long := next((source for source in single if len(source) > SOURCE_CHARACTERS), None):
        raise InputError(f"{shown(long)} is too long for a path or an address: it has {len(long):,} characters.")
    return single


# What is meant -------------------------------------------------------------------------------------------


def meant(source: str, boundary: Boundary) -> str:
    """The source that is there, of what people may mean by what they wrote; the source itself where none is.

    Raises:
        FileRefusedError: Several may be meant.
    """
    spellings = spelled(source)
    if address := next(filter(is_address, spellings), None):
        spellings = spellings[: spellings.index(address)]
    for reading in (exact, lookalike, partial(globbed, only=len(spellings) == 1 and not address)):
        for spelling in spellings:
            if found := reading(spelling, boundary):
                return found
    return address or source


def is_address(source: str) -> bool:
    """Whether a source names nothing on this computer."""
    return scheme(source) not in ("", "file") or FILE_NAME.fullmatch(source) is not None


def globbed(source: str, boundary: Boundary, *, only: bool) -> str | None:
    """A glob whose folder is there; where it may also be read in other ways, one that has files.

    Raises:
        FileRefusedError: Several folders may be meant.
    """
    if only:
        return patterned(source, boundary)
    with suppress(OSError, FileRefusedError):
        glob = patterned(source, boundary)
        what = wanted(glob, boundary) if glob else None
        return glob if what and Walk(what, boundary.roots, LeftOut(source)).files() else None
    return None


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
        case "http" | "https":
            return url_block(source)
        case "gs":
            raise FileRefusedError(
                f"{shown(source)} is in Google Cloud Storage, which an API key does not open. {LOCALLY}"
            )
        case _:
            raise FileRefusedError(f"{shown(source)} cannot be given to Gemini: name {TAKEN}.")


def url_block(source: str) -> Content:
    """The block of an http(s) URL: a video of YouTube, or what its extension says.

    Raises:
        FileRefusedError: It is no well-formed URL, or Google does not reach it.
    """
    url = split(source)
    if url is None or not url.hostname or not source.isprintable() or " " in source or "\\" in source:
        raise FileRefusedError(f"{shown(source)} is not a well-formed URL: name {TAKEN}.")
    if not reachable(unquote(url.hostname).lower()):
        raise FileRefusedError(
            f"{shown(source)} leads to this computer or into a private network, where Google cannot read it. {LOCALLY}"
        )
    if YOUTUBE.fullmatch(url.hostname):
        return {"type": "video", "uri": source}
    return uri_block(source, media_types.EXTENSIONS.get(extension(unquote(url.path)), ""))


def split(source: str) -> SplitResult | None:
    """The parts of a URL; None when it has none, or no possible port."""
    try:
        url = urlsplit(source)
        return url if url.port != 0 else None
    except ValueError:
        return None


def uri_block(uri: str, mime: str) -> Content:
    """A block by its uri; where the type is not known, a document, which is what pages and texts are to Gemini."""
    block = {"type": media_types.KINDS.get(mime, "document"), "uri": uri}
    return {**block, "mime_type": mime} if mime else block


def extension(name: str) -> str:
    """The lower-case extension of a path, without its dot."""
    return PurePosixPath(name).suffix[1:].lower()
