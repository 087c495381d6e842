"""Video: what is sent, downloaded, saved, shown and refused."""

import base64
import dataclasses
import errno
import gzip
import io
import math
import os
import tracemalloc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any

import anyio
import av
import httpx2
import pytest
from anyio.abc import SocketAttribute, SocketStream
from mcp import Client
from PIL import Image

from conftest import FAST, KEY
from gemini_interactions_mcp import emulator as emulated
from gemini_interactions_mcp import output
from gemini_interactions_mcp.api.downloads import MAX_DOWNLOAD_BYTES, Downloads
from gemini_interactions_mcp.core import (
    ConfigurationError,
    FileTooLargeError,
    GeminiMCPError,
    NetworkError,
    RefusedError,
)
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from journaling import execute
from reading import call, complaint, id_of, links_of, png, previews_of, saved_in, text_of
from wired import let_leases_run_out

CLIP = (resources.files(emulated) / "clip.mp4").read_bytes()
PATIENCE = 10


def frames_of(path: Path) -> int:
    """The frames of a video, decoded to its end."""
    with av.open(str(path)) as opened:
        return len(list(opened.decode(video=0)))


def doubting(emulator: Emulator, **changes: Any) -> None:
    """Decide doubts."""
    emulator.doubts = dataclasses.replace(emulator.doubts, **changes)


def blocks_of(create: dict[str, Any]) -> list[dict[str, Any]]:
    """The content of a request."""
    given: Any = create["input"]
    steps: list[dict[str, Any]] = [given] if isinstance(given, dict) else [] if isinstance(given, str) else given
    return [block for step in steps for block in step.get("content", [step])]


