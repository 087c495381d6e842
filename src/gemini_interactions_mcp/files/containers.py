"""What is inside a file of pictures, sound or video: which kinds of tracks, and whether its end is there.

Nothing is decoded: only the headers of chunks, boxes and elements are read, a limited number of each. What such a
header does not say is not known; nothing is refused on a suspicion. Everything here blocks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final, Literal, NamedTuple

from gemini_interactions_mcp.core import FileRefusedError, shown

MOST_PARTS: Final = 20_000
"""Looked at on one level of a file; a film of some hours in fragments of a second has about so many."""
MOST_TRACKS: Final = 100
"""Of a film, with all languages of its sound and its subtitles: a DVD has up to 41."""
MOST_CHILDREN: Final = 200
"""Of a track, or of an index: they have some ten."""
CHUNK: Final = 2**20

BROKEN: Final = "broken"

Tracks = frozenset[str] | None
"""Which of `video` and `audio` a file has; None when that is not known."""


@dataclass(frozen=True, slots=True)
class Binary:
    """An open file that is looked into.

    Attributes:
        source: Its path, as the caller names it or as it was found.
        size: In bytes.
    """

    source: str
    stream: BinaryIO
    size: int

    def at(self, offset: int, size: int) -> bytes:
        """Up to so many bytes from an offset; none beyond the end."""
        if offset >= self.size:
            return b""
        self.stream.seek(offset)
        return self.stream.read(size)

    def number(self, offset: int, size: int, order: Literal["big", "little"] = "big") -> int:
        """A number at an offset; zero beyond the end."""
        return int.from_bytes(self.at(offset, size), order)

    def find(self, mark: bytes, start: int) -> int:
        """Where a mark comes first from an offset on; -1 when it does not."""
        while found := self.at(start, CHUNK + len(mark) - 1):
            if (place := found.find(mark)) >= 0:
                return start + place
            start += CHUNK
        return -1

    def refused(self, fault: str, reason: str = BROKEN) -> FileRefusedError:
        """What is said of it when nobody can read it."""
        return FileRefusedError(f"{shown(self.source)} {fault}.", reason=reason)

    def cut_off(self) -> FileRefusedError:
        """What is said of it when its end is missing."""
        return self.refused("is cut off, and its end is missing: save, export or download it again")


class Piece(NamedTuple):
    """A chunk, box or element: where its content begins and ends."""

    kind: bytes
    start: int
    end: int


# MP4 and its like ----------------------------------------------------------------------------------------

TOP: Final = frozenset(
    {b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"moof", b"sidx"}
)
AUDIO_BRANDS: Final = frozenset({b"M4A ", b"M4B ", b"M4P "})
"""What Apple's programs write into files of sound; their pictures are covers and chapters."""
HANDLERS: Final = {b"vide": "video", b"soun": "audio"}
"""https://developer.apple.com/documentation/quicktime-file-format/handler_reference_atom"""


def boxes(file: Binary, start: int, end: int) -> Iterator[Piece]:
    """The boxes of ISO/IEC 14496-12 between two offsets; the last one may end behind them."""
    for _ in range(MOST_PARTS):
        header = file.at(start, 16)
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
    """The tracks of an MP4, MOV or 3GP file.

    Raises:
        FileRefusedError: It is none, is cut off, or has no track.
    """
    last = Piece(b"", 0, 0)
    for last in boxes(file, 0, file.size):
        if last.kind == b"moov" and last.end <= file.size:
            return movie_kinds(file, last)
        if last.end > file.size and last.kind in TOP:
            raise file.cut_off()
    if last.kind not in TOP:
        raise file.refused("is no film or sound, whatever its name says")
    raise file.refused("has no index (moov): its recording or download was not finished, and no program can play it")


def movie_kinds(file: Binary, movie: Piece) -> Tracks:
    """What the index of a movie says of its tracks.

    Raises:
        FileRefusedError: It has none.
    """
    if any(each.kind == b"cmov" for each in boxes(file, movie.start, movie.end)):
        return None
    media = within(file, within(file, [movie], b"trak"), b"mdia")
    types = {file.at(each.start + 8, 4) for each in within(file, media, b"hdlr")}
    kinds = frozenset(HANDLERS[each] for each in types if each in HANDLERS)
    if not kinds:
        raise file.refused("has no track of video or sound")
    return frozenset({"audio"}) if "audio" in kinds and file.at(8, 4) in AUDIO_BRANDS else kinds


