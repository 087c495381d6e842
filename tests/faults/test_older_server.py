"""A server of an earlier version on the same journal: what it ends stays ended, and nothing is bought again for it."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from faults.world import World, over, world
from gemini_interactions_mcp.core.errors import InputError, InteractionNotFoundError
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models.interactions import Record, Request
from gemini_interactions_mcp.runs.run import Run
from gemini_interactions_mcp.settings import Settings

AGENT = "deep-research-preview-04-2026"
LABEL = f"{'0' * 16}-{'1' * 32}"
"""As this server has given one to a row that it keeps no more."""


def research(prompt: str, *, plan: bool, **fields: object) -> Request:
    config = {"type": "deep-research", "thinking_summaries": "auto", "visualization": "off"}
    asked = Request(kind="research", prompt=prompt, agent=AGENT, agent_config=config | {"collaborative_planning": plan})
    return asked.model_copy(update=fields)


def approval(plan: Run) -> Request:
    return research("Go ahead", plan=False, approves=True, previous_interaction_id=plan.id)


def ended_by_an_older_server(folder: Path, **changes: str) -> None:
    """Leave all rows as a server does that knows no `settled_at`, two days ago."""
    long_ago = (clock.now() - timedelta(days=2)).isoformat(timespec="microseconds")
    fields = {"settled_at": None, "owner": None, "created_at": long_ago} | changes
    columns = ", ".join(f"{name} = :{name}" for name in fields)
    with closing(sqlite3.connect(folder / "journal.sqlite3")) as database, database:
        database.execute(f"update interactions set {columns}", fields)


async def kept(here: World, run: Run) -> Record:
    """Look after what earlier processes have left, and return the row of a run."""
    await here.runs._driver._adopt_orphans()  # pyright: ignore[reportPrivateUsage] - once, and at once
    for each in list(here.runs._registry._runs.values()):  # pyright: ignore[reportPrivateUsage] - what was adopted
        await over(each)
    found = await here.journal.find(run.id or "")
    assert found is not None
    return found


@pytest.mark.slow
async def test_research_that_google_has_forgotten_stays_completed(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    async with world(settings) as here:
        run = await here.ended(research("Rivers", plan=False))
        await here.gemini.delete(run.id or "")
    ended_by_an_older_server(tmp_path)
    async with world(settings) as here:
        row = await kept(here, run)
    assert (row.status, row.text, row.error) == ("completed", run.record.text, None)


@pytest.mark.slow
async def test_the_run_of_a_plan_is_not_bought_again(settings: Settings, emulator: Emulator, tmp_path: Path) -> None:
    async with world(settings) as here:
        plan = await here.ended(research("Rivers", plan=True))
        run, _ = await here.runs.start_once(approval(plan))
        await over(run)
        await here.gemini.delete(run.id or "")
    ended_by_an_older_server(tmp_path)
    async with world(settings) as here:
        await kept(here, run)
        again, fresh = await here.runs.start_once(approval(plan))
    assert (again.id, fresh) == (run.id, False)
    assert len(emulator.creates) == 2


@pytest.mark.slow
async def test_a_plan_that_was_declined_there_stays_declined(settings: Settings, tmp_path: Path) -> None:
    async with world(settings) as here:
        plan = await here.ended(research("Rivers", plan=True))
    ended_by_an_older_server(tmp_path, status="cancelled", error="The user declined the plan.")
    async with world(settings) as here:
        row = await kept(here, plan)
    assert (row.status, row.error) == ("cancelled", "The user declined the plan.")


async def test_a_label_without_a_row_is_not_asked_for_at_google(settings: Settings, emulator: Emulator) -> None:
    async with world(settings) as here:
        with pytest.raises(InteractionNotFoundError, match=r"does not know that interaction \(any more\)"):
            await here.runs.find(LABEL)
        assert (await here.runs.delete(LABEL)).remote.value == "had no id there"
        with pytest.raises(InputError, match="cannot be continued"):
            await here.runs.find_continued(LABEL)
    assert emulator.requests == []
