"""What the errors of database drivers mean, in sentences without passwords and without what was asked or answered."""

import errno
import socket
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError

from gemini_interactions_mcp.core import GeminiMCPError, JournalError, Outage, logger

from .database_url import is_file_database, parse_url, redact_passwords

UNWRITABLE_REASON: Final = ("cannot be opened or written", "Make the file and its directory writable")
LOCKED_REASON: Final = ("is locked by another program", "Close that program, call again later")
COLLISION_REASON: Final = ("is being written by too many programs at once", "Call again later")
TAKEN_REASON: Final = ("already has a row of this label or interaction_id", "Use that row")
MIGRATED_REASON: Final = ("has been migrated by a newer version of this server", "Update this server and restart it")
UNREADABLE_REASON: Final = ("has a row that this version cannot read", "Update the server")

PASSING_REASONS: Final = (LOCKED_REASON, COLLISION_REASON, TAKEN_REASON, MIGRATED_REASON, UNREADABLE_REASON)
"""Why one statement fails and the next one may not."""

PLACELESS_REMEDY: Final = "Its administrator can see more in the log"
PLACELESS_LEFT: Final = (
    f"The journal of this server was deleted or replaced while it runs, so nothing new is sent. {PLACELESS_REMEDY}."
)

# Primary result codes (sqlite.org/rescode.html): what happened, what to do.
SQLITE_REASONS: Final = {
    sqlite3.SQLITE_BUSY: LOCKED_REASON,
    sqlite3.SQLITE_LOCKED: LOCKED_REASON,
    sqlite3.SQLITE_READONLY: UNWRITABLE_REASON,
    sqlite3.SQLITE_CANTOPEN: UNWRITABLE_REASON,
    sqlite3.SQLITE_PERM: UNWRITABLE_REASON,
    sqlite3.SQLITE_NOTADB: ("is not a database", "Move that file away"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "Move that file away"),
    sqlite3.SQLITE_FULL: ("cannot grow because the disk is full", "Free some space"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written because of a disk error", "Check the disk"),
}

# Codes of PostgreSQL: postgresql.org/docs/current/errcodes-appendix.html.
COLLISION_CODES: Final = frozenset({"40001", "40P01", "55P03"})
"""Codes of a statement that a database has undone because of another one: serialization_failure, deadlock_detected,
lock_not_available."""

MISSING_VALUE_CODE: Final = "23502"
"""Code of a row without a value that a column demands, which this version does not know (not_null_violation)."""

UNKNOWN_NUMBER_CODE: Final = "22023"
"""Code of a question about a transaction that has not been yet (invalid_parameter_value)."""

LOST_CODES: Final = frozenset({"57P01", "57P02", "57P03", "53300"})
"""Codes of a server that ends, starts, or takes no more connections: admin_shutdown, crash_shutdown,
cannot_connect_now, too_many_connections."""

LOST_CLASS: Final = "08"
"""First characters of the codes of broken connections."""


class DatabaseErrors:
    """The errors of one database.

    Args:
        url: Its URL, or the path of an SQLite file.
        placeless: Whether they say neither where it is nor what a driver said: users of other machines read them. The
            log has all of it.
    """

    def __init__(self, url: str | Path, *, placeless: bool) -> None:
        self._url = url
        self._placeless = placeless
        self._outage = Outage("%s", "The journal can be used again.")

    @contextmanager
    def translating(self) -> Generator[None]:
        """Turn whatever the database's libraries raise into a `JournalError`: each driver has classes of its own."""
        try:
            yield
        except GeminiMCPError:
            raise
        except Exception as exc:
            reason = find_reason(exc, parse_url(self._url))
            if self._placeless:
                self._log(reason)
            raise self.make(reason, passes=is_lost(exc)) from exc
        else:
            self._outage.end()

    def _log(self, reason: tuple[str, str]) -> None:
        """Log why a statement fails; where no statement works, once."""
        text = render_reason(reason, parse_url(self._url))
        if reason in PASSING_REASONS:
            logger.warning("%s", text)
        else:
            self._outage.begin(text)

    def describe(self, exc: Exception) -> str:
        """Return for the log what happened."""
        return f"The journal {find_reason(exc, parse_url(self._url))[0]}."

    def make(self, reason: tuple[str, str], *, passes: bool = False) -> JournalError:
        """Return the error of a reason.

        Args:
            reason: What happened and what to do about it.
            passes: Whether it may pass by itself; that of another program's lock always may.
        """
        if not self._placeless:
            return JournalError(render_reason(reason, parse_url(self._url)))
        what = reason[0].partition(" (")[0]
        remedy = "Call again later" if passes or reason in (LOCKED_REASON, COLLISION_REASON) else PLACELESS_REMEDY
        return JournalError(f"The journal of this server {what}. {remedy}.", brief=f"The journal {what}.")

    def make_left(self, whole: str) -> JournalError:
        """Return the error for a file that was deleted or replaced, of which all is said in a text."""
        if not self._placeless:
            return JournalError(whole)
        return JournalError(PLACELESS_LEFT, brief="The journal was deleted or replaced.")


def render_reason(reason: tuple[str, str], url: sa.URL) -> str:
    """Return the error message of a known reason."""
    what, remedy = reason
    where = f" at {url.database}" if is_file_database(url) else ""
    return f"The journal{where} {what}. {remedy}, or name another database with GEMINI_MCP_DATABASE_URL."


def find_reason(exc: Exception, url: sa.URL) -> tuple[str, str]:
    """Return what happened and what to do about it."""
    cause = exc.orig if isinstance(exc, DBAPIError) and exc.orig else exc
    # The low byte is the primary code (sqlite.org/rescode.html).
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in SQLITE_REASONS:
        return SQLITE_REASONS[code]
    if isinstance(exc, IntegrityError):
        return MIGRATED_REASON if is_missing_value(cause) else TAKEN_REASON
    if is_collision(cause):
        return COLLISION_REASON
    if isinstance(cause, ImportError):
        return f"cannot be opened ({cause})", describe_driver_remedy(cause)
    if isinstance(cause, ValidationError):
        return UNREADABLE_REASON
    first_line = redact_passwords(str(cause).partition("\n")[0], url)
    why = describe_loss(cause, url) or f"{type(cause).__name__}: {first_line}"
    return f"cannot be used ({why})", "Make sure that it can be reached"


def describe_loss(cause: BaseException, url: sa.URL) -> str | None:
    """Return in plain words why a server cannot be reached; None for whatever else has happened."""
    if url.host is None or not isinstance(cause, OSError):
        return None
    where = f"{url.host}:{url.port}" if url.port else url.host
    # asyncpg raises an OSError of several where a name has several addresses.
    if isinstance(cause, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(cause):
        return f"{where} refuses the connection: no database listens there"
    if isinstance(cause, socket.gaierror):
        return f"the host {url.host} is unknown"
    if isinstance(cause, TimeoutError):
        return f"{where} does not answer in time"
    return f"the connection to {where} has broken" if isinstance(cause, ConnectionError) else None


def is_missing_value(cause: BaseException) -> bool:
    """Whether a row was refused because a newer version has added a column that must have a value."""
    extended = getattr(cause, "sqlite_errorcode", 0)
    return extended == sqlite3.SQLITE_CONSTRAINT_NOTNULL or get_code(cause) == MISSING_VALUE_CODE


def is_collision(cause: BaseException) -> bool:
    """Whether a database has undone a statement because of another one."""
    return get_code(cause) in COLLISION_CODES


def is_lost(exc: Exception) -> bool:
    """Whether the connection to a database has broken, or could not be made."""
    cause = exc.orig if isinstance(exc, DBAPIError) and exc.orig else exc
    # asyncpg raises errors of the network as they are (a TimeoutError is one).
    if isinstance(cause, OSError) or (isinstance(exc, DBAPIError) and exc.connection_invalidated):
        return True
    code = get_code(cause)
    return code in LOST_CODES or code.startswith(LOST_CLASS)


def is_unknown_number(exc: DBAPIError) -> bool:
    """Whether a database was asked for a transaction that has not been yet."""
    return exc.orig is not None and get_code(exc.orig) == UNKNOWN_NUMBER_CODE


def get_code(cause: BaseException) -> str:
    """Return the SQLSTATE of a driver's error; empty where it has none."""
    return str(getattr(cause, "sqlstate", None) or "")


def describe_driver_remedy(missing: ImportError) -> str:
    """Return what to do where a driver is missing."""
    if missing.name == "asyncpg":
        return "Install gemini-interactions-mcp[postgresql], which brings it along"
    return "Install the driver that its URL needs"
