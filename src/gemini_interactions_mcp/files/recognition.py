"""What a local file is to Gemini, by its content, then by its name; and the block that it becomes.

Refuses what Gemini does not accept. Everything here blocks.
"""

import base64
import codecs
import hashlib
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from io import BufferedReader
from typing import IO, Final

from gemini_interactions_mcp.core import FileRefusedError, list_names, quote_name
from gemini_interactions_mcp.models import OCTET_STREAM, ContentItem, media_types
from gemini_interactions_mcp.output import measure_duration

from . import charsets
from .addresses import get_extension
from .binary import Binary
from .boundary import MAX_FILE_BYTES, REASON_TOO_LARGE
from .charsets import TextEncoding
from .completeness import check_end
from .containers import detect_media_type
from .inspection import LocalFile, NamedFile
from .office import detect_office_type
from .pdf import count_pdf_pages
from .upload_cache import OutgoingFile, get_file_version, hash_file

PDF_TYPE: Final = "application/pdf"
MAX_PDF_BYTES: Final = 50 * 2**20
"""Maximum size of a PDF in bytes: https://ai.google.dev/gemini-api/docs/document-processing"""

TRANSCODE_CHUNK_BYTES: Final = 2**20
"""Bytes of a text transcoded at a time."""

UNCHANGED_ENCODINGS: Final = ("", "utf-8-sig")
"""Encodings of what is sent byte for byte: none, and UTF-8."""

REASON_UNSUPPORTED: Final = "of a type that Gemini does not take"
REASON_ENCODING: Final = "in an encoding that is not clear"

ARCHIVE_REMEDIES: Final = dict.fromkeys(
    ("application/zip", "application/x-tar", "application/gzip", "application/x-7z-compressed"), "unpack it"
) | {"application/epub+zip": "save it as PDF or text"}
"""MIME type of files that hold others -> what to do with such a file."""


def recognise_file(file: NamedFile, stream: BufferedReader, *, sandboxed: bool = False) -> LocalFile:
    """Inspect an open file; one that goes into an agent's sandbox as `recognise_sandboxed` does.

    Raises:
        FileRefusedError: It is of a type that Gemini does not accept, or broken, or encrypted.
    """
    if sandboxed:
        return recognise_sandboxed(file, stream)
    # Taken before the content is read, so that a later change shows.
    before = get_file_version(stream)
    size = os.fstat(stream.fileno()).st_size
    binary = Binary(file.source, stream, size)
    head = binary.read_at(0, media_types.SNIFF_BYTES)
    sniffed = media_types.sniff_type(head)
    text = None if sniffed == PDF_TYPE else detect_text(binary, head, sniffed)
    kind, mime = ("text", "text/plain") if text else classify_media(binary, sniffed, file.path[-1])
    return LocalFile(
        source=file.source,
        name=file.name(),
        size=size,
        sent=text.size if text else size,
        kind=kind,
        mime=mime,
        version=before,
        sha256=hash_file(stream),
        encoding=text.encoding if text else "",
        pages=count_pdf_pages(binary) if mime == PDF_TYPE else None,
        seconds=measure_duration(stream, mime) if kind == "audio" else None,
        saved=file.saved,
    )


def detect_text(file: Binary, head: bytes, sniffed: str | None) -> TextEncoding | None:
    """Return the encoding of a text file; None if the file is no text.

    A file that begins with letters may be text in an older encoding, even if the signature of a type begins alike.

    Raises:
        FileRefusedError: It is a text that is too large.
    """
    text = charsets.detect_unicode(file.stream)
    if text is None and (sniffed is None or head[:2].isascii()):
        text = charsets.guess_charset(file.stream)
    if text and text.size > MAX_FILE_BYTES:
        raise file.error("is too large: in UTF-8 it has more than the 2 GB that the Files API takes", REASON_TOO_LARGE)
    return text


def classify_media(file: Binary, sniffed: str | None, name: str) -> tuple[str, str]:
    """Return the content type and the MIME type of a file that is no text, by its content, then by its name.

    Raises:
        FileRefusedError: It is of a type that Gemini does not accept, or broken, or encrypted.
    """
    ending = get_extension(name)
    # A file with the name of a text that does not read as one is none.
    named = (
        None
        if ending == "csv"
        else media_types.EXTENSION_TYPES.get(ending) or media_types.REFUSED_EXTENSIONS.get(ending)
    )
    mime = detect_office_type(file, sniffed or named, named)
    kind = media_types.CONTENT_KINDS.get(mime := detect_media_type(file, mime, named)) if mime else None
    if mime is None and charsets.is_foreign_text(file.stream):
        raise file.error("is a text, but its encoding is not clear: save it as UTF-8", REASON_ENCODING)
    if mime is None or kind is None:
        raise FileRefusedError(describe_unsupported(file.source, mime), reason=REASON_UNSUPPORTED)
    check_end(file, mime)
    if mime == PDF_TYPE and file.size > MAX_PDF_BYTES:
        raise file.error("is too large: Gemini takes PDFs of at most 50 MB; split it", REASON_TOO_LARGE)
    return kind, mime


