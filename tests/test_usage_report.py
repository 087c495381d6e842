"""What all interactions have used and cost: summed, and shown by a command, a resource and a tool."""

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from mcp import Client, MCPError
from mcp_types import Implementation, TextResourceContents

from conftest import KEY
from gemini_interactions_mcp.cli import usage
from gemini_interactions_mcp.cli.main import main
from gemini_interactions_mcp.core.errors import InputError
from gemini_interactions_mcp.journal import queries
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Record, Usage
from gemini_interactions_mcp.models.usage_report import (
    NO_USAGE,
    UsageGrouping,
    UsageReport,
    UsageTally,
    UsageTotals,
    measure_usage,
)
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.text import usage_table
from journaling import NOON, Clock, insert_all, record
from reading import LEGACY, call, complaint, text_of
from wired import SERVE, environment

Capture = pytest.CaptureFixture[str]

USED = Usage(
    total_input_tokens=1_000, total_output_tokens=200, total_thought_tokens=30, total_tool_use_tokens=4,
    total_cached_tokens=500, total_tokens=1_234,
)  # fmt: skip
EVIL = "m | x\n| total | [a](javascript:1) `\u202e" + "y" * 500


def paid(label: str, **fields: Any) -> Record:
    """A row of 4,213 millionths of a dollar."""
    given = {"interaction_id": f"v1_{label}", "status": "completed", "model": "flash", "usage": USED}
    return record(label, **given | {"cost_micros": 4213} | fields)


ROWS = (
    paid("a"),
    paid("b", created_at=NOON - timedelta(hours=13), cost_micros=1_000_000, kind="image", model="banana"),
    # Of unknown price.
    paid("c", cost_micros=None),
    # Its usage is unknown; what was reserved still counts.
    paid("d", usage=None, cost_micros=70_000),
    # Goes on.
    paid("e", status="in_progress", usage=None, cost_micros=3_000_000, kind="research", agent="deep-research"),
    # Has been given up.
    paid("f", status="in_progress", usage=None, cost_micros=None, error="Stuck.", kind="research", agent="mine"),
    paid("g", status="failed", usage=None, cost_micros=0),
)  # fmt: skip
IGNORED = (
    # Google has certainly not taken it.
    record("refused", status="failed", error="No."),
    paid("foreign", origin="foreign"),
    paid("theirs", principal="somebody"),
)
TODAY = tuple(
    each.model_copy(update=dict.fromkeys(("created_at", "updated_at"), datetime.now(UTC) - timedelta(hours=hours)))
    for hours, each in enumerate(ROWS)
    if each.status != "in_progress"
)
"""Rows that no server follows or prunes."""
ONE = UsageTotals(1, 1_004, 200, 30, 500, 1, 0, 4213, 0)


async def report_of(journal: Journal, by: UsageGrouping, since: datetime | None = None) -> UsageReport:
    (found,) = await journal.usage(by, since=since)
    return found


async def test_nothing_has_been_used_in_an_empty_journal(journal: Journal) -> None:
    assert await report_of(journal, "day") == UsageReport("day", None, ())


async def test_each_day_is_summed_newest_first(journal: Journal) -> None:
    await insert_all(journal, [*ROWS, *IGNORED])
    assert (await report_of(journal, "day")).lines == (
        ("2026-03-01", UsageTotals(6, 2_008, 400, 60, 1_000, 2, 1, 4213, 3_070_000)),
        ("2026-02-28", UsageTotals(1, 1_004, 200, 30, 500, 1, 0, 1_000_000, 0)),
    )
    assert (await report_of(journal, "day")).total.unpriced == 3


async def test_models_and_agents_are_summed_dearest_first(journal: Journal) -> None:
    await insert_all(journal, [*ROWS, paid("n", model=None, cost_micros=None)])
    lines = (await report_of(journal, "model")).lines
    assert [(name, totals.runs) for name, totals in lines] == [
        *(("banana", 1), ("flash", 4), ("deep-research", 1), ("mine", 1), ("unknown", 1)),
    ]


async def test_kinds_are_those_of_the_list(journal: Journal) -> None:
    await insert_all(journal, [*ROWS, paid("p", kind="research", plan=True, agent="deep-research-x", cost_micros=5)])
    lines = (await report_of(journal, "kind")).lines
    assert [name for name, _ in lines] == ["image", "ask", "research plan", "research", "task"]


