"""Writes documents in the formats that need libraries of the `export` extra. Everything here blocks."""

import importlib.util
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import ConfigurationError, make_printable
from gemini_interactions_mcp.models import Paper

LIBRARIES: Final = {"pdf": "typst", "docx": "docx"}
"""The module that writes a format."""

MAX_NAMED_CHARACTERS: Final = 40
"""Characters without a font that a note names."""


class Printed(NamedTuple):
    """A document, and what is to be said of it."""

    content: bytes | bytearray
    notes: tuple[str, ...] = ()


def check_library(form: str) -> None:
    """Check that what writes a format is installed.

    Raises:
        ConfigurationError: It is not.
    """
    if form in LIBRARIES and importlib.util.find_spec(LIBRARIES[form]) is None:
        raise ConfigurationError(
            f'.{form} needs libraries that are not installed here: pip install "gemini-interactions-mcp[export]", and '
            "restart the server. Nothing was written; .html and .md need no more."
        )


def print_paper(paper: Paper, form: str) -> Printed:
    """Return a paper as a `pdf` or a `docx`.

    Raises:
        ConfigurationError: It cannot be laid out.
    """
    if form == "docx":
        from .documents.word import write_docx  # noqa: PLC0415 - needs the `export` extra

        return Printed(write_docx(paper))
    from .documents.fonts import find_missing_characters  # noqa: PLC0415 - as above
    from .documents.typesetting import write_pdf  # noqa: PLC0415 - as above

    return Printed(write_pdf(paper), tuple(filter(None, [note_missing_characters(find_missing_characters(paper))])))


def note_missing_characters(missing: list[str]) -> str:
    """Return a note on characters that are boxes in a document; empty if there are none."""
    if not missing:
        return ""
    named = make_printable(" ".join(missing[:MAX_NAMED_CHARACTERS]))
    more = f" and {len(missing) - MAX_NAMED_CHARACTERS} more" if len(missing) > MAX_NAMED_CHARACTERS else ""
    return (
        f"These characters have no font on this machine, and are boxes in the PDF: {named}{more}. "
        "Fonts such as Noto have them; .html and .docx use those of their reader."
    )
