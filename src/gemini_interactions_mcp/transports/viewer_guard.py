"""Who may speak to the viewer: pages of its own origin, with the session that its one-time token began.

Any page of any site can send requests to a port of loopback, and any name can be made to resolve to it.
"""

import hashlib
import re
import secrets
from base64 import b64encode
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .viewer_answers import refuse_request

COMMON_HEADERS: Final = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""Of every answer."""

STRICT_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""The content security policy of every answer that has none of its own."""

OWN_SITES: Final = frozenset({"same-origin", "none"})
"""Values of `Sec-Fetch-Site` for requests of the page itself and of the user; only browsers send one."""

INLINE_PART: Final = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


class ViewerGuard:
    """Refuses requests of other sites and names, and gives all answers their security headers.

    Args:
        app: What answers the other requests.
        port: The port of this server.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        names = ("127.0.0.1", "localhost")
        self._hosts = {f"{name}:{port}" for name in names} | ({*names} if port == 80 else set[str]())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                protect_answer(MutableHeaders(scope=message))
            await send(message)

        await (self._find_refusal(scope) or self._app)(scope, receive, send_guarded)

    def _find_refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return refuse_request(421, "This address is served as 127.0.0.1 or localhost only.")
        origins = headers.getlist("origin")
        if origins and origins != [f"http://{hosts[0].lower()}"]:
            return refuse_request(403, "Other pages are refused.")
        if not OWN_SITES.issuperset(headers.getlist("sec-fetch-site")) and not opens_page(scope, headers):
            return refuse_request(403, "Requests of other sites are refused.")
        return None


def opens_page(scope: Scope, headers: Headers) -> bool:
    """Whether the page itself, which has no data, is opened in a tab: its link may stand in another page."""
    opened = headers.getlist("sec-fetch-mode") == ["navigate"] and headers.getlist("sec-fetch-dest") == ["document"]
    return opened and scope["path"] == "/" and scope["method"] in ("GET", "HEAD")


def protect_answer(headers: MutableHeaders) -> None:
    """Add the security headers to an answer."""
    for name, value in COMMON_HEADERS.items():
        headers[name] = value
    headers.setdefault("content-security-policy", STRICT_POLICY)


def build_page_policy(page: str) -> str:
    """Return the content security policy of a page, by which only its own inline scripts and styles count."""
    hashes: dict[str, list[str]] = {"style": [], "script": []}
    for kind, text in INLINE_PART.findall(page):
        hashes[kind].append(f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'")
    allowed = [f"{kind}-src {' '.join(found)}" for kind, found in hashes.items() if found]
    media = ["img-src data: blob: 'self'", "media-src 'self' data: blob:", "connect-src 'self'"]
    return "; ".join([STRICT_POLICY, *allowed, *media])


class ViewerSession:
    """The one session of a viewer, which its one-time token begins.

    Args:
        port: Cookies are shared between all ports of a machine, so its name contains the port.
    """

    def __init__(self, port: int) -> None:
        self.token: Final = secrets.token_urlsafe(32)
        self.cookie: Final = f"gemini_view_{port}"
        self._secret = ""

    def begin(self, request: HTTPConnection, token: object) -> bool:
        """Begin the session with the token; whether it is the right one and has not been used by another browser."""
        right = isinstance(token, str) and secrets.compare_digest(token.encode(errors="replace"), self.token.encode())
        if right and not self._secret:
            self._secret = secrets.token_urlsafe(32)
            return True
        return right and self.holds(request)

    def holds(self, request: HTTPConnection) -> bool:
        """Whether a request belongs to the session."""
        given = request.cookies.get(self.cookie, "")
        return bool(self._secret) and secrets.compare_digest(given.encode(errors="replace"), self._secret.encode())

    def write_cookie(self) -> str:
        """Return the `Set-Cookie` header of the session."""
        return f"{self.cookie}={self._secret}; Path=/; HttpOnly; SameSite=Strict"
