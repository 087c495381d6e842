"""Makes the bundle for Claude Desktop and other hosts that install MCPB files.

    python tests/packages/bundle.py UV MCPB

UV and MCPB are the commands of uv and `@anthropic-ai/mcpb`. The bundle gets a lock of the dependencies that are the
newest today, for every system and Python, so that every user of a release runs the same versions. The lock is part of
no commit: a release makes its own.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
TARGET: Final = ROOT / "dist" / "gemini-interactions-mcp.mcpb"
FILES: Final = ("manifest.json", "README.md", "LICENSE")
NEEDED_TABLES: Final = ("build-system", "project", "tool.hatch")
LOCK_ORIGINS: Final = 2
"""That of the index, and that of its files: https://docs.astral.sh/uv/concepts/indexes/"""

Json = dict[str, Any]


def main(uv: str, mcpb: str) -> int:
    """Make the bundle, and return the exit status."""
    uv, mcpb = (str(Path(shutil.which(command) or command).absolute()) for command in (uv, mcpb))
    manifest: Json = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stage(folder, manifest)
        subprocess.run([uv, "lock", "--no-config", "--quiet"], check=True, cwd=folder, env=plain_environment())
        check_lock((folder / "uv.lock").read_text(encoding="utf-8"))
        TARGET.parent.mkdir(exist_ok=True)
        subprocess.run([mcpb, "pack", str(folder), str(TARGET)], check=True, stdout=subprocess.DEVNULL)
    sys.stdout.write(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size / 1024:,.0f} KB\n")
    return 0


def stage(folder: Path, manifest: Json) -> None:
    """Copy what the bundle consists of."""
    for name in (*FILES, *list_icons(manifest)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(keep_needed_tables(text), encoding="utf-8")


def list_icons(manifest: Json) -> Iterator[str]:
    """The pictures that a manifest names."""
    if "icon" in manifest:
        yield manifest["icon"]
    yield from (icon["src"] for icon in manifest.get("icons", ()) if icon["src"] != manifest.get("icon"))


def keep_needed_tables(text: str) -> str:
    """A pyproject.toml without what only developers need, so that the lock is without it, too."""
    tables = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    return "".join(table for table in tables if table.lstrip("[").startswith(NEEDED_TABLES))


def plain_environment() -> Mapping[str, str]:
    """The environment without another index than the default one, which would be written into the lock."""
    sources = re.compile(r"UV_(.*INDEX.*|FIND_LINKS|CONFIG_FILE|OVERRIDE|CONSTRAINT)")
    return {name: value for name, value in os.environ.items() if not sources.fullmatch(name)}


def check_lock(text: str) -> None:
    """See that the lock is for everyone.

    uv makes it without any configuration, so there is one index, its default.

    Raises:
        SystemExit: It names a second index, an address with credentials or without TLS, or a path of this machine.
    """
    origins = sorted({*re.findall(r"\w+://[^/\"\s]*", text)})
    indexes = {*re.findall(r'registry = "(\w+://[^"]*)"', text)}
    plain = all(re.fullmatch(r"https://[a-z0-9.-]+", origin) for origin in origins)
    if not plain or len(origins) > LOCK_ORIGINS or len(indexes) > 1:
        raise SystemExit(f"The lock names {', '.join(origins)}.")
    if paths := re.findall(r'(?:path|registry|directory) = "(?:file:|/|\.\.).*', text):
        raise SystemExit(f"The lock names paths of this machine: {paths[0]}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
