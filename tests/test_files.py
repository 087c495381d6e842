"""Sources become content blocks: what is allowed, what it is, and how it travels."""

import base64
import errno
import io
import os
import socket
import wave
import zipfile
from pathlib import Path
from typing import BinaryIO

import anyio
import pytest
from PIL import Image

from gemini_interactions_mcp import files
from gemini_interactions_mcp.errors import FileRefusedError, InputError
from gemini_interactions_mcp.files import Files, Lookup
from gemini_interactions_mcp.settings import Settings

API = "https://generativelanguage.googleapis.com/v1beta/"
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX has these")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Recorder:
    """Our own seam: stands for the Files API and notes what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[bytes, str, str]] = []
        self.failures = 0
        self.now = 0.0

    async def upload(self, stream: BinaryIO, mime: str, name: str) -> str:
        await anyio.lowlevel.checkpoint()
        if self.failures:
            self.failures -= 1
            raise InputError("not this time")
        self.calls.append((stream.read(), mime, name))
        return f"{API}files/{len(self.calls)}"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, allowed; beside it lies what is not."""
    home = tmp_path.resolve() / "home"
    home.mkdir()
    (home.parent / "outside").mkdir()
    (home.parent / "outside" / "secret.txt").write_text("secret")
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    return home


@pytest.fixture
def subject(home: Path, recorder: Recorder) -> Files:
    return files_with(home, recorder)


def files_with(home: Path, recorder: Recorder, *, inline_bytes: int = 10_000, lookup: Lookup | None = None) -> Files:
    settings = Settings(
        allowed_dirs=(home,),
        output_dir=home.parent / "out",
        database_url="sqlite+aiosqlite://",
        inline_bytes=inline_bytes,
    )
    return Files(settings, recorder.upload, lookup=lookup, clock=lambda: recorder.now)


