"""Sources become content blocks: what each file is, and how it travels."""

import base64
from datetime import timedelta
from io import BufferedReader
from pathlib import Path

import pytest

import filing
from filing import API, GivenFiles, Make, Recorder, blocks_of, image, mp4, office, package, pdf, sound
from gemini_interactions_mcp.core.errors import FileRefusedError, InputError
from gemini_interactions_mcp.files import boundary, recognition
from gemini_interactions_mcp.files.clipping import Excerpt
from gemini_interactions_mcp.files.inspection import LocalFile

home, make, recorder, subject, tasks = filing.home, filing.make, filing.recorder, filing.subject, filing.tasks

PDF = pdf(*"1234567")

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
    ("image", "image/heic", "x.dat", mp4(b"heic")),
    ("audio", "audio/wav", "x.dat", sound()),
    ("audio", "audio/mpeg", "x.dat", b"ID3\3\0\0\0\0\0\0\xff\xfb\x90\x44" + b"\0" * 99),
    ("audio", "audio/mpeg", "x.dat", b"\xff\xfb\x90\x44" + b"\0" * 99),
    ("audio", "audio/mpeg", "odd.mp3", b"\xff\xfa\x90\x44" + b"\0" * 99),
    ("audio", "audio/flac", "x.dat", b"fLaC\0\0\0\x22" + b"\xff" * 99),
    ("audio", "audio/ogg", "x.dat", b"OggS\0\2" + b"\0" * 99),
    ("audio", "audio/aiff", "x.dat", b"FORM\0\0\0\x64AIFFCOMM" + b"\0" * 99),
    ("audio", "audio/aac", "x.dat", b"\xff\xf1\x50\x80" + b"\0" * 99),
    ("audio", "audio/m4a", "x.dat", mp4(b"M4A ")),
    ("video", "video/mp4", "x.dat", mp4(b"isom")),
    ("video", "video/mp4", "x.dat", mp4(b"mp42")),
    ("video", "video/mp4", "new-brand.MP4", mp4(b"iso6")),
    ("video", "video/mov", "x.dat", mp4(b"qt  ")),
    ("video", "video/webm", "x.dat", WEBM),
    ("video", "video/avi", "x.dat", b"RIFF\x6b\0\0\0AVI LIST" + b"\0" * 99),
    ("video", "video/wmv", "x.dat", bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + b"\0" * 99),
    ("video", "video/x-flv", "x.dat", b"FLV\1\5\0\0\0\x09" + b"\0" * 99),
    ("video", "video/mpeg", "x.dat", b"\0\0\1\xba\x44" + b"\0" * 99),
    ("document", "application/pdf", "x.dat", PDF),
    ("document", f"{OPENXML}wordprocessingml.document", "x.dat", office("word")),
    ("document", f"{OPENXML}spreadsheetml.sheet", "x.dat", office("xl")),
    ("document", f"{OPENXML}presentationml.presentation", "x.dat", office("ppt")),
    (
        "document",
        f"{OPENXML}wordprocessingml.document",
        "odd.docx",
        package("customXml/item1.xml", "docProps/app.xml", "word/document2.xml", "[Content_Types].xml"),
    ),
    ("document", f"{OPENDOCUMENT}text", "x.dat", package(mimetype=f"{OPENDOCUMENT}text")),
    ("document", "application/msword", "x.doc", OLE),
    ("document", "application/vnd.ms-excel", "x.xls", OLE),
    ("video", "video/3gpp", "phone.3gp", mp4(b"3gp5")),
    ("image", "image/heif", "photo.heif", mp4(b"msf1")),
]


