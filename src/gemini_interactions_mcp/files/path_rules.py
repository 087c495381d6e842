"""How the names of paths are read: by which system, below which directory, hidden or misleading.

Windows and macOS take several spellings for one file; what is compared here is what they would open.
"""

import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePath, PureWindowsPath
from typing import Final

from gemini_interactions_mcp.core import folders

from .globs import fold_name

WINDOWS_DEVICE: Final = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])[ ]*(\.|$)", re.IGNORECASE)
WINDOWS_SIGNS: Final = re.compile(r'[<>:"|?*\x00-\x1f]|[. ]$')
"""Names that Windows takes for a device, refuses, or shortens:
https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file"""

REMOTE_PREFIXES: Final = ("\\\\", "\\??\\")
"""Begin the paths of Windows that may lead to other machines and to devices:
https://learn.microsoft.com/en-us/dotnet/standard/io/file-path-formats"""

SHORT_NAME: Final = re.compile(r"(?=[^.]{3,8}(\.|$))[^.]+~[0-9A-Z]+(\.[^.]{1,3})?", re.IGNORECASE)
"""A name as FAT, NTFS and network shares give it to files beside their own, such as `GIT~1` to `.git`:
https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file#short-vs-long-names"""


def is_foreign_share(path: PurePath, roots: Sequence[PurePath], *, windows: bool = folders.WINDOWS) -> bool:
    """Whether a path is on a Windows network share or device that no allowed directory is on."""
    wanted = PureWindowsPath(path)
    # Below the home of an unknown user, a directory is on no drive, as an NT path is.
    known = filter(None, (PureWindowsPath(root).drive.lower() for root in roots))
    return windows and str(wanted).startswith(REMOTE_PREFIXES) and wanted.drive.lower() not in known


def leads_to_device(path: PurePath, *, windows: bool = folders.WINDOWS) -> bool:
    """Whether Windows takes a part of a path for a device, such as a serial port; to look it up already opens it."""
    return windows and any(map(WINDOWS_DEVICE.match, PureWindowsPath(path).parts))


def adopt_root(path: Path, roots: Sequence[Path]) -> Path:
    """Return a resolved path with the allowed directory that it is below spelled as that is.

    On macOS and Windows, a directory answers to other spellings, by case and Unicode form. Whether one does is asked of
    the system: folders of Windows may tell case apart, too.
    """
    for root in roots:
        head, rest = path.parts[: len(root.parts)], path.parts[len(root.parts) :]
        if head != root.parts and fold_parts(head) == fold_parts(root.parts) and is_same_folder(Path(*head), root):
            return root.joinpath(*rest)
    return path


def fold_parts(parts: Sequence[str]) -> list[str]:
    """Fold the names of a path so that all spellings of one are equal."""
    return [fold_name(part) for part in parts]


def is_same_folder(one: Path, other: Path) -> bool:
    """Whether two paths lead to one folder at this moment."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def split_below_roots(path: PurePath, roots: Sequence[PurePath]) -> list[tuple[str, ...]]:
    """Return the parts of a resolved path below each allowed directory that contains it, letter for letter."""
    depths = ((len(root.parts), root.parts) for root in roots)
    return [path.parts[depth:] for depth, parts in depths if path.parts[:depth] == parts]


def has_short_name(path: Path, depth: int) -> bool:
    """Whether one of the last names of a path is the second one of a file or folder, which may hide its first."""
    return any(SHORT_NAME.fullmatch(each.name) and is_unlisted(each) for each in (path, *path.parents)[:depth])


def is_unlisted(path: Path) -> bool:
    """Whether what exists at a path is not among the names of its folder, or these cannot be read."""
    if not os.path.lexists(folders.lengthen_path(path)):
        return False
    wanted = fold_name(path.name)
    try:
        with os.scandir(folders.lengthen_path(path.parent)) as entries:
            return all(fold_name(entry.name) != wanted for entry in entries)
    except OSError:
        return True


def is_hidden(parts: Sequence[str], *, windows: bool = folders.WINDOWS) -> bool:
    """Whether a path leads through a dot-file or dot-folder, or names an alternate stream of a Windows file."""
    return any(has_leading_dot(part) or (windows and ":" in part) for part in parts)


def has_leading_dot(part: str) -> bool:
    """Whether a name begins with a dot, also one in another form or behind invisible characters."""
    first = next((letter for letter in part if unicodedata.category(letter) != "Cf"), "")
    return unicodedata.normalize("NFKC", first) == "."


def is_misread_by_windows(path: PurePath, *, windows: bool = folders.WINDOWS) -> bool:
    """Whether Windows would take a part of a path to write for something else: a device, another name, a stream."""
    names = [name for name in path.relative_to(path.anchor).parts if name != ".."]
    return windows and any(WINDOWS_DEVICE.match(name) or WINDOWS_SIGNS.search(name) for name in names)
