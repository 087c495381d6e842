"""The client of the API against the emulator on loopback: calls, errors, keys and secrets."""

import io
import logging
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from conftest import ATTEMPTS, FAST, KEY, make_settings
from gemini_interactions_mcp.api.client import Gemini
from gemini_interactions_mcp.api.error_mapping import UNKNOWN_OUTCOME
from gemini_interactions_mcp.core.errors import (
    BackgroundRefusedError,
    ConfigurationError,
    GeminiMCPError,
    InputError,
    InteractionNotFoundError,
    KeyMissingError,
    KeyRejectedError,
    ModelNotFoundError,
    NetworkError,
    OutcomeUnknownError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RefusedError,
)
from gemini_interactions_mcp.emulator import EMULATED_AGENTS, EMULATED_MODELS, Emulator, Fault
from gemini_interactions_mcp.models import defaults
from gemini_interactions_mcp.models.catalog_file import load_built_in_catalog
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.models.uploads import UploadedFile
from gemini_interactions_mcp.settings import Settings

MODEL = "gemini-3.8-flash"
ASK = Request(kind="ask", prompt="Grüße", model=MODEL)
IMAGE = Request(kind="image", prompt="A bicycle", model="gemini-nano-banana-2.1", image={"image_size": "1K"})
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


async def test_a_foreground_create_returns_the_whole_answer(google: Gemini, emulator: Emulator) -> None:
    answer = await google.create(ASK, background=False)
    assert (answer.status, answer.model) == ("completed", MODEL)
    assert "You asked: “Grüße”" in answer.text
    assert answer.usage is not None
    assert answer.id in emulator.interactions


async def test_a_background_create_returns_the_id_at_once(google: Gemini, emulator: Emulator) -> None:
    held = Fault("create", "hold")
    emulator.faults.append(held)
    begun = await google.create(ASK, background=True)
    assert begun.status == "in_progress"
    assert begun.text == ""
    held.release.set()
    assert begun.id is not None
    await emulator.interactions[begun.id].finished.wait()
    assert "Grüße" in (await google.get(begun.id)).text


async def test_a_stream_tells_the_id_first_and_then_the_text(google: Gemini) -> None:
    async with google.stream(ASK, background=True) as events:
        heard = [event async for event in events]
    assert (heard[0].type, heard[-1].type) == ("interaction.created", "interaction.completed")
    assert heard[0].interaction_id is not None
    answer = await google.get(heard[0].interaction_id)
    assert "".join(event.text for event in heard) == answer.text
    assert answer.prompt == "Grüße"


async def test_a_stream_is_resumed_after_the_last_event_that_was_heard(google: Gemini) -> None:
    async with google.stream(ASK, background=True) as events:
        first = [await anext(events) for _ in range(3)]
    interaction_id = first[0].interaction_id or ""
    async with google.resume(interaction_id, first[-1].event_id or "") as events:
        rest = [event async for event in events]
    answer = await google.get(interaction_id)
    assert "".join(event.text for event in [*first, *rest]) == answer.text
    assert rest[-1].status == "completed"


async def test_a_running_interaction_is_cancelled(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "hold"))
    begun = await google.create(ASK, background=True)
    assert (await google.cancel(begun.id or "")).status == "cancelled"
    assert emulator.cancels == [begun.id]


async def test_what_is_over_is_not_cancelled_and_that_is_said(google: Gemini) -> None:
    answer = await google.create(ASK, background=False)
    with pytest.raises(RefusedError, match="Only running background interactions") as caught:
        await google.cancel(answer.id or "")
    assert caught.value.interaction_id == answer.id


async def test_a_deleted_interaction_is_gone(google: Gemini, emulator: Emulator) -> None:
    answer = await google.create(ASK, background=False)
    await google.delete(answer.id or "")
    assert emulator.deletes == [answer.id]
    with pytest.raises(InteractionNotFoundError, match="55 days"):
        await google.get(answer.id or "")


async def upload(google: Gemini, content: bytes, mime_type: str, name: str) -> UploadedFile:
    return await google.upload(io.BytesIO(content), len(content), mime_type, name, lambda _: None)


