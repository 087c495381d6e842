"""Generated JSON Schemas of tools, slimmed, since a model reads them and pays for them. Pure."""

import json
from typing import Any, Final, cast

NOTHING_SAID: Final = (("default", None), ("additionalProperties", True))
"""Keys of a schema with values that are those of a schema without them."""


def slim_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Remove what says nothing from a generated schema: titles, usual values, and `null` beside an optional type."""
    return cast("dict[str, Any]", slim_part(schema, names=False))


def slim_part(schema: object, *, names: bool) -> object:
    """Slim a part of a schema; with `names`, its keys are names of properties, one of which may be `title`."""
    if isinstance(schema, list):
        return [slim_part(item, names=False) for item in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    found = cast("dict[str, object]", schema)
    if names:
        return {name: slim_part(value, names=False) for name, value in found.items()}
    return drop_null(
        {
            key: slim_part(value, names=key in ("properties", "$defs"))
            for key, value in found.items()
            if key != "title" and (key, value) not in NOTHING_SAID
        }
    )


def drop_null(schema: dict[str, object]) -> dict[str, object]:
    """Replace `anyOf` one type or null by that type."""
    options = cast("list[dict[str, object]]", schema.get("anyOf", []))
    types = [option for option in options if option != {"type": "null"}]
    if len(types) != 1 or len(types) == len(options):
        return schema
    return types[0] | {key: value for key, value in schema.items() if key != "anyOf"}


def drop_required(schema: dict[str, Any]) -> dict[str, Any]:
    """Remove from the schema of a result which fields it always has: whoever reads the result sees that."""
    return json.loads(
        json.dumps(schema),
        object_hook=lambda part: {
            key: value for key, value in part.items() if key != "required" or not isinstance(value, list)
        },
    )
