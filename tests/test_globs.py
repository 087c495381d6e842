"""Path patterns."""

import pytest

from gemini_interactions_mcp.core.errors import FileRefusedError
from gemini_interactions_mcp.files import globs


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("**", "a", True),
        ("**", "a/b", True),
        ("**/b", "b", True),
        ("a/**", "b", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/x/y/c", False),
        ("*", "a/b", False),
        ("*/*", "a/b", True),
        ("a/**/**/./c", "a/b/c", True),
        ("**/x/**", "a/x/b", True),
        ("**/x/**", "a/x", False),
        ("[a-c].txt", "B.txt", False),
        ("/".join(["**", "a"] * 40), "/".join(["a"] * 39), False),
        ("/".join(["**", "a"] * 40), "/".join(["a"] * 400), True),
        ("/".join(["**", "a"] * 40 + ["b"]), "/".join(["a"] * 400), False),
        ("**/a/b/**/b/*", "a/b/a/c", False),
        ("**/a/b/**/b/*", "a/a/b/b/c", True),
        ("a/**/b/**/a/b", "a/b/a/b", True),
        ("a/**/b/**/a/b", "a/b/b", False),
        ("*a" * 40 + "*b", "a" * 255, False),
        ("*/" * 2_000 + "x", "a/x", False),
    ],
)
def test_a_path_matches_as_users_of_a_shell_expect(pattern: str, path: str, fits: bool) -> None:
    assert globs.path_matches(path.split("/"), globs.parse_glob(pattern)) == fits


@pytest.mark.parametrize(
    ("pattern", "folder", "leads"),
    [
        ("*.txt", "a", False),
        ("a/*.txt", "a", True),
        ("a/*.txt", "b", False),
        ("a/*.txt", "a/b", False),
        ("a/?/c/*", "a/b", True),
        ("a/?/c/*", "a/bb", False),
        ("a/**", "a", True),
        ("a/**", "a/b/c", True),
        ("a/**", "b", False),
        ("**/x/*", "a/b", True),
        ("a/*/**/b", "a", True),
        ("a/*/**/b", "b/a", False),
    ],
)
def test_only_folders_that_may_hold_matches_are_entered(pattern: str, folder: str, leads: bool) -> None:
    assert globs.can_hold_matches(folder.split("/"), globs.parse_glob(pattern)) == leads


@pytest.mark.parametrize(
    ("path", "divided"),
    [
        ("a/b.txt", ("a/b.txt", "")),
        ("*.txt", (".", "*.txt")),
        ("a/b/*.txt", ("a/b/", "*.txt")),
        ("a/{b/c,d}/e?.txt", ("a/", "{b/c,d}/e?.txt")),
        ("a/{b}/c.txt", ("a/{b}/c.txt", "")),
        ("{{name}}/c, d.txt", ("{{name}}/c, d.txt", "")),
        ("/*", ("/", "*")),
        ("{," * 4_000, ("{," * 4_000, "")),
    ],
)
def test_a_pattern_begins_in_the_folder_with_the_first_wildcard(path: str, divided: tuple[str, str]) -> None:
    assert globs.split_glob(path) == divided


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.{png,jpg}", {"*.png", "*.jpg"}),
        ("{a,b}/{c,d}", {"a/c", "a/d", "b/c", "b/d"}),
        ("x{,.bak}", {"x", "x.bak"}),
        ("{a,{b,c}d}", {"a", "bd", "cd"}),
        ("{docs/a,img/**/b}.md", {"docs/a.md", "img/**/b.md"}),
        ("{a}.{b,b}", {"{a}.b"}),
        ("*.md", {"*.md"}),
    ],
)
def test_braces_stand_for_either(pattern: str, found: set[str]) -> None:
    assert {"/".join(parts) for parts in globs.expand_braces(pattern)} == found


def test_braces_that_are_too_deep_to_be_parsed_are_refused() -> None:
    with pytest.raises(FileRefusedError, match="braces that are too many or too deep"):
        globs.expand_braces("{a," * 2_000 + "}" * 2_000 + "*")


@pytest.mark.parametrize("pattern", ["{a,b}" * 30, "{" + ",".join(map(str, range(100))) + "}"])
def test_too_many_alternatives_are_refused(pattern: str) -> None:
    with pytest.raises(FileRefusedError, match="more than 64 patterns"):
        globs.expand_braces(pattern)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Screenshot 2026-11-01 at 9.41.00\u202fAM.png", "screenshot 2026-11-01 at 9.41.00 am.PNG"),
        ("Re\u0301sume\u0301.pdf", "RÉSUMÉ.pdf"),
        ("Straße", "STRASSE"),
        ("\uff21\u3000\ufb01x", "a FIx"),
        ("İ", "i\u0307"),
    ],
)
def test_names_that_people_take_for_the_same_are_equal_when_folded(one: str, other: str) -> None:
    assert globs.fold_name(one) == globs.fold_name(other)