class FullDisk(io.BytesIO):
    """A file on a disk without room."""

    def write(self, _: Any) -> int:
        """Fail as the disk does."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def ignore(_received: int, _whole: int | None) -> None:
    """Do nothing with what has arrived."""


def downloads(emulator: Emulator) -> list[str]:
    """The offsets from which videos were asked for."""
    return [each.headers.get("range", "") for each in emulator.requests if each.query.get("alt") == "media"]


@asynccontextmanager
async def fresh(settings: Settings) -> AsyncGenerator[Client]:
    """Another server on the same journal."""
    async with Client(build_server(settings, FAST), cache=None) as client:
        yield client


async def test_a_video_is_saved_with_its_duration_and_first_frame(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    result = await call(client, "generate_video", prompt="A ball rolls", seconds=3, aspect_ratio="16x9")
    (path,) = settings.output_dir.iterdir()
    assert path.read_bytes() == CLIP
    assert frames_of(path) == 36
    assert f"Saved: {path} (video/mp4, 3.0 s, {path.stat().st_size:,} bytes)" in text_of(result)
    assert "| gemini-omni-1.2-flash | completed |" in text_of(result)
    assert "| ~$0.3" in text_of(result)
    assert "To follow up: generate_video with it" in text_of(result)
    assert [preview.size for preview in previews_of(result)] == [(320, 180)]
    assert len(links_of(result)) == 1
    (create,) = emulator.creates
    assert create["response_format"] == {"type": "video", "aspect_ratio": "16:9", "duration": "3s", "delivery": "uri"}
    assert create["generation_config"] == {"video_config": {"task": "text_to_video"}}
    assert create["stream"] is True
    assert "background" not in create
    assert (path.stat().st_mode & 0o777) == 0o600


async def test_without_a_decoder_a_video_is_a_link(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.posters, "can_decode_videos", lambda: False)
    result = await call(client, "generate_video", prompt="A ball rolls")
    assert previews_of(result) == []
    assert len(links_of(result)) == 1
    assert "not shown" not in text_of(result)
    assert len(list(settings.output_dir.iterdir())) == 1


@pytest.mark.parametrize(
    ("images", "video", "task", "sent"),
    [
        (0, False, None, "text_to_video"),
        (1, False, None, "image_to_video"),
        (2, False, None, "reference_to_video"),
        (1, False, "reference_to_video", "reference_to_video"),
        (0, True, None, "edit"),
        (1, True, None, "edit"),
        (0, True, "extend", "extend"),
    ],
)
async def test_the_task_follows_from_what_is_given(
    client: Client, emulator: Emulator, settings: Settings, images: int, video: bool, task: str | None, sent: str
) -> None:
    folder = settings.allowed_dirs[0]
    (folder / "clip.mp4").write_bytes(CLIP)
    given: dict[str, Any] = (
        {"images": [str(png(folder, f"{number}.png")) for number in range(images)]} if images else {}
    )
    given |= {"video": str(folder / "clip.mp4")} if video else {}
    await call(client, "generate_video", prompt="A ball rolls", task=task, **given)
    (create,) = emulator.creates
    assert create["generation_config"] == {"video_config": {"task": sent}}
    types = [block["type"] for block in blocks_of(create)]
    assert (types.count("image"), types.count("video")) == (images, int(video))


async def test_a_made_video_is_changed_and_what_is_no_video_is_not(client: Client, emulator: Emulator) -> None:
    made = id_of(await call(client, "generate_video", prompt="A ball rolls"))
    changed = await call(client, "generate_video", prompt="At night", previous_interaction_id=made)
    assert "-ball-rolls-" in saved_in(changed)[0].name
    asked = id_of(await call(client, "gemini_ask", prompt="An idea for a clip?"))
    await call(client, "generate_video", prompt="Film that", previous_interaction_id=asked)
    tasks = [
        create["generation_config"]["video_config"]["task"]
        for create in emulator.creates
        if "video_config" in create.get("generation_config", {})
    ]
    assert tasks == ["text_to_video", "edit", "text_to_video"]
    assert [create.get("previous_interaction_id") for create in emulator.creates] == [None, made, None, asked]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"seconds": 2}, "gemini-omni-1.2-flash makes videos of 3 to 10 seconds, not of 2. Nothing was sent."),
        ({"seconds": 11}, "makes videos of 3 to 10 seconds, not of 11"),
        ({"task": "extend"}, "task=extend needs a video or previous_interaction_id. Nothing was sent."),
        (
            {"task": "image_to_video"},
            "task=image_to_video takes one image, the first frame, and not 0. Nothing was sent.",
        ),
        ({"task": "reference_to_video"}, "task=reference_to_video needs images. Nothing was sent."),
        ({"task": "text_to_video", "images": ["dot.png"]}, "task=text_to_video takes no images. Nothing was sent."),
        ({"model": "flash"}, "gemini-3.8-flash is for text, and cannot make a video."),
        ({"output_path": "clip.webm"}, "the path of video content ends with .mp4, or no extension."),
        ({"resolution": "8k"}, "`resolution` should be '360p', '720p', '1080p' or '4k'"),
        ({"images": ["note.txt"]}, "`images` takes images only, and `video` one video. Nothing was sent."),
        ({"video": "dot.png"}, "`images` takes images only, and `video` one video. Nothing was sent."),
        ({"images": ["clip.mp4"]}, "`images` takes images only, and `video` one video. Nothing was sent."),
    ],
)
async def test_what_cannot_be_filmed_is_refused_and_nothing_is_sent(
    client: Client, emulator: Emulator, settings: Settings, arguments: dict[str, Any], said: str
) -> None:
    folder = settings.allowed_dirs[0]
    png(folder)
    (folder / "note.txt").write_text("Not a picture")
    (folder / "clip.mp4").write_bytes(CLIP)
    placed = {name: [str(folder / each) for each in value] for name, value in arguments.items() if name == "images"}
    placed |= {name: str(folder / value) for name, value in arguments.items() if name == "video"}
    assert said in await complaint(client, "generate_video", **{"prompt": "A ball"} | arguments | placed)
    assert emulator.creates == []


# How it comes --------------------------------------------------------------------------------------------


async def test_an_api_that_sends_data_instead_of_an_address_is_as_good(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    doubting(emulator, video_delivery="inline")
    result = await call(client, "generate_video", prompt="A ball rolls")
    assert [path.read_bytes() for path in settings.output_dir.iterdir()] == [CLIP]
    assert len(previews_of(result)) == 1
    assert downloads(emulator) == []


async def test_a_read_that_shows_data_where_the_stream_has_shown_an_address_is_as_good(
    client: Client, emulator: Emulator, url: str
) -> None:
    doubting(emulator, video_delivery="uri", inline_reads=True, id_form="url-safe", late_reads=0)
    async with httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": "test-key"}) as http:
        shape = {"type": "video", "delivery": "uri"}
        body = {"model": "gemini-omni-1.2-flash", "input": "A ball", "response_format": shape}
        assert (await http.post("/v1/interactions", json=body)).status_code == 200
    (made,) = emulator.interactions
    result = await call(client, "read_interaction", interaction_id=made, wait_seconds=PATIENCE)
    assert [path.read_bytes() for path in saved_in(result)] == [CLIP]
    assert downloads(emulator) == []


@pytest.mark.parametrize("ranges", [True, False])
async def test_a_broken_download_goes_on_where_it_broke(
    client: Client, emulator: Emulator, settings: Settings, ranges: bool
) -> None:
    doubting(
        emulator, video_delivery="uri", ranges=ranges, late_files=0, redirected_downloads=False, inline_reads=False
    )
    emulator.faults += [Fault("file", "cut", after=1_000), Fault("file", "cut", after=2_000)]
    result = await call(client, "generate_video", prompt="A ball rolls", wait_seconds=PATIENCE)
    assert [path.read_bytes() for path in saved_in(result)] == [CLIP]
    assert list(settings.output_dir.iterdir()) == saved_in(result)
    first, *later = downloads(emulator)
    assert first == ""
    assert all(later)
    assert len(later) == 2


async def test_a_file_that_is_not_shown_yet_is_waited_for(client: Client, emulator: Emulator) -> None:
    doubting(emulator, video_delivery="uri", late_files=3, inline_reads=False)
    result = await call(client, "generate_video", prompt="A ball rolls", wait_seconds=PATIENCE)
    assert [path.read_bytes() for path in saved_in(result)] == [CLIP]


@pytest.mark.parametrize("status", [500, 503, 429, 408])
async def test_a_download_that_fails_for_a_moment_is_repeated(client: Client, emulator: Emulator, status: int) -> None:
    doubting(emulator, video_delivery="uri", inline_reads=False)
    emulator.faults.append(Fault("file", "http", times=2, http_status=status))
    result = await call(client, "generate_video", prompt="A ball rolls", wait_seconds=PATIENCE)
    assert [path.read_bytes() for path in saved_in(result)] == [CLIP]


async def test_a_page_in_place_of_the_file_is_not_saved_as_a_video(client: Client, emulator: Emulator) -> None:
    doubting(emulator, video_delivery="uri", inline_reads=False)
    emulator.faults.append(Fault("file", "http", times=2, http_status=200, body="<html><title>Log in</title></html>"))
    result = await call(client, "generate_video", prompt="A ball rolls", wait_seconds=PATIENCE)
    assert [path.read_bytes() for path in saved_in(result)] == [CLIP]


async def test_a_video_that_is_not_downloaded_is_not_lost_and_not_made_again(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    doubting(emulator, video_delivery="uri", inline_reads=False)
    emulator.faults.append(broken := Fault("file", "http", times=math.inf, http_status=500))
    said = await complaint(client, "generate_video", prompt="A ball rolls", wait_seconds=PATIENCE)
    (made,) = emulator.interactions
    assert made in said
    assert "The video could not be downloaded: " in said
    assert "/v1beta/files/" in said
    assert "for 48 hours" in said
    assert KEY not in said
    emulator.faults.remove(broken)
    result = await call(client, "generate_video", prompt="A ball rolls", wait_seconds=PATIENCE)
    assert id_of(result) == made
    assert [path.read_bytes() for path in saved_in(result)] == [CLIP]
    assert list(settings.output_dir.iterdir()) == saved_in(result)
    assert len(emulator.creates) == 1


async def test_what_google_does_not_keep_any_more_is_not_asked_for(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    doubting(emulator, video_delivery="uri", inline_reads=False)
    result = await call(client, "generate_video", prompt="A ball rolls")
    asked = len(downloads(emulator))
    saved_in(result)[0].unlink()
    await execute(str(settings.database_url), "UPDATE interactions SET created_at = '2026-01-02T03:04:05.000006+00:00'")
    again = await call(client, "read_interaction", interaction_id=id_of(result))
    assert "is not there any more" in text_of(again)
    assert len(downloads(emulator)) == asked


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_streamed_video_is_kept_though_it_can_never_be_read(
    settings: Settings, emulator: Emulator, tmp_path: Path, status: int
) -> None:
    """Its address came with the stream; the server ends before it has the file."""
    doubting(
        emulator,
        video_delivery="uri",
        completed_usage=True,
        bare_foreground=False,
        lost_completions=0,
        refused_reads=(status,),
    )
    emulator.faults.append(stalled := Fault("file", "stall", times=1))
    async with fresh(settings) as client:
        await call(client, "generate_video", prompt="A ball rolls", wait_seconds=0)
        with anyio.fail_after(PATIENCE):
            await stalled.reached.wait()
    (made,) = emulator.interactions
    let_leases_run_out(tmp_path)
    stalled.release.set()
    async with fresh(settings) as client:
        result = await call(client, "read_interaction", interaction_id=made, wait_seconds=PATIENCE)
        (path,) = saved_in(result)
        assert path.read_bytes() == CLIP
        path.unlink()
        result = await call(client, "read_interaction", interaction_id=made, wait_seconds=PATIENCE)
        assert [each.read_bytes() for each in saved_in(result)] == [CLIP]
    assert len(emulator.creates) == 1


async def test_media_of_others_are_downloaded_too(
    client: Client, emulator: Emulator, settings: Settings, url: str
) -> None:
    doubting(emulator, id_form="url-safe", late_reads=0)
    async with httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": "test-key"}) as http:
        for model, kind in (("gemini-omni-1.2-flash", "video"), ("gemini-3.8-flash-tts", "audio")):
            body = {"model": model, "input": "A ball", "response_format": {"type": kind, "delivery": "uri"}}
            assert (await http.post("/v1/interactions", json=body)).status_code == 200
    assert settings.output_dir.exists() is False
    saved = [
        path
        for made in emulator.interactions
        for path in saved_in(await call(client, "read_interaction", interaction_id=made, wait_seconds=PATIENCE))
    ]
    assert [path.suffix for path in saved] == [".mp4", ".wav"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("file", "http", times=math.inf, http_status=400),
        Fault("file", "http", times=math.inf, http_status=302, headers={"location": "https://example.com/login"}),
        Fault("file", "http", times=math.inf, http_status=200, body=b""),
        Fault("file", "http", times=math.inf, http_status=200, headers={"content-type": "Text/Plain"}, body=b"log in"),
    ],
    ids=["refused", "redirected", "empty", "text"],
)
async def test_no_failed_download_has_a_second_video_made(client: Client, emulator: Emulator, fault: Fault) -> None:
    doubting(emulator, video_delivery="uri", inline_reads=False)
    emulator.faults.append(fault)
    await complaint(client, "generate_video", prompt="A ball rolls", wait_seconds=PATIENCE)
    await complaint(client, "generate_video", prompt="A ball rolls", wait_seconds=PATIENCE)
    emulator.faults.clear()
    result = await call(client, "generate_video", prompt="A ball rolls", wait_seconds=PATIENCE)
    assert [path.read_bytes() for path in saved_in(result)] == [CLIP]
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_a_second_server_leaves_a_download_to_the_first(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    doubting(emulator, video_delivery="uri", inline_reads=False, late_files=0, redirected_downloads=False)
    emulator.faults.append(stalled := Fault("file", "stall"))
    await call(client, "generate_video", prompt="A ball rolls", wait_seconds=0)
    with anyio.fail_after(PATIENCE):
        await stalled.reached.wait()
    (made,) = emulator.interactions
    async with fresh(settings) as other:
        waiting = await call(other, "read_interaction", interaction_id=made, wait_seconds=1)
        assert saved_in(waiting) == []
        stalled.release.set()
        result = await call(other, "read_interaction", interaction_id=made, wait_seconds=PATIENCE)
    assert [path.read_bytes() for path in saved_in(result)] == [CLIP]
    assert saved_in(await call(client, "read_interaction", interaction_id=made)) == saved_in(result)
    assert list(settings.output_dir.iterdir()) == saved_in(result)
    assert len(downloads(emulator)) == 1


async def test_what_is_deleted_during_its_download_is_not_saved(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    doubting(emulator, video_delivery="uri", inline_reads=False, late_files=0)
    emulator.faults.append(stalled := Fault("file", "stall"))
    await call(client, "generate_video", prompt="A ball rolls", wait_seconds=0)
    with anyio.fail_after(PATIENCE):
        await stalled.reached.wait()
    (made,) = emulator.interactions
    async with fresh(settings) as other:
        await call(other, "delete_interaction", interaction_id=made)
    stalled.release.set()
    await anyio.sleep(0.3)
    assert list(settings.output_dir.iterdir()) == []


@pytest.mark.slow
async def test_a_restored_video_is_not_waited_for_longer_than_asked(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    doubting(emulator, video_delivery="uri", inline_reads=False, late_files=0, redirected_downloads=False)
    made = await call(client, "generate_video", prompt="A ball rolls")
    saved_in(made)[0].unlink()
    emulator.faults.append(stalled := Fault("file", "stall"))
    waiting = await call(client, "read_interaction", interaction_id=id_of(made), wait_seconds=0)
    assert "Read it again to have them." in text_of(waiting)
    stalled.release.set()
    result = await call(client, "read_interaction", interaction_id=id_of(made), wait_seconds=PATIENCE)
    assert [path.read_bytes() for path in saved_in(result)] == [CLIP]
    assert len(downloads(emulator)) == 2
    saved_in(result)[0].unlink()
    emulator.faults.append(Fault("file", "http", times=math.inf, http_status=500))
    failed = await call(client, "read_interaction", interaction_id=id_of(made), wait_seconds=PATIENCE)
    assert "The video could not be downloaded: " in text_of(failed)
    assert list(settings.output_dir.iterdir()) == []


async def test_an_answer_of_data_and_an_address_survives_the_end_of_its_server(
    settings: Settings, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubting(emulator, video_delivery="uri", refused_reads=(403,), lost_completions=0, completed_usage=True)
    doubting(emulator, bare_foreground=False, streamed_annotations=True)
    picture = {"type": "image", "mime_type": "image/png", "data": base64.b64encode(dot()).decode()}
    # The emulator's own answers are of one kind.
    store: Any = vars(Emulator)["_store_media"]

    def store_some(self: Emulator, step: dict[str, Any], url: str) -> dict[str, Any]:
        return with_part(store(self, step, url), picture)

    monkeypatch.setattr(Emulator, "_store_media", store_some)
    emulator.faults.append(stalled := Fault("file", "stall"))
    async with fresh(settings) as client:
        await call(client, "generate_video", prompt="A ball rolls", wait_seconds=0)
        with anyio.fail_after(PATIENCE):
            await stalled.reached.wait()
    (made,) = emulator.interactions
    let_leases_run_out(tmp_path)
    stalled.release.set()
    async with fresh(settings) as client:
        result = await call(client, "read_interaction", interaction_id=made, wait_seconds=PATIENCE)
    assert {path.suffix for path in saved_in(result)} == {".png", ".mp4"}
    assert "| ~$0.3" in text_of(result)


def dot() -> bytes:
    """A picture."""
    written = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(written, "PNG")
    return written.getvalue()


def with_part(step: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A step with another part of content, if it has content."""
    return {**step, "content": [*step["content"], part]} if step["type"] == "model_output" else step


