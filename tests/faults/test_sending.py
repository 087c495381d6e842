"""When a request is sent again and when never, and what is kept of broken streams and odd answers."""

import socket
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from conftest import ATTEMPTS, FAST, KEY, make_settings
from faults.harness import fresh
from gemini_interactions_mcp.api.calls import Caller
from gemini_interactions_mcp.api.client import Gemini
from gemini_interactions_mcp.api.error_mapping import UNKNOWN_OUTCOME
from gemini_interactions_mcp.api.exchange import iterate_causes
from gemini_interactions_mcp.core.errors import (
    GeminiMCPError,
    NetworkError,
    OutcomeUnknownError,
    OverloadedError,
    QuotaError,
    RefusedError,
)
from gemini_interactions_mcp.emulator import Emulator, Fault, make_rate_limit_fault, serve_emulator
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.settings import Settings

ASK = Request(kind="ask", prompt="Grüße", model="gemini-3.8-flash")
JSON = {"content-type": "application/json"}


@pytest.fixture
async def google(settings: Settings) -> AsyncGenerator[Gemini]:
    made = Gemini(settings, FAST)
    yield made
    await made.close()


def replies(text: str, on: Any = "create", headers: dict[str, str] = JSON) -> Fault:
    """Answer with this text, whatever was requested."""
    return Fault(on, "http", http_status=200, body=text, headers=headers)


def paths(emulator: Emulator) -> list[str]:
    return [f"{request.method} {request.path}" for request in emulator.requests]


