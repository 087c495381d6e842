"""What becomes of an interaction that is to be deleted."""

from dataclasses import dataclass
from enum import Enum

from gemini_interactions_mcp.core import GeminiMCPError


class Remote(Enum):
    """What became of an interaction at Google."""

    DELETED = "deleted"
    STOPPED = "stopped and deleted"
    MISSING = "was not there"
    UNNAMED = "had no id there"
    KEPT = "not deleted"
    EARLIER = "deleted before by this server"


@dataclass(frozen=True)
class Deletion:
    """What became of an interaction that was to be deleted.

    Attributes:
        remote: At Google.
        error: Why Google kept it; row and files are kept then, too.
        known: Whether the journal had a row.
        files: A sentence on each saved file.
        row: Whether the row was deleted; False where it had gone meanwhile.
    """

    remote: Remote
    error: GeminiMCPError | None = None
    known: bool = False
    files: tuple[str, ...] = ()
    row: bool = False
