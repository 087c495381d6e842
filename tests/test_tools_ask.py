"""Asking and continuing: what reaches the API, what comes back, and what happens when it takes long."""

import math
import re
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest
from mcp import Client

from conftest import FAST, STATUS, make_settings
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.runs.run import Run
from gemini_interactions_mcp.runs.runs import Runs
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from reading import (
    COST,
    MODERN,
    call,
    complaint,
    ended,
    fenced,
    footer_of,
    id_of,
    journal_in,
    newest,
    posts,
    rows_of,
    text_of,
)

MODEL = "gemini-3.8-flash"
SECRET = "the unmistakable zebra"


PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 18},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
    },
    "required": ["name", "age", "tags"],
}

OPTIONS = [
    ("model", "gemini-3.6-flash", {"model": "gemini-3.6-flash"}),
    ("system_instruction", "Speak like a pirate", {"system_instruction": "Speak like a pirate"}),
    (
        "tools",
        ["google_search", "url_context", "code_execution", "google_maps"],
        {
            "tools": [
                {"type": "google_search"},
                {"type": "url_context"},
                {"type": "code_execution"},
                {"type": "google_maps"},
            ]
        },
    ),
    (
        "thinking_level",
        "high",
        {"generation_config": {"thinking_level": "high", "thinking_summaries": "auto"}},
    ),
    ("max_output_tokens", 4000, {"generation_config": {"max_output_tokens": 4000}}),
    ("service_tier", "flex", {"service_tier": "flex"}),
    (
        "response_schema",
        PERSON,
        {"response_format": {"type": "text", "mime_type": "application/json", "schema": PERSON}},
    ),
]
"""Argument, value, and what it makes of the request's body."""


def body(**more: Any) -> dict[str, Any]:
    """Return the request body of a plain prompt, with changes."""
    return {"model": MODEL, "input": "hi", "background": True, "stream": True, "store": True} | more


@pytest.mark.slow
async def test_an_answer_ends_with_id_model_status_tokens_and_what_to_do_next(
    client: Client, emulator: Emulator
) -> None:
    result = await call(client, "gemini_ask", prompt="hi")
    assert text_of(result).startswith(f"Emulated answer by {MODEL} (no model ran).\n\nYou asked: “hi”\n\n---\n")
    assert id_of(result) == newest(emulator).id
    usage = newest(emulator).usage
    counts = (usage["total_input_tokens"], usage["total_output_tokens"], usage["total_thought_tokens"])
    first, following, _ = footer_of(result).split("\n")
    told = "{} in, {} out, {} thought tokens".format(*counts)
    *facts, cost = first.split(" | ")
    assert facts == [f"interaction_id: {newest(emulator).id}", MODEL, "completed", told]
    assert re.fullmatch(COST, cost)
    assert "gemini_continue" in following
    assert len(result.content) == 1


@MODERN
async def test_a_prompt_alone_sends_nothing_else(client: Client, emulator: Emulator) -> None:
    await call(client, "gemini_ask", prompt="hi")
    assert emulator.creates == [body()]


def option_marked(name: str, value: object, sent: dict[str, Any]) -> Any:
    """A parameter of a test; Google's tools may not go together."""
    together = [pytest.mark.usual_wire("google_maps goes with google_search")] if name == "tools" else []
    return pytest.param(name, value, sent, id=name, marks=together)


@pytest.mark.slow
@pytest.mark.parametrize(("argument", "value", "sent"), [option_marked(*each) for each in OPTIONS])
@MODERN
async def test_an_option_reaches_the_api(
    client: Client, emulator: Emulator, argument: str, value: object, sent: dict[str, Any]
) -> None:
    await call(client, "gemini_ask", prompt="hi", **{argument: value})
    assert emulator.creates == [body(**sent)]


@pytest.mark.slow
@pytest.mark.usual_wire("google_maps goes with google_search")
async def test_a_follow_up_takes_every_option_and_its_predecessor(client: Client, emulator: Emulator) -> None:
    first = await call(client, "gemini_ask", prompt="Name a river")
    options = {name: value for name, value, _ in OPTIONS if name != "response_schema"}
    second = await call(client, "gemini_continue", previous_interaction_id=id_of(first), prompt="hi", **options)
    sent: dict[str, Any] = {key: part for name, _, parts in OPTIONS if name in options for key, part in parts.items()}
    sent["generation_config"] = {"thinking_level": "high", "thinking_summaries": "auto", "max_output_tokens": 4000}
    assert emulator.creates[-1] == body(**sent, previous_interaction_id=id_of(first))
    assert "The previous prompt was: “Name a river”" in text_of(second)
    assert id_of(second) != id_of(first)


