"""One minimal file of each media type, encoding and kind of damage that the server knows.

    python tests/data/make.py FOLDER

The files are generated each time and not kept: the bytes of some depend on the versions of Pillow, zlib and pypdf.
Audio and video files have headers but no media, because nothing else is inspected before they are sent.
"""

import io
import random
import struct
import sys
import wave
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from PIL import Image
from pypdf import PdfWriter

MEDIA = b"\0\xff" * 40
OFFICE = "application/vnd.openxmlformats-officedocument"
OASIS = "application/vnd.oasis.opendocument"


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.frombytes("RGB", (24, 24), random.Random(1).randbytes(24 * 24 * 3)).save(buffer, kind)
    return buffer.getvalue()


def scans() -> bytes:
    """Build a TIFF with two images."""
    buffer = io.BytesIO()
    first, second = (Image.frombytes("L", (24, 24), random.Random(seed).randbytes(24 * 24)) for seed in (1, 2))
    first.save(buffer, "TIFF", save_all=True, append_images=[second])
    return buffer.getvalue()


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def still(brand: bytes, compatible: bytes) -> bytes:
    return box(b"ftyp", brand + bytes(4) + compatible) + box(b"meta", bytes(40)) + box(b"mdat", MEDIA)


def pictures() -> dict[str, bytes]:
    return {
        "image.png": picture("PNG"),
        "image.jpg": picture("JPEG"),
        "image.webp": picture("WEBP"),
        "image.gif": picture("GIF"),
        "image.bmp": picture("BMP"),
        "image.tiff": picture("TIFF"),
        "scans.tiff": scans(),
        "image.heic": still(b"heic", b"mif1heic"),
        "image.heif": still(b"msf1", b"mif1"),
        "trailer.jpg": picture("JPEG") + b"a film behind the picture" * 9,
        "misnamed.gif": picture("PNG"),
        "noname": picture("JPEG"),
    }


def tone() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(160))
    return buffer.getvalue()


def track(kind: bytes) -> bytes:
    return box(b"trak", box(b"tkhd", bytes(84)) + box(b"mdia", box(b"hdlr", bytes(8) + kind + bytes(13))))


def movie(brand: bytes, *tracks: bytes) -> bytes:
    index = box(b"moov", box(b"mvhd", bytes(100)) + b"".join(map(track, tracks)))
    return box(b"ftyp", brand + bytes(4) + brand) + box(b"mdat", MEDIA) + index


def element(number: str, content: bytes, size: bytes = b"") -> bytes:
    return bytes.fromhex(number) + (size or struct.pack(">Q", len(content) | 1 << 56)) + content


def matroska(doctype: bytes, *tracks: int, size: bytes = b"") -> bytes:
    entries = b"".join(element("ae", element("d7", b"\1") + element("83", bytes([kind]))) for kind in tracks)
    head = b"\x42\x86\x81\1" + b"\x42\x82" + bytes([0x80 | len(doctype)]) + doctype
    content = element("1549a966", bytes(20)) + element("1654ae6b", entries) + element("1f43b675", MEDIA, size)
    return element("1a45dfa3", head) + element("18538067", content, size)


def live(*tracks: int) -> bytes:
    """Build a WebM as browsers record it: its length is unknown."""
    return matroska(b"webm", *tracks, size=b"\1" + b"\xff" * 7)


def page(packet: bytes, first: bool = True) -> bytes:
    return b"OggS\0" + bytes([2 * first]) + bytes(20) + bytes([1, len(packet)]) + packet


def ogg(*packets: bytes) -> bytes:
    return b"".join(page(packet + bytes(20)) for packet in packets) + page(MEDIA, first=False)


def asf(*streams: str) -> bytes:
    guids = "".join(f"9107dcb7b7a9cf118ee600c00c205365{64:02x}{'00' * 7}{guid}{'00' * 24}" for guid in streams)
    objects = bytes.fromhex(guids)
    head = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + struct.pack("<QIH", 30 + len(objects), len(streams), 0)
    return head + objects + MEDIA


SOUND = "409e69f84d5bcf11a8fd00805f5c442b"
SIGHT = "c0ef19bc4d5bcf11a8fd00805f5c442b"
FRAME = b"\xff\xfb\x90\x44" + bytes(413)


