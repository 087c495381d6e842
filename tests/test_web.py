"""HTTP: who may use it, what others are told, which hosts and pages are let in, and how it is left."""

import json
import logging
import re
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp_types import TextContent
from pydantic import SecretStr
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from conftest import FAST, KEY, Mode, make_settings
from gemini_interactions_mcp import journal
from gemini_interactions_mcp.cli.logs import JsonFormatter
from gemini_interactions_mcp.core.errors import InputError, JournalError
from gemini_interactions_mcp.core.log import logger
from gemini_interactions_mcp.core.principals import (
    DELETE_SCOPE,
    READ_SCOPE,
    SCOPES,
    SPEND_SCOPE,
    WRITE_SCOPE,
    Principal,
)
from gemini_interactions_mcp.core.redaction import Redactor
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.journal.clock import JournalClock
from gemini_interactions_mcp.journal.database import Database
from gemini_interactions_mcp.journal.journal import open_database
from gemini_interactions_mcp.journal.tokens import AccessTokens
from gemini_interactions_mcp.server import app
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.server.identity import identify_principal
from gemini_interactions_mcp.server.scopes import list_required_scopes
from gemini_interactions_mcp.server.tools.table import TOOL_SCOPES
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.transports.access import ServingOptions, plan_serving
from gemini_interactions_mcp.transports.auth import verification
from gemini_interactions_mcp.transports.auth.lasting import LastingRequest
from gemini_interactions_mcp.transports.auth.rates import CallRates
from gemini_interactions_mcp.transports.http import describe_serving
from gemini_interactions_mcp.transports.metrics import Metrics
from gemini_interactions_mcp.transports.public_url import PublicUrl, parse_public_url, resolve_place
from gemini_interactions_mcp.transports.web_app import CLIENT_HEADERS, strip_public_path
from journaling import join_connection_threads
from teaming import Team, challenge, named, rows, team

PUBLIC = "https://gemini.example.com"
OPEN = ServingOptions(port=0, authenticated=False)


@pytest.fixture
async def tokens_only(tmp_path: Path, url: str) -> Settings:
    return make_settings(tmp_path, url, auth="token")


@pytest.fixture
async def served(tokens_only: Settings) -> AsyncGenerator[Team]:
    async with team(tokens_only) as running:
        yield running


def code(answer: httpx2.Response) -> tuple[int, str | None]:
    return answer.status_code, challenge(answer).get("error")


# Without authentication ---------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
async def test_without_authentication_it_listens_on_loopback_only(host: str, settings: Settings) -> None:
    with pytest.raises(InputError, match=r"GEMINI_MCP_AUTH=token.*token add NAME"):
        plan_serving(settings, ServingOptions(host=host))
    with pytest.raises(InputError, match="loopback only"):
        plan_serving(settings, ServingOptions(host=host, authenticated=False))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]", "::ffff:127.0.0.1"])
async def test_every_name_of_loopback_is_loopback(host: str, settings: Settings) -> None:
    assert plan_serving(settings, ServingOptions(host=host)).fresh is not None
    assert plan_serving(settings, ServingOptions(host=host, authenticated=False)).fresh is None


async def test_what_contradicts_itself_is_refused_with_what_to_do(tmp_path: Path, url: str) -> None:
    def refused(options: ServingOptions, **changes: Any) -> str:
        with pytest.raises(InputError) as refusal:
            plan_serving(make_settings(tmp_path, url, **changes), options)
        return str(refusal.value)

    assert "--public-url is for a server that others use" in refused(ServingOptions(public_url=PUBLIC))
    assert "--no-auth contradicts GEMINI_MCP_AUTH=token" in refused(OPEN, auth="token")
    assert "needs GEMINI_MCP_OAUTH_ISSUER" in refused(ServingOptions(), auth="oauth")
    anywhere = ServingOptions(host="0.0.0.0")
    assert "needs --public-url" in refused(anywhere, auth="oauth", oauth_issuer="https://id.example")
    assert "no address of this machine" in refused(ServingOptions(host="no.such.host.invalid"))