async def test_an_upload_waits_until_the_file_can_be_used(google: Gemini, emulator: Emulator) -> None:
    uploaded = await upload(google, b"RIFF" * 20, "video/mp4", "clip.mp4")
    [file] = emulator.files.files.values()
    assert uploaded.uri.endswith(file.name)
    assert (uploaded.name, file.display_name) == (file.name, "clip.mp4")
    assert uploaded.expires_at == (file.created + timedelta(hours=48)).replace(
        microsecond=uploaded.expires_at.microsecond
    )
    assert await google.mime_type(file.name) == "video/mp4"
    assert paths(emulator).count(f"GET /v1/{file.name}") >= 2


async def test_a_file_that_google_cannot_process_is_named_with_its_reason(google: Gemini, emulator: Emulator) -> None:
    failed = '{"name": "files/abc", "uri": "https://x/files/abc", "state": "FAILED", "error": {"message": "No track"}}'
    emulator.faults.append(replies(failed, "file"))
    with pytest.raises(InputError, match=r"could not process clip\.mp4 \(No track\)\. Convert it"):
        await upload(google, b"RIFF", "video/mp4", "clip.mp4")


async def test_an_upload_whose_last_answer_is_lost_is_found_by_its_name(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(Fault("upload", "drop_taken", skip=1))
    uploaded = await upload(google, b"abc", "application/pdf", "a.pdf")
    assert [uploaded.name] == list(emulator.files.files)


async def test_a_broken_start_of_an_upload_is_sent_again(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(Fault("upload", "drop"))
    uploaded = await upload(google, b"abc", "application/pdf", "a.pdf")
    assert [uploaded.name] == list(emulator.files.files)


async def test_a_refused_upload_is_told_without_the_key(google: Gemini, emulator: Emulator) -> None:
    body = {"error": {"code": 413, "message": f"Too much for {KEY}", "status": "INVALID_ARGUMENT"}}
    emulator.faults.append(Fault("upload", "http", http_status=413, body=body))
    with pytest.raises(InputError, match=r"Too much for \[secret\]"):
        await upload(google, b"abc", "application/pdf", "a.pdf")


async def test_an_uploaded_file_that_has_expired_is_to_be_uploaded_again(google: Gemini) -> None:
    with pytest.raises(InputError, match=r"files/gone: uploaded files are deleted after 48 hours\. Upload it again"):
        await google.mime_type("files/gone")


async def test_a_check_looks_the_model_up_and_buys_nothing(google: Gemini, emulator: Emulator) -> None:
    assert await google.check() == f"models/{MODEL}"
    assert paths(emulator) == [f"GET /v1/models/{MODEL}"]


async def test_a_check_names_a_model_that_is_gone(tmp_path: Path, url: str) -> None:
    google = Gemini(make_settings(tmp_path, url, model="gemini-3-pro-preview"))
    with pytest.raises(ModelNotFoundError, match="no model or agent gemini-3-pro-preview"):
        await google.check()
    await google.close()


async def test_a_check_that_breaks_says_nothing_of_charges(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(Fault("model", "http", times=9, http_status=500))
    with pytest.raises(NetworkError) as caught:
        await google.check()
    assert "charged" not in str(caught.value)
    assert len(emulator.requests) == ATTEMPTS


ODD_IDS = [
    *(".abc", "=", "/../files/abc", "/cancel", "?alt=json", "#top", "%2e%2e", "%", " b", "+", "é", ":x", "{id}"),
    *("\\", "\n", "\x00", "💥", "'\"", "a" * 400),
]
"""Endings of ids that Google may give, as far as anybody knows."""


@pytest.mark.parametrize("text", ["hello", "Grüße" * 100_000])
async def test_an_answer_to_a_resumed_stream_that_is_no_stream_is_read(
    google: Gemini, emulator: Emulator, text: str
) -> None:
    steps = [{"type": "model_output", "content": [{"type": "text", "text": text}]}]
    whole = {"id": "v1_abc", "status": "completed", "steps": steps}
    emulator.faults.append(Fault("resume", "http", http_status=200, body=whole))
    async with google.resume("v1_abc", None) as events:
        (event,) = [event async for event in events]
    assert (event.interaction_id, event.status) == ("v1_abc", "completed")
    assert text in str(event.data)


@pytest.mark.parametrize("suffix", ODD_IDS)
async def test_an_id_that_google_gave_is_used_whatever_characters_it_has(
    google: Gemini, emulator: Emulator, suffix: str
) -> None:
    emulator.id_suffix = suffix
    answer = await google.create(ASK, background=True)
    interaction_id = answer.id or ""
    assert interaction_id.endswith(suffix)
    await emulator.interactions[interaction_id].finished.wait()
    assert "Grüße" in (await google.get(interaction_id)).text
    async with google.resume(interaction_id, None) as events:
        assert (await anext(events)).interaction_id == interaction_id
    follow_up = ASK.model_copy(update={"previous_interaction_id": interaction_id})
    await google.create(follow_up, background=True)
    assert emulator.creates[-1]["previous_interaction_id"] == interaction_id
    with pytest.raises(RefusedError, match="Only running background"):
        await google.cancel(interaction_id)
    await google.delete(interaction_id)
    assert emulator.deletes == [interaction_id]


@pytest.mark.parametrize("bad", ["", ".", "..", "....", "a" * 513, "v1_\ud83d"])
async def test_what_no_url_can_carry_is_refused_before_any_request(
    google: Gemini, emulator: Emulator, bad: str
) -> None:
    async def resume() -> None:
        async with google.resume(bad, "e1"):
            raise AssertionError

    calls = (google.get, google.cancel, google.delete)
    for call in (*(lambda call=call: call(bad) for call in calls), resume, lambda: google.environment_files(bad, "a")):
        with pytest.raises(InputError, match="not an id of the API"):
            await call()
    with pytest.raises(InputError, match="not an id of the API"):
        await google.download_environment_file(bad, "a")
    assert emulator.requests == []


@pytest.mark.parametrize("given", ["v1_x/../../files/abc", "..%2f", "a/b", "x?alt=json"])
async def test_no_id_leads_to_another_path(google: Gemini, emulator: Emulator, given: str) -> None:
    with pytest.raises(RefusedError):
        await google.get(given)
    with pytest.raises(InputError, match="Google keeps no a"):
        await google.environment_files(given, "a")
    for request in emulator.requests:
        assert request.path.count("/") == (5 if "/files/" in request.path else 3)
        assert "alt" not in request.query


async def test_the_files_of_an_environment_are_found_by_any_id(google: Gemini, emulator: Emulator) -> None:
    emulator.environments["env/1.2="] = {"workspace/a b.txt": b"Hi"}
    [file] = await google.environment_files("env/1.2=", "workspace")
    assert file.path == "workspace/a b.txt"
    assert await google.download_environment_file("env/1.2=", file.path) == b"Hi"


async def test_a_stream_is_heard_again_from_its_first_event(google: Gemini) -> None:
    async with google.stream(ASK, background=True) as events:
        told = [event async for event in events]
    async with google.resume(told[0].interaction_id or "", None) as events:
        assert [event async for event in events] == told


async def test_closing_a_client_that_was_never_opened_is_harmless(settings: Settings) -> None:
    google = Gemini(settings)
    await google.close()
    assert google._client is None  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("status", "body", "expected", "said"),
    [
        (400, {"error": {"message": "Bad tool.", "code": "invalid_request"}}, RefusedError, "Bad tool."),
        (400, {"error": {"message": "Background? No.", "code": "x"}}, BackgroundRefusedError, "background"),
        (400, [{"error": {"message": "In a list.", "code": 400}}], RefusedError, "In a list."),
        (401, {"error": {"message": "Who?", "code": "authentication"}}, KeyRejectedError, "Set GEMINI_API_KEY"),
        (402, {"error": {"message": "Pay.", "code": "payment_required"}}, ConfigurationError, "Add credit"),
        (403, {"error": {"message": "No.", "code": "permission_denied"}}, PermissionDeniedError, "may use it"),
        (404, {"error": {"message": "No.", "code": "model_not_found"}}, ModelNotFoundError, f"agent {MODEL}"),
        (409, {"error": {"message": "Twice.", "code": "already_exists"}}, RefusedError, "Twice."),
        (413, "<html>too big</html>", InputError, "fewer or smaller files"),
        (422, {"error": {"message": "Odd.", "code": "x"}}, RefusedError, "Odd."),
        (429, {"error": {"message": "Slow.", "code": "rate_limit_exceeded"}}, QuotaError, "Wait a minute"),
        (499, {"error": {"message": "Gone.", "code": "cancelled"}}, OutcomeUnknownError, UNKNOWN_OUTCOME),
        (503, {"error": {"message": "Busy.", "code": "service_unavailable"}}, OverloadedError, "not charge failed"),
        (503, "<html>busy</html>", OutcomeUnknownError, UNKNOWN_OUTCOME),
    ],
)  # fmt: skip
async def test_an_error_response_over_the_wire_becomes_its_class(
    google: Gemini, emulator: Emulator, status: int, body: Any, expected: type[GeminiMCPError], said: str
) -> None:
    emulator.faults.append(Fault("create", "http", http_status=status, body=body))
    with pytest.raises(expected) as caught:
        await google.create(ASK, background=True)
    assert type(caught.value) is expected
    assert said in str(caught.value)
    assert KEY not in str(caught.value)
    assert "<html>" not in str(caught.value)


RESEARCH = Request(kind="research", prompt="Bees", agent=defaults.DEFAULT_RESEARCH_AGENT)


@pytest.mark.parametrize(
    ("request_", "asked", "successor"),
    [
        (ASK, "gemini-1.0", "gemini-3.8-flash"),
        (IMAGE, "gemini-1.0-image", "gemini-nano-banana-2.1"),
        (IMAGE, "gemini-3.1-flash-image", "gemini-nano-banana-2.1"),
        (ASK, "gemini-omni-flash-preview", "gemini-omni-1.2-flash"),
        (RESEARCH, "deep-research-pro-preview-12-2025", "deep-research-preview-04-2026"),
        (RESEARCH, "antigravity-preview-05-2026", "antigravity-preview-09-2026"),
    ],
)
async def test_a_retired_model_names_its_successor(
    google: Gemini, emulator: Emulator, request_: Request, asked: str, successor: str
) -> None:
    part = "model" if request_.model else "agent"
    with pytest.raises(ModelNotFoundError, match=f"agent {asked}.*Use {successor} instead"):
        await google.create(request_.model_copy(update={part: asked}), background=request_.agent is not None)
    assert emulator.creates == []


async def test_a_chosen_default_that_is_gone_names_what_follows_it(tmp_path: Path, url: str) -> None:
    google = Gemini(make_settings(tmp_path, url, image_model="gemini-9-image", model="lyria-3-pro-preview"))
    with pytest.raises(ModelNotFoundError, match=r"Use gemini-nano-banana-2\.1 instead"):
        await google.create(IMAGE.model_copy(update={"model": "gemini-9-image"}), background=False)
    with pytest.raises(ModelNotFoundError, match=r"Use lyria-3\.5 instead"):
        await google.check()
    await google.close()


def test_what_is_used_by_default_and_what_follows_the_retired_is_there() -> None:
    assert (defaults.DEFAULT_MODEL, defaults.DEFAULT_IMAGE_MODEL) == ("gemini-3.8-flash", "gemini-nano-banana-2.1")
    assert {defaults.DEFAULT_MODEL, defaults.DEFAULT_IMAGE_MODEL, defaults.DEFAULT_RESEARCH_AGENT} <= {
        *EMULATED_MODELS,
        *EMULATED_AGENTS,
    }
    successors = {row.successor for row in load_built_in_catalog().rows.values() if row.successor}
    assert successors <= {*EMULATED_MODELS, *EMULATED_AGENTS}


async def test_a_continued_interaction_that_is_gone_is_named(google: Gemini) -> None:
    request = ASK.model_copy(update={"previous_interaction_id": "v1_gone"})
    with pytest.raises(InteractionNotFoundError, match="v1_gone to continue"):
        await google.create(request, background=True)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "tab\t", "schlüssel", "\u200bkey"])
