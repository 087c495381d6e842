"""Whether the end of an image, audio or video file is present, where a header tells where it is.

Nothing is decoded, and no file is refused on a suspicion: MP3, AAC, FLAC, Ogg and MPEG do not tell their length.
Everything here blocks.
"""

from collections.abc import Iterator
from typing import Final, Literal

from .binary import MAX_PARTS, Binary
from .iso_media import TOP_LEVEL_BOXES, iter_boxes

ByteOrder = Literal["big", "little"]

JPEG_SCAN: Final = 0xDA
JPEG_END: Final = b"\xff\xd9"
BARE_JPEG_MARKERS: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG markers without a length: ITU-T T.81, B.1.1.3."""
UNKNOWN_SIZE: Final = 0x7FFF0000
"""Smallest RIFF or AIFF size that means "unknown", as written by programs that stream into a pipe."""

MAX_TIFF_IMAGES: Final = 1000
"""Maximum number of images inspected in a TIFF file."""
MAX_TIFF_FIELDS: Final = 200
"""Maximum number of fields inspected per image of a TIFF file: they have some twenty."""
HEIF_BOXES: Final = TOP_LEVEL_BOXES | {b"meta"}
"""Boxes that occur on the top level of a HEIC or HEIF image."""
GIF_EXTENSION: Final = b"!"
GIF_BLOCKS: Final = (GIF_EXTENSION, b",")
"""First bytes of an extension and of an image: https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""
UNCOMPRESSED_BMP: Final = (0, 3)
"""Uncompressed pixel formats: https://learn.microsoft.com/windows/win32/api/wingdi/ns-wingdi-bitmapinfoheader"""
TIFF_MAGIC: Final = 42
TIFF_SHORT: Final = 3
"""Type of a field whose numbers have two bytes."""
TIFF_STRIP_FIELDS: Final = ((273, 279), (324, 325))
"""Fields with the offsets and lengths of strips, and of tiles: TIFF 6.0, sections 3 and 15."""
FLV_TAGS: Final = (8, 9, 18)
"""https://rtmp.veriskope.com/pdf/video_file_format_spec_v10.pdf, annex E.4.1"""


def check_end(file: Binary, mime: str) -> None:
    """Check that the end of a file of a type is present.

    Raises:
        FileRefusedError: It is missing.
    """
    if check := END_CHECKS.get(mime):
        check(file)


def next_png_chunk(file: Binary, start: int) -> int:
    """Return the offset behind a PNG chunk, or of the last chunk itself.

    Raises:
        FileRefusedError: There is no chunk at the offset.
    """
    header = file.read_exactly(start, 8)
    return start if header[4:] == b"IEND" else start + 12 + int.from_bytes(header[:4])


def check_png(file: Binary) -> None:
    """Check that a PNG image ends with its last chunk.

    Raises:
        FileRefusedError: The file ends before.
    """
    file.follow(8, next_png_chunk)


def next_jpeg_segment(file: Binary, start: int) -> int:
    """Return the offset behind a JPEG segment, or of the first scan itself.

    Raises:
        FileRefusedError: There is no segment at the offset.
    """
    header = file.read_exactly(start, 4)
    if header[0] != 0xFF or header[1] == JPEG_SCAN:
        return start
    filler = header[1] == 0xFF
    return start + (1 if filler else 2 if header[1] in BARE_JPEG_MARKERS else 2 + int.from_bytes(header[2:]))


def check_jpeg(file: Binary) -> None:
    """Check that a JPEG image has a scan and an end marker; what follows does not matter.

    Raises:
        FileRefusedError: It has not.
    """
    start = file.follow(2, next_jpeg_segment)
    if file.read_at(start, 1) == b"\xff" and file.find_mark(JPEG_END, start) < 0:
        raise file.cut_off_error()


def next_riff_part(file: Binary, start: int) -> int:
    """Return the offset behind one part of a RIFF file, or the same offset where there is none of known size."""
    size = file.read_number(start + 4, 4, "little")
    return start + 8 + size + size % 2 if file.read_at(start, 4) == b"RIFF" and 0 < size < UNKNOWN_SIZE else start


def check_riff(file: Binary) -> None:
    """Check that a WebP, WAV or AVI file is as long as its header says; long AVI files have several parts.

    Raises:
        FileRefusedError: It is shorter.
    """
    # Some programs leave out the last padding byte.
    file.follow(0, next_riff_part, slack=1)


def check_aiff(file: Binary) -> None:
    """Check that an AIFF file is as long as its header says.

    Raises:
        FileRefusedError: It is shorter.
    """
    size = file.read_number(4, 4)
    if file.read_at(0, 4) == b"FORM" and size < UNKNOWN_SIZE and size + 8 > file.size + 1:
        raise file.cut_off_error()


def check_heif(file: Binary) -> None:
    """Check that the boxes of a HEIC or HEIF image are complete.

    Raises:
        FileRefusedError: One is not.
    """
    for each in iter_boxes(file, 0, file.size):
        if each.end > file.size and each.kind in HEIF_BOXES:
            raise file.cut_off_error()


