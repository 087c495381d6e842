"""What a source names: files, folders, globs, addresses, saved files of earlier interactions."""

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

import filing
from filing import API, POSIX, GivenFiles, Make, Recorder, blocks_of, image, link, sound
from gemini_interactions_mcp.core.errors import FileRefusedError, InputError, InteractionNotFoundError
from gemini_interactions_mcp.files import call_limits
from gemini_interactions_mcp.files import content as files
from gemini_interactions_mcp.models.interactions import Record, SavedFile

home, make, recorder, subject, tasks = filing.home, filing.make, filing.recorder, filing.subject, filing.tasks


@pytest.mark.parametrize(
    ("source", "block"),
    [
        ("https://example.com/a/Photo.JPG?x=1", {"type": "image", "mime_type": "image/jpeg"}),
        ("http://example.com/a%2Emp3", {"type": "audio", "mime_type": "audio/mpeg"}),
        ("https://example.com/film.mp4#t=3", {"type": "video", "mime_type": "video/mp4"}),
        ("https://example.com/paper.pdf", {"type": "document", "mime_type": "application/pdf"}),
        ("https://example.com/page.html", {"type": "document"}),
        ("HTTPS://example.com", {"type": "document"}),
        ("https://www.youtube.com/watch?v=9hE5-98ZeCg", {"type": "video"}),
        ("https://youtu.be/9hE5-98ZeCg", {"type": "video"}),
        ("https://m.youtube.com/shorts/9hE5-98ZeCg", {"type": "video"}),
        ("https://notyoutube.com/watch.png", {"type": "image", "mime_type": "image/png"}),
        (f"{API}files/abc-123", {"type": "document", "mime_type": "application/pdf"}),
        (
            "https://generativelanguage.googleapis.com/v1/files/abc",
            {"type": "document", "mime_type": "application/pdf"},
        ),
    ],
)
async def test_urls_are_handed_on_unfetched(subject: GivenFiles, source: str, block: dict[str, str]) -> None:
    assert await blocks_of(subject, [source]) == ({**block, "uri": source},)


async def test_a_file_of_the_files_api_is_what_the_api_says(subject: GivenFiles, recorder: Recorder) -> None:
    recorder.types = {"files/abc": "video/quicktime"}
    blocks = await blocks_of(subject, ["files/abc", f"{API}files/abc", "https://example.com/x.png"])
    expected = {"type": "video", "uri": f"{API}files/abc", "mime_type": "video/mov"}
    assert blocks[:2] == (expected, expected)
    assert recorder.asked == ["files/abc", "files/abc"]


@pytest.mark.parametrize(
    "source",
    [
        "ftp://example.com/x",
        "data:image/png;base64,AAAA",
        "chrome://settings",
        "https://",
        "https://[::1",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://example.com\\@localhost/",
        "gemini://models",
        "gemini://interactions/../x",
    ],
)
async def test_other_schemes_and_broken_urls_are_refused(subject: GivenFiles, source: str) -> None:
    with pytest.raises(FileRefusedError, match=r"name a local path.*files/abc\.$"):
        await blocks_of(subject, [source])


@pytest.mark.parametrize(
    "source",
    [
        *("www.youtube.com/watch?v=9hE5-98ZeCg", "youtu.be/9hE5-98ZeCg", "m.youtube.com/watch?v=9hE5-98ZeCg"),
        *("youtube.com/shorts/9hE5-98ZeCg", "YouTube.com/live/9hE5-98ZeCg?t=3", "//music.youtube.com/watch?v=x"),
        *("www.youtube-nocookie.com/embed/9hE5-98ZeCg", '"youtu.be/9hE5-98ZeCg"', "<youtu.be/x>"),
    ],
)
async def test_a_youtube_address_needs_no_scheme(subject: GivenFiles, source: str) -> None:
    (block,) = await blocks_of(subject, [source])
    assert block == {"type": "video", "uri": "https://" + source.strip('"<>/')}