async def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(
    tmp_path: Path, url: str, emulator: Emulator, key: str
) -> None:
    google = Gemini(make_settings(tmp_path, url, api_key=SecretStr(key), key_variable="GOOGLE_API_KEY"))
    with pytest.raises(KeyMissingError, match="The API key in GOOGLE_API_KEY has a space") as caught:
        await google.create(ASK, background=True)
    assert key not in str(caught.value)
    assert emulator.requests == []


async def test_what_hinders_the_client_from_being_made_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://nowhere")
    google = Gemini(settings)
    with pytest.raises(ConfigurationError, match=r"cannot be prepared .*HTTPS_PROXY"):
        await google.prepare()
    with pytest.raises(ConfigurationError, match="cannot be prepared"):
        await upload(google, b"abc", "application/pdf", "a.pdf")
    monkeypatch.delenv("HTTPS_PROXY")
    await google.prepare()
    await google.close()


async def test_without_a_key_the_first_call_says_what_to_set(tmp_path: Path, url: str, emulator: Emulator) -> None:
    google = Gemini(make_settings(tmp_path, url, api_key=None))
    with pytest.raises(KeyMissingError, match=r"No Gemini API key is set\. Put GEMINI_API_KEY"):
        await google.get("v1_a")
    assert emulator.requests == []


