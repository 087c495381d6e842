"""What the settings take that have no parser of their own, in plain words. Pure."""

from collections.abc import Iterator
from decimal import Decimal
from types import UnionType
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

TAKEN_TYPES: Final[dict[object, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Decimal: "an amount of US dollars",
    str: "a text",
    SecretStr: "a text",
}


def describe_taken(info: FieldInfo) -> str:
    """Return what a field takes, such as `a whole number from 1 to 1,000,000`."""
    kind = find_type(info.annotation)
    if get_origin(kind) is Literal:
        *first, last = map(str, get_args(kind))
        return f"{', '.join(first)} or {last}"
    return " ".join([TAKEN_TYPES.get(kind, "something else"), *describe_bounds(info.metadata)])


def find_type(annotation: object) -> object:
    """Return the type of a field, which may also be None."""
    if get_origin(annotation) is UnionType:
        return next(each for each in get_args(annotation) if each is not type(None))
    return annotation


def describe_bounds(constraints: list[Any]) -> Iterator[str]:
    """Yield the bounds among the constraints of a field, as `annotated_types` names them."""
    bounds: dict[str, int] = {
        name: found
        for name in ("ge", "gt", "le", "min_length")
        for each in constraints
        if (found := getattr(each, name, None)) is not None
    }
    if "gt" in bounds:
        yield f"above {bounds['gt']:,}" + (f" and up to {bounds['le']:,}" if "le" in bounds else "")
    elif "ge" in bounds:
        yield f"from {bounds['ge']:,} to {bounds['le']:,}" if "le" in bounds else f"of at least {bounds['ge']:,}"
    if "min_length" in bounds:
        yield f"of at least {bounds['min_length']:,} characters"
