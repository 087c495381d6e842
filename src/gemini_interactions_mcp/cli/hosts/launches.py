"""What a configuration says of this server: what is started, with which variables. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Final

from gemini_interactions_mcp.core import Json, coerce_object, get_text, list_texts

from .commands import ProgramFinder
from .contents import read_regular_file
from .formats import ConfigUnreadableError, parse_config
from .machine import Machine
from .table import HOST_SPECS, HostSpec, Passing

OURS: Final = re.compile(
    r"(?:.*[/\\@=])?gemini[-_]interactions[-_]mcp(?:\.exe|\.git)?(?:\[[\w,-]*\])?(?:[@=<>~!].*)?", re.IGNORECASE
)
"""A word that starts this server: its command or package, with a path, a version or extras, or its module."""

RUNNERS: Final = re.compile(
    r"uvx?|pipx|pip-run|rye|pdm|poetry|hatch|conda|mamba|micromamba|pixi|python[\d.]*w?|pypy[\d.]*|py|docker|podman|nix|cmd|env|wsl",
    re.IGNORECASE,
)
"""Programs that start what one of their arguments names; an argument of another may be a folder of this name."""

PLACE_OPTIONS: Final = (
    *("--directory", "--project", "--cwd", "--env-file", "--name", "--network", "--volume", "--workdir"),
    *("-C", "-v", "-w"),
)
"""Options of runners whose value is a place or a name, and not what they start."""

SECRET_NAME: Final = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|KEY|AUTH|CREDENTIAL|CREDS|PRIVATE|CERT", re.IGNORECASE)
"""Names of variables that Gemini CLI does not pass on by itself (packages/core/src/services/environmentSanitization.ts
of google-gemini/gemini-cli)."""

LISTED_NAMES: Final = frozenset(("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"))
WINDOWS_NAMES: Final = frozenset(
    (
        *("APPDATA", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATH", "PATHEXT", "PROCESSOR_ARCHITECTURE"),
        *("SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "USERNAME", "USERPROFILE"),
    )
)
"""Both of `mcp.client.stdio`."""
DESKTOP_PATH: Final = "/usr/bin:/bin:/usr/sbin:/sbin"
"""PATH of what macOS starts from its desktop, whatever a shell has."""


@dataclass(frozen=True)
class Launch:
    """How a host starts this server.

    Attributes:
        host: Which.
        path: Of its configuration.
        name: Of the server there.
        command: With arguments.
        env: Variables as the configuration has them.
        names: Variables that it names to be passed on.
        cwd: Working directory.
        enabled: Whether the host starts it at all.
        project: Whether the configuration is that of a project, which others may have written.
        folder: The one in which the host starts it; None for all.
    """

    host: HostSpec
    path: Path
    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    names: tuple[str, ...] = ()
    cwd: str | None = None
    enabled: bool = True
    project: bool = False
    folder: Path | None = None


@dataclass(frozen=True)
class HostState:
    """What is known of an installed host.

    Attributes:
        host: Which.
        path: Of its configuration, which may not exist.
        launches: How it starts this server.
        problem: Why its configuration cannot be read.
        elsewhere: How many folders other than the working directory have servers of their own that are this one.
    """

    host: HostSpec
    path: Path
    launches: tuple[Launch, ...] = ()
    problem: str | None = None
    elsewhere: int = 0


def choose_config_path(host: HostSpec, machine: Machine) -> Path:
    """Return the configuration of a host that exists, else the usual place of one."""
    paths = host.list_paths(machine)
    return next((path for path in paths if path.exists()), next((p for p in paths if p.parent.is_dir()), paths[0]))


def read_config_text(path: Path) -> str:
    """Return the text of a configuration without a mark of its encoding; empty, if there is no file. Blocks.

    Raises:
        ConfigUnreadableError: It cannot be read.
    """
    try:
        return read_regular_file(path).decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except OSError as exc:
        raise ConfigUnreadableError(exc.strerror or type(exc).__name__) from exc
    except ValueError:
        # Its error would have the content.
        raise ConfigUnreadableError("it is not a text in UTF-8") from None


def read_host(host: HostSpec, machine: Machine) -> HostState:
    """Read a host's configuration of a user. Blocks."""
    path = choose_config_path(host, machine)
    return read_state(host, path, machine, project=False)


def read_state(host: HostSpec, path: Path, machine: Machine, *, project: bool) -> HostState:
    """Read a configuration. Blocks."""
    try:
        document = parse_config(host.format, read_config_text(path))
    except ConfigUnreadableError as exc:
        return HostState(host, path, problem=str(exc))
    launches = list(find_launches(host, path, document, project=project))
    local = [] if project else list(find_local_launches(host, path, document))
    places = list_local_folders(machine)
    others = {each.folder for each in local if each.folder not in places}
    launches += [each for each in local if each.folder in places]
    return HostState(host, path, tuple(launches), elsewhere=len(others))


def list_project_states(machine: Machine) -> Iterator[HostState]:
    """Read the configurations of the project in the working directory. Blocks."""
    for host in HOST_SPECS:
        if host.project and (path := machine.cwd / host.project).is_file() and path not in host.list_paths(machine):
            yield read_state(host, path, machine, project=True)


