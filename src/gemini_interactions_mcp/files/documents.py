"""What is inside a document: which program's it is, whether it can be opened without a password, its pages.

A document that is refused is one that no program opens as it is. Where a parser is in doubt, or gives up for a reason
of its own, the document is taken for good: Google will say. Everything here blocks.
"""

import logging
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile, ZipFile

from gemini_interactions_mcp.models import OASIS, OFFICE

from .containers import Binary

if TYPE_CHECKING:
    from pypdf import PdfReader

ENCRYPTED: Final = "encrypted"
PROTECTED: Final = "is encrypted, and opens only with a password: save it without one"
"""What is said of a document that is."""

# PDF -----------------------------------------------------------------------------------------------------

PDF_PAGES: Final = 1000
"""https://ai.google.dev/gemini-api/docs/document-processing"""
PDF_TAIL: Final = 2**20
"""Where the pointer to a PDF's index stands, if it has not been cut off: behind it there may be a lot."""
TOO_LONG: Final = "with too many pages"
MOST_NODES: Final = 20 * PDF_PAGES
"""Of the tree of pages, looked at."""


def pdf_pages(file: Binary) -> int | None:
    """How many pages a PDF has; None when that cannot be told.

    Raises:
        FileRefusedError: It is cut off or encrypted, or has no pages, or more than Gemini takes.
    """
    index = (tail := file.at(max(0, file.size - PDF_TAIL), PDF_TAIL)).rfind(b"startxref")
    if index < 0:
        raise file.cut_off()
    # Without the mark that follows, pypdf finds nothing; other programs do.
    if b"%%EOF" not in tail[index:]:
        return None
    pages = counted(file)
    if pages == 0:
        raise file.refused("is a PDF without pages")
    if pages is not None and pages > PDF_PAGES:
        raise file.refused(f"has more than {PDF_PAGES:,} pages, and Gemini takes no more of a PDF: split it", TOO_LONG)
    return pages


def counted(file: Binary) -> int | None:
    """The number of pages, as far as it may matter; None when pypdf gives up.

    Raises:
        FileRefusedError: There is no way to read the PDF.
    """
    from pypdf import PdfReader  # noqa: PLC0415 - only where there is a PDF
    from pypdf.errors import LimitReachedError, PyPdfError  # noqa: PLC0415 - as above

    # What it warns of, programs repair.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    file.stream.seek(0)
    try:
        reader = PdfReader(file.stream)
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = 1 if locked else sum(1 for _ in islice(leaves(reader), PDF_PAGES + 1))
    except LimitReachedError:
        return None
    except PyPdfError:
        raise file.refused("is a broken PDF: save, export or download it again") from None
    except Exception:  # noqa: BLE001 - a parser of foreign bytes may raise anything, and then tells nothing
        return None
    if locked:
        raise file.refused(PROTECTED, ENCRYPTED)
    return pages


def leaves(reader: "PdfReader") -> Iterator[Any]:
    """The pages of a PDF, of a tree that may be anything.

    Raises:
        RecursionError: It has no end.
    """
    nodes: list[Any] = [reader.root_object[name] for name in ("/Pages",) if name in reader.root_object]
    for _ in range(MOST_NODES):
        if not nodes:
            return
        node = nodes.pop().get_object()
        if "/Kids" in node:
            nodes += list(node["/Kids"])[: PDF_PAGES + 1]
        else:
            yield node
    raise RecursionError


# Packages ------------------------------------------------------------------------------------------------

MAIN_PARTS: Final = {
    "word/": f"{OFFICE}.wordprocessingml.document",
    "xl/": f"{OFFICE}.spreadsheetml.sheet",
    "ppt/": f"{OFFICE}.presentationml.presentation",
}
"""Folder of the main part -> MIME type. The part itself may have any name in it (ECMA-376, part 2, 8)."""

ZIP: Final = "application/zip"
MIME_TYPE: Final = re.compile(r"application/[\w.+-]+")
MANIFEST: Final = "META-INF/manifest.xml"
ZIP_TAIL: Final = 22 + 0xFFFF
"""The end of a ZIP archive, and the longest comment: APPNOTE 4.3.16."""
DIRECTORY_BYTES: Final = 8 * 2**20
"""The longest list of an archive's files that is read; an office document has some hundred."""
MANIFEST_BYTES: Final = 2**20
"""Of an OpenDocument's list of parts, which says whether it is encrypted: a part takes some 100 bytes of it."""


def package_type(file: Binary) -> str | None:
    """The MIME type of what is in a ZIP archive; None when that cannot be told.

    Raises:
        FileRefusedError: It is cut off or encrypted.
    """
    tail = file.at(max(0, file.size - ZIP_TAIL), ZIP_TAIL)
    end = tail.rfind(b"PK\5\6")
    if end < 0:
        raise file.cut_off()
    if int.from_bytes(tail[end + 12 : end + 16], "little") > DIRECTORY_BYTES:
        return None
    try:
        with ZipFile(file.stream) as archive:
            return packed_type(file, archive)
    except (BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error):
        return None


