"""OAuth: metadata, tokens of a real authorization server, and what happens while it is away."""

import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from conftest import FAST, Mode, make_settings
from gemini_interactions_mcp.core.errors import ConfigurationError
from gemini_interactions_mcp.core.principals import MAX_PRINCIPAL_CHARACTERS, SCOPES
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.environment import SettingsEnvironment
from gemini_interactions_mcp.settings.team import parse_issuer, parse_origins
from gemini_interactions_mcp.transports.access import ServingOptions
from gemini_interactions_mcp.transports.auth import issuer as keys_of
from gemini_interactions_mcp.transports.auth import verification
from gemini_interactions_mcp.transports.auth.issuer import Issuer, IssuerError, list_algorithms, read_key, read_keys
from gemini_interactions_mcp.transports.auth.oauth import LEEWAY_SECONDS, name_subject, read_claims, read_scopes
from issuing import AUDIENCE, RSA_KEY, STRANGER, WRONG, IssuerServer, issuing, other_keys, rsa_jwk
from teaming import PATIENCE, Team, challenge, rows, team

PUBLIC = ServingOptions(port=0, public_url="https://gemini.example.com")
METADATA_URL = "https://gemini.example.com/.well-known/oauth-protected-resource/mcp"


@pytest.fixture
async def issuer() -> AsyncGenerator[IssuerServer]:
    async with issuing() as running:
        yield running


@pytest.fixture
async def protected(tmp_path: Path, url: str, issuer: IssuerServer) -> Settings:
    return make_settings(tmp_path, url, auth="oauth", oauth_issuer=issuer.address)


@pytest.fixture
async def served(protected: Settings) -> AsyncGenerator[Team]:
    async with team(protected, PUBLIC) as running:
        yield running


def is_refused(answer: httpx2.Response) -> bool:
    told = challenge(answer)
    assert told["resource_metadata"] == METADATA_URL
    assert told["scope"] == "interactions:read interactions:spend"
    return (answer.status_code, told.get("error")) == (401, "invalid_token")


# Metadata -----------------------------------------------------------------------------------------------


async def test_metadata_stand_at_both_paths_and_lead_to_the_issuer(served: Team, issuer: IssuerServer) -> None:
    for path in ("", "/mcp"):
        answer = await served.web.get(f"/.well-known/oauth-protected-resource{path}")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {
            "resource": AUDIENCE,
            "authorization_servers": [issuer.address],
            "scopes_supported": list(SCOPES),
            "bearer_methods_supported": ["header"],
            "resource_name": "Gemini Interactions",
        }
    none = await served.send()
    assert none.status_code == 401
    assert challenge(none) == {"resource_metadata": METADATA_URL, "scope": "interactions:read interactions:spend"}


async def test_behind_a_prefix_the_metadata_are_found_there_too(protected: Settings) -> None:
    options = ServingOptions(port=0, public_url="https://host.example/gemini")
    async with team(protected, options) as served:
        told = challenge(await served.send())["resource_metadata"]
        assert told == "https://host.example/gemini/.well-known/oauth-protected-resource/mcp"
        for path in (
            "/gemini/.well-known/oauth-protected-resource/mcp",
            "/.well-known/oauth-protected-resource/mcp",
            "/.well-known/oauth-protected-resource/gemini/mcp",
        ):
            answer = await served.web.get(path)
            assert answer.json()["resource"] == "https://host.example/gemini/mcp"


# Tokens that are taken ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_real_client_asks_and_becomes_a_principal(
    served: Team, protected: Settings, issuer: IssuerServer, mode: Mode
) -> None:
    async with served.client(issuer.token(), mode) as client:
        assert not (await client.call_tool("gemini_ask", {"prompt": "Why?"})).is_error
    async with rows(protected) as tokens:
        (principal,) = await tokens.list_principals()
    assert principal.name == name_subject("alice", issuer.address)
    assert issuer.asked.count("/keys") == 1


async def test_all_asymmetric_algorithms_are_taken(served: Team, issuer: IssuerServer) -> None:
    keys = other_keys()
    issuer.keys = [public for _, _, public in keys]
    for key, alg, _ in keys:
        assert (await served.send(token=issuer.token(key, alg, alg))).status_code == 200, alg


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [AUDIENCE, "https://other.example"]},
        {"aud": f"{AUDIENCE}/"},
        {"exp": -5},
        {"nbf": 10},
        {"iat": 0},
        {"client_id": None, "azp": "x"},
        {"client_id": None},
    ],
)
async def test_what_is_valid_within_the_leeway_is_taken(served: Team, issuer: IssuerServer, claims: Any) -> None:
    # Moments are told from now on.
    said: Any = {name: int(time.time()) + value if isinstance(value, int) else value for name, value in claims.items()}
    assert (await served.send(token=issuer.token(**said))).status_code == 200


