"""Downloads generated files, and resumes from what has arrived if a connection breaks.

google-genai reads a file into memory, and starts anew when a connection breaks. The addresses come from Google; the key
goes to the API alone, and nothing is read of a host that is not Google's.
"""

import random
import re
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import BinaryIO, Final

import anyio
import anyio.to_thread
import httpx2

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.core import (
    DEFAULT_TIMING,
    ConfigurationError,
    FileTooLargeError,
    GeminiMCPError,
    NetworkError,
    Redactor,
    RefusedError,
    Timing,
    quote_name,
)
from gemini_interactions_mcp.models import BytesReceivedCallback
from gemini_interactions_mcp.settings import Settings

from .calls import Call
from .connections import make_http_client
from .error_mapping import map_error_response
from .error_responses import ErrorResponse, parse_error_response
from .exchange import ERROR_PAGE_BYTES, TRACKING_HOOKS, parse_error_body, track_exchange
from .resumable_upload import DEFAULT_UPLOAD_BASE_URL, RESUMABLE_STATUSES
from .sdk import convert_setup_errors, get_usable_key

MAX_DOWNLOAD_BYTES: Final = 2 * 2**30
"""Maximum size of a file, as of the Files API: https://ai.google.dev/gemini-api/docs/files"""

DOWNLOAD_PIECE_BYTES: Final = 2**20
"""Bytes written at once, which bounds the memory that a download takes."""

MAX_REDIRECTS: Final = 5

GOOGLE_FILE_HOSTS: Final = re.compile(r"(?:[a-z0-9-]+\.)+googleapis\.com")
"""Google's hosts, which a download may be redirected to; they get no key."""

FILE_PATH_PATTERN: Final = re.compile(r".*/files/[^/]+")
"""Path of a file of the API: https://ai.google.dev/api/files"""

ABSENT_STATUSES: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""HTTP statuses of a file that is not there: 403 without a word of why is the Files API's."""

PAGE_TYPES: Final = ("text/", "application/json")
"""Content types of what a proxy, or the API, sends in place of a file."""

CONTENT_RANGE_PATTERN: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
"""Source: https://www.rfc-editor.org/rfc/rfc9110#name-content-range"""


