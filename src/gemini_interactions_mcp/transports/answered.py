"""Keeps what the SDK answers from a host that has the answer already."""

import secrets
from itertools import count

from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCRequest, JSONRPCResponse, RequestId

from gemini_interactions_mcp.core import logger


class AnsweredRequests:
    """The requests of one host that the greeting has answered.

    The SDK gets them under ids of their own, since the host may use an id again once it has the answer.
    """

    def __init__(self) -> None:
        self._ids = (f"{secrets.token_hex(8)}-{number}" for number in count())
        self._pending: set[RequestId] = set()

    def rename(self, request: JSONRPCRequest) -> JSONRPCRequest:
        """Return a request under an id of its own."""
        renamed = request.model_copy(update={"id": next(self._ids)})
        self._pending.add(renamed.id)
        return renamed

    def is_answered(self, message: JSONRPCMessage) -> bool:
        """Whether a message is the SDK's answer to one of them."""
        if not isinstance(message, JSONRPCResponse | JSONRPCError) or message.id not in self._pending:
            return False
        self._pending.discard(message.id)
        if isinstance(message, JSONRPCError):
            logger.warning("The SDK refuses a request that the host has an answer to: %s", message.error.message)
        return True
