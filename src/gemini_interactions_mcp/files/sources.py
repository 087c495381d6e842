"""Which source is meant by what a caller wrote: something on this computer, or an address."""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Final

from gemini_interactions_mcp.core import FileRefusedError, InputError, quote_name

from .addresses import is_address
from .boundary import Boundary
from .gathering import FolderWalk, parse_folder_query
from .left_out import Omissions
from .remote_sources import find_remote_source
from .spelling import find_exact, find_glob_folder, find_lookalike, list_readings

SAVED_FILES_URI: Final = re.compile(r"gemini://interactions/([^/]{1,1024})(?:/files/([^/]{1,800}))?")
"""The files that were saved for an interaction: one, or all."""

RECEIVED_FILE_URI: Final = re.compile(r"gemini://uploads/([A-Za-z0-9_-]{1,64})")
"""A file that a remote client has sent."""

MAX_SOURCES: Final = 100
"""Maximum number of sources of one call: files stay open while they are uploaded, and a program on macOS may have 256
files open."""
MAX_SOURCE_CHARACTERS: Final = 8_192
"""Maximum length of one source: paths have at most 4,096 bytes on Linux, URLs 8,000
(https://www.rfc-editor.org/rfc/rfc9110#section-4.1)."""


def deduplicate_sources(sources: Iterable[str]) -> list[str]:
    """Return the sources without duplicates.

    Raises:
        InputError: There are too many, or one is too long.
    """
    single = list(dict.fromkeys(sources))
    if len(single) > MAX_SOURCES:
        way = "Divide them among several calls." if any(map(is_address, single)) else "Name a folder."
        raise InputError(f"{len(single):,} sources are too many; at most {MAX_SOURCES} go in one call. {way}")
    if long := next((source for source in single if len(source) > MAX_SOURCE_CHARACTERS), None):
        raise InputError(f"{quote_name(long)} is too long for a path or an address: it has {len(long):,} characters.")
    return single


def find_meant_source(source: str, boundary: Boundary) -> str:
    """Return the reading of a source that names something that exists, else the source itself.

    Raises:
        FileRefusedError: Several files may be meant, or the user may name no path.
    """
    source = find_remote_source(source, boundary) if boundary.closed else source
    spellings = list_readings(source)
    if address := next(filter(is_address, spellings), None):
        spellings = spellings[: spellings.index(address)]
    as_glob = partial(find_glob, only=len(spellings) == 1 and not address)
    readings = (find(spelling, boundary) for find in (find_exact, find_lookalike, as_glob) for spelling in spellings)
    return next(filter(None, readings), address or source)


def find_glob(source: str, boundary: Boundary, *, only: bool) -> str | None:
    """Return a glob whose folder exists.

    Args:
        source: The glob.
        boundary: What may be read.
        only: Whether this is the only reading; otherwise the glob must match a file.

    Raises:
        FileRefusedError: Several folders may be meant.
    """
    if only:
        return find_glob_folder(source, boundary)
    with suppress(OSError, FileRefusedError):
        glob = find_glob_folder(source, boundary)
        what = parse_folder_query(glob, boundary) if glob else None
        return glob if what and FolderWalk(what, boundary.roots, Omissions(source)).find_files() else None
    return None
