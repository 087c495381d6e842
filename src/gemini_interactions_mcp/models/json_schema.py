"""Checks whether an answer follows the JSON Schema of its request. Pure, but slow.

Runs in a worker thread, and is imported only when it is needed, since jsonschema takes 0.1 s. Neither the schema nor
the answer is trusted: see `bounded_validator`. An invalid schema is Google's to reject; if Google accepts it, the
answer is not checked.
"""

import json
import re
from itertools import islice
from typing import Any, Final

from gemini_interactions_mcp.core import Json, inert, refuse_constant

from .bounded_validator import Untyped, bounded

CHECKED_CHARACTERS: Final = 2**20
"""Longest answer that is checked: parsing it holds the interpreter for some 10 ms."""

MOST_TOLD: Final = 3
"""Errors in a message; most others follow from the first."""

HALF_CHARACTERS: Final = 80
"""Characters kept at the start and at the end of an error, which repeats the invalid value."""

META: Final[dict[str, Any]] = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
"""The schema of schemas."""

FENCE: Final = re.compile(r"\s*```(?:json)?[ \t]*\n(.*)\n```\s*", re.DOTALL | re.IGNORECASE)
"""A fence around all of an answer, which models add now and then."""


def departure(text: str, schema: Json) -> str | None:
    """Return a sentence on what is wrong with an answer that should follow a schema; None if nothing is."""
    if len(text) > CHECKED_CHARACTERS:
        return "The answer was not checked against response_schema: it is too long for that."
    try:
        instance = parsed(text)
    except (ValueError, RecursionError):
        return "The answer does not follow response_schema: it is not JSON."
    try:
        return judged(schema, instance)
    except Exception as exc:  # noqa: BLE001 - a foreign schema may make the library raise anything
        return f"The answer was not checked against response_schema: {unchecked(exc)}."


def parsed(text: str) -> object:
    """Parse the JSON of an answer, with or without a fence.

    Raises:
        ValueError: It is not JSON; NaN and Infinity are not (RFC 8259, 6).
    """
    fenced = FENCE.fullmatch(text)
    return json.loads(fenced[1] if fenced else text, parse_constant=refuse_constant)


def judged(schema: Json, instance: object) -> str | None:
    """Return a sentence on what is wrong with a schema or with an instance of it; None if nothing is."""
    validator = bounded()
    if wrong := violations(validator(META), schema):
        return f"The answer was not checked against response_schema: that is not a JSON Schema ({wrong})."
    wrong = violations(validator(schema), instance)
    return f"The answer does not follow response_schema: {wrong}." if wrong else None


def violations(validator: Untyped, instance: object) -> str:
    """Describe the first errors of an instance with their locations."""
    found: list[Untyped] = list(islice(validator.iter_errors(instance), MOST_TOLD + 1))
    said = [f"{place_of(error)}: {ends(error.message)}" for error in found[:MOST_TOLD]]
    return "; ".join(dict.fromkeys([*said, *(["and more"] if len(found) > MOST_TOLD else [])]))


def place_of(error: Untyped) -> str:
    """Return the location of an error, such as `$.tags.0`."""
    return inert("$" + "".join(f".{part}" for part in error.absolute_path), HALF_CHARACTERS)


def ends(message: str) -> str:
    """Return a message, or the start and the end of a long one."""
    if len(message) > 2 * HALF_CHARACTERS:
        message = f"{message[:HALF_CHARACTERS]}…{message[-HALF_CHARACTERS:]}"
    return inert(message)


def unchecked(exc: Exception) -> str:
    """Explain why an answer could not be checked."""
    reasons = {"TooMuchWorkError": "that would take too long", "RecursionError": "it is nested too deeply"}
    name = type(exc).__name__
    if "Unresolvable" in name or "Referencing" in name:
        return "it contains an unresolvable reference, and nothing is fetched"
    return reasons.get(name, name)
