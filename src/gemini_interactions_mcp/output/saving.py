"""Saves the files of an interaction: generated media, reports and files of an agent's environment.

Nothing is overwritten. Callers pass a place and an approved path, and run this module in a worker thread, since
everything here blocks.
"""

import hashlib
import io
import os
import re
import unicodedata
import wave
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import Any, BinaryIO, Final

from gemini_interactions_mcp.core import (
    IGNORABLE_CHARACTERS,
    VARIATION_SELECTORS,
    InputError,
    encode_utf8,
    folders,
)
from gemini_interactions_mcp.models import (
    EXTENSION_TYPES,
    OCTET_STREAM,
    SNIFF_BYTES,
    TYPE_SUFFIXES,
    Media,
    SandboxFile,
    SavedFile,
    ensure_harmless_type,
    get_type_parameter,
    normalize_type,
    sniff_type,
)

from . import provenance
from .durations import measure_duration
from .pictures import convert_picture, decode_media, read_picture_size
from .places import Place

STEM_CHARACTERS: Final = 60

STEM_BYTES: Final = 100
"""Leaves whole names below the 143 bytes that eCryptfs allows: https://bugs.launchpad.net/ecryptfs/+bug/344878"""

SUFFIX_CHARACTERS: Final = 16

LABEL_PART_CHARACTERS: Final = 6
"""Random hexadecimal digits; rows of one day and one topic collide once in 16 million times."""

MAX_WHOLE_BYTES: Final = 64 * 2**20
"""Maximum size of a picture or a sound that is read as a whole, to give it what its format lacks."""

UNKNOWN_ORIGIN: Final = provenance.Origin()

ARTICLES: Final = frozenset({"a", "an", "the"})

BLANK_CHARACTER: Final = re.compile(f"[{IGNORABLE_CHARACTERS}{VARIATION_SELECTORS}\u2800\ufffd]")
"""Characters that show nothing, with the blank Braille pattern and the replacement character."""

PCM_RATE: Final = 24_000
"""Sample rate of Gemini's speech models if they name none; 16 bit, little-endian, mono.

Source: https://ai.google.dev/gemini-api/docs/speech-generation
"""

MAX_CHANNELS: Final = 255
"""Maximum number of channels; more do not fit into the header of a WAV file, and are no recording."""


def save_media(
    media: Media,
    place: Place,
    stem: str,
    *,
    origin: provenance.Origin = UNKNOWN_ORIGIN,
    target: Path | None = None,
    taken: Collection[str] = (),
    modes: folders.FileModes = folders.OWNER_ONLY_MODES,
    source: BinaryIO | None = None,
) -> SavedFile:
    """Write generated media into `place`, or to `target`.

    Args:
        media: Media with data, unless `source` has the content.
        place: Where it is saved.
        stem: File name without number and extension.
        origin: Metadata for a picture.
        target: Approved path; its extension is replaced if it does not match the type.
        taken: Names in `place` that must not be used, even if they are free.
        modes: Permissions of the file at `target`, and of new folders.
        source: An open file with the content.

    Raises:
        InputError: `target` exists.
        InteractionFailedError: The data is missing or corrupt.
        ConfigurationError: The file cannot be written.
    """
    if source is not None and (media.kind == "video" or measure_size(source) > MAX_WHOLE_BYTES):
        content, mime = source, recognize_content(source, media.mime_type)
    else:
        whole = decode_media(media) if source is None else read_whole(source)
        content, mime = prepare_media(whole, media, target, origin)
    if target is None:
        return write_new_file(content, mime, place, iter_numbered_names(stem, TYPE_SUFFIXES.get(mime, ".bin"), taken))
    return write_new_file(content, mime, place.beside(target, modes), [name_target(target, mime)])


def prepare_media(content: bytes, media: Media, target: Path | None, origin: provenance.Origin) -> tuple[bytes, str]:
    """Return content as it is saved at a path, with its origin, and its MIME type."""
    content, mime = make_playable(content, media.mime_type, media.kind)
    if target is not None:
        content, mime = convert_picture(content, mime, get_extension_type(target), origin)
    return provenance.embed_origin(content, mime, origin), mime


def measure_size(source: BinaryIO) -> int:
    """Return the size of an open file."""
    return source.seek(0, io.SEEK_END)


def recognize_content(source: BinaryIO, declared: str) -> str:
    """Return the MIME type of what is in an open file, which is not read as a whole."""
    source.seek(0)
    shown = sniff_type(source.read(SNIFF_BYTES))
    return ensure_harmless_type(shown or normalize_type(declared) or OCTET_STREAM)


def read_whole(source: BinaryIO) -> bytes:
    """Return the content of an open file."""
    source.seek(0)
    return source.read()


def save_report(text: str, place: Place, names: Iterable[str]) -> SavedFile:
    """Write a Markdown report into `place`, under the first free name.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    return write_new_file(encode_utf8(text), "text/markdown", place, names)


def save_sandbox_file(
    content: bytes, place: Place, stem: str, file: SandboxFile, *, taken: Collection[str] = ()
) -> SavedFile:
    """Write a file of an agent's environment into `place`, with its own extension.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    suffix = re.sub(r"[^.A-Za-z0-9]", "", Path(file.path).suffix)[:SUFFIX_CHARACTERS].rstrip(".") or ".bin"
    mime = normalize_type(file.mime_type) or EXTENSION_TYPES.get(suffix[1:].lower(), OCTET_STREAM)
    saved = write_new_file(content, mime, place, iter_numbered_names(stem, suffix, taken))
    return saved.model_copy(update={"within": file.path})


