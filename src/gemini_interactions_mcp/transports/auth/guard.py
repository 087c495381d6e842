"""Lets through what a valid token allows, and answers the rest as RFC 6750 and MCP's authorization say."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.transport_security import DEFAULT_MAX_REQUEST_BODY_SIZE, RequestBodyLimitMiddleware
from mcp_types import INVALID_REQUEST
from starlette.authentication import AuthCredentials
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gemini_interactions_mcp.core import coerce_object
from gemini_interactions_mcp.server import PrincipalToken, describe_missing_scope, list_required_scopes
from gemini_interactions_mcp.transports.jsonrpc import parse_json
from gemini_interactions_mcp.transports.log_context import set_log_context

from .lasting import LastingRequest
from .metadata import FIRST_SCOPES, Challenge
from .rates import CallRates
from .verification import UnverifiableError, Verifier

AUTHENTICATION_NEEDED = "This server needs an access token in the header Authorization: Bearer."
TOKEN_REFUSED = "The access token is not valid here: unknown, expired, revoked or meant for another server."  # noqa: S105


class AccessGuard:
    """Lets requests with a valid token through to an application.

    Args:
        app: The application.
        verifier: Verifies tokens.
        challenge: Writes what clients are told.
        rates: Limits the requests of each principal.
        recheck: Seconds after which the token of a stream is looked at again.
    """

    def __init__(
        self, app: ASGIApp, verifier: Verifier, challenge: Challenge, rates: CallRates, recheck: float
    ) -> None:
        # Only what has a valid token is read.
        self._app = RequestBodyLimitMiddleware(ScopeGuard(app, challenge), DEFAULT_MAX_REQUEST_BODY_SIZE)
        self._verifier = verifier
        self._challenge = challenge
        self._rates = rates
        self._recheck = recheck

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        outcome = await self._check(Headers(scope=scope))
        if not isinstance(outcome, PrincipalToken):
            await outcome(scope, receive, send)
            return
        set_log_context(principal=outcome.principal.name or "owner")
        user = AuthenticatedUser(outcome)
        scope["user"], scope["auth"] = user, AuthCredentials(outcome.scopes)
        reset = auth_context_var.set(user)
        try:
            await self._choose_app(scope, outcome)(scope, receive, send)
        finally:
            auth_context_var.reset(reset)

    def _choose_app(self, scope: Scope, token: PrincipalToken) -> ASGIApp:
        """Return what answers: a stream ends with its token; a call, which may be paid for, has its answer."""
        headers = Headers(scope=scope)
        if scope["method"] != "GET" and headers.get("mcp-method") != "subscriptions/listen":
            return self._app
        text = read_bearer(headers.getlist("authorization"))
        refusal = self._refuse(401, "invalid_token", TOKEN_REFUSED)
        return LastingRequest(self._app, lambda: self._is_valid(text), refusal, self._recheck, token.ends_at)

    async def _check(self, headers: Headers) -> PrincipalToken | JSONResponse:
        """Return the verified token of a request, or the answer that refuses it."""
        given = headers.getlist("authorization")
        if len(given) > 1:
            return self._refuse(400, "invalid_request", "A request has one access token.")
        text = read_bearer(given)
        if not text:
            return self._refuse(401, "", AUTHENTICATION_NEEDED)
        try:
            token = await self._verifier.verify_token(text)
        except UnverifiableError as exc:
            return answer_later(503, "temporarily_unavailable", str(exc), exc.seconds)
        if token is None:
            return self._refuse(401, "invalid_token", TOKEN_REFUSED)
        if seconds := self._rates.take(token.principal.name):
            return answer_later(429, "too_many_requests", "These are too many requests in a minute.", seconds)
        return token

    async def _is_valid(self, text: str) -> bool:
        return await self._verifier.verify_token(text) is not None

    def _refuse(self, status: int, error: str, description: str) -> JSONResponse:
        told = self._challenge.write(FIRST_SCOPES, error, description if error else "")
        body = {"error": error or "unauthorized", "error_description": description}
        return JSONResponse(body, status, {"www-authenticate": told})


def read_bearer(headers: Sequence[str]) -> str:
    """Return the token in `Authorization` headers; empty if there is none."""
    kind, _, text = (headers[0] if headers else "").partition(" ")
    return text.strip() if kind.lower() == "bearer" else ""


class ScopeGuard:
    """Answers 403 where a token lacks a scope that a request needs.

    Args:
        app: Answers the others; it has the request whole.
        challenge: Writes what clients are told.
    """

    def __init__(self, app: ASGIApp, challenge: Challenge) -> None:
        self._app = app
        self._challenge = challenge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whose body comes in one message."""
        first = await receive() if scope["method"] == "POST" else None
        missing = find_missing_scope(first, cast("Sequence[str]", scope["auth"].scopes)) if first else None
        if missing is not None:
            description = f"The access token lacks the scope {missing}."
            told = self._challenge.write([missing], "insufficient_scope", description)
            answer = build_scope_error(first or {}, missing)
            await JSONResponse(answer, 403, {"www-authenticate": told})(scope, receive, send)
            return
        waiting = [first] if first else []

        async def replay() -> Message:
            return waiting.pop() if waiting else await receive()

        await self._app(scope, replay, send)


def find_missing_scope(message: Message, scopes: Sequence[str]) -> str | None:
    """Return a scope that a request needs and does not have; None if it has all, or is no request."""
    try:
        value = parse_json(cast("bytes", message.get("body", b"")).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    requests = cast("list[object]", value) if isinstance(value, list) else [value]
    for request in requests:
        for needed in list_needed_scopes(coerce_object(request)):
            if needed not in scopes:
                return needed
    return None


def build_scope_error(message: Message, missing: str) -> dict[str, Any]:
    """Return the JSON-RPC error for a request that lacks a scope, which MCP clients show; they read no other body."""
    request = coerce_object(parse_json(cast("bytes", message.get("body", b"")).decode("utf-8-sig")))
    identity = request.get("id")
    error = {"code": INVALID_REQUEST, "message": describe_missing_scope(missing)}
    return {"jsonrpc": "2.0", "id": identity if isinstance(identity, str | int) else None, "error": error}


def list_needed_scopes(request: Mapping[str, Any]) -> list[str]:
    """Return the scopes that a request needs."""
    method, params = request.get("method"), request.get("params")
    if not isinstance(method, str):
        return []
    given = coerce_object(params)
    named = coerce_object(given.get("arguments")).get("interaction_id")
    set_log_context(interaction_id=named if isinstance(named, str) else "")
    return list_required_scopes(method, given)


def answer_later(status: int, error: str, description: str, seconds: int) -> JSONResponse:
    """Return the answer for a request that may be repeated after so many seconds."""
    return JSONResponse({"error": error, "error_description": description}, status, {"retry-after": str(seconds)})
