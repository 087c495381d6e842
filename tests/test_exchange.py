"""Classifying failures by what went over the wire: once a byte of a paid request was sent, its outcome is unknown."""

import gzip
import inspect
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from anyio.abc import SocketAttribute, SocketStream
from google.genai import _interactions as interactions_errors
from google.genai import errors as sdk_errors
from pydantic import BaseModel, ValidationError

from conftest import FAST, KEY, make_settings
from gemini_interactions_mcp.api import sdk
from gemini_interactions_mcp.api.calls import Call
from gemini_interactions_mcp.api.client import Gemini
from gemini_interactions_mcp.api.error_mapping import UNKNOWN_OUTCOME
from gemini_interactions_mcp.api.exchange import Exchange, map_exceptions, track_exchange
from gemini_interactions_mcp.api.responses import find_interaction_id
from gemini_interactions_mcp.core.errors import (
    GeminiMCPError,
    InputError,
    NetworkError,
    OutcomeUnknownError,
    QuotaError,
)
from gemini_interactions_mcp.emulator import Emulator, Fault, make_redirect_fault
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.settings import Settings

ASK = Request(kind="ask", prompt="my secret prompt", model="gemini-3.8-flash")
IMAGE = Request(kind="image", prompt="A bicycle", model="gemini-nano-banana-2.1", image={})
PAID = Call(paid=True, model="gemini-3.8-flash")
READ = Call(interaction_id="v1_a")
JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}


@pytest.fixture
async def google(settings: Settings) -> AsyncGenerator[Gemini]:
    made = Gemini(settings, FAST)
    yield made
    await made.close()


def replies(body: bytes, on: Any = "create", headers: dict[str, str] = JSON, status: int = 200) -> Fault:
    """Answer with these bytes, whatever was requested."""
    return Fault(on, "http", times=9, http_status=status, body=body, headers=headers)


async def created(google: Gemini) -> None:
    await google.create(ASK, background=True)


async def drawn(google: Gemini) -> None:
    await google.create(IMAGE, background=False)


async def streamed(google: Gemini) -> None:
    async with google.stream(ASK, background=True) as events:
        async for _ in events:
            pass


PURCHASES = [created, drawn, streamed]
Purchase = Callable[[Gemini], Any]


DEEP = b"[" * 100_000
DIGITS = b"9" * 5_000
UNREADABLE = [
    *(b"", b"[", b"<html>log in</html>", b"\xff\xfe\x00", b"NaN", b"{}", b"[]", b"null", b"42", b'"text"'),
    *(DEEP, DIGITS, b'{"status":"completed","usage":{"total_tokens":' + DIGITS + b"}}"),
    *(b'{"a":' * 50_000, b'{"id": 5, "status": "in_progress"}', b'{"id": "'),
]
NAMING = [
    b'{"id":"v1_here","usage":{"total_tokens":' + DIGITS + b"}}",
    b'{"id":"v1_here","steps":' + DEEP,
    b'{"id": "v1_here", "status": "comp',
    b'{"steps":[{"type":"google_search_call","id":"call_0"}],"interaction_id" : "v1_here", ',
    b'{"previous_interaction_id":"v1_before","id":"v1_here"',
    b'[{"id":"v1_here"}]',
    b'{"interaction":{"id":"v1_here"}}',
    b'{"id":"v1\\u005fhere", ',
]


@pytest.mark.slow
@pytest.mark.parametrize("body", [*UNREADABLE, *NAMING], ids=lambda body: repr(body[:30])[2:-1])
async def test_an_answer_that_cannot_be_read_leaves_a_paid_request_of_unknown_outcome(
    google: Gemini, emulator: Emulator, body: bytes
) -> None:
    kinds: list[dict[str, str]] = [JSON, SSE, {"content-type": "text/html"}, {}]
    for headers, purchase in product(kinds, PURCHASES):
        emulator.requests.clear()
        emulator.faults[:] = [replies(body, headers=headers)]
        with pytest.raises(OutcomeUnknownError, match="was not sent again") as caught:
            await purchase(google)
        told = str(caught.value)
        assert "secret prompt" not in told
        assert "<html>" not in told
        assert len(told) < 500
        assert caught.value.interaction_id == ("v1_here" if body in NAMING else None)
        assert len(emulator.requests) == 1


