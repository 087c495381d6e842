"""An answer's Markdown as HTML of known elements: no raw HTML, no scripts, no styles, nothing loaded. Pure.

markdown-it-py parses the text with its HTML rules off, so that tags in it are words. What is rendered has the elements
and attributes of `ELEMENTS` only. The library is imported when the first answer is rendered.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, unquote

from .citations import BRACKETED_NUMBERS, is_linkable

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

FILE_SCHEME: Final = "gemini-file:"
"""Scheme of the links to saved files in a text that is rendered; see `make_file_link`."""

ELEMENTS: Final = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), ("id",)),
    **dict.fromkeys(("p", "br", "hr", "em", "strong", "s", "pre", "blockquote", "ul", "li"), ()),
    **dict.fromkeys(("table", "thead", "tbody", "tr"), ()),
    **dict.fromkeys(("th", "td", "code"), ("class",)),
    "ol": ("start",),
    "a": ("href", "class"),
    "img": ("data-file", "alt"),
}
"""The elements of rendered text, and their attributes."""

PARSED_NESTING: Final = 200
"""Nesting that the parser reads; it drops what is deeper, by default already what is in eleven lists."""

DEEP_LINE: Final = re.compile(rf"^(?:[ \t]*(?:>|[-+*][ \t]|\d{{1,9}}[.)][ \t])){{{PARSED_NESTING // 4}}}", re.MULTILINE)
"""A line of so many containers that the parser may drop it; no text that is meant as Markdown has one."""

LANGUAGE_NAME: Final = re.compile(r"[A-Za-z0-9+#_.-]{1,30}")
ALIGNMENT: Final = re.compile(r"text-align:(center|right)")


class HypertextHeading(NamedTuple):
    """A heading of rendered text.

    Attributes:
        level: Level from 1 to 6.
        title: Its text without markup.
        anchor: Its `id`.
    """

    level: int
    title: str
    anchor: str


class Hypertext(NamedTuple):
    """Rendered text, and its headings in order."""

    html: str
    headings: tuple[HypertextHeading, ...]


def make_file_link(name: str) -> str:
    """Return the destination of a link to the saved file with a name, for Markdown that is rendered here."""
    return FILE_SCHEME + quote(name, safe="")


def render_hypertext(
    markdown: str, numbers: Collection[int] = (), files: Collection[str] = (), prefix: str = ""
) -> Hypertext:
    """Render Markdown as HTML.

    Args:
        markdown: The text.
        numbers: Numbers of sources: `[3]` becomes a link to `#source-3`.
        files: Names of saved files that may be shown as pictures, by the links of `make_file_link`.
        prefix: Precedes the numbers of headings in their ids, which are `s-1`, `s-2` without it.
    """
    if DEEP_LINE.search(markdown):
        return Hypertext(f"<pre><code>{escape(markdown)}\n</code></pre>\n", ())
    parser = build_html_parser()
    tokens = parser.parse(markdown)
    headings = tuple(name_headings(tokens, prefix))
    for token in tokens:
        restrict_block(token)
        if token.children:
            token.children = list(edit_inline(token.children, frozenset(numbers), frozenset(files)))
    return Hypertext(parser.renderer.render(tokens, parser.options, {}), headings)


@cache
def build_html_parser() -> "MarkdownIt":
    """Create the parser, for CommonMark without HTML, GitHub's tables and strikethrough."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - takes 30 ms, and `tools/list` does not need it

    found = MarkdownIt("commonmark", {"html": False, "maxNesting": PARSED_NESTING}).enable(["table", "strikethrough"])
    # The parser leaves a link with another address as words.
    found.validateLink = is_followable
    return found


def is_followable(url: str) -> bool:
    """Whether an address may be the destination of a link: of a web page, of mail, or of a saved file."""
    return url.lower().startswith("mailto:") or is_file(url) or is_linkable(url)