@pytest.mark.parametrize("case", KNOWN, ids=[f"{mime}-{name}" for _, mime, name, _ in KNOWN])
async def test_a_file_goes_by_its_content_then_by_its_name(
    subject: GivenFiles, home: Path, case: tuple[str, str, str, bytes]
) -> None:
    kind, mime, name, content = case
    (home / name).write_bytes(content)
    data = base64.b64encode(content).decode()
    assert await blocks_of(subject, [name]) == ({"type": kind, "data": data, "mime_type": mime},)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("code.py", b"print('x')\n", "print('x')\n"),
        ("table.csv", b"a,b\n1,2\n", "a,b\n1,2\n"),
        ("data.json", b'{"a": [1]}', '{"a": [1]}'),
        ("page.html", b"<!doctype html><p>Hi", "<!doctype html><p>Hi"),
        ("notes.md", b"# One\n", "# One\n"),
        ("feed.xml", b"<?xml version='1.0'?><a/>", "<?xml version='1.0'?><a/>"),
        ("script.sh", b"#!/bin/sh\necho\n", "#!/bin/sh\necho\n"),
        ("picture.svg", b"<svg/>", "<svg/>"),
        ("picture.png", b"no picture", "no picture"),
        ("car.txt", b"BMW, a text", "BMW, a text"),
        ("noname", "Grüße".encode(), "Grüße"),
        ("bom.md", "\ufeffGrüße".encode(), "Grüße"),
        ("windows.txt", "Grüße".encode("utf-16"), "Grüße"),
        ("motorola.txt", b"\xfe\xff" + "Grüße".encode("utf-16-be"), "Grüße"),
    ],
)
async def test_text_goes_as_text(subject: GivenFiles, home: Path, name: str, content: bytes, text: str) -> None:
    (home / name).write_bytes(content)
    assert await blocks_of(subject, [name]) == ({"type": "text", "text": f"File {name}:\n\n{text}"},)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("program", b"\x7fELF\2\1\1" + b"\0" * 99, "is application/x-executable"),
        ("archive.zip", package("a.txt"), "is application/zip"),
        ("archive.pdf", package("a.txt"), "is application/zip"),
        ("photo.avif", mp4(b"avif"), "is image/avif"),
        ("film.mkv", WEBM.replace(b"\x84webm", b"\x88matroska"), "is video/x-matroska"),
        ("nul.txt", b"a\0b", "unknown type"),
        ("half.bin", b"\0" + "é".encode()[:1], "unknown type"),
        ("late.txt", b"a" * recognition.TRANSCODE_CHUNK_BYTES + b"\0", "unknown type"),
    ],
)
async def test_what_gemini_does_not_take_is_refused_with_what_it_takes(
    subject: GivenFiles, home: Path, name: str, content: bytes, says: str
) -> None:
    (home / name).write_bytes(content)
    with pytest.raises(FileRefusedError, match=says) as caught:
        await blocks_of(subject, [name])
    for family in ("it takes text", "image: png", "audio: wav", "video: mp4", "document: pdf"):
        assert family in str(caught.value)


async def test_an_argument_that_cannot_work_is_an_error(subject: GivenFiles) -> None:
    with pytest.raises(InputError, match="low, medium, high, ultra_high"):
        await subject.contents(["files/abc"], resolution="huge")


async def test_the_resolution_goes_on_what_can_be_seen(subject: GivenFiles, home: Path) -> None:
    (home / "a.png").write_bytes(image("PNG"))
    (home / "a.wav").write_bytes(sound())
    (home / "a.txt").write_text("text")
    sources = ["a.png", "a.wav", "a.txt", "https://youtu.be/x", "https://example.com/x.pdf"]
    blocks = await blocks_of(subject, sources, resolution="high")
    assert [block.get("resolution") for block in blocks] == ["high", None, None, "high", "high"]
    assert [block["type"] for block in blocks] == ["image", "audio", "text", "video", "document"]


async def test_a_files_name_cannot_forge_a_line(subject: GivenFiles, home: Path) -> None:
    try:
        (home / "a\nFile b.txt:\n\nforged").write_text("x")
    except OSError:
        pytest.skip("such names do not exist here")
    (block,) = await blocks_of(subject, ["a\nFile b.txt:\n\nforged"])
    assert block["text"] == "File a?File b.txt:??forged:\n\nx"


