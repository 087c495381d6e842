"""Characters for which this machine has no font, found by the compiler that sets the text.

Each character is set on a page of its own, as a drawing. A character without a font is drawn as the box that stands for
a code point which no font has.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from gemini_interactions_mcp.models import Node, Paper

from .typesetting import find_fonts

PROBE: Final = b"""#set page(width: auto, height: auto, margin: 0pt)
#set text(font: "Libertinus Serif")
#json(bytes(sys.inputs.characters)).map(text).join(pagebreak())
"""

UNASSIGNED: Final = "\U0010ffff"
"""A code point that is no character, and that no font has."""

MAX_PROBED: Final = 2_000
"""Distinct characters that are tried; a long Chinese text has as many."""

GLYPH: Final = re.compile(r'<use xlink:href="#(g\w+)"')

EVERY_FONT: Final = re.compile("[\u0000-\u024f\u2010-\u2027\u2030-\u205e\u20ac]+")
"""Latin letters and punctuation, which the library's own font has."""


def find_missing_characters(paper: Paper) -> list[str]:
    """Return the characters of a document for which there is no font, in order."""
    wanted = collect_characters(iter_texts([{"s": paper.title}, *paper.blocks]))
    if not wanted:
        return []
    import typst  # noqa: PLC0415 - of the `export` extra

    told = json.dumps([UNASSIGNED, *wanted])
    compiler = typst.Compiler(PROBE, font_paths=find_fonts(), sys_inputs={"characters": told})
    pages = compiler.compile(format="svg")
    glyphs = [GLYPH.findall(page.decode()) for page in pages] if isinstance(pages, list) else []
    if len(glyphs) != len(wanted) + 1:
        return []
    box = glyphs[0][:1]
    return [each for each, drawn in zip(wanted, glyphs[1:], strict=True) if drawn[:1] == box]


def collect_characters(texts: Iterable[str]) -> Sequence[str]:
    """Return the distinct characters that a font may not have, without those that are only drawn with others."""
    found: dict[str, None] = {}
    for text in texts:
        if len(found) >= MAX_PROBED:
            break
        found |= dict.fromkeys(EVERY_FONT.sub("", text))
    shown = [each for each in found if unicodedata.category(each)[0] not in "MZC" or unicodedata.category(each) == "Co"]
    return shown[:MAX_PROBED]


def iter_texts(nodes: Iterable[Node]) -> Iterator[str]:
    """Yield the texts of blocks and runs."""
    waiting: list[Any] = [*nodes]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list | tuple):
            waiting += each
        elif not isinstance(each, str):
            yield each.get("s", "")
            waiting += [each[name] for name in ("c", "rows") if name in each]
