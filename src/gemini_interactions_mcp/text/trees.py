"""Markdown as a tree of plain data (`models.papers`), for documents that are not Markdown. Pure.

Nothing in a text becomes markup of the document: a writer gets text, flags, and addresses that are links of the web.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote

from gemini_interactions_mcp.models import Node

from .citations import BRACKETED_NUMBERS, is_linkable
from .hypertext import DEEP_LINE, FILE_SCHEME, PARSED_NESTING, is_file, is_followable

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

DEEPEST_NESTING: Final = 8
"""Quotations and lists within each other; what is deeper is written at this depth."""

MAX_COLUMNS: Final = 40
"""Columns of a table that is set as one; one with more is shown as its text."""

MAIL_ADDRESS: Final = re.compile(r"mailto:[^\s<>\"\\`@]{1,64}@[^\s<>\"\\`@]{1,255}", re.IGNORECASE)

UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML file can hold (w3.org/TR/xml, 2.2)."""

STYLE_FLAGS: Final = {"strong": "b", "em": "i", "s": "x"}

DIRECTION_CHARACTERS: Final = 500
"""Characters at the beginning of a paragraph that decide on its direction."""


def replace_unprintable(text: str) -> str:
    """Return a text that any document can hold."""
    return UNPRINTABLE.sub("\ufffd", text)


def is_printable_link(address: str) -> bool:
    """Whether an address may be the destination of a link in a document."""
    mail = address.isprintable() and MAIL_ADDRESS.fullmatch(address)
    return bool(mail) or is_linkable(address)


def read_right_to_left(text: str) -> bool:
    """Whether the first letter of a text belongs to a script that is written from right to left."""
    for character in text[:DIRECTION_CHARACTERS]:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def make_run(text: str, flags: str = "", address: str = "") -> Node:
    """Return a run of text."""
    run: Node = {"s": replace_unprintable(text)}
    if flags:
        run["f"] = flags
    if address:
        run["u"] = address
    return run


def make_text_block(kind: str, runs: Sequence[Node], **more: object) -> Node:
    """Return a block with runs."""
    block: Node = {"t": kind, "c": runs, **more}
    if read_right_to_left("".join(run["s"] for run in runs if "s" in run and "pic" not in run)[:DIRECTION_CHARACTERS]):
        block["r"] = 1
    return block


def make_heading(text: str, level: int = 2) -> Node:
    """Return a heading."""
    return make_text_block("h", [make_run(text)], n=level)


def parse_plain_text(text: str) -> list[Node]:
    """Return a text that is not Markdown as paragraphs with its own lines."""
    return [
        make_text_block("p", list(iter_lines(part.strip("\n"))))
        for part in re.split(r"\n[ \t\r]*\n", text.replace("\r\n", "\n"))
        if part.strip()
    ]


def iter_lines(text: str, flags: str = "", address: str = "") -> Iterator[Node]:
    """Yield the lines of a text as runs with breaks between them."""
    for number, line in enumerate(text.split("\n")):
        if number:
            yield {"br": 1}
        if line:
            yield make_run(line, flags, address)


def parse_markdown(text: str, numbers: Collection[int] = (), pictures: Collection[str] = ()) -> list[Node]:
    """Return Markdown as blocks.

    Args:
        text: Markdown.
        numbers: Numbers of the sources; numbers in brackets that are all among them are marks.
        pictures: Names of pictures; an image with another destination is a link, or text.
    """
    if DEEP_LINE.search(text):
        return parse_plain_text(text)
    builder = TreeBuilder(numbers, pictures)
    builder.read(load_parser().parse(text))
    return builder.blocks


