"""The keys of an authorization server: found by its metadata, cached, and fetched again after a rotation.

PyJWT's own client of key sets blocks the event loop.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import urlsplit, urlunsplit

import anyio
import httpx2
import jwt

from gemini_interactions_mcp.core import DEFAULT_TIMING, Outage, Timing, logger
from gemini_interactions_mcp.settings import is_secure_url

from .verification import UnverifiableError

MAX_METADATA_BYTES: Final = 2**20
MAX_KEYS: Final = 100

CURVE_ALGORITHMS: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
RSA_ALGORITHMS: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
MIN_RSA_BITS: Final = 2048


class IssuerError(Exception):
    """The authorization server cannot be reached, or answers what it must not."""


class SigningKey:
    """A public key of the authorization server.

    Attributes:
        kid: Its name; None if it has none.
        algorithms: The algorithms that it may be used with.
        public: The key, as PyJWT takes it.
    """

    def __init__(self, kid: str | None, algorithms: frozenset[str], public: Any) -> None:  # noqa: ANN401 - one of four
        self.kid = kid
        self.algorithms = algorithms
        self.public = public


class Issuer:
    """An authorization server.

    Args:
        address: Its issuer identifier, exactly as its metadata spells it.
        client: Fetches its documents; follows no redirects.
        timing: How often, and how long.
    """

    def __init__(self, address: str, client: httpx2.AsyncClient, timing: Timing = DEFAULT_TIMING) -> None:
        self.address = address
        self._client = client
        self._timing = timing
        self._keys: Sequence[SigningKey] = ()
        self._fetched_at = -math.inf
        self._failed_at = -math.inf
        self._lock = anyio.Lock()
        self._outage = Outage(
            f"The keys of {address} cannot be fetched, so that no new access token is accepted: %s",
            f"The keys of {address} can be fetched again.",
        )

    async def prepare(self) -> None:
        """Fetch the keys before the first token comes; the log says if that fails.

        The server is ready all the same: it is no better off where it gets no requests. The next token tries again, and
        what does not depend on the authorization server (files by their addresses, health) is answered.
        """
        async with self._lock:
            if self._fetched_at == -math.inf:
                await self._try_refresh()

    async def _try_refresh(self) -> None:
        try:
            await self._refresh()
        except IssuerError:
            return  # it is logged
        except Exception:  # must not end the server
            logger.exception("The keys of %s cannot be fetched", self.address)

    async def find_keys(self, kid: str | None, algorithm: str) -> list[SigningKey]:
        """Return the keys that may have signed a token, fetched where none is known; empty if there is none.

        Raises:
            UnverifiableError: The authorization server cannot be asked now.
        """
        found = self._match(kid, algorithm)
        if found and self._age() < self._timing.issuer_keys:
            return found
        async with self._lock:
            known = self._match(kid, algorithm)
            if self._age() < (self._timing.issuer_keys if known else self._timing.issuer_unknown_key):
                return known
            try:
                await self._refresh()
            except IssuerError as exc:
                if known:
                    return known
                raise UnverifiableError("The authorization server cannot be asked at the moment.") from exc
            return self._match(kid, algorithm)

    def _age(self) -> float:
        return anyio.current_time() - self._fetched_at

    def _match(self, kid: str | None, algorithm: str) -> list[SigningKey]:
        fitting = [key for key in self._keys if algorithm in key.algorithms]
        return fitting if kid is None else [key for key in fitting if key.kid == kid]

    async def _refresh(self) -> None:
        """Fetch the keys.

        Raises:
            IssuerError: That fails, or has failed a moment ago.
        """
        if anyio.current_time() - self._failed_at < self._timing.issuer_retry:
            raise IssuerError("It failed a moment ago.")
        try:
            with anyio.fail_after(self._timing.issuer_fetch):
                document = await self._fetch(await self._find_key_address())
            self._keys = read_keys(document)
        except (IssuerError, TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as exc:
            self._failed_at = anyio.current_time()
            self._outage.begin(describe_fetch_failure(exc))
            raise IssuerError(str(exc)) from exc
        self._fetched_at = anyio.current_time()
        self._outage.end()

    async def fetch_keys(self) -> list[SigningKey]:
        """Return the keys as they are now, whatever is known.

        Raises:
            IssuerError: They cannot be fetched; the text says why.
        """
        try:
            with anyio.fail_after(self._timing.issuer_fetch):
                return read_keys(await self._fetch(await self._find_key_address()))
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as exc:
            raise IssuerError(str(exc) or type(exc).__name__) from exc

    async def _find_key_address(self) -> str:
        """Return the address of the keys, from metadata that name exactly this issuer.

        Raises:
            IssuerError: There are none.
        """
        reasons: list[str] = []
        for address in list_metadata_addresses(self.address):
            try:
                document = await self._fetch(address)
            except IssuerError as exc:
                reasons.append(str(exc))
                continue
            where = document.get("jwks_uri")
            if document.get("issuer") != self.address:
                reasons.append(f"{address} is the metadata of another issuer")
            elif isinstance(where, str) and is_secure_url(where.partition("?")[0]):
                return where
            else:
                reasons.append(f"{address} has no https address of keys")
        raise IssuerError("; ".join(reasons))

    async def _fetch(self, address: str) -> Mapping[str, Any]:
        """Return a JSON object.

        Raises:
            IssuerError: There is none, or it is too long.
            httpx2.HTTPError: The server cannot be reached.
        """
        body = bytearray()
        async with self._client.stream("GET", address, headers={"accept": "application/json"}) as response:
            if response.status_code != 200:
                raise IssuerError(f"{address} answers {response.status_code}")
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_METADATA_BYTES:
                    raise IssuerError(f"{address} is longer than {MAX_METADATA_BYTES:,} bytes")
        try:
            value = json.loads(body)
        except (ValueError, RecursionError) as exc:
            raise IssuerError(f"{address} is not JSON") from exc
        if not isinstance(value, dict):
            raise IssuerError(f"{address} is no JSON object")
        return cast("Mapping[str, Any]", value)


def describe_fetch_failure(exc: Exception) -> str:
    """Return why the keys cannot be fetched."""
    if isinstance(exc, TimeoutError | httpx2.TimeoutException):
        return "it does not answer in time"
    return str(exc) or type(exc).__name__


def list_metadata_addresses(issuer: str) -> list[str]:
    """Return where the metadata of an issuer may be: RFC 8414, then both places of OpenID Connect Discovery."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")

    def place(at: str) -> str:
        return urlunsplit((parts.scheme, parts.netloc, at, "", ""))

    return list(
        dict.fromkeys(
            [
                place(f"/.well-known/oauth-authorization-server{path}"),
                place(f"/.well-known/openid-configuration{path}"),
                place(f"{path}/.well-known/openid-configuration"),
            ]
        )
    )


