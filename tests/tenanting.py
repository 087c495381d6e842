"""Servers that several principals reach over HTTP, each with a token of its own."""

import json
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import httpx2
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp.client.streamable_http import streamable_http_client
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from conftest import FAST, Mode
from gemini_interactions_mcp.core.principals import SCOPES, Principal
from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.server.identity import PrincipalToken
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.transports.http import WebServer, open_listener
from tasking import Tasking

ANNA = Principal("anna", remote=True)
BERTA = Principal("berta", remote=True)


class Tokens:
    """Verifies tokens: each is the name of a principal, or that and the scopes it has, as `anna:interactions:read`."""

    def __init__(self, principals: Collection[Principal] = (ANNA, BERTA)) -> None:
        self.principals = {each.name: each for each in principals}

    async def verify_token(self, token: str) -> PrincipalToken | None:
        name, _, scope = token.partition(":")
        if name not in self.principals:
            return None
        scopes = frozenset([scope]) if scope else frozenset(SCOPES)
        principal = replace(self.principals[name], scopes=scopes)
        return PrincipalToken(token=token, client_id=name, scopes=sorted(scopes), subject=name, principal=principal)


def guard(app: ASGIApp, tokens: Tokens) -> ASGIApp:
    """Let only those in who have a token."""
    inner = AuthContextMiddleware(RequireAuthMiddleware(app, []))
    guarded = AuthenticationMiddleware(inner, backend=BearerAuthBackend(tokens))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await (guarded if scope["type"] == "http" else app)(scope, receive, send)

    return answer


@dataclass
class Place:
    """A server on a port.

    Attributes:
        server: The server.
        url: Its address.
    """

    server: Server
    url: str
    tokens: Tokens = field(default_factory=Tokens)

    @asynccontextmanager
    async def client(
        self,
        token: str,
        mode: Mode = "auto",
        *,
        asked: ElicitationFnT | None = None,
        tasks: bool = False,
        **options: Any,
    ) -> AsyncGenerator[Client]:
        """A real client with a token."""
        extensions = [Tasking()] if tasks else []
        async with (
            httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=30) as http,
            Client(
                streamable_http_client(self.url, http_client=http),
                mode=mode,
                cache=None,
                extensions=extensions,
                elicitation_callback=asked,
                **options,
            ) as client,
        ):
            yield client


@asynccontextmanager
async def placed(settings: Settings, timing: Timing = FAST, tokens: Tokens | None = None) -> AsyncGenerator[Place]:
    """Serve over real HTTP."""
    server = build_server(settings, timing, shared=True)
    known = tokens or Tokens()
    with open_listener(0) as listener:
        app = guard(server.streamable_http_app(host="127.0.0.1"), known)
        web = WebServer(app, lambda: None)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(web.serve, [listener])
            try:
                yield Place(server, f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", known)
            finally:
                web.should_exit = True


def masked(answer: Any, names: Mapping[str, str]) -> str:
    """An answer as JSON, with each of some texts in place of what they stand for."""
    dumped = (
        answer if isinstance(answer, str) else json.dumps(answer, default=lambda each: each.model_dump(mode="json"))
    )
    for text, name in sorted(names.items(), key=lambda each: -len(each[0])):
        dumped = dumped.replace(json.dumps(text)[1:-1], name).replace(text, name)
    return dumped


def files_of(folder: Path) -> list[str]:
    """The files below a folder."""
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())
