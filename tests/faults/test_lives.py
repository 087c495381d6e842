"""What outlives a call, a process and a journal: waits, cancelled calls, twins, restarts, two hosts at once."""

import sqlite3
from collections.abc import AsyncGenerator, Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from conftest import make_settings
from faults.harness import rows
from faults.world import PATIENCE, QUICK, World, over, world
from gemini_interactions_mcp.core.errors import GeminiMCPError, InputError, OutcomeUnknownError, PermissionDeniedError
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.runs.run import Run
from gemini_interactions_mcp.settings import Settings

ASK = Request(kind="ask", prompt="Grüße", model="gemini-3.8-flash")
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


async def reached(fault: Fault) -> None:
    with anyio.fail_after(PATIENCE):
        await fault.reached.wait()


async def ignore(_seconds: float, _message: str) -> None:
    """A client that wants no progress."""


# Waiting -------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_waiting_reports_growing_seconds_with_the_id_and_gives_up_without_stopping_the_run(
    here: World, emulator: Emulator
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    run = await here.named(ASK)
    told: list[tuple[float, str]] = []
    enough = anyio.Event()

    async def report(seconds: float, message: str) -> None:
        told.append((seconds, message))
        if len(told) == 4:
            enough.set()

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(here.runs.wait, run, PATIENCE, report)
            await enough.wait()
            tasks.cancel_scope.cancel()
    times = [seconds for seconds, _ in told]
    assert times == sorted(set(times))
    assert all(str(run.id) in message for _, message in told)
    assert not await here.runs.wait(run, 0, ignore)
    held.release.set()
    assert await here.runs.wait(run, PATIENCE, ignore)
    assert emulator.cancels == []


