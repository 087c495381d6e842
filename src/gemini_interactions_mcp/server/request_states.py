"""Seals the states of questions with a key that all servers of a journal share: any of them may get the answer."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from mcp.server import ServerRequestContext
from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState, RequestStateSecurity

from gemini_interactions_mcp.core import GeminiMCPError, logger

from .identity import identify_principal

STATE_SECRET: Final = "request-state"  # noqa: S105 - a name


class SharedStateCodec:
    """A codec whose key is read when the first request comes, since the journal is not open before.

    Args:
        read_secret: Returns the secret of a name that the servers share.
    """

    def __init__(self, read_secret: Callable[[str], Awaitable[bytes]]) -> None:
        self._read_secret = read_secret
        self._codec: AESGCMRequestStateCodec | None = None

    async def prepare(self) -> None:
        """Read the key; without it, no question can be asked, and no answer is taken."""
        if self._codec is not None:
            return
        try:
            self._codec = AESGCMRequestStateCodec([await self._read_secret(STATE_SECRET)])
        except GeminiMCPError as exc:
            logger.warning("The key of questions cannot be read: %s", exc)

    def seal(self, payload: bytes) -> str:
        """Return a token of a payload.

        Raises:
            RuntimeError: There is no key.
        """
        if self._codec is None:
            raise RuntimeError("the key of questions has not been read")
        return self._codec.seal(payload)

    def unseal(self, token: str) -> bytes:
        """Return the payload of a token.

        Raises:
            InvalidRequestState: It is none, or there is no key.
        """
        if self._codec is None:
            raise InvalidRequestState("no key")
        return self._codec.unseal(token)


def build_state_security(codec: SharedStateCodec) -> RequestStateSecurity:
    """Return the SDK's policy: a state counts for the principal that was asked."""
    return RequestStateSecurity(codec=codec, bind_principal=bind_to_principal)


def bind_to_principal(ctx: ServerRequestContext[Any, Any]) -> str:
    """Return whom the state of a question is bound to."""
    return identify_principal(ctx).name