@pytest.mark.parametrize(
    ("fault", "taken"),
    [
        (Fault("create", "drop_taken"), 1),
        (Fault("create", "drop"), 0),
        (Fault("create", "http", http_status=500), 0),
        (Fault("create", "http", http_status=504, body="<html>bad gateway</html>"), 0),
        (Fault("create", "http", http_status=408), 0),
        (Fault("create", "http", http_status=200, body="<html>log in</html>"), 0),
        (replies('{"id": "v1_'), 0),
        (replies("\x00{}"), 0),
    ],
    ids=["drop_taken", "drop", "500", "504", "408", "html", "half", "no text"],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_paid_request_of_unknown_outcome_is_never_sent_again(
    google: Gemini, emulator: Emulator, fault: Fault, taken: int, streamed: bool
) -> None:
    emulator.faults.append(fresh(fault))
    with pytest.raises(OutcomeUnknownError) as caught:
        await started(google, streamed)
    assert UNKNOWN_OUTCOME in str(caught.value)
    assert "<html>" not in str(caught.value)
    assert len(emulator.requests) == 1
    assert len(emulator.creates) == taken


async def started(google: Gemini, streamed: bool) -> None:
    if not streamed:
        await google.create(ASK, background=True)
        return
    async with google.stream(ASK, background=True) as events:
        assert (await anext(events)).interaction_id


@pytest.mark.slow
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_paid_request_that_times_out_is_never_sent_again(
    settings: Settings, emulator: Emulator, streamed: bool
) -> None:
    google = Gemini(settings, replace(FAST, create=0.6))
    await google.check()
    emulator.faults.append(stalled := Fault("create", "stall"))
    with pytest.raises(OutcomeUnknownError, match="broke before an answer came"):
        await started(google, streamed)
    assert stalled.reached.is_set()
    assert len(emulator.creates) == 1
    await google.close()


async def test_a_host_whose_name_cannot_be_resolved_is_sent_nothing(tmp_path: Path) -> None:
    # Never the name of a host (rfc-editor.org/rfc/rfc6761, 6.4).
    google = Gemini(make_settings(tmp_path, "http://gemini.invalid"), FAST)
    for streamed in (False, True):
        with pytest.raises(NetworkError, match="cannot be reached; nothing was sent or charged") as caught:
            await started(google, streamed)
        assert any(isinstance(cause, socket.gaierror) for cause in iterate_causes(caught.value))
    await google.close()


async def test_a_request_that_never_connected_is_sent_again(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    persistent = replace(FAST, backoffs=(0.01,) * 2_000)
    emulator, google = Emulator(), Gemini(make_settings(tmp_path, f"http://127.0.0.1:{port}"), persistent)
    refused, done = anyio.Event(), anyio.Event()
    caller = Caller(hear=lambda _: refused.set())
    async with anyio.create_task_group() as tasks:

        @tasks.start_soon
        async def _() -> None:
            async with google.stream(ASK, background=True, caller=caller) as events:
                assert (await anext(events)).interaction_id
            done.set()

        with anyio.fail_after(20):
            await refused.wait()
            async with serve_emulator(emulator, port):
                await done.wait()
                await google.close()
    assert len(emulator.creates) == 1


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:9", "http://nowhere.invalid", "ftp://127.0.0.1", "http://[::1", "http://127.0.0.1:x"]
)
async def test_what_never_left_is_told_as_such_and_says_where_to_look(tmp_path: Path, base_url: str) -> None:
    google = Gemini(make_settings(tmp_path, base_url), FAST)
    with pytest.raises(GeminiMCPError, match="GOOGLE_GEMINI_BASE_URL") as caught:
        await google.create(ASK, background=True)
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert KEY not in str(caught.value)
    await google.close()


@pytest.mark.parametrize("told", ["details", "header"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_request_that_was_turned_away_with_a_short_delay_is_sent_again_after_it(
    google: Gemini, emulator: Emulator, told: Any, streamed: bool
) -> None:
    emulator.faults.append(make_rate_limit_fault(seconds=0.01, told=told, times=2))
    await started(google, streamed)
    assert len(emulator.requests) == 3
    assert len(emulator.creates) == 1


async def test_an_overloaded_model_with_a_short_delay_is_asked_again(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "http", http_status=503, headers={"retry-after": "0"}))
    await google.create(ASK, background=True)
    assert (len(emulator.requests), len(emulator.creates)) == (2, 1)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (make_rate_limit_fault(told="nowhere"), QuotaError),
        (make_rate_limit_fault(seconds=3600), QuotaError),
        (Fault("create", "http", http_status=503), OverloadedError),
    ],
    ids=["429", "429 in an hour", "503"],
)
async def test_a_request_that_was_turned_away_without_a_short_delay_is_not_sent_again(
    google: Gemini, emulator: Emulator, fault: Fault, expected: type[RefusedError]
) -> None:
    emulator.faults.append(fresh(fault))
    with pytest.raises(expected, match="Google does not charge failed requests"):
        await google.create(ASK, background=True)
    assert (len(emulator.requests), len(emulator.creates)) == (1, 0)


