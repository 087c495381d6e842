"""Figures of the server for Prometheus; needs the extra `team`."""

import math
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from mcp.server import ServerRequestContext
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gemini_interactions_mcp import journal
from gemini_interactions_mcp.core import JournalError, coerce_object
from gemini_interactions_mcp.journal import Database
from gemini_interactions_mcp.server import TOOL_SCOPES, Server

EXTRA_NEEDED: Final = "Metrics need the extra: pip install 'gemini-interactions-mcp[team]'\n"
CALL_SECONDS: Final = (0.1, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 300)
"""Bounds of the histogram: a call waits for 45 seconds before it returns an id."""


class Metrics:
    """Counts calls.

    Args:
        token: Opens them; None closes them.
        server: What is counted.
        database: Knows what was spent, and how busy it is.
    """

    def __init__(self, token: str, server: Server, database: Database) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: PLC0415 - of an extra

        self._token = token
        self._tools = frozenset(TOOL_SCOPES)
        self._database = database
        self.registry: CollectorRegistry = CollectorRegistry()
        self._calls = Counter(
            "gemini_mcp_calls", "Calls of tools by outcome", ["tool", "outcome"], registry=self.registry
        )
        self._seconds = Histogram(
            "gemini_mcp_call_seconds", "Seconds that calls took", ["tool"], buckets=CALL_SECONDS, registry=self.registry
        )
        self._running = Gauge("gemini_mcp_running_calls", "Calls that are being answered", registry=self.registry)
        self._dollars = Gauge(
            "gemini_mcp_dollars_today",
            "US dollars spent and reserved since midnight UTC, of all principals on the journal",
            registry=self.registry,
        )
        server.middleware.append(self.count_call)
        self._add_loads(server, database)

    def _add_loads(self, server: Server, database: Database) -> None:
        """Show how busy this server is. None has a label for the principal: there may be thousands."""
        self.add_gauge(
            "open_principals", "Principals with anything open on this server", lambda: server.count_open()[0]
        )
        self.add_gauge(
            "followed_runs", "Interactions that this server sends or follows", lambda: server.count_open()[1]
        )
        self.add_gauge("database_connections", "Connections to the database in use", lambda: database.measure_load()[0])
        self.add_gauge("database_waits", "Statements that wait for a connection", lambda: database.measure_load()[1])

    def add_gauge(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Show a figure that is read whenever the metrics are."""
        from prometheus_client import Gauge  # noqa: PLC0415 - as above

        Gauge(f"gemini_mcp_{name}", description, registry=self.registry).set_function(read)

    async def count_call(self, ctx: ServerRequestContext[Any, Any], call_next: Callable[..., Awaitable[Any]]) -> Any:  # noqa: ANN401 - whatever the handler returns
        """Count a call of a tool around its handler."""
        if ctx.method != "tools/call":
            return await call_next(ctx)
        tool = find_called_tool(coerce_object(ctx.params), self._tools)
        outcome, start = "failed", time.monotonic()
        self._running.inc()
        try:
            result = await call_next(ctx)
            outcome = "error" if is_error_result(result) else "ok"
            return result
        finally:
            self._running.dec()
            self._calls.labels(tool, outcome).inc()
            self._seconds.labels(tool).observe(time.monotonic() - start)

    async def show(self, request: Request) -> Response:
        """Answer with all figures, to whoever has the token."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415 - as above

        given = request.headers.get("authorization", "").encode(errors="replace")
        if not secrets.compare_digest(given, f"Bearer {self._token}".encode()):
            return PlainTextResponse("The token of GEMINI_MCP_METRICS_TOKEN is needed.\n", 401)
        await self._sum_dollars()
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    async def _sum_dollars(self) -> None:
        try:
            micros = await journal.sum_spent(self._database, journal.clock.get_day_start())
        except JournalError:
            self._dollars.set(math.nan)
        else:
            self._dollars.set(micros / 1_000_000)


def find_called_tool(params: Mapping[str, Any], tools: frozenset[str]) -> str:
    """Return the name of the tool that is called; all that do not exist have one."""
    name = params.get("name")
    return name if isinstance(name, str) and name in tools else "unknown"


def is_error_result(result: object) -> bool:
    """Whether the result of a call is an error that the model is told."""
    return bool(coerce_object(result).get("isError") or getattr(result, "is_error", False))


def build_metrics_routes(server: Server, database: Database, token: str | None) -> list[Route]:
    """Return the route of the metrics, which is there only where a token opens it."""
    if token is None:
        return []
    try:
        metrics = Metrics(token, server, database)
    except ImportError:
        return [Route("/metrics", refuse_without_extra, methods=["GET"])]
    return [Route("/metrics", metrics.show, methods=["GET"])]


async def refuse_without_extra(_: Request) -> Response:
    """Answer that what counts is not installed."""
    return PlainTextResponse(EXTRA_NEEDED, 501)
