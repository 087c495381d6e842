"""What every way of verifying tokens shares: the interface, and rows that are read again every few seconds."""

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

import anyio

from gemini_interactions_mcp import journal
from gemini_interactions_mcp.core import OWNER, SCOPES, JournalError, Principal, logger
from gemini_interactions_mcp.server import PrincipalToken

KnownT = TypeVar("KnownT")

MAX_KNOWN: Final = 10_000
"""Maximum number of tokens that are remembered."""
RETRY_SECONDS: Final = 5
"""Seconds after which a client may try again where the journal cannot be read."""
MAX_TOKEN_CHARACTERS: Final = 16_384
"""Maximum length of a token; no longer one is looked at."""


class UnverifiableError(Exception):
    """Whether a token is valid cannot be found out now.

    Attributes:
        seconds: After which to try again.
    """

    def __init__(self, reason: str, seconds: int = RETRY_SECONDS) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Verifier(Protocol):
    """Verifies access tokens."""

    async def verify_token(self, token: str) -> PrincipalToken | None:
        """Return the verified token; None if it opens nothing.

        Raises:
            UnverifiableError: That cannot be found out now.
        """
        ...


class FreshToken:
    """The one token of a server on loopback, which ends with it; its principal is the owner."""

    def __init__(self) -> None:
        self.text: Final = journal.make_token()

    async def verify_token(self, token: str) -> PrincipalToken | None:
        """Return the verified token; None if it is another."""
        if secrets.compare_digest(token.encode(errors="replace"), self.text.encode()):
            return make_principal_token(OWNER, journal.hash_token(token))
        return None


def make_principal_token(principal: Principal, digest: str, **details: Any) -> PrincipalToken:  # noqa: ANN401 - fields
    """Return a verified token, by whose client, issuer and subject the SDK binds sessions and request states.

    Args:
        principal: Whose it is.
        digest: Stands for its text, which nothing needs any more.
        details: Other fields of `AccessToken`.
    """
    scopes = [scope for scope in SCOPES if scope in principal.scopes]
    fields: dict[str, Any] = {"client_id": principal.name or "owner", "subject": principal.name} | details
    return PrincipalToken(token=digest, scopes=scopes, principal=principal, **fields)


@dataclass
class Remembered(Generic[KnownT]):
    """What was found out, and until when that counts."""

    value: KnownT
    until: float


class Memory(Generic[KnownT]):
    """Remembers what a lookup has found for a few seconds; while one caller looks again, the others get the old value.

    Args:
        look_up: Finds it; None is not remembered.
        seconds: How long it counts.
    """

    def __init__(self, look_up: Callable[[str], Awaitable[KnownT | None]], seconds: float) -> None:
        self._look_up = look_up
        self._seconds = seconds
        self._known: OrderedDict[str, Remembered[KnownT]] = OrderedDict()

    async def get(self, key: str) -> KnownT | None:
        """Return what belongs to a key.

        Raises:
            UnverifiableError: The journal cannot be read.
        """
        known = self._known.get(key)
        if known is not None and anyio.current_time() < known.until:
            return known.value
        if known is not None:
            known.until = anyio.current_time() + self._seconds
        try:
            found = await self._look_up(key)
        except JournalError as exc:
            self._known.pop(key, None)
            if exc.brief is None:
                logger.warning("Access cannot be checked: %s", exc)
            raise UnverifiableError("The journal cannot be read at the moment.") from exc
        except BaseException:
            self._known.pop(key, None)
            raise
        self._keep(key, found)
        return found

    def _keep(self, key: str, found: KnownT | None) -> None:
        self._known.pop(key, None)
        if found is not None:
            self._known[key] = Remembered(found, anyio.current_time() + self._seconds)
        while len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
