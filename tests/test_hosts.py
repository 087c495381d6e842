"""Hosts, found by the name of their client in both protocol eras."""

from pathlib import Path

import pytest
from mcp import Client
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import Implementation

from conftest import FAST, Mode, make_settings
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.hosts import ANY_HOST, HOSTS, Host, choose_wait_seconds, find_host, identify_host
from gemini_interactions_mcp.settings import Settings
from reading import call, id_of, text_of


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("codex-mcp-client", HOSTS["codex-mcp-client"]),
        ("@cline/core", HOSTS["@cline/core"]),
        ("google-adk", HOSTS["google-adk"]),
        ("google-adk-2.13.0", HOSTS["google-adk"]),
        ("google-adkins", ANY_HOST),
        ("claude-code", ANY_HOST),
        ("Codex-MCP-Client", ANY_HOST),
        ("", ANY_HOST),
    ],
)
def test_a_host_is_found_by_its_name_or_the_beginning_of_a_longer_one(name: str, host: Host) -> None:
    assert find_host(name) == host


async def test_the_name_is_told_by_the_request_in_both_eras(mode: Mode) -> None:
    server = MCPServer("probe")

    @server.tool()
    def seen(ctx: Context) -> str:
        return f"{identify_host(ctx)}"

    told: list[str] = []
    for name in ("@cline/core", "somebody"):
        async with Client(server, mode=mode, client_info=Implementation(name=name, version="1")) as client:
            told.append(str((await client.call_tool("seen", {})).content))
    assert "page_bytes=7000, previews=False" in told[0]
    assert "page_bytes=10000, previews=True" in told[1]


@pytest.mark.parametrize(
    ("name", "environ", "asked", "seconds"),
    [
        ("codex-mcp-client", {}, None, 25),
        ("claude-code", {}, None, 45),
        ("codex-mcp-client", {"GEMINI_MCP_WAIT_SECONDS": "45"}, None, 45),
        ("codex-mcp-client", {"GEMINI_MCP_WAIT_SECONDS": "7"}, 0, 0),
        ("codex-mcp-client", {}, 300, 300),
        ("google-adk", {"GEMINI_MCP_WAIT_SECONDS": "3"}, None, 3),
    ],
)
async def test_a_call_waits_as_it_asks_then_as_the_user_has_set_then_as_suits_its_host(
    mode: Mode, name: str, environ: dict[str, str], asked: float | None, seconds: float, tmp_path: Path
) -> None:
    server, settings = MCPServer("probe"), Settings.from_environ({"HOME": str(tmp_path), **environ}, tmp_path)

    @server.tool(structured_output=False)
    def waited(ctx: Context) -> str:
        return f"{choose_wait_seconds(ctx, settings, asked):g}"

    async with Client(server, mode=mode, client_info=Implementation(name=name, version="1")) as client:
        assert text_of(await client.call_tool("waited", {})) == f"{seconds}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "changes", "seconds"),
    [
        ("codex-mcp-client", {}, 25),
        ("claude-code", {}, 45),
        ("codex-mcp-client", {"wait_seconds": 20}, 20),
        ("claude-code", {"wait_seconds": 20}, 20),
        ("codex-mcp-client", {"wait_seconds": 90.5}, 90.5),
        ("codex-mcp-client", {"wait_seconds": 0}, 25),
        ("claude-code", {"wait_seconds": 0}, 45),
        ("claude-code", {"wait_seconds": 3600}, 600),
    ],
)
async def test_a_model_is_told_to_wait_as_the_user_has_set_or_as_suits_its_host(
    tmp_path: Path, url: str, emulator: Emulator, mode: Mode, name: str, changes: dict[str, float], seconds: float
) -> None:
    emulator.faults.append(Fault("create", "hold", match="Why"))
    server = build_server(make_settings(tmp_path, url, **changes), FAST)
    async with Client(server, mode=mode, cache=None, client_info=Implementation(name=name, version="1")) as client:
        asked = await call(client, "gemini_ask", prompt="Why?", wait_seconds=0)
        assert f", wait_seconds={seconds}) waits for it." in text_of(asked)
        started = await call(client, "start_research", prompt="Tides [[seconds=60]]")
        assert f", wait_seconds={seconds}) waits for it." in text_of(started)
        looked = await call(client, "check_research", interaction_id=id_of(started), wait_seconds=None)
        assert f", wait_seconds={seconds}) waits for it." in text_of(looked)


def test_nobody_waits_longer_or_shows_more_than_any_host() -> None:
    assert all(host.page_bytes <= ANY_HOST.page_bytes for host in HOSTS.values())
    assert all(host.wait_seconds is None or host.wait_seconds < 45 for host in HOSTS.values())
