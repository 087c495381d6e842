"""What this server's own texts say of its tools: only of those that the user offers. Pure.

Texts are written as if all tools were offered, and some stay in the journal, which servers with other tools read. So
each is adapted when it is shown: another tool stands in for one that is missing, or else the clause that names it is
left out. In such a text, a clause with a tool therefore ends a sentence, or stands between semicolons.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from gemini_interactions_mcp.models import Record

STAND_INS: Final[Mapping[str, str]] = {"check_research": "read_interaction", "generate_image": "gemini_continue"}
"""Tools that do the same for an interaction."""

SENTENCE_BREAK: Final = re.compile(r"(?<=[.!?])[ \t]+")
CLAUSE_BREAK: Final = "; "


class ToolGuide:
    """Adapts a text to the tools that are offered.

    Args:
        offered: Names of the tools that are offered.
        known: Names of all tools.
    """

    def __init__(self, offered: Collection[str] = (), known: Collection[str] = ()) -> None:
        missing = sorted(set(known) - set(offered))
        # Not the name of a file.
        self._missing = re.compile(rf"(?<![\w/\\.-])(?:{'|'.join(map(re.escape, missing))})(?![\w-]|\.\w)")
        self._stand_ins = {name: other for name, other in STAND_INS.items() if name in missing and other in offered}
        self._whole = not missing

    def __call__(self, text: str) -> str:
        """Return a text of this server's own without the clauses that name a missing tool; empty if nothing is left."""
        if self._whole or not self._missing.search(text):
            return text
        told = self._missing.sub(lambda name: self._stand_ins.get(name[0], name[0]), text)
        lines = [self._adapt_line(line) for line in told.split("\n")]
        return "\n".join(line for line in lines if line is not None)

    def adapt_error(self, text: str) -> str:
        """Return an error, which is never empty."""
        return self(text) or text

    def adapt_record(self, record: Record) -> Record:
        """Return a record whose error names no missing tool."""
        error = record.error and self.adapt_error(record.error)
        return record if error == record.error else record.model_copy(update={"error": error})

    def _adapt_line(self, line: str) -> str | None:
        if not self._missing.search(line):
            return line
        return " ".join(filter(None, map(self._adapt_sentence, SENTENCE_BREAK.split(line)))) or None

    def _adapt_sentence(self, sentence: str) -> str:
        kept = CLAUSE_BREAK.join(each for each in sentence.split(CLAUSE_BREAK) if not self._missing.search(each))
        return kept if not kept or kept[-1] in ".!?" or kept == sentence else f"{kept}."


EVERY_TOOL: Final = ToolGuide()
"""The guide of a server that offers all tools."""
