"""Both protocol eras return the same: 2026-07-28 and 2025-11-25."""

import re
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from conftest import FAST, Mode, make_settings
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.tools.table import TOOLS
from reading import id_of, wav

pytestmark = pytest.mark.slow

MASKED = re.compile(
    r"v1_[\w-]+|\b[0-9a-f]{16}-[0-9a-f]{32}\b|-[0-9a-f]{6}\b|-[0-9a-f]{12}\b|\d{4}-\d\d-\d\d(?:T[\d:.+]+)?|\d+ s\b"
)
"""What differs between two runs of the same calls: ids, labels, names of files, times."""


def plain(result: CallToolResult, folder: Path) -> str:
    """All of a result but what is different each time."""
    own = {
        name: value for name, value in (result.meta or {}).items() if not name.startswith("io.modelcontextprotocol/")
    }
    said = result.model_dump_json(indent=1, exclude={"content": {"__all__": {"data"}}, "meta": True}) + repr(own)
    return MASKED.sub("*", said.replace(str(folder), "FOLDER"))


async def tour(folder: Path, url: str, mode: Mode) -> dict[str, str]:
    """Call every tool, each right and wrong, and return what came."""
    settings = make_settings(folder, url)
    (folder / "files" / "a.txt").write_text("What is this?", encoding="utf-8")
    found: dict[str, str] = {}

    async with Client(build_server(settings, FAST), mode=mode, cache=None) as client:

        async def call(name: str, **arguments: Any) -> CallToolResult:
            result = await client.call_tool(name, arguments)
            found[f"{name} {sorted(arguments)}"] = plain(result, folder)
            return result

        asked = id_of(await call("gemini_ask", prompt="Why?", tools=["google_search"]))
        await call("gemini_continue", prompt="And?", previous_interaction_id=asked)
        await call("analyze_file", prompt="What?", files=[str(folder / "files" / "a.txt")])
        await call("analyze_file", prompt="What?", files=[str(wav(folder / "files"))], transcript=True)
        (folder / "files" / "tone.wav").write_bytes((folder / "files" / "tone.wav").read_bytes() + b"not silent")
        await call("analyze_file", prompt="?", files=[str(folder / "files" / "tone.wav")], transcript=True, clip="0-1")
        await call("generate_image", prompt="A red bicycle")
        await call("generate_audio", prompt="A red bicycle")
        await call("generate_video", prompt="A red bicycle")
        plan = id_of(await call("start_research", prompt="Rivers", plan_first=True))
        await call("check_research", interaction_id=plan, wait_seconds=20)
        await call("cancel_research", interaction_id=plan)
        await call("manage_store", action="create", store="Notes")
        await call("manage_store", action="add", store="Notes", files=[str(folder / "files" / "a.txt")])
        await call("manage_store", action="remove", store="Notes", document="a.txt")
        await call("manage_store", action="delete", store="Notes", force=True)
        await call("list_interactions", kind="research")
        await call("read_interaction", interaction_id=asked)
        await call("delete_interaction", interaction_id=asked)
        for entry in TOOLS:
            await call(entry.function.__name__, colour="red")
    return found


async def test_every_tool_returns_the_same_in_both_eras(tmp_path: Path, url: str) -> None:
    for mode in ("auto", "legacy"):
        (tmp_path / mode).mkdir()
    modern, legacy = [await tour(tmp_path / mode, url, mode) for mode in ("auto", "legacy")]
    assert {name.partition(" ")[0] for name in modern} == {entry.function.__name__ for entry in TOOLS}
    assert modern == legacy
