"""The files of a folder or glob: shallow and small ones first, within limits; what is left out is told, never silent.

Hidden entries, folders of dependencies and builds, and what git ignores are passed over, and counted. Everything here
blocks.
"""

import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from gemini_interactions_mcp.core import MOST_NAMES, FileRefusedError, shown, some_names

from . import ignoring
from .boundary import HIDDEN, UNREADABLE, Boundary, hidden, local_path
from .globs import Pattern, alternatives, divided, leads, matches, name_key
from .ignoring import Rules
from .inspection import Named

PASSED_OVER: Final = frozenset(
    {
        *("node_modules", "bower_components", "jspm_packages", "vendor", "Pods", "Carthage"),
        *("venv", "virtualenv", "site-packages", "__pycache__", "__pypackages__"),
        *("build", "dist", "target", "DerivedData"),
    }
)
"""Folders that others have filled, as GitHub's templates of `.gitignore` name them (https://github.com/github/gitignore);
those that begin with a dot (`.venv`, `.tox`, `.git` ...) are hidden."""

# The words by which files that were passed over are counted.
MADE: Final = "of dependencies and builds"
IGNORED: Final = "ignored by .gitignore"
OTHERWISE: Final = "spelled otherwise"

FOLDER_ENTRIES: Final = 20_000
"""Looked at in the folders of one call."""
MOST_LISTED: Final = 100_000
"""Read of one folder, before they are sorted."""
MOST_COUNTED: Final = 50_000
"""Entries of passed-over folders that are counted, of one source."""


@dataclass(slots=True)
class LeftOut:
    """What of one folder or glob is not given, by reason.

    Attributes:
        files: Their names.
        folders: Of folders that were passed over as a whole, how many files they have.
        partly: Such folders that were not counted to the end.
        unlisted: Folders of which only the first `MOST_LISTED` entries were read, in no order.
        ended: How many entries were looked at, where there are more; None where all were.
    """

    source: str
    files: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    folders: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    partly: set[str] = field(default_factory=set[str])
    unlisted: list[str] = field(default_factory=list[str])
    ended: int | None = None

    def add(self, reason: str, *names: str) -> None:
        """Note files that are left out."""
        if names:
            self.files.setdefault(reason, []).extend(names)

    def pass_over(self, reason: str, folder: str, count: int, *, partly: bool) -> None:
        """Note a folder of which nothing is given."""
        if count:
            self.folders.setdefault(reason, Counter())[folder] += count
            self.partly |= {folder} if partly else set()

    def said(self) -> str:
        """`Left out of docs: 1 hidden (.git); 1,271 empty (1,240 in a, 31 in b/c).`; empty when nothing was."""
        counts = [self._counted(reason) for reason in sorted({*self.files, *self.folders}, key=self._first)]
        counts += [f"all but {MOST_LISTED:,} entries {placed_in(folder)}" for folder in self.unlisted]
        if self.ended is not None:
            counts.append(f"whatever comes after its first {self.ended:,} entries")
        return f"Left out of {shown(self.source)}: {'; '.join(counts)}." if counts else ""

    def _first(self, reason: str) -> str:
        return min((*self.files.get(reason, ()), *self.folders.get(reason, ())))

    def _counted(self, reason: str) -> str:
        names, folders = self.files.get(reason, []), self.folders.get(reason, Counter[str]())
        over = "over " if self.partly.intersection(folders) else ""
        total = f"{over}{len(names) + folders.total():,}"
        return f"{total} {reason} ({self._placed(names, folders)})"

    def _placed(self, names: Sequence[str], folders: Counter[str]) -> str:
        """The names, where there are few or all are in one folder; else how many are in which folder."""
        places = grouped(names)
        if not folders and (len(names) <= MOST_NAMES or len(places) == 1):
            return some_names([shown(name) for name in sorted(names)])
        amounts = sorted((places + folders).items(), key=lambda amount: (-amount[1], amount[0]))
        return some_names([self._amount(place, count) for place, count in amounts])

    def _amount(self, folder: str, count: int) -> str:
        return f"{'over ' if folder in self.partly else ''}{count:,} {placed_in(folder)}"


