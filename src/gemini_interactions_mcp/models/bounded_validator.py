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

from gemini_interactions_mcp.core import Json, coerce_object

Untyped: TypeAlias = Any
"""Values of jsonschema, which has no types."""

KeywordCheck = Callable[[Untyped, Untyped, Untyped, Untyped], Iterable[Untyped] | None]
"""A keyword of jsonschema; takes the validator, the keyword's value, the instance and the schema."""

MAX_WORK: Final = 300_000
"""Budget for one answer: evaluated keywords and compared members; some 3 s of a thread."""

MAX_NAME_PATTERNS: Final = 100
"""Maximum number of property-name patterns in one object of a schema."""

MAX_MATCHED_CHARACTERS: Final = 10_000
"""Maximum length of a text that is matched against a pattern; a longer one counts as matching."""

MAX_PATTERN_SIZE: Final = 1_000
"""Maximum size of a pattern (`measure_pattern`): compiling or matching it holds the interpreter for up to 30 ms."""

COMPILE_WORK: Final = 2
"""Work per unit of a pattern's size to compile it: some 0.2 ms for a class of Unicode."""

MATCHED_PER_WORK: Final = 3_000
"""Pattern size times characters that are matched for one unit of work (10 µs)."""

UNICODE_CLASS_SIZE: Final = 10
"""Size of `\\w` and `\\p{L}`, which consist of some hundred ranges and take that much longer than others."""

UNICODE_CLASS: Final = re.compile(r"\\[wWpP]")

PATTERN_TOKEN: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d+)(?:(,)(\d*))?\}|.", re.DOTALL)
"""A token of a pattern: an escape, a class, a repetition or a character."""

EXTENDED_FLAG: Final = re.compile(r"\(\?[A-Za-z-]*x")
"""The flag for patterns with comments, which neither JSON Schema nor `PATTERN_TOKEN` knows."""


class TooMuchWorkError(Exception):
    """Checking the answer against the schema would take too long."""