async def test_on_loopback_a_fresh_token_is_needed_and_is_the_owners(settings: Settings) -> None:
    async with team(settings) as served:
        assert served.plan.fresh is not None
        token = served.plan.fresh.text
        assert re.fullmatch(r"gim_[A-Za-z0-9_-]{43}", token)
        assert code(await served.send()) == (401, None)
        assert code(await served.send(token=f"{token}x")) == (401, "invalid_token")
        assert code(await served.send(headers={"authorization": b"Bearer gim_\xe9"})) == (401, "invalid_token")
        async with served.client(token) as client:
            answer = await client.call_tool("gemini_ask", {"prompt": "Why?"})
            assert not answer.is_error
        said = describe_serving(served.plan, PublicUrl("http://127.0.0.1:1"), 1)
    assert f"Authorization: Bearer {token}\n" in said
    assert verification.FreshToken().text != token


async def test_no_auth_says_what_it_means_and_takes_loopback_names_only(settings: Settings) -> None:
    async with team(settings, OPEN) as served:
        assert (await served.send()).status_code == 200
        for host in ("127.0.0.1:9", "localhost", "localhost:8765", "[::1]:80"):
            assert (await served.send(headers={"host": host})).status_code == 200
        for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1"):
            assert (await served.send(headers={"host": host})).status_code == 421
        said = describe_serving(served.plan, PublicUrl("http://127.0.0.1:1"), 1)
    assert "any program and any user of this machine" in said
    assert "Bearer" not in said


# Named tokens -------------------------------------------------------------------------------------------


async def test_a_named_token_opens_until_it_is_revoked(served: Team, tokens_only: Settings) -> None:
    token = await named(tokens_only, "alice")
    assert (await served.send(token=token)).status_code == 200
    async with rows(tokens_only) as tokens:
        (revoked,) = await tokens.revoke("alice")
    assert revoked.principal == "alice"
    await anyio.sleep(FAST.access_recheck)
    refused = await served.send(token=token)
    assert code(refused) == (401, "invalid_token")
    assert challenge(refused)["scope"] == f"{READ_SCOPE} {SPEND_SCOPE}"


async def test_a_changed_limit_counts_on_a_server_that_runs(served: Team, tokens_only: Settings) -> None:
    token = await named(tokens_only, "alice")
    asking: dict[str, Any] = {"name": "gemini_ask", "arguments": {"prompt": "Which rivers?"}}
    for micros, refused in ((None, False), (1, True), (None, False)):
        async with rows(tokens_only) as tokens:
            await tokens.update_principal("alice", {"micros_per_day": micros})
        await anyio.sleep(2 * FAST.access_recheck)
        answer = (await served.send("tools/call", token, **asking)).text
        assert ("which an administrator has set" in answer) is refused


