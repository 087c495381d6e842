"""Media types, and generated media as files on disk.

Owns what a media type is called, recognised by and saved as; writes the files of an interaction and makes the small
previews. It refuses to write over anything, and decides nothing about where: callers bring an approved place.
Everything here blocks, so callers run it in a worker thread.
"""

import base64
import binascii
import hashlib
import io
import re
import unicodedata
import wave
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import IO, Any, Final

from filetype import (  # pyright: ignore[reportMissingTypeStubs] - it ships no types
    guess_mime,  # pyright: ignore[reportUnknownVariableType] - it ships no types
)
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from . import folders, metadata
from .errors import InputError, InteractionFailedError
from .models import OCTETS, Media, SandboxFile, SavedFile
from .paths import unwritable
from .words import IGNORABLE, SELECTORS, encoded_apart

OFFICE: Final = "application/vnd.openxmlformats-officedocument"
OASIS: Final = "application/vnd.oasis.opendocument"

MIME_TYPES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "image": {
        "image/png": ("png",),
        "image/jpeg": ("jpg", "jpeg", "jfif"),
        "image/webp": ("webp",),
        "image/heic": ("heic",),
        "image/heif": ("heif",),
        "image/gif": ("gif",),
        "image/bmp": ("bmp",),
        "image/tiff": ("tiff", "tif"),
    },
    "audio": {
        "audio/wav": ("wav",),
        "audio/mpeg": ("mp3",),
        "audio/aiff": ("aiff", "aif", "aifc"),
        "audio/aac": ("aac",),
        "audio/ogg": ("ogg", "oga"),
        "audio/flac": ("flac",),
        "audio/m4a": ("m4a", "m4b"),
        "audio/opus": ("opus",),
        "audio/webm": ("weba",),
    },
    "video": {
        "video/mp4": ("mp4", "m4v"),
        "video/mpeg": ("mpeg", "mpg"),
        "video/mov": ("mov", "qt"),
        "video/avi": ("avi",),
        "video/x-flv": ("flv",),
        "video/webm": ("webm",),
        "video/wmv": ("wmv",),
        "video/3gpp": ("3gp", "3gpp", "3g2"),
    },
    "document": {
        "application/pdf": ("pdf",),
        "text/csv": ("csv",),
        f"{OFFICE}.wordprocessingml.document": ("docx",),
        f"{OFFICE}.wordprocessingml.template": ("dotx",),
        f"{OFFICE}.spreadsheetml.sheet": ("xlsx",),
        f"{OFFICE}.presentationml.presentation": ("pptx",),
        "application/msword": ("doc",),
        "application/vnd.ms-excel": ("xls",),
        "application/vnd.ms-powerpoint": ("ppt",),
        f"{OASIS}.text": ("odt",),
        f"{OASIS}.spreadsheet": ("ods",),
        f"{OASIS}.presentation": ("odp",),
    },
}
"""What Gemini takes, by content type: MIME type -> file name extensions, the usual one first.

Raw audio without a header (l16, alaw, mulaw) is left out: no file says which of them it is.
Source: google-genai 3.4.0, types/interactions/{image,audio,video,document}content.py
"""

REFUSED_EXTENSIONS: Final = {
    "mka": "audio/x-matroska",
    "mkv": "video/x-matroska",
    "ogv": "video/ogg",
    "wma": "audio/x-ms-wma",
}
"""Extensions of types that Gemini does not take, in forms of file in which it takes others."""

ALIASES: Final = {
    "application/x-pdf": "application/pdf",
    "audio/mp3": "audio/mpeg",
    "audio/mp4": "audio/m4a",
    "audio/wave": "audio/wav",
    "audio/x-aiff": "audio/aiff",
    "audio/x-flac": "audio/flac",
    "audio/x-m4a": "audio/m4a",
    "audio/x-wav": "audio/wav",
    "image/apng": "image/png",
    "image/jpg": "image/jpeg",
    "image/x-ms-bmp": "image/bmp",
    "video/quicktime": "video/mov",
    "video/x-m4v": "video/mp4",
    "video/x-ms-wmv": "video/wmv",
    "video/x-msvideo": "video/avi",
}
"""Other names of the same types, as filetype 1.2.0 and operating systems have them."""

