"""Asking before spending: where a setting wants it and the host can ask; and a limit for each day."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp_types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult

from conftest import FAST, Mode
from gemini_interactions_mcp import consent, records
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.models import Record, Request
from gemini_interactions_mcp.server import build_server
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.store import Journal
from reading import MODERN, call, complaint, id_of, newest, posts, text_of

DECLINED = "The user was asked and declined: nothing was started and nothing is charged.\n"
ESTIMATE = "It takes 5 to 20 minutes as a rule and 60 at the most, and costs about 1 to 3 dollars"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Midnight does not come in the middle of a test."""
    monkeypatch.setattr(records, "now", lambda: datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


class User:
    """Somebody who is asked.

    Attributes:
        asked: The messages that were shown.
    """

    def __init__(self, action: str = "accept", **content: bool) -> None:
        self.asked: list[str] = []
        self._answer = ElicitResult.model_validate({"action": action, "content": content or None})

    async def answer(self, context: object, params: ElicitRequestParams) -> ElicitResult:
        del context
        assert isinstance(params, ElicitRequestFormParams)
        assert set(params.requested_schema["properties"]) == {"start"}
        self.asked.append(params.message)
        return self._answer


@asynccontextmanager
async def host(settings: Settings, mode: Mode, answer: ElicitationFnT | None, **changes: Any) -> AsyncGenerator[Client]:
    """A host whose user answers like this."""
    server = build_server(settings.model_copy(update={"confirm": True} | changes), FAST)
    async with Client(server, mode=mode, cache=None, elicitation_callback=answer) as client:
        yield client


# Asking --------------------------------------------------------------------------------------------------


async def test_the_user_is_shown_agent_time_cost_and_count_before_a_run_starts(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    user = User(start=True)
    async with host(settings, mode, user.answer, runs_per_day=5) as client:
        result = await call(client, "start_research", prompt="Bicycles")
        assert id_of(result) == newest(emulator).id
        await call(client, "start_research", prompt="Cars")
    first, second = user.asked
    assert first.startswith("Have deep-research-preview-04-2026 research: “Bicycles”?\n")
    assert f"{ESTIMATE} (Google's estimates: https://ai.google.dev/gemini-api/docs/deep-research)." in first
    assert "Research requests sent today (UTC): 0 of 5." in first
    assert "Research requests sent today (UTC): 1 of 5." in second
    assert posts(emulator) == 2


@pytest.mark.parametrize("user", [User("decline"), User("cancel"), User(start=False)], ids=["no", "closed", "not now"])
async def test_nothing_is_started_when_the_user_declines(
    settings: Settings, emulator: Emulator, mode: Mode, user: User
) -> None:
    async with host(settings, mode, user.answer) as client:
        assert text_of(await call(client, "start_research", prompt="Bicycles")) == DECLINED
        listed = await call(client, "list_interactions")
        assert text_of(listed) == "No interactions found.\n"
    assert posts(emulator) == 0


async def test_a_host_that_cannot_ask_just_runs(settings: Settings, emulator: Emulator, mode: Mode) -> None:
    async with host(settings, mode, None) as client:
        await call(client, "start_research", prompt="Bicycles")
    assert posts(emulator) == 1


@MODERN
async def test_nobody_is_asked_unless_the_setting_wants_it(settings: Settings, emulator: Emulator, mode: Mode) -> None:
    user = User("decline")
    async with host(settings, mode, user.answer, confirm=False) as client:
        await call(client, "start_research", prompt="Bicycles")
    assert (user.asked, posts(emulator)) == ([], 1)


async def test_the_same_request_again_starts_nothing_and_asks_nobody_but_force_does(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    user = User(start=True)
    async with host(settings, mode, user.answer) as client:
        for _ in range(2):
            await call(client, "start_research", prompt="Bicycles")
        assert (len(user.asked), posts(emulator)) == (1, 1)
        await call(client, "start_research", prompt="Bicycles", force=True)
    assert (len(user.asked), posts(emulator)) == (2, 2)


@MODERN
async def test_what_cannot_be_sent_is_told_without_asking(settings: Settings, emulator: Emulator, mode: Mode) -> None:
    user = User("decline")
    async with host(settings, mode, user.answer) as client:
        assert "`prompt` is empty" in await complaint(client, "start_research", prompt=" ")
    async with host(settings, mode, user.answer, api_key=None) as client:
        assert "key" in await complaint(client, "start_research", prompt="Bicycles")
    assert (user.asked, posts(emulator)) == ([], 0)


@pytest.mark.parametrize(
    ("agent", "plan", "said"),
    [
        ("deep-research-preview-04-2026", False, "costs about 1 to 3 dollars"),
        ("deep-research-max-preview-04-2026", False, "costs about 3 to 7 dollars"),
        (
            "deep-research-max-preview-04-2026",
            True,
            "names no price for it. Running it is asked for separately.",
        ),
        ("antigravity-preview-09-2026", False, "Google names no time or price for this agent."),
    ],
)
def test_an_estimate_is_googles_or_none(agent: str, plan: bool, said: str) -> None:
    request = Request(kind="research", prompt="x", agent=agent, agent_config={"collaborative_planning": plan})
    assert said in consent.question(request, 0, None)


# A limit for each day ------------------------------------------------------------------------------------


async def test_over_the_limit_nothing_starts_and_the_error_says_when_it_will(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    user = User(start=True)
    async with host(settings, mode, user.answer, runs_per_day=2) as client:
        first = await call(client, "start_research", prompt="Bicycles")
        await call(client, "start_research", prompt="Cars", plan_first=True)
        said = await complaint(client, "start_research", prompt="Trains")
        assert said.startswith("The limit of 2 research runs a day (GEMINI_MCP_RUNS_PER_DAY) is used up: nothing was ")
        assert said.endswith("It works again at 00:00 UTC, in 12 h 0 min.")
        assert "limit of 2" in await complaint(client, "start_research", prompt="Bicycles", force=True)
        # The same again starts nothing, so that it may.
        assert id_of(await call(client, "start_research", prompt="Bicycles")) == id_of(first)
    assert (len(user.asked), posts(emulator)) == (2, 2)


@MODERN
async def test_only_research_of_this_day_that_google_may_have_taken_counts(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    journal = Journal(settings.database_url)
    before = records.today() - timedelta(seconds=1)
    await journal.insert(Record(label="yesterday", kind="research", created_at=before, updated_at=before))
    await journal.close()
    async with host(settings, mode, None, runs_per_day=1) as client:
        await call(client, "gemini_ask", prompt="hi")
        emulator.faults.append(Fault("create", "http", http_status=400))
        await complaint(client, "start_research", prompt="Bicycles")
        await call(client, "start_research", prompt="Bicycles")
        await complaint(client, "start_research", prompt="Cars")


def test_a_day_is_utcs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert records.today().isoformat().endswith("T00:00:00+00:00")
