"""Shared by the tests of OAuth: an authorization server on a real port, with keys that the tests rotate and break."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
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
