"""HTTP clients for the API: the certificates that they trust, and the proxies that they use.

httpx2 reads the same variables by itself; without SSL_CERT_FILE and SSL_CERT_DIR it trusts the system's store
(httpx2 2.16, `httpcore2._ssl.default_ssl_context`). Its errors name no variable and may contain a password, so the
settings are checked first.
"""

import os
import re
import ssl
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx2

from gemini_interactions_mcp.core import ConfigurationError, quote_name
from gemini_interactions_mcp.settings import CERTIFICATE_VARIABLES, find_network_variables

PROXY_SCHEMES: Final = ("https", "all", "http")
"""Schemes that may have their own proxy, in the order in which a message names one."""

PROXY_PASSWORD_PATTERN: Final = re.compile(r"407\b|.*(username/password|no acceptable)", re.IGNORECASE)
"""Matches httpcore2's message if a proxy demands a password, or rejects the given one."""

CERTIFICATE_FILE_ERRORS: Final[tuple[tuple[type[OSError], str], ...]] = (
    (FileNotFoundError, "does not exist"),
    (IsADirectoryError, "is a folder"),
    (ssl.SSLError, "has no certificate in PEM form"),
)
"""Why a file of certificates cannot be used, first match first."""


def make_http_client(base_url: str | None, **options: Any) -> httpx2.AsyncClient:  # noqa: ANN401 - httpx2's own
    """Make an HTTP client for an API. It blocks, since it reads certificates.

    Redirects are not followed, and no proxy is used for this machine, where the emulator runs.

    Raises:
        ConfigurationError: A network setting cannot be used; the message names its variable.
    """
    if base_url and not is_base_url(base_url):
        raise make_setup_error("GOOGLE_GEMINI_BASE_URL is no URL: write https://host")
    variables = find_network_variables()
    check_proxies(variables)
    certificates = load_trusted_certificates(variables)
    return httpx2.AsyncClient(
        verify=certificates, trust_env=not is_loopback(base_url), follow_redirects=False, **options
    )


def is_base_url(text: str) -> bool:
    """Whether a text is an HTTP URL that httpx2 can use."""
    try:
        url = httpx2.URL(text)
    except (ValueError, httpx2.InvalidURL):
        return False
    return url.scheme in ("http", "https") and bool(url.host)


def is_loopback(base_url: str | None) -> bool:
    """Whether a URL is on this machine."""
    return urlsplit(base_url or "").hostname in ("127.0.0.1", "::1", "localhost")


def make_setup_error(reason: str) -> ConfigurationError:
    """Return the error for a setting that prevents a client from being made."""
    return ConfigurationError(f"The connection to Google cannot be prepared because {reason}.")


def check_proxies(variables: Mapping[str, str]) -> None:
    """Check that every configured proxy can be used.

    Raises:
        ConfigurationError: One cannot; its address, which may contain a password, is not repeated.
    """
    for variable, address in find_proxies(variables):
        if not is_usable_proxy(address):
            raise make_setup_error(f"{variable} is no proxy: write http://, https://, socks5:// or socks5h://host:port")


def find_proxies(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the configured proxies: the variable that names the proxy, and its address."""
    found = getproxies()
    for scheme in (scheme for scheme in PROXY_SCHEMES if found.get(scheme)):
        meant = (f"{scheme}_proxy", found[scheme])
        named = (name for name, value in variables.items() if (name.lower(), value) == meant)
        yield next(named, "the proxy in the system's settings"), found[scheme]


def is_usable_proxy(address: str) -> bool:
    """Whether httpx2 can use an address as a proxy."""
    try:
        return bool(httpx2.Proxy(address if "://" in address else f"http://{address}").url.host)
    except (ValueError, httpx2.InvalidURL):
        return False


def load_trusted_certificates(variables: Mapping[str, str]) -> ssl.SSLContext:
    """Load the trusted certificates: of SSL_CERT_FILE, else of SSL_CERT_DIR, else of the system.

    Raises:
        ConfigurationError: A variable names no certificates.
    """
    if file := variables.get("SSL_CERT_FILE"):
        return load_certificate_file(file)
    if folders := variables.get("SSL_CERT_DIR"):
        return load_certificate_folders(folders)
    return httpx2.create_ssl_context()


def load_certificate_file(file: str) -> ssl.SSLContext:
    """Load the certificates of SSL_CERT_FILE.

    Raises:
        ConfigurationError: There are none.
    """
    try:
        return make_tls_context(file)
    except OSError as exc:
        reason = next((reason for kind, reason in CERTIFICATE_FILE_ERRORS if isinstance(exc, kind)), "cannot be read")
        raise make_setup_error(f"SSL_CERT_FILE ({quote_name(file)}) {reason}") from exc


def load_certificate_folders(folders: str) -> ssl.SSLContext:
    """Return a context for the folders of SSL_CERT_DIR, in which OpenSSL looks certificates up by their hash.

    Raises:
        ConfigurationError: None of them can be read.
    """
    if not any(Path(folder).is_dir() and os.access(folder, os.R_OK) for folder in folders.split(os.pathsep)):
        raise make_setup_error(f"SSL_CERT_DIR ({quote_name(folders)}) is no folder that can be read")
    return make_tls_context(folders=folders)


def make_tls_context(file: str | None = None, folders: str | None = None) -> ssl.SSLContext:
    """Return a context that trusts the certificates in a file or in folders.

    Certificates of a company's proxy often lack extensions that RFC 5280 demands, such as the identifier of the
    authority's key. Python 3.13 and newer reject them by default (`ssl.create_default_context`), while earlier ones
    and httpx2 with the system's store do not.
    """
    context = ssl.create_default_context(cafile=file, capath=folders)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def explain_unreachable(errors: Iterable[BaseException]) -> str:
    """Explain why Google was not reached and what to do, naming the variables that are set.

    Args:
        errors: The exception and its causes.
    """
    variables, errors = find_network_variables(), list(errors)
    distrust = next((exc for exc in errors if isinstance(exc, ssl.SSLCertVerificationError)), None)
    if distrust is not None:
        return explain_untrusted_certificate(str(distrust.verify_message), variables)
    proxy = next((variable for variable, _ in find_proxies(variables)), None)
    refusal = next((exc for exc in errors if isinstance(exc, httpx2.ProxyError)), None)
    if proxy and refusal is not None:
        return explain_proxy_refusal(proxy, str(refusal))
    suspect = f"the proxy of {proxy}" if proxy else "a proxy (HTTPS_PROXY)"
    return f"Check the network, {suspect} and GOOGLE_GEMINI_BASE_URL."


def explain_untrusted_certificate(reason: str, variables: Mapping[str, str]) -> str:
    """Explain a certificate that is not trusted; usually, a company's proxy replaces certificates by its own."""
    place = next((name for name in CERTIFICATE_VARIABLES if name in variables), None)
    remedy = (
        f"Only the certificates of {place} are trusted: add its root certificate there"
        if place
        else "Add its root certificate to the system's trust store, or name it (a file in PEM form) in SSL_CERT_FILE"
    )
    return f"The server's certificate is not trusted ({quote_name(reason)}); it may be a company proxy's. {remedy}."


def explain_proxy_refusal(proxy: str, reason: str) -> str:
    """Explain a proxy that made no connection; of an HTTP proxy's message, only the status is repeated."""
    if PROXY_PASSWORD_PATTERN.match(reason):
        return f"The proxy of {proxy} requires a valid user name and password: scheme://name:password@host:port."
    status = re.match(r"\d{3}\b", reason)
    return f"The proxy of {proxy} made no connection ({status[0] if status else quote_name(reason).rstrip('.')})."
