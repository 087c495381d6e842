"""`doctor --live`: the real command line against the emulator in place of the API, usual and contrary."""

import io
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from pydantic import SecretStr

from conftest import FAST, KEY, make_settings
from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.api.observation import ObservedApi
from gemini_interactions_mcp.cli import live
from gemini_interactions_mcp.cli.facts import Facts
from gemini_interactions_mcp.cli.live import observe_probes, rehearse_probes
from gemini_interactions_mcp.cli.main import main
from gemini_interactions_mcp.cli.prices import bound_price, bound_prices
from gemini_interactions_mcp.cli.probe_requests import ProbedModels
from gemini_interactions_mcp.cli.probes import PROBES, Probe
from gemini_interactions_mcp.cli.reports import compare_facts, scrub_text, write_report
from gemini_interactions_mcp.core.lenient import coerce_object
from gemini_interactions_mcp.core.redaction import Redactor
from gemini_interactions_mcp.emulator import CONTRARY, Doubts, Emulator, Fault, make_rate_limit_fault
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.settings import Settings
from wired import PATIENCE, SERVE, command, environment

Capture = pytest.CaptureFixture[str]

NOVEMBER = datetime(2026, 11, 29, tzinfo=UTC)

AT_ONCE = replace(FAST, probe_reads=(0.0,) * 4)
STREAM, READ, PLAIN = "Background stream", "Reading after a stream", "Foreground without a stream"
ECHOES, AGENT = "Parts of the request in a read", "Agent environment"
SEEN_BY = {
    "id_form": (PLAIN,),
    "first_status": ("Cancelling",),
    "foreground_models": ("Model without the background",),
    "passing_refusals": ("Concurrent background requests",),
    "streamed_refusals": ("Unknown model",),
    "minimal_thinking": ("Minimal thinking",),
    "maps_and_search": ("Google Maps with Google Search",),
    "environment_optional": (AGENT,),
    "late_continues": ("Continuing immediately",),
    "bare_foreground": ("Dropping a foreground stream",),
    "completed_usage": (STREAM,),
    "streamed_annotations": ("Annotations",),
    "lost_completions": (STREAM, READ, "Resuming a stream"),
    "late_reads": (READ,),
    "bare_reads": (PLAIN,),
    "refused_reads": (STREAM, READ),
    "input_steps": (ECHOES,),
    "labels_echoed": (ECHOES,),
    "unstored_ids": ("store=false",),
    "cancel_seconds": ("Cancelling",),
    "deleted_reads": ("Deleting",),
    "entry_types": (AGENT,),
    "entry_sizes": (AGENT,),
    "root_entries": (AGENT,),
    "empty_folders": (AGENT,),
}
"""The probes that reveal each doubt."""

UNPROBED = {
    "retry_delay": "nobody may use the quota up to see it",
    "server_calls": "it takes an MCP server in Google's reach",
    **dict.fromkeys(
        ("video_delivery", "inline_reads", "late_files", "redirected_downloads", "ranges"),
        "a video costs more than all probes together",
    ),
    "missing_stores": "both are told alike",
    "late_documents": "it takes a store with a document, whose indexing is paid for",
}
"""Doubts without a probe, and the reason."""

ANSWERED = {"y\n": 0, "YES\n": 0, "n\n": 1, "\n": 1, "": 1, "maybe\n": 1}


class Terminal(io.StringIO):
    """A terminal with typed input."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def emulator() -> Emulator:
    """Return the usual emulator, even in a contrary run: the comparison is tested here."""
    return Emulator(research_seconds=0.05, step_seconds=0.001, processing_seconds=0.01)


async def run(
    env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Capture, *options: str
) -> tuple[int, str, str]:
    """Return status, stdout and stderr; in a thread, because the command has event loops of its own."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    status = await anyio.to_thread.run_sync(main, ["doctor", "--live", *options])
    said = capsys.readouterr()
    return status, said.out, said.err


def starts(emulator: Emulator) -> list[dict[str, Any]]:
    """Return the bodies of the requests that start an interaction."""
    return [dict(coerce_object(each.body)) for each in emulator.requests if each.path == "/v1/interactions"]