async def test_a_local_file_wins_over_an_address_without_scheme(subject: GivenFiles, home: Path) -> None:
    (home / "youtu.be").mkdir()
    (home / "youtu.be" / "x").write_text("local")
    assert (await blocks_of(subject, ["youtu.be/x"]))[0]["text"] == "File x:\n\nlocal"
    with pytest.raises(FileRefusedError, match="does not exist"):
        await blocks_of(subject, ["notyoutube.com/x"])


@pytest.mark.parametrize(
    "source", ['"https://example.com/a.png"', "<https://example.com/a.png>", "@https://example.com/a.png"]
)
async def test_an_address_may_be_quoted(subject: GivenFiles, source: str) -> None:
    (block,) = await blocks_of(subject, [source])
    assert block["uri"] == "https://example.com/a.png"


@pytest.mark.parametrize(
    "source",
    [
        *("http://localhost:8000/a.png", "http://LOCALHOST/", "https://127.0.0.1/x.pdf", "http://[::1]:3000/"),
        *("http://user:word@192.168.0.10/cam.jpg", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/"),
        *("http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest", "http://nas/film.mp4", "http://nas.local/a"),
        *("https://wiki.corp.internal/page", "http://router.home.arpa/", "http://printer.lan/", "http://%6cocalhost/"),
        *("http://a.localhost/", "http://[fe80::1%25eth0]/", "http://\uff11\uff12\uff17.0.0.1/", '"http://localhost/"'),
    ],
)
async def test_an_address_out_of_googles_reach_is_refused(subject: GivenFiles, source: str) -> None:
    with pytest.raises(FileRefusedError, match=r"which Google cannot reach\. Download it, and give the file\.$"):
        await blocks_of(subject, [source])


@pytest.mark.parametrize("source", ["gs://bucket/film.mov", "GS://bucket/", "gs://"])
async def test_google_cloud_storage_is_refused(subject: GivenFiles, source: str) -> None:
    with pytest.raises(FileRefusedError, match=r"which an API key does not open\. Download it, and give the file\.$"):
        await blocks_of(subject, [source])


async def test_a_source_that_is_named_often_is_given_once(subject: GivenFiles, home: Path) -> None:
    (home / "a.txt").write_text("A")
    again = ["a.txt", "./a.txt", str(home / "a.txt"), "~/a.txt", "A.txt", '"a.txt"', "https://example.com/x"]
    assert [block["type"] for block in await blocks_of(subject, again * 5_000)] == ["text", "document"]


async def test_too_many_sources_are_refused_before_any_is_looked_at(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "find_meant_source", None)
    paths, addresses = [f"{n}.txt" for n in range(20_000)], [f"https://example.com/{n}" for n in range(101)]
    for given, way in ((paths, "Name a folder"), (addresses, "Divide them"), (paths + addresses, "Divide them")):
        with pytest.raises(InputError, match=rf"sources are too many; at most 100 go in one call\. {way}"):
            await subject.contents(given)
    with pytest.raises(InputError, match="is too long for a path or an address: it has 8,193 characters"):
        await subject.contents(["x" * 8_193])


@pytest.fixture
def tree(home: Path) -> Path:
    """Return a folder with every kind of entry."""
    for name in ("docs/b.txt", "docs/a.txt", "docs/deep/er/c.md", "docs/.git/config", "docs/.hidden", "other.txt"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    (home / "docs" / "deep" / "dot.png").write_bytes(image("PNG"))
    (home / "docs" / "tool.exe").write_bytes(b"\x7fELF\2\1\1" + b"\0" * 99)
    (home / "docs" / "id_rsa").write_text("key")
    (home / "docs" / "empty.txt").touch()
    return home


def texts(blocks: tuple[object, ...]) -> list[str]:
    return [str(block["text"]).partition(":")[0].removeprefix("File ") for block in blocks if "text" in block]  # type: ignore[index,operator]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("docs", ["docs/a.txt", "docs/b.txt", "docs/deep/dot.png", "docs/deep/er/c.md"]),
        ("docs/", ["docs/a.txt", "docs/b.txt", "docs/deep/dot.png", "docs/deep/er/c.md"]),
        ("docs/**", ["docs/a.txt", "docs/b.txt", "docs/deep/dot.png", "docs/deep/er/c.md"]),
        ("docs/**/*.md", ["docs/deep/er/c.md"]),
        ("**/*.txt", ["docs/a.txt", "docs/b.txt", "other.txt"]),
        ("docs/*.txt", ["docs/a.txt", "docs/b.txt"]),
        ("docs/[ab].txt", ["docs/a.txt", "docs/b.txt"]),
        ("docs/?.txt", ["docs/a.txt", "docs/b.txt"]),
        ("~/d*s/**/**/c.*", ["home/docs/deep/er/c.md"]),
        ("{home}/docs/deep/**", ["deep/dot.png", "deep/er/c.md"]),
        ("file://{home}/docs/*.txt", ["docs/a.txt", "docs/b.txt"]),
        ("./docs/../docs/deep", ["deep/dot.png", "deep/er/c.md"]),
    ],
)
async def test_a_folder_or_glob_is_its_files_in_order(
    subject: GivenFiles, tree: Path, source: str, names: list[str]
) -> None:
    contents = await subject.contents([source.format(home=tree)])
    labelled = texts(contents.labelled)
    assert labelled == names
    assert len(contents.blocks) == len(names)


