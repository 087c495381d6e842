"""The viewer in a browser: real HTTP on loopback, with the real server behind it and the emulator behind that."""

import hashlib
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import webbrowser
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from anyio.abc import Process, SocketStream
from mcp import Client
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from conftest import FAST, KEY
from gemini_interactions_mcp.cli import view
from gemini_interactions_mcp.cli.main import main
from gemini_interactions_mcp.journal.clock import now
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Record, SavedFile
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.server.views.assets import assemble_app
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.transports import viewer
from gemini_interactions_mcp.transports.http import WebServer, open_listener
from gemini_interactions_mcp.transports.viewer import VIEWER_TOOLS, Viewer
from reading import call, id_of
from wired import PATIENCE, SERVE, command, environment

OURS = {"x-gemini-view": "1", "content-type": "application/json"}
Json = dict[str, Any]


class Browser:
    """What a browser does with a viewer."""

    def __init__(self, web: httpx2.AsyncClient, token: str, running: WebServer | None = None) -> None:
        self.web = web
        self.token = token
        self.running = running

    async def enter(self) -> None:
        answer = await self.web.post("/session", json={"token": self.token}, headers=OURS)
        assert answer.status_code == 204

    async def rpc(self, method: object, **params: object) -> httpx2.Response:
        return await self.web.post("/rpc", json={"method": method, "params": params}, headers=OURS)

    async def tool(self, name: str, **arguments: object) -> Json:
        return (await self.rpc("tools/call", name=name, arguments=arguments)).json()["result"]


@pytest.fixture
async def browser(server: Server) -> AsyncGenerator[Browser]:
    """A browser that has opened no link yet."""
    with open_listener(0) as listener:
        shown = Viewer(server, listener.getsockname()[1])
        running = WebServer(shown.build_app(), shown.end)
        base, _, token = shown.address.partition("/#token=")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(running.serve, [listener])
            async with httpx2.AsyncClient(base_url=base, trust_env=False, timeout=PATIENCE) as web:
                yield Browser(web, token, running)
            running.should_exit = True


@pytest.fixture
async def entered(browser: Browser) -> Browser:
    """A browser with a session."""
    await browser.enter()
    return browser


# The page and its session -------------------------------------------------------------------------------


async def test_the_page_has_no_data_and_runs_nothing_but_its_own(browser: Browser) -> None:
    answer = await browser.web.get("/")
    assert (answer.status_code, answer.text) == (200, assemble_app(tab=True))
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    for kind in ("style", "script"):
        (inline,) = re.findall(rf"<{kind}>(.*?)</{kind}>", answer.text, re.DOTALL)
        assert policy[f"{kind}-src"] == f"'sha256-{b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
    assert policy["connect-src"] == "'self'"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "set-cookie" not in answer.headers


async def test_the_link_works_once_and_wrong_tokens_lock_nobody_out(browser: Browser) -> None:
    wrong: list[Any] = ["", "x", browser.token[:-1], browser.token + "x", "é", None, 1, ["a"], {}]
    for token in wrong:
        refused = await browser.web.post("/session", json={"token": token}, headers=OURS)
        assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
    await browser.enter()
    # In the same browser, the link in the terminal may be clicked again.
    await browser.enter()
    assert (await browser.web.post("/session", json={"token": "x"}, headers=OURS)).status_code == 403
    browser.web.cookies.clear()
    assert (await browser.web.post("/session", json={"token": browser.token}, headers=OURS)).status_code == 403


async def test_the_cookie_is_for_this_port_and_no_script_reads_it(browser: Browser) -> None:
    answer = await browser.web.post("/session", json={"token": browser.token}, headers=OURS)
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(
        rf"gemini_view_{browser.web.base_url.port}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Strict", cookie
    )
    assert browser.token not in cookie


