"""JSON Schema: whether a schema is well formed, and generating a valid instance of it.

Covers the subset of the API (https://ai.google.dev/gemini-api/docs/structured-output) and more values of `format`;
ignores `pattern`.
"""

import math

from .protocol import SCHEMA_TYPES, JsonDict, ensure_list, ensure_object, ensure_objects, ensure_text, is_object

FORMAT_EXAMPLES = {
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "date-time": "2026-01-31T12:00:00Z",
    "duration": "PT1H",
    "email": "emulator@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/emulated",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
# Depth below which an instance is as small as the schema allows, so that recursive schemas end.
MINIMAL_DEPTH = 5
# Depth beyond which a schema is considered to have no finite instance.
MAX_SCHEMA_DEPTH = 40


def is_malformed_schema(schema: object) -> bool:
    """Whether a schema, or one inside it, is not an object or has an unknown `type`."""
    if not is_object(schema):
        return not isinstance(schema, bool)
    given = ensure_object(schema)
    kinds = given.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else ensure_list(kinds)
    if any(kind not in SCHEMA_TYPES for kind in kinds) or ("type" in given and not kinds):
        return True
    return any(is_malformed_schema(inner) for inner in _list_inner_schemas(given))


def _list_inner_schemas(schema: JsonDict) -> list[object]:
    named = [ensure_object(schema.get(key)) for key in ("properties", "$defs", "definitions")]
    listed = [ensure_list(schema.get(key)) for key in ("anyOf", "oneOf", "allOf", "prefixItems")]
    lone: list[object] = [schema[key] for key in ("items", "additionalProperties") if key in schema]
    inner: list[object] = [value for group in named for value in group.values()]
    return inner + [value for group in listed for value in group] + lone


def generate_instance(schema: JsonDict, text: str) -> object:
    """Return a valid instance of a schema, with `text` for unconstrained strings."""
    return _InstanceGenerator(schema, text).generate(schema, 0)


class _InstanceGenerator:
    """Generates an instance of one schema; `$ref` is resolved against `root`."""

    def __init__(self, root: JsonDict, text: str) -> None:
        self.root = root
        self.text = text

    def generate(self, given: object, depth: int) -> object:
        """Return an instance of a schema inside the root."""
        schema = self.resolve(ensure_object(given))
        if depth > MAX_SCHEMA_DEPTH:
            return None
        if "const" in schema or schema.get("enum"):
            return schema.get("const", (schema.get("enum") or [None])[0])
        choices = ensure_objects(schema.get("anyOf") or schema.get("oneOf"))
        if choices:
            return self.generate(self.choose(choices, depth), depth + 1)
        return self.generate_type(_choose_type(schema, depth), schema, depth)

    def resolve(self, schema: JsonDict) -> JsonDict:
        """Follow `$ref` and merge `allOf` until neither is left; stop if they are circular."""
        for _ in range(MAX_SCHEMA_DEPTH):
            if "$ref" not in schema and "allOf" not in schema:
                break
            rest = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
            parts = [self.dereference(ensure_text(schema["$ref"]))] if "$ref" in schema else []
            schema = _merge_schemas([*parts, *ensure_objects(schema.get("allOf")), rest])
        return schema

    def dereference(self, reference: str) -> JsonDict:
        """Return the schema at which a `$ref` points, an empty one if there is none."""
        found: object = self.root
        for part in reference.removeprefix("#").strip("/").split("/"):
            found = ensure_object(found).get(part, {}) if part else found
        return ensure_object(found)

    def choose(self, choices: list[JsonDict], depth: int) -> JsonDict:
        """Return the first choice that is not null; below `MINIMAL_DEPTH`, a null one, which ends a recursion."""
        empty = [choice for choice in choices if choice.get("type") == "null"]
        full = [choice for choice in choices if choice.get("type") != "null"]
        return (empty + full if depth > MINIMAL_DEPTH else full + empty)[0]

    def generate_type(self, kind: str, schema: JsonDict, depth: int) -> object:
        """Return an instance of a schema that has this type."""
        match kind:
            case "object":
                return self.generate_object(schema, depth)
            case "array":
                return self.generate_array(schema, depth)
            case "string":
                return self.generate_string(schema)
            case "integer" | "number":
                return _choose_number(schema, kind)
            case _:
                return True if kind == "boolean" else None

    def generate_object(self, schema: JsonDict, depth: int) -> JsonDict:
        """Return an object with all properties, below `MINIMAL_DEPTH` only the required ones."""
        properties = ensure_object(schema.get("properties"))
        required = ensure_list(schema.get("required"))
        names = [name for name in properties if depth <= MINIMAL_DEPTH or name in required]
        names += [name for name in required if name not in properties]
        return {name: self.generate(properties.get(name, {}), depth + 1) for name in names}

    def generate_array(self, schema: JsonDict, depth: int) -> list[object]:
        """Return an array of one entry unless the schema demands more, below `MINIMAL_DEPTH` of as few as it allows."""
        fixed = ensure_objects(schema.get("prefixItems"))
        least = max(int(schema.get("minItems", 0)), len(fixed))
        wanted = least if depth > MINIMAL_DEPTH or schema.get("items") is False else max(least, 1)
        count = min(wanted, int(schema.get("maxItems", wanted)))
        items = [*fixed, *[ensure_object(schema.get("items"))] * count][:count]
        return [self.generate(item, depth + 1) for item in items]

    def generate_string(self, schema: JsonDict) -> str:
        """Return the text, fitted to the length limits, or a fixed string for a `format`."""
        if schema.get("format") in FORMAT_EXAMPLES:
            return FORMAT_EXAMPLES[schema["format"]]
        text = self.text.ljust(int(schema.get("minLength", 0)), ".")
        return text[: int(schema.get("maxLength", len(text)))]


def _choose_type(schema: JsonDict, depth: int) -> str:
    """Return the type of the instance: the first one that is not null, or the one that other keywords suggest."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else ensure_list(kinds)
    if "null" in kinds and depth > MINIMAL_DEPTH:
        return "null"
    named = [kind for kind in kinds if kind != "null"]
    if named or kinds:
        return (named or kinds)[0]
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _merge_schemas(schemas: list[JsonDict]) -> JsonDict:
    merged: JsonDict = {}
    for schema in schemas:
        properties = {**ensure_object(merged.get("properties")), **ensure_object(schema.get("properties"))}
        required = [*ensure_list(merged.get("required")), *ensure_list(schema.get("required"))]
        merged |= schema
        merged |= {"properties": properties} if properties else {}
        merged |= {"required": required} if required else {}
    return merged


def _choose_number(schema: JsonDict, kind: str) -> float:
    """Return the smallest allowed number that is at least 1, or the largest allowed one if all are below 1."""
    step = schema.get("multipleOf") or (1 if kind == "integer" else 0.5)
    least = schema.get("minimum", -math.inf)
    if "exclusiveMinimum" in schema:
        least = max(least, schema["exclusiveMinimum"] + step)
    most = schema.get("maximum", math.inf)
    if "exclusiveMaximum" in schema:
        most = min(most, schema["exclusiveMaximum"] - step)
    number = min(max(1, least), most)
    whole = math.ceil(number / step) if number < most else math.floor(number / step)
    return int(whole * step) if kind == "integer" else whole * step