KINDS: Final = {mime: kind for kind, types in MIME_TYPES.items() for mime in types}
EXTENSIONS: Final = {
    extension: mime for types in MIME_TYPES.values() for mime, names in types.items() for extension in names
}
SUFFIXES: Final = {mime: f".{names[0]}" for types in MIME_TYPES.values() for mime, names in types.items()} | {
    "application/json": ".json",
    "text/markdown": ".md",
    "text/plain": ".txt",
}

ACTIVE: Final = re.compile(r"text/.*|.*[/+-](?:xml|html|xhtml|svg|javascript|ecmascript|hta)")
"""Types that a program may open as a page or run: what comes as one is bytes, unless `SUFFIXES` has the type."""

MIME: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
"""How types are spelled: https://www.rfc-editor.org/rfc/rfc6838, 4.2"""

SNIFF_BYTES: Final = 8192
"""How much of a file's start filetype 1.2.0 looks at (filetype/utils.py)."""

LOSSLESS: Final = {"image/png": "PNG", "image/webp": "WEBP"}
"""What a picture of another format is turned into, where its path asks for it; Pillow's names."""

PICTURE_EXTENSIONS: Final = tuple(
    extension for mime in ("image/jpeg", *LOSSLESS) for extension in MIME_TYPES["image"][mime]
)
"""How a path for a picture may end: what Gemini makes (google-genai 3.6.1, `ImageResponseFormat`), and LOSSLESS."""

PREVIEW_SIDE: Final = 1024
PREVIEW_BYTES: Final = 512 * 2**10
PREVIEW_QUALITIES: Final = (85, 70, 50, 30)
MOST_PREVIEWS: Final = 8

# Four times what the largest generated image has (4K); decoded it takes some 200 MB.
MAX_PIXELS: Final = 64_000_000
# Formats whose size Pillow knows before it decodes anything, so that MAX_PIXELS is looked at in time.
PICTURES: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
# Pillow's own limit warns through a process-wide switch; `picture` sets a stricter one.
Image.MAX_IMAGE_PIXELS = None

STEM_CHARACTERS: Final = 60
STEM_BYTES: Final = 100
"""With the rest less than the 143 that eCryptfs leaves of 255: https://bugs.launchpad.net/ecryptfs/+bug/344878"""
SUFFIX_CHARACTERS: Final = 16
LABEL_CHARACTERS: Final = 6
"""Random hexadecimal digits: two rows of one day and one topic share them once in 16 million times."""
UNKNOWN_ORIGIN: Final = metadata.Origin()
ARTICLES: Final = frozenset({"a", "an", "the"})

BLANK: Final = re.compile(f"[{IGNORABLE}{SELECTORS}\u2800\ufffd]")
"""What shows nothing: also the empty sign of Braille, and what stands for a broken character."""

# What Gemini's speech models send when they name no rate: 16 bit, little-endian, mono, 24 kHz.
# Source: https://ai.google.dev/gemini-api/docs/speech-generation
PCM_RATE: Final = 24_000


def canonical(mime: str) -> str:
    """The API's name of a MIME type, without parameters."""
    mime = mime.partition(";")[0].strip().lower()
    return ALIASES.get(mime, mime)


def sniff(head: bytes) -> str | None:
    """The MIME type that the first `SNIFF_BYTES` of a file show, in the API's name; None when they show none."""
    mime: str | None = guess_mime(head)
    return canonical(mime) if mime else None


