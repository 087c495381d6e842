"""Start to the answer of `initialize`, and memory, against a bare MCPServer with one tool.

    python bench/start.py [rounds]

Both are started in turn, so that a machine that slows down slows both. It prints the medians and their ratio; the
ratio is the figure to quote, since the times are this machine's.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS = 10
BARE = """
from mcp.server.mcpserver import MCPServer
mcp = MCPServer("bare", version="1")
@mcp.tool()
async def echo(text: str) -> str:
    "Say it again."
    return text
mcp.run()
"""
INITIALIZE: dict[str, object] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    },
}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
LIST: dict[str, object] = {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}}


def start(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds until `initialize` is answered, and the MiB resident once tools/list is."""
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(message: dict[str, object]) -> None:
            assert process.stdin is not None
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()

        ask(INITIALIZE)
        answer = json.loads(process.stdout.readline())
        seconds = time.perf_counter() - began
        assert "result" in answer, answer
        ask({"jsonrpc": "2.0", "method": "notifications/initialized"})
        ask(LIST)
        process.stdout.readline()
        memory = resident(process.pid)
        process.stdin.close()
        process.wait(10)
    return seconds, memory


def resident(pid: int) -> float:
    """MiB in memory now, where the system tells it in /proc."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = folder / "bare.py"
        bare.write_text(BARE)
        commands: dict[str, list[str]] = {
            "bare MCPServer": [sys.executable, str(bare)],
            "this server": [sys.executable, "-m", "gemini_interactions_mcp"],
        }
        for command in commands.values():  # warms the disk cache, and writes the .pyc files
            start(command, folder)
        found: dict[str, list[tuple[float, float]]] = {label: [] for label in commands}
        for _ in range(rounds):
            for label, command in commands.items():
                found[label].append(start(command, folder))
    report(found)


def report(found: dict[str, list[tuple[float, float]]]) -> None:
    medians = {
        label: (median(rows, lambda row: row[0]), median(rows, lambda row: row[1])) for label, rows in found.items()
    }
    for label, (seconds, memory) in medians.items():
        print(f"{label:<16} {seconds * 1000:7.0f} ms to initialize   {memory:6.1f} MiB after tools/list")
    (bare_seconds, bare_memory), (seconds, memory) = medians.values()
    print(f"ratio            {seconds / bare_seconds:7.2f}                    {memory / max(bare_memory, 1):6.2f}")


def median(rows: list[tuple[float, float]], of: Callable[[tuple[float, float]], float]) -> float:
    return statistics.median(map(of, rows))


if __name__ == "__main__":
    main()
