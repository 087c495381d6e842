"""Tool arguments: their JSON Schemas, slimmed; what they mean; and what is wrong with them, in sentences. Pure.

Models write arguments in many ways. By its schema, each is taken as it is meant: `null` and `""` are absent, one text
is a list of one, `"HIGH"` is `high`, `"45"` a number and `gemini://interactions/ID` an id. What cannot be understood
stays as it is, and pydantic says what is wrong with it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import unquote

from pydantic import ValidationError

from gemini_interactions_mcp.core import plain_name, shown, unquoted

ADDED_BY_HOSTS: Final = re.compile(r"wait_for_previous|_.*")
"""Arguments that hosts add by themselves: Gemini CLI its `wait_for_previous`, others names with an underscore."""

URI: Final = re.compile(r"gemini://interactions/([^/?#]+)(?:/(?:data|files/.*)?)?", re.IGNORECASE | re.DOTALL)
"""Of an interaction's resource, or one below it."""

NOTHING_GIVEN: Final = frozenset({"", "null", "none", "undefined"})
"""What a model writes for an argument that it leaves out, where any text is no text of its own."""

LEAST: Final = "minimal"
NO_THINKING: Final = frozenset({"none", "off", "disabled", "false", "0"})
"""What a model writes for the least level of an enumeration that has `minimal`."""

FREE_TEXTS: Final = ("prompt", "query", "system_instruction", "output_format")
"""Arguments that may be any text, also `null`."""

KINDS: Final[Mapping[str, str]] = {**dict.fromkeys(FREE_TEXTS, "free text"), "model": "name", "agent": "name"}
"""How arguments are read that for JSON are only texts."""

TOLD: Final = 5
"""Unknown arguments that are named."""

JsonSchema = Mapping[str, Any]
"""Of one argument, or of all arguments of a tool."""


# Schemas -------------------------------------------------------------------------------------------------


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


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema whose definitions, none of which uses another, stand where they are used: not every host looks there."""
    text = json.dumps({key: value for key, value in schema.items() if key != "$defs"})
    for name, definition in schema.get("$defs", {}).items():
        text = text.replace(json.dumps({"$ref": f"#/$defs/{name}"}), json.dumps(definition))
    return json.loads(text)


# What is meant -------------------------------------------------------------------------------------------


def understood(arguments: Mapping[str, Any], schema: JsonSchema) -> dict[str, Any]:
    """The arguments of a tool as they are meant, without the absent ones."""
    parts: Mapping[str, JsonSchema] = schema["properties"]
    found = {name: meant(value, kind_of(name, parts.get(name, {}))) for name, value in arguments.items()}
    return {name: value for name, value in found.items() if value is not None}


def kind_of(name: str, schema: JsonSchema) -> JsonSchema:
    """The schema of an argument, its type a closer one than JSON has."""
    kind = "id" if name.endswith("interaction_id") else KINDS.get(name)
    return {**schema, "type": kind} if kind else schema


def meant(value: object, schema: JsonSchema) -> object:
    """A value as its schema asks for it; None where nothing is given."""
    if isinstance(value, str) and says_nothing(value, schema):
        return None
    read = READERS.get(schema.get("type", ""))
    return read(value, schema) if read else value


def says_nothing(text: str, schema: JsonSchema) -> bool:
    """Whether a text stands for an absent argument; `null` does, where it cannot be a text to search for or to send."""
    if schema.get("type") == "free text":
        return not text.strip()
    return unquoted(text).casefold() in NOTHING_GIVEN and not is_least(text, schema.get("enum", ()))


def is_least(text: str, options: Sequence[str]) -> bool:
    """Whether a text asks for as little as can be chosen: `none` is less than any level, and not its default."""
    return LEAST in options and spelled(text) in NO_THINKING


def as_text(value: object, schema: JsonSchema) -> object:
    """Text; white space around a single word is none of it."""
    text = in_digits(value)
    if not isinstance(text, str):
        return text
    if "enum" in schema:
        return choice(text, schema["enum"])
    return text if len(text.split()) > 1 else text.strip()


def as_name(value: object, schema: JsonSchema) -> object:
    """The id of a model or an agent, as the API spells it."""
    del schema
    return plain_name(value) or None if isinstance(value, str) else value


def as_id(value: object, schema: JsonSchema) -> object:
    """The id of an interaction."""
    del schema
    text = in_digits(value)
    return plain_id(text) or None if isinstance(text, str) else text


def as_list(value: object, schema: JsonSchema) -> object:
    """A list of values as they are meant, without the absent ones."""
    found = values_in(value, schema["items"])
    if not isinstance(found, list):
        return found
    values = [meant(each, schema["items"]) for each in cast("list[object]", found)]
    return [each for each in values if each is not None]


def as_object(value: object, schema: JsonSchema) -> object:
    """A JSON object, which may come as its text."""
    del schema
    found = json_of(value)
    return cast("dict[str, object]", found) if isinstance(found, dict) else value


def as_number(value: object, schema: JsonSchema) -> object:
    """A number, which pydantic reads also as text; a truth value is none, as its text shows."""
    return str(value) if isinstance(value, bool) else as_truth(value, schema)


def as_truth(value: object, schema: JsonSchema) -> object:
    """A truth value; pydantic reads it also as text."""
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
"""How a value is read, by the `type` of its schema or its closer kind."""


def in_digits(value: object) -> object:
    """A number as text; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def values_in(value: object, items: JsonSchema) -> object:
    """A list, of one value or of what its text has: as JSON, in lines or, of words to choose from, after commas."""
    if isinstance(found := json_of(value), list):
        return cast("list[object]", found)
    if isinstance(value, str):
        return re.split(r"[,\n]" if "enum" in items else r"\n", value)
    return [value] if isinstance(value, int | float) else value


