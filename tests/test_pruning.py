"""What the journal forgets, and what a rule still needs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gemini_interactions_mcp.core.errors import DailyLimitError
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.journal.limits import ResearchLimit
from journaling import NOON, Clock, execute, labels, record

MIDNIGHT = NOON - timedelta(hours=12)


@pytest.mark.slow
async def test_pruning_keeps_what_runs_what_is_young_and_what_may_still_be_found_out(journal: Journal) -> None:
    now = datetime.now(UTC)
    for label, status, days, interaction_id in (
        ("old", "completed", 31, "v1_a"),
        ("old and waiting", "requires_action", 31, "v1_b"),
        ("young", "completed", 29, "v1_c"),
        ("running", "in_progress", 300, "v1_d"),
        ("followed", "unknown", 300, "v1_e"),
        ("unclear", "unknown", 54, None),
        ("forgotten", "unknown", 56, None),
        ("stuck", "in_progress", 54, "v1_f"),
        ("stuck and forgotten", "in_progress", 56, "v1_g"),
        ("queued, stuck and forgotten", "queued", 300, "v1_h"),
        ("unread, stuck and forgotten", "unknown", 300, "v1_i"),
        ("stuck in a new way and forgotten", "a_new_status", 300, "v1_j"),
    ):
        moment, error = now - timedelta(days=days), "It is probably stuck." if "stuck" in label else None
        row = record(label, status=status, created_at=moment, interaction_id=interaction_id, error=error)
        await journal.insert(row)
    assert await journal.prune(now - timedelta(days=30)) == 7
    assert await labels(journal) == {"young", "running", "followed", "unclear", "stuck"}
    assert await journal.prune(now - timedelta(days=30)) == 0


@pytest.mark.slow
async def test_an_unstored_row_of_unknown_outcome_is_forgotten_like_one_without_an_id(journal: Journal) -> None:
    now = datetime.now(UTC)
    for label, days in (("unclear", 54), ("forgotten", 56)):
        moment = now - timedelta(days=days)
        await journal.insert(record(label, interaction_id=label, created_at=moment, stored=False))
    assert await journal.unfinished() == []
    assert await journal.prune(now - timedelta(days=30)) == 1
    assert await labels(journal) == {"unclear"}


@pytest.mark.slow
async def test_what_an_older_server_has_settled_is_pruned(journal: Journal, clock: Clock, journal_url: str) -> None:
    await journal.insert(record("old", status="completed", created_at=NOON - timedelta(days=2)))
    # It does not know the column.
    await execute(journal_url, "UPDATE interactions SET settled_at = NULL")
    assert await journal.prune(clock.now - timedelta(days=1)) == 1


@pytest.mark.parametrize(
    ("fields", "stays"),
    [
        # Today's limit.
        ({"kind": "research", "created_at": MIDNIGHT}, True),
        ({"kind": "research", "created_at": MIDNIGHT, "status": "cancelled", "interaction_id": "v1_a"}, True),
        ({"kind": "research", "created_at": MIDNIGHT, "status": "cancelled"}, False),
        ({"kind": "research", "created_at": MIDNIGHT - timedelta(microseconds=1)}, False),
        ({"kind": "research", "created_at": MIDNIGHT, "origin": "foreign"}, False),
        ({"created_at": MIDNIGHT}, False),
        # Identical requests.
        ({"created_at": NOON - timedelta(minutes=10)}, True),
        ({"created_at": NOON - timedelta(minutes=10, microseconds=1)}, False),
        ({"created_at": MIDNIGHT, "detached_at": NOON - timedelta(minutes=10)}, True),
        ({"created_at": MIDNIGHT, "detached_at": NOON - timedelta(minutes=11)}, False),
        # Plans that were run.
        ({"approves": True, "created_at": NOON - timedelta(days=55)}, True),
        ({"approves": True, "created_at": NOON - timedelta(days=55, microseconds=1)}, False),
        ({"approves": True, "created_at": NOON - timedelta(days=1), "status": "failed"}, False),
    ],
)
async def test_what_a_rule_needs_stays_however_little_is_kept(
    journal: Journal, clock: Clock, fields: dict[str, Any], stays: bool
) -> None:
    await journal.insert(record("1", **{"status": "completed"} | fields))
    assert await journal.prune(clock.now) == (not stays)
    assert len(await labels(journal)) == stays


@pytest.mark.slow
@pytest.mark.parametrize("deleted", [False, True])
async def test_no_place_of_today_comes_back_by_pruning(journal: Journal, clock: Clock, deleted: bool) -> None:
    await journal.insert(record("1", kind="research", status="completed", created_at=NOON - timedelta(hours=1)))
    if deleted:
        await journal.delete("1")
    await journal.prune(clock.now)
    wanted = record("2", kind="research")
    with pytest.raises(DailyLimitError):
        await journal.insert_once(wanted, None, research=[ResearchLimit(1, MIDNIGHT)])
    clock.now += timedelta(days=1)
    assert await journal.prune(clock.now) == 1


@pytest.mark.slow
@pytest.mark.parametrize("status", ["in_progress", "unknown", "completed", "a_new_status"])
async def test_a_tombstone_goes_when_its_time_has_come(journal: Journal, clock: Clock, status: str) -> None:
    for label in ("plan", "run"):
        fields: dict[str, Any] = {"status": status, "approves": label == "run"}
        await journal.insert(record(label, interaction_id=label, created_at=NOON - timedelta(days=2), **fields))
        await journal.delete(label)
    assert await journal.prune(clock.now - timedelta(days=3)) == 0
    assert await journal.prune(clock.now - timedelta(days=1)) == 2
