"""The room that a text takes in a result, in bytes as `measure_cost` counts them. Pure."""

import bisect
from collections.abc import Iterable
from typing import Final

PARAGRAPH_GAP_BYTES: Final = 4
"""Cost of the two newlines between paragraphs."""

MIN_PARAGRAPH_BYTES: Final = 40
"""Least room for a paragraph; with less, it is left out rather than cut to a few words."""


def measure_cost(text: str) -> int:
    """Return the bytes of a text in UTF-8, plus one for each character that JSON escapes: some hosts show JSON.

    Hidden characters may take more, so they must have been removed.
    """
    return len(text.encode(errors="replace")) + text.count("\n") + text.count('"') + text.count("\\") + text.count("\t")


def fit_length(text: str, room: int) -> int:
    """Return the number of characters at the beginning of a text that cost at most `room`."""
    within = text[: max(0, room)]
    most = len(within)
    if (excess := measure_cost(within) - room) <= 0:
        return most
    # A character costs one to four.
    least, most = max(0, most - excess), most - (excess + 3) // 4
    return least + bisect.bisect_right(
        range(least + 1, most + 1), room, key=lambda length: measure_cost(within[:length])
    )


def clip_text(text: str, room: int) -> str:
    """Return the text, cut with `…` if it costs more than `room`."""
    return text if measure_cost(text) <= room else text[: fit_length(text, room - measure_cost("…"))] + "…"


def fit_suffix(text: str, room: int) -> str:
    """Return the longest end of a text that costs at most `room`."""
    return text[len(text) - fit_length(text[::-1], room) :]


def measure_paragraphs(paragraphs: Iterable[str]) -> int:
    """Return the cost of the paragraphs that are not empty, each with the blank line after it."""
    return sum(measure_cost(each) + PARAGRAPH_GAP_BYTES for each in paragraphs if each)


def fit_paragraphs(paragraphs: Iterable[str], room: int) -> list[str]:
    """Return the paragraphs that fit into `room`, the last one possibly cut."""
    found: list[str] = []
    for each in filter(None, paragraphs):
        if room < MIN_PARAGRAPH_BYTES:
            break
        found.append(clip_text(each, room - PARAGRAPH_GAP_BYTES))
        room -= measure_paragraphs(found[-1:])
    return found
