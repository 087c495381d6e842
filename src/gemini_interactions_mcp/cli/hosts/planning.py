"""What `install` changes in a host's configuration, and what it says of the key. Pure."""

import json
import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any, Final, NamedTuple, cast

from gemini_interactions_mcp.core import (
    SECRET_REPLACEMENT,
    InputError,
    Json,
    coerce_object,
    find_url_secrets,
    list_texts,
    make_printable,
    quote_name,
)
from gemini_interactions_mcp.settings import SECRET_VARIABLES, SETTING_VARIABLES

from .commands import ProgramFinder
from .formats import ConfigDocument, Edit, edit_config, list_edits, parse_config
from .launches import SECRET_NAME, find_launches, find_section, has_command, read_command
from .machine import Machine
from .table import INPUT_ID, KEY_NAMES, SERVER_NAME, HostSpec, KeyWay

MIN_HIDDEN_CHARACTERS: Final = 4
"""Of a value that is hidden in a diff: what is shorter stands in other words, too."""


REFERENCE_TEXT: Final = re.compile(r"\$?\{[^}]*\}|\$\w+|\w+_(?:KEY|TOKEN)")
"""What refers to a variable, in some host's way, or names one."""

MIN_GIVEN_CHARACTERS: Final = 8
"""Of a value of `--env` that is hidden wherever it stands, not only after its name: `true` stands elsewhere, too."""
NAMED_VALUE: Final = re.compile(
    r"""(?P<head>(?P<name>[\w.-]+)(?P<quote>["']?)\s*[:=]\s*)"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.|'')*'|[^\s,}\]"'\[{|>][^,}\]"'\n]*)"""
)
"""A name and its value on one line, in each of the formats, in a header or an option."""


class NameTakenError(InputError):
    """Another server has this server's name."""


class KeyPlan(NamedTuple):
    """How the key is given.

    Attributes:
        env: Variables of the configuration.
        names: Names of variables to pass on.
        note: What the user is told of it.
        asked: Whether the host asks for it.
    """

    env: Mapping[str, str]
    names: Sequence[str]
    note: str
    asked: bool = False


@dataclass(frozen=True)
class ConfigPlan:
    """A change of a configuration.

    Attributes:
        name: Of the server.
        before: The text as it is.
        after: The text as it will be.
        diff: What changes, without secrets.
        note: What the user is told of the key.
        previous: The server as it was; None if it was not there.
    """

    name: str
    before: str
    after: str
    diff: str
    note: str
    previous: ConfigDocument | None


def plan_install(
    host: HostSpec,
    machine: Machine,
    text: str,
    command: Sequence[str],
    given: Mapping[str, str],
    find_program: ProgramFinder = shutil.which,
) -> ConfigPlan:
    """Return the change that makes a host start this server.

    Args:
        host: Which.
        machine: Has the variables of this shell.
        text: The configuration.
        command: What starts the server.
        given: Variables that the user has named.
        find_program: Tells whether the command of a server that is there exists.

    Raises:
        ConfigUnreadableError: The text cannot be parsed or changed.
        NameTakenError: Another server has the name.
    """
    document = parse_config(host.format, text)
    launch = next(find_launches(host, host.list_paths(machine)[0], document, project=False), None)
    name = launch.name if launch else SERVER_NAME
    entry = find_section(host, document).get(name)
    if launch is None and entry is not None:
        raise NameTakenError(f"A server called {name} is there that starts something else; rename or remove it first.")
    previous = dict(coerce_object(entry)) if launch else None
    there = {each for each, value in launch.env.items() if value.strip()} | {*launch.names} if launch else set[str]()
    key = plan_key(host, machine, there | {*given})
    stays = launch is not None and has_command(launch, machine, find_program)
    fresh = host.write_server(command, {**key.env, **given}, key.names)
    wanted = merge_server(host, previous or {}, fresh, stays=stays)
    place = (*host.section, name)
    edits = list(list_edits(place, previous, wanted))
    if key.asked and not has_input(document):
        edits.append(Edit(("inputs",), make_key_input(), appended=True))
    after = edit_config(host.format, text, edits) if edits else text
    secret = {each: value for each, value in given.items() if is_secret_variable(each, value)}
    hidden = {*find_hidden(document), *find_hidden(parse_config(host.format, after))}
    hidden |= {value for value in secret.values() if len(value) >= MIN_GIVEN_CHARACTERS}
    diff = describe_diff(text, after, hidden, machine, secret)
    note = f"{key.note} The command stays as you have set it." if stays else key.note
    return ConfigPlan(name, text, after, diff, note, previous)


