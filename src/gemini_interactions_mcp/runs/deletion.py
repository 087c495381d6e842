"""The outcome of a deletion."""

from dataclasses import dataclass
from enum import Enum

from gemini_interactions_mcp.core import GeminiMCPError


class Remote(Enum):
    """The outcome of a deletion at Google."""

    DELETED = "deleted"
    STOPPED = "stopped and deleted"
    MISSING = "was not there"
    UNNAMED = "had no id there"
    KEPT = "not deleted"
    EARLIER = "deleted before by this server"


@dataclass(frozen=True)
class Deletion:
    """The outcome of a deletion.

    Attributes:
        remote: The outcome at Google.
        error: Why Google has kept the interaction; its row and its files are kept then, too.
        known: Whether it had a row in the journal.
        files: A sentence on each saved file.
        row: Whether the row was deleted; False if something else had deleted it meanwhile.
    """

    remote: Remote
    error: GeminiMCPError | None = None
    known: bool = False
    files: tuple[str, ...] = ()
    row: bool = False
