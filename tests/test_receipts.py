"""An answer whose client has gone before it was sent: who asks again gets it, and nothing is bought twice."""

import json
import socket
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from starlette.types import Message, Receive, Scope, Send

from gemini_interactions_mcp.core.receipts import Receipt, note_handed_over, noting_in
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.runs.runs import Runs
from gemini_interactions_mcp.server.identity import RECEIPT_KEY
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.transports.access import ServingOptions
from gemini_interactions_mcp.transports.receipts import Receipts
from teaming import ACCEPT, Team, team
from wired import MODERN, envelope

OPEN = ServingOptions(port=0, authenticated=False)
QUESTION = "Why is the sky blue?"


def speak(served: Team) -> socket.socket:
    """Ask over a connection of our own, as a proxy does that may die."""
    params = {"name": "gemini_ask", "arguments": {"prompt": QUESTION}} | envelope()
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    told = {"host": "127.0.0.1", "content-type": "application/json", "content-length": str(len(body))}
    protocol = {"mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": "gemini_ask"}
    lines = [f"{name}: {value}" for name, value in (ACCEPT | told | protocol).items()]
    connection = socket.create_connection(("127.0.0.1", served.web.base_url.port or 0))
    connection.sendall("\r\n".join(["POST /mcp HTTP/1.1", *lines, "", body]).encode())
    return connection


@pytest.fixture
def at_delivery(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What happens as soon as an answer counts as delivered."""
    steps: list[Callable[[], object]] = []
    deliver = Runs.deliver

    def deliver_and_act(self: Runs, run: Any) -> None:
        deliver(self, run)
        while steps:
            steps.pop()()

    monkeypatch.setattr(Runs, "deliver", deliver_and_act)
    return steps


async def test_an_answer_that_a_proxy_takes_with_it_is_not_bought_again(
    settings: Settings, emulator: Emulator, at_delivery: list[Callable[[], object]]
) -> None:
    delivered = anyio.Event()
    async with team(settings, OPEN) as served:
        connection = speak(served)
        at_delivery += [delivered.set, connection.close]
        with anyio.fail_after(10):
            await delivered.wait()
        await anyio.sleep(0.2)
        again = await served.send("tools/call", name="gemini_ask", arguments={"prompt": QUESTION})
        assert "Nothing new was sent or charged" in again.text
        assert len(emulator.creates) == 1
        await served.send("tools/call", name="gemini_ask", arguments={"prompt": QUESTION})
        assert len(emulator.creates) == 2


# A request and its answer -------------------------------------------------------------------------------


async def answer(leaves: str, parts: list[Message]) -> tuple[list[Message], list[str]]:
    """What is sent and taken back where the client leaves `before` the end of the answer, `after` it, or `never`."""
    taken: list[str] = []
    sent: list[Message] = []
    gone = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        with noting_in(scope[RECEIPT_KEY]):
            note_handed_over(lambda: taken.append("answer"))
        if leaves == "before":
            gone.set()
        for part in parts:
            await send(part)

    received = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if received:
            return received.pop()
        if not gone.is_set():  # as uvicorn, which waits for nothing then
            await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await Receipts(app)({"type": "http", "method": "POST"}, receive, send)
    return sent, taken


START: Message = {"type": "http.response.start", "status": 200, "headers": []}
MORE: Message = {"type": "http.response.body", "body": b"data", "more_body": True}
END: Message = {"type": "http.response.body", "body": b""}


@pytest.mark.parametrize(
    ("leaves", "parts", "taken"),
    [
        ("never", [START, MORE, END], []),
        ("before", [START, MORE, END], ["answer"]),
        ("never", [START, MORE], ["answer"]),
        ("never", [], ["answer"]),
        ("before", [START, END], ["answer"]),
    ],
)
async def test_what_was_not_sent_is_taken_back(leaves: str, parts: list[Message], taken: list[str]) -> None:
    sent, found = await answer(leaves, parts)
    assert (sent, found) == (parts, taken)


async def test_what_is_taken_back_once_is_not_again_and_without_a_receipt_nothing_is_noted() -> None:
    taken: list[int] = []
    receipt = Receipt()
    with noting_in(receipt):
        note_handed_over(lambda: taken.append(1))
        note_handed_over(lambda: taken.append(2))
    note_handed_over(lambda: taken.append(3))
    receipt.take_back()
    receipt.take_back()
    assert taken == [2, 1]
