"""Signed addresses of this server, which let whoever has one read a file, or send one, for a short time.

The servers of one journal share the key, so that each knows what another has signed.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from gemini_interactions_mcp.journal import clock

LINK_SECRET: Final = "links"  # noqa: S105 - the name of a secret
"""The name of the key."""

LINK_LIFETIME: Final = timedelta(minutes=15)
"""Time for which a file can be read at an address."""

MAX_LINK_CHARACTERS: Final = 4096

LinkKind = Literal["file", "upload"]


class SignedLink(NamedTuple):
    """What an address leads to: whose it is, and its parts: an interaction and a name, or the id of an upload."""

    principal: str
    parts: tuple[str, ...]


class LinkSigner:
    """Signs addresses, and recognises its own.

    Args:
        secret: The key.
    """

    def __init__(self, secret: bytes) -> None:
        self._key = secret

    def sign(self, kind: LinkKind, link: SignedLink, expires: datetime) -> str:
        """Return a token that stands for a link until a time."""
        payload = json.dumps([link.principal, *link.parts, int(expires.timestamp())], separators=(",", ":"))
        body = encode_token(payload.encode())
        return f"{body}.{encode_token(self._digest(kind, body))}"

    def verify(self, kind: LinkKind, token: str) -> SignedLink | None:
        """Return what a token stands for; None if it is not ours, is of another kind, or has expired."""
        body, _, signature = token.partition(".")
        wanted = encode_token(self._digest(kind, body))
        if len(token) > MAX_LINK_CHARACTERS or not hmac.compare_digest(signature.encode(), wanted.encode()):
            return None
        with suppress(ValueError):
            principal, *parts, expires = read_payload(body)
            if clock.now().timestamp() < expires:
                return SignedLink(principal, tuple(parts))
        return None

    def _digest(self, kind: str, body: str) -> bytes:
        return hmac.digest(self._key, f"{kind}.{body}".encode(), hashlib.sha256)


class FileLinks:
    """Makes the addresses at which the saved files of a principal can be read.

    Args:
        public_url: The address of this server for clients.
        principal: The name of the principal.
        share: Returns a secret of the servers of the journal by its name.
    """

    def __init__(self, public_url: str, principal: str, share: Callable[[str], Awaitable[bytes]]) -> None:
        self._public_url = public_url
        self._principal = principal
        self._share = share
        self._signer: LinkSigner | None = None

    async def make(self, interaction_id: str, name: str) -> str:
        """Return an address that leads to a file for a quarter of an hour.

        Raises:
            JournalError: The key cannot be read.
        """
        if self._signer is None:
            self._signer = LinkSigner(await self._share(LINK_SECRET))
        link = SignedLink(self._principal, (interaction_id, name))
        return f"{self._public_url}/files/{self._signer.sign('file', link, clock.now() + LINK_LIFETIME)}"


def encode_token(content: bytes) -> str:
    """Return bytes as base64 for addresses."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def read_payload(body: str) -> Sequence[Any]:
    """Return what stands in a token whose signature is ours.

    Raises:
        ValueError: It is no payload.
    """
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