def only(*titles: str) -> list[Probe]:
    """Return the probes with these titles."""
    found = [probe for probe in PROBES if probe.title in titles]
    assert len(found) == len(titles)
    return found


def differing(text: str) -> list[str]:
    """Return the lines of a report that are marked as different."""
    return [line for line in text.splitlines() if line.endswith("| ≠ |")]


@pytest.mark.slow
async def test_against_the_emulator_both_columns_agree_and_nothing_is_left_or_given_away(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    servers = '{"docs": {"url": "https://docs.example/", "headers": {"Authorization": "Bearer hush-5f2e-4c11"}}}'
    env = environment(tmp_path, url, GEMINI_MCP_SERVERS=servers)
    status, out, err = await run(env, monkeypatch, capsys, "--yes", "--images", "--agents")
    assert status == 0
    assert re.search(r"^\*\*0 of \d{3} facts differ\*\* ", out, re.MULTILINE)
    assert differing(out) == []
    assert [line for line in out.splitlines() if line.startswith("## ")] == [f"## {probe.title}" for probe in PROBES]
    assert f"gemini-interactions-mcp {__version__}, google-genai " in out
    assert "not understood" not in out
    assert "no response" not in out
    assert f"{len(PROBES)} of {len(PROBES)}: " in err
    made = [*emulator.interactions, *emulator.deletes, *emulator.environments]
    for private in (KEY, "hush-5f2e-4c11", str(tmp_path), url.rpartition(":")[2], "emulated-", *made):
        assert private not in out + err
    assert (emulator.interactions, emulator.files.files, emulator.environments) == ({}, {}, {})
    assert len(emulator.deletes) > 20
    assert "deep-research" not in str(starts(emulator))
    assert not (tmp_path / "journal.sqlite3").exists()


async def test_without_its_options_it_starts_no_agent_and_draws_nothing(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOVEMBER)
    status, out, err = await run(environment(tmp_path, url), monkeypatch, capsys, "--yes")
    assert status == 0
    assert {body.get("agent") for body in starts(emulator)} == {None}
    assert not any("response_format" in body for body in starts(emulator))
    assert "## Image" not in out
    [told] = re.findall(r"(\d+) of them start an interaction; together they cost at most about \$(0\.\d\d)\.", err)
    assert told == (str(len(starts(emulator))), f"{bound_prices(starts(emulator), NOVEMBER):.2f}")
    assert 0.01 < float(told[1]) <= 0.10


@pytest.mark.slow
async def test_where_nobody_can_be_asked_it_says_what_it_would_do_and_sends_nothing(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    status, out, err = await command(environment(tmp_path, url, measured=True), "doctor", "--live")
    assert (status, out) == (2, "")
    assert "cost at most about $0." in err
    assert "not a terminal" in err
    assert "--yes" in err
    assert emulator.requests == []


@pytest.mark.parametrize("typed", ANSWERED)
async def test_at_a_terminal_it_asks_first_and_only_a_yes_is_one(
    typed: str, tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(live, "PROBES", only("Unknown ids"))
    status, out, err = await run(environment(tmp_path, url), monkeypatch, capsys)
    assert status == ANSWERED[typed]
    assert "Send them? [y/N] " in err
    assert bool(emulator.requests) == (status == 0)
    assert ("facts differ" in out) == (status == 0)
    assert ("Nothing was sent." in err) == (status == 1)


@pytest.mark.parametrize("option", ["--images", "--agents", "--yes"])
def test_its_options_need_it(option: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as end:
        main(["doctor", option])
    assert end.value.code == 2
    assert "need --live" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"GEMINI_API_KEY": None}, "No Gemini API key is set"),
        ({"GEMINI_API_KEY": "two words-4f1a9c"}, "has a space"),
        ({"GEMINI_MCP_WAIT_SECONDS": "soon-4f1a9c"}, "GEMINI_MCP_WAIT_SECONDS"),
    ],
)
async def test_what_cannot_work_is_said_before_anything_is_tried(
    changes: dict[str, Any],
    told: str,
    tmp_path: Path,
    url: str,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    status, out, err = await run(environment(tmp_path, url, **changes), monkeypatch, capsys, "--yes")
    assert (status, out) == (1, "")
    assert told in err
    assert "4f1a9c" not in err
    assert emulator.requests == []


@pytest.mark.slow
async def test_it_touches_neither_the_journal_nor_the_output(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(live, "PROBES", only(PLAIN))
    status, _, _ = await run(environment(tmp_path, url), monkeypatch, capsys, "--yes")
    assert status == 0
    assert {each async for each in anyio.Path(tmp_path).iterdir()} == {tmp_path / "files", tmp_path / "home"}


@pytest.mark.slow
async def test_a_proxy_does_not_come_between_it_and_the_emulator(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setattr(live, "PROBES", only("Unknown ids"))
    _, out, _ = await run(environment(tmp_path, url), monkeypatch, capsys, "--yes")
    assert "no response" not in out
    assert len(emulator.requests) == 3


@pytest.mark.slow
async def test_an_api_of_the_contrary_is_marked_wherever_it_differs(settings: Settings) -> None:
    usual = await rehearse_probes(settings, PROBES)
    other = await rehearse_probes(settings, PROBES, CONTRARY)
    text = write_report(other, usual, settings)
    assert len(differing(text)) > 40
    assert "| reads | `404 not_found → 404 not_found → 400 invalid_request" in text
    assert "5 x 200, 5 x 400 invalid_request" in text
    assert "| types of the root | `DIRECTORY, FILE` | `directory, file` | ≠ |" in text
    assert "not understood" not in text


@pytest.mark.slow
@pytest.mark.parametrize("doubt", SEEN_BY)
async def test_every_doubt_is_seen_by_a_probe(doubt: str, settings: Settings) -> None:
    decided = replace(Doubts(), **{doubt: getattr(CONTRARY, doubt)})
    probes = only(*SEEN_BY[doubt])
    usual, other = await rehearse_probes(settings, probes), await rehearse_probes(settings, probes, decided)
    assert differing(write_report(other, usual, settings)) != []
    assert differing(write_report(usual, usual, settings)) == []


def test_every_doubt_has_its_probe_or_a_reason_for_having_none() -> None:
    assert {*SEEN_BY, *UNPROBED} == {each.name for each in fields(Doubts)}


def test_every_doubt_is_decided_the_other_way_by_the_contrary() -> None:
    assert [each.name for each in fields(Doubts) if getattr(CONTRARY, each.name) == each.default] == []


def test_facts_are_compared_by_name_and_a_missing_one_differs() -> None:
    rows = list(compare_facts({"a": "1", "b": "2", "seconds until the id is known": "9"}, {"b": "2", "c": "3"}))
    assert [(row.what, row.real, row.emulator, row.differs) for row in rows] == [
        ("a", "1", "-", True),
        ("b", "2", "2", False),
        ("seconds until the id is known", "9", "-", None),
        ("c", "-", "3", True),
    ]


async def seen(settings: Settings, probes: Sequence[Probe]) -> str:
    """Return the report on an API with faults."""
    return write_report(
        await observe_probes(settings, probes, AT_ONCE), await rehearse_probes(settings, probes), settings
    )


async def test_a_refusal_by_quota_is_waited_for_once_and_told(settings: Settings, emulator: Emulator) -> None:
    emulator.faults.append(make_rate_limit_fault(seconds=0.01))
    text = await seen(settings, only(PLAIN))
    assert differing(text) == []
    assert "Refused by quota: 1; place of the retry delay: details." in text


def too_many(message: str) -> Fault:
    """Return a refusal by quota with this message."""
    return Fault("create", "http", http_status=429, body={"error": {"message": message, "code": "too_many_requests"}})


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (make_rate_limit_fault(seconds=20_000), "details"),
        (make_rate_limit_fault(seconds=20_000, told="header"), "retry-after header"),
        (make_rate_limit_fault(told="nowhere"), "nowhere, or in another form"),
        (too_many("Please retry in 5h46m13s."), "nowhere, or in another form"),
        (too_many("Please retry in 99.5s."), "message"),
    ],
)
async def test_a_refusal_by_quota_for_long_is_a_fact_like_others(
    fault: Fault, told: str, settings: Settings, emulator: Emulator
) -> None:
    emulator.faults.append(replace(fault, release=anyio.Event(), reached=anyio.Event()))
    text = await seen(settings, only(PLAIN))
    assert "| response | `429 " in text
    assert f"place of the retry delay: {told}." in text
    assert len(starts(emulator)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault("create", "drop"), "no response (APIConnectionError)"),
        (Fault("create", "http", http_status=200, body="<html>"), "200, broken (JSONDecodeError)"),
        (Fault("create", "http", http_status=503), "503 service_unavailable"),
        (Fault("create", "http", http_status=403, body={"error": {"status": "X_Y", "message": "no"}}), "403 X_Y"),
        (Fault("stream", "cut", after=3), "200, broken ("),
        (Fault("stream", "error", after=2), "200, then an error event: gateway_timeout"),
        (Fault("stream", "truncate", after=2), "200"),
        (Fault("stream", "deadline", after=2), "200"),
        (Fault("stream", "unknown", after=2), "200"),
    ],
)
async def test_whatever_is_answered_is_told_and_the_next_probe_is_tried(
    fault: Fault, told: str, settings: Settings, emulator: Emulator
) -> None:
    emulator.faults.append(replace(fault, release=anyio.Event(), reached=anyio.Event()))
    probes = only(STREAM, PLAIN)
    text = await seen(settings, probes)
    assert f"| response | `{told}" in text
    assert "| response | `200 completed` | `200 completed` |  |" in text
    assert emulator.interactions == {}


