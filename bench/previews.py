"""Previews of a 24-megapixel picture, and what the event loop notices of them.

    python bench/previews.py [previews]

Makes a JPEG and a PNG of 6000 x 4000 pixels, has that many previews made of each by the code that a result uses (one
at a time, in a worker thread), and prints the time of each, the memory, and the longest delay of a task that wants to
run every millisecond meanwhile; beside it the same delay while nothing is done.
"""

import gc
import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import anyio
from PIL import Image, ImageOps

from gemini_interactions_mcp.files.boundary import Boundary
from gemini_interactions_mcp.files.saved_files import SavedFiles
from gemini_interactions_mcp.models.interactions import SavedFile
from gemini_interactions_mcp.output.pictures import make_preview
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.results.previews import compute_preview_limits, render_preview

PREVIEWS = 100
SIZE = (6000, 4000)
TICK = 0.001


def pictures(folder: Path) -> dict[str, Path]:
    """Noise on gradients, so that they compress about as photographs do."""
    noise = Image.effect_noise(SIZE, 20)
    gradient = ImageOps.fit(Image.linear_gradient("L"), SIZE)
    photo = Image.merge("RGB", [noise, gradient, gradient.rotate(180)])
    paths = {"JPEG": folder / "photo.jpg", "PNG": folder / "photo.png"}
    photo.save(paths["JPEG"], quality=90)
    photo.save(paths["PNG"], compress_level=1)
    return paths


def waited_for_processor() -> float:
    """Seconds that the thread of the loop was ready to run while other processes had the processors."""
    return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9


@dataclass
class Delays:
    """The worst delay of a task that ticks, in seconds: in all, and without waiting for a processor."""

    all: float = 0.0
    own: float = 0.0

    async def tick(self) -> None:
        waited = waited_for_processor()
        while True:
            due = time.perf_counter() + TICK
            await anyio.sleep(TICK)
            delay, before = time.perf_counter() - due, waited
            waited = waited_for_processor()
            self.all = max(self.all, delay)
            self.own = max(self.own, delay - (waited - before))


async def delays_during(work: Callable[[], Awaitable[None]]) -> str:
    delays = Delays()
    # As the server does once it has loaded its rooms: the collector need not walk through them again and again.
    gc.freeze()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(delays.tick)
        await work()
        tasks.cancel_scope.cancel()
    worst, own = delays.all * 1000, delays.own * 1000
    return f"worst delay of the loop {worst:5.1f} ms, {own:5.1f} without waiting for a processor"


async def some(app: AppContext, file: SavedFile, previews: int, seconds: list[float]) -> None:
    for _ in range(previews):
        began = time.perf_counter()
        assert await render_preview(app, partial(app.saved.opened, file), compute_preview_limits(1, 0))
        seconds.append(time.perf_counter() - began)


async def measure(paths: dict[str, Path], previews: int) -> None:
    # All of it that previews need.
    folder = paths["JPEG"].parent
    saved = SavedFiles(Boundary((folder,), folder))
    app = cast("AppContext", SimpleNamespace(saved=saved, preview=make_preview, decoding=anyio.CapacityLimiter(1)))
    forget_peak()
    print(f"{'nothing':<8} {await delays_during(lambda: anyio.sleep(5))}")
    for label, path in paths.items():
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        file = SavedFile(name=path.name, path=str(path), mime_type="image/*", bytes=path.stat().st_size, sha256=sha256)
        seconds: list[float] = []
        delays = await delays_during(partial(some, app, file, previews, seconds))
        middle, longest = statistics.median(seconds) * 1000, max(seconds) * 1000
        size = file.bytes / 2**20
        print(
            f"{label:<8} {delays}; {len(seconds)} previews of {size:.0f} MiB: "
            f"{middle:.0f} ms each (median), {longest:.0f} at the most"
        )
    print(f"memory: {peak():.0f} MiB at the most")


def forget_peak() -> None:
    """What making the pictures took does not count (man 5 proc, clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    """The most MiB in memory since then."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main() -> None:
    previews = int(sys.argv[1]) if len(sys.argv) > 1 else PREVIEWS
    with tempfile.TemporaryDirectory() as name:
        anyio.run(measure, pictures(Path(name)), previews)


if __name__ == "__main__":
    main()
