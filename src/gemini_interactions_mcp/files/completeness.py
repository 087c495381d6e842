"""Whether the end of a picture, sound or video is there, where a header tells where it is.

Nothing is decoded, and nothing is refused on a suspicion: MP3, AAC, FLAC, Ogg and MPEG do not tell. Everything here
blocks.
"""

from collections.abc import Iterator
from typing import Final, Literal

from .containers import MOST_PARTS, TOP, UNTOLD, Binary, boxes

Order = Literal["big", "little"]

MOST_PICTURES: Final = 1000
"""Of a TIFF, looked at."""
MOST_FIELDS: Final = 200
"""Of a picture of a TIFF: they have some twenty."""
STILL: Final = TOP | {b"meta"}
EXTENSION: Final = b"!"
GIF_BLOCKS: Final = (EXTENSION, b",")
"""An extension, and a picture: https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""
PLAIN_ROWS: Final = (0, 3)
"""https://learn.microsoft.com/windows/win32/api/wingdi/ns-wingdi-bitmapinfoheader"""
TIFF, SHORT = 42, 3
STRIPS: Final = ((273, 279), (324, 325))
"""The fields of the offsets and lengths of strips, and of tiles: TIFF 6.0, sections 3 and 15."""
FLV_TAGS: Final = (8, 9, 18)
"""https://rtmp.veriskope.com/pdf/video_file_format_spec_v10.pdf, annex E.4.1"""


def check_end(file: Binary, mime: str) -> None:
    """Check that the end of a file of a type is there.

    Raises:
        FileRefusedError: It is not.
    """
    if check := ENDS.get(mime):
        check(file)


def check_aiff(file: Binary) -> None:
    """Check that an AIFF file is as long as it says.

    Raises:
        FileRefusedError: It is shorter.
    """
    told = file.number(4, 4)
    if file.at(0, 4) == b"FORM" and told < UNTOLD and told + 8 > file.size + 1:
        raise file.cut_off()


def check_boxes(file: Binary) -> None:
    """Check that the boxes of a HEIC or HEIF picture are all there.

    Raises:
        FileRefusedError: One is not.
    """
    for each in boxes(file, 0, file.size):
        if each.end > file.size and each.kind in STILL:
            raise file.cut_off()


def check_gif(file: Binary) -> None:
    """Check that a GIF has a picture, and all of its last block; many have no end behind it.

    Raises:
        FileRefusedError: It has not.
    """
    start, seen = 13 + colours(file.number(10, 1)), False
    for _ in range(MOST_PARTS):
        kind = file.at(start, 1)
        if kind not in GIF_BLOCKS:
            break
        head = 2 if kind == EXTENSION else 11 + colours(file.number(start + 9, 1))
        start = behind_blocks(file, start + head)
        seen = seen or kind != EXTENSION
    if start > file.size or (start == file.size and not seen):
        raise file.cut_off()


def colours(flags: int) -> int:
    """Bytes of the table of colours that the flags of a GIF announce: https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def behind_blocks(file: Binary, start: int) -> int:
    """Where the small blocks of a GIF that begin at an offset end; behind the file where they do not."""
    for _ in range(MOST_PARTS):
        length = file.at(start, 1)
        if not length:
            return file.size + 1
        start += 1 + length[0]
        if not length[0]:
            return start
    return start


def check_bmp(file: Binary) -> None:
    """Check that a BMP has as many rows as it says, where they are not packed.

    Raises:
        FileRefusedError: It has fewer.
    """
    head, packed = file.number(14, 4, "little"), file.number(30, 4, "little")
    if head < 40 or packed not in PLAIN_ROWS:
        return
    width, bits = file.number(18, 4, "little"), file.number(28, 2, "little")
    height = abs(int.from_bytes(file.at(22, 4), "little", signed=True))
    row = (width * bits + 31) // 32 * 4
    # Some programs leave out what fills the last row.
    if file.number(10, 4, "little") + row * height - 3 > file.size:
        raise file.cut_off()


def check_tiff(file: Binary) -> None:
    """Check that the pictures of a TIFF are there, with all their strips or tiles.

    Raises:
        FileRefusedError: A part lies behind the end.
    """
    order: Order = "big" if file.at(0, 2) == b"MM" else "little"
    if file.number(2, 2, order) != TIFF:
        return
    index = file.number(4, 4, order)
    for _ in range(MOST_PICTURES):
        count = file.number(index, 2, order)
        if index + 2 + 12 * count > file.size or not count:
            raise file.cut_off()
        check_strips(file, range(index + 2, index + 2 + 12 * min(count, MOST_FIELDS), 12), order)
        index = file.number(index + 2 + 12 * count, 4, order)
        if not index:
            return


def check_strips(file: Binary, entries: range, order: Order) -> None:
    """Check that the strips or tiles of a picture are there.

    Raises:
        FileRefusedError: A part lies behind the end.
    """
    fields = {file.number(entry, 2, order): entry for entry in entries}
    for offsets, lengths in STRIPS:
        if offsets in fields and lengths in fields:
            pieces = zip(numbers(file, fields[offsets], order), numbers(file, fields[lengths], order), strict=False)
            if any(offset + length > file.size for offset, length in pieces):
                raise file.cut_off()


def numbers(file: Binary, field: int, order: Order) -> Iterator[int]:
    """The numbers of a field of TIFF, in the field itself or where it says.

    Raises:
        FileRefusedError: They lie behind the end.
    """
    width = 2 if file.number(field + 2, 2, order) == SHORT else 4
    count = file.number(field + 4, 4, order)
    start = field + 8 if width * count <= 4 else file.number(field + 8, 4, order)
    if start + width * count > file.size:
        raise file.cut_off()
    return (file.number(start + width * place, width, order) for place in range(min(count, MOST_PARTS)))


def check_flv(file: Binary) -> None:
    """Check that the last tag of an FLV file is there.

    Raises:
        FileRefusedError: It is not.
    """
    start = file.number(5, 4) + 4
    for _ in range(MOST_PARTS):
        if file.number(start, 1) not in FLV_TAGS:
            return
        start += 11 + file.number(start + 1, 3)
        if start > file.size:
            raise file.cut_off()
        start += 4


ENDS: Final = {
    "image/heic": check_boxes,
    "image/heif": check_boxes,
    "image/gif": check_gif,
    "image/bmp": check_bmp,
    "image/tiff": check_tiff,
    "audio/aiff": check_aiff,
    "video/x-flv": check_flv,
}
"""What is checked of a file by its MIME type."""