@pytest.mark.parametrize(
    "headers", [{}, {"cookie": "gemini_view_{port}="}, {"cookie": "gemini_view_{port}={token}"}, {"cookie": "a=b"}]
)
async def test_nothing_can_be_read_without_a_session(headers: dict[str, str], browser: Browser) -> None:
    named = {k: v.format(port=browser.web.base_url.port, token=browser.token) for k, v in headers.items()}
    for begun in (False, True):
        if begun:
            await browser.enter()
            browser.web.cookies.clear()
        call = {"method": "resources/read", "params": {"uri": "gemini://interactions"}}
        answers = [
            await browser.web.post("/rpc", json=call, headers=OURS | named),
            *[await browser.web.get(path, headers=named) for path in ("/events", "/files/v1_a/b.png")],
        ]
        assert [answer.status_code for answer in answers] == [401, 401, 401]
        assert all(answer.json()["error"]["message"] for answer in answers)


@pytest.mark.usefixtures("browser")
async def test_the_journal_is_open_before_a_browser_asks(settings: Settings) -> None:
    file = anyio.Path(str(settings.database_url).partition("///")[2] or settings.database_url)
    with anyio.fail_after(PATIENCE):
        while not await file.exists():  # noqa: ASYNC110 - nothing tells it
            await anyio.sleep(0.02)


# Who is refused -----------------------------------------------------------------------------------------

READ = {"method": "resources/read", "params": {"uri": "gemini://usage"}}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1"}, 421),
        ({"host": "127.0.0.1:1"}, 421),
        ({"host": "127.0.0.1.nip.io:{port}"}, 421),
        ({"host": "[::1]:{port}"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"origin": "http://localhost:{port}"}, 403),
        ({"origin": "https://127.0.0.1:{port}"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, 403),
        ({"x-gemini-view": ""}, 403),
        ({"x-gemini-view": "2"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "application/json-patch"}, 415),
    ],
)
async def test_what_another_page_can_send_is_refused(headers: dict[str, str], status: int, entered: Browser) -> None:
    named = {name: value.format(port=entered.web.base_url.port) for name, value in headers.items()}
    answer = await entered.web.post("/rpc", json=READ, headers=OURS | named)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    if status != 415 and "x-gemini-view" not in headers:
        for path in ("/", "/events", "/files/v1_a/b.png"):
            opened = path == "/" and "sec-fetch-mode" in headers
            assert (await entered.web.get(path, headers=named)).status_code == (200 if opened else status)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "localhost:{port}"},
        {"host": "LOCALHOST:{port}", "origin": "http://localhost:{port}"},
        {"origin": "http://127.0.0.1:{port}", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"content-type": "application/json; charset=utf-8"},
    ],
)
async def test_what_its_own_page_sends_is_answered(headers: dict[str, str], entered: Browser) -> None:
    named = {name: value.format(port=entered.web.base_url.port) for name, value in headers.items()}
    answer = await entered.web.post("/rpc", json=READ, headers=OURS | cookie_of(entered) | named)
    assert answer.json()["result"]["contents"][0]["uri"] == "gemini://usage"


NESTED = b'{"list": ' + b"[" * 900 + b"]" * 900 + b"}"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 100_000, 400),
        (b'{"method": "tools/call", "params": {"name": "read_view", "arguments": %s}}' % NESTED, 400),
        (b'{"method": "resources/read", "params": {"uri": "gemini://\\ud800"}}', 200),
        (b'{"a": "' + b"x" * 2**20 + b'"}', 413),
        (b"{}", 403),
    ],
)
async def test_a_body_that_is_no_call_is_refused(body: bytes, status: int, entered: Browser) -> None:
    answer = await entered.web.post("/rpc", content=body, headers=OURS)
    assert (answer.status_code, "error" in answer.json()) == (status, True)


@pytest.mark.parametrize("uri", ["gemini://\\ud800", "gemini://usage\\udfff"])
async def test_half_a_character_is_replaced_as_over_stdio(uri: str, entered: Browser) -> None:
    body = f'{{"method": "resources/read", "params": {{"uri": "{uri}"}}}}'
    answer = await entered.web.post("/rpc", content=body, headers=OURS)
    assert f"There is no resource {uri[:-6]}\ufffd" in answer.json()["error"]["message"]


@asynccontextmanager
async def unfinished_post(browser: Browser, path: str) -> AsyncGenerator[SocketStream]:
    """A connection with a request whose body has only begun."""
    port = browser.web.base_url.port
    assert port is not None
    headers = {"host": f"127.0.0.1:{port}", "content-length": "900"} | OURS | cookie_of(browser)
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(f"{head}\r\n{{".encode())
        yield stream