def json_of(value: object) -> object:
    """What a text stands for as JSON, or None."""
    try:
        return json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None


def plain_id(text: str) -> str:
    """The bare id, unchecked, in what is meant as one: a resource's URI, or an id in quotes or white space."""
    found = URI.fullmatch(inner := unquoted(text.strip().removeprefix("interaction_id:")))
    return unquote(found[1]) if found else inner


def choice(text: str, options: Sequence[str]) -> str:
    """The option that is meant, or the text as it is."""
    if is_least(text, options):
        return LEAST
    return next((option for option in options if spelled(option) == spelled(text)), text)


def spelled(word: str) -> str:
    """What is the same in `ultra_high` and `Ultra-High`, in `16:9` and `16x9`."""
    ratio = re.sub(r"(?<=\d)\s*[x\u00d7:/]\s*(?=\d)", ":", unquoted(word).casefold())
    return re.sub(r"[\s_-]+", "", ratio)


# What is wrong -------------------------------------------------------------------------------------------


def accepted(arguments: Mapping[str, Any], valid: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """The arguments without those that hosts add, and the names of those that do not exist."""
    valid = set(valid)
    kept = {name: value for name, value in arguments.items() if name in valid or not ADDED_BY_HOSTS.fullmatch(name)}
    return kept, sorted(kept.keys() - valid)


def unknown_arguments(names: Sequence[str], schema: JsonSchema, given: Iterable[str]) -> str:
    """What is said of arguments that do not exist: what they may mean, and what is missing."""
    valid, given = list(schema["properties"]), set(given)
    meanings = similar(names[:TOLD], [name for name in valid if name not in given])
    missing = [name for name in schema.get("required", ()) if name not in given and name not in meanings]
    said = [f"Unknown argument {quoted_names(names[:TOLD])}{', …' if len(names) > TOLD else ''}."]
    said += [f"Did you mean {quoted_names(meanings)}?"] if meanings else []
    said += [f"{quoted_names([name])} is required." for name in missing]
    return " ".join([*said, f"Valid arguments: {', '.join(valid)}."])


def similar(names: Iterable[str], valid: Sequence[str]) -> list[str]:
    """The valid names that are like some others, each once."""
    import difflib  # noqa: PLC0415 - of use only for a wrong call

    found = [match for name in names for match in difflib.get_close_matches(name.casefold(), valid, 1)]
    return list(dict.fromkeys(found))


def quoted_names(names: Iterable[str]) -> str:
    """Names of arguments, as they stand in a sentence."""
    return ", ".join(f"`{shown(name)}`" for name in names)


def complaint(exc: ValidationError) -> str:
    """One sentence for each wrong argument, without pydantic's addresses or the rejected values."""
    return " ".join(dict.fromkeys(sentence(error["loc"], error["type"], error["msg"]) for error in exc.errors()))


def sentence(location: tuple[int | str, ...], kind: str, message: str) -> str:
    """``prompt` is required.` or ``wait_seconds` should be greater than or equal to 0.`."""
    name = str(location[0]) if location else "arguments"
    if kind == "missing":
        return f"`{name}` is required."
    if message.startswith("Input "):
        # No colon behind the name: an `interaction_id:` begins lines of ours.
        each = ": every entry" if any(isinstance(part, int) for part in location[1:2]) else ""
        return f"`{name}`{each} {message.removeprefix('Input ')}."
    return f"`{name}`: {message[:1].lower()}{message[1:]}."
