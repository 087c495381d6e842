"""PDF, laid out by Typst.

The document is handed over as a file of JSON beside a template that walks it, in a folder of its own: no text becomes
markup, and the compiler reads no other file and no package.
"""

import json
import re
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from gemini_interactions_mcp.core import ConfigurationError
from gemini_interactions_mcp.models import Paper

if TYPE_CHECKING:
    import typst

PICTURE_SUFFIXES: Final = {"image/png": "png", "image/jpeg": "jpg"}

LONGEST_WORD: Final = 60
"""Characters of a word that fit on a line; a longer one is broken."""

OVERLONG_WORD: Final = re.compile("[!-~\u00a1-\u02ff\u0370-\u04ff]{1000,}")
"""A word, such as data in base64, that Typst takes minutes to break."""

OVERLONG_LINE: Final = LONGEST_WORD - 1
"""Characters of a line of such a word."""


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
    told = {
        "title": paper.title,
        "blocks": [*map(break_words, paper.blocks)],
        "pictures": pictures,
        "longest": LONGEST_WORD,
    }
    with Path(folder, "paper.json").open("w", encoding="utf-8") as file:
        # In pieces: the encoder of a whole text stops all other threads.
        file.writelines(json.JSONEncoder(ensure_ascii=False).iterencode(told))


def break_words(node: Any) -> Any:  # noqa: ANN401 - a node, or a list of nodes or texts
    """Return a node with its overlong words in lines."""
    if isinstance(node, list):
        return [break_words(each) for each in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    found = cast("dict[str, Any]", node)
    broken = {name: break_words(found[name]) for name in ("c", "rows") if name in found}
    if len(found.get("s", "")) >= OVERLONG_LINE:
        broken["s"] = OVERLONG_WORD.sub(break_word, found["s"])
    return found | broken


def break_word(found: re.Match[str]) -> str:
    """Return a word in lines."""
    word = found[0]
    return "\n".join(word[start : start + OVERLONG_LINE] for start in range(0, len(word), OVERLONG_LINE))


@cache
def find_fonts() -> "typst.Fonts":
    """Return the fonts of this machine and those of the library, as found at the first document."""
    import typst  # noqa: PLC0415 - of the `export` extra

    return typst.Fonts()
