"""Start to the first answers, and memory, against a bare MCPServer with one tool.

    python bench/start.py [rounds]

Each round starts every server once in each protocol era, so that a machine that slows down slows all. It prints the
medians, and the ratios to quote: of the first answers to the bare server's, and of the first call and the memory to
those of the same server with `GEMINI_MCP_GREETING=false`. The times are this machine's.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROUNDS = 10
HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"
BARE = """
from mcp.server.mcpserver import MCPServer
mcp = MCPServer("bare", version="1")
@mcp.tool()
async def list_interactions() -> str:
    "Say nothing."
    return ""
mcp.run()
"""
CLIENT = {"name": "bench", "version": "1"}


class Start(NamedTuple):
    """Seconds from the start of the process to each first answer, and the MiB resident after the last."""

    opened: float
    listed: float
    called: float
    memory: float


class Peer:
    """A server that has just been started."""

    def __init__(self, command: list[str], folder: Path, env: dict[str, str], revision: str) -> None:
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, env=env
        )
        prefix = "io.modelcontextprotocol/"
        said = {"protocolVersion": revision, "clientCapabilities": {}, "clientInfo": CLIENT}
        self.meta = {"_meta": {f"{prefix}{name}": value for name, value in said.items()}} if revision == MODERN else {}

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method: str, **params: object) -> float:
        """Wait for an answer, and return the seconds since the start."""
        self.send({"id": method, "method": method, "params": {**params, **self.meta}})
        assert self.process.stdout is not None
        answer = json.loads(self.process.stdout.readline())
        assert answer["id"] == method, answer
        assert "result" in answer, answer
        return time.perf_counter() - self.began

    def measure(self, revision: str) -> Start:
        """Measure a start as a host of that revision sees it."""
        if revision == MODERN:
            opened = self.ask("server/discover")
        else:
            opened = self.ask("initialize", protocolVersion=revision, capabilities={}, clientInfo=CLIENT)
            self.send({"method": "notifications/initialized"})
        listed = self.ask("tools/list")
        called = self.ask("tools/call", name="list_interactions", arguments={})
        return Start(opened, listed, called, resident(self.process.pid))


def start(command: list[str], folder: Path, greeting: str, revision: str) -> Start:
    """Start a server, measure it, and end it."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    peer = Peer(command, folder, {**kept, "HOME": str(home), "GEMINI_MCP_GREETING": greeting}, revision)
    with peer.process as process:
        try:
            return peer.measure(revision)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)


def resident(pid: int) -> float:
    """MiB in memory now, where the system tells it in /proc."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = folder / "bare.py"
        bare.write_text(BARE)
        ours = [sys.executable, "-m", "gemini_interactions_mcp"]
        servers = {
            "bare MCPServer": ([sys.executable, str(bare)], ""),
            "this server": (ours, "true"),
            "without greeting": (ours, "false"),
        }
        for revision in (HANDSHAKE, MODERN):
            found: dict[str, list[Start]] = {label: [] for label in servers}
            for command, greeting in servers.values():  # warms the disk cache, and writes the .pyc files
                start(command, folder, greeting, revision)
            for _ in range(rounds):
                for label, (command, greeting) in servers.items():
                    found[label].append(start(command, folder, greeting, revision))
            report(revision, {label: find_medians(starts) for label, starts in found.items()})


def find_medians(starts: list[Start]) -> Start:
    return Start(*(statistics.median(column) for column in zip(*starts, strict=True)))


def report(revision: str, medians: dict[str, Start]) -> None:
    print(f"{revision:<18} {'opened':>9} {'tools/list':>11} {'tools/call':>11} {'memory':>10}")
    for label, each in medians.items():
        times = f"{each.opened * 1000:6.0f} ms {each.listed * 1000:8.0f} ms {each.called * 1000:8.0f} ms"
        print(f"{label:<18} {times} {each.memory:6.1f} MiB")
    bare, ours, ungreeted = medians.values()
    firsts = f"{ours.opened / bare.opened:9.3f} {ours.listed / bare.listed:11.3f}"
    print(f"{'to the bare one':<18} {firsts} {ours.called / bare.called:11.3f} {ours.memory / bare.memory:10.3f}")
    rest = f"{ours.called / ungreeted.called:11.3f} {ours.memory / ungreeted.memory:10.3f}"
    print(f"{'to no greeting':<18} {'':21} {rest}\n")


if __name__ == "__main__":
    main()
