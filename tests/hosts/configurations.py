"""What each host reads of its configuration, and the environment that it then gives to a server.

Independent of what `gemini-interactions-mcp install` and `doctor` know about hosts, so that it can prove them wrong.
"""

import base64
import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

import yaml
from machines import SYSTEM_PATH, Machine, narrow

Json = dict[str, Any]

FEW: Final = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER")
"""What the SDKs pass on by default; hosts pass on no less."""
SECRET_NAMES: Final = re.compile(r"TOKEN|SECRET|PASSWORD|KEY|AUTH|CREDENTIAL|CREDS|PRIVATE|CERT", re.IGNORECASE)
"""What Gemini CLI 0.61 keeps from a server, as was measured."""
KEYS: Final = ("mcpServers", "servers", "context_servers", "mcp", "mcp_servers", "extensions")
"""Under which of these a host has its servers."""
SUFFIXES: Final = frozenset((".json", ".jsonc", ".toml", ".yaml"))
UVX: Final = "/absolute/path/to/uvx"
"""What the pages write where the user has to find out the path."""
TYPED: Final = "key-that-was-typed"


class Host(NamedTuple):
    """How a host starts servers."""

    command: str  # its command line; empty for an app
    passes: str  # `all`, `few`, or `harmless`: all that is not named like a secret
    variable: str  # the pattern by which its configuration refers to a variable; empty for none
    health: Sequence[str] = ()  # its own check
    healthy: str = ""  # what that check says of a server that works


HOSTS: Final[Mapping[str, Host]] = {
    "claude-desktop": Host("", "few", ""),
    "claude-code": Host("claude", "all", r"\$\{(\w+)\}", ("claude", "mcp", "list"), "✔ Connected"),
    "codex": Host("codex", "few", "", ("codex", "mcp", "get", "gemini"), "enabled: true"),
    "gemini-cli": Host("gemini", "harmless", r"\$\{?(\w+)\}?", ("gemini", "mcp", "list"), "- Connected"),
    "cursor": Host("", "few", r"\$\{env:(\w+)\}"),
    "vscode": Host("code", "few", r"\$\{(?:env|input):(\w+)\}"),
    "windsurf": Host("", "few", r"\$\{env:(\w+)\}"),
    "opencode": Host("opencode", "all", r"\{env:(\w+)\}", ("opencode", "mcp", "list"), "connected"),
    "copilot-cli": Host("copilot", "all", r"\$\{?(\w+)\}?", ("copilot", "mcp", "list"), "gemini"),
    "zed": Host("", "few", ""),
    "goose": Host("", "few", ""),
}
"""What passes was measured of the command lines; apps get the least that any host passes on."""


class Launch(NamedTuple):
    """How a server is started."""

    command: Sequence[str]
    env: Mapping[str, str]


def find_host(heading: str) -> str:
    """The id of a host by the heading of its section; empty if it is none."""
    name = heading.lower().replace("vs code", "vscode").replace(" ", "-")
    return name if name in HOSTS else ""


def parse_file(name: str, text: str) -> Json:
    """The content of a configuration; empty if it is none."""
    try:
        if name.endswith(".toml"):
            return tomllib.loads(text)
        loaded = yaml.safe_load(text) if name.endswith(".yaml") else json.loads(text)
    except (ValueError, yaml.YAMLError):
        return {}
    return loaded if isinstance(loaded, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON


def find_entry(document: Json) -> Json | None:
    """The entry of this server."""
    entries = (document[key].get("gemini") for key in KEYS if isinstance(document.get(key), dict))
    return next((entry for entry in entries if entry), None)


def find_entries(machine: Machine) -> Iterator[tuple[Path, Json]]:
    """The files of a machine that have this server."""
    passed_over = ("cache", "backup", "plugins", "extensions", "uv", "node_modules")
    for top in (machine.home, machine.project):
        for path in sorted(top.rglob("*")):
            parts = path.relative_to(top).parts
            if path.suffix in SUFFIXES and not any(word in part for part in parts[:-1] for word in passed_over):
                entry = find_entry(parse_file(path.name, path.read_text(encoding="utf-8", errors="replace")))
                yield from [(path, entry)] if entry else []


def read_entry(entry: Json, host: Host, machine: Machine) -> Launch:
    """How the host starts what the entry says, with exactly what it passes on."""
    command: str | list[str] = entry.get("command") or entry["cmd"]
    words = command if isinstance(command, list) else [command, *entry.get("args", ())]
    words = [str(machine.home / "bin" / "uvx") if word == UVX else word for word in words]
    named = [*entry.get("env_vars", ()), *entry.get("env_keys", ())]
    given: Json = entry.get("env") or entry.get("environment") or entry.get("envs") or {}
    expanded = {name: expand(str(value), host, machine) for name, value in given.items()}
    return Launch(words, pass_on(host, machine) | narrow(machine.shell, named) | expanded | emulated(machine))


def expand(value: str, host: Host, machine: Machine) -> str:
    """A value with its variables; what the user is asked for is typed in."""
    known = machine.shell | {"gemini_key": TYPED}
    return re.sub(host.variable, lambda found: known.get(found[1], ""), value) if host.variable else value


def pass_on(host: Host, machine: Machine) -> dict[str, str]:
    """The variables that the host gives to every server; an app has not the PATH of a terminal."""
    if host.passes == "all":
        return dict(machine.shell)
    if host.passes == "harmless":
        return {name: value for name, value in machine.shell.items() if not SECRET_NAMES.search(name)}
    return narrow(machine.shell, FEW) | ({} if host.command else {"PATH": f"{machine.home}/bin:{SYSTEM_PATH}"})


def emulated(machine: Machine) -> dict[str, str]:
    """What makes the server take the emulator for Google."""
    return {"GOOGLE_GEMINI_BASE_URL": machine.world.api}


def read_links(text: str) -> Iterator[tuple[str, str, Json]]:
    """The host, the address and the entry of each link that installs."""
    for found in re.finditer(r"(?:https|goose|cursor|vscode)://?[^\s\")>]+", text.replace("&amp;", "&")):
        address = found[0]
        parts = urlsplit(address)
        query = parse_qs(parts.query)
        if "cursor" in address and "config" in query:
            yield "cursor", address, json.loads(base64.b64decode(query["config"][0]))
        elif "vscode" in address and "config" in query:
            yield "vscode", address, json.loads(query["config"][0])
        elif parts.scheme == "goose":
            asked = {each.partition("=")[0]: TYPED for each in query.get("env", ())}
            yield "goose", address, {"cmd": query["cmd"][0], "args": query["arg"], "envs": asked}


def read_added(line: str) -> Json:
    """The entry in `code --add-mcp '{...}'`."""
    return json.loads(shlex.split(line)[2])