@pytest.mark.parametrize("path", ["/rpc", "/session"])
async def test_a_browser_that_goes_in_mid_body_is_no_error(
    path: str, entered: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    assert entered.running is not None
    tasks = entered.running.server_state.tasks
    with anyio.fail_after(PATIENCE):
        async with unfinished_post(entered, path):
            while not tasks:  # noqa: ASYNC110 - uvicorn tells nobody
                await anyio.sleep(0.01)
        while tasks:  # noqa: ASYNC110 - as above
            await anyio.sleep(0.01)
    assert not caplog.records


async def receive_nothing() -> Message:
    """What a browser sends that has stopped."""
    await anyio.sleep_forever()
    raise AssertionError


async def test_a_body_that_does_not_come_is_given_up() -> None:
    request = Request({"type": "http", "method": "POST", "headers": []}, receive=receive_nothing)
    with pytest.raises(HTTPException) as caught:
        await viewer.read_body(request, 10, seconds=0.05)
    assert (caught.value.status_code, caught.value.headers) == (408, {"connection": "close"})


async def receive_all(stream: SocketStream) -> bytes:
    """Receive until the other end closes the connection."""
    with anyio.fail_after(PATIENCE):
        return b"".join([chunk async for chunk in stream])


def cookie_of(browser: Browser) -> dict[str, str]:
    """The header with the session of a browser."""
    return {"cookie": "; ".join(f"{name}={value}" for name, value in browser.web.cookies.items())}


@pytest.mark.parametrize(("size", "status"), [(1_024, 403), (1_025, 413), (2**21, 413)])
async def test_what_begins_a_session_is_short(size: int, status: int, browser: Browser) -> None:
    body = b'{"token": ""' + b" " * (size - 13) + b"}"
    answer = await browser.web.post("/session", content=body, headers=OURS)
    assert (answer.status_code, "error" in answer.json()) == (status, True)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/list", {}),
        ("initialize", {}),
        ("resources/list", {}),
        (None, {}),
        (["tools/call"], {"name": "read_interaction"}),
        ("tools/call", {"name": "gemini_ask", "arguments": {"prompt": "Why?"}}),
        ("tools/call", {"name": "manage_store", "arguments": {}}),
        ("tools/call", {"name": ["read_interaction"]}),
        ("tools/call", {}),
        ("resources/read", {"uri": 7}),
    ],
)
async def test_only_what_the_page_needs_is_passed_on(method: object, params: Json, entered: Browser) -> None:
    answer = await entered.rpc(method, **params)
    assert answer.status_code == 403
    assert set(answer.json()) == {"error"}


