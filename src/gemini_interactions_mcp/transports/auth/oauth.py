"""Verifies access tokens of an OAuth 2.1 authorization server, as JSON Web Tokens (RFC 9068)."""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import jwt

from gemini_interactions_mcp import journal
from gemini_interactions_mcp.core import MAX_PRINCIPAL_CHARACTERS, SCOPES, Timing
from gemini_interactions_mcp.journal import AccessTokens, KnownPrincipal
from gemini_interactions_mcp.server import PrincipalToken, build_principal

from .issuer import CURVE_ALGORITHMS, RSA_ALGORITHMS, Issuer, SigningKey
from .verification import MAX_KNOWN, MAX_TOKEN_CHARACTERS, Memory, make_principal_token

LEEWAY_SECONDS: Final = 60
"""Seconds by which clocks may differ."""

SIGNATURE_ALGORITHMS: Final = RSA_ALGORITHMS | frozenset(CURVE_ALGORITHMS.values()) | {"EdDSA"}
"""Only asymmetric ones: with a shared secret, everybody who verifies could sign."""

PLAIN_SUBJECT: Final = re.compile(r"[\x21-\x7e]+")
"""Subjects that are part of a name as they are; of others, the hash is, since a database may change letters."""


@dataclass(frozen=True)
class VerifiedClaims:
    """What a token says, once its signature is verified.

    Attributes:
        principal: The name of the principal that its subject has.
        client_id: The client that the token was issued to.
        expires_at: In seconds since 1970.
    """

    principal: str
    client_id: str
    scopes: frozenset[str]
    expires_at: int


class OAuthTokens:
    """Verifies tokens; one that is verified stays so until it expires, also while the issuer is away.

    Args:
        issuer: The authorization server.
        audience: What tokens must have been issued for.
        tokens: The rows of principals.
        timing: How often the rows are read.
    """

    def __init__(self, issuer: Issuer, audience: str, tokens: AccessTokens, timing: Timing) -> None:
        self._issuer = issuer
        self._audience = audience
        self._verified: OrderedDict[str, VerifiedClaims] = OrderedDict()
        self._rows: Memory[KnownPrincipal] = Memory(tokens.ensure_principal, timing.access_recheck)

    async def verify_token(self, token: str) -> PrincipalToken | None:
        """Return the verified token; None if it opens nothing.

        Raises:
            UnverifiableError: The journal or the authorization server cannot be asked now.
        """
        if len(token) > MAX_TOKEN_CHARACTERS:
            return None
        digest = journal.hash_token(token)
        claims = self._verified.get(digest) or await self._verify(token)
        if claims is None or claims.expires_at + LEEWAY_SECONDS <= time.time():
            self._verified.pop(digest, None)
            return None
        self._remember(digest, claims)
        row = await self._rows.get(claims.principal)
        if row is None or row.revoked_at is not None:
            return None
        allowed = build_principal(row, claims.scopes)
        # The SDK compares the expiry with the clock once more, without leeway: so it is not told.
        return make_principal_token(
            allowed,
            digest,
            client_id=claims.client_id,
            claims={"iss": self._issuer.address},
            resource=self._audience,
            ends_at=claims.expires_at + LEEWAY_SECONDS,
        )

    def _remember(self, digest: str, claims: VerifiedClaims) -> None:
        self._verified[digest] = claims
        while len(self._verified) > MAX_KNOWN:
            self._verified.popitem(last=False)

    async def _verify(self, token: str) -> VerifiedClaims | None:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            return None
        kid, algorithm = header.get("kid"), header.get("alg")
        if (
            not isinstance(algorithm, str)
            or algorithm not in SIGNATURE_ALGORITHMS
            or "crit" in header
            or not isinstance(kid, str | None)
        ):
            return None
        for key in await self._issuer.find_keys(kid, algorithm):
            if claims := self._decode(token, key, algorithm):
                return read_claims(claims, self._issuer.address)
        return None

    def _decode(self, token: str, key: SigningKey, algorithm: str) -> Mapping[str, Any] | None:
        """Return the claims of a token; None if it was signed by another key or is not for this server now."""
        slash = self._audience.removesuffix("/")
        try:
            return jwt.decode(
                token,
                key.public,
                algorithms=[algorithm],
                audience=[slash, f"{slash}/"],
                issuer=self._issuer.address,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            return None


def read_claims(claims: Mapping[str, Any], issuer: str) -> VerifiedClaims | None:
    """Return what verified claims say; None if they name nobody."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        return None
    client = claims.get("client_id") or claims.get("azp")
    return VerifiedClaims(
        principal=name_subject(subject, issuer),
        client_id=client if isinstance(client, str) else subject,
        scopes=read_scopes(claims),
        expires_at=int(claims["exp"]),
    )


def read_scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the scopes of this server in `scope` (RFC 9068) or `scp`, each a string or a list."""
    found: set[str] = set()
    for given in (claims.get("scope"), claims.get("scp")):
        if isinstance(given, str):
            found.update(given.split())
        elif isinstance(given, list):
            found.update(each for each in cast("list[object]", given) if isinstance(each, str))
    return frozenset(found & set(SCOPES))


def name_subject(subject: str, issuer: str) -> str:
    """Return the name of the principal with this subject; no token's name has a colon.

    A subject is unique only within its issuer, of which the name has a part of the hash.
    """
    place = hashlib.sha256(issuer.encode()).hexdigest()[:8]
    name = f"oauth:{place}:{subject}"
    if PLAIN_SUBJECT.fullmatch(subject) and len(name) <= MAX_PRINCIPAL_CHARACTERS:
        return name
    return f"oauth-sha256:{place}:{hashlib.sha256(subject.encode(errors='surrogatepass')).hexdigest()}"
