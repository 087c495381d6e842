"""jsonschema with bounded work, for schemas and answers that are not trusted.

Nothing is fetched. Work is counted and given up beyond a limit. Patterns are matched in linear time, by the regular
expressions of Rust in pydantic-core.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sized
from functools import partial
from typing import Any, Final, TypeAlias, cast

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema_specifications import REGISTRY  # pyright: ignore[reportMissingTypeStubs] - it ships no types
from pydantic_core import SchemaError, SchemaValidator, core_schema

from gemini_interactions_mcp.core import Json, as_json

Untyped: TypeAlias = Any
"""Values of jsonschema, which has no types."""

Check = Callable[[Untyped, Untyped, Untyped, Untyped], Iterable[Untyped] | None]
"""A keyword of jsonschema; takes the validator, the keyword's value, the instance and the schema."""

MOST_WORK: Final = 300_000
"""Budget for one answer: evaluated keywords and compared members; some 3 s of a thread."""

MOST_PATTERNS: Final = 100
"""Maximum number of property-name patterns in one object of a schema."""

MATCHED_CHARACTERS: Final = 10_000
"""Maximum length of a text that is matched against a pattern; a longer one counts as matching."""

LARGEST_PATTERN: Final = 1_000
"""Maximum size of a pattern (`pattern_size`): compiling or matching it holds the interpreter for up to 30 ms."""

COMPILED: Final = 2
"""Work per unit of a pattern's size to compile it: some 0.2 ms for a class of Unicode."""

MATCHED_AT_ONCE: Final = 3_000
"""Pattern size times characters that are matched for one unit of work (10 µs)."""

CLASS_SIZE: Final = 10
"""Size of `\\w` and `\\p{L}`, which consist of some hundred ranges and take that much longer than others."""

CLASSES: Final = re.compile(r"\\[wWpP]")

PATTERN_PART: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d+)(?:(,)(\d*))?\}|.", re.DOTALL)
"""A token of a pattern: an escape, a class, a repetition or a character."""

EXTENDED: Final = re.compile(r"\(\?[A-Za-z-]*x")
"""The flag for patterns with comments, which neither JSON Schema nor `PATTERN_PART` knows."""


class TooMuchWorkError(Exception):
    """Checking the answer against the schema would take too long."""


