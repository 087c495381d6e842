"""One file of each kind, through a real client to the API: what arrives there, and what the host receives."""

import base64
import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from mcp import Client

from data import make
from gemini_interactions_mcp.core.errors import FileRefusedError
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.files import binary, charsets, older_charsets, pdf
from gemini_interactions_mcp.files.binary import Binary
from gemini_interactions_mcp.files.completeness import check_end
from gemini_interactions_mcp.files.containers import detect_media_type
from gemini_interactions_mcp.files.office import detect_office_type
from gemini_interactions_mcp.files.pdf import count_pdf_pages
from gemini_interactions_mcp.models import media_types
from gemini_interactions_mcp.settings import Settings
from reading import LEGACY, call, complaint, text_of

CORPUS = make.corpus()
WORDS = f"{media_types.OFFICE_PREFIX}.wordprocessingml.document"

SENT = {
    "pictures": {
        "image.png": "image/png",
        "image.jpg": "image/jpeg",
        "image.webp": "image/webp",
        "image.gif": "image/gif",
        "image.bmp": "image/bmp",
        "image.tiff": "image/tiff",
        "scans.tiff": "image/tiff",
        "image.heic": "image/heic",
        "image.heif": "image/heif",
        "trailer.jpg": "image/jpeg",
        "misnamed.gif": "image/png",
        "noname": "image/jpeg",
    },
    "sounds": {
        "sound.wav": "audio/wav",
        "tagged.mp3": "audio/mpeg",
        "bare.mp3": "audio/mpeg",
        "sound.aiff": "audio/aiff",
        "sound.aac": "audio/aac",
        "sound.flac": "audio/flac",
        "vorbis.ogg": "audio/ogg",
        "voice.oga": "audio/ogg",
        "sound.opus": "audio/opus",
        "apple.m4a": "audio/m4a",
        "android.m4a": "audio/m4a",
        "recorder.m4a": "audio/m4a",
        "cover.m4a": "audio/m4a",
        "book.m4b": "audio/m4a",
        "sound-only.mp4": "audio/m4a",
        "sound-only.mov": "audio/m4a",
        "memo.3gp": "audio/m4a",
        "sound.weba": "audio/webm",
        "sound-only.webm": "audio/webm",
        "browser.webm": "audio/webm",
    },
    "films": {
        "film.mp4": "video/mp4",
        "silent.mp4": "video/mp4",
        "odd-brand.mp4": "video/mp4",
        "named-sound.m4a": "video/mp4",
        "film.m4v": "video/mp4",
        "film.mov": "video/mov",
        "old.mov": "video/mov",
        "phone.3gp": "video/3gpp",
        "film.webm": "video/webm",
        "live.webm": "video/webm",
        "film.avi": "video/avi",
        "film.wmv": "video/wmv",
        "film.flv": "video/x-flv",
        "film.mpg": "video/mpeg",
    },
    "documents": {
        "paper.pdf": "application/pdf",
        "printable.pdf": "application/pdf",
        "trailing.pdf": "application/pdf",
        "leading.pdf": "application/pdf",
        "unmarked.pdf": "application/pdf",
        "text.docx": WORDS,
        "renamed-part.docx": WORDS,
        "letter.dotx": f"{media_types.OFFICE_PREFIX}.wordprocessingml.template",
        "table.xlsx": f"{media_types.OFFICE_PREFIX}.spreadsheetml.sheet",
        "slides.pptx": f"{media_types.OFFICE_PREFIX}.presentationml.presentation",
        "misnamed.xlsx": WORDS,
        "text.odt": f"{media_types.OPENDOCUMENT_PREFIX}.text",
        "table.ods": f"{media_types.OPENDOCUMENT_PREFIX}.spreadsheet",
        "slides.odp": f"{media_types.OPENDOCUMENT_PREFIX}.presentation",
        "text.doc": "application/msword",
        "table.xls": "application/vnd.ms-excel",
        "slides.ppt": "application/vnd.ms-powerpoint",
        "renamed.docx": "application/msword",
    },
}
"""Group -> file -> the MIME type with which it is sent."""

BLOCKS = {"pictures": "image", "sounds": "audio", "films": "video", "documents": "document"}

