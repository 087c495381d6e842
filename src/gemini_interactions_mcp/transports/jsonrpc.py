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

from gemini_interactions_mcp.core import paired, refuse_constant

from .stdin_capture import HEAD, LONGEST_LINE

Message = Mapping[str, object]

NO_BATCHES: Final = "Batches are not supported; send each message on a line of its own"
"""Of the revisions of MCP, only 2025-03-26 has batches, and mcp 2.3 does not support them."""

ESCAPED_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")

# At most as many digits as Python parses (sys.int_info.default_max_str_digits).
ID: Final = r'(?P<id>-?(?:0|[1-9][0-9]{0,4000}+)(?![0-9.eE])|"(?:[^"\\]++|\\.)*+")'
COMPLETE: Final = r'(?=\s*+[,}]|\s++\Z|(?<=")\Z)'
TOKEN: Final = re.compile(rf'"id"\s*+:\s*+{ID}{COMPLETE}|"(?:[^"\\]++|\\.)*+"|[\[{{]++|[\]}}]++|"', re.DOTALL)
"""The tokens of a JSON text that matter for nesting, and a member `id`."""
LAST_ID: Final = re.compile(rf'"id"\s*+:\s*+{ID}\s*+(?:,\s*+"\w*+"\s*+:\s*+(?:"[^"\\]*+"|[\w.+-]++)\s*+)*+\}}\s*+$')
"""An id at the end of a message, followed by scalar members only."""
LAST_BYTES: Final = 1024
"""Bytes at the end of a long line in which `LAST_ID` is searched."""


@dataclass(frozen=True)
class Received:
    """A parsed line: a message for the server, or errors for the host, or neither."""

    message: JSONRPCMessage | None = None
    answers: tuple[JSONRPCError, ...] = ()


def received(line: bytes) -> Received:
    """Parse a line from the host; a line that is not JSON or not a message is answered with an error."""
    if len(line) > LONGEST_LINE:
        return rejected(INVALID_REQUEST, f"A line must not exceed {LONGEST_LINE:,} bytes", salvaged_id(line))
    text = line.decode("utf-8", "replace").removeprefix("\ufeff")
    if not text or text.isspace():
        return Received()
    try:
        value = parse_json(text)
    except (ValueError, RecursionError) as exc:
        return rejected(PARSE_ERROR, f"Parse error: {exc}", salvaged_id(line))
    match value:
        case dict():
            return sorted_out(cast(Message, value))
        case list():
            ids = batched_ids(cast("list[object]", value))
            return Received(answers=tuple(rpc_error(INVALID_REQUEST, NO_BATCHES, each) for each in ids or [None]))
        case _:
            return rejected(INVALID_REQUEST, "A message must be a JSON object", None)


def parse_json(text: str) -> object:
    """Return the value of a JSON text, with lone surrogates replaced.

    Raises:
        ValueError: The text is not JSON.
        RecursionError: The nesting is too deep.
    """
    value: object = DECODER.decode(text)
    if ESCAPED_SURROGATE.search(text):
        value = json.loads(paired(json.dumps(value, ensure_ascii=False)))
    return value


DECODER: Final = json.JSONDecoder(parse_constant=refuse_constant)


def sorted_out(message: Message) -> Received:
    """Parse a JSON object as one of the kinds of messages; only a request gets an error."""
    if "method" in message:
        return checked_request(message) if "id" in message else unanswerable(message, JSONRPCNotification)
    if "result" in message:
        return unanswerable(message, JSONRPCResponse)
    if "error" in message:
        return unanswerable(message, JSONRPCError)
    if "id" in message:
        return rejected(INVALID_REQUEST, "A request must have a method", valid_id(message["id"]))
    return Received()


def checked_request(message: Message) -> Received:
    """Parse a request."""
    if (request_id := valid_id(message["id"])) is None:
        return rejected(INVALID_REQUEST, "A request id must be a string or an integer", None)
    try:
        return Received(JSONRPCRequest.model_validate(message))
    except ValidationError as exc:
        member = exc.errors(include_url=False, include_input=False)[0]["loc"][0]
        return rejected(INVALID_REQUEST, f"The member `{member}` is not valid in a JSON-RPC 2.0 request", request_id)


def unanswerable(
    message: Message, kind: type[JSONRPCNotification] | type[JSONRPCResponse] | type[JSONRPCError]
) -> Received:
    """Parse a message that never gets a response; an invalid one is dropped."""
    try:
        return Received(kind.model_validate(message))
    except ValidationError:
        return Received()


def batched_ids(batch: list[object]) -> list[RequestId]:
    """Return the ids of the requests in a batch."""
    requests = [cast(Message, each) for each in batch if isinstance(each, dict) and "method" in each]
    ids = [valid_id(each.get("id")) for each in requests]
    return [each for each in ids if each is not None]


def valid_id(value: object) -> RequestId | None:
    """Return the value if it is a request id, else None."""
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def rejected(code: int, why: str, request_id: RequestId | None) -> Received:
    """Return a line that is answered with an error."""
    return Received(answers=(rpc_error(code, why, request_id),))


def rpc_error(code: int, why: str, request_id: RequestId | None) -> JSONRPCError:
    """Return an error response."""
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=why))


def salvaged_id(line: bytes) -> RequestId | None:
    """Return the id of a message that cannot be parsed, from its beginning or its end; None unless it is certain."""
    found = first_id(line[:HEAD].decode("utf-8", "replace"))
    if found is None and len(line) > HEAD:
        last = LAST_ID.search(line[-LAST_BYTES:].decode("utf-8", "replace"))
        found = loaded_id(last["id"]) if last else None
    return found


def first_id(text: str) -> RequestId | None:
    """Return the first member `id` of the outermost object, as far as the text can be tokenized."""
    depth = 0
    for token in TOKEN.finditer(text):
        depth += nesting(token[0])
        if depth == 1 and token["id"]:
            return loaded_id(token["id"])
        if depth <= 0 or token[0] == '"':
            return None
    return None


def nesting(token: str) -> int:
    """Return the number of levels that a token opens; negative if it closes them."""
    if token[0] in "[{":
        return len(token)
    return -len(token) if token[0] in "]}" else 0


def loaded_id(text: str) -> RequestId | None:
    """Return the id that a JSON text encodes, None if the text is malformed."""
    try:
        return valid_id(parse_json(text))
    except ValueError:
        return None
