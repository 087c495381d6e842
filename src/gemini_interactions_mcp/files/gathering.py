"""The files of a folder or glob, within limits: shallow ones first, of one depth the small ones first.

Hidden entries, folders of dependencies and builds, and what git ignores are skipped and counted; whatever is left out
is told. Everything here blocks.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from gemini_interactions_mcp.core import FileRefusedError, quote_name
from gemini_interactions_mcp.settings import is_folder

from . import ignoring
from .boundary import REASON_HIDDEN, REASON_UNREADABLE, Boundary, parse_local_path
from .globs import GlobPattern, can_hold_matches, expand_braces, fold_name, path_matches, split_glob
from .ignoring import IgnoreRules
from .inspection import NamedFile
from .left_out import Omissions
from .path_rules import is_hidden

SKIPPED_FOLDERS: Final = frozenset(
    {
        *("node_modules", "bower_components", "jspm_packages", "vendor", "Pods", "Carthage"),
        *("venv", "virtualenv", "site-packages", "__pycache__", "__pypackages__"),
        *("build", "dist", "target", "DerivedData"),
    }
)
"""Folders of dependencies and builds, from GitHub's templates of `.gitignore` (https://github.com/github/gitignore);
those whose name begins with a dot (`.venv`, `.tox`, `.git` ...) are hidden anyway."""

# Reasons by which files that were skipped are counted.
REASON_DEPENDENCIES: Final = "of dependencies and builds"
REASON_IGNORED: Final = "ignored by .gitignore"
REASON_SPELLING: Final = "spelled differently"

MAX_FOLDER_ENTRIES: Final = 20_000
"""Maximum number of entries inspected in the folders of one call."""
MAX_LISTED_ENTRIES: Final = 100_000
"""Maximum number of entries read of one folder, before they are sorted."""
MAX_COUNTED_ENTRIES: Final = 50_000
"""Maximum number of entries counted in the skipped folders of one source."""


@dataclass(frozen=True)
class FolderQuery:
    """What a folder or glob stands for.

    Attributes:
        base: The folder to look in, resolved.
        patterns: Of paths below it.
        depth: How many of the last parts of `base` belong to the names of its files.
        told: The folder in a mapped one, as sources name it; empty for one that has its path as its name.
    """

    base: Path
    patterns: tuple[GlobPattern, ...]
    depth: int
    told: str = ""

    @cached_property
    def _keys(self) -> tuple[GlobPattern, ...]:
        """The folded patterns."""
        return tuple(tuple(map(fold_name, pattern)) for pattern in self.patterns)

    def matches_exactly(self, path: str) -> bool:
        """Whether the path of a file matches."""
        return any(path_matches(path.split("/"), pattern) for pattern in self.patterns)

    def matches_folded(self, path: str) -> bool:
        """Whether the path of a file matches regardless of case, width and Unicode form."""
        parts = [fold_name(part) for part in path.split("/")]
        return any(path_matches(parts, pattern) for pattern in self._keys)

    def may_hold_matches(self, folder: str) -> bool:
        """Whether something below a folder may match, exactly or folded."""
        parts = [fold_name(part) for part in folder.split("/")]
        return any(can_hold_matches(parts, pattern) for pattern in self._keys)

    def has_part(self, name: str) -> bool:
        """Whether the name of a folder occurs in a pattern."""
        return any(name in pattern for pattern in self.patterns)


EVERY_FILE: Final[tuple[GlobPattern, ...]] = (("**", "*"),)


def parse_folder_query(source: str, boundary: Boundary) -> FolderQuery | None:
    """Parse a folder or glob; None for the path of a file.

    Raises:
        FileRefusedError: It is outside the boundary or hidden, or is not a valid pattern.
    """
    path = boundary.approve(source)
    given = parse_local_path(source)
    if is_folder(path):
        return FolderQuery(path, EVERY_FILE, min(1, len(given.parts)), tell_folder(source, boundary))
    base, pattern = split_glob(given.as_posix())
    if ".." in pattern.split("/"):
        raise FileRefusedError(f"{quote_name(source)} has `..` behind a wildcard.")
    if not pattern or os.path.lexists(path):
        return None
    folder = boundary.approve(base)
    return FolderQuery(folder, expand_braces(pattern), 0 if base == "." else 1, tell_folder(base, boundary))


def tell_folder(name: str, boundary: Boundary) -> str:
    """Return the name by which a user of another machine knows a folder; empty for the user of this one."""
    return name.rstrip("/") if boundary.closed else ""


class FolderWalk:
    """One walk through a folder, breadth first; links to folders are not followed.

    Args:
        wanted: What to look for.
        roots: The `.gitignore` files above these are not read.
        left_out: Collects what is skipped.
        most: Maximum number of entries to inspect, of one folder the first by name.

    Attributes:
        seen: Number of entries inspected.
    """

    def __init__(
        self, wanted: FolderQuery, roots: Sequence[Path], left_out: Omissions, most: int = MAX_FOLDER_ENTRIES
    ) -> None:
        self.seen = 0
        self._wanted = wanted
        self._most = most
        self._ended = False
        self._base = wanted.base.as_posix().rstrip("/")
        self._left_out = left_out
        self._uncounted = MAX_COUNTED_ENTRIES
        self._folders = deque([("", IgnoreRules.read_above(wanted.base, roots))])
        self._exact: list[tuple[int, int, str]] = []
        self._folded: list[tuple[int, int, str]] = []

    def find_files(self) -> list[NamedFile]:
        """Return the files that match, shallow ones first, of one depth the small ones first.

        Raises:
            FileRefusedError: There is none.
        """
        while self._folders and not self._ended:
            self._enter(*self._folders.popleft())
        self._left_out.ended = self.seen if self._ended else None
        if not self._exact and not self._folded:
            left_out = self._left_out
            raise FileRefusedError(
                f"{quote_name(left_out.source)} has no file in it, or matches none. {left_out.describe()}".rstrip()
            )
        if self._exact:
            self._left_out.add(REASON_SPELLING, *(path for _, _, path in sorted(self._folded)))
        return [self._named(path) for _, _, path in sorted(self._exact or self._folded)]

    def _named(self, path: str) -> NamedFile:
        depth = self._wanted.depth + path.count("/") + 1
        if told := self._wanted.told:
            return NamedFile(f"{told}/{path}", PurePosixPath(told, path).parts, depth)
        whole = f"{self._base}/{path}"
        return NamedFile(str(Path(whole)), PurePosixPath(whole).parts[1:], depth)

    def _enter(self, place: str, rules: IgnoreRules) -> None:
        folder = Path(f"{self._base}/{place}")
        try:
            entries = list_entries(folder)
        except OSError:
            self._left_out.add(REASON_UNREADABLE, f"{place}/")
            return
        if len(entries) > MAX_LISTED_ENTRIES:
            self._left_out.unlisted[place] = MAX_LISTED_ENTRIES
        within = rules.read_within(folder) if any(entry.name == ignoring.GITIGNORE for entry in entries) else rules
        for entry in self._limit(entries):
            self._inspect(entry, f"{place}/{entry.name}".lstrip("/"), within)

    def _limit(self, entries: list[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
        """Return the first entries of a folder, as many as may still be inspected."""
        first = entries[: min(self._most - self.seen, MAX_LISTED_ENTRIES)]
        self._ended = len(first) < len(entries)
        self.seen += len(first)
        return first

    def _inspect(self, entry: os.DirEntry[str], path: str, rules: IgnoreRules) -> None:
        folder = entry.is_dir(follow_symlinks=False)
        if is_hidden([entry.name]):
            self._left_out.add(REASON_HIDDEN, *filter(self._wanted.matches_exactly, [path]))
        elif not folder:
            self._inspect_file(entry, path, rules)
        elif self._wanted.may_hold_matches(path):
            self._inspect_folder(entry.name, path, rules)

    def _inspect_folder(self, name: str, path: str, rules: IgnoreRules) -> None:
        if name in SKIPPED_FOLDERS and not self._wanted.has_part(name):
            self._skip(REASON_DEPENDENCIES, path)
        elif rules.is_ignored(f"{self._base}/{path}", folder=True):
            self._skip(REASON_IGNORED, path)
        else:
            self._folders.append((path, rules))

    def _inspect_file(self, entry: os.DirEntry[str], path: str, rules: IgnoreRules) -> None:
        exact = self._wanted.matches_exactly(path)
        if not exact and not self._wanted.matches_folded(path):
            return
        if rules.is_ignored(f"{self._base}/{path}", folder=False):
            self._left_out.add(REASON_IGNORED, path)
            return
        found = self._exact if exact else self._folded
        found.append((path.count("/"), get_entry_bytes(entry), path))

    def _skip(self, reason: str, path: str) -> None:
        """Skip a folder, and count its files that match."""
        counted = list(islice(self._matches_below(path), self._uncounted))
        partly = len(counted) == self._uncounted
        self._uncounted -= len(counted)
        self._left_out.add_folder(reason, path, sum(counted), partly=partly)

    def _matches_below(self, path: str) -> Iterator[bool]:
        """For each entry below a folder, yield whether it is a file that matches."""
        for folder, folders, names in os.walk(f"{self._base}/{path}"):
            place = Path(folder).as_posix()[len(self._base) + 1 :]
            yield from (self._wanted.matches_exactly(f"{place}/{name}") for name in names)
            yield from (False for _ in folders)


def list_entries(folder: Path) -> list[os.DirEntry[str]]:
    """List the entries of a folder by name; of a very large one, one more than `MAX_LISTED_ENTRIES`."""
    with os.scandir(folder) as entries:
        return sorted(islice(entries, MAX_LISTED_ENTRIES + 1), key=lambda entry: entry.name)


def get_entry_bytes(entry: os.DirEntry[str]) -> int:
    """Return the size of an entry in bytes, 0 if unknown."""
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0