def sounds() -> dict[str, bytes]:
    return {
        "sound.wav": tone(),
        "tagged.mp3": b"ID3\4\0\0\0\0\0\x0aTIT2" + bytes(6) + FRAME * 2,
        "bare.mp3": FRAME * 2,
        "sound.aiff": b"FORM" + struct.pack(">I", 46) + b"AIFFCOMM" + bytes(38),
        "sound.aac": b"\xff\xf1\x50\x80" + MEDIA,
        "sound.flac": b"fLaC\0\0\0\x22" + bytes(34) + MEDIA,
        "vorbis.ogg": ogg(b"\x01vorbis"),
        "voice.oga": ogg(b"OpusHead"),
        "sound.opus": ogg(b"OpusHead"),
        "apple.m4a": movie(b"M4A ", b"soun"),
        "android.m4a": movie(b"mp42", b"soun"),
        "recorder.m4a": movie(b"isom", b"soun"),
        "cover.m4a": movie(b"M4A ", b"soun", b"vide"),
        "book.m4b": movie(b"M4B ", b"soun", b"text"),
        "sound-only.mp4": movie(b"isom", b"soun"),
        "sound-only.mov": movie(b"qt  ", b"soun"),
        "memo.3gp": movie(b"3gp5", b"soun"),
        "sound.weba": matroska(b"webm", 2),
        "sound-only.webm": matroska(b"webm", 2),
        "browser.webm": live(2),
    }


def films() -> dict[str, bytes]:
    return {
        "film.mp4": movie(b"isom", b"vide", b"soun"),
        "silent.mp4": movie(b"mp42", b"vide"),
        "odd-brand.mp4": movie(b"iso6", b"vide"),
        "named-sound.m4a": movie(b"isom", b"soun", b"vide"),
        "film.m4v": movie(b"M4V ", b"vide", b"soun"),
        "film.mov": movie(b"qt  ", b"vide", b"soun"),
        "old.mov": movie(b"qt  ", b"vide")[20:],
        "phone.3gp": movie(b"3gp4", b"vide", b"soun"),
        "film.webm": matroska(b"webm", 1, 2),
        "live.webm": live(1, 2),
        "film.avi": b"RIFF" + struct.pack("<I", 84) + b"AVI LIST" + MEDIA,
        "film.wmv": asf(SOUND, SIGHT),
        "film.flv": b"FLV\1\5\0\0\0\x09" + bytes(4) + b"\x09\0\0\5" + bytes(7 + 5 + 4),
        "film.mpg": b"\0\0\1\xba\x44" + MEDIA,
    }


def pdf(pages: int, **passwords: str) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if passwords:
        writer.encrypt(passwords["user"], passwords["owner"], algorithm=passwords["algorithm"])
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def package(*names: str, mimetype: str = "", **contents: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("mimetype",) if mimetype else ():
            archive.writestr(zipfile.ZipInfo(name), mimetype)
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), contents.get(Path(name).stem, b"<xml/>"))
    return buffer.getvalue()


