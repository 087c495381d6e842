"""The steps of a research plan, each in a line. Pure.

Google does not say how a plan is written. Its steps are the items of its outermost lists, or else its headings, or else
its paragraphs.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from .chapters import shorten_to_line

PLAN_CHARACTERS: Final = 2**16
"""Beginning of a plan that is searched for steps."""

MAX_STEPS: Final = 30

STEP_CHARACTERS: Final = 120
"""Maximum length of a step."""

LIST_ITEM: Final = re.compile(r"^ ?(?:[-*+\u2022]|\(?\d{1,3}[.):])[ \t]+(?P<words>\S.*)", re.MULTILINE)
HEADING_LINE: Final = re.compile(r"^ {0,3}#{1,6}[ \t]+(?P<words>\S.*?)[ \t#]*$", re.MULTILINE)
PARAGRAPH: Final = re.compile(r"(?:\A|\n[ \t]*\n)\s*(?P<words>\S.*)")
STRONG_MARKS: Final = re.compile(r"\*\*|__|`")


def list_plan_steps(plan: str, length: int = STEP_CHARACTERS) -> list[str]:
    """Return the steps of a plan, shortened to lines of at most `length` characters."""
    plan = plan[:PLAN_CHARACTERS]
    for form in (LIST_ITEM, HEADING_LINE, PARAGRAPH):
        found = list(islice(find_steps(form, plan, length), MAX_STEPS))
        if len(found) > 1 or (found and form is PARAGRAPH):
            return found
    return []


def find_steps(form: re.Pattern[str], plan: str, length: int) -> Iterator[str]:
    """Yield the words of what has a form, each in a line."""
    for found in form.finditer(plan):
        if words := shorten_to_line(STRONG_MARKS.sub("", found["words"]).strip(), length):
            yield words
