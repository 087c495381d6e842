"""What requests may cost and interactions have cost, by the catalog as it is now."""

import anyio.to_thread

from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import CatalogFile, Estimate, Record, Request, Usage, estimates, pricing


class Costs:
    """Estimates and prices.

    Args:
        catalogs: Read when it has changed.
    """

    def __init__(self, catalogs: CatalogFile) -> None:
        self._catalogs = catalogs

    async def estimate(self, request: Request, previous: Record | None = None) -> Estimate | None:
        """Return what a request costs at least and at most; None where its price is not known.

        Args:
            request: Any.
            previous: The row of the interaction that it continues, if the journal has one.
        """
        catalog = await self._catalogs.read()
        earlier = count_earlier_tokens(request, previous)
        # In a worker thread: the first price takes 0.3 s.
        return await anyio.to_thread.run_sync(
            lambda: estimates.estimate_request(request, catalog, clock.now(), earlier_tokens=earlier)
        )

    async def price(self, record: Record, usage: Usage) -> int | None:
        """Return what an interaction has cost, in millionths of a dollar; None where its price is not known."""
        catalog = await self._catalogs.read()
        tier = record.terms.service_tier if record.terms else None
        return await anyio.to_thread.run_sync(
            lambda: pricing.price_usage(usage, record.agent or record.model, catalog, record.created_at, tier)
        )


def count_earlier_tokens(request: Request, previous: Record | None) -> int:
    """Return the maximum number of tokens of the interaction that a request continues, which are read again."""
    if request.previous_interaction_id is None:
        return 0
    usage = previous.usage if previous else None
    return usage.total_tokens if usage and usage.total_tokens else estimates.CONTEXT_TOKENS
