"""Runs on a real journal, a real client and the emulator: never lost, never bought twice."""

import base64
import io
import math
from collections.abc import AsyncGenerator, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from PIL import Image

from conftest import make_settings
from faults.harness import fresh, rows
from faults.world import PATIENCE, QUICK, World, over, world
from gemini_interactions_mcp.core.errors import (
    InteractionFailedError,
    InteractionNotFoundError,
    JournalError,
    KeyRejectedError,
    OutcomeUnknownError,
    PermissionDeniedError,
    QuotaError,
)
from gemini_interactions_mcp.core.redaction import Redactor
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.emulator import Emulator, Fault, make_rate_limit_fault
from gemini_interactions_mcp.models.interactions import Interaction, Media, Record, Request, SavedFile
from gemini_interactions_mcp.output.places import LocalFolder
from gemini_interactions_mcp.runs.bookkeeping import Ledger
from gemini_interactions_mcp.runs.deletion import Remote
from gemini_interactions_mcp.runs.run import Run
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.text import rendering

MODEL = "gemini-3.8-flash"
ASK = Request(kind="ask", prompt="Grüße", model=MODEL)
UNSTORED = Request(kind="ask", prompt="Private matter", model=MODEL, store=False)
IMAGE = Request(kind="image", prompt="A red bicycle", model="gemini-nano-banana-2.1", image={"image_size": "1K"})
RESEARCH = Request(
    kind="research",
    prompt="Rivers of Zürich",
    agent="deep-research-preview-04-2026",
    agent_config={"type": "deep-research", "thinking_summaries": "auto", "visualization": "off"},
)


@pytest.fixture
async def here(settings: Settings) -> AsyncGenerator[World]:
    async with world(settings) as opened:
        yield opened


def about(prompt: str) -> Request:
    return ASK.model_copy(update={"prompt": prompt})


def full_text(emulator: Emulator, run: Run) -> str:
    """The whole answer, as the emulator will tell it."""
    steps = emulator.interactions[run.id or ""].answer.steps
    return "".join(
        part["text"] for step in steps if step["type"] == "model_output" for part in step["content"] if "text" in part
    )


def never_ends(**changes: Any) -> Fault:
    return Fault("create", "status", run_status="in_progress", **changes)


async def reached(fault: Fault) -> None:
    with anyio.fail_after(PATIENCE):
        await fault.reached.wait()


# The one path --------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_an_answer_is_journaled_whole_with_one_paid_request(
    here: World, emulator: Emulator, tmp_path: Path
) -> None:
    run = await here.ended(ASK)
    assert run.error is None
    [row] = rows(tmp_path)
    assert (row["interaction_id"], row["status"], row["prompt"]) == (run.id, "completed", "Grüße")
    assert row["text"] == run.record.text == full_text(emulator, run)
    assert row["finished_at"] is not None
    assert len(emulator.creates) == 1
    assert emulator.creates[0].items() >= {"background": True, "stream": True, "store": True}.items()
    assert here.announced == [run.id]