def office(main: str) -> bytes:
    return package("[Content_Types].xml", "_rels/.rels", main)


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Build a compound file: header, a table of sectors, a directory, and a sector for each stream."""
    table = struct.pack("<128i", -3, -2, *[-2] * len(streams), *[-1] * (126 - len(streams)))
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHH", 0x3E, 3, 0xFFFE, 9) + bytes(12)
    head += struct.pack("<II", 1, 1) + bytes(24) + struct.pack("<109i", 0, *[-1] * 108)
    entries = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBB", 2 * len(name) + 2, 2, 1)
        + bytes(48)
        + struct.pack("<IQ", number + 1, 4096)
        for number, name in enumerate(["Root Entry", *streams])
    )
    return head + table + entries.ljust(512, b"\0") + b"".join(each.ljust(512, b"\0") for each in streams.values())


WORD = b"\xec\xa5\xc1\0" + bytes(7)
EXCEL = b"\x09\x08\x10\0\0\6\5\0" + bytes(12)


def documents() -> dict[str, bytes]:
    return {
        "paper.pdf": pdf(3),
        "printable.pdf": pdf(2, user="", owner="secret", algorithm="AES-256"),
        "trailing.pdf": pdf(1) + bytes(5000),
        "leading.pdf": b"\r\n" + pdf(1),
        "unmarked.pdf": pdf(1).replace(b"%%EOF", b""),
        "text.docx": office("word/document.xml"),
        "renamed-part.docx": package(
            "docProps/app.xml", "customXml/a.xml", "word/document2.xml", "[Content_Types].xml"
        ),
        "letter.dotx": office("word/document.xml"),
        "table.xlsx": office("xl/workbook.xml"),
        "slides.pptx": office("ppt/presentation.xml"),
        "misnamed.xlsx": office("word/document.xml"),
        "text.odt": package("content.xml", mimetype=f"{OASIS}.text"),
        "table.ods": package("content.xml", mimetype=f"{OASIS}.spreadsheet"),
        "slides.odp": package("content.xml", mimetype=f"{OASIS}.presentation"),
        "text.doc": compound({"WordDocument": WORD + b"\0"}),
        "table.xls": compound({"Workbook": EXCEL}),
        "slides.ppt": compound({"PowerPoint Document": b"\0"}),
        "renamed.docx": compound({"WordDocument": WORD + b"\0"}),
    }


WESTERN = "Schöne Grüße aus München, à bientôt à la plage, mañana será otro día."
CYRILLIC = "Съешь же ещё этих мягких французских булок, да выпей чаю."
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy."
JAPANESE = "これは文字コードを検出するための文です。カタカナもあります。"
SAMPLES = {
    "cp1252": WESTERN,
    "gb18030": "这是一个用于测试编码检测的中文句子。它有几个词。",
    "cp932": JAPANESE,
    "cp949": "이것은 인코딩을 감지하기 위한 테스트 문장입니다. 몇 개의 단어가 있습니다.",
    "big5": "這是一個用於測試編碼檢測的中文句子。它有幾個詞。",
    "euc_jp": JAPANESE,
    "cp1251": CYRILLIC,
    "koi8_r": CYRILLIC,
    "cp866": "Привет, мир! Как дела?",
    "cp1250": CZECH,
    "iso8859_2": "Zażółć gęślą jaźń, piękny świat.",
    "cp1254": "Pijamalı hasta yağız şoföre çabucak güvendi.",
    "cp1253": "Η γρήγορη αλεπού πηδά πάνω από τον σκύλο.",
    "cp1255": "זהו משפט לבדיקת קידוד בעברית. הנה עוד משפט ארוך יותר לבדיקה.",
    "cp1256": "هذه جملة لاختبار الكشف عن الترميز.",
    "cp874": "สวัสดีชาวโลก นี่คือประโยคสำหรับการทดสอบ",
    "mac_roman": "Crème brûlée, déjà vu: a café in Orléans",
    "cp850": "Viele Grüße aus Österreich, déjà vu, señor",
}
"""Python's name of an encoding -> a text in it."""

WIDE = {
    "utf-8-sig": WESTERN,
    "utf-16": WESTERN,
    "utf-16-le": "Grüße, 世界. And a few words more.",
    "utf-16-be": "Grüße, 世界. And a few words more.",
    "utf-32": WESTERN,
    "utf-32-le": WESTERN,
}

PLAIN = {
    "notes.md": "# Grüße\n",
    "table.csv": "a,b\n1,2\n",
    "data.json": '{"a": [1]}\n',
    "book.ipynb": '{"cells": [], "nbformat": 4}\n',
    "page.html": "<!doctype html><p>Hi\n",
    "feed.xml": "<?xml version='1.0'?><a/>\n",
    "drawing.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>\n",
    "letter.rtf": "{\\rtf1\\ansi Hello}\n",
    "Makefile": "all:\n\techo hi\n",
    "photo.png": "no picture, only its name is one\n",
}

DECLARED = {
    "declared.html": ("<meta charset='windows-1251'><p>ящик</p>\n", "cp1251"),
    "latin1.py": ("# -*- coding: iso-8859-1 -*-\nname = 'é'\n", "cp1252"),
}


def encoded_texts() -> dict[str, bytes]:
    return {f"{name}.txt": text.encode(name) for name, text in (SAMPLES | WIDE).items()}