async def test_other_methods_and_places_are_not_there(entered: Browser) -> None:
    for method, path, status in (
        ("OPTIONS", "/rpc", 405),
        ("OPTIONS", "/", 405),
        ("GET", "/rpc", 405),
        ("GET", "/session", 405),
        ("PUT", "/", 405),
        ("TRACE", "/", 405),
        ("GET", "/app.js", 404),
        ("GET", "/events/", 404),
        ("POST", "/rpc/", 404),
        ("GET", "/files/v1_a/b.png/", 404),
        ("GET", "/files/../journal.sqlite3", 404),
        ("GET", "/favicon.ico", 204),
        ("HEAD", "/", 200),
        ("HEAD", "/events", 200),
    ):
        answer = await entered.web.request(method, path)
        assert (method, path, answer.status_code) == (method, path, status)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "sent", ["", "GET / HTTP/1.1\r\nHost: 127", "GET /favicon.ico HTTP/1.1\r\nHost: {host}\r\n\r\nGET /"]
)
async def test_a_connection_without_a_whole_request_ends(
    sent: str, browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert browser.running is not None
    monkeypatch.setattr(browser.running.config, "timeout_keep_alive", 0.05)
    port = browser.web.base_url.port
    assert port is not None
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(sent.format(host=f"127.0.0.1:{port}").encode())
        answer = await receive_all(stream)
    assert answer.startswith(b"HTTP/1.1 204" if "ico" in sent else b"")
    assert answer.count(b"HTTP/1.1") <= 1
    assert not caplog.records


async def test_a_stream_of_events_and_a_slow_answer_last_longer_than_an_idle_connection(
    entered: Browser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert entered.running is not None
    monkeypatch.setattr(entered.running.config, "timeout_keep_alive", 0.05)
    async with events(entered) as lines:
        await anyio.sleep(0.5)
        await entered.tool("generate_image", prompt="A bicycle")
        await changed(lines)


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
async def test_nothing_is_upgraded_and_no_advice_logged(
    protocol: str, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await browser.web.get("/", headers={"connection": "Upgrade", "upgrade": protocol})
    assert answer.status_code == 200
    assert not caplog.records


async def test_no_value_of_a_repeated_header_is_overlooked(browser: Browser) -> None:
    values = ["same-origin", "cross-site"]
    for first, second in (values, values[::-1]):
        sites = [("Sec-Fetch-Site", first), ("Sec-Fetch-Site", second)]
        assert (await browser.web.get("/favicon.ico", headers=sites)).status_code == 403
        opening = [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Dest", "iframe")]
        assert (await browser.web.get("/", headers=sites + opening)).status_code == 403
        assert (await browser.web.get("/", headers=sites + opening[:2])).status_code == 200
    assert (await browser.web.get("/", headers=[("Sec-Fetch-Site", "same-origin")] * 2)).status_code == 200


async def test_two_hosts_in_a_request_are_refused(browser: Browser) -> None:
    port = browser.web.base_url.port
    assert port is not None
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n\r\n".encode())
        assert b" 4" in (await stream.receive())[:14]


# Calls --------------------------------------------------------------------------------------------------


async def test_a_tool_is_called_and_its_result_is_redacted(entered: Browser) -> None:
    made = await entered.tool("generate_image", prompt=f"A red bicycle, {KEY}")
    assert made["content"][0]["type"]
    address = re.search(r"interaction_id: (\S+)", str(made))
    assert address
    read = await entered.tool("read_interaction", interaction_id=address[1])
    assert KEY not in str(read)
    assert "A red bicycle, [secret]" in str((await entered.rpc("resources/read", uri="gemini://interactions")).json())


async def test_what_fails_is_told_in_the_terms_of_mcp(entered: Browser) -> None:
    told = await entered.tool("read_interaction", interaction_id="nope")
    assert told["isError"] is True
    wrong = await entered.rpc("tools/call", name="read_interaction", arguments="nope")
    assert wrong.json()["error"]["code"] == -32602
    unknown = await entered.rpc("resources/read", uri="gemini://nothing")
    assert "There is no resource" in unknown.json()["error"]["message"]


async def test_every_tool_that_may_be_called_is_there(server: Server) -> None:
    async with Client(server) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
    assert VIEWER_TOOLS - names <= {"read_view"}


@pytest.mark.slow
async def test_a_browser_that_goes_gives_its_call_up(entered: Browser, emulator: Any, settings: Settings) -> None:
    from gemini_interactions_mcp.emulator import Fault

    hold = Fault("create", "hold", match="bicycle")
    emulator.faults.append(hold)
    async with anyio.create_task_group() as tasks:

        async def ask() -> None:
            await entered.tool("generate_image", prompt="A red bicycle")

        tasks.start_soon(ask)
        await hold.reached.wait()
        tasks.cancel_scope.cancel()
    journal = Journal(settings.database_url)
    with anyio.fail_after(PATIENCE):
        while not (await journal.page())[0][0].detached_at:  # noqa: ASYNC110 - the row changes by itself
            await anyio.sleep(0.05)
    await journal.close()


# Files --------------------------------------------------------------------------------------------------

CONTENT = bytes(range(256)) * 4


def write(path: str, content: bytes | None) -> None:
    """Write a file, or remove it."""
    if content is None:
        Path(path).unlink()
    else:
        Path(path).write_bytes(content)


async def saved(settings: Settings, *kinds: tuple[str, str]) -> list[SavedFile]:
    """Put files into the journal, each with the same content, under the id `v1_files`."""
    settings.output_dir.mkdir(exist_ok=True)
    files = [
        SavedFile(
            name=name,
            path=str(settings.output_dir / name),
            mime_type=kind,
            bytes=len(CONTENT),
            sha256=hashlib.sha256(CONTENT).hexdigest(),
        )
        for name, kind in kinds
    ]
    for file in files:
        write(file.path, CONTENT)
    moment = now()
    row = {"label": "files", "interaction_id": "v1_files", "kind": "video", "status": "completed"}
    journal = Journal(settings.database_url)
    await journal.insert(Record(created_at=moment, updated_at=moment, files=tuple(files), **row))  # pyright: ignore[reportArgumentType]
    await journal.close()
    return files


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        (None, 200, "0-1023"),
        ("bytes=0-", 206, "0-1023"),
        ("bytes=0-0", 206, "0-0"),
        ("bytes=100-199", 206, "100-199"),
        ("bytes=1000-9999", 206, "1000-1023"),
        ("bytes=-24", 206, "1000-1023"),
        ("bytes=-99999", 206, "0-1023"),
        ("bytes=1024-", 416, None),
        ("bytes=9999-10000", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=9-3", 200, "0-1023"),
        ("bytes=0-1,5-6", 200, "0-1023"),
        ("bytes=-", 200, "0-1023"),
        ("bytes=a-b", 200, "0-1023"),
        ("lines=0-1", 200, "0-1023"),
        ("bytes=99999999999999999999-", 200, "0-1023"),
    ],
)
async def test_a_file_is_sent_by_ranges(
    asked: str | None, status: int, part: str | None, entered: Browser, settings: Settings
) -> None:
    (file,) = await saved(settings, ("clip.mp4", "video/mp4"))
    headers = {"range": asked} if asked else {}
    answer = await entered.web.get(f"/files/v1_files/{file.name}", headers=headers)
    first, last = map(int, part.split("-")) if part else (0, -1)
    assert (answer.status_code, answer.content) == (status, CONTENT[first : last + 1])
    wanted = {200: None, 206: f"bytes {part}/1024", 416: "bytes */1024"}[status]
    assert answer.headers.get("content-range") == wanted
    assert answer.headers["accept-ranges"] == "bytes"
    # https://www.rfc-editor.org/rfc/rfc9110#section-14.2: ranges are of GET.
    head = await entered.web.head(f"/files/v1_files/{file.name}", headers=headers)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "1024")
    assert "content-range" not in head.headers


async def test_a_range_of_another_version_is_the_whole_file(entered: Browser, settings: Settings) -> None:
    await saved(settings, ("clip.mp4", "video/mp4"))
    path = "/files/v1_files/clip.mp4"
    tag = (await entered.web.get(path)).headers["etag"]
    for given, status in ((tag, 206), ('"other"', 200), (f"W/{tag}", 200), ("Sun, 29 Nov 2026 12:00:00 GMT", 200)):
        answer = await entered.web.get(path, headers={"range": "bytes=0-9", "if-range": given})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("name", "kind", "way", "sent"),
    [
        ("a.png", "image/png", "inline", "image/png"),
        ("a.mp4", "video/mp4", "inline", "video/mp4"),
        ("a.wav", "audio/wav", "inline", "audio/wav"),
        ("a.txt", "text/plain", "inline", "text/plain; charset=utf-8"),
        ("a.html", "text/html", "attachment", "text/html"),
        ("a.html", "TEXT/HTML; charset=utf-16", "attachment", "text/html"),
        ("a.svg", "image/svg+xml", "attachment", "image/svg+xml"),
        ("a.xml", "application/xml", "attachment", "application/xml"),
        ("a.js", "text/javascript", "attachment", "text/javascript"),
        ("a.pdf", "application/pdf", "attachment", "application/pdf"),
        ("a.md", "text/markdown", "attachment", "text/markdown"),
        ("a.x", "multipart/x-mixed-replace", "attachment", "multipart/x-mixed-replace"),
        ("a.y", "text/html\r\nx: y", "attachment", "application/octet-stream"),
        ("ä b;'\".txt", "text/plain", "inline", "text/plain; charset=utf-8"),
    ],
)
async def test_what_a_browser_would_run_is_only_downloaded(
    name: str, kind: str, way: str, sent: str, entered: Browser, settings: Settings
) -> None:
    await saved(settings, (name, kind))
    answer = await entered.web.get(
        f"/files/v1_files/{httpx2.URL('http://x').copy_with(path='/' + name).raw_path.decode()[1:]}"
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == sent
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith(f"{way}; filename*=UTF-8''")
    assert re.fullmatch(r"[\w%.;*'= -]+", disposition, re.ASCII)
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_only_what_the_journal_names_and_has_not_changed_is_sent(entered: Browser, settings: Settings) -> None:
    files = await saved(settings, ("a.png", "image/png"), ("b.png", "image/png"), ("c.png", "image/png"))
    (settings.output_dir / "d.png").write_bytes(CONTENT)
    write(files[1].path, CONTENT[::-1])
    write(files[2].path, None)
    for name, status in (("a.png", 200), ("b.png", 404), ("c.png", 404), ("d.png", 404), ("..%2Fjournal.sqlite3", 404)):
        assert (await entered.web.get(f"/files/v1_files/{name}")).status_code == status
    for interaction_id in ("v1_none", "..", "%00", "x" * 5_000):
        assert (await entered.web.get(f"/files/{interaction_id}/a.png")).status_code == 404


async def test_a_file_that_is_gone_is_read_at_google_again(entered: Browser, settings: Settings) -> None:
    made = id_of_text(await entered.tool("generate_image", prompt="A bicycle"))
    journal = Journal(settings.database_url)
    found = await journal.find(made)
    await journal.close()
    assert found is not None
    (file,) = found.files
    before = await entered.web.get(f"/files/{made}/{file.name}")
    write(file.path, None)
    for _ in range(2):
        answer = await entered.web.get(f"/files/{made}/{file.name}")
        assert (answer.status_code, answer.content) == (200, before.content)


def id_of_text(result: Json) -> str:
    """The id in the result of a tool."""
    found = re.search(r"interaction_id: (\S+)", str(result))
    assert found
    return found[1].partition("\\n")[0]


# Changes ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def events(browser: Browser, **headers: str) -> AsyncGenerator[Any]:
    """The lines of a stream of events, once it is open."""
    async with browser.web.stream("GET", "/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert (await anext(lines)).startswith(": ")
        yield lines


async def changed(lines: Any) -> str:
    """Wait for the next event, and return its id."""
    told: list[str] = []
    with anyio.fail_after(PATIENCE):
        while (line := await anext(lines)) or "event: changed" not in told:
            told.append(line)
    assert "data: {}" in told
    return next(line for line in told if line.startswith("id: "))[4:]


async def test_a_change_of_this_server_or_another_on_the_journal_is_told(entered: Browser, settings: Settings) -> None:
    async with events(entered) as lines:
        await entered.tool("generate_image", prompt="A bicycle")
        seen = await changed(lines)
    async with events(entered, **{"last-event-id": "0"}) as lines:
        assert await changed(lines) >= seen
    async with events(entered) as lines, Client(build_server(settings, FAST)) as other:
        asked = id_of(await call(other, "gemini_ask", prompt="Why?"))
        page = ""
        while asked not in page:
            await changed(lines)
            page = (await entered.rpc("resources/read", uri="gemini://interactions")).text


async def test_a_browser_that_goes_ends_its_stream(entered: Browser) -> None:
    assert entered.running is not None
    async with events(entered), events(entered):
        assert len(entered.running.server_state.tasks) == 2
    with anyio.fail_after(PATIENCE):
        while entered.running.server_state.tasks:  # noqa: ASYNC110 - uvicorn tells nobody
            await anyio.sleep(0.01)


async def test_an_old_row_that_another_server_settles_is_told(entered: Browser, settings: Settings) -> None:
    moment = now()
    other = Journal(settings.database_url)
    for number in range(60):
        label, status = f"row-{number:02}", "in_progress" if not number else "completed"
        row = {"label": label, "interaction_id": f"v1_{label}", "kind": "ask", "status": status, "stored": bool(number)}
        await other.insert(Record(created_at=moment, updated_at=moment, **row))  # pyright: ignore[reportArgumentType]
    async with events(entered) as lines:
        await entered.rpc("resources/read", uri="gemini://interactions")
        # What the rows above have caused is over once a period has passed without an event.
        with anyio.move_on_after(1.5):
            while True:
                await changed(lines)
    async with events(entered) as lines:
        await other.update("row-00", status="completed")
        await changed(lines)
    await other.close()


# The command --------------------------------------------------------------------------------------------


@asynccontextmanager
async def viewing(folder: Path, url: str | None, *arguments: str) -> AsyncGenerator[tuple[Process, str, str]]:
    """Run the command; the process, the base address and the token."""
    env = environment(folder, url, measured=True)
    line = [*SERVE, "view", "--no-open", *arguments]
    process = await anyio.open_process(line, stdin=subprocess.DEVNULL, env=env)
    try:
        with anyio.fail_after(PATIENCE):
            said = ""
            assert process.stdout is not None
            while not (found := re.search(r"Open (http://127\.0\.0\.1:\d+)/#token=([\w-]{43})\n.*Ctrl-C", said)):
                said += (await process.stdout.receive()).decode()
            yield process, found[1], found[2]
    finally:
        with anyio.CancelScope(shield=True):
            if process.returncode is None:
                process.kill()
            await process.aclose()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows can only kill")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGHUP", None)])
