"""What this server's own sentences say of its tools: only of those that the user offers. Pure.

Sentences are written as if all tools were offered. Where one names a tool that is not, another tool stands in for it,
or else the whole sentence is left out: so each says all that it takes to follow it. Only fixed sentences are adapted,
before values are put into them, and the lines of skills. Errors, and what users, models and Google have written, never
are.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final, LiteralString

STAND_INS: Final[Mapping[str, str]] = {"check_research": "read_interaction", "generate_image": "gemini_continue"}
"""Tools that do the same for an interaction."""

SENTENCE_BREAK: Final = re.compile(r"(?<=[.!?]) ")


class ToolGuide:
    """Adapts fixed sentences to the tools that are offered.

    Args:
        offered: Names of the tools that are offered.
        known: Names of all tools.
    """

    def __init__(self, offered: Collection[str] = (), known: Collection[str] = ()) -> None:
        self.offered = tuple(offered)
        missing = sorted(set(known) - set(offered))
        self._missing = re.compile(rf"\b(?:{'|'.join(missing)})\b" if missing else r"(?!)")
        self._stand_ins = {name: other for name, other in STAND_INS.items() if name in missing and other in offered}

    def __call__(self, sentences: LiteralString, **values: str) -> str:
        """Return the sentences that name no missing tool, with values for their placeholders, as `str.format`."""
        kept = filter(None, map(self._adapt, SENTENCE_BREAK.split(sentences)))
        return " ".join(kept).format(**values)

    def drop_lines(self, document: str) -> str:
        """Return a document without the lines that name a missing tool; no other tool stands in for it."""
        return "\n".join(line for line in document.split("\n") if not self._missing.search(line))

    def _adapt(self, sentence: str) -> str:
        told = self._missing.sub(lambda name: self._stand_ins.get(name[0], name[0]), sentence)
        return "" if self._missing.search(told) else told


EVERY_TOOL: Final = ToolGuide()
"""The guide of a server that offers all tools."""
