"""The table of hosts: where each keeps its configuration, how it writes a server, and what it passes on. Pure.

What hosts do was tried with Claude Code 2.1, Codex 0.171, Gemini CLI 0.61, opencode 1.18 and Copilot CLI 1.0; the
sources of the others stand beside them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from .formats import ConfigDocument, ConfigFormat
from .machine import Machine

SERVER_NAME: Final = "gemini"
KEY_NAMES: Final = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
INPUT_ID: Final = "gemini_key"
PATIENT_SECONDS: Final = 600
"""How long a host should wait for a call, where it can be told: well over the 45 s after which a call returns an id."""
START_SECONDS: Final = 60


class Passing(StrEnum):
    """Which variables of its own a host passes on to a server."""

    ALL = "all"
    LISTED = "listed"
    """Those that the SDKs do: `DEFAULT_INHERITED_ENV_VARS` of `mcp.client.stdio`."""
    NAMED = "named"
    """Those of `LISTED`, and those that its configuration names."""
    HARMLESS = "harmless"
    """All but those whose names look like those of secrets."""


class KeyWay(StrEnum):
    """How a configuration gives the server its API key."""

    REFERENCE = "reference"
    """By a reference to a variable, which the host expands."""
    NAME = "name"
    """By the name of a variable to pass on."""
    INPUT = "input"
    """The host asks for it, once, and keeps it."""
    VALUE = "value"
    """As it is: the host expands nothing."""


@dataclass(frozen=True)
class HostSpec:
    """A host.

    Attributes:
        id: Its name on the command line.
        title: Its name in texts.
        list_paths: Returns where its configuration of a user may be, the usual place first.
        section: Where in the configuration servers are.
        key_way: How the configuration gives the key.
        passing: Which of its variables it passes on.
        project: Its configuration of a project, relative to the working directory.
        local: Where its configuration of a user has servers of single folders.
        format: How it is written.
        reference: How a variable `{}` is referred to.
        expands: A pattern of references, whose group is the variable's name, and `default` what stands for it unset.
        constant: Fields of every server.
        command: The field with the command.
        listed: Whether that field holds a list of the command and its arguments.
        env: The field with variables.
        names: The field with names of variables to pass on.
        programs: Commands by which it is recognized.
        folders: Returns directories by which it is recognized.
        desktop: Whether it is started from a desktop, whose variables are not those of a shell.
    """

    id: str
    title: str
    list_paths: Callable[[Machine], Sequence[Path]]
    section: tuple[str, ...] = ("mcpServers",)
    key_way: KeyWay = KeyWay.REFERENCE
    passing: Passing = Passing.LISTED
    project: str | None = None
    local: str | None = None
    format: ConfigFormat = ConfigFormat.JSON
    reference: str = ""
    expands: str | None = None
    constant: Mapping[str, object] = field(default_factory=dict[str, object])
    command: str = "command"
    listed: bool = False
    env: str = "env"
    names: str | None = None
    programs: tuple[str, ...] = ()
    folders: Callable[[Machine], Sequence[Path]] = lambda _: ()
    desktop: bool = False

    def write_server(self, command: Sequence[str], env: Mapping[str, str], names: Sequence[str] = ()) -> ConfigDocument:
        """Return a server as this host's configuration has it."""
        start: ConfigDocument = (
            {self.command: list(command)} if self.listed else {self.command: command[0], "args": [*command[1:]]}
        )
        passed = {self.names: list(names)} if self.names and names else {}
        given = {self.env: dict(env)} if env else {}
        limits = {name: value for name, value in self.constant.items() if "timeout" in name}
        return (
            {name: value for name, value in self.constant.items() if name not in limits}
            | start
            | given
            | passed
            | limits
        )


def list_claude_paths(machine: Machine) -> Sequence[Path]:
    """Return where Claude Desktop's configuration may be.

    The package of Windows sees a copy of its own: https://github.com/anthropics/claude-code/issues/26073
    """
    name = "claude_desktop_config.json"
    packages = machine.local / "Packages"
    found = sorted(packages.glob("Claude_*/LocalCache/Roaming")) if machine.system == "win32" else []
    return [*(each / "Claude" / name for each in found), machine.roaming / "Claude" / name]


