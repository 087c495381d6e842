"""Metadata about the origin of a picture inside its file: prompt, model and interaction id. Pure.

The metadata is inserted without encoding the pixels again: as XMP, which JPEG and PNG both support, or as a plain
comment if the file already has XMP. Malformed files and other formats stay as they are.

Sources: XMP Specification Part 3 (https://developer.adobe.com/xmp/docs/XMPSpecifications/), ITU-T T.81 B.1.1 (JPEG
markers), https://www.w3.org/TR/png-3/ (iTXt in 11.3.3, XMP in its table of keywords)
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

ORIGIN_PROMPT_CHARACTERS: Final = 2_000
"""Maximum length of a prompt: escaped and in UTF-8, it still fits into the 65,533 bytes of a JPEG segment."""

# https://www.w3.org/TR/xml/#charsets
NON_XML_CHARACTER: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

XMP_TEMPLATE: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{prompt}</rdf:li></rdf:Alt></dc:description>
<dc:identifier>{interaction_id}</dc:identifier>
<xmp:CreatorTool>{model}</xmp:CreatorTool>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""

JPEG_START: Final = b"\xff\xd8"
JPEG_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
APP0, APP1, COMMENT, SCAN = 0xE0, 0xE1, 0xFE, 0xDA

PNG_START: Final = b"\x89PNG\r\n\x1a\n"
PNG_XMP: Final = b"XML:com.adobe.xmp"
PNG_HEADER_END: Final = 33
"""Offset after the signature and the IHDR chunk, which always comes first and has 13 bytes."""


@dataclass(frozen=True)
class Origin:
    """Where a picture comes from; unknown values, and those that may not be stored, are empty."""

    prompt: str = ""
    model: str = ""
    interaction_id: str = ""


def embed_origin(content: bytes, mime: str, origin: Origin) -> bytes:
    """Insert the origin into a file if its format supports that."""
    splice = EMBEDDERS.get(mime)
    return splice(content, origin) if splice else content


def make_xmp_packet(origin: Origin) -> bytes:
    """Return the origin as an XMP packet."""
    return XMP_TEMPLATE.format(**{name: escape(value) for name, value in get_origin_facts(origin).items()}).encode()


def make_comment(origin: Origin) -> bytes:
    """Return the origin as lines of text."""
    return "\n".join(f"{name}: {value}" for name, value in get_origin_facts(origin).items()).encode()


def get_origin_facts(origin: Origin) -> dict[str, str]:
    """Return the values to insert, of bounded length and without characters that XML excludes."""
    return {
        name: NON_XML_CHARACTER.sub("\ufffd", value[:ORIGIN_PROMPT_CHARACTERS]) for name, value in vars(origin).items()
    }


def embed_in_jpeg(content: bytes, origin: Origin) -> bytes:
    """Insert a segment into a JPEG, after those of JFIF and Exif, which have to come first."""
    segments = list(iter_jpeg_segments(content))
    if not segments:
        return content
    taken = any(body.startswith(JPEG_XMP) for _, body, _ in segments)
    marker, body = (COMMENT, make_comment(origin)) if taken else (APP1, JPEG_XMP + make_xmp_packet(origin))
    at = len(JPEG_START)
    for kind, found, end in segments:
        if kind != APP0 and not (kind == APP1 and found.startswith(b"Exif\0")):
            break
        at = end
    return content[:at] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + content[at:]


def iter_jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield marker, body and end of each segment before the image data; nothing if the file is not a JPEG."""
    at = len(JPEG_START) if content.startswith(JPEG_START) else len(content)
    while len(content) >= at + 4:
        start, marker, length = struct.unpack_from(">BBH", content, at)
        end = at + 2 + length
        if start != 0xFF or marker in (SCAN, 0xFF) or not at + 4 <= end <= len(content):
            return
        yield marker, content[at + 4 : end], end
        at = end


def embed_in_png(content: bytes, origin: Origin) -> bytes:
    """Insert an iTXt chunk into a PNG, after its header."""
    if not content.startswith(PNG_START) or content[12:16] != b"IHDR":
        return content
    keyword, text = (b"Comment", make_comment(origin)) if PNG_XMP in content else (PNG_XMP, make_xmp_packet(origin))
    # Not compressed, no language, no translated keyword.
    body = b"iTXt" + keyword + b"\0\0\0\0\0" + text
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return content[:PNG_HEADER_END] + chunk + content[PNG_HEADER_END:]


EMBEDDERS: Final[Mapping[str, Callable[[bytes, Origin], bytes]]] = {
    "image/jpeg": embed_in_jpeg,
    "image/png": embed_in_png,
}
"""MIME type -> function that inserts the origin."""