async def test_a_probe_that_breaks_or_hangs_does_not_stop_the_others(
    settings: Settings,
) -> None:
    async def breaks(_: ObservedApi, __: ProbedModels) -> Facts:
        raise RecursionError("secret-9a8b7c6d")

    async def hangs(_: ObservedApi, __: ProbedModels) -> Facts:
        await anyio.sleep_forever()
        raise AssertionError

    probes = [Probe("Breaks", "nothing", breaks), Probe("Hangs", "nothing", hangs), *only("Unknown ids")]
    found = await observe_probes(settings, probes, replace(AT_ONCE, probe=0.2))
    assert [outcome.facts.get("response") for outcome in found.outcomes] == [
        "not understood (RecursionError)",
        "none within 0 seconds",
        None,
    ]
    assert found.outcomes[2].facts["three letters"] == "400 invalid_request"


async def test_an_api_that_is_not_there_is_told_too(tmp_path: Path) -> None:
    nowhere = make_settings(tmp_path, "http://127.0.0.1:9")
    found = await observe_probes(nowhere, PROBES, AT_ONCE)
    assert [outcome.probe.title for outcome in found.outcomes if "no response" not in str(outcome.facts)] == []
    assert found.deleted == (0, 0)


async def test_what_is_made_is_deleted_also_when_it_is_stopped_midway(settings: Settings, emulator: Emulator) -> None:
    emulator.faults.append(stalled := Fault("stream", "stall", after=3))
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(observe_probes, settings, only(READ), AT_ONCE)
            await stalled.reached.wait()
            assert len(emulator.interactions) == 1
            tasks.cancel_scope.cancel()
    assert emulator.interactions == {}
    assert len(emulator.deletes) == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there, a process can only be killed")
