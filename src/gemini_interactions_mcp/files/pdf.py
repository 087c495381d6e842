"""Whether a PDF can be opened without a password, and how many pages it has.

A PDF is refused only if no program opens it as it is. Where the parser is in doubt, or fails for a reason of its own,
the file is accepted: Google decides. Everything here blocks.
"""

import logging
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from .binary import Binary

if TYPE_CHECKING:
    from pypdf import PdfReader

MAX_PDF_PAGES: Final = 1000
"""Maximum number of pages: https://ai.google.dev/gemini-api/docs/document-processing"""
PDF_TAIL_BYTES: Final = 2**20
"""Bytes at the end of a PDF in which the pointer to its index must stand; much may follow the pointer."""
REASON_TOO_MANY_PAGES: Final = "with too many pages"
MAX_PAGE_NODES: Final = 20 * MAX_PDF_PAGES
"""Maximum number of nodes of the page tree that are inspected."""


def count_pdf_pages(file: Binary) -> int | None:
    """Return the number of pages of a PDF; None if unknown.

    Raises:
        FileRefusedError: It is cut off or encrypted, or has no pages, or more than Gemini accepts.
    """
    index = (tail := file.read_at(max(0, file.size - PDF_TAIL_BYTES), PDF_TAIL_BYTES)).rfind(b"startxref")
    if index < 0:
        raise file.cut_off_error()
    # Without the mark that follows, pypdf finds nothing; other programs do.
    if b"%%EOF" not in tail[index:]:
        return None
    pages = count_with_pypdf(file)
    if pages == 0:
        raise file.error("is a PDF without pages")
    if pages is not None and pages > MAX_PDF_PAGES:
        raise file.error(
            f"has more than {MAX_PDF_PAGES:,} pages, and Gemini takes no more of a PDF: split it", REASON_TOO_MANY_PAGES
        )
    return pages


def count_with_pypdf(file: Binary) -> int | None:
    """Count the pages, up to one more than `MAX_PDF_PAGES`; None if pypdf gives up.

    Raises:
        FileRefusedError: The PDF is broken or encrypted.
    """
    from pypdf import PdfReader  # noqa: PLC0415 - only where there is a PDF
    from pypdf.errors import LimitReachedError, PyPdfError  # noqa: PLC0415 - as above

    # Other programs repair what it warns of.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    file.stream.seek(0)
    try:
        reader = PdfReader(file.stream)
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = 1 if locked else sum(1 for _ in islice(iter_pdf_pages(reader), MAX_PDF_PAGES + 1))
    except LimitReachedError:
        return None
    except PyPdfError:
        raise file.error("is a broken PDF: save, export or download it again") from None
    except Exception:  # noqa: BLE001 - a parser of untrusted bytes may raise anything, which proves nothing
        return None
    if locked:
        raise file.encrypted_error()
    return pages


def iter_pdf_pages(reader: "PdfReader") -> Iterator[Any]:
    """Yield the pages of a PDF, whose tree may have any shape.

    Raises:
        RecursionError: The tree has too many nodes, or a loop.
    """
    nodes: list[Any] = [reader.root_object[name] for name in ("/Pages",) if name in reader.root_object]
    for _ in range(MAX_PAGE_NODES):
        if not nodes:
            return
        node = nodes.pop().get_object()
        if "/Kids" in node:
            nodes += list(node["/Kids"])[: MAX_PDF_PAGES + 1]
        else:
            yield node
    raise RecursionError
