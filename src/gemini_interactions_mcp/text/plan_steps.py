"""The steps of a research plan, each in a line. Pure.

Google does not say how a plan is written. Its steps are the items of its outermost lists, or else its headings, or else
its paragraphs.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from .chapters import shorten_to_line

PLAN_CHARACTERS: Final = 2**16
"""Beginning of a plan that is searched for steps."""

MAX_STEPS: Final = 30

STEP_CHARACTERS: Final = 120
"""Maximum length of a step."""

LINE_CHARACTERS_READ: Final = 2_000
"""Beginning of a line that is read."""

LIST_ITEM: Final = re.compile(
    r" ?(?:\*\*|__)?(?:[-*+\u2022][ \t]|\(?\d{1,3}[.):][ \t]|\d{1,3}\u3001|Step \d{1,3}[.:])(?P<words>.*)"
)
"""An item of a list: `1. Find`, `(1) Find`, `**1. Find**`, `Step 1: Find`, `- Find`."""

FENCE_MARKS: Final = ("```", "~~~")


def list_plan_steps(plan: str, length: int = STEP_CHARACTERS) -> list[str]:
    """Return the steps of a plan, shortened to lines of at most `length` characters."""
    lines = [line[:LINE_CHARACTERS_READ] for line in drop_code(plan[:PLAN_CHARACTERS].splitlines())]
    headings = [line.strip().strip("#") for line in lines if line.lstrip().startswith("#")]
    paragraphs = [line for before, line in zip(["", *lines], lines, strict=False) if not before.strip()]
    items = [found["words"] for line in lines if (found := LIST_ITEM.match(line))]
    found = items or (headings if len(headings) > 1 else paragraphs)
    return list(filter(None, (shorten_step(each, length) for each in found)))[:MAX_STEPS]


def drop_code(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines outside fenced code."""
    fenced = False
    for line in lines:
        if line.lstrip().startswith(FENCE_MARKS):
            fenced = not fenced
        elif not fenced:
            yield line


def shorten_step(words: str, length: int) -> str:
    """Return a step in a line of at most `length` characters, without marks of headings, emphasis and code."""
    return shorten_to_line(re.sub(r"^#{1,6} +|\*\*|__|`", "", words.strip()).strip(), length)
