"""Who has sent a request, as the transport has found out."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from mcp.server import ServerRequestContext
from mcp.server.auth.provider import AccessToken

from gemini_interactions_mcp.core import OWNER, SCOPES, Principal, Receipt

if TYPE_CHECKING:
    from gemini_interactions_mcp.journal import KnownPrincipal


class PrincipalToken(AccessToken):
    """A verified access token with its principal.

    Attributes:
        principal: Whose it is.
        ends_at: When it expires by the clock of the journal, in seconds since 1970; None if it does not.
    """

    principal: Principal
    ends_at: float | None = None


RECEIPT_KEY: Final = "gemini_interactions_mcp.receipt"
"""Where the scope of an HTTP request has the receipt of its answer."""


def find_receipt(ctx: ServerRequestContext[Any, Any]) -> Receipt | None:
    """Return the receipt of the answer to a request; None over stdio."""
    receipt = getattr(ctx.request, "scope", {}).get(RECEIPT_KEY)
    return receipt if isinstance(receipt, Receipt) else None


def identify_principal(ctx: ServerRequestContext[Any, Any]) -> Principal:
    """Return who has sent a request: the principal of its token; the owner of the server where there is none."""
    scope = cast("dict[str, Any]", getattr(ctx.request, "scope", {}))
    token = getattr(scope.get("user"), "access_token", None)
    return token.principal if isinstance(token, PrincipalToken) else OWNER


def build_principal(row: "KnownPrincipal", scopes: Iterable[str] = ()) -> Principal:
    """Return a principal that came through a network.

    Args:
        row: Its row.
        scopes: What its token allows.
    """
    return Principal(
        name=row.name,
        scopes=frozenset(scopes) & frozenset(SCOPES),
        remote=True,
        micros_per_day=row.micros_per_day,
        runs_per_day=row.runs_per_day,
        key_reference=row.key_reference,
    )
