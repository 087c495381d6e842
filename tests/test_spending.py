"""Limits in dollars: what is reserved before a request is sent, what replaces it, and what is refused."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import anyio
import pytest
from mcp import Client

from conftest import FAST
from faults.world import PATIENCE, QUICK, World, over, world
from gemini_interactions_mcp.core.errors import DailyLimitError, GeminiMCPError, SpendingLimitError
from gemini_interactions_mcp.emulator import Emulator, Fault, interactions
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.journal.limits import Limits, SpendingLimit
from gemini_interactions_mcp.models.interactions import Record, Request, Terms, Usage
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from journaling import NOON, Clock, record
from reading import text_of

ASK = Request(kind="ask", prompt="Which rivers?", model="gemini-3.8-flash", max_output_tokens=1_000)
RESEARCH = Request(
    kind="research",
    prompt="Rivers",
    agent="deep-research-preview-04-2026",
    agent_config={"type": "deep-research", "thinking_summaries": "auto", "visualization": "off"},
)
DOLLAR = 1_000_000
MIDNIGHT = NOON.replace(hour=0)
TODAY = SpendingLimit(DOLLAR, MIDNIGHT, MIDNIGHT + timedelta(days=1), "GEMINI_MCP_DOLLARS_PER_DAY")


def limited(settings: Settings, dollars: str, *, month: bool = False) -> Settings:
    field = "dollars_per_month" if month else "dollars_per_day"
    return settings.model_copy(update={field: Decimal(dollars)})


async def row(here: World, label: str) -> Record:
    found = await here.journal.find(label)
    assert found is not None
    return found


async def is_counted(here: World, label: str) -> bool:
    return (await row(here, label)).usage is not None


# The journal ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({}, True),
        ({"kind": "research"}, True),
        ({"status": "completed", "interaction_id": "v1_a"}, True),
        ({"status": "failed", "interaction_id": "v1_a"}, True),
        ({"created_at": MIDNIGHT}, True),
        ({"status": "failed"}, False),
        ({"status": "cancelled"}, False),
        ({"origin": "foreign", "interaction_id": "v1_a"}, False),
        ({"created_at": MIDNIGHT - timedelta(microseconds=1)}, False),
        ({"cost_micros": None}, False),
    ],
)
async def test_a_limit_counts_what_may_have_been_paid(
    journal: Journal, clock: Clock, fields: dict[str, Any], counts: bool
) -> None:
    await journal.insert(record("1", **{"cost_micros": DOLLAR} | fields))
    wanted = record("2", cost_micros=1)
    if counts:
        with pytest.raises(SpendingLimitError, match=r"allows \$1\.00, of which \$0\.00 is left"):
            await journal.insert_once(wanted, None, spending=[TODAY])
        assert await journal.find("2") is None
    else:
        assert await journal.insert_once(wanted, None, spending=[TODAY]) is None


async def test_beyond_the_whole_limit_nobody_is_told_to_wait(journal: Journal, clock: Clock) -> None:
    with pytest.raises(SpendingLimitError, match="more than the whole limit, so waiting does not help") as refusal:
        await journal.insert_once(record("1", cost_micros=DOLLAR + 1), None, spending=[TODAY])
    assert "renews" not in str(refusal.value)
    await journal.insert_once(record("2", cost_micros=DOLLAR - 1), None, spending=[TODAY])
    with pytest.raises(SpendingLimitError, match=r"The limit renews on 2026-03-02 at 00:00 UTC, in 12 h 0 min"):
        await journal.insert_once(record("3", cost_micros=DOLLAR), None, spending=[TODAY])


async def test_a_request_may_use_a_limit_up_and_no_more(journal: Journal) -> None:
    assert await journal.insert_once(record("1", cost_micros=DOLLAR - 1), None, spending=[TODAY]) is None
    with pytest.raises(SpendingLimitError):
        await journal.insert_once(record("2", cost_micros=2), None, spending=[TODAY])
    assert await journal.insert_once(record("3", cost_micros=1), None, spending=[TODAY]) is None


@pytest.mark.parametrize(
    ("fields", "remedy"),
    [
        (
            {"model": "gemini-x"},
            "gemini://models lists the models and agents with known prices; the user can add a price",
        ),
        (
            {"model": "gemini-x", "kind": "image"},
            "gemini://models/data lists as image_tokens the image sizes whose cost ",
        ),
        ({"agent": "my-agent", "kind": "research"}, "Give budget_tokens, which limits what an agent uses."),
        (
            {"agent": "my-agent", "kind": "research", "terms": Terms(max_total_tokens=1_000)},
            "gemini://models lists the models and agents with known prices; the user can add a price",
        ),
    ],
)
async def test_without_a_known_price_nothing_is_sent_under_a_limit(
    journal: Journal, fields: dict[str, Any], remedy: str
) -> None:
    name = fields.get("agent") or fields["model"]
    said = f"What this request to {name} may cost is not known, so GEMINI_MCP_DOLLARS_PER_DAY cannot be kept"
    with pytest.raises(SpendingLimitError, match=re.escape(f"{said}: nothing was sent. {remedy}")):
        await journal.insert_once(record("1", **fields), None, spending=[TODAY])
    assert await journal.insert_once(record("1", **fields), None) is None


async def test_deleting_gives_nothing_back(journal: Journal, clock: Clock) -> None:
    await journal.insert(record("1", cost_micros=DOLLAR, interaction_id="v1_a", status="completed"))
    await journal.delete("1")
    assert (await journal.spending()).today == DOLLAR
    with pytest.raises(SpendingLimitError):
        await journal.insert_once(record("2", cost_micros=1), None, spending=[TODAY])


async def test_pruning_gives_nothing_back_before_the_month_has_ended(journal: Journal, clock: Clock) -> None:
    fields = {"cost_micros": 7, "interaction_id": "v1_a", "status": "completed", "prompt": "private"}
    clock.now = NOON + timedelta(days=20)
    await journal.insert(record("1", **fields))
    await journal.prune(clock.now - timedelta(days=1))
    assert await journal.find("1") is None
    assert (await journal.spending()).month == 7
    clock.now = NOON + timedelta(days=40)
    assert (await journal.spending()).month == 0
    assert await journal.prune(clock.now - timedelta(days=1)) == 1


async def test_the_day_and_the_month_are_those_of_utc(journal: Journal, clock: Clock) -> None:
    clock.now = NOON.replace(day=31)
    limits = Limits(micros_per_day=10, micros_per_month=20)
    spending = limits.list_spending_limits(clock.now)
    first = record("1", cost_micros=9, created_at=clock.now)
    assert await journal.insert_once(first, None, spending=spending) is None
    clock.now += timedelta(hours=12)
    day, month = limits.list_spending_limits(clock.now)
    assert (day.since, month.since) == (clock.now, clock.now)
    assert (day.until, month.until) == (clock.now + timedelta(days=1), clock.now.replace(month=5))
    assert (await journal.spending())[:2] == (0, 0)


async def test_a_request_from_before_midnight_counts_for_the_day_that_was(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = MIDNIGHT + timedelta(hours=23, minutes=59, seconds=59)
    month_end = clock.now.replace(day=31)
    for end, month in ((clock.now, False), (month_end, True)):
        clock.now = end
        async with world(limited(settings, "1", month=month)) as here:
            await here.journal.insert(record(str(end), cost_micros=DOLLAR, created_at=end))

            async def wait_for_midnight(*_: object, end: datetime = end) -> list[Record]:
                clock.now = end + timedelta(seconds=1)
                return []

            monkeypatch.setattr(here.journal, "undelivered", wait_for_midnight)
            with pytest.raises(SpendingLimitError, match=r"of which \$0\.00 is left"):
                await here.runs.start_or_attach(ASK)


async def test_a_research_request_from_before_midnight_counts_for_the_day_that_was(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = MIDNIGHT + timedelta(hours=23, minutes=59, seconds=59)
    build = intents.build_intent

    def build_at_midnight(*given: Any) -> Record:
        made = build(*given)
        clock.now = MIDNIGHT + timedelta(days=1)
        return made

    async with world(settings.model_copy(update={"runs_per_day": 1})) as here:
        await here.journal.insert(record("1", kind="research", created_at=clock.now))
        monkeypatch.setattr(intents, "build_intent", build_at_midnight)
        with pytest.raises(DailyLimitError):
            await here.runs.start_once(RESEARCH)


# What requests reserve ------------------------------------------------------------------------------------


async def test_the_real_cost_replaces_what_was_reserved(settings: Settings) -> None:
    async with world(limited(settings, "1")) as here:
        run = await here.runs.start(ASK)
        reserved = (await row(here, run.record.label)).cost_micros
        assert reserved is not None
        assert reserved >= 1_000 * 3.75
        settled = (await over(run)).record
        assert settled.usage is not None
        tokens = settled.usage
        paid = tokens.total_input_tokens * 0.75 + (tokens.total_output_tokens + tokens.total_thought_tokens) * 3.75
        assert settled.cost == settled.cost_micros == (await row(here, run.record.label)).cost_micros
        assert settled.cost == pytest.approx(paid, abs=1)
        assert (await here.runs.spending()).today == settled.cost


@pytest.mark.usual_wire("the counts come in the stream, which is all that there is of what is not kept")
@pytest.mark.parametrize("store", [True, False])
async def test_a_tier_is_cheaper_whether_or_not_google_keeps_the_answer(settings: Settings, store: bool) -> None:
    async with world(settings) as here:
        costs = [
            (await here.ended(ASK.model_copy(update={"store": store, "service_tier": tier}))).record.cost
            for tier in ("standard", "flex")
        ]
    assert None not in costs
    assert costs[1] == pytest.approx((costs[0] or 0) / 2, abs=1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429])
async def test_what_google_has_refused_gives_its_reservation_back(
    settings: Settings, emulator: Emulator, status: int
) -> None:
    emulator.faults.append(Fault("create", "http", times=9, http_status=status))
    async with world(limited(settings, "1")) as here:
        run = await here.ended(ASK)
        assert isinstance(run.error, GeminiMCPError)
        assert run.record.cost == 0
        assert (await here.runs.spending()).today == 0


async def test_what_may_have_been_taken_keeps_its_reservation(settings: Settings, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "drop_taken"))
    async with world(limited(settings, "1")) as here:
        run = await here.ended(ASK)
        assert run.record.cost is None
        assert (await here.runs.spending()).today == run.record.cost_micros != 0


@pytest.mark.parametrize("refused", [True, False])
async def test_what_is_stopped_before_it_is_sent_again_gives_its_reservation_back(
    settings: Settings, emulator: Emulator, refused: bool
) -> None:
    wait = Fault("create", "http", http_status=429, headers={"retry-after": "30"})
    hold = Fault("create", "hold")
    emulator.faults.append(wait if refused else hold)
    async with world(limited(settings, "1")) as here:
        run = await here.runs.start(ASK.model_copy(update={"store": False}))
        with anyio.fail_after(PATIENCE):
            while not (run.waiting if refused else hold.reached.is_set()):  # noqa: ASYNC110 - nothing tells it
                await anyio.sleep(0.01)
        await here.runs.cancel(run.record.label)
        await over(run)
        assert run.record.status == "cancelled"
        assert ((await here.runs.spending()).today == 0) == refused
        assert run.record.cost == (0 if refused else None)


async def test_research_reserves_the_upper_end_of_googles_range(settings: Settings, emulator: Emulator) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with world(limited(settings, "3.5")) as here:
        run, _ = await here.runs.start_once(RESEARCH)
        assert run.record.cost_micros == 3 * DOLLAR
        with pytest.raises(SpendingLimitError, match=r"may cost up to \$3\.00\. Nothing was sent"):
            await here.runs.start_once(RESEARCH.model_copy(update={"prompt": "Lakes"}))
        assert (await here.runs.start_once(RESEARCH))[1] is False
        held.release.set()
        await over(run)
    assert len(emulator.interactions) == 1


async def test_token_counts_that_come_late_replace_the_reservation(settings: Settings, emulator: Emulator) -> None:
    emulator.faults += [Fault("create", "no_usage"), Fault("get", "no_usage")]
    async with world(limited(settings, "1"), replace(QUICK, usage_lag=(0.05, 0.05))) as here:
        run = await here.ended(ASK)
        assert run.record.cost is None
        with anyio.fail_after(PATIENCE):
            while not await is_counted(here, run.record.label):  # noqa: ASYNC110 - the journal tells nobody
                await anyio.sleep(0.01)
        assert (await row(here, run.record.label)).cost == (await here.runs.spending()).today > 0


@pytest.mark.slow
@pytest.mark.parametrize("agent", [None, RESEARCH.agent])
async def test_a_failed_agent_keeps_its_reservation_though_google_does_not_name_it(
    settings: Settings, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, agent: str | None
) -> None:
    monkeypatch.setattr(interactions, "represent_interaction", name_agent(interactions.represent_interaction, agent))
    monkeypatch.setattr(interactions, "summarize_interaction", name_agent(interactions.summarize_interaction, agent))
    emulator.faults += [Fault("create", "status", run_status="failed"), Fault("get", "http", times=99)]
    async with world(limited(settings, "5")) as here:
        run, _ = await here.runs.start_once(RESEARCH)
        assert (await over(run)).record.status == "failed"
        assert (await row(here, run.record.label)).cost_micros == 3 * DOLLAR


def name_agent(represent: Callable[..., dict[str, Any]], agent: str | None) -> Callable[..., dict[str, Any]]:
    """The resource of an interaction, with this agent and without its token counts."""

    def represent_named(*given: Any, **options: Any) -> dict[str, Any]:
        told = {name: value for name, value in represent(*given, **options).items() if name not in ("agent", "usage")}
        return told | ({"agent": agent} if agent else {})

    return represent_named


@pytest.mark.parametrize(
    "counted",
    [
        {"total_tokens": 30},
        {"total_input_tokens": -10, "total_output_tokens": -20, "total_tokens": -30},
        # More than a journal can sum.
        {"total_input_tokens": 2**62, "total_output_tokens": 2**62, "total_tokens": 2**62},
    ],
)
async def test_counts_that_have_no_price_leave_the_reservation_and_the_cost_unknown(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, counted: dict[str, int]
) -> None:
    monkeypatch.setattr(interactions.EmulatedInteraction, "usage", counted)
    async with world(limited(settings, "1")) as here:
        run = await here.ended(ASK)
        found = await row(here, run.record.label)
        assert (found.status, found.text) == ("completed", run.record.text)
        assert (found.cost, run.record.cost) == (None, None)
        assert (await here.runs.spending()).today == found.cost_micros != 0
        (report,) = await here.journal.usage("day")
        assert (report.total.priced, report.total.reserved_micros) == (0, found.cost_micros)
        await here.journal.delete(run.record.label)
        assert await here.journal.usage("day") == [report]


# Through the tools ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("month", [False, True])
async def test_over_the_limit_nothing_is_sent_and_the_answer_says_what_is_left(
    settings: Settings, emulator: Emulator, month: bool
) -> None:
    async with Client(build_server(limited(settings, "0.01", month=month), FAST), cache=None) as client:
        result = await client.call_tool("gemini_ask", {"prompt": "Which rivers?"})
    said = text_of(result)
    assert result.is_error
    assert f"GEMINI_MCP_DOLLARS_PER_{'MONTH' if month else 'DAY'} allows $0.01, of which $0.01 is left" in said
    assert "Nothing was sent" in said
    assert not emulator.interactions


def test_a_cost_is_told_once_it_is_known() -> None:
    running = record("1", cost_micros=5)
    assert running.cost is None
    assert running.model_copy(update={"status": "completed"}).cost is None
    assert running.model_copy(update={"status": "completed", "usage": Usage()}).cost is None
    assert running.model_copy(update={"status": "completed", "usage": Usage(total_tokens=1)}).cost == 5
