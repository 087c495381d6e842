"""Parsing a line from the host: a message, an error for a sender that waits for a response, or nothing."""

import json
from typing import Any

import pytest
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)

from gemini_interactions_mcp.transports.jsonrpc import ParsedLine, parse_line
from gemini_interactions_mcp.transports.stdin_capture import LINE_HEAD_BYTES as KEPT
from gemini_interactions_mcp.transports.stdin_capture import MAX_LINE_BYTES

HEAD = '"jsonrpc": "2.0", "method": "ping"'
DEEP = "[" * 100_000 + "]" * 100_000


def params(line: str | bytes) -> dict[str, Any] | None:
    """Return the parameters of a valid request."""
    found = parse_line(line if isinstance(line, bytes) else line.encode())
    assert found.answers == ()
    assert isinstance(found.message, JSONRPCRequest)
    return found.message.params


def errors(line: str | bytes) -> list[tuple[int, RequestId | None]]:
    """Return the errors that answer an invalid line."""
    found = parse_line(line if isinstance(line, bytes) else line.encode())
    assert found.message is None
    return [(each.error.code, each.id) for each in found.answers]


@pytest.mark.parametrize("request_id", [0, -1, 7, 2**53, 10**300, "", "a", "7", "\ufeff", "x" * 10_000])
def test_a_request_keeps_its_id(request_id: RequestId) -> None:
    line = json.dumps({"jsonrpc": "2.0", "method": "ping", "id": request_id})
    assert parse_line(line.encode()).message == JSONRPCRequest(jsonrpc="2.0", id=request_id, method="ping")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"\ud83d", "\ufffd"),
        (rb"\uDE00 \uD83D", "\ufffd \ufffd"),
        (rb"cut \ud83d\u0041", "cut \ufffdA"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\\ud83d\ude00", "\\ud83d\ufffd"),
        (b"raw \xff\xfe", "raw \ufffd\ufffd"),
        (b"cut \xf0\x9f\x98", "cut \ufffd"),
        ("\U0001f600ü".encode(), "\U0001f600ü"),
    ],
)
def test_what_has_no_utf_8_is_replaced_and_the_request_goes_on(written: bytes, read: str) -> None:
    line = b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": "%s", "%s": 1}}' % (written, written)
    assert params(line) == {"a": read, read: 1}


@pytest.mark.parametrize(
    "line",
    [
        f'\ufeff{{"id": 1, {HEAD}}}',
        f'{{"id": 1, {HEAD}}}\r',
        f'  {{"id": 1, {HEAD}}}\t ',
        f'{{"id": 1, {HEAD}, "params": null}}',
        f'{{"id": 2, "id": 1, {HEAD}, "unknown": [1e999]}}',
    ],
)
def test_what_is_harmless_around_a_request_is_passed_over(line: str) -> None:
    assert params(line) is None


def test_other_messages_are_passed_on() -> None:
    for message, kind in [
        ('{"jsonrpc": "2.0", "method": "notifications/initialized"}', JSONRPCNotification),
        ('{"jsonrpc": "2.0", "id": 1, "result": {}}', JSONRPCResponse),
        ('{"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": ""}}', JSONRPCError),
        ('{"jsonrpc": "2.0", "id": null, "error": {"code": 1, "message": ""}}', JSONRPCError),
    ]:
        assert isinstance(parse_line(message.encode()).message, kind)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\r",
        " \t",
        "\ufeff",
        "{}",
        '{"jsonrpc": "2.0"}',
        '{"method": "ping"}',
        '{"jsonrpc": "2.0", "method": 7}',
        '{"jsonrpc": "2.0", "method": "notifications/progress", "params": [1]}',
        '{"jsonrpc": "2.0", "id": 1, "result": 7}',
        '{"id": 1, "result": {}}',
        '{"jsonrpc": "2.0", "id": {}, "error": {"code": 1, "message": ""}}',
        '{"jsonrpc": "2.0", "id": 1, "error": "no"}',
    ],
)
def test_what_nobody_waits_for_has_no_answer(line: str) -> None:
    assert parse_line(line.encode()) == ParsedLine()


@pytest.mark.parametrize("request_id", ["null", "true", "false", "1.5", "7.0", "1e2", "{}", "[1]", '{"id": 1}'])
def test_an_id_that_is_none_is_refused_and_no_notification(request_id: str) -> None:
    assert errors(f'{{"id": {request_id}, {HEAD}}}') == [(INVALID_REQUEST, None)]


@pytest.mark.parametrize(
    "rest",
    [
        '"jsonrpc": "2.0"',
        '"method": "ping"',
        '"jsonrpc": "1.0", "method": "ping"',
        '"jsonrpc": 2.0, "method": "ping"',
        '"jsonrpc": "2.0", "method": 7',
        '"jsonrpc": "2.0", "method": null',
        f'{HEAD}, "params": []',
        f'{HEAD}, "params": "a"',
        f'{HEAD}, "params": 0',
        f'{HEAD}, "params": [], "result": {{}}',
        '"result_": {}',
    ],
)
@pytest.mark.parametrize("request_id", [7, "seven"])
def test_a_request_that_is_wrong_is_refused_with_its_id(rest: str, request_id: RequestId) -> None:
    assert errors(f'{{"id": {json.dumps(request_id)}, {rest}}}') == [(INVALID_REQUEST, request_id)]


