"""The origin of a picture, inside the file: readers see it, and the pixels stay as they came."""

import io
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from gemini_interactions_mcp.output import provenance
from gemini_interactions_mcp.output.provenance import Origin

ORIGIN = Origin('A "red" <bicycle> & a café, 赤い', "gemini-nano-banana-2.1", "v1_x")
MIMES = {"JPEG": "image/jpeg", "PNG": "image/png"}
NAMES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
BOTH = pytest.mark.parametrize("kind", ["JPEG", "PNG"])


def drawn(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((40, 30), 90).convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image


def told(content: bytes, origin: Origin = ORIGIN, kind: str = "") -> Image.Image:
    """A picture with its origin, after a look at its pixels."""
    kind = kind or str(opened(content).format)
    image = opened(provenance.embed_origin(content, MIMES[kind], origin))
    assert image.tobytes() == opened(content).tobytes()
    return image


def said(image: Image.Image, path: str) -> str | None:
    return ElementTree.fromstring(image.info["xmp"]).findtext(f".//{path}", None, NAMES)


@BOTH
def test_prompt_model_and_id_are_read_by_pillow(kind: str) -> None:
    image = told(drawn(kind))
    assert said(image, "dc:description/rdf:Alt/rdf:li") == ORIGIN.prompt
    assert said(image, "xmp:CreatorTool") == ORIGIN.model
    assert said(image, "dc:identifier") == ORIGIN.interaction_id


@BOTH
def test_every_byte_that_came_is_still_there(kind: str) -> None:
    content = drawn(kind)
    described = provenance.embed_origin(content, MIMES[kind], ORIGIN)
    added = len(described) - len(content)
    at = next(index for index, (old, new) in enumerate(zip(content, described, strict=False)) if old != new)
    assert content in {described[: at - back] + described[at - back + added :] for back in range(9)}


@BOTH
def test_what_cannot_be_in_xml_is_replaced(kind: str) -> None:
    image = told(drawn(kind), Origin("a\0b\x1bc\ud83dd\uffff\n"))
    assert said(image, "dc:description/rdf:Alt/rdf:li") == "a�b�c�d�\n"


@BOTH
@pytest.mark.parametrize("letter", ["&", "x", "赤", "🚲"])
def test_the_longest_prompt_fits(kind: str, letter: str) -> None:
    image = told(drawn(kind), Origin(letter * 100_000, "m" * 5_000, "v1_x"))
    assert said(image, "dc:description/rdf:Alt/rdf:li") == letter * provenance.ORIGIN_PROMPT_CHARACTERS


def test_what_a_jpeg_brings_stays_and_comes_first() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = drawn("JPEG", exif=exif, icc_profile=b"a profile")
    image = told(content)
    assert isinstance(image, JpegImageFile)
    assert image.getexif()[0x0112] == 6
    assert image.info["icc_profile"] == b"a profile"
    assert image.info["jfif"] == 257
    assert [name for name, _ in image.applist][:3] == ["APP0", "APP1", "APP1"]
    assert image.applist[1][1].startswith(b"Exif")


def test_a_file_with_xmp_of_its_own_gets_a_comment_instead() -> None:
    lines = f"prompt: {ORIGIN.prompt}\nmodel: {ORIGIN.model}\ninteraction_id: v1_x"
    jpeg = told(drawn("JPEG", xmp=b"<x>theirs</x>"))
    assert (jpeg.info["xmp"], jpeg.info["comment"].decode()) == (b"<x>theirs</x>", lines)
    png = told(provenance.embed_origin(drawn("PNG"), "image/png", Origin("theirs")))
    assert said(png, "dc:description/rdf:Alt/rdf:li") == "theirs"
    assert png.info["Comment"] == lines


CUTS: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "another format": lambda _: b"GIF89a, a text",
    "only the signature": lambda content: content[:8],
    "half a header": lambda content: content[:14],
    "no segment": lambda content: content[:2] + b"\xff\xda" + content[4:],
    "a length that leads out": lambda content: content[:4] + b"\xff\xff" + content[6:],
    "a length below two": lambda content: content[:4] + b"\0\0" + content[6:],
    "filling": lambda content: content[:3] + b"\xff" + content[4:],
}


@BOTH
@pytest.mark.parametrize("cut", CUTS)
def test_what_is_malformed_stays_as_it_is(kind: str, cut: str) -> None:
    content = CUTS[cut](drawn(kind))
    assert provenance.embed_origin(content, MIMES[kind], ORIGIN) == content


def test_other_formats_stay_as_they_are() -> None:
    content = drawn("WEBP")
    assert provenance.embed_origin(content, "image/webp", ORIGIN) == content
