"""Goes from every documented way to install to a first answer, each as a new user with nothing but uv and the host.

    python tests/hosts/run.py FOLDER [ONLY]

FOLDER is where `make hosts` has installed the hosts; ONLY leaves out what is not named like that. Every line of
README.md, docs/hosts.md and docs/plugins.md that installs something is typed on a machine of its own; every file is
written where its title says; every link is decoded. The host's own check then has to find the server, and what the host
would start is started with the environment that it passes on, and asked. The exit status is 0 if all of it answered.
"""

import itertools
import json
import shlex
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import anyio
from configurations import (
    HOSTS,
    TYPED,
    Host,
    Json,
    Launch,
    emulated,
    find_entries,
    find_entry,
    find_host,
    parse_file,
    pass_on,
    read_added,
    read_entry,
    read_links,
)
from machines import REPOSITORY, ROOT, Machine, World, build_wheel, clone_checkout, emulate_api, make_machine
from mcp import Client, StdioServerParameters
from mcp_types import TextContent

from documented import Block, list_blocks

PAGES: Final = ("README.md", "docs/hosts.md", "docs/plugins.md")
NAME: Final = "gemini-interactions-mcp"
BUNDLE: Final = ROOT / "dist" / f"{NAME}.mcpb"
SECONDS: Final = 120
"""Deadline in seconds for a server to start and to answer."""
INSTALLERS: Final = ("uvx", "uv", "pipx", "pip", "python3")
UNATTENDED: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {
    ("gemini", "extensions", "install"): ("--consent", "--skip-settings"),
}
"""What says beforehand what the user would be asked."""

Case = Callable[[Machine], None]


class FailedError(Exception):
    """Something documented does not work; the message says what."""


def main(folder: str, only: str = "") -> int:
    """Try everything, and return the exit status."""
    tools = Path(folder).absolute()
    with tempfile.TemporaryDirectory(dir=tools) as name, emulate_api() as api:
        here = Path(name)
        world = World(tools, here / "wheels", here / "clone", here / "cache", api)
        build_wheel(tools, world.wheels)
        clone_checkout(world.clone)
        with make_machine(world) as machine:  # as the page says: hosts do not wait for a download
            type_line(f"uvx {NAME} --version", machine)
        failed = [title for title, case in list_cases() if only in title and not report(title, case, world)]
    say(f"{len(failed)} failed" if failed else "Everything documented leads to an answer.")
    return 1 if failed else 0


def report(title: str, case: Case, world: World) -> bool:
    """Try one case on a machine of its own, and print how it went."""
    with make_machine(world) as machine:
        try:
            case(machine)
        except Exception as exc:  # noqa: BLE001 - whatever it is, the other cases are tried, too
            say(f"FAILED  {title}\n        {exc!r}")
            return False
    say(f"answers {title}")
    return True


def list_cases() -> Iterator[tuple[str, Case]]:
    """Everything that is documented, and `install` of every host."""
    for page in PAGES:
        if (path := ROOT / page).exists():
            yield from list_cases_of(page, path)
    for host in HOSTS:
        yield f"{NAME} install {host}", lambda machine, host=host: try_install(host, machine)
    if BUNDLE.exists():
        yield f"{BUNDLE.name} in Claude Desktop", try_bundle


def list_cases_of(page: str, path: Path) -> Iterator[tuple[str, Case]]:
    """The cases of a page."""
    for block in list_blocks(path):
        if block.language == "sh":
            for lines in group_lines(block.text):
                yield f"{page}: {' / '.join(lines)}", lambda machine, lines=lines: try_lines(lines, machine)
        elif block.title and find_entry(parse_file(block.title, block.text)):
            yield f"{page}: {block.heading}: {block.title}", lambda machine, block=block: try_file(block, machine)
    for host, address, entry in read_links(path.read_text(encoding="utf-8")):
        yield (
            f"{page}: {address[:60]}...",
            lambda machine, host=host, entry=entry: ask(read_entry(entry, HOSTS[host], machine), machine),
        )


def group_lines(text: str) -> Iterator[list[str]]:
    """The lines that install something, those of one host together; tests of the pages run the others."""
    hosts = {host.command for host in HOSTS.values() if host.command}
    lines = [line for line in text.splitlines() if line.strip() and line.split()[0] in hosts.union(INSTALLERS)]
    for _, group in itertools.groupby(lines, lambda line: line if line.split()[0] in INSTALLERS else line.split()[0]):
        yield list(group)


def try_lines(lines: Sequence[str], machine: Machine) -> None:
    """Type lines, and ask what they have installed."""
    words = shlex.split(lines[-1])
    host = next((name for name, each in HOSTS.items() if each.command == words[0]), "")
    if words[0] == "code":
        ask(read_entry(read_added(lines[-1]), HOSTS["vscode"], machine), machine)
    elif words[:3] == ["uvx", NAME, "install"] and len(words) > 3:
        try_install(words[3], machine, words[4:])
    elif host:
        for line in lines:
            type_line(line, machine)
        check_host(host, machine, plugin="plugin" in words or "extensions" in words)
    else:
        type_line(lines[-1], machine)
        ask_installed(lines[-1], machine)