def within(file: Binary, parents: list[Piece], kind: bytes) -> list[Piece]:
    """The boxes of a kind in some others."""
    levels = (boxes(file, parent.start, min(parent.end, file.size)) for parent in parents[:MOST_TRACKS])
    return [each for level in levels for each in islice(level, MOST_CHILDREN) if each.kind == kind]


# WebM and Matroska ---------------------------------------------------------------------------------------

SEGMENT, TRACKS, ENTRY, TYPE = b"\x18\x53\x80\x67", b"\x16\x54\xae\x6b", b"\xae", b"\x83"
TYPES: Final = {1: "video", 2: "audio"}
"""https://www.rfc-editor.org/rfc/rfc9559#section-5.1.4.1.3"""


def elements(file: Binary, start: int, end: int) -> Iterator[Piece]:
    """The elements of EBML (RFC 8794) between two offsets; one of unknown size ends with its parent."""
    for _ in range(MOST_PARTS):
        header = file.at(start, 12) if start < end else b""
        length = 9 - header[0].bit_length() if header else 9
        width = 9 - header[length].bit_length() if length < len(header) else 9
        if length > 4 or width > 8 or len(header) < length + width:
            return
        size = int.from_bytes(header[length : length + width]) - (1 << 7 * width)
        inner = start + length + width
        # All ones: the size is unknown.
        stop = inner + size if size != (1 << 7 * width) - 1 else end
        yield Piece(header[:length], inner, stop)
        start = stop


def matroska_tracks(file: Binary) -> Tracks:
    """The tracks of a WebM or Matroska file.

    Raises:
        FileRefusedError: It is cut off, or has no track.
    """
    segment = next((each for each in elements(file, 0, file.size) if each.kind == SEGMENT), None)
    if segment is None:
        return None
    if segment.end > file.size:
        raise file.cut_off()
    tracks = next((each for each in elements(file, segment.start, segment.end) if each.kind == TRACKS), None)
    if tracks is None:
        return None
    entries = [each for each in elements(file, tracks.start, tracks.end) if each.kind == ENTRY][:MOST_TRACKS]
    fields = (each for entry in entries for each in elements(file, entry.start, entry.end))
    types = {file.number(each.start, min(8, each.end - each.start)) for each in fields if each.kind == TYPE}
    if not types & TYPES.keys():
        raise file.refused("has no track of video or sound")
    return frozenset(TYPES[each] for each in types if each in TYPES)


# Ogg and ASF ---------------------------------------------------------------------------------------------

CODECS: Final = {
    b"\x80theora": "video",
    b"\x01video": "video",
    b"OpusHead": "audio",
    b"\x01vorbis": "audio",
    b"\x7fFLAC": "audio",
    b"Speex   ": "audio",
}
"""How the first packet of a stream in Ogg begins: https://www.xiph.org/ogg/doc/oggstream.html"""
MOST_STREAMS: Final = 16
"""Of an Ogg file: players take a film's picture, sound and subtitles, which are a few."""

ASF_VIDEO: Final = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
ASF_AUDIO: Final = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
ASF_HEAD: Final = 2**20
"""How much of an ASF file is searched for the types of its streams (ASF specification, section 3.3)."""


def ogg_tracks(file: Binary) -> Tracks:
    """The streams of an Ogg file: each begins on a page of its own, before all others."""
    kinds: set[str] = set()
    start = 0
    for _ in range(MOST_STREAMS):
        header = file.at(start, 27)
        if len(header) < 27 or header[:4] != b"OggS" or not header[5] & 2:
            break
        lengths = file.at(start + 27, header[26])
        start += 27 + len(lengths)
        packet = file.at(start, 8)
        kinds |= {kind for mark, kind in CODECS.items() if packet.startswith(mark)}
        start += sum(lengths)
    return frozenset(kinds) or None


def asf_tracks(file: Binary) -> Tracks:
    """The streams of a Windows Media file."""
    head = file.at(0, min(ASF_HEAD, file.number(16, 8, "little")))
    marks = {"video": ASF_VIDEO, "audio": ASF_AUDIO}
    return frozenset(kind for kind, mark in marks.items() if mark in head) or None


# Pictures and sound --------------------------------------------------------------------------------------