@pytest.mark.parametrize("body", NAMING, ids=lambda body: repr(body[:30])[2:-1])
async def test_an_event_that_cannot_be_read_names_the_interaction_all_the_same(
    google: Gemini, emulator: Emulator, body: bytes
) -> None:
    emulator.faults.append(replies(b"data: " + body + b"\n\n", headers=SSE))
    async with google.stream(ASK, background=True) as events:
        heard = [event.interaction_id async for event in events]
    assert heard == ["v1_here"]


@pytest.mark.parametrize("body", NAMING, ids=lambda body: repr(body[:30])[2:-1])
@pytest.mark.parametrize("end", [b"\n", b""], ids=["line", "cut"])
async def test_an_event_that_does_not_end_keeps_the_id(
    google: Gemini, emulator: Emulator, body: bytes, end: bytes
) -> None:
    emulator.faults.append(replies(b": hello\n\ndata: " + body + end, headers=SSE))
    with pytest.raises(OutcomeUnknownError) as caught:
        await streamed(google)
    assert caught.value.interaction_id == "v1_here"


@pytest.mark.parametrize("purchase", [created, streamed])
async def test_a_packed_answer_is_read_as_any_other(google: Gemini, emulator: Emulator, purchase: Purchase) -> None:
    packed = {"content-encoding": "gzip"}
    events = b'data: {"event_type":"interaction.created","interaction":{"id":"v1_q"}}\n\n'
    emulator.faults += [
        Fault("stream", "http", http_status=200, body=gzip.compress(events), headers=SSE | packed),
        Fault("create", "http", http_status=200, body=gzip.compress(b'{"id":"v1_q"}'), headers=JSON | packed),
    ]
    await purchase(google)
    emulator.faults[:] = [replies(gzip.compress(b'{"id":"v1_here","steps":[['), headers=JSON | packed)]
    with pytest.raises(OutcomeUnknownError) as caught:
        await purchase(google)
    assert caught.value.interaction_id == "v1_here"
    emulator.faults[:] = [replies(b"no gzip", headers=JSON | packed)]
    with pytest.raises(OutcomeUnknownError, match="The response was not the Gemini API's"):
        await purchase(google)


@pytest.mark.parametrize("body", [*UNREADABLE[:10], DEEP, DIGITS], ids=lambda body: repr(body[:30])[2:-1])
async def test_events_that_cannot_be_read_are_no_answer(google: Gemini, emulator: Emulator, body: bytes) -> None:
    emulator.faults.append(replies(b"data: " + body + b"\n\ndata: [DONE]\n\n", headers=SSE))
    with pytest.raises(OutcomeUnknownError, match="before it named an interaction"):
        await streamed(google)


async def test_an_event_that_cannot_be_read_does_not_end_an_open_stream(google: Gemini, emulator: Emulator) -> None:
    named = b'data: {"event_type":"interaction.created","interaction":{"id":"v1_q"}}\n\n'
    told = b'data: {"event_type":"step.delta","index":0,"delta":{"type":"text","text":"Hi"}}\n\n'
    odd = b"".join(b"data: " + body + b"\n\n" for body in (DEEP, DIGITS, b"\xff"))
    emulator.faults.append(replies(named + odd + told, headers=SSE))
    async with google.stream(ASK, background=True) as events:
        heard = [event async for event in events]
    assert [event.type for event in heard] == ["interaction.created", *["unknown"] * 3, "step.delta"]
    assert heard[-1].text == "Hi"


@pytest.mark.slow
@pytest.mark.parametrize("body", [each for each in UNREADABLE if each[:1] not in b'{[n4"N'] + [DEEP, DIGITS])
async def test_a_read_that_is_answered_so_can_be_repeated(google: Gemini, emulator: Emulator, body: bytes) -> None:
    emulator.faults += [replies(body, on) for on in ("get", "cancel", "delete", "model", "file")]
    reads = [
        lambda: google.get("v1_a"),
        lambda: google.cancel("v1_a"),
        google.check,
        lambda: google.mime_type("files/abc"),
        lambda: google.environment_files("v1_a", "a"),
    ]
    for read in reads:
        with pytest.raises(NetworkError, match="The response was not the Gemini API's") as caught:
            await read()
        assert "charged" not in str(caught.value)