TITLES = {
    "cp1252": "Windows-1252",
    "gb18030": "GBK",
    "cp932": "Shift-JIS",
    "cp949": "EUC-KR",
    "big5": "Big5",
    "euc_jp": "EUC-JP",
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "cp866": "DOS code page 866",
    "cp1250": "Windows-1250",
    "iso8859_2": "ISO 8859-2",
    "cp1254": "Windows-1254",
    "cp1253": "Windows-1253",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "cp874": "Windows-874",
    "mac_roman": "Mac OS Roman",
    "cp850": "DOS code page 850",
    "utf-8-sig": "",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "utf-32-le": "UTF-32",
}
"""Encoding -> its name for people; empty for UTF-8."""

TEXTS = (
    {f"{name}.txt": (text, TITLES[name]) for name, text in (make.SAMPLES | make.WIDE).items()}
    | {name: (text, "") for name, text in make.PLAIN.items()}
    | {name: (text, TITLES[encoding]) for name, (text, encoding) in make.DECLARED.items()}
    | {"latin.csv": ("name;straße\nmüller;hauptstraße\n", "Windows-1252")}
)
"""File -> its text, and the encoding that is reported."""

CUT = "is cut off, and its end is missing: save, export or download it again."
LOCKED = "is encrypted, and opens only with a password: save it without one."
HOLLOW = "is not an office document, despite its name: the main part is missing."
NO_TRACK = "has no track of video or sound."

REFUSED = {
    "untaken": {
        "image.avif": "is image/avif, which Gemini does not take: save it as PNG or JPEG; it takes text, image: png,",
        "film.ogv": "is video/ogg, which Gemini does not take: save it as MP4; it takes text,",
        "film.mkv": "is video/x-matroska, which Gemini does not take: save it as MP4; it takes text,",
        "sound.mka": "is audio/x-matroska, which Gemini does not take: save it as MP3 or WAV; it takes text,",
        "sound.wma": "is audio/x-ms-wma, which Gemini does not take: save it as MP3 or WAV; it takes text,",
        "sound-only.wmv": "is audio/x-ms-wma, which Gemini does not take: save it as MP3 or WAV; it takes text,",
        "book.epub": "is application/epub+zip, which Gemini does not take: save it as PDF or text; it takes text,",
        "archive.zip": "is application/zip, which Gemini does not take: unpack it; it takes text,",
        "program.txt": "is application/x-msdownload, which Gemini does not take; it takes text,",
        "random.bin": "is of an unknown type, which Gemini does not take; it takes text,",
        "random.csv": "is of an unknown type, which Gemini does not take; it takes text,",
        "unclear.txt": "is a text, but its encoding is not clear: save it as UTF-8.",
        "damaged.txt": "is a text, but its encoding is not clear: save it as UTF-8.",
    },
    "broken": {
        "cut.pdf": CUT,
        "no-pages.pdf": "is a PDF without pages.",
        "locked.pdf": LOCKED,
        "locked-rc4.pdf": LOCKED,
        "cut.docx": CUT,
        "hollow.docx": HOLLOW,
        "zip.xlsx": HOLLOW,
        "locked.xlsx": LOCKED,
        "locked.odt": LOCKED,
        "locked.doc": LOCKED,
        "locked.xls": LOCKED,
        "cut.doc": CUT,
        "cut.png": CUT,
        "cut.jpg": CUT,
        "head.jpg": CUT,
        "cut.webp": CUT,
        "cut.wav": CUT,
        "cut.gif": CUT,
        "head.gif": CUT,
        "cut.bmp": CUT,
        "cut.tiff": CUT,
        "cut-pages.tiff": CUT,
        "cut.heic": CUT,
        "cut.heif": CUT,
        "cut.aiff": CUT,
        "cut.avi": CUT,
        "cut.flv": CUT,
        "no-picture.png": "is not an image, despite its name.",
        "no-index.mp4": "has no index (moov): its recording or download was not finished, and no program can play it.",
        "cut.mp4": CUT,
        "no-tracks.mp4": NO_TRACK,
        "no-film.mp4": "is neither video nor audio, despite its name.",
        "cut.webm": CUT,
        "no-tracks.webm": NO_TRACK,
        "empty.txt": "is empty.",
    },
}
"""Group -> file -> the beginning of the refusal behind the name."""


@pytest.fixture
def corpus(settings: Settings) -> Path:
    make.write(settings.allowed_dirs[0])
    return settings.allowed_dirs[0]


def block_of(emulator: Emulator) -> dict[str, Any]:
    """Return the last block that the API received before the prompt."""
    (step,) = emulator.creates[-1]["input"]
    return step["content"][-2]


