"""Has every package checked by what reads it: registry, bundle, and the plugins of four hosts.

    python tests/packages/validate.py FOLDER [SCHEMAS]

FOLDER is where `make packages` has installed the hosts. SCHEMAS is a folder with a checkout of
https://github.com/modelcontextprotocol/static, for a machine that does not reach the address of the schema. Codex and
Copilot CLI have no command that validates: they install the plugin, and say whether they have its server and skills.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
NAME: Final = "gemini-interactions-mcp"
UNCHECKED: Final = "not checked"
SECONDS: Final = 120
"""Deadline in seconds for a command."""


def main(folder: str, schemas: str = "") -> int:
    """Check all, say what was found, and return the exit status."""
    with tempfile.TemporaryDirectory(dir=Path(folder).absolute()) as name:
        (home := Path(name) / "home").mkdir()
        shop = Shop(Path(folder).absolute(), home, export_checkout(Path(name) / NAME), schemas)
        failed = [name for name, check in CHECKS.items() if not shop.report(name, check)]
    return 1 if failed else 0


class Shop:
    """What the checks work with: the hosts' commands, a home folder of their own, and what a clone would hold."""

    def __init__(self, folder: Path, home: Path, checkout: Path, schemas: str) -> None:
        self.schemas = schemas
        self.checkout = checkout
        self.printed = ""
        self.env = make_environment(home, (folder / "node_modules" / ".bin", Path(sys.executable).parent))

    def report(self, name: str, check: "Check") -> bool:
        """Make one check, and print how it went."""
        complaint = check(self)
        sys.stdout.write(f"{name}: {complaint or 'valid'}\n")
        sys.stdout.flush()
        return not complaint or complaint.startswith(UNCHECKED)

    def run(self, *command: str) -> str:
        """Run a command in the checkout, and return what it printed if it failed."""
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=self.checkout,
            env=self.env,
            timeout=SECONDS,
            input="",
        )
        self.printed = done.stdout
        return f"{done.stdout}{done.stderr}".strip() if done.returncode else ""


Check = Callable[[Shop], str]
"""Returns what is wrong, and an empty text if nothing is."""


def export_checkout(target: Path) -> Path:
    """Copy what is, or is to be, under version control: a host copies all that lies in the folder of a plugin."""
    listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    names = subprocess.run(listed, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def make_environment(home: Path, commands: Sequence[Path]) -> Mapping[str, str]:
    """An environment with nothing of the user's but how to reach the network."""
    network = {name: value for name, value in os.environ.items() if name.endswith(("_PROXY", "_CERTS", "CERT_FILE"))}
    path = os.pathsep.join((*(str(each) for each in commands), os.environ.get("PATH", "")))
    return {**network, "HOME": str(home), "USERPROFILE": str(home), "PATH": path}


def check_registry(shop: Shop) -> str:
    """The registry's own schema, from its address or from SCHEMAS."""
    address = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))["$schema"]
    _, _, path = address.partition("//")
    schema = str(Path(shop.schemas) / path.partition("/")[2]) if shop.schemas else address
    complaint = shop.run("check-jsonschema", "--schemafile", schema, "server.json")
    if not shop.schemas and any(word in complaint for word in ("ConnectionError", "ConnectTimeout", "SSLError")):
        return f"{UNCHECKED}, since {address} was not reached"
    return complaint


def check_bundle(shop: Shop) -> str:
    """As https://github.com/modelcontextprotocol/mcpb validates a manifest."""
    return shop.run("mcpb", "validate", "manifest.json")


def check_claude(shop: Shop) -> str:
    """The plugin and its marketplace."""
    paths = (".claude-plugin/plugin.json", ".claude-plugin/marketplace.json")
    return "\n".join(filter(None, (shop.run("claude", "plugin", "validate", "--strict", path) for path in paths)))


def check_gemini(shop: Shop) -> str:
    """The extension."""
    return shop.run("gemini", "extensions", "validate", ".")


def check_codex(shop: Shop) -> str:
    """Whether Codex installs the plugin, and would start its server."""
    steps = (("marketplace", "add", "."), ("add", f"{NAME}@{NAME}"))
    return install(shop, [("codex", "plugin", *step) for step in steps], ("codex", "mcp", "get", "gemini"), "uvx")


def check_copilot(shop: Shop) -> str:
    """Whether Copilot CLI installs the plugin, and would start its server."""
    steps = (("marketplace", "add", str(shop.checkout)), ("install", f"{NAME}@{NAME}"))
    return install(shop, [("copilot", "plugin", *step) for step in steps], ("copilot", "mcp", "get", "gemini"), "uvx")


def install(shop: Shop, steps: Sequence[Sequence[str]], asked: Sequence[str], expected: str) -> str:
    """Take the steps, and see that a command then prints what is expected."""
    for step in (*steps, asked):
        if complaint := shop.run(*step):
            return complaint
    return "" if expected in shop.printed else f"{shutil.which(asked[0])} has no such server: {shop.printed}"


CHECKS: Final[Mapping[str, Check]] = {
    "server.json": check_registry,
    "bundle": check_bundle,
    "Claude Code": check_claude,
    "Gemini CLI": check_gemini,
    "Codex": check_codex,
    "Copilot CLI": check_copilot,
}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
