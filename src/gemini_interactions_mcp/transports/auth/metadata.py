"""The metadata by which clients find the authorization server (RFC 9728), and the challenges that lead there."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gemini_interactions_mcp.core import READ_SCOPE, SCOPES, SPEND_SCOPE

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"

FIRST_SCOPES: Final = (READ_SCOPE, SPEND_SCOPE)
"""What a client is told to ask for first; the others are asked for when a request needs them."""


class Challenge:
    """Writes `WWW-Authenticate` headers (RFC 6750, 3).

    Args:
        metadata_url: Where clients find the authorization server; empty if there is none.
    """

    def __init__(self, metadata_url: str = "") -> None:
        self._metadata_url = metadata_url

    def write(self, scopes: Sequence[str], error: str = "", description: str = "") -> str:
        """Return the header; without an error for a request that has no token."""
        parts = {"error": error, "error_description": description, "resource_metadata": self._metadata_url}
        parts["scope"] = " ".join(scopes)
        return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items() if value)


def build_metadata_routes(resource: str, issuer: str, prefix: str) -> list[Route]:
    """Return the routes of the metadata: at the root, and with the path of the resource.

    Args:
        resource: The address that clients use.
        issuer: The authorization server.
        prefix: The path of the public URL.
    """
    document = {
        "resource": resource,
        "authorization_servers": [issuer],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": "Gemini Interactions",
    }

    async def show(_: Request) -> Response:
        # Any page may read it; who may use the server is another matter.
        return JSONResponse(document, headers={"cache-control": "public, max-age=300"})

    paths = dict.fromkeys((WELL_KNOWN, f"{WELL_KNOWN}/mcp", f"{WELL_KNOWN}{prefix}", f"{WELL_KNOWN}{prefix}/mcp"))
    return [Route(path, show, methods=["GET"]) for path in paths]