async def test_a_key_that_google_rejects_is_told_without_showing_it(tmp_path: Path, url: str) -> None:
    google = Gemini(make_settings(tmp_path, url, api_key=SecretStr("invalid-7c41e0")))
    with pytest.raises(KeyRejectedError, match="API key not valid") as caught:
        await google.get("v1_a")
    assert "7c41e0" not in str(caught.value)
    await google.close()


async def test_the_environment_switches_neither_backend_nor_debugging_on(
    settings: Settings,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    import os

    for name, value in {
        "GOOGLE_GENAI_DEBUG": "1",
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_GENAI_USE_ENTERPRISE": "true",
        "GOOGLE_CLOUD_PROJECT": "p",
        "GOOGLE_API_KEY": "another-key",
        "GOOGLE_GENAI_API_VERSION": "v1",
    }.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.DEBUG)
    google = Gemini(settings)
    await google.create(ASK, background=False)
    await google.close()
    assert paths(emulator) == ["POST /v1/interactions"]
    assert "GOOGLE_GENAI_DEBUG" not in os.environ
    out, err = capfd.readouterr()
    assert KEY not in caplog.text + out + err
    assert "Grüße" not in caplog.text + out + err


async def test_a_request_says_who_sends_it(google: Gemini, emulator: Emulator) -> None:
    await google.create(ASK, background=False)
    assert "gemini-interactions-mcp/" in emulator.requests[0].headers["user-agent"]


