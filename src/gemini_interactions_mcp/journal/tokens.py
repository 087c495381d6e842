"""The rows about who may use this server through a network, and with which tokens."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from gemini_interactions_mcp.core import OWNER, SCOPES, InputError, JournalError, format_dollars

from .audit import record_event
from .clock import now
from .database import Database
from .everybody import list_last_interactions
from .rows import format_moment
from .schema import ACCESS_TOKENS, PRINCIPALS

TOKEN_PREFIX: Final = "gim_"  # noqa: S105 - of every token
"""By which scanners of repositories recognise a token."""

NAME_PATTERN: Final = re.compile(r"[A-Za-z0-9._@-]{1,64}")
"""Names that an administrator gives; those of OAuth have a colon."""

CHANGEABLE: Final = {
    "micros_per_day": "dollars-per-day",
    "runs_per_day": "runs-per-day",
    "key_reference": "key-reference",
}
"""What the columns of a principal that an administrator changes are called in commands."""

DIGEST_CHARACTERS: Final = 12
"""Characters of a digest that stand for a token in lists."""


@dataclass(frozen=True)
class KnownPrincipal:
    """A row about a principal.

    Attributes:
        micros_per_day: Maximum cost in a UTC day, in millionths of a dollar.
        revoked_at: Since when nothing is allowed any more.
        last_interaction_at: When its newest interaction began; only `list_principals` tells.
    """

    name: str
    micros_per_day: int | None = None
    runs_per_day: int | None = None
    key_reference: str | None = None
    created_at: datetime | None = None
    revoked_at: datetime | None = None
    last_interaction_at: datetime | None = None


class NewToken(NamedTuple):
    """A token that was just made.

    Attributes:
        text: The token itself.
        changes: What else has changed for its principal, as `update_principal` returns it.
    """

    text: str
    changes: list[str]


@dataclass(frozen=True)
class KnownToken:
    """A row about a token, whose text nobody keeps.

    Attributes:
        digest: SHA-256 of the token, as hexadecimal digits.
        principal: Whose it is.
    """

    digest: str
    principal: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def label(self) -> str:
        """What stands for the token in lists."""
        return self.digest[:DIGEST_CHARACTERS]

    def is_valid(self, moment: datetime) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked_at is None and (self.expires_at is None or moment < self.expires_at)


def hash_token(token: str) -> str:
    """Return the digest by which a token is found."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def make_token() -> str:
    """Return a new token."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


class AccessTokens:
    """Named tokens and their principals. Every method raises `JournalError` where the database cannot be used.

    The row about what an administrator does is written first: nothing is done without one.

    Args:
        database: Of the journal.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, name: str, scopes: Iterable[str] = SCOPES, expires_at: datetime | None = None, **limits: object
    ) -> NewToken:
        """Make a token, and return it: nothing else keeps it.

        Args:
            name: Of its principal, whose row is made where there is none.
            scopes: What it allows.
            expires_at: When it expires.
            limits: Columns of the principal to change, as `update_principal` takes them, but for None.

        Raises:
            InputError: The name or a scope is wrong, or the principal is revoked.
        """
        check_name(name)
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise InputError(f"There is no scope {unknown[0]}; the scopes are: {', '.join(SCOPES)}.")
        principal = await self.ensure_principal(name)
        if principal.revoked_at is not None:
            raise InputError(f"{name} is revoked; `gemini-interactions-mcp admin restore {name}` allows it again.")
        wanted = {column: value for column, value in limits.items() if value is not None}
        changes = await self.update_principal(name, wanted)
        token = make_token()
        digest = hash_token(token)
        row = {
            "digest": digest,
            "principal": name,
            "scopes": [scope for scope in SCOPES if scope in set(scopes)],
            "created_at": format_moment(now()),
            "expires_at": expires_at and format_moment(expires_at),
        }
        await record_event(self._database, OWNER.name, "token.add", f"{name} {digest[:DIGEST_CHARACTERS]}")
        await self._database.write(sa.insert(ACCESS_TOKENS).values(row))
        return NewToken(token, changes)

    async def find(self, digest: str, patience: float = 5) -> tuple[KnownToken, KnownPrincipal] | None:
        """Return a token with its principal, valid or not; None if there is none of that digest."""
        named = PRINCIPALS.c.name == ACCESS_TOKENS.c.principal
        labelled = [column.label(f"principal_{column.name}") for column in PRINCIPALS.c]
        query = sa.select(ACCESS_TOKENS, *labelled).join(PRINCIPALS, named).where(ACCESS_TOKENS.c.digest == digest)

        def read(result: sa.CursorResult[Any]) -> tuple[KnownToken, KnownPrincipal] | None:
            row = result.mappings().first()
            if row is None:
                return None
            return read_token(row), read_principal({c.name: row[f"principal_{c.name}"] for c in PRINCIPALS.c})

        return await self._database.read(query, read, patience)

    async def list_tokens(self) -> list[KnownToken]:
        """Return all tokens, by principal and age."""
        query = sa.select(ACCESS_TOKENS).order_by(ACCESS_TOKENS.c.principal, ACCESS_TOKENS.c.created_at)
        return await self._database.read(query, lambda result: [read_token(row) for row in result.mappings()])

    async def revoke(self, named: str) -> list[KnownToken]:
        """Revoke all tokens of a principal, or the one whose digest begins so; return what was revoked.

        Raises:
            InputError: There is none that is not revoked already, or the beginning fits several.
        """
        known = await self.list_tokens()
        chosen = choose_tokens([token for token in known if token.revoked_at is None], named)
        if not chosen and choose_tokens(known, named):
            raise InputError(f"What {named} names is revoked already; nothing changes.")
        if not chosen:
            raise InputError("There is no such token; `gemini-interactions-mcp token list` shows all.")
        for token in chosen:
            await record_event(self._database, OWNER.name, "token.revoke", f"{token.principal} {token.label}")
            found = sa.update(ACCESS_TOKENS).where(ACCESS_TOKENS.c.digest == token.digest)
            await self._database.write(found.values(revoked_at=format_moment(now())))
        return chosen

    async def find_principal(self, name: str, patience: float = 5) -> KnownPrincipal | None:
        """Return the row of a principal; None if there is none."""
        query = sa.select(PRINCIPALS).where(PRINCIPALS.c.name == name)
        return await self._database.read(query, read_first_principal, patience)

    async def ensure_principal(self, name: str, patience: float = 5) -> KnownPrincipal:
        """Return the row of a principal, made where there is none."""
        if found := await self.find_principal(name, patience):
            return found
        made = {"name": name, "created_at": format_moment(now())}
        try:
            await self._database.write(sa.insert(PRINCIPALS).values(made), patience=patience)
        except JournalError:
            # Another server may have been quicker.
            if found := await self.find_principal(name, patience):
                return found
            raise
        return KnownPrincipal(name, created_at=datetime.fromisoformat(made["created_at"]))

    async def list_principals(self) -> list[KnownPrincipal]:
        """Return all principals by name, with those that have interactions but no row; the owner is left out."""
        rows = await self._database.read(
            sa.select(PRINCIPALS), lambda result: [read_principal(row) for row in result.mappings()]
        )
        last = await list_last_interactions(self._database)
        unknown = [KnownPrincipal(name) for name in last.keys() - {row.name for row in rows}]
        found = [replace(row, last_interaction_at=last.get(row.name)) for row in (*rows, *unknown)]
        return sorted(found, key=lambda row: row.name)

    async def update_principal(self, name: str, changes: Mapping[str, object]) -> list[str]:
        """Change the limits or the key of a principal, and return what changes, with old and new values.

        Args:
            name: Of the principal.
            changes: New values of the columns of `CHANGEABLE`; None for no limit of its own, and for the server's key.

        Raises:
            InputError: There is none of this name.
        """
        principal = await self._get_principal(name)
        new = {column: value for column, value in changes.items() if value != getattr(principal, column)}
        told = [
            f"{title}: {describe_grant(column, getattr(principal, column))} -> {describe_grant(column, new[column])}"
            for column, title in CHANGEABLE.items()
            if column in new
        ]
        for each in told:
            await record_event(self._database, OWNER.name, "principal.update", f"{name} {each}")
        if new:
            await self._database.write(sa.update(PRINCIPALS).where(PRINCIPALS.c.name == name).values(**new))
        return told

    async def revoke_principal(self, name: str) -> bool:
        """Allow a principal nothing any more, whatever tokens it has, and return whether that changes something.

        Raises:
            InputError: There is none of this name.
        """
        return await self._mark_principal(name, "principal.revoke", format_moment(now()))

    async def restore_principal(self, name: str) -> bool:
        """Allow a revoked principal again what its tokens allow, and return whether that changes something.

        Raises:
            InputError: There is none of this name.
        """
        return await self._mark_principal(name, "principal.restore", None)

    async def _mark_principal(self, name: str, action: str, revoked_at: str | None) -> bool:
        principal = await self._get_principal(name)
        if (principal.revoked_at is None) == (revoked_at is None):
            return False
        await record_event(self._database, OWNER.name, action, name)
        found = sa.update(PRINCIPALS).where(PRINCIPALS.c.name == name)
        await self._database.write(found.values(revoked_at=revoked_at))
        return True

    async def _get_principal(self, name: str) -> KnownPrincipal:
        """Return the row of a principal that an administrator has named.

        Raises:
            InputError: There is none of this name.
        """
        if found := await self.find_principal(name):
            return found
        raise InputError("There is no such principal; `gemini-interactions-mcp admin principals` shows all.")


