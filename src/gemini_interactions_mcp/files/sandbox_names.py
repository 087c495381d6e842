"""Names of the user's files in the sandbox of an agent: safe, distinct, and as close to their own as can be. Pure."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from itertools import count
from pathlib import PurePosixPath
from typing import Final

from gemini_interactions_mcp.core import make_printable
from gemini_interactions_mcp.models import WORKSPACE_DIRECTORY

UNSAFE_CHARACTERS: Final = re.compile(r'[\\:*?"<>|]')
"""Characters that shells or file systems read as something else."""

MAX_SEGMENT_BYTES: Final = 120
"""Maximum length of a part of a path; Linux takes 255 bytes, archives and other systems fewer."""

MAX_DEPTH: Final = 12
"""Maximum number of parts of a path; the last ones count."""


def name_sandbox_files(names: Sequence[str], reserved: Collection[str] = ()) -> list[str]:
    """Return the paths of files in an environment, relative to its root, all distinct.

    Args:
        names: Paths of the files, as `LocalFile.name`.
        reserved: Directories of the workspace that hold something else.
    """
    wanted = [avoid_directories(clean_path(name), {fold_path(each) for each in reserved}) for name in names]
    # No file takes the place of a folder that another file is in.
    taken = {fold_path("/".join(parts[:depth])) for parts in wanted for depth in range(1, len(parts))}
    paths: list[str] = []
    for parts in wanted:
        path = next(each for each in iter_variants("/".join(parts)) if fold_path(each) not in taken)
        taken.add(fold_path(path))
        paths.append(f"{WORKSPACE_DIRECTORY}/{path}")
    return paths


def clean_path(name: str) -> list[str]:
    """Return the parts of a path without what leads elsewhere, hides or cannot be written."""
    parts = [clean_segment(part) for part in make_printable(name).split("/") if part not in ("", ".")]
    return parts[-MAX_DEPTH:] or ["file"]


def clean_segment(part: str) -> str:
    """Return a part of a path without unsafe characters, cut before its extension if it is too long."""
    plain = "".join(letter if letter.isprintable() else "_" for letter in unicodedata.normalize("NFC", part))
    text = UNSAFE_CHARACTERS.sub("_", plain).strip(" ")
    text = "_" if not text.strip(".") else text
    suffix = PurePosixPath(text).suffix
    suffix = suffix if len(suffix.encode()) <= MAX_SEGMENT_BYTES // 4 else ""
    stem = text.removesuffix(suffix) if suffix else text
    return cut_bytes(stem, MAX_SEGMENT_BYTES - len(suffix.encode())) + suffix


def cut_bytes(text: str, most: int) -> str:
    """Return the beginning of a text that has at most so many bytes of UTF-8."""
    return text.encode(errors="replace")[:most].decode(errors="ignore")


def avoid_directories(parts: list[str], reserved: Collection[str]) -> list[str]:
    """Return a path that does not lead into one of the directories."""
    first = next(each for each in iter_variants(parts[0]) if fold_path(each) not in reserved)
    return [first, *parts[1:]]


def iter_variants(path: str) -> Iterator[str]:
    """Yield a path, and then with numbers before its extension: `a.csv`, `a-2.csv` ..."""
    yield path
    pure = PurePosixPath(path)
    yield from (str(pure.with_stem(f"{pure.stem}-{number}")) for number in count(2))


def fold_path(path: str) -> str:
    """Return what is the same for paths that some systems take for one."""
    return unicodedata.normalize("NFKC", path).casefold()
