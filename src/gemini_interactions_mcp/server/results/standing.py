"""What is known of a run beside its record: its cost so far, and what goes on from it."""

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemini_interactions_mcp.core import JournalError
from gemini_interactions_mcp.models import Record, is_settled
from gemini_interactions_mcp.server.app_context import AppContext

from . import waiting

if TYPE_CHECKING:
    from gemini_interactions_mcp.runs import Run


async def add_running_cost(app: AppContext, run: "Run", message: str) -> str:
    """Return a line on what an interaction does, with what research has cost so far."""
    cost = await tell_running_cost(app, run)
    return f"{message}. {cost}" if cost else message


async def tell_running_cost(app: AppContext, run: "Run") -> str:
    """Return what research that goes on has cost so far, or usually costs, in a sentence."""
    record, usage = run.record, run.usage or run.usage_so_far
    if record.kind != "research" or is_settled(record.status):
        return ""
    cost = await app.runs.costs.price(record, usage) if usage else None
    row = (await app.catalogs.read()).find(record.agent)
    return waiting.describe_running_cost(record, cost, row)


async def followers_of(app: AppContext, interaction_id: str) -> Sequence[Record]:
    """Return what goes on from an interaction, as far as the journal can be read."""
    with contextlib.suppress(JournalError):
        return await app.runs.followers(interaction_id)
    return ()