async def check_database(database: Database, patience: float) -> None:
    """Check that the database answers.

    Raises:
        JournalError: It does not.
    """
    await database.read(sa.select(PRINCIPALS.c.name).limit(1), lambda result: result.first(), patience)


async def has_key_references(database: Database) -> bool:
    """Whether any principal has an API key of its own.

    Raises:
        JournalError: The rows cannot be read.
    """
    found = sa.select(PRINCIPALS.c.name).where(PRINCIPALS.c.key_reference.is_not(None)).limit(1)
    return await database.read(found, lambda result: result.first() is not None)


def choose_tokens(tokens: Iterable[KnownToken], named: str) -> list[KnownToken]:
    """Return all tokens of a principal, or the one whose digest begins so.

    Raises:
        InputError: The beginning fits several.
    """
    tokens = list(tokens)
    chosen = [token for token in tokens if token.principal == named]
    if not chosen and re.fullmatch(r"[0-9a-f]{6,64}", named):
        chosen = [token for token in tokens if token.digest.startswith(named)]
        if len(chosen) > 1:
            raise InputError(f"Several tokens begin with {named}; write more of its characters.")
    return chosen


def describe_grant(column: str, value: object) -> str:
    """Return a value of a column of `CHANGEABLE` as it is told."""
    if value is None:
        return "none"
    return format_dollars(value) if column == "micros_per_day" and isinstance(value, int) else str(value)