def make_stem(title: str, when: datetime, label: str) -> str:
    """Return the beginning of the names of all files of one row: `2026-11-23-red-bicycle-3f9c1a`.

    It ends with a part of the row's label, which makes it unique: a name in the journal may be free on the disk since
    its file was moved, and two servers may save at the same time.
    """
    words = [word for word in split_title(title) if word not in ARTICLES] or ["gemini"]
    return f"{shorten_name('-'.join([f'{when:%Y-%m-%d}', *words]))}-{label[-LABEL_PART_CHARACTERS:]}"


def split_title(title: str) -> list[str]:
    """Return the words of a title in any script, lower-case and in NFC, of letters, marks, digits and pictographs."""
    text = unicodedata.normalize("NFC", BLANK_CHARACTER.sub("", title[: 10 * STEM_CHARACTERS]).lower())
    return "".join(map(filter_character, text)).split()


def filter_character(character: str) -> str:
    """Return a character for a name: itself if allowed, nothing for a format character, else a space.

    Names on a system whose locale is not UTF-8 have its letters only.
    """
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    allowed = category[0] in "LMN" or category == "So"
    return character if allowed and is_encodable(character) else " "


def is_encodable(character: str) -> bool:
    """Whether names of files can have a character on this system."""
    try:
        os.fsencode(character)
    except UnicodeEncodeError:
        return False
    return True


def shorten_name(name: str) -> str:
    """Shorten a name, to whole words unless that would lose more than half of it."""
    cut = name[:STEM_CHARACTERS].encode()[:STEM_BYTES].decode(errors="ignore")
    whole = cut if name[len(cut) :][:1] in ("", "-") else cut.rpartition("-")[0]
    return whole if len(whole) * 2 >= len(cut) else cut


def get_extension_type(path: Path) -> str | None:
    """Return the MIME type of a path's extension; None if it is unknown."""
    return EXTENSION_TYPES.get(path.suffix[1:].lower())


def name_target(target: Path, mime: str) -> str:
    """Return the requested name, with an extension that matches the type."""
    if get_extension_type(target) == mime:
        return target.name
    return target.with_suffix(TYPE_SUFFIXES.get(mime, ".bin")).name


def make_playable(content: bytes, declared: str, kind: str) -> tuple[bytes, str]:
    """Return content that programs can open, and its MIME type; detection takes precedence over the declared type.

    Only detection makes a picture. A type that a program would open as a page or execute is replaced.
    """
    mime = normalize_type(declared) or OCTET_STREAM
    shown = None if mime in TYPE_SUFFIXES and mime.startswith("text/") else sniff_type(content[:SNIFF_BYTES])
    if mime == "audio/l16" and shown != "audio/wav":
        return wrap_wav(content, declared), "audio/wav"
    if kind == "image":
        return content, shown if shown and shown.startswith("image/") else OCTET_STREAM
    return content, ensure_harmless_type(shown or mime)


def note_unreadable_picture(media: Media, file: SavedFile) -> str:
    """Return a note if generated content is not a picture though it should be; else an empty text."""
    if media.kind != "image" or file.mime_type.startswith("image/"):
        return ""
    told = f" (Google calls it {declared})" if (declared := normalize_type(media.mime_type)) else ""
    what = f"What Gemini sent as a picture cannot be read as one{told}"
    return f"{what}: it is saved as {file.name}, which no program should open."


def wrap_wav(samples: bytes, mime: str) -> bytes:
    """Add a WAV header to raw 16-bit PCM, with the rate and the channels that the MIME type names."""
    channels = get_type_parameter(mime, "channels") or 1
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels if channels <= MAX_CHANNELS else 1)
        file.setsampwidth(2)
        file.setframerate(get_type_parameter(mime, "rate") or PCM_RATE)
        file.writeframes(samples)
    return buffer.getvalue()


def iter_report_names(stem: str, taken: Collection[str] = ()) -> Iterator[str]:
    """Yield names to try for a report: `stem.md`, `stem-1.md` ..."""
    return iter_document_names(stem, ".md", taken)


def iter_document_names(stem: str, suffix: str, taken: Collection[str] = ()) -> Iterator[str]:
    """Yield names to try for a document: `stem.pdf`, `stem-1.pdf` ..."""
    return chain(filter_free_names([f"{stem}{suffix}"], taken), iter_numbered_names(stem, suffix, taken))


def iter_numbered_names(stem: str, suffix: str, taken: Collection[str] = ()) -> Iterator[str]:
    """Yield names to try: `stem-1.png`, `stem-2.png` ..."""
    return filter_free_names((f"{stem}-{number}{suffix}" for number in count(1)), taken)


def filter_free_names(names: Iterable[str], taken: Collection[str]) -> Iterator[str]:
    """Yield the names that are not taken."""
    return (name for name in names if name not in taken)


def write_new_file(content: folders.FileContent, mime: str, place: Place, names: Iterable[str]) -> SavedFile:
    """Write a complete file into `place` under the first free name.

    Raises:
        InputError: No name is free.
        ConfigurationError: The file cannot be written.
    """
    placed = place.add(content, names)
    if placed is None:
        raise InputError("a file of this name exists already")
    return SavedFile(name=placed.name, path=placed.path, mime_type=mime, **measure_content(content, mime))


def measure_content(content: folders.FileContent, mime: str) -> dict[str, Any]:
    """Return what a `SavedFile` tells of its content: size and hash, and dimensions or duration, where it has any."""
    file: Any = io.BytesIO(content) if isinstance(content, bytes | bytearray) else content
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    width, height = read_picture_size(file) if mime.startswith("image/") else (None, None)
    seconds = measure_duration(file, mime)
    return {"bytes": size, "sha256": digest, "width": width, "height": height, "seconds": seconds}