@pytest.mark.slow
@MODERN
async def test_a_follow_up_can_ask_for_json(client: Client, emulator: Emulator) -> None:
    first = await call(client, "gemini_ask", prompt="Name a river")
    second = await call(
        client, "gemini_continue", previous_interaction_id=id_of(first), prompt="hi", response_schema=PERSON
    )
    jsonschema.validate(fenced(second), PERSON)
    assert emulator.creates[-1]["response_format"]["schema"] == PERSON


@MODERN
async def test_an_answer_to_a_schema_is_fenced_json_that_follows_it(client: Client) -> None:
    result = await call(client, "gemini_ask", prompt="Grüße", response_schema=PERSON)
    jsonschema.validate(fenced(result), PERSON)
    assert '"name": "Emulated: Grüße"' in text_of(result)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["integer", "boolean", "string", "array"])
@MODERN
async def test_json_of_any_type_is_fenced(client: Client, kind: str) -> None:
    result = await call(client, "gemini_ask", prompt="hi", response_schema={"type": kind})
    jsonschema.validate(fenced(result), {"type": kind})


@pytest.mark.slow
@MODERN
@pytest.mark.usual_wire("google_maps goes with google_search")
async def test_sources_are_numbered_links_each_once(client: Client) -> None:
    prompt = "Compare https://a.example/1 with https://b.example/2 and https://a.example/1"
    result = await call(client, "gemini_ask", prompt=prompt, tools=["google_search", "url_context", "google_maps"])
    listed = text_of(result).partition("\nSources:\n")[2].partition("\n\n")[0]
    assert listed.split("\n") == [
        "1. [example.com (emulated)](https://example.com/emulated/search)",
        "2. [https://a.example/1](https://a.example/1)",
        "3. [https://b.example/2](https://b.example/2)",
        "4. [Café Émulé](https://example.com/emulated/maps)",
    ]