async def test_a_named_token_opens_until_it_expires(
    served: Team, tokens_only: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await named(tokens_only, "alice", expires_at=clock.now() + timedelta(seconds=60))
    assert (await served.send(token=token)).status_code == 200
    monkeypatch.setattr(journal, "now", lambda: clock.now() + timedelta(seconds=60))
    assert code(await served.send(token=token)) == (401, "invalid_token")


async def test_while_one_request_looks_again_the_others_go_on_with_what_was_known() -> None:
    looked: list[str] = []

    async def look_up(key: str) -> int:
        looked.append(key)
        await anyio.sleep(0.05)
        return len(looked)

    memory = verification.Memory(look_up, seconds=0.01)
    assert await memory.get("a") == 1
    await anyio.sleep(0.02)
    found: list[int | None] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(memory.get, "a")
        await anyio.lowlevel.checkpoint()
        found.append(await memory.get("a"))
    assert (found, looked) == ([1], ["a", "a"])
    assert await memory.get("b") == 3


async def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "MAX_KNOWN", 2)
    looked: list[str] = []

    async def look_up(key: str) -> str | None:
        looked.append(key)
        return None if key == "none" else key

    memory = verification.Memory(look_up, seconds=60)
    for key in ("a", "none", "none", "b", "c", "c", "a"):
        await memory.get(key)
    assert looked == ["a", "none", "none", "b", "c", "a"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_real_client_asks_with_a_named_token(served: Team, tokens_only: Settings, mode: Mode) -> None:
    async with served.client(await named(tokens_only, "alice"), mode) as client:
        answer = await client.call_tool("gemini_ask", {"prompt": f"Why {mode}? {KEY}"})
    assert isinstance(answer.content[0], TextContent)
    assert f"Why {mode}? [secret]" in answer.content[0].text


async def test_a_revoked_principal_is_refused_whatever_its_tokens(served: Team, tokens_only: Settings) -> None:
    token = await named(tokens_only, "bob")
    async with rows(tokens_only) as tokens:
        await tokens.revoke_principal("bob")
        assert code(await served.send(token=token)) == (401, "invalid_token")
        with pytest.raises(InputError, match="admin restore bob"):
            await tokens.add("bob")
        await tokens.restore_principal("bob")
    assert (await served.send(token=await named(tokens_only, "bob"))).status_code == 200


@pytest.mark.parametrize("given", ["", "Basic YTpi", "Bearer", "gim_x", "bearer\tx"])
async def test_no_token_is_a_challenge_without_an_error(served: Team, given: str) -> None:
    answer = await served.send(headers={"authorization": given} if given else {})
    assert code(answer) == (401, None)
    assert "resource_metadata" not in challenge(answer)


@pytest.mark.parametrize("token", ["x", "gim_x", "gim_" + "a" * 43, "gim_" + "a" * 44, "x" * 20_000])
async def test_a_token_that_nobody_made_is_refused(served: Team, token: str) -> None:
    assert code(await served.send(token=token)) == (401, "invalid_token")


async def test_two_tokens_are_an_invalid_request(served: Team) -> None:
    sent = [("authorization", "Bearer a"), ("authorization", "Bearer b")]
    assert code(await served.web.post("/mcp", headers=sent)) == (400, "invalid_request")


async def test_the_word_bearer_may_have_any_case_and_spaces_may_follow(served: Team, tokens_only: Settings) -> None:
    token = await named(tokens_only, "alice")
    assert (await served.send(headers={"authorization": f"bEARER  {token}"})).status_code == 200


async def test_a_journal_that_cannot_be_read_is_no_refusal(tokens_only: Settings, tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").mkdir()
    async with team(tokens_only) as served:
        answer = await served.send(token="gim_" + "a" * 43)
        ready = await served.ask_ready()
    await join_connection_threads()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "failed")


@pytest.mark.parametrize(
    ("needed", "method", "params"),
    [
        (SPEND_SCOPE, "tools/call", {"name": "gemini_ask", "arguments": {"prompt": "x"}}),
        (READ_SCOPE, "tools/call", {"name": "no_such_tool"}),
        (READ_SCOPE, "tools/call", {"name": "list_interactions", "arguments": {}}),
        (DELETE_SCOPE, "tools/call", {"name": "delete_interaction", "arguments": {"interaction_id": "x"}}),
        (
            WRITE_SCOPE,
            "tools/call",
            {"name": "read_interaction", "arguments": {"interaction_id": "x", "save_as": "a.html"}},
        ),
        (DELETE_SCOPE, "tools/call", {"name": "manage_store", "arguments": {"action": "delete"}}),
        (READ_SCOPE, "resources/list", {}),
    ],
)
async def test_a_scope_that_is_missing_is_named(
    served: Team, tokens_only: Settings, needed: str, method: str, params: dict[str, Any]
) -> None:
    lacking = await named(tokens_only, "carol", [scope for scope in SCOPES if scope != needed])
    refused = await served.send(method, lacking, **params)
    assert code(refused) == (403, "insufficient_scope")
    assert challenge(refused)["scope"] == needed
    sufficient = await named(tokens_only, "carol", list_required_scopes(method, params))
    assert (await served.send(method, sufficient, **params)).status_code not in (401, 403)


async def test_of_two_scopes_each_is_named(served: Team, tokens_only: Settings) -> None:
    saving: dict[str, Any] = {"name": "read_interaction", "arguments": {"interaction_id": "x", "save_as": "a.html"}}
    for given, needed in ((READ_SCOPE, WRITE_SCOPE), (WRITE_SCOPE, READ_SCOPE)):
        refused = await served.send("tools/call", await named(tokens_only, "carol", [given]), **saving)
        assert (code(refused), challenge(refused)["scope"]) == ((403, "insufficient_scope"), needed)


async def test_what_needs_no_scope_needs_a_token_all_the_same(served: Team, tokens_only: Settings) -> None:
    none = await named(tokens_only, "dave", [])
    assert (await served.send("tools/list", none)).status_code == 200
    for method in ("GET", "DELETE", "POST", "PUT"):
        assert code(await served.web.request(method, "/mcp")) == (401, None)


async def test_a_body_that_is_no_request_is_left_to_mcp(served: Team, tokens_only: Settings) -> None:
    token = await named(tokens_only, "alice", [])
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
    }
    for body in (b"", b"{", b"[]", b'"x"', b'{"method": 1}', b"[" * 100_000, b"\xff"):
        assert (await served.web.post("/mcp", content=body, headers=headers)).status_code == 400
    batch = [{"jsonrpc": "2.0", "id": 1, "method": "resources/list"}]
    assert (await served.web.post("/mcp", json=batch, headers=headers)).status_code == 403
    long = await served.web.post("/mcp", content=b"x" * (4 * 2**20 + 1), headers=headers)
    assert long.status_code == 413


