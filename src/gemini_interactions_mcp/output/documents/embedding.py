"""Pictures as documents hold them: whole PNGs and JPEGs of a limited size, and smaller JPEGs of all others."""

import io
from typing import IO, Final

from gemini_interactions_mcp.models import PaperPicture
from gemini_interactions_mcp.output.pictures import make_preview, open_picture

EMBEDDED_TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg"}

EMBEDDED_MODES: Final = frozenset({"1", "L", "LA", "P", "RGB", "RGBA"})
"""Pixels that every reader of documents shows."""

EMBEDDED_SIDE: Final = 1_600
"""Longest side of a picture that had to be made smaller, in pixels."""


def embed_picture(stream: IO[bytes], size: int, limit: int) -> PaperPicture | None:
    """Return a picture for a document; None if it cannot be read.

    Args:
        stream: The file.
        size: Its size in bytes.
        limit: Most bytes that it may take in the document.
    """
    if size <= limit and (whole := decode_picture(stream.read(limit))) is not None:
        return whole
    stream.seek(0)
    jpeg = make_preview(stream, EMBEDDED_SIDE, limit)
    return decode_picture(jpeg) if jpeg else None


def decode_picture(content: bytes) -> PaperPicture | None:
    """Return a picture as it is, if it can be decoded and is of a type that every reader shows; else None."""
    try:
        with open_picture(io.BytesIO(content)) as image:
            kind, mode = image.format or "", image.mode
            if kind not in EMBEDDED_TYPES or mode not in EMBEDDED_MODES or getattr(image, "n_frames", 1) > 1:
                return None
            image.load()
            return PaperPicture(content, EMBEDDED_TYPES[kind], image.width, image.height)
    except Exception:  # noqa: BLE001 - a decoder of foreign bytes may raise anything
        return None