async def test_a_key_without_a_name_is_tried(served: Team, issuer: IssuerServer) -> None:
    issuer.keys = [rsa_jwk(rsa.generate_private_key(65537, 2048), None), rsa_jwk(RSA_KEY, None)]
    assert (await served.send(token=issuer.token(kid=None))).status_code == 200


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "interactions:read  openid"}, {"interactions:read"}),
        ({"scope": ["interactions:read", 5]}, {"interactions:read"}),
        ({"scp": ["files:write"]}, {"files:write"}),
        ({"scp": "files:write interactions:delete"}, {"files:write", "interactions:delete"}),
        ({"scope": {"interactions:read": 1}}, set[str]()),
        ({}, set[str]()),
    ],
)
def test_scopes_are_read_as_issuers_write_them(claims: Any, scopes: set[str]) -> None:
    assert read_scopes(claims) == scopes


async def test_a_scope_that_is_missing_is_asked_for(served: Team, issuer: IssuerServer) -> None:
    reading = issuer.token(scope="interactions:read")
    refused = await served.send("tools/call", reading, name="gemini_ask", arguments={"prompt": "x"})
    assert refused.status_code == 403
    assert challenge(refused) == {
        "error": "insufficient_scope",
        "error_description": "The access token lacks the scope interactions:spend.",
        "resource_metadata": METADATA_URL,
        "scope": "interactions:spend",
    }


# Tokens that are not ------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_token_is_refused_without_a_reason(served: Team, issuer: IssuerServer, wrong: str) -> None:
    issuer.keys.append(rsa_jwk(RSA_KEY, "pinned", alg="RS256"))
    answer = await served.send(token=WRONG[wrong](issuer))
    assert is_refused(answer), answer.text
    assert answer.json()["error_description"] == challenge(await served.send(token="x"))["error_description"]


