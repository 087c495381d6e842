"""Parses a line from the host into a message, or into the error that answers it. Pure.

The SDK's own transport (mcp 2.3, server/stdio.py) drops what it cannot parse, and treats a request with an invalid id
as a notification, so the sender would wait forever.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)
from pydantic import ValidationError

from gemini_interactions_mcp.core import refuse_constant, replace_lone_surrogates

from .stdin_capture import LINE_HEAD_BYTES, MAX_LINE_BYTES

RpcMessage = Mapping[str, object]

BATCH_ERROR: Final = "Batches are not supported; send each message on a line of its own"
"""Of the revisions of MCP, only 2025-03-26 has batches, and mcp 2.3 does not support them."""

ESCAPED_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")

# At most as many digits as Python parses (sys.int_info.default_max_str_digits).
ID_PATTERN: Final = r'(?P<id>-?(?:0|[1-9][0-9]{0,4000}+)(?![0-9.eE])|"(?:[^"\\]++|\\.)*+")'
ID_END_PATTERN: Final = r'(?=\s*+[,}]|\s++\Z|(?<=")\Z)'
TOKEN_PATTERN: Final = re.compile(
    rf'"id"\s*+:\s*+{ID_PATTERN}{ID_END_PATTERN}|"(?:[^"\\]++|\\.)*+"|[\[{{]++|[\]}}]++|"', re.DOTALL
)
"""The tokens of a JSON text that matter for nesting, and a member `id`."""
LAST_ID_PATTERN: Final = re.compile(
    rf'"id"\s*+:\s*+{ID_PATTERN}\s*+(?:,\s*+"\w*+"\s*+:\s*+(?:"[^"\\]*+"|[\w.+-]++)\s*+)*+\}}\s*+$'
)
"""An id at the end of a message, followed by scalar members only."""
LAST_ID_BYTES: Final = 1024
"""Bytes at the end of a long line in which `LAST_ID_PATTERN` is searched."""


@dataclass(frozen=True)
class ParsedLine:
    """A parsed line: a message for the server, or errors for the host, or neither."""

    message: JSONRPCMessage | None = None
    answers: tuple[JSONRPCError, ...] = ()


def parse_line(line: bytes) -> ParsedLine:
    """Parse a line from the host; a line that is not JSON or not a message is answered with an error."""
    if len(line) > MAX_LINE_BYTES:
        return reject_line(INVALID_REQUEST, f"A line must not exceed {MAX_LINE_BYTES:,} bytes", salvage_id(line))
    text = line.decode("utf-8", "replace").removeprefix("\ufeff")
    if not text or text.isspace():
        return ParsedLine()
    try:
        value = parse_json(text)
    except (ValueError, RecursionError) as exc:
        return reject_line(PARSE_ERROR, f"Parse error: {exc}", salvage_id(line))
    match value:
        case dict():
            return parse_message(cast(RpcMessage, value))
        case list():
            ids = list_batch_ids(cast("list[object]", value))
            return ParsedLine(
                answers=tuple(make_rpc_error(INVALID_REQUEST, BATCH_ERROR, each) for each in ids or [None])
            )
        case _:
            return reject_line(INVALID_REQUEST, "A message must be a JSON object", None)


def parse_json(text: str) -> object:
    """Return the value of a JSON text, with lone surrogates replaced.

    Raises:
        ValueError: The text is not JSON.
        RecursionError: The nesting is too deep.
    """
    value: object = STRICT_DECODER.decode(text)
    if ESCAPED_SURROGATE.search(text):
        value = json.loads(replace_lone_surrogates(json.dumps(value, ensure_ascii=False)))
    return value


STRICT_DECODER: Final = json.JSONDecoder(parse_constant=refuse_constant)


def parse_message(message: RpcMessage) -> ParsedLine:
    """Parse a JSON object as one of the kinds of messages; only a request gets an error."""
    if "method" in message:
        return parse_request(message) if "id" in message else parse_unanswered(message, JSONRPCNotification)
    if "result" in message:
        return parse_unanswered(message, JSONRPCResponse)
    if "error" in message:
        return parse_unanswered(message, JSONRPCError)
    if "id" in message:
        return reject_line(INVALID_REQUEST, "A request must have a method", ensure_request_id(message["id"]))
    return ParsedLine()


def parse_request(message: RpcMessage) -> ParsedLine:
    """Parse a request."""
    if (request_id := ensure_request_id(message["id"])) is None:
        return reject_line(INVALID_REQUEST, "A request id must be a string or an integer", None)
    try:
        return ParsedLine(JSONRPCRequest.model_validate(message))
    except ValidationError as exc:
        member = exc.errors(include_url=False, include_input=False)[0]["loc"][0]
        return reject_line(INVALID_REQUEST, f"The member `{member}` is not valid in a JSON-RPC 2.0 request", request_id)


def parse_unanswered(
    message: RpcMessage, kind: type[JSONRPCNotification] | type[JSONRPCResponse] | type[JSONRPCError]
) -> ParsedLine:
    """Parse a message that never gets a response; an invalid one is dropped."""
    try:
        return ParsedLine(kind.model_validate(message))
    except ValidationError:
        return ParsedLine()


def list_batch_ids(batch: list[object]) -> list[RequestId]:
    """Return the ids of the requests in a batch."""
    requests = [cast(RpcMessage, each) for each in batch if isinstance(each, dict) and "method" in each]
    ids = [ensure_request_id(each.get("id")) for each in requests]
    return [each for each in ids if each is not None]


def ensure_request_id(value: object) -> RequestId | None:
    """Return the value if it is a request id, else None."""
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def reject_line(code: int, why: str, request_id: RequestId | None) -> ParsedLine:
    """Return a line that is answered with an error."""
    return ParsedLine(answers=(make_rpc_error(code, why, request_id),))


def make_rpc_error(code: int, why: str, request_id: RequestId | None) -> JSONRPCError:
    """Return an error response."""
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=why))


def salvage_id(line: bytes) -> RequestId | None:
    """Return the id of a message that cannot be parsed, from its beginning or its end; None unless it is certain."""
    found = find_first_id(line[:LINE_HEAD_BYTES].decode("utf-8", "replace"))
    if found is None and len(line) > LINE_HEAD_BYTES:
        last = LAST_ID_PATTERN.search(line[-LAST_ID_BYTES:].decode("utf-8", "replace"))
        found = parse_request_id(last["id"]) if last else None
    return found


def find_first_id(text: str) -> RequestId | None:
    """Return the first member `id` of the outermost object, as far as the text can be tokenized."""
    depth = 0
    for token in TOKEN_PATTERN.finditer(text):
        depth += count_nesting(token[0])
        if depth == 1 and token["id"]:
            return parse_request_id(token["id"])
        if depth <= 0 or token[0] == '"':
            return None
    return None


def count_nesting(token: str) -> int:
    """Return the number of levels that a token opens; negative if it closes them."""
    if token[0] in "[{":
        return len(token)
    return -len(token) if token[0] in "]}" else 0


def parse_request_id(text: str) -> RequestId | None:
    """Return the id that a JSON text encodes, None if the text is malformed."""
    try:
        return ensure_request_id(parse_json(text))
    except ValueError:
        return None
