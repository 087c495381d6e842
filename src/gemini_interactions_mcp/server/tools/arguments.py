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

from gemini_interactions_mcp.core import normalize_model_name, strip_quotes

INTERACTION_URI: Final = re.compile(
    r"gemini://interactions/([^/?#]+)(?:/(?:data|files/.*)?)?", re.IGNORECASE | re.DOTALL
)
"""Address of an interaction's resource, or of one below it."""

ABSENT_WORDS: Final = frozenset({"", "null", "none", "undefined"})
"""What models write for an absent argument, except where any text is valid."""

NO_WORD: Final = "none"
"""The one of them that means something among words."""

MINIMAL_LEVEL: Final = "minimal"
NO_THINKING_WORDS: Final = frozenset({"none", "off", "disabled", "false", "0"})
"""What models write for the lowest level of an enumeration that has `minimal`."""

FREE_TEXT_ARGUMENTS: Final = ("prompt", "query", "system_instruction", "output_format")
"""Arguments that may be any text, even `null`."""

ARGUMENT_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(FREE_TEXT_ARGUMENTS, "free text"),
    "model": "name",
    "agent": "name",
    "network": "words",
}
"""How arguments are read whose JSON type is only string."""

ArgumentSchema = Mapping[str, Any]
"""The schema of one argument, or of all arguments of a tool."""


NO_SCHEMA: Final[ArgumentSchema] = {}


def interpret_arguments(arguments: Mapping[str, Any], schema: ArgumentSchema) -> dict[str, Any]:
    """Return the arguments of a tool as they are meant, without the absent ones."""
    parts: Mapping[str, ArgumentSchema] = schema["properties"]
    found = {
        name: interpret_value(value, narrow_schema(name, parts.get(name, {}))) for name, value in arguments.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def narrow_schema(name: str, schema: ArgumentSchema) -> ArgumentSchema:
    """Return the schema of an argument, with a narrower type than JSON has."""
    kind = "id" if name.endswith("interaction_id") else ARGUMENT_KINDS.get(name)
    return {**schema, "type": kind} if kind else schema


def interpret_value(value: object, schema: ArgumentSchema) -> object:
    """Return a value as its schema asks for it, or None if it is absent."""
    if isinstance(value, str) and stands_for_absent(value, schema):
        return None
    read = VALUE_INTERPRETERS.get(schema.get("type", ""))
    return read(value, schema) if read else value


def stands_for_absent(text: str, schema: ArgumentSchema) -> bool:
    """Whether a text stands for an absent argument; `null` does, unless it may be a text to search for or to send."""
    if schema.get("type") == "free text":
        return not text.strip()
    if schema.get("type") == "words":
        return strip_quotes(text).casefold() in ABSENT_WORDS - {NO_WORD}
    return strip_quotes(text).casefold() in ABSENT_WORDS and not means_minimal(text, schema.get("enum", ()))


def means_minimal(text: str, options: Sequence[str]) -> bool:
    """Whether a text means the lowest level: `none` asks for as little as possible, not for the default."""
    return MINIMAL_LEVEL in options and normalize_spelling(text) in NO_THINKING_WORDS


def interpret_text(value: object, schema: ArgumentSchema) -> object:
    """Read a text; white space around a single word is dropped."""
    text = stringify_number(value)
    if not isinstance(text, str):
        return text
    if "enum" in schema:
        return match_choice(text, schema["enum"])
    return text if len(text.split()) > 1 else text.strip()


def interpret_name(value: object, schema: ArgumentSchema) -> object:
    """Read the id of a model or an agent, as the API spells it."""
    del schema
    return normalize_model_name(value) or None if isinstance(value, str) else value


def interpret_id(value: object, schema: ArgumentSchema) -> object:
    """Read the id of an interaction."""
    del schema
    text = stringify_number(value)
    return strip_interaction_id(text) or None if isinstance(text, str) else text


def interpret_list(value: object, schema: ArgumentSchema) -> object:
    """Read a list of values as they are meant, without the absent ones."""
    found = split_values(value, schema["items"])
    if not isinstance(found, list):
        return found
    values = [interpret_value(each, schema["items"]) for each in cast("list[object]", found)]
    return [each for each in values if each is not None]


def interpret_words(value: object, schema: ArgumentSchema) -> object:
    """Read words between commas, in which `none` is one: a sandbox without network has not the usual network."""
    if isinstance(value, bool):
        return None if value else NO_WORD
    found = split_values(value, NO_SCHEMA)
    words = cast("list[object]", found) if isinstance(found, list) else [value]
    if not words:
        return NO_WORD
    if not all(each is None or isinstance(each, str) for each in words):
        return value
    given = [each for each in words if isinstance(each, str) and not stands_for_absent(each, schema)]
    return ", ".join(map(strip_quotes, given)) or None


def interpret_object(value: object, schema: ArgumentSchema) -> object:
    """Read a JSON object, which may come as text."""
    del schema
    found = try_parse_json(value)
    return cast("dict[str, object]", found) if isinstance(found, dict) else value


def interpret_number(value: object, schema: ArgumentSchema) -> object:
    """Read a number, which pydantic also takes as text. A boolean becomes its text, so that pydantic refuses it."""
    return str(value) if isinstance(value, bool) else interpret_boolean(value, schema)


def interpret_boolean(value: object, schema: ArgumentSchema) -> object:
    """Read a boolean, which pydantic also takes as text."""
    del schema
    return strip_quotes(value) if isinstance(value, str) else value


VALUE_INTERPRETERS: Final[Mapping[str, Callable[[object, ArgumentSchema], object]]] = {
    "string": interpret_text,
    "free text": interpret_text,
    "name": interpret_name,
    "id": interpret_id,
    "array": interpret_list,
    "words": interpret_words,
    "object": interpret_object,
    "integer": interpret_number,
    "number": interpret_number,
    "boolean": interpret_boolean,
}
"""Readers of values, by the `type` of their schema or the narrower one."""


def stringify_number(value: object) -> object:
    """Return a number as text, and anything else unchanged."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def split_values(value: object, items: ArgumentSchema) -> object:
    """Return a list of one value, or of the values in a text: as JSON, in lines or, for choices, between commas."""
    if isinstance(found := try_parse_json(value), list):
        return cast("list[object]", found)
    if isinstance(value, str):
        return re.split(r"[,\n]" if "enum" in items else r"\n", value)
    return [value] if isinstance(value, int | float) else value


def try_parse_json(value: object) -> object:
    """Parse a text as JSON; return None if it is not."""
    try:
        return json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None


def strip_interaction_id(text: str) -> str:
    """Return the bare id, unchecked, from a resource's URI or an id in quotes or white space."""
    found = INTERACTION_URI.fullmatch(inner := strip_quotes(text.strip().removeprefix("interaction_id:")))
    return unquote(found[1]) if found else inner


def match_choice(text: str, options: Sequence[str]) -> str:
    """Return the option that is meant, or the text unchanged."""
    if means_minimal(text, options):
        return MINIMAL_LEVEL
    return next((option for option in options if normalize_spelling(option) == normalize_spelling(text)), text)


def normalize_spelling(word: str) -> str:
    """Normalize spelling: `ultra_high` equals `Ultra-High`, and `16:9` equals `16x9`."""
    ratio = re.sub(r"(?<=\d)\s*[x\u00d7:/]\s*(?=\d)", ":", strip_quotes(word).casefold())
    return re.sub(r"[\s_-]+", "", ratio)
