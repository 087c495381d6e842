"""Runs the examples that need an environment of their own, each in one made of what its header names (`make examples`).

python tests/examples/run.py FOLDER [NAME ...]
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio

from exemplifying import EXAMPLES, WORD, read_requirements, run_example, serve_llm
from gemini_interactions_mcp.emulator import Emulator, serve_emulator

AGENTS = ("langgraph_agent.py", "openai_agent.py", "pydantic_agent.py")


def make_python(folder: Path, example: Path) -> str:
    """The interpreter of an environment that has the packages of an example, and nothing else."""
    place = folder / example.stem
    scripts = "Scripts" if os.name == "nt" else "bin"
    python, done = place / scripts / "python", place / ".installed"
    wanted = read_requirements(example)
    if not done.exists() or done.read_text(encoding="utf-8") != "\n".join(wanted):
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], check=True
        )
        done.write_text("\n".join(wanted), encoding="utf-8")
    return str(python)


async def check_agent(name: str, python: str) -> None:
    """Run an agent, and see that Gemini was asked once and that the agent was told the answer."""
    emulator = Emulator()
    with tempfile.TemporaryDirectory() as folder:
        async with serve_emulator(emulator) as url, serve_llm() as llm:
            printed = await run_example(
                Path(folder),
                url,
                name,
                python=python,
                OPENAI_BASE_URL=llm,
                OPENAI_API_KEY="a-stand-in-needs-none",
                OPENAI_AGENTS_DISABLE_TRACING="1",
            )
    (asked,) = emulator.interactions.values()
    assert WORD in printed, printed
    assert asked.id in printed, printed


def main() -> None:
    folder, *names = sys.argv[1:]
    for name in names or AGENTS:
        anyio.run(check_agent, name, make_python(Path(folder).absolute(), EXAMPLES / name))
        print(f"{name}: passed")


if __name__ == "__main__":
    main()