def list_code_paths(machine: Machine) -> Sequence[Path]:
    """Return where VS Code's configuration of a user may be: https://code.visualstudio.com/docs/editor/portable"""
    portable = machine.environ.get("VSCODE_PORTABLE")
    root = Path(portable) / "user-data" if portable else machine.roaming / "Code"
    return [root / "User" / "mcp.json"]


def list_windsurf_folders(machine: Machine) -> Sequence[Path]:
    """Return where Devin Desktop keeps its configuration, and where it did when it was called Windsurf.

    https://docs.devin.ai/desktop/cascade/mcp
    """
    root = machine.roaming if machine.system == "win32" else machine.home / ".config"
    return [root / "devin", machine.home / ".codeium" / "windsurf"]


def list_windsurf_paths(machine: Machine) -> Sequence[Path]:
    """Return the one configuration that counts: an older one is not read any more once there is a newer folder."""
    folders = list_windsurf_folders(machine)
    return [next((folder for folder in folders if folder.is_dir()), folders[0]) / "mcp_config.json"]


def list_opencode_paths(machine: Machine) -> Sequence[Path]:
    """Return where opencode's configuration may be, on every system below `~/.config`: https://opencode.ai/docs/config/"""
    folder = machine.config / "opencode"
    return [folder / "opencode.json", folder / "opencode.jsonc", folder / "config.json"]


def list_zed_paths(machine: Machine) -> Sequence[Path]:
    """Return where Zed's settings may be: https://zed.dev/docs/configuring-zed"""
    if machine.system == "win32":
        return [machine.roaming / "Zed" / "settings.json"]
    folder = machine.home / ".config" if machine.system == "darwin" else machine.config
    flatpak = machine.home / ".var" / "app" / "dev.zed.Zed" / "config"
    return [folder / "zed" / "settings.json", flatpak / "zed" / "settings.json"]


def list_goose_paths(machine: Machine) -> Sequence[Path]:
    """Return where Goose's configuration may be: https://block.github.io/goose/docs/guides/config-files"""
    if root := machine.environ.get("GOOSE_PATH_ROOT"):
        return [Path(root) / "config" / "config.yaml"]
    if machine.system == "win32":
        return [machine.roaming / "Block" / "goose" / "config" / "config.yaml"]
    return [machine.config / "goose" / "config.yaml"]


def find_claude_code_file(machine: Machine) -> Path:
    """Return where Claude Code's servers of a user are."""
    return machine.find_folder("CLAUDE_CONFIG_DIR") / ".claude.json"


BRACED: Final = r"\$\{(\w+)(?::-(?P<default>[^}]*))?\}"
BRACED_ENV: Final = r"\$\{env:(\w+)\}"

