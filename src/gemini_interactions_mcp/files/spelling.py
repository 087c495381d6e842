"""What people mean by a path that is not there as it is written: quotes and escapes around it, letters that look alike.

A name is looked for in folders that may be read only, and what is found is checked like any other. Everything here
blocks, but for `spelled`.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from gemini_interactions_mcp.core import FileRefusedError, printable, shown, unquoted

from .boundary import WINDOWS, Boundary, hidden, local_path
from .globs import divided, name_key

YOUTUBE_PAGE: Final = re.compile(
    r"(?://)?((?:[\w-]+\.)*(?:youtube\.com|youtube-nocookie\.com|youtu\.be)/\S+)", re.IGNORECASE
)
"""An address of YouTube without its scheme, as browsers show it."""

MOST_SIBLINGS: Final = 100_000
"""Names that are read of one folder."""


def spelled(source: str, *, windows: bool = WINDOWS) -> list[str]:
    """What a source may mean, as it is written first: without quotes, a coding assistant's `@`, a shell's escapes."""
    found = [source]
    for step in (str.strip, without_at, unquoted, without_at, str if windows else without_escapes, addressed):
        found.append(step(found[-1]))
    return [each for each in dict.fromkeys(found) if each]


def without_at(text: str) -> str:
    """A mention of a file, as coding assistants write it, without its `@`."""
    return text.removeprefix("@")


def without_escapes(text: str) -> str:
    """A path without a shell's backslashes."""
    return re.sub(r"\\(.)", r"\1", text)


def addressed(text: str) -> str:
    """An address of YouTube with its scheme; any other text as it is."""
    page = YOUTUBE_PAGE.fullmatch(text)
    return f"https://{page[1]}" if page else text


def exact(source: str, boundary: Boundary) -> str | None:
    """The source, if there is something of that name."""
    with suppress(OSError, FileRefusedError):
        return source if boundary.approved(source).exists() else None
    return None


def lookalike(source: str, boundary: Boundary) -> str | None:
    """The path of what is there under names that are equal once they are folded, part by part.

    Raises:
        FileRefusedError: There are several.
    """
    with suppress(OSError):
        place, names = start(source, boundary)
        for name in names:
            if place is None:
                break
            place = next_place(place, name, boundary, source)
        return str(place) if place and place.exists() else None
    return None


def start(source: str, boundary: Boundary) -> tuple[Path | None, Sequence[str]]:
    """The allowed directory that a source is in, and the parts of its path below that; None where it is in none."""
    with suppress(FileRefusedError):
        path = boundary.approved(str(composed_alike(local_path(source).absolute(), boundary.roots)))
        root = next(root for root in boundary.roots if path.is_relative_to(root))
        return root, path.relative_to(root).parts
    return None, ()


def composed_alike(path: Path, roots: Sequence[Path]) -> Path:
    """A path below the allowed directory that differs from its first parts in the Unicode form alone."""
    for root in roots:
        head, rest = path.parts[: len(root.parts)], path.parts[len(root.parts) :]
        if composed(head) == composed(root.parts):
            return root.joinpath(*rest)
    return path


def composed(parts: Iterable[str]) -> list[str]:
    """Names in Unicode's composed form: those that look the same are the same."""
    return [unicodedata.normalize("NFC", part) for part in parts]


def next_place(place: Path, name: str, boundary: Boundary, source: str) -> Path | None:
    """What is there under a name, or under the only one that looks like it; None where there is none.

    Raises:
        FileRefusedError: There are several.
    """
    names = [name] if os.path.lexists(place / name) else siblings(place, name)
    if len(names) > 1:
        clear = (
            names if len(set(composed(map(printable, names)))) == len(names) else [ascii(each)[1:-1] for each in names]
        )
        raise FileRefusedError(f"{shown(source)} does not exist, and may be one of: {', '.join(map(shown, clear))}.")
    with suppress(FileRefusedError):
        return boundary.approved(str(place / names[0])) if names else None
    return None


def siblings(folder: Path, name: str) -> list[str]:
    """The visible names in a folder that look like a name."""
    wanted = name_key(name)
    with os.scandir(folder) as entries:
        names = (entry.name for entry in islice(entries, MOST_SIBLINGS))
        return sorted(each for each in names if name_key(each) == wanted and not hidden([each]))


def patterned(source: str, boundary: Boundary) -> str | None:
    """A glob whose folder is there, or the same in a folder that looks like it; None for any other source.

    Raises:
        FileRefusedError: There are several such folders.
    """
    path = path_of(source)
    base, pattern = divided(path.as_posix()) if path else ("", "")
    if not pattern or exact(base, boundary):
        return source if pattern else None
    folder = lookalike(base, boundary)
    return str(Path(folder, pattern)) if folder else None


def path_of(source: str) -> Path | None:
    """The path that a source names; None where it names none."""
    with suppress(FileRefusedError):
        return local_path(source)
    return None