async def test_a_request_that_is_always_turned_away_is_given_up(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(make_rate_limit_fault(seconds=0, times=99))
    with pytest.raises(QuotaError, match="Try again in 0 s"):
        await google.create(ASK, background=True)
    assert len(emulator.requests) == ATTEMPTS


@pytest.mark.parametrize(
    "fault",
    [
        Fault("get", "drop", times=2),
        Fault("get", "http", times=2, http_status=500),
        Fault("get", "http", times=2, http_status=503),
        make_rate_limit_fault("get", told="nowhere", times=2),
        replies("<html>", "get", {}),
    ],
    ids=["drop", "500", "503", "429", "html"],
)
async def test_a_read_is_repeated(google: Gemini, emulator: Emulator, fault: Fault) -> None:
    answer = await google.create(ASK, background=False)
    emulator.faults.append(fresh(fault))
    assert (await google.get(answer.id or "")).text == answer.text


async def test_a_read_that_stays_broken_names_the_interaction(google: Gemini, emulator: Emulator) -> None:
    answer = await google.create(ASK, background=False)
    emulator.faults.append(Fault("get", "drop", times=9))
    with pytest.raises(NetworkError, match="Try again; reading is free") as caught:
        await google.get(answer.id or "")
    assert caught.value.interaction_id == answer.id
    assert paths(emulator).count(f"GET /v1/interactions/{answer.id}") == ATTEMPTS


async def test_a_stream_that_is_cut_is_a_network_error_after_what_came(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(Fault("stream", "cut", after=2))
    heard: list[str] = []

    async def hear() -> None:
        async with google.stream(ASK, background=True) as events:
            async for event in events:
                heard.append(event.type)  # noqa: PERF401 - what came before the error is looked at

    with pytest.raises(NetworkError):
        await hear()
    assert heard == ["interaction.created", "interaction.status_update"]


@pytest.mark.parametrize("kind", ["end", "deadline", "truncate"])
async def test_a_stream_that_ends_early_ends_without_an_error(google: Gemini, emulator: Emulator, kind: Any) -> None:
    emulator.faults.append(Fault("stream", kind, after=2))
    async with google.stream(ASK, background=True) as events:
        heard = [event.type async for event in events]
    assert heard[:2] == ["interaction.created", "interaction.status_update"]
    assert "interaction.completed" not in heard


async def test_a_stream_that_is_answered_as_a_whole_still_names_the_interaction(
    google: Gemini, emulator: Emulator
) -> None:
    emulator.faults.append(replies('{"id": "v1_q", "status": "in_progress"}'))
    async with google.stream(ASK, background=True) as events:
        [event] = [event async for event in events]
    assert (event.interaction_id, event.status) == ("v1_q", "in_progress")


@pytest.mark.parametrize("body", ["[1, 2]", "{}", "42", "null"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_request_that_is_answered_with_nothing_of_use_is_of_unknown_outcome(
    google: Gemini, emulator: Emulator, body: str, streamed: bool
) -> None:
    emulator.faults.append(replies(body))
    with pytest.raises(OutcomeUnknownError, match="before it named an interaction"):
        await started(google, streamed)
    assert len(emulator.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        '{"id":"v1_a","status":"completed","usage":[1],"steps":[{"type":"model_output","content":[{"type":"text","text":"Yes"}]}]}',
        '{"id":"v1_a","status":"completed","usage":{"total_tokens":"many"},"created":5,"errors":{"a":1},'
        '"steps":[{"type":"thought","summary":"x"},{"type":"new"},{"type":"model_output","content":[{"type":"text","text":"Yes"}]}]}',
        '{"id":"v1_a","status":"completed","agent_config":7,"tools":{"a":1},'
        '"steps":[{"type":"url_context_result","call_id":"c","result":{"status":"x"}},'
        '{"type":"model_output","content":[{"type":"text","text":"Yes"}]}]}',
    ],
    ids=["usage", "fields", "tools"],
)
async def test_an_answer_with_parts_of_another_shape_is_still_read(
    google: Gemini, emulator: Emulator, body: str
) -> None:
    emulator.faults.append(replies(body, "get"))
    assert (await google.get("v1_a")).text == "Yes"


async def test_half_a_surrogate_pair_does_not_lose_the_answer(google: Gemini, emulator: Emulator) -> None:
    content = '[{"type":"text","text":"a\\ud83d"},{"type":"text","text":"b"}]'
    emulator.faults.append(
        replies(f'{{"id":"v1_a","status":"completed","steps":[{{"type":"model_output","content":{content}}}]}}', "get")
    )
    assert (await google.get("v1_a")).text == "a\ufffdb"


@pytest.mark.parametrize(
    "lines", ["data: {oops\n\n", "data: [1]\n\n", "event: x\n\n", ": comment\n\n", "data: null\n\n"]
)
async def test_an_event_that_is_none_harms_no_other(google: Gemini, emulator: Emulator, lines: str) -> None:
    created = 'data: {"event_type":"interaction.created","interaction":{"id":"v1_q","usage":[1]}}\n\n'
    emulator.faults.append(replies(created + lines + created, headers={"content-type": "text/event-stream"}))
    async with google.stream(ASK, background=True) as events:
        heard = [event.interaction_id async for event in events]
    assert (heard[0], heard[-1]) == ("v1_q", "v1_q")
