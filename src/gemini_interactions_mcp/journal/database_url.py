"""What the URL of a database says: which driver, where SQLite's file lies, how long to wait, what is secret in it."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from gemini_interactions_mcp.core import JournalError, shown, strong
from gemini_interactions_mcp.settings import folder, of_nobody, user_home

# Two servers on one journal are normal on a desktop, and one may be writing.
BUSY_SECONDS: Final = 5.0

DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "mysql": "mysql+aiomysql",
    "mariadb": "mariadb+aiomysql",
}
"""The async driver of a URL that names none."""

LIBPQ: Final = {
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "application_name", "options"),
}
"""What PostgreSQL's URLs say (postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS), and asyncpg
understands in a DSN alone (asyncpg 0.32, connect_utils.py)."""


def parse_url(text: str | Path) -> sa.URL:
    """The parts of a URL, or the URL of a path, which may have characters that mean something in one.

    Raises:
        JournalError: It is none, its password is written so that a part of it would be taken for the host, or its path
            begins with the name of an unknown user.
    """
    if isinstance(text, Path):
        return sa.URL.create("sqlite+aiosqlite", database=str(text))
    with suppress(ArgumentError, ValueError):
        url = sa.make_url(text)
        if "@" not in (url.host or ""):
            return at_home(url.set(drivername=DRIVERS.get(url.drivername, url.drivername)))
    raise JournalError(
        "GEMINI_MCP_DATABASE_URL is not a database URL."
        " Write it as sqlite+aiosqlite:///path, and special characters of a password as %-codes."
    )


def at_home(url: sa.URL) -> sa.URL:
    """The same URL, in whose path `~` and `${HOME}` stand for the home directory.

    Raises:
        JournalError: It begins with the name of an unknown user.
    """
    if not in_file(url):
        return url
    path = folder(str(url.database), user_home())
    if of_nobody(path):
        raise JournalError(f"GEMINI_MCP_DATABASE_URL names {shown(str(path))}: there is no such user.")
    return url.set(database=str(path))


def is_sqlite(url: sa.URL) -> bool:
    """Whether it is SQLite, with any driver."""
    return url.get_backend_name() == "sqlite"


def in_file(url: sa.URL) -> bool:
    """Whether it is SQLite and the path of a file; what starts with `file:` is SQLite's own kind of URI."""
    return is_sqlite(url) and not (url.database or ":memory:").startswith((":memory:", "file:"))


def busy_seconds(url: sa.URL) -> float:
    """For how long a database that another program holds is tried again: as its URL says.

    Raises:
        ValueError: It says no number.
    """
    return float(str(url.query.get("timeout", BUSY_SECONDS)))


def libpq_apart(url: sa.URL) -> tuple[sa.URL, dict[str, str]]:
    """A URL without what asyncpg takes in a DSN only, and that DSN as its argument."""
    words = {name: value for name, value in url.query.items() if name in LIBPQ}
    if url.drivername != "postgresql+asyncpg" or not words:
        return url, {}
    return url.difference_update_query(words), {"dsn": f"postgresql://?{urlencode(words, doseq=True)}"}


def redacted(text: str, url: sa.URL) -> str:
    """A text without the URL's passwords; one that may be a part of any word only where it stands by itself."""
    for password in passwords(url):
        pattern = spellings(password)
        text = re.sub(pattern if strong(password) else rf"(?<!\w){pattern}(?!\w)", "***", text)
    return text


def passwords(url: sa.URL) -> list[str]:
    """All that a URL keeps secret, longest first: one may contain another."""
    named = [url.query[name] for name in url.query if "pass" in name.lower()]
    found = [url.password or "", *(value for each in named for value in ([each] if isinstance(each, str) else each))]
    return sorted(filter(None, found), key=len, reverse=True)


def spellings(secret: str) -> str:
    """A pattern of a text as a message may quote it: as it is, as Python escapes it, or with any %-codes."""
    return "".join(spelling(character) for character in secret)


def spelling(character: str) -> str:
    """A pattern of a character as a message may quote it."""
    code = "".join(f"%{byte:02x}" for byte in character.encode(errors="surrogatepass"))
    plain = {character, repr(character)[1:-1], "+" if character == " " else character}
    return f"(?:{'|'.join(re.escape(each) for each in sorted(plain, key=len, reverse=True))}|(?i:{code}))"
