"""What a picture says of its origin: prompt, model and interaction id, inside the file. Pure.

The text is spliced in beside the pixels, which are not encoded anew: as XMP, which JPEG and PNG both have a place for,
or as a plain comment where a file brings XMP of its own. What is neither of the two, or malformed, stays as it is.

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

PROMPT_CHARACTERS: Final = 2_000
"""So much of a prompt goes into a file: even escaped and in UTF-8 it fits into the 65,533 bytes of a JPEG segment."""

# https://www.w3.org/TR/xml/#charsets
NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

PACKET: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
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
"""After the signature and the IHDR chunk, which is always the first and has 13 bytes."""


@dataclass(frozen=True)
class Origin:
    """Where a picture comes from; what is not known, or may not be kept, is empty."""

    prompt: str = ""
    model: str = ""
    interaction_id: str = ""


def described(content: bytes, mime: str, origin: Origin) -> bytes:
    """The file with its origin in it, where its format has a place for that."""
    splice = SPLICES.get(mime)
    return splice(content, origin) if splice else content


def packet(origin: Origin) -> bytes:
    """The origin as XMP."""
    return PACKET.format(**{name: escape(value) for name, value in facts(origin).items()}).encode()


def comment(origin: Origin) -> bytes:
    """The origin as lines of text."""
    return "\n".join(f"{name}: {value}" for name, value in facts(origin).items()).encode()


def facts(origin: Origin) -> dict[str, str]:
    """What is told, bounded, in characters that XML has."""
    return {name: NOT_XML.sub("\ufffd", value[:PROMPT_CHARACTERS]) for name, value in vars(origin).items()}


def in_jpeg(content: bytes, origin: Origin) -> bytes:
    """A JPEG with one more segment, behind those of JFIF and Exif, which want to be the first."""
    segments = list(jpeg_segments(content))
    if not segments:
        return content
    taken = any(body.startswith(JPEG_XMP) for _, body, _ in segments)
    marker, body = (COMMENT, comment(origin)) if taken else (APP1, JPEG_XMP + packet(origin))
    at = len(JPEG_START)
    for kind, found, end in segments:
        if kind != APP0 and not (kind == APP1 and found.startswith(b"Exif\0")):
            break
        at = end
    return content[:at] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + content[at:]


def jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Marker, body and end of each segment before the picture itself; none of what is no JPEG."""
    at = len(JPEG_START) if content.startswith(JPEG_START) else len(content)
    while len(content) >= at + 4:
        start, marker, length = struct.unpack_from(">BBH", content, at)
        end = at + 2 + length
        if start != 0xFF or marker in (SCAN, 0xFF) or not at + 4 <= end <= len(content):
            return
        yield marker, content[at + 4 : end], end
        at = end


def in_png(content: bytes, origin: Origin) -> bytes:
    """A PNG with one more iTXt chunk, behind its header."""
    if not content.startswith(PNG_START) or content[12:16] != b"IHDR":
        return content
    keyword, text = (b"Comment", comment(origin)) if PNG_XMP in content else (PNG_XMP, packet(origin))
    # Not compressed, no language, no translated keyword.
    body = b"iTXt" + keyword + b"\0\0\0\0\0" + text
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return content[:PNG_HEADER_END] + chunk + content[PNG_HEADER_END:]


SPLICES: Final[Mapping[str, Callable[[bytes, Origin], bytes]]] = {"image/jpeg": in_jpeg, "image/png": in_png}
"""By MIME type, how the origin gets in."""
