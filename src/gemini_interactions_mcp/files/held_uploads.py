"""Uploads of one principal with a key that others may have, too."""

from collections.abc import Awaitable, Callable

from gemini_interactions_mcp.models import BytesSentCallback, UploadedFile, UploadSource

from .upload_cache import UploadService


class HeldUploads:
    """The Files API, whose files belong to the principal that has sent them.

    Args:
        service: The Files API.
        hold: Writes down that the principal holds a file, by its name.
    """

    def __init__(self, service: UploadService, hold: Callable[[str], Awaitable[object]]) -> None:
        self._service = service
        self._hold = hold

    async def upload(
        self, source: UploadSource, size: int, mime_type: str, name: str, moved: BytesSentCallback
    ) -> UploadedFile:
        """Upload a file and wait until it can be used.

        Raises:
            GeminiMCPError: It could not be uploaded, or not written down.
        """
        file = await self._service.upload(source, size, mime_type, name, moved)
        await self._hold(file.name)
        return file

    async def mime_type(self, name: str) -> str:
        """Return the MIME type of an uploaded file."""
        return await self._service.mime_type(name)
