"""Answers that come before a request has been sent: real clients read them, over real connections."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any

import anyio
import httpx2
import pytest
from anyio.abc import SocketStream
from mcp import Client
from starlette.applications import Starlette
from starlette.datastructures import Headers

from conftest import make_settings
from gemini_interactions_mcp.transports.http import WebServer, open_listener
from gemini_interactions_mcp.transports.lingering import LingerLimits, is_soon_over
from reading import call
from teaming import ACCEPT, named, team
from wired import PATIENCE

LARGE = 8 * 2**20
"""More than the buffers of a connection hold."""

TOO_LARGE = '{"error":"The file is too large: at most 100,000 bytes are taken."}'


async def talk(port: int, path: str, *headers: str, content: bytes = b"") -> SocketStream:
    """A connection on which a file is being sent."""
    stream = await anyio.connect_tcp("127.0.0.1", port)
    head = "\r\n".join([f"PUT {path} HTTP/1.1", "host: localhost", *headers, "", ""])
    await stream.send(head.encode() + content)
    return stream


class Uploads:
    """A server, and somebody who sends it files."""

    def __init__(self, web: httpx2.AsyncClient, client: Client) -> None:
        self.web, self.client = web, client
        self.port = web.base_url.port or 0

    async def offer(self, **more: Any) -> str:
        """The path for a file."""
        told = await call(self.client, "upload_file", **{"name": "a.txt", **more})
        assert told.meta
        return "/uploads/" + str(told.meta["upload_url"]).rpartition("/")[2]

    async def talk(self, path: str, *headers: str, content: bytes = b"") -> SocketStream:
        """A connection on which a file is being sent."""
        return await talk(self.port, path, *headers, content=content)


@pytest.fixture
async def uploads(tmp_path: Path, url: str) -> AsyncGenerator[Uploads]:
    settings = make_settings(tmp_path, url, auth="token", upload_bytes=100_000)
    token = await named(settings, "anna")
    async with team(settings) as served, served.client(token) as client:
        yield Uploads(served.web, client)


async def large_chunks() -> AsyncGenerator[bytes]:
    for _ in range(LARGE // 2**16):
        yield bytes(2**16)


async def read_answer(stream: SocketStream) -> str:
    """The first answer on a connection."""
    found = b""
    with anyio.fail_after(PATIENCE):
        while b'"}' not in found:
            found += await stream.receive()
    return found.decode()


async def read_end(stream: SocketStream) -> None:
    """Wait until the server has closed a connection."""
    with anyio.fail_after(PATIENCE), suppress(anyio.EndOfStream, anyio.BrokenResourceError):
        while True:
            await stream.receive()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("expecting", [True, False])
async def test_curl_reads_that_a_file_is_too_large(
    uploads: Uploads, tmp_path: Path, sized: bool, expecting: bool
) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(LARGE))
    headers = [] if expecting else ["-H", "expect:"]
    address = f"http://127.0.0.1:{uploads.port}{await uploads.offer()}"
    with large.open("rb") as content:
        run = await anyio.run_process(
            ["curl", "--max-time", "20", "-sS", "-T", str(large) if sized else "-", *headers, address],
            stdin=content,
            stdout=PIPE,
            stderr=STDOUT,
            check=False,
        )
    assert (run.returncode, run.stdout.decode()) == (0, TOO_LARGE)


@pytest.mark.parametrize("sized", [True, False])
async def test_a_client_that_reads_at_the_end_reads_it_too(uploads: Uploads, sized: bool) -> None:
    path = await uploads.offer()
    headers = {"content-length": str(LARGE)} if sized else {}
    answer = await uploads.web.put(path, content=large_chunks(), headers=headers)
    assert (answer.status_code, answer.text, answer.headers["connection"]) == (413, TOO_LARGE, "close")
    assert (await uploads.web.put(path, content=b"hello")).status_code == 201


async def test_all_refusals_are_read(uploads: Uploads) -> None:
    """A used, a false, an expired and a missing address, a content that is packed, another size, another method."""

    async def refuse(path: str, method: str = "PUT", **headers: str) -> int:
        answer = await uploads.web.request(method, path, content=large_chunks(), headers=headers)
        assert answer.text
        return answer.status_code

    path = await uploads.offer()
    assert await refuse(path, **{"content-encoding": "gzip"}) == 415
    assert await refuse(path, "POST") == 405
    assert await refuse("/uploads/x") == 401
    assert await refuse("/nowhere") == 404
    assert (await uploads.web.put(path, content=b"hello")).status_code == 201
    assert await refuse(path) == 409
    assert await refuse(await uploads.offer(bytes=5), **{"content-length": str(LARGE)}) == 413
    assert await refuse(await uploads.offer(bytes=5)) == 422
    assert await refuse("/mcp", "POST", **ACCEPT, connection="close") == 401


@pytest.mark.parametrize("framing", [f"content-length: {LARGE}", "transfer-encoding: chunked"])
async def test_who_asks_first_sends_nothing(uploads: Uploads, framing: str) -> None:
    path = await uploads.offer()
    refused = path if framing.startswith("content-length") else "/uploads/x"
    async with await uploads.talk(refused, framing, "expect: 100-continue") as stream:
        answer = await read_answer(stream)
        assert answer.startswith(f"HTTP/1.1 {413 if refused == path else 401} ")
        assert "\r\nconnection: close\r\n" in answer
    async with await uploads.talk(path, "content-length: 5", "expect: 100-continue") as stream:
        assert (await stream.receive()).startswith(b"HTTP/1.1 100 ")
        await stream.send(b"hello")
        assert "HTTP/1.1 201 " in await read_answer(stream)


@pytest.mark.parametrize("limits", [LingerLimits(size=100_000), LingerLimits(seconds=0.1), LingerLimits(pause=0.1)])
async def test_nobody_is_waited_for_without_an_end(limits: LingerLimits) -> None:
    with open_listener(0) as listener:
        running = WebServer(Starlette(), lambda: None, linger=limits)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(running.serve, [listener])
            async with await talk(listener.getsockname()[1], "/x", f"content-length: {LARGE}") as stream:
                with anyio.fail_after(PATIENCE):
                    assert b" 404 " in await stream.receive()
                if limits.size == 100_000:
                    await stream.send(bytes(200_000))
                await read_end(stream)
            running.should_exit = True


async def test_a_connection_is_kept_where_little_was_left(uploads: Uploads) -> None:
    async with await uploads.talk("/uploads/x", "content-length: 5") as stream:
        assert "connection: close" not in await read_answer(stream)
        await stream.send(b"helloPUT /uploads/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n")
        assert "HTTP/1.1 401 " in await read_answer(stream)


@pytest.mark.parametrize("framing", ["content-length: 50", "transfer-encoding: chunked"])
async def test_a_file_that_breaks_off_is_sent_anew(uploads: Uploads, framing: str) -> None:
    path = await uploads.offer()
    for _ in range(3):
        stream = await uploads.talk(path, framing, content=b"5\r\nhello\r\n")
        await stream.aclose()
    statuses: list[int] = []
    with anyio.fail_after(PATIENCE):
        while statuses[-1:] != [201]:
            statuses.append((await uploads.web.put(path, content=b"hello")).status_code)
            assert statuses[-1] in {201, 409}


@pytest.mark.parametrize("length", ["5", "0" * 30 + "5", "-5", "5, 5", "9" * 5000])
def test_lengths_are_read_as_they_are(length: str) -> None:
    assert is_soon_over(Headers({"content-length": length})) == (length == "5")
