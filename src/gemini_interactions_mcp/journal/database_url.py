"""The URL of a database: its driver, the path of SQLite's file, how long to wait, and its secrets."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from gemini_interactions_mcp.core import JournalError, is_strong_secret, quote_name
from gemini_interactions_mcp.settings import expand_folder, find_user_home, has_unknown_user

ASYNC_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
"""Async drivers by the names of databases, for URLs without one."""

BACKENDS: Final = frozenset({"sqlite", "postgresql"})
"""Databases that keep what the journal promises when several servers share it."""

USABLE_URLS: Final = "Use PostgreSQL (postgresql://user:password@host/name) or SQLite (sqlite:///path)."

LIBPQ_PARAMETERS: Final = {
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "application_name", "options"),
}
"""Parameters of PostgreSQL's URLs (postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS) that asyncpg
understands in a DSN alone (asyncpg 0.32, connect_utils.py)."""


def parse_url(text: str | Path) -> sa.URL:
    """Parse a database URL; a `Path` becomes the URL of an SQLite file, whatever characters it has.

    Raises:
        JournalError: The text is no URL, it names another database than SQLite and PostgreSQL, its password is written
            so that a part of it would be taken for the host, or its path begins with the name of an unknown user.
    """
    if isinstance(text, Path):
        return sa.URL.create("sqlite+aiosqlite", database=str(text))
    with suppress(ArgumentError, ValueError):
        url = sa.make_url(text)
        if "@" not in (url.host or ""):
            return expand_home(choose_driver(url))
    raise JournalError(
        f"GEMINI_MCP_DATABASE_URL is not a database URL. {USABLE_URLS}"
        " Write special characters of a password as %-codes."
    )


def check_url(text: str | Path) -> None:
    """Check a database URL without connecting.

    Raises:
        JournalError: As `parse_url`.
    """
    parse_url(text)


def describe_address(text: str | Path) -> str:
    """Return the path of an SQLite file, or host and name of another database, without user, password and parameters.

    Raises:
        JournalError: As `parse_url`.
    """
    url = parse_url(text)
    if is_file_database(url):
        return quote_name(str(Path(str(url.database)).absolute()))
    if is_sqlite(url):
        return ":memory:"
    place = sa.URL.create(url.get_backend_name(), host=url.host, port=url.port, database=url.database)
    return quote_name(place.render_as_string())


def choose_driver(url: sa.URL) -> sa.URL:
    """Return the URL with an async driver where it names none.

    Raises:
        JournalError: It names another database than SQLite and PostgreSQL.
    """
    named = url.set(drivername=ASYNC_DRIVERS.get(url.drivername, url.drivername))
    # The name before the driver: SQLAlchemy knows the names of its own databases only.
    backend = named.drivername.partition("+")[0]
    if backend not in BACKENDS:
        raise JournalError(
            f"GEMINI_MCP_DATABASE_URL names {quote_name(backend)}, on which the journal cannot be kept. {USABLE_URLS}"
        )
    return named


def expand_home(url: sa.URL) -> sa.URL:
    """Return the URL with `~` and `${HOME}` in the path of an SQLite file replaced by the home directory.

    Raises:
        JournalError: The path begins with the name of an unknown user.
    """
    if not is_file_database(url):
        return url
    path = expand_folder(str(url.database), find_user_home())
    if has_unknown_user(path):
        raise JournalError(f"GEMINI_MCP_DATABASE_URL names {quote_name(str(path))}: there is no such user.")
    return url.set(database=str(path))


def is_sqlite(url: sa.URL) -> bool:
    """Whether the database is SQLite, with any driver."""
    return url.get_backend_name() == "sqlite"


def is_file_database(url: sa.URL) -> bool:
    """Whether the database is an SQLite file named by its path; `file:` begins SQLite's own kind of URI."""
    return is_sqlite(url) and not (url.database or ":memory:").startswith((":memory:", "file:"))


def parse_busy_seconds(url: sa.URL, default: float) -> float:
    """Return the seconds for which a statement is retried while another program holds the database.

    Raises:
        ValueError: The `timeout` in the URL is not a number.
    """
    return float(str(url.query.get("timeout", default)))


def split_libpq_parameters(url: sa.URL) -> tuple[sa.URL, dict[str, str]]:
    """Return a URL without the parameters that asyncpg takes in a DSN only, and that DSN as its argument."""
    words = {name: value for name, value in url.query.items() if name in LIBPQ_PARAMETERS}
    if url.drivername != "postgresql+asyncpg" or not words:
        return url, {}
    return url.difference_update_query(words), {"dsn": f"postgresql://?{urlencode(words, doseq=True)}"}


def redact_passwords(text: str, url: sa.URL) -> str:
    """Return a text without the URL's passwords; one that may be a part of a word is replaced only as a whole word."""
    for password in list_passwords(url):
        pattern = make_text_pattern(password)
        text = re.sub(pattern if is_strong_secret(password) else rf"(?<!\w){pattern}(?!\w)", "***", text)
    return text


def list_passwords(url: sa.URL) -> list[str]:
    """Return all secrets in a URL, longest first: one may contain another."""
    named = [url.query[name] for name in url.query if "pass" in name.lower()]
    found = [url.password or "", *(value for each in named for value in ([each] if isinstance(each, str) else each))]
    return sorted(filter(None, found), key=len, reverse=True)


def make_text_pattern(secret: str) -> str:
    """Return a pattern for a text as a message may quote it: verbatim, escaped by Python, or with any %-codes."""
    return "".join(make_character_pattern(character) for character in secret)


def make_character_pattern(character: str) -> str:
    """Return a pattern for a character as a message may quote it."""
    code = "".join(f"%{byte:02x}" for byte in character.encode(errors="surrogatepass"))
    plain = {character, repr(character)[1:-1], "+" if character == " " else character}
    return f"(?:{'|'.join(re.escape(each) for each in sorted(plain, key=len, reverse=True))}|(?i:{code}))"