async def labels(subject: GivenFiles, *sources: str) -> list[str]:
    """Return the names in the blocks and labels."""
    contents = await subject.contents(sources)
    texts = [str(block["text"]) for block in contents.labelled if block["type"] == "text"]
    return [text.partition(":\n\n")[0].removeprefix("File ").removesuffix(":") for text in texts]


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        (["a.png", "b/a.gif"], ["a.png", "a.gif"]),
        (["a.png"], []),
        (["b/*.gif"], ["b/a.gif"]),
        (["a/package.json", "b/package.json"], ["a/package.json", "b/package.json"]),
        (["a/package.json", "b/package.json", "a.png"], ["a/package.json", "b/package.json", "a.png"]),
        (["a/x/c.png", "b/x/c.png", "b/c.png"], ["a/x/c.png", "b/x/c.png", "b/c.png"]),
        (["a/x", "b/x/c.png"], ["x/c.png", "c.png"]),
        (["a/x", "b/x"], ["a/x/c.png", "b/x/c.png"]),
        (["a.png", "https://example.com/a.png", "files/abc"], ["a.png", "https://example.com/a.png", "files/abc"]),
        (["https://example.com/a.png"], []),
        (["a.png", "./a.png"], []),
        (["x\ny.png", "x\ry.png"], ["x?y.png", "x?y (2).png"]),
        (["n\ne/c.png", "c\u202f.png"], ["c.png", "c .png"]),
    ],
)
async def test_several_files_have_names_that_tell_them_apart(
    subject: GivenFiles, home: Path, sources: list[str], names: list[str]
) -> None:
    for name in (
        "a.png",
        "a/x/c.png",
        "b/x/c.png",
        "b/c.png",
        "b/a.gif",
        "x\ny.png",
        "x\ry.png",
        "c\u202f.png",
        "n\ne/c.png",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(image("PNG"))
    for folder in ("a", "b"):
        (home / folder / "package.json").write_text("{}")
    assert await labels(subject, *sources) == names


async def test_the_name_of_an_upload_tells_it_apart_too(home: Path, make: Make, recorder: Recorder) -> None:
    for folder in ("a", "b"):
        (home / folder).mkdir()
        (home / folder / "paper.pdf").write_bytes(PDF + folder.encode())
    assert await labels(make(inline_bytes=0), "a/paper.pdf", "b/paper.pdf") == ["a/paper.pdf", "b/paper.pdf"]
    assert [name for _, _, name in recorder.calls] == ["a/paper.pdf", "b/paper.pdf"]


@pytest.mark.slow
async def test_too_large_files_are_refused_before_they_are_read(subject: GivenFiles, home: Path) -> None:
    for name, size in (("large.pdf", recognition.MAX_PDF_BYTES + 1), ("huge.mp4", boundary.MAX_FILE_BYTES + 1)):
        with (home / name).open("wb") as file:
            file.write(PDF + b"\0" if name == "large.pdf" else mp4())
            file.truncate(size)
    with pytest.raises(FileRefusedError, match="PDFs of at most 50 MB"):
        await subject.contents(["large.pdf"])
    with pytest.raises(FileRefusedError, match="at most 2 GB"):
        await subject.contents(["huge.mp4"])


async def test_files_go_inline_until_the_total_is_reached(home: Path, make: Make, recorder: Recorder) -> None:
    content = sound()
    for name in ("a", "b", "c"):
        (home / name).write_bytes(content + name.encode())
    (home / "d").write_text("d")
    subject = make(inline_bytes=2 * len(content) + 4)
    blocks = await blocks_of(subject, ["a", "b", "c", "d"])
    assert ["data" in block for block in blocks] == [True, True, False, False]
    assert blocks[2] == {"type": "audio", "uri": f"{API}files/1", "mime_type": "audio/wav"}
    assert blocks[3] == {"type": "text", "text": "File d:\n\nd"}
    assert recorder.calls == [(content + b"c", "audio/wav", "c")]


async def test_a_large_text_is_uploaded_as_a_document(home: Path, make: Make, recorder: Recorder) -> None:
    (home / "long.md").write_text("# Long\n" * 10)
    (block,) = await blocks_of(make(inline_bytes=10), ["long.md"], resolution="low")
    assert block == {"type": "document", "uri": f"{API}files/1", "mime_type": "text/plain", "resolution": "low"}
    assert recorder.calls == [(b"# Long\n" * 10, "text/plain", "long.md")]


async def test_a_large_text_in_another_encoding_is_uploaded_in_utf_8(
    home: Path, make: Make, recorder: Recorder
) -> None:
    text = "Grüße, 世界\n" * 2000
    (home / "long.txt").write_text(text, encoding="utf-16")
    subject = make(inline_bytes=10)
    contents = await subject.contents(["long.txt"])
    assert recorder.calls == [(text.encode(), "text/plain", "long.txt")]
    assert contents.notes == ("long.txt was read as UTF-16.",)
    # The upload is found again, although the text is transcoded each time.
    assert await blocks_of(subject, ["long.txt"]) == contents.blocks
    assert len(recorder.calls) == 1


def as_it_was(known: LocalFile, _: BufferedReader) -> LocalFile:
    return known


async def test_a_text_that_changes_while_it_is_written_in_utf_8_is_not_sent(
    home: Path, make: Make, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "long.txt").write_text("long" * 99, encoding="utf-16")
    subject = make(inline_bytes=10)
    inspection = await subject.inspect(["long.txt"])
    (home / "long.txt").write_text("Long" * 99, encoding="utf-16")
    # The change happens after the comparison.
    monkeypatch.setattr(recognition, "refresh_unchanged", as_it_was)
    with pytest.raises(FileRefusedError, match="was changed after it was looked at"):
        await subject.send(inspection)
    assert not recorder.calls


async def test_a_text_that_gets_too_large_in_utf_8_is_refused(
    home: Path, subject: GivenFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "wide.txt").write_text("世" * 99, encoding="utf-16")
    monkeypatch.setattr(recognition, "MAX_FILE_BYTES", 296)
    with pytest.raises(FileRefusedError, match=r"wide\.txt is too large: in UTF-8"):
        await subject.contents(["wide.txt"])


async def test_what_counts_for_the_request_is_the_size_in_utf_8(home: Path, make: Make, recorder: Recorder) -> None:
    (home / "a.txt").write_text("世界" * 10, encoding="utf-16")
    (inside,) = await blocks_of(make(inline_bytes=60), ["a.txt"])
    (outside,) = await blocks_of(make(inline_bytes=59), ["a.txt"])
    assert (inside["type"], outside["type"]) == ("text", "document")
    assert recorder.calls[0][0] == ("世界" * 10).encode()


async def test_nothing_is_uploaded_when_one_file_is_refused(home: Path, make: Make, recorder: Recorder) -> None:
    (home / "a.pdf").write_bytes(PDF)
    with pytest.raises(FileRefusedError):
        await blocks_of(make(inline_bytes=0), ["a.pdf", "missing.pdf"])
    assert not recorder.calls


async def test_a_part_goes_on_the_files_that_have_such_parts(subject: GivenFiles, home: Path) -> None:
    (home / "a.mp4").write_bytes(mp4())
    (home / "a.wav").write_bytes(sound())
    (home / "a.pdf").write_bytes(PDF)
    (home / "a.xlsx").write_bytes(office("xl"))
    sources = ["a.mp4", "a.wav", "a.pdf", "a.xlsx", "https://youtu.be/x", "https://example.com/page"]
    blocks = await blocks_of(subject, sources, excerpt=Excerpt.of("1:30-2:45.5", "3-7"))
    clip = {"type": "static", "start_offset": "90s", "end_offset": "165.5s"}
    pages = {"type": "static", "page_options": {"start_page": 3, "end_page": 7}}
    assert [block.get("processing") for block in blocks] == [clip, clip, pages, None, clip, pages]


async def test_a_part_that_no_file_has_is_an_error_before_anything_is_sent(
    home: Path, make: Make, recorder: Recorder
) -> None:
    (home / "a.pdf").write_bytes(PDF)
    (home / "a.wav").write_bytes(sound())
    with pytest.raises(InputError, match="`clip` is for video and audio"):
        await make(inline_bytes=0).contents(["a.pdf"], excerpt=Excerpt.of("1-2", None))
    with pytest.raises(InputError, match="`pages` is for PDF"):
        await make(inline_bytes=0).contents(["a.wav"], excerpt=Excerpt.of(None, "1-2"))
    assert not recorder.calls


async def test_a_file_of_the_files_api_can_be_clipped(subject: GivenFiles, recorder: Recorder) -> None:
    recorder.types["files/abc"] = "video/mp4"
    (block,) = await blocks_of(subject, ["files/abc"], excerpt=Excerpt.of("10-", None))
    assert block["processing"] == {"type": "static", "start_offset": "10s"}


def open_below(folder: Path) -> list[str]:
    """Return the files below a folder that this process has open."""
    targets = [each.resolve() for each in Path("/proc/self/fd").iterdir()]
    return [str(target) for target in targets if target.is_relative_to(folder)]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="Linux tells what is open")
