"""Uploads files to the Files API or a file search store in chunks, and resumes from what has arrived if one fails.

google-genai also uploads in chunks, but gives up when a connection breaks: it never asks how much has arrived.
Protocol: https://ai.google.dev/gemini-api/docs/files, and for the query
https://developers.google.com/photos/library/guides/resumable-uploads

An upload URL needs no key: whoever has it can write to it. It is in no log and no error.
"""

import logging
import random
from collections.abc import AsyncGenerator, Mapping
from typing import Final
from urllib.parse import unquote

import anyio
import anyio.to_thread
import httpx2

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.core import (
    DEFAULT_TIMING,
    NO_REDACTION,
    FileRefusedError,
    GeminiMCPError,
    InputError,
    Json,
    NetworkError,
    Redactor,
    RefusedError,
    Timing,
    UploadLostError,
    coerce_object,
    iter_objects,
)
from gemini_interactions_mcp.models import OCTET_STREAM, BytesSentCallback, UploadSource, describe_missing_sandbox

from .calls import Call
from .connections import make_http_client
from .error_mapping import map_error_response
from .error_responses import parse_error_response
from .exchange import TRACKING_HOOKS, read_error_body

DEFAULT_UPLOAD_BASE_URL: Final = "https://generativelanguage.googleapis.com"
"""Default base URL of the API."""

FILES_API_VERSION: Final = "v1"
"""API version for files, as in google-genai 3.6.1."""

ENVIRONMENTS_API_VERSION: Final = "v1beta"
"""API version under which uploads into environments are documented."""

UPLOAD_CHUNK_BYTES: Final = 16 * 2**20
"""Bytes per request; a multiple of the API's granularity of 256 KiB. google-genai sends 8 MiB at a time."""

UPLOAD_PIECE_BYTES: Final = 2**20
"""Bytes read and sent at once, which bounds the memory that an upload takes."""

MISSING_STATUSES: Final = frozenset({404, 410})
"""HTTP statuses of what does not exist, or no longer."""

RESUMABLE_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504})
"""HTTP statuses after which the upload is resumed."""