async def test_what_is_made_is_deleted_when_the_user_presses_ctrl_c(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    # At a read, the process is certain to know the id: events of a stream may still be on their way to it.
    emulator.faults.append(stalled := Fault("get", "stall"))
    arguments = [*SERVE, "doctor", "--live", "--yes"]
    process = await anyio.open_process(arguments, stdin=subprocess.DEVNULL, env=environment(tmp_path, url))
    try:
        with anyio.fail_after(PATIENCE):
            await stalled.reached.wait()
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 1
    finally:
        with anyio.CancelScope(shield=True):
            await process.aclose()
    assert emulator.interactions == {}
    assert len(emulator.deletes) == len(emulator.creates) == 2


@pytest.mark.slow
async def test_what_could_not_be_deleted_is_counted(settings: Settings, emulator: Emulator) -> None:
    emulator.faults.append(Fault("delete", "http", http_status=500))
    text = await seen(settings, only(PLAIN))
    assert "Deleted at the end: 0 of 1 created objects." in text


def test_the_price_is_that_of_all_tokens_that_a_request_allows() -> None:
    body: dict[str, Any] = {"model": "gemini-3.8-flash", "generation_config": {"max_output_tokens": 1_000_000}}
    assert bound_price(body, NOVEMBER) == pytest.approx(3.75, abs=0.001)
    assert bound_price(body | {"model": "gemini-9-unknown"}, NOVEMBER) == pytest.approx(20, abs=0.001)
    assert bound_price(
        body | {"tools": [{"type": "google_search"}, {"type": "google_maps"}]}, NOVEMBER
    ) == pytest.approx(3.778, abs=0.001)
    assert bound_price(
        {"model": "gemini-3-pro-image", "response_format": [{"type": "image"}]}, NOVEMBER
    ) == pytest.approx(0.134, abs=0.001)
    agent: dict[str, Any] = {"agent": "antigravity-preview-09-2026", "agent_config": {"max_total_tokens": "1000000"}}
    assert bound_price(agent, NOVEMBER) == pytest.approx(3.75, abs=0.001)


async def test_images_and_agents_cost_more_and_are_counted(settings: Settings) -> None:
    plain, image, agent = [
        bound_prices((await rehearse_probes(settings, only(each))).asks, NOVEMBER) for each in (PLAIN, "Image", AGENT)
    ]
    assert plain < 0.01
    assert image > 0.03
    assert 0.1 < agent < 0.3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"The key {KEY} is wrong", "The key [secret] is wrong"),
        ("no v1_Chd-abc_9 here", "no [id] here"),
        ("key AIza" + "Sy0123456789abcdefghijklmnopqrstuvw", "key [secret]"),
        ("interactions/v1_ChdXM2ZXYW1xWUx1d3VtUGtQ not found", "interactions/[id] not found"),
        ("environment fc155701-ea68-4846-973f-f2943e35cdde", "environment [id]"),
        ("consumer 'projects/my-startup-5512' used", "consumer 'projects/[name]' used"),
        ("used in project 123456789012 before", "used in project [number] before"),
        ("ask jane.doe@example.com", "ask [address]"),
        ("see https://console.example/x?project=mine&a=1 now", "see https://console.example/x?[query] now"),
        ("two\nlines", "two lines"),
        (f"{'x ' * 147}{KEY}", f"{'x ' * 146}x [secr…"),
        (
            "gemini-3.1-pro-preview-customtools takes 1048576 bytes",
            "gemini-3.1-pro-preview-customtools takes 1048576 bytes",
        ),
    ],
)
def test_an_answer_is_told_without_what_is_private(text: str, told: str) -> None:
    assert scrub_text(text, Redactor([KEY]), ["v1_Chd-abc_9"]) == told


@pytest.mark.slow
async def test_a_key_and_an_id_that_the_api_repeats_are_not_told(settings: Settings, emulator: Emulator) -> None:
    servers = make_settings(
        settings.output_dir.parent,
        str(settings.base_url),
        servers=[{"name": "docs", "url": "https://docs.example", "headers": {"X": SecretStr("Bearer tell-me-not")}}],
    )
    body = {"error": {"message": f"{KEY} | tell-me-not `x` of projects/mine", "code": "not_found"}}
    emulator.faults.append(Fault("get", "http", http_status=404, body=body, times=99))
    text = await seen(servers, only("Unknown ids"))
    assert "`[secret] \\| [secret] 'x' of projects/[name]`" in text
    assert KEY not in text
