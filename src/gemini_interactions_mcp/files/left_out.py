"""What of a folder or glob is not given, and how the caller is told. Pure."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from gemini_interactions_mcp.core import MAX_LISTED_NAMES, list_names, quote_name


@dataclass(slots=True)
class Omissions:
    """What of one folder or glob is not given, by reason.

    Attributes:
        source: The folder or glob, as the caller names it.
        files: Reason -> names of files.
        folders: Reason -> number of files in each folder that was skipped as a whole.
        partly: Folders among these that were not counted to the end.
        unlisted: Folder that was not read to the end -> number of entries read, in no order.
        ended: Number of entries inspected, if there are more; else None.
    """

    source: str
    files: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    folders: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    partly: set[str] = field(default_factory=set[str])
    unlisted: dict[str, int] = field(default_factory=dict[str, int])
    ended: int | None = None

    def add(self, reason: str, *names: str) -> None:
        """Add files."""
        if names:
            self.files.setdefault(reason, []).extend(names)

    def add_folder(self, reason: str, folder: str, count: int, *, partly: bool) -> None:
        """Add a folder that was skipped as a whole, unless it has no files."""
        if count:
            self.folders.setdefault(reason, Counter())[folder] += count
            self.partly |= {folder} if partly else set()

    def describe(self) -> str:
        """Return `Left out of docs: 1 hidden (.git); 1,271 empty (1,240 in a, 31 in b/c).`, or nothing."""
        counts = [self._describe_reason(reason) for reason in sorted({*self.files, *self.folders}, key=self._first)]
        counts += [f"all but {count:,} entries {describe_place(folder)}" for folder, count in self.unlisted.items()]
        if self.ended is not None:
            counts.append(f"whatever comes after its first {self.ended:,} entries")
        return f"Left out of {quote_name(self.source)}: {'; '.join(counts)}." if counts else ""

    def _first(self, reason: str) -> str:
        return min((*self.files.get(reason, ()), *self.folders.get(reason, ())))

    def _describe_reason(self, reason: str) -> str:
        names, folders = self.files.get(reason, []), self.folders.get(reason, Counter[str]())
        over = "over " if self.partly.intersection(folders) else ""
        total = f"{over}{len(names) + folders.total():,}"
        return f"{total} {reason} ({self._describe_places(names, folders)})"

    def _describe_places(self, names: Sequence[str], folders: Counter[str]) -> str:
        """List the names if they are few or all in one folder, else the number of files in each folder."""
        places = count_by_folder(names)
        if not folders and (len(names) <= MAX_LISTED_NAMES or len(places) == 1):
            return list_names([quote_name(name) for name in sorted(names)])
        amounts = sorted((places + folders).items(), key=lambda amount: (-amount[1], amount[0]))
        return list_names([self._describe_amount(place, count) for place, count in amounts])

    def _describe_amount(self, folder: str, count: int) -> str:
        return f"{'over ' if folder in self.partly else ''}{count:,} {describe_place(folder)}"


def describe_place(folder: str) -> str:
    """Return `in docs/old` for a folder below the source, `at its top` for the source itself."""
    return "at its top" if folder in ("", ".") else f"in {quote_name(folder)}"


def count_by_folder(names: Sequence[str]) -> Counter[str]:
    """Count the files below each folder that is a direct child of the top common to all."""
    if not names:
        return Counter()
    folders = [PurePosixPath(name).parent for name in names]
    common = len(PurePosixPath(os.path.commonpath(folders)).parts)
    return Counter(str(PurePosixPath(*folder.parts[: common + 1])) for folder in folders)
