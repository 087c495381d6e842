"""What `doctor` says of the hosts on this machine: what each would start, with which settings, and whether it works."""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import anyio

from gemini_interactions_mcp.core import SECRET_REPLACEMENT, GeminiMCPError, Redactor, Timing, make_printable, phrases
from gemini_interactions_mcp.settings import (
    APP_NAME,
    DATABASE_VARIABLE,
    SECRET_VARIABLES,
    SETTING_VARIABLES,
    Settings,
    find_unknown_variables,
)

from .findings import Finding
from .hosts.bundles import list_bundles
from .hosts.launches import (
    HostState,
    Launch,
    expand_references,
    is_installed_host,
    list_project_states,
    list_references,
    make_host_environment,
    read_host,
)
from .hosts.machine import Machine
from .hosts.planning import REFERENCE_TEXT, find_hidden, hide_values
from .hosts.table import HOST_SPECS, KEY_NAMES, KeyWay
from .spelling import describe_unknown_variable

STARTS_AT_ONCE: Final = 2


class ExaminedLaunch(NamedTuple):
    """How a host starts this server, and the settings that it has then.

    Attributes:
        launch: How.
        env: All variables.
        settings: What the server makes of them.
        journal: Where the journal is, without credentials.
    """

    launch: Launch
    env: Mapping[str, str]
    settings: Settings
    journal: str


async def check_hosts(machine: Machine, timing: Timing) -> list[Finding]:
    """Read the configurations of all hosts, and start this server as each would."""
    installed = list_installed(machine)
    states = [*installed, *list_project_states(machine)]
    examined = [examine_launch(launch, machine) for state in states for launch in state.launches]
    bundles = list(list_bundles(machine))
    findings = [Finding(False, state.host.id, describe_problem(state, machine)) for state in states if state.problem]
    findings += [Finding(None, bundle.host, bundle.text) for bundle in bundles]
    findings += [
        Finding(None, state.host.id, describe_elsewhere(state, machine)) for state in states if state.elsewhere
    ]
    started = await start_all(examined, machine, timing)
    for each, outcome in zip(examined, started, strict=True):
        findings += [hide_secrets(each, finding) for finding in (*list_launch(each, machine), outcome)]
    has = {*(each.launch.host.id for each in examined), *(bundle.host for bundle in bundles)}
    has |= {state.host.id for state in states if state.elsewhere}
    without = [state.host.id for state in installed if not state.problem and state.host.id not in has]
    return [*findings, *compare_journals(examined), *describe_others(without, installed)]


def list_installed(machine: Machine) -> list[HostState]:
    """Read the configurations of a user that the hosts on this machine have. Blocks."""
    return [read_host(host, machine) for host in HOST_SPECS if is_installed_host(host, machine, shutil.which)]


def list_keyed_hosts(machine: Machine) -> list[str]:
    """Return the titles of the hosts that give this server a key, or ask for one. Blocks."""
    launches = [launch for state in list_installed(machine) for launch in state.launches]
    return list(dict.fromkeys(each.host.title for each in launches if has_key(examine_launch(each, machine))))


def describe_problem(state: HostState, machine: Machine) -> str:
    """Return why a configuration cannot be read."""
    return f"{machine.shorten(state.path)} cannot be read: {make_printable(state.problem or '')}"


def describe_elsewhere(state: HostState, machine: Machine) -> str:
    """Return for how many folders a host has this server that are not the working directory."""
    folders = phrases.format_count(state.elsewhere, "other folder")
    remedy = "" if state.launches else f", and not for this one; `{APP_NAME} install {state.host.id}` adds it for all"
    return f"{machine.shorten(state.path)}: has it for {folders} alone{remedy}"


def examine_launch(launch: Launch, machine: Machine) -> ExaminedLaunch:
    """Return the settings that a server has when a host starts it."""
    env = make_host_environment(launch, machine)
    settings = Settings.from_environ(env, Path(launch.cwd) if launch.cwd else machine.cwd)
    return ExaminedLaunch(launch, env, settings, find_journal(settings, env, machine))


def find_journal(settings: Settings, env: Mapping[str, str], machine: Machine) -> str:
    """Return where a host's journal is; a host may not pass on the variable that says where data is."""
    address = settings.database_url
    if isinstance(address, Path) and machine.system == "linux" and DATABASE_VARIABLE not in env:
        data = env.get("XDG_DATA_HOME") or str(machine.home / ".local" / "share")
        address = Path(data) / APP_NAME / address.name
    return name_journal(address, machine)


def name_journal(address: str | Path, machine: Machine) -> str:
    """Return the place of a journal, without credentials."""
    if isinstance(address, Path):
        return machine.shorten(address)
    parts = urlsplit(address)
    if parts.scheme.startswith("sqlite"):
        return make_printable(parts.path[1:])
    place = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    return make_printable(f"{parts.scheme}://{place}")


