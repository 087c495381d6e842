"""The formats of hosts' configurations: parsed, and edited so that comments, order and other servers stay. Pure."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from enum import StrEnum
from itertools import pairwise
from math import isnan
from typing import Any, NamedTuple, cast

from gemini_interactions_mcp.core import InputError

from .jsonc import JsoncError, append_jsonc, parse_jsonc, remove_jsonc, set_jsonc
from .yamls import remove_yaml, set_yaml

ConfigDocument = dict[str, Any]
"""What a configuration says, or a part of it."""


class ConfigFormat(StrEnum):
    """How a configuration is written."""

    JSON = "JSON"
    TOML = "TOML"
    YAML = "YAML"


class ConfigUnreadableError(InputError):
    """A configuration is not of its format, or cannot be changed without touching something else."""


class Edit(NamedTuple):
    """A change at a path of names.

    Attributes:
        path: Where.
        value: What is set there.
        removed: Whether what is there is removed instead.
        appended: Whether the value is appended to the list there instead.
    """

    path: tuple[str, ...]
    value: object = None
    removed: bool = False
    appended: bool = False


def parse_config(kind: ConfigFormat, text: str) -> ConfigDocument:
    """Return what a configuration says; an empty one says nothing.

    Raises:
        ConfigUnreadableError: It is not of its format.
    """
    if not text.strip():
        return {}
    try:
        found = load_config(kind, text)
    except (ValueError, RecursionError) as exc:
        raise ConfigUnreadableError(f"it is no {kind}: {describe_parse_error(exc)}") from exc
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigUnreadableError(f"it is no {kind} object")
    return cast("ConfigDocument", found)


def load_config(kind: ConfigFormat, text: str) -> object:
    """Return the value of a text.

    Raises:
        ValueError: It is not of its format.
    """
    match kind:
        case ConfigFormat.JSON:
            return parse_jsonc(text)
        case ConfigFormat.TOML:
            return tomllib.loads(text)
        case ConfigFormat.YAML:
            from ruamel.yaml import YAML  # noqa: PLC0415 - slow to import
            from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - as above

            reader: Any = YAML(typ="safe", pure=True)
            try:
                return reader.load(text)
            except YAMLError as exc:
                # What else it says may have the content.
                mark = getattr(exc, "problem_mark", None)
                raise ValueError(f"line {mark.line + 1}" if mark else "it cannot be parsed") from exc


def describe_parse_error(exc: Exception) -> str:
    """Return where a text is wrong, without any of it."""
    if isinstance(exc, RecursionError):
        return "it is nested too deeply"
    if isinstance(exc, tomllib.TOMLDecodeError):
        found = re.search(r"\(at (line \d+), column \d+\)|\(at end of document\)", str(exc))
        return (found[1] or "its end") if found else "it cannot be parsed"
    return str(exc) if isinstance(exc, JsoncError) else str(exc).splitlines()[0]


def list_edits(path: tuple[str, ...], before: object, after: object) -> Iterator[Edit]:
    """Yield the edits that make one value of another, as deep as possible, so that comments between them stay."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        if before != after:
            yield Edit(path, after)
        return
    old, new = cast("ConfigDocument", before), cast("ConfigDocument", after)
    for name in old.keys() - new.keys():
        yield Edit((*path, name), removed=True)
    for name, value in new.items():
        if name in old:
            yield from list_edits((*path, name), old[name], value)
        else:
            yield Edit((*path, name), value)


def edit_config(kind: ConfigFormat, text: str, edits: Sequence[Edit]) -> str:
    """Return the text with edits, and with nothing else changed.

    Raises:
        ConfigUnreadableError: It is not of its format, or something else would change.
    """
    wanted = apply_edits(kind, parse_config(kind, text), edits)
    # A text whose lines end in both ways keeps each end.
    lines = text.replace("\r\n", "\n")
    windows = "\r\n" in text and lines.count("\n") == text.count("\r\n")
    try:
        edited = write_edits(kind, lines if windows else text, edits)
    except (ValueError, TypeError, AttributeError, LookupError) as exc:
        raise ConfigUnreadableError("it cannot be changed without touching the rest") from exc
    if windows:
        edited = edited.replace("\n", "\r\n")
    if not is_same(kind, edited, wanted):
        raise ConfigUnreadableError("it cannot be changed without touching the rest")
    return edited


def is_same(kind: ConfigFormat, text: str, wanted: ConfigDocument) -> bool:
    """Whether a text says what it should."""
    try:
        return drop_empty(parse_config(kind, text)) == drop_empty(wanted)
    except ConfigUnreadableError:
        return False


def drop_empty(value: object) -> object:
    """Return a value without the empty objects in it, which TOML may lose with their last member.

    A number that is none, which equals nothing, is its text.
    """
    if isinstance(value, float) and isnan(value):
        return "nan"
    if isinstance(value, list):
        return [drop_empty(each) for each in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    kept = {name: drop_empty(each) for name, each in cast("ConfigDocument", value).items()}
    return {name: each for name, each in kept.items() if each != {}}


def apply_edits(kind: ConfigFormat, document: ConfigDocument, edits: Iterable[Edit]) -> ConfigDocument:
    """Return what a configuration should say after edits.

    Raises:
        ConfigUnreadableError: Something else than an object is on the way.
    """
    wanted = deepcopy(document)
    for edit in edits:
        place = wanted
        for name in edit.path[:-1]:
            inner = place.setdefault(name, {})
            if inner is None and kind is ConfigFormat.YAML:
                # A name without a value, as YAML has it.
                inner = place[name] = {}
            if not isinstance(inner, dict):
                raise ConfigUnreadableError(f"{name} is no object there")
            place = cast("ConfigDocument", inner)
        if edit.removed:
            place.pop(edit.path[-1], None)
        elif edit.appended:
            there = place.get(edit.path[-1], [])
            if not isinstance(there, list):
                raise ConfigUnreadableError(f"{edit.path[-1]} is no list there")
            place[edit.path[-1]] = [*cast("list[object]", there), edit.value]
        else:
            place[edit.path[-1]] = edit.value
    return wanted


def write_edits(kind: ConfigFormat, text: str, edits: Sequence[Edit]) -> str:
    """Return the text with edits, by the editor of its format."""
    if kind is ConfigFormat.TOML:
        return write_toml_edits(text, edits)
    if kind is ConfigFormat.YAML:
        for edit in edits:
            text = remove_yaml(text, edit.path) if edit.removed else set_yaml(text, edit.path, edit.value)
        return text
    text = text if text.strip() else "{}\n"
    for edit in edits:
        if edit.removed:
            text = remove_jsonc(text, edit.path)
        else:
            text = (append_jsonc if edit.appended else set_jsonc)(text, edit.path, edit.value)
    return text


def write_toml_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return TOML with edits."""
    import tomlkit  # noqa: PLC0415 - slow to import

    document = tomlkit.parse(text)
    for edit in edits:
        place: Any = document
        for name in edit.path[:-1]:
            if name not in place:
                place[name] = tomlkit.table(is_super_table=True)
            place = place[name]
        if not edit.removed:
            place[edit.path[-1]] = edit.value
        elif edit.path[-1] in place:
            del place[edit.path[-1]]
    return separate_tables(text, tomlkit.dumps(document))


def separate_tables(before: str, after: str) -> str:
    """Return TOML with an empty line before each table that did not follow its line before."""
    lines = before.split("\n")
    there = set(pairwise(lines))
    kept = [""]
    for line in after.split("\n"):
        if line.startswith("[") and kept[-1] and (kept[-1], line) not in there:
            kept.append("")
        kept.append(line)
    return "\n".join(kept[1:])
