"""What `doctor` and `serve --http` say of the settings of a team."""

import importlib.util
from collections.abc import Iterator
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from gemini_interactions_mcp import journal
from gemini_interactions_mcp.core import DEFAULT_TIMING, ConfigurationError, InputError, format_count
from gemini_interactions_mcp.journal import AccessTokens, Database
from gemini_interactions_mcp.settings import (
    AUTH_VARIABLE,
    ISSUER_VARIABLE,
    LOOPBACK_NAMES,
    MAPPED_DIRS_VARIABLE,
    METRICS_VARIABLE,
    PUBLIC_URL_VARIABLE,
    TRACES_VARIABLE,
    Settings,
    check_traces_address,
    describe_missing_folder,
)

from .findings import Finding, run_check

TRACES_MODULE: Final = "opentelemetry.exporter.otlp.proto.http"


def list_team_settings(settings: Settings) -> Iterator[Finding]:
    """Yield what is found about the settings of a team that are set, without network and database."""
    if settings.auth == "oauth" and settings.oauth_issuer is None:
        yield Finding(False, "auth", f"{AUTH_VARIABLE}=oauth needs {ISSUER_VARIABLE}")
    yield from find_public_url(settings)
    for name, path in settings.mapped_dirs:
        lacking = describe_missing_folder(path)
        yield Finding(lacking is None, "mapped", f"{name} is {path}" + (f": {lacking}" if lacking else ""))
    if settings.metrics_token and not is_installed("prometheus_client"):
        yield Finding("warn", "metrics", describe_lacking_metrics())
    yield from find_traces(settings)


def find_public_url(settings: Settings) -> Iterator[Finding]:
    """Yield what is found about the address that clients use."""
    if settings.public_url is None:
        if settings.auth != "none":
            yield Finding("warn", "public URL", describe_lacking_public_url())
        return
    parts = urlsplit(settings.public_url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_NAMES:
        text = f"{settings.public_url} begins with http://: access tokens travel unencrypted"
        yield Finding("warn", "public URL", text)
    else:
        yield Finding(None, "public URL", settings.public_url)


def find_traces(settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with where traces are sent; a desktop may have the variable for other programs."""
    try:
        check_traces_address(settings.otlp_endpoint)
    except ConfigurationError as exc:
        yield Finding("warn" if settings.auth == "none" else False, "traces", str(exc))
    if settings.auth != "none" and settings.otlp_endpoint and not is_installed(TRACES_MODULE):
        text = f"{TRACES_VARIABLE} is set, and nothing is sent there without the extra: "
        yield Finding("warn", "traces", f"{text}pip install 'gemini-interactions-mcp[otel]'")


def is_installed(module: str) -> bool:
    """Whether a module of an extra can be imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def list_start_warnings(settings: Settings) -> Iterator[str]:
    """Yield what a server for others says at its start will not work."""
    for name, path in settings.mapped_dirs:
        if lacking := describe_missing_folder(path):
            yield f"{MAPPED_DIRS_VARIABLE}: {name} is {path}, and there is {lacking}."
    if settings.metrics_token and not is_installed("prometheus_client"):
        yield describe_lacking_metrics()
    if settings.auth != "none" and settings.public_url is None:
        yield f"{describe_lacking_public_url()}."


def describe_lacking_metrics() -> str:
    """Return what the metrics lack."""
    return (
        f"{METRICS_VARIABLE} is set, and /metrics tells nothing without the extra: pip install "
        "'gemini-interactions-mcp[team]'"
    )


def describe_lacking_public_url() -> str:
    """Return what does not work without an address for clients."""
    return (
        f"There is no public URL (--public-url or {PUBLIC_URL_VARIABLE}): results have no links to files, and uploads "
        "go to whatever host a request names"
    )


async def check_who(settings: Settings, database: Database) -> list[Finding]:
    """Check who may use a server with these settings."""
    if settings.auth == "token":
        return [await check_named_tokens(database)]
    if settings.auth == "oauth" and settings.oauth_issuer:
        return [await run_check("auth", partial(check_issuer, settings.oauth_issuer))]
    return []


async def check_named_tokens(database: Database) -> Finding:
    """Count the names with a valid token."""
    names = {token.principal for token in await AccessTokens(database).list_tokens() if token.is_valid(journal.now())}
    if not names:
        return Finding("warn", "auth", "no token is valid; `gemini-interactions-mcp token add NAME` makes one")
    has = "has a valid token" if len(names) == 1 else "have valid tokens"
    return Finding(True, "auth", f"{format_count(len(names), 'name')} {has}")


async def check_issuer(address: str) -> str:
    """Fetch the keys of an authorization server.

    Raises:
        InputError: There are none, or they cannot be fetched.
    """
    # Here, because they are slow to import.
    import httpx2  # noqa: PLC0415

    from gemini_interactions_mcp.transports.auth.issuer import Issuer, IssuerError  # noqa: PLC0415

    async with httpx2.AsyncClient(timeout=DEFAULT_TIMING.issuer_fetch, follow_redirects=False) as client:
        try:
            keys = await Issuer(address, client).fetch_keys()
        except IssuerError as exc:
            raise InputError(f"The keys of {address} cannot be used: {exc}") from exc
    if not keys:
        raise InputError(f"The keys of {address} cannot be used: there is none of a kind that this server takes")
    return f"{address} has {format_count(len(keys), 'usable key')}"
