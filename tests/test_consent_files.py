"""Files of research: shown before they are sent, and sent as shown."""

import functools
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import MCPError

import consenting
from conftest import FAST, Mode
from consenting import DECLINED, ESTIMATE, User, host, round_of, strict
from filing import POSIX, link, office, package
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.files import recognition
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from reading import MODERN, PDF, call, complaint, id_of, note, posts, text_of
from wired import PATIENCE

noon = consenting.noon


@pytest.fixture
def folder(settings: Settings) -> Path:
    """An allowed directory with a folder, and a file too large to be sent inside a request."""
    return filled(settings.allowed_dirs[0])


def filled(folder: Path) -> Path:
    (folder / "docs").mkdir(exist_ok=True)
    note(folder)
    for name in ("a.md", "b.md", "c.exe"):
        (folder / "docs" / name).write_text(name)
    (folder / "docs" / "c.exe").write_bytes(b"\x7fELF\2\1\1" + bytes(99))
    (folder / "large.pdf").write_bytes(PDF + bytes(9_000))
    return folder


def given(folder: Path) -> list[str]:
    return [
        str(folder / "note.txt"),
        str(folder / "large.pdf"),
        str(folder / "docs"),
        "https://example.com/a.pdf",
        "files/abc",
    ]


@pytest.mark.slow
async def test_nothing_is_sent_before_the_user_agrees_to_what_the_form_names(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    abc = emulator.files.generate(PDF, "application/pdf")
    user, before = User(start=True), list[int]()
    user.thinking = lambda: before.append(len(emulator.requests))
    files = [*given(folder)[:-1], abc.name]
    async with strict(settings, mode, user) as client:
        result = await call(client, "start_research", prompt="Bicycles", files=files, tools=["google_search"])
    assert before == [0]
    assert user.asked == [
        "Have deep-research-preview-04-2026 research with 4 files (9.3 KiB) and 2 addresses: “Bicycles”?\n\n"
        f"{ESTIMATE} Spent today (UTC): $0.00. Research requests sent today (UTC): 0.\n\n"
        "Files that are sent to Google:\n"
        f"- {folder}/note.txt (14 bytes)\n"
        f"- {folder}/large.pdf (9.3 KiB)\n"
        f"- {folder}/docs: 2 files (8 bytes), the first is docs/a.md\n\n"
        "Addresses that Google reads:\n"
        "- https://example.com/a.pdf\n"
        f"- {abc.name}\n\n"
        "Tools that it may use:\n"
        "- google_search\n"
    ]
    assert text_of(result).startswith(f"Left out of {folder}/docs: 1 of a type that Gemini does not take")
    content = emulator.creates[-1]["input"][0]["content"]
    assert [block["type"] for block in content if block["type"] != "text"] == ["document"] * 3
    assert [block["text"] for block in content if block["type"] == "text"] == [
        "File note.txt:\n\nGrüße, world",
        "File large.pdf:",
        "File docs/a.md:\n\na.md",
        "File docs/b.md:\n\nb.md",
        "File https://example.com/a.pdf:",
        f"File {abc.name}:",
        "Bicycles",
    ]
    assert posts(emulator) == 1


@pytest.mark.slow
@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_no_file_is_sent_when_the_user_does_not_agree(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path, action: str
) -> None:
    user = User(action, start=True)
    async with strict(settings, mode, user) as client:
        await call(client, "start_research", prompt="Bicycles", files=given(folder))
    assert (len(user.asked), emulator.requests) == (1, [])


REFUSED = [
    ("missing.pdf", None, "does not exist"),
    ("empty.txt", b"", "is empty"),
    ("program", b"\x7fELF\2\1\1" + bytes(99), "which Gemini does not take"),
    ("archive.zip", package("a.txt"), "which Gemini does not take"),
    ("prod.env", b"TOKEN=1", "looks like a secret"),
    (".hidden.txt", b"x", "stay private"),
    ("../outside.txt", b"x", "outside the allowed directories"),
    ("huge.pdf", PDF + bytes(recognition.MAX_PDF_BYTES), "at most 50 MB"),
]


@pytest.mark.slow
async def test_what_is_refused_is_refused_without_asking(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    user = User(start=True)
    async with strict(settings, mode, user) as client:
        for name, content, says in REFUSED:
            if content is not None:
                (folder / name).write_bytes(content)
            files = [str(folder / "large.pdf"), str(folder / name)]
            assert says in await complaint(client, "start_research", prompt="Bicycles", files=files)
        assert "cannot be given" in await complaint(client, "start_research", prompt="Bicycles", files=["ftp://x/y"])
    assert (user.asked, emulator.requests) == ([], [])


def rewritten(path: Path) -> None:
    """Change a byte, and nothing that a listing shows."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a small file is longer": lambda folder: note(folder, "Something else, which is longer"),
    "a small file has other words": lambda folder: note(folder, "Grüße, earth"),
    "a small file has other words and the old time": lambda folder: rewritten(folder / "note.txt"),
    "a small file is another type": lambda folder: (folder / "note.txt").write_bytes(office("word")),
    "a small file is gone": lambda folder: (folder / "note.txt").unlink(),
    "a large file is longer": lambda folder: (folder / "large.pdf").write_bytes(PDF + bytes(9_001)),
    "a large file is shorter": lambda folder: (folder / "large.pdf").write_bytes(PDF + bytes(8_999)),
    "a large file has other bytes": lambda folder: (folder / "large.pdf").write_bytes(PDF + b"\1" * 9_000),
    "a large file is replaced": lambda folder: (folder / "docs" / "a.md").replace(folder / "large.pdf"),
    "a large file is empty": lambda folder: (folder / "large.pdf").write_bytes(b""),
    "a file of the folder has other words": lambda folder: (folder / "docs" / "b.md").write_text("B.MD"),
    "a file of the folder is gone": lambda folder: (folder / "docs" / "b.md").unlink(),
    "the folder is gone": lambda folder: shutil.rmtree(folder / "docs"),
}


@pytest.mark.slow
async def test_what_changes_while_the_user_thinks_is_not_sent(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    user = User(start=True)
    async with strict(settings, mode, user) as client:
        for name, change in CHANGES.items():
            files = given(filled(folder))[:4]
            user.thinking = functools.partial(change, folder)
            said = await complaint(client, "start_research", prompt="Bicycles", files=files)
            assert any(words in said for words in ("was changed", "does not exist", "is empty")), (name, said)
            assert (name, emulator.requests) == (name, [])
        # What is there now is asked about again.
        user.thinking = lambda: None
        await call(client, "start_research", prompt="Bicycles", files=given(filled(folder))[:4])
    assert (len(user.asked), posts(emulator)) == (len(CHANGES) + 1, 1)


async def test_a_large_file_with_other_bytes_and_the_old_time_starts_nothing(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    user = User(start=True)
    user.thinking = lambda: rewritten(folder / "large.pdf")
    async with strict(settings, mode, user) as client:
        said = await complaint(client, "start_research", prompt="Bicycles", files=given(folder)[:4])
        assert "was changed" in said
    assert posts(emulator) == 0


@POSIX
async def test_a_link_put_in_the_place_of_a_file_is_not_followed_beyond_what_was_shown(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    def replace() -> None:
        (folder / "note.txt").unlink()
        link(folder / "note.txt", folder / "docs" / "a.md")

    user = User(start=True)
    user.thinking = replace
    async with strict(settings, mode, user) as client:
        assert "was changed" in await complaint(client, "start_research", prompt="Bicycles", files=given(folder)[:1])
    assert emulator.requests == []


@pytest.mark.slow
async def test_what_comes_into_a_folder_while_the_user_thinks_is_not_sent(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    user = User(start=True)
    user.thinking = lambda: (folder / "docs" / "diary.md").write_text("private")
    async with strict(settings, mode, user) as client:
        await client.call_tool("start_research", {"prompt": "Bicycles", "files": [str(folder / "docs")]})
    assert not any("private" in str(body) or "diary" in str(body) for body in emulator.creates)
    # Who is asked within the call has agreed to what the folder had; who calls again is asked anew.
    assert posts(emulator) == (1 if mode == "legacy" else 0)


@pytest.mark.slow
async def test_a_file_that_is_only_saved_again_is_sent(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    def save() -> None:
        for name in ("note.txt", "large.pdf"):
            shutil.copy(folder / name, folder / "copy")
            (folder / "copy").replace(folder / name)
            os.utime(folder / name, ns=(1, 1))

    user = User(start=True)
    user.thinking = save
    async with strict(settings, mode, user) as client:
        await call(client, "start_research", prompt="Bicycles", files=given(folder)[:2])
    assert (len(user.asked), posts(emulator), len(emulator.files.files)) == (1, 1, 1)


@pytest.mark.slow
async def test_the_same_research_with_files_asks_nobody_and_uploads_nothing(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    user = User(start=True)
    async with strict(settings, mode, user) as client:
        first = await call(client, "start_research", prompt="Bicycles", files=given(folder)[:4])
        emulator.files.files.clear()
        before = len(emulator.requests)
        again = await call(client, "start_research", prompt="Bicycles", files=given(folder)[:4])
        assert "The same research was asked for" in text_of(again)
        assert id_of(again) == id_of(first)
        assert {(each.method, each.path) for each in emulator.requests[before:]} <= {
            ("GET", f"/v1/interactions/{id_of(first)}")
        }
        assert len(user.asked) == 1
        # Other words in one file make it another request.
        note(folder, "Something else")
        await call(client, "start_research", prompt="Bicycles", files=given(folder)[:4])
    assert (len(user.asked), posts(emulator)) == (2, 2)


@pytest.mark.slow
@pytest.mark.parametrize("confirm", [Confirmation(0), Confirmation(None)])
async def test_over_the_limit_of_the_day_nobody_is_asked_and_nothing_is_uploaded(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path, confirm: Confirmation
) -> None:
    user = User(start=True)
    async with strict(settings, mode, user, confirm=confirm, runs_per_day=1) as client:
        await call(client, "start_research", prompt="Bicycles")
        before = len(user.asked)
        said = await complaint(client, "start_research", prompt="Cars", files=given(folder)[:4])
        assert said.startswith("The limit of 1 research run a day")
    assert len(user.asked) == before
    assert emulator.files.files == {}


@pytest.mark.slow
async def test_a_host_that_cannot_ask_sends_files_without_asking(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    async with host(settings, mode, None, inline_bytes=1_000) as client:
        await call(client, "start_research", prompt="Bicycles", files=given(folder)[:4])
    assert (posts(emulator), len(emulator.files.files)) == (1, 1)


@pytest.mark.slow
async def test_the_user_is_asked_once_however_many_calls_the_uploads_take(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    emulator.faults.append(stalled := Fault("upload", "stall", skip=1))
    user = User(start=True)
    arguments: dict[str, Any] = {"prompt": "Bicycles", "files": [str(folder / "large.pdf")]}
    async with strict(settings, mode, user, replace(FAST, naming=0.05), wait_seconds=0) as client:
        for _ in range(2):
            assert "call again with the same arguments" in await complaint(client, "start_research", **arguments)
        # An answer holds for what was asked about, and for nothing else.
        assert "call again" in await complaint(client, "start_research", **arguments | {"prompt": "Cars"})
        assert (len(user.asked), posts(emulator)) == (2, 0)
        stalled.release.set()
        with anyio.fail_after(PATIENCE):
            while (await client.call_tool("start_research", arguments)).is_error:
                pass
            # The call does not wait for the request to arrive.
            while not posts(emulator):
                await anyio.lowlevel.checkpoint()
        assert (len(user.asked), posts(emulator)) == (2, 1)
        # It is used up.
        await call(client, "start_research", **arguments, force=True)
    assert (len(user.asked), posts(emulator)) == (3, 2)


@pytest.mark.slow
@MODERN
async def test_an_answer_counts_with_the_state_of_its_question_only(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    async with strict(settings, mode, User(start=True)) as client:
        first = await round_of(client, "start_research")
        ((key, request),) = first["inputRequests"].items()
        assert (first["resultType"], key, request["method"]) == ("input_required", "consent", "elicitation/create")
        # Without its state an answer is none, and the user is asked.
        assert (await round_of(client, "start_research", "accept"))["resultType"] == "input_required"
        # Nor is a state an answer.
        assert (await round_of(client, "start_research", None, first["requestState"]))["resultType"] == "input_required"
        for arguments in ({"prompt": "Cars"}, {"files": given(folder)[:1]}):
            with pytest.raises(MCPError, match="Invalid or expired requestState"):
                await round_of(client, "start_research", "accept", first["requestState"], **arguments)
        with pytest.raises(MCPError, match="Invalid or expired requestState"):
            await round_of(client, "start_research", "accept", first["requestState"][:-2] + "AA")
        assert emulator.requests == []
        done = await round_of(client, "start_research", "accept", first["requestState"])
        assert "Research has started" in done["content"][0]["text"]
    assert posts(emulator) == 1


@MODERN
async def test_two_rounds_of_one_answer_start_one_run(settings: Settings, emulator: Emulator, mode: Mode) -> None:
    async with strict(settings, mode, User(start=True)) as client:
        state = (await round_of(client, "start_research"))["requestState"]
        for _ in range(2):
            await round_of(client, "start_research", "accept", state)
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(round_of, client, "start_research", "accept", state)
    assert posts(emulator) == 1


@MODERN
async def test_a_decline_is_one_whatever_has_changed(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    files = given(folder)[:1]
    async with strict(settings, mode, User(start=True)) as client:
        state = (await round_of(client, "start_research", files=files))["requestState"]
        note(folder, "Something else")
        declined = await round_of(client, "start_research", "decline", state, files=files)
        assert declined["content"][0]["text"] == DECLINED
    assert emulator.requests == []