@pytest.mark.slow
async def test_the_intent_is_in_the_journal_before_the_request_has_an_answer(
    here: World, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(stalled := Fault("create", "stall"))
    run = await here.runs.start(ASK)
    await reached(stalled)
    [row] = rows(tmp_path)
    assert (row["status"], row["interaction_id"], row["prompt"], row["label"]) == (
        "unknown", None, "Grüße", run.record.label,
    )  # fmt: skip
    assert run.headline() == "Sending"
    stalled.release.set()
    assert (await over(run)).record.status == "completed"


async def test_without_a_journal_nothing_is_bought(tmp_path: Path, url: str, emulator: Emulator) -> None:
    (tmp_path / "journal.sqlite3").write_text("no database at all, but long enough to be looked at by SQLite" * 20)
    async with world(make_settings(tmp_path, url)) as here:
        with pytest.raises(JournalError):
            await here.runs.start(ASK)
        with pytest.raises(JournalError):
            await here.runs.start_once(RESEARCH)
    assert emulator.requests == []


@pytest.mark.slow
async def test_the_id_is_in_the_journal_with_the_first_event(here: World, emulator: Emulator, tmp_path: Path) -> None:
    emulator.faults.append(stalled := Fault("stream", "stall", after=1))
    run = await here.named(ASK)
    [row] = rows(tmp_path)
    assert (row["interaction_id"], row["status"]) == (run.id, "in_progress")
    assert str(run.id) in run.headline()
    stalled.release.set()
    assert "Grüße" in (await over(run)).record.text


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cut", "end", "deadline", "truncate", "error", "unknown"])
async def test_a_stream_that_breaks_at_any_event_loses_nothing_and_buys_nothing_twice(
    here: World, emulator: Emulator, tmp_path: Path, kind: Any
) -> None:
    prompts = [f"Break me after {number}é." for number in range(1, 10)]
    emulator.faults += [Fault("stream", kind, match=f"after {n}", after=n) for n in range(1, 10)]
    runs = [await here.runs.start(about(prompt)) for prompt in prompts]
    for run, prompt in zip(runs, prompts, strict=True):
        await over(run)
        assert run.error is None
        assert run.record.status == "completed"
        assert prompt in run.record.text
        assert run.record.text == full_text(emulator, run)
    assert len(emulator.creates) == len(prompts)
    assert [row["status"] for row in rows(tmp_path)] == ["completed"] * len(prompts)


@pytest.mark.slow
async def test_a_stream_that_breaks_before_the_first_event_may_have_been_bought_and_says_so(
    here: World, emulator: Emulator, tmp_path: Path
) -> None:
    kinds: list[Any] = ["cut", "end", "deadline", "error"]
    emulator.faults += [Fault("stream", kind) for kind in kinds]
    for run in [await here.ended(ASK) for _ in kinds]:
        assert isinstance(run.error, OutcomeUnknownError)
        assert "may have taken the request" in str(run.error)
    for row in rows(tmp_path):
        assert (row["status"], row["interaction_id"], row["finished_at"]) == ("unknown", None, None)
    assert len(emulator.creates) == len(kinds)


async def test_a_stream_that_breaks_in_the_event_that_names_it_is_read_by_that_name(
    here: World, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("stream", "truncate"))
    run = await here.ended(ASK)
    assert run.record.text == full_text(emulator, run)
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_an_error_event_in_place_of_an_interaction_is_told_like_an_error_response(
    here: World, emulator: Emulator, tmp_path: Path
) -> None:
    body = {"error": {"code": "rate_limit_exceeded", "message": "Slow down."}}
    emulator.faults.append(Fault("stream", "error", body=body))
    run = await here.ended(ASK)
    assert isinstance(run.error, QuotaError)
    assert [row["status"] for row in rows(tmp_path)] == ["failed"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        (Fault("create", "drop_taken"), OutcomeUnknownError, "unknown"),
        (Fault("create", "drop"), OutcomeUnknownError, "unknown"),
        (Fault("create", "http", http_status=500), OutcomeUnknownError, "unknown"),
        (make_rate_limit_fault(told="nowhere"), QuotaError, "failed"),
        (Fault("create", "http", http_status=401), KeyRejectedError, "failed"),
    ],
    ids=["drop_taken", "drop", "500", "429", "401"],
)
async def test_a_request_that_fails_is_sent_once_and_journaled_as_what_it_is(
    here: World, emulator: Emulator, tmp_path: Path, fault: Fault, error: type, status: str
) -> None:
    emulator.faults.append(replace(fresh(fault), times=3))
    runs = [await here.ended(request) for request in (ASK, IMAGE, RESEARCH)]
    for run, row in zip(runs, rows(tmp_path), strict=True):
        assert type(run.error) is error
        assert (row["status"], row["error"]) == (status, str(run.error))
    assert [each.method for each in emulator.requests] == ["POST"] * 3


# Following -----------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_dropped_stream_is_resumed_after_the_last_event_that_was_heard(here: World, emulator: Emulator) -> None:
    emulator.faults += [never_ends(), Fault("stream", "cut", after=2)]
    run = await here.named(ASK)
    with anyio.fail_after(PATIENCE):
        while run.text != full_text(emulator, run):
            await run.moved.wait()
    [resumed] = [each for each in emulator.requests if each.query.get("stream") == "true"]
    assert resumed.query["last_event_id"] == "e1"
    assert not run.done.is_set()