def placed_in(folder: str) -> str:
    """Where the entries of a folder are, which is named below the source."""
    return "at its top" if folder in ("", ".") else f"in {shown(folder)}"


def grouped(names: Sequence[str]) -> Counter[str]:
    """How many files are in each folder, of those that are next to the top of them all."""
    if not names:
        return Counter()
    folders = [PurePosixPath(name).parent for name in names]
    common = len(PurePosixPath(os.path.commonpath(folders)).parts)
    return Counter(str(PurePosixPath(*folder.parts[: common + 1])) for folder in folders)


# What is looked for --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What a folder or glob stands for.

    Attributes:
        base: The folder that is looked in, resolved.
        patterns: Of the paths below it.
        depth: How many last parts of `base` belong to the names of its files.
    """

    base: Path
    patterns: tuple[Pattern, ...]
    depth: int

    @cached_property
    def _keys(self) -> tuple[Pattern, ...]:
        """The patterns, as names are compared that people take for the same."""
        return tuple(tuple(map(name_key, pattern)) for pattern in self.patterns)

    def fits(self, path: str) -> bool:
        """Whether the path of a file matches."""
        return any(matches(path.split("/"), pattern) for pattern in self.patterns)

    def nearly(self, path: str) -> bool:
        """Whether it would with other letters: of another case, width or Unicode form."""
        parts = [name_key(part) for part in path.split("/")]
        return any(matches(parts, pattern) for pattern in self._keys)

    def leads(self, folder: str) -> bool:
        """Whether something below a folder may match, at least nearly."""
        parts = [name_key(part) for part in folder.split("/")]
        return any(leads(parts, pattern) for pattern in self._keys)

    def names(self, folder: str) -> bool:
        """Whether a pattern has a folder's name itself."""
        return any(folder in pattern for pattern in self.patterns)


EVERYTHING: Final[tuple[Pattern, ...]] = (("**", "*"),)


def wanted(source: str, boundary: Boundary) -> Wanted | None:
    """What a folder or glob stands for; None for a file.

    Raises:
        FileRefusedError: It is outside the boundary or hidden, or no pattern.
    """
    path = boundary.approved(source)
    given = local_path(source)
    if path.is_dir():
        return Wanted(path, EVERYTHING, min(1, len(given.parts)))
    base, pattern = divided(given.as_posix())
    if ".." in pattern.split("/"):
        raise FileRefusedError(f"{shown(source)} has `..` behind a wildcard.")
    if not pattern or path.exists():
        return None
    return Wanted(boundary.approved(base), alternatives(pattern), 0 if base == "." else 1)


# Looking -------------------------------------------------------------------------------------------------


