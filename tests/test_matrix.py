"""The authorization matrix: every request that the server takes, for every token that must not open it.

The rows are what the server itself lists, to one who has something of each kind: a tool, template or prompt without a
row fails. Another's things are not there: whole answers are compared, with names in place of the things.
"""

import json
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import unquote

import httpx2
import pytest
from pydantic import SecretStr
from starlette.routing import Route

from conftest import Mode, make_settings, serve_emulator
from gemini_interactions_mcp.core.principals import READ_SCOPE, SCOPES
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.journal.schema import PRINCIPALS
from gemini_interactions_mcp.journal.server_secrets import share_secret
from gemini_interactions_mcp.server.links import LINK_SECRET, LinkKind, LinkSigner, SignedLink
from gemini_interactions_mcp.server.scopes import list_required_scopes
from gemini_interactions_mcp.server.sdk import get_lowlevel_server
from gemini_interactions_mcp.server.tasks.extension import TASKS_EXTENSION
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.transports.access import ServingOptions
from gemini_interactions_mcp.transports.auth.oauth import name_subject
from issuing import WRONG, IssuerServer, issuing
from owning import NAMELESS, SECRET, Row, Things, find_download, list_rows, make_things, never_made
from reading import call
from teaming import Team, challenge, named, rows, team
from tenanting import masked

PUBLIC = "https://gemini.example.com"
ALL = " ".join(SCOPES)

FREE = {
    "initialize",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/templates/list",
    "server/discover",
    "tools/list",
}
"""Methods whose answers are the same for everybody: they need a token and no scope."""


@dataclass
class World:
    """A server, alice, who has something of each kind, and carol, who had and was revoked.

    Attributes:
        naming: Another server of the same journal, which takes named tokens.
        link: The path at which alice's picture can be downloaded.
        revoked: The path of carol's picture, and that to which she could send a file.
    """

    served: Team
    naming: Team
    settings: Settings
    issuer: IssuerServer
    emulator: Emulator
    has: Things
    link: str
    revoked: tuple[str, str]
    rows: list[Row]

    def token(self, name: str, scopes: Iterable[str] = SCOPES) -> str:
        return self.issuer.token(sub=name, scope=" ".join(scopes))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    emulator = Emulator(research_seconds=0.05, step_seconds=0.001, processing_seconds=0.01, picture_scale=0.5)
    folder, public = tmp_path_factory.mktemp("matrix"), ServingOptions(port=0, public_url=PUBLIC)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve_emulator(emulator))
        issuer = await stack.enter_async_context(issuing())
        more = {"oauth_issuer": issuer.address, "public_url": PUBLIC, "metrics_token": SecretStr("metrics-secret-18")}
        settings = make_settings(folder, url, auth="oauth", **more)
        served = await stack.enter_async_context(team(settings, public))
        naming = await stack.enter_async_context(team(settings.model_copy(update={"auth": "token"}), public))
        alice = issuer.token(scope=ALL)
        revoked = await make_revoked(served, settings, issuer)
        has, link = await make_things(served, alice, emulator)
        async with served.client(alice, cache=None) as client:
            listed = await list_rows(client, has)
        yield World(served, naming, settings, issuer, emulator, has, link, revoked, listed)


async def make_revoked(served: Team, settings: Settings, issuer: IssuerServer) -> tuple[str, str]:
    """Have carol make a picture and announce a file, and revoke her; return the paths of both."""
    async with served.client(issuer.token(sub="carol", scope=ALL), cache=None) as carol:
        path = find_download(await call(carol, "generate_image", prompt="A boat"))
        announced = (await call(carol, "upload_file", name="boat.txt")).meta
    assert (await served.web.get(path)).status_code == 200
    async with rows(settings) as tokens:
        await tokens.revoke_principal(name_subject("carol", issuer.address))
    return path, httpx2.URL((announced or {})["upload_url"]).path


@dataclass(frozen=True)
class Answer:
    """The whole answer of a request, but for when it was given and how long it is."""

    status: int
    headers: str
    text: str


async def answer_of(response: httpx2.Response, *, stream: bool = False) -> Answer:
    """Read an answer; of a stream, its first message."""
    text = ""
    async for chunk in response.aiter_text():
        text += chunk
        if stream and "\n\n" in text.replace("\r", ""):
            break
    told = {name: value for name, value in response.headers.items() if name not in ("date", "content-length")}
    return Answer(response.status_code, json.dumps(told, sort_keys=True), text)


