"""Settling of a run: one final event and nothing after it, wherever a cancel, a failure or a delete strikes."""

import itertools
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from emulating import MODEL
from gemini_interactions_mcp.emulator import EmulatedInteraction, Emulator, Fault

BODY: dict[str, Any] = {"model": MODEL, "input": "Why?", "background": True}
Strike = Callable[[Emulator, EmulatedInteraction], object]


def cancel(emulator: Emulator, interaction: EmulatedInteraction) -> None:
    """Cancel like the endpoint, unless the run has ended."""
    if not interaction.finished.is_set():
        emulator.cancel(interaction.id)


async def settle(emulator: Emulator, strike: Strike, turns: int = 0) -> EmulatedInteraction:
    """Start a run, strike after that many turns of the event loop, and wait for the task of the run."""
    started: list[EmulatedInteraction] = []
    with anyio.fail_after(10):
        async with anyio.create_task_group() as emulator.runs:
            started.append(await emulator.create(BODY, b"", "http://127.0.0.1/"))
            for _ in range(turns):
                await checkpoint()
            strike(emulator, started[0])
    return started[0]


def types(interaction: EmulatedInteraction) -> list[str]:
    return [event["event_type"] for event in interaction.events]


def check_settled(interaction: EmulatedInteraction, *statuses: str) -> None:
    """Check that the run has one of the statuses, and that the last event is the only completion and has it too."""
    assert interaction.status in statuses
    assert types(interaction).count("interaction.completed") == 1
    last = interaction.events[-1]
    assert (last["event_type"], last["interaction"]["status"]) == ("interaction.completed", interaction.status)


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(step_seconds=0.0)


@pytest.mark.parametrize("run_status", ["completed", "failed"])
async def test_a_cancel_at_any_turn_of_the_event_loop_leaves_one_last_event(run_status: str) -> None:
    seen: list[str] = []
    for turns in itertools.count():
        emulator = Emulator(step_seconds=0.0)
        emulator.faults.append(Fault("create", "status", run_status=run_status))
        interaction = await settle(emulator, cancel, turns)
        check_settled(interaction, "cancelled", run_status)
        seen.append(interaction.status)
        if interaction.status != "cancelled":
            break
    assert seen[0] == "cancelled"


@pytest.mark.parametrize("kind", ["queued", "hold"])
async def test_a_cancel_in_the_turn_in_which_a_held_run_is_released_wins(kind: Any, emulator: Emulator) -> None:
    emulator.faults.append(fault := Fault("create", kind))

    def release_and_cancel(emulator: Emulator, interaction: EmulatedInteraction) -> None:
        fault.release.set()
        cancel(emulator, interaction)

    interaction = await settle(emulator, release_and_cancel, turns=3)
    check_settled(interaction, "cancelled")
    assert types(interaction) == ["interaction.created", "interaction.completed"]


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> anyio.Event:
    """End every sleep when this is set; the sleeper continues one turn later, and no cancel scope interrupts it."""
    event = anyio.Event()

    async def sleep(_: float) -> None:
        await event.wait()

    monkeypatch.setattr(anyio, "sleep", sleep)
    return event


async def test_a_cancel_in_the_turn_in_which_a_step_is_due_wins(due: anyio.Event, emulator: Emulator) -> None:
    def fall_due_and_cancel(emulator: Emulator, interaction: EmulatedInteraction) -> None:
        due.set()
        cancel(emulator, interaction)

    interaction = await settle(emulator, fall_due_and_cancel, turns=3)
    check_settled(interaction, "cancelled")
    assert not any("step" in each for each in types(interaction))


async def test_a_run_that_is_forgotten_in_the_turn_in_which_a_step_is_due_publishes_nothing_more(
    due: anyio.Event, emulator: Emulator
) -> None:
    before: list[str] = []

    def fall_due_and_forget(emulator: Emulator, interaction: EmulatedInteraction) -> None:
        before.extend(types(interaction))
        due.set()
        emulator.forget(interaction)

    interaction = await settle(emulator, fall_due_and_forget, turns=3)
    assert types(interaction) == before == ["interaction.created", "interaction.status_update"]


async def test_a_deleted_run_goes_on_to_its_one_last_event(due: anyio.Event, emulator: Emulator) -> None:
    def fall_due_and_delete(emulator: Emulator, interaction: EmulatedInteraction) -> None:
        due.set()
        emulator.delete(interaction.id)

    check_settled(await settle(emulator, fall_due_and_delete, turns=3), "completed")


async def test_a_run_finishes_once(emulator: Emulator) -> None:
    interaction = await settle(emulator, lambda _, __: None)
    told = list(interaction.events)
    interaction.finish("failed")
    interaction.publish({"event_type": "step.stop", "index": 0})
    interaction.cancel()
    assert interaction.events == told
    check_settled(interaction, "completed")
