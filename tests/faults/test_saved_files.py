"""Files that are moved, replaced or removed behind the server's back: nothing else is read, written or deleted."""

import base64
import errno
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from mcp import Client, MCPError
from mcp_types import INVALID_PARAMS, BlobResourceContents, CallToolResult

from conftest import FAST, make_settings
from filing import POSIX
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.runs import upkeep
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from reading import LEGACY, call, complaint, id_of, links_of, made_while, newest, previews_of, saved_in, text_of

INDEX = "gemini://interactions"


@pytest.fixture
def folder(settings: Settings) -> Path:
    """An allowed directory."""
    return settings.allowed_dirs[0]


# Replaced ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@POSIX
@LEGACY
@pytest.mark.parametrize("other", ["a link to a secret", "a link without an end", "another file", "a folder", "a pipe"])
async def test_what_stands_in_a_files_place_is_neither_read_nor_sent_nor_shown_nor_deleted(
    client: Client, emulator: Emulator, settings: Settings, tmp_path: Path, other: str
) -> None:
    image = await call(client, "generate_image", prompt="hi")
    (path,) = saved_in(image)
    (link,) = links_of(image)
    size = path.stat().st_size
    (secret := tmp_path / "secret").write_bytes(b"s" * size)
    path.rename(path.with_name("moved.jpg"))
    match other:
        case "a link to a secret":
            path.symlink_to(secret)
        case "a link without an end":
            path.symlink_to("/dev/zero")
        case "another file":
            path.write_bytes(b"x" * size)
        case "a folder":
            path.mkdir()
        case _:
            os.mkfifo(path)
    said = f"{path} was changed or moved; left alone."
    with pytest.raises(MCPError) as caught:
        await client.read_resource(link.uri)
    assert (caught.value.code, said in str(caught.value)) == (INVALID_PARAMS, True)
    for source in (link.uri, f"{INDEX}/{id_of(image)}"):
        assert await complaint(client, "analyze_file", files=[source], prompt="What?") == said
    shown = await call(client, "read_interaction", interaction_id=id_of(image))
    assert said in text_of(shown)
    assert previews_of(shown) == []
    deleted = text_of(await call(client, "delete_interaction", interaction_id=id_of(image)))
    assert f"File kept: {said}" in deleted
    assert path.lstat()
    assert secret.read_bytes() == b"s" * size
    assert len(list(settings.output_dir.iterdir())) == 2
    assert len(emulator.creates) == 1


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("output_path", ["{files}/sub/bike.jpg", "{files}/sub/new/bike.jpg", "sub/bike.jpg"])
@LEGACY
async def test_a_folder_swapped_for_a_link_meanwhile_writes_nowhere_outside(
    client: Client, emulator: Emulator, settings: Settings, folder: Path, tmp_path: Path, output_path: str
) -> None:
    for each in (folder, settings.output_dir):
        (each / "sub").mkdir(parents=True)
    (outside := tmp_path / "outside").mkdir()

    def swap() -> None:
        for each in (folder, settings.output_dir):
            (each / "sub").rmdir()
            (each / "sub").symlink_to(outside)

    result = await made_while(client, emulator, swap, output_path=output_path.format(files=folder))
    (path,) = saved_in(result)
    assert path.parent == settings.output_dir
    assert ", but in the output directory: Cannot write to" in text_of(result)
    assert "a file or a link stands where a folder should be" in text_of(result)
    assert not any(outside.iterdir())