async def test_what_was_looked_at_is_neither_open_nor_sent(home: Path, make: Make, recorder: Recorder) -> None:
    (home / "a.pdf").write_bytes(PDF)
    (home / "a.txt").write_text("A")
    subject = make(inline_bytes=10)
    inspection = await subject.inspect(["a.pdf", "a.txt", "files/abc", "https://example.com/x"])
    assert (open_below(home), recorder.calls, recorder.asked) == ([], [], [])
    contents = await subject.send(inspection)
    assert [block["type"] for block in contents.blocks] == ["document", "text", "document", "document"]
    assert (open_below(home), len(recorder.calls), recorder.asked) == ([], 1, ["files/abc"])


async def test_a_change_between_the_phases_sends_nothing_of_any_file(
    home: Path, make: Make, recorder: Recorder
) -> None:
    (home / "a.pdf").write_bytes(PDF)
    (home / "b.txt").write_text("bicycle")
    subject = make(inline_bytes=10)
    inspection = await subject.inspect(["a.pdf", "files/abc", "b.txt"])
    (home / "b.txt").write_text("Bicycle")
    with pytest.raises(FileRefusedError, match=r"b\.txt was changed after it was looked at: nothing was sent"):
        await subject.send(inspection)
    assert (recorder.calls, recorder.asked) == ([], [])


