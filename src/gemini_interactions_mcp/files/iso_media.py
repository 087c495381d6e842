"""Boxes of ISO base media files (MP4, MOV, 3GP, HEIC), and the tracks of a movie. Everything here blocks."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from .binary import MOST_PARTS, Binary, Piece

MOST_TRACKS: Final = 100
"""Maximum number of tracks inspected, with all languages of sound and subtitles: a DVD has up to 41."""
MOST_CHILDREN: Final = 200
"""Maximum number of boxes inspected inside a track or an index: they have about ten."""

Tracks = frozenset[str] | None
"""Which of `video` and `audio` a file has; None if unknown."""

TOP: Final = frozenset(
    {b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"moof", b"sidx"}
)
"""Boxes that occur on the top level of a movie."""
AUDIO_BRANDS: Final = frozenset({b"M4A ", b"M4B ", b"M4P "})
"""Brands that Apple's programs write into audio files; video tracks of these are covers and chapters."""
HANDLERS: Final = {b"vide": "video", b"soun": "audio"}
"""https://developer.apple.com/documentation/quicktime-file-format/handler_reference_atom"""


def boxes(file: Binary, start: int, end: int) -> Iterator[Piece]:
    """Yield the boxes of ISO/IEC 14496-12 between two offsets; the last one may exceed `end`."""
    for _ in range(MOST_PARTS):
        header = file.read_at(start, 16)
        if start + 8 > end or len(header) < 8:
            return
        size, head = int.from_bytes(header[:4]), 8
        if size == 1:
            size, head = int.from_bytes(header[8:]), 16
        stop = start + size if size else end
        if stop < start + head:
            return
        yield Piece(header[4:8], start + head, stop)
        start = stop


def movie_tracks(file: Binary) -> Tracks:
    """Return the kinds of tracks of an MP4, MOV or 3GP file.

    Raises:
        FileRefusedError: It is not such a file, is cut off, or has no track.
    """
    last = Piece(b"", 0, 0)
    for last in boxes(file, 0, file.size):
        if last.kind == b"moov" and last.end <= file.size:
            return movie_kinds(file, last)
        if last.end > file.size and last.kind in TOP:
            raise file.cut_off_error()
    if last.kind not in TOP:
        raise file.error("is neither video nor audio, despite its name")
    raise file.error("has no index (moov): its recording or download was not finished, and no program can play it")


def movie_kinds(file: Binary, movie: Piece) -> Tracks:
    """Return the kinds of tracks that the index of a movie lists; None if the index is compressed.

    Raises:
        FileRefusedError: It lists neither video nor audio.
    """
    if any(each.kind == b"cmov" for each in boxes(file, movie.start, movie.end)):
        return None
    media = within(file, within(file, [movie], b"trak"), b"mdia")
    types = {file.read_at(each.start + 8, 4) for each in within(file, media, b"hdlr")}
    kinds = frozenset(HANDLERS[each] for each in types if each in HANDLERS)
    if not kinds:
        raise file.error("has no track of video or sound")
    return frozenset({"audio"}) if "audio" in kinds and file.read_at(8, 4) in AUDIO_BRANDS else kinds


def within(file: Binary, parents: list[Piece], kind: bytes) -> list[Piece]:
    """Return the boxes of a kind that are direct children of any of `parents`."""
    levels = (boxes(file, parent.start, min(parent.end, file.size)) for parent in parents[:MOST_TRACKS])
    return [each for level in levels for each in islice(level, MOST_CHILDREN) if each.kind == kind]
