"""The `.gitignore` rules that apply in a folder: its own, and those above it up to the repository's. Blocks.

Source: https://git-scm.com/docs/gitignore

pathspec translates each rule to a regular expression. Its `GitIgnoreSpec` is not used: it applies a rule for a folder
to all that is below, as is right for a list of files. Here a walk asks for each entry once its folder has been found
not to be ignored, so that nothing below an ignored folder comes back, and a rule counts only for the entry itself.

Rules are untrusted text: oversized files are not read, and rules that would take long to match are skipped.
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
MAX_GITIGNORE_BYTES: Final = 256 * 2**10
"""Maximum size in bytes of a `.gitignore` file that is read."""
MAX_IGNORE_RULES: Final = 2_000
"""Maximum number of rules of one file; those after them are not followed."""
MAX_RULE_CHARACTERS: Final = 1_000
"""Maximum length of one rule."""
NAMED_GROUP: Final = re.compile(r"\(\?P<\w+>")
RULE_SETS: Final = re.compile(r"\\.|\[[!^]?\]?(?:\[:[a-z]*:\]|[^\]])*\]")
"""An escape or a set of characters in a rule."""
POSIX_CLASS: Final = re.compile(r"\[:([a-z]*):\]")
POSIX_CLASSES: Final = {
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
"""The classes of POSIX as ranges, without the slash, which occurs in no name: wildmatch.c of git. pathspec 1.1 takes
them for sets of letters."""
REGEX_SETS: Final = re.compile(r"\\.|\[\^?\]?[^\]]*\]")
"""An escape or a set of characters in a regular expression of pathspec."""
SET_WARNINGS: Final = re.compile(r"(?<!^)[\[&~|]|(?<!^)-(?=-)")
"""Characters in a set of which Python warns: https://docs.python.org/3/library/re.html#regular-expression-syntax"""
STAR_RUN: Final = re.compile(r"\*+")
MAX_STARS: Final = 3
"""Maximum number of `*` in one part of a rule: a name made for it takes one second with four, 27 ms with three."""


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """One line of a `.gitignore` file.

    Attributes:
        expression: Matches the paths that the rule is about.
        of_folders: Whether the rule ends with a slash, and is about folders only.
        ignores: Whether the paths are ignored, or no longer ignored.
    """

    expression: re.Pattern[str]
    of_folders: bool
    ignores: bool

    def is_about(self, path: str, *, folder: bool) -> bool:
        """Whether the rule is about an entry itself, and not only about a folder above it.

        The one group in an expression of pathspec 1.x matches the slash behind a folder above the entry.
        """
        if self.of_folders and not folder:
            return False
        found = self.expression.search(path)
        return found is not None and found.lastindex is None


@dataclass(frozen=True, slots=True)
class IgnoreLevel:
    """The rules of one folder.

    Attributes:
        folder: The path of the folder, with slashes.
        rules: Later ones first.
        either: Matches whatever any of the rules matches: one search rules out most entries.
    """

    folder: str
    rules: tuple[IgnoreRule, ...]
    either: re.Pattern[str]

    @classmethod
    def of(cls, folder: Path, rules: Sequence[IgnoreRule]) -> "IgnoreLevel":
        """Build the level of a folder from its rules, in the order of the file."""
        expressions = (NAMED_GROUP.sub("(?:", rule.expression.pattern) for rule in rules)
        either = re.compile("|".join(f"(?:{expression})" for expression in expressions))
        return cls(folder.as_posix(), tuple(reversed(rules)), either)

    def find_verdict(self, path: str, *, folder: bool) -> bool | None:
        """Whether an entry is ignored; None if no rule is about it."""
        relative = path[len(self.folder) :].lstrip("/")
        if not self.either.search(relative):
            return None
        return next((rule.ignores for rule in self.rules if rule.is_about(relative, folder=folder)), None)


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """All rules that apply in a folder.

    Attributes:
        levels: Those of inner folders last.
    """

    levels: tuple[IgnoreLevel, ...] = ()

    @classmethod
    def read_above(cls, folder: Path, roots: Sequence[Path]) -> "IgnoreRules":
        """Read the rules above a folder that apply in it, up to its repository; none if the folder itself is ignored.

        Args:
            folder: Resolved.
            roots: Nothing above these is read.
        """
        rules = cls()
        for outer, inner in iter_descent(folder, roots):
            rules = rules.read_within(outer)
            if rules.is_ignored(inner.as_posix(), folder=True):
                return cls()
        return rules

    def read_within(self, folder: Path) -> "IgnoreRules":
        """Add the rules of the `.gitignore` file in a folder."""
        rules = list(parse_ignore_rules(read_rule_lines(folder)))
        return IgnoreRules((*self.levels, IgnoreLevel.of(folder, rules))) if rules else self

    def is_ignored(self, path: str, *, folder: bool) -> bool:
        """Whether an entry is ignored.

        Args:
            path: Absolute, with slashes.
            folder: Whether the entry is a folder.
        """
        verdicts = (each.find_verdict(path, folder=folder) for each in reversed(self.levels))
        return next((verdict for verdict in verdicts if verdict is not None), False)