async def test_a_folder_is_not_gathered_again(home: Path, subject: GivenFiles) -> None:
    (home / "docs").mkdir()
    (home / "docs" / "b.txt").write_text("B")
    inspection = await subject.inspect(["docs"])
    (home / "docs" / "a.txt").write_text("A")
    assert [block["text"] for block in (await subject.send(inspection)).blocks] == ["File docs/b.txt:\n\nB"]


async def test_a_file_that_may_not_be_read_any_more_is_not(home: Path, subject: GivenFiles) -> None:
    (home / "b.txt").write_text("B")
    inspection = await subject.inspect(["b.txt"])
    (home / "c.txt").hardlink_to(home / "b.txt")
    with pytest.raises(FileRefusedError, match="has a hard link"):
        await subject.send(inspection)


async def test_the_digest_is_that_of_names_and_contents(home: Path, make: Make, recorder: Recorder) -> None:
    (home / "a.pdf").write_bytes(PDF)
    (home / "b.pdf").write_bytes(PDF)
    subject, sources = make(inline_bytes=0), ["a.pdf", "https://example.com/x"]
    first = await subject.contents(sources)
    # Where it is, and whether it travels inside the request, makes no difference.
    recorder.now += timedelta(hours=48)
    again = await make(inline_bytes=0).contents(sources)
    inside = await make(inline_bytes=10_000).contents(["./a.pdf", "https://example.com/x"])
    assert first.blocks[0]["uri"] != again.blocks[0]["uri"]
    assert "data" in inside.blocks[0]
    assert first.digest == again.digest == inside.digest
    others = [
        await subject.contents(["b.pdf", "https://example.com/x"]),
        await subject.contents(sources[::-1]),
        await subject.contents(["a.pdf", "https://example.com/y"]),
        await subject.contents(sources, resolution="low"),
        await subject.contents(sources, excerpt=Excerpt.of(None, "1-2")),
    ]
    (home / "a.pdf").write_bytes(PDF + b"\n")
    others.append(await subject.contents(sources))
    assert len({first.digest, *(each.digest for each in others)}) == len(others) + 1