async def test_a_picture_of_a_folder_is_told_its_name(subject: GivenFiles, tree: Path) -> None:
    label, picture = (await subject.contents(["docs/**/*.png"])).labelled
    assert label == {"type": "text", "text": "File docs/deep/dot.png:"}
    assert picture["type"] == "image"


async def test_what_is_left_out_of_a_folder_is_said(subject: GivenFiles, tree: Path) -> None:
    (note,) = (await subject.contents(["docs"])).notes
    assert note == (
        "Left out of docs: 2 hidden (.git, .hidden); 1 empty (docs/empty.txt); 1 like a secret (docs/id_rsa); "
        "1 of a type that Gemini does not take (docs/tool.exe)."
    )


async def test_nothing_is_said_where_nothing_is_left_out(subject: GivenFiles, tree: Path) -> None:
    assert (await subject.contents(["docs/?.txt", "other.txt"])).notes == ()


async def test_a_glob_of_nothing_that_can_be_given_is_refused_with_the_reasons(subject: GivenFiles, tree: Path) -> None:
    with pytest.raises(FileRefusedError, match=r"no file that can be given\. Left out of docs/\*\.exe: 1 of a type"):
        await subject.contents(["docs/*.exe"])
    (tree / "bare").mkdir()
    with pytest.raises(FileRefusedError, match="bare has no file in it"):
        await subject.contents(["bare"])


async def test_a_file_with_the_characters_of_a_glob_in_its_name_is_that_file(subject: GivenFiles, home: Path) -> None:
    (home / "scan [1].txt").write_text("one")
    (home / "scan 1.txt").write_text("other")
    (block,) = await blocks_of(subject, ["scan [1].txt"])
    assert block["text"].endswith("one")


async def test_a_link_in_a_folder_leads_nowhere_else(subject: GivenFiles, tree: Path) -> None:
    link(tree / "docs" / "way", tree.parent / "outside")
    link(tree / "docs" / "out.txt", tree.parent / "outside" / "secret.txt")
    os.link(tree.parent / "outside" / "secret.txt", tree / "docs" / "twin.txt")
    contents = await subject.contents(["docs/**"])
    assert texts(contents.labelled) == ["docs/a.txt", "docs/b.txt", "docs/deep/dot.png", "docs/deep/er/c.md"]
    assert "2 outside the allowed directories (docs/out.txt, docs/way)" in contents.notes[0]
    assert "1 with a hard link (docs/twin.txt)" in contents.notes[0]


