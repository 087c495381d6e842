"""Views: which clients are offered them, what they show, and that results without them stay as they are."""

import base64
import io
import json
import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.extension import advertise
from mcp.shared.exceptions import MCPDeprecationWarning
from mcp_types import CallToolResult, Implementation, TextResourceContents, Tool
from PIL import Image
from pydantic import SecretStr

from conftest import FAST, Mode, make_settings
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.models.interactions import Citation, Record
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.server.views import files as view_files
from gemini_interactions_mcp.server.views import texts
from gemini_interactions_mcp.server.views.offering import APP_URI, VIEW_KEY, VIEW_TOOL, VIEWED_TOOLS
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.text import transcripts
from hostile import SCRIPT_TEXTS
from reading import call, complaint, id_of, saved_in, text_of
from test_hypertext import check_elements
from test_tools_transcripts import talk

UI = advertise("io.modelcontextprotocol/ui", {"mimeTypes": ["text/html;profile=mcp-app"]})
OTHER_UI = advertise("io.modelcontextprotocol/ui", {"mimeTypes": ["text/html;profile=other"]})

Json = dict[str, Any]


@pytest.fixture
async def host(server: Server, mode: Mode) -> AsyncGenerator[Client]:
    """A client that shows views."""
    async with Client(server, mode=mode, cache=None, extensions=[UI]) as connected:
        yield connected


def view_of(result: CallToolResult) -> Json:
    """What a view shows of a result."""
    assert not result.is_error, text_of(result)
    assert result.meta is not None
    return dict(result.meta[VIEW_KEY])


async def read(host: Client, **arguments: Any) -> Json:
    """What the view reads."""
    return view_of(await call(host, VIEW_TOOL, **arguments))


async def researched(host: Client, prompt: str = "Bicycles", **arguments: Any) -> str:
    """The id of research that has ended."""
    started = await call(host, "start_research", prompt=prompt, **arguments)
    await call(host, "check_research", interaction_id=id_of(started), wait_seconds=20)
    return id_of(started)


async def offered(server: Server, mode: Mode, **options: Any) -> dict[str, Tool]:
    async with Client(server, mode=mode, cache=None, **options) as client:
        return {tool.name: tool for tool in (await client.list_tools()).tools}


async def test_only_clients_with_views_are_offered_them(server: Server, mode: Mode) -> None:
    plain = await offered(server, mode)
    shown = await offered(server, mode, extensions=[UI])
    assert await offered(server, mode, extensions=[OTHER_UI]) == plain
    assert shown.keys() - plain.keys() == {VIEW_TOOL}
    assert shown[VIEW_TOOL].meta == {"ui": {"visibility": ["app"]}}
    for name, tool in plain.items():
        added = {"ui": {"resourceUri": APP_URI}, "ui/resourceUri": APP_URI} if name in VIEWED_TOOLS else {}
        assert shown[name] == tool.model_copy(update={"meta": {**(tool.meta or {}), **added}})
    assert {name for name in VIEWED_TOOLS if name not in plain} == set()


@pytest.mark.parametrize("name", ["Visual Studio Code", "Visual Studio Code - Insiders"])
async def test_vs_code_gets_no_annotations_that_would_hide_a_view(server: Server, mode: Mode, name: str) -> None:
    shown = await offered(server, mode, extensions=[UI], client_info=Implementation(name=name, version="1"))
    bare = {tool.name for tool in shown.values() if tool.annotations is None}
    assert bare == {"start_research", "generate_image", "generate_audio", "generate_video"}
    plain = await offered(server, mode, client_info=Implementation(name=name, version="1"))
    assert all(tool.annotations for tool in plain.values())


