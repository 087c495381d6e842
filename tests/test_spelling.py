"""Paths as people write them, and the files that they mean."""

import unicodedata
from pathlib import Path

import pytest

import filing
from filing import POSIX, GivenFiles, Make, blocks_of, link
from gemini_interactions_mcp.core.errors import FileRefusedError
from gemini_interactions_mcp.files.spelling import list_readings

home, make, recorder, subject, tasks = filing.home, filing.make, filing.recorder, filing.subject, filing.tasks

SHOT = "Screenshot 2026-11-01 at 9.41.00\u202fAM.png"


def write(path: Path, text: str = "text") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


async def named(subject: GivenFiles, *sources: str) -> list[str]:
    """Return the names of the texts that are given."""
    return [str(block["text"]).partition(":")[0].removeprefix("File ") for block in await blocks_of(subject, sources)]


@pytest.mark.parametrize(
    ("there", "source"),
    [
        (SHOT, "Screenshot 2026-11-01 at 9.41.00 AM.png"),
        (SHOT, "screenshot 2026-11-01 at 9.41.00\u00a0am.PNG"),
        (f"Bilder/{SHOT}", "bilder/Screenshot 2026-11-01 at 9.41.00 AM.png"),
        ("Re\u0301sume\u0301.txt", "Résumé.txt"),
        ("Résumé.txt", "Re\u0301sume\u0301.txt"),
        ("Fotos/Ü\u3000\uff21.txt", "~/FOTOS/u\u0308 a.TXT"),
        ("a/B/c/D.txt", "file:./A/b/C/d.txt"),
        ("한글.txt", unicodedata.normalize("NFD", "한글.txt")),
        ("scan [1] \u202fx.txt", "scan [1]  x.txt"),
    ],
)
async def test_the_one_file_that_looks_the_same_is_taken(
    subject: GivenFiles, home: Path, there: str, source: str
) -> None:
    write(home / there)
    (name,) = await named(subject, source)
    assert name == Path(there).name.replace("\u202f", " ").replace("\u3000", " ")


@pytest.mark.parametrize("source", ["Dócs", "do\u0301cs/", "DÓCS/**", "do\u0301cs/*.TXT", "DÓCS/A.*", "dócs/{A,b}.txt"])
async def test_folders_and_globs_are_found_by_look_alikes_too(subject: GivenFiles, home: Path, source: str) -> None:
    write(home / "dócs" / "a.txt")
    assert await named(subject, source) == ["dócs/a.txt"]


async def test_the_exact_name_wins(subject: GivenFiles, home: Path) -> None:
    write(home / "a.txt", "lower")
    write(home / "A.txt", "upper")
    write(home / '"a.txt"', "quoted")
    for source, text in (("a.txt", "lower"), ("A.txt", "upper"), ('"a.txt"', "quoted"), ('"A.txt"', "upper")):
        (block,) = await blocks_of(subject, [source])
        assert block["text"].endswith(text)


async def test_several_that_look_the_same_are_named_and_not_taken(subject: GivenFiles, home: Path) -> None:
    for name in ("Plan.txt", "plan.TXT", "other.txt"):
        write(home / name)
    with pytest.raises(FileRefusedError, match=r"PLAN\.txt does not exist, and may be one of: Plan\.txt, plan\.TXT\.$"):
        await subject.contents(["PLAN.txt"])
    for name in ("a\u202fb.txt", "a\u00a0b.txt"):
        write(home / name)
    with pytest.raises(FileRefusedError, match=r"may be one of: a\\xa0b\.txt, a\\u202fb\.txt\.$"):
        await subject.contents(["a b.txt"])


@POSIX
async def test_names_in_two_unicode_forms_are_told_apart(subject: GivenFiles, home: Path) -> None:
    for name in ("docs/\u00c4.txt", "docs/A\u0308.txt", "docs/other.txt"):
        write(home / name)
    if len(list((home / "docs").iterdir())) == 3:
        with pytest.raises(FileRefusedError, match=r"may be one of: A\\u0308\.txt, \\xc4\.txt\.$"):
            await subject.contents(["docs/\u00e4.txt"])
        found = await named(subject, "docs/*.txt")
        assert sorted(unicodedata.normalize("NFC", each) for each in found) == [
            "docs/other.txt",
            "docs/\u00c4 (2).txt",
            "docs/\u00c4.txt",
        ]


