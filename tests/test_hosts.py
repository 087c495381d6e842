"""What is known of hosts, found by the name of their client in both protocol eras."""

import pytest
from mcp import Client
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import Implementation

from conftest import Mode
from gemini_interactions_mcp.hosts import ANY, HOSTS, Host, host_named, host_of


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("codex-mcp-client", HOSTS["codex-mcp-client"]),
        ("@cline/core", HOSTS["@cline/core"]),
        ("google-adk", HOSTS["google-adk"]),
        ("google-adk-2.13.0", HOSTS["google-adk"]),
        ("google-adkins", ANY),
        ("claude-code", ANY),
        ("Codex-MCP-Client", ANY),
        ("", ANY),
    ],
)
def test_a_host_is_found_by_its_name_or_the_beginning_of_a_longer_one(name: str, host: Host) -> None:
    assert host_named(name) == host


async def test_the_name_is_told_by_the_request_in_both_eras(mode: Mode) -> None:
    server = MCPServer("probe")

    @server.tool()
    def seen(ctx: Context) -> str:
        return f"{host_of(ctx)}"

    told: list[str] = []
    for name in ("@cline/core", "somebody"):
        async with Client(server, mode=mode, client_info=Implementation(name=name, version="1")) as client:
            told.append(str((await client.call_tool("seen", {})).content))
    assert "page_bytes=7000, previews=False" in told[0]
    assert "page_bytes=10000, previews=True" in told[1]


def test_nobody_waits_longer_or_shows_more_than_any_host() -> None:
    assert all(host.page_bytes <= ANY.page_bytes for host in HOSTS.values())
    assert all(host.wait_seconds is None or host.wait_seconds < 45 for host in HOSTS.values())
