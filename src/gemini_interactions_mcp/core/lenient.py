"""JSON of others, read leniently: what is of another type than it should be is as if it were not there. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, cast

from .words import paired

Json = Mapping[str, Any]


def as_json(value: object) -> Json:
    """The value if it is a JSON object, else an empty one."""
    return cast("Json", value) if isinstance(value, Mapping) else {}


def items(value: object) -> Iterator[Json]:
    """The JSON objects of a list; of anything else, none."""
    if isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            if isinstance(item, Mapping):
                yield cast("Json", item)


def texts(value: object) -> list[str]:
    """The values of a list, as texts; of anything else, none."""
    return [str(item) for item in cast("list[object]", value)] if isinstance(value, list) else []


def text_of(value: object) -> str | None:
    """The value if it is text with something in it; half a surrogate pair, which has no UTF-8, becomes U+FFFD."""
    return paired(value) if isinstance(value, str) and value else None


def number(value: object) -> int | None:
    """The value if it is a whole number of at most 64 bits."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    return None


def long(value: object) -> int:
    """A 64-bit number, which Google's JSON has as text; 0 where there is none."""
    text = value if isinstance(value, str) else str(number(value))
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0


def refuse_constant(name: str) -> NoReturn:
    """Refuse what Python reads in place of a number, and JSON does not know (RFC 8259, 6).

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"{name} is no JSON")