async def test_a_legacy_session_belongs_to_its_token(served: Team, tokens_only: Settings) -> None:
    alice, bob = await named(tokens_only, "alice"), await named(tokens_only, "bob")
    hello = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    headers = {"accept": "application/json, text/event-stream"}
    begun = await served.web.post(
        "/mcp",
        json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        headers=headers | {"authorization": f"Bearer {alice}"},
    )
    session = {"mcp-session-id": begun.headers["mcp-session-id"]}
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}

    async def status(token: str) -> int:
        sent = headers | session | {"authorization": f"Bearer {token}"}
        return (await served.web.post("/mcp", json=call, headers=sent)).status_code

    assert await status(alice) == 200
    assert await status(bob) == 404


async def test_too_many_calls_are_told_when_to_come_back(tmp_path: Path, url: str) -> None:
    limited = make_settings(tmp_path, url, auth="token", calls_per_minute=2)
    async with team(limited) as served:
        alice, bob = await named(limited, "alice"), await named(limited, "bob")
        assert [(await served.send(token=alice)).status_code for _ in range(3)] == [200, 200, 429]
        answer = await served.send(token=alice)
        assert 1 <= int(answer.headers["retry-after"]) <= 30
        assert (await served.send(token=bob)).status_code == 200


def test_what_is_left_of_a_minute_comes_back_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 0.0
    monkeypatch.setattr(anyio, "current_time", lambda: moment)
    rates = CallRates(60)
    assert [rates.take("a") for _ in range(61)] == [0] * 60 + [1]
    moment = 2.0
    assert [rates.take("a") for _ in range(3)] == [0, 0, 1]
    assert CallRates(None).take("a") == 0


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_handlers_learn_whose_request_it_is(
    tokens_only: Settings, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Principal] = []

    def note(ctx: Any) -> bool:
        seen.append(identify_principal(ctx))
        return False

    monkeypatch.setattr(app, "client_supports_apps", note)
    async with team(tokens_only) as fresh:
        token = await named(tokens_only, "alice", [READ_SCOPE], micros_per_day=5, key_reference="env:ALICE_KEY")
        async with fresh.client(token, mode) as client:
            await client.list_tools()
    expected = Principal("alice", frozenset({READ_SCOPE}), True, 5, None, "env:ALICE_KEY")
    assert set(seen) == {expected}


async def test_a_stream_ends_once_its_token_is_revoked(tokens_only: Settings) -> None:
    answers: list[httpx2.Response] = []
    async with team(tokens_only) as fresh:
        token = await named(tokens_only, "alice")
        async with anyio.create_task_group() as tasks:

            async def listen() -> None:
                wanted = {"toolsListChanged": True, "resourcesListChanged": True}
                answers.append(await fresh.send("subscriptions/listen", token, notifications=wanted))

            tasks.start_soon(listen)
            await anyio.sleep(0.3)
            assert answers == []
            async with rows(tokens_only) as tokens:
                await tokens.revoke("alice")
    (answer,) = answers
    assert answer.status_code == 200
    assert "subscriptions/acknowledged" in answer.text