@POSIX
async def test_a_pipe_in_a_folder_is_passed_over(subject: GivenFiles, tree: Path) -> None:
    os.mkfifo(tree / "docs" / "pipe")
    contents = await subject.contents(["docs"])
    assert len(contents.blocks) == 4
    assert "1 that cannot be read (docs/pipe)" in contents.notes[0]


@pytest.mark.slow
async def test_a_folder_gives_a_hundred_files_and_says_how_many_more_there_are(subject: GivenFiles, home: Path) -> None:
    (home / "many").mkdir()
    for number in range(call_limits.MAX_GATHERED_FILES + 5):
        (home / "many" / f"{number:03}.txt").write_text("x")
    contents = await subject.contents(["many", "many/104.txt"])
    assert len(contents.blocks) == call_limits.MAX_GATHERED_FILES + 1
    assert contents.notes == (
        "Left out of many: 5 over the limit of 100 files (many/100.txt, many/101.txt, many/102.txt ...).",
    )


async def test_a_folder_gives_a_gigabyte_and_says_what_does_not_fit(subject: GivenFiles, home: Path) -> None:
    (home / "a.txt").write_text("x")
    with (home / "b.mp4").open("wb") as file:
        file.truncate(call_limits.MAX_GATHERED_BYTES)
    contents = await subject.contents(["*"])
    assert texts(contents.labelled) == ["a.txt"]
    assert contents.notes == ("Left out of *: 1 over the limit of 1,024 MiB in all (b.mp4).",)


async def test_a_huge_folder_is_not_walked_to_its_end(
    subject: GivenFiles, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CallLimits", partial(call_limits.CallLimits, entries=4))
    contents = await subject.contents(["docs/**"])
    assert texts(contents.labelled) == ["docs/a.txt", "docs/b.txt"]
    assert contents.notes[0].endswith("; whatever comes after its first 4 entries.")


@pytest.fixture
def saved(home: Path, recorder: Recorder) -> Path:
    """Return the output directory, with two files of an interaction."""
    out = home.parent / "out"
    out.mkdir()
    (out / "red bike.png").write_bytes(image("PNG"))
    (out / "speech.wav").write_bytes(sound())
    files = tuple(
        SavedFile(name=path.name, path=str(path), mime_type="x/y", bytes=path.stat().st_size)
        for path in sorted(out.iterdir())
    )
    moment = datetime.now(UTC)
    record = Record(label="l", interaction_id="v1_a", kind="image", created_at=moment, updated_at=moment, files=files)
    empty = record.model_copy(update={"interaction_id": "v1_b", "files": ()})
    recorder.records = {"v1_a": record, "v1_b": empty}
    return out


async def test_what_was_saved_for_an_interaction_can_be_given_again(subject: GivenFiles, saved: Path) -> None:
    (picture,) = await blocks_of(subject, ["gemini://interactions/v1_a/files/red%20bike.png"])
    assert picture["type"] == "image"
    blocks = await blocks_of(subject, ["gemini://interactions/v1_a"])
    assert [block["type"] for block in blocks] == ["image", "audio"]


async def test_what_was_not_saved_is_refused_with_what_was(subject: GivenFiles, saved: Path) -> None:
    with pytest.raises(FileRefusedError, match=r"saved for that interaction: red bike\.png, speech\.wav"):
        await subject.contents(["gemini://interactions/v1_a/files/blue.png"])
    with pytest.raises(FileRefusedError, match="saved for that interaction: none"):
        await subject.contents(["gemini://interactions/v1_b"])
    with pytest.raises(InteractionNotFoundError):
        await subject.contents(["gemini://interactions/v1_c"])


async def test_a_saved_file_is_read_within_the_boundary_only(make: Make, saved: Path, recorder: Recorder) -> None:
    record = recorder.records["v1_a"]
    outside = record.files[0].model_copy(update={"path": str(saved.parent / "outside" / "secret.txt")})
    recorder.records["v1_a"] = record.model_copy(update={"files": (outside,)})
    with pytest.raises(FileRefusedError, match="outside the allowed"):
        await make().contents(["gemini://interactions/v1_a"])