async def test_images_of_a_folder_count_one_by_one(client: Client, emulator: Emulator, settings: Settings) -> None:
    folder = settings.allowed_dirs[0] / "scenes"
    folder.mkdir()
    for number in range(3):
        png(folder, f"{number}.png", (8 + number, 6))
    await call(client, "generate_video", prompt="A ball rolls", images=[str(folder)])
    assert emulator.creates[0]["generation_config"] == {"video_config": {"task": "reference_to_video"}}


# A server that is not as it should be -----------------------------------------------------------------------


class RawServer:
    """Answers each connection with the next of some bytes, and the last of them again."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.heard: list[str] = []

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[str]:
        """Serve on loopback; yield the address."""
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra_attributes[SocketAttribute.local_port]()
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, self._answer)
            yield f"http://127.0.0.1:{port}"
            tasks.cancel_scope.cancel()

    async def _answer(self, stream: SocketStream) -> None:
        async with stream:
            self.heard.append((await stream.receive()).decode())
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                await stream.send(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


def answer(body: bytes, size: int, *headers: str, status: str = "200 OK") -> bytes:
    """A response that announces a size."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {size}", "Connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


async def fetched(settings: Settings, server: RawServer, file: io.BytesIO) -> bytes:
    """What is downloaded of a server."""
    failure: GeminiMCPError | None = None
    async with server.serving() as address:
        subject = Downloads(settings.model_copy(update={"base_url": address}), FAST)
        try:
            await subject.fetch(f"{address}/v1beta/files/x:download", file, ignore)
        except GeminiMCPError as exc:
            failure = exc
        await subject.close()
    if failure is not None:
        raise failure
    return file.getvalue()


