"""Finds the secrets in HTTP headers and URLs that the user has configured. Pure."""

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

PUBLIC_HEADERS: Final = frozenset(
    {"accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "content-type", "origin"}
    | {"mcp-protocol-version", "referer", "user-agent"}
)
"""Headers of remote MCP servers that carry no secret; `application/json` is also a word of the API."""

AUTHORIZATION_SCHEMES: Final = ("basic", "bearer", "token", "apikey", "api-key")
"""Authorization schemes, which precede a secret in a header and are not secret themselves."""

SECRET_PARAMETERS: Final = ("key", "token", "secret", "pass", "pwd", "auth", "sig")
"""Words in the names of URL parameters whose values are secret."""

DATABASE_PASSWORD: Final = re.compile(r"[\w+]+://[^:/@]*:([^@]*)@")
"""The password in the URL of a database: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls"""

RANDOM_SEGMENT: Final = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w-]{20,}|[0-9A-Fa-f-]{32,}")
"""Machine-made segments of a URL's path: some services put their token there."""


def find_header_secrets(name: str, value: str) -> Iterator[str]:
    """Yield the secrets in a header: its value without the scheme, and for `Basic` the decoded user and password."""
    if name.lower() in PUBLIC_HEADERS:
        return
    scheme, _, rest = value.strip().partition(" ")
    yield rest.strip() if scheme.lower() in AUTHORIZATION_SCHEMES else value.strip()
    if scheme.lower() == "basic":
        with suppress(ValueError):
            both = base64.b64decode(rest.strip()).decode()
            yield from (both, *both.split(":", 1))


def find_header_list_secrets(text: str) -> Iterator[str]:
    """Yield the secrets in a list of headers as the variables of OpenTelemetry have it: `name=value,name=value`.

    Values are percent-encoded (https://opentelemetry.io/docs/specs/otel/protocol/exporter/).
    """
    for part in text.split(","):
        name, _, value = (each.strip() for each in part.partition("="))
        for form in dict.fromkeys((value, unquote(value))):
            yield from find_header_secrets(unquote(name), form)


def find_database_secrets(url: str) -> Iterator[str]:
    """Yield the secrets in the URL of a database, whose password may have any character but `@`, as in SQLAlchemy."""
    yield from find_url_secrets(url)
    if found := DATABASE_PASSWORD.match(url):
        yield from (found[1], unquote(found[1]))


def find_url_secrets(url: str) -> Iterator[str]:
    """Yield the secrets in a URL: its password, parameters that are named like secrets, random path segments.

    The value of a parameter may be a URL itself.
    """
    with suppress(ValueError):
        parts = urlsplit(url)
        password = parts.netloc.rpartition("@")[0].partition(":")[2]
        yield from (password, unquote(password))
        query = parse_qsl(parts.query)
        yield from (value for name, value in query if any(word in name.lower() for word in SECRET_PARAMETERS))
        for inner in (value for _, value in query if "://" in value):
            yield from find_url_secrets(inner)
        if parts.scheme in ("http", "https"):
            yield from filter(RANDOM_SEGMENT.fullmatch, parts.path.split("/"))