def check_name(name: str) -> None:
    """Check a name that an administrator gives.

    Raises:
        InputError: It is wrong.
    """
    if not NAME_PATTERN.fullmatch(name):
        raise InputError("A name has 1 to 64 of these characters: letters and digits of ASCII, and . _ @ -")


def read_token(row: sa.RowMapping) -> KnownToken:
    """Return the token of a row."""
    return KnownToken(
        row["digest"],
        row["principal"],
        frozenset(row["scopes"] or ()) & frozenset(SCOPES),
        datetime.fromisoformat(row["created_at"]),
        parse_stamp(row["expires_at"]),
        parse_stamp(row["revoked_at"]),
    )


def read_principal(row: sa.RowMapping | Mapping[str, Any]) -> KnownPrincipal:
    """Return the principal of a row."""
    moments = {name: parse_stamp(row[name]) for name in ("created_at", "revoked_at")}
    return KnownPrincipal(row["name"], row["micros_per_day"], row["runs_per_day"], row["key_reference"], **moments)


def read_first_principal(result: sa.CursorResult[Any]) -> KnownPrincipal | None:
    """Return the principal of the first row, None where there is no row."""
    row = result.mappings().first()
    return None if row is None else read_principal(row)


def parse_stamp(text: str | None) -> datetime | None:
    """Return the moment of a column."""
    return datetime.fromisoformat(text) if text else None
