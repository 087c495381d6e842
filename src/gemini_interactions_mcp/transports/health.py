"""Answers of the server about itself: whether it is alive, and whether it can serve."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gemini_interactions_mcp import journal
from gemini_interactions_mcp.core import JournalError, Timing, logger
from gemini_interactions_mcp.journal import Database
from gemini_interactions_mcp.settings import Settings

UNCACHED: Final = {"cache-control": "no-store"}


class Health:
    """Checks what the server needs.

    Args:
        settings: The settings.
        database: Of the journal.
        timing: How often, and how long.
        is_starting: Whether the server still loads what calls need.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        timing: Timing,
        is_starting: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_starting = is_starting
        self._settings = settings
        self._database = database
        self._timing = timing
        self._checks: dict[str, bool] = {}
        self._until = 0.0
        self._lock = anyio.Lock()
        self.draining = False
        """Whether the server is about to end."""

    def drain(self) -> None:
        """Say from now on that the server is not ready."""
        self.draining = True

    def build_routes(self) -> list[Route]:
        """Return the routes, which need no token and tell no secrets."""
        return [Route("/healthz", show_alive, methods=["GET"]), Route("/readyz", self._show_ready, methods=["GET"])]

    async def _show_ready(self, _: Request) -> Response:
        if self._is_starting() and not self.draining:
            return JSONResponse({"status": "starting", "checks": {}}, 503, UNCACHED)
        checks = await self._check() | ({"draining": False} if self.draining else {})
        ready = all(checks.values())
        told = {name: "ok" if passed else "failed" for name, passed in checks.items()}
        if self.draining:
            told["draining"] = "this server is about to end"
        body = {"status": "ready" if ready else "unavailable", "checks": told}
        return JSONResponse(body, 200 if ready else 503, UNCACHED)

    async def _check(self) -> dict[str, bool]:
        async with self._lock:
            if anyio.current_time() >= self._until:
                self._checks = {
                    "database": await self._reaches_database(),
                    "output": await anyio.to_thread.run_sync(is_writable, self._settings.output_dir),
                    "key": self._settings.api_key is not None,
                }
                self._until = anyio.current_time() + self._timing.readiness
            return self._checks

    async def _reaches_database(self) -> bool:
        with anyio.move_on_after(self._timing.readiness_database * 2):
            try:
                await journal.check_database(self._database, self._timing.readiness_database)
            except JournalError as exc:
                logger.warning("This server is not ready: %s", exc)
                return False
            return True
        return False


def is_writable(folder: Path) -> bool:
    """Whether files can be written into a folder, which may have to be made. Blocks."""
    existing = next((each for each in (folder, *folder.parents) if each.exists()), None)
    return existing is not None and existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


async def show_alive(_: Request) -> Response:
    """Answer that the process is alive."""
    return PlainTextResponse("ok\n")
