"""Who has sent a request, as the transport has found out."""

from typing import Any, cast

from mcp.server import ServerRequestContext
from mcp.server.auth.provider import AccessToken

from gemini_interactions_mcp.core import OWNER, Principal


class PrincipalToken(AccessToken):
    """A verified access token with its principal."""

    principal: Principal


def identify_principal(ctx: ServerRequestContext[Any, Any]) -> Principal:
    """Return who has sent a request: the principal of its token; the owner of the server where there is none."""
    scope = cast("dict[str, Any]", getattr(ctx.request, "scope", {}))
    token = getattr(scope.get("user"), "access_token", None)
    return token.principal if isinstance(token, PrincipalToken) else OWNER
