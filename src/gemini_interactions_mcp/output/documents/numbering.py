"""Lists of a DOCX: each has a numbering of its own, so that each begins with its own number."""

from typing import Final

from .word_elements import Element, add_child, make_element

LEVELS: Final = 9
"""Levels of a list (ECMA-376, 17.9.6)."""

BULLETS: Final = "\u2022\u25e6\u25aa"

LEVEL_TWIPS: Final = 360

LIST_IDS: Final = 9_000
"""Ids of lists begin here, above those of python-docx's template."""


class ListNumbering:
    """The numbering part of a document.

    Args:
        numbering: Its element.
    """

    def __init__(self, numbering: Element) -> None:
        self._numbering = numbering
        self._next = LIST_IDS
        first = numbering.find(make_element("w:num").tag)
        for kind, ordered in ((LIST_IDS, False), (LIST_IDS + 1, True)):
            first.addprevious(make_levels(kind, ordered=ordered))

    def start_list(self, first: int | None, level: int) -> int:
        """Begin a list at a level, with the number of its first item or with bullets; return its id."""
        self._next += 1
        number = add_child(self._numbering, "w:num", numId=str(self._next))
        add_child(number, "w:abstractNumId", val=str(LIST_IDS if first is None else LIST_IDS + 1))
        if first is not None:
            changed = add_child(number, "w:lvlOverride", ilvl=str(min(level, LEVELS - 1)))
            add_child(changed, "w:startOverride", val=str(first))
        return self._next


def make_levels(number: int, *, ordered: bool) -> Element:
    """Return the definition of the levels of lists with bullets or with numbers."""
    found = make_element("w:abstractNum", abstractNumId=str(number))
    add_child(found, "w:multiLevelType", val="hybridMultilevel")
    for level in range(LEVELS):
        each = add_child(found, "w:lvl", ilvl=str(level))
        add_child(each, "w:start", val="1")
        add_child(each, "w:numFmt", val="decimal" if ordered else "bullet")
        add_child(each, "w:lvlText", val=f"%{level + 1}." if ordered else BULLETS[level % len(BULLETS)])
        add_child(each, "w:lvlJc", val="left")
        indent = str(LEVEL_TWIPS * (level + 1))
        add_child(add_child(each, "w:pPr"), "w:ind", left=indent, hanging=str(LEVEL_TWIPS))
    return found
