"""The retry rule: when a call is sent again, and which status its caller receives."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest

from conftest import ATTEMPTS, FAST
from faults.harness import fresh
from gemini_interactions_mcp.api import retry
from gemini_interactions_mcp.api.calls import Caller
from gemini_interactions_mcp.api.client import Gemini
from gemini_interactions_mcp.core.errors import (
    GeminiMCPError,
    InteractionNotFoundError,
    NetworkError,
    NoQuotaError,
    OutcomeUnknownError,
    OverloadedError,
    QuotaError,
)
from gemini_interactions_mcp.emulator import (
    Emulator,
    Fault,
    make_not_found_yet_fault,
    make_rate_limit_fault,
    make_streamed_error_fault,
    make_zero_quota_fault,
)
from gemini_interactions_mcp.models import defaults
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.settings import Settings

ASK = Request(kind="ask", prompt="Grüße", model="gemini-3.8-flash")
IMAGE = Request(kind="image", prompt="A bicycle", model="gemini-nano-banana-2.1", image={})
RESEARCH = Request(kind="research", prompt="Bees", agent=defaults.DEFAULT_RESEARCH_AGENT)
AGENT = Request(kind="research", prompt="Write", agent="antigravity-preview-09-2026", environment="remote")
BUSY = "The model is overloaded. Please try again later."


@dataclass
class Pauses:
    """Back-offs between attempts, which take no time, and status messages."""

    seconds: list[float] = field(default_factory=list[float])
    heard: list[str] = field(default_factory=list[str])


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    noted = Pauses()

    class Anyio:
        fail_after = staticmethod(anyio.fail_after)
        current_time = staticmethod(anyio.current_time)

        @staticmethod
        async def sleep(seconds: float) -> None:
            noted.seconds.append(seconds)

    monkeypatch.setattr(retry, "anyio", Anyio)
    return noted


@pytest.fixture
async def google(settings: Settings) -> AsyncGenerator[Gemini]:
    made = Gemini(settings)
    yield made
    await made.close()


async def buy(google: Gemini, request: Request, caller: Caller, *, streamed: bool = False) -> str | None:
    """Start an interaction and return its id."""
    background = request.kind != "image"
    if not streamed:
        return (await google.create(request, background=background, caller=caller)).id
    async with google.stream(request, background=background, caller=caller) as events:
        return (await anext(events)).interaction_id


def overloaded(seconds: float | None = 12, times: float = 1) -> Fault:
    headers = {} if seconds is None else {"retry-after": f"{seconds:g}"}
    return Fault("create", "http", times, http_status=503, headers=headers)


@pytest.mark.parametrize("request_", [ASK, IMAGE], ids=["ask", "image"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_an_ask_is_sent_again_after_the_delay_that_google_names(
    google: Gemini, emulator: Emulator, pauses: Pauses, request_: Request, streamed: bool
) -> None:
    emulator.faults.append(overloaded(11.2, times=2))
    assert await buy(google, request_, Caller(hear=pauses.heard.append), streamed=streamed)
    assert pauses.seconds == [11.2, 11.2]
    waiting = "Google refused it for now; trying again in 12 s; nothing is charged yet"
    assert pauses.heard == [waiting, "", waiting, ""]
    assert len(emulator.creates) == 1


@pytest.mark.parametrize(
    "fault", [overloaded(None), overloaded(3600), overloaded(1, times=9)], ids=["unnamed", "long", "often"]
)
async def test_an_ask_that_stays_refused_is_told_for_what_it_is(
    google: Gemini, emulator: Emulator, pauses: Pauses, fault: Fault
) -> None:
    emulator.faults.append(fresh(fault))
    with pytest.raises(OverloadedError, match=r"The model is overloaded .*Google does not charge failed requests \("):
        await buy(google, ASK, Caller())
    assert len(emulator.requests) <= ATTEMPTS
    assert emulator.creates == []


@pytest.mark.parametrize("request_", [RESEARCH, AGENT], ids=["research", "agent"])
@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 529])
@pytest.mark.parametrize("streamed", [False, True])
async def test_what_costs_dollars_is_never_sent_again_after_a_fault_of_the_server(
    google: Gemini, emulator: Emulator, pauses: Pauses, request_: Request, status: int, streamed: bool
) -> None:
    emulator.faults.append(Fault("create", "http", http_status=status, headers={"retry-after": "1"}))
    with pytest.raises(OutcomeUnknownError) as caught:
        await buy(google, request_, Caller(hear=pauses.heard.append), streamed=streamed)
    assert "charge failed" not in str(caught.value)
    assert "othing was charged" not in str(caught.value)
    assert (len(emulator.requests), pauses.seconds, pauses.heard) == (1, [], [])


@pytest.mark.parametrize("request_", [RESEARCH, AGENT], ids=["research", "agent"])
async def test_what_costs_dollars_is_not_sent_again_after_a_fault_that_comes_as_an_event(
    google: Gemini, emulator: Emulator, pauses: Pauses, request_: Request
) -> None:
    for code in ("service_unavailable", "api_error", "deadline_exceeded"):
        emulator.requests.clear()
        emulator.faults[:] = [make_streamed_error_fault(code, f"{BUSY} Please retry in 1s.")]
        with pytest.raises(OutcomeUnknownError):
            await buy(google, request_, Caller(), streamed=True)
        assert len(emulator.requests) == 1


@pytest.mark.parametrize("on", ["get", "cancel", "delete"])
async def test_an_overload_of_a_read_says_nothing_of_models_and_charges(
    google: Gemini, emulator: Emulator, pauses: Pauses, on: Any
) -> None:
    emulator.faults.append(Fault(on, "http", times=9, http_status=503))
    with pytest.raises(OverloadedError, match="Google is overloaded") as caught:
        await getattr(google, on)("v1_a")
    assert not {"model", "charge"} & set(str(caught.value).lower().split())
    assert "charge" not in str(caught.value)
    assert caught.value.interaction_id == "v1_a"
    assert len(emulator.requests) == ATTEMPTS


UPSTREAM = "<html><title>503 Service Unavailable</title>upstream reset before headers</html>"


@pytest.mark.slow
@pytest.mark.parametrize("body", [UPSTREAM, "", b"", "no healthy upstream", {"message": "Busy"}, [], {"error": {}}])
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529])
@pytest.mark.parametrize("request_", [ASK, IMAGE, RESEARCH], ids=["ask", "image", "research"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_what_another_than_the_api_turns_away_is_neither_sent_again_nor_told_as_uncharged(
    google: Gemini, emulator: Emulator, pauses: Pauses, request_: Request, status: int, body: Any, streamed: bool
) -> None:
    emulator.faults.append(Fault("create", "http", 9, http_status=status, body=body, headers={"retry-after": "1"}))
    with pytest.raises(OutcomeUnknownError) as caught:
        await buy(google, request_, Caller(hear=pauses.heard.append), streamed=streamed)
    assert "charge failed" not in str(caught.value)
    assert (len(emulator.requests), pauses.seconds, pauses.heard) == (1, [], [])


@pytest.mark.parametrize("body", ["", b"", UPSTREAM, {"message": "Not Found"}])
async def test_a_previous_interaction_that_another_than_the_api_does_not_find_is_not_waited_for(
    google: Gemini, emulator: Emulator, pauses: Pauses, body: Any
) -> None:
    emulator.faults.append(Fault("create", "http", 9, http_status=404, body=body))
    follow_up = ASK.model_copy(update={"previous_interaction_id": "v1_before"})
    with pytest.raises(GeminiMCPError) as caught:
        await buy(google, follow_up, Caller(previous_exists=exists))
    assert not isinstance(caught.value, InteractionNotFoundError)
    assert (len(emulator.requests), pauses.seconds) == (1, [])


@pytest.mark.parametrize("on", ["get", "cancel", "delete"])
@pytest.mark.parametrize("body", ["", UPSTREAM])
async def test_a_read_that_another_than_the_api_turns_away_is_sent_again(
    google: Gemini, emulator: Emulator, pauses: Pauses, on: Any, body: str
) -> None:
    emulator.faults.append(Fault(on, "http", 9, http_status=503, body=body))
    with pytest.raises(OverloadedError, match="Google is overloaded"):
        await getattr(google, on)("v1_a")
    assert len(emulator.requests) == ATTEMPTS


@pytest.mark.parametrize("told", ["details", "header", "message"])
@pytest.mark.parametrize("request_", [ASK, RESEARCH], ids=["ask", "research"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_the_delay_of_a_quota_is_waited_for_however_it_is_named(
    google: Gemini, emulator: Emulator, pauses: Pauses, told: Any, request_: Request, streamed: bool
) -> None:
    emulator.faults.append(make_rate_limit_fault(seconds=19.3, told=told))
    assert await buy(google, request_, Caller(hear=pauses.heard.append), streamed=streamed)
    assert pauses.seconds == [19.3]
    assert "trying again in 20 s" in pauses.heard[0]
    assert len(emulator.creates) == 1


async def test_the_delay_of_a_quota_that_comes_as_an_event_is_waited_for(
    google: Gemini, emulator: Emulator, pauses: Pauses
) -> None:
    emulator.faults.append(make_streamed_error_fault("rate_limit_exceeded", "Slow down. Please retry in 1m0.5s."))
    assert await buy(google, ASK, Caller(), streamed=True)
    assert pauses.seconds == [60.5]


@pytest.mark.parametrize("words", ["Please retry in 5h46m13s.", "retry in 121s", "Retry in 9d"])
async def test_a_wait_that_does_not_fit_the_deadline_fails_at_once(
    google: Gemini, emulator: Emulator, pauses: Pauses, words: str
) -> None:
    body = {"error": {"code": "too_many_requests", "message": f"Over. {words}"}}
    emulator.faults.append(Fault("create", "http", http_status=429, body=body))
    with pytest.raises(QuotaError, match=r"Try again in \d+ (s|min|h|days)\b"):
        await buy(google, ASK, Caller(hear=pauses.heard.append))
    assert (len(emulator.requests), pauses.seconds, pauses.heard) == (1, [], [])


async def test_a_quota_of_zero_fails_at_once_and_says_what_to_do(
    google: Gemini, emulator: Emulator, pauses: Pauses
) -> None:
    for buying in (True, False):
        emulator.requests.clear()
        emulator.faults[:] = [make_zero_quota_fault("create", seconds=1), make_zero_quota_fault("get", seconds=1)]
        with pytest.raises(NoQuotaError, match=r"enable billing for the project .* or choose another model"):
            await (buy(google, ASK, Caller()) if buying else google.get("v1_a"))
        assert (len(emulator.requests), pauses.seconds) == (1, [])


async def exists() -> bool:
    return True


@pytest.mark.slow
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_fresh_interaction_that_google_does_not_find_yet_is_waited_for(
    google: Gemini, emulator: Emulator, pauses: Pauses, streamed: bool
) -> None:
    first = (await google.create(ASK, background=False)).id
    emulator.faults.append(make_not_found_yet_fault(times=5))
    caller = Caller(hear=pauses.heard.append, previous_exists=exists)
    assert await buy(google, ASK.model_copy(update={"previous_interaction_id": first}), caller, streamed=streamed)
    assert pauses.seconds == [2, 4, 8, 16, 30]
    told = "Google does not find the previous interaction yet; trying again in 2 s; nothing is charged yet"
    assert pauses.heard[:2] == [told, ""]
    assert len(emulator.creates) == 2


async def test_a_fresh_interaction_that_an_event_does_not_find_is_waited_for(
    google: Gemini, emulator: Emulator, pauses: Pauses
) -> None:
    first = (await google.create(ASK, background=False)).id
    emulator.faults.append(make_streamed_error_fault("not_found", "Requested entity was not found.", times=2))
    request = ASK.model_copy(update={"previous_interaction_id": first})
    assert await buy(google, request, Caller(previous_exists=exists), streamed=True)
    assert pauses.seconds == [2, 4]


@pytest.mark.parametrize("seconds", [5, 0.5])
async def test_a_fresh_interaction_is_waited_for_up_to_the_deadline(
    settings: Settings, emulator: Emulator, pauses: Pauses, seconds: float
) -> None:
    google = Gemini(settings, replace(FAST, store_lag=(0.0, 0.0, seconds + 1), create=seconds))
    emulator.faults.append(make_not_found_yet_fault(times=9))
    request = ASK.model_copy(update={"previous_interaction_id": "v1_before"})
    with pytest.raises(InteractionNotFoundError, match="v1_before to continue") as caught:
        await buy(google, request, Caller(previous_exists=exists))
    assert caught.value.interaction_id == "v1_before"
    assert len(emulator.requests) == 3
    await google.close()


@pytest.mark.parametrize(
    ("request_", "caller"),
    [
        (ASK.model_copy(update={"previous_interaction_id": "v1_before"}), Caller()),
        (ASK.model_copy(update={"model": "gemini-1.0"}), Caller(previous_exists=exists)),
        (
            ASK.model_copy(update={"model": "gemini-1.0", "previous_interaction_id": "v1_before"}),
            Caller(previous_exists=exists),
        ),
    ],
    ids=["unknown", "model", "model of a follow-up"],
)
async def test_nothing_else_that_is_missing_is_waited_for(
    google: Gemini, emulator: Emulator, pauses: Pauses, request_: Request, caller: Caller
) -> None:
    with pytest.raises(GeminiMCPError):
        await buy(google, request_, caller)
    assert (len(emulator.requests), pauses.seconds) == (1, [])


@pytest.mark.parametrize("fault", [overloaded(1), make_rate_limit_fault(seconds=1)], ids=["503", "429"])
async def test_what_nobody_wants_any_more_is_not_sent_again(
    google: Gemini, emulator: Emulator, pauses: Pauses, fault: Fault
) -> None:
    emulator.faults.append(fresh(fault))
    with pytest.raises((OverloadedError, QuotaError)):
        await buy(google, ASK, Caller(wanted=lambda: not pauses.seconds, hear=pauses.heard.append))
    assert len(emulator.requests) == 1
    assert len(pauses.heard) == 1


async def test_a_connection_that_cannot_be_made_is_told_while_it_is_waited_for(
    settings: Settings, pauses: Pauses
) -> None:
    google = Gemini(settings.model_copy(update={"base_url": "http://127.0.0.1:9"}), FAST)
    with pytest.raises(NetworkError, match="nothing was sent or charged"):
        await buy(google, RESEARCH, Caller(hear=pauses.heard.append))
    await google.close()
    told = "Google cannot be reached; trying again in 0 s; nothing is charged yet"
    assert pauses.heard == [told, "", told, ""]