def iter_descent(folder: Path, roots: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield each folder and the next on the way from the top of a folder's repository to the folder."""
    way = [folder, *(each for each in folder.parents if any(each.is_relative_to(root) for root in roots))]
    top = next((index for index, each in enumerate(way) if (each / ".git").exists()), 0)
    return ((way[index], way[index - 1]) for index in range(top, 0, -1))


def parse_ignore_rules(lines: Iterable[str]) -> Iterator[IgnoreRule]:
    """Parse lines into rules, and skip those that are none."""
    for line in lines:
        rule = line.rstrip()
        of_folders = rule.endswith("/")
        with suppress(ValueError, re.error):
            plain = replace_posix_classes(rule.rstrip("/") if of_folders else line)
            expression, ignores = GitIgnoreSpecPattern.pattern_to_regex(plain)
            if expression is not None and ignores is not None:
                yield IgnoreRule(re.compile(escape_set_warnings(expression)), of_folders, ignores)


def replace_posix_classes(rule: str) -> str:
    """Replace the classes of POSIX in a rule by ranges.

    Raises:
        ValueError: A class is unknown; git matches nothing with such a rule.
    """

    def ranges(found: re.Match[str]) -> str:
        if found[1] not in POSIX_CLASSES:
            raise ValueError(found[1])
        return POSIX_CLASSES[found[1]]

    return RULE_SETS.sub(lambda found: found[0] if found[0][0] == "\\" else POSIX_CLASS.sub(ranges, found[0]), rule)


def escape_set_warnings(expression: str) -> str:
    """Escape what Python warns of in the sets of an expression."""
    return REGEX_SETS.sub(
        lambda found: found[0] if found[0][0] == "\\" else SET_WARNINGS.sub(r"\\\g<0>", found[0]), expression
    )


def read_rule_lines(folder: Path) -> list[str]:
    """Read the lines of a `.gitignore` file that match in bounded time; none if a folder has no such file."""
    try:
        with folders.open_folder(folder) as opened, opened.read(GITIGNORE, check_gitignore) as stream:
            text = stream.read(MAX_GITIGNORE_BYTES).decode("utf-8-sig", errors="surrogateescape")
    except OSError:
        return []
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return list(islice(filter(is_quick_rule, lines), MAX_IGNORE_RULES))


def check_gitignore(status: os.stat_result) -> None:
    """Check that a file is regular and not oversized.

    Raises:
        OSError: It is not.
    """
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_GITIGNORE_BYTES:
        raise OSError(f"no {GITIGNORE}")


def is_quick_rule(line: str) -> bool:
    """Whether a rule matches in bounded time, whatever the path."""
    if len(line) > MAX_RULE_CHARACTERS or line.count("**") > MAX_STARS:
        return False
    return all(len(STAR_RUN.findall(part)) <= MAX_STARS for part in line.split("/"))