def packed_type(file: Binary, archive: ZipFile) -> str:
    """The MIME type by the names in an archive.

    Raises:
        FileRefusedError: It is encrypted.
    """
    names = archive.namelist()
    if MANIFEST in names and b"encryption-data" in start_of(archive, MANIFEST, MANIFEST_BYTES):
        raise file.refused(PROTECTED, ENCRYPTED)
    told = start_of(archive, "mimetype", 100).decode("ascii", errors="replace").strip() if "mimetype" in names else ""
    if MIME_TYPE.fullmatch(told):
        return told
    main = next((mime for folder, mime in MAIN_PARTS.items() if any(name.startswith(folder) for name in names)), ZIP)
    return main if "[Content_Types].xml" in names else ZIP


def start_of(archive: ZipFile, name: str, size: int) -> bytes:
    """The first bytes of a file in an archive."""
    with archive.open(name) as stream:
        return stream.read(size)


# Compound files ------------------------------------------------------------------------------------------

COMPOUND: Final = bytes.fromhex("d0cf11e0a1b11ae1")
"""How documents of Office 97 to 2003 begin, and all encrypted ones: MS-CFB 2.2."""
MOST_SECTORS: Final = 256
"""Of the list of streams, looked at: it has four names a sector, or 32."""
LISTED_TABLES: Final = 109
"""In the header; with sectors of 512 bytes, they reach through 7 MB."""
SECTOR_BYTES: Final = (512, 4096)
LOCKED: Final = frozenset({"EncryptedPackage", "EncryptedSummary"})
WORD, EXCEL, FILE_PASS = b"\xec\xa5", b"\x09\x08", b"\x2f\x00"
"""How a Word document and an Excel workbook begin, and the record that says that a workbook is encrypted: MS-DOC 2.5.2,
MS-XLS 2.4.21 and 2.4.117."""
STREAMS: Final = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}


def compound_type(file: Binary) -> str | None:
    """The MIME type by the streams in a compound file; None when they tell none.

    Raises:
        FileRefusedError: It is cut off or encrypted.
    """
    width = 1 << min(file.number(30, 2, "little"), 16)
    if width not in SECTOR_BYTES:
        return None
    if (file.number(48, 4, "little") + 1) * width >= file.size:
        raise file.cut_off()
    streams = dict(directory(file, width))
    if streams.keys() & LOCKED or any(locked(file, streams[name]) for name in STREAMS if name in streams):
        raise file.refused(PROTECTED, ENCRYPTED)
    return next((mime for name, mime in STREAMS.items() if name in streams), None)


def locked(file: Binary, start: int) -> bool:
    """Whether a stream of Word or Excel that begins at an offset says that it is encrypted."""
    head = file.at(start, 12)
    if head[:2] == WORD:
        return bool(head[11:] and head[11] & 1)
    return head[:2] == EXCEL and file.at(start + 4 + int.from_bytes(head[2:4], "little"), 2) == FILE_PASS


def directory(file: Binary, width: int) -> Iterator[tuple[str, int]]:
    """The streams of a compound file and where they begin; the sectors of its directory are linked by a table."""
    sector = file.number(48, 4, "little")
    for _ in range(MOST_SECTORS):
        entries = file.at((sector + 1) * width, width)
        for entry in (entries[start : start + 128] for start in range(0, len(entries), 128)):
            length = min(int.from_bytes(entry[64:66], "little"), 64)
            name = entry[: max(0, length - 2)].decode("utf-16-le", errors="replace")
            yield name, (int.from_bytes(entry[116:120], "little") + 1) * width
        if len(entries) < width:
            return
        sector = next_sector(file, sector, width)


def next_sector(file: Binary, sector: int, width: int) -> int:
    """What follows a sector, by the tables that the header lists; nothing where it lists none."""
    table, place = divmod(sector, width // 4)
    listed = file.number(76 + 4 * table, 4, "little") if table < LISTED_TABLES else file.size
    return file.number((listed + 1) * width + 4 * place, 4, "little")


# Types ---------------------------------------------------------------------------------------------------


def office_type(file: Binary, mime: str | None, named: str | None) -> str | None:
    """The MIME type of an office document by its parts, then by its name; of any other file, the given one.

    Raises:
        FileRefusedError: No program opens it.
    """
    office = (OFFICE, OASIS)
    if file.at(0, len(COMPOUND)) == COMPOUND:
        return compound_type(file) or (named if named in STREAMS.values() else None)
    if mime != ZIP and not (mime or "").startswith(office):
        return mime
    found = package_type(file)
    if found == ZIP and (named or mime or "").startswith(office):
        raise file.refused("is no office document, whatever its name says: the main part is missing")
    # A template has the parts of a document.
    if found is None or (found.startswith(OFFICE) and (named or "").startswith(found.rpartition(".")[0])):
        return named if (named or "").startswith(office) else mime
    return found
