"""What files cost: uploads from disk and downloads to it, against google-genai's own.

    python bench/files.py [rounds]

One emulator in its own process takes everything. Each measurement is a process of its own, which first sends a small
file, so that imports and connections are not counted; the two sides alternate. Every upload is of a content and a size
that have not been sent before. Here means all that a tool does between an open file and its address: the journal is
asked for an earlier upload, the content hashed, sent and the upload written down. A download is of a generated video,
as it is saved: fetched, copied to its place and hashed; google-genai returns it as bytes, which are written to a file.
Printed: the ratio of the times (medians), and the peak memory that an upload or a download adds to its process.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
from calls import direct, emulated
from pydantic import SecretStr

from gemini_interactions_mcp.api.client import Gemini
from gemini_interactions_mcp.api.downloads import Downloads
from gemini_interactions_mcp.core.timing import DEFAULT_TIMING
from gemini_interactions_mcp.emulator import Emulator, serve_emulator
from gemini_interactions_mcp.files.inspection import LocalFile
from gemini_interactions_mcp.files.upload_cache import OutgoingFile, UploadCache, get_file_version, hash_file
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models import Media
from gemini_interactions_mcp.output.places import LocalFolder
from gemini_interactions_mcp.output.saving import save_media
from gemini_interactions_mcp.settings import Settings

MIB = 2**20
UPLOADS = {1 * MIB: 20, 20 * MIB: 5, 1024 * MIB: 1}
"""Bytes: how many uploads one process makes."""
ROUNDS = 2
DOWNLOADS = {20 * MIB: 5, 2047 * MIB: 1}
"""Bytes: how many downloads one process makes."""
MIME_TYPE = "application/pdf"
Send = Callable[[Path], Awaitable[None]]


def unlike_before(path: Path) -> None:
    """Change a file: its content, and its size by a byte, since files of one size are compared before they are sent."""
    with path.open("r+b") as file:
        file.write(os.urandom(32))
        file.seek(0, os.SEEK_END)
        file.write(b"\n")


def peak() -> float:
    """The most memory that this process has had, in MiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / MIB if sys.platform == "darwin" else most / 1024


async def repeated(send: Send, path: Path, times: int) -> dict[str, float]:
    small = path.with_suffix(".small")
    small.write_bytes(os.urandom(64 * 1024))
    await send(small)
    before = peak()
    seconds: list[float] = []
    for _ in range(times):
        unlike_before(path)
        began = time.perf_counter()
        await send(path)
        seconds.append(time.perf_counter() - began)
    return {"seconds": statistics.median(seconds), "mib": peak() - before}


async def measure_here(url: str, path: Path, times: int) -> dict[str, float]:
    settings = Settings(api_key=SecretStr("bench"), base_url=url, output_dir=path.parent, database_url="unused")
    gemini = Gemini(settings)
    journal = Journal(path.parent / "journal.sqlite3")
    found: dict[str, float] = {}
    async with anyio.create_task_group() as tasks:
        uploads = UploadCache(gemini, journal, "bench", tasks, DEFAULT_TIMING)

        async def heard(_: int) -> None:
            await anyio.lowlevel.checkpoint()

        async def send(path: Path) -> None:
            with path.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                file = LocalFile(
                    source=str(path),
                    name=path.name,
                    size=size,
                    sent=size,
                    kind="document",
                    mime=MIME_TYPE,
                    version=get_file_version(stream),
                    sha256=await anyio.to_thread.run_sync(hash_file, stream),
                    inline=False,
                )
                await uploads.uri(OutgoingFile(file, stream), heard)

        found.update(await repeated(send, path, times))
    await journal.close()
    await gemini.close()
    return found


async def measure_there(url: str, path: Path, times: int) -> dict[str, float]:
    files = direct(url).aio.files

    async def send(path: Path) -> None:
        await files.upload(file=path, config={"mime_type": MIME_TYPE})

    return await repeated(send, path, times)