class ResumableUpload:
    """The upload service of one API key.

    Args:
        base_url: Base URL of the API; defaults to Google's.
        key: The API key; sent only with the request that starts an upload.
        redact: Removes secrets from what the service answers.
        timing: Time-outs of each phase of a request, and the back-offs before an upload is resumed.

    Raises:
        ConfigurationError: A network setting cannot be used.
    """

    def __init__(
        self,
        base_url: str | None,
        key: str,
        redact: Redactor = NO_REDACTION,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        self._base = f"{(base_url or DEFAULT_UPLOAD_BASE_URL).rstrip('/')}/upload"
        self._key = key
        self._redact = redact
        self._backoffs = timing.upload_backoffs
        # They log every URL at INFO, and every header at DEBUG.
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)
        headers = {"user-agent": f"gemini-interactions-mcp/{__version__}"}
        timeout = httpx2.Timeout(timing.upload_idle, connect=timing.connect)
        self._client = make_http_client(base_url, event_hooks=TRACKING_HOOKS, timeout=timeout, headers=headers)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def start(self, file: Mapping[str, object], size: int, mime_type: str) -> str:
        """Start an upload to the Files API and return its URL.

        Args:
            file: The file resource: `name`, `display_name`.
            size: Size in bytes.
            mime_type: MIME type, as the API names it.

        Raises:
            GeminiMCPError: Google refused it.
            httpx2.HTTPError: There was no response.
        """
        told = {"file": {**file, "mime_type": mime_type, "size_bytes": size}}
        return await self.start_at(f"{FILES_API_VERSION}/files", told, size, mime_type)

    async def start_at(self, place: str, told: Mapping[str, object], size: int, mime_type: str) -> str:
        """Start an upload to any place of the API and return its URL.

        Args:
            place: The path behind `/upload/`.
            told: The JSON of the request.
            size: Size in bytes.
            mime_type: MIME type, as the API names it.

        Raises:
            GeminiMCPError: Google refused it.
            httpx2.HTTPError: There was no response.
        """
        headers = self._make_start_headers(size, mime_type)
        return self._read_address(await self._client.post(f"{self._base}/{place}", headers=headers, json=told))

    async def start_in_environment(self, environment: str, path: str, size: int) -> str:
        """Start the upload of a file into an agent's environment and return its URL.

        Args:
            environment: Id of the environment, percent-encoded.
            path: Path of the file, relative to the environment's root, percent-encoded.
            size: Size in bytes.

        Raises:
            GeminiMCPError: Google refused it.
            httpx2.HTTPError: There was no response.
        """
        response = await self._client.put(
            f"{self._base}/{ENVIRONMENTS_API_VERSION}/environments/{environment}/files/{path}",
            headers=self._make_start_headers(size, OCTET_STREAM),
            # A file of this name is an earlier one of the user's, or an upload whose answer was lost.
            params={"overwrite": "true"},
        )
        if response.status_code in MISSING_STATUSES:
            missing = describe_missing_sandbox(unquote(environment))
            raise InputError(f"{missing[0].upper()}{missing[1:]}. Nothing was started, and nothing is charged.")
        return self._read_address(response)

    def _make_start_headers(self, size: int, mime_type: str) -> dict[str, str]:
        return {
            "x-goog-api-key": self._key,
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Header-Content-Length": str(size),
            "X-Goog-Upload-Header-Content-Type": mime_type,
        }

    def _read_address(self, response: httpx2.Response) -> str:
        address = check_upload_response(response, self._redact).headers.get("x-goog-upload-url")
        if not address or (self._base.startswith("https:") and not address.startswith("https:")):
            raise NetworkError("The response was not the Gemini API's; check GOOGLE_GEMINI_BASE_URL.")
        return address

    async def send(self, address: str, source: UploadSource, size: int, moved: BytesSentCallback) -> Json:
        """Send a file's content and return the file resource; an empty one if only the last response was lost."""
        return find_file_resource(await self.transfer(address, source, size, moved))

    async def transfer(
        self, address: str, source: UploadSource, size: int, moved: BytesSentCallback, *, begun: bool = False
    ) -> Json:
        """Send a file's content and return the last response; an empty one if only that was lost.

        Args:
            address: The URL that `start` or `start_at` returned.
            source: The content; read from its start.
            size: Size in bytes.
            moved: Called with the number of bytes sent so far.
            begun: Whether some of it may have arrived.

        Raises:
            UploadLostError: A connection broke, and Google refuses to say how much has arrived.
            GeminiMCPError: Google refused it.
            httpx2.HTTPError: It failed too often in a row.
        """
        offset = failures = 0
        while True:
            try:
                arrived = await self._arrived(address) if failures or begun else offset
                if arrived is None:
                    return {}
                begun, offset, failures = False, arrived, failures if arrived <= offset else 0
                answer = await self._chunk(address, source, offset, size, moved)
            except (httpx2.TransportError, NetworkError):
                if failures == len(self._backoffs):
                    raise
                await anyio.sleep(self._backoffs[failures] * random.uniform(0.75, 1.25))  # noqa: S311 - jitter
                failures += 1
                continue
            offset, failures = offset + UPLOAD_CHUNK_BYTES, 0
            if offset >= size:
                return coerce_object(read_error_body(answer))

    async def _chunk(
        self, address: str, source: UploadSource, offset: int, size: int, moved: BytesSentCallback
    ) -> httpx2.Response:
        length = min(UPLOAD_CHUNK_BYTES, size - offset)
        headers = {
            "X-Goog-Upload-Command": "upload, finalize" if offset + length == size else "upload",
            "X-Goog-Upload-Offset": str(offset),
            "Content-Length": str(length),
        }
        content = read_upload_pieces(source, offset, length, moved)
        return check_upload_response(await self._client.post(address, headers=headers, content=content), self._redact)

    async def _arrived(self, address: str) -> int | None:
        """Return the number of bytes that have arrived; None if the upload is complete.

        Raises:
            UploadLostError: Google refuses to say.
        """
        headers = {"X-Goog-Upload-Command": "query", "Content-Length": "0"}
        try:
            response = check_upload_response(await self._client.post(address, headers=headers), self._redact)
        except (RefusedError, InputError) as exc:
            raise UploadLostError(str(exc)) from exc
        if response.headers.get("x-goog-upload-status") == "final":
            return None
        return int(response.headers.get("x-goog-upload-size-received", "0"))


def find_file_resource(body: Json) -> Json:
    """Return the file resource in the last answer of an upload: the Files API's, or that of an environment."""
    listed = next(iter_objects(body.get("files")), body)
    return coerce_object(body.get("file", listed))


def check_upload_response(response: httpx2.Response, redact: Redactor) -> httpx2.Response:
    """Return a successful response.

    Raises:
        NetworkError: It is an error after which the upload can be resumed.
        GeminiMCPError: Google refused the upload.
    """
    if response.is_success:
        return response
    raise map_upload_error(response, redact)


def map_upload_error(response: httpx2.Response, redact: Redactor) -> GeminiMCPError:
    """Return the error for an error response."""
    found = parse_error_response(response.status_code, redact(read_error_body(response)), response.headers)
    if found.page is None and found.status in MISSING_STATUSES:
        return RefusedError(
            "Google does not know this upload, or no longer. Try again, uploading is free; if that fails too, "
            "check GOOGLE_GEMINI_BASE_URL."
        )
    exc = map_error_response(found, Call())
    return NetworkError(str(exc)) if response.status_code in RESUMABLE_STATUSES else exc


async def read_upload_pieces(
    source: UploadSource, offset: int, length: int, moved: BytesSentCallback
) -> AsyncGenerator[bytes]:
    """Yield a part of a file in pieces.

    Raises:
        FileRefusedError: The file has become shorter.
    """
    end = offset + length
    await anyio.to_thread.run_sync(source.seek, offset)
    while offset < end:
        piece = await anyio.to_thread.run_sync(source.read, min(UPLOAD_PIECE_BYTES, end - offset))
        if not piece:
            raise FileRefusedError("The file became shorter while it was sent; try again.")
        yield piece
        offset += len(piece)
        moved(offset)
