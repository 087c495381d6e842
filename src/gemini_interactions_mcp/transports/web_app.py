"""The application that HTTP serves: MCP behind its guards, metadata, health and what other modules add."""

import re
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import anyio
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gemini_interactions_mcp.core import DEFAULT_TIMING, Timing
from gemini_interactions_mcp.server import Server
from gemini_interactions_mcp.settings import Settings

from .access import Access, ServingPlan, open_access
from .auth.guard import AccessGuard
from .files import build_file_routes
from .health import Health
from .log_context import set_log_context
from .metrics import build_metrics_routes
from .open_streams import OpenStreams
from .public_url import MCP_PATH, PublicUrl, bracket_host
from .receipts import Receipts

LOOPBACK_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")

CLIENT_HEADERS: Final = (
    "authorization",
    "content-type",
    "mcp-protocol-version",
    "mcp-session-id",
    "mcp-method",
    "mcp-name",
    "last-event-id",
)
"""Headers that MCP clients send beside those that every page may."""

SHOWN_HEADERS: Final = ("mcp-session-id", "www-authenticate", "retry-after")
"""Headers of answers that pages may read."""

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class RequestEntry:
    """Names every request for the log, and removes what a proxy has left of the public URL's path.

    Args:
        app: Answers.
        prefix: The path of the public URL.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            given = Headers(scope=scope).get("x-request-id", "")
            set_log_context(request_id=given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex)
            path = strip_public_path(scope["path"], self._prefix)
            scope = {**scope, "path": path, "raw_path": path.encode()} if path != scope["path"] else scope
        await self._app(scope, receive, send)


def strip_public_path(path: str, prefix: str) -> str:
    """Return a path without the prefix of the public URL, and that of MCP without a slash at its end."""
    if prefix and path.startswith(f"{prefix}/"):
        path = path.removeprefix(prefix)
    return MCP_PATH if path == f"{MCP_PATH}/" else path


class OriginGuard:
    """Answers 403 to pages of other origins; programs that are no browser send none.

    Args:
        app: Answers the others.
        origins: That may use the server.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        given = Headers(scope=scope).getlist("origin") if scope["type"] == "http" else []
        if all(origin in self._origins for origin in given) and len(given) < 2:
            await self._app(scope, receive, send)
            return
        body = {"error": "forbidden", "error_description": "Pages of this origin may not use this server."}
        await JSONResponse(body, 403)(scope, receive, send)


def list_origins(public: PublicUrl | None, port: int, allowed: Sequence[str]) -> list[str]:
    """Return the origins of pages that may use the server.

    Args:
        public: The address that clients use; None where that is loopback.
        port: Where it listens.
        allowed: Origins that the user allows.
    """
    own = [public.origin] if public else [f"http://{host}:{port}" for host in LOOPBACK_HOSTS]
    return [*own, *allowed]


def build_transport_security(*, authenticated: bool, origins: Sequence[str]) -> TransportSecuritySettings:
    """Return which hosts requests may name.

    A page whose name was made to resolve to loopback could use a server that asks for no token; it has no token.
    """
    if authenticated:
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    hosts = [*LOOPBACK_HOSTS, *(f"{host}:*" for host in LOOPBACK_HOSTS)]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=list(origins))


def build_web_app(
    server: Server,
    access: Access,
    *,
    origins: Sequence[str],
    prefix: str = "",
    stateless: bool = False,
    routes: Sequence[BaseRoute] = (),
    timing: Timing = DEFAULT_TIMING,
    report: Callable[[], Coroutine[Any, Any, None]] = anyio.sleep_forever,
) -> Starlette:
    """Return the application.

    Args:
        server: Answers MCP.
        access: Who may use it.
        origins: Of pages that may use it.
        prefix: The path of the public URL.
        stateless: Whether clients of earlier revisions get no sessions, so that any server can answer them.
        routes: Of what else is served; they guard themselves.
        timing: How often tokens are looked at again.
        report: Runs at the start, and logs what the server lacks.
    """
    authenticated = access.verifier is not None
    security = build_transport_security(authenticated=authenticated, origins=origins)
    mcp: ASGIApp = server.streamable_http_app(stateless_http=stateless, transport_security=security)
    if access.verifier is not None:
        mcp = AccessGuard(mcp, access.verifier, access.challenge, access.rates, timing.access_recheck)
    streams = OpenStreams(Receipts(mcp))
    guards = [
        Middleware(RequestEntry, prefix=prefix),
        Middleware(OriginGuard, origins=origins),
        Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=CLIENT_HEADERS,
            expose_headers=SHOWN_HEADERS,
        ),
    ]
    app = Starlette(
        routes=[Route(MCP_PATH, streams), *access.routes, *routes],
        middleware=guards,
        lifespan=lambda _: run_sessions(server, access.prepare, report),
    )
    app.router.redirect_slashes = False
    app.state.streams = streams
    return app


@dataclass(frozen=True)
class WebApp:
    """An application that is ready to be served.

    Attributes:
        app: The application.
        health: What it says of itself.
        public: The address that clients use.
        server: Answers MCP.
    """

    app: Starlette
    health: Health
    public: PublicUrl
    server: Server

    def drain(self) -> None:
        """Say that the server is not ready, and end the streams of clients that wait for changes."""
        self.health.drain()
        self._end_streams()

    def end(self) -> None:
        """Let calls that wait return their ids, and end all streams."""
        self.server.hurry()
        self._end_streams()

    def _end_streams(self) -> None:
        self.server.end_streams()
        self.app.state.streams.end()


@asynccontextmanager
async def open_web_app(
    server: Server, settings: Settings, plan: ServingPlan, port: int, timing: Timing = DEFAULT_TIMING
) -> AsyncGenerator[WebApp]:
    """Yield the application of a server.

    Args:
        server: Answers MCP.
        settings: The settings.
        plan: What the options come to.
        port: Where it listens.
        timing: How often tokens and health are looked at again.
    """
    public = plan.public or PublicUrl(f"http://{bracket_host(plan.options.host.strip('[]'))}:{port}")
    database = server.database
    health = Health(settings, database, timing, lambda: server.starting)
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    async with open_access(settings, plan, public, database, timing) as access:
        app = build_web_app(
            server,
            access,
            origins=list_origins(plan.public, port, settings.allowed_origins),
            prefix=public.prefix,
            stateless=plan.public is not None,
            routes=[*health.build_routes(), *build_file_routes(server), *build_metrics_routes(server, database, token)],
            timing=timing,
            report=health.report,
        )
        yield WebApp(app, health, public, server)


@asynccontextmanager
async def run_sessions(server: Server, *beginnings: Callable[[], Coroutine[Any, Any, None]]) -> AsyncGenerator[None]:
    """Serve MCP's sessions while the application runs; what calls need is loaded at once."""
    async with server.session_manager.run(), anyio.create_task_group() as tasks:
        server.warm()
        for each in beginnings:
            tasks.start_soon(each)
        yield
        tasks.cancel_scope.cancel()