async def test_requests_before_a_moment_do_not_count(journal: Journal) -> None:
    await insert_all(journal, [*ROWS])
    since = NOON - timedelta(hours=12)
    found = await report_of(journal, "day", since)
    assert (found.since, [name for name, _ in found.lines]) == (since, ["2026-03-01"])


async def test_a_deleted_row_counts_as_before_and_does_not_go_on(journal: Journal) -> None:
    await insert_all(journal, [*ROWS])
    before = (await report_of(journal, "day")).total
    for each in ROWS:
        assert await journal.delete(each.label)
    after = (await report_of(journal, "day")).total
    assert after == before._replace(running=0)
    assert after.unpriced == before.unpriced + 1


async def test_rows_are_read_a_few_at_a_time_and_each_once(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "USAGE_ROWS", 3)
    for number in range(9):
        # Of the same moment, or not.
        await journal.insert(paid(f"{number}", created_at=NOON + timedelta(seconds=number // 4)))
        (by_day, by_kind) = await journal.usage("day", "kind")
        assert by_day.total == by_kind.total
        assert (by_day.total.runs, by_day.total.cost_micros) == (number + 1, 4213 * (number + 1))


async def test_no_text_of_a_row_is_read(journal: Journal) -> None:
    names = {column.name for column in queries.select_usage(None, NOON, None).selected_columns}
    assert not names & {"prompt", "text", "topic", "error", "citations", "files", "code"}
    await journal.insert(paid("a", prompt="p" * 10**6, text="t" * 10**6))
    assert (await report_of(journal, "day")).total == ONE


def report(*rows: Record, by: UsageGrouping = "model") -> UsageReport:
    tally = UsageTally(by)
    for each in rows:
        tally.add(each, measure_usage(each, running=each.status == "in_progress" and each.error is None))
    return tally.report()


def test_a_long_report_ends_with_the_sum_of_the_rest() -> None:
    whole = report(*(paid(str(number), model=f"m{number}", cost_micros=9 - number) for number in range(6)))
    short = whole.shorten(3)
    assert [name for name, _ in short.lines] == ["m0", "m1", "4 more"]
    assert short.total == whole.total
    assert whole.shorten(6) == whole


def test_data_has_numbers_and_null_where_no_cost_is_known() -> None:
    line, total = report(ROWS[2]).data()
    assert (line["name"], total["name"]) == ("flash", "total")
    assert line | {"name": "total"} == total
    assert (line["runs"], line["input_tokens"], line["cost_usd"], line["unpriced_runs"]) == (1, 1_004, None, 1)
    assert ONE.data("x")["cost_usd"] == 0.004213
    assert NO_USAGE.data("x")["cost_usd"] is None


def test_a_table_says_what_is_not_in_the_costs() -> None:
    text = usage_table.render_usage_text(report(*ROWS, by="kind"))
    assert text == (
        "kind      runs  input  output  thought  cached  cost\n"
        "image        1  1,004     200       30     500  ~$1.00\n"
        "ask          4  2,008     400       60   1,000  ~$0.0042, 2 unknown\n"
        "research     1      0       0        0       0  1 running\n"
        "task         1      0       0        0       0  1 unknown\n"
        "total        7  3,012     600       90   1,500  ~$1.00, 3 unknown, 1 running\n\n"
        "Costs are estimates from Google's prices. Input includes the tokens of tools, and cached tokens. "
        "Days are UTC. Left out: 3 runs of unknown price. Not ended yet: 1 run. "
        "Reserved for runs without a known cost: $3.07.\n"
    )


def test_what_has_no_price_is_never_free() -> None:
    for render in (usage_table.render_usage_text, usage_table.render_usage_markdown):
        assert "$" not in render(report(ROWS[2]))
        assert "$0.00" in render(report(ROWS[6]))


def test_names_of_models_break_no_table() -> None:
    hostile = report(paid("a", model=EVIL), paid("b", model="total"))
    head, rule, *rows = usage_table.render_usage_markdown(hostile).partition("\n\n")[0].splitlines()
    assert len(rows) == 3
    for row in (head, rule, *rows):
        assert row.replace("\\|", "").count("|") == 8
        assert len(row) < 150
    assert not {"\u202e", "[", "`"} & set("".join(rows))
    lines = usage_table.render_usage_text(hostile).splitlines()
    assert len(lines) == 6
    assert "\u202e" not in "".join(lines)
    assert len(str(hostile.data()[0]["name"])) < 150


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("2026-02-03", datetime(2026, 2, 3, tzinfo=UTC)),
        ("1d", datetime(2026, 3, 1, tzinfo=UTC)),
        ("7d", datetime(2026, 2, 23, tzinfo=UTC)),
        ("9999d", datetime(2026, 3, 1, tzinfo=UTC) - timedelta(days=9998)),
    ],
)
def test_since_is_a_date_or_a_number_of_days(text: str, since: datetime, clock: Clock) -> None:
    del clock
    assert usage.parse_since(text) == since


@pytest.mark.parametrize(
    "text", ["soon", "0d", "-1d", "7", "7 d", "10000d", "\u0667d", "2026-13-01", "2026-02-03T12:00", " "]
)
def test_other_words_for_since_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"--since takes a date \(2026-11-29\) or a number of days"):
        usage.parse_since(text)


