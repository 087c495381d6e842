"""The fenced blocks, links, headings and commands of a page of documentation."""

import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

SEPARATORS: Final = {"&&", "||", ";", "|", "&", "(", ")"}
REDIRECTIONS: Final = {">", ">>", "<"}
ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)


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


def list_links(path: Path) -> Iterator[str]:
    """Where each link and each picture of a page leads."""
    for token in parse_page(path):
        for child in token.children or ():
            address = child.attrs.get("href") or child.attrs.get("src")
            if isinstance(address, str):
                yield address
            elif child.type == "html_inline":
                yield from re.findall(r'(?:href|src)="([^"]*)"', child.content)


def list_anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MkDocs make them."""
    tokens = parse_page(path)
    headings = [following for token, following in itertools.pairwise(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", read_plain_text(heading)).strip().lower().replace(" ", "-") for heading in headings}


def list_commands(text: str) -> Iterator[list[str]]:
    """The commands of a ```sh block as words, without variables set before them, redirections and comments."""
    for line in text.replace("\\\n", " ").splitlines():
        words: list[str] = []
        for word in [*shlex.shlex(line, posix=True, punctuation_chars=True), ";"]:
            if word in SEPARATORS:
                if words := drop_redirections(words):
                    yield words
                words = []
            elif words or not ASSIGNMENT.fullmatch(word):
                words.append(word)


def drop_redirections(words: list[str]) -> list[str]:
    """The words of a command without `> report.md`."""
    places = {place for place, word in enumerate(words) if word in REDIRECTIONS}
    return [word for place, word in enumerate(words) if not {place, place - 1} & places]


def list_inline_commands(path: Path, name: str) -> Iterator[list[str]]:
    """The commands of this name that stand as `code` in the text of a page."""
    for token in parse_page(path):
        for child in token.children or ():
            if child.type == "code_inline" and child.content.startswith(f"{name} "):
                yield from list_commands(child.content)
