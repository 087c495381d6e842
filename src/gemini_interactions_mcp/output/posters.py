"""First frames of videos. PyAV, an extra of this package, decodes them. Blocks."""

import functools
import importlib.util
from typing import IO, Any

from PIL import Image

MAX_FRAME_PIXELS = 7_680 * 4_320
"""Maximum size of a frame that is decoded: 8K."""


@functools.cache
def can_decode_videos() -> bool:
    """Whether PyAV is installed."""
    return importlib.util.find_spec("av") is not None


def read_first_frame(file: IO[bytes]) -> Image.Image:
    """Return the first frame of a video.

    Raises:
        Exception: It cannot be decoded: PyAV raises errors of many kinds.
    """
    import av  # noqa: PLC0415 - few answers have a video, and importing it takes 0.2 s

    with av.open(file, mode="r", metadata_errors="replace") as container:
        [stream, *_] = container.streams.video
        if stream.width * stream.height > MAX_FRAME_PIXELS:
            raise ValueError("the video has too many pixels to be decoded")
        frame: Any = next(container.decode(stream))
        return frame.to_image()
