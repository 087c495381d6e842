"""Prints what the installed server answers to `tools/list`: first for people to compare, then on one line as sent.

Needs nothing but the server, so that two versions of it can be asked alike.
"""

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "list-tools", "version": "1"},
}
MESSAGES: tuple[dict[str, Any], ...] = (
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}},
)


def main() -> int:
    """Ask the server of this Python, in a new home directory and without a key."""
    with tempfile.TemporaryDirectory() as home:
        environ = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        environ |= {"HOME": home, "GEMINI_MCP_GREETING": "false"}
        command = [sys.executable, "-m", "gemini_interactions_mcp"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, cwd=home) as server:
            assert server.stdin
            assert server.stdout
            server.stdin.writelines(json.dumps(each).encode() + b"\n" for each in MESSAGES)
            server.stdin.flush()
            line = next(each for each in server.stdout if json.loads(each).get("id") == 2)
            server.stdin.close()
    shown = json.dumps(json.loads(line)["result"]["tools"], indent=2, ensure_ascii=False)
    sys.stdout.buffer.write(shown.encode() + b"\n" + line.strip() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
