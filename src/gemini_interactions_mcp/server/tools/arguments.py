"""Tool arguments as they are meant. Pure.

Models write arguments in many ways. Each is read by its schema: `null` and `""` are absent, one text is a list of one,
`"HIGH"` is `high`, `"45"` a number and `gemini://interactions/ID` an id. What cannot be understood stays as it is, and
pydantic explains what is wrong with it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import unquote

from gemini_interactions_mcp.core import plain_name, unquoted

URI: Final = re.compile(r"gemini://interactions/([^/?#]+)(?:/(?:data|files/.*)?)?", re.IGNORECASE | re.DOTALL)
"""Address of an interaction's resource, or of one below it."""

NOTHING_GIVEN: Final = frozenset({"", "null", "none", "undefined"})
"""What models write for an absent argument, except where any text is valid."""

LEAST: Final = "minimal"
NO_THINKING: Final = frozenset({"none", "off", "disabled", "false", "0"})
"""What models write for the lowest level of an enumeration that has `minimal`."""

FREE_TEXTS: Final = ("prompt", "query", "system_instruction", "output_format")
"""Arguments that may be any text, even `null`."""

KINDS: Final[Mapping[str, str]] = {**dict.fromkeys(FREE_TEXTS, "free text"), "model": "name", "agent": "name"}
"""How arguments are read whose JSON type is only string."""

JsonSchema = Mapping[str, Any]
"""The schema of one argument, or of all arguments of a tool."""


def understood(arguments: Mapping[str, Any], schema: JsonSchema) -> dict[str, Any]:
    """Return the arguments of a tool as they are meant, without the absent ones."""
    parts: Mapping[str, JsonSchema] = schema["properties"]
    found = {name: meant(value, kind_of(name, parts.get(name, {}))) for name, value in arguments.items()}
    return {name: value for name, value in found.items() if value is not None}


def kind_of(name: str, schema: JsonSchema) -> JsonSchema:
    """Return the schema of an argument, with a narrower type than JSON has."""
    kind = "id" if name.endswith("interaction_id") else KINDS.get(name)
    return {**schema, "type": kind} if kind else schema


def meant(value: object, schema: JsonSchema) -> object:
    """Return a value as its schema asks for it, or None if it is absent."""
    if isinstance(value, str) and says_nothing(value, schema):
        return None
    read = READERS.get(schema.get("type", ""))
    return read(value, schema) if read else value


def says_nothing(text: str, schema: JsonSchema) -> bool:
    """Whether a text stands for an absent argument; `null` does, unless it may be a text to search for or to send."""
    if schema.get("type") == "free text":
        return not text.strip()
    return unquoted(text).casefold() in NOTHING_GIVEN and not is_least(text, schema.get("enum", ()))


def is_least(text: str, options: Sequence[str]) -> bool:
    """Whether a text means the lowest level: `none` asks for as little as possible, not for the default."""
    return LEAST in options and spelled(text) in NO_THINKING


def as_text(value: object, schema: JsonSchema) -> object:
    """Read a text; white space around a single word is dropped."""
    text = in_digits(value)
    if not isinstance(text, str):
        return text
    if "enum" in schema:
        return choice(text, schema["enum"])
    return text if len(text.split()) > 1 else text.strip()


def as_name(value: object, schema: JsonSchema) -> object:
    """Read the id of a model or an agent, as the API spells it."""
    del schema
    return plain_name(value) or None if isinstance(value, str) else value


def as_id(value: object, schema: JsonSchema) -> object:
    """Read the id of an interaction."""
    del schema
    text = in_digits(value)
    return plain_id(text) or None if isinstance(text, str) else text


def as_list(value: object, schema: JsonSchema) -> object:
    """Read a list of values as they are meant, without the absent ones."""
    found = values_in(value, schema["items"])
    if not isinstance(found, list):
        return found
    values = [meant(each, schema["items"]) for each in cast("list[object]", found)]
    return [each for each in values if each is not None]


def as_object(value: object, schema: JsonSchema) -> object:
    """Read a JSON object, which may come as text."""
    del schema
    found = json_of(value)
    return cast("dict[str, object]", found) if isinstance(found, dict) else value


def as_number(value: object, schema: JsonSchema) -> object:
    """Read a number, which pydantic also takes as text. A boolean becomes its text, so that pydantic refuses it."""
    return str(value) if isinstance(value, bool) else as_truth(value, schema)


def as_truth(value: object, schema: JsonSchema) -> object:
    """Read a boolean, which pydantic also takes as text."""
    del schema
    return unquoted(value) if isinstance(value, str) else value


READERS: Final[Mapping[str, Callable[[object, JsonSchema], object]]] = {
    "string": as_text,
    "free text": as_text,
    "name": as_name,
    "id": as_id,
    "array": as_list,
    "object": as_object,
    "integer": as_number,
    "number": as_number,
    "boolean": as_truth,
}
"""Readers of values, by the `type` of their schema or the narrower one."""


def in_digits(value: object) -> object:
    """Return a number as text, and anything else unchanged."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def values_in(value: object, items: JsonSchema) -> object:
    """Return a list of one value, or of the values in a text: as JSON, in lines or, for choices, between commas."""
    if isinstance(found := json_of(value), list):
        return cast("list[object]", found)
    if isinstance(value, str):
        return re.split(r"[,\n]" if "enum" in items else r"\n", value)
    return [value] if isinstance(value, int | float) else value


def json_of(value: object) -> object:
    """Parse a text as JSON; return None if it is not."""
    try:
        return json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None


def plain_id(text: str) -> str:
    """Return the bare id, unchecked, from a resource's URI or an id in quotes or white space."""
    found = URI.fullmatch(inner := unquoted(text.strip().removeprefix("interaction_id:")))
    return unquote(found[1]) if found else inner


def choice(text: str, options: Sequence[str]) -> str:
    """Return the option that is meant, or the text unchanged."""
    if is_least(text, options):
        return LEAST
    return next((option for option in options if spelled(option) == spelled(text)), text)


def spelled(word: str) -> str:
    """Normalize spelling: `ultra_high` equals `Ultra-High`, and `16:9` equals `16x9`."""
    ratio = re.sub(r"(?<=\d)\s*[x\u00d7:/]\s*(?=\d)", ":", unquoted(word).casefold())
    return re.sub(r"[\s_-]+", "", ratio)
