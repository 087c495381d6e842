"""Files over HTTP beside MCP: clients of other machines send theirs, and signed links lead to what was made."""

import os
import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import sqlalchemy as sa
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conftest import FAST, make_settings
from gemini_interactions_mcp.core.errors import ConfigurationError, FileRefusedError, JournalError
from gemini_interactions_mcp.core.principals import SCOPES, Principal
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.files import received_files
from gemini_interactions_mcp.files.received_files import ReceivedFiles
from gemini_interactions_mcp.journal import clock as time_of_day
from gemini_interactions_mcp.journal.database import Database
from gemini_interactions_mcp.journal.journal import open_database
from gemini_interactions_mcp.journal.received import ReceivedRows, list_expiring_principals
from gemini_interactions_mcp.journal.schema import RECEIVED_FILES
from gemini_interactions_mcp.journal.tokens import AccessTokens
from gemini_interactions_mcp.output.places import name_principal_folder, open_place
from gemini_interactions_mcp.server import links
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.server.assembling import PRINCIPALS_FOLDER
from gemini_interactions_mcp.server.identity import PrincipalToken
from gemini_interactions_mcp.server.links import LinkSigner, SignedLink
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.transports.files import build_file_routes
from reading import call, complaint, id_of, links_of, text_of
from test_media import picture
from test_shared_files import Shelf

NAMES = ("alice", "bob")
BOB = {"authorization": "Bearer bob"}


