"""The rooms from the API to the journal, opened for a test: what a server has without its MCP face."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import anyio

from conftest import FAST
from gemini_interactions_mcp.api.client import Gemini
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.files.boundary import Boundary
from gemini_interactions_mcp.files.saved_files import SavedFiles
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.output.places import LocalFolder
from gemini_interactions_mcp.runs.run import Run
from gemini_interactions_mcp.runs.runs import Runs
from gemini_interactions_mcp.server.tenant_parts import make_limits
from gemini_interactions_mcp.settings import Settings

QUICK = replace(
    FAST, enrichment=0.2, answer_lag=0.2, lease=60, write_retry=0.02, most_report=0.02, shutdown_naming=0.05
)
PATIENCE = 20.0
"""Seconds after which a test that waits has failed; never what is tested."""


@dataclass
class World:
    """A process that follows interactions.

    Attributes:
        announced: The ids of the interactions that have settled, in order.
    """

    runs: Runs
    gemini: Gemini
    journal: Journal
    announced: list[str] = field(default_factory=list[str])

    async def ended(self, request: Request) -> Run:
        """Start an interaction and wait for its end."""
        return await over(await self.runs.start(request))

    async def named(self, request: Request) -> Run:
        """Start an interaction and wait until its id is known."""
        run = await self.runs.start(request)
        with anyio.fail_after(PATIENCE):
            await run.named.wait()
        return run

    def forget(self, interaction_id: str) -> None:
        """Follow an interaction no longer, as after its deletion, though Google still has it."""
        self.runs._registry.delete(interaction_id)  # pyright: ignore[reportPrivateUsage] - without the deletion

    async def read(self, interaction_id: str | None) -> Run:
        """Find an interaction and wait for its end."""
        return await over(await self.runs.find(interaction_id or ""))


async def over(run: Run) -> Run:
    """Wait for the end of a run."""
    with anyio.fail_after(PATIENCE):
        await run.done.wait()
    return run


@asynccontextmanager
async def world(settings: Settings, timing: Timing = QUICK, *, tend: bool = False) -> AsyncGenerator[World]:
    """A process from its start to its end; with `tend`, it looks after what an earlier one has left."""
    gemini, journal = Gemini(settings, timing), Journal(settings.database_url, timing=timing)
    announced: list[str] = []

    async def announce(interaction_id: str) -> None:
        announced.append(interaction_id)

    try:
        async with anyio.create_task_group() as tasks:
            runs = Runs(
                gemini=gemini,
                journal=journal,
                saved=SavedFiles(Boundary.of(settings)),
                place=LocalFolder(settings.output_dir),
                tasks=tasks,
                announce=announce,
                timing=timing,
                limits=make_limits(settings),
            )
            if tend:
                tasks.start_soon(runs.tend)
            yield World(runs, gemini, journal, announced)
            await runs.close()
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await journal.close()
            await gemini.close()
