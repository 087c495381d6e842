"""DOCX, written by python-docx.

Texts become texts of elements, and addresses become relationships: nothing is parsed.
"""

import io
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from gemini_interactions_mcp.models import Node, Paper, PaperPicture

from .numbering import ListNumbering
from .word_elements import HYPERLINK_TYPE, ID_ATTRIBUTE, Element, add_child, add_property, add_text, make_element

if TYPE_CHECKING:
    from docx.document import Document

EMU_PER_PIXEL: Final = 6_350
"""Pictures are shown at 144 pixels to the inch, as in a PDF."""

MAX_WIDTH_EMU: Final = 5_486_400
"""Six inches, the width of the text on the page of python-docx's template."""

INDENT_TWIPS: Final = 360
"""Indentation of a quotation or of a level of a list."""

JUSTIFICATIONS: Final = {"l": "left", "c": "center", "r": "right"}

PICTURE_IDS: Final = 1_000_000
"""Ids of pictures begin here, above the numbers of sources."""

CODE_FONT: Final = "Consolas"

STYLE_TAGS: Final = {"b": "w:b", "i": "w:i", "x": "w:strike"}


class BlockPlace(NamedTuple):
    """Where a block is: within how many quotations and levels of lists, and in which list its first line is an item."""

    depth: int = 0
    quoted: bool = False
    item: tuple[int, int] | None = None


def write_docx(paper: Paper) -> bytes:
    """Return a document as a DOCX file."""
    import docx  # noqa: PLC0415 - of the `export` extra

    document = docx.Document()
    facts = document.core_properties
    facts.title, facts.author, facts.comments = paper.title[:255], "", ""
    facts.created = facts.modified = datetime.now(UTC)
    WordWriter(document, paper).write()
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


