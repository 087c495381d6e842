"""The commands of an administrator: tokens, principals, usage and what was done."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import anyio
import pytest

from gemini_interactions_mcp.cli.main import main
from gemini_interactions_mcp.core.errors import InputError
from gemini_interactions_mcp.journal import audit
from gemini_interactions_mcp.journal.database import Database
from gemini_interactions_mcp.journal.journal import Journal, open_database
from gemini_interactions_mcp.journal.tokens import AccessTokens, KnownPrincipal, check_database, hash_token
from journaling import Clock, record
from wired import environment

Said = tuple[int, str, str]
Run = Callable[..., Said]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in the settings of the test."""
    for name, value in environment(tmp_path, None).items():
        monkeypatch.setenv(name, value)

    def command(*arguments: str) -> Said:
        status = main(arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


def test_a_token_is_shown_once_and_kept_as_a_hash(run: Run, tmp_path: Path) -> None:
    status, out, err = run(
        "token", "add", "alice", "--dollars-per-day", "2.50", "--runs-per-day", "3", "--expires", "90d"
    )
    token = out.removesuffix("\n")
    assert status == 0
    assert re.fullmatch(r"gim_[A-Za-z0-9_-]{43}", token)
    assert "interactions:read, interactions:spend, interactions:delete, files:write" in err
    assert token.encode() not in (tmp_path / "journal.sqlite3").read_bytes()
    status, out, _ = run("token", "list")
    assert token not in out
    assert hash_token(token)[:12] in out
    _, out, _ = run("admin", "principals")
    assert re.search(r"alice +allowed +\S+ \S+ +- +\$2\.50 +3 +-", out)


def test_scopes_and_a_key_are_chosen(run: Run) -> None:
    _, _, err = run("token", "add", "bot", "--scope", "interactions:read", "--key-reference", "env:BOT_KEY")
    assert "use: interactions:read.\n" in err
    assert "env:BOT_KEY" in run("admin", "principals")[1]
    assert re.search(r"bot +valid +\S+ \S+ +- +interactions:read\n", run("token", "list")[1])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", ""), "1 to 64"),
        (("add", "a" * 65), "1 to 64"),
        (("add", "oauth:x"), "1 to 64"),
        (("add", "a b"), "1 to 64"),
        (("add", "alice\n"), "1 to 64"),
        (("add", "a", "--scope", "all"), "There is no scope all"),
        (("add", "a", "--dollars-per-day", "many"), "--dollars-per-day"),
        (("add", "a", "--runs-per-day", "0"), "--runs-per-day"),
        (("add", "a", "--expires", "soon"), "--expires"),
        (("add", "a", "--expires", "2020-01-01"), "has passed"),
        (("add", "a", "--key-reference", "AIzaSecret"), "never the key itself"),
        (("revoke", "nobody"), "no such token"),
        (("revoke", "abcdef"), "no such token"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(run: Run, arguments: tuple[str, ...], said: str) -> None:
    status, out, err = run("token", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert "AIzaSecret" not in err
    assert run("token", "list")[1].startswith("There are no tokens")


def test_tokens_are_revoked_by_name_and_one_by_one(run: Run) -> None:
    for _ in range(3):
        run("token", "add", "alice")
    first, *_ = re.findall(r"^([0-9a-f]{12}) ", run("token", "list")[1], re.MULTILINE)
    assert run("token", "revoke", first)[1] == f"Revoked {first} of alice; servers notice within seconds.\n"
    assert run("token", "list")[1].count("revoked") == 1
    assert len(run("token", "revoke", "alice")[1].splitlines()) == 2
    assert run("token", "revoke", "alice")[0] == 2
    assert run("admin", "audit")[1].count("token.revoke") == 3


def test_principals_are_revoked_and_restored(run: Run) -> None:
    run("token", "add", "alice", "--expires", "2999-01-01")
    assert "alice is revoked" in run("admin", "revoke", "alice")[1]
    assert re.search("alice +revoked", run("admin", "principals")[1])
    assert run("token", "add", "alice")[0] == 2
    run("admin", "restore", "alice")
    assert run("token", "add", "alice")[0] == 0
    acts = re.findall(r"\(owner\) +(\S+) +alice", run("admin", "audit", "--since", "1d")[1])
    assert acts == ["token.add", "principal.restore", "principal.revoke", "token.add"]
    assert run("admin", "revoke", "nobody")[0] == 2
    assert run("admin", "restore", "nobody")[0] == 2


def test_limits_and_keys_are_changed_and_taken_away(run: Run) -> None:
    run("token", "add", "alice", "--dollars-per-day", "2.50", "--key-reference", "env:OLD_KEY")
    status, out, _ = run("admin", "update", "alice", "--dollars-per-day", "5", "--runs-per-day", "3")
    assert status == 0
    assert out.splitlines() == [
        "dollars-per-day: $2.50 -> $5.00",
        "runs-per-day: none -> 3",
        "Servers notice within seconds; what alice has begun goes on.",
    ]
    assert re.search(r"alice .*\$5\.00 +3 +env:OLD_KEY", run("admin", "principals")[1])
    assert run("admin", "update", "alice", "--runs-per-day", "3")[1] == "Nothing changes: alice has that already.\n"
    run("admin", "update", "alice", "--no-dollars-per-day", "--no-runs-per-day", "--key-reference", "file:/run/key")
    run("admin", "update", "alice", "--no-key-reference")
    assert re.search(r"alice +allowed +\S+ \S+ +- +- +- +-\n", run("admin", "principals")[1])
    acts = re.findall(r"\(owner\) +principal.update +alice (.*)", run("admin", "audit")[1])
    assert sorted(acts) == [
        "dollars-per-day: $2.50 -> $5.00",
        "dollars-per-day: $5.00 -> none",
        "dollars-per-day: none -> $2.50",
        "key-reference: env:OLD_KEY -> file:/run/key",
        "key-reference: file:/run/key -> none",
        "key-reference: none -> env:OLD_KEY",
        "runs-per-day: 3 -> none",
        "runs-per-day: none -> 3",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("alice",), "Say what to change"),
        (("nobody", "--no-runs-per-day"), "no such principal"),
        (("alice", "--dollars-per-day", "many"), "--dollars-per-day takes"),
        (("alice", "--runs-per-day", "0"), "--runs-per-day takes"),
        (("alice", "--key-reference", "AIzaSecret"), "never the key itself"),
    ],
)
def test_what_cannot_be_changed_is_said_and_leaves_no_row(run: Run, arguments: tuple[str, ...], said: str) -> None:
    run("token", "add", "alice")
    status, out, err = run("admin", "update", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert "AIzaSecret" not in err
    assert "principal.update" not in run("admin", "audit")[1]


def test_a_limit_cannot_be_given_and_taken_away_at_once(run: Run) -> None:
    with pytest.raises(SystemExit):
        run("admin", "update", "alice", "--runs-per-day", "1", "--no-runs-per-day")


def test_a_further_token_that_changes_a_limit_is_written_down(run: Run) -> None:
    run("token", "add", "alice", "--runs-per-day", "1")
    run("token", "add", "alice", "--runs-per-day", "2")
    acts = re.findall(r"\(owner\) +(\S+) +alice", run("admin", "audit")[1])
    assert sorted(acts) == ["principal.update", "principal.update", "token.add", "token.add"]
    assert "alice runs-per-day: 1 -> 2" in run("admin", "audit")[1]


def test_nothing_yet_is_said_in_a_sentence(run: Run) -> None:
    assert run("admin", "principals")[1].startswith("There are no principals: nobody has a token")
    assert run("admin", "audit")[1] == "Nothing has been written down.\n"
    assert run("admin", "usage", "--since", "yesterday")[0] == 2


def test_a_wrong_setting_and_a_broken_journal_are_said(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(b"no database" * 100)
    assert run("token", "list")[0] == 1
    monkeypatch.setenv("GEMINI_MCP_AUTH", "password")
    status, _, err = run("token", "list")
    assert (status, "GEMINI_MCP_AUTH" in err, "password" in err) == (2, True, False)


def test_usage_is_summed_by_principal(run: Run, tmp_path: Path) -> None:
    async def fill() -> None:
        for name, cost in (("", 1_000_000), ("alice", 2_000_000), ("oauth:1:bob", 500_000)):
            journal = Journal(tmp_path / "journal.sqlite3", principal=name)
            await journal.insert(record(f"i-{cost}", cost_micros=cost, status="completed"))
            await journal.close()

    anyio.run(fill)
    _, out, _ = run("admin", "usage")
    assert re.search(r"^\(owner\) +1 +0 .*\$1\.00", out, re.MULTILINE)
    assert re.search(r"^alice +1 +0 .*\$2\.00", out, re.MULTILINE)
    assert re.search(r"^oauth:1:bob +1 +0 .*\$0\.50", out, re.MULTILINE)
    assert re.search(r"^total +3 +0 .*\$3\.50", out, re.MULTILINE)


# The rows -----------------------------------------------------------------------------------------------


@pytest.fixture
def database(journal_url: str) -> Database:
    return open_database(journal_url)


async def test_tokens_and_principals_are_found_again(database: Database) -> None:
    tokens = AccessTokens(database)
    token, _ = await tokens.add("alice", ["files:write"], micros_per_day=5, key_reference=None)
    found = await tokens.find(hash_token(token))
    assert found is not None
    assert (found[0].scopes, found[0].principal, found[1].micros_per_day) == ({"files:write"}, "alice", 5)
    assert await tokens.find(hash_token("gim_other")) is None
    again, _ = await tokens.add("alice")
    assert {row.digest for row in await tokens.list_tokens()} == {hash_token(token), hash_token(again)}
    assert (await tokens.ensure_principal("alice")).micros_per_day == 5
    await check_database(database, 5)
    await database.close()


async def test_a_principal_is_made_once_by_several_servers(database: Database) -> None:
    made: list[KnownPrincipal] = []

    async def ensure() -> None:
        made.append(await AccessTokens(database).ensure_principal("oauth:1:alice"))

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(ensure)
    assert {row.name for row in made} == {"oauth:1:alice"}
    assert len(await AccessTokens(database).list_principals()) == 1
    await database.close()


async def test_a_beginning_of_several_hashes_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = AccessTokens(database)

    def hash_alike(token: str) -> str:
        return "abcdef" + hash_token(token)[6:]

    monkeypatch.setattr("gemini_interactions_mcp.journal.tokens.hash_token", hash_alike)
    await tokens.add("alice")
    await tokens.add("bob")
    with pytest.raises(InputError, match="Several tokens begin with abcdef"):
        await tokens.revoke("abcdef")
    await database.close()


async def test_events_are_listed_newest_first(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(audit, "now", lambda: clock.now)
    start: datetime = clock.now
    for number in range(3):
        await audit.record_event(database, "alice", "interaction.delete", f"i-{number}")
        clock.now += timedelta(hours=1)
    listed = await audit.list_events(database, 2)
    assert [event.subject for event in listed] == ["i-2", "i-1"]
    assert len(await audit.list_events(database, since=start + timedelta(hours=1))) == 2
    await database.close()


def test_the_rows_survive_the_process(run: Run, tmp_path: Path) -> None:
    run("token", "add", "alice")
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as rows:
        assert rows.execute("select principal, scopes from access_tokens").fetchall() != []