@pytest.mark.slow
async def test_a_stream_that_cannot_be_resumed_is_replaced_by_polling(here: World, emulator: Emulator) -> None:
    polled = Fault("get", "stall", skip=4)
    emulator.faults += [
        never_ends(),
        Fault("stream", "cut", after=2),
        Fault("resume", "http", times=math.inf, http_status=400),
        polled,
    ]
    run = await here.named(ASK)
    await reached(polled)
    assert sum(each.query.get("stream") == "true" for each in emulator.requests) == 1
    assert run.id is not None
    emulator.interactions[run.id].finish("completed")
    polled.release.set()
    assert (await over(run)).record.text == full_text(emulator, run)


async def test_a_stream_that_falls_silent_is_given_up_for_a_plain_read(settings: Settings, emulator: Emulator) -> None:
    emulator.faults.append(Fault("stream", "stall", after=2))
    async with world(settings, replace(QUICK, stream_idle=0.05)) as here:
        assert "Grüße" in (await here.ended(ASK)).record.text
    assert len(emulator.creates) == 1


@pytest.mark.slow
@pytest.mark.parametrize("fault", [
    Fault("get", "http", times=3, http_status=404),
    Fault("get", "http", times=3, http_status=403),
    Fault("get", "http", times=9, http_status=500),
    Fault("get", "drop", times=9),
    make_rate_limit_fault("get", told="nowhere", times=9),
], ids=["404", "403", "500", "drop", "429"])  # fmt: skip
async def test_a_result_that_cannot_be_read_yet_is_read_later(
    settings: Settings, emulator: Emulator, fault: Fault
) -> None:
    emulator.faults.append(fresh(fault))
    async with world(settings, replace(QUICK, backoffs=())) as here:
        run = await here.ended(ASK)
    assert run.error is None
    assert "Grüße" in run.record.text


def broken_off() -> list[Fault]:
    """A stream that ends before the answer, and cannot be heard again."""
    return [Fault("stream", "end", after=3), Fault("resume", "http", times=2, http_status=404)]