@cache
def load_parser() -> "MarkdownIt":
    """Create the parser: CommonMark with GitHub's tables and strikethrough, without HTML."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - takes 30 ms, and `tools/list` does not need it

    found = MarkdownIt("commonmark", {"html": False, "maxNesting": PARSED_NESTING})
    # The parser leaves a link with another address as words.
    found.validateLink = is_followable
    return found.enable(["table", "strikethrough"])


class TreeBuilder:
    """Builds blocks from the parser's tokens.

    Args:
        numbers: As for `parse_markdown`.
        pictures: As for `parse_markdown`.

    Attributes:
        blocks: What was built.
    """

    def __init__(self, numbers: Collection[int], pictures: Collection[str]) -> None:
        self.blocks: list[Node] = []
        self._runs = RunReader(numbers, pictures)
        # Where blocks are added, and what closing each container does.
        self._open: list[list[Node]] = [self.blocks]
        self._lists: list[Node | None] = []
        self._table: Node = {}

    def read(self, tokens: Iterable["Token"]) -> None:
        """Read the tokens of a text."""
        last: Token | None = None
        for token in tokens:
            if token.type == "inline":
                self._add_inline(token, last)
            elif handle := HANDLERS.get(token.type):
                handle(self, token)
            last = token

    def add_rule(self, _: "Token") -> None:
        """Add a thematic break."""
        self._open[-1].append({"t": "hr"})

    def add_code(self, token: "Token") -> None:
        """Add a block of code."""
        self._open[-1].append({"t": "code", "s": replace_unprintable(token.content.rstrip("\n"))})

    def open_quote(self, _: "Token") -> None:
        """Begin a quotation."""
        self._enter({"t": "quote", "c": []})

    def close_container(self, _: "Token") -> None:
        """End a quotation or an item of a list."""
        self._open.pop()

    def open_list(self, token: "Token") -> None:
        """Begin a list."""
        first = int(token.attrs.get("start", 1)) if token.type.startswith("ordered") else None
        found: Node | None = {"t": "list", "n": first, "c": []} if len(self._open) <= DEEPEST_NESTING else None
        if found:
            self._open[-1].append(found)
        self._lists.append(found)

    def close_list(self, _: "Token") -> None:
        """End a list, which has the direction of its first paragraph."""
        found = self._lists.pop()
        if found and any("r" in block for item in found["c"][:1] for block in item[:1]):
            found["r"] = 1

    def open_item(self, _: "Token") -> None:
        """Begin an item of a list."""
        found = self._lists[-1]
        # What is too deep goes on where it is.
        blocks = self._open[-1]
        if found is not None:
            blocks = []
            found["c"].append(blocks)
        self._open.append(blocks)

    def open_table(self, _: "Token") -> None:
        """Begin a table."""
        self._table = {"t": "table", "a": [], "rows": []}

    def open_row(self, _: "Token") -> None:
        """Begin a row of a table."""
        self._table["rows"].append([])

    def open_cell(self, token: "Token") -> None:
        """Note how a column is aligned."""
        if token.type == "th_open":
            style = str(token.attrs.get("style", ""))
            self._table["a"].append(style.removeprefix("text-align:")[:1] or "l")

    def close_table(self, _: "Token") -> None:
        """Add the table that ends; one of too many columns as its rows."""
        rows = self._table["rows"]
        if len(self._table["a"]) <= MAX_COLUMNS:
            if "r" in make_text_block("p", join_cells(rows[0])):
                self._table["r"] = 1
            self._open[-1].append(self._table)
            return
        self._open[-1] += [make_text_block("p", join_cells(row)) for row in rows]

    def _enter(self, block: Node) -> None:
        """Begin a container; one that is too deep is left out, and its content is not."""
        if len(self._open) > DEEPEST_NESTING:
            self._open.append(self._open[-1])
            return
        self._open[-1].append(block)
        self._open.append(block["c"])

    def _add_inline(self, token: "Token", before: "Token | None") -> None:
        runs = self._runs.read(token)
        kind = before.type if before else ""
        if kind in ("th_open", "td_open"):
            self._table["rows"][-1].append(runs)
        elif before is not None and kind == "heading_open":
            self._open[-1].append(make_text_block("h", runs, n=int(before.tag[1])))
        elif runs:
            self._open[-1].append(make_text_block("p", runs))


def measure_node(node: Any) -> int:  # noqa: ANN401 - a node, or a list of nodes or texts
    """Return how many parts a node has that are laid out one by one: blocks, runs and lines."""
    parts, waiting = 0, [node]
    while waiting:
        each: Any = waiting.pop()
        if isinstance(each, list):
            waiting += cast("list[Any]", each)
        elif not isinstance(each, str):
            parts += 1 + each.get("s", "").count("\n")
            waiting += [each[name] for name in ("c", "rows") if name in each]
    return parts


def cut_blocks(blocks: Sequence[Node], most: int) -> list[Node]:
    """Return the first blocks, of at most so many parts; of a longer list, table or code its beginning."""
    found: list[Node] = []
    for block in blocks:
        size = measure_node(block)
        if size <= most:
            found.append(block)
            most -= size
            continue
        return [*found, *shorten_block(block, most)]
    return found


def shorten_block(block: Node, most: int) -> list[Node]:
    """Return the beginning of a block, of at most so many parts; nothing if it has no such beginning."""
    if block["t"] == "code":
        return [block | {"s": "\n".join(block["s"].split("\n", most)[:most])}] if most > 1 else []
    name = "rows" if "rows" in block else "c"
    kept: list[Any] = []
    for each in block[name]:
        if (most := most - measure_node(each)) < 1:
            break
        kept.append(each)
    return [block | {name: kept}] if kept else []


def join_cells(row: Iterable[Sequence[Node]]) -> list[Node]:
    """Return the runs of the cells of a row, with bars between them."""
    return [run for number, cell in enumerate(row) for run in ([make_run(" | ")] if number else []) + list(cell)]


HANDLERS: Final[dict[str, Callable[[TreeBuilder, "Token"], None]]] = {
    "hr": TreeBuilder.add_rule,
    "fence": TreeBuilder.add_code,
    "code_block": TreeBuilder.add_code,
    "blockquote_open": TreeBuilder.open_quote,
    "blockquote_close": TreeBuilder.close_container,
    "bullet_list_open": TreeBuilder.open_list,
    "ordered_list_open": TreeBuilder.open_list,
    "bullet_list_close": TreeBuilder.close_list,
    "ordered_list_close": TreeBuilder.close_list,
    "list_item_open": TreeBuilder.open_item,
    "list_item_close": TreeBuilder.close_container,
    "table_open": TreeBuilder.open_table,
    "tr_open": TreeBuilder.open_row,
    "th_open": TreeBuilder.open_cell,
    "table_close": TreeBuilder.close_table,
}
"""What a token of the parser does."""


class RunReader:
    """Reads the inline tokens of a block as runs.

    Args:
        numbers: As for `parse_markdown`.
        pictures: As for `parse_markdown`.
    """

    def __init__(self, numbers: Collection[int], pictures: Collection[str]) -> None:
        self._numbers = numbers
        self._pictures = pictures

    def read(self, block: "Token") -> list[Node]:
        """Return the runs of a block."""
        runs: list[Node] = []
        styles: list[str] = []
        links: list[str] = []
        for token in block.children or ():
            flags, address = "".join(sorted(set(styles))), next(filter(None, reversed(links)), "")
            name = token.type.removesuffix("_open").removesuffix("_close")
            if name in STYLE_FLAGS:
                styles = [*styles, STYLE_FLAGS[name]] if token.nesting > 0 else styles[:-1]
            elif name == "link":
                links = [*links, self._check(str(token.attrs["href"]))] if token.nesting > 0 else links[:-1]
            else:
                runs += self._read_leaf(token, flags, address)
        return runs

    def _check(self, address: str) -> str:
        return address if is_printable_link(address) else ""

    def _read_leaf(self, token: "Token", flags: str, address: str) -> Iterator[Node]:
        if token.type == "text":
            yield from self._split_marks(token.content, flags, address)
        elif token.type == "code_inline":
            yield make_run(token.content, f"{flags}c", address)
        elif token.type == "softbreak":
            yield make_run(" ", flags, address)
        elif token.type == "hardbreak":
            yield {"br": 1}
        elif token.type == "image":
            yield self._read_picture(token, flags, address)
        elif token.content:
            yield make_run(token.content, flags, address)

    def _read_picture(self, token: "Token", flags: str, address: str) -> Node:
        told = token.content or "picture"
        where = str(token.attrs["src"])
        name = unquote(where.removeprefix(FILE_SCHEME))
        if is_file(where) and name in self._pictures:
            return {"pic": name, "s": replace_unprintable(told)}
        return make_run(f"[{told}]", flags, address or self._check(where))

    def _split_marks(self, text: str, flags: str, address: str) -> Iterator[Node]:
        """Yield a text in runs, of which some are marks of sources."""
        start = 0
        for found in BRACKETED_NUMBERS.finditer(text) if self._numbers and not address else ():
            numbers = [int(each) for each in found[1].split(",")]
            if not all(number in self._numbers for number in numbers):
                continue
            # The blank before a mark goes with it.
            if before := text[start : found.start()].rstrip(" "):
                yield make_run(before, flags)
            yield {"m": numbers}
            start = found.end()
        if rest := text[start:]:
            yield make_run(rest, flags, address)
