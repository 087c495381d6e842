"""Which files of a project git ignores."""

from pathlib import Path

import pytest

from gemini_interactions_mcp.files import ignoring
from gemini_interactions_mcp.files.ignoring import IgnoreRules

TREE = "a.log keep.log src/a.py src/a.log src/deep/b.py logs/x.log logs/keep.txt out/c.py sub/out/d.py A.LOG"


def given(place: Path, **files: str) -> None:
    """Write a tree, and the rules of each folder; `top` is the place itself."""
    for name in TREE.split():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name)
    for folder, rules in files.items():
        (place / folder.replace("top", ".") / ignoring.GITIGNORE).write_bytes(rules.encode("utf-8", "surrogateescape"))


def kept(top: Path, rules: IgnoreRules | None = None) -> set[str]:
    """Return the paths below the top that are not ignored."""
    return {path.relative_to(top).as_posix() for path in below(top, rules or IgnoreRules())}


def below(folder: Path, rules: IgnoreRules) -> set[Path]:
    rules = rules.read_within(folder)
    entries = [each for each in folder.iterdir() if not each.name.startswith(".")]
    entries = [each for each in entries if not rules.is_ignored(each.as_posix(), folder=each.is_dir())]
    return {path for each in entries for path in (below(each, rules) if each.is_dir() else {each})}


@pytest.mark.parametrize(
    ("files", "ignored"),
    [
        ({"top": "*.log\n"}, "a.log keep.log src/a.log logs/x.log"),
        ({"top": "*.log\n!keep.log\n"}, "a.log src/a.log logs/x.log"),
        ({"top": "out/\n"}, "out/c.py sub/out/d.py"),
        ({"top": "/out\r\n"}, "out/c.py"),
        ({"top": "\ufeff# words\n\n  \nlogs\n"}, "logs/x.log logs/keep.txt"),
        # Nothing below an ignored folder comes back, whatever the rules of inner folders say.
        ({"top": "logs/\n!logs/keep.txt\n", "logs": "!keep.txt\n"}, "logs/x.log logs/keep.txt"),
        ({"top": "logs/*\n!logs/keep.txt\n"}, "logs/x.log"),
        # The innermost rules win, below their own folder.
        ({"top": "*.log\n", "src": "!a.log\n/deep\n"}, "a.log keep.log src/deep/b.py logs/x.log"),
        # Everything but Python.
        ({"top": "*\n!*/\n!*.py\n"}, "a.log keep.log src/a.log logs/x.log logs/keep.txt A.LOG"),
        ({"top": "*.log\n!logs/\n"}, "a.log keep.log src/a.log logs/x.log"),
        ({"top": "**/deep/\nsub/**/d.py\n"}, "src/deep/b.py sub/out/d.py"),
        ({"top": "[z-a]\n!\n/\n\\\n[\nkeep.log   \n"}, "keep.log"),
        ({"top": "\udcff\n*.LOG\n"}, "A.LOG"),
    ],
)
def test_what_git_ignores_is_ignored(tmp_path: Path, files: dict[str, str], ignored: str) -> None:
    given(tmp_path, **files)
    assert set(TREE.split()) - kept(tmp_path) == set(ignored.split())


def test_the_rules_of_the_repository_hold_in_its_folders(tmp_path: Path) -> None:
    given(tmp_path, top="*.log\n/src/deep\nout/\n")
    (tmp_path / ".git").mkdir()
    src = (tmp_path / "src").resolve()
    assert kept(src, IgnoreRules.read_above(src, [tmp_path.resolve()])) == {"a.py"}
    # An ignored folder that is named itself is meant.
    out = (tmp_path / "sub" / "out").resolve()
    assert kept(out, IgnoreRules.read_above(out, [tmp_path.resolve()])) == {"d.py"}


def test_rules_above_the_allowed_directories_and_other_repositories_do_not_hold(tmp_path: Path) -> None:
    given(tmp_path, top="*.py\n")
    src = (tmp_path / "src").resolve()
    assert "a.py" in kept(src, IgnoreRules.read_above(src, [tmp_path.resolve()]))
    (tmp_path / ".git").mkdir()
    assert "a.py" in kept(src, IgnoreRules.read_above(src, [src]))
    (src / ".git").mkdir()
    assert "a.py" in kept(src, IgnoreRules.read_above(src, [tmp_path.resolve()]))


def test_what_is_no_plain_file_has_no_rules(tmp_path: Path) -> None:
    given(tmp_path)
    (tmp_path / "rules").write_text("*.log\n")
    (tmp_path / ignoring.GITIGNORE).symlink_to(tmp_path / "rules")
    (tmp_path / "src" / ignoring.GITIGNORE).mkdir()
    (tmp_path / "logs" / ignoring.GITIGNORE).write_bytes(b"x.log\n" + b"#" * ignoring.MAX_GITIGNORE_BYTES)
    assert kept(tmp_path) == {*TREE.split(), "rules"}


def test_rules_that_would_take_long_are_passed_over(tmp_path: Path) -> None:
    slow = ["*a" * 30 + "b", "**/a" * 30 + "/b", "x" * 2_000_00]
    given(tmp_path, top="\n".join([*slow, "*.log", *["z"] * ignoring.MAX_IGNORE_RULES, "*.py"]))
    (tmp_path / ("a" * 250)).touch()
    assert kept(tmp_path) == {"A.LOG", "src/a.py", "src/deep/b.py", "logs/keep.txt", "out/c.py", "sub/out/d.py"} | {
        "a" * 250
    }


NAMES = ("secret1.txt", "secretx.txt", "secret-.txt", "secret[.txt", "secret .txt", "secretA.txt", "end ", "a&b", "a~b")


@pytest.mark.parametrize(
    ("rules", "ignored"),
    [
        ("secret[[:digit:]].txt\n", "secret1.txt"),
        ("secret[![:digit:]].txt\n", "secretx.txt secret-.txt secret[.txt secret_.txt secretA.txt"),
        ("secret[^[:alnum:]].txt\n", "secret-.txt secret[.txt secret_.txt"),
        ("secret[[:punct:]].txt\n", "secret-.txt secret[.txt"),
        ("secret[[:upper:][:space:]].txt\n", "secret_.txt secretA.txt"),
        ("secret[x[:digit:]-].txt\n", "secret1.txt secretx.txt secret-.txt"),
        ("secret[[:graph:]].txt\n", "secret1.txt secretx.txt secret-.txt secret[.txt secretA.txt"),
        ("secret[[:nothing:]].txt\n", ""),
        ("secret[[].txt\n", "secret[.txt"),
        ("secret[a[-].txt\n", "secret-.txt secret[.txt"),
        ("a[&&~~||]b\n", "a&b a~b"),
        ("secret\\[[:digit:]\n", ""),
        ("end\\ \r\nsecret1.txt\r\n", "end_ secret1.txt"),
        ("end\\ \n", "end_"),
        ("end \r\n", ""),
    ],
)
def test_sets_of_characters_are_those_of_git(tmp_path: Path, rules: str, ignored: str) -> None:
    for name in NAMES:
        (tmp_path / name).touch()
    (tmp_path / ignoring.GITIGNORE).write_text(rules, newline="")
    assert {name.replace(" ", "_") for name in set(NAMES) - kept(tmp_path)} == set(ignored.split())
