"""Bundles, extensions and plugins of hosts that bring this server: only recognized, since hosts keep their settings."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from gemini_interactions_mcp.core import coerce_object, get_text, make_printable
from gemini_interactions_mcp.settings import APP_NAME

from .contents import read_regular_file
from .machine import Machine
from .table import list_claude_paths


class FoundBundle(NamedTuple):
    """A bundle, an extension or a plugin.

    Attributes:
        host: Id of the host.
        text: What is said of it.
    """

    host: str
    text: str


def list_bundles(machine: Machine) -> Iterator[FoundBundle]:
    """Yield the bundles and extensions that bring this server. Blocks."""
    for config in list_claude_paths(machine):
        for path in sorted(config.parent.glob("Claude Extensions/*/manifest.json")):
            yield from describe_bundle("claude-desktop", "bundle", path)
    root = machine.find_folder("GEMINI_CLI_HOME") / ".gemini"
    for path in sorted(root.glob("extensions/*/gemini-extension.json")):
        yield from describe_bundle("gemini-cli", "extension", path)
    plugins = machine.find_folder("CLAUDE_CONFIG_DIR", ".claude") / "plugins"
    for path in sorted(plugins.glob("cache/*/*/*/.claude-plugin/plugin.json")):
        yield from describe_bundle("claude-code", "plugin", path)


def describe_bundle(host: str, kind: str, manifest: Path) -> Iterator[FoundBundle]:
    """Yield what is said of a bundle if it is of this server."""
    with suppress(OSError, ValueError, RecursionError):
        found = coerce_object(json.loads(read_regular_file(manifest).decode("utf-8-sig")))
        if found.get("name") == APP_NAME:
            version = make_printable(get_text(found.get("version")) or "of an unknown version")
            yield FoundBundle(host, f"has it as the {kind} {version}; the host keeps its settings")
