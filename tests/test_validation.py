"""Whether an answer follows its schema: what is said, and that nothing in either makes it fetch, hang or fail."""

import json
from typing import Any

import pytest

from gemini_interactions_mcp.models import bounded_validator, json_schema

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
    "required": ["name"],
    "additionalProperties": False,
}


def nested(depth: int) -> dict[str, Any]:
    """A schema that looks at one text two to the power of `depth` times."""
    links = {f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(depth)}
    return {"$defs": {**links, f"d{depth}": {"type": "string"}}, "$ref": "#/$defs/d0"}


def deep(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(depth):
        found = {"properties": {"a": found}}
    return found


@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        (PERSON, '{"name": "a"}'),
        (PERSON, ' \n{"name": "a", "tags": ["b"]}\n'),
        (PERSON, '```json\n{"name": "a"}\n```'),
        (PERSON, '```\n{"name": "a"}\n```\n'),
        ({"$defs": {"n": {"type": "number"}}, "items": {"$ref": "#/$defs/n"}}, "[1, 2.5]"),
        ({"type": "string", "pattern": "^[0-9]+$"}, '"12"'),
        ({"type": "string", "pattern": "^(?=x)y$"}, '"a look ahead is not matched"'),
        ({"type": "string", "pattern": "^a$"}, json.dumps("b" * 20_000)),
        ({"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False}, '{"x1": 1}'),
        ({"additionalProperties": {"type": "integer"}}, '{"a": 1}'),
        ({"uniqueItems": True}, "[1, true, {}]"),
        ({"uniqueItems": True}, json.dumps([{"a": at} for at in range(20_000)])),
        ({"unevaluatedProperties": False}, '{"a": 1}'),
        ({"$id": "https://a.invalid/s", "type": "null"}, "null"),
        ({}, "5"),
    ],
)
def test_an_answer_that_follows_its_schema_is_passed_over(schema: dict[str, Any], answer: str) -> None:
    assert json_schema.find_departure(answer, schema) is None


@pytest.mark.parametrize(
    ("schema", "answer", "said"),
    [
        (PERSON, "{}", r"$: 'name' is a required property."),
        (PERSON, '{"name": 5}', "$.name: 5 is not of type 'string'."),
        (PERSON, '{"name": "a", "tags": ["b", 5]}', "$.tags.1: 5 is not of type 'string'."),
        (PERSON, '{"name": "a", "x](y)": 1}', "$: 'x)(y)' is not among the properties."),
        (PERSON, "[]", "$: () is not of type 'object'."),
        ({"type": "string", "pattern": "^[0-9]+$"}, '"a"', "$: 'a' does not match '^(0-9)+$'."),
        ({"patternProperties": {"^x": {"type": "integer"}}}, '{"x1": "a"}', "$.x1: 'a' is not of type 'integer'."),
        ({"additionalProperties": {"type": "integer"}}, '{"a": "b"}', "$.a: 'b' is not of type 'integer'."),
        ({"uniqueItems": True}, '[{"a": 1}, {"a": 1}]', "$: the items are not unique."),
        ({"items": {"type": "null"}}, "[1, 2, 3, 4, 5]", "$.2: 3 is not of type 'null'; and more."),
        (PERSON, "Here it is: {}", "it is not JSON."),
        (PERSON, "[NaN]", "it is not JSON."),
        (PERSON, "", "it is not JSON."),
        (PERSON, "[" * 100_000, "it is not JSON."),
        (PERSON, "9" * 10_000, "it is not JSON."),
        ({"type": "string"}, json.dumps(["x" * 500_000]), "xxx') is not of type 'string'."),
    ],
)
def test_what_departs_from_a_schema_is_told_with_its_place(schema: dict[str, Any], answer: str, said: str) -> None:
    told = json_schema.find_departure(answer, schema)
    assert told is not None
    assert told.startswith("The answer does not follow response_schema: ")
    assert told.endswith(said)
    assert len(told) < 700


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "answer", "why"),
    [
        ({"$ref": "http://127.0.0.1:9/schema"}, "1", "contains an unresolvable reference, and nothing is fetched"),
        ({"$ref": "file:///etc/passwd"}, "1", "contains an unresolvable reference, and nothing is fetched"),
        ({"$ref": "#/$defs/none"}, "1", "contains an unresolvable reference"),
        ({"$ref": "#"}, "1", "nested too deeply"),
        (deep(3_000), "{}", "nested too deeply"),
        (nested(40), '"x"', "would take too long"),
        ({"anyOf": [{"type": "string"}] * 5_000}, json.dumps(["x" * 1_000_000]), "would take too long"),
        ({"patternProperties": {f"^{at}": True for at in range(200)}}, '{"a": 1}', "would take too long"),
        ({"type": "person"}, "1", "not a JSON Schema ($.type: 'person' is not"),
        ({"type": "STRING", "nullable": True}, '"x"', "not a JSON Schema"),
        ({"properties": {"a": 5}}, "{}", "not a JSON Schema ($.properties.a: 5 is not of type"),
        ({"required": [{"a": at} for at in range(3_000)]}, "{}", "not a JSON Schema"),
        ({"type": "string"}, json.dumps("x" * 2**20), "too long for that"),
    ],
)
def test_what_cannot_be_checked_is_said_and_harms_nobody(schema: dict[str, Any], answer: str, why: str) -> None:
    told = json_schema.find_departure(answer, schema)
    assert told is not None
    assert told.startswith("The answer was not checked against response_schema: ")
    assert why in told


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)+$", "^(a*)*b$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_catastrophic_pattern_is_matched_in_linear_time(pattern: str) -> None:
    text = json.dumps("a" * 9_000 + "!")
    assert "does not match" in (json_schema.find_departure(text, {"pattern": pattern}) or "")
    named = {"patternProperties": {pattern: True}, "additionalProperties": False}
    assert "not among the properties" in (json_schema.find_departure(f"{{{text}: 1}}", named) or "")