def image(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(buffer, kind)
    return buffer.getvalue()


def sound() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0" * 80)
    return buffer.getvalue()


def boxes(brand: bytes) -> bytes:
    """The start of an ISO media file: an `ftyp` box, then data."""
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0" + brand + brand + b"\0\0\0\x10mdat" + b"\0\xff" * 40


def package(*names: str, mimetype: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "<xml/>")
    return buffer.getvalue()


def office(folder: str) -> bytes:
    return package("[Content_Types].xml", "_rels/.rels", f"{folder}/main.xml")


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0\xff" * 600
WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + b"\0" * 99
OPENXML = "application/vnd.openxmlformats-officedocument."
OPENDOCUMENT = "application/vnd.oasis.opendocument."

KNOWN = [
    ("image", "image/png", "x.dat", image("PNG")),
    ("image", "image/png", "misnamed.jpg", image("PNG")),
    ("image", "image/jpeg", "x.dat", image("JPEG")),
    ("image", "image/webp", "x.dat", image("WEBP")),
    ("image", "image/gif", "x.dat", image("GIF")),
    ("image", "image/bmp", "x.dat", image("BMP")),
    ("image", "image/tiff", "x.dat", image("TIFF")),
    ("image", "image/heic", "x.dat", boxes(b"heic")),
    ("audio", "audio/wav", "x.dat", sound()),
    ("audio", "audio/mpeg", "x.dat", b"ID3\3\0\0\0\0\0\0\xff\xfb\x90\x44" + b"\0" * 99),
    ("audio", "audio/mpeg", "x.dat", b"\xff\xfb\x90\x44" + b"\0" * 99),
    ("audio", "audio/mpeg", "odd.mp3", b"\xff\xfa\x90\x44" + b"\0" * 99),
    ("audio", "audio/flac", "x.dat", b"fLaC\0\0\0\x22" + b"\xff" * 99),
    ("audio", "audio/ogg", "x.dat", b"OggS\0\2" + b"\0" * 99),
    ("audio", "audio/aiff", "x.dat", b"FORM\0\0\0\x64AIFFCOMM" + b"\0" * 99),
    ("audio", "audio/aac", "x.dat", b"\xff\xf1\x50\x80" + b"\0" * 99),
    ("audio", "audio/m4a", "x.dat", boxes(b"M4A ")),
    ("video", "video/mp4", "x.dat", boxes(b"isom")),
    ("video", "video/mp4", "x.dat", boxes(b"mp42")),
    ("video", "video/mp4", "new-brand.MP4", boxes(b"iso6")),
    ("video", "video/mov", "x.dat", boxes(b"qt  ")),
    ("video", "video/webm", "x.dat", WEBM),
    ("video", "video/avi", "x.dat", b"RIFF\0\x10\0\0AVI LIST" + b"\0" * 99),
    ("video", "video/wmv", "x.dat", bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + b"\0" * 99),
    ("video", "video/x-flv", "x.dat", b"FLV\1\5\0\0\0\x09" + b"\0" * 99),
    ("video", "video/mpeg", "x.dat", b"\0\0\1\xba\x44" + b"\0" * 99),
    ("document", "application/pdf", "x.dat", PDF),
    ("document", f"{OPENXML}wordprocessingml.document", "x.dat", office("word")),
    ("document", f"{OPENXML}spreadsheetml.sheet", "x.dat", office("xl")),
    ("document", f"{OPENXML}presentationml.presentation", "x.dat", office("ppt")),
    ("document", f"{OPENXML}wordprocessingml.document", "odd.docx", package("first.xml", "then.xml")),
    ("document", f"{OPENDOCUMENT}text", "x.dat", package(mimetype=f"{OPENDOCUMENT}text")),
    ("document", "application/msword", "x.doc", OLE),
    ("document", "application/vnd.ms-excel", "x.xls", OLE),
    ("document", "text/csv", "latin.csv", "naïve;1\n".encode("latin-1")),
]


@pytest.mark.parametrize("case", KNOWN, ids=[f"{mime}-{name}" for _, mime, name, _ in KNOWN])
async def test_a_file_goes_by_its_content_then_by_its_name(
    subject: Files, home: Path, case: tuple[str, str, str, bytes]
) -> None:
    kind, mime, name, content = case
    (home / name).write_bytes(content)
    data = base64.b64encode(content).decode()
    assert await subject.contents([name]) == ({"type": kind, "data": data, "mime_type": mime},)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("code.py", b"print('x')\n", "print('x')\n"),
        ("table.csv", b"a,b\n1,2\n", "a,b\n1,2\n"),
        ("picture.svg", b"<svg/>", "<svg/>"),
        ("picture.png", b"no picture", "no picture"),
        ("car.txt", b"BMW, a text", "BMW, a text"),
        ("noname", "Grüße".encode(), "Grüße"),
        ("bom.md", "\ufeffGrüße".encode(), "Grüße"),
        ("windows.txt", "Grüße".encode("utf-16"), "Grüße"),
        ("motorola.txt", b"\xfe\xff" + "Grüße".encode("utf-16-be"), "Grüße"),
    ],
)
async def test_text_goes_as_text(subject: Files, home: Path, name: str, content: bytes, text: str) -> None:
    (home / name).write_bytes(content)
    assert await subject.contents([name]) == ({"type": "text", "text": f"File {name}:\n\n{text}"},)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("program", b"\x7fELF\2\1\1" + b"\0" * 99, "is application/x-executable"),
        ("archive.zip", package("a.txt"), "is application/zip"),
        ("archive.pdf", package("a.txt"), "is application/zip"),
        ("photo.avif", boxes(b"avif"), "is image/avif"),
        ("film.mkv", WEBM.replace(b"\x84webm", b"\x88matroska"), "is video/x-matroska"),
        ("latin.txt", "naïve".encode("latin-1"), "unknown type"),
        ("nul.txt", b"a\0b", "unknown type"),
        ("half.txt", "é".encode()[:1], "unknown type"),
        ("late.txt", b"a" * files.CHUNK + b"\0", "unknown type"),
    ],
)
async def test_what_gemini_does_not_take_is_refused_with_what_it_takes(
    subject: Files, home: Path, name: str, content: bytes, says: str
) -> None:
    (home / name).write_bytes(content)
    with pytest.raises(FileRefusedError, match=says) as caught:
        await subject.contents([name])
    for family in ("text in UTF-8", "image: png", "audio: wav", "video: mp4", "document: pdf"):
        assert family in str(caught.value)