@pytest.mark.parametrize("line", ["null", "true", "7", '"text"', "1e999"])
def test_what_is_json_but_no_object_is_refused(line: str) -> None:
    assert errors(line) == [(INVALID_REQUEST, None)]


@pytest.mark.parametrize(
    ("batch", "ids"),
    [
        ("[]", [None]),
        ("[1, [2], null]", [None]),
        (f'[{{"id": 1, {HEAD}}}, {{{HEAD}}}, {{"id": "b", {HEAD}}}]', [1, "b"]),
        (f'[{{"id": 1.5, {HEAD}}}, {{"id": 2, "result": {{}}}}]', [None]),
    ],
)
def test_each_request_of_a_batch_is_refused(batch: str, ids: list[RequestId | None]) -> None:
    assert errors(batch) == [(INVALID_REQUEST, each) for each in ids]


@pytest.mark.parametrize(
    "broken",
    [
        '{"id": 7, "params": {"a": NaN}}',
        '{"id": 7, "params": {"a": -Infinity}}',
        f'{{"id": 7, {HEAD}',
        f'{{{HEAD}, "id": 7 ',
        f'{{"params": {{"id": 1, "a": [{{"id": 2}}]}}, "id": 7, {HEAD}, "x": tru}}',
        f'{{"params": "{{\\"id\\": 1, ", "id": 7, {HEAD}, }}',
        f'\0{{"id": 7, {HEAD}}}',
        f'{{"id": 7, "a": "\0", {HEAD}}}',
        f'{{"id": 7, "a": "tab\t", {HEAD}}}',
        f'{{"id": 7, {HEAD}}} {{"id": 8, {HEAD}}}',
        f'{{"id": 7, {HEAD}, "params": {{"a": {DEEP}}}}}',
        f'{{"params": {{"a": {DEEP}}}, "id": 7, {HEAD}}}',
        f'{{"id": 7, {HEAD}, "params": {{"a": 1{"0" * 10_000}}}}}',
        "{'a': 1, \"id\": 7}",
    ],
)
def test_what_is_no_json_is_refused_with_the_id_that_is_in_it(broken: str) -> None:
    assert errors(broken) == [(PARSE_ERROR, 7)]


@pytest.mark.parametrize(
    "broken",
    [
        "garbage",
        "\0",
        "{",
        "[" * 100_000,
        '{"params": {"id": 7',
        f'{{{HEAD}, "id": 7',
        '{"params": {"id": 7}',
        '"id": 7}',
        '{"a": "not closed, "id": 7}',
        '{"id": 7.5, "a": nul}',
        '{"id": 07, "a": 1}',
        '{"id": {"id": 7}, "a": nul}',
        '[{"id": 7, "a": nul}]',
        f'{{"id": 1{"0" * 10_000}, {HEAD}}}',
    ],
)
def test_no_id_is_guessed(broken: str) -> None:
    assert errors(broken) == [(PARSE_ERROR, None)]


def test_the_id_of_a_broken_line_may_be_any_text() -> None:
    for written, read in [(r'"a \" id"', 'a " id'), (r'"\ud83d"', "\ufffd"), ('"ü"', "ü"), ("-0", 0)]:
        assert errors(f'{{"id" : {written} , {HEAD}, x}}') == [(PARSE_ERROR, read)]
    assert errors(f'{{{HEAD}, "id": "whole"') == [(PARSE_ERROR, "whole")]


@pytest.mark.parametrize(
    ("line", "request_id"),
    [
        (f'{{"id": 7, {HEAD}, "params": {{"a": "%s"}}}}', 7),
        (f'{{{HEAD}, "params": {{"a": "%s"}}, "id": "seven"}}', "seven"),
        ('{"method": "ping", "params": {"a": "%s"}, "jsonrpc": "2.0", "id": 7}', 7),
        ('{"method": "ping", "params": {"a": "%s"}, "id": 7, "jsonrpc": "2.0"}\r', 7),
        ('{"params": {"a": "%s", "id": 1}, "method": "ping"}', None),
        ('{"params": {"a": "%s"}, "id": 7, "more": [1]}', None),
        ("%sx", None),
    ],
)
def test_a_line_that_is_too_long_is_refused_with_the_id_at_one_of_its_ends(line: str, request_id: RequestId) -> None:
    assert errors(line % ("x" * MAX_LINE_BYTES)) == [(INVALID_REQUEST, request_id)]


def test_a_long_line_that_is_broken_is_refused_with_its_id() -> None:
    for begin, end in (('"id": 7, ', ""), ("", ', "id": 7')):
        line = f'{{{begin}"params": {{"a": "{"x" * KEPT}", "b": NaN}}, {HEAD}{end}}}'
        assert errors(line) == [(PARSE_ERROR, 7)]


def test_a_line_of_the_greatest_length_is_taken() -> None:
    rest = f'{{"id": 7, {HEAD}, "params": {{"a": ""}}}}'
    text = "x" * (MAX_LINE_BYTES - len(rest))
    assert params(rest.replace('""', f'"{text}"')) == {"a": text}