@pytest.mark.parametrize("purchase", [created, drawn])
async def test_half_an_answer_is_of_unknown_outcome_and_keeps_the_id(
    google: Gemini, emulator: Emulator, purchase: Purchase
) -> None:
    # In the background, an image would be refused, and half a refusal still is one.
    emulator.faults.append(Fault("create", "half"))
    with pytest.raises(OutcomeUnknownError, match="broke in the middle of the answer") as caught:
        await purchase(google)
    assert [caught.value.interaction_id] == list(emulator.interactions)
    assert len(emulator.requests) == 1


async def test_a_stream_without_a_byte_is_of_unknown_outcome(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(Fault("stream", "half"))
    with pytest.raises(OutcomeUnknownError, match="ended before it named an interaction"):
        await streamed(google)
    assert (len(emulator.requests), len(emulator.creates)) == (1, 1)


async def test_half_a_read_can_be_repeated(google: Gemini, emulator: Emulator) -> None:
    answer = await google.create(ASK, background=False)
    emulator.faults.append(Fault("get", "half"))
    assert (await google.get(answer.id or "")).text == answer.text
    assert [request.method for request in emulator.requests] == ["POST", "GET", "GET"]


@pytest.mark.parametrize("body", [b"", DEEP, DIGITS, b"<html>", b"\xff"], ids=lambda body: repr(body[:20]))
async def test_a_refusal_whose_body_is_not_the_apis_own_is_none(
    google: Gemini, emulator: Emulator, body: bytes
) -> None:
    for purchase in PURCHASES:
        emulator.faults[:] = [replies(body, status=429)]
        with pytest.raises(OutcomeUnknownError, match="An intermediary answered 429"):
            await purchase(google)
        emulator.faults[:] = [Fault("create", "http", http_status=429)]
        with pytest.raises(QuotaError, match="Wait a minute"):
            await purchase(google)


async def test_a_stream_that_breaks_names_its_interaction(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(Fault("stream", "cut", after=2))
    with pytest.raises(NetworkError) as caught:
        await streamed(google)
    assert [caught.value.interaction_id] == list(emulator.interactions)


@asynccontextmanager
async def listening() -> AsyncGenerator[tuple[str, list[bytes]]]:
    """Run another host, and record everything that it receives."""
    heard: list[bytes] = []

    async def hear(stream: SocketStream) -> None:
        async with stream:
            heard.append(await stream.receive())
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, hear)
        yield f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}/v1/interactions", heard
        tasks.cancel_scope.cancel()


@pytest.mark.slow
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(google: Gemini, emulator: Emulator, status: int) -> None:
    async with listening() as (elsewhere, heard):
        for purchase in PURCHASES:
            emulator.requests.clear()
            emulator.faults[:] = [make_redirect_fault(elsewhere, status=status)]
            with pytest.raises(OutcomeUnknownError, match=f"answered {status}.*not followed.*GOOGLE_GEMINI_BASE_URL"):
                await purchase(google)
            assert len(emulator.requests) == 1
        for on in ("get", "resume", "cancel", "delete", "model", "file", "upload"):
            emulator.faults.append(make_redirect_fault(elsewhere, on, status=status, times=9))

        async def resumed() -> None:
            async with google.resume("v1_a", "e1") as events:
                assert [event async for event in events] == []

        for read in (
            *(lambda: google.get("v1_a"), lambda: google.cancel("v1_a"), lambda: google.delete("v1_a"), resumed),
            *(google.check, lambda: google.mime_type("files/abc"), lambda: google.environment_files("e", "a")),
            lambda: google.download_environment_file("e", "a"),
        ):
            with pytest.raises(NetworkError, match=f"answered {status}"):
                await read()
        assert heard == []


