"""The `demo` command, the first thing that a newcomer runs."""

import re
import tempfile
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from mcp_types import AudioContent, CallToolResult, ImageContent, ResourceLink, TextContent

from gemini_interactions_mcp import emulator
from gemini_interactions_mcp.cli import demo
from gemini_interactions_mcp.cli.main import main
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.server.tools import table
from reading import COST

Capture = pytest.CaptureFixture[str]


def test_every_tool_is_shown_and_all_that_is_left_is_one_folder_that_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    for name in ("tmp", "cwd", "home"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary := tmp_path / "tmp"))
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setattr(emulator, "Emulator", partial(Emulator, picture_scale=0.25))
    status = main(["demo"])
    out, err = capsys.readouterr()
    assert status == 0, out + err
    assert err == ""
    for entry in table.TOOLS:
        assert f"\n== {entry.function.__name__}(" in out
    assert re.search(r"\n   \.\.\. +\d+\.\d s ", out), "no progress is shown"

    assert re.search(rf"\n   interaction_id: \S+ \| gemini-3\.8-flash \| completed \| .* tokens \| {COST}\n", out)
    summed = out.partition("\nEvery step succeeded")[0].rpartition("\n== ")[2]
    assert summed.startswith("list_interactions(totals='model')\n   | model | runs | ")
    for line in ("deep-research-preview-04-2026 | 3 |", "gemini-3.8-flash | 6 |", "total | 17 |"):
        assert f"\n   | {line} " in summed
    assert re.search(r"\n   \| total \| 17 \|.* \| ~\$\d[\d.]*, 1 unknown \|\n", summed), summed

    (folder,) = temporary.iterdir()
    saved = {str(path) for path in (folder / "output").rglob("*") if path.is_file()}
    listed = re.findall(r"^  (\S.*) \([\d,]+ bytes\)$", out.partition("Saved files:")[2], re.MULTILINE)
    assert set(listed) == saved
    assert {Path(path).suffix for path in saved} == {".jpg", ".md", ".mp3", ".mp4", ".png", ".srt", ".vtt", ".wav"}
    assert out.endswith(f"\nAll files of the demo are in {folder}; you can delete that folder at any time.\n")
    assert {path.name for path in folder.iterdir()} >= {"input", "output", "journal.sqlite3"}
    assert [line for line in out.splitlines() if line != line.rstrip()] == []
    for elsewhere in ("cwd", "home"):
        assert list((tmp_path / elsewhere).iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"tmp", "cwd", "home"}


@pytest.mark.slow
async def test_a_step_that_fails_ends_the_demo_with_status_1_and_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def refusing(research_seconds: float) -> Emulator:
        return Emulator(research_seconds, faults=[Fault("create", "http", http_status=402)])

    monkeypatch.setattr(emulator, "Emulator", refusing)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    status = await anyio.to_thread.run_sync(main, ["demo"])
    out = capsys.readouterr().out
    assert status == 1
    assert out.endswith("\nThe demo failed: gemini_ask failed\n")
    assert "Add credit or billing" in out


def test_a_step_that_shows_something_wrong_fails_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    async def tour(folder: Path) -> None:
        demo.require(folder.parent == tmp_path, "the folder is elsewhere")
        demo.require(False, "one and one is not three")

    monkeypatch.setattr(demo, "run_tour", tour)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert demo.run_demo() == 1
    assert capsys.readouterr().out.endswith("\nThe demo failed: one and one is not three\n")


def test_what_was_saved_is_listed_with_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    async def tour(folder: Path) -> None:
        await (output := anyio.Path(folder / "output")).mkdir()
        await (output / "report.md").write_bytes(b"x" * 1234)
        await anyio.Path(folder / "journal.sqlite3").write_bytes(b"x")

    monkeypatch.setattr(demo, "run_tour", tour)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert demo.run_demo() == 0
    *_, title, saved, last = capsys.readouterr().out.splitlines()
    assert title.endswith("Saved files:")
    assert saved.endswith("report.md (1,234 bytes)")
    assert last.startswith(f"All files of the demo are in {tmp_path}")


def test_a_long_text_is_shown_by_its_beginning_and_its_end() -> None:
    text = TextContent(text="\n".join(f"line {number}" for number in range(40)))
    lines = demo.render_block(text)
    assert len(lines) == demo.MAX_SHOWN_LINES + 1
    assert lines[0] == "   line 0"
    assert lines[-1] == "   line 39"
    assert f"   [the demo omits {40 - demo.MAX_SHOWN_LINES} lines here]" in lines


def test_no_line_ends_with_blanks() -> None:
    assert demo.render_block(TextContent(text="one  \n\ntwo")) == ["   one", "", "   two"]


def test_other_blocks_are_shown_by_what_they_are() -> None:
    assert demo.render_block(TextContent(text="one\ntwo")) == ["   one", "   two"]
    assert demo.render_block(ImageContent(data="AAAA", mime_type="image/jpeg")) == ["   [preview: image/jpeg, 3 bytes]"]
    assert demo.render_block(ResourceLink(uri="gemini://interactions/a", name="a")) == [
        "   [link: gemini://interactions/a]"
    ]
    assert demo.render_block(AudioContent(data="AAAA", mime_type="audio/wav")) == ["   [AudioContent]"]


def test_a_result_without_an_id_fails_the_step_that_needs_it() -> None:
    with pytest.raises(demo.StepFailedError, match="has no interaction_id"):
        demo.find_footer_id(CallToolResult(content=[TextContent(text="nothing to follow")]))
