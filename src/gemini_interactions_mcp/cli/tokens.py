"""The `token` command: makes, lists and revokes the access tokens of `GEMINI_MCP_AUTH=token`."""

import argparse
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final

from gemini_interactions_mcp import journal
from gemini_interactions_mcp.core import SCOPES, InputError
from gemini_interactions_mcp.journal import AccessTokens, Database, KnownToken
from gemini_interactions_mcp.models import amounts
from gemini_interactions_mcp.settings import AUTH_VARIABLE, Settings, parse_amount

from .administering import format_stamp, render_columns, run_administration

LIFE_DAYS: Final = re.compile(r"([1-9][0-9]{0,4})d")


def run_token_command(arguments: argparse.Namespace) -> int:
    """Run a command about tokens, and return the exit status."""
    match arguments.action:
        case "add":
            return run_administration(partial(add_token, arguments, Settings.from_environ()))
        case "revoke":
            return run_administration(partial(revoke_tokens, arguments.name))
        case _:
            return run_administration(list_tokens)


async def add_token(arguments: argparse.Namespace, settings: Settings, database: Database) -> str:
    """Make a token, and return what is told of it.

    Raises:
        InputError: An argument is wrong.
    """
    scopes = " ".join(arguments.scopes or SCOPES).replace(",", " ").split()
    expires_at = parse_expiry(arguments.expires) if arguments.expires else None
    token = await AccessTokens(database).add(arguments.name, scopes, expires_at, **parse_limits(arguments))
    changed = [f"For all tokens of {arguments.name}:", *token.changes] if token.changes else []
    until = f" until {format_stamp(expires_at)} UTC" if expires_at else ""
    # So that a script can take the token alone.
    sys.stderr.write(
        f"This token is shown once: only its hash is kept. It lets {arguments.name} use{until}: "
        f"{', '.join(scope for scope in SCOPES if scope in scopes)}.\n"
        "Clients send it in the header Authorization, after the word Bearer.\n"
        + "".join(f"{line}\n" for line in (*changed, *describe_use(settings)))
    )
    return token.text


def describe_use(settings: Settings) -> Iterator[str]:
    """Yield where a new token is kept, and what a server needs to take it."""
    yield f"It is in the journal {journal.describe_address(settings.database_url)}."
    if settings.auth != "token":
        here = ", which is not set here" if settings.auth == "none" else f"; here it is {settings.auth}"
        yield f"Servers take it only with {AUTH_VARIABLE}=token{here}."


async def list_tokens(database: Database) -> str:
    """Return a table of all tokens."""
    tokens = await AccessTokens(database).list_tokens()
    if not tokens:
        return "There are no tokens; `gemini-interactions-mcp token add NAME` makes one."
    rows = [
        (
            token.label,
            token.principal,
            describe_token_state(token),
            format_stamp(token.created_at),
            format_stamp(token.expires_at),
            " ".join(scope for scope in SCOPES if scope in token.scopes),
        )
        for token in tokens
    ]
    return render_columns(("id", "name", "state", "made (UTC)", "expires (UTC)", "scopes"), rows)


def describe_token_state(token: KnownToken) -> str:
    """Return whether a token works."""
    if token.revoked_at:
        return "revoked"
    return "valid" if token.is_valid(journal.now()) else "expired"


async def revoke_tokens(named: str, database: Database) -> str:
    """Revoke tokens, and return what is told of it.

    Raises:
        InputError: There are none.
    """
    revoked = await AccessTokens(database).revoke(named)
    return "\n".join(f"Revoked {token.label} of {token.principal}; servers notice within seconds." for token in revoked)


def parse_expiry(text: str) -> datetime:
    """Return when a token expires, for a number of days such as `90d`, or the date after its last day.

    Raises:
        InputError: It is neither, or has passed.
    """
    try:
        if days := LIFE_DAYS.fullmatch(text):
            return journal.now() + timedelta(days=int(days[1]))
        moment = datetime.combine(date.fromisoformat(text), time(), UTC)
    except (ValueError, OverflowError):
        raise InputError(f"--expires takes a number of days (90d) or a date (2027-01-31), not {text!r}.") from None
    if moment <= journal.now():
        raise InputError(f"--expires: {text} has passed.")
    return moment


def parse_limits(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the columns of a principal that the command line names; None for what it leaves out.

    Raises:
        InputError: One is wrong.
    """
    return {
        "micros_per_day": parse_dollars_per_day(arguments.dollars_per_day),
        "runs_per_day": parse_runs_per_day(arguments.runs_per_day),
        "key_reference": parse_key_reference(arguments.key_reference),
    }


def parse_dollars_per_day(text: str | None) -> int | None:
    """Return a limit in millionths of a dollar.

    Raises:
        InputError: It is no amount.
    """
    if text is None:
        return None
    amount = parse_amount(text)
    if amount is None or amount > 1_000_000:
        raise InputError("--dollars-per-day takes an amount of US dollars, such as 5 or 2.50.")
    return amounts.count_micros(amount)


def parse_runs_per_day(text: str | None) -> int | None:
    """Return a limit on research requests.

    Raises:
        InputError: It is no whole number from 1.
    """
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,7}", text) or not 1 <= int(text) <= 1_000_000:
        raise InputError("--runs-per-day takes a whole number from 1 to 1,000,000.")
    return int(text)


def parse_key_reference(text: str | None) -> str | None:
    """Return where a key is. The key itself is not taken, since it would be stored.

    Raises:
        InputError: It is no such place.
    """
    if text is None or re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/.+", text):
        return text
    raise InputError("--key-reference takes env:NAME or file:/path, of the servers; never the key itself.")