def name_headings(tokens: "Iterable[Token]", prefix: str) -> "Iterator[HypertextHeading]":
    """Give each heading outside quotations and lists an id with its number, and yield these headings."""
    number = 0
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0 and inline.content:
            number += 1
            opening.attrs["id"] = f"s-{prefix}{number}"
            title = " ".join(get_words(inline.children or ()).split())
            yield HypertextHeading(int(opening.tag[1:]), title, str(opening.attrs["id"]))


def get_words(tokens: "Iterable[Token]") -> str:
    """Return the text of inline tokens without markup."""
    return "".join(" " if token.type.endswith("break") else token.content for token in tokens)


def restrict_block(token: "Token") -> None:
    """Limit the attributes of a block: the language of code to a name, and a cell's alignment to a class."""
    if token.type == "fence":
        language = LANGUAGE_NAME.match(token.info.strip())
        token.info = language[0] if language else ""
    elif token.type in ("th_open", "td_open"):
        aligned = ALIGNMENT.match(str(token.attrs.get("style", "")))
        token.attrs = {"class": aligned[1]} if aligned else {}


def edit_inline(tokens: "Iterable[Token]", numbers: Collection[int], files: Collection[str]) -> "Iterator[Token]":
    """Yield inline tokens with links for marks of sources, saved pictures by name, and links for other pictures."""
    linked: Token | None = None
    for token in tokens:
        if token.type == "link_open":
            linked = token
            if is_file(str(token.attrs["href"])):
                continue
        elif token.type == "link_close":
            unfollowed, linked = linked, None
            if unfollowed is not None and is_file(str(unfollowed.attrs["href"])):
                continue
        yield from edit_inline_token(token, numbers, files, linked=linked is not None)


def edit_inline_token(
    token: "Token", numbers: Collection[int], files: Collection[str], *, linked: bool
) -> "Iterable[Token]":
    """Return what stands for an inline token; links are not nested."""
    if token.type == "image":
        return show_picture(token, files, linked=linked)
    if token.type == "text" and numbers and not linked:
        return link_marks(token.content, numbers)
    if token.type == "link_open":
        token.attrs = {"href": token.attrs["href"]}
    return [token]


def is_file(address: str) -> bool:
    """Whether an address is that of a saved file, which nothing can follow."""
    return address.startswith(FILE_SCHEME)


def show_picture(token: "Token", files: Collection[str], *, linked: bool) -> "list[Token]":
    """Return a saved picture by its name; any other as a link, since nothing is loaded from elsewhere."""
    address = str(token.attrs["src"])
    name = unquote(address.removeprefix(FILE_SCHEME)) if is_file(address) else None
    if name in files:
        token.attrs = {"data-file": str(name)}
        return [token]
    words = get_words(token.children or ()) or address
    return [make_text_token(words)] if linked or name is not None else make_link_tokens(address, words)


def link_marks(text: str, numbers: Collection[int]) -> "Iterator[Token]":
    """Yield a text with its marks of sources as links; `[1, 2]` becomes two."""
    place = 0
    for found in BRACKETED_NUMBERS.finditer(text):
        named = [int(each) for each in found[1].split(",")]
        if all(each in numbers for each in named):
            yield make_text_token(text[place : found.start()])
            for number in named:
                yield from make_link_tokens(f"#source-{number}", f"[{number}]", "mark")
            place = found.end()
    yield make_text_token(text[place:])


def make_text_token(text: str) -> "Token":
    """Return the token of a text."""
    from markdown_it.token import Token  # noqa: PLC0415 - as in `build_html_parser`

    return Token("text", "", 0, content=text)


def make_link_tokens(address: str, words: str, style: str = "") -> "list[Token]":
    """Return the tokens of a link, with a class where it has a style of its own."""
    from markdown_it.token import Token  # noqa: PLC0415 - as in `build_html_parser`

    attributes: dict[str, str | int | float] = {"href": address, **({"class": style} if style else {})}
    return [Token("link_open", "a", 1, attrs=attributes), make_text_token(words), Token("link_close", "a", -1)]