async def ask(served: Team, row: Row, token: str | None, mode: Mode = "auto") -> Answer:
    """What a request is answered."""
    async with served.ask(row.method, token, mode=mode, extensions=[TASKS_EXTENSION], **row.params) as response:
        return await answer_of(response, stream=row.method == "subscriptions/listen")


# What there is ------------------------------------------------------------------------------------------


async def test_every_method_and_route_has_a_row(world: World) -> None:
    registered = set(get_lowlevel_server(world.served.server)._request_handlers)  # pyright: ignore[reportPrivateUsage]
    assert {row.method for row in world.rows} == registered | {"initialize", "server/discover"}
    routes = [route for route in world.served.opened.app.routes if isinstance(route, Route)]
    assert len(routes) == len(world.served.opened.app.routes)
    assert {route.path for route in routes if ".well-known" not in route.path} == {
        "/mcp",
        "/files/{token}",
        "/uploads/{token}",
        "/healthz",
        "/readyz",
        "/metrics",
    }


def reaches(row: Row, has: Things) -> bool:
    """Whether a request tells the one who has things something about them."""
    if row.method == "completion/complete":
        return row.params["ref"]["type"] == "ref/resource" and not row.params["argument"]["value"]
    if row.method == "resources/read":
        return row.params["uri"] in (f"gemini://interactions/{has.asked}", has.file, has.report)
    reads = list_required_scopes(row.method, row.params) == [READ_SCOPE]
    return reads and (row.method == "tools/call" or row.params.get("taskId") == has.task)


async def test_rows_reach_the_things_of_the_one_who_has_them(world: World) -> None:
    berta, alice = world.token("berta"), world.token("alice")
    for row in {row.method: row for row in world.rows}.values():
        answers = [await ask(world.served, row, berta, mode) for mode in ("auto", "legacy")]
        assert not all('"code":-32601' in answer.text for answer in answers), row
        # The guard tells by a header which streams end with their token, and earlier clients send none.
        assert row.method != "subscriptions/listen" or '"code":-32601' in answers[1].text
    reaching = [row for row in world.rows if reaches(row, world.has)]
    assert {row.method for row in reaching} == {"tools/call", "resources/read", "tasks/get", "completion/complete"}
    for row in reaching:
        mine, theirs = await ask(world.served, row, alice), await ask(world.served, row, berta)
        assert mine.text != theirs.text, row


# Wrong tokens -------------------------------------------------------------------------------------------


@asynccontextmanager
async def refusing(world: World) -> AsyncGenerator[None]:
    """Check that nothing happens meanwhile."""
    before = len(world.emulator.requests)
    yield
    assert len(world.emulator.requests) == before


async def refuse_all(served: Team, world: World, token: str | None) -> Answer:
    """The one answer that all requests get."""
    async with refusing(world):
        (answer,) = {await ask(served, row, token) for row in world.rows}
    return answer


@pytest.mark.parametrize("wrong", ["another audience", "expired", "another issuer", "no algorithm"])
async def test_a_wrong_token_opens_nothing(world: World, wrong: str) -> None:
    answer = await refuse_all(world.served, world, WRONG[wrong](world.issuer))
    assert answer == await refused(world.served)
    assert (answer.status, "invalid_token" in answer.headers) == (401, True)


async def test_no_token_opens_nothing(world: World) -> None:
    answer = await refuse_all(world.served, world, None)
    assert (answer.status, "error" in answer.headers) == (401, False)


async def test_a_revoked_principal_opens_nothing(world: World) -> None:
    assert await refuse_all(world.served, world, world.token("carol")) == await refused(world.served)


async def make_named(world: World, wrong: str) -> str:
    """A token of a name that opens nothing."""
    name = wrong.replace(" ", "-")
    ending = clock.now() - timedelta(seconds=1) if wrong == "expired" else None
    token = await named(world.settings, name, expires_at=ending)
    async with rows(world.settings) as tokens:
        if wrong == "revoked":
            await tokens.revoke(name)
        elif wrong == "of one who was revoked":
            await tokens.revoke_principal(name)
        elif wrong == "of a name that was removed":
            await world.naming.server.database.write(PRINCIPALS.delete().where(PRINCIPALS.c.name == name))
    return world.token("alice") if wrong == "of an issuer" else token


