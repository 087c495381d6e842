"""Reading stdin before anything else is loaded, and dropping a probe that its host has given up."""

import json
import os
from queue import SimpleQueue

import pytest

from gemini_interactions_mcp.claim import CHUNK, fresh, method, read, waiting

Lines = list[str | None]


def message(name: str, **fields: object) -> str:
    return json.dumps({"jsonrpc": "2.0", "method": name, **fields})


DISCOVER = message("server/discover", id=1)
CANCELLED = message("notifications/cancelled", params={"requestId": 1})
INITIALIZE = message("initialize", id=2)
LIST = message("tools/list", id=3)


def read_all(*chunks: bytes) -> Lines:
    """What `read` makes of bytes that come over a pipe and end."""
    reading, writing = os.pipe()
    try:
        for chunk in chunks:
            os.write(writing, chunk)
        os.close(writing)
        lines: SimpleQueue[str | None] = SimpleQueue()
        read(reading, lines)
        return waiting(lines)
    finally:
        os.close(reading)


# Dropping a probe ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([DISCOVER, INITIALIZE], [INITIALIZE]),
        ([DISCOVER, CANCELLED, INITIALIZE], [CANCELLED, INITIALIZE]),
        ([DISCOVER, DISCOVER, INITIALIZE, None], [INITIALIZE, None]),
        ([INITIALIZE, DISCOVER], [INITIALIZE]),
        (["", "garbage", DISCOVER, INITIALIZE], ["", "garbage", INITIALIZE]),
    ],
)
def test_a_probe_is_dropped_once_its_host_has_fallen_back_to_initialize(lines: Lines, kept: Lines) -> None:
    assert list(fresh(lines)) == kept


@pytest.mark.parametrize(
    "lines", [[], [None], [DISCOVER], [DISCOVER, LIST, None], [INITIALIZE, LIST], [DISCOVER, CANCELLED], ["garbage"]]
)
def test_everything_else_is_passed_on_in_order(lines: Lines) -> None:
    assert list(fresh(lines)) == lines


def test_a_method_is_read_from_a_message() -> None:
    assert method(INITIALIZE) == "initialize"


@pytest.mark.parametrize(
    "line", [None, "", "garbage", "[1]", "null", '"initialize"', "7", '{"id": 1, "result": {}}', "[" * 100_000]
)
def test_what_is_no_request_is_not_taken_for_one_that_matters(line: str | None) -> None:
    assert method(line) not in ("initialize", "server/discover")


# Reading -------------------------------------------------------------------------------------------------


def test_lines_are_put_together_from_whatever_pieces_come() -> None:
    assert read_all(b"on", b"e\ntwo\nth", b"ree\n") == ["one", "two", "three", None]


def test_a_line_longer_than_a_chunk_and_a_pipe_is_read_whole() -> None:
    import threading

    text = "ü" * CHUNK * 2
    reading, writing = os.pipe()
    lines: SimpleQueue[str | None] = SimpleQueue()
    reader = threading.Thread(target=read, args=(reading, lines))
    reader.start()
    with os.fdopen(writing, "wb") as host:
        host.write(text.encode() + b"\n")
    reader.join(timeout=30)
    os.close(reading)
    assert waiting(lines) == [text, None]


def test_a_last_line_without_its_end_counts() -> None:
    assert read_all(b"one\ntwo") == ["one", "two", None]


def test_nothing_but_the_end_is_read_from_a_closed_stream() -> None:
    assert read_all() == [None]


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    assert read_all(b"a\xffb\n\xe2\x82") == ["a\ufffdb", "\ufffd", None]


def test_a_descriptor_that_cannot_be_read_counts_as_the_end() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    lines: SimpleQueue[str | None] = SimpleQueue()
    read(reading, lines)
    assert waiting(lines) == [None]


def test_waiting_takes_what_is_there_and_does_not_wait() -> None:
    lines: SimpleQueue[str | None] = SimpleQueue()
    assert waiting(lines) == []
    lines.put("one")
    lines.put(None)
    assert waiting(lines) == ["one", None]
    assert waiting(lines) == []
