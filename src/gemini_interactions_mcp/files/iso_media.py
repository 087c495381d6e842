"""Boxes of ISO base media files (MP4, MOV, 3GP, HEIC), and the tracks of a movie. Everything here blocks."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from .binary import MAX_PARTS, Binary, Piece

MAX_TRACKS: Final = 100
"""Maximum number of tracks inspected, with all languages of sound and subtitles: a DVD has up to 41."""
MAX_CHILD_BOXES: Final = 200
"""Maximum number of boxes inspected inside a track or an index: they have about ten."""

TrackKinds = frozenset[str] | None
"""Which of `video` and `audio` a file has; None if unknown."""

TOP_LEVEL_BOXES: Final = frozenset(
    {b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"moof", b"sidx"}
)
"""Boxes that occur on the top level of a movie."""
AUDIO_BRANDS: Final = frozenset({b"M4A ", b"M4B ", b"M4P "})
"""Brands that Apple's programs write into audio files; video tracks of these are covers and chapters."""
HANDLER_TYPES: Final = {b"vide": "video", b"soun": "audio"}
"""https://developer.apple.com/documentation/quicktime-file-format/handler_reference_atom"""


def iter_boxes(file: Binary, start: int, end: int) -> Iterator[Piece]:
    """Yield the boxes of ISO/IEC 14496-12 between two offsets; the last one may exceed `end`."""
    for _ in range(MAX_PARTS):
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


def read_movie_tracks(file: Binary) -> TrackKinds:
    """Return the kinds of tracks of an MP4, MOV or 3GP file.

    Raises:
        FileRefusedError: It is not such a file, is cut off, or has no track.
    """
    last = Piece(b"", 0, 0)
    for last in iter_boxes(file, 0, file.size):
        if last.kind == b"moov" and last.end <= file.size:
            return read_movie_index(file, last)
        if last.end > file.size and last.kind in TOP_LEVEL_BOXES:
            raise file.cut_off_error()
    if last.kind not in TOP_LEVEL_BOXES:
        raise file.error("is neither video nor audio, despite its name")
    raise file.error("has no index (moov): its recording or download was not finished, and no program can play it")


def read_movie_index(file: Binary, movie: Piece) -> TrackKinds:
    """Return the kinds of tracks that the index of a movie lists; None if the index is compressed.

    Raises:
        FileRefusedError: It lists neither video nor audio.
    """
    if any(each.kind == b"cmov" for each in iter_boxes(file, movie.start, movie.end)):
        return None
    media = find_child_boxes(file, find_child_boxes(file, [movie], b"trak"), b"mdia")
    types = {file.read_at(each.start + 8, 4) for each in find_child_boxes(file, media, b"hdlr")}
    kinds = frozenset(HANDLER_TYPES[each] for each in types if each in HANDLER_TYPES)
    if not kinds:
        raise file.error("has no track of video or sound")
    return frozenset({"audio"}) if "audio" in kinds and file.read_at(8, 4) in AUDIO_BRANDS else kinds


def find_child_boxes(file: Binary, parents: list[Piece], kind: bytes) -> list[Piece]:
    """Return the boxes of a kind that are direct children of any of `parents`."""
    levels = (iter_boxes(file, parent.start, min(parent.end, file.size)) for parent in parents[:MAX_TRACKS])
    return [each for level in levels for each in islice(level, MAX_CHILD_BOXES) if each.kind == kind]
