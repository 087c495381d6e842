"""Background work whose errors are logged: an error that reached a task group would end the server."""

from collections.abc import Awaitable, Callable

import anyio

from gemini_interactions_mcp.core import GeminiMCPError, logger


async def run_guarded(work: Callable[[], Awaitable[object]]) -> None:
    """Do work once; its errors are logged, unless their cause is."""
    try:
        await work()
    except GeminiMCPError as exc:
        if exc.brief is None:
            logger.warning("%s", exc)
    except Exception:
        logger.exception("Work in the background failed")


async def repeat(work: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Do work every `seconds` seconds until cancelled; its errors are logged."""
    while True:
        await run_guarded(work)
        await anyio.sleep(seconds)
