"""What a local file is to Gemini: by its content, then by its name; and the block that it becomes.

It refuses what Gemini does not take. Everything here blocks.
"""

import base64
import codecs
import hashlib
import os
from dataclasses import replace
from io import BufferedReader
from typing import BinaryIO, Final

from . import media
from .errors import FileRefusedError
from .inspection import LocalFile, Named
from .models import Content
from .paths import TOO_LARGE, local_path
from .sources import extension
from .uploads import sha256, version
from .words import shown

# https://ai.google.dev/gemini-api/docs/document-processing
PDF_BYTES: Final = 50 * 2**20

CHUNK: Final = 2**20

UNTAKEN: Final = "of a type that Gemini does not take"


def recognised(file: Named, stream: BufferedReader) -> LocalFile:
    """What an open file is.

    Raises:
        FileRefusedError: Nothing that Gemini takes.
    """
    # Before the content is read: a later change shows.
    before = version(stream)
    size = os.fstat(stream.fileno()).st_size
    kind, mime, encoding = type_of(file.source, stream, size)
    return LocalFile(
        source=file.source,
        name=file.name(),
        size=size,
        kind=kind,
        mime=mime,
        version=before,
        sha256=sha256(stream),
        encoding=encoding,
    )


def type_of(source: str, stream: BufferedReader, size: int) -> tuple[str, str, str]:
    """The content type, MIME type and, of text, encoding of an open file: by its content, then by its name.

    Raises:
        FileRefusedError: None that Gemini takes.
    """
    sniffed = media.sniff(stream.read(media.SNIFF_BYTES))
    # A PDF may be plain ASCII; no other type that Gemini takes can be mistaken for text.
    if sniffed != "application/pdf" and (encoding := text_encoding(stream)):
        return "text", "text/plain", encoding
    mime = settled_type(sniffed, media.EXTENSIONS.get(extension(local_path(source).name)))
    kind = media.KINDS.get(mime or "")
    if mime is None or kind is None:
        raise FileRefusedError(unsupported(source, mime), reason=UNTAKEN)
    if mime == "application/pdf" and size > PDF_BYTES:
        raise FileRefusedError(
            f"{shown(source)} is too large: Gemini takes PDFs of at most 50 MB; split it.", reason=TOO_LARGE
        )
    return kind, mime, ""


def settled_type(sniffed: str | None, named: str | None) -> str | None:
    """The MIME type by content, or by name where the content shows none or only a package of some office format."""
    if sniffed is None:
        return named
    if sniffed == "application/zip" and (named or "").startswith((media.OFFICE, media.OASIS)):
        return named
    return sniffed


def unsupported(source: str, mime: str | None) -> str:
    """What to say of a file that Gemini does not take."""
    families = "; ".join(
        f"{kind}: {', '.join(names[0] for names in types.values())}" for kind, types in media.MIME_TYPES.items()
    )
    what = f"is {mime}" if mime else "is of an unknown type"
    return f"{shown(source)} {what}, which Gemini does not take; it takes text in UTF-8, {families}."


def text_encoding(stream: BinaryIO) -> str | None:
    """The encoding of a text file, read in chunks from its start; None when it is not text."""
    stream.seek(0)
    start = stream.read(2)
    encoding = "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    try:
        while chunk := stream.read(CHUNK):
            if "\0" in decoder.decode(chunk):
                return None
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return encoding


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
    """A file as the Files API takes it: text becomes a document.

    Raises:
        FileRefusedError: Text that the Files API would not read.
    """
    if known.kind == "text" and known.encoding == "utf-16":
        raise FileRefusedError(f"{known.name} is a large text in UTF-16; save it as UTF-8 first.")
    kind = "document" if known.kind == "text" else known.kind
    return replace(known, kind=kind, inline=False)