async def test_it_ends_within_two_seconds_with_streams_open(
    number: signal.Signals, tmp_path: Path, settings: Settings
) -> None:
    file = settings.output_dir / "clip.mp4"
    settings.output_dir.mkdir()
    with file.open("wb") as stream:
        stream.truncate(64 * 2**20)
    moment = now()
    journal = Journal(settings.database_url)
    video = SavedFile(name=file.name, path=str(file), mime_type="video/mp4", bytes=64 * 2**20)
    row = {"label": "video", "interaction_id": "v1_video", "kind": "video", "status": "completed"}
    await journal.insert(Record(created_at=moment, updated_at=moment, files=(video,), **row))  # pyright: ignore[reportArgumentType]
    await journal.close()
    async with viewing(tmp_path, settings.base_url) as (process, base, token):
        async with httpx2.AsyncClient(base_url=base, trust_env=False, timeout=PATIENCE) as web:
            browser = Browser(web, token)
            await browser.enter()
            async with events(browser), web.stream("GET", "/files/v1_video/clip.mp4") as playing:
                assert playing.status_code == 200
                await anext(playing.aiter_bytes())
                process.send_signal(number)
                with anyio.fail_after(2.5):
                    assert await process.wait() == 0
        assert process.stderr is not None
        err = b"".join([chunk async for chunk in process.stderr]).decode()
        assert "Traceback" not in err


