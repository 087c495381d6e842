"""Whether an answer follows the JSON Schema that was asked for. Pure, but slow.

It belongs in a worker thread, and is imported only once it is needed: jsonschema takes 0.1 s. Neither schema nor answer
is trusted: nothing is fetched, work is counted and given up, patterns are matched in linear time. A schema that is none
is Google's to refuse; where Google takes it, the answer is not checked.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sized
from functools import partial
from itertools import islice
from typing import Any, Final, TypeAlias, cast

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema_specifications import REGISTRY  # pyright: ignore[reportMissingTypeStubs] - it ships no types
from pydantic_core import SchemaError, SchemaValidator, core_schema

from gemini_interactions_mcp.core import Json, as_json, inert, refuse_constant

Untyped: TypeAlias = Any
"""What the library takes and gives, which has no types."""

Check = Callable[[Untyped, Untyped, Untyped, Untyped], Iterable[Untyped] | None]
"""A keyword of the library: validator, its value, instance, schema."""

CHECKED_CHARACTERS: Final = 2**20
"""Parsing holds the interpreter: this takes some 10 ms."""

MOST_WORK: Final = 300_000
"""Keywords looked at, and members of what they are compared with: some 3 s of a thread."""

MOST_PATTERNS: Final = 100
"""Of names, in one object of a schema."""

MATCHED_CHARACTERS: Final = 10_000
"""Of a text that is held against a pattern."""

LARGEST_PATTERN: Final = 1_000
"""Of what `pattern_size` counts: both compiling and matching hold the interpreter, for up to 30 ms then."""

COMPILED: Final = 2
"""Work for each of these: some 0.2 ms for a class of Unicode."""

MATCHED_AT_ONCE: Final = 3_000
"""Of these times characters, at one piece of work (10 µs)."""

CLASS_SIZE: Final = 10
"""Of `\\w` and `\\p{L}`, which take so much longer than others: they have some hundred ranges."""

CLASSES: Final = re.compile(r"\\[wWpP]")
PATTERN_PART: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d+)(?:(,)(\d*))?\}|.", re.DOTALL)
"""Of a pattern: an escape, a class, how often something comes, or a character."""

EXTENDED: Final = re.compile(r"\(\?[A-Za-z-]*x")
"""Patterns with comments, which JSON Schema does not know, and `PATTERN_PART` neither."""

MOST_TOLD: Final = 3
"""Errors: they show the kind of fault, and most others follow from the first."""
HALF_CHARACTERS: Final = 80
"""Of an error's text, which repeats what is wrong: its start and its end say most."""

META: Final = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
"""The schema of schemas."""

FENCE: Final = re.compile(r"\s*```(?:json)?[ \t]*\n(.*)\n```\s*", re.DOTALL | re.IGNORECASE)
"""Models put JSON into one now and then."""


class TooMuchWorkError(Exception):
    """The schema and the answer together take longer than is worth it."""


def departure(text: str, schema: Json) -> str | None:
    """What is wrong with an answer that was to follow a schema, in a sentence; None when it does."""
    if len(text) > CHECKED_CHARACTERS:
        return "The answer was not checked against response_schema: it is too long for that."
    try:
        instance = parsed(text)
    except (ValueError, RecursionError):
        return "The answer does not follow response_schema: it is no JSON."
    try:
        return judged(schema, instance)
    except Exception as exc:  # noqa: BLE001 - a foreign schema may make the library raise anything
        return f"The answer was not checked against response_schema: {unchecked(exc)}."


def parsed(text: str) -> object:
    """The JSON of an answer.

    Raises:
        ValueError: It is none; NaN and Infinity are none (RFC 8259, 6).
    """
    fenced = FENCE.fullmatch(text)
    return json.loads(fenced[1] if fenced else text, parse_constant=refuse_constant)