@pytest.mark.slow
async def test_store_false_keeps_nothing_at_google_nor_in_the_journal(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    result = await call(client, "gemini_ask", prompt=SECRET, store=False)
    assert f"You asked: “{SECRET}”" in text_of(result)
    assert "it cannot be continued" in text_of(result)
    assert emulator.creates == [{"model": MODEL, "input": SECRET, "stream": True, "store": False}]
    assert emulator.interactions == {}
    journal = journal_in(tmp_path)
    assert MODEL.encode() in journal
    assert SECRET.encode() not in journal
    assert "Emulated answer" not in text_of(await call(client, "list_interactions"))


@pytest.mark.slow
@MODERN
@pytest.mark.usual_wire("only a stream tells the sources of what is not stored")
async def test_store_false_still_names_the_sources(client: Client) -> None:
    result = await call(client, "gemini_ask", prompt="hi", store=False, tools=["google_search"])
    assert "1. [example.com (emulated)](https://example.com/emulated/search)" in text_of(result)


@pytest.mark.slow
@MODERN
async def test_an_unstored_answer_that_takes_long_can_be_read_from_this_server_only(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    fault = Fault("create", "hold")
    emulator.faults.append(fault)
    result = await call(client, "gemini_ask", prompt="hi", store=False, wait_seconds=0)
    handle = footer_of(result).split(" | ")[0].removeprefix("interaction_id: ")
    assert f'read_interaction(interaction_id="{handle}", wait_seconds=45)' in text_of(result)
    fault.release.set()
    later = await call(client, "read_interaction", interaction_id=handle, wait_seconds=5)
    assert "You asked: “hi”" in text_of(later)
    assert "it cannot be continued" in text_of(later)
    async with Client(build_server(settings, FAST), cache=None) as other:
        said = await complaint(other, "read_interaction", interaction_id=handle)
    assert "store=false" in said
    assert handle in said


@pytest.mark.slow
@MODERN
async def test_an_unstored_ask_that_its_host_gives_up_stays_readable_by_its_label(
    client: Client, emulator: Emulator
) -> None:
    fault = Fault("create", "hold")
    emulator.faults.append(fault)
    await cancelled_call(client, fault, "gemini_ask", prompt="hi", store=False)
    fault.release.set()
    [row] = rows_of(await call(client, "list_interactions"))
    result = await call(client, "read_interaction", interaction_id=row["interaction_id"], wait_seconds=5)
    assert "You asked: “hi”" in text_of(result)
    assert len(emulator.creates) == 1


@MODERN
async def test_cancelling_an_unstored_interaction_hangs_up(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(fault := Fault("create", "hold"))
    await cancelled_call(client, fault, "gemini_ask", prompt="hi", store=False)
    [row] = rows_of(await call(client, "list_interactions"))
    await call(client, "cancel_research", interaction_id=row["interaction_id"])
    assert "cancelled" in text_of(await call(client, "list_interactions"))
    assert emulator.cancels == []


@pytest.mark.slow
@MODERN
async def test_an_unstored_answer_cut_short_shows_the_text_that_came(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("stream", "end", after=6))
    result = await client.call_tool("gemini_ask", {"prompt": "hi", "store": False})
    assert result.is_error
    assert "The stream ended before the answer was complete" in text_of(result)
    assert "Emulated answer by" in text_of(result)


@pytest.mark.slow
@MODERN
@pytest.mark.usual_wire("every request is counted")
async def test_a_model_that_refuses_background_twice_is_asked_without_it_from_then_on(
    client: Client, emulator: Emulator
) -> None:
    said = {"error": {"code": "invalid_request", "message": f"Background is not supported for {MODEL}."}}
    refusal = Fault("create", "http", times=math.inf, http_status=400, body=said, match='"background":true')
    emulator.faults.append(refusal)
    first = await call(client, "gemini_ask", prompt="one")
    await call(client, "gemini_ask", prompt="two")
    assert refusal.reached.is_set()
    assert posts(emulator) == 4
    continued = await call(client, "gemini_continue", previous_interaction_id=id_of(first), prompt="three")
    assert posts(emulator) == 5
    assert [sent["input"] for sent in emulator.creates if "background" not in sent] == ["one", "two", "three"]
    assert "Earlier turns: 1." in text_of(continued)


@pytest.mark.slow
@pytest.mark.parametrize("wait_seconds", [0, 0.05])
async def test_a_slow_answer_hands_over_its_id_and_the_call_that_fetches_it(
    client: Client, emulator: Emulator, wait_seconds: float
) -> None:
    fault = Fault("create", "hold")
    emulator.faults.append(fault)
    result = await call(client, "gemini_ask", prompt="hi", wait_seconds=wait_seconds)
    assert id_of(result) == newest(emulator).id
    assert f" | {STATUS}" in footer_of(result)
    assert f'read_interaction(interaction_id="{id_of(result)}", wait_seconds=45)' in text_of(result)
    assert "Do not ask the same again." in text_of(result)
    fault.release.set()
    later = await call(client, "read_interaction", interaction_id=id_of(result), wait_seconds=5)
    assert "You asked: “hi”" in text_of(later)
    assert len(emulator.creates) == 1


@pytest.mark.slow
@MODERN
async def test_a_hand_over_shows_what_has_been_written_so_far(client: Client, emulator: Emulator) -> None:
    fault = Fault("stream", "stall", after=8)
    emulator.faults.append(fault)
    result = await call(client, "gemini_ask", prompt="hi [[words=400]]", wait_seconds=0)
    with anyio.fail_after(5):
        await fault.reached.wait()
        while "Partial answer so far:\n\nEmulated answer by" not in text_of(result):
            result = await call(client, "read_interaction", interaction_id=id_of(result))
    assert f"Still {STATUS}" in text_of(result)
    fault.release.set()


async def test_waiting_uses_the_configured_time_when_none_is_given(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("create", "hold"))
    async with Client(build_server(make_settings(tmp_path, url, wait_seconds=0.05)), cache=None) as client:
        assert f"Still {STATUS}" in text_of(await call(client, "gemini_ask", prompt="hi"))


@pytest.mark.slow
async def test_progress_grows_and_carries_the_id(client: Client, emulator: Emulator) -> None:
    fault = Fault("create", "hold")
    emulator.faults.append(fault)
    reports: list[tuple[float, float | None, str]] = []
    named = anyio.Event()

    async def report(progress: float, total: float | None, message: str | None) -> None:
        reports.append((progress, total, message or ""))
        if "v1" in reports[-1][2] and len(reports) > 2:
            named.set()

    async with anyio.create_task_group() as tasks:

        async def ask() -> None:
            await client.call_tool("gemini_ask", {"prompt": "hi"}, progress_callback=report)

        tasks.start_soon(ask)
        with anyio.fail_after(5):
            await named.wait()
        fault.release.set()
    assert f"({newest(emulator).id})" in reports[-1][2]
    steps = [progress for progress, _, _ in reports]
    assert steps == sorted(set(steps))
    assert {total for _, total, _ in reports} == {None}


@pytest.mark.slow
@MODERN
async def test_progress_tells_what_the_model_does(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("stream", "stall", after=7))
    searching = anyio.Event()

    async def report(progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        if (message or "").startswith("Searching: find the zebra ("):
            searching.set()

    async with anyio.create_task_group() as tasks:

        async def ask() -> None:
            arguments = {"prompt": "find the zebra", "tools": ["google_search"]}
            await client.call_tool("gemini_ask", arguments, progress_callback=report)

        tasks.start_soon(ask)
        with anyio.fail_after(5):
            await searching.wait()
        emulator.faults[0].release.set()


async def cancelled_call(client: Client, fault: Fault, tool: str, **arguments: Any) -> None:
    """Call a tool, and cancel the call as a host does once the API has taken the request."""
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, tool, arguments)
            await fault.reached.wait()
            tasks.cancel_scope.cancel()


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        "hold",
        pytest.param("stall", marks=pytest.mark.usual_wire("an id that nobody here was told yet has the usual form")),
    ],
)
async def test_an_ask_that_its_host_gives_up_goes_on_and_its_answer_is_there(
    client: Client, emulator: Emulator, kind: Any
) -> None:
    fault = Fault("create", kind)
    emulator.faults.append(fault)
    await cancelled_call(client, fault, "gemini_ask", prompt="hi")
    fault.release.set()
    await ended(newest(emulator))
    result = await call(client, "read_interaction", interaction_id=newest(emulator).id, wait_seconds=5)
    assert "You asked: “hi”" in text_of(result)
    assert emulator.cancels == []
    assert len(emulator.creates) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("create", "empty"), r"without an answer; steps seen: (?:user_input, )?thought\. Google gives no reason"),
        (Fault("create", "blocked"), r"failed at Google \(.*safety settings\.?"),
        (
            Fault("create", "status", run_status="failed"),
            r"failed at Google \(internal: The emulator was told to fail\)",
        ),
        (Fault("create", "status", run_status="requires_action"), r"stopped to call a function"),
    ],
    ids=["empty", "blocked", "failed", "requires_action"],
)
async def test_an_interaction_without_an_answer_is_an_error_with_its_id(
    client: Client, emulator: Emulator, fault: Fault, said: str
) -> None:
    emulator.faults.append(Fault(fault.on, fault.kind, run_status=fault.run_status))
    text = await complaint(client, "gemini_ask", prompt="hi")
    assert re.search(said, text)
    assert newest(emulator).id in text
    assert await complaint(client, "read_interaction", interaction_id=newest(emulator).id) == text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "noted"),
    [
        (
            "incomplete",
            "reached the model's own limit of output tokens.*gemini_continue can",
        ),
        ("budget_exceeded", "reached its token budget"),
        ("cancelled", "was cancelled"),
        ("requires_continuation", "gemini_continue can ask for the rest"),
    ],
)
@MODERN
async def test_an_answer_that_is_not_whole_is_shown_with_the_reason(
    client: Client, emulator: Emulator, status: str, noted: str
) -> None:
    emulator.faults.append(Fault("create", "status", run_status=status))
    text = text_of(await call(client, "gemini_ask", prompt="hi [[words=40]]"))
    assert re.search(rf"^Note: .*{noted}", text, re.MULTILINE)
    assert re.search(rf" \| {status}(?: \||$)", text, re.MULTILINE)