def read_keys(document: Mapping[str, Any]) -> list[SigningKey]:
    """Return the keys of a key set that verify signatures; others are left out.

    Raises:
        IssuerError: It is no key set.
    """
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise IssuerError("the key set has no keys")
    found = [
        read_key(cast("dict[str, Any]", key)) for key in cast("list[object]", keys)[:MAX_KEYS] if isinstance(key, dict)
    ]
    return [key for key in found if key is not None]


def read_key(key: dict[str, Any]) -> SigningKey | None:
    """Return a key of a key set; None if it verifies no signatures of algorithms that are taken."""
    algorithms = list_algorithms(key)
    if not algorithms or key.get("use", "sig") != "sig":
        return None
    try:
        public = jwt.PyJWK(key, algorithm=next(iter(algorithms))).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if key.get("kty") == "RSA" and public.key_size < MIN_RSA_BITS:
        return None
    kid = key.get("kid")
    return SigningKey(kid if isinstance(kid, str) else None, algorithms, public)


def list_algorithms(key: Mapping[str, Any]) -> frozenset[str]:
    """Return the algorithms that a key may be used with; none for symmetric keys."""
    match key.get("kty"), key.get("crv"):
        case "RSA", _:
            usable = RSA_ALGORITHMS
        case "EC", str(curve) if curve in CURVE_ALGORITHMS:
            usable = frozenset({CURVE_ALGORITHMS[curve]})
        case "OKP", "Ed25519" | "Ed448":
            usable = frozenset({"EdDSA"})
        case _:
            usable = frozenset[str]()
    return usable & {key["alg"]} if isinstance(key.get("alg"), str) else usable