async def fetch_here(url: str, path: Path, times: int) -> dict[str, float]:
    downloads = Downloads(Settings(api_key=SecretStr("bench"), base_url=url, output_dir=path.parent, database_url="-"))
    video = Media(kind="video", mime_type="video/mp4", uri="-")

    async def fetch(address: str) -> None:
        with tempfile.TemporaryFile(dir=path.parent) as file:
            await downloads.fetch(address, file, lambda _received, _whole: None)
            saved = await anyio.to_thread.run_sync(
                partial(save_media, video, LocalFolder(path.parent), "bench", source=file)
            )
        await anyio.Path(saved.path).unlink()

    return await fetched(fetch, url, path, times)


async def fetch_there(url: str, path: Path, times: int) -> dict[str, float]:
    files = direct(url).aio.files

    async def fetch(address: str) -> None:
        name = address.partition("/v1beta/")[2].partition(":")[0]
        await anyio.Path(path).write_bytes(await files.download(file=name))

    return await fetched(fetch, url, path, times)


async def fetched(fetch: Callable[[str], Awaitable[None]], url: str, path: Path, times: int) -> dict[str, float]:
    address = f"{url}/v1beta/files/{{}}:download?alt=media"
    await fetch(address.format("small"))
    before, began = peak(), time.perf_counter()
    for _ in range(times):
        await fetch(address.format(path.name))
    return {"seconds": (time.perf_counter() - began) / times, "mib": peak() - before}


async def serve_videos() -> None:
    """An emulator with a file of each size."""
    emulator = Emulator()
    for name, size in (("small", 64 * 1024), *((str(size), size) for size in DOWNLOADS)):
        made = emulator.files.generate(b"", "video/mp4", size)
        emulator.files.files[f"files/{name}"] = made
    async with serve_emulator(emulator) as url:
        print(url, flush=True)
        await anyio.sleep_forever()


FETCHES = {"fetch here": fetch_here, "fetch there": fetch_there}
SIDES = {"here": measure_here, "google-genai": measure_there}


def in_a_process(side: str, url: str, path: Path, times: int) -> dict[str, float]:
    command = [sys.executable, __file__, side, url, str(path), str(times)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def uploads(url: str, folder: Path, rounds: int) -> None:
    for size, times in UPLOADS.items():
        path = folder / "file"
        with path.open("wb") as file:
            for _ in range(size // MIB):
                file.write(os.urandom(MIB))
        found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
        for _ in range(rounds):
            for side, each in found.items():
                each.append(in_a_process(side, url, path, times))
        path.unlink()
        tell(size, found)


def downloads(folder: Path, rounds: int) -> None:
    with subprocess.Popen([sys.executable, __file__, "videos"], stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        try:
            url = emulator.stdout.readline().strip()
            for size, times in DOWNLOADS.items():
                found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
                for _ in range(rounds):
                    for side, name in zip(SIDES, FETCHES, strict=True):
                        found[side].append(in_a_process(name, url, folder / str(size), times))
                print("Download of ", end="")
                tell(size, found)
        finally:
            emulator.terminate()


def tell(size: int, found: dict[str, list[dict[str, float]]]) -> None:
    ours, theirs = (statistics.median(each["seconds"] for each in found[side]) for side in SIDES)
    added = ", ".join(f"{side} {max(each['mib'] for each in found[side]):.0f} MiB" for side in SIDES)
    print(
        f"{size // MIB} MiB: here {ours * 1000:,.0f} ms, google-genai {theirs * 1000:,.0f} ms, "
        f"ratio {ours / theirs:.2f}; memory added at the peak: {added}"
    )


def main() -> None:
    if sys.argv[1:] == ["videos"]:
        anyio.run(serve_videos)
        return
    if len(sys.argv) == 5:
        side, url, path, times = sys.argv[1:]
        print(json.dumps(anyio.run((SIDES | FETCHES)[side], url, Path(path), int(times))))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as name, emulated() as url:
        uploads(url, Path(name), rounds)
        downloads(Path(name), rounds)


if __name__ == "__main__":
    main()
