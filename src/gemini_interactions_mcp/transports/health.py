"""Answers of the server about itself: whether it is alive, and whether it can serve."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gemini_interactions_mcp import journal, output
from gemini_interactions_mcp.core import OWNER, GeminiMCPError, KeyMissingError, Outage, Timing, logger
from gemini_interactions_mcp.journal import Database
from gemini_interactions_mcp.output import Place
from gemini_interactions_mcp.settings import Settings

UNCACHED: Final = {"cache-control": "no-store"}

NO_KEY: Final = (
    "No API key is set. Set GEMINI_API_KEY, or give each principal one of its own (`token add NAME --key-reference`)."
)


@dataclass
class Check:
    """One of the things that a server needs.

    Attributes:
        try_it: Raises a `GeminiMCPError` if the server has it not.
        seconds: Time for which a result holds.
        until: When it is tried again, on the clock of the event loop.
        name: What is told of it.
        outage: Tells the log.
        failure: Why the server has it not; None if it has.
    """

    try_it: Callable[[], Awaitable[None]]
    seconds: float
    name: str
    outage: Outage = field(init=False)
    until: float = 0.0
    failure: str | None = None

    def __post_init__(self) -> None:
        self.outage = Outage("This server is not ready: %s", f"The check of readiness succeeds again: {self.name}.")


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
        self._checks = {
            "database": Check(self._try_database, timing.readiness, "database"),
            "output": Check(self._try_output, timing.readiness_output, "output"),
            "key": Check(self._try_key, timing.readiness, "key"),
        }
        self._place: Place | None = None
        self._lock = anyio.Lock()
        self.draining = False
        """Whether the server is about to end."""

    def drain(self) -> None:
        """Say from now on that the server is not ready."""
        self.draining = True

    async def report(self) -> None:
        """Log what the server lacks, once it has started."""
        while self._is_starting():  # noqa: ASYNC110 - of a thread
            await anyio.sleep(self._timing.readiness / 10)
        await self._check()

    def build_routes(self) -> list[Route]:
        """Return the routes, which need no token and tell no secrets."""
        return [Route("/healthz", show_alive, methods=["GET"]), Route("/readyz", self._show_ready, methods=["GET"])]

    async def _show_ready(self, _: Request) -> Response:
        if self._is_starting() and not self.draining:
            return JSONResponse({"status": "starting", "checks": {}}, 503, UNCACHED)
        await self._check()
        ready = not self.draining and not any(each.failure for each in self._checks.values())
        told = {name: "failed" if each.failure else "ok" for name, each in self._checks.items()}
        if self.draining:
            told["draining"] = "this server is about to end"
        body = {"status": "ready" if ready else "unavailable", "checks": told}
        return JSONResponse(body, 200 if ready else 503, UNCACHED)

    async def _check(self) -> None:
        async with self._lock:
            for each in self._checks.values():
                if anyio.current_time() >= each.until:
                    await self._renew(each)

    async def _renew(self, check: Check) -> None:
        """Try a check again; the log tells of it only when something has changed."""
        earlier, check.failure = check.failure, f"The check of {check.name} takes too long."
        with anyio.move_on_after(self._timing.readiness_answer):
            try:
                await check.try_it()
                check.failure = None
            except GeminiMCPError as exc:
                check.failure = exc.brief or str(exc)
            except Exception:  # must not end the server
                check.failure = f"The check of {check.name} fails by a bug."
                if check.failure != earlier:
                    logger.exception("What this server needs cannot be checked")
        check.until = anyio.current_time() + check.seconds
        if check.failure:
            check.outage.begin(check.failure)
        else:
            check.outage.end()

    async def _try_database(self) -> None:
        await journal.check_database(self._database, self._timing.readiness_answer / 2)

    async def _try_output(self) -> None:
        await anyio.to_thread.run_sync(self._write_output, abandon_on_cancel=True)

    def _write_output(self) -> None:
        try:
            self._place = self._place or output.open_place(self._settings, OWNER)
            self._place.check_writable()
        except Exception:
            raise
        except BaseException as exc:
            # A library in Rust panics, which would end the server.
            raise RuntimeError(str(exc)) from exc

    async def _try_key(self) -> None:
        if self._settings.api_key is None and not await journal.has_key_references(self._database):
            raise KeyMissingError(NO_KEY)


async def show_alive(_: Request) -> Response:
    """Answer that the process is alive."""
    return PlainTextResponse("ok\n")