def save(
    media: Media,
    directory: Path,
    stem: str,
    *,
    origin: metadata.Origin = UNKNOWN_ORIGIN,
    target: Path | None = None,
    taken: Collection[str] = (),
    modes: folders.Modes = folders.OWNER_ONLY,
) -> SavedFile:
    """Write generated media into `directory`, or to exactly `target`.

    Args:
        media: With its data.
        directory: Made when missing.
        stem: The file's name without extension and number.
        origin: Goes into a picture's metadata.
        target: An approved path that is used as it is, but for an extension that is missing or cannot come true.
        taken: Names in `directory` that are not used, though they may be free.
        modes: Who may read it.

    Raises:
        InputError: `target` exists.
        InteractionFailedError: The data is missing or broken.
        ConfigurationError: The disk does not take it.
    """
    content, mime = playable(decoded(media), media.mime_type, media.kind)
    if target is not None:
        content, mime = converted(content, mime, extension_type(target), origin)
    content = metadata.described(content, mime, origin)
    if target is None:
        return written(content, mime, directory, numbered(stem, SUFFIXES.get(mime, ".bin"), taken), modes)
    return written(content, mime, target.parent, [named(target, mime)], modes)


def save_text(text: str, directory: Path, names: Iterable[str]) -> SavedFile:
    """Write a Markdown report into `directory`, under the first of these names that is free.

    Raises:
        ConfigurationError: The disk does not take it.
    """
    return written(encoded_apart(text), "text/markdown", directory, names)


def save_bytes(
    content: bytes, directory: Path, stem: str, file: SandboxFile, *, taken: Collection[str] = ()
) -> SavedFile:
    """Write a file of an agent's environment into `directory`, with its own extension.

    Raises:
        ConfigurationError: The disk does not take it.
    """
    suffix = re.sub(r"[^.A-Za-z0-9]", "", Path(file.path).suffix)[:SUFFIX_CHARACTERS].rstrip(".") or ".bin"
    mime = spelled(file.mime_type) or EXTENSIONS.get(suffix[1:].lower(), OCTETS)
    saved = written(content, mime, directory, numbered(stem, suffix, taken))
    return saved.model_copy(update={"within": file.path})


def stem(title: str, when: datetime, label: str) -> str:
    """What the names of all files of a row begin with, and of no other row: `2026-11-23-red-bicycle-3f9c1a`.

    A name that the journal holds may be free, since its file was moved: so it ends with a part of the row's label,
    which also keeps apart what two servers save at once.
    """
    words = [word for word in title_words(title) if word not in ARTICLES] or ["gemini"]
    return f"{short_name('-'.join([f'{when:%Y-%m-%d}', *words]))}-{label[-LABEL_CHARACTERS:]}"


def title_words(title: str) -> list[str]:
    """The words of a title in any script, small, in NFC: letters, marks, digits and pictures, and nothing else."""
    text = unicodedata.normalize("NFC", BLANK.sub("", title[: 10 * STEM_CHARACTERS]).lower())
    return "".join(map(in_name, text)).split()


def in_name(character: str) -> str:
    """A character as a name has it: itself, nothing where it only formats what is beside it, else a space."""
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return character if category[0] in "LMN" or category == "So" else " "


def short_name(name: str) -> str:
    """The beginning of a name that is short enough, of whole words where at least half of it is."""
    cut = name[:STEM_CHARACTERS].encode()[:STEM_BYTES].decode(errors="ignore")
    whole = cut if name[len(cut) :][:1] in ("", "-") else cut.rpartition("-")[0]
    return whole if len(whole) * 2 >= len(cut) else cut


def extension_type(path: Path) -> str | None:
    """The MIME type that a path's extension stands for."""
    return EXTENSIONS.get(path.suffix[1:].lower())


def named(target: Path, mime: str) -> str:
    """The name that was asked for, with an extension that is true."""
    if extension_type(target) == mime:
        return target.name
    return target.with_suffix(SUFFIXES.get(mime, ".bin")).name


def converted(content: bytes, mime: str, wanted: str | None, origin: metadata.Origin) -> tuple[bytes, str]:
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


