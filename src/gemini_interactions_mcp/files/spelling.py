"""What a path that does not exist as written may mean: quotes and escapes around it, letters that look alike.

A name is looked up only in folders that may be read, and what is found is checked like any other path. Everything here
blocks, except `list_readings`.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from gemini_interactions_mcp.core import FileRefusedError, folders, make_printable, quote_name, strip_quotes

from .boundary import Boundary, parse_local_path
from .globs import fold_name, split_glob
from .path_rules import is_hidden

YOUTUBE_ADDRESS: Final = re.compile(
    r"(?://)?((?:[\w-]+\.)*(?:youtube\.com|youtube-nocookie\.com|youtu\.be)/\S+)", re.IGNORECASE
)
"""A YouTube address without its scheme, as browsers show it."""

MAX_SIBLINGS: Final = 100_000
"""Maximum number of names read of one folder."""


def list_readings(source: str, *, windows: bool = folders.WINDOWS) -> list[str]:
    """Return the readings of a source: as written, then without quotes, an assistant's `@`, a shell's escapes."""
    found = [source]
    for step in (str.strip, strip_at, strip_quotes, strip_at, str if windows else strip_escapes, add_scheme):
        found.append(step(found[-1]))
    return [each for each in dict.fromkeys(found) if each]


def strip_at(text: str) -> str:
    """Remove the `@` with which coding assistants mention a file."""
    return text.removeprefix("@")


def strip_escapes(text: str) -> str:
    """Remove a shell's backslashes from a path."""
    return re.sub(r"\\(.)", r"\1", text)


def add_scheme(text: str) -> str:
    """Add the scheme to a YouTube address; return any other text unchanged."""
    page = YOUTUBE_ADDRESS.fullmatch(text)
    return f"https://{page[1]}" if page else text


def find_exact(source: str, boundary: Boundary) -> str | None:
    """Return the source if something of that name exists."""
    with suppress(OSError, FileRefusedError):
        return source if boundary.approve(source).exists() else None
    return None


def find_lookalike(source: str, boundary: Boundary) -> str | None:
    """Return the path of what exists under names that are equal to the source's when folded, part by part.

    Raises:
        FileRefusedError: There are several.
    """
    with suppress(OSError):
        place, names = locate_below_root(source, boundary)
        for name in names:
            if place is None:
                break
            place = find_next_part(place, name, boundary, source)
        return boundary.spell(place) if place and place.exists() else None
    return None


def locate_below_root(source: str, boundary: Boundary) -> tuple[Path | None, Sequence[str]]:
    """Return the allowed directory that contains a source, or None, and the parts of its path below that."""
    with suppress(FileRefusedError):
        path = boundary.admit(replace_root_form(boundary.locate(source).absolute(), boundary.roots), source)
        root = next(root for root in boundary.roots if path.is_relative_to(root))
        return root, path.relative_to(root).parts
    return None, ()


def replace_root_form(path: Path, roots: Sequence[Path]) -> Path:
    """Replace the first parts of a path by the allowed directory that differs from them in the Unicode form only."""
    for root in roots:
        head, rest = path.parts[: len(root.parts)], path.parts[len(root.parts) :]
        if compose_names(head) == compose_names(root.parts):
            return root.joinpath(*rest)
    return path


def compose_names(parts: Iterable[str]) -> list[str]:
    """Normalize names to Unicode's composed form, in which those that look the same are equal."""
    return [unicodedata.normalize("NFC", part) for part in parts]


def find_next_part(place: Path, name: str, boundary: Boundary, source: str) -> Path | None:
    """Return what exists in a folder under a name, or under the only name that looks like it; None if nothing does.

    Raises:
        FileRefusedError: Several names look like it.
    """
    names = [name] if os.path.lexists(place / name) else find_siblings(place, name)
    if len(names) > 1:
        clear = (
            names
            if len(set(compose_names(map(make_printable, names)))) == len(names)
            else [ascii(each)[1:-1] for each in names]
        )
        raise FileRefusedError(
            f"{quote_name(source)} does not exist, and may be one of: {', '.join(map(quote_name, clear))}."
        )
    with suppress(FileRefusedError):
        return boundary.admit(place / names[0], source) if names else None
    return None


def find_siblings(folder: Path, name: str) -> list[str]:
    """Return the visible names in a folder that look like a name."""
    wanted = fold_name(name)
    with os.scandir(folder) as entries:
        names = (entry.name for entry in islice(entries, MAX_SIBLINGS))
        return sorted(each for each in names if fold_name(each) == wanted and not is_hidden([each]))


def find_glob_folder(source: str, boundary: Boundary) -> str | None:
    """Return a glob if its folder exists, else the same glob in a folder that looks like it; None for other sources.

    Raises:
        FileRefusedError: Several folders look like it.
    """
    path = parse_optional_path(source)
    base, pattern = split_glob(path.as_posix()) if path else ("", "")
    if not pattern or find_exact(base, boundary):
        return source if pattern else None
    folder = find_lookalike(base, boundary)
    return str(Path(folder, pattern)) if folder else None


def parse_optional_path(source: str) -> Path | None:
    """Return the path that a source names; None if it names none."""
    with suppress(FileRefusedError):
        return parse_local_path(source)
    return None
