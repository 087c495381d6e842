"""The names of saved files: readable in any script, found by every way, one beginning for all files of a run."""

import os
import re
import stat
from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp_types import BlobResourceContents, CallToolResult

from conftest import FAST
from filing import POSIX
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from reading import LEGACY, call, id_of, links_of, saved_in, text_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("prompt", "word"),
    [
        ("赤い自転車が古い橋の上を走っている、夕暮れの京都の風景を描いてください。空は紫色です。", "赤い自転車"),
        ("Красный велосипед на мосту", "красный-велосипед-на-мосту"),
        ("دراجة حمراء على الجسر", "دراجة-حمراء-على-الجسر"),
        ("🚲🌉" * 40, "🚲🌉"),
    ],
)
@LEGACY
async def test_a_picture_of_any_script_is_saved_read_sent_and_deleted_by_its_name(
    client: Client, emulator: Emulator, prompt: str, word: str
) -> None:
    image = await call(client, "generate_image", prompt=prompt)
    (path,), (link,) = saved_in(image), links_of(image)
    assert path.name[11:].startswith(word)
    (content,) = (await client.read_resource(link.uri)).contents
    assert isinstance(content, BlobResourceContents)
    await call(client, "analyze_file", files=[str(link.uri)], prompt="What?")
    assert "data" in emulator.creates[-1]["input"][0]["content"][0]
    text = text_of(await call(client, "delete_interaction", interaction_id=id_of(image)))
    assert f"File {path}: deleted." in text


async def test_all_files_of_a_run_begin_the_same_and_no_others_do(settings: Settings) -> None:
    """Also where two servers save what is called the same at once."""
    results: list[CallToolResult] = []

    async def report(client: Client) -> None:
        begun = await call(client, "start_research", prompt="太陽光 [[charts=3]]", force=True)
        results.append(await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=20))

    servers = [Client(build_server(settings, FAST), mode="legacy", cache=None) for _ in range(2)]
    async with servers[0] as one, servers[1] as two, anyio.create_task_group() as tasks:
        for client in (one, two) * 3:
            tasks.start_soon(report, client)
    stems = [run_stem(saved_in(result)) for result in results]
    assert len(set(stems)) == len(stems) == 6
    assert len(list(settings.output_dir.iterdir())) == 24


@POSIX
@LEGACY
async def test_only_the_user_reads_what_is_saved_but_where_the_caller_wants_it(
    client: Client, settings: Settings
) -> None:
    (folder := settings.allowed_dirs[0] / "site").mkdir(mode=0o755)
    begun = await call(client, "start_research", prompt="Bikes")
    report = await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    own = await call(client, "generate_image", prompt="A bike")
    wanted = await call(client, "generate_image", prompt="A bike", output_path=str(folder / "bike.jpg"))
    assert [mode(path) for path in (*saved_in(report), *saved_in(own))] == [0o600] * 3
    assert mode(settings.output_dir) == 0o700
    assert mode(folder / "bike.jpg") == 0o666 & ~umask()
    for path in (saved_in(own)[0], saved_in(report)[0], folder / "bike.jpg"):
        path.unlink()
    for result in (own, report, wanted):
        again = await call(client, "read_interaction", interaction_id=id_of(result))
        assert {mode(path) for path in saved_in(again)} == {0o600}


def mode(path: Path) -> int:
    """Who may use a file."""
    return stat.S_IMODE(path.stat().st_mode)


def umask() -> int:
    """What this process takes from the modes of new files."""
    os.umask(before := os.umask(0o022))
    return before


def run_stem(paths: list[Path]) -> str:
    """What the names of a report and its charts begin with."""
    *charts, document = (path.name for path in paths)
    stem = document.removesuffix(".md")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-太陽光-charts-3-[0-9a-f]{6}", stem)
    assert charts == [f"{stem}-{number}.png" for number in (1, 2, 3)]
    return stem
