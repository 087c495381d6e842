"""Errors of tool arguments, in sentences. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from gemini_interactions_mcp.core import quote_name

from .arguments import ArgumentSchema

HOST_ARGUMENTS: Final = re.compile(r"wait_for_previous|_.*")
"""Arguments that hosts add: Gemini CLI `wait_for_previous`, others names that begin with an underscore."""

MAX_NAMED_ARGUMENTS: Final = 5
"""Maximum number of unknown arguments that are named."""


def split_arguments(arguments: Mapping[str, Any], valid: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the arguments without those that hosts add, and the names of unknown ones."""
    valid = set(valid)
    kept = {name: value for name, value in arguments.items() if name in valid or not HOST_ARGUMENTS.fullmatch(name)}
    return kept, sorted(kept.keys() - valid)


def describe_unknown_arguments(names: Sequence[str], schema: ArgumentSchema, given: Iterable[str]) -> str:
    """Return the error text for unknown arguments: what they may mean, and what is missing."""
    valid, given = list(schema["properties"]), set(given)
    meanings = find_similar_names(names[:MAX_NAMED_ARGUMENTS], [name for name in valid if name not in given])
    missing = [name for name in schema.get("required", ()) if name not in given and name not in meanings]
    said = [
        f"Unknown argument {quote_argument_names(names[:MAX_NAMED_ARGUMENTS])}"
        f"{', …' if len(names) > MAX_NAMED_ARGUMENTS else ''}."
    ]
    said += [f"Did you mean {quote_argument_names(meanings)}?"] if meanings else []
    said += [f"{quote_argument_names([name])} is required." for name in missing]
    return " ".join([*said, f"Valid arguments: {', '.join(valid)}."])


def find_similar_names(names: Iterable[str], valid: Sequence[str]) -> list[str]:
    """Return the valid names that are similar to some others, each once."""
    import difflib  # noqa: PLC0415 - of use only for a wrong call

    found = [match for name in names for match in difflib.get_close_matches(name.casefold(), valid, 1)]
    return list(dict.fromkeys(found))


def quote_argument_names(names: Iterable[str]) -> str:
    """Format names of arguments for a sentence."""
    return ", ".join(f"`{quote_name(name)}`" for name in names)


def describe_invalid_arguments(exc: ValidationError) -> str:
    """Return one sentence for each wrong argument, without pydantic's URLs or the rejected values."""
    return " ".join(
        dict.fromkeys(describe_invalid_argument(error["loc"], error["type"], error["msg"]) for error in exc.errors())
    )


def describe_invalid_argument(location: tuple[int | str, ...], kind: str, message: str) -> str:
    """Return ``prompt` is required.` or ``wait_seconds` should be greater than or equal to 0.`."""
    name = str(location[0]) if location else "arguments"
    if kind == "missing":
        return f"`{name}` is required."
    if message.startswith("Input "):
        # No colon after the name: lines of this server begin with `interaction_id:`.
        each = ": every entry" if any(isinstance(part, int) for part in location[1:2]) else ""
        return f"`{name}`{each} {message.removeprefix('Input ')}."
    return f"`{name}`: {message[:1].lower()}{message[1:]}."
