"""PDF, laid out by Typst.

The document is handed over as a file of JSON beside a template that walks it, in a folder of its own: no text becomes
markup, and the compiler reads no other file and no package.
"""

import json
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gemini_interactions_mcp.core import ConfigurationError
from gemini_interactions_mcp.models import Paper

if TYPE_CHECKING:
    import typst

PICTURE_SUFFIXES: Final = {"image/png": "png", "image/jpeg": "jpg"}

LONGEST_WORD: Final = 60
"""Characters of a word that fit on a line; a longer one is broken."""


def write_pdf(paper: Paper) -> bytes:
    """Return a document as a PDF.

    Raises:
        ConfigurationError: The document cannot be laid out.
    """
    import typst  # noqa: PLC0415 - of the `export` extra

    with tempfile.TemporaryDirectory(prefix="gemini-export-", ignore_cleanup_errors=True) as folder:
        fill_folder(Path(folder), paper)
        compiler = typst.Compiler(Path(folder, "main.typ"), root=Path(folder), font_paths=find_fonts())
        try:
            found = compiler.compile(format="pdf", timestamp=0)
        except typst.TypstError as exc:
            raise ConfigurationError(f"The document cannot be laid out as PDF: {exc.message}.") from exc
    return bytes(found)  # pyright: ignore[reportArgumentType]


def fill_folder(folder: Path, paper: Paper) -> None:
    """Write the template, the document and its pictures into a folder."""
    template = resources.files("gemini_interactions_mcp.output.documents").joinpath("paper.typ").read_bytes()
    Path(folder, "main.typ").write_bytes(template)
    pictures: dict[str, Any] = {}
    for number, (name, each) in enumerate(paper.pictures.items(), 1):
        file = f"picture-{number}.{PICTURE_SUFFIXES[each.mime_type]}"
        Path(folder, file).write_bytes(each.content)
        pictures[name] = {"file": file, "width": each.width}
    told = {"title": paper.title, "blocks": paper.blocks, "pictures": pictures, "longest": LONGEST_WORD}
    with Path(folder, "paper.json").open("w", encoding="utf-8") as file:
        # In pieces: the encoder of a whole text stops all other threads.
        file.writelines(json.JSONEncoder(ensure_ascii=False).iterencode(told))


@cache
def find_fonts() -> "typst.Fonts":
    """Return the fonts of this machine and those of the library, as found at the first document."""
    import typst  # noqa: PLC0415 - of the `export` extra

    return typst.Fonts()
