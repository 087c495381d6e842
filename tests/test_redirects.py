"""Resolving redirect links: only Google is asked, in parallel, and unresolved links stay as they are."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
from anyio.abc import SocketAttribute, SocketStream

from conftest import FAST
from gemini_interactions_mcp.api import redirects
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.models.interactions import Citation


async def test_links_of_others_are_left_alone(emulator: Emulator, url: str) -> None:
    links = (f"{url}/other/1", "https://vertexaisearch.cloud.google.com/else", "https://example.com/")
    found = tuple(Citation(url=link) for link in links)
    assert await redirects.resolve_redirects(found, FAST, url) == found
    assert await redirects.resolve_redirects(found, FAST) == found
    assert emulator.requests == []


async def test_each_link_is_asked_for_once_and_every_citation_of_it_is_told(emulator: Emulator, url: str) -> None:
    link = f"{url}/grounding-api-redirect/7"
    found = await redirects.resolve_redirects(
        [Citation(url=link, start=0, end=1), Citation(url=link, start=2, end=3)], FAST, url
    )
    assert [each.resolved for each in found] == ["https://example.com/emulated/source/7"] * 2
    assert [each.url for each in found] == [link] * 2
    assert len(emulator.requests) == 1
    assert await redirects.resolve_redirects(found, FAST, url) == found
    assert len(emulator.requests) == 1


@asynccontextmanager
async def answering(*answers: str | None) -> AsyncGenerator[str]:
    """Run a server that answers the n-th link with this head; with None, never."""

    async def answer(stream: SocketStream) -> None:
        async with stream:
            path = (await stream.receive()).split()[1].decode()
            given = answers[int(path.rpartition("/")[2])]
            if given is None:
                await anyio.sleep_forever()
            await stream.send(f"HTTP/1.1 {given}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        yield f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        tasks.cancel_scope.cancel()


async def test_what_is_no_answer_leaves_a_link_as_it_is() -> None:
    heads = (
        "302 Found\r\nLocation: https://a.example/",
        "302 Found\r\nLocation: javascript:alert(1)",
        "404 Not Found\r\nLocation: https://b.example/",
        "302 Found",
        "302 Found\r\nLocation: https://[bad",
        "nonsense",
        None,
    )
    async with answering(*heads) as url:
        links = [Citation(url=f"{url}/grounding-api-redirect/{number}") for number in range(len(heads))]
        found = await redirects.resolve_redirects(links, replace(FAST, all_redirects=0.5), url)
    assert [each.resolved for each in found] == ["https://a.example/", "", "", "", "", "", ""]


async def test_a_link_that_is_none_is_left_alone(url: str) -> None:
    found = (Citation(url=f"{url}/grounding-api-redirect/\x07"),)
    assert await redirects.resolve_redirects(found, FAST, url) == found


async def test_without_a_network_all_links_stay() -> None:
    url = "http://127.0.0.1:9"
    found = (Citation(url=f"{url}/grounding-api-redirect/1"),)
    assert await redirects.resolve_redirects(found, FAST, url) == found
