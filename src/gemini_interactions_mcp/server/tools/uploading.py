"""The tool by which a remote client sends a file to this server."""

import shlex
from typing import Annotated, Final

from mcp_types import CallToolResult
from pydantic import Field

from gemini_interactions_mcp.core import ConfigurationError, InputError
from gemini_interactions_mcp.server.context import Ctx, open_app
from gemini_interactions_mcp.server.identity import identify_principal
from gemini_interactions_mcp.server.links import LINK_SECRET, LinkSigner, SignedLink
from gemini_interactions_mcp.server.results.answers import build_text_result
from gemini_interactions_mcp.server.results.programs import NO_FACTS, tell_programs

UPLOAD_TOOL: Final = "upload_file"
"""Offered to remote clients only: others name the path of a file."""


async def upload_file(
    ctx: Ctx,
    name: Annotated[str, Field(description="File name: report.pdf")],
    mime_type: str | None = None,
    bytes: Annotated[int | None, Field(ge=1, description="Its size")] = None,  # noqa: A002 - the word for it
) -> CallToolResult:
    """Get a one-time address to send a file to, and its gemini://uploads/ID for files= of the Gemini tools."""
    if not identify_principal(ctx.request_context).remote:
        raise InputError("upload_file is for remote clients; name the path of the file in files instead.")
    app = await open_app(ctx)
    base = find_public_address(ctx, app.settings.public_url)
    signer = LinkSigner(await ctx.request_context.lifespan_context.share_secret(LINK_SECRET))
    file = await app.received.announce(name, mime_type, bytes)
    token = signer.sign("upload", SignedLink(app.principal.name, (file.id,)), file.expires_at)
    address = f"{base}/uploads/{token}"
    result = build_text_result(
        f"Send the file by HTTP PUT to this address before {file.expires_at:%H:%M} UTC. It takes one file, once:\n\n"
        f"    curl --fail-with-body -T {shlex.quote(name)} {address}\n\n"
        f'Then name it: files=["gemini://uploads/{file.id}"]. It is kept for 48 hours.'
    )
    handle = f"gemini://uploads/{file.id}"
    expiry = file.expires_at.isoformat(timespec="seconds")
    return tell_programs(result, NO_FACTS, {"uri": handle, "upload_url": address, "expires_at": expiry})


def find_public_address(ctx: Ctx, public_url: str | None) -> str:
    """Return the address at which the client reaches this server, without a slash at its end.

    Raises:
        ConfigurationError: It is not known.
    """
    request = ctx.request_context.request
    if public_url:
        return public_url
    if request is None:
        raise ConfigurationError("This server has no address of its own: its administrator sets GEMINI_MCP_PUBLIC_URL.")
    return str(request.base_url).rstrip("/")
