"""Shared by the tests of consent: a user who is asked, and hosts that ask."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp_types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult

from conftest import FAST, Mode
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from tasking import Answer, CallRequest, Json

DECLINED = "The user was asked and declined: nothing was started and nothing is charged.\n"
UNANSWERED = (
    "Nobody answered the question: the host closed it without showing it, or the user dismissed it. Nothing was "
    "started and nothing is charged. GEMINI_MCP_CONFIRM makes this server ask before it pays; the user can set it to "
    "never, or to an amount such as above:0.50.\n"
)
ESTIMATE = (
    "Estimated cost: $1.00 to $3.00; it usually takes 5 to 20 minutes, 60 at most (Google, "
    "https://ai.google.dev/gemini-api/docs/deep-research)."
)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Midnight does not come in the middle of a test."""
    for module in (clock, intents):
        monkeypatch.setattr(module, "now", lambda: datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


class User:
    """A user who is asked.

    Attributes:
        asked: The messages that were shown.
        thinking: What happens before the answer.
    """

    def __init__(self, action: str = "accept", **content: object) -> None:
        self.asked: list[str] = []
        self.thinking: Callable[[], object] = lambda: None
        self._answer = ElicitResult.model_validate({"action": action, "content": content or None})

    async def answer(self, context: object, params: ElicitRequestParams) -> ElicitResult:
        del context
        assert isinstance(params, ElicitRequestFormParams)
        assert set(params.requested_schema["properties"]) == {"start"}
        self.asked.append(params.message)
        self.thinking()
        return self._answer


@asynccontextmanager
async def host(
    settings: Settings, mode: Mode, answer: ElicitationFnT | None, timing: Timing = FAST, **changes: Any
) -> AsyncGenerator[Client]:
    """A host whose user answers like this."""
    server = build_server(settings.model_copy(update={"confirm": Confirmation(0)} | changes), timing)
    async with Client(server, mode=mode, cache=None, elicitation_callback=answer) as client:
        yield client


@asynccontextmanager
async def strict(
    settings: Settings, mode: Mode, user: User, timing: Timing = FAST, **changes: Any
) -> AsyncGenerator[Client]:
    """A host of a server that uploads what has more than a thousand bytes."""
    async with host(settings, mode, user.answer, timing, **{"inline_bytes": 1_000} | changes) as client:
        yield client


async def round_of(
    client: Client, tool: str, action: str | None = None, state: object = None, **arguments: object
) -> Json:
    """A call as a client of 2026-07-28 sends it, without or with an answer."""
    params: Json = {"name": tool, "arguments": {"prompt": "Bicycles", **arguments}}
    if action:
        params["inputResponses"] = {"consent": {"action": action, "content": {"start": True}}}
    if state:
        params["requestState"] = state
    return (await client.session.send_request(CallRequest(method="tools/call", params=params), Answer)).root
