"""Files of a request, as an estimate of its cost needs them."""

from typing import NamedTuple


class Attachment(NamedTuple):
    """A file that goes with a request.

    Attributes:
        kind: The content type that it becomes.
        bytes: Its size; None where that is not known, as of an address.
        pages: Number of pages of a PDF, if known.
        seconds: Duration of a recording, if known.
    """

    kind: str
    bytes: int | None
    pages: int | None = None
    seconds: float | None = None
