"""Patterns of paths, as shells have them: `*`, `?`, `[abc]`, `{a,b}`, and `**` for any number of folders. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

from gemini_interactions_mcp.core import FileRefusedError, shown

WILDCARD: Final = re.compile(r"[*?\[]")
BRACES: Final = re.compile(r"\{([^{}]*)\}")

MOST_ALTERNATIVES: Final = 64
"""Patterns that the braces of one source may stand for."""

Pattern = tuple[str, ...]
"""The parts of a path, with wildcards."""


def name_key(name: str) -> str:
    """A name as people take it for the same: of one Unicode form, width, kind of space, and case.

    Source: https://www.unicode.org/reports/tr15/ (NFKC), https://www.unicode.org/reports/tr44/#CaseFolding
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def divided(path: str) -> tuple[str, str]:
    """The folder that is looked in, and the pattern of what is below it; the latter is empty for a plain path."""
    first = magic(path)
    if first < 0:
        return path, ""
    start = path.rfind("/", 0, first) + 1
    return path[:start] or ".", path[start:]


def magic(path: str) -> int:
    """Where the first wildcard or alternative is; -1 when there is none."""
    wildcard = WILDCARD.search(path)
    brace = path.find("{")
    comma = path.find(",", brace)
    places = [wildcard.start()] if wildcard else []
    places += [brace] if 0 <= brace < comma < path.rfind("}") else []
    return min(places, default=-1)


def alternatives(pattern: str) -> tuple[Pattern, ...]:
    """The patterns that one with braces stands for.

    Raises:
        FileRefusedError: They are too many.
    """
    waiting, plain = {pattern: None}, dict[Pattern, None]()
    while waiting:
        text, _ = waiting.popitem()
        group = next((found for found in BRACES.finditer(text) if "," in found[1]), None)
        if group is None:
            plain[parts(text)] = None
            continue
        head, tail = text[: group.start()], text[group.end() :]
        waiting |= {f"{head}{choice}{tail}": None for choice in group[1].split(",")}
        if len(waiting) + len(plain) > MOST_ALTERNATIVES:
            raise FileRefusedError(f"{shown(pattern)} stands for more than {MOST_ALTERNATIVES} patterns.")
    return tuple(sorted(plain))


def parts(pattern: str) -> Pattern:
    """The parts of a pattern; what ends with `**` means every file below."""
    found = [part for part in pattern.split("/") if part not in ("", ".")]
    kept = [part for place, part in enumerate(found) if found[place - 1 : place] != [part] or part != "**"]
    return (*kept, "*") if kept[-1:] == ["**"] else tuple(kept)


def matches(path: Sequence[str], pattern: Pattern) -> bool:
    """Whether the parts of a path match those of a pattern."""
    *folders, name = pattern
    if not fnmatchcase(path[-1], name) or len(path) < len(pattern) - folders.count("**"):
        return False
    # What remains is the common case, or as few paths as have that name.
    if set(folders) == {"**"}:
        return True
    return len(pattern) in places_after(path, pattern)


def leads(folder: Sequence[str], pattern: Pattern) -> bool:
    """Whether something below a folder may match a pattern."""
    return any(place < len(pattern) for place in places_after(folder, pattern))


def places_after(path: Sequence[str], pattern: Pattern) -> set[int]:
    """Where in a pattern one is after a path."""
    places = after(pattern, [0])
    for part in path:
        places = after(pattern, [each for place in places for each in taken(pattern, place, part)])
    return places


def taken(pattern: Pattern, place: int, part: str) -> Iterator[int]:
    """Where in the pattern one can be after a part of the path."""
    if place < len(pattern) and pattern[place] == "**":
        yield place
    elif place < len(pattern) and fnmatchcase(part, pattern[place]):
        yield place + 1


def after(pattern: Pattern, places: Iterable[int]) -> set[int]:
    """The places, and those behind a `**`, which may stand for nothing."""
    places = set(places)
    return places | {place + 1 for place in places if pattern[place : place + 1] == ("**",)}