class Work:
    """The remaining budget for one answer."""

    def __init__(self, most: int = MOST_WORK) -> None:
        self._left = most
        self._patterns: dict[str, tuple[int, SchemaValidator | None]] = {}

    def spend(self, amount: int) -> None:
        """Subtract work from the budget.

        Raises:
            TooMuchWorkError: The budget is used up.
        """
        self._left -= amount
        if self._left < 0:
            raise TooMuchWorkError

    def matches(self, wanted: str, text: str) -> bool:
        """Whether a text contains a match of a pattern; true if that cannot be determined.

        Raises:
            TooMuchWorkError: The pattern is too large, or the budget is used up.
        """
        if wanted not in self._patterns:
            self._patterns[wanted] = self._compile(wanted)
        size, known = self._patterns[wanted]
        if known is None or len(text) > MATCHED_CHARACTERS:
            return True
        self.spend(1 + size * len(text) // MATCHED_AT_ONCE)
        return known.isinstance_python(text)

    def _compile(self, wanted: str) -> tuple[int, SchemaValidator | None]:
        """Return the size of a pattern and its matcher."""
        size = pattern_size(wanted)
        if size > LARGEST_PATTERN:
            raise TooMuchWorkError
        self.spend(1 + size * COMPILED)
        return size, matcher(wanted)

    def count_work(self, check: Check) -> Check:
        """Wrap a keyword so that its comparisons, and the texts of its errors, are counted as work."""

        def checked(validator: Untyped, value: Untyped, instance: Untyped, schema: Untyped) -> Iterator[Untyped]:
            self.spend(1 + extent(value) + extent(instance))
            for error in check(validator, value, instance, schema) or ():
                # An error repeats the instance.
                self.spend(len(error.message) // 100)
                yield error

        return checked


def extent(value: object) -> int:
    """Return the number of members of an array or object; 0 for any other value."""
    return len(cast("Sized", value)) if isinstance(value, list | dict) else 0


def bounded() -> Untyped:
    """Create a class of validators that share one budget."""
    work = Work()
    ours: dict[str, Check] = {name: partial(check, work) for name, check in MATCHING.items()}
    known: dict[str, Check] = {**Draft202012Validator.VALIDATORS, **KEYWORDS, **ours}
    counted = {name: work.count_work(check) for name, check in known.items()}
    extend = cast("Callable[..., Untyped]", validators.extend)  # pyright: ignore[reportUnknownMemberType] - untyped
    # Unlike the default registry, an explicit one does not fetch.
    return cast("Untyped", partial(extend(Draft202012Validator, counted), registry=REGISTRY))


def pattern(work: Work, validator: Untyped, wanted: str, instance: object, _schema: object) -> Iterator[Untyped]:
    """Check JSON Schema's `pattern`."""
    if isinstance(instance, str) and not work.matches(wanted, instance):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")


def pattern_properties(
    work: Work, validator: Untyped, patterns: Json, instance: object, _schema: object
) -> Iterator[Untyped]:
    """Check JSON Schema's `patternProperties`."""
    for name, value in as_json(instance).items():
        for wanted, schema in few(patterns).items():
            if work.matches(wanted, name):
                yield from validator.descend(value, schema, path=name, schema_path=wanted)


def additional_properties(
    work: Work, validator: Untyped, allowed: object, instance: object, schema: Json
) -> Iterator[Untyped]:
    """Check JSON Schema's `additionalProperties`."""
    known, patterns = as_json(schema.get("properties")), few(as_json(schema.get("patternProperties")))
    for name, value in as_json(instance).items():
        if name in known or any(work.matches(each, name) for each in patterns):
            continue
        if allowed is False:
            yield ValidationError(f"{name!r} is not among the properties")
        yield from validator.descend(value, allowed, path=name) if allowed is not False else ()


def few(patterns: Json) -> Json:
    """Return the patterns for property names, each of which is matched against each name.

    Raises:
        TooMuchWorkError: There are too many.
    """
    if len(patterns) > MOST_PATTERNS:
        raise TooMuchWorkError
    return patterns


def unique_items(validator: Untyped, unique: object, instance: object, _schema: object) -> Iterator[Untyped]:
    """Check JSON Schema's `uniqueItems` in linear time."""
    if unique is True and isinstance(instance, list):
        items = cast("list[object]", instance)
        if len({json.dumps(item, sort_keys=True) for item in items}) < len(items):
            yield ValidationError("the items are not unique")


def nothing(*_: object) -> tuple[()]:
    """Ignore a keyword that the API does not know, since the library's version would match any pattern."""
    return ()


def pattern_size(wanted: str) -> int:
    """Count the characters and classes of a pattern with their repetitions, up to just above `LARGEST_PATTERN`."""
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
            # What is repeated has already been counted once.
            groups[-1] -= last
            last *= max(1, int(token[3] or 0), int(token[1]) + bool(token[2]))
        else:
            last = token_size(token[0])
        groups[-1] += last
    return min(sum(groups), LARGEST_PATTERN + 1)


def token_size(token: str) -> int:
    """Return the size of a character, an escape or a class."""
    return max(1, len(token) // 40, CLASS_SIZE * len(CLASSES.findall(token)))


def matcher(wanted: str) -> SchemaValidator | None:
    """Compile a pattern that can be matched in linear time; None for any other, such as one with a look-ahead."""
    try:
        return SchemaValidator(core_schema.str_schema(pattern=wanted))
    except SchemaError:
        return None


MATCHING: Final[dict[str, Callable[..., Iterator[Untyped]]]] = {
    "pattern": pattern,
    "patternProperties": pattern_properties,
    "additionalProperties": additional_properties,
}
"""Replacements of the library's keywords that match with `re` (jsonschema 4.26, _keywords.py)."""

KEYWORDS: Final[dict[str, Check]] = {
    "uniqueItems": unique_items,
    "unevaluatedItems": nothing,
    "unevaluatedProperties": nothing,
}
"""Replacements of the library's keywords that compare each item with each other (jsonschema 4.26, _keywords.py)."""