@pytest.mark.parametrize(
    "wrong", ["expired", "revoked", "of one who was revoked", "of a name that was removed", "of an issuer"]
)
async def test_a_wrong_named_token_opens_nothing(world: World, wrong: str) -> None:
    answer = await refuse_all(world.naming, world, await make_named(world, wrong))
    assert answer == await refused(world.naming)
    assert answer.status == 401


async def refused(served: Team) -> Answer:
    """What a token is answered that never was one."""
    async with served.ask("tools/list", "x") as response:
        return await answer_of(response)


async def test_a_token_without_the_scope_opens_nothing_that_needs_it(world: World) -> None:
    needed = {row.title: list_required_scopes(row.method, row.params) for row in world.rows}
    assert {row.method for row in world.rows if not needed[row.title]} == FREE
    for scope in SCOPES:
        others = [each for each in SCOPES if each != scope]
        async with refusing(world):
            answers = {
                await ask(world.served, row, world.token(name, others))
                for row in world.rows
                for name in ("alice", "berta")
                if scope in needed[row.title]
            }
        assert [answer.status for answer in answers] == [403], answers
        (answer,) = answers
        told = challenge(httpx2.Response(403, headers=json.loads(answer.headers)))
        assert (told["error"], told["scope"]) == ("insufficient_scope", scope)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "INVENTED"])
async def test_every_http_method_needs_a_token(world: World, method: str) -> None:
    for headers in ({}, {"mcp-protocol-version": "2025-11-25"}, {"mcp-protocol-version": "2026-07-28"}):
        for path in ("/mcp", "/mcp/", "/%6dcp", f"/mcp?access_token={world.token('alice')}"):
            wrong = WRONG["expired"](world.issuer)
            for more in ({}, {"authorization": f"Bearer {wrong}"}):
                answer = await world.served.web.request(method, path, headers=headers | more)
                assert answer.status_code == 401
    if method not in ("GET", "POST"):
        told = {"authorization": f"Bearer {world.token('alice')}", "accept": "application/json, text/event-stream"}
        assert (await world.served.web.request(method, "/mcp", headers=told)).status_code == 405
    for path in ("//mcp", "/MCP", "/mcp%00", "/mcp;a", "/mcp%252f", "/./mcp", "/files", "/uploads", "/"):
        assert (await world.served.web.request(method, write_path(world, path))).status_code in (401, 404, 405)


async def test_no_token_of_a_principal_opens_the_metrics(world: World) -> None:
    for served, token in ((world.served, world.token("alice")), (world.naming, await named(world.settings, "dora"))):
        for headers in ({}, {"authorization": f"Bearer {token}"}):
            assert (await served.web.get("/metrics", headers=headers)).status_code == 401


def write_path(world: World, path: str) -> httpx2.URL:
    """An address whose path is sent as it is written."""
    return httpx2.URL(world.served.address).copy_with(raw_path=path.encode())


# Another's things ---------------------------------------------------------------------------------------


def rename_row(world: World, row: Row, to: Things | None = None) -> Row:
    """The request about another's things; by default, about those that nobody has."""
    return replace(row, params=world.has.rename(to or never_made(world.has))(row.params))


@pytest.mark.parametrize("mode", ["auto", pytest.param("legacy", marks=pytest.mark.slow)])
async def test_what_is_anothers_is_not_there(world: World, mode: Mode) -> None:
    berta, has, none = world.token(f"berta-{mode}"), world.has, never_made(world.has)
    names = {text for text in has.forms().values() if len(text) > 6}
    for row in world.rows:
        if row.params.get("name") in NAMELESS:
            continue
        unmade = rename_row(world, row, none)
        expected = await ask(world.served, unmade, berta, mode)
        before = len(world.emulator.requests)
        found = await ask(world.served, row, berta, mode)
        assert shown(found, has) == shown(expected, none), row
        told = masked([(each.path, each.body) for each in world.emulator.requests[before:]], {})
        given = json.dumps(row.params) + unquote(json.dumps(row.params))
        assert not [name for name in names if name in found.text and name not in given], row
        assert not [name for name in (has.asked, has.drawn, has.found, has.task, SECRET) if name in told], row
        assert SECRET not in found.text
    assert not world.emulator.deletes
    assert not world.emulator.cancels
    assert list(world.emulator.stores.stores) == [has.store]
    owned = Row("", "tools/call", {"name": "read_interaction", "arguments": {"interaction_id": has.asked}})
    assert SECRET.split()[-1] in (await ask(world.served, owned, world.token("alice"))).text