@POSIX
async def test_an_allowed_directory_in_another_unicode_form_is_the_same(make: Make, home: Path) -> None:
    write(home / "José" / "a.txt")
    given = make(allowed_dirs=(home / "José",))
    assert await named(given, str(home / "Jose\u0301" / "a.txt")) == ["a.txt"]
    for source in ("JOSÉ/a.txt", "Jose\u0301/../a.txt", "Jose\u0301/../../outside/secret.txt"):
        with pytest.raises(FileRefusedError, match="outside the allowed"):
            await given.contents([str(home / source)])


async def test_a_look_alike_passes_every_check(subject: GivenFiles, home: Path) -> None:
    outside = home.parent / "outside"
    write(outside / "a.txt")
    link(home / "Way", outside)
    link(home / "Out.txt", outside / "a.txt")
    write(home / ".env")
    write(home / "ID_RSA")
    write(home / "Twin.txt")
    (home / "other.txt").hardlink_to(home / "Twin.txt")
    for source, says in {
        "way/a.txt": "does not exist",
        "WAY/A.txt": "does not exist",
        "out.txt": "does not exist",
        "../OUTSIDE/a.txt": "outside the allowed",
        "../outside/A.txt": "outside the allowed",
        ".ENV": "dot-file",
        "\uff0eENV": "dot-file",
        "id_rsa": "looks like a secret",
        "twin.txt": "has a hard link",
        "other.txt/x": "does not exist|through a file",
    }.items():
        with pytest.raises(FileRefusedError, match=says):
            await subject.contents([source])


@pytest.mark.parametrize(
    "source",
    [
        *(
            '"my file.txt"',
            "'my file.txt'",
            "`my file.txt`",
            "“my file.txt”",
            "\u2018my file.txt\u2019",
            "«my file.txt»",
        ),
        *("@my file.txt", '@"my file.txt"', "@./my file.txt", " my file.txt\n", '"@my file.txt"', "<my file.txt>"),
        *("'{home}/my file.txt'", '"file://{home}/my%20file.txt"', "@~/my file.txt", '"MY FILE.txt"'),
        pytest.param("my\\ file.txt", marks=POSIX),
        pytest.param("@./my\\ file.txt", marks=POSIX),
        pytest.param("{home}/\\m\\y\\ file.txt", marks=POSIX),
        pytest.param("'my\\ file.txt'", marks=POSIX),
    ],
)
async def test_quotes_escapes_and_mentions_are_understood(subject: GivenFiles, home: Path, source: str) -> None:
    write(home / "my file.txt")
    assert await named(subject, source.format(home=home)) == ["my file.txt"]


@pytest.mark.parametrize("source", ['"docs/*.md"', "'docs'", "@docs", "@docs/", "@docs/**", "`docs/*.{md,rst}`"])
async def test_folders_and_globs_may_be_quoted(subject: GivenFiles, home: Path, source: str) -> None:
    write(home / "docs" / "a.md")
    assert await named(subject, source) == ["docs/a.md"]


async def test_what_begins_with_such_a_character_itself_is_that(subject: GivenFiles, home: Path) -> None:
    for name in ("@types/a.md", "types/b.md", "'x'*.md", "x'y.md"):
        write(home / name)
    assert await named(subject, "@types/*.md") == ["@types/a.md"]
    assert await named(subject, "@types") == ["@types/a.md"]
    assert await named(subject, "@t*/*.md") == ["@types/a.md"]
    assert await named(subject, "'x'*.md") == ["'x'*.md"]


@pytest.mark.parametrize("source", ['"missing.txt"', "@missing.txt", "my\\ file.txt", "'", "@", '""', "''", "@@"])
async def test_what_is_not_there_is_told_as_it_was_written(subject: GivenFiles, home: Path, source: str) -> None:
    with pytest.raises(FileRefusedError) as caught:
        await subject.contents([source])
    assert str(caught.value) == f"{source} does not exist."


@pytest.mark.parametrize(
    ("source", "forms"),
    [
        ("a.txt", ["a.txt"]),
        ('@"a\\ b"', ['@"a\\ b"', '"a\\ b"', "a\\ b", "a b"]),
        ("youtu.be/x", ["youtu.be/x", "https://youtu.be/x"]),
        ("", []),
        (" ", [" "]),
    ],
)
def test_a_source_may_mean_these(source: str, forms: list[str]) -> None:
    assert list_readings(source, windows=False) == forms


def test_a_backslash_of_windows_is_no_escape() -> None:
    assert list_readings("docs\\new.txt", windows=True) == ["docs\\new.txt"]