@pytest.mark.parametrize(
    "patterns",
    [
        [rf"(\w{{0,30}}){{0,30}}{at}?" for at in range(100)],
        [r"(\w{30}){30}"],
        [r"[\w.]{150}"],
        [r"((a{10}){10}){11}"],
        [r"a{1001}"],
        [r"(?x)\w{9#" + "\n00}"],
        [r"(?:\p{L}|\W){60}"],
        ["a" * 5_000],
        ["(" * 3_000],
    ],
)
def test_a_pattern_that_takes_long_to_compile_is_not_compiled(
    patterns: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(bounded_validator, "compile_pattern", compiled.append)
    told = json_schema.find_departure('"aaaa"', {"allOf": [{"pattern": each} for each in patterns]})
    assert told == "The answer was not checked against response_schema: that would take too long."
    assert not set(patterns) & set(compiled)


@pytest.mark.slow
def test_the_patterns_of_one_schema_are_compiled_once_each_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(bounded_validator, "compile_pattern", compiled.append)
    texts = json.dumps(["a" * 50] * 2_000)
    assert json_schema.find_departure(texts, {"items": {"pattern": r"^\w{1,64}$"}}) is None
    assert compiled.count(r"^\w{1,64}$") == 1
    many = {"allOf": [{"pattern": rf"\w{{90}}{at}"} for at in range(1_000)]}
    assert "would take too long" in (json_schema.find_departure('"a"', many) or "")
    assert len(compiled) < 200


def test_matching_a_large_pattern_with_long_texts_is_counted() -> None:
    texts = json.dumps(["a" * 9_999] * 100)
    assert "would take too long" in (json_schema.find_departure(texts, {"items": {"pattern": "a{990}$"}}) or "")
    assert json_schema.find_departure(texts, {"items": {"pattern": "^a+$"}}) is None


@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        ("", 0), ("abc", 3), ("a{3}", 3), ("a{3,}b", 5), ("a{0,5}", 5), ("a{0}", 1), ("(ab){4}c", 9), (r"\w{5}", 50),
        (r"[\w\]}]{2}", 20), (r"((a{2}b){3}c){4}", 40), (")a{2}", 3), ("a{x}{2}", 5), (r"\{3}", 3), ("[(]{3}", 3),
        (r"^[A-Z]{2}\d{2}[A-Z0-9]{1,30}$", 36),
    ],
)  # fmt: skip
def test_the_size_of_a_pattern_counts_its_repetitions(pattern: str, size: int) -> None:
    assert bounded_validator.measure_pattern(pattern) == size