HOST_SPECS: Final = (
    HostSpec(
        "claude-desktop",
        "Claude Desktop",
        list_claude_paths,
        key_way=KeyWay.VALUE,
        desktop=True,
        folders=lambda machine: [path.parent for path in list_claude_paths(machine)],
    ),
    HostSpec(
        "claude-code",
        "Claude Code",
        lambda machine: [find_claude_code_file(machine)],
        passing=Passing.ALL,
        project=".mcp.json",
        # https://code.claude.com/docs/en/mcp#local-scope
        local="projects",
        reference="${{{}}}",
        expands=BRACED,
        constant={"type": "stdio"},
        programs=("claude",),
        folders=lambda machine: [machine.find_folder("CLAUDE_CONFIG_DIR", ".claude")],
    ),
    HostSpec(
        "codex",
        "Codex",
        lambda machine: [machine.find_folder("CODEX_HOME", ".codex") / "config.toml"],
        section=("mcp_servers",),
        key_way=KeyWay.NAME,
        passing=Passing.NAMED,
        project=".codex/config.toml",
        format=ConfigFormat.TOML,
        constant={"startup_timeout_sec": START_SECONDS, "tool_timeout_sec": PATIENT_SECONDS},
        names="env_vars",
        programs=("codex",),
        folders=lambda machine: [machine.find_folder("CODEX_HOME", ".codex")],
    ),
    HostSpec(
        "gemini-cli",
        "Gemini CLI",
        lambda machine: [machine.find_folder("GEMINI_CLI_HOME") / ".gemini" / "settings.json"],
        passing=Passing.HARMLESS,
        project=".gemini/settings.json",
        reference="${}",
        expands=r"\$(?:\{(\w+)\}|(\w+))",
        constant={"timeout": PATIENT_SECONDS * 1000},
        programs=("gemini",),
        folders=lambda machine: [machine.find_folder("GEMINI_CLI_HOME") / ".gemini"],
    ),
    # https://cursor.com/docs/mcp
    HostSpec(
        "cursor",
        "Cursor",
        lambda machine: [machine.home / ".cursor" / "mcp.json"],
        project=".cursor/mcp.json",
        reference="${{env:{}}}",
        expands=BRACED_ENV,
        programs=("cursor",),
        folders=lambda machine: [machine.home / ".cursor"],
        desktop=True,
    ),
    # https://code.visualstudio.com/docs/copilot/reference/mcp-configuration
    HostSpec(
        "vscode",
        "VS Code",
        list_code_paths,
        section=("servers",),
        key_way=KeyWay.INPUT,
        passing=Passing.ALL,
        project=".vscode/mcp.json",
        reference=f"${{{{input:{INPUT_ID}}}}}",
        expands=BRACED_ENV,
        constant={"type": "stdio"},
        programs=("code",),
        folders=lambda machine: [path.parent for path in list_code_paths(machine)],
        desktop=True,
    ),
    # https://docs.devin.ai/desktop/cascade/mcp
    HostSpec(
        "windsurf",
        "Windsurf",
        list_windsurf_paths,
        reference="${{env:{}}}",
        expands=BRACED_ENV,
        programs=("windsurf",),
        folders=list_windsurf_folders,
        desktop=True,
    ),
    HostSpec(
        "opencode",
        "opencode",
        list_opencode_paths,
        section=("mcp",),
        passing=Passing.ALL,
        project="opencode.json",
        reference="{{env:{}}}",
        expands=r"\{env:(\w+)\}",
        constant={"type": "local", "enabled": True, "timeout": PATIENT_SECONDS * 1000},
        listed=True,
        env="environment",
        programs=("opencode",),
        folders=lambda machine: [machine.config / "opencode"],
    ),
    HostSpec(
        "copilot-cli",
        "Copilot CLI",
        lambda machine: [machine.find_folder("COPILOT_HOME", ".copilot") / "mcp-config.json"],
        passing=Passing.ALL,
        reference="${{{}}}",
        expands=BRACED,
        constant={"type": "local", "tools": ["*"]},
        programs=("copilot",),
        folders=lambda machine: [machine.find_folder("COPILOT_HOME", ".copilot")],
    ),
    # https://zed.dev/docs/ai/mcp; `timeout` is in seconds: crates/settings_content/src/project.rs of zed-industries/zed
    HostSpec(
        "zed",
        "Zed",
        list_zed_paths,
        section=("context_servers",),
        key_way=KeyWay.VALUE,
        passing=Passing.ALL,
        project=".zed/settings.json",
        constant={"timeout": PATIENT_SECONDS},
        programs=("zed", "zeditor"),
        folders=lambda machine: [path.parent for path in list_zed_paths(machine)],
        desktop=True,
    ),
    # crates/goose/src/agents/extension.rs of block/goose
    HostSpec(
        "goose",
        "Goose",
        list_goose_paths,
        section=("extensions",),
        key_way=KeyWay.NAME,
        passing=Passing.ALL,
        format=ConfigFormat.YAML,
        constant={
            "enabled": True,
            "type": "stdio",
            "name": SERVER_NAME,
            "description": "Gemini's models and agents",
            "timeout": PATIENT_SECONDS,
        },
        command="cmd",
        env="envs",
        names="env_keys",
        programs=("goose",),
        folders=lambda machine: [path.parent for path in list_goose_paths(machine)],
    ),
)
"""The hosts that `install` knows, in the order of `HOST_IDS`."""
