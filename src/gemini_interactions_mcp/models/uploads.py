"""Files that are uploaded to Google's Files API, or downloaded from it."""

from collections.abc import Callable
from typing import Protocol

from .frozen import FrozenModel
from .interactions import UtcDatetime


class UploadedFile(FrozenModel):
    """A file that the Files API stores.

    Attributes:
        name: Resource name, such as `files/abc`.
        uri: URI by which content blocks refer to it.
        expires_at: When Google deletes it, with time zone.
    """

    name: str
    uri: str
    expires_at: UtcDatetime


BytesSentCallback = Callable[[int], None]
"""Called with the number of bytes sent so far, which decreases when some have to be sent again."""


BytesReceivedCallback = Callable[[int, int | None], None]
"""Called with the number of bytes of a download so far, and of the whole file where that is known."""


class UploadSource(Protocol):
    """Content to upload: read once from start to end, unless a part has to be sent again."""

    def read(self, size: int, /) -> bytes:
        """Read up to `size` bytes."""
        ...

    def seek(self, offset: int, /) -> int:
        """Move to an offset from the start, in bytes."""
        ...
