"""Shared by the tests of HTTP: a real server on a real port, and requests as MCP clients send them."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from conftest import FAST, Mode
from gemini_interactions_mcp.core.principals import SCOPES
from gemini_interactions_mcp.journal.journal import open_database
from gemini_interactions_mcp.journal.tokens import AccessTokens
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.transports.access import ServingOptions, ServingPlan, plan_serving
from gemini_interactions_mcp.transports.health import Health
from gemini_interactions_mcp.transports.http import WebServer, open_listener
from gemini_interactions_mcp.transports.web_app import WebApp, open_web_app
from wired import HANDSHAKES, MODERN, PATIENCE, envelope, hello

Json = dict[str, Any]
ACCEPT = {"accept": "application/json, text/event-stream"}


@dataclass
class Team:
    """A server, and a client that has no token of its own."""

    web: httpx2.AsyncClient
    address: str
    plan: ServingPlan
    server: Server
    opened: WebApp
    running: WebServer

    @property
    def health(self) -> Health:
        return self.opened.health

    async def send(
        self, method: str = "tools/list", token: str | None = None, headers: Json | None = None, **params: Any
    ) -> httpx2.Response:
        """A request of 2026-07-28, and its whole answer."""
        async with self.ask(method, token, headers, **params) as answer:
            await answer.aread()
        return answer

    @asynccontextmanager
    async def ask(
        self,
        method: str,
        token: str | None = None,
        headers: Json | None = None,
        mode: Mode = "auto",
        extensions: Sequence[str] = (),
        **params: Any,
    ) -> AsyncGenerator[httpx2.Response]:
        """A request as clients of an era send it, and its answer, of which nothing is read yet."""
        name = next((params[key] for key in ("name", "uri", "taskId") if key in params), None)
        modern = {"mcp-protocol-version": MODERN, "mcp-method": method} | ({"mcp-name": name} if name else {})
        sent = ACCEPT | (modern if mode == "auto" else {"mcp-protocol-version": HANDSHAKES[-1]}) | (headers or {})
        if token is not None:
            sent |= {"authorization": f"Bearer {token}"}
        carried = envelope(extensions=dict.fromkeys(extensions, Json())) if mode == "auto" else {}
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params | carried}
        async with self.web.stream("POST", "/mcp", json=body, headers=sent) as answer:
            yield answer

    @asynccontextmanager
    async def open_stream(self, token: str, mode: Mode) -> AsyncGenerator[anyio.Event]:
        """A stream of notifications that has begun, as clients of an era open it; yields what its end sets."""
        async with self._stream(token, mode) as answer, anyio.create_task_group() as tasks:
            assert answer.status_code == 200
            ended = anyio.Event()

            async def read() -> None:
                await answer.aread()
                ended.set()

            tasks.start_soon(read)
            yield ended
            tasks.cancel_scope.cancel()

    @asynccontextmanager
    async def _stream(self, token: str, mode: Mode) -> AsyncGenerator[httpx2.Response]:
        if mode == "auto":
            async with self.ask("subscriptions/listen", token, notifications={"resourcesListChanged": True}) as answer:
                yield answer
            return
        headers = ACCEPT | {"authorization": f"Bearer {token}"}
        first = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello(HANDSHAKES[-1])}
        begun = await self.web.post("/mcp", json=first, headers=headers)
        headers |= {"mcp-session-id": begun.headers["mcp-session-id"]}
        async with self.web.stream("GET", "/mcp", headers=headers) as answer:
            yield answer

    async def ask_ready(self) -> httpx2.Response:
        """What it says of itself once it has started."""
        with anyio.fail_after(PATIENCE):
            while (ready := await self.web.get("/readyz")).json()["status"] == "starting":  # noqa: ASYNC110 - as it is asked
                await anyio.sleep(0.01)
        return ready

    @asynccontextmanager
    async def client(self, token: str, mode: Mode = "auto", **options: Any) -> AsyncGenerator[Client]:
        """A real client."""
        async with (
            httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}, trust_env=False, timeout=PATIENCE) as web,
            Client(streamable_http_client(self.address, http_client=web), mode=mode, **options) as connected,
        ):
            yield connected


@asynccontextmanager
async def team(settings: Settings, options: ServingOptions | None = None) -> AsyncGenerator[Team]:
    """Serve, as `serve --http` does, on any free port."""
    plan = plan_serving(settings, options or ServingOptions(port=0))
    with open_listener(0, plan.place) as listener:
        port = listener.getsockname()[1]
        server = build_server(settings, FAST, shared=settings.auth != "none")
        async with open_web_app(server, settings, plan, port, FAST) as opened:
            running = WebServer(opened.app, lambda: None)
            base = f"http://127.0.0.1:{port}"
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(running.serve, [listener])
                async with httpx2.AsyncClient(base_url=base, trust_env=False, timeout=PATIENCE) as web:
                    yield Team(web, f"{base}/mcp", plan, server, opened, running)
                running.should_exit = True


@asynccontextmanager
async def rows(settings: Settings) -> AsyncGenerator[AccessTokens]:
    """The tokens in the journal, as an administrator's command has them."""
    database = open_database(settings.database_url)
    try:
        yield AccessTokens(database)
    finally:
        await database.close()


async def named(settings: Settings, name: str, scopes: Sequence[str] | None = None, **more: Any) -> str:
    """A new token."""
    async with rows(settings) as tokens:
        return (await tokens.add(name, SCOPES if scopes is None else scopes, **more)).text


def challenge(answer: httpx2.Response) -> dict[str, str]:
    """The parameters of a `WWW-Authenticate` header."""
    kind, _, rest = answer.headers["www-authenticate"].partition(" ")
    assert kind == "Bearer"
    assert re.fullmatch(r'\w+="[^"\\]*"(, \w+="[^"\\]*")*', rest)
    return dict(re.findall(r'(\w+)="([^"]*)"', rest))