def test_the_corpus_has_a_file_of_each_type_and_encoding() -> None:
    tables = {**SENT, "texts": TEXTS, **REFUSED}
    assert {group: set(table) for group, table in tables.items()} == {
        group: set(files) for group, files in CORPUS.items()
    }
    sent = {mime for table in SENT.values() for mime in table.values()}
    # A readable CSV is sent as text.
    assert sent == media_types.CONTENT_KINDS.keys() - {"text/csv"}
    assert make.SAMPLES.keys() == older_charsets.CHARSETS.keys()
    assert sum(len(content) for files in CORPUS.values() for content in files.values()) < 300_000


@pytest.mark.slow
@pytest.mark.parametrize("group", SENT)
async def test_each_kind_is_sent_as_what_it_is(client: Client, emulator: Emulator, corpus: Path, group: str) -> None:
    arrived: dict[str, tuple[str, str]] = {}
    for name, content in CORPUS[group].items():
        result = await call(client, "analyze_file", files=[str(corpus / group / name)], prompt="What is it?")
        block = block_of(emulator)
        arrived[name] = (block["type"], block["mime_type"])
        assert base64.b64decode(block["data"]) == content
        assert text_of(result).startswith("Emulated answer")
    assert arrived == {name: (BLOCKS[group], mime) for name, mime in SENT[group].items()}


@pytest.mark.slow
async def test_each_text_is_sent_in_utf_8_and_its_encoding_told(
    client: Client, emulator: Emulator, corpus: Path
) -> None:
    arrived: dict[str, tuple[Any, str]] = {}
    for name in CORPUS["texts"]:
        result = await call(client, "analyze_file", files=[str(corpus / "texts" / name)], prompt="What is it?")
        arrived[name] = (block_of(emulator), text_of(result).partition("Emulated answer")[0])
    assert arrived == {
        name: (
            {"type": "text", "text": f"File {name}:\n\n{text}"},
            f"{name} was read as {title}.\n\n" if title else "",
        )
        for name, (text, title) in TEXTS.items()
    }


@pytest.mark.parametrize("group", REFUSED)
async def test_what_cannot_be_read_is_refused_and_nothing_is_sent(
    client: Client, emulator: Emulator, corpus: Path, group: str
) -> None:
    for name, says in REFUSED[group].items():
        path = corpus / group / name
        told = await complaint(client, "analyze_file", files=[str(path)], prompt="What is it?")
        assert told.startswith(f"{path} {says}"), told
    assert emulator.requests == []


@LEGACY
async def test_a_folder_gives_what_can_be_read_and_counts_the_rest(
    client: Client, emulator: Emulator, corpus: Path
) -> None:
    for group in ("broken", "untaken"):
        (corpus / group / "note.txt").write_text("A note")
    result = await call(client, "analyze_file", files=[str(corpus / "broken")], prompt="What is it?")
    for count in ("28 broken (", "6 encrypted (", "1 empty (broken/empty.txt)"):
        assert count in text_of(result)
    assert block_of(emulator)["text"] == "File broken/note.txt:\n\nA note"


