"""When a call is sent again: only where that cannot buy anything twice."""

import math
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import anyio

from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InteractionNotFoundError,
    NetworkError,
    NoQuotaError,
    OverloadedError,
    QuotaError,
)

from .error_mapping import Call
from .exchange import Exchange, exchanging

ATTEMPTS: Final = 3
"""How often a call is sent at the most, when it is certain that sending again costs nothing."""

LAG_SECONDS: Final = (2.0, 4.0, 8.0, 16.0, 30.0)
"""Before a request is sent again that continues an interaction which Google does not show yet."""

Result = TypeVar("Result")


async def persist(call: Call, seconds: float, send: Callable[[Exchange], Awaitable[Result]]) -> Result:
    """Send a call, and again only where that cannot buy anything twice; `seconds` bounds it all."""
    deadline = anyio.current_time() + seconds
    lags = iter(LAG_SECONDS)
    attempt = 0
    while True:
        attempt += 1
        try:
            with exchanging(call) as exchange, anyio.fail_after(deadline - anyio.current_time()):
                return call.redact(await send(exchange))
        except GeminiMCPError as exc:
            failed = exc
        if isinstance(failed, InteractionNotFoundError):
            delay = next(lags, None) if await lagging(call) else None
        else:
            delay = resend_delay(failed, attempt, paid=call.paid)
        if delay is None or delay >= deadline - anyio.current_time():
            raise failed
        call.caller.hear(f"{hindrance(failed)}; trying again in {math.ceil(delay)} s; nothing is charged yet")
        await anyio.sleep(delay)
        if not call.caller.wanted():
            raise failed
        call.caller.hear("")


async def lagging(call: Call) -> bool:
    """Whether a call continues an interaction that exists, so that Google only does not find it yet."""
    return call.previous_interaction_id is not None and await call.caller.previous_exists()


def resend_delay(exc: GeminiMCPError, attempt: int, *, paid: bool) -> float | None:
    """Seconds to wait before sending again, or None: not at all.

    A paid call is sent again where the connection was never made, or where Google named the delay.
    """
    passing = isinstance(exc, NetworkError | QuotaError | OverloadedError) and not isinstance(exc, NoQuotaError)
    if attempt >= ATTEMPTS or not passing:
        return None
    named = exc.retry_after_seconds if isinstance(exc, QuotaError | OverloadedError) else None
    if named is not None or (paid and not isinstance(exc, NetworkError)):
        return named
    # Jitter: many servers that lost one network must not come back at once. Not cryptography.
    return 0.5 * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311


def hindrance(exc: GeminiMCPError) -> str:
    """Why a call is sent again."""
    if isinstance(exc, NetworkError):
        return "Google cannot be reached"
    if isinstance(exc, InteractionNotFoundError):
        return "Google does not find the previous interaction yet"
    return "Google refused it for now"
