"""Reads Markdown of any length in stretches of whole blocks, so that no step takes long. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from .markdown import EMPTY_LAYOUT, Fence, Layout, parse_layout

STRETCH_LENGTH: Final = 2**14
"""Characters that are collected before they are parsed, which takes 3 to 15 ms."""

BLOCK_BOUNDARY: Final = re.compile(r"\n[ \t]*\n(?=\S)")
"""A blank line before a line at the margin, where all blocks have ended except code and HTML."""


class Stretch(NamedTuple):
    """A part of a text that consists of whole blocks, unless a block is too long.

    Attributes:
        text: Text of the part.
        layout: Its code and headings.
        wanted: What it is parsed for; see `parse_layout`.
        fence: Fence that is open at its beginning.
        within_line: Whether it begins within a line.
    """

    text: str
    layout: Layout
    wanted: Callable[[str], bool]
    fence: Fence | None = None
    within_line: bool = False

    @property
    def last_fence(self) -> Fence | None:
        """Fence that is open at its end."""
        return self.layout.fence_at(len(self.text))

    def replace_text(self, text: str) -> "Stretch":
        """Return a stretch with another text in the same place."""
        layout = parse_layout(text, self.fence, within_line=self.within_line, wanted=self.wanted)
        return self._replace(text=text, layout=layout)

    def follow(self, text: str) -> "Stretch":
        """Return a stretch with the text that follows this one."""
        begun = self._replace(fence=self.last_fence, within_line=not self.text.endswith("\n"))
        return begun.replace_text(text)

    def cut(self) -> "Stretch":
        """Return its whole blocks, or the whole lines of a block that is too long."""
        end = find_block_boundary(self.text, self.layout)
        return self._replace(text=self.text[:end], layout=self.layout.before(end))


def find_block_boundary(text: str, layout: Layout) -> int:
    """Return the last offset at which all blocks of a text have ended, or that of its last line if there is none."""
    places = [found.end() for found in BLOCK_BOUNDARY.finditer(text, len(text) // 2)]
    # A parsed text is cut where it would be cut without parsing, if possible, so that its layout is cached once.
    if layout.starts and (not places or places[-1] not in layout.starts):
        places = [layout.starts[-1]]
    return (places[-1] if places else 0) or text.rfind("\n") + 1 or len(text)


def keep_stretch(stretch: Stretch) -> Stretch:
    """Return a stretch as it is."""
    return stretch


def read_stretches(
    pieces: Iterable[str], wanted: Callable[[str], bool], edit: Callable[[Stretch], Stretch] = keep_stretch
) -> Iterator[Stretch]:
    """Yield the stretches of a text.

    Args:
        pieces: The text in pieces of any length.
        wanted: What stretches are parsed for; see `parse_layout`.
        edit: Replaces each stretch; the next one is parsed as the continuation of the replacement.
    """
    stretch, rest = Stretch("\n", EMPTY_LAYOUT, wanted), ""
    for piece in pieces:
        rest += piece
        if len(rest) >= STRETCH_LENGTH:
            whole = stretch.follow(rest).cut()
            rest = rest[len(whole.text) :]
            stretch = edit(whole)
            yield stretch
    if rest:
        yield edit(stretch.follow(rest))