async def test_no_redirect_leads_an_upload_elsewhere(google: Gemini, emulator: Emulator) -> None:
    import io

    async with listening() as (elsewhere, heard):
        emulator.faults.append(make_redirect_fault(elsewhere, "upload", times=99))
        with pytest.raises(NetworkError, match="answered 307"):
            await google.upload(io.BytesIO(b"abc"), 3, "application/pdf", "a.pdf", lambda _: None)
        assert heard == []


REQUEST = httpx2.Request("POST", "http://x/v1/interactions", headers={"x-goog-api-key": KEY})
FOREIGN = [
    found
    for module in (interactions_errors, sdk_errors, httpx2)
    for _, found in inspect.getmembers(module, inspect.isclass)
    if issubclass(found, Exception) and not issubclass(found, Warning) and found is not httpx2.CookieConflict
]
WITHOUT_ARGUMENTS = (httpx2.RequestNotRead, httpx2.ResponseNotRead, httpx2.StreamClosed, httpx2.StreamConsumed)


def instance(error: Any) -> Exception:
    """Make an exception; their constructors differ."""
    response = httpx2.Response(getattr(error, "status_code", None) or 418, request=REQUEST)
    recipes: list[tuple[Any, Any]] = [
        (
            interactions_errors.APIStatusError,
            lambda: error("No.", response=response, body={"error": {"message": "No."}}),
        ),
        (interactions_errors.APIResponseValidationError, lambda: error(response, None)),
        (interactions_errors.APIConnectionError, lambda: error(request=REQUEST)),
        (interactions_errors.APIError, lambda: error("No.", REQUEST, body=None)),
        (sdk_errors.APIError, lambda: error(500, {"error": {"message": "No.", "code": 500}})),
        (httpx2.HTTPStatusError, lambda: error("No.", request=REQUEST, response=response)),
        (WITHOUT_ARGUMENTS, error),
        (Exception, lambda: error("No.")),
    ]
    return next(made() for base, made in recipes if issubclass(error, base))


OURS = [RecursionError, MemoryError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, TimeoutError]


@pytest.mark.parametrize("error", [*FOREIGN, *OURS], ids=lambda error: f"{error.__module__}.{error.__name__}")
def test_after_the_first_byte_every_exception_is_an_unknown_outcome(error: type[Exception]) -> None:
    with pytest.raises(OutcomeUnknownError) as caught, map_exceptions(PAID, Exchange(left=True)):
        raise instance(error)
    assert UNKNOWN_OUTCOME in str(caught.value)
    assert KEY not in str(caught.value)
    assert isinstance(caught.value.__cause__, error)
    with pytest.raises(NetworkError, match="reading is free") as caught, map_exceptions(READ, Exchange(left=True)):
        raise instance(error)
    assert caught.value.interaction_id == "v1_a"


@pytest.mark.parametrize("error", [*FOREIGN, *OURS], ids=lambda error: f"{error.__module__}.{error.__name__}")
@pytest.mark.parametrize("call", [PAID, READ], ids=["paid", "read"])
def test_before_the_first_byte_every_exception_says_that_nothing_was_sent(error: type[Exception], call: Call) -> None:
    with (
        pytest.raises((InputError, NetworkError), match="nothing was sent") as caught,
        map_exceptions(call, Exchange()),
    ):
        raise instance(error)
    reachable = not issubclass(error, httpx2.TransportError | httpx2.InvalidURL | OSError)
    assert isinstance(caught.value, InputError) is reachable
    assert caught.value.interaction_id == call.interaction_id
    assert KEY not in str(caught.value)


def test_a_connection_that_was_never_made_is_known_through_what_the_sdk_wraps_around_it() -> None:
    wrapped = interactions_errors.APIConnectionError(request=REQUEST)
    wrapped.__cause__ = httpx2.ConnectError("refused")
    with pytest.raises(NetworkError, match="nothing was sent or charged"), map_exceptions(PAID, Exchange()):
        raise wrapped


