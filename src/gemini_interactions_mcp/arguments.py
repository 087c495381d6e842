"""Tool arguments: their JSON Schemas, slimmed, and what is wrong with them, in sentences. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from pydantic import ValidationError

ADDED_BY_HOSTS: Final = re.compile(r"wait_for_previous|_.*")
"""Arguments that hosts add by themselves: Gemini CLI its `wait_for_previous`, others names with an underscore."""


def slim(schema: dict[str, Any]) -> dict[str, Any]:
    """A generated schema without what says nothing: titles, and `null` beside the type of an optional argument."""
    return cast("dict[str, Any]", slimmed(schema, names=False))


def slimmed(schema: object, *, names: bool) -> object:
    """A part of a schema; with `names`, its keys are names of properties, of which one may be `title`."""
    if isinstance(schema, list):
        return [slimmed(item, names=False) for item in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    found = cast("dict[str, object]", schema)
    if names:
        return {name: slimmed(value, names=False) for name, value in found.items()}
    return without_null(
        {
            key: slimmed(value, names=key in ("properties", "$defs"))
            for key, value in found.items()
            if key != "title" and (key, value) != ("default", None)
        }
    )


def without_null(schema: dict[str, object]) -> dict[str, object]:
    """A schema that is `anyOf` one type or null, as that type."""
    options = cast("list[dict[str, object]]", schema.get("anyOf", []))
    types = [option for option in options if option != {"type": "null"}]
    if len(types) != 1 or len(types) == len(options):
        return schema
    return types[0] | {key: value for key, value in schema.items() if key != "anyOf"}


def accepted(arguments: Mapping[str, Any], valid: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """The arguments without those that hosts add, and the names of those that do not exist."""
    valid = set(valid)
    kept = {name: value for name, value in arguments.items() if name in valid or not ADDED_BY_HOSTS.fullmatch(name)}
    return kept, sorted(kept.keys() - valid)


def unknown_arguments(names: Iterable[str], valid: Iterable[str]) -> str:
    """What is said of arguments that do not exist."""
    listed = ", ".join(f"`{name}`" for name in names)
    return f"Unknown argument {listed}. Valid arguments: {', '.join(valid)}."


def complaint(exc: ValidationError) -> str:
    """One sentence for each wrong argument, without pydantic's addresses or the rejected values."""
    return " ".join(dict.fromkeys(sentence(error["loc"], error["type"], error["msg"]) for error in exc.errors()))


def sentence(location: tuple[int | str, ...], kind: str, message: str) -> str:
    """``prompt` is required.` or ``wait_seconds` should be greater than or equal to 0.`."""
    name = str(location[0]) if location else "arguments"
    if kind == "missing":
        return f"`{name}` is required."
    return f"`{name}`: {message[:1].lower()}{message[1:]}."
