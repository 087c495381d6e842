"""How many pictures a prompt asks for, as far as English words and digits tell: the API takes no number. Pure."""

import re
from typing import Final

from gemini_interactions_mcp.core import format_count
from gemini_interactions_mcp.models import Record

NUMBER_WORDS: Final = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

PICTURE_NOUNS: Final = (
    "images",
    "pictures",
    "photos",
    "photographs",
    "drawings",
    "illustrations",
    "sketches",
    "variants",
    "variations",
    "versions",
)

ASKED_PICTURES: Final = re.compile(
    # Not pictures that are there already, and not the end of a ratio or of a decimal.
    r"(?<![\d:./])(?<!\bthe )(?<!\bthese )(?<!\bthose )(?<!\bmy )(?<!\bour )(?<!\bof )"
    rf"\b(\d{{1,2}}|{'|'.join(NUMBER_WORDS)})\s+(?:[\w-]+\s+){{0,2}}?(?:{'|'.join(PICTURE_NOUNS)})\b",
    re.IGNORECASE,
)

MAX_PROMPT_CHARACTERS: Final = 8_000
"""Characters of a prompt that are searched."""


def count_asked_pictures(prompt: str) -> int:
    """Return the greatest number of pictures that a prompt asks for; 1 if it names none."""
    found = [number.casefold() for number in ASKED_PICTURES.findall(prompt[:MAX_PROMPT_CHARACTERS])]
    return max((int(each) if each.isdecimal() else NUMBER_WORDS.index(each) + 2 for each in found), default=1)


def note_fewer_pictures(record: Record) -> str:
    """Return the note on an answer with fewer pictures than its prompt asks for; empty if there are enough."""
    if record.kind != "image" or record.status != "completed" or record.files_pending:
        return ""
    came = sum(file.mime_type.startswith("image/") for file in record.files)
    asked = count_asked_pictures(record.prompt)
    if not 0 < came < asked:
        return ""
    told = f"{format_count(came, 'picture')} came, and the prompt asks for {asked}"
    return f"{told}: Gemini decides how many one call makes."