async def test_a_stream_ends_with_its_token_also_while_the_journal_is_away(
    tokens_only: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> Any:
        raise JournalError("away")

    async with team(tokens_only) as fresh:
        token = await named(tokens_only, "alice", expires_at=clock.now() + timedelta(seconds=600))
        async with fresh.open_stream(token, "auto") as ended:
            monkeypatch.setattr(Database, "read", fail)
            await anyio.sleep(FAST.access_recheck * 3)
            assert not ended.is_set()
            monkeypatch.setattr(clock, "JOURNAL_CLOCK", JournalClock())
            monkeypatch.setattr(clock, "read_machine_clock", lambda: datetime.now(UTC) + timedelta(seconds=600))
            with anyio.fail_after(5):
                await ended.wait()


async def test_a_call_has_its_answer_although_its_token_ends_meanwhile(
    tokens_only: Settings, emulator: Emulator
) -> None:
    hold = Fault("create", "hold", match="sky")
    emulator.faults.append(hold)
    answers: list[httpx2.Response] = []
    async with team(tokens_only) as fresh:
        token = await named(tokens_only, "alice")

        async def ask() -> None:
            given = {"prompt": "Why is the sky blue?", "wait_seconds": 1}
            answers.append(await fresh.send("tools/call", token, name="gemini_ask", arguments=given))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await hold.reached.wait()
            async with rows(tokens_only) as tokens:
                await tokens.revoke("alice")
            await anyio.sleep(FAST.access_recheck * 2)
        assert code(await fresh.send(token=token)) == (401, "invalid_token")
        mislabelled = await fresh.send(
            "subscriptions/listen", await named(tokens_only, "bob"), {"mcp-method": "tools/list"}
        )
        assert mislabelled.status_code == 400
    assert "interaction_id" in answers[0].text


async def test_a_request_that_has_no_answer_yet_gets_a_refusal_and_an_unknown_state_changes_nothing() -> None:
    told: list[str] = []
    states: list[bool | None] = [True, None, False]

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive, send
        await anyio.sleep_forever()

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive, send
        told.append("refused")

    async def is_valid() -> bool:
        state = states.pop(0)
        if state is None:
            raise verification.UnverifiableError("not now")
        return state

    async def nothing(*_: Any) -> Any:
        pytest.fail("nothing is sent")

    await LastingRequest(wait, is_valid, refuse, 0.01)({"type": "http"}, nothing, nothing)
    assert (told, states) == (["refused"], [])


# Behind a proxy -----------------------------------------------------------------------------------------


async def test_behind_a_proxy_any_host_works_and_sessions_are_not_needed(tokens_only: Settings) -> None:
    async with team(tokens_only, ServingOptions(port=0, public_url=PUBLIC)) as served:
        token = await named(tokens_only, "alice")
        for host in ("gemini.example.com", "gemini.example.com:443", "gemini_upstream", "10.0.0.7:8765", "127.0.0.1"):
            assert (await served.send(token=token, headers={"host": host})).status_code == 200
        headers = {"authorization": f"Bearer {token}", "accept": "application/json, text/event-stream"}
        old = await served.web.post(
            "/mcp",
            json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
            headers=headers | {"mcp-session-id": "of-another-server", "mcp-protocol-version": "2025-11-25"},
        )
        assert old.status_code == 200
        forged = {"x-forwarded-for": "127.0.0.1", "x-forwarded-host": "127.0.0.1", "forwarded": "for=127.0.0.1"}
        assert (await served.send(headers=forged)).status_code == 401


async def test_pages_of_allowed_origins_only(tmp_path: Path, url: str) -> None:
    allowing = make_settings(tmp_path, url, auth="token", allowed_origins=("https://app.example",))
    async with team(allowing, ServingOptions(port=0, public_url=f"{PUBLIC}/")) as served:
        token = await named(allowing, "alice")
        asked = {
            "access-control-request-method": "POST",
            "access-control-request-headers": ",".join(CLIENT_HEADERS),
        }
        for origin in (PUBLIC, "https://app.example"):
            preflight = await served.web.options("/mcp", headers=asked | {"origin": origin})
            assert preflight.status_code == 200
            assert preflight.headers["access-control-allow-origin"] == origin
            answer = await served.send(token=token, headers={"origin": origin})
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
            assert "www-authenticate" in answer.headers["access-control-expose-headers"]
            refused = await served.send(headers={"origin": origin})
            assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, origin)
        for origin in (
            "https://evil.example",
            "http://gemini.example.com",
            "null",
            f"{PUBLIC}:8443",
            "http://127.0.0.1",
        ):
            for answer in (
                await served.web.options("/mcp", headers=asked | {"origin": origin}),
                await served.send(token=token, headers={"origin": origin}),
                await served.web.get("/healthz", headers={"origin": origin}),
            ):
                assert answer.status_code == 403
                assert "access-control-allow-origin" not in answer.headers


