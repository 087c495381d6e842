"""The phases of a run: what may follow what, and that an end stays one."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from faults.world import PATIENCE, over, world
from gemini_interactions_mcp.core.errors import NetworkError
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.models.interactions import Interaction, Record, Request
from gemini_interactions_mcp.runs.bookkeeping import Ledger
from gemini_interactions_mcp.runs.follower import Follower
from gemini_interactions_mcp.runs.run import FINAL_PHASES, PHASE_TRANSITIONS, Phase, Run, make_finished_run
from gemini_interactions_mcp.settings import Settings

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RECORD = Record(label="a", kind="ask", status="unknown", created_at=NOON, updated_at=NOON)
ASK = Request(kind="ask", prompt="Hello", model="gemini-3.8-flash")
UNSTORED = ASK.model_copy(update={"store": False})
IMAGE = Request(kind="image", prompt="A red bicycle", model="gemini-nano-banana-2.1", image={"image_size": "1K"})
RESEARCH = Request(kind="research", prompt="Rivers of Zürich", agent="deep-research-preview-04-2026")

ALLOWED = {
    "intended": {"sending", "settled", "failed"},
    "sending": {"sending", "named", "streaming", "settled", "failed"},
    "named": {"streaming", "polling", "watching", "settled", "failed"},
    "streaming": {"streaming", "polling", "settled", "failed"},
    "polling": {"streaming", "polling", "settled", "failed"},
    "watching": {"watching", "polling", "settled", "failed"},
    "settled": {"settled", "failed"},
    "failed": {"failed"},
}


def in_phase(phase: Phase) -> Run:
    """A run that is in a phase, by whatever way."""
    run = Run(RECORD, ASK)
    run.phase = phase
    return run


@pytest.mark.parametrize(("before", "after"), list(product(Phase, Phase)), ids=str)
async def test_each_transition_is_allowed_ignored_or_a_fault(before: Phase, after: Phase) -> None:
    run = in_phase(before)
    if after.value in ALLOWED[before.value]:
        assert run.enter(after)
        assert run.phase is after
    elif before in FINAL_PHASES:
        assert not run.enter(after)
        assert run.phase is before
    else:
        with pytest.raises(RuntimeError, match=f"from {before} to {after}"):
            run.enter(after)
        assert run.phase is before


def test_every_phase_has_its_row_and_is_reached() -> None:
    assert set(PHASE_TRANSITIONS) == set(Phase)
    reached = {phase for before, phases in PHASE_TRANSITIONS.items() for phase in phases - {before}}
    assert reached | {Phase.INTENDED} == set(Phase)


async def test_a_run_begins_with_its_intent_or_with_an_id() -> None:
    assert Run(RECORD, ASK).phase is Phase.INTENDED
    assert Run(RECORD).phase is Phase.NAMED


async def test_the_first_end_that_google_shows_wakes_whoever_waits_and_the_last_one_counts() -> None:
    run = in_phase(Phase.STREAMING)
    first, last = Interaction(status="completed", text="part"), Interaction(status="completed", text="all")
    news = run.moved
    run.interrupt(first)
    assert news.is_set()
    run.interrupt(last)
    assert run.settled
    assert run.outcome is last


async def test_what_has_failed_is_not_settled_any_more() -> None:
    run = in_phase(Phase.POLLING)
    run.fail(error := NetworkError("no way out"))
    run.interrupt(Interaction(status="completed"))
    assert (run.phase, run.error, run.outcome) == (Phase.FAILED, error, None)


@pytest.mark.parametrize(
    ("status", "phase"), [("completed", Phase.SETTLED), ("failed", Phase.SETTLED), ("unknown", Phase.NAMED)]
)
async def test_the_run_of_a_row_that_nobody_follows_is_over(status: str, phase: Phase) -> None:
    run = make_finished_run(RECORD.model_copy(update={"status": status}))
    assert run.phase is phase
    assert run.done.is_set()
    assert run.named.is_set()


@pytest.mark.slow
async def test_the_end_that_the_stream_of_a_run_tells_is_no_news_before_the_answer_is_saved(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves: list[int] = []
    follow, finish = Follower.follow, Ledger.finish

    async def followed(self: Follower, run: Run) -> Interaction:
        interaction = await follow(self, run)
        moves.append(run.moves)
        return interaction

    async def finished_by(self: Ledger, run: Run, interaction: Interaction, target: Path | None) -> bool:
        moves.append(run.moves)
        return await finish(self, run, interaction, target)

    monkeypatch.setattr(Follower, "follow", followed)
    monkeypatch.setattr(Ledger, "finish", finished_by)
    async with world(settings) as here:
        await here.ended(ASK)
    assert moves[0] == moves[1]


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The phases that runs enter from now on, each change once."""
    phases: list[str] = []
    enter = Run.enter

    def entered(self: Run, phase: Phase) -> bool:
        before = self.phase
        changed = enter(self, phase)
        if self.phase is not before:
            phases.append(self.phase.value)
        return changed

    monkeypatch.setattr(Run, "enter", entered)
    return phases


@pytest.mark.slow
@pytest.mark.parametrize(
    ("request_", "faults", "phases"),
    [
        (ASK, [], "sending named streaming settled"),
        (UNSTORED, [], "sending streaming settled"),
        (IMAGE, [], "sending named settled"),
        (RESEARCH, [], "sending named streaming polling settled"),
        (ASK, [Fault("create", "drop_taken")], "sending failed"),
        (ASK, [Fault("create", "http", http_status=401)], "sending failed"),
        (ASK, [Fault("stream", "end", after=3), Fault("resume", "http", 9, http_status=404),
               Fault("get", "http", http_status=401)], "sending named streaming polling failed"),
    ],
)  # fmt: skip
async def test_each_kind_of_run_walks_its_phases(
    settings: Settings, emulator: Emulator, walk: list[str], request_: Request, faults: list[Fault], phases: str
) -> None:
    emulator.faults += [replace(fault) for fault in faults]
    async with world(settings) as here:
        await here.ended(request_)
    assert " ".join(walk) == phases


@pytest.mark.slow
async def test_a_run_whose_stream_breaks_is_polled_and_streamed_again(
    settings: Settings, emulator: Emulator, walk: list[str]
) -> None:
    emulator.faults += [held := Fault("create", "hold"), Fault("stream", "end", after=1)]
    async with world(settings) as here:
        run = await here.named(ASK)
        with anyio.fail_after(PATIENCE):
            while not any(request.query.get("stream") == "true" for request in emulator.requests):
                await anyio.lowlevel.checkpoint()
        held.release.set()
        await over(run)
    assert walk == ["sending", "named", "streaming", "polling", "streaming", "settled"]


async def test_a_run_of_another_server_is_watched_until_that_has_settled_it(
    settings: Settings, emulator: Emulator, walk: list[str]
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with world(settings) as one, world(settings) as other:
        run = await one.named(ASK)
        walk.clear()
        found = await other.runs.find(run.id or "")
        with anyio.fail_after(PATIENCE):
            while found.phase is not Phase.WATCHING:
                await anyio.lowlevel.checkpoint()
        held.release.set()
        await over(run)
        await over(found)
    assert found.phase is Phase.SETTLED
    assert walk == ["watching", "settled", "settled"]


@pytest.mark.slow
async def test_a_run_that_an_earlier_process_left_is_polled(
    settings: Settings, emulator: Emulator, walk: list[str]
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with world(settings) as before:
        run = await before.named(ASK)
    held.release.set()
    walk.clear()
    async with world(settings) as after:
        await after.read(run.id)
    assert walk in (["polling", "settled"], ["settled"])
