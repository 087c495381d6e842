"""Checks whether an answer follows the JSON Schema of its request. Pure, but slow.

Runs in a worker thread, and is imported only when it is needed, since jsonschema takes 0.1 s. Neither the schema nor
the answer is trusted: see `bounded_validator`. An invalid schema is Google's to reject; if Google accepts it, the
answer is not checked.
"""

import json
import re
from itertools import islice
from typing import Any, Final

from gemini_interactions_mcp.core import Json, make_inert, refuse_constant

from .bounded_validator import Untyped, make_bounded_validator

MAX_CHECKED_CHARACTERS: Final = 2**20
"""Longest answer that is checked: parsing it holds the interpreter for some 10 ms."""

MAX_LISTED_ERRORS: Final = 3
"""Errors in a message; most others follow from the first."""

ERROR_END_CHARACTERS: Final = 80
"""Characters kept at the start and at the end of an error, which repeats the invalid value."""

META_SCHEMA: Final[dict[str, Any]] = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
"""The schema of schemas."""

ANSWER_FENCE: Final = re.compile(r"\s*```(?:json)?[ \t]*\n(.*)\n```\s*", re.DOTALL | re.IGNORECASE)
"""A fence around all of an answer, which models add now and then."""


def find_departure(text: str, schema: Json) -> str | None:
    """Return a sentence on what is wrong with an answer that should follow a schema; None if nothing is."""
    if len(text) > MAX_CHECKED_CHARACTERS:
        return "The answer was not checked against response_schema: it is too long for that."
    try:
        instance = parse_answer_json(text)
    except (ValueError, RecursionError):
        return "The answer does not follow response_schema: it is not JSON."
    try:
        return judge_instance(schema, instance)
    except Exception as exc:  # noqa: BLE001 - a foreign schema may make the library raise anything
        return f"The answer was not checked against response_schema: {explain_unchecked(exc)}."


def parse_answer_json(text: str) -> object:
    """Parse the JSON of an answer, with or without a fence.

    Raises:
        ValueError: It is not JSON; NaN and Infinity are not (RFC 8259, 6).
    """
    fenced = ANSWER_FENCE.fullmatch(text)
    return json.loads(fenced[1] if fenced else text, parse_constant=refuse_constant)


def judge_instance(schema: Json, instance: object) -> str | None:
    """Return a sentence on what is wrong with a schema or with an instance of it; None if nothing is."""
    validator = make_bounded_validator()
    if wrong := describe_violations(validator(META_SCHEMA), schema):
        return f"The answer was not checked against response_schema: that is not a JSON Schema ({wrong})."
    wrong = describe_violations(validator(schema), instance)
    return f"The answer does not follow response_schema: {wrong}." if wrong else None


def describe_violations(validator: Untyped, instance: object) -> str:
    """Describe the first errors of an instance with their locations."""
    found: list[Untyped] = list(islice(validator.iter_errors(instance), MAX_LISTED_ERRORS + 1))
    said = [f"{locate_error(error)}: {keep_ends(error.message)}" for error in found[:MAX_LISTED_ERRORS]]
    return "; ".join(dict.fromkeys([*said, *(["and more"] if len(found) > MAX_LISTED_ERRORS else [])]))


def locate_error(error: Untyped) -> str:
    """Return the location of an error, such as `$.tags.0`."""
    return make_inert("$" + "".join(f".{part}" for part in error.absolute_path), ERROR_END_CHARACTERS)


def keep_ends(message: str) -> str:
    """Return a message, or the start and the end of a long one."""
    if len(message) > 2 * ERROR_END_CHARACTERS:
        message = f"{message[:ERROR_END_CHARACTERS]}…{message[-ERROR_END_CHARACTERS:]}"
    return make_inert(message)


def explain_unchecked(exc: Exception) -> str:
    """Explain why an answer could not be checked."""
    reasons = {"TooMuchWorkError": "that would take too long", "RecursionError": "it is nested too deeply"}
    name = type(exc).__name__
    if "Unresolvable" in name or "Referencing" in name:
        return "it contains an unresolvable reference, and nothing is fetched"
    return reasons.get(name, name)