async def test_the_view_is_read_without_any_setting_and_loads_nothing(tmp_path: Path, mode: Mode) -> None:
    settings = make_settings(tmp_path, "", findings=("GEMINI_MCP_WAIT_SECONDS is wrong.",))
    async with Client(build_server(settings, FAST), mode=mode, cache=None, extensions=[UI]) as host:
        (page,) = (await host.read_resource(APP_URI)).contents
    assert isinstance(page, TextResourceContents)
    assert page.mime_type == "text/html;profile=mcp-app"
    assert page.meta == {"ui": {"csp": {}, "prefersBorder": True}}
    assert page.text.lower().startswith("<!doctype html>")
    assert not re.search(r"(?:src|href)=", page.text)
    assert len(page.text.encode()) <= 60_000


async def test_a_ping_is_answered_in_every_era(host: Client) -> None:
    with pytest.warns(MCPDeprecationWarning):
        await host.send_ping()  # pyright: ignore[reportDeprecated] - hosts send it all the same


def normalize(result: CallToolResult) -> str:
    """What a model reads of a result, without what differs from run to run."""
    told = result.model_dump(mode="json", by_alias=True, exclude={"meta"})
    return re.sub(r"v1[\w.=-]+|[\da-f]{16,}|\d{4}-\d\d-\d\dT[\d:+]+|/[^\s\"]*|\b[\da-f]{6}\b", "X", json.dumps(told))


async def tell_all(server: Server, mode: Mode, *extensions: Any) -> list[str]:
    """What results say to a model."""
    async with Client(server, mode=mode, cache=None, extensions=extensions) as client:
        started = await call(client, "start_research", prompt="Bicycles")
        told = [
            started,
            await call(client, "check_research", interaction_id=id_of(started), wait_seconds=20),
            await call(client, "generate_image", prompt="A bicycle"),
            await call(client, "generate_audio", prompt="Hello"),
            await call(client, "gemini_ask", prompt="Why?"),
            await call(client, "list_interactions", totals="model"),
            await call(client, "read_interaction", interaction_id=id_of(started)),
        ]
        assert [result.meta is not None and VIEW_KEY in result.meta for result in told] == [
            bool(extensions) and name != "gemini_ask"
            for name in ("start", "check", "image", "audio", "gemini_ask", "list", "read")
        ]
    return list(map(normalize, told))


async def test_a_model_reads_the_same_with_and_without_a_view(url: str, tmp_path: Path, mode: Mode) -> None:
    told: list[list[str]] = []
    for number, extensions in enumerate(([], [UI])):
        (folder := tmp_path / str(number)).mkdir()
        told.append(await tell_all(build_server(make_settings(folder, url), FAST), mode, *extensions))
    assert told[0] == told[1]


async def test_a_view_that_fails_costs_nobody_the_answer(host: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gemini_interactions_mcp.server.views.attaching.build_interaction_view", fail)
    result = await call(host, "generate_image", prompt="A bicycle")
    assert VIEW_KEY not in (result.meta or {})
    assert "Saved:" in text_of(result)


async def test_running_research_shows_what_it_does_and_then_its_report(host: Client, emulator: Emulator) -> None:
    emulator.faults.append(hold := Fault("create", "hold"))
    started = await call(host, "start_research", prompt="Bicycles")
    run = view_of(started)
    assert run["view"] == "run"
    assert run["interaction"]["settled"] is False
    assert run["interaction"]["title"] == "Bicycles"
    assert run["run"]["elapsed"] >= 0
    assert 3 <= run["run"]["poll_seconds"] <= 10
    hold.release.set()
    await call(host, "check_research", interaction_id=id_of(started), wait_seconds=20)
    report = await read(host, interaction_id=id_of(started))
    assert report["view"] == "report"
    assert report["interaction"]["settled"] is True
    assert report["interaction"]["cost_usd"] > 0
    assert "<h1" in report["text"]["html"]


async def test_a_report_has_an_outline_sources_and_charts(host: Client) -> None:
    shown = await read(host, interaction_id=await researched(host))
    text = shown["text"]
    assert (text["page"], text["pages"]) == (1, 1)
    assert [each["title"] for each in text["outline"]][:2] == ["Research report: Bicycles", "Summary"]
    for each in text["outline"]:
        assert f'id="{each["anchor"]}"' in text["html"]
    assert [each["number"] for each in text["sources"]] == [1, 2, 3]
    assert all(each["url"].startswith("http") for each in text["sources"])
    assert 'href="#source-1"' in text["html"]
    (chart,) = [file for file in shown["files"] if file["mime_type"] == "image/png"]
    assert f'data-file="{chart["name"]}"' in text["html"]
    check_elements(text["html"])


async def test_a_long_report_comes_in_pages_that_say_all(host: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "PAGE_BYTES", 3_000)
    found = await researched(host, "Bicycles [[words=3000]]")
    first = await read(host, interaction_id=found)
    assert first["text"]["pages"] > 3
    pages = [first, *[await read(host, interaction_id=found, page=n) for n in range(2, first["text"]["pages"] + 1)]]
    html = "".join(page["text"]["html"] for page in pages)
    for page in pages:
        for each in page["text"]["outline"]:
            assert f'id="{each["anchor"]}"' in page["text"]["html"]
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) == sum(len(page["text"]["outline"]) for page in pages) > 3
    assert [len(page["text"]["sources"]) for page in pages] == [3, *[0] * (len(pages) - 1)]
    assert not {"files", "transcript", "plan"} & pages[1].keys()
    assert "There is no page 99" in await complaint(host, VIEW_TOOL, interaction_id=found, page=99)


