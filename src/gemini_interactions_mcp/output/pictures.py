"""Pictures: previews, sizes and conversions. Everything here blocks."""

import base64
import binascii
import io
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any, Final

from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from gemini_interactions_mcp.core import InteractionFailedError
from gemini_interactions_mcp.models import LOSSLESS, Media

from . import provenance

# Pillow's own limit warns through a process-wide switch; `picture` sets a stricter one.
Image.MAX_IMAGE_PIXELS = None
PREVIEW_SIDE: Final = 1024
PREVIEW_BYTES: Final = 512 * 2**10
PREVIEW_QUALITIES: Final = (85, 70, 50, 30)
MOST_PREVIEWS: Final = 8
# Four times what the largest generated image has (4K); decoded it takes some 200 MB.
MAX_PIXELS: Final = 64_000_000
# Formats whose size Pillow knows before it decodes anything, so that MAX_PIXELS is looked at in time.
PICTURES: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def converted(content: bytes, mime: str, wanted: str | None, origin: provenance.Origin) -> tuple[bytes, str]:
    """A picture in the wanted format, where that loses nothing; else as it is."""
    if wanted == mime or wanted not in LOSSLESS or not mime.startswith("image/"):
        return content, mime
    buffer = io.BytesIO()
    try:
        with picture(io.BytesIO(content)) as image:
            image.save(buffer, LOSSLESS[wanted], lossless=True, exact=True, **kept(image, origin))
    except Exception:  # noqa: BLE001 - a decoder of foreign bytes may raise anything, and the picture stays as it came
        return content, mime
    return buffer.getvalue(), wanted


def kept(image: Image.Image, origin: provenance.Origin) -> dict[str, Any]:
    """What a picture brings beside its pixels, as Pillow's encoders take it: PNG's takes XMP as text only."""
    kept = {name: image.info[name] for name in ("exif", "icc_profile") if name in image.info}
    texts = PngInfo()
    if own := image.info.get("xmp"):
        texts.add_itxt("XML:com.adobe.xmp", own.decode(errors="replace"))
    return kept | {"xmp": own or provenance.packet(origin), "pnginfo": texts}


def previews(pictures: Sequence[Media]) -> tuple[bytes, ...]:
    """Small JPEGs of generated pictures, which share the bytes of one; what cannot be opened has none."""
    most = pictures[:MOST_PREVIEWS]
    found: list[bytes] = []
    for each in most:
        with suppress(InteractionFailedError):
            found += filter(None, [preview(io.BytesIO(decoded(each)), size=PREVIEW_BYTES // len(most))])
    return tuple(found)


def preview(file: IO[bytes], side: int = PREVIEW_SIDE, size: int = PREVIEW_BYTES) -> bytes | None:
    """A JPEG of at most `side` pixels and `size` bytes; None when the file is no picture that can be opened."""
    try:
        with picture(file) as image:
            # The smallest gap: most of the time goes into pixels that a preview does not have.
            image.thumbnail((side, side), reducing_gap=1.0)
            return small_jpeg(on_white(ImageOps.exif_transpose(image)), size)
    except Exception:  # noqa: BLE001 - a decoder of foreign bytes may raise anything, and a preview is never needed
        return None


def pixels(content: bytes | bytearray) -> tuple[int, int] | tuple[None, None]:
    """Width and height of a picture, or twice None."""
    try:
        with picture(io.BytesIO(content)) as image:
            return image.size
    except Exception:  # noqa: BLE001 - a decoder of foreign bytes may raise anything, and the size is never needed
        return None, None


@contextmanager
def picture(file: IO[bytes]) -> Generator[Image.Image]:
    """Open a picture, not yet decoded, of at most `MAX_PIXELS`.

    Raises:
        ValueError: It has more.
    """
    with Image.open(file, formats=PICTURES) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("more pixels than are decoded here")
        yield image


def on_white(image: Image.Image) -> Image.Image:
    """The picture without transparency: JPEG has none."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def small_jpeg(image: Image.Image, size: int) -> bytes:
    """The picture as JPEG, as good as fits into `size` bytes."""
    for quality in PREVIEW_QUALITIES:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        if buffer.tell() <= size:
            return buffer.getvalue()
    return small_jpeg(image.reduce(2), size)


def decoded(media: Media) -> bytes:
    """The bytes of generated media.

    Raises:
        InteractionFailedError: There are none, or they are no base64.
    """
    if not media.data:
        where = f"only a link to it: {media.uri}" if media.uri else "no data"
        raise InteractionFailedError(f"Gemini made {media.kind} content, but sent {where}.")
    try:
        return base64.b64decode(media.data, validate=True)
    except (binascii.Error, ValueError):
        raise InteractionFailedError(
            f"Gemini made {media.kind} content, but its data arrived broken; ask for it again."
        ) from None
