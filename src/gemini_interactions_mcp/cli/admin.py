"""The `admin` command: who uses this server through a network, what they use, and what was done."""

import argparse
from datetime import datetime
from functools import partial
from typing import Final

from gemini_interactions_mcp import journal
from gemini_interactions_mcp.core import OWNER, InputError, format_dollars
from gemini_interactions_mcp.journal import AccessTokens, Database, Journal
from gemini_interactions_mcp.models import UsageTotals

from .administering import format_stamp, render_columns, run_administration
from .tokens import parse_limits
from .usage import parse_since

SHOWN_EVENTS: Final = 1000
"""Maximum number of events that are shown."""


def run_admin_command(arguments: argparse.Namespace) -> int:
    """Run a command of an administrator, and return the exit status."""
    match arguments.action:
        case "principals":
            return run_administration(list_principals)
        case "revoke" | "restore":
            return run_administration(partial(mark_principal, arguments.name, restored=arguments.action == "restore"))
        case "update":
            return run_administration(partial(update_limits, arguments))
        case "usage":
            return run_administration(partial(sum_usage, arguments.since))
        case _:
            return run_administration(partial(list_acts, since=arguments.since))


async def list_principals(database: Database) -> str:
    """Return a table of all principals but the owner."""
    rows = [
        (
            row.name,
            "revoked" if row.revoked_at else "allowed",
            format_stamp(row.created_at),
            format_stamp(row.last_interaction_at),
            format_dollars(row.micros_per_day) if row.micros_per_day is not None else "",
            str(row.runs_per_day) if row.runs_per_day is not None else "",
            row.key_reference or "",
        )
        for row in await AccessTokens(database).list_principals()
    ]
    if not rows:
        return "There are no principals: nobody has a token, and nobody has used this server through a network."
    return render_columns(
        ("name", "state", "since (UTC)", "last interaction (UTC)", "dollars a day", "runs a day", "key"), rows
    )


async def update_limits(arguments: argparse.Namespace, database: Database) -> str:
    """Change the limits or the key of a principal, and return what is told of it.

    Raises:
        InputError: There is none of this name, or an argument is missing or wrong.
    """
    changes = {name: value for name, value in parse_limits(arguments).items() if value is not None}
    changes |= dict.fromkeys(arguments.removed or ())
    if not changes:
        raise InputError("Say what to change: --dollars-per-day, --runs-per-day or --key-reference, or --no- with one.")
    told = await AccessTokens(database).update_principal(arguments.name, changes)
    if not told:
        return f"Nothing changes: {arguments.name} has that already."
    return "\n".join([*told, f"Servers notice within seconds; what {arguments.name} has begun goes on."])


async def mark_principal(name: str, database: Database, *, restored: bool) -> str:
    """Revoke or restore a principal, and return what is told of it.

    Raises:
        InputError: There is none of this name.
    """
    tokens = AccessTokens(database)
    if restored:
        if not await tokens.restore_principal(name):
            return f"{name} was not revoked; nothing changes."
        return f"{name} is allowed again what its tokens allow."
    if not await tokens.revoke_principal(name):
        return f"{name} was revoked already; nothing changes."
    return f"{name} is revoked; servers notice within seconds. Running research goes on, and its rows stay."


async def sum_usage(since: str | None, database: Database) -> str:
    """Return a table of what each principal has used and cost.

    Raises:
        InputError: The date is wrong.
    """
    start = parse_since(since) if since is not None else None
    names = [OWNER.name, *[row.name for row in await AccessTokens(database).list_principals()]]
    totals = {name: await total_usage(name, start, database) for name in names}
    rows = [list_totals(name or "(owner)", found) for name, found in totals.items() if found.runs or name]
    rows.append(list_totals("total", UsageTotals(*map(sum, zip(*totals.values(), strict=True)))))
    return render_columns(("name", "runs", "running", "input", "output", "cost", "reserved"), rows)


async def total_usage(name: str, since: datetime | None, database: Database) -> UsageTotals:
    """Return what a principal has used and cost."""
    (report,) = await Journal(database, principal=name).usage("kind", since=since)
    return report.total


def list_totals(name: str, totals: UsageTotals) -> tuple[str, ...]:
    """Return the cells of a line."""
    tokens = (totals.input_tokens, totals.output_tokens + totals.thought_tokens)
    money = (totals.cost_micros, totals.reserved_micros)
    return (
        name,
        str(totals.runs),
        str(totals.running),
        *(f"{count:,}" for count in tokens),
        *(format_dollars(each) for each in money),
    )


async def list_acts(database: Database, *, since: str | None = None) -> str:
    """Return a table of deletions and administrative acts.

    Raises:
        InputError: The date is wrong.
    """
    start = parse_since(since) if since is not None else None
    events = await journal.list_events(database, SHOWN_EVENTS, start)
    if not events:
        return "Nothing has been written down."
    rows = [
        (format_stamp(event.happened_at), event.principal or "(owner)", event.action, event.subject or "")
        for event in events
    ]
    return render_columns(("time (UTC)", "by", "act", "on"), rows)