def list_launch(examined: ExaminedLaunch, machine: Machine) -> Iterator[Finding]:
    """Yield what a host starts, with which settings, and what is wrong with them."""
    launch, settings = examined.launch, examined.settings
    topic = launch.host.id
    command = make_printable(" ".join(launch.command))
    where = f"{machine.shorten(launch.path)}{', for this folder alone' if launch.folder else ''}"
    yield Finding(None, topic, f"{where}: {make_printable(launch.name)} starts {command}")
    if shown := ", ".join(describe_variable(launch, name, value) for name, value in launch.env.items()):
        yield Finding(None, topic, f"settings: {shown}")
    yield Finding(None, topic, f"journal: {examined.journal}; files: {machine.shorten(settings.output_dir)}")
    for name in find_unknown_variables(launch.env):
        found = describe_unknown_variable(name)
        yield Finding(False if found.misspelled else None, topic, found.text)
    yield from (Finding(False, topic, text) for text in settings.findings)
    if not has_key(examined):
        yield Finding(False, topic, f"{launch.host.title} gives the server no API key: {describe_missing_key(launch)}")
    elif launch.host.desktop and (name := find_borrowed_key(launch)):
        text = f"{launch.host.title} has to be started with {name} set, as this shell has it"
        yield Finding(None, topic, text)


def describe_variable(launch: Launch, name: str, value: str) -> str:
    """Return a variable with its value; of secrets without it, and of what is no setting the name alone."""
    shown = make_printable(name)
    if name not in SETTING_VARIABLES:
        return shown
    refers = expand_references(launch.host, value, {}) != value or value.startswith("${input:")
    hidden = (name in SECRET_VARIABLES and not (name in KEY_NAMES and refers)) or "@" in value
    return f"{shown}={SECRET_REPLACEMENT if hidden else make_printable(value)}"


def has_key(examined: ExaminedLaunch) -> bool:
    """Whether the server has an API key, or the host asks its user for one."""
    launch = examined.launch
    asked = launch.host.key_way is KeyWay.INPUT and any(
        launch.env.get(name, "").startswith("${input:") for name in KEY_NAMES
    )
    return asked or examined.settings.api_key is not None


def find_borrowed_key(launch: Launch) -> str | None:
    """Return the variable with the key that a desktop may not have, since it is this shell's."""
    named = [name for name in KEY_NAMES if name in launch.env]
    references = [name for each in named for name in list_references(launch.host, launch.env[each])]
    return next(iter(references), None if named else KEY_NAMES[0])


def describe_missing_key(launch: Launch) -> str:
    """Return how a host can be made to give the key."""
    named = [name for name in KEY_NAMES if name in launch.env or name in launch.names]
    if named:
        return f"it refers to {named[0]}, which is empty or not set in this shell"
    return f"`{APP_NAME} install {launch.host.id}` adds it"


async def start_all(examined: Sequence[ExaminedLaunch], machine: Machine, timing: Timing) -> list[Finding]:
    """Start the server as each host does, a few at once, and return how that went."""
    outcomes: dict[int, Finding] = {}
    limiter = anyio.CapacityLimiter(STARTS_AT_ONCE)

    async def start(number: int, each: ExaminedLaunch) -> None:
        async with limiter:
            outcomes[number] = await find_start(each, machine, timing)

    if not examined:
        return []
    from .hosts.starting import silence_client  # noqa: PLC0415 - the client of MCP is slow to import

    with silence_client():
        async with anyio.create_task_group() as group:
            for number, each in enumerate(examined):
                group.start_soon(start, number, each)
    return [outcomes[number] for number in range(len(examined))]


async def find_start(examined: ExaminedLaunch, machine: Machine, timing: Timing) -> Finding:
    """Return whether the server starts as a host starts it."""
    from .hosts.starting import try_start  # noqa: PLC0415 - the client of MCP is slow to import

    launch = examined.launch
    topic = launch.host.id
    if launch.project:
        return Finding(None, topic, "is not started: a project's configuration may name any command")
    if not launch.enabled:
        return Finding(None, topic, "is switched off there, and not started")
    try:
        found = await try_start(launch, examined.env, machine.cwd, timing)
    except GeminiMCPError as exc:
        return Finding(False, topic, f"does not start: {exc}")
    return Finding(
        True, topic, f"starts: version {make_printable(found.version)}, {found.tools} tools, {found.seconds:.1f} s"
    )


def hide_secrets(examined: ExaminedLaunch, finding: Finding) -> Finding:
    """Return a finding without the secrets of a configuration, also those among the arguments of its command."""
    launch = examined.launch
    others = (
        value
        for name, value in launch.env.items()
        if (name not in SETTING_VARIABLES or name in SECRET_VARIABLES) and not REFERENCE_TEXT.fullmatch(value)
    )
    text = Redactor((*examined.settings.secrets, *others))(finding.text)
    named = {*find_hidden(list(launch.command)), *find_hidden(dict(launch.env)), *examined.settings.secrets}
    return finding._replace(text=hide_values(text, named))


def compare_journals(examined: Sequence[ExaminedLaunch]) -> Iterator[Finding]:
    """Yield a warning if hosts have different journals."""
    hosts: dict[str, list[str]] = defaultdict(list)
    for each in examined:
        if each.launch.enabled and each.launch.host.id not in hosts[each.journal]:
            hosts[each.journal].append(each.launch.host.id)
    if len(found := {place: ids for place, ids in hosts.items() if ids}) > 1:
        places = "; ".join(f"{', '.join(ids)}: {place}" for place, ids in found.items())
        text = f"differ, so one host does not see what another has paid for, and limits count apart: {places}"
        yield Finding("warn", "journals", text)


def describe_others(without: Sequence[str], installed: Sequence[HostState]) -> Iterator[Finding]:
    """Yield which hosts do not have this server."""
    if without:
        yield Finding(None, "hosts", f"{', '.join(without)}: without this server; `{APP_NAME} install HOST` adds it")
    elif not installed:
        yield Finding(None, "hosts", f"none was found that `{APP_NAME} install` knows")