def merge_server(host: HostSpec, previous: Json, fresh: ConfigDocument, *, stays: bool) -> ConfigDocument:
    """Return a server with the variables of `fresh`, and its command unless that of `previous` stays."""
    started = {name: fresh[name] for name in (host.command, "args") if name in fresh}
    rest = {name: value for name, value in fresh.items() if name not in started}
    merged: ConfigDocument = {**rest, **previous} if stays else {**fresh, **previous, **started}
    if env := {**coerce_object(previous.get(host.env)), **coerce_object(fresh.get(host.env))}:
        merged[host.env] = env
    if host.names and (names := [*list_texts(previous.get(host.names)), *list_texts(fresh.get(host.names))]):
        merged[host.names] = list(dict.fromkeys(names))
    return merged


def plan_key(host: HostSpec, machine: Machine, named: set[str]) -> KeyPlan:
    """Return how a host gives the server its key, unless the configuration or the user already names one."""
    if there := next((name for name in KEY_NAMES if name in named), None):
        return KeyPlan({}, (), f"The key: {there}, as you have set it.")
    found = next((name for name in KEY_NAMES if machine.environ.get(name, "").strip()), None)
    name = found or KEY_NAMES[0]
    unset = "" if found else f" {name} is not set in this shell."
    match host.key_way:
        case KeyWay.INPUT:
            return KeyPlan({name: host.reference.format(name)}, (), f"The key: {host.title} asks for it.", asked=True)
        case KeyWay.VALUE if found:
            value = machine.environ[found].strip()
            note = f"The key: {host.title} reads no variables, so the value of {name} in this shell is written there."
            return KeyPlan({name: value}, (), note)
        case KeyWay.VALUE:
            return KeyPlan({}, (), f"No key is written:{unset} Set it and run this again, or put it into env there.")
        case KeyWay.NAME:
            return KeyPlan({}, (name,), describe_key_reference(host, name) + unset)
        case KeyWay.REFERENCE:
            return KeyPlan({name: host.reference.format(name)}, (), describe_key_reference(host, name) + unset)


def describe_key_reference(host: HostSpec, name: str) -> str:
    """Return what is said of a key that the host reads from a variable."""
    where = f"where {host.title} starts, which is not this shell" if host.desktop else f"where {host.title} starts"
    return (
        f"The key: {host.title} reads {name} from its environment, and the file only names it. It has to be set "
        f"{where}; --env {name}=your-key writes the key itself."
    )


def has_input(document: Json) -> bool:
    """Whether VS Code already asks for the key."""
    inputs = document.get("inputs")
    items = cast("list[object]", inputs) if isinstance(inputs, list) else []
    return any(coerce_object(each).get("id") == INPUT_ID for each in items)


def make_key_input() -> Json:
    """Return what makes VS Code ask for the key."""
    return {"type": "promptString", "id": INPUT_ID, "description": "Gemini API key", "password": True}


def plan_undo(host: HostSpec, machine: Machine, text: str, name: str, previous: ConfigDocument | None) -> ConfigPlan:
    """Return the change that takes this server out of a configuration, or makes it what it was.

    Raises:
        ConfigUnreadableError: The text cannot be parsed or changed.
    """
    document = parse_config(host.format, text)
    there = find_section(host, document).get(name)
    place = (*host.section, name)
    edits: list[Edit] = []
    # What the user has put there instead is not ours to take out.
    if read_command(host, coerce_object(there)):
        edits = list(list_edits(place, there, previous)) if previous is not None else [Edit(place, removed=True)]
    if edits and previous is None and document.get("inputs") == [make_key_input()]:
        edits.append(Edit(("inputs",), removed=True))
    after = edit_config(host.format, text, edits) if edits else text
    hidden = {*find_hidden(document), *find_hidden(previous)}
    return ConfigPlan(name, text, after, describe_diff(text, after, hidden, machine), "", previous)