class WorkBudget:
    """The remaining budget for one answer."""

    def __init__(self, most: int = MAX_WORK) -> None:
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
        if known is None or len(text) > MAX_MATCHED_CHARACTERS:
            return True
        self.spend(1 + size * len(text) // MATCHED_PER_WORK)
        return known.isinstance_python(text)

    def _compile(self, wanted: str) -> tuple[int, SchemaValidator | None]:
        """Return the size of a pattern and its matcher."""
        size = measure_pattern(wanted)
        if size > MAX_PATTERN_SIZE:
            raise TooMuchWorkError
        self.spend(1 + size * COMPILE_WORK)
        return size, compile_pattern(wanted)

    def count_work(self, check: KeywordCheck) -> KeywordCheck:
        """Wrap a keyword so that its comparisons, and the texts of its errors, are counted as work."""

        def checked(validator: Untyped, value: Untyped, instance: Untyped, schema: Untyped) -> Iterator[Untyped]:
            self.spend(1 + count_members(value) + count_members(instance))
            for error in check(validator, value, instance, schema) or ():
                # An error repeats the instance.
                self.spend(len(error.message) // 100)
                yield error

        return checked


def count_members(value: object) -> int:
    """Return the number of members of an array or object; 0 for any other value."""
    return len(cast("Sized", value)) if isinstance(value, list | dict) else 0


def make_bounded_validator() -> Untyped:
    """Create a class of validators that share one budget."""
    work = WorkBudget()
    ours: dict[str, KeywordCheck] = {name: partial(check, work) for name, check in PATTERN_KEYWORDS.items()}
    known: dict[str, KeywordCheck] = {**Draft202012Validator.VALIDATORS, **REPLACED_KEYWORDS, **ours}
    counted = {name: work.count_work(check) for name, check in known.items()}
    extend = cast("Callable[..., Untyped]", validators.extend)  # pyright: ignore[reportUnknownMemberType] - untyped
    # Unlike the default registry, an explicit one does not fetch.
    return cast("Untyped", partial(extend(Draft202012Validator, counted), registry=REGISTRY))


def check_pattern(
    work: WorkBudget, validator: Untyped, wanted: str, instance: object, _schema: object
) -> Iterator[Untyped]:
    """Check JSON Schema's `pattern`."""
    if isinstance(instance, str) and not work.matches(wanted, instance):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")


def check_pattern_properties(
    work: WorkBudget, validator: Untyped, patterns: Json, instance: object, _schema: object
) -> Iterator[Untyped]:
    """Check JSON Schema's `patternProperties`."""
    for name, value in coerce_object(instance).items():
        for wanted, schema in limit_patterns(patterns).items():
            if work.matches(wanted, name):
                yield from validator.descend(value, schema, path=name, schema_path=wanted)


def check_additional_properties(
    work: WorkBudget, validator: Untyped, allowed: object, instance: object, schema: Json
) -> Iterator[Untyped]:
    """Check JSON Schema's `additionalProperties`."""
    known, patterns = (
        coerce_object(schema.get("properties")),
        limit_patterns(coerce_object(schema.get("patternProperties"))),
    )
    for name, value in coerce_object(instance).items():
        if name in known or any(work.matches(each, name) for each in patterns):
            continue
        if allowed is False:
            yield ValidationError(f"{name!r} is not among the properties")
        yield from validator.descend(value, allowed, path=name) if allowed is not False else ()


def limit_patterns(patterns: Json) -> Json:
    """Return the patterns for property names, each of which is matched against each name.

    Raises:
        TooMuchWorkError: There are too many.
    """
    if len(patterns) > MAX_NAME_PATTERNS:
        raise TooMuchWorkError
    return patterns


def check_unique_items(validator: Untyped, unique: object, instance: object, _schema: object) -> Iterator[Untyped]:
    """Check JSON Schema's `uniqueItems` in linear time."""
    if unique is True and isinstance(instance, list):
        items = cast("list[object]", instance)
        if len({json.dumps(item, sort_keys=True) for item in items}) < len(items):
            yield ValidationError("the items are not unique")


def skip_keyword(*_: object) -> tuple[()]:
    """Ignore a keyword that the API does not know, since the library's version would match any pattern."""
    return ()


def measure_pattern(wanted: str) -> int:
    """Count the characters and classes of a pattern with their repetitions, up to just above `MAX_PATTERN_SIZE`."""
    if len(wanted) > MAX_PATTERN_SIZE or EXTENDED_FLAG.search(wanted):
        return MAX_PATTERN_SIZE + 1
    groups, last = [0], 0
    for token in PATTERN_TOKEN.finditer(wanted):
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
            last = measure_token(token[0])
        groups[-1] += last
    return min(sum(groups), MAX_PATTERN_SIZE + 1)


def measure_token(token: str) -> int:
    """Return the size of a character, an escape or a class."""
    return max(1, len(token) // 40, UNICODE_CLASS_SIZE * len(UNICODE_CLASS.findall(token)))


def compile_pattern(wanted: str) -> SchemaValidator | None:
    """Compile a pattern that can be matched in linear time; None for any other, such as one with a look-ahead."""
    try:
        return SchemaValidator(core_schema.str_schema(pattern=wanted))
    except SchemaError:
        return None


PATTERN_KEYWORDS: Final[dict[str, Callable[..., Iterator[Untyped]]]] = {
    "pattern": check_pattern,
    "patternProperties": check_pattern_properties,
    "additionalProperties": check_additional_properties,
}
"""Replacements of the library's keywords that match with `re` (jsonschema 4.26, _keywords.py)."""

REPLACED_KEYWORDS: Final[dict[str, KeywordCheck]] = {
    "uniqueItems": check_unique_items,
    "unevaluatedItems": skip_keyword,
    "unevaluatedProperties": skip_keyword,
}
"""Replacements of the library's keywords that compare each item with each other (jsonschema 4.26, _keywords.py)."""
