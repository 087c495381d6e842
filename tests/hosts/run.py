"""Goes from every documented way to install to a first answer, each as a new user with nothing but uv and the host.

    python tests/hosts/run.py [--quick] FOLDER [ONLY]

FOLDER is where `make hosts` has installed the hosts; ONLY leaves out what is not named like that, and --quick what
needs the command line of a host. Every line of README.md, docs/hosts.md and docs/plugins.md that installs something is
typed on a machine of its own; every file is written where its title says; every link is decoded. The host's own check
then has to find the server, and what the host would start is started with the environment that it passes on, and asked.
As many are tried at once as there are cores. The exit status is 0 if all of it answered.
"""

import argparse
import itertools
import json
import os
import shlex
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

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


class Case(NamedTuple):
    """One documented way."""

    title: str
    work: Callable[[Machine], None]
    typed: bool = False  # in the command line of a host


class FailedError(Exception):
    """Something documented does not work; the message says what."""


def main(arguments: argparse.Namespace) -> int:
    """Try everything, and return the exit status."""
    tools = Path(arguments.folder).absolute()
    with tempfile.TemporaryDirectory(dir=tools) as name, emulate_api() as api:
        here = Path(name)
        world = World(tools, here / "wheels", here / "clone", here / "cache", api, commands=not arguments.quick)
        build_wheel(tools, world.wheels)
        clone_checkout(world.clone)
        with make_machine(world) as machine:  # as the page says: hosts do not wait for a download
            type_line(f"uvx {NAME} --version", machine)
        cases = [case for case in list_cases() if arguments.only in case.title and not (case.typed and arguments.quick)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            failed = list(pool.map(partial(report, world), cases)).count(False)
    if not cases:
        say(f"Nothing is named like {arguments.only}.")
    elif failed:
        say(f"{failed} of {len(cases)} failed")
    else:
        say(f"All {len(cases)} documented ways lead to an answer.")
    return 1 if failed or not cases else 0


def report(world: World, case: Case) -> bool:
    """Try one case on a machine of its own, and print how it went."""
    began = time.monotonic()
    with make_machine(world) as machine:
        try:
            case.work(machine)
        except Exception as exc:  # noqa: BLE001 - whatever it is, the other cases are tried, too
            say(f"FAILED  {case.title}\n        {exc!r}")
            return False
    say(f"answers {case.title} ({time.monotonic() - began:.0f} s)")
    return True


def list_cases() -> Iterator[Case]:
    """Everything that is documented, each once, and `install` of every host."""
    seen: set[str] = set()
    for page in PAGES:
        for way, case in list_cases_of(ROOT / page):
            if way not in seen:
                yield case._replace(title=f"{page}: {case.title}")
            seen.add(way)
    for host in HOSTS:
        if f"uvx {NAME} install {host}" not in seen:
            yield Case(f"{NAME} install {host}", partial(try_install, host))
    yield Case(f"{BUNDLE.name} in Claude Desktop", try_bundle)


def list_cases_of(path: Path) -> Iterator[tuple[str, Case]]:
    """The ways of a page, each by what makes it another one."""
    for block in list_blocks(path):
        if block.language == "sh":
            for lines in group_lines(block.text):
                yield "\n".join(lines), make_typed(lines)
        elif block.title and find_entry(parse_file(block.title, block.text)):
            title = f"{block.heading}: {block.title}"
            yield f"{title}\n{block.text}", Case(title, partial(try_file, block))
    for host, address, entry in read_links(path.read_text(encoding="utf-8")):
        yield address, Case(f"{address[:60]}...", partial(try_link, HOSTS[host], entry))


def make_typed(lines: Sequence[str]) -> Case:
    """The case of lines that are typed."""
    return Case(" / ".join(lines), partial(try_lines, lines), typed=lines[0].split()[0] in list_commands())


def list_commands() -> frozenset[str]:
    """The command lines that are installed from npm, and have a check of their own."""
    return frozenset(host.command for host in HOSTS.values() if host.health)


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
    if host.health and machine.world.commands:
        machine.add_host(host.command)
        shown = look(host, machine)
        # A project's file waits for the user to accept it.
        if host.healthy not in shown and "approval" not in shown:
            raise FailedError(f"{' '.join(host.health)} says: {shown}")
    entry = find_entry(parse_file(block.title, block.text))
    assert entry is not None
    ask(read_entry(entry, host, machine), machine)


def try_link(host: Host, entry: Json, machine: Machine) -> None:
    """Follow a link that installs, and start what the host would start."""
    ask(read_entry(entry, host, machine), machine)


def try_install(host: str, machine: Machine, options: Sequence[str] = ()) -> None:
    """Let this server write itself into a host's configuration, and start what the host would start."""
    health = HOSTS[host].health if machine.world.commands else ()
    if health:
        machine.add_host(HOSTS[host].command)
    type_line(shlex.join(("uvx", NAME, "install", host, *options, "--yes")), machine)
    entries = list(find_entries(machine))
    if not entries:
        raise FailedError("no file has the server")
    for _, entry in entries:
        ask(read_entry(entry, HOSTS[host], machine), machine)
    if health and HOSTS[host].healthy not in (shown := look(HOSTS[host], machine)):
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


def read_arguments() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(description="Try every documented way to install.")
    parser.add_argument("--quick", action="store_true", help="leave out what needs the command line of a host")
    parser.add_argument("folder", help="where `make hosts` has installed the hosts")
    parser.add_argument("only", nargs="?", default="", help="leave out what is not named like that")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(read_arguments()))
