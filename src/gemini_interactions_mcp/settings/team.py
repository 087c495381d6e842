"""Settings of a server that several people reach through a network. Pure."""

import re
from decimal import Decimal
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr

from gemini_interactions_mcp.core import ConfigurationError

from .amounts import make_dollar_parser
from .environment import SettingsEnvironment, SettingVariable

AUTH_VARIABLE: Final = "GEMINI_MCP_AUTH"
ISSUER_VARIABLE: Final = "GEMINI_MCP_OAUTH_ISSUER"
METRICS_VARIABLE: Final = "GEMINI_MCP_METRICS_TOKEN"
TRACES_VARIABLE: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
ORIGINS_VARIABLE: Final = "GEMINI_MCP_ALLOWED_ORIGINS"
PRINCIPAL_DAY_VARIABLE: Final = "GEMINI_MCP_PRINCIPAL_DOLLARS_PER_DAY"

LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts of URLs that lead to this machine only."""

AuthMethod = Literal["none", "token", "oauth"]


def parse_issuer(_: SettingsEnvironment, text: str | None) -> str | None:
    """Return the address of an authorization server, exactly as its own metadata spells it.

    Raises:
        ConfigurationError: It is no address that keys may be fetched from.
    """
    if text is None:
        return None
    if is_secure_url(text):
        return text
    raise ConfigurationError(
        f"{ISSUER_VARIABLE} should be an https:// address without a query (http on loopback only)."
    )


def is_secure_url(text: str) -> bool:
    """Whether a text is an https URL without a query, or such an http URL of loopback."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username or parts.password) and "?" not in text
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_NAMES)
    return plain and secure and bool(host)


def parse_origins(_: SettingsEnvironment, text: str | None) -> tuple[str, ...] | None:
    """Return origins as browsers send them.

    Raises:
        ConfigurationError: One is no origin.
    """
    if text is None:
        return None
    found = tuple(part.strip().removesuffix("/").lower() for part in re.split(r"[,\s]+", text) if part.strip())
    if all(re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#*@]+", origin) for origin in found):
        return found
    raise ConfigurationError(
        f"{ORIGINS_VARIABLE} should be origins separated by commas, such as https://app.example.com, without wildcards."
    )


def check_traces_address(text: str | None) -> None:
    """Check where traces are sent. Only `serve --http` sends any: other programs may use the variable in another way.

    Raises:
        ConfigurationError: It is no address of HTTP.
    """
    if text and not re.match(r"https?://[^/?#\s]", text, re.IGNORECASE):
        raise ConfigurationError(
            f"{TRACES_VARIABLE} should begin with http:// or https://, as in http://localhost:4318."
        )


class TeamSettings(BaseModel):
    """Settings that count only over HTTP."""

    auth: Annotated[
        AuthMethod,
        SettingVariable(
            AUTH_VARIABLE,
            "Who may use `serve --http`: `token` (made by `gemini-interactions-mcp token add`), `oauth`, or `none`, "
            "which serves loopback only, with a fresh token at each start",
        ),
    ] = "none"
    oauth_issuer: Annotated[
        str | None,
        SettingVariable(
            ISSUER_VARIABLE,
            "The authorization server that issues the access tokens, spelled as in its metadata",
            "",
            parse_issuer,
        ),
    ] = None
    oauth_audience: Annotated[
        str | None,
        Field(min_length=1),
        SettingVariable(
            "GEMINI_MCP_OAUTH_AUDIENCE", "The audience that access tokens must name", "the public URL and `/mcp`"
        ),
    ] = None
    allowed_origins: Annotated[
        tuple[str, ...],
        SettingVariable(
            ORIGINS_VARIABLE,
            "Origins of web pages that may use the server, separated by commas; that of the public URL always may",
            "",
            parse_origins,
        ),
    ] = ()
    principal_dollars_per_day: Annotated[
        Decimal | None,
        Field(ge=0, le=1_000_000),
        SettingVariable(
            PRINCIPAL_DAY_VARIABLE,
            "Maximum US dollars per UTC day of each principal that has no limit of its own",
            "no limit",
            make_dollar_parser(PRINCIPAL_DAY_VARIABLE),
        ),
    ] = None
    calls_per_minute: Annotated[
        int | None,
        Field(ge=1, le=1_000_000),
        SettingVariable(
            "GEMINI_MCP_CALLS_PER_MINUTE",
            "Maximum HTTP requests per minute of each principal, on each server",
            "no limit",
        ),
    ] = None
    metrics_token: Annotated[
        SecretStr | None,
        Field(min_length=16, repr=False),
        SettingVariable(METRICS_VARIABLE, "Bearer token that opens `/metrics`, which is closed without one", ""),
    ] = None
    log_format: Annotated[
        Literal["text", "json"],
        SettingVariable("GEMINI_MCP_LOG_FORMAT", "`json` logs a JSON object per line"),
    ] = "text"
    otlp_endpoint: Annotated[
        str | None,
        Field(repr=False),
        SettingVariable(
            TRACES_VARIABLE,
            "Where `serve --http` sends its traces (OTLP over HTTP), with the other standard variables of "
            "OpenTelemetry; needs the extra `otel`",
            "",
        ),
    ] = None