async def test_without_a_key_the_journal_is_shown(tmp_path: Path) -> None:
    env = environment(tmp_path, None, measured=True, GEMINI_API_KEY=None)
    line = [*SERVE, "view", "--no-open"]
    process = await anyio.open_process(line, stdin=subprocess.DEVNULL, env=env)
    try:
        assert process.stdout is not None
        found = re.search(r"(http://\S+)/#token=(\S+)", (await process.stdout.receive()).decode())
        assert found
        async with httpx2.AsyncClient(base_url=found[1], trust_env=False, timeout=PATIENCE) as web:
            browser = Browser(web, found[2])
            await browser.enter()
            assert "Nothing has been asked." in (await browser.rpc("resources/read", uri="gemini://usage")).text
            refused = await browser.tool("start_research", prompt="Tides")
            assert refused["isError"]
            assert "No Gemini API key is set." in refused["content"][0]["text"]
            assert "into the environment of your shell" in refused["content"][0]["text"]
    finally:
        process.kill()
        await process.aclose()


async def test_a_wrong_setting_and_a_taken_port_are_told(tmp_path: Path) -> None:
    wrong = environment(tmp_path, None, measured=True, GEMINI_MCP_WAIT_SECONDS="soon")
    status, out, err = await command(wrong, "view", "--no-open")
    assert (status, out) == (2, "")
    assert err.startswith("gemini-interactions-mcp: GEMINI_MCP_WAIT_SECONDS should be a number of at least 0.")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, out, err = await command(
            environment(tmp_path, None, measured=True), "view", "--no-open", "--port", port
        )
    assert (status, out) == (1, "")
    assert err.endswith(". Choose another port with --port.\n")