async def test_parts_of_two_versions_are_not_mixed(settings: Settings) -> None:
    server = RawServer(
        answer(b"a" * 50, 100, 'ETag: "1"'),
        answer(b"b" * 50, 50, 'ETag: "2"', "Content-Range: bytes 50-99/100", status="206 Partial Content"),
        answer(b"b" * 100, 100, 'ETag: "2"'),
    )
    assert await fetched(settings, server, io.BytesIO()) == b"b" * 100
    assert 'if-range: "1"' in server.heard[1].lower()


@pytest.mark.parametrize(
    "second",
    [
        answer(b"", 0, status="416 Range Not Satisfiable"),
        answer(b"b" * 50, 50, "Content-Range: bytes 7-56/100", status="206 Partial Content"),
        answer(b"a" * 50, 100),
        answer(gzip.compress(b"a" * 100)[:9], 90, "Content-Encoding: gzip"),
    ],
    ids=["nothing left", "another part", "again", "compressed"],
)
async def test_a_download_that_never_gets_further_is_given_up(settings: Settings, second: bytes) -> None:
    server = RawServer(answer(b"a" * 50, 100), *[second, answer(b"a" * 50, 100)] * 20)
    with pytest.raises(NetworkError):
        await fetched(settings, server, io.BytesIO())
    assert len(server.heard) <= 2 * (len(FAST.upload_backoffs) + 2)


