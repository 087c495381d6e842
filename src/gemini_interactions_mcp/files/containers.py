"""Which kinds of tracks a media file has, and the MIME type that follows from them.

Nothing is decoded: only a limited number of headers of boxes, elements and streams is read. What a header does not say
is unknown, and no file is refused on a suspicion. Everything here blocks.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from .binary import MAX_PARTS, Binary, Piece
from .iso_media import MAX_TRACKS, TrackKinds, read_movie_tracks

SEGMENT_ID: Final = b"\x18\x53\x80\x67"
TRACKS_ID: Final = b"\x16\x54\xae\x6b"
TRACK_ENTRY_ID: Final = b"\xae"
TRACK_TYPE_ID: Final = b"\x83"
"""Ids of the elements that lead to a track's type: https://www.rfc-editor.org/rfc/rfc9559#section-5.1"""
TRACK_TYPES: Final = {1: "video", 2: "audio"}
"""https://www.rfc-editor.org/rfc/rfc9559#section-5.1.4.1.3"""

OGG_CODECS: Final = {
    b"\x80theora": "video",
    b"\x01video": "video",
    b"OpusHead": "audio",
    b"\x01vorbis": "audio",
    b"\x7fFLAC": "audio",
    b"Speex   ": "audio",
}
"""How the first packet of an Ogg stream begins: https://www.xiph.org/ogg/doc/oggstream.html"""
MAX_OGG_STREAMS: Final = 16
"""Maximum number of streams inspected of an Ogg file: players support a film's video, sound and subtitles, a few."""

ASF_VIDEO: Final = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
ASF_AUDIO: Final = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
ASF_HEADER_BYTES: Final = 2**20
"""Bytes of an ASF file that are searched for the types of its streams (ASF specification, section 3.3)."""


def iter_elements(file: Binary, start: int, end: int) -> Iterator[Piece]:
    """Yield the EBML elements (RFC 8794) between two offsets; one of unknown size ends with its parent."""
    for _ in range(MAX_PARTS):
        header = file.read_at(start, 12) if start < end else b""
        length = 9 - header[0].bit_length() if header else 9
        width = 9 - header[length].bit_length() if length < len(header) else 9
        if length > 4 or width > 8 or len(header) < length + width:
            return
        size = int.from_bytes(header[length : length + width]) - (1 << 7 * width)
        inner = start + length + width
        # All bits set: the size is unknown.
        stop = inner + size if size != (1 << 7 * width) - 1 else end
        yield Piece(header[:length], inner, stop)
        start = stop


def find_element(file: Binary, start: int, end: int, kind: bytes) -> Piece | None:
    """Return the first element of a kind between two offsets."""
    return next((each for each in iter_elements(file, start, end) if each.kind == kind), None)


def read_matroska_tracks(file: Binary) -> TrackKinds:
    """Return the kinds of tracks of a WebM or Matroska file.

    Raises:
        FileRefusedError: It is cut off, or has neither video nor audio.
    """
    segment = find_element(file, 0, file.size, SEGMENT_ID)
    if segment is None:
        return None
    if segment.end > file.size:
        raise file.cut_off_error()
    tracks = find_element(file, segment.start, segment.end, TRACKS_ID)
    if tracks is None:
        return None
    entries = [each for each in iter_elements(file, tracks.start, tracks.end) if each.kind == TRACK_ENTRY_ID][
        :MAX_TRACKS
    ]
    fields = (each for entry in entries for each in iter_elements(file, entry.start, entry.end))
    types = {
        file.read_number(each.start, min(8, each.end - each.start)) for each in fields if each.kind == TRACK_TYPE_ID
    }
    if not types & TRACK_TYPES.keys():
        raise file.error("has no track of video or sound")
    return frozenset(TRACK_TYPES[each] for each in types if each in TRACK_TYPES)


def read_ogg_tracks(file: Binary) -> TrackKinds:
    """Return the kinds of streams of an Ogg file, each of which begins on a page of its own before all other pages."""
    kinds: set[str] = set()
    start = 0
    for _ in range(MAX_OGG_STREAMS):
        header = file.read_at(start, 27)
        if len(header) < 27 or header[:4] != b"OggS" or not header[5] & 2:
            break
        lengths = file.read_at(start + 27, header[26])
        start += 27 + len(lengths)
        packet = file.read_at(start, 8)
        kinds |= {kind for mark, kind in OGG_CODECS.items() if packet.startswith(mark)}
        start += sum(lengths)
    return frozenset(kinds) or None


def read_asf_tracks(file: Binary) -> TrackKinds:
    """Return the kinds of streams of a Windows Media file."""
    head = file.read_at(0, min(ASF_HEADER_BYTES, file.read_number(16, 8, "little")))
    marks = {"video": ASF_VIDEO, "audio": ASF_AUDIO}
    return frozenset(kind for kind, mark in marks.items() if mark in head) or None


class Container(NamedTuple):
    """A file format that holds tracks of different kinds.

    Attributes:
        tracks: Returns the kinds of tracks of a file.
        types: The MIME types of files in this format.
        video: MIME type of a file with video, unless its name or content says another of `types`.
        audio: MIME type of a file with audio only, likewise.
    """

    tracks: Callable[[Binary], TrackKinds]
    types: frozenset[str]
    video: str
    audio: str

    def detect_type(self, file: Binary, mime: str, named: str | None) -> str:
        """Return the MIME type by the tracks, then by the name.

        Raises:
            FileRefusedError: The file is cut off, or has no track.
        """
        tracks = self.tracks(file)
        known = [each for each in (named, mime) if each in self.types]
        if not tracks:
            return known[0]
        kind = "video" if "video" in tracks else "audio"
        return next((each for each in known if each.startswith(kind)), self.video if kind == "video" else self.audio)


CONTAINERS: Final = (
    Container(
        read_movie_tracks, frozenset({"video/mp4", "video/mov", "video/3gpp", "audio/m4a"}), "video/mp4", "audio/m4a"
    ),
    Container(read_matroska_tracks, frozenset({"video/webm", "audio/webm"}), "video/webm", "audio/webm"),
    Container(
        read_matroska_tracks,
        frozenset({"video/x-matroska", "audio/x-matroska"}),
        "video/x-matroska",
        "audio/x-matroska",
    ),
    Container(read_ogg_tracks, frozenset({"audio/ogg", "audio/opus", "video/ogg"}), "video/ogg", "audio/ogg"),
    Container(read_asf_tracks, frozenset({"video/wmv", "audio/x-ms-wma"}), "video/wmv", "audio/x-ms-wma"),
)

IMAGE_SIGNATURES: Final = {
    "image/png": b"\x89PNG",
    "image/jpeg": b"\xff\xd8\xff",
    "image/webp": b"RIFF",
    "image/gif": b"GIF8",
    "image/bmp": b"BM",
}
"""First bytes of every image of a type."""


def detect_media_type(file: Binary, mime: str, named: str | None) -> str:
    """Return the MIME type of a file after looking into it.

    Args:
        file: Open for reading.
        mime: Its type by its first bytes or by its name.
        named: Its type by its name.

    Raises:
        FileRefusedError: It is damaged.
    """
    container = next((each for each in CONTAINERS if mime in each.types), None)
    if container:
        mime = container.detect_type(file, mime, named)
    if not file.read_at(0, 8).startswith(IMAGE_SIGNATURES.get(mime, b"")):
        raise file.error("is not an image, despite its name")
    return mime