@pytest.mark.slow
async def test_a_run_that_is_cancelled_before_the_id_is_known_is_cancelled_once_it_is(
    here: World, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults += [Fault("create", "hold"), stalled := Fault("create", "stall")]
    run = await here.runs.start(ASK)
    await reached(stalled)
    await here.runs.cancel(run.record.label, 0)
    stalled.release.set()
    assert (await over(run)).record.status == "cancelled"
    [row] = rows(tmp_path)
    assert [row["interaction_id"]] == emulator.cancels == [run.id]


@pytest.mark.slow
async def test_what_is_stored_nowhere_is_cancelled_by_hanging_up(
    here: World, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(stalled := Fault("stream", "stall", after=2))
    run = await here.runs.start(ASK.model_copy(update={"store": False}))
    await reached(stalled)
    await here.runs.cancel(run.record.label, 0)
    await over(run)
    [row] = rows(tmp_path)
    assert (row["status"], row["error"]) == (
        "cancelled",
        "It was stopped before it ended, through this server (cancel_research).",
    )


@pytest.mark.slow
async def test_cancelling_stops_it_at_google_and_waits_for_its_end(here: World, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "hold"))
    run = await here.named(RESEARCH)
    assert await here.runs.cancel(run.id or "", PATIENCE) is run
    assert run.record.status == "cancelled"
    assert emulator.cancels == [run.id]
    again = await here.runs.cancel(run.id or "")
    assert again.done.is_set()
    assert emulator.cancels == [run.id]


async def test_a_cancel_that_google_refuses_is_told_and_the_run_goes_on(here: World, emulator: Emulator) -> None:
    emulator.faults += [held := Fault("create", "hold"), Fault("cancel", "http", http_status=403)]
    run = await here.named(RESEARCH)
    with pytest.raises(PermissionDeniedError) as caught:
        await here.runs.cancel(run.id or "")
    assert caught.value.interaction_id == run.id
    held.release.set()
    assert (await over(run)).record.status == "completed"


@pytest.mark.slow
async def test_what_is_forgotten_is_followed_no_longer_and_stays_as_it_was(
    here: World, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    run = await here.named(ASK)
    here.forget(run.id or "")
    await over(run)
    held.release.set()
    await emulator.interactions[run.id or ""].finished.wait()
    assert [(row["status"], row["error"]) for row in rows(tmp_path)] == [("in_progress", None)]
    assert "Grüße" in (await here.read(run.id)).record.text
    here.forget("v1_unknown")


async def test_a_client_that_cannot_be_told_takes_the_answer_from_nobody(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def gone(_: str) -> None:
        raise RuntimeError("the session is closed")

    here.runs._driver._announce = gone  # pyright: ignore[reportPrivateUsage] - a bus whose subscriber has gone
    run = await here.ended(ASK)
    await here.runs.close()
    assert run.error is None
    assert run.record.error is None
    assert "the session is closed" in caplog.text


# Twins ---------------------------------------------------------------------------------------------------


async def test_the_same_research_asked_twice_is_bought_once(here: World, emulator: Emulator) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    first, fresh = await here.runs.start_once(RESEARCH)
    with anyio.fail_after(PATIENCE):
        await first.named.wait()
    second, again = await here.runs.start_once(RESEARCH)
    assert (fresh, again, second) == (True, False, first)
    held.release.set()
    await over(first)
    third, _ = await here.runs.start_once(RESEARCH)
    assert third.record.text == first.record.text
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_the_same_research_asked_twice_at_once_is_one_run(here: World, emulator: Emulator) -> None:
    emulator.faults.append(stalled := Fault("create", "stall"))
    found: list[tuple[Run, bool]] = []

    async def ask() -> None:
        found.append(await here.runs.start_once(RESEARCH))

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(ask)
        await stalled.reached.wait()
    stalled.release.set()
    assert len({run.record.label for run, _ in found}) == 1
    assert sorted(fresh for _, fresh in found) == [False, False, True]
    assert (await over(found[0][0])).record.status == "completed"
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_force_and_other_words_buy_another_run(here: World, emulator: Emulator) -> None:
    await over((await here.runs.start_once(RESEARCH))[0])
    await here.ended(RESEARCH)
    lakes, fresh = await here.runs.start_once(RESEARCH.model_copy(update={"prompt": "Lakes"}))
    assert fresh
    await over(lakes)
    assert len(emulator.creates) == 3


async def test_a_twin_that_may_have_been_bought_is_not_bought_again_and_says_how_it_could_be(
    here: World, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("create", "drop_taken"))
    await over((await here.runs.start_once(RESEARCH))[0])
    with pytest.raises(OutcomeUnknownError, match=r"not sent again\. Call start_research with force=true"):
        await here.runs.start_once(RESEARCH)
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_a_twin_that_was_certainly_not_bought_is_no_reason_to_wait(here: World, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "http", http_status=429))
    await over((await here.runs.start_once(RESEARCH))[0])
    second, fresh = await here.runs.start_once(RESEARCH)
    assert fresh
    assert (await over(second)).record.status == "completed"


# Interactions of others ----------------------------------------------------------------------------------


@pytest.mark.slow
async def test_an_interaction_that_something_else_has_started_is_adopted_once(
    here: World, emulator: Emulator, tmp_path: Path
) -> None:
    interaction_id = (await here.gemini.create(ASK, background=False)).id
    first = await here.read(interaction_id)
    second = await here.read(interaction_id)
    assert first.record.text == second.record.text
    assert "Grüße" in first.record.text
    [row] = rows(tmp_path)
    assert (row["interaction_id"], row["prompt"], row["status"]) == (interaction_id, "Grüße", "completed")
    assert [each.method for each in emulator.requests] == ["POST", "GET"]


@pytest.mark.slow
async def test_a_running_interaction_of_others_is_followed_to_its_end(here: World, emulator: Emulator) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    begun = await here.gemini.create(RESEARCH, background=True)
    run = await here.runs.find(begun.id or "")
    assert await here.runs.find(begun.id or "") is run
    assert not run.done.is_set()
    held.release.set()
    assert (await over(run)).record.kind == "research"
    assert len(run.record.files) == 1


@pytest.mark.slow
@pytest.mark.parametrize("bad", ["v1_none", "../files/abc"])
async def test_an_id_that_nobody_knows_is_refused(here: World, tmp_path: Path, bad: str) -> None:
    await here.journal.page()
    with pytest.raises((GeminiMCPError, InputError)):
        await here.runs.find(bad)
    assert rows(tmp_path) == []


# Journals that break -------------------------------------------------------------------------------------


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Another program that is writing to the journal."""
    with closing(sqlite3.connect(folder / "journal.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
def impatient(tmp_path: Path, url: str) -> Settings:
    """A journal that waits for nobody."""
    path = (tmp_path / "journal.sqlite3").as_posix()
    return make_settings(tmp_path, url, database_url=f"sqlite+aiosqlite:///{path}?timeout=0.01")


@pytest.mark.slow
async def test_a_journal_that_breaks_while_the_id_comes_has_it_with_the_next_thing_that_is_written(
    impatient: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults += [held := Fault("create", "hold"), stalled := Fault("create", "stall")]
    async with world(impatient) as here:
        run = await here.runs.start(ASK)
        await reached(stalled)
        with locked(tmp_path):
            stalled.release.set()
            with anyio.fail_after(PATIENCE):
                await run.named.wait()
            assert rows(tmp_path)[0]["interaction_id"] is None
            assert await here.runs.find(run.id or "") is run
        held.release.set()
        await over(run)
    [row] = rows(tmp_path)
    assert (row["interaction_id"], row["status"]) == (run.id, "completed")
    assert "Grüße" in row["text"]


@pytest.mark.slow
async def test_a_journal_that_breaks_before_the_end_does_not_lose_the_answer(
    impatient: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with world(impatient) as here:
        run = await here.named(ASK)
        with locked(tmp_path):
            held.release.set()
            assert "Grüße" in (await over(run)).record.text
            assert (await here.read(run.id)).record.text == run.record.text
            assert rows(tmp_path)[0]["status"] == "in_progress"
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_what_a_broken_journal_missed_is_written_once_it_works(
    impatient: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with world(impatient, replace(QUICK, lease=0.03), tend=True) as here:
        run = await here.named(ASK)
        with locked(tmp_path):
            held.release.set()
            await over(run)
        with anyio.fail_after(PATIENCE):
            while run.unwritten:
                await anyio.lowlevel.checkpoint()
    [row] = rows(tmp_path)
    assert (row["status"], row["text"]) == ("completed", run.record.text)


async def test_a_journal_that_is_replaced_by_rubbish_still_leaves_google_to_be_asked(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    async with world(settings) as before:
        run = await before.ended(ASK)
    (tmp_path / "journal.sqlite3").write_bytes(b"rubbish" * 500)
    async with world(settings, tend=True) as after:
        assert (await after.read(run.id)).record.text == run.record.text
    assert (tmp_path / "journal.sqlite3").read_bytes() == b"rubbish" * 500
    assert len(emulator.creates) == 1


# Restarts and two hosts ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("request_", [ASK, RESEARCH], ids=lambda request: request.kind)
async def test_what_was_running_when_the_process_ended_is_followed_by_the_next(
    settings: Settings, emulator: Emulator, tmp_path: Path, request_: Request
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with world(settings) as before:
        run = await before.named(request_)
    assert not run.record.finished_at
    async with world(settings, tend=True) as after:
        held.release.set()
        again = await after.read(run.id)
        assert request_.prompt in again.record.text
    assert [row["status"] for row in rows(tmp_path)] == ["completed"]
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_what_ended_while_no_process_was_there_is_read_by_the_next_and_saved_once(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with world(settings) as before:
        run = await before.named(RESEARCH)
    held.release.set()
    await emulator.interactions[run.id or ""].finished.wait()
    async with world(settings, tend=True) as after:
        # Read at once, while the new process takes up what the old one has left.
        assert "Rivers" in (await after.read(run.id)).record.text
    assert len(list((tmp_path / "output").iterdir())) == 1
    assert len(emulator.creates) == 1


async def test_an_image_of_others_that_is_read_twice_at_once_is_saved_once(
    here: World, emulator: Emulator, tmp_path: Path
) -> None:
    image = Request(kind="image", prompt="A red bicycle", model="gemini-nano-banana-2.1", image={"image_size": "1K"})
    interaction_id = (await here.gemini.create(image, background=False)).id
    found: list[Run] = []

    async def read() -> None:
        found.append(await here.read(interaction_id))

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(read)
    assert len({run.record.files for run in found}) == 1
    assert len(list((tmp_path / "output").iterdir())) == 1
    assert len(rows(tmp_path)) == 1


@pytest.mark.slow
async def test_a_process_that_ends_while_a_request_is_on_its_way_waits_for_the_id(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults += [Fault("create", "hold"), stalled := Fault("create", "stall")]
    async with world(settings, replace(QUICK, shutdown_naming=PATIENCE)) as here:
        run = await here.runs.start(ASK)
        await reached(stalled)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(here.runs.close)
            stalled.release.set()
    [row] = rows(tmp_path)
    assert row["interaction_id"] == run.id
    assert run.id in emulator.interactions


@pytest.mark.slow
async def test_a_process_that_ends_before_the_id_comes_leaves_a_row_that_says_so(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(stalled := Fault("create", "stall"))
    async with world(settings) as before:
        await before.runs.start_once(RESEARCH)
        await reached(stalled)
    [row] = rows(tmp_path)
    assert (row["status"], row["interaction_id"]) == ("unknown", None)
    async with world(settings, tend=True) as after:
        with pytest.raises(OutcomeUnknownError, match="not sent again"):
            await after.runs.start_once(RESEARCH)
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_two_hosts_on_one_journal_see_each_others_results_and_save_them_once(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with world(settings, tend=True) as one, world(settings, tend=True) as other:
        run = await one.named(RESEARCH)
        seen = await other.runs.find(run.id or "")
        held.release.set()
        await over(run)
        await over(seen)
        assert seen.record.text == run.record.text != ""
        assert seen.record.files == run.record.files
    assert len(list((tmp_path / "output").iterdir())) == 1
    assert len(emulator.creates) == 1


async def test_an_answer_that_another_key_cannot_see_is_there_again_with_the_right_key(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with world(settings) as before:
        run = await before.named(RESEARCH)
    # Google says 404 of an interaction of another project.
    emulator.faults += [wrong := Fault("get", "http", http_status=404, times=2)]
    async with world(settings, replace(QUICK, tolerance=0), tend=True):
        await reached(wrong)
    held.release.set()
    emulator.faults.remove(wrong)
    async with world(settings, tend=True) as after:
        assert "Rivers" in (await after.read(run.id)).record.text