def kept(image: Image.Image, origin: metadata.Origin) -> dict[str, Any]:
    """What a picture brings beside its pixels, as Pillow's encoders take it: PNG's takes XMP as text only."""
    kept = {name: image.info[name] for name in ("exif", "icc_profile") if name in image.info}
    texts = PngInfo()
    if own := image.info.get("xmp"):
        texts.add_itxt("XML:com.adobe.xmp", own.decode(errors="replace"))
    return kept | {"xmp": own or metadata.packet(origin), "pnginfo": texts}


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


def playable(content: bytes, declared: str, kind: str) -> tuple[bytes, str]:
    """The bytes that programs can open, and their true MIME type: what they show goes before what was declared.

    A picture is one by its bytes alone, and nothing is called by a type that a program would open as a page or run.
    """
    mime = spelled(declared) or OCTETS
    if mime == "audio/l16":
        return wav(content, declared), "audio/wav"
    shown = None if mime in SUFFIXES and mime.startswith("text/") else sniff(content[:SNIFF_BYTES])
    if kind == "image":
        return content, shown if shown and shown.startswith("image/") else OCTETS
    return content, harmless_type(shown or mime)


def harmless_type(mime: str) -> str:
    """The type, unless a program may open such a thing as a page or run it."""
    return OCTETS if mime not in SUFFIXES and ACTIVE.fullmatch(mime) else mime


def spelled(declared: str) -> str:
    """The API's name of a MIME type that others have named; empty where that is none."""
    mime = canonical(declared)
    return mime if MIME.fullmatch(mime) else ""


def unpicturesque(media: Media, file: SavedFile) -> str:
    """What is said of a picture that is none."""
    if media.kind != "image" or file.mime_type.startswith("image/"):
        return ""
    told = f" (Google calls it {declared})" if (declared := spelled(media.mime_type)) else ""
    what = f"What Gemini sent in place of a picture cannot be read as one{told}"
    return f"{what}: it is saved as {file.name}, for no program to open."


def wav(samples: bytes, mime: str) -> bytes:
    """Raw 16-bit PCM with a WAV header; rate and channels are the MIME type's parameters."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(parameter(mime, "channels") or 1)
        file.setsampwidth(2)
        file.setframerate(parameter(mime, "rate") or PCM_RATE)
        file.writeframes(samples)
    return buffer.getvalue()


def parameter(mime: str, name: str) -> int | None:
    """A whole number among the parameters of a MIME type."""
    found = re.search(rf";\s*{name}\s*=\s*\"?(\d{{1,6}})\b", mime, re.IGNORECASE)
    return int(found[1]) if found else None


def report_names(stem: str, taken: Collection[str] = ()) -> Iterator[str]:
    """Names to try for a report, in order: `stem.md`, `stem-1.md` ..."""
    return chain(free([f"{stem}.md"], taken), numbered(stem, ".md", taken))


def numbered(stem: str, suffix: str, taken: Collection[str] = ()) -> Iterator[str]:
    """Names to try, in order: `stem-1.png`, `stem-2.png` ..."""
    return free((f"{stem}-{number}{suffix}" for number in count(1)), taken)


def free(names: Iterable[str], taken: Collection[str]) -> Iterator[str]:
    """The names that are not taken."""
    return (name for name in names if name not in taken)


def written(
    content: bytes | bytearray,
    mime: str,
    directory: Path,
    names: Iterable[str],
    modes: folders.Modes = folders.OWNER_ONLY,
) -> SavedFile:
    """Write a whole file into `directory` under the first name that is free; nothing is followed or written over.

    Raises:
        InputError: No name is free.
        ConfigurationError: The disk does not take it.
    """
    directory = directory.absolute()
    try:
        with folders.opened(directory, create=modes.folder) as folder:
            name = folder.add(content, names, modes.file)
    except OSError as exc:
        raise unwritable(directory, exc) from exc
    if name is None:
        raise InputError("a file of this name exists already")
    width, height = pixels(content) if mime.startswith("image/") else (None, None)
    return SavedFile(
        name=name,
        path=str(directory / name),
        mime_type=mime,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        width=width,
        height=height,
    )
