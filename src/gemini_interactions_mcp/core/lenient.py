"""Lenient access to foreign JSON: a value of an unexpected type counts as absent. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, cast

from .long_text import replace_lone_surrogates

Json = Mapping[str, Any]


def coerce_object(value: object) -> Json:
    """Return the value if it is a JSON object, else an empty one."""
    return cast("Json", value) if isinstance(value, Mapping) else {}


def iter_objects(value: object) -> Iterator[Json]:
    """Yield the JSON objects of a list; nothing for any other value."""
    if isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            if isinstance(item, Mapping):
                yield cast("Json", item)


def list_texts(value: object) -> list[str]:
    """Return the values of a list as strings; an empty list for any other value."""
    return [str(item) for item in cast("list[object]", value)] if isinstance(value, list) else []


def get_text(value: object) -> str | None:
    """Return the value if it is a non-empty string, with U+FFFD for each lone surrogate; else None."""
    return replace_lone_surrogates(value) if isinstance(value, str) and value else None


def get_integer(value: object) -> int | None:
    """Return the value if it is an integer of at most 64 bits; else None."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    return None


def parse_int64(value: object) -> int:
    """Return a 64-bit integer, which Google's JSON encodes as a string; 0 if there is none."""
    text = value if isinstance(value, str) else str(get_integer(value))
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0


def refuse_constant(name: str) -> NoReturn:
    """Reject `NaN` and `Infinity`, which Python reads as numbers and JSON does not have (RFC 8259, 6).

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"{name} is not JSON")
