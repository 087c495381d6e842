"""Errors of streams: before the interaction is named the same as HTTP errors, afterwards events."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import product
from typing import Any

import anyio
import pytest

from conftest import FAST, KEY
from gemini_interactions_mcp.api.client import Gemini
from gemini_interactions_mcp.core.errors import (
    BackgroundRefusedError,
    BlockedError,
    ConfigurationError,
    GeminiMCPError,
    InteractionFailedError,
    InteractionNotFoundError,
    KeyRejectedError,
    ModelNotFoundError,
    NetworkError,
    OutcomeUnknownError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RefusedError,
)
from gemini_interactions_mcp.emulator import (
    Emulator,
    Fault,
    make_background_fault,
    make_streamed_error_fault,
    make_unresumable_fault,
)
from gemini_interactions_mcp.models import error_codes
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.settings import Settings

ASK = Request(kind="ask", prompt="Grüße", model="gemini-3.8-flash")
UNSTORED = ASK.model_copy(update={"store": False})
IMAGE = Request(kind="image", prompt="A bicycle", model="gemini-nano-banana-2.1", image={})


@pytest.fixture
async def google(settings: Settings) -> AsyncGenerator[Gemini]:
    made = Gemini(settings, FAST)
    yield made
    await made.close()


async def streamed(google: Gemini, request: Request = ASK, *, background: bool = True) -> list[str]:
    """Start an interaction and return the types of its events."""
    async with google.stream(request, background=background) as events:
        return [event.type async for event in events]


MEANINGS: dict[type[GeminiMCPError], list[str]] = {
    RefusedError: [
        *("invalid_request", "failed_precondition", "out_of_range", "parameter_unknown", "already_exists", "aborted"),
        "INVALID_ARGUMENT",
    ],
    KeyRejectedError: ["authentication", "UNAUTHENTICATED"],
    ConfigurationError: ["payment_required"],
    PermissionDeniedError: ["permission_denied", "PERMISSION_DENIED"],
    ModelNotFoundError: ["not_found", "model_not_found", "NOT_FOUND"],
    QuotaError: ["rate_limit_exceeded", "quota_exceeded", "too_many_requests", "RESOURCE_EXHAUSTED", "429"],
    OverloadedError: ["service_unavailable", "UNAVAILABLE"],
    OutcomeUnknownError: [
        *("cancelled", "api_error", "unimplemented", "deadline_exceeded", "gateway_timeout", "INTERNAL", "500"),
        *("strange_code", "99", ""),
    ],
    BlockedError: [*error_codes.BLOCK_REASONS, "PROHIBITED_CONTENT"],
    InteractionFailedError: [*error_codes.GENERATION_FAILURES],
}


@pytest.mark.slow
@pytest.mark.parametrize("expected", MEANINGS, ids=lambda error: error.__name__)
async def test_an_error_before_the_id_is_the_same_as_the_http_error(
    google: Gemini, emulator: Emulator, expected: type[GeminiMCPError]
) -> None:
    for code, message in product(MEANINGS[expected], ("What Google says.", "")):
        emulator.faults[:] = [make_streamed_error_fault(code, message)]
        emulator.requests.clear()
        with pytest.raises(expected) as caught:
            await streamed(google)
        assert type(caught.value) is expected
        if expected is not ModelNotFoundError:
            assert (message or code) in str(caught.value)
        assert len(emulator.requests) == 1
        if status := error_codes.get_code_status(code):
            body = {"error": {"code": code, "message": message}}
            emulator.faults[:] = [Fault("create", "http", http_status=status, body=body)]
            with pytest.raises(expected) as over_http:
                await google.create(ASK, background=True)
            assert str(over_http.value) == str(caught.value)
    assert emulator.creates == []


def test_every_documented_code_has_a_status() -> None:
    named = [code for meant in MEANINGS.values() for code in meant]
    assert [code for code in named if error_codes.get_code_status(code) is None] == ["strange_code", "99", ""]
    assert set(error_codes.CODE_STATUSES) <= {code.lower() for code in named}


@pytest.mark.parametrize(("code", "reason"), error_codes.BLOCK_REASONS.items())
async def test_what_is_blocked_is_told_by_its_name(google: Gemini, emulator: Emulator, code: str, reason: str) -> None:
    emulator.faults.append(make_streamed_error_fault(code.upper()))
    with pytest.raises(BlockedError) as caught:
        await streamed(google)
    assert f"blocked the request for {reason} ({code.upper()}). Rephrase" in str(caught.value)


@pytest.mark.parametrize("code", error_codes.FINISH_REASONS)
async def test_an_ending_that_is_not_known_as_a_refusal_is_no_refusal(
    google: Gemini, emulator: Emulator, code: str
) -> None:
    emulator.faults.append(make_streamed_error_fault(code.upper(), "Oh."))
    with pytest.raises(OutcomeUnknownError, match=rf"with an error \({code.upper()}: Oh\.\)"):
        await streamed(google)


async def test_an_unknown_code_is_said_by_name(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(make_streamed_error_fault("moon_phase", "Not tonight."))
    with pytest.raises(OutcomeUnknownError, match=r"with an error \(moon_phase: Not tonight\.\)"):
        await streamed(google)
    body = {"error": {"code": "moon_phase", "message": "Not tonight."}}
    emulator.faults[:] = [Fault("create", "http", http_status=400, body=body)]
    with pytest.raises(RefusedError, match=r"\(moon_phase: Not tonight\.\)"):
        await streamed(google)


@pytest.mark.parametrize("request_", [ASK, IMAGE], ids=["ask", "image"])
async def test_the_background_is_refused_by_an_event_as_by_a_response(
    google: Gemini, emulator: Emulator, request_: Request
) -> None:
    emulator.doubts = replace(emulator.doubts, streamed_refusals=True)
    if request_ is ASK:
        emulator.faults.append(
            make_streamed_error_fault(
                "invalid_request", "Model 'gemini-3.8-flash' does not support background interactions."
            )
        )
    with pytest.raises(BackgroundRefusedError, match="does not support background interactions"):
        await streamed(google, request_)
    assert (await streamed(google, request_, background=False))[-1] == "interaction.completed"
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_the_background_may_be_refused_for_a_while(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(make_background_fault(times=2))
    for _ in range(2):
        with pytest.raises(BackgroundRefusedError):
            await google.create(ASK, background=True)
    assert (await google.create(ASK, background=False)).status == "completed"
    assert (await google.create(ASK, background=True)).id
    assert len(emulator.creates) == 2


@pytest.mark.parametrize("body", ["", None, {"code": 7}, {"message": "Sorry."}], ids=["bare", "own", "number", "words"])
async def test_an_error_event_without_a_known_code_is_of_unknown_outcome(
    google: Gemini, emulator: Emulator, body: Any
) -> None:
    emulator.faults.append(Fault("stream", "error", body=body))
    with pytest.raises(OutcomeUnknownError):
        await streamed(google)


async def test_an_error_event_repeats_no_key(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(make_streamed_error_fault("invalid_request", f"Bad key {KEY}."))
    with pytest.raises(RefusedError, match=r"Bad key \[secret\]"):
        await streamed(google)


async def test_an_error_that_names_its_interaction_is_no_refusal(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(
        Fault(
            "stream", "error", body={"interaction_id": "v1_q", "error": {"code": "invalid_request", "message": "No."}}
        )
    )
    async with google.stream(ASK, background=True) as events:
        assert [(event.type, event.interaction_id) async for event in events] == [("error", "v1_q")]


async def test_an_error_event_is_known_without_its_type(google: Gemini, emulator: Emulator) -> None:
    body = b'event: error\ndata: {"error":{"code":"quota_exceeded","message":"Over."}}\n\n'
    emulator.faults.append(
        Fault("stream", "http", http_status=200, body=body, headers={"content-type": "text/event-stream"})
    )
    with pytest.raises(QuotaError, match="Over"):
        await streamed(google)


@pytest.mark.parametrize("code", ["not_found", "service_unavailable", "invalid_request", "safety"])
async def test_an_error_after_the_id_is_an_event_of_the_stream(google: Gemini, emulator: Emulator, code: str) -> None:
    emulator.faults.append(Fault("stream", "error", after=1, body={"code": code, "message": "Result not found."}))
    async with google.stream(ASK, background=True) as events:
        heard = [event async for event in events]
    assert [event.type for event in heard] == ["interaction.created", "error"]
    assert heard[0].interaction_id in emulator.interactions
    assert (heard[1].error_code, heard[1].error_message) == (code, "Result not found.")
    assert len(emulator.requests) == 1


async def test_an_error_event_of_a_stream_that_is_resumed_is_no_refusal(google: Gemini, emulator: Emulator) -> None:
    interaction_id = (await google.create(ASK, background=False)).id or ""
    emulator.faults.append(Fault("resume", "error", body={"code": "not_found", "message": "Result not found."}))
    async with google.resume(interaction_id, None) as events:
        assert [event.type async for event in events] == ["error"]
    emulator.faults[:] = [make_unresumable_fault()]
    with pytest.raises(RefusedError, match="Streaming retrieval of interactions is not supported") as caught:
        async with google.resume(interaction_id, None):
            raise AssertionError
    assert caught.value.interaction_id == interaction_id


@pytest.mark.parametrize("after", [0, 1])
async def test_an_error_before_an_unstored_answer_is_that_of_the_response(
    google: Gemini, emulator: Emulator, after: int
) -> None:
    """An unstored interaction is never named; it has begun with the first part of its answer."""
    emulator.faults.append(Fault("stream", "error", after=after, body={"code": "quota_exceeded", "message": "Over."}))
    with pytest.raises(QuotaError, match="Over"):
        await streamed(google, UNSTORED, background=False)
    emulator.faults[:] = [Fault("stream", "error", after=4, body={"code": "quota_exceeded", "message": "Over."})]
    heard = await streamed(google, UNSTORED, background=False)
    assert heard[:2] == ["interaction.created", "interaction.status_update"]
    assert heard[-1] == "error"


@pytest.mark.parametrize("kind", ["end", "deadline", "truncate", "cut"])
async def test_a_stream_that_ends_before_the_id_is_of_unknown_outcome(
    google: Gemini, emulator: Emulator, kind: Any
) -> None:
    emulator.faults.append(Fault("stream", kind))
    with pytest.raises(OutcomeUnknownError) as caught:
        await streamed(google)
    assert caught.value.interaction_id in (None, *emulator.interactions)
    assert (caught.value.interaction_id is not None) is (kind == "truncate")
    assert len(emulator.requests) == 1


async def test_events_of_unknown_kinds_before_the_id_are_told_with_it(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(Fault("stream", "unknown"))
    heard = await streamed(google)
    assert heard[0] == "interaction.emulated"
    assert heard.count("interaction.created") == 1
    assert heard[-1] == "interaction.completed"


@pytest.mark.parametrize(
    ("background", "limits"),
    [(True, {"create": 1, "foreground": 1e-9}), (False, {"create": 1e-9, "foreground": 1})],
    ids=["background", "foreground"],
)
async def test_the_first_event_is_waited_for_as_long_as_an_answer(
    settings: Settings, emulator: Emulator, background: bool, limits: dict[str, float]
) -> None:
    google = Gemini(settings, replace(FAST, **limits))
    await google.prepare()
    emulator.faults.append(stalled := Fault("stream", "stall"))
    with pytest.raises(OutcomeUnknownError, match="broke in the middle"):
        await streamed(google, background=background)
    assert stalled.reached.is_set()
    assert len(emulator.requests) == 1
    await google.close()


async def test_a_stream_that_is_given_up_before_its_first_event_is_hung_up(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(stalled := Fault("stream", "stall"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(streamed, google)
        await stalled.reached.wait()
        tasks.cancel_scope.cancel()
    await google.check()


async def test_a_stream_that_cannot_be_found_again_is_told(google: Gemini) -> None:
    with pytest.raises(InteractionNotFoundError) as caught:
        async with google.resume("v1_a", "e1"):
            raise AssertionError
    assert caught.value.interaction_id == "v1_a"


async def test_an_unreadable_answer_to_a_resume_can_be_repeated(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(Fault("resume", "http", http_status=200, body=b"[", headers={"content-type": "text/html"}))
    with pytest.raises(NetworkError) as caught:
        async with google.resume("v1_a", "e1") as events:
            assert [event async for event in events] == []
    assert caught.value.interaction_id == "v1_a"
