"""Previews, sizes and conversions of pictures. Everything here blocks."""

import base64
import binascii
import io
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any, Final

from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from gemini_interactions_mcp.core import InteractionFailedError
from gemini_interactions_mcp.models import LOSSLESS_FORMATS, SNIFF_BYTES, Media, sniff_type

from . import posters, provenance

# Pillow's own limit is a process-wide switch that only warns; `open_picture` enforces a stricter one.
Image.MAX_IMAGE_PIXELS = None

PREVIEW_SIDE: Final = 1024
"""Longest side of a preview in pixels."""

PREVIEW_BYTES: Final = 512 * 2**10
"""Maximum size of a preview, and of all previews of one result together."""

PREVIEW_QUALITIES: Final = (85, 70, 50, 30)
"""JPEG qualities that are tried in turn."""

MAX_PREVIEWS: Final = 8

MAX_PIXELS: Final = 64_000_000
"""Maximum size of a picture that is decoded: four times a generated 4K image; takes some 200 MB of memory."""

PICTURE_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""Formats whose size Pillow reads before it decodes anything, so that `MAX_PIXELS` is checked in time."""


def convert_picture(content: bytes, mime: str, wanted: str | None, origin: provenance.Origin) -> tuple[bytes, str]:
    """Convert a picture to the wanted format and return its bytes and type; unchanged unless that is lossless."""
    if wanted == mime or wanted not in LOSSLESS_FORMATS or not mime.startswith("image/"):
        return content, mime
    buffer = io.BytesIO()
    try:
        with open_picture(io.BytesIO(content)) as image:
            image.save(
                buffer, LOSSLESS_FORMATS[wanted], lossless=True, exact=True, **get_picture_metadata(image, origin)
            )
    except Exception:  # noqa: BLE001 - a decoder of foreign bytes may raise anything, and the picture then stays as it is
        return content, mime
    return buffer.getvalue(), wanted


def get_picture_metadata(image: Image.Image, origin: provenance.Origin) -> dict[str, Any]:
    """Return a picture's metadata as arguments for Pillow's encoders; that for PNG takes XMP only as text."""
    kept = {name: image.info[name] for name in ("exif", "icc_profile") if name in image.info}
    texts = PngInfo()
    if own := image.info.get("xmp"):
        texts.add_itxt("XML:com.adobe.xmp", own.decode(errors="replace"))
    return kept | {"xmp": own or provenance.make_xmp_packet(origin), "pnginfo": texts}


def make_previews(pictures: Sequence[Media]) -> tuple[bytes, ...]:
    """Return JPEG previews of generated pictures, `PREVIEW_BYTES` in all; unreadable pictures have none."""
    most = pictures[:MAX_PREVIEWS]
    found: list[bytes] = []
    for each in most:
        with suppress(InteractionFailedError):
            found += filter(None, [make_preview(io.BytesIO(decode_media(each)), size=PREVIEW_BYTES // len(most))])
    return tuple(found)


def make_preview(file: IO[bytes], side: int = PREVIEW_SIDE, size: int = PREVIEW_BYTES) -> bytes | None:
    """Return a JPEG of at most `side` pixels and `size` bytes, of a video its first frame; None if it has none."""
    try:
        with open_still(file) as image:
            # The smallest gap, since decoding pixels that a preview does not have takes most of the time.
            image.thumbnail((side, side), reducing_gap=1.0)
            return encode_small_jpeg(flatten_on_white(ImageOps.exif_transpose(image)), size)
    except Exception:  # noqa: BLE001 - a decoder of foreign bytes may raise anything, and a preview is never needed
        return None


def read_picture_size(file: IO[bytes]) -> tuple[int, int] | tuple[None, None]:
    """Return the width and height of a picture; None for both if it cannot be read."""
    try:
        with open_picture(file) as image:
            return image.size
    except Exception:  # noqa: BLE001 - a decoder of foreign bytes may raise anything, and the size is never needed
        return None, None


@contextmanager
def open_picture(file: IO[bytes]) -> Generator[Image.Image]:
    """Open a picture of at most `MAX_PIXELS` without decoding it.

    Raises:
        ValueError: The picture has more pixels.
    """
    with Image.open(file, formats=PICTURE_FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("the picture has too many pixels to be decoded")
        yield image


@contextmanager
def open_still(file: IO[bytes]) -> Generator[Image.Image]:
    """Open a picture, or the first frame of a video."""
    kind = sniff_type(file.read(SNIFF_BYTES)) or ""
    file.seek(0)
    if kind.startswith("video/") and posters.can_decode_videos():
        yield posters.read_first_frame(file)
        return
    with open_picture(file) as image:
        yield image


def flatten_on_white(image: Image.Image) -> Image.Image:
    """Return a picture on a white background, since JPEG has no transparency."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def encode_small_jpeg(image: Image.Image, size: int) -> bytes:
    """Encode a picture as a JPEG of at most `size` bytes, in the best quality that fits."""
    for quality in PREVIEW_QUALITIES:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        if buffer.tell() <= size:
            return buffer.getvalue()
    return encode_small_jpeg(image.reduce(2), size)


def decode_media(media: Media) -> bytes:
    """Return the bytes of generated media.

    Raises:
        InteractionFailedError: The data is missing or not base64.
    """
    if not media.data:
        where = f"only a link to it: {media.uri}" if media.uri else "no data"
        raise InteractionFailedError(f"Gemini made {media.kind} content, but sent {where}.")
    try:
        return base64.b64decode(media.data, validate=True)
    except (binascii.Error, ValueError):
        raise InteractionFailedError(
            f"Gemini made {media.kind} content, but its data is corrupt; ask for it again."
        ) from None
