"""Path patterns as shells have them: `*`, `?`, `[abc]`, `{a,b}`, and `**` for any number of folders. Pure.

bracex expands the braces, fnmatch matches the names. Only `**` and the choice of folders are done here, because the
libraries that match whole paths translate a pattern to one regular expression that backtracks while it holds the
interpreter's lock: wcmatch 10.2 takes 2.5 seconds to compare `*a*a*a*b` with a name of 255 letters, and a time
exponential in the number of `**` for a path; pathspec 1.1 translates alike. fnmatch does not backtrack across `*`.
"""

import re
import unicodedata
from collections.abc import Sequence
from fnmatch import translate
from functools import lru_cache
from typing import Final

from gemini_interactions_mcp.core import FileRefusedError, quote_name

GLOB_WILDCARD: Final = re.compile(r"[*?\[]")

MAX_ALTERNATIVES: Final = 64
"""Maximum number of patterns that the braces of one source may stand for."""

GlobPattern = tuple[str, ...]
"""The parts of a path, with wildcards."""


def fold_name(name: str) -> str:
    """Fold a name so that names that people take for the same are equal: by Unicode form, width, spaces and case.

    Source: https://www.unicode.org/reports/tr15/ (NFKC), https://www.unicode.org/reports/tr44/#CaseFolding
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def split_glob(path: str) -> tuple[str, str]:
    """Split a path into the folder to look in and the pattern below it; the pattern of a plain path is empty."""
    first = find_wildcard(path)
    if first < 0:
        return path, ""
    start = path.rfind("/", 0, first) + 1
    return path[:start] or ".", path[start:]


def find_wildcard(path: str) -> int:
    """Return the index of the first wildcard or alternative, or -1."""
    wildcard = GLOB_WILDCARD.search(path)
    brace = path.find("{")
    comma = path.find(",", brace)
    places = [wildcard.start()] if wildcard else []
    places += [brace] if 0 <= brace < comma < path.rfind("}") else []
    return min(places, default=-1)


def expand_braces(pattern: str) -> tuple[GlobPattern, ...]:
    """Expand the braces of a pattern.

    Raises:
        FileRefusedError: They stand for too many patterns, or are too many or too deep to be parsed.
    """
    from bracex import ExpansionLimitException, iexpand  # noqa: PLC0415 - only where there is a pattern

    try:
        return tuple(sorted(set(map(parse_glob, iexpand(pattern, keep_escapes=True, limit=MAX_ALTERNATIVES)))))
    except ExpansionLimitException:
        raise FileRefusedError(f"{quote_name(pattern)} stands for more than {MAX_ALTERNATIVES} patterns.") from None
    except RecursionError:
        raise FileRefusedError(f"{quote_name(pattern)} has braces that are too many or too deep.") from None


def parse_glob(pattern: str) -> GlobPattern:
    """Split a pattern into parts; a pattern that ends with `**` means every file below."""
    found = [part for part in pattern.split("/") if part not in ("", ".")]
    kept = [part for place, part in enumerate(found) if found[place - 1 : place] != [part] or part != "**"]
    return (*kept, "*") if kept[-1:] == ["**"] else tuple(kept)


def path_matches(path: Sequence[str], pattern: GlobPattern) -> bool:
    """Whether the parts of a path match those of a pattern."""
    if len(path) < len(pattern) - pattern.count("**"):
        return False
    head, *runs = split_at_globstars(pattern)
    if not runs:
        return len(path) == len(head) and names_match(path, head)
    *inner, tail = runs
    end = len(path) - len(tail)
    # The last name rules out most paths.
    return (
        names_match(path[end:], tail)
        and names_match(path[: len(head)], head)
        and contains_runs(path[len(head) : end], inner)
    )


def can_hold_matches(folder: Sequence[str], pattern: GlobPattern) -> bool:
    """Whether something below a folder may match a pattern: the folder matches its first parts, up to a `**`."""
    head, *runs = split_at_globstars(pattern)
    return (bool(runs) or len(folder) < len(head)) and names_match(folder[: len(head)], head)


@lru_cache(maxsize=1024)
def split_at_globstars(pattern: GlobPattern) -> tuple[GlobPattern, ...]:
    """Return the runs of names before, between and behind the `**` of a pattern."""
    globstars = [place for place, part in enumerate(pattern) if part == "**"]
    starts = [0, *(place + 1 for place in globstars)]
    return tuple(pattern[start:end] for start, end in zip(starts, [*globstars, len(pattern)], strict=True))


def contains_runs(path: Sequence[str], runs: Sequence[GlobPattern]) -> bool:
    """Whether a path has runs of names one behind the other, with anything between them.

    The first place of a run leaves the most room for those that follow, so that no other place need be tried.
    """
    start = 0
    for run in runs:
        places = range(start, len(path) - len(run) + 1)
        place = next((place for place in places if names_match(path[place : place + len(run)], run)), None)
        if place is None:
            return False
        start = place + len(run)
    return True


def names_match(names: Sequence[str], patterns: GlobPattern) -> bool:
    """Whether names match the patterns of the same places, as far as there are both."""
    return all(compile_name(pattern).match(name) for name, pattern in zip(names, patterns, strict=False))


@lru_cache(maxsize=4096)
def compile_name(pattern: str) -> re.Pattern[str]:
    """Compile the pattern of a name; fnmatch's own cache is smaller than the number of names in 64 alternatives."""
    return re.compile(translate(pattern))