def test_its_help_names_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["view", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "set the same variables in this shell" in said
    assert "--no-open" in said
    assert "--port" in said


def log_nothing(level: str, redact: object) -> None:
    """Leave the logging of the tests as it is."""
    del level, redact


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (None, None, "No limits are set here: "),
        ("GEMINI_MCP_RUNS_PER_DAY", "1", ""),
        ("GEMINI_MCP_DOLLARS_PER_DAY", "0", ""),
        ("GEMINI_MCP_DOLLARS_PER_MONTH", "5", ""),
        ("GEMINI_API_KEY", "", "No GEMINI_API_KEY is set here: nothing can be started, only read.\n"),
    ],
)
def test_its_start_tells_what_its_environment_lacks(
    name: str | None, value: str | None, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for each in ("GOOGLE_API_KEY", *(f"GEMINI_MCP_{limit}" for limit in ("RUNS_PER_DAY", "DOLLARS_PER_DAY"))):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    if name:
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(view, "configure_logging", log_nothing)
    assert view.prepare_view() is not None
    told = capsys.readouterr().err
    assert told.startswith(f"gemini-interactions-mcp: {said}") if said else not told


class Desktop:
    """A browser of the desktop, which notes what it opens."""

    def __init__(self, basename: str) -> None:
        self.basename = basename
        self.opened: list[str] = []

    def open(self, address: str) -> bool:
        self.opened.append(address)
        return True


@pytest.mark.parametrize(("name", "times"), [("xdg-open", 1), ("firefox", 1), ("w3m", 0), ("lynx", 0)])
def test_a_browser_of_the_desktop_is_opened_and_none_that_takes_the_terminal(
    name: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop = Desktop(name)
    monkeypatch.setattr(webbrowser, "get", lambda: desktop)
    view.open_browser("http://127.0.0.1:1/#token=x")
    assert desktop.opened == ["http://127.0.0.1:1/#token=x"] * times


@pytest.mark.parametrize("opens", [True, False])
def test_the_link_is_printed_and_opened(
    opens: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = queue.SimpleQueue[str]()
    monkeypatch.setattr(view, "open_browser", opened.put)
    view.show_address("http://127.0.0.1:1/#token=x", opens=opens)
    assert capsys.readouterr().out.startswith("Open http://127.0.0.1:1/#token=x\n")
    if opens:
        assert opened.get(timeout=PATIENCE) == "http://127.0.0.1:1/#token=x"
    assert opened.empty()


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("stdout", "said"), [(">&-", "it is closed"), (">/dev/full", "No space left"), ("| :", "Broken pipe")]
)
def test_a_link_that_nobody_can_read_ends_it(stdout: str, said: str, tmp_path: Path) -> None:
    if "full" in stdout and not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    waiting = "sleep 0.5;" if "|" in stdout else ""
    script = f'{{ {waiting} "$@"; echo "status $?" >&2; }} {stdout}'
    env = environment(tmp_path, None, measured=True, GEMINI_MCP_RUNS_PER_DAY="1", TMPDIR=str(tmp_path))
    shell = ["sh", "-c", script, "sh", *SERVE, "view", "--no-open"]
    done = subprocess.run(shell, check=False, stderr=subprocess.PIPE, env=env, timeout=PATIENCE)
    told = done.stderr.decode()
    assert told.startswith("gemini-interactions-mcp: The link cannot be written to stdout: ")
    assert told.endswith("\nstatus 1\n")
    assert said in told
    assert told.count("\n") == 2


def test_a_machine_without_a_browser_only_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    view.open_browser("http://127.0.0.1:1/")
    view.show_address("http://127.0.0.1:1/#token=x", opens=False)
    assert capsys.readouterr().out.splitlines()[0] == "Open http://127.0.0.1:1/#token=x"


def test_a_free_port_is_free_again_after_an_error() -> None:
    with open_listener(0) as listener, closing(listener.dup()):
        port = listener.getsockname()[1]
    with open_listener(port):
        pass
