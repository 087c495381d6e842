"""What a local file is to Gemini: by its content, then by its name; and the block that it becomes.

It refuses what Gemini does not take. Everything here blocks.
"""

import base64
import codecs
import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from io import BufferedReader
from typing import IO, Final

from gemini_interactions_mcp.core import FileRefusedError, shown, some_names
from gemini_interactions_mcp.models import Content, media_types

from . import charsets
from .binary import Binary
from .boundary import FILE_BYTES, TOO_LARGE, local_path
from .charsets import Text
from .completeness import check_end
from .containers import true_type
from .inspection import LocalFile, Named
from .office import office_type
from .pdf import pdf_pages
from .sources import extension
from .upload_cache import Outgoing, sha256, version

# https://ai.google.dev/gemini-api/docs/document-processing
PDF: Final = "application/pdf"
PDF_BYTES: Final = 50 * 2**20

CHUNK: Final = 2**20

AS_IT_IS: Final = ("", "utf-8-sig")
"""Encodings of what is sent byte for byte: of what is no text, and UTF-8."""

UNTAKEN: Final = "of a type that Gemini does not take"
UNCLEAR: Final = "in an encoding that is not clear"


def recognised(file: Named, stream: BufferedReader) -> LocalFile:
    """What an open file is.

    Raises:
        FileRefusedError: Nothing that Gemini takes, or broken, or encrypted.
    """
    # Before the content is read: a later change shows.
    before = version(stream)
    size = os.fstat(stream.fileno()).st_size
    binary = Binary(file.source, stream, size)
    head = binary.read_at(0, media_types.SNIFF_BYTES)
    sniffed = media_types.sniff(head)
    text = None if sniffed == PDF else read_text(binary, head, sniffed)
    kind, mime = ("text", "text/plain") if text else media_type(binary, sniffed)
    return LocalFile(
        source=file.source,
        name=file.name(),
        size=size,
        sent=text.size if text else size,
        kind=kind,
        mime=mime,
        version=before,
        sha256=sha256(stream),
        encoding=text.encoding if text else "",
        pages=pdf_pages(binary) if mime == PDF else None,
    )


def read_text(file: Binary, head: bytes, sniffed: str | None) -> Text | None:
    """How a file reads as text; None when it is none.

    A file that begins with letters may be a text in an older encoding, whatever else begins with these.

    Raises:
        FileRefusedError: It is a text, but its encoding is not clear, or it is too large.
    """
    text = charsets.text_of(file.stream)
    if text is None and (sniffed is None or head[:2].isascii()):
        text = charsets.guessed(file.stream)
    if text and text.size > FILE_BYTES:
        raise file.error("is too large: in UTF-8 it has more than the 2 GB that the Files API takes", TOO_LARGE)
    return text


def media_type(file: Binary, sniffed: str | None) -> tuple[str, str]:
    """The content type and MIME type of a file that is no text: by its content, then by its name.

    Raises:
        FileRefusedError: None that Gemini takes, or broken, or encrypted.
    """
    ending = extension(local_path(file.source).name)
    # What is named a text and does not read as one is none.
    named = (
        None if ending == "csv" else media_types.EXTENSIONS.get(ending) or media_types.REFUSED_EXTENSIONS.get(ending)
    )
    mime = office_type(file, sniffed or named, named)
    kind = media_types.KINDS.get(mime := true_type(file, mime, named)) if mime else None
    if mime is None and charsets.foreign(file.stream):
        raise file.error("is a text, but its encoding is not clear: save it as UTF-8", UNCLEAR)
    if mime is None or kind is None:
        raise FileRefusedError(unsupported(file.source, mime), reason=UNTAKEN)
    check_end(file, mime)
    if mime == PDF and file.size > PDF_BYTES:
        raise file.error("is too large: Gemini takes PDFs of at most 50 MB; split it", TOO_LARGE)
    return kind, mime