async def used(
    env: Mapping[str, str], *arguments: str, patch: pytest.MonkeyPatch, read: Capture
) -> tuple[int, str, str]:
    """Return status, stdout and stderr; in a thread, because the command has an event loop of its own."""
    for name, value in env.items():
        patch.setenv(name, value)
    status = await anyio.to_thread.run_sync(main, ["usage", *arguments])
    said = read.readouterr()
    assert KEY not in said.out + said.err
    return status, said.out, said.err


async def fill(url: str | Path, *rows: Record) -> None:
    journal = Journal(url)
    await insert_all(journal, [*rows])
    await journal.close()


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment of a command, without an API in reach."""
    return environment(tmp_path, None, GEMINI_MCP_DATABASE_URL=f"sqlite:///{(tmp_path / 'j.sqlite3').as_posix()}")


async def test_the_command_prints_a_table(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert await used(env, patch=monkeypatch, read=capsys) == (0, "Nothing has been asked.\n", "")
    await fill(tmp_path / "j.sqlite3", *ROWS, paid("evil", model=EVIL), paid("key", model=f"x{KEY}"))
    status, out, err = await used(env, "--by", "model", patch=monkeypatch, read=capsys)
    assert (status, err) == (0, "")
    assert out.startswith("model ")
    assert "\nbanana " in out
    assert "x[secret]" in out
    status, out, err = await used(env, "--since", "1d", patch=monkeypatch, read=capsys)
    assert (status, err) == (0, "")
    assert out == f"Nothing has been asked since {datetime.now(UTC):%Y-%m-%d} (UTC).\n"
    status, out, err = await used(env, "--since", "2026-03-01", patch=monkeypatch, read=capsys)
    assert [line.split()[0] for line in out.splitlines()[:3]] == ["day", "2026-03-01", "total"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "closed", [False, pytest.param(True, marks=pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell"))]
)
async def test_the_command_prints_on_what_cannot_show_every_letter(
    env: dict[str, str], tmp_path: Path, closed: bool
) -> None:
    await fill(tmp_path / "j.sqlite3", paid("long", model="\u6c34" + "m" * 500))
    printing = [*SERVE, "usage", "--by", "model"]
    # As a shell does it for `>&-`.
    shut = (lambda: os.close(1)) if closed else None
    done = await anyio.to_thread.run_sync(
        lambda: subprocess.run(
            printing, check=False, capture_output=True, env=env | {"PYTHONIOENCODING": "ascii"}, preexec_fn=shut
        )
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert closed or b"\n\\u6c34mmm" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "changes", "status", "said"),
    [
        (["--since", "soon"], {}, 2, "--since takes a date (2026-11-29) or a number of days up to today (7d), not "),
        ([], {"GEMINI_MCP_WAIT_SECONDS": "soon"}, 2, "GEMINI_MCP_WAIT_SECONDS should be a number of at least 0."),
        ([], {"GEMINI_MCP_DATABASE_URL": "sqlite:////proc/none/j.sqlite3"}, 1, "The journal"),
    ],
)  # fmt: skip
async def test_what_the_command_cannot_do_takes_one_line(
    arguments: list[str], changes: dict[str, str], status: int, said: str,
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Capture,
) -> None:  # fmt: skip
    found, out, err = await used(env | changes, *arguments, patch=monkeypatch, read=capsys)
    assert (found, out, err.count("\n")) == (status, "", 1)
    assert err.startswith(f"gemini-interactions-mcp: {said}")


def test_an_unknown_grouping_is_refused_with_those_that_there_are(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as end:
        main(["usage", "--by", "week"])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "--by: invalid choice: 'week'" in said
    assert all(word in said for word in ("day", "model", "kind"))


async def read(client: Client, uri: str, mime_type: str) -> str:
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == mime_type
    return content.text


@LEGACY
async def test_the_resource_has_the_sums_by_day_model_and_kind(client: Client, settings: Settings) -> None:
    empty = await read(client, "gemini://usage", "text/markdown")
    assert empty == "# Usage\n\nNothing has been asked.\n"
    await fill(settings.database_url, *TODAY)
    text = await read(client, "gemini://usage", "text/markdown")
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## By day", "## By model", "## By kind"]
    assert text.count("Costs are estimates from Google's prices.") == 1
    assert "\n| banana | 1 | 1,004 | 200 | 30 | 500 | ~$1.00 |\n" in text
    assert f"\n| {datetime.now(UTC):%Y-%m-%d} | " in text
    data = json.loads(await read(client, "gemini://usage/data", "application/json"))
    assert [line["name"] for line in data["model"]] == ["banana", "flash", "total"]
    assert data["model"][-1] == data["kind"][-1] == data["day"][-1]
    assert data["day"][-1]["cost_usd"] == 1.004213
    with pytest.raises(MCPError, match="There is no resource gemini://usage/x"):
        await client.read_resource("gemini://usage/x")


@LEGACY
async def test_the_list_sums_for_hosts_that_know_only_tools(client: Client, settings: Settings) -> None:
    assert text_of(await call(client, "list_interactions", totals="day")) == "Nothing has been asked.\n"
    await fill(settings.database_url, *TODAY)
    found = await call(client, "list_interactions", totals="MODEL")
    assert "\n| banana | 1 | 1,004 | 200 | 30 | 500 | ~$1.00 |\n" in text_of(found)
    data: Any = found.structured_content
    assert data["interactions"] == []
    assert [line["name"] for line in data["totals"]] == ["banana", "flash", "total"]
    assert [line["cost_usd"] for line in data["totals"]] == [1.0, 0.004213, 1.004213]
    short: Any = (await call(client, "list_interactions", totals="model", limit=1)).structured_content
    assert [line["name"] for line in short["totals"]] == ["2 more", "total"]
    unpriced = [each for each in TODAY if each.cost is None]
    assert data["totals"][-1]["unpriced_runs"] == len(unpriced) == 2
    listed: Any = (await call(client, "list_interactions")).structured_content
    assert "totals" not in listed


@LEGACY
@pytest.mark.parametrize("wanted", [{"query": "x"}, {"kind": "ask"}, {"status": "failed"}, {"cursor": "x"}], ids=str)
async def test_sums_are_of_all_interactions(client: Client, wanted: dict[str, str]) -> None:
    said = await complaint(client, "list_interactions", totals="day", **wanted)
    assert said == "totals sums all interactions: leave out query, kind, status and cursor."
    assert "day" in await complaint(client, "list_interactions", totals="week")


@pytest.mark.parametrize("name", ["codex-mcp-client", "@cline/core"])
async def test_sums_fit_every_host(name: str, settings: Settings) -> None:
    models = [f"{number}" + "語" * 200 for number in range(100)]
    await fill(settings.database_url, *(paid(each[:9], model=each, created_at=datetime.now(UTC)) for each in models))
    async with Client(build_server(settings), client_info=Implementation(name=name, version="1")) as client:
        found = await call(client, "list_interactions", totals="model", limit=100)
    size = len(text_of(found).encode()) + len(json.dumps(found.structured_content, ensure_ascii=False).encode())
    assert size <= (7_000 if name == "@cline/core" else 20_000)
    data: Any = found.structured_content
    assert data["totals"][-1]["runs"] == len(models)
    assert " more | " in text_of(found)
