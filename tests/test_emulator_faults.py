"""Failures of the emulator: refusals and scripted faults; and how serving starts and ends."""

import io
import json
import math
from dataclasses import replace
from typing import Any

import anyio
import httpx2
import pytest
from anyio.abc import TaskStatus
from google.genai import errors as genai_errors
from google.genai._interactions import (
    APIConnectionError,
    APIError,
    APIStatusError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
)

import emulating
from emulating import AGENT, MODEL, RESEARCH, Untyped, ask, events_of, finished, kinds, text_of
from gemini_interactions_mcp.emulator import (
    Emulator,
    Fault,
    FaultKind,
    FaultPoint,
    make_background_fault,
    make_not_found_yet_fault,
    make_rate_limit_fault,
    make_redirect_fault,
    make_streamed_error_fault,
    make_unreadable_fault,
    make_unresumable_fault,
    make_zero_quota_fault,
    serve_emulator,
)

http = emulating.http
client = emulating.client  # in place of the MCP client of all other tests


CONTENT = {"type": "image", "data": "aGk=", "mime_type": "image/png"}
JSON_FORMAT = {"type": "text", "mime_type": "application/json"}
AUDIO = {"type": "audio", "data": "AAAA", "mime_type": "audio/wav"}


def transcription(config: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": "gemini-3.5-transcribe",
        "input": [AUDIO],
        "generation_config": {"transcription_config": config},
    }


def spoken(voices: Any = None, model: str = "gemini-3.8-flash-tts", text: str = "Hello") -> dict[str, Any]:
    """A request for speech."""
    return {
        "model": model,
        "input": text,
        "response_format": {"type": "audio"},
        "generation_config": {"speech_config": voices or [{"voice": "Kore"}]},
    }


