"""Verifies the tokens that `gemini-interactions-mcp token add` makes."""

import re
from datetime import datetime
from typing import Final

from gemini_interactions_mcp import journal
from gemini_interactions_mcp.core import Timing
from gemini_interactions_mcp.journal import AccessTokens, KnownPrincipal, KnownToken
from gemini_interactions_mcp.server import PrincipalToken, build_principal

from .verification import Memory, make_principal_token

NAMED_TOKEN: Final = re.compile(r"gim_[A-Za-z0-9_-]{43}")


class NamedTokens:
    """Finds tokens in the journal, by their digests.

    Args:
        tokens: The rows.
        timing: How often the rows are read.
    """

    def __init__(self, tokens: AccessTokens, timing: Timing) -> None:
        self._rows: Memory[tuple[KnownToken, KnownPrincipal]] = Memory(tokens.find, timing.access_recheck)

    async def verify_token(self, token: str) -> PrincipalToken | None:
        """Return the verified token; None if it opens nothing.

        Raises:
            UnverifiableError: The journal cannot be read.
        """
        if not NAMED_TOKEN.fullmatch(token):
            return None
        digest = journal.hash_token(token)
        found = await self._rows.get(digest)
        if found is None or not is_open(*found, journal.now()):
            return None
        row, principal = found
        # The SDK compares the expiry with the clock of this machine: so it is not told.
        ends_at = row.expires_at.timestamp() if row.expires_at else None
        return make_principal_token(build_principal(principal, row.scopes), digest, ends_at=ends_at)


def is_open(token: KnownToken, principal: KnownPrincipal, moment: datetime) -> bool:
    """Whether a token opens anything at that moment."""
    return token.is_valid(moment) and principal.revoked_at is None