def find_section(host: HostSpec, document: Json) -> Json:
    """Return the servers of a configuration."""
    for name in host.section:
        document = coerce_object(document.get(name))
    return document


def find_launches(host: HostSpec, path: Path, document: Json, *, project: bool) -> Iterator[Launch]:
    """Yield how a host starts this server; other servers are passed over."""
    for name, entry in find_section(host, document).items():
        server = coerce_object(entry)
        if command := read_command(host, server):
            yield Launch(
                host,
                path,
                name,
                command,
                read_variables(server.get(host.env)),
                tuple(list_texts(server.get(host.names))) if host.names else (),
                get_text(server.get("cwd")),
                is_enabled(server),
                project,
            )


def find_local_launches(host: HostSpec, path: Path, document: Json) -> Iterator[Launch]:
    """Yield how a host starts this server in single folders."""
    if host.local is None:
        return
    for folder, found in coerce_object(document.get(host.local)).items():
        for launch in find_launches(host, path, coerce_object(found), project=False):
            yield replace(launch, folder=Path(folder))


def list_local_folders(machine: Machine) -> list[Path]:
    """Return the folders whose servers count here: the working directory and the root of its repository. Blocks."""
    folders = (machine.cwd, *machine.cwd.parents)
    root = next((folder for folder in folders if (folder / ".git").exists()), machine.cwd)
    return [machine.cwd, root]


def read_command(host: HostSpec, server: Json) -> tuple[str, ...] | None:
    """Return the command of a server with its arguments if it starts this one."""
    field = server.get(host.command)
    words = list_texts(field) if host.listed else [get_text(field) or "", *list_texts(server.get("args"))]
    return tuple(words) if words and words[0] and starts_this_server(words) else None


def starts_this_server(words: Sequence[str]) -> bool:
    """Whether a command is this server's, or has a runner whose arguments name it, also behind a wrapper."""
    if OURS.fullmatch(words[0]):
        return True
    before = ""
    runs = False
    for word in words:
        named = OURS.fullmatch(word) and before not in PLACE_OPTIONS and not word.startswith(PLACE_OPTIONS)
        if named and (runs or before == "--"):
            return True
        runs = runs or bool(RUNNERS.fullmatch(name_command([word])))
        before = word
    return False


def has_command(launch: Launch, machine: Machine, find_program: ProgramFinder) -> bool:
    """Whether the program that a host starts exists; one without a path is looked for on this shell's PATH."""
    command = expand_references(launch.host, launch.command[0], machine.environ)
    if not any(separator in command for separator in ("/", "\\")):
        return find_program(command) is not None
    return find_program(str(Path(launch.cwd or machine.cwd) / command)) is not None


def read_variables(value: object) -> dict[str, str]:
    """Return variables, numbers and truth values as text."""
    found = coerce_object(value)
    return {
        name: str(each).lower() if isinstance(each, bool) else str(each)
        for name, each in found.items()
        if each is not None
    }


def is_enabled(server: Json) -> bool:
    """Whether a host starts a server: `enabled` of Codex, opencode, Zed and Goose, `disabled` of others."""
    return server.get("enabled") is not False and server.get("disabled") is not True


def expand_references(host: HostSpec, text: str, environ: Mapping[str, str]) -> str:
    """Return a value as the host hands it on; a variable that is not set is nothing, unless it has a default."""
    if host.expands is None:
        return text

    def replace(found: re.Match[str]) -> str:
        name = next(group for group in found.groups() if group)
        return environ.get(name) or found.groupdict().get("default") or ""

    return re.sub(host.expands, replace, text)


def list_references(host: HostSpec, text: str) -> list[str]:
    """Return the variables that a value refers to."""
    if host.expands is None:
        return []
    return [next(group for group in found.groups() if group) for found in re.finditer(host.expands, text)]


def is_passed(host: HostSpec, name: str, system: str) -> bool:
    """Whether a host passes on a variable of its own that the configuration does not mention."""
    if host.passing is Passing.ALL:
        return True
    if host.passing is Passing.HARMLESS:
        return not SECRET_NAME.search(name)
    return name.upper() in WINDOWS_NAMES if system == "win32" else name in LISTED_NAMES


def make_host_environment(launch: Launch, machine: Machine) -> dict[str, str]:
    """Return the variables that a host starts the server with, as far as those of this shell are the host's."""
    host = launch.host
    passed = {
        name: value
        for name, value in machine.environ.items()
        if is_passed(host, name, machine.system) or name in launch.names
    }
    if host.id == "claude-desktop" and machine.system == "darwin":
        passed["PATH"] = DESKTOP_PATH
    return passed | {name: expand_references(host, value, machine.environ) for name, value in launch.env.items()}


def is_installed_host(host: HostSpec, machine: Machine, find_program: ProgramFinder) -> bool:
    """Whether a host seems to be installed: its command, its folder or its configuration is there. Blocks."""
    return (
        any(find_program(name) for name in host.programs)
        or any(folder.is_dir() for folder in host.folders(machine))
        or any(path.is_file() for path in host.list_paths(machine))
    )


def name_command(command: Sequence[str]) -> str:
    """Return the last part of a command's path, without the ending of Windows."""
    return PureWindowsPath(command[0]).name.removesuffix(".exe")
