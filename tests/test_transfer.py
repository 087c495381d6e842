"""Resumable uploads: chunks, resuming from what has arrived, errors and secrets."""

import hashlib
import io
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from conftest import FAST, KEY
from gemini_interactions_mcp.api import resumable_upload
from gemini_interactions_mcp.api.resumable_upload import ResumableUpload
from gemini_interactions_mcp.core.errors import FileRefusedError, KeyRejectedError, NetworkError, RefusedError
from gemini_interactions_mcp.core.redaction import Redactor
from gemini_interactions_mcp.emulator import Emulator, Fault, make_redirect_fault

CHUNK, PIECE = 4096, 1024
CONTENT = bytes(range(256)) * 40
"""Content of two and a half chunks."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resumable_upload, "UPLOAD_CHUNK_BYTES", CHUNK)
    monkeypatch.setattr(resumable_upload, "UPLOAD_PIECE_BYTES", PIECE)


@pytest.fixture
async def sender(url: str) -> AsyncIterator[ResumableUpload]:
    sender = ResumableUpload(url, KEY, timing=replace(FAST, upload_backoffs=(0.0, 0.0, 0.0)))
    yield sender
    await sender.close()


async def send(sender: ResumableUpload, content: bytes = CONTENT) -> tuple[dict[str, object], list[int]]:
    moves: list[int] = []
    address = await sender.start({"name": "files/mine"}, len(content), "video/mp4")
    return dict(await sender.send(address, io.BytesIO(content), len(content), moves.append)), moves


def commands(emulator: Emulator) -> list[tuple[str, str]]:
    """Return the commands of an upload and their offsets."""
    heads = [request.headers for request in emulator.requests if "upload" in request.path]
    return [(head["x-goog-upload-command"], head.get("x-goog-upload-offset", "")) for head in heads]


def arrived(emulator: Emulator) -> bytes:
    (file,) = emulator.files.files.values()
    return file.sha256


def expected(content: bytes = CONTENT) -> bytes:
    return hashlib.sha256(content).digest()


@pytest.mark.slow
async def test_a_file_goes_in_chunks_and_tells_its_progress(sender: ResumableUpload, emulator: Emulator) -> None:
    file, moves = await send(sender)
    assert (file["name"], file["state"]) == ("files/mine", "PROCESSING")
    assert arrived(emulator) == expected()
    assert moves == list(range(PIECE, len(CONTENT) + 1, PIECE))
    assert commands(emulator) == [
        ("start", ""),
        ("upload", "0"),
        ("upload", str(CHUNK)),
        ("upload, finalize", str(2 * CHUNK)),
    ]


@pytest.mark.parametrize("size", [1, PIECE, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
async def test_every_size_arrives_whole(sender: ResumableUpload, emulator: Emulator, size: int) -> None:
    await send(sender, CONTENT[:size])
    assert arrived(emulator) == expected(CONTENT[:size])


async def test_the_key_goes_with_the_start_only(sender: ResumableUpload, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str | None] = []

    really = httpx2.AsyncClient.send

    async def noting(self: httpx2.AsyncClient, request: httpx2.Request, **options: Any) -> httpx2.Response:
        keys.append(request.headers.get("x-goog-api-key"))
        return await really(self, request, **options)

    monkeypatch.setattr(httpx2.AsyncClient, "send", noting)
    await send(sender)
    assert keys == [KEY, None, None, None]


@pytest.mark.parametrize("after", [1, PIECE, CHUNK - 1])
@pytest.mark.parametrize("skip", [0, 1, 2])
async def test_a_chunk_that_breaks_is_gone_on_with_where_it_broke(
    sender: ResumableUpload, emulator: Emulator, after: int, skip: int
) -> None:
    content = CONTENT + bytes(CHUNK // 2)
    emulator.faults.append(Fault("upload", "cut", skip=skip, after=after))
    file, _ = await send(sender, content)
    assert file["name"] == "files/mine"
    assert arrived(emulator) == expected(content)
    cut, query, rest = commands(emulator)[skip + 1 : skip + 4]
    assert cut[1] == str(skip * CHUNK)
    assert query == ("query", "")
    assert rest[1] == str(skip * CHUNK + after)


@pytest.mark.parametrize("kind", ["drop", "drop_taken"])
@pytest.mark.parametrize("skip", [1, 2])
async def test_a_chunk_whose_answer_is_lost_is_sent_again_only_if_it_is_missing(
    sender: ResumableUpload, emulator: Emulator, kind: str, skip: int
) -> None:
    emulator.faults.append(Fault("upload", kind, skip=skip))  # type: ignore[arg-type]
    await send(sender)
    assert arrived(emulator) == expected()
    offsets = [int(offset) for command, offset in commands(emulator) if command.startswith("upload")]
    assert len(offsets) == len(set(offsets)) + (kind == "drop")


async def test_a_last_answer_that_is_lost_leaves_the_file_to_be_asked_for(
    sender: ResumableUpload, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("upload", "drop_taken", skip=3))
    assert (await send(sender))[0] == {}
    assert list(emulator.files.files) == ["files/mine"]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_an_error_that_passes_is_waited_for(sender: ResumableUpload, emulator: Emulator, status: int) -> None:
    emulator.faults.append(Fault("upload", "http", skip=2, times=2, http_status=status))
    await send(sender)
    assert arrived(emulator) == expected()


async def test_what_breaks_again_and_again_is_given_up(sender: ResumableUpload, emulator: Emulator) -> None:
    emulator.faults.append(Fault("upload", "drop", skip=2, times=99))
    with pytest.raises(httpx2.TransportError):
        await send(sender)
    assert len(commands(emulator)) == 2 + 4


@pytest.mark.slow
async def test_what_goes_on_a_little_each_time_is_not_given_up(sender: ResumableUpload, emulator: Emulator) -> None:
    emulator.faults.append(Fault("upload", "cut", times=8, after=100))
    await send(sender)
    assert arrived(emulator) == expected()


async def test_what_is_sent_again_is_told_again(sender: ResumableUpload, emulator: Emulator) -> None:
    emulator.faults.append(Fault("upload", "cut", skip=1, after=10))
    _, moves = await send(sender)
    assert CHUNK + 10 + PIECE in moves
    assert moves[-1] == len(CONTENT)


async def test_an_upload_that_google_has_forgotten_is_an_error(sender: ResumableUpload, emulator: Emulator) -> None:
    address = await sender.start({}, 3, "text/csv")
    emulator.files.uploads.clear()
    with pytest.raises(RefusedError, match="does not know this upload"):
        await sender.send(address, io.BytesIO(b"abc"), 3, lambda _: None)


async def test_a_file_that_shrinks_meanwhile_is_refused(sender: ResumableUpload) -> None:
    address = await sender.start({}, 10, "text/csv")
    with pytest.raises(FileRefusedError, match="shorter"):
        await sender.send(address, io.BytesIO(b"abc"), 10, lambda _: None)


async def test_a_key_that_is_rejected_is_one(url: str) -> None:
    sender = ResumableUpload(url, "invalid-key")
    with pytest.raises(KeyRejectedError) as caught:
        await sender.start({}, 3, "text/csv")
    await sender.close()
    assert "invalid-key" not in str(caught.value)


async def test_a_secret_is_taken_out_before_an_error_is_cut(url: str, emulator: Emulator) -> None:
    sender = ResumableUpload(url, KEY, Redactor([KEY]))
    body = {"error": {"message": f"{'x' * 394}{KEY} and more", "code": 400}}
    emulator.faults.append(Fault("upload", "http", http_status=400, body=body))
    with pytest.raises(RefusedError) as caught:
        await sender.start({}, 3, "text/csv")
    await sender.close()
    assert KEY[:4] not in str(caught.value)


async def test_something_else_than_the_api_is_recognised(sender: ResumableUpload, emulator: Emulator) -> None:
    emulator.faults.append(Fault("upload", "http", http_status=200, body="<p>Welcome to this hotel</p>"))
    with pytest.raises(NetworkError, match="The response was not"):
        await sender.start({}, 3, "text/csv")
    emulator.faults.append(Fault("upload", "http", http_status=502, body="<p>Bad gateway</p>"))
    with pytest.raises(NetworkError, match="502"):
        await sender.start({}, 3, "text/csv")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(sender: ResumableUpload, emulator: Emulator, url: str, status: int) -> None:
    emulator.faults.append(make_redirect_fault(f"{url}/v1/models", "upload", status=status))
    with pytest.raises(NetworkError, match=f"answered {status}.*not followed"):
        await sender.start({}, 3, "text/csv")
    emulator.faults.append(make_redirect_fault(f"{url}/v1/models", "upload", status=status, times=99))
    emulator.faults[-1].skip = 1
    with pytest.raises(NetworkError, match=f"answered {status}"):
        await send(sender)
    assert {request.path for request in emulator.requests} == {"/upload/v1/files"}


async def test_the_address_of_an_upload_is_in_no_log_and_no_error(
    sender: ResumableUpload, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    emulator.faults.append(Fault("upload", "drop", skip=2, times=99))
    with pytest.raises(httpx2.TransportError) as caught:
        await send(sender)
    (upload_id,) = emulator.files.uploads
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    assert upload_id not in str([*ours, caught.value])
    assert KEY not in caplog.text


async def test_the_address_keeps_the_path_of_a_proxy(url: str, emulator: Emulator) -> None:
    sender = ResumableUpload(f"{url}/proxy/", KEY)
    with pytest.raises(RefusedError):
        await sender.start({}, 3, "text/csv")
    await sender.close()
    assert emulator.requests[-1].path == "/proxy/upload/v1/files"