@pytest.mark.parametrize(
    ("source", "block"),
    [
        ("https://example.com/a/Photo.JPG?x=1", {"type": "image", "mime_type": "image/jpeg"}),
        ("http://example.com/a%2Emp3", {"type": "audio", "mime_type": "audio/mpeg"}),
        ("https://example.com/film.mp4#t=3", {"type": "video", "mime_type": "video/mp4"}),
        ("https://example.com/paper.pdf", {"type": "document", "mime_type": "application/pdf"}),
        ("https://example.com/page.html", {"type": "document"}),
        ("HTTPS://example.com", {"type": "document"}),
        ("gs://bucket/folder/film.mov", {"type": "video", "mime_type": "video/mov"}),
        ("gs://bucket/thing", {"type": "document"}),
        ("https://www.youtube.com/watch?v=9hE5-98ZeCg", {"type": "video"}),
        ("https://youtu.be/9hE5-98ZeCg", {"type": "video"}),
        ("https://m.youtube.com/shorts/9hE5-98ZeCg", {"type": "video"}),
        ("https://notyoutube.com/watch.png", {"type": "image", "mime_type": "image/png"}),
        (f"{API}files/abc-123", {"type": "document"}),
        ("https://generativelanguage.googleapis.com/v1/files/abc", {"type": "document"}),
    ],
)
async def test_urls_are_handed_on_unfetched(subject: Files, source: str, block: dict[str, str]) -> None:
    assert await subject.contents([source]) == ({**block, "uri": source},)


async def test_a_files_api_name_becomes_its_uri(subject: Files) -> None:
    assert await subject.contents(["files/abc"]) == ({"type": "document", "uri": f"{API}files/abc"},)


async def test_the_files_api_says_what_its_files_are(home: Path, recorder: Recorder) -> None:
    asked: list[str] = []

    async def lookup(name: str) -> str:
        await anyio.lowlevel.checkpoint()
        asked.append(name)
        return "video/quicktime"

    subject = files_with(home, recorder, lookup=lookup)
    sources = ["files/abc", f"{API}files/abc", "https://example.com/x.png"]
    expected = {"type": "video", "uri": f"{API}files/abc", "mime_type": "video/mov"}
    assert (await subject.contents(sources))[:2] == (expected, expected)
    assert asked == ["files/abc", "files/abc"]


@pytest.mark.parametrize(
    "source",
    [
        "ftp://example.com/x",
        "data:image/png;base64,AAAA",
        "chrome://settings",
        "https://",
        "https://[::1",
        "https://example.com/a b",
        "https://example.com/\n",
        "gs://",
    ],
)
async def test_other_schemes_and_broken_urls_are_refused(subject: Files, source: str) -> None:
    with pytest.raises(FileRefusedError, match=r"name a local path.*files/abc\.$"):
        await subject.contents([source])


async def test_an_argument_that_cannot_work_is_an_error(subject: Files) -> None:
    with pytest.raises(InputError, match="at least one"):
        await subject.contents([])
    with pytest.raises(InputError, match="low, medium, high, ultra_high"):
        await subject.contents(["files/abc"], resolution="huge")


async def test_the_resolution_goes_on_what_can_be_seen(subject: Files, home: Path) -> None:
    (home / "a.png").write_bytes(image("PNG"))
    (home / "a.wav").write_bytes(sound())
    (home / "a.txt").write_text("text")
    sources = ["a.png", "a.wav", "a.txt", "https://youtu.be/x", "https://example.com/x.pdf"]
    blocks = await subject.contents(sources, resolution="high")
    assert [block.get("resolution") for block in blocks] == ["high", None, None, "high", "high"]
    assert [block["type"] for block in blocks] == ["image", "audio", "text", "video", "document"]


WAYS = """
note.txt ./sub/../note.txt ~/note.txt link.txt linked/note.txt {home}/note.txt file:{home}/note.txt
file://{home}/note.txt FILE://localhost{home}/note.txt file://{home}/%6eote%2Etxt
"""


@pytest.mark.parametrize("source", WAYS.split())
async def test_every_way_to_name_an_allowed_file_works(subject: Files, home: Path, source: str) -> None:
    (home / "sub").mkdir()
    (home / "note.txt").write_text("hello")
    link(home / "link.txt", home / "note.txt")
    link(home / "linked", home)
    root = home.as_uri().removeprefix("file://") if source.lower().startswith("file:") else home
    (block,) = await subject.contents([source.format(home=root)])
    assert block["text"].endswith(":\n\nhello")


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("no right to make links")


