"""What an interaction has cost, as answers, lists, Markdown and data show it."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import TextResourceContents

from conftest import STATUS, Settings
from gemini_interactions_mcp.core import phrases
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models import load_built_in_catalog
from gemini_interactions_mcp.models.interactions import Record, Usage
from gemini_interactions_mcp.server.results import rows, waiting
from gemini_interactions_mcp.text import rendering
from journaling import NOON, record
from reading import LEGACY, MODERN, call, id_of, rows_of, text_of

USED = Usage(total_input_tokens=1200, total_output_tokens=34, total_tokens=1234)


def ended(**fields: Any) -> Record:
    given = {"interaction_id": "v1_a", "model": "m", "status": "completed", "finished_at": NOON, "text": "Yes."}
    return record("one", **given | fields)


@pytest.mark.parametrize(
    ("micros", "said"),
    [
        (0, "$0.00"),
        (1, "<$0.0001"),
        (99, "<$0.0001"),
        (100, "$0.00010"),
        (4213, "$0.0042"),
        (9_900, "$0.0099"),
        (10_000, "$0.01"),
        (14_200, "$0.014"),
        (34_049, "$0.034"),
        (50_000, "$0.05"),
        (99_999, "$0.10"),
        (140_000, "$0.14"),
        (1_370_000, "$1.37"),
        (1_234_567_890, "$1,234.57"),
    ],
)
def test_dollars_have_two_digits_of_their_own_and_cents(micros: int, said: str) -> None:
    assert phrases.format_dollars(micros) == said


def test_an_estimate_is_marked_as_one() -> None:
    assert phrases.format_estimate(4213) == "~$0.0042"
    assert phrases.format_estimate(5) == "<$0.0001"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"usage": USED, "cost_micros": 4213}, " | 1,200 in, 34 out tokens | ~$0.0042"),
        ({"usage": USED}, " | 1,200 in, 34 out tokens | price unknown"),
        # What is reserved is no cost.
        ({"cost_micros": 3_000_000}, " | price unknown"),
        ({"status": "failed", "cost_micros": 0}, " | nothing charged"),
        ({"status": "in_progress", "finished_at": None, "cost_micros": 3_000_000}, ""),
        ({"finished_at": None}, ""),
    ],
)
def test_the_footer_has_the_cost_of_what_has_ended(fields: dict[str, Any], said: str) -> None:
    shown = ended(**fields)
    line = f"interaction_id: v1_a | m | {shown.status}{said}"
    assert rendering.render_outcome(shown) == line
    assert f"\n{line}\n" in rendering.render_answer(shown)
    assert f"\n- {line}\n" in rendering.render_document(shown)


def test_a_saved_report_is_the_same_whenever_it_is_written() -> None:
    known, unknown = (ended(usage=USED, cost_micros=micros) for micros in (4213, None))
    assert rendering.render_report(known) == rendering.render_report(unknown)


def test_markdown_has_the_exact_cost_where_it_is_known() -> None:
    assert "\n- cost_usd: 0.004213\n" in rendering.render_document(ended(usage=USED, cost_micros=4213))
    assert "cost_usd" not in rendering.render_document(ended(usage=USED))


@pytest.mark.parametrize(
    ("fields", "cost", "said"),
    [
        ({"usage": USED, "cost_micros": 4213}, 0.004213, " | 1,234 tokens | ~$0.0042 | ended "),
        ({"usage": USED}, None, " | 1,234 tokens | price unknown | ended "),
        ({"status": "failed", "error": "No.", "cost_micros": 0}, 0, " | nothing charged | ended "),
        # Refused under a version that did not write costs.
        ({"status": "failed", "error": "No.", "interaction_id": None}, None, '" | ended '),
    ],
)
def test_a_row_has_the_cost_of_what_has_ended(fields: dict[str, Any], cost: float | None, said: str) -> None:
    row = rows.build_summary(ended(prompt="Why?", **fields))
    assert row.cost_usd == cost
    assert said in rows.render_row(row)


def test_a_running_row_has_no_cost_yet() -> None:
    row = rows.build_summary(ended(status="in_progress", finished_at=None, cost_micros=3_000_000), age=5)
    assert row.cost_usd is None
    assert "$" not in rows.render_row(row)
    assert "price" not in rows.render_row(row)


async def fill(settings: Settings, *records: Record) -> None:
    journal = Journal(settings.database_url)
    for each in records:
        await journal.insert(each)
    await journal.close()


def at(days: float, label: str, **fields: Any) -> Record:
    """A completed row of so many days ago."""
    moment = datetime.now(UTC) - timedelta(days=days)
    given = {"interaction_id": f"v1_{label}", "status": "completed", "model": "m", "text": "Yes."}
    return record(label, **given | {"created_at": moment, "updated_at": moment, "finished_at": moment} | fields)


@LEGACY
async def test_lists_and_data_have_the_cost_as_a_number_or_null(client: Client, settings: Settings) -> None:
    await fill(settings, at(2, "a", usage=USED, cost_micros=1), at(1, "b", usage=USED))
    listed = await call(client, "list_interactions")
    assert [row.get("cost_usd") for row in rows_of(listed)] == [None, 0.000001]
    assert "| price unknown |" in text_of(listed)
    for name, cost in (("a", 0.000001), ("b", None)):
        (content,) = (await client.read_resource(f"gemini://interactions/v1_{name}/data")).contents
        assert isinstance(content, TextResourceContents)
        assert json.loads(content.text)["cost_usd"] == cost


AGENT = "deep-research-preview-04-2026"
SO_FAR = {"total_input_tokens": 500_000, "total_output_tokens": 20_000}
"""At 2 dollars for a million tokens in and 12 out, $1.00 and $0.24."""


@pytest.mark.parametrize(
    ("fields", "micros", "said"),
    [
        ({"agent": AGENT}, 1_240_000, "Cost so far: ~$1.24."),
        ({"agent": AGENT}, None, "It usually costs $1 to $3."),
        ({"agent": AGENT}, 0, "It usually costs $1 to $3."),
        ({"agent": "deep-research-max-preview-04-2026"}, None, "It usually costs $3 to $7."),
        # Google names no price for a plan.
        ({"agent": AGENT, "plan": True}, None, ""),
        ({"agent": AGENT, "plan": True}, 4213, "Cost so far: ~$0.0042."),
        ({"agent": "my-agent"}, None, ""),
    ],
)
def test_research_tells_its_cost_so_far_or_else_the_usual_one(
    fields: dict[str, Any], micros: int | None, said: str
) -> None:
    running = record("one", kind="research", status="in_progress", **fields)
    cost = waiting.describe_running_cost(running, micros, load_built_in_catalog().find(running.agent))
    assert cost == said
    shown = waiting.render_pending(running, age=60, activity="Reading", text="", read="2 pages read", cost=cost)
    first = shown.partition("\n")[0]
    assert first == f"Still in_progress after 60 s: Reading. 2 pages read so far. {said}".rstrip()


async def watch(client: Client, interaction_id: str, wanted: str) -> str:
    """Call check_research until a progress notification says what is wanted, and return that."""
    found: list[str] = []
    seen = anyio.Event()

    async def report(progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        if wanted in (message or ""):
            found.append(str(message))
            seen.set()

    async with anyio.create_task_group() as tasks:
        arguments = {"interaction_id": interaction_id, "wait_seconds": 60}
        tasks.start_soon(client.call_tool, "check_research", arguments, None, report)
        with anyio.fail_after(10):
            await seen.wait()
        tasks.cancel_scope.cancel()
    return found[0]


@MODERN
async def test_research_in_progress_tells_its_usual_cost(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(hold := Fault("create", "hold"))
    begun = await call(client, "start_research", prompt="Bicycles")
    text = text_of(await call(client, "check_research", interaction_id=id_of(begun)))
    assert re.match(rf"Still {STATUS} after \d+ s\. It usually costs \$1 to \$3\.\n", text)
    told = await watch(client, id_of(begun), "costs")
    assert told.endswith(f"({id_of(begun)}). It usually costs $1 to $3.")
    hold.release.set()


@MODERN
async def test_research_in_progress_tells_what_a_stream_says_that_it_has_used(
    client: Client, emulator: Emulator
) -> None:
    update = {"event_type": "interaction.status_update", "status": "in_progress", "usage": SO_FAR}
    emulator.faults.append(stall := Fault("stream", "stall", after=2, body=[update]))
    begun = await call(client, "start_research", prompt="Bicycles [[seconds=20]]")
    assert "Cost so far: ~$1.24." in await watch(client, id_of(begun), "Cost so far")
    text = text_of(await call(client, "check_research", interaction_id=id_of(begun)))
    assert " Cost so far: ~$1.24.\n" in text
    stall.release.set()


@MODERN
async def test_what_was_used_so_far_is_not_what_was_used_in_all(client: Client, emulator: Emulator) -> None:
    update = {"event_type": "interaction.status_update", "status": "in_progress", "usage": SO_FAR}
    emulator.faults.append(Fault("stream", "unknown", after=5, body=[update]))
    begun = await call(client, "start_research", prompt="Bicycles")
    text = text_of(await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10))
    assert "500,000" not in text
    assert re.search(r" \d[\d,]* out, [^\n]* tokens \|", text)
