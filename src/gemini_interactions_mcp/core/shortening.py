"""Shortens what lets whoever reads a log in: signed addresses of files, access tokens, queries of addresses. Pure.

Secrets that settings name are the `Redactor`'s; these are made while the server runs, and are known by their form.
"""

import re
from typing import Final

SHORTENED_TOKEN: Final = "[token]"  # noqa: S105 - stands for one
SHORTENED_QUERY: Final = "[query]"

CREDENTIAL: Final = re.compile(
    # A signed token, by where it stands or by how it begins: with `["`, in base64. Letters may be percent-encoded.
    r"(?P<place>/(?:files|uploads)/)[\w%~-]{1,4096}(?:\.|%2[Ee])[\w%~-]{16,4096}"
    r"|\bWy[IJ][\w%-]{1,4096}(?:\.|%2[Ee])[\w%-]{16,4096}"
    # A token of ours, and a JSON Web Token.
    r"|\bgim_[\w-]{16,}"
    r"|\beyJ[\w-]{8,16384}\.[\w-]{8,16384}\.[\w-]*"
    r"|(?P<scheme>\b(?i:bearer) )[\w.~+/=-]{8,}"
)
"""Matches what opens something to whoever has it."""

QUERY: Final = re.compile(r"((?:\b[A-Za-z][A-Za-z0-9+.-]{0,19}:/|\b[A-Z]{3,7} |\A)/[^\s\"'<>?]*\?)[^\s\"'<>]+")
"""Matches an address, or the path of a request, with its query."""


def shorten_credentials(text: str) -> str:
    """Return a line of a log without the tokens and the queries of addresses in it."""
    return QUERY.sub(rf"\1{SHORTENED_QUERY}", CREDENTIAL.sub(shorten_match, text))


def shorten_match(found: re.Match[str]) -> str:
    """Return what stands in the place of a token: what is before it stays."""
    return f"{found['place'] or found['scheme'] or ''}{SHORTENED_TOKEN}"