def type_line(line: str, machine: Machine) -> None:
    """Run one line in a shell."""
    words = line.split()
    if words[0] not in INSTALLERS:
        machine.add_host(words[0])
    unattended = UNATTENDED.get(tuple(words[:3]), ())
    if words[0] == "gemini":  # it reads no settings of git, and so does not find what stands in for GitHub
        line = line.replace(f"https://github.com/{REPOSITORY}", str(machine.world.clone))
    done = machine.run(["bash", "-c", " ".join((line, *unattended))], answers="y\n")
    if done.returncode:
        raise FailedError(f"{line}: {done.stdout[-1500:]}{done.stderr[-1500:]}")


def check_host(host: str, machine: Machine, *, plugin: bool) -> None:
    """Let the host itself look for the server, and start what it would start."""
    shown = look(HOSTS[host], machine)
    if HOSTS[host].healthy not in shown:
        raise FailedError(f"{' '.join(HOSTS[host].health)} says: {shown}")
    entries = [read_plugin(host, machine)] if plugin else [entry for _, entry in find_entries(machine)]
    if not entries:
        raise FailedError("no file of the host has the server")
    for entry in entries:
        ask(read_entry(entry, HOSTS[host], machine), machine)


def look(host: Host, machine: Machine) -> str:
    """What the host's own check prints."""
    done = machine.run(host.health)
    return done.stdout + done.stderr


def read_plugin(host: str, machine: Machine) -> Json:
    """The server of an installed plugin, as the host or its manifest tells it."""
    if host == "codex":
        return json.loads(machine.run(("codex", "mcp", "list", "--json")).stdout)[0]["transport"]
    if host == "copilot-cli":
        return json.loads(machine.run(("copilot", "mcp", "get", "gemini", "--json")).stdout)["gemini"]
    manifest = {"claude-code": ".claude-plugin/plugin.json", "gemini-cli": "gemini-extension.json"}[host]
    entry: Json = json.loads((machine.world.clone / manifest).read_text(encoding="utf-8"))["mcpServers"]["gemini"]
    # Claude Code gives an empty text for what the user has not filled in.
    return entry | {"env": {key: value for key, value in entry["env"].items() if "user_config" not in value}}


def ask_installed(line: str, machine: Machine) -> None:
    """Ask the server that a package manager has put on the machine."""
    installed = (machine.home / ".local" / "bin" / NAME, machine.home / "gemini" / "bin" / NAME)
    found = [path for path in installed if path.exists()]
    if line.startswith("uvx"):
        ask(Launch(("uvx", NAME), machine.shell), machine)
    elif not found:
        raise FailedError(f"{line} has installed no command")
    for path in found:
        ask(Launch((str(path),), machine.shell), machine)


def try_file(block: Block, machine: Machine) -> None:
    """Write a file as documented, and start what its host would start."""
    path = machine.place(block.title)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    host = HOSTS[find_host(block.heading) or "claude-desktop"]
    if host.health:
        machine.add_host(host.command)
        shown = look(host, machine)
        # A project's file waits for the user to accept it.
        if host.healthy not in shown and "approval" not in shown:
            raise FailedError(f"{' '.join(host.health)} says: {shown}")
    entry = find_entry(parse_file(block.title, block.text))
    assert entry is not None
    ask(read_entry(entry, host, machine), machine)


def try_install(host: str, machine: Machine, options: Sequence[str] = ()) -> None:
    """Let this server write itself into a host's configuration, and start what the host would start."""
    if HOSTS[host].health:
        machine.add_host(HOSTS[host].command)
    type_line(shlex.join(("uvx", NAME, "install", host, *options, "--yes")), machine)
    entries = list(find_entries(machine))
    if not entries:
        raise FailedError("no file has the server")
    for _, entry in entries:
        ask(read_entry(entry, HOSTS[host], machine), machine)
    if (health := HOSTS[host].health) and HOSTS[host].healthy not in (shown := look(HOSTS[host], machine)):
        raise FailedError(f"{' '.join(health)} says: {shown}")


def try_bundle(machine: Machine) -> None:
    """Open the bundle as Claude Desktop does, with nothing but the key filled in."""
    folder = machine.home / "extension"
    with zipfile.ZipFile(BUNDLE) as bundle:
        bundle.extractall(folder)
    config: Json = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["server"]["mcp_config"]
    env = {name: str(value).replace("${user_config.api_key}", TYPED) for name, value in config["env"].items()}
    words = [word.replace("${__dirname}", str(folder)) for word in (config["command"], *config["args"])]
    ask(Launch(words, pass_on(HOSTS["claude-desktop"], machine) | env | emulated(machine)), machine)


def ask(launch: Launch, machine: Machine) -> None:
    """Start a server, and have it ask Gemini."""
    command = shutil.which(launch.command[0], path=launch.env["PATH"])
    if command is None:
        raise FailedError(f"{launch.command[0]} is not on the PATH that the host has")
    anyio.run(converse, command, launch, machine.project)


async def converse(command: str, launch: Launch, folder: Path) -> None:
    """Speak with a server as a host does: tools, and a first question."""
    parameters = StdioServerParameters(
        command=command, args=list(launch.command[1:]), env=dict(launch.env), cwd=str(folder)
    )
    with anyio.fail_after(SECONDS):
        async with Client(parameters) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            if "gemini_ask" not in tools:
                raise FailedError(f"it offers only {tools}")
            result = await client.call_tool("gemini_ask", {"prompt": "Why is the sky blue?"})
            text = "".join(block.text for block in result.content if isinstance(block, TextContent))
            if result.is_error or "interaction_id" not in text:
                raise FailedError(text)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