class Named:
    """An authenticator that takes a name for a token; without any, it is Alice.

    Attributes:
        sent: All that was answered.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.sent = bytearray()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers", [])).get(b"authorization", b"Bearer alice")
        name = given.decode().removeprefix("Bearer ")

        class User:
            principal = Principal(name, frozenset(SCOPES), remote=True)
            access_token = PrincipalToken(token="t", client_id=name, scopes=list(SCOPES), principal=principal)

        async def note(message: Message) -> None:
            self.sent += message.get("body", b"")
            await send(message)

        await self._app({**scope, "user": User()}, receive, note)


async def know(database: Database) -> None:
    """Write down who there is, as an administrator does."""
    for name in NAMES:
        await AccessTokens(database).ensure_principal(name)


def opening_of(server: Any) -> Any:
    return server._opening


class Team:
    """A server for a team: its web application, a remote client of it, which is Alice's, and one of Bob's."""

    def __init__(
        self, server: Server, web: httpx2.AsyncClient, client: Client, other: Client, database_url: str
    ) -> None:
        self.server, self.web, self.client, self.other = server, web, client, other
        self.database_url = database_url

    async def offer(self, name: str, **more: Any) -> tuple[str, str]:
        """Announce a file; return the path to send it to, and its handle."""
        told = await call(self.client, "upload_file", name=name, **more)
        assert told.meta
        return str(told.meta["upload_url"]).removeprefix("http://testserver"), str(told.meta["uri"])

    async def put(self, path: str, content: Any, **headers: str) -> httpx2.Response:
        return await self.web.put(path, content=content, headers=headers)

    async def age(self, seconds: float) -> None:
        """Let all that was received become older."""
        moment = (time_of_day.now() - timedelta(seconds=seconds)).isoformat(timespec="microseconds")
        database = open_database(self.database_url)
        await database.write(sa.update(RECEIVED_FILES).values(expires_at=moment))
        assert await list_expiring_principals(database) == ["alice"]
        await database.close()


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.slow)])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    found = Shelf(request, tmp_path, request.param, name_principal_folder("alice"))
    if request.param == "local":
        found.url, found.folder = "", tmp_path / "output" / PRINCIPALS_FOLDER / name_principal_folder("alice")
    return found


@pytest.fixture
def team_settings(shelf: Shelf, tmp_path: Path, url: str) -> Settings:
    changes: dict[str, Any] = {"output_url": SecretStr(shelf.url)} if shelf.url else {}
    return make_settings(
        tmp_path, url, upload_bytes=100_000, inline_bytes=20_000, public_url="http://testserver", **changes
    )


@pytest.fixture
async def team(team_settings: Settings, tmp_path: Path) -> AsyncGenerator[Team]:
    server = build_server(team_settings, FAST)
    app = server.streamable_http_app(host="testserver", stateless_http=True)
    app.router.routes.extend(build_file_routes(server))
    guarded = Named(app)
    transport = httpx2.ASGITransport(guarded)
    async with (
        server.session_manager.run(),
        httpx2.AsyncClient(transport=transport, base_url="http://testserver") as web,
        httpx2.AsyncClient(transport=transport, base_url="http://testserver", headers=BOB) as others,
        Client(streamable_http_client("http://testserver/mcp", http_client=web), cache=None) as client,
        Client(streamable_http_client("http://testserver/mcp", http_client=others), cache=None) as other,
    ):
        await know(server.database)
        yield Team(server, web, client, other, str(team_settings.database_url))
    # Nothing that was answered, an error neither, names a path of the server.
    for path in (str(tmp_path), "folder://", "s3://", "bucket-", "file://"):
        found = guarded.sent.find(path.encode())
        assert found < 0, bytes(guarded.sent[max(0, found - 300) : found + 200])


async def test_a_file_of_another_machine_is_sent_and_read(team: Team, shelf: Shelf, emulator: Emulator) -> None:
    told = await call(team.client, "upload_file", name="it's mine.txt", bytes=11)
    assert told.meta
    assert f"""curl --fail-with-body -T 'it'"'"'s mine.txt' {told.meta["upload_url"]}""" in text_of(told)
    path = str(told.meta["upload_url"]).removeprefix("http://testserver")
    early = await complaint(team.client, "analyze_file", prompt="What?", files=[told.meta["uri"]])
    assert "was not received yet" in early

    answer = await team.put(path, b"hello world")
    assert (answer.status_code, answer.json()) == (
        201,
        {"handle": told.meta["uri"], "bytes": 11, "mime_type": "text/plain"},
    )
    (key,) = shelf.list()
    assert key.startswith("uploads/")
    assert (await team.put(path, b"hello world")).status_code == 409
    await call(team.client, "analyze_file", prompt="What does it say?", files=[told.meta["uri"]])
    body: Any = emulator.requests[-1].body
    (asked,) = body["input"]
    assert asked["content"][0]["text"] == "File it's mine.txt:\n\nhello world"


async def test_several_pictures_are_references(team: Team) -> None:
    sources: list[str] = []
    for name in ("one", "two"):
        path, handle = await team.offer(f"{name}.png")
        assert (await team.put(path, picture())).status_code == 201
        sources.append(f"{name}={handle}")
    await call(team.client, "generate_image", prompt="one beside two", images=sources)


async def test_a_large_file_goes_through_the_files_api(team: Team, emulator: Emulator) -> None:
    path, handle = await team.offer("long.txt")
    await team.put(path, b"word " * 10_000)
    await call(team.client, "analyze_file", prompt="What?", files=[handle])
    assert len(emulator.files.files) == 1


async def test_a_file_goes_into_a_store(team: Team) -> None:
    await call(team.client, "manage_store", action="create", store="papers")
    path, handle = await team.offer("paper.txt")
    await team.put(path, b"hello")
    await call(team.client, "manage_store", action="add", store="papers", files=[handle])
    assert "paper.txt" in text_of(await call(team.client, "manage_store", action="list", store="papers"))


async def test_a_file_goes_into_a_sandbox(team: Team) -> None:
    path, handle = await team.offer("data.csv")
    await team.put(path, b"a,b\n1,2\n")
    task = await call(team.client, "start_research", prompt="sum", agent="antigravity", files=[handle])
    assert id_of(task)


async def test_answers_have_signed_links(team: Team) -> None:
    made = await call(team.client, "generate_image", prompt="a red bicycle")
    (address,) = re.findall(r"\(<(http://testserver/files/[^>]+)>\)", text_of(made))
    assert (await team.web.get(address)).status_code == 200
    saved = await call(team.client, "read_interaction", interaction_id=id_of(made), save_as="html")
    (address,) = re.findall(r"\(<(http://testserver/files/[^>]+)>\)", text_of(saved))
    assert (await team.web.get(address)).headers["content-type"] == "text/html"


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("a.txt", b"", 422, "The file is empty."),
        ("a.txt", b"x" * 100_001, 413, "at most 100,000 bytes"),
        ("id_rsa", b"hello", 422, "an administrator of this server can allow such files"),
        ("a.txt", b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + b"b3BlbnNzaC1rZXktdjEAAAAA" * 9, 422, "like a secret"),
        ("a.exe", b"\x7fELF" + bytes(60), 415, "does not take"),
    ],
)
async def test_what_is_not_taken_may_be_sent_anew(
    team: Team, shelf: Shelf, name: str, content: bytes, status: int, said: str
) -> None:
    path, _ = await team.offer(name)
    refused = await team.put(path, content)
    assert refused.status_code == status
    assert said in refused.json()["error"]
    assert shelf.list() == []
    if name == "a.txt":
        assert (await team.put(path, b"hello")).status_code == 201


async def test_the_real_size_counts(team: Team, shelf: Shelf) -> None:
    async def chunks() -> AsyncGenerator[bytes]:
        for _ in range(11):
            yield b"x" * 10_000

    path, _ = await team.offer("a.txt")
    assert (await team.put(path, chunks())).status_code == 413
    path, _ = await team.offer("b.txt", bytes=5)
    assert (await team.put(path, b"four")).status_code == 422
    assert (await team.put(path, b"hello", **{"content-encoding": "gzip"})).status_code == 415
    assert (await team.put(path, b"hello")).status_code == 201
    assert len(shelf.list()) == 1


async def test_one_of_several_transfers_counts(team: Team, shelf: Shelf) -> None:
    path, _ = await team.offer("a.txt")
    answers: list[int] = []

    async def send() -> None:
        answers.append((await team.put(path, b"hello")).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(send)
    assert sorted(answers) == [201, 409, 409, 409, 409]
    assert len(shelf.list()) == 1


NO_NAMES = ("", "..", ".", " . ", "../x.txt", "a/b.txt", "a\\b.txt", "x" * 300, "a\u202eb.txt")


@pytest.mark.parametrize("name", [*NO_NAMES, "a\nb.txt", "a\tb", "a\0b", "a\x7fb", "a\x1b[2Jb", "\u2066a", "a\u200bb"])
async def test_a_name_is_a_name(team: Team, name: str) -> None:
    assert await complaint(team.client, "upload_file", name=name)


@pytest.mark.parametrize("name", ["a.x?y#z%41", "a.{b}", "résumé.tëxt", "a.b c", "-T", "$(id).txt", "con.", "a.<b>"])
async def test_any_name_can_be_kept(team: Team, shelf: Shelf, name: str) -> None:
    path, handle = await team.offer(name)
    assert (await team.put(path, b"hello")).status_code == 201
    (key,) = shelf.list()
    assert re.fullmatch(r"uploads/[\w-]+-1(\.txt)?", key)
    await call(team.client, "analyze_file", prompt="What?", files=[handle])


async def test_what_a_killed_server_has_left_is_removed(team: Team, shelf: Shelf, tmp_path: Path) -> None:
    """It was killed while it wrote, or before it could say where the file is."""
    path, handle = await team.offer("a.txt")
    app = await opening_of(team.server).app_of("alice")
    folder = app.received._place.below("uploads")
    for content in (b"", b"hel"):
        folder.add(content, (f"{handle.rpartition('/')[2]}-{number}.txt" for number in range(1, 9)))
    partial = shelf.folder / "uploads" / f".{'0' * 32}.part"
    if not shelf.bucket:
        partial.write_bytes(b"hel")
        os.utime(partial, (0, 0))
    other, _ = await team.offer("b.txt")
    for each in (path, other):
        assert (await team.put(each, b"hello")).status_code == 201
    assert len([key for key in shelf.list() if key.endswith(".txt")]) == 4
    await team.age(1)
    await app.received.sweep()
    assert shelf.list() == []


async def test_what_may_be_left_in_a_place_that_is_down_is_removed_later(
    team: Team, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, handle = await team.offer("a.txt")
    app = await opening_of(team.server).app_of("alice")
    place = app.received._place
    place.below("uploads").add(b"hel", [f"{handle.rpartition('/')[2]}-1.txt"])
    await team.age(1)
    with monkeypatch.context() as patch:

        def fail(*_: Any) -> bool:
            raise ConfigurationError("down")

        patch.setattr(f"{type(place).__module__}.{type(place).__name__}.discard", fail)
        await app.received.sweep()
    assert len(shelf.list()) == 1
    await app.received.sweep()
    assert shelf.list() == []


@pytest.mark.parametrize("declared", ["image/png", "text/html; charset=utf-16", "../../x", "x\u202e" * 500, ""])
async def test_a_type_that_lies_is_not_believed(team: Team, declared: str) -> None:
    path, _ = await team.offer("a.bin", mime_type=declared)
    answer = await team.put(path, b"plain words", **{"content-type": "image/png"})
    assert (answer.status_code, answer.json()["mime_type"]) == (201, "text/plain")


async def test_an_announced_size_is_limited(team: Team) -> None:
    assert "at most 100,000" in await complaint(team.client, "upload_file", name="a.txt", bytes=100_001)


async def test_only_so_many_files_are_kept(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    await team.offer("a.txt", bytes=5)
    monkeypatch.setattr(received_files, "MAX_KEPT_BYTES", 9)
    assert "1 files of 5 bytes" in await complaint(team.client, "upload_file", name="b.txt", bytes=5)
    await team.offer("b.txt", bytes=4)
    monkeypatch.setattr(received_files, "MAX_KEPT_FILES", 2)
    assert "at most 2 of 9" in await complaint(team.client, "upload_file", name="c.txt")


async def test_addresses_that_are_not_ours_take_nothing(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    path, handle = await team.offer("a.txt")
    signer = LinkSigner(b"another secret")
    forged = signer.sign(
        "upload", SignedLink("alice", (handle.rpartition("/")[2],)), time_of_day.now() + timedelta(days=1)
    )
    for token in (forged, "x", "a.b", path.rpartition("/")[2][:-2], "é"):
        assert (await team.put(f"/uploads/{token}", b"hello")).status_code == 401
    own = LinkSigner(await opening_of(team.server).share_secret(links.LINK_SECRET))
    later = time_of_day.now() + timedelta(minutes=15)
    assert (
        await team.put(f"/uploads/{own.sign('upload', SignedLink('', ('nothing',)), later)}", b"hello")
    ).status_code == 404
    other = own.sign("upload", SignedLink("bob", (handle.rpartition("/")[2],)), later)
    assert (await team.put(f"/uploads/{other}", b"hello")).status_code in (404, 503)
    monkeypatch.setattr(time_of_day, "now", lambda: later + timedelta(seconds=1))
    assert (await team.put(path, b"hello")).status_code == 401


async def test_what_has_expired_is_removed(team: Team, shelf: Shelf) -> None:
    path, handle = await team.offer("a.txt")
    await team.offer("never sent.txt")
    await team.put(path, b"hello")
    assert len(shelf.list()) == 1
    await team.age(1)
    assert "There is no file" in await complaint(team.client, "analyze_file", prompt="What?", files=[handle])
    app = await opening_of(team.server).app_of("alice")
    await app.received.sweep()
    assert shelf.list() == []
    database = open_database(team.database_url)
    assert await list_expiring_principals(database) == []
    await database.close()


async def test_a_place_that_takes_nothing_is_told_and_the_file_can_be_sent_again(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gemini_interactions_mcp.output import saving

    def fail(*_: Any) -> Any:
        raise ConfigurationError("full")

    path, _ = await team.offer("a.txt")
    with monkeypatch.context() as patch:
        patch.setattr(saving, "write_new_file", fail)
        assert (await team.put(path, b"hello")).status_code == 503
    assert (await team.put(path, b"hello")).status_code == 201


async def test_the_tool_is_for_remote_clients(team: Team, client: Client) -> None:
    assert "upload_file" in {tool.name for tool in (await team.client.list_tools()).tools}
    assert "upload_file" not in {tool.name for tool in (await client.list_tools()).tools}
    assert "for remote clients" in await complaint(client, "upload_file", name="a.txt")


async def test_a_signed_link_leads_to_a_file(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await call(team.client, "generate_image", prompt="a red bicycle")
    (link,) = links_of(made)
    signer = LinkSigner(await opening_of(team.server).share_secret(links.LINK_SECRET))
    later = time_of_day.now() + links.LINK_LIFETIME
    token = signer.sign("file", SignedLink("alice", (id_of(made), link.name)), later)
    whole = await team.web.get(f"/files/{token}")
    assert (whole.status_code, len(whole.content)) == (200, link.size)
    assert whole.headers["content-type"] == link.mime_type
    assert whole.headers["content-disposition"].startswith("inline")
    assert whole.headers["cache-control"] == "private, no-store"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in whole.headers["content-security-policy"]
    part = await team.web.get(f"/files/{token}", headers={"range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole.content[2:6])
    assert (await team.web.head(f"/files/{token}")).headers["content-length"] == str(link.size)

    saved = await call(team.client, "read_interaction", interaction_id=id_of(made), save_as="html")
    page = signer.sign("file", SignedLink("alice", (id_of(made), links_of(saved)[-1].name)), later)
    assert (await team.web.get(f"/files/{page}")).headers["content-disposition"].startswith("attachment")

    nowhere = [
        signer.sign("upload", SignedLink("alice", (id_of(made), link.name)), later),
        signer.sign("file", SignedLink("alice", (id_of(made), "other.png")), later),
        signer.sign("file", SignedLink("alice", ("v1_nothing", link.name)), later),
        signer.sign("file", SignedLink("bob", (id_of(made), link.name)), later),
        signer.sign("file", SignedLink("alice", (link.name,)), later),
        LinkSigner(b"another").sign("file", SignedLink("alice", (id_of(made), link.name)), later),
        "x" * 5000,
    ]
    answers = [await team.web.get(f"/files/{each}") for each in nowhere]
    await call(team.client, "delete_interaction", interaction_id=id_of(made))
    answers.append(await team.web.get(f"/files/{token}"))
    monkeypatch.setattr(time_of_day, "now", lambda: later)
    answers.append(await team.web.get(f"/files/{token}"))
    assert {(answer.status_code, answer.text) for answer in answers} == {
        (404, '{"error":"There is no such file, or its address has expired."}')
    }


async def test_a_journal_that_is_down_is_told_without_its_reason(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = await team.offer("a.txt")

    async def fail(*_: Any) -> Any:
        raise JournalError("the password is wrong")

    opening = opening_of(team.server)
    monkeypatch.setattr(opening, "share_secret", fail)
    sent, read = await team.put(path, b"hello"), await team.web.get("/files/x")
    assert (sent.status_code, sent.json()) == (503, {"error": "The file cannot be kept now; send it again later."})
    assert (read.status_code, read.json()) == (503, {"error": "The file cannot be read now; try again later."})
    app = await opening.app_of("alice")
    monkeypatch.setattr(app.links, "_share", fail)
    made = await call(team.client, "generate_image", prompt="a red bicycle")
    assert "/files/" not in text_of(made).replace("/files/2", "")


async def test_a_size_is_a_number(team: Team) -> None:
    path, _ = await team.offer("a.txt")
    assert (await team.put(path, b"hello", **{"content-length": "five"})).status_code == 400


async def test_a_transfer_that_breaks_off_may_be_repeated(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = await team.offer("a.txt")
    token = path.rpartition("/")[2]

    async def broken() -> AsyncGenerator[bytes]:
        yield b"hel"
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        await team.server.receive_file(token, None, broken())

    async def slow() -> AsyncGenerator[bytes]:
        yield b"hel"
        await anyio.sleep_forever()

    for routes in (build_file_routes(team.server, 0.05), build_file_routes(team.server, pause=0.05)):
        hasty = httpx2.ASGITransport(Starlette(routes=routes))
        async with httpx2.AsyncClient(transport=hasty, base_url="http://testserver") as web:
            assert (await web.put(path, content=slow())).status_code == 408
    with monkeypatch.context() as patch:

        async def gone(*_: Any) -> Any:
            raise ClientDisconnect

        patch.setattr(team.server, "receive_file", gone)
        assert (await team.put(path, b"hello")).status_code == 400
    assert (await team.put(path, b"hello")).status_code == 201


async def test_a_transfer_that_was_overtaken_leaves_nothing(
    team: Team, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = await team.offer("a.txt")

    async def refuse(*_: Any) -> bool:
        return False

    monkeypatch.setattr(ReceivedRows, "finish", refuse)
    assert (await team.put(path, b"hello")).status_code == 409
    assert shelf.list() == []


async def test_what_cannot_be_removed_is_removed_later(
    team: Team, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = await team.offer("a.txt")
    await team.put(path, b"hello")
    await team.age(1)
    app = await opening_of(team.server).app_of("alice")
    with monkeypatch.context() as patch:

        def fail(*_: Any) -> None:
            raise FileRefusedError("not now")

        patch.setattr(app.saved, "remove", fail)
        await app.received.sweep()
        assert len(shelf.list()) == 1
    sweeps: list[int] = []

    async def sweep() -> None:
        sweeps.append(1)
        if len(sweeps) == 1:
            raise JournalError("down")
        await ReceivedFiles.sweep(app.received)
        tasks.cancel_scope.cancel()

    monkeypatch.setattr(app.received, "sweep", sweep)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app.received.tend, 0.01)
    assert shelf.list() == []
    # Already gone: only the row is left.
    await app.received.announce("b.txt", None, None)


async def test_the_servers_of_a_journal_know_each_others_addresses(team_settings: Settings, shelf: Shelf) -> None:
    apps = [build_server(team_settings, FAST), build_server(team_settings, FAST)]
    async with AsyncExitStack() as stack:
        webs: list[httpx2.AsyncClient] = []
        for server in apps:
            app = server.streamable_http_app(host="testserver", stateless_http=True)
            app.router.routes.extend(build_file_routes(server))
            await stack.enter_async_context(server.session_manager.run())
            web = httpx2.AsyncClient(transport=httpx2.ASGITransport(Named(app)), base_url="http://testserver")
            webs.append(await stack.enter_async_context(web))
        await know(apps[0].database)
        client = Client(streamable_http_client("http://testserver/mcp", http_client=webs[0]), cache=None)
        alice = await stack.enter_async_context(client)
        webs[1].headers.update(BOB)
        client = Client(streamable_http_client("http://testserver/mcp", http_client=webs[1]), cache=None)
        bob = await stack.enter_async_context(client)
        handles: list[str] = []
        # What one is given by a server, the other server takes, and gives.
        for one, other in ((alice, webs[1]), (bob, webs[0])):
            told = await call(one, "upload_file", name="a.txt")
            assert told.meta
            assert (await other.put(told.meta["upload_url"], content=b"hello")).status_code == 201
            await call(one, "analyze_file", prompt="What?", files=[told.meta["uri"]])
            made = await call(one, "generate_image", prompt="a red bicycle")
            (address,) = re.findall(r"\(<(http://testserver/files/[^>]+)>\)", text_of(made))
            assert (await other.get(address)).status_code == 200
            handles.append(told.meta["uri"])
        assert len(shelf.list()) == 2
        assert "There is no file" in await complaint(bob, "analyze_file", prompt="What?", files=[handles[0]])
        assert "There is no file" in await complaint(alice, "analyze_file", prompt="What?", files=[handles[1]])


async def test_what_another_has_is_not_there(team: Team) -> None:
    path, handle = await team.offer("a.txt")
    await team.put(path, b"hello")
    made = await call(team.client, "generate_image", prompt="a red bicycle")
    (link,) = links_of(made)

    async def told(tool: str, named: str, **arguments: Any) -> str:
        return (await complaint(team.other, tool, prompt="?", **arguments)).replace(named, "NAME")

    for tool, argument in (("analyze_file", "files"), ("generate_image", "images"), ("start_research", "files")):
        for own, none in (
            (handle, "gemini://uploads/never"),
            (str(link.uri), f"gemini://interactions/v1_x/files/{link.name}"),
        ):
            found = await told(tool, own.split("/")[3], **{argument: [own]})
            assert found == await told(tool, none.split("/")[3], **{argument: [none]})
    await team.other.call_tool("list_interactions", {})
    signer = LinkSigner(await opening_of(team.server).share_secret(links.LINK_SECRET))
    later = time_of_day.now() + timedelta(minutes=15)

    def sign(kind: Any, *parts: str) -> str:
        return signer.sign(kind, SignedLink("bob", parts), later)

    read = [await team.web.get(f"/files/{sign('file', each, link.name)}") for each in (id_of(made), "v1_x")]
    assert read[0].status_code == 404
    assert read[0].text == read[1].text
    late, _ = await team.offer("b.txt")
    for file_id in (handle.rpartition("/")[2], "never"):
        sent = await team.put(f"/uploads/{sign('upload', file_id)}", b"mine")
        assert (sent.status_code, "There is no such upload" in sent.text) == (404, True)
    assert (await team.put(late, b"hello")).status_code == 201


async def test_the_addresses_of_who_is_revoked_lead_nowhere(team: Team, shelf: Shelf) -> None:
    path, handle = await team.offer("a.txt")
    made = await call(team.client, "generate_image", prompt="a red bicycle")
    (address,) = re.findall(r"\(<(http://testserver/files/[^>]+)>\)", text_of(made))
    nowhere = await team.web.get("/files/x")
    signer = LinkSigner(await opening_of(team.server).share_secret(links.LINK_SECRET))
    never = signer.sign("upload", SignedLink("bob", ("never",)), time_of_day.now() + timedelta(days=1))
    unknown = await team.put(f"/uploads/{never}", b"hello")
    rows = AccessTokens(team.server.database)
    await rows.revoke_principal("alice")
    read, sent = await team.web.get(address), await team.put(path, b"hello")
    assert (read.status_code, read.text) == (nowhere.status_code, nowhere.text) == (404, nowhere.text)
    assert (sent.status_code, sent.text) == (unknown.status_code, unknown.text) == (404, unknown.text)
    assert len(shelf.list()) == 1
    # What was sent by then expires all the same.
    await team.age(1)
    await (await opening_of(team.server)._open_named("alice")).received.sweep()
    await rows.restore_principal("alice")
    assert (await team.web.get(address)).status_code == 200
    assert "There is no file" in await complaint(team.client, "analyze_file", prompt="What?", files=[handle])


async def test_no_tool_tells_a_path_of_the_server(team: Team, shelf: Shelf) -> None:
    """What is answered is searched by `team`, at its end."""
    made = await call(team.client, "generate_image", prompt="a red bicycle")
    (link,) = links_of(made)
    assert f"Saved: {link.uri} (image/" in text_of(made)
    named = {"interaction_id": id_of(made)}
    for form in ("md", "html", "pdf", "json"):
        await team.client.call_tool("read_interaction", {**named, "save_as": form})
    await call(team.client, "read_view", **named)
    await call(team.client, "read_view", **named, name=link.name)
    await call(team.client, "list_interactions")
    for address in (link.uri, f"gemini://interactions/{id_of(made)}/data", "gemini://interactions", "gemini://usage"):
        await team.client.read_resource(address)
    report = await call(team.client, "start_research", prompt="bicycles")
    done = await call(team.client, "check_research", interaction_id=id_of(report), wait_seconds=20)
    assert "gemini://interactions/" in text_of(done)
    await call(team.client, "analyze_file", prompt="What?", files=[link.uri])
    if not shelf.bucket:
        (picture_path,) = shelf.folder.glob("*.jp*g")
        picture_path.write_bytes(b"something else")
        changed = await call(team.client, "read_interaction", **named)
        assert "was changed or moved" in text_of(changed)
        await complaint(team.client, "analyze_file", prompt="What?", files=[link.uri])
        assert f"File kept: {link.name} was changed" in text_of(await call(team.client, "delete_interaction", **named))
        await call(team.client, "delete_interaction", interaction_id=id_of(report))
        assert [path.name for path in shelf.folder.iterdir() if path.is_file()] == [picture_path.name]


async def test_a_folder_that_cannot_be_written_is_not_named(team_settings: Settings, tmp_path: Path) -> None:
    settings = team_settings.model_copy(update={"output_url": None, "output_dir": tmp_path / "taken"})
    settings.output_dir.write_text("no folder", encoding="utf-8")
    place = open_place(
        settings.model_copy(update={"output_dir": settings.output_dir / "alice"}), Principal("alice", remote=True)
    )
    for attempt in (place.check_writable, place.open_nameless, lambda: place.add(b"x", ["a.txt"])):
        with pytest.raises(ConfigurationError, match="Cannot write to the output folder of this server") as caught:
            attempt()
        assert str(tmp_path) not in str(caught.value)


async def test_who_is_opened_for_what_has_expired_has_it_removed(
    team: Team, team_settings: Settings, shelf: Shelf
) -> None:
    path, _ = await team.offer("a.txt")
    await team.put(path, b"hello")
    await team.age(1)
    async with opening_of(build_server(team_settings, FAST)).running() as opening:
        await opening.app_of("alice")
        for _ in range(1_000):
            if not await list_expiring_principals(opening.database):
                break
            await anyio.sleep(0.01)
        assert shelf.list() == []


async def test_a_picture_that_is_gone_is_restored_at_its_address(team: Team, shelf: Shelf) -> None:
    made = await call(team.client, "generate_image", prompt="a red bicycle")
    (link,) = links_of(made)
    if shelf.bucket:
        return
    (path,) = shelf.folder.glob("*.jp*g")
    path.unlink()
    await call(team.client, "read_interaction", interaction_id=id_of(made))
    assert path.exists()
    assert (await team.client.read_resource(link.uri)).contents


async def test_without_a_public_address_the_one_that_was_asked_is_told(team_settings: Settings, tmp_path: Path) -> None:
    del tmp_path
    server = build_server(team_settings.model_copy(update={"public_url": None}), FAST)
    app = server.streamable_http_app(host="testserver", stateless_http=True)
    async with (
        server.session_manager.run(),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(Named(app)), base_url="http://elsewhere:8080") as web,
        Client(streamable_http_client("http://elsewhere:8080/mcp", http_client=web), cache=None) as client,
    ):
        told = await call(client, "upload_file", name="a.txt")
        assert told.meta
        assert str(told.meta["upload_url"]).startswith("http://elsewhere:8080/uploads/")
        made = await call(client, "generate_image", prompt="a red bicycle")
        assert "Download within" not in text_of(made)