@pytest.mark.slow
@LEGACY
async def test_the_encodings_of_a_folder_are_told_in_one_line_each(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    folder = settings.allowed_dirs[0] / "docs"
    folder.mkdir()
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        (folder / name).write_text(make.WESTERN, encoding="cp1252")
    (folder / "e.txt").write_text("x", encoding="utf-16")
    result = await call(client, "analyze_file", files=[str(folder)], prompt="What is it?")
    assert text_of(result).startswith(
        "docs/a.txt, docs/b.txt, docs/c.txt ... were read as Windows-1252.\n\ndocs/e.txt was read as UTF-16.\n\n"
    )


@LEGACY
async def test_pages_behind_the_last_are_refused_with_their_number(
    client: Client, emulator: Emulator, corpus: Path
) -> None:
    files = [str(corpus / "documents" / "paper.pdf")]
    for pages, last in (("3-7", 7), ("4", 4), ("9-", 9), ("-4", 4)):
        told = await complaint(client, "analyze_file", files=files, prompt="Hi", pages=pages)
        assert told == f"paper.pdf has only 3 pages, and `pages` goes to page {last}."
    assert emulator.requests == []
    for pages in ("3", "2-3", "3-", "-3"):
        await call(client, "analyze_file", files=files, prompt=f"Page {pages}", pages=pages)


@pytest.mark.slow
@LEGACY
async def test_a_pdf_with_too_many_pages_is_refused(client: Client, emulator: Emulator, settings: Settings) -> None:
    book = settings.allowed_dirs[0] / "book.pdf"
    book.write_bytes(make.pdf(pdf.MAX_PDF_PAGES + 1))
    told = await complaint(client, "analyze_file", files=[str(book)], prompt="Hi")
    assert told == f"{book} has more than 1,000 pages, and Gemini takes no more of a PDF: split it."
    book.write_bytes(make.pdf(pdf.MAX_PDF_PAGES))
    await call(client, "analyze_file", files=[str(book)], prompt="Hi")


FILES = [(name, content) for files in CORPUS.values() for name, content in files.items() if content]


class Counted(io.BytesIO):
    """A file that counts its reads."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return super().read(size)


def looked_into(name: str, content: bytes) -> int:
    """Inspect any bytes, which must lead to a type or a refusal, and return the number of reads."""
    ending = name.rpartition(".")[2]
    named = media_types.EXTENSION_TYPES.get(ending) or media_types.REFUSED_EXTENSIONS.get(ending)
    file = Binary(name, stream := Counted(content), len(content))
    charsets.detect_unicode(file.stream)
    charsets.guess_charset(file.stream)
    with suppress(FileRefusedError):
        mime = detect_office_type(file, media_types.sniff_type(content[: media_types.SNIFF_BYTES]) or named, named)
        kind = detect_media_type(file, mime, named) if mime else ""
        check_end(file, kind)
        if kind == "application/pdf":
            count_pdf_pages(file)
    return stream.reads


@pytest.mark.slow
@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(st.sampled_from(FILES), st.data())
def test_bytes_that_were_changed_have_an_answer(file: tuple[str, bytes], data: st.DataObject) -> None:
    name, content = file
    changed = bytearray(content[: data.draw(st.integers(1, len(content)))])
    for _ in range(data.draw(st.integers(0, 8))):
        start = data.draw(st.integers(0, len(changed) - 1))
        piece = data.draw(st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from(HOSTILE)))
        changed[start : start + len(piece)] = piece
    looked_into(name, bytes(changed))


HOSTILE = [bytes(4), bytes(8), b"\xff" * 4, b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\x80" + bytes(7), b"\0\0\0\1"]
"""Sizes: zero, all bits set, 2^63 - 1, 2^63, and the mark of a 64-bit size."""


@pytest.mark.parametrize("size", [0, 1, 7, 8, 2**31, 2**32 - 1])
@pytest.mark.parametrize("kind", [b"moov", b"trak", b"mdia", b"hdlr", b"mdat", b"ftyp"])
def test_boxes_of_any_size_have_an_answer(kind: bytes, size: int) -> None:
    content = make.movie(b"isom", b"vide", b"soun")
    place = content.index(kind) - 4
    looked_into("film.mp4", content[:place] + size.to_bytes(4) + content[place + 4 :])


@pytest.mark.parametrize("size", [0, 15, 2**62, 2**63, 2**64 - 1])
def test_long_boxes_of_any_size_have_an_answer(size: int) -> None:
    looked_into("film.mp4", make.box(b"ftyp", b"isom" + bytes(4)) + b"\0\0\0\1moov" + size.to_bytes(8) + bytes(99))


def test_boxes_without_end_are_not_followed() -> None:
    nested = b""
    for _ in range(2000):
        nested = make.box(b"trak", nested)
    head, webm = make.box(b"ftyp", b"isom" + bytes(4)), make.element("1a45dfa3", b"\x42\x82\x84webm")
    # Apart from the boxes, the type and the encoding are read.
    assert looked_into("deep.mp4", head + make.box(b"moov", nested)) <= 20
    assert looked_into("wide.mp4", head + make.box(b"free", b"") * 200_000) <= binary.MAX_PARTS + 20
    assert looked_into("wide.webm", webm + make.element("ec", b"") * 100_000) <= binary.MAX_PARTS + 20


def test_a_tree_of_pages_without_end_is_not_followed() -> None:
    content = make.pdf(1).replace(b"/Kids [ 4 0 R ]", b"/Kids [ 2 0 R ]")
    assert looked_into("loop.pdf", content) <= pdf.MAX_PAGE_NODES