def test_a_malformed_request_is_told_without_repeating_the_prompt() -> None:
    class Strict(BaseModel):
        number: int

    told = r"malformed \(ValidationError\); nothing was sent"
    with pytest.raises(InputError, match=told) as caught, map_exceptions(PAID, Exchange()):
        Strict.model_validate({"number": "my secret prompt"})
    assert isinstance(caught.value.__cause__, ValidationError)


async def test_a_request_that_the_sdk_does_not_write_is_malformed(google: Gemini, emulator: Emulator) -> None:
    nested: dict[str, Any] = {}
    for _ in range(5_000):
        nested = {"properties": {"a": nested}}
    with pytest.raises(InputError, match="nothing was sent"):
        await google.create(ASK.model_copy(update={"agent": "both"}), background=True)
    with pytest.raises(InputError, match="nothing was sent"):
        await google.create(ASK.model_copy(update={"response_schema": nested}), background=True)
    assert emulator.requests == []


def test_cancellation_and_our_own_errors_pass() -> None:
    with pytest.raises(KeyboardInterrupt), track_exchange(PAID):
        raise KeyboardInterrupt
    with pytest.raises(GeminiMCPError, match="Ours"), track_exchange(PAID):
        raise GeminiMCPError("Ours.")


@asynccontextmanager
async def proxy(answer: bytes) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """Run a proxy with a fixed answer, and record what it receives."""
    asked: list[bytes] = []

    async def serve_one(stream: SocketStream) -> None:
        async with stream:
            asked.append(await stream.receive())
            await stream.send(answer)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve_one)
        yield f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}", asked
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b""],
    ids=["refused", "no TLS", "hung up"],
)
async def test_asking_a_proxy_for_a_tunnel_sends_nothing_to_google(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    async with proxy(answer) as (address, asked):
        monkeypatch.setenv("HTTPS_PROXY", address)
        google = Gemini(make_settings(tmp_path, "https://gemini.invalid"), FAST)
        with pytest.raises(NetworkError, match="nothing was sent or charged"):
            await created(google)
        await google.close()
    assert asked
    assert all(each.startswith(b"CONNECT gemini.invalid:443") for each in asked)


async def test_a_proxy_that_forwards_the_request_may_have_done_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proxy(b"") as (address, asked):
        monkeypatch.setenv("HTTP_PROXY", address)
        google = Gemini(make_settings(tmp_path, "http://gemini.invalid"), FAST)
        with pytest.raises(OutcomeUnknownError):
            await created(google)
        await google.close()
    assert len(asked) == 1


async def test_a_connection_that_hangs_while_it_is_made_has_sent_nothing(
    settings: Settings, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk, "MAX_CONNECTIONS", 1)
    google = Gemini(settings, replace(FAST, create=0.1))
    emulator.faults.append(stalled := Fault("get", "stall", times=9))
    async with anyio.create_task_group() as tasks:

        @tasks.start_soon
        async def _() -> None:
            with pytest.raises(GeminiMCPError):
                await google.get("v1_a")

        await stalled.reached.wait()
        with pytest.raises(NetworkError, match="nothing was sent or charged"):
            await created(google)
        stalled.release.set()
    assert [request.method for request in emulator.requests] == ["GET"]
    await google.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"id":"v1_a"}', "v1_a"),
        ('{"id":"v1.a=/%"', "v1.a=/%"),
        ('{"id":"v1_\\u00e9\\/x"', "v1_é/x"),
        ('{"id":"call_0"},{"id":"v1_a"}', "v1_a"),
        ('{"id":"v1_a","id":"v1_b"}', "v1_a"),
        ('{"previous_interaction_id":"v1_a"}', None),
        ('{"text":"the \\"id\\": \\"v1_a\\" is"}', None),
        ('<script>{"id":"header"}</script>', None),
        ('{"id":"v1_a', None),
        ('{"id":"v1_' + "a" * 600 + '"}', None),
        ("[" * 100_000, None),
        ("", None),
    ],
    ids=lambda value: str(value)[:25],
)
def test_an_id_is_found_in_what_cannot_be_parsed(text: str, found: str | None) -> None:
    assert find_interaction_id(text) == found
    assert found is None or len(json.dumps(found)) > 2