JPEG_SCAN, JPEG_END = 0xDA, b"\xff\xd9"
BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers of JPEG that have no length: ITU-T T.81, B.1.1.3."""
UNTOLD: Final = 0x7FFF0000
"""From here on, the size of a RIFF file was not known when it was written, as by programs that write into a pipe."""


def check_png(file: Binary) -> None:
    """Check that a PNG ends.

    Raises:
        FileRefusedError: It does not.
    """
    start = 8
    for _ in range(MOST_PARTS):
        header = file.at(start, 8)
        if header[4:] == b"IEND":
            return
        start += 12 + int.from_bytes(header[:4])
        if start > file.size or len(header) < 8:
            raise file.cut_off()


def check_jpeg(file: Binary) -> None:
    """Check that a JPEG has a picture, and that it ends; what follows does not matter.

    Raises:
        FileRefusedError: It does not.
    """
    start = 2
    for _ in range(MOST_PARTS):
        header = file.at(start, 4)
        if len(header) < 4:
            raise file.cut_off()
        if header[0] != 0xFF:
            return
        if header[1] == JPEG_SCAN:
            break
        filler = header[1] == 0xFF
        start += 1 if filler else 2 if header[1] in BARE else 2 + int.from_bytes(header[2:])
    if file.find(JPEG_END, start) < 0:
        raise file.cut_off()


def check_riff(file: Binary) -> None:
    """Check that a WebP, WAV or AVI file is as long as it says; long AVI files have several parts.

    Raises:
        FileRefusedError: It is shorter.
    """
    start = 0
    for _ in range(MOST_PARTS):
        told = file.number(start + 4, 4, "little")
        if file.at(start, 4) != b"RIFF" or not told or told >= UNTOLD:
            return
        start += 8 + told + told % 2
        if start > file.size + 1:
            raise file.cut_off()


# Types ---------------------------------------------------------------------------------------------------


class Container(NamedTuple):
    """A form of file that holds tracks of different kinds.

    Attributes:
        types: The MIME types of files of this form.
        video: That of one with video, where no other is named.
        audio: That of one with sound only.
    """

    tracks: Callable[[Binary], Tracks]
    types: frozenset[str]
    video: str
    audio: str

    def type_of(self, file: Binary, mime: str, named: str | None) -> str:
        """The MIME type by the tracks, then by the name.

        Raises:
            FileRefusedError: It is cut off, or has no track.
        """
        tracks = self.tracks(file)
        known = [each for each in (named, mime) if each in self.types]
        if not tracks:
            return known[0]
        kind = "video" if "video" in tracks else "audio"
        return next((each for each in known if each.startswith(kind)), self.video if kind == "video" else self.audio)


CONTAINERS: Final = (
    Container(movie_tracks, frozenset({"video/mp4", "video/mov", "video/3gpp", "audio/m4a"}), "video/mp4", "audio/m4a"),
    Container(matroska_tracks, frozenset({"video/webm", "audio/webm"}), "video/webm", "audio/webm"),
    Container(
        matroska_tracks, frozenset({"video/x-matroska", "audio/x-matroska"}), "video/x-matroska", "audio/x-matroska"
    ),
    Container(ogg_tracks, frozenset({"audio/ogg", "audio/opus", "video/ogg"}), "video/ogg", "audio/ogg"),
    Container(asf_tracks, frozenset({"video/wmv", "audio/x-ms-wma"}), "video/wmv", "audio/x-ms-wma"),
)

SIGNATURES: Final = {
    "image/png": b"\x89PNG",
    "image/jpeg": b"\xff\xd8\xff",
    "image/webp": b"RIFF",
    "image/gif": b"GIF8",
    "image/bmp": b"BM",
}
"""How every picture of a type begins."""

CHECKS: Final = {
    "image/png": check_png,
    "image/jpeg": check_jpeg,
    "image/webp": check_riff,
    "audio/wav": check_riff,
    "video/avi": check_riff,
}
"""What is checked of a file by its MIME type."""


def true_type(file: Binary, mime: str, named: str | None) -> str:
    """The MIME type of a file, once it has been looked into.

    Raises:
        FileRefusedError: Nobody can read it.
    """
    container = next((each for each in CONTAINERS if mime in each.types), None)
    if container:
        mime = container.type_of(file, mime, named)
    if not file.at(0, 8).startswith(SIGNATURES.get(mime, b"")):
        raise file.refused("is no picture, whatever its name says")
    if check := CHECKS.get(mime):
        check(file)
    return mime