def video(shape: dict[str, Any], task: str = "text_to_video", **fields: Any) -> dict[str, Any]:
    """A request for a video."""
    return {
        "model": "gemini-omni-1.2-flash",
        "response_format": {"type": "video", **shape},
        "generation_config": {"video_config": {"task": task}},
        **fields,
    }


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"foo": 1}, 400, "parameter_unknown"),
    ({"agent": AGENT}, 400, "Exactly one of"),
    ({"model": "gemini-3-pro-preview"}, 404, "model_not_found"),
    ({"model": "gemini-3.1-flash-image"}, 404, "model_not_found"),
    ({"model": "gemini-2.5-flash"}, 404, "model_not_found"),
    ({"model": "gemini-omni-1.2-flash"}, 400, "Video models make one video only."),
    ({"response_format": {"type": "video"}}, 400, "Video output is not supported for gemini-3.8-flash."),
    ({"tools": [{"type": "function"}]}, 400, "a function needs a name"),
    ({"tools": [{"type": "mcp_server"}]}, 400, "an MCP server needs a url"),
    ({"tools": [{"type": "file_search"}]}, 400, "file_search needs stores"),
    (spoken(text="x" * 40_000), 400, "exceeds the maximum number of tokens allowed (8192)"),
    (spoken({"speakers": [{"speaker": "Joe", "voice": "Puck"}]}), 400, "must equal 2"),
    (spoken({"speakers": [{"voice": "Kore"}]}, "gemini-3.1-flash-tts-preview"), 400, "invalid argument"),
    (spoken([{"voice": "Nobody"}]), 400, "invalid argument"),
    (video({"duration": "2s"}), 400, "invalid argument"),
    (video({"duration": "11s"}), 400, "invalid argument"),
    (video({"aspect_ratio": "1:1"}), 400, "Supported values: '16:9', '9:16'."),
    (video({"resolution": "8k"}), 400, "Supported values: '360p', '720p', '1080p', '4k'."),
    (video({"delivery": "uri"}, store=False), 400, "store=true is required for delivery=uri."),
    (video({}, task="film"), 400, "Supported values: 'text_to_video'"),
    (video({}, task="edit"), 400, "invalid argument"),
    (video({}, task="image_to_video"), 400, "invalid argument"),
    ({"response_format": {"type": "audio"}}, 400, "Audio output is not supported for gemini-3.8-flash."),
    ({"model": "gemini-3.8-flash-tts"}, 400, "Speech models make audio only."),
    ({"model": "lyria-3.5", "response_format": {"type": "audio", "mime_type": "audio/wav"}}, 400, "invalid argument"),
    ({"model": "gemini-3.5-transcribe"}, 400, "invalid argument"),
    ({"model": "gemini-3.5-transcribe", "input": [AUDIO, {"type": "text", "text": "What?"}]}, 400, "invalid argument"),
    (transcription({"volume": 1}), 400, "Unknown parameter 'volume' at 'generation_config.transcription_config'"),
    (transcription({"mode": "fast"}), 400, "Supported values: 'verbatim', 'smart'."),
    (transcription({"mode": {"type": "smart", "diarization_mode": "speaker"}}), 400, "Unknown parameter"),
    (transcription({"mode": {"type": "verbatim", "diarization_mode": "face"}}), 400, "Supported values: 'speaker'."),
    (transcription({"mode": {"type": "verbatim", "timestamp_granularities": ["day"]}}), 400, "values: 'word'."),
    ({"model": 3}, 400, "expected str"),
    ({"stream": "yes"}, 400, "expected bool"),
    ({"agent_config": {}}, 400, "not supported for gemini-3.8-flash"),
    ({"store": False, "background": True}, 400, "store=true is required"),
    ({"model": "gemini-nano-banana-2.1", "background": True}, 400, "does not support background interactions"),
    ({"webhook_config": {"uris": []}, "background": False}, 400, "requires background=true"),
    ({"generation_config": {"top_k": 1}}, 400, "Unknown parameter 'top_k' at 'generation_config'"),
    ({"generation_config": {"thinking_level": "huge"}}, 400, "Supported values: 'low', 'medium', 'high'."),
    ({"generation_config": {"thinking_level": "minimal"}, "model": "gemini-3.1-pro-preview"}, 400, "'low', 'medium'"),
    ({"generation_config": {"max_output_tokens": 0}}, 400, "positive integer"),
    (
        {"tools": [{"type": "telepathy"}]},
        400,
        "not supported for 'type' at 'tools[0]'. Supported values: 'google_search'",
    ),
    ({"tools": [{"type": "function"}]}, 400, "a function needs a name"),
    ({"service_tier": "gold"}, 400, "'flex', 'standard', 'priority', 'deferred'"),
    ({"response_format": "json"}, 400, "response_format"),
    ({"response_format": {"type": "smell"}}, 400, "'text', 'image', 'audio', 'video'"),
    ({"response_format": {"type": "image"}}, 400, "Image output is not supported"),
    ({"response_format": {"type": "image", "aspect_ratio": "5:1"}}, 400, "16:9"),
    (
        {"model": "gemini-nano-banana-2.1", "response_format": {"type": "image", "image_size": "512"}},
        400,
        "'1K', '2K', '4K'",
    ),
    ({"model": "gemini-3.1-flash-lite-image", "response_format": {"type": "image", "image_size": "2K"}}, 400, "'1K'."),
    ({"response_format": {**JSON_FORMAT, "schema": "no"}}, 400, "Invalid JSON schema"),
    ({"response_format": {**JSON_FORMAT, "schema": {"items": {"type": "float"}}}}, 400, "Invalid JSON schema"),
    ({"input": ""}, 400, "Invalid input"),
    ({"input": []}, 400, "Invalid input"),
    ({"input": ["text"]}, 400, "Invalid input"),
    ({"input": [{"role": "user", "content": "x"}]}, 400, "user_input"),
    ({"input": [{"type": "user_input", "content": [{"type": "hologram"}]}]}, 400, "'text', 'image', 'audio'"),
    ({"input": [{**CONTENT, "data": "a"}]}, 400, "Base64 decoding failed"),
    ({"input": [{**CONTENT, "resolution": "blurred"}]}, 400, "'low', 'medium', 'high', 'ultra_high'"),
    ({"input": [{"type": "image", "uri": "file:///etc/hosts"}]}, 400, "Cannot fetch content"),
    ({"input": [{"type": "image", "uri": "https://x.invalid/a.png"}]}, 400, "Cannot fetch content"),
    ({"input": [{"type": "image", "uri": "gs://bucket/a.png"}]}, 400, "Cannot fetch content"),
    ({"input": [{"type": "image", "uri": "files/unknown"}]}, 403, "permission_denied"),
    ({"previous_interaction_id": "v1_unknown"}, 404, "not_found"),
    ({"previous_interaction_id": "../x"}, 400, "Invalid JSON payload"),
    ({"continuation_token": "unknown"}, 400, "continuation_token"),
]
REFUSED_RESEARCH: list[tuple[dict[str, Any], int, str]] = [
    ({"agent": "antigravity-preview-05-2026"}, 404, "model_not_found"),
    ({"agent": "deep-research-pro-preview-12-2025"}, 404, "model_not_found"),
    ({"background": False}, 400, "Agents are required to use background=true"),
    ({"background": False, "store": False}, 400, "store=true is required"),
    ({"system_instruction": "x"}, 400, "system_instruction is not supported"),
    ({"generation_config": {}}, 400, "'generation_config' is not supported"),
    ({"response_format": JSON_FORMAT}, 400, "Structured output is not supported"),
    ({"tools": [{"type": "function", "name": "f"}]}, 400, "Custom function tools"),
    ({"agent_config": {"depth": 3}}, 400, "'depth' at 'agent_config'"),
    ({"agent_config": {"type": "antigravity"}}, 400, "deep-research"),
    ({"agent_config": {"visualization": "on"}}, 400, "'auto', 'off'"),
    ({"agent_config": {"thinking_summaries": "all"}}, 400, "'auto', 'none'"),
]
CASES = [
    *(({"model": MODEL, "input": "x"} | more, code, told) for more, code, told in REFUSED),
    *((RESEARCH | more, code, told) for more, code, told in REFUSED_RESEARCH),
]


