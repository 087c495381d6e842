"""Shared by the tests of files: an allowed folder and one that is not, fakes of our seams, real files of each kind."""

import io
import os
import struct
import wave
import zipfile
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import TaskGroup
from PIL import Image

from conftest import FAST
from gemini_interactions_mcp.core.errors import InteractionNotFoundError, JournalError
from gemini_interactions_mcp.files.clipping import Excerpt
from gemini_interactions_mcp.files.content import InputFiles, UploadReport
from gemini_interactions_mcp.files.upload_cache import UploadCache
from gemini_interactions_mcp.models.interactions import ContentItem, Contents, Record
from gemini_interactions_mcp.models.uploads import BytesSentCallback, UploadedFile, UploadSource
from gemini_interactions_mcp.settings import Settings

API = "https://generativelanguage.googleapis.com/v1beta/"
POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX has these")


class GivenFiles(InputFiles):
    """Inspects and sends in one call, as tests of files want it that ask nobody in between."""

    async def contents(
        self,
        sources: Sequence[str],
        *,
        resolution: str | None = None,
        excerpt: Excerpt | None = None,
        seconds: float | None = None,
        report: UploadReport | None = None,
    ) -> Contents:
        inspection = await self.inspect(sources, resolution=resolution, excerpt=excerpt)
        return await self.send(inspection, seconds=seconds, report=report)


Make = Callable[..., GivenFiles]


class Recorder:
    """A fake of the Files API and of a broken journal that records its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[bytes, str, str]] = []
        self.now = datetime(2026, 11, 24, tzinfo=UTC)
        self.records: dict[str, Record] = {}
        self.types: dict[str, str] = {}
        self.asked: list[str] = []
        self.failure: Exception | None = None
        self.reached = anyio.Event()
        """Set once an upload has begun."""
        self.hold = anyio.Event()
        self.hold.set()

    async def upload(
        self, source: UploadSource, size: int, mime_type: str, name: str, moved: BytesSentCallback
    ) -> UploadedFile:
        content = source.read(size // 2)
        moved(size // 2)
        self.reached.set()
        await self.hold.wait()
        if self.failure:
            failure, self.failure = self.failure, None
            raise failure
        self.calls.append((content + source.read(size), mime_type, name))
        moved(size)
        named = f"files/{len(self.calls)}"
        return UploadedFile(name=named, uri=f"{API}{named}", expires_at=self.now + timedelta(hours=48))

    async def mime_type(self, name: str) -> str:
        await anyio.lowlevel.checkpoint()
        self.asked.append(name)
        return self.types.get(name, "application/pdf")

    async def uploads(self, account: str, size: int, mime_type: str) -> dict[str, UploadedFile]:
        raise JournalError(f"There is no journal of {account} here, {size}, {mime_type}.")

    async def keep_upload(self, account: str, size: int, mime_type: str, digest: str, file: UploadedFile) -> None:
        raise JournalError(f"There is no journal of {account} here, {size}, {mime_type}, {digest}, {file.name}.")

    async def claim_upload(self, account: str, size: int, mime_type: str, digest: str, file: UploadedFile) -> bool:
        raise JournalError(f"There is no journal of {account} here, {size}, {mime_type}, {digest}, {file.name}.")

    async def drop_upload(self, account: str, digest: str, name: str | None = None) -> None:
        raise JournalError(f"There is no journal of {account} here, {digest}, {name}.")

    async def earlier(self, interaction_id: str) -> Record:
        await anyio.lowlevel.checkpoint()
        if interaction_id not in self.records:
            raise InteractionNotFoundError("no such interaction")
        return self.records[interaction_id]


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def tasks() -> AsyncGenerator[TaskGroup]:
    async with anyio.create_task_group() as group:
        yield group


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the allowed working directory; `outside` beside it is not allowed."""
    home = tmp_path.resolve() / "home"
    home.mkdir()
    (home.parent / "outside").mkdir()
    (home.parent / "outside" / "secret.txt").write_text("secret")
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    return home


@pytest.fixture
def make(home: Path, recorder: Recorder, tasks: TaskGroup) -> Make:
    """Return a factory of `GivenFiles` with changed settings."""

    def made(**changes: Any) -> GivenFiles:
        fields: dict[str, Any] = {
            "allowed_dirs": (home,),
            "output_dir": home.parent / "out",
            "database_url": "sqlite+aiosqlite://",
            "inline_bytes": 10_000,
        }
        uploads = UploadCache(recorder, recorder, "account", tasks, FAST, lambda: recorder.now)
        return GivenFiles(Settings(**fields | changes), uploads, lookup=recorder.mime_type, earlier=recorder.earlier)

    return made


@pytest.fixture
def subject(make: Make) -> GivenFiles:
    return make()


async def blocks_of(subject: GivenFiles, sources: Sequence[str], **options: Any) -> tuple[ContentItem, ...]:
    return (await subject.contents(sources, **options)).blocks


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("no right to make links")


def rows(table: dict[str, list[str]]) -> list[Any]:
    """Return the parameters of a table from messages to paths."""
    return [pytest.param(path, says, id=ascii(path[:40])) for says, paths in table.items() for path in paths]


def image(kind: str, size: tuple[int, int] = (4, 4), color: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, kind)
    return buffer.getvalue()


def sound(frames: int = 40) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * frames)
    return buffer.getvalue()


def pdf(*pages: str) -> bytes:
    """Build a PDF with a line of text on each page, and its table of offsets."""
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    for number, text in enumerate(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
        box = "/MediaBox [0 0 612 792]"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} /Resources {font} /Contents {4 + 2 * number} 0 R >>")
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    body, offsets = b"%PDF-1.4\n", list[int]()
    for number, each in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def mp4(brand: bytes = b"isom", milliseconds: int = 1000, tracks: Sequence[bytes] = ()) -> bytes:
    """Build an ISO media file of a brand, a length and types of tracks."""
    header = struct.pack(">IIIII", 0, 0, 0, 1000, milliseconds) + struct.pack(">IH", 0x10000, 0x100) + b"\0" * 10
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    movie = box(b"mvhd", header + matrix + b"\0" * 24 + struct.pack(">I", 1))
    for kind in tracks or ([b"soun"] if brand == b"M4A " else [b"vide"]):
        movie += box(b"trak", box(b"mdia", box(b"hdlr", b"\0" * 8 + kind + b"\0" * 13)))
    return box(b"ftyp", brand + b"\0\0\2\0" + brand + brand) + box(b"moov", movie) + box(b"mdat", b"\0\xff" * 40)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def package(*names: str, mimetype: str = "") -> bytes:
    """Build a ZIP archive like that of an office document."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "<xml/>")
    return buffer.getvalue()


def office(folder: str) -> bytes:
    return package("[Content_Types].xml", "_rels/.rels", f"{folder}/main.xml")