def unsupported(source: str, mime: str | None) -> str:
    """What to say of a file that Gemini does not take.

    Args:
        source: Its path.
        mime: Its type, if it is known.
    """
    families = "; ".join(
        f"{kind}: {', '.join(names[0] for names in types.values())}" for kind, types in media_types.MIME_TYPES.items()
    )
    what = f"is {mime}" if mime else "is of an unknown type"
    return f"{shown(source)} {what}, which Gemini does not take{remedy(mime)}; it takes text, {families}."


def remedy(mime: str | None) -> str:
    """What helps with a file of a type that Gemini does not take."""
    ways = {"image/": "save it as PNG or JPEG", "audio/": "save it as MP3 or WAV", "video/": "save it as MP4"}
    way = next((way for family, way in ways.items() if (mime or "").startswith(family)), ARCHIVES.get(mime or ""))
    return f": {way}" if way else ""


ARCHIVES: Final = dict.fromkeys(
    ("application/zip", "application/x-tar", "application/gzip", "application/x-7z-compressed"), "unpack it"
) | {"application/epub+zip": "save it as PDF or text"}


def read_as(files: Iterable[LocalFile]) -> list[str]:
    """What is said of texts that were not in UTF-8: `a.txt, b.txt were read as Windows-1252.`"""
    names: dict[str, list[str]] = {}
    for file in files:
        if file.encoding not in AS_IT_IS:
            names.setdefault(charsets.title(file.encoding), []).append(file.name)
    return [f"{some_names(each)} {'were' if each[1:] else 'was'} read as {title}." for title, each in names.items()]


def unchanged(known: LocalFile, stream: BufferedReader) -> LocalFile:
    """The file as it is now, if its content is what it was.

    Raises:
        FileRefusedError: It is not.
    """
    now = version(stream)
    # A file that was only saved again is read, to tell.
    if now != known.version and sha256(stream) != known.sha256:
        raise changed(known)
    return replace(known, version=now)


def changed(known: LocalFile) -> FileRefusedError:
    """What is said of a file that is not any more what it was."""
    return FileRefusedError(
        f"{shown(known.source)} was changed after it was looked at: nothing was sent, and nothing is charged. "
        "Call again to give it as it is now."
    )


def inline(known: LocalFile, stream: BufferedReader) -> Content:
    """The block that carries a file's content itself.

    Raises:
        FileRefusedError: The content is another than it was.
    """
    content = stream.read(known.size + 1)
    if hashlib.sha256(content).hexdigest() != known.sha256:
        raise changed(known)
    if known.kind == "text":
        text = content.decode(known.encoding, errors="replace")
        return {"type": "text", "text": f"File {known.name}:\n\n{text}"}
    data = base64.b64encode(content).decode("ascii")
    return {"type": known.kind, "data": data, "mime_type": known.mime}


def uploadable(known: LocalFile) -> LocalFile:
    """A file as the Files API takes it: text becomes a document."""
    kind = "document" if known.kind == "text" else known.kind
    return replace(known, kind=kind, inline=False)


def outgoing(known: LocalFile, stream: BufferedReader) -> Outgoing:
    """A file as it is uploaded: text in UTF-8.

    Raises:
        FileRefusedError: The content is another than it was.
    """
    known = unchanged(known, stream)
    return Outgoing(known, stream) if known.encoding in AS_IT_IS else in_utf8(known, stream)


def in_utf8(known: LocalFile, stream: BufferedReader) -> Outgoing:
    """A text written anew into a file without a name, which goes when it is closed.

    Raises:
        FileRefusedError: The content is another than it was.
    """
    with tempfile.TemporaryFile() as file:
        if transcoded(stream, known.encoding, file) != known.sha256:
            raise changed(known)
        file.flush()
        text = os.fdopen(os.dup(file.fileno()), "rb")
    size = os.fstat(text.fileno()).st_size
    return Outgoing(replace(known, size=size, version=version(text), sha256=sha256(text)), text)


def transcoded(stream: BufferedReader, encoding: str, into: IO[bytes]) -> str:
    """Write a text in UTF-8, in chunks, and return the hash of what it was."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
        into.write(decoder.decode(chunk).encode())
    into.write(decoder.decode(b"", final=True).encode())
    return digest.hexdigest()
