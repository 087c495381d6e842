"""Shared by the tests of OAuth: an authorization server on a real port, with keys that the tests rotate and break."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gemini_interactions_mcp.transports.http import WebServer, open_listener

Json = dict[str, Any]
AUDIENCE = "https://gemini.example.com/mcp"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
"""Made once: it takes a tenth of a second."""


def rsa_jwk(key: rsa.RSAPrivateKey, kid: str | None, **more: Any) -> Json:
    named = {"kid": kid} if kid else {}
    return json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"use": "sig"} | named | more


class IssuerServer:
    """An authorization server; its metadata and keys are what the test says."""

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.base = ""
        self.keys: list[Json] = [rsa_jwk(RSA_KEY, "first")]
        self.document: Json | bytes | None = None
        self.metadata: Json = {}
        self.served_at = {"/.well-known/oauth-authorization-server"}
        self.status = 200
        self.delay = 0.0
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"{self.base}{self.path}"

    async def answer(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        await anyio.sleep(self.delay)
        if self.status != 200:
            return PlainTextResponse("no", self.status, {"location": "/keys"})
        if request.url.path == "/keys":
            shown = {"keys": self.keys} if self.document is None else self.document
            return Response(shown) if isinstance(shown, bytes) else JSONResponse(shown)
        if request.url.path in self.served_at:
            return JSONResponse({"issuer": self.address, "jwks_uri": f"{self.base}/keys"} | self.metadata)
        return PlainTextResponse("no", 404)

    def token(
        self,
        key: Any = RSA_KEY,
        kid: str | None = "first",
        alg: str = "RS256",
        headers: Json | None = None,
        **claims: Any,
    ) -> str:
        """A token as the server would issue it, but for what the test changes; None leaves a claim out."""
        usual: Json = {
            "iss": self.address,
            "aud": AUDIENCE,
            "sub": "alice",
            "exp": int(time.time()) + 300,
            "client_id": "test-client",
            "scope": "openid interactions:read interactions:spend",
        }
        said = {name: value for name, value in (usual | claims).items() if value is not None}
        named = ({"kid": kid} if kid else {}) | (headers or {})
        return jwt.encode(said, key, alg, headers=named)


@asynccontextmanager
async def issuing(path: str = "") -> AsyncGenerator[IssuerServer]:
    issuer = IssuerServer(path)
    with open_listener(0) as listener:
        issuer.base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        running = WebServer(Starlette(routes=[Route("/{rest:path}", issuer.answer)]), lambda: None)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(running.serve, [listener])
            yield issuer
            running.should_exit = True


def encode_part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def other_keys() -> list[tuple[Any, str, Json]]:
    """Keys of the other algorithms, each with its algorithm and public key."""
    found: list[tuple[Any, str, Json]] = []
    for curve, alg in ((ec.SECP256R1(), "ES256"), (ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")):
        key = ec.generate_private_key(curve)
        found.append((key, alg, json.loads(ECAlgorithm.to_jwk(key.public_key())) | {"kid": alg}))
    edwards = ed25519.Ed25519PrivateKey.generate()
    found.append((edwards, "EdDSA", json.loads(OKPAlgorithm.to_jwk(edwards.public_key())) | {"kid": "EdDSA"}))
    found += [(RSA_KEY, alg, rsa_jwk(RSA_KEY, alg)) for alg in ("RS512", "PS256")]
    return found


STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def forge_with_public_key(issuer: IssuerServer) -> str:
    """HS256 with what everybody can fetch: https://datatracker.ietf.org/doc/html/rfc8725#section-2.1"""
    secret = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = encode_part({"alg": "HS256", "kid": "first"})
    body = encode_part({"iss": issuer.address, "aud": AUDIENCE, "sub": "alice", "exp": int(time.time()) + 60})
    return f"{head}.{body}.{encode_part(hmac.digest(secret, f'{head}.{body}'.encode(), hashlib.sha256))}"


def change_claims(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}"


WRONG: dict[str, Callable[[IssuerServer], str]] = {
    "another audience": lambda issuer: issuer.token(aud="https://other.example/mcp"),
    "an audience that begins so": lambda issuer: issuer.token(aud=f"{AUDIENCE}x"),
    "no audience": lambda issuer: issuer.token(aud=None),
    "an audience that is no text": lambda issuer: issuer.token(aud=[5]),
    "another issuer": lambda issuer: issuer.token(iss="https://evil.example"),
    "the issuer with a slash": lambda issuer: issuer.token(iss=f"{issuer.address}/"),
    "no issuer": lambda issuer: issuer.token(iss=None),
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 60),
    "no expiry": lambda issuer: issuer.token(exp=None),
    "an expiry that is no number": lambda issuer: issuer.token(exp="soon"),
    "not yet valid": lambda issuer: issuer.token(nbf=int(time.time()) + 120),
    "no subject": lambda issuer: issuer.token(sub=None),
    "an empty subject": lambda issuer: issuer.token(sub=""),
    "a subject that is no text": lambda issuer: ".".join(
        [encode_part({"alg": "RS256", "kid": "first"}), encode_part({"sub": 5}), "AAAA"]
    ),
    "another key": lambda issuer: issuer.token(STRANGER),
    "a symmetric algorithm": lambda issuer: jwt.encode({"sub": "alice"}, "x" * 64, "HS256", headers={"kid": "first"}),
    "the public key as a secret": forge_with_public_key,
    "no algorithm": lambda issuer: issuer.token(None, alg="none"),
    "a critical header": lambda issuer: issuer.token(headers={"crit": ["b64"], "b64": True}),
    "another algorithm of the same key": lambda issuer: issuer.token(alg="RS384", kid="pinned"),
    "a name of the key that is no text": lambda issuer: f"{encode_part({'alg': 'RS256', 'kid': 5})}.e30.AAAA",
    "garbage": lambda _: "garbage",
    "dots": lambda _: "..",
    "a header that is no object": lambda _: f"{encode_part([])}.{encode_part({})}.AAAA",
    "no JSON": lambda _: f"{encode_part(b'{')}.{encode_part({})}.AAAA",
    "huge": lambda issuer: issuer.token(padding="x" * 20_000),
    "a changed claim": lambda issuer: change_claims(issuer.token()),
}
"""Tokens that open nothing, by what is wrong with them."""