async def test_on_loopback_the_servers_own_origins_are_allowed(settings: Settings) -> None:
    async with team(settings, OPEN) as served:
        port = served.web.base_url.port
        for host in ("127.0.0.1", "localhost", "[::1]"):
            assert (await served.send(headers={"origin": f"http://{host}:{port}"})).status_code == 200
        for origin in ("http://127.0.0.1:1", "http://localhost", "https://evil.example"):
            assert (await served.send(headers={"origin": origin})).status_code == 403


@pytest.mark.parametrize(
    ("text", "origin", "prefix"),
    [
        ("https://gemini.example.com", PUBLIC, ""),
        ("https://Gemini.example.com:443/", PUBLIC, ""),
        ("https://gemini.example.com/mcp", PUBLIC, ""),
        ("https://h.example:8443/a/gemini/", "https://h.example:8443", "/a/gemini"),
        ("http://[::1]:80/x/mcp", "http://[::1]", "/x"),
    ],
)
def test_a_public_url_is_an_origin_and_a_prefix(text: str, origin: str, prefix: str) -> None:
    public = parse_public_url(text)
    assert (public.origin, public.prefix) == (origin, prefix)
    assert public.mcp == f"{origin}{prefix}/mcp"


@pytest.mark.parametrize(
    "text", ["", "gemini.example.com", "ftp://x", "https://", "https://x/?a=1", "https://u@x", "https://x:y"]
)
def test_what_is_no_public_url_is_said(text: str) -> None:
    with pytest.raises(InputError, match="--public-url takes an address"):
        parse_public_url(text)


def test_a_prefix_may_be_stripped_by_the_proxy_or_not() -> None:
    assert strip_public_path("/gemini/mcp", "/gemini") == "/mcp"
    assert strip_public_path("/mcp/", "") == "/mcp"
    assert strip_public_path("/geminimcp", "/gemini") == "/geminimcp"


async def test_plain_http_beyond_loopback_is_mentioned(tokens_only: Settings) -> None:
    plan = plan_serving(tokens_only, ServingOptions(host="0.0.0.0"))
    assert "unencrypted" in describe_serving(plan, PublicUrl("http://0.0.0.0:1"), 1)
    behind = plan_serving(tokens_only, ServingOptions(host="0.0.0.0", public_url=PUBLIC))
    assert (
        describe_serving(behind, parse_public_url(PUBLIC), 1)
        == f"Serving MCP on {PUBLIC}/mcp (listening on 0.0.0.0:1)\n"
    )
    assert not resolve_place("0.0.0.0").is_loopback


# Metrics and the log ------------------------------------------------------------------------------------

SECRET = "metrics-secret-17"


async def test_metrics_count_calls_and_dollars_for_whoever_has_their_token(tmp_path: Path, url: str) -> None:
    measured = make_settings(tmp_path, url, metrics_token=SecretStr(SECRET))
    async with team(measured, OPEN) as served:
        await served.send("tools/call", name="gemini_ask", arguments={"prompt": "Why?"})
        await served.send("tools/call", name="read_interaction", arguments={"interaction_id": "v1_none"})
        await served.send("tools/call", name="no_such_tool", arguments={})
        await served.send("tools/list")
        for given in ("", "Bearer x", f"Bearer {SECRET}x", SECRET):
            assert (await served.web.get("/metrics", headers={"authorization": given})).status_code == 401
        shown = (await served.web.get("/metrics", headers={"authorization": f"Bearer {SECRET}"})).text
    assert 'gemini_mcp_calls_total{outcome="ok",tool="gemini_ask"} 1.0' in shown
    assert 'gemini_mcp_calls_total{outcome="error",tool="read_interaction"} 1.0' in shown
    assert 'tool="unknown"' in shown
    assert "no_such_tool" not in shown
    assert re.search(r"^gemini_mcp_dollars_today 0\.0*[1-9]", shown, re.MULTILINE)
    assert "gemini_mcp_running_calls 0.0" in shown


async def test_metrics_know_every_tool(tmp_path: Path, url: str) -> None:
    measured = make_settings(tmp_path, url, metrics_token=SecretStr(SECRET))
    async with team(measured, OPEN) as served:
        for name in TOOL_SCOPES:
            await served.send("tools/call", name=name, arguments={})
        shown = (await served.web.get("/metrics", headers={"authorization": f"Bearer {SECRET}"})).text
    assert set(re.findall(r'gemini_mcp_call_seconds_count\{tool="(\w+)"', shown)) == set(TOOL_SCOPES)


