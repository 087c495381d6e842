"""Uploads of one principal with a key that others may have, too."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from gemini_interactions_mcp.models import BytesSentCallback, UploadedFile, UploadSource

HoldFunction = Callable[[str], Awaitable[object]]
"""Writes down that a principal holds a file, by its name."""


class NamingUploads(Protocol):
    """The Files API, which tells the name of a file before it is there."""

    async def upload(
        self,
        source: UploadSource,
        size: int,
        mime_type: str,
        name: str,
        moved: BytesSentCallback,
        announce: HoldFunction | None = None,
    ) -> UploadedFile:
        """Upload a file and wait until it can be used; `announce` is called with its name before anything is sent."""
        ...

    async def mime_type(self, name: str) -> str:
        """Return the MIME type of an uploaded file."""
        ...


class HeldUploads:
    """The Files API, whose files belong to the principal that has sent them.

    Args:
        service: The Files API.
        hold: Writes down that the principal holds a file.
    """

    def __init__(self, service: NamingUploads, hold: HoldFunction) -> None:
        self._service = service
        self._hold = hold

    async def upload(
        self, source: UploadSource, size: int, mime_type: str, name: str, moved: BytesSentCallback
    ) -> UploadedFile:
        """Upload a file and wait until it can be used.

        Raises:
            GeminiMCPError: It could not be uploaded; where it could not be written down, nothing was sent.
        """
        announced: set[str] = set()

        async def announce(chosen: str) -> None:
            await self._hold(chosen)
            announced.add(chosen)

        file = await self._service.upload(source, size, mime_type, name, moved, announce)
        # The name is ours, unless Google has another mind.
        if file.name not in announced:
            await self._hold(file.name)
        return file

    async def mime_type(self, name: str) -> str:
        """Return the MIME type of an uploaded file."""
        return await self._service.mime_type(name)
