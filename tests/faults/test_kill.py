"""A server that is killed at any stage of an ask: what was paid for is read by the next one."""

from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from gemini_interactions_mcp.emulator import Emulator, Fault
from wired import MODERN, PATIENCE, environment, journal, let_leases_run_out, wired

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("after", [1, 3, 6])
async def test_an_ask_whose_server_is_killed_in_mid_stream_is_read_by_the_next(
    after: int, tmp_path: Path, url: str, emulator: Emulator
) -> None:
    env = environment(tmp_path, url)
    emulator.faults.append(stalled := Fault("stream", "stall", after=after))
    async with wired(env) as server:
        await server.open(MODERN)
        server.request("tools/call", name="gemini_ask", arguments={"prompt": "Which way does the river run?"})
        with anyio.fail_after(PATIENCE):
            await stalled.reached.wait()
            while None in journal(tmp_path):
                await anyio.lowlevel.checkpoint()
        server.process.kill()
        assert await server.ended() != 0
    (interaction_id,) = emulator.interactions
    let_leases_run_out(tmp_path)
    async with wired(env) as server:
        await server.open(MODERN)
        answer = await server.said("read_interaction", interaction_id=interaction_id, wait_seconds=20)
    assert "Which way does the river run?" in answer
    assert journal(tmp_path) == {interaction_id: "completed"}
    assert len(emulator.creates) == 1


async def test_a_server_killed_with_the_answer_on_its_way_leaves_it_readable_by_its_label(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    """Nobody was told the id: what can be said is that it may have been paid for."""
    env = environment(tmp_path, url)
    emulator.faults.append(stalled := Fault("create", "stall"))
    async with wired(env) as server:
        await server.open(MODERN)
        server.request("tools/call", name="gemini_ask", arguments={"prompt": "Which way does the river run?"})
        with anyio.fail_after(PATIENCE):
            await stalled.reached.wait()
        server.process.kill()
        assert await server.ended() != 0
    stalled.release.set()
    async with wired(env) as server:
        await server.open(MODERN)
        listed = await server.call("list_interactions", status="unknown")
        (row,) = listed["structuredContent"]["interactions"]
        told = await server.call("read_interaction", interaction_id=row["interaction_id"])
    assert told["isError"] is True
    assert "Google may have taken the request" in told["content"][0]["text"]
    assert len(emulator.creates) == 1
