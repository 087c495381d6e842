"""Answers of the viewer: refusals, JSON, saved files by ranges, and streams of events."""

import json
import re
from collections.abc import Awaitable, Callable
from io import BufferedReader
from typing import Final
from urllib.parse import quote

import anyio
import anyio.to_thread
from mcp_types import INVALID_REQUEST
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gemini_interactions_mcp.core import replace_lone_surrogates
from gemini_interactions_mcp.models import SavedFile

FILE_CHUNK_BYTES: Final = 2**18
KEEP_ALIVE_SECONDS: Final = 15.0
"""Seconds between comments on a stream of events, by which a browser that has gone is noticed."""
SPACING_SECONDS: Final = 0.2
"""Least seconds between two events: a browser reads everything again after each."""

SHOWN_TYPES: Final = re.compile(r"(?:image/(?:png|jpeg|webp|gif|avif|bmp)|audio/[\w.+-]+|video/[\w.+-]+|text/plain)")
"""Types that no browser runs as a page; files of others are only downloaded."""
FILE_POLICY: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"

SINGLE_RANGE: Final = re.compile(r"bytes=([0-9]{1,18})?-([0-9]{1,18})?")


class JsonAnswer(Response):
    """JSON, in which lone surrogates are replaced."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Return the body."""
        return replace_lone_surrogates(json.dumps(content, ensure_ascii=False, separators=(",", ":"))).encode()


def refuse_request(status: int, message: str, code: int = INVALID_REQUEST) -> Response:
    """Return an answer that is an error."""
    return JsonAnswer({"error": {"code": code, "message": message}}, status)


async def run_while_connected(receive: Receive, work: Callable[[], Awaitable[None]]) -> None:
    """Do work until it is done or the browser has gone; it handles its own errors."""
    async with anyio.create_task_group() as tasks:

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                """Nothing else of a request matters now."""
            tasks.cancel_scope.cancel()

        tasks.start_soon(watch)
        await work()
        tasks.cancel_scope.cancel()


class Pulse:
    """Counts changes, and wakes all that wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self.ended = False
        self._moved = anyio.Event()

    def beat(self) -> None:
        """Count a change."""
        self.count += 1
        self._wake()

    def end(self) -> None:
        """Let all streams end."""
        self.ended = True
        self._wake()

    async def wait(self, seen: int) -> None:
        """Wait until there are more changes than those seen, or the end."""
        while self.count == seen and not self.ended:
            await self._moved.wait()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = anyio.Event()


class EventStream(Response):
    """A stream with an event `changed` for each change; one that reconnects hears of what it has missed.

    Args:
        pulse: The changes.
        seen: The number of changes that the browser has heard of; None for all until now.
    """

    media_type = "text/event-stream"

    def __init__(self, pulse: Pulse, seen: int | None) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._pulse = pulse
        self._seen = pulse.count if seen is None else seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the browser or the server goes."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body"})
            return

        async def send_events() -> None:
            text = ": changes of the journal\nretry: 1000\n\n"
            while not self._pulse.ended:
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
                text = await self._next_event()
            await send({"type": "http.response.body"})

        await run_while_connected(receive, send_events)

    async def _next_event(self) -> str:
        with anyio.move_on_after(KEEP_ALIVE_SECONDS):
            await self._pulse.wait(self._seen)
        if self._pulse.count == self._seen:
            return ": \n\n"
        if not self._pulse.ended:
            await anyio.sleep(SPACING_SECONDS)
        self._seen = self._pulse.count
        return f"event: changed\nid: {self._seen}\ndata: {{}}\n\n"


class FileAnswer(Response):
    """A saved file, or a range of its bytes; types that a browser may run are only downloaded.

    Args:
        file: What the journal says of it.
        stream: The opened file, which is closed after the answer.
        asked: The headers of the request.
    """

    def __init__(self, file: SavedFile, stream: BufferedReader, asked: Headers) -> None:
        super().__init__()
        self._stream = stream
        self._size = file.bytes
        tag = f'"{file.sha256}"' if file.sha256 else ""
        found = parse_range(asked.get("range", ""), file.bytes)
        usable = asked.get("if-range") in (None, tag) if tag else "if-range" not in asked
        self._part = found if usable and found is not None else range(file.bytes)
        self.status_code = (206 if self._part else 416) if usable and found is not None else 200
        self.headers.update(make_file_headers(file) | ({"etag": tag} if tag else {}))
        self.headers["content-length"] = str(len(self._part))
        if self.status_code == 206:
            self.headers["content-range"] = f"bytes {self._part.start}-{self._part.stop - 1}/{file.bytes}"
        elif self.status_code == 416:
            self.headers["content-range"] = f"bytes */{file.bytes}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the bytes until the browser goes."""
        with self._stream:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if scope["method"] == "HEAD" or not self._part:
                await send({"type": "http.response.body"})
                return

            async def send_bytes() -> None:
                left = len(self._part)
                self._stream.seek(self._part.start)
                while left:
                    chunk = await anyio.to_thread.run_sync(self._stream.read, min(FILE_CHUNK_BYTES, left))
                    # A file that has become shorter meanwhile breaks the connection off, as it should.
                    left -= len(chunk)
                    await send({"type": "http.response.body", "body": chunk, "more_body": bool(left and chunk)})
                    if not chunk:
                        return

            await run_while_connected(receive, send_bytes)


def make_file_headers(file: SavedFile) -> dict[str, str]:
    """Return the headers of a file."""
    kind = file.mime_type.partition(";")[0].strip().lower()
    shown = SHOWN_TYPES.fullmatch(kind) is not None
    known = re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind, re.ASCII) is not None
    return {
        "accept-ranges": "bytes",
        "content-type": f"{kind}; charset=utf-8"
        if kind == "text/plain"
        else kind
        if known
        else "application/octet-stream",
        "content-disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(file.name, safe='')}",
        "content-security-policy": FILE_POLICY,
    }


def parse_range(text: str, size: int) -> range | None:
    """Return the range that a `Range` header asks for, empty if there are no such bytes; None where it is ignored."""
    found = SINGLE_RANGE.fullmatch(text.strip())
    first, last = (found[1] or "", found[2] or "") if found else ("", "")
    if not first and not last:
        return None
    if not first:
        return range(max(0, size - int(last)), size) if int(last) else range(0)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(size, int(last) + 1 if last else size))
