"""A file that a remote client sends to this server."""

from datetime import datetime

from .frozen import FrozenModel


class ReceivedFile(FrozenModel):
    """A file that a remote client has sent, or is about to send.

    Attributes:
        id: Random; part of its address for callers.
        name: As the caller names it.
        mime_type: As the caller says; by its content once it is there.
        bytes: Its size: as the caller says, if at all; the real one once it is there.
        sha256: Hash of its content; None until it is there.
        path: Where it is kept; None until it is there.
        expires_at: Until when it can be sent; once it is there, until when it is kept.
        claimed_at: When a transfer began that has neither ended nor failed.
        received_at: When it was there.
    """

    id: str
    name: str
    mime_type: str
    bytes: int | None = None
    sha256: str | None = None
    path: str | None = None
    created_at: datetime
    expires_at: datetime
    claimed_at: datetime | None = None
    received_at: datetime | None = None