@pytest.mark.slow
@MODERN
async def test_a_limit_in_tokens_shows_the_part_that_fits(client: Client) -> None:
    result = await call(client, "gemini_ask", prompt="hi", max_output_tokens=5)
    assert text_of(result).startswith("Emulated answer by g\n\nNote: The answer is incomplete")
    assert re.search(r" \| incomplete(?: \||$)", footer_of(result), re.MULTILINE)


@pytest.mark.slow
@MODERN
async def test_a_long_answer_comes_in_pages_that_lose_nothing(client: Client, emulator: Emulator) -> None:
    result = await call(client, "gemini_ask", prompt="hi [[words=4500]]")
    pages = [text_of(result)]
    while found := re.search(r"Next: read_interaction\(interaction_id=\"(v1[\w.=-]*[\w=-])\", page=(\d)\)", pages[-1]):
        assert found[1] == newest(emulator).id
        page = await call(client, "read_interaction", interaction_id=found[1], page=int(found[2]))
        pages.append(text_of(page))
    assert len(pages) == 4
    assert [f"Page {number} of 4" in page for number, page in enumerate(pages, 1)] == [True] * 4
    assert all(len(page.encode()) <= 10_000 for page in pages)
    assert all(page.startswith(f"interaction_id: {newest(emulator).id}\n\n") for page in pages)
    written = newest(emulator).answer.steps[-1]["content"][0]["text"]
    for paragraph in written.strip().split("\n\n"):
        assert sum(paragraph.strip() in page for page in pages) == 1
    assert not any("Outline of" in page for page in pages)  # it has no headings