async def test_an_id_that_google_does_not_show_for_too_long_is_told_and_can_still_be_read_later(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults += [*broken_off(), Fault("get", "http", http_status=404)]
    async with world(settings, replace(QUICK, tolerance=0)) as here:
        run = await here.ended(ASK)
        assert isinstance(run.error, InteractionNotFoundError)
        assert str(run.id) in str(run.error)
        assert [row["status"] for row in rows(tmp_path)] == ["failed"]
        assert "Grüße" in (await here.read(run.id)).record.text
    assert [row["status"] for row in rows(tmp_path)] == ["completed"]
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_a_forbidden_id_is_told_after_the_tolerance_and_kept(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults += [*broken_off(), Fault("get", "http", http_status=403)]
    async with world(settings, replace(QUICK, tolerance=0)) as here:
        run = await here.ended(ASK)
        assert isinstance(run.error, PermissionDeniedError)
        assert str(run.id) in str(run.error)
        assert [row["status"] for row in rows(tmp_path)] == ["in_progress"]
        assert "Grüße" in (await here.read(run.id)).record.text


@pytest.mark.slow
async def test_a_key_that_is_revoked_meanwhile_does_not_hide_the_id(here: World, emulator: Emulator) -> None:
    emulator.faults += [*broken_off(), Fault("get", "http", http_status=401)]
    run = await here.ended(ASK)
    assert isinstance(run.error, KeyRejectedError)
    assert str(run.id) in str(run.error)
    assert "Grüße" in (await here.read(run.id)).record.text


async def test_a_fresh_id_that_google_does_not_show_yet_is_followed_and_not_reported(
    here: World, emulator: Emulator
) -> None:
    emulator.faults += [held := Fault("create", "hold"), Fault("get", "http", times=2, http_status=404)]
    run = await here.named(ASK)
    here.forget(run.id or "")
    again = await here.runs.find(run.id or "")
    assert not again.done.is_set()
    held.release.set()
    assert "Grüße" in (await over(again)).record.text


async def test_a_run_that_never_ends_is_told_as_stuck_and_kept(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults += [never_ends(), Fault("stream", "end", after=3), Fault("resume", "end", times=math.inf)]
    async with world(settings, replace(QUICK, stuck=0)) as here:
        run = await here.ended(RESEARCH)
        assert isinstance(run.error, InteractionFailedError)
        assert "probably stuck at Google. It is kept" in str(run.error)
        assert [row["status"] for row in rows(tmp_path)] == ["in_progress"]
        emulator.interactions[run.id or ""].finish("completed")
        assert "# Research report" in (await here.read(run.id)).record.text


@pytest.mark.slow
async def test_queued_is_told_as_what_it_is_until_it_runs(here: World, emulator: Emulator, tmp_path: Path) -> None:
    emulator.faults.append(queued := Fault("create", "queued"))
    run = await here.named(ASK)
    assert run.record.status == rows(tmp_path)[0]["status"] == "queued"
    queued.release.set()
    assert (await over(run)).record.status == "completed"


# How it ends ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "status", "said", "text"),
    [
        (Fault("create", "status"), "failed", "failed at Google (internal: The emulator was told to fail)", ""),
        (Fault("create", "status", run_status="incomplete"), "incomplete", "The answer is incomplete", "Emulated"),
        (Fault("create", "status", run_status="budget_exceeded"), "budget_exceeded", "token budget", "Emulated"),
        (Fault("create", "status", run_status="requires_action"), "requires_action", "call a function", ""),
        (Fault("create", "status", run_status="requires_continuation"), "requires_continuation",
         "gemini_continue can ask for the rest", "Emulated"),
        (Fault("create", "empty"), "completed", "without an answer", ""),
        (Fault("create", "blocked"), "failed", "blocked because of the safety settings", ""),
        (Fault("create", "no_usage"), "completed", None, "Emulated"),
    ],
    ids=lambda value: f"{value.kind}-{value.run_status}" if isinstance(value, Fault) else "",
)  # fmt: skip
async def test_each_end_is_told_for_what_it_is_with_the_text_that_there_is(
    here: World, emulator: Emulator, tmp_path: Path, fault: Fault, status: str, said: str | None, text: str
) -> None:
    emulator.faults.append(fresh(fault))
    run = await here.ended(ASK)
    assert run.error is None
    [row] = rows(tmp_path)
    assert (row["status"], row["status"]) == (run.record.status, status)
    assert (said or "") in (row["error"] or "")
    assert bool(row["error"]) is bool(said)
    assert row["text"].startswith(text)
    assert row["text"] == run.record.text
    assert len(emulator.creates) == 1


async def test_token_counts_that_come_late_are_asked_for_once_more_and_delay_nothing(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.faults += [Fault("create", "no_usage"), Fault("get", "no_usage")]
    async with world(settings, replace(QUICK, usage_lag=(0.05,) * 3)) as here:
        run = await here.ended(ASK)
        assert (run.record.status, run.record.usage) == ("completed", None)
        with anyio.fail_after(PATIENCE):
            while (record := await here.journal.find(str(run.id))) is None or record.usage is None:
                await anyio.lowlevel.checkpoint()
    assert record.usage.total_tokens
    assert record.text == run.record.text


async def test_token_counts_that_never_come_are_asked_for_only_once_more(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.faults += [Fault("create", "no_usage"), Fault("get", "no_usage"), again := Fault("get", "drop", times=9)]
    async with world(settings, replace(QUICK, usage_lag=(0,) * 3)) as here:
        run = await here.ended(ASK)
        with anyio.fail_after(PATIENCE):
            await again.reached.wait()
        record = await here.journal.find(str(run.id))
        assert record is not None
        assert (record.status, record.usage, record.text) == ("completed", None, run.record.text)


@pytest.mark.slow
async def test_an_empty_answer_is_asked_for_again_because_it_may_have_been_read_too_early(
    here: World, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("create", "empty"))
    run = await here.ended(ASK)
    emulator.interactions[run.id or ""].answer.steps.append(
        {"type": "model_output", "content": [{"type": "text", "text": "Late."}]}
    )
    again = await here.read(run.id)
    assert (again.record.text, again.record.error) == ("Late.", None)


# Background and store ------------------------------------------------------------------------------------


async def test_a_model_that_refuses_the_background_twice_is_asked_in_the_foreground_for_some_minutes(
    settings: Settings, emulator: Emulator
) -> None:
    async with world(settings) as here:
        for number in range(3):
            run = await here.ended(IMAGE.model_copy(update={"prompt": f"Picture {number}"}))
            assert run.record.status == "completed"
        assert in_background(emulator) == [True, False, True, False, False]
    async with world(settings, replace(QUICK, refusal=0)) as here:
        for number in range(3, 6):
            await here.ended(IMAGE.model_copy(update={"prompt": f"Picture {number}"}))
        assert in_background(emulator)[5:] == [True, False] * 3
    assert len(emulator.creates) == 6


@pytest.mark.slow
async def test_a_refusal_of_background_that_passes_is_forgotten(here: World, emulator: Emulator) -> None:
    body = {"error": {"message": "Model 'X' does not support background interactions.", "code": "invalid_request"}}
    emulator.faults += [
        Fault("create", "http", http_status=400, body=body, match="first"),
        Fault("create", "http", http_status=400, body=body, match="third"),
    ]
    for prompt in ("first", "second", "third", "fourth"):
        await here.ended(ASK.model_copy(update={"prompt": prompt}))
    assert in_background(emulator) == [True, False, True, True, False, True]


def in_background(emulator: Emulator) -> list[bool]:
    """Of every request for an interaction, whether it asked for the background."""
    asked = [each.body for each in emulator.requests if each.method == "POST"]
    return [isinstance(body, dict) and "background" in body for body in asked]


@pytest.mark.slow
async def test_an_ask_that_is_refused_in_the_background_is_streamed_in_the_foreground(
    here: World, emulator: Emulator
) -> None:
    body = {"error": {"message": "Background is not supported.", "code": "invalid_request"}}
    emulator.faults.append(Fault("create", "http", http_status=400, body=body))
    run = await here.ended(ASK)
    assert "Grüße" in run.record.text
    assert [create.get("background") for create in emulator.creates] == [None]


@pytest.mark.slow
async def test_what_is_not_to_be_stored_is_answered_from_the_stream_and_kept_out_of_the_journal(
    here: World, emulator: Emulator, tmp_path: Path
) -> None:
    run = await here.ended(UNSTORED)
    assert "You asked: “Private matter”" in run.record.text
    assert emulator.creates[0].items() >= {"store": False, "stream": True}.items()
    [row] = rows(tmp_path)
    assert (row["status"], row["prompt"], row["text"]) == ("completed", "", "")
    assert emulator.interactions == {}
    assert not kept(tmp_path, "Private matter")


def kept(folder: Path, text: str) -> bool:
    """Whether a text is in any file of the journal."""
    return any(text.encode() in path.read_bytes() for path in folder.glob("journal.sqlite3*"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cut", "end", "error"])
async def test_an_unstored_answer_that_breaks_off_is_told_with_what_came_and_kept_nowhere(
    here: World, emulator: Emulator, tmp_path: Path, kind: Any
) -> None:
    emulator.faults.append(Fault("stream", kind, after=7))
    run = await here.ended(UNSTORED)
    assert isinstance(run.error, OutcomeUnknownError)
    assert "probably charged" in str(run.error)
    assert "The text that came: Emulated answer" in str(run.error)
    [row] = rows(tmp_path)
    assert row["status"] == "unknown"
    assert "charged" in row["error"]
    assert not kept(tmp_path, "Private matter")
    assert not kept(tmp_path, "Emulated answer")
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_an_unstored_answer_keeps_its_sources(here: World) -> None:
    run = await here.ended(UNSTORED.model_copy(update={"tools": ("google_search",)}))
    raw = run.record.text.encode()
    assert run.record.citations
    assert all(raw[each.start : each.end].startswith(b"Emulated finding") for each in run.record.citations)


async def test_an_unstored_answer_that_is_no_stream_is_read_all_the_same(here: World, emulator: Emulator) -> None:
    content = [{"type": "text", "text": "At once."}]
    body = {"status": "completed", "steps": [{"type": "user_input"}, {"type": "model_output", "content": content}]}
    emulator.faults.append(Fault("create", "http", http_status=200, body=body))
    run = await here.ended(UNSTORED)
    assert (run.record.text, run.record.status) == ("At once.", "completed")


async def test_an_unstored_answer_can_be_fetched_by_its_label_while_this_process_lives(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gemini_interactions_mcp.runs.registry.MAX_UNSTORED", 1)
    run = await here.ended(UNSTORED)
    assert await here.runs.wait(run, 1, ignore)
    assert await here.runs.find(run.record.label) is run
    await here.ended(UNSTORED)
    with pytest.raises(InteractionNotFoundError, match="store=false"):
        await here.runs.find(run.record.label)


@pytest.mark.slow
async def test_a_run_is_found_by_its_label_before_and_after_it_is_named(here: World, emulator: Emulator) -> None:
    emulator.faults.append(stalled := Fault("create", "stall"))
    run = await here.runs.start(ASK)
    await stalled.reached.wait()
    assert await here.runs.find(run.record.label) is run
    stalled.release.set()
    await run.done.wait()
    assert (await here.runs.find(run.record.label)).record == (await here.runs.find(str(run.id))).record


async def test_a_request_that_was_never_named_is_told_by_its_label(here: World, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "drop_taken"))
    run = await here.runs.start(ASK)
    await run.done.wait()
    with pytest.raises(OutcomeUnknownError, match="never named"):
        await here.runs.find(run.record.label)


async def ignore(_seconds: float, _message: str) -> None:
    """A client that wants no progress."""


# Files ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_an_image_is_saved_and_never_streamed(here: World, emulator: Emulator, tmp_path: Path) -> None:
    run = await here.ended(IMAGE)
    [file] = run.record.files
    assert Path(file.path).parent == tmp_path / "output"
    with Image.open(file.path) as image:
        assert image.size == (file.width, file.height)
    assert all("stream" not in str(each.body) for each in emulator.requests if each.method == "POST")


@pytest.mark.slow
async def test_an_image_goes_where_it_was_wanted_and_the_second_of_two_that_want_the_same_is_not_lost(
    here: World, tmp_path: Path
) -> None:
    target = tmp_path / "output" / "wanted.jpg"
    first, second = [await over(await here.runs.start(IMAGE, target=target)) for _ in range(2)]
    assert [file.path for file in first.record.files] == [str(target)]
    assert second.error is None
    (file,) = second.record.files
    assert Path(file.path).parent == target.parent
    assert file.path != str(target)
    assert f"Not saved at {target}, but in the output directory" in str(second.record.error)
    assert "exists already" in str(second.record.error)
    read = await here.read(second.id)
    assert (read.record.files, read.record.error) == (second.record.files, second.record.error)


async def test_an_image_that_came_without_an_id_is_kept_and_not_read(here: World, emulator: Emulator) -> None:
    data = "iVBORw0KGgo="
    content = [{"type": "image", "data": data, "mime_type": "image/png"}]
    body = {"status": "completed", "steps": [{"type": "model_output", "content": content}]}
    emulator.faults.append(Fault("create", "http", http_status=200, body=body))
    run = await here.ended(IMAGE)
    assert run.error is None
    assert len(run.record.files) == 1
    assert [request.method for request in emulator.requests] == ["POST"]


@pytest.mark.slow
async def test_a_report_is_saved_as_markdown_and_a_plan_is_not(here: World) -> None:
    report = await here.ended(RESEARCH)
    [file] = report.record.files
    assert await anyio.Path(file.path).read_text(encoding="utf-8") == rendering.render_report(report.record)
    config = {"type": "deep-research", "collaborative_planning": True}
    plan = await here.ended(RESEARCH.model_copy(update={"agent_config": config}))
    assert plan.record.files == ()
    assert "plan" in plan.record.text


@pytest.mark.slow
@pytest.mark.parametrize("request_", [IMAGE, RESEARCH], ids=lambda request: request.kind)
async def test_a_disk_that_cannot_be_written_keeps_the_answer_and_a_later_read_saves_the_files(
    tmp_path: Path, url: str, emulator: Emulator, request_: Request
) -> None:
    (obstacle := tmp_path / "obstacle").write_text("a file where a directory should be")
    async with world(make_settings(tmp_path, url, output_dir=obstacle / "output")) as here:
        run = await here.ended(request_)
        assert run.error is None
        assert run.record.files == ()
        assert "The files could not be saved" in str(run.record.error)
        assert run.record.files_pending
        assert run.record.text
        obstacle.unlink()
        again = await here.read(run.id)
        assert again.record.error is None
        assert not again.record.files_pending
        [file] = again.record.files
        assert await anyio.Path(file.path).is_file()
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_an_answer_whose_files_are_missing_is_readable_without_google(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    (obstacle := tmp_path / "obstacle").write_text("in the way")
    blocked = make_settings(tmp_path, url, output_dir=obstacle / "output")
    async with world(blocked, replace(QUICK, backoffs=())) as here:
        run = await here.ended(RESEARCH)
        emulator.faults.append(Fault("get", "http", times=math.inf, http_status=404))
        assert (await here.read(run.id)).record.text == run.record.text
        emulator.faults[:] = [Fault("get", "drop", times=math.inf)]
        assert (await here.read(run.id)).record.text == run.record.text


# Given up ------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_what_is_cancelled_before_it_could_be_sent_again_is_not_bought(here: World, emulator: Emulator) -> None:
    emulator.faults.append(refused := make_rate_limit_fault(seconds=1, told="details"))
    run = await here.runs.start(ASK)
    await reached(refused)
    await here.runs.cancel(run.record.label, 0)
    await run.done.wait()
    assert isinstance(run.error, QuotaError)
    assert emulator.creates == []


@pytest.mark.slow
async def test_a_run_that_was_given_up_is_not_taken_up_again_by_itself(
    settings: Settings, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0
    enough = anyio.Event()
    orphans = Ledger.orphans

    async def counted(ledger: Ledger) -> list[Record]:
        nonlocal looked
        looked += 1
        if looked == 5:
            enough.set()
        return await orphans(ledger)

    monkeypatch.setattr(Ledger, "orphans", counted)
    emulator.faults += [never_ends(), Fault("stream", "end", after=2)]
    async with world(settings, Timing(stuck=0, lease=0.03), tend=True) as here:
        run = await here.ended(ASK)
        assert isinstance(run.error, InteractionFailedError)
        reads = [request for request in emulator.requests if request.method == "GET"]
        looked = 0
        with anyio.fail_after(PATIENCE):
            await enough.wait()
        assert [request for request in emulator.requests if request.method == "GET"] == reads


@pytest.mark.slow
async def test_a_stream_that_carries_the_only_answer_is_waited_for(settings: Settings, emulator: Emulator) -> None:
    async with world(settings, Timing(stream_idle=0)) as here:
        run = await here.ended(UNSTORED)
        assert run.record.text.startswith("Emulated answer")
    assert len(emulator.creates) == 1


async def test_what_was_streamed_of_an_answer_that_cannot_be_found_any_more_is_kept(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults += [
        Fault("stream", "end", after=7),
        Fault("resume", "http", math.inf, http_status=404),
        Fault("get", "http", math.inf, http_status=404),
    ]
    async with world(settings, replace(QUICK, tolerance=0)) as here:
        run = await here.ended(ASK)
        assert isinstance(run.error, InteractionNotFoundError)
        [row] = rows(tmp_path)
        assert (row["status"], row["text"]) == ("failed", full_text(emulator, run))
        assert (await here.runs.find(str(run.id))).record.text == row["text"]


# What fails ----------------------------------------------------------------------------------------------


@pytest.fixture
def held(here: World) -> Generator[pytest.MonkeyPatch]:
    """A journal that takes no change, until this is undone."""

    async def refuse(*_args: object, **_kwargs: object) -> None:
        raise JournalError("held")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(here.journal, "update", refuse)
        yield patch


@pytest.mark.slow
async def test_a_refusal_that_a_held_journal_could_not_take_is_written_later(
    here: World, held: pytest.MonkeyPatch, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("create", "http", http_status=401))
    run = await here.ended(ASK)
    assert [row["status"] for row in rows(tmp_path)] == ["unknown"]
    held.undo()
    await here.runs.close()
    [row] = rows(tmp_path)
    assert row["status"] == "failed"
    assert row["error"] == str(run.error)


@pytest.mark.slow
async def test_a_refused_request_that_a_held_journal_could_not_take_is_deleted_all_the_same(
    here: World, held: pytest.MonkeyPatch, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("create", "http", http_status=401))
    run = await here.ended(ASK)
    deletion = await here.runs.delete(run.record.label)
    assert (deletion.remote, deletion.row) == (Remote.UNNAMED, True)
    assert rows(tmp_path) == []
    held.undo()


@pytest.mark.slow
async def test_an_id_that_a_held_journal_could_not_take_is_written_later(
    here: World, held: pytest.MonkeyPatch, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(Fault("get", "http", http_status=401))
    run = await here.ended(ASK)
    assert run.id is not None
    assert [row["interaction_id"] for row in rows(tmp_path)] == [None]
    held.undo()
    await here.runs.close()
    assert [row["interaction_id"] for row in rows(tmp_path)] == [run.id]


@pytest.mark.slow
async def test_a_call_that_ends_while_the_journal_is_held_does_not_end_the_wait_for_the_id(
    here: World, held: pytest.MonkeyPatch, emulator: Emulator
) -> None:
    emulator.faults.append(stalled := Fault("create", "stall"))
    run = await here.runs.start(ASK)
    await reached(stalled)
    here.runs.detach(run)
    with anyio.fail_after(PATIENCE):
        while not run.unwritten:
            await anyio.lowlevel.checkpoint()
    for _ in range(9):
        await anyio.lowlevel.checkpoint()
    assert not run.named.is_set()
    stalled.release.set()
    with anyio.fail_after(PATIENCE):
        await run.named.wait()
    assert run.id in emulator.interactions
    held.undo()


async def test_what_came_of_an_answer_that_is_stored_nowhere_can_still_be_read(here: World, emulator: Emulator) -> None:
    emulator.faults.append(Fault("stream", "cut", after=10))
    run = await here.ended(UNSTORED.model_copy(update={"prompt": "Private matter [[words=500]]"}))
    found = await here.runs.find(run.record.label)
    assert found.error is not None
    assert "The text that came: Emulated answer" in str(found.error)


async def test_a_request_that_was_cancelled_is_not_sent_again_in_the_foreground(
    here: World, emulator: Emulator
) -> None:
    stall = Fault("create", "stall")
    emulator.faults.append(stall)
    run = await here.runs.start(IMAGE)
    with anyio.fail_after(PATIENCE):
        await stall.reached.wait()
        await here.runs.cancel(run.record.label, 0)
        stall.release.set()
        await run.done.wait()
    assert emulator.creates == []


# Media and other files -----------------------------------------------------------------------------------


def drawn(data: str) -> Media:
    return Media(kind="image", mime_type="image/png", data=data)


async def test_broken_media_do_not_hide_what_comes_after_them(here: World, tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    good = drawn(base64.b64encode(picture.getvalue()).decode())
    text = "A ![image 1](media:1) B ![image 2](media:2)"
    run = await here.ended(RESEARCH)
    ledger = Ledger(here.journal, LocalFolder(tmp_path / "more"), QUICK)
    await here.journal.update(run.record.label, files=(), finished_at=None)
    shown = Interaction(id=run.id, status="completed", text=text, media=(drawn("no base64!"), good))
    assert await ledger.finish(run, shown, None)
    picture_file, report = run.record.files
    assert (picture_file.place, report.mime_type) == (2, "text/markdown")
    assert "its data is corrupt" in str(run.record.error)
    assert rendering.render_body(run.record, lambda file: file.name) == f"A (image 1) B ![image 2]({picture_file.name})"


@pytest.mark.slow
async def test_files_of_an_environment_are_not_taken_for_media(here: World, tmp_path: Path) -> None:
    run = await here.ended(RESEARCH)
    other = SavedFile(name="a.csv", path="/a.csv", mime_type="text/csv", bytes=1, within="workspace/a.csv")
    await here.journal.update(run.record.label, files=(other,), files_pending=True)
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    media = (drawn(base64.b64encode(picture.getvalue()).decode()),)
    shown = Interaction(id=run.id, status="completed", text="A ![image 1](media:1)", media=media)
    assert await Ledger(here.journal, LocalFolder(tmp_path / "more"), QUICK).finish(run, shown, None)
    assert [(file.within, file.place) for file in run.record.files][:2] == [("workspace/a.csv", None), (None, 1)]
    assert run.record.error is None


@pytest.mark.slow
async def test_a_secret_that_came_in_parts_is_whole_when_it_is_taken_out(here: World, tmp_path: Path) -> None:
    secret = "hush-5f2e-9b1c"
    run = await here.ended(RESEARCH)
    for part in ("A ", *secret, " B"):
        run.steps.take({"index": 99, "delta": {"type": "text", "text": part}})
    await here.journal.update(run.record.label, files=(), finished_at=None)
    ledger = Ledger(here.journal, LocalFolder(tmp_path / "more"), QUICK, redact=Redactor([secret]))
    assert await ledger.finish(run, Interaction(id=run.id, status="completed"), None)
    assert run.record.text.endswith("A [secret] B")
    (report,) = run.record.files
    assert "A [secret] B" in await anyio.Path(report.path).read_text(encoding="utf-8")
