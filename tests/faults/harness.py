"""What the tests of durability share: quick clients, fresh faults, and a journal read by something else."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio

from gemini_interactions_mcp.emulator import Fault

Json = dict[str, Any]


def fresh(fault: Fault) -> Fault:
    """The fault, not yet struck: a parameter serves several tests."""
    return replace(fault, release=anyio.Event(), reached=anyio.Event())


def rows(folder: Path) -> list[Json]:
    """The journal's rows that nobody has deleted, oldest first, read without any of our code."""
    with closing(sqlite3.connect(folder / "journal.sqlite3")) as database:
        database.row_factory = sqlite3.Row
        found = database.execute("select * from interactions where deleted_at is null order by created_at, label")
        return [dict(row) for row in found]
