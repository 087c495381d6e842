"""Media types: names, file name extensions and detection by content. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from filetype import (  # pyright: ignore[reportMissingTypeStubs] - it ships no types
    guess_mime,  # pyright: ignore[reportUnknownVariableType] - it ships no types
)

from .interactions import OCTET_STREAM

OFFICE_PREFIX: Final = "application/vnd.openxmlformats-officedocument"
OPENDOCUMENT_PREFIX: Final = "application/vnd.oasis.opendocument"

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
        f"{OFFICE_PREFIX}.wordprocessingml.document": ("docx",),
        f"{OFFICE_PREFIX}.wordprocessingml.template": ("dotx",),
        f"{OFFICE_PREFIX}.spreadsheetml.sheet": ("xlsx",),
        f"{OFFICE_PREFIX}.presentationml.presentation": ("pptx",),
        "application/msword": ("doc",),
        "application/vnd.ms-excel": ("xls",),
        "application/vnd.ms-powerpoint": ("ppt",),
        f"{OPENDOCUMENT_PREFIX}.text": ("odt",),
        f"{OPENDOCUMENT_PREFIX}.spreadsheet": ("ods",),
        f"{OPENDOCUMENT_PREFIX}.presentation": ("odp",),
    },
}
"""Types that Gemini accepts, by content type: MIME type -> file name extensions, the usual one first.

Raw audio without a header (l16, alaw, mulaw) is missing: nothing in such a file tells its type.
Source: google-genai 3.6.1, types/interactions/{image,audio,video,document}content.py
"""

REFUSED_EXTENSIONS: Final = {
    "mka": "audio/x-matroska",
    "mkv": "video/x-matroska",
    "ogv": "video/ogg",
    "wma": "audio/x-ms-wma",
}
"""Extensions of types that Gemini rejects, in containers that also hold types that it accepts."""

MIME_ALIASES: Final = {
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
"""Other names of the same types, as used by filetype 1.2.0 and by operating systems."""

CONTENT_KINDS: Final = {mime: kind for kind, types in MIME_TYPES.items() for mime in types}

EXTENSION_TYPES: Final = {
    extension: mime for types in MIME_TYPES.values() for mime, names in types.items() for extension in names
}

TYPE_SUFFIXES: Final = {mime: f".{names[0]}" for types in MIME_TYPES.values() for mime, names in types.items()} | {
    "application/json": ".json",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/vtt": ".vtt",
    "application/x-subrip": ".srt",
}

ACTIVE_TYPE: Final = re.compile(r"text/.*|.*[/+-](?:xml|html|xhtml|svg|javascript|ecmascript|hta)")
"""Types that a program may open as a page or execute; unless listed in `TYPE_SUFFIXES`, they count as plain bytes."""

MIME_SYNTAX: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
"""Syntax of a type: https://www.rfc-editor.org/rfc/rfc6838, 4.2"""

SNIFF_BYTES: Final = 8192
"""Bytes at the start of a file that filetype 1.2.0 examines (filetype/utils.py)."""

LOSSLESS_FORMATS: Final = {"image/png": "PNG", "image/webp": "WEBP"}
"""Types that a picture is converted to if its path requests it, with Pillow's names."""

OUTPUT_EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "image": tuple(extension for mime in ("image/jpeg", *LOSSLESS_FORMATS) for extension in MIME_TYPES["image"][mime]),
    "audio": ("wav", "mp3"),
    "video": ("mp4",),
    "document": ("html", "md", "docx", "pdf"),
}
"""Extensions for what is made, by content type: the types that Gemini makes, and for pictures LOSSLESS_FORMATS.

Source: google-genai 3.6.1, `ImageResponseFormat`; https://ai.google.dev/gemini-api/docs/{speech-generation,music-generation,omni}
"""


def canonicalize_type(mime: str) -> str:
    """Return the API's name of a MIME type, without parameters."""
    mime = mime.partition(";")[0].strip().lower()
    return MIME_ALIASES.get(mime, mime)


def sniff_type(head: bytes) -> str | None:
    """Detect the MIME type of a file from its first `SNIFF_BYTES`, in the API's spelling; None if unknown."""
    mime: str | None = guess_mime(head)
    return canonicalize_type(mime) if mime else None


def ensure_harmless_type(mime: str) -> str:
    """Return the type, or that of plain bytes if a program may open the file as a page or execute it."""
    return OCTET_STREAM if mime not in TYPE_SUFFIXES and ACTIVE_TYPE.fullmatch(mime) else mime


def normalize_type(declared: str) -> str:
    """Return the API's name of a foreign MIME type; empty if it is malformed."""
    mime = canonicalize_type(declared)
    return mime if MIME_SYNTAX.fullmatch(mime) else ""


def get_type_parameter(mime: str, name: str) -> int | None:
    """Return an integer parameter of a MIME type; None if it is missing."""
    found = re.search(rf";\s*{name}\s*=\s*\"?(\d{{1,6}})\b", mime, re.IGNORECASE)
    return int(found[1]) if found else None
