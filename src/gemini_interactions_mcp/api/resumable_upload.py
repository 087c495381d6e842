"""Sends files to the Files API: in chunks, resumed from what has arrived when one of them breaks.

google-genai sends chunks, too, but gives up when a connection breaks: it never asks how much has arrived.
Protocol: https://ai.google.dev/gemini-api/docs/files, and for the query
https://developers.google.com/photos/library/guides/resumable-uploads

An upload's address needs no key: whoever has it may write to it. It is never logged and in no error.
"""

import logging
import random
from collections.abc import AsyncGenerator, Mapping
from typing import Final

import anyio
import anyio.to_thread
import httpx2

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.core import (
    NOTHING,
    FileRefusedError,
    GeminiMCPError,
    Json,
    NetworkError,
    Redactor,
    RefusedError,
    as_json,
)
from gemini_interactions_mcp.models import Moved, Source

from .connections import connected
from .error_mapping import Call, failure, fault
from .exchange import HOOKS, body

GOOGLE: Final = "https://generativelanguage.googleapis.com"
VERSION: Final = "v1"
"""As google-genai 3.6.1 uses it for files."""

CHUNK: Final = 16 * 2**20
"""A multiple of the 256 KiB by which the API counts; google-genai sends 8 MiB at a time."""
PIECE: Final = 2**20
"""Read and sent at once; some of these are all that an upload takes of the memory."""

PAUSES: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before a broken upload is gone on with; after so many in a row without a byte, it is given up."""

PATIENCE: Final = httpx2.Timeout(60.0, connect=15.0)
"""Seconds without any sign of the other side, after which a connection counts as broken."""

PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which it is worth going on."""


class Transfer:
    """The upload service of one API key.

    Args:
        base_url: Of the API.
        key: Goes into the header that starts an upload, and nowhere else.
        redact: Takes secrets out of what the service says.
        pauses: Seconds before each time that a broken upload is gone on with.

    Raises:
        ConfigurationError: A setting of the network cannot be used.
    """

    def __init__(
        self, base_url: str | None, key: str, redact: Redactor = NOTHING, pauses: tuple[float, ...] = PAUSES
    ) -> None:
        self._url = f"{(base_url or GOOGLE).rstrip('/')}/upload/{VERSION}/files"
        self._key = key
        self._redact = redact
        self._pauses = pauses
        # At INFO they tell every address, at DEBUG every header.
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)
        headers = {"user-agent": f"gemini-interactions-mcp/{__version__}"}
        self._client = connected(base_url, event_hooks=HOOKS, timeout=PATIENCE, headers=headers)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def start(self, file: Mapping[str, object], size: int, mime_type: str) -> str:
        """Announce a file and return the address that takes it.

        Args:
            file: Its resource: `name`, `display_name`.
            size: In bytes.
            mime_type: The API's name of its type.

        Raises:
            GeminiMCPError: Google refused it.
            httpx2.HTTPError: There was no answer.
        """
        headers = {
            "x-goog-api-key": self._key,
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Header-Content-Length": str(size),
            "X-Goog-Upload-Header-Content-Type": mime_type,
        }
        told = {"file": {**file, "mime_type": mime_type, "size_bytes": size}}
        response = await self._client.post(self._url, headers=headers, json=told)
        address = accepted(response, self._redact).headers.get("x-goog-upload-url")
        if not address or (self._url.startswith("https:") and not address.startswith("https:")):
            raise NetworkError("Something else than the Gemini API answered; check GOOGLE_GEMINI_BASE_URL.")
        return address

    async def send(self, address: str, source: Source, size: int, moved: Moved) -> Json:
        """Send all of a file, and return its resource; an empty one when only the answer was lost.

        Raises:
            GeminiMCPError: Google refused it.
            httpx2.HTTPError: It broke too often in a row.
        """
        offset = failures = 0
        while True:
            try:
                if failures:
                    arrived = await self._arrived(address)
                    if arrived is None:
                        return {}
                    offset, failures = arrived, failures if arrived <= offset else 0
                answer = await self._chunk(address, source, offset, size, moved)
            except (httpx2.TransportError, NetworkError):
                if failures == len(self._pauses):
                    raise
                await anyio.sleep(self._pauses[failures] * random.uniform(0.75, 1.25))  # noqa: S311 - jitter
                failures += 1
                continue
            offset, failures = offset + CHUNK, 0
            if offset >= size:
                return as_json(as_json(answer.json()).get("file"))

    async def _chunk(self, address: str, source: Source, offset: int, size: int, moved: Moved) -> httpx2.Response:
        length = min(CHUNK, size - offset)
        headers = {
            "X-Goog-Upload-Command": "upload, finalize" if offset + length == size else "upload",
            "X-Goog-Upload-Offset": str(offset),
            "Content-Length": str(length),
        }
        content = pieces(source, offset, length, moved)
        return accepted(await self._client.post(address, headers=headers, content=content), self._redact)

    async def _arrived(self, address: str) -> int | None:
        """How many bytes have arrived; None when all have, and the file has been made of them."""
        headers = {"X-Goog-Upload-Command": "query", "Content-Length": "0"}
        response = accepted(await self._client.post(address, headers=headers), self._redact)
        if response.headers.get("x-goog-upload-status") == "final":
            return None
        return int(response.headers.get("x-goog-upload-size-received", "0"))


def accepted(response: httpx2.Response, redact: Redactor) -> httpx2.Response:
    """The response, if it is none of an error.

    Raises:
        NetworkError: It is worth going on.
        GeminiMCPError: Google refused it.
    """
    if response.is_success:
        return response
    raise refusal(response, redact)


def refusal(response: httpx2.Response, redact: Redactor) -> GeminiMCPError:
    """What an error response stands for."""
    found = fault(response.status_code, redact(body(response)), response.headers)
    if found.page is None and found.status in (404, 410):
        return RefusedError(
            "Google does not know this upload (any more). Try again, since uploading is free; if that fails, too, "
            "check GOOGLE_GEMINI_BASE_URL."
        )
    exc = failure(found, Call())
    return NetworkError(str(exc)) if response.status_code in PASSING else exc


async def pieces(source: Source, offset: int, length: int, moved: Moved) -> AsyncGenerator[bytes]:
    """A part of a file, piece by piece.

    Raises:
        FileRefusedError: There is less of it than there was.
    """
    end = offset + length
    await anyio.to_thread.run_sync(source.seek, offset)
    while offset < end:
        piece = await anyio.to_thread.run_sync(source.read, min(PIECE, end - offset))
        if not piece:
            raise FileRefusedError("The file has become shorter while it was sent; try again.")
        yield piece
        offset += len(piece)
        moved(offset)
