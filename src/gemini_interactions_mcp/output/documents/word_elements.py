"""Elements of WordprocessingML (ECMA-376, 17), whose properties have a fixed order."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

Element = Any
"""An element of lxml, with python-docx's attributes."""

NAMESPACE: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

ID_ATTRIBUTE: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

HYPERLINK_TYPE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"

PROPERTY_ORDER: Final = {
    name: place
    for place, name in enumerate(
        (
            *("pStyle", "numPr", "pBdr", "shd", "bidi", "spacing", "ind", "jc"),
            *("rFonts", "b", "i", "strike", "noProof", "color", "sz", "u", "vertAlign", "rtl"),
        )
    )
}
"""Properties of paragraphs and runs, in the order of the schema (17.3.1.26, 17.3.2.28)."""


@cache
def load_maker() -> Callable[..., Element]:
    """Return what creates an element of python-docx's classes."""
    from docx.oxml import parser  # noqa: PLC0415 - of the `export` extra

    made: Element = parser
    return made.OxmlElement


def name_attribute(name: str) -> str:
    """Return the full name of an attribute."""
    return f"{{{NAMESPACE}}}{name}"


def make_element(tag: str, **attributes: str) -> Element:
    """Return an element: `make_element("w:jc", val="left")`."""
    return load_maker()(tag, {name_attribute(name): value for name, value in attributes.items()})


def add_child(parent: Element, tag: str, **attributes: str) -> Element:
    """Append an element to another, and return it."""
    child = make_element(tag, **attributes)
    parent.append(child)
    return child


def add_property(properties: Element, tag: str, **attributes: str) -> Element:
    """Insert a property in the place that it has in the schema, and return it."""
    child = make_element(tag, **attributes)
    place = PROPERTY_ORDER[tag.removeprefix("w:")]
    later = (each for each in properties if PROPERTY_ORDER[each.tag.rpartition("}")[2]] > place)
    if (after := next(later, None)) is not None:
        after.addprevious(child)
    else:
        properties.append(child)
    return child


def add_text(run: Element, text: str) -> None:
    """Add a text to a run, with its blanks, lines and tabs."""
    for number, line in enumerate(text.split("\n")):
        if number:
            add_child(run, "w:br")
        for place, part in enumerate(line.split("\t")):
            if place:
                add_child(run, "w:tab")
            if part:
                element = add_child(run, "w:t")
                element.text = part
                element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