def shown(answer: Answer, things: Things) -> Answer:
    """An answer without the names of things."""
    return replace(answer, text=masked(answer.text, things.names()))


# Addresses of files -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def signer(world: World) -> Callable[..., str]:
    """Signs addresses as the server does, unless told otherwise."""
    secret = await share_secret(world.served.server.database, LINK_SECRET)

    def sign(kind: LinkKind, subject: str, *parts: str, seconds: int = 60, key: bytes = secret) -> str:
        link = SignedLink(name_subject(subject, world.issuer.address), parts)
        return LinkSigner(key).sign(kind, link, clock.now() + timedelta(seconds=seconds))

    return sign


def list_forged(sign: Callable[..., str], kind: LinkKind, *parts: str) -> dict[str, str]:
    """Tokens of file addresses that this server has not signed, or not for this, or not for now."""
    good = sign(kind, "alice", *parts)
    body, _, signature = good.partition(".")
    other = sign(kind, "berta", *parts)
    return {
        "no signature": body,
        "empty signature": f"{body}.",
        "another body": f"{other.partition('.')[0]}.{signature}",
        "a changed signature": f"{good[:-2]}{'AA' if good[-2:] != 'AA' else 'BB'}",
        "another key": sign(kind, "alice", *parts, key=b"x" * 32),
        "for something else": sign("upload" if kind == "file" else "file", "alice", *parts),
        "expired": sign(kind, "alice", *parts, seconds=0),
        "padded": f"{good}=",
        "followed by more": f"{good}.{signature}",
        "a zero": f"{good}%00",
        "not ASCII": "%C3%A9.%FF",
        "long": "a" * 5_000,
    }


async def transfer(world: World, method: str, token: str) -> Answer:
    """What a file address is answered; whoever asks has a token of MCP that opens all of berta's."""
    headers = {"authorization": f"Bearer {world.token('berta')}"}
    place = "uploads" if method == "PUT" else "files"
    async with world.served.web.stream(method, f"/{place}/{token}", headers=headers, content=b"x") as response:
        return await answer_of(response)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_file_address_that_leads_nowhere_is_like_any_other(
    world: World, signer: Callable[..., str], method: str
) -> None:
    assert (await world.served.web.request(method, world.link)).status_code == 200
    parts = (world.has.drawn, world.has.file.rpartition("/")[2])
    lost = {
        "of berta": signer("file", "berta", *parts),
        "of nobody": signer("file", "nobody", *parts),
        "never made": signer("file", "alice", "v1_none", parts[1]),
        "no such file": signer("file", "alice", parts[0], "none.png"),
        "too few parts": signer("file", "alice", parts[0]),
        "of one who was revoked": world.revoked[0].rpartition("/")[2],
    }
    assert (await transfer(world, method, signer("file", "alice", *parts))).status == 200
    (answer,) = {
        await transfer(world, method, token) for token in (lost | list_forged(signer, "file", *parts)).values()
    }
    assert answer.status == 404


async def test_an_upload_address_that_leads_nowhere_is_like_any_other(world: World, signer: Callable[..., str]) -> None:
    sent = world.has.sent.rpartition("/")[2]
    assert (await transfer(world, "PUT", signer("upload", "alice", sent))).status == 409
    lost = [signer("upload", name, sent) for name in ("berta", "nobody")]
    lost += [signer("upload", "alice", "never-announced"), world.revoked[1].rpartition("/")[2]]
    (missing,) = {await transfer(world, "PUT", token) for token in lost}
    assert missing.status == 404
    (forged,) = {await transfer(world, "PUT", token) for token in list_forged(signer, "upload", sent).values()}
    assert forged.status == 401


async def test_a_file_address_may_be_percent_encoded_and_nothing_else(world: World) -> None:
    token = world.link.rpartition("/")[2]
    content = (await world.served.web.get(world.link)).content
    encoded = "".join(f"%{each:02X}" for each in token.encode())
    for path in (f"/files/{encoded}", f"/%66iles/{token}", f"{world.link}?a=b"):
        assert (await world.served.web.get(path)).content == content
    for path in (f"/files/%2e%2e/files/{token}", f"/files%2F%2F{token}", f"/files/{token}%2F", f"//files/{token}"):
        assert (await world.served.web.get(write_path(world, path))).is_error
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        assert (await world.served.web.request(method, world.link)).status_code == 405
    assert (await world.served.web.get(f"/uploads/{token}")).status_code == 405