class WordWriter:
    """Writes the blocks of a paper into the body of a document.

    Args:
        document: An empty document.
        paper: What is written.
    """

    def __init__(self, document: "Document", paper: Paper) -> None:
        self._document = document
        self._paper = paper
        root: Element = document.element
        self._end: Element = root.body.sectPr
        self._lists = ListNumbering(document.part.numbering_part.element)
        self._targets: dict[str, str] = {}
        self._drawn = 0

    def write(self) -> None:
        """Write the title and all blocks."""
        paragraph = self._add_paragraph(BlockPlace(), "Title")
        self._add_runs(paragraph, [{"s": self._paper.title}])
        self._write_blocks(self._paper.blocks, BlockPlace())

    def _write_blocks(self, blocks: Iterable[Node], place: BlockPlace) -> None:
        for block in blocks:
            WRITERS[block["t"]](self, block, place)
            # Only the first block of an item has its number.
            place = place._replace(item=None)

    def write_paragraph(self, block: Node, place: BlockPlace) -> None:
        """Add a paragraph."""
        self._add_runs(self._add_paragraph(place, None, block), block["c"])

    def write_heading(self, block: Node, place: BlockPlace) -> None:
        """Add a heading."""
        self._add_runs(self._add_paragraph(place, f"Heading{block['n']}", block), block["c"])

    def write_code(self, block: Node, place: BlockPlace) -> None:
        """Add a block of code."""
        paragraph = self._add_paragraph(place)
        add_property(paragraph.pPr, "w:shd", val="clear", fill="F3F3F3")
        run = add_child(paragraph, "w:r")
        style_run(run, "c")
        add_text(run, block["s"])

    def write_rule(self, _: Node, place: BlockPlace) -> None:
        """Add a line."""
        paragraph = self._add_paragraph(place)
        borders = add_property(paragraph.pPr, "w:pBdr")
        add_child(borders, "w:bottom", val="single", sz="4", space="1", color="999999")

    def write_quote(self, block: Node, place: BlockPlace) -> None:
        """Add the blocks of a quotation."""
        self._write_blocks(block["c"], BlockPlace(place.depth + 1, True))

    def write_list(self, block: Node, place: BlockPlace) -> None:
        """Add the items of a list."""
        level = place.depth
        number = self._lists.start_list(block["n"], level)
        for item in block["c"]:
            inner = BlockPlace(level + 1, place.quoted, (number, min(level, 8)))
            self._write_blocks(item or [{"t": "p", "c": []}], inner)

    def write_facts(self, block: Node, place: BlockPlace) -> None:
        """Add a line for each fact."""
        for label, runs in block["rows"]:
            paragraph = self._add_paragraph(place)
            add_property(paragraph.pPr, "w:spacing", after="0")
            self._add_runs(paragraph, [{"s": f"{label}: ", "f": "b"}, *runs])

    def write_sources(self, block: Node, place: BlockPlace) -> None:
        """Add the sources, each with a name that its marks lead to."""
        for each in block["c"]:
            paragraph = self._add_paragraph(place)
            add_property(paragraph.pPr, "w:ind", left="500", hanging="500")
            add_child(paragraph, "w:bookmarkStart", id=str(each["n"]), name=f"source_{each['n']}")
            add_child(paragraph, "w:bookmarkEnd", id=str(each["n"]))
            self._add_runs(paragraph, [{"s": f"{each['n']}.\t"}, *each["c"]])

    def write_table(self, block: Node, place: BlockPlace) -> None:
        """Add a table; its first row is repeated on each page."""
        table = make_element("w:tbl")
        self._end.addprevious(table)
        properties = add_child(table, "w:tblPr")
        add_child(properties, "w:tblStyle", val="TableGrid")
        if "r" in block:
            add_child(properties, "w:bidiVisual")
        add_child(properties, "w:tblW", w="0", type="auto")
        grid = add_child(table, "w:tblGrid")
        for _ in block["a"]:
            add_child(grid, "w:gridCol", w=str(8640 // len(block["a"])))
        for number, row in enumerate(block["rows"]):
            self._write_row(add_child(table, "w:tr"), row, block["a"], head=number == 0)
        # Word joins tables that nothing is between, and wants a paragraph at the end.
        self._add_paragraph(place._replace(item=None))

    def _write_row(self, line: Element, row: Sequence[Sequence[Node]], sides: Sequence[str], *, head: bool) -> None:
        if head:
            add_child(add_child(line, "w:trPr"), "w:tblHeader")
        for cell, alignment in zip(row, sides, strict=True):
            box = add_child(line, "w:tc")
            properties = add_child(box, "w:tcPr")
            add_child(properties, "w:tcW", w=str(8640 // len(sides)), type="dxa")
            paragraph = add_child(box, "w:p")
            layout = add_child(paragraph, "w:pPr")
            add_property(layout, "w:spacing", after="0")
            add_property(layout, "w:jc", val=JUSTIFICATIONS[alignment])
            self._add_runs(paragraph, [{**run, "f": run.get("f", "") + "b"} for run in cell] if head else cell)

    def _add_paragraph(self, place: BlockPlace, style: str | None = None, block: Node | None = None) -> Element:
        """Add an empty paragraph; its properties are in the order of the schema."""
        paragraph = make_element("w:p")
        self._end.addprevious(paragraph)
        layout = add_child(paragraph, "w:pPr")
        if style:
            add_property(layout, "w:pStyle", val=style)
        if place.item:
            numbered = add_property(layout, "w:numPr")
            add_child(numbered, "w:ilvl", val=str(place.item[1]))
            add_child(numbered, "w:numId", val=str(place.item[0]))
        if place.quoted:
            borders = add_property(layout, "w:pBdr")
            add_child(borders, "w:left", val="single", sz="12", space="8", color="BBBBBB")
        if block and "r" in block:
            add_property(layout, "w:bidi")
        if place.item:
            add_property(layout, "w:spacing", after="60")
        elif place.depth:
            add_property(layout, "w:ind", left=str(INDENT_TWIPS * place.depth))
        return paragraph

    def _add_runs(self, paragraph: Element, runs: Iterable[Node]) -> None:
        for each in runs:
            if "m" in each:
                self._add_marks(paragraph, each["m"])
            elif "pic" in each:
                self._add_picture(paragraph, each, self._paper.pictures[each["pic"]])
            elif "br" in each:
                add_child(add_child(paragraph, "w:r"), "w:br")
            else:
                self._add_words(paragraph, each)

    def _add_words(self, paragraph: Element, each: Node) -> None:
        parent = paragraph
        if "u" in each:
            parent = add_child(paragraph, "w:hyperlink")
            parent.set(ID_ATTRIBUTE, self._relate(each["u"]))
        run = add_child(parent, "w:r")
        style_run(run, each.get("f", "") + ("u" if "u" in each else ""), each["s"])
        add_text(run, each["s"])

    def _add_marks(self, paragraph: Element, numbers: Iterable[int]) -> None:
        for number in numbers:
            link = add_child(paragraph, "w:hyperlink", anchor=f"source_{number}")
            run = add_child(link, "w:r")
            add_child(add_child(run, "w:rPr"), "w:vertAlign", val="superscript")
            add_text(run, f"[{number}]")

    def _add_picture(self, paragraph: Element, run: Node, picture: PaperPicture) -> None:
        width = min(picture.width * EMU_PER_PIXEL, MAX_WIDTH_EMU)
        from docx.oxml.shape import CT_Inline  # noqa: PLC0415 - of the `export` extra

        # `new_pic_inline` searches the whole document for a free id each time.
        self._drawn += 1
        target, image = self._document.part.get_or_add_image(io.BytesIO(picture.content))
        sides = image.scaled_dimensions(width, None)
        inline: Element = CT_Inline.new_pic_inline(PICTURE_IDS + self._drawn, target, f"picture-{self._drawn}", *sides)
        inline.docPr.set("descr", run["s"])
        add_child(add_child(paragraph, "w:r"), "w:drawing").append(inline)

    def _relate(self, address: str) -> str:
        """Return the id of the relationship to an address."""
        if address not in self._targets:
            # `relate_to` searches all of them each time.
            self._targets[address] = f"link{len(self._targets) + 1}"
            self._document.part.rels.add_relationship(HYPERLINK_TYPE, address, self._targets[address], is_external=True)
        return self._targets[address]


WRITERS: Final[dict[str, Callable[[WordWriter, Node, BlockPlace], None]]] = {
    "p": WordWriter.write_paragraph,
    "h": WordWriter.write_heading,
    "code": WordWriter.write_code,
    "hr": WordWriter.write_rule,
    "quote": WordWriter.write_quote,
    "list": WordWriter.write_list,
    "facts": WordWriter.write_facts,
    "sources": WordWriter.write_sources,
    "table": WordWriter.write_table,
}
"""What writes a block of each type."""


def style_run(run: Element, flags: str, text: str = "") -> None:
    """Give a run the style of its flags, of which `u` is a link, and the direction of its text."""
    rightward = any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)
    if not flags and not rightward:
        return
    style = add_child(run, "w:rPr")
    for flag, tag in STYLE_TAGS.items():
        if flag in flags:
            add_property(style, tag)
    if "c" in flags:
        add_property(style, "w:rFonts", ascii=CODE_FONT, hAnsi=CODE_FONT, cs=CODE_FONT)
        add_property(style, "w:noProof")
        add_property(style, "w:sz", val="18")
    if "u" in flags:
        add_property(style, "w:color", val="1A4F9C")
        add_property(style, "w:u", val="single")
    if rightward:
        add_property(style, "w:rtl")
