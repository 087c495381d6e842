"""What is known of the hosts that call this server, by the name that their client gives itself.

Such a name is the client's own word: it decides how a result looks and how long a call lasts, and nothing else.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from mcp.server.mcpserver import Context

from gemini_interactions_mcp.settings import DEFAULT_WAIT_SECONDS, Settings

LONGEST_WAIT_SECONDS: Final = 600
"""What a call may ask for at most."""


class Host(NamedTuple):
    """What a host waits for and shows.

    Attributes:
        wait_seconds: How long a call waits by default before it hands over an id; None is as long as for any host.
        page_bytes: How much of a text the host shows whole, in bytes of UTF-8.
        previews: Whether pictures are shown, and not their base64 as text.
    """

    wait_seconds: float | None = None
    page_bytes: int = 10_000
    previews: bool = True


ANY: Final = Host()
"""Codex cuts the text of a result at 12,000 bytes, Copilot at 20 kB (Codex 0.169, Copilot CLI 1.0.102, both run)."""

HOSTS: Final[Mapping[str, Host]] = {
    # Codex 0.169 goes on without a call earlier than other hosts; progress is no sign of life to it.
    "codex-mcp-client": Host(wait_seconds=25),
    # Cline CLI 3.0.65 gives its model the JSON of a result, of 8,000 characters at the most, and base64 as text.
    "@cline/core": Host(page_bytes=7_000, previews=False),
    # Continue's CLI (MCPService.ts, 1.0.0) gives its model content that is no text as JSON.
    "continue-cli-client": Host(previews=False),
    # google-adk 2.13 (mcp_tool/session_context.py) gives its model the JSON of a result, base64 included.
    "google-adk": Host(previews=False),
}
"""By `clientInfo.name`; a longer name that begins with one of these and a hyphen is of the same host."""


def seconds_to_wait(ctx: Context[Any, Any], settings: Settings, asked: float | None = None) -> float:
    """How long a call waits: as it asks for, as the user has set, or as suits its host."""
    if asked is not None:
        return asked
    usual = host_of(ctx).wait_seconds
    return settings.wait_seconds if usual is None or settings.wait_is_set else usual


def seconds_to_name(ctx: Context[Any, Any], settings: Settings) -> float:
    """The `wait_seconds` of the call that an answer tells the model to make next.

    It is never 0: with that, the model would ask again and again.
    """
    chosen = min(settings.wait_seconds, LONGEST_WAIT_SECONDS) if settings.wait_is_set else 0
    return chosen or host_of(ctx).wait_seconds or DEFAULT_WAIT_SECONDS


def host_of(ctx: Context[Any, Any]) -> Host:
    """The host that has sent a request, in both protocol eras."""
    params = ctx.session.client_params
    return host_named(params.client_info.name if params else "")


def host_named(name: str) -> Host:
    """The host whose client has this name."""
    return next((host for known, host in HOSTS.items() if name == known or name.startswith(f"{known}-")), ANY)
