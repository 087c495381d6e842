"""Input files through the tools: folders, parts, saved media, and uploads that break, wait and are reused."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from conftest import FAST, KEY, Mode, make_settings
from filing import image, mp4, pdf
from gemini_interactions_mcp.api import resumable_upload
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.schema import SCHEMA_VERSION
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from journaling import load
from reading import LEGACY, call, complaint, id_of, journal_in, links_of, note, png, posts, text_of
from wired import environment, wired

PDF = pdf("one", "two")


@pytest.fixture
def folder(settings: Settings) -> Path:
    """An allowed directory."""
    return settings.allowed_dirs[0]


@asynccontextmanager
async def uploading(tmp_path: Path, url: str, timing: Timing = FAST, **changes: Any) -> AsyncGenerator[Client]:
    """A client of a server that sends every file through the Files API."""
    server = build_server(make_settings(tmp_path, url, inline_bytes=0, **changes), timing)
    async with Client(server, cache=None) as client:
        yield client


def sent(emulator: Emulator) -> list[dict[str, Any]]:
    """The content blocks of the last request, without the prompt."""
    (step,) = emulator.creates[-1]["input"]
    return step["content"][:-1]


@pytest.mark.slow
@LEGACY
async def test_a_folder_is_given_and_what_was_left_out_is_said(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    (folder / "a.txt").write_text("A")
    (folder / "b.png").write_bytes(image("PNG"))
    (folder / "c.exe").write_bytes(b"\x7fELF\2\1\1" + b"\0" * 99)
    (folder / "server.pem").write_text("-----BEGIN " + "PRIVATE KEY-----\nx")
    result = await call(client, "analyze_file", files=[str(folder)], prompt="What is in here?")
    assert text_of(result).startswith(
        f"Left out of {folder}: 1 of a type that Gemini does not take (files/c.exe); "
        "1 like a secret (files/server.pem).\n\nEmulated answer"
    )
    assert [block["type"] for block in sent(emulator)] == ["text", "text", "image"]
    assert sent(emulator)[1] == {"type": "text", "text": "File files/b.png:"}
    assert id_of(result)


@LEGACY
async def test_research_is_given_a_folder_too(client: Client, emulator: Emulator, folder: Path) -> None:
    (folder / "a.txt").write_text("A")
    (folder / "b.txt").touch()
    result = await call(client, "start_research", prompt="Compare", files=[f"{folder}/*.txt"])
    assert text_of(result).startswith(f"Left out of {folder}/*.txt: 1 empty (files/b.txt).\n\nResearch has started")
    assert sent(emulator) == [{"type": "text", "text": "File files/a.txt:\n\nA"}]


@pytest.mark.slow
@LEGACY
async def test_a_picture_that_was_made_can_be_looked_at_again(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    made = await call(client, "generate_image", prompt="A red bicycle")
    (link,) = links_of(made)
    given: list[dict[str, Any]] = []
    for files in (
        [str(link.uri)],
        [f"gemini://interactions/{id_of(made)}"],
        [str(link.uri), str(settings.output_dir / link.name)],
    ):
        await call(client, "analyze_file", files=files, prompt="What?")
        given += sent(emulator)
    assert given[0] == given[1]
    assert [each["type"] for each in given] == ["image"] * 3


@LEGACY
@pytest.mark.usual_wire("an id of another program has the usual form, and is shown at once")
async def test_media_that_only_google_knows_are_saved_and_given(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    made = await call(client, "generate_image", prompt="A red bicycle")
    interaction = emulator.interactions[id_of(made)]
    with closing(sqlite3.connect(settings.output_dir.parent / "journal.sqlite3")) as journal, journal:
        journal.execute("delete from interactions")
    for path in settings.output_dir.iterdir():
        path.unlink()
    await call(client, "analyze_file", files=[f"gemini://interactions/{interaction.id}"], prompt="What?")
    assert sent(emulator)[0]["type"] == "image"
    assert len(list(settings.output_dir.iterdir())) == 1


@LEGACY
async def test_a_clip_and_pages_reach_the_api(client: Client, emulator: Emulator, folder: Path) -> None:
    (folder / "talk.mp4").write_bytes(mp4())
    (folder / "paper.pdf").write_bytes(PDF)
    files = [str(folder / "talk.mp4"), str(folder / "paper.pdf"), "https://youtu.be/abc"]
    await call(client, "analyze_file", files=files, prompt="Hi", clip="1:30-2:45", pages="2")
    video, paper, youtube = (block["processing"] for block in sent(emulator) if block["type"] != "text")
    assert video == youtube == {"type": "static", "start_offset": "90s", "end_offset": "165s"}
    assert paper == {"type": "static", "page_options": {"start_page": 2, "end_page": 2}}


@pytest.mark.slow
@LEGACY
async def test_a_part_that_makes_no_sense_is_told_before_anything_is_sent(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    (folder / "paper.pdf").write_bytes(PDF)
    files = [str(folder / "paper.pdf")]
    assert "none of the files is either" in await complaint(client, "analyze_file", files=files, prompt="x", clip="1-2")
    assert '"3-7"' in await complaint(client, "analyze_file", files=files, prompt="x", pages="seven")
    assert emulator.requests == []


TOOLS_WITH_FILES = [("analyze_file", "files"), ("start_research", "files"), ("generate_image", "images")]
taking_files = pytest.mark.parametrize(("tool", "argument"), TOOLS_WITH_FILES)

PHOTO = "Screenshot 2026-11-01 at 9.41.00\u202fAM.png"


@pytest.mark.slow
@taking_files
@pytest.mark.parametrize(
    ("given", "labels"),
    [
        ([PHOTO.replace("\u202f", " ")], []),
        (['"{folder}/a.png"'], []),
        (["@{folder}/a.png", "{folder}/b/A.PNG"], ["File files/a.png:", "File b/a.png:"]),
        (["{folder}/{{a,z}}.png", "file:{folder}/b"], ["File files/a.png:", "File b/a.png:"]),
        (["{folder}/b", "{folder}/b/", "{folder}/b/."], ["File b/a.png:"]),
        (["youtu.be/abc"], []),
    ],
    ids=["look-alike", "quotes", "mention", "braces", "again", "youtube"],
)
async def test_files_are_understood_as_people_give_them(
    client: Client, emulator: Emulator, folder: Path, tool: str, argument: str, given: list[str], labels: list[str]
) -> None:
    (folder / "b").mkdir()
    for name in ("a.png", "b/a.png", PHOTO):
        (folder / name).write_bytes(image("PNG"))
    files = [file.format(folder=folder) if "{" in file or "youtu" in file else f"{folder}/{file}" for file in given]
    if (tool, given) == ("generate_image", ["youtu.be/abc"]):
        assert "takes images only" in await complaint(client, tool, **{argument: files}, prompt="Hi")
        return
    await call(client, tool, **{argument: files}, prompt="Hi")
    blocks = sent(emulator)
    assert [block["text"] for block in blocks if block["type"] == "text"] == labels
    assert {block["type"] for block in blocks} - {"text"} == {"video" if "youtu" in given[0] else "image"}


@pytest.mark.slow
@taking_files
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([f"missing-{number}.png" for number in range(20_000)], "20,000 sources are too many; at most 100"),
        (["http://localhost:3000/a.png"], "Download it, and give the file"),
        (["http://2852039166/a.png"], "Download it, and give the file"),
        (["gs://bucket/a.png"], "which an API key does not open"),
        (["a\0b"], "is empty or has a NUL"),
        (["file:///"], "outside the allowed directories"),
        (["."], "outside the allowed directories"),
    ],
    ids=["many", "localhost", "number", "gs", "nul", "root", "dot"],
)
async def test_what_cannot_be_given_is_refused_before_anything_is_sent(
    client: Client, emulator: Emulator, tool: str, argument: str, given: list[str], says: str
) -> None:
    assert says in await complaint(client, tool, **{argument: given}, prompt="Hi")
    assert emulator.requests == []


@pytest.mark.slow
@taking_files
async def test_the_working_directory_and_its_gitignore(
    client: Client, emulator: Emulator, folder: Path, tool: str, argument: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.png", "sub/b.png", "node_modules/c.png", "cache/d.png", "cache/e.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(image("PNG"))
    (folder / ".gitignore").write_text("cache/\n")
    monkeypatch.chdir(folder)
    result = await call(client, tool, **{argument: ["."]}, prompt="Hi")
    assert text_of(result).startswith(
        "Left out of .: 1 hidden (.gitignore); 2 ignored by .gitignore (2 in cache); "
        "1 of dependencies and builds (1 in node_modules)."
    )
    assert [block["text"] for block in sent(emulator) if block["type"] == "text"] == ["File a.png:", "File sub/b.png:"]


@pytest.mark.slow
async def test_an_upload_is_found_again_after_a_restart(tmp_path: Path, url: str, emulator: Emulator) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.pdf").write_bytes(PDF)
    for _ in range(2):
        async with uploading(tmp_path, url) as client:
            await call(client, "analyze_file", files=[str(tmp_path / "files" / "a.pdf")], prompt="Hi")
    (file,) = emulator.files.files
    assert sent(emulator)[0]["uri"].endswith(file)
    assert KEY.encode() not in journal_in(tmp_path)


@pytest.mark.slow
async def test_a_file_that_was_deleted_at_google_is_uploaded_again_and_nothing_is_bought_twice(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.pdf").write_bytes(PDF)
    async with uploading(tmp_path, url) as client:
        for _ in range(2):
            await call(client, "analyze_file", files=[str(tmp_path / "files" / "a.pdf")], prompt="Hi")
            (file,) = emulator.files.files
            assert sent(emulator)[0]["uri"].endswith(file)
            emulator.files.files.clear()
    assert len(emulator.creates) == 2


@pytest.mark.slow
async def test_the_same_question_about_the_same_files_has_the_same_mark_wherever_they_are(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    (tmp_path / "files").mkdir()
    paper, picture = tmp_path / "files" / "a.pdf", png(tmp_path / "files")

    async def ask(client: Client) -> None:
        await call(client, "analyze_file", files=[str(paper)], prompt="Hi")
        await call(client, "generate_image", images=[str(picture)], prompt="Like this")

    async with uploading(tmp_path, url) as client:
        for content in (PDF, PDF, PDF + b"\n"):
            paper.write_bytes(content)
            await ask(client)
            emulator.files.files.clear()
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as journal:
        labels = [label for (label,) in journal.execute("select label from interactions order by created_at")]
    first, image, again, same, other, _ = (label.partition("-")[0] for label in labels)
    assert (first, image) == (again, same)
    assert len({first, image, other}) == 3


@pytest.mark.slow
async def test_an_upload_tells_its_bytes_then_the_seconds(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable_upload, "UPLOAD_CHUNK_BYTES", 4096)
    monkeypatch.setattr(resumable_upload, "UPLOAD_PIECE_BYTES", 1024)
    content = mp4() + bytes(20_000)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "talk.mp4").write_bytes(content)
    told: list[tuple[float, float | None, str]] = []
    emulator.faults += [Fault("upload", "cut", skip=2, after=100), Fault("upload", "stall", skip=3)]
    stalled = emulator.faults[-1]

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, str(message)))
        if progress:
            stalled.release.set()

    async with uploading(tmp_path, url) as client:
        arguments = {"files": [str(tmp_path / "files" / "talk.mp4")], "prompt": "[[seconds=0.2]]"}
        await client.call_tool("analyze_file", arguments, progress_callback=heard)
    assert [each for each, _, _ in told] == sorted({each for each, _, _ in told})
    uploads = [each for each in told if each[1] is not None]
    assert uploads[0] == (0, len(content), "Reading talk.mp4 (0.0 MiB)")
    assert any(0 < each < len(content) for each, _, _ in uploads)
    assert all(total is None for each, total, _ in told if each > len(content))
    (file,) = emulator.files.files.values()
    assert file.size_bytes == len(content)


@pytest.mark.slow
async def test_a_slow_upload_is_handed_over_and_the_next_call_goes_on(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.pdf").write_bytes(PDF)
    stalled = Fault("upload", "stall", skip=1)
    emulator.faults.append(stalled)
    async with uploading(tmp_path, url, replace(FAST, naming=0.05)) as client:
        arguments: dict[str, Any] = {"files": [str(tmp_path / "files" / "a.pdf")], "prompt": "Hi"}
        said = await complaint(client, "analyze_file", **arguments, wait_seconds=0)
        assert "a.pdf" in said
        assert said.endswith("Nothing has been asked or charged yet: call again with the same arguments to continue.")
        assert posts(emulator) == 0
        stalled.release.set()
        await call(client, "analyze_file", **arguments)
    assert len(emulator.files.files) == 1
    assert posts(emulator) == 1


@pytest.mark.slow
async def test_uploads_of_two_calls_at_once_are_one(tmp_path: Path, url: str, emulator: Emulator) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.pdf").write_bytes(PDF)
    async with uploading(tmp_path, url) as client, anyio.create_task_group() as group:
        for prompt in ("one", "two", "three"):
            arguments = {"files": [str(tmp_path / "files" / "a.pdf")], "prompt": prompt}
            group.start_soon(client.call_tool, "analyze_file", arguments)
    assert len(emulator.files.files) == 1
    assert len(emulator.creates) == 3


@pytest.mark.slow
async def test_a_journal_of_version_1_gets_the_table_of_uploads(tmp_path: Path, url: str, emulator: Emulator) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.pdf").write_bytes(PDF)
    await load(f"sqlite+aiosqlite:///{(tmp_path / 'journal.sqlite3').as_posix()}", "0.1.0")
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as journal:
        found = journal.execute("select interaction_id from interactions where prompt = 'What drives the tides?'")
        (first,) = found.fetchone()
    # The journal is of 2026.
    async with uploading(tmp_path, url, keep_days=36_500) as client:
        assert "You asked: “What drives the tides?”" in text_of(
            await call(client, "read_interaction", interaction_id=first)
        )
        await call(client, "analyze_file", files=[str(tmp_path / "files" / "a.pdf")], prompt="Hi")
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as journal:
        assert journal.execute("pragma user_version").fetchone() == (SCHEMA_VERSION,)
        assert journal.execute("select count(*) from uploads").fetchone() == (1,)


@LEGACY
async def test_a_secret_is_refused_until_the_user_allows_it(client: Client, emulator: Emulator, folder: Path) -> None:
    (folder / "prod.env").write_text("TOKEN=1")
    said = await complaint(client, "analyze_file", files=[str(folder / "prod.env")], prompt="Hi")
    assert "looks like a secret (credentials)" in said
    assert "GEMINI_MCP_ALLOW_SECRETS" in said
    assert emulator.requests == []


@pytest.mark.slow
async def test_research_on_a_file_that_is_uploaded_begins_also_without_waiting(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.pdf").write_bytes(PDF)
    async with uploading(tmp_path, url, wait_seconds=0) as client:
        await call(client, "start_research", prompt="Hi", files=[str(tmp_path / "files" / "a.pdf")])
    assert posts(emulator) == 1


@pytest.mark.slow
async def test_what_a_folder_of_images_leaves_out_is_said(tmp_path: Path, url: str, emulator: Emulator) -> None:
    (tmp_path / "files").mkdir()
    png(tmp_path / "files")
    (tmp_path / "files" / ".hidden.png").write_bytes(b"x")
    async with uploading(tmp_path, url) as client:
        made = await call(client, "generate_image", prompt="Like this", images=[str(tmp_path / "files")])
    assert text_of(made).startswith(f"Left out of {tmp_path / 'files'}: 1 hidden (.hidden.png).\n")
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_a_refusal_names_the_allowed_folders_that_are_not_there(
    tmp_path: Path, url: str, mode: Mode, emulator: Emulator
) -> None:
    settings = make_settings(tmp_path, url, allowed_dirs=(tmp_path / "files", tmp_path / "gone"))
    async with Client(build_server(settings), mode=mode, cache=None) as client:
        said = await complaint(client, "analyze_file", files=str(tmp_path / "else.txt"), prompt="Look")
    assert f"({tmp_path / 'files'}, {tmp_path / 'gone'} (not there yet), " in said
    assert said.endswith("; the user can allow more with GEMINI_MCP_ALLOWED_DIRS.")
    assert emulator.requests == []


@pytest.mark.slow
async def test_in_the_bundle_without_a_folder_the_working_directory_is_refused_by_the_settings_title(
    tmp_path: Path, url: str
) -> None:
    (cwd := tmp_path / "cwd").mkdir()
    file = note(cwd)
    env = environment(tmp_path, url, GEMINI_MCP_ALLOWED_DIRS="${user_config.allowed_directory}")
    for arguments, changed in (([], env), (["--bundle"], env | {"GEMINI_MCP_ALLOWED_DIRS": ""})):
        async with wired(changed, *arguments, cwd=cwd) as server:
            await server.open("2025-11-25")
            said = await server.said("analyze_file", files=[str(file)], prompt="Look")
        assert "is outside the allowed directories" in said
        assert said.endswith(
            "; the user can choose a folder in this extension's settings: “Folder to read files from”."
        )
