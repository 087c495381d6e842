"""Which application an office document belongs to, and whether it can be opened without a password.

A document is refused only if no program opens it as it is. Where the parser is in doubt, the document is accepted:
Google decides. Everything here blocks.
"""

import re
import zlib
from collections.abc import Iterator
from typing import Final
from zipfile import BadZipFile, ZipFile

from gemini_interactions_mcp.models import OFFICE_PREFIX, OPENDOCUMENT_PREFIX

from .binary import Binary

OFFICE_MAIN_PARTS: Final = {
    "word/": f"{OFFICE_PREFIX}.wordprocessingml.document",
    "xl/": f"{OFFICE_PREFIX}.spreadsheetml.sheet",
    "ppt/": f"{OFFICE_PREFIX}.presentationml.presentation",
}
"""Folder of the main part -> MIME type. The part itself may have any name in it (ECMA-376, part 2, 8)."""

ZIP_TYPE: Final = "application/zip"
PACKAGE_MIME_TYPE: Final = re.compile(r"application/[\w.+-]+")
ODF_MANIFEST: Final = "META-INF/manifest.xml"
ZIP_TAIL_BYTES: Final = 22 + 0xFFFF
"""Bytes of the end record of a ZIP archive with the longest comment: APPNOTE 4.3.16."""
MAX_ZIP_DIRECTORY_BYTES: Final = 8 * 2**20
"""Maximum size in bytes of an archive's directory; an office document has some hundred entries."""
ODF_MANIFEST_BYTES: Final = 2**20
"""Bytes read of an OpenDocument's manifest, which says whether it is encrypted: an entry takes some 100 bytes."""

COMPOUND_MAGIC: Final = bytes.fromhex("d0cf11e0a1b11ae1")
"""First bytes of documents of Office 97 to 2003, and of all encrypted ones: MS-CFB 2.2."""
MAX_DIRECTORY_SECTORS: Final = 256
"""Maximum number of directory sectors inspected: each has four or 32 names."""
HEADER_TABLES: Final = 109
"""Number of allocation tables that the header lists; with sectors of 512 bytes, they cover 7 MB."""
SECTOR_BYTES: Final = (512, 4096)
ENCRYPTED_STREAMS: Final = frozenset({"EncryptedPackage", "EncryptedSummary"})
"""Streams that only encrypted documents have."""
WORD_MAGIC: Final = b"\xec\xa5"
"""First bytes of a Word document: MS-DOC 2.5.2."""
EXCEL_BOF: Final = b"\x09\x08"
EXCEL_FILE_PASS: Final = b"\x2f\x00"
"""First record of an Excel workbook, and the record that marks an encrypted one: MS-XLS 2.4.21 and 2.4.117."""
COMPOUND_STREAMS: Final = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
"""Stream of a compound file -> MIME type."""


def detect_office_type(file: Binary, mime: str | None, named: str | None) -> str | None:
    """Return the MIME type of an office document by its parts, then by its name; of any other file, the given type.

    Args:
        file: Open for reading.
        mime: Its type by its first bytes or by its name.
        named: Its type by its name.

    Raises:
        FileRefusedError: No program opens it.
    """
    office = (OFFICE_PREFIX, OPENDOCUMENT_PREFIX)
    if file.read_at(0, len(COMPOUND_MAGIC)) == COMPOUND_MAGIC:
        return detect_compound_type(file) or (named if named in COMPOUND_STREAMS.values() else None)
    if mime != ZIP_TYPE and not (mime or "").startswith(office):
        return mime
    found = detect_package_type(file)
    if found == ZIP_TYPE and (named or mime or "").startswith(office):
        raise file.error("is not an office document, despite its name: the main part is missing")
    # A template has the parts of a document.
    if found is None or (found.startswith(OFFICE_PREFIX) and (named or "").startswith(found.rpartition(".")[0])):
        return named if (named or "").startswith(office) else mime
    return found


