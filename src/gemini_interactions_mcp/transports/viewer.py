"""Shows results in a browser: a host of the app that MCP hosts show, on loopback, for one browser.

It speaks MCP with the server of its own process, as any host does. So what a host gets (redaction, limits, the journal,
unfinished runs that are followed) is what the browser gets.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

import anyio
from mcp import Client, MCPError
from mcp.client import advertise
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    CallToolResult,
    Implementation,
    ReadResourceResult,
)
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.core import DEFAULT_TIMING, FileRefusedError, GeminiMCPError, logger
from gemini_interactions_mcp.server import Server, assemble_app, build_server
from gemini_interactions_mcp.settings import APP_NAME, Settings
from gemini_interactions_mcp.text import resource_addresses

from .http import open_listener, serve_web
from .jsonrpc import parse_json
from .public_url import LOOPBACK_HOST
from .stdio import EXIT_SECONDS, exit_within
from .viewer_answers import EventStream, FileAnswer, JsonAnswer, Pulse, refuse_request, run_while_connected
from .viewer_guard import ViewerGuard, ViewerSession, build_page_policy

VIEWER_TOOLS: Final = frozenset(
    {
        "read_view",
        "start_research",
        "generate_image",
        "read_interaction",
        "cancel_research",
        "delete_interaction",
    }
)
"""The tools that the app's buttons and its own reading need."""

VIEWER_EXTENSION: Final = advertise("io.modelcontextprotocol/ui", {"mimeTypes": ["text/html;profile=mcp-app"]})
"""What a client that shows views declares."""

MAX_BODY_BYTES: Final = 2**20
"""Bytes of a call."""

MAX_TOKEN_BODY_BYTES: Final = 2**10
"""Bytes of the request that begins a session: anybody may send it."""

BODY_SECONDS: Final = 30.0
"""Seconds for a body to arrive."""

MAX_NESTING: Final = 100
"""Levels of a body; pydantic writes about 250."""

VIEWER_TIMING: Final = replace(DEFAULT_TIMING, list_poll=2.0)
"""A person watches what other servers on the journal do."""

RELISTEN_SECONDS: Final = 1.0

CallOutcome = CallToolResult | ReadResourceResult


class Viewer:
    """The web application that one browser sees.

    Args:
        server: What the app's calls go to.
        port: The port of loopback at which it is served.
    """

    def __init__(self, server: Server, port: int) -> None:
        self._server = server
        self._port = port
        self._session = ViewerSession(port)
        self._pulse = Pulse()
        self._client: Client | None = None
        self._page = assemble_app(tab=True)
        self._policy = build_page_policy(self._page)

    @property
    def address(self) -> str:
        """The address that begins the session; the token is in the fragment, which is sent to nobody."""
        return f"http://{LOOPBACK_HOST}:{self._port}/#token={self._session.token}"

    def end(self) -> None:
        """Let streams without an end, end."""
        self._pulse.end()

    def build_app(self) -> Starlette:
        """Return the application."""
        routes = [
            Route("/", self._show_page),
            Route("/favicon.ico", show_nothing),
            Route("/session", self._begin_session, methods=["POST"]),
            Route("/rpc", self._take_call, methods=["POST"]),
            Route("/events", self._open_events),
            Route("/files/{interaction_id}/{name}", self._open_file),
        ]
        app = Starlette(
            routes=routes,
            middleware=[Middleware(ViewerGuard, port=self._port)],
            exception_handlers={HTTPException: refuse_http, ClientDisconnect: answer_nobody, Exception: refuse_bug},
            lifespan=self._connected,
        )
        app.router.redirect_slashes = False
        return app

    @asynccontextmanager
    async def _connected(self, _: Starlette) -> AsyncGenerator[None]:
        client = Client(
            self._server,
            client_info=Implementation(name=f"{APP_NAME}-view", version=__version__),
            extensions=[VIEWER_EXTENSION],
            cache=None,
        )
        async with client as self._client, anyio.create_task_group() as tasks:
            tasks.start_soon(self._listen, client)
            yield
            tasks.cancel_scope.cancel()

    async def _listen(self, client: Client) -> None:
        """Count what the server announces, for as long as the application runs."""
        while True:
            try:
                await self._count_changes(client)
            except Exception:
                logger.exception("The viewer does not hear of changes at the moment")
            await anyio.sleep(RELISTEN_SECONDS)

    async def _count_changes(self, client: Client) -> None:
        """Count interactions and files that come or go, and interactions that settle, until the stream ends."""
        listening = client.listen(resources_list_changed=True, resource_subscriptions=[resource_addresses.INDEX_URI])
        async with listening as events:
            async for _ in events:
                self._pulse.beat()

    async def _show_page(self, _: Request) -> Response:
        return HTMLResponse(self._page, headers={"content-security-policy": self._policy})

    async def _begin_session(self, request: Request) -> Response:
        body = await read_object(request, MAX_TOKEN_BODY_BYTES)
        if not self._session.begin(request, body.get("token")):
            raise HTTPException(403, "This link has been used or the viewer was restarted.")
        return Response(status_code=204, headers={"set-cookie": self._session.write_cookie()})

    def _check_session(self, request: Request) -> None:
        if not self._session.holds(request):
            raise HTTPException(401, "This browser has no session.")

    async def _take_call(self, request: Request) -> Response:
        self._check_session(request)
        body = await read_object(request)
        return CallAnswer(partial(self._call, body.get("method"), body.get("params")))

    async def _call(self, method: object, params: object) -> Response:
        try:
            result = await self._pass_on(method, cast("Mapping[str, Any]", params) if isinstance(params, dict) else {})
        except MCPError as exc:
            return JsonAnswer({"error": {"code": exc.error.code, "message": exc.error.message}})
        except HTTPException as exc:
            return refuse_request(exc.status_code, exc.detail, METHOD_NOT_FOUND)
        except Exception:
            logger.exception("A call of the viewer failed")
            return JsonAnswer({"error": {"code": INTERNAL_ERROR, "message": BUG_TEXT}}, 500)
        return JsonAnswer({"result": result.model_dump(mode="json", by_alias=True, exclude_none=True)})

    async def _pass_on(self, method: object, params: Mapping[str, Any]) -> CallOutcome:
        """Pass a call on to the server.

        Raises:
            HTTPException: It is none that the app needs.
            MCPError: The server refuses it.
        """
        if self._client is None:
            raise RuntimeError("the application is not running")
        match method, params:
            case "tools/call", {"name": str(name)} if name in VIEWER_TOOLS:
                arguments: object = params.get("arguments", {})
                if not isinstance(arguments, dict):
                    raise MCPError(INVALID_PARAMS, "The arguments must be an object.")
                return await self._client.call_tool(name, cast("dict[str, Any]", arguments))
            case "resources/read", {"uri": str(uri)}:
                return await self._client.read_resource(uri)
            case _:
                raise HTTPException(403, "The viewer passes only the calls of its own page on.")

    async def _open_events(self, request: Request) -> Response:
        self._check_session(request)
        seen = request.headers.get("last-event-id", "")
        return EventStream(self._pulse, int(seen) if seen.isdecimal() and len(seen) < 16 else None)

    async def _open_file(self, request: Request) -> Response:
        self._check_session(request)
        try:
            file, stream = await self._server.open_saved_file(**request.path_params)
        except FileRefusedError as exc:
            raise HTTPException(404, str(exc)) from exc
        except GeminiMCPError as exc:
            raise HTTPException(503, str(exc)) from exc
        # Ranges are of GET only (https://www.rfc-editor.org/rfc/rfc9110#section-14.2).
        return FileAnswer(file, stream, request.headers if request.method == "GET" else Headers())


