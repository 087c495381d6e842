"""Random access to an open file whose structure is inspected. Everything here blocks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal, NamedTuple

from gemini_interactions_mcp.core import FileRefusedError, quote_name

MAX_PARTS: Final = 20_000
"""Maximum number of parts inspected on one level of a file; a film of some hours in one-second fragments has about as
many."""
SEARCH_CHUNK_BYTES: Final = 2**20
"""Bytes read at a time while searching for a mark."""

REASON_BROKEN: Final = "broken"
REASON_ENCRYPTED: Final = "encrypted"
"""Reasons by which files of a folder that nobody can read are counted."""


@dataclass(frozen=True, slots=True)
class Binary:
    """An open file under inspection.

    Attributes:
        source: Its path, as the caller names it or as it was found.
        size: In bytes.
    """

    source: str
    stream: BinaryIO
    size: int

    def read_at(self, offset: int, size: int) -> bytes:
        """Read up to `size` bytes at an offset; empty beyond the end of the file."""
        if offset >= self.size:
            return b""
        self.stream.seek(offset)
        return self.stream.read(size)

    def read_exactly(self, offset: int, size: int) -> bytes:
        """Read `size` bytes at an offset.

        Raises:
            FileRefusedError: The file ends before.
        """
        found = self.read_at(offset, size)
        if len(found) < size:
            raise self.cut_off_error()
        return found

    def read_number(self, offset: int, size: int, order: Literal["big", "little"] = "big") -> int:
        """Read an unsigned integer of `size` bytes at an offset; zero beyond the end of the file."""
        return int.from_bytes(self.read_at(offset, size), order)

    def find_mark(self, mark: bytes, start: int) -> int:
        """Return the offset of the first occurrence of `mark` from `start` on, or -1."""
        while found := self.read_at(start, SEARCH_CHUNK_BYTES + len(mark) - 1):
            if (place := found.find(mark)) >= 0:
                return start + place
            start += SEARCH_CHUNK_BYTES
        return -1

    def follow(self, start: int, next_start: Callable[["Binary", int], int], slack: int = 0) -> int:
        """Step from part to part, at most `MAX_PARTS` times, and return the offset where the chain ends.

        Args:
            start: Offset of the first part.
            next_start: Returns the offset of the part that follows one at an offset, or the same offset at the end of
                the chain.
            slack: Bytes by which the last part may exceed the file.

        Raises:
            FileRefusedError: The chain leads beyond the end of the file.
        """
        for _ in range(MAX_PARTS):
            following = next_start(self, start)
            if following == start:
                break
            if following > self.size + slack:
                raise self.cut_off_error()
            start = following
        return start

    def error(self, fault: str, reason: str = REASON_BROKEN) -> FileRefusedError:
        """Return the error for a file that no program can read."""
        return FileRefusedError(f"{quote_name(self.source)} {fault}.", reason=reason)

    def cut_off_error(self) -> FileRefusedError:
        """Return the error for a truncated file."""
        return self.error("is cut off, and its end is missing: save, export or download it again")

    def encrypted_error(self) -> FileRefusedError:
        """Return the error for a file that cannot be opened without a password."""
        return self.error("is encrypted, and opens only with a password: save it without one", REASON_ENCRYPTED)


class Piece(NamedTuple):
    """A chunk, box or element.

    Attributes:
        start: Offset at which its content begins.
        end: Offset at which its content ends.
    """

    kind: bytes
    start: int
    end: int