def detect_package_type(file: Binary) -> str | None:
    """Return the MIME type of what a ZIP archive holds; None if unknown.

    Raises:
        FileRefusedError: It is cut off or encrypted.
    """
    tail = file.read_at(max(0, file.size - ZIP_TAIL_BYTES), ZIP_TAIL_BYTES)
    end = tail.rfind(b"PK\5\6")
    if end < 0:
        raise file.cut_off_error()
    if int.from_bytes(tail[end + 12 : end + 16], "little") > MAX_ZIP_DIRECTORY_BYTES:
        return None
    try:
        with ZipFile(file.stream) as archive:
            return detect_archive_type(file, archive)
    except (BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error):
        return None


def detect_archive_type(file: Binary, archive: ZipFile) -> str:
    """Return the MIME type by the names in an archive.

    Raises:
        FileRefusedError: It is encrypted.
    """
    names = archive.namelist()
    if ODF_MANIFEST in names and b"encryption-data" in read_member_start(archive, ODF_MANIFEST, ODF_MANIFEST_BYTES):
        raise file.encrypted_error()
    told = (
        read_member_start(archive, "mimetype", 100).decode("ascii", errors="replace").strip()
        if "mimetype" in names
        else ""
    )
    if PACKAGE_MIME_TYPE.fullmatch(told):
        return told
    main = next(
        (mime for folder, mime in OFFICE_MAIN_PARTS.items() if any(name.startswith(folder) for name in names)), ZIP_TYPE
    )
    return main if "[Content_Types].xml" in names else ZIP_TYPE


def read_member_start(archive: ZipFile, name: str, size: int) -> bytes:
    """Read the first bytes of a file in an archive."""
    with archive.open(name) as stream:
        return stream.read(size)


def detect_compound_type(file: Binary) -> str | None:
    """Return the MIME type by the streams in a compound file; None if they show none.

    Raises:
        FileRefusedError: It is cut off or encrypted.
    """
    width = 1 << min(file.read_number(30, 2, "little"), 16)
    if width not in SECTOR_BYTES:
        return None
    if (file.read_number(48, 4, "little") + 1) * width >= file.size:
        raise file.cut_off_error()
    streams = dict(iter_compound_streams(file, width))
    if streams.keys() & ENCRYPTED_STREAMS or any(
        is_stream_encrypted(file, streams[name]) for name in COMPOUND_STREAMS if name in streams
    ):
        raise file.encrypted_error()
    return next((mime for name, mime in COMPOUND_STREAMS.items() if name in streams), None)


def is_stream_encrypted(file: Binary, start: int) -> bool:
    """Whether the Word or Excel stream at an offset is marked as encrypted."""
    head = file.read_at(start, 12)
    if head[:2] == WORD_MAGIC:
        return bool(head[11:] and head[11] & 1)
    return head[:2] == EXCEL_BOF and file.read_at(start + 4 + int.from_bytes(head[2:4], "little"), 2) == EXCEL_FILE_PASS


def iter_compound_streams(file: Binary, width: int) -> Iterator[tuple[str, int]]:
    """Yield the name and the offset of each stream of a compound file.

    Args:
        file: The compound file; an allocation table links the sectors of its directory.
        width: Bytes of a sector.
    """
    sector = file.read_number(48, 4, "little")
    for _ in range(MAX_DIRECTORY_SECTORS):
        entries = file.read_at((sector + 1) * width, width)
        for entry in (entries[start : start + 128] for start in range(0, len(entries), 128)):
            length = min(int.from_bytes(entry[64:66], "little"), 64)
            name = entry[: max(0, length - 2)].decode("utf-16-le", errors="replace")
            yield name, (int.from_bytes(entry[116:120], "little") + 1) * width
        if len(entries) < width:
            return
        sector = find_next_sector(file, sector, width)


def find_next_sector(file: Binary, sector: int, width: int) -> int:
    """Return the sector that follows one by the tables that the header lists; zero where it lists none."""
    table, place = divmod(sector, width // 4)
    listed = file.read_number(76 + 4 * table, 4, "little") if table < HEADER_TABLES else file.size
    return file.read_number((listed + 1) * width + 4 * place, 4, "little")