def check_gif(file: Binary) -> None:
    """Check that a GIF has an image and the whole of its last block; many have no trailer behind it.

    Raises:
        FileRefusedError: It has not.
    """
    start, seen = 13 + measure_colour_table(file.read_number(10, 1)), False
    for _ in range(MAX_PARTS):
        kind = file.read_at(start, 1)
        if kind not in GIF_BLOCKS:
            break
        head = 2 if kind == GIF_EXTENSION else 11 + measure_colour_table(file.read_number(start + 9, 1))
        start = skip_gif_blocks(file, start + head)
        seen = seen or kind != GIF_EXTENSION
    if start > file.size or (start == file.size and not seen):
        raise file.cut_off_error()


def measure_colour_table(flags: int) -> int:
    """Return the size in bytes of the colour table that GIF flags announce.

    Source: https://www.w3.org/Graphics/GIF/spec-gif89a.txt
    """
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def skip_gif_blocks(file: Binary, start: int) -> int:
    """Return the offset behind a series of GIF sub-blocks; beyond the file if the series has no end."""
    for _ in range(MAX_PARTS):
        length = file.read_at(start, 1)
        if not length:
            return file.size + 1
        start += 1 + length[0]
        if not length[0]:
            return start
    return start


def check_bmp(file: Binary) -> None:
    """Check that a BMP image has as many rows as its header says, unless they are compressed.

    Raises:
        FileRefusedError: It has fewer.
    """
    head, packed = file.read_number(14, 4, "little"), file.read_number(30, 4, "little")
    if head < 40 or packed not in UNCOMPRESSED_BMP:
        return
    width, bits = file.read_number(18, 4, "little"), file.read_number(28, 2, "little")
    height = abs(int.from_bytes(file.read_at(22, 4), "little", signed=True))
    row = (width * bits + 31) // 32 * 4
    # Some programs leave out the padding of the last row.
    if file.read_number(10, 4, "little") + row * height - 3 > file.size:
        raise file.cut_off_error()


def check_tiff(file: Binary) -> None:
    """Check that the images of a TIFF file are complete, with all their strips or tiles.

    Raises:
        FileRefusedError: A part lies beyond the end of the file.
    """
    order: ByteOrder = "big" if file.read_at(0, 2) == b"MM" else "little"
    if file.read_number(2, 2, order) != TIFF_MAGIC:
        return
    index = file.read_number(4, 4, order)
    for _ in range(MAX_TIFF_IMAGES):
        count = file.read_number(index, 2, order)
        if index + 2 + 12 * count > file.size or not count:
            raise file.cut_off_error()
        check_tiff_strips(file, range(index + 2, index + 2 + 12 * min(count, MAX_TIFF_FIELDS), 12), order)
        index = file.read_number(index + 2 + 12 * count, 4, order)
        if not index:
            return


def check_tiff_strips(file: Binary, entries: range, order: ByteOrder) -> None:
    """Check that the strips or tiles of one image are complete.

    Args:
        file: A TIFF file.
        entries: Offsets of the image's fields.
        order: The file's byte order.

    Raises:
        FileRefusedError: A part lies beyond the end of the file.
    """
    fields = {file.read_number(entry, 2, order): entry for entry in entries}
    for offsets, lengths in TIFF_STRIP_FIELDS:
        if offsets in fields and lengths in fields:
            pieces = zip(
                read_tiff_numbers(file, fields[offsets], order),
                read_tiff_numbers(file, fields[lengths], order),
                strict=False,
            )
            if any(offset + length > file.size for offset, length in pieces):
                raise file.cut_off_error()


def read_tiff_numbers(file: Binary, field: int, order: ByteOrder) -> Iterator[int]:
    """Return the numbers of a TIFF field, from the field itself or from the offset that it holds.

    Raises:
        FileRefusedError: They lie beyond the end of the file.
    """
    width = 2 if file.read_number(field + 2, 2, order) == TIFF_SHORT else 4
    count = file.read_number(field + 4, 4, order)
    start = field + 8 if width * count <= 4 else file.read_number(field + 8, 4, order)
    if start + width * count > file.size:
        raise file.cut_off_error()
    return (file.read_number(start + width * place, width, order) for place in range(min(count, MAX_PARTS)))


def next_flv_tag(file: Binary, start: int) -> int:
    """Return the offset behind an FLV tag and its trailer of four bytes, or the same offset where there is no tag."""
    return start + 15 + file.read_number(start + 1, 3) if file.read_number(start, 1) in FLV_TAGS else start


def check_flv(file: Binary) -> None:
    """Check that the last tag of an FLV file is complete; its trailer may be missing.

    Raises:
        FileRefusedError: It is not.
    """
    file.follow(file.read_number(5, 4) + 4, next_flv_tag, slack=4)


END_CHECKS: Final = {
    "image/png": check_png,
    "image/jpeg": check_jpeg,
    "image/webp": check_riff,
    "image/heic": check_heif,
    "image/heif": check_heif,
    "image/gif": check_gif,
    "image/bmp": check_bmp,
    "image/tiff": check_tiff,
    "audio/wav": check_riff,
    "audio/aiff": check_aiff,
    "video/avi": check_riff,
    "video/x-flv": check_flv,
}
"""MIME type -> what checks a file of that type."""