def attacked(home: Path) -> None:
    """Everything that the table of attacks names."""
    outside = home.parent / "outside"
    (home / "note.txt").write_text("hello")
    (home / "folder").mkdir()
    (home / "empty.txt").touch()
    for hidden in (home / ".env", home / ".git" / "config"):
        hidden.parent.mkdir(exist_ok=True)
        hidden.write_text("secret")
    link(home / "innocent.txt", outside / "secret.txt")
    link(home / "innocent", outside)
    link(home / "visible.txt", home / ".env")
    link(home / "dangling.txt", home / "nothing.txt")
    link(home / "dangling-out.txt", outside / "nothing.txt")
    link(home / "loop.txt", home / "loop.txt")


ATTACKS = {
    "outside the allowed": [
        "../outside/secret.txt",
        "folder/../../outside/secret.txt",
        "../outside/missing.txt",
        "innocent.txt",
        "innocent/secret.txt",
        "dangling-out.txt",
        "file:///%2e%2e/%2E%2E/etc/passwd",
        "file:%2e%2e/outside/secret.txt",
    ],
    "does not exist": ["dangling.txt", "missing.txt"],
    "cannot be|can be followed|not a regular file": ["loop.txt"],
    "is a directory": ["folder", "."],
    "is empty": ["empty.txt"],
    "dot-file or dot-folder": [".env", ".git/config", "folder/../.git/config", "visible.txt", ".missing"],
    "empty or has a NUL": ["", "note.txt\0.png", "file:///%00"],
    "through a file|does not exist": ["note.txt/x"],
    "too long|does not exist": ["x" * 5000, "x/" * 2500],
    "home directory is not known": ["~nobody-of-this-name/x"],
    "can be followed|does not exist": ["half-a-character-\ud83d"],
    "on another machine": ["file://example.com/etc/passwd"],
    "name a local path": ["smb://server/share"],
}


def rows(table: dict[str, list[str]]) -> list[object]:
    return [pytest.param(path, says, id=ascii(path[:40])) for says, paths in table.items() for path in paths]


@pytest.mark.parametrize(("source", "says"), rows(ATTACKS))
async def test_an_attack_on_the_path_is_refused_in_one_line(subject: Files, home: Path, source: str, says: str) -> None:
    attacked(home)
    with pytest.raises(FileRefusedError, match=says) as caught:
        await subject.contents([source])
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500 + len(str(home.parent)) * 3
    assert "secret" not in message.replace("secret.txt", "")


async def test_a_refusal_names_the_allowed_directories(subject: Files, home: Path) -> None:
    with pytest.raises(FileRefusedError, match="GEMINI_MCP_ALLOWED_DIRS") as caught:
        await subject.contents(["../outside/secret.txt"])
    assert str(home) in str(caught.value)
    assert str(home.parent / "out") in str(caught.value)


