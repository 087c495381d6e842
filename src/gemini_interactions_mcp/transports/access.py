"""Decides who may use the server over HTTP, and refuses to serve where anybody could."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import anyio.lowlevel
import httpx2
from starlette.routing import Route

from gemini_interactions_mcp.core import InputError, Timing
from gemini_interactions_mcp.journal import AccessTokens, Database
from gemini_interactions_mcp.settings import AUTH_VARIABLE, ISSUER_VARIABLE, Settings

from .auth.issuer import Issuer
from .auth.metadata import WELL_KNOWN, Challenge, build_metadata_routes
from .auth.named_tokens import NamedTokens
from .auth.oauth import OAuthTokens
from .auth.rates import CallRates
from .auth.verification import FreshToken, Verifier
from .public_url import LOOPBACK_HOST, ListeningPlace, PublicUrl, parse_public_url, resolve_place

CHOOSE_AUTH: Final = (
    f"Set {AUTH_VARIABLE}=token, and make a token for each user with `gemini-interactions-mcp token add NAME`; "
    f"or set {AUTH_VARIABLE}=oauth and {ISSUER_VARIABLE}."
)


@dataclass(frozen=True)
class ServingOptions:
    """The options of `serve --http`.

    Attributes:
        host: Where to listen.
        port: 0 is any free one.
        public_url: The address under which clients reach the server; None where that is where it listens.
        authenticated: Whether every request needs a token.
        drain_seconds: How long the server goes on after a signal to end, while it says that it is not ready.
    """

    host: str = LOOPBACK_HOST
    port: int = 8765
    public_url: str | None = None
    authenticated: bool = True
    drain_seconds: float = 0


@dataclass(frozen=True)
class ServingPlan:
    """What the options come to.

    Attributes:
        place: Where to listen.
        public: The address that clients use; None where that is where it listens.
        fresh: The token of a server on loopback that has no others.
    """

    options: ServingOptions
    place: ListeningPlace
    public: PublicUrl | None
    fresh: FreshToken | None


def plan_serving(settings: Settings, options: ServingOptions) -> ServingPlan:
    """Return what the options come to.

    Raises:
        InputError: They would let anybody in, or contradict each other; the text says what to do.
    """
    place = resolve_place(options.host)
    public = parse_public_url(options.public_url) if options.public_url is not None else None
    named = settings.auth != "none"
    if named and not options.authenticated:
        raise InputError(f"--no-auth contradicts {AUTH_VARIABLE}={settings.auth}: leave one of them out.")
    if not named and not place.is_loopback:
        raise InputError(
            f"Without authentication, anybody who reaches {options.host} could spend your money: so this server "
            f"listens on loopback only (127.0.0.1, ::1, localhost). {CHOOSE_AUTH}"
        )
    if not named and public:
        raise InputError(f"--public-url is for a server that others use, and so needs authentication. {CHOOSE_AUTH}")
    if settings.auth == "oauth" and settings.oauth_issuer is None:
        raise InputError(f"{AUTH_VARIABLE}=oauth needs {ISSUER_VARIABLE}, the address of the authorization server.")
    if settings.auth == "oauth" and public is None and not place.is_loopback:
        raise InputError(f"{AUTH_VARIABLE}=oauth needs --public-url, the address that access tokens are issued for.")
    return ServingPlan(options, place, public, FreshToken() if options.authenticated and not named else None)


@dataclass(frozen=True)
class Access:
    """Who may use the server.

    Attributes:
        verifier: Verifies tokens; None where none is needed.
        challenge: Writes what clients without one are told.
        rates: Limits the requests of each principal.
        routes: Of the metadata.
        prepare: Fetches at the start what verifies tokens, and logs where that fails.
    """

    verifier: Verifier | None
    challenge: Challenge
    rates: CallRates
    routes: Sequence[Route] = ()
    prepare: Callable[[], Coroutine[Any, Any, None]] = anyio.lowlevel.checkpoint


@asynccontextmanager
async def open_access(
    settings: Settings, plan: ServingPlan, public: PublicUrl, database: Database, timing: Timing
) -> AsyncGenerator[Access]:
    """Yield who may use the server, as settings and options say.

    Args:
        settings: The settings.
        plan: What the options come to.
        public: The address that clients use.
        database: Has the tokens and principals.
        timing: How often that is looked at again.
    """
    rates = CallRates(settings.calls_per_minute)
    tokens = AccessTokens(database)
    if settings.auth == "oauth" and settings.oauth_issuer:
        async with httpx2.AsyncClient(timeout=timing.issuer_fetch, follow_redirects=False) as client:
            issuer = Issuer(settings.oauth_issuer, client, timing)
            verifier = OAuthTokens(issuer, settings.oauth_audience or public.mcp, tokens, timing)
            routes = build_metadata_routes(public.mcp, issuer.address, public.prefix)
            yield Access(verifier, Challenge(f"{public.base}{WELL_KNOWN}/mcp"), rates, routes, issuer.prepare)
    elif settings.auth == "token":
        yield Access(NamedTokens(tokens, timing), Challenge(), rates)
    else:
        yield Access(plan.fresh, Challenge(), rates)
