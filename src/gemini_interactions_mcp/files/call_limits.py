"""Limits of what one call may gather."""

from dataclasses import dataclass, field
from typing import Final

from .boundary import MAX_SEARCHED_BYTES
from .gathering import MAX_FOLDER_ENTRIES

MIB: Final = 2**20

MAX_GATHERED_FILES: Final = 100
"""Maximum number of files from the folders and globs of one call."""

MAX_GATHERED_BYTES: Final = 2**30
"""Maximum size in bytes of these files together."""

MAX_OPENED_FILES: Final = 1_000
"""Maximum number of files that are opened to find out whether they can be given."""

MAX_READ_BYTES: Final = 2 * 2**30
"""Maximum number of bytes that are read of the latter."""


@dataclass(slots=True)
class CallLimits:
    """The remaining limits of one call, and its notes.

    Attributes:
        inline: Bytes that may still travel inside the request.
        notes: Sentences for the caller.
        most: Number of files that folders and globs may add.
        files: Number of files that they may still add.
        size: Bytes that these may still add.
        entries: Number of entries of folders that may still be inspected.
        opened: Number of files of folders that may still be opened.
        read: Bytes of these that may still be read.
        given: Files, folders and globs that were given already.
        sandboxed: Whether files go into an agent's sandbox.
    """

    inline: int
    notes: list[str] = field(default_factory=list[str])
    most: int = MAX_GATHERED_FILES
    files: int = MAX_GATHERED_FILES
    size: int = MAX_GATHERED_BYTES
    entries: int = MAX_FOLDER_ENTRIES
    opened: int = MAX_OPENED_FILES
    read: int = MAX_READ_BYTES
    given: set[object] = field(default_factory=set[object])
    sandboxed: bool = False

    def mark_given(self, what: object) -> bool:
        """Mark a file, folder or glob as given, and return whether this is the first time."""
        new = what not in self.given
        self.given.add(what)
        return new

    def find_exceeded(self, size: int) -> str:
        """Return the limit that another file of a folder would exceed; empty if none."""
        if not self.files:
            return f"over the limit of {self.most:,} files"
        if size > self.size:
            return f"over the limit of {MAX_GATHERED_BYTES // MIB:,} MiB in all"
        if not self.opened or min(size, MAX_SEARCHED_BYTES) > self.read:
            return f"after {MAX_OPENED_FILES:,} files or {MAX_READ_BYTES // MIB:,} MiB that were looked at"
        return ""