def judged(schema: Json, instance: object) -> str | None:
    """What is wrong with a schema, or with an instance of it; None when nothing is."""
    validator = bounded()
    if wrong := violations(validator(META), schema):
        return f"The answer was not checked against response_schema: that is no JSON Schema ({wrong})."
    wrong = violations(validator(schema), instance)
    return f"The answer does not follow response_schema: {wrong}." if wrong else None


def violations(validator: Untyped, instance: object) -> str:
    """The first errors of an instance, and where they are."""
    found: list[Untyped] = list(islice(validator.iter_errors(instance), MOST_TOLD + 1))
    said = [f"{place_of(error)}: {ends(error.message)}" for error in found[:MOST_TOLD]]
    return "; ".join(dict.fromkeys([*said, *(["and more"] if len(found) > MOST_TOLD else [])]))


def place_of(error: Untyped) -> str:
    """Where an error is: `$.tags.0`."""
    return inert("$" + "".join(f".{part}" for part in error.absolute_path), HALF_CHARACTERS)


def ends(message: str) -> str:
    """A message, of a long one its start and its end."""
    if len(message) > 2 * HALF_CHARACTERS:
        message = f"{message[:HALF_CHARACTERS]}…{message[-HALF_CHARACTERS:]}"
    return inert(message)


def unchecked(exc: Exception) -> str:
    """Why an answer could not be held against its schema."""
    reasons = {"TooMuchWorkError": "that would take too long", "RecursionError": "it is nested too deeply"}
    name = type(exc).__name__
    if "Unresolvable" in name or "Referencing" in name:
        return "it refers to what is not in it, and nothing is fetched"
    return reasons.get(name, name)


# The library, bounded ------------------------------------------------------------------------------------