async def test_a_compressed_file_arrives_whole(settings: Settings) -> None:
    content = os.urandom(1_000) * 3
    packed = gzip.compress(content)
    server = RawServer(answer(packed, len(packed), "Content-Encoding: gzip"))
    assert await fetched(settings, server, io.BytesIO()) == content


async def test_of_an_endless_refusal_only_the_beginning_is_read(settings: Settings) -> None:
    server = RawServer(answer(b"x" * 2**22, 2**40, status="400 Bad Request"))
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError, match="Google refuses the download"):
            await fetched(settings, server, io.BytesIO())
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", ["/v1beta/models", "/v1/interactions/abc", "/v1beta/cachedContents"])
async def test_only_files_are_asked_of_the_api(settings: Settings, path: str) -> None:
    for base in (None, "https://generativelanguage.googleapis.com", settings.base_url):
        subject = Downloads(settings.model_copy(update={"base_url": base}), FAST)
        address = (base or "https://generativelanguage.googleapis.com") + path
        with pytest.raises(RefusedError, match="leads to no file of the API"):
            await subject.fetch(address, io.BytesIO(), ignore)
        await subject.close()


# Where the key goes --------------------------------------------------------------------------------------


class Listener:
    """A host that is not Google's, and what it hears."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.address = ""

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator["Listener"]:
        """Serve on loopback."""
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra_attributes[SocketAttribute.local_port]()
        self.address = f"http://127.0.0.1:{port}"
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, self._hear)
            yield self
            tasks.cancel_scope.cancel()

    async def _hear(self, stream: SocketStream) -> None:
        async with stream:
            self.heard.append(await stream.receive())
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nclip")


async def test_no_redirect_leads_elsewhere(client: Client, emulator: Emulator, settings: Settings) -> None:
    doubting(emulator, video_delivery="uri", inline_reads=False)
    async with Listener().serving() as elsewhere:
        for place in (f"{elsewhere.address}/v1beta/files/x:download", "//example.com/x", "http://[", "/v1beta/models"):
            emulator.faults[:] = [Fault("file", "http", http_status=302, headers={"location": place})]
            said = await complaint(client, "generate_video", prompt=f"To {place}", wait_seconds=PATIENCE)
            assert "The video could not be downloaded: " in said
    assert elsewhere.heard == []
    assert not settings.output_dir.exists() or list(settings.output_dir.iterdir()) == []


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/v1beta/files/x:download?alt=media",
        "https://generativelanguage.googleapis.com.example.com/v1beta/files/x",
        "https://generativelanguage.googleapis.com@example.com/v1beta/files/x",
        "http://storage.googleapis.com/bucket/x",
        "https://storage.googleapis.com:8443/bucket/x",
        "https://evilgoogleapis.com/files/x",
        "file:///etc/passwd",
        "gs://bucket/x",
        "javascript:alert(1)",
        "http://[::1",
        "",
        "\ud800",
    ],
)
async def test_nothing_is_asked_of_a_host_that_is_not_googles(settings: Settings, address: str, tmp_path: Path) -> None:
    subject = Downloads(settings, FAST)
    with (tmp_path / "file").open("w+b") as file, pytest.raises(RefusedError):
        await subject.fetch(address, file, ignore)
    await subject.close()


async def test_the_key_goes_to_the_api_and_an_address_of_googles_to_where_the_user_has_it(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    doubting(emulator, late_files=0)
    file = emulator.files.generate(b"content", "video/mp4")
    subject = Downloads(settings, FAST)
    with (tmp_path / "file").open("w+b") as written:
        google = "https://generativelanguage.googleapis.com"
        await subject.fetch(f"{google}/v1beta/{file.name}:download?alt=media", written, ignore)
        written.seek(0)
        assert written.read() == b"content"
    with pytest.raises(GeminiMCPError):
        await Downloads(settings.model_copy(update={"api_key": None}), FAST).fetch(google, written, ignore)
    await subject.close()


async def test_a_file_that_is_too_large_and_a_disk_that_is_full_are_told(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    doubting(emulator, late_files=0, redirected_downloads=False)
    large = emulator.files.generate(b"content", "video/mp4", MAX_DOWNLOAD_BYTES)
    subject = Downloads(settings, FAST)
    address = f"{settings.base_url}/v1beta/{large.name}:download?alt=media"
    with (tmp_path / "file").open("w+b") as written:
        with pytest.raises(FileTooLargeError, match="more than 2,147,483,648 bytes"):
            await subject.fetch(address, written, ignore)
        assert written.seek(0, 2) == 0
    small = emulator.files.generate(b"content", "video/mp4")
    address = f"{settings.base_url}/v1beta/{small.name}:download?alt=media"
    with pytest.raises(ConfigurationError, match="No space left"):
        await subject.fetch(address, FullDisk(), ignore)
    await subject.close()