@contextmanager
def convert_disk_errors() -> Generator[None]:
    """Convert errors of the disk.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    try:
        yield
    except OSError as exc:
        raise ConfigurationError(f"The file cannot be written: {exc.strerror}.") from exc


@dataclass
class Arrival:
    """A file while it arrives.

    Attributes:
        file: What has arrived, without a buffer of its own.
        moved: Told of it.
        received: Its size, as far as it is written.
        most: The largest that `received` has been.
        unwritten: What has arrived since.
        whole: Size of the whole; None until it is known.
        etag: Name of the version that arrives; empty if it has none.
    """

    file: BinaryIO
    moved: BytesReceivedCallback
    received: int = 0
    most: int = 0
    unwritten: bytearray = field(default_factory=bytearray)
    whole: int | None = None
    etag: str = ""

    def make_headers(self) -> dict[str, str]:
        """Return the headers that ask for what has not arrived."""
        since = {"Range": f"bytes={self.received}-"} if self.received else {}
        same = {"If-Range": self.etag} if self.received and self.etag else {}
        return {"Accept-Encoding": "identity", **since, **same}

    def begin(self, response: httpx2.Response) -> None:
        """Take the headers of a response: go on from what has arrived, or from the start if all of it comes again.

        Raises:
            NetworkError: It is another part than was asked for, or one of another version.
            FileTooLargeError: The file is too large.
            ConfigurationError: It cannot be written.
        """
        etag = response.headers.get("etag", "")
        etag = "" if etag.startswith("W/") else etag
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            told = CONTENT_RANGE_PATTERN.fullmatch(response.headers.get("content-range", ""))
            if told is None or int(told[1]) != self.received or etag != self.etag or is_encoded(response):
                self.restart()
                raise NetworkError("Google sent another part of the file than was asked for.")
            self.whole = None if told[2] == "*" else int(told[2])
        else:
            self.restart()
            size = "" if is_encoded(response) else response.headers.get("content-length", "")
            self.whole = int(size) if size.isdecimal() else None
        self.etag = etag
        self.check_size(self.whole or 0)

    def restart(self) -> None:
        """Drop what has arrived. Blocks.

        Raises:
            ConfigurationError: It cannot be written.
        """
        if self.received:
            self.received = 0
            with convert_disk_errors():
                self.file.seek(0)
                self.file.truncate()

    def write(self) -> None:
        """Write what has arrived. Blocks.

        Raises:
            FileTooLargeError: The file is too large.
            ConfigurationError: It cannot be written.
        """
        piece, self.unwritten = self.unwritten, bytearray()
        self.check_size(self.received + len(piece))
        with convert_disk_errors(), memoryview(piece) as left:
            done = 0
            while done < len(piece):
                done += self.file.write(left[done:])
        self.received += len(piece)
        self.most = max(self.most, self.received)

    def check_size(self, size: int) -> None:
        """Check a size.

        Raises:
            FileTooLargeError: It is too large.
        """
        if size > MAX_DOWNLOAD_BYTES:
            raise FileTooLargeError(f"It has more than {MAX_DOWNLOAD_BYTES:,} bytes, the most that is saved.")

    def finish(self) -> None:
        """Check that all has arrived.

        Raises:
            NetworkError: Something is missing.
        """
        if not self.received:
            raise NetworkError("Google sent an empty file.")
        if self.whole is not None and self.received != self.whole:
            raise NetworkError(f"Only {self.received:,} of {self.whole:,} bytes arrived.")


class Downloads:
    """The downloads of one API key.

    Args:
        settings: Key, base URL and secrets. Problems with them are raised by the first download.
        timing: Time-outs, and the back-offs before a download is resumed.
    """

    def __init__(self, settings: Settings, timing: Timing = DEFAULT_TIMING) -> None:
        self._settings = settings
        self._timing = timing
        self._redact = Redactor(settings.secrets)
        self._api = httpx2.URL(DEFAULT_UPLOAD_BASE_URL)
        self._client: httpx2.AsyncClient | None = None
        self._opening = anyio.Lock()

    async def fetch(self, address: str, file: BinaryIO, moved: BytesReceivedCallback) -> None:
        """Write a generated file of the API to an open, empty file.

        Args:
            address: The `uri` of the content.
            file: Where it is written; in a worker thread.
            moved: Told how much has arrived.

        Raises:
            RefusedError: The address is not Google's, or Google does not give the file, or no longer.
            ConfigurationError: It could not be written.
            GeminiMCPError: It could not be read.
        """
        client, arrival = await self._open(), Arrival(file, moved)
        url = self._locate(address)
        with track_exchange(Call(redact=self._redact)), anyio.fail_after(self._timing.upload):
            await self._receive_all(client, url, arrival)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _receive_all(self, client: httpx2.AsyncClient, url: httpx2.URL, arrival: Arrival) -> None:
        """Receive a file, over as many connections as it takes."""
        failures, backoffs = 0, self._timing.upload_backoffs
        while True:
            before = arrival.most
            try:
                await self._receive(client, url, arrival)
                return
            except (httpx2.TransportError, NetworkError):
                failures = failures if arrival.most <= before else 0
                if failures == len(backoffs):
                    raise
            await anyio.sleep(backoffs[failures] * random.uniform(0.75, 1.25))  # noqa: S311 - jitter
            failures += 1

    async def _receive(self, client: httpx2.AsyncClient, url: httpx2.URL, arrival: Arrival) -> None:
        """Receive what has not arrived yet, as far as the connection holds."""
        async with self._request(client, url, arrival) as response:
            await anyio.to_thread.run_sync(arrival.begin, response)
            arrival.moved(arrival.received, arrival.whole)
            try:
                await take_parts(response, arrival)
            finally:
                # What came before a connection broke is kept, so that only the rest is asked for.
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(arrival.write)
        arrival.finish()

    @asynccontextmanager
    async def _request(
        self, client: httpx2.AsyncClient, url: httpx2.URL, arrival: Arrival
    ) -> AsyncGenerator[httpx2.Response]:
        """Send a request and follow the redirects that stay with Google.

        Raises:
            GeminiMCPError: Google refuses the download.
        """
        for _ in range(MAX_REDIRECTS):
            headers = arrival.make_headers() | self._make_key_header(url)
            async with client.stream("GET", url, headers=headers) as response:
                if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    await anyio.to_thread.run_sync(arrival.restart)
                    raise NetworkError("The file at Google is shorter than what has arrived of it.")
                if not response.is_redirect:
                    await check_download_response(response, self._redact)
                    yield response
                    return
                url = self._locate(str(join_location(url, response.headers["location"])))
        raise RefusedError("Google redirects the download again and again.")

    def _make_key_header(self, url: httpx2.URL) -> dict[str, str]:
        """Return the header with the key, for the API alone."""
        return {"x-goog-api-key": get_usable_key(self._settings)} if is_same_origin(url, self._api) else {}

    def _locate(self, address: str) -> httpx2.URL:
        """Return the URL to ask: where the user has another address of the API, files of Google's are there.

        Raises:
            RefusedError: It is no file of the API.
        """
        try:
            url = httpx2.URL(address)
        except (ValueError, httpx2.InvalidURL):
            raise RefusedError("The address of the file is malformed.") from None
        if self._settings.base_url and is_same_origin(url, httpx2.URL(DEFAULT_UPLOAD_BASE_URL)):
            url = self._api.copy_with(raw_path=self._api.raw_path.rstrip(b"/") + url.raw_path)
        return self._check(url)

    def _check(self, url: httpx2.URL) -> httpx2.URL:
        """Return a URL that may be asked.

        Raises:
            RefusedError: It is not Google's, or no file of the API.
        """
        if is_same_origin(url, self._api):
            below = url.path.startswith(self._api.path.rstrip("/") + "/")
            if below and FILE_PATH_PATTERN.fullmatch(url.path):
                return url
            raise RefusedError("The address leads to no file of the API.")
        if url.scheme == "https" and url.port is None and GOOGLE_FILE_HOSTS.fullmatch(url.host):
            return url
        raise RefusedError(f"The file is not at Google, but at {quote_name(url.host or 'no host')}.")

    async def _open(self) -> httpx2.AsyncClient:
        async with self._opening:
            if self._client is None:
                get_usable_key(self._settings)
                timeout = httpx2.Timeout(self._timing.upload_idle, connect=self._timing.connect)
                headers = {"user-agent": f"gemini-interactions-mcp/{__version__}"}
                make = partial(make_http_client, event_hooks=TRACKING_HOOKS, timeout=timeout, headers=headers)
                with convert_setup_errors():
                    # In a worker thread: it reads certificates.
                    self._client = await anyio.to_thread.run_sync(make, self._settings.base_url)
                self._api = httpx2.URL(self._settings.base_url or DEFAULT_UPLOAD_BASE_URL)
            return self._client


async def take_parts(response: httpx2.Response, arrival: Arrival) -> None:
    """Write the body of a response as it arrives, but for its last piece."""
    async for part in response.aiter_bytes():
        arrival.unwritten += part
        if len(arrival.unwritten) >= DOWNLOAD_PIECE_BYTES:
            await anyio.to_thread.run_sync(arrival.write)
            arrival.moved(arrival.received, arrival.whole)


def is_same_origin(url: httpx2.URL, other: httpx2.URL) -> bool:
    """Whether two URLs have the same scheme, host and port."""
    return (url.scheme, url.host, url.port) == (other.scheme, other.host, other.port)


def join_location(url: httpx2.URL, location: str) -> httpx2.URL:
    """Return where a redirect leads.

    Raises:
        RefusedError: It leads nowhere.
    """
    try:
        return url.join(location)
    except (ValueError, httpx2.InvalidURL):
        raise RefusedError("Google redirects the download to no address.") from None


async def check_download_response(response: httpx2.Response, redact: Redactor) -> None:
    """Check that a response has a file.

    Raises:
        NetworkError: It is an error after which the download can be resumed.
        GeminiMCPError: Google refuses the download.
    """
    if response.is_success:
        if response.headers.get("content-type", "").casefold().startswith(PAGE_TYPES):
            raise NetworkError("The response was not the file; check the network and GOOGLE_GEMINI_BASE_URL.")
        return
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > ERROR_PAGE_BYTES:
            break
    told = redact(parse_error_body(bytes(body)))
    raise map_download_error(parse_error_response(response.status_code, told, response.headers))


def map_download_error(refusal: ErrorResponse) -> GeminiMCPError:
    """Return the error for an error response."""
    exc = map_error_response(refusal, Call())
    if isinstance(exc, ConfigurationError):
        return exc
    if refusal.status in ABSENT_STATUSES:
        # A new file may not be shown at once.
        return NetworkError("Google does not show the file, or not any more: it keeps one for 48 hours.")
    if refusal.status in RESUMABLE_STATUSES:
        return NetworkError(str(exc))
    return RefusedError(f"Google refuses the download ({quote_name(refusal.told or str(refusal.status))}).")


def is_encoded(response: httpx2.Response) -> bool:
    """Whether a body is compressed, though that was not asked for; its size and its parts then say nothing."""
    return response.headers.get("content-encoding", "identity").casefold() != "identity"