@POSIX
@LEGACY
async def test_an_output_directory_swapped_for_a_link_meanwhile_is_not_followed(
    client: Client, emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    settings.output_dir.mkdir()
    (outside := tmp_path / "outside").mkdir()

    def swap() -> None:
        settings.output_dir.rmdir()
        settings.output_dir.symlink_to(outside)

    result = await made_while(client, emulator, swap)
    assert len(previews_of(result)) == 1
    assert "The files could not be saved" in text_of(result)
    assert not any(outside.iterdir())


# Moved ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@LEGACY
async def test_a_name_is_not_used_again_when_its_file_was_moved(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    first = await call(client, "generate_image", prompt="A red bicycle")
    (path,) = saved_in(first)
    path.rename(path.with_name("mine.jpg"))
    second = await call(client, "generate_image", prompt="A red bicycle")
    assert saved_in(second) != [path]
    said = text_of(await call(client, "delete_interaction", interaction_id=id_of(first)))
    assert f"File {path}: it was not there." in said
    assert sorted(settings.output_dir.iterdir()) == sorted([path.with_name("mine.jpg"), *saved_in(second)])


@pytest.mark.slow
@LEGACY
async def test_what_lies_at_the_path_of_an_image_that_was_moved_away_is_not_deleted_with_it(
    client: Client, settings: Settings
) -> None:
    path = settings.output_dir / "bike.jpg"
    first = await call(client, "generate_image", prompt="one", output_path="bike.jpg")
    path.rename(path.with_name("mine.jpg"))
    assert "its name is never reused" in await complaint(client, "generate_image", prompt="two", output_path="bike.jpg")
    path.write_bytes(b"something else")
    said = text_of(await call(client, "delete_interaction", interaction_id=id_of(first)))
    assert f"File kept: {path} was changed or moved; left alone." in said
    assert path.read_bytes() == b"something else"


@pytest.mark.slow
@LEGACY
async def test_what_an_agent_has_left_is_saved_under_another_name_when_its_file_was_moved(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    begun = await call(client, "start_research", prompt="Bicycles", agent="antigravity-preview-09-2026")
    await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    sandbox = emulator.environments[newest(emulator).environment_id]
    used: list[str] = []
    for content in (b"one", b"one", b"two"):
        sandbox["workspace/data/words.csv"] = content
        saved = await call(client, "read_interaction", interaction_id=id_of(begun), save="*.csv")
        used.append(links_of(saved)[-1].name)
        (settings.output_dir / used[-1]).rename(settings.output_dir / f"mine-{len(used)}.csv")
    assert len(set(used)) == 3
    assert [path.read_bytes() for path in sorted(settings.output_dir.glob("mine-*"))] == [b"one", b"one", b"two"]


# Removed -------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_what_another_machine_has_saved_is_saved_here_too(tmp_path: Path, url: str, emulator: Emulator) -> None:
    """Two machines on one journal: here, they have different folders, and one is out of the other's sight."""
    there, here = (make_settings(tmp_path, url, output_dir=tmp_path / name / "output") for name in ("there", "here"))
    async with Client(build_server(there), cache=None) as client:
        image = await call(client, "generate_image", prompt="A red bicycle")
    (path,) = saved_in(image)
    (link,) = links_of(image)
    content = path.read_bytes()
    path.parent.parent.rename(tmp_path / "far away")
    async with Client(build_server(here), cache=None) as client:
        (read,) = (await client.read_resource(link.uri)).contents
        assert isinstance(read, BlobResourceContents)
        assert base64.b64decode(read.blob) == content
        shown = await call(client, "read_interaction", interaction_id=id_of(image))
        assert saved_in(shown) == [here.output_dir / path.name]
        assert len(previews_of(shown)) == 1
        await call(client, "analyze_file", files=[f"{INDEX}/{id_of(image)}"], prompt="What?")
    (tmp_path / "far away").rename(path.parent.parent)
    async with Client(build_server(there), cache=None) as client:
        assert saved_in(await call(client, "read_interaction", interaction_id=id_of(image))) == [path]
    assert [file.name for file in here.output_dir.iterdir()] == [path.name]
    assert len(emulator.creates) == 2


@pytest.mark.slow
@LEGACY
async def test_several_who_ask_at_once_for_what_was_removed_fetch_it_once(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    image = await call(client, "generate_image", prompt="hi")
    (path,) = saved_in(image)
    path.unlink()
    emulator.requests.clear()
    results: list[CallToolResult] = []

    async def read() -> None:
        results.append(await call(client, "read_interaction", interaction_id=id_of(image)))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(read)
    assert [saved_in(result) for result in results] == [[path]] * 5
    assert list(settings.output_dir.iterdir()) == [path]
    assert len(emulator.requests) == 1


@pytest.mark.slow
@LEGACY
async def test_what_google_does_not_show_in_time_is_told_as_missing(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    image = await call(client, "generate_image", prompt="hi")
    (path,) = saved_in(image)
    path.unlink()
    emulator.faults.append(stalled := Fault("get", "stall"))
    async with Client(build_server(settings, replace(FAST, lookup=2)), mode="legacy", cache=None) as other:
        again = await call(other, "read_interaction", interaction_id=id_of(image), wait_seconds=0)
    assert f"\n{path} is not there any more.\n" in text_of(again)
    assert stalled.reached.is_set()


@LEGACY
async def test_what_is_fetched_again_keeps_its_address_though_its_name_on_disk_is_taken(
    client: Client, emulator: Emulator, settings: Settings, folder: Path
) -> None:
    image = await call(client, "generate_image", prompt="hi", output_path=str(folder / "bike.jpg"))
    (link,) = links_of(image)
    content = (folder / "bike.jpg").read_bytes()
    (folder / "bike.jpg").unlink()
    settings.output_dir.mkdir()
    (settings.output_dir / "bike.jpg").write_bytes(b"mine")
    (path,) = saved_in(await call(client, "read_interaction", interaction_id=id_of(image)))
    assert saved_in(await call(client, "read_interaction", interaction_id=id_of(image))) == [path]
    (read,) = (await client.read_resource(link.uri)).contents
    assert isinstance(read, BlobResourceContents)
    assert base64.b64decode(read.blob) == path.read_bytes() == content
    assert sorted(settings.output_dir.iterdir()) == sorted([path, settings.output_dir / "bike.jpg"])
    assert (settings.output_dir / "bike.jpg").read_bytes() == b"mine"


@LEGACY
async def test_what_cannot_be_saved_again_is_told_as_missing(
    client: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    image = await call(client, "generate_image", prompt="hi")
    (path,) = saved_in(image)
    path.unlink()
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        again = await call(client, "read_interaction", interaction_id=id_of(image))
    assert f"\n{path} is not there any more.\n" in text_of(again)
    assert saved_in(await call(client, "read_interaction", interaction_id=id_of(image))) == [path]


@LEGACY
async def test_a_removed_file_of_which_the_journal_does_not_say_what_it_was_is_told_as_missing(
    client: Client, settings: Settings
) -> None:
    """As rows of version 0.1 have them."""
    image = await call(client, "generate_image", prompt="hi")
    (path,) = saved_in(image)
    journal = Journal(settings.database_url)
    record = await journal.find(id_of(image))
    assert record
    unplaced = tuple(file.model_copy(update={"place": None, "sha256": ""}) for file in record.files)
    await journal.update(record.label, files=unplaced)
    await journal.close()
    assert len(previews_of(await call(client, "read_interaction", interaction_id=id_of(image)))) == 1
    path.unlink()
    again = await call(client, "read_interaction", interaction_id=id_of(image))
    assert f"\n{path} is not there any more.\n" in text_of(again)
    assert not path.exists()


@pytest.mark.slow
@LEGACY
async def test_what_lay_in_another_allowed_directory_is_fetched_into_the_output_directory(
    client: Client, emulator: Emulator, settings: Settings, folder: Path
) -> None:
    image = await call(client, "generate_image", prompt="hi", output_path=str(folder / "bike.png"))
    content = (folder / "bike.png").read_bytes()
    (folder / "bike.png").unlink()
    again = await call(client, "read_interaction", interaction_id=id_of(image))
    assert saved_in(again) == [settings.output_dir / "bike.png"]
    assert (settings.output_dir / "bike.png").read_bytes() == content
    said = text_of(await call(client, "delete_interaction", interaction_id=id_of(image)))
    assert f"File {folder / 'bike.png'}: it was not there." in said
    assert f"File {settings.output_dir / 'bike.png'}: deleted." in said


@pytest.mark.slow
@LEGACY
async def test_what_is_fetched_again_changes_nothing_else_of_an_answer(client: Client, emulator: Emulator) -> None:
    image = await call(client, "generate_image", prompt="hi")
    (path,) = saved_in(image)
    before = text_of(await call(client, "read_interaction", interaction_id=id_of(image)))
    path.unlink()
    # What Google shows later may be less than what it has streamed.
    content = newest(emulator).answer.steps[-1]["content"]
    content[:] = [part for part in content if part["type"] == "image"]
    assert text_of(await call(client, "read_interaction", interaction_id=id_of(image))) == before


# Written anew --------------------------------------------------------------------------------------------


async def reported(client: Client) -> CallToolResult:
    """Research whose report is saved, with redirects for sources."""
    begun = await call(client, "start_research", prompt="Bicycles", visualization=False)
    return await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)


async def resolved(client: Client, result: CallToolResult) -> CallToolResult:
    """The same, read with its redirects followed."""
    return await call(client, "read_interaction", interaction_id=id_of(result), resolve_sources=True)


@pytest.mark.slow
async def test_addresses_that_were_looked_up_stand_in_the_saved_report(client: Client, settings: Settings) -> None:
    report = await reported(client)
    (path,) = saved_in(report)
    before, mode = path.read_text(encoding="utf-8"), path.stat().st_mode
    assert before.count("/grounding-api-redirect/") == 3
    again = await resolved(client, report)
    written = path.read_text(encoding="utf-8")
    assert "/grounding-api-redirect/" not in written
    assert "\n2. [Journal of Naïve Results](https://example.com/emulated/source/2)\n" in written
    assert (saved_in(again), path.stat().st_mode) == ([path], mode)
    assert "was changed" not in text_of(again)
    (link,) = links_of(again)
    (content,) = (await client.read_resource(link.uri)).contents
    assert getattr(content, "text", "") == written
    stamp = path.stat().st_mtime_ns
    await resolved(client, report)
    assert path.stat().st_mtime_ns == stamp
    assert list(settings.output_dir.iterdir()) == [path]
    said = text_of(await call(client, "delete_interaction", interaction_id=id_of(report)))
    assert f"File {path}: deleted." in said


@LEGACY
async def test_a_report_that_was_written_anew_before_a_crash_is_not_taken_for_the_users(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = await reported(client)
    (path,) = saved_in(report)
    with monkeypatch.context() as patch:

        async def crashed(*_: object) -> None:
            raise RuntimeError

        patch.setattr(upkeep.Upkeep, "add_files", crashed)
        with suppress(Exception):
            await resolved(client, report)
    written = path.read_text(encoding="utf-8")
    assert "https://example.com/emulated/source/1" in written
    async with Client(build_server(settings), mode="legacy", cache=None) as other:
        again = await resolved(other, report)
        assert saved_in(again) == [path]
        assert "was changed" not in text_of(again)
        (link,) = links_of(again)
        (content,) = (await other.read_resource(link.uri)).contents
        assert getattr(content, "text", "") == written
    assert list(settings.output_dir.iterdir()) == [path]


@LEGACY
async def test_a_report_that_the_user_has_changed_stays_and_another_is_written_beside_it(
    client: Client, settings: Settings
) -> None:
    report = await reported(client)
    (path,) = saved_in(report)
    path.write_text("My own notes", encoding="utf-8")
    for _ in range(2):
        again = await resolved(client, report)
        assert path.read_text(encoding="utf-8") == "My own notes"
        beside = path.with_name(f"{path.stem}-1.md")
        assert "https://example.com/emulated/source/1" in beside.read_text(encoding="utf-8")
        assert saved_in(again) == [path, beside]
        assert f"{path} was changed or moved; left alone." in text_of(again)
        assert sorted(settings.output_dir.iterdir()) == sorted([path, beside])


@LEGACY
async def test_a_report_that_was_removed_comes_back_with_what_was_looked_up(client: Client, settings: Settings) -> None:
    report = await reported(client)
    (path,) = saved_in(report)
    path.unlink()
    await resolved(client, report)
    assert "https://example.com/emulated/source/1" in path.read_text(encoding="utf-8")
    path.unlink()
    await call(client, "read_interaction", interaction_id=id_of(report))
    assert "https://example.com/emulated/source/1" in path.read_text(encoding="utf-8")
    assert list(settings.output_dir.iterdir()) == [path]


@LEGACY
async def test_a_full_disk_leaves_the_report_as_it_was(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    report = await reported(client)
    (path,) = saved_in(report)
    before = path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        again = await resolved(client, report)
    assert "https://example.com/emulated/source/1" in text_of(again)
    assert "was changed" not in text_of(again)
    assert path.read_bytes() == before
    await resolved(client, report)
    assert "https://example.com/emulated/source/1" in path.read_text(encoding="utf-8")
    assert list(settings.output_dir.iterdir()) == [path]


@pytest.mark.slow
@LEGACY
async def test_several_who_look_addresses_up_at_once_write_one_report(client: Client, settings: Settings) -> None:
    report = await reported(client)
    (path,) = saved_in(report)
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(resolved, client, report)
    assert list(settings.output_dir.iterdir()) == [path]
    assert "https://example.com/emulated/source/1" in path.read_text(encoding="utf-8")


@LEGACY
async def test_nothing_is_written_anew_where_nothing_was_saved(client: Client, settings: Settings) -> None:
    answer = await call(client, "gemini_ask", prompt="hi", tools=["google_search"])
    await resolved(client, answer)
    plan = await call(client, "start_research", prompt="Bicycles", plan_first=True)
    await call(client, "check_research", interaction_id=id_of(plan), wait_seconds=10, resolve_sources=True)
    assert not settings.output_dir.exists()