async def test_metrics_are_closed_without_a_token_and_say_what_they_need(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(make_settings(tmp_path, url), OPEN) as served:
        assert (await served.web.get("/metrics")).status_code == 404
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    async with team(make_settings(tmp_path, url, metrics_token=SecretStr(SECRET)), OPEN) as served:
        lacking = await served.web.get("/metrics")
    assert (lacking.status_code, "gemini-interactions-mcp[team]" in lacking.text) == (501, True)


async def test_a_figure_may_be_added_and_one_that_is_not_known_is_none(tmp_path: Path, url: str) -> None:
    (tmp_path / "folder").mkdir()
    database = open_database(tmp_path / "folder")
    metrics = Metrics(SECRET, build_server(make_settings(tmp_path, url)), database)
    metrics.add_gauge("followers", "Runs that are followed", lambda: 3)
    request = Request({"type": "http", "headers": [(b"authorization", f"Bearer {SECRET}".encode())]})
    shown = bytes((await metrics.show(request)).body).decode()
    assert "gemini_mcp_followers 3.0" in shown
    assert "gemini_mcp_dollars_today NaN" in shown
    await database.close()
    # The thread of the connection that failed has not ended yet, and tells this loop so.
    await anyio.sleep(0.1)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_line_of_the_log_names_request_principal_and_interaction(
    served: Team, tokens_only: Settings, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = collect_log(monkeypatch)
    call_tool = Server.call_tool

    async def log_and_call(self: Server, *arguments: Any) -> Any:
        logger.warning("called with %s\nand more", KEY)
        return await call_tool(self, *arguments)

    monkeypatch.setattr(Server, "call_tool", log_and_call)
    async with served.client(await named(tokens_only, "alice"), mode) as client:
        await client.call_tool("read_interaction", {"interaction_id": "v1_x"})
    (line,) = [line for line in lines if line["message"].startswith("called")]
    assert line["message"] == "called with [secret]\nand more"
    assert (line["level"], line["principal"], line["interaction_id"]) == ("WARNING", "alice", "v1_x")
    assert re.fullmatch(r"[0-9a-f]{32}", line["request_id"])


async def test_a_request_keeps_the_name_that_a_proxy_gave_it(
    tokens_only: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise JournalError("The journal is locked.")

    monkeypatch.setattr(AccessTokens, "find", fail)
    lines = collect_log(monkeypatch)
    async with team(tokens_only) as served:
        for given in ("r-17", "not plain", "x" * 65):
            await served.send(token="gim_" + "a" * 43, headers={"x-request-id": given})
    named = [line["request_id"] for line in lines if "cannot be checked" in line["message"]]
    assert named[0] == "r-17"
    assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in named[1:])


def test_an_error_is_a_part_of_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = collect_log(monkeypatch)
    try:
        raise ValueError(KEY)
    except ValueError:
        logger.exception("It failed")
    assert "ValueError: [secret]" in lines[0]["error"]
    assert set(lines[0]) == {"time", "level", "logger", "message", "error"}


def collect_log(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The lines that `GEMINI_MCP_LOG_FORMAT=json` would write from here on."""
    lines: list[dict[str, str]] = []
    formatter = JsonFormatter(Redactor([KEY]))

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(formatter.format(record)))

    monkeypatch.setattr(logger, "handlers", [Collector()])
    return lines


# Health -------------------------------------------------------------------------------------------------


async def test_health_needs_no_token_and_tells_no_secrets(served: Team) -> None:
    alive, ready = await served.web.get("/healthz"), await served.ask_ready()
    assert (alive.status_code, alive.text) == (200, "ok\n")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert KEY not in json.dumps(ready.json())
    served.health.drain()
    assert (await served.web.get("/readyz")).status_code == 503
    assert (await served.web.get("/healthz")).status_code == 200


async def test_what_is_missing_is_named(tmp_path: Path, url: str) -> None:
    (tmp_path / "file").write_text("")
    lacking = make_settings(tmp_path, url, api_key=None, output_dir=tmp_path / "file" / "output")
    async with team(lacking, OPEN) as served:
        ready = await served.ask_ready()
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"database": "ok", "output": "failed", "key": "failed"}


async def test_a_secret_of_metrics_is_a_secret(settings: Settings) -> None:
    assert "metrics-secret-17" in settings.model_copy(update={"metrics_token": SecretStr("metrics-secret-17")}).secrets
