"""Reading stdin before anything else is imported, and dropping a probe that its host has abandoned."""

import json
import os
import threading
from queue import SimpleQueue

import pytest

from gemini_interactions_mcp.transports.stdin_capture import (
    MAX_LINE_BYTES,
    STDIN_CHUNK_BYTES,
    drain_lines,
    drop_abandoned_probes,
    parse_method,
    read_lines,
)

Lines = list[bytes | None]


def message(name: str, **fields: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "method": name, **fields}).encode()


DISCOVER = message("server/discover", id=1)
CANCELLED = message("notifications/cancelled", params={"requestId": 1})
INITIALIZE = message("initialize", id=2)
LIST = message("tools/list", id=3)


def read_all(*chunks: bytes) -> Lines:
    """Return the lines that `read_lines` makes of these bytes from a pipe."""
    reading, writing = os.pipe()
    try:
        for chunk in chunks:
            os.write(writing, chunk)
        os.close(writing)
        lines: SimpleQueue[bytes | None] = SimpleQueue()
        read_lines(reading, lines.put)
        return drain_lines(lines)
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([DISCOVER, INITIALIZE], [INITIALIZE]),
        ([DISCOVER, CANCELLED, INITIALIZE], [CANCELLED, INITIALIZE]),
        ([DISCOVER, DISCOVER, INITIALIZE, None], [INITIALIZE, None]),
        ([DISCOVER, INITIALIZE, LIST, DISCOVER], [INITIALIZE, LIST, DISCOVER]),
        ([b"", b"garbage", DISCOVER, INITIALIZE], [b"", b"garbage", INITIALIZE]),
    ],
)
def test_a_probe_is_dropped_once_its_host_has_fallen_back_to_initialize(lines: Lines, kept: Lines) -> None:
    assert list(drop_abandoned_probes(lines)) == kept


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [None],
        [DISCOVER],
        [DISCOVER, LIST, None],
        [INITIALIZE, LIST],
        [DISCOVER, CANCELLED],
        [b"garbage"],
        [INITIALIZE, DISCOVER],
        [DISCOVER, LIST, INITIALIZE],
        [LIST, DISCOVER, INITIALIZE],
        [DISCOVER, b'{"jsonrpc": "2.0", "id": 1, "result": {}}', INITIALIZE],
    ],
)
def test_everything_else_is_passed_on_in_order(lines: Lines) -> None:
    assert list(drop_abandoned_probes(lines)) == lines


def test_a_method_is_read_from_a_message() -> None:
    assert parse_method(INITIALIZE) == "initialize"


@pytest.mark.parametrize(
    "line",
    [
        None,
        b"",
        b"garbage",
        b"\xff",
        b"[1]",
        b"null",
        b'"initialize"',
        b"7",
        b'{"id": 1, "result": {}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_request_is_not_taken_for_one_that_matters(line: bytes | None) -> None:
    assert parse_method(line) not in ("initialize", "server/discover")


def test_lines_are_put_together_from_whatever_pieces_come() -> None:
    assert read_all(b"on", b"e\ntwo\nth", b"ree\n") == [b"one", b"two", b"three", None]


def read_long(*chunks: bytes) -> Lines:
    """Like `read_all`, for more than a pipe accepts at once."""
    reading, writing = os.pipe()
    lines: SimpleQueue[bytes | None] = SimpleQueue()
    reader = threading.Thread(target=read_lines, args=(reading, lines.put))
    reader.start()
    with os.fdopen(writing, "wb") as host:
        for chunk in chunks:
            host.write(chunk)
    reader.join(timeout=30)
    os.close(reading)
    return drain_lines(lines)


def test_a_line_longer_than_a_chunk_and_a_pipe_is_read_whole() -> None:
    text = "ü".encode() * STDIN_CHUNK_BYTES * 2
    assert read_long(text + b"\n") == [text, None]


def test_a_line_that_is_just_not_too_long_is_read_whole() -> None:
    assert read_long(b"x" * MAX_LINE_BYTES, b"\nnext\n") == [b"x" * MAX_LINE_BYTES, b"next", None]


@pytest.mark.parametrize("end", [b"\nnext\n", b""])
def test_of_a_line_that_is_far_too_long_the_ends_are_kept(end: bytes) -> None:
    begin, middle, last = b"begin", b"x" * STDIN_CHUNK_BYTES, b"last"
    [line, *rest] = read_long(begin, *[middle] * (5 * MAX_LINE_BYTES // STDIN_CHUNK_BYTES), last, end)
    assert line is not None
    assert MAX_LINE_BYTES < len(line) <= 2 * MAX_LINE_BYTES + STDIN_CHUNK_BYTES
    assert line.startswith(begin)
    assert line.endswith(last)
    assert rest == ([b"next", None] if end else [None])


def test_a_last_line_without_its_end_counts() -> None:
    assert read_all(b"one\ntwo") == [b"one", b"two", None]


def test_nothing_but_the_end_is_read_from_a_closed_stream() -> None:
    assert read_all() == [None]


def test_bytes_are_left_as_they_are() -> None:
    assert read_all(b"a\xffb\r\n\xe2\x82") == [b"a\xffb\r", b"\xe2\x82", None]


def test_a_descriptor_that_cannot_be_read_counts_as_the_end() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    lines: SimpleQueue[bytes | None] = SimpleQueue()
    read_lines(reading, lines.put)
    assert drain_lines(lines) == [None]


def test_waiting_takes_what_is_there_and_does_not_wait() -> None:
    lines: SimpleQueue[bytes | None] = SimpleQueue()
    assert drain_lines(lines) == []
    lines.put(b"one")
    lines.put(None)
    assert drain_lines(lines) == [b"one", None]
    assert drain_lines(lines) == []