def texts() -> dict[str, bytes]:
    plain = {name: text.encode() for name, text in PLAIN.items()}
    declared = {name: text.encode(encoding) for name, (text, encoding) in DECLARED.items()}
    return encoded_texts() | plain | declared | {"latin.csv": "name;straße\nmüller;hauptstraße\n".encode("latin-1")}


def untaken() -> dict[str, bytes]:
    return {
        "image.avif": still(b"avif", b"mif1avif"),
        "film.ogv": ogg(b"\x80theora", b"\x01vorbis"),
        "film.mkv": matroska(b"matroska", 1, 2),
        "sound.mka": matroska(b"matroska", 2),
        "sound.wma": asf(SOUND),
        "sound-only.wmv": asf(SOUND),
        "book.epub": package("META-INF/container.xml", mimetype="application/epub+zip"),
        "archive.zip": package("a.txt"),
        "program.txt": b"MZ\x90\0\3\0\0\0" + bytes(40) + b"This program cannot be run in DOS mode.\r\r\n$" + bytes(99),
        "random.bin": random.Random(4).randbytes(2000),
        "random.csv": random.Random(5).randbytes(2000),
        "unclear.txt": "你好".encode("gb18030"),
        "damaged.txt": "Grüße, 世界, and more: ä".encode()[:-1],
    }


def broken() -> dict[str, bytes]:
    sound_film = movie(b"isom", b"vide", b"soun")
    return {
        "cut.pdf": pdf(3)[:400],
        "no-pages.pdf": pdf(0),
        "locked.pdf": pdf(1, user="x", owner="y", algorithm="AES-256"),
        "locked-rc4.pdf": pdf(1, user="x", owner="y", algorithm="RC4-128"),
        "cut.docx": office("word/document.xml")[:-40],
        "hollow.docx": package("[Content_Types].xml", "_rels/.rels", "docProps/app.xml"),
        "zip.xlsx": package("a.txt"),
        "locked.xlsx": compound({"EncryptionInfo": b"", "EncryptedPackage": b""}),
        "locked.odt": package("META-INF/manifest.xml", mimetype=f"{OASIS}.text", manifest=b"<m:encryption-data/>"),
        "locked.doc": compound({"WordDocument": WORD + b"\1"}),
        "locked.xls": compound({"Workbook": EXCEL + b"\x2f\0\0\0"}),
        "cut.doc": compound({"WordDocument": WORD})[:900],
        "cut.png": picture("PNG")[:-60],
        "cut.jpg": picture("JPEG")[:-60],
        "head.jpg": picture("JPEG")[:100],
        "cut.webp": picture("WEBP")[:-60],
        "cut.wav": tone()[:-60],
        "cut.gif": picture("GIF")[:-30],
        "head.gif": picture("GIF")[:30],
        "cut.bmp": picture("BMP")[:-60],
        "cut.tiff": picture("TIFF")[:-60],
        "cut-pages.tiff": scans()[:-60],
        "cut.heic": still(b"heic", b"mif1heic")[:-30],
        "cut.heif": still(b"msf1", b"mif1")[:-30],
        "cut.aiff": sounds()["sound.aiff"][:-30],
        "cut.avi": films()["film.avi"][:-30],
        "cut.flv": b"FLV\1\5\0\0\0\x09" + bytes(4) + b"\x09\0\1\0" + bytes(7) + MEDIA,
        "no-picture.png": random.Random(6).randbytes(200),
        "no-index.mp4": box(b"ftyp", b"isom" + bytes(4)) + box(b"mdat", MEDIA),
        "cut.mp4": sound_film[:-60],
        "no-tracks.mp4": movie(b"isom", b"text"),
        "no-film.mp4": random.Random(7).randbytes(200),
        "cut.webm": matroska(b"webm", 1)[:-9],
        "no-tracks.webm": matroska(b"webm", 17),
        "empty.txt": b"",
    }


GROUPS = {
    "pictures": pictures,
    "sounds": sounds,
    "films": films,
    "documents": documents,
    "texts": texts,
    "untaken": untaken,
    "broken": broken,
}


@cache
def corpus() -> dict[str, dict[str, bytes]]:
    """Group -> file name -> content."""
    return {group: made() for group, made in GROUPS.items()}


def write(folder: Path) -> None:
    for group, files in corpus().items():
        (folder / group).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / group / name).write_bytes(content)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