async def test_a_secret_is_taken_out_before_an_error_is_cut(google: Gemini, emulator: Emulator) -> None:
    for kept in (4, 9, len(KEY) - 1):
        body = {"error": {"message": f"{'x' * (399 - kept)}{KEY} and more", "code": "invalid_request"}}
        emulator.faults.append(Fault("get", "http", http_status=400, body=body))
        with pytest.raises(RefusedError) as caught:
            await google.get("v1_a")
        assert KEY[:4] not in str(caught.value)


async def test_a_secret_is_taken_out_before_the_activity_of_an_event_is_cut(google: Gemini, emulator: Emulator) -> None:
    for kept in (4, 9, len(KEY) - 1):
        thought = {"type": "thought_summary", "content": {"type": "text", "text": "x" * (160 - kept) + KEY}}
        event = {"event_type": "step.delta", "index": 9, "delta": thought}
        emulator.faults.append(Fault("stream", "unknown", body=[event], after=2))
        async with google.stream(ASK, background=True) as events:
            told = [each.activity or "" async for each in events]
        assert any(each.startswith("xxx") for each in told)
        assert KEY[:4] not in "".join(told)


async def test_a_text_file_of_an_environment_has_no_secret_in_it(google: Gemini, emulator: Emulator) -> None:
    emulator.environments["e-1"] = {"workspace/a.csv": f"a,{KEY}".encode(), "workspace/b.bin": b"\xff" + KEY.encode()}
    assert await google.download_environment_file("e-1", "workspace/a.csv") == b"a,[secret]"
    assert await google.download_environment_file("e-1", "workspace/b.bin") == b"\xff" + KEY.encode()