def describe_unsupported(source: str, mime: str | None) -> str:
    """Return the message about a file of a type that Gemini does not accept.

    Args:
        source: The path of the file.
        mime: Its type, if known.
    """
    families = "; ".join(
        f"{kind}: {', '.join(names[0] for names in types.values())}" for kind, types in media_types.MIME_TYPES.items()
    )
    what = f"is {mime}" if mime else "is of an unknown type"
    return f"{quote_name(source)} {what}, which Gemini does not take{suggest_remedy(mime)}; it takes text, {families}."


def suggest_remedy(mime: str | None) -> str:
    """Return what to do with a file of a type that Gemini does not accept, behind a colon; empty if nothing helps."""
    ways = {"image/": "save it as PNG or JPEG", "audio/": "save it as MP3 or WAV", "video/": "save it as MP4"}
    way = next(
        (way for family, way in ways.items() if (mime or "").startswith(family)), ARCHIVE_REMEDIES.get(mime or "")
    )
    return f": {way}" if way else ""


def describe_encodings(files: Iterable[LocalFile]) -> list[str]:
    """Return a note for each encoding other than UTF-8: `a.txt, b.txt were read as Windows-1252.`"""
    names: dict[str, list[str]] = {}
    for file in files:
        if file.encoding not in UNCHANGED_ENCODINGS:
            names.setdefault(charsets.get_charset_title(file.encoding), []).append(file.name)
    return [f"{list_names(each)} {'were' if each[1:] else 'was'} read as {title}." for title, each in names.items()]


def refresh_unchanged(known: LocalFile, stream: BufferedReader) -> LocalFile:
    """Return the file with its present version, if its content is unchanged.

    Raises:
        FileRefusedError: The content has changed.
    """
    now = get_file_version(stream)
    # A file may have been saved again without a change.
    if now != known.version and hash_file(stream) != known.sha256:
        raise make_changed_error(known)
    return replace(known, version=now)


def make_changed_error(known: LocalFile) -> FileRefusedError:
    """Return the error for a file that changed after its inspection."""
    return FileRefusedError(
        f"{quote_name(known.source)} was changed after it was looked at: nothing was sent, and nothing is charged. "
        "Call again to give it as it is now."
    )


def build_inline_block(known: LocalFile, stream: BufferedReader) -> ContentItem:
    """Build the block that carries a file's content inside the request.

    Raises:
        FileRefusedError: The content has changed.
    """
    content = stream.read(known.size + 1)
    if hashlib.sha256(content).hexdigest() != known.sha256:
        raise make_changed_error(known)
    if known.kind == "text":
        text = content.decode(known.encoding, errors="replace")
        return {"type": "text", "text": f"File {known.name}:\n\n{text}"}
    data = base64.b64encode(content).decode("ascii")
    return {"type": known.kind, "data": data, "mime_type": known.mime}


def prepare_upload(known: LocalFile) -> LocalFile:
    """Return a file as the Files API accepts it: text becomes a document."""
    kind = "document" if known.kind == "text" else known.kind
    return replace(known, kind=kind, inline=False)


def prepare_outgoing(known: LocalFile, stream: BufferedReader) -> OutgoingFile:
    """Return a file ready for its upload, text in UTF-8.

    Raises:
        FileRefusedError: The content has changed.
    """
    known = refresh_unchanged(known, stream)
    return OutgoingFile(known, stream) if known.encoding in UNCHANGED_ENCODINGS else transcode_to_file(known, stream)


def transcode_to_file(known: LocalFile, stream: BufferedReader) -> OutgoingFile:
    """Transcode a text to UTF-8 into an unnamed file, which disappears when it is closed.

    Raises:
        FileRefusedError: The content has changed.
    """
    with tempfile.TemporaryFile() as file:
        if transcode_to_utf8(stream, known.encoding, file) != known.sha256:
            raise make_changed_error(known)
        file.flush()
        text = os.fdopen(os.dup(file.fileno()), "rb")
    size = os.fstat(text.fileno()).st_size
    return OutgoingFile(replace(known, size=size, version=get_file_version(text), sha256=hash_file(text)), text)


def transcode_to_utf8(stream: BufferedReader, encoding: str, into: IO[bytes]) -> str:
    """Write a text in UTF-8, in chunks, and return the hash of the original."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    digest = hashlib.sha256()
    while chunk := stream.read(TRANSCODE_CHUNK_BYTES):
        digest.update(chunk)
        into.write(decoder.decode(chunk).encode())
    into.write(decoder.decode(b"", final=True).encode())
    return digest.hexdigest()


def recognise_sandboxed(file: NamedFile, stream: BufferedReader) -> LocalFile:
    """Inspect an open file that goes into an agent's sandbox, which takes files of any type, byte for byte.

    Only an image that Gemini takes is shown to the agent as well, inside the request.
    """
    sniffed = media_types.sniff_type(stream.read(media_types.SNIFF_BYTES))
    if (sniffed or "").startswith("image/"):
        with suppress(FileRefusedError):
            stream.seek(0)
            if (known := recognise_file(file, stream)).kind == "image":
                return known
    before = get_file_version(stream)
    size = os.fstat(stream.fileno()).st_size
    return LocalFile(
        source=file.source,
        name=file.name(),
        size=size,
        sent=size,
        kind="file",
        mime=sniffed or OCTET_STREAM,
        version=before,
        sha256=hash_file(stream),
        inline=False,
        saved=file.saved,
    )