def is_secret_variable(name: str, value: str) -> bool:
    """Whether the value of a variable is not shown: it is a secret, has credentials, or is of no setting."""
    return name not in SETTING_VARIABLES or name in SECRET_VARIABLES or "@" in value


def describe_diff(
    before: str, after: str, hidden: set[str], machine: Machine, names: Collection[str] = frozenset()
) -> str:
    """Return the lines that change, with one around them, and without secrets.

    Args:
        before: The text as it is.
        after: The text as it will be.
        hidden: Values that are not shown.
        machine: Has the keys of this shell.
        names: Variables whose values are not shown either.
    """
    keys = {machine.environ.get(name, "").strip() for name in KEY_NAMES}
    lines = unified_diff(before.splitlines(), after.splitlines(), "before", "after", n=1, lineterm="")
    shown = hide_values("\n".join(lines), {*hidden, *keys})
    return "\n".join(clean_line(hide_named_values(line, names)) for line in shown.split("\n"))


def clean_line(line: str) -> str:
    """Return a line without what changes how a terminal shows it."""
    return "\t".join(map(make_printable, line.split("\t")))


def hide_named_values(line: str, names: Collection[str]) -> str:
    """Return a line with `[secret]` for each value whose name is among `names` or tells that it is secret."""

    def replace(found: re.Match[str]) -> str:
        value = found["value"]
        quote = value[0] if value[0] in "\"'" else ""
        inner = value.strip(quote) if quote else value.rstrip()
        secret = found["name"] in names or SECRET_NAME.search(found["name"])
        if not secret or not inner or REFERENCE_TEXT.fullmatch(inner) or inner == SECRET_REPLACEMENT:
            return found[0]
        return f"{found['head']}{quote}{SECRET_REPLACEMENT}{quote}"

    return NAMED_VALUE.sub(replace, line)


def hide_values(text: str, values: set[str]) -> str:
    """Return a text with `[secret]` for each value, as it is and as JSON has it."""
    forms = {
        form
        for value in values
        for form in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    }
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, SECRET_REPLACEMENT) if len(form) >= MIN_HIDDEN_CHARACTERS else text
    return text


def find_hidden(value: object, name: str = "") -> Iterator[str]:
    """Yield the texts of a configuration that are secrets, going by their names, and credentials in addresses."""
    match value:
        case dict():
            for inner, each in cast("dict[str, Any]", value).items():
                yield from find_hidden(each, name if SECRET_NAME.search(name) else str(inner))
        case list():
            words = cast("list[Any]", value)
            for before, each in zip(["", *words], words, strict=False):
                option = str(before) if str(before).startswith("-") else name
                yield from find_hidden(each, option)
        case str():
            yield from find_hidden_text(value, name)
        case _:
            return


def find_hidden_text(text: str, name: str) -> Iterator[str]:
    """Yield what is secret of a text with a name; a reference to a variable is not."""
    if SECRET_NAME.search(name) and not REFERENCE_TEXT.fullmatch(text):
        yield text
    option, equals, rest = text.partition("=")
    if equals and option.startswith("-") and SECRET_NAME.search(option):
        yield rest
    if "://" in text:
        yield from find_url_secrets(text)


def parse_given(texts: Sequence[str]) -> dict[str, str]:
    """Parse `NAME=VALUE` texts.

    Raises:
        InputError: One is written otherwise.
    """
    given: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
            # The value may be a key.
            raise InputError(f"--env takes NAME=VALUE, and {quote_name(name)} is no name with a value.")
        if name in KEY_NAMES and not value.strip():
            raise InputError(f"--env {name}= has no value; without --env, the key is taken from this shell.")
        if value != value.encode(errors="replace").decode():
            raise InputError(f"--env {name}: the value is not a text in UTF-8.")
        given[name] = value
    return given
