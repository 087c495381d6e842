"""Files of a request, as an estimate of its cost needs them."""

from typing import Literal, NamedTuple


class Attachment(NamedTuple):
    """A file that goes with a request.

    Attributes:
        kind: The content type that it becomes.
        bytes: Its size; None where that is not known, as of an address.
        pages: Number of pages of a PDF, if known.
        seconds: Duration of a recording, if known.
        frames: Frames of a video that are read per second, or `agentic`; None for the usual one.
    """

    kind: str
    bytes: int | None
    pages: int | None = None
    seconds: float | None = None
    frames: float | Literal["agentic"] | None = None