async def test_a_plan_has_steps_a_price_and_what_became_of_it(host: Client) -> None:
    plan = await researched(host, plan_first=True)
    shown = await read(host, interaction_id=plan)
    assert shown["view"] == "plan"
    assert shown["plan"]["steps"] == ["Find the sources", "Compare them", "Write the report"]
    assert shown["plan"]["state"] == "waiting"
    assert shown["plan"]["estimate"].startswith("Estimated cost: $")
    assert shown["plan"]["spent"].startswith("Spent today (UTC): ")
    changed = await researched(host, "Only cargo bicycles", previous_interaction_id=plan, plan_first=True)
    assert (await read(host, interaction_id=plan))["plan"] | {"steps": []} == {
        "steps": [],
        "state": "refined",
        "successor": changed,
        "estimate": "",
        "spent": "",
        "approval": shown["plan"]["approval"],
    }
    run = await researched(host, shown["plan"]["approval"], previous_interaction_id=changed)
    again = await read(host, interaction_id=changed)
    assert (again["plan"]["state"], again["plan"]["successor"]) == ("approved", run)
    assert [each["id"] for each in again["interaction"]["followers"]] == [run]


async def test_pictures_come_in_the_size_shown(host: Client) -> None:
    made = view_of(await call(host, "generate_image", prompt="A bicycle"))
    assert made["view"] == "media"
    (file,) = made["files"]
    for side in (64, 300):
        shown = await read(host, interaction_id=made["interaction"]["id"], name=file["name"], side=side)
        head, data = shown["data"].split(",")
        assert head == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
            assert max(picture.size) == min(side, max(file["width"], file["height"]))
    assert "has no file" in await complaint(host, VIEW_TOOL, interaction_id=made["interaction"]["id"], name="../x")


async def test_recordings_come_in_pieces_whose_base64_can_be_joined(
    host: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_files, "PIECE_BYTES", 3 * 1_000)
    made = view_of(result := await call(host, "generate_audio", prompt="Hello, tide"))
    (file,) = made["files"]
    joined, offset = "", 0
    while offset < file["bytes"]:
        piece = await read(host, interaction_id=made["interaction"]["id"], name=file["name"], offset=offset)
        assert (piece["offset"], piece["total"], piece["mime_type"]) == (offset, file["bytes"], "audio/wav")
        joined, offset = joined + piece["base64"], offset + piece["bytes"]
    (saved,) = saved_in(result)
    assert base64.b64decode(joined) == saved.read_bytes()
    beyond = await read(host, interaction_id=made["interaction"]["id"], name=file["name"], offset=offset)
    assert (beyond["bytes"], beyond["base64"]) == (0, "")