async def test_what_the_api_would_not_take_is_refused_with_the_reason(
    http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    for body, status, told in CASES:
        response = await http.post("/v1/interactions", json=body)
        assert (response.status_code, told in response.text) == (status, True), (body, response.text)
        assert set(response.json()["error"]) == {"message", "code"}
    assert emulator.creates == []


async def test_a_refusal_reaches_the_client_as_its_own_error(client: Untyped) -> None:
    with pytest.raises(BadRequestError, match="parameter_unknown"):
        await ask(client, extra_body={"foo": 1})
    with pytest.raises(NotFoundError, match="model_not_found"):
        await client.interactions.create(model="gemini-nope", input="x")


@pytest.mark.parametrize("raw", [b"{", b"[1]", b'"' + b"x" * 300_000 + b'"'])
async def test_a_body_that_is_no_json_object_is_refused(http: httpx2.AsyncClient, raw: bytes) -> None:
    response = await http.post("/v1/interactions", content=raw)
    assert (response.status_code, "Invalid JSON payload" in response.text) == (400, True)


async def test_a_body_beyond_the_limit_is_refused(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    emulator.max_body_bytes = 10
    response = await http.post("/v1/interactions", json={"model": MODEL, "input": "x"})
    assert "exceeds the limit: 10 bytes" in response.text


async def test_keys_are_checked_in_the_grpc_shape_and_never_recorded(url: str, emulator: Emulator) -> None:
    async with httpx2.AsyncClient(base_url=url) as keyless:
        missing = await keyless.get("/v1/models")
        rejected = await keyless.get("/v1/models", headers={"x-goog-api-key": "invalid-key"})
        accepted = await keyless.get("/v1/models?key=secret")
    assert missing.json()["error"]["status"] == "PERMISSION_DENIED"
    assert "unregistered callers" in missing.text
    assert rejected.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert (missing.status_code, rejected.status_code, accepted.status_code) == (403, 400, 200)
    assert "key" not in emulator.requests[-1].query
    assert "x-goog-api-key" not in emulator.requests[1].headers


async def test_malformed_ids_and_unknown_paths_are_told_apart(
    client: Untyped, http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    with pytest.raises(BadRequestError, match="Invalid interaction name: interactions/abc"):
        await client.interactions.get("abc")
    with pytest.raises(NotFoundError):
        await client.interactions.get("v1_abc")
    assert (await http.get("/v1/nothing")).json()["error"]["status"] == "NOT_FOUND"
    assert (await http.put("/v1/models")).status_code == 404
    assert [request.path for request in emulator.requests][-2:] == ["/v1/nothing", "/v1/models"]


@pytest.mark.parametrize("told", ["details", "header", "message", "nowhere"])
async def test_a_rate_limit_tells_its_delay_in_three_ways(client: Untyped, emulator: Emulator, told: Untyped) -> None:
    emulator.faults.append(make_rate_limit_fault(seconds=7, told=told))
    with pytest.raises(RateLimitError) as caught:
        await ask(client)
    error: Untyped = caught.value
    details = error.body["error"].get("details", [{}])
    assert details[0].get("retryDelay") == ("7s" if told == "details" else None)
    assert error.response.headers.get("retry-after") == ("7" if told == "header" else None)
    assert ("Please retry in 7.000000000s." in error.body["error"]["message"]) is (told == "message")
    assert (await ask(client)).status == "completed"
    assert len(emulator.creates) == 1


@pytest.mark.parametrize(
    ("status", "body"), [(500, None), (503, "<html>no</html>"), (500, ""), (502, [{"error": "in a list"}])]
)
async def test_any_status_and_body_can_be_answered(
    client: Untyped, emulator: Emulator, status: int, body: Untyped
) -> None:
    emulator.faults.append(Fault("create", "http", http_status=status, body=body))
    with pytest.raises(InternalServerError) as caught:
        await ask(client)
    given: Untyped = caught.value.body
    own = {"error": {"message": "The emulator was told to answer 500.", "code": "api_error"}}
    assert (given or "") == (own if body is None else body)
    assert emulator.creates == []


async def test_a_fresh_id_can_be_unknown_and_forbidden_for_a_while(client: Untyped, emulator: Emulator) -> None:
    started = await ask(client, background=True)
    await emulator.interactions[started.id].finished.wait()
    emulator.faults += [
        Fault("get", "http", 2, http_status=404),
        Fault("get", "http", http_status=403, match=started.id),
        Fault("get", "http", math.inf, http_status=403, match="v1_other"),
        Fault("get", "no_usage"),
    ]
    for error in (NotFoundError, NotFoundError, PermissionDeniedError):
        with pytest.raises(error):
            await client.interactions.get(started.id)
    assert (await client.interactions.get(started.id)).usage is None
    assert (await client.interactions.get(started.id)).usage is not None


@pytest.mark.parametrize(("kind", "paid"), [("drop", 0), ("drop_taken", 1)])
async def test_a_dropped_create_is_a_connection_error_whether_taken_or_not(
    client: Untyped, emulator: Emulator, kind: FaultKind, paid: int
) -> None:
    emulator.faults.append(Fault("create", kind))
    with pytest.raises(APIConnectionError):
        await ask(client)
    assert (len(emulator.creates), len(emulator.interactions)) == (paid, paid)
    emulator.faults.append(Fault("stream", kind))
    assert (await ask(client)).status == "completed"
    with pytest.raises(APIConnectionError):
        await events_of(await ask(client, stream=True))
    assert len(emulator.creates) == 2 * paid + 1


@pytest.mark.parametrize("point", ["get", "resume", "cancel", "delete"])
async def test_every_call_on_an_interaction_can_be_dropped(
    client: Untyped, emulator: Emulator, point: FaultPoint
) -> None:
    started = await ask(client, background=True)
    emulator.faults.append(Fault(point, "drop_taken" if point == "delete" else "drop"))
    call = getattr(client.interactions, "get" if point == "resume" else point)
    with pytest.raises(APIConnectionError):
        await call(started.id, **({"stream": True} if point == "resume" else {}))
    assert emulator.deletes == ([started.id] if point == "delete" else [])


async def test_an_upload_and_a_file_can_fail_too(client: Untyped, emulator: Emulator) -> None:
    emulator.faults += [Fault("upload", "drop", skip=1), Fault("file", "http", http_status=500), Fault("model", "drop")]
    with pytest.raises(httpx2.TransportError):
        await client.files.upload(file=io.BytesIO(b"x"), config={"mime_type": "text/csv"})
    with pytest.raises(genai_errors.ServerError):
        await client.files.get(name="files/abc")
    with pytest.raises(httpx2.TransportError):
        await client.models.get(model=MODEL)
    assert emulator.files.files == {}


async def test_a_stalled_create_is_taken_and_answers_when_released(client: Untyped, emulator: Emulator) -> None:
    fault = Fault("create", "stall")
    emulator.faults.append(fault)
    answers: list[Any] = []

    async def call() -> None:
        answers.append(await ask(client))

    async with anyio.create_task_group() as calls:
        calls.start_soon(call)
        await fault.reached.wait()
        assert answers == []
        fault.release.set()
    assert answers[0].status == "completed"


async def test_an_error_status_beyond_the_known_ones_is_an_api_status_error(
    client: Untyped, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("create", "http", http_status=402))
    with pytest.raises(APIStatusError, match="payment_required"):
        await ask(client)


async def test_bytes_are_answered_as_they_are(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    headers = {"content-type": "application/json"}
    emulator.faults.append(Fault("create", "http", http_status=200, body=b"\xff[", headers=headers))
    response = await http.post("/v1/interactions", json={"model": MODEL, "input": "x"})
    assert (response.status_code, response.content) == (200, b"\xff[")
    assert response.headers["content-type"] == "application/json"


async def test_half_an_answer_is_cut_off_after_the_request_was_taken(
    client: Untyped, http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("create", "half"))
    with pytest.raises(APIConnectionError):
        await ask(client)
    [interaction] = emulator.interactions.values()
    emulator.faults.append(Fault("get", "half"))
    came = bytearray()

    async def receive() -> None:
        async with http.stream("GET", f"/v1/interactions/{interaction.id}") as response:
            sizes.append(int(response.headers["content-length"]))
            async for part in response.aiter_bytes():
                came.extend(part)

    sizes: list[int] = []
    with pytest.raises(httpx2.RemoteProtocolError):
        await receive()
    assert len(came) == sizes[0] // 2
    assert interaction.id.encode() in came


async def test_a_redirect_leads_where_it_is_told_to(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    emulator.faults.append(make_redirect_fault("http://127.0.0.1:9/", status=308))
    response = await http.post("/v1/interactions", json={"model": MODEL, "input": "x"})
    assert (response.status_code, response.headers["location"]) == (308, "http://127.0.0.1:9/")


async def test_a_quota_of_zero_names_a_delay_all_the_same(client: Untyped, emulator: Emulator) -> None:
    emulator.faults.append(make_zero_quota_fault(seconds=19.347400292))
    with pytest.raises(RateLimitError, match=r"limit: 0, model.*retry in 19\.347400292s\.") as caught:
        await ask(client)
    assert len(str(caught.value)) > 400
    with pytest.raises(RateLimitError):
        await ask(client)
    assert emulator.creates == []


async def test_background_is_refused_for_a_while_and_the_foreground_is_not(client: Untyped, emulator: Emulator) -> None:
    emulator.faults.append(make_background_fault(times=2))
    for _ in range(2):
        assert (await ask(client)).status == "completed"
        with pytest.raises(BadRequestError, match="does not support background interactions"):
            await ask(client, background=True)
    assert (await ask(client, background=True)).id


async def test_a_fresh_interaction_cannot_be_continued_or_read_for_a_while(client: Untyped, emulator: Emulator) -> None:
    emulator.faults += [make_not_found_yet_fault(), make_not_found_yet_fault("get")]
    first = await ask(client)
    for call in (client.interactions.get(first.id), ask(client, previous_interaction_id=first.id)):
        with pytest.raises(NotFoundError, match="Requested entity was not found"):
            await call
    assert (await ask(client, previous_interaction_id=first.id)).status == "completed"
    assert (await client.interactions.get(first.id)).status == "completed"


async def test_what_has_been_streamed_may_be_shown_to_nobody(client: Untyped, emulator: Emulator) -> None:
    events = await events_of(await ask(client, stream=True))
    interaction_id = events[0].interaction.id
    emulator.faults[:] = [make_unreadable_fault(), make_unresumable_fault()]
    for _ in range(2):
        with pytest.raises(BadRequestError, match="Request contains an invalid argument"):
            await client.interactions.get(interaction_id)
        with pytest.raises(BadRequestError, match="Streaming retrieval of interactions is not supported"):
            await client.interactions.get(interaction_id, stream=True)
    emulator.faults[:] = [make_unreadable_fault(403)]
    with pytest.raises(PermissionDeniedError, match="You will not be charged"):
        await client.interactions.get(interaction_id)


async def streamed(client: Untyped, emulator: Emulator, *faults: Fault) -> tuple[list[Any], Exception | None]:
    emulator.faults += faults
    events: list[Any] = []
    try:
        async for event in await ask(client, stream=True):
            events.append(event)  # noqa: PERF401 -- a comprehension would lose what came before the error
    except APIError as error:
        return events, error
    return events, None


async def test_a_cut_stream_is_a_connection_error_after_what_came(client: Untyped, emulator: Emulator) -> None:
    events, error = await streamed(client, emulator, Fault("stream", "cut", after=3))
    assert (len(events), isinstance(error, APIConnectionError)) == (3, True)
    interaction_id = events[0].interaction.id
    assert (await finished(client, emulator, interaction_id)).status == "completed"
    emulator.faults.append(Fault("resume", "end", after=2))
    rest = await events_of(await client.interactions.get(interaction_id, stream=True, last_event_id="e2"))
    assert [event.event_id for event in rest] == ["e3", "e4"]


@pytest.mark.parametrize("kind", ["end", "deadline"])
async def test_a_stream_can_end_early_without_any_error(client: Untyped, emulator: Emulator, kind: FaultKind) -> None:
    events, error = await streamed(client, emulator, Fault("stream", kind, after=4))
    assert error is None
    assert [event.event_type for event in events][-1] == "step.stop" if len(events) > 4 else "step.delta"
    assert not any(getattr(event, "event_type", "") == "interaction.completed" for event in events)


async def test_a_truncated_event_arrives_as_a_string(client: Untyped, emulator: Emulator) -> None:
    events, _ = await streamed(client, emulator, Fault("stream", "truncate", after=5))
    assert len(events) == 6
    assert isinstance(events[-1], str)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (None, "gateway_timeout"),
        ({"code": "own", "message": "x"}, "own"),
        ({"error": {"code": "in"}}, "in"),
        ("", None),
    ],
)
async def test_an_error_event_is_yielded_with_or_without_a_body(
    client: Untyped, emulator: Emulator, body: Untyped, code: str | None
) -> None:
    events, _ = await streamed(client, emulator, Fault("stream", "error", after=2, body=body))
    assert events[-1].event_type == "error"
    assert (events[-1].error.code if code else events[-1].error) == code


async def test_a_refusal_may_come_as_the_only_event(client: Untyped, emulator: Emulator) -> None:
    events, error = await streamed(client, emulator, make_streamed_error_fault("quota_exceeded", "Over."))
    assert error is None
    assert [(event.event_type, event.error.code, event.error.message) for event in events] == [
        ("error", "quota_exceeded", "Over.")
    ]
    assert emulator.creates == []
    emulator.doubts = replace(emulator.doubts, streamed_refusals=True)
    [event] = await events_of(await client.interactions.create(model="gemini-nope", input="x", stream=True))
    assert event.error.code == "model_not_found"
    with pytest.raises(NotFoundError):
        await client.interactions.create(model="gemini-nope", input="x")


async def test_unknown_kinds_are_inserted_and_the_stream_goes_on(client: Untyped, emulator: Emulator) -> None:
    events, _ = await streamed(client, emulator, Fault("stream", "unknown", after=2))
    assert events[2].is_unknown
    assert events[3].step.is_unknown
    assert events[4].delta.is_unknown
    assert events[-1].event_type == "interaction.completed"


async def test_a_stalled_stream_goes_on_when_released(client: Untyped, emulator: Emulator) -> None:
    fault = Fault("stream", "stall", after=1)
    emulator.faults.append(fault)
    stream = await ask(client, stream=True)
    first = await anext(stream)
    await fault.reached.wait()
    assert first.event_type == "interaction.created"
    fault.release.set()
    assert (await events_of(stream))[-1].interaction.id == first.interaction.id


@pytest.mark.parametrize("status", ["failed", "incomplete", "budget_exceeded", "requires_action", "paused"])
async def test_a_run_can_end_with_any_status(client: Untyped, emulator: Emulator, status: str) -> None:
    emulator.faults.append(Fault("create", "status", run_status=status))
    answer = await ask(client, tools=[{"type": "function", "name": "look_up", "parameters": {"type": "object"}}])
    assert answer.status == status
    if status == "failed":
        assert (answer.steps, answer.errors[0].code) == ([], "internal")
    elif status == "requires_action":
        assert (answer.steps[-1].name, answer.steps[-1].arguments) == ("look_up", {"location": "Zürich"})
    else:
        assert answer.output_text.startswith("Emulated")
        assert "You asked: “Grüße, world”" not in answer.output_text


async def test_a_function_call_is_streamed_as_partial_json(client: Untyped, emulator: Emulator) -> None:
    fault = Fault("create", "status", run_status="requires_action", body={"city": "Köln"})
    events, _ = await streamed(client, emulator, fault)
    (delta,) = [event.delta for event in events if getattr(event, "delta", None) and event.delta.type[:4] == "argu"]
    assert json.loads(delta.arguments) == {"city": "Köln"}
    assert events[-1].interaction.status == "requires_action"


async def test_a_continuation_token_continues_the_same_prompt(client: Untyped, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "status", run_status="requires_continuation"))
    answer = await ask(client, "Continue me")
    assert (answer.status, len(emulator.creates)) == ("completed", 2)
    assert emulator.creates[1]["continuation_token"].startswith("continue-v1_")
    whole = await ask(client, "Continue me", store=False)
    assert text_of(answer) == text_of(whole)
    emulator.faults.append(Fault("create", "status", run_status="requires_continuation"))
    stream = await ask(client, "Streamed", stream=True, background=True)
    last = (await events_of(stream))[-1].interaction
    assert last.continuation_token == (await client.interactions.get(last.id)).continuation_token
    again = await ask(client, "Streamed", continuation_token=last.continuation_token, store=False)
    assert again.status == "completed"


async def test_a_queued_run_starts_when_released(client: Untyped, emulator: Emulator) -> None:
    fault = Fault("create", "queued")
    emulator.faults.append(fault)
    started = await ask(client, background=True)
    assert (started.status, (await client.interactions.get(started.id)).status) == ("queued", "queued")
    fault.release.set()
    assert (await finished(client, emulator, started.id)).status == "completed"


async def test_a_run_can_be_empty_blocked_or_without_usage(client: Untyped, emulator: Emulator) -> None:
    emulator.faults += [Fault("create", kind, match=kind) for kind in ("empty", "blocked", "no_usage")]
    empty = await ask(client, "empty")
    assert (empty.status, kinds(empty.steps), empty.output_text) == ("completed", ["thought"], "")
    blocked = await ask(client, "blocked")
    assert (blocked.status, blocked.errors[0].code, blocked.steps[0].error.code) == ("failed", "safety", 3)
    poor = await ask(client, "no_usage")
    assert (poor.status, poor.usage) == ("completed", None)
    assert (await client.interactions.get(poor.id)).usage is not None
    emulator.faults.append(Fault("create", "no_usage"))
    assert (await events_of(await ask(client, stream=True)))[-1].interaction.usage is None


async def test_a_fault_that_cannot_happen_is_refused_when_scripted() -> None:
    for on, kind in (("get", "cut"), ("stream", "queued"), ("create", "truncate")):
        with pytest.raises(ValueError, match="cannot happen"):
            Fault(on, kind)  # pyright: ignore[reportArgumentType] -- a loop over literals is not literal


async def test_leaving_closes_open_streams_and_withheld_answers_at_once(emulator: Emulator) -> None:
    emulator.faults += [Fault("create", "hold"), Fault("model", "stall")]
    failed: list[str] = []
    url = ""

    async def outlive(method: str, path: str) -> None:
        body = {"model": MODEL, "input": "x", "stream": True}
        async with httpx2.AsyncClient(base_url=url, params={"key": "k"}, timeout=None) as http:
            try:
                await http.request(method, path, json=body)
            except httpx2.TransportError:
                failed.append(path)

    async with anyio.create_task_group() as calls:  # noqa: SIM117 -- the calls end when the emulator leaves
        async with serve_emulator(emulator) as url:
            calls.start_soon(outlive, "POST", "/v1/interactions")
            calls.start_soon(outlive, "GET", "/v1/models")
            for fault in tuple(emulator.faults):
                await fault.reached.wait()
    assert sorted(failed) == ["/v1/interactions", "/v1/models"]
    async with httpx2.AsyncClient() as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(url)


async def test_the_callers_own_error_leaves_unwrapped(emulator: Emulator) -> None:
    with pytest.raises(LookupError):
        async with serve_emulator(emulator):
            raise LookupError


async def test_a_port_that_is_taken_is_an_error(url: str) -> None:
    with pytest.raises(OSError, match="in use"):
        async with serve_emulator(Emulator(), int(url.rsplit(":", 1)[-1])):
            pass


async def test_it_serves_until_it_is_cancelled() -> None:
    async def run(*, task_status: TaskStatus[str]) -> None:
        async with serve_emulator(Emulator()) as url:
            task_status.started(url)
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        url = await tasks.start(run)
        async with httpx2.AsyncClient() as http:
            assert (await http.get(f"{url}/v1/models?key=k")).status_code == 200
        tasks.cancel_scope.cancel()


@pytest.mark.slow
async def test_many_calls_at_once_are_each_taken_once(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    async with anyio.create_task_group() as calls:
        for number in range(50):
            body = {"model": MODEL, "input": f"Call {number}"}
            calls.start_soon(lambda body=body: http.post("/v1/interactions", json=body))
    assert len({body["input"] for body in emulator.creates}) == len(emulator.creates) == 50
