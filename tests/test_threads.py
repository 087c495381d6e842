"""Long texts are worked on beside the event loop, so that no other call waits for them."""

import sys
import threading
from typing import Any

import anyio
import anyio.to_thread
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextResourceContents

from gemini_interactions_mcp.core import offloading
from gemini_interactions_mcp.core.redaction import Redactor
from gemini_interactions_mcp.models.interactions import Citation
from gemini_interactions_mcp.server import resources
from gemini_interactions_mcp.server.outgoing import OutgoingRedactor
from gemini_interactions_mcp.settings import Settings
from reading import LEGACY, call, text_of
from test_tools_hosts import stored

LONG = "# Part\n\n" + "Some words of a text that is long. " * 10_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", [LONG, "語" * 300_000, "# a\n" * 80_000, '{"a": [\n' + "1,\n" * 100_000 + "1]}"], ids=len
)
@LEGACY
async def test_other_calls_are_answered_while_a_long_answer_is_read(
    settings: Settings, client: Client, text: str
) -> None:
    await stored(
        settings, {"text": text, "interaction_id": "v1_long", "citations": (Citation(url="https://a", end=3),)}
    )
    results: list[CallToolResult] = []

    async def read(**more: Any) -> None:
        results.append(await call(client, "read_interaction", interaction_id="v1_long", **more))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            with offloading.OFFLOAD_LOCK:
                tasks.start_soon(read)
                for _ in range(5):
                    await call(client, "list_interactions")
                assert results == []
    assert text_of(results[0]).startswith("interaction_id: v1_long\n")
    assert "Page 1 of " in text_of(results[0])


@pytest.mark.slow
@LEGACY
async def test_other_calls_are_answered_while_a_long_resource_is_read(settings: Settings, client: Client) -> None:
    await stored(settings, {"text": LONG, "interaction_id": "v1_long"})
    texts: list[str] = []

    async def read(address: str) -> None:
        (contents,) = (await client.read_resource(address)).contents
        assert isinstance(contents, TextResourceContents)
        texts.append(contents.text)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            with offloading.OFFLOAD_LOCK:
                for address in ("gemini://interactions/v1_long", "gemini://interactions/v1_long/data"):
                    tasks.start_soon(read, address)
                tasks.start_soon(client.list_resources)
                await call(client, "list_interactions")
                assert texts == []
    assert all(text.count("Some words") == 10_000 for text in texts)


@LEGACY
async def test_an_answer_that_is_too_long_for_a_resource_says_how_it_is_read(
    settings: Settings, client: Client
) -> None:
    text = "word " * (resources.RESOURCE_TEXT_CHARACTERS // 5 + 1)
    await stored(settings, {"text": text, "interaction_id": "v1_long"})
    for address in ("gemini://interactions/v1_long", "gemini://interactions/v1_long/data"):
        with pytest.raises(MCPError, match=r'at most 2,097,152: read_interaction\(interaction_id="v1_long"\) reads it'):
            await client.read_resource(address)
    listed = [each for each in (await client.list_resources()).resources if each.name == "v1_long"]
    assert [each.size for each in listed] == [None]
    last = await call(client, "read_interaction", interaction_id="v1_long", section="")
    assert "Page 1 of " in text_of(last)


async def test_a_call_that_is_cancelled_does_not_wait_for_the_work() -> None:
    begun, going_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        going_on.wait(5)
        ended.set()

    async def hear_and_cancel(scope: anyio.CancelScope) -> None:
        await anyio.to_thread.run_sync(begun.wait, 5)
        scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hear_and_cancel, tasks.cancel_scope)
        tasks.start_soon(offloading.offload_if_large, offloading.LARGE_TEXT_CHARACTERS + 1, work)
    assert not ended.is_set()
    going_on.set()
    assert await anyio.to_thread.run_sync(ended.wait, 5)


async def test_work_on_long_texts_is_done_one_after_the_other_and_leaves_no_trace() -> None:
    before = sys.getswitchinterval()
    intervals: list[float] = []

    def work() -> bool:
        intervals.append(sys.getswitchinterval())
        return offloading.OFFLOAD_LOCK.locked()

    alone: list[bool] = []

    async def one() -> None:
        alone.append(await offloading.offload_if_large(offloading.LARGE_TEXT_CHARACTERS + 1, work))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(one)
    assert alone == [True] * 5
    assert intervals == [pytest.approx(offloading.SWITCH_INTERVAL_SECONDS)] * 5
    assert sys.getswitchinterval() == before
    with pytest.raises(ZeroDivisionError):
        await offloading.offload_if_large(offloading.LARGE_TEXT_CHARACTERS + 1, lambda: 1 // 0)
    assert sys.getswitchinterval() == before
    assert not await offloading.offload_if_large(1, work)


@pytest.mark.slow
async def test_a_long_resource_is_redacted_beside_the_event_loop(
    settings: Settings, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stored(settings, {"text": LONG, "interaction_id": "v1_long"})
    inside: list[bool] = []
    loop = threading.get_ident()

    def seen(cleaner: OutgoingRedactor, value: Any) -> Any:
        if isinstance(value, str) and len(value) > offloading.LARGE_TEXT_CHARACTERS:
            inside.append(threading.get_ident() == loop)
        return Redactor.__call__(cleaner, value)

    monkeypatch.setattr(OutgoingRedactor, "__call__", seen)
    await client.read_resource("gemini://interactions/v1_long")
    assert inside == [False]