async def test_a_file_in_place_of_what_was_saved_is_not_shown(host: Client) -> None:
    made = view_of(result := await call(host, "generate_audio", prompt="Hello"))
    (saved,) = saved_in(result)
    saved.write_bytes(b"x" * saved.stat().st_size)
    for asked in ({"offset": 0}, {"side": 100}):
        said = await complaint(
            host, VIEW_TOOL, interaction_id=made["interaction"]["id"], name=made["files"][0]["name"], **asked
        )
        assert "was changed or moved" in said


async def test_a_file_that_is_too_large_is_named_and_not_read(host: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_files, "PIECED_FILE_BYTES", 100)
    made = view_of(await call(host, "generate_audio", prompt="Hello"))
    said = await complaint(
        host, VIEW_TOOL, interaction_id=made["interaction"]["id"], name=made["files"][0]["name"], offset=0
    )
    assert made["files"][0]["path"] in said


async def test_a_transcript_has_times_and_speakers(host: Client, settings: Settings) -> None:
    told = await call(host, "analyze_file", prompt="Tide", files=[str(talk(settings))], transcript=True)
    turns = (await read(host, interaction_id=id_of(told)))["transcript"]
    assert [turn["speaker"] for turn in turns] == ["Speaker 1", "Speaker 2", "Speaker 1", "Speaker 2"]
    assert [(turn["start"], turn["end"]) for turn in turns][:2] == [(0.0, 3.4), (3.4, 4.7)]
    assert turns[1]["text"] == "Only the foghorn."