class Work:
    """What may still be done for one answer."""

    def __init__(self, most: int = MOST_WORK) -> None:
        self._left = most
        self._patterns: dict[str, tuple[int, SchemaValidator | None]] = {}

    def spend(self, amount: int) -> None:
        """Count work.

        Raises:
            TooMuchWorkError: It was too much.
        """
        self._left -= amount
        if self._left < 0:
            raise TooMuchWorkError

    def matches(self, wanted: str, text: str) -> bool:
        """Whether a text has a match of a pattern, or that cannot be said.

        Raises:
            TooMuchWorkError: The pattern is too large, or it was too much.
        """
        if wanted not in self._patterns:
            self._patterns[wanted] = self._compiled(wanted)
        size, known = self._patterns[wanted]
        if known is None or len(text) > MATCHED_CHARACTERS:
            return True
        self.spend(1 + size * len(text) // MATCHED_AT_ONCE)
        return known.isinstance_python(text)

    def _compiled(self, wanted: str) -> tuple[int, SchemaValidator | None]:
        """The size of a pattern, and what matches it."""
        size = pattern_size(wanted)
        if size > LARGEST_PATTERN:
            raise TooMuchWorkError
        self.spend(1 + size * COMPILED)
        return size, matcher(wanted)

    def counted(self, check: Check) -> Check:
        """A keyword whose work is counted: what it compares, and the texts of its errors, which repeat the instance."""

        def checked(validator: Untyped, value: Untyped, instance: Untyped, schema: Untyped) -> Iterator[Untyped]:
            self.spend(1 + extent(value) + extent(instance))
            for error in check(validator, value, instance, schema) or ():
                self.spend(len(error.message) // 100)
                yield error

        return checked


def extent(value: object) -> int:
    """How many members a value has."""
    return len(cast("Sized", value)) if isinstance(value, list | dict) else 0


def bounded() -> Untyped:
    """A class of validators that share one measure of work."""
    work = Work()
    ours: dict[str, Check] = {name: partial(check, work) for name, check in MATCHING.items()}
    known: dict[str, Check] = {**Draft202012Validator.VALIDATORS, **KEYWORDS, **ours}
    counted = {name: work.counted(check) for name, check in known.items()}
    extend = cast("Callable[..., Untyped]", validators.extend)  # pyright: ignore[reportUnknownMemberType] - untyped
    # A registry of one's own does not fetch.
    return cast("Untyped", partial(extend(Draft202012Validator, counted), registry=REGISTRY))


def pattern(work: Work, validator: Untyped, wanted: str, instance: object, _schema: object) -> Iterator[Untyped]:
    """JSON Schema's `pattern`."""
    if isinstance(instance, str) and not work.matches(wanted, instance):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")


def pattern_properties(
    work: Work, validator: Untyped, patterns: Json, instance: object, _schema: object
) -> Iterator[Untyped]:
    """JSON Schema's `patternProperties`."""
    for name, value in as_json(instance).items():
        for wanted, schema in few(patterns).items():
            if work.matches(wanted, name):
                yield from validator.descend(value, schema, path=name, schema_path=wanted)


def additional_properties(
    work: Work, validator: Untyped, allowed: object, instance: object, schema: Json
) -> Iterator[Untyped]:
    """JSON Schema's `additionalProperties`."""
    known, patterns = as_json(schema.get("properties")), few(as_json(schema.get("patternProperties")))
    for name, value in as_json(instance).items():
        if name in known or any(work.matches(each, name) for each in patterns):
            continue
        if allowed is False:
            yield ValidationError(f"{name!r} is not among the properties")
        yield from validator.descend(value, allowed, path=name) if allowed is not False else ()


def few(patterns: Json) -> Json:
    """The patterns of names, each of which is held against each name.

    Raises:
        TooMuchWorkError: There are too many.
    """
    if len(patterns) > MOST_PATTERNS:
        raise TooMuchWorkError
    return patterns


def unique_items(validator: Untyped, unique: object, instance: object, _schema: object) -> Iterator[Untyped]:
    """JSON Schema's `uniqueItems`, in linear time."""
    if unique is True and isinstance(instance, list):
        items = cast("list[object]", instance)
        if len({json.dumps(item, sort_keys=True) for item in items}) < len(items):
            yield ValidationError("the items are not unique")


def nothing(*_: object) -> tuple[()]:
    """A keyword that is not looked at: the API does not know it, and the library's own would match any pattern."""
    return ()


def pattern_size(wanted: str) -> int:
    """How many characters and classes a pattern has, each as often as it repeats; more than is allowed, cut."""
    if len(wanted) > LARGEST_PATTERN or EXTENDED.search(wanted):
        return LARGEST_PATTERN + 1
    groups, last = [0], 0
    for token in PATTERN_PART.finditer(wanted):
        if token[0] == "(":
            groups.append(0)
            continue
        if token[0] == ")" and len(groups) > 1:
            last = groups.pop()
        elif token[1]:
            # What stands before has been counted once.
            groups[-1] -= last
            last *= max(1, int(token[3] or 0), int(token[1]) + bool(token[2]))
        else:
            last = token_size(token[0])
        groups[-1] += last
    return min(sum(groups), LARGEST_PATTERN + 1)


def token_size(token: str) -> int:
    """What a character, an escape or a class counts."""
    return max(1, len(token) // 40, CLASS_SIZE * len(CLASSES.findall(token)))


def matcher(wanted: str) -> SchemaValidator | None:
    """What matches a pattern in linear time; None for one that takes more, as with a look ahead."""
    try:
        return SchemaValidator(core_schema.str_schema(pattern=wanted))
    except SchemaError:
        return None


MATCHING: Final[dict[str, Callable[..., Iterator[Untyped]]]] = {
    "pattern": pattern,
    "patternProperties": pattern_properties,
    "additionalProperties": additional_properties,
}
"""In place of the library's own, which match with `re` (jsonschema 4.26, _keywords.py)."""

KEYWORDS: Final[dict[str, Check]] = {
    "uniqueItems": unique_items,
    "unevaluatedItems": nothing,
    "unevaluatedProperties": nothing,
}
"""In place of the library's own, which compare each with each (jsonschema 4.26, _keywords.py)."""
