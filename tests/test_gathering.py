"""Which files of a folder or glob are given, in which order, and how the rest is reported."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import filing
from filing import POSIX, GivenFiles, Make, blocks_of, image, link
from gemini_interactions_mcp.core.errors import FileRefusedError
from gemini_interactions_mcp.files import call_limits, content, gathering, globs

home, make, recorder, subject, tasks = filing.home, filing.make, filing.recorder, filing.subject, filing.tasks

PICKING = call_limits.CallLimits


def filled(folder: Path, *names: str, text: str = "x") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


async def given(subject: GivenFiles, *sources: str) -> tuple[list[str], tuple[str, ...]]:
    """Return the names of the texts that are given, and the notes."""
    contents = await subject.contents(sources)
    texts = [str(block["text"]) for block in contents.labelled if "text" in block]
    return [text.partition(":")[0].removeprefix("File ") for text in texts], contents.notes


@pytest.mark.parametrize("source", [".", "./", "file:.", "file:./", "././", "*", "**", "./**", "@.", '"./"', "sub/.."])
async def test_the_working_directory_is_a_folder_like_any_other(subject: GivenFiles, home: Path, source: str) -> None:
    filled(home, "a.txt")
    (home / "sub").mkdir()
    assert await given(subject, source) == (["a.txt" if source != "sub/.." else "home/a.txt"], ())


@pytest.mark.parametrize("source", ["~", "~/", "file:{home}", "file://{home}", "{home}/", "{home}/sub/../."])
async def test_a_folder_that_is_named_is_in_the_names_of_its_files(
    subject: GivenFiles, home: Path, source: str
) -> None:
    filled(home, "a.txt", "sub/b.txt")
    assert await given(subject, source.format(home=home)) == (["home/a.txt", "home/sub/b.txt"], ())


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "is empty or has a NUL"),
        ("file:", "is empty or has a NUL"),
        ("file://", "is empty or has a NUL"),
        (" ", "does not exist"),
        ("/", "outside the allowed"),
        ("file:///", "outside the allowed"),
        ("..", "outside the allowed"),
        ("~/..", "outside the allowed"),
        ("{a,b}/../../outside/*", "outside the allowed"),
        ("{a,b}/../docs/*", "behind a wildcard"),
    ],
)
async def test_what_names_nothing_that_may_be_read_is_refused(subject: GivenFiles, source: str, says: str) -> None:
    with pytest.raises(FileRefusedError, match=says):
        await subject.contents([source])


async def test_the_root_of_the_disk_can_be_named_where_it_is_allowed(make: Make, home: Path) -> None:
    filled(home, "only-here-7c41e0.txt")
    pattern = "/" + "/".join(home.parts[1:-1]).replace("t", "?", 1) + "/home/*.txt"
    names, _ = await given(make(allowed_dirs=(Path("/"),)), pattern)
    assert [name.rpartition("/")[2] for name in names] == ["only-here-7c41e0.txt"]


async def test_a_project_is_given_without_what_others_have_put_there(subject: GivenFiles, home: Path) -> None:
    filled(home / "app", "main.py", "src/a.py", "src/b.log", "dist/x.js", "web/node_modules/b/c.js", "logs/1.txt")
    filled(home / "app", *(f"node_modules/dep{n}/index.js" for n in range(12)), "node_modules/x.js", "tmp/a/b.txt")
    filled(home / "app", ".venv/lib/a.py", ".tox/x", "vendor/v.go", "src/__pycache__/a.pyc", "target/t", "build/b.c")
    filled(home / "app", ".gitignore", text="*.log\n/logs/\ntmp\n")
    filled(home / "app", "web/.gitignore", text="secret*\n")
    filled(home / "app", "web/secret.txt", "web/page.html")
    names, (note,) = await given(subject, "app")
    assert names == ["app/main.py", "app/src/a.py", "app/web/page.html"]
    assert note == (
        "Left out of app: 4 hidden (3 at its top, 1 in web); "
        "19 of dependencies and builds (13 in node_modules, 1 in build, 1 in dist ...); "
        "4 ignored by .gitignore (1 in logs, 1 in src, 1 in tmp ...)."
    )


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("app/node_modules", ["node_modules/x.js"]),
        ("app/**/node_modules/*.js", ["app/node_modules/x.js"]),
        ("app/dist/*", ["dist/y.js"]),
        ("app/node_modules/x.js", ["x.js"]),
        ("app/logs", ["logs/a.log"]),
        ("app/logs/a.log", ["a.log"]),
        ("app/*.js", ["app/z.js"]),
    ],
)
async def test_what_is_named_itself_is_given(subject: GivenFiles, home: Path, source: str, names: list[str]) -> None:
    filled(home / "app", "node_modules/x.js", "dist/y.js", "z.js", "logs/a.log", ".git/config")
    filled(home / "app", ".gitignore", text="logs/\ndist\n")
    assert (await given(subject, source))[0] == names


async def test_only_what_would_have_fitted_is_told(subject: GivenFiles, home: Path) -> None:
    filled(home, "a.md", "b.txt", "node_modules/x/README.md", "node_modules/x/index.js", "c.log", ".hidden.js")
    filled(home, ".gitignore", text="*.log\n")
    assert await given(subject, "**/*.md") == (
        ["a.md"],
        ("Left out of **/*.md: 1 of dependencies and builds (1 in node_modules).",),
    )
    assert await given(subject, "**/*.txt") == (["b.txt"], ())
    with pytest.raises(
        FileRefusedError, match=r"matches none\. Left out of \*\.log: 1 ignored by .gitignore \(c\.log\)"
    ):
        await subject.contents(["*.log"])


async def test_folders_that_are_passed_over_are_counted_up_to_a_limit(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MAX_COUNTED_ENTRIES", 5)
    filled(home / "app", "a.txt", *(f"node_modules/{n}.js" for n in range(9)), "vendor/x.c")
    _, (note,) = await given(subject, "app")
    assert note == "Left out of app: over 5 of dependencies and builds (over 5 in node_modules)."


@pytest.mark.slow
async def test_what_is_left_out_is_said_by_folder(subject: GivenFiles, home: Path) -> None:
    filled(home, *(f"all/docs/{n:03}.txt" for n in range(60)), *(f"all/old/deep/{n % 2}/{n:03}.txt" for n in range(71)))
    _, (note,) = await given(subject, "all")
    assert note == (
        "Left out of all: 31 over the limit of 100 files "
        "(all/old/deep/1/009.txt, all/old/deep/1/011.txt, all/old/deep/1/013.txt ...)."
    )
    filled(home, *(f"all/more/{n}.txt" for n in range(5)))
    _, (note,) = await given(subject, "all")
    assert note == "Left out of all: 36 over the limit of 100 files (35 in all/old/deep/1, 1 in all/old/deep/0)."


async def test_a_pattern_may_be_longer_than_a_path(subject: GivenFiles, home: Path) -> None:
    filled(home, "docs/a.txt", "docs/b.csv")
    assert await given(subject, f"docs/{'*' * 5000}.txt") == (["docs/a.txt"], ())


async def test_folders_that_cannot_be_read_are_named(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home, "docs/a.txt", "docs/locked/b.txt", "docs/gone/c.txt")
    scandir = os.scandir

    def locked(path: Any) -> Any:
        if Path(path).name in ("locked", "gone"):
            raise PermissionError(13, "no")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    assert await given(subject, "docs") == (
        ["docs/a.txt"],
        ("Left out of docs: 2 that cannot be read (gone/, locked/).",),
    )


async def test_a_link_to_a_folder_is_told_and_not_followed(subject: GivenFiles, home: Path) -> None:
    filled(home, "docs/a.txt", "other/b.txt")
    link(home / "docs" / "way", home / "other")
    assert await given(subject, "docs") == (["docs/a.txt"], ("Left out of docs: 1 linked to a folder (docs/way).",))


@POSIX
async def test_nothing_tells_whether_a_link_of_a_folder_leads_to_something(subject: GivenFiles, home: Path) -> None:
    filled(home, "docs/a.txt")
    for name in ("there", "missing"):
        (home / "docs" / name).symlink_to(home.parent / "outside" / ("secret.txt" if name == "there" else "no.txt"))
    _, (note,) = await given(subject, "docs")
    assert note == "Left out of docs: 2 outside the allowed directories (docs/missing, docs/there)."


async def test_shallow_and_small_files_come_before_the_limits(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "CallLimits", partial(call_limits.CallLimits, files=3))
    filled(home, "all/aa/aa/deep.txt", "all/aa/small.txt", "all/zz.txt")
    filled(home, "all/aa/large.txt", text="x" * 99)
    filled(home, "all/aa.txt", text="x" * 999)
    names, (note,) = await given(subject, "all")
    assert names == ["all/aa/small.txt", "all/aa.txt", "all/zz.txt"]
    assert note == "Left out of all: 2 over the limit of 100 files (all/aa/aa/deep.txt, all/aa/large.txt)."


async def test_upper_folders_are_looked_at_before_deep_ones(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "CallLimits", partial(call_limits.CallLimits, entries=6))
    filled(home, *(f"all/a/b/c/d/e/f/{n}.txt" for n in range(9)), "all/z/y.txt", "all/x.txt")
    names, (note,) = await given(subject, "all")
    assert names == ["all/x.txt", "all/z/y.txt"]
    assert note == "Left out of all: whatever comes after its first 6 entries."


@pytest.mark.parametrize(
    ("source", "given_of_it"), [("all", ["all/a.txt", "all/b.txt"]), ("all/?.txt", ["all/a.txt", "all/b.txt"])]
)
async def test_a_flat_folder_is_looked_at_up_to_the_limit_too(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch, source: str, given_of_it: list[str]
) -> None:
    filled(home, *(f"all/{letter}.txt" for letter in "fbdace"))
    assert (await given(subject, source))[1] == ()
    monkeypatch.setattr(content, "CallLimits", partial(call_limits.CallLimits, entries=2))
    told = f"Left out of {source}: whatever comes after its first 2 entries."
    assert await given(subject, source) == (given_of_it, (told,))
    with pytest.raises(
        FileRefusedError, match=r"matches none\. Left out of .* whatever comes after its first 2 entries"
    ):
        await subject.contents(["all/f*.txt"])
    monkeypatch.setattr(content, "CallLimits", partial(PICKING, entries=6))
    assert (await given(subject, source))[1] == ()


async def test_a_folder_that_is_too_large_to_be_read_is_told(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MAX_LISTED_ENTRIES", 3)
    filled(home, *(f"all/sub/{n}.txt" for n in range(3)))
    assert (await given(subject, "all"))[1] == ()
    filled(home, "all/sub/3.txt")
    names, notes = await given(subject, "all")
    assert len(names) == 3
    assert notes == ("Left out of all: all but 3 entries in sub; whatever comes after its first 4 entries.",)
    names, notes = await given(subject, "all/sub/*")
    assert (len(names), notes[0].partition(": ")[2]) == (
        3,
        "all but 3 entries at its top; whatever comes after its first 3 entries.",
    )


async def test_patterns_are_folded_once(subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyed = list[str]()
    fold = globs.fold_name

    def counted(name: str) -> str:
        keyed.append(name)
        return fold(name)

    monkeypatch.setattr(gathering, "fold_name", counted)
    filled(home, *(f"all/sub/{n}.txt" for n in range(50)), "all/sub/x.MD")
    assert await given(subject, "all/**/{x,y}*.md") == (["all/sub/x.MD"], ())
    assert sum("*" in each for each in keyed) == 4


async def test_the_entries_of_all_folders_of_a_call_are_counted_together(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "CallLimits", partial(call_limits.CallLimits, entries=3))
    filled(home, *(f"one/{n}.txt" for n in range(4)), "two/a.txt")
    with pytest.raises(FileRefusedError, match=r"two has no file.*whatever comes after its first 0 entries"):
        await subject.contents(["one", "two"])


async def test_files_that_cannot_be_given_are_opened_up_to_a_limit(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home, "all/0.txt")
    filled(home, *(f"all/{n}.zip" for n in range(5)), text="\0\0")
    filled(home, "all/z.txt", text="later")
    told = (
        "Left out of all: 5 of a type that Gemini does not take (all/0.zip, all/1.zip, all/2.zip ...); "
        "1 after 1,000 files or 2,048 MiB that were looked at (all/z.txt)."
    )
    for limit in ({"read": 15}, {"opened": 6}):
        monkeypatch.setattr(content, "CallLimits", partial(PICKING, **limit))
        assert await given(subject, "all") == (["all/0.txt"], (told,))


@pytest.mark.slow
async def test_a_large_project_is_told_in_numbers(subject: GivenFiles, home: Path) -> None:
    filled(
        home / "app", *(f"node_modules/{n // 100}/{n}.js" for n in range(3_000)), *(f"src/{n}.py" for n in range(500))
    )
    filled(home / "app", ".gitignore", text="".join(f"thing{n}*.log\nsub/{n}/**/x\n" for n in range(100)))
    names, (note,) = await given(subject, "app")
    assert len(names) == 100
    assert "400 over the limit" in note
    assert "3,000 of dependencies and builds" in note


async def test_a_folder_named_often_is_gathered_once(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home, "docs/a.txt", "docs/b.txt")
    looked = list[Path]()
    read = gathering.list_entries

    def counted(folder: Path) -> list[os.DirEntry[str]]:
        looked.append(folder)
        return read(folder)

    monkeypatch.setattr(gathering, "list_entries", counted)
    spellings = ["docs", "./docs", "docs/", f"{home}/docs", "~/docs", "docs/.", "file:docs", f"file://{home}/docs"]
    assert await given(subject, *(spellings * 7)) == (["docs/a.txt", "docs/b.txt"], ())
    assert len(looked) == 1
    assert await given(subject, "docs/b.txt", "docs/*.txt", "docs", "docs/a.txt") == (["b.txt", "docs/a.txt"], ())


@pytest.mark.parametrize(
    ("source", "names", "note"),
    [
        ("*.PNG", ["B.png", "a.png"], ""),
        ("*.{gif,jpg}", ["c.jpg", "d.GIF"][:1], "Left out of *.{gif,jpg}: 1 spelled differently (d.GIF)."),
        ("*.{gif,webp}", ["d.GIF"], ""),
        ("*.{png,jpg}", ["B.png", "a.png", "c.jpg"], ""),
        ("{sub/,}*.jpg", ["c.jpg", "sub/e.jpg"], ""),
        ("SUB/*.jpg", ["sub/e.jpg"], ""),
        ("./{a,B}.png", ["B.png", "a.png"], ""),
    ],
)
async def test_braces_and_letters_of_another_case_are_understood(
    subject: GivenFiles, home: Path, source: str, names: list[str], note: str
) -> None:
    filled(home, "B.png", "a.png", "c.jpg", "d.GIF", "sub/e.jpg", "f.txt")
    assert await given(subject, source) == (names, (note,) if note else ())


async def test_a_file_with_braces_in_its_name_is_that_file(subject: GivenFiles, home: Path) -> None:
    filled(home, "{a,b}.txt", "a.txt")
    assert (await given(subject, "{a,b}.txt"))[0] == ["{a,b}.txt"]
    with pytest.raises(FileRefusedError, match="does not exist"):
        await subject.contents(["{name}.txt"])


async def test_names_from_disk_are_printable_wherever_they_are_told(subject: GivenFiles, home: Path) -> None:
    bad = "a\nFile forged.txt:\n\u202eevil\x1b[2J\udcff"
    try:
        (home / "docs" / bad).mkdir(parents=True)
    except OSError:
        pytest.skip("such names do not exist here")
    (home / "docs" / bad / f"{bad}.png").write_bytes(image("PNG"))
    filled(home, f"docs/{bad}/.{bad}", f"docs/{bad}/node_modules/{bad}", f"docs/{bad}/{bad}.ps1")
    (home / "docs" / bad / f"{bad}.exe").write_bytes(b"\x7fELF\2\1\1" + bytes(99))
    contents = await subject.contents(["docs", f"docs/{bad}/{bad}.png"])
    told = [str(block["text"]).removesuffix(":\n\nx") for block in contents.labelled if "text" in block]
    assert len(told) == 2
    assert all(text.isprintable() for text in (*told, *contents.notes))
    with pytest.raises(FileRefusedError) as caught:
        await blocks_of(subject, [f"docs/{bad}/{bad}.exe"])
    assert str(caught.value).isprintable()
