"""What git leaves out of a project: the `.gitignore` of a folder, and those above it up to the repository's. Blocks.

Each entry is asked for once its folder has been found not to be ignored, so that nothing below an ignored folder comes
back. The rules are text of others: large files of them are none, and lines that would take long to try are passed over.
Source: https://git-scm.com/docs/gitignore
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from gemini_interactions_mcp.core import folders

GITIGNORE: Final = ".gitignore"
GITIGNORE_BYTES: Final = 256 * 2**10
"""Of one such file."""
MOST_RULES: Final = 2_000
"""Of one such file; those after them are not followed."""
RULE_CHARACTERS: Final = 1_000
"""Of one rule."""
GROUP: Final = re.compile(r"\(\?P<\w+>")
BRACKETS: Final = re.compile(r"\\.|\[[!^]?\]?(?:\[:[a-z]*:\]|[^\]])*\]")
"""What an escape or a set of characters is in a rule."""
CLASS: Final = re.compile(r"\[:([a-z]*):\]")
CLASSES: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "cntrl": "\x01-\x1f\x7f",
    "digit": "0-9",
    "graph": "0-~!-.",
    "lower": "a-z",
    "print": " -.0-~",
    "punct": ":-@!-.[-`{-~",
    "space": " \t-\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
"""The classes of POSIX as ranges, without the slash, which is in no name: wildmatch.c of git."""
SETS: Final = re.compile(r"\\.|\[\^?\]?[^\]]*\]")
"""The same of an expression as pathspec writes it."""
DOUBTFUL: Final = re.compile(r"(?<!^)[\[&~|]|(?<!^)-(?=-)")
"""What Python warns of in a set: https://docs.python.org/3/library/re.html#regular-expression-syntax"""
STARS: Final = re.compile(r"\*+")
MOST_STARS: Final = 3
"""In one part of a rule: four take a second on a name that was made for it, three 27 ms."""


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """One line.

    Attributes:
        expression: What it fits, without the slash at its end.
        of_folders: Whether it had one, and fits folders only.
        ignores: Whether what it fits is ignored, or no more.
    """

    expression: re.Pattern[str]
    of_folders: bool
    ignores: bool

    def fits(self, path: str, *, folder: bool) -> bool:
        """Whether an entry itself, and not only a folder that it is in, is meant.

        The translation of pathspec 1.x has one group, for the slash behind a folder that an entry is in.
        """
        if self.of_folders and not folder:
            return False
        found = self.expression.search(path)
        return found is not None and found.lastindex is None


@dataclass(frozen=True, slots=True)
class Level:
    """The rules of one folder.

    Attributes:
        folder: Where they stand, with slashes.
        rules: The later ones come first.
        either: What any of them fits, which one search tells: most entries are of no concern to any.
    """

    folder: str
    rules: tuple[IgnoreRule, ...]
    either: re.Pattern[str]

    @classmethod
    def of(cls, folder: Path, rules: Sequence[IgnoreRule]) -> "Level":
        """Those of a folder, in their order."""
        expressions = (GROUP.sub("(?:", rule.expression.pattern) for rule in rules)
        either = re.compile("|".join(f"(?:{expression})" for expression in expressions))
        return cls(folder.as_posix(), tuple(reversed(rules)), either)

    def verdict(self, path: str, *, folder: bool) -> bool | None:
        """Whether an entry is ignored; None where nothing is said of it."""
        relative = path[len(self.folder) :].lstrip("/")
        if not self.either.search(relative):
            return None
        return next((rule.ignores for rule in self.rules if rule.fits(relative, folder=folder)), None)


@dataclass(frozen=True, slots=True)
class Rules:
    """All that apply in a folder; those of inner folders come last."""

    levels: tuple[Level, ...] = ()

    @classmethod
    def above(cls, folder: Path, roots: Sequence[Path]) -> "Rules":
        """Those of a folder's repository that apply in it, without its own; none where the folder is ignored itself.

        Args:
            folder: Resolved.
            roots: Nothing above these is looked at.
        """
        rules = cls()
        for outer, inner in descent(folder, roots):
            rules = rules.within(outer)
            if rules.ignore(inner.as_posix(), folder=True):
                return cls()
        return rules

    def within(self, folder: Path) -> "Rules":
        """Those that apply in a folder that has such a file."""
        rules = list(understood(lines_of(folder)))
        return Rules((*self.levels, Level.of(folder, rules))) if rules else self

    def ignore(self, path: str, *, folder: bool) -> bool:
        """Whether an entry is ignored.

        Args:
            path: Absolute, with slashes.
            folder: Whether it is one.
        """
        verdicts = (each.verdict(path, folder=folder) for each in reversed(self.levels))
        return next((verdict for verdict in verdicts if verdict is not None), False)


def descent(folder: Path, roots: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """The way from the top of a folder's repository to it: each folder, and the next."""
    way = [folder, *(each for each in folder.parents if any(each.is_relative_to(root) for root in roots))]
    top = next((index for index, each in enumerate(way) if (each / ".git").exists()), 0)
    return ((way[index], way[index - 1]) for index in range(top, 0, -1))


def understood(lines: Iterable[str]) -> Iterator[IgnoreRule]:
    """The rules among lines."""
    for line in lines:
        rule = line.rstrip()
        of_folders = rule.endswith("/")
        with suppress(ValueError, re.error):
            plain = without_classes(rule.rstrip("/") if of_folders else line)
            expression, ignores = GitIgnoreSpecPattern.pattern_to_regex(plain)
            if expression is not None and ignores is not None:
                yield IgnoreRule(re.compile(undoubted(expression)), of_folders, ignores)


def without_classes(rule: str) -> str:
    """A rule with ranges for the classes of POSIX in it, which pathspec does not know.

    Raises:
        ValueError: It has an unknown one; to git, such a rule fits nothing.
    """

    def ranges(found: re.Match[str]) -> str:
        if found[1] not in CLASSES:
            raise ValueError(found[1])
        return CLASSES[found[1]]

    return BRACKETS.sub(lambda found: found[0] if found[0][0] == "\\" else CLASS.sub(ranges, found[0]), rule)


def undoubted(expression: str) -> str:
    """An expression of which Python does not warn."""
    return SETS.sub(lambda found: found[0] if found[0][0] == "\\" else DOUBTFUL.sub(r"\\\g<0>", found[0]), expression)


def lines_of(folder: Path) -> list[str]:
    """The lines that may be rules and can be tried in bounded time; none where a folder has no such file."""
    try:
        with folders.opened(folder) as opened, opened.read(GITIGNORE, check_gitignore) as stream:
            text = stream.read(GITIGNORE_BYTES).decode("utf-8-sig", errors="surrogateescape")
    except OSError:
        return []
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return list(islice(filter(quick, lines), MOST_RULES))


def check_gitignore(status: os.stat_result) -> None:
    """Check that a file is regular and of a bounded size.

    Raises:
        OSError: It is not.
    """
    if not stat.S_ISREG(status.st_mode) or status.st_size > GITIGNORE_BYTES:
        raise OSError(f"no {GITIGNORE}")


def quick(line: str) -> bool:
    """Whether a rule can be tried in bounded time, whatever the path."""
    if len(line) > RULE_CHARACTERS or line.count("**") > MOST_STARS:
        return False
    return all(len(STARS.findall(part)) <= MOST_STARS for part in line.split("/"))