@pytest.mark.slow
@MODERN
async def test_code_that_begins_a_page_keeps_its_indentation(client: Client) -> None:
    code = "\n".join(f"    line {number} of a program that is long enough to fill a page" for number in range(180))
    result = await call(client, "gemini_ask", prompt=f"def f():\n{code}")
    second = await call(client, "read_interaction", interaction_id=id_of(result), page=2)
    assert re.match(r"interaction_id: .*\n\n    line \d+ of a program", text_of(second))


@pytest.mark.slow
@MODERN
async def test_a_long_json_answer_is_fenced_on_every_page(client: Client) -> None:
    schema = {"type": "array", "items": {"type": "string"}, "minItems": 300}
    result = await call(client, "gemini_ask", prompt="fill " * 12, response_schema=schema)
    second = await call(client, "read_interaction", interaction_id=id_of(result), page=2)
    assert "```json\n[" in text_of(result)
    assert re.match(r"interaction_id: [^\n]*\n\n```json\n.*\n```\n\n---\n", text_of(second), re.DOTALL)


@pytest.mark.slow
async def test_a_page_that_does_not_exist_is_refused_with_their_number(client: Client, emulator: Emulator) -> None:
    await call(client, "gemini_ask", prompt="hi")
    said = await complaint(client, "read_interaction", interaction_id=newest(emulator).id, page=2)
    assert said == "There is no page 2: this interaction has 1 page."


@pytest.mark.slow
@MODERN
async def test_a_model_that_is_not_there_names_one_that_is(client: Client, emulator: Emulator) -> None:
    said = await complaint(client, "gemini_ask", prompt="hi", model="gemini-1.0-pro")
    assert said == f"Google has no model or agent gemini-1.0-pro, or no longer has it. Use {MODEL} instead."
    assert emulator.creates == []


@pytest.mark.slow
@MODERN
async def test_an_unknown_predecessor_is_told_by_its_id(client: Client, emulator: Emulator) -> None:
    said = await complaint(client, "gemini_continue", previous_interaction_id="v1_gone", prompt="hi")
    assert "no interaction v1_gone to continue" in said
    assert emulator.creates == []


@pytest.mark.slow
async def test_of_what_was_delivered_a_moment_ago_nobody_looks_up_the_owner(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    owner, write = Journal.owner, Runs._write_delivery  # pyright: ignore[reportPrivateUsage]
    called = anyio.Event()

    async def counted(journal: Journal, label: str) -> str | None:
        asked.append(label)
        return await owner(journal, label)

    async def late(runs: Runs, run: Run, changes: Any) -> None:
        await called.wait()
        await write(runs, run, changes)

    monkeypatch.setattr(Journal, "owner", counted)
    monkeypatch.setattr(Runs, "_write_delivery", late)
    for _ in range(3):
        assert "Emulated answer" in text_of(await call(client, "gemini_ask", prompt="Hi"))
    called.set()
    assert asked == []