@POSIX
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/dev/zero", "device, a pipe or a socket"),
        ("/proc/self/environ", "is empty|does not exist"),
        ("pipe", "device, a pipe or a socket"),
        ("s", "device, a pipe or a socket"),
    ],
)
async def test_what_is_no_regular_file_is_refused_at_once(home: Path, recorder: Recorder, path: str, says: str) -> None:
    os.mkfifo(home / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        settings = Settings(allowed_dirs=(Path("/"),), output_dir=home, database_url="sqlite+aiosqlite://")
        with pytest.raises(FileRefusedError, match=says):
            await Files(settings, recorder.upload).contents([path])


@POSIX
async def test_a_file_that_may_not_be_read_is_refused(subject: Files, home: Path) -> None:
    (home / "locked.txt").write_text("x")
    (home / "locked.txt").chmod(0)
    if os.access(home / "locked.txt", os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(FileRefusedError, match="permission"):
        await subject.contents(["locked.txt"])


@POSIX
@pytest.mark.parametrize("swap", ["file", "folder", "link", "pipe", "directory"])
async def test_a_swap_between_check_and_open_is_noticed(
    subject: Files, home: Path, monkeypatch: pytest.MonkeyPatch, swap: str
) -> None:
    (home / "sub").mkdir()
    victim = home / "sub" / "secret.txt"
    victim.write_text("harmless")
    outside = home.parent / "outside"
    really_open = os.open

    def swapping(path: str, flags: int) -> int:
        (home / "sub").rename(home / "moved") if swap == "folder" else victim.unlink()
        match swap:
            case "file":
                (outside / "secret.txt").rename(victim)
                descriptor = really_open(path, flags)
                victim.rename(outside / "secret.txt")
                victim.write_text("harmless")
                return descriptor
            case "folder":
                (home / "sub").symlink_to(outside)
            case "link":
                victim.symlink_to(outside / "secret.txt")
            case "pipe":
                os.mkfifo(victim)
            case _:
                victim.mkdir()
        return really_open(path, flags)

    monkeypatch.setattr(os, "open", swapping)
    with pytest.raises(FileRefusedError):
        await subject.contents(["sub/secret.txt"])


def test_the_systems_refusals_are_put_for_people() -> None:
    assert "lacks the permission" in files.complaint(PermissionError(errno.EACCES, "Permission denied"))
    assert "too long" in files.complaint(OSError(errno.ENAMETOOLONG, "File name too long"))
    assert "through a file" in files.complaint(NotADirectoryError(errno.ENOTDIR, "Not a directory"))
    assert "Input/output error" in files.complaint(OSError(errno.EIO, "Input/output error"))


async def test_a_files_name_cannot_forge_a_line(subject: Files, home: Path) -> None:
    try:
        (home / "a\nFile b.txt:\n\nforged").write_text("x")
    except OSError:
        pytest.skip("such names do not exist here")
    (block,) = await subject.contents(["a\nFile b.txt:\n\nforged"])
    assert block["text"] == "File a?File b.txt:??forged:\n\nx"


def test_too_large_files_are_refused_before_they_are_read(home: Path) -> None:
    with (home / "large.pdf").open("wb") as file:
        file.write(PDF)
        file.write(b"\0")
        file.truncate(files.PDF_BYTES + 1)
    with (
        files.opened("large.pdf", (home,)) as stream,
        pytest.raises(FileRefusedError, match="PDFs of at most 50 MB"),
    ):
        files.recognised("large.pdf", stream)
    status = os.stat_result((0o100644, 1, 1, 1, 0, 0, files.FILE_BYTES + 1, 0, 0, 0))
    with pytest.raises(FileRefusedError, match="at most 2 GB"):
        files.usable(status, "huge.mp4")


async def test_files_go_inline_until_the_total_is_reached(home: Path, recorder: Recorder) -> None:
    content = sound()
    for name in ("a", "b", "c"):
        (home / name).write_bytes(content + name.encode())
    (home / "d").write_text("d")
    subject = files_with(home, recorder, inline_bytes=2 * len(content) + 4)
    blocks = await subject.contents(["a", "b", "c", "d"])
    assert ["data" in block for block in blocks] == [True, True, False, False]
    assert blocks[2] == {"type": "audio", "uri": f"{API}files/1", "mime_type": "audio/wav"}
    assert blocks[3] == {"type": "text", "text": "File d:\n\nd"}
    assert recorder.calls == [(content + b"c", "audio/wav", "c")]


async def test_a_large_text_is_uploaded_as_a_document(home: Path, recorder: Recorder) -> None:
    (home / "long.md").write_text("# Long\n" * 10)
    (block,) = await files_with(home, recorder, inline_bytes=10).contents(["long.md"], resolution="low")
    assert block == {"type": "document", "uri": f"{API}files/1", "mime_type": "text/plain", "resolution": "low"}
    assert recorder.calls == [(b"# Long\n" * 10, "text/plain", "long.md")]


async def test_a_large_text_in_utf_16_is_refused(home: Path, recorder: Recorder) -> None:
    (home / "long.txt").write_text("long" * 10, encoding="utf-16")
    with pytest.raises(FileRefusedError, match="save it as UTF-8"):
        await files_with(home, recorder, inline_bytes=10).contents(["long.txt"])


async def test_the_same_content_is_uploaded_once_while_it_is_kept(home: Path, recorder: Recorder) -> None:
    (home / "a.pdf").write_bytes(PDF)
    (home / "copy.pdf").write_bytes(PDF)
    subject = files_with(home, recorder, inline_bytes=0)
    first = await subject.contents(["a.pdf", "copy.pdf"])
    recorder.now = files.UPLOAD_SECONDS - 1
    assert await subject.contents(["a.pdf", "a.pdf"]) == first
    assert len(recorder.calls) == 1
    recorder.now += 1
    (block,) = await subject.contents(["a.pdf"])
    assert block["uri"] == f"{API}files/2"


async def test_two_calls_at_once_upload_once(home: Path, recorder: Recorder) -> None:
    (home / "a.pdf").write_bytes(PDF)
    subject = files_with(home, recorder, inline_bytes=0)
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(subject.contents, ["a.pdf"])
    assert len(recorder.calls) == 1


async def test_a_failed_upload_is_tried_again(home: Path, recorder: Recorder) -> None:
    (home / "a.pdf").write_bytes(PDF)
    subject = files_with(home, recorder, inline_bytes=0)
    recorder.failures = 1
    with pytest.raises(InputError, match="not this time"):
        await subject.contents(["a.pdf"])
    await subject.contents(["a.pdf"])
    assert len(recorder.calls) == 1


async def test_nothing_is_uploaded_when_one_file_is_refused(home: Path, recorder: Recorder) -> None:
    (home / "a.pdf").write_bytes(PDF)
    with pytest.raises(FileRefusedError):
        await files_with(home, recorder, inline_bytes=0).contents(["a.pdf", "missing.pdf"])
    assert not recorder.calls


def test_a_path_to_write_is_approved(subject: Files, home: Path) -> None:
    out = home.parent / "out"
    assert subject.output_path("sub/new/bike") == out / "sub" / "new" / "bike"
    assert subject.output_path("./sub/../bike.png") == out / "bike.png"
    assert subject.output_path("~/bike.png") == home / "bike.png"
    assert subject.output_path(str(home / "bike.png")) == home / "bike.png"
    assert subject.output_path((home / "my bike.png").as_uri()) == home / "my bike.png"
    assert not out.exists()


REFUSED_OUTPUTS = {
    "outside the allowed": [
        "../home/bike.png",
        "../outside/bike.png",
        "~/../outside/bike.png",
        "~/innocent/bike.png",
        "/",
    ],
    "outside the allowed|exists already": ["."],
    "dot-file or dot-folder": ["sub/..", ".bike.png", ".config/bike.png", "~/.config/bike.png"],
    "exists already": ["~/note.txt", "~/folder", "~/dangling.txt"],
    "through a file|exist": ["~/note.txt/bike.png"],
    "too long|cannot be": ["~/" + "x" * 5000],
    "NUL": ["bike\0.png"],
    "empty": [""],
    "not a local path": ["https://example.com/bike.png"],
}


@pytest.mark.parametrize(("path", "says"), rows(REFUSED_OUTPUTS))
def test_a_path_to_write_is_refused(subject: Files, home: Path, path: str, says: str) -> None:
    attacked(home)
    with pytest.raises(FileRefusedError, match=says):
        subject.output_path(path)


def test_a_file_url_of_windows_names_a_drive() -> None:
    assert files.url_path("file:///C:/a%20b.txt", windows=True) == "C:/a b.txt"
    assert files.url_path("file:///c|/x#1?.txt", windows=True) == "c:/x#1?.txt"
    assert files.url_path("file:C:/x", windows=True) == "C:/x"
    assert files.url_path("file://localhost/C:/x", windows=True) == "C:/x"


def test_a_share_of_windows_is_not_even_looked_at() -> None:
    roots = [Path("C:\\"), Path(r"\\server\Share\docs")]
    assert files.foreign_share(Path(r"\\other\share\x"), roots, windows=True)
    assert files.foreign_share(Path(r"\\.\PhysicalDrive0"), roots, windows=True)
    assert not files.foreign_share(Path(r"\\Server\share\x"), roots, windows=True)
    assert not files.foreign_share(Path(r"C:\x"), roots, windows=True)
    assert not files.foreign_share(Path(r"\\other\share\x"), roots, windows=False)


def test_a_second_stream_of_a_windows_file_is_hidden() -> None:
    assert files.hidden(("folder", "note.txt:secret"), windows=True)
    assert not files.hidden(("folder", "note:1.txt"), windows=False)


def test_a_drive_is_no_scheme() -> None:
    assert files.scheme("C:\\Users\\x.png") == ""
    assert files.scheme("C://Users/x.png") == ""
