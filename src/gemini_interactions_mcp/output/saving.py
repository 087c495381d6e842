"""Media types, and generated media as files on disk.

Owns what a media type is called, recognised by and saved as; writes the files of an interaction and makes the small
previews. It refuses to write over anything, and decides nothing about where: callers bring an approved place.
Everything here blocks, so callers run it in a worker thread.
"""

import errno
import hashlib
import io
import re
import unicodedata
import wave
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import Final

from gemini_interactions_mcp.core import IGNORABLE, SELECTORS, ConfigurationError, InputError, encoded_apart, folders
from gemini_interactions_mcp.models import (
    EXTENSIONS,
    OCTETS,
    SNIFF_BYTES,
    SUFFIXES,
    Media,
    SandboxFile,
    SavedFile,
    harmless_type,
    parameter,
    sniff,
    spelled,
)
from gemini_interactions_mcp.settings import has_unknown_user

from . import provenance
from .pictures import converted, decoded, pixels

STEM_CHARACTERS: Final = 60
STEM_BYTES: Final = 100
"""With the rest less than the 143 that eCryptfs leaves of 255: https://bugs.launchpad.net/ecryptfs/+bug/344878"""
SUFFIX_CHARACTERS: Final = 16
LABEL_CHARACTERS: Final = 6
"""Random hexadecimal digits: two rows of one day and one topic share them once in 16 million times."""
UNKNOWN_ORIGIN: Final = provenance.Origin()
ARTICLES: Final = frozenset({"a", "an", "the"})

BLANK: Final = re.compile(f"[{IGNORABLE}{SELECTORS}\u2800\ufffd]")
"""What shows nothing: also the empty sign of Braille, and what stands for a broken character."""

# What Gemini's speech models send when they name no rate: 16 bit, little-endian, mono, 24 kHz.
# Source: https://ai.google.dev/gemini-api/docs/speech-generation
PCM_RATE: Final = 24_000


def save(
    media: Media,
    directory: Path,
    stem: str,
    *,
    origin: provenance.Origin = UNKNOWN_ORIGIN,
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
    content = provenance.described(content, mime, origin)
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


def unwritable(directory: Path, exc: OSError) -> ConfigurationError:
    """What is said of a directory that takes no file."""
    if has_unknown_user(directory):
        return ConfigurationError(
            f"Cannot write to {directory}: there is no such user. Set GEMINI_MCP_OUTPUT_DIR to another directory."
        )
    link = exc.errno in (errno.ENOTDIR, errno.ELOOP)
    reason = "a file or a link stands where a folder should be" if link else exc.strerror or exc
    remedy = "Make room there" if exc.errno in (errno.ENOSPC, errno.EDQUOT) else "Make it writable"
    return ConfigurationError(
        f"Cannot write to {directory}: {reason}. {remedy}, or set GEMINI_MCP_OUTPUT_DIR to another directory."
    )