class CallAnswer(Response):
    """The answer of a call, which is given up once the browser has gone.

    Args:
        call: Makes the answer; handles its own errors.
    """

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self._call = call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""

        async def answer() -> None:
            await (await self._call())(scope, receive, send)

        await run_while_connected(receive, answer)


BUG_TEXT: Final = "That failed because of a bug in this viewer; its log on stderr says more."


async def read_object(request: Request, most: int = MAX_BODY_BYTES) -> Mapping[str, Any]:
    """Return the JSON object in the body, of so many bytes at most, of a request that only our own page can send.

    Raises:
        HTTPException: It is not such a request.
        ClientDisconnect: The browser has gone.
    """
    if request.headers.get("x-gemini-view") != "1":
        raise HTTPException(403, "The header X-Gemini-View is missing.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "The body must be application/json.")
    try:
        value = parse_json((await read_body(request, most)).decode("utf-8-sig"))
    except (ValueError, RecursionError) as exc:
        raise HTTPException(400, "The body is not JSON.") from exc
    if not isinstance(value, dict):
        raise HTTPException(400, "The body must be a JSON object.")
    found = cast("Mapping[str, Any]", value)
    if is_nested_deeper(found, MAX_NESTING):
        raise HTTPException(400, f"The body has more than {MAX_NESTING} levels.")
    return found


async def read_body(request: Request, most: int, seconds: float = BODY_SECONDS) -> bytes:
    """Return a body of so many bytes at most, which arrives within so many seconds.

    Raises:
        HTTPException: It is longer, or takes too long.
        ClientDisconnect: The browser has gone.
    """
    body = bytearray()
    with anyio.move_on_after(seconds):
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise HTTPException(413, f"A body has at most {most:,} bytes.", {"connection": "close"})
        return bytes(body)
    raise HTTPException(408, f"The body has not arrived within {seconds:.0f} seconds.", {"connection": "close"})


def is_nested_deeper(value: object, most: int) -> bool:
    """Whether a JSON value has more levels of objects and arrays than that."""
    level = [value]
    for _ in range(most):
        objects = [cast("dict[str, object]", each) for each in level if isinstance(each, dict)]
        arrays = [cast("list[object]", each) for each in level if isinstance(each, list)]
        level = [inner for each in objects for inner in each.values()] + [inner for each in arrays for inner in each]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


async def show_nothing(_: Request) -> Response:
    """Answer what browsers ask for by themselves."""
    return Response(status_code=204)


async def refuse_http(_: Request, exc: Exception) -> Response:
    """Return the answer for a refused request."""
    refused = cast("HTTPException", exc)
    answer = refuse_request(refused.status_code, refused.detail)
    answer.headers.update(refused.headers or {})
    return answer


async def answer_nobody(_: Request, __: Exception) -> Response:
    """Return the answer for a browser that has gone, which is sent to nobody."""
    return Response(status_code=400)


async def refuse_bug(_: Request, __: Exception) -> Response:
    """Return the answer for an unexpected error, which is logged."""
    return refuse_request(500, BUG_TEXT, INTERNAL_ERROR)


async def serve_viewer(settings: Settings, number: int, show: Callable[[str], None]) -> None:
    """Serve the viewer until a signal to end.

    Args:
        settings: Of the user.
        number: The port; 0 is any free one.
        show: Called with the address once connections are accepted.

    Raises:
        OSError: The port cannot be used.
    """
    with open_listener(number) as listener:
        viewer = Viewer(build_server(settings, VIEWER_TIMING), listener.getsockname()[1])

        def end() -> None:
            exit_within(EXIT_SECONDS)
            viewer.end()

        app = viewer.build_app()
        show(viewer.address)
        await serve_web(app, listener, end)
