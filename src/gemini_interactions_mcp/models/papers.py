"""A document to be printed, as a tree of plain data that every writer understands and JSON can hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Node = dict[str, Any]
"""A block or a run of text.

Blocks have a type, `t`: `h` heading (`n` level), `p` paragraph, `code` (`s` text), `quote` (`c` blocks), `list` (`n`
number of the first item, None without numbers; `c` items, lists of blocks), `table` (`a` alignments, `rows`, of which
the first is the head), `facts` (`rows`: label and runs), `sources` (`c`: `n` number, `c` runs), `hr`. Those with text
have runs, `c`, and `r` where they are written from right to left.

A run has either text, `s`, with flags, `f` (`b` bold, `i` italic, `x` struck through, `c` code), and possibly an
address, `u`; or it is a line break, `br`; or marks of sources, `m`, numbers; or a picture, `pic`, a key of
`Paper.pictures`, with the text that stands for it, `s`.
"""


@dataclass(frozen=True)
class PaperPicture:
    """A picture for a document.

    Attributes:
        content: A PNG or JPEG that Pillow has decoded.
        mime_type: Its type.
        width: Width in pixels.
        height: Height in pixels.
    """

    content: bytes
    mime_type: str
    width: int
    height: int


@dataclass(frozen=True)
class Paper:
    """A document to be printed.

    Attributes:
        title: Its title, on one line.
        blocks: What it consists of.
        pictures: Pictures that its runs name.
    """

    title: str
    blocks: Sequence[Node]
    pictures: Mapping[str, PaperPicture] = field(default_factory=dict[str, PaperPicture])
