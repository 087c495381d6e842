"""From a line of the host to the message in it, or to the error that answers the line. Pure.

The SDK's own transport (mcp 2.3, server/stdio.py) drops what it cannot read, and takes a request whose id is none for
a notification: whoever asked would wait for ever.
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

NO_BATCHES: Final = "Batches are not served; every message has a line of its own"
"""Of the revisions of MCP only 2025-03-26 has batches, and mcp 2.3 does not serve them."""

ESCAPED_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")

# At most as many digits as Python reads (sys.int_info.default_max_str_digits).
ID: Final = r'(?P<id>-?(?:0|[1-9][0-9]{0,4000}+)(?![0-9.eE])|"(?:[^"\\]++|\\.)*+")'
COMPLETE: Final = r'(?=\s*+[,}]|\s++\Z|(?<=")\Z)'
TOKEN: Final = re.compile(rf'"id"\s*+:\s*+{ID}{COMPLETE}|"(?:[^"\\]++|\\.)*+"|[\[{{]++|[\]}}]++|"', re.DOTALL)
"""What tells how deep a place in JSON is, and an id."""
LAST_ID: Final = re.compile(rf'"id"\s*+:\s*+{ID}\s*+(?:,\s*+"\w*+"\s*+:\s*+(?:"[^"\\]*+"|[\w.+-]++)\s*+)*+\}}\s*+$')
"""An id at the end of a message, before nothing but simple members."""
LAST_BYTES: Final = 1024
"""So far from the end of a long line such an id is looked for."""


@dataclass(frozen=True)
class Received:
    """What a line comes to: a message for the server, or answers for the host, or neither."""

    message: JSONRPCMessage | None = None
    answers: tuple[JSONRPCError, ...] = ()


def received(line: bytes) -> Received:
    """What a line of the host comes to; of what is not JSON or no message, the sender is told."""
    if len(line) > LONGEST_LINE:
        return rejected(INVALID_REQUEST, f"A line has at most {LONGEST_LINE:,} bytes", salvaged_id(line))
    text = line.decode("utf-8", "replace").removeprefix("\ufeff")
    if not text or text.isspace():
        return Received()
    try:
        value = parse_json(text)
    except (ValueError, RecursionError) as exc:
        return rejected(PARSE_ERROR, f"Parse error: {exc}", salvaged_id(line))
    match value:
        case dict():
            return sorted_out(cast("Message", value))
        case list():
            ids = batched_ids(cast("list[object]", value))
            return Received(answers=tuple(rpc_error(INVALID_REQUEST, NO_BATCHES, each) for each in ids or [None]))
        case _:
            return rejected(INVALID_REQUEST, "A message is a JSON object", None)


def parse_json(text: str) -> object:
    """The value that a JSON text has, whose texts are well-formed.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deeply.
    """
    value: object = DECODER.decode(text)
    if ESCAPED_SURROGATE.search(text):
        value = json.loads(paired(json.dumps(value, ensure_ascii=False)))
    return value


DECODER: Final = json.JSONDecoder(parse_constant=refuse_constant)


def sorted_out(message: Message) -> Received:
    """What an object comes to: only a request has an answer."""
    if "method" in message:
        return checked_request(message) if "id" in message else unanswerable(message, JSONRPCNotification)
    if "result" in message:
        return unanswerable(message, JSONRPCResponse)
    if "error" in message:
        return unanswerable(message, JSONRPCError)
    if "id" in message:
        return rejected(INVALID_REQUEST, "A request has a method", valid_id(message["id"]))
    return Received()


def checked_request(message: Message) -> Received:
    """What a request comes to."""
    if (request_id := valid_id(message["id"])) is None:
        return rejected(INVALID_REQUEST, "An id is a text or an integer", None)
    try:
        return Received(JSONRPCRequest.model_validate(message))
    except ValidationError as exc:
        member = exc.errors(include_url=False, include_input=False)[0]["loc"][0]
        return rejected(INVALID_REQUEST, f"The member `{member}` is not that of a JSON-RPC 2.0 request", request_id)


def unanswerable(
    message: Message, kind: type[JSONRPCNotification] | type[JSONRPCResponse] | type[JSONRPCError]
) -> Received:
    """What a message comes to that has no answer, not even when it is wrong."""
    try:
        return Received(kind.model_validate(message))
    except ValidationError:
        return Received()


def batched_ids(batch: list[object]) -> list[RequestId]:
    """The ids of the requests in a batch."""
    requests = [cast("Message", each) for each in batch if isinstance(each, dict) and "method" in each]
    ids = [valid_id(each.get("id")) for each in requests]
    return [each for each in ids if each is not None]


def valid_id(value: object) -> RequestId | None:
    """The value if it is an id."""
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def rejected(code: int, why: str, request_id: RequestId | None) -> Received:
    """A line that gets an error."""
    return Received(answers=(rpc_error(code, why, request_id),))


def rpc_error(code: int, why: str, request_id: RequestId | None) -> JSONRPCError:
    """The error that answers a message."""
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=why))


# Finding the id in what is no JSON -----------------------------------------------------------------------


def salvaged_id(line: bytes) -> RequestId | None:
    """The id of a message that cannot be read as a whole, from one of its ends; None where it is not certain."""
    found = first_id(line[:HEAD].decode("utf-8", "replace"))
    if found is None and len(line) > HEAD:
        last = LAST_ID.search(line[-LAST_BYTES:].decode("utf-8", "replace"))
        found = loaded_id(last["id"]) if last else None
    return found


def first_id(text: str) -> RequestId | None:
    """The first member `id` of the outermost object, as far as the text can be followed."""
    depth = 0
    for token in TOKEN.finditer(text):
        what = token[0]
        if what[0] in "[{":
            depth += len(what)
        elif what[0] in "]}":
            depth -= len(what)
        elif depth == 1 and token["id"]:
            return loaded_id(token["id"])
        if depth <= 0 or what == '"':
            return None
    return None


def loaded_id(text: str) -> RequestId | None:
    """The id that a JSON text stands for, if it is well-formed."""
    try:
        return valid_id(parse_json(text))
    except ValueError:
        return None
