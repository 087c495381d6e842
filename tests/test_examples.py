"""The examples that need nothing but this package are run as a user copies them; `make examples` runs the others."""

import ast
import re
import sqlite3
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import anyio
import pytest
from anyio.streams.text import TextReceiveStream
from packaging.requirements import Requirement

from exemplifying import EXAMPLES, read_requirements, run_example
from gemini_interactions_mcp.emulator import Emulator
from wired import environment

SCRIPTS = sorted(EXAMPLES.glob("*.py"))
OWN = ("agent_to_agent.py", "in_process.py", "mcp_client.py")
"""Examples that need no environment of their own."""


@pytest.mark.slow
async def test_an_mcp_client_asks_and_continues(url: str, emulator: Emulator, tmp_path: Path) -> None:
    printed = await run_example(tmp_path, url, "mcp_client.py", "Why is the sky blue?")
    first, second = (each.id for each in emulator.interactions.values())
    assert re.search(rf"^{first} completed \d+ tokens 0\.\d+$", printed, re.MULTILINE)
    assert re.search(rf"^{second} completed \d+ tokens 0\.\d+$", printed, re.MULTILINE)


@pytest.mark.slow
async def test_a_program_runs_the_server_in_itself(url: str, tmp_path: Path) -> None:
    printed = await run_example(tmp_path, url, "in_process.py", "A red bicycle")
    found = re.match(r"(\S+) image/\w+ (\d+) bytes\n", printed)
    assert found, printed
    assert (await anyio.Path(found[1]).stat()).st_size == int(found[2])


@asynccontextmanager
async def serving(folder: Path, url: str) -> AsyncGenerator[tuple[str, str]]:
    """The server over HTTP as a user starts it: its address and its token, as it prints them."""
    command = [sys.executable, "-m", "gemini_interactions_mcp", "serve", "--http", "--port", "0"]
    async with await anyio.open_process(command, env=environment(folder, url), cwd=folder) as process:
        assert process.stderr is not None
        told, found = "", None
        with anyio.fail_after(60):
            async for piece in TextReceiveStream(process.stderr):
                told += piece
                if found := re.search(r"(http://127\.0\.0\.1:\d+/mcp)\b.*Bearer (\S+)\n", told, re.DOTALL):
                    break
        assert found, told
        try:
            yield found[1], found[2]
        finally:
            process.terminate()


@pytest.mark.slow
async def test_an_agent_hands_a_research_over_and_follows_it(url: str, emulator: Emulator, tmp_path: Path) -> None:
    (served := tmp_path / "served").mkdir()
    (own := tmp_path / "own").mkdir()
    (again := tmp_path / "again").mkdir()
    (early := tmp_path / "early").mkdir()
    async with serving(served, url) as (address, token):
        printed = await run_example(own, url, "agent_to_agent.py", address, "How do cities cool down?", MCP_TOKEN=token)
        (research,) = emulator.interactions.values()
        assert printed.splitlines()[0] == research.id
        assert "report.md: completed" in printed
        # A program that ended early goes on with the id, and nothing is started.
        await run_example(again, url, "agent_to_agent.py", address, research.id, MCP_TOKEN=token)
        # So it does with what stands for the id while Google has not confirmed it.
        with closing(sqlite3.connect(served / "journal.sqlite3")) as database:
            ((label,),) = database.execute("select label from interactions")
        await run_example(early, url, "agent_to_agent.py", address, label, MCP_TOKEN=token)
    assert len(emulator.interactions) == 1
    assert "# Research report" in (own / "report.md").read_text(encoding="utf-8")
    assert (again / "report.md").read_bytes() == (own / "report.md").read_bytes()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_an_example_names_its_packages_and_how_it_is_run(script: Path) -> None:
    assert all(Requirement(each).name for each in read_requirements(script))
    said = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    assert f"uv run {script.name}" in said


def test_the_readme_of_the_examples_lists_each_of_them() -> None:
    listed = re.findall(
        r"^\| \[`(\w+\.py)`\]\(\1\)", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(listed) == [script.name for script in SCRIPTS]