async def test_history_is_searched_filtered_and_paged(host: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gemini_interactions_mcp.server.views.overviews.ROWS_PER_PAGE", 2)
    for prompt in ("One", "Two", "Three"):
        await call(host, "gemini_ask", prompt=prompt)
    await call(host, "generate_image", prompt="A bicycle")
    first = await read(host, list="history")
    assert [row["prompt"] for row in first["rows"]] == ["A bicycle", "Three"]
    second = await read(host, list="history", cursor=first["next_cursor"])
    assert [row["prompt"] for row in second["rows"]] == ["Two", "One"]
    assert second["next_cursor"] is None
    assert [row["kind"] for row in (await read(host, list="history", kind="image"))["rows"]] == ["image"]
    assert (await read(host, list="history", query="Tw"))["filters"] == {"query": "Tw", "kind": None, "status": None}
    assert (await read(host, list="history", status="running"))["rows"] == []
    listed = view_of(await call(host, "list_interactions", kind="image"))
    assert [row["prompt"] for row in listed["rows"]] == ["A bicycle"]
    assert "Unknown cursor" in await complaint(host, VIEW_TOOL, list="history", cursor="x")


async def test_usage_has_days_models_and_what_is_left_of_the_limits(url: str, tmp_path: Path, mode: Mode) -> None:
    settings = make_settings(tmp_path, url, dollars_per_day=5, runs_per_day=3)
    async with Client(build_server(settings, FAST), mode=mode, cache=None, extensions=[UI]) as host:
        empty = await read(host, list="usage")
        assert empty["days"] == []
        assert empty["notes"] == f"Nothing has been asked since {empty['since']} (UTC)."
        await researched(host)
        shown = view_of(await call(host, "list_interactions", totals="day"))
    assert len(shown["days"]) == len(shown["models"]) == 1
    assert shown["total"]["cost_usd"] == shown["limits"][0]["spent_usd"] > 0
    assert [each["limit_usd"] for each in shown["limits"]] == [5.0, None]
    assert (shown["runs_today"], shown["runs_limit"]) == (1, 3)


HOST_BYTES = 1_000_000
"""Claude Desktop refuses a result of more than 1 MiB."""

LONG_TEXTS = {
    "marks": "[1, 2, 3, 4, 5, 6, 7, 8, 9]\n" * 20_000,
    "single marks": "[1]" * 100_000,
    "headings": "# a\n" * 50_000,
    "brackets": "![" * 50_000,
    "open links": "[a\n" * 50_000,
    "closed brackets": "[" * 50_000 + "]" * 50_000,
    "wide table": "|a" * 300 + "|\n" + "|-" * 300 + "|\n" + ("|" * 301 + "\n") * 300,
    "one line": "&" * 200_000,
    "quotations": ">" * 60 + " # deep\n\n# a\n\n" + "text\n\n" * 9_000,
    "odd headings": "# ****\n\n# a\n\n<pre>\n\n# b\n\n</pre>\n\n# `\n\n" * 3_000,
}


@pytest.mark.parametrize("name", LONG_TEXTS)
def test_no_page_is_larger_than_hosts_accept_and_each_heading_is_there(name: str) -> None:
    cited = tuple(Citation(url=f"https://example.com/{'x' * 970}{n}", title="Title " * 90) for n in range(900))
    record = Record(
        label="one",
        kind="research",
        created_at=datetime.now(UTC),
        updated_at=datetime.now(UTC),
        text=LONG_TEXTS[name],
        citations=cited,
    )
    first = texts.render_text_page(record)
    others = {2, min(3, first["pages"])} - {1}
    for shown in (first, *(texts.render_text_page(record, page) for page in others)):
        assert len(json.dumps(shown)) < HOST_BYTES
        check_elements(shown["html"])
        for each in shown["outline"]:
            assert f'id="{each["anchor"]}"' in shown["html"]


async def test_what_is_very_long_fits_into_a_result(host: Client, emulator: Emulator) -> None:
    started = await call(host, "gemini_ask", prompt="word " * 300_000)
    shown = await read(host, interaction_id=id_of(started))
    assert len(json.dumps(shown)) < HOST_BYTES
    assert shown["interaction"]["prompt"].endswith("…")


def test_a_transcript_of_many_hours_is_told_as_text_only() -> None:
    moment = datetime.now(UTC)
    turn = "[00:01.0] Speaker 1: Words.\n\n"
    for turns, told in ((2_000, 2_000), (20_000, 0)):
        record = Record(label="one", kind="transcript", created_at=moment, updated_at=moment, text=turn * turns)
        assert len(texts.list_turns(record)) == told


def test_a_word_before_a_colon_is_a_speaker_only_where_all_paragraphs_have_one() -> None:
    told = transcripts.parse_turns("[00:01.0] Note: this is said.\n\n[00:02.0] And this.")
    assert [(turn.speaker, turn.text) for turn in told] == [("", "Note: this is said."), ("", "And this.")]


async def test_a_view_that_takes_long_is_left_to_the_view(
    settings: Settings, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait(*_: object) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr("gemini_interactions_mcp.server.views.attaching.build_interaction_view", wait)
    server = build_server(settings, replace(FAST, attaching=0.05))
    with anyio.fail_after(20):
        async with Client(server, mode=mode, cache=None, extensions=[UI]) as host:
            result = await call(host, "generate_image", prompt="A bicycle")
    assert VIEW_KEY not in (result.meta or {})


async def test_usage_that_a_view_cannot_show_is_told_all_the_same(
    host: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gemini_interactions_mcp.server.views.overviews.read_usage_view", fail)
    assert "Nothing has been asked" in text_of(await call(host, "list_interactions", totals="day"))


async def test_nothing_asked_is_an_error_that_says_what_there_is(host: Client) -> None:
    assert await complaint(host, VIEW_TOOL) == "Give interaction_id, or list: history or usage."
    assert "Google keeps no interaction v1_none" in await complaint(host, VIEW_TOOL, interaction_id="v1_none")


async def test_secrets_and_scripts_do_not_reach_a_view(url: str, tmp_path: Path, mode: Mode) -> None:
    secret = "hunter2-5f0c9a"
    settings = make_settings(tmp_path, url, api_key=SecretStr(secret))
    async with Client(build_server(settings, FAST), mode=mode, cache=None, extensions=[UI]) as host:
        told = await call(host, "gemini_ask", prompt=f"{secret}\n\n" + "\n\n".join(SCRIPT_TEXTS))
        shown = await read(host, interaction_id=id_of(told))
    assert secret not in json.dumps(shown)
    check_elements(shown["text"]["html"])
