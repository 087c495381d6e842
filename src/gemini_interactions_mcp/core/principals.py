"""Who a request comes from, and what that one may do."""

from dataclasses import dataclass
from typing import Final

READ_SCOPE: Final = "interactions:read"
SPEND_SCOPE: Final = "interactions:spend"
DELETE_SCOPE: Final = "interactions:delete"
WRITE_SCOPE: Final = "files:write"

SCOPES: Final = (READ_SCOPE, SPEND_SCOPE, DELETE_SCOPE, WRITE_SCOPE)
"""What a token can allow: to read, to pay and to stop, to delete, and to write files."""

MAX_PRINCIPAL_CHARACTERS: Final = 128
"""Maximum length of a principal's name; a column of this length keeps it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request comes from.

    Attributes:
        name: Whose rows are read and written; empty for the owner of the server.
        scopes: What the request may do.
        remote: Whether it came through a network, where paths of this machine mean nothing to the user.
        micros_per_day: Maximum cost of all requests in a UTC day, in millionths of a dollar.
        runs_per_day: Maximum number of research requests in a UTC day.
        key_reference: Where a key of the API for this principal alone is: `env:NAME` or `file:/path`; the server's key
            without one.
    """

    name: str = ""
    scopes: frozenset[str] = frozenset(SCOPES)
    remote: bool = False
    micros_per_day: int | None = None
    runs_per_day: int | None = None
    key_reference: str | None = None


OWNER: Final = Principal()
"""The user who runs the server: of a desktop, or of a loopback address."""