class Walk:
    """One look through a folder, the upper folders first; links to folders are not followed.

    Args:
        wanted: What is looked for.
        roots: Rules of git above these are not looked at.
        left_out: Told of what is passed over.
        most: So many entries are looked at, of one folder the first by name.

    Attributes:
        seen: How many entries were looked at.
    """

    def __init__(self, wanted: Wanted, roots: Sequence[Path], left_out: LeftOut, most: int = FOLDER_ENTRIES) -> None:
        self.seen = 0
        self._wanted = wanted
        self._most = most
        self._ended = False
        self._base = wanted.base.as_posix().rstrip("/")
        self._left_out = left_out
        self._uncounted = MOST_COUNTED
        self._folders = deque([("", Rules.above(wanted.base, roots))])
        self._exact: list[tuple[int, int, str]] = []
        self._near: list[tuple[int, int, str]] = []

    def files(self) -> list[Named]:
        """What is found: first the upper files, of those of one depth the small ones.

        Raises:
            FileRefusedError: There is none.
        """
        while self._folders and not self._ended:
            self._enter(*self._folders.popleft())
        self._left_out.ended = self.seen if self._ended else None
        if not self._exact and not self._near:
            left_out = self._left_out
            raise FileRefusedError(
                f"{shown(left_out.source)} has no file in it, or matches none. {left_out.said()}".rstrip()
            )
        if self._exact:
            self._left_out.add(OTHERWISE, *(path for _, _, path in sorted(self._near)))
        return [self._named(path) for _, _, path in sorted(self._exact or self._near)]

    def _named(self, path: str) -> Named:
        whole = f"{self._base}/{path}"
        return Named(str(Path(whole)), PurePosixPath(whole).parts[1:], self._wanted.depth + path.count("/") + 1)

    def _enter(self, place: str, rules: Rules) -> None:
        folder = Path(f"{self._base}/{place}")
        try:
            entries = entries_of(folder)
        except OSError:
            self._left_out.add(UNREADABLE, f"{place}/")
            return
        if len(entries) > MOST_LISTED:
            self._left_out.unlisted.append(place)
        within = rules.within(folder) if any(entry.name == ignoring.GITIGNORE for entry in entries) else rules
        for entry in self._bounded(entries):
            self._look(entry, f"{place}/{entry.name}".lstrip("/"), within)

    def _bounded(self, entries: list[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
        """The first entries of a folder, as many as may still be looked at."""
        first = entries[: min(self._most - self.seen, MOST_LISTED)]
        self._ended = len(first) < len(entries)
        self.seen += len(first)
        return first

    def _look(self, entry: os.DirEntry[str], path: str, rules: Rules) -> None:
        folder = entry.is_dir(follow_symlinks=False)
        if hidden([entry.name]):
            self._left_out.add(HIDDEN, *filter(self._wanted.fits, [path]))
        elif folder:
            if self._wanted.leads(path):
                self._look_at_folder(entry.name, path, rules)
        elif self._wanted.fits(path):
            self._look_at_file(entry, path, rules, self._exact)
        elif self._wanted.nearly(path):
            self._look_at_file(entry, path, rules, self._near)

    def _look_at_folder(self, name: str, path: str, rules: Rules) -> None:
        if name in PASSED_OVER and not self._wanted.names(name):
            self._pass_over(MADE, path)
        elif rules.ignore(f"{self._base}/{path}", folder=True):
            self._pass_over(IGNORED, path)
        else:
            self._folders.append((path, rules))

    def _look_at_file(
        self, entry: os.DirEntry[str], path: str, rules: Rules, found: list[tuple[int, int, str]]
    ) -> None:
        if rules.ignore(f"{self._base}/{path}", folder=False):
            self._left_out.add(IGNORED, path)
        else:
            found.append((path.count("/"), bytes_of(entry), path))

    def _pass_over(self, reason: str, path: str) -> None:
        """Note a folder with the number of its files that would fit."""
        counted = list(islice(self._fitting_below(path), self._uncounted))
        partly = len(counted) == self._uncounted
        self._uncounted -= len(counted)
        self._left_out.pass_over(reason, path, sum(counted), partly=partly)

    def _fitting_below(self, path: str) -> Iterator[bool]:
        """For each entry below a folder, whether it is a file that fits."""
        for folder, folders, names in os.walk(f"{self._base}/{path}"):
            place = Path(folder).as_posix()[len(self._base) + 1 :]
            yield from (self._wanted.fits(f"{place}/{name}") for name in names)
            yield from (False for _ in folders)


def entries_of(folder: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder, in order; of a very large one, one more than are read of it."""
    with os.scandir(folder) as entries:
        return sorted(islice(entries, MOST_LISTED + 1), key=lambda entry: entry.name)


def bytes_of(entry: os.DirEntry[str]) -> int:
    """The size of an entry in bytes; 0 where it cannot be told."""
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0
