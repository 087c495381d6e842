"""The room that a text takes in a result, in bytes as `cost` counts them. Pure."""

import bisect
from collections.abc import Iterable
from typing import Final

BETWEEN: Final = 4
"""Cost of the two newlines between paragraphs."""

WORTH: Final = 40
"""Least room for a paragraph; with less, it is left out rather than cut to a few words."""


def cost(text: str) -> int:
    """Return the bytes of a text in UTF-8, plus one for each character that JSON escapes: some hosts show JSON.

    Hidden characters may take more, so they must have been removed.
    """
    return len(text.encode(errors="replace")) + text.count("\n") + text.count('"') + text.count("\\") + text.count("\t")


def length_within(text: str, room: int) -> int:
    """Return the number of characters at the beginning of a text that cost at most `room`."""
    within = text[: max(0, room)]
    most = len(within)
    if (excess := cost(within) - room) <= 0:
        return most
    # A character costs one to four.
    least, most = max(0, most - excess), most - (excess + 3) // 4
    return least + bisect.bisect_right(range(least + 1, most + 1), room, key=lambda length: cost(within[:length]))


def clipped(text: str, room: int) -> str:
    """Return the text, cut with `…` if it costs more than `room`."""
    return text if cost(text) <= room else text[: length_within(text, room - cost("…"))] + "…"


def suffix_within(text: str, room: int) -> str:
    """Return the longest end of a text that costs at most `room`."""
    return text[len(text) - length_within(text[::-1], room) :]


def paragraphs_cost(paragraphs: Iterable[str]) -> int:
    """Return the cost of the paragraphs that are not empty, each with the blank line after it."""
    return sum(cost(each) + BETWEEN for each in paragraphs if each)


def fitted(paragraphs: Iterable[str], room: int) -> list[str]:
    """Return the paragraphs that fit into `room`, the last one possibly cut."""
    found: list[str] = []
    for each in filter(None, paragraphs):
        if room < WORTH:
            break
        found.append(clipped(each, room - BETWEEN))
        room -= paragraphs_cost(found[-1:])
    return found
