"""What document is wanted of an interaction; apart from `exporting`, which loads Pillow."""

from pathlib import Path
from typing import NamedTuple


class ExportOrder(NamedTuple):
    """A document that is wanted: its format, and its path; None for a name in the output folder."""

    form: str
    path: Path | None