async def test_keys_that_sign_nothing_open_nothing(served: Team, issuer: IssuerServer) -> None:
    weak = rsa.generate_private_key(65537, 1024)
    issuer.keys = [
        rsa_jwk(RSA_KEY, "encryption", use="enc"),
        {"kty": "oct", "kid": "secret", "k": "AAAA"},
        {"kty": "EC", "kid": "curve", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"},
        {"kty": "RSA", "kid": "half"},
        rsa_jwk(weak, "weak"),
    ]
    for kid in ("encryption", "secret", "curve", "broken", "half", "first"):
        assert is_refused(await served.send(token=issuer.token(kid=kid)))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = issuer.token(weak, "weak")
    assert is_refused(await served.send(token=token))


# Rotation, and an issuer that is away -------------------------------------------------------------------


class Hours:
    """The clock of the server, which a test puts forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        real = anyio.current_time
        monkeypatch.setattr(anyio, "current_time", lambda: real() + self.ahead)


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    return Hours(monkeypatch)


async def test_a_rotated_key_is_fetched_and_the_old_one_ends(served: Team, issuer: IssuerServer, hours: Hours) -> None:
    assert (await served.send(token=issuer.token())).status_code == 200
    issuer.keys = [rsa_jwk(STRANGER, "second")]
    second = issuer.token(STRANGER, "second")
    assert is_refused(await served.send(token=second))
    hours.ahead = FAST.issuer_unknown_key + 1
    assert (await served.send(token=second)).status_code == 200
    assert is_refused(await served.send(token=issuer.token(sub="bob")))


async def test_garbage_does_not_hammer_the_issuer(served: Team, issuer: IssuerServer) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(served.send, "tools/list", issuer.token(STRANGER, f"made-up-{number}"))
    assert len(issuer.asked) == 2


async def test_while_the_issuer_is_away_only_verified_tokens_are_taken(
    served: Team, issuer: IssuerServer, hours: Hours
) -> None:
    issuer.status = 500
    token = issuer.token()
    away = await served.send(token=token)
    assert (away.status_code, away.headers["retry-after"]) == (503, "5")
    asked = len(issuer.asked)
    assert (await served.send(token=token)).status_code == 503
    assert len(issuer.asked) == asked
    issuer.status, hours.ahead = 200, FAST.issuer_retry + 1
    assert (await served.send(token=token)).status_code == 200
    issuer.status, hours.ahead = 500, FAST.issuer_keys * 2
    assert (await served.send(token=token)).status_code == 200
    assert (await served.send(token=issuer.token(sub="new"))).status_code == 200
    assert (await served.send(token=issuer.token(STRANGER, "second"))).status_code == 503


async def test_a_verified_token_ends_when_it_expires(
    served: Team, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token()
    assert (await served.send(token=token)).status_code == 200
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 400)
    assert is_refused(await served.send(token=token))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_stream_ends_when_its_token_expires(
    protected: Settings, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    local = protected.model_copy(update={"oauth_audience": AUDIENCE})
    async with team(local) as served:
        token = issuer.token()
        async with served.open_stream(token, mode) as ended:
            real = time.time
            monkeypatch.setattr(time, "time", lambda: real() + 240 + LEEWAY_SECONDS)
            await anyio.sleep(FAST.access_recheck * 3)
            assert not ended.is_set()
            monkeypatch.setattr(time, "time", lambda: real() + 301 + LEEWAY_SECONDS)
            with anyio.fail_after(5):
                await ended.wait()
        # Who comes again needs another token.
        assert (await served.send(token=token)).status_code == 401


async def test_a_revoked_principal_is_refused_within_seconds(
    served: Team, protected: Settings, issuer: IssuerServer, hours: Hours
) -> None:
    assert (await served.send(token=issuer.token())).status_code == 200
    async with rows(protected) as tokens:
        await tokens.revoke_principal(name_subject("alice", issuer.address))
        hours.ahead = FAST.access_recheck
        assert is_refused(await served.send(token=issuer.token(jti="another")))
        await tokens.restore_principal(name_subject("alice", issuer.address))
        hours.ahead *= 2
        assert (await served.send(token=issuer.token())).status_code == 200


@pytest.mark.parametrize(
    "broken",
    [
        {"document": b"{"},
        {"document": b"[]"},
        {"document": {"keys": 5}},
        {"document": b" " * (keys_of.MAX_METADATA_BYTES + 1)},
        {"metadata": {"issuer": "https://evil.example"}},
        {"metadata": {"jwks_uri": "http://evil.example/keys"}},
        {"metadata": {"jwks_uri": 5}},
        {"served_at": set[str]()},
        {"status": 302},
    ],
)
async def test_what_is_no_key_set_is_an_issuer_that_is_away(served: Team, issuer: IssuerServer, broken: Any) -> None:
    for name, value in broken.items():
        setattr(issuer, name, value)
    answer = await served.send(token=issuer.token())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_a_slow_issuer_and_none_at_all_are_away(monkeypatch: pytest.MonkeyPatch, issuer: IssuerServer) -> None:
    issuer.delay = 5
    async with httpx2.AsyncClient(timeout=0.1, trust_env=False) as web:
        for address in (issuer.address, "http://127.0.0.1:9"):
            with pytest.raises(verification.UnverifiableError):
                await Issuer(address, web).find_keys("first", "RS256")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", "/.well-known/oauth-authorization-server"),
        ("", "/.well-known/openid-configuration"),
        ("/realms/x", "/.well-known/oauth-authorization-server/realms/x"),
        ("/realms/x", "/.well-known/openid-configuration/realms/x"),
        ("/realms/x", "/realms/x/.well-known/openid-configuration"),
        ("/", "/.well-known/openid-configuration"),
    ],
)
async def test_metadata_of_the_issuer_are_found_wherever_they_may_be(path: str, place: str) -> None:
    async with issuing(path) as issuer, httpx2.AsyncClient(trust_env=False) as web:
        issuer.served_at = {place}
        (key,) = await Issuer(issuer.address, web).find_keys("first", "RS256")
    assert key.kid == "first"


# Names --------------------------------------------------------------------------------------------------


def test_principals_of_different_subjects_and_issuers_have_different_names() -> None:
    subjects = ["alice", "Alice", "alice ", "a\u0000b", "a\ufffdb", "a" * 200, "a" * 201, "\ud800", "é", "sha256:x", ""]
    names = [
        name_subject(subject, issuer) for subject in subjects for issuer in ("https://a.example", "https://b.example")
    ]
    assert len(set(names)) == len(names)
    assert all(len(name) <= MAX_PRINCIPAL_CHARACTERS and ":" in name and name.isascii() for name in names)


@pytest.mark.parametrize("subject", [None, 5, "", ["alice"]])
def test_claims_without_a_subject_name_nobody(subject: object) -> None:
    assert read_claims({"sub": subject, "exp": 1}, "https://a.example") is None


def test_a_key_may_be_used_only_with_its_own_algorithm() -> None:
    assert list_algorithms({"kty": "RSA", "alg": "RS256"}) == {"RS256"}
    assert list_algorithms({"kty": "RSA", "alg": "HS256"}) == set()
    assert list_algorithms({"kty": "EC", "crv": "P-256"}) == {"ES256"}
    assert list_algorithms({"kty": "OKP", "crv": "X25519"}) == set()
    assert read_key({"kty": "OKP", "crv": "Ed25519", "x": "AA"}) is None
    with pytest.raises(IssuerError):
        read_keys({})


# Settings -----------------------------------------------------------------------------------------------

NOWHERE = SettingsEnvironment({}, Path(), None)


@pytest.mark.parametrize(
    "text",
    ["http://id.example", "id.example", "https://", "https://id.example/?x=1", "https://u:p@id.example", "https://[x"],
)
def test_an_issuer_is_an_https_address(text: str) -> None:
    with pytest.raises(ConfigurationError, match="GEMINI_MCP_OAUTH_ISSUER"):
        parse_issuer(NOWHERE, text)
    assert parse_issuer(NOWHERE, None) is None
    for good in ("https://id.example/realms/x/", "http://127.0.0.1:9", "http://localhost"):
        assert parse_issuer(NOWHERE, good) == good


def test_origins_are_taken_as_browsers_send_them() -> None:
    assert parse_origins(NOWHERE, "https://A.example/, http://localhost:3000") == (
        "https://a.example",
        "http://localhost:3000",
    )
    assert parse_origins(NOWHERE, None) is None
    for text in ("*", "https://*.example/x/", "a.example"):
        with pytest.raises(ConfigurationError, match="GEMINI_MCP_ALLOWED_ORIGINS"):
            parse_origins(NOWHERE, text)


# At the start -------------------------------------------------------------------------------------------


async def test_an_issuer_that_is_away_is_told_at_the_start_and_the_server_is_ready(
    protected: Settings, issuer: IssuerServer, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.status = 503
    async with team(protected, PUBLIC) as served:
        with anyio.fail_after(PATIENCE):
            while "cannot be fetched, so that no new access token is accepted: " not in caplog.text:  # noqa: ASYNC110
                await anyio.sleep(0.01)
        # What needs no new token is served.
        assert (await served.ask_ready()).status_code == 200
        issuer.status = 200
        with anyio.fail_after(PATIENCE):
            while (await served.send(token=issuer.token())).status_code != 200:  # noqa: ASYNC110 - as it is asked
                await anyio.sleep(0.02)
    told = [each.getMessage() for each in caplog.records if "The keys of" in each.getMessage()]
    assert len(told) == 2, told
    assert "answers 503" in told[0]
    assert told[1] == f"The keys of {issuer.address} can be fetched again."


async def test_an_issuer_is_asked_once_at_the_start(served: Team, issuer: IssuerServer) -> None:
    with anyio.fail_after(PATIENCE):
        while not issuer.asked.count("/keys"):  # noqa: ASYNC110 - by a server
            await anyio.sleep(0.01)
    assert (await served.send(token=issuer.token())).status_code == 200
    assert issuer.asked.count("/keys") == 1


async def test_an_issuer_that_does_not_answer_is_told_so(
    issuer: IssuerServer, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.delay = 60
    async with httpx2.AsyncClient(trust_env=False) as client:
        await Issuer(issuer.address, client, replace(FAST, issuer_fetch=0.05)).prepare()
    assert "is accepted: it does not answer in time" in caplog.text


async def test_a_bug_at_the_start_does_not_end_the_server(
    protected: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(keys_of, "list_metadata_addresses", fail)
    async with team(protected, PUBLIC) as served:
        with anyio.fail_after(PATIENCE):
            while "RuntimeError: a bug" not in caplog.text:  # noqa: ASYNC110 - as it is logged
                await anyio.sleep(0.01)
        assert (await served.ask_ready()).status_code == 200
