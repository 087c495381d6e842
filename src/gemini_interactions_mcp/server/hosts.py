"""What is known about hosts, by the name that their client reports.

A client may report any name: it affects how a result looks and how long a call waits, and nothing else.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from mcp.server.mcpserver import Context

from gemini_interactions_mcp.settings import DEFAULT_WAIT_SECONDS, Settings

LONGEST_WAIT_SECONDS: Final = 600
"""Maximum of `wait_seconds`, in seconds."""


class Host(NamedTuple):
    """The behaviour of a host.

    Attributes:
        wait_seconds: Default seconds that a call waits before it returns an id; None uses the setting.
        page_bytes: Bytes of UTF-8 that the host shows of a text without cutting it; at least 7,000, for which the
            other limits of results are made.
        previews: Whether the host shows images, rather than their base64 as text.
        annotated_views: Whether the host shows views of tools that have annotations.
        shows_meta: Whether what the host shows, and cuts, is the JSON of a whole result, `_meta` included.
        icon_type: The type of the icons of tools that the host shows; empty if it is not known to show any.
    """

    wait_seconds: float | None = None
    page_bytes: int = 10_000
    previews: bool = True
    annotated_views: bool = True
    shows_meta: bool = False
    icon_type: str = ""


ANY_HOST: Final = Host()
"""Codex cuts a result's text at 12,000 bytes, Copilot at 20 kB (observed with Codex 0.169 and Copilot CLI 1.0.102)."""

HOSTS: Final[Mapping[str, Host]] = {
    # Codex 0.169 moves on without a call earlier than other hosts, and progress does not extend its patience.
    "codex-mcp-client": Host(wait_seconds=25),
    # Cline CLI 3.0.65 passes its model the JSON of a result, cut at 8,000 characters, with base64 as text. What its
    # SDK's callTool returns is passed on as it is (@cline/core 0.0.86), and begins with `_meta`.
    "@cline/core": Host(page_bytes=7_000, previews=False, shows_meta=True),
    # Continue's CLI (MCPService.ts, 1.0.0) passes its model all content but text as JSON.
    "continue-cli-client": Host(previews=False),
    # google-adk 2.13 (mcp_tool/session_context.py) passes its model the JSON of a result, base64 included.
    "google-adk": Host(previews=False),
    # VS Code 1.138 treats what a tool with annotations returns as text: github.com/microsoft/vscode, issue 336916.
    # It shows PNG and no SVG (mcpIcons.ts; issue 290809).
    "Visual Studio Code": Host(annotated_views=False, icon_type="image/png"),
    "mcp-inspector": Host(icon_type="image/svg+xml"),
}
"""Hosts by `clientInfo.name`. A name that continues one of these after a hyphen or a space is of the same host."""


def choose_wait_seconds(ctx: Context[Any, Any], settings: Settings, asked: float | None = None) -> float:
    """Return how long a call waits: as requested, as the user has set, or as suits its host."""
    if asked is not None:
        return asked
    usual = identify_host(ctx).wait_seconds
    return settings.wait_seconds if usual is None or settings.wait_is_set else usual


def suggest_wait_seconds(ctx: Context[Any, Any], settings: Settings) -> float:
    """Return the `wait_seconds` of the next call that an answer suggests.

    It is never 0, which would make the model poll in a loop.
    """
    chosen = min(settings.wait_seconds, LONGEST_WAIT_SECONDS) if settings.wait_is_set else 0
    return chosen or identify_host(ctx).wait_seconds or DEFAULT_WAIT_SECONDS


def identify_host(ctx: Context[Any, Any]) -> Host:
    """Return the host that sent a request, in both protocol eras."""
    params = ctx.session.client_params
    return find_host(params.client_info.name if params else "")


def find_host(name: str) -> Host:
    """Return the host whose client has this name."""
    return next(
        (host for known, host in HOSTS.items() if name == known or name.startswith((f"{known}-", f"{known} "))),
        ANY_HOST,
    )
