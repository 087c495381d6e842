"""The command that a host is given for this server: one that still exists when the host starts it."""

import json
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import coerce_object, get_text
from gemini_interactions_mcp.settings import APP_NAME

ProgramFinder = Callable[[str], str | None]
"""Returns the path of a program, as `shutil.which`."""

UV_CACHE: Final = re.compile(r"[/\\](?:archive|environments|builds)-v\d+[/\\]")
"""Where uvx keeps environments that `uv cache prune` removes: https://docs.astral.sh/uv/concepts/tools/"""
PIPX_CACHE: Final = re.compile(r"pipx[/\\](?:\.?cache|Cache)[/\\]")


class Running(NamedTuple):
    """How this process was started.

    Attributes:
        prefix: Of its Python environment.
        scripts: Where that has its commands.
        python: Its Python.
        source: Where the package came from, if not from an index.
    """

    prefix: Path
    scripts: Path
    python: str
    source: str | None = None


def describe_running() -> Running:
    """Return how this process was started."""
    return Running(Path(sys.prefix), Path(sysconfig.get_path("scripts")), sys.executable, find_source())


def find_source() -> str | None:
    """Return the address or path that the package was installed from, None for an index or an editable checkout.

    https://packaging.python.org/en/latest/specifications/direct-url/
    """
    try:
        text = distribution(APP_NAME).read_text("direct_url.json")
        found = coerce_object(json.loads(text) if text else None)
    except (PackageNotFoundError, ValueError):
        return None
    address, version = get_text(found.get("url")), coerce_object(found.get("vcs_info"))
    if address and version:
        return f"{version.get('vcs')}+{address}@{version.get('requested_revision') or version.get('commit_id')}"
    return address


def choose_command(
    running: Running, environ: Mapping[str, str], find_program: ProgramFinder = shutil.which
) -> list[str]:
    """Return the command and its arguments, by absolute paths: desktop apps have a short PATH. Blocks."""
    place = f"{running.prefix}/"
    if UV_CACHE.search(place) and (uvx := find_uvx(environ, find_program)):
        return [uvx, *(["--from", running.source] if running.source else []), APP_NAME]
    if PIPX_CACHE.search(place) and (pipx := find_program("pipx")):
        return [pipx, "run", *(["--spec", running.source] if running.source else []), APP_NAME]
    names = (APP_NAME, f"{APP_NAME}.exe")
    script = next((path for name in names if (path := running.scripts / name).is_file()), None)
    if script is None:
        return [running.python, "-P", "-m", "gemini_interactions_mcp"]
    # A link in a directory of PATH outlives an upgrade, which may replace the environment.
    linked = find_program(APP_NAME)
    return [linked if linked and Path(linked).resolve() == script.resolve() else str(script)]


def find_uvx(environ: Mapping[str, str], find_program: ProgramFinder) -> str | None:
    """Return the path of uvx; uv tells what it starts where it is itself.

    https://docs.astral.sh/uv/reference/environment/#uv
    """
    if uv := environ.get("UV"):
        beside = [Path(uv).with_name(name) for name in ("uvx", "uvx.exe")]
        if found := next((path for path in beside if path.is_file()), None):
            return str(found)
    return find_program("uvx")
