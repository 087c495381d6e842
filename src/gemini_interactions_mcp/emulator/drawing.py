"""Pictures and charts, drawn with Pillow. Slow: run these in a worker thread."""

import io
import math
import textwrap

from PIL import Image, ImageDraw, ImageFont, ImageOps

# Pixels of the side of a square image, by `image_size`.
SQUARE_SIDES = {"1K": 1024, "2K": 2048, "4K": 4096}
GROUND_COLOUR = (24, 34, 58)
TEXT_COLOUR = (245, 245, 235)
BAND_COLOUR = (0, 0, 0)


def compute_dimensions(aspect_ratio: str, image_size: str, scale: float = 1.0) -> tuple[int, int]:
    """Return width and height in pixels: the ratio as requested, the area that of a square of `image_size`."""
    width, height = (int(part) for part in aspect_ratio.split(":"))
    unit = SQUARE_SIDES[image_size] * scale / math.sqrt(width * height)
    return round(width * unit), round(height * unit)


def draw_picture(prompt: str, caption: str, size: tuple[int, int], background: bytes | None) -> bytes:
    """Return a JPEG with the prompt as text, over a plain ground or over the image to be edited."""
    image = _make_ground(size, background)
    draw = ImageDraw.Draw(image)
    height = max(12, min(size) // 18)
    lines = textwrap.wrap(prompt, width=max(4, int(size[0] / height * 1.7)))[:8]
    _draw_lettering(draw, [*lines, caption], size, height)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _make_ground(size: tuple[int, int], background: bytes | None) -> Image.Image:
    image = Image.new("RGB", size, GROUND_COLOUR)
    if background is None:
        return image
    try:
        with Image.open(io.BytesIO(background)) as given:
            image.paste(ImageOps.fit(given.convert("RGB"), size))
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return image
    return image


def _draw_lettering(draw: ImageDraw.ImageDraw, lines: list[str], size: tuple[int, int], height: int) -> None:
    """Write lines on a dark band in the middle, so that the background stays visible around it."""
    font = ImageFont.load_default(height)
    widest = max(draw.textlength(line, font=font) for line in lines)
    if widest > size[0] - height:
        font = ImageFont.load_default(height * (size[0] - height) / widest)
    top = max(0, (size[1] - len(lines) * height * 1.4) / 2)
    draw.rectangle((0, top, size[0], top + len(lines) * height * 1.4), fill=BAND_COLOUR)
    for number, line in enumerate(lines):
        draw.text((height / 2, top + number * height * 1.4), line, fill=TEXT_COLOUR, font=font)


def draw_chart(title: str, values: dict[str, float]) -> bytes:
    """Return a bar chart as a PNG."""
    image = Image.new("RGB", (640, 360), "white")
    draw = ImageDraw.Draw(image)
    draw.text((20, 12), title, fill="black", font=ImageFont.load_default(18))
    largest = max(values.values())
    for number, (label, value) in enumerate(values.items()):
        left = 40 + number * (580 // len(values))
        draw.rectangle((left, 320 - 240 * value / largest, left + 60, 320), fill=(66, 133, 244))
        draw.text((left, 326), label, fill="black", font=ImageFont.load_default(14))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
