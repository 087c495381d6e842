"""The fenced blocks, links and headings of a page of documentation."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token


class Block(NamedTuple):
    """A fenced block: ```sh is what a user types, ```text is output, and one with a title is a file's content."""

    heading: str  # of the first or second level, in which the block is
    language: str
    title: str  # `~/.cursor/mcp.json`; empty if the block has none
    text: str  # without the fence's indentation, ends with a newline


def list_blocks(path: Path) -> Iterator[Block]:
    """Every fenced block of a page, in their order."""
    heading = ""
    tokens = parse_page(path)
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and token.tag in {"h1", "h2"} and following:
            heading = read_plain_text(following)
        elif token.type == "fence":
            language, title = split_fence(token.info)
            yield Block(heading, language, title, token.content)


def split_fence(info: str) -> tuple[str, str]:
    """The language and the title of what follows the backticks: `json title="mcp.json"`."""
    language, _, rest = info.strip().partition(" ")
    _, _, title = rest.partition('title="')
    return language, title.partition('"')[0]


def parse_page(path: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))


def read_plain_text(inline: Token) -> str:
    """What a reader sees of a line: `Claude Code` of a link or code with this text."""
    return "".join(child.content for child in inline.children or () if child.type in {"text", "code_inline"})
